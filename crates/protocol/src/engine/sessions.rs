//! Sessions: opening, refreshing, limiting, listing, ending.
//!
//! A read-write session is an API key that expires, a read-only one a token of which the hash is kept.
//! Both end with their time, when they are ended, and when a limit of the organization or of its parent
//! says so.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_crypto::{P256PrivateKey, P256PublicKey, Secret, seal_credential_bundle};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::authenticate::{Caller, Client, session_token_hash};
use super::context::Context;
use super::model::{
    ApiKey, CredentialId, Organization, ParsedKey, ReadOnlySession, Session, SessionLimits,
    SessionProfile, User,
};
use super::session_token::Claims;
use super::{credentials, scopes};
use crate::wire::enums::{
    ApiKeyCurve, AuthenticationType, CredentialType, SessionEventType, SessionType,
};
use crate::wire::id::{ApiKeyId, SessionId, SessionProfileId, UserId};
use crate::wire::{Denial, InvalidRequest, RequestError, Timestamp};

/// Seconds a read-write session lives when nobody says.
pub const DEFAULT_LIFETIME_SECONDS: u64 = 900;
/// Seconds a read-only session lives.
pub const READ_ONLY_LIFETIME_SECONDS: u64 = 3600;
/// How far behind the last use of a session may be that is kept with it.
pub const LAST_USE_KEPT_SECONDS: u64 = 60;

/// What somebody logged in with.
#[derive(Clone, Copy, Debug)]
pub struct LogIn {
    /// How.
    pub method: AuthenticationType,
    /// The credential, where it is one that is kept.
    pub opened_by: Option<CredentialId>,
    /// The session that is refreshed.
    pub refreshed_from: Option<Uuid>,
    /// What the session is limited to that stamped the request: what it opens, it opens no wider.
    pub limited_to: Option<SessionProfileId>,
    /// When the user proved who they are.
    pub at: Timestamp,
}

impl LogIn {
    /// With the credential that stamped the request. A session's key refreshes that session.
    pub fn by(organization: &Organization, caller: &Caller, now: Timestamp) -> Self {
        let credential = &caller.credential;
        let opened_by = Some(credential.id);
        let limited_to = scopes::profile_of(caller);
        let stamped_by = all(organization).find(|found| found.is(credential.id));
        match stamped_by {
            Some(session) => Self {
                method: AuthenticationType::Session,
                opened_by,
                refreshed_from: Some(session.id),
                limited_to,
                at: session.logged_in_at(),
            },
            None => Self {
                method: credential.method,
                opened_by,
                refreshed_from: None,
                limited_to,
                at: now,
            },
        }
    }

    /// With a proof that the request carries.
    pub fn proven(method: AuthenticationType, by: Option<CredentialId>, now: Timestamp) -> Self {
        Self { method, opened_by: by, refreshed_from: None, limited_to: None, at: now }
    }

    fn session(&self, label: Option<String>, client: &Client) -> Session {
        Session {
            method: self.method,
            refreshed_from: self.refreshed_from,
            logged_in_at: self.at,
            label,
            user_agent: client.user_agent.clone(),
            address: client.address.clone(),
            last_used_at: None,
            profile: None,
        }
    }
}

/// A read-write session to be opened for a user.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Whose it is.
    pub user: UserId,
    /// What kind of key it is kept as.
    pub kind: CredentialType,
    /// What a key without a name is called: this and the time.
    pub named_for: &'static str,
    /// Name of the key.
    pub name: Option<String>,
    /// What it is limited to.
    pub profile: Option<SessionProfileId>,
    /// Seconds; where the profile has a lifetime, the shorter of both. [`DEFAULT_LIFETIME_SECONDS`] when neither says.
    pub lifetime_seconds: Option<u64>,
    /// Whether the user's other sessions of the same kind end.
    pub ends_others: bool,
}

impl Opening {
    /// A session by `STAMP_LOGIN`, `OTP_LOGIN` or `OAUTH_LOGIN`.
    pub fn log_in(
        user: UserId,
        profile: Option<SessionProfileId>,
        lifetime_seconds: Option<u64>,
        ends_others: bool,
    ) -> Self {
        let kind = CredentialType::Login;
        Self {
            user,
            kind,
            named_for: "Session",
            name: None,
            profile,
            lifetime_seconds,
            ends_others,
        }
    }

