//! What policies see of Solana's transactions.

use keyward_policy::{Int, Value};

use crate::engine::interfaces::idl::ParsedInstruction;
use crate::engine::model::Organization;
use crate::transaction::{
    AddressTableLookup, SolanaInstruction, SolanaTransaction, SolanaTransfer, SplTransfer,
};

/// `solana.tx`.
pub(super) fn show_transaction(
    organization: &Organization,
    transaction: &SolanaTransaction,
) -> Value {
    let instructions = transaction.instructions.iter();
    let instructions = instructions.map(|instruction| show_instruction(organization, instruction));
    let lookups = transaction.address_table_lookups.iter().map(show_lookup);
    Value::structure([
        ("account_keys", texts(&transaction.account_keys)),
        ("program_keys", texts(&transaction.program_keys)),
        ("instructions", Value::list(instructions)),
        ("transfers", Value::list(transaction.transfers.iter().map(show_transfer))),
        ("spl_transfers", Value::list(transaction.spl_transfers.iter().map(show_spl_transfer))),
        ("recent_blockhash", Value::text(transaction.recent_blockhash.as_str())),
        ("address_table_lookups", Value::list(lookups)),
    ])
}

fn show_instruction(organization: &Organization, instruction: &SolanaInstruction) -> Value {
    let accounts = instruction.accounts.iter().map(|account| {
        Value::structure([
            ("account_key", Value::text(account.account_key.as_str())),
            ("signer", account.signer.into()),
            ("writable", account.writable.into()),
        ])
    });
    let lookups = instruction.address_table_lookups.iter().map(|account| {
        Value::structure([
            ("address_table_key", Value::text(account.address_table_key.as_str())),
            ("index", byte(account.index)),
            ("writable", account.writable.into()),
        ])
    });
    let mut fields = vec![
        ("program_key", Value::text(instruction.program_key.as_str())),
        ("accounts", Value::list(accounts)),
        ("instruction_data_hex", Value::text(hex::encode(&instruction.data))),
        ("address_table_lookups", Value::list(lookups)),
    ];
    let idl = organization.idl_of(&instruction.program_key);
    if let Some(parsed) = idl.and_then(|idl| idl.read(&instruction.data, &instruction.parties)) {
        fields.push(("parsed_instruction_data", show_parsed(parsed)));
    }
    Value::structure(fields)
}

fn show_parsed(parsed: ParsedInstruction) -> Value {
    let accounts = parsed.accounts.into_iter().map(|(name, key)| (name, Value::text(key)));
    Value::structure([
        ("instruction_name", Value::text(parsed.name)),
        ("discriminator", Value::text(parsed.discriminator)),
        ("named_accounts", Value::map(accounts)),
        ("program_call_args", parsed.arguments),
    ])
}

fn show_lookup(lookup: &AddressTableLookup) -> Value {
    let bytes = |indexes: &[u8]| Value::list(indexes.iter().copied().map(byte));
    Value::structure([
        ("address_table_key", Value::text(lookup.address_table_key.as_str())),
        ("writable_indexes", bytes(&lookup.writable_indexes)),
        ("readonly_indexes", bytes(&lookup.readonly_indexes)),
    ])
}

fn show_transfer(transfer: &SolanaTransfer) -> Value {
    Value::structure([
        ("from", Value::text(transfer.from.as_str())),
        ("to", Value::text(transfer.to.as_str())),
        ("amount", Value::int(transfer.amount)),
    ])
}

fn show_spl_transfer(transfer: &SplTransfer) -> Value {
    Value::structure([
        ("from", Value::text(transfer.from.as_str())),
        ("to", Value::text(transfer.to.as_str())),
        ("amount", Value::int(transfer.amount)),
        ("owner", Value::text(transfer.owner.as_str())),
        ("signers", texts(&transfer.signers)),
        ("token_mint", Value::text(transfer.token_mint.as_deref().unwrap_or_default())),
    ])
}

fn texts(texts: &[String]) -> Value {
    Value::list(texts.iter().map(|text| Value::text(text.as_str())))
}

fn byte(value: u8) -> Value {
    Value::int(Int::from(u64::from(value)))
}
