//! `CREATE_READ_WRITE_SESSION`: a fresh API key, sealed to a key that the client holds.

use keyward_crypto::P256PublicKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::attested::user_with,
    crate::engine::model::Organization,
    crate::engine::sessions::{LogIn, Opening},
    crate::engine::{Caller, Context, Rule},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    crate::wire::enums::{CredentialType, OtpType},
};

use crate::parameters;
use crate::wire::id::UserId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateReadWriteSessionIntentV2 {
    /// Key of the client that the bundle is sealed to: P-256, SEC1, hex.
    pub target_public_key: String,
    /// Whose session it is; the caller's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Name of the API key; `Read Write Session - <time>` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_name: Option<String>,
    /// Seconds, decimal; 900 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_seconds: Option<String>,
    /// Whether all other sessions of this kind of the user end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalidate_existing: Option<bool>,
}

/// As it used to travel.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateReadWriteSessionIntent {
    /// Key of the client that the bundle is sealed to: P-256, SEC1, hex.
    pub target_public_key: String,
    /// E-mail address of the user whose session it is.
    pub email: String,
    /// Name of the API key; `Read Write Session - <time>` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_name: Option<String>,
    /// Seconds, decimal; 900 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_seconds: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateReadWriteSessionResult {
    /// The user's organization.
    pub organization_id: String,
    /// Its name.
    pub organization_name: String,
    /// The user.
    pub user_id: String,
    /// Its name.
    pub username: String,
    /// The API key of the session.
    pub api_key_id: String,
    /// Its private key, sealed.
    pub credential_bundle: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateReadWriteSession {
    target: P256PublicKey,
    user: Whose,
    name: Option<String>,
    lifetime_seconds: Option<u64>,
    ends_others: bool,
}

/// Whose session it is.
#[derive(Clone, Debug, PartialEq)]
enum Whose {
    Caller,
    User(UserId),
    Email(String),
}

impl TryFrom<CreateReadWriteSessionIntentV2> for CreateReadWriteSession {
    type Error = InvalidRequest;

    fn try_from(intent: CreateReadWriteSessionIntentV2) -> Result<Self, InvalidRequest> {
        Ok(Self {
            target: parameters::p256_key(&intent.target_public_key)?,
            user: match intent.user_id.filter(|user| !user.is_empty()) {
                None => Whose::Caller,
                Some(user) => Whose::User(value::id("userId", &user)?),
            },
            name: value::optional_label("apiKeyName", intent.api_key_name)?,
            lifetime_seconds: value::expiration_seconds(intent.expiration_seconds)?,
            ends_others: intent.invalidate_existing.unwrap_or_default(),
        })
    }
}

impl TryFrom<CreateReadWriteSessionIntent> for CreateReadWriteSession {
    type Error = InvalidRequest;

    fn try_from(older: CreateReadWriteSessionIntent) -> Result<Self, InvalidRequest> {
        let email = value::email(Some(older.email))?
            .ok_or_else(|| InvalidRequest::new("invalid email: must not be empty"))?;
        let session = Self::try_from(CreateReadWriteSessionIntentV2 {
            target_public_key: older.target_public_key,
            user_id: None,
            api_key_name: older.api_key_name,
            expiration_seconds: older.expiration_seconds,
            invalidate_existing: None,
        })?;
        Ok(Self { user: Whose::Email(email), ..session })
    }
}

impl Activity for CreateReadWriteSession {
    const ROUTE: &'static str = "create_read_write_session";
    const FINDS_SUB_ORGANIZATION: bool = true;
    const VERSIONS: &'static [Version<Self>] = &[
        Version::of::<CreateReadWriteSessionIntentV2>(
            "ACTIVITY_TYPE_CREATE_READ_WRITE_SESSION_V2",
            "createReadWriteSessionIntentV2",
            "createReadWriteSessionResultV2",
        ),
        Version::of::<CreateReadWriteSessionIntent>(
            "ACTIVITY_TYPE_CREATE_READ_WRITE_SESSION",
            "createReadWriteSessionIntent",
            "createReadWriteSessionResult",
        ),
    ];
    type Intent = CreateReadWriteSessionIntentV2;
    type Output = CreateReadWriteSessionResult;
}

