//! `get_private_key`: one private key.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::view,
    crate::wire::{RequestError, value},
};

use crate::wire::objects::PrivateKey;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetPrivateKey {
    /// The organization.
    pub organization_id: String,
    /// The private key.
    pub private_key_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetPrivateKeyResponse {
    /// The private key.
    pub private_key: PrivateKey,
}

impl Query for GetPrivateKey {
    const ROUTE: &'static str = "get_private_key";
    type Response = GetPrivateKeyResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetPrivateKey {
    fn answer(self, view: &View<'_>, _: Found) -> Result<GetPrivateKeyResponse, RequestError> {
        let id = value::id("privateKeyId", &self.private_key_id)?;
        Ok(GetPrivateKeyResponse {
            private_key: view::private_key(view.organization.private_key(id)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::activities::create_private_keys::tests::{V2, key, submit};
    use crate::engine::testing::World;

    #[test]
    fn shows_the_private_key_with_its_addresses() {
        let mut world = World::new();
        let root = world.root();
        submit(&mut world, V2, &[key("a", "SECP256K1", &["ETHEREUM"])]).unwrap();
        let kept = &world.organization(world.parent()).private_keys[0];
        let asked = json!({ "privateKeyId": kept.id.to_string() });
        let shown = world.query(&root, world.parent(), "get_private_key", asked).unwrap();
        let shown = &shown["privateKey"];
        assert_eq!(shown["privateKeyName"], "a");
        assert_eq!(shown["publicKey"].as_str().unwrap().len(), 130);
        let address =
            json!({ "format": "ADDRESS_FORMAT_ETHEREUM", "address": kept.addresses[0].1 });
        assert_eq!(shown["addresses"], json!([address]));
    }

    #[test]
    fn does_not_find_what_is_not_there() {
        let world = World::new();
        let root = world.root();
        let asked = json!({ "privateKeyId": root.user.to_string() });
        let refusal = world.query(&root, world.parent(), "get_private_key", asked).unwrap_err();
        assert_eq!(refusal.status().http_status(), 404);
    }
}
