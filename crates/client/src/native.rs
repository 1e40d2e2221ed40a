//! What a program on a computer or a phone gives the ports: HTTP, files and the machine's clock.
//!
//! Needs a Tokio runtime.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use keyward_crypto::{EcdsaSignature, P256PrivateKey, os_rng};
use keyward_protocol::wire::Timestamp;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use crate::ports::{
    Clock, Guard, HttpRequest, HttpResponse, KeyProtection, KeyStore, SessionStore, StoreError,
    StoredKey, Transport, TransportError,
};

/// Longest time to wait for an answer; the server takes at most 30 seconds.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Largest answer that is read.
const ANSWER_LIMIT_BYTES: u64 = 64 * 1024 * 1024;

/// HTTP/1.1, over TLS with the certificates that the operating system trusts.
pub struct HttpTransport {
    agent: Agent,
}

impl HttpTransport {
    /// A transport that trusts the operating system's certificates.
    pub fn new() -> Self {
        Self::with_timeout(TIMEOUT)
    }

    /// The same, waiting this long for an answer.
    pub fn with_timeout(timeout: Duration) -> Self {
        let found = rustls_native_certs::load_native_certs();
        let roots: Vec<_> = found
            .certs
            .iter()
            .map(|certificate| Certificate::from_der(certificate))
            .map(|c| c.to_owned())
            .collect();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(RootCerts::Specific(Arc::new(roots)))
            .unversioned_rustls_crypto_provider(provider)
            .build();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(timeout))
            .user_agent(concat!("keyward-client/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build();
        Self { agent: Agent::new_with_config(config) }
    }
}

impl Default for HttpTransport {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let agent = self.agent.clone();
        let sent = tokio::task::spawn_blocking(move || exchange(&agent, &request)).await;
        match sent {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(ureq::Error::Timeout(_))) => Err(TransportError::TimedOut),
            Ok(Err(error)) => Err(TransportError::Unreachable(error.to_string())),
            Err(error) => Err(TransportError::Unreachable(error.to_string())),
        }
    }
}

fn exchange(agent: &Agent, request: &HttpRequest) -> Result<HttpResponse, ureq::Error> {
    let mut answer = if request.method == "GET" {
        let asked = agent.get(&request.url);
        request.headers.iter().fold(asked, |asked, (name, value)| asked.header(*name, value)).call()
    } else {
        let asked = agent.post(&request.url);
        let asked =
            request.headers.iter().fold(asked, |asked, (name, value)| asked.header(*name, value));
        asked.send(&request.body)
    }?;
    let headers = answer.headers().iter().filter_map(|(name, value)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    });
    let headers = headers.collect();
    let status = answer.status().as_u16();
    let body = answer.body_mut().with_config().limit(ANSWER_LIMIT_BYTES).read_to_vec()?;
    Ok(HttpResponse { status, headers, body })
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let millis = since.map_or(0, |since| since.as_millis());
        Timestamp::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
    }

    async fn sleep_until(&self, at: Timestamp) {
        let left = at.as_millis().saturating_sub(self.now().as_millis());
        tokio::time::sleep(Duration::from_millis(left)).await;
    }
}

/// Keys and sessions in a directory that only this user reads, each in a file that is replaced at once.
/// Programs may share it.
///
/// Whoever reads the user's files has the keys: prefer the operating system's keyring where there is one.
#[derive(Clone)]
pub struct FileStore {
    directory: Arc<Path>,
}

/// A key as it is stored.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyFile {
    /// P-256, hex.
    private_key: String,
    created_at_ms: u64,
}

impl FileStore {
    /// A store in this directory, which is made when it is missing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it can't be made.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let directory = directory.into();
        for folder in [KEYS, TEXTS, LOCKS] {
            let mut builder = DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(directory.join(folder)).map_err(|error| store_error(&error))?;
        }
        Ok(Self { directory: directory.into() })
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let directory = self.directory.clone();
        let done = tokio::task::spawn_blocking(move || work(&directory)).await;
        done.map_err(|error| StoreError::Failed(error.to_string()))?
            .map_err(|error| store_error(&error))
    }
}

const KEYS: &str = "keys";
const TEXTS: &str = "sessions";
const LOCKS: &str = "locks";

