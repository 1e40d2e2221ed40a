//! Whatever is sent, the answer has the protocol's shape, is no fault of the server's, and nothing has
//! changed afterwards.

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request};
use keyward_protocol::{activities, queries};
use proptest::prelude::*;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;

use crate::client::{Client, Credential, current_type, query_path, submission_path};
use crate::samples::{self, Known, new_user};
use crate::server::{Answer, header};
use crate::world::World;

const REQUEST_INVALID: (u16, u8, &str) = (400, 3, "REQUEST_INVALID");
const UNKNOWN: &str = "0195f0a0-0000-7000-8000-000000000000";
const DEEP: usize = 10_000;

/// Every path of the protocol that is served.
fn all_paths() -> Vec<String> {
    let submissions = activities::REGISTRY.iter().map(|entry| submission_path(entry.route));
    let queries = queries::REGISTRY.iter().map(|entry| query_path(entry.route));
    submissions.chain(queries).collect()
}

fn deep_array() -> String {
    format!("{}{}", "[".repeat(DEEP), "]".repeat(DEEP))
}

async fn stamped(client: &Client, path: &str, body: &[u8]) -> Answer {
    client.server.post(path, &client.credential.headers(body), body).await
}

#[track_caller]
fn assert_refused(answer: &Answer, what: &str, (status, code, name): (u16, u8, &str)) {
    assert_eq!(answer.refusal(), (status, code, name.to_owned()), "{what}: {}", answer.text());
}

/// No fault of the server's, and in the protocol's shape.
#[track_caller]
fn assert_well_behaved(answer: &Answer, what: &str) {
    if answer.status == 200 {
        answer.json();
    } else {
        let (status, ..) = answer.refusal();
        assert!(status < 500, "{what}: {}", answer.text());
    }
}

