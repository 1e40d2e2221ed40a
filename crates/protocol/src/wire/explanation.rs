//! Why a request was allowed, waits or was refused, as it travels.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::enums::{Effect, MfaStandingName, Outcome, Verdict};

/// A decision, and everything it rests on.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// What becomes of the request.
    pub verdict: Verdict,
    /// Whether the root quorum decided: then policies don't matter.
    pub by_root_quorum: bool,
    /// How many items it has: transactions or secrets that are judged one by one.
    pub items: u32,
    /// The item that decided, from 0: what is said of policies is about it.
    pub item: u32,
    /// The users whose approvals count, the submitter first.
    pub approved_by: Vec<Person>,
    /// The users who could still vote for it.
    pub could_approve: Vec<Person>,
    /// All policies, in the order they were made.
    pub policies: Vec<ExplainedPolicy>,
    /// What the profile of the submitter's session says of it, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ExplainedScope>,
    /// Where the submitter stands with its MFA policies, where one of them is about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mfa: Option<ExplainedMfa>,
}

/// A user.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// The user.
    pub user_id: String,
    /// Its name; empty when it is there no more.
    pub user_name: String,
}

/// What became of a policy, and why.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedPolicy {
    /// The policy.
    pub policy_id: String,
    /// Its name.
    pub policy_name: String,
    /// What it does where it matches.
    pub effect: Effect,
    /// What became of it; absent when the root quorum decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Whether it denies the item: because it matches, or because it errs and is to deny then.
    pub denies: bool,
    /// What its condition came to; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Clause>,
    /// What its consensus came to; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consensus: Option<Clause>,
    /// What its time came to; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Clause>,
    /// Why its budget has no room; absent where it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_room: Option<String>,
}

/// A clause of an expression.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Clause {
    /// As it is written; long ones are cut short.
    pub text: String,
    /// What it came to; absent when it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Why it came to nothing: `MissingKeyword`, say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The clauses it is made of; of a list, the elements that decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clauses: Vec<Clause>,
}

/// What the profile of a session says of a request.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedScope {
    /// The profile.
    pub session_profile_id: String,
    /// Its name.
    pub session_profile_name: String,
    /// Whether it covers every item.
    pub is_within: bool,
    /// What it came to, for the first item that is outside, or else the first.
    pub scope: Clause,
}

/// Where a user stands with its MFA policies.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedMfa {
    /// The policy that counts.
    pub mfa_policy_id: String,
    /// Where the user stands.
    pub standing: MfaStandingName,
    /// The places of the steps that are open, from 0.
    pub open_steps: Vec<u32>,
}
