//! The Python binding, generated and run.

use std::path::Path;
use std::process::Command;

use keyward_server::TestServer;
use uniffi_bindgen::bindings::TargetLanguage;

use crate::bindings::{library, write_binding};

/// Runs a file of `python/` against a server of its own.
fn passes(module: &str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(TestServer::start());
    let organization_id = server.root.organization.to_string();
    let told = serde_json::json!({
        "baseUrl": server.base_url,
        "organizationId": organization_id,
        "apiPrivateKey": server.root.api_private_key(),
        "authProxyConfigId": organization_id,
    });

    let binding = tempfile::tempdir().unwrap();
    write_binding(TargetLanguage::Python, binding.path(), &[]);
    let library = library();
    let beside = binding.path().join(library.file_name().unwrap());
    std::fs::hard_link(&library, &beside)
        .or_else(|_| std::fs::copy(&library, &beside).map(drop))
        .unwrap();

    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    let output = Command::new("python3")
        .args(["-m", "unittest", module])
        .current_dir(tests)
        .env("PYTHONPATH", binding.path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("KEYWARD_TEST_SERVER", told.to_string())
        .output()
        .expect("python3, 3.9 or newer, runs the binding's tests: apt-get install python3");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stdout));
    assert!(!said.contains("Ran 0 tests") && !said.contains("skipped"), "{said}");
}

#[test]
fn every_flow_works() {
    passes("test_flows");
}

#[test]
fn storages_fail_and_are_heard() {
    passes("test_storage");
}

#[test]
fn every_story_plays() {
    passes("test_stories");
}
