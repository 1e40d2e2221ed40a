//! The playground: a page to try the server with, and the web client that it uses.
//!
//! Both are embedded. The client needs tools to be built, so a server may be without it.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HOST, IF_NONE_MATCH, LOCATION,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use keyward_crypto::sha256;
use keyward_protocol::wire::id::OrganizationId;
use serde_json::json;

use crate::app::App;
use crate::beginning;
use crate::http::{gateway_refusal, json_response};

// CLIENT and PLAYGROUND: names and contents of files.
include!(concat!(env!("OUT_DIR"), "/playground.rs"));

/// The page runs its own scripts and the client's WebAssembly, and talks to this server.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
                      img-src 'self' data:; font-src 'self'; manifest-src 'self'; connect-src 'self'; \
                      worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const NO_CLIENT: &str = "This server was built without the web client.\n\n\
                         Build it, so that there is packages/client/dist, then build the server again.\n";

/// What an operator decides about the playground.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Playground {
    /// The organization that it uses; the root organization in development.
    pub(crate) organization: Option<OrganizationId>,
}

struct File {
    content: &'static [u8],
    content_type: &'static str,
    etag: String,
}

/// The files by their paths.
static FILES: LazyLock<HashMap<String, File>> = LazyLock::new(|| {
    let client = CLIENT.iter().map(|(name, content)| (format!("/client/{name}"), *content));
    // Beside the page, wherever that is.
    let page = ["/", "/playground/"].into_iter().flat_map(|at| {
        PLAYGROUND.iter().map(move |(name, content)| (format!("{at}{name}"), *content))
    });
    let files = client.chain(page).map(|(path, content)| {
        let etag = format!("\"{}\"", hex::encode(sha256(content)));
        let content_type = content_type(&path);
        (path, File { content, content_type, etag })
    });
    files.collect()
});

/// A file of the playground or of the client, where the path is one's.
pub(crate) fn file(app: &App, request: &Request) -> Option<Response> {
    app.playground?;
    if !matches!(request.method().as_str(), "GET" | "HEAD") {
        return None;
    }
    let path = match request.uri().path() {
        "/" | "/playground" | "/playground/" => "/index.html",
        path => path,
    };
    let is_page = path == "/index.html";
    if is_page
        && app.development.is_some()
        && let Some(elsewhere) = by_name(request)
    {
        return Some(elsewhere);
    }
    if CLIENT.is_empty() && (is_page || path.starts_with("/client/")) {
        let mut response = Response::new(NO_CLIENT.into());
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, text);
        return Some(response);
    }
    FILES.get(path).map(|file| send(file, request.headers()))
}

/// `GET /playground/config.json`: what the page has to know.
pub(crate) async fn config(State(app): State<Arc<App>>) -> Response {
    let Some(playground) = app.playground else {
        return gateway_refusal(StatusCode::NOT_FOUND, 5, "Not Found");
    };
    let is_development = app.development.is_some();
    let organization = match playground.organization {
        None if is_development => beginning::root_organization(&app.store).await.ok(),
        configured => configured,
    };
    let opened = match organization {
        Some(id) => app.store.latest_organization(id).await.ok().flatten(),
        None => None,
    };
    // A proxy's configuration has the id of its organization.
    let proxy = opened.filter(|opened| opened.organization.auth_proxy.is_some());
    let issuer = app.development.as_ref().map(|development| development.issuer.url());
    let known = json!({
        "organizationId": organization,
        "authProxyConfigId": proxy.map(|opened| opened.organization.id),
        "isDevelopment": is_development,
        "oidcIssuer": issuer,
        "version": env!("CARGO_PKG_VERSION"),
    });
    let mut response = json_response(StatusCode::OK, known.to_string());
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The same page at `localhost` where it was asked for at 127.0.0.1: passkeys want a name.
fn by_name(request: &Request) -> Option<Response> {
    let host = request.headers().get(HOST)?.to_str().ok()?;
    let port = host.strip_prefix("127.0.0.1")?;
    let digits = if port.is_empty() { port } else { port.strip_prefix(':')? };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let path = request.uri().path_and_query()?;
    let location = HeaderValue::try_from(format!("http://localhost{port}{path}")).ok()?;
    let mut response = Response::default();
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    response.headers_mut().insert(LOCATION, location);
    Some(response)
}

fn send(file: &File, headers: &HeaderMap) -> Response {
    let is_known = headers.get_all(IF_NONE_MATCH).iter().any(|known| {
        let mut tags = known.to_str().unwrap_or_default().split(',');
        tags.any(|tag| tag.trim().trim_start_matches("W/") == file.etag)
    });
    let mut response = if is_known {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        Response::new(Body::from(file.content))
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, file.content_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-cache"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(etag) = HeaderValue::try_from(&file.etag) {
        headers.insert(ETAG, etag);
    }
    response
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg") => "image/jpeg",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(files: &[(&'static str, &'static [u8])]) -> Vec<&'static str> {
        files.iter().map(|(name, _)| *name).collect()
    }

    #[test]
    fn every_embedded_file_has_a_type() {
        assert!(names(PLAYGROUND).contains(&"index.html"));
        for name in names(PLAYGROUND).into_iter().chain(names(CLIENT)) {
            assert_ne!(content_type(name), "application/octet-stream", "{name}");
        }
    }

    #[test]
    fn a_file_is_sent_once_while_it_is_the_same() {
        let file = File { content: b"x", content_type: "text/css", etag: "\"1\"".to_owned() };
        let mut headers = HeaderMap::new();
        assert_eq!(send(&file, &headers).status(), StatusCode::OK);
        for (known, status) in [("\"2\", W/\"1\"", 304), ("\"1\"", 304), ("\"2\"", 200), ("1", 200)]
        {
            headers.insert(IF_NONE_MATCH, HeaderValue::from_static(known));
            let response = send(&file, &headers);
            assert_eq!(response.status(), status, "{known}");
            assert_eq!(response.headers()[ETAG], "\"1\"");
        }
    }
}
