//! `keyward policy explain`: why an activity was allowed, waits or was refused.

use clap::Args;
use keyward_protocol::queries::explain_activity::{ExplainActivity, ExplainActivityResponse};
use keyward_protocol::wire::explanation::{Clause, ExplainedPolicy};

use crate::connection::ConnectionOptions;
use crate::failure::Failure;
use crate::output;
use crate::request::query;

/// Show why an activity was allowed, waits or was refused, clause by clause
///
/// It is decided on again by the policies that there are now; where they said something else then, that is shown too.
#[derive(Args)]
pub(crate) struct Explain {
    /// The activity
    activity_id: String,
    #[command(flatten)]
    connection: ConnectionOptions,
}

impl Explain {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let is_for_machines = self.connection.json;
        let connection = self.connection.connect()?;
        let organization_id = connection.organization_id()?.to_owned();
        let activity_id = self.activity_id;
        let answer = query(&connection, &ExplainActivity { organization_id, activity_id })?;
        if is_for_machines {
            return output::answer(&answer, true);
        }
        let told: ExplainActivityResponse =
            serde_json::from_str(&answer).map_err(Failure::Answer)?;
        output::text(&text(&told))
    }
}

fn text(told: &ExplainActivityResponse) -> String {
    let explanation = &told.explanation;
    let mut lines = vec![format!(
        "{} {}: {}; by the policies of now: {}{}",
        told.kind,
        told.activity_id,
        told.status.as_str(),
        explanation.verdict.as_str(),
        if explanation.by_root_quorum { ", by the root quorum" } else { "" },
    )];
    let people = |people: &[keyward_protocol::wire::explanation::Person]| {
        let shown = people.iter().map(|one| format!("{} ({})", one.user_name, one.user_id));
        shown.collect::<Vec<_>>().join(", ")
    };
    if !explanation.approved_by.is_empty() {
        lines.push(format!("approved by {}", people(&explanation.approved_by)));
    }
    if !explanation.could_approve.is_empty() {
        lines.push(format!("could be approved by {}", people(&explanation.could_approve)));
    }
    if explanation.items > 1 {
        let (item, items) = (explanation.item + 1, explanation.items);
        lines.push(format!("decided by item {item} of {items}"));
    }
    if let Some(scope) = &explanation.scope {
        let is_within = if scope.is_within { "covers it" } else { "does not cover it" };
        lines.push(format!("session profile {} {is_within}", scope.session_profile_name));
        tree(&scope.scope, 1, &mut lines);
    }
    if let Some(mfa) = &explanation.mfa {
        lines.push(format!("MFA policy {}: {}", mfa.mfa_policy_id, mfa.standing.as_str()));
    }
    for policy in &explanation.policies {
        describe(policy, &mut lines);
    }
    for changed in &told.changed {
        let name = |outcome: Option<keyward_protocol::wire::enums::Outcome>| {
            outcome.map_or("nothing", keyward_protocol::wire::enums::Outcome::as_str)
        };
        lines.push(format!(
            "then policy {} said {}, now {}",
            changed.policy_id,
            name(changed.recorded),
            name(changed.present)
        ));
    }
    lines.join("\n") + "\n"
}

fn describe(policy: &ExplainedPolicy, lines: &mut Vec<String>) {
    let outcome =
        policy.outcome.map_or("not asked", keyward_protocol::wire::enums::Outcome::as_str);
    let denies = if policy.denies { ", denies" } else { "" };
    lines.push(format!(
        "\n{} {} ({}): {outcome}{denies}",
        policy.effect.as_str(),
        policy.policy_name,
        policy.policy_id,
    ));
    let members = [
        ("condition", &policy.condition),
        ("consensus", &policy.consensus),
        ("time", &policy.time),
    ];
    for (name, clause) in members {
        if let Some(clause) = clause {
            lines.push(format!("  {name}"));
            tree(clause, 2, lines);
        }
    }
    if let Some(refusal) = &policy.no_room {
        lines.push(format!("  budget: {refusal}"));
    }
}

/// A clause and those it is made of, each on a line, its value before it.
fn tree(clause: &Clause, depth: usize, lines: &mut Vec<String>) {
    let value = clause.value.as_deref().or(clause.error.as_deref()).unwrap_or_default();
    let text = clause.text.split_whitespace().collect::<Vec<_>>().join(" ");
    lines.push(format!("{}{value} ← {text}", "  ".repeat(depth)));
    for part in &clause.clauses {
        tree(part, depth + 1, lines);
    }
}
