//! `VERIFY_OTP`: exchanges a one-time code for a token that proves its holder has the contact.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::bundle::{ClientMessage, OtpPlaintext},
    crate::engine::one_time::{OtpFacts, TokenUse},
    crate::engine::record::Record,
    crate::engine::verification_token::{Verified, issue_current, issue_legacy},
    crate::engine::{Caller, Context, Needs, Rule},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    crate::wire::id::TokenId,
};

use crate::parameters;
use crate::wire::id::OtpId;
use crate::wire::{InvalidRequest, value};

/// Seconds a token lives when nobody says.
const DEFAULT_LIFETIME_SECONDS: u64 = 3600;
/// Longest life of a token.
const LONGEST_LIFETIME_SECONDS: u64 = 86_400;
/// Longest bundle with an encrypted code.
const LONGEST_BUNDLE: usize = 2_048;
/// Longest text that may be a code.
pub(super) const LONGEST_CODE: usize = 64;

/// As it travels, both versions: clients send the name of the older one with the members of the newer.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyOtpIntent {
    /// The code's id.
    pub otp_id: String,
    /// The code, plain; of the older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otp_code: Option<String>,
    /// The code and the client's key, encrypted; of the current version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted_otp_bundle: Option<String>,
    /// Life of the token in seconds, decimal; 3600 when absent, at most 86400.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_seconds: Option<String>,
    /// Key of the client that the token is bound to: P-256, SEC1, hex; of the older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyOtpResult {
    /// The token.
    pub verification_token: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifyOtp {
    id: OtpId,
    given: Given,
    lifetime_seconds: u64,
}

/// How the code is given.
#[derive(Clone, Debug, PartialEq)]
enum Given {
    Plain {
        code: String,
        /// Compressed, hex.
        public_key: Option<String>,
    },
    Encrypted(String),
}

impl TryFrom<VerifyOtpIntent> for VerifyOtp {
    type Error = InvalidRequest;

    fn try_from(intent: VerifyOtpIntent) -> Result<Self, InvalidRequest> {
        let lifetime_seconds = value::expiration_seconds(intent.expiration_seconds)?
            .unwrap_or(DEFAULT_LIFETIME_SECONDS);
        if lifetime_seconds > LONGEST_LIFETIME_SECONDS {
            return Err(InvalidRequest::new("invalid expirationSeconds: must be at most 86400"));
        }
        let given = match (intent.encrypted_otp_bundle, intent.otp_code) {
            (Some(bundle), None) if bundle.len() <= LONGEST_BUNDLE => Given::Encrypted(bundle),
            (None, Some(code)) if code.len() <= LONGEST_CODE => Given::Plain {
                code,
                public_key: intent
                    .public_key
                    .filter(|key| !key.is_empty())
                    .map(|key| parameters::p256_key(&key).map(|key| hex::encode(key.compressed())))
                    .transpose()?,
            },
            (Some(_), None) => {
                return Err(InvalidRequest::new("invalid encryptedOtpBundle: too long"));
            }
            (None, Some(_)) => return Err(InvalidRequest::new("invalid otpCode: too long")),
            (Some(_), Some(_)) => {
                return Err(InvalidRequest::new(
                    "otpCode and encryptedOtpBundle exclude each other",
                ));
            }
            (None, None) => {
                return Err(InvalidRequest::new(
                    "invalid request body: missing field `encryptedOtpBundle`",
                ));
            }
        };
        Ok(Self { id: value::id("otpId", &intent.otp_id)?, given, lifetime_seconds })
    }
}

impl Activity for VerifyOtp {
    const ROUTE: &'static str = "verify_otp";
    const VERSIONS: &'static [Version<Self>] = &[
        Version::of::<VerifyOtpIntent>(
            "ACTIVITY_TYPE_VERIFY_OTP_V2",
            "verifyOtpIntentV2",
            "verifyOtpResult",
        ),
        Version::of::<VerifyOtpIntent>(
            "ACTIVITY_TYPE_VERIFY_OTP",
            "verifyOtpIntent",
            "verifyOtpResult",
        ),
    ];
    type Intent = VerifyOtpIntent;
    type Output = VerifyOtpResult;
}

