//! Webhooks: who is told of an event, what it says, how it is signed, and what became of it.
//!
//! Events stand among the changes of the commit that causes them, once for each endpoint; they are posted
//! afterwards. Where to is looked up then: an endpoint may have moved or gone meanwhile.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_crypto::{CryptoRng, Ed25519PrivateKey, Ed25519PublicKey, sha256};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::activity::ActivityRecord;
use super::model::Organization;
use super::record::RecordKey;
use super::sending::Submission;
use crate::wire::enums::{FeatureName, WebhookEventType};
use crate::wire::id::{OrganizationId, WebhookDeliveryId, WebhookEndpointId, WebhookEventId};
use crate::wire::sending::{TxError, TxStatus};
use crate::wire::{RequestError, Timestamp};

/// An event on its way to one receiver.
#[derive(Clone, Deserialize, PartialEq, Serialize)]
pub struct Delivery {
    /// Its id.
    pub id: WebhookDeliveryId,
    /// The event; the same for all receivers.
    pub event: WebhookEventId,
    /// What it is about.
    pub event_type: WebhookEventType,
    /// The organization that it happened in.
    pub organization: OrganizationId,
    /// Who is told.
    pub receiver: Receiver,
    /// When it happened.
    pub created_at: Timestamp,
    /// The body that is posted: JSON.
    pub body: String,
}

impl fmt::Debug for Delivery {
    /// The id and no more: what it says stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Who is told of an event.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Receiver {
    /// Whose it is: the organization that the event happened in, or its parent.
    pub owner: OrganizationId,
    /// The endpoint; `None` for the URL of the owner's feature `FEATURE_NAME_WEBHOOK`.
    pub endpoint: Option<WebhookEndpointId>,
}

impl Receiver {
    /// Where it is now: a URL of its owner; `None` where it is told of such events no more.
    pub fn url(self, owner: &Organization, kind: WebhookEventType) -> Option<&str> {
        match self.endpoint {
            None => feature_url(owner),
            Some(id) => {
                let mut all = owner.webhook_endpoints.iter();
                let endpoint = all.find(|known| known.id == id && known.listens_to(kind));
                endpoint.map(|endpoint| endpoint.url.as_str())
            }
        }
    }
}

impl Delivery {
    /// How long it is tried to deliver an event, in seconds.
    pub const LASTS_SECONDS: u64 = 24 * 3_600;

    /// When it is given up.
    pub fn expires_at(&self) -> Timestamp {
        self.created_at.plus_seconds(Self::LASTS_SECONDS)
    }
}

/// Tells of an activity that was recorded, or whose status has changed. Users of a sub-organization's parent are
/// told, too.
///
/// # Errors
///
/// None in practice: activities are plain data.
pub fn activity_updates(
    record: &ActivityRecord,
    organization: &Organization,
    parent: Option<&Organization>,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<Delivery>, RequestError> {
    let kind = WebhookEventType::ActivityUpdates;
    let mut receivers = Vec::new();
    for owner in [Some(organization), parent].into_iter().flatten() {
        receivers.extend(endpoints(owner, kind));
        let feature = feature_url(owner).map(|_| Receiver { owner: owner.id, endpoint: None });
        receivers.extend(feature);
    }
    if receivers.is_empty() {
        return Ok(Vec::new());
    }
    let body = serde_json::to_string(&record.show_to_anybody(organization, false))
        .map_err(RequestError::internal)?;
    Ok(deliveries(kind, organization.id, receivers, &body, now, rng))
}

/// `msg` of `transaction:status`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TransactionMessage<'a> {
    send_transaction_status_id: String,
    activity_id: String,
    status: TxStatus,
    caip2: String,
    idempotency_key: String,
    timestamp: String,
    tx_hash: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a TxError>,
}

