//! The pages that embed a secret, or how to get them.

use axum::body::Body;
use axum::http::Request;

use crate::world::World;

#[tokio::test]
async fn serves_the_frames_or_says_how_to_build_them() {
    let world = World::new().await;
    let get = async |path| world.server.send(Request::get(path).body(Body::empty()).unwrap()).await;
    let known = get("/.well-known/keyward.json").await.json();
    let signer = format!("content=\"{}\"", known["signerPublicKey"].as_str().unwrap());
    for (path, content_type) in [
        ("/auth-frame", "text/html; charset=utf-8"),
        ("/auth-frame/auth-frame.js", "text/javascript; charset=utf-8"),
        ("/frames/export", "text/html; charset=utf-8"),
        ("/frames/export.js", "text/javascript; charset=utf-8"),
        ("/frames/import", "text/html; charset=utf-8"),
        ("/frames/import.js", "text/javascript; charset=utf-8"),
        ("/frames/frames.css", "text/css; charset=utf-8"),
    ] {
        let answer = get(path).await;
        if answer.status == 501 {
            assert_eq!(answer.json()["code"], 12);
            assert!(answer.text().contains("cargo xtask frames"), "{}", answer.text());
            continue;
        }
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["content-type"], content_type);
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
        assert!(policy.contains("frame-ancestors *"), "{policy}");
        let knows_signer = answer.text().contains(&signer);
        assert_eq!(knows_signer, ["/frames/export", "/frames/import"].contains(&path), "{path}");
    }
}
