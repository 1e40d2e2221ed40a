//! One file on disk: one thread writes, several connections read.
//!
//! All commits that are waiting are made in one transaction with one sync (see [`write`]). Reads
//! run on the calling thread: a look-up takes a few microseconds, less than handing it to another
//! thread, and readers never wait for the writer.

mod log;
mod read;
mod schema;
mod write;

use std::cell::Cell;
use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use rusqlite::Connection;
use uuid::Uuid;

use crate::{
    AccountKey, AccountRow, ActivityFilter, ActivityKey, ActivityRow, Commit, KeyHash, Lookup,
    MessageRow, Page, Queue, RecordRow, Revision, Store, StoreError,
};

pub use write::Stats;

/// Connections for reading; more would not help, since a read never waits for anything but a core.
const READERS: usize = 4;

/// A [`Store`] in one SQLite database.
///
/// Dropping it waits for the commits that are under way.
pub struct SqliteStore {
    // In this order: who closes last folds the log into the database, and readers can't.
    readers: [Mutex<Connection>; READERS],
    writer: write::Writer,
    // Closing any handle of a file ends this process's locks on it, SQLite's included.
    _file: Arc<File>,
    _lock: File,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens the database at `path`, or makes it, readable by its owner only. Beside it lie
    /// SQLite's own `-wal` and `-shm` and a `-lock`. Blocks.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] while another store has it open, in this process or another;
    /// [`StoreError::Newer`]; [`StoreError::Backend`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let lock = lock(path)?;
        let file = Arc::new(open_database(path).map_err(StoreError::backend)?);
        let connect = || schema::open_writer(path).map_err(StoreError::backend);
        let mut connection = connect()?;
        schema::migrate(&mut connection)?;
        let writer = write::Writer::start(connection, connect()?, file.clone())?;
        let readers = open_readers(path).map_err(StoreError::backend)?;
        Ok(Self { readers, writer, _file: file, _lock: lock })
    }

    /// What the writer has done since the store was opened.
    pub fn stats(&self) -> Stats {
        self.writer.stats()
    }

    fn read<T>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        query(&self.reader()).map_err(StoreError::backend)
    }

    /// A free connection, preferably the one this thread had before. A reader that panicked left
    /// its connection between statements, so poison means nothing here.
    fn reader(&self) -> MutexGuard<'_, Connection> {
        let (before, from_home) = self.readers.split_at(home());
        let free = from_home.iter().chain(before).find_map(|reader| reader.try_lock().ok());
        free.unwrap_or_else(|| {
            let [first, ..] = &self.readers;
            from_home.first().unwrap_or(first).lock().unwrap_or_else(PoisonError::into_inner)
        })
    }
}

fn open_readers(path: &Path) -> rusqlite::Result<[Mutex<Connection>; READERS]> {
    let open = || schema::open_reader(path).map(Mutex::new);
    Ok([open()?, open()?, open()?, open()?])
}

/// Which reader the current thread prefers, less than [`READERS`].
fn home() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static HOME: Cell<usize> = Cell::new(NEXT.fetch_add(1, Ordering::Relaxed) % READERS);
    }
    HOME.get()
}

/// Takes the lock that keeps a second process out. The file stays: removing it would let one
/// process lock a name that is gone.
fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = OsString::from(path);
    name.push("-lock");
    let file = open_private(&PathBuf::from(name)).map_err(StoreError::backend)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
        Err(TryLockError::Error(cause)) => Err(StoreError::backend(cause)),
    }
}

/// Opens the database file, or makes it with the right permissions before SQLite, which copies them
/// to the log, would make it with others.
fn open_database(path: &Path) -> std::io::Result<File> {
    let new = !path.exists();
    let file = open_private(path)?;
    #[cfg(unix)]
    if let (true, Some(folder)) = (new, path.parent()) {
        // The name itself must survive a power cut, too.
        let here = Path::new(".");
        File::open(if folder.as_os_str().is_empty() { here } else { folder })?.sync_all()?;
    }
    Ok(file)
}

fn open_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[async_trait]
impl Store for SqliteStore {
    fn is_shared(&self) -> bool {
        false
    }

    async fn organization(&self, id: Uuid, known: Revision) -> Result<Lookup, StoreError> {
        self.read(|connection| read::organization(connection, id, known))
    }

    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        commit.check()?;
        self.writer.commit(commit).await
    }

    async fn find_organizations(
        &self,
        parent: Uuid,
        key: &KeyHash,
        page: Page,
    ) -> Result<Vec<Uuid>, StoreError> {
        self.read(|connection| read::find_organizations(connection, parent, key, page))
    }

    async fn sub_organizations(&self, parent: Uuid, page: Page) -> Result<Vec<Uuid>, StoreError> {
        self.read(|connection| read::sub_organizations(connection, parent, page))
    }

    async fn account(
        &self,
        organization: Uuid,
        by: AccountKey,
    ) -> Result<Option<AccountRow>, StoreError> {
        self.read(|connection| read::account(connection, organization, by))
    }

    async fn accounts(
        &self,
        organization: Uuid,
        wallet: Option<Uuid>,
        page: Page,
    ) -> Result<Vec<AccountRow>, StoreError> {
        self.read(|connection| read::accounts(connection, organization, wallet, page))
    }

    async fn secret(&self, organization: Uuid, id: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|connection| read::secret(connection, organization, id))
    }

    async fn activity(
        &self,
        organization: Uuid,
        by: ActivityKey,
    ) -> Result<Option<ActivityRow>, StoreError> {
        self.read(|connection| read::activity(connection, organization, by))
    }

    async fn activities(
        &self,
        organization: Uuid,
        filter: &ActivityFilter,
        page: Page,
    ) -> Result<Vec<ActivityRow>, StoreError> {
        self.read(|connection| read::activities(connection, organization, filter, page))
    }

    async fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|connection| read::meta(connection, name))
    }

    async fn record(&self, organization: Uuid, id: Uuid) -> Result<Option<RecordRow>, StoreError> {
        self.read(|connection| read::record(connection, organization, id))
    }

    async fn purge_records(&self, expired_before_ms: u64, limit: u32) -> Result<u32, StoreError> {
        self.writer.purge_records(expired_before_ms, limit).await
    }

    async fn take_messages(
        &self,
        queue: Queue,
        now_ms: u64,
        lease_until_ms: u64,
        limit: u32,
    ) -> Result<Vec<MessageRow>, StoreError> {
        self.writer.take_messages(queue, now_ms, lease_until_ms, limit).await
    }

    async fn finish_message(&self, id: Uuid) -> Result<(), StoreError> {
        self.writer.finish_message(id).await
    }

    async fn retry_message(&self, id: Uuid, due_ms: u64) -> Result<(), StoreError> {
        self.writer.retry_message(id, due_ms).await
    }

    async fn defer_message(&self, id: Uuid, due_ms: u64) -> Result<(), StoreError> {
        self.writer.defer_message(id, due_ms).await
    }
}

#[cfg(test)]
mod tests;
