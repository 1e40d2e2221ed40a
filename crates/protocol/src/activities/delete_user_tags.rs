//! `DELETE_USER_TAGS`: deletes labels of users and takes them from their carriers.

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
pub struct DeleteUserTagsIntent {
    /// The tags.
    pub user_tag_ids: Vec<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteUserTagsResult {
    /// The tags that are gone.
    pub user_tag_ids: Vec<String>,
    /// The users that carried one.
    pub user_ids: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct DeleteUserTags {
    tags: Vec<TagId>,
}

impl TryFrom<DeleteUserTagsIntent> for DeleteUserTags {
    type Error = InvalidRequest;

    fn try_from(intent: DeleteUserTagsIntent) -> Result<Self, InvalidRequest> {
        Ok(Self { tags: value::some_ids("userTagIds", &intent.user_tag_ids)? })
    }
}

impl Activity for DeleteUserTags {
    const ROUTE: &'static str = "delete_user_tags";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<DeleteUserTagsIntent>(
        "ACTIVITY_TYPE_DELETE_USER_TAGS",
        "deleteUserTagsIntent",
        "deleteUserTagsResult",
    )];
    type Intent = DeleteUserTagsIntent;
    type Output = DeleteUserTagsResult;
}

#[cfg(feature = "engine")]
impl Execute for DeleteUserTags {
    const POLICY: Option<(Resource, Action)> = Some((Resource::User, Action::Delete));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<DeleteUserTagsResult, RequestError> {
        let now = context.now;
        let organization = context.edit();
        credentials::remove_tags(organization, TagType::User, &self.tags)?;
        let mut carriers = Vec::new();
        for carrier in &mut organization.users {
            if credentials::take_tags(&mut carrier.tags, &self.tags) {
                carrier.updated_at = now;
                carriers.push(carrier.id.to_string());
            }
        }
        Ok(DeleteUserTagsResult {
            user_tag_ids: self.tags.iter().map(ToString::to_string).collect(),
            user_ids: carriers,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::testing::World;

    const KIND: &str = "ACTIVITY_TYPE_DELETE_USER_TAGS";

    #[test]
    fn takes_them_from_all_that_carry_them() {
        let mut world = World::new();
        let (root, id) = (world.root(), world.parent());
        let (first, second) = (world.user(id).user, world.user(id).user);
        let mut tags = Vec::new();
        for (name, carriers) in
            [("a", json!([first])), ("b", json!([first, second])), ("c", json!([second]))]
        {
            let tag = json!({ "userTagName": name, "userIds": carriers });
            let kind = "ACTIVITY_TYPE_CREATE_USER_TAG";
            tags.push(world.submit(&root, id, kind, tag).unwrap()["userTagId"].take());
        }
        let doomed = json!({ "userTagIds": [tags[0]] });
        let result = world.submit(&root, id, KIND, doomed.clone()).unwrap();
        assert_eq!(result, json!({ "userTagIds": [tags[0]], "userIds": [first] }));
        assert_eq!(world.organization(id).user(first).unwrap().tags.len(), 1);
        assert_eq!(world.organization(id).tags.len(), 2);
        // Gone is gone, and nothing else goes with what is not there.
        let doomed = json!({ "userTagIds": [tags[1], tags[0]] });
        let refusal = world.submit(&root, id, KIND, doomed).unwrap_err();
        assert!(matches!(refusal, RequestError::NotFound(_)), "{refusal}");
        assert_eq!(world.organization(id).tags.len(), 2);
    }
}
