//! `X-Stamp-Webauthn`: a request signed with a passkey.

use std::fmt;

use keyward_crypto::{EcdsaSignature, sha256};
use serde::Deserialize;

use super::StampError;
use super::cose::{CoseError, CredentialPublicKey};
use super::encode_base64url;
use super::encoding::{decode_base64, parse_object, unwrap_json};

/// As it travels. It is `clientDataJson` here and not the `clientDataJSON` of WebAuthn.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WebAuthnStampJson {
    authenticator_data: String,
    client_data_json: String,
    credential_id: String,
    signature: String,
}

/// A WebAuthn assertion, read and not yet verified.
#[derive(Clone)]
pub struct WebAuthnStamp {
    /// What the credential is looked up by: base64url without padding, however it came.
    pub credential_id: String,
    /// The whole stamp as JSON text, exactly as it came. Recorded with a vote.
    pub json: String,
    authenticator_data: Vec<u8>,
    client_data_json: Vec<u8>,
    signature: Vec<u8>,
}

impl WebAuthnStamp {
    /// The scheme a vote is recorded with.
    pub const VOTE_SCHEME: &'static str = "SIGNATURE_SCHEME_TK_WEBAUTHN";

    /// Reads the value of the header, which is JSON or base64url of it.
    ///
    /// # Errors
    ///
    /// [`StampError::WebAuthnStampUnreadable`].
    pub fn parse(value: &[u8]) -> Result<Self, StampError> {
        Self::read(value).ok_or(StampError::WebAuthnStampUnreadable)
    }

    fn read(value: &[u8]) -> Option<Self> {
        let json = unwrap_json(value)?;
        let travels: WebAuthnStampJson = parse_object(json.as_bytes())?;
        Some(Self {
            credential_id: encode_base64url(&decode_base64(travels.credential_id)?),
            authenticator_data: decode_base64(travels.authenticator_data)?,
            client_data_json: decode_base64(travels.client_data_json)?,
            signature: decode_base64(travels.signature)?,
            json,
        })
    }

    /// How often the authenticator says it signed; always 0 with passkeys that are synchronized.
    /// `None` when the authenticator data is too short to say. Worth keeping, not worth a check.
    pub fn sign_count(&self) -> Option<u32> {
        AuthenticatorData::split(&self.authenticator_data).map(|data| data.sign_count)
    }

    /// Checks the assertion over `body`, the exact bytes of the request.
    ///
    /// `allowed_origins` are compared exactly, a slash at the end aside; `None` and the entry `*`
    /// allow any.
    ///
    /// # Errors
    ///
    /// [`StampError::WebAuthnRefused`] with the first check that failed.
    ///
    /// Source: WebAuthn §7.2, of which user verification and the counter are left out.
    pub fn verify(
        &self,
        body: &[u8],
        key: &WebAuthnKey,
        allowed_origins: Option<&[String]>,
    ) -> Result<(), StampError> {
        self.check(body, key, allowed_origins).map_err(StampError::WebAuthnRefused)
    }

    fn check(
        &self,
        body: &[u8],
        key: &WebAuthnKey,
        allowed_origins: Option<&[String]>,
    ) -> Result<(), WebAuthnRefusal> {
        let client_data = ClientData::parse(&self.client_data_json)
            .ok_or(WebAuthnRefusal::ClientDataUnreadable)?;
        if client_data.kind != "webauthn.get" {
            return Err(WebAuthnRefusal::WrongType);
        }
        let expected = hex::encode(sha256(body)).into_bytes();
        if decode_base64(&client_data.challenge) != Some(expected) {
            return Err(WebAuthnRefusal::WrongChallenge);
        }
        if !is_allowed(&client_data.origin, allowed_origins) {
            return Err(WebAuthnRefusal::OriginNotAllowed);
        }
        let data = AuthenticatorData::split(&self.authenticator_data)
            .ok_or(WebAuthnRefusal::AuthenticatorDataTooShort)?;
        if key.rp_id_hash.is_some_and(|registered| registered != *data.rp_id_hash) {
            return Err(WebAuthnRefusal::WrongRelyingParty);
        }
        if !data.has(USER_PRESENT) {
            return Err(WebAuthnRefusal::UserNotPresent);
        }
        let signed = [self.authenticator_data.as_slice(), &sha256(&self.client_data_json)].concat();
        if key.verify(&signed, &self.signature) {
            Ok(())
        } else {
            Err(WebAuthnRefusal::SignatureMismatch)
        }
    }
}

impl fmt::Debug for WebAuthnStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebAuthnStamp")
            .field("credential_id", &self.credential_id)
            .finish_non_exhaustive()
    }
}

