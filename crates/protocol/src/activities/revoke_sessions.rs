//! `REVOKE_SESSIONS`: ends all sessions of a user or of the organization: "log out everywhere".

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, Rule, Sessions, sessions},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::id::UserId;
use crate::wire::{InvalidRequest, Namespace, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokeSessionsIntent {
    /// Whose; the caller's own when this and `allUsers` are absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Whether those of every user of the organization end. Not beside `userId`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_users: Option<bool>,
    /// Whether the session that stamps the request stays, and the read-only sessions it opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub except_current: Option<bool>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokeSessionsResult {
    /// The sessions that are gone and would have lasted longer.
    pub session_ids: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RevokeSessions {
    whose: Whose,
    except_current: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Whose {
    Own,
    User(UserId),
    All,
}

impl TryFrom<RevokeSessionsIntent> for RevokeSessions {
    type Error = InvalidRequest;

    fn try_from(intent: RevokeSessionsIntent) -> Result<Self, InvalidRequest> {
        let whose = match (intent.user_id, intent.all_users.unwrap_or_default()) {
            (Some(_), true) => {
                return Err(InvalidRequest::new("userId and allUsers exclude each other"));
            }
            (None, true) => Whose::All,
            (Some(id), false) => Whose::User(value::id("userId", &id)?),
            (None, false) => Whose::Own,
        };
        Ok(Self { whose, except_current: intent.except_current.unwrap_or_default() })
    }
}

impl Activity for RevokeSessions {
    const NAMESPACE: Namespace = Namespace::Keyward;
    const ROUTE: &'static str = "revoke_sessions";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<RevokeSessionsIntent>(
        "ACTIVITY_TYPE_REVOKE_SESSIONS",
        "revokeSessionsIntent",
        "revokeSessionsResult",
    )];
    type Intent = RevokeSessionsIntent;
    type Output = RevokeSessionsResult;
}

#[cfg(feature = "engine")]
impl Execute for RevokeSessions {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Credential, Action::Delete));

    fn rule(&self) -> Rule {
        Rule::Sessions(match self.whose {
            Whose::Own => Sessions::Own,
            Whose::User(user) => Sessions::User(user),
            Whose::All => Sessions::Organization,
        })
    }

    fn execute(
        self,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<RevokeSessionsResult, RequestError> {
        let (now, limits) = (context.now, context.session_limits());
        let of = match self.whose {
            Whose::Own => Some(caller.user),
            Whose::User(user) => Some(user),
            Whose::All => None,
        };
        if let Some(user) = of {
            context.organization().user(user)?;
        }
        // Only a session is kept, and what it opened: not what a lasting credential opened.
        let current = sessions::all(context.organization())
            .any(|found| found.is(caller.credential.id))
            .then_some(caller.credential.id)
            .filter(|_| self.except_current);
        let stays = |found: &sessions::Found<'_>| {
            current.is_some_and(|id| found.is(id) || found.opened_read_only_by(id))
        };
        let lasting: Vec<_> = sessions::all(context.organization())
            .filter(|found| found.expires_at(limits) > now)
            .map(|found| found.id)
            .collect();
        let ended = sessions::end(context.edit(), |found| {
            of.is_none_or(|user| found.user.id == user) && !stays(found)
        });
        let ended = ended.iter().filter(|id| lasting.contains(id));
        Ok(RevokeSessionsResult { session_ids: ended.map(ToString::to_string).collect() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;
    use crate::engine::testing::{Cast, World};
    use crate::wire::id::OrganizationId;

    const KIND: &str = "ACTIVITY_TYPE_REVOKE_SESSIONS";

    fn left(world: &World, organization: OrganizationId) -> Vec<Uuid> {
        sessions::all(world.organization(organization)).map(|found| found.id).collect()
    }

    fn ids(result: &Value) -> Vec<Uuid> {
        serde_json::from_value(result["sessionIds"].clone()).unwrap()
    }

    #[test]
    fn who_may_end_a_users_sessions() {
        let allowed = Cast::allowed(|world, cast, caller| {
            let session = world.log_in(&cast.owner, 900);
            let asked = world.submit(caller, cast.sub, KIND, json!({ "userId": cast.owner.user }));
            assert_eq!(left(world, cast.sub).contains(&session.session()), asked.is_err());
            asked
        });
        assert_eq!(allowed, ["owner", "root", "parent root"]);
    }

    #[test]
    fn who_may_end_everybodys_sessions() {
        let allowed = Cast::allowed(|world, cast, caller| {
            let sessions = [world.log_in(&cast.owner, 900), world.log_in(&cast.other, 900)];
            let asked = world.submit(caller, cast.sub, KIND, json!({ "allUsers": true }));
            assert_eq!(left(world, cast.sub).len(), if asked.is_ok() { 0 } else { sessions.len() });
            asked
        });
        assert_eq!(allowed, ["root", "parent root"]);
    }

    #[test]
    fn users_end_their_own_which_those_of_the_parent_do_not_have() {
        let allowed = Cast::allowed(|world, cast, caller| {
            let theirs = world.log_in(&cast.owner, 900);
            let is_owner = caller.user == cast.owner.user;
            let asked = world.submit(caller, cast.sub, KIND, json!({}));
            assert_eq!(left(world, cast.sub).contains(&theirs.session()), !is_owner);
            asked
        });
        assert_eq!(allowed, ["owner", "other", "root"]);
    }

    #[test]
    fn the_session_that_asks_stays_when_asked_with_what_it_opened() {
        let mut world = World::new();
        let caller = world.root();
        let (current, other) = (world.log_in(&caller, 900), world.log_in(&caller, 900));
        let kept = world.read_only(&current);
        let (gone, gone_too) = (world.read_only(&other), world.read_only(&caller));
        let intent = json!({ "exceptCurrent": true });
        let result = world.submit(&current, world.parent(), KIND, intent).unwrap();
        assert_eq!(ids(&result), [other.session(), gone.session(), gone_too.session()]);
        assert_eq!(left(&world, world.parent()), [current.session(), kept.session()]);
        let result = world.submit(&current, world.parent(), KIND, json!({})).unwrap();
        assert_eq!(ids(&result), [current.session(), kept.session()]);
    }

    #[test]
    fn a_key_that_lasts_is_no_session_to_keep() {
        let mut world = World::new();
        let caller = world.root();
        world.read_only(&caller);
        let intent = json!({ "allUsers": true, "exceptCurrent": true });
        world.submit(&caller, world.parent(), KIND, intent).unwrap();
        assert!(left(&world, world.parent()).is_empty());
        let user = world.organization(caller.organization).user(caller.user).unwrap();
        assert_eq!(user.api_keys.len(), 1);
    }

    #[test]
    fn those_that_had_ended_go_unmentioned() {
        let mut world = World::new();
        let caller = world.root();
        world.log_in(&caller, 60);
        world.now = world.now.plus_seconds(60);
        let result = world.submit(&caller, world.parent(), KIND, json!({})).unwrap();
        assert_eq!(result, json!({ "sessionIds": [] }));
        assert!(left(&world, world.parent()).is_empty());
        assert!(world.activities.last().unwrap().events.is_empty());
    }

    #[test]
    fn refuses_what_contradicts_itself_and_users_there_are_not() {
        let mut world = World::new();
        let caller = world.root();
        let both = json!({ "userId": caller.user, "allUsers": true });
        let refusal = world.submit(&caller, world.parent(), KIND, both).unwrap_err();
        assert_eq!(refusal.to_string(), "userId and allUsers exclude each other");
        for (user, status) in [(json!("me"), 400), (json!(world.parent()), 404)] {
            let intent = json!({ "userId": user, "allUsers": false });
            let refusal = world.submit(&caller, world.parent(), KIND, intent).unwrap_err();
            assert_eq!(refusal.status().http_status(), status, "{refusal}");
        }
    }
}
