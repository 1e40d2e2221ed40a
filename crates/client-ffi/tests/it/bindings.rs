//! Generated bindings. Those for Swift and Kotlin are committed, so that an application needs no generator and
//! a change of the interface is seen in review; `UPDATE=1 cargo test -p keyward-client-ffi` writes them anew.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use uniffi_bindgen::bindings::{GenerateOptions, TargetLanguage, generate};

/// What only the feature `stories` has.
const TESTING: &[&str] = &[
    "SoftwarePasskey",
    "SoftwareSigner",
    "SoftwareWallet",
    "StoryError",
    "StoryServer",
    "play_story",
    "story_names",
];

/// The library that was built beside this test, with the feature `stories`.
pub(crate) fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let file = format!(
        "{}keyward_client_ffi{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    let library = test.parent().unwrap().join(file);
    assert!(library.exists(), "cargo did not build {}", library.display());
    library
}

/// Generates a binding as `uniffi.toml` says, without the items that are named.
pub(crate) fn write_binding(language: TargetLanguage, directory: &Path, without: &[&str]) {
    let key = match language {
        TargetLanguage::Kotlin => "kotlin",
        TargetLanguage::Python => "python",
        TargetLanguage::Ruby => "ruby",
        TargetLanguage::Swift => "swift",
    };
    let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    let root = env!("CARGO_MANIFEST_DIR");
    let text = format!(
        "[crate-roots]\nkeyward_client_ffi = {root:?}\n\
         [crates.keyward_client_ffi.bindings.{key}]\nexclude = {without:?}\n"
    );
    std::fs::write(file.path(), text).unwrap();
    let utf8 = |path: &Path| path.to_str().unwrap().into();
    generate(GenerateOptions {
        languages: vec![language],
        source: utf8(&library()),
        out_dir: utf8(directory),
        config_override: Some(utf8(file.path())),
        ..GenerateOptions::default()
    })
    .unwrap();
}

/// Compares what is generated with what is committed, or commits it.
fn is_up_to_date(language: TargetLanguage, folder: &str) {
    let fresh = tempfile::tempdir().unwrap();
    write_binding(language, fresh.path(), TESTING);
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("bindings").join(folder);
    let written = files(fresh.path());
    assert!(!written.is_empty());
    for text in written.values() {
        assert!(!text.contains("oftwarePasskey") && !text.contains("StoryServer"));
    }
    if std::env::var_os("UPDATE").is_some_and(|update| update == OsStr::new("1")) {
        let _ = std::fs::remove_dir_all(&committed);
        for (name, text) in &written {
            let path = committed.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }
    let stale = files(&committed) != written;
    assert!(
        !stale,
        "{} is stale: UPDATE=1 cargo test -p keyward-client-ffi --test it bindings",
        committed.display()
    );
}

/// The texts of a folder by path, without trailing spaces.
fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&next) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                let lines: Vec<_> = text.lines().map(str::trim_end).collect();
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(name, format!("{}\n", lines.join("\n").trim_end()));
            }
        }
    }
    found
}

fn is_there(compiler: &str) -> bool {
    Command::new(compiler).arg("-version").output().is_ok_and(|output| output.status.success())
}

fn compiles(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn committed(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bindings").join(file)
}

#[test]
fn swift_is_up_to_date() {
    is_up_to_date(TargetLanguage::Swift, "swift");
    // On Apple's systems the sample is checked with it: elsewhere there is no Keychain to compile against.
    if is_there("swiftc") {
        let mut map = std::ffi::OsString::from("-fmodule-map-file=");
        map.push(committed("swift/keyward_client_ffiFFI.modulemap"));
        let mut command = Command::new("swiftc");
        command.args(["-typecheck", "-Xcc"]).arg(map);
        command.arg(committed("swift/keyward_client_ffi.swift"));
        if cfg!(target_vendor = "apple") {
            command.arg(committed("../samples/ios/KeychainStorage.swift"));
        }
        compiles(&mut command);
    }
}

#[test]
fn kotlin_is_up_to_date() {
    // Needs JNA and the coroutines to compile, which an application's build brings.
    is_up_to_date(TargetLanguage::Kotlin, "kotlin");
}
