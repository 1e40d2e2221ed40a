//! The page that embeds a credential, or how to get it.

use axum::body::Body;
use axum::http::Request;

use crate::world::World;

#[tokio::test]
async fn serves_the_frame_or_says_how_to_build_it() {
    let world = World::new().await;
    for (path, content_type) in [
        ("/auth-frame", "text/html; charset=utf-8"),
        ("/auth-frame/auth-frame.js", "text/javascript; charset=utf-8"),
    ] {
        let answer = world.server.send(Request::get(path).body(Body::empty()).unwrap()).await;
        if answer.status == 501 {
            assert_eq!(answer.json()["code"], 12);
            assert!(answer.text().contains("cargo xtask auth-frame"), "{}", answer.text());
            continue;
        }
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["content-type"], content_type);
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
        assert!(policy.contains("frame-ancestors *"), "{policy}");
    }
}
