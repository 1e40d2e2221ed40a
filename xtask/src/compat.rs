//! `cargo xtask compat`: published SDKs, unmodified, against a fresh server.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::setup::{self, C_COMPILER, CHROMIUM, NODE, NPM};
use crate::shell::{Failure, cargo, program, root, step, target_directory};
use crate::{frames, npm, web_client};

/// A package of its own, outside the workspace.
pub(crate) const RUST_MANIFEST: &str = "compat/rust/Cargo.toml";

/// Tells the story with each SDK. `options` go to `node --test`.
pub(crate) fn run(options: &[OsString]) -> Result<(), Failure> {
    setup::require(&[C_COMPILER, NODE, NPM, CHROMIUM])?;
    frames::build()?;
    web_client::build()?;
    web_client::build_stories()?;
    npm::install("JavaScript SDKs", &root().join("compat"))?;

    // Features unified as in `cargo test --workspace`: what that compiled is not compiled again.
    step("server", &mut cargo(["build", "--workspace", "--bin", "keyward"]))?;
    let target = target_directory()?;
    let keyward = target.join("debug").join("keyward");
    let rust_target = target.join("compat");
    let ready = |mut command: Command| {
        command.env("KEYWARD_BIN", &keyward).env("CARGO_TARGET_DIR", &rust_target);
        command
    };

    let rust_story = || cargo(["test", "--locked", "--manifest-path", RUST_MANIFEST]);
    step("Rust SDK, build", ready(rust_story()).arg("--no-run"))?;
    step("Rust SDK", &mut ready(with_server(&rust_story())))?;

    let mut javascript = program("node");
    javascript.args(["--test", "--test-reporter=spec"]).args(options).args(test_files()?);
    step("JavaScript SDKs", &mut ready(javascript))
}

/// The same command, with a fresh server and its `dev.env` in the environment.
fn with_server(command: &Command) -> Command {
    let mut wrapped = program("node");
    wrapped.arg("compat/with-server.mjs").arg(command.get_program()).args(command.get_args());
    wrapped
}

/// Named one by one: the patterns that `node --test` understands differ between its versions.
fn test_files() -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for directory in ["compat", frames::PACKAGE, web_client::PACKAGE] {
        let path = root().join(directory);
        let entries = std::fs::read_dir(&path).map_err(|source| Failure::File { path, source })?;
        let names = entries.flatten().map(|entry| entry.file_name());
        let tests = names.filter(|name| name.to_string_lossy().ends_with(".test.mjs"));
        files.extend(tests.map(|name| Path::new(directory).join(name)));
    }
    files.sort();
    Ok(files)
}
