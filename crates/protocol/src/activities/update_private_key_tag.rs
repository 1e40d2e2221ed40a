//! `UPDATE_PRIVATE_KEY_TAG`: renames a label of private keys, puts it on some, takes it from some.

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

use crate::wire::id::{PrivateKeyId, TagId};
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdatePrivateKeyTagIntent {
    /// The tag.
    pub private_key_tag_id: String,
    /// The new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_private_key_tag_name: Option<String>,
    /// The private keys that are to carry it.
    pub add_private_key_ids: Vec<String>,
    /// The private keys that are not to.
    pub remove_private_key_ids: Vec<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdatePrivateKeyTagResult {
    /// The tag.
    pub private_key_tag_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdatePrivateKeyTag {
    tag: TagId,
    name: Option<String>,
    add: Vec<PrivateKeyId>,
    remove: Vec<PrivateKeyId>,
}

impl TryFrom<UpdatePrivateKeyTagIntent> for UpdatePrivateKeyTag {
    type Error = InvalidRequest;

    fn try_from(intent: UpdatePrivateKeyTagIntent) -> Result<Self, InvalidRequest> {
        let add: Vec<PrivateKeyId> = value::ids("addPrivateKeyIds", &intent.add_private_key_ids)?;
        let remove: Vec<PrivateKeyId> =
            value::ids("removePrivateKeyIds", &intent.remove_private_key_ids)?;
        if let Some(both) = add.iter().find(|id| remove.contains(id)) {
            let text = format!("private key {both} can't be both added and removed");
            return Err(InvalidRequest::new(text));
        }
        // An empty name is no name: it stays as it is.
        let name = intent.new_private_key_tag_name.filter(|name| !name.is_empty());
        Ok(Self {
            tag: value::id("privateKeyTagId", &intent.private_key_tag_id)?,
            name: value::optional_label("newPrivateKeyTagName", name)?,
            add,
            remove,
        })
    }
}

impl Activity for UpdatePrivateKeyTag {
    const ROUTE: &'static str = "update_private_key_tag";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<UpdatePrivateKeyTagIntent>(
        "ACTIVITY_TYPE_UPDATE_PRIVATE_KEY_TAG",
        "updatePrivateKeyTagIntent",
        "updatePrivateKeyTagResult",
    )];
    type Intent = UpdatePrivateKeyTagIntent;
    type Output = UpdatePrivateKeyTagResult;
}

#[cfg(feature = "engine")]
impl Execute for UpdatePrivateKeyTag {
    const POLICY: Option<(Resource, Action)> = Some((Resource::PrivateKey, Action::Update));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<UpdatePrivateKeyTagResult, RequestError> {
        let now = context.now;
        let organization = context.edit();
        credentials::change_tag(organization, TagType::PrivateKey, self.tag, self.name, now)?;
        for id in self.add {
            let carrier = organization.private_key_mut(id)?;
            if credentials::put_tag(&mut carrier.tags, self.tag) {
                carrier.updated_at = now;
            }
        }
        for id in self.remove {
            let carrier = organization.private_key_mut(id)?;
            if credentials::take_tags(&mut carrier.tags, &[self.tag]) {
                carrier.updated_at = now;
            }
        }
        Ok(UpdatePrivateKeyTagResult { private_key_tag_id: self.tag.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::testing::World;

    const KIND: &str = "ACTIVITY_TYPE_UPDATE_PRIVATE_KEY_TAG";

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

    fn tag(world: &mut World, name: &str, carriers: &[PrivateKeyId]) -> serde_json::Value {
        let tag = json!({ "privateKeyTagName": name, "privateKeyIds": carriers });
        let kind = "ACTIVITY_TYPE_CREATE_PRIVATE_KEY_TAG";
        world.submit(&world.root(), world.parent(), kind, tag).unwrap()["privateKeyTagId"].take()
    }

    #[test]
    fn renames_it_and_hands_it_on() {
        let mut world = World::new();
        let id = world.parent();
        let (first, second) = (key(&mut world, "first"), key(&mut world, "second"));
        let tag = tag(&mut world, "ops", &[first]);
        world.now = world.now.plus_seconds(60);
        let change = json!({
            "privateKeyTagId": tag,
            "newPrivateKeyTagName": "devops",
            "addPrivateKeyIds": [second],
            "removePrivateKeyIds": [first],
        });
        let result = world.submit(&world.root(), id, KIND, change).unwrap();
        assert_eq!(result, json!({ "privateKeyTagId": tag }));
        let organization = world.organization(id);
        assert_eq!(organization.tags[0].name, "devops");
        assert_eq!(organization.tags[0].updated_at, world.now);
        assert!(organization.private_key(first).unwrap().tags.is_empty());
        assert_eq!(organization.private_key(second).unwrap().tags, [organization.tags[0].id]);
    }

    #[test]
    fn refuses_the_name_of_another_and_takes_its_own() {
        let mut world = World::new();
        let (first, _) = (tag(&mut world, "ops", &[]), tag(&mut world, "dev", &[]));
        let mut change =
            json!({ "privateKeyTagId": first, "addPrivateKeyIds": [], "removePrivateKeyIds": [] });
        for (name, taken) in [("ops", false), ("", false), ("dev", true)] {
            change["newPrivateKeyTagName"] = json!(name);
            let result = world.submit(&world.root(), world.parent(), KIND, change.clone());
            assert_eq!(result.is_err(), taken, "{name}");
        }
        assert_eq!(world.organization(world.parent()).tags[0].name, "ops");
    }

    #[test]
    fn refuses_unknown_tags_and_contradictions() {
        let mut world = World::new();
        let id = world.parent();
        let carrier = key(&mut world, "first");
        let tag = tag(&mut world, "ops", &[]);
        for (tag, add, remove, status) in [
            (&json!(id), json!([]), json!([]), 404),
            (&tag, json!([carrier]), json!([carrier]), 400),
            (&tag, json!([id]), json!([]), 404),
        ] {
            let change = json!({
                "privateKeyTagId": tag,
                "addPrivateKeyIds": add,
                "removePrivateKeyIds": remove,
            });
            let refusal = world.submit(&world.root(), id, KIND, change).unwrap_err();
            assert_eq!(refusal.status().http_status(), status, "{refusal}");
        }
    }
}
