//! `UPDATE_WEBHOOK_ENDPOINT`: changes where a webhook endpoint is, what it is called, and whether it is told of anything.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, Needs, view},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    keyward_policy::Value,
};

use crate::wire::id::WebhookEndpointId;
use crate::wire::objects::WebhookEndpointData;
use crate::wire::{InvalidRequest, value};

/// As it travels. What is absent stays as it is.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateWebhookEndpointIntent {
    /// The endpoint.
    pub endpoint_id: String,
    /// Where events are posted to: https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it is told of anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateWebhookEndpointResult {
    /// Id of the endpoint.
    pub endpoint_id: String,
    /// The endpoint as it is now.
    pub webhook_endpoint: WebhookEndpointData,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateWebhookEndpoint {
    id: WebhookEndpointId,
    url: Option<String>,
    name: Option<String>,
    is_active: Option<bool>,
}

impl TryFrom<UpdateWebhookEndpointIntent> for UpdateWebhookEndpoint {
    type Error = InvalidRequest;

    fn try_from(intent: UpdateWebhookEndpointIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            id: value::id("endpointId", &intent.endpoint_id)?,
            url: intent.url.map(|url| value::url("url", url)).transpose()?,
            name: value::optional_label("name", intent.name)?,
            is_active: intent.is_active,
        })
    }
}

impl Activity for UpdateWebhookEndpoint {
    const ROUTE: &'static str = "update_webhook_endpoint";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<UpdateWebhookEndpointIntent>(
        "ACTIVITY_TYPE_UPDATE_WEBHOOK_ENDPOINT",
        "updateWebhookEndpointIntent",
        "updateWebhookEndpointResult",
    )];
    type Intent = UpdateWebhookEndpointIntent;
    type Output = UpdateWebhookEndpointResult;
}

#[cfg(feature = "engine")]
impl Execute for UpdateWebhookEndpoint {
    const POLICY: Option<(Resource, Action)> = Some((Resource::WebhookEndpoint, Action::Update));

    fn params(&self) -> Vec<(&'static str, Value)> {
        vec![("endpoint_id", Value::text(self.id.to_string()))]
    }

    fn needs(&self) -> Needs {
        self.url.clone().map_or(Needs::Nothing, Needs::Destination)
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<UpdateWebhookEndpointResult, RequestError> {
        if self.url.is_some() {
            context.check_destination()?;
        }
        let organization = context.edit();
        let owner = organization.id;
        let endpoint = organization.webhook_endpoint_mut(self.id)?;
        endpoint.url = self.url.unwrap_or_else(|| endpoint.url.clone());
        endpoint.name = self.name.unwrap_or_else(|| endpoint.name.clone());
        endpoint.is_active = self.is_active.unwrap_or(endpoint.is_active);
        Ok(UpdateWebhookEndpointResult {
            endpoint_id: self.id.to_string(),
            webhook_endpoint: view::webhook_endpoint(endpoint, owner),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::activities::create_webhook_endpoint::tests::endpoint;
    use crate::engine::testing::World;
    use crate::wire::RequestError;

    const KIND: &str = "ACTIVITY_TYPE_UPDATE_WEBHOOK_ENDPOINT";

    fn update(world: &mut World, parameters: Value) -> Result<Value, RequestError> {
        let root = world.root();
        world.submit(&root, root.organization, KIND, parameters)
    }

    #[test]
    fn changes_what_is_given_and_nothing_else() {
        let mut world = World::new();
        let root = world.root();
        let id = endpoint(&mut world, &root, &["ACTIVITY_UPDATES"]);
        let url = "https://other.example/";
        let changed = update(&mut world, json!({ "endpointId": id, "url": url })).unwrap();
        let shown = &changed["webhookEndpoint"];
        assert_eq!(
            (&shown["url"], &shown["name"], &shown["isActive"]),
            (&json!(url), &json!("hooks"), &json!(true))
        );
        let parameters = json!({ "endpointId": id, "name": "other", "isActive": false });
        let changed = update(&mut world, parameters).unwrap();
        let shown = &changed["webhookEndpoint"];
        assert_eq!(
            (&shown["url"], &shown["name"], &shown["isActive"]),
            (&json!(url), &json!("other"), &json!(false))
        );
        assert_eq!(shown["subscriptions"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn refuses_urls_that_are_not_sent_to_and_endpoints_of_others() {
        let mut world = World::new();
        let (_, stranger) = world.sub_organization();
        let root = world.root();
        let id = endpoint(&mut world, &root, &[]);
        let parameters = json!({ "endpointId": id, "url": "http://hooks.example" });
        let refused = world.refusal(&root, root.organization, KIND, parameters);
        assert_eq!(refused.status().http_status(), 400);
        let parameters = json!({ "endpointId": id, "name": "mine" });
        let refused = world.refusal(&stranger, stranger.organization, KIND, parameters);
        assert_eq!(refused.status().http_status(), 404);
    }
}
