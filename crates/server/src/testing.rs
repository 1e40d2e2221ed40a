//! A whole server inside a test.

use std::net::Ipv4Addr;
use std::sync::Arc;

use keyward_crypto::{Secret, os_rng};
use keyward_store::{MemoryStore, SealedStore};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::app::App;
use crate::beginning::{self, Beginning, Root};
use crate::clock::Clock;
use crate::{http, seed, serve};

/// A development server on a free port of the loopback interface, in memory, that ends when dropped.
///
/// Needs a Tokio runtime.
pub struct TestServer {
    /// `http://127.0.0.1:<port>`.
    pub base_url: String,
    /// The root organization and the key to it.
    pub root: Root,
    app: Arc<App>,
    _end: oneshot::Sender<()>,
}

impl TestServer {
    /// Starts a server with a fresh root organization. Takes milliseconds.
    pub async fn start() -> Self {
        let now = Clock::default().now();
        let beginning = Beginning::generate("Test", now, &mut os_rng());
        #[expect(clippy::expect_used, reason = "one user with one key breaks no rule")]
        Self::begin(beginning.expect("a plain beginning")).await
    }

    /// Starts a server from the text of a seed file: the same ids and keys every time.
    ///
    /// # Errors
    ///
    /// What is wrong with the seed.
    pub async fn start_from_seed(text: &str) -> Result<Self, beginning::BeginningError> {
        Ok(Self::begin(seed::read(text)?).await)
    }

    /// Moves the server's clock ahead.
    pub fn advance(&self, seconds: u64) {
        self.app.clock.advance(seconds);
    }

    #[expect(clippy::expect_used, reason = "memory and the loopback interface are there in a test")]
    async fn begin(beginning: Beginning) -> Self {
        let store =
            SealedStore::new(Arc::new(MemoryStore::default()), Secret::generate(&mut os_rng()));
        let root = beginning.store(&store).await.expect("an empty store takes a beginning");
        let keys = beginning::server_keys(&store).await.expect("it has just begun");
        let app = Arc::new(App::new(store, keys));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a port of the loopback interface");
        let address = listener.local_addr().expect("a bound listener has an address");
        let router = http::router(app.clone(), true);
        let (end, ended) = oneshot::channel::<()>();
        tokio::spawn(serve::serve(listener, router, async move {
            // Both being told and the server being dropped mean the end.
            let _ = ended.await;
        }));
        Self { base_url: format!("http://{address}"), root, app, _end: end }
    }
}
