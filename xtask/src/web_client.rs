//! `cargo xtask web-client`: the npm package `@keyward/client`, which needs no bundler.

use std::fs;
use std::path::{Path, PathBuf};

use crate::files::{below, copy_into, is_newer};
use crate::setup::{self, NODE, NPM};
use crate::shell::{Failure, cargo, program, root, step, target_directory};
use crate::{npm, wasm};

/// From the repository's root.
pub(crate) const PACKAGE: &str = "packages/client";

/// A package of its own, outside the workspace.
pub(crate) const BINDGEN_MANIFEST: &str = "packages/client/bindgen/Cargo.toml";

/// What `packages/client/bindgen` writes besides JavaScript and types.
const WASM: &str = "keyward_client_bg.wasm";

/// What Rust's wasm32 takes for granted, and all browsers have had since 2023.
const WASM_OPT: [&str; 7] = [
    "-Oz",
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Builds it, unless it is newer than what it is built from.
///
/// # Errors
///
/// [`Failure::Missing`] when Rust can't build for wasm32 here, [`Failure::Step`] when a tool fails.
pub(crate) fn build() -> Result<(), Failure> {
    let package = root().join(PACKAGE);
    if is_newer(&package.join("dist").join(WASM), &sources(&package)?) {
        return Ok(());
    }
    let target = target_directory()?;
    let compile = ["build", "--package", "keyward-client-web", "--profile", "web"];
    step("web client", &mut wasm::command(compile)?)?;

    let made = target.join("web").join(wasm::TARGET).join("web/keyward_client_web.wasm");
    let staging = target.join("web/bindgen");
    let mut bindgen = cargo(["run", "--locked", "--manifest-path", BINDGEN_MANIFEST]);
    bindgen.arg("--target-dir").arg(target.join("bindgen"));
    step("web client, JavaScript", bindgen.arg("--").arg(made).arg(&staging))?;

    optimize(&package, &staging.join(WASM))?;
    install(&package, &staging)
}

/// Builds it if that can be done here.
pub(crate) fn build_if_possible() {
    if let Err(failure) = build() {
        eprintln!("xtask: going on without the web client: {failure}");
    }
}

/// Prints how large it is compressed, which is what a browser downloads.
///
/// # Errors
///
/// As [`build`]; [`Failure::Missing`] also without Node.js.
pub(crate) fn measure() -> Result<(), Failure> {
    build()?;
    setup::require(&[NODE])?;
    step("web client, size", program("node").arg("size.mjs").current_dir(root().join(PACKAGE)))
}

fn sources(package: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut sources = vec![root().join("Cargo.toml"), root().join("Cargo.lock")];
    sources.push(root().join(".cargo/config.toml"));
    sources.extend(["package-lock.json", "bindgen/Cargo.lock"].map(|name| package.join(name)));
    sources.extend(below(&package.join("bindgen/src"))?);
    sources.extend(below(&package.join("src"))?);
    for name in ["client", "client-web", "crypto", "protocol"] {
        let room = root().join("crates").join(name);
        if room.is_dir() {
            sources.push(room.join("Cargo.toml"));
            sources.extend(below(&room.join("src"))?);
        }
    }
    Ok(sources)
}

/// Shrinks it where it lies; without Node.js it stays as it is.
fn optimize(package: &Path, wasm: &Path) -> Result<(), Failure> {
    if let Err(Failure::Missing(_)) = setup::require(&[NODE, NPM]) {
        eprintln!(
            "xtask: the web client stays larger than it need be: shrinking it takes node and npm"
        );
        return Ok(());
    }
    npm::install("web client", package)?;
    let mut wasm_opt = program("node");
    wasm_opt.arg(package.join("node_modules/binaryen/bin/wasm-opt")).args(WASM_OPT);
    step("web client, smaller", wasm_opt.arg(wasm).arg("-o").arg(wasm))
}

/// Puts together `dist`. The wasm file comes last, since it tells whether all of it is new.
fn install(package: &Path, staging: &Path) -> Result<(), Failure> {
    let dist = package.join("dist");
    let failure = |source| Failure::File { path: dist.clone(), source };
    if dist.exists() {
        fs::remove_dir_all(&dist).map_err(failure)?;
    }
    fs::create_dir_all(&dist).map_err(failure)?;
    let wasm = staging.join(WASM);
    for file in below(staging)?.into_iter().chain(below(&package.join("src"))?) {
        if file != wasm {
            copy_into(&dist, &file)?;
        }
    }
    copy_into(&dist, &wasm)
}
