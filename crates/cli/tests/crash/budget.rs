//! A budget that several clients want at once, on a server that is killed again and again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;

use keyward_crypto::{CryptoRng, P256PrivateKey, os_rng};
use serde_json::{Value, json};

use crate::server::{Connection, Server, User, now_ms};

const ROUNDS: usize = 12;
const WRITERS: usize = 6;
/// Signatures that the budget lets through, over all rounds.
const MOST: u64 = 100;
/// Answers after which the server is killed, at most.
const MOST_ANSWERS: u64 = 24;

fn body(user: &User, kind: &str, parameters: &Value) -> Vec<u8> {
    let body = json!({
        "type": kind,
        "timestampMs": now_ms().to_string(),
        "organizationId": user.organization,
        "parameters": parameters,
    });
    body.to_string().into_bytes()
}

/// Does something that must succeed, and returns its result.
fn done(
    connection: &Connection,
    user: &User,
    route: &str,
    kind: &str,
    parameters: &Value,
) -> Value {
    let path = format!("submit/{route}");
    let (status, answer) = connection.post(user, &path, &body(user, kind, parameters)).unwrap();
    assert_eq!(status, 200, "{route}: {answer}");
    let results = answer["activity"]["result"].as_object().unwrap();
    results.values().next().unwrap().clone()
}

/// A user that a policy with a budget lets sign, the policy, and an address to sign with.
fn signer(connection: &Connection, root: &User) -> (User, Value, Value) {
    let key = P256PrivateKey::generate(&mut os_rng());
    let private_key = hex::encode(key.expose_bytes().expose());
    let signer = User { organization: root.organization.clone(), private_key };
    let user = json!({
        "userName": "signer",
        "apiKeys": [{
            "apiKeyName": "key",
            "publicKey": signer.public_key(),
            "curveType": "API_KEY_CURVE_P256",
        }],
        "authenticators": [],
        "oauthProviders": [],
        "userTags": [],
    });
    let users = json!({ "users": [user] });
    done(connection, root, "create_users", "ACTIVITY_TYPE_CREATE_USERS_V4", &users);
    let policy = json!({
        "policyName": "sign",
        "effect": "EFFECT_ALLOW",
        "condition": "activity.action == 'SIGN'",
        "notes": "",
        "budget": { "windowSeconds": "86400", "maxSignatures": MOST.to_string() },
    });
    let kind = "ACTIVITY_TYPE_CREATE_POLICY_V3";
    let made = done(connection, root, "create_policy", kind, &policy);
    let account = json!({
        "curve": "CURVE_SECP256K1",
        "pathFormat": "PATH_FORMAT_BIP32",
        "path": "m/44'/60'/0'/0/0",
        "addressFormat": "ADDRESS_FORMAT_ETHEREUM",
    });
    let wallet = json!({ "walletName": "budget", "accounts": [account] });
    let kind = "ACTIVITY_TYPE_CREATE_WALLET";
    let wallet = done(connection, root, "create_wallet", kind, &wallet);
    (signer, made["policyId"].clone(), wallet["addresses"][0].clone())
}

/// Has all writers sign until the server is killed, after that many answers. How many were signed, as far as was
/// answered.
fn sign_until_killed(
    mut server: Server,
    signer: &User,
    address: &Value,
    number: &AtomicU64,
    answers: u64,
) -> u64 {
    let (answered, count) = mpsc::channel();
    let connections: Vec<Connection> = (0..WRITERS).map(|_| Connection::to(&server)).collect();
    thread::scope(|scope| {
        let writers: Vec<_> = connections
            .into_iter()
            .map(|connection| {
                let answered = answered.clone();
                scope.spawn(move || {
                    let mut acknowledged = 0;
                    loop {
                        let payload = json!({
                            "signWith": address,
                            "payload": format!("{:064x}", number.fetch_add(1, Ordering::Relaxed)),
                            "encoding": "PAYLOAD_ENCODING_HEXADECIMAL",
                            "hashFunction": "HASH_FUNCTION_NO_OP",
                        });
                        let body = body(signer, "ACTIVITY_TYPE_SIGN_RAW_PAYLOAD_V2", &payload);
                        match connection.post(signer, "submit/sign_raw_payload", &body) {
                            None => return acknowledged,
                            Some((200, _)) => acknowledged += 1,
                            Some((403 | 409, _)) => {}
                            Some((status, answer)) => panic!("{status}: {answer}"),
                        }
                        // The others may have stopped counting.
                        let _ = answered.send(());
                    }
                })
            })
            .collect();
        drop(answered);
        for _ in 0..answers {
            count.recv().expect("a writer that still writes");
        }
        server.kill();
        writers.into_iter().map(|writer| writer.join().unwrap()).sum()
    })
}

/// Signatures that are recorded.
fn recorded(connection: &Connection, root: &User) -> u64 {
    let (mut count, mut before) = (0, Value::Null);
    loop {
        let asked = json!({
            "filterByType": ["ACTIVITY_TYPE_SIGN_RAW_PAYLOAD_V2"],
            "filterByStatus": ["ACTIVITY_STATUS_COMPLETED"],
            "paginationOptions": { "limit": "100", "before": before },
        });
        let told = connection.read(root, "list_activities", asked);
        let listed = told["activities"].as_array().unwrap();
        let Some(last) = listed.last() else { return count };
        count += u64::try_from(listed.len()).unwrap();
        before = last["id"].clone();
    }
}

fn used(connection: &Connection, root: &User, policy: &Value) -> u64 {
    let told = connection.read_own(root, "get_budget", json!({ "policyId": policy }));
    told["signatures"].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_budget_is_never_overspent_and_never_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    let root = User { organization: server.organization.clone(), private_key: server.root_key() };
    let (signer, policy, address) = signer(&Connection::to(&server), &root);
    let number = AtomicU64::new(0);
    let mut answered = 0;
    for round in 0..ROUNDS {
        let rng: &mut dyn CryptoRng = &mut os_rng();
        let answers = rng.next_u64() % MOST_ANSWERS;
        answered += sign_until_killed(server, &signer, &address, &number, answers);
        server = Server::start(folder.path());
        let connection = Connection::to(&server);
        let recorded = recorded(&connection, &root);
        assert_eq!(used(&connection, &root, &policy), recorded, "round {round}");
        assert!(answered <= recorded && recorded <= MOST, "round {round}: {recorded}");
    }
    // What is left can be taken, to the last one.
    sign_until_killed(server, &signer, &address, &number, MOST + 10);
    let server = Server::start(folder.path());
    let connection = Connection::to(&server);
    assert_eq!(recorded(&connection, &root), MOST);
    assert_eq!(used(&connection, &root, &policy), MOST);
}
