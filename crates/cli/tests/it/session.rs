//! `session list`, `revoke`, `refresh` and `login`.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use crate::process::{Server, folder, keyward, mode, run, run_json, stderr, stdout};

/// Runs with the key of a session, over that of the env file.
fn run_as(folder: &Path, session: &Value, arguments: &[&str]) -> Output {
    let key = session["apiPrivateKey"].as_str().unwrap();
    keyward(folder).args(arguments).env("KEYWARD_API_PRIVATE_KEY", key).output().unwrap()
}

fn json_as(folder: &Path, session: &Value, arguments: &[&str]) -> Value {
    let output = run_as(folder, session, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn log_in(folder: &Path) -> Value {
    run_json(folder, &["session", "login", "--expires", "600", "--json"])
}

/// The keys of the sessions that are listed, the newest first.
fn listed(folder: &Path) -> Vec<Value> {
    let answer = run_json(folder, &["session", "list", "--json"]);
    let sessions = answer["sessions"].as_array().unwrap().iter();
    sessions.map(|session| session["publicKey"].clone()).collect()
}

/// The id of a session, as it sees itself.
fn id_of(folder: &Path, session: &Value) -> String {
    let answer = json_as(folder, session, &["session", "list", "--json"]);
    let mut sessions = answer["sessions"].as_array().unwrap().iter();
    let current = sessions.find(|session| session["current"] == true).unwrap();
    assert_eq!(current["publicKey"], session["apiPublicKey"]);
    current["sessionId"].as_str().unwrap().to_owned()
}

#[test]
fn a_session_is_opened_listed_and_revoked() {
    let folder = folder();
    let (_server, banner) = Server::dev(folder.path(), &[]);
    assert!(listed(folder.path()).is_empty());
    let session = log_in(folder.path());
    assert_eq!(session["organizationId"], banner["organizationId"]);
    assert_eq!(listed(folder.path()), [session["apiPublicKey"].clone()]);

    let id = id_of(folder.path(), &session);
    let table = run_as(folder.path(), &session, &["session", "list"]);
    let text = stdout(&table);
    assert!(text.lines().nth(1).unwrap().starts_with(&format!("*  {id}")), "{text}");

    let ended = run_json(folder.path(), &["session", "revoke", &id, "--json"]);
    assert_eq!(ended, json!({ "sessionIds": [id] }));
    assert!(listed(folder.path()).is_empty());
    let refused = run_as(folder.path(), &session, &["whoami"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("could not find public key"), "{}", stderr(&refused));
}

#[test]
fn all_but_one_are_revoked_and_then_all() {
    let folder = folder();
    let (_server, _) = Server::dev(folder.path(), &[]);
    let [first, second] = [log_in(folder.path()), log_in(folder.path())];
    let gone = id_of(folder.path(), &first);
    let ended = json_as(folder.path(), &second, &["session", "revoke", "--all-but-this", "--json"]);
    assert_eq!(ended, json!({ "sessionIds": [gone] }));
    assert_eq!(listed(folder.path()), [second["apiPublicKey"].clone()]);
    let user = run_json(folder.path(), &["whoami", "--json"]);
    let user = user["userId"].as_str().unwrap();
    let ended = run_json(folder.path(), &["session", "revoke", "--user", user, "--json"]);
    assert_eq!(ended["sessionIds"].as_array().unwrap().len(), 1);
    log_in(folder.path());
    let ended = run(folder.path(), &["session", "revoke", "--all-users"]);
    assert_eq!(ended.status.code(), Some(0), "{}", stderr(&ended));
    assert_eq!(stderr(&ended), "1 session ended.\n");
    // The key that lasts is no session.
    let ended = run_json(folder.path(), &["session", "revoke", "--all", "--json"]);
    assert_eq!(ended, json!({ "sessionIds": [] }));
}

#[test]
fn a_session_is_refreshed_in_its_env_file() {
    let folder = folder();
    let (_server, _) = Server::dev(folder.path(), &[]);
    let file = folder.path().join("session.env");
    fs::write(&file, "# mine\nAPI_PRIVATE_KEY=old\n").unwrap();
    let made =
        run_json(folder.path(), &["session", "login", "--write-env", "session.env", "--json"]);
    assert!(made.get("apiPrivateKey").is_none());
    let with_file = ["--env-file", "session.env", "--json"];
    let before = run_json(folder.path(), &[&["session", "list"], &with_file[..]].concat());
    let refresh = ["session", "refresh", "--write-env", "session.env"];
    let refreshed = run_json(folder.path(), &[&refresh[..], &with_file].concat());
    assert_ne!(refreshed["apiPublicKey"], made["apiPublicKey"]);
    let after = run_json(folder.path(), &[&["session", "list"], &with_file[..]].concat());
    let newest = &after["sessions"][0];
    assert_eq!(newest["current"], true);
    assert_eq!(newest["publicKey"], refreshed["apiPublicKey"]);
    assert_eq!(newest["refreshedFrom"], before["sessions"][0]["sessionId"]);
    assert_eq!(newest["loggedInAt"], before["sessions"][0]["loggedInAt"]);
    assert_eq!(mode(&file), 0o600);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("# mine\n") && !text.contains("old"), "{text}");
}

#[test]
fn a_key_that_lasts_can_not_be_refreshed() {
    let folder = folder();
    let (_server, _) = Server::dev(folder.path(), &[]);
    let output = run(folder.path(), &["session", "refresh"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert!(stderr(&output).contains("not one of a session"), "{}", stderr(&output));
    assert!(listed(folder.path()).is_empty());
}

#[test]
fn what_to_revoke_is_said_once() {
    let folder = folder();
    for arguments in [&[][..], &["--all", "--all-users"], &["id", "--all"]] {
        let output = run(folder.path(), &[&["session", "revoke"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}
