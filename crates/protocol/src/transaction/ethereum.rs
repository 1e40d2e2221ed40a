//! Ethereum's five types of transaction, as they are before they are signed.
//!
//! What is hashed is the input itself, so it must be in the one canonical form: what is signed is what was
//! read. Sources: EIP-155, EIP-2930, EIP-1559, EIP-4844, EIP-7702; Yellow Paper, appendix B.

use alloy_primitives::{Address, U256};
use alloy_rlp::{Decodable, EMPTY_LIST_CODE, EMPTY_STRING_CODE, Encodable, Header};
use keyward_crypto::{RecoverableSignature, keccak256};

use super::TransactionError;

/// The smallest first byte of a list, by which legacy transactions are told from typed ones.
const FIRST_LIST: u8 = 0xc0;

/// Which of the types a transaction is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EthereumTransactionType {
    /// Without a type byte; with a chain id since EIP-155.
    Legacy,
    /// EIP-2930, type 1: with an access list.
    AccessList,
    /// EIP-1559, type 2: with a priority fee.
    DynamicFee,
    /// EIP-4844, type 3: with blobs.
    Blob,
    /// EIP-7702, type 4: sets the code of accounts.
    SetCode,
}

impl EthereumTransactionType {
    /// The name that policies see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Legacy => "LEGACY",
            Self::AccessList => "TYPE_1",
            Self::DynamicFee => "TYPE_2",
            Self::Blob => "TYPE_3",
            Self::SetCode => "TYPE_4",
        }
    }

    /// The byte in front of the list; legacy transactions have none.
    const fn byte(self) -> Option<u8> {
        match self {
            Self::Legacy => None,
            Self::AccessList => Some(1),
            Self::DynamicFee => Some(2),
            Self::Blob => Some(3),
            Self::SetCode => Some(4),
        }
    }
}

/// Storage that a transaction says it will touch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccessListItem {
    /// Of this account.
    pub address: Address,
    /// These slots.
    pub storage_keys: Vec<[u8; 32]>,
}

/// An account's signed permission to set its code, inside a transaction of type 4. Not verified.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SignedAuthorization {
    /// On which chain; 0 for any.
    pub chain_id: U256,
    /// Whose code.
    pub address: Address,
    /// Nonce of the account.
    pub nonce: u64,
    /// Parity of the signature's point.
    pub y_parity: u8,
    /// First half of the signature.
    pub r: U256,
    /// Second half of the signature.
    pub s: U256,
}

/// An unsigned transaction. Amounts are in wei.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EthereumTransaction {
    /// Which type it is.
    pub kind: EthereumTransactionType,
    /// `None` for a legacy transaction that is valid on every chain.
    pub chain_id: Option<u64>,
    /// How many transactions the sender sent before.
    pub nonce: u64,
    /// Price of a unit of gas; the maximum fee from type 2 on.
    pub gas_price: U256,
    /// The most a unit of gas may cost; the gas price before type 2.
    pub max_fee_per_gas: U256,
    /// The part of that for the block's producer; the gas price before type 2.
    pub max_priority_fee_per_gas: U256,
    /// The most a unit of blob gas may cost; zero outside type 3.
    pub max_fee_per_blob_gas: U256,
    /// Most units of gas to use.
    pub gas: u64,
    /// The receiver; `None` creates a contract.
    pub to: Option<Address>,
    /// Amount sent along.
    pub value: U256,
    /// Call data, or the code that creates the contract.
    pub data: Vec<u8>,
    /// Empty before type 1.
    pub access_list: Vec<AccessListItem>,
    /// Versioned hashes of the blobs; empty outside type 3.
    pub blob_hashes: Vec<[u8; 32]>,
    /// Empty outside type 4.
    pub authorization_list: Vec<SignedAuthorization>,
    digest: [u8; 32],
    /// The encoded items that the signature comes after.
    items: Vec<u8>,
}

