//! `EMAIL_AUTH`: mails a user the key of a session, sealed to a key that the client holds.

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
pub struct EmailAuthIntentV3 {
    /// The user's address.
    pub email: String,
    /// Key of the client that the bundle is sealed to: P-256, SEC1, hex.
    pub target_public_key: String,
    /// Name of the API key; `Email Auth - <time>` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_name: Option<String>,
    /// Seconds, decimal; 900 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_seconds: Option<String>,
    /// How the e-mail looks. The bundle goes where its magic link has `%s`.
    pub email_customization: EmailAuthCustomizationParams,
    /// Whether all other sessions of this kind of the user end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalidate_existing: Option<bool>,
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

/// As it used to travel, versions 1 and 2: the application needs no name.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EmailAuthIntent {
    /// The user's address.
    pub email: String,
    /// Key of the client that the bundle is sealed to: P-256, SEC1, hex.
    pub target_public_key: String,
    /// Name of the API key; `Email Auth - <time>` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_name: Option<String>,
    /// Seconds, decimal; 900 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_seconds: Option<String>,
    /// How the e-mail looks. The bundle goes where its magic link has `%s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_customization: Option<EmailCustomizationParams>,
    /// Whether all other sessions of this kind of the user end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalidate_existing: Option<bool>,
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
pub struct EmailAuthResult {
    /// The user.
    pub user_id: String,
    /// The API key of the session.
    pub api_key_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct EmailAuth {
    mail: BundleMail,
    name: Option<String>,
    lifetime_seconds: Option<u64>,
    ends_others: bool,
}

impl EmailAuth {
    fn check(app_name: Option<String>, intent: EmailAuthIntent) -> Result<Self, InvalidRequest> {
        let look = EmailLook::check(
            app_name,
            intent.email_customization,
            intent.send_from_email_address,
            intent.send_from_email_sender_name,
            intent.reply_to_email_address,
        )?;
        Ok(Self {
            mail: BundleMail::check(intent.email, &intent.target_public_key, look)?,
            name: value::optional_label("apiKeyName", intent.api_key_name)?,
            lifetime_seconds: value::expiration_seconds(intent.expiration_seconds)?,
            ends_others: intent.invalidate_existing.unwrap_or_default(),
        })
    }
}

impl TryFrom<EmailAuthIntentV3> for EmailAuth {
    type Error = InvalidRequest;

    fn try_from(intent: EmailAuthIntentV3) -> Result<Self, InvalidRequest> {
        let app_name = Some(intent.email_customization.app_name.clone());
        let older = EmailAuthIntent {
            email: intent.email,
            target_public_key: intent.target_public_key,
            api_key_name: intent.api_key_name,
            expiration_seconds: intent.expiration_seconds,
            email_customization: Some(intent.email_customization.into()),
            invalidate_existing: intent.invalidate_existing,
            send_from_email_address: intent.send_from_email_address,
            send_from_email_sender_name: intent.send_from_email_sender_name,
            reply_to_email_address: intent.reply_to_email_address,
        };
        Self::check(app_name, older)
    }
}

impl TryFrom<EmailAuthIntent> for EmailAuth {
    type Error = InvalidRequest;

