//! Registering a passkey: what is believed of an attestation.
//!
//! Attestation statements are accepted in any format and not verified: what a passkey is made of
//! does not matter here, only that it can sign.

use ciborium::Value;

use super::cose::{CoseError, CredentialPublicKey, split_first_item};
use super::encode_base64url;
use super::encoding::decode_base64;
use super::webauthn::{ATTESTED_CREDENTIAL, AuthenticatorData, ClientData, EXTENSIONS, is_allowed};
use crate::wire::enums::AuthenticatorTransport;
use crate::wire::{InvalidRequest, TurnkeyErrorCode};

/// Most characters of a credential id or challenge.
pub const MAXIMUM_LENGTH: usize = 256;

/// A new authenticator as it travels. Base64 of either alphabet, with or without padding.
#[derive(Clone, Copy)]
pub struct Registration<'a> {
    /// What the browser calls `id`.
    pub credential_id: &'a str,
    /// `clientDataJSON`.
    pub client_data_json: &'a str,
    /// `attestationObject`.
    pub attestation_object: &'a str,
    /// The challenge the client says it gave to the authenticator.
    pub challenge: &'a str,
    /// How a browser reaches the authenticator; kept as they are.
    pub transports: &'a [AuthenticatorTransport],
}

/// A passkey that may be stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RegisteredCredential {
    /// Base64url without padding.
    pub credential_id: String,
    /// The public key as `COSE_Key`, exactly as the authenticator wrote it.
    pub cose_key: Vec<u8>,
    /// SHA-256 of the RP ID it was made for.
    pub rp_id_hash: [u8; 32],
    /// The model of the authenticator; zeros when it does not say.
    pub aaguid: [u8; 16],
    /// The attestation format, such as `none` or `packed`.
    pub attestation_type: String,
    /// The signature counter; 0 when the authenticator has none.
    pub sign_count: u32,
    /// As the client sent them.
    pub transports: Vec<AuthenticatorTransport>,
}

impl Registration<'_> {
    /// Checks the attestation. `allowed_origins` as in [`WebAuthnStamp::verify`].
    ///
    /// The challenge is the client's own, so this only finds parts that do not belong together; it
    /// does not show that the registration is recent.
    ///
    /// # Errors
    ///
    /// [`RegistrationError`], by what is missing or wrong.
    ///
    /// Source: WebAuthn §7.1, as far as a server can follow it that gave no challenge.
    ///
    /// [`WebAuthnStamp::verify`]: super::WebAuthnStamp::verify
    pub fn parse(
        &self,
        allowed_origins: Option<&[String]>,
    ) -> Result<RegisteredCredential, RegistrationError> {
        use RegistrationRefusal as R;

        if [self.credential_id, self.client_data_json, self.attestation_object].contains(&"") {
            return Err(RegistrationError::AttestationMissing);
        }
        if [self.credential_id, self.challenge]
            .iter()
            .any(|text| text.chars().count() > MAXIMUM_LENGTH)
        {
            return Err(R::TooLong.into());
        }
        let credential_id = decode_base64(self.credential_id)
            .filter(|id| !id.is_empty())
            .ok_or(R::CredentialIdUnreadable)?;
        let client_data = decode_base64(self.client_data_json)
            .and_then(|json| ClientData::parse(&json))
            .ok_or(R::ClientDataUnreadable)?;
        if client_data.kind != "webauthn.create" {
            return Err(R::WrongType.into());
        }
        if !same_challenge(&client_data.challenge, self.challenge) {
            return Err(R::WrongChallenge.into());
        }
        if !is_allowed(&client_data.origin, allowed_origins) {
            return Err(R::OriginNotAllowed.into());
        }
        let object = decode_base64(self.attestation_object)
            .and_then(|cbor| AttestationObject::parse(&cbor))
            .ok_or(R::AttestationObjectUnreadable)?;
        let bytes = object.authenticator_data.ok_or(RegistrationError::AuthenticatorDataMissing)?;
        let data = AuthenticatorData::split(&bytes).ok_or(R::AuthenticatorDataUnreadable)?;
        if !data.has(ATTESTED_CREDENTIAL) {
            return Err(R::NoCredential.into());
        }
        let credential = AttestedCredential::parse(data.rest, data.has(EXTENSIONS))
            .ok_or(R::AuthenticatorDataUnreadable)?;
        if credential.id != credential_id {
            return Err(R::CredentialIdDiffers.into());
        }
        CredentialPublicKey::from_cose(credential.cose_key).map_err(R::Key)?;
        Ok(RegisteredCredential {
            credential_id: encode_base64url(&credential_id),
            cose_key: credential.cose_key.to_vec(),
            rp_id_hash: *data.rp_id_hash,
            aaguid: *credential.aaguid,
            attestation_type: object.format,
            sign_count: data.sign_count,
            transports: self.transports.to_vec(),
        })
    }
}

