//! `OTP_LOGIN`: opens a session for whoever proved to have a contact of the user's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::attested::note_verified,
    crate::engine::sessions::{LogIn, Opening},
    crate::engine::{Caller, Context, Needs, Rule, context::Proofs},
    crate::otp_message::otp_feature,
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    keyward_policy::Value,
};

use crate::parameters;
use crate::wire::id::SessionProfileId;
use crate::wire::objects::ClientSignature;
use crate::wire::{InvalidRequest, value};

/// As it travels, both versions: clients send the name of the older one with the members of the newer.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OtpLoginIntent {
    /// What `VERIFY_OTP` answered.
    pub verification_token: String,
    /// Client key for the session: P-256, SEC1, hex.
    pub public_key: String,
    /// Seconds, decimal; 900 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_seconds: Option<String>,
    /// Whether all other log-in sessions of the user end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalidate_existing: Option<bool>,
    /// By the key that the token is bound to; only a token that is bound to none goes without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_signature: Option<ClientSignature>,
    /// The session profile that limits the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_profile_id: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct OtpLoginResult {
    /// A token that describes the session. Requests are stamped with the session's key.
    pub session: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct OtpLogin {
    verification_token: String,
    /// Compressed, hex.
    public_key: String,
    /// As it travelled, which is what was signed.
    public_key_text: String,
    profile: Option<SessionProfileId>,
    lifetime_seconds: Option<u64>,
    ends_others: bool,
    client_signature: Option<ClientSignature>,
}

impl TryFrom<OtpLoginIntent> for OtpLogin {
    type Error = InvalidRequest;

    fn try_from(intent: OtpLoginIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            verification_token: intent.verification_token,
            public_key: hex::encode(parameters::p256_key(&intent.public_key)?.compressed()),
            public_key_text: intent.public_key,
            profile: parameters::session_profile(intent.session_profile_id.as_deref())?,
            lifetime_seconds: value::expiration_seconds(intent.expiration_seconds)?,
            ends_others: intent.invalidate_existing.unwrap_or_default(),
            client_signature: intent.client_signature,
        })
    }
}

impl Activity for OtpLogin {
    const ROUTE: &'static str = "otp_login";
    const VERSIONS: &'static [Version<Self>] = &[
        Version::of::<OtpLoginIntent>(
            "ACTIVITY_TYPE_OTP_LOGIN_V2",
            "otpLoginIntentV2",
            "otpLoginResult",
        ),
        Version::of::<OtpLoginIntent>(
            "ACTIVITY_TYPE_OTP_LOGIN",
            "otpLoginIntent",
            "otpLoginResult",
        ),
    ];
    type Intent = OtpLoginIntent;
    type Output = OtpLoginResult;
}

#[cfg(feature = "engine")]
impl Execute for OtpLogin {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Auth, Action::Create));

    fn params(&self) -> Vec<(&'static str, Value)> {
        vec![("session_profile_id", parameters::show_session_profile(self.profile))]
    }

    fn rule(&self) -> Rule {
        Rule::LogIn
    }

    fn needs(&self) -> Needs {
        let verification_token = Some(self.verification_token.clone());
        Needs::Proofs(Proofs { verification_token, id_tokens: Vec::new() })
    }

    fn execute(
        self,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<OtpLoginResult, RequestError> {
        let (now, proofs) = (context.now, context.take_proofs());
        let verified = proofs.verification_token(&self.verification_token, context.keys, now)?;
        context.check_verified_here(&verified)?;
        let kind = verified.kind();
        context.check_feature(caller, otp_feature(kind))?;
        let organization = context.organization();
        let (user, contact) = verified
            .contact
            .owner(organization)?
            .ok_or_else(|| verified.contact.not_found(organization.id))?;
        verified.check_login(self.client_signature.as_ref(), &self.public_key_text)?;
        note_verified(context.edit().user_mut(user)?, kind);
        let method = verified.contact.method();
        let spent = verified.used(|token| token.logged_in = true)?;
        context.changes.records.push(spent);
        let session = Opening::log_in(user, self.profile, self.lifetime_seconds, self.ends_others)
            .for_key(&self.public_key, LogIn::proven(method, Some(contact), now), context)?;
        Ok(OtpLoginResult { session })
    }
}

