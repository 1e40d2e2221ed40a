//! When sessions were last used: remembered here to the instant, and written now and then.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use keyward_crypto::os_rng;
use keyward_protocol::engine::model::CredentialId;
use keyward_protocol::engine::sessions::{self, LAST_USE_KEPT_SECONDS};
use keyward_protocol::engine::{Caller, Organization};
use keyward_protocol::wire::Timestamp;
use keyward_protocol::wire::enums::CredentialType;
use keyward_protocol::wire::id::OrganizationId;
use lru::LruCache;
use uuid::Uuid;

use crate::app::App;

/// Sessions whose last use is remembered.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(100_000).unwrap();

/// When sessions were last used.
pub(crate) struct LastUses(Mutex<State>);

struct State {
    last: LruCache<Uuid, Use>,
    /// Sessions whose use is to be written, by organization.
    unwritten: HashMap<OrganizationId, Vec<Uuid>>,
}

#[derive(Clone, Copy)]
struct Use {
    at: Timestamp,
    written: Option<Timestamp>,
}

impl Default for LastUses {
    fn default() -> Self {
        let last = LruCache::new(REMEMBERED);
        Self(Mutex::new(State { last, unwritten: HashMap::new() }))
    }
}

impl LastUses {
    /// When the session was last used, as far as this process remembers.
    pub(crate) fn last(&self, session: Uuid) -> Option<Timestamp> {
        self.lock().last.peek(&session).map(|last| last.at)
    }

    /// Notes a use by whoever sends a request, if that is a session.
    pub(crate) fn note(&self, caller: &Caller, now: Timestamp) {
        let session = match (caller.credential.id, caller.credential.kind) {
            (CredentialId::ReadOnlySession(id), _) => id.0,
            (
                CredentialId::ApiKey(id),
                Some(
                    CredentialType::Login
                    | CredentialType::ReadWriteSessionKeyP256
                    | CredentialType::OtpAuthKeyP256
                    | CredentialType::OauthKeyP256
                    | CredentialType::EmailAuthKeyP256,
                ),
            ) => id.0,
            _ => return,
        };
        let mut state = self.lock();
        let known = state.last.get(&session).copied();
        let written = known.and_then(|known| known.written);
        state.last.put(session, Use { at: known.map_or(now, |known| known.at.max(now)), written });
        let is_stale = written.is_none_or(|at| at.plus_seconds(LAST_USE_KEPT_SECONDS) <= now);
        if is_stale {
            let waiting = state.unwritten.entry(caller.organization).or_default();
            if !waiting.contains(&session) {
                waiting.push(session);
            }
        }
    }

    /// What is to be written, as of now: it is written once.
    fn take(&self) -> HashMap<OrganizationId, Vec<(Uuid, Timestamp)>> {
        let mut state = self.lock();
        let unwritten = std::mem::take(&mut state.unwritten);
        let mut taken = HashMap::with_capacity(unwritten.len());
        for (organization, sessions) in unwritten {
            let mut uses = Vec::with_capacity(sessions.len());
            for session in sessions {
                if let Some(last) = state.last.peek_mut(&session) {
                    last.written = Some(last.at);
                    uses.push((session, last.at));
                }
            }
            taken.insert(organization, uses);
        }
        taken
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes what is not written yet. What loses a race is written at the next use.
pub(crate) async fn write(app: &App) {
    for (organization, uses) in app.uses.take() {
        let known = app.store.organization(organization).await;
        let Ok(Some(opened)) = known else { continue };
        let mut changed = Organization::clone(&opened.organization);
        let mut has_changed = false;
        for (session, at) in uses {
            has_changed |= sessions::note_use(&mut changed, session, at);
        }
        if !has_changed {
            continue;
        }
        match app.store.touch(&opened, Arc::new(changed), &mut os_rng()).await {
            Ok(true) => {}
            Ok(false) => {
                if let Err(error) = app.store.read_organization(organization).await {
                    tracing::warn!(%error, %organization, "an organization can't be read");
                }
            }
            Err(error) => {
                tracing::warn!(%error, %organization, "the last use of a session is not kept");
            }
        }
    }
}
