//! The client's side: requests made and stamped beforehand where they can be, connections kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use keyward_crypto::{P256PrivateKey, os_rng};
use keyward_protocol::stamp::make;
use keyward_server::Clock;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Failure;
use crate::process::{CONSTANT_BYTES, Server};

/// Clients that ask at once under full load.
pub(crate) const CLIENTS: usize = 32;
/// End users among which the load is spread.
const USERS: usize = 64;

/// End users with a wallet and a session each, and the requests they make.
pub(crate) struct Story {
    address: String,
    users: Vec<User>,
    made: AtomicU64,
}

struct User {
    organization: String,
    key: P256PrivateKey,
    wallet_address: String,
    session: String,
}

impl Story {
    /// Has the parent make the users, and each of them open a read-only session.
    pub(crate) async fn begin(server: &Server) -> Result<Self, Failure> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(&server.ready.api_private_key, &mut bytes)?;
        let parent = P256PrivateKey::from_bytes(&bytes)?;
        let mut story = Self {
            address: server.ready.address.clone(),
            users: Vec::new(),
            made: AtomicU64::new(0),
        };
        let mut client = Client::connect(&story.address).await?;
        for number in 0..USERS {
            let key = P256PrivateKey::generate(&mut os_rng());
            let parameters = json!({
                "subOrganizationName": format!("Loaded {number}"),
                "rootQuorumThreshold": 1,
                "rootUsers": [{
                    "userName": "Loaded",
                    "apiKeys": [{
                        "apiKeyName": "key",
                        "publicKey": hex::encode(key.public_key().compressed()),
                        "curveType": "API_KEY_CURVE_P256",
                    }],
                    "authenticators": [],
                    "oauthProviders": [],
                }],
                "wallet": {
                    "walletName": "Main",
                    "accounts": [{
                        "curve": "CURVE_SECP256K1",
                        "pathFormat": "PATH_FORMAT_BIP32",
                        "path": "m/44'/60'/0'/0/0",
                        "addressFormat": "ADDRESS_FORMAT_ETHEREUM",
                    }],
                },
            });
            let request = story.submission(
                "create_sub_organization",
                "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V7",
                &server.ready.organization,
                &parent,
                &parameters,
            );
            let result = client.ask(&request).await?;
            let result = &result["activity"]["result"]["createSubOrganizationResultV7"];
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let mut user = User {
                organization: text(&result["subOrganizationId"]),
                key,
                wallet_address: text(&result["wallet"]["addresses"][0]),
                session: String::new(),
            };
            let request = story.submission(
                "create_read_only_session",
                "ACTIVITY_TYPE_CREATE_READ_ONLY_SESSION",
                &user.organization,
                &user.key,
                &json!({}),
            );
            let result = client.ask(&request).await?;
            user.session =
                text(&result["activity"]["result"]["createReadOnlySessionResult"]["session"]);
            story.users.push(user);
        }
        let query = client.ask_bytes(&story.query(0)).await?;
        eprintln!("the query answers {} bytes, the constant {CONSTANT_BYTES}", query.len());
        Ok(story)
    }

    /// Signs a digest with the wallet of some user.
    pub(crate) fn sign(&self, number: u64) -> Vec<u8> {
        let user = self.user(number);
        let parameters = json!({
            "signWith": user.wallet_address,
            "payload": format!("{number:064x}"),
            "encoding": "PAYLOAD_ENCODING_HEXADECIMAL",
            "hashFunction": "HASH_FUNCTION_NO_OP",
        });
        let kind = "ACTIVITY_TYPE_SIGN_RAW_PAYLOAD_V2";
        self.submission("sign_raw_payload", kind, &user.organization, &user.key, &parameters)
    }

    /// Opens a session for some user, with a key never seen before.
    pub(crate) fn login(&self, number: u64) -> Vec<u8> {
        let user = self.user(number);
        let key = P256PrivateKey::generate(&mut os_rng());
        let parameters = json!({ "publicKey": hex::encode(key.public_key().compressed()) });
        let kind = "ACTIVITY_TYPE_STAMP_LOGIN";
        self.submission("stamp_login", kind, &user.organization, &user.key, &parameters)
    }

    /// Asks who some user is, with its read-only session.
    pub(crate) fn query(&self, number: u64) -> Vec<u8> {
        let user = self.user(number);
        let body = json!({ "organizationId": user.organization }).to_string();
        http("/public/v1/query/whoami", &format!("X-Session: {}\r\n", user.session), &body)
    }

    /// The same bytes as [`Self::query`], for a path that does nothing with them.
    pub(crate) fn constant(&self, number: u64) -> Vec<u8> {
        let user = self.user(number);
        let body = json!({ "organizationId": user.organization }).to_string();
        http("/constant", &format!("X-Session: {}\r\n", user.session), &body)
    }

    fn user(&self, number: u64) -> &User {
        let place = usize::try_from(number).unwrap_or_default() % self.users.len();
        &self.users[place]
    }

    fn submission(
        &self,
        route: &str,
        kind: &str,
        organization: &str,
        key: &P256PrivateKey,
        parameters: &Value,
    ) -> Vec<u8> {
        let body = json!({
            "type": kind,
            "timestampMs": Clock::default().now().as_millis().to_string(),
            "organizationId": organization,
            "parameters": parameters,
            // Makes every body another one, as a client's clock does.
            "nonce": self.made.fetch_add(1, Ordering::Relaxed),
        })
        .to_string();
        let stamp = make::p256(key, body.as_bytes());
        http(&format!("/public/v1/submit/{route}"), &format!("X-Stamp: {stamp}\r\n"), &body)
    }
}

