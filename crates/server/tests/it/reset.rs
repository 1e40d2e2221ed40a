//! Back to the beginning.

use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use keyward_crypto::{P256PrivateKey, Secret, os_rng};
use keyward_protocol::stamp::make;
use keyward_server::dev::{Again, DevServer, Ground};
use keyward_server::{Beginning, Clock, Config, Root, beginning, seed};
use keyward_store::{MemoryStore, SealedStore, SqliteStore, Store};
use serde_json::{Value, json};

use crate::proof::again;
use crate::server::{Answer, MASTER_KEY, ask};

const SEED: &str = include_str!("../../../../docs/seed.example.json");

/// A development server and the key to it.
struct Begun {
    server: DevServer,
    key: P256PrivateKey,
    organization: String,
}

impl Begun {
    async fn new(seed: Option<&str>, database: Option<&Path>) -> Self {
        let now = Clock::default().now();
        let begun = match seed {
            Some(text) => seed::read(text).unwrap(),
            None => Beginning::generate("Test", now, &mut os_rng()).unwrap(),
        };
        let begun = begun.with_log_ins(now, &mut os_rng()).unwrap();
        let rows: Arc<dyn Store> = match database {
            Some(path) => Arc::new(SqliteStore::open(path).unwrap()),
            None => Arc::new(MemoryStore::default()),
        };
        let store = SealedStore::new(rows, Secret::new(MASTER_KEY));
        let root = begun.store(&store).await.unwrap();
        let ground = match database {
            Some(path) => {
                Ground::Database { path: path.to_owned(), master: Secret::new(MASTER_KEY) }
            }
            None => Ground::Memory,
        };
        Self::over(store, root.api_key, seed, ground).await
    }

    async fn over(
        store: SealedStore,
        key: P256PrivateKey,
        seed: Option<&str>,
        ground: Ground,
    ) -> Self {
        let keys = beginning::server_keys(&store).await.unwrap();
        let root = Root::find(&store, again(&key), Clock::default().now()).await.unwrap();
        let organization = root.organization.to_string();
        let seed = seed.map(str::to_owned);
        let way = Some(Again { root, name: "Test".to_owned(), seed, ground });
        let base_url = "http://keyward.test".to_owned();
        let mut config = Config::default();
        config.limits.log_ins_per_address = 1;
        config.limits.trusted_proxies = 1;
        let server = DevServer::start(store, keys, way, &config, base_url).unwrap();
        Self { server, key, organization }
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        let body = body.to_string();
        let stamp = make::p256(&self.key, body.as_bytes());
        let request = Request::builder().method(method).uri(path).header("x-stamp", stamp);
        ask(self.server.router(), request.body(Body::from(body)).unwrap()).await
    }

    async fn get(&self, path: &str) -> Value {
        self.send("GET", path, &Value::Null).await.ok()
    }

    async fn query(&self, route: &str) -> Value {
        let body = json!({ "organizationId": self.organization });
        self.send("POST", &format!("/public/v1/query/{route}"), &body).await.ok()
    }

    async fn submit(&self, kind: &str, route: &str, parameters: Value) -> Answer {
        let clock = self.get("/dev/clock").await;
        let body = json!({
            "type": kind,
            "timestampMs": clock["timestampMs"],
            "organizationId": self.organization,
            "parameters": parameters,
        });
        self.send("POST", &format!("/public/v1/submit/{route}"), &body).await
    }

    async fn make_wallet(&self, name: &str) -> Answer {
        let parameters = json!({ "walletName": name, "accounts": [] });
        self.submit("ACTIVITY_TYPE_CREATE_WALLET", "create_wallet", parameters).await
    }

    async fn make_sub_organization(&self) {
        let public = hex::encode(self.key.public_key().compressed());
        let parameters = json!({
            "subOrganizationName": "Eve's",
            "rootQuorumThreshold": 1,
            "rootUsers": [{
                "userName": "Eve",
                "apiKeys": [{ "apiKeyName": "one", "publicKey": public, "curveType": "API_KEY_CURVE_P256" }],
                "authenticators": [],
                "oauthProviders": [],
            }],
        });
        let kind = "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V7";
        self.submit(kind, "create_sub_organization", parameters).await.activity();
    }

    async fn reset(&self) -> Answer {
        self.send("POST", "/dev/reset", &Value::Null).await
    }

    /// What is not the same again: all that was made since the beginning.
    async fn sight(&self) -> Vec<Value> {
        let mut sight = Vec::new();
        for route in ["list_wallets", "list_suborgs", "list_activities"] {
            sight.push(self.query(route).await);
        }
        sight.push(self.get("/dev/inbox?format=json").await);
        sight
    }

    /// What stays.
    async fn identity(&self) -> Vec<Value> {
        let mut identity = Vec::new();
        for path in [
            "/.well-known/keyward.json",
            "/.well-known/jwks.json",
            "/oauth2/jwks.json",
            "/dev/oidc/jwks.json",
            "/playground/config.json",
        ] {
            identity.push(self.get(path).await);
        }
        identity.push(self.query("whoami").await);
        identity
    }
}

