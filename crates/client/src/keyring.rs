//! Keys in the operating system's keyring: Keychain on macOS, Credential Manager on Windows, the kernel's
//! on Linux, or another that there is a store of [`keyring_core`] for.
//!
//! It is for keys alone: keyrings hold little, 2,560 bytes an entry on Windows and 20,000 a user in Linux.
//! Sessions stay in a store of texts such as [`FileStore`](crate::native::FileStore).
//!
//! Needs a Tokio runtime.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use keyring_core::error::PlatformError;
use keyring_core::{CredentialStore, Entry, Error};
use keyward_crypto::{EcdsaSignature, P256PrivateKey, Secret, SecretBytes, os_rng};
use keyward_protocol::wire::Timestamp;

pub use keyring_core;

use crate::ports::{KeyProtection, KeyStore, SessionStore, StoreError, StoredKey};

/// P-256 keys as secrets of a keyring, an entry each, and one more entry that names them.
///
/// The keyring gives them to this user's programs, or on macOS to the program that stored them, while it is
/// unlocked. Programs may share it.
pub struct KeyringKeyStore {
    keyring: Arc<Keyring>,
    /// Not every keyring can list its entries, and none changes an entry depending on what it was: whoever
    /// changes the index holds this lock.
    locks: Arc<dyn SessionStore>,
    lock: String,
}

impl KeyringKeyStore {
    /// Keys in the operating system's own keyring.
    ///
    /// `service` tells the application's entries from those of others, as in `com.example.wallet`, and is not
    /// empty. `sessions` is the store of the same client: programs that share the service share that too, as
    /// its locks keep them from losing each other's keys, and its sessions say which keys are in use.
    ///
    /// On Linux this is the kernel's keyring, which is there without a desktop, but forgets at a restart of the
    /// machine, and after three days in which the user was neither logged in nor a key used. To keep keys for
    /// longer, give [`with_store`](Self::with_store) the Secret Service's.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the platform's keyring can't be had: containers often keep programs from the
    /// kernel's.
    #[cfg(any(target_os = "linux", target_os = "macos", windows))]
    pub fn open(service: &str, sessions: Arc<dyn SessionStore>) -> Result<Self, StoreError> {
        #[cfg(target_os = "linux")]
        let (store, modifiers) = (linux_keyutils_keyring_store::Store::new(), &[]);
        #[cfg(target_os = "macos")]
        let (store, modifiers) = (apple_native_keyring_store::keychain::Store::new(), &[]);
        // Else a domain's user has the keys on every computer, and the sessions on one.
        #[cfg(windows)]
        let (store, modifiers) =
            (windows_native_keyring_store::Store::new(), &[("persistence", "Local")]);
        let store = store.map_err(store_error)?;
        prepare_thread()?;
        let keyring =
            Keyring { service: service.to_owned(), store, modifiers, prepare: prepare_thread };
        Ok(Self::new(keyring, sessions))
    }

    /// Keys in a keyring of the application's choice, such as the Secret Service, else as
    /// [`open`](Self::open).
    pub fn with_store(
        service: &str,
        store: Arc<CredentialStore>,
        sessions: Arc<dyn SessionStore>,
    ) -> Self {
        let prepare = || Ok(());
        Self::new(Keyring { service: service.to_owned(), store, modifiers: &[], prepare }, sessions)
    }

    fn new(keyring: Keyring, locks: Arc<dyn SessionStore>) -> Self {
        let lock = format!("keyring/{}", keyring.service);
        Self { keyring: Arc::new(keyring), locks, lock }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Keyring) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let keyring = self.keyring.clone();
        let done = tokio::task::spawn_blocking(move || work(&keyring)).await;
        done.map_err(|error| StoreError::Failed(error.to_string()))?
    }

    /// The same, while nobody else changes the index; also when the caller stops waiting for it.
    async fn alone<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Keyring) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let held = self.locks.lock(&self.lock).await?;
        self.blocking(move |keyring| {
            let done = work(keyring);
            drop(held);
            done
        })
        .await
    }
}

#[async_trait]
impl KeyStore for KeyringKeyStore {
    async fn generate(&self, now: Timestamp) -> Result<StoredKey, StoreError> {
        self.import(P256PrivateKey::generate(&mut os_rng()), now).await
    }

    async fn import(&self, key: P256PrivateKey, now: Timestamp) -> Result<StoredKey, StoreError> {
        let name = KeyName(key.public_key().compressed());
        self.alone(move |keyring| keyring.keep(name, &key, now)).await?;
        Ok(StoredKey { public_key: name.hex(), created_at: now })
    }

