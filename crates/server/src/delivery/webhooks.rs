//! The loop that delivers events to webhook endpoints, and how it goes easy on those that fail.
//!
//! It is to events what [`Outbox`](super::Outbox) is to messages to people. Beyond that, each receiver has a
//! [`Gate`]: one that fails rests, for longer each time, and is then tried with one event first.

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use keyward_crypto::os_rng;
use keyward_protocol::engine::record::Record;
use keyward_protocol::engine::webhooks::{
    Delivery, DeliveryLog, DeliveryState, LoggedDelivery, Receiver, TryOutcome, headers,
};
use keyward_protocol::wire::id::WebhookDeliveryId;
use keyward_protocol::wire::{RequestError, Timestamp};
use tokio::sync::Semaphore;
use tokio::task::{self, JoinSet};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::app::App;
use crate::fetch::{FetchError, FetchLimits, Url};
use crate::http::chain;
use crate::metrics::Outcome;

/// How much a try may take.
pub(crate) const LIMITS: FetchLimits = FetchLimits {
    timeout: Duration::from_secs(10),
    wait: Duration::from_secs(10),
    answer_bytes: 0,
    concurrent: SENT_AT_ONCE,
};

/// Events that are sent at once.
const SENT_AT_ONCE: usize = 16;
/// Of them, those to one receiver.
const SENT_TO_ONE: usize = 4;
/// Events that are taken and not sent yet.
const HELD_AT_ONCE: usize = 512;
/// Of them, those to one receiver; further ones are put off, this many for a second.
const HELD_FOR_ONE: usize = 128;
/// Events that are taken at a time.
const TAKEN_AT_ONCE: usize = 128;
/// Tries that an event gets.
const MOST_ATTEMPTS: u32 = 16;
/// Time until the second try, and the first rest of a receiver; doubled each time.
const FIRST_WAIT_SECONDS: u64 = 5;
/// Longest time between two tries, and longest rest of a receiver.
const LONGEST_WAIT_SECONDS: u64 = 3_600;
/// How long an event that was taken belongs to who took it.
const LEASE_SECONDS: u64 = 60;
/// A try is only begun while the lease lasts for longer than this: more than it takes.
const LONGEST_ATTEMPT_SECONDS: u64 = 25;
/// How often the queue is asked without being told.
const POLL: Duration = Duration::from_secs(1);
/// Longest time that tries under way get to finish at the end.
const GRACE: Duration = Duration::from_secs(10);
/// How often a log that others write too is tried to be written.
const LOG_ATTEMPTS: usize = 4;

/// Delivers events for as long as the server runs.
pub(crate) struct Webhooks {
    app: Arc<App>,
    held: HashMap<task::Id, Held>,
    tries: JoinSet<Try>,
    gates: HashMap<Receiver, Arc<Gate>>,
    slots: Arc<Semaphore>,
    notes: HashMap<Receiver, Vec<LoggedDelivery>>,
}

/// An event that was taken.
struct Held {
    delivery: Arc<Delivery>,
    gate: Arc<Gate>,
    /// How often it was taken, this time included.
    attempts: u32,
}

/// How a try ended.
enum Try {
    /// With this status, or without an answer.
    Made(Result<u16, FetchError>),
    /// It was not begun, and is to be at this instant.
    PutOff(Timestamp),
}

/// What is known of a receiver.
struct Gate {
    slots: Semaphore,
    /// Rests since something last arrived.
    failures: AtomicU32,
    /// Until when it rests, in milliseconds since the epoch.
    rests_until_ms: AtomicU64,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            slots: Semaphore::new(SENT_TO_ONE),
            failures: AtomicU32::new(0),
            rests_until_ms: AtomicU64::new(0),
        }
    }
}

impl Gate {
    /// Until when it rests, if it does.
    fn rests(&self, now: Timestamp) -> Option<Timestamp> {
        let until = Timestamp::from_millis(self.rests_until_ms.load(Ordering::Relaxed));
        (until > now).then_some(until)
    }

    fn is_failing(&self) -> bool {
        self.failures.load(Ordering::Relaxed) > 0
    }

    fn close(&self, now: Timestamp) {
        // The failure of one that began before the rest says nothing new.
        if self.rests(now).is_none() {
            let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
            let until = now.plus_seconds(wait_seconds(failures));
            self.rests_until_ms.store(until.as_millis(), Ordering::Relaxed);
        }
    }

    fn open(&self) {
        self.failures.store(0, Ordering::Relaxed);
        self.rests_until_ms.store(0, Ordering::Relaxed);
    }
}

