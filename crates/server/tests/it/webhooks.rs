//! What webhook endpoints are told, how often, and what of that is shown.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Response, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::BodyExt;
use keyward_crypto::{Ed25519PublicKey, os_rng};
use keyward_protocol::engine::model::{WebhookEndpoint, WebhookSubscription};
use keyward_protocol::wire::Timestamp;
use keyward_protocol::wire::enums::WebhookEventType;
use keyward_protocol::wire::id::WebhookEndpointId;
use keyward_server::{Config, serve};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::client::{Client, text};
use crate::server::Server;
use crate::world::World;

/// Longest time that a test waits for something.
const PATIENCE: Duration = Duration::from_secs(20);

/// Something that a receiver was sent.
struct Received {
    path: String,
    headers: HeaderMap,
    body: String,
}

impl Received {
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// What it signs, with which key and how.
    fn signed(&self) -> (String, String, [u8; 64]) {
        let key = self.header("x-turnkey-signature-key-id").to_owned();
        let (at, event) = (self.header("x-turnkey-timestamp"), self.header("x-turnkey-event-id"));
        let signed = format!("v1.ed25519.{key}.{at}.{event}.{}", self.body);
        let signature = hex::decode(self.header("x-turnkey-signature")).unwrap();
        (signed, key, signature.try_into().unwrap())
    }
}

/// Somebody who is told, on this machine; ends when dropped.
struct Receiver {
    url: String,
    status: Arc<AtomicU16>,
    received: mpsc::UnboundedReceiver<Received>,
    _end: oneshot::Sender<()>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let status = Arc::new(AtomicU16::new(200));
        let answers = status.clone();
        let (sender, received) = mpsc::unbounded_channel();
        let router = Router::new().fallback(move |request: Request| {
            let (sender, answers) = (sender.clone(), answers.clone());
            async move {
                let (parts, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes().to_vec();
                let body = String::from_utf8(body).unwrap();
                let path = parts.uri.to_string();
                // Before anybody knows that it came.
                let status = StatusCode::from_u16(answers.load(Ordering::SeqCst)).unwrap();
                sender.send(Received { path, headers: parts.headers, body }).unwrap();
                let mut answer = Response::new(Body::from("thanks"));
                *answer.status_mut() = status;
                answer
            }
        });
        let (end, ended) = oneshot::channel::<()>();
        tokio::spawn(serve::serve(listener, router, async move {
            // Its sender being gone is the end.
            let _ = ended.await;
        }));
        Self { url, status, received, _end: end }
    }

    /// What it answers from now on.
    fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    async fn next(&mut self) -> Received {
        tokio::time::timeout(PATIENCE, self.received.recv()).await.unwrap().unwrap()
    }

    fn is_idle(&mut self) -> bool {
        self.received.try_recv().is_err()
    }

    /// Has it told of the activities that `client` may see. Returns the endpoint's id.
    async fn listen(&mut self, client: &Client) -> String {
        let made = client.done("create_webhook_endpoint", endpoint(&self.url)).await;
        text(&made["endpointId"])
    }

    /// As [`Receiver::listen`], when it was told of that itself.
    async fn listen_and_hear(&mut self, client: &Client) -> String {
        let id = self.listen(client).await;
        assert_eq!(self.next().await.json()["type"], "ACTIVITY_TYPE_CREATE_WEBHOOK_ENDPOINT");
        id
    }
}

fn endpoint(url: &str) -> Value {
    json!({
        "url": format!("{url}/hooks?a=b"),
        "name": "hooks",
        "subscriptions": [{ "eventType": "ACTIVITY_UPDATES" }],
    })
}

/// Makes a tag: something to be told of. Returns the activity.
async fn tag(client: &Client, name: &str) -> Value {
    client.submit("create_user_tag", json!({ "userTagName": name, "userIds": [] })).await.activity()
}

/// What became of what was sent to an endpoint, newest first.
async fn log(client: &Client, id: &str) -> Vec<Value> {
    let body = json!({ "endpointId": id, "paginationOptions": { "limit": "100" } });
    let told = client.read("list_webhook_deliveries", body).await;
    told["webhookDeliveries"].as_array().unwrap().clone()
}

