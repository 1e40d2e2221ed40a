//! `policy`: without a server, and with one.

use std::fs;

use serde_json::{Value, json};

use crate::process::{folder, run, stderr, stdout};

#[test]
fn what_is_wrong_with_policies_is_shown_where_it_is() {
    let folder = folder();
    let policies = json!({
        "policies": [
            { "policyName": "good", "effect": "EFFECT_ALLOW", "consensus": "approvers.any(u, u.id == 'a')",
              "condition": "eth.tx.value < 5" },
            { "policyName": "fees", "effect": "EFFECT_ALLOW", "condition": "eth.tx.to == 'a' &&\n  eth.tx.gasPrice < 9" },
            { "effect": "EFFECT_ALLOW", "condition": "eth.tx.chain_id == '1'" },
        ],
    });
    fs::write(folder.path().join("policies.json"), policies.to_string()).unwrap();
    let output = run(folder.path(), &["policy", "check", "policies.json"]);
    assert_eq!(output.status.code(), Some(1));
    let shown = stdout(&output);
    assert!(shown.contains("--> policies.json: fees condition:2:10\n"), "{shown}");
    assert!(shown.contains("\n 2 |   eth.tx.gasPrice < 9\n   |          ^^^^^^^^\n"), "{shown}");
    assert!(shown.contains("--> policies.json: #3 condition:1:"), "{shown}");
    assert!(shown.contains("type mismatch: int == string"), "{shown}");
    assert!(stderr(&output).starts_with("3 policies: 2 errors, "), "{}", stderr(&output));

    let output = run(folder.path(), &["policy", "check", "policies.json", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["policies"], &report["errors"]), (&json!(3), &json!(2)));
    let mut found = report["problems"].as_array().unwrap().iter();
    let wrong = found.find(|problem| problem["policy"] == "fees").unwrap();
    assert_eq!(
        (&wrong["member"], &wrong["line"], &wrong["column"], &wrong["severity"]),
        (&json!("condition"), &json!(2), &json!(10), &json!("error"))
    );
}

#[test]
fn warnings_do_not_make_a_check_fail() {
    let folder = folder();
    let policy = json!({ "effect": "EFFECT_DENY", "condition": "eth.tx.value > 5" });
    fs::write(folder.path().join("policy.json"), policy.to_string()).unwrap();
    let output = run(folder.path(), &["policy", "check", "policy.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("warning["), "{}", stdout(&output));
    fs::write(folder.path().join("policy.json"), "{").unwrap();
    let output = run(folder.path(), &["policy", "check", "policy.json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("policy.json is not a JSON file of policies"));
}
