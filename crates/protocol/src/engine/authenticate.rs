//! From a stamp or a session token to the user it speaks for.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_crypto::sha256;

use super::attested::Attested;
use super::model::{ApiKey, Authenticator, CredentialId, IndexKey, Organization, Session, User};
use crate::stamp::{
    AttestedStamp, CoseError, Presented, Scheme, StampError, WebAuthnKey, WebAuthnStamp,
};
use crate::wire::enums::{AuthenticationType, CredentialType, FeatureName};
use crate::wire::id::{OrganizationId, SessionProfileId, UserId};
use crate::wire::{RequestError, Timestamp};

/// A request whose sender is not known yet: the bytes that were signed and what was presented with them.
#[derive(Debug)]
pub struct Stamped {
    /// The body, exactly as received.
    pub body: Vec<u8>,
    /// The stamp or session token.
    pub presented: Presented,
    /// What an attested stamp proves, once that was checked.
    pub attested: Option<Attested>,
    /// Where it comes from.
    pub client: Client,
}

/// Where a request comes from, as far as that can be seen. Shown, never trusted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Client {
    /// `X-Client-Version`.
    pub version: Option<String>,
    /// `User-Agent`.
    pub user_agent: Option<String>,
    /// IP address.
    pub address: Option<String>,
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
    /// How it proves who the user is; a session's key proves it as an API key does.
    pub method: AuthenticationType,
    /// What kind of key it is, of an API key.
    pub kind: Option<CredentialType>,
    /// Of a session's key: what the session is limited to, the nil profile where it is not.
    pub session_profile: Option<SessionProfileId>,
}

/// Finds the user that a request speaks for, in `organization` or else in its `parent`.
///
/// # Errors
///
/// [`RequestError::PublicKeyNotFound`] and its like when nobody has the credential,
/// [`RequestError::Stamp`] when the stamp is over other bytes, [`RequestError::ApiKeyExpired`] and
/// [`RequestError::SessionInvalid`] past their ends, [`RequestError::FeatureDisabled`] for a contact where
/// codes log nobody in.
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
                method: match stamp.scheme {
                    Scheme::Eip191 | Scheme::Ed25519 => AuthenticationType::Wallet,
                    _ => AuthenticationType::ApiKey,
                },
                kind: Some(key.kind),
                session_profile: key.session.as_ref().map(Session::profile_or_nil),
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
                method: AuthenticationType::Passkey,
                kind: None,
                session_profile: None,
            };
            Ok(Caller { user: user.id, organization: owner.id, home, credential })
        }
        Presented::Attested(stamp) => {
            let attested = stamped.attested.as_ref().ok_or(StampError::AttestedStampUnreadable)?;
            let (home, owner, (user, id)) = attested
                .owner(organization)?
                .map(|found| (Home::Own, organization, found))
                .map_or_else(
                    || {
                        let Some(parent) = parent else { return Ok(None) };
                        let found = attested.owner(parent)?;
                        Ok::<_, RequestError>(found.map(|found| (Home::Parent, parent, found)))
                    },
                    |found| Ok(Some(found)),
                )?
                .ok_or_else(|| attested.not_found(organization.id))?;
            attested.check_feature(owner)?;
            let credential = Credential {
                id,
                public_key: stamp.public_key.clone(),
                signature: stamp.json.clone(),
                scheme: AttestedStamp::VOTE_SCHEME,
                method: attested.method(),
                kind: None,
                session_profile: None,
            };
            Ok(Caller { user, organization: owner.id, home, credential })
        }
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
                method: AuthenticationType::Session,
                kind: None,
                session_profile: session.session.as_ref().map(Session::profile_or_nil),
            };
            Ok(Caller { user: user.id, organization: organization.id, home: Home::Own, credential })
        }
        Presented::Nothing => Err(RequestError::QueryUnsigned),
    }
}

/// What to look the presented credential up by among the sub-organizations of a parent; any of these.
pub fn search_keys(stamped: &Stamped) -> Vec<IndexKey> {
    match &stamped.presented {
        Presented::ApiKey(stamp) => vec![IndexKey::PublicKey(stamp.public_key.clone())],
        Presented::WebAuthn(stamp) => vec![IndexKey::CredentialId(stamp.credential_id.clone())],
        Presented::Session(token) => vec![IndexKey::ReadOnlySession(session_token_hash(token))],
        Presented::Attested(_) => {
            stamped.attested.as_ref().map(Attested::index_keys).unwrap_or_default()
        }
        Presented::Nothing => Vec::new(),
    }
}

