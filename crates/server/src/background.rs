//! What a server does beside answering: sends messages and transactions, delivers events, forgets what has expired,
//! keeps last uses.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use keyward_protocol::engine::message::{Content, Message};
use keyward_protocol::wire::Timestamp;
use keyward_protocol::wire::id::MessageId;
use keyward_store::{SealedError, SealedStore, StoreError};
use tokio::sync::watch;

use crate::app::App;
use crate::chains::broadcast;
use crate::delivery::webhooks::Webhooks;
use crate::delivery::{Channel, Delivery, DeliveryError, Outbox, Queue};
use crate::uses;

/// How often last uses are written.
const USES_EVERY: Duration = Duration::from_secs(10);
/// How often what has expired is forgotten.
const PURGE_EVERY: Duration = Duration::from_mins(1);
/// Records that are forgotten at a time.
const PURGED_AT_ONCE: u32 = 1_000;

/// Runs until `end` says so or its sender is gone; then does once more what must not be lost.
pub async fn run(app: Arc<App>, end: watch::Receiver<bool>) {
    let ended = |mut end: watch::Receiver<bool>| async move {
        // A sender that is gone means the end as well.
        let _ = end.wait_for(|ended| *ended).await;
    };
    let outbox = Outbox::new(
        &app.store,
        Arc::new(Carrier(app.clone())),
        &app.clock,
        &app.metrics.messages,
        &app.messages,
    );
    let housekeeping = async {
        let mut end = std::pin::pin!(ended(end.clone()));
        let mut uses_tick = tokio::time::interval(USES_EVERY);
        let mut purge_tick = tokio::time::interval(PURGE_EVERY);
        loop {
            tokio::select! {
                () = &mut end => break,
                _ = uses_tick.tick() => uses::write(&app).await,
                _ = purge_tick.tick() => purge(&app).await,
            }
        }
        uses::write(&app).await;
    };
    let webhooks = Webhooks::new(app.clone());
    tokio::join!(outbox.run(ended(end.clone())), webhooks.run(ended(end.clone())), housekeeping);
}

/// Delivers to people and to chains.
struct Carrier(Arc<App>);

#[async_trait]
impl Delivery for Carrier {
    async fn deliver(&self, message: &Message) -> Result<(), DeliveryError> {
        match &message.content {
            Content::Email(_) | Content::Sms(_) => self.0.delivery.deliver(message).await,
            Content::Transaction(id) => broadcast(&self.0, message.organization, *id).await,
        }
    }

    fn sends(&self, channel: Channel) -> bool {
        channel == Channel::Chain || self.0.delivery.sends(channel)
    }

    fn knows_template(&self, id: &str) -> bool {
        self.0.delivery.knows_template(id)
    }
}

/// Forgets records that have expired.
async fn purge(app: &App) {
    loop {
        match app.store.purge_records(app.clock.now(), PURGED_AT_ONCE).await {
            Ok(PURGED_AT_ONCE) => {}
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(%error, "records that have expired can't be forgotten");
                return;
            }
        }
    }
}

#[async_trait]
impl Queue for SealedStore {
    async fn take(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Message, u32)>, StoreError> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let taken = self.take_messages(now, lease_until, limit).await.map_err(store_error)?;
        let mut messages = Vec::with_capacity(taken.len());
        for taken in taken {
            match taken {
                // The store counts this try already.
                Ok((message, attempts)) => messages.push((message, attempts.saturating_sub(1))),
                Err((id, error)) => {
                    tracing::error!(message = %id, %error, "a message does not open and is given up");
                    self.finish_message(id).await.map_err(store_error)?;
                }
            }
        }
        Ok(messages)
    }

    async fn finish(&self, id: MessageId) -> Result<(), StoreError> {
        self.finish_message(id).await.map_err(store_error)
    }

    async fn retry(&self, id: MessageId, due: Timestamp) -> Result<(), StoreError> {
        self.retry_message(id, due).await.map_err(store_error)
    }
}

/// What of it is the store's.
fn store_error(error: SealedError) -> StoreError {
    match error {
        SealedError::Store(error) => error,
        _ => StoreError::Unavailable,
    }
}
