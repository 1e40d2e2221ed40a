//! Asking other people's servers over HTTPS, without being led into our own network.
//!
//! Whom we ask is named by strangers: an identity token says who issued it. So every address is checked
//! at the moment it is connected to, redirects are not followed, and time, size and number are bounded.

use std::fmt::Debug;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use keyward_crypto::SecretBytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use ureq::config::Config as AgentConfig;
use ureq::http::{HeaderName, HeaderValue, Uri, header};
use ureq::tls::TlsConfig;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::time::{Duration as Remaining, Instant as Moment};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, NextTimeout, RustlsConnector, TcpConnector, Transport,
};
use ureq::{Agent, Timeout};

use crate::config::{OidcConfig, WebhooksConfig};
use crate::tls;

/// Longest URL that is asked.
const URL_LIMIT_BYTES: usize = 2048;
/// Largest head of an answer.
const HEAD_LIMIT_BYTES: usize = 32 * 1024;

/// Why there is no answer.
///
/// The texts name neither the address nor the host, so they may be shown to whoever caused the request.
/// The sources are for the log.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// It is not an absolute `http` or `https` URL, or has user information or a fragment.
    #[error("the address is not a valid URL")]
    InvalidUrl,
    /// It is `http`, and its origin is not one of `private_issuers`.
    #[error("the address must be an https URL")]
    Insecure,
    /// It is in a private network, or in another one that is not asked.
    #[error("the address is in a network that is not asked")]
    Forbidden,
    /// Too many others are being asked already. Worth another try.
    #[error("too many fetches at once")]
    Busy,
    /// The answer did not come in time.
    #[error("the answer took too long")]
    TimedOut,
    /// The answer is larger than is read.
    #[error("the answer is too large")]
    TooLarge,
    /// The answer sends us elsewhere, which we don't follow.
    #[error("the answer is a redirect")]
    Redirected,
    /// The answer has this status instead of 200.
    #[error("the answer has status {0}")]
    Status(u16),
    /// The answer is not JSON of the right shape. Says nothing more: it may hold a secret.
    #[error("the answer is malformed")]
    Malformed,
    /// There is no connection, or it broke.
    #[error("the server can't be reached")]
    Unreachable(#[source] Arc<ureq::Error>),
    /// The server is ending, or the fetch died. Worth another try.
    #[error("the fetch was interrupted")]
    Interrupted,
    /// It is not an issuer: see [`Issuer::parse`](crate::oidc::Issuer::parse).
    #[error("the issuer is not valid")]
    InvalidIssuer,
    /// It is none of `allowed_issuers`.
    #[error("the issuer is not allowed")]
    IssuerNotAllowed,
    /// The document found under an issuer's name is another's.
    #[error("the issuer's configuration names another issuer")]
    IssuerMismatch,
    /// The issuer's key set is not one.
    #[error("the issuer's keys are malformed")]
    KeySet(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

impl FetchError {
    /// Whether the other side, or we, are merely not able to at the moment.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Busy | Self::TimedOut | Self::Unreachable(_) | Self::Interrupted => true,
            Self::Status(status) => matches!(status, 408 | 429 | 500..),
            _ => false,
        }
    }
}

/// Scheme, host and port of a URL.
///
/// In configuration `http://127.0.0.1:4000`, without a path.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(try_from = "String")]
pub struct Origin {
    is_https: bool,
    host: String,
    port: u16,
}

impl TryFrom<String> for Origin {
    type Error = FetchError;

    fn try_from(text: String) -> Result<Self, FetchError> {
        let url = Url::parse(&text)?;
        let path = url.uri.path_and_query().map_or("", |path| path.as_str());
        if matches!(path, "" | "/") { Ok(url.origin) } else { Err(FetchError::InvalidUrl) }
    }
}

/// An absolute `http` or `https` URL without user information and fragment.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub struct Url {
    uri: Uri,
    origin: Origin,
}

impl TryFrom<String> for Url {
    type Error = FetchError;

    fn try_from(text: String) -> Result<Self, FetchError> {
        Self::parse(&text)
    }
}

impl Url {
    /// Reads at most 2048 ASCII characters.
    ///
    /// # Errors
    ///
    /// [`FetchError::InvalidUrl`]. Whether it may be asked is the [`Fetcher`]'s affair.
    pub fn parse(text: &str) -> Result<Self, FetchError> {
        // `Uri` drops fragments silently.
        if text.len() > URL_LIMIT_BYTES
            || !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
        {
            return Err(FetchError::InvalidUrl);
        }
        let uri: Uri = text.parse().map_err(|_| FetchError::InvalidUrl)?;
        let origin = Origin::of(&uri).ok_or(FetchError::InvalidUrl)?;
        Ok(Self { uri, origin })
    }

