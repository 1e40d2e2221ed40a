//! `DELETE_AUTHENTICATORS`: takes passkeys from a user, with the read-only sessions they opened.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, Rule, credentials},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::id::{AuthenticatorId, UserId};
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteAuthenticatorsIntent {
    /// The user.
    pub user_id: String,
    /// The passkeys.
    pub authenticator_ids: Vec<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteAuthenticatorsResult {
    /// The passkeys that are gone.
    pub authenticator_ids: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct DeleteAuthenticators {
    user: UserId,
    ids: Vec<AuthenticatorId>,
}

impl TryFrom<DeleteAuthenticatorsIntent> for DeleteAuthenticators {
    type Error = InvalidRequest;

    fn try_from(intent: DeleteAuthenticatorsIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            user: value::id("userId", &intent.user_id)?,
            ids: value::some_ids("authenticatorIds", &intent.authenticator_ids)?,
        })
    }
}

impl Activity for DeleteAuthenticators {
    const ROUTE: &'static str = "delete_authenticators";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<DeleteAuthenticatorsIntent>(
        "ACTIVITY_TYPE_DELETE_AUTHENTICATORS",
        "deleteAuthenticatorsIntent",
        "deleteAuthenticatorsResult",
    )];
    type Intent = DeleteAuthenticatorsIntent;
    type Output = DeleteAuthenticatorsResult;
}

#[cfg(feature = "engine")]
impl Execute for DeleteAuthenticators {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Credential, Action::Delete));

    fn rule(&self) -> Rule {
        Rule::Own(self.user)
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<DeleteAuthenticatorsResult, RequestError> {
        let now = context.now;
        let organization = context.edit();
        let user = organization.user(self.user)?;
        let known = |id: &_| user.authenticators.iter().any(|known| known.id == *id);
        if let Some(unknown) = self.ids.iter().find(|id| !known(id)) {
            return Err(RequestError::NotFound(format!(
                "could not find authenticator {unknown} of user {}",
                self.user
            )));
        }
        credentials::change_user(organization, self.user, now, |user| {
            credentials::remove_authenticators(user, &self.ids);
        })?;
        Ok(DeleteAuthenticatorsResult {
            authenticator_ids: self.ids.iter().map(ToString::to_string).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::model::{CredentialId, ReadOnlySession};
    use crate::engine::testing::World;
    use crate::wire::id::SessionId;

    const KIND: &str = "ACTIVITY_TYPE_DELETE_AUTHENTICATORS";

    /// Registers passkeys on the user and returns their ids.
    fn add(world: &mut World, user: &Caller, count: usize) -> Vec<AuthenticatorId> {
        let passkeys: Vec<_> = (0..count).map(|_| world.passkey("phone")).collect();
        let passkeys = json!({ "userId": user.user, "authenticators": passkeys });
        let kind = "ACTIVITY_TYPE_CREATE_AUTHENTICATORS_V2";
        let mut result = world.submit(user, user.organization, kind, passkeys).unwrap();
        serde_json::from_value(result["authenticatorIds"].take()).unwrap()
    }

    #[test]
    fn a_user_deletes_its_own_passkeys_and_nobody_elses() {
        let mut world = World::new();
        let (root, user) = (world.root(), world.user(world.parent()));
        let passkeys = add(&mut world, &user, 2);
        let doomed = json!({ "userId": user.user, "authenticatorIds": passkeys });
        let result = world.submit(&user, world.parent(), KIND, doomed).unwrap();
        assert_eq!(result, json!({ "authenticatorIds": passkeys }));
        assert!(world.organization(world.parent()).users[1].authenticators.is_empty());
        let passkeys = add(&mut world, &root, 1);
        for (owner, status) in [(root.user, 403), (user.user, 404)] {
            let doomed = json!({ "userId": owner, "authenticatorIds": passkeys });
            let refusal = world.submit(&user, world.parent(), KIND, doomed).unwrap_err();
            assert_eq!(refusal.status().http_status(), status, "{refusal}");
        }
    }

    #[test]
    fn keeps_the_last_passkey_of_a_user_that_has_nothing_else() {
        let mut world = World::new();
        let user = world.user(world.parent());
        let passkeys = add(&mut world, &user, 2);
        let id = world.parent();
        world.edit(id).users[1].api_keys[0].expiration_seconds = Some(900);
        let doomed = json!({ "userId": user.user, "authenticatorIds": passkeys });
        let refusal = world.submit(&user, id, KIND, doomed).unwrap_err();
        assert_eq!(refusal.to_string(), "user missing credential that does not expire: user");
        let doomed = json!({ "userId": user.user, "authenticatorIds": [passkeys[0]] });
        world.submit(&user, id, KIND, doomed).unwrap();
    }

    #[test]
    fn read_only_sessions_end_with_the_passkey_that_opened_them() {
        let mut world = World::new();
        let user = world.user(world.parent());
        let passkeys = add(&mut world, &user, 1);
        let session = ReadOnlySession {
            id: SessionId::generate(world.now, &mut world.rng),
            token_hash: "00".repeat(32),
            opened_by: CredentialId::Authenticator(passkeys[0]),
            created_at: world.now,
            expires_at: world.now.plus_seconds(60),
            session: None,
        };
        let id = world.parent();
        world.edit(id).users[1].read_only_sessions.push(session);
        let doomed = json!({ "userId": user.user, "authenticatorIds": passkeys });
        world.submit(&user, id, KIND, doomed).unwrap();
        assert!(world.organization(id).users[1].read_only_sessions.is_empty());
    }
}
