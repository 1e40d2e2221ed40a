//! `INIT_USER_EMAIL_RECOVERY`: mails a user a key that can add a passkey and nothing else.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::message::EmailPurpose,
    crate::engine::sessions::Opening,
    crate::engine::{Caller, Context, Needs, Rule},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    crate::wire::enums::{CredentialType, FeatureName},
};

use crate::otp_message::{BundleMail, EmailLook};
use crate::wire::objects::{EmailAuthCustomizationParams, EmailCustomizationParams};
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InitUserEmailRecoveryIntentV2 {
    /// The user's address.
    pub email: String,
    /// Key of the client that the bundle is sealed to: P-256, SEC1, hex.
    pub target_public_key: String,
    /// Life of the key in seconds, decimal; 900 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_seconds: Option<String>,
    /// How the e-mail looks. The bundle goes where its magic link has `%s`.
    pub email_customization: EmailAuthCustomizationParams,
    /// Sender of the e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_from_email_address: Option<String>,
    /// Name of the sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_from_email_sender_name: Option<String>,
    /// Where answers to the e-mail go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to_email_address: Option<String>,
}

/// As it used to travel: the application needs no name.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InitUserEmailRecoveryIntent {
    /// The user's address.
    pub email: String,
    /// Key of the client that the bundle is sealed to: P-256, SEC1, hex.
    pub target_public_key: String,
    /// Life of the key in seconds, decimal; 900 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_seconds: Option<String>,
    /// How the e-mail looks. The bundle goes where its magic link has `%s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_customization: Option<EmailCustomizationParams>,
    /// Sender of the e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_from_email_address: Option<String>,
    /// Name of the sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_from_email_sender_name: Option<String>,
    /// Where answers to the e-mail go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to_email_address: Option<String>,
}

/// What it answers. The bundle is only in the mail.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InitUserEmailRecoveryResult {
    /// The user.
    pub user_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct InitUserEmailRecovery {
    mail: BundleMail,
    lifetime_seconds: Option<u64>,
}

impl InitUserEmailRecovery {
    fn check(
        app_name: Option<String>,
        intent: InitUserEmailRecoveryIntent,
    ) -> Result<Self, InvalidRequest> {
        let look = EmailLook::check(
            app_name,
            intent.email_customization,
            intent.send_from_email_address,
            intent.send_from_email_sender_name,
            intent.reply_to_email_address,
        )?;
        Ok(Self {
            mail: BundleMail::check(intent.email, &intent.target_public_key, look)?,
            lifetime_seconds: value::expiration_seconds(intent.expiration_seconds)?,
        })
    }
}

impl TryFrom<InitUserEmailRecoveryIntentV2> for InitUserEmailRecovery {
    type Error = InvalidRequest;

    fn try_from(intent: InitUserEmailRecoveryIntentV2) -> Result<Self, InvalidRequest> {
        let app_name = Some(intent.email_customization.app_name.clone());
        let older = InitUserEmailRecoveryIntent {
            email: intent.email,
            target_public_key: intent.target_public_key,
            expiration_seconds: intent.expiration_seconds,
            email_customization: Some(intent.email_customization.into()),
            send_from_email_address: intent.send_from_email_address,
            send_from_email_sender_name: intent.send_from_email_sender_name,
            reply_to_email_address: intent.reply_to_email_address,
        };
        Self::check(app_name, older)
    }
}

impl TryFrom<InitUserEmailRecoveryIntent> for InitUserEmailRecovery {
    type Error = InvalidRequest;

    fn try_from(older: InitUserEmailRecoveryIntent) -> Result<Self, InvalidRequest> {
        Self::check(None, older)
    }
}

impl Activity for InitUserEmailRecovery {
    const ROUTE: &'static str = "init_user_email_recovery";
    const VERSIONS: &'static [Version<Self>] = &[
        Version::of::<InitUserEmailRecoveryIntentV2>(
            "ACTIVITY_TYPE_INIT_USER_EMAIL_RECOVERY_V2",
            "initUserEmailRecoveryIntentV2",
            "initUserEmailRecoveryResult",
        ),
        Version::of::<InitUserEmailRecoveryIntent>(
            "ACTIVITY_TYPE_INIT_USER_EMAIL_RECOVERY",
            "initUserEmailRecoveryIntent",
            "initUserEmailRecoveryResult",
        ),
    ];
    type Intent = InitUserEmailRecoveryIntentV2;
    type Output = InitUserEmailRecoveryResult;
}

