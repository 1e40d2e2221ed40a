//! `bundles.json`: HPKE messages, credential bundles and lenient DER.

use std::collections::VecDeque;
use std::convert::Infallible;

use keyward_crypto::{
    BundleError, EcdsaSignature, P256PrivateKey, P256PublicKey, SealedMessage, SeededRng,
    open_credential_bundle, open_message, open_quorum_envelope, open_text_bundle,
    seal_credential_bundle, seal_message, seal_quorum_envelope, seal_text_bundle,
};
use proptest::prelude::*;
use rand_core::{TryCryptoRng, TryRng};
use serde_json::Value;

use crate::vectors::{bytes, cases, load, text};

fn private_key(case: &Value, name: &str) -> P256PrivateKey {
    P256PrivateKey::from_bytes(&bytes(case, name)).unwrap()
}

fn message(case: &Value, key: &str, ciphertext: &str) -> SealedMessage {
    let encapsulated_key = hex::decode(text(case, key)).unwrap();
    SealedMessage {
        encapsulated_key: P256PublicKey::from_sec1(&encapsulated_key).unwrap(),
        ciphertext: hex::decode(text(case, ciphertext)).unwrap(),
    }
}

#[test]
fn opens_the_worked_example() {
    let vectors = load("bundles.json");
    let case = &vectors["hpke_worked_example"];
    let receiver = private_key(case, "receiverPrivate");
    let public = hex::encode(receiver.public_key().uncompressed());
    assert_eq!(public, text(case, "receiverPublic"));
    let message = message(case, "encappedPublic", "ciphertext_with_tag");
    let compressed = hex::encode(message.encapsulated_key.compressed());
    assert_eq!(compressed, text(case, "encappedPublicCompressed"));
    let opened = open_message(&receiver, &message).ok().unwrap();
    assert!(opened.matches(&bytes::<32>(case, "plaintext")));
}

#[test]
fn opens_what_clients_seal() {
    let vectors = load("bundles.json");
    let import = &vectors["import"];
    let target = private_key(&import["target_bundle"], "targetPrivate");
    for case in cases(&import["client_messages"]) {
        let sealed: Value = serde_json::from_str(text(case, "encryptedBundle")).unwrap();
        let message = message(&sealed, "encappedPublic", "ciphertext");
        let opened = open_message(&target, &message).ok().unwrap();
        match case.get("plaintext_utf8") {
            Some(plaintext) => assert!(opened.matches(plaintext.as_str().unwrap().as_bytes())),
            None => assert!(opened.matches(&hex::decode(text(case, "plaintext_hex")).unwrap())),
        }
    }
}

#[test]
fn opens_credential_bundles_of_other_software() {
    let vectors = load("bundles.json");
    for case in cases(&vectors["credential_bundles"]["valid"]) {
        let target = private_key(case, "embeddedPrivate");
        let opened = open_credential_bundle(&target, text(case, "bundle")).ok().unwrap();
        assert!(opened.expose_bytes().matches(&bytes::<32>(case, "decrypts_to")), "{case}");
    }
}

#[test]
fn refuses_credential_bundles_that_other_software_refuses() {
    let vectors = load("bundles.json");
    for case in cases(&vectors["credential_bundles"]["invalid"]) {
        let target = private_key(case, "embeddedPrivate");
        assert!(open_credential_bundle(&target, text(case, "bundle")).is_err(), "{case}");
    }
}

#[test]
fn what_it_seals_opens_once_and_for_one_key() {
    let mut rng = SeededRng::from_seed([1; 32]);
    let target = P256PrivateKey::generate(&mut rng);
    let secret = P256PrivateKey::generate(&mut rng);
    let bundle = seal_credential_bundle(&target.public_key(), &secret, &mut rng).unwrap();
    let opened = open_credential_bundle(&target, &bundle).ok().unwrap();
    assert!(opened.expose_bytes().matches(secret.expose_bytes().expose()));
    assert_eq!(open_credential_bundle(&secret, &bundle).err(), Some(BundleError::NotAuthentic));
    let again = seal_credential_bundle(&target.public_key(), &secret, &mut rng).unwrap();
    assert_ne!(bundle, again);
}

