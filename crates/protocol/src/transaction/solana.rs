//! Solana's transactions: legacy messages and version 0, in the wire form with all signature slots.
//!
//! Sources: Solana documentation, "Transactions" and "Versioned transactions"; the instruction layouts of
//! the System and Token programs. Parties are named as the vendor's public parser names them.

use keyward_crypto::Ed25519PublicKey;

use super::TransactionError;

/// Largest transaction the network carries, in bytes.
const LARGEST: usize = 1232;
const SIGNATURE_LENGTH: usize = 64;
/// Most accounts that an index of one byte reaches.
const MOST_ACCOUNTS: usize = 256;
/// Set in the first byte of versioned messages; the other bits are the version.
const VERSIONED: u8 = 0x80;

const SYSTEM_PROGRAM: &str = "11111111111111111111111111111111";
const TOKEN_PROGRAM: &str = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
const TOKEN_2022_PROGRAM: &str = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb";
/// Where it takes part, programs may be written to.
const UPGRADEABLE_LOADER: &str = "BPFLoaderUpgradeab1e11111111111111111111111";

/// What stands for an account that comes from a lookup table.
pub(crate) const FROM_TABLE: &str = "ADDRESS_TABLE_LOOKUP";

/// An unsigned or partly signed transaction. Keys are in base58.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SolanaTransaction {
    /// The keys in the message itself, in its order; the first pays.
    pub account_keys: Vec<String>,
    /// The programs that instructions name, in the order of the keys, each once.
    pub program_keys: Vec<String>,
    /// What is to be done, in order.
    pub instructions: Vec<SolanaInstruction>,
    /// Transfers by the System program among the instructions.
    pub transfers: Vec<SolanaTransfer>,
    /// Transfers by the two Token programs among the instructions.
    pub spl_transfers: Vec<SplTransfer>,
    /// A recent block's hash, or a nonce, in base58.
    pub recent_blockhash: String,
    /// Tables from which further accounts come; empty in legacy messages.
    pub address_table_lookups: Vec<AddressTableLookup>,
    signers: Vec<[u8; 32]>,
    /// The transaction as it came, and where in it the signatures and the block's hash begin.
    bytes: Vec<u8>,
    signatures_at: usize,
    blockhash_at: usize,
    message: Vec<u8>,
}

/// One call of a program.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SolanaInstruction {
    /// The program.
    pub program_key: String,
    /// Its accounts, without those that come from tables.
    pub accounts: Vec<SolanaAccount>,
    /// Its accounts that come from tables.
    pub address_table_lookups: Vec<TableAccount>,
    /// All its accounts in order; those from tables read `ADDRESS_TABLE_LOOKUP`.
    pub parties: Vec<String>,
    /// What the program gets.
    pub data: Vec<u8>,
}

impl SolanaInstruction {
    /// Whether it is one of those that [`SolanaTransaction::transfers`] and
    /// [`SolanaTransaction::spl_transfers`] list, and nothing else.
    pub fn is_transfer(&self) -> bool {
        match self.program_key.as_str() {
            SYSTEM_PROGRAM => self.data.starts_with(&[2, 0, 0, 0]),
            TOKEN_PROGRAM | TOKEN_2022_PROGRAM => {
                matches!(self.data.as_slice(), [3 | 12, ..] | [26, 1, ..])
            }
            _ => false,
        }
    }
}

/// An account of an instruction.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SolanaAccount {
    /// Its key.
    pub account_key: String,
    /// Whether it signs the transaction.
    pub signer: bool,
    /// Whether the transaction may write to it.
    pub writable: bool,
}

/// An account of an instruction that is known by its place in a table only.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TableAccount {
    /// Key of the table.
    pub address_table_key: String,
    /// Its place in the table.
    pub index: u8,
    /// Whether the transaction may write to it.
    pub writable: bool,
}

/// The accounts that a message takes from one table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AddressTableLookup {
    /// Key of the table.
    pub address_table_key: String,
    /// Places of accounts that may be written to.
    pub writable_indexes: Vec<u8>,
    /// Places of accounts that may be read only.
    pub readonly_indexes: Vec<u8>,
}

/// A transfer of the chain's own coin. Parties from tables read `ADDRESS_TABLE_LOOKUP`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SolanaTransfer {
    /// Who pays.
    pub from: String,
    /// Who receives.
    pub to: String,
    /// Lamports.
    pub amount: u64,
}