    fn try_from(older: EmailAuthIntent) -> Result<Self, InvalidRequest> {
        Self::check(None, older)
    }
}

impl Activity for EmailAuth {
    const ROUTE: &'static str = "email_auth";
    const VERSIONS: &'static [Version<Self>] = &[
        Version::of::<EmailAuthIntentV3>(
            "ACTIVITY_TYPE_EMAIL_AUTH_V3",
            "emailAuthIntentV3",
            "emailAuthResult",
        ),
        Version::of::<EmailAuthIntent>(
            "ACTIVITY_TYPE_EMAIL_AUTH_V2",
            "emailAuthIntentV2",
            "emailAuthResult",
        ),
        Version::of::<EmailAuthIntent>(
            "ACTIVITY_TYPE_EMAIL_AUTH",
            "emailAuthIntent",
            "emailAuthResult",
        ),
    ];
    type Intent = EmailAuthIntentV3;
    type Output = EmailAuthResult;
}

#[cfg(feature = "engine")]
impl Execute for EmailAuth {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Auth, Action::Create));

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
    ) -> Result<EmailAuthResult, RequestError> {
        context.check_feature(caller, FeatureName::EmailAuth)?;
        let opening = |user| Opening {
            user,
            kind: CredentialType::EmailAuthKeyP256,
            named_for: "Email Auth",
            name: self.name,
            profile: None,
            lifetime_seconds: self.lifetime_seconds,
            ends_others: self.ends_others,
        };
        let purpose = |bundle| EmailPurpose::Auth { bundle };
        let (user, key) = self.mail.send(opening, purpose, context)?;
        Ok(EmailAuthResult { user_id: user.to_string(), api_key_id: key.to_string() })
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

    const V3: &str = "ACTIVITY_TYPE_EMAIL_AUTH_V3";
    const V2: &str = "ACTIVITY_TYPE_EMAIL_AUTH_V2";
    const V1: &str = "ACTIVITY_TYPE_EMAIL_AUTH";
    const EMAIL: &str = "user@example.com";
    const KEY: CredentialType = CredentialType::EmailAuthKeyP256;

    /// A world with a user of a sub-organization that has an address, and its root user.
    fn world() -> (World, Caller, Caller) {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        let user = world.user(sub);
        world.set_email(&user, EMAIL);
        world.switch_on(FeatureName::EmailAuth);
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
        world.submit(root, root.organization, V3, asked(change)).unwrap()
    }

    fn last_email(world: &World) -> &Email {
        let Content::Email(email) = &world.messages.last().unwrap().content else {
            panic!("an e-mail")
        };
        email
    }

    #[test]
    fn mails_the_key_of_a_session_and_answers_without_it() {
        let (mut world, root, user) = world();
        let result = submit(&mut world, &root, &json!({}));
        let [key] = world.keys_of(&user, KEY)[..] else { panic!("one session") };
        assert_eq!(result, json!({ "userId": user.user, "apiKeyId": key.id }));
        let EmailPurpose::Auth { bundle } = &last_email(&world).purpose else { panic!("a bundle") };
        assert_eq!(key.public_key, bundled_key(bundle));
        assert_eq!(key.expires_at(), Some(world.now.plus_seconds(900)));
        assert_eq!(key.opened_by, Some(CredentialId::Email));
        assert_eq!(key.session.as_ref().unwrap().method, AuthenticationType::Email);
        insta::assert_snapshot!(key.name, @"Email Auth - 2026-01-01T00:00:00Z");
        let user = world.organization(root.organization).user(user.user).unwrap();
        assert!(!user.email_verified, "nobody has read the mail yet");
        assert!(!world.activities[0].result.as_ref().unwrap().get().contains(bundle.as_str()));
    }

    #[test]
    fn the_message_expires_when_the_key_does() {
        let (mut world, root, user) = world();
        world.settings.longest_session_seconds = Some(120);
        for (asked, granted) in [("60", 60), ("600", 120)] {
            submit(&mut world, &root, &json!({ "expirationSeconds": asked, "apiKeyName": asked }));
            let key = world.keys_of(&user, KEY).pop().unwrap();
            assert_eq!((key.name.as_str(), key.expiration_seconds), (asked, Some(granted)));
            let message = world.messages.last().unwrap();
            assert_eq!(message.expires_at, world.now.plus_seconds(granted));
            assert_eq!(message.organization, root.organization);
        }
    }

    #[test]
    fn the_mail_looks_as_asked_for() {
        let (mut world, root, _) = world();
        world.settings.email_templates.insert("template".to_owned());
        let customization = json!({
            "appName": "App",
            "logoUrl": "https://example.com/logo.png",
            "magicLinkTemplate": "https://example.com/%s",
            "templateVariables": "{\"name\":\"value\"}",
            "templateId": "template",
        });
        let change = json!({
            "emailCustomization": customization,
            "sendFromEmailAddress": "from@example.com",
            "sendFromEmailSenderName": "Sender",
            "replyToEmailAddress": "reply@example.com",
        });
        for kind in [V3, V2, V1] {
            world.submit(&root, root.organization, kind, asked(&change)).unwrap();
            let email = last_email(&world);
            assert_eq!(email.to, EMAIL);
            assert_eq!(email.app_name.as_deref(), Some("App"));
            assert_eq!(email.logo_url.as_deref(), Some("https://example.com/logo.png"));
            assert_eq!(email.magic_link_template.as_deref(), Some("https://example.com/%s"));
            assert_eq!(email.template_id.as_deref(), Some("template"));
            assert_eq!(email.template_variables["name"], "value");
            assert_eq!(email.sender.address.as_deref(), Some("from@example.com"));
            assert_eq!(email.sender.name.as_deref(), Some("Sender"));
            assert_eq!(email.sender.reply_to.as_deref(), Some("reply@example.com"));
        }
    }

    #[test]
    fn the_older_versions_need_no_name_of_the_application() {
        let (mut world, root, _) = world();
        for kind in [V2, V1] {
            let asked = json!({ "email": EMAIL, "targetPublicKey": bundle_target_hex() });
            world.submit(&root, root.organization, kind, asked.clone()).unwrap();
            world.refusal(&root, root.organization, V3, asked);
        }
    }

    #[test]
    fn a_compressed_key_seals_as_well() {
        let (mut world, root, user) = world();
        let target = hex::encode(bundle_target().public_key().compressed());
        submit(&mut world, &root, &json!({ "targetPublicKey": target }));
        assert_eq!(bundled_key(&world.last_code()), world.keys_of(&user, KEY)[0].public_key);
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
        for (email, text) in [
            ("nobody@example.com", "unable to find one user with this email"),
            ("elsewhere@example.com", "unable to find one user with this email"),
            (EMAIL, "more than one user has this email"),
        ] {
            let asked = asked(&json!({ "email": email }));
            let refusal = world.refusal(&root, root.organization, V3, asked);
            assert_eq!(refusal.status().http_status(), 404, "{email}");
            assert!(refusal.to_string().starts_with(text), "{refusal}");
        }
    }

    #[test]
    fn ends_only_the_other_sessions_of_its_kind_and_only_when_asked() {
        let (mut world, root, user) = world();
        let log_in = json!({ "publicKey": world.public_key() });
        world.submit(&user, root.organization, "ACTIVITY_TYPE_STAMP_LOGIN", log_in).unwrap();
        submit(&mut world, &root, &json!({}));
        submit(&mut world, &root, &json!({}));
        assert_eq!(world.keys_of(&user, KEY).len(), 2);
        submit(&mut world, &root, &json!({ "invalidateExisting": true }));
        assert_eq!(world.keys_of(&user, KEY).len(), 1);
        assert_eq!(world.keys_of(&user, CredentialType::Login).len(), 1);
        assert_eq!(world.keys_of(&user, CredentialType::ApiKeyP256).len(), 1);
    }

    #[test]
    fn mails_to_one_address_are_limited_by_the_hour() {
        let (mut world, root, _) = world();
        for number in 0..MESSAGES_PER_HOUR {
            let email = if number % 2 == 0 { EMAIL } else { "USER@example.com" };
            submit(&mut world, &root, &json!({ "email": email }));
        }
        let refusal = world.refusal(&root, root.organization, V3, asked(&json!({})));
        assert!(matches!(refusal, RequestError::MaxOtpInitiated), "{refusal}");
        world.now = world.now.plus_seconds(3600);
        submit(&mut world, &root, &json!({}));
    }

    #[test]
    fn both_organizations_must_have_the_feature_on() {
        let (mut world, root, _) = world();
        let (sub, parent) = (root.organization, world.root());
        world.switch_off(parent.organization, FeatureName::EmailAuth);
        let refusal = world.refusal(&parent, sub, V3, asked(&json!({})));
        assert!(matches!(refusal, RequestError::FeatureDisabled { .. }), "{refusal}");
        submit(&mut world, &root, &json!({}));
        world.switch_on(FeatureName::EmailAuth);
        world.switch_off(sub, FeatureName::EmailAuth);
        for caller in [root, parent] {
            let refusal = world.refusal(&caller, sub, V3, asked(&json!({})));
            assert!(matches!(refusal, RequestError::FeatureDisabled { .. }), "{refusal}");
        }
    }

    #[test]
    fn only_whoever_logs_users_in_may_ask() {
        let (mut world, root, _) = world();
        world.check_who_logs_in(&root, V3, |_| asked(&json!({})));
        assert_eq!(world.messages.len(), 3);
    }

    #[test]
    fn refuses_what_means_nothing() {
        let (mut world, root, _) = world();
        for change in [
            json!({ "email": "" }),
            json!({ "email": "nobody" }),
            json!({ "targetPublicKey": "04" }),
            json!({ "apiKeyName": "" }),
            json!({ "expirationSeconds": "0" }),
            json!({ "emailCustomization": {} }),
            json!({ "emailCustomization": { "appName": "" } }),
            json!({ "emailCustomization": { "appName": "App", "templateId": "unknown" } }),
            json!({ "emailCustomization": { "appName": "App", "magicLinkTemplate": "%s" } }),
            json!({ "sendFromEmailAddress": "nobody" }),
        ] {
            let refusal = world.refusal(&root, root.organization, V3, asked(&change));
            assert_eq!(refusal.status().http_status(), 400, "{change}");
        }
    }
}
