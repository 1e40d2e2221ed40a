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

fn post(url: &str) -> (u16, Value) {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let mut answer = agent.post(url).send_empty().unwrap();
    let body = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), serde_json::from_str(&body).unwrap())
}

fn get(url: &str) -> Value {
    let body = ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap();
    serde_json::from_str(&body).unwrap()
}

/// A wallet of the root organization is there after its making, and gone after a reset.
fn assert_goes_back(folder: &Path, banner: &Value) {
    let env_file = banner["envFile"].as_str().unwrap();
    let request = |arguments: &[&str]| {
        run_json(folder, &[&["request", "--env-file", env_file], arguments].concat())
    };
    let whoami = request(&["query/whoami"]);
    let wallets = || request(&["query/list_wallets"])["wallets"].as_array().unwrap().len();
    let before = wallets();
    request(&["submit/create_wallet", r#"{"walletName": "New", "accounts": []}"#]);
    assert_eq!(wallets(), before + 1);
    let (status, answer) = post(&format!("{}/dev/reset", banner["baseUrl"].as_str().unwrap()));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["organizationId"], banner["organizationId"]);
    assert_eq!(wallets(), before);
    assert_eq!(request(&["query/whoami"]), whoami);
}

#[test]
fn dev_goes_back_to_its_beginning_and_dev_env_stays_valid() {
    for arguments in
        [&[][..], &["--seed", SEED], &["--ephemeral"], &["--ephemeral", "--seed", SEED]]
    {
        let folder = folder();
        let (server, banner) = Server::dev(folder.path(), arguments);
        assert_goes_back(folder.path(), &banner);
        assert_eq!(server.end("TERM").code(), Some(0));
        if arguments.contains(&"--ephemeral") {
            continue;
        }
        // Without the seed file, too: it is kept.
        let (_server, again) = Server::dev(folder.path(), &[]);
        assert_eq!(again["organizationId"], banner["organizationId"]);
        assert_goes_back(folder.path(), &again);
    }
}

#[test]
fn a_seed_that_an_earlier_release_did_not_keep_is_asked_for() {
    let folder = folder();
    let (server, _) = Server::dev(folder.path(), &["--seed", SEED]);
    server.end("TERM");
    let file = folder.path().join("keyward-data/dev-root-key.json");
    let mut kept: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    kept.as_object_mut().unwrap().remove("seedText").unwrap();
    fs::write(&file, kept.to_string()).unwrap();
    let (server, banner) = Server::dev(folder.path(), &[]);
    let (status, answer) = post(&format!("{}/dev/reset", banner["baseUrl"].as_str().unwrap()));
    assert_eq!(status, 400);
    assert!(answer["message"].as_str().unwrap().contains("--seed"), "{answer}");
    server.end("TERM");
    let (_server, banner) = Server::dev(folder.path(), &["--seed", SEED]);
    assert_goes_back(folder.path(), &banner);
}

#[test]
fn dev_switches_log_ins_on_where_they_were_not_yet() {
    let folder = folder();
    let init = ["init", "--data-dir", "keyward-data", "--name", "Development", "--json"];
    let root = run_json(folder.path(), &init);
    let key = serde_json::json!({
        "organizationId": root["organizationId"],
        "apiPrivateKey": root["apiPrivateKey"],
        "seed": null,
    });
    let file = folder.path().join("keyward-data/dev-root-key.json");
    fs::write(file, key.to_string()).unwrap();
    for _ in 0..2 {
        let (server, banner) = Server::dev(folder.path(), &[]);
        let base_url = banner["baseUrl"].as_str().unwrap();
        let known = get(&format!("{base_url}/playground/config.json"));
        assert_eq!(known["authProxyConfigId"], root["organizationId"]);
        assert_eq!(known["organizationId"], root["organizationId"]);
        let config = run_json(folder.path(), &["request", "query/get_auth_proxy_config"]);
        assert!(config.is_object());
        let user = run_json(folder.path(), &["whoami", "--json"]);
        assert_eq!(user["userId"], root["userId"]);
        assert_goes_back(folder.path(), &banner);
        server.end("TERM");
    }
}

#[test]
fn the_banner_names_the_playground() {
    let folder = folder();
    let (_server, banner) = Server::dev(folder.path(), &[]);
    let port = banner["baseUrl"].as_str().unwrap().rsplit(':').next().unwrap();
    assert_eq!(banner["playgroundUrl"], format!("http://localhost:{port}/"));
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
    let playground = ureq::get(format!("http://{address}/playground/config.json")).call();
    assert!(matches!(playground, Err(ureq::Error::StatusCode(404))));
    assert_eq!(server.end("TERM").code(), Some(0));

    let id = root["organizationId"].as_str().unwrap();
    let mut command = keyward(folder.path());
    command.env("KEYWARD_CONFIG", "keyward.toml").env("KEYWARD_PLAYGROUND", "true");
    command.env("KEYWARD_PLAYGROUND_ORGANIZATION_ID", id);
    let (_server, address) = Server::serve(command);
    let known = get(&format!("http://{address}/playground/config.json"));
    assert_eq!(known["organizationId"], id);
    assert_eq!(known["isDevelopment"], false);
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
