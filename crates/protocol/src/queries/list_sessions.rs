//! `list_sessions`: who is logged in, how, from where and until when.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::Home,
    crate::engine::model::SessionLimits,
    crate::engine::sessions,
    crate::wire::RequestError,
};

use crate::wire::enums::{AuthenticationType, CredentialType, SessionType};
use crate::wire::{Namespace, WireTime};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListSessions {
    /// The organization.
    pub organization_id: String,
    /// One user. When absent, all whom the caller may see: root users and users of the parent see
    /// everybody's sessions, other users their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Whether those that have ended and are still kept are shown too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_expired: Option<bool>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct ListSessionsResponse {
    /// Newest first.
    pub sessions: Vec<Session>,
}

/// A session.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Its id; of a read-write session, that of its API key.
    pub session_id: String,
    /// What it may do.
    pub kind: SessionType,
    /// Whose it is.
    pub user_id: String,
    /// The user's organization.
    pub organization_id: String,
    /// How the user logged in; absent for sessions of an earlier release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<AuthenticationType>,
    /// The key of a read-write session, compressed, hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
    /// What kind of key that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_type: Option<CredentialType>,
    /// The session profile that it is limited to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_profile_id: Option<String>,
    /// What the user calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// As the client named itself at log-in; it may have lied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// IP address that the log-in came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// When it was opened.
    pub created_at: WireTime,
    /// When the user logged in: the same, or earlier for a session that was refreshed.
    pub logged_in_at: WireTime,
    /// When it ends if it is used until then.
    pub expires_at: WireTime,
    /// When it was last used; absent when that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<WireTime>,
    /// When it ends if it is not used until then; absent when there is no such limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_expires_at: Option<WireTime>,
    /// The session it goes on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refreshed_from: Option<String>,
    /// Whether it is the one that asks.
    pub current: bool,
}

impl Query for ListSessions {
    const NAMESPACE: Namespace = Namespace::Keyward;
    const ROUTE: &'static str = "list_sessions";
    type Response = ListSessionsResponse;
}

#[cfg(feature = "engine")]
impl Answer for ListSessions {
    fn answer(self, view: &View<'_>, _: Found) -> Result<ListSessionsResponse, RequestError> {
        let of = view.sessions_of(self.user_id.as_deref())?;
        if let Some(user) = of {
            view.organization.user(user)?;
        }
        let limits = sessions::limits(view.organization, view.parent);
        let ended_too = self.include_expired.unwrap_or_default();
        let mut found: Vec<_> = sessions::all(view.organization)
            .filter(|found| of.is_none_or(|user| found.user.id == user))
            .filter(|found| {
                ended_too || !found.has_ended(limits, (view.last_uses)(found.id), view.now)
            })
            .collect();
        found.sort_by_key(|found| std::cmp::Reverse((found.created_at(), found.id)));
        let sessions = found.iter().map(|found| show(found, limits, view)).collect();
        Ok(ListSessionsResponse { sessions })
    }
}