    /// Opens it for a key that the client holds (compressed, hex), and describes it in a token.
    ///
    /// The user's own session of the same key is renewed.
    ///
    /// # Errors
    ///
    /// A key that is registered for something else, a profile that does not exist, and a session that would be
    /// limited otherwise than the one that opens it.
    pub fn for_key(
        self,
        public_key: &str,
        log_in: LogIn,
        context: &mut Context<'_>,
    ) -> Result<String, RequestError> {
        let user = self.user;
        let profile = self.find_profile(log_in, context)?;
        let key = self.key(public_key.to_owned(), profile.as_ref(), log_in, context);
        let now = context.now;
        let ends = key.expires_at().unwrap_or(now);
        let (organization, changes, _) = context.edit_with();
        let organization_id = organization.id;
        let owner = organization.user_mut(user)?;
        if self.ends_others {
            credentials::remove_api_keys(owner, |other| {
                other.kind == key.kind && other.public_key != key.public_key
            });
        }
        let renewed = owner
            .api_keys
            .iter_mut()
            .find(|other| other.kind == key.kind && other.public_key == key.public_key);
        if let Some(known) = renewed {
            *known = ApiKey { id: known.id, name: known.name.clone(), ..key };
            owner.updated_at = now;
        } else {
            credentials::check_public_key_is_new(organization, public_key)?;
            let owner = organization.user_mut(user)?;
            changes.evicted.extend(credentials::insert_api_key(owner, key, now)?);
        }
        Claims::read_write(ends, public_key, user, organization_id, profile.as_ref())
            .sign(&context.keys.notarizer)
            .map_err(RequestError::internal)
    }

    /// Opens it with a new key, which it seals to the client's: the key's id and the bundle.
    ///
    /// # Errors
    ///
    /// As [`Opening::for_key`].
    pub fn for_bundle(
        self,
        target: &P256PublicKey,
        log_in: LogIn,
        context: &mut Context<'_>,
    ) -> Result<(ApiKeyId, String), RequestError> {
        let profile = self.find_profile(log_in, context)?;
        let secret = P256PrivateKey::generate(context.rng);
        let public_key = hex::encode(secret.public_key().compressed());
        let key = self.key(public_key, profile.as_ref(), log_in, context);
        let (id, now) = (key.id, context.now);
        let (organization, changes, rng) = context.edit_with();
        let owner = organization.user_mut(self.user)?;
        if self.ends_others {
            credentials::remove_api_keys(owner, |other| other.kind == key.kind);
        }
        changes.evicted.extend(credentials::insert_api_key(owner, key, now)?);
        let bundle =
            seal_credential_bundle(target, &secret, rng).map_err(RequestError::internal)?;
        Ok((id, bundle))
    }

    /// What it is limited to.
    fn find_profile(
        &self,
        log_in: LogIn,
        context: &Context<'_>,
    ) -> Result<Option<SessionProfile>, RequestError> {
        if log_in.limited_to.is_some() && log_in.limited_to != self.profile {
            let message = "A session with a profile opens sessions with that profile only";
            let denial = Denial { message: message.to_owned(), ..Denial::default() };
            return Err(RequestError::Denied(Box::new(denial)));
        }
        let find = |id| scopes::profile(context.organization(), context.parent, id);
        Ok(self.profile.map(find).transpose()?.cloned())
    }

    fn key(
        &self,
        public_key: String,
        profile: Option<&SessionProfile>,
        log_in: LogIn,
        context: &mut Context<'_>,
    ) -> ApiKey {
        let now = context.now;
        let longest = profile.and_then(|profile| profile.expiration_seconds);
        let asked = match (self.lifetime_seconds, longest) {
            (Some(asked), Some(longest)) => asked.min(longest),
            (asked, longest) => asked.or(longest).unwrap_or(DEFAULT_LIFETIME_SECONDS),
        };
        let asked = context.settings.longest_session_seconds.map_or(asked, |cap| asked.min(cap));
        let named = format!("{} - {}", self.named_for, now.to_rfc3339());
        let label = self.name.clone().or_else(|| {
            // A refreshed session keeps what the user calls it.
            let from = log_in.refreshed_from?;
            let former = all(context.organization()).find(|found| found.id == from)?;
            former.session()?.label.clone()
        });
        ApiKey {
            id: ApiKeyId::generate(now, context.rng),
            name: self.name.clone().unwrap_or(named),
            public_key,
            curve: ApiKeyCurve::P256,
            kind: self.kind,
            created_at: now,
            expiration_seconds: Some(within(context.session_limits(), log_in.at, asked, now)),
            opened_by: log_in.opened_by,
            session: Some(Session {
                profile: profile.map(|profile| profile.id),
                ..log_in.session(label, context.client)
            }),
            parsed: ParsedKey::default(),
        }
    }
}

