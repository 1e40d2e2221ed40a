//! A whole server inside a test.

use std::net::Ipv4Addr;
use std::sync::Arc;

use keyward_crypto::{Secret, os_rng};
use keyward_store::{MemoryStore, SealedStore};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::app::App;
use crate::beginning::{self, Beginning, Root};
use crate::clock::Clock;
use crate::config::{Config, MailConfig};
use crate::delivery::Inbox;
use crate::{background, http, seed, serve};

/// A development server on a free port of the loopback interface, in memory, that ends when dropped.
///
/// Needs a Tokio runtime.
pub struct TestServer {
    /// `http://127.0.0.1:<port>`.
    pub base_url: String,
    /// The root organization and the key to it.
    pub root: Root,
    app: Arc<App>,
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
        let beginning = Beginning::generate("Test", now, &mut os_rng());
        #[expect(clippy::expect_used, reason = "one user with one key breaks no rule")]
        let beginning = beginning
            .and_then(|beginning| beginning.with_log_ins(now, &mut os_rng()))
            .expect("a plain beginning");
        Self::begin(beginning, config).await
    }

    /// Starts a server from the text of a seed file: the same ids and keys every time.
    ///
    /// # Errors
    ///
    /// What is wrong with the seed.
    pub async fn start_from_seed(text: &str) -> Result<Self, beginning::BeginningError> {
        Ok(Self::begin(seed::read(text)?, &Config::default()).await)
    }

    /// Moves the server's clock ahead.
    pub fn advance(&self, seconds: u64) {
        self.app.clock.advance(seconds);
    }

    #[expect(clippy::expect_used, reason = "memory and the loopback interface are there in a test")]
    async fn begin(beginning: Beginning, config: &Config) -> Self {
        let store =
            SealedStore::new(Arc::new(MemoryStore::default()), Secret::generate(&mut os_rng()));
        let root = beginning.store(&store).await.expect("an empty store takes a beginning");
        let keys = beginning::server_keys(&store).await.expect("it has just begun");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a port of the loopback interface");
        let address = listener.local_addr().expect("a bound listener has an address");
        let base_url = format!("http://{address}");
        let inbox = Inbox::new(&MailConfig::default()).expect("a plain inbox");
        let inbox = Arc::new(inbox);
        let app = App::new(store, keys, config, base_url.clone(), inbox.clone());
        let app = Arc::new(app);
        let router = http::router(app.clone(), Some(inbox));
        let (end, ended) = watch::channel(false);
        tokio::spawn(background::run(app.clone(), ended.clone()));
        let mut told = ended;
        tokio::spawn(serve::serve(listener, router, async move {
            // Both being told and the server being dropped mean the end.
            let _ = told.wait_for(|end| *end).await;
        }));
        Self { base_url, root, app, _end: end }
    }
}
