//! A development server that goes back to its beginning.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use axum::Router;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use keyward_crypto::{Secret, os_rng};
use keyward_protocol::engine::ServerKeys;
use keyward_protocol::wire::id::OrganizationId;
use keyward_store::{MemoryStore, SealedError, SealedStore, SqliteStore, StoreError};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{RwLock, watch};
use tokio::task::JoinHandle;
use tower::ServiceExt;

use super::Development;
use crate::app::App;
use crate::beginning::{self, Beginning, BeginningError, Root};
use crate::config::{Config, ConfigError};
use crate::{background, http, seed, serve};

/// Longest time until a database that nobody uses any more is closed.
const CLOSING: Duration = Duration::from_secs(10);
/// How often that is looked at.
const CLOSING_POLL: Duration = Duration::from_millis(5);

/// How a server began, for it to begin again.
pub struct Again {
    /// The root organization, its root user and the key to it: they stay.
    pub root: Root,
    /// The root organization's name.
    pub name: String,
    /// The text of the seed file it began with.
    pub seed: Option<String>,
    /// Where it begins.
    pub ground: Ground,
}

/// Where a server begins.
pub enum Ground {
    /// In memory.
    Memory,
    /// In a database file.
    Database {
        /// The file.
        path: PathBuf,
        /// What it is sealed with.
        master: Secret<32>,
    },
}

/// A running development server.
///
/// `POST /dev/reset` waits for the requests under way and lets others wait; then everything that was kept
/// is dropped, and a new server takes the old one's place. Its keys and the root organization's id and API
/// key are the same.
pub struct DevServer(Arc<Inner>);

struct Inner {
    config: Config,
    base_url: String,
    development: Arc<Development>,
    again: Option<Again>,
    /// Read by each request until it is answered; `None` after a reset that failed halfway.
    running: RwLock<Option<Running>>,
}

struct Running {
    app: Arc<App>,
    router: Router,
    end: watch::Sender<bool>,
    background: JoinHandle<()>,
}

impl DevServer {
    /// Starts a server over a store that has begun. Needs a Tokio runtime. Without `again` it can't go back
    /// to its beginning.
    ///
    /// # Errors
    ///
    /// What is wrong with the e-mail templates.
    pub fn start(
        store: SealedStore,
        keys: ServerKeys,
        again: Option<Again>,
        config: &Config,
        base_url: String,
    ) -> Result<Self, ConfigError> {
        let development = Arc::new(Development::new(config, &base_url)?);
        let app = App::developed(store, keys, config, base_url.clone(), development.clone());
        let running = RwLock::new(Some(Running::over(app)));
        let config = config.clone();
        Ok(Self(Arc::new(Inner { config, base_url, development, again, running })))
    }

    /// The server's paths.
    pub fn router(&self) -> Router {
        let inner = self.0.clone();
        Router::new().fallback(move |request| answer(inner.clone(), request))
    }

    /// Moves the server's clock ahead.
    pub fn advance(&self, seconds: u64) {
        self.0.development.clock.advance(seconds);
    }

    /// Serves until `end` is over, then finishes what is under way and does what must not be lost.
    pub async fn serve(
        &self,
        listener: TcpListener,
        end: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let served = serve::serve(listener, self.router(), end).await;
        if let Some(running) = self.0.running.write().await.take() {
            running.end().await;
        }
        served
    }
}

impl Running {
    fn over(app: App) -> Self {
        let app = Arc::new(app);
        let (end, ended) = watch::channel(false);
        let background = tokio::spawn(background::run(app.clone(), ended));
        Self { router: http::router(app.clone()), app, end, background }
    }

    async fn end(self) {
        // Who is not there any more has ended.
        let _ = self.end.send(true);
        let _ = self.background.await;
    }
}

async fn answer(inner: Arc<Inner>, request: Request) -> Response {
    if request.method() != Method::POST || request.uri().path() != "/dev/reset" {
        let running = inner.running.read().await;
        let Some(running) = &*running else { return inner.refusal(14, "the reset failed") };
        return match running.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
    }
    if http::is_from_elsewhere(&request) {
        return http::refuse_elsewhere();
    }
    // A task of its own: it is done even if nobody waits for it any more.
    let outcome = tokio::spawn({
        let inner = inner.clone();
        async move { inner.reset().await }
    });
    match outcome.await {
        Ok(Ok(Some(organization))) => {
            let body = json!({ "organizationId": organization }).to_string();
            inner.timed(http::json_response(StatusCode::OK, body))
        }
        Ok(Ok(None)) => inner.refusal(
            9,
            "how this server began is not known: start it with the seed file it began with (--seed)",
        ),
        Ok(Err(error)) => {
            tracing::error!(error = %http::chain(&error), "the reset failed");
            inner.refusal(13, "the reset failed; the server's log says why")
        }
        Err(_) => inner.refusal(13, "the reset failed"),
    }
}

