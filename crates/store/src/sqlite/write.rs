//! The writer: one thread that makes commits and whatever else is written, as many at once as are
//! waiting.
//!
//! A group of jobs is one SQLite transaction with one sync, and nobody is answered before it. A
//! commit that is refused leaves the rest of its group alone: most are refused before they wrote
//! anything, the others write inside a savepoint.
//!
//! The thread ends at the first I/O error. What a failed sync left on the disk is unknown, and only
//! opening the database again, from the log, is known to find out.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::log::{DiskFailed, Log};
use super::read::{due_messages, revision, tag};
use crate::rows::LATEST_MS;
use crate::{
    AccountRow, ActivityRow, Commit, KeyHash, MessageRow, OrganizationChange, OrganizationRow,
    Queue, RecordChange, SecretRow, StoreError,
};

/// Most jobs in a group; bounds how long the first waits for the last.
const GROUP: usize = 256;

/// How long until a wipe of the log that a reader prevented is tried again.
const WIPE_AGAIN: Duration = Duration::from_millis(20);

/// What the writer has done since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Commits that were made or refused, and all else that was asked of it.
    pub commits: u64,
    /// Transactions that they took. `commits / groups` is the mean size of a group.
    pub groups: u64,
}

#[derive(Debug, Default)]
struct Counters {
    commits: AtomicU64,
    groups: AtomicU64,
}

/// Hands jobs to the thread. Dropping it waits until all are done.
pub(super) struct Writer {
    /// `None` only while being dropped.
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    counters: Arc<Counters>,
}

/// Something to be done in a transaction, and somebody who waits for it.
trait Job: Send {
    /// Does it, inside a transaction, and keeps the outcome.
    ///
    /// # Errors
    ///
    /// When the transaction is void; a refusal is an outcome.
    fn run(&mut self, worker: &mut Worker) -> rusqlite::Result<()>;

    /// Hands out the outcome, or else why the transaction failed.
    fn answer(self: Box<Self>, failed: Option<&StoreError>);
}

/// The one [`Job`] there is.
struct Waiting<F, T> {
    work: F,
    /// `None` until it has run.
    outcome: Option<Result<T, StoreError>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Job for Waiting<F, T>
where
    F: Fn(&mut Worker) -> Result<T, Failure> + Send,
    T: Send,
{
    fn run(&mut self, worker: &mut Worker) -> rusqlite::Result<()> {
        self.outcome = Some(match (self.work)(worker) {
            Ok(done) => Ok(done),
            Err(Failure::Refused(reason)) => Err(reason),
            Err(Failure::Broken(cause)) => return Err(cause),
        });
        Ok(())
    }

    fn answer(self: Box<Self>, failed: Option<&StoreError>) {
        let outcome = match failed {
            Some(reason) => Err(reason.clone()),
            None => self.outcome.unwrap_or(Err(StoreError::Unavailable)),
        };
        // Who no longer waits has no use for the outcome.
        let _ = self.answer.send(outcome);
    }
}

/// A job, and where its outcome comes out.
fn job<T: Send + 'static>(
    work: impl Fn(&mut Worker) -> Result<T, Failure> + Send + 'static,
) -> (Box<dyn Job>, oneshot::Receiver<Result<T, StoreError>>) {
    let (answer, outcome) = oneshot::channel();
    (Box::new(Waiting { work, outcome: None, answer }), outcome)
}

impl Writer {
    pub(super) fn start(
        connection: Connection,
        helper: Connection,
        file: Arc<File>,
    ) -> Result<Self, StoreError> {
        let (queue, waiting) = mpsc::channel();
        let counters = Arc::new(Counters::default());
        let worker = Worker::new(connection, helper, file, counters.clone())?;
        let run = move || worker.run(&waiting);
        let thread = Builder::new().name("store-writer".to_owned()).spawn(run);
        let thread = Some(thread.map_err(StoreError::backend)?);
        Ok(Self { queue: Some(queue), thread, counters })
    }