    /// Whom it asks.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

impl Origin {
    fn of(uri: &Uri) -> Option<Self> {
        let is_https = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri.authority()?;
        let host = authority.host();
        let port = authority.port_u16();
        // Nothing but host and port: no user information, no empty or overlong port.
        let plain = port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        if host.is_empty() || authority.as_str() != plain {
            return None;
        }
        let port = port.unwrap_or(if is_https { 443 } else { 80 });
        Some(Self { is_https, host: host.to_ascii_lowercase(), port })
    }

    /// The address that it names without a name.
    fn address(&self) -> Option<IpAddr> {
        self.host.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }

    fn is_local_name(&self) -> bool {
        self.host == "localhost" || self.host.ends_with(".localhost")
    }

    /// Whether it is on this machine.
    fn is_loopback(&self) -> bool {
        self.address().map_or_else(|| self.is_local_name(), |address| address.is_loopback())
    }

    /// Whether it may be on the public internet, as far as its text says.
    fn looks_public(&self) -> bool {
        self.address().map_or_else(|| !self.is_local_name(), is_public)
    }
}

/// How much a fetch may take.
#[derive(Clone, Copy, Debug)]
pub struct FetchLimits {
    /// Longest time from looking up the name to the last byte of the answer.
    pub timeout: Duration,
    /// Longest time to wait until fewer than `concurrent` fetches are under way.
    pub wait: Duration,
    /// Largest body of an answer.
    pub answer_bytes: u64,
    /// Fetches under way at once.
    pub concurrent: usize,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(5),
            wait: Duration::from_secs(5),
            answer_bytes: 256 * 1024,
            concurrent: 8,
        }
    }
}

/// An answer, whatever its status.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body; secret, as a token endpoint's is.
    pub body: SecretBytes,
}

impl Answer {
    /// The body of an answer with status 200.
    ///
    /// # Errors
    ///
    /// [`FetchError::Redirected`] for 3xx, else [`FetchError::Status`].
    pub fn ok(self) -> Result<SecretBytes, FetchError> {
        match self.status {
            200 => Ok(self.body),
            300..400 => Err(FetchError::Redirected),
            status => Err(FetchError::Status(status)),
        }
    }

    /// The body of an answer with status 200, read as JSON.
    ///
    /// # Errors
    ///
    /// Those of [`Answer::ok`], and [`FetchError::Malformed`].
    pub fn json<T: DeserializeOwned>(self) -> Result<T, FetchError> {
        serde_json::from_slice(self.ok()?.expose()).map_err(|_| FetchError::Malformed)
    }
}

/// A header of a request.
pub type Header = (HeaderName, HeaderValue);

/// The one client for other people's servers. A clone is the same client.
#[derive(Clone)]
pub struct Fetcher(Arc<Inner>);

struct Inner {
    rules: Rules,
    limits: FetchLimits,
    places: Arc<Semaphore>,
    agent: OnceLock<Agent>,
}

impl Fetcher {
    /// A client with the usual limits.
    pub fn new(config: &OidcConfig) -> Self {
        Self::with_limits(config, FetchLimits::default())
    }

    /// A client with limits of one's own.
    pub fn with_limits(config: &OidcConfig, limits: FetchLimits) -> Self {
        let rules = Rules {
            is_private_allowed: config.allow_private_networks,
            is_loopback_allowed: false,
            private_origins: config.private_issuers.as_slice().into(),
        };
        Self::within(rules, limits)
    }

    /// A client that sends to webhook endpoints; in development to those on this machine too.
    pub fn for_webhooks(
        config: &WebhooksConfig,
        limits: FetchLimits,
        is_development: bool,
    ) -> Self {
        let rules = Rules {
            is_private_allowed: config.allow_private_networks,
            is_loopback_allowed: is_development,
            private_origins: config.private_origins.as_slice().into(),
        };
        Self::within(rules, limits)
    }

    fn within(rules: Rules, limits: FetchLimits) -> Self {
        let places = Arc::new(Semaphore::new(limits.concurrent));
        Self(Arc::new(Inner { rules, limits, places, agent: OnceLock::new() }))
    }

