//! Requests as expressions read them.

use std::collections::BTreeSet;

use alloy_primitives::U256;
use alloy_rlp::{Encodable, Header};
use keyward_crypto::{SeededRng, keccak256};
use keyward_policy::{Asset, Dialect, EvaluationErrorKind, Expression};
use serde_json::{Value, json};

use super::*;
use crate::activities::sign_raw_payload::tests::keep_key;
use crate::engine::model::{Parsed, SmartContractInterface};
use crate::engine::testing::World;
use crate::engine::{Changes, wallets};
use crate::parameters::{NewAccount, NewWallet};
use crate::transaction;
use crate::wire::enums::{
    AddressFormat, Curve, PathFormat, SmartContractInterfaceType, TransactionType,
};
use crate::wire::id::SmartContractInterfaceId;

const KEY: &str = "1111111111111111111111111111111111111111111111111111111111111111";
/// The address of that key.
const ADDRESS: &str = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A";

/// What a request of this type is to policies, item by item.
fn items_of(world: &World, kind: &str, parameters: &Value) -> Vec<Item> {
    let request = World::request(kind, parameters);
    let subjects = world.subjects(world.parent(), &request);
    items(world.organization(world.parent()), &request, &subjects).unwrap()
}

fn read(item: &Item, source: &str) -> Result<bool, EvaluationErrorKind> {
    let expression = Expression::parse(source, Dialect::Condition).unwrap();
    expression.evaluate(&item.bindings).map_err(|error| error.kind)
}

#[track_caller]
fn holds(item: &Item, source: &str) {
    assert_eq!(read(item, source), Ok(true), "{source}");
}

#[track_caller]
fn errs(item: &Item, source: &str, error: EvaluationErrorKind) {
    assert_eq!(read(item, source), Err(error), "{source}");
}

/// A request to sign what `parameters` say, with a private key that is kept for it.
fn signing(kind: &str, curve: Curve, mut parameters: Value) -> Vec<Item> {
    let mut world = World::new();
    parameters["signWith"] = keep_key(&mut world, curve, KEY).to_string().into();
    items_of(&world, kind, &parameters)
}

fn signed_item(unsigned: &str, kind: &str, curve: Curve) -> Item {
    let parameters = json!({ "unsignedTransaction": unsigned, "type": kind });
    signing("ACTIVITY_TYPE_SIGN_TRANSACTION_V2", curve, parameters).remove(0)
}

fn payload(encoding: &str, hash_function: &str, payload: &str) -> Item {
    let parameters =
        json!({ "payload": payload, "encoding": encoding, "hashFunction": hash_function });
    signing("ACTIVITY_TYPE_SIGN_RAW_PAYLOAD_V2", Curve::Secp256k1, parameters).remove(0)
}

#[test]
fn an_activity_has_a_type_a_kind_a_resource_and_an_action() {
    let world = World::new();
    let parameters = json!({ "userIds": ["2b7c0a2e-5a0b-4d56-9d39-1d6e3a0e0f4c"] });
    let item = items_of(&world, "ACTIVITY_TYPE_DELETE_USERS", &parameters).remove(0);
    holds(
        &item,
        "activity.type == 'ACTIVITY_TYPE_DELETE_USERS' && activity.kind == 'DELETE_USERS'",
    );
    holds(&item, "activity.resource == 'USER' && activity.action == 'DELETE'");
    holds(&item, "activity.params.user_ids[0] == '2b7c0a2e-5a0b-4d56-9d39-1d6e3a0e0f4c'");
    errs(&item, "activity.params.user_id == ''", EvaluationErrorKind::MissingField);
    errs(&item, "wallet.id == ''", EvaluationErrorKind::MissingKeyword);

    let parameters = json!({ "organizationName": "x" });
    let item = items_of(&world, "ACTIVITY_TYPE_UPDATE_ORGANIZATION_NAME", &parameters).remove(0);
    holds(&item, "activity.type == 'ACTIVITY_TYPE_UPDATE_ORGANIZATION_NAME'");
    for field in ["kind", "resource", "action"] {
        let source = format!("activity.{field} == ''");
        errs(&item, &source, EvaluationErrorKind::MissingField);
    }
}

#[test]
fn the_length_of_a_code_is_seen_where_there_is_a_choice() {
    let world = World::new();
    let parameters = json!({ "otpType": "OTP_TYPE_EMAIL", "contact": "a@example.com" });
    let item = items_of(&world, "ACTIVITY_TYPE_INIT_OTP_AUTH_V2", &parameters).remove(0);
    holds(&item, "activity.params.otp_length == 9 && activity.kind == 'INIT_OTP_AUTH'");
    let item = items_of(&world, "ACTIVITY_TYPE_INIT_OTP_AUTH", &parameters).remove(0);
    errs(&item, "activity.params.otp_length == 6", EvaluationErrorKind::MissingField);
}