/// A transfer of tokens. Parties from tables read `ADDRESS_TABLE_LOOKUP`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SplTransfer {
    /// The token account that pays.
    pub from: String,
    /// The token account that receives.
    pub to: String,
    /// In the token's smallest unit.
    pub amount: u64,
    /// Owner or delegate of the paying account.
    pub owner: String,
    /// Who signs for an owner that is a multisig; empty otherwise.
    pub signers: Vec<String>,
    /// Which token; `None` for the plain `Transfer`, which does not say.
    pub token_mint: Option<String>,
}

impl SolanaTransaction {
    /// Reads one transaction and nothing after it.
    ///
    /// # Errors
    ///
    /// [`TransactionError::Malformed`] when anything is missing, left over or out of range: signatures as
    /// many as the message requires, a known version, programs that are keys of the message.
    pub fn parse(bytes: &[u8]) -> Result<Self, TransactionError> {
        if bytes.len() > LARGEST {
            return Err(TransactionError::Malformed("it is longer than 1232 bytes"));
        }
        let mut reader = Reader(bytes);
        let signature_count = reader.compact()?;
        let signatures_at = bytes.len() - reader.0.len();
        reader.take(signature_count.saturating_mul(SIGNATURE_LENGTH))?;
        let message = reader.0;
        let Message { header, keys, blockhash, blockhash_at, instructions, lookups } =
            Message::parse(message)?;
        if signature_count != header.signers {
            return Err(TransactionError::Malformed("it has not as many signatures as required"));
        }

        let accounts = Accounts::new(header, &keys, &lookups, &instructions)?;
        let mut transaction = Self {
            account_keys: keys.iter().map(base58).collect(),
            program_keys: Vec::new(),
            instructions: Vec::new(),
            transfers: Vec::new(),
            spl_transfers: Vec::new(),
            recent_blockhash: base58(&blockhash),
            address_table_lookups: lookups,
            signers: keys.iter().take(header.signers).copied().collect(),
            bytes: bytes.to_vec(),
            signatures_at,
            blockhash_at: bytes.len() - message.len() + blockhash_at,
            message: message.to_vec(),
        };
        for instruction in &instructions {
            transaction.add(instruction, &accounts)?;
        }
        for (key, is_program) in transaction.account_keys.iter().zip(&accounts.is_program) {
            if *is_program {
                transaction.program_keys.push(key.clone());
            }
        }
        Ok(transaction)
    }

    /// What the signers sign.
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// Which of the required signers a key is.
    pub fn slot_of(&self, key: &Ed25519PublicKey) -> Option<usize> {
        let key = key.to_bytes();
        self.signers.iter().position(|signer| signer[..] == key[..])
    }

    /// The transaction with a signature in one slot; the other slots keep what is in them.
    pub fn with_signature(&self, slot: usize, signature: &[u8; SIGNATURE_LENGTH]) -> Vec<u8> {
        let mut signed = self.bytes.clone();
        let from = self.signatures_at + slot.saturating_mul(SIGNATURE_LENGTH);
        if let Some(slot) = signed.get_mut(from..from.saturating_add(SIGNATURE_LENGTH)) {
            slot.copy_from_slice(signature);
        }
        signed
    }

    /// The same transaction with the hash of another block. Signatures in it stay, and no longer hold.
    ///
    /// # Errors
    ///
    /// None in practice: what was read reads again.
    pub fn with_blockhash(&self, hash: &[u8; 32]) -> Result<Self, TransactionError> {
        let mut bytes = self.bytes.clone();
        let from = self.blockhash_at;
        if let Some(place) = bytes.get_mut(from..from.saturating_add(hash.len())) {
            place.copy_from_slice(hash);
        }
        Self::parse(&bytes)
    }

    /// Whether it names no block: whoever sends it is to fill that in.
    pub fn lacks_blockhash(&self) -> bool {
        self.recent_blockhash == base58(&[0; 32])
    }

    /// Whether it holds for as long as a nonce account keeps its nonce, and not for as long as a block is recent.
    ///
    /// Source: Solana documentation, "Durable nonces": the first instruction advances the nonce.
    pub fn is_durable(&self) -> bool {
        self.instructions.first().is_some_and(|first| {
            first.program_key == SYSTEM_PROGRAM && first.data.starts_with(&[4, 0, 0, 0])
        })
    }