/// Which check of an assertion failed. For logs; all look the same on the wire.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WebAuthnRefusal {
    /// `clientDataJSON` is not a JSON object with `type`, `challenge` and `origin`.
    #[error("client data is not readable")]
    ClientDataUnreadable,
    /// `type` is not `webauthn.get`.
    #[error("client data is of another type")]
    WrongType,
    /// The challenge is not that of this body.
    #[error("challenge is not that of the body")]
    WrongChallenge,
    /// The organization does not allow the origin.
    #[error("origin is not allowed")]
    OriginNotAllowed,
    /// Fewer than 37 bytes.
    #[error("authenticator data is too short")]
    AuthenticatorDataTooShort,
    /// Made for another RP ID than the credential was registered for.
    #[error("RP ID is not the registered one")]
    WrongRelyingParty,
    /// Nobody touched the authenticator.
    #[error("user was not present")]
    UserNotPresent,
    /// The signature is not the credential's, or not readable.
    #[error("signature does not verify")]
    SignatureMismatch,
}

/// A registered passkey, ready to verify with.
#[derive(Clone)]
pub struct WebAuthnKey {
    key: CredentialPublicKey,
    rp_id_hash: Option<[u8; 32]>,
}

impl WebAuthnKey {
    /// From the `COSE_Key` and the SHA-256 of the RP ID kept at registration; `None` when that is
    /// not known, and then it is not checked.
    pub fn from_cose(cose: &[u8], rp_id_hash: Option<[u8; 32]>) -> Result<Self, CoseError> {
        CredentialPublicKey::from_cose(cose).map(|key| Self { key, rp_id_hash })
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.key {
            CredentialPublicKey::Es256(key) => EcdsaSignature::from_der_lenient(signature)
                .is_ok_and(|signature| key.verify(message, &signature)),
            CredentialPublicKey::Rs256(key) => key.verify_pkcs1_sha256(message, signature),
        }
    }
}

/// What is read of `clientDataJSON`. Source: WebAuthn §5.8.1.
#[derive(Deserialize)]
pub(super) struct ClientData {
    /// `webauthn.get` or `webauthn.create`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// Base64url.
    pub(super) challenge: String,
    /// As the browser or phone writes it.
    pub(super) origin: String,
}

impl ClientData {
    pub(super) fn parse(json: &[u8]) -> Option<Self> {
        // WebAuthn §7.1 step 5 decodes as the UTF-8 decode algorithm does, which drops this mark.
        parse_object(json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json))
    }
}

/// Whether `origin` is one of those allowed.
pub(super) fn is_allowed(origin: &str, allowed: Option<&[String]>) -> bool {
    fn bare(origin: &str) -> &str {
        origin.strip_suffix('/').unwrap_or(origin)
    }
    allowed.is_none_or(|allowed| {
        allowed.iter().any(|allowed| allowed == "*" || bare(allowed) == bare(origin))
    })
}

pub(super) const USER_PRESENT: u8 = 1;
pub(super) const ATTESTED_CREDENTIAL: u8 = 1 << 6;
pub(super) const EXTENSIONS: u8 = 1 << 7;

