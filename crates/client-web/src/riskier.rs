//! Keys in Local Storage, for browsers that keep no others. The name says it.

use async_trait::async_trait;
use keyward_client::ports::{KeyProtection, KeyStore, SessionStore, StoreError, StoredKey};
use keyward_client::protocol::wire::Timestamp;
use keyward_crypto::{EcdsaSignature, P256PrivateKey, os_rng};
use serde::{Deserialize, Serialize};

use crate::platform::Texts;

/// Keys as texts, which every script of the origin can read and send away.
pub(crate) struct RiskierLocalStorageKeyStore {
    texts: Texts,
}

/// What the names of keys begin with.
const PREFIX: &str = "key/";

fn name(public_key: &str) -> String {
    [PREFIX, public_key].concat()
}

/// A key as it is stored.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct StoredText {
    /// P-256, hex.
    private_key: String,
    created_at_ms: u64,
}

impl RiskierLocalStorageKeyStore {
    pub(crate) const fn new(texts: Texts) -> Self {
        Self { texts }
    }

    async fn read(&self, public_key: &str) -> Result<Option<StoredText>, StoreError> {
        let text = self.texts.get(&name(public_key)).await?;
        // One that cannot be read is no key.
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }
}

#[async_trait(?Send)]
impl KeyStore for RiskierLocalStorageKeyStore {
    async fn generate(&self, now: Timestamp) -> Result<StoredKey, StoreError> {
        self.import(P256PrivateKey::generate(&mut os_rng()), now).await
    }

    async fn import(&self, key: P256PrivateKey, now: Timestamp) -> Result<StoredKey, StoreError> {
        let public_key = hex::encode(key.public_key().compressed());
        // It leaves the wrapper to be stored: this store's whole risk.
        let private_key = hex::encode(key.expose_bytes().expose());
        let stored = StoredText { private_key, created_at_ms: now.as_millis() };
        let text = serde_json::to_string(&stored);
        let text = text.map_err(|source| StoreError::Failed(source.to_string()))?;
        self.texts.set(&name(&public_key), &text).await?;
        Ok(StoredKey { public_key, created_at: now })
    }

    async fn list(&self) -> Result<Vec<StoredKey>, StoreError> {
        let mut keys = Vec::new();
        for name in self.texts.names().await? {
            let Some(public_key) = name.strip_prefix(PREFIX) else { continue };
            let Some(stored) = self.read(public_key).await? else { continue };
            keys.push(StoredKey {
                public_key: public_key.to_owned(),
                created_at: Timestamp::from_millis(stored.created_at_ms),
            });
        }
        Ok(keys)
    }

    async fn sign(&self, public_key: &str, message: &[u8]) -> Result<EcdsaSignature, StoreError> {
        let stored = self.read(public_key).await?.ok_or(StoreError::KeyMissing)?;
        let bytes = hex::decode(stored.private_key).ok().and_then(|bytes| bytes.try_into().ok());
        let key = bytes.and_then(|bytes: [u8; 32]| P256PrivateKey::from_bytes(&bytes).ok());
        Ok(key.ok_or(StoreError::KeyMissing)?.sign(message))
    }

    async fn delete(&self, public_key: &str) -> Result<(), StoreError> {
        self.texts.remove(&name(public_key)).await
    }

    fn protection(&self) -> KeyProtection {
        KeyProtection::LocalStorage
    }
}
