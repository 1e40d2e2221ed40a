//! Cargo for wasm32, whose standard library is an extra.

use std::path::Path;
use std::process::Command;

use crate::setup;
use crate::shell::{Failure, cargo, output, program, succeeds, target_directory};

/// Browsers.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's Rust for the web: no standard library ready made, but its source, and a linker.
const DEBIAN: [&str; 3] = ["cargo-web", "rust-web-src", "lld-19"];

/// A cargo command for wasm32, which builds in a directory of its own: `TARGET/web/wasm32-unknown-unknown`.
///
/// # Errors
///
/// [`Failure::Missing`] when neither rustup nor Debian has the standard library.
pub(crate) fn command<const N: usize>(arguments: [&str; N]) -> Result<Command, Failure> {
    let mut command = if has_target() || (add_target() && has_target()) {
        cargo(arguments)
    } else {
        setup::require_packages(&DEBIAN).map_err(|_| Failure::Missing(ADVICE.to_owned()))?;
        from_debian(arguments)
    };
    command.args(["--locked", "--target", TARGET, "--target-dir"]);
    command.arg(target_directory()?.join("web"));
    Ok(command)
}

const ADVICE: &str = "Rust's standard library for wasm32 is missing; `rustup target add \
                      wasm32-unknown-unknown` installs it (https://rustup.rs)";

fn has_target() -> bool {
    let library = output(program("rustc").args(["--print", "target-libdir", "--target", TARGET]));
    library.is_ok_and(|path| Path::new(path.trim()).is_dir())
}

fn add_target() -> bool {
    succeeds(program("rustup").args(["target", "add", TARGET]))
}

/// That build of the standard library is not a stable feature of cargo's.
fn from_debian<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = program("/usr/bin/cargo");
    command.args(arguments).arg("-Zbuild-std=std,panic_abort");
    command.env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1");
    command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld-19");
    command
}
