//! For tests: the behaviour suite of the core over a [`SecureStorage`], and software in place of what only
//! a user has.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_client::native::{HttpTransport, SystemClock};
use keyward_client::{Ports, stories};
use keyward_crypto::{
    Ed25519PrivateKey, P256PrivateKey, Secp256k1PrivateKey, Secret, os_rng, sha256,
};
use keyward_protocol::stamp::eip191_prehash;
use thiserror::Error;

use crate::ports::{
    PasskeyAssertion, PasskeyAttestation, PasskeyRequest, SecureStorage, WalletKind,
};
use crate::storage::StorageStore;

/// A development server to act against.
#[derive(Clone, Debug, uniffi::Record)]
pub struct StoryServer {
    /// Where it is.
    pub base_url: String,
    /// Its root organization.
    pub organization_id: String,
    /// A root API key of that: P-256, hex.
    pub api_private_key: String,
    /// Its auth proxy.
    pub auth_proxy_config_id: String,
}

/// Which promise was not kept.
#[derive(Clone, Debug, Error, uniffi::Error)]
pub enum StoryError {
    /// A story ended badly.
    #[error("{reason}")]
    Broken {
        /// For people.
        reason: String,
    },
}

/// Every story of the behaviour suite.
#[uniffi::export]
pub fn story_names() -> Vec<String> {
    stories::names().map(str::to_owned).collect()
}

/// Plays a story over a storage that is empty.
#[uniffi::export(async_runtime = "tokio")]
pub async fn play_story(
    name: String,
    server: StoryServer,
    storage: Arc<dyn SecureStorage>,
) -> Result<(), StoryError> {
    let server = stories::Server {
        base_url: server.base_url,
        organization_id: server.organization_id,
        api_private_key: server.api_private_key,
        auth_proxy_config_id: server.auth_proxy_config_id,
    };
    let played = stories::play(&name, &server, Arc::new(StorageStage { storage })).await;
    played.map_err(|reason| StoryError::Broken { reason })
}

/// Lends the suite a part of the storage for each ground.
struct StorageStage {
    storage: Arc<dyn SecureStorage>,
}

#[async_trait]
impl stories::Stage for StorageStage {
    async fn open(&self, ground: &str) -> Result<Ports, String> {
        let store = Arc::new(StorageStore::of_ground(self.storage.clone(), ground));
        Ok(Ports {
            transport: Arc::new(HttpTransport::new()),
            keys: store.clone(),
            sessions: store,
            clock: Arc::new(SystemClock),
        })
    }
}

const USER_PRESENT: u8 = 1;
const ATTESTED_CREDENTIAL: u8 = 0x40;

/// A passkey in software. It holds one credential, says that the user is present but not verified, attests
/// nothing and counts no signatures.
#[derive(uniffi::Object)]
pub struct SoftwarePasskey {
    key: P256PrivateKey,
    credential_id: Secret<32>,
    rp_id_hash: [u8; 32],
    origin: String,
}

#[uniffi::export]
impl SoftwarePasskey {
    /// A new one, for a relying party, used from an origin.
    #[uniffi::constructor]
    pub fn new(rp_id: &str, origin: String) -> Self {
        let rng = &mut os_rng();
        let (key, credential_id) = (P256PrivateKey::generate(rng), Secret::generate(rng));
        Self { key, credential_id, rp_id_hash: sha256(rp_id.as_bytes()), origin }
    }

