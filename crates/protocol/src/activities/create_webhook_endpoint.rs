//! `CREATE_WEBHOOK_ENDPOINT`: has a URL told of events.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::model::{WebhookEndpoint, WebhookSubscription, limits},
    crate::engine::{Caller, Context, Needs, Rule, view},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    crate::wire::id::WebhookEndpointId,
};

use crate::wire::enums::WebhookEventType;
use crate::wire::objects::{WebhookEndpointData, WebhookSubscriptionParams};
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateWebhookEndpointIntent {
    /// Where events are posted to: https.
    pub url: String,
    /// Its name.
    pub name: String,
    /// What it is told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscriptions: Option<Vec<WebhookSubscriptionParams>>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateWebhookEndpointResult {
    /// Id of the endpoint.
    pub endpoint_id: String,
    /// The endpoint.
    pub webhook_endpoint: WebhookEndpointData,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateWebhookEndpoint {
    url: String,
    name: String,
    subscriptions: Vec<(WebhookEventType, bool)>,
}

impl TryFrom<CreateWebhookEndpointIntent> for CreateWebhookEndpoint {
    type Error = InvalidRequest;

    fn try_from(intent: CreateWebhookEndpointIntent) -> Result<Self, InvalidRequest> {
        let mut subscriptions = Vec::new();
        for subscription in intent.subscriptions.unwrap_or_default() {
            let event_type = event_type(&subscription)?;
            if subscriptions.iter().any(|(known, _)| *known == event_type) {
                let event_type = event_type.as_str();
                let text = format!("invalid subscriptions: {event_type} stands there twice");
                return Err(InvalidRequest::new(text));
            }
            subscriptions.push((event_type, subscription.is_active.unwrap_or(true)));
        }
        Ok(Self {
            url: value::url("url", intent.url)?,
            name: value::label("name", intent.name)?,
            subscriptions,
        })
    }
}

/// What a subscription is for, if events of that kind are ever sent.
fn event_type(
    subscription: &WebhookSubscriptionParams,
) -> Result<WebhookEventType, InvalidRequest> {
    use WebhookEventType::{BalanceConfirmedUpdates, BalanceFinalizedUpdates};

    let name = &subscription.event_type;
    let refuse = |why: &str| Err(InvalidRequest::new(format!("invalid eventType {name:?}: {why}")));
    let event_type = match WebhookEventType::ALL.iter().find(|known| known.as_str() == name) {
        None => return refuse("there are no such events"),
        Some(BalanceConfirmedUpdates | BalanceFinalizedUpdates) => {
            return refuse("this server does not follow balances");
        }
        Some(event_type) => *event_type,
    };
    let filters = subscription.filters_json.as_deref().unwrap_or_default().trim();
    let is_empty = |filters| {
        let filters = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(filters);
        filters.is_ok_and(|filters| filters.is_empty())
    };
    if !filters.is_empty() && !is_empty(filters) {
        return Err(InvalidRequest::new("invalid filtersJson: filters are not supported"));
    }
    Ok(event_type)
}

impl Activity for CreateWebhookEndpoint {
    const ROUTE: &'static str = "create_webhook_endpoint";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<CreateWebhookEndpointIntent>(
        "ACTIVITY_TYPE_CREATE_WEBHOOK_ENDPOINT",
        "createWebhookEndpointIntent",
        "createWebhookEndpointResult",
    )];
    type Intent = CreateWebhookEndpointIntent;
    type Output = CreateWebhookEndpointResult;
}

#[cfg(feature = "engine")]
impl Execute for CreateWebhookEndpoint {
    const POLICY: Option<(Resource, Action)> = Some((Resource::WebhookEndpoint, Action::Create));

    fn rule(&self) -> Rule {
        let mut event_types = self.subscriptions.iter().map(|(event_type, _)| *event_type);
        // Those of transactions go to the parent alone.
        if event_types.any(|kind| kind == WebhookEventType::SendTransactionStatusUpdates) {
            Rule::ParentOnly
        } else {
            Rule::RootQuorum
        }
    }

