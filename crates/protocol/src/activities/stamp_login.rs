//! `STAMP_LOGIN`: a stamp opens a session bound to a key that the client holds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::sessions::{LogIn, Opening},
    crate::engine::{Caller, Context, Rule},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    keyward_policy::Value,
};

use crate::parameters;
use crate::wire::id::SessionProfileId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StampLoginIntent {
    /// Client key for the session: P-256, SEC1, hex.
    pub public_key: String,
    /// Seconds, decimal; 900 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_seconds: Option<String>,
    /// Whether all other log-in sessions of the user end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalidate_existing: Option<bool>,
    /// The session profile that limits the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_profile_id: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct StampLoginResult {
    /// A token that describes the session. Requests are stamped with the session's key.
    pub session: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct StampLogin {
    /// Compressed, hex.
    public_key: String,
    profile: Option<SessionProfileId>,
    lifetime_seconds: Option<u64>,
    ends_others: bool,
}

impl TryFrom<StampLoginIntent> for StampLogin {
    type Error = InvalidRequest;

    fn try_from(intent: StampLoginIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            public_key: hex::encode(parameters::p256_key(&intent.public_key)?.compressed()),
            profile: parameters::session_profile(intent.session_profile_id.as_deref())?,
            lifetime_seconds: value::expiration_seconds(intent.expiration_seconds)?,
            ends_others: intent.invalidate_existing.unwrap_or_default(),
        })
    }
}

impl Activity for StampLogin {
    const ROUTE: &'static str = "stamp_login";
    const FINDS_SUB_ORGANIZATION: bool = true;
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<StampLoginIntent>(
        "ACTIVITY_TYPE_STAMP_LOGIN",
        "stampLoginIntent",
        "stampLoginResult",
    )];
    type Intent = StampLoginIntent;
    type Output = StampLoginResult;
}

