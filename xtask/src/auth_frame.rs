//! `cargo xtask auth-frame`: the script that the server embeds and serves at `/auth-frame`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::npm;
use crate::setup::{self, NODE, NPM};
use crate::shell::{Failure, program, root, step};

/// From the repository's root.
pub(crate) const PACKAGE: &str = "packages/auth-frame";

/// Builds it, unless it is newer than what it is built from.
///
/// # Errors
///
/// [`Failure::Missing`] without Node.js, [`Failure::Step`] when npm or the build fails.
pub(crate) fn build() -> Result<(), Failure> {
    let package = root().join(PACKAGE);
    if is_newer(&package.join("dist/auth-frame.js"), &sources(&package)?) {
        return Ok(());
    }
    setup::require(&[NODE, NPM])?;
    npm::install("auth frame", &package)?;
    step("auth frame", program("node").arg("build.mjs").current_dir(&package))
}

/// Builds it if that can be done here; the server says at `/auth-frame` when it couldn't.
pub(crate) fn build_if_possible() {
    let reason = match build() {
        Ok(()) => return,
        Err(Failure::Missing(_)) => "it needs node and npm to be built".to_owned(),
        Err(failure) => failure.to_string(),
    };
    eprintln!("xtask: going on without the auth frame: {reason}");
}

fn sources(package: &Path) -> Result<Vec<PathBuf>, Failure> {
    let source = package.join("src");
    let entries = fs::read_dir(&source)
        .map_err(|error| Failure::File { path: source.clone(), source: error })?;
    let mut sources: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    sources.extend(["build.mjs", "package-lock.json"].map(|name| package.join(name)));
    Ok(sources)
}

/// Whether a file is there and was written after all of the others.
fn is_newer(file: &Path, than: &[PathBuf]) -> bool {
    let written = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let Some(built): Option<SystemTime> = written(file) else { return false };
    than.iter().all(|path| written(path).is_some_and(|changed| changed <= built))
}
