//! `INIT_OTP`: sends a one-time code to an e-mail address or phone number, whoever has it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, Needs, Rule},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::otp_message::{OtpMessage, OtpMessageParams};
use crate::wire::InvalidRequest;
use crate::wire::enums::OtpType;
use crate::wire::objects::{EmailCustomizationParams, SmsCustomizationParams};

/// Characters of a code when nobody says.
pub(super) const DEFAULT_LENGTH: u8 = 9;

/// Declares the versions, which differ in where the name of the application stands.
macro_rules! intents {
    ($($(#[$doc:meta])* $name:ident { $($app_name:ident)? } encrypted $encrypted:literal)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            /// How it is sent.
            pub otp_type: OtpType,
            /// The address or number.
            pub contact: String,
            $(/// Name of the application.
            pub $app_name: String,)?
            /// Characters, 6 to 9; 9 when absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub otp_length: Option<u8>,
            /// How an e-mail looks.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub email_customization: Option<EmailCustomizationParams>,
            /// The text of an SMS.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub sms_customization: Option<SmsCustomizationParams>,
            /// What the application calls whoever asks; codes are counted by it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub user_identifier: Option<String>,
            /// Sender of an e-mail.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub send_from_email_address: Option<String>,
            /// Whether the code has letters; it has when absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub alphanumeric: Option<bool>,
            /// Name of the sender.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub send_from_email_sender_name: Option<String>,
            /// Life of the code in seconds, decimal; 300 when absent, at most 600.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub expiration_seconds: Option<String>,
            /// Where answers go.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub reply_to_email_address: Option<String>,
        }

        impl TryFrom<$name> for InitOtp {
            type Error = InvalidRequest;

            fn try_from(intent: $name) -> Result<Self, InvalidRequest> {
                let app_name = [$(intent.$app_name)?].into_iter().next();
                let message = OtpMessageParams {
                    kind: intent.otp_type,
                    contact: intent.contact,
                    app_name,
                    length: intent.otp_length.unwrap_or(DEFAULT_LENGTH),
                    alphanumeric: intent.alphanumeric.unwrap_or(true),
                    expiration_seconds: intent.expiration_seconds,
                    email_customization: intent.email_customization,
                    sms_customization: intent.sms_customization,
                    user_identifier: intent.user_identifier,
                    send_from_email_address: intent.send_from_email_address,
                    send_from_email_sender_name: intent.send_from_email_sender_name,
                    reply_to_email_address: intent.reply_to_email_address,
                };
                Ok(Self { message: message.check()?, is_encrypted: $encrypted })
            }
        }
    )+};
}

intents! {
    /// Version 3: the code comes back encrypted.
    InitOtpIntentV3 { app_name } encrypted true
    /// Version 2: the application has a name of its own.
    InitOtpIntentV2 { app_name } encrypted false
    /// Version 1.
    InitOtpIntent { } encrypted false
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InitOtpResult {
    /// What the code is verified with.
    pub otp_id: String,
    /// The signed key that the code is to be encrypted to; of the current version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otp_encryption_target_bundle: Option<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct InitOtp {
    message: OtpMessage,
    is_encrypted: bool,
}

impl Activity for InitOtp {
    const ROUTE: &'static str = "init_otp";
    const VERSIONS: &'static [Version<Self>] = &[
        Version::of::<InitOtpIntentV3>(
            "ACTIVITY_TYPE_INIT_OTP_V3",
            "initOtpIntentV3",
            "initOtpResultV2",
        ),
        Version::of::<InitOtpIntentV2>(
            "ACTIVITY_TYPE_INIT_OTP_V2",
            "initOtpIntentV2",
            "initOtpResult",
        ),
        Version::of::<InitOtpIntent>("ACTIVITY_TYPE_INIT_OTP", "initOtpIntent", "initOtpResult"),
    ];
    type Intent = InitOtpIntentV3;
    type Output = InitOtpResult;
}

