//! The directory that holds a server: its database, its master key, and a developer's files.

use std::fs::{DirBuilder, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keyward_crypto::{Secret, os_rng};
use keyward_server::keyring;
use keyward_store::{SqliteStore, Store};
use tempfile::Builder;

use crate::environment::variable;
use crate::failure::Failure;

/// Name of the database.
const DATABASE: &str = "keyward.db";

/// A directory that holds a server, or is going to.
pub(crate) struct DataDirectory {
    path: PathBuf,
}

impl DataDirectory {
    /// The directory at `path`, made for its owner alone when it is not there.
    pub(crate) fn create(path: PathBuf) -> Result<Self, Failure> {
        match DirBuilder::new().recursive(true).mode(0o700).create(&path) {
            Ok(()) => Ok(Self { path }),
            Err(source) => Err(Failure::File { path, source }),
        }
    }

    /// A directory that has a database.
    pub(crate) fn existing(path: PathBuf) -> Result<Self, Failure> {
        if path.join(DATABASE).exists() {
            Ok(Self { path })
        } else {
            Err(Failure::HasNotBegun(path))
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file of this name in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Where the database is.
    pub(crate) fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// Opens the database, or makes it. Nobody else can while the store is there.
    pub(crate) fn open_store(&self) -> Result<Arc<dyn Store>, Failure> {
        Ok(Arc::new(SqliteStore::open(self.database())?))
    }

    /// The master key: from `KEYWARD_MASTER_KEY`, else from its file.
    pub(crate) fn master_key(&self) -> Result<Secret<32>, Failure> {
        match variable("KEYWARD_MASTER_KEY") {
            Some(text) => Ok(keyring::parse(&text)?),
            None => Ok(keyring::read(&self.path.join(keyring::FILE_NAME))?),
        }
    }

    /// The same for a server that has not begun: its file is made when there is neither.
    pub(crate) fn new_master_key(&self) -> Result<Secret<32>, Failure> {
        let file = self.path.join(keyring::FILE_NAME);
        if variable("KEYWARD_MASTER_KEY").is_some() || file.exists() {
            return self.master_key();
        }
        Ok(keyring::create(&file, &mut os_rng())?)
    }
}

/// Writes a file for its owner alone; whoever reads it sees all of it or what was there before.
pub(crate) fn write_private(path: &Path, content: &str) -> Result<(), Failure> {
    let write = || -> io::Result<()> {
        let folder = path.parent().ok_or(io::ErrorKind::InvalidFilename)?;
        let mut file =
            Builder::new().permissions(Permissions::from_mode(0o600)).tempfile_in(folder)?;
        file.write_all(content.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        std::fs::File::open(folder)?.sync_all()
    };
    write().map_err(|source| Failure::File { path: path.to_owned(), source })
}
