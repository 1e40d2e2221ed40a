//! `get_session_profile`: what sessions of one profile are limited to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::{scopes, view},
    crate::wire::{RequestError, value},
};

use crate::wire::objects::SessionProfile;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetSessionProfile {
    /// The organization, or a sub-organization of it.
    pub organization_id: String,
    /// The session profile.
    pub session_profile_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetSessionProfileResponse {
    /// The session profile.
    pub session_profile: SessionProfile,
}

impl Query for GetSessionProfile {
    const ROUTE: &'static str = "get_session_profile";
    type Response = GetSessionProfileResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetSessionProfile {
    fn answer(self, view: &View<'_>, _: Found) -> Result<GetSessionProfileResponse, RequestError> {
        let id = value::id("sessionProfileId", &self.session_profile_id)?;
        let profile = scopes::profile(view.organization, view.parent, id)?;
        Ok(GetSessionProfileResponse { session_profile: view::session_profile(profile) })
    }
}