/// Why an authenticator is not registered. Travels as HTTP 400, gRPC code 3.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// A part of the attestation is empty.
    #[error("missing parameter: user authenticator attestation")]
    AttestationMissing,
    /// The attestation object is without authenticator data.
    #[error("missing parameter: user authenticator attestation auth data")]
    AuthenticatorDataMissing,
    /// A check failed.
    #[error("invalid authenticator attestation")]
    AttestationInvalid(#[from] RegistrationRefusal),
}

impl RegistrationError {
    /// The finer name it travels under.
    pub const fn name(&self) -> TurnkeyErrorCode {
        TurnkeyErrorCode::RequestInvalid
    }
}

impl From<RegistrationError> for InvalidRequest {
    fn from(error: RegistrationError) -> Self {
        Self::named(error.name(), error.to_string())
    }
}

/// Which check of an attestation failed. For logs; all look the same on the wire.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationRefusal {
    /// The credential id or challenge has more than 256 characters.
    #[error("credential id or challenge is too long")]
    TooLong,
    /// The credential id is not base64.
    #[error("credential id is not readable")]
    CredentialIdUnreadable,
    /// `clientDataJSON` is not a JSON object with `type`, `challenge` and `origin`.
    #[error("client data is not readable")]
    ClientDataUnreadable,
    /// `type` is not `webauthn.create`.
    #[error("client data is of another type")]
    WrongType,
    /// The challenge in the client data is another one.
    #[error("challenge is another one")]
    WrongChallenge,
    /// The organization does not allow the origin.
    #[error("origin is not allowed")]
    OriginNotAllowed,
    /// Not one CBOR map with `fmt`, `attStmt` and `authData`.
    #[error("attestation object is not readable")]
    AttestationObjectUnreadable,
    /// Too short, too long, or not what its flags say.
    #[error("authenticator data is not readable")]
    AuthenticatorDataUnreadable,
    /// The flags say that there is no new credential.
    #[error("authenticator data has no credential")]
    NoCredential,
    /// The credential inside has another id.
    #[error("credential id is not the attested one")]
    CredentialIdDiffers,
    /// The public key is not one that is supported.
    #[error("public key is not acceptable")]
    Key(#[source] CoseError),
}

/// The same bytes as base64url, or else the same text: some phones pass a challenge through that is
/// not base64url.
fn same_challenge(signed: &str, claimed: &str) -> bool {
    signed == claimed
        || decode_base64(signed).is_some_and(|bytes| decode_base64(claimed) == Some(bytes))
}

/// Source: WebAuthn §6.5.4.
struct AttestationObject {
    format: String,
    /// `None` when it is absent or empty.
    authenticator_data: Option<Vec<u8>>,
}

