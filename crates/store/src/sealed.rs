//! The store as the server sees it: rows are opened when read, sealed when written, and what they are
//! found by is hashed with a key. Opened organizations are kept in memory, least recently used first out.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use keyward_crypto::{
    CryptoRng, IndexKey as HashKey, OpenError, PrivateKey, SealingKey, Secret, SecretBytes,
};
use keyward_protocol::address;
use keyward_protocol::engine::message::Message;
use keyward_protocol::engine::model::{self, IndexKey, Organization, WalletAccount};
use keyward_protocol::engine::record::{self, Record, RecordKey};
use keyward_protocol::engine::webhooks::Delivery;
use keyward_protocol::engine::{ActivityRecord, Changes, Signer};
use keyward_protocol::parameters::{AccountName, SignWith};
use keyward_protocol::wire::enums::ActivityStatus;
use keyward_protocol::wire::id::{
    ActivityId, MessageId, OrganizationId, WalletAccountId, WalletId, WebhookDeliveryId,
};
use keyward_protocol::wire::{Page as WirePage, Timestamp};
use lru::LruCache;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::rows::LATEST_MS;
use crate::{
    AccountKey, AccountRow, ActivityFilter, ActivityKey, ActivityRow, Commit, KeyHash, Lookup,
    MessageRow, OrganizationChange, OrganizationRow, Page, Queue, RecordChange, RecordContent,
    Revision, SecretRow, Store, StoreError,
};

/// Organizations kept opened.
const OPENED_ORGANIZATIONS: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();
/// Wallet accounts kept beside each of them.
const OPENED_ACCOUNTS: usize = 64;

/// What went wrong between the server and its store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealedError {
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The wallet has this account already.
    #[error("path already exists in wallet account {0}")]
    AccountExists(WalletAccountId),
    /// A row is not what was written there.
    #[error("a row of {table} does not open")]
    Sealed {
        /// Where it stands.
        table: &'static str,
        /// What is wrong with it.
        #[source]
        source: OpenError,
    },
    /// A row opened and makes no sense.
    #[error("a row of {table} can't be read")]
    Unreadable {
        /// Where it stands.
        table: &'static str,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A row is in a form this release does not know.
    #[error("an organization is stored in format {0}, which this release does not know")]
    UnknownFormat(u8),
    /// A row opened and stands for another than was asked for, or holds bytes that are no key.
    #[error("a row of {0} is not what its place says")]
    Misplaced(&'static str),
}

/// A store whose rows only the holder of the master key can read, edit or move.
pub struct SealedStore {
    store: Arc<dyn Store>,
    master: Secret<32>,
    hashes: HashKey,
    opened: Arc<Mutex<Cache>>,
}

/// An organization as it was at a revision.
pub struct Opened {
    /// The organization.
    pub organization: Arc<Organization>,
    /// Its revision.
    pub revision: Revision,
    keys: Arc<Keys>,
    /// Accounts that were asked for by address. One that is deleted moves the revision.
    accounts: Mutex<HashMap<String, Arc<OpenedAccount>>>,
}

/// What an organization's rows are sealed with.
struct Keys {
    rows: SealingKey,
    secrets: SealingKey,
}

/// A wallet account whose key is still sealed.
#[derive(Deserialize, Serialize)]
struct OpenedAccount {
    account: WalletAccount,
    /// Its private key, sealed with the key for secrets, hex.
    key: String,
}

/// A decision to be made durable: all of it or nothing.
pub struct Decided<'a> {
    /// The organization it was decided on.
    pub base: &'a Opened,
    /// The parent that was looked at as well.
    pub parent: Option<&'a Opened>,
    /// The organization as it is to be; the same `Arc` when it does not change.
    pub organization: Arc<Organization>,
    /// What changes beside it.
    pub changes: Changes,
    /// The activity to record, if it is one's.
    pub activity: Option<&'a ActivityRecord>,
}

/// A message to send and how many times it was taken, this time included; or which one can't be
/// read, and why. That one, too, is taken again until it is finished.
pub type TakenMessage = Result<(Message, u32), (MessageId, SealedError)>;

/// As [`TakenMessage`], of an event that is to be delivered.
pub type TakenDelivery = Result<(Delivery, u32), (WebhookDeliveryId, SealedError)>;

/// A decision ready to be made durable; its secrets are sealed already.
pub struct SealedCommit {
    commit: Commit,
    changed: Option<Opened>,
    deleted: Option<OrganizationId>,
}

impl SealedCommit {
    /// Whether there is something to send once it is durable.
    pub fn sends(&self, queue: Queue) -> bool {
        self.commit.messages.iter().any(|message| message.queue == queue)
    }
}

impl SealedStore {
    /// Opens a store with its master key.
    pub fn new(store: Arc<dyn Store>, master: Secret<32>) -> Self {
        Self { store, hashes: HashKey::derive(&master, b"columns"), master, opened: Arc::default() }
    }

    /// The organization as this process last saw it; enough to decide a commit on, since a commit checks
    /// the revision.
    pub async fn organization(
        &self,
        id: OrganizationId,
    ) -> Result<Option<Arc<Opened>>, SealedError> {
        let known = self.cache().get(id);
        match known {
            Known::Opened(opened) => Ok(Some(opened)),
            Known::Deleted => Ok(None),
            Known::Nothing => self.read_organization(id).await,
        }
    }

    /// The organization as it stands, whichever process wrote it.
    pub async fn latest_organization(
        &self,
        id: OrganizationId,
    ) -> Result<Option<Arc<Opened>>, SealedError> {
        if self.store.is_shared() {
            self.read_organization(id).await
        } else {
            self.organization(id).await
        }
    }

    /// The organization as the store has it, when what is remembered proved old.
    pub async fn read_organization(
        &self,
        id: OrganizationId,
    ) -> Result<Option<Arc<Opened>>, SealedError> {
        let known = self.remembered(id);
        let revision = known.as_ref().map_or(0, |opened| opened.revision);
        match self.store.organization(id.0, revision).await? {
            Lookup::Unchanged => Ok(known),
            Lookup::Missing if known.is_none() => Ok(None),
            Lookup::Missing => {
                self.cache().delete(id);
                Ok(None)
            }
            Lookup::Found(row) => {
                let keys =
                    known.map_or_else(|| Arc::new(self.keys(id.0)), |known| known.keys.clone());
                let opened = Arc::new(open_organization(&row, keys)?);
                Ok(self.cache().keep(opened))
            }
        }
    }

