//! What both servers do: log, listen, and end when they are told to.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use keyward_server::dev::DevServer;
use keyward_server::{App, background, http, serve};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;

/// A bound listener that ends when the process is told to. Who connects before it serves waits.
pub(crate) struct Listening {
    listener: TcpListener,
    /// Where it listens; the real port when 0 was asked for.
    pub(crate) address: SocketAddr,
    interrupt: Signal,
    terminate: Signal,
}

impl Listening {
    pub(crate) async fn bind(address: SocketAddr) -> Result<Self, Failure> {
        let failed = |source| Failure::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        Ok(Self {
            address: listener.local_addr().map_err(failed)?,
            listener,
            interrupt: signal(SignalKind::interrupt()).map_err(Failure::Run)?,
            terminate: signal(SignalKind::terminate()).map_err(Failure::Run)?,
        })
    }

    /// Serves the app until the process is told to end.
    pub(crate) async fn serve(self, app: App) -> Result<(), Failure> {
        let app = Arc::new(app);
        let (told, ended) = watch::channel(false);
        let background = tokio::spawn(background::run(app.clone(), ended));
        let (listener, end) = self.until_told();
        let served = serve::serve(listener, http::router(app), end).await;
        // Requests are done; what they left is, too, when this returns.
        let _ = told.send(true);
        let _ = background.await;
        served.map_err(Failure::Run)
    }

    /// Serves a server for development until the process is told to end.
    pub(crate) async fn serve_dev(self, server: DevServer) -> Result<(), Failure> {
        let (listener, end) = self.until_told();
        server.serve(listener, end).await.map_err(Failure::Run)
    }

    fn until_told(self) -> (TcpListener, impl Future<Output = ()>) {
        let Self { listener, mut interrupt, mut terminate, .. } = self;
        let end = async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            tracing::info!("ending");
        };
        (listener, end)
    }
}

/// Runs to the end, that of every task included: the store is closed when this returns.
pub(crate) fn block_on(run: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    Runtime::new().map_err(Failure::Run)?.block_on(run)
}

/// Logs to the standard error from here on.
pub(crate) fn log(filter: &str, is_json: bool) -> Result<(), Failure> {
    let logging = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(filter)?)
        .with_writer(std::io::stderr);
    if is_json {
        logging.json().flatten_event(true).init();
    } else {
        logging.init();
    }
    Ok(())
}
