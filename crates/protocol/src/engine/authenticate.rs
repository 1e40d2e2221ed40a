//! From a stamp or a session token to the user it speaks for.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_crypto::sha256;

use super::model::{ApiKey, Authenticator, CredentialId, IndexKey, Organization, User};
use crate::stamp::{CoseError, Presented, WebAuthnKey, WebAuthnStamp};
use crate::wire::enums::FeatureName;
use crate::wire::id::{OrganizationId, UserId};
use crate::wire::{RequestError, Timestamp};

/// A request whose sender is not known yet: the bytes that were signed and what was presented with them.
#[derive(Debug)]
pub struct Stamped {
    /// The body, exactly as received.
    pub body: Vec<u8>,
    /// The stamp or session token.
    pub presented: Presented,
    /// `X-Client-Version`, where the client says it.
    pub client_version: Option<String>,
}

/// Where a caller belongs, seen from the organization a request is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Home {
    /// To that organization.
    Own,
    /// To its parent.
    Parent,
}

/// Somebody who proved who they are.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The user.
    pub user: UserId,
    /// The organization the user belongs to.
    pub organization: OrganizationId,
    /// Where that is, seen from the request.
    pub home: Home,
    /// The credential that was used.
    pub credential: Credential,
}

/// What a caller proved itself with, in the form votes record it.
#[derive(Clone, Debug)]
pub struct Credential {
    /// Which one.
    pub id: CredentialId,
    /// Hex for API keys, base64url `COSE_Key` for passkeys.
    pub public_key: String,
    /// Hex for API keys, the stamp's text for passkeys.
    pub signature: String,
    /// `SIGNATURE_SCHEME_…`.
    pub scheme: &'static str,
}

/// Finds the user that a request speaks for, in `organization` or else in its `parent`.
///
/// # Errors
///
/// [`RequestError::PublicKeyNotFound`] and its like when nobody has the credential,
/// [`RequestError::Stamp`] when the stamp is over other bytes, [`RequestError::ApiKeyExpired`] and
/// [`RequestError::SessionInvalid`] past their ends.
pub fn authenticate(
    organization: &Organization,
    parent: Option<&Organization>,
    stamped: &Stamped,
    now: Timestamp,
) -> Result<Caller, RequestError> {
    let body = &stamped.body;
    match &stamped.presented {
        Presented::ApiKey(stamp) => {
            let find = |organization, expired_too: bool| {
                find_api_key(organization, &stamp.public_key, |key| {
                    stamp.scheme.fits(key.curve) && (expired_too || !key.is_expired(now))
                })
            };
            let (home, owner, (user, key)) = find(organization, true)
                .map(|found| (Home::Own, organization, found))
                .or_else(|| {
                    let parent = parent?;
                    find(parent, false).map(|found| (Home::Parent, parent, found))
                })
                .ok_or_else(|| RequestError::PublicKeyNotFound {
                    organization: organization.id,
                    public_key: stamp.public_key.clone(),
                })?;
            match key.p256() {
                Some(point) => stamp.verify_by(point, body)?,
                None => stamp.verify(body)?,
            }
            if key.is_expired(now) {
                return Err(RequestError::ApiKeyExpired { public_key: key.public_key.clone() });
            }
            let credential = Credential {
                id: CredentialId::ApiKey(key.id),
                public_key: stamp.public_key.clone(),
                signature: stamp.signature_hex.clone(),
                scheme: stamp.scheme.as_str(),
            };
            Ok(Caller { user: user.id, organization: owner.id, home, credential })
        }
        Presented::WebAuthn(stamp) => {
            let (home, owner, (user, passkey)) = find_passkey(organization, &stamp.credential_id)
                .map(|found| (Home::Own, organization, found))
                .or_else(|| {
                    let parent = parent?;
                    find_passkey(parent, &stamp.credential_id)
                        .map(|found| (Home::Parent, parent, found))
                })
                .ok_or_else(|| RequestError::CredentialNotFound {
                    organization: organization.id,
                    credential_id: stamp.credential_id.clone(),
                })?;
            let key = webauthn_key(passkey)?;
            let origins = allowed_origins(organization, parent);
            stamp.verify(body, &key, origins.as_deref())?;
            let credential = Credential {
                id: CredentialId::Authenticator(passkey.id),
                public_key: passkey.cose_key.clone(),
                signature: stamp.json.clone(),
                scheme: WebAuthnStamp::VOTE_SCHEME,
            };
            Ok(Caller { user: user.id, organization: owner.id, home, credential })
        }
        Presented::Attested(_) => Err(RequestError::Unimplemented("X-Stamp-Attested".into())),
        Presented::Session(token) => {
            let hash = session_token_hash(token);
            let (user, session) = organization
                .users
                .iter()
                .flat_map(|user| user.read_only_sessions.iter().map(move |session| (user, session)))
                .find(|(_, session)| session.token_hash == hash && session.expires_at > now)
                .ok_or(RequestError::SessionInvalid)?;
            let credential = Credential {
                id: CredentialId::ReadOnlySession(session.id),
                public_key: String::new(),
                signature: String::new(),
                scheme: "",
            };
            Ok(Caller { user: user.id, organization: organization.id, home: Home::Own, credential })
        }
        Presented::Nothing => Err(RequestError::QueryUnsigned),
    }
}

