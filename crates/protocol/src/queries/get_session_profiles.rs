//! `get_session_profiles`: what sessions may be limited to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::{scopes, view},
    crate::wire::RequestError,
};

use crate::wire::objects::SessionProfile;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetSessionProfiles {
    /// The organization, or a sub-organization of it.
    pub organization_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetSessionProfilesResponse {
    /// In the order they were made.
    pub session_profiles: Vec<SessionProfile>,
}

impl Query for GetSessionProfiles {
    const ROUTE: &'static str = "get_session_profiles";
    type Response = GetSessionProfilesResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetSessionProfiles {
    fn answer(self, view: &View<'_>, _: Found) -> Result<GetSessionProfilesResponse, RequestError> {
        let profiles = scopes::profiles(view.organization, view.parent).iter();
        Ok(GetSessionProfilesResponse {
            session_profiles: profiles.map(view::session_profile).collect(),
        })
    }
}
