//! Files of policies: one, a list of them, or an object with a list `policies`.

use std::path::{Path, PathBuf};

use keyward_protocol::wire::draft::PolicyDraft;
use serde_json::Value;

use crate::failure::Failure;

/// Members that a policy has, and those that only one that is read from a server has.
const MEMBERS: [&str; 12] = [
    "policyName",
    "effect",
    "condition",
    "consensus",
    "time",
    "budget",
    "onError",
    "notes",
    "policyId",
    "createdAt",
    "updatedAt",
    "warnings",
];

/// A policy of a file.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its name, or else its place in the file, from 1.
    pub(super) title: String,
    /// The policy; what is wrong where it is none.
    pub(super) draft: Result<PolicyDraft, String>,
}

/// Reads a file of policies; `-` is the standard input.
pub(super) fn read(path: &Path) -> Result<Vec<Entry>, Failure> {
    let failed = |source| Failure::File { path: path.to_owned(), source };
    let text = if path == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
            .map_err(|source| Failure::File { path: PathBuf::from("standard input"), source })?
    } else {
        std::fs::read_to_string(path).map_err(failed)?
    };
    parse(&text).map_err(|source| Failure::Policies { path: path.to_owned(), source })
}

fn parse(text: &str) -> Result<Vec<Entry>, serde_json::Error> {
    let document: Value = serde_json::from_str(text)?;
    let policies = match document {
        Value::Object(mut members) if members.contains_key("policies") => {
            match members.remove("policies") {
                Some(Value::Array(policies)) => policies,
                other => vec![other.unwrap_or_default()],
            }
        }
        Value::Array(policies) => policies,
        one => vec![one],
    };
    Ok(policies.into_iter().enumerate().map(|(place, policy)| entry(place + 1, policy)).collect())
}

fn entry(place: usize, policy: Value) -> Entry {
    let name = policy.get("policyName").and_then(Value::as_str).filter(|name| !name.is_empty());
    let title = name.map_or_else(|| format!("#{place}"), str::to_owned);
    let unknown = policy.as_object().and_then(|members| {
        members.keys().find(|member| !MEMBERS.contains(&member.as_str())).cloned()
    });
    let draft = match unknown {
        // A misspelt member would leave out what it was to say.
        Some(member) => Err(format!("a policy has no member `{member}`")),
        None => serde_json::from_value(policy).map_err(|error| error.to_string()),
    };
    Entry { title, draft }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(text: &str) -> Vec<String> {
        parse(text).unwrap().into_iter().map(|entry| entry.title).collect()
    }

    #[test]
    fn a_file_holds_one_policy_or_several() {
        let policy = r#"{"policyName":"a","effect":"EFFECT_ALLOW","condition":"true"}"#;
        assert_eq!(titles(policy), ["a"]);
        assert_eq!(titles(&format!("[{policy},{{}}]")), ["a", "#2"]);
        assert_eq!(titles(&format!(r#"{{"policies":[{policy}]}}"#)), ["a"]);
        assert!(titles("[]").is_empty());
        assert!(parse("{").is_err());
    }

    #[test]
    fn what_is_no_policy_is_told() {
        let wrong = |text: &str| parse(text).unwrap().remove(0).draft.unwrap_err();
        assert_eq!(
            wrong(r#"{"effect":"EFFECT_ALLOW","conditon":"true"}"#),
            "a policy has no member `conditon`"
        );
        assert_eq!(wrong(r#"{"condition":"true"}"#), "missing field `effect`");
        assert_eq!(wrong(r#"{"effect":"ALLOW"}"#), "invalid effect");
        assert!(wrong("[7]").starts_with("invalid type"));
        assert!(wrong(r#"{"policies":7}"#).starts_with("invalid type"));
    }
}
