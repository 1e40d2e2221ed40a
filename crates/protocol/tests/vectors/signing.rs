//! `signing*.json`: what keys sign, byte for byte, and what they refuse to.
//!
//! The functions are called as the server calls them; which key a request names is looked up in the
//! addresses that the file gives its keys.

use std::collections::BTreeMap;

use bitcoin::Psbt;
use keyward_crypto::{Curve, PrivateKey, PublicKey, Secp256k1PublicKey, SeededRng};
use keyward_protocol::payload::{RawSignature, ToSign};
use keyward_protocol::transaction::{
    BitcoinTransaction, EthereumTransaction, SolanaTransaction, TempoTransaction, TransactionError,
    TronCall, TronTransaction, UnsignedTransaction,
};
use keyward_protocol::wire::enums::{self, AddressFormat, TransactionType};
use keyward_protocol::wire::{RequestError, TurnkeyErrorCode};
use keyward_protocol::{address, payload, transaction};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::addresses::{self, Refusal};
use crate::folder;

#[derive(Deserialize)]
struct File {
    keys: Vec<Key>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Key {
    id: String,
    curve: enums::Curve,
    private_key_hex: String,
    addresses: BTreeMap<AddressFormat, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    id: String,
    kind: String,
    key: Option<String>,
    sign_with: Option<String>,
    sign_with_format: Option<AddressFormat>,
    #[serde(default)]
    request: Request,
    expect: Option<Value>,
    alternative: Option<Value>,
    expect_error: Option<Refusal>,
    compare: Option<String>,
    verify_with: Option<VerifyWith>,
    digest_hex: Option<String>,
    parsed: Option<Value>,
    #[serde(default)]
    entries: Vec<Entry>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Request {
    payload: Option<String>,
    payloads: Option<Vec<String>>,
    encoding: String,
    hash_function: String,
    #[serde(rename = "type")]
    kind: String,
    unsigned_transaction: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VerifyWith {
    scheme: String,
    public_key_x_only: String,
    message_hex: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    sign_with: String,
    expect: String,
}

/// A key, and the format of the address it was named by.
struct Named {
    key: PrivateKey,
    format: AddressFormat,
}

/// What a request leads to.
struct Outcome {
    /// In the shape of `expect`.
    result: Value,
    digest: Option<String>,
    parsed: Option<Value>,
}

#[test]
fn signing_payloads_gives_the_published_signatures() {
    run(&["raw", "raw-batch"], expects);
}

#[test]
fn signing_transactions_gives_the_published_ones() {
    run(&["tx"], expects);
}

#[test]
fn signing_refuses_what_it_should() {
    run(&["error"], refuses);
}

#[test]
fn signing_finds_the_key_that_is_named() {
    run(&["resolve"], resolves);
}

/// All transactions that are signed, with their type and the text.
fn transactions() -> Vec<(String, TransactionType, String)> {
    let mut all = Vec::new();
    for (_, file) in folder::read("signing") {
        let file: File = serde_json::from_value(file).unwrap();
        for case in file.cases.into_iter().filter(|case| case.kind == "tx") {
            let kind = transaction::type_named(&case.request.kind).unwrap();
            all.push((case.id, kind, case.request.unsigned_transaction.unwrap()));
        }
    }
    for &kind in TransactionType::ALL {
        assert!(all.iter().any(|(_, other, _)| *other == kind), "no case of {kind:?}");
    }
    all
}

#[test]
fn signing_wants_the_whole_transaction_and_nothing_after_it() {
    for (id, kind, unsigned) in transactions() {
        assert!(transaction::parse(kind, &unsigned).is_ok(), "{id}");
        let longer = ["00", "ff", &unsigned].map(|more| format!("{unsigned}{more}"));
        let shorter =
            [unsigned.len() - 2, unsigned.len() / 4 * 2].map(|end| unsigned.get(..end).unwrap());
        for text in longer.iter().map(String::as_str).chain(shorter) {
            let refused = transaction::parse(kind, text).expect_err(&id);
            assert_eq!(refused.name(), TurnkeyErrorCode::InvalidTransaction, "{id} {text}");
        }
    }
}

#[test]
fn signing_wants_a_key_on_the_curve_of_the_chain() {
    let mut rng = SeededRng::from_seed([1; 32]);
    for (id, kind, unsigned) in transactions() {
        let needed = match kind {
            TransactionType::Solana => Curve::Ed25519,
            _ => Curve::Secp256k1,
        };
        let transaction = transaction::parse(kind, &unsigned).unwrap();
        for found in [Curve::Secp256k1, Curve::P256, Curve::Ed25519] {
            let key = PrivateKey::from_bytes(found, &[0x77; 32]).unwrap();
            let signed = transaction::sign(&transaction, &key, &mut rng);
            if found != needed {
                let wrong = TransactionError::WrongCurve { found, needed };
                assert_eq!(signed, Err(wrong.clone()), "{id}");
                assert_eq!(RequestError::from(wrong).status().code.numbers(), (3, 400));
            }
        }
    }
}

/// A chain whose transactions list their signers gets no signature of anybody else.
#[test]
fn signing_wants_a_key_that_the_transaction_asks_for() {
    let mut rng = SeededRng::from_seed([1; 32]);
    for (id, kind, unsigned) in transactions() {
        let curve = match kind {
            TransactionType::Solana => Curve::Ed25519,
            TransactionType::Bitcoin => Curve::Secp256k1,
            _ => continue,
        };
        let transaction = transaction::parse(kind, &unsigned).unwrap();
        let foreign = PrivateKey::from_bytes(curve, &[0x77; 32]).unwrap();
        let refused = transaction::sign(&transaction, &foreign, &mut rng);
        assert_eq!(refused, Err(TransactionError::NotASigner), "{id}");
        let status = RequestError::from(TransactionError::NotASigner).status();
        assert_eq!(status.code.numbers(), (3, 400));
    }
}

fn run(kinds: &[&str], check: fn(&File, &Case) -> Result<(), String>) {
    let mut compared = 0;
    let mut wrong = Vec::new();
    for (name, file) in folder::read("signing") {
        let file: File =
            serde_json::from_value(file).unwrap_or_else(|error| panic!("{name}: {error}"));
        for case in file.cases.iter().filter(|case| kinds.contains(&&*case.kind)) {
            compared += 1;
            if let Err(reason) = check(&file, case) {
                wrong.push(format!("{name}, {}: {reason}", case.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 0, "no case");
}

/// The case has a result, and it is the expected one.
fn expects(file: &File, case: &Case) -> Result<(), String> {
    let outcome = match perform(file, case) {
        Ok(outcome) => outcome,
        Err(RequestError::Invalid(_)) if case.compare.as_deref() == Some("exact-or-error") => {
            return Ok(());
        }
        Err(refused) => return Err(format!("refused: {refused}")),
    };
    if let Some(digest) = &case.digest_hex
        && outcome.digest.as_ref() != Some(digest)
    {
        return Err(format!("digest {:?}", outcome.digest));
    }
    if let Some(expected) = &case.parsed {
        let parsed = outcome.parsed.as_ref().ok_or("nothing was parsed")?;
        same(expected, parsed, "parsed")?;
    }
    let is_right = match case.compare.as_deref().unwrap_or_default() {
        "exact" | "exact-or-error" => Some(&outcome.result) == case.expect.as_ref(),
        "exact-or-alternative" => {
            [&case.expect, &case.alternative].contains(&&Some(outcome.result.clone()))
        }
        "verify" => verifies(case, &outcome.result)?,
        "psbt-semantic" => {
            let expected = case.expect.as_ref().ok_or("no expected PSBT")?;
            psbt(expected) == psbt(&outcome.result)
        }
        "psbt-verify" => taproot_verifies(file, case, &outcome.result)?,
        other => return Err(format!("no comparison {other} here, write it")),
    };
    if is_right { Ok(()) } else { Err(format!("got {}", outcome.result)) }
}

/// The case is refused, and in the expected way.
fn refuses(file: &File, case: &Case) -> Result<(), String> {
    let expected = case.expect_error.as_ref().ok_or("no expected error")?;
    match perform(file, case) {
        Err(refused) => expected.compare(&refused),
        Ok(outcome) => Err(format!("not refused: {}", outcome.result)),
    }
}

/// Every address in the list finds its key, and that key signs by the scheme that is named.
fn resolves(file: &File, case: &Case) -> Result<(), String> {
    for entry in &case.entries {
        let words: Vec<&str> = entry.expect.split([' ', ',']).collect();
        // Whether a resource has a format, or an id names one, the organization knows.
        let (["wallet", "account", id, ..] | ["private", "key", id, ..]) = words[..] else {
            continue;
        };
        let found =
            file.keys.iter().filter(|key| key.id == id).find_map(|key| key.named(&entry.sign_with));
        let Some(Named { key, format }) = found else {
            let is_address = entry.sign_with.len() > 20;
            if is_address {
                return Err(format!("{} finds nothing", entry.sign_with));
            }
            continue;
        };
        let to_sign = ToSign::Prehash([1; 32]);
        let signed = payload::sign_as(format, &key, &to_sign, &mut SeededRng::from_seed([1; 32]));
        let is_schnorr = entry.expect.contains("Schnorr");
        if is_schnorr == signed.is_ok_and(|signature| signature == ecdsa(&key)) {
            return Err(format!("{} does not sign as {}", entry.sign_with, entry.expect));
        }
    }
    Ok(())
}

fn ecdsa(key: &PrivateKey) -> RawSignature {
    payload::sign(key, &ToSign::Prehash([1; 32])).unwrap()
}

/// What the server does once it is known that the caller may.
fn perform(file: &File, case: &Case) -> Result<Outcome, RequestError> {
    let Named { key, format } = file.named(case)?;
    let mut rng = SeededRng::from_seed([1; 32]);
    if let Some(unsigned) = &case.request.unsigned_transaction {
        let kind = transaction::type_named(&case.request.kind)?;
        let transaction = transaction::parse(kind, unsigned)?;
        let signed = transaction::sign(&transaction, &key, &mut rng)?;
        let parsed = match &transaction {
            UnsignedTransaction::Ethereum(transaction) => ethereum(transaction, &key),
            UnsignedTransaction::Solana(transaction) => solana(transaction),
            UnsignedTransaction::Tron(transaction) => tron(transaction),
            UnsignedTransaction::Bitcoin(transaction) => on_bitcoin(transaction, format),
            UnsignedTransaction::Tempo(transaction) => tempo(transaction),
            other => panic!("{other:?} is not compared here, write it"),
        };
        let result = json!({"signedTransaction": signed});
        return Ok(Outcome { result, digest: None, parsed: Some(parsed) });
    }

    let encoding = payload::encoding_named(&case.request.encoding)?;
    let hash_function = payload::hash_function_named(&case.request.hash_function)?;
    if let Some(payloads) = &case.request.payloads {
        let all = payload::decode_all(encoding, hash_function, key.curve(), payloads)?;
        let signatures =
            all.iter().map(|to_sign| payload::sign_as(format, &key, to_sign, &mut rng));
        let signatures = signatures.collect::<Result<Vec<_>, _>>()?;
        return Ok(Outcome {
            result: json!({"signatures": signatures}),
            digest: None,
            parsed: None,
        });
    }
    let text = case.request.payload.as_deref().expect("a payload");
    let to_sign = payload::decode(encoding, hash_function, key.curve(), text)?;
    let signature = payload::sign_as(format, &key, &to_sign, &mut rng)?;
    let digest = match to_sign {
        ToSign::Prehash(digest) => Some(hex::encode(digest)),
        ToSign::Message(_) => None,
    };
    Ok(Outcome { result: json!(signature), digest, parsed: None })
}

impl File {
    /// The key that the case signs with.
    fn named(&self, case: &Case) -> Result<Named, RequestError> {
        if let Some(sign_with) = &case.sign_with {
            let named = self.keys.iter().find_map(|key| key.named(sign_with));
            return named.ok_or_else(|| {
                RequestError::NotFound("Could not find any resource to sign with.".to_owned())
            });
        }
        let (id, format) =
            case.key.as_ref().zip(case.sign_with_format).expect("a key and a format");
        let key = self.keys.iter().find(|key| key.id == *id).expect("the key");
        Ok(Named { key: key.private(), format })
    }
}

impl Key {
    fn private(&self) -> PrivateKey {
        let mut bytes = [0; 32];
        hex::decode_to_slice(&self.private_key_hex, &mut bytes).unwrap();
        let key = PrivateKey::from_bytes(addresses::curve(self.curve), &bytes).unwrap();
        for (&format, expected) in &self.addresses {
            addresses::compare(format, &key.public_key(), expected).unwrap();
        }
        key
    }

    fn named(&self, sign_with: &str) -> Option<Named> {
        let wanted = address::lookup_key(sign_with);
        let mut addresses = self.addresses.iter();
        let (&format, _) = addresses.find(|(_, text)| address::lookup_key(text) == wanted)?;
        Some(Named { key: self.private(), format })
    }
}

/// Whether a Schnorr signature is one of the key over the digest.
fn verifies(case: &Case, result: &Value) -> Result<bool, String> {
    let with = case.verify_with.as_ref().ok_or("nothing to verify with")?;
    if with.scheme != "BIP340" {
        return Err(format!("no verification {} here, write it", with.scheme));
    }
    let signature: RawSignature = serde_json::from_value(result.clone()).unwrap();
    let mut bytes = [0; 64];
    let (mut x_only, mut digest) = ([0; 32], [0; 32]);
    hex::decode_to_slice(signature.r + &signature.s, &mut bytes).unwrap();
    hex::decode_to_slice(&with.public_key_x_only, &mut x_only).unwrap();
    hex::decode_to_slice(&with.message_hex, &mut digest).unwrap();
    Ok(signature.v == "00" && Secp256k1PublicKey::verify_schnorr(&x_only, &digest, &bytes))
}

fn psbt(result: &Value) -> Psbt {
    let text = result["signedTransaction"].as_str().unwrap();
    Psbt::deserialize(&hex::decode(text).unwrap()).unwrap()
}

/// Whether the only input is signed by the taproot output key of the case, and nothing else has changed.
fn taproot_verifies(file: &File, case: &Case, result: &Value) -> Result<bool, String> {
    use bitcoin::hashes::Hash;
    use bitcoin::sighash::{Prevouts, SighashCache, TapSighashType};

    let Named { key, .. } = file.named(case).map_err(|refused| refused.to_string())?;
    let PublicKey::Secp256k1(public) = key.public_key() else { return Err("no such key".into()) };
    let (mut found, mut expected) = (psbt(result), psbt(case.expect.as_ref().unwrap()));
    let utxo = found.inputs[0].witness_utxo.clone().ok_or("no output that is spent")?;
    let digest = SighashCache::new(&found.unsigned_tx)
        .taproot_key_spend_signature_hash(0, &Prevouts::All(&[utxo]), TapSighashType::Default)
        .unwrap();
    let signature = found.inputs[0].tap_key_sig.take().ok_or("no signature")?;
    expected.inputs[0].tap_key_sig = None;
    let signature: [u8; 64] = signature.to_vec().try_into().map_err(|_| "not 64 bytes")?;
    let output_key = public.taproot_output_key(None);
    let is_right =
        Secp256k1PublicKey::verify_schnorr(&output_key, &digest.to_byte_array(), &signature);
    Ok(is_right && found == expected)
}

/// Whether `found` has every member of `expected`, numbers and their texts being the same, and hexadecimal in
/// either case.
fn same(expected: &Value, found: &Value, at: &str) -> Result<(), String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (name, value) in expected {
                let at = format!("{at}.{name}");
                same(value, found.get(name).ok_or_else(|| format!("{at} is missing"))?, &at)?;
            }
            Ok(())
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
                same(expected, found, &format!("{at}[{index}]"))?;
            }
            Ok(())
        }
        _ if text(expected) == text(found) => Ok(()),
        (Value::String(expected), Value::String(found))
            if expected.starts_with("0x") && expected.eq_ignore_ascii_case(found) =>
        {
            Ok(())
        }
        _ => Err(format!("{at} is {found} and not {expected}")),
    }
}

/// The members that policies see, under their names there.
fn ethereum(transaction: &EthereumTransaction, key: &PrivateKey) -> Value {
    let mut parsed = json!({
        "type": transaction.kind.as_str(),
        "from": address::encode(AddressFormat::Ethereum, &key.public_key()).unwrap(),
        "to": transaction.to.map(|to| to.to_checksum(None)).unwrap_or_default(),
        "value": transaction.value.to_string(),
        "data": format!("0x{}", hex::encode(&transaction.data)),
        "gas": transaction.gas,
        "gas_price": transaction.gas_price.to_string(),
        "nonce": transaction.nonce,
        "max_fee_per_gas": transaction.max_fee_per_gas.to_string(),
        "max_priority_fee_per_gas": transaction.max_priority_fee_per_gas.to_string(),
        "max_fee_per_blob_gas": transaction.max_fee_per_blob_gas.to_string(),
    });
    if let Some(chain_id) = transaction.chain_id {
        parsed["chain_id"] = json!(chain_id);
    }
    parsed
}

/// The members that policies see, under their names there.
fn solana(transaction: &SolanaTransaction) -> Value {
    let instructions = transaction.instructions.iter().map(|instruction| {
        let accounts = instruction.accounts.iter().map(|account| {
            json!({
                "account_key": account.account_key,
                "signer": account.signer,
                "writable": account.writable,
            })
        });
        let lookups = instruction.address_table_lookups.iter().map(|account| {
            json!({
                "address_table_key": account.address_table_key,
                "index": account.index,
                "writable": account.writable,
            })
        });
        json!({
            "program_key": instruction.program_key,
            "accounts": accounts.collect::<Value>(),
            "instruction_data_hex": hex::encode(&instruction.data),
            "address_table_lookups": lookups.collect::<Value>(),
        })
    });
    let transfers = transaction.transfers.iter().map(
        |transfer| json!({"from": transfer.from, "to": transfer.to, "amount": transfer.amount}),
    );
    let spl_transfers = transaction.spl_transfers.iter().map(|transfer| {
        json!({
            "from": transfer.from,
            "to": transfer.to,
            "amount": transfer.amount,
            "owner": transfer.owner,
            "signers": transfer.signers,
            "token_mint": transfer.token_mint.as_deref().unwrap_or_default(),
        })
    });
    let lookups = transaction.address_table_lookups.iter().map(|lookup| {
        json!({
            "address_table_key": lookup.address_table_key,
            "writable_indexes": lookup.writable_indexes,
            "readonly_indexes": lookup.readonly_indexes,
        })
    });
    json!({
        "account_keys": transaction.account_keys,
        "program_keys": transaction.program_keys,
        "instructions": instructions.collect::<Value>(),
        "transfers": transfers.collect::<Value>(),
        "spl_transfers": spl_transfers.collect::<Value>(),
        "recent_blockhash": transaction.recent_blockhash,
        "address_table_lookups": lookups.collect::<Value>(),
    })
}

/// The members that policies see, under their names there, of the kinds that the file has.
fn tron(transaction: &TronTransaction) -> Value {
    let contract = &transaction.contract;
    let mut parsed = json!({
        "type": contract.call.name(),
        "owner_address": contract.owner_address,
    });
    let more = match &contract.call {
        TronCall::Transfer { to_address, amount } => {
            json!({ "to_address": to_address, "amount": amount })
        }
        TronCall::Trigger { contract_address, call_value, data, .. } => json!({
            "contract_address": contract_address,
            "call_value": call_value,
            "data": hex::encode(data),
        }),
        TronCall::Delegate { resource, balance, receiver_address, lock, lock_period } => json!({
            "resource": resource.as_str(),
            "balance": balance,
            "receiver_address": receiver_address,
            "lock": lock,
            "lock_period": lock_period,
        }),
        TronCall::Freeze { resource, frozen_balance } => {
            json!({ "resource": resource.as_str(), "frozen_balance": frozen_balance })
        }
        TronCall::Unfreeze { resource, unfreeze_balance } => {
            json!({ "resource": resource.as_str(), "unfreeze_balance": unfreeze_balance })
        }
        other => panic!("{other:?} is not compared here, write it"),
    };
    parsed.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({
        "txID": hex::encode(transaction.digest()),
        "contract": [parsed],
        "ref_block_bytes": hex::encode(&transaction.ref_block_bytes),
        "ref_block_hash": hex::encode(&transaction.ref_block_hash),
        "expiration": transaction.expiration,
        "timestamp": transaction.timestamp,
        "fee_limit": transaction.fee_limit,
    })
}

/// The members that policies see, under their names there.
fn on_bitcoin(transaction: &BitcoinTransaction, format: AddressFormat) -> Value {
    let outputs = transaction.outputs(Some(format)).map(|output| {
        json!({
            "value": output.value,
            "script_pubkey": output.script_pubkey,
            "address": output.address,
            "address_type": output.address_type,
        })
    });
    json!({ "fee": transaction.fee(), "outputs": outputs.collect::<Value>() })
}

/// The members that policies see, under their names there.
fn tempo(transaction: &TempoTransaction) -> Value {
    let calls = transaction.calls.iter().map(|call| {
        let selector = call.input.get(..4).map(|selector| format!("0x{}", hex::encode(selector)));
        json!({
            "to": call.to.map(|to| to.to_checksum(None)).unwrap_or_default(),
            "input": format!("0x{}", hex::encode(&call.input)),
            "function_signature": selector.unwrap_or_default(),
        })
    });
    json!({
        "chain_id": transaction.chain_id,
        "nonce": transaction.nonce,
        "gas_limit": transaction.gas_limit,
        "fee_token": transaction.fee_token.map(|to| to.to_checksum(None)).unwrap_or_default(),
        "valid_before": transaction.valid_before.unwrap_or_default(),
        "valid_after": transaction.valid_after.unwrap_or_default(),
        "calls": calls.collect::<Value>(),
    })
}