impl AttestationObject {
    fn parse(cbor: &[u8]) -> Option<Self> {
        let (Value::Map(members), []) = split_first_item(cbor)? else { return None };
        let mut object = Self { format: String::new(), authenticator_data: None };
        let mut seen = Vec::new();
        for (name, value) in members {
            let name = name.into_text().ok()?;
            match (name.as_str(), value) {
                ("fmt", Value::Text(format)) => object.format = format,
                ("authData", Value::Bytes(bytes)) => {
                    object.authenticator_data = Some(bytes).filter(|bytes| !bytes.is_empty());
                }
                ("attStmt", Value::Map(_)) => {}
                ("fmt" | "authData" | "attStmt", _) => return None,
                _ => continue,
            }
            if seen.contains(&name) {
                return None;
            }
            seen.push(name);
        }
        ["fmt", "attStmt"].iter().all(|name| seen.iter().any(|seen| seen == name)).then_some(object)
    }
}

/// Source: WebAuthn §6.5.1.
struct AttestedCredential<'a> {
    aaguid: &'a [u8; 16],
    id: &'a [u8],
    cose_key: &'a [u8],
}

impl<'a> AttestedCredential<'a> {
    /// Reads it to the end, with the extensions behind it when there are some.
    fn parse(bytes: &'a [u8], has_extensions: bool) -> Option<Self> {
        let (aaguid, bytes) = bytes.split_first_chunk()?;
        let (length, bytes) = bytes.split_first_chunk()?;
        let (id, bytes) = bytes.split_at_checked(u16::from_be_bytes(*length).into())?;
        let (_, rest) = split_first_item(bytes)?;
        let cose_key = bytes.strip_suffix(rest)?;
        let rest = if has_extensions {
            let (Value::Map(_), rest) = split_first_item(rest)? else { return None };
            rest
        } else {
            rest
        };
        rest.is_empty().then_some(Self { aaguid, id, cose_key })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use keyward_crypto::SeededRng;
    use proptest::prelude::*;

    use super::*;
    use crate::stamp::{Attestation, SoftwareAuthenticator, WebAuthnKey, WebAuthnStamp};

    const ORIGIN: &str = "https://app.example.com";
    const CHALLENGE: &str = "AAECAwQFBgcICQoLDA0ODw";

    static AUTHENTICATORS: LazyLock<[SoftwareAuthenticator; 2]> = LazyLock::new(|| {
        let mut rng = SeededRng::from_seed([8; 32]);
        [
            SoftwareAuthenticator::generate(&mut rng, "example.com", ORIGIN),
            SoftwareAuthenticator::generate_rs256(&mut rng, "example.com", ORIGIN),
        ]
    });

    fn attestation() -> Attestation {
        AUTHENTICATORS[0].register(CHALLENGE)
    }

    fn travels(attestation: &Attestation) -> Registration<'_> {
        Registration {
            credential_id: &attestation.credential_id,
            client_data_json: &attestation.client_data_json,
            attestation_object: &attestation.attestation_object,
            challenge: CHALLENGE,
            transports: &attestation.transports,
        }
    }

    fn refusal(attestation: &Attestation) -> RegistrationRefusal {
        match travels(attestation).parse(Some(&[ORIGIN.to_owned()])) {
            Err(RegistrationError::AttestationInvalid(refusal)) => refusal,
            other => panic!("{other:?}"),
        }
    }

    /// The attestation with another object around other authenticator data.
    fn rebuilt(change: impl Fn(&mut Vec<u8>)) -> Attestation {
        let mut attestation = attestation();
        let object = decode_base64(&attestation.attestation_object).unwrap();
        let mut data = AttestationObject::parse(&object).unwrap().authenticator_data.unwrap();
        change(&mut data);
        attestation.attestation_object = object_of(&[
            ("fmt", Value::from("none")),
            ("attStmt", Value::Map(Vec::new())),
            ("authData", Value::Bytes(data)),
        ]);
        attestation
    }

    fn object_of(members: &[(&str, Value)]) -> String {
        let map = members.iter().map(|(name, value)| (Value::from(*name), value.clone())).collect();
        let mut cbor = Vec::new();
        ciborium::into_writer(&Value::Map(map), &mut cbor).unwrap();
        encode_base64url(&cbor)
    }

