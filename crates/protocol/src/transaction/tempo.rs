//! Tempo's own type of transaction, as it is before its sender signs it.
//!
//! What is hashed is the input itself, as with Ethereum's. Sources: `TempoTransaction` in tempoxyz/tempo; EIP-2718
//! for the byte in front.

use alloy_primitives::{Address, U256};
use alloy_rlp::{Decodable, Encodable, Header};
use keyward_crypto::{RecoverableSignature, keccak256};

use super::TransactionError;
use super::ethereum::{AccessListItem, access_list_item, ended, list, receiver, string};

/// The byte in front of the list.
const TYPE: u8 = 0x76;
/// What stands for the signature of somebody who pays the fee and signs later.
const FEE_PAYER_SIGNS_LATER: &[u8] = &[0];

/// One of the calls that a transaction makes, all or none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TempoCall {
    /// Whom it calls; `None` creates a contract.
    pub to: Option<Address>,
    /// Amount sent along.
    pub value: U256,
    /// Call data, or the code that creates the contract.
    pub input: Vec<u8>,
}

/// An account's signed permission to set its code. Not verified.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TempoAuthorization {
    /// On which chain; 0 for any.
    pub chain_id: U256,
    /// Whose code.
    pub address: Address,
    /// Nonce of the account.
    pub nonce: u64,
    /// In one of the forms that Tempo has.
    pub signature: Vec<u8>,
}

/// An unsigned transaction.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TempoTransaction {
    /// On which chain.
    pub chain_id: u64,
    /// The part of a unit of gas' price for the block's producer.
    pub max_priority_fee_per_gas: u128,
    /// The most a unit of gas may cost.
    pub max_fee_per_gas: u128,
    /// Most units of gas to use.
    pub gas_limit: u64,
    /// What it does; at least one.
    pub calls: Vec<TempoCall>,
    /// Storage that it says it will touch.
    pub access_list: Vec<AccessListItem>,
    /// Which of the sender's rows of nonces.
    pub nonce_key: U256,
    /// How many transactions with that key the sender sent before.
    pub nonce: u64,
    /// In seconds of Unix time: not at this time any more. `None` when it never ends.
    pub valid_before: Option<u64>,
    /// In seconds of Unix time: not earlier. `None` when it began.
    pub valid_after: Option<u64>,
    /// What the fee is paid in; `None` leaves it to the sender's settings.
    pub fee_token: Option<Address>,
    /// Whether somebody else pays the fee, who signs later.
    pub is_sponsored: bool,
    /// Permissions of accounts to set their code.
    pub authorization_list: Vec<TempoAuthorization>,
    /// A further key that is to sign for the account, with the account's signature; RLP.
    pub key_authorization: Option<Vec<u8>>,
    digest: [u8; 32],
    /// The encoded items that the signature comes after.
    items: Vec<u8>,
}

impl TempoTransaction {
    /// Reads one transaction and nothing after it.
    ///
    /// # Errors
    ///
    /// [`TransactionError::Rlp`] when it is not canonical RLP or an item is of the wrong kind or size,
    /// [`TransactionError::Malformed`] for another type, a signature, calls that the chain does not take, or a
    /// time that ends before it begins.
    pub fn parse(bytes: &[u8]) -> Result<Self, TransactionError> {
        let malformed = TransactionError::Malformed;
        let (first, mut rest) = bytes.split_first().ok_or(TransactionError::Empty)?;
        if *first != TYPE {
            return Err(malformed("unknown type byte"));
        }
        let items = Header::decode_bytes(&mut rest, true)?;
        if !rest.is_empty() {
            return Err(malformed("bytes after its end"));
        }
        let mut rest = items;
        let input = &mut rest;
        let transaction = Self {
            chain_id: u64::decode(input)?,
            max_priority_fee_per_gas: u128::decode(input)?,
            max_fee_per_gas: u128::decode(input)?,
            gas_limit: u64::decode(input)?,
            calls: list(input, call)?,
            access_list: list(input, access_list_item)?,
            nonce_key: U256::decode(input)?,
            nonce: u64::decode(input)?,
            valid_before: time(input)?,
            valid_after: time(input)?,
            fee_token: receiver(input)?,
            is_sponsored: match Header::decode_bytes(input, false)? {
                [] => false,
                FEE_PAYER_SIGNS_LATER => true,
                _ => return Err(malformed("its fee payer's signature is not one")),
            },
            authorization_list: list(input, authorization)?,
            key_authorization: match *input {
                [] => None,
                encoded => {
                    Header::decode_bytes(input, true)?;
                    Some(encoded.to_vec())
                }
            },
            digest: keccak256(bytes),
            items: items.to_vec(),
        };
        if !rest.is_empty() {
            return Err(malformed("it has a signature or too many items"));
        }
        transaction.check()
    }