#[cfg(feature = "engine")]
impl Execute for VerifyOtp {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Otp, Action::Verify));

    fn rule(&self) -> Rule {
        Rule::LogIn
    }

    fn needs(&self) -> Needs {
        Needs::Otp(self.id)
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<VerifyOtpResult, RequestError> {
        let now = context.now;
        let facts = context.take_otp()?;
        let (code, public_key, encrypted) = match self.given {
            Given::Plain { code, public_key } => (code, public_key, false),
            Given::Encrypted(bundle) => match open(&bundle, &facts) {
                Ok(opened) => {
                    let key = opened.public_key.to_ascii_lowercase();
                    // The code leaves its wrapper to be compared.
                    (opened.otp_code().to_owned(), Some(key), true)
                }
                Err(refusal) => {
                    // Of a code that is good no more, not even that much is said.
                    if !facts.otp.value.is_open(now) {
                        return Err(RequestError::InvalidOtpCode);
                    }
                    context.kept.push(facts.stumble()?);
                    return Err(refusal);
                }
            },
        };
        let otp = &facts.otp.value;
        let kind = otp.kind.filter(|_| otp.logs_in.is_none());
        let (is_right, is_open) = (otp.accepts(&code, now), otp.is_open(now));
        let Some(kind) = kind.filter(|_| is_right) else {
            if is_open {
                context.kept.push(facts.miss()?);
            }
            return Err(RequestError::InvalidOtpCode);
        };
        let organization = context.organization().id;
        let contact = otp.contact.clone();
        context.changes.records.extend(facts.spend(self.id)?);
        let id = TokenId::generate(now, context.rng);
        let expires_at = now.plus_seconds(self.lifetime_seconds);
        let token_use = Record {
            key: TokenUse::key(id),
            revision: 0,
            value: TokenUse { organization: Some(organization), ..TokenUse::default() },
        };
        context.changes.records.push(token_use.write(Some(expires_at))?);
        let verified = Verified { id, kind, contact: &contact, expires_at };
        let keys = context.keys;
        let verification_token = match public_key {
            Some(key) if encrypted => {
                issue_current(&verified, organization, &key, &keys.otp_signer)
            }
            key => issue_legacy(&verified, key.as_deref(), &keys.legacy_otp_signer),
        }
        .map_err(RequestError::internal)?;
        Ok(VerifyOtpResult { verification_token })
    }
}

/// Opens an encrypted code. One that can't be opened is no guess.
#[cfg(feature = "engine")]
fn open(bundle: &str, facts: &OtpFacts) -> Result<OtpPlaintext, RequestError> {
    // Of a code that there is not, or that was not made to be encrypted, nothing more is said.
    let target = facts.otp.value.target_key().ok_or(RequestError::InvalidOtpCode)?;
    let unreadable = || InvalidRequest::new("invalid encryptedOtpBundle: it does not open");
    let message = ClientMessage::parse(bundle).map_err(|_| unreadable())?;
    let plaintext = message.open(&target).map_err(|_| unreadable())?;
    OtpPlaintext::parse(&plaintext).map_err(|_| unreadable().into())
}

#[cfg(test)]
mod tests {
    use keyward_crypto::P256PublicKey;
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::one_time::{ATTEMPTS, Otp, UNREADABLE_BUNDLES};
    use crate::engine::testing::World;
    use crate::engine::verification_token::{Generation, TokenKeys, VerificationToken};
    use crate::wire::enums::OtpType;
    use crate::wire::id::OrganizationId;

    const NEWER: &str = "ACTIVITY_TYPE_VERIFY_OTP_V2";
    const OLDER: &str = "ACTIVITY_TYPE_VERIFY_OTP";
    const WRONG: &str = "000000000";
    const REFUSED: &str = "Invalid OTP code";
    const UNREADABLE: &str = "invalid encryptedOtpBundle: it does not open";

    /// A parent organization that has sent a code, and what it answered.
    fn sent() -> (World, Value) {
        let mut world = World::new();
        world.allow_codes(world.parent());
        let sent = world.send_code(world.parent(), "a@example.com");
        assert_ne!(world.last_code(), WRONG);
        (world, sent)
    }

    /// The token, or the refusal's text.
    #[expect(clippy::needless_pass_by_value, reason = "tests write the value where it is passed")]
    fn verify(world: &mut World, sent: &Value, kind: &str, given: Value) -> Result<String, String> {
        let mut asked = given.clone();
        asked["otpId"] = sent["otpId"].clone();
        let result = world.submit(&world.root(), world.parent(), kind, asked);
        let result = result.map_err(|refusal| refusal.to_string())?;
        Ok(result["verificationToken"].as_str().unwrap().to_owned())
    }

    fn plain(world: &mut World, sent: &Value, code: &str) -> Result<String, String> {
        verify(world, sent, OLDER, json!({ "otpCode": code }))
    }

    fn sealed(world: &mut World, sent: &Value, bundle: &str) -> Result<String, String> {
        verify(world, sent, NEWER, json!({ "encryptedOtpBundle": bundle }))
    }

