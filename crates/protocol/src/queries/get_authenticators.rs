//! `get_authenticators`: the passkeys of a user.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::view,
    crate::wire::{RequestError, value},
};

use crate::wire::objects::Authenticator;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetAuthenticators {
    /// The organization.
    pub organization_id: String,
    /// The user.
    pub user_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetAuthenticatorsResponse {
    /// Oldest first.
    pub authenticators: Vec<Authenticator>,
}

impl Query for GetAuthenticators {
    const ROUTE: &'static str = "get_authenticators";
    type Response = GetAuthenticatorsResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetAuthenticators {
    fn answer(self, view: &View<'_>, _: Found) -> Result<GetAuthenticatorsResponse, RequestError> {
        let user = view.organization.user(value::id("userId", &self.user_id)?)?;
        let authenticators = user.authenticators.iter().map(view::authenticator).collect();
        Ok(GetAuthenticatorsResponse { authenticators })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::testing::World;

    /// A world whose parent has a sub-organization with one passkey; that organization.
    fn with_passkey() -> (World, crate::wire::id::OrganizationId) {
        let mut world = World::new();
        let root = world.root();
        let intent = json!({ "name": "made", "rootAuthenticator": world.passkey("phone") });
        let kind = "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION";
        let made = world.submit(&root, world.parent(), kind, intent).unwrap();
        let sub = made["subOrganizationId"].as_str().unwrap().parse().unwrap();
        (world, sub)
    }

    #[test]
    fn shows_the_passkeys_of_one_user() {
        let (world, sub) = with_passkey();
        let (root, user) = (world.root(), &world.organization(sub).users[0]);
        let asked = json!({ "userId": user.id.to_string() });
        let shown = world.query(&root, sub, "get_authenticators", asked.clone()).unwrap();
        let id = &shown["authenticators"][0]["authenticatorId"];
        assert_eq!(*id, user.authenticators[0].id.to_string());
        let refusal = world.query(&root, world.parent(), "get_authenticators", asked).unwrap_err();
        assert_eq!(refusal.status().http_status(), 404);
        assert!(world.query(&root, sub, "get_authenticators", json!({})).is_err());
    }
}
