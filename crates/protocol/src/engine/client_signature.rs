//! The signature by which the holder of a verification token's key asks for one thing only: this login,
//! or this sign-up.

use keyward_crypto::{EcdsaSignature, P256PublicKey};
use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::client_signature::SCHEME;
pub use crate::client_signature::{SignUpContent, SignUpUsage};
use crate::engine::verification_token::VerificationToken;
use crate::wire::objects::ClientSignature;

/// Why a client signature was refused.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ClientSignatureError {
    /// A scheme other than `CLIENT_SIGNATURE_SCHEME_API_P256`.
    #[error("unsupported client signature scheme")]
    UnsupportedScheme,
    /// The token is bound to no key, so nobody can sign for it.
    #[error("verification token has no public key")]
    NoPublicKey,
    /// It names another key than the token.
    #[error("client signature is by another key than the verification token's")]
    WrongPublicKey,
    /// Not 64 bytes in hex, or not the key's signature over the message.
    #[error("client signature is invalid")]
    InvalidSignature,
    /// The message is not the JSON that is signed for such a request.
    #[error("client signature message is malformed")]
    InvalidMessage,
    /// The message is for another use.
    #[error("client signature is for another use")]
    WrongUsage,
    /// The message names another token.
    #[error("client signature is for another verification token")]
    WrongToken,
    /// What was signed is not what is requested.
    #[error("client signature does not cover the request")]
    WrongContent,
}

/// Checks that the holder of the token's key asks for a session of `session_public_key`.
///
/// The session's key need not be the token's.
///
/// # Errors
///
/// What is wrong with it, by [`ClientSignatureError`]'s variants.
///
/// Source: `USAGE_TYPE_LOGIN` messages of `@turnkey/core`.
pub fn check_login(
    signature: &ClientSignature,
    token: &VerificationToken,
    session_public_key: &str,
) -> Result<(), ClientSignatureError> {
    let message = verified_message(signature, token, "USAGE_TYPE_LOGIN")?;
    let (Some(login), None, None) = (message.login, message.signup, message.signup_v2) else {
        return Err(ClientSignatureError::WrongUsage);
    };
    if login.public_key.eq_ignore_ascii_case(session_public_key) {
        Ok(())
    } else {
        Err(ClientSignatureError::WrongContent)
    }
}

