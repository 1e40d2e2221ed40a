//! The identity provider of a development server.

use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_crypto::sha256;
use keyward_protocol::stamp::AttestedScheme;
use keyward_server::{Beginning, Clock, Config};
use serde_json::{Value, json};

use crate::client::{Credential, text};
use crate::proof::{again, claims, new_key, nonce, public};
use crate::server::{Answer, Server, header};
use crate::world::World;

const ISSUER: &str = "http://keyward.test/dev/oidc";
const CALLBACK: &str = "http://localhost:3000/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Of the verifier; both as in RFC 7636, appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

type Pairs<'a> = Vec<(&'a str, &'a str)>;

fn encode(parameters: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

async fn authorize(server: &Server, parameters: &[(&str, &str)]) -> Answer {
    server.get(&format!("/dev/oidc/authorize?{}", encode(parameters))).await
}

fn for_id_token(nonce: &str) -> Pairs<'_> {
    vec![
        ("response_type", "id_token"),
        ("client_id", "app"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid email"),
        ("state", "a b&c"),
        ("nonce", nonce),
        ("prompt", "none"),
        ("login_hint", "eve@example.com"),
    ]
}

fn for_code() -> Pairs<'static> {
    vec![
        ("response_type", "code"),
        ("client_id", "app"),
        ("redirect_uri", CALLBACK),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("nonce", "n"),
        ("prompt", "none"),
        ("login_hint", "eve@example.com"),
    ]
}

fn without<'a>(parameters: Pairs<'a>, name: &str) -> Pairs<'a> {
    parameters.into_iter().filter(|(known, _)| *known != name).collect()
}

fn with<'a>(parameters: Pairs<'a>, name: &'a str, value: &'a str) -> Pairs<'a> {
    let mut parameters = without(parameters, name);
    parameters.push((name, value));
    parameters
}

/// What is returned to the application after `#` or `?`.
#[track_caller]
fn returned(answer: &Answer, separator: &str) -> Value {
    assert_eq!(answer.status, 302, "{}", answer.text());
    let location = answer.headers["location"].to_str().unwrap();
    let encoded = location.strip_prefix(CALLBACK).unwrap().strip_prefix(separator).unwrap();
    let pairs = form_urlencoded::parse(encoded.as_bytes()).into_owned();
    pairs.map(|(name, value)| (name, Value::from(value))).collect::<serde_json::Map<_, _>>().into()
}

async fn id_token(server: &Server, nonce: &str) -> String {
    text(&returned(&authorize(server, &for_id_token(nonce)).await, "#")["id_token"])
}

async fn code(server: &Server) -> String {
    text(&returned(&authorize(server, &for_code()).await, "?")["code"])
}

async fn exchange(server: &Server, parameters: &[(&str, &str)]) -> Answer {
    let form = header("content-type", "application/x-www-form-urlencoded");
    server.post("/dev/oidc/token", &[form], encode(parameters).as_bytes()).await
}

fn for_tokens(code: &str) -> Pairs<'_> {
    vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("client_id", "app"),
        ("code_verifier", VERIFIER),
    ]
}

#[tokio::test]
async fn its_token_signs_up_and_logs_in() {
    // Other issuers than those named are refused, and nobody listens at this one's address.
    let mut config = Config::default();
    config.oidc.allowed_issuers =
        vec!["https://accounts.google.com".to_owned().try_into().unwrap()];
    let world = World::with(&config).await;
    let key = new_key();
    let token = id_token(&world.server, &nonce(&public(&key))).await;
    let proxy = header("x-auth-proxy-config-id", world.parent.organization.as_str());
    let ask = async |path: &str, body: Value| {
        let headers = std::slice::from_ref(&proxy);
        world.server.post(path, headers, body.to_string().as_bytes()).await.ok()
    };
    let account = json!({ "filterType": "OIDC_TOKEN", "filterValue": token, "oidcToken": token });
    assert_eq!(ask("/v1/account", account.clone()).await, json!({}));
    let sign_up = json!({
        "userName": "Eve",
        "apiKeys": [],
        "authenticators": [],
        "oauthProviders": [{ "providerName": "Development", "oidcToken": token }],
    });
    let made = ask("/v1/signup_v2", sign_up).await;
    assert_eq!(ask("/v1/account", account).await["organizationId"], made["organizationId"]);
    let log_in = json!({ "oidcToken": token, "publicKey": public(&key) });
    let session = text(&ask("/v1/oauth_login", log_in).await["session"]);
    assert_eq!(claims(&session)["organization_id"], made["organizationId"]);

    let stamp = Credential::Attested(again(&key), AttestedScheme::Oidc, token);
    let stamper = world.parent.with(stamp);
    stamper.done("stamp_login", json!({ "publicKey": public(&key) })).await;
    let user = world.parent.about(&text(&made["organizationId"])).with(Credential::ApiKey(key));
    assert_eq!(user.read("whoami", json!({})).await["username"], "Eve");
}

