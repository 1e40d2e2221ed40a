//! What an application lends, in its own language.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use keyward_client::ClientError;
use keyward_client::native::SystemClock;
use keyward_client::ports as core;
use keyward_client::protocol::wire::Timestamp;
use thiserror::Error;
use uniffi::UnexpectedUniFFICallbackError;

/// How often it is looked whether an application's clock has come to a time.
const TICK: Duration = Duration::from_millis(50);

/// Bytes by name, kept by what the platform keeps secrets with: the Keychain, or files and a key in the
/// Android Keystore. Called from threads that may wait, several at once.
#[uniffi::export(with_foreign)]
pub trait SecureStorage: Send + Sync {
    /// The value of that name; `None` when there is none.
    fn get(&self, name: String) -> Result<Option<Vec<u8>>, StorageError>;

    /// Keeps a value, in place of a former one: wholly or not at all, also when the program is killed
    /// meanwhile. Names are up to some 300 characters of any kind, values some kilobytes.
    fn set(&self, name: String, value: Vec<u8>) -> Result<(), StorageError>;

    /// Forgets a value; nothing happens when there is none.
    fn delete(&self, name: String) -> Result<(), StorageError>;

    /// Every name that begins so, in no order.
    fn names(&self, prefix: String) -> Result<Vec<String>, StorageError>;
}

/// Why a storage did not do what it was asked.
#[derive(Clone, Debug, Eq, Error, PartialEq, uniffi::Error)]
pub enum StorageError {
    /// There is no room.
    #[error("full")]
    Full,
    /// The platform does not let us: the device is locked, say.
    #[error("denied: {reason}")]
    Denied {
        /// For people.
        reason: String,
    },
    /// Anything else.
    #[error("failed: {reason}")]
    Failed {
        /// For people.
        reason: String,
    },
}

impl From<UnexpectedUniFFICallbackError> for StorageError {
    fn from(error: UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { reason: error.reason }
    }
}

/// What a new passkey is to be for.
#[derive(Clone, Debug, uniffi::Record)]
pub struct PasskeyRequest {
    /// The challenge as bytes: Web Authentication's `challenge`.
    pub challenge: Vec<u8>,
    /// `user.id`: up to 64 random bytes.
    pub user_id: Vec<u8>,
    /// `user.name` and `user.displayName`.
    pub user_name: String,
}

/// A new passkey as an authenticator attests it. All but the transports are base64url without padding.
#[derive(Clone, Debug, uniffi::Record)]
pub struct PasskeyAttestation {
    /// Its id.
    pub credential_id: String,
    /// `clientDataJSON`.
    pub client_data_json: String,
    /// `attestationObject`.
    pub attestation_object: String,
    /// How it is reached, such as `AUTHENTICATOR_TRANSPORT_INTERNAL`.
    pub transports: Vec<String>,
}

/// A passkey's signature. All are base64url without padding.
#[derive(Clone, Debug, uniffi::Record)]
pub struct PasskeyAssertion {
    /// The passkey's id.
    pub credential_id: String,
    /// `authenticatorData`.
    pub authenticator_data: String,
    /// `clientDataJSON`.
    pub client_data_json: String,
    /// DER.
    pub signature: String,
}

/// Why there is no passkey or no signature.
#[derive(Clone, Debug, Eq, Error, PartialEq, uniffi::Error)]
pub enum PasskeyError {
    /// The user said no, or waited too long.
    #[error("cancelled")]
    Cancelled,
    /// The platform has no passkeys, or not here.
    #[error("unavailable: {reason}")]
    Unavailable {
        /// For people.
        reason: String,
    },
    /// Anything else.
    #[error("failed: {reason}")]
    Failed {
        /// For people.
        reason: String,
    },
}

impl From<UnexpectedUniFFICallbackError> for PasskeyError {
    fn from(error: UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { reason: error.reason }
    }
}

impl From<PasskeyError> for core::PasskeyError {
    fn from(error: PasskeyError) -> Self {
        match error {
            PasskeyError::Cancelled => Self::Cancelled,
            PasskeyError::Unavailable { reason } => Self::Unavailable(reason),
            PasskeyError::Failed { reason } => Self::Failed(reason),
        }
    }
}

/// Makes and uses passkeys (Web Authentication Level 3). The relying party is the application's to know.
#[uniffi::export(with_foreign)]
#[async_trait]
pub trait Passkeys: Send + Sync {
    /// Makes one.
    async fn create(&self, request: PasskeyRequest) -> Result<PasskeyAttestation, PasskeyError>;

    /// Has one sign; the user picks which. The challenge is given as bytes.
    async fn get(&self, challenge: Vec<u8>) -> Result<PasskeyAssertion, PasskeyError>;
}

pub(crate) struct ForeignPasskeys(pub(crate) Arc<dyn Passkeys>);