/// Opens a read-only session for a user: its token and its end.
pub fn open_read_only(
    user: UserId,
    log_in: LogIn,
    context: &mut Context<'_>,
) -> Result<(String, Timestamp), RequestError> {
    let now = context.now;
    let limits = context.session_limits();
    let ends = now.plus_seconds(within(limits, log_in.at, READ_ONLY_LIFETIME_SECONDS, now));
    let session = log_in.session(None, context.client);
    let (organization, changes, rng) = context.edit_with();
    // The secret leaves its wrapper as the token, which is its purpose.
    let secret = URL_SAFE_NO_PAD.encode(Secret::<32>::generate(rng).expose());
    let token = format!("tkro_{secret}");
    let opened = ReadOnlySession {
        id: SessionId::generate(now, rng),
        token_hash: session_token_hash(&token),
        opened_by: log_in
            .opened_by
            .ok_or_else(|| RequestError::NotFound("the session has no opener".to_owned()))?,
        created_at: now,
        expires_at: ends,
        session: Some(session),
    };
    let evicted = credentials::insert_read_only_session(organization.user_mut(user)?, opened, now);
    changes.evicted.extend(evicted);
    Ok((token, ends))
}

/// The lifetime asked for, cut to what is left of the absolute one since the log-in.
fn within(limits: SessionLimits, logged_in_at: Timestamp, asked: u64, now: Timestamp) -> u64 {
    let Some(lifetime) = limits.absolute_lifetime_seconds else { return asked };
    let end = logged_in_at.plus_seconds(lifetime);
    // A session past its end refreshes nothing, so there is a second left.
    asked.min(end.as_millis().saturating_sub(now.as_millis()) / 1000).max(1)
}

/// A session of a user.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// Its id: of the API key, or its own.
    pub id: Uuid,
    /// Whose it is.
    pub user: &'a User,
    kept: Kept<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Kept<'a> {
    ReadOnly(&'a ReadOnlySession),
    ReadWrite(&'a ApiKey),
}

impl<'a> Found<'a> {
    /// What it may do.
    pub fn kind(&self) -> SessionType {
        match self.kept {
            Kept::ReadOnly(_) => SessionType::ReadOnly,
            Kept::ReadWrite(_) => SessionType::ReadWrite,
        }
    }

    /// Whether a request with this credential is one of this session.
    pub fn is(&self, credential: CredentialId) -> bool {
        match (self.kept, credential) {
            (Kept::ReadOnly(session), CredentialId::ReadOnlySession(id)) => session.id == id,
            (Kept::ReadWrite(key), CredentialId::ApiKey(id)) => key.id == id,
            _ => false,
        }
    }

    /// Its API key, of a read-write session.
    pub fn key(&self) -> Option<&'a ApiKey> {
        match self.kept {
            Kept::ReadOnly(_) => None,
            Kept::ReadWrite(key) => Some(key),
        }
    }

    /// What else is known of it.
    pub fn session(&self) -> Option<&'a Session> {
        match self.kept {
            Kept::ReadOnly(session) => session.session.as_ref(),
            Kept::ReadWrite(key) => key.session.as_ref(),
        }
    }

    /// Whether it is a read-only session that this credential opened.
    pub fn opened_read_only_by(&self, credential: CredentialId) -> bool {
        matches!(self.kept, Kept::ReadOnly(session) if session.opened_by == credential)
    }

    /// When it was opened.
    pub fn created_at(&self) -> Timestamp {
        match self.kept {
            Kept::ReadOnly(session) => session.created_at,
            Kept::ReadWrite(key) => key.created_at,
        }
    }

    /// When the user logged in.
    pub fn logged_in_at(&self) -> Timestamp {
        self.session().map_or(self.created_at(), |session| session.logged_in_at)
    }

    /// When it ends if it is used until then.
    pub fn expires_at(&self, limits: SessionLimits) -> Timestamp {
        let own = match self.kept {
            Kept::ReadOnly(session) => session.expires_at,
            Kept::ReadWrite(key) => key.expires_at().unwrap_or(key.created_at),
        };
        match limits.absolute_lifetime_seconds {
            Some(lifetime) => own.min(self.logged_in_at().plus_seconds(lifetime)),
            None => own,
        }
    }

    /// When it was last used, by what is kept and what is remembered.
    pub fn last_used_at(&self, remembered: Option<Timestamp>) -> Option<Timestamp> {
        self.session().and_then(|session| session.last_used_at).max(remembered)
    }

    /// When it ends if it is not used until then; `None` where there is no such limit.
    pub fn idle_expires_at(
        &self,
        limits: SessionLimits,
        remembered: Option<Timestamp>,
    ) -> Option<Timestamp> {
        let timeout = limits.idle_timeout_seconds?;
        let last = self.last_used_at(remembered).unwrap_or(self.created_at());
        Some(last.max(self.created_at()).plus_seconds(timeout))
    }

    /// Whether it has ended, by its time or by lying idle.
    pub fn has_ended(
        &self,
        limits: SessionLimits,
        remembered: Option<Timestamp>,
        now: Timestamp,
    ) -> bool {
        self.idle_expires_at(limits, remembered).is_some_and(|end| end <= now)
            || self.expires_at(limits) <= now
    }
}