impl EthereumTransaction {
    /// Reads one transaction and nothing after it.
    ///
    /// # Errors
    ///
    /// [`TransactionError::Rlp`] when it is not canonical RLP or an item is of the wrong kind or size,
    /// [`TransactionError::Malformed`] for an unknown type, items too many (a signature, a blob sidecar)
    /// or a receiver missing where one is needed.
    pub fn parse(bytes: &[u8]) -> Result<Self, TransactionError> {
        let (first, body) = bytes.split_first().ok_or(TransactionError::Empty)?;
        let (kind, body) = match first {
            1 => (EthereumTransactionType::AccessList, body),
            2 => (EthereumTransactionType::DynamicFee, body),
            3 => (EthereumTransactionType::Blob, body),
            4 => (EthereumTransactionType::SetCode, body),
            FIRST_LIST.. => (EthereumTransactionType::Legacy, bytes),
            _ => return Err(TransactionError::Malformed("unknown type byte")),
        };
        let mut rest = body;
        let items = Header::decode_bytes(&mut rest, true)?;
        if !rest.is_empty() {
            return Err(TransactionError::Malformed("bytes after its end"));
        }
        let mut transaction = match kind {
            EthereumTransactionType::Legacy => legacy(items)?,
            _ => typed(kind, items)?,
        };
        transaction.digest = keccak256(bytes);
        Ok(transaction)
    }

    /// Reads a transaction that is signed, and nothing after it. Returned with it is its sender.
    ///
    /// # Errors
    ///
    /// As [`EthereumTransaction::parse`]; [`TransactionError::Malformed`] for a signature that is nobody's.
    pub fn parse_signed(bytes: &[u8]) -> Result<(Self, Address), TransactionError> {
        let (first, body) = bytes.split_first().ok_or(TransactionError::Empty)?;
        let (kind, mut body) =
            if *first < FIRST_LIST { (Some(*first), body) } else { (None, bytes) };
        let items = Header::decode_bytes(&mut body, true)?;
        if !body.is_empty() {
            return Err(TransactionError::Malformed("bytes after its end"));
        }
        // Where each item ends, to find the three at the end.
        let mut rest = items;
        let mut ends = vec![0];
        while !rest.is_empty() {
            let header = Header::decode(&mut rest)?;
            rest = rest.get(header.payload_length..).unwrap_or_default();
            ends.push(items.len() - rest.len());
        }
        let unsigned = ends.len().checked_sub(4).and_then(|place| ends.get(place));
        let unsigned = unsigned.ok_or(TransactionError::Malformed("it has no signature"))?;
        let (unsigned, mut signature) = items.split_at_checked(*unsigned).unwrap_or_default();
        let v = u64::decode(&mut signature)?;
        let r = U256::decode(&mut signature)?.to_be_bytes();
        let s = U256::decode(&mut signature)?.to_be_bytes();

        let mut payload = unsigned.to_vec();
        let parity = match (kind, v) {
            (Some(_), _) => v,
            (None, 27 | 28) => v - 27,
            (None, 35..) => {
                ((v - 35) / 2).encode(&mut payload);
                payload.extend([EMPTY_STRING_CODE; 2]);
                (v - 35) % 2
            }
            (None, _) => return Err(TransactionError::Malformed("its signature is no one's")),
        };
        let mut encoded: Vec<u8> = kind.into_iter().collect();
        Header { list: true, payload_length: payload.len() }.encode(&mut encoded);
        encoded.extend(payload);
        let transaction = Self::parse(&encoded)?;
        let recovery_id = u8::try_from(parity).ok().filter(|parity| *parity < 2);
        let key = recovery_id.and_then(|recovery_id| {
            RecoverableSignature { r, s, recovery_id }
                .recover_secp256k1_uncompressed(transaction.digest())
        });
        let key = key.ok_or(TransactionError::Malformed("its signature is no one's"))?;
        let point = key.get(1..).unwrap_or_default();
        Ok((transaction, Address::from_word(keccak256(point).into())))
    }