/// Checks that the holder of the token's key asks for exactly this sign-up.
///
/// Values are compared, not texts, and what is absent is empty: clients differ in order and in what they
/// leave out. Members that are not known are refused, since they were signed and would not be heeded.
///
/// # Errors
///
/// What is wrong with it, by [`ClientSignatureError`]'s variants.
///
/// Source: `USAGE_TYPE_SIGNUP` messages of `@turnkey/core`.
pub fn check_sign_up(
    signature: &ClientSignature,
    token: &VerificationToken,
    expected: &SignUpContent<'_>,
) -> Result<(), ClientSignatureError> {
    let message = verified_message(signature, token, "USAGE_TYPE_SIGNUP")?;
    let (ours, other) = match expected.usage {
        SignUpUsage::V1 => (message.signup, message.signup_v2),
        SignUpUsage::V2 => (message.signup_v2, message.signup),
    };
    let (None, Some(signed), None) = (message.login, ours, other) else {
        return Err(ClientSignatureError::WrongUsage);
    };
    let requested = serde_json::json!({
        "apiKeys": expected.api_keys,
        "authenticators": expected.authenticators,
        "oauthProviders": expected.oauth_providers,
        "email": expected.email,
        "phoneNumber": expected.phone_number,
    });
    if without_empty(Value::Object(signed)) == without_empty(requested) {
        Ok(())
    } else {
        Err(ClientSignatureError::WrongContent)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Message {
    #[serde(rename = "type")]
    usage: String,
    token_id: String,
    login: Option<Login>,
    signup: Option<Map<String, Value>>,
    #[serde(rename = "signupV2")]
    signup_v2: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Login {
    public_key: String,
}

/// The message, once it is known that the token's key signed it for this use of this token.
fn verified_message(
    signature: &ClientSignature,
    token: &VerificationToken,
    usage: &str,
) -> Result<Message, ClientSignatureError> {
    if signature.scheme != SCHEME {
        return Err(ClientSignatureError::UnsupportedScheme);
    }
    let bound = token.public_key.as_deref().ok_or(ClientSignatureError::NoPublicKey)?;
    let key = read_key(bound).ok_or(ClientSignatureError::NoPublicKey)?;
    if read_key(&signature.public_key) != Some(key) {
        return Err(ClientSignatureError::WrongPublicKey);
    }
    let raw = hex::decode(&signature.signature).ok();
    let raw: [u8; 64] =
        raw.and_then(|raw| raw.try_into().ok()).ok_or(ClientSignatureError::InvalidSignature)?;
    if !key.verify(signature.message.as_bytes(), &EcdsaSignature::from_bytes(&raw)) {
        return Err(ClientSignatureError::InvalidSignature);
    }
    let message: Message = serde_json::from_str(&signature.message)
        .map_err(|_| ClientSignatureError::InvalidMessage)?;
    if message.usage != usage {
        return Err(ClientSignatureError::WrongUsage);
    }
    if message.token_id != token.id.to_string() {
        return Err(ClientSignatureError::WrongToken);
    }
    Ok(message)
}

fn read_key(text: &str) -> Option<P256PublicKey> {
    P256PublicKey::from_sec1(&hex::decode(text).ok()?).ok()
}

/// The value without members that are null, or an empty text, list or object, at any depth.
fn without_empty(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (name, without_empty(value)))
                .filter(|(_, value)| !is_empty(value))
                .collect(),
        ),
        Value::Array(values) => Value::Array(values.into_iter().map(without_empty).collect()),
        other => other,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use keyward_crypto::{P256PrivateKey, SeededRng};
    use serde_json::json;

    use super::*;
    use crate::client_signature::{client_signature, login_message, sign_up_message};
    use crate::engine::verification_token::Generation;
    use crate::wire::Timestamp;
    use crate::wire::enums::OtpType;
    use crate::wire::id::TokenId;

    fn key() -> P256PrivateKey {
        P256PrivateKey::generate(&mut SeededRng::from_seed([1; 32]))
    }

    fn token(public_key: Option<String>) -> VerificationToken {
        VerificationToken {
            id: TokenId::generate(Timestamp::from_millis(1), &mut SeededRng::from_seed([2; 32])),
            kind: OtpType::Email,
            contact: "user@example.com".to_owned(),
            organization: None,
            public_key,
            expires_at: Timestamp::from_millis(2),
            generation: Generation::Legacy,
        }
    }

    fn bound() -> VerificationToken {
        token(Some(hex::encode(key().public_key().compressed())))
    }

    fn signed(message: &Value) -> ClientSignature {
        let message = message.to_string();
        ClientSignature {
            public_key: hex::encode(key().public_key().compressed()),
            scheme: SCHEME.to_owned(),
            signature: hex::encode(key().sign(message.as_bytes()).to_bytes()),
            message,
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_login() {
        let id = bound().id.to_string();
        let check = |message: Value| check_login(&signed(&message), &bound(), "02AB");
        let login = json!({ "publicKey": "02ab" });
        let good = json!({ "login": login, "tokenId": id, "type": "USAGE_TYPE_LOGIN" });
        assert_eq!(check(good.clone()), Ok(()));
        for (name, value, error) in [
            ("login", json!({ "publicKey": "02ac" }), ClientSignatureError::WrongContent),
            ("login", Value::Null, ClientSignatureError::WrongUsage),
            ("signup", json!({}), ClientSignatureError::WrongUsage),
            ("tokenId", json!("other"), ClientSignatureError::WrongToken),
            ("type", json!("USAGE_TYPE_SIGNUP"), ClientSignatureError::WrongUsage),
            ("extra", json!(1), ClientSignatureError::InvalidMessage),
        ] {
            let mut message = good.clone();
            message[name] = value;
            assert_eq!(check(message), Err(error), "{name}");
        }
        let signature = signed(&good);
        assert_eq!(
            check_login(&signature, &token(None), "02ab"),
            Err(ClientSignatureError::NoPublicKey)
        );
        let mut other = signature.clone();
        other.scheme = String::new();
        assert_eq!(
            check_login(&other, &bound(), "02ab"),
            Err(ClientSignatureError::UnsupportedScheme)
        );
        let mut other = signature;
        other.message.push(' ');
        assert_eq!(
            check_login(&other, &bound(), "02ab"),
            Err(ClientSignatureError::InvalidSignature)
        );
    }

    #[test]
    fn what_clients_write_is_accepted() {
        let (key, token) = (key(), bound());
        let id = token.id.to_string();
        let signed = |message: String| {
            let signature = key.sign(message.as_bytes());
            client_signature(&key.public_key(), message, &signature)
        };
        assert_eq!(check_login(&signed(login_message(&id, "02ab")), &token, "02ab"), Ok(()));
        let content = SignUpContent {
            usage: SignUpUsage::V1,
            api_keys: &[json!({ "apiKeyName": "k" })],
            authenticators: &[],
            oauth_providers: &[],
            email: Some("a@example.com"),
            phone_number: None,
        };
        for usage in [SignUpUsage::V1, SignUpUsage::V2] {
            let content = SignUpContent { usage, ..content };
            let signature = signed(sign_up_message(&id, &content));
            assert_eq!(check_sign_up(&signature, &token, &content), Ok(()));
        }
    }

    #[test]
    fn a_sign_up_is_compared_member_by_member() {
        let keys = [json!({ "apiKeyName": "k", "expirationSeconds": "" })];
        let expected = SignUpContent {
            usage: SignUpUsage::V2,
            api_keys: &keys,
            authenticators: &[],
            oauth_providers: &[],
            email: None,
            phone_number: Some("+15555550100"),
        };
        let check = |content: Value| {
            let id = bound().id.to_string();
            let message =
                json!({ "signupV2": content, "tokenId": id, "type": "USAGE_TYPE_SIGNUP" });
            check_sign_up(&signed(&message), &bound(), &expected)
        };
        let keys = json!([{ "apiKeyName": "k" }]);
        assert_eq!(check(json!({ "apiKeys": keys, "phoneNumber": "+15555550100" })), Ok(()));
        for content in [
            json!({ "apiKeys": keys }),
            json!({ "apiKeys": keys, "phoneNumber": "+15555550101" }),
            json!({ "apiKeys": keys, "phoneNumber": "+15555550100", "email": "a@b" }),
            json!({ "apiKeys": keys, "phoneNumber": "+15555550100", "policies": [1] }),
            json!({ "apiKeys": [{ "apiKeyName": "l" }], "phoneNumber": "+15555550100" }),
            json!({ "phoneNumber": "+15555550100" }),
        ] {
            assert_eq!(
                check(content.clone()),
                Err(ClientSignatureError::WrongContent),
                "{content}"
            );
        }
    }
}
