//! What only a development server does.

mod oidc;
mod reset;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use keyward_protocol::wire::{InvalidRequest, RequestError};
use serde::Deserialize;
use serde_json::json;

use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::delivery::{Inbox, inbox_routes};
use crate::http::json_response;

pub(crate) use oidc::Issuer;
pub use reset::{Again, DevServer, Ground};

/// Farthest the clock moves at once: ten years.
const FARTHEST_SECONDS: u64 = 10 * 365 * 24 * 3600;

/// What a server has only while somebody develops against it.
pub(crate) struct Development {
    pub(crate) clock: Arc<Clock>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) issuer: Issuer,
}

impl Development {
    /// Of a server that is reached at `base_url` if the configuration does not say where.
    ///
    /// # Errors
    ///
    /// What is wrong with the e-mail templates.
    pub(crate) fn new(config: &Config, base_url: &str) -> Result<Self, ConfigError> {
        Ok(Self {
            clock: Arc::default(),
            inbox: Arc::new(Inbox::new(&config.mail.clone().unwrap_or_default())?),
            issuer: Issuer::new(config.public_url.as_deref().unwrap_or(base_url)),
        })
    }
}

/// Paths that a developer may use and nobody else.
pub(crate) fn routes(development: &Arc<Development>) -> Router {
    Router::new()
        .route("/dev/clock", get(show_clock).post(move_clock))
        .merge(oidc::routes())
        .with_state(development.clone())
        .merge(inbox_routes(development.inbox.clone()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MoveClock {
    advance_seconds: u64,
}

/// `GET /dev/clock`.
async fn show_clock(State(development): State<Arc<Development>>) -> Response {
    let now = development.clock.now();
    let body = json!({ "now": now.to_rfc3339(), "timestampMs": now.as_millis().to_string() });
    json_response(StatusCode::OK, body.to_string())
}

/// `POST /dev/clock`: moves the clock ahead.
async fn move_clock(State(development): State<Arc<Development>>, body: Bytes) -> Response {
    let asked: Result<MoveClock, _> = serde_json::from_slice(&body);
    let refusal = match asked {
        Ok(MoveClock { advance_seconds }) if advance_seconds <= FARTHEST_SECONDS => {
            development.clock.advance(advance_seconds);
            return show_clock(State(development)).await;
        }
        Ok(_) => InvalidRequest::new("advanceSeconds must be at most ten years"),
        Err(source) => InvalidRequest::body(&source),
    };
    json_response(
        StatusCode::BAD_REQUEST,
        RequestError::from(refusal).status().to_json().to_string(),
    )
}
