//! `dev`, `init` and `serve`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::process::{Server, folder, keyward, mode, run, run_json, stderr, stdout};

const SEED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/seed.example.json");
const MASTER_KEY: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// A line of `dev.env`.
fn line(folder: &Path, name: &str) -> String {
    let file = fs::read_to_string(folder.join("keyward-data/dev.env")).unwrap();
    let line = file.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    line.unwrap().to_owned()
}

#[test]
fn dev_says_how_to_reach_it() {
    let folder = folder();
    let (server, banner) = Server::dev(folder.path(), &[]);
    assert_eq!(banner["baseUrl"], line(folder.path(), "BASE_URL"));
    assert_eq!(banner["apiPublicKey"], line(folder.path(), "API_PUBLIC_KEY"));
    assert_eq!(line(folder.path(), "API_PRIVATE_KEY").len(), 64);

    let env_file = banner["envFile"].as_str().unwrap();
    let known = run_json(folder.path(), &["whoami", "--json", "--env-file", env_file]);
    assert_eq!(known["organizationId"], banner["organizationId"]);
    assert_eq!(known["organizationId"], line(folder.path(), "ORGANIZATION_ID"));
    // The default env file is the one that the default data directory gets.
    let text = run(folder.path(), &["whoami"]);
    assert!(stdout(&text).contains(known["userId"].as_str().unwrap()));
    assert_eq!(server.end("TERM").code(), Some(0));
}

#[test]
fn what_dev_writes_is_for_its_owner_alone() {
    let folder = folder();
    let (_server, _) = Server::dev(folder.path(), &[]);
    let data = folder.path().join("keyward-data");
    assert_eq!(mode(&data), 0o700);
    let files: Vec<_> = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path()).collect();
    for name in ["dev.env", "dev-root-key.json", "master.key", "keyward.db"] {
        assert!(files.contains(&data.join(name)), "{name}");
    }
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn a_second_start_goes_on() {
    let folder = folder();
    let parts = ["ORGANIZATION_ID", "API_PUBLIC_KEY", "API_PRIVATE_KEY"];
    let read = || parts.map(|name| line(folder.path(), name));
    let (server, _) = Server::dev(folder.path(), &[]);
    let before = read();
    assert_eq!(server.end("INT").code(), Some(0));
    fs::remove_file(folder.path().join("keyward-data/dev.env")).unwrap();
    let (_server, _) = Server::dev(folder.path(), &[]);
    assert_eq!(read(), before);
    run_json(folder.path(), &["whoami", "--json"]);
}

