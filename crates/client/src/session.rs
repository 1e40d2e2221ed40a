//! A session as the client keeps it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_crypto::{EcdsaSignature, P256PublicKey, sha256};
use keyward_protocol::wire::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::ClientError;
use crate::json;

/// What a session may do.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionKind {
    /// It reads; a token is sent.
    ReadOnly,
    /// It reads and writes; a key stamps.
    ReadWrite,
}

/// A session, without what opens it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// What the client calls it; several stand side by side.
    pub name: String,
    /// What it may do.
    pub kind: SessionKind,
    /// The organization of its user, usually a sub-organization.
    pub organization_id: String,
    /// Its user.
    pub user_id: String,
    /// The public key of a read-write session: P-256, SEC1 compressed, hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
    /// When it ends by the server's clock, in seconds since the Unix epoch.
    pub expires_at_seconds: u64,
    /// How long it was opened for, in seconds; a refresh asks for the same.
    pub lifetime_seconds: u64,
    /// How the user logged in: `passkey`, `otp`, `oauth`, `wallet`, `api_key`, `bundle`.
    pub method: String,
    /// The session profile that limits it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_profile_id: Option<String>,
}

impl Session {
    /// When it ends, by the server's clock.
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_millis(self.expires_at_seconds.saturating_mul(1000))
    }
}

/// The number of the form written here.
const FORMAT: u32 = 2;

/// What is stored of a session.
///
/// Format 2. Format 1 is that of `@turnkey/core` 1 and 2 (`@turnkey/session/v3`); it is read, never written.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoredSession {
    format: u32,
    pub(crate) kind: SessionKind,
    pub(crate) organization_id: String,
    pub(crate) user_id: String,
    /// Of a read-write session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) public_key: Option<String>,
    /// The token of a read-only session, which is a secret; the description of a read-write one, which is
    /// not.
    pub(crate) token: String,
    pub(crate) expires_at_seconds: u64,
    pub(crate) lifetime_seconds: u64,
    pub(crate) method: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) session_profile_id: Option<String>,
    /// The key that a refresh under way has made; the next attempt goes on with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refreshing_to: Option<String>,
}

/// `@turnkey/session/v3`, as far as it is needed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TurnkeySession {
    user_id: String,
    organization_id: String,
    /// Seconds since the Unix epoch.
    expiry: u64,
    /// Seconds, decimal.
    #[serde(default)]
    expiration_seconds: Option<String>,
    public_key: String,
    token: String,
    #[serde(default)]
    session_profile_id: Option<String>,
}

impl StoredSession {
    /// A read-write session from the token that describes it.
    ///
    /// # Errors
    ///
    /// [`ClientError::Unintelligible`] when the token is none, or is about another key.
    pub(crate) fn read_write(
        token: String,
        public_key: &str,
        lifetime_seconds: Option<u64>,
        now: Timestamp,
        method: &str,
    ) -> Result<Self, ClientError> {
        let claims = SessionClaims::read(&token).ok_or_else(|| {
            ClientError::Unintelligible("a session token that is none".to_owned())
        })?;
        if !claims.public_key.eq_ignore_ascii_case(public_key) {
            let reason = "a session token for another key".to_owned();
            return Err(ClientError::Unintelligible(reason));
        }
        let left = claims.exp.saturating_sub(now.as_seconds());
        Ok(Self {
            format: FORMAT,
            kind: SessionKind::ReadWrite,
            organization_id: claims.organization_id,
            user_id: claims.user_id,
            public_key: Some(public_key.to_owned()),
            token,
            expires_at_seconds: claims.exp,
            lifetime_seconds: lifetime_seconds.unwrap_or(left),
            method: method.to_owned(),
            session_profile_id: claims.session_profile_id,
            refreshing_to: None,
        })
    }

    /// A read-only session.
    pub(crate) fn read_only(
        token: String,
        organization_id: String,
        user_id: String,
        expires_at_seconds: u64,
        now: Timestamp,
        method: &str,
    ) -> Self {
        Self {
            format: FORMAT,
            kind: SessionKind::ReadOnly,
            organization_id,
            user_id,
            public_key: None,
            token,
            expires_at_seconds,
            lifetime_seconds: expires_at_seconds.saturating_sub(now.as_seconds()),
            method: method.to_owned(),
            session_profile_id: None,
            refreshing_to: None,
        }
    }