#[cfg(test)]
mod tests {
    use keyward_crypto::P256PrivateKey;
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::model::{ApiKey, CredentialId};
    use crate::engine::one_time::TokenUse;
    use crate::engine::sessions::EventKind;
    use crate::engine::testing::{World, client_signature};
    use crate::engine::verification_token::{Verified, issue_current, peek_id};
    use crate::wire::enums::{AuthenticationType, CredentialType};
    use crate::wire::enums::{FeatureName, OtpType};
    use crate::wire::id::OrganizationId;

    const NEWER: &str = "ACTIVITY_TYPE_OTP_LOGIN_V2";
    const OLDER: &str = "ACTIVITY_TYPE_OTP_LOGIN";
    const LOGIN: &str = "USAGE_TYPE_LOGIN";
    const ADDRESS: &str = "a@example.com";
    const NUMBER: &str = "+15551234567";
    const ELSEWHERE: &str = "invalid verification token: the token is for another organization";

    /// A parent organization and a sub-organization whose root user has an address and a number.
    fn world() -> (World, OrganizationId) {
        let mut world = World::new();
        let (sub, _) = world.sub_organization();
        for organization in [world.parent(), sub] {
            world.allow_codes(organization);
        }
        let user = &mut world.edit(sub).users[0];
        user.email = Some(ADDRESS.to_owned());
        user.phone_number = Some(NUMBER.to_owned());
        (world, sub)
    }

    /// What the holder of the token's key asks for a session of `public_key`.
    fn intent(key: &P256PrivateKey, token: &str, public_key: &str) -> Value {
        let login = json!({ "publicKey": public_key });
        json!({
            "verificationToken": token,
            "publicKey": public_key,
            "clientSignature": client_signature(key, token, LOGIN, "login", login),
        })
    }

    /// What may be asked with a new token of the parent's, for a new session key.
    fn ready(world: &mut World, contact: &str) -> (P256PrivateKey, Value) {
        let (key, public) = world.client_key();
        let token = world.token(world.parent(), contact, &public);
        let session = world.public_key();
        let asked = intent(&key, &token, &session);
        (key, asked)
    }

    fn log_in(
        world: &mut World,
        sub: OrganizationId,
        asked: &Value,
    ) -> Result<Value, RequestError> {
        world.submit(&world.root(), sub, NEWER, asked.clone())
    }

    /// The refusal's text, once it is known that nothing was left behind.
    fn refused(world: &mut World, sub: OrganizationId, asked: &Value) -> String {
        let before = (world.organization(sub).clone(), world.records.clone());
        let refusal = log_in(world, sub, asked).unwrap_err();
        assert_eq!((world.organization(sub), &world.records), (&before.0, &before.1));
        refusal.to_string()
    }

    fn sessions(world: &World, sub: OrganizationId) -> Vec<&ApiKey> {
        let keys = world.organization(sub).users.iter().flat_map(|user| &user.api_keys);
        keys.filter(|key| key.kind == CredentialType::Login).collect()
    }

    #[test]
    fn opens_a_session_for_the_user_with_the_contact() {
        let proofs = [
            (ADDRESS, CredentialId::Email, AuthenticationType::EmailOtp),
            (NUMBER, CredentialId::PhoneNumber, AuthenticationType::SmsOtp),
        ];
        for (contact, opened_by, method) in proofs {
            let (mut world, sub) = world();
            let (_, asked) = ready(&mut world, contact);
            let result = log_in(&mut world, sub, &asked).unwrap();
            assert_eq!(result["session"].as_str().unwrap().split('.').count(), 3);
            let keys = sessions(&world, sub);
            assert_eq!(keys.len(), 1);
            assert_eq!(keys[0].public_key, asked["publicKey"]);
            assert_eq!(keys[0].opened_by, Some(opened_by));
            assert_eq!(keys[0].expires_at(), Some(world.now.plus_seconds(900)));
            let session = keys[0].session.as_ref().unwrap();
            assert_eq!((session.method, session.logged_in_at), (method, world.now));
            let events = &world.activities.last().unwrap().events;
            assert_eq!(events.len(), 1);
            assert_eq!((events[0].kind, events[0].method), (EventKind::Opened, Some(method)));
            let user = &world.organization(sub).users[0];
            assert_eq!(user.email_verified, contact == ADDRESS);
            assert_eq!(user.phone_number_verified, contact == NUMBER);
        }
    }

