//! Transactions that are sent through the server: what the state of a chain completes before anybody decides, what
//! is signed and kept then, and which numbers an account has used.

use alloy_primitives::{Address, U256};
use keyward_crypto::{Curve, PrivateKey, keccak256};
use serde::{Deserialize, Serialize};

use super::Needs;
use super::context::Context;
use super::items::{Concerns, Signs};
use super::record::RecordKey;
use crate::parameters::SignWith;
use crate::payload::{Authorization, with_causes};
use crate::transaction::{
    self, EthereumTransaction, NewEthereumTransaction, SignedAuthorization, SolanaTransaction,
    TransactionError, UnsignedTransaction,
};
use crate::wire::chain::ChainId;
use crate::wire::enums::TransactionType;
use crate::wire::id::{ActivityId, OrganizationId, SendTransactionStatusId};
use crate::wire::sending::{TxError, TxStatus};
use crate::wire::{InvalidRequest, RequestError, Timestamp};

/// Transactions of one account on one chain that are under way at once.
const MOST_UNDER_WAY: usize = 256;
/// How long a node may lag behind another that has told of a transaction in a block.
const LAG_SECONDS: u64 = 300;

/// A transaction that the state of a chain completes.
#[derive(Clone, Debug, PartialEq)]
pub enum Draft {
    /// For a chain with Ethereum's virtual machine.
    Ethereum(EthereumDraft),
    /// For one of Solana's.
    Solana(SolanaDraft),
}

/// A transaction for a chain with Ethereum's virtual machine; `None` is filled in. Amounts are in wei.
#[derive(Clone, Debug, PartialEq)]
pub struct EthereumDraft {
    /// Where to.
    pub chain: ChainId,
    /// Number of the chain.
    pub chain_id: u64,
    /// The account.
    pub from: Address,
    /// The receiver.
    pub to: Address,
    /// Amount sent along.
    pub value: U256,
    /// Call data.
    pub data: Vec<u8>,
    /// How many transactions the account sent before.
    pub nonce: Option<u64>,
    /// Most units of gas to use.
    pub gas_limit: Option<u64>,
    /// The most a unit of gas may cost.
    pub max_fee_per_gas: Option<U256>,
    /// The part of that for the block's producer.
    pub max_priority_fee_per_gas: Option<U256>,
    /// Whether the account has its code cleared (EIP-7702).
    pub undelegates: bool,
}

/// What the state of a chain adds to an [`EthereumDraft`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EthereumTerms {
    /// How many transactions the account sent before.
    pub nonce: u64,
    /// Most units of gas to use.
    pub gas: u64,
    /// The most a unit of gas may cost, in wei.
    pub max_fee_per_gas: U256,
    /// The part of that for the block's producer, in wei.
    pub max_priority_fee_per_gas: U256,
}

impl EthereumDraft {
    /// The unsigned transaction, hex. An authorization in it is not signed yet.
    pub fn finish(&self, terms: EthereumTerms) -> String {
        hex::encode(self.encode(terms, self.undelegates.then(|| self.clearing(terms.nonce))))
    }

    fn encode(&self, terms: EthereumTerms, authorization: Option<SignedAuthorization>) -> Vec<u8> {
        NewEthereumTransaction {
            chain_id: self.chain_id,
            nonce: terms.nonce,
            max_priority_fee_per_gas: terms.max_priority_fee_per_gas,
            max_fee_per_gas: terms.max_fee_per_gas,
            gas: terms.gas,
            to: self.to,
            value: self.value,
            data: &self.data,
            authorization,
        }
        .encode()
    }

    /// The permission to clear the account's code, unsigned. The transaction itself raises the nonce before it is looked
    /// at. Source: EIP-7702.
    fn clearing(&self, nonce: u64) -> SignedAuthorization {
        SignedAuthorization {
            chain_id: U256::from(self.chain_id),
            address: Address::ZERO,
            nonce: nonce.saturating_add(1),
            y_parity: 0,
            r: U256::ZERO,
            s: U256::ZERO,
        }
    }

