//! `list_policies`: the policies of an organization.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::view,
    crate::wire::RequestError,
};

use crate::wire::objects::Policy;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListPolicies {
    /// The organization.
    pub organization_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListPoliciesResponse {
    /// The policies, in the order they were made.
    pub policies: Vec<Policy>,
}

impl Query for ListPolicies {
    const ROUTE: &'static str = "list_policies";
    type Response = ListPoliciesResponse;
}

#[cfg(feature = "engine")]
impl Answer for ListPolicies {
    fn answer(self, view: &View<'_>, _: Found) -> Result<ListPoliciesResponse, RequestError> {
        Ok(ListPoliciesResponse {
            policies: view.organization.policies.iter().map(view::policy).collect(),
        })
    }
}
