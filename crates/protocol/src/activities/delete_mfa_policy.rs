//! `DELETE_MFA_POLICY`: lifts what a user must show several factors for. Without a policy that lets somebody else do
//! it, a factor that is lost is final.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, mfa},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::id::{MfaPolicyId, UserId};
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteMfaPolicyIntent {
    /// The user it binds.
    pub user_id: String,
    /// The MFA policy.
    pub mfa_policy_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteMfaPolicyResult {
    /// The MFA policy.
    pub mfa_policy_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct DeleteMfaPolicy {
    user: UserId,
    id: MfaPolicyId,
}

impl TryFrom<DeleteMfaPolicyIntent> for DeleteMfaPolicy {
    type Error = InvalidRequest;

    fn try_from(intent: DeleteMfaPolicyIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            user: value::id("userId", &intent.user_id)?,
            id: value::id("mfaPolicyId", &intent.mfa_policy_id)?,
        })
    }
}

impl Activity for DeleteMfaPolicy {
    const ROUTE: &'static str = "delete_mfa_policy";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<DeleteMfaPolicyIntent>(
        "ACTIVITY_TYPE_DELETE_MFA_POLICY",
        "deleteMfaPolicyIntent",
        "deleteMfaPolicyResult",
    )];
    type Intent = DeleteMfaPolicyIntent;
    type Output = DeleteMfaPolicyResult;
}

#[cfg(feature = "engine")]
impl Execute for DeleteMfaPolicy {
    const POLICY: Option<(Resource, Action)> = Some((Resource::MfaPolicy, Action::Delete));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<DeleteMfaPolicyResult, RequestError> {
        mfa::policy(context.organization().user(self.user)?, self.id)?;
        let now = context.now;
        let user = context.edit().user_mut(self.user)?;
        user.mfa_policies.retain(|policy| policy.id != self.id);
        user.updated_at = now;
        Ok(DeleteMfaPolicyResult { mfa_policy_id: self.id.to_string() })
    }
}