#[cfg(feature = "engine")]
fn show(found: &sessions::Found<'_>, limits: SessionLimits, view: &View<'_>) -> Session {
    let (key, session) = (found.key(), found.session());
    let remembered = (view.last_uses)(found.id);
    Session {
        session_id: found.id.to_string(),
        kind: found.kind(),
        user_id: found.user.id.to_string(),
        organization_id: view.organization.id.to_string(),
        method: session.map(|session| session.method),
        public_key: key.map(|key| key.public_key.clone()),
        credential_type: key.map(|key| key.kind),
        session_profile_id: session
            .and_then(|session| session.profile)
            .map(|profile| profile.to_string()),
        label: session.and_then(|session| session.label.clone()),
        user_agent: session.and_then(|session| session.user_agent.clone()),
        address: session.and_then(|session| session.address.clone()),
        created_at: found.created_at().into(),
        logged_in_at: found.logged_in_at().into(),
        expires_at: found.expires_at(limits).into(),
        last_used_at: found.last_used_at(remembered).map(Into::into),
        idle_expires_at: found.idle_expires_at(limits, remembered).map(Into::into),
        refreshed_from: session
            .and_then(|session| session.refreshed_from)
            .map(|former| former.to_string()),
        current: view.caller.home == Home::Own && found.is(view.caller.credential.id),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::Caller;
    use crate::engine::model::SessionLimits;
    use crate::engine::testing::{Cast, World};

    const ROUTE: &str = "list_sessions";

    fn list(world: &World, caller: &Caller, body: Value) -> Vec<Value> {
        let answer = world.query(caller, caller.organization, ROUTE, body).unwrap();
        answer["sessions"].as_array().unwrap().clone()
    }

    fn ids(sessions: &[Value]) -> Vec<&str> {
        sessions.iter().map(|session| session["sessionId"].as_str().unwrap()).collect()
    }

    fn time(seconds: u64) -> Value {
        json!({ "seconds": seconds.to_string(), "nanos": "0" })
    }

    #[test]
    fn shows_what_is_known_of_each_the_newest_first() {
        let mut world = World::new();
        world.client.user_agent = Some("Safari".to_owned());
        world.client.address = Some("192.0.2.7".to_owned());
        let caller = world.user(world.parent());
        let begin = world.now.as_seconds();
        let first = world.log_in(&caller, 900);
        world.now = world.now.plus_seconds(10);
        let second = world.log_in(&first, 60);
        world.now = world.now.plus_seconds(10);
        let reader = world.read_only(&caller);
        let label = json!({ "sessionId": first.session(), "label": "phone" });
        world.submit(&caller, world.parent(), "ACTIVITY_TYPE_UPDATE_SESSION", label).unwrap();
        world.last_uses.insert(second.session(), world.now);
        let limits = SessionLimits { idle_timeout_seconds: Some(300), ..Default::default() };
        let id = world.parent();
        world.edit(id).session_limits = limits;
        let common = |expected: Value| {
            let mut session = json!({
                "userId": caller.user,
                "organizationId": id,
                "userAgent": "Safari",
                "address": "192.0.2.7",
            });
            session.as_object_mut().unwrap().extend(expected.as_object().unwrap().clone());
            session
        };
        let expected = [
            common(json!({
                "sessionId": reader.session(),
                "kind": "SESSION_TYPE_READ_ONLY",
                "method": "AUTHENTICATION_TYPE_API_KEY",
                "createdAt": time(begin + 20),
                "loggedInAt": time(begin + 20),
                "expiresAt": time(begin + 20 + 3600),
                "idleExpiresAt": time(begin + 20 + 300),
                "current": false,
            })),
            common(json!({
                "sessionId": second.session(),
                "kind": "SESSION_TYPE_READ_WRITE",
                "method": "AUTHENTICATION_TYPE_SESSION",
                "publicKey": second.credential.public_key,
                "credentialType": "CREDENTIAL_TYPE_LOGIN",
                "createdAt": time(begin + 10),
                "loggedInAt": time(begin),
                "expiresAt": time(begin + 10 + 60),
                "lastUsedAt": time(begin + 20),
                "idleExpiresAt": time(begin + 20 + 300),
                "refreshedFrom": first.session(),
                "current": true,
            })),
            common(json!({
                "sessionId": first.session(),
                "kind": "SESSION_TYPE_READ_WRITE",
                "method": "AUTHENTICATION_TYPE_API_KEY",
                "publicKey": first.credential.public_key,
                "credentialType": "CREDENTIAL_TYPE_LOGIN",
                "label": "phone",
                "createdAt": time(begin),
                "loggedInAt": time(begin),
                "expiresAt": time(begin + 900),
                "idleExpiresAt": time(begin + 300),
                "current": false,
            })),
        ];
        assert_eq!(list(&world, &second, json!({})), expected);
    }

    #[test]
    fn users_see_their_own_root_users_and_the_parents_users_all() {
        let mut world = World::new();
        let cast = Cast::new(&mut world);
        let (own, others) = (world.log_in(&cast.owner, 900), world.log_in(&cast.other, 900));
        let (own, others) = (own.session().to_string(), others.session().to_string());
        for (name, caller) in cast.all() {
            if name == "stranger" {
                continue; // is refused before any query
            }
            let ask = |body| {
                let answer = world.query(caller, cast.sub, ROUTE, body)?;
                let shown = answer["sessions"].as_array().unwrap().clone();
                Ok::<_, RequestError>(
                    ids(&shown).into_iter().map(str::to_owned).collect::<Vec<_>>(),
                )
            };
            let (all, of_owner) =
                (ask(json!({})).unwrap(), ask(json!({ "userId": cast.owner.user })));
            match name {
                "owner" => assert_eq!(all, [&*own], "{name}"),
                "other" => assert_eq!(all, [&*others], "{name}"),
                _ => assert_eq!(all.len(), 2, "{name}"),
            }
            match of_owner {
                Ok(shown) => assert_eq!(shown, [&*own], "{name}"),
                Err(refusal) => {
                    assert_eq!(name, "other");
                    assert!(matches!(refusal, RequestError::PermissionDenied), "{refusal}");
                }
            }
        }
        let unknown = json!({ "userId": cast.sub });
        let refusal = world.query(&cast.root, cast.sub, ROUTE, unknown).unwrap_err();
        assert_eq!(refusal.status().http_status(), 404);
    }

    #[test]
    fn those_that_ended_are_shown_when_asked_for() {
        let mut world = World::new();
        let caller = world.root();
        let expires = world.log_in(&caller, 60).session().to_string();
        let idles = world.log_in(&caller, 900).session().to_string();
        let lasts = world.log_in(&caller, 900).session();
        let id = world.parent();
        world.edit(id).session_limits.idle_timeout_seconds = Some(60);
        world.now = world.now.plus_seconds(60);
        world.last_uses.insert(lasts, world.now);
        let shown = list(&world, &caller, json!({}));
        assert_eq!(ids(&shown), [lasts.to_string()]);
        let shown = list(&world, &caller, json!({ "includeExpired": true }));
        let mut all = ids(&shown);
        let mut expected = [expires.clone(), idles.clone(), lasts.to_string()];
        all.sort_unstable();
        expected.sort_unstable();
        assert_eq!(all, expected);
    }

    #[test]
    fn the_parents_limits_count() {
        let mut world = World::new();
        let (sub, caller) = world.sub_organization();
        world.log_in(&caller, 900);
        let parent = world.parent();
        world.edit(parent).session_limits.absolute_lifetime_seconds = Some(600);
        let answer = world.query(&caller, sub, ROUTE, json!({})).unwrap();
        let ends = time(world.now.as_seconds() + 600);
        assert_eq!(answer["sessions"][0]["expiresAt"], ends);
    }
}