/// Tells of a transaction whose status has changed: `transaction:status`. Only endpoints of a parent are told,
/// of its own transactions and those of its sub-organizations.
///
/// Put what this returns among [`Changes::webhooks`](super::Changes::webhooks) of the commit that keeps the new
/// status.
pub fn transaction_updates(
    submission: &Submission,
    organization: &Organization,
    parent: Option<&Organization>,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Vec<Delivery> {
    let kind = WebhookEventType::SendTransactionStatusUpdates;
    let owner = parent.unwrap_or(organization);
    let receivers: Vec<Receiver> = endpoints(owner, kind).collect();
    if receivers.is_empty() {
        return Vec::new();
    }
    let status = submission.status;
    let message = TransactionMessage {
        send_transaction_status_id: submission.id.to_string(),
        activity_id: submission.activity.to_string(),
        status,
        caip2: submission.chain.to_string(),
        idempotency_key: format!("{}:{}", submission.id, status.as_str()),
        timestamp: now.to_rfc3339(),
        tx_hash: submission.sent.hash(),
        error: submission.error.as_ref(),
    };
    let body = json!({
        "type": "transaction:status",
        "organizationId": organization.id.to_string(),
        "parentOrganizationId": owner.id.to_string(),
        "msg": message,
    });
    deliveries(kind, organization.id, receivers, &body.to_string(), now, rng)
}

/// The endpoints of an organization that are told of events of a kind.
fn endpoints(owner: &Organization, kind: WebhookEventType) -> impl Iterator<Item = Receiver> {
    let listening = owner.webhook_endpoints.iter().filter(move |known| known.listens_to(kind));
    listening.map(|known| Receiver { owner: owner.id, endpoint: Some(known.id) })
}

fn feature_url(owner: &Organization) -> Option<&str> {
    owner.features.get(&FeatureName::Webhook)?.as_deref()
}

fn deliveries(
    event_type: WebhookEventType,
    organization: OrganizationId,
    receivers: Vec<Receiver>,
    body: &str,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Vec<Delivery> {
    let event = WebhookEventId::generate(now, rng);
    let deliveries = receivers.into_iter().map(|receiver| Delivery {
        id: WebhookDeliveryId::generate(now, rng),
        event,
        event_type,
        organization,
        receiver,
        created_at: now,
        body: body.to_owned(),
    });
    deliveries.collect()
}

/// The headers that an event is posted with at `now`, without a content type. Those of an endpoint are signed, the
/// feature's are not.
pub fn headers(
    delivery: &Delivery,
    key: &Ed25519PrivateKey,
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    let (event, timestamp) = (delivery.event.to_string(), now.as_millis().to_string());
    let mut headers = vec![
        ("x-turnkey-organization-id", delivery.organization.to_string()),
        ("x-turnkey-event-type", delivery.event_type.as_str().to_owned()),
        ("x-turnkey-timestamp", timestamp.clone()),
        ("x-turnkey-webhook-version", "1".to_owned()),
        ("x-turnkey-event-id", event.clone()),
    ];
    if delivery.receiver.endpoint.is_some() {
        let key_id = key_id(&key.public_key());
        let signed = format!("v1.ed25519.{key_id}.{timestamp}.{event}.{}", delivery.body);
        headers.extend([
            ("x-turnkey-signature-key-id", key_id),
            ("x-turnkey-signature-algorithm", "ed25519".to_owned()),
            ("x-turnkey-signature-version", "v1".to_owned()),
            ("x-turnkey-signature", hex::encode(key.sign(signed.as_bytes()))),
        ]);
    }
    headers
}

/// What signatures are checked with, as a JWK Set.
///
/// Source: RFC 7517 §5, RFC 8037 §2.
pub fn jwks(key: &Ed25519PublicKey) -> Value {
    json!({ "keys": [{
        "kid": key_id(key),
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "use": "sig",
        "x": URL_SAFE_NO_PAD.encode(key.to_bytes()),
        "turnkey_signature_algorithm": "ed25519",
        "turnkey_signature_version": "v1",
    }] })
}

/// The key's thumbprint. Source: RFC 8037 appendix A.3.
fn key_id(key: &Ed25519PublicKey) -> String {
    let x = URL_SAFE_NO_PAD.encode(key.to_bytes());
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(sha256(members.as_bytes()))
}

/// What became of the newest of what was sent to an endpoint.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct DeliveryLog {
    /// Oldest first.
    deliveries: Vec<LoggedDelivery>,
}

/// What became of a delivery.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct LoggedDelivery {
    /// The delivery.
    pub id: WebhookDeliveryId,
    /// The event.
    pub event: WebhookEventId,
    /// What it is about.
    pub event_type: WebhookEventType,
    /// The organization that it happened in.
    pub organization: OrganizationId,
    /// When it happened.
    pub created_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was last tried, and how that ended; `None` when it was not tried yet.
    pub last: Option<(Timestamp, TryOutcome)>,
    /// Where it stands.
    pub state: DeliveryState,
}

