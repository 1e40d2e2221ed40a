//! The auth proxy of a parent organization: a user of its own, whose key the server keeps.

use keyward_crypto::{CryptoRng, P256PrivateKey, SecretBytes};

use super::context::Changes;
use super::credentials::{self, Identities};
use super::model::{AuthProxy, AuthProxyConfig, Organization};
use crate::parameters::{NewApiKey, NewUser};
use crate::wire::enums::{ApiKeyCurve, FeatureName};
use crate::wire::id::UserId;
use crate::wire::{RequestError, Timestamp};

/// Switches the proxy on. Where it is on already, nothing changes.
///
/// # Errors
///
/// The limit of users.
pub fn enable(
    organization: &mut Organization,
    changes: &mut Changes,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<UserId, RequestError> {
    organization.features.insert(FeatureName::AuthProxy, None);
    if let Some(proxy) = &organization.auth_proxy {
        return Ok(proxy.user);
    }
    let key = P256PrivateKey::generate(rng);
    // Not in the root quorum: it may do what logs users in and nothing else.
    let new = NewUser {
        name: "Auth Proxy".to_owned(),
        email: None,
        phone_number: None,
        tags: Vec::new(),
        api_keys: vec![NewApiKey {
            name: "Auth Proxy".to_owned(),
            public_key: hex::encode(key.public_key().compressed()),
            curve: ApiKeyCurve::P256,
            expiration_seconds: None,
        }],
        authenticators: Vec::new(),
        oauth_providers: Vec::new(),
    };
    let identities = &mut Identities::default();
    let user = credentials::add_user(organization, None, new, identities, now, rng)?;
    // The key leaves its wrapper to be kept as a secret of the organization.
    let secret = SecretBytes::new(key.expose_bytes().expose().to_vec());
    changes.secrets.push((organization.id, user.0, secret));
    organization.auth_proxy = Some(AuthProxy { user, config: AuthProxyConfig::default() });
    Ok(user)
}

/// Switches the proxy off: its user goes, and its key.
pub fn disable(organization: &mut Organization, changes: &mut Changes) {
    organization.features.remove(&FeatureName::AuthProxy);
    let Some(proxy) = organization.auth_proxy.take() else { return };
    organization.users.retain(|user| user.id != proxy.user);
    changes.deleted_secrets.push(proxy.user.0);
}
