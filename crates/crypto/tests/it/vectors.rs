//! Where shared vectors are: the folder named in `KEYWARD_VECTORS`, else `tests/vectors` at the root.

use std::path::PathBuf;

use serde_json::Value;

/// Reads one file of vectors; a missing one fails the test.
pub(crate) fn load(file: &str) -> Value {
    let folder = std::env::var_os("KEYWARD_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors"),
        PathBuf::from,
    );
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// The cases of a list; an empty or missing one fails the test.
pub(crate) fn cases(list: &Value) -> &[Value] {
    let cases = list.as_array().expect("a list of cases");
    assert!(!cases.is_empty(), "no case");
    cases
}

pub(crate) fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name].as_str().unwrap_or_else(|| panic!("no {name} in {case}"))
}

pub(crate) fn bytes<const N: usize>(case: &Value, name: &str) -> [u8; N] {
    hex::decode(text(case, name)).unwrap().try_into().unwrap()
}