    /// The signatures in it, in the order of their keys; zeros where one is missing.
    pub fn signatures(&self) -> &[[u8; SIGNATURE_LENGTH]] {
        let from = self.bytes.get(self.signatures_at..).unwrap_or_default();
        let (signatures, _) = from.as_chunks();
        signatures.get(..self.signers.len()).unwrap_or_default()
    }

    /// The transaction in its wire form.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn add(&mut self, instruction: &Compiled, accounts: &Accounts) -> Result<(), TransactionError> {
        let program = accounts.program(instruction.program)?;
        let mut parties = Vec::new();
        let mut fixed = Vec::new();
        let mut looked_up = Vec::new();
        for &index in &instruction.accounts {
            match accounts.resolve(index)? {
                Resolved::Fixed(account) => {
                    parties.push(account.account_key.clone());
                    fixed.push(account.clone());
                }
                Resolved::FromTable(account) => {
                    parties.push(FROM_TABLE.to_owned());
                    looked_up.push(account.clone());
                }
            }
        }
        match program.account_key.as_str() {
            SYSTEM_PROGRAM => self.transfers.extend(system_transfer(&instruction.data, &parties)?),
            TOKEN_PROGRAM | TOKEN_2022_PROGRAM => {
                self.spl_transfers.extend(spl_transfer(&instruction.data, &parties)?);
            }
            _ => {}
        }
        self.instructions.push(SolanaInstruction {
            program_key: program.account_key.clone(),
            accounts: fixed,
            address_table_lookups: looked_up,
            parties,
            data: instruction.data.clone(),
        });
        Ok(())
    }
}

/// A message, with the indexes in it as they are.
struct Message {
    header: MessageHeader,
    keys: Vec<[u8; 32]>,
    blockhash: [u8; 32],
    /// Where in the message that begins.
    blockhash_at: usize,
    instructions: Vec<Compiled>,
    lookups: Vec<AddressTableLookup>,
}

/// How many of the keys come first for what reason.
#[derive(Clone, Copy)]
struct MessageHeader {
    signers: usize,
    readonly_signers: usize,
    readonly_others: usize,
}

struct Compiled {
    program: u8,
    accounts: Vec<u8>,
    data: Vec<u8>,
}

impl Message {
    fn parse(bytes: &[u8]) -> Result<Self, TransactionError> {
        let mut reader = Reader(bytes);
        let first = reader.byte()?;
        let (is_versioned, signers) = match first {
            VERSIONED => (true, reader.byte()?),
            0..VERSIONED => (false, first),
            _ => return Err(TransactionError::Malformed("its version is unknown")),
        };
        let header = MessageHeader {
            signers: signers.into(),
            readonly_signers: reader.byte()?.into(),
            readonly_others: reader.byte()?.into(),
        };
        let keys = reader.list(Reader::array)?;
        let blockhash_at = bytes.len() - reader.0.len();
        let blockhash = reader.array()?;
        let instructions = reader.list(|reader| {
            Ok(Compiled {
                program: reader.byte()?,
                accounts: reader.bytes()?,
                data: reader.bytes()?,
            })
        })?;
        let lookups = if is_versioned {
            reader.list(|reader| {
                Ok(AddressTableLookup {
                    address_table_key: base58(&reader.array()?),
                    writable_indexes: reader.bytes()?,
                    readonly_indexes: reader.bytes()?,
                })
            })?
        } else {
            Vec::new()
        };
        if !reader.0.is_empty() {
            return Err(TransactionError::Malformed("bytes after its end"));
        }
        Ok(Self { header, keys, blockhash, blockhash_at, instructions, lookups })
    }
}

/// What the indexes of instructions stand for: keys of the message, then those that tables give to write
/// to, then those they give to read.
struct Accounts {
    fixed: Vec<SolanaAccount>,
    looked_up: Vec<TableAccount>,
    /// Beside `fixed`: whether an instruction names it as its program.
    is_program: Vec<bool>,
}

