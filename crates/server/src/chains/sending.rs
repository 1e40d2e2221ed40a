//! What the state of a chain adds to a transaction before anybody decides on it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use keyward_protocol::activities::Request;
use keyward_protocol::engine::chains::solana_key;
use keyward_protocol::engine::context::no_signer;
use keyward_protocol::engine::record::Record;
use keyward_protocol::engine::sending::{Draft, EthereumDraft, EthereumTerms, Nonces, spell};
use keyward_protocol::parameters::SignWith;
use keyward_protocol::wire::{ChainId, RequestError, Timestamp};
use keyward_store::Opened;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{ethereum, solana};
use crate::app::App;

/// Accounts that share a turn; more only means less waiting.
const TURNS: usize = 256;

/// A transaction that was completed.
pub(crate) struct Completed {
    /// The transaction, unsigned, hex.
    pub(crate) transaction: String,
    /// No other transaction of the account is completed before this is gone.
    _turn: Option<OwnedMutexGuard<()>>,
}

/// Completes the transaction of a request, where it has one to complete.
///
/// # Errors
///
/// What this server does not send; an account that is not the organization's; a chain that is not configured;
/// [`RequestError::RpcCall`].
pub(crate) async fn complete(
    app: &App,
    opened: &Opened,
    request: &mut Request,
    now: Timestamp,
) -> Result<Option<Completed>, RequestError> {
    let completed = match request.draft()? {
        None => return Ok(None),
        Some(Draft::Ethereum(draft)) => {
            let (terms, turn) = terms(app, opened, &draft, now).await?;
            Completed { transaction: draft.finish(terms), _turn: Some(turn) }
        }
        Some(Draft::Solana(draft)) => {
            let rpc = app.chains.get(&draft.chain)?;
            let latest = if draft.needs_blockhash() {
                let hash = solana::latest_blockhash(rpc).await?;
                Some(solana_key(&hash).ok_or_else(|| rpc.malformed("getLatestBlockhash"))?)
            } else {
                None
            };
            Completed { transaction: draft.finish(latest)?, _turn: None }
        }
    };
    request.complete(&completed.transaction)?;
    Ok(Some(completed))
}

async fn terms(
    app: &App,
    opened: &Opened,
    draft: &EthereumDraft,
    now: Timestamp,
) -> Result<(EthereumTerms, OwnedMutexGuard<()>), RequestError> {
    let rpc = app.chains.get(&draft.chain)?;
    let from = spell(draft.from);
    let named = SignWith::Address(from.clone());
    let account = app.store.account_signing(opened, &named).await;
    let is_account = account.map_err(RequestError::internal)?.is_some();
    if !is_account && opened.organization.private_key_named(&named).is_none() {
        return Err(no_signer());
    }
    let (max_fee_per_gas, max_priority_fee_per_gas) = ethereum::fees(rpc, draft).await?;
    let gas = match draft.gas_limit {
        Some(gas) => gas,
        None => ethereum::estimate(rpc, draft).await?,
    };
    let turn = app.chains.turns.take(&draft.chain, &from).await;
    let nonce = if let Some(nonce) = draft.nonce {
        nonce
    } else {
        let pending = ethereum::count(rpc, draft.from, "pending").await?;
        let key = Nonces::key(opened.organization.id, &draft.chain, &from);
        let nonces: Record<Nonces> = app.store.record(key).await.map_err(RequestError::internal)?;
        nonces.value.next(pending, now)
    };
    Ok((EthereumTerms { nonce, gas, max_fee_per_gas, max_priority_fee_per_gas }, turn))
}

/// Whose turn it is to take the next number of an account.
pub(super) struct Turns(Vec<Arc<Mutex<()>>>);

impl Default for Turns {
    fn default() -> Self {
        Self((0..TURNS).map(|_| Arc::default()).collect())
    }
}

impl Turns {
    async fn take(&self, chain: &ChainId, from: &str) -> OwnedMutexGuard<()> {
        let mut hasher = DefaultHasher::new();
        (chain, from).hash(&mut hasher);
        let place = usize::try_from(hasher.finish()).unwrap_or_default() % TURNS;
        let turn = self.0.get(place).cloned().unwrap_or_default();
        turn.lock_owned().await
    }
}
