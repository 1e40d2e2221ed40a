//! The loop that delivers what was committed, and what it does when that fails.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use keyward_protocol::engine::message::Message;
use keyward_protocol::wire::Timestamp;
use keyward_protocol::wire::id::{MessageId, OrganizationId};
use keyward_store::StoreError;
use tokio::sync::{Notify, Semaphore};
use tokio::task::{self, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::{Channel, Delivery, DeliveryError, Obstacle};
use crate::clock::Clock;
use crate::metrics::{MessageCounts, Outcome};

/// Tries that a message gets.
const MOST_ATTEMPTS: u32 = 8;
/// Longest time between two tries.
const LONGEST_WAIT_SECONDS: u64 = 60;
/// How long a message that was taken belongs to who took it.
const LEASE_SECONDS: u64 = 60;
/// Longest time that one try takes. A try is only begun while the lease lasts for longer than this, so
/// no message is sent by two at once.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(30);
/// Messages of a channel that are sent at once.
const SENT_AT_ONCE: usize = 16;
/// Messages that are taken and not sent yet, of all channels together.
const HELD_AT_ONCE: usize = 512;
/// Time until a transaction is looked after again whose chain could not be asked, in seconds.
const LOOK_AGAIN_SECONDS: u64 = 5;
/// How often the queue is asked without being told.
const POLL: Duration = Duration::from_secs(1);
/// Longest time that tries under way get to finish at the end.
const GRACE: Duration = Duration::from_secs(10);

/// Where committed messages wait.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Takes at most `limit` messages that are due at `now`; nobody else gets them before `lease_until`.
    /// With each, how often it was tried before.
    async fn take(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Message, u32)>, StoreError>;

    /// Removes a message: it was sent or given up.
    async fn finish(&self, id: MessageId) -> Result<(), StoreError>;

    /// Puts a message back, tried once more, until `due`.
    async fn retry(&self, id: MessageId, due: Timestamp) -> Result<(), StoreError>;
}

/// What happens to a message after a try that failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Next {
    /// It is tried again at this instant.
    Retry(Timestamp),
    /// It is not tried again.
    GiveUp(GiveUp),
}

/// Why a message is not tried again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GiveUp {
    /// No try will succeed.
    Hopeless,
    /// It was tried often enough.
    TooManyAttempts,
    /// It is of no use any more, or will be when it would be tried again.
    Expired,
}

impl fmt::Display for GiveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hopeless => "another try will not help",
            Self::TooManyAttempts => "it was tried often enough",
            Self::Expired => "it has expired",
        })
    }
}

/// What happens to a message whose try number `attempts` (from 1) has just failed: another try after 1 s,
/// 2 s, 4 s and so on up to a minute, eight tries in all, none of them after it has expired.
pub fn next(attempts: u32, error: &DeliveryError, now: Timestamp, expires_at: Timestamp) -> Next {
    if !matches!(error, DeliveryError::Temporary(_)) {
        return Next::GiveUp(GiveUp::Hopeless);
    }
    if attempts >= MOST_ATTEMPTS {
        return Next::GiveUp(GiveUp::TooManyAttempts);
    }
    let doubled = 1_u64.checked_shl(attempts.saturating_sub(1)).unwrap_or(LONGEST_WAIT_SECONDS);
    let due = now.plus_seconds(doubled.min(LONGEST_WAIT_SECONDS));
    if due < expires_at { Next::Retry(due) } else { Next::GiveUp(GiveUp::Expired) }
}

/// Delivers what waits in a queue, for as long as the server runs.
pub struct Outbox<'a> {
    queue: &'a dyn Queue,
    delivery: Arc<dyn Delivery>,
    clock: &'a Clock,
    counts: &'a MessageCounts,
    woken: &'a Notify,
    held: HashMap<task::Id, Held>,
    tries: JoinSet<Try>,
    email_slots: Arc<Semaphore>,
    sms_slots: Arc<Semaphore>,
    chain_slots: Arc<Semaphore>,
    poll: Duration,
}

