//! `UPDATE_POLICY`: changes a policy.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::policies,
    crate::engine::{Caller, Context},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::budget::BudgetParams;
use crate::wire::draft::PolicyWarning;
use crate::wire::enums::Effect;
use crate::wire::id::PolicyId;
use crate::wire::{InvalidRequest, value};

/// As it travels. What is absent stays as it is.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdatePolicyIntentV2 {
    /// The policy.
    pub policy_id: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_name: Option<String>,
    /// What it does where it matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_effect: Option<Effect>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_condition: Option<String>,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_consensus: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_notes: Option<String>,
    /// When; empty for always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Beyond the protocol: what it lets through in a while. What was taken stays taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<BudgetParams>,
    /// Beyond the protocol: takes its budget away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove_budget: Option<bool>,
    /// Beyond the protocol: `ON_ERROR_DENY` or `ON_ERROR_SKIP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_error: Option<String>,
}

/// As it used to travel: without `time`.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdatePolicyIntent {
    /// The policy.
    pub policy_id: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_name: Option<String>,
    /// What it does where it matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_effect: Option<Effect>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_condition: Option<String>,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_consensus: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_notes: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdatePolicyResult {
    /// The policy.
    pub policy_id: String,
    /// Beyond the protocol: what is odd about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<PolicyWarning>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdatePolicy {
    policy: PolicyId,
    changes: UpdatePolicyIntentV2,
}

impl TryFrom<UpdatePolicyIntentV2> for UpdatePolicy {
    type Error = InvalidRequest;

    fn try_from(changes: UpdatePolicyIntentV2) -> Result<Self, InvalidRequest> {
        Ok(Self { policy: value::id("policyId", &changes.policy_id)?, changes })
    }
}

impl TryFrom<UpdatePolicyIntent> for UpdatePolicy {
    type Error = InvalidRequest;

    fn try_from(intent: UpdatePolicyIntent) -> Result<Self, InvalidRequest> {
        Self::try_from(UpdatePolicyIntentV2 {
            policy_id: intent.policy_id,
            policy_name: intent.policy_name,
            policy_effect: intent.policy_effect,
            policy_condition: intent.policy_condition,
            policy_consensus: intent.policy_consensus,
            policy_notes: intent.policy_notes,
            ..UpdatePolicyIntentV2::default()
        })
    }
}

impl Activity for UpdatePolicy {
    const ROUTE: &'static str = "update_policy";
    const VERSIONS: &'static [Version<Self>] = &[
        Version::of::<UpdatePolicyIntentV2>(
            "ACTIVITY_TYPE_UPDATE_POLICY_V2",
            "updatePolicyIntentV2",
            "updatePolicyResultV2",
        ),
        Version::of::<UpdatePolicyIntent>(
            "ACTIVITY_TYPE_UPDATE_POLICY",
            "updatePolicyIntent",
            "updatePolicyResult",
        ),
    ];
    type Intent = UpdatePolicyIntentV2;
    type Output = UpdatePolicyResult;
}

#[cfg(feature = "engine")]
impl Execute for UpdatePolicy {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Policy, Action::Update));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<UpdatePolicyResult, RequestError> {
        let now = context.now;
        let warnings = policies::change(context.edit(), self.policy, self.changes, now)?;
        Ok(UpdatePolicyResult { policy_id: self.policy.to_string(), warnings })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::testing::World;

    #[test]
    fn what_is_absent_stays_and_an_empty_time_removes_the_window() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        let policy = json!({
            "policyName": "a",
            "effect": "EFFECT_ALLOW",
            "condition": "activity.action == 'SIGN'",
            "time": "time.now >= Timestamp('2026-01-01T00:00:00Z')",
            "notes": "why",
        });
        let made = world.submit(&root, parent, "ACTIVITY_TYPE_CREATE_POLICY_V3", policy).unwrap();
        let id = made["policyId"].clone();
        let kind = "ACTIVITY_TYPE_UPDATE_POLICY_V2";
        let change = json!({ "policyId": id, "policyConsensus": "approvers.count() == 2" });
        world.submit(&root, parent, kind, change).unwrap();
        let shown = world.query(&root, parent, "get_policy", json!({ "policyId": id })).unwrap();
        let shown = shown["policy"].clone();
        assert_eq!(shown["condition"], "activity.action == 'SIGN'");
        assert_eq!(shown["consensus"], "approvers.count() == 2");
        assert_eq!(shown["notes"], "why");
        assert!(shown["time"].as_str().unwrap().contains("2026"));
        let change = json!({ "policyId": id, "time": "" });
        world.submit(&root, parent, kind, change).unwrap();
        let shown = world.query(&root, parent, "get_policy", json!({ "policyId": id })).unwrap();
        assert_eq!(shown["policy"].get("time"), None);
        let broken = json!({ "policyId": id, "policyCondition": "" });
        world.refusal(&root, parent, kind, broken);
    }

    #[test]
    fn the_change_is_what_is_judged_from_then_on() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        let user = world.user(parent);
        let policy = json!({
            "policyName": "a", "effect": "EFFECT_ALLOW", "condition": "false", "notes": "",
        });
        let made = world.submit(&root, parent, "ACTIVITY_TYPE_CREATE_POLICY_V3", policy).unwrap();
        let tag = json!({ "userTagName": "first", "userIds": [] });
        let create = "ACTIVITY_TYPE_CREATE_USER_TAG";
        world.refusal(&user, parent, create, tag.clone());
        let change = json!({ "policyId": made["policyId"], "policyCondition": "true" });
        world.submit(&root, parent, "ACTIVITY_TYPE_UPDATE_POLICY", change).unwrap();
        world.submit(&user, parent, create, tag).unwrap();
    }
}
