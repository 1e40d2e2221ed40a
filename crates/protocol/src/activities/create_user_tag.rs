//! `CREATE_USER_TAG`: makes a label for users and puts it on some.

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

use crate::wire::id::UserId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateUserTagIntent {
    /// Its name.
    pub user_tag_name: String,
    /// The users that carry it.
    pub user_ids: Vec<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateUserTagResult {
    /// The tag.
    pub user_tag_id: String,
    /// The users that carry it.
    pub user_ids: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateUserTag {
    name: String,
    carriers: Vec<UserId>,
}

impl TryFrom<CreateUserTagIntent> for CreateUserTag {
    type Error = InvalidRequest;

    fn try_from(intent: CreateUserTagIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            name: value::label("userTagName", intent.user_tag_name)?,
            carriers: value::ids("userIds", &intent.user_ids)?,
        })
    }
}

impl Activity for CreateUserTag {
    const ROUTE: &'static str = "create_user_tag";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<CreateUserTagIntent>(
        "ACTIVITY_TYPE_CREATE_USER_TAG",
        "createUserTagIntent",
        "createUserTagResult",
    )];
    type Intent = CreateUserTagIntent;
    type Output = CreateUserTagResult;
}

#[cfg(feature = "engine")]
impl Execute for CreateUserTag {
    const POLICY: Option<(Resource, Action)> = Some((Resource::User, Action::Create));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<CreateUserTagResult, RequestError> {
        let now = context.now;
        let (organization, _, rng) = context.edit_with();
        let tag = credentials::add_tag(organization, TagType::User, self.name, now, rng)?;
        for id in &self.carriers {
            let carrier = organization.user_mut(*id)?;
            credentials::put_tag(&mut carrier.tags, tag);
            carrier.updated_at = now;
        }
        Ok(CreateUserTagResult {
            user_tag_id: tag.to_string(),
            user_ids: self.carriers.iter().map(ToString::to_string).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::testing::World;

    const KIND: &str = "ACTIVITY_TYPE_CREATE_USER_TAG";

    #[test]
    fn puts_it_on_the_users_named() {
        let mut world = World::new();
        let id = world.parent();
        let carrier = world.user(id).user;
        let tag = json!({ "userTagName": "ops", "userIds": [carrier] });
        let result = world.submit(&world.root(), id, KIND, tag).unwrap();
        let organization = world.organization(id);
        let tag = organization.tags[0].id;
        assert_eq!(result, json!({ "userTagId": tag, "userIds": [carrier] }));
        assert_eq!(organization.user(carrier).unwrap().tags, [tag]);
    }

    #[test]
    fn refuses_a_name_that_is_taken() {
        let mut world = World::new();
        let tag = json!({ "userTagName": "ops", "userIds": [] });
        world.submit(&world.root(), world.parent(), KIND, tag.clone()).unwrap();
        let refusal = world.submit(&world.root(), world.parent(), KIND, tag).unwrap_err();
        assert_eq!(refusal.to_string(), "user tag label must be unique");
    }

    #[test]
    fn a_parent_has_a_hundred_and_a_sub_organization_ten() {
        let mut world = World::new();
        let (sub, sub_root) = world.sub_organization();
        for (id, root, limit) in [(world.parent(), world.root(), 100), (sub, sub_root, 10)] {
            for number in 0..=limit {
                let tag = json!({ "userTagName": number.to_string(), "userIds": [] });
                let result = world.submit(&root, id, KIND, tag);
                assert_eq!(result.is_ok(), number < limit, "{number}");
            }
        }
    }

    #[test]
    fn refuses_a_user_that_is_not_there() {
        let mut world = World::new();
        let tag = json!({ "userTagName": "ops", "userIds": [world.parent()] });
        let refusal = world.submit(&world.root(), world.parent(), KIND, tag).unwrap_err();
        assert!(matches!(refusal, RequestError::NotFound(_)), "{refusal}");
        assert!(world.organization(world.parent()).tags.is_empty());
    }
}