impl Inner {
    /// Goes back to the beginning; `None` when that is not known.
    async fn reset(&self) -> Result<Option<OrganizationId>, BeginningError> {
        let Some(again) = &self.again else { return Ok(None) };
        // Granted when every request before is answered; those after it wait.
        let mut place = self.running.write().await;
        let Some(running) = place.as_ref() else { return Err(BeginningError::NotBegun) };
        let keys = || beginning::copy(&running.app.keys);
        let (beginning, keys) = (again.beginning(keys()?)?, keys()?);
        if let Some(running) = place.take() {
            running.end().await;
        }
        let store = again.ground.begin(beginning).await?;
        self.development.clock.reset();
        self.development.inbox.clear();
        self.development.issuer.clear();
        let (base_url, development) = (self.base_url.clone(), self.development.clone());
        *place =
            Some(Running::over(App::developed(store, keys, &self.config, base_url, development)));
        Ok(Some(again.root.organization))
    }

    fn refusal(&self, code: u8, message: &str) -> Response {
        let status = match code {
            9 => StatusCode::BAD_REQUEST,
            14 => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        self.timed(http::gateway_refusal(status, code, message))
    }

    fn timed(&self, mut response: Response) -> Response {
        http::tell_time(response.headers_mut(), &self.development.clock);
        response
    }
}

impl Again {
    /// What it began with, but for the keys.
    fn beginning(&self, keys: ServerKeys) -> Result<Beginning, BeginningError> {
        let (now, rng) = (crate::Clock::default().now(), &mut os_rng());
        let beginning = if let Some(text) = &self.seed {
            seed::read(text)?
        } else {
            let root = self.root.copy()?;
            Beginning::around(root, &self.name, now, rng).map_err(BeginningError::Root)?
        };
        let beginning = Beginning { keys, ..beginning };
        beginning.with_log_ins(now, rng).map_err(BeginningError::Root)
    }
}

impl Ground {
    /// Begins in place of what is there, which is closed or about to be.
    async fn begin(&self, beginning: Beginning) -> Result<SealedStore, BeginningError> {
        let Self::Database { path, master } = self else {
            let master = Secret::generate(&mut os_rng());
            let store = SealedStore::new(Arc::new(MemoryStore::default()), master);
            beginning.store(&store).await?;
            return Ok(store);
        };
        // It is ours to copy: the store seals with it as before.
        let master = || Secret::new(*master.expose());
        let opened = |path: &Path| SqliteStore::open(path).map_err(SealedError::Store);
        drop(when_closed(path).await?);
        // Whole before it takes the other's place: there is a server in the directory at any time.
        let new = beside(path, ".new");
        let failed = |source| BeginningError::File { path: path.clone(), source };
        remove(&new).map_err(failed)?;
        {
            let store = SealedStore::new(Arc::new(opened(&new)?), master());
            beginning.store(&store).await?;
        }
        drop(when_closed(&new).await?);
        for log in ["-wal", "-shm"] {
            remove_file(&beside(path, log)).map_err(failed)?;
        }
        fs::rename(&new, path).map_err(failed)?;
        remove(&new).map_err(failed)?;
        Ok(SealedStore::new(Arc::new(opened(path)?), master()))
    }
}

/// The database, once nobody in this process has it open any more: a commit that nobody waits for may
/// still be under way.
async fn when_closed(path: &Path) -> Result<SqliteStore, SealedError> {
    let closed = async {
        loop {
            match SqliteStore::open(path) {
                Err(StoreError::InUse) => tokio::time::sleep(CLOSING_POLL).await,
                outcome => return outcome,
            }
        }
    };
    let outcome = tokio::time::timeout(CLOSING, closed).await;
    Ok(outcome.unwrap_or(Err(StoreError::InUse))?)
}

/// Removes a database with what lies beside it.
fn remove(path: &Path) -> io::Result<()> {
    for ending in ["", "-wal", "-shm", "-lock"] {
        remove_file(&beside(path, ending))?;
    }
    Ok(())
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
