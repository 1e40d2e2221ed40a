//! Tokens that describe sessions: to the client that holds the key, and to other services.
//!
//! Neither opens anything here: requests are stamped with the key.

use keyward_crypto::{P256PrivateKey, sha256};
use serde::Serialize;
use uuid::Uuid;

use crate::engine::jwt;
use crate::engine::model::SessionProfile;
use crate::wire::Timestamp;
use crate::wire::enums::{AuthenticationType, SessionType};
use crate::wire::id::{OrganizationId, UserId};

/// Longest life of a token for other services.
pub const LIFETIME_SECONDS: u64 = 300;

/// What a session token says, in this order.
#[derive(Debug, Serialize)]
pub struct Claims<'a> {
    /// End of the session, seconds since the Unix epoch.
    pub exp: u64,
    /// The session's key, compressed, hex.
    pub public_key: &'a str,
    /// `SESSION_TYPE_READ_WRITE`, or the name of the session's profile.
    pub session_type: &'a str,
    /// The user.
    pub user_id: String,
    /// The user's organization.
    pub organization_id: String,
    /// The session's profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_profile_id: Option<String>,
    /// What that lets the session do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<&'a str>,
}

impl<'a> Claims<'a> {
    /// The claims of a read-write session, limited to a profile or not.
    pub fn read_write(
        ends: Timestamp,
        public_key: &'a str,
        user: UserId,
        organization: OrganizationId,
        profile: Option<&'a SessionProfile>,
    ) -> Self {
        Self {
            exp: ends.as_seconds(),
            public_key,
            session_type: profile
                .map_or(SessionType::ReadWrite.as_str(), |profile| profile.name.as_str()),
            user_id: user.to_string(),
            organization_id: organization.to_string(),
            session_profile_id: profile.map(|profile| profile.id.to_string()),
            scope: profile.map(|profile| profile.scope.as_str()),
        }
    }

    /// Signs them: a JWT whose ES256 signature is over the SHA-256 of the signing input in place of the
    /// input itself, as clients of the protocol expect.
    ///
    /// # Errors
    ///
    /// None in practice: the claims are plain strings and a number.
    pub fn sign(&self, notarizer: &P256PrivateKey) -> Result<String, serde_json::Error> {
        let input = jwt::signing_input(None, &serde_json::to_string(self)?);
        Ok(jwt::append(&input, &notarizer.sign(&sha256(input.as_bytes()))))
    }
}

/// What a token for other services says: an ordinary JWT (RFC 7519), ES256 (RFC 7518 §3.4).
#[derive(Debug)]
pub struct Identity<'a> {
    /// `iss`: where this server is reached.
    pub issuer: &'a str,
    /// `sub`: the user.
    pub user: UserId,
    /// `organization_id`: the user's organization.
    pub organization: OrganizationId,
    /// `parent_organization_id`, where there is one; then the audience too, since it is the application.
    pub parent: Option<OrganizationId>,
    /// `session_id`.
    pub session: Uuid,
    /// `session_type`.
    pub session_type: SessionType,
    /// `amr`: how the user logged in.
    pub method: Option<AuthenticationType>,
    /// `auth_time`: when.
    pub logged_in_at: Timestamp,
    /// `public_key` of a read-write session: compressed, hex.
    pub public_key: Option<&'a str>,
}

/// The claims of [`Identity`], as they travel.
#[derive(Serialize)]
struct IdentityClaims<'a> {
    iss: &'a str,
    sub: UserId,
    aud: OrganizationId,
    organization_id: OrganizationId,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_organization_id: Option<OrganizationId>,
    session_id: Uuid,
    session_type: SessionType,
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<[AuthenticationType; 1]>,
    auth_time: u64,
    iat: u64,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<&'a str>,
}

impl Identity<'_> {
    /// The token, which ends at `end`.
    ///
    /// # Errors
    ///
    /// None in practice: the claims are plain strings and numbers.
    pub fn sign(
        &self,
        now: Timestamp,
        end: Timestamp,
        notarizer: &P256PrivateKey,
    ) -> Result<String, serde_json::Error> {
        let claims = IdentityClaims {
            iss: self.issuer,
            sub: self.user,
            aud: self.parent.unwrap_or(self.organization),
            organization_id: self.organization,
            parent_organization_id: self.parent,
            session_id: self.session,
            session_type: self.session_type,
            amr: self.method.map(|method| [method]),
            auth_time: self.logged_in_at.as_seconds(),
            iat: now.as_seconds(),
            exp: end.as_seconds(),
            public_key: self.public_key,
        };
        let kid = jwt::thumbprint(&notarizer.public_key());
        Ok(jwt::sign_es256(Some(&kid), &serde_json::to_string(&claims)?, notarizer))
    }
}
