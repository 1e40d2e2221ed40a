//! `get_api_keys`: the API keys of one user or of all, those of sessions included.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::view,
    crate::wire::RequestError,
};

use crate::wire::objects::ApiKey;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetApiKeys {
    /// The organization.
    pub organization_id: String,
    /// One user; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetApiKeysResponse {
    /// Oldest first, user by user. The expired ones stay until they are evicted.
    pub api_keys: Vec<ApiKey>,
}

impl Query for GetApiKeys {
    const ROUTE: &'static str = "get_api_keys";
    type Response = GetApiKeysResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetApiKeys {
    fn answer(self, view: &View<'_>, _: Found) -> Result<GetApiKeysResponse, RequestError> {
        let users = view.users(self.user_id.as_deref())?;
        let api_keys = users.iter().flat_map(|user| &user.api_keys).map(view::api_key).collect();
        Ok(GetApiKeysResponse { api_keys })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::testing::World;

    #[test]
    fn shows_the_keys_of_all_or_of_one_the_expired_included() {
        let mut world = World::new();
        let (root, user) = (world.root(), world.user(world.parent()));
        let intent = json!({ "publicKey": world.public_key(), "expirationSeconds": "1" });
        world.submit(&user, world.parent(), "ACTIVITY_TYPE_STAMP_LOGIN", intent).unwrap();
        world.now = world.now.plus_seconds(2);
        let count = |body| {
            let shown = world.query(&root, world.parent(), "get_api_keys", body).unwrap();
            shown["apiKeys"].as_array().unwrap().len()
        };
        assert_eq!(count(json!({})), 3);
        assert_eq!(count(json!({ "userId": null })), 3);
        assert_eq!(count(json!({ "userId": user.user.to_string() })), 2);
        let unknown = json!({ "userId": world.parent().to_string() });
        let refusal = world.query(&root, world.parent(), "get_api_keys", unknown).unwrap_err();
        assert_eq!(refusal.status().http_status(), 404);
    }
}
