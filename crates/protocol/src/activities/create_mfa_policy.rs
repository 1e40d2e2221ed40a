//! `CREATE_MFA_POLICY`: says when a user must show several factors.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::model::{MfaMethod, MfaPolicy, Parsed, limits},
    crate::engine::{Caller, Context, mfa, scopes},
    crate::parameters,
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    crate::wire::id::MfaPolicyId,
};

use crate::wire::draft::PolicyWarning;
use crate::wire::id::UserId;
use crate::wire::objects::RequiredAuthenticationMethod;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateMfaPolicyIntent {
    /// The user it binds.
    pub user_id: String,
    /// Its name, unique among the user's.
    pub mfa_policy_name: String,
    /// What it is about, in the language of policies. Only the first of the user's policies whose condition is true
    /// counts.
    pub condition: String,
    /// Steps, in any order: one method of each.
    pub required_authentication_methods: Vec<RequiredAuthenticationMethod>,
    /// The lowest comes first; of two that are equal, the older one.
    pub order: i64,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateMfaPolicyResult {
    /// The MFA policy.
    pub mfa_policy_id: String,
    /// Beyond the protocol: what is odd about it, such as that it locks its user out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<PolicyWarning>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateMfaPolicy {
    user: UserId,
    name: String,
    condition: String,
    #[cfg(feature = "engine")]
    steps: Vec<Vec<MfaMethod>>,
    order: i64,
    notes: String,
}

impl TryFrom<CreateMfaPolicyIntent> for CreateMfaPolicy {
    type Error = InvalidRequest;

    fn try_from(intent: CreateMfaPolicyIntent) -> Result<Self, InvalidRequest> {
        let user = value::id("userId", &intent.user_id)?;
        let name = value::label("mfaPolicyName", intent.mfa_policy_name)?;
        #[cfg(feature = "engine")]
        parameters::check_condition("mfa policy condition", &intent.condition)?;
        Ok(Self {
            user,
            name,
            condition: intent.condition,
            #[cfg(feature = "engine")]
            steps: parameters::mfa_steps(intent.required_authentication_methods)?,
            order: intent.order,
            notes: intent.notes.unwrap_or_default(),
        })
    }
}

impl Activity for CreateMfaPolicy {
    const ROUTE: &'static str = "create_mfa_policy";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<CreateMfaPolicyIntent>(
        "ACTIVITY_TYPE_CREATE_MFA_POLICY",
        "createMfaPolicyIntent",
        "createMfaPolicyResult",
    )];
    type Intent = CreateMfaPolicyIntent;
    type Output = CreateMfaPolicyResult;
}

#[cfg(feature = "engine")]
impl Execute for CreateMfaPolicy {
    const POLICY: Option<(Resource, Action)> = Some((Resource::MfaPolicy, Action::Create));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<CreateMfaPolicyResult, RequestError> {
        let (now, organization) = (context.now, context.organization());
        let user = organization.user(self.user)?;
        let profiles = scopes::profiles(organization, context.parent);
        mfa::check_exist(&self.steps, user, profiles)?;
        mfa::check_name(user, &self.name)?;
        if user.mfa_policies.len() >= limits::MFA_POLICIES {
            return Err(RequestError::LimitReached(
                "user has exceeded maximum mfa policies".into(),
            ));
        }
        let (organization, _, rng) = context.edit_with();
        let id = MfaPolicyId::generate(now, rng);
        let user = organization.user_mut(self.user)?;
        user.mfa_policies.push(MfaPolicy {
            id,
            name: self.name,
            condition: self.condition,
            steps: self.steps,
            order: self.order,
            notes: self.notes,
            created_at: now,
            updated_at: now,
            parsed: Parsed::default(),
        });
        user.updated_at = now;
        let warnings = mfa::warnings(user, id);
        Ok(CreateMfaPolicyResult { mfa_policy_id: id.to_string(), warnings })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::testing::World;

    const CREATE: &str = "ACTIVITY_TYPE_CREATE_MFA_POLICY";
    const UPDATE: &str = "ACTIVITY_TYPE_UPDATE_MFA_POLICY";
    const DELETE: &str = "ACTIVITY_TYPE_DELETE_MFA_POLICY";

    #[expect(clippy::needless_pass_by_value, reason = "tests write the value where it is passed")]
    fn policy(user: UserId, steps: Value) -> Value {
        json!({
            "userId": user,
            "mfaPolicyName": "exports",
            "condition": "activity.action == 'EXPORT'",
            "requiredAuthenticationMethods": steps,
            "order": 1,
        })
    }

    fn passkey() -> Value {
        json!([{ "any": [{ "type": "AUTHENTICATION_TYPE_PASSKEY" }] }])
    }

    #[test]
    fn is_made_changed_shown_and_lifted() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        let user = world.user(parent).user;
        let made = world.submit(&root, parent, CREATE, policy(user, passkey())).unwrap();
        let id = &made["mfaPolicyId"];
        let begin = json!({ "seconds": world.now.as_seconds().to_string(), "nanos": "0" });
        world.now = world.now.plus_seconds(1);
        let nil = uuid::Uuid::nil();
        let steps = json!([
            { "any": [{ "type": "AUTHENTICATION_TYPE_SESSION", "id": nil }] },
            { "any": [{ "type": "AUTHENTICATION_TYPE_SMS_OTP" }] },
        ]);
        let change = json!({
            "userId": user,
            "mfaPolicyId": id,
            "requiredAuthenticationMethods": steps,
            "order": -2,
            "notes": "two",
        });
        world.submit(&root, parent, UPDATE, change).unwrap();
        let expected = json!({
            "mfaPolicyId": id,
            "mfaPolicyName": "exports",
            "condition": "activity.action == 'EXPORT'",
            "requiredAuthenticationMethods": steps,
            "order": -2,
            "notes": "two",
            "createdAt": begin,
            "updatedAt": { "seconds": world.now.as_seconds().to_string(), "nanos": "0" },
        });
        let named = json!({ "userId": user, "mfaPolicyId": id });
        let one = world.query(&root, parent, "get_mfa_policy", named.clone()).unwrap();
        assert_eq!(one, json!({ "mfaPolicy": expected }));
        let all = world.query(&root, parent, "get_mfa_policies", json!({ "userId": user }));
        assert_eq!(all.unwrap(), json!({ "mfaPolicies": [expected] }));
        let shown = world.query(&root, parent, "get_user", json!({ "userId": user })).unwrap();
        assert_eq!(shown["user"]["mfaPolicies"], json!([expected]));
        world.submit(&root, parent, DELETE, named.clone()).unwrap();
        assert!(world.organization(parent).user(user).unwrap().mfa_policies.is_empty());
        for (kind, asked) in [(DELETE, named.clone()), (UPDATE, named.clone())] {
            let refusal = world.refusal(&root, parent, kind, asked);
            assert_eq!(refusal.status().http_status(), 404, "{kind}");
        }
        let refusal = world.query(&root, parent, "get_mfa_policy", named).unwrap_err();
        assert_eq!(refusal.status().http_status(), 404);
    }

