//! `list_webhook_endpoints`: who is told of events.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::view,
    crate::wire::RequestError,
};

use crate::wire::objects::WebhookEndpointData;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListWebhookEndpoints {
    /// The organization.
    pub organization_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListWebhookEndpointsResponse {
    /// In the order they were made.
    pub webhook_endpoints: Vec<WebhookEndpointData>,
}

impl Query for ListWebhookEndpoints {
    const ROUTE: &'static str = "list_webhook_endpoints";
    type Response = ListWebhookEndpointsResponse;
}

#[cfg(feature = "engine")]
impl Answer for ListWebhookEndpoints {
    fn answer(
        self,
        view: &View<'_>,
        _: Found,
    ) -> Result<ListWebhookEndpointsResponse, RequestError> {
        let organization = view.organization;
        let all = organization.webhook_endpoints.iter();
        let all = all.map(|known| view::webhook_endpoint(known, organization.id));
        Ok(ListWebhookEndpointsResponse { webhook_endpoints: all.collect() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::activities::create_webhook_endpoint::tests::endpoint;
    use crate::engine::testing::World;

    #[test]
    fn lists_those_of_the_organization_only() {
        let mut world = World::new();
        let root = world.root();
        let id = endpoint(&mut world, &root, &["ACTIVITY_UPDATES"]);
        let (sub, stranger) = world.sub_organization();
        let route = "list_webhook_endpoints";
        let shown = world.query(&root, world.parent(), route, json!({})).unwrap();
        let all = shown["webhookEndpoints"].as_array().unwrap();
        assert_eq!((all.len(), all[0]["endpointId"].as_str()), (1, Some(&*id)));
        let shown = world.query(&stranger, sub, route, json!({})).unwrap();
        assert_eq!(shown["webhookEndpoints"], json!([]));
    }
}
