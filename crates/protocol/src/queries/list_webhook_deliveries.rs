//! `list_webhook_deliveries`: what became of the newest of what was sent to a webhook endpoint.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, Reads, View},
    crate::engine::webhooks::{DeliveryLog, DeliveryState, LoggedDelivery, TryOutcome},
    crate::wire::id::OrganizationId,
    crate::wire::id::WebhookEndpointId,
    crate::wire::{InvalidRequest, Page, RequestError, value},
};

use crate::wire::enums::WebhookDeliveryStatus;
use crate::wire::{Namespace, Pagination, WireTime};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListWebhookDeliveries {
    /// The organization that the endpoint is of.
    pub organization_id: String,
    /// The endpoint.
    pub endpoint_id: String,
    /// Which page, by the ids of deliveries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagination_options: Option<Pagination>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListWebhookDeliveriesResponse {
    /// Newest first. The newest hundred of the last thirty days are kept.
    pub webhook_deliveries: Vec<WebhookDelivery>,
}

/// An event that was sent to an endpoint, or is to be.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookDelivery {
    /// Its id.
    pub delivery_id: String,
    /// The event, as in `X-Turnkey-Event-Id`.
    pub event_id: String,
    /// What it is about.
    pub event_type: String,
    /// The organization that it happened in.
    pub organization_id: String,
    /// Where it stands.
    pub status: WebhookDeliveryStatus,
    /// How often it was tried.
    pub attempts: u32,
    /// HTTP status of the last answer; absent when the last try got none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_http_status: Option<u16>,
    /// Why the last try got no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// When it was last tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_attempt_at: Option<WireTime>,
    /// When it is tried next, or a little later; of one that is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<WireTime>,
    /// When it arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<WireTime>,
    /// When it happened.
    pub created_at: WireTime,
}

impl Query for ListWebhookDeliveries {
    const NAMESPACE: Namespace = Namespace::Keyward;
    const ROUTE: &'static str = "list_webhook_deliveries";
    type Response = ListWebhookDeliveriesResponse;
}

#[cfg(feature = "engine")]
impl ListWebhookDeliveries {
    fn endpoint(&self) -> Result<WebhookEndpointId, InvalidRequest> {
        value::id("endpointId", &self.endpoint_id)
    }
}

#[cfg(feature = "engine")]
impl Answer for ListWebhookDeliveries {
    fn reads(&self) -> Result<Reads, InvalidRequest> {
        let organization: OrganizationId = value::id("organizationId", &self.organization_id)?;
        Ok(Reads::Deliveries(DeliveryLog::key(organization, self.endpoint()?)))
    }

    fn answer(
        self,
        view: &View<'_>,
        found: Found,
    ) -> Result<ListWebhookDeliveriesResponse, RequestError> {
        view.organization.webhook_endpoint(self.endpoint()?)?;
        let page = Page::try_from(self.pagination_options)?;
        let log = match found {
            Found::Deliveries(log) => log,
            _ => DeliveryLog::default(),
        };
        let is_on_page = |delivery: &&LoggedDelivery| {
            let id = delivery.id.0;
            page.before.is_none_or(|before| id < before)
                && page.after.is_none_or(|after| id > after)
        };
        let deliveries = log.newest_first(view.now).filter(is_on_page);
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        Ok(ListWebhookDeliveriesResponse {
            webhook_deliveries: deliveries.take(limit).map(show).collect(),
        })
    }
}

