//! Where the vectors are, and how to read a file of them.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Every file of the folder whose name begins with `kind` and ends in `.json`, parsed, in the order
/// of their names. Fails when there is none.
pub(crate) fn read(kind: &str) -> Vec<(String, Value)> {
    let folder = folder();
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|file| name(file).starts_with(kind))
        .filter(|file| file.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no {kind}*.json in {}", folder.display());
    let parsed = |file: PathBuf| {
        let text = std::fs::read(&file).unwrap();
        let value = serde_json::from_slice(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        (name(&file).into_owned(), value)
    };
    files.into_iter().map(parsed).collect()
}

fn name(file: &Path) -> Cow<'_, str> {
    file.file_name().unwrap_or_default().to_string_lossy()
}

#[expect(clippy::disallowed_methods, reason = "a test has no configuration to read it from")]
fn folder() -> PathBuf {
    std::env::var("KEYWARD_VECTORS").map_or_else(
        |_| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors")),
        PathBuf::from,
    )
}
