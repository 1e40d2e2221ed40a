//! `CREATE_POLICY`: says who may do what.

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

use crate::wire::budget::BudgetParams;
use crate::wire::draft::PolicyWarning;
use crate::wire::enums::Effect;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatePolicyIntentV3 {
    /// Its name, unique in the organization.
    pub policy_name: String,
    /// What it does where it matches.
    pub effect: Effect,
    /// What it is about; everything when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Who; everybody when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consensus: Option<String>,
    /// When; always when absent or empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// For people.
    #[serde(default)]
    pub notes: String,
    /// Beyond the protocol: what it lets through in a while; only of a policy that allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<BudgetParams>,
    /// Beyond the protocol: `ON_ERROR_DENY` has a policy that denies deny also where it errs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_error: Option<String>,
}

/// As it used to travel: selectors in the place of expressions. What they meant is not documented any more.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatePolicyIntentV2 {
    /// Its name.
    pub policy_name: String,
}

/// As it travelled first.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatePolicyIntent {
    /// Its name.
    pub policy_name: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatePolicyResult {
    /// The policy.
    pub policy_id: String,
    /// Beyond the protocol: what is odd about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<PolicyWarning>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatePolicy {
    #[cfg(feature = "engine")]
    policy: NewPolicy,
}

impl TryFrom<CreatePolicyIntentV3> for CreatePolicy {
    type Error = InvalidRequest;

    fn try_from(intent: CreatePolicyIntentV3) -> Result<Self, InvalidRequest> {
        value::label("policyName", intent.policy_name.clone())?;
        Ok(Self {
            #[cfg(feature = "engine")]
            policy: NewPolicy::try_from(intent)?,
        })
    }
}

fn no_selectors() -> InvalidRequest {
    InvalidRequest::new(
        "policies with selectors are not made any more; use ACTIVITY_TYPE_CREATE_POLICY_V3",
    )
}

impl TryFrom<CreatePolicyIntentV2> for CreatePolicy {
    type Error = InvalidRequest;

    fn try_from(_: CreatePolicyIntentV2) -> Result<Self, InvalidRequest> {
        Err(no_selectors())
    }
}

impl TryFrom<CreatePolicyIntent> for CreatePolicy {
    type Error = InvalidRequest;

    fn try_from(_: CreatePolicyIntent) -> Result<Self, InvalidRequest> {
        Err(no_selectors())
    }
}

impl Activity for CreatePolicy {
    const ROUTE: &'static str = "create_policy";
    const VERSIONS: &'static [Version<Self>] = &[
        Version::of::<CreatePolicyIntentV3>(
            "ACTIVITY_TYPE_CREATE_POLICY_V3",
            "createPolicyIntentV3",
            "createPolicyResult",
        ),
        Version::of::<CreatePolicyIntentV2>(
            "ACTIVITY_TYPE_CREATE_POLICY_V2",
            "createPolicyIntentV2",
            "createPolicyResult",
        ),
        Version::of::<CreatePolicyIntent>(
            "ACTIVITY_TYPE_CREATE_POLICY",
            "createPolicyIntent",
            "createPolicyResult",
        ),
    ];
    type Intent = CreatePolicyIntentV3;
    type Output = CreatePolicyResult;
}

#[cfg(feature = "engine")]
impl Execute for CreatePolicy {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Policy, Action::Create));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<CreatePolicyResult, RequestError> {
        let now = context.now;
        let (organization, _, rng) = context.edit_with();
        let (id, warnings) = policies::add(organization, self.policy, now, rng)?;
        Ok(CreatePolicyResult { policy_id: id.to_string(), warnings })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::engine::testing::World;

    const V3: &str = "ACTIVITY_TYPE_CREATE_POLICY_V3";

    fn refusal(world: &mut World, policy: Value) -> String {
        let (root, parent) = (world.root(), world.parent());
        world.refusal(&root, parent, V3, policy).to_string()
    }

    #[test]
    fn lets_a_user_do_what_it_says_and_nothing_else() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        let user = world.user(parent);
        let tag = json!({ "userTagName": "first", "userIds": [] });
        let create = "ACTIVITY_TYPE_CREATE_USER_TAG";
        world.refusal(&user, parent, create, tag.clone());
        let policy = json!({
            "policyName": "tags",
            "effect": "EFFECT_ALLOW",
            "condition": "activity.kind == 'CREATE_USER_TAG'",
            "consensus": format!("approvers.any(user, user.id == '{}')", user.user),
            "notes": "",
        });
        let made = world.submit(&root, parent, V3, policy).unwrap();
        assert_eq!(made["policyId"].as_str().unwrap().len(), 36);
        world.submit(&user, parent, create, tag).unwrap();
        let wallet = json!({ "walletName": "w", "accounts": [] });
        let denied = world.refusal(&user, parent, "ACTIVITY_TYPE_CREATE_WALLET", wallet);
        let details = denied.status().details;
        assert_eq!(details[0]["policyEvaluations"][0]["outcome"], "OUTCOME_DENY_IMPLICIT");
    }

    #[test]
    fn a_name_is_taken_once() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        let policy = json!({ "policyName": "a", "effect": "EFFECT_DENY", "condition": "false", "notes": "" });
        world.submit(&root, parent, V3, policy.clone()).unwrap();
        assert_eq!(refusal(&mut world, policy), "policy label must be unique");
    }

    #[test]
    fn what_cannot_be_evaluated_is_not_stored() {
        let mut world = World::new();
        let policy = |condition: &str| json!({ "policyName": "a", "effect": "EFFECT_ALLOW", "condition": condition, "notes": "" });
        for (condition, text) in [
            (
                "wallet_account.path == 'm'",
                "invalid policy condition: Expression cannot be evaluated: field does not exist: path",
            ),
            (
                "ethereum.tx.value == 1",
                "invalid policy condition: Expression cannot be evaluated: keyword does not exist: ethereum",
            ),
            (
                "eth.tx.chain_id == '1'",
                "invalid policy condition: Expression cannot be evaluated: type mismatch: int == string",
            ),
            ("", "invalid policy condition: Expression cannot be parsed: empty expression"),
            (
                "approvers.count() == 1",
                "invalid policy condition: Expression cannot be evaluated: keyword does not exist: approvers",
            ),
        ] {
            assert_eq!(refusal(&mut world, policy(condition)), text);
        }
        let parsed = refusal(&mut world, policy("1 ==\n  == 2"));
        assert!(parsed.contains(", at 2:3"), "{parsed}");
        let huge = refusal(&mut world, policy(&"x".repeat(10_000_000)));
        assert!(huge.ends_with("expression too long"), "{huge}");
        let neither = json!({ "policyName": "a", "effect": "EFFECT_ALLOW", "notes": "" });
        assert_eq!(refusal(&mut world, neither), "policy needs a condition or a consensus");
    }

    #[test]
    fn selectors_are_refused() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        for kind in ["ACTIVITY_TYPE_CREATE_POLICY", "ACTIVITY_TYPE_CREATE_POLICY_V2"] {
            let old = json!({ "policyName": "a", "selectors": [], "effect": "EFFECT_ALLOW" });
            assert_eq!(world.refusal(&root, parent, kind, old).status().http_status(), 400);
        }
    }
}
