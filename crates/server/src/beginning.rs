//! The first start: the server's keys, the root organization, and its first API key.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use keyward_crypto::{CryptoRng, Ed25519PrivateKey, P256PrivateKey, Secret, os_rng};
use keyward_protocol::engine::credentials::{self, Identities};
use keyward_protocol::engine::model::Organization;
use keyward_protocol::engine::{Changes, ServerKeys, auth_proxy};
use keyward_protocol::parameters::{NewApiKey, NewUser};
use keyward_protocol::wire::enums::{ApiKeyCurve, FeatureName};
use keyward_protocol::wire::id::{OrganizationId, UserId};
use keyward_protocol::wire::{RequestError, Timestamp};
use keyward_store::{Decided, SealedError, SealedStore, Store, StoreError};
use uuid::Uuid;

/// Names under which the server's P-256 keys are kept, in the order of [`named`].
const KEYS: [&str; 6] = [
    "notarizer",
    "signer",
    "otp signer",
    "legacy otp signer",
    "secret receiver",
    "id token signer",
];
/// Name under which the key is kept that signs what is sent to webhooks: Ed25519.
const WEBHOOK_SIGNER: &str = "webhook signer";
/// Name under which the root organization's id is kept.
pub(crate) const ROOT_ORGANIZATION: &str = "root organization";

/// Features with which every way to log in is on.
const LOG_INS: [FeatureName; 4] = [
    FeatureName::EmailAuth,
    FeatureName::EmailRecovery,
    FeatureName::OtpEmailAuth,
    FeatureName::SmsAuth,
];

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
    /// The root organization can't be what it should.
    #[error("the root organization can't be made")]
    Root(#[source] RequestError),
    /// The database can't be replaced.
    #[error("the database {path} can't be replaced")]
    File {
        /// The database.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: io::Error,
    },
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

    /// Of a server that has begun: the user whose API key this is, or else one that will have it.
    ///
    /// # Errors
    ///
    /// [`BeginningError::NotBegun`] for an empty store.
    pub async fn find(
        store: &SealedStore,
        api_key: P256PrivateKey,
        now: Timestamp,
    ) -> Result<Self, BeginningError> {
        let id = root_organization(store).await?;
        let root = store.organization(id).await?.ok_or(BeginningError::NotBegun)?;
        let public_key = hex::encode(api_key.public_key().compressed());
        let mut users = root.organization.users.iter();
        let user = users.find(|user| user.api_keys.iter().any(|key| key.public_key == public_key));
        let user = user.map_or_else(|| UserId::generate(now, &mut os_rng()), |user| user.id);
        Ok(Self { organization: id, user, api_key })
    }

    /// The same once more.
    pub(crate) fn copy(&self) -> Result<Self, BeginningError> {
        let Self { organization, user, ref api_key } = *self;
        Ok(Self { organization, user, api_key: copy_key(api_key)? })
    }
}