    fn kept(world: &World, organization: OrganizationId, sent: &Value) -> Otp {
        let id = sent["otpId"].as_str().unwrap().parse().unwrap();
        world.read_record(Otp::key(organization, id)).value
    }

    /// How many wrong codes and how many bundles that did not open there were.
    fn tries(world: &World, sent: &Value) -> (u8, u8) {
        let otp = kept(world, world.parent(), sent);
        (otp.wrong, otp.unreadable)
    }

    fn read(world: &World, token: &str) -> VerificationToken {
        let current = world.keys.otp_signer.public_key();
        let legacy = world.keys.legacy_otp_signer.public_key();
        let keys = TokenKeys { current: &current, legacy: &legacy };
        VerificationToken::verify(token, &keys, world.now).unwrap()
    }

    #[test]
    fn takes_a_code_as_people_type_it() {
        let (mut world, sent) = sent();
        let typed = world.last_code().replace('0', "o").replace('1', "l").to_ascii_lowercase();
        let token = plain(&mut world, &sent, &format!(" {typed}\n")).unwrap();
        let token = read(&world, &token);
        assert_eq!((token.kind, token.contact.as_str()), (OtpType::Email, "a@example.com"));
        assert_eq!(token.generation, Generation::Legacy);
        assert_eq!((token.organization, token.public_key), (None, None));
    }

    #[test]
    fn a_token_is_kept_account_of_and_lives_an_hour() {
        let (mut world, sent) = sent();
        let code = world.last_code();
        let token = plain(&mut world, &sent, &code).unwrap();
        assert_eq!(read(&world, &token).expires_at, world.now.plus_seconds(3600));
        let token_use = world.token_use(&token).value;
        assert_eq!(token_use.organization, Some(world.parent()));
        assert!(!(token_use.logged_in || token_use.signed_up || token_use.changed_contact));
        assert!(kept(&world, world.parent(), &sent).kind.is_none(), "the code is gone");
    }

    #[test]
    fn a_token_lives_a_day_at_most() {
        let (mut world, sent) = sent();
        let code = world.last_code();
        let mut given = json!({ "otpCode": code });
        for (lifetime, text) in [
            ("86401", "invalid expirationSeconds: must be at most 86400"),
            ("0", "invalid api key expiration"),
            ("soon", "invalid api key expiration"),
        ] {
            given["expirationSeconds"] = json!(lifetime);
            assert_eq!(verify(&mut world, &sent, OLDER, given.clone()), Err(text.to_owned()));
        }
        given["expirationSeconds"] = json!("86400");
        let token = verify(&mut world, &sent, OLDER, given).unwrap();
        assert_eq!(read(&world, &token).expires_at, world.now.plus_seconds(86_400));
    }

    #[test]
    fn two_wrong_codes_are_remembered_and_forgiven() {
        let (mut world, sent) = sent();
        let code = world.last_code();
        for wrong in 1..ATTEMPTS {
            assert_eq!(plain(&mut world, &sent, WRONG), Err(REFUSED.to_owned()));
            assert_eq!(tries(&world, &sent), (wrong, 0));
        }
        plain(&mut world, &sent, &code).unwrap();
    }

    #[test]
    fn the_third_wrong_code_locks_the_right_one() {
        let (mut world, sent) = sent();
        let code = world.last_code();
        for wrong in [WRONG, "", "not a code"] {
            assert_eq!(plain(&mut world, &sent, wrong), Err(REFUSED.to_owned()));
        }
        for _ in 0..2 {
            assert_eq!(plain(&mut world, &sent, &code), Err(REFUSED.to_owned()));
        }
        assert_eq!(tries(&world, &sent), (ATTEMPTS, 0));
        let refusal = RequestError::InvalidOtpCode.status().to_json();
        assert_eq!((&refusal["code"], &refusal["message"]), (&json!(3), &json!(REFUSED)));
    }

    #[test]
    fn wrong_codes_count_for_one_code_only() {
        let (mut world, first) = sent();
        let code = world.last_code();
        let second = world.send_code(world.parent(), "a@example.com");
        for _ in 0..3 {
            assert!(plain(&mut world, &second, &code).is_err());
        }
        plain(&mut world, &first, &code).unwrap();
    }