#[async_trait]
impl core::Passkeys for ForeignPasskeys {
    async fn create(
        &self,
        request: core::PasskeyRequest,
    ) -> Result<core::PasskeyAttestation, core::PasskeyError> {
        let core::PasskeyRequest { challenge, user_id, user_name } = request;
        let made = self.0.create(PasskeyRequest { challenge, user_id, user_name }).await?;
        Ok(core::PasskeyAttestation {
            credential_id: made.credential_id,
            client_data_json: made.client_data_json,
            attestation_object: made.attestation_object,
            transports: made.transports,
        })
    }

    async fn get(&self, challenge: Vec<u8>) -> Result<core::PasskeyAssertion, core::PasskeyError> {
        let signed = self.0.get(challenge).await?;
        Ok(core::PasskeyAssertion {
            credential_id: signed.credential_id,
            authenticator_data: signed.authenticator_data,
            client_data_json: signed.client_data_json,
            signature: signed.signature,
        })
    }
}

/// What kind of key a wallet signs with.
#[derive(Clone, Copy, Debug, Eq, PartialEq, uniffi::Enum)]
pub enum WalletKind {
    /// secp256k1, `personal_sign` (EIP-191).
    Ethereum,
    /// Ed25519, `signMessage`.
    Solana,
}

/// Why a wallet did not sign.
#[derive(Clone, Debug, Eq, Error, PartialEq, uniffi::Error)]
pub enum WalletError {
    /// The user said no.
    #[error("rejected")]
    Rejected,
    /// Anything else.
    #[error("failed: {reason}")]
    Failed {
        /// For people.
        reason: String,
    },
}

impl From<UnexpectedUniFFICallbackError> for WalletError {
    fn from(error: UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { reason: error.reason }
    }
}

impl From<WalletError> for core::WalletError {
    fn from(error: WalletError) -> Self {
        match error {
            WalletError::Rejected => Self::Rejected,
            WalletError::Failed { reason } => Self::Failed(reason),
        }
    }
}

/// A wallet of the user's own that signs texts, such as `MetaMask` or Phantom over `WalletConnect`.
#[uniffi::export(with_foreign)]
#[async_trait]
pub trait Wallet: Send + Sync {
    /// What it signs with.
    async fn kind(&self) -> Result<WalletKind, WalletError>;

    /// Its public key, hex: compressed for Ethereum, where `None` has it recovered from the signature.
    async fn public_key(&self) -> Result<Option<String>, WalletError>;

    /// Signs a text: 65 bytes r, s, v for Ethereum, 64 bytes for Solana.
    async fn sign_message(&self, message: String) -> Result<Vec<u8>, WalletError>;
}

pub(crate) struct ForeignWallet {
    wallet: Arc<dyn Wallet>,
    kind: core::WalletKind,
}

impl ForeignWallet {
    pub(crate) async fn ask(wallet: Arc<dyn Wallet>) -> Result<Self, ClientError> {
        let kind = match wallet.kind().await.map_err(core::WalletError::from)? {
            WalletKind::Ethereum => core::WalletKind::Ethereum,
            WalletKind::Solana => core::WalletKind::Solana,
        };
        Ok(Self { wallet, kind })
    }
}

#[async_trait]
impl core::Wallet for ForeignWallet {
    fn kind(&self) -> core::WalletKind {
        self.kind
    }

    async fn public_key(&self) -> Result<Option<String>, core::WalletError> {
        Ok(self.wallet.public_key().await?)
    }

    async fn sign_message(&self, message: &str) -> Result<Vec<u8>, core::WalletError> {
        Ok(self.wallet.sign_message(message.to_owned()).await?)
    }
}

/// A header that vouches for a body.
#[derive(Clone, Debug, Eq, PartialEq, uniffi::Record)]
pub struct Stamp {
    /// `X-Stamp`, `X-Stamp-WebAuthn`, `X-Stamp-Attested` or `X-Session`.
    pub header: String,
    /// Its value.
    pub value: String,
}

/// Why there is no stamp.
#[derive(Clone, Debug, Eq, Error, PartialEq, uniffi::Error)]
pub enum StamperError {
    /// Whatever it was.
    #[error("failed: {reason}")]
    Failed {
        /// For people.
        reason: String,
    },
}

impl From<UnexpectedUniFFICallbackError> for StamperError {
    fn from(error: UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { reason: error.reason }
    }
}

/// Vouches for requests: a key management service, a secure enclave. It may take its time.
/// `make_api_key_stamp` makes a stamp of a signature.
#[uniffi::export(with_foreign)]
#[async_trait]
pub trait Stamper: Send + Sync {
    /// Stamps exactly these bytes.
    async fn stamp(&self, body: Vec<u8>) -> Result<Stamp, StamperError>;
}

