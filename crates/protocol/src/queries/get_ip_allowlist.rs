//! `get_ip_allowlist`: from where users of a parent organization may ask.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::activities::set_ip_allowlist::public_key,
    crate::engine::{ip_allowlist, view},
    crate::wire::RequestError,
};

use crate::wire::objects::IpAllowlist;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetIpAllowlist {
    /// The organization.
    pub organization_id: String,
    /// The API key whose list it is; the organization's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct GetIpAllowlistResponse {
    /// The list; one without rules where there is none.
    pub allowlist: IpAllowlist,
}

impl Query for GetIpAllowlist {
    const ROUTE: &'static str = "get_ip_allowlist";
    type Response = GetIpAllowlistResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetIpAllowlist {
    fn answer(self, view: &View<'_>, _: Found) -> Result<GetIpAllowlistResponse, RequestError> {
        let public_key = public_key(self.public_key);
        let list = ip_allowlist::find(view.organization, public_key.as_deref());
        let organization = view.organization.id;
        let allowlist = view::ip_allowlist(organization, public_key, list);
        Ok(GetIpAllowlistResponse { allowlist })
    }
}
