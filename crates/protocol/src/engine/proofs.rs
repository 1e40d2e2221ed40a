//! Tokens that prove who somebody is, checked: verification tokens and ID tokens.

use std::sync::Arc;

use super::attested::Attested;
use super::authenticate::{Caller, Home};
use super::client_signature::{self, SignUpContent};
use super::context::{Context, ServerKeys};
use super::oidc::{self, IdToken, KeySet, OidcError};
use super::one_time::TokenUse;
use super::record::{Record, RecordChange};
use super::verification_token::{TokenKeys, VerificationToken};
use crate::stamp::{AttestedScheme, AttestedStamp};
use crate::wire::enums::OtpType;
use crate::wire::objects::ClientSignature;
use crate::wire::{RequestError, Timestamp};

/// What the tokens of a request can be checked with.
#[derive(Clone, Default)]
pub struct ProofFacts {
    /// What the verification token was used for.
    pub token_use: Option<Record<TokenUse>>,
    /// The keys of each ID token's issuer, in order; the refusal where they can't be had.
    pub issuers: Vec<Result<Arc<KeySet>, IssuerRefused>>,
}

/// Why the keys of an issuer can't be had, as it may be said to whoever asks.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct IssuerRefused(pub String);

/// A verification token that was checked, with what it was used for.
pub struct Verified {
    /// The token.
    pub token: VerificationToken,
    /// What it says.
    pub contact: Attested,
    /// Its use.
    pub token_use: Record<TokenUse>,
}

impl Verified {
    /// The token's record with a new use noted.
    pub fn used(mut self, note: impl FnOnce(&mut TokenUse)) -> Result<RecordChange, RequestError> {
        note(&mut self.token_use.value);
        self.token_use.write(Some(self.token.expires_at))
    }

    /// How the contact is reached.
    pub fn kind(&self) -> OtpType {
        self.token.kind
    }

    /// Checks the client's signature that a token bound to a key asks for.
    ///
    /// # Errors
    ///
    /// [`RequestError::InvalidClientSignature`], also when there should be one and is none.
    pub fn check_login(
        &self,
        signature: Option<&ClientSignature>,
        public_key: &str,
    ) -> Result<(), RequestError> {
        let Some(signature) = self.needed(signature)? else { return Ok(()) };
        client_signature::check_login(signature, &self.token, public_key)
            .map_err(|reason| RequestError::InvalidClientSignature(reason.to_string().into()))
    }

    /// As [`Verified::check_login`], over what is signed up.
    ///
    /// # Errors
    ///
    /// As [`Verified::check_login`].
    pub fn check_sign_up(
        &self,
        signature: Option<&ClientSignature>,
        content: &SignUpContent<'_>,
    ) -> Result<(), RequestError> {
        let Some(signature) = self.needed(signature)? else { return Ok(()) };
        client_signature::check_sign_up(signature, &self.token, content)
            .map_err(|reason| RequestError::InvalidClientSignature(reason.to_string().into()))
    }

    fn needed<'a>(
        &self,
        signature: Option<&'a ClientSignature>,
    ) -> Result<Option<&'a ClientSignature>, RequestError> {
        if self.token.public_key.is_none() {
            return Ok(None);
        }
        signature.map(Some).ok_or_else(|| {
            RequestError::InvalidClientSignature("the token is bound to a key: sign with it".into())
        })
    }
}

impl ServerKeys {
    fn check(&self, token: &str, now: Timestamp) -> Result<VerificationToken, RequestError> {
        let (current, legacy) = (self.otp_signer.public_key(), self.legacy_otp_signer.public_key());
        VerificationToken::verify(token, &TokenKeys { current: &current, legacy: &legacy }, now)
            .map_err(|reason| RequestError::InvalidVerificationToken(reason.to_string().into()))
    }
}

