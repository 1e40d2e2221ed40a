//! Sealed and signed texts between server and client: messages to a target key, and the signed envelopes
//! that carry target keys and exports.
//!
//! What is sealed or signed, and by which key, is the caller's choice; here are the byte formats.

use std::fmt;

use keyward_crypto::{
    BundleError, CryptoRng, EcdsaSignature, P256PrivateKey, P256PublicKey, SealedMessage,
    SecretBytes, open_message, seal_message, sha256,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::wire::InvalidRequest;
use crate::wire::id::{OrganizationId, UserId};

/// Why a message or envelope was not read.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum InvalidBundle {
    /// Not the JSON object it should be: another form, a field missing, or of another type.
    #[error("bundle is not the expected JSON")]
    NotJson,
    /// A field that should be hex is not.
    #[error("bundle has a field that is not hex")]
    NotHex,
    /// The encapsulated key is no uncompressed point.
    #[error("encapsulated key is not an uncompressed point of the curve")]
    InvalidEncapsulatedKey,
    /// The target key is no uncompressed point.
    #[error("target key is not an uncompressed point of the curve")]
    InvalidTargetKey,
    /// Shorter than the tag alone.
    #[error("ciphertext is too short")]
    CiphertextTooShort,
    /// A version other than `v1.0.0`, or none.
    #[error("unsupported bundle version")]
    UnsupportedVersion,
    /// The envelope names another key than the expected one.
    #[error("bundle is signed by another key")]
    WrongSigner,
    /// The signature is not the named key's, or not minimal DER.
    #[error("bundle signature is invalid")]
    InvalidSignature,
    /// Signed for another organization.
    #[error("bundle is for another organization")]
    WrongOrganization,
    /// Signed for another user.
    #[error("bundle is for another user")]
    WrongUser,
    /// The code cannot be one: not 6 to 9 letters and digits.
    #[error("one-time code is malformed")]
    MalformedCode,
    /// The client's key is no compressed P-256 point in hex.
    #[error("public key is not a compressed point of the curve")]
    InvalidPublicKey,
    /// It could not be opened with this key.
    #[error("bundle cannot be opened")]
    NotOpened(#[source] BundleError),
}

/// What a client sealed to a target key: `encryptedBundle`, `secretPayload`, `encryptedOtpBundle`.
///
/// Travels as `{"encappedPublic":"…","ciphertext":"…"}` in hex, as a string inside the request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientMessage(pub SealedMessage);

impl ClientMessage {
    /// Reads a message; fields that are not known are ignored.
    ///
    /// # Errors
    ///
    /// [`InvalidBundle`] for another form, a key that is compressed or off the curve, or a ciphertext
    /// shorter than its tag.
    ///
    /// Source: `ClientSendMsg` of `turnkey_enclave_encrypt`.
    pub fn parse(text: &str) -> Result<Self, InvalidBundle> {
        let Sealed { encapped_public, ciphertext } = json(text.as_bytes())?;
        sealed(&encapped_public, &ciphertext).map(Self)
    }

    /// Reads a message in a member of a request.
    pub(crate) fn read(member: &str, text: &str) -> Result<Self, InvalidRequest> {
        Self::parse(text)
            .map_err(|reason| InvalidRequest::new(format!("invalid {member}: {reason}")))
    }

    /// Opens it with the private half of the target key.
    ///
    /// # Errors
    ///
    /// As [`open_message`].
    pub fn open(&self, target: &P256PrivateKey) -> Result<SecretBytes, BundleError> {
        open_message(target, &self.0)
    }
}

impl fmt::Display for ClientMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, ciphertext) = (uncompressed(&self.0.encapsulated_key), &self.0.ciphertext);
        write!(f, r#"{{"encappedPublic":"{key}","ciphertext":"{}"}}"#, hex::encode(ciphertext))
    }
}

/// A signed envelope, `v1.0.0`: what the server vouches for towards clients that know its key.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignedEnvelope {
    /// `v1.0.0`; empty when the text has none.
    #[serde(default)]
    version: String,
    /// Hex of the bytes that are signed.
    data: String,
    /// Hex of a DER signature.
    data_signature: String,
    /// Hex of the signing key, uncompressed, lower case.
    enclave_quorum_public: String,
}