    async fn list(&self) -> Result<Vec<StoredKey>, StoreError> {
        self.blocking(|keyring| {
            let mut keys = Vec::new();
            for name in keyring.index()? {
                if let Some((_, created_at)) = keyring.key(name)? {
                    keys.push(StoredKey { public_key: name.hex(), created_at });
                }
            }
            Ok(keys)
        })
        .await
    }

    async fn sign(&self, public_key: &str, message: &[u8]) -> Result<EcdsaSignature, StoreError> {
        let name = KeyName::parse(public_key).ok_or(StoreError::KeyMissing)?;
        let found = self.blocking(move |keyring| keyring.key(name)).await?;
        let (key, _) = found.ok_or(StoreError::KeyMissing)?;
        Ok(key.sign(message))
    }

    async fn delete(&self, public_key: &str) -> Result<(), StoreError> {
        let Some(name) = KeyName::parse(public_key) else { return Ok(()) };
        self.alone(move |keyring| keyring.forget(name)).await
    }

    fn protection(&self) -> KeyProtection {
        KeyProtection::SecureStorage
    }
}

/// A public key, SEC1 compressed. In hex, the name of the private key's entry.
#[derive(Clone, Copy, Eq, PartialEq)]
struct KeyName([u8; KEY_NAME_BYTES]);

const KEY_NAME_BYTES: usize = 33;

impl KeyName {
    /// `None` for what is the name of no key.
    fn parse(public_key: &str) -> Option<Self> {
        let name = Self(hex::decode(public_key).ok()?.try_into().ok()?);
        (name.hex() == public_key).then_some(name)
    }

    fn hex(self) -> String {
        hex::encode(self.0)
    }
}

/// The name of the entry that names the keys.
const INDEX: &str = "index";
/// What the index begins with, and the names follow.
const INDEX_FORMAT: u8 = 1;
/// What a key's entry holds: the private key, and when it was made, big-endian milliseconds.
const KEY_BYTES: usize = 32 + 8;

/// The application's entries.
struct Keyring {
    service: String,
    store: Arc<CredentialStore>,
    /// How entries are made in this store.
    modifiers: &'static [(&'static str, &'static str)],
    /// What a thread has to do before it uses the store.
    prepare: fn() -> Result<(), StoreError>,
}

impl Keyring {
    fn keep(&self, name: KeyName, key: &P256PrivateKey, now: Timestamp) -> Result<(), StoreError> {
        let names = self.index()?;
        // The index comes first: it may name a key that isn't there, but no key is there unnamed.
        let is_new = !names.contains(&name);
        if is_new {
            self.set_index(names.iter().chain([&name]))?;
        } else {
            // The kernel's store changes the entry that all log-in sessions share once it has found that, else
            // it makes another for this one. The index was read before, too.
            self.get(&name.hex())?;
        }
        // With all its capacity at once: growing would leave a copy behind.
        let mut bytes = Vec::with_capacity(KEY_BYTES);
        // They leave their wrappers to be stored.
        bytes.extend_from_slice(key.expose_bytes().expose());
        bytes.extend_from_slice(&now.as_millis().to_be_bytes());
        let kept = self.set(&name.hex(), SecretBytes::new(bytes).expose());
        if kept.is_err() && is_new {
            // If this fails too, the index goes on naming a key that isn't there.
            let _ = self.set_index(names.iter());
        }
        kept
    }

    fn forget(&self, name: KeyName) -> Result<(), StoreError> {
        self.remove(&name.hex())?;
        let names = self.index()?;
        if names.contains(&name) {
            self.set_index(names.iter().filter(|known| **known != name))?;
        }
        Ok(())
    }

    fn key(&self, name: KeyName) -> Result<Option<(P256PrivateKey, Timestamp)>, StoreError> {
        let Some(bytes) = self.get(&name.hex())? else { return Ok(None) };
        // It leaves the wrapper for others: `Secret` and the key.
        let parsed = bytes.expose().split_last_chunk::<8>().and_then(|(key, created_at)| {
            let key = P256PrivateKey::from_bytes(Secret::from_slice(key)?.expose()).ok()?;
            Some((key, Timestamp::from_millis(u64::from_be_bytes(*created_at))))
        });
        parsed.map(Some).ok_or_else(|| damaged("a key"))
    }

