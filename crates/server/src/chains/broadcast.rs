//! What becomes of transactions once they are signed and kept: they are given to a node, and looked for until they are
//! in a block or can't be any more.
//!
//! Each try takes one step: the outbox comes back until there is none left, by whichever process.

use keyward_crypto::os_rng;
use keyward_protocol::engine::Changes;
use keyward_protocol::engine::record::{Record, RecordChange};
use keyward_protocol::engine::sending::{Nonces, Sent, Submission};
use keyward_protocol::engine::webhooks::transaction_updates;
use keyward_protocol::wire::Timestamp;
use keyward_protocol::wire::id::{OrganizationId, SendTransactionStatusId};
use keyward_protocol::wire::sending::{TxError, TxStatus};
use keyward_store::{Decided, SealedError, StoreError};
use serde::Serialize;

use super::rpc::RpcError;
use super::{ethereum, solana};
use crate::app::App;
use crate::delivery::{DeliveryError, Obstacle};

/// How often a change of status that lost a race is tried again.
const ATTEMPTS: usize = 8;

/// What was found out about a transaction.
pub(super) enum Step {
    /// Its status changes.
    Becomes(TxStatus, Option<Box<TxError>>),
    /// Nothing new.
    Waits,
}

impl Step {
    pub(super) fn fails(error: TxError) -> Self {
        Self::Becomes(TxStatus::Failed, Some(Box::new(error)))
    }
}

/// Takes the next step with a transaction.
///
/// # Errors
///
/// [`DeliveryError::UnderWay`] until there is none left; [`DeliveryError::Temporary`] when the store fails.
pub(crate) async fn broadcast(
    app: &App,
    organization: OrganizationId,
    id: SendTransactionStatusId,
) -> Result<(), DeliveryError> {
    let record = app.store.record(Submission::key(organization, id)).await;
    let record = record.map_err(|error| failed(&error))?;
    // Deleted with its organization, or looked after already.
    let Record { value: Some(submission), .. } = record else { return Ok(()) };
    let submission: Submission = submission;
    if submission.status.is_final() {
        return Ok(());
    }
    let now = app.clock.now();
    match step(app, &submission, now).await {
        Step::Becomes(status, error) => {
            let settled = settle(app, &submission, status, error.as_deref(), now).await;
            settled.map_err(|error| failed(&error))?;
            if status.is_final() {
                return Ok(());
            }
        }
        Step::Waits => {}
    }
    Err(DeliveryError::UnderWay(pause_seconds(&submission, now)))
}

fn failed(error: &SealedError) -> DeliveryError {
    tracing::error!(%error, "what became of a transaction could not be kept");
    DeliveryError::Temporary(Obstacle::Crashed)
}

/// Time until a transaction is looked for again: longer, the longer it waits.
fn pause_seconds(submission: &Submission, now: Timestamp) -> u64 {
    match age_seconds(submission, now) {
        ..60 => 1,
        60..600 => 5,
        _ => 60,
    }
}

/// Since it was signed.
pub(super) fn age_seconds(submission: &Submission, now: Timestamp) -> u64 {
    now.as_seconds().saturating_sub(submission.created_at.as_seconds())
}

/// Asks the chain.
async fn step(app: &App, submission: &Submission, now: Timestamp) -> Step {
    let found = match app.chains.get(&submission.chain) {
        Ok(rpc) => match &submission.sent {
            Sent::Ethereum { hash, nonce, .. } => {
                ethereum::step(rpc, submission, hash, *nonce, now).await
            }
            Sent::Solana { signature, blockhash } => {
                solana::step(rpc, submission, signature, blockhash.as_deref(), now).await
            }
        },
        // The operator took the chain away, and may bring it back.
        Err(_) => Ok(Step::Waits),
    };
    let step = found.unwrap_or_else(|error: RpcError| {
        tracing::warn!(transaction = %submission.id, %error, "a transaction can't be looked after");
        Step::Waits
    });
    match step {
        Step::Waits if age_seconds(submission, now) >= Submission::LONGEST_SECONDS => {
            Step::fails(TxError::new("the transaction was not included within a day"))
        }
        step => step,
    }
}

/// Keeps a new status, and has webhooks told of it: the one place where one changes.
async fn settle(
    app: &App,
    known: &Submission,
    status: TxStatus,
    error: Option<&TxError>,
    now: Timestamp,
) -> Result<(), SealedError> {
    let Submission { id, organization, .. } = *known;
    for _ in 0..ATTEMPTS {
        let Some(opened) = app.store.latest_organization(organization).await? else {
            return Ok(());
        };
        let mut record: Record<Option<Submission>> =
            app.store.record(Submission::key(organization, id)).await?;
        let Some(submission) = &mut record.value else { return Ok(()) };
        if submission.status.is_final() {
            return Ok(());
        }
        submission.becomes(status, error.cloned(), now);
        let parent = match opened.organization.parent {
            None => None,
            Some(id) => app.store.latest_organization(id).await?,
        };
        let above = parent.as_ref().map(|parent| &*parent.organization);
        let about = &opened.organization;
        let webhooks = transaction_updates(submission, about, above, now, &mut os_rng());
        let mut changes = Changes { webhooks, ..Changes::default() };
        if let (true, Sent::Ethereum { from, nonce, .. }) = (status.is_final(), &submission.sent) {
            let key = Nonces::key(organization, &submission.chain, from);
            let mut nonces: Record<Nonces> = app.store.record(key).await?;
            nonces.value.end(*nonce, id, status == TxStatus::Included, now);
            changes.records.push(write(&nonces)?);
        }
        changes.records.push(write(&record)?);
        let decided = Decided {
            base: &opened,
            parent: None,
            organization: opened.organization.clone(),
            changes,
            activity: None,
        };
        let sealed = app.store.seal(decided, &mut os_rng())?;
        match app.commit(sealed).await {
            Ok(()) => return Ok(()),
            Err(SealedError::Store(StoreError::Conflict)) => {
                app.store.read_organization(organization).await?;
            }
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Conflict.into())
}

fn write<T: Serialize>(record: &Record<T>) -> Result<RecordChange, SealedError> {
    record.write(None).map_err(|_| SealedError::Misplaced("records"))
}
