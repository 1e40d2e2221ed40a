//! What the stories are played with: a client whose network, clock and stores can be made to fail.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use keyward_crypto::{P256PrivateKey, os_rng};
use keyward_protocol::wire::Timestamp;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{Server, Stage};
use crate::client::{Client, Ports};
use crate::config::Config;
use crate::error::ClientError;
use crate::events::{Event, EventKind};
use crate::log_in::LogIn;
use crate::ports::{
    Clock, Guard, HttpRequest, HttpResponse, SessionStore, StoreError, Transport, TransportError,
};
use crate::session::Session;
use crate::stamper::ApiKeyStamper;

/// Which promise was not kept, for people.
pub(super) type Played<T = ()> = Result<T, String>;

/// Fails the story unless this holds.
macro_rules! ensure {
    ($holds:expr, $($what:tt)+) => {
        if !$holds {
            return Err(format!($($what)+));
        }
    };
}
pub(super) use ensure;

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is done with a request instead of sending it and bringing back the answer.
#[derive(Clone)]
pub(super) enum Fault {
    /// It does not get there.
    Gone,
    /// It gets there, and the answer is lost.
    AnswerLost,
    /// It takes too long.
    Slow,
    /// Something else answers.
    Answer(u16, &'static str),
    /// Something else answers, with a header.
    AnswerWith(u16, (&'static str, &'static str), &'static str),
}

/// A wire that notes what goes over it, and breaks as told.
pub(super) struct Wire {
    through: Arc<dyn Transport>,
    paths: Mutex<Vec<String>>,
    /// For the requests to come whose path has this in it, one each.
    faults: Mutex<VecDeque<(&'static str, Fault)>>,
    /// For all requests.
    is_cut: Mutex<bool>,
}

impl Wire {
    /// How many requests went out.
    pub(super) fn total(&self) -> usize {
        locked(&self.paths).len()
    }

    /// Breaks the next request to such a path. A client tries a request twice.
    pub(super) fn break_next(&self, path: &'static str, fault: &Fault, times: usize) {
        for _ in 0..times {
            locked(&self.faults).push_back((path, fault.clone()));
        }
    }

    /// Cuts or mends the wire.
    pub(super) fn cut(&self, is_cut: bool) {
        *locked(&self.is_cut) = is_cut;
    }
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl Transport for Wire {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let gone = || TransportError::Unreachable("the wire is cut".to_owned());
        locked(&self.paths).push(request.url.clone());
        if *locked(&self.is_cut) {
            return Err(gone());
        }
        let fault = {
            let mut faults = locked(&self.faults);
            let at = faults.iter().position(|(path, _)| request.url.contains(path));
            at.and_then(|at| faults.remove(at))
        };
        let answer = |status, headers, body: &str| HttpResponse {
            status,
            headers,
            body: body.as_bytes().to_vec(),
        };
        match fault {
            None => self.through.send(request).await,
            Some((_, Fault::Gone)) => Err(gone()),
            Some((_, Fault::Slow)) => Err(TransportError::TimedOut),
            Some((_, Fault::AnswerLost)) => {
                self.through.send(request).await?;
                Err(gone())
            }
            Some((_, Fault::Answer(status, body))) => Ok(answer(status, Vec::new(), body)),
            Some((_, Fault::AnswerWith(status, (name, value), body))) => {
                Ok(answer(status, vec![(name.to_owned(), value.to_owned())], body))
            }
        }
    }
}

/// A clock that stands still until it is moved.
pub(super) struct HandClock {
    now_ms: AtomicU64,
    moved: Notify,
}

impl HandClock {
    /// Moves it, ahead or back.
    pub(super) fn move_by(&self, seconds: i64) {
        let now = self.now_ms.load(Ordering::SeqCst);
        let moved = now.saturating_add_signed(seconds.saturating_mul(1000));
        self.now_ms.store(moved, Ordering::SeqCst);
        self.moved.notify_waiters();
    }
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now_ms.load(Ordering::SeqCst))
    }

    async fn sleep_until(&self, at: Timestamp) {
        loop {
            let moved = self.moved.notified();
            if self.now() >= at {
                return;
            }
            moved.await;
        }
    }
}

/// A session store that fails as told.
pub(super) struct Shelf {
    through: Arc<dyn SessionStore>,
    /// What writing fails with.
    pub(super) writes: Mutex<Option<StoreError>>,
    /// What reading fails with.
    pub(super) reads: Mutex<Option<StoreError>>,
}

impl Shelf {
    fn check(fault: &Mutex<Option<StoreError>>) -> Result<(), StoreError> {
        locked(fault).clone().map_or(Ok(()), Err)
    }
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl SessionStore for Shelf {
    async fn get(&self, name: &str) -> Result<Option<String>, StoreError> {
        Self::check(&self.reads)?;
        self.through.get(name).await
    }

    async fn set(&self, name: &str, text: &str) -> Result<(), StoreError> {
        Self::check(&self.writes)?;
        self.through.set(name, text).await
    }

    async fn remove(&self, name: &str) -> Result<(), StoreError> {
        self.through.remove(name).await
    }

    async fn names(&self) -> Result<Vec<String>, StoreError> {
        Self::check(&self.reads)?;
        self.through.names().await
    }

    async fn lock(&self, name: &str) -> Result<Box<dyn Guard>, StoreError> {
        self.through.lock(name).await
    }
}

/// A user of the application, with a lasting API key.
pub(super) struct User {
    pub(super) organization_id: String,
    private_key: [u8; 32],
}

impl User {
    /// The user's key, to log in with.
    pub(super) fn stamper(&self) -> Played<Arc<ApiKeyStamper>> {
        let key = P256PrivateKey::from_bytes(&self.private_key).map_err(|e| e.to_string())?;
        Ok(Arc::new(key.into()))
    }
}

/// A client at work, and everything around it.
pub(super) struct World {
    pub(super) server: Server,
    stage: Arc<dyn Stage>,
    ground: String,
    pub(super) clock: Arc<HandClock>,
    pub(super) wire: Arc<Wire>,
    pub(super) shelf: Arc<Shelf>,
    pub(super) client: Client,
    events: Arc<Mutex<Vec<Event>>>,
}

impl World {
    /// A client on fresh stores.
    pub(super) async fn new(server: &Server, stage: Arc<dyn Stage>, story: &str) -> Played<Self> {
        // A ground of its own each time, also when the suite is run again on durable stores.
        let ground = format!("{story}-{}", hex::encode(crate::log_in::random(&mut os_rng())));
        Self::on(server, stage, ground, |_| {}).await
    }