#[cfg(feature = "engine")]
fn show(delivery: &LoggedDelivery) -> WebhookDelivery {
    let (status, next_attempt_at, delivered_at) = match delivery.state {
        DeliveryState::Waiting(due) => (WebhookDeliveryStatus::Pending, Some(due.into()), None),
        DeliveryState::Delivered(at) => (WebhookDeliveryStatus::Delivered, None, Some(at.into())),
        DeliveryState::GivenUp(_) => (WebhookDeliveryStatus::Failed, None, None),
    };
    let (last_http_status, last_error) = match &delivery.last {
        Some((_, TryOutcome::Status(status))) => (Some(*status), None),
        Some((_, TryOutcome::Error(error))) => (None, Some(error.clone())),
        None => (None, None),
    };
    WebhookDelivery {
        delivery_id: delivery.id.to_string(),
        event_id: delivery.event.to_string(),
        event_type: delivery.event_type.as_str().to_owned(),
        organization_id: delivery.organization.to_string(),
        status,
        attempts: delivery.attempts,
        last_http_status,
        last_error,
        last_attempt_at: delivery.last.as_ref().map(|(at, _)| (*at).into()),
        next_attempt_at,
        delivered_at,
        created_at: delivery.created_at.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::activities::create_webhook_endpoint::tests::endpoint;
    use crate::engine::testing::World;
    use crate::engine::webhooks::{
        DeliveryLog, DeliveryState, LoggedDelivery, TryOutcome, activity_updates,
    };
    use crate::wire::id::WebhookEndpointId;

    const ROUTE: &str = "list_webhook_deliveries";

    /// Notes deliveries to an endpoint, a second apart, of these states.
    fn log(world: &mut World, id: WebhookEndpointId, states: &[fn(u64) -> DeliveryState]) {
        let parent = world.parent();
        let mut log = DeliveryLog::default();
        for (second, state) in (1_000..).zip(states) {
            let record = world.activities.last().unwrap().clone();
            let organization = world.organization(parent).clone();
            world.now = world.now.plus_seconds(1);
            let (now, rng) = (world.now, &mut world.rng);
            let told = activity_updates(&record, &organization, None, now, rng).unwrap();
            let state = state(second);
            let last = match state {
                DeliveryState::Delivered(at) => Some((at, TryOutcome::Status(204))),
                DeliveryState::Waiting(at) => Some((at, TryOutcome::Error("slow".to_owned()))),
                DeliveryState::GivenUp(_) => None,
            };
            log.note(LoggedDelivery { last, ..LoggedDelivery::new(&told[0], state) });
        }
        let key = DeliveryLog::key(parent, id);
        let value = serde_json::to_value(&log).unwrap();
        world.records.insert((key.organization, key.id), (1, value));
    }

    fn at(second: u64) -> crate::wire::Timestamp {
        crate::wire::Timestamp::from_millis(second * 1_000)
    }

    #[test]
    fn shows_what_became_of_each() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        let id = endpoint(&mut world, &root, &["ACTIVITY_UPDATES"]);
        log(
            &mut world,
            id.parse().unwrap(),
            &[
                |n| DeliveryState::GivenUp(at(n)),
                |n| DeliveryState::Waiting(at(n)),
                |n| DeliveryState::Delivered(at(n)),
            ],
        );
        let list = |world: &World, page: Value| {
            let body = json!({ "endpointId": id, "paginationOptions": page });
            let shown = world.query(&root, parent, ROUTE, body).unwrap();
            shown["webhookDeliveries"].as_array().unwrap().clone()
        };
        let all = list(&world, json!({}));
        let statuses: Vec<_> = all.iter().map(|it| it["status"].as_str().unwrap()).collect();
        assert_eq!(
            statuses,
            [
                "WEBHOOK_DELIVERY_STATUS_DELIVERED",
                "WEBHOOK_DELIVERY_STATUS_PENDING",
                "WEBHOOK_DELIVERY_STATUS_FAILED",
            ]
        );
        assert_eq!(all[0]["lastHttpStatus"], 204);
        assert_eq!(all[0]["deliveredAt"]["seconds"], "1002");
        assert_eq!(
            (&all[1]["lastError"], &all[1]["lastHttpStatus"]),
            (&json!("slow"), &Value::Null)
        );
        assert_eq!(all[1]["nextAttemptAt"]["seconds"], "1001");
        let before = json!({ "limit": "1", "before": all[0]["deliveryId"] });
        assert_eq!(list(&world, before), [all[1].clone()]);
        world.now = world.now.plus_seconds(DeliveryLog::KEPT_SECONDS);
        assert!(list(&world, json!({})).is_empty());
    }

    #[test]
    fn shows_nothing_of_endpoints_of_others() {
        let mut world = World::new();
        let root = world.root();
        let id = endpoint(&mut world, &root, &["ACTIVITY_UPDATES"]);
        let (sub, stranger) = world.sub_organization();
        let refused = world.query(&stranger, sub, ROUTE, json!({ "endpointId": id })).unwrap_err();
        assert_eq!(refused.status().http_status(), 404);
        let shown =
            world.query(&root, root.organization, ROUTE, json!({ "endpointId": id })).unwrap();
        assert_eq!(shown["webhookDeliveries"], json!([]));
    }
}
