//! `CREATE_API_ONLY_USERS`: makes users that have API keys and nothing else.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    super::create_users::CreateUsersResult,
    crate::engine::{Caller, Context},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use super::create_users::{CreateUsers, CreateUsersIntentV2, UserParamsV2};
use crate::wire::InvalidRequest;
use crate::wire::objects::ApiKeyParams;

/// A user with API keys.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiOnlyUserParams {
    /// Its name.
    pub user_name: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_email: Option<String>,
    /// Ids of its tags.
    pub user_tags: Vec<String>,
    /// API keys, all P-256.
    pub api_keys: Vec<ApiKeyParams>,
}

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateApiOnlyUsersIntent {
    /// The users.
    pub api_only_users: Vec<ApiOnlyUserParams>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateApiOnlyUsersResult {
    /// Their ids, in order.
    pub user_ids: Vec<String>,
}

/// As it is meant: what [`CreateUsers`] means.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateApiOnlyUsers {
    users: CreateUsers,
}

impl TryFrom<CreateApiOnlyUsersIntent> for CreateApiOnlyUsers {
    type Error = InvalidRequest;

    fn try_from(intent: CreateApiOnlyUsersIntent) -> Result<Self, InvalidRequest> {
        let users = intent
            .api_only_users
            .into_iter()
            .map(|user| UserParamsV2 {
                user_name: user.user_name,
                user_email: user.user_email,
                api_keys: user.api_keys,
                authenticators: Vec::new(),
                user_tags: user.user_tags,
            })
            .collect();
        Ok(Self { users: CreateUsersIntentV2 { users }.try_into()? })
    }
}

impl Activity for CreateApiOnlyUsers {
    const ROUTE: &'static str = "create_api_only_users";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<CreateApiOnlyUsersIntent>(
        "ACTIVITY_TYPE_CREATE_API_ONLY_USERS",
        "createApiOnlyUsersIntent",
        "createApiOnlyUsersResult",
    )];
    type Intent = CreateApiOnlyUsersIntent;
    type Output = CreateApiOnlyUsersResult;
}

#[cfg(feature = "engine")]
impl Execute for CreateApiOnlyUsers {
    const POLICY: Option<(Resource, Action)> = Some((Resource::User, Action::Create));

    fn execute(
        self,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<CreateApiOnlyUsersResult, RequestError> {
        let CreateUsersResult { user_ids } = self.users.execute(caller, context)?;
        Ok(CreateApiOnlyUsersResult { user_ids })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::testing::World;

    #[test]
    fn makes_a_user_with_a_key() {
        let mut world = World::new();
        let kind = "ACTIVITY_TYPE_CREATE_API_ONLY_USERS";
        let mut user = json!({
            "userName": "backend",
            "userTags": [],
            "apiKeys": [{ "apiKeyName": "key", "publicKey": world.public_key() }],
        });
        let users = json!({ "apiOnlyUsers": [user] });
        let result = world.submit(&world.root(), world.parent(), kind, users).unwrap();
        let made = &world.organization(world.parent()).users[1];
        assert_eq!(result, json!({ "userIds": [made.id] }));
        assert_eq!(made.api_keys.len(), 1);
        user["apiKeys"] = json!([]);
        let users = json!({ "apiOnlyUsers": [user] });
        let refusal = world.submit(&world.root(), world.parent(), kind, users).unwrap_err();
        assert_eq!(refusal.to_string(), "user missing valid credential: backend");
    }
}