    /// Whether a URL may be asked, as far as that shows before its name is looked up.
    ///
    /// # Errors
    ///
    /// [`FetchError::Insecure`].
    pub fn permits(&self, url: &Url) -> Result<(), FetchError> {
        let is_permitted = url.origin.is_https || self.0.rules.is_listed(&url.origin);
        if is_permitted { Ok(()) } else { Err(FetchError::Insecure) }
    }

    /// Whether a URL may be asked, as far as its text says. Its name is looked up only when it is connected to.
    ///
    /// # Errors
    ///
    /// [`FetchError::Insecure`], and [`FetchError::Forbidden`] for an address of a network that is not asked.
    pub fn admits(&self, url: &Url) -> Result<(), FetchError> {
        self.permits(url)?;
        let rules = &self.0.rules;
        let is_open = rules.is_private_allowed || rules.is_listed(&url.origin);
        if is_open || url.origin.looks_public() { Ok(()) } else { Err(FetchError::Forbidden) }
    }

    /// Asks for a JSON document.
    ///
    /// # Errors
    ///
    /// [`FetchError`], but not for a status.
    pub async fn get(&self, url: &Url, headers: Vec<Header>) -> Result<Answer, FetchError> {
        self.run(url, move |inner, uri| inner.ask(uri, headers, None)).await
    }

    /// Posts JSON and asks for a JSON document.
    ///
    /// # Errors
    ///
    /// [`FetchError`], but not for a status.
    pub async fn post_json(&self, url: &Url, json: Vec<u8>) -> Result<Answer, FetchError> {
        let body = Body { kind: "application/json", bytes: SecretBytes::new(json) };
        self.run(url, move |inner, uri| inner.ask(uri, Vec::new(), Some(&body))).await
    }

    /// Posts a form and asks for a JSON document.
    ///
    /// # Errors
    ///
    /// [`FetchError`], but not for a status.
    pub async fn post(
        &self,
        url: &Url,
        headers: Vec<Header>,
        form: Form,
    ) -> Result<Answer, FetchError> {
        let body = Body { kind: "application/x-www-form-urlencoded", bytes: form.0 };
        self.run(url, move |inner, uri| inner.ask(uri, headers, Some(&body))).await
    }

    /// Posts JSON and waits for the status, whatever it is. The body of the answer is not read.
    ///
    /// # Errors
    ///
    /// [`FetchError`], but not for a status.
    pub async fn tell(
        &self,
        url: &Url,
        headers: Vec<Header>,
        json: String,
    ) -> Result<u16, FetchError> {
        self.run(url, move |inner, uri| inner.tell(uri, headers, &json)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        url: &Url,
        ask: impl FnOnce(&Inner, &Uri) -> Result<T, ureq::Error> + Send + 'static,
    ) -> Result<T, FetchError> {
        self.permits(url)?;
        let place = tokio::time::timeout(self.0.limits.wait, self.0.places.clone().acquire_owned())
            .await
            .map_err(|_| FetchError::Busy)?
            .map_err(|_| FetchError::Interrupted)?;
        let inner = self.0.clone();
        let uri = url.uri.clone();
        // Goes on when nobody waits any more, and keeps its place until it is over.
        tokio::task::spawn_blocking(move || {
            let _place: OwnedSemaphorePermit = place;
            ask(&inner, &uri).map_err(fetch_error)
        })
        .await
        .map_err(|_| FetchError::Interrupted)?
    }
}

impl Inner {
    fn agent(&self) -> &Agent {
        self.agent.get_or_init(|| agent(self.rules.clone(), self.limits.timeout))
    }

    fn tell(&self, uri: &Uri, headers: Vec<Header>, json: &str) -> Result<u16, ureq::Error> {
        let mut request = self.agent().post(uri).header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        Ok(request.send(json)?.status().as_u16())
    }

