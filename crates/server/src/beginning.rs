//! The first start: the server's keys, the root organization, and its first API key.

use keyward_crypto::{CryptoRng, P256PrivateKey, Secret, SecretBytes, os_rng};
use keyward_protocol::engine::model::{Organization, RootQuorum};
use keyward_protocol::engine::{Changes, ServerKeys, credentials};
use keyward_protocol::parameters::{NewApiKey, NewUser};
use keyward_protocol::wire::enums::ApiKeyCurve;
use keyward_protocol::wire::id::{OrganizationId, UserId};
use keyward_protocol::wire::{RequestError, Timestamp};
use keyward_store::{SealedError, SealedStore, Store};
use uuid::Uuid;

/// Name under which the notarizer key is kept.
const NOTARIZER: &str = "notarizer";
/// Name under which the root organization's id is kept.
pub(crate) const ROOT_ORGANIZATION: &str = "root organization";

/// Why a server did not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BeginningError {
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] SealedError),
    /// The store holds nothing yet.
    #[error("the data directory has no organization yet: run `keyward init` first")]
    NotBegun,
    /// What is kept is not what was written.
    #[error("the server's keys can't be read")]
    Unreadable,
    /// The seed file asks for something an organization can't be.
    #[error("the seed is not possible")]
    Seed(#[source] RequestError),
}

/// The root organization and the key to it, shown once.
pub struct Root {
    /// The organization.
    pub organization: OrganizationId,
    /// Its root user.
    pub user: UserId,
    /// The user's API key.
    pub api_key: P256PrivateKey,
}

impl Root {
    /// The API key's public half: compressed, hex.
    pub fn api_public_key(&self) -> String {
        hex::encode(self.api_key.public_key().compressed())
    }

    /// The API key's private half: hex. It leaves the process, to be handed to whoever runs it.
    pub fn api_private_key(&self) -> String {
        hex::encode(self.api_key.expose_bytes().expose())
    }
}

/// Organizations to begin with.
pub struct Beginning {
    /// The root organization first.
    pub organizations: Vec<Organization>,
    /// Their wallets' accounts and secrets.
    pub changes: Changes,
    /// Signs session tokens.
    pub notarizer: P256PrivateKey,
    /// The key to the root organization.
    pub root: Root,
}

impl Beginning {
    /// One organization with one root user, all keys drawn at random.
    pub fn generate(
        name: &str,
        now: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, RequestError> {
        let api_key = P256PrivateKey::generate(rng);
        let mut organization = empty_organization(None, name, now, rng);
        let user = add_root_user(&mut organization, "Root user", Some(&api_key), now, rng)?;
        let root = Root { organization: organization.id, user, api_key };
        Ok(Self {
            organizations: vec![organization],
            changes: Changes::default(),
            notarizer: P256PrivateKey::generate(rng),
            root,
        })
    }

    /// Makes it durable.
    ///
    /// # Errors
    ///
    /// [`SealedError::Store`] when the store has begun already.
    pub async fn store(self, store: &SealedStore) -> Result<Root, BeginningError> {
        let notarizer = self.notarizer.expose_bytes();
        let root = self.root.organization.0.into_bytes();
        let values: [(&'static str, &[u8]); 2] =
            [(NOTARIZER, notarizer.expose()), (ROOT_ORGANIZATION, &root)];
        let sealed =
            store.seal_beginning(&values, &self.organizations, &self.changes, &mut os_rng())?;
        store.commit(sealed).await?;
        Ok(self.root)
    }
}

/// An organization without users.
pub(crate) fn empty_organization(
    parent: Option<OrganizationId>,
    name: &str,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Organization {
    Organization {
        id: OrganizationId::generate(now, rng),
        parent,
        name: name.to_owned(),
        created_at: now,
        users: Vec::new(),
        root_quorum: RootQuorum { threshold: 1, users: Vec::new() },
        features: std::collections::BTreeMap::default(),
        wallets: Vec::new(),
        private_keys: Vec::new(),
        tags: Vec::new(),
    }
}

/// Adds a member of the root quorum.
pub(crate) fn add_root_user(
    organization: &mut Organization,
    name: &str,
    api_key: Option<&P256PrivateKey>,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<UserId, RequestError> {
    let api_keys = api_key
        .map(|key| NewApiKey {
            name: "API key".to_owned(),
            public_key: hex::encode(key.public_key().compressed()),
            curve: ApiKeyCurve::P256,
            expiration_seconds: None,
        })
        .into_iter()
        .collect();
    let user = NewUser {
        name: name.to_owned(),
        email: None,
        phone_number: None,
        tags: Vec::new(),
        api_keys,
        authenticators: Vec::new(),
    };
    let id = credentials::add_user(organization, None, user, now, rng)?;
    organization.root_quorum.users.push(id);
    Ok(id)
}

/// Whether the store holds a beginning already. Needs no master key.
pub async fn has_begun(store: &dyn Store) -> Result<bool, BeginningError> {
    let kept = store.meta(ROOT_ORGANIZATION).await.map_err(SealedError::Store)?;
    Ok(kept.is_some())
}

/// The root organization of a server that has begun.
///
/// # Errors
///
/// [`BeginningError::NotBegun`] for an empty store.
pub async fn root_organization(store: &SealedStore) -> Result<OrganizationId, BeginningError> {
    let bytes = store.value(ROOT_ORGANIZATION).await?.ok_or(BeginningError::NotBegun)?;
    let id = Uuid::from_slice(bytes.expose()).map_err(|_| BeginningError::Unreadable)?;
    Ok(OrganizationId(id))
}

/// The keys of a server that has begun.
///
/// # Errors
///
/// [`BeginningError::NotBegun`] for an empty store.
pub async fn server_keys(store: &SealedStore) -> Result<ServerKeys, BeginningError> {
    let bytes: SecretBytes = store.value(NOTARIZER).await?.ok_or(BeginningError::NotBegun)?;
    let bytes: &[u8; 32] = bytes.expose().try_into().map_err(|_| BeginningError::Unreadable)?;
    let bytes = Secret::new(*bytes);
    let notarizer =
        P256PrivateKey::from_bytes(bytes.expose()).map_err(|_| BeginningError::Unreadable)?;
    Ok(ServerKeys { notarizer })
}
