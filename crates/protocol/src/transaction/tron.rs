//! Tron's transactions: `Transaction.raw`, before it is signed.
//!
//! Everything in it must be understood, in the shortest form and once: what is signed is what was read.
//!
//! Sources: `Tron.proto`, `balance_contract.proto`, `smart_contract.proto`, `account_contract.proto` of
//! `tronprotocol/protocol`; the Protocol Buffers documentation, "Encoding".

use bitcoin::base58;
use keyward_crypto::{RecoverableSignature, sha256};

use super::TransactionError;

const TYPE_URL: &str = "type.googleapis.com/protocol.";
/// First byte of addresses on the main network.
const ADDRESS_PREFIX: u8 = 0x41;
const ADDRESS_LENGTH: usize = 21;

/// An unsigned transaction. Amounts are in sun; times in milliseconds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TronTransaction {
    /// Of the block that it refers to: bytes of its number.
    pub ref_block_bytes: Vec<u8>,
    /// Of the block that it refers to: bytes of its hash.
    pub ref_block_hash: Vec<u8>,
    /// When it ends.
    pub expiration: i64,
    /// When it was made.
    pub timestamp: i64,
    /// Most to burn for energy.
    pub fee_limit: i64,
    /// The memo.
    pub data: Vec<u8>,
    /// What is to be done.
    pub contract: TronContract,
    raw: Vec<u8>,
}

/// What a transaction does, with whose permission.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TronContract {
    /// Which permission of the owner the signatures are for.
    pub permission_id: i64,
    /// Who does it; base58check, as all addresses here.
    pub owner_address: String,
    /// What.
    pub call: TronCall,
}

/// The kinds of contracts that are understood.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TronCall {
    /// Moves the chain's own coin.
    Transfer {
        /// To whom.
        to_address: String,
        /// How much.
        amount: i64,
    },
    /// Calls a contract.
    Trigger {
        /// Which.
        contract_address: String,
        /// Coins sent along.
        call_value: i64,
        /// Call data.
        data: Vec<u8>,
        /// Tokens sent along.
        call_token_value: i64,
        /// Which tokens.
        token_id: i64,
    },
    /// Lets somebody use resources.
    Delegate {
        /// Which.
        resource: TronResource,
        /// For how many frozen coins.
        balance: i64,
        /// Who.
        receiver_address: String,
        /// Whether it can't be taken back for a while.
        lock: bool,
        /// Blocks for which that is so.
        lock_period: i64,
    },
    /// Takes resources back.
    UnDelegate {
        /// Which.
        resource: TronResource,
        /// For how many frozen coins.
        balance: i64,
        /// From whom.
        receiver_address: String,
    },
    /// Freezes coins for resources.
    Freeze {
        /// Which.
        resource: TronResource,
        /// How many.
        frozen_balance: i64,
    },
    /// Unfreezes coins.
    Unfreeze {
        /// What they were frozen for.
        resource: TronResource,
        /// How many.
        unfreeze_balance: i64,
    },
    /// Changes who signs for the account.
    PermissionUpdate {
        /// For everything.
        owner: Option<TronPermission>,
        /// For making blocks.
        witness: Option<TronPermission>,
        /// For some things.
        actives: Vec<TronPermission>,
    },
}

/// What coins are frozen for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TronResource {
    /// `BANDWIDTH`.
    Bandwidth,
    /// `ENERGY`.
    Energy,
    /// `TRON_POWER`.
    TronPower,
}

/// Who signs for what.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TronPermission {
    /// `Owner`, `Witness` or `Active`.
    pub kind: &'static str,
    /// Its number.
    pub id: i64,
    /// Its name.
    pub permission_name: String,
    /// Weight that signatures must have together.
    pub threshold: i64,
    /// Number of the one above it.
    pub parent_id: i64,
    /// A bit for each kind of contract.
    pub operations: Vec<u8>,
    /// Addresses with their weights.
    pub keys: Vec<(String, i64)>,
}

impl TronCall {
    /// The name of the kind, as the type URL ends.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Transfer { .. } => "TransferContract",
            Self::Trigger { .. } => "TriggerSmartContract",
            Self::Delegate { .. } => "DelegateResourceContract",
            Self::UnDelegate { .. } => "UnDelegateResourceContract",
            Self::Freeze { .. } => "FreezeBalanceV2Contract",
            Self::Unfreeze { .. } => "UnfreezeBalanceV2Contract",
            Self::PermissionUpdate { .. } => "AccountPermissionUpdateContract",
        }
    }

    /// The number of the kind. Source: `Transaction.Contract.ContractType`.
    const fn number(&self) -> u64 {
        match self {
            Self::Transfer { .. } => 1,
            Self::Trigger { .. } => 31,
            Self::PermissionUpdate { .. } => 46,
            Self::Freeze { .. } => 54,
            Self::Unfreeze { .. } => 55,
            Self::Delegate { .. } => 57,
            Self::UnDelegate { .. } => 58,
        }
    }
}

