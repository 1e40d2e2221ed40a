//! What nodes of Solana's chains are asked. Source: Solana's documentation, "RPC Methods".

use std::collections::HashMap;

use alloy_primitives::U256;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use keyward_protocol::engine::sending::Submission;
use keyward_protocol::wire::Timestamp;
use keyward_protocol::wire::sending::{SolanaFailureDetails, TxError, TxStatus};
use serde::Deserialize;
use serde_json::{Value, json};

use super::broadcast::{Step, age_seconds};
use super::rpc::{Refusal, Rpc, RpcError};

/// The two programs that keep tokens.
const TOKEN_PROGRAMS: [&str; 2] =
    ["TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA", "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"];
/// How long a transaction may be missing whose block is no longer recent: nodes that answer need not be at the same
/// slot, and a hash lasts a minute at least. Source: Solana documentation, "Transaction confirmation".
const EXPIRED_AFTER_SECONDS: u64 = 60;
/// Lines of a program's log that are kept.
const MOST_LOGS: usize = 100;

/// A result and the slot it is of.
#[derive(Deserialize)]
pub(super) struct At<T> {
    pub(super) value: T,
}

/// What an account holds of the chain's own coin, in lamports.
pub(super) async fn balance(rpc: &Rpc, address: &str) -> Result<U256, RpcError> {
    let at: At<u64> =
        rpc.call("getBalance", json!([address, { "commitment": "confirmed" }])).await?;
    Ok(U256::from(at.value))
}

/// What an account holds of all tokens, by mint, in their smallest units: an owner may have several accounts of one.
pub(super) async fn token_balances(
    rpc: &Rpc,
    owner: &str,
) -> Result<HashMap<String, U256>, RpcError> {
    let mut balances: HashMap<String, U256> = HashMap::new();
    for program in TOKEN_PROGRAMS {
        let how = json!({ "encoding": "jsonParsed", "commitment": "confirmed" });
        let parameters = json!([owner, { "programId": program }, how]);
        let at: At<Vec<TokenAccount>> = rpc.call("getTokenAccountsByOwner", parameters).await?;
        for account in at.value {
            let TokenInfo { mint, token_amount } = account.account.data.parsed.info;
            let amount = token_amount.amount.parse::<u64>().unwrap_or_default();
            let balance = balances.entry(mint).or_default();
            *balance = balance.saturating_add(U256::from(amount));
        }
    }
    Ok(balances)
}

#[derive(Deserialize)]
struct TokenAccount {
    account: Account,
}

#[derive(Deserialize)]
struct Account {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    parsed: Parsed,
}

