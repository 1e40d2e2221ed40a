//! `DELETE_WEBHOOK_ENDPOINT`: a URL is told of nothing any more. What waits to be sent to it is dropped.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    keyward_policy::Value,
};

use crate::wire::id::WebhookEndpointId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteWebhookEndpointIntent {
    /// The endpoint.
    pub endpoint_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteWebhookEndpointResult {
    /// Id of the endpoint that is gone.
    pub endpoint_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct DeleteWebhookEndpoint {
    id: WebhookEndpointId,
}

impl TryFrom<DeleteWebhookEndpointIntent> for DeleteWebhookEndpoint {
    type Error = InvalidRequest;

    fn try_from(intent: DeleteWebhookEndpointIntent) -> Result<Self, InvalidRequest> {
        Ok(Self { id: value::id("endpointId", &intent.endpoint_id)? })
    }
}

impl Activity for DeleteWebhookEndpoint {
    const ROUTE: &'static str = "delete_webhook_endpoint";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<DeleteWebhookEndpointIntent>(
        "ACTIVITY_TYPE_DELETE_WEBHOOK_ENDPOINT",
        "deleteWebhookEndpointIntent",
        "deleteWebhookEndpointResult",
    )];
    type Intent = DeleteWebhookEndpointIntent;
    type Output = DeleteWebhookEndpointResult;
}

#[cfg(feature = "engine")]
impl Execute for DeleteWebhookEndpoint {
    const POLICY: Option<(Resource, Action)> = Some((Resource::WebhookEndpoint, Action::Delete));

    fn params(&self) -> Vec<(&'static str, Value)> {
        vec![("endpoint_id", Value::text(self.id.to_string()))]
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<DeleteWebhookEndpointResult, RequestError> {
        let organization = context.edit();
        organization.webhook_endpoint(self.id)?;
        organization.webhook_endpoints.retain(|known| known.id != self.id);
        Ok(DeleteWebhookEndpointResult { endpoint_id: self.id.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::activities::create_webhook_endpoint::tests::endpoint;
    use crate::engine::testing::World;

    const KIND: &str = "ACTIVITY_TYPE_DELETE_WEBHOOK_ENDPOINT";

    #[test]
    fn is_done_once() {
        let mut world = World::new();
        let root = world.root();
        let id = endpoint(&mut world, &root, &[]);
        let mut delete =
            || world.submit(&root, root.organization, KIND, json!({ "endpointId": id }));
        assert_eq!(delete().unwrap(), json!({ "endpointId": id }));
        assert_eq!(delete().unwrap_err().status().http_status(), 404);
        assert_eq!(world.organization(world.parent()).webhook_endpoints, []);
    }

    #[test]
    fn refuses_endpoints_of_others() {
        let mut world = World::new();
        let (sub, stranger) = world.sub_organization();
        let root = world.root();
        let id = endpoint(&mut world, &root, &[]);
        let refused = world.refusal(&stranger, sub, KIND, json!({ "endpointId": id }));
        assert_eq!(refused.status().http_status(), 404);
    }
}
