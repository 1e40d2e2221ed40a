//! The client: what it is made of, and how a request goes out and its answer comes in.

use std::sync::{Arc, Mutex, PoisonError};

use keyward_protocol::wire::Timestamp;
use serde_json::Value;
use tokio::sync::Notify;

use crate::config::Config;
use crate::error::{ClientError, Refusal};
use crate::events::{Event, EventKind, Listener};
use crate::ports::{
    Clock, HttpRequest, HttpResponse, KeyStore, SessionStore, Transport, TransportError,
};
use crate::stamper::Stamper;

/// Answers by the server may lie this far off without the device's clock being called wrong, in
/// milliseconds: `Date` has whole seconds, and answers take time.
const JITTER_MS: u64 = 2_000;
/// A submission is sent again with the server's time when the time it was sent with was off by more than
/// this, in milliseconds.
const WRONG_MS: u64 = 30_000;

const VERSION: &str = concat!("keyward-client@", env!("CARGO_PKG_VERSION"));

/// What a platform gives.
#[derive(Clone)]
pub struct Ports {
    /// Sends.
    pub transport: Arc<dyn Transport>,
    /// Keeps keys.
    pub keys: Arc<dyn KeyStore>,
    /// Keeps sessions.
    pub sessions: Arc<dyn SessionStore>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// A client of one application. Cheap to clone; clones are the same client.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) ports: Ports,
    /// How far the server's clock is ahead of the device's, in milliseconds.
    ahead_ms: Mutex<i64>,
    /// What the last submission was sent with, in milliseconds.
    last_sent_ms: Mutex<u64>,
    listeners: Mutex<Vec<(u64, Arc<Listener>)>>,
    /// Tells [`Client::run`] to look again.
    pub(crate) changed: Notify,
    /// The last session, by name and key, that [`EventKind::AboutToExpire`] was told of.
    pub(crate) warned: Mutex<Vec<(String, String)>>,
}

/// What is asked of the API: a query or a submission, without who asks and when.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    /// Such as `/public/v1/query/whoami`.
    pub(crate) path: String,
    /// `ACTIVITY_TYPE_…` of a submission; `None` for a query.
    pub(crate) kind: Option<&'a str>,
    /// An object: the parameters of a submission, the body of a query.
    pub(crate) parameters: Value,
}

impl Call<'_> {
    /// Whether it says itself which organization it is about.
    pub(crate) fn names_organization(&self) -> bool {
        let named = self.parameters.get("organizationId").and_then(Value::as_str);
        self.kind.is_none() && named.is_some_and(|named| !named.is_empty())
    }

    /// The bytes to send.
    pub(crate) fn body(&self, organization_id: &str, now: Timestamp) -> String {
        let names_organization = self.names_organization();
        let mut body = self.parameters.clone();
        if let Some(kind) = self.kind {
            body = serde_json::json!({
                "type": kind,
                "timestampMs": now.as_millis().to_string(),
                "organizationId": organization_id,
                "parameters": body,
            });
        } else if let (Value::Object(members), false) = (&mut body, names_organization) {
            members.insert("organizationId".to_owned(), organization_id.into());
        }
        body.to_string()
    }
}