/// Organizations to begin with.
pub struct Beginning {
    /// The root organization first.
    pub organizations: Vec<Organization>,
    /// Their wallets' accounts and secrets.
    pub changes: Changes,
    /// The server's own keys.
    pub keys: ServerKeys,
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
        let organization = OrganizationId::generate(now, rng);
        let root = Root { organization, user: UserId::generate(now, rng), api_key };
        Self::around(root, name, now, rng)
    }

    /// The same with this root.
    pub(crate) fn around(
        root: Root,
        name: &str,
        now: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, RequestError> {
        let mut organization = empty_organization(None, name, now, rng);
        organization.id = root.organization;
        let made = add_root_user(&mut organization, "Root user", Some(&root.api_key), now, rng)?;
        rename_user(&mut organization, made, root.user)?;
        Ok(Self {
            organizations: vec![organization],
            changes: Changes::default(),
            keys: ServerKeys::generate(rng),
            root,
        })
    }

    /// Switches every way to log in on, and the auth proxy of the root organization: what developers
    /// expect, and what an operator decides.
    pub fn with_log_ins(
        mut self,
        now: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, RequestError> {
        for organization in &mut self.organizations {
            organization.features.extend(LOG_INS.map(|feature| (feature, None)));
        }
        if let Some(root) = self.organizations.first_mut() {
            auth_proxy::enable(root, &mut self.changes, now, rng)?;
        }
        Ok(self)
    }

    /// Makes it durable.
    ///
    /// # Errors
    ///
    /// [`SealedError::Store`] when the store has begun already.
    pub async fn store(self, store: &SealedStore) -> Result<Root, BeginningError> {
        let keys = named(&self.keys).map(|(name, key)| (name, key.expose_bytes()));
        let root = self.root.organization.0.into_bytes();
        let mut values: Vec<(&'static str, &[u8])> = vec![(ROOT_ORGANIZATION, &root)];
        // The keys leave their wrappers to be sealed.
        values.extend(keys.iter().map(|(name, bytes)| (*name, &bytes.expose()[..])));
        let webhook_signer = self.keys.webhook_signer.expose_bytes();
        values.push((WEBHOOK_SIGNER, webhook_signer.expose()));
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
    Organization::new(OrganizationId::generate(now, rng), parent, name.to_owned(), now)
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
        oauth_providers: Vec::new(),
    };
    let identities = &mut Identities::default();
    let id = credentials::add_user(organization, None, user, identities, now, rng)?;
    organization.root_quorum.users.push(id);
    Ok(id)
}

/// Gives a user of the root quorum another id.
pub(crate) fn rename_user(
    organization: &mut Organization,
    made: UserId,
    id: UserId,
) -> Result<(), RequestError> {
    organization.user_mut(made)?.id = id;
    for member in &mut organization.root_quorum.users {
        if *member == made {
            *member = id;
        }
    }
    Ok(())
}

/// Switches log-ins on as [`Beginning::with_log_ins`] does, for a root organization that began before
/// there was an auth proxy. Returns whether that was to be done.
///
/// # Errors
///
/// [`BeginningError::NotBegun`] for an empty store; [`BeginningError::Root`] when there is no place for the
/// proxy's user.
pub async fn enable_log_ins(store: &SealedStore, now: Timestamp) -> Result<bool, BeginningError> {
    let id = root_organization(store).await?;
    let base = store.organization(id).await?.ok_or(BeginningError::NotBegun)?;
    if base.organization.auth_proxy.is_some() {
        return Ok(false);
    }
    let mut organization = Organization::clone(&base.organization);
    organization.features.extend(LOG_INS.map(|feature| (feature, None)));
    let mut changes = Changes::default();
    auth_proxy::enable(&mut organization, &mut changes, now, &mut os_rng())
        .map_err(BeginningError::Root)?;
    let organization = Arc::new(organization);
    let decided = Decided { base: &base, parent: None, organization, changes, activity: None };
    let sealed = store.seal(decided, &mut os_rng())?;
    store.commit(sealed).await?;
    Ok(true)
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

/// The keys of a server that has begun. Those that an earlier release did not know are made.
///
/// # Errors
///
/// [`BeginningError::NotBegun`] for an empty store.
pub async fn server_keys(store: &SealedStore) -> Result<ServerKeys, BeginningError> {
    root_organization(store).await?;
    let [notarizer, signer, otp_signer, legacy_otp_signer, secret_receiver, id_token_signer] = KEYS;
    Ok(ServerKeys {
        notarizer: p256_key(store, notarizer).await?,
        signer: p256_key(store, signer).await?,
        otp_signer: p256_key(store, otp_signer).await?,
        legacy_otp_signer: p256_key(store, legacy_otp_signer).await?,
        secret_receiver: p256_key(store, secret_receiver).await?,
        id_token_signer: p256_key(store, id_token_signer).await?,
        webhook_signer: ed25519_key(store, WEBHOOK_SIGNER).await?,
    })
}

async fn p256_key(
    store: &SealedStore,
    name: &'static str,
) -> Result<P256PrivateKey, BeginningError> {
    let made = || P256PrivateKey::generate(&mut os_rng()).expose_bytes();
    let bytes = key(store, name, made).await?;
    P256PrivateKey::from_bytes(bytes.expose()).map_err(|_| BeginningError::Unreadable)
}

async fn ed25519_key(
    store: &SealedStore,
    name: &'static str,
) -> Result<Ed25519PrivateKey, BeginningError> {
    let made = || Ed25519PrivateKey::generate(&mut os_rng()).expose_bytes();
    let bytes = key(store, name, made).await?;
    Ed25519PrivateKey::from_bytes(bytes.expose()).map_err(|_| BeginningError::Unreadable)
}

/// The bytes of the key of this name, or of one that is made. Another process may make it at the same time; the
/// first one counts.
async fn key(
    store: &SealedStore,
    name: &'static str,
    draw: impl Fn() -> Secret<32> + Send,
) -> Result<Secret<32>, BeginningError> {
    for _ in 0..2 {
        if let Some(bytes) = store.value(name).await? {
            let bytes: &[u8; 32] =
                bytes.expose().try_into().map_err(|_| BeginningError::Unreadable)?;
            return Ok(Secret::new(*bytes));
        }
        // It leaves its wrapper to be sealed.
        let made = draw();
        let values: [(&'static str, &[u8]); 1] = [(name, made.expose())];
        let sealed = store.seal_beginning(&values, &[], &Changes::default(), &mut os_rng())?;
        match store.commit(sealed).await {
            Ok(()) => return Ok(made),
            Err(SealedError::Store(StoreError::Conflict)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(BeginningError::Unreadable)
}

/// The same keys once more.
pub(crate) fn copy(keys: &ServerKeys) -> Result<ServerKeys, BeginningError> {
    Ok(ServerKeys {
        notarizer: copy_key(&keys.notarizer)?,
        signer: copy_key(&keys.signer)?,
        otp_signer: copy_key(&keys.otp_signer)?,
        legacy_otp_signer: copy_key(&keys.legacy_otp_signer)?,
        secret_receiver: copy_key(&keys.secret_receiver)?,
        id_token_signer: copy_key(&keys.id_token_signer)?,
        webhook_signer: Ed25519PrivateKey::from_bytes(keys.webhook_signer.expose_bytes().expose())
            .map_err(|_| BeginningError::Unreadable)?,
    })
}

fn copy_key(key: &P256PrivateKey) -> Result<P256PrivateKey, BeginningError> {
    // Out of its wrapper and into another.
    let bytes = key.expose_bytes();
    P256PrivateKey::from_bytes(bytes.expose()).map_err(|_| BeginningError::Unreadable)
}

/// The server's P-256 keys with the names they are kept under.
fn named(keys: &ServerKeys) -> [(&'static str, &P256PrivateKey); 6] {
    let [notarizer, signer, otp_signer, legacy_otp_signer, secret_receiver, id_token_signer] = KEYS;
    [
        (notarizer, &keys.notarizer),
        (signer, &keys.signer),
        (otp_signer, &keys.otp_signer),
        (legacy_otp_signer, &keys.legacy_otp_signer),
        (secret_receiver, &keys.secret_receiver),
        (id_token_signer, &keys.id_token_signer),
    ]
}
