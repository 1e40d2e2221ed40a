//! `list_users`: the users of an organization, with their credentials.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::view,
    crate::wire::RequestError,
};

use crate::wire::objects::User;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListUsers {
    /// The organization.
    pub organization_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListUsersResponse {
    /// Oldest first.
    pub users: Vec<User>,
}

impl Query for ListUsers {
    const ROUTE: &'static str = "list_users";
    type Response = ListUsersResponse;
}

#[cfg(feature = "engine")]
impl Answer for ListUsers {
    fn answer(self, view: &View<'_>, _: Found) -> Result<ListUsersResponse, RequestError> {
        let users = view.organization.users.iter().map(view::user).collect();
        Ok(ListUsersResponse { users })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::testing::World;

    #[test]
    fn shows_the_users_in_the_order_they_were_made() {
        let mut world = World::new();
        let (root, user) = (world.root(), world.user(world.parent()));
        world.sub_organization();
        let shown = world.query(&user, world.parent(), "list_users", json!({})).unwrap();
        let ids: Vec<_> =
            shown["users"].as_array().unwrap().iter().map(|it| &it["userId"]).collect();
        assert_eq!(ids, [&json!(root.user.to_string()), &json!(user.user.to_string())]);
    }
}
