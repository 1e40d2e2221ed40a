//! A whole server inside a test.

use std::net::Ipv4Addr;
use std::sync::Arc;

use keyward_crypto::{Secret, os_rng};
use keyward_store::{MemoryStore, SealedStore};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::beginning::{self, Beginning, Root};
use crate::clock::Clock;
use crate::config::Config;
use crate::dev::{Again, DevServer, Ground};
use crate::seed;

/// Name of the root organization where no seed file says it.
const NAME: &str = "Test";

/// A development server on a free port of the loopback interface, in memory, that ends when dropped.
///
/// Needs a Tokio runtime.
pub struct TestServer {
    /// `http://127.0.0.1:<port>`.
    pub base_url: String,
    /// The root organization and the key to it.
    pub root: Root,
    server: Arc<DevServer>,
    _end: watch::Sender<bool>,
}

impl TestServer {
    /// Starts a server with a fresh root organization. Takes milliseconds.
    pub async fn start() -> Self {
        Self::start_with(&Config::default()).await
    }

    /// Starts a server as [`TestServer::start`], with this configuration; what it says of listening and
    /// of its data directory is not heeded.
    pub async fn start_with(config: &Config) -> Self {
        let now = Clock::default().now();
        let beginning = Beginning::generate(NAME, now, &mut os_rng());
        #[expect(clippy::expect_used, reason = "one user with one key breaks no rule")]
        let beginning = beginning
            .and_then(|beginning| beginning.with_log_ins(now, &mut os_rng()))
            .expect("a plain beginning");
        Self::begin(beginning, None, config).await
    }

    /// Starts a server from the text of a seed file: the same ids and keys every time.
    ///
    /// # Errors
    ///
    /// What is wrong with the seed.
    pub async fn start_from_seed(text: &str) -> Result<Self, beginning::BeginningError> {
        Ok(Self::begin(seed::read(text)?, Some(text.to_owned()), &Config::default()).await)
    }

    /// Moves the server's clock ahead.
    pub fn advance(&self, seconds: u64) {
        self.server.advance(seconds);
    }

    #[expect(clippy::expect_used, reason = "memory and the loopback interface are there in a test")]
    async fn begin(beginning: Beginning, seed: Option<String>, config: &Config) -> Self {
        let store =
            SealedStore::new(Arc::new(MemoryStore::default()), Secret::generate(&mut os_rng()));
        let root = beginning.store(&store).await.expect("an empty store takes a beginning");
        let keys = beginning::server_keys(&store).await.expect("it has just begun");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a port of the loopback interface");
        let address = listener.local_addr().expect("a bound listener has an address");
        let base_url = format!("http://{address}");
        let again = Again {
            root: root.copy().expect("it was a key before"),
            name: NAME.to_owned(),
            seed,
            ground: Ground::Memory,
        };
        let server = DevServer::start(store, keys, Some(again), config, base_url.clone());
        let server = Arc::new(server.expect("templates that can be used"));
        let (end, mut ended) = watch::channel(false);
        let running = server.clone();
        tokio::spawn(async move {
            // Both being told and the server being dropped mean the end.
            let told = async move {
                let _ = ended.wait_for(|end| *end).await;
            };
            let _ = running.serve(listener, told).await;
        });
        Self { base_url, root, server, _end: end }
    }
}