/// A message that was taken.
struct Held {
    id: MessageId,
    organization: OrganizationId,
    channel: Channel,
    expires_at: Timestamp,
    attempts: u32,
}

/// How a try ended; `None` when it was not begun.
type Try = Option<Result<(), DeliveryError>>;

impl<'a> Outbox<'a> {
    /// An outbox. `woken` is told when messages were committed; without that they wait up to a second.
    pub fn new(
        queue: &'a dyn Queue,
        delivery: Arc<dyn Delivery>,
        clock: &'a Clock,
        counts: &'a MessageCounts,
        woken: &'a Notify,
    ) -> Self {
        Self {
            queue,
            delivery,
            clock,
            counts,
            woken,
            held: HashMap::new(),
            tries: JoinSet::new(),
            email_slots: Arc::new(Semaphore::new(SENT_AT_ONCE)),
            sms_slots: Arc::new(Semaphore::new(SENT_AT_ONCE)),
            chain_slots: Arc::new(Semaphore::new(SENT_AT_ONCE)),
            poll: POLL,
        }
    }

    /// Delivers until `end` is over; then tries under way get ten seconds to finish. What does not stays in
    /// the queue and is tried again later, maybe a second time.
    pub async fn run(mut self, end: impl Future<Output = ()>) {
        let mut end = pin!(end);
        let mut ticks = interval(self.poll);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let may_be_more = tokio::select! {
                () = &mut end => break,
                Some(ended) = self.tries.join_next_with_id() => {
                    // The place that has become free may be what others wait for.
                    let was_full = self.held.len() == HELD_AT_ONCE;
                    self.settle(ended).await;
                    was_full
                }
                () = self.woken.notified() => true,
                _ = ticks.tick() => true,
            };
            if may_be_more {
                self.take().await;
            }
        }
        let rest = async {
            while let Some(ended) = self.tries.join_next_with_id().await {
                self.settle(ended).await;
            }
        };
        if timeout(GRACE, rest).await.is_err() {
            tracing::warn!("some messages were not sent in time; they are tried again later");
        }
    }

    async fn take(&mut self) {
        let limit = HELD_AT_ONCE.saturating_sub(self.held.len());
        if limit == 0 {
            return;
        }
        let now = self.clock.now();
        let taken = match self.queue.take(now, now.plus_seconds(LEASE_SECONDS), limit).await {
            Ok(taken) => taken,
            Err(error) => {
                tracing::error!(%error, "could not read the messages to send");
                return;
            }
        };
        for (message, before) in taken {
            // A lease can end early when the clock is moved.
            if self.held.values().any(|held| held.id == message.id) {
                continue;
            }
            let held = Held {
                id: message.id,
                organization: message.organization,
                channel: Channel::of(&message),
                expires_at: message.expires_at,
                attempts: before.saturating_add(1),
            };
            if message.expires_at <= now {
                self.give_up(&held, GiveUp::Expired, None).await;
                continue;
            }
            let slots = match held.channel {
                Channel::Email => self.email_slots.clone(),
                Channel::Sms => self.sms_slots.clone(),
                Channel::Chain => self.chain_slots.clone(),
            };
            let attempt = attempt(self.delivery.clone(), message, slots);
            self.held.insert(self.tries.spawn(attempt).id(), held);
        }
    }

    async fn settle(&mut self, ended: Result<(task::Id, Try), task::JoinError>) {
        let (id, outcome) = match ended {
            Ok(ended) => ended,
            Err(error) => (error.id(), Some(Err(DeliveryError::Temporary(Obstacle::Crashed)))),
        };
        let (Some(held), Some(outcome)) = (self.held.remove(&id), outcome) else { return };
        let error = match outcome {
            Ok(()) => {
                self.counts.count(held.channel, Outcome::Sent);
                return self.finish(&held).await;
            }
            Err(error) => error,
        };
        let now = self.clock.now();
        let next = match (held.channel, &error) {
            (_, DeliveryError::UnderWay(seconds)) => Next::Retry(now.plus_seconds(*seconds)),
            // What was signed is looked after until it is known what became of it.
            (Channel::Chain, _) => Next::Retry(now.plus_seconds(LOOK_AGAIN_SECONDS)),
            _ => next(held.attempts, &error, now, held.expires_at),
        };
        match next {
            Next::Retry(due) => {
                if !matches!(error, DeliveryError::UnderWay(_)) {
                    self.counts.count(held.channel, Outcome::Retried);
                    tracing::info!(
                        message = %held.id, organization = %held.organization, kind = %held.channel,
                        attempts = held.attempts, reason = %error, "message not sent yet"
                    );
                }
                if let Err(error) = self.queue.retry(held.id, due).await {
                    tracing::error!(message = %held.id, %error, "could not put a message back");
                }
            }
            Next::GiveUp(why) => self.give_up(&held, why, Some(&error)).await,
        }
    }

    async fn give_up(&self, held: &Held, why: GiveUp, error: Option<&DeliveryError>) {
        self.counts.count(held.channel, Outcome::GivenUp);
        let reason = error.map_or_else(|| why.to_string(), |error| format!("{why}: {error}"));
        tracing::warn!(
            message = %held.id, organization = %held.organization, kind = %held.channel,
            reason, "message given up"
        );
        self.finish(held).await;
    }

    async fn finish(&self, held: &Held) {
        if let Err(error) = self.queue.finish(held.id).await {
            tracing::error!(message = %held.id, %error, "could not remove a message; it may be sent again");
        }
    }
}

