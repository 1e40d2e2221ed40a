//! HPKE messages and bundles: secrets on their way between server and client.

use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::{DhP256HkdfSha256, Kem as KemTrait};
use hpke::{Deserializable, OpModeR, OpModeS, Serializable, setup_receiver, setup_sender_with_rng};
use rand_core::CryptoRng;
use thiserror::Error;

use crate::{P256PrivateKey, P256PublicKey, Secret, SecretBytes, sha256d};

/// Why a message or bundle was neither made nor opened.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum BundleError {
    /// The text is not base58 with a checksum that matches.
    #[error("bundle is not base58check")]
    NotBase58Check,
    /// Not the length of an encapsulated key and a sealed 32-byte key; or not the length that an envelope
    /// itself says.
    #[error("bundle has the wrong length")]
    WrongLength,
    /// The encapsulated key is no compressed P-256 point.
    #[error("encapsulated key is not a compressed point of the curve")]
    InvalidEncapsulatedKey,
    /// The sender's key is no uncompressed P-256 point.
    #[error("ephemeral key is not an uncompressed point of the curve")]
    InvalidEphemeralKey,
    /// Sealed for another key, or altered.
    #[error("bundle is not authentic")]
    NotAuthentic,
    /// It opened, but there is no P-256 private key in it.
    #[error("bundle does not contain a private key")]
    InvalidPrivateKey,
    /// The engine could not seal to this key.
    #[error("message cannot be sealed")]
    NotSealed,
}

/// An HPKE message: what only the holder of the target key can read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SealedMessage {
    /// The encapsulated key.
    pub encapsulated_key: P256PublicKey,
    /// The ciphertext, its last 16 bytes the tag.
    pub ciphertext: Vec<u8>,
}

/// Seals `plaintext` so that only the holder of `target` can read it.
///
/// # Errors
///
/// [`BundleError::NotSealed`] when the engine refuses, which it does for no valid key.
///
/// Source: RFC 9180, base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; info `turnkey_hpke`;
/// associated data: encapsulated key, then target key, both uncompressed.
pub fn seal_message(
    target: &P256PublicKey,
    plaintext: &[u8],
    mut rng: &mut dyn CryptoRng,
) -> Result<SealedMessage, BundleError> {
    let receiver =
        ReceiverKey::from_bytes(&target.uncompressed()).map_err(|_| BundleError::NotSealed)?;
    let (encapsulated, mut context) = setup_sender_with_rng::<AesGcm256, HkdfSha256, Kem>(
        &OpModeS::Base,
        &receiver,
        INFO,
        &mut rng,
    )
    .map_err(|_| BundleError::NotSealed)?;
    let encapsulated_key =
        P256PublicKey::from_sec1(&encapsulated.to_bytes()).map_err(|_| BundleError::NotSealed)?;
    let ciphertext = context
        .seal(plaintext, &associated_data(&encapsulated_key, target))
        .map_err(|_| BundleError::NotSealed)?;
    Ok(SealedMessage { encapsulated_key, ciphertext })
}

/// Opens what [`seal_message`] made for the public half of `target`.
///
/// # Errors
///
/// [`BundleError::NotAuthentic`] when it was sealed for another key or altered.
pub fn open_message(
    target: &P256PrivateKey,
    message: &SealedMessage,
) -> Result<SecretBytes, BundleError> {
    let SealedMessage { encapsulated_key, ciphertext } = message;
    let receiver = <Kem as KemTrait>::PrivateKey::from_bytes(target.expose_bytes().expose())
        .map_err(|_| BundleError::NotAuthentic)?;
    let encapsulated = <Kem as KemTrait>::EncappedKey::from_bytes(&encapsulated_key.uncompressed())
        .map_err(|_| BundleError::NotAuthentic)?;
    setup_receiver::<AesGcm256, HkdfSha256, Kem>(&OpModeR::Base, &receiver, &encapsulated, INFO)
        .and_then(|mut context| {
            context.open(ciphertext, &associated_data(encapsulated_key, &target.public_key()))
        })
        .map(SecretBytes::new)
        .map_err(|_| BundleError::NotAuthentic)
}

/// Seals a fresh API key to the key that a client asked for, as text.
///
/// Base58check, without version byte, of the compressed encapsulated key and the ciphertext: 81 bytes.
///
/// # Errors
///
/// As [`seal_message`].
pub fn seal_credential_bundle(
    target: &P256PublicKey,
    secret: &P256PrivateKey,
    rng: &mut dyn CryptoRng,
) -> Result<String, BundleError> {
    // The secret leaves its wrapper to be encrypted, which is the purpose of a bundle.
    seal_text_bundle(target, secret.expose_bytes().expose(), rng)
}

