//! What every request is handled with.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use keyward_protocol::engine::ServerKeys;
use keyward_protocol::wire::RequestError;
use keyward_protocol::wire::id::OrganizationId;
use keyward_store::{Opened, SealedStore};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::submit::Loaded;

/// Organizations that share a turn; more only means less waiting.
const TURNS: usize = 64;

/// A running server, without its listener.
pub struct App {
    /// The one clock.
    pub clock: Clock,
    /// Where everything is kept.
    pub(crate) store: SealedStore,
    /// The server's own keys.
    pub(crate) keys: ServerKeys,
    /// What it counts.
    pub(crate) metrics: Metrics,
    turns: Vec<Arc<Mutex<()>>>,
}

impl App {
    /// A server over an opened store.
    pub fn new(store: SealedStore, keys: ServerKeys) -> Self {
        Self {
            clock: Clock::default(),
            store,
            keys,
            metrics: Metrics::default(),
            turns: (0..TURNS).map(|_| Arc::default()).collect(),
        }
    }

    /// The organization of a request as it stands after it.
    pub(crate) fn current(&self, loaded: &Loaded) -> Arc<Opened> {
        let id = loaded.opened.organization.id;
        self.store.remembered(id).unwrap_or_else(|| loaded.opened.clone())
    }

    /// Reads the organizations of a request again, after they proved to have changed.
    pub(crate) async fn reload(&self, loaded: &Loaded) -> Result<(), RequestError> {
        for opened in [Some(&loaded.opened), loaded.parent.as_ref()].into_iter().flatten() {
            let id = opened.organization.id;
            self.store.read_organization(id).await.map_err(RequestError::internal)?;
        }
        Ok(())
    }

    /// Waits until no other request that lost a race changes the organization.
    pub(crate) async fn turn(&self, id: OrganizationId) -> Option<OwnedMutexGuard<()>> {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let place = usize::try_from(hasher.finish()).unwrap_or_default() % TURNS;
        let turn = self.turns.get(place)?.clone();
        Some(turn.lock_owned().await)
    }
}
