#![expect(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and stops where an answer is not what it should be"
)]

//! How long it takes to try a draft on recorded activities: `cargo run --release -p keyward-server --example replay
//! [ACTIVITIES]`.
//!
//! The server's own routes, in this process, over SQLite on disk. A user whom policies let signs payloads and
//! transactions; then a draft that takes a policy's place is tried on all of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use keyward_crypto::{P256PrivateKey, Secret, os_rng};
use keyward_protocol::stamp::make;
use keyward_server::delivery::Sending;
use keyward_server::{App, Beginning, Clock, Config, beginning, http};
use keyward_store::{SealedStore, SqliteStore};
use serde_json::{Value, json};

/// As in the `keyward` binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Who sign at once.
const CLIENTS: u64 = 64;
/// Policies that there are.
const POLICIES: usize = 20;
/// A transfer of 10 wei on chain 1 (EIP-1559), unsigned.
const TRANSACTION: &str =
    "02e701808405f5e10084773594008252089400000000000000000000000000000000000000010a80c0";

/// Whoever asks.
struct Client {
    router: Router,
    organization: String,
    key: P256PrivateKey,
}

impl Client {
    async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let body = body.to_string();
        let stamp = make::p256(&self.key, body.as_bytes());
        let request = Request::post(path).header("x-stamp", stamp).body(Body::from(body))?;
        let response = http::respond(self.router.clone(), request).await;
        let status = response.status();
        let bytes = response.into_body().collect().await?.to_bytes();
        if status != 200 {
            return Err(format!("{path}: {status}: {}", String::from_utf8_lossy(&bytes)).into());
        }
        Ok(serde_json::from_slice(&bytes)?)
    }

    async fn submit(&self, route: &str, kind: &str, parameters: Value) -> Result<Value, Failure> {
        let now = Clock::default().now().as_millis().to_string();
        self.submit_at(route, kind, parameters, now).await
    }

    async fn submit_at(
        &self,
        route: &str,
        kind: &str,
        parameters: Value,
        at: String,
    ) -> Result<Value, Failure> {
        let body = json!({
            "type": kind,
            "timestampMs": at,
            "organizationId": self.organization,
            "parameters": parameters,
        });
        let answer = self.post(&format!("/public/v1/submit/{route}"), &body).await?;
        let results = answer["activity"]["result"].as_object().ok_or("no result")?;
        Ok(results.values().next().cloned().unwrap_or_default())
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let count: u64 = match std::env::args().nth(1) {
        Some(text) => text.parse()?,
        None => 100_000,
    };
    let folder = tempfile::tempdir()?;
    let store = Arc::new(SqliteStore::open(folder.path().join("replay.db"))?);
    let store = SealedStore::new(store, Secret::generate(&mut os_rng()));
    let beginning = Beginning::generate("Bench", Clock::default().now(), &mut os_rng())?;
    let root = beginning.store(&store).await?;
    let keys = beginning::server_keys(&store).await?;
    let delivery = Arc::new(Sending::new(&Config::default())?);
    let app = App::new(store, keys, &Config::default(), String::new(), delivery);
    let router = http::router(Arc::new(app));
    let mut bytes = [0; 32];
    hex::decode_to_slice(root.api_private_key(), &mut bytes)?;
    let organization = root.organization.to_string();
    let root = Client {
        router: router.clone(),
        organization: organization.clone(),
        key: P256PrivateKey::from_bytes(&bytes)?,
    };
    let (user, address) = prepare(&root, router).await?;

    let (user, began, made) = (Arc::new(user), Instant::now(), Arc::new(AtomicU64::new(0)));
    let first = Clock::default().now().as_millis();
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (user, made, address) = (user.clone(), made.clone(), address.clone());
            tokio::spawn(async move {
                loop {
                    let number = made.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return Ok::<(), Failure>(());
                    }
                    sign(&user, &address, number, first).await?;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    println!("{count} activities made in {:.1} s", began.elapsed().as_secs_f64());

    let draft = json!({
        "policyName": "policy 0",
        "effect": "EFFECT_ALLOW",
        "condition": "activity.kind == 'SIGN_TRANSACTION' && eth.tx.value < 5",
    });
    let body = json!({
        "organizationId": organization,
        "policies": [draft],
        "last": count.min(100_000).to_string(),
        "filterByType": [
            "ACTIVITY_TYPE_SIGN_RAW_PAYLOAD_V2",
            "ACTIVITY_TYPE_SIGN_TRANSACTION_V2",
        ],
    });
    for _ in 0..3 {
        let began = Instant::now();
        let told = root.post("/keyward/v1/query/replay_policy", &body).await?;
        println!(
            "{} replayed under {POLICIES} policies in {:.2} s: {} flips, {} skipped",
            told["replayed"],
            began.elapsed().as_secs_f64(),
            told["flipped"],
            told["skipped"],
        );
    }
    Ok(())
}

/// Makes a wallet, a user and policies that let it sign. Returns the user, and the address.
async fn prepare(root: &Client, router: Router) -> Result<(Client, String), Failure> {
    let account = json!({
        "curve": "CURVE_SECP256K1",
        "pathFormat": "PATH_FORMAT_BIP32",
        "path": "m/44'/60'/0'/0/0",
        "addressFormat": "ADDRESS_FORMAT_ETHEREUM",
    });
    let wallet = json!({ "walletName": "Main", "accounts": [account] });
    let made = root.submit("create_wallet", "ACTIVITY_TYPE_CREATE_WALLET", wallet).await?;
    let address = made["addresses"][0].as_str().ok_or("no address")?.to_owned();
    let key = P256PrivateKey::generate(&mut os_rng());
    let user = json!({
        "userName": "signer",
        "apiKeys": [{
            "apiKeyName": "key",
            "publicKey": hex::encode(key.public_key().compressed()),
            "curveType": "API_KEY_CURVE_P256",
        }],
        "authenticators": [],
        "oauthProviders": [],
        "userTags": [],
    });
    let users = json!({ "users": [user] });
    let made = root.submit("create_users", "ACTIVITY_TYPE_CREATE_USERS_V4", users).await?;
    let user = made["userIds"][0].as_str().ok_or("no user")?.to_owned();
    let policies: Vec<Value> = (0..POLICIES)
        .map(|number| match number {
            0 => json!({
                "policyName": "policy 0",
                "effect": "EFFECT_ALLOW",
                "condition": "activity.kind == 'SIGN_TRANSACTION' && eth.tx.value < 50",
                "consensus": format!("approvers.any(user, user.id == '{user}')"),
                "notes": "",
            }),
            1 => json!({
                "policyName": "policy 1",
                "effect": "EFFECT_ALLOW",
                "condition": "activity.kind == 'SIGN_RAW_PAYLOAD'",
                "consensus": format!("approvers.any(user, user.id == '{user}')"),
                "notes": "",
            }),
            _ => json!({
                "policyName": format!("policy {number}"),
                "effect": "EFFECT_DENY",
                "condition": format!(
                    "activity.action == 'SIGN' && eth.tx.to == '0x{number:040}' && eth.tx.chain_id in [5, 6, 7]"
                ),
                "notes": "",
            }),
        })
        .collect();
    let policies = json!({ "policies": policies });
    root.submit("create_policies", "ACTIVITY_TYPE_CREATE_POLICIES", policies).await?;
    Ok((Client { router, organization: root.organization.clone(), key }, address))
}

/// Signs: every other time a payload, else a transaction.
async fn sign(user: &Client, address: &str, number: u64, first: u64) -> Result<(), Failure> {
    if number.is_multiple_of(2) {
        let parameters = json!({
            "signWith": address,
            "payload": format!("{number:064x}"),
            "encoding": "PAYLOAD_ENCODING_HEXADECIMAL",
            "hashFunction": "HASH_FUNCTION_NO_OP",
        });
        let kind = "ACTIVITY_TYPE_SIGN_RAW_PAYLOAD_V2";
        user.submit("sign_raw_payload", kind, parameters).await?;
    } else {
        let parameters = json!({
            "signWith": address,
            "unsignedTransaction": TRANSACTION,
            "type": "TRANSACTION_TYPE_ETHEREUM",
        });
        // Equal bodies are one activity: each is a little older than the one before.
        let at = first.saturating_sub(number).to_string();
        let kind = "ACTIVITY_TYPE_SIGN_TRANSACTION_V2";
        user.submit_at("sign_transaction", kind, parameters, at).await?;
    }
    Ok(())
}
