//! `OTP_AUTH`: exchanges a one-time code of `INIT_OTP_AUTH` for a session of its user.

use keyward_crypto::P256PublicKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::attested::{Attested, note_verified},
    crate::engine::one_time::Otp,
    crate::engine::sessions::{LogIn, Opening},
    crate::engine::{Caller, Context, Needs, Organization, Rule},
    crate::otp_message::otp_feature,
    crate::wire::enums::{Action, Resource},
    crate::wire::enums::{CredentialType, OtpType},
    crate::wire::id::UserId,
    crate::wire::{RequestError, Timestamp},
};

use super::verify_otp::LONGEST_CODE;
use crate::parameters;
use crate::wire::id::OtpId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OtpAuthIntent {
    /// The code's id.
    pub otp_id: String,
    /// The code.
    pub otp_code: String,
    /// Key of the client that the bundle is sealed to: P-256, SEC1, hex.
    pub target_public_key: String,
    /// Name of the API key; `OTP Auth - <time>` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_name: Option<String>,
    /// Seconds, decimal; 900 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_seconds: Option<String>,
    /// Whether all other sessions of this kind of the user end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalidate_existing: Option<bool>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OtpAuthResult {
    /// The user.
    pub user_id: String,
    /// The API key of the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_id: Option<String>,
    /// Its private key, sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_bundle: Option<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct OtpAuth {
    id: OtpId,
    code: String,
    target: P256PublicKey,
    name: Option<String>,
    lifetime_seconds: Option<u64>,
    ends_others: bool,
}

impl TryFrom<OtpAuthIntent> for OtpAuth {
    type Error = InvalidRequest;

    fn try_from(intent: OtpAuthIntent) -> Result<Self, InvalidRequest> {
        if intent.otp_code.len() > LONGEST_CODE {
            return Err(InvalidRequest::new("invalid otpCode: too long"));
        }
        Ok(Self {
            id: value::id("otpId", &intent.otp_id)?,
            code: intent.otp_code,
            target: parameters::p256_key(&intent.target_public_key)?,
            name: value::optional_label("apiKeyName", intent.api_key_name)?,
            lifetime_seconds: value::expiration_seconds(intent.expiration_seconds)?,
            ends_others: intent.invalidate_existing.unwrap_or_default(),
        })
    }
}

impl Activity for OtpAuth {
    const ROUTE: &'static str = "otp_auth";
    const VERSIONS: &'static [Version<Self>] =
        &[Version::of::<OtpAuthIntent>("ACTIVITY_TYPE_OTP_AUTH", "otpAuthIntent", "otpAuthResult")];
    type Intent = OtpAuthIntent;
    type Output = OtpAuthResult;
}

#[cfg(feature = "engine")]
impl Execute for OtpAuth {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Auth, Action::Create));

    fn rule(&self) -> Rule {
        Rule::LogIn
    }

    fn needs(&self) -> Needs {
        Needs::Otp(self.id)
    }

    fn execute(
        self,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<OtpAuthResult, RequestError> {
        let now = context.now;
        let facts = context.take_otp()?;
        let otp = &facts.otp.value;
        let (is_right, is_open) = (otp.accepts(&self.code, now), otp.is_open(now));
        let proven = proven(otp, context.organization(), now);
        let Some((kind, user, log_in)) = proven.filter(|_| is_right) else {
            if is_open {
                context.kept.push(facts.miss()?);
            }
            return Err(RequestError::InvalidOtpCode);
        };
        context.check_feature(caller, otp_feature(kind))?;
        context.changes.records.extend(facts.spend(self.id)?);
        note_verified(context.edit().user_mut(user)?, kind);
        let opening = Opening {
            user,
            kind: CredentialType::OtpAuthKeyP256,
            named_for: "OTP Auth",
            name: self.name,
            profile: None,
            lifetime_seconds: self.lifetime_seconds,
            ends_others: self.ends_others,
        };
        let (id, bundle) = opening.for_bundle(&self.target, log_in, context)?;
        Ok(OtpAuthResult {
            user_id: user.to_string(),
            api_key_id: Some(id.to_string()),
            credential_bundle: Some(bundle),
        })
    }
}

