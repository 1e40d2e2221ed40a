//! Stores that forget when the program ends: for tests, and where nothing durable is to be had.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use keyward_crypto::{EcdsaSignature, P256PrivateKey, os_rng};
use keyward_protocol::wire::Timestamp;
use tokio::sync::OwnedMutexGuard;

use crate::ports::{Guard, KeyProtection, KeyStore, SessionStore, StoreError, StoredKey};

/// Keys in memory.
#[derive(Default)]
pub struct MemoryKeyStore {
    keys: Mutex<BTreeMap<String, (P256PrivateKey, Timestamp)>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing in here panics half-way.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl KeyStore for MemoryKeyStore {
    async fn generate(&self, now: Timestamp) -> Result<StoredKey, StoreError> {
        self.import(P256PrivateKey::generate(&mut os_rng()), now).await
    }

    async fn import(&self, key: P256PrivateKey, now: Timestamp) -> Result<StoredKey, StoreError> {
        let public_key = hex::encode(key.public_key().compressed());
        locked(&self.keys).insert(public_key.clone(), (key, now));
        Ok(StoredKey { public_key, created_at: now })
    }

    async fn list(&self) -> Result<Vec<StoredKey>, StoreError> {
        let keys = locked(&self.keys);
        let keys = keys.iter();
        Ok(keys
            .map(|(public_key, (_, created_at))| StoredKey {
                public_key: public_key.clone(),
                created_at: *created_at,
            })
            .collect())
    }

    async fn sign(&self, public_key: &str, message: &[u8]) -> Result<EcdsaSignature, StoreError> {
        let keys = locked(&self.keys);
        let (key, _) = keys.get(public_key).ok_or(StoreError::KeyMissing)?;
        Ok(key.sign(message))
    }

    async fn delete(&self, public_key: &str) -> Result<(), StoreError> {
        locked(&self.keys).remove(public_key);
        Ok(())
    }

    fn protection(&self) -> KeyProtection {
        KeyProtection::Memory
    }
}

/// Texts in memory.
#[derive(Default)]
pub struct MemorySessionStore {
    texts: Mutex<BTreeMap<String, String>>,
    locks: NamedLocks,
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl SessionStore for MemorySessionStore {
    async fn get(&self, name: &str) -> Result<Option<String>, StoreError> {
        Ok(locked(&self.texts).get(name).cloned())
    }

    async fn set(&self, name: &str, text: &str) -> Result<(), StoreError> {
        locked(&self.texts).insert(name.to_owned(), text.to_owned());
        Ok(())
    }

    async fn remove(&self, name: &str) -> Result<(), StoreError> {
        locked(&self.texts).remove(name);
        Ok(())
    }

    async fn names(&self) -> Result<Vec<String>, StoreError> {
        Ok(locked(&self.texts).keys().cloned().collect())
    }

    async fn lock(&self, name: &str) -> Result<Box<dyn Guard>, StoreError> {
        Ok(Box::new(self.locks.hold(name).await))
    }
}

/// Locks by name, among those who share this value.
#[derive(Default)]
pub struct NamedLocks {
    locks: Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

/// One of [`NamedLocks`], held.
pub struct NamedGuard {
    _held: OwnedMutexGuard<()>,
}

impl Guard for NamedGuard {}

impl NamedLocks {
    /// Waits for the lock of that name.
    pub async fn hold(&self, name: &str) -> NamedGuard {
        let lock = locked(&self.locks).entry(name.to_owned()).or_default().clone();
        NamedGuard { _held: lock.lock_owned().await }
    }
}
