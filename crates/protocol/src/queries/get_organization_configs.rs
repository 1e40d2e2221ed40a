//! `get_organization_configs`: the features that are on, and the root quorum.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::view,
    crate::wire::RequestError,
};

use crate::wire::objects::Config;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetOrganizationConfigs {
    /// The organization.
    pub organization_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetOrganizationConfigsResponse {
    /// Features and root quorum.
    pub configs: Config,
}

impl Query for GetOrganizationConfigs {
    const ROUTE: &'static str = "get_organization_configs";
    type Response = GetOrganizationConfigsResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetOrganizationConfigs {
    fn answer(
        self,
        view: &View<'_>,
        _: Found,
    ) -> Result<GetOrganizationConfigsResponse, RequestError> {
        Ok(GetOrganizationConfigsResponse { configs: view::configuration(view.organization) })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::testing::World;
    use crate::wire::enums::FeatureName;

    #[test]
    fn shows_features_and_root_quorum() {
        let mut world = World::new();
        let root = world.root();
        let origin = Some("https://app.example.com".to_owned());
        let features = &mut world.edit(root.organization).features;
        features.insert(FeatureName::WebauthnOrigins, origin.clone());
        features.insert(FeatureName::EmailAuth, None);
        let shown = world.query(&root, world.parent(), "get_organization_configs", json!({}));
        let expected = json!({ "configs": {
            "features": [
                { "name": "FEATURE_NAME_WEBAUTHN_ORIGINS", "value": origin },
                { "name": "FEATURE_NAME_EMAIL_AUTH" },
            ],
            "quorum": { "threshold": 1, "userIds": [root.user.to_string()] },
        }});
        assert_eq!(shown.unwrap(), expected);
    }
}