/// Authenticator data, the fixed part split off. Source: WebAuthn §6.1.
pub(super) struct AuthenticatorData<'a> {
    pub(super) rp_id_hash: &'a [u8; 32],
    flags: u8,
    pub(super) sign_count: u32,
    /// Attested credential data and extensions, as the flags say.
    pub(super) rest: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    /// `None` below 37 bytes.
    pub(super) fn split(bytes: &'a [u8]) -> Option<Self> {
        let (rp_id_hash, bytes) = bytes.split_first_chunk()?;
        let (flags, bytes) = bytes.split_first()?;
        let (sign_count, rest) = bytes.split_first_chunk()?;
        let sign_count = u32::from_be_bytes(*sign_count);
        Some(Self { rp_id_hash, flags: *flags, sign_count, rest })
    }

    pub(super) const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use keyward_crypto::SeededRng;
    use proptest::prelude::*;

    use super::*;
    use crate::stamp::SoftwareAuthenticator;

    const ORIGIN: &str = "https://app.example.com";

    static AUTHENTICATORS: LazyLock<[SoftwareAuthenticator; 2]> = LazyLock::new(|| {
        let mut rng = SeededRng::from_seed([4; 32]);
        [
            SoftwareAuthenticator::generate(&mut rng, "example.com", ORIGIN),
            SoftwareAuthenticator::generate_rs256(&mut rng, "example.com", ORIGIN),
        ]
    });

    fn refused(why: WebAuthnRefusal) -> Result<(), StampError> {
        Err(StampError::WebAuthnRefused(why))
    }

    fn stamp(authenticator: &SoftwareAuthenticator, body: &[u8]) -> WebAuthnStamp {
        WebAuthnStamp::parse(authenticator.stamp(body).as_bytes()).unwrap()
    }

    #[test]
    fn origins_are_exact_but_for_a_slash_at_the_end() {
        let origins =
            |list: &[&str]| list.iter().map(|&origin| origin.to_owned()).collect::<Vec<_>>();
        for allowed in
            [&[ORIGIN][..], &["https://app.example.com/"], &["https://a.test", ORIGIN], &["*"]]
        {
            assert!(is_allowed(ORIGIN, Some(&origins(allowed))), "{allowed:?}");
        }
        for allowed in [
            &[][..],
            &[""],
            &["https://example.com"],
            &["https://app.example.com:8443"],
            &["http://app.example.com"],
            &["https://APP.example.com"],
            &["https://*.example.com"],
        ] {
            assert!(!is_allowed(ORIGIN, Some(&origins(allowed))), "{allowed:?}");
        }
        assert!(is_allowed("android:apk-key-hash:abc", None));
    }

    #[test]
    fn every_check_has_its_refusal() {
        use WebAuthnRefusal as R;
        let authenticator = &AUTHENTICATORS[0];
        let key = authenticator.key();
        let good = stamp(authenticator, b"{}");
        let origins = [ORIGIN.to_owned()];
        let judge = |stamp: &WebAuthnStamp| stamp.verify(b"{}", &key, Some(&origins));
        assert_eq!(judge(&good), Ok(()));

        let client = |from: &str, to: &str| {
            let text = String::from_utf8(good.client_data_json.clone()).unwrap();
            assert!(text.contains(from), "{text}");
            WebAuthnStamp { client_data_json: text.replace(from, to).into_bytes(), ..good.clone() }
        };
        assert_eq!(judge(&client("webauthn.get", "webauthn.create")), refused(R::WrongType));
        assert_eq!(judge(&client("\"type\"", "\"kind\"")), refused(R::ClientDataUnreadable));
        assert_eq!(judge(&client(ORIGIN, "https://evil.test")), refused(R::OriginNotAllowed));
        assert_eq!(judge(&client("false", "true")), refused(R::SignatureMismatch));
        assert_eq!(good.verify(b"{ }", &key, Some(&origins)), refused(R::WrongChallenge));

        let data = |change: fn(&mut Vec<u8>)| {
            let mut changed = good.clone();
            change(&mut changed.authenticator_data);
            changed
        };
        assert_eq!(judge(&data(|d| d.truncate(36))), refused(R::AuthenticatorDataTooShort));
        assert_eq!(data(|d| d.truncate(36)).sign_count(), None);
        assert_eq!(judge(&data(|d| d[0] ^= 1)), refused(R::WrongRelyingParty));
        assert_eq!(judge(&data(|d| d[32] = 4)), refused(R::UserNotPresent));
        assert_eq!(judge(&data(|d| d[36] = 9)), refused(R::SignatureMismatch));
        assert_eq!(data(|d| d[36] = 9).sign_count(), Some(9));

        let another = stamp(&AUTHENTICATORS[1], b"{}");
        assert_eq!(judge(&another), refused(R::SignatureMismatch));
    }

    #[test]
    fn an_unknown_relying_party_is_not_checked() {
        let authenticator = &AUTHENTICATORS[0];
        let key = WebAuthnKey::from_cose(&authenticator.cose_key(), None).unwrap();
        assert_eq!(stamp(authenticator, b"{}").verify(b"{}", &key, None), Ok(()));
    }

    #[test]
    fn client_data_is_an_object_with_each_member_once() {
        let good = r#"{"type":"a","challenge":"b","origin":"c","x":[1]}"#;
        assert!(ClientData::parse(good.as_bytes()).is_some());
        assert!(ClientData::parse(format!("\u{feff}{good}").as_bytes()).is_some());
        for bad in [
            r#"["a","b","c"]"#,
            r#"{"type":"a","type":"a","challenge":"b","origin":"c"}"#,
            r#"{"type":"a","challenge":"b"}"#,
            r#"{"type":"a","challenge":"b","origin":null}"#,
        ] {
            assert!(ClientData::parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn refuses_a_header_that_is_not_ascii() {
        let value = r#"{"authenticatorData":"","clientDataJson":"","credentialId":"","signature":"","ö":0}"#;
        assert!(WebAuthnStamp::parse(value.replace('ö', "o").as_bytes()).is_ok());
        assert_eq!(
            WebAuthnStamp::parse(value.as_bytes()).err(),
            Some(StampError::WebAuthnStampUnreadable)
        );
    }

    fn flip(bytes: &mut [u8], at: prop::sample::Index) {
        let bit = at.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
    }

    proptest! {
        #[test]
        fn a_made_stamp_verifies_and_one_flipped_bit_is_refused(
            body in prop::collection::vec(any::<u8>(), 1..300),
            at in any::<prop::sample::Index>(),
        ) {
            for authenticator in AUTHENTICATORS.iter() {
                let key = authenticator.key();
                let good = stamp(authenticator, &body);
                prop_assert_eq!(good.verify(&body, &key, None), Ok(()));

                let mut flipped = body.clone();
                flip(&mut flipped, at);
                prop_assert_eq!(
                    good.verify(&flipped, &key, None),
                    refused(WebAuthnRefusal::WrongChallenge)
                );
                for part in 0..3 {
                    let mut damaged = good.clone();
                    flip(
                        match part {
                            0 => &mut damaged.authenticator_data,
                            1 => &mut damaged.client_data_json,
                            _ => &mut damaged.signature,
                        },
                        at,
                    );
                    prop_assert!(damaged.verify(&body, &key, None).is_err(), "part {part}");
                }
            }
        }
    }
}