#[tokio::test]
async fn it_is_found_as_other_issuers_are() {
    let world = World::new().await;
    let known = world.server.get("/dev/oidc/.well-known/openid-configuration").await.ok();
    assert_eq!(known["issuer"], ISSUER);
    for (member, path) in [
        ("authorization_endpoint", "authorize"),
        ("token_endpoint", "token"),
        ("jwks_uri", "jwks.json"),
    ] {
        assert_eq!(known[member], format!("{ISSUER}/{path}"));
    }
    let keys = world.server.get("/dev/oidc/jwks.json").await;
    assert_eq!(keys.headers["access-control-allow-origin"], "*");
    let token = id_token(&world.server, "n").await;
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(header["alg"], "ES256");
    assert_eq!(header["kid"], keys.ok()["keys"][0]["kid"]);
}

#[tokio::test]
async fn its_token_says_who_signed_in_where_and_when_by_the_servers_clock() {
    let world = World::new().await;
    world.server.advance(24 * 3600);
    let now = world.server.now() / 1000;
    let told = claims(&id_token(&world.server, "some nonce").await);
    assert_eq!((&told["iss"], &told["aud"]), (&json!(ISSUER), &json!("app")));
    assert_eq!((&told["nonce"], &told["email"]), (&json!("some nonce"), &json!("eve@example.com")));
    assert_eq!(told["email_verified"], true);
    let issued = told["iat"].as_u64().unwrap();
    assert!((now..=now + 60).contains(&issued));
    assert_eq!(told["exp"].as_u64().unwrap(), issued + 3600);
    let other = with(for_id_token("n"), "login_hint", "bob@example.com");
    let other = returned(&authorize(&world.server, &other).await, "#");
    assert_eq!(other["state"], "a b&c");
    assert_ne!(claims(&text(&other["id_token"]))["sub"], told["sub"]);
}

#[tokio::test]
async fn a_code_is_exchanged_once() {
    assert_eq!(URL_SAFE_NO_PAD.encode(sha256(VERIFIER.as_bytes())), CHALLENGE);
    let world = World::new().await;
    let code = code(&world.server).await;
    let answer = exchange(&world.server, &for_tokens(&code)).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    let tokens = answer.ok();
    assert_eq!(tokens["token_type"], "Bearer");
    let told = claims(&text(&tokens["id_token"]));
    assert_eq!((&told["aud"], &told["nonce"]), (&json!("app"), &json!("n")));
    let again = exchange(&world.server, &for_tokens(&code)).await;
    assert_eq!((again.status.as_u16(), &again.json()["error"]), (400, &json!("invalid_grant")));
}

#[tokio::test]
async fn a_client_may_name_itself_in_a_header() {
    let world = World::new().await;
    let code = code(&world.server).await;
    let body = encode(&without(for_tokens(&code), "client_id"));
    let form = header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    let basic = header("authorization", "Basic YXBwOnNlY3JldA==");
    world.server.post("/dev/oidc/token", &[form, basic], body.as_bytes()).await.ok();
}

#[tokio::test]
async fn a_code_is_refused_to_whoever_it_is_not_for() {
    let world = World::new().await;
    let server = &world.server;
    let short = "x".repeat(42);
    for (name, value, error) in [
        ("grant_type", "", "invalid_request"),
        ("grant_type", "password", "unsupported_grant_type"),
        ("code", "", "invalid_request"),
        ("code", "unknown", "invalid_grant"),
        ("redirect_uri", "", "invalid_grant"),
        ("redirect_uri", "http://localhost:3000/", "invalid_grant"),
        ("client_id", "", "invalid_request"),
        ("client_id", "other", "invalid_grant"),
        ("code_verifier", "", "invalid_request"),
        ("code_verifier", &short, "invalid_grant"),
        ("code_verifier", CHALLENGE, "invalid_grant"),
    ] {
        let code = code(server).await;
        let answer = exchange(server, &with(for_tokens(&code), name, value)).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["error"], error, "{name}={value}");
    }
    let late = code(server).await;
    server.advance(60);
    assert_eq!(exchange(server, &for_tokens(&late)).await.json()["error"], "invalid_grant");
    let code = code(server).await;
    let body = encode(&for_tokens(&code));
    let answer = server.post("/dev/oidc/token", &[], body.as_bytes()).await;
    assert_eq!(answer.json()["error"], "invalid_request");
}

