//! `bundles.json`: messages from clients, envelopes for them, and credential bundles.

use keyward_crypto::{P256PrivateKey, P256PublicKey, open_credential_bundle};
use keyward_protocol::bundle::{
    ClientMessage, OtpPlaintext, SignedEnvelope, export_bundle, import_target_bundle,
    open_export_bundle, otp_target_bundle, read_import_target, read_otp_target,
};
use keyward_protocol::wire::id::{OrganizationId, UserId};
use serde_json::Value;

use crate::folder;

/// Runs `judge` on every file's vectors; it returns how many cases it judged.
fn each(what: &str, judge: impl Fn(&Value) -> usize) {
    let judged: usize = folder::read("bundles").iter().map(|(_, vectors)| judge(vectors)).sum();
    assert!(judged > 0, "no case of {what}");
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name].as_str().unwrap_or_else(|| panic!("no {name} in {case}"))
}

fn private(value: &Value) -> P256PrivateKey {
    let bytes = hex::decode(value.as_str().unwrap()).unwrap();
    P256PrivateKey::from_bytes(&bytes.try_into().unwrap()).unwrap()
}

fn public(value: &Value) -> P256PublicKey {
    P256PublicKey::from_sec1(&hex::decode(value.as_str().unwrap()).unwrap()).unwrap()
}

fn organization(case: &Value) -> OrganizationId {
    text(case, "organizationId").parse().unwrap()
}

fn user(case: &Value) -> Option<UserId> {
    case["userId"].as_str().filter(|id| !id.is_empty()).map(|id| id.parse().unwrap())
}

#[test]
fn messages_of_clients_open() {
    each("client messages", |vectors| {
        let import = &vectors["import"];
        let target = private(&import["target_bundle"]["targetPrivate"]);
        let secrets = &import["secrets"];
        let mut messages: Vec<(&str, Vec<u8>)> = list(&import["client_messages"])
            .iter()
            .map(|case| {
                let plaintext = case.get("plaintext_utf8").map_or_else(
                    || hex::decode(text(case, "plaintext_hex")).unwrap(),
                    |plaintext| plaintext.as_str().unwrap().as_bytes().to_vec(),
                );
                (text(case, "encryptedBundle"), plaintext)
            })
            .collect();
        for payload in ["js_payload", "rust_payload"] {
            let plaintext = text(secrets, "plaintext_utf8").as_bytes().to_vec();
            messages.push((text(secrets, payload), plaintext));
        }
        for (message, plaintext) in &messages {
            let message = ClientMessage::parse(message).unwrap();
            assert!(message.open(&target).ok().unwrap().matches(plaintext));
            assert_eq!(ClientMessage::parse(&message.to_string()), Ok(message));
        }
        messages.len()
    });
}

#[test]
fn messages_that_are_wrong_are_refused() {
    each("invalid client messages", |vectors| {
        let cases = list(&vectors["import"]["invalid_client_messages"]);
        for case in cases {
            let target = private(&case["targetPrivate"]);
            let message = ClientMessage::parse(text(case, "encryptedBundle"));
            assert!(message.is_err() || message.unwrap().open(&target).is_err(), "{case}");
        }
        cases.len()
    });
}

#[test]
fn import_targets_are_made_byte_for_byte() {
    each("import targets", |vectors| {
        let import = &vectors["import"];
        let signer = private(&vectors["keys"]["signer"]["private"]);
        let case = &import["target_bundle"];
        let target = private(&case["targetPrivate"]).public_key();
        let data = &case["signed_data"];
        let (ours, user) = (organization(data), user(data));
        assert_eq!(import_target_bundle(&target, ours, user, &signer), text(case, "bundle"));
        let bundle = text(case, "bundle");
        assert_eq!(read_import_target(bundle, &signer.public_key(), ours, user), Ok(target));
        let secrets = &import["secrets"];
        assert_eq!(
            import_target_bundle(&target, ours, None, &signer),
            text(secrets, "target_bundle")
        );
        let without = text(&secrets["without_userId"], "bundle");
        assert!(read_import_target(without, &signer.public_key(), ours, None).is_err());
        2
    });
}

/// Refused is what either of the published libraries refuses.
#[test]
fn import_targets_that_are_wrong_are_refused() {
    each("invalid import targets", |vectors| {
        let signer = public(&vectors["keys"]["signer"]["public"]);
        let mut judged = 0;
        for case in vectors["import"].as_object().unwrap().values().flat_map(list) {
            if let Some(bundle) = case["importBundle"].as_str() {
                let read = read_import_target(bundle, &signer, organization(case), user(case));
                assert!(read.is_err(), "{case}");
                judged += 1;
            }
        }
        judged
    });
}