    #[test]
    fn a_token_logs_in_once() {
        let (mut world, sub) = world();
        let (key, asked) = ready(&mut world, ADDRESS);
        log_in(&mut world, sub, &asked).unwrap();
        let token = asked["verificationToken"].as_str().unwrap();
        assert!(world.token_use(token).value.logged_in);
        let again = intent(&key, token, &world.public_key());
        for asked in [asked, again] {
            let refusal = refused(&mut world, sub, &asked);
            assert_eq!(refusal, "invalid verification token: the token has been used");
        }
    }

    #[test]
    fn a_token_counts_where_it_was_given_and_in_sub_organizations_of_that() {
        let (mut world, sub) = world();
        let (other, _) = world.sub_organization();
        world.allow_codes(other);
        for organization in [other, world.parent()] {
            world.edit(organization).users[0].email = Some(ADDRESS.to_owned());
        }
        let (key, public) = world.client_key();
        let token = world.token(sub, ADDRESS, &public);
        let asked = intent(&key, &token, &world.public_key());
        for organization in [other, world.parent()] {
            assert_eq!(refused(&mut world, organization, &asked), ELSEWHERE);
        }
        let own = world.root_of(sub);
        world.submit(&own, sub, NEWER, asked).unwrap();
        let older = world.older_token(sub, ADDRESS, None);
        let asked = json!({ "verificationToken": older, "publicKey": world.public_key() });
        assert_eq!(refused(&mut world, other, &asked), ELSEWHERE, "also of the older form");
        log_in(&mut world, sub, &asked).unwrap();
    }

    #[test]
    fn two_users_with_the_contact_are_a_conflict() {
        let (mut world, sub) = world();
        let user = world.user(sub).user;
        world.edit(sub).user_mut(user).unwrap().email = Some("A@EXAMPLE.com".to_owned());
        let (_, asked) = ready(&mut world, ADDRESS);
        let refusal = log_in(&mut world, sub, &asked).unwrap_err();
        assert!(matches!(refusal, RequestError::CredentialConflict("contact")), "{refusal}");
        refused(&mut world, sub, &asked);
        world.edit(sub).user_mut(user).unwrap().email = None;
        log_in(&mut world, sub, &asked).unwrap();
    }

    #[test]
    fn a_contact_that_nobody_has_logs_nobody_in() {
        let (mut world, sub) = world();
        let (_, asked) = ready(&mut world, "b@example.com");
        let text = format!(
            "could not find contact in organization or its parent organization organizationId={sub}"
        );
        assert_eq!(refused(&mut world, sub, &asked), text);
    }

    #[test]
    fn letters_of_an_address_may_be_of_either_case() {
        let (mut world, sub) = world();
        let (_, asked) = ready(&mut world, "A@Example.COM");
        log_in(&mut world, sub, &asked).unwrap();
        assert!(world.organization(sub).users[0].email_verified);
    }

