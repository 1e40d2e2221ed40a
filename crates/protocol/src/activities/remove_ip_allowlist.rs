//! `REMOVE_IP_ALLOWLIST`: lifts what `SET_IP_ALLOWLIST` says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::set_ip_allowlist::public_key;
use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::ip_allowlist,
    crate::engine::{Caller, Context, Rule},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::InvalidRequest;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RemoveIpAllowlistIntent {
    /// The API key whose list goes; the organization's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct RemoveIpAllowlistResult {}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoveIpAllowlist {
    public_key: Option<String>,
}

impl TryFrom<RemoveIpAllowlistIntent> for RemoveIpAllowlist {
    type Error = InvalidRequest;

    fn try_from(intent: RemoveIpAllowlistIntent) -> Result<Self, InvalidRequest> {
        Ok(Self { public_key: public_key(intent.public_key) })
    }
}

impl Activity for RemoveIpAllowlist {
    const ROUTE: &'static str = "remove_ip_allowlist";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<RemoveIpAllowlistIntent>(
        "ACTIVITY_TYPE_REMOVE_IP_ALLOWLIST",
        "removeIpAllowlistIntent",
        "removeIpAllowlistResult",
    )];
    type Intent = RemoveIpAllowlistIntent;
    type Output = RemoveIpAllowlistResult;
}

#[cfg(feature = "engine")]
impl Execute for RemoveIpAllowlist {
    const POLICY: Option<(Resource, Action)> = None;

    fn rule(&self) -> Rule {
        Rule::ParentOnly
    }

    fn execute(
        self,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<RemoveIpAllowlistResult, RequestError> {
        let public_key = self.public_key.as_deref();
        if ip_allowlist::find(context.organization(), public_key).is_none() {
            return Err(RequestError::NotFound("could not find ip allowlist".to_owned()));
        }
        let client = context.client;
        let organization = context.edit();
        organization.ip_allowlists.retain(|list| list.public_key.as_deref() != public_key);
        ip_allowlist::check_own(organization, caller, client)?;
        Ok(RemoveIpAllowlistResult {})
    }
}
