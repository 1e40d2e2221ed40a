//! What is wrong and what is odd about a policy that does not exist yet.

use std::ops::Range;
use std::sync::Arc;

use keyward_policy::{
    Budget, Dialect, Effect, Expression, ExpressionError, OnError, Policy, Voter, Warning,
    policy_warnings,
};
use uuid::Uuid;

use super::budgets;
use crate::wire::draft::PolicyDraft;
use crate::wire::{InvalidRequest, enums, value};

/// Something about a draft.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Whether the policy would not be made.
    pub is_error: bool,
    /// The member it is about; `None` for the whole.
    pub member: Option<&'static str>,
    /// What kind of oddity it is; `None` for what is wrong.
    pub code: Option<&'static str>,
    /// What it is.
    pub message: String,
    /// Where in the member's text, in bytes.
    pub span: Option<Range<usize>>,
    /// What was meant, perhaps.
    pub suggestion: Option<String>,
}

impl Problem {
    /// Something that is wrong.
    pub fn error(member: Option<&'static str>, message: impl Into<String>) -> Self {
        Self {
            is_error: true,
            member,
            code: None,
            message: message.into(),
            span: None,
            suggestion: None,
        }
    }
}

/// A draft that could be made, ready to be evaluated.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Its name, where it has one.
    pub name: Option<String>,
    /// What is evaluated, with an id of its own.
    pub policy: Policy,
    /// Its budget.
    pub budget: Option<Budget>,
}

/// Checks a draft as if it were to be made.
///
/// # Errors
///
/// Everything that is wrong.
pub fn ready(draft: &PolicyDraft, id: Uuid) -> Result<Ready, Vec<Problem>> {
    let mut problems = Vec::new();
    if let Some(name) = &draft.policy_name
        && let Err(error) = value::label("policyName", name.clone())
    {
        problems.push(Problem::error(Some("policyName"), error.to_string()));
    }
    let condition =
        read("condition", draft.condition.as_deref(), Dialect::Condition, &mut problems);
    let consensus =
        read("consensus", draft.consensus.as_deref(), Dialect::Consensus, &mut problems);
    // Empty removes it, here as in updates.
    let time = draft.time.as_deref().filter(|time| !time.is_empty());
    let time = read("time", time, Dialect::Time, &mut problems);
    if draft.condition.is_none() && draft.consensus.is_none() {
        problems.push(Problem::error(None, "policy needs a condition or a consensus"));
    }
    let effect = match draft.effect {
        enums::Effect::Allow => Effect::Allow,
        enums::Effect::Deny => Effect::Deny,
    };
    let budget = match draft.budget.clone().map(budgets::parse) {
        None => None,
        Some(Ok(budget)) => {
            if effect == Effect::Deny {
                let text = "only a policy that allows may have a budget";
                problems.push(Problem::error(Some("budget"), text));
            }
            Some(budget)
        }
        Some(Err(error)) => {
            problems.push(Problem::error(Some("budget"), error.to_string()));
            None
        }
    };
    let on_error = match draft.on_error.as_deref() {
        None | Some("" | "ON_ERROR_SKIP") => OnError::Skip,
        Some("ON_ERROR_DENY") => OnError::Deny,
        Some(_) => {
            let text = "must be ON_ERROR_SKIP or ON_ERROR_DENY";
            problems.push(Problem::error(Some("onError"), text));
            OnError::Skip
        }
    };
    if !problems.is_empty() {
        return Err(problems);
    }
    let policy = Policy { id, effect, condition, consensus, time, on_error };
    Ok(Ready { name: draft.policy_name.clone(), policy, budget })
}

/// What is wrong with a draft, or else what is odd about it. `users` are those of the organization it is for; where
/// that is not known they are none, and nothing is said of who there is.
pub fn check(draft: &PolicyDraft, users: &[Voter]) -> Vec<Problem> {
    match ready(draft, Uuid::nil()) {
        Err(problems) => problems,
        Ok(ready) => policy_warnings(&ready.policy, users).into_iter().map(Problem::from).collect(),
    }
}

impl From<Warning> for Problem {
    fn from(warning: Warning) -> Self {
        Self {
            is_error: false,
            member: Some(warning.dialect.member()),
            code: Some(warning.code),
            message: warning.message,
            span: warning.span.map(|span| span.0),
            suggestion: None,
        }
    }
}

/// The first thing that is wrong, as it is answered.
pub fn refusal(problems: &[Problem]) -> InvalidRequest {
    let Some(first) = problems.first() else { return InvalidRequest::new("invalid policy") };
    match first.member {
        Some(member) => InvalidRequest::new(format!("invalid policy {member}: {}", first.message))
            .at(member, first.message.clone()),
        None => InvalidRequest::new(first.message.clone()),
    }
}

fn read(
    member: &'static str,
    source: Option<&str>,
    dialect: Dialect,
    problems: &mut Vec<Problem>,
) -> Option<Result<Arc<Expression>, ()>> {
    match Expression::parse(source?, dialect) {
        Ok(expression) => Some(Ok(Arc::new(expression))),
        Err(ExpressionError { message, span, suggestion }) => {
            let error = Problem::error(Some(member), message);
            problems.push(Problem { span: Some(span.0), suggestion, ..error });
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problems(draft: serde_json::Value) -> Vec<(Option<&'static str>, String)> {
        let draft: PolicyDraft = serde_json::from_value(draft).unwrap();
        let wrong = ready(&draft, Uuid::nil()).unwrap_err();
        wrong.into_iter().map(|problem| (problem.member, problem.message)).collect()
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let found = problems(json!({
            "policyName": "",
            "effect": "EFFECT_DENY",
            "condition": "eth.tx.gasPrice < 1",
            "consensus": "approvers.any(",
            "time": "time.now",
            "budget": { "windowSeconds": "60", "maxSignatures": "1" },
            "onError": "deny",
        }));
        let members: Vec<_> = found.iter().map(|(member, _)| member.unwrap()).collect();
        let all = ["policyName", "condition", "consensus", "time", "budget", "onError"];
        assert_eq!(members, all);
        assert_eq!(problems(json!({ "effect": "EFFECT_ALLOW" }))[0].0, None);
    }

    #[test]
    fn a_place_comes_with_what_is_wrong_there() {
        let draft = json!({ "effect": "EFFECT_ALLOW", "condition": "eth.tx.gasPrice < 1" });
        let draft: PolicyDraft = serde_json::from_value(draft).unwrap();
        let problem = check(&draft, &[]).remove(0);
        assert!(problem.is_error);
        assert_eq!(problem.span, Some(7..15));
        assert!(problem.suggestion.unwrap().contains("gas_price"));
    }

    #[test]
    fn what_is_odd_is_no_error() {
        let draft = json!({ "effect": "EFFECT_DENY", "condition": "eth.tx.value > 5" });
        let draft: PolicyDraft = serde_json::from_value(draft).unwrap();
        let problems = check(&draft, &[]);
        assert!(!problems.is_empty());
        assert!(problems.iter().all(|problem| !problem.is_error && problem.code.is_some()));
    }
}
