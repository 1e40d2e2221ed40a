//! What policies see of Bitcoin's transactions.

use keyward_policy::{Int, Value};

use crate::transaction::BitcoinTransaction;
use crate::wire::enums::AddressFormat;

/// `bitcoin.tx`. `format` is that of the address that signs, where it was named by one.
pub(super) fn show_transaction(
    transaction: &BitcoinTransaction,
    format: Option<AddressFormat>,
) -> Value {
    let inputs = transaction.inputs().map(|(tx_id, vout, sequence)| {
        Value::structure([
            ("tx_id", Value::text(tx_id)),
            ("vout", number(vout)),
            ("sequence", number(sequence)),
        ])
    });
    let outputs = transaction.outputs(format).map(|output| {
        Value::structure([
            ("value", Value::int(output.value)),
            ("script_pubkey", Value::text(output.script_pubkey)),
            ("address", Value::text(output.address)),
            ("address_type", Value::caseless(output.address_type)),
        ])
    });
    let (amount, is_block) = transaction.locktime();
    let kind = if is_block { "Blocks" } else { "Seconds" };
    Value::structure([
        ("version", Value::text(transaction.version().to_string())),
        ("inputs", Value::list(inputs)),
        ("outputs", Value::list(outputs)),
        ("locktime", Value::structure([("amount", number(amount)), ("type", Value::text(kind))])),
        ("fee", Value::int(transaction.fee())),
    ])
}

fn number(value: u32) -> Value {
    Value::int(Int::from(u64::from(value)))
}