impl ProofFacts {
    /// Checks a verification token and that it may still be used.
    ///
    /// # Errors
    ///
    /// [`RequestError::InvalidVerificationToken`].
    pub fn verification_token(
        &self,
        token: &str,
        keys: &ServerKeys,
        now: Timestamp,
    ) -> Result<Verified, RequestError> {
        let token = keys.check(token, now)?;
        let refuse = |reason| RequestError::InvalidVerificationToken(reason);
        let token_use = self.token_use.clone().ok_or_else(|| refuse("unknown token".into()))?;
        let organization =
            token_use.value.organization.ok_or_else(|| refuse("unknown token".into()))?;
        if token_use.key != TokenUse::key(token.id)
            || token.organization.is_some_and(|named| named != organization)
        {
            return Err(refuse("unknown token".into()));
        }
        if token_use.value.logged_in {
            return Err(refuse("the token has been used".into()));
        }
        let contact =
            Attested::Contact { kind: token.kind, contact: token.contact.clone(), organization };
        Ok(Verified { token, contact, token_use })
    }

    /// Checks a verification token for a contact that a user is to get.
    ///
    /// # Errors
    ///
    /// [`RequestError::InvalidVerificationToken`].
    pub fn changed_contact(
        &self,
        token: &str,
        kind: OtpType,
        context: &Context<'_>,
    ) -> Result<Verified, RequestError> {
        let verified = self.verification_token(token, context.keys, context.now)?;
        context.check_verified_here(&verified)?;
        if verified.kind() != kind || verified.token_use.value.changed_contact {
            let reason = "it is of another kind, or was used for this already";
            return Err(RequestError::InvalidVerificationToken(reason.into()));
        }
        Ok(verified)
    }

    /// Checks the ID token that was the `place`th of those asked for.
    ///
    /// # Errors
    ///
    /// [`RequestError::InvalidOidcToken`].
    pub fn id_token(
        &self,
        place: usize,
        token: &str,
        now: Timestamp,
    ) -> Result<IdToken, RequestError> {
        let refuse = |reason: String| RequestError::InvalidOidcToken(reason.into());
        let keys = match self.issuers.get(place) {
            Some(Ok(keys)) => keys,
            Some(Err(refusal)) => return Err(refuse(refusal.to_string())),
            None => return Err(refuse(OidcError::Malformed.to_string())),
        };
        oidc::verify(token, keys, now).map_err(|reason| refuse(reason.to_string()))
    }
}

impl IdToken {
    /// Refuses a token that was not asked for with this public key, which is the text as it travelled.
    ///
    /// # Errors
    ///
    /// [`RequestError::InvalidOidcToken`].
    pub fn check_binds(&self, public_key: &str) -> Result<(), RequestError> {
        if self.binds(public_key) {
            return Ok(());
        }
        let reason = "nonce is not the hash of the public key";
        Err(RequestError::InvalidOidcToken(reason.into()))
    }

    /// Whose it is.
    pub fn identity(&self) -> Attested {
        Attested::Identity {
            issuer: self.issuer.clone(),
            audiences: self.audiences.clone(),
            subject: self.subject.clone(),
        }
    }
}

/// Checks an attested stamp: its signature over the body, its token, and that the token is for its key.
///
/// # Errors
///
/// [`RequestError::Stamp`], [`RequestError::InvalidVerificationToken`],
/// [`RequestError::InvalidOidcToken`].
pub fn attest(
    stamp: &AttestedStamp,
    body: &[u8],
    facts: &ProofFacts,
    keys: &ServerKeys,
    now: Timestamp,
) -> Result<Attested, RequestError> {
    stamp.verify(body)?;
    match stamp.scheme {
        AttestedScheme::VerificationToken => {
            let verified = facts.verification_token(&stamp.token, keys, now)?;
            if verified.token.public_key.as_deref() != Some(&stamp.public_key) {
                return Err(RequestError::InvalidVerificationToken(
                    "the token is for another key".into(),
                ));
            }
            Ok(verified.contact)
        }
        AttestedScheme::Oidc => {
            let token = facts.id_token(0, &stamp.token, now)?;
            token.check_binds(&stamp.public_key)?;
            Ok(token.identity())
        }
    }
}