fn store_error(error: &io::Error) -> StoreError {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::StorageFull | Kind::QuotaExceeded => StoreError::Full,
        Kind::PermissionDenied | Kind::ReadOnlyFilesystem => StoreError::Denied(error.to_string()),
        _ => StoreError::Failed(error.to_string()),
    }
}

/// A name as that of a file: letters, digits, `-` and `.` as they are, everything else as `%` and hex.
fn file_name(name: &str) -> String {
    use std::fmt::Write as _;
    let mut file = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' || (byte == b'.' && !file.is_empty()) {
            file.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(file, "%{byte:02x}");
        }
    }
    file
}

/// What [`file_name`] made a name of; `None` for another file.
fn name_of(file: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(file.len());
    let mut rest = file;
    while let Some(first) = rest.chars().next() {
        if first == '%' {
            bytes.extend(hex::decode(rest.get(1..3)?).ok()?);
            rest = rest.get(3..)?;
        } else {
            bytes.push(u8::try_from(first).ok()?);
            rest = rest.get(1..)?;
        }
    }
    String::from_utf8(bytes).ok()
}

/// Writes a file wholly or not at all; durable when this returns.
fn write(folder: &Path, file: &str, text: &str) -> io::Result<()> {
    // Made readable for this user alone.
    let mut written = NamedTempFile::with_prefix_in(".", folder)?;
    written.write_all(text.as_bytes())?;
    written.as_file().sync_all()?;
    written.persist(folder.join(file)).map_err(|error| error.error)?;
    // So that the new name is durable too; elsewhere directories can't be opened.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        // Files being written begin with a dot.
        names.extend(
            entry?.file_name().to_str().filter(|file| !file.starts_with('.')).and_then(name_of),
        );
    }
    Ok(names)
}

#[async_trait]
impl KeyStore for FileStore {
    async fn generate(&self, now: Timestamp) -> Result<StoredKey, StoreError> {
        self.import(P256PrivateKey::generate(&mut os_rng()), now).await
    }

    async fn import(&self, key: P256PrivateKey, now: Timestamp) -> Result<StoredKey, StoreError> {
        let public_key = hex::encode(key.public_key().compressed());
        let file = KeyFile {
            // It leaves the wrapper to be stored.
            private_key: hex::encode(key.expose_bytes().expose()),
            created_at_ms: now.as_millis(),
        };
        let name = public_key.clone();
        self.blocking(move |directory| {
            write(&directory.join(KEYS), &name, &serde_json::to_string(&file)?)
        })
        .await?;
        Ok(StoredKey { public_key, created_at: now })
    }

    async fn list(&self) -> Result<Vec<StoredKey>, StoreError> {
        self.blocking(|directory| {
            let folder = directory.join(KEYS);
            let mut keys = Vec::new();
            for public_key in names(&folder)? {
                let Some(text) = read(&folder.join(&public_key))? else { continue };
                // One that is damaged is told when it is to sign.
                let Ok(KeyFile { created_at_ms, .. }) = serde_json::from_str(&text) else {
                    continue;
                };
                keys.push(StoredKey {
                    public_key,
                    created_at: Timestamp::from_millis(created_at_ms),
                });
            }
            Ok(keys)
        })
        .await
    }

    async fn sign(&self, public_key: &str, message: &[u8]) -> Result<EcdsaSignature, StoreError> {
        let name = file_name(public_key);
        let text = self.blocking(move |directory| read(&directory.join(KEYS).join(name))).await?;
        let damaged = || StoreError::Failed("the key's file is damaged".to_owned());
        let file: KeyFile =
            serde_json::from_str(&text.ok_or(StoreError::KeyMissing)?).map_err(|_| damaged())?;
        let bytes = hex::decode(file.private_key).ok().and_then(|bytes| bytes.try_into().ok());
        let key = P256PrivateKey::from_bytes(&bytes.ok_or_else(damaged)?).map_err(|_| damaged())?;
        Ok(key.sign(message))
    }

    async fn delete(&self, public_key: &str) -> Result<(), StoreError> {
        let name = file_name(public_key);
        self.blocking(move |directory| remove(&directory.join(KEYS).join(name))).await
    }

    fn protection(&self) -> KeyProtection {
        KeyProtection::File
    }
}