/// Whether the presented credential belongs to a user of `organization` and has not expired.
pub fn knows(organization: &Organization, stamped: &Stamped, now: Timestamp) -> bool {
    match &stamped.presented {
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
        // Several owners are a conflict, which is for `authenticate` to say.
        Presented::Attested(_) => stamped.attested.as_ref().is_some_and(|attested| {
            attested.owner(organization).map_or(true, |owner| owner.is_some())
        }),
        Presented::Nothing => false,
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

#[cfg(test)]
mod tests {
    use keyward_crypto::{P256PrivateKey, SeededRng};

    use super::*;
    use crate::engine::testing::{ISSUER, World};
    use crate::stamp::{ApiKeyStamp, AttestedScheme, SoftwareAuthenticator, make};
    use crate::wire::enums::OtpType;

    const BODY: &[u8] = b"{}";
    const ADDRESS: &str = "a@example.com";

    fn key() -> P256PrivateKey {
        P256PrivateKey::generate(&mut SeededRng::from_seed([9; 32]))
    }

    fn allow_codes(world: &mut World, organizations: &[OrganizationId]) {
        for organization in organizations {
            world.allow_codes(*organization);
        }
    }

    /// A request whose stamp and token were checked.
    fn attested(attested: Option<Attested>) -> Stamped {
        let made = make::attested(&key(), AttestedScheme::VerificationToken, "token", BODY);
        Stamped {
            body: BODY.to_vec(),
            presented: Presented::Attested(AttestedStamp::parse(made.as_bytes()).unwrap()),
            attested,
            client: Client::default(),
        }
    }

    fn presenting(presented: Presented) -> Stamped {
        Stamped { body: BODY.to_vec(), presented, attested: None, client: Client::default() }
    }

    fn address(organization: OrganizationId) -> Attested {
        Attested::Contact { kind: OtpType::Email, contact: ADDRESS.to_owned(), organization }
    }

    fn identity(audience: &str) -> Attested {
        Attested::Identity {
            issuer: ISSUER.to_owned(),
            audiences: vec![audience.to_owned()],
            subject: "subject".to_owned(),
        }
    }

    fn caller(
        world: &World,
        organization: OrganizationId,
        stamped: &Stamped,
    ) -> Result<Caller, RequestError> {
        let organization = world.organization(organization);
        let parent = organization.parent.map(|parent| world.organization(parent));
        authenticate(organization, parent, stamped, world.now)
    }

    #[test]
    fn an_attested_stamp_speaks_for_the_owner_of_what_it_proves() {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        allow_codes(&mut world, &[sub]);
        world.edit(sub).users[0].email = Some(ADDRESS.to_owned());
        let provider = world.link_identity(sub, root.user, "client", "subject");
        for (proven, id, method) in [
            (address(sub), CredentialId::Email, AuthenticationType::EmailOtp),
            (address(world.parent()), CredentialId::Email, AuthenticationType::EmailOtp),
            (identity("client"), CredentialId::OauthProvider(provider), AuthenticationType::Oauth),
        ] {
            let stamped = attested(Some(proven));
            assert!(knows(world.organization(sub), &stamped, world.now));
            let caller = caller(&world, sub, &stamped).unwrap();
            assert_eq!((caller.user, caller.organization), (root.user, sub));
            assert_eq!(caller.home, Home::Own);
            let credential = caller.credential;
            assert_eq!((credential.id, credential.method), (id, method));
            assert_eq!(credential.public_key, hex::encode(key().public_key().compressed()));
            assert_eq!(credential.scheme, "SIGNATURE_SCHEME_TK_ATTESTED_P256");
            assert_eq!(credential.kind, None);
            assert!(credential.signature.contains("publicKeyAttestation"));
        }
    }

    #[test]
    fn a_contact_speaks_for_nobody_where_codes_are_off() {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        let parent = world.parent();
        allow_codes(&mut world, &[parent]);
        world.edit(sub).users[0].email = Some(ADDRESS.to_owned());
        world.link_identity(sub, root.user, "client", "subject");
        let refusal = caller(&world, sub, &attested(Some(address(parent)))).unwrap_err();
        let text = format!("FEATURE_NAME_OTP_EMAIL_AUTH is not enabled for organization {sub}");
        assert_eq!(refusal.to_string(), text);
        caller(&world, sub, &attested(Some(identity("client")))).unwrap();
        allow_codes(&mut world, &[sub]);
        caller(&world, sub, &attested(Some(address(parent)))).unwrap();
    }

    #[test]
    fn who_is_not_in_the_organization_is_looked_for_in_its_parent() {
        let mut world = World::new();
        let (sub, sub_root) = world.sub_organization();
        let (root, parent) = (world.root(), world.parent());
        allow_codes(&mut world, &[parent, sub]);
        world.edit(parent).users[0].email = Some(ADDRESS.to_owned());
        world.link_identity(parent, root.user, "client", "subject");
        for proven in [address(parent), identity("client")] {
            let stamped = attested(Some(proven));
            assert!(!knows(world.organization(sub), &stamped, world.now));
            let caller = caller(&world, sub, &stamped).unwrap();
            assert_eq!((caller.user, caller.organization), (root.user, parent));
            assert_eq!(caller.home, Home::Parent);
        }
        world.edit(sub).users[0].email = Some(ADDRESS.to_owned());
        let caller = caller(&world, sub, &attested(Some(address(parent)))).unwrap();
        assert_eq!(caller.user, sub_root.user, "the sub-organization's user comes first");
    }

    #[test]
    fn what_a_sub_organization_verified_proves_nothing_to_its_parent() {
        let mut world = World::new();
        let (sub, _) = world.sub_organization();
        let parent = world.parent();
        world.edit(parent).users[0].email = Some(ADDRESS.to_owned());
        for organization in [sub, parent] {
            let refusal = caller(&world, organization, &attested(Some(address(sub)))).unwrap_err();
            assert!(matches!(refusal, RequestError::AttestedNotFound { .. }), "{refusal}");
        }
    }

    #[test]
    fn several_owners_are_a_conflict_and_none_a_refusal() {
        let mut world = World::new();
        let (sub, _) = world.sub_organization();
        world.user(sub);
        let stamped = attested(Some(address(world.parent())));
        let refusal = caller(&world, sub, &stamped).unwrap_err();
        assert!(matches!(refusal, RequestError::AttestedNotFound { .. }), "{refusal}");
        for user in &mut world.edit(sub).users {
            user.email = Some(ADDRESS.to_owned());
        }
        assert!(knows(world.organization(sub), &stamped, world.now));
        let refusal = caller(&world, sub, &stamped).unwrap_err();
        assert!(matches!(refusal, RequestError::CredentialConflict("contact")), "{refusal}");
    }

    #[test]
    fn an_attested_stamp_that_was_not_checked_is_nobodys() {
        let mut world = World::new();
        let (sub, _) = world.sub_organization();
        world.edit(sub).users[0].email = Some(ADDRESS.to_owned());
        let stamped = attested(None);
        assert!(search_keys(&stamped).is_empty());
        assert!(!knows(world.organization(sub), &stamped, world.now));
        let refusal = caller(&world, sub, &stamped).unwrap_err();
        assert!(matches!(refusal, RequestError::Stamp(StampError::AttestedStampUnreadable)));
    }

    #[test]
    fn each_credential_is_searched_by_what_is_indexed_of_it() {
        let mut world = World::new();
        let (sub, _) = world.sub_organization();
        let public_key = hex::encode(key().public_key().compressed());
        let api_key = ApiKeyStamp::parse(make::p256(&key(), BODY).as_bytes()).unwrap();
        let origin = "https://app.example.com";
        let passkey = SoftwareAuthenticator::generate(&mut world.rng, "app.example.com", origin);
        let credential_id = passkey.register("Y2hhbGxlbmdl").credential_id;
        let webauthn = WebAuthnStamp::parse(passkey.stamp(BODY).as_bytes()).unwrap();
        let token = "tkro_token".to_owned();
        for (stamped, keys) in [
            (presenting(Presented::ApiKey(api_key)), vec![IndexKey::PublicKey(public_key)]),
            (
                presenting(Presented::WebAuthn(webauthn)),
                vec![IndexKey::CredentialId(credential_id)],
            ),
            (
                presenting(Presented::Session(token.clone())),
                vec![IndexKey::ReadOnlySession(session_token_hash(&token))],
            ),
            (attested(Some(address(sub))), vec![IndexKey::Email(ADDRESS.to_owned())]),
            (
                attested(Some(identity("client"))),
                vec![IndexKey::identity(ISSUER, "client", "subject")],
            ),
            (presenting(Presented::Nothing), Vec::new()),
        ] {
            assert_eq!(search_keys(&stamped), keys);
        }
    }
}