/// The user that a code was sent to log in, while the contact it was sent to is that user's alone.
#[cfg(feature = "engine")]
fn proven(
    otp: &Otp,
    organization: &Organization,
    now: Timestamp,
) -> Option<(OtpType, UserId, LogIn)> {
    let kind = otp.kind?;
    let (contact, organization_id) = (otp.contact.clone(), organization.id);
    let contact = Attested::Contact { kind, contact, organization: organization_id };
    let (user, opened_by) = contact.owner(organization).ok().flatten()?;
    let log_in = LogIn::proven(contact.method(), Some(opened_by), now);
    (otp.logs_in == Some(user)).then_some((kind, user, log_in))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::model::CredentialId;
    use crate::engine::one_time::{ATTEMPTS, Contact};
    use crate::engine::testing::{World, bundle_target, bundle_target_hex, bundled_key};
    use crate::wire::enums::{AuthenticationType, FeatureName};

    const KIND: &str = "ACTIVITY_TYPE_OTP_AUTH";
    const INIT: &str = "ACTIVITY_TYPE_INIT_OTP_AUTH";
    const EMAIL: &str = "user@example.com";
    const KEY: CredentialType = CredentialType::OtpAuthKeyP256;

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

    /// Has a code sent, and returns the parameters that exchange it.
    fn code(world: &mut World, root: &Caller) -> Value {
        let asked = json!({ "otpType": "OTP_TYPE_EMAIL", "contact": EMAIL });
        let sent = world.submit(root, root.organization, INIT, asked).unwrap();
        json!({
            "otpId": sent["otpId"],
            "otpCode": world.last_code(),
            "targetPublicKey": bundle_target_hex(),
        })
    }

    fn with(parameters: &Value, member: &str, value: impl Into<Value>) -> Value {
        let mut changed = parameters.clone();
        changed[member] = value.into();
        changed
    }

    fn refused(world: &mut World, root: &Caller, asked: Value) -> bool {
        let refusal = world.submit(root, root.organization, KIND, asked).unwrap_err();
        matches!(refusal, RequestError::InvalidOtpCode)
    }

    #[test]
    fn the_code_opens_a_session_whose_key_is_in_the_bundle() {
        let (mut world, root, user) = world();
        let asked = code(&mut world, &root);
        let result = world.submit(&root, root.organization, KIND, asked).unwrap();
        let [key] = world.keys_of(&user, KEY)[..] else { panic!("one session") };
        let bundle = result["credentialBundle"].as_str().unwrap();
        assert_eq!(key.public_key, bundled_key(bundle));
        let expected = json!({
            "userId": user.user,
            "apiKeyId": key.id,
            "credentialBundle": bundle,
        });
        assert_eq!(result, expected);
        assert_eq!(key.expires_at(), Some(world.now.plus_seconds(900)));
        assert_eq!(key.opened_by, Some(CredentialId::Email));
        let session = key.session.as_ref().unwrap();
        assert_eq!((session.method, session.refreshed_from), (AuthenticationType::EmailOtp, None));
        insta::assert_snapshot!(key.name, @"OTP Auth - 2026-01-01T00:00:00Z");
        let user = world.organization(root.organization).user(user.user).unwrap();
        assert!(user.email_verified && !user.phone_number_verified);
    }

    #[test]
    fn a_number_is_verified_by_its_code() {
        let (mut world, root, user) = world();
        let owner = world.edit(root.organization).user_mut(user.user).unwrap();
        owner.phone_number = Some("+15551234567".to_owned());
        let asked = json!({ "otpType": "OTP_TYPE_SMS", "contact": "+15551234567" });
        let sent = world.submit(&root, root.organization, INIT, asked).unwrap();
        let asked = json!({
            "otpId": sent["otpId"],
            "otpCode": world.last_code(),
            "targetPublicKey": bundle_target_hex(),
        });
        world.submit(&root, root.organization, KIND, asked).unwrap();
        let key = world.keys_of(&user, KEY)[0];
        assert_eq!(key.opened_by, Some(CredentialId::PhoneNumber));
        assert_eq!(key.session.as_ref().unwrap().method, AuthenticationType::SmsOtp);
        let user = world.organization(root.organization).user(user.user).unwrap();
        assert!(user.phone_number_verified && !user.email_verified);
    }

    #[test]
    fn name_and_lifetime_are_those_asked_for_and_the_target_may_be_compressed() {
        let (mut world, root, user) = world();
        let mut asked = code(&mut world, &root);
        asked["apiKeyName"] = "tablet".into();
        asked["expirationSeconds"] = "60".into();
        asked["targetPublicKey"] = hex::encode(bundle_target().public_key().compressed()).into();
        let result = world.submit(&root, root.organization, KIND, asked).unwrap();
        let key = world.keys_of(&user, KEY)[0];
        assert_eq!((key.name.as_str(), key.expiration_seconds), ("tablet", Some(60)));
        assert_eq!(bundled_key(result["credentialBundle"].as_str().unwrap()), key.public_key);
    }

    #[test]
    fn a_code_is_good_once_and_makes_room_for_another() {
        let (mut world, root, user) = world();
        let asked = code(&mut world, &root);
        world.submit(&root, root.organization, KIND, asked.clone()).unwrap();
        let refusal = world.refusal(&root, root.organization, KIND, asked);
        assert!(matches!(refusal, RequestError::InvalidOtpCode), "{refusal}");
        assert_eq!(world.keys_of(&user, KEY).len(), 1);
        let contacts = world
            .records
            .values()
            .filter_map(|(_, value)| serde_json::from_value::<Contact>(value.clone()).ok());
        let active: Vec<usize> = contacts.map(|contact| contact.active.len()).collect();
        assert_eq!(active, [0]);
    }

    #[test]
    fn the_third_wrong_code_locks_the_right_one() {
        let (mut world, root, user) = world();
        let asked = code(&mut world, &root);
        for _ in 0..ATTEMPTS {
            let wrong = with(&asked, "otpCode", "WRONG!");
            assert!(refused(&mut world, &root, wrong));
        }
        let refusal = world.refusal(&root, root.organization, KIND, asked);
        assert!(matches!(refusal, RequestError::InvalidOtpCode), "{refusal}");
        assert!(world.keys_of(&user, KEY).is_empty());
    }

    #[test]
    fn a_wrong_code_costs_an_attempt_and_nothing_else() {
        let (mut world, root, user) = world();
        let asked = code(&mut world, &root);
        let (before, records) =
            (world.organization(root.organization).clone(), world.records.len());
        for _ in 1..ATTEMPTS {
            let wrong = with(&asked, "otpCode", "WRONG!");
            assert!(refused(&mut world, &root, wrong));
        }
        assert_eq!(world.organization(root.organization), &before);
        assert_eq!((world.records.len(), world.messages.len()), (records, 1));
        world.submit(&root, root.organization, KIND, asked).unwrap();
        assert_eq!(world.keys_of(&user, KEY).len(), 1);
    }

    #[test]
    fn refuses_codes_that_are_expired_or_unknown_or_of_another_organization() {
        let (mut world, root, _) = world();
        let asked = code(&mut world, &root);
        let unknown = with(&asked, "otpId", root.user.to_string());
        let refusal = world.refusal(&root, root.organization, KIND, unknown);
        assert!(matches!(refusal, RequestError::InvalidOtpCode), "{refusal}");
        let (elsewhere, other) = world.sub_organization();
        world.set_email(&other, EMAIL);
        world.switch_on(FeatureName::OtpEmailAuth);
        let refusal = world.refusal(&other, elsewhere, KIND, asked.clone());
        assert!(matches!(refusal, RequestError::InvalidOtpCode), "{refusal}");
        world.now = world.now.plus_seconds(300);
        let refusal = world.refusal(&root, root.organization, KIND, asked);
        assert!(matches!(refusal, RequestError::InvalidOtpCode), "{refusal}");
    }

    #[test]
    fn codes_that_log_in_and_codes_that_verify_are_not_the_same() {
        let (mut world, root, user) = world();
        let asked = json!({ "otpType": "OTP_TYPE_EMAIL", "contact": EMAIL });
        let kind = "ACTIVITY_TYPE_INIT_OTP";
        let sent = world.submit(&root, root.organization, kind, asked).unwrap();
        let asked = json!({
            "otpId": sent["otpId"],
            "otpCode": world.last_code(),
            "targetPublicKey": bundle_target_hex(),
        });
        assert!(refused(&mut world, &root, asked));
        assert!(world.keys_of(&user, KEY).is_empty());
        let asked = code(&mut world, &root);
        let kind = "ACTIVITY_TYPE_VERIFY_OTP";
        let refusal = world.submit(&root, root.organization, kind, asked).unwrap_err();
        assert!(matches!(refusal, RequestError::InvalidOtpCode), "{refusal}");
    }

    #[test]
    fn a_code_is_worth_nothing_once_the_address_is_not_the_users_alone() {
        let (mut world, root, user) = world();
        let asked = code(&mut world, &root);
        world.set_email(&user, "new@example.com");
        assert!(refused(&mut world, &root, asked.clone()));
        let heir = world.user(root.organization);
        world.set_email(&heir, EMAIL);
        assert!(refused(&mut world, &root, asked));
        let asked = code(&mut world, &root);
        world.set_email(&user, "USER@example.com");
        assert!(refused(&mut world, &root, asked.clone()));
        world.edit(root.organization).users.retain(|known| known.id != heir.user);
        assert!(refused(&mut world, &root, asked));
        assert!(world.keys_of(&user, KEY).is_empty());
    }

    #[test]
    fn ends_the_other_sessions_of_its_kind_when_asked() {
        let (mut world, root, user) = world();
        for _ in 0..2 {
            let asked = code(&mut world, &root);
            world.submit(&root, root.organization, KIND, asked).unwrap();
        }
        let log_in = json!({ "publicKey": world.public_key() });
        world.submit(&user, root.organization, "ACTIVITY_TYPE_STAMP_LOGIN", log_in).unwrap();
        assert_eq!(world.keys_of(&user, KEY).len(), 2);
        let asked = with(&code(&mut world, &root), "invalidateExisting", true);
        world.submit(&root, root.organization, KIND, asked).unwrap();
        assert_eq!(world.keys_of(&user, KEY).len(), 1);
        assert_eq!(world.keys_of(&user, CredentialType::Login).len(), 1);
    }

    #[test]
    fn both_organizations_must_have_the_feature_on() {
        let (mut world, root, user) = world();
        let (sub, parent) = (root.organization, world.root());
        let asked = code(&mut world, &root);
        world.switch_off(parent.organization, FeatureName::OtpEmailAuth);
        let refusal = world.refusal(&parent, sub, KIND, asked.clone());
        assert!(matches!(refusal, RequestError::FeatureDisabled { .. }), "{refusal}");
        world.switch_on(FeatureName::OtpEmailAuth);
        world.switch_off(sub, FeatureName::OtpEmailAuth);
        let refusal = world.refusal(&root, sub, KIND, asked.clone());
        assert!(matches!(refusal, RequestError::FeatureDisabled { .. }), "{refusal}");
        world.switch_on(FeatureName::OtpEmailAuth);
        world.submit(&parent, sub, KIND, asked).unwrap();
        assert_eq!(world.keys_of(&user, KEY).len(), 1);
    }

    #[test]
    fn only_whoever_logs_users_in_may_ask() {
        let (mut world, root, user) = world();
        world.check_who_logs_in(&root.clone(), KIND, |world| {
            world.now = world.now.plus_seconds(600);
            code(world, &root)
        });
        assert_eq!(world.keys_of(&user, KEY).len(), 3);
    }

    #[test]
    fn refuses_what_means_nothing() {
        let (mut world, root, _) = world();
        let asked = code(&mut world, &root);
        for (member, value) in [
            ("otpId", json!("first")),
            ("otpCode", json!("0".repeat(65))),
            ("otpCode", Value::Null),
            ("targetPublicKey", json!("04")),
            ("targetPublicKey", json!(format!("02{}", "ff".repeat(32)))),
            ("apiKeyName", json!("a\nb")),
            ("expirationSeconds", json!("0")),
        ] {
            let asked = with(&asked, member, value);
            let refusal = world.refusal(&root, root.organization, KIND, asked);
            assert!(matches!(refusal, RequestError::Invalid(_)), "{member}: {refusal}");
        }
    }
}
