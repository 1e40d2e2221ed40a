//! Users and what they prove themselves with: making, limiting, ending.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_crypto::CryptoRng;
use uuid::Uuid;

use super::model::{
    ApiKey, Authenticator, CredentialId, OauthProvider, Organization, ParsedKey, ReadOnlySession,
    Tag, User, limits,
};
use super::proofs::ProofFacts;
use crate::parameters::{NewApiKey, NewAuthenticator, NewIdentity, NewOauthProvider, NewUser};
use crate::stamp::registration::Registration;
use crate::wire::enums::{ApiKeyCurve, CredentialType, FeatureName, TagType};
use crate::wire::id::{ApiKeyId, AuthenticatorId, OauthProviderId, TagId, UserId};
use crate::wire::objects::OidcClaims;
use crate::wire::{InvalidRequest, RequestError, Timestamp};

/// Adds a user with its credentials.
///
/// # Errors
///
/// A limit, an unknown tag, a credential that is registered already or registered wrongly.
pub fn add_user(
    organization: &mut Organization,
    origins: Option<&[String]>,
    new: NewUser,
    identities: &mut Identities,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<UserId, RequestError> {
    if organization.users.len() >= limits::USERS {
        return Err(RequestError::LimitReached("organization has exceeded maximum users".into()));
    }
    check_tags(organization, TagType::User, &new.tags)?;
    let id = UserId::generate(now, rng);
    organization.users.push(User {
        email: new.email,
        phone_number: new.phone_number,
        tags: new.tags,
        ..User::new(id, new.name, now)
    });
    add_api_keys(organization, id, new.api_keys, now, rng)?;
    add_authenticators(organization, id, origins, new.authenticators, now, rng)?;
    let providers = identities.check(new.oauth_providers, now)?;
    add_oauth_providers(organization, id, providers, now, rng)?;
    Ok(id)
}

/// Checks accounts at identity providers with what was fetched for their tokens, which are taken in the
/// order in which they were asked for.
#[derive(Default)]
pub struct Identities {
    facts: ProofFacts,
    next: usize,
}

/// An account at an identity provider that was proven.
#[derive(Clone, Debug, PartialEq)]
pub struct ProvenIdentity {
    /// Name it is to be registered under.
    pub name: String,
    /// `iss`, `sub` and `aud`.
    pub claims: OidcClaims,
    /// The e-mail address that the provider vouches for.
    pub verified_email: Option<String>,
}

impl Identities {
    /// With what was fetched.
    pub fn new(facts: ProofFacts) -> Self {
        Self { facts, next: 0 }
    }

    /// Checks the accounts of one user.
    ///
    /// # Errors
    ///
    /// [`RequestError::InvalidOidcToken`]; claims that no token of the same list goes with.
    pub fn check(
        &mut self,
        providers: Vec<NewOauthProvider>,
        now: Timestamp,
    ) -> Result<Vec<ProvenIdentity>, RequestError> {
        let mut proven = Vec::with_capacity(providers.len());
        let mut claimed = Vec::new();
        for NewOauthProvider { name, account } in providers {
            match account {
                NewIdentity::Token(token) => {
                    let token = self.facts.id_token(self.next, &token, now)?;
                    self.next += 1;
                    let verified_email = token.email.filter(|_| token.email_verified);
                    let Some(aud) = token.audiences.into_iter().next() else {
                        return Err(RequestError::InvalidOidcToken("it has no audience".into()));
                    };
                    let claims = OidcClaims { iss: token.issuer, sub: token.subject, aud };
                    proven.push(ProvenIdentity { name, claims, verified_email });
                }
                NewIdentity::Claims(claims) => claimed.push((name, claims)),
            }
        }
        for (name, claims) in claimed {
            let token = proven
                .iter()
                .find(|known| known.claims.iss == claims.iss && known.claims.sub == claims.sub);
            let Some(token) = token else {
                let text =
                    "oidcClaims need an oidcToken of the same issuer and subject beside them";
                return Err(InvalidRequest::new(text).into());
            };
            let verified_email = token.verified_email.clone();
            proven.push(ProvenIdentity { name, claims, verified_email });
        }
        Ok(proven)
    }
}

/// Registers accounts at identity providers on a user.
///
/// # Errors
///
/// [`RequestError::OauthProviderExists`], the limit, and a user that can't be changed.
pub fn add_oauth_providers(
    organization: &mut Organization,
    user: UserId,
    providers: Vec<ProvenIdentity>,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<OauthProviderId>, RequestError> {
    check_is_no_proxy(organization, user)?;
    let mut ids = Vec::with_capacity(providers.len());
    for ProvenIdentity { name, claims, .. } in providers {
        let OidcClaims { iss: issuer, sub: subject, aud: audience } = claims;
        let taken = organization.users.iter().flat_map(|user| &user.oauth_providers).any(|known| {
            known.issuer == issuer && known.subject == subject && known.audience == audience
        });
        if taken {
            return Err(RequestError::OauthProviderExists);
        }
        let owner = organization.user_mut(user)?;
        if owner.oauth_providers.len() >= limits::CREDENTIALS {
            return Err(RequestError::LimitReached(
                "user has exceeded maximum oauth providers".into(),
            ));
        }
        let id = OauthProviderId::generate(now, rng);
        let provider = OauthProvider { id, name, issuer, audience, subject, created_at: now };
        owner.oauth_providers.push(provider);
        owner.updated_at = now;
        ids.push(id);
    }
    Ok(ids)
}

/// Takes accounts at identity providers from a user, and with them the read-only sessions they opened.
pub fn remove_oauth_providers(user: &mut User, doomed: &[OauthProviderId]) {
    user.oauth_providers.retain(|provider| !doomed.contains(&provider.id));
    end_sessions_of(user, |opener| {
        doomed.iter().any(|id| opener == CredentialId::OauthProvider(*id))
    });
}

/// Refuses a new user that has nothing to prove itself with. A contact counts where it opens something.
pub fn check_has_credential(organization: &Organization, user: UserId) -> Result<(), RequestError> {
    let user = organization.user(user)?;
    let own = !user.authenticators.is_empty()
        || !user.api_keys.is_empty()
        || !user.oauth_providers.is_empty();
    if own || has_lasting_way_in(organization, user) {
        return Ok(());
    }
    Err(InvalidRequest::new(format!("user missing valid credential: {}", user.name)).into())
}

/// Whether a user can come back after every session has ended: with a credential that does not expire,
/// or, for root users of a sub-organization, with a contact whose log-in is on.
pub fn has_lasting_way_in(organization: &Organization, user: &User) -> bool {
    let on = |feature| organization.features.contains_key(&feature);
    let email = on(FeatureName::EmailAuth) || on(FeatureName::OtpEmailAuth);
    let contact = (user.email.is_some() && email)
        || (user.phone_number.is_some() && on(FeatureName::SmsAuth));
    user.has_lasting_credential()
        || (contact && !organization.is_parent() && organization.is_root(user.id))
}

/// Changes a user, and notes when. A contact that goes takes the read-only sessions with it that it opened.
///
/// # Errors
///
/// No such user, one that can't be changed, or one that would lose the last lasting way in that it has.
/// The change is made in that case, too: the caller gives up the whole organization.
pub fn change_user(
    organization: &mut Organization,
    id: UserId,
    now: Timestamp,
    change: impl FnOnce(&mut User),
) -> Result<(), RequestError> {
    check_is_no_proxy(organization, id)?;
    let before = has_lasting_way_in(organization, organization.user(id)?);
    let user = organization.user_mut(id)?;
    let (email, phone_number) = (user.email.clone(), user.phone_number.clone());
    change(user);
    user.updated_at = now;
    let (has_email, has_number) = (user.email == email, user.phone_number == phone_number);
    end_sessions_of(user, |opener| match opener {
        CredentialId::Email => !has_email,
        CredentialId::PhoneNumber => !has_number,
        _ => false,
    });
    let user = organization.user(id)?;
    if before && !has_lasting_way_in(organization, user) {
        let text = format!("user missing credential that does not expire: {}", user.name);
        return Err(InvalidRequest::new(text).into());
    }
    Ok(())
}

/// Refuses to change the user that the auth proxy acts as: another key or contact of it would let others
/// log end users in, long after whoever added it has gone.
///
/// # Errors
///
/// [`RequestError::Invalid`].
pub fn check_is_no_proxy(organization: &Organization, user: UserId) -> Result<(), RequestError> {
    if organization.is_auth_proxy(user) {
        return Err(InvalidRequest::new("the user of the auth proxy can't be changed").into());
    }
    Ok(())
}

/// Makes a tag. Whoever carries it is the caller's to say.
///
/// # Errors
///
/// The limit of tags, of both kinds together, and a name that is taken.
pub fn add_tag(
    organization: &mut Organization,
    kind: TagType,
    name: String,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<TagId, RequestError> {
    let limit =
        if organization.is_parent() { limits::PARENT_TAGS } else { limits::SUB_ORGANIZATION_TAGS };
    if organization.tags.len() >= limit {
        return Err(RequestError::LimitReached("organization has exceeded maximum tags".into()));
    }
    check_tag_name(organization, kind, &name)?;
    let id = TagId::generate(now, rng);
    organization.tags.push(Tag { id, name, kind, created_at: now, updated_at: now });
    Ok(id)
}

/// Notes that a tag changes, and renames it where a name is given.
///
/// # Errors
///
/// No such tag, or a name that another has.
pub fn change_tag(
    organization: &mut Organization,
    kind: TagType,
    id: TagId,
    name: Option<String>,
    now: Timestamp,
) -> Result<(), RequestError> {
    let current = &organization.tag(kind, id)?.name;
    let name = name.filter(|name| name != current);
    if let Some(name) = &name {
        check_tag_name(organization, kind, name)?;
    }
    for tag in organization.tags.iter_mut().filter(|tag| tag.id == id) {
        tag.name = name.clone().unwrap_or_else(|| tag.name.clone());
        tag.updated_at = now;
    }
    Ok(())
}

/// Deletes tags; to take them off their carriers is left to the caller.
///
/// # Errors
///
/// No such tag.
pub fn remove_tags(
    organization: &mut Organization,
    kind: TagType,
    ids: &[TagId],
) -> Result<(), RequestError> {
    for id in ids {
        organization.tag(kind, *id)?;
    }
    organization.tags.retain(|tag| !ids.contains(&tag.id));
    Ok(())
}

/// Puts a tag on what carries these. Whether it was not there before.
pub fn put_tag(tags: &mut Vec<TagId>, id: TagId) -> bool {
    let new = !tags.contains(&id);
    if new {
        tags.push(id);
    }
    new
}

/// Takes tags from what carries these. Whether any was there before.
pub fn take_tags(tags: &mut Vec<TagId>, ids: &[TagId]) -> bool {
    let before = tags.len();
    tags.retain(|tag| !ids.contains(tag));
    tags.len() < before
}

fn check_tag_name(
    organization: &Organization,
    kind: TagType,
    name: &str,
) -> Result<(), InvalidRequest> {
    if organization.tags.iter().any(|tag| tag.kind == kind && tag.name == name) {
        return Err(InvalidRequest::new(match kind {
            TagType::User => "user tag label must be unique",
            TagType::PrivateKey => "private key tag label must be unique",
        }));
    }
    Ok(())
}

/// Refuses tags that do not exist.
pub fn check_tags(
    organization: &Organization,
    kind: TagType,
    tags: &[TagId],
) -> Result<(), RequestError> {
    let known = |id: &TagId| {
        organization.tags.iter().any(|Tag { kind: k, id: i, .. }| *k == kind && i == id)
    };
    match tags.iter().find(|tag| !known(tag)) {
        None => Ok(()),
        Some(unknown) => Err(InvalidRequest::new(format!("unknown tag {unknown}")).into()),
    }
}

/// Registers API keys on a user. Keys that expire make room for themselves: the expired go first, then
/// the oldest.
pub fn add_api_keys(
    organization: &mut Organization,
    user: UserId,
    keys: Vec<NewApiKey>,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<ApiKeyId>, RequestError> {
    check_is_no_proxy(organization, user)?;
    let expiring = keys.iter().filter(|key| key.expiration_seconds.is_some()).count();
    if expiring > limits::CREDENTIALS {
        return Err(RequestError::LimitReached(
            "user has exceeded maximum short-lived api keys".into(),
        ));
    }
    let mut ids = Vec::with_capacity(keys.len());
    for key in keys {
        check_public_key_is_new(organization, &key.public_key)?;
        let kind = match key.curve {
            ApiKeyCurve::P256 => CredentialType::ApiKeyP256,
            ApiKeyCurve::Secp256k1 => CredentialType::ApiKeySecp256k1,
            ApiKeyCurve::Ed25519 => CredentialType::ApiKeyEd25519,
        };
        let id = ApiKeyId::generate(now, rng);
        let key = ApiKey {
            id,
            name: key.name,
            public_key: key.public_key,
            curve: key.curve,
            kind,
            created_at: now,
            expiration_seconds: key.expiration_seconds,
            opened_by: None,
            session: None,
            parsed: ParsedKey::default(),
        };
        insert_api_key(organization.user_mut(user)?, key, now)?;
        ids.push(id);
    }
    Ok(ids)
}

/// Refuses a public key that a user of the organization has already.
pub fn check_public_key_is_new(
    organization: &Organization,
    public_key: &str,
) -> Result<(), RequestError> {
    let registered = organization
        .users
        .iter()
        .flat_map(|user| &user.api_keys)
        .any(|key| key.public_key == public_key);
    if registered {
        return Err(RequestError::AlreadyExists(format!(
            "public key is already registered in this organization publicKey={public_key}"
        )));
    }
    Ok(())
}

/// Puts an API key on a user, within the limits for its kind. Returns which keys made room for it before
/// their time.
///
/// # Errors
///
/// [`RequestError::LimitReached`] for one more key that does not expire. A key that expires evicts.
pub fn insert_api_key(
    user: &mut User,
    key: ApiKey,
    now: Timestamp,
) -> Result<Vec<Uuid>, RequestError> {
    let mut evicted = Vec::new();
    let count = |user: &User, expires: bool| {
        user.api_keys.iter().filter(|key| key.expiration_seconds.is_some() == expires).count()
    };
    if key.expiration_seconds.is_none() {
        if count(user, false) >= limits::CREDENTIALS {
            return Err(RequestError::LimitReached(
                "user has exceeded maximum long-lived api keys".into(),
            ));
        }
    } else {
        if count(user, true) >= limits::CREDENTIALS {
            remove_api_keys(user, |key| key.is_expired(now));
        }
        while count(user, true) >= limits::CREDENTIALS {
            let Some(oldest) = user
                .api_keys
                .iter()
                .filter(|key| key.expiration_seconds.is_some())
                .min_by_key(|key| (key.created_at, key.id))
                .map(|key| key.id)
            else {
                break;
            };
            remove_api_keys(user, |key| key.id == oldest);
            evicted.push(oldest.0);
        }
    }
    user.api_keys.push(key);
    user.updated_at = now;
    Ok(evicted)
}

/// Takes API keys from a user, and with them the read-only sessions they opened.
pub fn remove_api_keys(user: &mut User, doomed: impl Fn(&ApiKey) -> bool) {
    let (gone, kept): (Vec<_>, Vec<_>) = user.api_keys.drain(..).partition(doomed);
    user.api_keys = kept;
    end_sessions_of(user, |opener| gone.iter().any(|key| opener == CredentialId::ApiKey(key.id)));
}

/// Registers passkeys on a user.
pub fn add_authenticators(
    organization: &mut Organization,
    user: UserId,
    origins: Option<&[String]>,
    authenticators: Vec<NewAuthenticator>,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<AuthenticatorId>, RequestError> {
    check_is_no_proxy(organization, user)?;
    let mut ids = Vec::with_capacity(authenticators.len());
    for new in authenticators {
        let registered = Registration {
            credential_id: &new.credential_id,
            client_data_json: &new.client_data_json,
            attestation_object: &new.attestation_object,
            challenge: &new.challenge,
            transports: &new.transports,
        }
        .parse(origins)
        .map_err(InvalidRequest::from)?;
        let taken = organization
            .users
            .iter()
            .flat_map(|user| &user.authenticators)
            .any(|known| known.credential_id == registered.credential_id);
        if taken {
            return Err(RequestError::AlreadyExists(format!(
                "authenticator is already registered in this organization credentialId={}",
                registered.credential_id
            )));
        }
        let owner = organization.user_mut(user)?;
        if owner.authenticators.len() >= limits::CREDENTIALS {
            return Err(RequestError::LimitReached(
                "user has exceeded maximum authenticators".into(),
            ));
        }
        let id = AuthenticatorId::generate(now, rng);
        owner.authenticators.push(Authenticator {
            id,
            name: new.name,
            credential_id: registered.credential_id,
            cose_key: URL_SAFE_NO_PAD.encode(registered.cose_key),
            rp_id_hash: hex::encode(registered.rp_id_hash),
            aaguid: URL_SAFE_NO_PAD.encode(registered.aaguid),
            attestation_type: registered.attestation_type,
            transports: registered.transports,
            created_at: now,
        });
        owner.updated_at = now;
        ids.push(id);
    }
    Ok(ids)
}

/// Takes passkeys from a user, and with them the read-only sessions they opened.
pub fn remove_authenticators(user: &mut User, doomed: &[AuthenticatorId]) {
    user.authenticators.retain(|passkey| !doomed.contains(&passkey.id));
    end_sessions_of(user, |opener| {
        doomed.iter().any(|id| opener == CredentialId::Authenticator(*id))
    });
}

/// Puts a read-only session on a user; the expired make room first, then the oldest. Returns which made
/// room before their time.
pub fn insert_read_only_session(
    user: &mut User,
    session: ReadOnlySession,
    now: Timestamp,
) -> Vec<Uuid> {
    let mut evicted = Vec::new();
    user.read_only_sessions.retain(|session| session.expires_at > now);
    while user.read_only_sessions.len() >= limits::CREDENTIALS {
        let Some(oldest) =
            user.read_only_sessions.iter().map(|session| (session.created_at, session.id)).min()
        else {
            break;
        };
        user.read_only_sessions.retain(|session| session.id != oldest.1);
        evicted.push(oldest.1.0);
    }
    user.read_only_sessions.push(session);
    evicted
}

fn end_sessions_of(user: &mut User, gone: impl Fn(CredentialId) -> bool) {
    user.read_only_sessions.retain(|session| !gone(session.opened_by));
}