    /// What every node of the chain refuses. Source: `TempoTransaction::validate`.
    fn check(self) -> Result<Self, TransactionError> {
        let malformed = TransactionError::Malformed;
        let Some((first, others)) = self.calls.split_first() else {
            return Err(malformed("it has no calls"));
        };
        let creates_first = first.to.is_none() && !self.authorization_list.is_empty();
        if creates_first || others.iter().any(|call| call.to.is_none()) {
            return Err(malformed("a call creates a contract where none may"));
        }
        if self.valid_before.is_some_and(|end| end <= self.valid_after.unwrap_or_default()) {
            return Err(malformed("it ends before it begins"));
        }
        Ok(self)
    }

    /// What the sender signs: Keccak-256 of the unsigned transaction as it came.
    pub const fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The signed transaction: `r`, `s` and 27 or 28 are one more item of the list.
    pub fn with_signature(&self, signature: &RecoverableSignature) -> Vec<u8> {
        let v = signature.recovery_id.saturating_add(27);
        let mut items = self.items.clone();
        [&signature.r[..], &signature.s, &[v]].concat().as_slice().encode(&mut items);
        let mut signed = vec![TYPE];
        Header { list: true, payload_length: items.len() }.encode(&mut signed);
        signed.extend(items);
        signed
    }
}

fn call(input: &mut &[u8]) -> Result<TempoCall, TransactionError> {
    let mut items = Header::decode_bytes(input, true)?;
    let call = TempoCall {
        to: receiver(&mut items)?,
        value: U256::decode(&mut items)?,
        input: string(&mut items)?,
    };
    ended(items, call)
}

fn authorization(input: &mut &[u8]) -> Result<TempoAuthorization, TransactionError> {
    let mut items = Header::decode_bytes(input, true)?;
    let authorization = TempoAuthorization {
        chain_id: U256::decode(&mut items)?,
        address: Address::decode(&mut items)?,
        nonce: u64::decode(&mut items)?,
        signature: string(&mut items)?,
    };
    ended(items, authorization)
}

