//! The auth frame: a page that keeps a credential away from the application that embeds it.
//!
//! What it does is in `packages/auth-frame`. Its script needs npm to be built, so a server may be
//! without it.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

use crate::http::gateway_refusal;

const PAGE: &str = include_str!("../../../packages/auth-frame/index.html");
/// Empty when it had not been built.
const SCRIPT: &str = include_str!(concat!(env!("OUT_DIR"), "/auth-frame.js"));

/// Only our script runs, and it reaches nothing but its parent. That may be any site: who embeds the frame
/// is not known here, and a bundle is of use to nobody but who asked for it.
const POLICY: &str =
    "default-src 'none'; script-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *";

/// `GET /auth-frame`.
pub(crate) async fn page() -> Response {
    file("text/html; charset=utf-8", PAGE)
}

/// `GET /auth-frame/auth-frame.js`.
pub(crate) async fn script() -> Response {
    file("text/javascript; charset=utf-8", SCRIPT)
}

fn file(content_type: &'static str, text: &'static str) -> Response {
    if SCRIPT.is_empty() {
        let message = "this server was built without the auth frame: run `cargo xtask auth-frame`, then build it again";
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
