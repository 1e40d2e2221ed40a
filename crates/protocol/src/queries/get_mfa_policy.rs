//! `get_mfa_policy`: one MFA policy of a user.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::{mfa, view},
    crate::wire::{RequestError, value},
};

use crate::wire::objects::MfaPolicy;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetMfaPolicy {
    /// The organization.
    pub organization_id: String,
    /// The user it binds.
    pub user_id: String,
    /// The MFA policy.
    pub mfa_policy_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetMfaPolicyResponse {
    /// The MFA policy.
    pub mfa_policy: MfaPolicy,
}

impl Query for GetMfaPolicy {
    const ROUTE: &'static str = "get_mfa_policy";
    type Response = GetMfaPolicyResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetMfaPolicy {
    fn answer(self, view: &View<'_>, _: Found) -> Result<GetMfaPolicyResponse, RequestError> {
        let user = view.organization.user(value::id("userId", &self.user_id)?)?;
        let policy = mfa::policy(user, value::id("mfaPolicyId", &self.mfa_policy_id)?)?;
        Ok(GetMfaPolicyResponse { mfa_policy: view::mfa_policy(policy) })
    }
}
