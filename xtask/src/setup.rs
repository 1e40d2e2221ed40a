//! What the machine must have before a command starts.
//!
//! As root on Debian and its relatives, what is missing is installed. Anywhere else it is named,
//! with the way to get it.

use std::path::Path;
use std::process::Command;

use crate::shell::{Failure, cargo, output, program, step, succeeds};

/// A program, and how to come by it.
pub(crate) struct Tool {
    program: &'static str,
    /// Environment variable that names another program to use instead.
    variable: Option<&'static str>,
    used_for: &'static str,
    /// Debian packages.
    packages: &'static [&'static str],
    elsewhere: &'static str,
    /// Oldest version that does, as (major, minor); it must print its version as `v20.1.2`.
    at_least: Option<(u32, u32)>,
}

/// AWS-LC, SQLite and libsecp256k1 are compiled from source. `cmake` is not needed: on Linux and macOS
/// AWS-LC comes with a list of the files to compile.
pub(crate) const C_COMPILER: Tool = Tool {
    program: "cc",
    variable: None,
    used_for: "compiles AWS-LC, SQLite and libsecp256k1",
    packages: &["gcc", "libc6-dev"],
    elsewhere: "macOS: xcode-select --install. Fedora: dnf install gcc. Arch: pacman -S gcc",
    at_least: None,
};

pub(crate) const NODE: Tool = Tool {
    program: "node",
    variable: None,
    used_for: "runs the JavaScript SDKs; 18.19 or newer",
    packages: &["nodejs"],
    elsewhere: "https://nodejs.org/en/download, or macOS: brew install node. Fedora: dnf install nodejs",
    at_least: Some((18, 19)),
};

pub(crate) const NPM: Tool = Tool {
    program: "npm",
    variable: None,
    used_for: "installs the JavaScript SDKs",
    packages: &["npm"],
    elsewhere: "comes with Node.js. Fedora: dnf install nodejs-npm",
    at_least: None,
};

pub(crate) const PYTHON: Tool = Tool {
    program: "python3",
    variable: None,
    used_for: "runs the Python binding's tests; 3.9 or newer",
    packages: &["python3"],
    elsewhere: "https://www.python.org/downloads, or macOS: brew install python. Fedora: dnf install python3",
    at_least: None,
};

/// `compat/browser/harness.mjs` finds it by the same rule.
pub(crate) const CHROMIUM: Tool = Tool {
    program: "chromium",
    variable: Some("CHROMIUM_BIN"),
    used_for: "runs the browser SDKs; CHROMIUM_BIN may name another, such as Chrome",
    packages: &["chromium"],
    elsewhere: "macOS: brew install chromium. Fedora: dnf install chromium. Arch: pacman -S chromium",
    at_least: None,
};

impl Tool {
    fn command(&self) -> Command {
        program(self.variable.and_then(std::env::var_os).unwrap_or_else(|| self.program.into()))
    }
}

/// Makes sure that the tools are there.
///
/// # Errors
///
/// [`Failure::Missing`] when one is missing and cannot be installed from here, or is too old.
pub(crate) fn require(tools: &[Tool]) -> Result<(), Failure> {
    let missing: Vec<&Tool> = tools.iter().filter(|tool| !is_there(tool)).collect();
    if !missing.is_empty() {
        if !can_install() {
            return Err(Failure::Missing(advice(&missing)));
        }
        let packages: Vec<&str> = missing.iter().flat_map(|tool| tool.packages).copied().collect();
        install(&packages)?;
    }
    tools.iter().try_for_each(is_new_enough)
}

/// Makes sure that Debian packages are there.
///
/// # Errors
///
/// [`Failure::Missing`] when one is missing and cannot be installed from here.
pub(crate) fn require_packages(packages: &[&str]) -> Result<(), Failure> {
    let format = "--showformat=${db:Status-Status}\n";
    let listed = output(program("dpkg-query").args(["--show", format]).args(packages));
    if listed.is_ok_and(|states| states.lines().all(|state| state == "installed")) {
        return Ok(());
    }
    if !can_install() {
        return Err(Failure::Missing(format!("Debian packages: {}", packages.join(", "))));
    }
    install(packages)
}

/// As root on Debian and its relatives.
fn can_install() -> bool {
    Path::new("/usr/bin/apt-get").exists() && is_root()
}

fn install(packages: &[&str]) -> Result<(), Failure> {
    step("apt-get update", program("apt-get").args(["update", "--quiet"]))?;
    step(
        "apt-get install",
        program("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["install", "--yes", "--quiet", "--no-install-recommends"])
            .args(packages),
    )
}

/// Makes sure that a component of the Rust toolchain is there.
///
/// # Errors
///
/// [`Failure::Missing`] when it is not and `rustup` cannot add it.
pub(crate) fn require_rust_component(name: &str, subcommand: &str) -> Result<(), Failure> {
    let is_there = || succeeds(cargo([subcommand]).arg("--version"));
    if is_there() || (succeeds(program("rustup").args(["component", "add", name])) && is_there()) {
        return Ok(());
    }
    Err(Failure::Missing(format!(
        "cargo {subcommand} is missing; `rustup component add {name}` installs it (https://rustup.rs)"
    )))
}

fn is_there(tool: &Tool) -> bool {
    succeeds(tool.command().arg("--version"))
}

fn is_new_enough(tool: &Tool) -> Result<(), Failure> {
    let Some(wanted) = tool.at_least else { return Ok(()) };
    let printed = output(tool.command().arg("--version"))?;
    if version(&printed).is_some_and(|found| found >= wanted) {
        return Ok(());
    }
    let (major, minor) = wanted;
    let Tool { program, elsewhere, .. } = tool;
    let found = printed.trim();
    Err(Failure::Missing(format!(
        "{program} is {found}, but {major}.{minor} or newer is needed: {elsewhere}"
    )))
}

/// The first two numbers of `v20.11.1`.
fn version(printed: &str) -> Option<(u32, u32)> {
    let mut numbers = printed.trim().trim_start_matches('v').split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Some((major, minor)),
        _ => None,
    }
}

fn is_root() -> bool {
    output(program("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn advice(missing: &[&Tool]) -> String {
    let mut lines = vec!["something is missing on this machine:".to_owned()];
    for Tool { program, used_for, elsewhere, .. } in missing {
        lines.push(format!("  {program} ({used_for})"));
        lines.push(format!("      {elsewhere}"));
    }
    let packages: Vec<&str> = missing.iter().flat_map(|tool| tool.packages).copied().collect();
    lines.push(format!("  Debian, Ubuntu: sudo apt-get install {}", packages.join(" ")));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version("v20.20.2\n"), Some((20, 20)));
        assert!(version("v18.9.1") < version("v18.19.0"));
        assert_eq!(version("Node"), None);
    }

    #[test]
    fn advice_names_the_program_and_both_ways_to_get_it() {
        let advice = advice(&[&C_COMPILER, &NODE]);
        for expected in
            ["cc (compiles", "xcode-select", "sudo apt-get install gcc libc6-dev nodejs"]
        {
            assert!(advice.contains(expected), "{advice}");
        }
    }
}