#[cfg(feature = "engine")]
impl Execute for CreateReadWriteSession {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Auth, Action::Create));

    fn rule(&self) -> Rule {
        match self.user {
            Whose::User(user) => Rule::Own(user),
            // Who has the e-mail address is looked up in `execute`, and the rule applied there.
            Whose::Caller | Whose::Email(_) => Rule::Anyone,
        }
    }

    fn execute(
        self,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<CreateReadWriteSessionResult, RequestError> {
        let organization = context.organization();
        let user = match &self.user {
            Whose::Caller => caller.user,
            Whose::User(user) => *user,
            Whose::Email(email) => user_for(organization, caller, email)?,
        };
        let result = CreateReadWriteSessionResult {
            organization_id: organization.id.to_string(),
            organization_name: organization.name.clone(),
            user_id: user.to_string(),
            username: organization.user(user)?.name.clone(),
            api_key_id: String::new(),
            credential_bundle: String::new(),
        };
        let log_in = LogIn::by(organization, caller, context.now);
        let opening = Opening {
            user,
            kind: CredentialType::ReadWriteSessionKeyP256,
            named_for: "Read Write Session",
            name: self.name,
            profile: None,
            lifetime_seconds: self.lifetime_seconds,
            ends_others: self.ends_others,
        };
        let (id, credential_bundle) = opening.for_bundle(&self.target, log_in, context)?;
        Ok(CreateReadWriteSessionResult { api_key_id: id.to_string(), credential_bundle, ..result })
    }
}

/// The one user with this e-mail address, if the caller may open a session for it: as that user, or as
/// the root quorum.
#[cfg(feature = "engine")]
fn user_for(
    organization: &Organization,
    caller: &Caller,
    email: &str,
) -> Result<UserId, RequestError> {
    let (user, _) = user_with(organization, OtpType::Email, email)?;
    if user == caller.user {
        Ok(user)
    } else if !organization.is_root(caller.user) {
        Err(RequestError::PermissionDenied)
    } else if organization.root_quorum.threshold > 1 {
        Err(RequestError::Unimplemented("approval by more than one root user".into()))
    } else {
        Ok(user)
    }
}

#[cfg(test)]
mod tests {
    use keyward_crypto::P256PrivateKey;
    use keyward_crypto::{SeededRng, open_credential_bundle};
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::model::ApiKey;
    use crate::engine::testing::World;

    const V2: &str = "ACTIVITY_TYPE_CREATE_READ_WRITE_SESSION_V2";
    const V1: &str = "ACTIVITY_TYPE_CREATE_READ_WRITE_SESSION";

    /// The client's key that bundles are sealed to.
    fn target() -> P256PrivateKey {
        P256PrivateKey::generate(&mut SeededRng::from_seed([7; 32]))
    }

    fn submit(
        world: &mut World,
        caller: &Caller,
        kind: &str,
        mut parameters: Value,
    ) -> Result<Value, RequestError> {
        parameters["targetPublicKey"] = hex::encode(target().public_key().uncompressed()).into();
        world.submit(caller, caller.organization, kind, parameters)
    }

