//! `get_api_key`: one API key.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::view,
    crate::wire::id::ApiKeyId,
    crate::wire::{RequestError, value},
};

use crate::wire::objects::ApiKey;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetApiKey {
    /// The organization.
    pub organization_id: String,
    /// The API key.
    pub api_key_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetApiKeyResponse {
    /// The API key.
    pub api_key: ApiKey,
}

impl Query for GetApiKey {
    const ROUTE: &'static str = "get_api_key";
    type Response = GetApiKeyResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetApiKey {
    fn answer(self, view: &View<'_>, _: Found) -> Result<GetApiKeyResponse, RequestError> {
        let id: ApiKeyId = value::id("apiKeyId", &self.api_key_id)?;
        let mut keys = view.organization.users.iter().flat_map(|user| &user.api_keys);
        let key = keys.find(|key| key.id == id).ok_or_else(|| {
            RequestError::NotFound(format!("could not find api key with ID {id}"))
        })?;
        Ok(GetApiKeyResponse { api_key: view::api_key(key) })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::testing::World;

    #[test]
    fn shows_the_key_of_whichever_user() {
        let mut world = World::new();
        let (root, user) = (world.root(), world.user(world.parent()));
        let key = &world.organization(world.parent()).user(user.user).unwrap().api_keys[0];
        let asked = json!({ "apiKeyId": key.id.to_string() });
        let shown = world.query(&root, world.parent(), "get_api_key", asked).unwrap();
        assert_eq!(shown["apiKey"]["apiKeyId"], key.id.to_string());
        assert_eq!(shown["apiKey"]["credential"]["publicKey"], key.public_key);
        assert!(shown["apiKey"].get("expirationSeconds").is_none());
    }

    #[test]
    fn does_not_find_others() {
        let mut world = World::new();
        let (sub, stranger) = world.sub_organization();
        let key = &world.organization(sub).user(stranger.user).unwrap().api_keys[0];
        let asked = json!({ "apiKeyId": key.id.to_string() });
        let root = world.root();
        let refusal = world.query(&root, world.parent(), "get_api_key", asked).unwrap_err();
        assert_eq!(refusal.status().http_status(), 404);
    }
}
