//! `SET_SESSION_LIMITS`: what no session of the organization may exceed, those that are open included.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::model::SessionLimits,
    crate::engine::{Caller, Context},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::{InvalidRequest, Namespace, value};

/// Least of either limit: last uses are kept to the minute.
const LEAST_SECONDS: u64 = 60;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetSessionLimitsIntent {
    /// Seconds after its last use that a session ends, decimal, at least 60; no such limit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_timeout_seconds: Option<String>,
    /// Seconds after the log-in that a session ends, and every session it was refreshed to, decimal, at
    /// least 60; no such limit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absolute_lifetime_seconds: Option<String>,
}

/// What it answers: the limits in force, which are those of the parent where these are stricter.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetSessionLimitsResult {
    /// Seconds, decimal; absent when there is no such limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_timeout_seconds: Option<String>,
    /// Seconds, decimal; absent when there is no such limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absolute_lifetime_seconds: Option<String>,
}

/// As it is meant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SetSessionLimits {
    idle_timeout_seconds: Option<u64>,
    absolute_lifetime_seconds: Option<u64>,
}

impl TryFrom<SetSessionLimitsIntent> for SetSessionLimits {
    type Error = InvalidRequest;

    fn try_from(intent: SetSessionLimitsIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            idle_timeout_seconds: limit("idleTimeoutSeconds", intent.idle_timeout_seconds)?,
            absolute_lifetime_seconds: limit(
                "absoluteLifetimeSeconds",
                intent.absolute_lifetime_seconds,
            )?,
        })
    }
}

/// Nothing but an absent member lifts a limit: not what a form sends that was left empty.
fn limit(field: &'static str, text: Option<String>) -> Result<Option<u64>, InvalidRequest> {
    let Some(text) = text else { return Ok(None) };
    let seconds = value::expiration_seconds(Some(text)).ok().flatten();
    seconds.filter(|seconds| *seconds >= LEAST_SECONDS).map(Some).ok_or_else(|| {
        let rule = "must be whole seconds, at least 60; absent for no limit";
        InvalidRequest::new(format!("invalid {field}: {rule}")).at(field, rule)
    })
}

impl Activity for SetSessionLimits {
    const NAMESPACE: Namespace = Namespace::Keyward;
    const ROUTE: &'static str = "set_session_limits";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<SetSessionLimitsIntent>(
        "ACTIVITY_TYPE_SET_SESSION_LIMITS",
        "setSessionLimitsIntent",
        "setSessionLimitsResult",
    )];
    type Intent = SetSessionLimitsIntent;
    type Output = SetSessionLimitsResult;
}

#[cfg(feature = "engine")]
impl Execute for SetSessionLimits {
    const POLICY: Option<(Resource, Action)> = None;

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<SetSessionLimitsResult, RequestError> {
        context.edit().session_limits = SessionLimits {
            idle_timeout_seconds: self.idle_timeout_seconds,
            absolute_lifetime_seconds: self.absolute_lifetime_seconds,
        };
        let in_force = context.session_limits();
        let text = |seconds: Option<u64>| seconds.map(|seconds| seconds.to_string());
        Ok(SetSessionLimitsResult {
            idle_timeout_seconds: text(in_force.idle_timeout_seconds),
            absolute_lifetime_seconds: text(in_force.absolute_lifetime_seconds),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::testing::{Cast, World};
    use crate::wire::id::OrganizationId;

    const KIND: &str = "ACTIVITY_TYPE_SET_SESSION_LIMITS";

    fn set(world: &mut World, id: OrganizationId, intent: Value) -> Result<Value, RequestError> {
        let root = world.organization(id).root_quorum.users[0];
        let root = world.caller(id, root);
        world.submit(&root, id, KIND, intent)
    }

    #[test]
    fn root_users_may_and_nobody_of_the_parent() {
        let allowed = Cast::allowed(|world, cast, caller| {
            world.submit(caller, cast.sub, KIND, json!({ "idleTimeoutSeconds": "60" }))
        });
        assert_eq!(allowed, ["root"]);
    }

    #[test]
    fn an_absent_limit_is_lifted() {
        let mut world = World::new();
        let id = world.parent();
        let both = json!({ "idleTimeoutSeconds": "600", "absoluteLifetimeSeconds": "86400" });
        assert_eq!(set(&mut world, id, both.clone()).unwrap(), both);
        assert_eq!(world.organization(id).session_limits.idle_timeout_seconds, Some(600));
        let one = json!({ "idleTimeoutSeconds": null, "absoluteLifetimeSeconds": "3600" });
        let result = set(&mut world, id, one).unwrap();
        assert_eq!(result, json!({ "absoluteLifetimeSeconds": "3600" }));
        assert_eq!(set(&mut world, id, json!({})).unwrap(), json!({}));
        assert!(world.organization(id).session_limits.is_none());
    }

    #[test]
    fn answers_with_the_stricter_limit_of_the_parent() {
        let mut world = World::new();
        let (sub, _) = world.sub_organization();
        let parent = world.parent();
        set(&mut world, parent, json!({ "idleTimeoutSeconds": "300" })).unwrap();
        let asked = json!({ "idleTimeoutSeconds": "600", "absoluteLifetimeSeconds": "60" });
        let result = set(&mut world, sub, asked).unwrap();
        let in_force = json!({ "idleTimeoutSeconds": "300", "absoluteLifetimeSeconds": "60" });
        assert_eq!(result, in_force);
        // What was asked is kept for the day the parent allows more.
        assert_eq!(world.organization(sub).session_limits.idle_timeout_seconds, Some(600));
    }

    #[test]
    fn refuses_less_than_a_minute_and_what_is_no_number() {
        let mut world = World::new();
        let id = world.parent();
        for bad in ["0", "59", "", "-60", "60.5", "forever", "99999999999999999999"] {
            for field in ["idleTimeoutSeconds", "absoluteLifetimeSeconds"] {
                let refusal = set(&mut world, id, json!({ field: bad })).unwrap_err();
                let rule = "must be whole seconds, at least 60; absent for no limit";
                assert_eq!(refusal.to_string(), format!("invalid {field}: {rule}"), "{bad}");
            }
        }
    }
}
