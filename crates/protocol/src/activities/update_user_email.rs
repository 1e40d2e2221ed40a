//! `UPDATE_USER_EMAIL`: a user gets another e-mail address, or none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, credentials},
    crate::wire::RequestError,
};

use crate::parameters::no_verification_token;
use crate::wire::id::UserId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateUserEmailIntent {
    /// The user.
    pub user_id: String,
    /// The new address; empty to remove it.
    pub user_email: String,
    /// Proof that it is the user's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_token: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateUserEmailResult {
    /// The user.
    pub user_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateUserEmail {
    user: UserId,
    email: Option<String>,
}

impl TryFrom<UpdateUserEmailIntent> for UpdateUserEmail {
    type Error = InvalidRequest;

    fn try_from(intent: UpdateUserEmailIntent) -> Result<Self, InvalidRequest> {
        no_verification_token(intent.verification_token.as_deref())?;
        Ok(Self {
            user: value::id("userId", &intent.user_id)?,
            email: value::email(Some(intent.user_email))?,
        })
    }
}

impl Activity for UpdateUserEmail {
    const ROUTE: &'static str = "update_user_email";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<UpdateUserEmailIntent>(
        "ACTIVITY_TYPE_UPDATE_USER_EMAIL",
        "updateUserEmailIntent",
        "updateUserEmailResult",
    )];
    type Output = UpdateUserEmailResult;
}

#[cfg(feature = "engine")]
impl Execute for UpdateUserEmail {
    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<UpdateUserEmailResult, RequestError> {
        let now = context.now;
        credentials::change_user(context.edit(), self.user, now, |user| {
            user.email = self.email;
        })?;
        Ok(UpdateUserEmailResult { user_id: self.user.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::testing::World;
    use crate::wire::enums::FeatureName;

    const KIND: &str = "ACTIVITY_TYPE_UPDATE_USER_EMAIL";

    #[test]
    fn sets_and_removes_it() {
        let mut world = World::new();
        let root = world.root();
        for (given, kept) in [("alice@example.com", Some("alice@example.com")), ("", None)] {
            world.now = world.now.plus_seconds(60);
            let contact = json!({ "userId": root.user, "userEmail": given });
            let result = world.submit(&root, world.parent(), KIND, contact).unwrap();
            assert_eq!(result, json!({ "userId": root.user }));
            let user = &world.organization(world.parent()).users[0];
            assert_eq!((user.email.as_deref(), user.updated_at), (kept, world.now));
        }
    }

    #[test]
    fn refuses_one_that_is_none_and_verification_tokens() {
        let mut world = World::new();
        let root = world.root();
        let mut contact = json!({ "userId": root.user, "userEmail": "alice" });
        assert!(world.submit(&root, world.parent(), KIND, contact.clone()).is_err());
        contact["userEmail"] = json!("alice@example.com");
        contact["verificationToken"] = json!("token");
        let refusal = world.submit(&root, world.parent(), KIND, contact).unwrap_err();
        assert_eq!(refusal.to_string(), "verification tokens are not supported by this server yet");
    }

    #[test]
    fn a_root_user_keeps_the_only_way_in() {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        let organization = world.edit(sub);
        organization.features.insert(FeatureName::EmailAuth, None);
        organization.users[0].email = Some("alice@example.com".to_owned());
        organization.users[0].api_keys[0].expiration_seconds = Some(900);
        let removal = json!({ "userId": root.user, "userEmail": "" });
        let refusal = world.submit(&root, sub, KIND, removal.clone()).unwrap_err();
        assert_eq!(refusal.to_string(), "user missing credential that does not expire: user");
        world.edit(sub).features.clear();
        world.submit(&root, sub, KIND, removal).unwrap();
    }
}
