//! `DELETE_POLICY`: deletes a policy.

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

use crate::wire::id::PolicyId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletePolicyIntent {
    /// The policy.
    pub policy_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletePolicyResult {
    /// What is gone.
    pub policy_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct DeletePolicy {
    policy: PolicyId,
}

impl TryFrom<DeletePolicyIntent> for DeletePolicy {
    type Error = InvalidRequest;

    fn try_from(intent: DeletePolicyIntent) -> Result<Self, InvalidRequest> {
        Ok(Self { policy: value::id("policyId", &intent.policy_id)? })
    }
}

impl Activity for DeletePolicy {
    const ROUTE: &'static str = "delete_policy";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<DeletePolicyIntent>(
        "ACTIVITY_TYPE_DELETE_POLICY",
        "deletePolicyIntent",
        "deletePolicyResult",
    )];
    type Intent = DeletePolicyIntent;
    type Output = DeletePolicyResult;
}

#[cfg(feature = "engine")]
impl Execute for DeletePolicy {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Policy, Action::Delete));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<DeletePolicyResult, RequestError> {
        policies::remove(context, &[self.policy])?;
        Ok(DeletePolicyResult { policy_id: self.policy.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::testing::World;

    #[test]
    fn takes_back_what_was_allowed() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        let user = world.user(parent);
        let policy = json!({
            "policyName": "a", "effect": "EFFECT_ALLOW", "condition": "true", "notes": "",
        });
        let made = world.submit(&root, parent, "ACTIVITY_TYPE_CREATE_POLICY_V3", policy).unwrap();
        let kind = "ACTIVITY_TYPE_DELETE_POLICY";
        let id = made["policyId"].clone();
        let nobody = "00000000-0000-4000-8000-000000000000";
        let wrong = json!({ "policyId": nobody });
        assert_eq!(world.refusal(&root, parent, kind, wrong).status().http_status(), 404);
        let right = json!({ "policyId": id });
        world.submit(&root, parent, kind, right).unwrap();
        let tag = json!({ "userTagName": "first", "userIds": [] });
        world.refusal(&user, parent, "ACTIVITY_TYPE_CREATE_USER_TAG", tag);
    }
}
