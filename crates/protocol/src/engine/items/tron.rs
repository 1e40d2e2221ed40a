//! What policies see of Tron's transactions.

use keyward_policy::{Int, Value};

use crate::transaction::{TronCall, TronContract, TronPermission, TronTransaction};

/// `tron.tx`.
pub(super) fn show_transaction(transaction: &TronTransaction) -> Value {
    Value::structure([
        ("ref_block_bytes", Value::text(hex::encode(&transaction.ref_block_bytes))),
        ("ref_block_hash", Value::text(hex::encode(&transaction.ref_block_hash))),
        ("data", Value::text(hex::encode(&transaction.data))),
        ("expiration", number(transaction.expiration)),
        ("timestamp", number(transaction.timestamp)),
        ("fee_limit", number(transaction.fee_limit)),
        ("contract", Value::list([show_contract(&transaction.contract)])),
    ])
}

fn show_contract(contract: &TronContract) -> Value {
    let mut fields = vec![
        ("type", Value::text(contract.call.name())),
        ("permission_id", number(contract.permission_id)),
        ("owner_address", Value::text(contract.owner_address.as_str())),
    ];
    let text = |text: &str| Value::text(text);
    match &contract.call {
        TronCall::Transfer { to_address, amount } => {
            fields.extend([("to_address", text(to_address)), ("amount", number(*amount))]);
        }
        TronCall::Trigger { contract_address, call_value, data, call_token_value, token_id } => {
            fields.extend([
                ("contract_address", text(contract_address)),
                ("call_value", number(*call_value)),
                ("data", Value::text(hex::encode(data))),
                ("call_token_value", number(*call_token_value)),
                ("token_id", number(*token_id)),
            ]);
        }
        TronCall::Delegate { resource, balance, receiver_address, lock, lock_period } => {
            fields.extend([
                ("resource", text(resource.as_str())),
                ("balance", number(*balance)),
                ("receiver_address", text(receiver_address)),
                ("lock", (*lock).into()),
                ("lock_period", number(*lock_period)),
            ]);
        }
        TronCall::UnDelegate { resource, balance, receiver_address } => {
            fields.extend([
                ("resource", text(resource.as_str())),
                ("balance", number(*balance)),
                ("receiver_address", text(receiver_address)),
            ]);
        }
        TronCall::Freeze { resource, frozen_balance } => {
            fields.extend([
                ("resource", text(resource.as_str())),
                ("frozen_balance", number(*frozen_balance)),
            ]);
        }
        TronCall::Unfreeze { resource, unfreeze_balance } => {
            fields.extend([
                ("resource", text(resource.as_str())),
                ("unfreeze_balance", number(*unfreeze_balance)),
            ]);
        }
        TronCall::PermissionUpdate { owner, witness, actives } => {
            fields.extend(owner.as_ref().map(|owner| ("owner", show_permission(owner))));
            fields.extend(witness.as_ref().map(|witness| ("witness", show_permission(witness))));
            fields.push(("actives", Value::list(actives.iter().map(show_permission))));
        }
    }
    Value::structure(fields)
}

fn show_permission(permission: &TronPermission) -> Value {
    let keys = permission.keys.iter().map(|(address, weight)| {
        Value::structure([("address", Value::text(address.as_str())), ("weight", number(*weight))])
    });
    Value::structure([
        ("type", Value::text(permission.kind)),
        ("id", number(permission.id)),
        ("permission_name", Value::text(permission.permission_name.as_str())),
        ("threshold", number(permission.threshold)),
        ("parent_id", number(permission.parent_id)),
        ("operations", Value::text(hex::encode(&permission.operations))),
        ("keys", Value::list(keys)),
    ])
}

fn number(value: i64) -> Value {
    Value::Int(Int::signed(value.into()))
}
