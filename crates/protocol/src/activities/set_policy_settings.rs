//! `SET_POLICY_SETTINGS`: how the policies of an organization are understood.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::{InvalidRequest, Namespace};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetPolicySettingsIntent {
    /// Whether every policy that denies also denies where it errs.
    pub deny_on_error: bool,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetPolicySettingsResult {
    /// As it is from now on.
    pub deny_on_error: bool,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct SetPolicySettings {
    denies_on_error: bool,
}

impl TryFrom<SetPolicySettingsIntent> for SetPolicySettings {
    type Error = InvalidRequest;

    fn try_from(intent: SetPolicySettingsIntent) -> Result<Self, InvalidRequest> {
        Ok(Self { denies_on_error: intent.deny_on_error })
    }
}

impl Activity for SetPolicySettings {
    const NAMESPACE: Namespace = Namespace::Keyward;
    const ROUTE: &'static str = "set_policy_settings";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<SetPolicySettingsIntent>(
        "ACTIVITY_TYPE_SET_POLICY_SETTINGS",
        "setPolicySettingsIntent",
        "setPolicySettingsResult",
    )];
    type Intent = SetPolicySettingsIntent;
    type Output = SetPolicySettingsResult;
}

#[cfg(feature = "engine")]
impl Execute for SetPolicySettings {
    const POLICY: Option<(Resource, Action)> = None;

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<SetPolicySettingsResult, RequestError> {
        context.edit().denies_on_error = self.denies_on_error;
        Ok(SetPolicySettingsResult { deny_on_error: self.denies_on_error })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::testing::World;

    #[test]
    fn a_guard_that_errs_denies_once_it_is_on() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        let user = world.user(parent);
        for (name, effect, condition) in
            [("all", "EFFECT_ALLOW", "true"), ("guard", "EFFECT_DENY", "eth.tx.value > 1")]
        {
            let policy = json!({ "policyName": name, "effect": effect, "condition": condition, "notes": "" });
            world.submit(&root, parent, "ACTIVITY_TYPE_CREATE_POLICY_V3", policy).unwrap();
        }
        let tag = |name: &str| json!({ "userTagName": name, "userIds": [] });
        let create = "ACTIVITY_TYPE_CREATE_USER_TAG";
        world.submit(&user, parent, create, tag("before")).unwrap();
        let kind = "ACTIVITY_TYPE_SET_POLICY_SETTINGS";
        world.refusal(&user, parent, kind, json!({ "denyOnError": false }));
        world.submit(&root, parent, kind, json!({ "denyOnError": true })).unwrap();
        world.refusal(&user, parent, create, tag("after"));
    }
}
