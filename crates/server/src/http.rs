//! The protocol over HTTP: paths, headers, bodies and refusals.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, CACHE_CONTROL, CONTENT_TYPE, DATE, HOST,
    ORIGIN, RETRY_AFTER, USER_AGENT,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use http_body_util::BodyExt;
use keyward_crypto::{P256PrivateKey, os_rng};
use keyward_protocol::engine::{Client, Stamped, webhooks};
use keyward_protocol::stamp::{Headers, Presented, StampError};
use keyward_protocol::wire::Namespace;
use keyward_protocol::wire::objects::ActivityResponse;
use keyward_protocol::wire::{InvalidRequest, RequestError};
use keyward_protocol::{activities, queries};
use serde_json::json;
use tower::ServiceExt;
use uuid::Uuid;

use crate::app::App;
use crate::auth_proxy::ProxyRequest;
use crate::clock::Clock;
use crate::config::is_loopback;
use crate::identities::jwks;
use crate::serve::Peer;
use crate::{auth_proxy, dev, frames, identities, openapi, playground, query, submit};

/// Largest body that is read.
pub const BODY_LIMIT_BYTES: usize = 2 * 1024 * 1024;
/// How much of a body that is too large is still taken off the wire, so that the client gets to read the
/// refusal.
const DRAINED_BYTES: usize = 8 * BODY_LIMIT_BYTES;
/// Characters of a header that are kept to be shown.
const LONGEST_SHOWN: usize = 256;
/// Longest time from the first byte of a request to its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Every path of the published protocol below `/public/v1/`, one a line.
const PROTOCOL_PATHS: &str = include_str!("paths.txt");

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const ANY_ORIGIN: HeaderValue = HeaderValue::from_static("*");
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static(
    "date, ratelimit-limit, ratelimit-remaining, retry-after, x-request-id",
);
const X_STAMP: HeaderName = HeaderName::from_static("x-stamp");
const X_STAMP_WEBAUTHN: HeaderName = HeaderName::from_static("x-stamp-webauthn");
const X_STAMP_ATTESTED: HeaderName = HeaderName::from_static("x-stamp-attested");
const X_SESSION: HeaderName = HeaderName::from_static("x-session");
const X_CLIENT_VERSION: HeaderName = HeaderName::from_static("x-client-version");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The server's paths. In development come those a developer may use and nobody else.
pub fn router(app: Arc<App>) -> Router {
    let router = Router::new()
        .route("/public/v1/submit/{route}", post(submit_route))
        .route("/public/v1/query/{route}", post(query_route))
        .route("/keyward/v1/submit/{route}", post(own_submit_route))
        .route("/keyward/v1/query/{route}", post(own_query_route))
        .route("/v1/{route}", post(proxy_route))
        .route("/healthz", get(|| async { json_response(StatusCode::OK, "{}") }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route(
            "/openapi.json",
            get(|| async { json_response(StatusCode::OK, openapi::document()) }),
        )
        .route("/.well-known/keyward.json", get(well_known))
        .route("/.well-known/jwks.json", get(session_jwks))
        .route("/public/v1/discovery/webhooks/jwks", get(webhook_jwks))
        .route("/oauth2/.well-known/openid-configuration", get(id_token_issuer))
        .route("/oauth2/jwks.json", get(id_token_jwks))
        .route("/playground/config.json", get(playground::config))
        .merge(frames::routes())
        .fallback(other_path)
        .with_state(app.clone());
    let router = match &app.development {
        Some(development) => router.merge(dev::routes(development)),
        None => router,
    };
    router
        .method_not_allowed_fallback(|| async {
            gateway_refusal(StatusCode::NOT_IMPLEMENTED, 12, "Method Not Allowed")
        })
        .layer(middleware::from_fn_with_state(app, finish))
}

/// Answers a request through the router. A path may begin with two slashes, which clients make of a base
/// URL that ends in one.
pub async fn respond(router: Router, mut request: Request) -> Response {
    let path = request.uri().path_and_query().map(axum::http::uri::PathAndQuery::as_str);
    let single = path.and_then(|path| path.strip_prefix('/')).filter(|rest| rest.starts_with('/'));
    if let Some(Ok(uri)) = single.map(str::parse::<Uri>) {
        *request.uri_mut() = uri;
    }
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// On every path: preflights are answered, all origins admitted, and the server's time told.
async fn finish(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let is_dev_path = request.uri().path().starts_with("/dev/");
    let is_issuer = request.uri().path().starts_with("/dev/oidc/");
    let mut response = if request.method() == Method::OPTIONS {
        preflight()
    } else if is_dev_path && is_from_elsewhere(&request) {
        refuse_elsewhere()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    // Other pages must not read codes that are in a developer's inbox; they log in at the issuer, as they do
    // at any.
    if !is_dev_path || is_issuer {
        headers.entry(ACCESS_CONTROL_ALLOW_ORIGIN).or_insert(ANY_ORIGIN);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
    }
    tell_time(headers, &app.clock);
    response
}

/// Says what time it is by the server's clock, not by the machine's: clients compare theirs with it.
pub(crate) fn tell_time(headers: &mut HeaderMap, clock: &Clock) {
    let since_epoch = Duration::from_millis(clock.now().as_millis());
    // What can't be written as a date is later than any that can.
    let date = std::time::UNIX_EPOCH.checked_add(since_epoch).map(httpdate::fmt_http_date);
    if let Some(Ok(date)) = date.map(HeaderValue::try_from) {
        headers.insert(DATE, date);
    }
}

/// Whether a page there may act on a development server: one on this machine, or of the server itself.
pub(crate) fn is_local(url: &str, headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let authority = url.parse::<Uri>().ok().and_then(|url| url.authority().cloned());
    is_loopback(url) || authority.is_some_and(|authority| Some(authority.as_str()) == host)
}

/// Whether a page that may not act on a development server would change something there.
pub(crate) fn is_from_elsewhere(request: &Request) -> bool {
    let headers = request.headers();
    let origin = headers.get(ORIGIN).filter(|_| !request.method().is_safe());
    origin.is_some_and(|origin| !origin.to_str().is_ok_and(|origin| is_local(origin, headers)))
}

pub(crate) fn refuse_elsewhere() -> Response {
    gateway_refusal(StatusCode::FORBIDDEN, 7, "pages of other sites may not do that")
}

async fn submit_route(State(app): State<Arc<App>>, path: NamedPath, request: Request) -> Response {
    submit_in(Namespace::Turnkey, &app, &path, request).await
}

async fn own_submit_route(
    State(app): State<Arc<App>>,
    path: NamedPath,
    request: Request,
) -> Response {
    submit_in(Namespace::Keyward, &app, &path, request).await
}

async fn submit_in(
    namespace: Namespace,
    app: &App,
    path: &NamedPath,
    request: Request,
) -> Response {
    let name = name(path);
    let Some(entry) = activities::Entry::find(namespace, name) else {
        return not_served(app, namespace, "submit", name);
    };
    answer(app, "submit", entry.route, request, |stamped| async {
        let activity = submit::submit(app, entry, stamped).await?;
        tracing::info!(activity = %activity.id, organization = %activity.organization_id, kind = %activity.kind, "recorded");
        serde_json::to_vec(&ActivityResponse { activity }).map_err(RequestError::internal)
    })
    .await
}

async fn query_route(State(app): State<Arc<App>>, path: NamedPath, request: Request) -> Response {
    query_in(Namespace::Turnkey, &app, &path, request).await
}

async fn own_query_route(
    State(app): State<Arc<App>>,
    path: NamedPath,
    request: Request,
) -> Response {
    query_in(Namespace::Keyward, &app, &path, request).await
}

async fn query_in(
    namespace: Namespace,
    app: &Arc<App>,
    path: &NamedPath,
    request: Request,
) -> Response {
    let name = name(path);
    let Some(entry) = queries::Entry::find(namespace, name) else {
        return not_served(app, namespace, "query", name);
    };
    answer(app, "query", entry.route, request, |stamped| query::query(app, entry, stamped)).await
}

/// A file, or nothing.
async fn other_path(State(app): State<Arc<App>>, request: Request) -> Response {
    let not_found = || gateway_refusal(StatusCode::NOT_FOUND, 5, "Not Found");
    playground::file(&app, &request).unwrap_or_else(not_found)
}

/// A request to the auth proxy, which carries no stamp.
async fn proxy_route(State(app): State<Arc<App>>, path: NamedPath, request: Request) -> Response {
    let Some(path) = auth_proxy::PATHS.into_iter().find(|known| *known == name(&path)) else {
        return gateway_refusal(StatusCode::NOT_FOUND, 5, "Not Found");
    };
    let app = &*app;
    answered(app, "proxy", path, async {
        let (parts, body) = request.into_parts();
        let text = |name: &str| {
            let value = parts.headers.get(name).and_then(|value| value.to_str().ok());
            value.map(str::to_owned)
        };
        let request = ProxyRequest {
            body: read_body(body).await?,
            config_id: text("x-auth-proxy-config-id"),
            origin: text("origin"),
            client: client(&parts, app.trusted_proxies),
        };
        let answer = Box::pin(auth_proxy::answer(app, path, request)).await?;
        serde_json::to_vec(&answer).map_err(RequestError::internal)
    })
    .await
}

/// The last segment of a path, which may not be text.
type NamedPath = Result<Path<String>, PathRejection>;

/// The last segment; empty when it is not text, which names nothing.
fn name(path: &NamedPath) -> &str {
    path.as_ref().map_or("", |Path(name)| name)
}

/// The refusal of a path that is not served: one of the protocol's is told from one that never was.
fn not_served(app: &App, namespace: Namespace, kind: &'static str, name: &str) -> Response {
    let known = namespace == Namespace::Turnkey
        && PROTOCOL_PATHS
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
    answered(app, kind, route, async {
        let stamped = read(request, app.trusted_proxies).await?;
        handle(stamped).await
    })
    .await
}

/// Waits for an answer, and writes it or the refusal.
async fn answered(
    app: &App,
    kind: &'static str,
    route: &'static str,
    answer: impl Future<Output = Result<Vec<u8>, RequestError>>,
) -> Response {
    let started = Instant::now();
    let id = request_id();
    let answered =
        tokio::time::timeout(REQUEST_TIMEOUT, answer).await.unwrap_or(Err(RequestError::TooSlow));
    let mut response = match answered {
        Ok(body) => {
            tracing::debug!(request = %id, kind, route, "answered");
            json_response(StatusCode::OK, body)
        }
        Err(refusal) => {
            let mut response = refuse(&refusal, id, kind, route);
            if matches!(refusal, RequestError::RateLimited) {
                response.headers_mut().insert(RETRY_AFTER, app.limits.wait_seconds().into());
            }
            response
        }
    };
    app.metrics.count(kind, route, response.status().as_u16(), started.elapsed());
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
    response
}

/// Reads the body and what the headers present with it.
async fn read(request: Request, trusted_proxies: usize) -> Result<Stamped, RequestError> {
    let (parts, body) = request.into_parts();
    let body = read_body(body).await?;
    let presented = Presented::parse(&Headers {
        stamp: single(&parts.headers, &X_STAMP)?,
        webauthn: single(&parts.headers, &X_STAMP_WEBAUTHN)?,
        attested: single(&parts.headers, &X_STAMP_ATTESTED)?,
        session: single(&parts.headers, &X_SESSION)?,
    })?;
    let client = client(&parts, trusted_proxies);
    Ok(Stamped { body, presented, attested: None, client })
}

/// Where a request comes from. Of `X-Forwarded-For` only what trusted proxies added counts.
fn client(parts: &Parts, trusted_proxies: usize) -> Client {
    let text = |name: &HeaderName| {
        let value = parts.headers.get(name).and_then(|value| value.to_str().ok())?;
        Some(value.chars().filter(|c| !c.is_control()).take(LONGEST_SHOWN).collect())
    };
    let peer = parts.extensions.get::<Peer>().map(|peer| peer.0.to_canonical().to_string());
    let forwarded = parts
        .headers
        .get_all(X_FORWARDED_FOR)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect::<Vec<_>>();
    let address = trusted_proxies
        .checked_sub(1)
        .and_then(|hops| forwarded.iter().rev().nth(hops))
        .and_then(|address| address.trim().parse::<IpAddr>().ok())
        .map(|address| address.to_canonical().to_string())
        .or(peer);
    Client { version: text(&X_CLIENT_VERSION), user_agent: text(&USER_AGENT), address }
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
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
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
pub(crate) fn gateway_refusal(status: StatusCode, code: u8, message: &str) -> Response {
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

/// The public halves of the server's keys, SEC1, hex, in the form that SDKs take to override the hosted
/// service's.
async fn well_known(State(app): State<Arc<App>>) -> Response {
    let uncompressed = |key: &P256PrivateKey| hex::encode(key.public_key().uncompressed());
    let compressed = |key: &P256PrivateKey| hex::encode(key.public_key().compressed());
    let keys = &app.keys;
    let signer = uncompressed(&keys.signer);
    let known = json!({
        "notarizerPublicKey": uncompressed(&keys.notarizer),
        "signerPublicKey": signer,
        "signerQuorumPublicKey": format!("{signer}{signer}"),
        "otpSignerPublicKey": uncompressed(&keys.otp_signer),
        "legacyOtpSignerPublicKey": compressed(&keys.legacy_otp_signer),
        "secretReceiverPublicKey": uncompressed(&keys.secret_receiver),
        "issuer": app.settings.issuer,
        "jwksUri": format!("{}/.well-known/jwks.json", app.settings.issuer),
        "idTokenIssuer": app.settings.id_token_issuer(),
    });
    cacheable(known.to_string())
}

/// What session tokens are checked with (RFC 7517 §5).
async fn session_jwks(State(app): State<Arc<App>>) -> Response {
    cacheable(jwks(&app.keys.notarizer.public_key()).to_string())
}

/// What the signatures of webhooks are checked with (RFC 7517 §5).
async fn webhook_jwks(State(app): State<Arc<App>>) -> Response {
    cacheable(webhooks::jwks(&app.keys.webhook_signer.public_key()).to_string())
}

/// What the issuer of ID tokens says of itself (`OpenID` Connect Discovery 1.0 §3).
async fn id_token_issuer(State(app): State<Arc<App>>) -> Response {
    let issuer = app.settings.id_token_issuer();
    let known = json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/jwks.json"),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    });
    cacheable(known.to_string())
}

/// What ID tokens are checked with (RFC 7517 §5).
async fn id_token_jwks(State(app): State<Arc<App>>) -> Response {
    cacheable(identities::id_token_jwks(&app.keys).to_string())
}

/// JSON that stays the same.
fn cacheable(body: String) -> Response {
    let mut response = json_response(StatusCode::OK, body);
    let for_an_hour = HeaderValue::from_static("public, max-age=3600");
    response.headers_mut().insert(CACHE_CONTROL, for_an_hour);
    response
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
