//! `list_session_events`: when sessions were opened, refreshed and ended, and by whom.
//!
//! The events stand in the activities that made them. A page is a page of those activities, so it may
//! hold more events than its limit, fewer, or none although there are more: `nextBefore` says so.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, Reads, View},
    crate::activities,
    crate::engine::ActivityRecord,
    crate::engine::sessions::Event,
    crate::wire::enums::ActivityStatus,
    crate::wire::{InvalidRequest, Page, RequestError},
};

use crate::wire::enums::{AuthenticationType, SessionEventType, SessionType};
use crate::wire::{Namespace, Pagination, WireTime};

/// The routes of the activities that open or end sessions.
#[cfg(feature = "engine")]
const ROUTES: &[&str] = &[
    "create_api_keys",
    "create_read_only_session",
    "create_read_write_session",
    "delete_api_keys",
    "delete_authenticators",
    "delete_oauth_providers",
    "delete_users",
    "email_auth",
    "init_user_email_recovery",
    "oauth",
    "oauth_login",
    "otp_auth",
    "otp_login",
    "recover_user",
    "revoke_session",
    "revoke_sessions",
    "stamp_login",
    "update_user",
    "update_user_email",
    "update_user_phone_number",
];

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListSessionEvents {
    /// The organization.
    pub organization_id: String,
    /// Whose sessions. When absent, all that the caller may see, as in `list_sessions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Which page, of activities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagination_options: Option<Pagination>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListSessionEventsResponse {
    /// Newest first.
    pub session_events: Vec<SessionEvent>,
    /// What to give as `paginationOptions.before` for the next page; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_before: Option<String>,
}

/// Something that happened to a session.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionEvent {
    /// What.
    #[serde(rename = "type")]
    pub kind: SessionEventType,
    /// The session.
    pub session_id: String,
    /// Whose it is or was.
    pub user_id: String,
    /// What it may or might do.
    pub session_type: SessionType,
    /// How the user logged in; absent for sessions of an earlier release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<AuthenticationType>,
    /// The session it goes on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refreshed_from: Option<String>,
    /// The activity that did it.
    pub activity_id: String,
    /// `ACTIVITY_TYPE_…`.
    pub activity_type: String,
    /// The user who submitted that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_user_id: Option<String>,
    /// When.
    pub created_at: WireTime,
}

impl Query for ListSessionEvents {
    const NAMESPACE: Namespace = Namespace::Keyward;
    const ROUTE: &'static str = "list_session_events";
    type Response = ListSessionEventsResponse;
}

#[cfg(feature = "engine")]
impl Answer for ListSessionEvents {
    fn reads(&self) -> Result<Reads, InvalidRequest> {
        let touching = activities::REGISTRY.iter().filter(|entry| ROUTES.contains(&entry.route));
        Ok(Reads::Activities {
            kinds: touching
                .flat_map(activities::Entry::versions)
                .map(|version| version.kind.to_owned())
                .collect(),
            statuses: vec![ActivityStatus::Completed],
            page: self.pagination_options.clone().try_into()?,
        })
    }

    fn answer(
        self,
        view: &View<'_>,
        found: Found,
    ) -> Result<ListSessionEventsResponse, RequestError> {
        let of = view.sessions_of(self.user_id.as_deref())?;
        let page = Page::try_from(self.pagination_options)?;
        let activities = match found {
            Found::Activities(activities) => activities,
            _ => Vec::new(),
        };
        let is_full = u32::try_from(activities.len()).is_ok_and(|length| length >= page.limit);
        let next_before = activities.last().filter(|_| is_full).map(|last| last.id.to_string());
        let session_events = activities
            .iter()
            .flat_map(|activity| activity.events.iter().map(move |event| (activity, event)))
            .filter(|(_, event)| of.is_none_or(|user| event.user == user))
            .map(|(activity, event)| show(activity, event))
            .collect();
        Ok(ListSessionEventsResponse { session_events, next_before })
    }
}