impl SignedEnvelope {
    /// Signs `data`, deterministically.
    ///
    /// Everything in it is lower-case hex, keys are uncompressed and the signature is minimal DER, since
    /// there are readers that insist on each.
    ///
    /// Source: ECDSA on P-256 with SHA-256; RFC 6979 §3.2.
    pub fn sign(data: &[u8], signer: &P256PrivateKey) -> Self {
        let signature = signer.sign_prehash(&sha256(data)).signature();
        Self {
            version: VERSION.to_owned(),
            data: hex::encode(data),
            data_signature: hex::encode(signature.to_der()),
            enclave_quorum_public: uncompressed(&signer.public_key()),
        }
    }

    /// Reads an envelope and believes nothing of it yet.
    ///
    /// # Errors
    ///
    /// [`InvalidBundle::NotJson`] for another form.
    pub fn parse(text: &str) -> Result<Self, InvalidBundle> {
        json(text.as_bytes())
    }

    /// The signed bytes, when `signer` is who signed them. As strict as the strictest known reader.
    ///
    /// # Errors
    ///
    /// [`InvalidBundle::UnsupportedVersion`], [`InvalidBundle::WrongSigner`],
    /// [`InvalidBundle::InvalidSignature`], [`InvalidBundle::NotHex`].
    pub fn verify(&self, signer: &P256PublicKey) -> Result<Vec<u8>, InvalidBundle> {
        if self.version != VERSION {
            return Err(InvalidBundle::UnsupportedVersion);
        }
        if self.enclave_quorum_public != uncompressed(signer) {
            return Err(InvalidBundle::WrongSigner);
        }
        let (data, der) = (bytes(&self.data)?, bytes(&self.data_signature)?);
        let signature = EcdsaSignature::from_der_lenient(&der)
            .ok()
            .filter(|signature| signature.to_der() == der)
            .ok_or(InvalidBundle::InvalidSignature)?;
        if signer.verify(&data, &signature) {
            Ok(data)
        } else {
            Err(InvalidBundle::InvalidSignature)
        }
    }
}

impl fmt::Display for SignedEnvelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

/// The key that a client shall seal a one-time code to; signed with the key for one-time codes.
///
/// `organization` is the one that issued the code; there is no user in it.
pub fn otp_target_bundle(
    target: &P256PublicKey,
    organization: OrganizationId,
    signer: &P256PrivateKey,
) -> String {
    import_target_bundle(target, organization, None, signer)
}

/// The key that a client shall seal an import to.
///
/// Without `user`, as secrets are imported, the text has an empty one: readers want the field.
pub fn import_target_bundle(
    target: &P256PublicKey,
    organization: OrganizationId,
    user: Option<UserId>,
    signer: &P256PrivateKey,
) -> String {
    let target = uncompressed(target);
    let user = user.map(|user| user.to_string()).unwrap_or_default();
    let data = format!(
        r#"{{"targetPublic":"{target}","organizationId":"{organization}","userId":"{user}"}}"#
    );
    SignedEnvelope::sign(data.as_bytes(), signer).to_string()
}

/// What a wallet, key or secret of `organization` was sealed into, signed.
pub fn export_bundle(
    message: &SealedMessage,
    organization: OrganizationId,
    signer: &P256PrivateKey,
) -> String {
    let key = uncompressed(&message.encapsulated_key);
    let ciphertext = hex::encode(&message.ciphertext);
    let data = format!(
        r#"{{"encappedPublic":"{key}","ciphertext":"{ciphertext}","organizationId":"{organization}"}}"#
    );
    SignedEnvelope::sign(data.as_bytes(), signer).to_string()
}

/// Reads the target key of an OTP bundle: what a client does with it. Nobody reads the rest of it.
///
/// # Errors
///
/// What is wrong with it, by [`InvalidBundle`]'s variants.
pub fn read_otp_target(text: &str, signer: &P256PublicKey) -> Result<P256PublicKey, InvalidBundle> {
    let OtpTarget { target_public } = json(&SignedEnvelope::parse(text)?.verify(signer)?)?;
    point(&target_public, InvalidBundle::InvalidTargetKey)
}

