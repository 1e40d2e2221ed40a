//! JavaScript packages, as their lock files name them.

use std::path::Path;

use crate::shell::{Failure, program, read, step};

/// `npm ci` in a package's directory, unless what it installed last is what the lock file says now.
///
/// # Errors
///
/// [`Failure::File`] without a lock file, [`Failure::Step`] when npm fails.
pub(crate) fn install(name: &str, package: &Path) -> Result<(), Failure> {
    let lock = read(&package.join("package-lock.json"))?;
    let installed = package.join("node_modules").join(".installed-package-lock.json");
    if read(&installed).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    step(&format!("{name}, install"), program("npm").arg("ci").current_dir(package))?;
    std::fs::write(&installed, lock).map_err(|source| Failure::File { path: installed, source })
}