    #[test]
    fn a_bound_token_needs_its_keys_signature_over_this_login() {
        let (mut world, sub) = world();
        let (key, asked) = ready(&mut world, ADDRESS);
        let (other, _) = world.client_key();
        let token = asked["verificationToken"].as_str().unwrap().to_owned();
        let (_, public) = world.client_key();
        let another = world.token(world.parent(), NUMBER, &public);
        let session = json!({ "publicKey": asked["publicKey"] });
        let for_another = json!({ "publicKey": world.public_key() });
        let with = |name: &str, value: Value| {
            let mut signature = asked["clientSignature"].clone();
            signature[name] = value;
            signature
        };
        for (signature, reason) in [
            (
                client_signature(&other, &token, LOGIN, "login", session.clone()),
                "client signature is by another key than the verification token's",
            ),
            (
                client_signature(&key, &token, LOGIN, "login", for_another),
                "client signature does not cover the request",
            ),
            (
                client_signature(&key, &token, "USAGE_TYPE_SIGNUP", "login", session.clone()),
                "client signature is for another use",
            ),
            (
                client_signature(&key, &token, LOGIN, "signup", session.clone()),
                "client signature is for another use",
            ),
            (
                client_signature(&key, &another, LOGIN, "login", session),
                "client signature is for another verification token",
            ),
            (with("message", json!("{}")), "client signature is invalid"),
            (with("signature", json!("00".repeat(64))), "client signature is invalid"),
            (with("scheme", json!("other")), "unsupported client signature scheme"),
        ] {
            let mut asked = asked.clone();
            asked["clientSignature"] = signature;
            let refusal = refused(&mut world, sub, &asked);
            assert_eq!(refusal, format!("invalid client signature: {reason}"));
        }
        let mut unsigned = asked.clone();
        unsigned.as_object_mut().unwrap().remove("clientSignature");
        let reason = "invalid client signature: the token is bound to a key: sign with it";
        for kind in [NEWER, OLDER] {
            let refusal = world.submit(&world.root(), sub, kind, unsigned.clone()).unwrap_err();
            assert_eq!(refusal.to_string(), reason);
            assert_eq!(refusal.status().http_status(), 400);
        }
        log_in(&mut world, sub, &asked).unwrap();
    }

    #[test]
    fn an_older_token_needs_a_signature_only_where_it_is_bound() {
        let (mut world, sub) = world();
        let root = world.root();
        let token = world.older_token(world.parent(), ADDRESS, None);
        let asked = json!({ "verificationToken": token, "publicKey": world.public_key() });
        world.submit(&root, sub, OLDER, asked).unwrap();
        let (key, public) = world.client_key();
        let token = world.older_token(world.parent(), ADDRESS, Some(&public));
        let session = world.public_key();
        let asked = json!({ "verificationToken": token, "publicKey": session });
        assert!(world.submit(&root, sub, OLDER, asked).is_err());
        world.submit(&root, sub, OLDER, intent(&key, &token, &session)).unwrap();
    }

    #[test]
    fn the_older_name_takes_the_members_of_the_newer() {
        let (mut world, sub) = world();
        let (_, asked) = ready(&mut world, ADDRESS);
        world.submit(&world.root(), sub, OLDER, asked).unwrap();
    }

    #[test]
    fn the_tokens_own_key_may_be_the_sessions() {
        let (mut world, sub) = world();
        let (key, public) = world.client_key();
        let token = world.token(world.parent(), ADDRESS, &public);
        let mut asked = intent(&key, &token, &public);
        asked["publicKey"] = json!(public.to_uppercase());
        log_in(&mut world, sub, &asked).unwrap();
        assert_eq!(sessions(&world, sub)[0].public_key, public);
    }

    #[test]
    fn ends_the_users_other_sessions_when_asked() {
        let (mut world, sub) = world();
        let (_, first) = ready(&mut world, ADDRESS);
        log_in(&mut world, sub, &first).unwrap();
        let (_, second) = ready(&mut world, ADDRESS);
        log_in(&mut world, sub, &second).unwrap();
        assert_eq!(sessions(&world, sub).len(), 2);
        let (_, mut third) = ready(&mut world, ADDRESS);
        third["invalidateExisting"] = json!(true);
        third["expirationSeconds"] = json!("60");
        log_in(&mut world, sub, &third).unwrap();
        let keys = sessions(&world, sub);
        assert_eq!((keys.len(), keys[0].expiration_seconds), (1, Some(60)));
        assert_eq!(keys[0].public_key, third["publicKey"]);
        assert_eq!(world.organization(sub).users[0].api_keys.len(), 2, "the lasting key stays");
    }

