//! Stand-ins for the nodes of chains: they answer JSON-RPC as they are told to.

use std::collections::BTreeMap;
use std::future::pending;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use keyward_crypto::keccak256;
use keyward_protocol::transaction::{EthereumTransaction, SolanaTransaction};
use keyward_server::{Config, serve};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What every Solana node says is the latest block: 32 ones.
pub(crate) const LATEST: &str = "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi";

/// A node on a free port, for as long as the test runs.
pub(crate) struct Node {
    pub(crate) url: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// Answers 503 to everything.
    is_down: AtomicBool,
    /// Puts what it has got into blocks.
    mines: AtomicBool,
    calls: Mutex<Vec<String>>,
    /// Answers to methods that are not the usual ones.
    answers: Mutex<BTreeMap<String, Result<Value, Value>>>,
    /// What was sent, each once, by hash or signature.
    sent: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Node {
    /// One that puts everything into a block at once.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State { mines: AtomicBool::new(true), ..State::default() });
        let answering = state.clone();
        let handle = move |body: Bytes| async move { answering.answer(&body) };
        let router = Router::new().route("/", post(handle));
        tokio::spawn(serve::serve(listener, router, pending()));
        Self { url, state }
    }

    /// Answers nothing but 503, or answers again.
    pub(crate) fn set_down(&self, is_down: bool) {
        self.state.is_down.store(is_down, Ordering::SeqCst);
    }

    /// Puts what it has got into blocks, or keeps it waiting.
    pub(crate) fn set_mines(&self, mines: bool) {
        self.state.mines.store(mines, Ordering::SeqCst);
    }

    /// Refuses a method from now on.
    pub(crate) fn refuse(&self, method: &str, error: Value) {
        self.state.answers.lock().unwrap().insert(method.to_owned(), Err(error));
    }

    /// Answers a method with this from now on.
    pub(crate) fn answer(&self, method: &str, result: Value) {
        self.state.answers.lock().unwrap().insert(method.to_owned(), Ok(result));
    }

    /// Answers a method as usual.
    pub(crate) fn relent(&self, method: &str) {
        self.state.answers.lock().unwrap().remove(method);
    }

    /// How often a method was called.
    pub(crate) fn count(&self, method: &str) -> usize {
        self.state.calls.lock().unwrap().iter().filter(|called| *called == method).count()
    }

    /// What was sent, each once.
    pub(crate) fn sent(&self) -> Vec<Vec<u8>> {
        self.state.sent.lock().unwrap().values().cloned().collect()
    }

    /// The numbers of what was sent, in order.
    pub(crate) fn nonces(&self) -> Vec<u64> {
        let read = |bytes: Vec<u8>| EthereumTransaction::parse_signed(&bytes).unwrap().0.nonce;
        let mut nonces: Vec<u64> = self.sent().into_iter().map(read).collect();
        nonces.sort_unstable();
        nonces
    }
}

