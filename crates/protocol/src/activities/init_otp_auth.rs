//! `INIT_OTP_AUTH`: sends a one-time code to a user, for `OTP_AUTH`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::attested::user_with,
    crate::engine::{Caller, Context, Needs, Rule},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    keyward_policy::Value,
};

use super::init_otp::DEFAULT_LENGTH;
use crate::otp_message::{OtpMessage, OtpMessageParams};
use crate::wire::InvalidRequest;
use crate::wire::enums::OtpType;
use crate::wire::objects::{EmailCustomizationParams, SmsCustomizationParams};

/// Digits of a code of the oldest version, which leaves no choice.
const OLDEST_LENGTH: u8 = 6;

/// What the versions differ in.
struct Choices {
    app_name: Option<String>,
    length: Option<u8>,
    alphanumeric: bool,
    expiration_seconds: Option<String>,
}

/// Declares the versions: the members that are not in all of them, and what they choose.
macro_rules! intents {
    ($(
        $(#[$doc:meta])*
        $name:ident { $($(#[$member:meta])* $field:ident: $type:ty,)* } chooses $choices:expr;
    )+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            /// How it is sent.
            pub otp_type: OtpType,
            /// The user's address or number.
            pub contact: String,
            $($(#[$member])* pub $field: $type,)*
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
            /// Name of the sender.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub send_from_email_sender_name: Option<String>,
            /// Where answers to an e-mail go.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub reply_to_email_address: Option<String>,
        }

        impl TryFrom<$name> for InitOtpAuth {
            type Error = InvalidRequest;

            fn try_from(intent: $name) -> Result<Self, InvalidRequest> {
                let choices: fn(&$name) -> Choices = $choices;
                let Choices { app_name, length, alphanumeric, expiration_seconds } =
                    choices(&intent);
                let message = OtpMessageParams {
                    kind: intent.otp_type,
                    contact: intent.contact,
                    app_name,
                    length: length.unwrap_or(OLDEST_LENGTH),
                    alphanumeric,
                    expiration_seconds,
                    email_customization: intent.email_customization,
                    sms_customization: intent.sms_customization,
                    user_identifier: intent.user_identifier,
                    send_from_email_address: intent.send_from_email_address,
                    send_from_email_sender_name: intent.send_from_email_sender_name,
                    reply_to_email_address: intent.reply_to_email_address,
                };
                Ok(Self { message: message.check()?, chosen_length: length })
            }
        }
    )+};
}

intents! {
    /// Version 3: the application has a name of its own, and says how long the code is good.
    InitOtpAuthIntentV3 {
        /// Name of the application.
        app_name: String,
        /// Characters, 6 to 9; 9 when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        otp_length: Option<u8>,
        /// Whether the code has letters; it has when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alphanumeric: Option<bool>,
        /// Life of the code in seconds, decimal; 300 when absent, at most 600.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expiration_seconds: Option<String>,
    } chooses |intent| Choices {
        app_name: Some(intent.app_name.clone()),
        length: Some(intent.otp_length.unwrap_or(DEFAULT_LENGTH)),
        alphanumeric: intent.alphanumeric.unwrap_or(true),
        expiration_seconds: intent.expiration_seconds.clone(),
    };
    /// Version 2: the code has a length.
    InitOtpAuthIntentV2 {
        /// Characters, 6 to 9; 9 when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        otp_length: Option<u8>,
        /// Whether the code has letters; it has when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alphanumeric: Option<bool>,
    } chooses |intent| Choices {
        app_name: None,
        length: Some(intent.otp_length.unwrap_or(DEFAULT_LENGTH)),
        alphanumeric: intent.alphanumeric.unwrap_or(true),
        expiration_seconds: None,
    };
    /// Version 1: six digits.
    InitOtpAuthIntent { } chooses |_| Choices {
        app_name: None,
        length: None,
        alphanumeric: false,
        expiration_seconds: None,
    };
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InitOtpAuthResult {
    /// What the code logs in with.
    pub otp_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct InitOtpAuth {
    message: OtpMessage,
    /// Characters of the code, where the version leaves a choice.
    chosen_length: Option<u8>,
}

impl Activity for InitOtpAuth {
    const ROUTE: &'static str = "init_otp_auth";
    const VERSIONS: &'static [Version<Self>] = &[
        Version::of::<InitOtpAuthIntentV3>(
            "ACTIVITY_TYPE_INIT_OTP_AUTH_V3",
            "initOtpAuthIntentV3",
            "initOtpAuthResultV2",
        ),
        Version::of::<InitOtpAuthIntentV2>(
            "ACTIVITY_TYPE_INIT_OTP_AUTH_V2",
            "initOtpAuthIntentV2",
            "initOtpAuthResultV2",
        ),
        Version::of::<InitOtpAuthIntent>(
            "ACTIVITY_TYPE_INIT_OTP_AUTH",
            "initOtpAuthIntent",
            "initOtpAuthResult",
        ),
    ];
    type Intent = InitOtpAuthIntentV3;
    type Output = InitOtpAuthResult;
}

#[cfg(feature = "engine")]
impl Execute for InitOtpAuth {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Auth, Action::Create));

    fn params(&self) -> Vec<(&'static str, Value)> {
        let length = self.chosen_length.map(|length| Value::int(u64::from(length)));
        length.into_iter().map(|length| ("otp_length", length)).collect()
    }

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
    ) -> Result<InitOtpAuthResult, RequestError> {
        let mut message = self.message;
        context.check_feature(caller, message.feature())?;
        let (user, contact) = user_with(context.organization(), message.kind, &message.contact)?;
        contact.clone_into(&mut message.contact);
        let sent = message.send(Some(user), false, context)?;
        Ok(InitOtpAuthResult { otp_id: sent.id.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::message::Content;
    use crate::engine::one_time::{ACTIVE_CODES, Otp};
    use crate::engine::record::Record;
    use crate::engine::testing::World;
    use crate::wire::enums::FeatureName;
    use crate::wire::id::{OrganizationId, OtpId};

    const V3: &str = "ACTIVITY_TYPE_INIT_OTP_AUTH_V3";
    const V2: &str = "ACTIVITY_TYPE_INIT_OTP_AUTH_V2";
    const V1: &str = "ACTIVITY_TYPE_INIT_OTP_AUTH";
    const EMAIL: &str = "user@example.com";

    /// A world with a user of a sub-organization that has an address, and its root user.
    fn world() -> (World, Caller, Caller) {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        let user = world.user(sub);
        world.set_email(&user, EMAIL);
        world.switch_on(FeatureName::OtpEmailAuth);
        world.switch_on(FeatureName::SmsAuth);
        (world, root, user)
    }

    fn to_email(contact: &str) -> Value {
        json!({ "otpType": "OTP_TYPE_EMAIL", "contact": contact })
    }

    fn otp(world: &World, organization: OrganizationId, result: &Value) -> Otp {
        let id: OtpId = result["otpId"].as_str().unwrap().parse().unwrap();
        let record: Record<Otp> = world.read_record(Otp::key(organization, id));
        record.value
    }

    #[test]
    fn sends_a_code_that_logs_the_user_in() {
        let (mut world, root, user) = world();
        let result = world.submit(&root, root.organization, V1, to_email(EMAIL)).unwrap();
        let otp = otp(&world, root.organization, &result);
        assert_eq!((otp.kind, otp.logs_in), (Some(OtpType::Email), Some(user.user)));
        assert_eq!(otp.code, world.last_code());
        assert!(otp.code.len() == 6 && otp.code.bytes().all(|digit| digit.is_ascii_digit()));
        assert_eq!(otp.expires_at, world.now.plus_seconds(300).as_millis());
        assert_eq!(world.messages[0].expires_at, world.now.plus_seconds(300));
        assert_eq!(world.organization(root.organization).users[1].api_keys.len(), 1);
    }

    #[test]
    fn sends_a_text_message_to_the_user_with_the_number() {
        let (mut world, root, user) = world();
        let number = "+15551234567".to_owned();
        let owner = world.edit(root.organization).user_mut(user.user).unwrap();
        owner.phone_number = Some(number.clone());
        let asked = json!({ "otpType": "OTP_TYPE_SMS", "contact": number });
        let result = world.submit(&root, root.organization, V2, asked).unwrap();
        assert_eq!(otp(&world, root.organization, &result).logs_in, Some(user.user));
        let Content::Sms(sms) = &world.messages[0].content else { panic!("an SMS") };
        assert_eq!(sms.to, number);
    }

    #[test]
    fn the_versions_choose_what_they_document() {
        let chosen = |asked: Value, length, alphanumeric, app_name: Option<&str>, life: &str| {
            let customization = serde_json::from_value(asked["emailCustomization"].clone());
            OtpMessageParams {
                kind: OtpType::Email,
                contact: EMAIL.to_owned(),
                app_name: app_name.map(str::to_owned),
                length,
                alphanumeric,
                expiration_seconds: Some(life.to_owned()),
                email_customization: customization.ok(),
                sms_customization: None,
                user_identifier: None,
                send_from_email_address: None,
                send_from_email_sender_name: None,
                reply_to_email_address: None,
            }
            .check()
            .unwrap()
        };
        let asked = json!({
            "otpType": "OTP_TYPE_EMAIL",
            "contact": EMAIL,
            "appName": "App",
            "otpLength": 7,
            "alphanumeric": false,
            "expirationSeconds": "60",
            "emailCustomization": { "appName": "Custom" },
        });
        let v3: InitOtpAuthIntentV3 = serde_json::from_value(asked.clone()).unwrap();
        let v2: InitOtpAuthIntentV2 = serde_json::from_value(asked.clone()).unwrap();
        let v1: InitOtpAuthIntent = serde_json::from_value(asked.clone()).unwrap();
        let expected = chosen(asked.clone(), 7, false, Some("App"), "60");
        assert_eq!(InitOtpAuth::try_from(v3).unwrap().message, expected);
        let expected = chosen(asked.clone(), 7, false, None, "300");
        assert_eq!(InitOtpAuth::try_from(v2).unwrap().message, expected);
        let expected = chosen(asked, 6, false, None, "300");
        assert_eq!(InitOtpAuth::try_from(v1).unwrap().message, expected);

        let v2: InitOtpAuthIntentV2 = serde_json::from_value(to_email(EMAIL)).unwrap();
        let expected = chosen(json!({}), 9, true, None, "300");
        assert_eq!(InitOtpAuth::try_from(v2).unwrap().message, expected);
    }

    #[test]
    fn finds_the_user_by_its_address_in_any_case_and_writes_to_the_address_that_is_kept() {
        let (mut world, root, user) = world();
        world.set_email(&user, "User@Example.com");
        let (given, kept) = ("uSER@example.COM", "User@Example.com");
        let result = world.submit(&root, root.organization, V1, to_email(given)).unwrap();
        assert_eq!(otp(&world, root.organization, &result).contact, kept);
        let Content::Email(email) = &world.messages.last().unwrap().content else {
            panic!("an e-mail")
        };
        assert_eq!(email.to, kept);
    }

    #[test]
    fn a_contact_of_nobody_or_of_several_or_of_elsewhere_is_not_found() {
        let (mut world, root, _) = world();
        let elsewhere = world.root();
        world.set_email(&elsewhere, "elsewhere@example.com");
        for contact in ["nobody@example.com", "elsewhere@example.com"] {
            let refusal = world.refusal(&root, root.organization, V1, to_email(contact));
            assert_eq!(refusal.status().http_status(), 404, "{contact}");
        }
        let second = world.user(root.organization);
        world.set_email(&second, "USER@example.com");
        let refusal = world.refusal(&root, root.organization, V1, to_email(EMAIL));
        assert_eq!(refusal.status().http_status(), 404);
        assert!(refusal.to_string().starts_with("more than one user has this email"), "{refusal}");
    }

    #[test]
    fn both_organizations_must_have_the_feature_on() {
        let (mut world, root, _) = world();
        let (sub, parent) = (root.organization, world.root());
        world.switch_off(parent.organization, FeatureName::OtpEmailAuth);
        let refusal = world.refusal(&parent, sub, V1, to_email(EMAIL));
        assert!(matches!(refusal, RequestError::FeatureDisabled { .. }), "{refusal}");
        world.submit(&root, sub, V1, to_email(EMAIL)).unwrap();
        world.switch_on(FeatureName::OtpEmailAuth);
        world.switch_off(sub, FeatureName::OtpEmailAuth);
        for caller in [root, parent] {
            let refusal = world.refusal(&caller, sub, V1, to_email(EMAIL));
            assert!(matches!(refusal, RequestError::FeatureDisabled { .. }), "{refusal}");
        }
    }

    #[test]
    fn only_whoever_logs_users_in_may_ask() {
        let (mut world, root, _) = world();
        world.check_who_logs_in(&root, V1, |_| to_email(EMAIL));
        assert_eq!(world.messages.len(), 3);
    }

    #[test]
    fn codes_for_one_contact_are_limited_however_it_is_written() {
        let (mut world, root, _) = world();
        for _ in 0..ACTIVE_CODES {
            world.submit(&root, root.organization, V1, to_email(EMAIL)).unwrap();
        }
        let refusal = world.refusal(&root, root.organization, V2, to_email("USER@example.com"));
        assert!(matches!(refusal, RequestError::MaxOtpInitiated), "{refusal}");
        world.now = world.now.plus_seconds(300);
        world.submit(&root, root.organization, V1, to_email(EMAIL)).unwrap();
    }

    #[test]
    fn refuses_what_means_nothing() {
        let (mut world, root, _) = world();
        for (kind, change) in [
            (V3, json!({ "contact": "nobody" })),
            (V3, json!({ "contact": "" })),
            (V3, json!({ "otpType": "OTP_TYPE_SMS" })),
            (V3, json!({ "otpType": "OTP_TYPE_WHATSAPP" })),
            (V3, json!({ "appName": null })),
            (V3, json!({ "appName": "" })),
            (V3, json!({ "otpLength": 5 })),
            (V3, json!({ "otpLength": 10 })),
            (V3, json!({ "expirationSeconds": "601" })),
            (V2, json!({ "emailCustomization": { "magicLinkTemplate": "https://a.b/" } })),
            (V1, json!({ "emailCustomization": { "templateId": "unknown" } })),
            (V1, json!({ "replyToEmailAddress": "nobody" })),
        ] {
            let mut asked = to_email(EMAIL);
            asked["appName"] = "App".into();
            let text = change.to_string();
            asked.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let refusal = world.refusal(&root, root.organization, kind, asked);
            assert_eq!(refusal.status().http_status(), 400, "{text}");
        }
    }
}
