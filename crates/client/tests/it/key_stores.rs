//! What every store of keys promises.

#[cfg(target_os = "linux")]
use std::io::Write;
use std::sync::Arc;

use keyward_client::keyring::KeyringKeyStore;
use keyward_client::keyring::keyring_core::mock;
use keyward_client::native::FileStore;
use keyward_client::ports::{KeyStore, StoreError, StoredKey};
use keyward_client::protocol::wire::Timestamp;
use keyward_crypto::{P256PrivateKey, P256PublicKey, os_rng};
use tempfile::TempDir;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_123);

/// Where keys are, for programs to open.
trait Place {
    fn open(&self) -> Arc<dyn KeyStore>;
}

macro_rules! promises {
    ($($name:ident,)+) => {
        /// Makes a test of each promise, in a place if there is one. A function that is not on the list is
        /// dead code.
        macro_rules! every_promise {
            ($place:expr) => {$(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    if let Some(place) = $place {
                        super::$name(&place).await;
                    }
                }
            )+};
        }
    };
}

promises! {
    a_made_key_signs,
    an_imported_key_signs,
    another_program_finds_it,
    a_deleted_key_is_gone,
    an_unknown_key_is_missing,
    importing_again_keeps_one_key,
    programs_lose_none_of_each_others_keys,
}

async fn signs(keys: &dyn KeyStore, key: &StoredKey) -> bool {
    let signature = keys.sign(&key.public_key, b"message").await.unwrap();
    let public_key = hex::decode(&key.public_key).unwrap();
    P256PublicKey::from_sec1(&public_key).unwrap().verify(b"message", &signature)
}

async fn a_made_key_signs(place: &impl Place) {
    let keys = place.open();
    let key = keys.generate(NOW).await.unwrap();
    assert!(signs(&*keys, &key).await);
    assert_eq!(keys.list().await.unwrap(), [key]);
}

async fn an_imported_key_signs(place: &impl Place) {
    let keys = place.open();
    let private_key = P256PrivateKey::generate(&mut os_rng());
    let public_key = hex::encode(private_key.public_key().compressed());
    let key = keys.import(private_key, NOW).await.unwrap();
    assert_eq!(key, StoredKey { public_key, created_at: NOW });
    assert!(signs(&*keys, &key).await);
    assert_eq!(keys.list().await.unwrap(), [key]);
}

async fn another_program_finds_it(place: &impl Place) {
    let key = place.open().generate(NOW).await.unwrap();
    let other = place.open();
    assert!(signs(&*other, &key).await);
    assert_eq!(other.list().await.unwrap(), [key]);
}

async fn a_deleted_key_is_gone(place: &impl Place) {
    let keys = place.open();
    let [gone, kept] = [keys.generate(NOW).await.unwrap(), keys.generate(NOW).await.unwrap()];
    for _ in 0..2 {
        keys.delete(&gone.public_key).await.unwrap();
        let signed = keys.sign(&gone.public_key, b"message").await;
        assert_eq!(signed.unwrap_err(), StoreError::KeyMissing);
        assert_eq!(place.open().list().await.unwrap(), std::slice::from_ref(&kept));
    }
    keys.delete(&kept.public_key).await.unwrap();
    assert_eq!(keys.list().await.unwrap(), []);
    // Nor does what was deleted stand in the way.
    let key = keys.generate(NOW).await.unwrap();
    assert_eq!(keys.list().await.unwrap(), [key]);
}

async fn an_unknown_key_is_missing(place: &impl Place) {
    let keys = place.open();
    let known = keys.generate(NOW).await.unwrap();
    let stranger = P256PrivateKey::generate(&mut os_rng()).public_key();
    for name in [&hex::encode(stranger.compressed()), "index", "..", &"02".repeat(40)] {
        assert_eq!(keys.sign(name, b"").await.unwrap_err(), StoreError::KeyMissing, "{name}");
        keys.delete(name).await.unwrap();
    }
    assert_eq!(keys.list().await.unwrap(), [known]);
}

