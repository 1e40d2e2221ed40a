//! `sessions.json`, as far as tokens and what is signed with them are concerned.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_crypto::{P256PrivateKey, P256PublicKey, SeededRng};
use keyward_protocol::engine::client_signature::{
    ClientSignatureError, SignUpContent, SignUpUsage, check_login, check_sign_up,
};
use keyward_protocol::engine::jwt::{jwk, sign_es256};
use keyward_protocol::engine::oidc::{self, KeySet};
use keyward_protocol::engine::verification_token::{
    Generation, TokenKeys, VerificationToken, Verified, issue_current, issue_legacy, peek_id,
};
use keyward_protocol::wire::Timestamp;
use keyward_protocol::wire::objects::ClientSignature;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::folder;

/// Within the life of every token that is not expired on purpose: 2026-11-22.
const NOW: Timestamp = Timestamp::from_millis(1_795_331_618_000);

/// Runs `judge` on every file's vectors; it returns how many cases it judged.
fn each(what: &str, judge: impl Fn(&Value) -> usize) {
    let judged: usize = folder::read("sessions").iter().map(|(_, vectors)| judge(vectors)).sum();
    assert!(judged > 0, "no case of {what}");
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name].as_str().unwrap_or_else(|| panic!("no {name} in {case}"))
}

fn public(value: &Value) -> P256PublicKey {
    P256PublicKey::from_sec1(&hex::decode(value.as_str().unwrap()).unwrap()).unwrap()
}

fn private(vectors: &Value, name: &str) -> P256PrivateKey {
    let bytes = hex::decode(text(&vectors["keys"][name], "private")).unwrap();
    P256PrivateKey::from_bytes(&bytes.try_into().unwrap()).unwrap()
}

/// Verifies with the two keys of the file.
fn verify(vectors: &Value, token: &str) -> Option<VerificationToken> {
    let tokens = &vectors["verification_token"];
    let current = public(&tokens["current"]["signingPublic"]);
    let legacy = public(&tokens["legacy_v1"]["signingPublic"]);
    VerificationToken::verify(token, &TokenKeys { current: &current, legacy: &legacy }, NOW).ok()
}

/// Header and payload of a token.
fn unsigned(token: &str) -> &str {
    token.rsplit_once('.').unwrap().0
}

#[test]
fn current_tokens_are_judged_as_the_published_library_does() {
    each("current verification tokens", |vectors| {
        let signer = private(vectors, "tls-fetcher-sign");
        let cases = list(&vectors["verification_token"]["current"]["cases"]);
        let mut valid = 0;
        for case in cases {
            let token = text(case, "jwt");
            let verified = verify(vectors, token);
            let expected = &case["js_verifyOtpVerificationToken"]["ok"];
            assert_eq!(verified.is_some(), expected.is_object(), "{case}");
            let Some(read) = verified else { continue };
            valid += 1;
            assert_eq!(read.generation, Generation::Current, "{case}");
            assert_eq!(peek_id(token), Some(read.id), "{case}");
            let organization = read.organization.unwrap();
            let public_key = read.public_key.as_deref().unwrap();
            assert_eq!(
                json!({
                    "id": read.id.to_string(),
                    "verification_type": read.kind,
                    "contact": read.contact,
                    "organization_id": organization.to_string(),
                    "public_key": public_key,
                    "exp": read.expires_at.as_millis().to_string(),
                }),
                *expected
            );
            let again = issue_current(&said(&read), organization, public_key, &signer).unwrap();
            assert_eq!(unsigned(&again), unsigned(token), "{case}");
            assert_eq!(verify(vectors, &again), Some(read), "{case}");
        }
        assert!(valid > 0 && valid < cases.len(), "{valid} of {}", cases.len());
        cases.len()
    });
}

#[test]
fn legacy_tokens_are_read_and_made() {
    each("legacy verification tokens", |vectors| {
        let signer = private(vectors, "legacy-otp-token");
        let cases = list(&vectors["verification_token"]["legacy_v1"]["tokens"]);
        for case in cases {
            let (token, claims) = (text(case, "jwt"), &case["claims"]);
            let read = verify(vectors, token).unwrap();
            assert_eq!(read.generation, Generation::Legacy, "{case}");
            assert_eq!(read.id.to_string(), text(claims, "id"), "{case}");
            assert_eq!(read.kind.as_str(), text(claims, "verification_type"), "{case}");
            assert_eq!(read.contact, text(claims, "contact"), "{case}");
            assert_eq!(read.organization, None, "{case}");
            assert_eq!(read.public_key.as_deref(), claims["public_key"].as_str(), "{case}");
            assert_eq!(read.expires_at.as_seconds(), claims["exp"], "{case}");
            let again = issue_legacy(&said(&read), read.public_key.as_deref(), &signer).unwrap();
            assert_eq!(unsigned(&again), unsigned(token), "{case}");
            assert_eq!(verify(vectors, &again), Some(read), "{case}");
        }
        cases.len()
    });
}