    fn sessions<'a>(world: &'a World, caller: &Caller) -> Vec<&'a ApiKey> {
        let user = world.organization(caller.organization).user(caller.user).unwrap();
        let kind = CredentialType::ReadWriteSessionKeyP256;
        user.api_keys.iter().filter(|key| key.kind == kind).collect()
    }

    fn with_email(world: &mut World, email: &str) -> Caller {
        let caller = world.user(world.parent());
        let user = world.edit(caller.organization).user_mut(caller.user).unwrap();
        user.email = Some(email.to_owned());
        caller
    }

    #[test]
    fn the_bundle_holds_the_key_that_was_registered() {
        let mut world = World::new();
        let caller = world.user(world.parent());
        let result = submit(&mut world, &caller, V2, json!({})).unwrap();
        let [key] = sessions(&world, &caller)[..] else { panic!("one session") };
        let bundle = result["credentialBundle"].as_str().unwrap();
        let secret = open_credential_bundle(&target(), bundle).unwrap();
        assert_eq!(key.public_key, hex::encode(secret.public_key().compressed()));
        assert_eq!(key.expires_at(), Some(world.now.plus_seconds(900)));
        assert_eq!(key.opened_by, Some(caller.credential.id));
        insta::assert_snapshot!(key.name, @"Read Write Session - 2026-01-01T00:00:00Z");
        let expected = json!({
            "organizationId": world.parent().to_string(),
            "organizationName": "organization",
            "userId": caller.user.to_string(),
            "username": "user",
            "apiKeyId": key.id.to_string(),
            "credentialBundle": bundle,
        });
        assert_eq!(result, expected);
    }

    #[test]
    fn name_and_lifetime_are_those_asked_for() {
        let mut world = World::new();
        let caller = world.root();
        let asked = json!({ "apiKeyName": "tablet", "expirationSeconds": "60" });
        submit(&mut world, &caller, V2, asked).unwrap();
        let key = sessions(&world, &caller)[0];
        assert_eq!((key.name.as_str(), key.expiration_seconds), ("tablet", Some(60)));
    }

    #[test]
    fn ends_the_other_sessions_of_its_kind_when_asked() {
        let mut world = World::new();
        let caller = world.root();
        let log_in = json!({ "publicKey": world.public_key() });
        world.submit(&caller, world.parent(), "ACTIVITY_TYPE_STAMP_LOGIN", log_in).unwrap();
        submit(&mut world, &caller, V2, json!({})).unwrap();
        submit(&mut world, &caller, V2, json!({})).unwrap();
        assert_eq!(sessions(&world, &caller).len(), 2);
        submit(&mut world, &caller, V2, json!({ "invalidateExisting": true })).unwrap();
        assert_eq!(sessions(&world, &caller).len(), 1);
        let keys = &world.organization(world.parent()).users[0].api_keys;
        assert_eq!(keys.len(), 3, "the lasting key, the log-in session and the newest session");
    }

    #[test]
    fn only_the_root_quorum_names_another_user() {
        let mut world = World::new();
        let (root, user) = (world.root(), world.user(world.parent()));
        let other = with_email(&mut world, "other@example.com");
        for (kind, asked) in [
            (V2, json!({ "userId": other.user.to_string() })),
            (V1, json!({ "email": "other@example.com" })),
        ] {
            let before = sessions(&world, &other).len();
            let refusal = submit(&mut world, &user, kind, asked.clone()).unwrap_err();
            assert!(matches!(refusal, RequestError::PermissionDenied), "{kind}: {refusal}");
            submit(&mut world, &other, kind, asked.clone()).unwrap();
            submit(&mut world, &root, kind, asked.clone()).unwrap();
            assert_eq!(sessions(&world, &other).len(), before + 2, "{kind}");
            world.edit(root.organization).root_quorum.threshold = 2;
            submit(&mut world, &root, kind, asked).unwrap_err();
            world.edit(root.organization).root_quorum.threshold = 1;
        }
        assert!(sessions(&world, &root).is_empty());
    }

    #[test]
    fn the_older_version_finds_the_user_by_its_address_in_any_case() {
        let mut world = World::new();
        let caller = with_email(&mut world, "User@Example.com");
        let asked = json!({ "email": "uSER@example.COM" });
        let result = submit(&mut world, &caller, V1, asked.clone()).unwrap();
        assert_eq!(result["userId"], caller.user.to_string());
        with_email(&mut world, "user@example.com");
        for email in [asked, json!({ "email": "nobody@example.com" })] {
            let refusal = submit(&mut world, &caller, V1, email).unwrap_err();
            assert_eq!(refusal.status().http_status(), 404);
        }
        assert_eq!(sessions(&world, &caller).len(), 1);
    }

    #[test]
    fn refuses_what_means_nothing() {
        let mut world = World::new();
        let caller = world.root();
        for (kind, asked) in [
            (V2, json!({ "userId": "me" })),
            (V2, json!({ "expirationSeconds": "0" })),
            (V1, json!({})),
            (V1, json!({ "email": "" })),
        ] {
            submit(&mut world, &caller, kind, asked).unwrap_err();
        }
        let asked = json!({ "targetPublicKey": "04" });
        world.submit(&caller, world.parent(), V2, asked).unwrap_err();
        assert!(sessions(&world, &caller).is_empty());
    }
}
