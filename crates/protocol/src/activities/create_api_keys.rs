//! `CREATE_API_KEYS`: registers API keys on a user.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, Rule, credentials, sessions},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    keyward_policy::Value,
};

use crate::parameters::{NewApiKey, all};
use crate::wire::id::UserId;
use crate::wire::objects::{ApiKeyParams, ApiKeyParamsV2};
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateApiKeysIntentV2 {
    /// The API keys.
    pub api_keys: Vec<ApiKeyParamsV2>,
    /// The user.
    pub user_id: String,
}

/// As it used to travel.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateApiKeysIntent {
    /// The API keys, all P-256.
    pub api_keys: Vec<ApiKeyParams>,
    /// The user.
    pub user_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateApiKeysResult {
    /// Their ids, in order.
    pub api_key_ids: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateApiKeys {
    user: UserId,
    api_keys: Vec<NewApiKey>,
}

impl TryFrom<CreateApiKeysIntentV2> for CreateApiKeys {
    type Error = InvalidRequest;

    fn try_from(intent: CreateApiKeysIntentV2) -> Result<Self, InvalidRequest> {
        Ok(Self { user: value::id("userId", &intent.user_id)?, api_keys: all(intent.api_keys)? })
    }
}

impl TryFrom<CreateApiKeysIntent> for CreateApiKeys {
    type Error = InvalidRequest;

    fn try_from(intent: CreateApiKeysIntent) -> Result<Self, InvalidRequest> {
        CreateApiKeysIntentV2 {
            api_keys: intent.api_keys.into_iter().map(Into::into).collect(),
            user_id: intent.user_id,
        }
        .try_into()
    }
}

impl Activity for CreateApiKeys {
    const ROUTE: &'static str = "create_api_keys";
    const VERSIONS: &'static [Version<Self>] = &[
        Version::of::<CreateApiKeysIntentV2>(
            "ACTIVITY_TYPE_CREATE_API_KEYS_V2",
            "createApiKeysIntentV2",
            "createApiKeysResult",
        ),
        Version::of::<CreateApiKeysIntent>(
            "ACTIVITY_TYPE_CREATE_API_KEYS",
            "createApiKeysIntent",
            "createApiKeysResult",
        ),
    ];
    type Intent = CreateApiKeysIntentV2;
    type Output = CreateApiKeysResult;
}

#[cfg(feature = "engine")]
impl Execute for CreateApiKeys {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Credential, Action::Create));

    fn params(&self) -> Vec<(&'static str, Value)> {
        vec![("user_id", Value::text(self.user.to_string()))]
    }

    fn rule(&self) -> Rule {
        Rule::Own(self.user)
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<CreateApiKeysResult, RequestError> {
        let now = context.now;
        let (organization, changes, rng) = context.edit_with();
        let before: Vec<_> =
            sessions::of(organization.user(self.user)?).map(|found| found.id).collect();
        let ids = credentials::add_api_keys(organization, self.user, self.api_keys, now, rng)?;
        // Keys that expire make room for themselves.
        let user = organization.user(self.user)?;
        let gone = |id: &_| !sessions::of(user).any(|found| found.id == *id);
        changes.evicted.extend(before.into_iter().filter(gone));
        Ok(CreateApiKeysResult { api_key_ids: ids.iter().map(ToString::to_string).collect() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::testing::World;

    const KIND: &str = "ACTIVITY_TYPE_CREATE_API_KEYS_V2";

    fn keys(world: &mut World, user: UserId, count: usize, seconds: Option<&str>) -> Value {
        let keys: Vec<_> = (0..count)
            .map(|_| {
                json!({
                    "apiKeyName": "key",
                    "publicKey": world.public_key(),
                    "curveType": "API_KEY_CURVE_P256",
                    "expirationSeconds": seconds,
                })
            })
            .collect();
        json!({ "userId": user, "apiKeys": keys })
    }

    #[test]
    fn a_user_registers_its_own_keys_and_nobody_elses() {
        let mut world = World::new();
        let (root, user) = (world.root(), world.user(world.parent()));
        let own = keys(&mut world, user.user, 2, None);
        let result = world.submit(&user, world.parent(), KIND, own).unwrap();
        let registered = &world.organization(world.parent()).user(user.user).unwrap().api_keys;
        assert_eq!(result, json!({ "apiKeyIds": [registered[1].id, registered[2].id] }));
        let others = keys(&mut world, root.user, 1, None);
        let refusal = world.submit(&user, world.parent(), KIND, others).unwrap_err();
        assert!(matches!(refusal, RequestError::PermissionDenied), "{refusal}");
    }

    #[test]
    fn a_root_user_registers_keys_for_others() {
        let mut world = World::new();
        let (root, user) = (world.root(), world.user(world.parent()));
        let own = keys(&mut world, user.user, 1, None);
        world.submit(&root, world.parent(), KIND, own).unwrap();
        let (_, stranger) = world.sub_organization();
        let strange = keys(&mut world, stranger.user, 0, None);
        let refusal = world.submit(&root, world.parent(), KIND, strange).unwrap_err();
        assert!(matches!(refusal, RequestError::NotFound(_)), "{refusal}");
    }

    #[test]
    fn refuses_the_eleventh_lasting_key() {
        let mut world = World::new();
        let user = world.user(world.parent());
        let ten = keys(&mut world, user.user, 10, None);
        let refusal = world.submit(&user, world.parent(), KIND, ten).unwrap_err();
        assert_eq!(refusal.to_string(), "user has exceeded maximum long-lived api keys");
        assert_eq!(refusal.status().http_status(), 429);
        let nine = keys(&mut world, user.user, 9, None);
        world.submit(&user, world.parent(), KIND, nine).unwrap();
    }

    #[test]
    fn the_eleventh_expiring_key_takes_the_place_of_the_oldest() {
        let mut world = World::new();
        let user = world.user(world.parent());
        let mut oldest = None;
        for _ in 0..11 {
            world.now = world.now.plus_seconds(1);
            let key = keys(&mut world, user.user, 1, Some("900"));
            let result = world.submit(&user, world.parent(), KIND, key).unwrap();
            oldest.get_or_insert(result["apiKeyIds"][0].clone());
        }
        let kept = &world.organization(world.parent()).user(user.user).unwrap().api_keys;
        assert_eq!(kept.len(), 11, "ten that expire and one that does not");
        assert!(kept.iter().all(|key| Some(json!(key.id)) != oldest));
    }

    #[test]
    fn refuses_a_key_that_is_registered() {
        let mut world = World::new();
        let user = world.user(world.parent());
        let key = keys(&mut world, user.user, 1, None);
        world.submit(&user, world.parent(), KIND, key.clone()).unwrap();
        let refusal = world.submit(&user, world.parent(), KIND, key).unwrap_err();
        assert_eq!(refusal.status().http_status(), 409);
    }

    #[test]
    fn the_older_version_means_p256() {
        let mut world = World::new();
        let user = world.root().user;
        let current = keys(&mut world, user, 1, Some("60"));
        let older: CreateApiKeysIntent = serde_json::from_value(current.clone()).unwrap();
        let current: CreateApiKeysIntentV2 = serde_json::from_value(current).unwrap();
        assert_eq!(CreateApiKeys::try_from(older), CreateApiKeys::try_from(current));
    }
}