impl TronResource {
    /// The name that policies see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bandwidth => "BANDWIDTH",
            Self::Energy => "ENERGY",
            Self::TronPower => "TRON_POWER",
        }
    }
}

impl TronTransaction {
    /// Reads one transaction and nothing after it.
    ///
    /// # Errors
    ///
    /// [`TransactionError::Malformed`] for fields that are unknown, there twice, of another type or not in
    /// the shortest form, and unless there is exactly one contract; [`TransactionError::UnsupportedType`] for
    /// kinds of contracts that policies don't know.
    pub fn parse(bytes: &[u8]) -> Result<Self, TransactionError> {
        // ref_block_num, 3, is there for what is not signed.
        let mut message = Message::read(bytes, &[1, 3, 4, 8, 10, 11, 14, 18], &[])?;
        message.number(3)?;
        let contract =
            message.bytes(11)?.ok_or(TransactionError::Malformed("it has no contract"))?;
        Ok(Self {
            ref_block_bytes: message.bytes(1)?.unwrap_or_default().to_vec(),
            ref_block_hash: message.bytes(4)?.unwrap_or_default().to_vec(),
            expiration: message.number(8)?,
            data: message.bytes(10)?.unwrap_or_default().to_vec(),
            timestamp: message.number(14)?,
            fee_limit: message.number(18)?,
            contract: contract_of(contract)?,
            raw: bytes.to_vec(),
        })
    }

    /// What is signed: SHA-256 of the transaction as it came. It is also its id.
    pub fn digest(&self) -> [u8; 32] {
        sha256(&self.raw)
    }

    /// The signed transaction: `Transaction`, with the bytes as they came.
    pub fn with_signature(&self, signature: &RecoverableSignature) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.raw.len() + 80);
        write_bytes(&mut bytes, 1, &self.raw);
        let v = 27 + signature.recovery_id;
        let signature = [&signature.r[..], &signature.s[..], &[v]].concat();
        write_bytes(&mut bytes, 2, &signature);
        bytes
    }
}

fn contract_of(bytes: &[u8]) -> Result<TronContract, TransactionError> {
    let mut contract = Message::read(bytes, &[1, 2, 5], &[])?;
    let number = contract.unsigned(1)?;
    let permission_id = contract.number(5)?;
    let parameter = contract.bytes(2)?.unwrap_or_default();
    let mut any = Message::read(parameter, &[1, 2], &[])?;
    let name = any.text(1)?;
    let name = name.strip_prefix(TYPE_URL).ok_or(TransactionError::UnsupportedType)?;
    let value = any.bytes(2)?.unwrap_or_default();
    let (owner_address, call) = call_of(name, value)?;
    if number != call.number() {
        return Err(TransactionError::Malformed(
            "the type of its contract is another than it says",
        ));
    }
    Ok(TronContract { permission_id, owner_address, call })
}

