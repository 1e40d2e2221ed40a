//! Why a decision is what it is.

use keyward_policy::{
    Decision, Effect, MfaStanding, Policy, Question, Trace, Verdict, decide, may_vote, trace,
};
use serde_json::Value;
use uuid::Uuid;

use super::authenticate::Caller;
use super::items::Item;
use super::model::Organization;
use super::{policies, scopes};
use crate::wire::enums;
use crate::wire::enums::MfaStandingName;
use crate::wire::explanation::{
    Clause, ExplainedMfa, ExplainedPolicy, ExplainedScope, Explanation, Person,
};
use crate::wire::id::UserId;

/// Explains what `decide` says of a question. `policies` are those of `home`, which is whose users the question is
/// about; `no_room` says of a policy and an item why its budget has none.
pub fn explain(
    home: &Organization,
    policies: &[Policy],
    question: &Question<'_>,
    decision: &Decision,
    no_room: impl Fn(Uuid, usize) -> Option<String>,
) -> Explanation {
    let place = deciding_item(policies, question, decision);
    let explained = policies.iter().map(|policy| {
        let outcome = decision.outcomes.iter().find(|(id, _)| *id == policy.id);
        let traced = trace(policy, question, place);
        let named = home.policies.iter().find(|known| known.id.0 == policy.id);
        ExplainedPolicy {
            policy_id: policy.id.to_string(),
            policy_name: named.map(|known| known.name.clone()).unwrap_or_default(),
            effect: match policy.effect {
                Effect::Allow => enums::Effect::Allow,
                Effect::Deny => enums::Effect::Deny,
            },
            outcome: outcome.map(|(_, outcome)| policies::outcome(*outcome)),
            denies: decision.denied_by.contains(&policy.id),
            condition: traced.condition.map(clause),
            consensus: traced.consensus.map(clause),
            time: traced.time.map(clause),
            no_room: no_room(policy.id, place),
        }
    });
    let approvers = question.approvals.iter().map(|approval| approval.user);
    let could = question.users.iter().map(|voter| voter.id);
    let could = could
        .filter(|user| decision.verdict == Verdict::Wait && may_vote(policies, question, *user));
    Explanation {
        verdict: verdict_name(decision.verdict),
        by_root_quorum: decision.by_root_quorum,
        items: u32::try_from(question.items.len()).unwrap_or(u32::MAX),
        item: u32::try_from(place).unwrap_or(u32::MAX),
        approved_by: approvers.map(|user| person(home, user)).collect(),
        could_approve: could.map(|user| person(home, user)).collect(),
        policies: explained.collect(),
        scope: None,
        mfa: None,
    }
}

/// Explains a decision that no policy is asked for: the request is allowed or refused for what it is.
pub fn without_policies(verdict: Verdict) -> Explanation {
    Explanation {
        verdict: verdict_name(verdict),
        by_root_quorum: false,
        items: 1,
        item: 0,
        approved_by: Vec::new(),
        could_approve: Vec::new(),
        policies: Vec::new(),
        scope: None,
        mfa: None,
    }
}

/// What the profile of a caller's session says of items; `None` where it has none.
pub fn scope(
    organization: &Organization,
    parent: Option<&Organization>,
    caller: &Caller,
    items: &[Item],
) -> Option<ExplainedScope> {
    let id = scopes::profile_of(caller)?;
    let profile = scopes::profile(organization, parent, id).ok()?;
    let scope = scopes::scope_of(profile)?;
    let outside = items.iter().find(|item| scope.evaluate(&item.bindings) != Ok(true));
    let shown = outside.or_else(|| items.first())?;
    Some(ExplainedScope {
        session_profile_id: id.to_string(),
        session_profile_name: profile.name.clone(),
        is_within: outside.is_none(),
        scope: clause(scope.explain(&shown.bindings)),
    })
}

/// The first item whose own verdict is that of the whole.
fn deciding_item(policies: &[Policy], question: &Question<'_>, decision: &Decision) -> usize {
    if question.items.len() <= 1 {
        return 0;
    }
    let alone = question.items.iter().enumerate().position(|(place, item)| {
        let budgets = question.within_budget.iter();
        let room: Vec<(Uuid, Vec<bool>)> = budgets
            .map(|(id, room)| (*id, vec![room.get(place).copied().unwrap_or(false)]))
            .collect();
        let items = std::slice::from_ref(item);
        let asked = Question { items, within_budget: &room, ..question.clone() };
        decide(policies, &asked).verdict == decision.verdict
    });
    alone.unwrap_or(0)
}

fn person(home: &Organization, user: Uuid) -> Person {
    let named = home.users.iter().find(|known| known.id == UserId(user));
    Person {
        user_id: user.to_string(),
        user_name: named.map(|known| known.name.clone()).unwrap_or_default(),
    }
}

/// A clause as it travels.
pub fn clause(trace: Trace) -> Clause {
    let (value, error) = match trace.value {
        Ok(value) => (Some(value), None),
        Err(error) => (None, Some(error.to_string())),
    };
    let clauses = trace.clauses.into_iter().map(clause).collect();
    Clause { text: trace.text, value, error, clauses }
}

/// Where a user stands, as it travels; `None` where no policy is about the request.
pub fn mfa(standing: &MfaStanding) -> Option<ExplainedMfa> {
    match standing {
        MfaStanding::NotRequired => None,
        MfaStanding::Required { policy, open } => Some(ExplainedMfa {
            mfa_policy_id: policy.to_string(),
            standing: if open.is_empty() {
                MfaStandingName::Satisfied
            } else {
                MfaStandingName::Open
            },
            open_steps: open.iter().filter_map(|step| u32::try_from(*step).ok()).collect(),
        }),
        MfaStanding::Blocked { policy, .. } => Some(ExplainedMfa {
            mfa_policy_id: policy.to_string(),
            standing: MfaStandingName::Blocked,
            open_steps: Vec::new(),
        }),
    }
}

/// A verdict as it travels.
pub fn verdict_name(verdict: Verdict) -> enums::Verdict {
    match verdict {
        Verdict::Allow => enums::Verdict::Allow,
        Verdict::Wait => enums::Verdict::Wait,
        Verdict::Deny => enums::Verdict::Deny,
    }
}

/// The `@type` of an explanation among the details of a refusal.
pub const DETAIL_TYPE: &str = "type.googleapis.com/keyward.v1.Explanation";

/// An explanation among the details of a refusal. `None` where it would be too long to send unasked:
/// `explain_activity` tells it.
pub fn detail(explanation: Explanation) -> Option<Value> {
    let mut value = serde_json::to_value(explanation).ok()?;
    value.as_object_mut()?.insert("@type".to_owned(), DETAIL_TYPE.into());
    (value.to_string().len() <= LONGEST_DETAIL).then_some(value)
}

/// In bytes. Answers of the protocol are small.
const LONGEST_DETAIL: usize = 64 * 1024;
