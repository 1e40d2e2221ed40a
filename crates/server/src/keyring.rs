//! Where the master key comes from. It never touches the database.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use keyward_crypto::{CryptoRng, Secret};

/// Name of the master key's file in the data directory.
pub const FILE_NAME: &str = "master.key";

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// The file can't be read or written.
    #[error("the master key file {path} can't be used")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: io::Error,
    },
    /// The file can be read by others.
    #[error(
        "the master key file {0} is open to others: make it readable by its owner alone (chmod 600)"
    )]
    OpenToOthers(PathBuf),
    /// It is no key.
    #[error("the master key must be 64 hex digits")]
    Malformed,
}

/// Reads the master key from its file.
///
/// # Errors
///
/// [`KeyringError::OpenToOthers`] for a file that anybody but its owner may read.
pub fn read(path: &Path) -> Result<Secret<32>, KeyringError> {
    let failed = |source| KeyringError::File { path: path.to_owned(), source };
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(KeyringError::OpenToOthers(path.to_owned()));
    }
    parse(fs::read_to_string(path).map_err(failed)?.trim())
}

/// Makes a master key and its file, which must not exist.
pub fn create(path: &Path, rng: &mut dyn CryptoRng) -> Result<Secret<32>, KeyringError> {
    let key = Secret::generate(rng);
    write(path, &key)?;
    Ok(key)
}

/// Writes a master key to its file, which must not exist.
pub fn write(path: &Path, key: &Secret<32>) -> Result<(), KeyringError> {
    let failed = |source| KeyringError::File { path: path.to_owned(), source };
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    let text = format!("{}\n", hex::encode(key.expose()));
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

/// Reads a master key from 64 hex digits.
pub fn parse(text: &str) -> Result<Secret<32>, KeyringError> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| KeyringError::Malformed)?;
    Ok(Secret::new(bytes))
}

#[cfg(test)]
mod tests {
    use keyward_crypto::SeededRng;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let key = create(&path, &mut SeededRng::from_seed([1; 32])).unwrap();
        assert!(read(&path).unwrap().matches(key.expose()));
        assert!(create(&path, &mut SeededRng::from_seed([2; 32])).is_err());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(read(&path), Err(KeyringError::OpenToOthers(_))));
    }

    #[test]
    fn refuses_what_is_no_key() {
        for bad in ["", "00", &"g".repeat(64), &"0".repeat(66)] {
            assert!(matches!(parse(bad), Err(KeyringError::Malformed)), "{bad}");
        }
    }
}