/// How long to wait after failure number `failures` (from 1): 5 s, 10 s, 20 s and so on up to an hour.
fn wait_seconds(failures: u32) -> u64 {
    let doublings = failures.saturating_sub(1).min(32);
    FIRST_WAIT_SECONDS.saturating_mul(1 << doublings).min(LONGEST_WAIT_SECONDS)
}

impl Webhooks {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self {
            app,
            held: HashMap::new(),
            tries: JoinSet::new(),
            gates: HashMap::new(),
            slots: Arc::new(Semaphore::new(SENT_AT_ONCE)),
            notes: HashMap::new(),
        }
    }

    /// Delivers until `end` is over; then tries under way get ten seconds to finish. What does not stays in
    /// the queue and is tried again later, maybe a second time.
    pub(crate) async fn run(mut self, end: impl Future<Output = ()>) {
        let app = self.app.clone();
        let mut end = pin!(end);
        let mut ticks = interval(POLL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let may_be_more = tokio::select! {
                () = &mut end => break,
                Some(ended) = self.tries.join_next_with_id() => {
                    let was_full = self.held.len() == HELD_AT_ONCE;
                    self.settle_all(ended).await;
                    was_full
                }
                () = app.events.notified() => true,
                _ = ticks.tick() => true,
            };
            if may_be_more {
                self.take().await;
            }
        }
        let rest = async {
            while let Some(ended) = self.tries.join_next_with_id().await {
                self.settle_all(ended).await;
            }
        };
        if timeout(GRACE, rest).await.is_err() {
            tracing::warn!("some events were not delivered in time; they are tried again later");
        }
    }

    async fn take(&mut self) {
        let now = self.app.clock.now();
        self.gates.retain(|_, gate| {
            // One that is in use, or has failed not long ago.
            Arc::strong_count(gate) > 1
                || (gate.is_failing() && {
                    let until = gate.rests_until_ms.load(Ordering::Relaxed);
                    Timestamp::from_millis(until).plus_seconds(LONGEST_WAIT_SECONDS) > now
                })
        });
        let mut put_off = HashMap::new();
        loop {
            let limit = HELD_AT_ONCE.saturating_sub(self.held.len()).min(TAKEN_AT_ONCE);
            if limit == 0 {
                return;
            }
            let now = self.app.clock.now();
            let lease_until = now.plus_seconds(LEASE_SECONDS);
            let count = u32::try_from(limit).unwrap_or(u32::MAX);
            let taken = match self.app.store.take_deliveries(now, lease_until, count).await {
                Ok(taken) => taken,
                Err(error) => {
                    tracing::error!(error = %chain(&error), "could not read the events to deliver");
                    return;
                }
            };
            let is_all = taken.len() < limit;
            let mut deferrals = Vec::new();
            for taken in taken {
                match taken {
                    Ok((delivery, attempts)) => {
                        let begun = self.begin(delivery, attempts, lease_until, now, &mut put_off);
                        deferrals.extend(begun.await);
                    }
                    Err((id, error)) => {
                        tracing::error!(delivery = %id, error = %chain(&error), "an event does not open and is given up");
                        self.finish(id).await;
                    }
                }
            }
            self.defer(deferrals).await;
            self.write_log().await;
            if is_all {
                return;
            }
        }
    }

    /// Begins to deliver an event that was taken, or says when that is to be done. `put_off` counts those that are.
    async fn begin(
        &mut self,
        delivery: Delivery,
        attempts: u32,
        lease_until: Timestamp,
        now: Timestamp,
        put_off: &mut HashMap<Receiver, u64>,
    ) -> Option<(WebhookDeliveryId, Timestamp)> {
        // A lease can end early when the clock is moved.
        if self.held.values().any(|held| held.delivery.id == delivery.id) {
            return None;
        }
        let receiver = delivery.receiver;
        let owner = match self.app.store.latest_organization(receiver.owner).await {
            Ok(owner) => owner,
            Err(error) => {
                // It is taken again when the lease is over.
                tracing::error!(delivery = %delivery.id, error = %chain(&error), "could not look up who is told");
                return None;
            }
        };
        let organization = owner.as_ref().map(|owner| &owner.organization);
        let url = organization.and_then(|owner| receiver.url(owner, delivery.event_type));
        let Some(url) = url.map(str::to_owned) else {
            self.finish(delivery.id).await;
            return None;
        };
        if delivery.expires_at() <= now {
            self.note(&delivery, attempts.saturating_sub(1), None, DeliveryState::GivenUp(now));
            self.give_up(&delivery, "it has expired").await;
            return None;
        }
        let gate = self.gates.entry(receiver).or_default().clone();
        let held = self.held.values().filter(|held| held.delivery.receiver == receiver).count();
        let room = if gate.is_failing() { 1 } else { HELD_FOR_ONE };
        let due = gate.rests(now).or_else(|| {
            (held >= room).then(|| {
                let others = put_off.entry(receiver).or_insert(0);
                *others = others.saturating_add(1);
                let per_second = u64::try_from(HELD_FOR_ONE).unwrap_or(u64::MAX);
                now.plus_seconds(1 + *others / per_second)
            })
        });
        if let Some(due) = due {
            let before = attempts.saturating_sub(1);
            self.note(&delivery, before, None, DeliveryState::Waiting(due));
            return Some((delivery.id, due));
        }
        let delivery = Arc::new(delivery);
        let (app, slots) = (self.app.clone(), self.slots.clone());
        let attempt = attempt(app, delivery.clone(), url, gate.clone(), slots, lease_until);
        self.held.insert(self.tries.spawn(attempt).id(), Held { delivery, gate, attempts });
        None
    }

    /// Settles a try that has ended, and whichever others have.
    async fn settle_all(&mut self, ended: Result<(task::Id, Try), task::JoinError>) {
        let mut next = Some(ended);
        while let Some(ended) = next {
            self.settle(ended).await;
            next = self.tries.try_join_next_with_id();
        }
        self.write_log().await;
    }

    async fn settle(&mut self, ended: Result<(task::Id, Try), task::JoinError>) {
        let (id, ended) = match ended {
            Ok(ended) => ended,
            Err(error) => (error.id(), Try::Made(Err(FetchError::Interrupted))),
        };
        let Some(Held { delivery, gate, attempts }) = self.held.remove(&id) else { return };
        let delivery = &*delivery;
        let now = self.app.clock.now();
        let answered = match ended {
            Try::Made(answered) => answered,
            Try::PutOff(due) => {
                let before = attempts.saturating_sub(1);
                self.note(delivery, before, None, DeliveryState::Waiting(due));
                return self.defer(vec![(delivery.id, due)]).await;
            }
        };
        let may_recover = may_recover(&answered);
        let outcome = match answered {
            Ok(status) => TryOutcome::Status(status),
            Err(error) => {
                let reason = chain(&error);
                tracing::info!(delivery = %delivery.id, reason, "an endpoint did not answer");
                TryOutcome::Error(error.to_string())
            }
        };
        let has_arrived = matches!(outcome, TryOutcome::Status(200..=299));
        let reason = match &outcome {
            TryOutcome::Status(status) => format!("the endpoint answered {status}"),
            TryOutcome::Error(error) => error.clone(),
        };
        if has_arrived {
            self.note(delivery, attempts, Some(outcome), DeliveryState::Delivered(now));
            self.app.metrics.messages.count_webhook(Outcome::Sent);
            return self.finish(delivery.id).await;
        }
        let due = now.plus_seconds(wait_seconds(attempts)).max(gate.rests(now).unwrap_or(now));
        if !may_recover || attempts >= MOST_ATTEMPTS || due >= delivery.expires_at() {
            self.note(delivery, attempts, Some(outcome), DeliveryState::GivenUp(now));
            return self.give_up(delivery, &reason).await;
        }
        self.note(delivery, attempts, Some(outcome), DeliveryState::Waiting(due));
        self.app.metrics.messages.count_webhook(Outcome::Retried);
        tracing::info!(
            delivery = %delivery.id, organization = %delivery.receiver.owner, attempts, reason,
            "event not delivered yet"
        );
        if let Err(error) = self.app.store.retry_delivery(delivery.id, due).await {
            tracing::error!(delivery = %delivery.id, error = %chain(&error), "could not put an event back");
        }
    }

    async fn give_up(&self, delivery: &Delivery, reason: &str) {
        self.app.metrics.messages.count_webhook(Outcome::GivenUp);
        tracing::warn!(
            delivery = %delivery.id, organization = %delivery.receiver.owner, reason,
            "event given up"
        );
        self.finish(delivery.id).await;
    }

    async fn finish(&self, id: WebhookDeliveryId) {
        if let Err(error) = self.app.store.finish_delivery(id).await {
            tracing::error!(delivery = %id, error = %chain(&error), "could not remove an event");
        }
    }

    /// Puts off what was taken and not tried, all at once.
    async fn defer(&self, deferrals: Vec<(WebhookDeliveryId, Timestamp)>) {
        let mut writes = JoinSet::new();
        for (id, due) in deferrals {
            let app = self.app.clone();
            writes.spawn(async move {
                if let Err(error) = app.store.defer_delivery(id, due).await {
                    tracing::error!(delivery = %id, error = %chain(&error), "could not put off an event");
                }
            });
        }
        writes.join_all().await;
    }

    /// Notes what has become of a delivery to an endpoint, for its log.
    fn note(
        &mut self,
        delivery: &Delivery,
        attempts: u32,
        outcome: Option<TryOutcome>,
        state: DeliveryState,
    ) {
        if delivery.receiver.endpoint.is_none() {
            return;
        }
        let last = outcome.map(|outcome| (self.app.clock.now(), outcome));
        let noted = LoggedDelivery { attempts, last, ..LoggedDelivery::new(delivery, state) };
        self.notes.entry(delivery.receiver).or_default().push(noted);
    }

    /// Writes what was noted. A log that can't be written does not stop deliveries.
    async fn write_log(&mut self) {
        for (receiver, notes) in std::mem::take(&mut self.notes) {
            if let Err(error) = write_log(&self.app, receiver, notes).await {
                tracing::warn!(error = %chain(&error), "the log of a webhook endpoint can't be written");
            }
        }
    }
}