fn call_of(name: &str, bytes: &[u8]) -> Result<(String, TronCall), TransactionError> {
    let message = |known| Message::read(bytes, known, &[]);
    Ok(match name {
        "TransferContract" => {
            let mut message = message(&[1, 2, 3])?;
            let to_address = message.address(2)?;
            (message.address(1)?, TronCall::Transfer { to_address, amount: message.number(3)? })
        }
        "TriggerSmartContract" => {
            let mut message = message(&[1, 2, 3, 4, 5, 6])?;
            let call = TronCall::Trigger {
                contract_address: message.address(2)?,
                call_value: message.number(3)?,
                data: message.bytes(4)?.unwrap_or_default().to_vec(),
                call_token_value: message.number(5)?,
                token_id: message.number(6)?,
            };
            (message.address(1)?, call)
        }
        "DelegateResourceContract" => {
            let mut message = message(&[1, 2, 3, 4, 5, 6])?;
            let call = TronCall::Delegate {
                resource: message.resource(2)?,
                balance: message.number(3)?,
                receiver_address: message.address(4)?,
                lock: message.flag(5)?,
                lock_period: message.number(6)?,
            };
            (message.address(1)?, call)
        }
        "UnDelegateResourceContract" => {
            let mut message = message(&[1, 2, 3, 4])?;
            let call = TronCall::UnDelegate {
                resource: message.resource(2)?,
                balance: message.number(3)?,
                receiver_address: message.address(4)?,
            };
            (message.address(1)?, call)
        }
        "FreezeBalanceV2Contract" => {
            let mut message = message(&[1, 2, 3])?;
            let frozen_balance = message.number(2)?;
            let resource = message.resource(3)?;
            (message.address(1)?, TronCall::Freeze { resource, frozen_balance })
        }
        "UnfreezeBalanceV2Contract" => {
            let mut message = message(&[1, 2, 3])?;
            let unfreeze_balance = message.number(2)?;
            let resource = message.resource(3)?;
            (message.address(1)?, TronCall::Unfreeze { resource, unfreeze_balance })
        }
        "AccountPermissionUpdateContract" => {
            let mut message = Message::read(bytes, &[1, 2, 3, 4], &[4])?;
            let actives = message.all(4)?;
            let call = TronCall::PermissionUpdate {
                owner: message.bytes(2)?.map(permission).transpose()?,
                witness: message.bytes(3)?.map(permission).transpose()?,
                actives: actives.into_iter().map(permission).collect::<Result<_, _>>()?,
            };
            (message.address(1)?, call)
        }
        _ => return Err(TransactionError::UnsupportedType),
    })
}

fn permission(bytes: &[u8]) -> Result<TronPermission, TransactionError> {
    let mut message = Message::read(bytes, &[1, 2, 3, 4, 5, 6, 7], &[7])?;
    let keys = message.all(7)?.into_iter().map(|key| {
        let mut key = Message::read(key, &[1, 2], &[])?;
        Ok((key.address(1)?, key.number(2)?))
    });
    let keys = keys.collect::<Result<_, TransactionError>>()?;
    Ok(TronPermission {
        kind: match message.unsigned(1)? {
            0 => "Owner",
            1 => "Witness",
            2 => "Active",
            _ => return Err(TransactionError::Malformed("the type of a permission is unknown")),
        },
        id: message.number(2)?,
        permission_name: message.text(3)?.to_owned(),
        threshold: message.number(4)?,
        parent_id: message.number(5)?,
        operations: message.bytes(6)?.unwrap_or_default().to_vec(),
        keys,
    })
}

/// The fields of a message, each by its number.
struct Message<'a>(Vec<(u64, Field<'a>)>);

#[derive(Clone, Copy)]
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Message<'a> {
    /// # Errors
    ///
    /// For fields that are not `known`, and those that are there twice and not `repeated`.
    fn read(bytes: &'a [u8], known: &[u64], repeated: &[u64]) -> Result<Self, TransactionError> {
        let mut rest = bytes;
        let mut fields: Vec<(u64, Field<'a>)> = Vec::new();
        while !rest.is_empty() {
            let tag = number(&mut rest)?;
            let field = match tag & 7 {
                0 => Field::Number(number(&mut rest)?),
                2 => {
                    let length = usize::try_from(number(&mut rest)?).unwrap_or(usize::MAX);
                    let (taken, after) = rest
                        .split_at_checked(length)
                        .ok_or(TransactionError::Malformed("it is too short"))?;
                    rest = after;
                    Field::Bytes(taken)
                }
                _ => return Err(TransactionError::Malformed("a field in it has an unknown type")),
            };
            let tag = tag >> 3;
            if !known.contains(&tag) {
                return Err(TransactionError::Malformed("a field in it is unknown"));
            }
            if !repeated.contains(&tag) && fields.iter().any(|(other, _)| *other == tag) {
                return Err(TransactionError::Malformed("a field in it is there twice"));
            }
            fields.push((tag, field));
        }
        Ok(Self(fields))
    }

    fn field(&mut self, tag: u64) -> Option<Field<'a>> {
        self.0.iter().find(|(known, _)| *known == tag).map(|(_, field)| *field)
    }

    /// A number; zero when it is not there.
    fn unsigned(&mut self, tag: u64) -> Result<u64, TransactionError> {
        match self.field(tag) {
            None => Ok(0),
            Some(Field::Number(number)) => Ok(number),
            Some(Field::Bytes(_)) => Err(WRONG_TYPE),
        }
    }

    /// A number with a sign; zero when it is not there.
    fn number(&mut self, tag: u64) -> Result<i64, TransactionError> {
        self.unsigned(tag).map(u64::cast_signed)
    }

    fn flag(&mut self, tag: u64) -> Result<bool, TransactionError> {
        match self.unsigned(tag)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(WRONG_TYPE),
        }
    }

    fn resource(&mut self, tag: u64) -> Result<TronResource, TransactionError> {
        match self.unsigned(tag)? {
            0 => Ok(TronResource::Bandwidth),
            1 => Ok(TronResource::Energy),
            2 => Ok(TronResource::TronPower),
            _ => Err(TransactionError::Malformed("a resource in it is unknown")),
        }
    }

    fn bytes(&mut self, tag: u64) -> Result<Option<&'a [u8]>, TransactionError> {
        match self.field(tag) {
            None => Ok(None),
            Some(Field::Bytes(bytes)) => Ok(Some(bytes)),
            Some(Field::Number(_)) => Err(WRONG_TYPE),
        }
    }

    /// All fields of this number.
    fn all(&self, tag: u64) -> Result<Vec<&'a [u8]>, TransactionError> {
        let fields = self.0.iter().filter(|(known, _)| *known == tag);
        let bytes = fields.map(|(_, field)| match field {
            Field::Bytes(bytes) => Ok(*bytes),
            Field::Number(_) => Err(WRONG_TYPE),
        });
        bytes.collect()
    }

    fn text(&mut self, tag: u64) -> Result<&'a str, TransactionError> {
        let bytes = self.bytes(tag)?.unwrap_or_default();
        std::str::from_utf8(bytes).map_err(|_| TransactionError::Malformed("a text in it is none"))
    }

    fn address(&mut self, tag: u64) -> Result<String, TransactionError> {
        match self.bytes(tag)? {
            Some(bytes @ [ADDRESS_PREFIX, ..]) if bytes.len() == ADDRESS_LENGTH => {
                Ok(base58::encode_check(bytes))
            }
            _ => Err(TransactionError::Malformed("an address in it is missing or none")),
        }
    }
}