    /// The organization as this process last saw it, when it remembers it.
    pub fn remembered(&self, id: OrganizationId) -> Option<Arc<Opened>> {
        match self.cache().get(id) {
            Known::Opened(opened) => Some(opened),
            Known::Deleted | Known::Nothing => None,
        }
    }

    /// Sub-organizations of `parent`, oldest first; with a key only those that it finds.
    pub async fn sub_organizations(
        &self,
        parent: OrganizationId,
        key: Option<&IndexKey>,
        page: WirePage,
    ) -> Result<Vec<OrganizationId>, SealedError> {
        let page = rows_page(page);
        let ids = match key {
            None => self.store.sub_organizations(parent.0, page).await?,
            Some(key) => {
                let hash = self.index_hash(parent, key);
                self.store.find_organizations(parent.0, &hash, page).await?
            }
        };
        Ok(ids.into_iter().map(OrganizationId).collect())
    }

    /// The key that `sign_with` names, opened: a wallet account's before a private key's.
    pub async fn signer(
        &self,
        opened: &Opened,
        sign_with: &SignWith,
    ) -> Result<Option<Signer>, SealedError> {
        if let SignWith::Address(text) = sign_with
            && let Some((account, key)) = self.account_key(opened, text).await?
        {
            return Ok(Some(Signer { key, format: Some(account.address_format) }));
        }
        let Some((key, format)) = opened.organization.private_key_named(sign_with) else {
            return Ok(None);
        };
        let Some(bytes) = self.secret(opened, key.id.0).await? else { return Ok(None) };
        Ok(Some(Signer { key: private_key(key.curve, &bytes)?, format }))
    }

    /// The wallet account with this address, and its key, opened.
    pub async fn account_key(
        &self,
        opened: &Opened,
        address: &str,
    ) -> Result<Option<(WalletAccount, PrivateKey)>, SealedError> {
        let found = self.account_at(opened, address::lookup_key(address)).await?;
        let Some(found) = found else { return Ok(None) };
        let account = &found.account;
        let sealed = hex::decode(&found.key).map_err(|_| SealedError::Misplaced("accounts"))?;
        let place = place("account key", &[opened.organization.id.0, account.id.0]);
        let bytes = open(&opened.keys.secrets, "accounts", &sealed, &place)?;
        Ok(Some((account.clone(), private_key(account.curve, &bytes)?)))
    }

    /// The account that `sign_with` names, if it names one.
    pub async fn account_signing(
        &self,
        opened: &Opened,
        sign_with: &SignWith,
    ) -> Result<Option<WalletAccount>, SealedError> {
        let SignWith::Address(text) = sign_with else { return Ok(None) };
        let found = self.account_at(opened, address::lookup_key(text)).await?;
        Ok(found.map(|found| found.account.clone()))
    }

    /// The mnemonic of a wallet.
    pub async fn mnemonic(
        &self,
        opened: &Opened,
        wallet: WalletId,
    ) -> Result<Option<SecretBytes>, SealedError> {
        self.secret(opened, wallet.0).await
    }

    /// A page of wallet accounts, oldest first.
    pub async fn accounts(
        &self,
        opened: &Opened,
        wallet: Option<WalletId>,
        page: WirePage,
    ) -> Result<Vec<WalletAccount>, SealedError> {
        let rows = self
            .store
            .accounts(opened.organization.id.0, wallet.map(|id| id.0), rows_page(page))
            .await?;
        rows.iter().map(|row| Ok(open_account(&opened.keys, row)?.account)).collect()
    }

    /// The wallet account with this id.
    pub async fn account(
        &self,
        opened: &Opened,
        id: WalletAccountId,
    ) -> Result<Option<WalletAccount>, SealedError> {
        let row = self.store.account(opened.organization.id.0, AccountKey::Id(id.0)).await?;
        row.map(|row| Ok(open_account(&opened.keys, &row)?.account)).transpose()
    }

    /// The account of a wallet with this address or path, the oldest when several have it.
    pub async fn account_named(
        &self,
        opened: &Opened,
        wallet: WalletId,
        by: &AccountName,
    ) -> Result<Option<WalletAccount>, SealedError> {
        let organization = opened.organization.id;
        let by = match by {
            AccountName::Address(text) => AccountKey::Address(self.column_hash(
                organization,
                "address",
                &address::lookup_key(text),
            )),
            AccountName::Path(path) => AccountKey::Path(
                wallet.0,
                self.column_hash(organization, "path", &path.to_string()),
            ),
        };
        let Some(row) = self.store.account(organization.0, by).await? else { return Ok(None) };
        let account = open_account(&opened.keys, &row)?.account;
        Ok((account.wallet == wallet).then_some(account))
    }

    /// The activity with this id.
    pub async fn activity(
        &self,
        organization: OrganizationId,
        id: ActivityId,
    ) -> Result<Option<ActivityRecord>, SealedError> {
        let row = self.store.activity(organization.0, ActivityKey::Id(id.0)).await?;
        let Some(row) = row else { return Ok(None) };
        if row.id != id.0 {
            return Err(SealedError::Misplaced("activities"));
        }
        self.open_activity(organization, &row).map(Some)
    }

    /// The activity made by the body with this fingerprint.
    pub async fn activity_of(
        &self,
        organization: OrganizationId,
        fingerprint: [u8; 32],
    ) -> Result<Option<ActivityRecord>, SealedError> {
        let row =
            self.store.activity(organization.0, ActivityKey::Fingerprint(fingerprint)).await?;
        let Some(row) = row else { return Ok(None) };
        if row.fingerprint != fingerprint {
            return Err(SealedError::Misplaced("activities"));
        }
        self.open_activity(organization, &row).map(Some)
    }

    /// A page of activities, newest first.
    pub async fn activities(
        &self,
        organization: OrganizationId,
        kinds: &[String],
        statuses: &[ActivityStatus],
        page: WirePage,
    ) -> Result<Vec<ActivityRecord>, SealedError> {
        let filter = ActivityFilter {
            kinds: kinds.to_vec(),
            statuses: statuses.iter().map(|status| status.as_str().to_owned()).collect(),
        };
        let rows = self.store.activities(organization.0, &filter, rows_page(page)).await?;
        rows.iter().map(|row| self.open_activity(organization, row)).collect()
    }

