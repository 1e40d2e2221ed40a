//! `cargo xtask frames`: the scripts that the server embeds, of its pages at `/auth-frame` and `/frames`.

use std::path::{Path, PathBuf};

use crate::files::{below, is_newer};
use crate::npm;
use crate::setup::{self, NODE, NPM};
use crate::shell::{Failure, program, root, step};

/// From the repository's root.
pub(crate) const PACKAGE: &str = "packages/frames";

/// Builds them, unless they are newer than what they are built from.
///
/// # Errors
///
/// [`Failure::Missing`] without Node.js, [`Failure::Step`] when npm or the build fails.
pub(crate) fn build() -> Result<(), Failure> {
    let package = root().join(PACKAGE);
    if is_newer(&package.join("dist/auth.js"), &sources(&package)?) {
        return Ok(());
    }
    setup::require(&[NODE, NPM])?;
    npm::install("frames", &package)?;
    step("frames", program("node").arg("build.mjs").current_dir(&package))
}

/// Builds them if that can be done here; the server says in their place when it couldn't.
pub(crate) fn build_if_possible() {
    let reason = match build() {
        Ok(()) => return,
        Err(Failure::Missing(_)) => "they need node and npm to be built".to_owned(),
        Err(failure) => failure.to_string(),
    };
    eprintln!("xtask: going on without the frames: {reason}");
}

fn sources(package: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut sources = below(&package.join("src"))?;
    sources.extend(["build.mjs", "package-lock.json"].map(|name| package.join(name)));
    Ok(sources)
}
