//! A store whose commits can be held, lost and made to fail.

use std::sync::{Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
use keyward_store::{
    AccountKey, AccountRow, ActivityFilter, ActivityKey, ActivityRow, Commit, KeyHash, Lookup,
    MemoryStore, MessageRow, Page, Queue, RecordRow, Revision, Store, StoreError,
};
use tokio::sync::oneshot;
use uuid::Uuid;

/// What becomes of a commit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Hold {
    /// It waits before it is made.
    Before,
    /// It is made, and its answer waits.
    After,
    /// It is not made, and the store says that it can't tell.
    Fail,
    /// It is made, and the store says that it can't tell.
    Lose,
}

struct Next {
    how: Hold,
    arrived: oneshot::Sender<()>,
    released: oneshot::Receiver<()>,
}

/// What becomes of commits that nobody holds: [`Hold::Fail`], [`Hold::Lose`], or `None` for made and answered.
type Fate = Box<dyn Fn() -> Option<Hold> + Send + Sync>;

/// In memory, with a gate before the commits.
#[derive(Default)]
pub(crate) struct Gate {
    store: MemoryStore,
    next: Mutex<Option<Next>>,
    fate: OnceLock<Fate>,
    /// Records that were written: the revision each had before, and when it expires.
    written: Mutex<Vec<(Revision, u64)>>,
}

/// A commit that is held.
pub(crate) struct Held {
    arrived: Option<oneshot::Receiver<()>>,
    release: oneshot::Sender<()>,
}

impl Gate {
    /// Loses commits and has them fail from now on.
    pub(crate) fn become_unreliable(
        &self,
        fate: impl Fn() -> Option<Hold> + Send + Sync + 'static,
    ) {
        assert!(self.fate.set(Box::new(fate)).is_ok(), "it is that already");
    }

    /// The records that were written: the revision each had before, and when it expires.
    pub(crate) fn written(&self) -> Vec<(Revision, u64)> {
        self.written.lock().unwrap().clone()
    }

    async fn make(&self, commit: Commit) -> Result<(), StoreError> {
        let records = commit.records.iter();
        let written: Vec<_> = records
            .filter_map(|record| Some((record.expected, record.content.as_ref()?.expires_ms?)))
            .collect();
        self.store.commit(commit).await?;
        self.written.lock().unwrap_or_else(PoisonError::into_inner).extend(written);
        Ok(())
    }

    /// Holds the next commit, whoever makes it.
    pub(crate) fn hold_next(&self, how: Hold) -> Held {
        let (arrived, arrival) = oneshot::channel();
        let (release, released) = oneshot::channel();
        let next = Next { how, arrived, released };
        let before = self.next.lock().unwrap().replace(next);
        assert!(before.is_none(), "one is held already");
        Held { arrived: Some(arrival), release }
    }
}

impl Held {
    /// Waits until it is there.
    pub(crate) async fn arrived(mut self) -> Self {
        self.arrived.take().unwrap().await.expect("the store has gone");
        self
    }

    /// Lets it go on.
    pub(crate) fn release(self) {
        self.release.send(()).expect("the store has gone");
    }
}

#[async_trait]
impl Store for Gate {
    fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    async fn organization(&self, id: Uuid, known: Revision) -> Result<Lookup, StoreError> {
        self.store.organization(id, known).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Next { how, arrived, released }) = next else {
            return match self.fate.get().and_then(|fate| fate()) {
                Some(Hold::Fail) => Err(StoreError::Unavailable),
                Some(Hold::Lose) => self.make(commit).await.and(Err(StoreError::Unavailable)),
                _ => self.make(commit).await,
            };
        };
        let made = match how {
            Hold::Fail | Hold::Before => Ok(()),
            Hold::After | Hold::Lose => self.make(commit.clone()).await,
        };
        // Nobody waits for those that are not held.
        let _ = arrived.send(());
        match how {
            Hold::Fail => Err(StoreError::Unavailable),
            Hold::Lose => made.and(Err(StoreError::Unavailable)),
            Hold::Before | Hold::After => {
                let _ = released.await;
                if matches!(how, Hold::Before) { self.make(commit).await } else { made }
            }
        }
    }

    async fn find_organizations(
        &self,
        parent: Uuid,
        key: &KeyHash,
        page: Page,
    ) -> Result<Vec<Uuid>, StoreError> {
        self.store.find_organizations(parent, key, page).await
    }

    async fn sub_organizations(&self, parent: Uuid, page: Page) -> Result<Vec<Uuid>, StoreError> {
        self.store.sub_organizations(parent, page).await
    }

    async fn account(
        &self,
        organization: Uuid,
        by: AccountKey,
    ) -> Result<Option<AccountRow>, StoreError> {
        self.store.account(organization, by).await
    }

    async fn accounts(
        &self,
        organization: Uuid,
        wallet: Option<Uuid>,
        page: Page,
    ) -> Result<Vec<AccountRow>, StoreError> {
        self.store.accounts(organization, wallet, page).await
    }

    async fn secret(&self, organization: Uuid, id: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.secret(organization, id).await
    }

    async fn activity(
        &self,
        organization: Uuid,
        by: ActivityKey,
    ) -> Result<Option<ActivityRow>, StoreError> {
        self.store.activity(organization, by).await
    }

    async fn activities(
        &self,
        organization: Uuid,
        filter: &ActivityFilter,
        page: Page,
    ) -> Result<Vec<ActivityRow>, StoreError> {
        self.store.activities(organization, filter, page).await
    }

    async fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.meta(name).await
    }

    async fn record(&self, organization: Uuid, id: Uuid) -> Result<Option<RecordRow>, StoreError> {
        self.store.record(organization, id).await
    }

    async fn purge_records(&self, expired_before_ms: u64, limit: u32) -> Result<u32, StoreError> {
        self.store.purge_records(expired_before_ms, limit).await
    }

    async fn take_messages(
        &self,
        queue: Queue,
        now_ms: u64,
        lease_until_ms: u64,
        limit: u32,
    ) -> Result<Vec<MessageRow>, StoreError> {
        self.store.take_messages(queue, now_ms, lease_until_ms, limit).await
    }

    async fn finish_message(&self, id: Uuid) -> Result<(), StoreError> {
        self.store.finish_message(id).await
    }

    async fn retry_message(&self, id: Uuid, due_ms: u64) -> Result<(), StoreError> {
        self.store.retry_message(id, due_ms).await
    }

    async fn defer_message(&self, id: Uuid, due_ms: u64) -> Result<(), StoreError> {
        self.store.defer_message(id, due_ms).await
    }
}