/// All sessions of an organization, those that have ended and are still kept among them.
pub fn all(organization: &Organization) -> impl Iterator<Item = Found<'_>> {
    organization.users.iter().flat_map(of)
}

/// All sessions of a user.
pub fn of(user: &User) -> impl Iterator<Item = Found<'_>> {
    let read_write = user
        .api_keys
        .iter()
        .filter(|key| is_session_key(key.kind))
        .map(move |key| Found { id: key.id.0, user, kept: Kept::ReadWrite(key) });
    let read_only = user.read_only_sessions.iter().map(move |session| Found {
        id: session.id.0,
        user,
        kept: Kept::ReadOnly(session),
    });
    read_write.chain(read_only)
}

/// Whether a log-in made keys of this kind.
pub fn is_session_key(kind: CredentialType) -> bool {
    match kind {
        CredentialType::Login
        | CredentialType::ReadWriteSessionKeyP256
        | CredentialType::OtpAuthKeyP256
        | CredentialType::OauthKeyP256
        | CredentialType::EmailAuthKeyP256
        | CredentialType::RecoverUserKeyP256 => true,
        CredentialType::WebauthnAuthenticator
        | CredentialType::ApiKeyP256
        | CredentialType::ApiKeySecp256k1
        | CredentialType::ApiKeyEd25519 => false,
    }
}

/// The limits of an organization's sessions: its own and its parent's, whichever is stricter.
pub fn limits(organization: &Organization, parent: Option<&Organization>) -> SessionLimits {
    let own = organization.session_limits;
    parent.map_or(own, |parent| own.and(parent.session_limits))
}

/// Ends the sessions that `doomed` says, and with each those that it opened. Returns their ids.
pub fn end(organization: &mut Organization, doomed: impl Fn(&Found<'_>) -> bool) -> Vec<Uuid> {
    let ends: Vec<Uuid> =
        all(organization).filter(|found| doomed(found)).map(|found| found.id).collect();
    for user in &mut organization.users {
        credentials::remove_api_keys(user, |key| ends.contains(&key.id.0));
        user.read_only_sessions.retain(|session| !ends.contains(&session.id.0));
    }
    ends
}

/// Names a session.
///
/// # Errors
///
/// No such session, or one of an earlier release, which kept no more than its key or token of it.
pub fn label(organization: &mut Organization, id: Uuid, label: String) -> Result<(), RequestError> {
    let found = kept_mut(organization)
        .find(|(known, _)| *known == id)
        .ok_or_else(|| RequestError::NotFound(format!("could not find session with ID {id}")))?;
    let Some(session) = found.1 else {
        return Err(InvalidRequest::new("sessions of an earlier release can't be named").into());
    };
    session.label = Some(label);
    Ok(())
}

/// Refuses a caller whose session lay idle, or lasts longer than a limit that was set since.
///
/// `remembered` is the session's last use as this process remembers it.
///
/// # Errors
///
/// [`RequestError::ApiKeyExpired`] and [`RequestError::SessionInvalid`].
pub fn check(
    organization: &Organization,
    parent: Option<&Organization>,
    caller: &Caller,
    remembered: impl Fn(Uuid) -> Option<Timestamp>,
    now: Timestamp,
) -> Result<(), RequestError> {
    let home = match parent {
        Some(parent) if parent.id == caller.organization => parent,
        _ => organization,
    };
    let limits =
        if home.id == organization.id { limits(organization, parent) } else { home.session_limits };
    if limits.is_none() {
        return Ok(());
    }
    let Ok(user) = home.user(caller.user) else { return Ok(()) };
    let Some(found) = of(user).find(|found| found.is(caller.credential.id)) else { return Ok(()) };
    if !found.has_ended(limits, remembered(found.id), now) {
        return Ok(());
    }
    Err(match found.key() {
        Some(key) => RequestError::ApiKeyExpired { public_key: key.public_key.clone() },
        None => RequestError::SessionInvalid,
    })
}

/// Something that happened to a session.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// The session.
    pub session: Uuid,
    /// Whose it is or was.
    pub user: UserId,
    /// What it may or might do.
    pub session_type: SessionType,
    /// How it was opened.
    pub method: Option<AuthenticationType>,
    /// The session that it was refreshed from.
    pub refreshed_from: Option<Uuid>,
}

