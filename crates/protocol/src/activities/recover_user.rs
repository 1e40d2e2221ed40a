//! `RECOVER_USER`: adds a passkey with the key that was mailed for it, which is spent by that.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, Rule, authenticate, credentials},
    crate::wire::RequestError,
    crate::wire::enums::CredentialType,
    crate::wire::enums::{Action, Resource},
};

use crate::parameters::NewAuthenticator;
use crate::wire::id::UserId;
use crate::wire::objects::AuthenticatorParamsV2;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecoverUserIntent {
    /// The passkey.
    pub authenticator: AuthenticatorParamsV2,
    /// The user.
    pub user_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecoverUserResult {
    /// The id of the passkey, alone in a list.
    pub authenticator_id: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct RecoverUser {
    user: UserId,
    authenticator: NewAuthenticator,
}

impl TryFrom<RecoverUserIntent> for RecoverUser {
    type Error = InvalidRequest;

    fn try_from(intent: RecoverUserIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            user: value::id("userId", &intent.user_id)?,
            authenticator: intent.authenticator.try_into()?,
        })
    }
}

impl Activity for RecoverUser {
    const ROUTE: &'static str = "recover_user";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<RecoverUserIntent>(
        "ACTIVITY_TYPE_RECOVER_USER",
        "recoverUserIntent",
        "recoverUserResult",
    )];
    type Intent = RecoverUserIntent;
    type Output = RecoverUserResult;
}

