//! The protocol over HTTP: paths, headers, bodies and refusals.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, CONTENT_TYPE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use http_body_util::BodyExt;
use keyward_crypto::os_rng;
use keyward_protocol::engine::Stamped;
use keyward_protocol::stamp::{Headers, Presented, StampError};
use keyward_protocol::wire::objects::ActivityResponse;
use keyward_protocol::wire::{InvalidRequest, RequestError};
use keyward_protocol::{activities, queries};
use serde_json::json;
use tower::ServiceExt;
use uuid::Uuid;

use crate::app::App;
use crate::{dev, openapi, query, submit};

/// Largest body that is read.
pub const BODY_LIMIT_BYTES: usize = 2 * 1024 * 1024;
/// How much of a body that is too large is still taken off the wire, so that the client gets to read the
/// refusal.
const DRAINED_BYTES: usize = 8 * BODY_LIMIT_BYTES;
/// Longest time from the first byte of a request to its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Every path of the published protocol below `/public/v1/`, one a line.
const PROTOCOL_PATHS: &str = include_str!("paths.txt");

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const ANY_ORIGIN: HeaderValue = HeaderValue::from_static("*");
const EXPOSED_HEADERS: HeaderValue =
    HeaderValue::from_static("ratelimit-limit, ratelimit-remaining, x-request-id");
const X_STAMP: HeaderName = HeaderName::from_static("x-stamp");
const X_STAMP_WEBAUTHN: HeaderName = HeaderName::from_static("x-stamp-webauthn");
const X_STAMP_ATTESTED: HeaderName = HeaderName::from_static("x-stamp-attested");
const X_SESSION: HeaderName = HeaderName::from_static("x-session");
const X_CLIENT_VERSION: HeaderName = HeaderName::from_static("x-client-version");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The server's paths. `is_dev` adds those a developer may use and nobody else.
pub fn router(app: Arc<App>, is_dev: bool) -> Router {
    let mut router = Router::new()
        .route("/public/v1/submit/{route}", post(submit_route))
        .route("/public/v1/query/{route}", post(query_route))
        .route("/healthz", get(|| async { json_response(StatusCode::OK, "{}") }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route(
            "/openapi.json",
            get(|| async { json_response(StatusCode::OK, openapi::document()) }),
        )
        .route("/.well-known/keyward.json", get(well_known));
    if is_dev {
        router = router.route("/dev/clock", post(dev::move_clock));
    }
    router
        .method_not_allowed_fallback(|| async {
            gateway_refusal(StatusCode::NOT_IMPLEMENTED, 12, "Method Not Allowed")
        })
        .fallback(|| async { gateway_refusal(StatusCode::NOT_FOUND, 5, "Not Found") })
        .with_state(app)
}

/// Answers a request through the router: on every path preflights are answered and all origins admitted,
/// and a path may begin with two slashes, which clients make of a base URL that ends in one.
pub async fn respond(router: Router, mut request: Request) -> Response {
    if request.method() == Method::OPTIONS {
        return preflight();
    }
    let path = request.uri().path_and_query().map(axum::http::uri::PathAndQuery::as_str);
    let single = path.and_then(|path| path.strip_prefix('/')).filter(|rest| rest.starts_with('/'));
    if let Some(Ok(uri)) = single.map(str::parse::<Uri>) {
        *request.uri_mut() = uri;
    }
    let mut response = match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANY_ORIGIN);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
    response
}

async fn submit_route(State(app): State<Arc<App>>, path: NamedPath, request: Request) -> Response {
    let name = name(&path);
    let Some(entry) = activities::Entry::find(name) else {
        return not_served(&app, "submit", name);
    };
    answer(&app, "submit", entry.route, request, |stamped| async {
        let activity = submit::submit(&app, entry, stamped).await?;
        tracing::info!(activity = %activity.id, organization = %activity.organization_id, kind = %activity.kind, "recorded");
        serde_json::to_vec(&ActivityResponse { activity }).map_err(RequestError::internal)
    })
    .await
}

async fn query_route(State(app): State<Arc<App>>, path: NamedPath, request: Request) -> Response {
    let name = name(&path);
    let Some(entry) = queries::Entry::find(name) else { return not_served(&app, "query", name) };
    answer(&app, "query", entry.route, request, |stamped| query::query(&app, entry, stamped)).await
}

/// The last segment of a path, which may not be text.
type NamedPath = Result<Path<String>, PathRejection>;

/// The last segment; empty when it is not text, which names nothing.
fn name(path: &NamedPath) -> &str {
    path.as_ref().map_or("", |Path(name)| name)
}

/// The refusal of a path that is not served: one of the protocol's is told from one that never was.
fn not_served(app: &App, kind: &'static str, name: &str) -> Response {
    let known = PROTOCOL_PATHS
        .lines()
        .filter_map(|path| path.split_once('/'))
        .any(|path| path == (kind, name));
    let response = if known {
        let status = RequestError::Unimplemented(name.to_owned().into()).status();
        json_response(StatusCode::NOT_IMPLEMENTED, status.to_json().to_string())
    } else {
        gateway_refusal(StatusCode::NOT_FOUND, 5, "Not Found")
    };
    app.metrics.count(kind, "unknown", response.status().as_u16(), Duration::ZERO);
    response
}

/// Reads a request, has it handled, and writes the answer or the refusal.
async fn answer<Answering>(
    app: &App,
    kind: &'static str,
    route: &'static str,
    request: Request,
    handle: impl FnOnce(Stamped) -> Answering,
) -> Response
where
    Answering: Future<Output = Result<Vec<u8>, RequestError>>,
{
    let started = Instant::now();
    let id = request_id();
    let answered = tokio::time::timeout(REQUEST_TIMEOUT, async {
        let stamped = read(request).await?;
        handle(stamped).await
    })
    .await
    .unwrap_or(Err(RequestError::TooSlow));
    let mut response = match answered {
        Ok(body) => {
            tracing::debug!(request = %id, kind, route, "answered");
            json_response(StatusCode::OK, body)
        }
        Err(refusal) => refuse(&refusal, id, kind, route),
    };
    app.metrics.count(kind, route, response.status().as_u16(), started.elapsed());
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
    response
}

/// Reads the body and what the headers present with it.
async fn read(request: Request) -> Result<Stamped, RequestError> {
    let (parts, body) = request.into_parts();
    let body = read_body(body).await?;
    let presented = Presented::parse(&Headers {
        stamp: single(&parts.headers, &X_STAMP)?,
        webauthn: single(&parts.headers, &X_STAMP_WEBAUTHN)?,
        attested: single(&parts.headers, &X_STAMP_ATTESTED)?,
        session: single(&parts.headers, &X_SESSION)?,
    })?;
    let client_version = parts.headers.get(X_CLIENT_VERSION);
    Ok(Stamped {
        body,
        presented,
        client_version: client_version.and_then(|value| value.to_str().ok()).map(str::to_owned),
    })
}

async fn read_body(mut body: Body) -> Result<Vec<u8>, RequestError> {
    let mut read = Vec::new();
    let mut received = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|_| InvalidRequest::new("bad request body: it did not arrive whole"))?;
        let Ok(data) = frame.into_data() else { continue };
        received = received.saturating_add(data.len());
        if received <= BODY_LIMIT_BYTES {
            read.extend_from_slice(&data);
        } else if received > DRAINED_BYTES {
            break;
        }
    }
    if received > BODY_LIMIT_BYTES {
        let text = format!("bad request body: larger than {BODY_LIMIT_BYTES} bytes");
        return Err(InvalidRequest::new(text).into());
    }
    Ok(read)
}

