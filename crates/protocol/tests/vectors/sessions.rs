//! `sessions.json`, as far as sessions are implemented: which session keys make room for a new one.

use keyward_crypto::SeededRng;
use keyward_protocol::engine::credentials::insert_api_key;
use keyward_protocol::engine::model::{ApiKey, ParsedKey, User};
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
    User {
        id: UserId::generate(now, rng),
        name: "user".to_owned(),
        email: None,
        phone_number: None,
        tags: Vec::new(),
        api_keys: Vec::new(),
        authenticators: Vec::new(),
        read_only_sessions: Vec::new(),
        created_at: now,
        updated_at: now,
    }
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
        parsed: ParsedKey::default(),
    }
}