const WRONG_TYPE: TransactionError = TransactionError::Malformed("a field in it has another type");

/// A number in the shortest form.
fn number(rest: &mut &[u8]) -> Result<u64, TransactionError> {
    let malformed = TransactionError::Malformed("a number in it is not in the shortest form");
    let mut value = 0_u64;
    for place in 0..10_u32 {
        let (byte, after) =
            rest.split_first().ok_or(TransactionError::Malformed("it is too short"))?;
        *rest = after;
        let bits = u64::from(byte & 0x7f);
        let is_last = byte & 0x80 == 0;
        if (place == 9 && bits > 1) || (is_last && bits == 0 && place > 0) {
            return Err(malformed);
        }
        value |= bits << (7 * place);
        if is_last {
            return Ok(value);
        }
    }
    Err(malformed)
}

fn write_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.extend(u8::try_from(number & 0x7f).map(|low| low | 0x80));
        number >>= 7;
    }
    bytes.extend(u8::try_from(number));
}

fn write_bytes(bytes: &mut Vec<u8>, tag: u64, field: &[u8]) {
    write_number(bytes, tag << 3 | 2);
    write_number(bytes, u64::try_from(field.len()).unwrap_or(u64::MAX));
    bytes.extend(field);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OWNER: [u8; 21] = [0x41; 21];

    fn varint(tag: u64, value: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_number(&mut bytes, tag << 3);
        write_number(&mut bytes, value);
        bytes
    }

    fn sized(tag: u64, field: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_bytes(&mut bytes, tag, field);
        bytes
    }

    /// A transaction with a contract of this kind.
    fn written(name: &str, number: u64, value: &[u8]) -> Vec<u8> {
        let any = [sized(1, format!("{TYPE_URL}{name}").as_bytes()), sized(2, value)].concat();
        let contract = [varint(1, number), sized(2, &any)].concat();
        [sized(1, &[1, 2]), sized(11, &contract), varint(14, 5)].concat()
    }

    fn transfer() -> Vec<u8> {
        [sized(1, &OWNER), sized(2, &OWNER), varint(3, 7)].concat()
    }

    #[test]
    fn permissions_are_read() {
        let key = [sized(1, &OWNER), varint(2, 3)].concat();
        let active = [
            varint(1, 2),
            varint(2, 2),
            sized(3, b"a"),
            varint(4, 1),
            sized(6, &[1]),
            sized(7, &key),
        ];
        let value = [sized(1, &OWNER), sized(4, &active.concat()), sized(4, &[])].concat();
        let bytes = written("AccountPermissionUpdateContract", 46, &value);
        let read = TronTransaction::parse(&bytes).unwrap();
        let TronCall::PermissionUpdate { owner: None, witness: None, actives } = read.contract.call
        else {
            panic!("{read:?}")
        };
        assert_eq!(actives.len(), 2);
        let address = base58::encode_check(&OWNER);
        assert_eq!((actives[0].kind, actives[0].threshold), ("Active", 1));
        assert_eq!(actives[0].keys, [(address, 3)]);
        assert_eq!((actives[1].kind, actives[1].keys.len()), ("Owner", 0));
    }

    #[test]
    fn numbers_keep_their_sign() {
        let value = [sized(1, &OWNER), sized(2, &OWNER), varint(3, u64::MAX)].concat();
        let read = TronTransaction::parse(&written("TransferContract", 1, &value)).unwrap();
        assert!(matches!(read.contract.call, TronCall::Transfer { amount: -1, .. }));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        let good = written("TransferContract", 1, &transfer());
        TronTransaction::parse(&good).unwrap();
        let refused = |bytes: &[u8]| TronTransaction::parse(bytes).unwrap_err().to_string();
        let with = |more: Vec<u8>| [good.clone(), more].concat();
        insta::assert_snapshot!(refused(&with(varint(14, 6))), @"failed to parse transaction: a field in it is there twice");
        insta::assert_snapshot!(refused(&with(sized(12, &[]))), @"failed to parse transaction: a field in it is unknown");
        insta::assert_snapshot!(refused(&with(sized(18, &[]))), @"failed to parse transaction: a field in it has another type");
        insta::assert_snapshot!(refused(&with(vec![0x90, 0x01, 0x80, 0x00])), @"failed to parse transaction: a number in it is not in the shortest form");
        insta::assert_snapshot!(refused(&with(sized(11, &[]))), @"failed to parse transaction: a field in it is there twice");
        insta::assert_snapshot!(refused(&written("TransferContract", 31, &transfer())), @"failed to parse transaction: the type of its contract is another than it says");
        insta::assert_snapshot!(refused(&written("VoteWitnessContract", 4, &transfer())), @"unsupported transaction type");
        insta::assert_snapshot!(refused(&written("TransferContract", 1, &sized(1, &OWNER))), @"failed to parse transaction: an address in it is missing or none");
        insta::assert_snapshot!(refused(&good[..good.len() - 1]), @"failed to parse transaction: it is too short");
        insta::assert_snapshot!(refused(&sized(1, &[1])), @"failed to parse transaction: it has no contract");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = TronTransaction::parse(&bytes);
        }

        /// What is signed is made of nothing but what policies see: written again from that, it is the same.
        #[test]
        fn the_digest_is_of_what_was_read(
            block in prop::collection::vec(any::<u8>(), 1..8),
            hash in prop::collection::vec(any::<u8>(), 1..8),
            memo in prop::collection::vec(any::<u8>(), 1..40),
            owner in any::<[u8; 20]>(),
            to in any::<[u8; 20]>(),
            numbers in any::<[u64; 4]>(),
        ) {
            let address = |bytes: &[u8]| [&[ADDRESS_PREFIX][..], bytes].concat();
            let [expiration, timestamp, fee_limit, amount] = numbers.map(|number| number.max(1));
            let write = |owner: &[u8], to: &[u8], amount, block: &[u8], hash: &[u8], memo: &[u8], times: [u64; 3]| {
                let value = [sized(1, owner), sized(2, to), varint(3, amount)].concat();
                let url = format!("{TYPE_URL}TransferContract");
                let any = [sized(1, url.as_bytes()), sized(2, &value)].concat();
                let contract = [varint(1, 1), sized(2, &any)].concat();
                let [expiration, timestamp, fee_limit] = times;
                [
                    sized(1, block),
                    sized(4, hash),
                    varint(8, expiration),
                    sized(10, memo),
                    sized(11, &contract),
                    varint(14, timestamp),
                    varint(18, fee_limit),
                ]
                .concat()
            };
            let times = [expiration, timestamp, fee_limit];
            let bytes = write(&address(&owner), &address(&to), amount, &block, &hash, &memo, times);
            let read = TronTransaction::parse(&bytes).unwrap();
            let TronCall::Transfer { to_address, amount } = &read.contract.call else {
                panic!("{read:?}")
            };
            let again = write(
                &base58::decode_check(&read.contract.owner_address).unwrap(),
                &base58::decode_check(to_address).unwrap(),
                amount.cast_unsigned(),
                &read.ref_block_bytes,
                &read.ref_block_hash,
                &read.data,
                [read.expiration, read.timestamp, read.fee_limit].map(i64::cast_unsigned),
            );
            prop_assert_eq!(sha256(&again), read.digest());
        }
    }
}