/// Keeps a wallet named `one` with one account. Returns its id and the address of the account.
fn keep_wallet(world: &mut World, path: &str) -> (String, String) {
    let new = NewWallet {
        name: "one".to_owned(),
        words: 12,
        accounts: vec![NewAccount {
            curve: Curve::Secp256k1,
            path_format: PathFormat::Bip32,
            path_text: path.to_owned(),
            path: path.parse().unwrap(),
            address_format: AddressFormat::Ethereum,
            name: None,
        }],
    };
    let (parent, now) = (world.parent(), world.now);
    let mut changes = Changes::default();
    let mut rng = SeededRng::from_seed([7; 32]);
    let organization = world.edit(parent);
    let (id, addresses) =
        wallets::create_wallet(organization, &mut changes, new, now, &mut rng).unwrap();
    world.accounts.extend(changes.accounts);
    (id.to_string(), addresses[0].clone())
}

#[test]
fn an_account_signs_for_its_wallet() {
    let mut world = World::new();
    let (id, address) = keep_wallet(&mut world, "m/44'/60'/0'/0/7");
    let parameters = json!({
        "signWith": address.to_ascii_lowercase(),
        "unsignedTransaction": DYNAMIC_FEE,
        "type": "TRANSACTION_TYPE_ETHEREUM",
    });
    let item = items_of(&world, "ACTIVITY_TYPE_SIGN_TRANSACTION_V2", &parameters).remove(0);
    holds(&item, &format!("wallet.id == '{id}' && wallet.label == 'one' && !wallet.exported"));
    holds(
        &item,
        &format!("wallet_account.address == '{address}' && wallet_account.wallet_id == '{id}'"),
    );
    holds(&item, "wallet_account.path_indexes[0] == 44 && wallet_account.path_indexes[4] == 7");
    holds(&item, "wallet_account.path_hardened[2] && !wallet_account.path_hardened[3]");
    holds(&item, "wallet_account.path_indexes.count() == 5");
    holds(&item, "wallet_account.address_format == 'ADDRESS_FORMAT_ETHEREUM'");
    holds(
        &item,
        &format!("eth.tx.from == '{address}' && wallet_account.curve == 'CURVE_SECP256K1'"),
    );
    errs(&item, "private_key.id == ''", EvaluationErrorKind::MissingKeyword);

    let parameters = json!({ "walletId": id, "walletName": "two" });
    let item = items_of(&world, "ACTIVITY_TYPE_UPDATE_WALLET", &parameters).remove(0);
    holds(&item, &format!("wallet.label == 'one' && activity.params.wallet_id == '{id}'"));
    let parameters = json!({ "walletIds": [id] });
    let item = items_of(&world, "ACTIVITY_TYPE_DELETE_WALLETS", &parameters).remove(0);
    holds(&item, "wallets.count() == 1 && wallets[0].label == 'one'");
    let account = world.accounts[0].0.id.to_string();
    let parameters = json!({ "walletAccountIds": [account] });
    let item = items_of(&world, "ACTIVITY_TYPE_DELETE_WALLET_ACCOUNTS", &parameters).remove(0);
    holds(&item, "wallets.all(w, w.label == 'one') && wallets.count() == 1");
    let unknown = "2b7c0a2e-5a0b-4d56-9d39-1d6e3a0e0f4c";
    let parameters = json!({ "walletAccountIds": [account, unknown] });
    let item = items_of(&world, "ACTIVITY_TYPE_DELETE_WALLET_ACCOUNTS", &parameters).remove(0);
    errs(&item, "wallets.count() == 1", EvaluationErrorKind::MissingKeyword);
}

#[test]
fn what_signs_and_is_not_there_is_not_bound() {
    let world = World::new();
    let parameters = json!({
        "signWith": ADDRESS,
        "unsignedTransaction": DYNAMIC_FEE,
        "type": "TRANSACTION_TYPE_ETHEREUM",
    });
    let item = items_of(&world, "ACTIVITY_TYPE_SIGN_TRANSACTION_V2", &parameters).remove(0);
    for source in ["private_key.id == ''", "wallet.id == ''", "wallet_account.address == ''"] {
        errs(&item, source, EvaluationErrorKind::MissingKeyword);
    }
    errs(&item, "eth.tx.from == ''", EvaluationErrorKind::MissingField);
}

const DYNAMIC_FEE: &str = "02f00180847735940085174876e8008252089470997970c51812dc3a010c7d01b50e0d17dc79c888016345785d8a000080c0";

