//! `addresses.json` and `signing.json`: phrases, paths, derived keys, signatures.

use std::collections::HashMap;

use keyward_crypto::{
    Curve, DerivationPath, Mnemonic, MnemonicLanguage, PrivateKey, Secp256k1PublicKey, derive,
    keccak256, sha256,
};
use serde_json::Value;

use crate::vectors::{bytes, cases, load, text};

fn curve(row: &Value) -> Curve {
    match text(row, "curve") {
        "CURVE_SECP256K1" => Curve::Secp256k1,
        "CURVE_P256" => Curve::P256,
        "CURVE_ED25519" => Curve::Ed25519,
        other => panic!("{other}"),
    }
}

fn parse(phrase: &str) -> Mnemonic {
    Mnemonic::parse(phrase).unwrap_or_else(|error| panic!("{error}: {phrase}"))
}

#[test]
fn derived_keys_are_those_of_other_wallets() {
    let vectors = load("addresses.json");
    let mut seeds = HashMap::new();
    for row in cases(&vectors["mnemonics"]) {
        let seed = parse(text(row, "mnemonic")).to_seed(text(row, "passphrase"));
        assert_eq!(hex::encode(seed.expose()), text(row, "seedHex"), "{row}");
        seeds.insert(text(row, "id"), seed);
    }
    for row in cases(&vectors["rows"]) {
        let path = DerivationPath::parse(text(row, "path")).unwrap();
        let key = derive(&seeds[text(row, "mnemonic")], curve(row), &path).unwrap();
        assert!(key.expose_bytes().matches(&bytes::<32>(row, "privateKeyHex")), "{row}");
        assert_eq!(hex::encode(key.public_key().compressed()), text(row, "publicKey"), "{row}");
        if row.get("publicKeyUncompressed").is_some_and(Value::is_string) {
            let uncompressed = hex::encode(key.public_key().uncompressed());
            assert_eq!(uncompressed, text(row, "publicKeyUncompressed"), "{row}");
        }
    }
}

#[test]
fn every_language_gives_the_seed_of_other_wallets() {
    let vectors = load("addresses.json");
    for row in cases(&vectors["mnemonicLanguages"]["rows"]) {
        let mnemonic = parse(text(row, "mnemonic"));
        let seed = mnemonic.to_seed(text(row, "passphrase"));
        assert_eq!(hex::encode(seed.expose()), text(row, "seedHex"), "{row}");
        let language = match text(row, "language") {
            "MNEMONIC_LANGUAGE_ENGLISH" => MnemonicLanguage::English,
            "MNEMONIC_LANGUAGE_SIMPLIFIED_CHINESE" => MnemonicLanguage::SimplifiedChinese,
            "MNEMONIC_LANGUAGE_TRADITIONAL_CHINESE" => MnemonicLanguage::TraditionalChinese,
            "MNEMONIC_LANGUAGE_CZECH" => MnemonicLanguage::Czech,
            "MNEMONIC_LANGUAGE_FRENCH" => MnemonicLanguage::French,
            "MNEMONIC_LANGUAGE_ITALIAN" => MnemonicLanguage::Italian,
            "MNEMONIC_LANGUAGE_JAPANESE" => MnemonicLanguage::Japanese,
            "MNEMONIC_LANGUAGE_KOREAN" => MnemonicLanguage::Korean,
            "MNEMONIC_LANGUAGE_SPANISH" => MnemonicLanguage::Spanish,
            other => panic!("{other}"),
        };
        assert_eq!(mnemonic.language(), language, "{row}");
    }
}

#[test]
fn paths_follow_the_grammar() {
    let vectors = load("addresses.json");
    for row in cases(&vectors["pathSyntax"]["valid"]) {
        assert!(DerivationPath::parse(text(row, "path")).is_ok(), "{row}");
    }
    for row in cases(&vectors["pathSyntax"]["invalid"]) {
        let error = DerivationPath::parse(text(row, "path")).unwrap_err();
        assert!(error.to_string().contains("invalid path"), "{row}");
    }
}

/// The raw payloads with a digest to sign; Schnorr ones draw randomness and are verified instead.
#[test]
fn signatures_are_those_of_other_wallets() {
    let vectors = load("signing.json");
    let keys: HashMap<_, _> = cases(&vectors["keys"])
        .iter()
        .map(|row| {
            let key = PrivateKey::from_bytes(curve(row), &bytes(row, "privateKeyHex")).unwrap();
            (text(row, "id"), key)
        })
        .collect();
    let (mut ecdsa, mut ed25519) = (0, 0);
    for case in cases(&vectors["cases"]) {
        if text(case, "kind") != "raw" || !text(case, "compare").starts_with("exact") {
            continue;
        }
        let request = &case["request"];
        let payload = text(request, "payload");
        let payload = match text(request, "encoding") {
            "PAYLOAD_ENCODING_HEXADECIMAL" => {
                hex::decode(payload.trim_start_matches("0x")).unwrap()
            }
            "PAYLOAD_ENCODING_TEXT_UTF8" => payload.as_bytes().to_vec(),
            _ => continue,
        };
        let prehash = match text(request, "hashFunction") {
            "HASH_FUNCTION_NO_OP" => payload.as_slice().try_into().ok(),
            "HASH_FUNCTION_SHA256" => Some(sha256(&payload)),
            "HASH_FUNCTION_KECCAK256" => Some(keccak256(&payload)),
            _ => None,
        };
        let Some(key) = keys.get(text(case, "key")) else { continue };
        let signature = match (key, prehash) {
            (PrivateKey::Secp256k1(key), Some(prehash)) => {
                let signature = key.sign_prehash(&prehash);
                assert!(key.public_key().verify_prehash(&prehash, &signature.signature()));
                let recovered = Secp256k1PublicKey::recover_prehash(&prehash, &signature);
                assert_eq!(recovered, Some(key.public_key()));
                ecdsa += 1;
                signature
            }
            (PrivateKey::P256(key), Some(prehash)) => {
                ecdsa += 1;
                key.sign_prehash(&prehash)
            }
            (PrivateKey::Ed25519(key), _) => {
                let signature = key.sign(&payload);
                assert!(key.public_key().verify_strict(&payload, &signature));
                let expected = [text(&case["expect"], "r"), text(&case["expect"], "s")].concat();
                assert_eq!(hex::encode(signature), expected, "{case}");
                ed25519 += 1;
                continue;
            }
            (_, None) => continue,
        };
        let expected = &case["expect"];
        assert_eq!(hex::encode(signature.r), text(expected, "r"), "{case}");
        assert_eq!(hex::encode(signature.s), text(expected, "s"), "{case}");
        assert_eq!(hex::encode([signature.recovery_id]), text(expected, "v"), "{case}");
    }
    assert!(ecdsa > 0 && ed25519 > 0, "{ecdsa} {ed25519}");
}
