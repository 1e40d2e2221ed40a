//! What only a development server does.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use keyward_protocol::wire::{InvalidRequest, RequestError};
use serde::Deserialize;
use serde_json::json;

use crate::app::App;
use crate::http::json_response;

/// Farthest the clock moves at once: ten years.
const FARTHEST_SECONDS: u64 = 10 * 365 * 24 * 3600;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MoveClock {
    advance_seconds: u64,
}

/// `POST /dev/clock`: moves the clock ahead.
pub(crate) async fn move_clock(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let asked: Result<MoveClock, _> = serde_json::from_slice(&body);
    let refusal = match asked {
        Ok(MoveClock { advance_seconds }) if advance_seconds <= FARTHEST_SECONDS => {
            app.clock.advance(advance_seconds);
            let now = app.clock.now();
            let body =
                json!({ "now": now.to_rfc3339(), "timestampMs": now.as_millis().to_string() });
            return json_response(StatusCode::OK, body.to_string());
        }
        Ok(_) => InvalidRequest::new("advanceSeconds must be at most ten years"),
        Err(source) => InvalidRequest::body(&source),
    };
    json_response(
        StatusCode::BAD_REQUEST,
        RequestError::from(refusal).status().to_json().to_string(),
    )
}