    /// What the sender signs: Keccak-256 of the unsigned transaction as it came.
    pub const fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The signed transaction.
    pub fn with_signature(&self, signature: &RecoverableSignature) -> Vec<u8> {
        let parity = u128::from(signature.recovery_id);
        let v = match (self.kind, self.chain_id) {
            (EthereumTransactionType::Legacy, None) => 27 + parity,
            (EthereumTransactionType::Legacy, Some(chain_id)) => {
                35 + 2 * u128::from(chain_id) + parity
            }
            _ => parity,
        };
        let mut items = self.items.clone();
        v.encode(&mut items);
        U256::from_be_bytes(signature.r).encode(&mut items);
        U256::from_be_bytes(signature.s).encode(&mut items);
        let mut signed: Vec<u8> = self.kind.byte().into_iter().collect();
        Header { list: true, payload_length: items.len() }.encode(&mut signed);
        signed.extend(items);
        signed
    }
}

/// A transaction to be made: of type 2, or of type 4 where it carries an authorization. Amounts are in wei.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NewEthereumTransaction<'a> {
    /// Number of the chain.
    pub chain_id: u64,
    /// How many transactions the sender sent before.
    pub nonce: u64,
    /// The most of the fee that goes to the block's producer, for each unit of gas.
    pub max_priority_fee_per_gas: U256,
    /// The most a unit of gas may cost.
    pub max_fee_per_gas: U256,
    /// Most units of gas to use.
    pub gas: u64,
    /// The receiver.
    pub to: Address,
    /// Amount sent along.
    pub value: U256,
    /// Call data.
    pub data: &'a [u8],
    /// Permission to set an account's code.
    pub authorization: Option<SignedAuthorization>,
}

impl NewEthereumTransaction<'_> {
    /// What [`EthereumTransaction::parse`] reads.
    pub fn encode(&self) -> Vec<u8> {
        let mut items = Vec::new();
        self.chain_id.encode(&mut items);
        self.nonce.encode(&mut items);
        self.max_priority_fee_per_gas.encode(&mut items);
        self.max_fee_per_gas.encode(&mut items);
        self.gas.encode(&mut items);
        self.to.encode(&mut items);
        self.value.encode(&mut items);
        self.data.encode(&mut items);
        items.push(EMPTY_LIST_CODE);
        let kind = match &self.authorization {
            None => 2,
            Some(authorization) => {
                let authorization = authorization.encode();
                let payload_length = authorization.len();
                Header { list: true, payload_length }.encode(&mut items);
                items.extend(authorization);
                4
            }
        };
        let mut encoded = vec![kind];
        Header { list: true, payload_length: items.len() }.encode(&mut encoded);
        encoded.extend(items);
        encoded
    }
}

impl SignedAuthorization {
    fn encode(&self) -> Vec<u8> {
        let mut items = Vec::new();
        self.chain_id.encode(&mut items);
        self.address.encode(&mut items);
        self.nonce.encode(&mut items);
        self.y_parity.encode(&mut items);
        self.r.encode(&mut items);
        self.s.encode(&mut items);
        let mut encoded = Vec::new();
        Header { list: true, payload_length: items.len() }.encode(&mut encoded);
        encoded.extend(items);
        encoded
    }
}

fn legacy(items: &[u8]) -> Result<EthereumTransaction, TransactionError> {
    let mut rest = items;
    let input = &mut rest;
    let nonce = u64::decode(input)?;
    let gas_price = U256::decode(input)?;
    let gas = u64::decode(input)?;
    let to = receiver(input)?;
    let value = U256::decode(input)?;
    let data = string(input)?;
    let (before_signature, _) =
        items.split_at_checked(items.len() - rest.len()).unwrap_or_default();
    let chain_id = match rest {
        [] => None,
        mut rest => {
            let chain_id = u64::decode(&mut rest)?;
            // Chain id 0 is how some libraries write three empty signature items.
            if chain_id == 0 || rest != [EMPTY_STRING_CODE; 2] {
                return Err(TransactionError::Malformed("it has a signature or too many items"));
            }
            Some(chain_id)
        }
    };
    Ok(EthereumTransaction {
        kind: EthereumTransactionType::Legacy,
        chain_id,
        nonce,
        gas_price,
        max_fee_per_gas: gas_price,
        max_priority_fee_per_gas: gas_price,
        max_fee_per_blob_gas: U256::ZERO,
        gas,
        to,
        value,
        data,
        access_list: Vec::new(),
        blob_hashes: Vec::new(),
        authorization_list: Vec::new(),
        digest: [0; 32],
        items: before_signature.to_vec(),
    })
}

