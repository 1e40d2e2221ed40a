//! `get_mfa_status`: how far users are with the factors that an activity takes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, Reads, View},
    crate::engine::mfa,
    crate::wire::{InvalidRequest, RequestError, value},
};

use crate::wire::objects::MfaStatus;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetMfaStatus {
    /// The activity's organization.
    pub organization_id: String,
    /// The activity.
    pub activity_id: String,
    /// The user; everybody who voted when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetMfaStatusResponse {
    /// Of each user the policy that is enforced; nothing of users for whom none is.
    pub mfa_statuses: Vec<MfaStatus>,
}

impl Query for GetMfaStatus {
    const ROUTE: &'static str = "get_mfa_status";
    const ACCEPTS_ATTESTED: bool = true;
    type Response = GetMfaStatusResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetMfaStatus {
    fn reads(&self) -> Result<Reads, InvalidRequest> {
        Ok(Reads::Judged(value::id("activityId", &self.activity_id)?))
    }

    fn answer(self, view: &View<'_>, found: Found) -> Result<GetMfaStatusResponse, RequestError> {
        let user = self.user_id.as_deref().filter(|id| !id.is_empty());
        let user = user.map(|id| value::id("userId", id)).transpose()?;
        let Found::Judged(found) = found else {
            let text = format!("could not find activity with ID {}", self.activity_id);
            return Err(RequestError::NotFound(text));
        };
        let (recorded, _) = *found;
        let (organization, parent) = (view.organization, view.parent);
        let mfa_statuses = mfa::statuses(organization, parent, &recorded, user, view.now)?;
        Ok(GetMfaStatusResponse { mfa_statuses })
    }
}
