//! What is asked of chains and sent to them, as far as nodes that are told what to say can show it.

use std::time::Duration;

use keyward_protocol::transaction::{EthereumTransaction, SolanaTransaction};
use keyward_server::Config;
use serde_json::{Value, json};

use crate::client::{Client, text};
use crate::node::{LATEST, Node, config, solana_transfer};
use crate::world::{SOLANA_PATH, World};

const CHAIN: &str = "eip155:31337";
const PAYEE: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const STRANGER: &str = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
const ONE: &str = "1000000000000000000";

async fn world() -> (World, Node) {
    let node = Node::start().await;
    (World::with(&config(&[&node])).await, node)
}

/// The address of one of Alice's accounts.
async fn address(world: &World, is_solana: bool) -> String {
    let accounts = world.alice.read("list_wallet_accounts", json!({})).await;
    let accounts = accounts["accounts"].as_array().unwrap();
    let account = accounts.iter().find(|it| (it["path"] == SOLANA_PATH) == is_solana);
    text(&account.unwrap()["address"])
}

fn transfer(from: &str, to: &str, value: &str) -> Value {
    json!({ "from": from, "caip2": CHAIN, "calls": [{ "to": to, "value": value }] })
}

/// Sends a transaction, and returns its id.
async fn send(client: &Client, parameters: Value) -> String {
    text(&client.done("eth_send_transaction", parameters).await["sendTransactionStatusId"])
}

async fn status(client: &Client, id: &str) -> Value {
    client.read("get_send_transaction_status", json!({ "sendTransactionStatusId": id })).await
}