    /// The same stores after a restart, or another program or tab beside this one. It has a clock of its own.
    pub(super) async fn again(&self) -> Played<Self> {
        self.again_with(|_| {}).await
    }

    /// As [`World::again`], told something else.
    pub(super) async fn again_with(&self, change: impl FnOnce(&mut Config)) -> Played<Self> {
        Self::on(&self.server, self.stage.clone(), self.ground.clone(), change).await
    }

    async fn on(
        server: &Server,
        stage: Arc<dyn Stage>,
        ground: String,
        change: impl FnOnce(&mut Config),
    ) -> Played<Self> {
        let ports = stage.open(&ground).await?;
        let now_ms = AtomicU64::new(ports.clock.now().as_millis());
        let clock = Arc::new(HandClock { now_ms, moved: Notify::new() });
        let wire = Arc::new(Wire {
            through: ports.transport,
            paths: Mutex::default(),
            faults: Mutex::default(),
            is_cut: Mutex::default(),
        });
        let shelf = Arc::new(Shelf {
            through: ports.sessions,
            writes: Mutex::default(),
            reads: Mutex::default(),
        });
        let mut config = Config::new(&server.base_url, &server.organization_id)
            .with_auth_proxy(&server.auth_proxy_config_id);
        change(&mut config);
        let client = Client::new(
            config,
            Ports {
                transport: wire.clone(),
                keys: ports.keys,
                sessions: shelf.clone(),
                clock: clock.clone(),
            },
        );
        let events: Arc<Mutex<Vec<Event>>> = Arc::default();
        let heard = events.clone();
        client.listen(Box::new(move |event| locked(&heard).push(event.clone())));
        Ok(Self { server: server.clone(), stage, ground, clock, wire, shelf, client, events })
    }

    /// Where it is played.
    pub(super) fn stage(&self) -> Arc<dyn Stage> {
        self.stage.clone()
    }

    /// What happened so far, and forgets it.
    pub(super) fn heard(&self) -> Vec<EventKind> {
        locked(&self.events).drain(..).map(|event| event.kind).collect()
    }

    /// Lets time pass, for the server and the device.
    pub(super) async fn pass(&self, seconds: u32) -> Played {
        let body = json!({ "advanceSeconds": seconds });
        let moved = self.http("POST", "/dev/clock", body.to_string()).await?;
        ensure!(moved.status == 200, "the server's clock did not move: HTTP {}", moved.status);
        self.clock.move_by(seconds.into());
        Ok(())
    }

    /// Asks the server, not as the client would.
    pub(super) async fn http(
        &self,
        method: &'static str,
        path: &str,
        body: String,
    ) -> Played<HttpResponse> {
        let url = format!("{}{path}", self.server.base_url);
        let headers = vec![("Content-Type", "application/json".to_owned())];
        let request = HttpRequest { method, url, headers, body: body.into_bytes() };
        self.wire.through.send(request).await.map_err(|error| error.to_string())
    }

