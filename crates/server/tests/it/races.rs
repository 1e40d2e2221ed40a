//! What happens at once happens one after the other, in some order.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Barrier;
use tokio::task::JoinHandle;

use crate::client::{Client, Credential, content, text};
use crate::gate::{Gate, Held, Hold};
use crate::proof::{current_token, legacy_token, messages, new_key, public, send_code, sign_login};
use crate::server::Answer;
use crate::world::{EMAIL, World};

/// How often two things are let run against each other.
const ROUNDS: usize = 60;
/// Tasks that want the same thing.
const TASKS: usize = 24;

/// Posts all of these at once, each with its client.
async fn at_once(requests: Vec<(Client, &'static str, Vec<u8>)>) -> Vec<Answer> {
    let start = Arc::new(Barrier::new(requests.len()));
    let tasks: Vec<_> = requests
        .into_iter()
        .map(|(client, route, body)| {
            let start = start.clone();
            tokio::spawn(async move {
                start.wait().await;
                client.post_submission(route, &body).await
            })
        })
        .collect();
    let mut answers = Vec::with_capacity(tasks.len());
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

/// The read-write sessions of the caller: id by public key.
async fn sessions(user: &Client) -> Vec<(String, String)> {
    let whoami = user.read("whoami", json!({})).await;
    let keys = user.read("get_api_keys", json!({ "userId": whoami["userId"] })).await;
    keys["apiKeys"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|key| key["credential"]["type"] == "CREDENTIAL_TYPE_LOGIN")
        .map(|key| (text(&key["credential"]["publicKey"]), text(&key["apiKeyId"])))
        .collect()
}

async fn user_id(user: &Client) -> String {
    text(&user.read("whoami", json!({})).await["userId"])
}

async fn is_open(session: &Client) -> bool {
    let answer = session.query("whoami", json!({})).await;
    if answer.status == 200 {
        return true;
    }
    answer.refused(401, 16, "PUBLIC_KEY_NOT_FOUND");
    false
}

fn log_in(key: &Credential) -> Value {
    json!({ "publicKey": key.public_key() })
}

/// Whether it was done; else it must say that it was not, because of others.
fn was_done(answer: &Answer) -> bool {
    if answer.status == 200 {
        return true;
    }
    answer.refused(409, 10, "UNSPECIFIED");
    false
}

/// The sessions of a user that are listed right now, ended.
async fn end_listed(user: &Client) -> Answer {
    let listed = sessions(user).await;
    let ids: Vec<&String> = listed.iter().map(|(_, id)| id).collect();
    let parameters = json!({ "userId": user_id(user).await, "apiKeyIds": ids });
    user.submit("delete_api_keys", parameters).await
}

/// Begins a submission whose commit is held. Returns the answer to come.
async fn begin_held(
    gate: &Gate,
    how: Hold,
    client: &Client,
    route: &'static str,
    body: Vec<u8>,
) -> (Held, JoinHandle<Answer>) {
    let held = gate.hold_next(how);
    let client = client.clone();
    let answering = tokio::spawn(async move { client.post_submission(route, &body).await });
    (held.arrived().await, answering)
}

/// Ends all sessions of a user, tried again for as long as others are faster.
async fn end_all(user: &Client) -> Vec<String> {
    loop {
        let listed = sessions(user).await;
        if listed.is_empty() {
            return Vec::new();
        }
        let ids: Vec<&String> = listed.iter().map(|(_, id)| id).collect();
        let parameters = json!({ "userId": user_id(user).await, "apiKeyIds": ids });
        let answer = user.submit("delete_api_keys", parameters).await;
        if answer.status == 200 {
            return listed.into_iter().map(|(key, _)| key).collect();
        }
        let (status, ..) = answer.refusal();
        assert!([404, 409].contains(&status), "{}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_log_in_beside_the_end_of_all_sessions_is_ended_or_comes_after_never_lost() {
    let world = World::new().await;
    let (mut ended_ones, mut later_ones) = (0, 0);
    for _ in 0..ROUNDS {
        let old = world.carol.log_in(900).await;
        let key = Credential::api_key();
        let body = world.carol.submission("stamp_login", &log_in(&key));
        let new = world.carol.with(key);
        let start = Arc::new(Barrier::new(2));
        let opening = {
            let (carol, start) = (world.carol.clone(), start.clone());
            tokio::spawn(async move {
                start.wait().await;
                carol.post_submission("stamp_login", &body).await
            })
        };
        start.wait().await;
        let ended = end_all(&world.carol).await;
        let opened = was_done(&opening.await.unwrap());
        assert!(!is_open(&old).await);
        let listed = sessions(&world.carol).await;
        let is_listed = listed.iter().any(|(key, _)| *key == new.public_key());
        let was_ended = ended.contains(&new.public_key());
        assert_eq!(is_open(&new).await, is_listed, "open and listed are the same");
        assert_eq!(opened, was_ended || is_listed, "what was opened is ended or listed");
        assert!(!(was_ended && is_listed));
        ended_ones += usize::from(was_ended);
        later_ones += usize::from(is_listed);
        // Whatever is left is within reach.
        end_all(&world.carol).await;
        assert!(!is_open(&new).await);
    }
    assert_eq!(ended_ones + later_ones, ROUNDS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_log_ins_at_once_are_both_listed_and_both_open() {
    let world = World::new().await;
    for _ in 0..ROUNDS {
        let keys = [Credential::api_key(), Credential::api_key()];
        let requests = keys
            .iter()
            .map(|key| {
                let body = world.carol.submission("stamp_login", &log_in(key));
                (world.carol.clone(), "stamp_login", body)
            })
            .collect();
        for answer in at_once(requests).await {
            answer.activity();
        }
        let listed = sessions(&world.carol).await;
        assert_eq!(listed.len(), 2);
        for key in keys {
            assert!(listed.iter().any(|(known, _)| *known == key.public_key()));
            assert!(is_open(&world.carol.with(key)).await);
        }
        end_all(&world.carol).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refresh_outlives_the_end_of_its_session_only_if_it_came_first() {
    let world = World::new().await;
    let user = user_id(&world.carol).await;
    let (mut first, mut second) = (0, 0);
    for round in 0..ROUNDS * 2 {
        let old = world.carol.log_in(900).await;
        let (_, id) = sessions(&world.carol).await.remove(0);
        let key = Credential::api_key();
        let refresh = old.submission("stamp_login", &log_in(&key));
        let end = json!({ "userId": user, "apiKeyIds": [id] });
        let end = world.carol.submission("delete_api_keys", &end);
        let start = Arc::new(Barrier::new(2));
        let refreshing = {
            let (old, start) = (old.clone(), start.clone());
            tokio::spawn(async move {
                start.wait().await;
                old.post_submission("stamp_login", &refresh).await
            })
        };
        start.wait().await;
        if round % 2 == 0 {
            tokio::task::yield_now().await;
        }
        let ended = world.carol.post_submission("delete_api_keys", &end).await.activity();
        assert!(ended["result"]["deleteApiKeysResult"]["apiKeyIds"].is_array(), "{ended}");
        // What is not listed now was not committed before the end, and must not come any more.
        let came_first =
            sessions(&world.carol).await.iter().any(|(known, _)| *known == key.public_key());
        // From here on the old key is good for nothing, whatever is still under way.
        let next = Credential::api_key();
        let tries = (0..4)
            .map(|_| (old.clone(), "stamp_login", old.submission("stamp_login", &log_in(&next))));
        for answer in at_once(tries.collect()).await {
            answer.refused(401, 16, "PUBLIC_KEY_NOT_FOUND");
        }
        assert!(!is_open(&old).await);
        assert!(!is_open(&world.carol.with(next)).await);

        let answer = refreshing.await.unwrap();
        assert_eq!(answer.status == 200, came_first, "{}", answer.text());
        if !came_first {
            answer.refused(401, 16, "PUBLIC_KEY_NOT_FOUND");
        }
        let new = world.carol.with(key);
        assert_eq!(is_open(&new).await, came_first);
        assert_eq!(sessions(&world.carol).await.len(), usize::from(came_first));
        first += usize::from(came_first);
        second += usize::from(!came_first);
        end_all(&world.carol).await;
    }
    assert_eq!(first + second, ROUNDS * 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_refreshes_beside_the_end_leave_those_that_were_answered_and_no_others() {
    let world = World::new().await;
    let user = user_id(&world.carol).await;
    for _ in 0..10 {
        let old = world.carol.log_in(900).await;
        let (_, id) = sessions(&world.carol).await.remove(0);
        let keys: Vec<Credential> = (0..8).map(|_| Credential::api_key()).collect();
        let mut requests: Vec<_> = keys
            .iter()
            .map(|key| (old.clone(), "stamp_login", old.submission("stamp_login", &log_in(key))))
            .collect();
        let end = json!({ "userId": user, "apiKeyIds": [id] });
        let end = world.carol.submission("delete_api_keys", &end);
        requests.insert(4, (world.carol.clone(), "delete_api_keys", end));
        let mut answers = at_once(requests).await;
        let is_ended = was_done(&answers.remove(4));
        assert_eq!(is_open(&old).await, !is_ended);
        let mut open = BTreeSet::new();
        for (answer, key) in answers.iter().zip(keys) {
            let (status, ..) = match answer.status.as_u16() {
                200 => (200, 0, String::new()),
                _ => answer.refusal(),
            };
            assert!([200, 401, 409].contains(&status), "{}", answer.text());
            let new = old.with(key);
            assert_eq!(is_open(&new).await, status == 200);
            if status == 200 {
                open.insert(new.public_key());
            }
        }
        if !is_ended {
            open.insert(old.public_key());
        }
        let listed = sessions(&world.carol).await.into_iter().map(|(key, _)| key);
        assert_eq!(listed.collect::<BTreeSet<String>>(), open);
        end_all(&world.carol).await;
    }
}

#[tokio::test]
async fn an_end_of_several_sessions_that_fails_ends_none() {
    let world = World::new().await;
    let user = user_id(&world.carol).await;
    let open = [world.carol.log_in(900).await, world.carol.log_in(900).await];
    let others = world.alice.log_in(900).await;
    let mut ids: Vec<String> = sessions(&world.carol).await.into_iter().map(|(_, id)| id).collect();
    let unknown = "01994c6e-0000-7000-8000-000000000000".to_owned();
    for stray in [unknown, sessions(&world.alice).await.remove(0).1] {
        ids.push(stray);
        let parameters = json!({ "userId": user, "apiKeyIds": ids });
        world.carol.submit("delete_api_keys", parameters).await.refused(404, 5, "UNSPECIFIED");
        ids.pop();
        for session in open.iter().chain([&others]) {
            assert!(is_open(session).await);
        }
    }
    let parameters = json!({ "userId": user, "apiKeyIds": ids });
    world.carol.done("delete_api_keys", parameters).await;
    for session in &open {
        assert!(!is_open(session).await);
    }
    assert!(is_open(&others).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sessions_ended_together_end_together_for_whoever_looks() {
    let world = World::new().await;
    let user = user_id(&world.carol).await;
    for _ in 0..10 {
        for _ in 0..4 {
            world.carol.log_in(900).await;
        }
        let listed = sessions(&world.carol).await;
        assert_eq!(listed.len(), 4);
        let ids: Vec<&String> = listed.iter().map(|(_, id)| id).collect();
        let parameters = json!({ "userId": user, "apiKeyIds": ids });
        let body = world.carol.submission("delete_api_keys", &parameters);
        let ending = {
            let carol = world.carol.clone();
            tokio::spawn(async move { carol.post_submission("delete_api_keys", &body).await })
        };
        loop {
            let seen = sessions(&world.carol).await.len();
            assert!([0, 4].contains(&seen), "{seen} of 4");
            if seen == 0 {
                break;
            }
            tokio::task::yield_now().await;
        }
        ending.await.unwrap().activity();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn guesses_at_once_are_three_guesses() {
    let world = World::new().await;
    let server = &world.server;
    for round in 0..10 {
        let contact = format!("guess{round}@wonderland.example");
        let sent = send_code(&world.parent, "ACTIVITY_TYPE_INIT_OTP_V2", &contact).await;
        let guess = |code: &str| {
            let parameters = json!({ "otpId": sent.id, "otpCode": code });
            let body = world.parent.submission_of("ACTIVITY_TYPE_VERIFY_OTP", &parameters);
            (world.parent.clone(), "verify_otp", body)
        };
        let guesses = (0..TASKS).map(|_| guess("ZZZZZZZZZ")).collect();
        let mut refused = 0;
        for answer in at_once(guesses).await {
            let (status, ..) = answer.refusal();
            assert!([400, 409].contains(&status), "{}", answer.text());
            refused += usize::from(status == 400);
        }
        // Those that were answered were counted, so the right code comes too late.
        if refused >= 3 {
            let answers = at_once(vec![guess(&sent.code)]).await;
            answers[0].refused(400, 3, "UNSPECIFIED");
        }
        // The codes of one contact are counted by themselves.
        assert_eq!(messages(server, &contact).await.len(), 1);
        server.advance(600);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_right_code_sent_many_times_at_once_is_taken_once() {
    let world = World::new().await;
    let sent = send_code(&world.parent, "ACTIVITY_TYPE_INIT_OTP_V2", EMAIL).await;
    let requests = (0..TASKS)
        .map(|_| {
            let parameters = json!({ "otpId": sent.id, "otpCode": sent.code });
            let body = world.parent.submission_of("ACTIVITY_TYPE_VERIFY_OTP", &parameters);
            (world.parent.clone(), "verify_otp", body)
        })
        .collect();
    let answers = at_once(requests).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert!([400, 409].contains(&answer.refusal().0), "{}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_token_used_many_times_at_once_opens_one_session() {
    let world = World::new().await;
    let parent = world.parent.about(&world.alice.organization);
    for is_bound in [true, false] {
        let key = new_key();
        let token = if is_bound {
            current_token(&world.parent, EMAIL, &key).await
        } else {
            legacy_token(&world.parent, EMAIL, None).await
        };
        let requests = (0..TASKS)
            .map(|_| {
                let session = public(&new_key());
                let signature = is_bound.then(|| sign_login(&key, &token, &session));
                let parameters = json!({
                    "verificationToken": token,
                    "publicKey": session,
                    "clientSignature": signature,
                });
                (parent.clone(), "otp_login", parent.submission("otp_login", &parameters))
            })
            .collect();
        let answers = at_once(requests).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            assert!([400, 409].contains(&answer.refusal().0), "{}", answer.text());
        }
        assert_eq!(sessions(&world.alice).await.len(), 1);
        end_all(&world.alice).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_token_signs_up_once_however_many_ask() {
    let world = World::new().await;
    let contact = "eve@wonderland.example";
    let token = legacy_token(&world.parent, contact, None).await;
    let requests = (0..TASKS)
        .map(|_| {
            let parameters = json!({
                "subOrganizationName": "Eve's",
                "rootQuorumThreshold": 1,
                "rootUsers": [{
                    "userName": "Eve",
                    "userEmail": contact,
                    "apiKeys": [Credential::api_key().as_api_key("key")],
                    "authenticators": [],
                    "oauthProviders": [],
                }],
                "verificationToken": token,
            });
            let kind = "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V7";
            let body = world.parent.submission_of(kind, &parameters);
            (world.parent.clone(), "create_sub_organization", body)
        })
        .collect();
    let answers = at_once(requests).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    let filter = json!({ "filterType": "EMAIL", "filterValue": contact });
    let listed = world.parent.read("list_suborgs", filter).await;
    assert_eq!(listed["organizationIds"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn three_codes_are_sent_however_many_are_asked_for_at_once() {
    let world = World::new().await;
    for kind in ["ACTIVITY_TYPE_INIT_OTP_V2", "ACTIVITY_TYPE_INIT_OTP_V3"] {
        let contact = format!("{}@wonderland.example", kind.to_lowercase());
        let parameters =
            json!({ "otpType": "OTP_TYPE_EMAIL", "contact": contact, "appName": "Wonderland" });
        let requests = (0..TASKS)
            .map(|_| {
                let body = world.parent.submission_of(kind, &parameters);
                (world.parent.clone(), "init_otp", body)
            })
            .collect();
        let answers = at_once(requests).await;
        let sent = answers.iter().filter(|answer| answer.status == 200).count();
        assert!((1..=3).contains(&sent), "{sent}");
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            assert!([400, 409].contains(&answer.refusal().0), "{}", answer.text());
        }
        crate::proof::message(&world.server, &contact, sent).await;
        let body = world.parent.submission_of(kind, &parameters);
        for _ in sent..3 {
            let body = world.parent.submission_of(kind, &parameters);
            world.parent.post_submission("init_otp", &body).await.activity();
        }
        let answer = world.parent.post_submission("init_otp", &body).await;
        answer.refused(400, 3, "MAX_OTP_INITIATED");
        crate::proof::message(&world.server, &contact, 3).await;
        assert_eq!(messages(&world.server, &contact).await.len(), 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_request_for_a_code_sent_many_times_at_once_sends_one() {
    let world = World::new().await;
    let parameters = json!({ "otpType": "OTP_TYPE_EMAIL", "contact": EMAIL, "appName": "W" });
    let body = world.parent.submission("init_otp", &parameters);
    let requests = (0..TASKS).map(|_| (world.parent.clone(), "init_otp", body.clone())).collect();
    let mut ids = BTreeSet::new();
    for answer in at_once(requests).await {
        ids.insert(text(&content(&answer.activity()["result"])["otpId"]));
    }
    assert_eq!(ids.len(), 1);
    crate::proof::message(&world.server, EMAIL, 1).await;
    assert_eq!(messages(&world.server, EMAIL).await.len(), 1);
}

#[tokio::test]
async fn a_refresh_that_was_decided_before_the_end_and_not_committed_opens_nothing() {
    let (world, gate) = World::gated().await;
    let old = world.carol.log_in(900).await;
    // Under a new key, and under its own, which would go on as if it had not ended.
    for key in [Credential::api_key().public_key(), old.public_key()] {
        let is_own = key == old.public_key();
        let old = if is_own { world.carol.log_in(900).await } else { old.clone() };
        let key = if is_own { old.public_key() } else { key };
        let body = old.submission("stamp_login", &json!({ "publicKey": key }));
        let (held, answering) = begin_held(&gate, Hold::Before, &old, "stamp_login", body).await;
        end_listed(&world.carol).await.activity();
        assert!(!is_open(&old).await);
        held.release();
        answering.await.unwrap().refused(401, 16, "PUBLIC_KEY_NOT_FOUND");
        assert!(!is_open(&old).await);
        assert!(sessions(&world.carol).await.is_empty());
    }
}

#[tokio::test]
async fn a_refresh_that_was_committed_before_the_end_stands() {
    let (world, gate) = World::gated().await;
    let old = world.carol.log_in(900).await;
    let (_, id) = sessions(&world.carol).await.remove(0);
    let key = Credential::api_key();
    let body = old.submission("stamp_login", &log_in(&key));
    let (held, answering) = begin_held(&gate, Hold::After, &old, "stamp_login", body).await;
    let parameters = json!({ "userId": user_id(&world.carol).await, "apiKeyIds": [id] });
    world.carol.done("delete_api_keys", parameters).await;
    assert!(!is_open(&old).await);
    held.release();
    answering.await.unwrap().activity();
    // What the refresh remembers of the organization is older than the end.
    assert!(!is_open(&old).await);
    assert!(is_open(&world.carol.with(key)).await);
    assert_eq!(sessions(&world.carol).await.len(), 1);
}

#[tokio::test]
async fn a_log_in_under_way_when_all_sessions_end_is_listed_afterwards() {
    for how in [Hold::Before, Hold::After] {
        let (world, gate) = World::gated().await;
        let old = world.carol.log_in(900).await;
        let key = Credential::api_key();
        let body = world.carol.submission("stamp_login", &log_in(&key));
        let (held, answering) = begin_held(&gate, how, &world.carol, "stamp_login", body).await;
        end_listed(&world.carol).await.activity();
        held.release();
        answering.await.unwrap().activity();
        assert!(!is_open(&old).await);
        let listed = sessions(&world.carol).await;
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].0, key.public_key());
        let new = world.carol.with(key);
        assert!(is_open(&new).await);
        end_listed(&world.carol).await.activity();
        assert!(!is_open(&new).await);
    }
}

#[tokio::test]
async fn a_log_in_that_was_overtaken_by_the_end_of_its_own_key_opens_nothing() {
    let (world, gate) = World::gated().await;
    let spare = Credential::api_key();
    let user = user_id(&world.carol).await;
    let parameters = json!({ "userId": user, "apiKeys": [spare.as_api_key("spare")] });
    let made = world.alice.done("create_api_keys", parameters).await;
    let stamper = world.carol.with(spare);
    let key = Credential::api_key();
    let body = stamper.submission("stamp_login", &log_in(&key));
    let (held, answering) = begin_held(&gate, Hold::Before, &stamper, "stamp_login", body).await;
    let parameters = json!({ "userId": user, "apiKeyIds": made["apiKeyIds"] });
    world.carol.done("delete_api_keys", parameters).await;
    held.release();
    answering.await.unwrap().refused(401, 16, "PUBLIC_KEY_NOT_FOUND");
    assert!(!is_open(&world.carol.with(key)).await);
}

#[tokio::test]
async fn an_end_that_the_store_does_not_make_ends_none_and_one_it_makes_ends_all() {
    let (world, gate) = World::gated().await;
    for how in [Hold::Fail, Hold::Lose] {
        let open = [world.carol.log_in(900).await, world.carol.log_in(900).await];
        let reader = open[0].read_only().await;
        let held = gate.hold_next(how);
        let answer = end_listed(&world.carol).await;
        drop(held);
        // Whether it was made or not, what is shown is what is.
        let stays = matches!(how, Hold::Fail);
        if stays {
            answer.refused(500, 13, "INTERNAL");
        } else {
            assert_eq!(answer.activity()["status"], "ACTIVITY_STATUS_COMPLETED");
        }
        for session in &open {
            assert_eq!(is_open(session).await, stays);
        }
        assert_eq!(reader.query("whoami", json!({})).await.status == 200, stays);
        assert_eq!(sessions(&world.carol).await.len(), if stays { 2 } else { 0 });
        if stays {
            end_listed(&world.carol).await.activity();
        }
    }
}

#[tokio::test]
async fn a_token_that_was_spent_in_the_meantime_opens_no_second_session() {
    let (world, gate) = World::gated().await;
    let parent = world.parent.about(&world.alice.organization);
    let token = legacy_token(&world.parent, EMAIL, None).await;
    let log_in = || json!({ "verificationToken": token, "publicKey": public(&new_key()) });
    let body = parent.submission("otp_login", &log_in());
    let (held, answering) = begin_held(&gate, Hold::Before, &parent, "otp_login", body).await;
    parent.done("otp_login", log_in()).await;
    held.release();
    answering.await.unwrap().refused(400, 3, "REQUEST_INVALID");
    assert_eq!(sessions(&world.alice).await.len(), 1);
}
