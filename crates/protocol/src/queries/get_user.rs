//! `get_user`: one user, with its credentials.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::view,
    crate::wire::{RequestError, value},
};

use crate::wire::objects::User;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetUser {
    /// The organization.
    pub organization_id: String,
    /// The user.
    pub user_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetUserResponse {
    /// The user.
    pub user: User,
}

impl Query for GetUser {
    const ROUTE: &'static str = "get_user";
    type Response = GetUserResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetUser {
    fn answer(self, view: &View<'_>, _: Found) -> Result<GetUserResponse, RequestError> {
        let id = value::id("userId", &self.user_id)?;
        Ok(GetUserResponse { user: view::user(view.organization.user(id)?) })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::testing::World;

    #[test]
    fn shows_the_user_to_its_organization_and_the_parent() {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        let user = world.user(sub);
        let asked = json!({ "userId": user.user.to_string() });
        let shown = world.query(&user, sub, "get_user", asked.clone()).unwrap();
        assert_eq!(shown["user"]["userId"], user.user.to_string());
        assert_eq!(shown["user"]["apiKeys"][0]["apiKeyName"], "key");
        assert_eq!(shown["user"]["mfaPolicies"], json!([]));
        assert!(shown["user"].get("userEmail").is_none());
        for caller in [root, world.root()] {
            assert_eq!(world.query(&caller, sub, "get_user", asked.clone()).unwrap(), shown);
        }
    }

    #[test]
    fn does_not_find_users_of_other_organizations() {
        let mut world = World::new();
        let (_, stranger) = world.sub_organization();
        let root = world.root();
        let asked = json!({ "userId": stranger.user.to_string() });
        let refusal = world.query(&root, world.parent(), "get_user", asked).unwrap_err();
        assert_eq!(refusal.status().http_status(), 404);
        let asked = json!({ "userId": "somebody" });
        let refusal = world.query(&root, world.parent(), "get_user", asked).unwrap_err();
        assert_eq!(refusal.status().http_status(), 400);
        assert!(world.query(&root, world.parent(), "get_user", json!({})).is_err());
    }
}