fn said(token: &VerificationToken) -> Verified<'_> {
    Verified {
        id: token.id,
        kind: token.kind,
        contact: &token.contact,
        expires_at: token.expires_at,
    }
}

#[test]
fn client_signatures_are_judged_as_written() {
    each("client signatures", |vectors| {
        let cases = list(&vectors["client_signature"]["cases"]);
        for case in cases {
            let params = &case["params"];
            let token = verify(vectors, text(params, "verificationToken")).unwrap();
            let verdict = text(case, "verdict");
            let judged = |usage| judge(params, &token, usage).is_some_and(|it| it.is_ok());
            let accepted = [judged(SignUpUsage::V1), judged(SignUpUsage::V2)];
            let expected = match verdict {
                "accept on V1 routes" => [true, false],
                "reject" => [false, false],
                "accept" if params.get("publicKey").is_some() => [true, true],
                "accept" => [false, true],
                other => panic!("unknown verdict {other}"),
            };
            assert_eq!(accepted, expected, "{case}");
        }
        cases.len()
    });
}

/// A login when the parameters have a session key, a sign-up otherwise; `None` without signature.
fn judge(
    params: &Value,
    token: &VerificationToken,
    usage: SignUpUsage,
) -> Option<Result<(), ClientSignatureError>> {
    let signature = ClientSignature::deserialize(params.get("clientSignature")?).unwrap();
    if let Some(key) = params.get("publicKey") {
        return Some(check_login(&signature, token, key.as_str().unwrap()));
    }
    let content = SignUpContent {
        usage,
        api_keys: list(&params["apiKeys"]),
        authenticators: list(&params["authenticators"]),
        oauth_providers: list(&params["oauthProviders"]),
        email: params["userEmail"].as_str(),
        phone_number: params["userPhoneNumber"].as_str(),
    };
    Some(check_sign_up(&signature, token, &content))
}

/// Requests as published clients send them.
#[test]
fn client_signatures_of_published_clients_are_accepted() {
    each("captured client signatures", |vectors| {
        let mut judged = 0;
        for (name, request) in vectors["captured_requests"]["requests"].as_object().unwrap() {
            let body: Value = serde_json::from_str(text(request, "body")).unwrap();
            if body.get("clientSignature").is_none() {
                continue;
            }
            let token = verify(vectors, text(&body, "verificationToken")).unwrap();
            let (ours, other) = match text(request, "path") {
                path if path.ends_with("_v2") => (SignUpUsage::V2, SignUpUsage::V1),
                _ => (SignUpUsage::V1, SignUpUsage::V2),
            };
            assert_eq!(judge(&body, &token, ours), Some(Ok(())), "{name}");
            if body.get("publicKey").is_none() {
                let wrong = Some(Err(ClientSignatureError::WrongUsage));
                assert_eq!(judge(&body, &token, other), wrong, "{name}");
            }
            judged += 1;
        }
        judged
    });
}

#[test]
fn nonces_bind_keys_as_written() {
    each("nonces", |vectors| {
        let key = P256PrivateKey::generate(&mut SeededRng::from_seed([1; 32]));
        let keys = json!({ "keys": [jwk(&key.public_key(), "k")] }).to_string();
        let keys = KeySet::parse(keys.as_bytes()).unwrap();
        let cases = list(&vectors["oidc_nonce"]["cases"]);
        for case in cases {
            for claim in ["nonce", "tknonce"] {
                let mut claims =
                    json!({ "iss": "i", "sub": "s", "aud": "a", "exp": 4_102_444_800_u64 });
                claims[claim] = case["nonce"].clone();
                let token = sign_es256(Some("k"), &claims.to_string(), &key);
                let token = oidc::verify(&token, &keys, NOW).unwrap();
                assert!(token.binds(text(case, "publicKey")), "{case}");
                assert!(!token.binds(text(case, "nonce")), "{case}");
            }
        }
        cases.len()
    });
}

/// A token of an identity provider as a published client sends it; who may verify it is not written down.
#[test]
fn the_issuer_of_a_captured_token_is_read() {
    each("captured OIDC tokens", |vectors| {
        let mut judged = 0;
        for (name, request) in vectors["captured_requests"]["requests"].as_object().unwrap() {
            let stamp = &request["decoded_stamp"];
            if stamp["scheme"] != "STAMP_ATTESTED_SCHEME_P256_OIDC" {
                continue;
            }
            let token = text(stamp, "publicKeyAttestation");
            let payload = unsigned(token).split_once('.').unwrap().1;
            let claims: Value =
                serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
            assert_eq!(oidc::peek_issuer(token).as_deref(), claims["iss"].as_str(), "{name}");
            assert!(oidc::verify(token, &KeySet::default(), NOW).is_err(), "{name}");
            judged += 1;
        }
        judged
    });
}