#[cfg(feature = "engine")]
impl Execute for InitUserEmailRecovery {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Recovery, Action::Create));

    fn rule(&self) -> Rule {
        Rule::LogIn
    }

    fn needs(&self) -> Needs {
        self.mail.needs()
    }

    fn execute(
        self,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<InitUserEmailRecoveryResult, RequestError> {
        context.check_feature(caller, FeatureName::EmailRecovery)?;
        let opening = |user| Opening {
            user,
            kind: CredentialType::RecoverUserKeyP256,
            named_for: "Recovery",
            name: None,
            profile: None,
            lifetime_seconds: self.lifetime_seconds,
            // Only the newest is valid.
            ends_others: true,
        };
        let purpose = |bundle| EmailPurpose::Recovery { bundle };
        let (user, _) = self.mail.send(opening, purpose, context)?;
        Ok(InitUserEmailRecoveryResult { user_id: user.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::message::{Content, Email};
    use crate::engine::model::CredentialId;
    use crate::engine::one_time::MESSAGES_PER_HOUR;
    use crate::engine::testing::{World, bundle_target, bundle_target_hex, bundled_key};
    use crate::wire::enums::AuthenticationType;

    const V2: &str = "ACTIVITY_TYPE_INIT_USER_EMAIL_RECOVERY_V2";
    const V1: &str = "ACTIVITY_TYPE_INIT_USER_EMAIL_RECOVERY";
    const EMAIL: &str = "user@example.com";
    const KEY: CredentialType = CredentialType::RecoverUserKeyP256;

    /// A world with a user of a sub-organization that has an address, and its root user.
    fn world() -> (World, Caller, Caller) {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        let user = world.user(sub);
        world.set_email(&user, EMAIL);
        world.switch_on(FeatureName::EmailRecovery);
        (world, root, user)
    }

    fn asked(change: &Value) -> Value {
        let mut asked = json!({
            "email": EMAIL,
            "targetPublicKey": bundle_target_hex(),
            "emailCustomization": { "appName": "App" },
        });
        asked.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        asked
    }

    fn submit(world: &mut World, root: &Caller, change: &Value) -> Value {
        world.submit(root, root.organization, V2, asked(change)).unwrap()
    }

    fn last_email(world: &World) -> &Email {
        let Content::Email(email) = &world.messages.last().unwrap().content else {
            panic!("an e-mail")
        };
        email
    }

    #[test]
    fn mails_a_recovery_key_and_answers_with_the_user() {
        let (mut world, root, user) = world();
        let result = submit(&mut world, &root, &json!({}));
        assert_eq!(result, json!({ "userId": user.user }));
        let [key] = world.keys_of(&user, KEY)[..] else { panic!("one key") };
        let email = last_email(&world);
        let EmailPurpose::Recovery { bundle } = &email.purpose else { panic!("a recovery bundle") };
        assert_eq!(key.public_key, bundled_key(bundle));
        assert_eq!((email.to.as_str(), email.app_name.as_deref()), (EMAIL, Some("App")));
        assert_eq!(key.expires_at(), Some(world.now.plus_seconds(900)));
        assert_eq!(world.messages[0].expires_at, world.now.plus_seconds(900));
        assert_eq!(key.opened_by, Some(CredentialId::Email));
        assert_eq!(key.session.as_ref().unwrap().method, AuthenticationType::Email);
        insta::assert_snapshot!(key.name, @"Recovery - 2026-01-01T00:00:00Z");
    }

    #[test]
    fn a_new_request_voids_the_older_key_of_that_user_only() {
        let (mut world, root, user) = world();
        world.set_email(&root, "root@example.com");
        submit(&mut world, &root, &json!({ "email": "root@example.com" }));
        submit(&mut world, &root, &json!({}));
        let first = world.keys_of(&user, KEY)[0].id;
        submit(&mut world, &root, &json!({ "expirationSeconds": "60" }));
        let [second] = world.keys_of(&user, KEY)[..] else { panic!("one key") };
        assert_ne!(second.id, first);
        assert_eq!(second.public_key, bundled_key(&world.last_code()));
        assert_eq!(world.messages.last().unwrap().expires_at, world.now.plus_seconds(60));
        assert_eq!(world.keys_of(&root, KEY).len(), 1);
        assert_eq!(world.keys_of(&user, CredentialType::ApiKeyP256).len(), 1);
    }

    #[test]
    fn a_refused_request_leaves_the_older_key() {
        let (mut world, root, user) = world();
        submit(&mut world, &root, &json!({}));
        let unknown = json!({ "appName": "App", "templateId": "unknown" });
        let asked = asked(&json!({ "emailCustomization": unknown }));
        world.refusal(&root, root.organization, V2, asked);
        assert_eq!(world.keys_of(&user, KEY).len(), 1);
    }

    #[test]
    fn the_older_version_needs_no_name_of_the_application() {
        let (mut world, root, _) = world();
        let target = hex::encode(bundle_target().public_key().compressed());
        let asked = json!({ "email": EMAIL, "targetPublicKey": target });
        world.submit(&root, root.organization, V1, asked.clone()).unwrap();
        bundled_key(&world.last_code());
        world.refusal(&root, root.organization, V2, asked);
    }

    #[test]
    fn finds_the_user_by_its_address_in_any_case_and_writes_to_the_address_that_is_kept() {
        let (mut world, root, user) = world();
        world.set_email(&user, "User@Example.com");
        let result = submit(&mut world, &root, &json!({ "email": "uSER@example.COM" }));
        assert_eq!(result["userId"], user.user.to_string());
        assert_eq!(last_email(&world).to, "User@Example.com");
    }

    #[test]
    fn an_address_of_nobody_or_of_several_or_of_elsewhere_is_not_found() {
        let (mut world, root, _) = world();
        let elsewhere = world.root();
        world.set_email(&elsewhere, "elsewhere@example.com");
        let second = world.user(root.organization);
        world.set_email(&second, "USER@example.com");
        for email in ["nobody@example.com", "elsewhere@example.com", EMAIL] {
            let asked = asked(&json!({ "email": email }));
            let refusal = world.refusal(&root, root.organization, V2, asked);
            assert_eq!(refusal.status().http_status(), 404, "{email}");
        }
    }

    #[test]
    fn mails_to_one_address_are_limited_by_the_hour() {
        let (mut world, root, user) = world();
        for _ in 0..MESSAGES_PER_HOUR {
            submit(&mut world, &root, &json!({}));
        }
        let refusal = world.refusal(&root, root.organization, V2, asked(&json!({})));
        assert!(matches!(refusal, RequestError::MaxOtpInitiated), "{refusal}");
        assert_eq!(world.keys_of(&user, KEY).len(), 1);
    }

    #[test]
    fn both_organizations_must_have_the_feature_on() {
        let (mut world, root, _) = world();
        let (sub, parent) = (root.organization, world.root());
        world.switch_off(parent.organization, FeatureName::EmailRecovery);
        let refusal = world.refusal(&parent, sub, V2, asked(&json!({})));
        assert!(matches!(refusal, RequestError::FeatureDisabled { .. }), "{refusal}");
        submit(&mut world, &root, &json!({}));
        world.switch_on(FeatureName::EmailRecovery);
        world.switch_off(sub, FeatureName::EmailRecovery);
        for caller in [root, parent] {
            let refusal = world.refusal(&caller, sub, V2, asked(&json!({})));
            assert!(matches!(refusal, RequestError::FeatureDisabled { .. }), "{refusal}");
        }
    }

    #[test]
    fn only_whoever_logs_users_in_may_ask() {
        let (mut world, root, _) = world();
        world.check_who_logs_in(&root, V2, |_| asked(&json!({})));
        assert_eq!(world.messages.len(), 3);
    }

    #[test]
    fn refuses_what_means_nothing() {
        let (mut world, root, _) = world();
        for change in [
            json!({ "email": "" }),
            json!({ "targetPublicKey": "04" }),
            json!({ "expirationSeconds": "0" }),
            json!({ "emailCustomization": {} }),
            json!({ "emailCustomization": { "appName": "" } }),
            json!({ "emailCustomization": { "appName": "App", "magicLinkTemplate": "%s" } }),
            json!({ "sendFromEmailAddress": "nobody" }),
        ] {
            let refusal = world.refusal(&root, root.organization, V2, asked(&change));
            assert_eq!(refusal.status().http_status(), 400, "{change}");
        }
    }
}
