//! What policies see of Ethereum's transactions and authorizations.

use keyward_policy::{Int, Value};

use crate::engine::model::Organization;
use crate::payload::Authorization;
use crate::transaction::EthereumTransaction;

/// `eth.tx`. `from` is the address of the signer, where it has one.
pub(super) fn show_transaction(
    organization: &Organization,
    transaction: &EthereumTransaction,
    from: Option<String>,
) -> Value {
    let to = transaction.to.map(|to| to.to_checksum(None)).unwrap_or_default();
    let call = organization.abi_of(&to).and_then(|abi| abi.read(&transaction.data));
    let number = |value| Value::Int(Int::unsigned(value));
    let mut fields = vec![
        ("to", Value::caseless(to)),
        ("data", Value::text(format!("0x{}", hex::encode(&transaction.data)))),
        ("value", number(transaction.value)),
        ("gas", Value::int(transaction.gas)),
        ("nonce", Value::int(transaction.nonce)),
        ("gas_price", number(transaction.gas_price)),
        ("max_fee_per_gas", number(transaction.max_fee_per_gas)),
        ("max_priority_fee_per_gas", number(transaction.max_priority_fee_per_gas)),
        ("max_fee_per_blob_gas", number(transaction.max_fee_per_blob_gas)),
        ("type", Value::text(transaction.kind.as_str())),
    ];
    fields.extend(from.map(|from| ("from", Value::caseless(from))));
    // One that is valid on every chain is on none that a policy could compare.
    fields.extend(transaction.chain_id.map(|chain_id| ("chain_id", Value::int(chain_id))));
    let selector = transaction.data.get(..4).map(|selector| format!("0x{}", hex::encode(selector)));
    let (name, selector) = match &call {
        Some(call) => (call.function_name.as_str(), selector.unwrap_or_default()),
        None => ("", String::new()),
    };
    fields.push(("function_name", Value::text(name)));
    fields.push(("function_signature", Value::text(selector)));
    fields.extend(call.as_ref().map(|call| ("contract_call_args", call.arguments.clone())));
    Value::structure(fields)
}

/// `eth.eip_7702_authorization`.
pub(super) fn show_authorization(authorization: &Authorization) -> Value {
    Value::structure([
        ("address", Value::caseless(authorization.address.to_checksum(None))),
        ("chain_id", Value::Int(Int::unsigned(authorization.chain_id))),
        ("nonce", Value::int(authorization.nonce)),
    ])
}