/// Zero is no time.
fn time(input: &mut &[u8]) -> Result<Option<u64>, TransactionError> {
    Ok(Some(u64::decode(input)?).filter(|seconds| *seconds != 0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::payload::with_causes;

    const SIGNATURE: RecoverableSignature =
        RecoverableSignature { r: [0x11; 32], s: [0; 32], recovery_id: 1 };

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

    fn bytes(bytes: &[u8]) -> Vec<u8> {
        encoded(bytes)
    }

    /// The items of a transaction, written without the parser's help.
    fn items(transaction: &TempoTransaction) -> Vec<Vec<u8>> {
        let address = |address: Option<Address>| address.map_or_else(|| bytes(&[]), encoded);
        let calls = transaction
            .calls
            .iter()
            .map(|call| enlist(&[address(call.to), encoded(call.value), bytes(&call.input)]));
        let access = transaction.access_list.iter().map(|item| {
            let keys: Vec<_> = item.storage_keys.iter().map(|key| bytes(key)).collect();
            enlist(&[encoded(item.address), enlist(&keys)])
        });
        let allowed = transaction.authorization_list.iter().map(|allowed| {
            enlist(&[
                encoded(allowed.chain_id),
                encoded(allowed.address),
                encoded(allowed.nonce),
                bytes(&allowed.signature),
            ])
        });
        let mut items = vec![
            encoded(transaction.chain_id),
            encoded(transaction.max_priority_fee_per_gas),
            encoded(transaction.max_fee_per_gas),
            encoded(transaction.gas_limit),
            enlist(&calls.collect::<Vec<_>>()),
            enlist(&access.collect::<Vec<_>>()),
            encoded(transaction.nonce_key),
            encoded(transaction.nonce),
            encoded(transaction.valid_before.unwrap_or_default()),
            encoded(transaction.valid_after.unwrap_or_default()),
            address(transaction.fee_token),
            if transaction.is_sponsored { vec![0] } else { bytes(&[]) },
            enlist(&allowed.collect::<Vec<_>>()),
        ];
        items.extend(transaction.key_authorization.clone());
        items
    }

    fn written(items: &[Vec<u8>]) -> Vec<u8> {
        [vec![TYPE], enlist(items)].concat()
    }

    prop_compose! {
        fn numbers()(bytes: [u8; 32], shift in 0..256_usize) -> U256 {
            U256::from_be_bytes(bytes) >> shift
        }
    }

    prop_compose! {
        fn calls()(
            to: [u8; 20], value in numbers(), input in prop::collection::vec(any::<u8>(), 0..70),
        ) -> TempoCall {
            TempoCall { to: Some(to.into()), value, input }
        }
    }

    prop_compose! {
        fn authorizations()(
            chain_id in numbers(), address: [u8; 20], nonce: u64,
            signature in prop::collection::vec(any::<u8>(), 0..140),
        ) -> TempoAuthorization {
            TempoAuthorization { chain_id, address: address.into(), nonce, signature }
        }
    }

    prop_compose! {
        fn transactions()(
            (chain_id, gas_limit, nonce, after) in any::<(u64, u64, u64, u32)>(),
            (max_priority_fee_per_gas, max_fee_per_gas) in any::<(u128, u128)>(),
            nonce_key in numbers(),
            mut calls in prop::collection::vec(calls(), 1..4),
            access in prop::collection::vec((any::<[u8; 20]>(), any::<[u8; 32]>()), 0..3),
            (creates, ends, is_sponsored) in any::<(bool, bool, bool)>(),
            fee_token in prop::option::of(any::<[u8; 20]>()),
            authorization_list in prop::collection::vec(authorizations(), 0..3),
            key in prop::option::of(prop::collection::vec(any::<u8>(), 0..70)),
        ) -> TempoTransaction {
            if creates && authorization_list.is_empty() {
                calls[0].to = None;
            }
            let access = access.into_iter().map(|(address, key)| AccessListItem {
                address: address.into(),
                storage_keys: vec![key],
            });
            let after = u64::from(after);
            let mut transaction = TempoTransaction {
                chain_id,
                max_priority_fee_per_gas,
                max_fee_per_gas,
                gas_limit,
                calls,
                access_list: access.collect(),
                nonce_key,
                nonce,
                valid_before: ends.then_some(after + 1),
                valid_after: Some(after).filter(|after| *after != 0),
                fee_token: fee_token.map(Address::from),
                is_sponsored,
                authorization_list,
                key_authorization: key.map(|key| enlist(&[bytes(&key)])),
                digest: [0; 32],
                items: Vec::new(),
            };
            transaction.items = items(&transaction).concat();
            transaction.digest = keccak256(&written(&items(&transaction)));
            transaction
        }
    }

    fn simple() -> TempoTransaction {
        TempoTransaction {
            chain_id: 4217,
            max_priority_fee_per_gas: 0,
            max_fee_per_gas: 1,
            gas_limit: 21_000,
            calls: vec![TempoCall { to: Some([7; 20].into()), value: U256::ZERO, input: vec![] }],
            access_list: Vec::new(),
            nonce_key: U256::ZERO,
            nonce: 0,
            valid_before: None,
            valid_after: None,
            fee_token: None,
            is_sponsored: false,
            authorization_list: Vec::new(),
            key_authorization: None,
            digest: [0; 32],
            items: Vec::new(),
        }
    }

    fn refusal(items: &[Vec<u8>]) -> String {
        with_causes(&TempoTransaction::parse(&written(items)).unwrap_err())
    }

    #[test]
    fn what_the_chain_would_refuse_is_not_signed() {
        let with = |change: fn(&mut TempoTransaction)| {
            let mut transaction = simple();
            change(&mut transaction);
            refusal(&items(&transaction))
        };
        assert!(TempoTransaction::parse(&written(&items(&simple()))).is_ok());
        assert!(with(|it| it.calls.clear()).contains("no calls"));
        let creation = || TempoCall { to: None, value: U256::ZERO, input: vec![1] };
        let mut creating = simple();
        creating.calls[0] = creation();
        assert!(TempoTransaction::parse(&written(&items(&creating))).is_ok());
        creating.calls.push(creation());
        assert!(refusal(&items(&creating)).contains("creates a contract"));
        creating.calls.truncate(1);
        creating.authorization_list.push(TempoAuthorization {
            chain_id: U256::ZERO,
            address: Address::ZERO,
            nonce: 0,
            signature: vec![0; 65],
        });
        assert!(refusal(&items(&creating)).contains("creates a contract"));
        let ends = |it: &mut TempoTransaction| {
            (it.valid_before, it.valid_after) = (Some(5), Some(5));
        };
        assert!(with(ends).contains("ends before it begins"));
    }

    #[test]
    fn signatures_of_sender_and_fee_payer_are_refused() {
        let plain = items(&simple());
        let with = |place: usize, item: Vec<u8>| {
            let mut items = plain.clone();
            items[place] = item;
            refusal(&items)
        };
        assert!(with(11, bytes(&[1])).contains("fee payer"));
        assert!(with(11, bytes(&[0; 65])).contains("fee payer"));
        assert!(with(11, enlist(&[encoded(1_u8)])).contains("unexpected list"));
        let mut signed = plain.clone();
        signed.push(bytes(&[0x11; 65]));
        assert!(refusal(&signed).contains("unexpected string"));
        let key = enlist(&[bytes(&[1])]);
        let both = [plain.clone(), vec![key.clone(), bytes(&[0x11; 65])]].concat();
        assert!(refusal(&both).contains("a signature or too many items"));
        let missing = plain.split_last().unwrap().1;
        assert!(refusal(missing).contains("too short"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(transaction in transactions()) {
            let read = TempoTransaction::parse(&written(&items(&transaction))).unwrap();
            prop_assert_eq!(&read, &transaction);
            let mut signed = items(&transaction);
            signed.push(bytes(&[&[0x11; 32][..], &[0; 32], &[28]].concat()));
            prop_assert_eq!(read.with_signature(&SIGNATURE), written(&signed));
        }

        #[test]
        fn nothing_is_read_from_a_signed_one_a_longer_one_or_a_shorter_one(
            transaction in transactions(), extra: u8,
        ) {
            let mut bytes = written(&items(&transaction));
            prop_assert!(TempoTransaction::parse(&transaction.with_signature(&SIGNATURE)).is_err());
            bytes.push(extra);
            prop_assert!(TempoTransaction::parse(&bytes).is_err());
            bytes.truncate(bytes.len() - 2);
            prop_assert!(TempoTransaction::parse(&bytes).is_err());
        }

        #[test]
        fn any_bytes_are_read_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = TempoTransaction::parse(&bytes);
            bytes.insert(0, TYPE);
            let _ = TempoTransaction::parse(&bytes);
        }
    }
}
