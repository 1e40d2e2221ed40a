//! Objects of JavaScript as types, and back. They cross as JSON, which both sides have at hand.

use js_sys::JSON;
use keyward_client::{Account, AuthProxy, ClientError, Config, Contact, LogIn, SignUp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wasm_bindgen::JsValue;

/// Reads an object.
pub(crate) fn from_js<T: DeserializeOwned>(value: &JsValue) -> Result<T, ClientError> {
    let invalid = |reason: String| ClientError::InvalidInput(reason);
    let text = JSON::stringify(value).map_err(|_| invalid("not JSON".to_owned()))?;
    let text = text.as_string().unwrap_or_else(|| "null".to_owned());
    // By way of a value: one parser for all types.
    let value = serde_json::from_str::<Value>(&text);
    value.and_then(serde_json::from_value).map_err(|source| invalid(source.to_string()))
}

/// Makes an object.
pub(crate) fn to_js<T: Serialize>(value: &T) -> JsValue {
    let text = serde_json::to_value(value).unwrap_or_default().to_string();
    JSON::parse(&text).unwrap_or(JsValue::NULL)
}

/// `ClientOptions`, as far as the core is told.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Options {
    base_url: String,
    organization_id: String,
    auth_proxy: Option<ProxyOptions>,
    otp_signer_public_key: Option<String>,
    namespace: Option<String>,
    refreshes: Option<bool>,
    ahead_seconds: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProxyOptions {
    config_id: String,
    url: Option<String>,
}

impl From<Options> for Config {
    fn from(options: Options) -> Self {
        let default = Self::new(options.base_url, options.organization_id);
        Self {
            auth_proxy: options
                .auth_proxy
                .map(|ProxyOptions { config_id, url }| AuthProxy { url, config_id }),
            otp_signer_public_key: options.otp_signer_public_key,
            namespace: options.namespace.unwrap_or(default.namespace),
            refreshes: options.refreshes.unwrap_or(default.refreshes),
            ahead_seconds: options.ahead_seconds.unwrap_or(default.ahead_seconds),
            ..default
        }
    }
}

/// `LogIn`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct LogInOptions {
    session: Option<String>,
    expiration_seconds: Option<u64>,
    ends_others: Option<bool>,
    session_profile_id: Option<String>,
    organization_id: Option<String>,
    becomes_active: Option<bool>,
}

/// Reads `LogIn`; the default when it is absent.
pub(crate) fn log_in(value: &JsValue) -> Result<LogIn, ClientError> {
    let options = from_js::<Option<LogInOptions>>(value)?.unwrap_or_default();
    let default = LogIn::default();
    Ok(LogIn {
        session: options.session.unwrap_or(default.session),
        expiration_seconds: options.expiration_seconds,
        ends_others: options.ends_others.unwrap_or(default.ends_others),
        session_profile_id: options.session_profile_id,
        organization_id: options.organization_id,
        becomes_active: options.becomes_active.unwrap_or(default.becomes_active),
    })
}

/// `SignUp`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct SignUpOptions {
    user_name: Option<String>,
    user_email: Option<String>,
    user_phone_number: Option<String>,
    organization_name: Option<String>,
    wallet: Option<Value>,
}

impl From<SignUpOptions> for SignUp {
    fn from(options: SignUpOptions) -> Self {
        let SignUpOptions { user_name, user_email, user_phone_number, organization_name, wallet } =
            options;
        Self { user_name, user_email, user_phone_number, organization_name, wallet }
    }
}

/// `Account`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum AccountOptions {
    Existing,
    OrNew(SignUpOptions),
}

impl From<AccountOptions> for Account {
    fn from(options: AccountOptions) -> Self {
        match options {
            AccountOptions::Existing => Self::Existing,
            AccountOptions::OrNew(sign_up) => Self::OrNew(sign_up.into()),
        }
    }
}

/// `{ email } | { phone }`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ContactOptions {
    Email(String),
    Phone(String),
}

impl From<ContactOptions> for Contact {
    fn from(options: ContactOptions) -> Self {
        match options {
            ContactOptions::Email(address) => Self::Email(address),
            ContactOptions::Phone(number) => Self::Phone(number),
        }
    }
}
