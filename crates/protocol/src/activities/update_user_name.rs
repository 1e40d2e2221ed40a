//! `UPDATE_USER_NAME`: a user gets another name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, credentials},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::id::UserId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateUserNameIntent {
    /// The user.
    pub user_id: String,
    /// The new name.
    pub user_name: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateUserNameResult {
    /// The user.
    pub user_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateUserName {
    user: UserId,
    name: String,
}

impl TryFrom<UpdateUserNameIntent> for UpdateUserName {
    type Error = InvalidRequest;

    fn try_from(intent: UpdateUserNameIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            user: value::id("userId", &intent.user_id)?,
            name: value::label("userName", intent.user_name)?,
        })
    }
}

impl Activity for UpdateUserName {
    const ROUTE: &'static str = "update_user_name";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<UpdateUserNameIntent>(
        "ACTIVITY_TYPE_UPDATE_USER_NAME",
        "updateUserNameIntent",
        "updateUserNameResult",
    )];
    type Intent = UpdateUserNameIntent;
    type Output = UpdateUserNameResult;
}

#[cfg(feature = "engine")]
impl Execute for UpdateUserName {
    const POLICY: Option<(Resource, Action)> = Some((Resource::User, Action::Update));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<UpdateUserNameResult, RequestError> {
        let now = context.now;
        credentials::change_user(context.edit(), self.user, now, |user| user.name = self.name)?;
        Ok(UpdateUserNameResult { user_id: self.user.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::testing::World;

    #[test]
    fn renames_a_user_and_refuses_no_name() {
        let mut world = World::new();
        let kind = "ACTIVITY_TYPE_UPDATE_USER_NAME";
        let root = world.root();
        world.now = world.now.plus_seconds(60);
        let name = json!({ "userId": root.user, "userName": "alice" });
        let result = world.submit(&root, world.parent(), kind, name).unwrap();
        assert_eq!(result, json!({ "userId": root.user }));
        let user = &world.organization(world.parent()).users[0];
        assert_eq!((user.name.as_str(), user.updated_at), ("alice", world.now));
        let name = json!({ "userId": root.user, "userName": "" });
        assert!(world.submit(&root, world.parent(), kind, name).is_err());
    }

    #[test]
    fn a_user_may_not_rename_itself() {
        let mut world = World::new();
        let user = world.user(world.parent());
        let name = json!({ "userId": user.user, "userName": "root" });
        let kind = "ACTIVITY_TYPE_UPDATE_USER_NAME";
        let refusal = world.submit(&user, world.parent(), kind, name).unwrap_err();
        assert!(matches!(refusal, RequestError::PermissionDenied), "{refusal}");
    }
}
