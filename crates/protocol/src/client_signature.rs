//! What a client signs to turn a verification token into one log-in or one sign-up, and how identity
//! providers' tokens are bound to its key. The engine checks both.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_crypto::{EcdsaSignature, P256PublicKey, sha256};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::wire::objects::ClientSignature;

/// The only scheme there is: P-256, `r ‖ s` in hex.
pub const SCHEME: &str = "CLIENT_SIGNATURE_SCHEME_API_P256";

/// Which of the two spellings a route wants signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignUpUsage {
    /// `signup`: the first generation of routes.
    V1,
    /// `signupV2`: the second, and `CREATE_SUB_ORGANIZATION_V8`.
    V2,
}

/// What a sign-up asks for: what has to be signed.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignUpContent<'a> {
    /// The spelling.
    #[serde(skip)]
    pub usage: SignUpUsage,
    /// API keys as in the request.
    pub api_keys: &'a [Value],
    /// Authenticators as in the request.
    pub authenticators: &'a [Value],
    /// OAuth providers as in the request.
    pub oauth_providers: &'a [Value],
    /// E-mail address, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<&'a str>,
    /// Telephone number, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<&'a str>,
}

/// What the key that a verification token is bound to signs for a session of `session_public_key`, which is
/// written as in the request. `token_id` is the token's, see [`token_id`].
///
/// Source: `USAGE_TYPE_LOGIN` messages of `@turnkey/core`.
pub fn login_message(token_id: &str, session_public_key: &str) -> String {
    text(&Message {
        login: Some(Login { public_key: session_public_key }),
        token_id,
        usage: "USAGE_TYPE_LOGIN",
        ..Message::default()
    })
}

/// What the key that a verification token is bound to signs for a sign-up.
///
/// Source: `USAGE_TYPE_SIGNUP` messages of `@turnkey/core`.
pub fn sign_up_message(token_id: &str, content: &SignUpContent<'_>) -> String {
    let (signup, signup_v2) = match content.usage {
        SignUpUsage::V1 => (Some(content), None),
        SignUpUsage::V2 => (None, Some(content)),
    };
    text(&Message { signup, signup_v2, token_id, usage: "USAGE_TYPE_SIGNUP", ..Message::default() })
}

/// A message with its signature over the SHA-256 of the message, as it travels.
pub fn client_signature(
    public_key: &P256PublicKey,
    message: String,
    signature: &EcdsaSignature,
) -> ClientSignature {
    ClientSignature {
        public_key: hex::encode(public_key.compressed()),
        scheme: SCHEME.to_owned(),
        message,
        signature: hex::encode(signature.to_bytes()),
    }
}

/// The `id` claim of a verification token, which is not verified: that is the server's business. `None` for
/// what is no such token.
pub fn token_id(verification_token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        id: String,
    }

    let payload = URL_SAFE_NO_PAD.decode(verification_token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok().map(|Claims { id }| id)
}

/// The `nonce` with which an identity provider's token is asked for, so that it holds for one key only.
///
/// `public_key` is its text as in the request that will carry the token: hex, lower case.
///
/// Source: `nonce` = lower-case hex of SHA-256 over the hex text of the public key.
pub fn oidc_nonce(public_key: &str) -> String {
    hex::encode(sha256(public_key.as_bytes()))
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    login: Option<Login<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signup: Option<&'a SignUpContent<'a>>,
    #[serde(rename = "signupV2", skip_serializing_if = "Option::is_none")]
    signup_v2: Option<&'a SignUpContent<'a>>,
    token_id: &'a str,
    #[serde(rename = "type")]
    usage: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Login<'a> {
    public_key: &'a str,
}

#[expect(clippy::expect_used, reason = "texts and JSON values, keyed by texts, are always JSON")]
fn text(message: &Message<'_>) -> String {
    serde_json::to_string(message).expect("JSON")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_are_as_javascript_writes_them() {
        insta::assert_snapshot!(
            login_message("id", "02ab"),
            @r#"{"login":{"publicKey":"02ab"},"tokenId":"id","type":"USAGE_TYPE_LOGIN"}"#
        );
        let content = SignUpContent {
            usage: SignUpUsage::V2,
            api_keys: &[json!({ "apiKeyName": "k" })],
            authenticators: &[],
            oauth_providers: &[],
            email: Some("a@example.com"),
            phone_number: None,
        };
        insta::assert_snapshot!(
            sign_up_message("id", &content),
            @r#"{"signupV2":{"apiKeys":[{"apiKeyName":"k"}],"authenticators":[],"oauthProviders":[],"email":"a@example.com"},"tokenId":"id","type":"USAGE_TYPE_SIGNUP"}"#
        );
        let content = SignUpContent { usage: SignUpUsage::V1, ..content };
        assert!(sign_up_message("id", &content).starts_with(r#"{"signup":{"#));
    }

    #[test]
    fn the_id_of_a_token_is_read_without_a_key() {
        let token = |claims: &str| format!("e30.{}.", URL_SAFE_NO_PAD.encode(claims));
        assert_eq!(token_id(&token(r#"{"exp":1,"id":"a"}"#)).as_deref(), Some("a"));
        for bad in ["", "a.b.c", &token("{}"), &token(r#"{"id":1}"#)] {
            assert_eq!(token_id(bad), None, "{bad}");
        }
    }
}
