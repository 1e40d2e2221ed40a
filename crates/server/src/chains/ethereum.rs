//! What nodes of chains with Ethereum's virtual machine are asked. Source: Ethereum's execution APIs.

use alloy_primitives::{Address, U256};
use keyward_protocol::engine::reverts;
use keyward_protocol::engine::sending::{EthereumDraft, Submission, spell};
use keyward_protocol::transaction::EthereumTransaction;
use keyward_protocol::wire::Timestamp;
use keyward_protocol::wire::sending::{TxError, TxStatus};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::broadcast::{Step, age_seconds};
use super::rpc::{Refusal, Rpc, RpcError};

/// `balanceOf(address)`. Source: ERC-20.
const BALANCE_OF: [u8; 4] = [0x70, 0xa0, 0x82, 0x31];
/// Part of the estimated gas that is added, for what the chain's state may be by then: a fifth.
const SPARE: u64 = 5;
/// Gas of an authorization. Source: EIP-7702, `PER_EMPTY_ACCOUNT_COST`.
const AUTHORIZATION_GAS: u64 = 25_000;
/// Code of an error that a node gives when it is asked too often. Source: EIP-1474.
const LIMIT_EXCEEDED: i64 = -32005;
/// How long a transaction may be missing whose number is taken: nodes that answer need not be at the same block.
const REPLACED_AFTER_SECONDS: u64 = 60;

/// A number as nodes write it: `0x` and hexadecimal digits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Quantity(pub(super) U256);

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // `0x` alone is what some answer for a call of a contract that is not there.
        let digits = text.strip_prefix("0x").filter(|digits| digits.len() <= 64);
        let number = digits.and_then(|digits| match digits {
            "" => Some(U256::ZERO),
            digits => U256::from_str_radix(digits, 16).ok(),
        });
        number.map(Self).ok_or_else(|| serde::de::Error::custom("not a quantity"))
    }
}

/// How many transactions of an account there were; `block` is `latest`, or `pending` for those that wait as well.
pub(super) async fn count(
    rpc: &Rpc,
    address: Address,
    block: &'static str,
) -> Result<u64, RpcError> {
    let Quantity(count) =
        rpc.call("eth_getTransactionCount", json!([spell(address), block])).await?;
    Ok(count.saturating_to())
}

/// What an account holds of the chain's own coin, in its smallest unit.
pub(super) async fn balance(rpc: &Rpc, address: Address) -> Result<U256, RpcError> {
    let Quantity(balance) = rpc.call("eth_getBalance", json!([spell(address), "latest"])).await?;
    Ok(balance)
}

/// What an account holds of a token, in its smallest unit; nothing where there is no such token.
pub(super) async fn token_balance(
    rpc: &Rpc,
    contract: Address,
    owner: Address,
) -> Result<U256, RpcError> {
    let data = [BALANCE_OF.as_slice(), &[0; 12], owner.as_slice()].concat();
    let call = json!({ "to": spell(contract), "data": to_hex(&data) });
    match rpc.call("eth_call", json!([call, "latest"])).await {
        Ok(Quantity(balance)) => Ok(balance),
        // A contract that reverts knows of no balance.
        Err(error) if error.refusal().is_some_and(|refusal| refusal.code == 3) => Ok(U256::ZERO),
        Err(error) => Err(error),
    }
}