/// What became of a transaction; waits until it is known.
async fn outcome(client: &Client, id: &str) -> Value {
    for _ in 0..1_000 {
        let status = status(client, id).await;
        if matches!(status["txStatus"].as_str().unwrap(), "INCLUDED" | "FAILED") {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{id} is still under way");
}

#[tokio::test]
async fn a_chain_that_is_not_configured_is_named() {
    let world = World::new().await;
    let from = address(&world, false).await;
    let expected = "chain eip155:1 is not configured on this server";
    for (route, body) in [
        ("get_nonces", json!({ "address": from, "caip2": "eip155:1", "nonce": true })),
        ("get_nonces", json!({ "address": from, "caip2": "eip155:1" })),
        ("get_wallet_address_balances", json!({ "address": from, "caip2": "eip155:1" })),
        ("list_supported_assets", json!({ "caip2": "eip155:1" })),
    ] {
        let answer = world.alice.query(route, body).await;
        assert_eq!(answer.refused(400, 3, "REQUEST_INVALID"), expected, "{route}");
    }
    let parameters = json!({ "from": from, "caip2": "eip155:1", "calls": [{ "to": PAYEE }] });
    let answer = world.alice.submit("eth_send_transaction", parameters).await;
    assert_eq!(answer.refused(400, 3, "REQUEST_INVALID"), expected);
}

#[tokio::test]
async fn tells_what_is_listed_and_held() {
    let (world, node) = world().await;
    let alice = &world.alice;
    let assets = alice.read("list_supported_assets", json!({ "caip2": CHAIN })).await;
    let ids: Vec<&str> = assets["assets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["caip19"].as_str().unwrap())
        .collect();
    let usdc = "eip155:31337/erc20:0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
    assert_eq!(ids, ["eip155:31337/slip44:60", usdc]);
    assert_eq!(assets["assets"][1]["stable"], true);

    let from = address(&world, false).await;
    let asked = json!({ "address": from, "caip2": CHAIN });
    let held = alice.read("get_wallet_address_balances", asked.clone()).await;
    let held: Vec<_> = held["balances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (text(&it["symbol"]), text(&it["balance"]), text(&it["display"]["crypto"])))
        .collect();
    let of = |symbol: &str, balance: &str, crypto: &str| {
        (symbol.to_owned(), balance.to_owned(), crypto.to_owned())
    };
    assert_eq!(held, [of("ETH", ONE, "1"), of("USDC", "1500000", "1.5")]);
    // A contract that is not there, and one that gives up, hold nothing.
    node.answer("eth_call", json!("0x"));
    let held = alice.read("get_wallet_address_balances", asked.clone()).await;
    assert_eq!(held["balances"].as_array().unwrap().len(), 1);
    node.refuse("eth_call", json!({ "code": 3, "message": "execution reverted", "data": "0x" }));
    let held = alice.read("get_wallet_address_balances", asked).await;
    assert_eq!(held["balances"].as_array().unwrap().len(), 1);
    // Others' addresses are not asked about.
    let before = node.count("eth_getBalance");
    let asked = json!({ "address": STRANGER, "caip2": CHAIN });
    let answer = alice.query("get_wallet_address_balances", asked).await;
    answer.refused(404, 5, "UNSPECIFIED");
    assert_eq!(node.count("eth_getBalance"), before);

    let nonces = json!({ "address": STRANGER, "caip2": CHAIN, "nonce": true });
    node.answer("eth_getTransactionCount", json!("0x2a"));
    assert_eq!(alice.read("get_nonces", nonces).await, json!({ "nonce": "42" }));
}

#[tokio::test]
async fn tells_what_is_held_on_solana() {
    let (world, node) = world().await;
    let from = address(&world, true).await;
    let account = |mint: &str, amount: &str| {
        let info = json!({ "mint": mint, "tokenAmount": { "amount": amount, "decimals": 6 } });
        json!({ "pubkey": "x", "account": { "data": { "parsed": { "info": info } } } })
    };
    let mint = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
    let value = json!([account(mint, "5"), account(mint, "6"), account("other", "7")]);
    node.answer("getTokenAccountsByOwner", json!({ "context": {}, "value": value }));
    let asked = json!({ "address": from, "caip2": "solana:mainnet" });
    let held = world.alice.read("get_wallet_address_balances", asked).await;
    let held: Vec<_> = held["balances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (text(&it["symbol"]), text(&it["balance"])))
        .collect();
    // The stand-in answers the same for both token programs.
    let of = |symbol: &str, balance: &str| (symbol.to_owned(), balance.to_owned());
    assert_eq!(held, [of("SOL", "2000000000"), of("USDC", "22")]);
}

#[tokio::test]
async fn asks_the_next_node_where_one_is_down_and_not_where_one_refuses() {
    let (first, second) = (Node::start().await, Node::start().await);
    let world = World::with(&config(&[&first, &second])).await;
    let asked = json!({ "address": STRANGER, "caip2": CHAIN, "nonce": true });
    first.set_down(true);
    second.answer("eth_getTransactionCount", json!("0x7"));
    assert_eq!(world.alice.read("get_nonces", asked.clone()).await["nonce"], "7");
    // It stays with the one that answers.
    first.set_down(false);
    assert_eq!(world.alice.read("get_nonces", asked.clone()).await["nonce"], "7");
    assert_eq!(first.count("eth_getTransactionCount"), 0);
    second.refuse("eth_getTransactionCount", json!({ "code": -32000, "message": "no" }));
    let answer = world.alice.query("get_nonces", asked.clone()).await;
    let message = answer.refused(503, 14, "RPC_CALL_ERROR");
    assert_eq!(message, "eip155:31337 refuses eth_getTransactionCount: no");
    assert_eq!(first.count("eth_getTransactionCount"), 0);
    second.set_down(true);
    assert_eq!(world.alice.read("get_nonces", asked.clone()).await["nonce"], "0");
    first.set_down(true);
    let answer = world.alice.query("get_nonces", asked).await;
    let message = answer.refused(503, 14, "RPC_CALL_ERROR");
    assert!(message.starts_with("no node of eip155:31337 answers"), "{message}");
    assert!(!message.contains("127.0.0.1"), "{message}");
}

#[tokio::test]
async fn completes_signs_and_sends() {
    let (world, node) = world().await;
    let from = address(&world, false).await;
    let id = send(&world.alice, transfer(&from, PAYEE, ONE)).await;
    let known = outcome(&world.alice, &id).await;
    assert_eq!(known["txStatus"], "INCLUDED", "{known}");
    assert!(known.get("txError").is_none(), "{known}");
    let sent = node.sent();
    let (transaction, sender) = EthereumTransaction::parse_signed(&sent[0]).unwrap();
    let hash = format!("0x{}", hex::encode(keyward_crypto::keccak256(&sent[0])));
    assert_eq!(known["eth"]["txHash"], hash);
    assert_eq!(sender.to_checksum(None), from);
    assert_eq!(transaction.kind.as_str(), "TYPE_2");
    assert_eq!((transaction.chain_id, transaction.nonce), (Some(31337), 0));
    // A fifth more than estimated; twice the next base fee and the tip.
    assert_eq!(transaction.gas, 25_200);
    assert_eq!(transaction.max_fee_per_gas.to_string(), "21");
    assert_eq!(transaction.max_priority_fee_per_gas.to_string(), "1");
    assert_eq!(transaction.value.to_string(), ONE);

    // The older version, with everything said; nothing is asked that is not needed.
    let before = node.count("eth_estimateGas");
    let parameters = json!({
        "from": from.to_ascii_lowercase(),
        "caip2": CHAIN,
        "to": PAYEE,
        "data": "0x0102",
        "nonce": "7",
        "gasLimit": "50000",
        "maxFeePerGas": "9",
        "maxPriorityFeePerGas": "2",
    });
    let kind = "ACTIVITY_TYPE_ETH_SEND_TRANSACTION";
    let result = world.alice.done_as(kind, "eth_send_transaction", parameters).await;
    let id = text(&result["sendTransactionStatusId"]);
    assert_eq!(outcome(&world.alice, &id).await["txStatus"], "INCLUDED");
    assert_eq!(node.nonces(), [0, 7]);
    assert_eq!(node.count("eth_estimateGas"), before);
    // Nobody else's.
    let asked = json!({ "sendTransactionStatusId": id });
    let answer = world.bob.query("get_send_transaction_status", asked).await;
    answer.refused(404, 5, "UNSPECIFIED");
}

#[tokio::test]
async fn what_is_not_sent_says_why() {
    let (world, node) = world().await;
    let from = address(&world, false).await;
    let alice = &world.alice;
    let submit = async |parameters| alice.submit("eth_send_transaction", parameters).await;
    let mut sponsored = transfer(&from, PAYEE, "1");
    sponsored["sponsor"] = json!(true);
    let answer = submit(sponsored).await;
    let message = answer.refused(400, 9, "REQUEST_INVALID");
    assert_eq!(message, "gas sponsorship is not configured");
    let mut several = transfer(&from, PAYEE, "1");
    several["calls"] = json!([{ "to": PAYEE }, { "to": STRANGER }]);
    let answer = submit(several).await;
    let message = answer.refused(400, 9, "REQUEST_INVALID");
    assert_eq!(message, "sending several calls in one transaction is not configured");
    for (member, value) in
        [("calls", json!([])), ("nonce", json!("-1")), ("caip2", json!("solana:mainnet"))]
    {
        let mut wrong = transfer(&from, PAYEE, "1");
        wrong[member] = value;
        let message = submit(wrong).await.refused(400, 3, "REQUEST_INVALID");
        assert!(message.starts_with(&format!("invalid {member}")), "{message}");
    }
    submit(transfer(STRANGER, PAYEE, "1")).await.refused(404, 5, "UNSPECIFIED");
    assert_eq!(node.count("eth_estimateGas"), 0);
    let reverts = json!({ "code": 3, "message": "execution reverted: nope", "data": "0x" });
    node.refuse("eth_estimateGas", reverts);
    let message = submit(transfer(&from, PAYEE, "1")).await.refused(503, 14, "RPC_CALL_ERROR");
    assert_eq!(message, "eip155:31337 refuses eth_estimateGas: execution reverted: nope");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_at_once_take_different_numbers() {
    let (world, node) = world().await;
    node.set_mines(false);
    let from = address(&world, false).await;
    let all: Vec<_> = (0..8)
        .map(|value: u32| {
            let (alice, from) = (world.alice.clone(), from.clone());
            tokio::spawn(
                async move { send(&alice, transfer(&from, PAYEE, &value.to_string())).await },
            )
        })
        .collect();
    let mut ids = Vec::new();
    for one in all {
        ids.push(one.await.unwrap());
    }
    node.set_mines(true);
    for id in &ids {
        assert_eq!(outcome(&world.alice, id).await["txStatus"], "INCLUDED");
    }
    assert_eq!(node.nonces(), (0..8).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_number_of_what_failed_is_free_again() {
    let (world, node) = world().await;
    let from = address(&world, false).await;
    let error = json!({ "code": -32000, "message": "insufficient funds for gas * price + value" });
    node.refuse("eth_sendRawTransaction", error);
    let id = send(&world.alice, transfer(&from, PAYEE, ONE)).await;
    let known = outcome(&world.alice, &id).await;
    assert_eq!(known["txStatus"], "FAILED");
    assert_eq!(known["txError"], "insufficient funds for gas * price + value");
    assert_eq!(known["error"]["message"], known["txError"]);
    node.relent("eth_sendRawTransaction");
    let id = send(&world.alice, transfer(&from, PAYEE, "1")).await;
    assert_eq!(outcome(&world.alice, &id).await["txStatus"], "INCLUDED");
    assert_eq!(node.nonces(), [0]);
}

#[tokio::test]
async fn a_node_that_is_down_is_waited_for() {
    let (world, node) = world().await;
    let from = address(&world, false).await;
    node.refuse("eth_sendRawTransaction", json!({ "code": -32005, "message": "limit exceeded" }));
    let id = send(&world.alice, transfer(&from, PAYEE, ONE)).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(status(&world.alice, &id).await["txStatus"], "INITIALIZED");
    node.relent("eth_sendRawTransaction");
    assert_eq!(outcome(&world.alice, &id).await["txStatus"], "INCLUDED");
}

#[tokio::test]
async fn what_was_undone_is_included_and_explained() {
    let (world, node) = world().await;
    let from = address(&world, false).await;
    node.answer("eth_getTransactionReceipt", json!({ "status": "0x0", "blockNumber": "0x2" }));
    let data = format!("0x08c379a0{:064x}{:064x}{:0<64}", 32, 4, hex::encode("nope"));
    node.refuse(
        "eth_call",
        json!({ "code": 3, "message": "execution reverted: nope", "data": data }),
    );
    let id = send(&world.alice, transfer(&from, PAYEE, ONE)).await;
    let known = outcome(&world.alice, &id).await;
    assert_eq!(known["txStatus"], "INCLUDED");
    assert_eq!(known["txError"], "the transaction was included and reverted: nope");
    let entry = &known["error"]["eth"]["revertChain"][0];
    assert_eq!((&entry["address"], &entry["errorType"]), (&json!(PAYEE), &json!("native")));
    assert_eq!(entry["native"], json!({ "nativeType": "error_string", "message": "nope" }));
    assert_eq!(known["error"]["revertChain"][0], *entry);
}

#[tokio::test]
async fn what_another_transaction_replaced_has_failed() {
    let (world, node) = world().await;
    node.set_mines(false);
    let from = address(&world, false).await;
    let id = send(&world.alice, transfer(&from, PAYEE, ONE)).await;
    node.answer("eth_getTransactionCount", json!("0x1"));
    world.server.advance(61);
    let known = outcome(&world.alice, &id).await;
    assert_eq!(known["txStatus"], "FAILED");
    assert_eq!(known["txError"], "another transaction with the same nonce was included");
}

#[tokio::test]
async fn nobody_waits_for_longer_than_a_day() {
    let (world, node) = world().await;
    node.set_mines(false);
    let from = address(&world, false).await;
    let id = send(&world.alice, transfer(&from, PAYEE, ONE)).await;
    while status(&world.alice, &id).await["txStatus"] != "BROADCASTING" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    world.server.advance(24 * 3_600);
    let known = outcome(&world.alice, &id).await;
    assert_eq!(known["txStatus"], "FAILED");
    assert_eq!(known["txError"], "the transaction was not included within a day");
}

#[tokio::test]
async fn what_was_acknowledged_is_sent_by_the_next_server() {
    let node = Node::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keyward.db");
    let config: Config = config(&[&node]);
    let world = World::on_disk_with(&file, &config).await;
    let from = address(&world, false).await;
    // Nothing is sent by this one.
    let first = send(&world.alice, transfer(&from, PAYEE, "1")).await;
    let second = send(&world.alice, transfer(&from, PAYEE, "2")).await;
    assert_eq!(status(&world.alice, &first).await["txStatus"], "INITIALIZED");
    assert!(node.sent().is_empty());
    let world = world.closed().reopened_with(&file, &config).await;
    world.server.work_beside();
    for id in [&first, &second] {
        assert_eq!(outcome(&world.alice, id).await["txStatus"], "INCLUDED");
    }
    assert_eq!(node.nonces(), [0, 1]);
}

/// Lets Carol do what a condition says, under a budget where there is one.
async fn allow_carol(world: &World, condition: &str, budget: Option<Value>) {
    let users = world.alice.read("list_users", json!({})).await;
    let users = users["users"].as_array().unwrap();
    let carol = users.iter().find(|user| user["userName"] == "Carol").unwrap();
    let mut policy = json!({
        "policyName": "Carol sends",
        "effect": "EFFECT_ALLOW",
        "condition": condition,
        "consensus": format!("approvers.any(user, user.id == '{}')", text(&carol["userId"])),
        "notes": "",
    });
    if let Some(budget) = budget {
        policy["budget"] = budget;
    }
    world.alice.done("create_policy", policy).await;
}

#[tokio::test]
async fn policies_see_the_completed_transaction() {
    let (world, node) = world().await;
    let from = address(&world, false).await;
    let condition = format!(
        "activity.kind == 'ETH_SEND_TRANSACTION' && eth.tx.to == '{PAYEE}' && eth.tx.from == '{from}' \
         && eth.tx.chain_id == 31337 && eth.tx.gas == 25200 && eth.tx.max_fee_per_gas == 21"
    );
    allow_carol(&world, &condition, None).await;
    let id = send(&world.carol, transfer(&from, PAYEE, "1")).await;
    assert_eq!(outcome(&world.carol, &id).await["txStatus"], "INCLUDED");
    let denied = world.carol.submit("eth_send_transaction", transfer(&from, STRANGER, "1")).await;
    denied.refused(403, 7, "REQUEST_NOT_AUTHORIZED");
    assert_eq!(node.sent().len(), 1);
    // What was denied can be explained as it was.
    let filter = json!({ "filterByStatus": ["ACTIVITY_STATUS_REJECTED"] });
    let listed = world.alice.read("list_activities", filter).await;
    let id = &listed["activities"][0]["id"];
    let explained = world.alice.read("explain_activity", json!({ "activityId": id })).await;
    assert!(
        explained.to_string().contains(&STRANGER.to_ascii_lowercase())
            || explained.to_string().contains(STRANGER),
        "{explained}"
    );
}

#[tokio::test]
async fn budgets_are_charged_for_what_is_sent() {
    let (world, node) = world().await;
    let from = address(&world, false).await;
    let cap = json!({ "asset": { "native": CHAIN }, "max": "100" });
    let budget = json!({ "windowSeconds": "3600", "assets": [cap] });
    allow_carol(&world, "activity.kind == 'ETH_SEND_TRANSACTION'", Some(budget)).await;
    send(&world.carol, transfer(&from, PAYEE, "60")).await;
    let denied = world.carol.submit("eth_send_transaction", transfer(&from, PAYEE, "60")).await;
    denied.refused(403, 7, "REQUEST_NOT_AUTHORIZED");
    let id = send(&world.carol, transfer(&from, PAYEE, "40")).await;
    assert_eq!(outcome(&world.carol, &id).await["txStatus"], "INCLUDED");
    assert_eq!(node.nonces().last(), Some(&1));
}

#[tokio::test]
async fn what_waits_for_consensus_is_completed_with_the_last_vote() {
    let (world, node) = world().await;
    let from = address(&world, false).await;
    let users = world.alice.read("list_users", json!({})).await;
    let users = users["users"].as_array().unwrap();
    let id = |name| text(&users.iter().find(|user| user["userName"] == name).unwrap()["userId"]);
    let policy = json!({
        "policyName": "both",
        "effect": "EFFECT_ALLOW",
        "condition": "activity.action == 'SIGN'",
        "consensus": format!(
            "approvers.any(user, user.id == '{}') && approvers.any(user, user.id == '{}')",
            id("Carol"),
            id("Dinah"),
        ),
        "notes": "",
    });
    world.alice.done("create_policy", policy).await;
    let asked = world.carol.submit("eth_send_transaction", transfer(&from, PAYEE, "1")).await;
    let asked = asked.activity();
    assert_eq!(asked["status"], "ACTIVITY_STATUS_CONSENSUS_NEEDED");
    // Meanwhile the account sends something else.
    let other = send(&world.alice, transfer(&from, PAYEE, "2")).await;
    assert_eq!(outcome(&world.alice, &other).await["txStatus"], "INCLUDED");
    let vote = json!({ "fingerprint": asked["fingerprint"] });
    let approved = world.dinah.submit("approve_activity", vote).await.activity();
    assert_eq!(approved["status"], "ACTIVITY_STATUS_COMPLETED");
    let result = &approved["result"]["ethSendTransactionResultV2"];
    let id = text(&result["sendTransactionStatusId"]);
    assert_eq!(outcome(&world.carol, &id).await["txStatus"], "INCLUDED");
    assert_eq!(node.nonces(), [0, 1]);
}

#[tokio::test]
async fn forwards_what_is_signed_already() {
    let (world, node) = world().await;
    let from = address(&world, false).await;
    let unsigned = keyward_protocol::transaction::NewEthereumTransaction {
        chain_id: 31337,
        nonce: 3,
        max_priority_fee_per_gas: alloy_primitives::U256::from(1),
        max_fee_per_gas: alloy_primitives::U256::from(2),
        gas: 21_000,
        to: PAYEE.parse().unwrap(),
        value: alloy_primitives::U256::from(5),
        data: &[],
        authorization: None,
    };
    let parameters = json!({
        "signWith": from,
        "unsignedTransaction": hex::encode(unsigned.encode()),
        "type": "TRANSACTION_TYPE_ETHEREUM",
    });
    let signed = world.alice.done("sign_transaction", parameters).await;
    let digits = text(&signed["signedTransaction"]);
    let signed = format!("0x{digits}");
    let raw = json!({ "signedTransaction": signed, "caip2": CHAIN });
    // A policy sees what it does, and who signed it; a budget was charged when it was signed.
    let condition = format!(
        "activity.kind == 'ETH_SEND_RAW_TRANSACTION' && eth.tx.to == '{PAYEE}' && eth.tx.from == '{from}'"
    );
    let budget = json!({ "windowSeconds": "3600", "maxSignatures": "0" });
    allow_carol(&world, &condition, Some(budget)).await;
    let result = world.carol.done("eth_send_raw_transaction", raw.clone()).await;
    let hash = keyward_crypto::keccak256(&hex::decode(digits).unwrap());
    assert_eq!(result["transactionHash"], format!("0x{}", hex::encode(hash)));
    assert_eq!(node.nonces(), [3]);
    // The node has it already.
    world.alice.done("eth_send_raw_transaction", raw.clone()).await;
    node.refuse("eth_sendRawTransaction", json!({ "code": -32000, "message": "nonce too low" }));
    let answer = world.alice.submit("eth_send_raw_transaction", raw).await;
    let message = answer.refused(503, 14, "RPC_CALL_ERROR");
    assert_eq!(message, "eip155:31337 refuses eth_sendRawTransaction: nonce too low");
    let wrong = json!({ "signedTransaction": signed, "caip2": "eip155:1" });
    let answer = world.alice.submit("eth_send_raw_transaction", wrong).await;
    answer.refused(400, 3, "REQUEST_INVALID");
}

#[tokio::test]
async fn clears_the_code_of_an_account() {
    let (world, node) = world().await;
    let from = address(&world, false).await;
    let asked = json!({ "from": from, "caip2": CHAIN });
    let result = world.alice.done("eth_undelegate_7702", asked).await;
    let id = text(&result["sendTransactionStatusId"]);
    assert_eq!(outcome(&world.alice, &id).await["txStatus"], "INCLUDED");
    let (transaction, sender) = EthereumTransaction::parse_signed(&node.sent()[0]).unwrap();
    assert_eq!(transaction.kind.as_str(), "TYPE_4");
    assert_eq!(transaction.to, Some(sender));
    assert_eq!(transaction.gas, 55_200);
    let [authorization] = transaction.authorization_list.as_slice() else { panic!() };
    assert_eq!((authorization.address, authorization.nonce), (alloy_primitives::Address::ZERO, 1));
    let digest = keyward_protocol::payload::Authorization {
        chain_id: authorization.chain_id,
        address: authorization.address,
        nonce: authorization.nonce,
    }
    .digest();
    let signature = keyward_crypto::RecoverableSignature {
        r: authorization.r.to_be_bytes(),
        s: authorization.s.to_be_bytes(),
        recovery_id: authorization.y_parity,
    };
    let point = signature.recover_secp256k1_uncompressed(&digest).unwrap();
    let signer =
        alloy_primitives::Address::from_word(keyward_crypto::keccak256(&point[1..]).into());
    assert_eq!(signer, sender);
}

fn solana_request(signers: &[&str]) -> Value {
    json!({
        "unsignedTransaction": hex::encode(solana_transfer(signers)),
        "signWiths": signers,
        "caip2": "solana:mainnet",
    })
}

#[tokio::test]
async fn sends_on_solana() {
    let (world, node) = world().await;
    let from = address(&world, true).await;
    let policy = "activity.kind == 'SOL_SEND_TRANSACTION' && solana.tx.transfers[0].amount == 5";
    let cap = json!({
        "asset": { "native": "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp" },
        "max": "5",
    });
    let budget = json!({ "windowSeconds": "3600", "maxSignatures": "9", "assets": [cap] });
    allow_carol(&world, policy, Some(budget)).await;
    let result = world.carol.done("sol_send_transaction", solana_request(&[&from])).await;
    let id = text(&result["sendTransactionStatusId"]);
    let known = outcome(&world.alice, &id).await;
    assert_eq!(known["txStatus"], "INCLUDED", "{known}");
    let transaction = SolanaTransaction::parse(&node.sent()[0]).unwrap();
    assert_eq!(transaction.recent_blockhash, LATEST);
    let signature = bs58::encode(transaction.signatures()[0]).into_string();
    assert_eq!(known["solana"]["signature"], signature);
    let key = bs58::decode(&from).into_vec().unwrap();
    let key = keyward_crypto::Ed25519PublicKey::from_bytes(&key.try_into().unwrap());
    assert!(key.verify_strict(transaction.message(), &transaction.signatures()[0]));
    let denied = world.carol.submit("sol_send_transaction", solana_request(&[&from])).await;
    denied.refused(403, 7, "REQUEST_NOT_AUTHORIZED");

    // The older version, in base64, with a block of its own.
    let parameters = json!({
        "unsignedTransaction": base64::Engine::encode(&base64::prelude::BASE64_STANDARD, solana_transfer(&[&from])),
        "signWith": from,
        "caip2": "solana:mainnet",
        "recentBlockhash": bs58::encode([3; 32]).into_string(),
    });
    let kind = "ACTIVITY_TYPE_SOL_SEND_TRANSACTION";
    let result = world.alice.done_as(kind, "sol_send_transaction", parameters).await;
    let id = text(&result["sendTransactionStatusId"]);
    assert_eq!(outcome(&world.alice, &id).await["txStatus"], "INCLUDED");
    let hashes: Vec<_> = node
        .sent()
        .iter()
        .map(|bytes| SolanaTransaction::parse(bytes).unwrap().recent_blockhash)
        .collect();
    assert!(hashes.contains(&bs58::encode([3; 32]).into_string()));
}

#[tokio::test]
async fn several_keys_sign_one_transaction_of_solana() {
    let (world, node) = world().await;
    let from = address(&world, true).await;
    let key = json!({
        "privateKeyName": "second",
        "curve": "CURVE_ED25519",
        "privateKeyTags": [],
        "addressFormats": ["ADDRESS_FORMAT_SOLANA"],
    });
    let made = world.alice.done("create_private_keys", json!({ "privateKeys": [key] })).await;
    let second = text(&made["privateKeys"][0]["addresses"][0]["address"]);
    let both = [from.as_str(), second.as_str()];
    let mut half = solana_request(&both);
    half["signWiths"] = json!([from]);
    let answer = world.alice.submit("sol_send_transaction", half).await;
    let message = answer.refused(400, 3, "REQUEST_INVALID");
    assert_eq!(message, format!("the signature of {second} is missing"));
    let result = world.alice.done("sol_send_transaction", solana_request(&both)).await;
    let id = text(&result["sendTransactionStatusId"]);
    assert_eq!(outcome(&world.alice, &id).await["txStatus"], "INCLUDED");
    assert_eq!(node.sent().len(), 1);
    // Both must be allowed to.
    let condition = "activity.kind == 'SOL_SEND_TRANSACTION' && wallet.label == 'Main'";
    allow_carol(&world, condition, None).await;
    let denied = world.carol.submit("sol_send_transaction", solana_request(&both)).await;
    denied.refused(403, 7, "REQUEST_NOT_AUTHORIZED");
    world.carol.done("sol_send_transaction", solana_request(&[&from])).await;
}

#[tokio::test]
async fn what_solana_will_not_have_has_failed() {
    let (world, node) = world().await;
    let from = address(&world, true).await;
    node.refuse(
        "sendTransaction",
        json!({
            "code": -32002,
            "message": "Transaction simulation failed",
            "data": { "err": "AccountNotFound", "logs": ["one", "two"], "unitsConsumed": 7 },
        }),
    );
    let result = world.alice.done("sol_send_transaction", solana_request(&[&from])).await;
    let id = text(&result["sendTransactionStatusId"]);
    let known = outcome(&world.alice, &id).await;
    assert_eq!(known["txStatus"], "FAILED");
    let details = json!({
        "source": "preflight",
        "rpcCode": -32002,
        "rpcMessage": "Transaction simulation failed",
        "transactionErrorJson": "\"AccountNotFound\"",
        "logs": ["one", "two"],
        "unitsConsumed": "7",
    });
    assert_eq!(known["error"]["solana"], details);

    node.relent("sendTransaction");
    node.set_mines(false);
    let result = world.alice.done("sol_send_transaction", solana_request(&[&from])).await;
    let id = text(&result["sendTransactionStatusId"]);
    node.answer("isBlockhashValid", json!({ "context": {}, "value": false }));
    world.server.advance(61);
    let known = outcome(&world.alice, &id).await;
    let text = "the transaction was not included while its blockhash was recent";
    assert_eq!((&known["txStatus"], &known["txError"]), (&json!("FAILED"), &json!(text)));

    let mut sponsored = solana_request(&[&from]);
    sponsored["sponsor"] = json!(true);
    let answer = world.alice.submit("sol_send_transaction", sponsored).await;
    answer.refused(400, 9, "REQUEST_INVALID");
}