#[cfg(feature = "engine")]
fn show(activity: &ActivityRecord, event: &Event) -> SessionEvent {
    SessionEvent {
        kind: event.kind.into(),
        session_id: event.session.to_string(),
        user_id: event.user.to_string(),
        session_type: event.session_type,
        method: event.method,
        refreshed_from: event.refreshed_from.map(|former| former.to_string()),
        activity_id: activity.id.to_string(),
        activity_type: activity.kind.clone(),
        by_user_id: activity.proposer().map(|user| user.to_string()),
        // The events are those of the last change, which is when the activity was carried out.
        created_at: activity.updated_at.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::engine::Caller;
    use crate::engine::testing::{Cast, World};
    use crate::wire::RequestError;

    const ROUTE: &str = "list_session_events";

    /// Type and session of each event.
    fn list(world: &World, caller: &Caller, body: Value) -> Vec<(String, String)> {
        let answer = world.query(caller, caller.organization, ROUTE, body).unwrap();
        let events = answer["sessionEvents"].as_array().unwrap().iter();
        let text =
            |value: &Value| value.as_str().unwrap().trim_start_matches("SESSION_EVENT_").to_owned();
        events.map(|event| (text(&event["type"]), text(&event["sessionId"]))).collect()
    }

    fn event(kind: &str, session: &Caller) -> (String, String) {
        (kind.to_owned(), session.session().to_string())
    }

    fn log_in_alone(world: &mut World, caller: &Caller) {
        let intent = json!({ "publicKey": world.public_key(), "invalidateExisting": true });
        world.submit(caller, caller.organization, "ACTIVITY_TYPE_STAMP_LOGIN", intent).unwrap();
    }

    #[test]
    fn says_what_happened_and_who_did_it() {
        let mut world = World::new();
        let (root, caller) = (world.root(), world.user(world.parent()));
        let session = world.log_in(&caller, 900);
        world.now = world.now.plus_seconds(1);
        let refreshed = world.log_in(&session, 900);
        world.now = world.now.plus_seconds(1);
        let intent = json!({ "sessionId": refreshed.session() });
        world.submit(&root, world.parent(), "ACTIVITY_TYPE_REVOKE_SESSION", intent).unwrap();
        let expected = [
            event("REVOKED", &refreshed),
            event("REFRESHED", &refreshed),
            event("OPENED", &session),
        ];
        assert_eq!(list(&world, &root, json!({})), expected);
        let answer = world.query(&root, world.parent(), ROUTE, json!({})).unwrap();
        let expected = json!({
            "type": "SESSION_EVENT_REVOKED",
            "sessionId": refreshed.session(),
            "userId": caller.user,
            "sessionType": "SESSION_TYPE_READ_WRITE",
            "method": "AUTHENTICATION_TYPE_SESSION",
            "refreshedFrom": session.session(),
            "activityId": world.activities[2].id,
            "activityType": "ACTIVITY_TYPE_REVOKE_SESSION",
            "byUserId": root.user,
            "createdAt": { "seconds": world.now.as_seconds().to_string(), "nanos": "0" },
        });
        assert_eq!(answer["sessionEvents"][0], expected);
        assert!(answer.get("nextBefore").is_none());
    }

    #[test]
    fn room_is_made_and_others_are_ended() {
        let mut world = World::new();
        let caller = world.root();
        let mut opened = Vec::new();
        for _ in 0..11 {
            world.now = world.now.plus_seconds(1);
            opened.push(world.log_in(&caller, 900));
        }
        let newest = list(&world, &caller, json!({ "paginationOptions": { "limit": "1" } }));
        assert_eq!(newest, [event("OPENED", &opened[10]), event("EVICTED", &opened[0])]);
        world.now = world.now.plus_seconds(1);
        log_in_alone(&mut world, &caller);
        let newest = list(&world, &caller, json!({ "paginationOptions": { "limit": "1" } }));
        assert_eq!(newest.len(), 11);
        assert_eq!(newest[0].0, "OPENED");
        let ended: Vec<_> = opened[1..].iter().map(|session| event("REVOKED", session)).collect();
        assert_eq!(newest[1..], ended);
    }

    #[test]
    fn room_made_by_those_that_had_ended_is_no_event() {
        let mut world = World::new();
        let caller = world.root();
        for _ in 0..10 {
            world.log_in(&caller, 60);
        }
        world.now = world.now.plus_seconds(60);
        let eleventh = world.log_in(&caller, 60);
        let newest = list(&world, &caller, json!({ "paginationOptions": { "limit": "1" } }));
        assert_eq!(newest, [event("OPENED", &eleventh)]);
        let user = world.organization(world.parent()).user(caller.user).unwrap();
        assert_eq!(user.api_keys.len(), 2);
    }

    #[test]
    fn a_new_key_that_expires_makes_room_too() {
        let mut world = World::new();
        let caller = world.root();
        let mut opened = Vec::new();
        for _ in 0..10 {
            world.now = world.now.plus_seconds(1);
            opened.push(world.log_in(&caller, 900));
        }
        let key = json!({
            "apiKeyName": "short",
            "publicKey": world.public_key(),
            "curveType": "API_KEY_CURVE_P256",
            "expirationSeconds": "60",
        });
        let intent = json!({ "userId": caller.user, "apiKeys": [key] });
        world.now = world.now.plus_seconds(1);
        let kind = "ACTIVITY_TYPE_CREATE_API_KEYS_V2";
        world.submit(&caller, caller.organization, kind, intent).unwrap();
        let newest = list(&world, &caller, json!({ "paginationOptions": { "limit": "1" } }));
        assert_eq!(newest, [event("EVICTED", &opened[0])]);
    }

    #[test]
    fn a_page_is_one_of_activities_and_says_where_the_next_begins() {
        let mut world = World::new();
        let (root, user) = (world.root(), world.user(world.parent()));
        for caller in [&user, &root, &root] {
            world.now = world.now.plus_seconds(1);
            world.log_in(caller, 900);
        }
        let page = |before: Option<&str>| {
            let mut body = json!({ "paginationOptions": { "limit": "2" } });
            if let Some(before) = before {
                body["paginationOptions"]["before"] = before.into();
            }
            world.query(&user, world.parent(), ROUTE, body).unwrap()
        };
        // Nothing on it is the user's, and yet it is not the last.
        let first = page(None);
        assert_eq!(first["sessionEvents"], json!([]));
        let next = first["nextBefore"].as_str().unwrap();
        assert_eq!(next, world.activities[1].id.to_string());
        let second = page(Some(next));
        assert_eq!(second["sessionEvents"].as_array().unwrap().len(), 1);
        assert!(second.get("nextBefore").is_none());
    }

    #[test]
    fn users_see_their_own_and_those_deleted_are_not_forgotten() {
        let mut world = World::new();
        let cast = Cast::new(&mut world);
        world.log_in(&cast.owner, 900);
        world.log_in(&cast.other, 900);
        let count = |world: &World, caller: &Caller, body| {
            let answer = world.query(caller, cast.sub, ROUTE, body)?;
            Ok::<_, RequestError>(answer["sessionEvents"].as_array().unwrap().len())
        };
        for (name, caller) in cast.all() {
            let expected = match name {
                "owner" | "other" => 1,
                "stranger" => continue, // is refused before any query
                _ => 2,
            };
            assert_eq!(count(&world, caller, json!({})).unwrap(), expected, "{name}");
        }
        let of_owner = json!({ "userId": cast.owner.user });
        let refusal = count(&world, &cast.other, of_owner.clone()).unwrap_err();
        assert!(matches!(refusal, RequestError::PermissionDenied), "{refusal}");
        let doomed = json!({ "userIds": [cast.owner.user] });
        world.submit(&cast.root, cast.sub, "ACTIVITY_TYPE_DELETE_USERS", doomed).unwrap();
        assert_eq!(count(&world, &cast.root, of_owner).unwrap(), 2);
    }
}