#[cfg(feature = "engine")]
impl Execute for RecoverUser {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Recovery, Action::Create));

    fn rule(&self) -> Rule {
        Rule::Recovery(self.user)
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<RecoverUserResult, RequestError> {
        let now = context.now;
        let origins = authenticate::allowed_origins(context.organization(), context.parent);
        let (organization, _, rng) = context.edit_with();
        organization.user(self.user)?;
        let ids = credentials::add_authenticators(
            organization,
            self.user,
            origins.as_deref(),
            vec![self.authenticator],
            now,
            rng,
        )?;
        credentials::remove_api_keys(organization.user_mut(self.user)?, |key| {
            key.kind == CredentialType::RecoverUserKeyP256
        });
        Ok(RecoverUserResult { authenticator_id: ids.iter().map(ToString::to_string).collect() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::activities::REGISTRY;
    use crate::engine::authenticate::Credential;
    use crate::engine::model::CredentialId;
    use crate::engine::testing::{World, bundle_target_hex};
    use crate::wire::enums::{AuthenticationType, FeatureName};
    use crate::wire::id::AuthenticatorId;

    const KIND: &str = "ACTIVITY_TYPE_RECOVER_USER";
    const KEY: CredentialType = CredentialType::RecoverUserKeyP256;

    /// A world with a sub-organization's root user, and the same with the key that was mailed to it.
    fn world() -> (World, Caller, Caller) {
        let mut world = World::new();
        let (_, root) = world.sub_organization();
        world.switch_on(FeatureName::EmailRecovery);
        world.switch_on(FeatureName::EmailAuth);
        let recovering = mail_key(&mut world, &root);
        (world, root, recovering)
    }

    fn mailed() -> Value {
        json!({
            "email": "root@example.com",
            "targetPublicKey": bundle_target_hex(),
            "emailCustomization": { "appName": "App" },
        })
    }

    /// Has a recovery key mailed to a root user, who is then the sender of requests with it.
    fn mail_key(world: &mut World, root: &Caller) -> Caller {
        world.set_email(root, "root@example.com");
        let kind = "ACTIVITY_TYPE_INIT_USER_EMAIL_RECOVERY_V2";
        world.submit(root, root.organization, kind, mailed()).unwrap();
        world.caller_with(root, KEY)
    }

    fn asked(world: &mut World, user: UserId) -> Value {
        json!({ "userId": user, "authenticator": world.passkey("phone") })
    }

    #[test]
    fn adds_the_passkey_and_spends_the_key() {
        let (mut world, root, recovering) = world();
        let asked = asked(&mut world, root.user);
        let result = world.submit(&recovering, root.organization, KIND, asked).unwrap();
        let user = world.organization(root.organization).user(root.user).unwrap();
        let [passkey] = &user.authenticators[..] else { panic!("one passkey") };
        assert_eq!(result, json!({ "authenticatorId": [passkey.id] }));
        assert_eq!(passkey.name, "phone");
        assert!(world.keys_of(&root, KEY).is_empty());
        assert_eq!(world.keys_of(&root, CredentialType::ApiKeyP256).len(), 1);
    }

    #[test]
    fn the_passkey_is_made_for_an_origin_that_is_allowed() {
        let (mut world, root, recovering) = world();
        let parent = world.parent();
        let features = &mut world.edit(parent).features;
        let elsewhere = Some("https://other.example.com".to_owned());
        features.insert(FeatureName::WebauthnOrigins, elsewhere);
        let asked = asked(&mut world, root.user);
        let refusal = world.refusal(&recovering, root.organization, KIND, asked.clone());
        assert_eq!(refusal.status().http_status(), 400);
        assert_eq!(world.keys_of(&root, KEY).len(), 1, "the key is not spent");
        world.switch_off(parent, FeatureName::WebauthnOrigins);
        world.submit(&recovering, root.organization, KIND, asked).unwrap();
    }

    #[test]
    fn a_passkey_too_many_or_known_already_is_refused_and_spends_nothing() {
        let (mut world, root, recovering) = world();
        let asked_first = asked(&mut world, root.user);
        let first = asked_first.clone();
        world.submit(&recovering, root.organization, KIND, first).unwrap();
        let recovering = mail_key(&mut world, &root);
        let refusal = world.refusal(&recovering, root.organization, KIND, asked_first);
        assert_eq!(refusal.status().http_status(), 409);
        let passkeys: Vec<_> = (0..9).map(|_| world.passkey("phone")).collect();
        let nine = json!({ "userId": root.user, "authenticators": passkeys });
        let kind = "ACTIVITY_TYPE_CREATE_AUTHENTICATORS_V2";
        world.submit(&root, root.organization, kind, nine).unwrap();
        let eleventh = asked(&mut world, root.user);
        let refusal = world.refusal(&recovering, root.organization, KIND, eleventh);
        assert_eq!(refusal.to_string(), "user has exceeded maximum authenticators");
        assert_eq!(world.keys_of(&root, KEY).len(), 1);
    }

    #[test]
    fn nothing_else_recovers_a_user() {
        let (mut world, root, _) = world();
        let (sub, parent, proxy) = (root.organization, world.root(), world.auth_proxy());
        let log_in = json!({ "publicKey": world.public_key() });
        world.submit(&root, sub, "ACTIVITY_TYPE_STAMP_LOGIN", log_in).unwrap();
        world.submit(&root, sub, "ACTIVITY_TYPE_EMAIL_AUTH_V3", mailed()).unwrap();
        let passkey = Credential {
            id: CredentialId::Authenticator(AuthenticatorId::generate(world.now, &mut world.rng)),
            method: AuthenticationType::Passkey,
            kind: None,
            ..root.credential.clone()
        };
        for caller in [
            world.caller_with(&root, CredentialType::Login),
            world.caller_with(&root, CredentialType::EmailAuthKeyP256),
            Caller { credential: passkey, ..root.clone() },
            root.clone(),
            world.user(sub),
            parent,
            proxy,
        ] {
            let asked = asked(&mut world, root.user);
            let refusal = world.refusal(&caller, sub, KIND, asked);
            assert_eq!(
                matches!(refusal, RequestError::OrganizationMismatch { .. }),
                caller.organization != sub,
                "{refusal}"
            );
        }
    }

    #[test]
    fn a_recovery_key_recovers_its_own_user_only() {
        let (mut world, root, recovering) = world();
        let other = world.user(root.organization);
        let asked_other = asked(&mut world, other.user);
        let refusal = world.refusal(&recovering, root.organization, KIND, asked_other);
        assert!(matches!(refusal, RequestError::PermissionDenied), "{refusal}");

        // Nor does one of the parent reach into its sub-organizations.
        let parent = world.root();
        let recovering = mail_key(&mut world, &parent);
        let asked_sub = asked(&mut world, root.user);
        let refusal = world.refusal(&recovering, root.organization, KIND, asked_sub);
        assert!(matches!(refusal, RequestError::OrganizationMismatch { .. }), "{refusal}");
        let asked_own = asked(&mut world, parent.user);
        let refusal = world.refusal(&recovering, root.organization, KIND, asked_own.clone());
        assert!(matches!(refusal, RequestError::OrganizationMismatch { .. }), "{refusal}");
        world.submit(&recovering, parent.organization, KIND, asked_own).unwrap();
    }

    #[test]
    fn a_recovery_key_may_submit_nothing_else_though_its_user_is_root() {
        let (mut world, root, recovering) = world();
        let sub = root.organization;
        let user = root.user;
        let key = json!({
            "apiKeyName": "key",
            "publicKey": world.public_key(),
            "curveType": "API_KEY_CURVE_P256",
        });
        let passkey = world.passkey("phone");
        let (public_key, target) = (world.public_key(), bundle_target_hex());
        let session = json!({ "targetPublicKey": target });
        for (kind, parameters) in [
            ("STAMP_LOGIN", json!({ "publicKey": public_key })),
            ("CREATE_READ_ONLY_SESSION", json!({})),
            ("CREATE_READ_WRITE_SESSION_V2", session),
            ("CREATE_AUTHENTICATORS_V2", json!({ "userId": user, "authenticators": [passkey] })),
            ("CREATE_API_KEYS_V2", json!({ "userId": user, "apiKeys": [key] })),
            ("DELETE_API_KEYS", json!({ "userId": user, "apiKeyIds": [user] })),
            ("UPDATE_USER_NAME", json!({ "userId": user, "userName": "other" })),
            ("UPDATE_ROOT_QUORUM", json!({ "threshold": 1, "userIds": [user] })),
            ("EMAIL_AUTH_V3", mailed()),
            ("INIT_USER_EMAIL_RECOVERY_V2", mailed()),
            ("DELETE_SUB_ORGANIZATION", json!({ "deleteWithoutExport": true })),
        ] {
            let kind = format!("ACTIVITY_TYPE_{kind}");
            assert!(REGISTRY.iter().any(|entry| entry.accepts(&kind)), "{kind}");
            let refusal = world.refusal(&recovering, sub, &kind, parameters);
            assert!(matches!(refusal, RequestError::PermissionDenied), "{kind}: {refusal}");
        }
    }

    #[test]
    fn refuses_what_means_nothing() {
        let (mut world, root, recovering) = world();
        let asked = asked(&mut world, root.user);
        for (member, value) in [
            ("userId", json!("me")),
            ("userId", Value::Null),
            ("authenticator", json!([])),
            ("authenticator", json!({})),
        ] {
            let mut asked = asked.clone();
            asked[member] = value;
            let refusal = world.refusal(&recovering, root.organization, KIND, asked);
            assert!(matches!(refusal, RequestError::Invalid(_)), "{member}: {refusal}");
        }
        let mut unnamed = asked;
        unnamed["authenticator"]["authenticatorName"] = "".into();
        let refusal = world.refusal(&recovering, root.organization, KIND, unnamed);
        assert!(matches!(refusal, RequestError::Invalid(_)), "{refusal}");
    }
}