    /// The transaction with the authorization in it signed.
    fn authorized(
        &self,
        transaction: &EthereumTransaction,
        key: &PrivateKey,
    ) -> Result<EthereumTransaction, TransactionError> {
        let PrivateKey::Secp256k1(key) = key else {
            let found = key.curve();
            return Err(TransactionError::WrongCurve { found, needed: Curve::Secp256k1 });
        };
        let clearing = self.clearing(transaction.nonce);
        let SignedAuthorization { chain_id, address, nonce, .. } = clearing;
        let signature = key.sign_prehash(&Authorization { chain_id, address, nonce }.digest());
        let authorization = SignedAuthorization {
            y_parity: signature.recovery_id,
            r: U256::from_be_bytes(signature.r),
            s: U256::from_be_bytes(signature.s),
            ..clearing
        };
        let terms = EthereumTerms {
            nonce: transaction.nonce,
            gas: transaction.gas,
            max_fee_per_gas: transaction.max_fee_per_gas,
            max_priority_fee_per_gas: transaction.max_priority_fee_per_gas,
        };
        EthereumTransaction::parse(&self.encode(terms, Some(authorization)))
    }
}

/// A transaction for one of Solana's chains.
#[derive(Clone, Debug, PartialEq)]
pub struct SolanaDraft {
    /// Where to.
    pub chain: ChainId,
    /// As it came.
    pub transaction: SolanaTransaction,
    /// The hash of the block that it is to name.
    pub blockhash: Option<[u8; 32]>,
}

impl SolanaDraft {
    /// Whether it is for the server to name a recent block.
    pub fn needs_blockhash(&self) -> bool {
        self.blockhash.is_none() && self.transaction.lacks_blockhash()
    }

    /// The unsigned transaction, hex. `latest` is what it names where that is for the server to say.
    ///
    /// # Errors
    ///
    /// None in practice: what was read reads again.
    pub fn finish(&self, latest: Option<[u8; 32]>) -> Result<String, RequestError> {
        let transaction = match self.blockhash.or(latest) {
            Some(hash) => &self.transaction.with_blockhash(&hash)?,
            None => &self.transaction,
        };
        Ok(hex::encode(transaction.bytes()))
    }
}

/// What an activity that sends for an account on a chain with Ethereum's virtual machine is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct EthereumSending {
    /// What is sent.
    pub draft: EthereumDraft,
    /// The key.
    pub with: SignWith,
    /// What became of the draft.
    pub transaction: Option<UnsignedTransaction>,
}

impl EthereumSending {
    /// One whose draft is not completed yet. `from` is the text that the key is found by.
    pub fn new(draft: EthereumDraft, from: String) -> Self {
        Self { draft, with: SignWith::Address(from), transaction: None }
    }

    /// What policies see.
    pub fn concerns(&self) -> Concerns<'_> {
        let Some(transaction) = &self.transaction else { return Concerns::Nothing };
        Concerns::Signing { with: &self.with, what: vec![Signs::Transaction(transaction)] }
    }

    /// Takes the completed transaction.
    ///
    /// # Errors
    ///
    /// One that can't be read.
    pub fn complete(&mut self, transaction: &str) -> Result<(), RequestError> {
        self.transaction = Some(transaction::parse(TransactionType::Ethereum, transaction)?);
        Ok(())
    }

    /// What it takes to send it.
    pub fn needs(&self) -> Needs {
        let EthereumDraft { chain, from, .. } = &self.draft;
        Needs::Sender { with: self.with.clone(), chain: chain.clone(), from: *from }
    }

    /// Signs it and has it sent.
    ///
    /// # Errors
    ///
    /// A key that is not there or on another curve; too many transactions under way; [`RequestError::Busy`] where
    /// another request took the number meanwhile.
    pub fn send(self, context: &mut Context<'_>) -> Result<SendTransactionStatusId, RequestError> {
        let Some(UnsignedTransaction::Ethereum(transaction)) = self.transaction else {
            return Err(RequestError::Busy);
        };
        let (with, mut nonces) = context.take_sender()?;
        let nonce = transaction.nonce;
        if self.draft.nonce.is_none() && nonces.value.is_taken(nonce) {
            return Err(RequestError::Busy);
        }
        if nonces.value.count() >= MOST_UNDER_WAY {
            let text = "too many transactions of this account wait to be included";
            return Err(RequestError::LimitReached(text.into()));
        }
        let transaction = if self.draft.undelegates {
            self.draft.authorized(&transaction, &with.key)?
        } else {
            transaction
        };
        let transaction = UnsignedTransaction::Ethereum(transaction);
        let signed = transaction::sign(&transaction, &with.key, context.rng)?;
        let bytes = hex::decode(&signed).map_err(RequestError::internal)?;
        let id = SendTransactionStatusId::generate(context.now, context.rng);
        nonces.value.begin(nonce, id);
        context.changes.records.push(nonces.write(None)?);
        let hash = format!("0x{}", hex::encode(keccak256(&bytes)));
        let from = spell(self.draft.from);
        context.send(id, self.draft.chain, Sent::Ethereum { hash, from, nonce }, signed)?;
        Ok(id)
    }
}

