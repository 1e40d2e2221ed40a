//! `DELETE_PRIVATE_KEYS`: erases private keys.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::id::PrivateKeyId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletePrivateKeysIntent {
    /// The private keys.
    pub private_key_ids: Vec<String>,
    /// Whether those go too that were never exported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_without_export: Option<bool>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletePrivateKeysResult {
    /// The private keys that are gone.
    pub private_key_ids: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct DeletePrivateKeys {
    keys: Vec<PrivateKeyId>,
    without_export: bool,
}

impl TryFrom<DeletePrivateKeysIntent> for DeletePrivateKeys {
    type Error = InvalidRequest;

    fn try_from(intent: DeletePrivateKeysIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            keys: value::some_ids("privateKeyIds", &intent.private_key_ids)?,
            without_export: intent.delete_without_export.unwrap_or_default(),
        })
    }
}

impl Activity for DeletePrivateKeys {
    const ROUTE: &'static str = "delete_private_keys";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<DeletePrivateKeysIntent>(
        "ACTIVITY_TYPE_DELETE_PRIVATE_KEYS",
        "deletePrivateKeysIntent",
        "deletePrivateKeysResult",
    )];
    type Intent = DeletePrivateKeysIntent;
    type Output = DeletePrivateKeysResult;
}

#[cfg(feature = "engine")]
impl Execute for DeletePrivateKeys {
    const POLICY: Option<(Resource, Action)> = Some((Resource::PrivateKey, Action::Delete));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<DeletePrivateKeysResult, RequestError> {
        for id in &self.keys {
            if !context.organization().private_key(*id)?.exported && !self.without_export {
                return Err(InvalidRequest::new("private key has not been exported").into());
            }
        }
        context.edit().private_keys.retain(|key| !self.keys.contains(&key.id));
        context.changes.deleted_secrets.extend(self.keys.iter().map(|id| id.0));
        let private_key_ids = self.keys.iter().map(ToString::to_string).collect();
        Ok(DeletePrivateKeysResult { private_key_ids })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::activities::create_private_keys::tests::{self as create, key};
    use crate::engine::testing::World;
    use crate::wire::RequestError;

    fn submit(world: &mut World, parameters: Value) -> Result<Value, RequestError> {
        let root = world.root();
        world.submit(&root, root.organization, "ACTIVITY_TYPE_DELETE_PRIVATE_KEYS", parameters)
    }

    /// Two private keys, and their ids.
    fn two_keys() -> (World, [String; 2]) {
        let mut world = World::new();
        let keys = [key("a", "P256", &[]), key("b", "P256", &[])];
        create::submit(&mut world, create::V2, &keys).unwrap();
        let keys = &world.organization(world.parent()).private_keys;
        let ids = [keys[0].id.to_string(), keys[1].id.to_string()];
        (world, ids)
    }

    #[test]
    fn erases_the_keys() {
        let (mut world, [first, second]) = two_keys();
        let asked = json!({ "privateKeyIds": [first], "deleteWithoutExport": true });
        assert_eq!(submit(&mut world, asked).unwrap(), json!({ "privateKeyIds": [first] }));
        let left = &world.organization(world.parent()).private_keys;
        assert_eq!((left.len(), left[0].id.to_string()), (1, second));
        assert_eq!(world.secrets.keys().map(|(_, id)| *id).collect::<Vec<_>>(), [left[0].id.0]);
    }

    #[test]
    fn keeps_all_when_one_was_never_exported_or_is_unknown() {
        let (mut world, [first, second]) = two_keys();
        world.edit(world.parent()).private_keys[0].exported = true;
        let refusal = submit(&mut world, json!({ "privateKeyIds": [first, second] })).unwrap_err();
        insta::assert_snapshot!(refusal, @"private key has not been exported");
        let unknown = json!({
            "privateKeyIds": [second, world.parent().to_string()],
            "deleteWithoutExport": true,
        });
        assert_eq!(submit(&mut world, unknown).unwrap_err().status().http_status(), 404);
        assert!(submit(&mut world, json!({ "privateKeyIds": [] })).is_err());
        assert_eq!(world.secrets.len(), 2);
        submit(&mut world, json!({ "privateKeyIds": [first] })).unwrap();
    }
}