/// What happened to a session.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum EventKind {
    /// The user logged in.
    Opened,
    /// It goes on from another one.
    Refreshed,
    /// It made room for a newer one before its time.
    Evicted,
    /// It was ended before its time.
    Revoked,
}

impl From<EventKind> for SessionEventType {
    fn from(kind: EventKind) -> Self {
        match kind {
            EventKind::Opened => Self::Opened,
            EventKind::Refreshed => Self::Refreshed,
            EventKind::Evicted => Self::Evicted,
            EventKind::Revoked => Self::Revoked,
        }
    }
}

/// What an activity did to sessions. Those that had ended anyway leave unmentioned.
pub fn events(
    before: &Organization,
    after: &Organization,
    evicted: &[Uuid],
    now: Timestamp,
) -> Vec<Event> {
    let event = |kind, found: &Found<'_>| Event {
        kind,
        session: found.id,
        user: found.user.id,
        session_type: found.kind(),
        method: found.session().map(|session| session.method),
        refreshed_from: found.session().and_then(|session| session.refreshed_from),
    };
    let opened = all(after)
        .filter(|new| {
            !all(before).any(|old| old.id == new.id && old.created_at() == new.created_at())
        })
        .map(|found| {
            let refreshed = found.session().is_some_and(|known| known.refreshed_from.is_some());
            event(if refreshed { EventKind::Refreshed } else { EventKind::Opened }, &found)
        });
    let ended = all(before)
        .filter(|old| !all(after).any(|new| new.id == old.id))
        .filter(|found| found.expires_at(SessionLimits::default()) > now)
        .map(|found| {
            let made_room = evicted.contains(&found.id);
            event(if made_room { EventKind::Evicted } else { EventKind::Revoked }, &found)
        });
    opened.chain(ended).collect()
}

/// Notes when a session was last used. Whether there is such a session, and the note is a new one.
pub fn note_use(organization: &mut Organization, id: Uuid, at: Timestamp) -> bool {
    for (_, session) in kept_mut(organization).filter(|(known, _)| *known == id) {
        if let Some(session) = session.filter(|session| session.last_used_at < Some(at)) {
            session.last_used_at = Some(at);
            return true;
        }
    }
    false
}

