//! `REVOKE_SESSION`: ends one session, with the read-only sessions it opened.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, Rule, Sessions, sessions},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::{InvalidRequest, Namespace, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokeSessionIntent {
    /// The session, read-only or read-write.
    pub session_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokeSessionResult {
    /// The session that is gone.
    pub session_id: String,
}

/// As it is meant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RevokeSession {
    id: Uuid,
}

impl TryFrom<RevokeSessionIntent> for RevokeSession {
    type Error = InvalidRequest;

    fn try_from(intent: RevokeSessionIntent) -> Result<Self, InvalidRequest> {
        Ok(Self { id: value::id("sessionId", &intent.session_id)? })
    }
}

impl Activity for RevokeSession {
    const NAMESPACE: Namespace = Namespace::Keyward;
    const ROUTE: &'static str = "revoke_session";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<RevokeSessionIntent>(
        "ACTIVITY_TYPE_REVOKE_SESSION",
        "revokeSessionIntent",
        "revokeSessionResult",
    )];
    type Intent = RevokeSessionIntent;
    type Output = RevokeSessionResult;
}

#[cfg(feature = "engine")]
impl Execute for RevokeSession {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Credential, Action::Delete));

    fn rule(&self) -> Rule {
        Rule::Sessions(Sessions::One(self.id))
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<RevokeSessionResult, RequestError> {
        let ended = sessions::end(context.edit(), |found| found.id == self.id);
        // It was there when the request was allowed.
        let id = ended.first().copied().unwrap_or(self.id);
        Ok(RevokeSessionResult { session_id: id.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::testing::{Cast, World};

    const KIND: &str = "ACTIVITY_TYPE_REVOKE_SESSION";

    fn revoke(world: &mut World, caller: &Caller, session: &Caller) -> Result<Value, RequestError> {
        let intent = json!({ "sessionId": session.session() });
        world.submit(caller, session.organization, KIND, intent)
    }

    fn count(world: &World, caller: &Caller) -> usize {
        sessions::of(world.organization(caller.organization).user(caller.user).unwrap()).count()
    }

    #[test]
    fn its_user_root_users_and_the_parents_root_users_may() {
        let allowed = Cast::allowed(|world, cast, caller| {
            let session = world.log_in(&cast.owner, 900);
            let asked = revoke(world, caller, &session);
            assert_eq!(count(world, &cast.owner), usize::from(asked.is_err()));
            asked
        });
        assert_eq!(allowed, ["owner", "root", "parent root"]);
    }

    #[test]
    fn takes_its_key_and_the_read_only_sessions_it_opened_and_nothing_else() {
        let mut world = World::new();
        let caller = world.user(world.parent());
        let (session, kept) = (world.log_in(&caller, 900), world.log_in(&caller, 900));
        let (read_only, kept_too) = (world.read_only(&session), world.read_only(&kept));
        let result = revoke(&mut world, &session, &session).unwrap();
        assert_eq!(result, json!({ "sessionId": session.session() }));
        let user = world.organization(caller.organization).user(caller.user).unwrap();
        let left: Vec<_> = sessions::of(user).map(|found| found.id).collect();
        assert_eq!(left, [kept.session(), kept_too.session()]);
        assert!(user.api_keys.iter().any(|key| key.id.0 == caller.session()));
        let activity = world.activities.last().unwrap();
        let ended: Vec<_> =
            activity.events.iter().map(|event| (event.kind, event.session)).collect();
        let revoked = sessions::EventKind::Revoked;
        assert_eq!(ended, [(revoked, session.session()), (revoked, read_only.session())]);
    }

    #[test]
    fn a_read_only_session_goes_alone() {
        let mut world = World::new();
        let caller = world.root();
        let session = world.log_in(&caller, 900);
        let read_only = world.read_only(&session);
        revoke(&mut world, &caller, &read_only).unwrap();
        assert_eq!(count(&world, &caller), 1);
    }

    #[test]
    fn what_is_no_session_is_not_found() {
        let mut world = World::new();
        let caller = world.root();
        // The id is that of a key that lasts.
        let refusal = revoke(&mut world, &caller, &caller).unwrap_err();
        assert_eq!(refusal.status().http_status(), 404);
        let intent = json!({ "sessionId": "this one" });
        let refusal = world.submit(&caller, world.parent(), KIND, intent).unwrap_err();
        assert_eq!(refusal.to_string(), "invalid sessionId: must be a UUID");
    }
}