enum Resolved<'a> {
    Fixed(&'a SolanaAccount),
    FromTable(&'a TableAccount),
}

impl Accounts {
    /// # Errors
    ///
    /// When the network would refuse the message for its numbers alone: no payer to write to, more kinds
    /// of keys than keys, more accounts than an index reaches, a table that gives nothing.
    fn new(
        header: MessageHeader,
        keys: &[[u8; 32]],
        lookups: &[AddressTableLookup],
        instructions: &[Compiled],
    ) -> Result<Self, TransactionError> {
        let MessageHeader { signers, readonly_signers, readonly_others } = header;
        if signers + readonly_others > keys.len() || readonly_signers >= signers {
            return Err(TransactionError::Malformed("its header does not go with its keys"));
        }
        let given = |lookup: &AddressTableLookup| {
            lookup.writable_indexes.len() + lookup.readonly_indexes.len()
        };
        let total = keys.len() + lookups.iter().map(given).sum::<usize>();
        if total > MOST_ACCOUNTS || lookups.iter().any(|lookup| given(lookup) == 0) {
            return Err(TransactionError::Malformed("it has too many or no accounts from a table"));
        }

        let mut is_program = vec![false; keys.len()];
        for instruction in instructions {
            let program = is_program.get_mut(usize::from(instruction.program));
            // The payer can't be a program; and the network reads tables too late for one from there.
            *program
                .filter(|_| instruction.program != 0)
                .ok_or(TransactionError::Malformed("a program is not among its keys"))? = true;
        }
        let texts: Vec<String> = keys.iter().map(base58).collect();
        let has_loader = texts.iter().any(|key| key == UPGRADEABLE_LOADER);
        let fixed = texts.into_iter().zip(&is_program).enumerate();
        let fixed = fixed.map(|(index, (account_key, is_program))| {
            let signer = index < signers;
            let may_write = if signer {
                index < signers - readonly_signers
            } else {
                index < keys.len() - readonly_others
            };
            SolanaAccount {
                account_key,
                signer,
                writable: may_write && (!is_program || has_loader),
            }
        });
        let fixed = fixed.collect();
        let from = |lookup: &AddressTableLookup, indexes: &[u8], writable| {
            let key = lookup.address_table_key.clone();
            let accounts = indexes.iter().map(move |&index| TableAccount {
                address_table_key: key.clone(),
                index,
                writable,
            });
            accounts.collect::<Vec<_>>()
        };
        let to_write =
            lookups.iter().flat_map(|lookup| from(lookup, &lookup.writable_indexes, true));
        let to_read =
            lookups.iter().flat_map(|lookup| from(lookup, &lookup.readonly_indexes, false));
        let looked_up = to_write.chain(to_read).collect();
        Ok(Self { fixed, looked_up, is_program })
    }

    fn program(&self, index: u8) -> Result<&SolanaAccount, TransactionError> {
        let program = self.fixed.get(usize::from(index));
        program.ok_or(TransactionError::Malformed("a program is not among its keys"))
    }

    fn resolve(&self, index: u8) -> Result<Resolved<'_>, TransactionError> {
        let index = usize::from(index);
        if let Some(account) = self.fixed.get(index) {
            return Ok(Resolved::Fixed(account));
        }
        let in_tables = index.checked_sub(self.fixed.len());
        in_tables
            .and_then(|index| self.looked_up.get(index))
            .map(Resolved::FromTable)
            .ok_or(TransactionError::Malformed("an account is not among its keys"))
    }
}

/// The transfer in an instruction to the System program; an instruction that it does not know is refused.
///
/// Source: `SystemInstruction` of the Solana SDK, little-endian; bytes after its end are not looked at.
fn system_transfer(
    data: &[u8],
    parties: &[String],
) -> Result<Option<SolanaTransfer>, TransactionError> {
    let mut reader = Reader(data);
    let tag = reader.array().map(u32::from_le_bytes)?;
    match tag {
        // CreateAccount: lamports, space, owner.
        0 => reader.skip(8 + 8 + 32)?,
        // Assign, InitializeNonceAccount, AuthorizeNonceAccount: a key.
        1 | 6 | 7 => reader.skip(32)?,
        // Transfer: lamports.
        2 => {
            let amount = reader.array().map(u64::from_le_bytes)?;
            let [from, to, ..] = parties else {
                return Err(TransactionError::Malformed("a transfer has too few accounts"));
            };
            return Ok(Some(SolanaTransfer { from: from.clone(), to: to.clone(), amount }));
        }
        // CreateAccountWithSeed: base, seed, lamports, space, owner.
        3 => {
            reader.skip(32)?;
            reader.seed()?;
            reader.skip(8 + 8 + 32)?;
        }
        // AdvanceNonceAccount, UpgradeNonceAccount.
        4 | 12 => {}
        // WithdrawNonceAccount: lamports. Allocate: space.
        5 | 8 => reader.skip(8)?,
        // AllocateWithSeed: base, seed, space, owner.
        9 => {
            reader.skip(32)?;
            reader.seed()?;
            reader.skip(8 + 32)?;
        }
        // AssignWithSeed: base, seed, owner.
        10 => {
            reader.skip(32)?;
            reader.seed()?;
            reader.skip(32)?;
        }
        // TransferWithSeed: lamports, seed, owner.
        11 => {
            reader.skip(8)?;
            reader.seed()?;
            reader.skip(32)?;
        }
        _ => {
            return Err(TransactionError::Malformed(
                "an instruction to the System program is unknown",
            ));
        }
    }
    Ok(None)
}