/// How a try to deliver ended.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum TryOutcome {
    /// With an answer of this HTTP status.
    Status(u16),
    /// Without an answer; why.
    Error(String),
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub enum DeliveryState {
    /// It is tried, not before this instant.
    Waiting(Timestamp),
    /// It arrived.
    Delivered(Timestamp),
    /// It is not tried any more.
    GivenUp(Timestamp),
}

impl LoggedDelivery {
    /// What is known of a delivery before it is tried.
    pub fn new(delivery: &Delivery, state: DeliveryState) -> Self {
        Self {
            id: delivery.id,
            event: delivery.event,
            event_type: delivery.event_type,
            organization: delivery.organization,
            created_at: delivery.created_at,
            attempts: 0,
            last: None,
            state,
        }
    }
}

impl DeliveryLog {
    /// Deliveries that are kept.
    pub const KEPT: usize = 100;
    /// How long they are kept, in seconds.
    pub const KEPT_SECONDS: u64 = 30 * 24 * 3_600;

    /// Where the log of an endpoint stands.
    pub fn key(owner: OrganizationId, endpoint: WebhookEndpointId) -> RecordKey {
        RecordKey { organization: owner, id: endpoint.0 }
    }

    /// Notes what has become of a delivery, in place of what was known of it. How it was last tried is kept where
    /// that is not told.
    pub fn note(&mut self, delivery: LoggedDelivery) {
        match self.deliveries.binary_search_by_key(&delivery.id, |known| known.id) {
            Ok(place) => {
                if let Some(known) = self.deliveries.get_mut(place) {
                    let last = delivery.last.clone().or_else(|| known.last.clone());
                    *known = LoggedDelivery { last, ..delivery };
                }
            }
            Err(place) => self.deliveries.insert(place, delivery),
        }
        let excess = self.deliveries.len().saturating_sub(Self::KEPT);
        self.deliveries.drain(..excess);
    }

    /// Those that are not too old, newest first.
    pub fn newest_first(&self, now: Timestamp) -> impl Iterator<Item = &LoggedDelivery> {
        let is_kept =
            move |known: &&LoggedDelivery| known.created_at.plus_seconds(Self::KEPT_SECONDS) > now;
        self.deliveries.iter().rev().filter(is_kept)
    }
}

#[cfg(test)]
mod tests {
    use keyward_crypto::SeededRng;

    use super::*;
    use crate::activities::create_webhook_endpoint::tests::endpoint;
    use crate::engine::sending::Sent;
    use crate::engine::testing::World;
    use crate::wire::chain::ChainId;
    use crate::wire::id::{ActivityId, SendTransactionStatusId};

    fn told(world: &mut World, of: OrganizationId) -> Vec<Receiver> {
        let record = world.activities.last().unwrap().clone();
        let organization = world.organization(of).clone();
        let parent = organization.parent.map(|id| world.organization(id).clone());
        let (now, rng) = (world.now, &mut SeededRng::from_seed([1; 32]));
        let told = activity_updates(&record, &organization, parent.as_ref(), now, rng).unwrap();
        assert!(told.iter().all(|delivery| delivery.event == told[0].event));
        told.iter().map(|delivery| delivery.receiver).collect()
    }

