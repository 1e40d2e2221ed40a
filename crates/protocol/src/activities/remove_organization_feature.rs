//! `REMOVE_ORGANIZATION_FEATURE`: turns a feature off. One that is off already stays so.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, view},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::parameters;
use crate::wire::InvalidRequest;
use crate::wire::enums::FeatureName;
use crate::wire::objects::Feature;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct RemoveOrganizationFeatureIntent {
    /// Which.
    pub name: FeatureName,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct RemoveOrganizationFeatureResult {
    /// All features that are on.
    pub features: Vec<Feature>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoveOrganizationFeature {
    name: FeatureName,
}

impl TryFrom<RemoveOrganizationFeatureIntent> for RemoveOrganizationFeature {
    type Error = InvalidRequest;

    fn try_from(intent: RemoveOrganizationFeatureIntent) -> Result<Self, InvalidRequest> {
        Ok(Self { name: parameters::feature(intent.name) })
    }
}

impl Activity for RemoveOrganizationFeature {
    const ROUTE: &'static str = "remove_organization_feature";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<RemoveOrganizationFeatureIntent>(
        "ACTIVITY_TYPE_REMOVE_ORGANIZATION_FEATURE",
        "removeOrganizationFeatureIntent",
        "removeOrganizationFeatureResult",
    )];
    type Intent = RemoveOrganizationFeatureIntent;
    type Output = RemoveOrganizationFeatureResult;
}

#[cfg(feature = "engine")]
impl Execute for RemoveOrganizationFeature {
    const POLICY: Option<(Resource, Action)> = None;

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<RemoveOrganizationFeatureResult, RequestError> {
        let organization = context.edit();
        organization.features.remove(&self.name);
        Ok(RemoveOrganizationFeatureResult { features: view::features(organization) })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::testing::World;

    #[test]
    fn a_feature_that_was_removed_is_off() {
        let mut world = World::new();
        let id = world.parent();
        world.edit(id).features.insert(FeatureName::EmailRecovery, None);
        world.edit(id).features.insert(FeatureName::SmsAuth, None);
        let kind = "ACTIVITY_TYPE_REMOVE_ORGANIZATION_FEATURE";
        for name in ["FEATURE_NAME_ROOT_USER_EMAIL_RECOVERY", "FEATURE_NAME_WEBHOOK"] {
            let result = world.submit(&world.root(), id, kind, json!({ "name": name })).unwrap();
            assert_eq!(result, json!({ "features": [{ "name": "FEATURE_NAME_SMS_AUTH" }] }));
        }
    }
}
