//! `get_mfa_policies`: the MFA policies of a user.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::view,
    crate::wire::{RequestError, value},
};

use crate::wire::objects::MfaPolicy;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetMfaPolicies {
    /// The organization.
    pub organization_id: String,
    /// The user they bind.
    pub user_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetMfaPoliciesResponse {
    /// In the order they were made.
    pub mfa_policies: Vec<MfaPolicy>,
}

impl Query for GetMfaPolicies {
    const ROUTE: &'static str = "get_mfa_policies";
    type Response = GetMfaPoliciesResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetMfaPolicies {
    fn answer(self, view: &View<'_>, _: Found) -> Result<GetMfaPoliciesResponse, RequestError> {
        let user = view.organization.user(value::id("userId", &self.user_id)?)?;
        let mfa_policies = user.mfa_policies.iter().map(view::mfa_policy).collect();
        Ok(GetMfaPoliciesResponse { mfa_policies })
    }
}