    /// A session whose key came in a bundle, which no token describes.
    pub(crate) fn bundle(
        public_key: &str,
        organization_id: String,
        user_id: String,
        expires_at_seconds: u64,
        lifetime_seconds: u64,
    ) -> Self {
        Self {
            format: FORMAT,
            kind: SessionKind::ReadWrite,
            organization_id,
            user_id,
            public_key: Some(public_key.to_owned()),
            token: String::new(),
            expires_at_seconds,
            lifetime_seconds,
            method: "bundle".to_owned(),
            session_profile_id: None,
            refreshing_to: None,
        }
    }

    /// Reads what is stored, in any format there has been.
    ///
    /// # Errors
    ///
    /// [`ClientError::StoredSessionUnreadable`]; what is stored stays as it is.
    pub(crate) fn parse(text: &str) -> Result<Self, ClientError> {
        let unreadable = |_| ClientError::StoredSessionUnreadable;
        let value: Value = serde_json::from_str(text).map_err(unreadable)?;
        if value.get("format").is_some() {
            let session: Self = serde_json::from_value(value).map_err(unreadable)?;
            let has_key = session.public_key.is_some() == (session.kind == SessionKind::ReadWrite);
            if session.format != FORMAT || !has_key {
                return Err(ClientError::StoredSessionUnreadable);
            }
            return Ok(session);
        }
        let old: TurnkeySession = serde_json::from_value(value).map_err(unreadable)?;
        let lifetime = old.expiration_seconds.and_then(|seconds| seconds.parse().ok());
        Ok(Self {
            format: FORMAT,
            kind: SessionKind::ReadWrite,
            organization_id: old.organization_id,
            user_id: old.user_id,
            public_key: Some(old.public_key),
            token: old.token,
            expires_at_seconds: old.expiry,
            lifetime_seconds: lifetime.unwrap_or(900),
            method: "unknown".to_owned(),
            session_profile_id: old.session_profile_id,
            refreshing_to: None,
        })
    }

    /// As it is stored.
    pub(crate) fn to_text(&self) -> String {
        #[expect(clippy::expect_used, reason = "texts and numbers are always JSON")]
        serde_json::to_string(self).expect("JSON")
    }

    /// What a caller sees of it.
    pub(crate) fn show(&self, name: &str) -> Session {
        Session {
            name: name.to_owned(),
            kind: self.kind,
            organization_id: self.organization_id.clone(),
            user_id: self.user_id.clone(),
            public_key: self.public_key.clone(),
            expires_at_seconds: self.expires_at_seconds,
            lifetime_seconds: self.lifetime_seconds,
            method: self.method.clone(),
            session_profile_id: self.session_profile_id.clone(),
        }
    }

    /// When it ends, by the server's clock.
    pub(crate) fn expires_at(&self) -> Timestamp {
        Timestamp::from_millis(self.expires_at_seconds.saturating_mul(1000))
    }
}

/// What a session token says. It authenticates nothing.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct SessionClaims {
    /// When the session ends, in seconds since the Unix epoch.
    pub exp: u64,
    /// Its key: P-256, SEC1, hex.
    pub public_key: String,
    /// `SESSION_TYPE_READ_WRITE`, or the name of its profile.
    pub session_type: String,
    /// Its user.
    pub user_id: String,
    /// The user's organization.
    pub organization_id: String,
    /// Its profile.
    #[serde(default)]
    pub session_profile_id: Option<String>,
}

impl SessionClaims {
    /// Reads a token without checking its signature; `None` when it is no session token.
    pub fn read(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (Some(_), Some(payload), Some(_), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        json::typed(json::read(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?).ok()
    }

    /// Reads a token that the notarizer signed; `None` when it is none or the signature is not right.
    /// Whether it has expired is not looked at.
    ///
    /// The signature is over the hash of the hash, which ordinary JWT libraries refuse.
    pub fn verify(token: &str, notarizer: &P256PublicKey) -> Option<Self> {
        let (input, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?.try_into().ok()?;
        let is_signed =
            notarizer.verify(&sha256(input.as_bytes()), &EcdsaSignature::from_bytes(&signature));
        is_signed.then(|| Self::read(token))?
    }
}