#[tokio::test]
async fn the_application_is_told_what_it_got_wrong() {
    let world = World::new().await;
    for (parameters, separator, error) in [
        (without(for_id_token("n"), "nonce"), "#", "invalid_request"),
        (without(for_id_token("n"), "login_hint"), "#", "login_required"),
        (with(for_id_token("n"), "login_hint", " "), "#", "login_required"),
        (with(for_id_token("n"), "scope", "email"), "#", "invalid_scope"),
        (with(for_id_token("n"), "response_mode", "query"), "#", "invalid_request"),
        (with(for_id_token("n"), "response_mode", "form_post"), "#", "invalid_request"),
        (
            with(for_id_token("n"), "response_type", "id_token token"),
            "#",
            "unsupported_response_type",
        ),
        (with(for_code(), "response_type", "device"), "?", "unsupported_response_type"),
        (without(for_code(), "response_type"), "?", "invalid_request"),
        (without(for_code(), "code_challenge"), "?", "invalid_request"),
        (with(for_code(), "code_challenge", "short"), "?", "invalid_request"),
        (with(for_code(), "code_challenge_method", "plain"), "?", "invalid_request"),
        (with(for_code(), "request", "x"), "?", "request_not_supported"),
        ([for_code(), vec![("nonce", "m")]].concat(), "?", "invalid_request"),
        (
            with(without(for_code(), "code_challenge"), "response_mode", "fragment"),
            "#",
            "invalid_request",
        ),
    ] {
        let told = returned(&authorize(&world.server, &parameters).await, separator);
        assert_eq!(told["error"], error, "{parameters:?}");
        assert!(told["error_description"].is_string());
        let state = parameters.iter().find(|(name, _)| *name == "state").map(|(_, value)| *value);
        assert_eq!(told["state"].as_str(), state);
    }
    let in_fragment = with(for_code(), "response_mode", "fragment");
    let told = returned(&authorize(&world.server, &in_fragment).await, "#");
    assert!(told["code"].is_string());
}

#[tokio::test]
async fn nobody_is_sent_to_other_sites() {
    let world = World::new().await;
    let elsewhere = "https://example.com/callback";
    for parameters in [
        with(for_id_token("n"), "redirect_uri", elsewhere),
        with(for_code(), "redirect_uri", elsewhere),
        without(for_code(), "redirect_uri"),
        without(for_code(), "client_id"),
        [vec![("redirect_uri", elsewhere)], for_code()].concat(),
        [for_code(), vec![("redirect_uri", elsewhere)]].concat(),
    ] {
        let answer = authorize(&world.server, &parameters).await;
        assert_eq!(answer.status, 400, "{parameters:?}");
        assert!(answer.headers.get("location").is_none());
        assert!(answer.text().contains("role=\"alert\""), "{}", answer.text());
        assert!(!answer.text().contains("example.com"));
    }
    let own = with(for_id_token("n"), "redirect_uri", "http://192.168.1.7:7400/");
    let request = Request::get(format!("/dev/oidc/authorize?{}", encode(&own)));
    let request = request.header("host", "192.168.1.7:7400").body(Body::empty()).unwrap();
    assert_eq!(world.server.send(request).await.status, 302);
}

#[tokio::test]
async fn a_page_asks_who_signs_in() {
    let world = World::new().await;
    let mut parameters = with(for_code(), "state", "\"><script>alert(1)</script>");
    parameters = with(without(parameters, "prompt"), "client_id", "<b>app</b>%main%");
    let answer = authorize(&world.server, &parameters).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    let page = answer.text();
    assert!(!page.contains("<script") && page.contains("&lt;b&gt;app&lt;/b&gt;"), "{page}");
    assert!(page.contains("<label for=\"name\">") && page.contains("value=\"eve@example.com\""));
    assert!(page.contains("error=access_denied"), "{page}");
    assert_eq!(page.matches("name=\"prompt\"").count(), 1);
    for name in ["response_type", "client_id", "redirect_uri", "code_challenge", "nonce", "state"] {
        assert!(page.contains(&format!("type=\"hidden\" name=\"{name}\"")), "{name}");
    }
}

#[tokio::test]
async fn in_production_there_is_no_such_issuer() {
    let now = Clock::default().now();
    let beginning = Beginning::generate("Root", now, &mut keyward_crypto::os_rng()).unwrap();
    let server = Server::in_production(beginning, &Config::default()).await;
    for path in ["/.well-known/openid-configuration", "/jwks.json", "/authorize"] {
        assert_eq!(server.get(&format!("/dev/oidc{path}")).await.status, 404, "{path}");
    }
    for path in ["/dev/oidc/token", "/dev/clock", "/dev/reset"] {
        assert_eq!(server.post(path, &[], b"").await.status, 404, "{path}");
    }
    assert_eq!(server.get("/dev/inbox").await.status, 404);
}
