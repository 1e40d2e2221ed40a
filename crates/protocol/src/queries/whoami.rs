//! `whoami`: the organization and user that a stamp or session speaks for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::wire::RequestError,
};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Whoami {
    /// The caller's organization, or its parent.
    pub organization_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WhoamiResponse {
    /// The caller's organization.
    pub organization_id: String,
    /// Its name.
    pub organization_name: String,
    /// The caller.
    pub user_id: String,
    /// Its name.
    pub username: String,
}

impl Query for Whoami {
    const ROUTE: &'static str = "whoami";
    const FINDS_SUB_ORGANIZATION: bool = true;
    type Response = WhoamiResponse;
}

#[cfg(feature = "engine")]
impl Answer for Whoami {
    fn answer(self, view: &View<'_>, _: Found) -> Result<WhoamiResponse, RequestError> {
        Ok(WhoamiResponse {
            organization_id: view.home.id.to_string(),
            organization_name: view.home.name.clone(),
            user_id: view.caller.user.to_string(),
            username: view.home.user(view.caller.user)?.name.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::testing::World;

    #[test]
    fn says_who_the_caller_is_at_home() {
        let mut world = World::new();
        let (sub, user) = world.sub_organization();
        world.edit(sub).name = "sub".to_owned();
        let shown = world.query(&user, sub, "whoami", json!({})).unwrap();
        let expected = json!({
            "organizationId": sub.to_string(),
            "organizationName": "sub",
            "userId": user.user.to_string(),
            "username": "user",
        });
        assert_eq!(shown, expected);
        let root = world.root();
        let shown = world.query(&root, sub, "whoami", json!({})).unwrap();
        assert_eq!(shown["organizationId"], world.parent().to_string());
        assert_eq!(shown["userId"], root.user.to_string());
    }
}