    fn needs(&self) -> Needs {
        Needs::Destination(self.url.clone())
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<CreateWebhookEndpointResult, RequestError> {
        context.check_destination()?;
        let now = context.now;
        let (organization, _, rng) = context.edit_with();
        if organization.webhook_endpoints.len() >= limits::WEBHOOK_ENDPOINTS {
            let text = "organization has exceeded maximum webhook endpoints";
            return Err(RequestError::LimitReached(text.into()));
        }
        let subscriptions = self.subscriptions.into_iter();
        let endpoint = WebhookEndpoint {
            id: WebhookEndpointId::generate(now, rng),
            url: self.url,
            name: self.name,
            is_active: true,
            subscriptions: subscriptions
                .map(|(event_type, is_active)| WebhookSubscription { event_type, is_active })
                .collect(),
            created_at: now,
        };
        let webhook_endpoint = view::webhook_endpoint(&endpoint, organization.id);
        organization.webhook_endpoints.push(endpoint);
        Ok(CreateWebhookEndpointResult {
            endpoint_id: webhook_endpoint.endpoint_id.clone(),
            webhook_endpoint,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use crate::engine::Caller;
    use crate::engine::model::limits;
    use crate::engine::testing::World;
    use crate::wire::RequestError;

    const KIND: &str = "ACTIVITY_TYPE_CREATE_WEBHOOK_ENDPOINT";

    fn create(world: &mut World, by: &Caller, parameters: Value) -> Result<Value, RequestError> {
        world.submit(by, by.organization, KIND, parameters)
    }

    /// Adds an endpoint that is told of these. Returns its id.
    pub(crate) fn endpoint(world: &mut World, by: &Caller, event_types: &[&str]) -> String {
        let subscriptions = event_types.iter().map(|kind| json!({ "eventType": kind }));
        let parameters = json!({
            "url": "https://hooks.example/keyward",
            "name": "hooks",
            "subscriptions": subscriptions.collect::<Vec<_>>(),
        });
        create(world, by, parameters).unwrap()["endpointId"].as_str().unwrap().to_owned()
    }

    #[test]
    fn is_shown_as_it_was_made() {
        let mut world = World::new();
        let root = world.root();
        let parameters = json!({
            "url": "https://hooks.example/?a=b",
            "name": "hooks",
            "subscriptions": [
                { "eventType": "ACTIVITY_UPDATES", "filtersJson": "{}" },
                { "eventType": "SEND_TRANSACTION_STATUS_UPDATES", "isActive": false },
            ],
        });
        let made = create(&mut world, &root, parameters).unwrap();
        assert_eq!(
            made["webhookEndpoint"],
            json!({
                "endpointId": made["endpointId"],
                "organizationId": world.parent(),
                "url": "https://hooks.example/?a=b",
                "name": "hooks",
                "isActive": true,
                "subscriptions": [
                    { "eventType": "ACTIVITY_UPDATES", "isActive": true },
                    { "eventType": "SEND_TRANSACTION_STATUS_UPDATES", "isActive": false },
                ],
            })
        );
    }

    #[test]
    fn refuses_events_that_never_come() {
        let mut world = World::new();
        let root = world.root();
        for (subscriptions, refusal) in [
            (
                json!([{ "eventType": "BALANCE_CONFIRMED_UPDATES" }]),
                "invalid eventType \"BALANCE_CONFIRMED_UPDATES\": this server does not follow balances",
            ),
            (
                json!([{ "eventType": "activity_updates" }]),
                "invalid eventType \"activity_updates\": there are no such events",
            ),
            (
                json!([{ "eventType": "ACTIVITY_UPDATES" }, { "eventType": "ACTIVITY_UPDATES" }]),
                "invalid subscriptions: ACTIVITY_UPDATES stands there twice",
            ),
            (
                json!([{ "eventType": "ACTIVITY_UPDATES", "filtersJson": "{\"a\":1}" }]),
                "invalid filtersJson: filters are not supported",
            ),
        ] {
            let parameters = json!({
                "url": "https://a.example", "name": "a", "subscriptions": subscriptions,
            });
            let refused = world.refusal(&root, root.organization, KIND, parameters);
            assert_eq!(refused.to_string(), refusal);
        }
    }

    #[test]
    fn refuses_urls_that_are_not_sent_to() {
        let mut world = World::new();
        let root = world.root();
        for url in ["", "hooks.example", "http://hooks.example", "https://a.example/#b"] {
            let parameters = json!({ "url": url, "name": "a" });
            let refused = world.refusal(&root, root.organization, KIND, parameters);
            assert!(refused.to_string().starts_with("invalid url: "), "{url}: {refused}");
            assert_eq!(refused.status().http_status(), 400);
        }
    }

    #[test]
    fn a_sub_organization_is_told_of_its_activities_only() {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        endpoint(&mut world, &root, &["ACTIVITY_UPDATES"]);
        let subscription = json!({ "eventType": "SEND_TRANSACTION_STATUS_UPDATES" });
        let parameters =
            json!({ "url": "https://a.example", "name": "a", "subscriptions": [subscription] });
        let refused = world.refusal(&root, sub, KIND, parameters);
        assert!(matches!(refused, RequestError::InvalidActivityCaller { .. }), "{refused}");
    }

    #[test]
    fn there_are_only_so_many() {
        let mut world = World::new();
        let root = world.root();
        for _ in 0..limits::WEBHOOK_ENDPOINTS {
            endpoint(&mut world, &root, &[]);
        }
        let parameters = json!({ "url": "https://a.example", "name": "a" });
        let refused = world.refusal(&root, root.organization, KIND, parameters);
        assert!(matches!(refused, RequestError::LimitReached(_)), "{refused}");
    }
}
