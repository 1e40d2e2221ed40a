//! Whoever asks for too much is told to wait.

use keyward_server::Config;
use serde_json::{Value, json};

use crate::client::Client;
use crate::gate::Hold;
use crate::proof::{attested, current_token, messages, new_key, public};
use crate::server::{Answer, Header, header};
use crate::world::{EMAIL, World};

const TEXT: &str = "Too many requests. Please wait and try again in a few seconds";

fn few() -> Config {
    let mut config = Config::default();
    config.limits.log_ins_per_address = 3;
    config.limits.messages_per_organization = 4;
    config.limits.trusted_proxies = 1;
    config
}

/// From this address, as a proxy in front of the server says.
fn from(address: &str) -> Header {
    header("x-forwarded-for", address)
}

async fn ask(world: &World, address: &str) -> Answer {
    let id = header("x-auth-proxy-config-id", world.parent.organization.as_str());
    world.server.post("/v1/wallet_kit_config", &[id, from(address)], b"{}").await
}

async fn stamp_login(client: &Client, address: &str) -> Answer {
    let body = client.submission("stamp_login", &json!({ "publicKey": public(&new_key()) }));
    let mut headers = client.credential.headers(&body);
    headers.push(from(address));
    client.server.post("/public/v1/submit/stamp_login", &headers, &body).await
}

fn assert_limited(answer: &Answer) {
    assert_eq!(answer.refused(429, 8, "RATE_LIMIT_EXCEEDED"), TEXT);
    let seconds: u32 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn an_address_asks_the_proxy_so_often_and_again_after_a_while() {
    let world = World::with(&few()).await;
    for _ in 0..3 {
        ask(&world, "192.0.2.1").await.ok();
    }
    let refused = ask(&world, "192.0.2.1").await;
    assert_limited(&refused);
    assert_eq!(refused.headers["retry-after"], "20");
    // What others say of it before the proxy does not count.
    assert_limited(&ask(&world, "192.0.2.9, 192.0.2.1").await);
    ask(&world, "192.0.2.2").await.ok();
    world.server.advance(21);
    ask(&world, "192.0.2.1").await.ok();
    assert_limited(&ask(&world, "192.0.2.1").await);
    world.server.advance(60);
    for _ in 0..3 {
        ask(&world, "192.0.2.1").await.ok();
    }
    assert_limited(&ask(&world, "192.0.2.1").await);
}

#[tokio::test]
async fn requests_that_are_refused_count_too() {
    let world = World::with(&few()).await;
    for _ in 0..3 {
        let headers = [header("x-auth-proxy-config-id", "x"), from("2001:db8:1:2::1")];
        world.server.post("/v1/account", &headers, b"{}").await.refused(404, 5, "UNSPECIFIED");
    }
    assert_limited(&ask(&world, "2001:db8:1:2:3::4").await);
    ask(&world, "2001:db8:1:3::1").await.ok();
}

#[tokio::test]
async fn attested_stamps_are_counted_and_others_are_not() {
    let world = World::with(&few()).await;
    let key = new_key();
    let token = current_token(&world.parent, EMAIL, &key).await;
    let stamper = world.parent.with(attested(&key, &token));
    for _ in 0..3 {
        stamp_login(&stamper, "192.0.2.1").await.activity();
    }
    assert_limited(&stamp_login(&stamper, "192.0.2.1").await);
    let body = json!({ "organizationId": world.parent.organization, "activityId": "x" });
    let body = body.to_string().into_bytes();
    let mut headers = stamper.credential.headers(&body);
    headers.push(from("192.0.2.1"));
    let path = "/public/v1/query/get_activity";
    assert_limited(&world.server.post(path, &headers, &body).await);
    for _ in 0..5 {
        stamp_login(&world.alice, "192.0.2.1").await.activity();
    }
    world.server.advance(21);
    stamp_login(&stamper, "192.0.2.1").await.activity();
}

#[tokio::test]
async fn an_organization_has_so_many_messages_sent_and_again_after_a_while() {
    let world = World::with(&few()).await;
    let init = |number: usize| -> Value {
        let contact = format!("user{number}@wonderland.example");
        json!({ "otpType": "OTP_TYPE_EMAIL", "contact": contact, "appName": "Wonderland" })
    };
    for number in 0..4 {
        world.parent.done("init_otp", init(number)).await;
    }
    let before = world.parent.sight().await;
    assert_limited(&world.parent.submit("init_otp", init(4)).await);
    // It left no trace, and the contact is not charged for it.
    assert_eq!(world.parent.sight().await, before);
    assert!(messages(&world.server, "user4@wonderland.example").await.is_empty());
    // Each organization by itself.
    world.bob.done("init_otp", init(5)).await;
    world.server.advance(16);
    for _ in 0..2 {
        let answer = world.parent.submit("init_otp", init(4)).await;
        if answer.status != 200 {
            assert_limited(&answer);
        }
    }
    crate::proof::message(&world.server, "user4@wonderland.example", 1).await;
    assert_eq!(messages(&world.server, "user4@wonderland.example").await.len(), 1);
}

#[tokio::test]
async fn a_message_counts_once_however_often_its_commit_is_tried() {
    let mut config = few();
    config.limits.messages_per_organization = 1;
    let (world, gate) = World::gated_with(&config).await;
    let parameters =
        json!({ "otpType": "OTP_TYPE_EMAIL", "contact": EMAIL, "appName": "Wonderland" });
    let body = world.parent.submission("init_otp", &parameters);
    let held = gate.hold_next(Hold::Before);
    let parent = world.parent.clone();
    let answering = tokio::spawn(async move { parent.post_submission("init_otp", &body).await });
    let held = held.arrived().await;
    let other = json!({ "organizationName": "Faster" });
    world.parent.done("update_organization_name", other).await;
    held.release();
    answering.await.unwrap().activity();
    crate::proof::message(&world.server, EMAIL, 1).await;
}

#[tokio::test]
async fn a_request_sent_again_is_answered_and_not_counted_against_the_contact() {
    let world = World::with(&few()).await;
    let parameters =
        json!({ "otpType": "OTP_TYPE_EMAIL", "contact": EMAIL, "appName": "Wonderland" });
    let body = world.parent.submission("init_otp", &parameters);
    let first = world.parent.post_submission("init_otp", &body).await.activity();
    for _ in 0..10 {
        let again = world.parent.post_submission("init_otp", &body).await.activity();
        assert_eq!(again, first);
    }
    for _ in 0..2 {
        world.server.advance(60);
        world.parent.done("init_otp", parameters.clone()).await;
    }
}
