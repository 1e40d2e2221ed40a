//! One body, one activity: whatever is sent again, by whomever, at once or much later, runs once.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::{Client, Credential, content, text};
use crate::proof::{current_token, new_key, public, sign_login};
use crate::server::Answer;
use crate::world::{EMAIL, World};

const TASKS: usize = 50;

fn new_wallet(name: &str) -> Value {
    json!({ "walletName": name, "accounts": [] })
}

async fn wallets(client: &Client) -> Vec<String> {
    let wallets = client.read("list_wallets", json!({})).await;
    wallets["wallets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|wallet| text(&wallet["walletName"]))
        .collect()
}

async fn listed(client: &Client, id: &Value) -> Value {
    let page = json!({ "paginationOptions": { "limit": "100" } });
    let activities = client.read("list_activities", page).await["activities"].take();
    let listed: Vec<Value> =
        activities.as_array().unwrap().iter().filter(|found| found["id"] == *id).cloned().collect();
    assert_eq!(listed.len(), 1, "{id}");
    listed.into_iter().next().unwrap()
}

/// Posts the same body many times at once.
async fn at_once(client: &Client, route: &'static str, bodies: Vec<Vec<u8>>) -> Vec<Answer> {
    let tasks: Vec<_> = bodies
        .into_iter()
        .map(|body| {
            let client = client.clone();
            tokio::spawn(async move { client.post_submission(route, &body).await })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

#[tokio::test]
async fn the_same_body_again_is_the_same_activity() {
    let world = World::new().await;
    let body = world.alice.submission("create_wallet", &new_wallet("one"));
    let first = world.alice.post_submission("create_wallet", &body).await.activity();
    let again = world.alice.post_submission("create_wallet", &body).await.activity();
    assert_eq!(first, again);
    assert_eq!(wallets(&world.alice).await, ["Main", "one"]);
    assert_eq!(listed(&world.alice, &first["id"]).await, first);
    let asked = world.alice.read("get_activity", json!({ "activityId": first["id"] })).await;
    assert_eq!(asked["activity"], first);
}

#[tokio::test]
async fn the_parent_logs_a_user_in_once_however_often_it_asks() {
    let world = World::new().await;
    let (token_key, session_key) = (new_key(), new_key());
    let token = current_token(&world.parent, EMAIL, &token_key).await;
    let log_in = json!({
        "verificationToken": token,
        "publicKey": public(&session_key),
        "clientSignature": sign_login(&token_key, &token, &public(&session_key)),
    });
    let parent = world.parent.about(&world.alice.organization);
    let body = parent.submission("otp_login", &log_in);
    let first = parent.post_submission("otp_login", &body).await.activity();
    assert_eq!(parent.post_submission("otp_login", &body).await.activity(), first);
    assert_eq!(listed(&world.alice, &first["id"]).await["status"], "ACTIVITY_STATUS_COMPLETED");
}

#[tokio::test]
async fn one_byte_more_is_another_activity() {
    let world = World::new().await;
    let mut body = world.alice.submission(
        "create_user_tag",
        &json!({
            "userTagName": "one", "userIds": [],
        }),
    );
    let first = world.alice.post_submission("create_user_tag", &body).await.activity();
    body.push(b' ');
    let answer = world.alice.post_submission("create_user_tag", &body).await;
    assert_eq!(answer.refused(400, 3, "REQUEST_INVALID"), "user tag label must be unique");
    assert_eq!(listed(&world.alice, &first["id"]).await["status"], "ACTIVITY_STATUS_COMPLETED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_body_many_times_at_once_is_one_activity() {
    let world = World::new().await;
    for round in 0..5 {
        let body = world.alice.submission("create_wallet", &new_wallet(&format!("{round}")));
        let answers = at_once(&world.alice, "create_wallet", vec![body; TASKS]).await;
        let activities: BTreeSet<String> =
            answers.iter().map(|answer| answer.activity().to_string()).collect();
        assert_eq!(activities.len(), 1);
    }
    assert_eq!(wallets(&world.alice).await.len(), 1 + 5);
}

#[tokio::test]
async fn the_same_body_of_another_user_is_refused_and_runs_nothing() {
    let world = World::new().await;
    let body = world.alice.submission("create_wallet", &new_wallet("one"));
    let first = world.alice.post_submission("create_wallet", &body).await.activity();
    for other in [&world.dinah, &world.carol] {
        let answer = other.post_submission("create_wallet", &body).await;
        let text = answer.refused(400, 9, "REQUEST_INVALID");
        assert_eq!(
            text,
            format!("activity {} has been decided already", first["id"].as_str().unwrap())
        );
    }
    let parent = world.parent.about(&world.alice.organization);
    let answer = parent.post_submission("create_wallet", &body).await;
    answer.refused(400, 3, "ORGANIZATION_MISMATCH");
    assert_eq!(wallets(&world.alice).await, ["Main", "one"]);
    assert_eq!(listed(&world.alice, &first["id"]).await, first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_body_of_two_users_at_once_runs_once() {
    let world = World::new().await;
    for round in 0..10 {
        let body = world.alice.submission("create_wallet", &new_wallet(&format!("{round}")));
        let send = |client: &Client| {
            let (client, body) = (client.clone(), body.clone());
            tokio::spawn(async move { client.post_submission("create_wallet", &body).await })
        };
        let tasks = [send(&world.alice), send(&world.dinah)];
        let mut done = 0;
        for task in tasks {
            let answer = task.await.unwrap();
            if answer.status == 200 {
                done += 1;
            } else {
                answer.refused(400, 9, "REQUEST_INVALID");
            }
        }
        assert_eq!(done, 1);
    }
    assert_eq!(wallets(&world.alice).await.len(), 1 + 10);
}

#[tokio::test]
async fn an_old_body_still_returns_its_activity_and_runs_nothing() {
    let world = World::new().await;
    let body = world.alice.submission("create_wallet", &new_wallet("one"));
    let unsent = world.alice.submission("create_wallet", &new_wallet("two"));
    let first = world.alice.post_submission("create_wallet", &body).await.activity();
    world.server.advance(2 * 24 * 3600);
    let again = world.alice.post_submission("create_wallet", &body).await.activity();
    assert_eq!(first, again);
    let answer = world.alice.post_submission("create_wallet", &unsent).await;
    let text = answer.refused(400, 3, "REQUEST_INVALID");
    assert!(text.starts_with("request timestamp"), "{text}");
    assert_eq!(wallets(&world.alice).await, ["Main", "one"]);
}

#[tokio::test]
async fn the_token_of_a_read_only_session_is_shown_to_its_maker_and_for_an_hour() {
    const ROUTE: &str = "create_read_only_session";
    let world = World::new().await;
    let carol = &world.carol;
    let body = carol.submission(ROUTE, &json!({}));
    let token = |answer: &Answer| text(&content(&answer.activity()["result"])["session"]);
    let first = carol.post_submission(ROUTE, &body).await;
    let secret = token(&first);
    assert!(secret.starts_with("tkro_") && secret.len() > 40);
    assert_eq!(token(&carol.post_submission(ROUTE, &body).await), secret);

    let id = first.activity()["id"].clone();
    let session = carol.with(Credential::Session(secret.clone()));
    let parent = world.parent.about(&carol.organization);
    for reader in [carol, &world.alice, &session, &parent] {
        assert_eq!(content(&listed(reader, &id).await["result"])["session"], "");
        let asked = reader.read("get_activity", json!({ "activityId": id })).await;
        assert_eq!(content(&asked["activity"]["result"])["session"], "");
        assert!(!asked.to_string().contains(&secret));
    }
    for other in [&world.alice, &world.dinah, &parent] {
        let answer = other.post_submission(ROUTE, &body).await;
        assert_eq!(answer.status, 400);
        assert!(!answer.text().contains(&secret));
    }
    world.server.advance(3_601);
    assert_eq!(token(&carol.post_submission(ROUTE, &body).await), "");
}

#[tokio::test]
async fn what_failed_is_recorded_and_answered_from_the_record() {
    let world = World::new().await;
    let parameters = json!({
        "signWith": "0x0000000000000000000000000000000000000001",
        "payload": "00",
        "encoding": "PAYLOAD_ENCODING_HEXADECIMAL",
        "hashFunction": "HASH_FUNCTION_KECCAK256",
    });
    let body = world.alice.submission("sign_raw_payload", &parameters);
    let refusal = world.alice.post_submission("sign_raw_payload", &body).await;
    let text = refusal.refused(404, 5, "UNSPECIFIED");
    assert!(text.starts_with("Could not find any resource to sign with."), "{text}");
    let activities = world.alice.read("list_activities", json!({})).await;
    let recorded = &activities["activities"][0];
    assert_eq!(recorded["status"], "ACTIVITY_STATUS_FAILED");
    assert_eq!(recorded["result"], Value::Null);
    assert_eq!(recorded["failure"], json!({ "code": 5, "message": text, "details": [] }));
    let again = world.alice.post_submission("sign_raw_payload", &body).await.activity();
    assert_eq!(again, *recorded);
}

#[tokio::test]
async fn what_was_denied_is_recorded_and_answered_from_the_record() {
    let world = World::new().await;
    let body = world.carol.submission("create_wallet", &new_wallet("one"));
    let refusal = world.carol.post_submission("create_wallet", &body).await;
    let text = refusal.refused(403, 7, "REQUEST_NOT_AUTHORIZED");
    let activities = world.carol.read("list_activities", json!({})).await;
    let recorded = &activities["activities"][0];
    assert_eq!(recorded["status"], "ACTIVITY_STATUS_REJECTED");
    assert_eq!(recorded["result"], Value::Null);
    assert_eq!(recorded["failure"]["code"], 7);
    assert_eq!(recorded["failure"]["message"], text);
    let again = world.carol.post_submission("create_wallet", &body).await.activity();
    assert_eq!(again, *recorded);
    // Nor can a root user wake it up.
    let answer = world.alice.post_submission("create_wallet", &body).await;
    answer.refused(400, 9, "REQUEST_INVALID");
    assert_eq!(wallets(&world.alice).await, ["Main"]);
}

#[tokio::test]
async fn what_was_invalid_leaves_no_record() {
    let world = World::new().await;
    let before = world.alice.sight().await;
    for parameters in [json!({}), json!({ "walletName": "", "accounts": [] })] {
        let answer = world.alice.submit("create_wallet", parameters).await;
        answer.refused(400, 3, "REQUEST_INVALID");
    }
    assert_eq!(before, world.alice.sight().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn log_ins_at_once_all_succeed_or_say_so_and_ten_sessions_stay() {
    let world = World::new().await;
    let keys: Vec<Credential> = (0..TASKS).map(|_| Credential::api_key()).collect();
    let bodies = keys
        .iter()
        .map(|key| world.carol.submission("stamp_login", &json!({ "publicKey": key.public_key() })))
        .collect();
    let answers = at_once(&world.carol, "stamp_login", bodies).await;
    let mut opened = BTreeSet::new();
    for (answer, key) in answers.iter().zip(&keys) {
        if answer.status == 200 {
            answer.activity();
            opened.insert(key.public_key());
        } else {
            answer.refused(409, 10, "UNSPECIFIED");
        }
    }
    let carol = world.carol.read("whoami", json!({})).await;
    let shown = world.carol.read("get_api_keys", json!({ "userId": carol["userId"] })).await;
    let shown = shown["apiKeys"].as_array().unwrap();
    let sessions: BTreeSet<String> = shown
        .iter()
        .filter(|key| key["credential"]["type"] == "CREDENTIAL_TYPE_LOGIN")
        .map(|key| text(&key["credential"]["publicKey"]))
        .collect();
    assert!(opened.len() > TASKS / 2, "only {} of {TASKS}", opened.len());
    assert_eq!(sessions.len(), 10);
    assert!(sessions.is_subset(&opened));
    for key in keys {
        let listed = sessions.contains(&key.public_key());
        let answer = world.carol.with(key).query("whoami", json!({})).await;
        if listed {
            answer.ok();
        } else {
            answer.refused(401, 16, "PUBLIC_KEY_NOT_FOUND");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn names_stay_unique_when_they_are_taken_at_once() {
    let world = World::new().await;
    let bodies =
        (0..TASKS).map(|_| world.alice.submission("create_wallet", &new_wallet("one"))).collect();
    let answers = at_once(&world.alice, "create_wallet", bodies).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        let (status, code, _) = answer.refusal();
        assert!([(400, 3), (409, 10)].contains(&(status, code)), "{}", answer.text());
    }
    assert_eq!(wallets(&world.alice).await, ["Main", "one"]);
}
