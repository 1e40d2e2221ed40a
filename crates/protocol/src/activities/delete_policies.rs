//! `DELETE_POLICIES`: deletes several policies, all or none.

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
pub struct DeletePoliciesIntent {
    /// The policies, at least one.
    pub policy_ids: Vec<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletePoliciesResult {
    /// What is gone.
    pub policy_ids: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct DeletePolicies {
    policies: Vec<PolicyId>,
}

impl TryFrom<DeletePoliciesIntent> for DeletePolicies {
    type Error = InvalidRequest;

    fn try_from(intent: DeletePoliciesIntent) -> Result<Self, InvalidRequest> {
        Ok(Self { policies: value::some_ids("policyIds", &intent.policy_ids)? })
    }
}

impl Activity for DeletePolicies {
    const ROUTE: &'static str = "delete_policies";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<DeletePoliciesIntent>(
        "ACTIVITY_TYPE_DELETE_POLICIES",
        "deletePoliciesIntent",
        "deletePoliciesResult",
    )];
    type Intent = DeletePoliciesIntent;
    type Output = DeletePoliciesResult;
}

#[cfg(feature = "engine")]
impl Execute for DeletePolicies {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Policy, Action::Delete));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<DeletePoliciesResult, RequestError> {
        policies::remove(context, &self.policies)?;
        let policy_ids = self.policies.iter().map(ToString::to_string).collect();
        Ok(DeletePoliciesResult { policy_ids })
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
        let kind = "ACTIVITY_TYPE_DELETE_POLICIES";
        let id = made["policyId"].clone();
        let nobody = "00000000-0000-4000-8000-000000000000";
        let wrong = json!({ "policyIds": [id, nobody] });
        assert_eq!(world.refusal(&root, parent, kind, wrong).status().http_status(), 404);
        let right = json!({ "policyIds": [id] });
        world.submit(&root, parent, kind, right).unwrap();
        let tag = json!({ "userTagName": "first", "userIds": [] });
        world.refusal(&user, parent, "ACTIVITY_TYPE_CREATE_USER_TAG", tag);
    }
}