    fn ask(
        &self,
        uri: &Uri,
        headers: Vec<Header>,
        body: Option<&Body>,
    ) -> Result<Answer, ureq::Error> {
        let agent = self.agent();
        let mut answer = if let Some(body) = body {
            let mut request = agent
                .post(uri)
                .header(header::CONTENT_TYPE, body.kind)
                .header(header::ACCEPT, "application/json");
            for (name, value) in headers {
                request = request.header(name, value);
            }
            // What it says leaves for the server it is meant for.
            request.send(body.bytes.expose())?
        } else {
            let mut request = agent.get(uri).header(header::ACCEPT, "application/json");
            for (name, value) in headers {
                request = request.header(name, value);
            }
            request.call()?
        };
        let limit = self.limits.answer_bytes;
        let length = answer.body().content_length();
        if length.is_some_and(|length| length > limit) {
            return Err(ureq::Error::BodyExceedsLimit(limit));
        }
        // One room from the start where the length is known: a vector that grows leaves copies.
        let room = length.and_then(|length| usize::try_from(length).ok()).unwrap_or(16 * 1024);
        let mut body = Vec::with_capacity(room);
        // The reader fails when its limit is reached, even at the very end of the body.
        let mut reader = answer.body_mut().with_config().limit(limit.saturating_add(1)).reader();
        let read = reader.read_to_end(&mut body);
        let body = SecretBytes::new(body);
        read?;
        Ok(Answer { status: answer.status().as_u16(), body })
    }
}

fn fetch_error(error: ureq::Error) -> FetchError {
    match error {
        ureq::Error::Timeout(_) => FetchError::TimedOut,
        ureq::Error::BodyExceedsLimit(_) | ureq::Error::LargeResponseHeader(..) => {
            FetchError::TooLarge
        }
        ureq::Error::Other(source) if source.is::<FetchError>() => FetchError::Forbidden,
        error => FetchError::Unreachable(Arc::new(error)),
    }
}

/// A client that connects to the addresses the rules leave, and to nobody else.
fn agent(rules: Rules, timeout: Duration) -> Agent {
    let config = AgentConfig::builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        // A proxy would look names up itself, behind our back; by default variables name one.
        .proxy(None)
        .timeout_global(Some(timeout))
        .max_response_header_size(HEAD_LIMIT_BYTES)
        .max_idle_connections(0)
        .user_agent(concat!("keyward/", env!("CARGO_PKG_VERSION")))
        .tls_config(tls())
        .build();
    let resolver = GuardedResolver { names: DefaultResolver::default(), rules };
    let connector =
        ().chain(TcpConnector::default())
            .chain(DeadlineConnector)
            .chain(RustlsConnector::default());
    Agent::with_parts(config, connector, resolver)
}

/// Ends a connection when its time is up.
///
/// ureq bounds each single read, and by a second still after its global timeout: whoever sends a byte now
/// and then would be listened to for hours.
#[derive(Debug)]
struct DeadlineConnector;

#[derive(Debug)]
struct DeadlineTransport<T> {
    transport: T,
    deadline: Instant,
}

impl<In: Transport> Connector<In> for DeadlineConnector {
    type Out = DeadlineTransport<In>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        // What was left of the global timeout when connecting began.
        let deadline = match details.now {
            Moment::Exact(began) => began.checked_add(*details.timeout.after),
            Moment::AlreadyHappened | Moment::NotHappening => None,
        };
        let deadline = deadline.ok_or(ureq::Error::Timeout(Timeout::Global))?;
        Ok(chained.map(|transport| DeadlineTransport { transport, deadline }))
    }
}

impl<T> DeadlineTransport<T> {
    fn shorten(&self, timeout: NextTimeout) -> Result<NextTimeout, ureq::Error> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ureq::Error::Timeout(Timeout::Global));
        }
        let after = Remaining::Exact(left.min(*timeout.after));
        Ok(NextTimeout { after, reason: timeout.reason })
    }
}

impl<T: Transport> Transport for DeadlineTransport<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.transport.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let timeout = self.shorten(timeout)?;
        self.transport.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let timeout = self.shorten(timeout)?;
        self.transport.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.transport.is_open()
    }

    fn is_tls(&self) -> bool {
        self.transport.is_tls()
    }
}

/// Without certificates the server starts all the same, and no issuer is trusted.
fn tls() -> TlsConfig {
    tls::client().unwrap_or_else(|error| {
        tracing::error!(%error, "no certificate authorities found: no issuer will be trusted");
        tls::trusting(&[])
    })
}

/// What is posted.
struct Body {
    /// Its media type.
    kind: &'static str,
    bytes: SecretBytes,
}

/// Fields of a form, encoded as HTML forms are.
pub struct Form(SecretBytes);