#[async_trait]
impl SessionStore for FileStore {
    async fn get(&self, name: &str) -> Result<Option<String>, StoreError> {
        let name = file_name(name);
        self.blocking(move |directory| read(&directory.join(TEXTS).join(name))).await
    }

    async fn set(&self, name: &str, text: &str) -> Result<(), StoreError> {
        let (name, text) = (file_name(name), text.to_owned());
        self.blocking(move |directory| write(&directory.join(TEXTS), &name, &text)).await
    }

    async fn remove(&self, name: &str) -> Result<(), StoreError> {
        let name = file_name(name);
        self.blocking(move |directory| remove(&directory.join(TEXTS).join(name))).await
    }

    async fn names(&self) -> Result<Vec<String>, StoreError> {
        self.blocking(|directory| names(&directory.join(TEXTS))).await
    }

    async fn lock(&self, name: &str) -> Result<Box<dyn Guard>, StoreError> {
        let name = file_name(name);
        let file = self
            .blocking(move |directory| {
                let file = File::create(directory.join(LOCKS).join(name))?;
                file.lock()?;
                Ok(file)
            })
            .await?;
        Ok(Box::new(FileGuard { _locked: file }))
    }
}

/// A lock on a file, until it is closed.
struct FileGuard {
    _locked: File,
}

impl Guard for FileGuard {}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

    #[tokio::test]
    #[cfg(unix)]
    async fn nobody_else_reads_keys_or_sessions() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("deep/inside");
        let store = FileStore::open(&place).unwrap();
        let key = store.generate(NOW).await.unwrap();
        store.set("session/a", "1").await.unwrap();
        store.set("session/a", "2").await.unwrap();
        let mode =
            |path: &str| fs::metadata(place.join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("keys"), mode("sessions")), (0o700, 0o700));
        assert_eq!(mode(&format!("keys/{}", key.public_key)), 0o600);
        assert_eq!(mode("sessions/session%2fa"), 0o600);
        assert_eq!(store.get("session/a").await.unwrap().as_deref(), Some("2"));
        assert_eq!(store.names().await.unwrap(), ["session/a"]);
    }

    /// As after a kill between writing and renaming, and after somebody's editor.
    #[tokio::test]
    async fn what_was_half_written_is_not_there() {
        let directory = tempfile::tempdir().unwrap();
        let store = FileStore::open(directory.path()).unwrap();
        let key = store.generate(NOW).await.unwrap();
        for folder in ["keys", "sessions"] {
            fs::write(directory.path().join(folder).join(".half"), "{").unwrap();
        }
        fs::write(directory.path().join("keys").join("02ab"), "{\"private").unwrap();
        assert!(SessionStore::names(&store).await.unwrap().is_empty());
        // A damaged key is told as damaged, not as missing, and takes no other down with it.
        let refusal = store.sign("02ab", b"x").await.unwrap_err();
        assert!(matches!(refusal, StoreError::Failed(_)), "{refusal:?}");
        let listed = KeyStore::list(&store).await.unwrap();
        assert_eq!(listed, [key]);
    }

    #[tokio::test]
    async fn a_lock_is_held_by_one_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let stores = [(); 4].map(|()| FileStore::open(directory.path()).unwrap());
        let counting = stores.map(|store| async move {
            for _ in 0..25 {
                let _held = store.lock("count").await.unwrap();
                let count: u32 = store.get("n").await.unwrap().map_or(0, |n| n.parse().unwrap());
                tokio::task::yield_now().await;
                store.set("n", &(count + 1).to_string()).await.unwrap();
            }
        });
        let tasks = counting.map(tokio::spawn);
        for task in tasks {
            task.await.unwrap();
        }
        let store = FileStore::open(directory.path()).unwrap();
        assert_eq!(store.get("n").await.unwrap().as_deref(), Some("100"));
    }

    #[tokio::test]
    async fn a_place_that_can_not_be_written_is_denied_or_fails() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(FileStore::open(file.path().join("below")).is_err());
    }

    #[test]
    fn any_name_is_that_of_a_file() {
        for name in ["keyward/session/default", "..", ".hidden", "a%b", "Zoë/☂", ""] {
            let file = file_name(name);
            assert!(!file.starts_with('.') && !file.contains('/'), "{file}");
            assert_eq!(name_of(&file).as_deref(), Some(name));
        }
        assert_eq!(name_of("%zz"), None);
    }
}
