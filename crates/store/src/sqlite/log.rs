//! The write-ahead log: when it is folded into the database, and by whom.
//!
//! Folding a long log takes as long as hundreds of commits. So a second thread folds what is there
//! and syncs it, while the writer goes on appending; then the writer folds the little that was
//! appended meanwhile. Only who can write does that to the end, and only from the end does the log
//! start over.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rusqlite::hooks::Wal;
use rusqlite::{Connection, ErrorCode};

use crate::StoreError;

/// Pages in the log from which on it is folded: 4 MiB. More saves a little work, and makes the slowest
/// commits slower.
const LONG: i32 = 1024;

/// What is on the disk is no longer known. Only opening the database again finds out.
#[derive(Debug)]
pub(super) struct DiskFailed;

impl DiskFailed {
    /// Whether an error means that; any other is over when it was reported.
    pub(super) fn check(cause: &rusqlite::Error) -> Result<(), Self> {
        use ErrorCode::{DatabaseCorrupt, NotADatabase, SystemIoFailure};
        let code = cause.sqlite_error_code();
        let failed = matches!(code, Some(SystemIoFailure | DatabaseCorrupt | NotADatabase));
        if failed { Err(Self) } else { Ok(()) }
    }
}

/// The writer's view of the log.
pub(super) struct Log {
    /// Its length after the last transaction, in pages.
    pages: Arc<AtomicI32>,
    /// The length at which it is folded next.
    fold_at: i32,
    /// Secrets were deleted, and the log still has their bytes.
    wipe: bool,
    helper: Helper,
    /// Whether the helper is at work.
    helped: bool,
}

impl Log {
    /// Watches the writer's connection; the helper has one of its own, and the same database file.
    pub(super) fn new(
        writer: &mut Connection,
        helper: Connection,
        file: Arc<File>,
    ) -> Result<Self, StoreError> {
        // From here on, the log is tidied when that needs no waiting, or later.
        writer.busy_timeout(Duration::ZERO).map_err(StoreError::backend)?;
        let pages = Arc::new(AtomicI32::new(0));
        let hook = pages.clone();
        let watch = move |_: &mut Wal, length| {
            hook.store(length, Ordering::Relaxed);
            Ok(())
        };
        writer.wal_hook(Some(watch)).map_err(StoreError::backend)?;
        let helper = Helper::start(helper, file).map_err(StoreError::backend)?;
        Ok(Self { pages, fold_at: LONG, wipe: false, helper, helped: false })
    }

    /// Says that something was deleted that must not stay in the log.
    pub(super) fn must_wipe(&mut self) {
        self.wipe = true;
    }

    /// Whether [`Log::tidy`] has something to try again, even if nothing is written.
    pub(super) fn is_unfinished(&self) -> bool {
        self.wipe
    }

    /// Does what is due between two transactions.
    pub(super) fn tidy(&mut self, connection: &Connection) -> Result<(), DiskFailed> {
        if self.wipe {
            self.wipe = !fold(connection, "PRAGMA wal_checkpoint(TRUNCATE)")?;
            return Ok(());
        }
        if self.helped {
            match self.helper.done.try_recv() {
                Err(TryRecvError::Empty) => return Ok(()),
                Ok(outcome) => outcome?,
                // It panicked; the writer can do without.
                Err(TryRecvError::Disconnected) => {}
            }
            self.helped = false;
            return self.finish(connection);
        }
        if self.pages.load(Ordering::Relaxed) < self.fold_at {
            return Ok(());
        }
        self.helped = self.helper.wake.as_ref().is_some_and(|wake| wake.send(()).is_ok());
        if self.helped { Ok(()) } else { self.finish(connection) }
    }

    fn finish(&mut self, connection: &Connection) -> Result<(), DiskFailed> {
        let complete = fold(connection, "PRAGMA wal_checkpoint(PASSIVE)")?;
        // If it got nowhere, because of an old reader or a full disk, let more come together.
        let length = self.pages.load(Ordering::Relaxed);
        self.fold_at = if complete { LONG } else { length.saturating_add(LONG) };
        Ok(())
    }
}

/// Folds as much as can be without waiting for anybody; whether that was all.
fn fold(connection: &Connection, sql: &str) -> Result<bool, DiskFailed> {
    let all = |row: &rusqlite::Row<'_>| {
        let (busy, length, folded): (bool, i32, i32) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(!busy && length == folded)
    };
    match connection.prepare_cached(sql).and_then(|mut statement| statement.query_one([], all)) {
        Ok(complete) => Ok(complete),
        Err(cause) => DiskFailed::check(&cause).map(|()| false),
    }
}

/// The second thread.
struct Helper {
    /// `None` only while being dropped.
    wake: Option<Sender<()>>,
    done: Receiver<Result<(), DiskFailed>>,
    thread: Option<JoinHandle<()>>,
}

impl Helper {
    fn start(connection: Connection, file: Arc<File>) -> std::io::Result<Self> {
        let (wake, woken) = mpsc::channel();
        let (tell, done) = mpsc::channel();
        let work = move || {
            while woken.recv().is_ok() {
                // Once for the most of it, once more for what came meanwhile.
                let outcome = help(&connection, &file).and_then(|()| help(&connection, &file));
                if tell.send(outcome).is_err() {
                    return;
                }
            }
        };
        let thread = Builder::new().name("store-log".to_owned()).spawn(work)?;
        Ok(Self { wake: Some(wake), done, thread: Some(thread) })
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        drop(self.wake.take());
        // A panic in there has already cost all it can.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Folds what is there, and syncs it, which SQLite would leave to whoever folds the last page.
fn help(connection: &Connection, file: &File) -> Result<(), DiskFailed> {
    fold(connection, "PRAGMA wal_checkpoint(PASSIVE)")?;
    file.sync_data().map_err(|_| DiskFailed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::schema;

    #[test]
    fn a_long_log_is_folded_and_starts_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let file = Arc::new(crate::sqlite::open_database(&path).unwrap());
        let mut writer = schema::open_writer(&path).unwrap();
        schema::migrate(&mut writer).unwrap();
        let helper = schema::open_writer(&path).unwrap();
        let mut log = Log::new(&mut writer, helper, file).unwrap();
        let write = |name: u32| {
            let sql = "INSERT INTO meta (name, value) VALUES (?1, zeroblob(100000))";
            writer.execute(sql, [name.to_string()]).unwrap();
        };
        let length = |log: &Log| log.pages.load(Ordering::Relaxed);

        write(1);
        log.tidy(&writer).unwrap();
        assert!(!log.helped, "the log is short");
        log.fold_at = 1;
        log.tidy(&writer).unwrap();
        assert!(log.helped);
        write(2);
        let before = length(&log);
        while log.helped {
            log.tidy(&writer).unwrap();
            std::thread::yield_now();
        }
        assert_eq!(log.fold_at, LONG, "all was folded");
        write(3);
        assert!(length(&log) < before, "the log started over");

        // An old reader keeps the log as it is, and is not waited for.
        let reader = schema::open_reader(&path).unwrap();
        reader.execute_batch("BEGIN; SELECT * FROM meta").unwrap();
        write(4);
        log.finish(&writer).unwrap();
        assert!(log.fold_at > LONG);
        log.must_wipe();
        log.tidy(&writer).unwrap();
        assert!(log.is_unfinished());
        reader.execute_batch("COMMIT").unwrap();
        log.tidy(&writer).unwrap();
        assert!(!log.is_unfinished());
        assert_eq!(std::fs::metadata(path.with_extension("db-wal")).unwrap().len(), 0);
    }
}
