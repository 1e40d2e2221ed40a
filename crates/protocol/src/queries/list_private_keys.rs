//! `list_private_keys`: the private keys of an organization.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::view,
    crate::wire::RequestError,
};

use crate::wire::objects::PrivateKey;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListPrivateKeys {
    /// The organization.
    pub organization_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListPrivateKeysResponse {
    /// Oldest first.
    pub private_keys: Vec<PrivateKey>,
}

impl Query for ListPrivateKeys {
    const ROUTE: &'static str = "list_private_keys";
    type Response = ListPrivateKeysResponse;
}

#[cfg(feature = "engine")]
impl Answer for ListPrivateKeys {
    fn answer(self, view: &View<'_>, _: Found) -> Result<ListPrivateKeysResponse, RequestError> {
        let private_keys = view.organization.private_keys.iter().map(view::private_key).collect();
        Ok(ListPrivateKeysResponse { private_keys })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::activities::create_private_keys::tests::{V2, key, submit};
    use crate::engine::testing::World;

    #[test]
    fn shows_the_private_keys_in_the_order_they_were_made() {
        let mut world = World::new();
        let root = world.root();
        let keys = ["b", "a", "c"].map(|name| key(name, "P256", &[]));
        submit(&mut world, V2, &keys).unwrap();
        let shown = world.query(&root, world.parent(), "list_private_keys", json!({})).unwrap();
        let keys = shown["privateKeys"].as_array().unwrap().iter();
        assert_eq!(keys.map(|key| &key["privateKeyName"]).collect::<Vec<_>>(), ["b", "a", "c"]);
    }
}