/// Bodies that are no request of any kind.
fn hopeless_bodies() -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        ("nothing", text("")),
        ("white space", text(" \n")),
        ("half an object", text("{")),
        ("half a member", text(r#"{"organizationId":"#)),
        ("an unquoted name", text(r#"{organizationId:"x"}"#)),
        ("two objects", text("{}{}")),
        ("an empty object", text("{}")),
        ("an array", text("[]")),
        ("a string", text(r#""text""#)),
        ("a number", text("42")),
        ("a number that is too large", text("1e999")),
        ("null", text("null")),
        ("a form", text("organizationId=x&type=y")),
        ("XML", text("<a/>")),
        ("a byte order mark", text("\u{feff}{}")),
        ("a lone surrogate", text(r#"{"organizationId":"\ud800"}"#)),
        ("depth", text(&deep_array())),
        ("depth in objects", text(&format!("{}1{}", r#"{"a":"#.repeat(DEEP), "}".repeat(DEEP)))),
        ("depth and no end", text(&"[".repeat(DEEP))),
        ("no UTF-8", vec![b'{', b'"', 0xff, 0xfe, b'"', b':', b'1', b'}']),
        ("zeros", vec![0; 100]),
        ("three mebibytes", vec![b' '; 3 * 1024 * 1024]),
    ]
}

#[tokio::test]
async fn what_is_no_request_is_refused_on_every_path() {
    let world = World::new().await;
    let before = world.alice.sight().await;
    for path in all_paths() {
        for (what, body) in hopeless_bodies() {
            let answer = stamped(&world.alice, &path, &body).await;
            assert_refused(&answer, what, REQUEST_INVALID);
            let text = answer.message();
            let known = ["invalid request body: ", "bad request body: "];
            assert!(known.iter().any(|start| text.starts_with(start)), "{what}: {text}");
        }
    }
    assert_eq!(before, world.alice.sight().await);
}

/// Values that are wrong for a member in one way or another.
fn wrong_values() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("x"),
        json!("\u{0}\u{202e}\u{1f600}"),
        json!("x".repeat(100_000)),
        json!(UNKNOWN),
        json!([]),
        json!([null]),
        json!(["x"]),
        json!([[]]),
        json!([{}]),
        json!({}),
        json!({ "": null, "x": [1, { "y": [] }] }),
    ]
}

#[tokio::test]
async fn a_wrong_member_of_a_submission_is_refused() {
    let world = World::new().await;
    let known = Known::gather(&world).await;
    let before = world.alice.sight().await;
    for entry in activities::REGISTRY {
        let path = submission_path(entry.route);
        let body =
            world.alice.submission(entry.route, &(samples::of(entry.route).parameters)(&known));
        let body: Map<String, Value> = serde_json::from_slice(&body).unwrap();
        for member in ["type", "timestampMs", "organizationId", "parameters"] {
            for wrong in wrong_values() {
                // An object is right there; what is in it is another test's business.
                if member == "parameters" && wrong.is_object() {
                    continue;
                }
                let mut body = body.clone();
                body.insert(member.to_owned(), wrong.clone());
                let body = Value::Object(body).to_string();
                let answer = stamped(&world.alice, &path, body.as_bytes()).await;
                let expected = match (member, wrong.as_str()) {
                    ("organizationId", Some(UNKNOWN)) => (404, 5, "ORGANIZATION_NOT_FOUND"),
                    ("organizationId", Some(_)) => (400, 3, "INVALID_ORGANIZATION_ID"),
                    _ => REQUEST_INVALID,
                };
                assert_refused(&answer, member, expected);
            }
            let mut without = body.clone();
            without.remove(member);
            let without = Value::Object(without).to_string();
            let answer = stamped(&world.alice, &path, without.as_bytes()).await;
            let text = answer.refused(400, 3, "REQUEST_INVALID");
            assert_eq!(text, format!("invalid request body: missing field `{member}`"));

            let once = Value::Object(body.clone()).to_string();
            let rest = once.strip_prefix('{').unwrap();
            let again = format!(r#"{{"{member}":{},{rest}"#, body[member]);
            let answer = stamped(&world.alice, &path, again.as_bytes()).await;
            let text = answer.refused(400, 3, "REQUEST_INVALID");
            assert_eq!(text, format!("invalid request body: duplicate field `{member}`"));
        }
        let members = ["type", "timestampMs", "organizationId", "parameters"];
        let in_order =
            Value::Array(members.map(|member| body[member].clone()).to_vec()).to_string();
        let answer = stamped(&world.alice, &path, in_order.as_bytes()).await;
        assert_refused(&answer, "the members without their names", REQUEST_INVALID);
    }
    assert_eq!(before, world.alice.sight().await);
}

#[tokio::test]
async fn a_wrong_organization_of_a_query_is_refused() {
    let world = World::new().await;
    for entry in queries::REGISTRY {
        let path = query_path(entry.route);
        for wrong in wrong_values() {
            let body = json!({ "organizationId": wrong }).to_string();
            let answer = stamped(&world.alice, &path, body.as_bytes()).await;
            let expected = match wrong.as_str() {
                Some(_) => (400, 3, "INVALID_ORGANIZATION_ID"),
                None => REQUEST_INVALID,
            };
            assert_refused(&answer, entry.route, expected);
            if wrong.as_str().is_some_and(|text| text != UNKNOWN) {
                assert_eq!(answer.message(), "malformed organization ID provided");
            }
        }
        let answer = stamped(&world.alice, &path, b"{}").await;
        let text = answer.refused(400, 3, "REQUEST_INVALID");
        assert_eq!(text, "invalid request body: missing field `organizationId`");
        let organization = &world.alice.organization;
        for (what, body) in [
            (
                "twice",
                format!(
                    r#"{{"organizationId":"{organization}","organizationId":"{organization}"}}"#
                ),
            ),
            ("without its name", format!(r#"["{organization}"]"#)),
        ] {
            let answer = stamped(&world.alice, &path, body.as_bytes()).await;
            assert_refused(&answer, what, REQUEST_INVALID);
        }
    }
}

/// The members that a schema names.
fn members(schema: &Value) -> Vec<String> {
    schema["properties"].as_object().into_iter().flat_map(Map::keys).cloned().collect()
}

#[tokio::test]
async fn wrong_parameters_of_a_query_are_no_fault_of_the_servers() {
    let world = World::new().await;
    let schemas = SchemaSettings::draft2020_12().with(|all| all.inline_subschemas = true);
    let mut generator = schemas.into_generator();
    for entry in queries::REGISTRY {
        let (schema, _) = entry.schemas(&mut generator);
        for member in members(&schema.to_value()) {
            for wrong in wrong_values() {
                let mut body = json!({ "organizationId": world.alice.organization });
                body[member.as_str()] = wrong;
                let body = body.to_string();
                let answer = stamped(&world.alice, &query_path(entry.route), body.as_bytes()).await;
                assert_well_behaved(&answer, &format!("{} {member}", entry.route));
            }
        }
        let deep = format!(
            r#"{{"organizationId":"{}","more":{}}}"#,
            world.alice.organization,
            deep_array()
        );
        let answer = stamped(&world.alice, &query_path(entry.route), deep.as_bytes()).await;
        assert_well_behaved(&answer, "depth where nobody looks");
    }
}

#[tokio::test]
async fn wrong_parameters_of_a_submission_are_no_fault_of_the_servers() {
    for entry in activities::REGISTRY {
        let mut world = World::new().await;
        let mut known = Known::gather(&world).await;
        let schemas = SchemaSettings::draft2020_12().with(|all| all.inline_subschemas = true);
        let mut generator = schemas.into_generator();
        for version in entry.versions() {
            for member in members(&(version.schema)(&mut generator).to_value()) {
                for wrong in wrong_values() {
                    let mut parameters = (samples::of(entry.route).parameters)(&known);
                    parameters[member.as_str()] = wrong;
                    let answer =
                        submit_as(&world.alice, entry.route, version.kind, &parameters).await;
                    assert_well_behaved(&answer, &format!("{} {member}", version.kind));
                    // What was right enough may have ended what the next one is about.
                    if answer.status == 200 && entry.route.starts_with("delete_") {
                        world = World::new().await;
                        known = Known::gather(&world).await;
                    }
                }
            }
        }
    }
}

async fn submit_as(client: &Client, route: &str, kind: &str, parameters: &Value) -> Answer {
    let body = json!({
        "type": kind,
        "timestampMs": client.server.timestamp(),
        "organizationId": client.organization,
        "parameters": parameters,
    });
    stamped(client, &submission_path(route), body.to_string().as_bytes()).await
}

#[tokio::test]
async fn missing_parameters_are_named() {
    let world = World::new().await;
    let known = Known::gather(&world).await;
    let before = world.alice.sight().await;
    for entry in activities::REGISTRY {
        let sample = (samples::of(entry.route).parameters)(&known);
        let schemas = SchemaSettings::draft2020_12().with(|all| all.inline_subschemas = true);
        let schema = (entry.versions()[0].schema)(&mut schemas.into_generator()).to_value();
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for member in required.iter().map(|member| member.as_str().unwrap()) {
            for absent in [None, Some(Value::Null)] {
                let mut parameters = sample.as_object().unwrap().clone();
                parameters.remove(member);
                parameters.extend(absent.map(|null| (member.to_owned(), null)));
                let parameters = Value::Object(parameters);
                let kind = current_type(entry.route);
                let answer = submit_as(&world.alice, entry.route, kind, &parameters).await;
                let text = answer.refused(400, 3, "REQUEST_INVALID");
                assert_eq!(text, format!("invalid request body: missing field `{member}`"));
            }
        }
    }
    assert_eq!(before, world.alice.sight().await);
}

#[tokio::test]
async fn depth_is_refused_wherever_it_is_read() {
    let world = World::new().await;
    let known = Known::gather(&world).await;
    let before = world.alice.sight().await;
    for entry in activities::REGISTRY {
        let schemas = SchemaSettings::draft2020_12().with(|all| all.inline_subschemas = true);
        let schema = (entry.versions()[0].schema)(&mut schemas.into_generator()).to_value();
        if schema["required"].as_array().is_none_or(Vec::is_empty) {
            // What it does not know it leaves aside, and without anything it means something.
            continue;
        }
        for deep in [deep_array(), format!(r#"{{"a":{}}}"#, deep_array())] {
            let body = world.alice.submission(entry.route, &json!("deep"));
            let body = String::from_utf8(body).unwrap().replace(r#""deep""#, &deep);
            let path = submission_path(entry.route);
            let answer = stamped(&world.alice, &path, body.as_bytes()).await;
            assert_refused(&answer, entry.route, REQUEST_INVALID);
        }
    }
    for payload in typed_data_payloads() {
        let parameters = json!({
            "signWith": known.address,
            "payload": payload,
            "encoding": "PAYLOAD_ENCODING_EIP712",
            "hashFunction": "HASH_FUNCTION_NO_OP",
        });
        let answer = world.alice.submit("sign_raw_payload", parameters).await;
        assert_refused(&answer, "typed data", REQUEST_INVALID);
    }
    let unchanged: Vec<Value> = world.alice.sight().await.split_off(2);
    assert_eq!(before[2..], unchanged);
}

/// EIP-712 documents that are deep in one way or another.
fn typed_data_payloads() -> Vec<String> {
    let document = |types: Value, message: &str| {
        format!(r#"{{"types":{types},"primaryType":"A","domain":{{}},"message":{message}}}"#)
    };
    let member = |kind: String| json!([{ "name": "a", "type": kind }]);
    let object = format!("{}1{}", r#"{"a":"#.repeat(DEEP), "}".repeat(DEEP));
    let chain: Map<String, Value> = (0..DEEP)
        .map(|depth| (format!("A{depth}"), member(format!("A{}", depth + 1))))
        .chain([("A".to_owned(), member("A0".to_owned()))])
        .collect();
    vec![
        deep_array(),
        document(json!({ "A": member("A".to_owned()) }), &object),
        document(json!({ "A": member(format!("uint8{}", "[]".repeat(DEEP))) }), "{\"a\":[]}"),
        document(Value::Object(chain), r#"{"a":{}}"#),
    ]
}

#[tokio::test]
async fn a_type_on_the_wrong_path_is_refused() {
    let world = World::new().await;
    let before = world.alice.sight().await;
    let mut kinds: Vec<&str> = activities::REGISTRY
        .iter()
        .flat_map(activities::Entry::versions)
        .map(|version| version.kind)
        .collect();
    kinds.extend(["", "ACTIVITY_TYPE_UNSPECIFIED", "ACTIVITY_TYPE_DELETE_ORGANIZATION"]);
    for entry in activities::REGISTRY {
        for kind in kinds.iter().filter(|kind| !entry.accepts(kind)) {
            let answer = submit_as(&world.alice, entry.route, kind, &json!({})).await;
            let text = answer.refused(400, 3, "REQUEST_INVALID");
            assert_eq!(text, format!("activity type {kind} does not belong to this path"));
        }
    }
    assert_eq!(before, world.alice.sight().await);
}

#[tokio::test]
async fn stale_and_future_submissions_are_refused() {
    let world = World::new().await;
    let known = Known::gather(&world).await;
    let before = world.alice.sight().await;
    let now = world.server.now();
    let wrong_times = [
        "0".to_owned(),
        (now - 3_600_000).to_string(),
        (now + 400_000).to_string(),
        u64::MAX.to_string(),
        "18446744073709551616".to_owned(),
        "-1".to_owned(),
        "1.5".to_owned(),
        "soon".to_owned(),
        String::new(),
    ];
    for entry in activities::REGISTRY {
        for wrong in &wrong_times {
            let body = json!({
                "type": current_type(entry.route),
                "timestampMs": wrong,
                "organizationId": world.alice.organization,
                "parameters": (samples::of(entry.route).parameters)(&known),
            });
            let path = submission_path(entry.route);
            let answer = stamped(&world.alice, &path, body.to_string().as_bytes()).await;
            let text = answer.refused(400, 3, "REQUEST_INVALID");
            assert!(text.starts_with("request timestamp must be"), "{wrong}: {text}");
        }
    }
    assert_eq!(before, world.alice.sight().await);
}

#[tokio::test]
async fn a_key_is_registered_once_in_an_organization() {
    let world = World::new().await;
    let known = Known::gather(&world).await;
    let before = world.alice.sight().await;
    let key = world.alice.credential.as_api_key("again");
    let fresh = Credential::api_key().as_api_key("twice");
    for keys in [json!([key]), json!([fresh, fresh])] {
        let parameters = json!({ "userId": known.carol.user, "apiKeys": keys });
        let answer = world.alice.submit("create_api_keys", parameters).await;
        let text = answer.refused(409, 6, "UNSPECIFIED");
        assert!(text.contains("already registered"), "{text}");
        let mut user = new_user("new");
        user["apiKeys"] = keys;
        let answer = world.alice.submit("create_users", json!({ "users": [user] })).await;
        answer.refused(409, 6, "UNSPECIFIED");
    }
    let login = json!({ "publicKey": world.alice.public_key() });
    world.alice.submit("stamp_login", login).await.refused(409, 6, "UNSPECIFIED");
    assert_eq!(before, world.alice.sight().await);
    // In another organization it is another key.
    let bob = world.bob.read("whoami", json!({})).await;
    let parameters = json!({ "userId": bob["userId"], "apiKeys": [key] });
    world.bob.done("create_api_keys", parameters).await;
}

#[tokio::test]
async fn the_eleventh_credential_and_the_hundred_and_first_user_are_refused() {
    let world = World::new().await;
    let carol = world.carol.read("whoami", json!({})).await["userId"].clone();
    let keys = |count: usize| -> Vec<Value> {
        (0..count).map(|_| Credential::api_key().as_api_key("key")).collect()
    };
    let passkeys = |count: usize| -> Vec<Value> {
        (0..count).map(|_| Credential::passkey().as_authenticator("key")).collect()
    };
    // She has one key.
    world.carol.done("create_api_keys", json!({ "userId": carol, "apiKeys": keys(9) })).await;
    let parameters = json!({ "userId": carol, "authenticators": passkeys(10) });
    world.carol.done("create_authenticators", parameters).await;
    // There are three users.
    let users: Vec<Value> = (0..97).map(|number| new_user(&format!("user {number}"))).collect();
    world.alice.done("create_users", json!({ "users": users })).await;
    let before = world.alice.sight().await;
    let one_more_key = json!({ "userId": carol, "apiKeys": keys(1) });
    let one_more_passkey = json!({ "userId": carol, "authenticators": passkeys(1) });
    for (route, parameters, expected) in [
        ("create_api_keys", one_more_key, "user has exceeded maximum long-lived api keys"),
        ("create_authenticators", one_more_passkey, "user has exceeded maximum authenticators"),
        (
            "create_users",
            json!({ "users": [new_user("one more")] }),
            "organization has exceeded maximum users",
        ),
    ] {
        let answer = world.alice.submit(route, parameters).await;
        assert_eq!(answer.refused(429, 8, "REQUEST_INVALID"), expected);
    }
    assert_eq!(before, world.alice.sight().await);
}

#[tokio::test]
async fn garbage_in_a_header_is_refused() {
    let world = World::new().await;
    let before = world.alice.sight().await;
    let garbage: Vec<Vec<u8>> = vec![
        b"x".to_vec(),
        b"{}".to_vec(),
        b"e30".to_vec(),
        b"[]".to_vec(),
        b"{\"publicKey\":1}".to_vec(),
        b"====".to_vec(),
        b"\xff\xfe\x80".to_vec(),
        vec![b'A'; 1024 * 1024],
        [vec![b'['; DEEP], vec![b']'; DEEP]].concat(),
    ];
    let body = json!({ "organizationId": world.alice.organization }).to_string();
    for path in all_paths() {
        for name in ["x-stamp", "x-stamp-webauthn", "x-stamp-attested"] {
            for value in &garbage {
                let headers = [(name, value.clone())];
                let answer = world.server.post(&path, &headers, body.as_bytes()).await;
                assert_refused(&answer, name, (401, 16, "SIGNATURE_INVALID"));
                // A second header does not help.
                let twice = [headers[0].clone(), headers[0].clone()];
                let answer = world.server.post(&path, &twice, body.as_bytes()).await;
                assert_refused(&answer, name, (401, 16, "SIGNATURE_INVALID"));
            }
            let empty = [header(name, ""), header("x-session", "")];
            let body = world.alice.submission("create_wallet", &json!({}));
            let answer = world.server.post(&path, &empty, &body).await;
            assert_refused(&answer, name, (401, 16, "SIGNATURE_MISSING"));
        }
    }
    for entry in queries::REGISTRY {
        for value in &garbage {
            let headers = [("x-session", value.clone())];
            let answer =
                world.server.post(&query_path(entry.route), &headers, body.as_bytes()).await;
            assert_refused(&answer, "x-session", (401, 16, "UNAUTHENTICATED"));
        }
    }
    assert_eq!(before, world.alice.sight().await);
}

#[tokio::test]
async fn a_header_that_says_nothing_about_the_sender_is_not_looked_at() {
    let world = World::new().await;
    let body = json!({ "organizationId": world.alice.organization }).to_string();
    for more in [
        header("content-type", "text/plain;charset=UTF-8"),
        header("content-type", "application/x-www-form-urlencoded"),
        ("x-client-version", b"\xff\xfe".to_vec()),
        header("x-client-version", "x".repeat(100_000)),
        header("content-encoding", "gzip"),
        header("authorization", "Bearer x"),
    ] {
        let mut headers = world.alice.credential.headers(body.as_bytes());
        headers.push(more);
        world.server.post("/public/v1/query/whoami", &headers, body.as_bytes()).await.ok();
    }
}

async fn send(world: &World, method: Method, path: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    world.server.send(request).await
}

#[tokio::test]
async fn a_path_that_does_not_exist_is_not_found() {
    let world = World::new().await;
    for path in [
        "/",
        "/public",
        "/public/v1/submit",
        "/public/v1/submit/",
        "/public/v1/submit/nonsense",
        "/public/v1/submit/whoami",
        "/public/v1/submit/create_wallet/",
        "/public/v1/submit/create_wallet/more",
        "/public/v1/submit/%ff%fe",
        "/public/v1/submit/%00",
        "/public/v1/query/%ff",
        "/public/v1/query/create_wallet",
        "/public/v1/query/WHOAMI",
        "/public/v2/query/whoami",
        "/public/v1/query/..%2fwhoami",
        &format!("/public/v1/query/{}", "x".repeat(10_000)),
    ] {
        let answer = stamped(&world.alice, path, b"{}").await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
        assert_eq!(answer.json(), json!({ "code": 5, "message": "Not Found", "details": [] }));
    }
}

#[tokio::test]
async fn a_path_of_the_protocol_that_is_not_served_says_so() {
    let world = World::new().await;
    for path in
        ["/public/v1/query/get_onramp_transaction_status", "/public/v1/submit/init_fiat_on_ramp"]
    {
        let answer = stamped(&world.alice, path, b"{}").await;
        let name = path.rsplit('/').next().unwrap();
        assert_eq!(answer.refused(501, 12, "UNSPECIFIED"), format!("{name} is not implemented"));
    }
}

#[tokio::test]
async fn two_slashes_before_a_path_count_as_one() {
    let world = World::new().await;
    let body = json!({ "organizationId": world.alice.organization }).to_string();
    stamped(&world.alice, "//public/v1/query/whoami", body.as_bytes()).await.ok();
    let answer = stamped(&world.alice, "//public//v1/query/whoami", body.as_bytes()).await;
    assert_eq!(answer.status, 404);
}

#[tokio::test]
async fn a_parameter_that_is_given_twice_is_refused() {
    let world = World::new().await;
    let before = world.alice.sight().await;
    for parameters in [
        r#"{"walletName":"one","walletName":"two","accounts":[]}"#,
        r#"{"walletName":null,"walletName":"two","accounts":[]}"#,
        r#"{"walletName":"one","accounts":[],"mnemonicLength":null,"walletName":"two"}"#,
    ] {
        let body = world.alice.submission("create_wallet", &json!("parameters"));
        let body = String::from_utf8(body)
            .unwrap()
            .replace(r#""parameters":"parameters""#, &format!(r#""parameters":{parameters}"#));
        let answer = world.alice.post_submission("create_wallet", body.as_bytes()).await;
        let text = answer.refused(400, 3, "REQUEST_INVALID");
        assert_eq!(text, "invalid request body: duplicate field `walletName`");
    }
    assert_eq!(before, world.alice.sight().await);
}

#[tokio::test]
async fn a_wrong_method_is_not_allowed() {
    let world = World::new().await;
    let refusal = json!({ "code": 12, "message": "Method Not Allowed", "details": [] });
    for path in all_paths() {
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
            let answer = send(&world, method, &path).await;
            assert_eq!(answer.status, 501, "{path}");
            assert_eq!(answer.json(), refusal);
        }
    }
    assert_eq!(send(&world, Method::POST, "/healthz").await.json(), refusal);
}

#[tokio::test]
async fn every_path_answers_a_preflight() {
    let world = World::new().await;
    let mut paths = all_paths();
    paths.extend(["/", "/public/v1/submit/nonsense", "/healthz"].map(str::to_owned));
    for path in paths {
        let answer = send(&world, Method::OPTIONS, &path).await;
        assert_eq!(answer.status, 204, "{path}");
        assert!(answer.bytes.is_empty());
        let told = |name: &str| answer.headers[name].to_str().unwrap().to_lowercase();
        assert_eq!(told("access-control-allow-origin"), "*");
        assert!(told("access-control-allow-methods").contains("post"));
        let allowed = told("access-control-allow-headers");
        let allowed: Vec<&str> = allowed.split(',').map(str::trim).collect();
        for name in [
            "content-type",
            "x-client-version",
            "x-stamp",
            "x-stamp-webauthn",
            "x-stamp-attested",
            "x-session",
        ] {
            assert!(allowed.contains(&name), "{name} in {allowed:?}");
        }
    }
}

#[tokio::test]
async fn a_browser_may_read_every_answer() {
    let world = World::new().await;
    let mut answers = vec![
        world.alice.query("whoami", json!({})).await,
        world.alice.with(Credential::None).query("whoami", json!({})).await,
        world.carol.submit("create_wallet", json!({ "walletName": "W", "accounts": [] })).await,
        send(&world, Method::GET, "/nowhere").await,
        send(&world, Method::PUT, "/public/v1/query/whoami").await,
    ];
    for (_, body) in hopeless_bodies() {
        answers.push(stamped(&world.alice, "/public/v1/query/whoami", &body).await);
    }
    for answer in answers {
        assert_eq!(answer.headers["access-control-allow-origin"], "*", "{}", answer.text());
        let exposed = answer.headers["access-control-expose-headers"].to_str().unwrap();
        assert!(exposed.contains("ratelimit-limit") && exposed.contains("ratelimit-remaining"));
    }
}

/// A server for property tests, which are not async themselves.
static PLACE: LazyLock<(Runtime, World, Known)> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::new());
    let known = runtime.block_on(Known::gather(&world));
    (runtime, world, known)
});

/// Bytes that HTTP lets through in a header.
fn header_bytes() -> impl Strategy<Value = Vec<u8>> {
    any::<Vec<u8>>().prop_filter("a header", |bytes| HeaderValue::from_bytes(bytes).is_ok())
}

/// Never a fault of the server's; beyond the server's own paths the shape is the protocol's.
fn check(answer: &Answer) -> Result<(), TestCaseError> {
    prop_assert!(answer.status.as_u16() < 500, "{}", answer.text());
    if answer.status != 200 {
        answer.refusal();
    }
    Ok(())
}

proptest! {
    #[test]
    fn arbitrary_requests_are_never_the_servers_fault(
        place in any::<prop::sample::Index>(),
        body in any::<Vec<u8>>(),
        stamp in proptest::option::of(header_bytes()),
        webauthn in proptest::option::of(header_bytes()),
        attested in proptest::option::of(header_bytes()),
        session in proptest::option::of(header_bytes()),
    ) {
        let (runtime, world, _) = &*PLACE;
        let paths = all_paths();
        let names = ["x-stamp", "x-stamp-webauthn", "x-stamp-attested", "x-session"];
        let headers: Vec<_> = names
            .into_iter()
            .zip([stamp, webauthn, attested, session])
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        let path = &paths[place.index(paths.len())];
        let answer = runtime.block_on(world.server.post(path, &headers, &body));
        check(&answer)?;
        prop_assert_ne!(answer.status, 200);
    }

    /// What comes past the stamp is read further.
    #[test]
    fn damaged_requests_with_a_good_stamp_are_never_the_servers_fault(
        place in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        with in prop_oneof![
            any::<Vec<u8>>(),
            any::<String>().prop_map(String::into_bytes),
            proptest::collection::vec(prop::sample::select(br#"{}[]",:\0 en"#.to_vec()), 0..8),
        ],
        cut in 0..8_usize,
    ) {
        let (runtime, world, known) = &*PLACE;
        let entry = &activities::REGISTRY[place.index(activities::REGISTRY.len())];
        let sample = (samples::of(entry.route).parameters)(known);
        let mut body = world.carol.submission(entry.route, &sample);
        let start = at.index(body.len());
        let end = body.len().min(start + cut);
        body.splice(start..end, with.iter().copied());
        let answer = runtime.block_on(world.carol.post_submission(entry.route, &body));
        check(&answer)?;
    }
}
