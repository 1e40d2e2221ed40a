//! Keys and sessions in the storage that the application lends.

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use keyward_client::NamedLocks;
use keyward_client::ports::{Guard, KeyProtection, KeyStore, SessionStore, StoreError, StoredKey};
use keyward_client::protocol::wire::Timestamp;
use keyward_crypto::{EcdsaSignature, P256PrivateKey, SecretBytes, os_rng};

use crate::ports::{SecureStorage, StorageError};

/// Shared by all clients of the process: two of them may have the same Keychain behind different objects.
static LOCKS: LazyLock<NamedLocks> = LazyLock::new(NamedLocks::default);

/// The form keys are stored in: this byte, the time of making in milliseconds (8 bytes, big-endian), the
/// private key (32 bytes).
const FORMAT: u8 = 1;
const MADE: std::ops::Range<usize> = 1..9;
const PRIVATE_KEY: std::ops::Range<usize> = 9..41;
const LENGTH: usize = 41;

/// Both stores of the core over one [`SecureStorage`].
#[derive(Clone)]
pub(crate) struct StorageStore {
    storage: Arc<dyn SecureStorage>,
    /// What is put before every name.
    ground: String,
    /// What the names that are listed begin with, after that.
    scope: String,
    /// What the names of keys begin with, after that.
    keys: String,
}

impl StorageStore {
    /// For the clients of a namespace.
    pub(crate) fn of_namespace(storage: Arc<dyn SecureStorage>, namespace: &str) -> Self {
        let scope = format!("{namespace}/");
        Self { storage, ground: String::new(), keys: format!("{scope}key/"), scope }
    }

    /// For everybody on a part of the storage.
    #[cfg(feature = "stories")]
    pub(crate) fn of_ground(storage: Arc<dyn SecureStorage>, ground: &str) -> Self {
        let (ground, scope) = (format!("{ground}/"), String::new());
        Self { storage, ground, scope, keys: ".key/".to_owned() }
    }

    fn text(&self, name: &str) -> String {
        format!("{}{name}", self.ground)
    }

    fn key(&self, public_key: &str) -> String {
        format!("{}{}{public_key}", self.ground, self.keys)
    }

    /// Has the storage do something where it may wait.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn SecureStorage) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let storage = self.storage.clone();
        let done = tokio::task::spawn_blocking(move || work(&*storage)).await;
        Ok(done.map_err(|error| StoreError::Failed(error.to_string()))??)
    }

    async fn read(&self, name: String) -> Result<Option<Vec<u8>>, StoreError> {
        self.blocking(move |storage| storage.get(name)).await
    }

    /// The names that begin so, without that.
    async fn listed(&self, prefix: String) -> Result<Vec<String>, StoreError> {
        let asked = prefix.clone();
        let names = self.blocking(move |storage| storage.names(asked)).await?;
        let names = names.into_iter();
        Ok(names.filter_map(|name| name.strip_prefix(&prefix).map(str::to_owned)).collect())
    }

    async fn stored_key(
        &self,
        public_key: &str,
    ) -> Result<Option<(P256PrivateKey, Timestamp)>, StoreError> {
        let Some(value) = self.read(self.key(public_key)).await? else { return Ok(None) };
        let value = SecretBytes::new(value);
        let damaged = || StoreError::Failed("a stored key is damaged".to_owned());
        // It leaves the wrapper to become a key.
        read_key(value.expose()).map(Some).ok_or_else(damaged)
    }
}

fn read_key(value: &[u8]) -> Option<(P256PrivateKey, Timestamp)> {
    if value.len() != LENGTH || value.first() != Some(&FORMAT) {
        return None;
    }
    let made_ms = u64::from_be_bytes(value.get(MADE)?.try_into().ok()?);
    let private_key: &[u8; 32] = value.get(PRIVATE_KEY)?.try_into().ok()?;
    Some((P256PrivateKey::from_bytes(private_key).ok()?, Timestamp::from_millis(made_ms)))
}

/// As the storage gets it. What it is handed over in is wiped when it is freed: see [`crate`]'s allocator.
fn write_key(key: &P256PrivateKey, now: Timestamp) -> Vec<u8> {
    let mut value = Vec::with_capacity(LENGTH);
    value.push(FORMAT);
    value.extend(now.as_millis().to_be_bytes());
    // They leave the wrapper to be stored.
    value.extend(key.expose_bytes().expose());
    value
}

impl From<StorageError> for StoreError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Full => Self::Full,
            StorageError::Denied { reason } => Self::Denied(reason),
            StorageError::Failed { reason } => Self::Failed(reason),
        }
    }
}

#[async_trait]
impl KeyStore for StorageStore {
    async fn generate(&self, now: Timestamp) -> Result<StoredKey, StoreError> {
        self.import(P256PrivateKey::generate(&mut os_rng()), now).await
    }

    async fn import(&self, key: P256PrivateKey, now: Timestamp) -> Result<StoredKey, StoreError> {
        let public_key = hex::encode(key.public_key().compressed());
        let name = self.key(&public_key);
        self.blocking(move |storage| storage.set(name, write_key(&key, now))).await?;
        Ok(StoredKey { public_key, created_at: now })
    }

    async fn list(&self) -> Result<Vec<StoredKey>, StoreError> {
        let mut keys = Vec::new();
        for public_key in self.listed(self.key("")).await? {
            if let Some((_, created_at)) = self.stored_key(&public_key).await? {
                keys.push(StoredKey { public_key, created_at });
            }
        }
        Ok(keys)
    }

    async fn sign(&self, public_key: &str, message: &[u8]) -> Result<EcdsaSignature, StoreError> {
        let (key, _) = self.stored_key(public_key).await?.ok_or(StoreError::KeyMissing)?;
        Ok(key.sign(message))
    }

    async fn delete(&self, public_key: &str) -> Result<(), StoreError> {
        let name = self.key(public_key);
        self.blocking(move |storage| storage.delete(name)).await
    }

    fn protection(&self) -> KeyProtection {
        KeyProtection::SecureStorage
    }
}

#[async_trait]
impl SessionStore for StorageStore {
    async fn get(&self, name: &str) -> Result<Option<String>, StoreError> {
        let value = self.read(self.text(name)).await?;
        let damaged = |_| StoreError::Failed("a stored text is damaged".to_owned());
        value.map(String::from_utf8).transpose().map_err(damaged)
    }

    async fn set(&self, name: &str, text: &str) -> Result<(), StoreError> {
        let (name, text) = (self.text(name), text.as_bytes().to_vec());
        self.blocking(move |storage| storage.set(name, text)).await
    }

    async fn remove(&self, name: &str) -> Result<(), StoreError> {
        let name = self.text(name);
        self.blocking(move |storage| storage.delete(name)).await
    }

    async fn names(&self) -> Result<Vec<String>, StoreError> {
        let names = self.listed(self.text(&self.scope)).await?;
        let names = names.into_iter().map(|name| format!("{}{name}", self.scope));
        Ok(names.filter(|name| !name.starts_with(&self.keys)).collect())
    }

    async fn lock(&self, name: &str) -> Result<Box<dyn Guard>, StoreError> {
        Ok(Box::new(LOCKS.hold(&self.text(name)).await))
    }
}
