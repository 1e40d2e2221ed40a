//! What only this backend promises, and that it keeps everybody's promises.

use super::SqliteStore;

async fn fresh() -> (SqliteStore, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (SqliteStore::open(folder.path().join("store.db")).unwrap(), folder)
}
crate::conformance::promises!(fresh);