/// What is known of sessions, by their ids. API keys that are none are among them, with nothing.
fn kept_mut(organization: &mut Organization) -> impl Iterator<Item = (Uuid, Option<&mut Session>)> {
    organization.users.iter_mut().flat_map(|user| {
        let keys = user.api_keys.iter_mut().map(|key| (key.id.0, key.session.as_mut()));
        let read_only = user.read_only_sessions.iter_mut();
        keys.chain(read_only.map(|session| (session.id.0, session.session.as_mut())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::World;
    use crate::wire::id::OrganizationId;

    fn found<'a>(world: &'a World, session: &Caller) -> Found<'a> {
        let organization = world.organization(session.organization);
        all(organization).find(|found| found.id == session.session()).unwrap()
    }

    /// What becomes of a request with this session.
    fn check_now(world: &World, session: &Caller) -> Result<(), RequestError> {
        let organization = world.organization(session.organization);
        let parent = organization.parent.map(|id| world.organization(id));
        let remembered = |id| world.last_uses.get(&id).copied();
        check(organization, parent, session, remembered, world.now)
    }

    fn limit(world: &mut World, id: OrganizationId, idle: Option<u64>, absolute: Option<u64>) {
        world.edit(id).session_limits =
            SessionLimits { idle_timeout_seconds: idle, absolute_lifetime_seconds: absolute };
    }

    #[test]
    fn a_chain_of_refreshes_keeps_the_time_of_the_log_in() {
        let mut world = World::new();
        let (caller, begin) = (world.root(), world.now);
        let mut chain = vec![world.log_in(&caller, 900)];
        for _ in 0..2 {
            world.now = world.now.plus_seconds(100);
            let refreshed = world.log_in(chain.last().unwrap(), 900);
            chain.push(refreshed);
        }
        for (position, session) in chain.iter().enumerate() {
            let kept = found(&world, session);
            assert_eq!(kept.logged_in_at(), begin);
            let former = position.checked_sub(1).map(|former| chain[former].session());
            assert_eq!(kept.session().unwrap().refreshed_from, former);
            let method = if position == 0 {
                AuthenticationType::ApiKey
            } else {
                AuthenticationType::Session
            };
            assert_eq!(kept.session().unwrap().method, method);
        }
        assert_eq!(found(&world, &chain[2]).created_at(), begin.plus_seconds(200));
    }

    #[test]
    fn the_absolute_lifetime_caps_every_session_of_a_chain() {
        let mut world = World::new();
        let (caller, begin) = (world.root(), world.now);
        let id = world.parent();
        limit(&mut world, id, None, Some(1000));
        let first = world.log_in(&caller, 900);
        world.now = begin.plus_seconds(600);
        let second = world.log_in(&first, 900);
        assert_eq!(kept_end(&world, &second), begin.plus_seconds(1000));
        let reader = world.read_only(&second);
        assert_eq!(kept_end(&world, &reader), begin.plus_seconds(1000));
        // A log-in begins anew.
        let fresh = world.log_in(&caller, 900);
        assert_eq!(kept_end(&world, &fresh), begin.plus_seconds(1500));
    }

    /// The end that is kept with the session itself.
    fn kept_end(world: &World, session: &Caller) -> Timestamp {
        found(world, session).expires_at(SessionLimits::default())
    }

    #[test]
    fn an_absolute_lifetime_set_later_ends_older_sessions() {
        let mut world = World::new();
        let (caller, begin) = (world.root(), world.now);
        let session = world.log_in(&caller, 3600);
        world.now = begin.plus_seconds(500);
        let refreshed = world.log_in(&session, 3600);
        let reader = world.read_only(&refreshed);
        let id = world.parent();
        limit(&mut world, id, None, Some(600));
        world.now = begin.plus_seconds(599);
        for session in [&session, &refreshed, &reader] {
            check_now(&world, session).unwrap();
        }
        world.now = begin.plus_seconds(600);
        for session in [&session, &refreshed] {
            let refusal = check_now(&world, session).unwrap_err();
            assert!(matches!(refusal, RequestError::ApiKeyExpired { .. }), "{refusal}");
        }
        let refusal = check_now(&world, &reader).unwrap_err();
        assert!(matches!(refusal, RequestError::SessionInvalid), "{refusal}");
        // A key that lasts is no session.
        check_now(&world, &caller).unwrap();
    }

    #[test]
    fn an_unused_session_ends_and_a_use_keeps_it() {
        let mut world = World::new();
        let (caller, begin) = (world.root(), world.now);
        let id = world.parent();
        limit(&mut world, id, Some(60), None);
        let (used, kept, unused) =
            (world.log_in(&caller, 900), world.log_in(&caller, 900), world.log_in(&caller, 900));
        world.now = begin.plus_seconds(59);
        // One use is remembered, another kept with the session.
        world.last_uses.insert(used.session(), world.now);
        let now = world.now;
        assert!(note_use(world.edit(id), kept.session(), now));
        assert!(!note_use(world.edit(id), kept.session(), now), "it is noted already");
        for session in [&used, &kept, &unused] {
            check_now(&world, session).unwrap();
        }
        world.now = begin.plus_seconds(60);
        check_now(&world, &used).unwrap();
        check_now(&world, &kept).unwrap();
        assert!(check_now(&world, &unused).is_err());
        world.now = begin.plus_seconds(59 + 60);
        assert!(check_now(&world, &used).is_err());
        assert!(check_now(&world, &kept).is_err());
    }

    #[test]
    fn the_parents_limits_bind_its_sub_organizations() {
        let mut world = World::new();
        let (sub, caller) = world.sub_organization();
        let begin = world.now;
        let parent = world.parent();
        limit(&mut world, parent, None, Some(600));
        limit(&mut world, sub, None, Some(6000));
        let session = world.log_in(&caller, 900);
        assert_eq!(kept_end(&world, &session), begin.plus_seconds(600));
        limit(&mut world, parent, None, Some(60));
        world.now = begin.plus_seconds(60);
        assert!(check_now(&world, &session).is_err());
    }
}
