//! Errors across the border: the core's become `KeywardError`, the browser's become the ports'.

use std::error::Error;

use js_sys::Reflect;
use keyward_client::ports::{PasskeyError, StoreError, TransportError, WalletError};
use keyward_client::{ClientError, Refusal};
use serde_json::{Map, Value};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::convert::to_js;

/// What an EIP-1193 provider says when the user does not want to.
const USER_REJECTED: f64 = 4001.0;

#[wasm_bindgen(raw_module = "./error.js")]
extern "C" {
    /// An `Error` with `code` and `details`.
    type KeywardError;
    #[wasm_bindgen(constructor)]
    fn new(code: &str, message: &str, details: JsValue) -> KeywardError;
}

/// What JavaScript catches.
pub(crate) fn thrown(error: ClientError) -> JsValue {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message.push_str(": ");
        message.push_str(&cause.to_string());
        source = cause.source();
    }
    KeywardError::new(error.code(), &message, to_js(&details(&error))).into()
}

/// What a variant holds besides its text.
fn details(error: &ClientError) -> Map<String, Value> {
    let mut details = Map::new();
    let mut tell = |name: &str, value: Value| {
        details.insert(name.to_owned(), value);
    };
    match error {
        ClientError::ConsensusNeeded { activity_id, fingerprint } => {
            tell("activityId", activity_id.as_str().into());
            tell("fingerprint", fingerprint.as_str().into());
        }
        ClientError::MfaNeeded { activity_id, fingerprint, organization_id } => {
            tell("activityId", activity_id.as_str().into());
            tell("fingerprint", fingerprint.as_str().into());
            tell("organizationId", organization_id.as_str().into());
        }
        ClientError::ActivityPending { activity_id }
        | ClientError::ActivityFailed { activity_id, .. }
        | ClientError::ActivityRejected { activity_id } => {
            tell("activityId", activity_id.as_str().into());
        }
        ClientError::RateLimited { retry_after_seconds: Some(seconds) } => {
            tell("retryAfterSeconds", (*seconds).into());
        }
        ClientError::ServerFailed(refusal)
        | ClientError::MethodDisabled(refusal)
        | ClientError::Denied(refusal)
        | ClientError::Refused(refusal) => {
            let Refusal { status, grpc_code, turnkey_error_code, message } = refusal;
            tell("status", (*status).into());
            tell("grpcCode", (*grpc_code).into());
            if let Some(name) = turnkey_error_code {
                tell("turnkeyErrorCode", name.as_str().into());
            }
            tell("message", message.as_str().into());
        }
        _ => {}
    }
    details
}

/// `name` and a text for people of whatever was thrown.
fn name_and_text(thrown: &JsValue) -> (String, String) {
    let member = |name: &str| Reflect::get(thrown, &name.into()).ok()?.as_string();
    let name = member("name").unwrap_or_default();
    let text = member("message").or_else(|| thrown.as_string()).unwrap_or_default();
    let text = if name.is_empty() { text } else { [&name, ": ", &text].concat() };
    (name, text)
}

/// Of `IndexedDB`, `WebCrypto` and Local Storage.
pub(crate) fn store_error(thrown: &JsValue) -> StoreError {
    let (name, text) = name_and_text(thrown);
    match name.as_str() {
        "QuotaExceededError" => StoreError::Full,
        "SecurityError" | "InvalidStateError" | "DataCloneError" | "NotAllowedError"
        | "NotSupportedError" => StoreError::Denied(text),
        _ => StoreError::Failed(text),
    }
}

/// Of `fetch`.
pub(crate) fn transport_error(thrown: &JsValue) -> TransportError {
    match name_and_text(thrown) {
        (name, _) if name == "TimeoutError" => TransportError::TimedOut,
        (_, text) => TransportError::Unreachable(text),
    }
}

/// Of `navigator.credentials`.
pub(crate) fn passkey_error(thrown: &JsValue) -> PasskeyError {
    let (name, text) = name_and_text(thrown);
    match name.as_str() {
        "NotAllowedError" | "AbortError" | "TimeoutError" => PasskeyError::Cancelled,
        "NotSupportedError" | "SecurityError" => PasskeyError::Unavailable(text),
        _ => PasskeyError::Failed(text),
    }
}

/// Of a wallet.
pub(crate) fn wallet_error(thrown: &JsValue) -> WalletError {
    let code = Reflect::get(thrown, &"code".into()).ok().and_then(|code| code.as_f64());
    if code == Some(USER_REJECTED) {
        return WalletError::Rejected;
    }
    WalletError::Failed(name_and_text(thrown).1)
}