    #[test]
    fn what_is_registered_verifies_stamps() {
        for authenticator in AUTHENTICATORS.iter() {
            let attestation = authenticator.register(CHALLENGE);
            let registered = travels(&attestation).parse(Some(&[ORIGIN.to_owned()])).unwrap();
            assert_eq!(registered.credential_id, authenticator.credential_id());
            assert_eq!(registered.cose_key, authenticator.cose_key());
            assert_eq!(registered.rp_id_hash, keyward_crypto::sha256(b"example.com"));
            assert_eq!(registered.aaguid, [0; 16]);
            assert_eq!(registered.attestation_type, "none");
            assert_eq!(registered.sign_count, 0);
            assert_eq!(registered.transports, [AuthenticatorTransport::Internal]);

            let key =
                WebAuthnKey::from_cose(&registered.cose_key, Some(registered.rp_id_hash)).unwrap();
            let stamp = WebAuthnStamp::parse(authenticator.stamp(b"{}").as_bytes()).unwrap();
            assert_eq!(stamp.credential_id, registered.credential_id);
            assert_eq!(stamp.verify(b"{}", &key, None), Ok(()));
        }
    }

    #[test]
    fn challenges_are_compared_as_bytes_or_else_as_text() {
        for (signed, claimed) in [
            (CHALLENGE, "AAECAwQFBgcICQoLDA0ODw=="),
            ("-_8", "+/8="),
            ("not base64!", "not base64!"),
            ("5f7d0c", "5f7d0c"),
        ] {
            assert!(same_challenge(signed, claimed), "{signed} {claimed}");
        }
        for (signed, claimed) in
            [(CHALLENGE, "AAECAwQFBgcICQoLDA0OEA"), ("a!", "b!"), ("", CHALLENGE)]
        {
            assert!(!same_challenge(signed, claimed), "{signed} {claimed}");
        }
    }

    #[test]
    fn an_empty_part_is_a_missing_parameter() {
        for empty in 0..3 {
            let mut attestation = attestation();
            match empty {
                0 => attestation.credential_id.clear(),
                1 => attestation.client_data_json.clear(),
                _ => attestation.attestation_object.clear(),
            }
            let error = travels(&attestation).parse(None).unwrap_err();
            assert_eq!(error, RegistrationError::AttestationMissing);
        }
    }

    #[test]
    fn authenticator_data_that_is_absent_or_empty_is_a_missing_parameter() {
        let members = [("fmt", Value::from("none")), ("attStmt", Value::Map(Vec::new()))];
        let mut absent = attestation();
        absent.attestation_object = object_of(&members);
        for attestation in [absent, rebuilt(Vec::clear)] {
            let error = travels(&attestation).parse(None).unwrap_err();
            assert_eq!(error, RegistrationError::AuthenticatorDataMissing);
        }
    }

    #[test]
    fn every_check_of_the_client_data_has_its_refusal() {
        use RegistrationRefusal as R;
        for (from, to, expected) in [
            ("webauthn.create", "webauthn.get", R::WrongType),
            (CHALLENGE, "AAAA", R::WrongChallenge),
            (ORIGIN, "https://evil.test", R::OriginNotAllowed),
            ("\"origin\"", "\"place\"", R::ClientDataUnreadable),
        ] {
            let mut attestation = attestation();
            let json = decode_base64(&attestation.client_data_json).unwrap();
            let json = String::from_utf8(json).unwrap().replace(from, to);
            attestation.client_data_json = encode_base64url(json.as_bytes());
            assert_eq!(refusal(&attestation), expected);
        }
    }