#[test]
fn transactions_of_ethereum_are_read_field_by_field() {
    let item = signed_item(DYNAMIC_FEE, "TRANSACTION_TYPE_ETHEREUM", Curve::Secp256k1);
    holds(&item, "activity.params.type == 'TRANSACTION_TYPE_ETHEREUM'");
    holds(
        &item,
        &format!("eth.tx.from == '{}' && !private_key.imported", ADDRESS.to_ascii_lowercase()),
    );
    holds(&item, "eth.tx.to == '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'");
    holds(&item, "eth.tx.to == '0x70997970c51812dc3a010c7d01b50e0d17dc79c8'");
    holds(&item, "eth.tx.value == 100000000000000000 && eth.tx.data == '0x'");
    holds(&item, "eth.tx.gas == 21000 && eth.tx.nonce == 0 && eth.tx.chain_id == 1");
    holds(&item, "eth.tx.type == 'TYPE_2' && eth.tx.gas_price == eth.tx.max_fee_per_gas");
    holds(&item, "eth.tx.max_fee_per_gas == 100000000000");
    holds(
        &item,
        "eth.tx.max_priority_fee_per_gas == 2000000000 && eth.tx.max_fee_per_blob_gas == 0",
    );
    holds(&item, "eth.tx.function_name == '' && eth.tx.function_signature == ''");
    errs(&item, "eth.tx.contract_call_args['to'] == ''", EvaluationErrorKind::MissingField);
    errs(&item, "solana.tx.transfers.count() == 0", EvaluationErrorKind::MissingKeyword);
}

#[test]
fn a_creation_has_no_receiver_and_a_transaction_for_every_chain_no_chain() {
    // Nonce 0, gas price 1, 2 of gas, no receiver, value 3, data ab; no chain id.
    let item = signed_item("c7800102800381ab", "TRANSACTION_TYPE_ETHEREUM", Curve::Secp256k1);
    holds(&item, "eth.tx.to == '' && eth.tx.type == 'LEGACY' && eth.tx.data == '0xab'");
    holds(&item, "eth.tx.gas_price == 1 && eth.tx.max_fee_per_gas == 1");
    holds(&item, "eth.tx.max_priority_fee_per_gas == 1");
    errs(&item, "eth.tx.chain_id == 0", EvaluationErrorKind::MissingField);
}

#[test]
fn typed_data_is_typed_by_the_tokens_of_the_document() {
    let document = json!({
        "types": {
            "EIP712Domain": [
                { "name": "name", "type": "string" },
                { "name": "chainId", "type": "uint256" },
                { "name": "verifyingContract", "type": "address" },
            ],
            "Order": [
                { "name": "amount", "type": "uint256" },
                { "name": "fee", "type": "uint256" },
                { "name": "change", "type": "int8" },
                { "name": "maker", "type": "address" },
                { "name": "note", "type": "string" },
                { "name": "hashes", "type": "bytes4[]" },
                { "name": "item", "type": "Item" },
                { "name": "is_open", "type": "bool" },
            ],
            "Item": [{ "name": "id", "type": "uint8" }],
        },
        "primaryType": "Order",
        "domain": {
            "name": "Exchange",
            "version": "2",
            "chainId": "0x1",
            "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC",
        },
        "message": {
            "amount": 5,
            "fee": "5",
            "change": -7,
            "maker": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC",
            "note": "Hi",
            "hashes": ["0xABCDEF01"],
            "item": { "id": 3, "undeclared": 4 },
            "is_open": true,
            "undeclared": 1,
        },
    });
    let item = payload("PAYLOAD_ENCODING_EIP712", "HASH_FUNCTION_NO_OP", &document.to_string());
    holds(&item, "eth.eip_712.primary_type == 'Order' && eth.eip_712.domain.name == 'Exchange'");
    // The type of the domain does not have it, so it is not hashed.
    holds(&item, "eth.eip_712.domain.version == '' && eth.eip_712.domain.chain_id == 1");
    let contract = "0xcccccccccccccccccccccccccccccccccccccccc";
    holds(&item, &format!("eth.eip_712.domain.verifying_contract == '{contract}'"));
    holds(&item, &format!("eth.eip_712.message['maker'] == '{contract}'"));
    holds(&item, "eth.eip_712.message['amount'] == 5 && eth.eip_712.message['change'] < 0");
    holds(&item, "eth.eip_712.message['fee'] == '5'");
    errs(&item, "eth.eip_712.message['fee'] == 5", EvaluationErrorKind::TypeMismatch);
    holds(&item, "eth.eip_712.message['note'] == 'Hi' && eth.eip_712.message['note'] != 'hi'");
    holds(&item, "eth.eip_712.message['hashes'][0] == '0xabcdef01'");
    holds(&item, "eth.eip_712.message['item']['id'] == 3");
    for undeclared in ["['undeclared']", "['item']['undeclared']"] {
        let source = format!("eth.eip_712.message{undeclared} == 4");
        errs(&item, &source, EvaluationErrorKind::MissingField);
    }
    holds(&item, "activity.params.encoding == 'PAYLOAD_ENCODING_EIP712'");
}

#[test]
fn a_domain_whose_members_are_declared_otherwise_is_not_the_domain() {
    let document = json!({
        "types": {
            "EIP712Domain": [{ "name": "chainId", "type": "string" }],
            "M": [],
        },
        "primaryType": "M",
        "domain": { "chainId": "1" },
        "message": {},
    });
    let item = payload("PAYLOAD_ENCODING_EIP712", "HASH_FUNCTION_NO_OP", &document.to_string());
    errs(&item, "eth.eip_712.domain.chain_id == 1", EvaluationErrorKind::TypeMismatch);
    holds(&item, "eth.eip_712.domain.name == ''");
}

