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

/// Where the package with the behaviour suite in it is put, for tests.
const STORIES_DIST: &str = "dist-stories";

/// Builds it, unless it is newer than what it is built from.
///
/// # Errors
///
/// [`Failure::Missing`] when Rust can't build for wasm32 here, [`Failure::Step`] when a tool fails.
pub(crate) fn build() -> Result<(), Failure> {
    let package = root().join(PACKAGE);
    let dist = package.join("dist");
    if is_newer(&dist.join(WASM), &sources(&package)?) {
        return Ok(());
    }
    let staging = compile_to_javascript(&[])?;
    optimize(&package, &staging.join(WASM))?;
    install(&package, &staging, &dist)
}

/// Builds it with the behaviour suite in it, which is not published and not shrunk.
///
/// # Errors
///
/// As [`build`].
pub(crate) fn build_stories() -> Result<(), Failure> {
    let package = root().join(PACKAGE);
    let dist = package.join(STORIES_DIST);
    if is_newer(&dist.join(WASM), &sources(&package)?) {
        return Ok(());
    }
    let staging = compile_to_javascript(&["--features", "stories"])?;
    install(&package, &staging, &dist)
}

/// Compiles to wasm32 and makes the JavaScript around it. Returns where both are.
fn compile_to_javascript(options: &[&str]) -> Result<PathBuf, Failure> {
    let compile = ["build", "--package", "keyward-client-web", "--profile", "web"];
    step("web client", wasm::command(compile)?.args(options))?;
    let web = target_directory()?.join("web");
    let made = web.join(wasm::TARGET).join("web/keyward_client_web.wasm");
    let staging = web.join("bindgen");
    let mut bindgen = cargo(["run", "--locked", "--manifest-path", BINDGEN_MANIFEST]);
    bindgen.arg("--target-dir").arg(target_directory()?.join("bindgen"));
    step("web client, JavaScript", bindgen.arg("--").arg(made).arg(&staging))?;
    Ok(staging)
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

/// Puts together a `dist`. The wasm file comes last, since it tells whether all of it is new.
fn install(package: &Path, staging: &Path, dist: &Path) -> Result<(), Failure> {
    let failure = |source| Failure::File { path: dist.to_owned(), source };
    if dist.exists() {
        fs::remove_dir_all(dist).map_err(failure)?;
    }
    fs::create_dir_all(dist).map_err(failure)?;
    let wasm = staging.join(WASM);
    for file in below(staging)?.into_iter().chain(below(&package.join("src"))?) {
        if file != wasm {
            copy_into(dist, &file)?;
        }
    }
    copy_into(dist, &wasm)
}