#[cfg(feature = "engine")]
impl Execute for InitOtp {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Otp, Action::Create));

    fn rule(&self) -> Rule {
        Rule::LogIn
    }

    fn needs(&self) -> Needs {
        self.message.needs()
    }

    fn execute(
        self,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<InitOtpResult, RequestError> {
        context.check_feature(caller, self.message.feature())?;
        let sent = self.message.send(None, self.is_encrypted, context)?;
        Ok(InitOtpResult {
            otp_id: sent.id.to_string(),
            otp_encryption_target_bundle: sent.target_bundle,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::*;
    use crate::bundle::read_otp_target;
    use crate::engine::auth_proxy;
    use crate::engine::message::{Content, EmailPurpose, Sender};
    use crate::engine::one_time::Otp;
    use crate::engine::testing::World;
    use crate::wire::enums::FeatureName;
    use crate::wire::id::OrganizationId;

    const KIND: &str = "ACTIVITY_TYPE_INIT_OTP_V3";
    const VERSIONS: [&str; 3] = [KIND, "ACTIVITY_TYPE_INIT_OTP_V2", "ACTIVITY_TYPE_INIT_OTP"];
    const TOO_MANY: &str = "Max number of OTPs have been initiated please wait and try again";

    /// A parent organization that sends codes.
    fn world() -> World {
        let mut world = World::new();
        world.allow_codes(world.parent());
        world
    }

    fn to(contact: &str) -> Value {
        json!({ "otpType": "OTP_TYPE_EMAIL", "contact": contact, "appName": "App" })
    }

    /// Asks for a code for an address; `changes` are made to the parameters.
    #[expect(clippy::needless_pass_by_value, reason = "tests write the value where it is passed")]
    fn ask(world: &mut World, changes: Value) -> Result<Value, RequestError> {
        let mut asked = to("a@example.com");
        for (name, value) in changes.as_object().unwrap() {
            asked[name] = value.clone();
        }
        world.submit(&world.root(), world.parent(), KIND, asked)
    }

    fn refusal(world: &mut World, changes: Value) -> String {
        ask(world, changes).unwrap_err().to_string()
    }

    /// The code as it is kept.
    fn kept(world: &World, organization: OrganizationId, result: &Value) -> Otp {
        let id = result["otpId"].as_str().unwrap().parse().unwrap();
        world.read_record(Otp::key(organization, id)).value
    }

    fn meant<T: DeserializeOwned + Serialize>(intent: &Value) -> InitOtp
    where
        InitOtp: TryFrom<T, Error = InvalidRequest>,
    {
        let travels: T = serde_json::from_value(intent.clone()).unwrap();
        assert_eq!(serde_json::to_value(&travels).unwrap(), *intent, "nothing is lost");
        travels.try_into().unwrap()
    }

    #[test]
    fn the_versions_differ_in_the_place_of_the_name_and_in_encryption() {
        let v3 = json!({
            "otpType": "OTP_TYPE_EMAIL",
            "contact": "a@example.com",
            "appName": "App",
            "otpLength": 6,
            "emailCustomization": {
                "logoUrl": "https://app.example/logo.png",
                "magicLinkTemplate": "https://app.example/in?code=%s",
                "templateVariables": "{\"name\":\"value\"}",
                "templateId": "template",
            },
            "smsCustomization": { "template": "{{.OtpCode}}" },
            "userIdentifier": "user",
            "sendFromEmailAddress": "us@app.example",
            "alphanumeric": false,
            "sendFromEmailSenderName": "Us",
            "expirationSeconds": "60",
            "replyToEmailAddress": "reply@app.example",
        });
        let current = meant::<InitOtpIntentV3>(&v3);
        assert!(current.is_encrypted);
        let v2 = meant::<InitOtpIntentV2>(&v3);
        assert_eq!((&v2.message, v2.is_encrypted), (&current.message, false));
        let mut v1 = v3.clone();
        v1.as_object_mut().unwrap().remove("appName");
        v1["emailCustomization"]["appName"] = json!("App");
        assert_eq!(meant::<InitOtpIntent>(&v1), v2);
    }

    #[test]
    fn only_the_newest_version_answers_with_a_key_to_encrypt_to() {
        let mut world = world();
        let (root, parent) = (world.root(), world.parent());
        for kind in VERSIONS {
            let result = world.submit(&root, parent, kind, to("a@example.com")).unwrap();
            let otp = kept(&world, parent, &result);
            let bundle = result["otpEncryptionTargetBundle"].as_str();
            assert_eq!(bundle.is_some(), kind == KIND);
            assert_eq!(result.as_object().unwrap().len(), if kind == KIND { 2 } else { 1 });
            let target = bundle
                .map(|text| read_otp_target(text, &world.keys.otp_signer.public_key()).unwrap());
            assert_eq!(otp.target_key().map(|key| key.public_key()), target);
        }
    }

    #[test]
    fn the_newer_versions_need_the_name_of_the_application() {
        let mut world = world();
        let (root, parent) = (world.root(), world.parent());
        let mut asked = to("a@example.com");
        asked["appName"] = json!("");
        for kind in [VERSIONS[0], VERSIONS[1]] {
            let refusal = world.submit(&root, parent, kind, asked.clone()).unwrap_err();
            assert!(refusal.to_string().starts_with("invalid appName"), "{refusal}");
        }
        asked.as_object_mut().unwrap().remove("appName");
        for kind in [VERSIONS[0], VERSIONS[1]] {
            let refusal = world.submit(&root, parent, kind, asked.clone()).unwrap_err();
            assert_eq!(refusal.to_string(), "invalid request body: missing field `appName`");
        }
        world.submit(&root, parent, VERSIONS[2], asked).unwrap();
    }

    #[test]
    fn a_code_has_nine_characters_of_crockfords_alphabet_when_nobody_says() {
        let mut world = world();
        ask(&mut world, json!({})).unwrap();
        let code = world.last_code();
        assert_eq!(code.len(), 9);
        assert!(code.bytes().all(|it| b"0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains(&it)), "{code}");
        for length in 6..=9 {
            let contact = format!("{length}@example.com");
            let asked = json!({ "contact": contact, "alphanumeric": false, "otpLength": length });
            ask(&mut world, asked).unwrap();
            let code = world.last_code();
            assert_eq!(code.len(), length);
            assert!(code.bytes().all(|it| it.is_ascii_digit()), "{code}");
        }
        for length in [0, 5, 10, 255] {
            let refusal = refusal(&mut world, json!({ "otpLength": length }));
            assert_eq!(refusal, "invalid otpLength: must be 6 to 9");
        }
        assert!(ask(&mut world, json!({ "otpLength": -6 })).is_err());
        assert!(ask(&mut world, json!({ "otpLength": "6" })).is_err());
    }

    #[test]
    fn a_code_lives_five_minutes_and_ten_at_most() {
        let mut world = world();
        let parent = world.parent();
        for (asked, seconds) in [(json!({}), 300), (json!({ "expirationSeconds": "600" }), 600)] {
            let result = ask(&mut world, asked).unwrap();
            let ends = world.now.plus_seconds(seconds);
            assert_eq!(kept(&world, parent, &result).expires_at, ends.as_millis());
            assert_eq!(world.messages.last().unwrap().expires_at, ends);
        }
        for lifetime in ["601", "0", "-1", "soon"] {
            assert!(ask(&mut world, json!({ "expirationSeconds": lifetime })).is_err());
        }
        let refusal = refusal(&mut world, json!({ "expirationSeconds": "601" }));
        assert_eq!(refusal, "invalid expirationSeconds: must be at most 600");
    }

    #[test]
    fn a_contact_has_three_codes_at_a_time_however_it_is_written() {
        let mut world = world();
        for contact in ["a@example.com", "A@example.com", "a@EXAMPLE.com"] {
            ask(&mut world, json!({ "contact": contact })).unwrap();
        }
        let refusal = ask(&mut world, json!({ "contact": "A@Example.Com" })).unwrap_err();
        assert_eq!(refusal.to_string(), TOO_MANY);
        let body = refusal.status().to_json();
        assert_eq!(
            (&body["code"], &body["turnkeyErrorCode"]),
            (&json!(3), &json!("MAX_OTP_INITIATED"))
        );
        assert_eq!(world.messages.len(), 3);
        ask(&mut world, json!({ "contact": "b@example.com" })).unwrap();
    }

    #[test]
    fn a_code_that_has_expired_makes_room() {
        let mut world = world();
        for _ in 0..3 {
            ask(&mut world, json!({})).unwrap();
        }
        world.now = world.now.plus_seconds(299);
        assert_eq!(refusal(&mut world, json!({})), TOO_MANY);
        world.now = world.now.plus_seconds(1);
        ask(&mut world, json!({})).unwrap();
    }

    #[test]
    fn a_code_that_was_verified_makes_room() {
        let mut world = world();
        let (root, parent) = (world.root(), world.parent());
        let mut sent = Vec::new();
        for _ in 0..3 {
            sent.push((ask(&mut world, json!({})).unwrap()["otpId"].clone(), world.last_code()));
        }
        let (id, code) = sent.remove(1);
        let given = json!({ "otpId": id, "otpCode": code });
        world.submit(&root, parent, "ACTIVITY_TYPE_VERIFY_OTP", given).unwrap();
        ask(&mut world, json!({})).unwrap();
        assert_eq!(refusal(&mut world, json!({})), TOO_MANY);
    }

    #[test]
    fn an_identifier_asks_three_times_in_three_minutes() {
        let mut world = world();
        let contact = |number: u8| format!("{number}@example.com");
        let by = |number, who: &str| json!({ "contact": contact(number), "userIdentifier": who });
        for number in 0..3 {
            ask(&mut world, by(number, "one")).unwrap();
            world.now = world.now.plus_seconds(1);
        }
        assert_eq!(refusal(&mut world, by(3, "one")), TOO_MANY);
        ask(&mut world, by(3, "two")).unwrap();
        ask(&mut world, json!({ "contact": contact(4), "userIdentifier": "" })).unwrap();
        world.now = world.now.plus_seconds(176);
        assert_eq!(refusal(&mut world, by(5, "one")), TOO_MANY);
        world.now = world.now.plus_seconds(1);
        ask(&mut world, by(5, "one")).unwrap();
        assert_eq!(refusal(&mut world, by(6, "one")), TOO_MANY);
    }

    #[test]
    fn a_contact_gets_twenty_messages_an_hour() {
        let mut world = world();
        let short = json!({ "expirationSeconds": "1" });
        let start = world.now;
        for _ in 0..20 {
            ask(&mut world, short.clone()).unwrap();
            world.now = world.now.plus_seconds(1);
        }
        assert_eq!(refusal(&mut world, short.clone()), TOO_MANY);
        ask(&mut world, json!({ "contact": "b@example.com" })).unwrap();
        world.now = start.plus_seconds(3599);
        assert_eq!(refusal(&mut world, short.clone()), TOO_MANY);
        world.now = start.plus_seconds(3600);
        ask(&mut world, short).unwrap();
    }

    #[test]
    fn the_issuing_and_the_target_organization_must_have_it_on() {
        let phone = json!({
            "otpType": "OTP_TYPE_SMS", "contact": "+15551234567", "appName": "App",
        });
        for (asked, feature) in
            [(to("a@example.com"), FeatureName::OtpEmailAuth), (phone, FeatureName::SmsAuth)]
        {
            for (parent_has, sub_has) in [(false, false), (true, false), (false, true)] {
                let mut world = World::new();
                let (root, parent) = (world.root(), world.parent());
                let (sub, sub_root) = world.sub_organization();
                for (organization, has) in [(parent, parent_has), (sub, sub_has)] {
                    world.allow_codes(organization);
                    if !has {
                        world.edit(organization).features.remove(&feature);
                    }
                }
                let without = if sub_has { parent } else { sub };
                let refusal = world.submit(&root, sub, KIND, asked.clone()).unwrap_err();
                let text =
                    format!("{} is not enabled for organization {without}", feature.as_str());
                assert_eq!(refusal.to_string(), text);
                assert_eq!(refusal.status().http_status(), 403);
                let own = world.submit(&sub_root, sub, KIND, asked.clone());
                assert_eq!(own.is_ok(), sub_has, "for itself only its own counts");
            }
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_message_and_sends_nothing() {
        let mut world = world();
        let variables = "failed to unmarshal template variables";
        let link = "invalid magic link template";
        let sms = "invalid SMS template: must contain {{.OtpCode}}";
        for (name, value, text) in [
            ("emailCustomization", json!({ "magicLinkTemplate": "https://a.example/" }), link),
            ("emailCustomization", json!({ "magicLinkTemplate": "https://a.example/%s%s" }), link),
            ("emailCustomization", json!({ "magicLinkTemplate": "javascript:%s" }), link),
            ("emailCustomization", json!({ "magicLinkTemplate": "https://%s" }), link),
            ("emailCustomization", json!({ "magicLinkTemplate": "https://a/\"%s" }), link),
            ("emailCustomization", json!({ "templateVariables": "{" }), variables),
            ("emailCustomization", json!({ "templateVariables": "[]" }), variables),
            ("emailCustomization", json!({ "templateVariables": "{\"a\":1}" }), variables),
            (
                "emailCustomization",
                json!({ "templateId": "none" }),
                "failed to get email template contents",
            ),
            (
                "emailCustomization",
                json!({ "logoUrl": "file:///etc/passwd" }),
                "invalid logoUrl: must be an http or https address",
            ),
            ("smsCustomization", json!({ "template": "code" }), sms),
            ("smsCustomization", json!({ "template": "{{.OtpCode}}\u{7}" }), sms),
            ("contact", json!("nobody"), "invalid email address"),
            ("contact", json!(""), "invalid contact: must not be empty"),
            ("sendFromEmailAddress", json!("nobody"), "invalid email address"),
            ("replyToEmailAddress", json!("nobody"), "invalid email address"),
        ] {
            assert_eq!(refusal(&mut world, json!({ name: value })), text, "{name} {value}");
        }
        let whatsapp = refusal(&mut world, json!({ "otpType": "OTP_TYPE_WHATSAPP" }));
        assert_eq!(whatsapp, "invalid request body: invalid otp type");
        assert!(world.messages.is_empty() && world.records.is_empty());
        assert!(world.activities.is_empty());
    }

    #[test]
    fn an_email_says_what_was_asked_for() {
        let mut world = world();
        world.settings.email_templates.insert("template".to_owned());
        let asked = json!({
            "emailCustomization": {
                "logoUrl": "https://app.example/logo.png",
                "magicLinkTemplate": "https://app.example/in?code=%s",
                "templateVariables": "{\"name\":\"value\"}",
                "templateId": "template",
            },
            "sendFromEmailAddress": "us@app.example",
            "sendFromEmailSenderName": "Us",
            "replyToEmailAddress": "reply@app.example",
        });
        let result = ask(&mut world, asked).unwrap();
        let message = &world.messages[0];
        assert_eq!(message.organization, world.parent());
        let Content::Email(email) = &message.content else { panic!("an e-mail") };
        assert_eq!((email.to.as_str(), email.app_name.as_deref()), ("a@example.com", Some("App")));
        assert_eq!(email.logo_url.as_deref(), Some("https://app.example/logo.png"));
        let link = email.magic_link_template.as_deref();
        assert_eq!(link, Some("https://app.example/in?code=%s"));
        assert_eq!(email.template_id.as_deref(), Some("template"));
        assert_eq!(email.template_variables["name"], "value");
        let sender = Sender {
            address: Some("us@app.example".to_owned()),
            name: Some("Us".to_owned()),
            reply_to: Some("reply@app.example".to_owned()),
        };
        assert_eq!(email.sender, sender);
        let EmailPurpose::Otp { code } = &email.purpose else { panic!("a code") };
        assert_eq!(*code, kept(&world, world.parent(), &result).code);
    }

    #[test]
    fn a_text_message_says_what_was_asked_for() {
        let mut world = world();
        let asked = json!({
            "otpType": "OTP_TYPE_SMS",
            "contact": "+15551234567",
            "smsCustomization": { "template": "Your code: {{ .OtpCode }}" },
        });
        ask(&mut world, asked).unwrap();
        let Content::Sms(sms) = &world.messages[0].content else { panic!("a text message") };
        assert_eq!(sms.to, "+15551234567");
        assert_eq!(sms.template.as_deref(), Some("Your code: {{ .OtpCode }}"));
        assert_eq!(sms.app_name.as_deref(), Some("App"));
    }

    #[test]
    fn sandbox_contacts_have_a_known_code_only_where_that_is_configured() {
        let six_digits = json!({ "alphanumeric": false, "otpLength": 6 });
        let asked = |kind: &str, contact: &str, extra: &Value| {
            let mut asked = extra.clone();
            asked["otpType"] = json!(kind);
            asked["contact"] = json!(contact);
            asked
        };
        for (kind, contact) in
            [("OTP_TYPE_EMAIL", "user@example.com"), ("OTP_TYPE_SMS", "+19999999999")]
        {
            let mut world = world();
            let parent = world.parent();
            let result = ask(&mut world, asked(kind, contact, &six_digits)).unwrap();
            assert_ne!(kept(&world, parent, &result).code, "000000");
            assert_eq!(world.messages.len(), 1);
            world.settings.sandbox_otp = true;
            let result = ask(&mut world, asked(kind, contact, &six_digits)).unwrap();
            assert_eq!(kept(&world, parent, &result).code, "000000");
            assert_eq!(world.messages.len(), 1, "nothing is sent");
            for other in [json!({}), json!({ "alphanumeric": false, "otpLength": 7 })] {
                world.now = world.now.plus_seconds(300);
                ask(&mut world, asked(kind, contact, &other)).unwrap();
            }
            assert_eq!(world.messages.len(), 3, "any other code is an ordinary one");
        }
        let mut world = world();
        world.settings.sandbox_otp = true;
        ask(&mut world, six_digits).unwrap();
        assert_ne!(world.last_code(), "000000");
    }

    #[test]
    fn root_users_and_the_auth_proxy_may_ask_and_nobody_else() {
        let mut world = world();
        let (root, parent) = (world.root(), world.parent());
        let (sub, sub_root) = world.sub_organization();
        world.allow_codes(sub);
        let (user, sub_user) = (world.user(parent), world.user(sub));
        let (now, mut rng) = (world.now, keyward_crypto::SeededRng::from_seed([7; 32]));
        let mut changes = crate::engine::Changes::default();
        let proxy = auth_proxy::enable(world.edit(parent), &mut changes, now, &mut rng).unwrap();
        let proxy = world.caller(parent, proxy);
        let mut asks = |caller: &Caller, organization, number: u8| {
            let contact = to(&format!("{number}@example.com"));
            world.submit(caller, organization, KIND, contact).map_err(|it| it.to_string())
        };
        for (number, (caller, organization)) in
            [(&root, parent), (&root, sub), (&sub_root, sub), (&proxy, parent), (&proxy, sub)]
                .into_iter()
                .enumerate()
        {
            asks(caller, organization, u8::try_from(number).unwrap()).unwrap();
        }
        for (caller, organization) in [(&user, parent), (&user, sub), (&sub_user, sub)] {
            let refusal = asks(caller, organization, 9).unwrap_err();
            assert_eq!(refusal, RequestError::PermissionDenied.to_string());
        }
        assert_eq!(world.messages.len(), 5);
        world.edit(parent).features.remove(&FeatureName::AuthProxy);
        assert!(world.submit(&proxy, sub, KIND, to("a@example.com")).is_err());
    }

    #[test]
    fn the_code_is_nowhere_in_the_recorded_activity() {
        let mut world = world();
        for kind in VERSIONS {
            world.submit(&world.root(), world.parent(), kind, to("a@example.com")).unwrap();
            let recorded = serde_json::to_string(world.activities.last().unwrap()).unwrap();
            assert!(recorded.contains("a@example.com"), "it was recorded");
            assert!(!recorded.contains(&world.last_code()), "{recorded}");
        }
    }
}