/// The transfer in an instruction to one of the Token programs; their other instructions are not read.
///
/// Source: `TokenInstruction` of spl-token (3, 12) and spl-token-2022 (26, then 1).
fn spl_transfer(data: &[u8], parties: &[String]) -> Result<Option<SplTransfer>, TransactionError> {
    let mut reader = Reader(data);
    let amount = match reader.byte()? {
        3 => {
            let amount = reader.array().map(u64::from_le_bytes)?;
            let [from, to, owner, signers @ ..] = parties else {
                return Err(TransactionError::Malformed("a transfer has too few accounts"));
            };
            return Ok(Some(SplTransfer {
                from: from.clone(),
                to: to.clone(),
                amount,
                owner: owner.clone(),
                signers: signers.to_vec(),
                token_mint: None,
            }));
        }
        12 => {
            let amount = reader.array().map(u64::from_le_bytes)?;
            // Decimals.
            reader.skip(1)?;
            amount
        }
        26 if reader.byte()? == 1 => {
            let amount = reader.array().map(u64::from_le_bytes)?;
            // Decimals, fee.
            reader.skip(1 + 8)?;
            amount
        }
        _ => return Ok(None),
    };
    let [from, mint, to, owner, signers @ ..] = parties else {
        return Err(TransactionError::Malformed("a transfer has too few accounts"));
    };
    Ok(Some(SplTransfer {
        from: from.clone(),
        to: to.clone(),
        amount,
        owner: owner.clone(),
        signers: signers.to_vec(),
        token_mint: Some(mint.clone()),
    }))
}

