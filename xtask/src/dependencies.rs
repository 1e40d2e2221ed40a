//! What we depend on is what `deny.toml` accepts: licences, sources, no crate in two versions, no
//! banned crate.
//!
//! The file is written for `cargo deny`, which is asked too where it is installed. So that the gate
//! doesn't need it, the same rules are read here. The crates come from `cargo tree`: `cargo metadata`
//! also lists optional dependencies that no feature turns on.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use crate::licence;
use crate::shell::{Failure, cargo, output, root, step, succeeds};

/// Checks what the workspace's crates are built, tested and compiled with, on each listed target.
///
/// # Errors
///
/// [`Failure::Dependencies`] with a line for each thing that `deny.toml` doesn't accept.
pub(crate) fn check() -> Result<(), Failure> {
    eprintln!("\n── dependencies: deny.toml");
    let path = root().join("deny.toml");
    let text = std::fs::read_to_string(&path).map_err(|source| Failure::File { path, source })?;
    let rules = Rules::parse(&text)?;
    let mut crates = BTreeSet::new();
    for target in &rules.targets {
        crates.extend(crates_for(target)?);
    }

    let violations = rules.violations(&crates);
    if !violations.is_empty() {
        return Err(Failure::Dependencies(violations));
    }
    for unused in rules.unused_duplicates(&crates).chain(rules.unused_exceptions(&crates)) {
        eprintln!("── dependencies: deny.toml accepts {unused}, which is no longer there");
    }
    eprintln!("── dependencies: {} crates", crates.len());

    if succeeds(&mut cargo(["deny", "--version"])) {
        let deny = ["deny", "check", "bans", "licenses", "sources"];
        step("cargo deny", &mut cargo(deny))?;
    }
    Ok(())
}

/// A crate as `cargo tree` shows it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Crate {
    name: String,
    version: String,
    /// Empty for crates.io, else a path or the address of another registry or repository.
    source: String,
    /// Empty when the crate names none.
    licence: String,
}

impl Crate {
    /// Reads `name v1.2.3 (proc-macro) (/a/path)|MIT OR Apache-2.0 (*)`; what is in parentheses may
    /// be missing.
    fn parse(line: &str) -> Option<Self> {
        let (package, licence) = line.split_once('|')?;
        let (name, rest) = package.split_once(" v")?;
        let (version, source) = rest.split_once(' ').unwrap_or((rest, ""));
        Some(Self {
            name: name.to_owned(),
            version: version.to_owned(),
            source: source.replace("(proc-macro)", "").trim().to_owned(),
            licence: licence.trim_end_matches("(*)").trim().to_owned(),
        })
    }

    fn is_ours(&self) -> bool {
        self.source.trim_start_matches('(').starts_with(&*root().to_string_lossy())
    }
}

fn crates_for(target: &str) -> Result<Vec<Crate>, Failure> {
    let listed = output(
        cargo(["tree", "--workspace", "--locked", "--edges", "normal,build,dev"])
            .args(["--prefix", "none", "--format", "{p}|{l}", "--target", target]),
    )?;
    let crates = listed.lines().filter(|line| !line.is_empty());
    crates.map(|line| Crate::parse(line).ok_or_else(|| unreadable_crate(line))).collect()
}

fn unreadable_crate(line: &str) -> Failure {
    Failure::Dependencies(vec![format!("cannot read what `cargo tree` says: {line}")])
}

/// The part of `deny.toml` that is checked here.
#[derive(Debug, Default)]
struct Rules {
    targets: Vec<String>,
    licences: Vec<String>,
    /// Licences that one crate may be under beside those.
    exceptions: Vec<(Named, Vec<String>)>,
    banned: Vec<Named>,
    /// Versions that may be there beside another one.
    duplicates: Vec<Named>,
}

/// An entry `{ crate = "name:1.2", reason = "…" }`.
#[derive(Debug)]
struct Named {
    name: String,
    /// As many leading numbers of the version as are given; every version when empty.
    version: String,
    reason: String,
}