impl Form {
    /// Encodes names and values, in order.
    pub fn new(fields: &[(&str, &[u8])]) -> Self {
        // Enough for the worst case, so that the vector never moves and leaves a secret behind.
        let room = fields.iter().map(|(name, value)| 3 * (name.len() + value.len()) + 2).sum();
        let mut encoded = Vec::with_capacity(room);
        for (name, value) in fields {
            if !encoded.is_empty() {
                encoded.push(b'&');
            }
            form_encode(name.as_bytes(), &mut encoded);
            encoded.push(b'=');
            form_encode(value, &mut encoded);
        }
        Self(SecretBytes::new(encoded))
    }
}

/// Appends at most three bytes for each of `bytes`.
///
/// Source: RFC 6749 Appendix B, which cites HTML 4.01.
pub(crate) fn form_encode(bytes: &[u8], encoded: &mut Vec<u8>) {
    let hex_digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'A' + nibble - 10 };
    for &byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => {
                encoded.push(byte);
            }
            b' ' => encoded.push(b'+'),
            _ => encoded.extend([b'%', hex_digit(byte >> 4), hex_digit(byte & 15)]),
        }
    }
}

/// Whom we ask although they are not on the public internet.
#[derive(Clone, Debug)]
struct Rules {
    is_private_allowed: bool,
    /// Whether this machine is, over http too.
    is_loopback_allowed: bool,
    private_origins: Arc<[Origin]>,
}

impl Rules {
    fn is_listed(&self, origin: &Origin) -> bool {
        self.private_origins.contains(origin) || (self.is_loopback_allowed && origin.is_loopback())
    }
}

/// Looks names up and leaves the addresses that may be connected to. Literal addresses come here too.
#[derive(Debug)]
struct GuardedResolver {
    names: DefaultResolver,
    rules: Rules,
}

impl Resolver for GuardedResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &AgentConfig,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.names.resolve(uri, config, timeout)?;
        let is_listed = Origin::of(uri).is_some_and(|origin| self.rules.is_listed(&origin));
        if is_listed || self.rules.is_private_allowed {
            return Ok(found);
        }
        let mut left = self.empty();
        for address in found.iter().filter(|address| is_public(address.ip())) {
            left.push(*address);
        }
        if left.is_empty() {
            return Err(ureq::Error::Other(Box::new(FetchError::Forbidden)));
        }
        Ok(left)
    }
}

/// IPv4 networks that are not asked: their first address and length.
///
/// Source: IANA IPv4 Special-Purpose Address Registry.
const CLOSED_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::UNSPECIFIED, 8),            // this network
    (Ipv4Addr::new(10, 0, 0, 0), 8),       // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),    // behind a carrier's NAT
    (Ipv4Addr::new(127, 0, 0, 0), 8),      // loopback
    (Ipv4Addr::new(168, 63, 129, 16), 32), // Azure's host, public by its looks only
    (Ipv4Addr::new(169, 254, 0, 0), 16),   // link-local, and clouds' metadata
    (Ipv4Addr::new(172, 16, 0, 0), 12),    // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),     // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24),     // documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24),   // 6to4 relays
    (Ipv4Addr::new(192, 168, 0, 0), 16),   // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),    // benchmarking
    (Ipv4Addr::new(198, 51, 100, 0), 24),  // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),   // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 3),      // multicast, reserved, broadcast
];

/// IPv6 networks inside `2000::/3` that are not asked. Outside of it nobody is.
///
/// Source: IANA IPv6 Special-Purpose Address Registry.
const CLOSED_V6: &[(Ipv6Addr, u32)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments, Teredo among them
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => {
            if let Some(inside) = embedded_v4(address) {
                return is_public_v4(inside);
            }
            let is_in = |&(network, length): &(Ipv6Addr, u32)| {
                (address.to_bits() ^ network.to_bits()).leading_zeros() >= length
            };
            let is_global_unicast = address.to_bits() >> 125 == 0b001;
            is_global_unicast && !CLOSED_V6.iter().any(is_in)
        }
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_in = |&(network, length): &(Ipv4Addr, u32)| {
        (address.to_bits() ^ network.to_bits()).leading_zeros() >= length
    };
    !CLOSED_V4.iter().any(is_in)
}

