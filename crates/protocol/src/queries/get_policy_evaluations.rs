//! `get_policy_evaluations`: what the policies said of an activity, after each vote.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, Reads, View},
    crate::wire::{InvalidRequest, RequestError, value},
};

use crate::wire::objects::ActivityPolicyEvaluation;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetPolicyEvaluations {
    /// The organization.
    pub organization_id: String,
    /// The activity.
    pub activity_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetPolicyEvaluationsResponse {
    /// One for each vote that the policies were asked for, oldest first.
    pub policy_evaluations: Vec<ActivityPolicyEvaluation>,
}

impl Query for GetPolicyEvaluations {
    const ROUTE: &'static str = "get_policy_evaluations";
    type Response = GetPolicyEvaluationsResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetPolicyEvaluations {
    fn reads(&self) -> Result<Reads, InvalidRequest> {
        Ok(Reads::Activity(value::id("activityId", &self.activity_id)?))
    }

    fn answer(
        self,
        _: &View<'_>,
        found: Found,
    ) -> Result<GetPolicyEvaluationsResponse, RequestError> {
        let record = found.activity(&self.activity_id)?;
        let all = record.evaluations.iter();
        let shown = all.map(|evaluation| crate::engine::view::evaluation(evaluation, &record));
        Ok(GetPolicyEvaluationsResponse { policy_evaluations: shown.collect() })
    }
}