#[test]
fn numbers_of_typed_data_are_seen_whole() {
    let document = r#"{
        "types": {"M": [{"name": "most", "type": "uint256"}, {"name": "less", "type": "int128"}]},
        "primaryType": "M",
        "message": {
            "most": 115792089237316195423570985008687907853269984665640564039457584007913129639935,
            "less": -18446744073709551617
        }
    }"#;
    let item = payload("PAYLOAD_ENCODING_EIP712", "HASH_FUNCTION_NO_OP", document);
    holds(
        &item,
        "eth.eip_712.message['most'] == 115792089237316195423570985008687907853269984665640564039457584007913129639935",
    );
    holds(&item, "eth.eip_712.message['less'] == -18446744073709551617");
}

#[test]
fn authorizations_are_read() {
    let address = "0x2a31eF110e4Cdb9C332aA1d8633510214299c48B";
    let document = json!({ "address": address, "chainId": 1, "nonce": "0x2" }).to_string();
    let item = payload("PAYLOAD_ENCODING_EIP7702_AUTHORIZATION", "HASH_FUNCTION_NO_OP", &document);
    let lower = address.to_ascii_lowercase();
    holds(&item, &format!("eth.eip_7702_authorization.address == '{lower}'"));
    holds(
        &item,
        "eth.eip_7702_authorization.chain_id == 1 && eth.eip_7702_authorization.nonce == 2",
    );
    errs(&item, "eth.eip_712.primary_type == ''", EvaluationErrorKind::MissingKeyword);
}

#[test]
fn several_payloads_are_several_items() {
    let document = |name: &str| {
        json!({
            "types": { "M": [] },
            "primaryType": "M",
            "domain": { "name": name },
            "message": {},
        })
        .to_string()
    };
    let parameters = json!({
        "payloads": [document("a"), document("b")],
        "encoding": "PAYLOAD_ENCODING_EIP712",
        "hashFunction": "HASH_FUNCTION_NO_OP",
    });
    let items = signing("ACTIVITY_TYPE_SIGN_RAW_PAYLOADS", Curve::Secp256k1, parameters);
    assert_eq!(items.len(), 2);
    holds(&items[0], "eth.eip_712.domain.name == 'a'");
    holds(&items[1], "eth.eip_712.domain.name == 'b'");
    holds(&items[1], "activity.params.hash_function == 'HASH_FUNCTION_NO_OP'");
}

/// A legacy message of key [1; 32] with one instruction to the program, given keys 0, 1, 2 as accounts.
fn solana(program: &str, data: &[u8]) -> String {
    let mut bytes = vec![1];
    bytes.extend([0; 64]);
    bytes.extend([1, 0, 1, 4]);
    bytes.extend([1; 32]);
    bytes.extend([2; 32]);
    bytes.extend([3; 32]);
    bytes.extend(bs58::decode(program).into_vec().unwrap());
    bytes.extend([9; 32]);
    bytes.extend([1, 3, 4, 0, 1, 2, 0, u8::try_from(data.len()).unwrap()]);
    bytes.extend(data);
    hex::encode(bytes)
}

const SYSTEM: &str = "11111111111111111111111111111111";
const TOKEN: &str = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";

fn on_solana(program: &str, data: &[u8]) -> Item {
    signed_item(&solana(program, data), "TRANSACTION_TYPE_SOLANA", Curve::Ed25519)
}

fn key(byte: u8) -> String {
    bs58::encode([byte; 32]).into_string()
}

#[test]
fn transactions_of_solana_are_read_field_by_field() {
    let item = on_solana(SYSTEM, &[2, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0]);
    let (one, two) = (key(1), key(2));
    holds(
        &item,
        &format!("solana.tx.account_keys[0] == '{one}' && solana.tx.account_keys.count() == 4"),
    );
    holds(&item, &format!("solana.tx.program_keys.all(p, p == '{SYSTEM}')"));
    holds(
        &item,
        &format!("solana.tx.transfers[0].from == '{one}' && solana.tx.transfers[0].to == '{two}'"),
    );
    holds(&item, "solana.tx.transfers[0].amount == 100 && solana.tx.spl_transfers.count() == 0");
    holds(&item, &format!("solana.tx.recent_blockhash == '{}'", key(9)));
    holds(&item, "solana.tx.instructions[0].instruction_data_hex == '020000006400000000000000'");
    holds(
        &item,
        "solana.tx.instructions[0].accounts[0].signer && solana.tx.address_table_lookups.count() == 0",
    );
    holds(&item, "!solana.tx.top_level_instructions[0].accounts[1].signer");
    errs(
        &item,
        "solana.tx.instructions[0].parsed_instruction_data.instruction_name == ''",
        EvaluationErrorKind::MissingField,
    );
    let item = on_solana(TOKEN, &[3, 7, 0, 0, 0, 0, 0, 0, 0]);
    holds(
        &item,
        "solana.tx.spl_transfers[0].token_mint == '' && solana.tx.spl_transfers[0].amount == 7",
    );
    holds(&item, &format!("solana.tx.spl_transfers[0].owner == '{}'", key(3)));
    holds(&item, "solana.tx.spl_transfers[0].signers.count() == 1");
}