impl Named {
    /// Reads `name` or `name:1.2`.
    fn parse(spec: &str, reason: String) -> Self {
        let (name, version) = spec.split_once([':', '@']).unwrap_or((spec, ""));
        Self { name: name.to_owned(), version: version.to_owned(), reason }
    }

    fn covers(&self, other: &Crate) -> bool {
        let rest = other.version.strip_prefix(&self.version);
        let version = rest.is_some_and(|rest| {
            self.version.is_empty() || rest.is_empty() || rest.starts_with(['.', '-', '+'])
        });
        self.name == other.name && version
    }
}

impl Rules {
    fn parse(text: &str) -> Result<Self, Failure> {
        let file: Table =
            text.parse().map_err(|error: toml::de::Error| Failure::DenyToml(error.to_string()))?;
        Ok(Self {
            targets: strings(list(&file, "graph", "targets")?)?,
            licences: strings(list(&file, "licenses", "allow")?)?,
            exceptions: exceptions(&file)?,
            banned: named(list(&file, "bans", "deny")?)?,
            duplicates: named(list(&file, "bans", "skip")?)?,
        })
    }

    fn violations(&self, crates: &BTreeSet<Crate>) -> Vec<String> {
        let mut violations = Vec::new();
        let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for each @ Crate { name, version, source, licence } in crates {
            if !source.is_empty() && !each.is_ours() {
                violations.push(format!("{name} {version} is not from crates.io: {source}"));
            }
            if let Some(Named { reason, .. }) = self.banned.iter().find(|entry| entry.covers(each))
            {
                violations.push(format!("{name} {version} is banned: {reason}"));
            }
            match licence::satisfies(licence, &|id| self.allows(each, id)) {
                Some(true) => {}
                Some(false) => violations.push(format!(
                    "{name} {version} is under {licence}; [licenses] allow doesn't list enough of it"
                )),
                None => violations
                    .push(format!("{name} {version} has no licence expression: {licence:?}")),
            }
            if !self.duplicates.iter().any(|entry| entry.covers(each)) {
                versions.entry(name).or_default().insert(version);
            }
        }
        for (name, versions) in versions.into_iter().filter(|(_, versions)| versions.len() > 1) {
            let versions = versions.into_iter().collect::<Vec<_>>().join(" and ");
            violations.push(format!(
                "{name} is there as {versions}; settle on one, or give all but one to [bans] skip with a reason (`cargo tree --duplicates` shows who wants which)"
            ));
        }
        violations
    }

    fn allows(&self, one: &Crate, id: &str) -> bool {
        let excepted = self.exceptions.iter().filter(|(entry, _)| entry.covers(one));
        let more = excepted.flat_map(|(_, licences)| licences);
        self.licences.iter().chain(more).any(|known| known == id)
    }

    fn unused_exceptions(&self, crates: &BTreeSet<Crate>) -> impl Iterator<Item = String> {
        let is_used = |entry: &Named| crates.iter().any(|one| entry.covers(one));
        let unused = self.exceptions.iter().filter(move |(entry, _)| !is_used(entry));
        unused.map(|(Named { name, .. }, _)| format!("more licences for {name}"))
    }

    fn unused_duplicates(&self, crates: &BTreeSet<Crate>) -> impl Iterator<Item = String> {
        let unused =
            self.duplicates.iter().filter(|entry| !crates.iter().any(|one| entry.covers(one)));
        unused.map(|Named { name, version, .. }| format!("{name} {version}"))
    }
}

fn list<'file>(file: &'file Table, section: &str, key: &str) -> Result<&'file [Value], Failure> {
    let value = file.get(section).and_then(|section| section.get(key)).and_then(Value::as_array);
    value.map(Vec::as_slice).ok_or_else(|| Failure::DenyToml(format!("no list [{section}] {key}")))
}

fn strings(values: &[Value]) -> Result<Vec<String>, Failure> {
    let string = |value: &Value| value.as_str().map(str::to_owned);
    values.iter().map(|value| string(value).ok_or_else(|| unreadable(value))).collect()
}