/// One try, once the channel has a place for it; nothing when by then the lease is too old.
async fn attempt(delivery: Arc<dyn Delivery>, message: Message, slots: Arc<Semaphore>) -> Try {
    let taken = Instant::now();
    let _slot = slots.acquire().await.ok()?;
    if taken.elapsed() + LONGEST_ATTEMPT >= Duration::from_secs(LEASE_SECONDS) {
        return None;
    }
    let sent = timeout(LONGEST_ATTEMPT, delivery.deliver(&message)).await;
    Some(sent.unwrap_or(Err(DeliveryError::Temporary(Obstacle::TooSlow))))
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use keyward_protocol::engine::message::Content;
    use keyward_protocol::wire::id::SendTransactionStatusId;
    use tokio::sync::{mpsc, oneshot};

    use super::super::tests::{MADE, message, otp, sms};
    use super::*;

    const BUSY: DeliveryError = DeliveryError::Temporary(Obstacle::Answered(450));
    const NO: DeliveryError = DeliveryError::Permanent(Obstacle::Answered(550));

    #[test]
    fn waits_twice_as_long_each_time_and_at_most_a_minute() {
        let late = MADE.plus_seconds(10_000);
        for (attempts, seconds) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32), (7, 60)] {
            let due = MADE.plus_seconds(seconds);
            assert_eq!(next(attempts, &BUSY, MADE, late), Next::Retry(due), "{attempts}");
        }
        for attempts in [8, 9, 100, u32::MAX] {
            let end = Next::GiveUp(GiveUp::TooManyAttempts);
            assert_eq!(next(attempts, &BUSY, MADE, late), end, "{attempts}");
        }
    }

    #[test]
    fn gives_up_at_once_what_will_not_arrive_or_has_expired() {
        let late = MADE.plus_seconds(10_000);
        let channel = DeliveryError::NotConfigured(Channel::Sms);
        for error in [NO, channel] {
            assert_eq!(next(1, &error, MADE, late), Next::GiveUp(GiveUp::Hopeless));
        }
        for expires_at in [MADE, MADE.plus_seconds(1)] {
            assert_eq!(next(1, &BUSY, MADE, expires_at), Next::GiveUp(GiveUp::Expired));
        }
        let retry = Next::Retry(MADE.plus_seconds(1));
        assert_eq!(next(1, &BUSY, MADE, MADE.plus_seconds(2)), retry);
    }

    #[derive(Debug, PartialEq)]
    enum Told {
        Finished(MessageId),
        Retried(MessageId, Timestamp),
    }

    struct FakeQueue {
        waiting: Mutex<VecDeque<(Message, u32)>>,
        told: mpsc::UnboundedSender<Told>,
    }

    #[async_trait]
    impl Queue for FakeQueue {
        async fn take(
            &self,
            now: Timestamp,
            lease_until: Timestamp,
            limit: usize,
        ) -> Result<Vec<(Message, u32)>, StoreError> {
            assert_eq!(lease_until, now.plus_seconds(60));
            let mut waiting = self.waiting.lock().unwrap();
            let count = limit.min(waiting.len());
            Ok(waiting.drain(..count).collect())
        }

        async fn finish(&self, id: MessageId) -> Result<(), StoreError> {
            self.told.send(Told::Finished(id)).unwrap();
            Ok(())
        }

        async fn retry(&self, id: MessageId, due: Timestamp) -> Result<(), StoreError> {
            self.told.send(Told::Retried(id, due)).unwrap();
            Ok(())
        }
    }

    /// Text messages arrive; e-mails end as said, or never.
    struct FakeDelivery {
        email: Option<Result<(), DeliveryError>>,
    }

    #[async_trait]
    impl Delivery for FakeDelivery {
        async fn deliver(&self, message: &Message) -> Result<(), DeliveryError> {
            match (Channel::of(message), &self.email) {
                (Channel::Sms, _) => Ok(()),
                (Channel::Chain, _) => Err(DeliveryError::UnderWay(7)),
                (Channel::Email, Some(outcome)) => outcome.clone(),
                (Channel::Email, None) => std::future::pending().await,
            }
        }

        fn sends(&self, _channel: Channel) -> bool {
            true
        }

        fn knows_template(&self, _id: &str) -> bool {
            false
        }
    }

    struct Running {
        queue: Arc<FakeQueue>,
        told: mpsc::UnboundedReceiver<Told>,
        woken: Arc<Notify>,
        clock: Arc<Clock>,
        counts: MessageCounts,
        end: oneshot::Sender<()>,
        task: task::JoinHandle<()>,
    }

    fn start(
        email: Option<Result<(), DeliveryError>>,
        waiting: impl IntoIterator<Item = (Message, u32)>,
        poll: Duration,
    ) -> Running {
        let (telling, told) = mpsc::unbounded_channel();
        let waiting = Mutex::new(waiting.into_iter().collect());
        let queue = Arc::new(FakeQueue { waiting, told: telling });
        let (woken, clock) = (Arc::new(Notify::new()), Arc::new(Clock::default()));
        let counts = MessageCounts::default();
        let (end, ended) = oneshot::channel();
        let task = tokio::spawn({
            let (queue, woken, clock) = (queue.clone(), woken.clone(), clock.clone());
            let counts = counts.clone();
            async move {
                let delivery = Arc::new(FakeDelivery { email });
                let mut outbox = Outbox::new(&*queue, delivery, &clock, &counts, &woken);
                outbox.poll = poll;
                outbox
                    .run(async {
                        let _ = ended.await;
                    })
                    .await;
            }
        });
        Running { queue, told, woken, clock, counts, end, task }
    }

    /// A message that will not expire while a test runs.
    fn lasting(number: u64, content: Content) -> Message {
        let mut message = message(number, content);
        message.expires_at = Clock::default().now().plus_seconds(3_600);
        message
    }

    const NEVER: Duration = Duration::from_hours(1);

    #[tokio::test]
    async fn sends_what_waits_and_what_comes_and_ends() {
        let first = lasting(0, Content::Email(otp()));
        let mut running = start(Some(Ok(())), [(first.clone(), 0)], NEVER);
        assert_eq!(running.told.recv().await, Some(Told::Finished(first.id)));
        let second = lasting(1, Content::Sms(sms()));
        running.queue.waiting.lock().unwrap().push_back((second.clone(), 0));
        running.woken.notify_one();
        assert_eq!(running.told.recv().await, Some(Told::Finished(second.id)));
        running.end.send(()).unwrap();
        running.task.await.unwrap();
        assert_eq!(running.counts.value(Channel::Email, Outcome::Sent), 1);
        assert_eq!(running.counts.value(Channel::Sms, Outcome::Sent), 1);
    }

    #[tokio::test]
    async fn looks_by_itself_too() {
        let mut running = start(Some(Ok(())), [], Duration::from_millis(1));
        tokio::task::yield_now().await;
        let late = lasting(0, Content::Sms(sms()));
        running.queue.waiting.lock().unwrap().push_back((late.clone(), 0));
        assert_eq!(running.told.recv().await, Some(Told::Finished(late.id)));
    }

    #[tokio::test]
    async fn tries_again_later_and_not_for_ever() {
        let [third, last] = [0, 1].map(|number| lasting(number, Content::Email(otp())));
        let before = Clock::default().now();
        let waiting = [(third.clone(), 2), (last.clone(), 7)];
        let mut running = start(Some(Err(BUSY)), waiting, NEVER);
        let mut told = [running.told.recv().await.unwrap(), running.told.recv().await.unwrap()];
        told.sort_by_key(|told| matches!(told, Told::Finished(_)));
        let after = running.clock.now();
        let [Told::Retried(id, due), finished] = told else { panic!("{told:?}") };
        assert_eq!(id, third.id);
        assert!(due >= before.plus_seconds(4) && due <= after.plus_seconds(4));
        assert_eq!(finished, Told::Finished(last.id));
        assert_eq!(running.counts.value(Channel::Email, Outcome::Retried), 1);
        assert_eq!(running.counts.value(Channel::Email, Outcome::GivenUp), 1);
    }

    #[tokio::test]
    async fn what_is_on_its_way_is_looked_after_for_ever() {
        let content = Content::Transaction(SendTransactionStatusId(uuid::Uuid::from_u128(9)));
        let transaction = lasting(0, content);
        let before = Clock::default().now();
        let mut running = start(None, [(transaction.clone(), 1_000)], NEVER);
        let Some(Told::Retried(id, due)) = running.told.recv().await else { panic!("given up") };
        assert_eq!(id, transaction.id);
        assert!(due >= before.plus_seconds(7) && due <= running.clock.now().plus_seconds(7));
        assert_eq!(running.counts.value(Channel::Chain, Outcome::Retried), 0);
    }

    #[tokio::test]
    async fn gives_up_refused_and_expired_messages() {
        let refused = lasting(0, Content::Email(otp()));
        let expired = message(1, Content::Sms(sms()));
        assert!(expired.expires_at < Clock::default().now(), "the clock of this machine is wrong");
        let waiting = [(refused.clone(), 0), (expired.clone(), 0)];
        let mut running = start(Some(Err(NO)), waiting, NEVER);
        assert_eq!(running.told.recv().await, Some(Told::Finished(expired.id)));
        assert_eq!(running.told.recv().await, Some(Told::Finished(refused.id)));
        assert_eq!(running.counts.value(Channel::Email, Outcome::GivenUp), 1);
        assert_eq!(running.counts.value(Channel::Sms, Outcome::GivenUp), 1);
        assert_eq!(running.counts.value(Channel::Sms, Outcome::Sent), 0);
    }

    #[tokio::test]
    async fn a_mail_server_that_hangs_does_not_stop_text_messages() {
        let mails = (0..100).map(|number| (lasting(number, Content::Email(otp())), 0));
        let text = lasting(100, Content::Sms(sms()));
        let waiting: Vec<_> = mails.chain([(text.clone(), 0)]).collect();
        let mut running = start(None, waiting, NEVER);
        assert_eq!(running.told.recv().await, Some(Told::Finished(text.id)));
        running.task.abort();
    }

    #[tokio::test]
    async fn takes_more_than_it_holds_at_once() {
        let count = u64::try_from(2 * HELD_AT_ONCE + 1).unwrap();
        let waiting: Vec<_> =
            (0..count).map(|number| (lasting(number, Content::Sms(sms())), 0)).collect();
        let mut running = start(None, waiting, NEVER);
        for _ in 0..count {
            assert!(matches!(running.told.recv().await, Some(Told::Finished(_))));
        }
        assert_eq!(running.counts.value(Channel::Sms, Outcome::Sent), count);
    }
}
