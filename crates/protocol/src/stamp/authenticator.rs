//! An authenticator in software.

use ciborium::Value;
use keyward_crypto::{CryptoRng, P256PrivateKey, RsaPrivateKey, sha256};
use serde_json::Value as Json;

use super::cose::{
    ALGORITHM, CURVE_P256, EC2, EC2_CURVE, EC2_X, EC2_Y, ES256, KEY_TYPE, RS256, RSA, RSA_E, RSA_N,
};
use super::make::{self, Assertion};
use super::webauthn::{ATTESTED_CREDENTIAL, USER_PRESENT, WebAuthnKey};
use super::{encode_base64url, webauthn_challenge};
use crate::wire::enums::AuthenticatorTransport;

/// A passkey without hardware or browser, for tests and tools. It holds one credential, says that
/// the user is present but not verified, attests nothing and counts no signatures.
pub struct SoftwareAuthenticator {
    key: PrivateKey,
    credential_id: [u8; 32],
    rp_id_hash: [u8; 32],
    origin: String,
}

enum PrivateKey {
    Es256(P256PrivateKey),
    Rs256(RsaPrivateKey),
}

/// What an authenticator returns when it is registered, each string base64url without padding.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attestation {
    /// Names the credential in every later stamp.
    pub credential_id: String,
    /// `clientDataJSON`.
    pub client_data_json: String,
    /// Authenticator data, the new public key in it, and how it is attested.
    pub attestation_object: String,
    /// How a browser reaches the authenticator.
    pub transports: Vec<AuthenticatorTransport>,
}

impl SoftwareAuthenticator {
    /// With a new ES256 credential for `rp_id`, used from `origin`.
    pub fn generate(rng: &mut dyn CryptoRng, rp_id: &str, origin: &str) -> Self {
        let key = PrivateKey::Es256(P256PrivateKey::generate(rng));
        Self::with_key(key, rng, rp_id, origin)
    }

    /// With a new RS256 credential for `rp_id`, used from `origin`. The key does not come from
    /// `rng`, only the credential id does.
    pub fn generate_rs256(rng: &mut dyn CryptoRng, rp_id: &str, origin: &str) -> Self {
        Self::with_key(PrivateKey::Rs256(RsaPrivateKey::generate()), rng, rp_id, origin)
    }

    fn with_key(key: PrivateKey, rng: &mut dyn CryptoRng, rp_id: &str, origin: &str) -> Self {
        let mut credential_id = [0; 32];
        rng.fill_bytes(&mut credential_id);
        let rp_id_hash = sha256(rp_id.as_bytes());
        Self { key, credential_id, rp_id_hash, origin: origin.to_owned() }
    }

    /// Answers a registration with that challenge, which is base64url.
    pub fn register(&self, challenge: &str) -> Attestation {
        let mut authenticator_data = self.authenticator_data(USER_PRESENT | ATTESTED_CREDENTIAL);
        authenticator_data.extend([0; 16]); // AAGUID: no model
        authenticator_data.extend([0, 32]);
        authenticator_data.extend(self.credential_id);
        authenticator_data.extend(self.cose_key());
        let object = Value::Map(vec![
            (Value::from("fmt"), Value::from("none")),
            (Value::from("attStmt"), Value::Map(Vec::new())),
            (Value::from("authData"), Value::Bytes(authenticator_data)),
        ]);
        Attestation {
            credential_id: self.credential_id(),
            client_data_json: encode_base64url(
                self.client_data("webauthn.create", challenge).as_bytes(),
            ),
            attestation_object: encode_base64url(&encode_cbor(&object)),
            transports: vec![AuthenticatorTransport::Internal],
        }
    }

    /// `X-Stamp-Webauthn` for the body.
    pub fn stamp(&self, body: &[u8]) -> String {
        self.assert(&webauthn_challenge(body))
    }

    /// `X-Stamp-Webauthn` for a challenge, which is base64url.
    pub fn assert(&self, challenge: &str) -> String {
        let authenticator_data = self.authenticator_data(USER_PRESENT);
        let client_data = self.client_data("webauthn.get", challenge);
        let signed = [authenticator_data.as_slice(), &sha256(client_data.as_bytes())].concat();
        let signature = match &self.key {
            PrivateKey::Es256(key) => key.sign(&signed).to_der(),
            PrivateKey::Rs256(key) => key.sign_pkcs1_sha256(&signed),
        };
        make::webauthn_header(&Assertion {
            authenticator_data: &encode_base64url(&authenticator_data),
            client_data_json: &encode_base64url(client_data.as_bytes()),
            credential_id: &self.credential_id(),
            signature: &encode_base64url(&signature),
        })
    }

    /// Base64url without padding.
    pub fn credential_id(&self) -> String {
        encode_base64url(&self.credential_id)
    }

    /// The public key as `COSE_Key`.
    pub fn cose_key(&self) -> Vec<u8> {
        let members = match &self.key {
            PrivateKey::Es256(key) => {
                let point = key.public_key().uncompressed();
                let (x, y) = point.split_at(33);
                let x = x.strip_prefix(&[4]).unwrap_or_default();
                vec![
                    (KEY_TYPE, integer(EC2)),
                    (ALGORITHM, integer(ES256)),
                    (EC2_CURVE, integer(CURVE_P256)),
                    (EC2_X, Value::from(x)),
                    (EC2_Y, Value::from(y)),
                ]
            }
            PrivateKey::Rs256(key) => vec![
                (KEY_TYPE, integer(RSA)),
                (ALGORITHM, integer(RS256)),
                (RSA_N, Value::Bytes(key.modulus())),
                (RSA_E, Value::Bytes(key.exponent())),
            ],
        };
        encode_cbor(&Value::Map(
            members.into_iter().map(|(label, value)| (integer(label), value)).collect(),
        ))
    }

    /// What a server that has registered this authenticator verifies with.
    #[expect(clippy::expect_used, reason = "`cose_key` writes only what `from_cose` reads")]
    pub fn key(&self) -> WebAuthnKey {
        WebAuthnKey::from_cose(&self.cose_key(), Some(self.rp_id_hash)).expect("a key of our own")
    }

    fn authenticator_data(&self, flags: u8) -> Vec<u8> {
        let mut bytes = self.rp_id_hash.to_vec();
        bytes.push(flags);
        bytes.extend([0; 4]);
        bytes
    }

    /// In the order WebAuthn §5.8.1.1 prescribes.
    fn client_data(&self, kind: &str, challenge: &str) -> String {
        format!(
            r#"{{"type":"{kind}","challenge":{},"origin":{},"crossOrigin":false}}"#,
            Json::from(challenge),
            Json::from(self.origin.as_str()),
        )
    }
}

fn integer(value: i128) -> Value {
    // Labels and algorithm numbers all fit; zero is none of them.
    Value::from(i64::try_from(value).unwrap_or_default())
}

#[expect(clippy::expect_used, reason = "writing to a vector does not fail")]
fn encode_cbor(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("no I/O");
    bytes
}