pub(crate) struct ForeignStamper(pub(crate) Arc<dyn Stamper>);

const STAMP_HEADERS: [&str; 4] = ["X-Stamp", "X-Stamp-WebAuthn", "X-Stamp-Attested", "X-Session"];

#[async_trait]
impl keyward_client::Stamper for ForeignStamper {
    async fn stamp(&self, body: &[u8]) -> Result<keyward_client::Stamp, ClientError> {
        let made = self.0.stamp(body.to_vec()).await;
        let Stamp { header, value } =
            made.map_err(|StamperError::Failed { reason }| ClientError::Stamper(reason))?;
        let known = STAMP_HEADERS.into_iter().find(|known| known.eq_ignore_ascii_case(&header));
        let header =
            known.ok_or_else(|| ClientError::Stamper(format!("{header} is no stamp's header")))?;
        Ok(keyward_client::Stamp { header, value })
    }
}

/// Why a listener failed. The client goes on.
#[derive(Clone, Debug, Eq, Error, PartialEq, uniffi::Error)]
pub enum ListenerError {
    /// Whatever it was.
    #[error("failed: {reason}")]
    Failed {
        /// For people.
        reason: String,
    },
}

impl From<UnexpectedUniFFICallbackError> for ListenerError {
    fn from(error: UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { reason: error.reason }
    }
}

/// Told of what happens to sessions.
#[uniffi::export(with_foreign)]
pub trait EventListener: Send + Sync {
    /// Told of an event, in order, on any thread. Must not wait; go to the thread of the user interface
    /// from there. What it throws is not heeded.
    fn on_event(&self, event: crate::types::Event) -> Result<(), ListenerError>;
}

/// A header of HTTP.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Header {
    /// Its name, in any case.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A request to be sent.
#[derive(Clone, Debug, uniffi::Record)]
pub struct HttpRequest {
    /// `GET` or `POST`.
    pub method: String,
    /// Absolute.
    pub url: String,
    /// All of them.
    pub headers: Vec<Header>,
    /// Empty for `GET`.
    pub body: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug, uniffi::Record)]
pub struct HttpResponse {
    /// HTTP status.
    pub status: u16,
    /// `Date` and `Retry-After` are read.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, Eq, Error, PartialEq, uniffi::Error)]
pub enum TransportError {
    /// The server was not reached, or the connection broke.
    #[error("unreachable: {reason}")]
    Unreachable {
        /// For people.
        reason: String,
    },
    /// It took too long.
    #[error("timed out")]
    TimedOut,
}

impl From<UnexpectedUniFFICallbackError> for TransportError {
    fn from(error: UnexpectedUniFFICallbackError) -> Self {
        Self::Unreachable { reason: error.reason }
    }
}

/// Sends with the platform's own HTTP client, which knows its certificates, proxies and VPNs: `URLSession`,
/// `HttpURLConnection`. Must not follow redirects.
#[uniffi::export(with_foreign)]
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends a request. Every status is an answer.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError>;
}

pub(crate) struct ForeignTransport(pub(crate) Arc<dyn Transport>);

#[async_trait]
impl core::Transport for ForeignTransport {
    async fn send(
        &self,
        request: core::HttpRequest,
    ) -> Result<core::HttpResponse, core::TransportError> {
        let headers = request.headers.into_iter();
        let headers = headers.map(|(name, value)| Header { name: name.to_owned(), value });
        let request = HttpRequest {
            method: request.method.to_owned(),
            url: request.url,
            headers: headers.collect(),
            body: request.body,
        };
        let response = self.0.send(request).await.map_err(|error| match error {
            TransportError::Unreachable { reason } => core::TransportError::Unreachable(reason),
            TransportError::TimedOut => core::TransportError::TimedOut,
        })?;
        let headers = response.headers.into_iter().map(|Header { name, value }| (name, value));
        Ok(core::HttpResponse {
            status: response.status,
            headers: headers.collect(),
            body: response.body,
        })
    }
}

/// A clock, for tests.
#[uniffi::export(with_foreign)]
pub trait Clock: Send + Sync {
    /// The time, in milliseconds since the Unix epoch.
    fn now_ms(&self) -> u64;
}

pub(crate) struct ForeignClock(pub(crate) Arc<dyn Clock>);

#[async_trait]
impl core::Clock for ForeignClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.now_ms())
    }

    async fn sleep_until(&self, at: Timestamp) {
        while self.now() < at {
            tokio::time::sleep(TICK).await;
        }
    }
}

/// The application's clock, or the machine's.
pub(crate) fn clock(clock: Option<Arc<dyn Clock>>) -> Arc<dyn core::Clock> {
    match clock {
        Some(clock) => Arc::new(ForeignClock(clock)),
        None => Arc::new(SystemClock),
    }
}
