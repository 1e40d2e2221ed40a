//! `UPDATE_USER`: changes a user; what is absent stays as it is.

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
pub struct UpdateUserIntent {
    /// The user.
    pub user_id: String,
    /// The new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// The new e-mail address; empty to remove it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_email: Option<String>,
    /// All its tags from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_tag_ids: Option<Vec<String>>,
    /// The new phone number, E.164; empty to remove it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_phone_number: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateUserResult {
    /// The user.
    pub user_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateUser {
    user: UserId,
    name: Option<String>,
    /// Empty to remove it.
    email: Option<String>,
    /// Empty to remove it.
    phone_number: Option<String>,
    tags: Option<Vec<TagId>>,
}

impl TryFrom<UpdateUserIntent> for UpdateUser {
    type Error = InvalidRequest;

    fn try_from(intent: UpdateUserIntent) -> Result<Self, InvalidRequest> {
        let tags = intent.user_tag_ids.map(|tags| value::ids("userTagIds", &tags)).transpose()?;
        // The checks read the empty text as `None`; here it differs from what was not given.
        let email = intent.user_email.map(|text| value::email(Some(text))).transpose()?;
        let phone = intent.user_phone_number.map(|text| value::phone_number(Some(text)));
        Ok(Self {
            user: value::id("userId", &intent.user_id)?,
            name: value::optional_label("userName", intent.user_name)?,
            email: email.map(Option::unwrap_or_default),
            phone_number: phone.transpose()?.map(Option::unwrap_or_default),
            tags,
        })
    }
}

impl Activity for UpdateUser {
    const ROUTE: &'static str = "update_user";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<UpdateUserIntent>(
        "ACTIVITY_TYPE_UPDATE_USER",
        "updateUserIntent",
        "updateUserResult",
    )];
    type Intent = UpdateUserIntent;
    type Output = UpdateUserResult;
}

#[cfg(feature = "engine")]
impl Execute for UpdateUser {
    const POLICY: Option<(Resource, Action)> = Some((Resource::User, Action::Update));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<UpdateUserResult, RequestError> {
        let now = context.now;
        let organization = context.edit();
        credentials::check_tags(
            organization,
            TagType::User,
            self.tags.as_deref().unwrap_or_default(),
        )?;
        credentials::change_user(organization, self.user, now, |user| {
            if let Some(name) = self.name {
                user.name = name;
            }
            if let Some(email) = self.email {
                // Nobody proved that.
                user.email_verified = false;
                user.email = Some(email).filter(|email| !email.is_empty());
            }
            if let Some(number) = self.phone_number {
                user.phone_number_verified = false;
                user.phone_number = Some(number).filter(|number| !number.is_empty());
            }
            if let Some(tags) = self.tags {
                user.tags = tags;
            }
        })?;
        Ok(UpdateUserResult { user_id: self.user.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::testing::World;

    const KIND: &str = "ACTIVITY_TYPE_UPDATE_USER";

    #[test]
    fn what_is_absent_stays_and_what_is_empty_goes() {
        let mut world = World::new();
        let (root, id) = (world.root(), world.parent());
        let user = world.user(id).user;
        let contacts = json!({
            "userId": user,
            "userEmail": "a@example.com",
            "userPhoneNumber": "+15551234567",
        });
        world.submit(&root, id, KIND, contacts).unwrap();
        world.now = world.now.plus_seconds(60);
        let fewer = json!({ "userId": user, "userName": "alice", "userEmail": "" });
        let result = world.submit(&root, id, KIND, fewer).unwrap();
        assert_eq!(result, json!({ "userId": user }));
        let user = world.organization(id).user(user).unwrap();
        assert_eq!((user.name.as_str(), &user.email), ("alice", &None));
        assert_eq!(user.phone_number.as_deref(), Some("+15551234567"));
        assert_eq!(user.updated_at, world.now);
    }

    #[test]
    fn tags_are_replaced() {
        let mut world = World::new();
        let (root, id) = (world.root(), world.parent());
        let user = world.user(id).user;
        let tag = json!({ "userTagName": "ops", "userIds": [user] });
        let tag = world.submit(&root, id, "ACTIVITY_TYPE_CREATE_USER_TAG", tag).unwrap();
        let tags = |world: &World| world.organization(id).user(user).unwrap().tags.len();
        for (ids, left) in [(json!([]), 0), (json!([tag["userTagId"]]), 1)] {
            world.submit(&root, id, KIND, json!({ "userId": user, "userTagIds": ids })).unwrap();
            assert_eq!(tags(&world), left);
        }
        let unknown = json!({ "userId": user, "userTagIds": [user] });
        assert!(world.submit(&root, id, KIND, unknown).is_err());
    }

    #[test]
    fn refuses_a_user_of_another_organization() {
        let mut world = World::new();
        let (_, stranger) = world.sub_organization();
        let user = json!({ "userId": stranger.user, "userName": "alice" });
        let refusal = world.submit(&world.root(), world.parent(), KIND, user).unwrap_err();
        assert!(matches!(refusal, RequestError::NotFound(_)), "{refusal}");
    }
}