fn keep_interface(
    world: &mut World,
    kind: SmartContractInterfaceType,
    address: &str,
    text: &Value,
) {
    let parent = world.parent();
    let id = SmartContractInterfaceId::generate(world.now, &mut world.rng);
    let created_at = world.now;
    world.edit(parent).smart_contract_interfaces.push(SmartContractInterface {
        id,
        address: address.to_owned(),
        interface: text.to_string(),
        kind,
        label: "contract".to_owned(),
        notes: String::new(),
        created_at,
        parsed: Parsed::default(),
    });
}

fn items_with(world: &mut World, curve: Curve, unsigned: &str, kind: &str) -> Item {
    let key = keep_key(world, curve, KEY).to_string();
    let parameters = json!({ "signWith": key, "unsignedTransaction": unsigned, "type": kind });
    items_of(world, "ACTIVITY_TYPE_SIGN_TRANSACTION_V2", &parameters).remove(0)
}

#[test]
fn calls_are_read_by_the_interface_of_the_contract() {
    let mut world = World::new();
    let inputs =
        json!([{ "name": "to", "type": "address" }, { "name": "amount", "type": "uint256" }]);
    let abi = json!([{ "type": "function", "name": "transfer", "inputs": inputs }]);
    let address = "0x70997970C51812DC3A010C7D01B50E0D17DC79C8";
    keep_interface(&mut world, SmartContractInterfaceType::Ethereum, address, &abi);
    let unsigned = call(&format!("a9059cbb{:0>64}{:0>64}", "cc".repeat(20), "5"), "80");
    let kind = "TRANSACTION_TYPE_ETHEREUM";
    let item = items_with(&mut world, Curve::Secp256k1, &unsigned, kind);
    holds(&item, "eth.tx.function_name == 'transfer' && eth.tx.function_signature == '0xa9059cbb'");
    holds(&item, "eth.tx.contract_call_args['amount'] == 5");
    let (sub, _) = world.sub_organization();
    assert!(world.organization(sub).abi_of(address).is_none());
}

#[test]
fn instructions_are_read_by_the_interface_of_the_program() {
    let mut world = World::new();
    let program = key(7);
    let idl = json!({
        "instructions": [{
            "name": "go",
            "discriminator": [1, 2],
            "accounts": [{ "name": "payer" }, { "name": "vault" }],
            "args": [{ "name": "amount", "type": "u16" }],
        }],
        "types": [],
    });
    keep_interface(&mut world, SmartContractInterfaceType::Solana, &program, &idl);
    let unsigned = solana(&program, &[1, 2, 5, 0]);
    let item = items_with(&mut world, Curve::Ed25519, &unsigned, "TRANSACTION_TYPE_SOLANA");
    let parsed = "solana.tx.instructions[0].parsed_instruction_data";
    holds(&item, &format!("{parsed}.instruction_name == 'go' && {parsed}.discriminator == '0102'"));
    holds(&item, &format!("{parsed}.named_accounts['vault'] == '{}'", key(2)));
    holds(&item, &format!("{parsed}.program_call_args['amount'] == 5"));
}

/// A call of 0x7099…79c8 on chain 1 with this data and value, in RLP.
fn call(data: &str, value: &str) -> String {
    let data = hex::decode(data).unwrap();
    let to = hex::decode("70997970c51812dc3a010c7d01b50e0d17dc79c8").unwrap();
    let mut items = vec![0x01, 0x80, 0x01, 0x02, 0x03, 0x94];
    items.extend(to);
    items.extend(hex::decode(value).unwrap());
    data.as_slice().encode(&mut items);
    items.push(0xc0);
    let mut bytes = vec![2];
    Header { list: true, payload_length: items.len() }.encode(&mut bytes);
    bytes.extend(items);
    hex::encode(bytes)
}

fn charge(data: &str, value: &str) -> Charge {
    signed_item(&call(data, value), "TRANSACTION_TYPE_ETHEREUM", Curve::Secp256k1).charge
}

