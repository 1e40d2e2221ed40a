//! What only this backend promises, after everybody's promises.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tempfile::TempDir;

use super::{SqliteStore, schema};
use crate::conformance::{
    PEOPLE, account, activity, change, changes, creation, decided_on, hash, id, message, record,
    secret,
};
use crate::{ActivityKey, Commit, Lookup, MessageRow, Page, SecretRow, Store, StoreError};

fn fresh() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (open(&folder).unwrap(), folder)
}
crate::conformance::promises!(fresh);

fn open(folder: &TempDir) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(folder.path().join("store.db"))
}

/// Everything in the folder's files, one after the other.
fn content(folder: &Path) -> String {
    let files = std::fs::read_dir(folder).unwrap();
    let bytes: Vec<u8> =
        files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn what_was_committed_is_there_after_reopening() {
    let (store, folder) = fresh();
    let mut commit = creation(2, &[hash(1)]);
    commit.accounts.push(account(2, 1, 7));
    commit.secrets.push(secret(2, 1, "secret"));
    commit.activities.push(activity(2, 1));
    commit.meta.push(("name".into(), b"value".to_vec()));
    commit.records.push(change(2, 1, 0, "record"));
    commit.messages = vec![message(1, 0), message(2, 0), message(3, 0)];
    store.commit(commit).await.unwrap();
    store.take_messages(PEOPLE, 0, 50, 2).await.unwrap();
    store.retry_message(id(1), 40).await.unwrap();
    store.finish_message(id(3)).await.unwrap();
    drop(store);
    assert!(!folder.path().join("store.db-wal").exists(), "the last to close folds the log");
    let store = open(&folder).unwrap();
    assert_eq!(store.organization(id(2), 1).await.unwrap(), Lookup::Unchanged);
    assert_eq!(store.find_organizations(id(1), &hash(1), Page::ALL).await.unwrap(), [id(2)]);
    assert_eq!(store.accounts(id(2), None, Page::ALL).await.unwrap(), [account(2, 1, 7)]);
    assert_eq!(store.secret(id(2), id(1)).await.unwrap().unwrap(), b"secret");
    assert_eq!(store.meta("name").await.unwrap().unwrap(), b"value");
    assert_eq!(store.record(id(2), id(1)).await.unwrap().unwrap().sealed, b"record");
    let taken = |n| MessageRow { attempts: 2, ..message(n, 90) };
    assert_eq!(store.take_messages(PEOPLE, 39, 90, 9).await.unwrap(), []);
    assert_eq!(store.take_messages(PEOPLE, 50, 90, 9).await.unwrap(), [taken(1), taken(2)]);
    // Rows are numbered on from where they were.
    store.commit(record(activity(2, 2))).await.unwrap();
    for n in [1, 2] {
        let found = store.activity(id(2), ActivityKey::Id(id(n.into()))).await.unwrap();
        assert_eq!(found, Some(activity(2, n)));
    }
}

#[tokio::test]
async fn only_one_store_at_a_time_has_the_file() {
    let (store, folder) = fresh();
    let second = open(&folder);
    assert!(matches!(second, Err(StoreError::InUse)), "{second:?}");
    store.commit(creation(1, &[])).await.unwrap();
    drop(store);
    assert_eq!(open(&folder).unwrap().organization(id(1), 1).await.unwrap(), Lookup::Unchanged);
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let (store, folder) = fresh();
    store.commit(creation(1, &[])).await.unwrap();
    drop(store);
    let path = folder.path().join("store.db");
    let set = |version: u32| {
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection.pragma_update(None, "user_version", version).unwrap();
    };
    set(7);
    let newer = open(&folder);
    assert!(matches!(newer, Err(StoreError::Newer { found: 7, supported: 3 })), "{newer:?}");
    set(3);
    assert_eq!(open(&folder).unwrap().organization(id(1), 1).await.unwrap(), Lookup::Unchanged);
}

#[tokio::test]
async fn an_older_schema_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(schema::MIGRATIONS[0]).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    let sql = "INSERT INTO organizations (id, revision, keys, sealed) VALUES (?1, 3, x'', x'01')";
    connection.execute(sql, [id(1)]).unwrap();
    connection.close().unwrap();
    for revision in [0, 1] {
        let store = open(&folder).unwrap();
        assert_eq!(store.organization(id(1), 3).await.unwrap(), Lookup::Unchanged);
        let commit = changes(&[change(1, 1, revision, "record")]);
        store.commit(Commit { messages: vec![message(1, 0)], ..commit }).await.unwrap();
        assert_eq!(store.take_messages(PEOPLE, 0, 1, 9).await.unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_was_acknowledged_survives_a_crash() {
    let (store, folder) = fresh();
    let store = Arc::new(store);
    let acknowledged: Arc<Vec<AtomicU8>> = Arc::new((0..8).map(|_| AtomicU8::new(0)).collect());
    let tasks = (0..8_u8).map(|task| {
        let (store, acknowledged) = (store.clone(), acknowledged.clone());
        tokio::spawn(async move {
            for n in 1..=30 {
                store.commit(record(activity(task.into(), n))).await.unwrap();
                acknowledged[usize::from(task)].store(n, Ordering::SeqCst);
            }
        })
    });
    let tasks: Vec<_> = tasks.collect();
    while acknowledged.iter().any(|count| count.load(Ordering::SeqCst) < 5) {
        tokio::task::yield_now().await;
    }
    // What a power cut would leave, taken while the others write. The log is too short to be
    // folded meanwhile.
    let known: Vec<u8> = acknowledged.iter().map(|count| count.load(Ordering::SeqCst)).collect();
    let crashed = tempfile::tempdir().unwrap();
    for name in ["store.db", "store.db-wal"] {
        std::fs::copy(folder.path().join(name), crashed.path().join(name)).unwrap();
    }
    for task in tasks {
        task.await.unwrap();
    }
    let reopened = open(&crashed).unwrap();
    for (task, known) in (0..).zip(known) {
        for n in 1..=known {
            let found = reopened.activity(id(task), ActivityKey::Id(id(n.into()))).await.unwrap();
            assert_eq!(found, Some(activity(task, n)));
        }
    }
}

#[tokio::test]
async fn deleted_secrets_are_in_no_file() {
    let (store, folder) = fresh();
    // Of many lengths, so that the pages differ in how full they are.
    let mark = |n: u128| format!("<secret {n}>").repeat(usize::try_from(1 + n % 40).unwrap());
    let mut commit = creation(1, &[]);
    commit.secrets = (0..300).map(|n| secret(1, n, &mark(n))).collect();
    let large = "<large>".repeat(10_000);
    commit.secrets.push(secret(1, 1000, &large));
    for (n, text) in [(1, "<account>"), (2, "<wallet>")] {
        let mut account = account(1, n, n.into());
        account.sealed = text.into();
        commit.accounts.push(account);
    }
    store.commit(commit).await.unwrap();
    let mut other = creation(2, &[]);
    other.secrets = vec![secret(2, 1, "<organization>")];
    store.commit(other).await.unwrap();
    let before = content(folder.path());
    for text in ["<secret 7>", "<large>", "<account>", "<wallet>", "<organization>"] {
        assert!(before.contains(text), "{text}");
    }

    // One by one and many at once, with the tree being rebalanced on the way.
    let gone: Vec<u128> = (0..300).filter(|n| n % 5 != 0).chain([1000]).collect();
    for some in gone.chunks(60) {
        let deleted_secrets = some.iter().map(|n| (id(1), id(*n))).collect();
        store.commit(Commit { deleted_secrets, ..decided_on(1) }).await.unwrap();
    }
    let replaced = SecretRow { sealed: b"<replaced>".to_vec(), ..secret(1, 5, "") };
    store
        .commit(Commit {
            deleted_accounts: vec![(id(1), id(1))],
            deleted_wallets: vec![(id(1), id(2))],
            secrets: vec![replaced],
            ..decided_on(1)
        })
        .await
        .unwrap();
    store.commit(Commit { deleted_organizations: vec![id(2)], ..decided_on(2) }).await.unwrap();
    // The log is emptied before the next commit is made.
    store.commit(record(activity(1, 1))).await.unwrap();
    let open = content(folder.path());
    drop(store);
    for left in [open, content(folder.path())] {
        for n in gone.iter().filter(|n| **n < 300).chain([&5]) {
            assert!(!left.contains(&format!("<secret {n}>")), "{n}");
        }
        for text in ["<large>", "<account>", "<wallet>", "<organization>"] {
            assert!(!left.contains(text), "{text}");
        }
        assert!(left.contains("<secret 10>") && left.contains("<replaced>"));
    }
}

#[tokio::test]
async fn deleted_records_and_finished_messages_are_in_no_file() {
    let (store, folder) = fresh();
    let record = |of, n: u128, text| change(of, n, 0, text);
    let mut purged = record(0, 2, "<purged>");
    purged.content.as_mut().unwrap().expires_ms = Some(7);
    let records = vec![record(1, 1, "<deleted>"), purged, record(2, 3, "<organization's>")];
    let kept = record(0, 4, "<kept>");
    let sealed = |n, text: &str| MessageRow { sealed: text.into(), ..message(n, 0) };
    let messages = vec![sealed(1, "<finished>"), sealed(2, "<waiting>")];
    let records = [records, vec![kept]].concat();
    store.commit(Commit { records, messages, ..creation(2, &[]) }).await.unwrap();
    store.take_messages(PEOPLE, 0, 9, 9).await.unwrap();
    let before = content(folder.path());
    let gone = ["<deleted>", "<purged>", "<organization's>", "<finished>"];
    for text in gone.iter().chain(&["<kept>", "<waiting>"]) {
        assert!(before.contains(text), "{text}");
    }
    let still_there = async |text: &str| {
        // The log is emptied before the next commit is made.
        store.commit(Commit::default()).await.unwrap();
        content(folder.path()).contains(text)
    };
    store.commit(changes(&[change(1, 1, 1, "")])).await.unwrap();
    assert!(!still_there("<deleted>").await);
    assert_eq!(store.purge_records(8, 9).await.unwrap(), 1);
    assert!(!still_there("<purged>").await);
    store.finish_message(id(1)).await.unwrap();
    assert!(!still_there("<finished>").await);
    store.commit(Commit { deleted_organizations: vec![id(2)], ..decided_on(2) }).await.unwrap();
    assert!(!still_there("<organization's>").await);
    drop(store);
    let left = content(folder.path());
    assert!(gone.iter().all(|text| !left.contains(text)));
    assert!(left.contains("<kept>") && left.contains("<waiting>"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn waiting_commits_share_a_transaction() {
    let (store, _kept) = fresh();
    let store = Arc::new(store);
    let tasks = (1..=64).map(|n| {
        let store = store.clone();
        tokio::spawn(async move { store.commit(record(activity(1, n))).await })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap().unwrap();
    }
    let stats = store.stats();
    assert_eq!(stats.commits, 64);
    assert!((1..=64).contains(&stats.groups), "{stats:?}");
}

#[tokio::test]
async fn dropping_the_store_makes_what_is_waiting() {
    let (store, folder) = fresh();
    {
        // Polled once, so that they are in the queue, and then given up.
        let commits = (1..=20).map(|n| store.commit(record(activity(1, n))));
        for mut commit in commits.collect::<Vec<_>>() {
            let polled = std::future::poll_fn(|cx| {
                std::task::Poll::Ready(commit.as_mut().poll(cx).is_ready())
            });
            polled.await;
        }
    }
    drop(store);
    let store = open(&folder).unwrap();
    for n in 1..=20 {
        let found = store.activity(id(1), ActivityKey::Fingerprint([n; 32])).await.unwrap();
        assert_eq!(found, Some(activity(1, n)));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_their_owners_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let (store, folder) = fresh();
    store.commit(creation(1, &[])).await.unwrap();
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    assert_eq!(files.len(), 4, "{files:?}");
    for file in files {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file:?}");
    }
}