#[test]
fn opens_text_bundles_of_other_software() {
    let vectors = load("bundles.json");
    let case = &vectors["on_ramp_secret"];
    let opened = open_text_bundle(&private_key(case, "receiverPrivate"), text(case, "bundle"));
    assert!(opened.is_ok_and(|it| it.matches(text(case, "plaintext_utf8").as_bytes())));
}

#[test]
fn text_bundles_hold_anything_and_open_for_one_key() {
    let mut rng = SeededRng::from_seed([7; 32]);
    let target = P256PrivateKey::generate(&mut rng);
    let other = P256PrivateKey::generate(&mut rng);
    for length in [0, 1, 32, 2_000] {
        let plaintext = vec![9; length];
        let bundle = seal_text_bundle(&target.public_key(), &plaintext, &mut rng).unwrap();
        assert!(open_text_bundle(&target, &bundle).is_ok_and(|it| it.matches(&plaintext)));
        let refusal = open_text_bundle(&other, &bundle).err();
        assert_eq!(refusal, Some(BundleError::NotAuthentic));
    }
    let error = |bundle: &str| open_text_bundle(&target, bundle).err();
    assert_eq!(error("not base58: 0OIl"), Some(BundleError::NotBase58Check));
    assert_eq!(error("3vQB7B6MrGQZaxCuFg4oh"), Some(BundleError::WrongLength));
    assert_eq!(error(&"1".repeat(1_000_000)), Some(BundleError::WrongLength));
}

#[test]
fn says_what_is_wrong_with_a_bundle() {
    let target = P256PrivateKey::generate(&mut SeededRng::from_seed([1; 32]));
    let error = |bundle: &str| open_credential_bundle(&target, bundle).err();
    assert_eq!(error("not base58: 0OIl"), Some(BundleError::NotBase58Check));
    assert_eq!(error(""), Some(BundleError::NotBase58Check));
    assert_eq!(error(&"1".repeat(1_000_000)), Some(BundleError::WrongLength));
    // Base58check of nothing but four bytes.
    assert_eq!(error("3vQB7B6MrGQZaxCuFg4oh"), Some(BundleError::WrongLength));
}

#[test]
fn messages_of_any_length_open() {
    let mut rng = SeededRng::from_seed([2; 32]);
    let target = P256PrivateKey::generate(&mut rng);
    for length in [0, 1, 100, 10_000] {
        let plaintext = vec![9; length];
        let mut message = seal_message(&target.public_key(), &plaintext, &mut rng).unwrap();
        assert!(open_message(&target, &message).is_ok_and(|it| it.matches(&plaintext)));
        message.ciphertext[0] ^= 1;
        assert_eq!(open_message(&target, &message).err(), Some(BundleError::NotAuthentic));
        message.ciphertext.truncate(15);
        assert_eq!(open_message(&target, &message).err(), Some(BundleError::NotAuthentic));
    }
}

/// Gives out what it holds, then fails: the generator of a vector whose draws are written down.
struct Script(VecDeque<u8>);

impl TryRng for Script {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unreachable!("only bytes are drawn")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unreachable!("only bytes are drawn")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            *byte = self.0.pop_front().unwrap();
        }
        Ok(())
    }
}

impl TryCryptoRng for Script {}

#[test]
fn opens_quorum_envelopes_of_other_software() {
    let vectors = load("bundles.json");
    let secrets = &vectors["oauth2_client_secret"];
    let receiver = private_key(secrets, "receiverPrivate");
    let mut remade = 0;
    for case in cases(&secrets["valid"]) {
        let envelope = hex::decode(text(case, "envelope")).unwrap();
        let opened = open_quorum_envelope(&receiver, &envelope).ok().unwrap();
        let plaintext = text(secrets, "plaintext_utf8").as_bytes();
        assert!(opened.matches(plaintext), "{case}");
        if let Some(steps) = case.get("intermediate") {
            let key: [u8; 32] = bytes(steps, "ephemeralPrivate");
            let nonce: [u8; 12] = bytes(steps, "nonce");
            let mut rng = Script(key.into_iter().chain(nonce).collect());
            let sealed = seal_quorum_envelope(&receiver.public_key(), plaintext, &mut rng).unwrap();
            assert_eq!(sealed, envelope, "{case}");
            remade += 1;
        }
    }
    assert!(remade > 0, "no case with a written nonce");
}