    #[test]
    fn only_the_root_quorum_may_not_the_user_itself() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        let user = world.user(parent);
        let asked = policy(user.user, passkey());
        let refusal = world.refusal(&user, parent, CREATE, asked.clone());
        assert_eq!(refusal.status().http_status(), 403);
        let made = world.submit(&root, parent, CREATE, asked).unwrap();
        let named = json!({ "userId": user.user, "mfaPolicyId": made["mfaPolicyId"] });
        for kind in [UPDATE, DELETE] {
            let refusal = world.refusal(&user, parent, kind, named.clone());
            assert_eq!(refusal.status().http_status(), 403, "{kind}");
        }
    }

    #[test]
    fn refuses_steps_that_nobody_could_take() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        let session = world.log_in(&root, 900).session();
        for (steps, status) in [
            (json!([]), 400),
            (json!([{ "any": [] }]), 400),
            (json!([{ "any": [{ "type": "AUTHENTICATION_TYPE_WALLET" }] }]), 400),
            (json!([{ "any": [{ "type": "AUTHENTICATION_TYPE_PHONE" }] }]), 400),
            (json!([{ "any": [{ "type": "AUTHENTICATION_TYPE_PASSKEY", "id": "mine" }] }]), 400),
            (json!([{ "any": [{ "type": "AUTHENTICATION_TYPE_EMAIL_OTP", "id": parent }] }]), 400),
            (json!([{ "any": [{ "type": "AUTHENTICATION_TYPE_PASSKEY", "id": parent }] }]), 404),
            (json!([{ "any": [{ "type": "AUTHENTICATION_TYPE_OAUTH", "id": parent }] }]), 404),
            (json!([{ "any": [{ "type": "AUTHENTICATION_TYPE_SESSION", "id": parent }] }]), 404),
            // A session's key is not an API key.
            (json!([{ "any": [{ "type": "AUTHENTICATION_TYPE_API_KEY", "id": session }] }]), 404),
        ] {
            let refusal = world.refusal(&root, parent, CREATE, policy(root.user, steps.clone()));
            assert_eq!(refusal.status().http_status(), status, "{steps}: {refusal}");
        }
    }

    #[test]
    fn refuses_conditions_that_say_nothing_and_names_that_are_taken() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        let mut asked = policy(root.user, passkey());
        asked["condition"] = "activity.colour == 'RED'".into();
        let refusal = world.refusal(&root, parent, CREATE, asked).to_string();
        assert!(refusal.starts_with("invalid mfa policy condition: "), "{refusal}");
        world.submit(&root, parent, CREATE, policy(root.user, passkey())).unwrap();
        let refusal = world.refusal(&root, parent, CREATE, policy(root.user, passkey()));
        assert_eq!(refusal.to_string(), "mfa policy label must be unique");
    }
}