async fn write_log(
    app: &App,
    receiver: Receiver,
    notes: Vec<LoggedDelivery>,
) -> Result<(), RequestError> {
    let Some(endpoint) = receiver.endpoint else { return Ok(()) };
    let key = DeliveryLog::key(receiver.owner, endpoint);
    for _ in 0..LOG_ATTEMPTS {
        let mut log: Record<DeliveryLog> =
            app.store.record(key).await.map_err(RequestError::internal)?;
        for note in &notes {
            log.value.note(note.clone());
        }
        let change = log.write(Some(app.clock.now().plus_seconds(DeliveryLog::KEPT_SECONDS)))?;
        let written = app.store.write_records(vec![change], &mut os_rng()).await;
        if written.map_err(RequestError::internal)? {
            return Ok(());
        }
    }
    Err(RequestError::Busy)
}

/// Posts an event when it is its turn.
async fn attempt(
    app: Arc<App>,
    delivery: Arc<Delivery>,
    url: String,
    gate: Arc<Gate>,
    slots: Arc<Semaphore>,
    lease_until: Timestamp,
) -> Try {
    let turn = gate.slots.acquire().await;
    let place = slots.acquire().await;
    let now = app.clock.now();
    if turn.is_err() || place.is_err() || now.plus_seconds(LONGEST_ATTEMPT_SECONDS) > lease_until {
        return Try::PutOff(now);
    }
    if let Some(until) = gate.rests(now) {
        return Try::PutOff(until);
    }
    let answered = post(&app, &delivery, &url, now).await;
    // Before the next one has its turn.
    if may_recover(&answered) {
        gate.close(app.clock.now());
    } else {
        gate.open();
    }
    Try::Made(answered)
}

