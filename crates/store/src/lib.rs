#![doc = include_str!("../README.md")]

#[cfg(test)]
mod conformance;
mod memory;
mod rows;
mod sealed;
mod sqlite;

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

pub use memory::MemoryStore;
pub use rows::{
    AccountKey, AccountRow, ActivityFilter, ActivityKey, ActivityRow, Commit, KeyHash, Lookup,
    MessageRow, OrganizationChange, OrganizationRow, Page, Queue, RecordChange, RecordContent,
    RecordRow, Revision, SecretRow,
};
pub use sealed::{
    Decided, Opened, SealedCommit, SealedError, SealedStore, TakenDelivery, TakenMessage,
};
pub use sqlite::{SqliteStore, Stats};

/// Where organizations, accounts, secrets, activities, records and messages are kept.
///
/// What a backend promises is in the conformance suite, every method's part of it: a commit is made
/// whole or not at all, is durable before it is answered, and is seen by every read that starts
/// after the answer.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Whether another process may write to it. If not, whoever makes all the commits of this one knows
    /// the newest state of what it has read once.
    fn is_shared(&self) -> bool;

    /// The organization, when its revision is not the `known` one (0 = nothing is known).
    async fn organization(&self, id: Uuid, known: Revision) -> Result<Lookup, StoreError>;

    /// Makes the commit.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`], [`StoreError::Duplicate`], [`StoreError::SlotTaken`],
    /// [`StoreError::NameTaken`] and [`StoreError::Unfounded`]: nothing of it was stored.
    /// [`StoreError::Unavailable`] and [`StoreError::Backend`]: it may or may not have been; the
    /// fingerprint of its activity tells.
    async fn commit(&self, commit: Commit) -> Result<(), StoreError>;

    /// The sub-organizations of `parent` with this index key, theirs or an account's, each once,
    /// oldest first.
    async fn find_organizations(
        &self,
        parent: Uuid,
        key: &KeyHash,
        page: Page,
    ) -> Result<Vec<Uuid>, StoreError>;

    /// All sub-organizations of `parent`, oldest first.
    async fn sub_organizations(&self, parent: Uuid, page: Page) -> Result<Vec<Uuid>, StoreError>;

    /// The account with this key.
    async fn account(
        &self,
        organization: Uuid,
        by: AccountKey,
    ) -> Result<Option<AccountRow>, StoreError>;

    /// The accounts of a wallet, or with `None` of all, oldest first.
    async fn accounts(
        &self,
        organization: Uuid,
        wallet: Option<Uuid>,
        page: Page,
    ) -> Result<Vec<AccountRow>, StoreError>;

    /// A secret, sealed.
    async fn secret(&self, organization: Uuid, id: Uuid) -> Result<Option<Vec<u8>>, StoreError>;

    /// The activity with this key.
    async fn activity(
        &self,
        organization: Uuid,
        by: ActivityKey,
    ) -> Result<Option<ActivityRow>, StoreError>;

    /// The activities that pass the filter, newest first.
    async fn activities(
        &self,
        organization: Uuid,
        filter: &ActivityFilter,
        page: Page,
    ) -> Result<Vec<ActivityRow>, StoreError>;

    /// A value written once, such as a server key.
    async fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// The record in this place; one that has expired, too, until it is purged.
    async fn record(&self, organization: Uuid, id: Uuid) -> Result<Option<RecordRow>, StoreError>;

    /// Deletes records that expired before an instant, in milliseconds since the epoch, the longest
    /// expired first and at most `limit`. Returns how many.
    async fn purge_records(&self, expired_before_ms: u64, limit: u32) -> Result<u32, StoreError>;

    /// Takes messages to send: at most `limit` of those of a queue that are due at `now_ms`, the longest
    /// due first. Until `lease_until_ms` nobody else is given them; whoever is not done with one by
    /// then has it taken again. Returned is what is stored from now on: due at the end of the
    /// lease, with this attempt counted.
    async fn take_messages(
        &self,
        queue: Queue,
        now_ms: u64,
        lease_until_ms: u64,
        limit: u32,
    ) -> Result<Vec<MessageRow>, StoreError>;

    /// Deletes a message that was sent or given up, and leaves no bytes of it behind. One that does
    /// not exist is passed over.
    async fn finish_message(&self, id: Uuid) -> Result<(), StoreError>;

    /// Has a message taken again, from an instant on, in milliseconds since the epoch. One that does
    /// not exist is passed over.
    async fn retry_message(&self, id: Uuid, due_ms: u64) -> Result<(), StoreError>;

    /// As [`Store::retry_message`], of a message that was taken and not tried: that time does not count.
    async fn defer_message(&self, id: Uuid, due_ms: u64) -> Result<(), StoreError>;
}

/// What went wrong in a store.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A revision is not the expected one, or a write-once value exists. Load again and retry.
    #[error("what the commit was decided on has changed since it was read")]
    Conflict,
    /// The organization already has another activity with this fingerprint.
    #[error("the fingerprint is already recorded")]
    Duplicate,
    /// The organization already has another account in this slot.
    #[error("the organization already has this account")]
    SlotTaken,
    /// The organization already has another account of this name.
    #[error("the organization already has an account of this name")]
    NameTaken,
    /// The commit writes to an organization without naming the revision it was decided on, or
    /// writes a revision that does not follow it; or it names a record twice.
    #[error("the commit changes an organization it was not decided on")]
    Unfounded,
    /// Another process has the data open.
    #[error("the data is in use by another process")]
    InUse,
    /// The data was written by a newer release.
    #[error("the data has schema version {found}, newer than the supported {supported}")]
    Newer {
        /// Version of the data.
        found: u32,
        /// The newest version that this release reads.
        supported: u32,
    },
    /// The backend has stopped. A commit under way may or may not have been made.
    #[error("the store has stopped")]
    Unavailable,
    /// The backend failed. A commit under way may or may not have been made.
    #[error("the store failed")]
    Backend(#[source] Arc<dyn Error + Send + Sync>),
}

impl StoreError {
    /// Wraps what a backend's library reports.
    pub(crate) fn backend(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::Backend(Arc::new(cause))
    }
}
