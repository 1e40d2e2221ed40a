//! What a platform gives the client: a way to send, places to keep keys and sessions, and the time.
//!
//! On wasm32 the ports need be neither [`Send`] nor [`Sync`], and their futures neither.

use std::fmt;

use async_trait::async_trait;
use keyward_crypto::{EcdsaSignature, P256PrivateKey};
use keyward_protocol::wire::Timestamp;
use thiserror::Error;

/// What the ports must be to be shared: [`Send`] and [`Sync`] where there are threads.
#[cfg(not(target_arch = "wasm32"))]
pub trait Shared: Send + Sync + 'static {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Send + Sync + 'static> Shared for T {}
/// What the ports must be to be shared: [`Send`] and [`Sync`] where there are threads.
#[cfg(target_arch = "wasm32")]
pub trait Shared: 'static {}
#[cfg(target_arch = "wasm32")]
impl<T: 'static> Shared for T {}

/// A request to be sent.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Absolute.
    pub url: String,
    /// Names as the protocol writes them.
    pub headers: Vec<(&'static str, String)>,
    /// Empty for `GET`.
    pub body: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct HttpResponse {
    /// HTTP status.
    pub status: u16,
    /// As far as the platform shows them; names in any case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum TransportError {
    /// The server was not reached, or the connection broke: it may or may not have acted.
    #[error("the server was not reached: {0}")]
    Unreachable(String),
    /// It took too long: the server may or may not have acted.
    #[error("the server took too long")]
    TimedOut,
}

/// Sends bytes and gets bytes back. Follows no redirects: a stamp is meant for one server.
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait Transport: Shared {
    /// Sends a request. Every status is an answer.
    ///
    /// # Errors
    ///
    /// [`TransportError`] when there is no answer, after a time limit of the transport's own.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError>;
}

/// Why a store did not do what it was asked.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no room.
    #[error("the storage is full")]
    Full,
    /// The platform does not let us: private browsing, a locked device, permissions.
    #[error("the storage is denied: {0}")]
    Denied(String),
    /// Anything else.
    #[error("the storage failed: {0}")]
    Failed(String),
    /// There is no such key. Only from [`KeyStore::sign`].
    #[error("the key is gone")]
    KeyMissing,
}

/// How well a store guards private keys, the best first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum KeyProtection {
    /// No code gets to read them: `WebCrypto` with `extractable: false`.
    Unextractable,
    /// The operating system guards them, as the Keychain, Keystore or a keyring do.
    SecureStorage,
    /// They stand in a file that only this user reads.
    File,
    /// Every script of the origin can read them.
    LocalStorage,
    /// They are gone when the program ends or the page is left.
    Memory,
}

impl KeyProtection {
    /// Its name in other languages, snake case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unextractable => "unextractable",
            Self::SecureStorage => "secure_storage",
            Self::File => "file",
            Self::LocalStorage => "local_storage",
            Self::Memory => "memory",
        }
    }
}

impl fmt::Display for KeyProtection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A key that is kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredKey {
    /// Names it: P-256, SEC1 compressed, hex.
    pub public_key: String,
    /// When it was made, by the client's clock.
    pub created_at: Timestamp,
}

/// Makes P-256 keys and signs with them. The private half may be out of everybody's reach.
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait KeyStore: Shared {
    /// Makes a key and keeps it. When this returns, the key outlives the program if the store is durable.
    async fn generate(&self, now: Timestamp) -> Result<StoredKey, StoreError>;

    /// Keeps a key that was made elsewhere.
    async fn import(&self, key: P256PrivateKey, now: Timestamp) -> Result<StoredKey, StoreError>;

    /// Every key, in no order.
    async fn list(&self) -> Result<Vec<StoredKey>, StoreError>;

    /// Signs the SHA-256 of `message` (FIPS 186-5 §6.4.1).
    ///
    /// # Errors
    ///
    /// [`StoreError::KeyMissing`] when there is no such key.
    async fn sign(&self, public_key: &str, message: &[u8]) -> Result<EcdsaSignature, StoreError>;

    /// Forgets a key; nothing happens when there is none.
    async fn delete(&self, public_key: &str) -> Result<(), StoreError>;

    /// How well it guards them.
    fn protection(&self) -> KeyProtection;
}

/// Held as long as it lives.
pub trait Guard: Shared {}

/// Keeps texts by name. Several clients may share one store: tabs of a browser, processes.
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait SessionStore: Shared {
    /// The text of that name.
    async fn get(&self, name: &str) -> Result<Option<String>, StoreError>;

    /// Keeps a text: wholly or not at all, also when the program is killed meanwhile.
    async fn set(&self, name: &str, text: &str) -> Result<(), StoreError>;

    /// Forgets a text; nothing happens when there is none.
    async fn remove(&self, name: &str) -> Result<(), StoreError>;

    /// Every name, in no order.
    async fn names(&self) -> Result<Vec<String>, StoreError>;

    /// Waits until nobody else who shares the store holds the lock of that name, and holds it.
    async fn lock(&self, name: &str) -> Result<Box<dyn Guard>, StoreError>;
}

/// The time, and waiting for it.
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait Clock: Shared {
    /// The device's time; it may be wrong.
    fn now(&self) -> Timestamp;

    /// Waits until that time, or about that long; may return early.
    async fn sleep_until(&self, at: Timestamp);
}

/// What a new passkey is to be for.
#[derive(Clone, Debug)]
pub struct PasskeyRequest {
    /// The challenge as bytes: `WebAuthn`'s `challenge`.
    pub challenge: Vec<u8>,
    /// `user.id`: up to 64 random bytes.
    pub user_id: Vec<u8>,
    /// `user.name` and `user.displayName`.
    pub user_name: String,
}

/// A new passkey as an authenticator attests it. All are base64url without padding.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum PasskeyError {
    /// The user said no, or waited too long.
    #[error("the passkey was not used: cancelled or timed out")]
    Cancelled,
    /// The platform has no passkeys, or not here.
    #[error("passkeys are not available: {0}")]
    Unavailable(String),
    /// Anything else.
    #[error("the passkey failed: {0}")]
    Failed(String),
}

/// Makes and uses passkeys (Web Authentication Level 3). The relying party is the port's to know.
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait Passkeys: Shared {
    /// Makes one.
    async fn create(&self, request: PasskeyRequest) -> Result<PasskeyAttestation, PasskeyError>;

    /// Has one sign; the user picks which.
    async fn get(&self, challenge: Vec<u8>) -> Result<PasskeyAssertion, PasskeyError>;
}

/// What kind of key a wallet signs with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WalletKind {
    /// secp256k1, `personal_sign` (EIP-191).
    Ethereum,
    /// Ed25519, `signMessage`.
    Solana,
}

/// A wallet of the user's own that signs texts, such as MetaMask or Phantom.
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait Wallet: Shared {
    /// What it signs with.
    fn kind(&self) -> WalletKind;

    /// Its public key, hex: compressed for Ethereum, where `None` has it recovered from the signature.
    async fn public_key(&self) -> Result<Option<String>, WalletError>;

    /// Signs a text: 65 bytes r, s, v for Ethereum, 64 bytes for Solana.
    async fn sign_message(&self, message: &str) -> Result<Vec<u8>, WalletError>;
}

/// Why a wallet did not sign.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum WalletError {
    /// The user said no.
    #[error("the wallet did not sign: rejected")]
    Rejected,
    /// Anything else.
    #[error("the wallet failed: {0}")]
    Failed(String),
}
