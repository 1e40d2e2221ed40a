//! `CREATE_PRIVATE_KEYS`: keys that belong to no wallet.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, view, wallets},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::parameters::{NewPrivateKey, all};
use crate::wire::InvalidRequest;
use crate::wire::objects::{PrivateKeyParams, PrivateKeyResult};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatePrivateKeysIntentV2 {
    /// The keys to make.
    pub private_keys: Vec<PrivateKeyParams>,
}

/// As it used to travel; answered with ids alone.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatePrivateKeysIntent {
    /// The keys to make.
    pub private_keys: Vec<PrivateKeyParams>,
}

/// What it answers, in the order of the keys asked for.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum CreatePrivateKeysResult {
    /// The current version.
    Keys {
        /// The keys.
        private_keys: Vec<PrivateKeyResult>,
    },
    /// Version 1.
    Ids {
        /// Ids of the keys.
        private_key_ids: Vec<String>,
    },
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatePrivateKeys {
    keys: Vec<NewPrivateKey>,
    answers_ids: bool,
}

impl TryFrom<CreatePrivateKeysIntentV2> for CreatePrivateKeys {
    type Error = InvalidRequest;

    fn try_from(intent: CreatePrivateKeysIntentV2) -> Result<Self, InvalidRequest> {
        Ok(Self { keys: all(intent.private_keys)?, answers_ids: false })
    }
}

impl TryFrom<CreatePrivateKeysIntent> for CreatePrivateKeys {
    type Error = InvalidRequest;

    fn try_from(intent: CreatePrivateKeysIntent) -> Result<Self, InvalidRequest> {
        Ok(Self { keys: all(intent.private_keys)?, answers_ids: true })
    }
}

impl Activity for CreatePrivateKeys {
    const ROUTE: &'static str = "create_private_keys";
    const VERSIONS: &'static [Version<Self>] = &[
        Version::of::<CreatePrivateKeysIntentV2>(
            "ACTIVITY_TYPE_CREATE_PRIVATE_KEYS_V2",
            "createPrivateKeysIntentV2",
            "createPrivateKeysResultV2",
        ),
        Version::of::<CreatePrivateKeysIntent>(
            "ACTIVITY_TYPE_CREATE_PRIVATE_KEYS",
            "createPrivateKeysIntent",
            "createPrivateKeysResult",
        ),
    ];
    type Intent = CreatePrivateKeysIntentV2;
    type Output = CreatePrivateKeysResult;
}

#[cfg(feature = "engine")]
impl Execute for CreatePrivateKeys {
    const POLICY: Option<(Resource, Action)> = Some((Resource::PrivateKey, Action::Create));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<CreatePrivateKeysResult, RequestError> {
        let now = context.now;
        let (organization, changes, rng) = context.edit_with();
        let mut private_keys = Vec::with_capacity(self.keys.len());
        for (index, new) in self.keys.into_iter().enumerate() {
            wallets::check_private_key_name(organization, &new.name).map_err(|taken| {
                taken
                    .at(format!("privateKeys.{index}.privateKeyName"), "This field must be unique.")
            })?;
            let id = wallets::create_private_key(organization, changes, new, now, rng)?;
            private_keys.push(PrivateKeyResult {
                private_key_id: id.to_string(),
                addresses: view::addresses(organization.private_key(id)?),
            });
        }
        Ok(if self.answers_ids {
            let ids = private_keys.into_iter().map(|key| key.private_key_id);
            CreatePrivateKeysResult::Ids { private_key_ids: ids.collect() }
        } else {
            CreatePrivateKeysResult::Keys { private_keys }
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use crate::engine::testing::World;
    use crate::wire::RequestError;

    pub(crate) const V2: &str = "ACTIVITY_TYPE_CREATE_PRIVATE_KEYS_V2";
    const V1: &str = "ACTIVITY_TYPE_CREATE_PRIVATE_KEYS";

    pub(crate) fn key(name: &str, curve: &str, formats: &[&str]) -> Value {
        let formats: Vec<_> =
            formats.iter().map(|format| format!("ADDRESS_FORMAT_{format}")).collect();
        json!({
            "privateKeyName": name,
            "curve": format!("CURVE_{curve}"),
            "privateKeyTags": [],
            "addressFormats": formats,
        })
    }

    pub(crate) fn submit(
        world: &mut World,
        kind: &str,
        keys: &[Value],
    ) -> Result<Value, RequestError> {
        let root = world.root();
        world.submit(&root, root.organization, kind, json!({ "privateKeys": keys }))
    }

    #[test]
    fn keeps_the_keys_and_answers_their_addresses() {
        let mut world = World::new();
        let keys = [key("a", "SECP256K1", &["COSMOS", "ETHEREUM"]), key("b", "P256", &[])];
        let result = submit(&mut world, V2, &keys).unwrap();
        let kept = &world.organization(world.parent()).private_keys;
        assert_eq!(kept.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let expected: Vec<_> = kept
            .iter()
            .map(|key| {
                let addresses = key.addresses.iter();
                let addresses = addresses
                    .map(|(format, address)| json!({ "format": format, "address": address }));
                json!({
                    "privateKeyId": key.id.to_string(),
                    "addresses": addresses.collect::<Vec<_>>(),
                })
            })
            .collect();
        assert_eq!(result, json!({ "privateKeys": expected }));
        assert_eq!(kept[0].addresses.len(), 2);
        assert!(kept.iter().all(|key| world.secrets.contains_key(&(world.parent(), key.id.0))));
    }

    #[test]
    fn the_older_version_answers_ids() {
        let mut world = World::new();
        let result = submit(&mut world, V1, &[key("a", "ED25519", &["SOLANA"])]).unwrap();
        let kept = &world.organization(world.parent()).private_keys[0];
        assert_eq!(result, json!({ "privateKeyIds": [kept.id.to_string()] }));
        let record = world.activities[0].result.as_deref().unwrap().get();
        assert!(record.starts_with(r#"{"createPrivateKeysResult":"#), "{record}");
    }

    #[test]
    fn refuses_a_name_twice_and_says_which() {
        let mut world = World::new();
        let keys = [key("a", "P256", &[]), key("b", "P256", &[]), key("a", "P256", &[])];
        let status = submit(&mut world, V2, &keys).unwrap_err().status();
        insta::assert_snapshot!(status.message, @"private key label must be unique");
        let violation = &status.details[0]["fieldViolations"][0];
        assert_eq!(violation["field"], "privateKeys.2.privateKeyName");
        assert_eq!(violation["description"], "This field must be unique.");
        assert!(world.organization(world.parent()).private_keys.is_empty());
        assert!(world.secrets.is_empty());
    }

    #[test]
    fn refuses_formats_of_other_curves_and_tags_that_are_not_there() {
        let mut world = World::new();
        assert!(submit(&mut world, V2, &[key("a", "ED25519", &["ETHEREUM"])]).is_err());
        let mut tagged = key("a", "P256", &[]);
        tagged["privateKeyTags"] = json!([world.parent().to_string()]);
        let refusal = submit(&mut world, V2, &[tagged]).unwrap_err();
        assert_eq!(refusal.status().http_status(), 400);
        assert!(world.secrets.is_empty());
    }
}