#[test]
fn coins_and_tokens_of_ethereum_are_accounted_for() {
    let contract = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";
    let native = || Asset::Native { chain: "eip155:1".to_owned() };
    let token = || Asset::Erc20 { chain: "eip155:1".to_owned(), contract: contract.to_owned() };
    let plain = charge("", "07");
    assert_eq!((plain.signatures, plain.is_accountable), (1, true));
    assert_eq!(plain.moved, [(native(), U256::from(7))]);
    assert_eq!(plain.counterparties, [contract]);

    let to = "cc".repeat(20);
    let transfer = format!("a9059cbb{to:0>64}{:0>64}", "5");
    let moved = charge(&transfer, "80");
    assert_eq!(moved.moved, [(token(), U256::from(5))]);
    assert_eq!(moved.counterparties, [format!("0x{to}")]);
    let both = charge(&transfer, "07");
    assert_eq!(both.moved, [(token(), U256::from(5)), (native(), U256::from(7))]);
    let from = charge(&format!("23b872dd{:0>64}{to:0>64}{:0>64}", "ab", "5"), "80");
    assert_eq!((from.moved, from.counterparties), (moved.moved, moved.counterparties));

    for unaccountable in [
        // The token with the number zero.
        format!("23b872dd{:0>64}{to:0>64}{:0>64}", "ab", "0"),
        format!("095ea7b3{to:0>64}{:0>64}", "5"),
        format!("{transfer}00"),
        format!("a9059cbb{}{:0>64}", "f".repeat(64), "5"),
        "a9059cbb".to_owned(),
        "00".to_owned(),
    ] {
        let charge = charge(&unaccountable, "80");
        assert_eq!((charge.signatures, charge.is_accountable), (1, false), "{unaccountable}");
        assert_eq!(charge.moved, [], "{unaccountable}");
    }
    // Without a chain, without a receiver.
    let item = signed_item("c7800102800381ab", "TRANSACTION_TYPE_ETHEREUM", Curve::Secp256k1);
    assert!(!item.charge.is_accountable);
}

#[test]
fn coins_and_tokens_of_solana_are_accounted_for() {
    let item = on_solana(SYSTEM, &[2, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0]);
    assert!(item.charge.is_accountable);
    assert_eq!(item.charge.moved.len(), 1);
    assert_eq!(item.charge.moved[0].1, U256::from(100));
    assert_eq!(item.charge.counterparties, [key(2)]);
    // From key 1, mint key 2, to key 3.
    let item = on_solana(TOKEN, &[12, 7, 0, 0, 0, 0, 0, 0, 0, 6]);
    assert!(item.charge.is_accountable);
    assert_eq!(item.charge.moved, [(Asset::Spl { mint: key(2) }, U256::from(7))]);
    assert_eq!(item.charge.counterparties, [key(3)]);
    for (program, data) in [
        (TOKEN, vec![3, 7, 0, 0, 0, 0, 0, 0, 0]),
        (TOKEN, vec![4, 7, 0, 0, 0, 0, 0, 0, 0]),
        (SYSTEM, [vec![1, 0, 0, 0], vec![5; 32]].concat()),
        (key(7).as_str(), vec![]),
    ] {
        let charge = on_solana(program, &data).charge;
        assert_eq!((charge.signatures, charge.is_accountable), (1, false), "{program} {data:?}");
    }
    let memo = on_solana("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr", b"hello");
    assert_eq!((memo.charge.is_accountable, memo.charge.moved.len()), (true, 0));
}

#[test]
fn what_can_not_be_seen_through_is_not_accountable() {
    let digest = "11".repeat(32);
    let item = payload("PAYLOAD_ENCODING_HEXADECIMAL", "HASH_FUNCTION_NO_OP", &digest);
    assert_eq!((item.charge.signatures, item.charge.is_accountable), (1, false));
    let world = World::new();
    let parameters = json!({ "organizationName": "x" });
    let item = items_of(&world, "ACTIVITY_TYPE_UPDATE_ORGANIZATION_NAME", &parameters).remove(0);
    assert_eq!((item.charge.signatures, item.charge.is_accountable), (0, true));
}

/// A field of a value, by names and places.
fn field<'a>(value: &'a keyward_policy::Value, path: &str) -> &'a keyward_policy::Value {
    path.split('.').fold(value, |value, step| match value {
        keyward_policy::Value::Struct(fields) => {
            &fields.iter().find(|(name, _)| *name == step).unwrap().1
        }
        keyward_policy::Value::List(items) => &items[step.parse::<usize>().unwrap()],
        other => panic!("{step} of {other:?}"),
    })
}

fn count(value: &keyward_policy::Value) -> usize {
    let keyward_policy::Value::List(items) = value else { panic!("{value:?}") };
    items.len()
}

fn text(value: &keyward_policy::Value) -> &str {
    let keyward_policy::Value::Text { text, .. } = value else { panic!("{value:?}") };
    text
}

fn integer(value: &keyward_policy::Value) -> u64 {
    let keyward_policy::Value::Int(number) = value else { panic!("{value:?}") };
    number.to_string().parse().unwrap()
}

fn is_true(value: &keyward_policy::Value) -> bool {
    *value == keyward_policy::Value::Bool(true)
}

#[test]
fn what_ethereum_signs_is_what_policies_saw() {
    let unsigned = call("a9059cbb00", "07");
    let item = signed_item(&unsigned, "TRANSACTION_TYPE_ETHEREUM", Curve::Secp256k1);
    let seen = item.bindings.get(Keyword::EthTx).unwrap();
    let mut items = Vec::new();
    for name in ["chain_id", "nonce", "max_priority_fee_per_gas", "max_fee_per_gas", "gas"] {
        integer(field(seen, name)).encode(&mut items);
    }
    let bytes = |name| hex::decode(text(field(seen, name)).strip_prefix("0x").unwrap()).unwrap();
    bytes("to").as_slice().encode(&mut items);
    integer(field(seen, "value")).encode(&mut items);
    bytes("data").as_slice().encode(&mut items);
    items.push(0xc0);
    assert_eq!(text(field(seen, "type")), "TYPE_2");
    let mut again = vec![2];
    Header { list: true, payload_length: items.len() }.encode(&mut again);
    again.extend(items);
    let Ok(UnsignedTransaction::Ethereum(signed)) =
        transaction::parse(TransactionType::Ethereum, &unsigned)
    else {
        panic!()
    };
    assert_eq!(keccak256(&again), *signed.digest());
}