/// The IPv4 address that a packet to this one ends at: mapped, or translated by NAT64 or 6to4.
///
/// Source: RFC 4291 §2.5.5.2, RFC 6052 §2.1, RFC 3056 §2.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(v4(high, low))
        }
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;
    use crate::site::{Reply, Site};

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    async fn get(fetcher: &Fetcher, text: &str) -> Result<SecretBytes, FetchError> {
        fetcher.get(&url(text), Vec::new()).await?.ok()
    }

    fn error(outcome: Result<SecretBytes, FetchError>) -> FetchError {
        outcome.err().unwrap()
    }

    /// A site that answers every path with the same.
    async fn site(reply: Reply) -> Site {
        Site::start(|_| move |_: &str| reply.clone()).await
    }

    #[tokio::test]
    async fn asks_a_listed_origin_over_http() {
        let site = site(Reply::Body(200, "{\"a\":1}".to_owned())).await;
        let fetcher = Fetcher::new(&site.config());
        let body = get(&fetcher, &format!("{}/a?b=c", site.url)).await.unwrap();
        assert_eq!(body.expose(), b"{\"a\":1}");
        let asked = site.next().unwrap();
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("GET", "/a?b=c"));
        assert_eq!(asked.header("accept"), Some("application/json"));
    }

    #[tokio::test]
    async fn posts_forms() {
        let site = site(Reply::Body(201, String::new())).await;
        let fetcher = Fetcher::new(&site.config());
        let form = Form::new(&[("a", b"b c&=\xc3\xa9".as_slice()), ("d", b"-._*~")]);
        let answer = fetcher.post(&url(&site.url), Vec::new(), form).await.ok().unwrap();
        assert_eq!(answer.status, 201);
        let asked = site.next().unwrap();
        assert_eq!(asked.body, "a=b+c%26%3D%C3%A9&d=-._*%7E");
        assert_eq!(asked.header("content-type"), Some("application/x-www-form-urlencoded"));
    }

    #[tokio::test]
    async fn refuses_http_unless_listed() {
        let site = site(Reply::Body(200, String::new())).await;
        for config in [
            OidcConfig::default(),
            OidcConfig { allow_private_networks: true, ..OidcConfig::default() },
        ] {
            let fetcher = Fetcher::new(&config);
            assert!(matches!(error(get(&fetcher, &site.url).await), FetchError::Insecure));
        }
        // The same host by another name is another origin.
        let fetcher = Fetcher::new(&site.config());
        let other = format!("http://localhost:{}", site.port);
        assert!(matches!(error(get(&fetcher, &other).await), FetchError::Insecure));
        assert_eq!(site.count(), 0);
    }

    #[tokio::test]
    async fn refuses_private_addresses_however_they_are_written() {
        // Knows everybody who connects, even who only tries TLS.
        let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let fetcher = Fetcher::new(&OidcConfig::default());
        let odd = ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0"];
        for host in [
            "localhost",
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "0.0.0.0",
            "0",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "10.0.0.1",
            "169.254.169.254",
            "[fd00:ec2::254]",
            "[fe80::1]",
        ] {
            let error = error(get(&fetcher, &format!("https://{host}:{port}/")).await);
            // Some resolvers do not know the odd spellings.
            let is_unknown = odd.contains(&host) && matches!(error, FetchError::Unreachable(_));
            assert!(is_unknown || matches!(error, FetchError::Forbidden), "{host}: {error:?}");
            assert!(!error.to_string().contains(host), "{error}");
        }
        let connected = tokio::time::timeout(Duration::ZERO, listener.accept()).await;
        assert!(connected.is_err(), "{connected:?}");
    }

    #[tokio::test]
    async fn tells_and_looks_at_the_status_alone() {
        for (reply, status) in [
            (Reply::Body(204, String::new()), 204),
            (Reply::Endless, 200),
            (Reply::Redirect("https://example.com/".to_owned()), 302),
        ] {
            let site = site(reply).await;
            let config = WebhooksConfig::default();
            let fetcher = Fetcher::for_webhooks(&config, FetchLimits::default(), true);
            let header = (HeaderName::from_static("x-a"), HeaderValue::from_static("b"));
            let told = fetcher.tell(&url(&site.url), vec![header], "{}".to_owned()).await;
            assert_eq!(told.unwrap(), status);
            let asked = site.next().unwrap();
            assert_eq!((asked.method.as_str(), asked.body.as_str()), ("POST", "{}"));
            assert_eq!(asked.header("content-type"), Some("application/json"));
            assert_eq!(asked.header("x-a"), Some("b"));
            let fetcher = Fetcher::for_webhooks(&config, FetchLimits::default(), false);
            let told = fetcher.tell(&url(&site.url), Vec::new(), "{}".to_owned()).await;
            assert!(matches!(told, Err(FetchError::Insecure)), "{told:?}");
        }
    }

    #[test]
    fn admits_what_may_be_public() {
        let admits = |config: &WebhooksConfig, is_development, text: &str| {
            let limits = FetchLimits::default();
            Fetcher::for_webhooks(config, limits, is_development).admits(&url(text))
        };
        let usual = WebhooksConfig::default();
        assert!(admits(&usual, false, "https://hooks.example/a").is_ok());
        assert!(admits(&usual, false, "https://1.1.1.1/").is_ok());
        for text in
            ["https://127.0.0.1/", "https://[::1]/", "https://localhost/", "https://10.1.2.3/"]
        {
            let refused = admits(&usual, false, text);
            assert!(matches!(refused, Err(FetchError::Forbidden)), "{text}: {refused:?}");
        }
        let refused = admits(&usual, false, "http://hooks.example/");
        assert!(matches!(refused, Err(FetchError::Insecure)), "{refused:?}");
        assert!(admits(&usual, true, "http://localhost:3000/a").is_ok());
        assert!(admits(&usual, true, "http://[::1]:3000/a").is_ok());
        assert!(admits(&usual, true, "https://10.1.2.3/").is_err());
        let listed = WebhooksConfig {
            private_origins: vec![Origin::try_from("http://10.1.2.3".to_owned()).unwrap()],
            ..WebhooksConfig::default()
        };
        assert!(admits(&listed, false, "http://10.1.2.3/a").is_ok());
        let open = WebhooksConfig { allow_private_networks: true, ..WebhooksConfig::default() };
        assert!(admits(&open, false, "https://10.1.2.3/").is_ok());
        assert!(admits(&open, false, "http://10.1.2.3/").is_err());
    }

    #[tokio::test]
    async fn connects_to_private_addresses_where_that_is_allowed() {
        let site = site(Reply::Body(200, String::new())).await;
        let config = OidcConfig { allow_private_networks: true, ..OidcConfig::default() };
        let fetcher = Fetcher::new(&config);
        for host in ["localhost", "127.0.0.1"] {
            let outcome = get(&fetcher, &format!("https://{host}:{}/", site.port)).await;
            // It gets as far as TLS, which the site does not speak.
            assert!(matches!(error(outcome), FetchError::Unreachable(_)));
        }
    }

    #[tokio::test]
    async fn follows_no_redirect() {
        for to in ["https://169.254.169.254/", "https://example.com/", "/there"] {
            let site = site(Reply::Redirect(to.to_owned())).await;
            let fetcher = Fetcher::new(&site.config());
            assert!(matches!(error(get(&fetcher, &site.url).await), FetchError::Redirected));
            assert_eq!(site.count(), 1);
        }
    }

    #[tokio::test]
    async fn reads_as_much_as_the_limit_and_no_more() {
        let limits = FetchLimits { answer_bytes: 1000, ..FetchLimits::default() };
        for (reply, is_read) in [
            (Reply::Body(200, " ".repeat(1000)), true),
            (Reply::Body(200, " ".repeat(1001)), false),
            (Reply::Endless, false),
        ] {
            let site = site(reply).await;
            let fetcher = Fetcher::with_limits(&site.config(), limits);
            match get(&fetcher, &site.url).await {
                Ok(body) => assert!(is_read && body.len() == 1000),
                Err(error) => assert!(!is_read && matches!(error, FetchError::TooLarge)),
            }
        }
    }

    #[tokio::test]
    async fn waits_no_longer_than_the_timeout() {
        let limits = FetchLimits { timeout: Duration::from_millis(50), ..FetchLimits::default() };
        let site = site(Reply::Never).await;
        let fetcher = Fetcher::with_limits(&site.config(), limits);
        assert!(matches!(error(get(&fetcher, &site.url).await), FetchError::TimedOut));
    }

    /// Sends `beginning` to whoever connects, and then a byte every few milliseconds for good.
    async fn drip(beginning: &'static [u8]) -> u16 {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(beginning).await.unwrap();
            let mut ticks = tokio::time::interval(Duration::from_millis(5));
            while stream.write_all(b"a").await.is_ok() {
                ticks.tick().await;
            }
        });
        port
    }

    #[tokio::test]
    async fn an_answer_that_keeps_coming_is_no_excuse() {
        let limits = FetchLimits { timeout: Duration::from_millis(100), ..FetchLimits::default() };
        for (scheme, beginning) in [
            ("http", b"HTTP/1.1 200 OK\r\nA: ".as_slice()),
            ("http", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"),
            // The head of a TLS record of 16 KiB.
            ("https", b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc"),
        ] {
            let port = drip(beginning).await;
            let site = format!("{scheme}://127.0.0.1:{port}");
            let config = OidcConfig {
                private_issuers: vec![site.clone().try_into().unwrap()],
                ..OidcConfig::default()
            };
            let fetcher = Fetcher::with_limits(&config, limits);
            let began = Instant::now();
            let error = error(get(&fetcher, &site).await);
            assert!(matches!(error, FetchError::TimedOut), "{error:?}");
            assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        }
    }

    #[tokio::test]
    async fn asks_only_so_many_at_once() {
        let limits = FetchLimits {
            wait: Duration::from_millis(10),
            timeout: Duration::from_secs(20),
            concurrent: 2,
            ..FetchLimits::default()
        };
        let site = site(Reply::Never).await;
        let fetcher = Fetcher::with_limits(&site.config(), limits);
        for _ in 0..2 {
            let (fetcher, url) = (fetcher.clone(), url(&site.url));
            // Whoever waits for it goes away; the fetch keeps its place.
            let fetch = tokio::spawn(async move { fetcher.get(&url, Vec::new()).await.is_ok() });
            let seen = site.count();
            site.count.clone().wait_for(|count| *count > seen).await.unwrap();
            fetch.abort();
        }
        let outcome = get(&fetcher, &site.url).await;
        assert!(matches!(error(outcome), FetchError::Busy));
        assert_eq!(site.count(), 2);
    }

    #[tokio::test]
    async fn tells_what_is_wrong_with_an_answer() {
        let gone = site(Reply::Body(410, String::new())).await;
        let fetcher = Fetcher::new(&gone.config());
        assert!(matches!(error(get(&fetcher, &gone.url).await), FetchError::Status(410)));
        let garbage = site(Reply::Body(200, "<html>".to_owned())).await;
        let fetcher = Fetcher::new(&garbage.config());
        let answer = fetcher.get(&url(&garbage.url), Vec::new()).await.ok().unwrap();
        assert!(matches!(answer.json::<serde_json::Value>(), Err(FetchError::Malformed)));
        let config = garbage.config();
        let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let nobody = format!("http://{}", closed.local_addr().unwrap());
        drop(closed);
        let config =
            OidcConfig { private_issuers: vec![nobody.clone().try_into().unwrap()], ..config };
        let error = error(get(&Fetcher::new(&config), &nobody).await);
        assert!(matches!(error, FetchError::Unreachable(_)), "{error:?}");
    }

    #[test]
    fn refuses_what_is_no_plain_url() {
        for text in [
            "",
            "example.com",
            "/path",
            "ftp://example.com",
            "https://",
            "https:///path",
            "https://:443/",
            "https://a@example.com/",
            "https://a:b@example.com/",
            "https://example.com:/",
            "https://example.com:99999/",
            "https://example.com/#a",
            "https://example.com/ a",
            "https://ex\u{e4}mple.com/",
            "https://example.com/\u{e4}",
        ] {
            assert!(Url::parse(text).is_err(), "{text}");
        }
        assert!(Url::parse(&format!("https://a.example/{}", "a".repeat(2048))).is_err());
    }

    #[test]
    fn origins_are_compared_by_scheme_host_and_port() {
        let origin = |text: &str| Url::parse(text).unwrap().origin;
        assert_eq!(origin("https://A.example/b"), origin("https://a.example:443/c?d"));
        for other in ["http://a.example", "https://a.example:80", "https://b.example"] {
            assert_ne!(origin("https://a.example"), origin(other));
        }
        assert!(Origin::try_from("http://127.0.0.1:4000/".to_owned()).is_ok());
        assert!(Origin::try_from("http://127.0.0.1:4000/a".to_owned()).is_err());
        assert!(Origin::try_from("http://127.0.0.1:4000/?a".to_owned()).is_err());
    }

    #[test]
    fn knows_public_addresses() {
        for text in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2001:200::1",
            "2001:4860:4860::8888",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2002:101:101::1",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn knows_addresses_that_are_not_public() {
        for text in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "168.63.129.16",
            "169.254.0.0",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.0",
            "192.168.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:127.0.0.1",
            "64:ff9b::192.168.0.1",
            "64:ff9b:1::1.1.1.1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:a9fe:a9fe::",
            "2002:a00:1::1",
            "3fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }
}