    /// Where a record of the organization stands that is found by what it is about.
    pub fn record_key(&self, organization: OrganizationId, kind: &str, about: &str) -> RecordKey {
        // Half the keyed hash: 16 bytes collide with nobody else's.
        let hash = self.column_hash(organization, kind, about);
        let (half, _) = hash.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
        RecordKey { organization, id: uuid::Builder::from_custom_bytes(*half).into_uuid() }
    }

    /// A record, expired or not; where there is none, revision 0 and the default.
    pub async fn record<T: DeserializeOwned + Default>(
        &self,
        key: RecordKey,
    ) -> Result<Record<T>, SealedError> {
        let Some(row) = self.store.record(key.organization.0, key.id).await? else {
            return Ok(Record { key, revision: 0, value: T::default() });
        };
        let place = record_place(key, row.revision, row.expires_ms);
        let keys = self.keys_of(key.organization);
        let json = open(&keys.rows, "records", &row.sealed, &place)?;
        let value = from_json("records", json.expose())?;
        Ok(Record { key, revision: row.revision, value })
    }

    /// Deletes at most `limit` records that have expired. Returns how many.
    pub async fn purge_records(&self, now: Timestamp, limit: u32) -> Result<u32, SealedError> {
        Ok(self.store.purge_records(now.as_millis(), limit).await?)
    }