fn http(path: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: keyward\r\nContent-Type: application/json\r\n\
         {headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A wallet of many accounts: how long it took to make, and to sign with the first and with the last.
pub(crate) struct ManyAccounts {
    pub(crate) creation: Duration,
    pub(crate) first: Latencies,
    pub(crate) last: Latencies,
}

/// Has some user make a wallet of so many accounts in one activity, and sign with its first and last in turn.
pub(crate) async fn many_accounts(story: &Story, accounts: u32) -> Result<ManyAccounts, Failure> {
    const SIGNATURES: u32 = 1_000;
    let user = story.user(0);
    let mut client = Client::connect(&story.address).await?;
    let account = |index: u32| {
        json!({
            "curve": "CURVE_SECP256K1",
            "pathFormat": "PATH_FORMAT_BIP32",
            "path": format!("m/44'/60'/{index}'/0/0"),
            "addressFormat": "ADDRESS_FORMAT_ETHEREUM",
        })
    };
    let asked: Vec<Value> = (0..accounts).map(account).collect();
    let asked = json!({ "walletName": "Many", "accounts": asked });
    let kind = "ACTIVITY_TYPE_CREATE_WALLET";
    let request = story.submission("create_wallet", kind, &user.organization, &user.key, &asked);
    let began = Instant::now();
    let made = client.ask(&request).await?;
    let creation = began.elapsed();
    let made = made["activity"]["result"]["createWalletResult"]["addresses"].clone();
    let made = made.as_array().ok_or("no addresses")?;
    let (first, last) = (made.first().ok_or("no account")?, made.last().ok_or("no account")?);
    let mut latencies = [Vec::new(), Vec::new()];
    for number in 0..SIGNATURES {
        for (address, latencies) in [first, last].into_iter().zip(&mut latencies) {
            let parameters = json!({
                "signWith": address,
                "payload": format!("{number:064x}"),
                "encoding": "PAYLOAD_ENCODING_HEXADECIMAL",
                "hashFunction": "HASH_FUNCTION_NO_OP",
            });
            let kind = "ACTIVITY_TYPE_SIGN_RAW_PAYLOAD_V2";
            let (of, key) = (&user.organization, &user.key);
            let request = story.submission("sign_raw_payload", kind, of, key, &parameters);
            let began = Instant::now();
            client.ask_bytes(&request).await?;
            latencies.push(began.elapsed());
        }
    }
    let [first, last] = latencies.map(|mut latencies| {
        latencies.sort_unstable();
        Latencies(latencies)
    });
    Ok(ManyAccounts { creation, first, last })
}

/// A connection that is kept.
struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    async fn connect(address: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024) })
    }

    async fn ask(&mut self, request: &[u8]) -> Result<Value, Failure> {
        Ok(serde_json::from_slice(&self.ask_bytes(request).await?)?)
    }

    /// The body of a successful answer.
    async fn ask_bytes(&mut self, request: &[u8]) -> Result<Vec<u8>, Failure> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed the connection".into());
            }
            let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
                continue;
            };
            let head = std::str::from_utf8(&self.buffer[..end])?;
            let length: usize = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned)
                })
                .ok_or("no length")?
                .parse()?;
            if self.buffer.len() < end + 4 + length {
                continue;
            }
            let body = self.buffer[end + 4..].to_vec();
            if !head.starts_with("HTTP/1.1 200") {
                return Err(String::from_utf8_lossy(&body).into());
            }
            return Ok(body);
        }
    }
}