#[test]
fn export_bundles_open_and_are_made_byte_for_byte() {
    each("export bundles", |vectors| {
        let signer = private(&vectors["keys"]["signer"]["private"]);
        let exports = &vectors["export_bundles"];
        assert_eq!(signer.public_key(), public(&exports["signerPublic"]));
        let cases = list(&exports["valid"]);
        for case in cases {
            let (bundle, ours) = (text(case, "bundle"), organization(case));
            let target = private(&case["embeddedPrivate"]);
            let opened = open_export_bundle(bundle, &signer.public_key(), ours, &target);
            let plaintext = hex::decode(text(case, "plaintext_hex")).unwrap();
            assert!(opened.ok().unwrap().matches(&plaintext), "{case}");
            let data = &case["signed_data"];
            if data.as_object().unwrap().len() == 3 {
                let message = ClientMessage::parse(&data.to_string()).unwrap();
                assert_eq!(export_bundle(&message.0, ours, &signer), bundle, "{case}");
            }
            let envelope = SignedEnvelope::parse(bundle).unwrap();
            assert_eq!(envelope.to_string(), bundle, "{case}");
        }
        cases.len()
    });
}

/// Refused is what either of the published libraries refuses.
#[test]
fn export_bundles_that_are_wrong_are_refused() {
    each("invalid export bundles", |vectors| {
        let exports = &vectors["export_bundles"];
        let signer = public(&exports["signerPublic"]);
        let cases = list(&exports["invalid"]);
        for case in cases {
            let target = private(&case["embeddedPrivate"]);
            let opened =
                open_export_bundle(text(case, "bundle"), &signer, organization(case), &target);
            assert!(opened.is_err(), "{case}");
        }
        cases.len()
    });
}

#[test]
fn otp_targets_are_made_byte_for_byte() {
    each("OTP targets", |vectors| {
        let otp = &vectors["otp"];
        let signer = private(&vectors["keys"]["tls-fetcher-sign"]["private"]);
        assert_eq!(signer.public_key(), public(&otp["signedBy"]));
        let target = private(&otp["targetPrivate"]).public_key();
        let made = otp_target_bundle(&target, organization(&otp["signed_data"]), &signer);
        assert_eq!(made, text(otp, "target_bundle"));
        for bundle in [made.as_str(), text(&otp["minimal_target_bundle"], "bundle")] {
            assert_eq!(read_otp_target(bundle, &signer.public_key()), Ok(target));
        }
        let rejects = list(&otp["client_rejects"]);
        for case in rejects {
            let expected = match &case["override"] {
                Value::Null => public(&vectors["production_keys"]["tls_fetcher_sign"]),
                key => public(key),
            };
            let bundle = text(case, "otpEncryptionTargetBundle");
            assert!(read_otp_target(bundle, &expected).is_err(), "{case}");
        }
        rejects.len()
    });
}

#[test]
fn sealed_codes_are_read() {
    each("sealed codes", |vectors| {
        let otp = &vectors["otp"];
        let target = private(&otp["targetPrivate"]);
        let cases = list(&otp["client_messages"]);
        for case in cases {
            let message = ClientMessage::parse(text(case, "encryptedOtpBundle")).unwrap();
            let opened = message.open(&target).ok().unwrap();
            assert!(opened.matches(text(case, "plaintext").as_bytes()), "{case}");
            let plaintext = OtpPlaintext::parse(&opened).ok().unwrap();
            let expected: Value = serde_json::from_str(text(case, "plaintext")).unwrap();
            assert_eq!(plaintext.otp_code(), expected["otp_code"], "{case}");
            assert_eq!(plaintext.public_key, text(otp, "client_public_key"), "{case}");
        }
        cases.len()
    });
}

/// Either it does not parse, or the code is another than the expected one.
#[test]
fn sealed_codes_that_are_wrong_are_refused() {
    each("sealed codes that are wrong", |vectors| {
        let otp = &vectors["otp"];
        let target = private(&otp["targetPrivate"]);
        let cases = list(&otp["server_rejects"]);
        let mut wrong = 0;
        for case in cases {
            let message = ClientMessage::parse(text(case, "encryptedOtpBundle")).unwrap();
            let opened = message.open(&target).ok().unwrap();
            assert!(opened.matches(text(case, "plaintext").as_bytes()), "{case}");
            if let Ok(plaintext) = OtpPlaintext::parse(&opened) {
                assert_ne!(plaintext.otp_code(), text(otp, "expected_code"), "{case}");
                wrong += 1;
            }
        }
        assert!(wrong < cases.len(), "nothing malformed among them");
        cases.len()
    });
}

#[test]
fn credential_bundles_are_what_the_crypto_crate_reads() {
    each("credential bundles", |vectors| {
        let bundles = &vectors["credential_bundles"];
        let (valid, invalid) = (list(&bundles["valid"]), list(&bundles["invalid"]));
        for case in valid {
            let target = private(&case["embeddedPrivate"]);
            let opened = open_credential_bundle(&target, text(case, "bundle")).ok().unwrap();
            let expected = hex::decode(text(case, "decrypts_to")).unwrap();
            assert!(opened.expose_bytes().matches(&expected), "{case}");
        }
        for case in invalid {
            let target = private(&case["embeddedPrivate"]);
            assert!(open_credential_bundle(&target, text(case, "bundle")).is_err(), "{case}");
        }
        valid.len()
    });
}
