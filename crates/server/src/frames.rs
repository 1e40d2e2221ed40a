//! Pages that keep a secret away from the application that embeds them: the auth frame a credential, the
//! export and import frames a phrase or a private key.
//!
//! What they do is in `packages/frames`. Their scripts need npm to be built, so a server may be without
//! them.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::get;

use crate::app::App;
use crate::http::gateway_refusal;

const AUTH_PAGE: &str = include_str!("../../../packages/frames/src/auth/index.html");
const EXPORT_PAGE: &str = include_str!("../../../packages/frames/src/export/index.html");
const IMPORT_PAGE: &str = include_str!("../../../packages/frames/src/import/index.html");
const STYLE: &str = include_str!("../../../packages/frames/src/frames.css");
/// Empty when they had not been built.
const AUTH_SCRIPT: &str = include_str!(concat!(env!("OUT_DIR"), "/auth.js"));
const EXPORT_SCRIPT: &str = include_str!(concat!(env!("OUT_DIR"), "/export.js"));
const IMPORT_SCRIPT: &str = include_str!(concat!(env!("OUT_DIR"), "/import.js"));

/// Stands in a page for the key that signs bundles.
const SIGNER: &str = "{{signer}}";

/// Only our script and style are used, and they reach nothing but their parent. That may be any site: who
/// embeds the frame is not known here, and a bundle is of use to nobody but who asked for it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors *";

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/auth-frame", get(|| async { page(AUTH_PAGE.to_owned()) }))
        .route("/auth-frame/auth-frame.js", get(|| async { script(AUTH_SCRIPT) }))
        .route("/frames/export", get(|app| async { page(with_signer(EXPORT_PAGE, app)) }))
        .route("/frames/export.js", get(|| async { script(EXPORT_SCRIPT) }))
        .route("/frames/import", get(|app| async { page(with_signer(IMPORT_PAGE, app)) }))
        .route("/frames/import.js", get(|| async { script(IMPORT_SCRIPT) }))
        .route("/frames/frames.css", get(|| async { file("text/css; charset=utf-8", STYLE) }))
}

/// A page that knows what bundles have to be signed with, as it may not ask.
fn with_signer(page: &str, State(app): State<Arc<App>>) -> String {
    page.replace(SIGNER, &hex::encode(app.keys.signer.public_key().uncompressed()))
}

fn page(text: String) -> Response {
    file("text/html; charset=utf-8", text)
}

fn script(text: &'static str) -> Response {
    file("text/javascript; charset=utf-8", text)
}

fn file(content_type: &'static str, text: impl Into<axum::body::Body>) -> Response {
    if AUTH_SCRIPT.is_empty() {
        let message = "this server was built without the frames: run `cargo xtask frames`, then build it again";
        return gateway_refusal(StatusCode::NOT_IMPLEMENTED, 12, message);
    }
    let mut response = Response::new(text.into());
    for (name, value) in [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-cache"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
