//! What is stored and what is asked: rows, commits, keys and pages.
//!
//! Every `sealed` is opaque here: encrypted by the caller and bound by it to its place. Every
//! [`KeyHash`] is keyed and already covers what kind of thing it is the hash of.

use uuid::Uuid;

use crate::StoreError;

/// How many times an organization or a record was written; 0 means that it does not exist.
pub type Revision = u64;

/// The last instant that is told apart from later ones, in milliseconds since the epoch.
pub(crate) const LATEST_MS: u64 = i64::MAX.cast_unsigned();

/// A keyed hash of something that is looked up by value, 32 bytes.
pub type KeyHash = [u8; 32];

/// The stored state of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationRow {
    /// Its identifier.
    pub id: Uuid,
    /// The organization it is a sub-organization of; never changes.
    pub parent: Option<Uuid>,
    /// Of this state. In a commit: one more than what the commit expects.
    pub revision: Revision,
    /// The organization, sealed.
    pub sealed: Vec<u8>,
}

/// A new state of an organization together with everything it is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationChange {
    /// The new state.
    pub row: OrganizationRow,
    /// All index keys; what was there before and is not among them is dropped. Without a parent
    /// there is nobody to search among, and nothing is kept.
    pub index: Vec<KeyHash>,
}

/// What [`Store::organization`](crate::Store::organization) found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// There is no such organization.
    Missing,
    /// It still has the revision the caller knows.
    Unchanged,
    /// It has another revision.
    Found(OrganizationRow),
}

/// A wallet account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// Whose it is; must exist.
    pub organization: Uuid,
    /// Its identifier, unique in the organization.
    pub id: Uuid,
    /// The wallet it is derived from.
    pub wallet: Uuid,
    /// Hash of the address; several accounts may share it.
    pub address: KeyHash,
    /// Hash of the derivation path; several accounts of a wallet may share it.
    pub path: KeyHash,
    /// Hash of what may exist only once in the organization.
    pub slot: KeyHash,
    /// Hash of the name, which is unique in the organization; `None` when it has no name.
    pub name: Option<KeyHash>,
    /// By what [`Store::find_organizations`](crate::Store::find_organizations) finds the
    /// organization for as long as this account exists: the parent and an index key.
    pub index: Option<(Uuid, KeyHash)>,
    /// The account, sealed.
    pub sealed: Vec<u8>,
}

/// A wallet seed or a private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretRow {
    /// Whose it is; must exist.
    pub organization: Uuid,
    /// Its identifier, unique in the organization.
    pub id: Uuid,
    /// The secret, sealed.
    pub sealed: Vec<u8>,
}

/// A recorded activity. It outlives its organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityRow {
    /// In which organization it was submitted.
    pub organization: Uuid,
    /// Its identifier, unique in the organization; the order of identifiers is the order in time.
    pub id: Uuid,
    /// Of the request, unique in the organization.
    pub fingerprint: [u8; 32],
    /// Its type, for filters.
    pub kind: String,
    /// How far it has come, for filters.
    pub status: String,
    /// The activity, sealed.
    pub sealed: Vec<u8>,
}

/// A small value that is kept for a while: a one-time code, a spent token, a count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRow {
    /// Whose it is; nil for the server's own.
    pub organization: Uuid,
    /// Its identifier, unique in the organization.
    pub id: Uuid,
    /// How many times it was written since it last did not exist.
    pub revision: Revision,
    /// [`RecordContent::expires_ms`].
    pub expires_ms: Option<u64>,
    /// The value, sealed.
    pub sealed: Vec<u8>,
}

/// A record that is written or deleted, on condition that nobody else did so meanwhile.
///
/// A deleted record can't be told from one that never was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordChange {
    /// Whose it is; nil for the server's own. It need neither exist nor be expected.
    pub organization: Uuid,
    /// Its identifier, unique in the organization.
    pub id: Uuid,
    /// The revision it must have; 0 when it must not exist. Written, it has the next one.
    pub expected: Revision,
    /// What it holds from now on; `None` deletes it, and leaves no bytes of it behind.
    pub content: Option<RecordContent>,
}

/// What a record holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordContent {
    /// From when on it may be purged, in milliseconds since the epoch; `None` for never. What is
    /// beyond `i64::MAX` is kept as that.
    pub expires_ms: Option<u64>,
    /// The value, sealed.
    pub sealed: Vec<u8>,
}

/// What a message waits among. Those of one queue never wait for those of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Queue {
    /// Messages to people.
    #[default]
    People,
    /// Events for webhook endpoints.
    Webhooks,
}

impl Queue {
    /// As it is stored.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::People => 0,
            Self::Webhooks => 1,
        }
    }
}

/// A message that waits to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// Its identifier, unique among all messages.
    pub id: Uuid,
    /// The organization that has it sent; need not exist.
    pub organization: Uuid,
    /// What it waits among.
    pub queue: Queue,
    /// From when on it may be taken, in milliseconds since the epoch; 0 is at once. What is beyond
    /// `i64::MAX` is kept as that.
    pub due_ms: u64,
    /// How many times it was taken.
    pub attempts: u32,
    /// The message, sealed.
    pub sealed: Vec<u8>,
}

