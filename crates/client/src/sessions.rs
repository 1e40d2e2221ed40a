//! The sessions a client has: found, refreshed, ended, and asked with.

use std::sync::{Arc, PoisonError};

use keyward_protocol::activities::stamp_login::{StampLogin, StampLoginIntent};
use keyward_protocol::wire::Timestamp;
use serde_json::{Value, json};

use crate::calls::submission;
use crate::client::{Call, Client, Failed, Refused};
use crate::error::ClientError;
use crate::events::EventKind;
use crate::pending::Pending;
use crate::ports::{Guard, StoreError};
use crate::session::{Session, SessionKind, StoredSession};
use crate::stamper::{Stamper, StoredKeyStamper, TokenStamper};
use crate::{json, outcome};

/// The name of a session when nobody gives one.
pub const DEFAULT_SESSION: &str = "default";
/// Characters a session's name may have.
const LONGEST_NAME: usize = 64;
/// A key that no session refers to is left alone that long: a log-in elsewhere may be about to use it.
const ORPHAN_SECONDS: u64 = 600;
/// How long [`Client::run`] waits after it could not reach the server.
const RETRY_SECONDS: u64 = 5;
/// How long [`Client::run`] waits when there is nothing to wait for.
const IDLE_SECONDS: u64 = 3_600;
/// How long [`Client::run`] sleeps at once, to notice that the device's clock was set.
const LONGEST_SLEEP_SECONDS: u64 = 60;
/// How late it may wake up; browsers wake pages in the background once a minute.
const PUNCTUAL_SECONDS: u64 = 90;
/// How often a request is tried again because its session was replaced meanwhile.
const REPLACED: usize = 3;

/// What logging out came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LoggedOut {
    /// Whether the server ended the session. If not, it stays valid until its time is over: the server was
    /// not reached, or the session was a read-only one, which cannot end itself.
    pub ended_on_server: bool,
}

/// Why a session ended by itself.
#[derive(Clone, Copy)]
enum Ended {
    Expired,
    Revoked,
    KeyLost,
}

impl Ended {
    const fn error(self) -> ClientError {
        match self {
            Self::Expired => ClientError::SessionExpired,
            Self::Revoked => ClientError::SessionRevoked,
            Self::KeyLost => ClientError::KeyLost,
        }
    }

    const fn event(self) -> EventKind {
        match self {
            Self::Expired => EventKind::Expired,
            Self::Revoked => EventKind::Revoked,
            Self::KeyLost => EventKind::KeyLost,
        }
    }
}

impl StoredSession {
    /// Whether the other is the same session: one that was refreshed meanwhile is not.
    fn is(&self, other: &Self) -> bool {
        self.public_key == other.public_key && self.token == other.token
    }

    /// How long before its end it is refreshed.
    fn ahead_seconds(&self, asked: u64) -> u64 {
        asked.min(self.lifetime_seconds / 3)
    }
}