#[test]
fn what_solana_signs_is_what_policies_saw() {
    let unsigned = solana(SYSTEM, &[2, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0]);
    let item = signed_item(&unsigned, "TRANSACTION_TYPE_SOLANA", Curve::Ed25519);
    let seen = item.bindings.get(Keyword::SolanaTx).unwrap();
    let byte = |number: usize| u8::try_from(number).unwrap();
    let decode = |value| bs58::decode(text(value)).into_vec().unwrap();
    let keys: Vec<&str> = (0..count(field(seen, "account_keys")))
        .map(|place| text(field(seen, &format!("account_keys.{place}"))))
        .collect();
    let place_of = |key: &str| byte(keys.iter().position(|known| *known == key).unwrap());
    let accounts = field(seen, "instructions.0.accounts");
    // How many different accounts have this mark.
    let flags = |name: &str| {
        let all = (0..count(accounts)).map(|place| field(accounts, &place.to_string()));
        let marked = all.filter(|account| is_true(field(account, name)));
        marked.map(|account| text(field(account, "account_key"))).collect::<BTreeSet<_>>().len()
    };
    let signers = flags("signer");
    // The program is not among the accounts, and is only read.
    let readonly = keys.len() - flags("writable");
    let mut message = vec![byte(signers), 0, byte(readonly), byte(keys.len())];
    for key in &keys {
        message.extend(bs58::decode(key).into_vec().unwrap());
    }
    message.extend(decode(field(seen, "recent_blockhash")));
    message.push(byte(count(field(seen, "instructions"))));
    message.push(place_of(text(field(seen, "instructions.0.program_key"))));
    message.push(byte(count(accounts)));
    for place in 0..count(accounts) {
        message.push(place_of(text(field(accounts, &format!("{place}.account_key")))));
    }
    let data = hex::decode(text(field(seen, "instructions.0.instruction_data_hex"))).unwrap();
    message.push(byte(data.len()));
    message.extend(data);
    let Ok(UnsignedTransaction::Solana(signed)) =
        transaction::parse(TransactionType::Solana, &unsigned)
    else {
        panic!()
    };
    assert_eq!(message, signed.message());
}

/// Of the published vectors: a transfer of 1000000 units of a token, whose fee is paid in that token.
const TEMPO: &str = "76f88a82a5bf018504a817c800830186a0f85ef85c9420c000000000000000000000000000000000000180b844a9059cbb00000000000000000000000070997970c51812dc3a010c7d01b50e0d17dc79c800000000000000000000000000000000000000000000000000000000000f4240c0800380809420c000000000000000000000000000000000000180c0";
/// The same, of two calls: one of nobody's code, and one of a function that is not known.
const TEMPO_BATCH: &str = "76f853821079808504a817c800830493e0f4d79470997970c51812dc3a010c7d01b50e0d17dc79c80180db9420c0000000000000000000000000000000000002808412345678c0808084773593ff846553f1008080c0";

#[test]
fn what_tempo_signs_is_what_policies_saw() {
    let sign = |unsigned| signed_item(unsigned, "TRANSACTION_TYPE_TEMPO", Curve::Secp256k1);
    let item = sign(TEMPO);
    holds(
        &item,
        "tempo.tx.chain_id == 42431 && tempo.tx.nonce == 3 && tempo.tx.gas_limit == 100000",
    );
    holds(&item, "tempo.tx.max_fee_per_gas == 20000000000");
    holds(&item, "tempo.tx.max_priority_fee_per_gas == 1");
    holds(&item, "tempo.tx.fee_token == '0x20C0000000000000000000000000000000000001'");
    holds(&item, "tempo.tx.valid_before == 0 && tempo.tx.valid_after == 0");
    holds(&item, &format!("tempo.tx.from == '{}'", ADDRESS.to_lowercase()));
    holds(&item, "tempo.tx.calls.count() == 1 && tempo.tx.calls[0].to == tempo.tx.fee_token");
    holds(&item, "tempo.tx.calls[0].function_signature == '0xa9059cbb'");
    holds(&item, "tempo.tx.calls[0].input[0..10] == '0xA9059CBB'");
    errs(&item, "eth.tx.nonce == 3", EvaluationErrorKind::MissingKeyword);
    let contract = "0x20c0000000000000000000000000000000000001".to_owned();
    let token = Asset::Erc20 { chain: "eip155:42431".to_owned(), contract };
    assert!(item.charge.is_accountable);
    assert_eq!(item.charge.moved, [(token, U256::from(1_000_000))]);
    assert_eq!(item.charge.counterparties, ["0x70997970c51812dc3a010c7d01b50e0d17dc79c8"]);

    let batch = sign(TEMPO_BATCH);
    holds(&batch, "tempo.tx.calls.count() == 2 && tempo.tx.fee_token == ''");
    holds(&batch, "tempo.tx.valid_before == 1999999999 && tempo.tx.valid_after == 1700000000");
    holds(&batch, "tempo.tx.calls[0].input == '0x' && tempo.tx.calls[0].function_signature == ''");
    assert!(!batch.charge.is_accountable);
}

