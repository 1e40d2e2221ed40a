//! Quorum envelopes: secrets that clients seal to a key of the server's.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey as AgreementKey, UnparsedPublicKey, agree};
use hmac::Mac;
use rand_core::CryptoRng;
use zeroize::Zeroize;

use crate::hash::new_hmac_sha512;
use crate::{BundleError, P256PrivateKey, P256PublicKey, Secret, SecretBytes};

/// Seals `plaintext` in a quorum envelope, which only the holder of `target` can open.
///
/// Returns nonce, 12 bytes ‖ ephemeral key, uncompressed ‖ length of the rest, 4 bytes, little-endian ‖
/// ciphertext ‖ tag, 16 bytes.
///
/// # Errors
///
/// [`BundleError::NotSealed`] when the plaintext is 4 GiB or longer, or the engine refuses, which it does
/// for no valid key.
///
/// Source: `P256EncryptPublic::encrypt` of `qos_p256`, in Borsh; ECDH on P-256, HMAC-SHA512 and
/// AES-256-GCM.
pub fn seal_quorum_envelope(
    target: &P256PublicKey,
    plaintext: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>, BundleError> {
    let ephemeral = P256PrivateKey::generate(rng);
    let mut nonce = [0; NONCE];
    rng.fill_bytes(&mut nonce);
    let sender = ephemeral.public_key();
    let cipher =
        envelope_cipher(&ephemeral, target, &sender, target).ok_or(BundleError::NotSealed)?;
    let length = plaintext.len().checked_add(TAG).and_then(|length| u32::try_from(length).ok());
    let length = length.ok_or(BundleError::NotSealed)?;
    let mut ciphertext = plaintext.to_vec();
    cipher
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(envelope_associated_data(&sender, target)),
            &mut ciphertext,
        )
        .map_err(|_| BundleError::NotSealed)?;
    Ok([&nonce[..], &sender.uncompressed(), &length.to_le_bytes(), &ciphertext].concat())
}

/// Opens what [`seal_quorum_envelope`] and its like made for the public half of `private`.
///
/// # Errors
///
/// [`BundleError::WrongLength`] when bytes are missing or follow, [`BundleError::InvalidEphemeralKey`],
/// [`BundleError::NotAuthentic`] when it was sealed for another key or altered.
pub fn open_quorum_envelope(
    private: &P256PrivateKey,
    bytes: &[u8],
) -> Result<SecretBytes, BundleError> {
    let (nonce, rest) = bytes.split_first_chunk::<NONCE>().ok_or(BundleError::WrongLength)?;
    let (sender, rest) = rest.split_first_chunk::<65>().ok_or(BundleError::WrongLength)?;
    let (length, rest) = rest.split_first_chunk::<4>().ok_or(BundleError::WrongLength)?;
    if usize::try_from(u32::from_le_bytes(*length)) != Ok(rest.len()) {
        return Err(BundleError::WrongLength);
    }
    let (ciphertext, tag) = rest.split_last_chunk::<TAG>().ok_or(BundleError::WrongLength)?;
    let sender = P256PublicKey::from_sec1(sender).map_err(|_| BundleError::InvalidEphemeralKey)?;
    let receiver = private.public_key();
    let cipher =
        envelope_cipher(private, &sender, &sender, &receiver).ok_or(BundleError::NotAuthentic)?;
    let mut plaintext = SecretBytes::new(vec![0; ciphertext.len()]);
    let (nonce, aad) = (
        Nonce::assume_unique_for_key(*nonce),
        Aad::from(envelope_associated_data(&sender, &receiver)),
    );
    cipher
        .open_separate_gather(nonce, aad, ciphertext, tag, plaintext.expose_mut())
        .map_err(|_| BundleError::NotAuthentic)?;
    Ok(plaintext)
}

const NONCE: usize = 12;
const TAG: usize = 16;

/// AES-256-GCM under what `private` and `public` share, which the envelope's two keys are mixed into.
fn envelope_cipher(
    private: &P256PrivateKey,
    public: &P256PublicKey,
    sender: &P256PublicKey,
    receiver: &P256PublicKey,
) -> Option<LessSafeKey> {
    // The scalar goes into the engine's own form, which lasts for one agreement.
    let private =
        AgreementKey::from_private_key(&ECDH_P256, private.expose_bytes().expose()).ok()?;
    let peer = UnparsedPublicKey::new(&ECDH_P256, public.uncompressed());
    agree(&private, peer, (), |shared| {
        let mut material = sender.uncompressed().to_vec();
        // Sized at once: a vector that grows leaves copies behind.
        material.reserve_exact(receiver.uncompressed().len().saturating_add(shared.len()));
        material.extend_from_slice(&receiver.uncompressed());
        material.extend_from_slice(shared);
        let material = SecretBytes::new(material);
        let mut mac = new_hmac_sha512(material.expose());
        mac.update(b"qos_encryption_hmac_message");
        let mut output = mac.finalize().into_bytes();
        let key = output.first_chunk::<32>().and_then(|key| Secret::<32>::from_slice(key));
        output.as_mut_slice().zeroize();
        UnboundKey::new(&AES_256_GCM, key.ok_or(())?.expose()).map_err(|_| ())
    })
    .ok()
    .map(LessSafeKey::new)
}

/// Each key followed by its length. Source: `create_additional_associated_data` of `qos_p256`.
fn envelope_associated_data(sender: &P256PublicKey, receiver: &P256PublicKey) -> Vec<u8> {
    [&sender.uncompressed()[..], &[65], &receiver.uncompressed(), &[65]].concat()
}
