//! AWS-LC and libsecp256k1.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    UnparsedPublicKey,
};

use crate::{EcdsaSignature, RecoverableSignature, Secp256k1PublicKey, Secret};

#[expect(
    clippy::expect_used,
    reason = "the engine aborts the process itself when no entropy is to be had; going on without \
              randomness would be worse than stopping"
)]
pub(crate) fn fill_random(bytes: &mut [u8]) {
    aws_lc_rs::rand::fill(bytes).expect("operating system randomness");
}

/// In constant time for equal lengths.
pub(crate) fn are_equal(a: &[u8], b: &[u8]) -> bool {
    verify_slices_are_equal(a, b).is_ok()
}

/// ECDSA over the SHA-256 of `message`; `key` is an uncompressed point.
pub(crate) fn verify_p256(key: &[u8; 65], message: &[u8], signature: &EcdsaSignature) -> bool {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key)
        .verify(message, signature.to_der_buffer().as_slice())
        .is_ok()
}

/// The key that made `signature` over `prehash`, an uncompressed point.
pub(crate) fn recover_secp256k1(
    prehash: &[u8; 32],
    signature: &RecoverableSignature,
) -> Option<[u8; 65]> {
    Secp256k1PublicKey::recover_prehash(prehash, signature).map(|key| key.uncompressed())
}

/// A P-256 private key in the form that signs fast.
pub(crate) struct P256Signer(EcdsaKeyPair);

impl P256Signer {
    /// `scalar` must be a valid one.
    #[expect(clippy::expect_used, reason = "the caller upholds that the scalar is valid")]
    pub(crate) fn new(scalar: &Secret<32>) -> Self {
        let mut document = Secret::<67>::zeroed();
        let (prefix, secret) = document.expose_mut().split_at_mut(PKCS8_PREFIX.len());
        prefix.copy_from_slice(&PKCS8_PREFIX);
        // The scalar goes into the document, which is wiped when the engine has read it.
        secret.copy_from_slice(scalar.expose());
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.expose());
        Self(pair.expect("a valid key"))
    }

    /// The uncompressed point.
    #[expect(clippy::expect_used, reason = "the engine's public keys are uncompressed points")]
    pub(crate) fn public_key(&self) -> [u8; 65] {
        self.0.public_key().as_ref().try_into().expect("65 bytes")
    }

    /// Over the SHA-256 of `message`, with a random nonce.
    #[expect(
        clippy::expect_used,
        reason = "the engine refuses a valid key and a message of any length only when it is out of \
                  memory"
    )]
    pub(crate) fn sign(&self, message: &[u8]) -> EcdsaSignature {
        let signature = self.0.sign(&SystemRandom::new(), message).expect("a valid key signs");
        EcdsaSignature::from_bytes(signature.as_ref().try_into().expect("r and s, 32 bytes each"))
    }
}

/// What stands before the scalar in a PKCS#8 document without public key.
///
/// Source: RFC 5208 §5 with the `ECPrivateKey` of RFC 5915 §3, id-ecPublicKey and prime256v1.
const PKCS8_PREFIX: [u8; 35] = [
    0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01,
    0x01, 0x04, 0x20,
];
