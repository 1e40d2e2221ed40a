//! `UPDATE_ORGANIZATION_NAME`: an organization gets another name.

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

use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateOrganizationNameIntent {
    /// The new name.
    pub organization_name: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateOrganizationNameResult {
    /// The organization.
    pub organization_id: String,
    /// Its new name.
    pub organization_name: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateOrganizationName {
    name: String,
}

impl TryFrom<UpdateOrganizationNameIntent> for UpdateOrganizationName {
    type Error = InvalidRequest;

    fn try_from(intent: UpdateOrganizationNameIntent) -> Result<Self, InvalidRequest> {
        Ok(Self { name: value::label("organizationName", intent.organization_name)? })
    }
}

impl Activity for UpdateOrganizationName {
    const ROUTE: &'static str = "update_organization_name";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<UpdateOrganizationNameIntent>(
        "ACTIVITY_TYPE_UPDATE_ORGANIZATION_NAME",
        "updateOrganizationNameIntent",
        "updateOrganizationNameResult",
    )];
    type Intent = UpdateOrganizationNameIntent;
    type Output = UpdateOrganizationNameResult;
}

#[cfg(feature = "engine")]
impl Execute for UpdateOrganizationName {
    const POLICY: Option<(Resource, Action)> = None;

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<UpdateOrganizationNameResult, RequestError> {
        let organization = context.edit();
        organization.name = self.name;
        Ok(UpdateOrganizationNameResult {
            organization_id: organization.id.to_string(),
            organization_name: organization.name.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::testing::World;

    #[test]
    fn renames_the_organization() {
        let mut world = World::new();
        let kind = "ACTIVITY_TYPE_UPDATE_ORGANIZATION_NAME";
        let name = json!({ "organizationName": "Acme" });
        let result = world.submit(&world.root(), world.parent(), kind, name).unwrap();
        let id = world.parent().to_string();
        assert_eq!(result, json!({ "organizationId": id, "organizationName": "Acme" }));
        assert_eq!(world.organization(world.parent()).name, "Acme");
        let empty = json!({ "organizationName": " " });
        assert!(world.submit(&world.root(), world.parent(), kind, empty).is_err());
    }
}
