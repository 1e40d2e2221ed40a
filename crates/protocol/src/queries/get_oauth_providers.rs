//! `get_oauth_providers`: the OAuth providers of one user or of all.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::view,
    crate::wire::RequestError,
};

use crate::wire::objects::OauthProvider;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetOauthProviders {
    /// The organization.
    pub organization_id: String,
    /// One user; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetOauthProvidersResponse {
    /// In the order they were registered.
    pub oauth_providers: Vec<OauthProvider>,
}

impl Query for GetOauthProviders {
    const ROUTE: &'static str = "get_oauth_providers";
    type Response = GetOauthProvidersResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetOauthProviders {
    fn answer(self, view: &View<'_>, _: Found) -> Result<GetOauthProvidersResponse, RequestError> {
        let users = view.users(self.user_id.as_deref())?.iter();
        let oauth_providers =
            users.flat_map(|user| &user.oauth_providers).map(view::oauth_provider).collect();
        Ok(GetOauthProvidersResponse { oauth_providers })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::testing::World;

    #[test]
    fn there_are_none_of_users_there_are() {
        let world = World::new();
        let root = world.root();
        for asked in [json!({}), json!({ "userId": root.user.to_string() })] {
            let shown = world.query(&root, world.parent(), "get_oauth_providers", asked);
            assert_eq!(shown.unwrap(), json!({ "oauthProviders": [] }));
        }
        let unknown = json!({ "userId": world.parent().to_string() });
        let refusal = world.query(&root, world.parent(), "get_oauth_providers", unknown);
        assert_eq!(refusal.unwrap_err().status().http_status(), 404);
    }
}