/// Everything that is made goes, and everything that clients were told stays.
async fn assert_goes_back(begun: &Begun) {
    let (sight, identity) = (begun.sight().await, begun.identity().await);
    for _ in 0..2 {
        begun.make_wallet("new").await.activity();
        begun.make_sub_organization().await;
        let parameters = json!({
            "otpType": "OTP_TYPE_EMAIL", "contact": "eve@example.com", "appName": "Test"
        });
        begun.submit("ACTIVITY_TYPE_INIT_OTP_V3", "init_otp", parameters).await.activity();
        begun.send("POST", "/dev/clock", &json!({ "advanceSeconds": 1_000_000 })).await.ok();
        assert_ne!(begun.sight().await, sight);
        assert_eq!(begun.reset().await.ok()["organizationId"], begun.organization);
        assert_eq!(begun.sight().await, sight);
        assert_eq!(begun.identity().await, identity);
        let now = begun.get("/dev/clock").await["timestampMs"].as_str().unwrap().to_owned();
        assert!(now.parse::<u64>().unwrap() < Clock::default().now().as_millis() + 500_000);
    }
    begun.make_wallet("new").await.activity();
}

#[tokio::test]
async fn a_server_in_memory_goes_back() {
    assert_goes_back(&Begun::new(None, None).await).await;
}

#[tokio::test]
async fn a_server_that_began_with_a_seed_goes_back_to_it() {
    let begun = Begun::new(Some(SEED), None).await;
    let seeded = begun.query("list_suborgs").await;
    assert!(!seeded["organizationIds"].as_array().unwrap().is_empty());
    assert_goes_back(&begun).await;
    assert_eq!(begun.query("list_suborgs").await, seeded);
}

#[tokio::test]
async fn a_server_on_disk_goes_back_and_is_found_so_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyward.db");
    let begun = Begun::new(Some(SEED), Some(&path)).await;
    assert_goes_back(&begun).await;
    begun.reset().await.ok();
    begun.make_wallet("kept").await.activity();
    let (sight, key) = (begun.sight().await, again(&begun.key));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    begun.server.serve(listener, async {}).await.unwrap();
    drop(begun);
    let mut names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["keyward.db", "keyward.db-lock"]);
    let store =
        SealedStore::new(Arc::new(SqliteStore::open(&path).unwrap()), Secret::new(MASTER_KEY));
    let next = Begun::over(store, key, Some(SEED), Ground::Memory).await;
    assert_eq!(next.sight().await[..3], sight[..3]);
}

#[tokio::test]
async fn what_was_counted_is_forgotten() {
    let begun = Begun::new(None, None).await;
    let ask_proxy = async || {
        let request = Request::post("/v1/wallet_kit_config")
            .header("x-auth-proxy-config-id", &begun.organization)
            .header("x-forwarded-for", "192.0.2.1");
        ask(begun.server.router(), request.body(Body::from("{}")).unwrap()).await.status
    };
    assert_eq!(ask_proxy().await, 200);
    assert_eq!(ask_proxy().await, 429);
    begun.reset().await.ok();
    assert_eq!(ask_proxy().await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_under_way_are_answered_by_one_server_or_the_other() {
    for database in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyward.db");
        let begun = Arc::new(Begun::new(None, database.then_some(path.as_path())).await);
        let wallets: Vec<_> = (0..40)
            .map(|number| {
                let begun = begun.clone();
                tokio::spawn(async move {
                    if number % 10 == 5 {
                        begun.reset().await.ok();
                        return;
                    }
                    let task = tokio::spawn({
                        let begun = begun.clone();
                        async move { begun.make_wallet(&number.to_string()).await }
                    });
                    if number % 3 == 0 {
                        // The client goes away in the middle.
                        tokio::task::yield_now().await;
                        task.abort();
                    } else {
                        task.await.unwrap().activity();
                    }
                })
            })
            .collect();
        for wallet in wallets {
            wallet.await.unwrap();
        }
        begun.reset().await.ok();
        assert_eq!(begun.query("list_wallets").await["wallets"], json!([]));
        begun.make_wallet("after").await.activity();
        assert_eq!(begun.query("list_wallets").await["wallets"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_server_whose_beginning_is_not_known_stays_as_it_is() {
    let now = Clock::default().now();
    let begun = Beginning::generate("Test", now, &mut os_rng()).unwrap();
    let rows = Arc::new(MemoryStore::default());
    let store = SealedStore::new(rows, Secret::new(MASTER_KEY));
    begun.store(&store).await.unwrap();
    let keys = beginning::server_keys(&store).await.unwrap();
    let url = "http://keyward.test".to_owned();
    let server = DevServer::start(store, keys, None, &Config::default(), url).unwrap();
    let post = |origin: &str| {
        let request = Request::post("/dev/reset").header("origin", origin);
        ask(server.router(), request.body(Body::empty()).unwrap())
    };
    let refused = post("http://localhost:3000").await;
    assert_eq!((refused.status.as_u16(), refused.json()["code"].as_u64()), (400, Some(9)));
    assert!(refused.json()["message"].as_str().unwrap().contains("--seed"));
    assert!(refused.headers.contains_key("date"));
    assert_eq!(post("https://example.com").await.status, 403);
    let healthy = Request::get("/readyz").body(Body::empty()).unwrap();
    assert_eq!(ask(server.router(), healthy).await.status, 200);
}