fn typed(
    kind: EthereumTransactionType,
    items: &[u8],
) -> Result<EthereumTransaction, TransactionError> {
    use EthereumTransactionType as T;

    let mut rest = items;
    let input = &mut rest;
    let chain_id = u64::decode(input)?;
    let nonce = u64::decode(input)?;
    let max_priority_fee_per_gas = U256::decode(input)?;
    let max_fee_per_gas = match kind {
        T::AccessList => max_priority_fee_per_gas,
        _ => U256::decode(input)?,
    };
    let gas = u64::decode(input)?;
    let to = receiver(input)?;
    let value = U256::decode(input)?;
    let data = string(input)?;
    let access_list = list(input, access_list_item)?;
    let (max_fee_per_blob_gas, blob_hashes) = match kind {
        T::Blob => (U256::decode(input)?, list(input, |input| Ok(Decodable::decode(input)?))?),
        _ => (U256::ZERO, Vec::new()),
    };
    let authorization_list = match kind {
        T::SetCode => list(input, signed_authorization)?,
        _ => Vec::new(),
    };
    if !rest.is_empty() {
        return Err(TransactionError::Malformed("it has a signature or too many items"));
    }
    if to.is_none() && matches!(kind, T::Blob | T::SetCode) {
        return Err(TransactionError::Malformed("it has no receiver"));
    }
    Ok(EthereumTransaction {
        kind,
        chain_id: Some(chain_id),
        nonce,
        gas_price: max_fee_per_gas,
        max_fee_per_gas,
        max_priority_fee_per_gas,
        max_fee_per_blob_gas,
        gas,
        to,
        value,
        data,
        access_list,
        blob_hashes,
        authorization_list,
        digest: [0; 32],
        items: items.to_vec(),
    })
}

/// All items of a list, each read by `item`.
pub(super) fn list<T>(
    input: &mut &[u8],
    item: impl Fn(&mut &[u8]) -> Result<T, TransactionError>,
) -> Result<Vec<T>, TransactionError> {
    let mut items = Header::decode_bytes(input, true)?;
    let mut read = Vec::new();
    while !items.is_empty() {
        read.push(item(&mut items)?);
    }
    Ok(read)
}

pub(super) fn access_list_item(input: &mut &[u8]) -> Result<AccessListItem, TransactionError> {
    let mut items = Header::decode_bytes(input, true)?;
    let item = AccessListItem {
        address: Address::decode(&mut items)?,
        storage_keys: list(&mut items, |input| Ok(Decodable::decode(input)?))?,
    };
    ended(items, item)
}

fn signed_authorization(input: &mut &[u8]) -> Result<SignedAuthorization, TransactionError> {
    let mut items = Header::decode_bytes(input, true)?;
    let authorization = SignedAuthorization {
        chain_id: U256::decode(&mut items)?,
        address: Address::decode(&mut items)?,
        nonce: u64::decode(&mut items)?,
        y_parity: u8::decode(&mut items)?,
        r: U256::decode(&mut items)?,
        s: U256::decode(&mut items)?,
    };
    ended(items, authorization)
}

pub(super) fn ended<T>(rest: &[u8], read: T) -> Result<T, TransactionError> {
    if rest.is_empty() {
        Ok(read)
    } else {
        Err(TransactionError::Malformed("a list in it has too many items"))
    }
}