/// Of the published vectors, with one input of a key with this script.
const PSBT: &str = "70736274ff01007102000000010a06b15c073eb48741ec611a44b785633584a0a5ab45e10ab65f7db5edbf2a180000000000fdffffff02409c000000000000160014e8df018c7e326cc253faac7e46cdc51e68542c4278e6000000000000160014c0cebcd6c3d3ca8c75dc5ec62ebe55330ef910e2000000000001011fa086010000000000160014c0cebcd6c3d3ca8c75dc5ec62ebe55330ef910e2000000";

#[test]
fn what_bitcoin_signs_is_what_policies_saw() {
    use ::bitcoin::{
        Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness, absolute,
        transaction::Version,
    };

    let item = signed_item(PSBT, "TRANSACTION_TYPE_BITCOIN", Curve::Secp256k1);
    holds(&item, "bitcoin.tx.fee == 1000 && bitcoin.tx.outputs.count() == 2");
    holds(&item, "bitcoin.tx.outputs[0].address == 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq'");
    holds(&item, "bitcoin.tx.outputs[0].address_type == 'P2WPKH'");
    holds(&item, "bitcoin.tx.locktime.amount == 0 && bitcoin.tx.locktime.type == 'Blocks'");
    holds(&item, "bitcoin.tx.version == '2' && bitcoin.tx.inputs[0].sequence == 4294967293");
    assert!(!item.charge.is_accountable);
    let seen = item.bindings.get(Keyword::BitcoinTx).unwrap();
    let small = |value| u32::try_from(integer(value)).unwrap();
    let inputs = (0..count(field(seen, "inputs"))).map(|place| {
        let input = field(seen, &format!("inputs.{place}"));
        TxIn {
            previous_output: OutPoint {
                txid: text(field(input, "tx_id")).parse().unwrap(),
                vout: small(field(input, "vout")),
            },
            script_sig: ScriptBuf::new(),
            sequence: Sequence(small(field(input, "sequence"))),
            witness: Witness::new(),
        }
    });
    let outputs = (0..count(field(seen, "outputs"))).map(|place| {
        let output = field(seen, &format!("outputs.{place}"));
        TxOut {
            value: Amount::from_sat(integer(field(output, "value"))),
            script_pubkey: ScriptBuf::from_hex(text(field(output, "script_pubkey"))).unwrap(),
        }
    });
    let again = Transaction {
        version: Version(text(field(seen, "version")).parse().unwrap()),
        lock_time: absolute::LockTime::from_consensus(small(field(seen, "locktime.amount"))),
        input: inputs.collect(),
        output: outputs.collect(),
    };
    let signed = ::bitcoin::Psbt::deserialize(&hex::decode(PSBT).unwrap()).unwrap();
    assert_eq!(again, signed.unsigned_tx);
}

#[test]
fn transactions_of_tron_are_read_field_by_field() {
    let unsigned = "0a02db33220827ddb5efaf2ffe7d40e0d4b6c19c335a65080112610a2d747970652e676f6f676c65617069732e636f6d2f70726f746f636f6c2e5472616e73666572436f6e747261637412300a15419858effd232b4033e47d90003d41ec34ecaeda94121541f39fd6e51aad88f6f4ce6ab8827279cfffb922661864708080b3c19c33";
    let item = signed_item(unsigned, "TRANSACTION_TYPE_TRON", Curve::Secp256k1);
    holds(&item, "tron.tx.contract.count() == 1 && tron.tx.contract[0].type == 'TransferContract'");
    holds(&item, "tron.tx.contract[0].owner_address == 'TPrkFhZ8LH8Mruco8vXyA496TaeFBrbmeU'");
    holds(&item, "tron.tx.contract[0].to_address == 'TYBNgWfhGuNzdLtjKtxXTfskAhTbMcqbaG'");
    holds(&item, "tron.tx.contract[0].amount == 100 && tron.tx.contract[0].permission_id == 0");
    holds(
        &item,
        "tron.tx.ref_block_bytes == 'db33' && tron.tx.ref_block_hash == '27ddb5efaf2ffe7d'",
    );
    holds(&item, "tron.tx.expiration == 1760000060000 && tron.tx.fee_limit == 0");
    errs(&item, "tron.tx.contract[0].data == ''", EvaluationErrorKind::MissingField);
    errs(&item, "tron.tx.contract[0].owner.id == 0", EvaluationErrorKind::MissingField);
    assert_eq!((item.charge.signatures, item.charge.is_accountable), (1, false));
}
