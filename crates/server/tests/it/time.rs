//! The server's time, as its clients see it.

use std::time::UNIX_EPOCH;

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::server::{Answer, header};
use crate::world::World;

fn seconds(answer: &Answer) -> u64 {
    let [date] = answer.headers.get_all("date").iter().collect::<Vec<_>>()[..] else {
        panic!("not one date: {:?}", answer.headers)
    };
    let date = httpdate::parse_http_date(date.to_str().unwrap()).unwrap();
    date.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test]
async fn every_answer_says_what_time_it_is_by_the_servers_clock() {
    let world = World::new().await;
    world.server.advance(7 * 24 * 3600);
    for (method, path) in [
        ("GET", "/healthz"),
        ("GET", "/nowhere"),
        ("GET", "/public/v1/query/whoami"),
        ("POST", "/public/v1/query/whoami"),
        ("OPTIONS", "/public/v1/query/whoami"),
        ("OPTIONS", "/nowhere"),
        ("GET", "/dev/clock"),
        ("GET", "/dev/inbox"),
        ("GET", "/dev/oidc/authorize"),
    ] {
        let before = world.server.now() / 1000;
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let answer = world.server.send(request).await;
        let told = seconds(&answer);
        assert!((before..=world.server.now() / 1000).contains(&told), "{method} {path}: {told}");
        if !path.starts_with("/dev/") {
            let exposed = answer.headers["access-control-expose-headers"].to_str().unwrap();
            assert!(exposed.contains("date") && exposed.contains("retry-after"), "{exposed}");
        }
    }
}

#[tokio::test]
async fn a_developer_reads_and_moves_the_clock() {
    let world = World::new().await;
    let shown = world.server.get("/dev/clock").await.ok();
    let moved = world.server.post("/dev/clock", &[], br#"{"advanceSeconds": 3600}"#).await.ok();
    let milliseconds = |answer: &serde_json::Value| -> u64 {
        answer["timestampMs"].as_str().unwrap().parse().unwrap()
    };
    assert!(milliseconds(&moved) >= milliseconds(&shown) + 3_600_000);
    let again = world.server.get("/dev/clock").await.ok();
    assert!(milliseconds(&again) >= milliseconds(&moved));
    assert_eq!(again.as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn pages_of_other_sites_change_nothing_in_development() {
    let world = World::new().await;
    let move_clock = async |origin: &str| {
        let headers = [header("origin", origin), header("host", "keyward.test")];
        world.server.post("/dev/clock", &headers, br#"{"advanceSeconds": 0}"#).await.status
    };
    for origin in ["http://localhost:3000", "http://127.0.0.1", "http://keyward.test"] {
        assert_eq!(move_clock(origin).await, 200, "{origin}");
    }
    for origin in ["https://example.com", "null", "http://localhost.example.com", ""] {
        assert_eq!(move_clock(origin).await, 403, "{origin}");
    }
    let whoami = json!({ "organizationId": world.alice.organization }).to_string().into_bytes();
    let mut headers = world.alice.credential.headers(&whoami);
    headers.push(header("origin", "https://example.com"));
    world.server.post("/public/v1/query/whoami", &headers, &whoami).await.ok();
}