/// Seals anything to the key that a client asked for, as text: a credential bundle whose content has any
/// length.
///
/// # Errors
///
/// As [`seal_message`].
pub fn seal_text_bundle(
    target: &P256PublicKey,
    plaintext: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<String, BundleError> {
    let message = seal_message(target, plaintext, rng)?;
    let mut payload = message.encapsulated_key.compressed().to_vec();
    payload.extend_from_slice(&message.ciphertext);
    Ok(encode_base58check(payload))
}

/// Opens a credential bundle: what a client does with it.
///
/// # Errors
///
/// What is wrong with it, by [`BundleError`]'s variants.
pub fn open_credential_bundle(
    target: &P256PrivateKey,
    bundle: &str,
) -> Result<P256PrivateKey, BundleError> {
    // Decoding takes quadratic time; nothing so long can be a bundle.
    if bundle.len() > MAX_TEXT {
        return Err(BundleError::WrongLength);
    }
    let payload = decode_base58check(bundle)?;
    if payload.len() != PAYLOAD {
        return Err(BundleError::WrongLength);
    }
    let opened = open_payload(target, &payload)?;
    let secret = Secret::from_slice(opened.expose()).ok_or(BundleError::InvalidPrivateKey)?;
    P256PrivateKey::from_bytes(secret.expose()).map_err(|_| BundleError::InvalidPrivateKey)
}

/// Opens what [`seal_text_bundle`] made for the public half of `target`.
///
/// # Errors
///
/// What is wrong with it, by [`BundleError`]'s variants; [`BundleError::WrongLength`] also for more than
/// 8192 characters.
pub fn open_text_bundle(target: &P256PrivateKey, bundle: &str) -> Result<SecretBytes, BundleError> {
    if bundle.len() > LONGEST_TEXT {
        return Err(BundleError::WrongLength);
    }
    let payload = decode_base58check(bundle)?;
    open_payload(target, &payload)
}

type Kem = DhP256HkdfSha256;
type ReceiverKey = <Kem as KemTrait>::PublicKey;

const INFO: &[u8] = b"turnkey_hpke";
/// Compressed point, 32-byte key, tag.
const PAYLOAD: usize = 33 + 32 + 16;
/// 85 bytes with the checksum make at most 117 characters.
const MAX_TEXT: usize = 128;
/// A bundle of any content.
const LONGEST_TEXT: usize = 8192;

/// Opens the compressed encapsulated key and the ciphertext.
fn open_payload(target: &P256PrivateKey, payload: &[u8]) -> Result<SecretBytes, BundleError> {
    let (key, ciphertext) = payload.split_first_chunk::<33>().ok_or(BundleError::WrongLength)?;
    let encapsulated_key =
        P256PublicKey::from_sec1(key).map_err(|_| BundleError::InvalidEncapsulatedKey)?;
    open_message(target, &SealedMessage { encapsulated_key, ciphertext: ciphertext.to_vec() })
}

fn associated_data(encapsulated_key: &P256PublicKey, receiver: &P256PublicKey) -> Vec<u8> {
    [encapsulated_key.uncompressed(), receiver.uncompressed()].concat()
}

/// Source: `Base58CheckEncode` of Bitcoin, without version byte.
fn encode_base58check(mut payload: Vec<u8>) -> String {
    payload.extend_from_slice(&base58_checksum(&payload));
    bs58::encode(payload).into_string()
}

fn decode_base58check(text: &str) -> Result<Vec<u8>, BundleError> {
    let mut payload = bs58::decode(text).into_vec().map_err(|_| BundleError::NotBase58Check)?;
    match payload.split_last_chunk() {
        Some((rest, checksum)) if *checksum == base58_checksum(rest) => {
            payload.truncate(rest.len());
            Ok(payload)
        }
        _ => Err(BundleError::NotBase58Check),
    }
}

fn base58_checksum(payload: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = sha256d(payload);
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use bitcoin::base58;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn base58check_is_that_of_bitcoin(
            payload in prop::collection::vec(any::<u8>(), 0..90),
            at in any::<prop::sample::Index>(),
            with in "[ -~]",
        ) {
            let text = encode_base58check(payload.clone());
            prop_assert_eq!(&text, &base58::encode_check(&payload));
            prop_assert_eq!(decode_base58check(&text), Ok(payload));
            let mut altered = text;
            let at = at.index(altered.len());
            altered.replace_range(at..=at, &with);
            prop_assert_eq!(decode_base58check(&altered).ok(), base58::decode_check(&altered).ok());
        }
    }
}
