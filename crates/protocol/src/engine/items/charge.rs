//! What a request takes from budgets.

use alloy_primitives::{Address, U256};
use keyward_policy::{Asset, Charge};

use super::Signs;
use crate::transaction::{
    EthereumTransaction, FROM_TABLE, SolanaTransaction, TempoTransaction, UnsignedTransaction,
};

/// Solana does not say in a transaction for which of its networks it is; all count as the main one. Source:
/// CAIP-2, namespace `solana`.
const SOLANA: &str = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp";
/// Programs that move nothing.
const HARMLESS: [&str; 3] = [
    "ComputeBudget111111111111111111111111111111",
    "Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo",
    "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr",
];
/// `transfer(address,uint256)`. Source: ERC-20.
const TRANSFER: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];
/// `transferFrom(address,address,uint256)`. Source: ERC-20.
const TRANSFER_FROM: [u8; 4] = [0x23, 0xb8, 0x72, 0xdd];

/// What signing something takes. Fees are not counted.
pub(super) fn of(signs: Signs<'_>) -> Charge {
    if matches!(signs, Signs::Signed(_)) {
        // It was charged for when it was signed, if it was signed here.
        return Charge { is_accountable: true, ..Charge::default() };
    }
    let accounted = match signs {
        Signs::Transaction(UnsignedTransaction::Ethereum(transaction)) => ethereum(transaction),
        Signs::Transaction(UnsignedTransaction::Solana(transaction)) => solana(transaction),
        Signs::Transaction(UnsignedTransaction::Tempo(transaction)) => tempo(transaction),
        Signs::Transaction(UnsignedTransaction::Tron(_) | UnsignedTransaction::Bitcoin(_))
        | Signs::Signed(_)
        | Signs::Payload(_) => None,
    };
    let is_accountable = accounted.is_some();
    let (moved, counterparties) = accounted.unwrap_or_default();
    Charge { signatures: 1, moved, counterparties, is_accountable }
}

/// What is moved, and to whom; `None` where that is not all there is to it.
type Accounted = Option<(Vec<(Asset, U256)>, Vec<String>)>;

fn ethereum(transaction: &EthereumTransaction) -> Accounted {
    if !transaction.authorization_list.is_empty() {
        return None;
    }
    call(transaction.chain_id?, transaction.to, transaction.value, &transaction.data)
}

fn tempo(transaction: &TempoTransaction) -> Accounted {
    if !transaction.authorization_list.is_empty() || transaction.key_authorization.is_some() {
        return None;
    }
    let mut moved = Vec::new();
    let mut counterparties = Vec::new();
    for one in &transaction.calls {
        let (assets, recipients) = call(transaction.chain_id, one.to, one.value, &one.input)?;
        moved.extend(assets);
        counterparties.extend(recipients);
    }
    Some((moved, counterparties))
}

/// A call of `to`; with `None` it creates a contract.
fn call(chain_id: u64, to: Option<Address>, value: U256, data: &[u8]) -> Accounted {
    let to = to?;
    let chain = format!("eip155:{chain_id}");
    let mut moved = Vec::new();
    let mut counterparties = Vec::new();
    if !data.is_empty() {
        let (recipient, amount) = token_transfer(data)?;
        let contract = spell(to);
        moved.push((Asset::Erc20 { chain: chain.clone(), contract }, amount));
        counterparties.push(spell(recipient));
    }
    if data.is_empty() || !value.is_zero() {
        moved.push((Asset::Native { chain }, value));
        counterparties.push(spell(to));
    }
    Some((moved, counterparties))
}

/// In lower case.
fn spell(address: Address) -> String {
    format!("0x{}", hex::encode(address))
}

/// The recipient and the amount in a call of an ERC-20 token that is a transfer and nothing else.
fn token_transfer(data: &[u8]) -> Option<(Address, U256)> {
    let (selector, arguments) = data.split_first_chunk::<4>()?;
    let (words, []) = arguments.as_chunks::<32>() else { return None };
    let address = |word: &[u8; 32]| {
        let (padding, address) = word.split_last_chunk::<20>()?;
        padding.iter().all(|byte| *byte == 0).then(|| Address::from(*address))
    };
    match (*selector, words) {
        (TRANSFER, [to, amount]) => Some((address(to)?, U256::from_be_bytes(*amount))),
        (TRANSFER_FROM, [from, to, amount]) => {
            address(from)?;
            let amount = U256::from_be_bytes(*amount);
            // To a contract of unique tokens this is the token with that number: zero is not nothing.
            if amount.is_zero() { None } else { Some((address(to)?, amount)) }
        }
        _ => None,
    }
}

fn solana(transaction: &SolanaTransaction) -> Accounted {
    let mut instructions = transaction.instructions.iter();
    let is_accountable = instructions.all(|instruction| {
        HARMLESS.contains(&instruction.program_key.as_str()) || instruction.is_transfer()
    });
    if !is_accountable {
        return None;
    }
    let mut moved = Vec::new();
    let mut counterparties = Vec::new();
    for transfer in &transaction.transfers {
        moved.push((Asset::Native { chain: SOLANA.to_owned() }, U256::from(transfer.amount)));
        counterparties.push(known(&transfer.to)?);
    }
    for transfer in &transaction.spl_transfers {
        let mint = known(transfer.token_mint.as_deref()?)?;
        moved.push((Asset::Spl { mint }, U256::from(transfer.amount)));
        counterparties.push(known(&transfer.to)?);
    }
    Some((moved, counterparties))
}

/// A key, unless it is one that a table holds.
fn known(key: &str) -> Option<String> {
    (key != FROM_TABLE).then(|| key.to_owned())
}
