//! A server in this process, and what it answers.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt;
use keyward_crypto::Secret;
use keyward_server::delivery::Sending;
use keyward_server::{App, Beginning, BeginningError, Config, background, beginning, http};
use keyward_store::{MemoryStore, SealedStore, SqliteStore, Store};
use serde_json::{Value, json};
use tokio::sync::watch;

/// What every test server seals with.
pub(crate) const MASTER_KEY: [u8; 32] = [7; 32];

/// A server without a listener.
pub(crate) struct Server {
    app: Arc<App>,
    router: Router,
    last_timestamp: AtomicU64,
    /// Ends what runs beside the requests, where that was begun.
    end: OnceLock<watch::Sender<bool>>,
}

impl Server {
    /// A server that keeps everything in memory.
    pub(crate) async fn in_memory(beginning: Beginning, config: &Config) -> Arc<Self> {
        Self::in_store(Arc::new(MemoryStore::default()), beginning, config).await
    }

    /// A server that keeps everything in this store, which is empty.
    pub(crate) async fn in_store(
        store: Arc<dyn Store>,
        beginning: Beginning,
        config: &Config,
    ) -> Arc<Self> {
        let store = sealed(store);
        beginning.store(&store).await.unwrap();
        let server = Self::over(store, config).await.unwrap();
        server.work_beside();
        server
    }

    /// A server over a database file that does not exist yet.
    pub(crate) async fn on_disk(file: &Path, beginning: Beginning, config: &Config) -> Arc<Self> {
        let store = sealed(Arc::new(SqliteStore::open(file).unwrap()));
        beginning.store(&store).await.unwrap();
        Self::over(store, config).await.unwrap()
    }

    /// A server over a database file that another has left.
    pub(crate) async fn reopened(file: &Path) -> Result<Arc<Self>, BeginningError> {
        Self::reopened_with(file, &Config::default()).await
    }

    /// The same, with this configuration.
    pub(crate) async fn reopened_with(
        file: &Path,
        config: &Config,
    ) -> Result<Arc<Self>, BeginningError> {
        Self::over(sealed(Arc::new(SqliteStore::open(file).unwrap())), config).await
    }

    /// Sends messages and does whatever else is not a request, until the server is dropped.
    pub(crate) fn work_beside(&self) {
        let (end, ended) = watch::channel(false);
        tokio::spawn(background::run(self.app.clone(), ended));
        assert!(self.end.set(end).is_ok(), "it does that already");
    }

    async fn over(store: SealedStore, config: &Config) -> Result<Arc<Self>, BeginningError> {
        let keys = beginning::server_keys(&store).await?;
        let base_url = "http://keyward.test".to_owned();
        let app = Arc::new(App::for_development(store, keys, config, base_url).unwrap());
        Ok(Self::around(app))
    }

    /// A server for production, which keeps everything in memory.
    pub(crate) async fn in_production(beginning: Beginning, config: &Config) -> Arc<Self> {
        let store = sealed(Arc::new(MemoryStore::default()));
        beginning.store(&store).await.unwrap();
        let keys = beginning::server_keys(&store).await.unwrap();
        let delivery = Arc::new(Sending::new(config).unwrap());
        let base_url = "http://keyward.test".to_owned();
        Self::around(Arc::new(App::new(store, keys, config, base_url, delivery)))
    }

    fn around(app: Arc<App>) -> Arc<Self> {
        let router = http::router(app.clone());
        let last_timestamp = AtomicU64::new(0);
        Arc::new(Self { app, router, last_timestamp, end: OnceLock::new() })
    }

    /// Moves the clock ahead.
    pub(crate) fn advance(&self, seconds: u64) {
        self.app.clock.advance(seconds);
    }

    /// Milliseconds since the Unix epoch, by the server's clock.
    pub(crate) fn now(&self) -> u64 {
        self.app.clock.now().as_millis()
    }

    /// The present as a submission's timestamp, never the same twice: equal bodies are one activity.
    pub(crate) fn timestamp(&self) -> String {
        let now = self.now();
        let later = |last: u64| Some(now.max(last + 1));
        let last = self.last_timestamp.fetch_update(Ordering::SeqCst, Ordering::SeqCst, later);
        now.max(last.unwrap() + 1).to_string()
    }