impl Context<'_> {
    /// Refuses what a token proves to another organization than this one and its parent.
    ///
    /// # Errors
    ///
    /// [`RequestError::InvalidVerificationToken`].
    pub fn check_verified_here(&self, verified: &Verified) -> Result<(), RequestError> {
        let Attested::Contact { organization, .. } = verified.contact else { return Ok(()) };
        let here = self.organization();
        if here.id == organization || here.parent == Some(organization) {
            return Ok(());
        }
        Err(RequestError::InvalidVerificationToken("the token is for another organization".into()))
    }

    /// Refuses what the organization, or the parent that asks for it, has not switched on.
    ///
    /// # Errors
    ///
    /// [`RequestError::FeatureDisabled`].
    pub fn check_feature(
        &self,
        caller: &Caller,
        feature: crate::wire::enums::FeatureName,
    ) -> Result<(), RequestError> {
        let asking = self.parent.filter(|_| caller.home == Home::Parent);
        for organization in std::iter::once(self.organization()).chain(asking) {
            if !organization.features.contains_key(&feature) {
                let (feature, organization) = (feature.as_str(), organization.id);
                return Err(RequestError::FeatureDisabled { feature, organization });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use keyward_crypto::P256PrivateKey;
    use serde_json::json;

    use super::*;
    use crate::engine::testing::{ISSUER, World, nonce};
    use crate::stamp::{StampError, make};
    use crate::wire::id::OrganizationId;

    const BODY: &[u8] = b"{}";
    const ADDRESS: &str = "a@example.com";
    const ANOTHER_KEY: &str = "invalid verification token: the token is for another key";

    fn world() -> (World, OrganizationId) {
        let mut world = World::new();
        let parent = world.parent();
        world.allow_codes(parent);
        (world, parent)
    }

    fn stamp(key: &P256PrivateKey, scheme: AttestedScheme, token: &str) -> AttestedStamp {
        AttestedStamp::parse(make::attested(key, scheme, token, BODY).as_bytes()).unwrap()
    }

    /// What the stamp proves, with what is kept of its token, or the refusal's text.
    fn by_token(world: &World, key: &P256PrivateKey, token: &str) -> Result<Attested, String> {
        let token_use = Some(world.token_use(token));
        let facts = ProofFacts { token_use, issuers: Vec::new() };
        let stamp = stamp(key, AttestedScheme::VerificationToken, token);
        attest(&stamp, BODY, &facts, &world.keys, world.now).map_err(|it| it.to_string())
    }

    /// The same with an ID token, whose issuer answers.
    fn by_identity(world: &World, key: &P256PrivateKey, token: &str) -> Result<Attested, String> {
        let issuers = vec![Ok(world.issuers[ISSUER].clone())];
        let facts = ProofFacts { token_use: None, issuers };
        let stamp = stamp(key, AttestedScheme::Oidc, token);
        attest(&stamp, BODY, &facts, &world.keys, world.now).map_err(|it| it.to_string())
    }

    #[test]
    fn a_verification_token_vouches_for_the_key_it_is_bound_to() {
        let (mut world, parent) = world();
        let (key, public) = world.client_key();
        let (other, _) = world.client_key();
        let proven = Attested::Contact {
            kind: OtpType::Email,
            contact: ADDRESS.to_owned(),
            organization: parent,
        };
        for token in [
            world.token(parent, ADDRESS, &public),
            world.older_token(parent, ADDRESS, Some(&public)),
        ] {
            assert_eq!(by_token(&world, &key, &token), Ok(proven.clone()));
            assert_eq!(by_token(&world, &other, &token), Err(ANOTHER_KEY.to_owned()));
        }
        let unbound = world.older_token(parent, ADDRESS, None);
        assert_eq!(by_token(&world, &key, &unbound), Err(ANOTHER_KEY.to_owned()));
    }

    #[test]
    fn an_attested_stamp_holds_for_its_body_only() {
        let (mut world, parent) = world();
        let (key, public) = world.client_key();
        let token = world.token(parent, ADDRESS, &public);
        let facts = ProofFacts { token_use: Some(world.token_use(&token)), issuers: Vec::new() };
        let stamp = stamp(&key, AttestedScheme::VerificationToken, &token);
        let refusal = attest(&stamp, b"{ }", &facts, &world.keys, world.now).unwrap_err();
        assert!(matches!(refusal, RequestError::Stamp(StampError::SignatureMismatch)), "{refusal}");
    }

    #[test]
    fn a_token_vouches_again_and_again_until_it_has_logged_in_or_ended() {
        let (mut world, parent) = world();
        let (key, public) = world.client_key();
        let token = world.token(parent, ADDRESS, &public);
        let check = |world: &World, note: fn(&mut TokenUse)| {
            let mut token_use = world.token_use(&token);
            note(&mut token_use.value);
            let facts = ProofFacts { token_use: Some(token_use), issuers: Vec::new() };
            let stamp = stamp(&key, AttestedScheme::VerificationToken, &token);
            attest(&stamp, BODY, &facts, &world.keys, world.now)
                .map(drop)
                .map_err(|refusal| refusal.to_string())
        };
        for _ in 0..2 {
            assert_eq!(check(&world, |it| it.signed_up = true), Ok(()));
            assert_eq!(check(&world, |it| it.changed_contact = true), Ok(()));
        }
        let used = "invalid verification token: the token has been used";
        assert_eq!(check(&world, |it| it.logged_in = true), Err(used.to_owned()));
        let unknown = "invalid verification token: unknown token";
        assert_eq!(check(&world, |it| *it = TokenUse::default()), Err(unknown.to_owned()));
        world.now = world.now.plus_seconds(3600);
        let expired = "invalid verification token: verification token has expired";
        assert_eq!(check(&world, |_| ()), Err(expired.to_owned()));
    }

    #[test]
    fn a_token_is_judged_by_its_own_record() {
        let (mut world, parent) = world();
        let (key, public) = world.client_key();
        let token = world.token(parent, ADDRESS, &public);
        let other = world.token(parent, ADDRESS, &public);
        let stamp = stamp(&key, AttestedScheme::VerificationToken, &token);
        for token_use in [None, Some(world.token_use(&other))] {
            let facts = ProofFacts { token_use, issuers: Vec::new() };
            let refusal = attest(&stamp, BODY, &facts, &world.keys, world.now).unwrap_err();
            assert_eq!(refusal.to_string(), "invalid verification token: unknown token");
        }
    }

    #[test]
    fn an_id_token_vouches_for_the_key_in_its_nonce() {
        let (mut world, _) = world();
        let (key, public) = world.client_key();
        let (other, _) = world.client_key();
        let proven = Attested::Identity {
            issuer: ISSUER.to_owned(),
            audiences: vec!["client".to_owned()],
            subject: "subject".to_owned(),
        };
        let unbound = "invalid OIDC token: nonce is not the hash of the public key";
        for name in ["nonce", "tknonce"] {
            let token = world.id_token("subject", json!({ name: nonce(&public) }));
            assert_eq!(by_identity(&world, &key, &token), Ok(proven.clone()));
            assert_eq!(by_identity(&world, &other, &token), Err(unbound.to_owned()));
        }
        let token = world.id_token("subject", json!({}));
        assert_eq!(by_identity(&world, &key, &token), Err(unbound.to_owned()));
        let token = world.id_token("subject", json!({ "nonce": nonce(&public) }));
        world.now = world.now.plus_seconds(3660);
        let expired = "invalid OIDC token: OIDC token has expired";
        assert_eq!(by_identity(&world, &key, &token), Err(expired.to_owned()));
    }

    #[test]
    fn an_issuer_whose_keys_cannot_be_had_vouches_for_nobody() {
        let (mut world, _) = world();
        let (key, public) = world.client_key();
        let token = world.id_token("subject", json!({ "nonce": nonce(&public) }));
        let stamp = stamp(&key, AttestedScheme::Oidc, &token);
        for (issuers, text) in [
            (vec![Err(IssuerRefused("no such issuer".to_owned()))], "no such issuer"),
            (Vec::new(), "OIDC token is malformed"),
        ] {
            let facts = ProofFacts { token_use: None, issuers };
            let refusal = attest(&stamp, BODY, &facts, &world.keys, world.now).unwrap_err();
            assert_eq!(refusal.to_string(), format!("invalid OIDC token: {text}"));
        }
    }

    #[test]
    fn a_token_of_the_other_scheme_vouches_for_nobody() {
        let (mut world, parent) = world();
        let (key, public) = world.client_key();
        let verification = world.token(parent, ADDRESS, &public);
        let identity = world.id_token("subject", json!({ "nonce": nonce(&public) }));
        let facts = ProofFacts {
            token_use: Some(world.token_use(&verification)),
            issuers: vec![Ok(world.issuers[ISSUER].clone())],
        };
        for (scheme, token) in
            [(AttestedScheme::Oidc, verification), (AttestedScheme::VerificationToken, identity)]
        {
            let stamp = stamp(&key, scheme, &token);
            assert!(attest(&stamp, BODY, &facts, &world.keys, world.now).is_err(), "{scheme:?}");
        }
    }
}
