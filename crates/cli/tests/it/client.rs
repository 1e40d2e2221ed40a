//! `request`, `whoami`, `keygen` and `completions`.

use std::fs::{self, File};

use keyward_server::Clock;
use serde_json::{Value, json};

use crate::process::{Server, folder, keyward, run, run_json, stderr, stdout};

#[test]
fn parameters_are_wrapped() {
    let folder = folder();
    let (_server, banner) = Server::dev(folder.path(), &[]);
    let made = run_json(
        folder.path(),
        &["request", "submit/create_wallet", r#"{"walletName": "Main", "accounts": []}"#],
    );
    let activity = &made["activity"];
    assert_eq!(activity["type"], "ACTIVITY_TYPE_CREATE_WALLET");
    assert_eq!(activity["organizationId"], banner["organizationId"]);
    let listed = run_json(folder.path(), &["request", "/public/v1/query/list_wallets"]);
    assert_eq!(
        listed["wallets"][0]["walletId"],
        activity["result"]["createWalletResult"]["walletId"]
    );
}

#[test]
fn whole_bodies_are_sent_as_they_are() {
    let folder = folder();
    let (_server, banner) = Server::dev(folder.path(), &[]);
    let body = json!({
        "type": "ACTIVITY_TYPE_CREATE_WALLET",
        "timestampMs": Clock::default().now().as_millis().to_string(),
        "organizationId": banner["organizationId"],
        "parameters": { "walletName": "Main", "accounts": [] },
    });
    fs::write(folder.path().join("body.json"), body.to_string()).unwrap();
    let made = run_json(folder.path(), &["request", "submit/create_wallet", "@body.json"]);
    // The very same request again is the same activity.
    let again = keyward(folder.path())
        .args(["request", "submit/create_wallet", "-"])
        .stdin(File::open(folder.path().join("body.json")).unwrap())
        .output()
        .unwrap();
    let again: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(again["activity"]["id"], made["activity"]["id"]);
}

#[test]
fn every_curve_and_a_session_speak_for_their_user() {
    let folder = folder();
    let (_server, _) = Server::dev(folder.path(), &[]);
    for (curve, wire) in [
        ("p256", "API_KEY_CURVE_P256"),
        ("secp256k1", "API_KEY_CURVE_SECP256K1"),
        ("ed25519", "API_KEY_CURVE_ED25519"),
    ] {
        let key = run_json(folder.path(), &["keygen", "--curve", curve, "--json"]);
        let parameters = json!({
            "subOrganizationName": curve,
            "rootQuorumThreshold": 1,
            "rootUsers": [{
                "userName": curve,
                "apiKeys": [{ "apiKeyName": curve, "publicKey": key["publicKey"], "curveType": wire }],
                "authenticators": [],
                "oauthProviders": [],
            }],
        })
        .to_string();
        let made =
            run_json(folder.path(), &["request", "submit/create_sub_organization", &parameters]);
        let results = made["activity"]["result"].as_object().unwrap();
        let organization =
            results.values().next().unwrap()["subOrganizationId"].as_str().unwrap().to_owned();
        let as_new_user = |arguments: &[&str]| {
            let output = keyward(folder.path())
                .args(arguments)
                .args(["--curve", curve, "--organization-id", &organization])
                // The variable goes over the env file, which holds the parent's key.
                .env("KEYWARD_API_PRIVATE_KEY", key["privateKey"].as_str().unwrap())
                .output()
                .unwrap();
            assert_eq!(output.status.code(), Some(0), "{curve}: {}", stderr(&output));
            serde_json::from_slice::<Value>(&output.stdout).unwrap()
        };
        assert_eq!(as_new_user(&["whoami", "--json"])["username"], curve);

        let session = as_new_user(&["request", "submit/create_read_only_session"]);
        let session = &session["activity"]["result"]["createReadOnlySessionResult"]["session"];
        let known = as_new_user(&["whoami", "--json", "--session", session.as_str().unwrap()]);
        assert_eq!(known["username"], curve);
    }
}

#[test]
fn an_error_answer_is_a_failure() {
    let folder = folder();
    let (_server, _) = Server::dev(folder.path(), &[]);
    let bad = ["request", "submit/create_wallet", r#"{"walletName": "Main"}"#];
    let output = run(folder.path(), &bad);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert_eq!(
        stderr(&output),
        "error: invalid request body: missing field `accounts` (HTTP 400, REQUEST_INVALID)\n"
    );
    let output = run(folder.path(), &[&bad[..], &["--json"]].concat());
    let error: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(error["turnkeyErrorCode"], "REQUEST_INVALID");
}

#[test]
fn nobody_there_is_a_failure() {
    let folder = folder();
    let (server, banner) = Server::dev(folder.path(), &[]);
    server.end("TERM");
    let output = run(folder.path(), &["whoami"]);
    assert_eq!(output.status.code(), Some(1));
    let expected = format!("error: no answer from {}", banner["baseUrl"].as_str().unwrap());
    assert!(stderr(&output).starts_with(&expected), "{}", stderr(&output));
}

#[test]
fn bad_usage_is_told_apart() {
    let folder = folder();
    let key = "c0ffee";
    for arguments in [
        &[][..],
        &["colour"],
        &["request"],
        &["request", "wallets"],
        &["keygen", "--curve", "p521"],
        &["dev", "--listen", "here"],
        &["dev", "--ephemeral", "--data-dir", "data"],
        &["init"],
        &["completions", "sh"],
        &["whoami"],
        &["whoami", "--base-url", "http://127.0.0.1:1"],
        &["whoami", "--base-url", "http://127.0.0.1:1", "--api-private-key", key],
    ] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(!stderr(&output).contains(key), "{}", stderr(&output));
    }
    let unknown = ["request", "submit/make_coffee", "--base-url", "http://127.0.0.1:1"];
    let output = keyward(folder.path())
        .args(unknown)
        .env("KEYWARD_API_PRIVATE_KEY", "1".repeat(64))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[test]
fn the_help_does_not_show_secrets() {
    let folder = folder();
    let output = keyward(folder.path())
        .args(["whoami", "--help"])
        .env("KEYWARD_API_PRIVATE_KEY", "c0ffee")
        .env("KEYWARD_SESSION", "c0ffee")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).contains("KEYWARD_API_PRIVATE_KEY"));
    assert!(!stdout(&output).contains("c0ffee"));
}

#[test]
fn shells_get_their_completions() {
    let folder = folder();
    for shell in ["bash", "zsh", "fish"] {
        let output = run(folder.path(), &["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        assert!(stdout(&output).contains("ephemeral"), "{shell}");
    }
}
