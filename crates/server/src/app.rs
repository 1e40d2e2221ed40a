//! What every request is handled with.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use keyward_protocol::engine::{Caller, Organization, ServerKeys, Settings, sessions};
use keyward_protocol::wire::id::OrganizationId;
use keyward_protocol::wire::{RequestError, Timestamp};
use keyward_store::{Opened, Queue, SealedCommit, SealedError, SealedStore};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, Semaphore};

use crate::chains::Chains;
use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::delivery::{Delivery, webhooks};
use crate::dev::Development;
use crate::fetch::Fetcher;
use crate::identities::Identities;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::playground::Playground;
use crate::submit::Loaded;
use crate::uses::LastUses;

/// Organizations that share a turn; more only means less waiting.
const TURNS: usize = 64;

/// A running server, without its listener.
pub struct App {
    /// The one clock.
    pub clock: Arc<Clock>,
    /// Where everything is kept.
    pub(crate) store: SealedStore,
    /// The server's own keys.
    pub(crate) keys: ServerKeys,
    /// What the operator decided and activities depend on.
    pub(crate) settings: Settings,
    /// Identity providers.
    pub(crate) identities: Identities,
    /// The chains that are configured.
    pub(crate) chains: Chains,
    /// When sessions were last used.
    pub(crate) uses: LastUses,
    /// Who has asked for how much.
    pub(crate) limits: Limits,
    /// Proxies in front of the server.
    pub(crate) trusted_proxies: usize,
    /// Where messages to people go.
    pub(crate) delivery: Arc<dyn Delivery>,
    /// Told when there may be messages to send.
    pub(crate) messages: Notify,
    /// What sends to webhook endpoints.
    pub(crate) webhooks: Fetcher,
    /// Told when there may be events to deliver.
    pub(crate) events: Notify,
    /// What it counts.
    pub(crate) metrics: Metrics,
    /// The page to try it with, where it is served.
    pub(crate) playground: Option<Playground>,
    /// What it has only while somebody develops against it.
    pub(crate) development: Option<Arc<Development>>,
    /// Whose turn it is to ask what takes long.
    pub(crate) replays: Arc<Semaphore>,
    turns: Vec<Arc<Mutex<()>>>,
}

impl App {
    /// A server over an opened store, which is reached at `base_url`.
    pub fn new(
        store: SealedStore,
        keys: ServerKeys,
        config: &Config,
        base_url: String,
        delivery: Arc<dyn Delivery>,
    ) -> Self {
        let playground = Playground { organization: config.playground_organization_id };
        let templates = config.mail.iter().flat_map(|mail| mail.templates.keys());
        let settings = Settings {
            issuer: config.public_url.clone().unwrap_or(base_url),
            sandbox_otp: config.sandbox_otp,
            longest_session_seconds: config.longest_session_seconds,
            email_templates: templates.cloned().collect(),
            assets: config.chains.assets(),
        };
        Self {
            clock: Arc::default(),
            store,
            keys,
            settings,
            identities: Identities::new(config),
            chains: Chains::new(&config.chains),
            uses: LastUses::default(),
            limits: Limits::new(config.limits),
            trusted_proxies: config.limits.trusted_proxies,
            delivery,
            messages: Notify::new(),
            webhooks: Fetcher::for_webhooks(&config.webhooks, webhooks::LIMITS, false),
            events: Notify::new(),
            metrics: Metrics::default(),
            playground: config.playground.then_some(playground),
            development: None,
            replays: Arc::new(Semaphore::new(1)),
            turns: (0..TURNS).map(|_| Arc::default()).collect(),
        }
    }

    /// A server to develop against: with an inbox in place of a delivery, a clock that moves, an identity
    /// provider that signs in anybody, and the playground.
    ///
    /// # Errors
    ///
    /// What is wrong with the e-mail templates.
    pub fn for_development(
        store: SealedStore,
        keys: ServerKeys,
        config: &Config,
        base_url: String,
    ) -> Result<Self, ConfigError> {
        let development = Arc::new(Development::new(config, &base_url)?);
        Ok(Self::developed(store, keys, config, base_url, development))
    }

    /// The same, with what an earlier one had.
    pub(crate) fn developed(
        store: SealedStore,
        keys: ServerKeys,
        config: &Config,
        base_url: String,
        development: Arc<Development>,
    ) -> Self {
        let config = Config { playground: true, ..config.clone() };
        let app = Self::new(store, keys, &config, base_url, development.inbox.clone());
        let webhooks = Fetcher::for_webhooks(&config.webhooks, webhooks::LIMITS, true);
        Self { clock: development.clock.clone(), development: Some(development), webhooks, ..app }
    }

    /// Refuses a caller whose session has ended by a limit.
    pub(crate) fn check_session(
        &self,
        organization: &Organization,
        parent: Option<&Organization>,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(), RequestError> {
        sessions::check(organization, parent, caller, |session| self.uses.last(session), now)
    }

    /// Makes a decision durable, and has sent what goes out with it.
    ///
    /// # Errors
    ///
    /// As [`SealedStore::commit`].
    pub(crate) async fn commit(&self, sealed: SealedCommit) -> Result<(), SealedError> {
        let (messages, events) = (sealed.sends(Queue::People), sealed.sends(Queue::Webhooks));
        self.store.commit(sealed).await?;
        if messages {
            self.messages.notify_one();
        }
        if events {
            self.events.notify_one();
        }
        Ok(())
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