/// Seals a one-time code to the target key of an OTP bundle; the verification token will be bound to
/// `public_key`. Printed, the result is the `encryptedOtpBundle`.
///
/// # Errors
///
/// As [`seal_message`].
///
/// Source: `encryptOtpCodeToBundle` of `@turnkey/crypto`.
pub fn seal_otp_code(
    target: &P256PublicKey,
    otp_code: &str,
    public_key: &P256PublicKey,
    rng: &mut dyn CryptoRng,
) -> Result<ClientMessage, BundleError> {
    let public_key = hex::encode(public_key.compressed());
    let code = serde_json::Value::from(otp_code);
    let plaintext = format!(r#"{{"otp_code":{code},"public_key":"{public_key}"}}"#);
    let plaintext = SecretBytes::new(plaintext.into_bytes());
    // It leaves its wrapper to be encrypted.
    seal_message(target, plaintext.expose(), rng).map(ClientMessage)
}

/// Reads the target key of an import bundle: what a client does with it.
///
/// # Errors
///
/// What is wrong with it, by [`InvalidBundle`]'s variants.
pub fn read_import_target(
    text: &str,
    signer: &P256PublicKey,
    organization: OrganizationId,
    user: Option<UserId>,
) -> Result<P256PublicKey, InvalidBundle> {
    let target: ImportTarget = json(&SignedEnvelope::parse(text)?.verify(signer)?)?;
    if target.organization_id != organization.to_string() {
        return Err(InvalidBundle::WrongOrganization);
    }
    if target.user_id != user.map(|user| user.to_string()).unwrap_or_default() {
        return Err(InvalidBundle::WrongUser);
    }
    point(&target.target_public, InvalidBundle::InvalidTargetKey)
}

/// Opens an export bundle: what a client does with it.
///
/// # Errors
///
/// What is wrong with it, by [`InvalidBundle`]'s variants.
pub fn open_export_bundle(
    text: &str,
    signer: &P256PublicKey,
    organization: OrganizationId,
    target: &P256PrivateKey,
) -> Result<SecretBytes, InvalidBundle> {
    let export: Export = json(&SignedEnvelope::parse(text)?.verify(signer)?)?;
    if export.organization_id != organization.to_string() {
        return Err(InvalidBundle::WrongOrganization);
    }
    let message = sealed(&export.encapped_public, &export.ciphertext)?;
    open_message(target, &message).map_err(InvalidBundle::NotOpened)
}

/// What a client seals to an OTP target key: the code, and the key that the verification shall be for.
///
/// Neither printable nor copyable: the code is a secret until it is spent.
pub struct OtpPlaintext {
    otp_code: String,
    /// The client's key, compressed, hex, as it was written.
    pub public_key: String,
}

impl OtpPlaintext {
    /// Reads what was opened.
    ///
    /// # Errors
    ///
    /// [`InvalidBundle`] for another form; [`InvalidBundle::MalformedCode`] for what cannot be a code, so
    /// that only a well-formed code that is wrong counts as an attempt; [`InvalidBundle::InvalidPublicKey`].
    ///
    /// Source: `{"otp_code":"…","public_key":"…"}`, as `encryptOtpCodeToBundle` of `@turnkey/crypto` writes.
    pub fn parse(opened: &SecretBytes) -> Result<Self, InvalidBundle> {
        // The plaintext leaves its wrapper to be parsed; the code goes into this type only.
        let OtpFields { otp_code, public_key } = json(opened.expose())?;
        let code = otp_code.trim();
        if !(6..=9).contains(&code.len()) || !code.bytes().all(|it| it.is_ascii_alphanumeric()) {
            return Err(InvalidBundle::MalformedCode);
        }
        let key = hex::decode(&public_key).map_err(|_| InvalidBundle::InvalidPublicKey)?;
        if key.len() != 33 || P256PublicKey::from_sec1(&key).is_err() {
            return Err(InvalidBundle::InvalidPublicKey);
        }
        Ok(Self { otp_code, public_key })
    }

    /// The code. Say at the call why it leaves the wrapper.
    pub fn otp_code(&self) -> &str {
        &self.otp_code
    }
}

const VERSION: &str = "v1.0.0";
const TAG: usize = 16;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sealed {
    encapped_public: String,
    ciphertext: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Export {
    encapped_public: String,
    ciphertext: String,
    organization_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OtpTarget {
    target_public: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ImportTarget {
    target_public: String,
    organization_id: String,
    user_id: String,
}

#[derive(Deserialize)]
struct OtpFields {
    otp_code: String,
    public_key: String,
}

fn json<T: for<'de> Deserialize<'de>>(text: &[u8]) -> Result<T, InvalidBundle> {
    // Derived `Deserialize` also takes an array with the members in order.
    if !text.trim_ascii_start().starts_with(b"{") {
        return Err(InvalidBundle::NotJson);
    }
    serde_json::from_slice(text).map_err(|_| InvalidBundle::NotJson)
}

fn sealed(encapsulated_key: &str, ciphertext: &str) -> Result<SealedMessage, InvalidBundle> {
    let encapsulated_key = point(encapsulated_key, InvalidBundle::InvalidEncapsulatedKey)?;
    let ciphertext = bytes(ciphertext)?;
    if ciphertext.len() < TAG {
        return Err(InvalidBundle::CiphertextTooShort);
    }
    Ok(SealedMessage { encapsulated_key, ciphertext })
}

/// A key that must be uncompressed, since its bytes as sent become associated data.
fn point(text: &str, error: InvalidBundle) -> Result<P256PublicKey, InvalidBundle> {
    let point = bytes(text)?;
    if point.len() != 65 {
        return Err(error);
    }
    P256PublicKey::from_sec1(&point).map_err(|_| error)
}

fn bytes(text: &str) -> Result<Vec<u8>, InvalidBundle> {
    hex::decode(text).map_err(|_| InvalidBundle::NotHex)
}

fn uncompressed(key: &P256PublicKey) -> String {
    hex::encode(key.uncompressed())
}

#[cfg(test)]
mod tests {
    use keyward_crypto::SeededRng;
    use proptest::prelude::*;

    use super::*;
    use crate::wire::Timestamp;

    fn key(seed: u8) -> P256PrivateKey {
        P256PrivateKey::generate(&mut SeededRng::from_seed([seed; 32]))
    }

    #[test]
    fn what_is_printed_is_read_again() {
        let message = seal_message(&key(1).public_key(), b"", &mut SeededRng::from_seed([2; 32]));
        let message = ClientMessage(message.unwrap());
        assert_eq!(ClientMessage::parse(&message.to_string()), Ok(message));
        let envelope = SignedEnvelope::sign(b"data", &key(1));
        assert_eq!(SignedEnvelope::parse(&envelope.to_string()), Ok(envelope.clone()));
        assert_eq!(envelope.verify(&key(1).public_key()), Ok(b"data".to_vec()));
        assert_eq!(envelope.verify(&key(2).public_key()), Err(InvalidBundle::WrongSigner));
        assert_eq!(envelope.to_string(), SignedEnvelope::sign(b"data", &key(1)).to_string());
    }

    #[test]
    fn a_sealed_code_is_read_by_the_holder_of_the_target_key() {
        let (target, client) = (key(1), key(2).public_key());
        let mut rng = SeededRng::from_seed([3; 32]);
        let sealed = seal_otp_code(&target.public_key(), "a1b2c3", &client, &mut rng).unwrap();
        let opened = ClientMessage::parse(&sealed.to_string()).unwrap().open(&target).unwrap();
        let plaintext = OtpPlaintext::parse(&opened).unwrap();
        assert_eq!(plaintext.otp_code(), "a1b2c3");
        assert_eq!(plaintext.public_key, hex::encode(client.compressed()));
    }

    #[test]
    fn unknown_fields_of_a_message_are_ignored() {
        let point = uncompressed(&key(1).public_key());
        let text =
            format!(r#"{{"a":1,"encappedPublic":"{point}","ciphertext":"{}"}}"#, "00".repeat(16));
        assert!(ClientMessage::parse(&text).is_ok());
    }

    #[test]
    fn an_import_target_is_for_one_user_of_one_organization() {
        let mut rng = SeededRng::from_seed([3; 32]);
        let now = Timestamp::from_millis(1);
        let (ours, theirs) =
            (OrganizationId::generate(now, &mut rng), OrganizationId::generate(now, &mut rng));
        let user = Some(UserId::generate(now, &mut rng));
        let (target, signer) = (key(1).public_key(), key(2));
        let text = import_target_bundle(&target, ours, user, &signer);
        let read = |organization, user| {
            read_import_target(&text, &signer.public_key(), organization, user)
        };
        assert_eq!(read(ours, user), Ok(target));
        assert_eq!(read(theirs, user), Err(InvalidBundle::WrongOrganization));
        assert_eq!(read(ours, None), Err(InvalidBundle::WrongUser));
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".*", bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(ClientMessage::parse(&text).is_err());
            prop_assert!(SignedEnvelope::parse(&text).is_err());
            prop_assert!(OtpPlaintext::parse(&SecretBytes::new(bytes)).is_err());
        }
    }
}