impl Client {
    /// A client over these ports. Does nothing yet: sessions of an earlier run are found when asked for.
    pub fn new(config: Config, ports: Ports) -> Self {
        let inner = Inner {
            config,
            ports,
            ahead_ms: Mutex::default(),
            last_sent_ms: Mutex::default(),
            listeners: Mutex::default(),
            changed: Notify::new(),
            warned: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// What it was told.
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// How well the keys are guarded.
    pub fn key_protection(&self) -> crate::ports::KeyProtection {
        self.inner.ports.keys.protection()
    }

    /// The server's time, as far as it is known: the device's until the server has answered.
    pub fn now(&self) -> Timestamp {
        let ahead = *self.ahead_ms();
        let device = self.inner.ports.clock.now().as_millis();
        Timestamp::from_millis(device.saturating_add_signed(ahead))
    }

    /// The device's time when the server's is `at`.
    pub(crate) fn device_time(&self, at: Timestamp) -> Timestamp {
        let ahead = *self.ahead_ms();
        Timestamp::from_millis(at.as_millis().saturating_add_signed(ahead.saturating_neg()))
    }

    fn ahead_ms(&self) -> std::sync::MutexGuard<'_, i64> {
        self.inner.ahead_ms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the server for the time.
    ///
    /// # Errors
    ///
    /// [`ClientError::Offline`].
    pub async fn sync_time(&self) -> Result<Timestamp, ClientError> {
        self.get("/healthz").await?;
        Ok(self.now())
    }

    /// Has a function told of every event; returns what [`Client::forget_listener`] takes.
    pub fn listen(&self, listener: Listener) -> u64 {
        let mut listeners = self.inner.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        let id = listeners.last().map_or(0, |(id, _)| id.saturating_add(1));
        listeners.push((id, Arc::new(listener)));
        id
    }

    /// Tells a listener no more.
    pub fn forget_listener(&self, id: u64) {
        let mut listeners = self.inner.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|(known, _)| *known != id);
    }

    /// Tells the listeners of an event that another client on the same stores had, such as another tab.
    pub fn heard(&self, event: &Event) {
        let event = Event { from_elsewhere: true, ..event.clone() };
        self.tell(&event);
    }

    pub(crate) fn emit(&self, kind: EventKind, session: &str) {
        self.tell(&Event { kind, session: session.to_owned(), from_elsewhere: false });
    }

    fn tell(&self, event: &Event) {
        let listeners = self.inner.listeners.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (_, listener) in listeners {
            listener(event);
        }
        self.inner.changed.notify_waiters();
    }

    /// Sends what is asked, vouched for by `stamper`, who is asked again for the server's time when the
    /// device's was wrong.
    pub(crate) async fn send(
        &self,
        call: &Call<'_>,
        organization_id: &str,
        stamper: &dyn Stamper,
    ) -> Result<Vec<u8>, Failed> {
        self.send_at(call, organization_id, stamper, self.stamp_time()).await
    }

    /// The time to send a submission with: no two share one, as the server runs the same bytes once.
    pub(crate) fn stamp_time(&self) -> Timestamp {
        let mut last = self.inner.last_sent_ms.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.now().as_millis();
        // Not forever after a clock that was ahead.
        let is_close = last.saturating_sub(now) < WRONG_MS;
        *last = if is_close { now.max(last.saturating_add(1)) } else { now };
        Timestamp::from_millis(*last)
    }

    /// Sends as [`Client::send`], as if it were `sent_at`.
    pub(crate) async fn send_at(
        &self,
        call: &Call<'_>,
        organization_id: &str,
        stamper: &dyn Stamper,
        mut sent_at: Timestamp,
    ) -> Result<Vec<u8>, Failed> {
        let mut is_second = false;
        loop {
            let body = call.body(organization_id, sent_at);
            let stamp = stamper.stamp(body.as_bytes()).await?;
            let url = format!("{}{}", self.inner.config.base_url, call.path);
            let response = self.post(url, vec![(stamp.header, stamp.value)], body).await?;
            if response.status == 200 {
                return Ok(response.body);
            }
            let was_wrong = self.now().as_millis().abs_diff(sent_at.as_millis()) > WRONG_MS;
            if response.status == 400 && call.kind.is_some() && was_wrong && !is_second {
                (is_second, sent_at) = (true, self.stamp_time());
                continue;
            }
            return Err(Failed::Refused(refused(&response)));
        }
    }

    /// Posts JSON; tried once more when the connection fails. The server runs the same bytes once.
    pub(crate) async fn post(
        &self,
        url: String,
        headers: Vec<(&'static str, String)>,
        body: String,
    ) -> Result<HttpResponse, ClientError> {
        let mut all = vec![
            ("Content-Type", "application/json".to_owned()),
            ("X-Client-Version", VERSION.to_owned()),
        ];
        all.extend(headers);
        self.http(HttpRequest { method: "POST", url, headers: all, body: body.into_bytes() }).await
    }

    /// Gets a path of the server.
    pub(crate) async fn get(&self, path: &str) -> Result<HttpResponse, ClientError> {
        let url = format!("{}{path}", self.inner.config.base_url);
        self.http(HttpRequest { method: "GET", url, headers: Vec::new(), body: Vec::new() }).await
    }

    pub(crate) async fn http(&self, request: HttpRequest) -> Result<HttpResponse, ClientError> {
        let is_ours = request.url.starts_with(&self.inner.config.base_url);
        let transport = &self.inner.ports.transport;
        let response = match transport.send(request.clone()).await {
            Ok(response) => response,
            Err(TransportError::Unreachable(_)) => transport.send(request).await?,
            Err(late) => return Err(late.into()),
        };
        if is_ours {
            self.learn_time(&response);
        }
        Ok(response)
    }

    /// Reads the server's time off an answer (RFC 9110 §6.6.1).
    fn learn_time(&self, response: &HttpResponse) {
        let date = response.header("date").and_then(|date| httpdate::parse_http_date(date).ok());
        let since = date.and_then(|date| date.duration_since(std::time::UNIX_EPOCH).ok());
        let Some(server_ms) = since.and_then(|since| u64::try_from(since.as_millis()).ok()) else {
            return;
        };
        if self.now().as_millis().abs_diff(server_ms) > JITTER_MS {
            let device = self.inner.ports.clock.now().as_millis();
            let (server, device) = (i64::try_from(server_ms), i64::try_from(device));
            if let (Ok(server), Ok(device)) = (server, device) {
                *self.ahead_ms() = server.saturating_sub(device);
                // What was to be done when is another time now.
                self.inner.changed.notify_waiters();
            }
        }
    }
}

/// Why a stamped request got nowhere.
pub(crate) enum Failed {
    /// The server said no.
    Refused(Refused),
    /// Anything else.
    Otherwise(ClientError),
}

impl From<ClientError> for Failed {
    fn from(error: ClientError) -> Self {
        Self::Otherwise(error)
    }
}

/// What a refusal says of who asked.
pub(crate) enum Refused {
    /// The key, passkey or token is not known.
    UnknownCredential,
    /// The key is past its end.
    Expired,
    /// A token is not accepted any more.
    InvalidToken,
    /// There is no such organization, or not any more.
    UnknownOrganization(ClientError),
    /// Anything else.
    Otherwise(ClientError),
}

impl Failed {
    /// What it means when no session asked.
    pub(crate) fn without_session(self) -> ClientError {
        match self {
            Self::Otherwise(error)
            | Self::Refused(Refused::Otherwise(error) | Refused::UnknownOrganization(error)) => {
                error
            }
            Self::Refused(Refused::UnknownCredential | Refused::InvalidToken) => {
                ClientError::UnknownCredential
            }
            Self::Refused(Refused::Expired) => ClientError::SessionExpired,
        }
    }
}

/// What an answer that is no success means.
fn refused(response: &HttpResponse) -> Refused {
    let refusal = Refusal::read(response);
    if response.status == 401 {
        if refusal.is("PUBLIC_KEY_NOT_FOUND") || refusal.is("CREDENTIAL_NOT_FOUND") {
            return Refused::UnknownCredential;
        }
        if refusal.is("API_KEY_EXPIRED") {
            return Refused::Expired;
        }
        if refusal.is("UNAUTHENTICATED") {
            return Refused::InvalidToken;
        }
    }
    let is_gone = refusal.is("ORGANIZATION_NOT_FOUND") || refusal.is("INVALID_ORGANIZATION_ID");
    let error = error_of(response, refusal);
    if is_gone { Refused::UnknownOrganization(error) } else { Refused::Otherwise(error) }
}

/// What an answer that is no success means, whoever asked.
pub(crate) fn error_of(response: &HttpResponse, refusal: Refusal) -> ClientError {
    match response.status {
        429 => ClientError::RateLimited {
            retry_after_seconds: response.header("retry-after").and_then(|text| text.parse().ok()),
        },
        403 => ClientError::Denied(refusal),
        501 => ClientError::Refused(refusal),
        500.. => ClientError::ServerFailed(refusal),
        _ if refusal.is("MAX_OTP_INITIATED") => ClientError::TooManyOtpCodes,
        400..500 if refusal.grpc_code != 0 => ClientError::Refused(refusal),
        status => ClientError::Unintelligible(format!("HTTP {status} without a reason")),
    }
}