fn to_hex(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// The most a unit of gas may cost, and the part of that for the block's producer, in wei: twice the base fee of the
/// next block, so that six full blocks may come before it, and the tip that the node proposes.
pub(super) async fn fees(rpc: &Rpc, draft: &EthereumDraft) -> Result<(U256, U256), RpcError> {
    let tip = if let Some(tip) = draft.max_priority_fee_per_gas {
        tip
    } else {
        let Quantity(tip) = rpc.call("eth_maxPriorityFeePerGas", json!([])).await?;
        draft.max_fee_per_gas.map_or(tip, |most| tip.min(most))
    };
    let most = if let Some(most) = draft.max_fee_per_gas {
        most
    } else {
        let history: FeeHistory = rpc.call("eth_feeHistory", json!(["0x1", "latest", []])).await?;
        let base = history.base_fee_per_gas.last();
        let Quantity(base) = *base.ok_or_else(|| rpc.malformed("eth_feeHistory"))?;
        base.saturating_mul(U256::from(2)).saturating_add(tip)
    };
    Ok((most, tip))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FeeHistory {
    /// The last one is of the block that is not there yet.
    base_fee_per_gas: Vec<Quantity>,
}

/// Units of gas that a transaction will do with.
pub(super) async fn estimate(rpc: &Rpc, draft: &EthereumDraft) -> Result<u64, RpcError> {
    let call = if draft.undelegates {
        // Once the code is cleared, a transfer to nobody costs the same; before, the code would run.
        json!({ "from": spell(draft.from), "to": spell(Address::ZERO) })
    } else {
        json!({
            "from": spell(draft.from),
            "to": spell(draft.to),
            "value": format!("0x{:x}", draft.value),
            "data": to_hex(&draft.data),
        })
    };
    let Quantity(gas) = rpc.call("eth_estimateGas", json!([call])).await?;
    let gas: u64 = gas.saturating_to();
    let gas = if draft.undelegates { gas.saturating_add(AUTHORIZATION_GAS) } else { gas };
    Ok(gas.saturating_add(gas / SPARE))
}

/// Gives a signed transaction to a node. One that it has already is no error.
pub(super) async fn send_raw(rpc: &Rpc, transaction: &str) -> Result<(), RpcError> {
    let sent: Result<Value, _> =
        rpc.call("eth_sendRawTransaction", json!([format!("0x{transaction}")])).await;
    match sent {
        Ok(_) => Ok(()),
        Err(error) if error.refusal().is_some_and(is_known) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether a node refuses a transaction because it has it. No code stands for that; these are the texts of geth,
/// Erigon, Nethermind and Besu, of Reth and Anvil.
fn is_known(refusal: &Refusal) -> bool {
    let message = refusal.message.to_ascii_lowercase().replace('_', " ");
    ["already known", "alreadyknown", "known transaction", "already imported"]
        .iter()
        .any(|text| message.contains(text))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    /// 1 for what was done, 0 for what was undone.
    status: Option<Quantity>,
    block_number: String,
}

async fn receipt(rpc: &Rpc, hash: &str) -> Result<Option<Receipt>, RpcError> {
    rpc.call("eth_getTransactionReceipt", json!([hash])).await
}

/// The next step with a transaction.
pub(super) async fn step(
    rpc: &Rpc,
    submission: &Submission,
    hash: &str,
    nonce: u64,
    now: Timestamp,
) -> Result<Step, RpcError> {
    if submission.status == TxStatus::Initialized {
        let refused = match send_raw(rpc, &submission.signed).await {
            Ok(()) => return Ok(Step::Becomes(TxStatus::Broadcasting, None)),
            Err(error) => error,
        };
        let Some(refusal) = refused.refusal().filter(|refusal| refusal.code != LIMIT_EXCEEDED)
        else {
            return Err(refused);
        };
        // An earlier try may have succeeded without our knowing.
        return match receipt(rpc, hash).await? {
            Some(receipt) => included(rpc, submission, &receipt).await,
            None => Ok(Step::fails(TxError::new(refusal.message.clone()))),
        };
    }
    let sender = EthereumTransaction::parse_signed(&signed_bytes(submission)).ok();
    let mined = match &sender {
        Some((_, from)) => count(rpc, *from, "latest").await?,
        None => 0,
    };
    if let Some(receipt) = receipt(rpc, hash).await? {
        return included(rpc, submission, &receipt).await;
    }
    if age_seconds(submission, now) < REPLACED_AFTER_SECONDS {
        return Ok(Step::Waits);
    }
    if mined > nonce {
        let text = "another transaction with the same nonce was included";
        return Ok(Step::fails(TxError::new(text)));
    }
    // Nodes forget what waits, and not all of them tell the others.
    if let Err(error) = send_raw(rpc, &submission.signed).await {
        tracing::debug!(transaction = %submission.id, %error, "not sent again");
    }
    Ok(Step::Waits)
}

fn signed_bytes(submission: &Submission) -> Vec<u8> {
    hex::decode(&submission.signed).unwrap_or_default()
}

async fn included(rpc: &Rpc, submission: &Submission, receipt: &Receipt) -> Result<Step, RpcError> {
    let error = match receipt.status {
        Some(Quantity(status)) if status.is_zero() => {
            Some(Box::new(reverted(rpc, submission, &receipt.block_number).await))
        }
        _ => None,
    };
    Ok(Step::Becomes(TxStatus::Included, error))
}

/// Why a transaction was undone: what the same call says in the state after its block.
async fn reverted(rpc: &Rpc, submission: &Submission, block: &str) -> TxError {
    let unknown = || TxError::new("the transaction was included and reverted");
    let Ok((transaction, from)) = EthereumTransaction::parse_signed(&signed_bytes(submission))
    else {
        return unknown();
    };
    let Some(to) = transaction.to else { return unknown() };
    let call = json!({
        "from": spell(from),
        "to": spell(to),
        "value": format!("0x{:x}", transaction.value),
        "data": to_hex(&transaction.data),
        "gas": format!("0x{:x}", transaction.gas),
    });
    let called: Result<Value, _> = rpc.call("eth_call", json!([call, block])).await;
    let data = called.as_ref().err().and_then(RpcError::refusal).and_then(|refusal| {
        // Some nodes put it one level deeper.
        let text = refusal.data.as_str().or_else(|| refusal.data.get("data")?.as_str())?;
        hex::decode(text.strip_prefix("0x")?).ok()
    });
    data.map_or_else(unknown, |data| reverts::explain(to, &data))
}
