//! `CREATE_POLICIES`: makes several policies, all or none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::policies::{self, NewPolicy},
    crate::engine::{Caller, Context},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use super::create_policy::CreatePolicyIntentV3;
use crate::wire::InvalidRequest;
use crate::wire::draft::PolicyWarning;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatePoliciesIntent {
    /// The policies, at least one.
    pub policies: Vec<CreatePolicyIntentV3>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatePoliciesResult {
    /// The policies, in the order they were asked for.
    pub policy_ids: Vec<String>,
    /// Beyond the protocol: what is odd about them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<PolicyWarning>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatePolicies {
    #[cfg(feature = "engine")]
    policies: Vec<NewPolicy>,
}

impl TryFrom<CreatePoliciesIntent> for CreatePolicies {
    type Error = InvalidRequest;

    fn try_from(intent: CreatePoliciesIntent) -> Result<Self, InvalidRequest> {
        if intent.policies.is_empty() {
            return Err(InvalidRequest::new("policies missing"));
        }
        Ok(Self {
            #[cfg(feature = "engine")]
            policies: intent
                .policies
                .into_iter()
                .map(NewPolicy::try_from)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl Activity for CreatePolicies {
    const ROUTE: &'static str = "create_policies";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<CreatePoliciesIntent>(
        "ACTIVITY_TYPE_CREATE_POLICIES",
        "createPoliciesIntent",
        "createPoliciesResult",
    )];
    type Intent = CreatePoliciesIntent;
    type Output = CreatePoliciesResult;
}

#[cfg(feature = "engine")]
impl Execute for CreatePolicies {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Policy, Action::Create));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<CreatePoliciesResult, RequestError> {
        let now = context.now;
        let (organization, _, rng) = context.edit_with();
        let (mut policy_ids, mut warnings) = (Vec::new(), Vec::new());
        for policy in self.policies {
            let (id, odd) = policies::add(organization, policy, now, rng)?;
            policy_ids.push(id.to_string());
            warnings.extend(odd);
        }
        Ok(CreatePoliciesResult { policy_ids, warnings })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::testing::World;

    #[test]
    fn makes_all_or_none() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        let policy = |name: &str, condition: &str| json!({ "policyName": name, "effect": "EFFECT_ALLOW", "condition": condition, "notes": "" });
        let kind = "ACTIVITY_TYPE_CREATE_POLICIES";
        for wrong in [
            json!([policy("a", "true"), policy("b", "tru")]),
            json!([policy("a", "true"), policy("a", "true")]),
            json!([]),
        ] {
            world.refusal(&root, parent, kind, json!({ "policies": wrong }));
        }
        let both = json!({ "policies": [policy("a", "true"), policy("b", "true")] });
        let made = world.submit(&root, parent, kind, both).unwrap();
        assert_eq!(made["policyIds"].as_array().unwrap().len(), 2);
    }
}
