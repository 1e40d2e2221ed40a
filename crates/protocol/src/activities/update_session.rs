//! `UPDATE_SESSION`: names a session, for lists that people read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, Rule, sessions},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::{InvalidRequest, Namespace, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateSessionIntent {
    /// The session, read-only or read-write.
    pub session_id: String,
    /// What it is called from now on; sessions it is refreshed to are called the same.
    pub label: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateSessionResult {
    /// The session.
    pub session_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateSession {
    id: Uuid,
    label: String,
}

impl TryFrom<UpdateSessionIntent> for UpdateSession {
    type Error = InvalidRequest;

    fn try_from(intent: UpdateSessionIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            id: value::id("sessionId", &intent.session_id)?,
            label: value::label("label", intent.label)?,
        })
    }
}

impl Activity for UpdateSession {
    const NAMESPACE: Namespace = Namespace::Keyward;
    const ROUTE: &'static str = "update_session";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<UpdateSessionIntent>(
        "ACTIVITY_TYPE_UPDATE_SESSION",
        "updateSessionIntent",
        "updateSessionResult",
    )];
    type Intent = UpdateSessionIntent;
    type Output = UpdateSessionResult;
}

#[cfg(feature = "engine")]
impl Execute for UpdateSession {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Credential, Action::Update));

    fn rule(&self) -> Rule {
        Rule::OwnSession(self.id)
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<UpdateSessionResult, RequestError> {
        sessions::label(context.edit(), self.id, self.label)?;
        Ok(UpdateSessionResult { session_id: self.id.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::testing::{Cast, World};

    const KIND: &str = "ACTIVITY_TYPE_UPDATE_SESSION";

    fn name(
        world: &mut World,
        caller: &Caller,
        session: &Caller,
        label: &str,
    ) -> Result<Value, RequestError> {
        let intent = json!({ "sessionId": session.session(), "label": label });
        world.submit(caller, session.organization, KIND, intent)
    }

    fn label(world: &World, session: &Caller) -> Option<String> {
        sessions::all(world.organization(session.organization))
            .find(|found| found.id == session.session())?
            .session()?
            .label
            .clone()
    }

    #[test]
    fn its_user_and_root_users_may_and_nobody_of_the_parent() {
        let allowed = Cast::allowed(|world, cast, caller| {
            let session = world.log_in(&cast.owner, 900);
            let asked = name(world, caller, &session, "phone");
            assert_eq!(label(world, &session).is_some(), asked.is_ok());
            asked
        });
        assert_eq!(allowed, ["owner", "root"]);
    }

    #[test]
    fn the_name_stays_when_the_session_is_refreshed() {
        let mut world = World::new();
        let caller = world.root();
        let session = world.log_in(&caller, 900);
        let result = name(&mut world, &session, &session, "phone").unwrap();
        assert_eq!(result, json!({ "sessionId": session.session() }));
        let refreshed = world.log_in(&session, 900);
        assert_eq!(label(&world, &refreshed).as_deref(), Some("phone"));
        // A log-in is not a refresh.
        let another = world.log_in(&caller, 900);
        assert_eq!(label(&world, &another), None);
        let read_only = world.read_only(&caller);
        name(&mut world, &caller, &read_only, "reader").unwrap();
        assert_eq!(label(&world, &read_only).as_deref(), Some("reader"));
    }

    #[test]
    fn refuses_names_that_are_none_and_sessions_there_are_not() {
        let mut world = World::new();
        let caller = world.root();
        let session = world.log_in(&caller, 900);
        let refusal = name(&mut world, &caller, &session, "\u{7}").unwrap_err();
        assert_eq!(refusal.status().http_status(), 400);
        let refusal = name(&mut world, &caller, &caller, "key").unwrap_err();
        assert_eq!(refusal.status().http_status(), 404);
        // As an earlier release kept it.
        for user in &mut world.edit(caller.organization).users {
            user.api_keys.iter_mut().for_each(|key| key.session = None);
        }
        let refusal = name(&mut world, &caller, &session, "old").unwrap_err();
        assert_eq!(refusal.to_string(), "sessions of an earlier release can't be named");
    }
}