    fn submission(organization: OrganizationId, now: Timestamp) -> Submission {
        Submission {
            id: SendTransactionStatusId(organization.0),
            organization,
            activity: ActivityId(organization.0),
            chain: ChainId::parse("eip155:1").unwrap(),
            sent: Sent::Ethereum { hash: "0xab".to_owned(), from: "0xcd".to_owned(), nonce: 7 },
            signed: String::new(),
            status: TxStatus::Included,
            error: None,
            created_at: now,
            updated_at: now,
        }
    }

    #[test]
    fn a_parent_is_told_of_its_sub_organizations() {
        let mut world = World::new();
        let (sub, child) = world.sub_organization();
        let root = world.root();
        let mine = endpoint(&mut world, &child, &["ACTIVITY_UPDATES"]);
        let parents = endpoint(&mut world, &root, &["ACTIVITY_UPDATES"]);
        endpoint(&mut world, &root, &["SEND_TRANSACTION_STATUS_UPDATES"]);
        let receiver = |owner, id: &str| Receiver { owner, endpoint: Some(id.parse().unwrap()) };
        let parent = world.parent();
        assert_eq!(told(&mut world, sub), [receiver(sub, &mine), receiver(parent, &parents)]);
        assert_eq!(told(&mut world, parent), [receiver(parent, &parents)]);
    }

