//! `DELETE_PRIVATE_KEY_TAGS`: deletes labels of private keys and takes them from their carriers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, credentials},
    crate::wire::RequestError,
    crate::wire::enums::TagType,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::id::TagId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletePrivateKeyTagsIntent {
    /// The tags.
    pub private_key_tag_ids: Vec<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletePrivateKeyTagsResult {
    /// The tags that are gone.
    pub private_key_tag_ids: Vec<String>,
    /// The private keys that carried one.
    pub private_key_ids: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct DeletePrivateKeyTags {
    tags: Vec<TagId>,
}

impl TryFrom<DeletePrivateKeyTagsIntent> for DeletePrivateKeyTags {
    type Error = InvalidRequest;

    fn try_from(intent: DeletePrivateKeyTagsIntent) -> Result<Self, InvalidRequest> {
        Ok(Self { tags: value::some_ids("privateKeyTagIds", &intent.private_key_tag_ids)? })
    }
}

impl Activity for DeletePrivateKeyTags {
    const ROUTE: &'static str = "delete_private_key_tags";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<DeletePrivateKeyTagsIntent>(
        "ACTIVITY_TYPE_DELETE_PRIVATE_KEY_TAGS",
        "deletePrivateKeyTagsIntent",
        "deletePrivateKeyTagsResult",
    )];
    type Intent = DeletePrivateKeyTagsIntent;
    type Output = DeletePrivateKeyTagsResult;
}

#[cfg(feature = "engine")]
impl Execute for DeletePrivateKeyTags {
    const POLICY: Option<(Resource, Action)> = Some((Resource::PrivateKey, Action::Delete));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<DeletePrivateKeyTagsResult, RequestError> {
        let now = context.now;
        let organization = context.edit();
        credentials::remove_tags(organization, TagType::PrivateKey, &self.tags)?;
        let mut carriers = Vec::new();
        for carrier in &mut organization.private_keys {
            if credentials::take_tags(&mut carrier.tags, &self.tags) {
                carrier.updated_at = now;
                carriers.push(carrier.id.to_string());
            }
        }
        Ok(DeletePrivateKeyTagsResult {
            private_key_tag_ids: self.tags.iter().map(ToString::to_string).collect(),
            private_key_ids: carriers,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::testing::World;
    use crate::wire::id::PrivateKeyId;

    const KIND: &str = "ACTIVITY_TYPE_DELETE_PRIVATE_KEY_TAGS";

    fn key(world: &mut World, name: &str) -> PrivateKeyId {
        let key = json!({
            "privateKeyName": name,
            "curve": "CURVE_ED25519",
            "privateKeyTags": [],
            "addressFormats": [],
        });
        let kind = "ACTIVITY_TYPE_CREATE_PRIVATE_KEYS_V2";
        let keys = json!({ "privateKeys": [key] });
        world.submit(&world.root(), world.parent(), kind, keys).unwrap();
        world.organization(world.parent()).private_keys.last().unwrap().id
    }

    #[test]
    fn takes_them_from_all_that_carry_them() {
        let mut world = World::new();
        let (root, id) = (world.root(), world.parent());
        let (first, second) = (key(&mut world, "first"), key(&mut world, "second"));
        let mut tags = Vec::new();
        for (name, carriers) in
            [("a", json!([first])), ("b", json!([first, second])), ("c", json!([second]))]
        {
            let tag = json!({ "privateKeyTagName": name, "privateKeyIds": carriers });
            let kind = "ACTIVITY_TYPE_CREATE_PRIVATE_KEY_TAG";
            tags.push(world.submit(&root, id, kind, tag).unwrap()["privateKeyTagId"].take());
        }
        let doomed = json!({ "privateKeyTagIds": [tags[0]] });
        let result = world.submit(&root, id, KIND, doomed.clone()).unwrap();
        assert_eq!(result, json!({ "privateKeyTagIds": [tags[0]], "privateKeyIds": [first] }));
        assert_eq!(world.organization(id).private_key(first).unwrap().tags.len(), 1);
        assert_eq!(world.organization(id).tags.len(), 2);
        // Gone is gone, and nothing else goes with what is not there.
        let doomed = json!({ "privateKeyTagIds": [tags[1], tags[0]] });
        let refusal = world.submit(&root, id, KIND, doomed).unwrap_err();
        assert!(matches!(refusal, RequestError::NotFound(_)), "{refusal}");
        assert_eq!(world.organization(id).tags.len(), 2);
    }
}
