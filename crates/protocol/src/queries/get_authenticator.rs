//! `get_authenticator`: one passkey.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::view,
    crate::wire::id::AuthenticatorId,
    crate::wire::{RequestError, value},
};

use crate::wire::objects::Authenticator;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetAuthenticator {
    /// The organization.
    pub organization_id: String,
    /// The passkey.
    pub authenticator_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetAuthenticatorResponse {
    /// The passkey.
    pub authenticator: Authenticator,
}

impl Query for GetAuthenticator {
    const ROUTE: &'static str = "get_authenticator";
    type Response = GetAuthenticatorResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetAuthenticator {
    fn answer(self, view: &View<'_>, _: Found) -> Result<GetAuthenticatorResponse, RequestError> {
        let id: AuthenticatorId = value::id("authenticatorId", &self.authenticator_id)?;
        let mut passkeys = view.organization.users.iter().flat_map(|user| &user.authenticators);
        let passkey = passkeys.find(|passkey| passkey.id == id).ok_or_else(|| {
            RequestError::NotFound(format!("could not find authenticator with ID {id}"))
        })?;
        Ok(GetAuthenticatorResponse { authenticator: view::authenticator(passkey) })
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
    fn shows_the_passkey() {
        let (world, sub) = with_passkey();
        let passkey = &world.organization(sub).users[0].authenticators[0];
        let asked = json!({ "authenticatorId": passkey.id.to_string() });
        let root = world.root();
        let shown = world.query(&root, sub, "get_authenticator", asked.clone()).unwrap();
        assert_eq!(shown["authenticator"]["credentialId"], passkey.credential_id);
        assert_eq!(shown["authenticator"]["authenticatorName"], "phone");
        let refusal = world.query(&root, world.parent(), "get_authenticator", asked).unwrap_err();
        assert_eq!(refusal.status().http_status(), 404);
    }
}