impl State {
    fn answer(&self, body: &[u8]) -> Response {
        if self.is_down.load(Ordering::SeqCst) {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        let request: Value = serde_json::from_slice(body).unwrap();
        assert_eq!(request["jsonrpc"], "2.0");
        let method = request["method"].as_str().unwrap();
        self.calls.lock().unwrap().push(method.to_owned());
        let told = self.answers.lock().unwrap().get(method).cloned();
        let answer = told.unwrap_or_else(|| self.usual(method, &request["params"]));
        let response = match answer {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }),
            Err(error) => json!({ "jsonrpc": "2.0", "id": request["id"], "error": error }),
        };
        ([("content-type", "application/json")], response.to_string()).into_response()
    }

    fn usual(&self, method: &str, params: &Value) -> Result<Value, Value> {
        let mines = self.mines.load(Ordering::SeqCst);
        let has = |key: &str| self.sent.lock().unwrap().contains_key(key);
        let at = |value| Ok(json!({ "context": { "slot": 1 }, "value": value }));
        match method {
            // As if it forgot what waits.
            "eth_getTransactionCount" => {
                let count = if mines { self.sent.lock().unwrap().len() } else { 0 };
                Ok(json!(format!("0x{count:x}")))
            }
            "eth_estimateGas" => Ok(json!("0x5208")),
            "eth_maxPriorityFeePerGas" => Ok(json!("0x1")),
            "eth_feeHistory" => {
                Ok(json!({ "baseFeePerGas": ["0x9", "0xa"], "oldestBlock": "0x1" }))
            }
            "eth_getBalance" => Ok(json!("0xde0b6b3a7640000")),
            "eth_call" => Ok(json!(format!("0x{:064x}", 1_500_000))),
            "eth_sendRawTransaction" => {
                let bytes = hex::decode(params[0].as_str().unwrap().trim_start_matches("0x"));
                let bytes = bytes.unwrap();
                EthereumTransaction::parse_signed(&bytes).unwrap();
                let hash = format!("0x{}", hex::encode(keccak256(&bytes)));
                if has(&hash) {
                    return Err(json!({ "code": -32000, "message": "already known" }));
                }
                self.sent.lock().unwrap().insert(hash.clone(), bytes);
                Ok(json!(hash))
            }
            "eth_getTransactionReceipt" if mines && has(params[0].as_str().unwrap()) => {
                Ok(json!({ "status": "0x1", "blockNumber": "0x2" }))
            }
            "eth_getTransactionReceipt" => Ok(Value::Null),
            "getLatestBlockhash" => at(json!({ "blockhash": LATEST, "lastValidBlockHeight": 9 })),
            "isBlockhashValid" => at(json!(true)),
            "getBalance" => at(json!(2_000_000_000)),
            "getTokenAccountsByOwner" => at(json!([])),
            "sendTransaction" => {
                let bytes = BASE64_STANDARD.decode(params[0].as_str().unwrap()).unwrap();
                let transaction = SolanaTransaction::parse(&bytes).unwrap();
                let signature = bs58::encode(transaction.signatures()[0]).into_string();
                self.sent.lock().unwrap().insert(signature.clone(), bytes);
                Ok(json!(signature))
            }
            "getSignatureStatuses" if mines && has(params[0][0].as_str().unwrap()) => {
                at(json!([{ "slot": 1, "err": null, "confirmationStatus": "confirmed" }]))
            }
            "getSignatureStatuses" => at(json!([null])),
            _ => Err(json!({ "code": -32601, "message": "method not found" })),
        }
    }
}

/// A configuration with these nodes for chain 31337, and the same for Solana's.
pub(crate) fn config(nodes: &[&Node]) -> Config {
    let urls: Vec<&str> = nodes.iter().map(|node| node.url.as_str()).collect();
    let text = format!(
        r#"
        [chains."eip155:31337"]
        rpc_urls = {urls:?}
        [[chains."eip155:31337".tokens]]
        address = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
        symbol = "USDC"
        name = "USD Coin"
        decimals = 6
        logo_url = "https://example.com/usdc.png"
        stable = true
        [chains."solana:mainnet"]
        rpc_urls = {urls:?}
        [[chains."solana:mainnet".tokens]]
        address = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
        symbol = "USDC"
        name = "USD Coin"
        decimals = 6
        "#
    );
    toml::from_str(&text).unwrap()
}

/// A transfer of lamports to the account of all twos, which names no block; with as many signers as there are.
pub(crate) fn solana_transfer(signers: &[&str]) -> Vec<u8> {
    let count = u8::try_from(signers.len()).unwrap();
    let mut bytes = vec![count];
    bytes.extend(vec![0; 64 * signers.len()]);
    bytes.extend([count, 0, 1, count + 2]);
    for signer in signers {
        bytes.extend(bs58::decode(signer).into_vec().unwrap());
    }
    bytes.extend([2; 32]);
    bytes.extend([0; 32]);
    bytes.extend([0; 32]);
    // One instruction of the System program: Transfer of 5.
    bytes.extend([1, count + 1, 2, 0, count, 12, 2, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0]);
    bytes
}