    /// Posts a body, and takes the answer whatever it is.
    pub(crate) async fn post(&self, path: &str, headers: &[Header], body: &[u8]) -> Answer {
        let mut request = Request::builder().method(Method::POST).uri(path);
        for (name, value) in headers {
            request = request.header(*name, value.as_slice());
        }
        self.send(request.body(Body::from(body.to_vec())).unwrap()).await
    }

    /// Gets a path, and takes the answer whatever it is.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Sends a request, and takes the answer whatever it is.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        ask(self.router.clone(), request).await
    }
}

/// Sends a request to a router.
pub(crate) async fn ask(router: Router, request: Request<Body>) -> Answer {
    let asked = format!("{} {}", request.method(), request.uri());
    let response = http::respond(router, request).await;
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes().to_vec();
    Answer { asked, status: parts.status, headers: parts.headers, bytes }
}

fn sealed(store: Arc<dyn Store>) -> SealedStore {
    SealedStore::new(store, Secret::new(MASTER_KEY))
}

/// Name and value of a header.
pub(crate) type Header = (&'static str, Vec<u8>);

/// A header whose value is text.
pub(crate) fn header(name: &'static str, value: impl Into<String>) -> Header {
    (name, value.into().into_bytes())
}

/// What a server answered.
pub(crate) struct Answer {
    asked: String,
    /// HTTP status.
    pub(crate) status: StatusCode,
    /// Headers.
    pub(crate) headers: HeaderMap,
    /// Body.
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}: {}", self.asked, self.text());
        self.json()
    }

    /// The activity in the body of a success.
    #[track_caller]
    pub(crate) fn activity(&self) -> Value {
        self.ok()["activity"].clone()
    }

    /// The text of a refusal, which must have the protocol's shape and this status, code and name.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: u8, name: &str) -> String {
        let told = self.refusal();
        assert_eq!(told, (status, code, name.to_owned()), "{}: {}", self.asked, self.text());
        self.message()
    }

    /// Status, code and name of a refusal, which must have the protocol's shape.
    #[track_caller]
    pub(crate) fn refusal(&self) -> (u16, u8, String) {
        let body = self.json();
        let context = || format!("{}: {} {body}", self.asked, self.status);
        assert!(self.status.is_client_error() || self.status.is_server_error(), "{}", context());
        let mut members: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["code", "details", "message", "turnkeyErrorCode"], "{}", context());
        let code = u8::try_from(body["code"].as_u64().unwrap()).unwrap();
        assert_eq!(status_of(code), self.status.as_u16(), "{}", context());
        assert!(!body["message"].as_str().unwrap().is_empty(), "{}", context());
        let name = body["turnkeyErrorCode"].as_str().unwrap();
        let details = body["details"].as_array().unwrap();
        let repeated = json!({
            "@type": "type.googleapis.com/errors.v1.TurnkeyErrorDetail",
            "turnkeyErrorCode": name,
        });
        if name == "UNSPECIFIED" {
            assert!(details.is_empty(), "{}", context());
        } else if name != "REQUEST_NOT_AUTHORIZED" && !has_violations(details) {
            assert_eq!(details, &[repeated], "{}", context());
        }
        (self.status.as_u16(), code, name.to_owned())
    }

    /// The `message` of a refusal.
    #[track_caller]
    pub(crate) fn message(&self) -> String {
        self.json()["message"].as_str().unwrap().to_owned()
    }

    /// The body, which must be JSON and say so.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let kind = self.headers.get("content-type").map(HeaderValue::as_bytes);
        assert_eq!(kind, Some(&b"application/json"[..]), "{}: {}", self.asked, self.text());
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.asked, self.text()))
    }
}

fn has_violations(details: &[Value]) -> bool {
    details.iter().any(|detail| detail["@type"] == "type.googleapis.com/google.rpc.BadRequest")
}

/// The HTTP status that goes with a gRPC code.
fn status_of(code: u8) -> u16 {
    match code {
        3 | 9 | 11 => 400,
        4 => 504,
        5 => 404,
        6 | 10 => 409,
        7 => 403,
        8 => 429,
        12 => 501,
        14 => 503,
        16 => 401,
        _ => 500,
    }
}