#[test]
fn a_data_directory_has_one_server() {
    let folder = folder();
    let (_server, _) = Server::dev(folder.path(), &[]);
    let second = run(folder.path(), &["dev", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(stderr(&second).contains("in use by another process"), "{}", stderr(&second));
}

#[test]
fn an_ephemeral_server_leaves_nothing() {
    let folder = folder();
    let (server, banner) = Server::dev(folder.path(), &["--ephemeral", "--seed", SEED]);
    let env_file = Path::new(banner["envFile"].as_str().unwrap()).to_owned();
    assert_eq!(mode(&env_file), 0o600);
    assert_eq!(mode(env_file.parent().unwrap()), 0o700);
    run_json(folder.path(), &["whoami", "--json", "--env-file", env_file.to_str().unwrap()]);
    assert_eq!(server.end("TERM").code(), Some(0));
    assert!(!env_file.parent().unwrap().exists());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_seed_makes_the_same_server_everywhere() {
    let accounts = || {
        let folder = folder();
        let (_server, banner) = Server::dev(folder.path(), &["--seed", SEED]);
        let organizations = run_json(folder.path(), &["request", "query/list_suborgs"]);
        let alice = organizations["organizationIds"][0].as_str().unwrap();
        let ask = |query, body: &str| {
            run_json(folder.path(), &["request", query, body, "--organization-id", alice])
        };
        let wallets = ask("query/list_wallets", "{}");
        let wallet = wallets["wallets"][0]["walletId"].as_str().unwrap();
        let body = format!(r#"{{"walletId": "{wallet}"}}"#);
        let mut account = ask("query/list_wallet_accounts", &body)["accounts"][0].take();
        [banner["organizationId"].clone(), account["address"].take(), wallets]
    };
    let one = accounts();
    assert_eq!(one[0], "6f1f9a0e-3a70-4a57-9d3c-2f6f1f3c9b10");
    // The first account of the mnemonic that everybody tests with.
    assert_eq!(one[1], "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
    assert_eq!(accounts(), one);
}

#[test]
fn a_seed_is_for_its_own_server_only() {
    let folder = folder();
    let (server, banner) = Server::dev(folder.path(), &["--seed", SEED]);
    server.end("TERM");
    for arguments in [&["--seed", SEED][..], &[]] {
        let (server, again) = Server::dev(folder.path(), arguments);
        assert_eq!(again["organizationId"], banner["organizationId"]);
        server.end("TERM");
    }
    fs::write(folder.path().join("other.json"), r#"{"organization":{"organizationName":"A"}}"#)
        .unwrap();
    let other = run(folder.path(), &["dev", "--listen", "127.0.0.1:0", "--seed", "other.json"]);
    assert_eq!(other.status.code(), Some(1));
    assert!(stderr(&other).contains("not begun with this seed file"), "{}", stderr(&other));
}

#[test]
fn dev_leaves_a_production_server_alone() {
    let folder = folder();
    run_json(folder.path(), &["init", "--data-dir", "keyward-data", "--json"]);
    let dev = run(folder.path(), &["dev", "--listen", "127.0.0.1:0"]);
    assert_eq!(dev.status.code(), Some(1));
    assert!(stderr(&dev).contains("was not begun by `keyward dev`"), "{}", stderr(&dev));
}

#[test]
fn a_server_for_production() {
    let folder = folder();
    let root = run_json(folder.path(), &["init", "--data-dir", "data", "--name", "Ours", "--json"]);
    assert_eq!(mode(&folder.path().join("data/master.key")), 0o600);
    fs::write(folder.path().join("keyward.toml"), "data_dir = \"data\"\n").unwrap();
    let mut command = keyward(folder.path());
    command.env("KEYWARD_CONFIG", "keyward.toml");
    let (server, address) = Server::serve(command);

    let output = keyward(folder.path())
        .args(["whoami", "--json"])
        .env("KEYWARD_BASE_URL", format!("http://{address}"))
        .env("KEYWARD_ORGANIZATION_ID", root["organizationId"].as_str().unwrap())
        .env("KEYWARD_API_PRIVATE_KEY", root["apiPrivateKey"].as_str().unwrap())
        .output()
        .unwrap();
    let known: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(known["organizationName"], "Ours");
    assert_eq!(known["userId"], root["userId"]);
    assert_eq!(server.end("TERM").code(), Some(0));
}

#[test]
fn the_master_key_can_come_from_a_variable() {
    let folder = folder();
    let command = || {
        let mut command = keyward(folder.path());
        command.env("KEYWARD_DATA_DIR", "data").env("KEYWARD_MASTER_KEY", MASTER_KEY);
        command
    };
    assert_eq!(command().arg("init").output().unwrap().status.code(), Some(0));
    assert!(!folder.path().join("data/master.key").exists());
    let (server, _) = Server::serve(command());
    assert_eq!(server.end("INT").code(), Some(0));

    let without = command().arg("serve").env_remove("KEYWARD_MASTER_KEY").output().unwrap();
    assert_eq!(without.status.code(), Some(1));
    let other = "0".repeat(64);
    let wrong = command().arg("serve").env("KEYWARD_MASTER_KEY", &other).output().unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(!stderr(&wrong).contains(&other));
}

#[test]
fn nothing_begins_twice() {
    let folder = folder();
    let init = ["init", "--data-dir", "data"];
    let first = run(folder.path(), &init);
    assert_eq!(first.status.code(), Some(0));
    assert!(stdout(&first).contains("API private key"));
    assert!(stderr(&first).contains("Keep the API private key"));
    let files = || {
        ["master.key", "keyward.db"]
            .map(|name| fs::read(folder.path().join("data").join(name)).unwrap())
    };
    let before = files();
    let second = run(folder.path(), &init);
    assert_eq!(second.status.code(), Some(1));
    assert!(stderr(&second).contains("holds a server already"), "{}", stderr(&second));
    assert!(second.stdout.is_empty());
    assert!(files() == before);
}

#[test]
fn nothing_is_served_before_it_began() {
    let folder = folder();
    let output = run(folder.path(), &["serve"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("run `keyward init` first"), "{}", stderr(&output));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
