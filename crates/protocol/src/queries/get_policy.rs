//! `get_policy`: one policy.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::view,
    crate::wire::{RequestError, value},
};

use crate::wire::objects::Policy;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetPolicy {
    /// The organization.
    pub organization_id: String,
    /// The policy.
    pub policy_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetPolicyResponse {
    /// The policy.
    pub policy: Policy,
}

impl Query for GetPolicy {
    const ROUTE: &'static str = "get_policy";
    type Response = GetPolicyResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetPolicy {
    fn answer(self, view: &View<'_>, _: Found) -> Result<GetPolicyResponse, RequestError> {
        let id = value::id("policyId", &self.policy_id)?;
        Ok(GetPolicyResponse { policy: view::policy(view.organization.policy(id)?) })
    }
}