    /// As [`crate::Passkeys::create`].
    pub fn create(&self, request: &PasskeyRequest) -> PasskeyAttestation {
        // CBOR, RFC 8949, by hand: {"fmt": "none", "attStmt": {}, "authData": 164 bytes}.
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58\xa4".to_vec();
        object.extend(self.authenticator_data(USER_PRESENT | ATTESTED_CREDENTIAL));
        object.extend([0; 16]); // AAGUID: no model
        object.extend([0, 32]);
        object.extend(self.credential_id.expose());
        // RFC 9053 §7.1.1: {1: 2, 3: -7, -1: 1, -2: x, -3: y}.
        let point = self.key.public_key().uncompressed();
        let (x, y) = point.split_at(33);
        object.extend(b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20");
        object.extend(x.iter().skip(1));
        object.extend(b"\x22\x58\x20");
        object.extend(y);
        PasskeyAttestation {
            credential_id: self.credential_id(),
            client_data_json: encode(self.client_data("webauthn.create", &request.challenge)),
            attestation_object: encode(object),
            transports: vec!["AUTHENTICATOR_TRANSPORT_INTERNAL".to_owned()],
        }
    }

    /// As [`crate::Passkeys::get`].
    pub fn get(&self, challenge: &[u8]) -> PasskeyAssertion {
        let authenticator_data = self.authenticator_data(USER_PRESENT);
        let client_data = self.client_data("webauthn.get", challenge);
        let signed = [authenticator_data.as_slice(), &sha256(client_data.as_bytes())].concat();
        PasskeyAssertion {
            credential_id: self.credential_id(),
            authenticator_data: encode(authenticator_data),
            client_data_json: encode(client_data),
            signature: encode(self.key.sign(&signed).to_der()),
        }
    }
}

impl SoftwarePasskey {
    fn credential_id(&self) -> String {
        // An id is no secret.
        encode(self.credential_id.expose())
    }

    fn authenticator_data(&self, flags: u8) -> Vec<u8> {
        let mut bytes = self.rp_id_hash.to_vec();
        bytes.push(flags);
        bytes.extend([0; 4]);
        bytes
    }

    /// In the order WebAuthn §5.8.1.1 prescribes.
    fn client_data(&self, kind: &str, challenge: &[u8]) -> String {
        let (challenge, origin) = (encode(challenge), &self.origin);
        format!(
            r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}","crossOrigin":false}}"#
        )
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A wallet in software.
#[derive(uniffi::Object)]
pub struct SoftwareWallet {
    key: WalletKey,
}

enum WalletKey {
    Ethereum(Secp256k1PrivateKey),
    Solana(Ed25519PrivateKey),
}

#[uniffi::export]
impl SoftwareWallet {
    /// A new one.
    #[uniffi::constructor]
    pub fn new(kind: WalletKind) -> Self {
        let rng = &mut os_rng();
        let key = match kind {
            WalletKind::Ethereum => WalletKey::Ethereum(Secp256k1PrivateKey::generate(rng)),
            WalletKind::Solana => WalletKey::Solana(Ed25519PrivateKey::generate(rng)),
        };
        Self { key }
    }

    /// As [`crate::Wallet::kind`].
    pub fn kind(&self) -> WalletKind {
        match self.key {
            WalletKey::Ethereum(_) => WalletKind::Ethereum,
            WalletKey::Solana(_) => WalletKind::Solana,
        }
    }

    /// As [`crate::Wallet::public_key`].
    pub fn public_key(&self) -> String {
        match &self.key {
            WalletKey::Ethereum(key) => hex::encode(key.public_key().compressed()),
            WalletKey::Solana(key) => hex::encode(key.public_key().to_bytes()),
        }
    }

    /// As [`crate::Wallet::sign_message`].
    pub fn sign_message(&self, message: &str) -> Vec<u8> {
        match &self.key {
            WalletKey::Ethereum(key) => {
                let signature = key.sign_prehash(&eip191_prehash(message.as_bytes()));
                let v = signature.recovery_id.saturating_add(27);
                [&signature.r[..], &signature.s, &[v]].concat()
            }
            WalletKey::Solana(key) => key.sign(message.as_bytes()).to_vec(),
        }
    }
}

/// A P-256 key pair in software, as a key management service would have one.
#[derive(uniffi::Object)]
pub struct SoftwareSigner {
    key: P256PrivateKey,
}

#[uniffi::export]
impl SoftwareSigner {
    /// With this private key, hex.
    #[uniffi::constructor]
    pub fn new(private_key: &str) -> Result<Self, StoryError> {
        let bytes = hex::decode(private_key).ok();
        let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let key = bytes.and_then(|bytes| P256PrivateKey::from_bytes(&bytes).ok());
        let none = || StoryError::Broken { reason: "not a P-256 private key in hex".to_owned() };
        key.map(|key| Self { key }).ok_or_else(none)
    }

    /// SEC1 compressed, hex.
    pub fn public_key(&self) -> String {
        hex::encode(self.key.public_key().compressed())
    }

    /// Signs the SHA-256 of a message; DER.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.key.sign(message).to_der()
    }
}