#[cfg(feature = "engine")]
impl Execute for StampLogin {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Auth, Action::Create));

    fn params(&self) -> Vec<(&'static str, Value)> {
        vec![("session_profile_id", parameters::show_session_profile(self.profile))]
    }

    fn rule(&self) -> Rule {
        Rule::Anyone
    }

    fn execute(
        self,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<StampLoginResult, RequestError> {
        let log_in = LogIn::by(context.organization(), caller, context.now);
        let session =
            Opening::log_in(caller.user, self.profile, self.lifetime_seconds, self.ends_others)
                .for_key(&self.public_key, log_in, context)?;
        Ok(StampLoginResult { session })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use keyward_crypto::{EcdsaSignature, P256PublicKey, sha256};
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::ServerKeys;
    use crate::engine::model::User;
    use crate::engine::testing::World;
    use crate::wire::enums::CredentialType;

    const KIND: &str = "ACTIVITY_TYPE_STAMP_LOGIN";
    const READ_ONLY: &str = "ACTIVITY_TYPE_CREATE_READ_ONLY_SESSION";

    fn submit(world: &mut World, caller: &Caller, intent: Value) -> Result<Value, RequestError> {
        world.submit(caller, caller.organization, KIND, intent)
    }

    /// Logs in with a new key, which it returns.
    fn log_in(world: &mut World, caller: &Caller, lifetime_seconds: u64) -> String {
        let public_key = world.public_key();
        let lifetime = lifetime_seconds.to_string();
        let intent = json!({ "publicKey": public_key, "expirationSeconds": lifetime });
        submit(world, caller, intent).unwrap();
        public_key
    }

    fn user<'a>(world: &'a World, caller: &Caller) -> &'a User {
        world.organization(caller.organization).user(caller.user).unwrap()
    }

    /// The keys of the user's log-in sessions, oldest first.
    fn sessions<'a>(world: &'a World, caller: &Caller) -> Vec<&'a str> {
        let keys = user(world, caller).api_keys.iter();
        keys.filter(|key| key.kind == CredentialType::Login)
            .map(|key| key.public_key.as_str())
            .collect()
    }

    #[test]
    fn opens_a_session_for_every_user_that_lives_fifteen_minutes() {
        let mut world = World::new();
        let caller = world.user(world.parent());
        let public_key = world.public_key();
        submit(&mut world, &caller, json!({ "publicKey": public_key })).unwrap();
        let key = &user(&world, &caller).api_keys[1];
        assert_eq!(key.public_key, public_key);
        assert_eq!(key.kind, CredentialType::Login);
        assert_eq!(key.expires_at(), Some(world.now.plus_seconds(900)));
        assert_eq!(key.opened_by, Some(caller.credential.id));
        insta::assert_snapshot!(key.name, @"Session - 2026-01-01T00:00:00Z");
    }

    #[test]
    fn the_token_says_who_and_is_signed_over_the_hash_of_the_hash() {
        let mut world = World::new();
        let caller = world.root();
        let public_key = world.public_key();
        let keys = ServerKeys::generate(&mut world.rng);
        let (settings, client) = Default::default();
        let organization = Arc::new(world.organization(caller.organization).clone());
        let mut context =
            Context::new(organization, None, world.now, &mut world.rng, &keys, &settings, &client);
        let intent = StampLoginIntent {
            public_key: public_key.clone(),
            expiration_seconds: Some("60".to_owned()),
            invalidate_existing: None,
            session_profile_id: None,
        };
        let activity = StampLogin::try_from(intent).unwrap();
        let token = activity.execute(&caller, &mut context).unwrap().session;

        let (input, signature) = token.rsplit_once('.').unwrap();
        let (_, payload) = input.split_once('.').unwrap();
        let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        let expected = format!(
            concat!(
                r#"{{"exp":{},"public_key":"{}","session_type":"SESSION_TYPE_READ_WRITE","#,
                r#""user_id":"{}","organization_id":"{}"}}"#
            ),
            world.now.as_seconds() + 60,
            public_key,
            caller.user,
            caller.organization
        );
        assert_eq!(payload, expected);
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap().try_into().unwrap();
        let signature = EcdsaSignature::from_bytes(&signature);
        let notarizer = keys.notarizer.public_key();
        assert!(notarizer.verify(&sha256(input.as_bytes()), &signature));
        assert!(!notarizer.verify(input.as_bytes(), &signature));
    }

    #[test]
    fn an_uncompressed_key_is_the_same_key() {
        let mut world = World::new();
        let caller = world.root();
        let compressed = world.public_key();
        let key = P256PublicKey::from_sec1(&hex::decode(&compressed).unwrap()).unwrap();
        let written = hex::encode_upper(key.uncompressed());
        submit(&mut world, &caller, json!({ "publicKey": written })).unwrap();
        assert_eq!(sessions(&world, &caller), [compressed]);
    }

    #[test]
    fn the_eleventh_session_evicts_the_oldest() {
        let mut world = World::new();
        let caller = world.root();
        let mut opened = Vec::new();
        for _ in 0..11 {
            world.now = world.now.plus_seconds(1);
            opened.push(log_in(&mut world, &caller, 900));
        }
        assert_eq!(sessions(&world, &caller), opened[1..]);
        assert_eq!(user(&world, &caller).api_keys.len(), 11, "the lasting key stays");
    }

    #[test]
    fn the_eleventh_session_evicts_the_expired_before_the_oldest() {
        let mut world = World::new();
        let caller = world.root();
        let mut opened = Vec::new();
        for number in 0..10 {
            world.now = world.now.plus_seconds(1);
            opened.push(log_in(&mut world, &caller, if number == 5 { 60 } else { 900 }));
        }
        world.now = world.now.plus_seconds(60);
        opened.push(log_in(&mut world, &caller, 900));
        opened.remove(5);
        assert_eq!(sessions(&world, &caller), opened);
    }

    #[test]
    fn ends_the_other_sessions_when_asked_and_nothing_else() {
        let mut world = World::new();
        let (caller, other) = (world.root(), world.user(world.parent()));
        log_in(&mut world, &caller, 900);
        log_in(&mut world, &caller, 900);
        let theirs = log_in(&mut world, &other, 900);
        let public_key = world.public_key();
        let intent = json!({ "publicKey": public_key, "invalidateExisting": true });
        submit(&mut world, &caller, intent).unwrap();
        assert_eq!(sessions(&world, &caller), [public_key]);
        assert_eq!(user(&world, &caller).api_keys.len(), 2);
        assert_eq!(sessions(&world, &other), [theirs]);
    }

    #[test]
    fn the_same_key_renews_its_session_and_what_it_opened() {
        let mut world = World::new();
        let caller = world.root();
        let public_key = log_in(&mut world, &caller, 60);
        let id = user(&world, &caller).api_keys[1].id;
        let mut session = caller.clone();
        session.credential.id = crate::engine::model::CredentialId::ApiKey(id);
        world.submit(&session, caller.organization, READ_ONLY, json!({})).unwrap();
        world.now = world.now.plus_seconds(30);
        let intent = json!({ "publicKey": public_key, "expirationSeconds": "600" });
        submit(&mut world, &caller, intent).unwrap();
        let user = user(&world, &caller);
        assert_eq!(user.api_keys.len(), 2);
        assert_eq!(user.api_keys[1].id, id);
        assert_eq!(user.api_keys[1].expires_at(), Some(world.now.plus_seconds(600)));
        assert_eq!(user.read_only_sessions.len(), 1);
    }

    #[test]
    fn refuses_keys_that_stand_for_something_else() {
        let mut world = World::new();
        let (caller, other) = (world.root(), world.user(world.parent()));
        let theirs = log_in(&mut world, &other, 900);
        for taken in [theirs, caller.credential.public_key.clone()] {
            let refusal = submit(&mut world, &caller, json!({ "publicKey": taken })).unwrap_err();
            assert_eq!(refusal.status().http_status(), 409);
        }
        assert!(sessions(&world, &caller).is_empty());
    }

    #[test]
    fn the_same_key_opens_sessions_in_several_organizations() {
        let mut world = World::new();
        let (root, (_, other)) = (world.root(), world.sub_organization());
        let public_key = log_in(&mut world, &root, 900);
        submit(&mut world, &other, json!({ "publicKey": public_key })).unwrap();
        assert_eq!(sessions(&world, &root), sessions(&world, &other));
    }

    #[test]
    fn refuses_what_means_nothing() {
        let mut world = World::new();
        let caller = world.root();
        let public_key = world.public_key();
        let not_on_curve = format!("02{}", "ff".repeat(32));
        for intent in [
            json!({}),
            json!({ "publicKey": "" }),
            json!({ "publicKey": not_on_curve }),
            json!({ "publicKey": public_key, "expirationSeconds": "0" }),
            json!({ "publicKey": public_key, "expirationSeconds": "soon" }),
            json!({ "publicKey": public_key, "sessionProfileId": "wide" }),
        ] {
            let refusal = submit(&mut world, &caller, intent.clone()).unwrap_err();
            assert_eq!(refusal.status().http_status(), 400, "{intent}");
        }
        assert!(sessions(&world, &caller).is_empty());
    }

    fn profile(world: &mut World, scope: &str, expiration_seconds: Option<&str>) -> String {
        let named =
            format!("profile {}", world.organization(world.parent()).session_profiles.len());
        let mut profile = json!({ "sessionProfileName": named, "scope": scope });
        if let Some(seconds) = expiration_seconds {
            profile["expirationSeconds"] = seconds.into();
        }
        let (root, parent) = (world.root(), world.parent());
        let made = world.submit(&root, parent, "ACTIVITY_TYPE_CREATE_SESSION_PROFILE", profile);
        made.unwrap()["sessionProfileId"].as_str().unwrap().to_owned()
    }

    #[test]
    fn a_session_with_a_profile_says_so_everywhere() {
        let mut world = World::new();
        let (sub, caller) = world.sub_organization();
        let scope = "activity.resource == 'AUTH'";
        let profile = profile(&mut world, scope, None);
        let public_key = world.public_key();
        let intent = json!({ "publicKey": public_key, "sessionProfileId": profile });
        let token = submit(&mut world, &caller, intent).unwrap();

        let payload = token["session"].as_str().unwrap().split('.').nth(1).unwrap();
        let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        let expected = format!(
            concat!(
                r#"{{"exp":{},"public_key":"{}","session_type":"profile 0","user_id":"{}","#,
                r#""organization_id":"{}","session_profile_id":"{}","scope":"{}"}}"#
            ),
            world.now.as_seconds() + 900,
            public_key,
            caller.user,
            sub,
            profile,
            scope,
        );
        assert_eq!(payload, expected);
        let keys = world.query(&caller, sub, "get_api_keys", json!({})).unwrap();
        assert_eq!(keys["apiKeys"][1]["credential"]["sessionProfileId"], profile);
        assert!(keys["apiKeys"][0]["credential"].get("sessionProfileId").is_none());
        let sessions = world.query(&caller, sub, "list_sessions", json!({})).unwrap();
        assert_eq!(sessions["sessions"][0]["sessionProfileId"], profile);
    }

    #[test]
    fn the_shorter_lifetime_counts_the_intents_or_the_profiles() {
        let mut world = World::new();
        let caller = world.root();
        let limited = profile(&mut world, "true", Some("600"));
        let unlimited = profile(&mut world, "true", None);
        for (profile, asked, lives) in [
            (&limited, None, 600),
            (&limited, Some("60"), 60),
            (&limited, Some("6000"), 600),
            (&unlimited, None, 900),
            (&unlimited, Some("6000"), 6000),
        ] {
            let public_key = world.public_key();
            let mut intent = json!({ "publicKey": public_key, "sessionProfileId": profile });
            if let Some(asked) = asked {
                intent["expirationSeconds"] = asked.into();
            }
            submit(&mut world, &caller, intent).unwrap();
            let key = user(&world, &caller).api_keys.last().unwrap();
            assert_eq!(key.expiration_seconds, Some(lives), "{asked:?}");
        }
    }

    #[test]
    fn a_session_opens_sessions_of_its_own_profile_only() {
        let mut world = World::new();
        let caller = world.root();
        let own = profile(&mut world, "activity.resource == 'AUTH'", None);
        let other = profile(&mut world, "true", None);
        let public_key = world.public_key();
        let intent = json!({ "publicKey": public_key, "sessionProfileId": own });
        submit(&mut world, &caller, intent).unwrap();
        let session = world.caller_with(&caller, CredentialType::Login);
        let nil = uuid::Uuid::nil().to_string();
        for wider in [json!(other), json!(nil), json!(""), json!(null)] {
            let public_key = world.public_key();
            let intent = json!({ "publicKey": public_key, "sessionProfileId": wider });
            let refusal = submit(&mut world, &session, intent).unwrap_err();
            assert_eq!(refusal.status().http_status(), 403, "{wider}");
        }
        let target = json!({ "targetPublicKey": world.public_key() });
        let kind = "ACTIVITY_TYPE_CREATE_READ_WRITE_SESSION_V2";
        let refusal = world.submit(&session, world.parent(), kind, target).unwrap_err();
        assert_eq!(refusal.status().http_status(), 403);
        let public_key = world.public_key();
        let intent = json!({ "publicKey": public_key, "sessionProfileId": own });
        submit(&mut world, &session, intent).unwrap();
        assert_eq!(sessions(&world, &caller).len(), 2);
    }

    #[test]
    fn the_nil_profile_is_none_and_another_must_exist() {
        let mut world = World::new();
        let caller = world.root();
        let public_key = world.public_key();
        let nil = uuid::Uuid::nil().to_string();
        let intent = json!({ "publicKey": public_key, "sessionProfileId": nil });
        submit(&mut world, &caller, intent).unwrap();
        let session = user(&world, &caller).api_keys.last().unwrap().session.clone();
        assert_eq!(session.unwrap().profile, None);
        let intent = json!({ "publicKey": public_key, "sessionProfileId": caller.user });
        let refusal = submit(&mut world, &caller, intent).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            format!("could not find session profile with ID {}", caller.user)
        );
        assert_eq!(refusal.status().http_status(), 404);
    }
}
