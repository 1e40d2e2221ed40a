//! `CREATE_PRIVATE_KEY_TAG`: makes a label for private keys and puts it on some.

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

use crate::wire::id::PrivateKeyId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatePrivateKeyTagIntent {
    /// Its name.
    pub private_key_tag_name: String,
    /// The private keys that carry it.
    pub private_key_ids: Vec<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatePrivateKeyTagResult {
    /// The tag.
    pub private_key_tag_id: String,
    /// The private keys that carry it.
    pub private_key_ids: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatePrivateKeyTag {
    name: String,
    carriers: Vec<PrivateKeyId>,
}

impl TryFrom<CreatePrivateKeyTagIntent> for CreatePrivateKeyTag {
    type Error = InvalidRequest;

    fn try_from(intent: CreatePrivateKeyTagIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            name: value::label("privateKeyTagName", intent.private_key_tag_name)?,
            carriers: value::ids("privateKeyIds", &intent.private_key_ids)?,
        })
    }
}

impl Activity for CreatePrivateKeyTag {
    const ROUTE: &'static str = "create_private_key_tag";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<CreatePrivateKeyTagIntent>(
        "ACTIVITY_TYPE_CREATE_PRIVATE_KEY_TAG",
        "createPrivateKeyTagIntent",
        "createPrivateKeyTagResult",
    )];
    type Intent = CreatePrivateKeyTagIntent;
    type Output = CreatePrivateKeyTagResult;
}

#[cfg(feature = "engine")]
impl Execute for CreatePrivateKeyTag {
    const POLICY: Option<(Resource, Action)> = Some((Resource::PrivateKey, Action::Create));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<CreatePrivateKeyTagResult, RequestError> {
        let now = context.now;
        let (organization, _, rng) = context.edit_with();
        let tag = credentials::add_tag(organization, TagType::PrivateKey, self.name, now, rng)?;
        for id in &self.carriers {
            let carrier = organization.private_key_mut(*id)?;
            credentials::put_tag(&mut carrier.tags, tag);
            carrier.updated_at = now;
        }
        Ok(CreatePrivateKeyTagResult {
            private_key_tag_id: tag.to_string(),
            private_key_ids: self.carriers.iter().map(ToString::to_string).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::testing::World;

    const KIND: &str = "ACTIVITY_TYPE_CREATE_PRIVATE_KEY_TAG";

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
    fn puts_it_on_the_private_keys_named() {
        let mut world = World::new();
        let id = world.parent();
        let carrier = key(&mut world, "first");
        let tag = json!({ "privateKeyTagName": "ops", "privateKeyIds": [carrier] });
        let result = world.submit(&world.root(), id, KIND, tag).unwrap();
        let organization = world.organization(id);
        let tag = organization.tags[0].id;
        assert_eq!(result, json!({ "privateKeyTagId": tag, "privateKeyIds": [carrier] }));
        assert_eq!(organization.private_key(carrier).unwrap().tags, [tag]);
    }

    #[test]
    fn refuses_a_name_that_is_taken() {
        let mut world = World::new();
        let tag = json!({ "privateKeyTagName": "ops", "privateKeyIds": [] });
        world.submit(&world.root(), world.parent(), KIND, tag.clone()).unwrap();
        let refusal = world.submit(&world.root(), world.parent(), KIND, tag).unwrap_err();
        assert_eq!(refusal.to_string(), "private key tag label must be unique");
    }

    #[test]
    fn refuses_a_private_key_that_is_not_there() {
        let mut world = World::new();
        let tag = json!({ "privateKeyTagName": "ops", "privateKeyIds": [world.parent()] });
        let refusal = world.submit(&world.root(), world.parent(), KIND, tag).unwrap_err();
        assert!(matches!(refusal, RequestError::NotFound(_)), "{refusal}");
        assert!(world.organization(world.parent()).tags.is_empty());
    }
}
