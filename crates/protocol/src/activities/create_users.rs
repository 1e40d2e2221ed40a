//! `CREATE_USERS`: makes users, each with what it proves itself with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::context::Proofs,
    crate::engine::credentials::{self, Identities},
    crate::engine::{Caller, Context, Needs, authenticate},
    crate::parameters::id_tokens,
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::parameters::{NewUser, all};
use crate::wire::enums::AccessType;
use crate::wire::objects::{
    ApiKeyParams, ApiKeyParamsV2, AuthenticatorParams, AuthenticatorParamsV2, OauthProviderParams,
    OauthProviderParamsV2,
};
use crate::wire::{InvalidRequest, value};

/// A user of version 4.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserParamsV4 {
    /// Its name.
    pub user_name: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_email: Option<String>,
    /// Phone number, E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_phone_number: Option<String>,
    /// API keys.
    pub api_keys: Vec<ApiKeyParamsV2>,
    /// Passkeys.
    pub authenticators: Vec<AuthenticatorParamsV2>,
    /// OAuth providers.
    pub oauth_providers: Vec<OauthProviderParamsV2>,
    /// Ids of its tags.
    pub user_tags: Vec<String>,
}

/// A user of version 3.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserParamsV3 {
    /// Its name.
    pub user_name: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_email: Option<String>,
    /// Phone number, E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_phone_number: Option<String>,
    /// API keys.
    pub api_keys: Vec<ApiKeyParamsV2>,
    /// Passkeys.
    pub authenticators: Vec<AuthenticatorParamsV2>,
    /// OAuth providers.
    pub oauth_providers: Vec<OauthProviderParams>,
    /// Ids of its tags.
    pub user_tags: Vec<String>,
}

/// A user of version 2.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserParamsV2 {
    /// Its name.
    pub user_name: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_email: Option<String>,
    /// API keys, all P-256.
    pub api_keys: Vec<ApiKeyParams>,
    /// Passkeys.
    pub authenticators: Vec<AuthenticatorParamsV2>,
    /// Ids of its tags.
    pub user_tags: Vec<String>,
}

/// A user of version 1.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserParams {
    /// Its name.
    pub user_name: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_email: Option<String>,
    /// Accepted and not used.
    pub access_type: AccessType,
    /// API keys, all P-256.
    pub api_keys: Vec<ApiKeyParams>,
    /// Passkeys, as a browser gives them.
    pub authenticators: Vec<AuthenticatorParams>,
    /// Ids of its tags.
    pub user_tags: Vec<String>,
}

