//! `DELETE_USERS`: deletes users, with all they prove themselves with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    keyward_policy::Value,
};

use crate::wire::id::UserId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteUsersIntent {
    /// The users.
    pub user_ids: Vec<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteUsersResult {
    /// The users that are gone.
    pub user_ids: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct DeleteUsers {
    users: Vec<UserId>,
}

impl TryFrom<DeleteUsersIntent> for DeleteUsers {
    type Error = InvalidRequest;

    fn try_from(intent: DeleteUsersIntent) -> Result<Self, InvalidRequest> {
        Ok(Self { users: value::some_ids("userIds", &intent.user_ids)? })
    }
}

impl Activity for DeleteUsers {
    const ROUTE: &'static str = "delete_users";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<DeleteUsersIntent>(
        "ACTIVITY_TYPE_DELETE_USERS",
        "deleteUsersIntent",
        "deleteUsersResult",
    )];
    type Intent = DeleteUsersIntent;
    type Output = DeleteUsersResult;
}

#[cfg(feature = "engine")]
impl Execute for DeleteUsers {
    const POLICY: Option<(Resource, Action)> = Some((Resource::User, Action::Delete));

    fn params(&self) -> Vec<(&'static str, Value)> {
        vec![("user_ids", Value::list(self.users.iter().map(|id| Value::text(id.to_string()))))]
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<DeleteUsersResult, RequestError> {
        let organization = context.edit();
        for id in &self.users {
            organization.user(*id)?;
            if organization.is_root(*id) {
                return Err(InvalidRequest::new("quorum users missing").into());
            }
            if organization.is_auth_proxy(*id) {
                let text = "the user of the auth proxy can't be deleted: disable the auth proxy";
                return Err(InvalidRequest::new(text).into());
            }
        }
        organization.users.retain(|user| !self.users.contains(&user.id));
        let user_ids = self.users.iter().map(ToString::to_string).collect();
        Ok(DeleteUsersResult { user_ids })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::testing::World;

    const KIND: &str = "ACTIVITY_TYPE_DELETE_USERS";

    #[test]
    fn deletes_each_user_once() {
        let mut world = World::new();
        let (root, user) = (world.root(), world.user(world.parent()).user);
        let users = json!({ "userIds": [user, user] });
        let result = world.submit(&root, world.parent(), KIND, users).unwrap();
        assert_eq!(result, json!({ "userIds": [user] }));
        assert_eq!(world.organization(world.parent()).users.len(), 1);
    }

    #[test]
    fn refuses_to_delete_a_root_user() {
        let mut world = World::new();
        let (root, user) = (world.root(), world.user(world.parent()).user);
        let users = json!({ "userIds": [user, root.user] });
        let refusal = world.submit(&root, world.parent(), KIND, users).unwrap_err();
        assert_eq!(refusal.to_string(), "quorum users missing");
        assert_eq!(world.organization(world.parent()).users.len(), 2);
    }

    #[test]
    fn refuses_users_of_other_organizations_and_nobody() {
        let mut world = World::new();
        let (_, stranger) = world.sub_organization();
        for (users, status) in [(json!([stranger.user]), 404), (json!([]), 400)] {
            let users = json!({ "userIds": users });
            let refusal = world.submit(&world.root(), world.parent(), KIND, users).unwrap_err();
            assert_eq!(refusal.status().http_status(), status, "{refusal}");
        }
    }
}