/// An address in lower case.
pub fn spell(address: Address) -> String {
    format!("0x{}", hex::encode(address))
}

/// What an activity that sends on one of Solana's chains is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct SolanaSending {
    /// What is sent.
    pub draft: SolanaDraft,
    /// The keys, at least one.
    pub with: Vec<SignWith>,
    /// What became of the draft.
    pub transaction: Option<UnsignedTransaction>,
}

impl SolanaSending {
    /// What policies see.
    pub fn concerns(&self) -> Concerns<'_> {
        let Some(transaction) = &self.transaction else { return Concerns::Nothing };
        Concerns::SigningTogether { with: &self.with, what: Signs::Transaction(transaction) }
    }

    /// Takes the completed transaction.
    ///
    /// # Errors
    ///
    /// One that can't be read.
    pub fn complete(&mut self, transaction: &str) -> Result<(), RequestError> {
        self.transaction = Some(transaction::parse(TransactionType::Solana, transaction)?);
        Ok(())
    }

    /// Signs it and has it sent.
    ///
    /// # Errors
    ///
    /// Keys that are not there, on another curve or none of its signers; signatures that are missing all the same.
    pub fn send(self, context: &mut Context<'_>) -> Result<SendTransactionStatusId, RequestError> {
        let mut transaction = self.transaction.ok_or(RequestError::Busy)?;
        for signer in context.take_signers()? {
            let signed = transaction::sign(&transaction, &signer.key, context.rng)?;
            transaction = transaction::parse(TransactionType::Solana, &signed)?;
        }
        let UnsignedTransaction::Solana(transaction) = transaction else {
            return Err(RequestError::Busy);
        };
        let signatures = transaction.signatures();
        let missing = signatures.iter().position(|signature| signature == &[0; 64]);
        if let Some(key) = missing.and_then(|place| transaction.account_keys.get(place)) {
            return Err(InvalidRequest::new(format!("the signature of {key} is missing")).into());
        }
        let signature = signatures.first().map(|first| bs58::encode(first).into_string());
        let signature = signature.ok_or(RequestError::Busy)?;
        let blockhash = transaction.recent_blockhash.clone();
        let blockhash = (!transaction.is_durable()).then_some(blockhash);
        let id = SendTransactionStatusId::generate(context.now, context.rng);
        let signed = hex::encode(transaction.bytes());
        context.send(id, self.draft.chain, Sent::Solana { signature, blockhash }, signed)?;
        Ok(id)
    }
}

/// Refuses a transaction as [`sign_transaction`](crate::activities::sign_transaction) does.
pub fn malformed(error: &TransactionError) -> InvalidRequest {
    InvalidRequest::named(error.name(), with_causes(error))
}

/// A transaction that is sent, or was.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Submission {
    /// What it is asked for by.
    pub id: SendTransactionStatusId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// The activity that it was sent by.
    pub activity: ActivityId,
    /// Where to.
    pub chain: ChainId,
    /// What it is known by there.
    pub sent: Sent,
    /// The whole of it, signed, in lower-case hex without `0x`.
    pub signed: String,
    /// How far it has come. Changes in [`Submission::becomes`] only.
    pub status: TxStatus,
    /// What went wrong.
    pub error: Option<TxError>,
    /// When it was signed.
    pub created_at: Timestamp,
    /// When its status last changed.
    pub updated_at: Timestamp,
}

/// What a transaction is known by on its chain.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Sent {
    /// On one with Ethereum's virtual machine.
    Ethereum {
        /// Keccak-256 of it, `0x` and 64 digits.
        hash: String,
        /// The account that it is of, `0x` and 40 digits in lower case.
        from: String,
        /// The number of the account's transactions before it.
        nonce: u64,
    },
    /// On one of Solana's.
    Solana {
        /// The first of its signatures, in base58.
        signature: String,
        /// The hash of the block by which it must be included, in base58; `None` where it is a nonce, which lasts.
        blockhash: Option<String>,
    },
}