    /// Makes a commit.
    pub(super) async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        self.run(move |worker| worker.apply(&commit)).await
    }

    pub(super) async fn purge_records(&self, before: u64, limit: u32) -> Result<u32, StoreError> {
        self.run(move |worker| Ok(worker.purge_records(before, limit)?)).await
    }

    pub(super) async fn take_messages(
        &self,
        queue: Queue,
        now_ms: u64,
        lease_until_ms: u64,
        limit: u32,
    ) -> Result<Vec<MessageRow>, StoreError> {
        self.run(move |worker| Ok(worker.take_messages(queue, now_ms, lease_until_ms, limit)?))
            .await
    }

    pub(super) async fn finish_message(&self, id: Uuid) -> Result<(), StoreError> {
        self.run(move |worker| Ok(worker.finish_message(id)?)).await
    }

    pub(super) async fn retry_message(&self, id: Uuid, due_ms: u64) -> Result<(), StoreError> {
        self.run(move |worker| Ok(worker.retry_message(id, due_ms)?)).await
    }

    pub(super) async fn defer_message(&self, id: Uuid, due_ms: u64) -> Result<(), StoreError> {
        self.run(move |worker| Ok(worker.defer_message(id, due_ms)?)).await
    }

    /// Has the thread do something. When it has ended, by an I/O error or a panic, so have both
    /// channels.
    async fn run<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Worker) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (job, outcome) = job(work);
        let queue = self.queue.as_ref().ok_or(StoreError::Unavailable)?;
        queue.send(job).map_err(|_| StoreError::Unavailable)?;
        outcome.await.map_err(|_| StoreError::Unavailable)?
    }

    pub(super) fn stats(&self) -> Stats {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats { commits: load(&self.counters.commits), groups: load(&self.counters.groups) }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        // A panic in there was answered with errors; there is nobody left to tell.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Why a job was not done.
enum Failure {
    /// It may not be, and the others may.
    Refused(StoreError),
    /// The database failed; the transaction is void.
    Broken(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(cause: rusqlite::Error) -> Self {
        Self::Broken(cause)
    }
}

impl From<StoreError> for Failure {
    fn from(reason: StoreError) -> Self {
        Self::Refused(reason)
    }
}

/// What the thread owns.
struct Worker {
    connection: Connection,
    counters: Arc<Counters>,
    log: Log,
    /// Row of the next activity.
    next_activity: i64,
}

impl Worker {
    fn new(
        mut connection: Connection,
        helper: Connection,
        file: Arc<File>,
        counters: Arc<Counters>,
    ) -> Result<Self, StoreError> {
        let log = Log::new(&mut connection, helper, file)?;
        let sql = "SELECT coalesce(max(row), 0) + 1 FROM activities";
        let next_activity =
            connection.query_row(sql, [], |row| row.get(0)).map_err(StoreError::backend)?;
        Ok(Self { connection, counters, log, next_activity })
    }

    /// Works until nobody can send any more, or the disk fails.
    fn run(mut self, queue: &Receiver<Box<dyn Job>>) {
        let mut group = Vec::with_capacity(GROUP);
        loop {
            match self.next(queue) {
                Ok(first) => group.push(first),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            // Whoever is about to hand in a commit gets the chance to: the larger the group, the less a
            // sync costs each of them.
            std::thread::yield_now();
            group.extend(queue.try_iter().take(GROUP - group.len()));
            let done = self.commit(&mut group);
            if done.and_then(|()| self.log.tidy(&self.connection)).is_err() {
                return;
            }
        }
    }

    fn next(&self, queue: &Receiver<Box<dyn Job>>) -> Result<Box<dyn Job>, RecvTimeoutError> {
        if self.log.is_unfinished() {
            queue.recv_timeout(WIPE_AGAIN)
        } else {
            queue.recv().map_err(RecvTimeoutError::from)
        }
    }

    /// Makes a group and answers it, leaving the list empty.
    fn commit(&mut self, group: &mut Vec<Box<dyn Job>>) -> Result<(), DiskFailed> {
        if group.is_empty() {
            return Ok(());
        }
        let done = self.transaction(group).map_err(Arc::new);
        if done.is_err() {
            // It may have rolled itself back; if this fails, so will the next BEGIN.
            let _ = self.execute("ROLLBACK");
        }
        let failed = done.as_ref().err().map(|cause| StoreError::Backend(cause.clone()));
        self.counters.groups.fetch_add(1, Ordering::Relaxed);
        for job in group.drain(..) {
            self.counters.commits.fetch_add(1, Ordering::Relaxed);
            job.answer(failed.as_ref());
        }
        done.or_else(|cause| DiskFailed::check(&cause))
    }

    /// Makes a group: each has its outcome when the transaction was committed.
    fn transaction(&mut self, group: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
        self.execute("BEGIN IMMEDIATE")?;
        for job in group {
            job.run(self)?;
        }
        self.execute("COMMIT")
    }

    /// Applies one commit, or refuses it and leaves nothing of it.
    fn apply(&mut self, commit: &Commit) -> Result<(), Failure> {
        self.check_revisions(commit)?;
        // One activity comes first and is refused before it is written. Whatever else may be
        // refused comes after something was.
        let plain =
            commit.activities.len() <= 1 && commit.accounts.is_empty() && commit.meta.is_empty();
        if plain {
            return self.write(commit);
        }
        self.execute("SAVEPOINT one")?;
        let outcome = self.write(commit);
        if let Err(Failure::Refused(_)) = outcome {
            self.execute("ROLLBACK TO one")?;
        }
        self.execute("RELEASE one")?;
        outcome
    }

    fn check_revisions(&self, commit: &Commit) -> Result<(), Failure> {
        let sql = "SELECT revision FROM organizations WHERE id = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        for (id, expected) in &commit.expected {
            let found = statement.query_row([id], |row| revision(row, 0)).optional()?;
            if found.unwrap_or(0) != *expected {
                return Err(StoreError::Conflict.into());
            }
        }
        let sql = "SELECT revision FROM records WHERE organization = ?1 AND id = ?2";
        for RecordChange { organization, id, expected, .. } in &commit.records {
            let mut statement = self.connection.prepare_cached(sql)?;
            let found =
                statement.query_row([organization, id], |row| revision(row, 0)).optional()?;
            if found.unwrap_or(0) != *expected {
                return Err(StoreError::Conflict.into());
            }
        }
        Ok(())
    }

    fn write(&mut self, commit: &Commit) -> Result<(), Failure> {
        for activity in &commit.activities {
            self.write_activity(activity)?;
        }
        self.delete(commit)?;
        for change in &commit.organizations {
            self.write_organization(change)?;
        }
        for account in &commit.accounts {
            self.write_account(account)?;
        }
        for secret in &commit.secrets {
            self.write_secret(secret)?;
        }
        for (name, value) in &commit.meta {
            let sql = "INSERT INTO meta (name, value) VALUES (?1, ?2)";
            let written = self.connection.prepare_cached(sql)?.execute(params![name, value]);
            written.map_err(|cause| taken(cause, StoreError::Conflict))?;
        }
        for record in &commit.records {
            self.write_record(record)?;
        }
        for message in &commit.messages {
            self.write_message(message)?;
        }
        Ok(())
    }

    fn write_activity(&mut self, activity: &ActivityRow) -> Result<(), Failure> {
        let ActivityRow { organization, id, fingerprint, kind, status, sealed } = activity;
        let row = self.next_activity;
        // The key that may be refused goes first.
        let sql = "INSERT INTO activity_keys (organization, form, key, activity)
                   VALUES (?1, 1, ?2, ?3)";
        let key = params![organization, fingerprint, row];
        match self.connection.prepare_cached(sql)?.execute(key) {
            Err(cause) if is_constraint(&cause) => return self.update_activity(activity),
            written => written?,
        };
        let sql =
            "INSERT INTO activity_keys (organization, form, key, activity, kind_tag, status_tag)
                   VALUES (?1, 0, ?2, ?3, ?4, ?5)";
        let key = params![organization, id, row, tag(kind), tag(status)];
        match self.connection.prepare_cached(sql)?.execute(key) {
            Err(cause) if is_constraint(&cause) => return self.rename_activity(activity),
            written => written?,
        };
        let sql =
            "INSERT INTO activities (row, organization, id, fingerprint, kind, status, sealed)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let content = params![row, organization, id, fingerprint, kind, status, sealed];
        self.connection.prepare_cached(sql)?.execute(content)?;
        self.next_activity += 1;
        Ok(())
    }

    /// Replaces an activity if it is the one that has the fingerprint.
    fn update_activity(&self, activity: &ActivityRow) -> Result<(), Failure> {
        let ActivityRow { organization, id, fingerprint, kind, status, sealed } = activity;
        let sql = "SELECT a.activity FROM activity_keys AS a JOIN activity_keys AS b
                   USING (organization, activity)
                   WHERE organization = ?1 AND a.form = 0 AND a.key = ?2
                     AND b.form = 1 AND b.key = ?3";
        let mut statement = self.connection.prepare_cached(sql)?;
        let row = statement.query_row(params![organization, id, fingerprint], |row| row.get(0));
        let row: i64 = row.optional()?.ok_or(StoreError::Duplicate)?;
        let sql = "UPDATE activity_keys SET kind_tag = ?3, status_tag = ?4
                   WHERE organization = ?1 AND form = 0 AND key = ?2";
        let key = params![organization, id, tag(kind), tag(status)];
        self.connection.prepare_cached(sql)?.execute(key)?;
        let sql = "UPDATE activities SET fingerprint = ?2, kind = ?3, status = ?4, sealed = ?5
                   WHERE row = ?1";
        let content = params![row, fingerprint, kind, status, sealed];
        self.connection.prepare_cached(sql)?.execute(content)?;
        Ok(())
    }

    /// Gives a known activity the fingerprint that was just written for a new one, then replaces it.
    fn rename_activity(&self, activity: &ActivityRow) -> Result<(), Failure> {
        let ActivityRow { organization, id, fingerprint, .. } = activity;
        let key = params![organization, id, fingerprint];
        for sql in [
            "DELETE FROM activity_keys WHERE organization = ?1 AND form = 1 AND key <> ?3
             AND key = (SELECT fingerprint FROM activities WHERE row =
                 (SELECT activity FROM activity_keys
                  WHERE organization = ?1 AND form = 0 AND key = ?2))",
            "UPDATE activity_keys SET activity =
                 (SELECT activity FROM activity_keys
                  WHERE organization = ?1 AND form = 0 AND key = ?2)
             WHERE organization = ?1 AND form = 1 AND key = ?3",
        ] {
            self.connection.prepare_cached(sql)?.execute(key)?;
        }
        self.update_activity(activity)
    }

    fn delete(&mut self, commit: &Commit) -> rusqlite::Result<()> {
        for id in &commit.deleted_organizations {
            self.write_index(*id, None, &[])?;
            for sql in [
                "DELETE FROM organizations WHERE id = ?1",
                "DELETE FROM accounts WHERE organization = ?1",
                "DELETE FROM secrets WHERE organization = ?1",
                "DELETE FROM records WHERE organization = ?1",
            ] {
                if self.connection.prepare_cached(sql)?.execute([id])? > 0 {
                    self.log.must_wipe();
                }
            }
        }
        let accounts = "DELETE FROM accounts WHERE organization = ?1 AND id = ?2";
        let wallets = "DELETE FROM accounts WHERE organization = ?1 AND wallet = ?2";
        let secrets = "DELETE FROM secrets WHERE organization = ?1 AND id = ?2";
        for (sql, places) in [
            (accounts, &commit.deleted_accounts),
            (wallets, &commit.deleted_wallets),
            (secrets, &commit.deleted_secrets),
        ] {
            for place in places {
                if self.connection.prepare_cached(sql)?.execute(*place)? > 0 {
                    self.log.must_wipe();
                }
            }
        }
        Ok(())
    }

    /// The revisions were checked, so the row exists exactly when this is not the first.
    fn write_organization(&self, change: &OrganizationChange) -> rusqlite::Result<()> {
        let OrganizationRow { id, parent, revision, sealed } = &change.row;
        // Sorted, so that the same keys in another order are no change.
        let mut keys = if parent.is_some() { change.index.clone() } else { Vec::new() };
        keys.sort_unstable();
        keys.dedup();
        self.write_index(*id, *parent, &keys)?;
        let sql = if *revision == 1 {
            "INSERT INTO organizations (id, parent, revision, keys, sealed)
             VALUES (?1, ?2, ?3, ?4, ?5)"
        } else {
            "UPDATE organizations SET parent = ?2, revision = ?3, keys = ?4, sealed = ?5
             WHERE id = ?1"
        };
        let content = params![id, parent, stored(*revision)?, keys.as_flattened(), sealed];
        self.connection.prepare_cached(sql)?.execute(content)?;
        Ok(())
    }

    /// Writes the difference between the stored index keys and these, which are sorted. Most
    /// changes of an organization leave all or nearly all as they are.
    fn write_index(
        &self,
        organization: Uuid,
        parent: Option<Uuid>,
        keys: &[KeyHash],
    ) -> rusqlite::Result<()> {
        let sql = "SELECT parent, keys FROM organizations WHERE id = ?1 AND parent IS NOT NULL";
        let stored: Option<(Uuid, Vec<u8>)> = self
            .connection
            .prepare_cached(sql)?
            .query_row([organization], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (old_parent, old) = stored.unzip();
        let (old, _) = old.as_deref().unwrap_or_default().as_chunks::<32>();
        // The same under another parent is not the same.
        let moved = old_parent != parent;
        let sql = "DELETE FROM index_keys WHERE parent = ?1 AND key = ?2 AND organization = ?3";
        for key in old.iter().filter(|key| moved || keys.binary_search(key).is_err()) {
            self.connection.prepare_cached(sql)?.execute(params![old_parent, key, organization])?;
        }
        let sql = "INSERT INTO index_keys (parent, key, organization) VALUES (?1, ?2, ?3)";
        for key in keys.iter().filter(|key| moved || old.binary_search(key).is_err()) {
            self.connection.prepare_cached(sql)?.execute(params![parent, key, organization])?;
        }
        Ok(())
    }

    fn write_account(&self, account: &AccountRow) -> Result<(), Failure> {
        let AccountRow { organization, id, wallet, address, path, slot, name, index, sealed } =
            account;
        let sql = "SELECT 1 FROM accounts WHERE organization = ?1 AND slot = ?3 AND id <> ?2";
        if self.connection.prepare_cached(sql)?.exists(params![organization, id, slot])? {
            return Err(StoreError::SlotTaken.into());
        }
        let sql = "SELECT 1 FROM accounts WHERE organization = ?1 AND name = ?3 AND id <> ?2";
        if self.connection.prepare_cached(sql)?.exists(params![organization, id, name])? {
            return Err(StoreError::NameTaken.into());
        }
        let (parent, key) = index.unzip();
        let sql = "INSERT INTO accounts (organization, id, wallet, address, path, slot, name,
                                         index_parent, index_key, sealed)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                   ON CONFLICT (organization, id) DO UPDATE
                   SET wallet = ?3, address = ?4, path = ?5, slot = ?6, name = ?7,
                       index_parent = ?8, index_key = ?9, sealed = ?10";
        self.connection.prepare_cached(sql)?.execute(params![
            organization,
            id,
            wallet,
            address,
            path,
            slot,
            name,
            parent,
            key,
            sealed
        ])?;
        Ok(())
    }

    fn write_secret(&mut self, secret: &SecretRow) -> rusqlite::Result<()> {
        let secret = params![secret.organization, secret.id, secret.sealed];
        let sql = "UPDATE secrets SET sealed = ?3 WHERE organization = ?1 AND id = ?2";
        if self.connection.prepare_cached(sql)?.execute(secret)? > 0 {
            self.log.must_wipe();
            return Ok(());
        }
        let sql = "INSERT INTO secrets (organization, id, sealed) VALUES (?1, ?2, ?3)";
        self.connection.prepare_cached(sql)?.execute(secret)?;
        Ok(())
    }

    /// What a record held before is overwritten, but may be in the log until that is folded: counts
    /// change too often to have it emptied each time.
    fn write_record(&mut self, record: &RecordChange) -> rusqlite::Result<()> {
        let RecordChange { organization, id, expected, content } = record;
        let Some(content) = content else {
            let sql = "DELETE FROM records WHERE organization = ?1 AND id = ?2";
            if self.connection.prepare_cached(sql)?.execute([organization, id])? > 0 {
                self.log.must_wipe();
            }
            return Ok(());
        };
        // The organization may have been deleted just now, with its records.
        let sql = "INSERT INTO records (organization, id, revision, expires_ms, sealed)
                   VALUES (?1, ?2, ?3, ?4, ?5)
                   ON CONFLICT (organization, id) DO UPDATE
                   SET revision = ?3, expires_ms = ?4, sealed = ?5";
        let revision = stored(expected.saturating_add(1))?;
        let expires_ms = content.expires_ms.map(instant);
        let content = params![organization, id, revision, expires_ms, content.sealed];
        self.connection.prepare_cached(sql)?.execute(content)?;
        Ok(())
    }

    fn purge_records(&mut self, expired_before_ms: u64, limit: u32) -> rusqlite::Result<u32> {
        let sql = "DELETE FROM records WHERE row IN
                       (SELECT row FROM records WHERE expires_ms < ?1
                        ORDER BY expires_ms LIMIT ?2)";
        let bounds = params![instant(expired_before_ms), limit];
        let purged = self.connection.prepare_cached(sql)?.execute(bounds)?;
        if purged > 0 {
            self.log.must_wipe();
        }
        // Never more than the limit.
        Ok(u32::try_from(purged).unwrap_or(limit))
    }

    fn write_message(&self, message: &MessageRow) -> rusqlite::Result<()> {
        let MessageRow { id, organization, queue, due_ms, attempts, sealed } = message;
        let sql = "INSERT INTO messages (id, organization, queue, due_ms, attempts, sealed)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                   ON CONFLICT (id) DO UPDATE
                   SET organization = ?2, queue = ?3, due_ms = ?4, attempts = ?5, sealed = ?6";
        let content = params![id, organization, queue.number(), instant(*due_ms), attempts, sealed];
        self.connection.prepare_cached(sql)?.execute(content)?;
        Ok(())
    }

    fn take_messages(
        &self,
        queue: Queue,
        now_ms: u64,
        lease_until_ms: u64,
        limit: u32,
    ) -> rusqlite::Result<Vec<MessageRow>> {
        let mut taken = due_messages(&self.connection, queue, instant(now_ms), limit)?;
        let sql = "UPDATE messages SET due_ms = ?2, attempts = ?3 WHERE id = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        for message in &mut taken {
            message.due_ms = lease_until_ms.min(LATEST_MS);
            message.attempts = message.attempts.saturating_add(1);
            let lease = params![message.id, instant(message.due_ms), message.attempts];
            statement.execute(lease)?;
        }
        Ok(taken)
    }

    fn finish_message(&mut self, id: Uuid) -> rusqlite::Result<()> {
        let sql = "DELETE FROM messages WHERE id = ?1";
        if self.connection.prepare_cached(sql)?.execute([id])? > 0 {
            self.log.must_wipe();
        }
        Ok(())
    }

    fn retry_message(&self, id: Uuid, due_ms: u64) -> rusqlite::Result<()> {
        let sql = "UPDATE messages SET due_ms = ?2 WHERE id = ?1";
        self.connection.prepare_cached(sql)?.execute(params![id, instant(due_ms)])?;
        Ok(())
    }

    fn defer_message(&self, id: Uuid, due_ms: u64) -> rusqlite::Result<()> {
        let sql = "UPDATE messages SET due_ms = ?2, attempts = max(attempts - 1, 0) WHERE id = ?1";
        self.connection.prepare_cached(sql)?.execute(params![id, instant(due_ms)])?;
        Ok(())
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }
}

/// A revision as the column has it.
fn stored(revision: u64) -> rusqlite::Result<i64> {
    i64::try_from(revision)
        .map_err(|cause| rusqlite::Error::ToSqlConversionFailure(Box::new(cause)))
}

/// An instant as the column has it: the last one for all that are too late.
fn instant(at_ms: u64) -> i64 {
    at_ms.min(LATEST_MS).cast_signed()
}

fn is_constraint(cause: &rusqlite::Error) -> bool {
    cause.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}

/// What a statement's failure means when the only constraint on it is the one that `reason` names.
fn taken(cause: rusqlite::Error, reason: StoreError) -> Failure {
    if is_constraint(&cause) { Failure::Refused(reason) } else { Failure::Broken(cause) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{
        account, activity, creation, decided_on, organization, record, secret,
    };
    use crate::sqlite::{open_database, read, schema};
    use crate::{AccountKey, ActivityKey, Lookup};

    /// A worker without its thread, so that a test decides what is in a group.
    fn worker(folder: &tempfile::TempDir) -> Worker {
        let path = folder.path().join("store.db");
        let file = Arc::new(open_database(&path).unwrap());
        let mut connection = schema::open_writer(&path).unwrap();
        schema::migrate(&mut connection).unwrap();
        let helper = schema::open_writer(&path).unwrap();
        Worker::new(connection, helper, file, Arc::default()).unwrap()
    }

    fn make(worker: &mut Worker, group: Vec<Commit>) -> Vec<Result<(), StoreError>> {
        let (mut waiting, outcomes): (Vec<_>, Vec<_>) = group
            .into_iter()
            .map(|commit| job(move |worker: &mut Worker| worker.apply(&commit)))
            .unzip();
        worker.commit(&mut waiting).unwrap();
        outcomes.into_iter().map(|outcome| outcome.blocking_recv().unwrap()).collect()
    }

    #[test]
    fn a_refused_commit_leaves_its_group_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut worker = worker(&folder);
        let mut with_account = creation(1, &[]);
        with_account.accounts.push(account(1, 1, 7));
        let mut late = decided_on(1);
        late.secrets.push(secret(1, 1, "late"));
        // Refused after it has written: its activity and its first account are taken back.
        let slot_taken = Commit {
            expected: vec![(Uuid::from_u128(1), 2)],
            activities: vec![activity(1, 3)],
            accounts: vec![account(1, 2, 7), AccountRow { id: Uuid::max(), ..account(1, 1, 7) }],
            ..Commit::default()
        };
        let mut next = decided_on(1);
        next.organizations.push(organization(1, 2, &[]));
        let group = vec![
            with_account,
            record(activity(1, 1)),
            creation(1, &[]),
            next,
            late,
            record(ActivityRow { fingerprint: [1; 32], ..activity(1, 2) }),
            slot_taken,
            record(activity(1, 4)),
            creation(2, &[]),
        ];
        let outcomes = make(&mut worker, group);
        let told = format!("{outcomes:?}");
        let expected = "[Ok(()), Ok(()), Err(Conflict), Ok(()), Err(Conflict), Err(Duplicate), \
                        Err(SlotTaken), Ok(()), Ok(())]";
        assert_eq!(told, expected);

        let connection = &worker.connection;
        let [one, two] = [1, 2].map(Uuid::from_u128);
        assert_eq!(read::organization(connection, one, 2).unwrap(), Lookup::Unchanged);
        assert_eq!(read::organization(connection, two, 1).unwrap(), Lookup::Unchanged);
        assert_eq!(read::secret(connection, one, one).unwrap(), None);
        assert_eq!(read::account(connection, one, AccountKey::Id(two)).unwrap(), None);
        for (n, recorded) in [(1, true), (2, false), (3, false), (4, true)] {
            for by in
                [ActivityKey::Id(Uuid::from_u128(n.into())), ActivityKey::Fingerprint([n; 32])]
            {
                let found = read::activity(connection, one, by).unwrap();
                assert_eq!(found.is_some(), recorded, "{n}");
            }
        }
    }

    #[test]
    fn a_full_disk_fails_the_group_and_is_got_over() {
        let folder = tempfile::tempdir().unwrap();
        let mut worker = worker(&folder);
        assert!(make(&mut worker, vec![creation(1, &[])]).pop().unwrap().is_ok());
        let pages: u32 =
            worker.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        let limit = |worker: &Worker, pages: u32| {
            let set = |_: &rusqlite::Row<'_>| Ok(());
            worker.connection.pragma_update_and_check(None, "max_page_count", pages, set).unwrap();
        };
        limit(&worker, pages + 4);
        let large = ActivityRow { sealed: vec![0; 1 << 16], ..activity(1, 2) };
        let group = || vec![record(activity(1, 1)), record(large.clone()), creation(2, &[])];
        for outcome in make(&mut worker, group()) {
            assert!(matches!(outcome, Err(StoreError::Backend(_))), "{outcome:?}");
        }
        assert_eq!(
            read::activity(
                &worker.connection,
                Uuid::from_u128(1),
                ActivityKey::Fingerprint([1; 32])
            )
            .unwrap(),
            None
        );
        limit(&worker, pages + 1000);
        for outcome in make(&mut worker, group()) {
            assert!(outcome.is_ok(), "{outcome:?}");
        }
    }

    #[tokio::test]
    async fn a_thread_that_panicked_is_an_error() {
        let (queue, waiting) = mpsc::channel::<Box<dyn Job>>();
        let thread = std::thread::spawn(move || {
            let _lost = waiting.recv();
            panic!("on purpose");
        });
        let writer = Writer { queue: Some(queue), thread: Some(thread), counters: Arc::default() };
        for _ in 0..2 {
            let outcome = writer.commit(creation(1, &[])).await;
            assert!(matches!(outcome, Err(StoreError::Unavailable)), "{outcome:?}");
        }
    }
}
