//! `CREATE_AUTHENTICATORS`: registers passkeys on a user.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, Rule, authenticate, credentials},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::parameters::{NewAuthenticator, all};
use crate::wire::id::UserId;
use crate::wire::objects::{AuthenticatorParams, AuthenticatorParamsV2};
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateAuthenticatorsIntentV2 {
    /// The passkeys.
    pub authenticators: Vec<AuthenticatorParamsV2>,
    /// The user.
    pub user_id: String,
}

/// As it used to travel.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateAuthenticatorsIntent {
    /// The passkeys, as a browser gives them.
    pub authenticators: Vec<AuthenticatorParams>,
    /// The user.
    pub user_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateAuthenticatorsResult {
    /// Their ids, in order.
    pub authenticator_ids: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateAuthenticators {
    user: UserId,
    authenticators: Vec<NewAuthenticator>,
}

impl TryFrom<CreateAuthenticatorsIntentV2> for CreateAuthenticators {
    type Error = InvalidRequest;

    fn try_from(intent: CreateAuthenticatorsIntentV2) -> Result<Self, InvalidRequest> {
        Ok(Self {
            user: value::id("userId", &intent.user_id)?,
            authenticators: all(intent.authenticators)?,
        })
    }
}

impl TryFrom<CreateAuthenticatorsIntent> for CreateAuthenticators {
    type Error = InvalidRequest;

    fn try_from(intent: CreateAuthenticatorsIntent) -> Result<Self, InvalidRequest> {
        CreateAuthenticatorsIntentV2 {
            authenticators: intent.authenticators.into_iter().map(Into::into).collect(),
            user_id: intent.user_id,
        }
        .try_into()
    }
}

impl Activity for CreateAuthenticators {
    const ROUTE: &'static str = "create_authenticators";
    const VERSIONS: &'static [Version<Self>] = &[
        Version::of::<CreateAuthenticatorsIntentV2>(
            "ACTIVITY_TYPE_CREATE_AUTHENTICATORS_V2",
            "createAuthenticatorsIntentV2",
            "createAuthenticatorsResult",
        ),
        Version::of::<CreateAuthenticatorsIntent>(
            "ACTIVITY_TYPE_CREATE_AUTHENTICATORS",
            "createAuthenticatorsIntent",
            "createAuthenticatorsResult",
        ),
    ];
    type Intent = CreateAuthenticatorsIntentV2;
    type Output = CreateAuthenticatorsResult;
}

#[cfg(feature = "engine")]
impl Execute for CreateAuthenticators {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Credential, Action::Create));

    fn rule(&self) -> Rule {
        Rule::Own(self.user)
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<CreateAuthenticatorsResult, RequestError> {
        let now = context.now;
        let origins = authenticate::allowed_origins(context.organization(), context.parent);
        let (organization, _, rng) = context.edit_with();
        organization.user(self.user)?;
        let ids = credentials::add_authenticators(
            organization,
            self.user,
            origins.as_deref(),
            self.authenticators,
            now,
            rng,
        )?;
        Ok(CreateAuthenticatorsResult {
            authenticator_ids: ids.iter().map(ToString::to_string).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::testing::World;
    use crate::wire::enums::FeatureName;

    const KIND: &str = "ACTIVITY_TYPE_CREATE_AUTHENTICATORS_V2";

    fn passkeys(world: &mut World, user: UserId, count: usize) -> Value {
        let passkeys: Vec<_> = (0..count).map(|_| world.passkey("phone")).collect();
        json!({ "userId": user, "authenticators": passkeys })
    }

    #[test]
    fn a_user_registers_its_own_passkeys_and_nobody_elses() {
        let mut world = World::new();
        let (root, user) = (world.root(), world.user(world.parent()));
        let own = passkeys(&mut world, user.user, 1);
        let result = world.submit(&user, world.parent(), KIND, own.clone()).unwrap();
        let registered =
            &world.organization(world.parent()).user(user.user).unwrap().authenticators;
        assert_eq!(result, json!({ "authenticatorIds": [registered[0].id] }));
        let again = world.submit(&user, world.parent(), KIND, own).unwrap_err();
        assert_eq!(again.status().http_status(), 409);
        let others = passkeys(&mut world, root.user, 1);
        let refusal = world.submit(&user, world.parent(), KIND, others).unwrap_err();
        assert!(matches!(refusal, RequestError::PermissionDenied), "{refusal}");
    }

    #[test]
    fn refuses_the_eleventh_passkey_and_registers_none_of_the_request() {
        let mut world = World::new();
        let user = world.user(world.parent());
        let eleven = passkeys(&mut world, user.user, 11);
        let refusal = world.submit(&user, world.parent(), KIND, eleven).unwrap_err();
        assert_eq!(refusal.to_string(), "user has exceeded maximum authenticators");
        assert_eq!(refusal.status().http_status(), 429);
        let registered = world.organization(world.parent()).user(user.user).unwrap();
        assert!(registered.authenticators.is_empty());
    }

    #[test]
    fn refuses_a_passkey_made_for_an_origin_that_the_parent_does_not_allow() {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        let parent = world.parent();
        let origin = |text: &str| Some(text.to_owned());
        let passkey = passkeys(&mut world, root.user, 1);
        let features = &mut world.edit(parent).features;
        features.insert(FeatureName::WebauthnOrigins, origin("https://other.example.com"));
        assert!(world.submit(&root, sub, KIND, passkey.clone()).is_err());
        let features = &mut world.edit(sub).features;
        features.insert(FeatureName::WebauthnOrigins, origin("https://app.example.com"));
        world.submit(&root, sub, KIND, passkey).unwrap();
    }

    #[test]
    fn the_older_version_means_the_same() {
        let mut world = World::new();
        let user = world.root().user;
        let current = passkeys(&mut world, user, 1);
        let mut older = current.clone();
        let attestation = &current["authenticators"][0]["attestation"];
        older["authenticators"][0]["userId"] = json!(user);
        older["authenticators"][0]["attestation"] = json!({
            "id": attestation["credentialId"],
            "rawId": attestation["credentialId"],
            "type": "public-key",
            "response": attestation,
            "clientExtensionResults": {},
        });
        let older: CreateAuthenticatorsIntent = serde_json::from_value(older).unwrap();
        let current: CreateAuthenticatorsIntentV2 = serde_json::from_value(current).unwrap();
        assert_eq!(CreateAuthenticators::try_from(older), CreateAuthenticators::try_from(current));
    }
}