/// Declares the versions, which differ in their users alone.
macro_rules! intents {
    ($($(#[$doc:meta])* $name:ident<$user:ty>,)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
        pub struct $name {
            /// The users.
            pub users: Vec<$user>,
        }

        impl TryFrom<$name> for CreateUsers {
            type Error = InvalidRequest;

            fn try_from(intent: $name) -> Result<Self, InvalidRequest> {
                Self::of(all(intent.users)?)
            }
        }
    )+};
}

intents! {
    /// Version 4: OAuth providers by their claims.
    CreateUsersIntentV4<UserParamsV4>,
    /// Version 3: curves of API keys, phone numbers, OAuth providers.
    CreateUsersIntentV3<UserParamsV3>,
    /// Version 2: passkeys in the newer form.
    CreateUsersIntentV2<UserParamsV2>,
    /// Version 1.
    CreateUsersIntent<UserParams>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateUsersResult {
    /// Their ids, in order.
    pub user_ids: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateUsers {
    users: Vec<NewUser>,
}

impl CreateUsers {
    pub(crate) fn of(users: Vec<NewUser>) -> Result<Self, InvalidRequest> {
        if users.is_empty() {
            return Err(InvalidRequest::new("invalid users: must not be empty"));
        }
        Ok(Self { users })
    }
}

impl TryFrom<UserParamsV4> for NewUser {
    type Error = InvalidRequest;

    fn try_from(travels: UserParamsV4) -> Result<Self, InvalidRequest> {
        Ok(Self {
            name: value::label("userName", travels.user_name)?,
            email: value::email(travels.user_email)?,
            phone_number: value::phone_number(travels.user_phone_number)?,
            tags: value::ids("userTags", &travels.user_tags)?,
            api_keys: all(travels.api_keys)?,
            authenticators: all(travels.authenticators)?,
            oauth_providers: all(travels.oauth_providers)?,
        })
    }
}

impl TryFrom<UserParamsV3> for NewUser {
    type Error = InvalidRequest;

    fn try_from(older: UserParamsV3) -> Result<Self, InvalidRequest> {
        UserParamsV4 {
            user_name: older.user_name,
            user_email: older.user_email,
            user_phone_number: older.user_phone_number,
            api_keys: older.api_keys,
            authenticators: older.authenticators,
            oauth_providers: older.oauth_providers.into_iter().map(Into::into).collect(),
            user_tags: older.user_tags,
        }
        .try_into()
    }
}

impl TryFrom<UserParamsV2> for NewUser {
    type Error = InvalidRequest;

    fn try_from(older: UserParamsV2) -> Result<Self, InvalidRequest> {
        UserParamsV4 {
            user_name: older.user_name,
            user_email: older.user_email,
            user_phone_number: None,
            api_keys: older.api_keys.into_iter().map(Into::into).collect(),
            authenticators: older.authenticators,
            oauth_providers: Vec::new(),
            user_tags: older.user_tags,
        }
        .try_into()
    }
}

impl TryFrom<UserParams> for NewUser {
    type Error = InvalidRequest;

    fn try_from(older: UserParams) -> Result<Self, InvalidRequest> {
        UserParamsV2 {
            user_name: older.user_name,
            user_email: older.user_email,
            api_keys: older.api_keys,
            authenticators: older.authenticators.into_iter().map(Into::into).collect(),
            user_tags: older.user_tags,
        }
        .try_into()
    }
}

impl Activity for CreateUsers {
    const ROUTE: &'static str = "create_users";
    const VERSIONS: &'static [Version<Self>] = &[
        Version::of::<CreateUsersIntentV4>(
            "ACTIVITY_TYPE_CREATE_USERS_V4",
            "createUsersIntentV4",
            "createUsersResult",
        ),
        Version::of::<CreateUsersIntentV3>(
            "ACTIVITY_TYPE_CREATE_USERS_V3",
            "createUsersIntentV3",
            "createUsersResult",
        ),
        Version::of::<CreateUsersIntentV2>(
            "ACTIVITY_TYPE_CREATE_USERS_V2",
            "createUsersIntentV2",
            "createUsersResult",
        ),
        Version::of::<CreateUsersIntent>(
            "ACTIVITY_TYPE_CREATE_USERS",
            "createUsersIntent",
            "createUsersResult",
        ),
    ];
    type Intent = CreateUsersIntentV4;
    type Output = CreateUsersResult;
}

#[cfg(feature = "engine")]
impl Execute for CreateUsers {
    const POLICY: Option<(Resource, Action)> = Some((Resource::User, Action::Create));

    fn needs(&self) -> Needs {
        let id_tokens = id_tokens(self.users.iter().flat_map(|user| &user.oauth_providers));
        if id_tokens.is_empty() {
            return Needs::Nothing;
        }
        Needs::Proofs(Proofs { verification_token: None, id_tokens })
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<CreateUsersResult, RequestError> {
        let now = context.now;
        let origins = authenticate::allowed_origins(context.organization(), context.parent);
        let mut identities = Identities::new(context.take_proofs());
        let (organization, _, rng) = context.edit_with();
        let mut user_ids = Vec::with_capacity(self.users.len());
        for user in self.users {
            let id = credentials::add_user(
                organization,
                origins.as_deref(),
                user,
                &mut identities,
                now,
                rng,
            )?;
            credentials::check_has_credential(organization, id)?;
            user_ids.push(id.to_string());
        }
        Ok(CreateUsersResult { user_ids })
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::testing::{ISSUER, World};

    const KIND: &str = "ACTIVITY_TYPE_CREATE_USERS_V4";

    fn user(name: &str, keys: &[&str]) -> Value {
        let keys: Vec<_> = keys
            .iter()
            .map(|key| {
                json!({
                    "apiKeyName": "key",
                    "publicKey": key,
                    "curveType": "API_KEY_CURVE_P256",
                })
            })
            .collect();
        json!({
            "userName": name,
            "userEmail": "alice@example.com",
            "apiKeys": keys,
            "authenticators": [],
            "oauthProviders": [],
            "userTags": [],
        })
    }

    fn create(world: &mut World, users: &[Value]) -> Result<Value, RequestError> {
        world.submit(&world.root(), world.parent(), KIND, json!({ "users": users }))
    }

    #[test]
    fn makes_users_with_keys_and_passkeys() {
        let mut world = World::new();
        let mut alice = user("alice", &[&world.public_key()]);
        alice["authenticators"] = json!([world.passkey("phone")]);
        let bob = user("bob", &[&world.public_key()]);
        let result = create(&mut world, &[alice, bob]).unwrap();
        let users = &world.organization(world.parent()).users;
        let made: Vec<_> = users.iter().skip(1).map(|user| user.id.to_string()).collect();
        assert_eq!(result, json!({ "userIds": made }));
        assert_eq!((users[1].api_keys.len(), users[1].authenticators.len()), (1, 1));
        assert_eq!(users[2].email.as_deref(), Some("alice@example.com"));
    }

    #[test]
    fn refuses_a_user_that_has_only_a_contact() {
        let mut world = World::new();
        let refusal = create(&mut world, &[user("alice", &[])]).unwrap_err();
        assert_eq!(refusal.to_string(), "user missing valid credential: alice");
        assert_eq!(
            create(&mut world, &[]).unwrap_err().to_string(),
            "invalid users: must not be empty"
        );
    }

    #[test]
    fn refuses_the_hundred_and_first_user_and_makes_none_of_the_request() {
        let mut world = World::new();
        let users: Vec<_> = (0..100).map(|_| user("user", &[&world.public_key()])).collect();
        let refusal = create(&mut world, &users).unwrap_err();
        assert_eq!(refusal.status().http_status(), 429);
        assert_eq!(world.organization(world.parent()).users.len(), 1);
        create(&mut world, &users[1..]).unwrap();
    }

    #[test]
    fn refuses_a_key_that_somebody_has() {
        let mut world = World::new();
        let key = world.public_key();
        let twins = [user("alice", &[&key]), user("bob", &[&key])];
        let refusal = create(&mut world, &twins).unwrap_err();
        assert!(matches!(refusal, RequestError::AlreadyExists(_)), "{refusal}");
    }

    #[test]
    fn refuses_unknown_tags() {
        let mut world = World::new();
        let mut alice = user("alice", &[&world.public_key()]);
        alice["userTags"] = json!([world.parent()]);
        assert!(create(&mut world, &[alice]).is_err());
    }

    /// A user that has no more than accounts at identity providers.
    fn with_accounts(name: &str, accounts: Value) -> Value {
        let mut user = user(name, &[]);
        user["oauthProviders"] = accounts;
        user
    }

    #[test]
    fn accounts_at_identity_providers_come_by_token_and_by_claims_beside_one() {
        let mut world = World::new();
        let claims = |sub: &str| {
            let claims = json!({ "iss": ISSUER, "sub": sub, "aud": "app" });
            json!({ "providerName": "app", "oidcClaims": claims })
        };
        let [alice, bob] = ["alice", "bob"].map(|name| {
            let token = world.id_token(name, json!({}));
            json!({ "providerName": "web", "oidcToken": token })
        });
        let users = [
            with_accounts("alice", json!([alice, claims("alice")])),
            with_accounts("bob", json!([bob])),
        ];
        create(&mut world, &users).unwrap();
        let users = &world.organization(world.parent()).users;
        let known = |user: usize| -> Vec<_> {
            let providers = users[user].oauth_providers.iter();
            providers.map(|it| (it.subject.as_str(), it.audience.as_str())).collect()
        };
        assert_eq!(known(1), [("alice", "client"), ("alice", "app")]);
        assert_eq!(known(2), [("bob", "client")]);
    }

    #[test]
    fn refuses_accounts_that_are_not_proven_and_makes_nobody() {
        let mut world = World::new();
        let token = world.id_token("alice", json!({}));
        let account = json!({ "providerName": "web", "oidcToken": token });
        let claims = json!({ "iss": ISSUER, "sub": "alice", "aud": "app" });
        let claimed = json!({ "providerName": "app", "oidcClaims": claims });
        let mut both = account.clone();
        both["oidcClaims"] = claims;
        let one = "an oauth provider needs either oidcToken or oidcClaims";
        for (users, text) in [
            (
                vec![with_accounts(
                    "alice",
                    json!([{ "providerName": "web", "oidcToken": "token" }]),
                )],
                "invalid OIDC token: the issuer does not answer",
            ),
            (
                vec![with_accounts("alice", json!([claimed]))],
                "oidcClaims need an oidcToken of the same issuer and subject beside them",
            ),
            (
                // Somebody else's token proves nothing.
                vec![
                    with_accounts("alice", json!([account])),
                    with_accounts("bob", json!([claimed])),
                ],
                "oidcClaims need an oidcToken of the same issuer and subject beside them",
            ),
            (
                vec![
                    with_accounts("alice", json!([account])),
                    with_accounts("bob", json!([account])),
                ],
                "oauth provider is already registered in this organization",
            ),
            (vec![with_accounts("alice", json!([both]))], one),
            (vec![with_accounts("alice", json!([{ "providerName": "web" }]))], one),
        ] {
            assert_eq!(create(&mut world, &users).unwrap_err().to_string(), text);
            assert_eq!(world.organization(world.parent()).users.len(), 1);
        }
    }

    #[test]
    fn refuses_the_eleventh_account_of_a_user() {
        let mut world = World::new();
        let accounts: Vec<_> = (0..11)
            .map(|number| {
                let token = world.id_token(&number.to_string(), json!({}));
                json!({ "providerName": "web", "oidcToken": token })
            })
            .collect();
        let refusal = create(&mut world, &[with_accounts("alice", json!(accounts))]).unwrap_err();
        assert_eq!(refusal.to_string(), "user has exceeded maximum oauth providers");
        create(&mut world, &[with_accounts("alice", json!(accounts[1..]))]).unwrap();
    }

    #[test]
    fn every_version_means_the_same() {
        fn meant<T: DeserializeOwned>(users: &Value) -> CreateUsers
        where
            CreateUsers: TryFrom<T, Error = InvalidRequest>,
        {
            let intent: T = serde_json::from_value(json!({ "users": [users] })).unwrap();
            intent.try_into().unwrap()
        }
        let mut world = World::new();
        let mut v4 = user("alice", &[&world.public_key()]);
        v4["authenticators"] = json!([world.passkey("phone")]);
        let mut v1 = v4.clone();
        v1["accessType"] = json!("ACCESS_TYPE_ALL");
        let attestation = &v4["authenticators"][0]["attestation"];
        v1["authenticators"][0]["userId"] = json!("");
        v1["authenticators"][0]["attestation"] = json!({
            "id": attestation["credentialId"],
            "rawId": attestation["credentialId"],
            "type": "public-key",
            "response": attestation,
            "clientExtensionResults": {},
        });
        let current = meant::<CreateUsersIntentV4>(&v4);
        assert_eq!(meant::<CreateUsersIntentV3>(&v4), current);
        assert_eq!(meant::<CreateUsersIntentV2>(&v4), current);
        assert_eq!(meant::<CreateUsersIntent>(&v1), current);
    }
}