fn base58(key: &[u8; 32]) -> String {
    bs58::encode(key).into_string()
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], TransactionError> {
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(TransactionError::Malformed("it is too short"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn skip(&mut self, length: usize) -> Result<(), TransactionError> {
        self.take(length).map(drop)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], TransactionError> {
        let (taken, rest) =
            self.0.split_first_chunk().ok_or(TransactionError::Malformed("it is too short"))?;
        self.0 = rest;
        Ok(*taken)
    }

    fn byte(&mut self) -> Result<u8, TransactionError> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A number in one to three bytes, seven bits each, the lowest first, in the shortest form.
    ///
    /// Source: Solana documentation, "compact-u16".
    fn compact(&mut self) -> Result<usize, TransactionError> {
        let mut number = 0;
        for shift in [0, 7, 14] {
            let byte = self.byte()?;
            number |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                let is_shortest = byte != 0 || shift == 0;
                return u16::try_from(number)
                    .ok()
                    .filter(|_| is_shortest)
                    .map(usize::from)
                    .ok_or(TransactionError::Malformed("a length is not in its shortest form"));
            }
        }
        Err(TransactionError::Malformed("a length is out of range"))
    }

    fn bytes(&mut self) -> Result<Vec<u8>, TransactionError> {
        let length = self.compact()?;
        self.take(length).map(<[u8]>::to_vec)
    }

    /// Items after their number. Grows as they come: the number alone reserves nothing.
    fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, TransactionError>,
    ) -> Result<Vec<T>, TransactionError> {
        let length = self.compact()?;
        let mut items = Vec::new();
        for _ in 0..length {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// Text after its length in eight bytes.
    fn seed(&mut self) -> Result<(), TransactionError> {
        let length = usize::try_from(u64::from_le_bytes(self.array()?)).unwrap_or(usize::MAX);
        let text = self.take(length)?;
        std::str::from_utf8(text)
            .map(drop)
            .map_err(|_| TransactionError::Malformed("a seed is not text"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SYSTEM: [u8; 32] = [0; 32];

    fn token_program() -> [u8; 32] {
        bs58::decode(TOKEN_PROGRAM).into_vec().unwrap().try_into().unwrap()
    }

    fn compact(mut number: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            let low = u8::try_from(number & 0x7f).unwrap();
            number >>= 7;
            if number == 0 {
                bytes.push(low);
                return bytes;
            }
            bytes.push(low | 0x80);
        }
    }

    fn counted(items: &[Vec<u8>]) -> Vec<u8> {
        [compact(items.len()), items.concat()].concat()
    }

    fn sized(bytes: &[u8]) -> Vec<u8> {
        [compact(bytes.len()), bytes.to_vec()].concat()
    }

    /// A transaction written without the parser's help.
    #[derive(Clone, Debug)]
    struct Written {
        is_versioned: bool,
        header: [u8; 3],
        keys: Vec<[u8; 32]>,
        instructions: Vec<(u8, Vec<u8>, Vec<u8>)>,
        lookups: Vec<([u8; 32], Vec<u8>, Vec<u8>)>,
        signatures: usize,
    }

    impl Written {
        /// One signer, key 1; a program at the last place.
        fn calling(program: [u8; 32], accounts: &[u8], data: &[u8]) -> Self {
            let last = 4;
            Self {
                is_versioned: false,
                header: [1, 0, 1],
                keys: vec![[1; 32], [2; 32], [3; 32], [4; 32], program],
                instructions: vec![(last, accounts.to_vec(), data.to_vec())],
                lookups: Vec::new(),
                signatures: 1,
            }
        }

        fn message(&self) -> Vec<u8> {
            let mut message = Vec::new();
            if self.is_versioned {
                message.push(0x80);
            }
            message.extend(self.header);
            message.extend(counted(&self.keys.iter().map(|key| key.to_vec()).collect::<Vec<_>>()));
            message.extend([9; 32]);
            let instructions = self.instructions.iter().map(|(program, accounts, data)| {
                [vec![*program], sized(accounts), sized(data)].concat()
            });
            message.extend(counted(&instructions.collect::<Vec<_>>()));
            if self.is_versioned {
                let lookups = self.lookups.iter().map(|(table, writable, readonly)| {
                    [table.to_vec(), sized(writable), sized(readonly)].concat()
                });
                message.extend(counted(&lookups.collect::<Vec<_>>()));
            }
            message
        }

        fn bytes(&self) -> Vec<u8> {
            [compact(self.signatures), vec![0; 64 * self.signatures], self.message()].concat()
        }

        fn parse(&self) -> Result<SolanaTransaction, TransactionError> {
            SolanaTransaction::parse(&self.bytes())
        }
    }

    fn little_endian(tag: u32, amount: u64) -> Vec<u8> {
        [&tag.to_le_bytes()[..], &amount.to_le_bytes()[..]].concat()
    }

    fn key(byte: u8) -> String {
        base58(&[byte; 32])
    }

    #[test]
    fn another_block_changes_nothing_else() {
        for is_versioned in [false, true] {
            let data = little_endian(2, 5);
            let written = Written { is_versioned, ..Written::calling(SYSTEM, &[0, 1], &data) };
            let before = written.parse().unwrap();
            assert_eq!(
                (before.recent_blockhash.clone(), before.lacks_blockhash()),
                (key(9), false)
            );
            let blank = before.with_blockhash(&[0; 32]).unwrap();
            assert!(blank.lacks_blockhash());
            assert_eq!(blank.transfers, before.transfers);
            assert_eq!(blank.with_blockhash(&[9; 32]).unwrap(), before);
            assert_eq!(before.bytes(), written.bytes());
        }
    }

    #[test]
    fn tells_its_signatures_and_whether_it_lasts() {
        let transaction = Written::calling(SYSTEM, &[0, 1], &little_endian(2, 5)).parse().unwrap();
        assert_eq!(transaction.signatures(), [[0; 64]]);
        assert!(!transaction.is_durable());
        let signed = SolanaTransaction::parse(&transaction.with_signature(0, &[7; 64])).unwrap();
        assert_eq!(signed.signatures(), [[7; 64]]);
        let advances = Written::calling(SYSTEM, &[1, 2, 0], &4_u32.to_le_bytes());
        assert!(advances.parse().unwrap().is_durable());
    }

    #[test]
    fn reads_the_transfers_of_the_token_programs() {
        let token = token_program();
        let amount = 7_u64.to_le_bytes();
        let plain = [&[3][..], &amount].concat();
        let checked = [&[12][..], &amount, &[6]].concat();
        let with_fee = [&[26, 1][..], &amount, &[6], &[0; 8]].concat();
        let expected = |mint: Option<u8>, to, owner, signers: &[u8]| SplTransfer {
            from: key(1),
            to: key(to),
            amount: 7,
            owner: key(owner),
            signers: signers.iter().copied().map(key).collect(),
            token_mint: mint.map(key),
        };
        for (data, expected) in [
            (&plain, expected(None, 2, 3, &[4])),
            (&checked, expected(Some(2), 3, 4, &[])),
            (&with_fee, expected(Some(2), 3, 4, &[])),
        ] {
            let read = Written::calling(token, &[0, 1, 2, 3], data).parse().unwrap();
            assert_eq!(read.spl_transfers, [expected]);
            let cut = &data[..data.len() - 1];
            assert!(Written::calling(token, &[0, 1, 2, 3], cut).parse().is_err());
            assert!(Written::calling(token, &[0, 1], data).parse().is_err());
        }
        // Other instructions, Token-2022's other fee instructions among them, are not transfers.
        for data in [&[26, 0][..], &[9]] {
            assert!(Written::calling(token, &[], data).parse().unwrap().spl_transfers.is_empty());
        }
        assert!(Written::calling(token, &[], &[]).parse().is_err());
    }

    #[test]
    fn reads_the_instructions_of_the_system_program() {
        let seed = [&1_u64.to_le_bytes()[..], b"x"].concat();
        let key = vec![5; 32];
        let number = vec![6; 8];
        let tails = [
            [&number[..], &number, &key].concat(),
            key.clone(),
            number.clone(),
            [&key[..], &seed, &number, &number, &key].concat(),
            Vec::new(),
            number.clone(),
            key.clone(),
            key.clone(),
            number.clone(),
            [&key[..], &seed, &number, &key].concat(),
            [&key[..], &seed, &key].concat(),
            [&number[..], &seed, &key].concat(),
            Vec::new(),
        ];
        for (tag, tail) in (0_u32..).zip(&tails) {
            let data = [&tag.to_le_bytes()[..], tail].concat();
            let read = Written::calling(SYSTEM, &[0, 1, 2], &data).parse().unwrap();
            assert_eq!(read.transfers.len(), usize::from(tag == 2), "{tag}");
            let cut = &data[..data.len() - 1];
            assert!(Written::calling(SYSTEM, &[0, 1], cut).parse().is_err(), "{tag}");
        }
        let unknown = 13_u32.to_le_bytes();
        assert!(Written::calling(SYSTEM, &[0, 1], &unknown).parse().is_err());
        assert!(Written::calling(SYSTEM, &[0], &little_endian(2, 1)).parse().is_err());
    }

    #[test]
    fn accounts_from_tables_are_known_by_their_place() {
        let mut written = Written::calling(SYSTEM, &[0, 5, 7, 8], &little_endian(2, 1));
        written.is_versioned = true;
        written.lookups = vec![([7; 32], vec![10, 11], vec![12]), ([8; 32], vec![], vec![13])];
        let read = written.parse().unwrap();
        assert_eq!(read.transfers[0].to, "ADDRESS_TABLE_LOOKUP");
        let found: Vec<_> = read.instructions[0]
            .address_table_lookups
            .iter()
            .map(|account| (account.address_table_key.clone(), account.index, account.writable))
            .collect();
        assert_eq!(found, [(key(7), 10, true), (key(7), 12, false), (key(8), 13, false)]);
        assert_eq!(read.instructions[0].accounts.len(), 1);

        let mut beyond = written.clone();
        beyond.instructions[0].1 = vec![0, 9];
        assert!(beyond.parse().is_err());
        let mut program_from_table = written.clone();
        program_from_table.instructions[0].0 = 5;
        assert!(program_from_table.parse().is_err());
        written.lookups.push(([9; 32], vec![], vec![]));
        assert!(written.parse().is_err());
    }

    #[test]
    fn the_header_says_who_signs_and_what_is_written() {
        let mut written = Written::calling(SYSTEM, &[0, 1, 2, 3, 4], &little_endian(2, 1));
        written.header = [2, 1, 2];
        written.signatures = 2;
        let read = written.parse().unwrap();
        let rights: Vec<_> = read.instructions[0]
            .accounts
            .iter()
            .map(|account| (account.signer, account.writable))
            .collect();
        let expected = [(true, true), (true, false), (false, true), (false, false), (false, false)];
        assert_eq!(rights, expected);

        for (header, signatures) in [([0, 0, 0], 0), ([1, 1, 0], 1), ([1, 0, 5], 1), ([6, 0, 0], 6)]
        {
            let written = Written { header, signatures, ..written.clone() };
            assert!(written.parse().is_err(), "{header:?}");
        }
    }

    #[test]
    fn programs_are_written_to_beside_the_loader_only() {
        let mut written = Written::calling([5; 32], &[4], &[]);
        written.header = [1, 0, 0];
        assert!(!written.parse().unwrap().instructions[0].accounts[0].writable);
        let loader = bs58::decode(UPGRADEABLE_LOADER).into_vec().unwrap();
        written.keys[3] = loader.try_into().unwrap();
        assert!(written.parse().unwrap().instructions[0].accounts[0].writable);
    }

    #[test]
    fn refuses_lengths_that_are_not_in_their_shortest_form() {
        let written = Written::calling(SYSTEM, &[0, 1], &little_endian(2, 1));
        let bytes = written.bytes();
        assert_eq!(bytes[0], 1);
        let padded = [&[0x81, 0x00], &bytes[1..]].concat();
        assert!(SolanaTransaction::parse(&padded).is_err());
        for bad in [&[0x80, 0x00][..], &[0xff, 0xff, 0x04], &[0xff, 0xff, 0x80], &[0x80], &[]] {
            assert!(Reader(bad).compact().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn other_slots_keep_what_is_in_them() {
        let mut written = Written::calling(SYSTEM, &[0, 1], &little_endian(2, 1));
        written.header = [2, 0, 1];
        written.signatures = 2;
        let mut bytes = written.bytes();
        bytes[1..65].fill(0xaa);
        let read = SolanaTransaction::parse(&bytes).unwrap();
        let signed = read.with_signature(1, &[0xbb; 64]);
        bytes[65..129].fill(0xbb);
        assert_eq!(signed, bytes);
    }

    #[test]
    fn refuses_what_the_network_cannot_carry() {
        let fits = |length| Written::calling([5; 32], &[], &vec![0; length]).parse();
        let overhead = Written::calling([5; 32], &[], &[0; 900]).bytes().len() - 900;
        assert!(fits(LARGEST - overhead).is_ok());
        assert!(fits(LARGEST - overhead + 1).is_err());
    }

    proptest! {
        #[test]
        fn compact_numbers_are_read_back(number in 0..=65_535_usize) {
            let bytes = compact(number);
            let mut reader = Reader(&bytes);
            prop_assert_eq!(reader.compact().unwrap(), number);
            prop_assert!(reader.0.is_empty());
        }

        #[test]
        fn what_is_written_is_read_back(
            is_versioned: bool,
            keys in prop::collection::vec(any::<[u8; 32]>(), 2..6),
            indexes in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
            data in prop::collection::vec(any::<u8>(), 0..200),
            extra: u8,
        ) {
            let program = u8::try_from(keys.len() - 1).unwrap();
            let accounts: Vec<u8> =
                indexes.iter().map(|index| u8::try_from(index.index(keys.len())).unwrap()).collect();
            let written = Written {
                is_versioned,
                header: [1, 0, 1],
                keys: keys.clone(),
                instructions: vec![(program, accounts.clone(), data.clone())],
                lookups: Vec::new(),
                signatures: 1,
            };
            let read = written.parse().unwrap();
            prop_assert_eq!(&read.account_keys, &keys.iter().map(base58).collect::<Vec<_>>());
            prop_assert_eq!(&read.instructions[0].data, &data);
            let named = read.instructions[0].accounts.iter().map(|account| account.account_key.clone());
            let expected = accounts.iter().map(|&index| base58(&keys[usize::from(index)]));
            prop_assert_eq!(named.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
            prop_assert_eq!(read.message(), &written.message());

            let mut bytes = written.bytes();
            bytes.push(extra);
            prop_assert!(SolanaTransaction::parse(&bytes).is_err());
            bytes.truncate(bytes.len() - 2);
            prop_assert!(SolanaTransaction::parse(&bytes).is_err());
        }

        #[test]
        fn any_bytes_are_read_or_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            at: prop::sample::Index,
            to: u8,
        ) {
            let _ = SolanaTransaction::parse(&bytes);
            let _ = SolanaTransaction::parse(&[&[0][..], &bytes].concat());
            let mut near = Written::calling(SYSTEM, &[0, 1], &little_endian(2, 1)).bytes();
            let at = at.index(near.len());
            near[at] = to;
            let _ = SolanaTransaction::parse(&near);
        }
    }
}
