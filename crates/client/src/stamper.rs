//! Who vouches for a request, and how.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_crypto::{P256PrivateKey, RecoverableSignature};
use keyward_protocol::stamp::{AttestedScheme, Scheme, eip191_prehash, make, webauthn_challenge};

use crate::error::ClientError;
use crate::ports::{KeyStore, Passkeys, Shared, Wallet, WalletError, WalletKind};

/// A header that vouches for a body.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stamp {
    /// `X-Stamp`, `X-Stamp-WebAuthn`, `X-Stamp-Attested` or `X-Session`.
    pub header: &'static str,
    /// Its value.
    pub value: String,
}

pub(crate) const X_STAMP: &str = "X-Stamp";
pub(crate) const X_STAMP_WEBAUTHN: &str = "X-Stamp-WebAuthn";
pub(crate) const X_SESSION: &str = "X-Session";
pub(crate) const X_STAMP_ATTESTED: &str = "X-Stamp-Attested";

/// Vouches for requests; may ask a person, a key management service or a chip, and take its time.
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait Stamper: Shared {
    /// Stamps exactly these bytes.
    ///
    /// # Errors
    ///
    /// [`ClientError::Stamper`] for whatever goes wrong with a stamper of the application's own.
    async fn stamp(&self, body: &[u8]) -> Result<Stamp, ClientError>;
}

/// Stamps with an API key that the program holds.
pub struct ApiKeyStamper {
    key: P256PrivateKey,
}

impl ApiKeyStamper {
    /// With a P-256 private key, 32 bytes in hex.
    ///
    /// # Errors
    ///
    /// [`ClientError::InvalidInput`] when it is none.
    pub fn from_hex(private_key: &str) -> Result<Self, ClientError> {
        let invalid = || ClientError::InvalidInput("not a P-256 private key in hex".to_owned());
        let bytes = hex::decode(private_key.trim()).map_err(|_| invalid())?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| invalid())?;
        P256PrivateKey::from_bytes(&bytes).map(Self::from).map_err(|_| invalid())
    }
}

impl From<P256PrivateKey> for ApiKeyStamper {
    fn from(key: P256PrivateKey) -> Self {
        Self { key }
    }
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl Stamper for ApiKeyStamper {
    async fn stamp(&self, body: &[u8]) -> Result<Stamp, ClientError> {
        Ok(Stamp { header: X_STAMP, value: make::p256(&self.key, body) })
    }
}

/// Presents the token of a read-only session instead of a stamp.
pub(crate) struct TokenStamper {
    pub(crate) token: String,
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl Stamper for TokenStamper {
    async fn stamp(&self, _: &[u8]) -> Result<Stamp, ClientError> {
        Ok(Stamp { header: X_SESSION, value: self.token.clone() })
    }
}

/// Stamps with a key of the key store.
pub(crate) struct StoredKeyStamper {
    pub(crate) keys: Arc<dyn KeyStore>,
    /// SEC1 compressed, hex.
    pub(crate) public_key: String,
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl Stamper for StoredKeyStamper {
    async fn stamp(&self, body: &[u8]) -> Result<Stamp, ClientError> {
        let signature = self.keys.sign(&self.public_key, body).await?;
        let public_key = point(&self.public_key)?;
        let value = make::api_key_header(&public_key, Scheme::P256, &signature.to_der());
        Ok(Stamp { header: X_STAMP, value })
    }
}

/// Stamps with a key of the key store that nobody registered and a token vouches for.
pub(crate) struct AttestedStamper {
    pub(crate) keys: Arc<dyn KeyStore>,
    /// SEC1 compressed, hex.
    pub(crate) public_key: String,
    pub(crate) scheme: AttestedScheme,
    /// A verification token or an ID token.
    pub(crate) token: String,
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl Stamper for AttestedStamper {
    async fn stamp(&self, body: &[u8]) -> Result<Stamp, ClientError> {
        let signature = self.keys.sign(&self.public_key, body).await?.to_der();
        let public_key = point(&self.public_key)?;
        let value = make::attested_header(&public_key, self.scheme, &self.token, &signature);
        Ok(Stamp { header: X_STAMP_ATTESTED, value })
    }
}

/// A key of the key store as bytes.
fn point(public_key: &str) -> Result<Vec<u8>, ClientError> {
    hex::decode(public_key).map_err(|_| ClientError::StoredSessionUnreadable)
}

/// Stamps with a passkey: the user is asked each time.
pub struct PasskeyStamper {
    passkeys: Arc<dyn Passkeys>,
}

impl PasskeyStamper {
    /// With whichever passkey the user picks.
    pub fn new(passkeys: Arc<dyn Passkeys>) -> Self {
        Self { passkeys }
    }
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl Stamper for PasskeyStamper {
    async fn stamp(&self, body: &[u8]) -> Result<Stamp, ClientError> {
        // What an authenticator signs is base64url of the challenge; the protocol names it encoded.
        let challenge = URL_SAFE_NO_PAD.decode(webauthn_challenge(body));
        let challenge = challenge.map_err(|_| ClientError::Stamper("challenge".to_owned()))?;
        let assertion = self.passkeys.get(challenge).await?;
        let value = make::webauthn_header(&make::Assertion {
            authenticator_data: &assertion.authenticator_data,
            client_data_json: &assertion.client_data_json,
            credential_id: &assertion.credential_id,
            signature: &assertion.signature,
        });
        Ok(Stamp { header: X_STAMP_WEBAUTHN, value })
    }
}

/// Stamps with a wallet of the user's own: the user is asked each time.
pub struct WalletStamper {
    wallet: Arc<dyn Wallet>,
}

impl WalletStamper {
    /// With this wallet.
    pub fn new(wallet: Arc<dyn Wallet>) -> Self {
        Self { wallet }
    }

    /// Stamps, and says with which key: hex, compressed for Ethereum.
    pub(crate) async fn stamp_and_key(&self, body: &[u8]) -> Result<(Stamp, String), ClientError> {
        let failed = |reason: &str| ClientError::from(WalletError::Failed(reason.to_owned()));
        let text = std::str::from_utf8(body).map_err(|_| failed("a body that is no text"))?;
        let known = self.wallet.public_key().await?;
        let signature = self.wallet.sign_message(text).await?;
        let (scheme, public_key, signature) = match self.wallet.kind() {
            WalletKind::Ethereum => {
                let signature: [u8; 65] =
                    signature.try_into().map_err(|_| failed("a signature that is not 65 bytes"))?;
                let signature = RecoverableSignature::from_ethereum(&signature)
                    .map_err(|_| failed("a signature that is none"))?;
                let recovered = signature
                    .recover_secp256k1(&eip191_prehash(body))
                    .ok_or_else(|| failed("a signature that belongs to no key"))?;
                if known.is_some_and(|known| !known.eq_ignore_ascii_case(&hex::encode(recovered))) {
                    return Err(failed("a signature by another key"));
                }
                (Scheme::Eip191, recovered.to_vec(), signature.signature().to_der())
            }
            WalletKind::Solana => {
                let public_key = known.and_then(|known| hex::decode(known).ok());
                (Scheme::Ed25519, public_key.ok_or_else(|| failed("no public key"))?, signature)
            }
        };
        let value = make::api_key_header(&public_key, scheme, &signature);
        Ok((Stamp { header: X_STAMP, value }, hex::encode(public_key)))
    }
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl Stamper for WalletStamper {
    async fn stamp(&self, body: &[u8]) -> Result<Stamp, ClientError> {
        self.stamp_and_key(body).await.map(|(stamp, _)| stamp)
    }
}