/// The value of a header that may come once.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a [u8]>, StampError> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().map(HeaderValue::as_bytes);
    if values.next().is_some() { Err(StampError::Ambiguous) } else { Ok(first) }
}

fn refuse(refusal: &RequestError, id: Uuid, kind: &'static str, route: &'static str) -> Response {
    let mut status = refusal.status();
    if let RequestError::Internal(source) = refusal {
        tracing::error!(request = %id, kind, route, error = %chain(&**source), "failed");
        status.message = format!("{} ({id})", status.message);
    } else {
        tracing::info!(request = %id, kind, route, status = status.http_status(), name = ?status.turnkey_error_code, "refused");
    }
    let code =
        StatusCode::from_u16(status.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    json_response(code, status.to_json().to_string())
}

/// An error and what caused it, each once.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// A refusal that no request was read for.
fn gateway_refusal(status: StatusCode, code: u8, message: &str) -> Response {
    json_response(status, json!({ "code": code, "message": message, "details": [] }).to_string())
}

pub(crate) fn json_response(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

async fn ready(State(app): State<Arc<App>>) -> Response {
    match app.store.value(crate::beginning::ROOT_ORGANIZATION).await {
        Ok(Some(_)) => json_response(StatusCode::OK, "{}"),
        _ => gateway_refusal(StatusCode::SERVICE_UNAVAILABLE, 14, "the store does not answer"),
    }
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    let mut response = Response::new(app.metrics.to_text().into());
    let text = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(text));
    response
}

/// The public halves of the server's keys.
async fn well_known(State(app): State<Arc<App>>) -> Response {
    let notarizer = hex::encode(app.keys.notarizer.public_key().uncompressed());
    json_response(StatusCode::OK, json!({ "notarizerPublicKey": notarizer }).to_string())
}

fn preflight() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANY_ORIGIN);
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS"),
        (
            ACCESS_CONTROL_ALLOW_HEADERS,
            "Content-Type, X-Client-Version, X-Stamp, X-Stamp-WebAuthn, X-Stamp-Attested, X-Session, \
             X-Auth-Proxy-Config-ID, X-Captcha-Token, X-TVC-Client-Version",
        ),
        (ACCESS_CONTROL_MAX_AGE, "86400"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn request_id() -> Uuid {
    let mut random = [0; 16];
    let rng: &mut dyn keyward_crypto::CryptoRng = &mut os_rng();
    rng.fill_bytes(&mut random);
    uuid::Builder::from_random_bytes(random).into_uuid()
}