    #[test]
    fn why_a_code_is_refused_is_not_said() {
        let (mut world, sent) = sent();
        let (code, (_, key)) = (world.last_code(), world.client_key());
        let bundle = world.seal_code(&sent, &code, &key);
        let unknown = json!({ "otpId": world.parent() });
        let expired = world.now.plus_seconds(300);
        for given in [code.as_str(), WRONG] {
            assert_eq!(plain(&mut world, &unknown, given), Err(REFUSED.to_owned()));
        }
        for given in [bundle.as_str(), "{}"] {
            assert_eq!(sealed(&mut world, &unknown, given), Err(REFUSED.to_owned()));
        }
        let before = std::mem::replace(&mut world.now, expired);
        for given in [code.as_str(), WRONG] {
            assert_eq!(plain(&mut world, &sent, given), Err(REFUSED.to_owned()));
        }
        for given in [bundle.as_str(), "{}"] {
            assert_eq!(sealed(&mut world, &sent, given), Err(REFUSED.to_owned()), "expired");
        }
        assert_eq!(tries(&world, &sent), (0, 0), "there is nothing left to guess");
        world.now = before;
        plain(&mut world, &sent, &code).unwrap();
        assert_eq!(plain(&mut world, &sent, &code), Err(REFUSED.to_owned()), "spent");
        assert_eq!(sealed(&mut world, &sent, &bundle), Err(REFUSED.to_owned()), "spent");
    }

    #[test]
    fn another_organizations_code_is_unknown() {
        let (mut world, sent) = sent();
        let (sub, sub_root) = world.sub_organization();
        world.allow_codes(sub);
        let given = json!({ "otpId": sent["otpId"], "otpCode": world.last_code() });
        for caller in [&sub_root, &world.root()] {
            let refusal = world.submit(caller, sub, OLDER, given.clone()).unwrap_err();
            assert_eq!(refusal.to_string(), REFUSED);
        }
        assert_eq!(tries(&world, &sent), (0, 0));
    }

    #[test]
    fn a_code_that_logs_in_by_itself_is_not_exchanged_for_a_token() {
        let (mut world, sent) = sent();
        let (code, root) = (world.last_code(), world.root());
        let id: OtpId = sent["otpId"].as_str().unwrap().parse().unwrap();
        let (_, record) = world.records.get_mut(&(root.organization, id.0)).unwrap();
        record["logs_in"] = json!(root.user);
        assert_eq!(plain(&mut world, &sent, &code), Err(REFUSED.to_owned()));
        let (_, key) = world.client_key();
        let bundle = world.seal_code(&sent, &code, &key);
        assert_eq!(sealed(&mut world, &sent, &bundle), Err(REFUSED.to_owned()));
    }

    #[test]
    fn members_decide_and_not_the_name_of_the_version() {
        let (mut world, sent) = sent();
        let code = world.last_code();
        let token = verify(&mut world, &sent, NEWER, json!({ "otpCode": code })).unwrap();
        assert_eq!(read(&world, &token).generation, Generation::Legacy);
        let sent = world.send_code(world.parent(), "a@example.com");
        let (code, (_, key)) = (world.last_code(), world.client_key());
        let bundle = world.seal_code(&sent, &code, &key);
        let given = json!({ "encryptedOtpBundle": bundle });
        let token = verify(&mut world, &sent, OLDER, given).unwrap();
        assert_eq!(read(&world, &token).generation, Generation::Current);
    }

    #[test]
    fn refuses_what_cannot_be_a_code_before_looking_for_one() {
        let (mut world, sent) = sent();
        let code = world.last_code();
        for (given, text) in [
            (json!({}), "invalid request body: missing field `encryptedOtpBundle`"),
            (
                json!({ "otpCode": code, "encryptedOtpBundle": "{}" }),
                "otpCode and encryptedOtpBundle exclude each other",
            ),
            (json!({ "otpCode": "0".repeat(65) }), "invalid otpCode: too long"),
            (
                json!({ "encryptedOtpBundle": "0".repeat(2049) }),
                "invalid encryptedOtpBundle: too long",
            ),
        ] {
            for kind in [NEWER, OLDER] {
                assert_eq!(verify(&mut world, &sent, kind, given.clone()), Err(text.to_owned()));
            }
        }
        let off_curve = json!({ "otpCode": code, "publicKey": format!("02{}", "ff".repeat(32)) });
        assert!(verify(&mut world, &sent, OLDER, off_curve).is_err());
        let asked = json!({ "otpId": "first", "otpCode": code });
        let refusal = world.submit(&world.root(), world.parent(), OLDER, asked).unwrap_err();
        assert_eq!(refusal.to_string(), "invalid otpId: must be a UUID");
        assert_eq!(tries(&world, &sent), (0, 0));
    }

