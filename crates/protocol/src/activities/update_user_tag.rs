//! `UPDATE_USER_TAG`: renames a label of users, puts it on some, takes it from some.

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

use crate::wire::id::{TagId, UserId};
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateUserTagIntent {
    /// The tag.
    pub user_tag_id: String,
    /// The new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_user_tag_name: Option<String>,
    /// The users that are to carry it.
    pub add_user_ids: Vec<String>,
    /// The users that are not to.
    pub remove_user_ids: Vec<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateUserTagResult {
    /// The tag.
    pub user_tag_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateUserTag {
    tag: TagId,
    name: Option<String>,
    add: Vec<UserId>,
    remove: Vec<UserId>,
}

impl TryFrom<UpdateUserTagIntent> for UpdateUserTag {
    type Error = InvalidRequest;

    fn try_from(intent: UpdateUserTagIntent) -> Result<Self, InvalidRequest> {
        let add: Vec<UserId> = value::ids("addUserIds", &intent.add_user_ids)?;
        let remove: Vec<UserId> = value::ids("removeUserIds", &intent.remove_user_ids)?;
        if let Some(both) = add.iter().find(|id| remove.contains(id)) {
            let text = format!("user {both} can't be both added and removed");
            return Err(InvalidRequest::new(text));
        }
        // An empty name is no name: it stays as it is.
        let name = intent.new_user_tag_name.filter(|name| !name.is_empty());
        Ok(Self {
            tag: value::id("userTagId", &intent.user_tag_id)?,
            name: value::optional_label("newUserTagName", name)?,
            add,
            remove,
        })
    }
}

impl Activity for UpdateUserTag {
    const ROUTE: &'static str = "update_user_tag";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<UpdateUserTagIntent>(
        "ACTIVITY_TYPE_UPDATE_USER_TAG",
        "updateUserTagIntent",
        "updateUserTagResult",
    )];
    type Intent = UpdateUserTagIntent;
    type Output = UpdateUserTagResult;
}

#[cfg(feature = "engine")]
impl Execute for UpdateUserTag {
    const POLICY: Option<(Resource, Action)> = Some((Resource::User, Action::Update));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<UpdateUserTagResult, RequestError> {
        let now = context.now;
        let organization = context.edit();
        credentials::change_tag(organization, TagType::User, self.tag, self.name, now)?;
        for id in self.add {
            let carrier = organization.user_mut(id)?;
            if credentials::put_tag(&mut carrier.tags, self.tag) {
                carrier.updated_at = now;
            }
        }
        for id in self.remove {
            let carrier = organization.user_mut(id)?;
            if credentials::take_tags(&mut carrier.tags, &[self.tag]) {
                carrier.updated_at = now;
            }
        }
        Ok(UpdateUserTagResult { user_tag_id: self.tag.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::testing::World;

    const KIND: &str = "ACTIVITY_TYPE_UPDATE_USER_TAG";

    fn tag(world: &mut World, name: &str, carriers: &[UserId]) -> serde_json::Value {
        let tag = json!({ "userTagName": name, "userIds": carriers });
        let kind = "ACTIVITY_TYPE_CREATE_USER_TAG";
        world.submit(&world.root(), world.parent(), kind, tag).unwrap()["userTagId"].take()
    }

    #[test]
    fn renames_it_and_hands_it_on() {
        let mut world = World::new();
        let id = world.parent();
        let (first, second) = (world.user(id).user, world.user(id).user);
        let tag = tag(&mut world, "ops", &[first]);
        world.now = world.now.plus_seconds(60);
        let change = json!({
            "userTagId": tag,
            "newUserTagName": "devops",
            "addUserIds": [second],
            "removeUserIds": [first],
        });
        let result = world.submit(&world.root(), id, KIND, change).unwrap();
        assert_eq!(result, json!({ "userTagId": tag }));
        let organization = world.organization(id);
        assert_eq!(organization.tags[0].name, "devops");
        assert_eq!(organization.tags[0].updated_at, world.now);
        assert!(organization.user(first).unwrap().tags.is_empty());
        assert_eq!(organization.user(second).unwrap().tags, [organization.tags[0].id]);
    }

    #[test]
    fn refuses_the_name_of_another_and_takes_its_own() {
        let mut world = World::new();
        let (first, _) = (tag(&mut world, "ops", &[]), tag(&mut world, "dev", &[]));
        let mut change = json!({ "userTagId": first, "addUserIds": [], "removeUserIds": [] });
        for (name, taken) in [("ops", false), ("", false), ("dev", true)] {
            change["newUserTagName"] = json!(name);
            let result = world.submit(&world.root(), world.parent(), KIND, change.clone());
            assert_eq!(result.is_err(), taken, "{name}");
        }
        assert_eq!(world.organization(world.parent()).tags[0].name, "ops");
    }

    #[test]
    fn refuses_unknown_tags_and_contradictions() {
        let mut world = World::new();
        let id = world.parent();
        let carrier = world.user(id).user;
        let tag = tag(&mut world, "ops", &[]);
        for (tag, add, remove, status) in [
            (&json!(id), json!([]), json!([]), 404),
            (&tag, json!([carrier]), json!([carrier]), 400),
            (&tag, json!([id]), json!([]), 404),
        ] {
            let change = json!({ "userTagId": tag, "addUserIds": add, "removeUserIds": remove });
            let refusal = world.submit(&world.root(), id, KIND, change).unwrap_err();
            assert_eq!(refusal.status().http_status(), status, "{refusal}");
        }
    }
}