    /// The code that was sent last to an address.
    pub(super) async fn code(&self, address: &str) -> Played<String> {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("format", "json")
            .append_pair("to", address)
            .finish();
        // The server sends after it has answered.
        for _ in 0..1000 {
            let inbox = self.http("GET", &format!("/dev/inbox?{query}"), String::new()).await?;
            let inbox: Value = serde_json::from_slice(&inbox.body).map_err(|e| e.to_string())?;
            let messages = inbox.get("messages").and_then(Value::as_array);
            let newest = messages.and_then(|messages| messages.first());
            if let Some(code) = newest.and_then(|message| message.get("code")?.as_str()) {
                return Ok(code.to_owned());
            }
        }
        Err(format!("no code came to {address}"))
    }

    /// The application's own key.
    pub(super) fn parent(&self) -> Played<Arc<ApiKeyStamper>> {
        let stamper = ApiKeyStamper::from_hex(&self.server.api_private_key);
        Ok(Arc::new(stamper.map_err(told)?))
    }

    /// Makes a user with a wallet.
    pub(super) async fn user(&self) -> Played<User> {
        let key = P256PrivateKey::generate(&mut os_rng());
        let parameters = json!({
            "subOrganizationName": "Alice",
            "rootQuorumThreshold": 1,
            "rootUsers": [{
                "userName": "Alice",
                "apiKeys": [{
                    "apiKeyName": "device",
                    "publicKey": hex::encode(key.public_key().compressed()),
                    "curveType": "API_KEY_CURVE_P256",
                }],
                "authenticators": [],
                "oauthProviders": [],
            }],
            "wallet": { "walletName": "Main", "accounts": [{
                "curve": "CURVE_SECP256K1",
                "pathFormat": "PATH_FORMAT_BIP32",
                "path": "m/44'/60'/0'/0/0",
                "addressFormat": "ADDRESS_FORMAT_ETHEREUM",
            }] },
        });
        let parent = self.client.stamped_by(self.parent()?);
        let made = parent.call("create_sub_organization", parameters).await.map_err(told)?;
        let organization_id = text(&made, "subOrganizationId")?;
        Ok(User { organization_id, private_key: *key.expose_bytes().expose() })
    }

    /// Logs a user in under this name, for so long.
    pub(super) async fn log_in(&self, user: &User, name: &str, seconds: u64) -> Played<Session> {
        let log_in = LogIn { expiration_seconds: Some(seconds), ..LogIn::named(name) };
        self.client.log_in(user.stamper()?, "api_key", &log_in).await.map_err(told)
    }

    /// A user, logged in for a quarter of an hour under the default name.
    pub(super) async fn logged_in(&self) -> Played<(User, Session)> {
        let user = self.user().await?;
        let session = self.log_in(&user, crate::sessions::DEFAULT_SESSION, 900).await?;
        self.heard();
        Ok((user, session))
    }

    /// Asks who the active session is.
    pub(super) async fn whoami(&self) -> Result<Value, ClientError> {
        self.client.as_active().call("whoami", json!({})).await
    }

    /// Has the active session make a wallet.
    pub(super) async fn make_wallet(&self, name: &str) -> Result<Value, ClientError> {
        let account = json!({
            "curve": "CURVE_SECP256K1",
            "pathFormat": "PATH_FORMAT_BIP32",
            "path": "m/44'/60'/0'/0/0",
            "addressFormat": "ADDRESS_FORMAT_ETHEREUM",
        });
        let parameters = json!({ "walletName": name, "accounts": [account] });
        self.client.as_active().call("create_wallet", parameters).await
    }

    /// How many keys are kept.
    pub(super) async fn keys(&self) -> Played<usize> {
        Ok(self.client.inner.ports.keys.list().await.map_err(|e| e.to_string())?.len())
    }

    /// The sessions of a user that the server has, by the user's own key.
    pub(super) async fn on_server(&self, user: &User) -> Played<Vec<Value>> {
        let asked = self.client.stamped_by(user.stamper()?).in_organization(&user.organization_id);
        let listed = asked.call("list_sessions", json!({})).await.map_err(told)?;
        Ok(listed.get("sessions").and_then(Value::as_array).cloned().unwrap_or_default())
    }
}

/// An error nobody expected, for people.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(super) fn told(error: ClientError) -> String {
    let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
    format!("{} ({error}{})", error.code(), source.unwrap_or_default())
}

/// A member that is a text.
pub(super) fn text(object: &Value, member: &str) -> Played<String> {
    let found = object.get(member).and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| format!("no {member} in {object}"))
}

/// Checks that a call was refused so.
pub(super) fn refused<T>(outcome: Result<T, ClientError>, code: &str) -> Played<ClientError> {
    match outcome {
        Ok(_) => Err(format!("expected {code}, but it went well")),
        Err(error) if error.code() == code => Ok(error),
        Err(error) => Err(format!("expected {code}, not {}", told(error))),
    }
}
