//! `RustCrypto`, and the browser's random numbers. Slower, in exchange for being Rust all the way down.

use ::ecdsa::hazmat::sign_prehashed_rfc6979;
use ::p256::ecdsa::VerifyingKey;
use ::p256::ecdsa::signature::Verifier;
use ::p256::elliptic_curve::sec1::ToSec1Point;
use ::p256::{NistP256, SecretKey};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use crate::{EcdsaSignature, RecoverableSignature, Secret, sha256};

#[expect(clippy::expect_used, reason = "going on without randomness would be worse than stopping")]
pub(crate) fn fill_random(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the platform's randomness");
}

/// In constant time for equal lengths.
pub(crate) fn are_equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// ECDSA over the SHA-256 of `message`; `key` is an uncompressed point.
pub(crate) fn verify_p256(key: &[u8; 65], message: &[u8], signature: &EcdsaSignature) -> bool {
    let signature = ::p256::ecdsa::Signature::from_slice(&signature.to_bytes());
    let key = VerifyingKey::from_sec1_bytes(key);
    matches!((key, signature), (Ok(key), Ok(signature)) if key.verify(message, &signature).is_ok())
}

/// The key that made `signature` over `prehash`, an uncompressed point.
pub(crate) fn recover_secp256k1(
    prehash: &[u8; 32],
    signature: &RecoverableSignature,
) -> Option<[u8; 65]> {
    let id = k256::ecdsa::RecoveryId::from_byte(signature.recovery_id)?;
    let bytes = signature.signature().to_bytes();
    let signature = k256::ecdsa::Signature::from_slice(&bytes).ok()?;
    let key = k256::ecdsa::VerifyingKey::recover_from_prehash(prehash, &signature, id).ok()?;
    key.to_sec1_point(false).as_bytes().try_into().ok()
}

/// A P-256 private key with its public half.
pub(crate) struct P256Signer {
    scalar: SecretKey,
    public_key: [u8; 65],
}

impl P256Signer {
    /// `scalar` must be a valid one.
    #[expect(
        clippy::expect_used,
        reason = "the caller upholds that the scalar is valid; uncompressed points have 65 bytes"
    )]
    pub(crate) fn new(scalar: &Secret<32>) -> Self {
        let scalar = SecretKey::from_slice(scalar.expose()).expect("a valid key");
        let point = scalar.public_key().to_sec1_point(false);
        Self { scalar, public_key: point.as_bytes().try_into().expect("65 bytes") }
    }

    /// The uncompressed point.
    pub(crate) fn public_key(&self) -> [u8; 65] {
        self.public_key
    }

    /// Over the SHA-256 of `message`. The nonce is derived from key, digest and random bytes, so that
    /// neither a bad generator nor a glitch repeats one. Source: RFC 6979 §3.6.
    pub(crate) fn sign(&self, message: &[u8]) -> EcdsaSignature {
        let mut random = [0; 32];
        fill_random(&mut random);
        let mut scalar = self.scalar.to_nonzero_scalar();
        let (signature, _) =
            sign_prehashed_rfc6979::<NistP256, Sha256>(&scalar, &sha256(message), &random);
        scalar.zeroize();
        EcdsaSignature::from_bytes(&signature.to_bytes().into())
    }
}
