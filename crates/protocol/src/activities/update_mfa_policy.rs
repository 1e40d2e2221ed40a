//! `UPDATE_MFA_POLICY`: changes when a user must show several factors, and which.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::model::{MfaMethod, Parsed},
    crate::engine::{Caller, Context, mfa, scopes},
    crate::parameters,
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::draft::PolicyWarning;
use crate::wire::id::{MfaPolicyId, UserId};
use crate::wire::objects::RequiredAuthenticationMethod;
use crate::wire::{InvalidRequest, value};

/// As it travels. What is absent stays as it is.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateMfaPolicyIntent {
    /// The user it binds.
    pub user_id: String,
    /// The MFA policy.
    pub mfa_policy_id: String,
    /// Its name, unique among the user's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mfa_policy_name: Option<String>,
    /// What it is about, in the language of policies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Steps, in any order: one method of each. An empty list counts as absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required_authentication_methods: Option<Vec<RequiredAuthenticationMethod>>,
    /// The lowest comes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<i64>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateMfaPolicyResult {
    /// The MFA policy.
    pub mfa_policy_id: String,
    /// Beyond the protocol: what is odd about it, such as that it locks its user out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<PolicyWarning>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateMfaPolicy {
    user: UserId,
    id: MfaPolicyId,
    name: Option<String>,
    condition: Option<String>,
    #[cfg(feature = "engine")]
    steps: Option<Vec<Vec<MfaMethod>>>,
    order: Option<i64>,
    notes: Option<String>,
}

impl TryFrom<UpdateMfaPolicyIntent> for UpdateMfaPolicy {
    type Error = InvalidRequest;

    fn try_from(intent: UpdateMfaPolicyIntent) -> Result<Self, InvalidRequest> {
        #[cfg(feature = "engine")]
        if let Some(condition) = &intent.condition {
            parameters::check_condition("mfa policy condition", condition)?;
        }
        Ok(Self {
            user: value::id("userId", &intent.user_id)?,
            id: value::id("mfaPolicyId", &intent.mfa_policy_id)?,
            name: value::optional_label("mfaPolicyName", intent.mfa_policy_name)?,
            condition: intent.condition,
            #[cfg(feature = "engine")]
            steps: intent
                .required_authentication_methods
                .filter(|steps| !steps.is_empty())
                .map(parameters::mfa_steps)
                .transpose()?,
            order: intent.order,
            notes: intent.notes,
        })
    }
}

impl Activity for UpdateMfaPolicy {
    const ROUTE: &'static str = "update_mfa_policy";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<UpdateMfaPolicyIntent>(
        "ACTIVITY_TYPE_UPDATE_MFA_POLICY",
        "updateMfaPolicyIntent",
        "updateMfaPolicyResult",
    )];
    type Intent = UpdateMfaPolicyIntent;
    type Output = UpdateMfaPolicyResult;
}

#[cfg(feature = "engine")]
impl Execute for UpdateMfaPolicy {
    const POLICY: Option<(Resource, Action)> = Some((Resource::MfaPolicy, Action::Update));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<UpdateMfaPolicyResult, RequestError> {
        let (now, organization) = (context.now, context.organization());
        let user = organization.user(self.user)?;
        let current = mfa::policy(user, self.id)?;
        if let Some(name) = self.name.as_ref().filter(|name| **name != current.name) {
            mfa::check_name(user, name)?;
        }
        let profiles = scopes::profiles(organization, context.parent);
        mfa::check_exist(self.steps.as_deref().unwrap_or_default(), user, profiles)?;
        let user = context.edit().user_mut(self.user)?;
        let mut policies = user.mfa_policies.iter_mut();
        let policy =
            policies.find(|policy| policy.id == self.id).ok_or_else(|| mfa::not_found(self.id))?;
        policy.name = self.name.unwrap_or_else(|| policy.name.clone());
        policy.condition = self.condition.unwrap_or_else(|| policy.condition.clone());
        policy.steps = self.steps.unwrap_or_else(|| policy.steps.clone());
        policy.order = self.order.unwrap_or(policy.order);
        policy.notes = self.notes.unwrap_or_else(|| policy.notes.clone());
        policy.updated_at = now;
        policy.parsed = Parsed::default();
        user.updated_at = now;
        let warnings = mfa::warnings(user, self.id);
        Ok(UpdateMfaPolicyResult { mfa_policy_id: self.id.to_string(), warnings })
    }
}
