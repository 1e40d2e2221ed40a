//! The page to try the server with.

use axum::body::Body;
use axum::http::Request;
use keyward_crypto::os_rng;
use keyward_protocol::stamp::SoftwareAuthenticator;
use keyward_server::{Beginning, Clock, Config};
use serde_json::json;

use crate::client::Credential;
use crate::log_ins::sub_organization;
use crate::server::Server;
use crate::world::World;

fn beginning() -> Beginning {
    Beginning::generate("Root", Clock::default().now(), &mut os_rng()).unwrap()
}

#[tokio::test]
async fn serves_the_page_or_says_how_to_build_the_client() {
    let world = World::new().await;
    for path in ["/", "/playground/"] {
        let answer = world.server.get(path).await;
        if answer.status == 503 {
            assert!(answer.text().contains("packages/client"), "{}", answer.text());
            assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
            assert_eq!(world.server.get("/client/index.js").await.status, 503);
        } else {
            assert_eq!(answer.status, 200);
            assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
        }
    }
    for path in ["/index.html", "/playground/index.html"] {
        let answer = world.server.get(path).await;
        if path == "/index.html" && answer.status == 503 {
            continue;
        }
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["cache-control"], "no-cache");
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        for part in
            ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "connect-src 'self'"]
        {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        let request = Request::get(path).header("if-none-match", &answer.headers["etag"]);
        let known = world.server.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!((known.status.as_u16(), known.bytes.len()), (304, 0));
    }
}

#[tokio::test]
async fn only_embedded_files_are_served() {
    let world = World::new().await;
    for path in [
        "/playground/nothing.js",
        "/playground/../Cargo.toml",
        "/playground/..%2fCargo.toml",
        "/playground/%2e%2e/Cargo.toml",
        "/Cargo.toml",
        "/playground//index.html",
    ] {
        assert_eq!(world.server.get(path).await.status, 404, "{path}");
    }
    assert_eq!(world.server.post("/playground/index.html", &[], b"").await.status, 404);
}

#[tokio::test]
async fn in_development_the_page_is_at_a_name_that_passkeys_can_be_for() {
    let world = World::new().await;
    let at = async |host: &str| {
        let request = Request::get("/?a=b").header("host", host).body(Body::empty()).unwrap();
        world.server.send(request).await
    };
    let moved = at("127.0.0.1:7400").await;
    assert_eq!(moved.status, 307);
    assert_eq!(moved.headers["location"], "http://localhost:7400/?a=b");
    for host in ["localhost:7400", "192.168.1.7:7400", "127.0.0.1:x@example.com"] {
        assert_ne!(at(host).await.status, 307, "{host}");
    }
    let config = Config { playground: true, ..Config::default() };
    let server = Server::in_production(beginning(), &config).await;
    let request = Request::get("/").header("host", "127.0.0.1:7400").body(Body::empty()).unwrap();
    assert_ne!(server.send(request).await.status, 307);
}

#[tokio::test]
async fn passkeys_made_there_log_in() {
    let world = World::new().await;
    for origin in ["http://localhost:7400", "http://localhost"] {
        let passkey = SoftwareAuthenticator::generate(&mut os_rng(), "localhost", origin);
        let passkey = Credential::Passkey(passkey);
        let user = json!({ "authenticators": [passkey.as_authenticator("This machine")] });
        let user = sub_organization(&world, user).await.with(passkey);
        user.log_in(60).await.read("whoami", json!({})).await;
    }
}

#[tokio::test]
async fn the_page_learns_whom_to_ask() {
    let world = World::new().await;
    let root = &world.parent.organization;
    let known = world.server.get("/playground/config.json").await.ok();
    let expected = json!({
        "organizationId": root,
        "authProxyConfigId": root,
        "isDevelopment": true,
        "oidcIssuer": "http://keyward.test/dev/oidc",
        "version": env!("CARGO_PKG_VERSION"),
    });
    assert_eq!(known, expected);
    world.parent.done("disable_auth_proxy", json!({})).await;
    let known = world.server.get("/playground/config.json").await.ok();
    assert_eq!(known["authProxyConfigId"], json!(null));
}

#[tokio::test]
async fn in_production_there_is_a_page_where_the_operator_wants_one() {
    let server = Server::in_production(beginning(), &Config::default()).await;
    for path in
        ["/", "/playground/", "/playground/index.html", "/playground/config.json", "/client/x"]
    {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
    let mut config = Config { playground: true, ..Config::default() };
    let server = Server::in_production(beginning(), &config).await;
    assert_eq!(server.get("/playground/index.html").await.status, 200);
    let known = server.get("/playground/config.json").await.ok();
    let unsaid = json!({
        "organizationId": null,
        "authProxyConfigId": null,
        "isDevelopment": false,
        "oidcIssuer": null,
        "version": env!("CARGO_PKG_VERSION"),
    });
    assert_eq!(known, unsaid);
    let begun = beginning().with_log_ins(Clock::default().now(), &mut os_rng()).unwrap();
    let id = begun.root.organization;
    config.playground_organization_id = Some(id);
    let server = Server::in_production(begun, &config).await;
    let known = server.get("/playground/config.json").await.ok();
    assert_eq!(known["organizationId"], json!(id));
    assert_eq!(known["authProxyConfigId"], json!(id));
}
