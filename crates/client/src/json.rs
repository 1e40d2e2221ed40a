//! What the server answers, read member by member. Types for every answer would be most of what a browser
//! downloads.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::ClientError;

/// Reads JSON.
///
/// # Errors
///
/// [`ClientError::Unintelligible`] for anything else.
pub(crate) fn read(body: &[u8]) -> Result<Value, ClientError> {
    serde_json::from_slice(body).map_err(|source| ClientError::Unintelligible(source.to_string()))
}

/// A member that has to be there, as a text.
///
/// # Errors
///
/// [`ClientError::Unintelligible`] when it is not.
pub(crate) fn text(object: &Value, member: &str) -> Result<String, ClientError> {
    optional_text(object, member)
        .ok_or_else(|| ClientError::Unintelligible(format!("no {member} in the answer")))
}

/// A member that may be there, as a text.
pub(crate) fn optional_text(object: &Value, member: &str) -> Option<String> {
    object.get(member).and_then(Value::as_str).map(str::to_owned)
}

/// JSON as a type.
///
/// # Errors
///
/// [`ClientError::Unintelligible`] when it has another form.
pub(crate) fn typed<T: DeserializeOwned>(value: Value) -> Result<T, ClientError> {
    serde_json::from_value(value).map_err(|source| ClientError::Unintelligible(source.to_string()))
}
