//! `DISABLE_AUTH_PROXY`: takes the auth proxy away, with its user, its key and how it was set up.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, Rule, auth_proxy},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::InvalidRequest;

/// As it travels: nothing.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct DisableAuthProxyIntent {}

/// What it answers: nothing.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct DisableAuthProxyResult {}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct DisableAuthProxy;

impl TryFrom<DisableAuthProxyIntent> for DisableAuthProxy {
    type Error = InvalidRequest;

    fn try_from(_: DisableAuthProxyIntent) -> Result<Self, InvalidRequest> {
        Ok(Self)
    }
}

impl Activity for DisableAuthProxy {
    const ROUTE: &'static str = "disable_auth_proxy";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<DisableAuthProxyIntent>(
        "ACTIVITY_TYPE_DISABLE_AUTH_PROXY",
        "disableAuthProxyIntent",
        "disableAuthProxyResult",
    )];
    type Intent = DisableAuthProxyIntent;
    type Output = DisableAuthProxyResult;
}

#[cfg(feature = "engine")]
impl Execute for DisableAuthProxy {
    const POLICY: Option<(Resource, Action)> = Some((Resource::AuthProxy, Action::Delete));

    fn rule(&self) -> Rule {
        Rule::ParentOnly
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<DisableAuthProxyResult, RequestError> {
        let (organization, changes, _) = context.edit_with();
        auth_proxy::disable(organization, changes);
        Ok(DisableAuthProxyResult {})
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::activities::enable_auth_proxy::tests::enable;
    use crate::engine::testing::World;

    const KIND: &str = "ACTIVITY_TYPE_DISABLE_AUTH_PROXY";

    #[test]
    fn leaves_everything_as_it_was_before_and_may_be_repeated() {
        let mut world = World::new();
        let before = world.organization(world.parent()).clone();
        let proxy = enable(&mut world);
        for _ in 0..2 {
            let result = world.submit(&world.root(), world.parent(), KIND, json!({}));
            assert_eq!(result.unwrap(), json!({}));
            assert_eq!(*world.organization(world.parent()), before);
            assert!(world.secrets.is_empty());
        }
        assert_ne!(enable(&mut world).user, proxy.user);
    }

    #[test]
    fn only_the_root_quorum_may() {
        let mut world = World::new();
        let proxy = enable(&mut world);
        let user = world.user(world.parent());
        for caller in [user, proxy] {
            let refusal = world.submit(&caller, world.parent(), KIND, json!({})).unwrap_err();
            assert_eq!(refusal.status().http_status(), 403, "{refusal}");
        }
    }
}