#[derive(Deserialize)]
struct Parsed {
    info: TokenInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenInfo {
    mint: String,
    token_amount: TokenAmount,
}

#[derive(Deserialize)]
struct TokenAmount {
    amount: String,
}

/// The hash of a recent block, in base58.
pub(super) async fn latest_blockhash(rpc: &Rpc) -> Result<String, RpcError> {
    let at: At<Latest> =
        rpc.call("getLatestBlockhash", json!([{ "commitment": "confirmed" }])).await?;
    Ok(at.value.blockhash)
}

#[derive(Deserialize)]
struct Latest {
    blockhash: String,
}

/// Gives a signed transaction to a node, which tries it out before.
async fn send(rpc: &Rpc, submission: &Submission) -> Result<(), RpcError> {
    let bytes = hex::decode(&submission.signed).unwrap_or_default();
    let how = json!({ "encoding": "base64", "preflightCommitment": "confirmed" });
    let parameters = json!([BASE64_STANDARD.encode(bytes), how]);
    let sent: Result<Value, _> = rpc.call("sendTransaction", parameters).await;
    match sent {
        Ok(_) => Ok(()),
        Err(error) if error.refusal().is_some_and(is_known) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether a node refuses a transaction because it has been processed.
fn is_known(refusal: &Refusal) -> bool {
    refusal.data.get("err").is_some_and(|error| error == "AlreadyProcessed")
        || refusal.message.contains("already been processed")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignatureStatus {
    err: Option<Value>,
    confirmation_status: Option<String>,
}

/// The next step with a transaction.
pub(super) async fn step(
    rpc: &Rpc,
    submission: &Submission,
    signature: &str,
    blockhash: Option<&str>,
    now: Timestamp,
) -> Result<Step, RpcError> {
    if submission.status == TxStatus::Initialized {
        let refused = match send(rpc, submission).await {
            Ok(()) => return Ok(Step::Becomes(TxStatus::Broadcasting, None)),
            Err(error) => error,
        };
        let Some(refusal) = refused.refusal().filter(|refusal| !is_passing(refusal)) else {
            return Err(refused);
        };
        // An earlier try may have succeeded without our knowing.
        return match status(rpc, signature).await? {
            Some(found) => Ok(included(&found).unwrap_or(Step::Waits)),
            None => Ok(Step::fails(refused_error(refusal))),
        };
    }
    // Asked before the status: what is missing then and can't come any more never was.
    let is_over = match blockhash {
        Some(hash) if age_seconds(submission, now) >= EXPIRED_AFTER_SECONDS => {
            let parameters = json!([hash, { "commitment": "processed" }]);
            let at: At<bool> = rpc.call("isBlockhashValid", parameters).await?;
            !at.value
        }
        _ => false,
    };
    if let Some(found) = status(rpc, signature).await? {
        return Ok(included(&found).unwrap_or(Step::Waits));
    }
    if is_over {
        let text = "the transaction was not included while its blockhash was recent";
        return Ok(Step::fails(TxError::new(text)));
    }
    // Leaders drop what they have no room for.
    if let Err(error) = send(rpc, submission).await {
        tracing::debug!(transaction = %submission.id, %error, "not sent again");
    }
    Ok(Step::Waits)
}

/// Whether a node may take later what it refuses now: it is behind (-32005) or asked too often (429).
///
/// Source: `RpcCustomError` of Agave, `rpc-client-api`.
fn is_passing(refusal: &Refusal) -> bool {
    matches!(refusal.code, -32005 | 429)
}

async fn status(rpc: &Rpc, signature: &str) -> Result<Option<SignatureStatus>, RpcError> {
    let parameters = json!([[signature], { "searchTransactionHistory": true }]);
    let at: At<Vec<Option<SignatureStatus>>> = rpc.call("getSignatureStatuses", parameters).await?;
    Ok(at.value.into_iter().next().flatten())
}

/// What a status means once a majority has voted for its block.
fn included(found: &SignatureStatus) -> Option<Step> {
    let is_confirmed =
        matches!(found.confirmation_status.as_deref(), Some("confirmed" | "finalized"));
    is_confirmed.then(|| {
        let error = found.err.as_ref().map(|error| {
            Box::new(TxError {
                message: format!("the transaction was included and failed: {error}"),
                solana: Some(SolanaFailureDetails {
                    source: "execution".to_owned(),
                    transaction_error_json: Some(error.to_string()),
                    ..SolanaFailureDetails::default()
                }),
                ..TxError::default()
            })
        });
        Step::Becomes(TxStatus::Included, error)
    })
}

/// What a node says that tried a transaction out and would not have it.
fn refused_error(refusal: &Refusal) -> TxError {
    let data = |name: &str| refusal.data.get(name).filter(|value| !value.is_null());
    let logs = data("logs").and_then(Value::as_array).into_iter().flatten();
    TxError {
        message: refusal.message.clone(),
        solana: Some(SolanaFailureDetails {
            source: "preflight".to_owned(),
            rpc_code: Some(refusal.code),
            rpc_message: Some(refusal.message.clone()),
            transaction_error_json: data("err").map(Value::to_string),
            logs: logs.filter_map(Value::as_str).take(MOST_LOGS).map(str::to_owned).collect(),
            units_consumed: data("unitsConsumed").map(Value::to_string),
        }),
        ..TxError::default()
    }
}