    #[test]
    fn both_organizations_must_have_the_feature_on() {
        for contact in [ADDRESS, NUMBER] {
            let feature = match contact {
                ADDRESS => FeatureName::OtpEmailAuth,
                _ => FeatureName::SmsAuth,
            };
            let (mut world, sub) = world();
            let (_, asked) = ready(&mut world, contact);
            for organization in [world.parent(), sub] {
                world.edit(organization).features.remove(&feature);
                let feature = feature.as_str();
                let refusal = refused(&mut world, sub, &asked);
                assert_eq!(
                    refusal,
                    format!("{feature} is not enabled for organization {organization}")
                );
                world.allow_codes(organization);
            }
            log_in(&mut world, sub, &asked).unwrap();
        }
    }

    #[test]
    fn refuses_tokens_that_are_expired_unknown_or_forged() {
        let (mut world, sub) = world();
        let (key, asked) = ready(&mut world, ADDRESS);
        let before = world.now;
        world.now = before.plus_seconds(3600);
        let refusal = refused(&mut world, sub, &asked);
        assert_eq!(refusal, "invalid verification token: verification token has expired");
        world.now = before.plus_seconds(3599);

        let token = asked["verificationToken"].as_str().unwrap();
        let mut other = asked.clone();
        other["verificationToken"] = json!("token");
        let refusal = refused(&mut world, sub, &other);
        assert_eq!(refusal, "invalid verification token: verification token is malformed");
        let verified = Verified {
            id: peek_id(token).unwrap(),
            kind: OtpType::Email,
            contact: ADDRESS,
            expires_at: before.plus_seconds(3600),
        };
        let public = hex::encode(key.public_key().compressed());
        let forged = issue_current(&verified, world.parent(), &public, &key).unwrap();
        other["verificationToken"] = json!(forged);
        let refusal = refused(&mut world, sub, &other);
        assert_eq!(
            refusal,
            "invalid verification token: verification token has an invalid signature"
        );
        // Rightly signed, for an organization that did not issue it.
        let swapped = issue_current(&verified, sub, &public, &world.keys.otp_signer).unwrap();
        other["verificationToken"] = json!(swapped);
        let refusal = refused(&mut world, sub, &other);
        assert_eq!(refusal, "invalid verification token: unknown token");

        let place = TokenUse::key(peek_id(token).unwrap());
        let record = world.records.remove(&(place.organization, place.id)).unwrap();
        let refusal = refused(&mut world, sub, &asked);
        assert_eq!(refusal, "invalid verification token: unknown token");
        world.records.insert((place.organization, place.id), record);
        log_in(&mut world, sub, &asked).unwrap();
    }

    #[test]
    fn refuses_session_keys_that_stand_for_something_else_and_keeps_the_token() {
        let (mut world, sub) = world();
        let (key, asked) = ready(&mut world, ADDRESS);
        let token = asked["verificationToken"].as_str().unwrap();
        let registered = world.organization(sub).users[0].api_keys[0].public_key.clone();
        let refusal = refused(&mut world, sub, &intent(&key, token, &registered));
        assert!(refusal.starts_with("public key is already registered"), "{refusal}");
        for (name, value) in [
            ("publicKey", json!("02")),
            ("expirationSeconds", json!("0")),
            ("sessionProfileId", json!(sub)),
        ] {
            let mut asked = asked.clone();
            asked[name] = value;
            refused(&mut world, sub, &asked);
        }
        log_in(&mut world, sub, &asked).unwrap();
    }

    #[test]
    fn only_whoever_logs_users_in_may_ask() {
        let (mut world, sub) = world();
        let (_, asked) = ready(&mut world, ADDRESS);
        for organization in [world.parent(), sub] {
            let user = world.user(organization);
            let refusal = world.submit(&user, sub, NEWER, asked.clone()).unwrap_err();
            assert!(matches!(refusal, RequestError::PermissionDenied), "{refusal}");
        }
        let own = world.root_of(sub);
        world.submit(&own, sub, NEWER, asked).unwrap();
    }
}
