//! `get_auth_proxy_config`: how the organization's auth proxy is set up. Not a query of the protocol; for
//! those who operate the organization.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::Home,
    crate::wire::RequestError,
};

use crate::wire::objects::AuthProxyConfig;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetAuthProxyConfig {
    /// The parent organization; the caller must be one of its users.
    pub organization_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetAuthProxyConfigResponse {
    /// What clients name it by.
    pub config_id: String,
    /// The user that the proxy acts as.
    pub user_id: String,
    /// How it works.
    pub config: AuthProxyConfig,
}

impl Query for GetAuthProxyConfig {
    const ROUTE: &'static str = "get_auth_proxy_config";
    type Response = GetAuthProxyConfigResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetAuthProxyConfig {
    fn answer(self, view: &View<'_>, _: Found) -> Result<GetAuthProxyConfigResponse, RequestError> {
        let organization = view.organization;
        if !organization.is_parent() || view.caller.home != Home::Own {
            return Err(RequestError::PermissionDenied);
        }
        let proxy = organization.auth_proxy.as_ref().ok_or_else(|| organization.no_auth_proxy())?;
        Ok(GetAuthProxyConfigResponse {
            config_id: organization.id.to_string(),
            user_id: proxy.user.to_string(),
            config: proxy.config.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::activities::enable_auth_proxy::tests::enable;
    use crate::engine::testing::World;

    const ROUTE: &str = "get_auth_proxy_config";

    #[test]
    fn shows_users_of_the_parent_how_it_is_set_up() {
        let mut world = World::new();
        let proxy = enable(&mut world);
        let user = world.user(world.parent());
        let shown = world.query(&user, world.parent(), ROUTE, json!({})).unwrap();
        let defaults = serde_json::to_value(AuthProxyConfig::default()).unwrap();
        assert_eq!(
            shown,
            json!({ "configId": world.parent(), "userId": proxy.user, "config": defaults })
        );
        assert_eq!(shown["config"]["otpLength"], 9);
    }

    #[test]
    fn others_see_nothing_and_there_is_nothing_to_see_without_a_proxy() {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        let refusal = world.query(&world.root(), world.parent(), ROUTE, json!({})).unwrap_err();
        assert!(matches!(refusal, RequestError::FeatureDisabled { .. }), "{refusal}");
        enable(&mut world);
        for (caller, organization) in [(&root, sub), (&root, world.parent()), (&world.root(), sub)]
        {
            let refusal = world.query(caller, organization, ROUTE, json!({})).unwrap_err();
            assert!(matches!(refusal, RequestError::PermissionDenied), "{refusal}");
        }
    }
}