/// One transaction.
///
/// Deletions come first, then rows are written in the order they are listed in. A row that exists
/// is replaced. Every organization that is written or deleted, or whose accounts or secrets are,
/// must be among the expected ones. Records name a revision of their own, each at most once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// Every organization that the decision was made on, with the revision it then had; 0 when it
    /// must not exist.
    pub expected: Vec<(Uuid, Revision)>,
    /// New states.
    pub organizations: Vec<OrganizationChange>,
    /// Organizations that end, with their index keys, accounts, secrets and records. Their
    /// activities stay, and so do their messages.
    pub deleted_organizations: Vec<Uuid>,
    /// Accounts that are added or replaced.
    pub accounts: Vec<AccountRow>,
    /// Accounts that end: organization and account. One that does not exist is passed over.
    pub deleted_accounts: Vec<(Uuid, Uuid)>,
    /// Wallets whose accounts all end: organization and wallet.
    pub deleted_wallets: Vec<(Uuid, Uuid)>,
    /// Secrets that are added or replaced.
    pub secrets: Vec<SecretRow>,
    /// Secrets that end: organization and secret. Their bytes are not left behind.
    pub deleted_secrets: Vec<(Uuid, Uuid)>,
    /// Activities that are recorded, or replaced when the identifier is known.
    pub activities: Vec<ActivityRow>,
    /// Values that are written once: the name must be new.
    pub meta: Vec<(String, Vec<u8>)>,
    /// Records that are written or end.
    pub records: Vec<RecordChange>,
    /// Messages to send once this is durable.
    pub messages: Vec<MessageRow>,
}

impl Commit {
    /// Refuses a commit that changes what it did not look at, before a backend touches anything.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unfounded`].
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let states = self.organizations.iter().enumerate().all(|(place, change)| {
            let OrganizationRow { id, revision, .. } = change.row;
            self.expects(id).is_some_and(|expected| expected.checked_add(1) == Some(revision))
                && !self.deleted_organizations.contains(&id)
                && !self.organizations.iter().skip(place + 1).any(|other| other.row.id == id)
        });
        let mut ends = self.deleted_organizations.iter().chain(
            [&self.deleted_accounts, &self.deleted_wallets, &self.deleted_secrets]
                .into_iter()
                .flatten()
                .map(|(organization, _)| organization),
        );
        let additions = self.accounts.iter().map(|account| account.organization);
        let mut additions = additions.chain(self.secrets.iter().map(|secret| secret.organization));
        let once = self.records.iter().enumerate().all(|(place, record)| {
            let mut later = self.records.iter().skip(place + 1);
            !later.any(|other| (other.organization, other.id) == (record.organization, record.id))
        });
        let founded = states
            && once
            && ends.all(|&organization| self.expects(organization).is_some())
            && additions.all(|organization| self.keeps(organization));
        if founded { Ok(()) } else { Err(StoreError::Unfounded) }
    }

    fn expects(&self, organization: Uuid) -> Option<Revision> {
        self.expected.iter().find(|(id, _)| *id == organization).map(|(_, revision)| *revision)
    }

    /// Whether the organization exists once this commit is made.
    fn keeps(&self, organization: Uuid) -> bool {
        self.expects(organization).is_some_and(|revision| {
            revision > 0 || self.organizations.iter().any(|change| change.row.id == organization)
        }) && !self.deleted_organizations.contains(&organization)
    }
}

/// What a wallet account is found by. Where several match, the oldest is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountKey {
    /// Its identifier.
    Id(Uuid),
    /// [`AccountRow::address`].
    Address(KeyHash),
    /// [`AccountRow::wallet`] and [`AccountRow::path`].
    Path(Uuid, KeyHash),
    /// [`AccountRow::slot`].
    Slot(KeyHash),
    /// [`AccountRow::name`].
    Name(KeyHash),
}

/// What an activity is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivityKey {
    /// Its identifier.
    Id(Uuid),
    /// [`ActivityRow::fingerprint`].
    Fingerprint([u8; 32]),
}

/// Which activities are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivityFilter {
    /// Types; empty means all.
    pub kinds: Vec<String>,
    /// Statuses; empty means all.
    pub statuses: Vec<String>,
}

/// A stretch of a list: the first `limit` entries, in the order of the list, of those whose
/// identifier lies strictly between the bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Only what was created after this; `None` is no bound.
    pub after: Option<Uuid>,
    /// Only what was created before this; `None` is no bound.
    pub before: Option<Uuid>,
    /// How many entries at most.
    pub limit: u32,
}

impl Page {
    /// The whole list.
    pub const ALL: Self = Self::first(u32::MAX);

    /// The first `limit` entries.
    pub const fn first(limit: u32) -> Self {
        Self { after: None, before: None, limit }
    }

    /// The same without what was created up to and including `id`.
    #[must_use]
    pub const fn after(self, id: Uuid) -> Self {
        Self { after: Some(id), ..self }
    }

    /// The same without what was created at or after `id`.
    #[must_use]
    pub const fn before(self, id: Uuid) -> Self {
        Self { before: Some(id), ..self }
    }
}
