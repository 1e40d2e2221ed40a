//! What policies see of Tempo's transactions.

use keyward_policy::Value;

use crate::transaction::{TempoCall, TempoTransaction};

/// `tempo.tx`. `from` is the address of the signer, where it has one.
pub(super) fn show_transaction(transaction: &TempoTransaction, from: Option<String>) -> Value {
    let fee_token = transaction.fee_token.map(|token| token.to_checksum(None)).unwrap_or_default();
    let mut fields = vec![
        ("chain_id", Value::int(transaction.chain_id)),
        ("nonce", Value::int(transaction.nonce)),
        ("gas_limit", Value::int(transaction.gas_limit)),
        ("max_fee_per_gas", Value::int(transaction.max_fee_per_gas)),
        ("max_priority_fee_per_gas", Value::int(transaction.max_priority_fee_per_gas)),
        ("fee_token", Value::caseless(fee_token)),
        ("valid_before", Value::int(transaction.valid_before.unwrap_or_default())),
        ("valid_after", Value::int(transaction.valid_after.unwrap_or_default())),
        ("calls", Value::list(transaction.calls.iter().map(show_call))),
    ];
    fields.extend(from.map(|from| ("from", Value::caseless(from))));
    Value::structure(fields)
}

fn show_call(call: &TempoCall) -> Value {
    let to = call.to.map(|to| to.to_checksum(None)).unwrap_or_default();
    let selector = call.input.get(..4).map(|selector| format!("0x{}", hex::encode(selector)));
    Value::structure([
        ("to", Value::caseless(to)),
        ("input", Value::caseless(format!("0x{}", hex::encode(&call.input)))),
        ("function_signature", Value::text(selector.unwrap_or_default())),
    ])
}
