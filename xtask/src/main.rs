//! Repository commands: `cargo xtask dev | test | ci | compat | frames | web-client | dependencies |
//! bench`.
//!
//! Each command first looks for what it needs on the machine (see [`setup`]).

mod compat;
mod dependencies;
mod files;
mod frames;
mod licence;
mod npm;
mod setup;
mod shell;
mod wasm;
mod web_client;

use std::ffi::OsString;
use std::process::ExitCode;

use setup::{C_COMPILER, CHROMIUM, NODE, NPM, PYTHON};
use shell::{Failure, cargo, step};

const USAGE: &str = "\
usage: cargo xtask COMMAND

  dev [OPTION…]     build and run `keyward dev` with these options
  test              cargo test, then compat
  ci                the whole gate: format, lints, docs, dependencies, then test
  compat [OPTION…]  published Turnkey SDKs against a fresh server; options go to `node --test`
  frames            build the pages at /auth-frame and /frames; dev, test, ci and compat do it
  web-client        build the npm package @keyward/client; dev, test, ci and compat do it
  dependencies      the part of ci that compares the dependencies with deny.toml
  bench [OPTION…]   build for release, run the benchmarks with these options, and measure the web client";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let command = arguments.next().unwrap_or_default();
    let options: Vec<OsString> = arguments.collect();

    let outcome = match (command.to_str(), options.is_empty()) {
        (Some("dev"), _) => dev(&options),
        (Some("test"), true) => test(),
        (Some("ci"), true) => ci(),
        (Some("dependencies"), true) => dependencies::check(),
        (Some("frames"), true) => frames::build(),
        (Some("web-client"), true) => web_client::build(),
        (Some("compat"), _) => compat::run(&options),
        (Some("bench"), _) => bench(&options),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn dev(options: &[OsString]) -> Result<(), Failure> {
    setup::require(&[C_COMPILER])?;
    frames::build_if_possible();
    web_client::build_if_possible();
    step("keyward dev", cargo(["run", "--package", "keyward", "--", "dev"]).args(options))
}

fn bench(options: &[OsString]) -> Result<(), Failure> {
    setup::require(&[C_COMPILER])?;
    let command = ["run", "--release", "--package", "keyward-server", "--example", "bench", "--"];
    step("benchmarks", cargo(command).args(options))?;
    web_client::measure()
}

fn test() -> Result<(), Failure> {
    setup::require(&[C_COMPILER, NODE, NPM, CHROMIUM, PYTHON])?;
    frames::build()?;
    web_client::build()?;
    step("tests", &mut cargo(["test", "--workspace"]))?;
    compat::run(&[])
}

/// Cheap checks first. Ends with `test`, so that the test runners have the last word.
fn ci() -> Result<(), Failure> {
    setup::require(&[C_COMPILER, NODE, NPM, CHROMIUM, PYTHON])?;
    setup::require_rust_component("rustfmt", "fmt")?;
    setup::require_rust_component("clippy", "clippy")?;

    step("format", &mut cargo(["fmt", "--all", "--check"]))?;
    for outside in [compat::RUST_MANIFEST, web_client::BINDGEN_MANIFEST] {
        let format = ["fmt", "--manifest-path", outside, "--check"];
        step("format outside the workspace", &mut cargo(format))?;
    }

    dependencies::check()?;

    frames::build()?;
    web_client::build()?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    step("lints", &mut cargo(clippy))?;
    // A workspace build unifies features and would hide a missing `#[cfg(feature = "engine")]`.
    let alone = ["check", "--package", "keyward-protocol", "--no-default-features"];
    step("protocol without its engine", &mut cargo(alone))?;
    step("protocol in browsers", &mut wasm::command(alone)?)?;
    let alone = ["check", "--package", "keyward-client", "--no-default-features"];
    step("client without files and HTTP", &mut cargo(alone))?;
    step("client in browsers", &mut wasm::command(alone)?)?;
    let docs = ["doc", "--workspace", "--no-deps"];
    step("docs", cargo(docs).env("RUSTDOCFLAGS", "-D warnings"))?;

    test()
}
