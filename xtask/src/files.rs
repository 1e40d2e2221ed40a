//! Files that are built from others.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::shell::Failure;

/// Whether a file is there and was written after all of the others.
pub(crate) fn is_newer(file: &Path, than: &[PathBuf]) -> bool {
    let written = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let Some(built): Option<SystemTime> = written(file) else { return false };
    than.iter().all(|path| written(path).is_some_and(|changed| changed <= built))
}

/// The files in a directory, and those in the directories in it.
///
/// # Errors
///
/// [`Failure::File`] when a directory can't be read.
pub(crate) fn below(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failure = |source| Failure::File { path: directory.to_path_buf(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(failure)? {
        let path = entry.map_err(failure)?.path();
        if path.is_dir() {
            files.extend(below(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

/// Copies a file into a directory, under its own name.
///
/// # Errors
///
/// [`Failure::File`] when it can't be read or written.
pub(crate) fn copy_into(directory: &Path, file: &Path) -> Result<(), Failure> {
    let failure = |source| Failure::File { path: file.to_path_buf(), source };
    let name = file.file_name().ok_or_else(|| failure(std::io::ErrorKind::IsADirectory.into()))?;
    fs::copy(file, directory.join(name)).map(|_| ()).map_err(failure)
}