    /// The keys there are, and perhaps some that are not.
    fn index(&self) -> Result<Vec<KeyName>, StoreError> {
        let Some(bytes) = self.get(INDEX)? else { return Ok(Vec::new()) };
        // Public keys are no secret.
        let names = match bytes.expose().split_first() {
            Some((&INDEX_FORMAT, names)) => names.as_chunks::<KEY_NAME_BYTES>(),
            _ => return Err(damaged("the index")),
        };
        match names {
            (names, []) => Ok(names.iter().copied().map(KeyName).collect()),
            _ => Err(damaged("the index")),
        }
    }

    fn set_index<'a>(&self, names: impl Iterator<Item = &'a KeyName>) -> Result<(), StoreError> {
        let mut bytes = vec![INDEX_FORMAT];
        bytes.extend(names.flat_map(|name| name.0));
        // Without keys nothing of ours stays in the keyring.
        if bytes.len() == 1 { self.remove(INDEX) } else { self.set(INDEX, &bytes) }
    }

    fn get(&self, user: &str) -> Result<Option<SecretBytes>, StoreError> {
        match self.entry(user)?.get_secret() {
            Ok(bytes) => Ok(Some(SecretBytes::new(bytes))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(store_error(error)),
        }
    }

    fn set(&self, user: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.entry(user)?.set_secret(bytes).map_err(store_error)
    }

    fn remove(&self, user: &str) -> Result<(), StoreError> {
        match self.entry(user)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(store_error(error)),
        }
    }

    fn entry(&self, user: &str) -> Result<Entry, StoreError> {
        (self.prepare)()?;
        let modifiers: HashMap<_, _> = self.modifiers.iter().copied().collect();
        self.store.build(&self.service, user, Some(&modifiers)).map_err(store_error)
    }
}

/// Has the thread reach the user's persistent keyring, which is what all threads and programs share.
///
/// The store would look for it in the session keyring. Outside log-in sessions, as in some services, a thread
/// has none until it links the persistent keyring to it; the store asks for the one first and then does the
/// other, so it looks in the wrong one. And it makes do without a persistent keyring, where keys are
/// gone with the thread.
///
/// Source: session-keyring(7), persistent-keyring(7).
#[cfg(target_os = "linux")]
fn prepare_thread() -> Result<(), StoreError> {
    use linux_keyutils::{KeyRing, KeyRingIdentifier};
    let reached = KeyRing::from_special_id(KeyRingIdentifier::Session, true)
        .and_then(|_| KeyRing::get_persistent(KeyRingIdentifier::Session));
    reached.map(|_| ()).map_err(|error| platform_error(&error.into()))
}

#[cfg(any(target_os = "macos", windows))]
#[expect(clippy::unnecessary_wraps, reason = "it is in Linux that it can fail")]
fn prepare_thread() -> Result<(), StoreError> {
    Ok(())
}

fn damaged(what: &str) -> StoreError {
    StoreError::Failed(format!("the keyring's entry of {what} is damaged"))
}

fn store_error(error: Error) -> StoreError {
    match error {
        Error::NoStorageAccess(cause) => StoreError::Denied(cause.to_string()),
        Error::PlatformFailure(cause) => platform_error(&cause),
        Error::TooLong(..) => StoreError::Full,
        // Their texts may quote what is in the keyring, and their data is that.
        Error::BadEncoding(bytes) | Error::BadDataFormat(bytes, _) => {
            drop(SecretBytes::new(bytes));
            damaged("a key")
        }
        Error::Ambiguous(_) => {
            StoreError::Failed("the keyring has several entries of that name".to_owned())
        }
        error => StoreError::Failed(error.to_string()),
    }
}

/// What the platform's own errors mean that the stores don't look at.
fn platform_error(cause: &PlatformError) -> StoreError {
    #[cfg(target_os = "linux")]
    if let Some(error) = cause.downcast_ref::<linux_keyutils::KeyError>() {
        use linux_keyutils::KeyError;
        match error {
            KeyError::QuotaExceeded => return StoreError::Full,
            // EPERM is also what containers answer that keep programs from keyrings.
            KeyError::PermissionDenied | KeyError::AccessDenied => {
                return StoreError::Denied(error.to_string());
            }
            _ => {}
        }
    }
    #[cfg(target_os = "macos")]
    if let Some(error) = cause.downcast_ref::<security_framework::base::Error>()
        // errSecInteractionNotAllowed: it is locked, and nobody can be asked. errSecAuthFailed,
        // errSecUserCanceled: somebody was. Source: SecBase.h.
        && matches!(error.code(), -25308 | -25293 | -128)
    {
        return StoreError::Denied(error.to_string());
    }
    StoreError::Failed(cause.to_string())
}