#[test]
fn refuses_quorum_envelopes_that_other_software_refuses() {
    let vectors = load("bundles.json");
    for case in cases(&vectors["oauth2_client_secret"]["invalid"]) {
        let envelope = hex::decode(text(case, "envelope")).unwrap();
        let opened = open_quorum_envelope(&private_key(case, "private"), &envelope);
        let expected = match text(&case["qos_p256"], "err") {
            "FailedToDeserializeEnvelope" => BundleError::WrongLength,
            _ => BundleError::NotAuthentic,
        };
        assert_eq!(opened.err(), Some(expected), "{case}");
    }
}

#[test]
fn says_what_is_wrong_with_a_quorum_envelope() {
    let mut rng = SeededRng::from_seed([5; 32]);
    let target = P256PrivateKey::generate(&mut rng);
    let error = |envelope: &[u8]| open_quorum_envelope(&target, envelope).err();
    for length in [0, 1, 16, 1000] {
        let plaintext = vec![7; length];
        let sealed = seal_quorum_envelope(&target.public_key(), &plaintext, &mut rng).unwrap();
        assert!(open_quorum_envelope(&target, &sealed).is_ok_and(|it| it.matches(&plaintext)));
        for end in 0..sealed.len() {
            assert_eq!(error(&sealed[..end]), Some(BundleError::WrongLength), "{end}");
        }
    }
    let mut envelope = seal_quorum_envelope(&target.public_key(), b"", &mut rng).unwrap();
    envelope[76] ^= 1;
    assert_eq!(error(&envelope), Some(BundleError::InvalidEphemeralKey));
    // A length that is right and leaves no room for the tag.
    let short =
        [&[0; 12][..], &target.public_key().uncompressed(), &[15, 0, 0, 0], &[0; 15]].concat();
    assert_eq!(error(&short), Some(BundleError::WrongLength));
}

#[test]
fn reads_der_with_superfluous_zeros() {
    let vectors = load("bundles.json");
    for case in cases(&vectors["der"]) {
        let key = P256PublicKey::from_sec1(&hex::decode(text(case, "publicKey")).unwrap()).unwrap();
        let raw = EcdsaSignature::from_bytes(&bytes(case, "raw"));
        assert_eq!(hex::encode(raw.to_der()), text(case, "minimal_der"), "{case}");
        for encoding in ["minimal_der", "toDerSignature_output"] {
            let der = hex::decode(text(case, encoding)).unwrap();
            let signature = EcdsaSignature::from_der_lenient(&der).unwrap();
            assert_eq!(signature, raw, "{case}");
            assert!(key.verify(text(case, "message_utf8").as_bytes(), &signature), "{case}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn opening_never_panics(text in ".*") {
        let target = P256PrivateKey::generate(&mut SeededRng::from_seed([3; 32]));
        prop_assert!(open_credential_bundle(&target, &text).is_err());
    }

    #[test]
    fn one_flipped_bit_of_a_quorum_envelope_is_refused(at in 0..(12 + 65 + 4 + 5 + 16) * 8_usize) {
        let mut rng = SeededRng::from_seed([6; 32]);
        let target = P256PrivateKey::generate(&mut rng);
        let mut sealed = seal_quorum_envelope(&target.public_key(), b"proof", &mut rng).unwrap();
        sealed[at / 8] ^= 1 << (at % 8);
        prop_assert!(open_quorum_envelope(&target, &sealed).is_err());
    }

    #[test]
    fn one_flipped_bit_of_a_message_is_refused(at in 0..48 * 8_usize) {
        let mut rng = SeededRng::from_seed([4; 32]);
        let target = P256PrivateKey::generate(&mut rng);
        let mut message = seal_message(&target.public_key(), &[5; 32], &mut rng).unwrap();
        message.ciphertext[at / 8] ^= 1 << (at % 8);
        prop_assert!(open_message(&target, &message).is_err());
    }
}