async fn importing_again_keeps_one_key(place: &impl Place) {
    let keys = place.open();
    let private_key = || P256PrivateKey::from_bytes(&[7; 32]).unwrap();
    keys.import(private_key(), NOW).await.unwrap();
    let later = Timestamp::from_millis(NOW.as_millis() + 1);
    let key = keys.import(private_key(), later).await.unwrap();
    assert!(signs(&*keys, &key).await);
    assert_eq!(keys.list().await.unwrap(), [key]);
}

async fn programs_lose_none_of_each_others_keys(place: &impl Place) {
    let made = (0..4).map(|_| {
        let keys = place.open();
        tokio::spawn(async move {
            let mut made = Vec::new();
            for _ in 0..8 {
                let given_up = keys.generate(NOW).await.unwrap();
                made.push(keys.generate(NOW).await.unwrap().public_key);
                keys.delete(&given_up.public_key).await.unwrap();
            }
            made
        })
    });
    let mut expected = Vec::new();
    for made in made.collect::<Vec<_>>() {
        expected.extend(made.await.unwrap());
    }
    let listed = place.open().list().await.unwrap();
    let mut listed: Vec<_> = listed.into_iter().map(|key| key.public_key).collect();
    expected.sort();
    listed.sort();
    assert_eq!(listed, expected);
}

/// Programs are clones of one value.
struct Memory(Arc<keyward_client::MemoryKeyStore>);

impl Place for Memory {
    fn open(&self) -> Arc<dyn KeyStore> {
        self.0.clone()
    }
}

mod in_memory {
    every_promise!(Some(super::Memory(std::sync::Arc::default())));
}

struct Files(TempDir);

impl Place for Files {
    fn open(&self) -> Arc<dyn KeyStore> {
        Arc::new(FileStore::open(self.0.path()).unwrap())
    }
}

mod in_files {
    every_promise!(Some(super::Files(tempfile::tempdir().unwrap())));
}

struct Keyring {
    store: Arc<mock::Store>,
    sessions: TempDir,
}

impl Place for Keyring {
    fn open(&self) -> Arc<dyn KeyStore> {
        let sessions = FileStore::open(self.sessions.path()).unwrap();
        Arc::new(KeyringKeyStore::with_store("test", self.store.clone(), Arc::new(sessions)))
    }
}

mod in_a_keyring {
    every_promise!(Some(super::Keyring {
        store: super::mock::Store::new().unwrap(),
        sessions: tempfile::tempdir().unwrap(),
    }));
}

/// The kernel's own keyring.
#[cfg(target_os = "linux")]
struct Kernel(TempDir);

#[cfg(target_os = "linux")]
impl Kernel {
    /// `None` where the kernel lets nobody have a keyring, which is said aloud.
    fn new() -> Option<Self> {
        let directory = tempfile::Builder::new().prefix("keyward-test-").tempdir().unwrap();
        let sessions = FileStore::open(directory.path()).unwrap();
        let Err(error) = KeyringKeyStore::open("keyward-test", Arc::new(sessions)) else {
            return Some(Self(directory));
        };
        // Written past the test runner, which shows nothing of tests that pass.
        let told = format!(
            "NOT TESTED: this kernel gives us no keyring ({error}); containers forbid `keyctl`, \
             docker run --security-opt seccomp=unconfined allows it\n"
        );
        std::io::stderr().write_all(told.as_bytes()).unwrap();
        None
    }
}

#[cfg(target_os = "linux")]
impl Place for Kernel {
    fn open(&self) -> Arc<dyn KeyStore> {
        let sessions = FileStore::open(self.0.path()).unwrap();
        let service = self.0.path().to_str().unwrap();
        Arc::new(KeyringKeyStore::open(service, Arc::new(sessions)).unwrap())
    }
}

/// It outlives the test, and holds few keys.
#[cfg(target_os = "linux")]
impl Drop for Kernel {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let keys = self.open();
        let emptied = std::thread::spawn(move || {
            tokio::runtime::Runtime::new().unwrap().block_on(async {
                for key in keys.list().await.unwrap() {
                    keys.delete(&key.public_key).await.unwrap();
                }
            });
        });
        emptied.join().unwrap();
    }
}

#[cfg(target_os = "linux")]
mod in_the_kernel {
    every_promise!(super::Kernel::new());
}