impl Sent {
    /// What others find it by: its hash, or the first of its signatures.
    pub fn hash(&self) -> &str {
        match self {
            Self::Ethereum { hash, .. } => hash,
            Self::Solana { signature, .. } => signature,
        }
    }
}

impl Submission {
    /// How long is looked for it. Longer than any node keeps one that waits.
    pub const LONGEST_SECONDS: u64 = 24 * 3_600;

    /// Where it is kept.
    pub fn key(organization: OrganizationId, id: SendTransactionStatusId) -> RecordKey {
        RecordKey::about(organization, "sent", id.0.as_bytes())
    }

    /// The one place where a status changes.
    pub fn becomes(&mut self, status: TxStatus, error: Option<TxError>, now: Timestamp) {
        self.status = status;
        self.error = error;
        self.updated_at = now;
    }
}

/// The numbers of an account's transactions on one chain that its node need not know of yet.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Nonces {
    /// Of those that are neither included nor failed.
    under_way: Vec<(u64, SendTransactionStatusId)>,
    /// The number after the highest that was included, and when that was learned.
    included: Option<(u64, Timestamp)>,
}

impl Nonces {
    /// Where those of an account are kept. `from` is `0x` and 40 digits in lower case.
    pub fn key(organization: OrganizationId, chain: &ChainId, from: &str) -> RecordKey {
        RecordKey::about(organization, "nonces", format!("{chain}\0{from}").as_bytes())
    }

    /// The lowest number that is free, where the node counts `pending` transactions.
    pub fn next(&self, pending: u64, now: Timestamp) -> u64 {
        let floor = self.included.filter(|(_, at)| at.plus_seconds(LAG_SECONDS) > now);
        let mut next = floor.map_or(pending, |(floor, _)| floor.max(pending));
        while self.is_taken(next) {
            next = next.saturating_add(1);
        }
        next
    }

    /// Whether a transaction with this number is under way.
    pub fn is_taken(&self, nonce: u64) -> bool {
        self.under_way.iter().any(|(taken, _)| *taken == nonce)
    }

    /// How many are under way.
    pub fn count(&self) -> usize {
        self.under_way.len()
    }

    /// Takes a number.
    pub fn begin(&mut self, nonce: u64, id: SendTransactionStatusId) {
        self.under_way.push((nonce, id));
    }

    /// A transaction is under way no more. The number of one that failed is free again.
    pub fn end(
        &mut self,
        nonce: u64,
        id: SendTransactionStatusId,
        is_included: bool,
        now: Timestamp,
    ) {
        self.under_way.retain(|(_, other)| *other != id);
        if is_included {
            let next = nonce.saturating_add(1);
            let highest = self.included.map_or(next, |(before, _)| before.max(next));
            self.included = Some((highest, now));
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

    fn id(number: u128) -> SendTransactionStatusId {
        SendTransactionStatusId(Uuid::from_u128(number))
    }

    #[test]
    fn numbers_are_taken_once_and_gaps_are_filled() {
        let mut nonces = Nonces::default();
        assert_eq!(nonces.next(7, NOW), 7);
        nonces.begin(7, id(1));
        nonces.begin(8, id(2));
        nonces.begin(10, id(3));
        assert_eq!(nonces.next(7, NOW), 9);
        // The node knows of the first two.
        assert_eq!(nonces.next(9, NOW), 9);
        assert_eq!(nonces.next(10, NOW), 11);
        // One that failed leaves a gap.
        nonces.end(8, id(2), false, NOW);
        assert_eq!(nonces.next(7, NOW), 8);
        assert_eq!(nonces.count(), 2);
    }

    #[test]
    fn a_node_that_lags_behind_is_not_believed_for_a_while() {
        let mut nonces = Nonces::default();
        nonces.begin(7, id(1));
        nonces.end(7, id(1), true, NOW);
        assert_eq!(nonces.next(7, NOW), 8);
        assert_eq!(nonces.next(9, NOW), 9);
        assert_eq!(nonces.next(0, NOW.plus_seconds(LAG_SECONDS)), 0);
    }
}