/// Whether another try may end otherwise.
fn may_recover(answered: &Result<u16, FetchError>) -> bool {
    match answered {
        Ok(status) => *status >= 500,
        Err(error) => error.is_outage(),
    }
}

async fn post(
    app: &App,
    delivery: &Delivery,
    url: &str,
    now: Timestamp,
) -> Result<u16, FetchError> {
    let url = Url::parse(url)?;
    let headers = headers(delivery, &app.keys.webhook_signer, now);
    let headers = headers.into_iter().filter_map(|(name, value)| {
        // Ids, numbers and names: they all are headers.
        Some((HeaderName::from_static(name), HeaderValue::try_from(value).ok()?))
    });
    app.webhooks.tell(&url, headers.collect(), delivery.body.clone()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_longer_each_time_up_to_an_hour() {
        let waits: Vec<u64> = [1, 2, 3, 10, 11, 16, u32::MAX].map(wait_seconds).into();
        assert_eq!(waits, [5, 10, 20, 2_560, 3_600, 3_600, 3_600]);
    }

    #[test]
    fn a_receiver_that_fails_rests_longer_each_time() {
        let gate = Gate::default();
        let at = |seconds: u64| Timestamp::from_millis(1_000_000 + seconds * 1_000);
        assert_eq!((gate.rests(at(0)), gate.is_failing()), (None, false));
        gate.close(at(0));
        gate.close(at(1));
        assert_eq!(gate.rests(at(4)), Some(at(5)));
        assert_eq!((gate.rests(at(5)), gate.is_failing()), (None, true));
        gate.close(at(5));
        assert_eq!(gate.rests(at(14)), Some(at(15)));
        gate.open();
        assert_eq!((gate.rests(at(14)), gate.is_failing()), (None, false));
        gate.close(at(20));
        assert_eq!(gate.rests(at(20)), Some(at(25)));
    }
}
