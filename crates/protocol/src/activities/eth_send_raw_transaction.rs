//! `ETH_SEND_RAW_TRANSACTION`: gives a transaction that is signed already to a chain's node.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::chains::{ethereum_chain, hexadecimal},
    crate::engine::items::{Concerns, Signs},
    crate::engine::sending::malformed,
    crate::engine::{Caller, Context, Facts, Needs},
    crate::parameters::SignWith,
    crate::transaction::{EthereumTransaction, UnsignedTransaction},
    crate::wire::enums::{Action, Resource},
    crate::wire::{RequestError, chain::ChainId},
    keyward_crypto::keccak256,
};

use crate::wire::InvalidRequest;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EthSendRawTransactionIntent {
    /// The transaction, `0x` hex.
    pub signed_transaction: String,
    /// The chain.
    pub caip2: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EthSendRawTransactionResult {
    /// `0x` and 64 digits.
    pub transaction_hash: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct EthSendRawTransaction {
    #[cfg(feature = "engine")]
    chain: ChainId,
    #[cfg(feature = "engine")]
    bytes: Vec<u8>,
    #[cfg(feature = "engine")]
    transaction: UnsignedTransaction,
    /// Who signed it, whether or not that is one of the organization's keys.
    #[cfg(feature = "engine")]
    from: SignWith,
}

impl TryFrom<EthSendRawTransactionIntent> for EthSendRawTransaction {
    type Error = InvalidRequest;

    #[cfg(feature = "engine")]
    fn try_from(intent: EthSendRawTransactionIntent) -> Result<Self, InvalidRequest> {
        let (chain, chain_id) = ethereum_chain(&intent.caip2)?;
        let bytes = hexadecimal("signedTransaction", Some(&intent.signed_transaction))?;
        let (transaction, from) =
            EthereumTransaction::parse_signed(&bytes).map_err(|error| malformed(&error))?;
        if transaction.chain_id.is_some_and(|other| other != chain_id) {
            let rule = format!("must be the transaction's chain, {chain} is not");
            return Err(InvalidRequest::new(format!("invalid caip2: {rule}")).at("caip2", rule));
        }
        Ok(Self {
            chain,
            bytes,
            transaction: UnsignedTransaction::Ethereum(transaction),
            from: SignWith::Address(from.to_checksum(None)),
        })
    }

    #[cfg(not(feature = "engine"))]
    fn try_from(_: EthSendRawTransactionIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {})
    }
}

impl Activity for EthSendRawTransaction {
    const ROUTE: &'static str = "eth_send_raw_transaction";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<EthSendRawTransactionIntent>(
        "ACTIVITY_TYPE_ETH_SEND_RAW_TRANSACTION",
        "ethSendRawTransactionIntent",
        "ethSendRawTransactionResult",
    )];
    type Intent = EthSendRawTransactionIntent;
    type Output = EthSendRawTransactionResult;
}

#[cfg(feature = "engine")]
impl Execute for EthSendRawTransaction {
    const POLICY: Option<(Resource, Action)> = Some((Resource::PrivateKey, Action::Sign));

    fn concerns(&self) -> Concerns<'_> {
        Concerns::Signing { with: &self.from, what: vec![Signs::Signed(&self.transaction)] }
    }

    fn needs(&self) -> Needs {
        Needs::Broadcast { chain: self.chain.clone(), transaction: self.bytes.clone() }
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<EthSendRawTransactionResult, RequestError> {
        match std::mem::replace(&mut context.facts, Facts::Nothing) {
            Facts::Broadcast => {
                let transaction_hash = format!("0x{}", hex::encode(keccak256(&self.bytes)));
                Ok(EthSendRawTransactionResult { transaction_hash })
            }
            _ => Err(RequestError::Busy),
        }
    }
}