pub(super) fn receiver(input: &mut &[u8]) -> Result<Option<Address>, TransactionError> {
    match Header::decode_bytes(input, false)? {
        [] => Ok(None),
        bytes => <[u8; 20]>::try_from(bytes)
            .map(|bytes| Some(Address::from(bytes)))
            .map_err(|_| TransactionError::Malformed("its receiver is not 20 bytes")),
    }
}

pub(super) fn string(input: &mut &[u8]) -> Result<Vec<u8>, TransactionError> {
    Ok(Header::decode_bytes(input, false)?.to_vec())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn enlist(items: &[Vec<u8>]) -> Vec<u8> {
        let payload = items.concat();
        let mut list = Vec::new();
        Header { list: true, payload_length: payload.len() }.encode(&mut list);
        list.extend(payload);
        list
    }

    fn encoded(item: impl Encodable) -> Vec<u8> {
        alloy_rlp::encode(item)
    }

    /// The unsigned form, written without the parser's help; also the items of the signed one.
    fn unsigned(transaction: &EthereumTransaction) -> Vec<u8> {
        use EthereumTransactionType as T;
        let bytes = |bytes: &[u8]| encoded(bytes);
        let mut items = Vec::new();
        if transaction.kind != T::Legacy {
            items.push(encoded(transaction.chain_id.unwrap()));
        }
        items.push(encoded(transaction.nonce));
        if !matches!(transaction.kind, T::Legacy | T::AccessList) {
            items.push(encoded(transaction.max_priority_fee_per_gas));
        }
        items.push(encoded(transaction.gas_price));
        items.push(encoded(transaction.gas));
        items.push(transaction.to.map_or_else(|| bytes(&[]), encoded));
        items.push(encoded(transaction.value));
        items.push(bytes(&transaction.data));
        if transaction.kind == T::Legacy {
            if let Some(chain_id) = transaction.chain_id {
                items.extend([encoded(chain_id), bytes(&[]), bytes(&[])]);
            }
            return enlist(&items);
        }
        let access = transaction.access_list.iter().map(|item| {
            let keys: Vec<_> = item.storage_keys.iter().map(|key| bytes(key)).collect();
            enlist(&[encoded(item.address), enlist(&keys)])
        });
        items.push(enlist(&access.collect::<Vec<_>>()));
        if transaction.kind == T::Blob {
            items.push(encoded(transaction.max_fee_per_blob_gas));
            let hashes: Vec<_> = transaction.blob_hashes.iter().map(|hash| bytes(hash)).collect();
            items.push(enlist(&hashes));
        }
        if transaction.kind == T::SetCode {
            let allowed = transaction.authorization_list.iter().map(|allowed| {
                enlist(&[
                    encoded(allowed.chain_id),
                    encoded(allowed.address),
                    encoded(allowed.nonce),
                    encoded(allowed.y_parity),
                    encoded(allowed.r),
                    encoded(allowed.s),
                ])
            });
            items.push(enlist(&allowed.collect::<Vec<_>>()));
        }
        let mut written: Vec<u8> = transaction.kind.byte().into_iter().collect();
        written.extend(enlist(&items));
        written
    }

    prop_compose! {
        fn numbers()(bytes: [u8; 32], shift in 0..256_usize) -> U256 {
            U256::from_be_bytes(bytes) >> shift
        }
    }

    prop_compose! {
        fn access_lists()(list in prop::collection::vec(
            (any::<[u8; 20]>(), prop::collection::vec(any::<[u8; 32]>(), 0..3)), 0..3,
        )) -> Vec<AccessListItem> {
            list.into_iter()
                .map(|(address, storage_keys)| AccessListItem { address: address.into(), storage_keys })
                .collect()
        }
    }

    prop_compose! {
        fn authorizations()(
            chain_id in numbers(), address: [u8; 20], nonce: u64, y_parity in 0..2_u8,
            r in numbers(), s in numbers(),
        ) -> SignedAuthorization {
            SignedAuthorization { chain_id, address: address.into(), nonce, y_parity, r, s }
        }
    }

    fn transactions() -> impl Strategy<Value = EthereumTransaction> {
        use EthereumTransactionType as T;
        let kinds = prop_oneof![
            Just(T::Legacy),
            Just(T::AccessList),
            Just(T::DynamicFee),
            Just(T::Blob),
            Just(T::SetCode),
        ];
        let fields = (
            (kinds, prop::option::of(1..u64::MAX), any::<u64>(), any::<u64>()),
            (numbers(), numbers(), numbers(), numbers()),
            (prop::option::of(any::<[u8; 20]>()), prop::collection::vec(any::<u8>(), 0..70)),
            (
                access_lists(),
                prop::collection::vec(any::<[u8; 32]>(), 0..3),
                prop::collection::vec(authorizations(), 0..3),
            ),
        );
        fields.prop_map(|(heads, amounts, (to, data), (access_list, blob_hashes, allowed))| {
            let (kind, chain_id, nonce, gas) = heads;
            let (gas_price, priority, blob_fee, value) = amounts;
            let needs_receiver = matches!(kind, T::Blob | T::SetCode);
            let has_one_price = matches!(kind, T::Legacy | T::AccessList);
            let mut transaction = EthereumTransaction {
                kind,
                chain_id: if kind == T::Legacy { chain_id } else { Some(chain_id.unwrap_or(0)) },
                nonce,
                gas_price,
                max_fee_per_gas: gas_price,
                max_priority_fee_per_gas: if has_one_price { gas_price } else { priority },
                max_fee_per_blob_gas: if kind == T::Blob { blob_fee } else { U256::ZERO },
                gas,
                to: to.or(needs_receiver.then_some([7; 20])).map(Address::from),
                value,
                data,
                access_list: if kind == T::Legacy { Vec::new() } else { access_list },
                blob_hashes: if kind == T::Blob { blob_hashes } else { Vec::new() },
                authorization_list: if kind == T::SetCode { allowed } else { Vec::new() },
                digest: [0; 32],
                items: Vec::new(),
            };
            transaction.digest = keccak256(&unsigned(&transaction));
            transaction
        })
    }

    const SIGNATURE: RecoverableSignature =
        RecoverableSignature { r: [0x11; 32], s: [0; 32], recovery_id: 1 };

    #[test]
    fn a_chain_id_of_zero_is_a_missing_signature() {
        let items = [
            encoded(9_u64),
            encoded(1_u64),
            encoded(21_000_u64),
            encoded(Address::ZERO),
            encoded(1_u64),
            encoded(0_u64),
        ];
        let mut with_blanks = items.to_vec();
        with_blanks.extend([encoded(0_u64), encoded(0_u64), encoded(0_u64)]);
        assert!(EthereumTransaction::parse(&enlist(&items)).is_ok());
        let refused = EthereumTransaction::parse(&enlist(&with_blanks)).unwrap_err();
        assert_eq!(refused, TransactionError::Malformed("it has a signature or too many items"));
    }

    #[test]
    fn the_largest_chain_id_has_a_signature() {
        let items = [
            encoded(0_u64),
            encoded(0_u64),
            encoded(0_u64),
            encoded(Address::ZERO),
            encoded(0_u64),
            encoded(0_u64),
            encoded(u64::MAX),
            encoded(0_u64),
            encoded(0_u64),
        ];
        let transaction = EthereumTransaction::parse(&enlist(&items)).unwrap();
        let v = 35 + 2 * u128::from(u64::MAX) + 1;
        let mut signed = items[..6].to_vec();
        signed.extend([encoded(v), encoded(U256::from_be_bytes([0x11; 32])), encoded(0_u64)]);
        assert_eq!(transaction.with_signature(&SIGNATURE), enlist(&signed));
    }

    fn new(authorization: Option<SignedAuthorization>) -> Vec<u8> {
        NewEthereumTransaction {
            chain_id: 31337,
            nonce: 7,
            max_priority_fee_per_gas: U256::from(1),
            max_fee_per_gas: U256::from(3),
            gas: 25_200,
            to: Address::from([0x70; 20]),
            value: U256::MAX,
            data: &[1, 2, 3],
            authorization,
        }
        .encode()
    }

    #[test]
    fn what_is_made_reads_as_it_was_meant() {
        let read = EthereumTransaction::parse(&new(None)).unwrap();
        assert_eq!((read.kind.as_str(), read.chain_id, read.nonce), ("TYPE_2", Some(31337), 7));
        assert_eq!(
            (read.gas, read.value, read.data.as_slice()),
            (25_200, U256::MAX, &[1, 2, 3][..])
        );
        assert_eq!(
            (read.max_priority_fee_per_gas, read.max_fee_per_gas),
            (U256::from(1), U256::from(3))
        );
        let authorization = SignedAuthorization {
            chain_id: U256::from(31337),
            address: Address::ZERO,
            nonce: 8,
            y_parity: 1,
            r: U256::from(5),
            s: U256::from(6),
        };
        let read = EthereumTransaction::parse(&new(Some(authorization))).unwrap();
        assert_eq!((read.kind.as_str(), read.authorization_list), ("TYPE_4", vec![authorization]));
    }

    #[test]
    fn a_signed_transaction_tells_its_sender() {
        let key = keyward_crypto::Secp256k1PrivateKey::from_bytes(&[7; 32]).unwrap();
        let point = key.public_key().uncompressed();
        let sender = Address::from_word(keccak256(&point[1..]).into());
        // Legacy: nonce 0, gas price 1, gas 21000, to, value 1, no data; then the chain id and two empty items.
        let legacy = |chain: &[u8]| {
            let mut items = hex::decode("8001825208").unwrap();
            Address::from([0x70; 20]).encode(&mut items);
            items.extend([1, 0x80]);
            items.extend(chain);
            let mut encoded = Vec::new();
            Header { list: true, payload_length: items.len() }.encode(&mut encoded);
            [encoded, items].concat()
        };
        for unsigned in [new(None), legacy(&[]), legacy(&[1, 0x80, 0x80])] {
            let transaction = EthereumTransaction::parse(&unsigned).unwrap();
            let signed = transaction.with_signature(&key.sign_prehash(transaction.digest()));
            assert_eq!(EthereumTransaction::parse_signed(&signed).unwrap(), (transaction, sender));
            assert!(EthereumTransaction::parse_signed(&unsigned).is_err());
            assert!(EthereumTransaction::parse_signed(&[signed, vec![0]].concat()).is_err());
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(written in transactions()) {
            let bytes = unsigned(&written);
            let mut read = EthereumTransaction::parse(&bytes).unwrap();
            read.items.clear();
            prop_assert_eq!(&read, &written);
        }

        #[test]
        fn nothing_is_read_from_a_signed_one_a_longer_one_or_a_shorter_one(
            written in transactions(), extra: u8,
        ) {
            let mut bytes = unsigned(&written);
            let signed = EthereumTransaction::parse(&bytes).unwrap().with_signature(&SIGNATURE);
            prop_assert!(EthereumTransaction::parse(&signed).is_err());
            bytes.push(extra);
            prop_assert!(EthereumTransaction::parse(&bytes).is_err());
            bytes.truncate(bytes.len() - 2);
            prop_assert!(EthereumTransaction::parse(&bytes).is_err());
        }

        #[test]
        fn what_is_read_is_written_back(written in transactions(), at: prop::sample::Index, to: u8) {
            let mut bytes = unsigned(&written);
            let at = at.index(bytes.len());
            bytes[at] = to;
            if let Ok(read) = EthereumTransaction::parse(&bytes) {
                prop_assert_eq!(unsigned(&read), bytes);
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(
            mut bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0..6_u8,
        ) {
            let _ = EthereumTransaction::parse(&bytes);
            bytes.insert(0, kind);
            let _ = EthereumTransaction::parse(&bytes);
        }
    }
}