#[cfg(test)]
mod tests {
    use keyring_core::mock;

    use super::*;
    use crate::memory::MemorySessionStore;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_123);

    fn keys() -> KeyringKeyStore {
        let store = mock::Store::new().unwrap();
        KeyringKeyStore::with_store("test", store, Arc::new(MemorySessionStore::default()))
    }

    /// The next thing done with that entry fails.
    fn fail(keys: &KeyringKeyStore, user: &str, error: Error) {
        let entry = keys.keyring.entry(user).unwrap();
        entry.as_any().downcast_ref::<mock::Cred>().unwrap().set_error(error);
    }

    #[tokio::test]
    async fn errors_say_what_happened() {
        let keys = keys();
        let key = keys.generate(NOW).await.unwrap().public_key;
        let locked = || Error::NoStorageAccess("locked".into());
        let denied = StoreError::Denied("locked".to_owned());

        fail(&keys, &key, locked());
        assert_eq!(keys.sign(&key, b"").await.unwrap_err(), denied);
        fail(&keys, &key, locked());
        assert_eq!(keys.list().await.unwrap_err(), denied);
        fail(&keys, &key, locked());
        assert_eq!(keys.delete(&key).await.unwrap_err(), denied);
        fail(&keys, INDEX, Error::TooLong("secret".to_owned(), 2560));
        assert_eq!(keys.generate(NOW).await.unwrap_err(), StoreError::Full);
        fail(&keys, INDEX, Error::PlatformFailure("unplugged".into()));
        assert_eq!(keys.list().await.unwrap_err(), StoreError::Failed("unplugged".to_owned()));
        // None of them changed anything.
        assert_eq!(keys.list().await.unwrap().len(), 1);
        keys.sign(&key, b"").await.unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_used_up_quota_is_full_and_a_forbidden_call_denied() {
        use linux_keyutils::KeyError;
        let error = |cause: KeyError| store_error(Error::PlatformFailure(cause.into()));
        assert_eq!(error(KeyError::QuotaExceeded), StoreError::Full);
        assert!(matches!(error(KeyError::PermissionDenied), StoreError::Denied(_)));
        assert!(matches!(error(KeyError::OutOfMemory), StoreError::Failed(_)));
    }

    #[tokio::test]
    async fn a_key_that_was_not_kept_is_not_named() {
        let keys = keys();
        let key = P256PrivateKey::generate(&mut os_rng());
        let name = KeyName(key.public_key().compressed());
        fail(&keys, &name.hex(), Error::NoStorageAccess("locked".into()));
        keys.import(key, NOW).await.unwrap_err();
        assert!(keys.keyring.get(INDEX).unwrap().is_none());
    }

    #[tokio::test]
    async fn a_key_that_the_keyring_forgot_is_not_listed() {
        let keys = keys();
        let [lost, kept] = [keys.generate(NOW).await.unwrap(), keys.generate(NOW).await.unwrap()];
        keys.keyring.remove(&lost.public_key).unwrap();
        assert_eq!(keys.list().await.unwrap(), [kept]);
        assert_eq!(keys.sign(&lost.public_key, b"").await.unwrap_err(), StoreError::KeyMissing);
    }

    #[tokio::test]
    async fn nothing_stays_when_the_last_key_goes() {
        let keys = keys();
        let key = keys.generate(NOW).await.unwrap();
        keys.delete(&key.public_key).await.unwrap();
        assert!(keys.keyring.get(INDEX).unwrap().is_none());
        assert!(keys.keyring.get(&key.public_key).unwrap().is_none());
    }

    #[tokio::test]
    async fn what_is_damaged_or_of_a_newer_version_is_left_alone() {
        let keys = keys();
        let key = keys.generate(NOW).await.unwrap().public_key;
        keys.keyring.set(&key, b"short").unwrap();
        assert!(matches!(keys.sign(&key, b"").await, Err(StoreError::Failed(_))));
        for index in [&b""[..], b"\x02", b"\x01short"] {
            keys.keyring.set(INDEX, index).unwrap();
            assert!(matches!(keys.list().await, Err(StoreError::Failed(_))));
            assert!(matches!(keys.generate(NOW).await, Err(StoreError::Failed(_))));
            assert!(keys.keyring.get(INDEX).unwrap().is_some_and(|kept| kept.matches(index)));
        }
    }
}