impl Client {
    /// Every session there is, by name. Those that cannot be read are left out.
    ///
    /// # Errors
    ///
    /// [`ClientError::Storage`].
    pub async fn sessions(&self) -> Result<Vec<Session>, ClientError> {
        let mut sessions = Vec::new();
        for name in self.session_names().await? {
            match self.stored(&name).await {
                Ok(session) => sessions.push(session.show(&name)),
                Err(ClientError::NotLoggedIn | ClientError::StoredSessionUnreadable) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(sessions)
    }

    /// One session, the active one for `None`. Nothing is asked of the server.
    ///
    /// # Errors
    ///
    /// [`ClientError::NotLoggedIn`], [`ClientError::StoredSessionUnreadable`], [`ClientError::Storage`].
    pub async fn session(&self, name: Option<&str>) -> Result<Session, ClientError> {
        let name = self.name_of(name).await?;
        Ok(self.stored(&name).await?.show(&name))
    }

    /// What a session vouches with, the active one for `None`: to open a read-only session from it, say.
    ///
    /// # Errors
    ///
    /// As [`Client::session`].
    pub async fn stamper_of(&self, name: Option<&str>) -> Result<Arc<dyn Stamper>, ClientError> {
        let name = self.name_of(name).await?;
        Ok(self.stamper(&self.stored(&name).await?))
    }

    /// The name of the active session.
    pub async fn active(&self) -> Result<Option<String>, ClientError> {
        Ok(self.inner.ports.sessions.get(&self.key("active")).await?)
    }

    /// Makes another session the active one.
    ///
    /// # Errors
    ///
    /// [`ClientError::NotLoggedIn`] when there is none of that name.
    pub async fn set_active(&self, name: &str) -> Result<(), ClientError> {
        self.stored(name).await?;
        self.activate(name).await
    }

    /// Goes on with another key before the session ends, for as long as it was opened for. Of several calls
    /// at once, in any tab or process on the same stores, one asks the server and all get its session.
    ///
    /// The former key stays valid until its own end, so that requests under way are answered.
    ///
    /// # Errors
    ///
    /// [`ClientError::ReadOnly`] for a read-only session; what the server says. When it is
    /// [`ClientError::Offline`], nothing has changed here.
    pub async fn refresh(&self, name: Option<&str>) -> Result<Session, ClientError> {
        let name = self.name_of(name).await?;
        let seen = self.stored(&name).await?;
        Ok(self.refresh_from(&name, &seen).await?.show(&name))
    }

    /// Ends a session on the server, as far as that can be done, and forgets it here in any case.
    ///
    /// # Errors
    ///
    /// [`ClientError::NotLoggedIn`], [`ClientError::Storage`].
    pub async fn log_out(&self, name: Option<&str>) -> Result<LoggedOut, ClientError> {
        let name = self.name_of(name).await?;
        let _held = self.lock(&name).await?;
        let session = match self.stored(&name).await {
            Ok(session) => Some(session),
            Err(ClientError::StoredSessionUnreadable) => None,
            Err(error) => return Err(error),
        };
        let ended_on_server = match &session {
            Some(session) if session.kind == SessionKind::ReadWrite => {
                self.revoke(session).await.is_ok()
            }
            _ => false,
        };
        self.forget(&name, session.as_ref()).await?;
        self.emit(EventKind::LoggedOut, &name);
        self.clean_up().await?;
        Ok(LoggedOut { ended_on_server })
    }

    /// Ends all sessions of the user on the server, whichever device they are on, and those of the same user
    /// here.
    ///
    /// # Errors
    ///
    /// What the server says; nothing is forgotten here then. [`ClientError::ReadOnly`] for a read-only
    /// session.
    pub async fn log_out_everywhere(&self, name: Option<&str>) -> Result<(), ClientError> {
        let name = self.name_of(name).await?;
        let user = self.stored(&name).await?;
        self.named(&name).call("revoke_sessions", json!({})).await?;
        for name in self.session_names().await? {
            let _held = self.lock(&name).await?;
            let Ok(session) = self.stored(&name).await else { continue };
            if session.user_id == user.user_id && session.organization_id == user.organization_id {
                self.forget(&name, Some(&session)).await?;
                self.emit(EventKind::LoggedOut, &name);
            }
        }
        self.clean_up().await
    }

    /// Deletes keys that belong to no session and no log-in under way, and log-ins that were given up.
    ///
    /// # Errors
    ///
    /// [`ClientError::Storage`].
    pub async fn clean_up(&self) -> Result<(), ClientError> {
        let ports = &self.inner.ports;
        let device_now = ports.clock.now();
        let keys = ports.keys.list().await?;
        let mut used = Vec::new();
        for name in self.session_names().await? {
            match self.stored(&name).await {
                Ok(session) => used.extend([session.public_key, session.refreshing_to]),
                Err(ClientError::NotLoggedIn) => {}
                // It may be a newer version's, and need a key we would take for an orphan.
                Err(ClientError::StoredSessionUnreadable) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        for pending in self.pending_names().await? {
            match ports.sessions.get(&pending).await?.as_deref().and_then(Pending::parse) {
                Some(attempt) if attempt.is_open(device_now) => used.push(attempt.public_key),
                _ => ports.sessions.remove(&pending).await?,
            }
        }
        for key in keys {
            let age_ms = device_now.as_millis().abs_diff(key.created_at.as_millis());
            let is_used = used.iter().flatten().any(|used| *used == key.public_key);
            if !is_used && age_ms > ORPHAN_SECONDS.saturating_mul(1000) {
                ports.keys.delete(&key.public_key).await?;
            }
        }
        Ok(())
    }

    /// Looks after the sessions for ever: refreshes them ahead of their end, says when they are about to
    /// expire and when they have. Run it beside everything else, once in a program or tab.
    pub async fn run(&self) {
        // A store that fails now may work later.
        let _ = self.clean_up().await;
        loop {
            let changed = self.inner.changed.notified();
            tokio::pin!(changed);
            // From here on, also before it is waited for, a change is noticed.
            changed.as_mut().enable();
            let next = self.device_time(self.look_after().await);
            let clock = &self.inner.ports.clock;
            let wakes_at = next.min(clock.now().plus_seconds(LONGEST_SLEEP_SECONDS));
            tokio::select! {
                () = clock.sleep_until(wakes_at) => {
                    // Early or late: the clock was set, or the device slept. What is known of the server's
                    // time is wrong then.
                    let off_ms = clock.now().as_millis().abs_diff(wakes_at.as_millis());
                    if off_ms > PUNCTUAL_SECONDS.saturating_mul(1000) {
                        let _ = self.sync_time().await;
                    }
                }
                () = changed => {}
            }
        }
    }

    /// Has [`Client::run`] look at once: the device woke up, or the page was shown again.
    pub fn wake(&self) {
        self.inner.changed.notify_waiters();
    }

    /// Does for each session what is due, and says when to look again, by the server's clock.
    pub(crate) async fn look_after(&self) -> Timestamp {
        let sessions = self.sessions().await.unwrap_or_default();
        let is_near = |session: &Session| {
            let ahead = self.inner.config.ahead_seconds.min(session.lifetime_seconds / 3);
            session.expires_at().minus_seconds(ahead) <= self.now()
        };
        if sessions.iter().any(is_near) && self.sync_time().await.is_err() {
            return self.now().plus_seconds(RETRY_SECONDS);
        }
        let mut next = self.now().plus_seconds(IDLE_SECONDS);
        for session in sessions {
            next = next.min(self.look_after_one(&session.name).await);
        }
        next
    }

    async fn look_after_one(&self, name: &str) -> Timestamp {
        let config = &self.inner.config;
        let never = self.now().plus_seconds(IDLE_SECONDS);
        let Ok(session) = self.stored(name).await else { return never };
        let due = session.expires_at().minus_seconds(session.ahead_seconds(config.ahead_seconds));
        if self.now() < due {
            return due;
        }
        if session.expires_at() <= self.now() {
            let _ = self.end(name, &session, Ended::Expired).await;
            return never;
        }
        if session.kind == SessionKind::ReadWrite && config.refreshes {
            return match self.refresh_from(name, &session).await {
                // One that the server made shorter than asked is due again at once; not so often.
                Ok(session) => session
                    .expires_at()
                    .minus_seconds(session.ahead_seconds(config.ahead_seconds))
                    .max(self.now().plus_seconds(RETRY_SECONDS)),
                Err(_) => self.now().plus_seconds(RETRY_SECONDS).min(session.expires_at()),
            };
        }
        let mark = (name.to_owned(), session.token.clone());
        let is_new = {
            let mut warned = self.inner.warned.lock().unwrap_or_else(PoisonError::into_inner);
            let is_new = !warned.contains(&mark);
            warned.retain(|(known, _)| known != name);
            warned.push(mark);
            is_new
        };
        if is_new {
            self.emit(EventKind::AboutToExpire, name);
        }
        session.expires_at()
    }

    /// Asks as a session, and goes on with its successor when it is replaced meanwhile. Returns the answer,
    /// and the organization it was asked about.
    pub(crate) async fn send_as_session(
        &self,
        call: &Call<'_>,
        name: Option<&str>,
        organization_id: Option<&str>,
    ) -> Result<Vec<u8>, ClientError> {
        let name = self.name_of(name).await?;
        let mut session = self.stored(&name).await?;
        let is_own = organization_id.is_none() && !call.names_organization();
        let mut tries = 0;
        loop {
            if session.kind == SessionKind::ReadOnly && call.kind.is_some() {
                return Err(ClientError::ReadOnly);
            }
            session = self.fresh(&name, session).await?;
            let organization_id = organization_id.unwrap_or(&session.organization_id);
            let ended = match self.send(call, organization_id, &*self.stamper(&session)).await {
                Ok(answer) => return Ok(answer),
                Err(Failed::Refused(Refused::UnknownOrganization(_))) if is_own => Ended::Revoked,
                Err(failed) => self.ended(&session, failed)?,
            };
            tries += 1;
            let now_stored = self.stored(&name).await?;
            if now_stored.is(&session) || tries == REPLACED {
                return Err(self.end(&name, &session, ended).await?);
            }
            session = now_stored;
        }
    }

    /// What a failure says of the session that asked; other failures come back as they are.
    fn ended(&self, session: &StoredSession, failed: Failed) -> Result<Ended, ClientError> {
        match failed {
            Failed::Otherwise(ClientError::KeyLost) => Ok(Ended::KeyLost),
            Failed::Refused(Refused::Expired) => Ok(Ended::Expired),
            // The server forgets expired keys when they make room, and says no more of a token.
            Failed::Refused(Refused::UnknownCredential | Refused::InvalidToken) => {
                let is_over = session.expires_at() <= self.now();
                Ok(if is_over { Ended::Expired } else { Ended::Revoked })
            }
            Failed::Otherwise(error)
            | Failed::Refused(Refused::Otherwise(error) | Refused::UnknownOrganization(error)) => {
                Err(error)
            }
        }
    }

    /// The session, or its successor when it was due to be refreshed. It ends here when its time is over,
    /// but only on the server's word: the device's clock may be wrong.
    async fn fresh(
        &self,
        name: &str,
        session: StoredSession,
    ) -> Result<StoredSession, ClientError> {
        let config = &self.inner.config;
        let refreshes = config.refreshes && session.kind == SessionKind::ReadWrite;
        let ahead = if refreshes { session.ahead_seconds(config.ahead_seconds) } else { 0 };
        let due = session.expires_at().minus_seconds(ahead);
        if self.now() < due {
            return Ok(session);
        }
        self.sync_time().await?;
        if self.now() >= session.expires_at() {
            return match self.stored(name).await? {
                replaced if !replaced.is(&session) => Ok(replaced),
                _ => Err(self.end(name, &session, Ended::Expired).await?),
            };
        }
        if self.now() < due {
            return Ok(session);
        }
        match self.refresh_from(name, &session).await {
            // What is there still holds for a moment.
            Err(
                ClientError::Offline(_)
                | ClientError::RateLimited { .. }
                | ClientError::ServerFailed(_)
                | ClientError::Unintelligible(_),
            ) => Ok(session),
            other => other,
        }
    }

    /// Refreshes the session that was seen, unless somebody did meanwhile.
    async fn refresh_from(
        &self,
        name: &str,
        seen: &StoredSession,
    ) -> Result<StoredSession, ClientError> {
        if seen.kind == SessionKind::ReadOnly {
            return Err(ClientError::ReadOnly);
        }
        let held = self.lock(name).await?;
        let mut session = self.stored(name).await?;
        if !session.is(seen) {
            return Ok(session);
        }
        let ports = &self.inner.ports;
        // An attempt whose answer was lost may have registered its key: the same key again is the same
        // session again.
        let public_key = match session.refreshing_to.take() {
            Some(key) if self.has_key(&key).await? => key,
            _ => ports.keys.generate(ports.clock.now()).await?.public_key,
        };
        session.refreshing_to = Some(public_key.clone());
        self.store(name, &session).await?;

        let intent = StampLoginIntent {
            public_key: public_key.clone(),
            expiration_seconds: Some(session.lifetime_seconds.to_string()),
            invalidate_existing: None,
            session_profile_id: session.session_profile_id.clone(),
        };
        let call = submission::<StampLogin>(&intent)?;
        let stamper = self.stamper(&session);
        let answer = match self.send(&call, &session.organization_id, &*stamper).await {
            Ok(answer) => answer,
            Err(failed) => {
                let ended = match failed {
                    Failed::Refused(Refused::UnknownOrganization(_)) => Ended::Revoked,
                    failed => self.ended(&session, failed)?,
                };
                drop(held);
                return Err(self.end(name, &session, ended).await?);
            }
        };
        let token = json::text(&outcome::read(&answer)?, "session")?;
        let mut successor = StoredSession::read_write(
            token,
            &public_key,
            Some(session.lifetime_seconds),
            self.now(),
            &session.method,
        )?;
        successor.session_profile_id = session.session_profile_id.clone();
        self.store(name, &successor).await?;
        if let Some(former) = &session.public_key {
            ports.keys.delete(former).await?;
        }
        self.emit(EventKind::Refreshed, name);
        Ok(successor)
    }

    /// Keeps a session that was just opened, in place of another of that name.
    pub(crate) async fn keep(
        &self,
        name: &str,
        session: &StoredSession,
        becomes_active: bool,
    ) -> Result<Session, ClientError> {
        {
            let _held = self.lock(name).await?;
            let former = self.stored(name).await.ok().and_then(|former| former.public_key);
            self.store(name, session).await?;
            if let Some(former) =
                former.filter(|former| Some(former) != session.public_key.as_ref())
            {
                self.inner.ports.keys.delete(&former).await?;
            }
        }
        self.emit(EventKind::Created, name);
        if becomes_active {
            self.activate(name).await?;
        }
        Ok(session.show(name))
    }

    /// Clears a session that has ended, unless it was replaced meanwhile. Returns what that means for whoever
    /// asked.
    async fn end(
        &self,
        name: &str,
        session: &StoredSession,
        ended: Ended,
    ) -> Result<ClientError, ClientError> {
        let _held = self.lock(name).await?;
        if self.stored(name).await.is_ok_and(|stored| stored.is(session)) {
            self.forget(name, Some(session)).await?;
            self.emit(ended.event(), name);
        }
        Ok(ended.error())
    }

    /// Forgets a session and its keys. The lock is held.
    async fn forget(&self, name: &str, session: Option<&StoredSession>) -> Result<(), ClientError> {
        let ports = &self.inner.ports;
        ports.sessions.remove(&self.session_key(name)).await?;
        if self.active().await?.as_deref() == Some(name) {
            ports.sessions.remove(&self.key("active")).await?;
        }
        if let Some(session) = session {
            for key in [&session.public_key, &session.refreshing_to].into_iter().flatten() {
                ports.keys.delete(key).await?;
            }
        }
        Ok(())
    }

    /// Has the server end the session.
    async fn revoke(&self, session: &StoredSession) -> Result<(), ClientError> {
        let stamper = self.stamper(session);
        let asked = self.stamped_by(stamper).in_organization(&session.organization_id);
        let listed = asked.call("list_sessions", json!({ "userId": session.user_id })).await?;
        let sessions = listed.get("sessions").and_then(Value::as_array);
        let is_current = |session: &&Value| session.get("current") == Some(&Value::Bool(true));
        let current = sessions.into_iter().flatten().find(is_current);
        let session_id = json::text(current.unwrap_or(&Value::Null), "sessionId")?;
        asked.call("revoke_session", json!({ "sessionId": session_id })).await.map(|_| ())
    }

    /// What a session vouches with.
    fn stamper(&self, session: &StoredSession) -> Arc<dyn Stamper> {
        match &session.public_key {
            Some(public_key) => Arc::new(StoredKeyStamper {
                keys: self.inner.ports.keys.clone(),
                public_key: public_key.clone(),
            }),
            None => Arc::new(TokenStamper { token: session.token.clone() }),
        }
    }

    async fn has_key(&self, public_key: &str) -> Result<bool, StoreError> {
        let keys = self.inner.ports.keys.list().await?;
        Ok(keys.iter().any(|key| key.public_key == public_key))
    }

    async fn activate(&self, name: &str) -> Result<(), ClientError> {
        if self.active().await?.as_deref() != Some(name) {
            self.inner.ports.sessions.set(&self.key("active"), name).await?;
            self.emit(EventKind::ActiveChanged, name);
        }
        Ok(())
    }

    /// The name that is meant.
    async fn name_of(&self, name: Option<&str>) -> Result<String, ClientError> {
        match name {
            Some(name) => Ok(name.to_owned()),
            None => self.active().await?.ok_or(ClientError::NotLoggedIn),
        }
    }

    async fn stored(&self, name: &str) -> Result<StoredSession, ClientError> {
        let text = self.inner.ports.sessions.get(&self.session_key(name)).await?;
        StoredSession::parse(&text.ok_or(ClientError::NotLoggedIn)?)
    }

    async fn store(&self, name: &str, session: &StoredSession) -> Result<(), ClientError> {
        let key = self.session_key(name);
        Ok(self.inner.ports.sessions.set(&key, &session.to_text()).await?)
    }

    async fn lock(&self, name: &str) -> Result<Box<dyn Guard>, ClientError> {
        Ok(self.inner.ports.sessions.lock(&self.session_key(name)).await?)
    }

    async fn session_names(&self) -> Result<Vec<String>, ClientError> {
        let prefix = self.session_key("");
        let names = self.inner.ports.sessions.names().await?;
        let mut names: Vec<String> =
            names.iter().filter_map(|name| name.strip_prefix(&prefix)).map(str::to_owned).collect();
        names.sort_unstable();
        Ok(names)
    }

    fn session_key(&self, name: &str) -> String {
        self.key(&format!("session/{name}"))
    }

    /// A name in the session store.
    pub(crate) fn key(&self, name: &str) -> String {
        format!("{}/{name}", self.inner.config.namespace)
    }
}

/// Checks what a session is to be called: 1 to 64 characters, none of them a control character.
pub(crate) fn check_name(name: &str) -> Result<(), ClientError> {
    let length = name.chars().count();
    if length == 0 || length > LONGEST_NAME || name.chars().any(char::is_control) {
        let reason = "a session's name has 1 to 64 characters, none a control character";
        return Err(ClientError::InvalidInput(reason.to_owned()));
    }
    Ok(())
}