/// The log, as soon as it is as it should be.
async fn log_when(client: &Client, id: &str, is_so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let asked = async {
        loop {
            let log = log(client, id).await;
            if is_so(&log) {
                return log;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, asked).await;
    assert!(in_time.is_ok(), "it is not so yet: {:?}", log(client, id).await);
    in_time.unwrap()
}

fn status(delivery: &Value) -> &str {
    delivery["status"].as_str().unwrap().trim_start_matches("WEBHOOK_DELIVERY_STATUS_")
}

/// Whether the newest delivery was tried once and is to be tried again. What was told before it arrived at once.
fn has_failed_once(log: &[Value]) -> bool {
    status(&log[0]) == "PENDING" && log[0]["attempts"] == 1
}

/// The key with this id that the server publishes.
async fn key(server: &Server, id: &str) -> Ed25519PublicKey {
    let answer = server.get("/public/v1/discovery/webhooks/jwks").await;
    assert!(answer.headers.contains_key("cache-control"));
    let keys = answer.ok()["keys"].as_array().unwrap().clone();
    let jwk = keys.iter().find(|jwk| jwk["kid"] == id).unwrap();
    for (member, value) in [
        ("kty", "OKP"),
        ("crv", "Ed25519"),
        ("alg", "EdDSA"),
        ("use", "sig"),
        ("turnkey_signature_algorithm", "ed25519"),
        ("turnkey_signature_version", "v1"),
    ] {
        assert_eq!(jwk[member], value, "{member}");
    }
    let x = URL_SAFE_NO_PAD.decode(text(&jwk["x"])).unwrap();
    Ed25519PublicKey::from_bytes(&x.try_into().unwrap())
}

#[tokio::test]
async fn an_endpoint_is_told_with_a_signature_that_anybody_can_check() {
    let world = World::new().await;
    let mut receiver = Receiver::start().await;
    let id = receiver.listen_and_hear(&world.alice).await;
    let activity = tag(&world.alice, "ops").await;
    let told = receiver.next().await;
    assert_eq!(told.path, "/hooks?a=b");
    assert_eq!(told.header("content-type"), "application/json");
    assert_eq!(told.header("x-turnkey-organization-id"), world.alice.organization);
    assert_eq!(told.header("x-turnkey-event-type"), "ACTIVITY_UPDATES");
    assert_eq!(told.header("x-turnkey-webhook-version"), "1");
    assert_eq!(told.header("x-turnkey-signature-algorithm"), "ed25519");
    assert_eq!(told.header("x-turnkey-signature-version"), "v1");
    let at: u64 = told.header("x-turnkey-timestamp").parse().unwrap();
    assert!(world.server.now() - at < 60_000, "{at}");
    let (signed, key_id, signature) = told.signed();
    let key = key(&world.server, &key_id).await;
    assert!(key.verify_strict(signed.as_bytes(), &signature));
    assert!(!key.verify_strict(format!("{signed} ").as_bytes(), &signature));
    let body = told.json();
    for member in ["id", "organizationId", "status", "type", "intent", "result", "fingerprint"] {
        assert_eq!(body[member], activity[member], "{member}");
    }
    let log = log_when(&world.alice, &id, |log| {
        log.len() == 2 && log.iter().all(|it| status(it) == "DELIVERED")
    })
    .await;
    assert_eq!(log[0]["eventId"], told.header("x-turnkey-event-id"));
    assert_eq!((&log[0]["attempts"], &log[0]["lastHttpStatus"]), (&json!(1), &json!(200)));
}

#[tokio::test]
async fn a_parent_is_told_of_its_sub_organizations_and_they_of_nobody_else() {
    let world = World::new().await;
    let (mut parents, mut bobs) = (Receiver::start().await, Receiver::start().await);
    parents.listen_and_hear(&world.parent).await;
    bobs.listen_and_hear(&world.bob).await;
    let heard = parents.next().await;
    assert_eq!(heard.header("x-turnkey-organization-id"), world.bob.organization);
    let activity = tag(&world.alice, "ops").await;
    let heard = parents.next().await;
    assert_eq!(heard.header("x-turnkey-organization-id"), world.alice.organization);
    assert_eq!(heard.json()["id"], activity["id"]);
    tag(&world.parent, "ops").await;
    assert_eq!(parents.next().await.json()["organizationId"], world.parent.organization);
    tag(&world.bob, "ops").await;
    assert_eq!(bobs.next().await.json()["organizationId"], world.bob.organization);
}

#[tokio::test]
async fn what_waits_is_told_again_when_it_is_decided() {
    let world = World::new().await;
    let mut receiver = Receiver::start().await;
    let users = world.alice.read("list_users", json!({})).await;
    let ids: Vec<&Value> = users["users"].as_array().unwrap().iter().take(2).collect();
    let ids: Vec<&Value> = ids.iter().map(|user| &user["userId"]).collect();
    world.alice.done("update_root_quorum", json!({ "threshold": 2, "userIds": ids })).await;
    let asked = world.alice.submit("create_webhook_endpoint", endpoint(&receiver.url)).await;
    let asked = asked.activity();
    let vote = |asked: &Value| json!({ "fingerprint": asked["fingerprint"] });
    world.dinah.submit("approve_activity", vote(&asked)).await.activity();
    let heard = receiver.next().await.json();
    assert_eq!(
        (&heard["id"], &heard["status"]),
        (&asked["id"], &json!("ACTIVITY_STATUS_COMPLETED"))
    );
    let asked = tag(&world.alice, "ops").await;
    let heard = receiver.next().await.json();
    assert_eq!(heard["status"], "ACTIVITY_STATUS_CONSENSUS_NEEDED");
    world.dinah.submit("reject_activity", vote(&asked)).await.activity();
    let heard = receiver.next().await.json();
    assert_eq!(
        (&heard["id"], &heard["status"]),
        (&asked["id"], &json!("ACTIVITY_STATUS_REJECTED"))
    );
}

#[tokio::test]
async fn a_server_error_is_tried_again_with_a_fresh_signature() {
    let world = World::new().await;
    let mut receiver = Receiver::start().await;
    let id = receiver.listen_and_hear(&world.alice).await;
    receiver.answer(500);
    tag(&world.alice, "ops").await;
    let first = receiver.next().await;
    let log = log_when(&world.alice, &id, has_failed_once).await;
    assert_eq!((status(&log[0]), &log[0]["lastHttpStatus"]), ("PENDING", &json!(500)));
    assert!(log[0]["nextAttemptAt"].is_object(), "{}", log[0]);
    receiver.answer(204);
    world.server.advance(5);
    let second = receiver.next().await;
    assert_eq!(first.header("x-turnkey-event-id"), second.header("x-turnkey-event-id"));
    assert_eq!(first.body, second.body);
    let at = |told: &Received| told.header("x-turnkey-timestamp").parse::<u64>().unwrap();
    assert!(at(&second) >= at(&first) + 5_000);
    let (signed, key_id, signature) = second.signed();
    assert!(key(&world.server, &key_id).await.verify_strict(signed.as_bytes(), &signature));
    let log = log_when(&world.alice, &id, |log| status(&log[0]) == "DELIVERED").await;
    assert_eq!((&log[0]["attempts"], &log[0]["lastHttpStatus"]), (&json!(2), &json!(204)));
}

#[tokio::test]
async fn a_refusal_is_final() {
    let world = World::new().await;
    let mut receiver = Receiver::start().await;
    let id = receiver.listen_and_hear(&world.alice).await;
    for (number, refusal) in [302, 400, 410, 429].into_iter().enumerate() {
        receiver.answer(refusal);
        tag(&world.alice, &refusal.to_string()).await;
        receiver.next().await;
        let log = log_when(&world.alice, &id, |log| log.len() == number + 2).await;
        assert_eq!((status(&log[0]), &log[0]["lastHttpStatus"]), ("FAILED", &json!(refusal)));
        assert_eq!(log[0]["nextAttemptAt"], Value::Null);
    }
    receiver.answer(200);
    world.server.advance(100_000);
    let last = tag(&world.alice, "last").await;
    assert_eq!(receiver.next().await.json()["id"], last["id"]);
}

#[tokio::test]
async fn an_endpoint_that_fails_is_left_alone_and_then_tried_with_one() {
    let world = World::new().await;
    let mut receiver = Receiver::start().await;
    let id = receiver.listen_and_hear(&world.parent).await;
    receiver.answer(503);
    tag(&world.parent, "first").await;
    receiver.next().await;
    log_when(&world.parent, &id, has_failed_once).await;
    for number in 0..10 {
        tag(&world.parent, &number.to_string()).await;
    }
    let pending = |log: &[Value]| log.iter().filter(|it| status(it) == "PENDING").count();
    let log = log_when(&world.parent, &id, |log| pending(log) == 11).await;
    assert!(log.iter().take(10).all(|it| it["attempts"] == 0), "{log:?}");
    assert!(receiver.is_idle());
    world.server.advance(5);
    receiver.next().await;
    let attempts = |log: &[Value]| log.iter().filter_map(|it| it["attempts"].as_u64()).sum::<u64>();
    // The endpoint was made, one was tried twice or another one once.
    log_when(&world.parent, &id, |log| attempts(log) == 3).await;
    assert!(receiver.is_idle());
    receiver.answer(200);
    for _ in 0..11 {
        world.server.advance(20);
        receiver.next().await;
    }
    log_when(&world.parent, &id, |log| pending(log) == 0).await;
}

#[tokio::test]
async fn who_is_deleted_or_switched_off_is_told_nothing_more() {
    let world = World::new().await;
    let (mut deleted, mut other) = (Receiver::start().await, Receiver::start().await);
    let id = deleted.listen_and_hear(&world.alice).await;
    let other_id = other.listen_and_hear(&world.alice).await;
    deleted.next().await;
    deleted.answer(500);
    tag(&world.alice, "ops").await;
    deleted.next().await;
    other.next().await;
    log_when(&world.alice, &id, has_failed_once).await;
    world.alice.done("delete_webhook_endpoint", json!({ "endpointId": id })).await;
    other.next().await;
    world.alice.query("list_webhook_deliveries", json!({ "endpointId": id })).await.refused(
        404,
        5,
        "UNSPECIFIED",
    );
    world.server.advance(3_600);
    tag(&world.alice, "next").await;
    other.next().await;
    log_when(&world.alice, &other_id, |log| log.iter().all(|it| status(it) == "DELIVERED")).await;
    let off = json!({ "endpointId": other_id, "isActive": false });
    world.alice.done("update_webhook_endpoint", off).await;
    tag(&world.alice, "unheard").await;
    let on = json!({ "endpointId": other_id, "isActive": true });
    world.alice.done("update_webhook_endpoint", on).await;
    assert_eq!(other.next().await.json()["type"], "ACTIVITY_TYPE_UPDATE_WEBHOOK_ENDPOINT");
    assert!(deleted.is_idle());
}

#[tokio::test]
async fn what_was_acknowledged_is_delivered_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keyward.db");
    let mut receiver = Receiver::start().await;
    // Nothing works beside the requests here, so nothing is sent.
    let world = World::on_disk(&file).await;
    receiver.listen(&world.alice).await;
    let activity = tag(&world.alice, "ops").await;
    assert!(receiver.is_idle());
    let world = world.closed().reopened(&file).await;
    world.server.work_beside();
    let mut told = [receiver.next().await, receiver.next().await];
    told.sort_by_key(|told| told.header("x-turnkey-event-id").to_owned());
    assert_eq!(told[0].json()["type"], "ACTIVITY_TYPE_CREATE_WEBHOOK_ENDPOINT");
    assert_eq!(told[1].json()["id"], activity["id"]);
    let (signed, key_id, signature) = told[1].signed();
    assert!(key(&world.server, &key_id).await.verify_strict(signed.as_bytes(), &signature));
}

#[tokio::test]
async fn private_addresses_are_refused_unless_they_are_allowed() {
    let private = [
        "https://10.1.2.3",
        "https://169.254.169.254",
        "https://[fd00::1]",
        "http://hooks.example",
    ];
    let world = World::new().await;
    for url in private {
        let refused = world.alice.submit("create_webhook_endpoint", endpoint(url)).await;
        assert_eq!(refused.refusal().0, 400);
        assert!(
            refused.message().starts_with("invalid url: the address "),
            "{}",
            refused.message()
        );
    }
    let id = text(
        &world.alice.done("create_webhook_endpoint", endpoint("https://a.example")).await["endpointId"],
    );
    let moved = json!({ "endpointId": id, "url": private[0] });
    assert_eq!(world.alice.submit("update_webhook_endpoint", moved).await.refusal().0, 400);
    let mut config = Config::default();
    config.webhooks.allow_private_networks = true;
    config.webhooks.private_origins = vec![private[3].to_owned().try_into().unwrap()];
    let world = World::with(&config).await;
    for url in private {
        world.alice.done("create_webhook_endpoint", endpoint(url)).await;
    }
}

#[tokio::test]
async fn an_address_is_checked_again_when_it_is_sent_to() {
    let now = Timestamp::from_millis(1_767_225_600_000);
    let id = WebhookEndpointId::generate(now, &mut os_rng());
    let event_type = WebhookEventType::ActivityUpdates;
    let world = World::changed(&Config::default(), |beginning| {
        beginning.organizations[1].webhook_endpoints.push(WebhookEndpoint {
            id,
            url: "https://10.1.2.3/".to_owned(),
            name: "hooks".to_owned(),
            is_active: true,
            subscriptions: vec![WebhookSubscription { event_type, is_active: true }],
            created_at: now,
        });
    })
    .await;
    tag(&world.alice, "ops").await;
    let log = log_when(&world.alice, &id.to_string(), |log| !log.is_empty()).await;
    assert_eq!(status(&log[0]), "FAILED");
    assert_eq!(log[0]["lastError"], "the address is in a network that is not asked");
    assert_eq!(log[0]["lastHttpStatus"], Value::Null);
}

#[tokio::test]
async fn endpoints_are_their_organizations_own() {
    let world = World::new().await;
    let mut receiver = Receiver::start().await;
    let id = receiver.listen_and_hear(&world.alice).await;
    for (route, parameters) in [
        ("update_webhook_endpoint", json!({ "endpointId": id, "name": "mine" })),
        ("delete_webhook_endpoint", json!({ "endpointId": id })),
    ] {
        world.bob.submit(route, parameters.clone()).await.refused(404, 5, "UNSPECIFIED");
        let elsewhere = world.bob.about(&world.alice.organization);
        assert_eq!(elsewhere.submit(route, parameters.clone()).await.refusal().0, 401);
        assert_eq!(world.carol.submit(route, parameters).await.refusal().0, 403);
    }
    let list = json!({ "endpointId": id });
    world.bob.query("list_webhook_deliveries", list.clone()).await.refused(404, 5, "UNSPECIFIED");
    let elsewhere = world.bob.about(&world.alice.organization);
    assert_eq!(elsewhere.query("list_webhook_deliveries", list).await.refusal().0, 401);
    assert_eq!(elsewhere.query("list_webhook_endpoints", json!({})).await.refusal().0, 401);
    let shown = world.bob.read("list_webhook_endpoints", json!({})).await;
    assert_eq!(shown["webhookEndpoints"], json!([]));
}

#[tokio::test]
async fn the_url_of_the_feature_is_told_without_a_signature() {
    let world = World::new().await;
    let mut receiver = Receiver::start().await;
    let feature = json!({ "name": "FEATURE_NAME_WEBHOOK", "value": receiver.url });
    world.alice.done("set_organization_feature", feature).await;
    receiver.next().await;
    let activity = tag(&world.alice, "ops").await;
    let told = receiver.next().await;
    assert_eq!(told.json()["id"], activity["id"]);
    assert!(!told.headers.contains_key("x-turnkey-signature"));
    let feature = json!({ "name": "FEATURE_NAME_WEBHOOK" });
    world.alice.done("remove_organization_feature", feature).await;
    tag(&world.alice, "unheard").await;
    let id = receiver.listen(&world.alice).await;
    let told = receiver.next().await;
    assert_eq!(told.json()["type"], "ACTIVITY_TYPE_CREATE_WEBHOOK_ENDPOINT");
    assert!(told.headers.contains_key("x-turnkey-signature"), "{id}");
}