    /// Takes at most `limit` messages that are due, the longest due first. Whoever has not finished
    /// one when the lease ends has it taken again.
    pub async fn take_messages(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<TakenMessage>, SealedError> {
        let (now, lease_until) = (now.as_millis(), lease_until.as_millis());
        let rows = self.store.take_messages(Queue::People, now, lease_until, limit).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let keys = self.keys_of(record::SERVER);
        let taken = rows.iter().map(|row| match open_message(&keys, row) {
            Ok(message) => Ok((message, row.attempts)),
            Err(error) => Err((MessageId(row.id), error)),
        });
        Ok(taken.collect())
    }

    /// Deletes a message that was sent or given up.
    pub async fn finish_message(&self, id: MessageId) -> Result<(), SealedError> {
        Ok(self.store.finish_message(id.0).await?)
    }

    /// Has a message taken again, from `due` on.
    pub async fn retry_message(&self, id: MessageId, due: Timestamp) -> Result<(), SealedError> {
        Ok(self.store.retry_message(id.0, due.as_millis()).await?)
    }

    /// Takes at most `limit` events that are due to be delivered, as [`SealedStore::take_messages`].
    pub async fn take_deliveries(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<TakenDelivery>, SealedError> {
        let (now, lease_until) = (now.as_millis(), lease_until.as_millis());
        let rows = self.store.take_messages(Queue::Webhooks, now, lease_until, limit).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let keys = self.keys_of(record::SERVER);
        let taken = rows.iter().map(|row| match open_delivery(&keys, row) {
            Ok(delivery) => Ok((delivery, row.attempts)),
            Err(error) => Err((WebhookDeliveryId(row.id), error)),
        });
        Ok(taken.collect())
    }

    /// Deletes a delivery that was made or given up.
    pub async fn finish_delivery(&self, id: WebhookDeliveryId) -> Result<(), SealedError> {
        Ok(self.store.finish_message(id.0).await?)
    }

    /// Has a delivery taken again, from `due` on.
    pub async fn retry_delivery(
        &self,
        id: WebhookDeliveryId,
        due: Timestamp,
    ) -> Result<(), SealedError> {
        Ok(self.store.retry_message(id.0, due.as_millis()).await?)
    }

    /// Has a delivery that was taken and not tried taken again, from `due` on; that time does not count.
    pub async fn defer_delivery(
        &self,
        id: WebhookDeliveryId,
        due: Timestamp,
    ) -> Result<(), SealedError> {
        Ok(self.store.defer_message(id.0, due.as_millis()).await?)
    }

    /// Makes records durable that nothing else changes with. Returns whether they were; if not, one of them has
    /// changed since.
    pub async fn write_records(
        &self,
        records: Vec<record::RecordChange>,
        rng: &mut (dyn CryptoRng + Send),
    ) -> Result<bool, SealedError> {
        let mut commit = Commit::default();
        let changes = Changes { records, ..Changes::default() };
        self.add_records_and_messages(&mut commit, changes, rng)?;
        match self.commit(SealedCommit { commit, changed: None, deleted: None }).await {
            Ok(()) => Ok(true),
            Err(SealedError::Store(StoreError::Conflict)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A value of the server itself that was written once.
    pub async fn value(&self, name: &'static str) -> Result<Option<SecretBytes>, SealedError> {
        let Some(sealed) = self.store.meta(name).await? else { return Ok(None) };
        let key = SealingKey::derive(&self.master, b"values");
        Ok(Some(open(&key, "meta", &sealed, name.as_bytes())?))
    }

    /// Seals the values of a new server and its first organizations.
    pub fn seal_beginning(
        &self,
        values: &[(&'static str, &[u8])],
        organizations: &[Organization],
        changes: &Changes,
        rng: &mut dyn CryptoRng,
    ) -> Result<SealedCommit, SealedError> {
        let key = SealingKey::derive(&self.master, b"values");
        let mut commit = Commit {
            meta: values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), key.seal(value, name.as_bytes(), rng)))
                .collect(),
            ..Commit::default()
        };
        self.add_organizations(&mut commit, organizations, rng)?;
        let known: Vec<&Organization> = organizations.iter().collect();
        self.add_accounts(&mut commit, &known, changes, None, rng)?;
        Ok(SealedCommit { commit, changed: None, deleted: None })
    }

    /// Seals a decision.
    pub fn seal(
        &self,
        decided: Decided<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<SealedCommit, SealedError> {
        let Decided { base, parent, organization, changes, activity } = decided;
        let id = organization.id;
        let mut commit = Commit { expected: vec![(id.0, base.revision)], ..Commit::default() };
        commit.expected.extend(parent.map(|parent| (parent.organization.id.0, parent.revision)));
        if let Some(activity) = activity {
            commit.activities.push(seal_activity(&base.keys, activity, rng)?);
        }
        let deleted = changes.deletes_organization.then_some(id);
        commit.deleted_organizations.extend(deleted.map(|id| id.0));
        commit
            .deleted_accounts
            .extend(changes.deleted_accounts.iter().map(|account| (id.0, account.0)));
        commit
            .deleted_wallets
            .extend(changes.deleted_wallets.iter().map(|wallet| (id.0, wallet.0)));
        commit.deleted_secrets.extend(changes.deleted_secrets.iter().map(|secret| (id.0, *secret)));
        self.add_organizations(&mut commit, &changes.created, rng)?;
        let known: Vec<&Organization> =
            changes.created.iter().chain(std::iter::once(&*organization)).collect();
        self.add_accounts(&mut commit, &known, &changes, Some(base), rng)?;
        self.add_records_and_messages(&mut commit, changes, rng)?;
        let mut changed = None;
        if deleted.is_none() && !Arc::ptr_eq(&organization, &base.organization) {
            let revision = base.revision + 1;
            let row = seal_organization(&organization, revision, &base.keys, rng)?;
            commit.organizations.push(self.change(row, &organization));
            let keys = base.keys.clone();
            changed = Some(Opened { organization, revision, keys, accounts: Mutex::default() });
        }
        Ok(SealedCommit { commit, changed, deleted })
    }

    /// Makes a decision durable. When this returns, it is.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when an organization has changed since, [`StoreError::Duplicate`] when
    /// the same body has made an activity already, [`SealedError::AccountExists`]: nothing was stored.
    pub async fn commit(&self, sealed: SealedCommit) -> Result<(), SealedError> {
        // A task of its own: what was committed is remembered even if nobody waits for it any more.
        let commit = commit(self.store.clone(), self.opened.clone(), sealed);
        tokio::spawn(commit).await.map_err(|_| StoreError::Unavailable)?
    }

    /// Makes a new state of an organization durable that no activity asked for. Returns whether it
    /// was; if not, the organization has changed since.
    pub async fn touch(
        &self,
        base: &Opened,
        organization: Arc<Organization>,
        rng: &mut (dyn CryptoRng + Send),
    ) -> Result<bool, SealedError> {
        let changes = Changes::default();
        let decided = Decided { base, parent: None, organization, changes, activity: None };
        match self.commit(self.seal(decided, rng)?).await {
            Ok(()) => Ok(true),
            Err(SealedError::Store(StoreError::Conflict)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn add_organizations(
        &self,
        commit: &mut Commit,
        organizations: &[Organization],
        rng: &mut dyn CryptoRng,
    ) -> Result<(), SealedError> {
        for organization in organizations {
            let keys = self.keys(organization.id.0);
            let row = seal_organization(organization, 1, &keys, rng)?;
            commit.expected.push((organization.id.0, 0));
            commit.organizations.push(self.change(row, organization));
        }
        Ok(())
    }

    /// Adds new accounts and secrets, of organizations that are all among `known`.
    fn add_accounts(
        &self,
        commit: &mut Commit,
        known: &[&Organization],
        changes: &Changes,
        base: Option<&Opened>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), SealedError> {
        let mut keys: HashMap<Uuid, Arc<Keys>> = HashMap::new();
        if let Some(base) = base {
            keys.insert(base.organization.id.0, base.keys.clone());
        }
        for (account, key) in &changes.accounts {
            let id = account.organization;
            let keys = keys.entry(id.0).or_insert_with(|| Arc::new(self.keys(id.0)));
            let parent = known.iter().find(|known| known.id == id).and_then(|known| known.parent);
            commit.accounts.push(self.seal_account(keys, account, key, parent, rng)?);
        }
        for (organization, id, secret) in &changes.secrets {
            let keys =
                keys.entry(organization.0).or_insert_with(|| Arc::new(self.keys(organization.0)));
            let place = place("secret", &[organization.0, *id]);
            let sealed = keys.secrets.seal(secret.expose(), &place, rng);
            commit.secrets.push(SecretRow { organization: organization.0, id: *id, sealed });
        }
        Ok(())
    }

    fn add_records_and_messages(
        &self,
        commit: &mut Commit,
        changes: Changes,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), SealedError> {
        for record::RecordChange { key, expected, content } in changes.records {
            let content = content.map(|content| {
                let revision = expected.saturating_add(1);
                // As it will be read.
                let expires_ms = content.expires_at.map(|at| at.as_millis().min(LATEST_MS));
                let place = record_place(key, revision, expires_ms);
                let keys = self.keys_of(key.organization);
                let sealed = keys.rows.seal(content.json.expose(), &place, rng);
                RecordContent { expires_ms, sealed }
            });
            let (organization, id) = (key.organization.0, key.id);
            commit.records.push(RecordChange { organization, id, expected, content });
        }
        if changes.messages.is_empty() && changes.webhooks.is_empty() {
            return Ok(());
        }
        let keys = self.keys_of(record::SERVER);
        for delivery in changes.webhooks {
            let (id, organization) = (delivery.id.0, delivery.receiver.owner.0);
            let json = SecretBytes::new(to_json("messages", &delivery)?);
            let sealed = keys.rows.seal(json.expose(), &place("webhook", &[id]), rng);
            let queue = Queue::Webhooks;
            let row = MessageRow { id, organization, queue, due_ms: 0, attempts: 0, sealed };
            commit.messages.push(row);
        }
        for message in changes.messages {
            let (id, organization) = (message.id.0, message.organization.0);
            let json = SecretBytes::new(to_json("messages", &message)?);
            let sealed = keys.rows.seal(json.expose(), &place("message", &[id]), rng);
            let queue = Queue::People;
            let row = MessageRow { id, organization, queue, due_ms: 0, attempts: 0, sealed };
            commit.messages.push(row);
        }
        Ok(())
    }

    fn seal_account(
        &self,
        keys: &Keys,
        account: &WalletAccount,
        key: &PrivateKey,
        parent: Option<OrganizationId>,
        rng: &mut dyn CryptoRng,
    ) -> Result<AccountRow, SealedError> {
        let organization = account.organization;
        let column = |name, value: &str| self.column_hash(organization, name, value);
        let lookup = address::lookup_key(&account.address);
        let path = keyward_crypto::DerivationPath::parse(&account.path)
            .map_or_else(|_| account.path.clone(), |path| path.to_string());
        let place_of_key = place("account key", &[organization.0, account.id.0]);
        let sealed_key = keys.secrets.seal(key.expose_bytes().expose(), &place_of_key, rng);
        let content = OpenedAccount { account: account.clone(), key: hex::encode(sealed_key) };
        let index = parent.map(|parent| {
            (parent.0, self.index_hash(parent, &IndexKey::WalletAccountAddress(lookup.clone())))
        });
        let mut row = AccountRow {
            organization: organization.0,
            id: account.id.0,
            wallet: account.wallet.0,
            address: column("address", &lookup),
            path: column("path", &path),
            slot: column("slot", &account.slot()),
            name: account.name.as_deref().map(|name| column("name", name)),
            index,
            sealed: Vec::new(),
        };
        row.sealed = keys.rows.seal(&to_json("accounts", &content)?, &account_place(&row), rng);
        Ok(row)
    }

    /// The account at an address, from memory where it was asked for before.
    async fn account_at(
        &self,
        opened: &Opened,
        address: String,
    ) -> Result<Option<Arc<OpenedAccount>>, SealedError> {
        if let Some(found) = lock(&opened.accounts).get(&address) {
            return Ok(Some(found.clone()));
        }
        let organization = opened.organization.id;
        let hash = self.column_hash(organization, "address", &address);
        let row = self.store.account(organization.0, AccountKey::Address(hash)).await?;
        let Some(row) = row else { return Ok(None) };
        let found = Arc::new(open_account(&opened.keys, &row)?);
        let mut accounts = lock(&opened.accounts);
        if accounts.len() < OPENED_ACCOUNTS {
            accounts.insert(address, found.clone());
        }
        Ok(Some(found))
    }

    /// A secret of the organization, opened.
    pub async fn secret(
        &self,
        opened: &Opened,
        id: Uuid,
    ) -> Result<Option<SecretBytes>, SealedError> {
        let organization = opened.organization.id.0;
        let Some(sealed) = self.store.secret(organization, id).await? else { return Ok(None) };
        let place = place("secret", &[organization, id]);
        Ok(Some(open(&opened.keys.secrets, "secrets", &sealed, &place)?))
    }

    /// Opens an activity that was found for an organization, and is refused to it when it is another's:
    /// what rows are found by is not sealed.
    fn open_activity(
        &self,
        organization: OrganizationId,
        row: &ActivityRow,
    ) -> Result<ActivityRecord, SealedError> {
        if row.organization != organization.0 {
            return Err(SealedError::Misplaced("activities"));
        }
        let keys = self.keys_of(organization);
        let bytes = open(&keys.rows, "activities", &row.sealed, &activity_place(row))?;
        from_json("activities", bytes.expose())
    }

    fn change(&self, row: OrganizationRow, organization: &Organization) -> OrganizationChange {
        let index = organization.parent.map_or_else(Vec::new, |parent| {
            organization.index_keys().iter().map(|key| self.index_hash(parent, key)).collect()
        });
        OrganizationChange { row, index }
    }

    /// The keys of an organization, remembered or made anew; it need not exist.
    fn keys_of(&self, organization: OrganizationId) -> Arc<Keys> {
        let known = self.remembered(organization);
        known.map_or_else(|| Arc::new(self.keys(organization.0)), |known| known.keys.clone())
    }

    fn keys(&self, organization: Uuid) -> Keys {
        let key = |purpose: &[u8]| {
            SealingKey::derive(&self.master, &[purpose, organization.as_bytes()].concat())
        };
        Keys { rows: key(b"rows"), secrets: key(b"secrets") }
    }

    fn index_hash(&self, parent: OrganizationId, key: &IndexKey) -> KeyHash {
        let (kind, value) = key.parts();
        self.column_hash(parent, kind, value)
    }

    /// Equal values in different organizations have different hashes.
    fn column_hash(&self, organization: OrganizationId, kind: &str, value: &str) -> KeyHash {
        self.hashes.hash(kind, &[organization.0.as_bytes(), value.as_bytes()].concat())
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        lock(&self.opened)
    }
}

/// Organizations, least recently used first out.
///
/// A reader may come back with an old state after a writer has put a newer one: what is kept never gets
/// older.
struct Cache(LruCache<OrganizationId, Known>);

/// What is known of an organization.
#[derive(Clone)]
enum Known {
    Nothing,
    Deleted,
    Opened(Arc<Opened>),
}

impl Default for Cache {
    fn default() -> Self {
        Self(LruCache::new(OPENED_ORGANIZATIONS))
    }
}

impl Cache {
    fn get(&mut self, id: OrganizationId) -> Known {
        self.0.get(&id).cloned().unwrap_or(Known::Nothing)
    }

    /// Keeps a state unless a newer one is known. Returns the newest.
    fn keep(&mut self, opened: Arc<Opened>) -> Option<Arc<Opened>> {
        let id = opened.organization.id;
        match self.get(id) {
            Known::Deleted => None,
            Known::Opened(known) if known.revision >= opened.revision => Some(known),
            Known::Opened(_) | Known::Nothing => {
                self.0.put(id, Known::Opened(opened.clone()));
                Some(opened)
            }
        }
    }

    fn delete(&mut self, id: OrganizationId) {
        self.0.put(id, Known::Deleted);
    }
}

/// Makes a commit and remembers what it made.
async fn commit(
    store: Arc<dyn Store>,
    cache: Arc<Mutex<Cache>>,
    sealed: SealedCommit,
) -> Result<(), SealedError> {
    let SealedCommit { commit, changed, deleted } = sealed;
    let slots: Vec<(Uuid, KeyHash)> =
        commit.accounts.iter().map(|account| (account.organization, account.slot)).collect();
    match store.commit(commit).await {
        Ok(()) => {}
        Err(StoreError::SlotTaken) => return Err(slot_taken(&*store, &slots).await?),
        Err(error) => return Err(error.into()),
    }
    let mut cache = lock(&cache);
    if let Some(id) = deleted {
        cache.delete(id);
    }
    if let Some(opened) = changed {
        cache.keep(Arc::new(opened));
    }
    Ok(())
}

/// Which account stands where another was to be put.
async fn slot_taken(
    store: &dyn Store,
    slots: &[(Uuid, KeyHash)],
) -> Result<SealedError, SealedError> {
    for (organization, slot) in slots {
        if let Some(row) = store.account(*organization, AccountKey::Slot(*slot)).await? {
            return Ok(SealedError::AccountExists(WalletAccountId(row.id)));
        }
    }
    Ok(StoreError::SlotTaken.into())
}

/// A thread that panicked while it held the lock left a map behind that is still a map.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn rows_page(page: WirePage) -> Page {
    Page { after: page.after, before: page.before, limit: page.limit }
}

/// Where a row stands, as associated data: the table and the ids that name the row.
fn place(table: &str, ids: &[Uuid]) -> Vec<u8> {
    let mut place = table.as_bytes().to_vec();
    place.push(0);
    for id in ids {
        place.extend_from_slice(id.as_bytes());
    }
    place
}

fn organization_place(id: Uuid, parent: Option<Uuid>, revision: Revision) -> Vec<u8> {
    let mut place = place("organization", &[id, parent.unwrap_or_default()]);
    place.extend_from_slice(&revision.to_be_bytes());
    place
}

/// The columns that activities are filtered by belong to their place: edited, the row does not open.
fn activity_place(row: &ActivityRow) -> Vec<u8> {
    let mut place = place("activity", &[row.organization, row.id]);
    place.extend_from_slice(&row.fingerprint);
    for column in [&row.kind, &row.status] {
        place.extend_from_slice(column.as_bytes());
        place.push(0);
    }
    place
}

/// The columns that accounts are found by belong to their place: whoever could exchange them would have
/// payloads signed with another key than the one that was named.
fn account_place(row: &AccountRow) -> Vec<u8> {
    let mut place = place("account", &[row.organization, row.id, row.wallet]);
    place.push(u8::from(row.name.is_some()));
    for column in [&row.address, &row.path, &row.slot].into_iter().chain(&row.name) {
        place.extend_from_slice(column);
    }
    if let Some((parent, key)) = &row.index {
        place.extend_from_slice(parent.as_bytes());
        place.extend_from_slice(key);
    }
    place
}

/// Revision and expiry belong to the place of a record: an old value under a new revision does not
/// open, nor one whose end was put off.
fn record_place(key: RecordKey, revision: Revision, expires_ms: Option<u64>) -> Vec<u8> {
    let mut place = place("record", &[key.organization.0, key.id]);
    place.extend_from_slice(&revision.to_be_bytes());
    place.push(u8::from(expires_ms.is_some()));
    place.extend_from_slice(&expires_ms.unwrap_or_default().to_be_bytes());
    place
}

fn seal_organization(
    organization: &Organization,
    revision: Revision,
    keys: &Keys,
    rng: &mut dyn CryptoRng,
) -> Result<OrganizationRow, SealedError> {
    let mut plain = vec![model::FORMAT];
    serde_json::to_writer(&mut plain, organization)
        .map_err(|source| SealedError::Unreadable { table: "organizations", source })?;
    let (id, parent) = (organization.id.0, organization.parent.map(|parent| parent.0));
    let sealed = keys.rows.seal(&plain, &organization_place(id, parent, revision), rng);
    Ok(OrganizationRow { id, parent, revision, sealed })
}

fn open_organization(row: &OrganizationRow, keys: Arc<Keys>) -> Result<Opened, SealedError> {
    let place = organization_place(row.id, row.parent, row.revision);
    let plain = open(&keys.rows, "organizations", &row.sealed, &place)?;
    let organization: Organization = match plain.expose().split_first() {
        Some((&model::FORMAT, json)) => from_json("organizations", json)?,
        Some((&unknown, _)) => return Err(SealedError::UnknownFormat(unknown)),
        None => return Err(SealedError::Misplaced("organizations")),
    };
    Ok(Opened {
        organization: Arc::new(organization),
        revision: row.revision,
        keys,
        accounts: Mutex::default(),
    })
}

fn seal_activity(
    keys: &Keys,
    activity: &ActivityRecord,
    rng: &mut dyn CryptoRng,
) -> Result<ActivityRow, SealedError> {
    let mut fingerprint = [0; 32];
    let digest = activity.fingerprint.strip_prefix("sha256:").unwrap_or_default();
    hex::decode_to_slice(digest, &mut fingerprint)
        .map_err(|_| SealedError::Misplaced("activities"))?;
    let mut row = ActivityRow {
        organization: activity.organization.0,
        id: activity.id.0,
        fingerprint,
        kind: activity.kind.clone(),
        status: activity.status.as_str().to_owned(),
        sealed: Vec::new(),
    };
    row.sealed = keys.rows.seal(&to_json("activities", activity)?, &activity_place(&row), rng);
    Ok(row)
}

fn open_account(keys: &Keys, row: &AccountRow) -> Result<OpenedAccount, SealedError> {
    let place = account_place(row);
    from_json("accounts", open(&keys.rows, "accounts", &row.sealed, &place)?.expose())
}

fn open_message(keys: &Keys, row: &MessageRow) -> Result<Message, SealedError> {
    let json = open(&keys.rows, "messages", &row.sealed, &place("message", &[row.id]))?;
    from_json("messages", json.expose())
}

fn open_delivery(keys: &Keys, row: &MessageRow) -> Result<Delivery, SealedError> {
    let json = open(&keys.rows, "messages", &row.sealed, &place("webhook", &[row.id]))?;
    from_json("messages", json.expose())
}

fn private_key(
    curve: keyward_protocol::wire::enums::Curve,
    bytes: &SecretBytes,
) -> Result<PrivateKey, SealedError> {
    let bytes: &[u8; 32] =
        bytes.expose().try_into().map_err(|_| SealedError::Misplaced("secrets"))?;
    PrivateKey::from_bytes(curve.into(), bytes).map_err(|_| SealedError::Misplaced("secrets"))
}

fn open(
    key: &SealingKey,
    table: &'static str,
    sealed: &[u8],
    place: &[u8],
) -> Result<SecretBytes, SealedError> {
    key.open(sealed, place).map_err(|source| SealedError::Sealed { table, source })
}

fn to_json(table: &'static str, value: &impl Serialize) -> Result<Vec<u8>, SealedError> {
    serde_json::to_vec(value).map_err(|source| SealedError::Unreadable { table, source })
}

fn from_json<'a, T: Deserialize<'a>>(
    table: &'static str,
    json: &'a [u8],
) -> Result<T, SealedError> {
    serde_json::from_slice(json).map_err(|source| SealedError::Unreadable { table, source })
}

#[cfg(test)]
mod tests {
    use keyward_crypto::SeededRng;
    use keyward_protocol::engine::message::{Content, Sms};
    use keyward_protocol::engine::webhooks::Receiver;
    use keyward_protocol::wire::enums::WebhookEventType;
    use keyward_protocol::wire::id::WebhookEventId;

    use super::*;
    use crate::{MemoryStore, RecordRow};

    const ORGANIZATION: OrganizationId = OrganizationId(Uuid::from_u128(1));
    const CODE: RecordKey = RecordKey { organization: ORGANIZATION, id: Uuid::from_u128(7) };
    const OTHER: RecordKey = RecordKey { organization: ORGANIZATION, id: Uuid::from_u128(8) };
    const SPENT: RecordKey = RecordKey { organization: record::SERVER, id: Uuid::from_u128(7) };

    fn at(milliseconds: u64) -> Timestamp {
        Timestamp::from_millis(milliseconds)
    }

    fn rng() -> SeededRng {
        SeededRng::from_seed([3; 32])
    }

    fn message(n: u128) -> Message {
        let text = |text: &str| text.to_owned();
        Message {
            id: MessageId(Uuid::from_u128(n)),
            organization: ORGANIZATION,
            expires_at: at(1000),
            content: Content::Sms(Sms {
                to: text("+15550100"),
                code: text("123456"),
                app_name: None,
                template: None,
            }),
        }
    }

    /// A store with one organization in it, and the rows below.
    async fn fresh() -> (SealedStore, Arc<dyn Store>, Arc<Opened>) {
        let rows: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let store = SealedStore::new(rows.clone(), Secret::new([9; 32]));
        let organization = Organization::new(ORGANIZATION, None, "first".to_owned(), at(0));
        let sealed =
            store.seal_beginning(&[], &[organization], &Changes::default(), &mut rng()).unwrap();
        store.commit(sealed).await.unwrap();
        let opened = store.organization(ORGANIZATION).await.unwrap().unwrap();
        (store, rows, opened)
    }

    async fn commit(store: &SealedStore, base: &Opened, changes: Changes) {
        let organization = base.organization.clone();
        let decided = Decided { base, parent: None, organization, changes, activity: None };
        store.commit(store.seal(decided, &mut rng()).unwrap()).await.unwrap();
    }

    async fn write(store: &SealedStore, base: &Opened, key: RecordKey, text: &str, end: u64) {
        let mut record: Record<String> = store.record(key).await.unwrap();
        text.clone_into(&mut record.value);
        let records = vec![record.write(Some(at(end))).unwrap()];
        commit(store, base, Changes { records, ..Changes::default() }).await;
    }

    /// Puts a row in the place of another, as somebody would who can write the database.
    async fn put(rows: &dyn Store, row: RecordRow) {
        let RecordRow { organization, id, revision, expires_ms, sealed } = row;
        let found = rows.record(organization, id).await.unwrap().unwrap();
        let mut changes = vec![(found.revision, None)];
        changes.extend((0..revision).map(|expected| {
            (expected, Some(RecordContent { expires_ms, sealed: sealed.clone() }))
        }));
        for (expected, content) in changes {
            let records = vec![RecordChange { organization, id, expected, content }];
            rows.commit(Commit { records, ..Commit::default() }).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_record_is_read_as_it_was_written() {
        let (store, rows, base) = fresh().await;
        for key in [CODE, SPENT] {
            let absent: Record<String> = store.record(key).await.unwrap();
            assert_eq!((absent.revision, absent.value.as_str(), absent.key), (0, "", key));
            write(&store, &base, key, "first", 50).await;
            write(&store, &base, key, "second", u64::MAX).await;
            let found: Record<String> = store.record(key).await.unwrap();
            assert_eq!((found.revision, found.value.as_str(), found.key), (2, "second", key));
        }
        let row = rows.record(CODE.organization.0, CODE.id).await.unwrap().unwrap();
        assert!(!String::from_utf8_lossy(&row.sealed).contains("second"));
        // Another process, with nothing in memory.
        let store = SealedStore::new(rows, Secret::new([9; 32]));
        let found: Record<String> = store.record(CODE).await.unwrap();
        assert_eq!(found.value, "second");
        let wrong = store.record::<u32>(CODE).await;
        assert!(matches!(wrong, Err(SealedError::Unreadable { table: "records", .. })));
        let records = vec![found.delete()];
        commit(&store, &base, Changes { records, ..Changes::default() }).await;
        assert_eq!(store.record::<String>(CODE).await.unwrap().revision, 0);
        write(&store, &base, CODE, "third", 50).await;
        assert_eq!(store.purge_records(at(50), 9).await.unwrap(), 0);
        assert_eq!(store.purge_records(at(51), 9).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn an_edited_record_does_not_open() {
        let (store, rows, base) = fresh().await;
        for key in [CODE, OTHER, SPENT] {
            write(&store, &base, key, "first", 50).await;
        }
        let row =
            async |key: RecordKey| rows.record(key.organization.0, key.id).await.unwrap().unwrap();
        let first = row(CODE).await;
        let (other, spent) = (row(OTHER).await, row(SPENT).await);
        write(&store, &base, CODE, "second", 50).await;
        let second = row(CODE).await;
        let edits = (0..second.sealed.len())
            .map(|place| {
                let mut flipped = second.clone();
                flipped.sealed[place] ^= 1;
                flipped
            })
            .chain([
                RecordRow { sealed: first.sealed.clone(), ..second.clone() },
                RecordRow { revision: 1, ..second.clone() },
                RecordRow { revision: 3, ..second.clone() },
                RecordRow { expires_ms: Some(51), ..second.clone() },
                RecordRow { expires_ms: None, ..second.clone() },
                RecordRow { sealed: other.sealed, ..first.clone() },
                RecordRow { sealed: spent.sealed, ..first.clone() },
                RecordRow { sealed: Vec::new(), ..first.clone() },
            ]);
        for edited in edits {
            put(&*rows, edited.clone()).await;
            let result = store.record::<String>(CODE).await;
            let refused = matches!(result, Err(SealedError::Sealed { table: "records", .. }));
            assert!(refused, "{edited:?}");
        }
        put(&*rows, second).await;
        assert_eq!(store.record::<String>(CODE).await.unwrap().value, "second");
    }

    #[tokio::test]
    async fn a_message_is_sent_as_it_was_meant_or_not_at_all() {
        let (store, rows, base) = fresh().await;
        let messages = vec![message(1), message(2)];
        commit(&store, &base, Changes { messages, ..Changes::default() }).await;
        let taken = store.take_messages(at(0), at(50), 9).await.unwrap();
        let taken: Vec<_> = taken.into_iter().map(Result::unwrap).collect();
        assert!(taken == [(message(1), 1), (message(2), 1)]);
        assert!(store.take_messages(at(49), at(90), 9).await.unwrap().is_empty());
        store.retry_message(message(1).id, at(10)).await.unwrap();
        let taken = store.take_messages(at(10), at(60), 9).await.unwrap();
        assert!(matches!(taken.as_slice(), [Ok((one, 2))] if *one == message(1)));
        // Moved or flipped, it is not sent; the others are.
        let [two, one] =
            <[MessageRow; 2]>::try_from(rows.take_messages(Queue::People, 60, 0, 9).await.unwrap())
                .unwrap()
                .map(|row| MessageRow { due_ms: 0, ..row });
        assert!(!String::from_utf8_lossy(&one.sealed).contains("123456"));
        let moved = MessageRow { id: Uuid::from_u128(3), ..two.clone() };
        let mut flipped = two;
        flipped.sealed[20] ^= 1;
        let messages = vec![moved, flipped];
        rows.commit(Commit { messages, ..Commit::default() }).await.unwrap();
        let mut refused = Vec::new();
        let mut sent = Vec::new();
        for outcome in store.take_messages(at(0), at(90), 9).await.unwrap() {
            match outcome {
                Ok((message, _)) => sent.push(message.id),
                Err((id, SealedError::Sealed { table: "messages", .. })) => refused.push(id),
                Err((id, error)) => panic!("{id}: {error:?}"),
            }
        }
        assert_eq!(sent, [message(1).id]);
        assert_eq!(refused, [message(2).id, message(3).id]);
        for id in sent.into_iter().chain(refused) {
            store.finish_message(id).await.unwrap();
        }
        assert!(store.take_messages(at(900), at(999), 9).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn an_event_is_delivered_as_it_was_meant_or_not_at_all() {
        let (store, rows, base) = fresh().await;
        let owner = base.organization.id;
        let delivery = Delivery {
            id: WebhookDeliveryId(Uuid::from_u128(1)),
            event: WebhookEventId(Uuid::from_u128(2)),
            event_type: WebhookEventType::ActivityUpdates,
            organization: owner,
            receiver: Receiver { owner, endpoint: None },
            created_at: at(0),
            body: "{\"type\":\"a secret\"}".to_owned(),
        };
        let changes = Changes { webhooks: vec![delivery.clone()], ..Changes::default() };
        commit(&store, &base, changes).await;
        assert!(store.take_messages(at(0), at(50), 9).await.unwrap().is_empty());
        let take = async || {
            let taken = store.take_deliveries(at(0), at(50), 9).await.unwrap();
            taken.into_iter().map(Result::unwrap).collect::<Vec<_>>()
        };
        assert!(take().await == [(delivery.clone(), 1)]);
        store.defer_delivery(delivery.id, at(0)).await.unwrap();
        assert!(take().await == [(delivery.clone(), 1)]);
        store.retry_delivery(delivery.id, at(0)).await.unwrap();
        assert!(take().await == [(delivery.clone(), 2)]);
        // In the other queue, it is no message.
        let [row] = <[MessageRow; 1]>::try_from(
            rows.take_messages(Queue::Webhooks, 50, 0, 9).await.unwrap(),
        )
        .unwrap();
        assert!(!String::from_utf8_lossy(&row.sealed).contains("a secret"));
        let moved = MessageRow { queue: Queue::People, due_ms: 0, ..row.clone() };
        rows.commit(Commit { messages: vec![moved], ..Commit::default() }).await.unwrap();
        assert!(matches!(store.take_messages(at(0), at(9), 9).await.unwrap()[..], [Err(_)]));
        rows.commit(Commit { messages: vec![row], ..Commit::default() }).await.unwrap();
        store.finish_delivery(delivery.id).await.unwrap();
        assert!(take().await.is_empty());
    }

    #[tokio::test]
    async fn records_are_written_by_themselves_if_nobody_else_has() {
        let (store, _, base) = fresh().await;
        let key = store.record_key(base.organization.id, "log", "one");
        let mut record: Record<String> = store.record(key).await.unwrap();
        record.value = "first".to_owned();
        let change = |record: &Record<String>| vec![record.write(None).unwrap()];
        assert!(store.write_records(change(&record), &mut rng()).await.unwrap());
        assert!(!store.write_records(change(&record), &mut rng()).await.unwrap());
        assert_eq!(store.record::<String>(key).await.unwrap().value, "first");
    }

    #[tokio::test]
    async fn an_organization_is_touched_once_per_state() {
        let (store, rows, base) = fresh().await;
        let named = |name: &str| {
            Arc::new(Organization { name: name.to_owned(), ..(*base.organization).clone() })
        };
        assert!(store.touch(&base, named("second"), &mut rng()).await.unwrap());
        assert!(!store.touch(&base, named("late"), &mut rng()).await.unwrap());
        let known = store.remembered(ORGANIZATION).unwrap();
        assert_eq!((known.revision, known.organization.name.as_str()), (2, "second"));
        let other = SealedStore::new(rows, Secret::new([9; 32]));
        let stored = other.organization(ORGANIZATION).await.unwrap().unwrap();
        assert_eq!((stored.revision, stored.organization.name.as_str()), (2, "second"));
        let none =
            other.activities(ORGANIZATION, &[], &[], keyward_protocol::wire::Page::ALL).await;
        assert!(none.unwrap().is_empty());
    }

    /// Requests run on whatever thread is free.
    #[test]
    fn a_touch_can_be_awaited_anywhere() {
        fn check<T: Send>(_: impl FnOnce(&'static SealedStore, &'static Opened) -> T) {}
        check(|store, base| async {
            let mut rng = keyward_crypto::os_rng();
            store.touch(base, base.organization.clone(), &mut rng).await
        });
    }
}