fn named(values: &[Value]) -> Result<Vec<Named>, Failure> {
    let string = |value: &Value, key| value.get(key).and_then(Value::as_str).map(str::to_owned);
    values
        .iter()
        .map(|value| match (string(value, "crate"), string(value, "reason")) {
            (Some(spec), Some(reason)) if !reason.trim().is_empty() => {
                Ok(Named::parse(&spec, reason))
            }
            _ => Err(unreadable(value)),
        })
        .collect()
}

/// `[licenses] exceptions`, which may be missing. The reason is a comment there: `cargo deny` takes no other.
fn exceptions(file: &Table) -> Result<Vec<(Named, Vec<String>)>, Failure> {
    if file.get("licenses").and_then(|section| section.get("exceptions")).is_none() {
        return Ok(Vec::new());
    }
    let entries = list(file, "licenses", "exceptions")?.iter();
    entries
        .map(|value| {
            let spec = value.get("crate").and_then(Value::as_str);
            let allow = value.get("allow").and_then(Value::as_array);
            let (Some(spec), Some(allow)) = (spec, allow) else { return Err(unreadable(value)) };
            Ok((Named::parse(spec, String::new()), strings(allow)?))
        })
        .collect()
}

fn unreadable(value: &Value) -> Failure {
    Failure::DenyToml(format!("{value:?}: expected text, or {{ crate = \"…\", reason = \"…\" }}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = r#"
        [graph]
        targets = ["x86_64-unknown-linux-gnu"]
        [licenses]
        allow = ["MIT"]
        exceptions = [{ crate = "weak:2", allow = ["MPL-2.0"] }]
        [bans]
        deny = [{ crate = "openssl-sys", reason = "one TLS is enough" }]
        skip = [{ crate = "syn:1", reason = "an old macro" }]
    "#;

    fn violations(lines: &[&str]) -> Vec<String> {
        let crates = lines.iter().filter_map(|line| Crate::parse(line)).collect();
        Rules::parse(RULES).unwrap().violations(&crates)
    }

    #[test]
    fn what_is_listed_passes() {
        let ours = format!("xtask v0.1.0 ({})|MIT", root().join("xtask").display());
        let crates = [
            &ours,
            "syn v2.0.1|MIT",
            "syn v1.0.9|MIT (*)",
            "derive v1.0.0 (proc-macro)|MIT",
            "weak v2.1.0|MPL-2.0",
        ];
        assert_eq!(violations(&crates), Vec::<String>::new());
    }

    #[test]
    fn what_is_not_listed_is_named() {
        let cases = [
            (&["a v1.0.0|GPL-3.0-only"][..], "a 1.0.0 is under GPL-3.0-only"),
            (&["a v2.0.0|MPL-2.0"], "a 2.0.0 is under MPL-2.0"),
            (&["weak v1.0.0|MPL-2.0"], "weak 1.0.0 is under MPL-2.0"),
            (&["a v1.0.0|"], "a 1.0.0 has no licence expression"),
            (&["a v1.0.0 (https://example.com/a.git#1234)|MIT"], "not from crates.io"),
            (&["openssl-sys v0.9.1|MIT"], "one TLS is enough"),
            (&["a v1.0.0|MIT", "a v2.0.0|MIT"], "a is there as 1.0.0 and 2.0.0"),
            (&["syn v2.0.0|MIT", "syn v3.0.0|MIT", "syn v1.0.0|MIT"], "2.0.0 and 3.0.0"),
        ];
        for (crates, expected) in cases {
            let found = violations(crates);
            assert!(matches!(&*found, [one] if one.contains(expected)), "{found:?}");
        }
    }

    #[test]
    fn a_version_is_covered_by_its_leading_numbers() {
        let one = |version| Crate::parse(&format!("a v{version}|MIT")).unwrap();
        let named =
            Named { name: "a".to_owned(), version: "0.1".to_owned(), reason: String::new() };
        assert!(named.covers(&one("0.1")) && named.covers(&one("0.1.7")));
        assert!(!named.covers(&one("0.10.0")) && !named.covers(&one("1.0.1")));
    }

    #[test]
    fn a_duplicate_without_a_reason_is_refused() {
        let unexplained = RULES.replace("an old macro", " ");
        assert!(matches!(Rules::parse(&unexplained), Err(Failure::DenyToml(_))));
    }
}