    #[test]
    fn every_check_of_the_credential_has_its_refusal() {
        use RegistrationRefusal as R;
        let mut other_id = attestation();
        other_id.credential_id = "AAAA".to_owned();
        assert_eq!(refusal(&other_id), R::CredentialIdDiffers);
        other_id.credential_id = "A".repeat(257);
        assert_eq!(refusal(&other_id), R::TooLong);
        other_id.credential_id = "no base64".to_owned();
        assert_eq!(refusal(&other_id), R::CredentialIdUnreadable);

        assert_eq!(refusal(&rebuilt(|data| data[32] &= !ATTESTED_CREDENTIAL)), R::NoCredential);
        for broken in [
            rebuilt(|data| data.truncate(36)),
            rebuilt(|data| data.truncate(60)),
            rebuilt(|data| data.truncate(100)),
            rebuilt(|data| data.push(0)),
            rebuilt(|data| data[32] |= EXTENSIONS),
            rebuilt(|data| {
                data[32] |= EXTENSIONS;
                data.push(0x80); // an array
            }),
        ] {
            assert_eq!(refusal(&broken), R::AuthenticatorDataUnreadable);
        }

        // The algorithm stands after 32 + 1 + 4 + 16 + 2 + 32 bytes and the label 3: -7 is 0x26.
        let eddsa = rebuilt(|data| {
            let at = data.windows(2).skip(87).position(|pair| pair == [3, 0x26]).unwrap() + 87;
            data[at + 1] = 0x27;
        });
        assert_eq!(refusal(&eddsa), R::Key(CoseError::UnsupportedAlgorithm(-8)));
    }

    #[test]
    fn extensions_may_follow_the_credential() {
        let attestation = rebuilt(|data| {
            data[32] |= EXTENSIONS;
            data.extend([0xa1, 0x61, b'x', 0xf5]);
        });
        let registered = travels(&attestation).parse(None).unwrap();
        assert_eq!(registered.cose_key, AUTHENTICATORS[0].cose_key());
    }

    #[test]
    fn any_attestation_statement_is_accepted_in_any_order() {
        let object = decode_base64(attestation().attestation_object).unwrap();
        let data = AttestationObject::parse(&object).unwrap().authenticator_data.unwrap();
        let statement = Value::Map(vec![(Value::from("sig"), Value::Bytes(vec![1, 2, 3]))]);
        let mut packed = attestation();
        packed.attestation_object = object_of(&[
            ("authData", Value::Bytes(data)),
            ("attStmt", statement),
            ("fmt", Value::from("packed")),
        ]);
        assert_eq!(travels(&packed).parse(None).unwrap().attestation_type, "packed");
    }

    #[test]
    fn refuses_an_object_that_is_not_one_map_with_its_members_once() {
        let (fmt, statement) = (("fmt", Value::from("none")), ("attStmt", Value::Map(Vec::new())));
        let data = ("authData", Value::Bytes(vec![0; 37]));
        for members in [
            vec![fmt.clone(), data.clone()],
            vec![statement.clone(), data.clone()],
            vec![fmt.clone(), statement.clone(), data.clone(), data.clone()],
            vec![fmt.clone(), statement.clone(), ("authData", Value::from("text"))],
        ] {
            let mut attestation = attestation();
            attestation.attestation_object = object_of(&members);
            assert_eq!(refusal(&attestation), RegistrationRefusal::AttestationObjectUnreadable);
        }
    }

    #[test]
    fn error_texts_are_the_documented_ones() {
        let texts = [
            RegistrationError::AttestationMissing,
            RegistrationError::AuthenticatorDataMissing,
            RegistrationError::AttestationInvalid(RegistrationRefusal::WrongType),
        ]
        .map(|error| format!("{:?} {error}", error.name()))
        .join("\n");
        insta::assert_snapshot!(texts, @r"
        RequestInvalid missing parameter: user authenticator attestation
        RequestInvalid missing parameter: user authenticator attestation auth data
        RequestInvalid invalid authenticator attestation
        ");
    }

    proptest! {
        #[test]
        fn never_panics_on_a_damaged_attestation(
            object: bool,
            at in any::<prop::sample::Index>(),
            with: Vec<u8>,
        ) {
            let mut attestation = attestation();
            let field = if object {
                &mut attestation.attestation_object
            } else {
                &mut attestation.client_data_json
            };
            let mut bytes = decode_base64(&*field).unwrap();
            let start = at.index(bytes.len());
            let end = bytes.len().min(start + with.len());
            bytes.splice(start..end, with);
            *field = encode_base64url(&bytes);
            let _ = travels(&attestation).parse(None);
        }
    }
}