    #[test]
    fn a_plain_code_may_name_the_key_that_its_token_is_bound_to() {
        let (mut world, sent) = sent();
        let (code, (_, compressed)) = (world.last_code(), world.client_key());
        let key = P256PublicKey::from_sec1(&hex::decode(&compressed).unwrap()).unwrap();
        let given = json!({ "otpCode": code, "publicKey": hex::encode_upper(key.uncompressed()) });
        let token = verify(&mut world, &sent, OLDER, given).unwrap();
        let token = read(&world, &token);
        assert_eq!(token.public_key, Some(compressed));
        assert_eq!(token.generation, Generation::Legacy);
        assert_eq!(token.organization, None);
    }

    #[test]
    fn an_encrypted_code_binds_its_token_to_key_and_organization() {
        let (mut world, sent) = sent();
        let (code, (_, key)) = (world.last_code(), world.client_key());
        let typed = code.to_ascii_lowercase();
        let bundle = world.seal_code(&sent, &typed, &key.to_uppercase());
        let token = sealed(&mut world, &sent, &bundle).unwrap();
        let token = read(&world, &token);
        assert_eq!(token.generation, Generation::Current);
        assert_eq!(token.public_key, Some(key));
        assert_eq!(token.organization, Some(world.parent()));
        assert_eq!(token.expires_at, world.now.plus_seconds(3600));
    }

    #[test]
    fn a_wrong_encrypted_code_counts() {
        let (mut world, sent) = sent();
        let (code, (_, key)) = (world.last_code(), world.client_key());
        let wrong = world.seal_code(&sent, WRONG, &key);
        for count in 1..=ATTEMPTS {
            assert_eq!(sealed(&mut world, &sent, &wrong), Err(REFUSED.to_owned()));
            assert_eq!(tries(&world, &sent), (count, 0));
        }
        let bundle = world.seal_code(&sent, &code, &key);
        assert_eq!(sealed(&mut world, &sent, &bundle), Err(REFUSED.to_owned()));
    }

    #[test]
    fn a_bundle_that_does_not_open_is_no_guess() {
        let (mut world, sent) = sent();
        let (code, (_, key)) = (world.last_code(), world.client_key());
        let other = world.send_code(world.parent(), "b@example.com");
        let for_another = world.seal_code(&other, &code, &key);
        let not_a_code = world.seal_code(&sent, "not a code", &key);
        let not_a_key = world.seal_code(&sent, &code, "02");
        let bad = ["", "{}", &for_another, &not_a_code, &not_a_key];
        for bundle in bad {
            assert_eq!(sealed(&mut world, &sent, bundle), Err(UNREADABLE.to_owned()), "{bundle}");
        }
        assert_eq!(tries(&world, &sent), (0, 5));
        let bundle = world.seal_code(&sent, &code, &key);
        sealed(&mut world, &sent, &bundle).unwrap();
    }

    #[test]
    fn the_twentieth_bundle_that_does_not_open_is_the_last() {
        let (mut world, sent) = sent();
        let (code, (_, key)) = (world.last_code(), world.client_key());
        for _ in 0..UNREADABLE_BUNDLES {
            assert_eq!(sealed(&mut world, &sent, "{}"), Err(UNREADABLE.to_owned()));
        }
        assert_eq!(sealed(&mut world, &sent, "{}"), Err(REFUSED.to_owned()));
        let bundle = world.seal_code(&sent, &code, &key);
        assert_eq!(sealed(&mut world, &sent, &bundle), Err(REFUSED.to_owned()));
        assert_eq!(plain(&mut world, &sent, &code), Err(REFUSED.to_owned()));
        assert_eq!(tries(&world, &sent), (0, UNREADABLE_BUNDLES));
    }

    #[test]
    fn a_code_that_was_sent_to_be_typed_takes_no_bundle() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        world.allow_codes(parent);
        let asked = json!({
            "otpType": "OTP_TYPE_SMS", "contact": "+15551234567", "appName": "App",
        });
        let sent = world.submit(&root, parent, "ACTIVITY_TYPE_INIT_OTP_V2", asked).unwrap();
        assert_eq!(sealed(&mut world, &sent, "{}"), Err(REFUSED.to_owned()));
        let code = world.last_code();
        let token = plain(&mut world, &sent, &code).unwrap();
        assert_eq!(read(&world, &token).kind, OtpType::Sms);
    }

    #[test]
    fn whoever_may_not_log_users_in_does_not_get_to_guess() {
        let (mut world, sent) = sent();
        let parent = world.parent();
        let user = world.user(parent);
        let given = json!({ "otpId": sent["otpId"], "otpCode": WRONG });
        for _ in 0..3 {
            let refusal = world.submit(&user, parent, OLDER, given.clone()).unwrap_err();
            assert!(matches!(refusal, RequestError::PermissionDenied), "{refusal}");
        }
        assert_eq!(tries(&world, &sent), (0, 0));
    }
}