    #[test]
    fn nobody_is_told_who_does_not_listen() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        endpoint(&mut world, &root, &["ACTIVITY_UPDATES"]);
        let receiver = told(&mut world, parent)[0];
        let url = |world: &World| {
            let kind = WebhookEventType::ActivityUpdates;
            receiver.url(world.organization(parent), kind).map(str::to_owned)
        };
        assert_eq!(url(&world).as_deref(), Some("https://hooks.example/keyward"));
        world.edit(parent).webhook_endpoints[0].subscriptions[0].is_active = false;
        assert_eq!((told(&mut world, parent), url(&world)), (vec![], None));
        world.edit(parent).webhook_endpoints[0].subscriptions[0].is_active = true;
        world.edit(parent).webhook_endpoints[0].is_active = false;
        assert_eq!((told(&mut world, parent), url(&world)), (vec![], None));
        let url = Some("https://legacy.example".to_owned());
        world.edit(parent).features.insert(FeatureName::Webhook, url);
        assert_eq!(told(&mut world, parent), [Receiver { owner: parent, endpoint: None }]);
        world.edit(parent).features.insert(FeatureName::Webhook, None);
        assert_eq!(told(&mut world, parent), []);
    }

    #[test]
    fn what_is_told_reveals_no_bearer_secret() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        endpoint(&mut world, &root, &["ACTIVITY_UPDATES"]);
        let kind = "ACTIVITY_TYPE_CREATE_READ_ONLY_SESSION";
        let made = world.submit(&root, parent, kind, json!({})).unwrap();
        let token = made["session"].as_str().unwrap();
        let record = world.activities.last().unwrap();
        assert!(record.result.as_ref().unwrap().get().contains(token));
        let rng = &mut SeededRng::from_seed([1; 32]);
        let organization = world.organization(parent);
        let told = activity_updates(record, organization, None, world.now, rng).unwrap();
        assert!(!told[0].body.contains(token));
        let body: Value = serde_json::from_str(&told[0].body).unwrap();
        assert_eq!(body["id"], record.id.to_string());
        assert_eq!(body["status"], "ACTIVITY_STATUS_COMPLETED");
    }

    #[test]
    fn transactions_are_told_to_the_parent_alone() {
        let mut world = World::new();
        let (sub, _) = world.sub_organization();
        let (root, parent) = (world.root(), world.parent());
        endpoint(&mut world, &root, &["ACTIVITY_UPDATES"]);
        let id = endpoint(&mut world, &root, &["SEND_TRANSACTION_STATUS_UPDATES"]);
        for (organization, above) in [(sub, Some(parent)), (parent, None)] {
            let above = above.map(|id| world.organization(id));
            let rng = &mut SeededRng::from_seed([1; 32]);
            let about = world.organization(organization);
            let told =
                transaction_updates(&submission(sub, world.now), about, above, world.now, rng);
            let receiver = Receiver { owner: parent, endpoint: Some(id.parse().unwrap()) };
            assert_eq!(told.iter().map(|it| it.receiver).collect::<Vec<_>>(), [receiver]);
            let body: Value = serde_json::from_str(&told[0].body).unwrap();
            assert_eq!(
                body,
                json!({
                    "type": "transaction:status",
                    "organizationId": organization,
                    "parentOrganizationId": parent,
                    "msg": {
                        "sendTransactionStatusId": sub,
                        "activityId": sub,
                        "status": "INCLUDED",
                        "caip2": "eip155:1",
                        "idempotencyKey": format!("{sub}:INCLUDED"),
                        "timestamp": world.now.to_rfc3339(),
                        "txHash": "0xab",
                    },
                })
            );
        }
    }

    #[test]
    fn the_signature_is_over_what_is_documented() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        endpoint(&mut world, &root, &["ACTIVITY_UPDATES"]);
        let record = world.activities.last().unwrap();
        let rng = &mut SeededRng::from_seed([1; 32]);
        let organization = world.organization(parent);
        let mut told = activity_updates(record, organization, None, world.now, rng).unwrap();
        let mut delivery = told.remove(0);
        let key = &world.keys.webhook_signer;
        let headers = headers(&delivery, key, Timestamp::from_millis(1_767_225_600_123));
        let header = |name: &str| headers.iter().find(|it| it.0 == name).unwrap().1.clone();
        let signed = format!(
            "v1.ed25519.{}.1767225600123.{}.{}",
            header("x-turnkey-signature-key-id"),
            delivery.event,
            delivery.body
        );
        let signature = hex::decode(header("x-turnkey-signature")).unwrap().try_into().unwrap();
        assert!(key.public_key().verify_strict(signed.as_bytes(), &signature));
        let jwks = jwks(&key.public_key());
        assert_eq!(jwks["keys"][0]["kid"], header("x-turnkey-signature-key-id"));
        delivery.receiver.endpoint = None;
        let unsigned = super::headers(&delivery, key, world.now);
        assert!(unsigned.iter().all(|(name, _)| !name.contains("signature")));
    }

    #[test]
    fn key_ids_are_thumbprints() {
        // RFC 8037 appendix A.3.
        let x = URL_SAFE_NO_PAD.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        let key = Ed25519PublicKey::from_bytes(&x.try_into().unwrap());
        assert_eq!(key_id(&key), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn the_log_keeps_the_newest_and_how_they_were_last_tried() {
        let rng = &mut SeededRng::from_seed([1; 32]);
        let at = Timestamp::from_millis;
        let delivery = |n: u64, rng: &mut SeededRng| LoggedDelivery {
            id: WebhookDeliveryId::generate(at(n), rng),
            event: WebhookEventId::generate(at(n), rng),
            event_type: WebhookEventType::ActivityUpdates,
            organization: OrganizationId::generate(at(n), rng),
            created_at: at(n),
            attempts: 1,
            last: Some((at(n), TryOutcome::Status(500))),
            state: DeliveryState::Waiting(at(n + 5)),
        };
        let mut log = DeliveryLog::default();
        let all: Vec<_> = (0..120).map(|n| delivery(n, rng)).collect();
        for one in all.iter().rev() {
            log.note(one.clone());
        }
        let kept: Vec<_> = log.newest_first(at(120)).map(|it| it.id).collect();
        assert_eq!(kept, all.iter().skip(20).rev().map(|it| it.id).collect::<Vec<_>>());
        let newest = &all[119];
        log.note(LoggedDelivery {
            last: None,
            state: DeliveryState::GivenUp(at(200)),
            ..newest.clone()
        });
        let noted = log.newest_first(at(200)).next().unwrap();
        assert_eq!(noted.last, newest.last);
        assert_eq!(noted.state, DeliveryState::GivenUp(at(200)));
        let late = at(50).plus_seconds(DeliveryLog::KEPT_SECONDS);
        assert_eq!(log.newest_first(late).count(), 69);
    }
}