/// What to look the presented credential up by among the sub-organizations of a parent.
pub fn search_key(presented: &Presented) -> Option<IndexKey> {
    match presented {
        Presented::ApiKey(stamp) => Some(IndexKey::PublicKey(stamp.public_key.clone())),
        Presented::WebAuthn(stamp) => Some(IndexKey::CredentialId(stamp.credential_id.clone())),
        Presented::Session(token) => Some(IndexKey::ReadOnlySession(session_token_hash(token))),
        Presented::Attested(_) | Presented::Nothing => None,
    }
}

/// Whether the presented credential belongs to a user of `organization` and has not expired.
pub fn knows(organization: &Organization, presented: &Presented, now: Timestamp) -> bool {
    match presented {
        Presented::ApiKey(stamp) => {
            find_api_key(organization, &stamp.public_key, |key| !key.is_expired(now)).is_some()
        }
        Presented::WebAuthn(stamp) => find_passkey(organization, &stamp.credential_id).is_some(),
        Presented::Session(token) => {
            let hash = session_token_hash(token);
            organization
                .users
                .iter()
                .flat_map(|user| &user.read_only_sessions)
                .any(|session| session.token_hash == hash && session.expires_at > now)
        }
        Presented::Attested(_) | Presented::Nothing => false,
    }
}

/// The form in which a read-only session's token is kept: SHA-256, hex.
pub fn session_token_hash(token: &str) -> String {
    hex::encode(sha256(token.as_bytes()))
}

/// The WebAuthn origins that the organization, or else its parent, restricts passkeys to; `None` for any.
///
/// The feature's value holds several origins separated by commas; a trailing slash is ignored.
pub fn allowed_origins(
    organization: &Organization,
    parent: Option<&Organization>,
) -> Option<Vec<String>> {
    let feature = FeatureName::WebauthnOrigins;
    let value = organization
        .features
        .get(&feature)
        .or_else(|| parent.and_then(|parent| parent.features.get(&feature)))?
        .as_deref()?;
    Some(value.split(',').map(|origin| origin.trim().trim_end_matches('/').to_owned()).collect())
}

fn find_api_key<'a>(
    organization: &'a Organization,
    public_key: &str,
    fits: impl Fn(&ApiKey) -> bool,
) -> Option<(&'a User, &'a ApiKey)> {
    organization
        .users
        .iter()
        .flat_map(|user| user.api_keys.iter().map(move |key| (user, key)))
        .find(|(_, key)| key.public_key == public_key && fits(key))
}

fn find_passkey<'a>(
    organization: &'a Organization,
    credential_id: &str,
) -> Option<(&'a User, &'a Authenticator)> {
    organization
        .users
        .iter()
        .flat_map(|user| user.authenticators.iter().map(move |passkey| (user, passkey)))
        .find(|(_, passkey)| passkey.credential_id == credential_id)
}

/// The key of a passkey, from the form in which it is kept.
fn webauthn_key(passkey: &Authenticator) -> Result<WebAuthnKey, RequestError> {
    let cose = URL_SAFE_NO_PAD.decode(&passkey.cose_key).map_err(RequestError::internal)?;
    let mut rp_id_hash = [0; 32];
    hex::decode_to_slice(&passkey.rp_id_hash, &mut rp_id_hash).map_err(RequestError::internal)?;
    WebAuthnKey::from_cose(&cose, Some(rp_id_hash))
        .map_err(|source: CoseError| RequestError::internal(source))
}
