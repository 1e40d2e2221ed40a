//! `sessions.json`: which session keys make room for a new one, and requests as published clients send
//! them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_crypto::{SeededRng, sha256};
use keyward_protocol::engine::credentials::insert_api_key;
use keyward_protocol::engine::model::{ApiKey, ParsedKey, User};
use keyward_protocol::stamp::{AttestedScheme, Headers, Presented, StampError};
use keyward_protocol::wire::Timestamp;
use keyward_protocol::wire::enums::{ApiKeyCurve, CredentialType};
use keyward_protocol::wire::id::{ApiKeyId, UserId};
use serde_json::Value;

use crate::folder;

#[test]
fn sessions_evict_the_expired_then_the_oldest() {
    let mut judged = 0;
    for (file, vectors) in folder::read("sessions") {
        for case in vectors["expiring_key_eviction"]["cases"].as_array().unwrap() {
            assert_eq!(removed(case), names(&case["removed"]), "{file}: {case}");
            judged += 1;
        }
    }
    assert!(judged > 0, "no case of expiring_key_eviction");
}

/// A stamp is over the bytes of the body as they were sent; one more of them, and it is refused.
#[test]
fn stamps_of_published_clients_hold_for_what_they_sent() {
    let mut judged = Vec::new();
    for (file, vectors) in folder::read("sessions") {
        for (name, request) in vectors["captured_requests"]["requests"].as_object().unwrap() {
            let header = |name: &str| request["headers"][name].as_str().map(str::as_bytes);
            let headers = Headers {
                stamp: header("x-stamp"),
                webauthn: header("x-stamp-webauthn"),
                attested: header("x-stamp-attested"),
                session: header("x-session"),
            };
            let body = request["body"].as_str().unwrap().as_bytes();
            let altered = [body, b" "].concat();
            let decoded = &request["decoded_stamp"];
            let same = |member: &str, read: &str| {
                decoded.is_null() || decoded[member].as_str() == Some(read)
            };
            match Presented::parse(&headers).unwrap() {
                Presented::Nothing => {}
                Presented::ApiKey(stamp) => {
                    assert_eq!(stamp.verify(body), Ok(()), "{file}: {name}");
                    assert!(stamp.verify(&altered).is_err(), "{file}: {name}");
                    assert!(same("publicKey", &stamp.public_key), "{file}: {name}");
                    judged.push(stamp.scheme.as_str());
                }
                Presented::Attested(stamp) => {
                    assert_eq!(stamp.verify(body), Ok(()), "{file}: {name}");
                    let mismatch = Err(StampError::SignatureMismatch);
                    assert_eq!(stamp.verify(&altered), mismatch, "{file}: {name}");
                    assert!(same("publicKey", &stamp.public_key), "{file}: {name}");
                    assert!(same("publicKeyAttestation", &stamp.token), "{file}: {name}");
                    assert!(binds(&stamp.token, stamp.scheme, &stamp.public_key), "{file}: {name}");
                    judged.push(stamp.scheme.as_str());
                }
                other => panic!("{file}: {name}: {other:?}"),
            }
        }
    }
    let attested = AttestedScheme::ALL.map(AttestedScheme::as_str);
    for scheme in attested.into_iter().chain(["SIGNATURE_SCHEME_TK_API_P256"]) {
        assert!(judged.contains(&scheme), "no stamp with {scheme}");
    }
}

/// Whether a token names the key. Its signature is judged with the tokens.
fn binds(token: &str, scheme: AttestedScheme, public_key: &str) -> bool {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    match scheme {
        AttestedScheme::VerificationToken => claims["public_key"] == public_key,
        AttestedScheme::Oidc => claims["nonce"] == hex::encode(sha256(public_key.as_bytes())),
    }
}

/// Names of the keys that are gone once the new one is there, sorted.
fn removed(case: &Value) -> Vec<String> {
    let mut rng = SeededRng::from_seed([1; 32]);
    let now = Timestamp::from_millis(0).plus_seconds(case["now"].as_u64().unwrap());
    let mut user = user(now, &mut rng);
    let before: Vec<ApiKey> = case["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| api_key(key["id"].as_str().unwrap(), key, &mut rng))
        .collect();
    user.api_keys.clone_from(&before);
    let new = serde_json::json!({ "created": case["now"], "expires": case["now"].as_u64().unwrap() + 900 });
    insert_api_key(&mut user, api_key("new", &new, &mut rng), now).unwrap();
    assert!(user.api_keys.iter().any(|key| key.name == "new"), "{case}");
    let mut gone: Vec<String> = before
        .into_iter()
        .filter(|key| !user.api_keys.iter().any(|kept| kept.id == key.id))
        .map(|key| key.name)
        .collect();
    gone.sort();
    gone
}

fn names(list: &Value) -> Vec<String> {
    let mut names: Vec<String> =
        list.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

fn user(now: Timestamp, rng: &mut SeededRng) -> User {
    User::new(UserId::generate(now, rng), "user".to_owned(), now)
}

/// A key as the case describes it; without `expires` it does not.
fn api_key(name: &str, key: &Value, rng: &mut SeededRng) -> ApiKey {
    let created = key["created"].as_u64().unwrap();
    let created_at = Timestamp::from_millis(0).plus_seconds(created);
    ApiKey {
        id: ApiKeyId::generate(created_at, rng),
        name: name.to_owned(),
        public_key: name.to_owned(),
        curve: ApiKeyCurve::P256,
        kind: CredentialType::Login,
        created_at,
        expiration_seconds: key["expires"].as_u64().map(|expires| expires - created),
        opened_by: None,
        session: None,
        parsed: ParsedKey::default(),
    }
}