/// Latencies, sorted.
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let place = (self.0.len() * percent / 100).min(self.0.len().saturating_sub(1));
        self.0.get(place).copied().unwrap_or_default()
    }
}

/// As many requests as [`CLIENTS`] clients get answered, each asking again at once.
pub(crate) async fn saturate(
    story: &Arc<Story>,
    request: fn(&Story, u64) -> Vec<u8>,
    lasting: Duration,
) -> Result<u64, Failure> {
    let (end, next) = (Instant::now() + lasting, Arc::new(AtomicU64::new(0)));
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..CLIENTS {
        let (story, next) = (story.clone(), next.clone());
        clients.spawn(async move {
            let mut client = Client::connect(&story.address).await?;
            let mut answered = 0_u64;
            while Instant::now() < end {
                let number = next.fetch_add(1, Ordering::Relaxed);
                client.ask_bytes(&request(&story, number)).await?;
                answered += 1;
            }
            Ok::<_, Failure>(answered)
        });
    }
    let mut total = 0;
    while let Some(answered) = clients.join_next().await {
        total += answered??;
    }
    Ok(total)
}

/// Signatures asked for at a steady rate, whether earlier ones are answered or not. A latency counts from
/// when the request was due.
pub(crate) async fn at_rate(
    story: &Arc<Story>,
    per_second: f64,
    lasting: Duration,
) -> Result<Latencies, Failure> {
    let (began, next) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let gap = Duration::from_secs_f64(1.0 / per_second);
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..CLIENTS {
        let (story, next) = (story.clone(), next.clone());
        clients.spawn(async move {
            let mut client = Client::connect(&story.address).await?;
            let mut latencies = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let due = began + gap * u32::try_from(number)?;
                if due.duration_since(began) > lasting {
                    return Ok::<_, Failure>(latencies);
                }
                let request = story.sign(number);
                tokio::time::sleep_until(due.into()).await;
                client.ask_bytes(&request).await?;
                latencies.push(due.elapsed());
            }
        });
    }
    let mut latencies = Vec::new();
    while let Some(more) = clients.join_next().await {
        latencies.extend(more??);
    }
    latencies.sort_unstable();
    Ok(Latencies(latencies))
}

/// Signatures asked for one after the other.
pub(crate) async fn one_by_one(
    story: &Arc<Story>,
    lasting: Duration,
) -> Result<Latencies, Failure> {
    let end = Instant::now() + lasting;
    let mut client = Client::connect(&story.address).await?;
    let mut latencies = Vec::new();
    let mut number = 0;
    while Instant::now() < end {
        let request = story.sign(number);
        let began = Instant::now();
        client.ask_bytes(&request).await?;
        latencies.push(began.elapsed());
        number += 1;
    }
    latencies.sort_unstable();
    Ok(Latencies(latencies))
}
