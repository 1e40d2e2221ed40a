//! `DELETE_API_KEYS`: takes API keys from a user, with the read-only sessions they opened.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, Rule, credentials},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    keyward_policy::Value,
};

use crate::wire::id::{ApiKeyId, UserId};
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteApiKeysIntent {
    /// The user.
    pub user_id: String,
    /// The API keys.
    pub api_key_ids: Vec<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteApiKeysResult {
    /// The API keys that are gone.
    pub api_key_ids: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct DeleteApiKeys {
    user: UserId,
    ids: Vec<ApiKeyId>,
}

impl TryFrom<DeleteApiKeysIntent> for DeleteApiKeys {
    type Error = InvalidRequest;

    fn try_from(intent: DeleteApiKeysIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            user: value::id("userId", &intent.user_id)?,
            ids: value::some_ids("apiKeyIds", &intent.api_key_ids)?,
        })
    }
}

impl Activity for DeleteApiKeys {
    const ROUTE: &'static str = "delete_api_keys";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<DeleteApiKeysIntent>(
        "ACTIVITY_TYPE_DELETE_API_KEYS",
        "deleteApiKeysIntent",
        "deleteApiKeysResult",
    )];
    type Intent = DeleteApiKeysIntent;
    type Output = DeleteApiKeysResult;
}

#[cfg(feature = "engine")]
impl Execute for DeleteApiKeys {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Credential, Action::Delete));

    fn params(&self) -> Vec<(&'static str, Value)> {
        let ids = Value::list(self.ids.iter().map(|id| Value::text(id.to_string())));
        vec![("user_id", Value::text(self.user.to_string())), ("api_key_ids", ids)]
    }

    fn rule(&self) -> Rule {
        Rule::Own(self.user)
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<DeleteApiKeysResult, RequestError> {
        let now = context.now;
        let organization = context.edit();
        let user = organization.user(self.user)?;
        let known = |id: &_| user.api_keys.iter().any(|known| known.id == *id);
        if let Some(unknown) = self.ids.iter().find(|id| !known(id)) {
            return Err(RequestError::NotFound(format!(
                "could not find api key {unknown} of user {}",
                self.user
            )));
        }
        credentials::change_user(organization, self.user, now, |user| {
            credentials::remove_api_keys(user, |key| self.ids.contains(&key.id));
        })?;
        Ok(DeleteApiKeysResult { api_key_ids: self.ids.iter().map(ToString::to_string).collect() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::testing::World;
    use crate::wire::enums::FeatureName;

    const KIND: &str = "ACTIVITY_TYPE_DELETE_API_KEYS";

    /// The user's keys: `count` more that last or expire.
    fn add(world: &mut World, user: UserId, count: usize, seconds: Option<u64>) -> Vec<ApiKeyId> {
        let id = world.parent();
        for _ in 0..count {
            let mut key = world.organization(id).user(user).unwrap().api_keys[0].clone();
            key.id = ApiKeyId::generate(world.now, &mut world.rng);
            key.public_key = world.public_key();
            key.expiration_seconds = seconds;
            world.edit(id).user_mut(user).unwrap().api_keys.push(key);
        }
        world.organization(id).user(user).unwrap().api_keys.iter().map(|key| key.id).collect()
    }

    #[test]
    fn a_user_deletes_its_own_keys_and_nobody_elses() {
        let mut world = World::new();
        let (root, user) = (world.root(), world.user(world.parent()));
        let keys = add(&mut world, user.user, 1, None);
        let doomed = json!({ "userId": user.user, "apiKeyIds": [keys[1], keys[1]] });
        let result = world.submit(&user, world.parent(), KIND, doomed).unwrap();
        assert_eq!(result, json!({ "apiKeyIds": [keys[1]] }));
        assert_eq!(add(&mut world, user.user, 0, None), [keys[0]]);
        let roots = add(&mut world, root.user, 1, None);
        let doomed = json!({ "userId": root.user, "apiKeyIds": roots });
        let refusal = world.submit(&user, world.parent(), KIND, doomed).unwrap_err();
        assert!(matches!(refusal, RequestError::PermissionDenied), "{refusal}");
    }

    #[test]
    fn deletes_all_or_nothing() {
        let mut world = World::new();
        let (root, user) = (world.root(), world.user(world.parent()));
        let keys = add(&mut world, user.user, 1, None);
        let roots = add(&mut world, root.user, 0, None);
        let doomed = json!({ "userId": user.user, "apiKeyIds": [keys[1], roots[0]] });
        let refusal = world.submit(&user, world.parent(), KIND, doomed).unwrap_err();
        assert!(matches!(refusal, RequestError::NotFound(_)), "{refusal}");
        assert_eq!(add(&mut world, user.user, 0, None), keys);
    }

    #[test]
    fn keeps_the_last_key_that_does_not_expire() {
        let mut world = World::new();
        let user = world.user(world.parent());
        let keys = add(&mut world, user.user, 1, Some(900));
        let doomed = json!({ "userId": user.user, "apiKeyIds": keys });
        let refusal = world.submit(&user, world.parent(), KIND, doomed).unwrap_err();
        assert_eq!(refusal.to_string(), "user missing credential that does not expire: user");
        // A contact opens nothing for a user that is in no sub-organization's root quorum.
        let id = world.parent();
        world.edit(id).users[1].email = Some("a@example.com".to_owned());
        let doomed = json!({ "userId": user.user, "apiKeyIds": [keys[0]] });
        assert!(world.submit(&user, world.parent(), KIND, doomed).is_err());
    }

    #[test]
    fn a_contact_is_a_way_in_for_root_users_of_a_sub_organization() {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        let organization = world.edit(sub);
        organization.users[0].email = Some("a@example.com".to_owned());
        let key = organization.users[0].api_keys[0].id;
        let doomed = json!({ "userId": root.user, "apiKeyIds": [key] });
        assert!(world.submit(&root, sub, KIND, doomed.clone()).is_err());
        world.edit(sub).features.insert(FeatureName::OtpEmailAuth, None);
        world.submit(&root, sub, KIND, doomed).unwrap();
    }

    #[test]
    fn a_session_can_always_be_left() {
        let mut world = World::new();
        let user = world.user(world.parent());
        let keys = add(&mut world, user.user, 1, Some(900));
        // Even by a user that has nothing else: it loses no more than it would in time.
        let id = world.parent();
        world.edit(id).users[1].api_keys[0].expiration_seconds = Some(900);
        let doomed = json!({ "userId": user.user, "apiKeyIds": keys });
        world.submit(&user, id, KIND, doomed).unwrap();
        assert!(world.organization(id).users[1].api_keys.is_empty());
    }
}
