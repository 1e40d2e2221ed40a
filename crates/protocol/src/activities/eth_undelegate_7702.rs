//! `ETH_UNDELEGATE_7702`: clears the code that an account has by EIP-7702, with a transaction to itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::chains::{ethereum_address, ethereum_chain, unsigned},
    crate::engine::items::Concerns,
    crate::engine::sending::{Draft, EthereumDraft, EthereumSending},
    crate::engine::{Caller, Context, Needs},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    alloy_primitives::U256,
};

use crate::wire::InvalidRequest;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EthUndelegate7702Intent {
    /// Address of a wallet account or private key.
    pub from: String,
    /// The chain.
    pub caip2: String,
    /// How many transactions the account sent before, decimal; the server counts when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Most units of gas to use, decimal; the server estimates when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gas_limit: Option<String>,
    /// The most a unit of gas may cost, in wei, decimal; the server estimates when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_fee_per_gas: Option<String>,
    /// The part of that for the block's producer, in wei, decimal; the server estimates when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_priority_fee_per_gas: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EthUndelegate7702Result {
    /// What to ask for what became of it by.
    pub send_transaction_status_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct EthUndelegate7702 {
    #[cfg(feature = "engine")]
    sending: EthereumSending,
}

impl TryFrom<EthUndelegate7702Intent> for EthUndelegate7702 {
    type Error = InvalidRequest;

    #[cfg(feature = "engine")]
    fn try_from(intent: EthUndelegate7702Intent) -> Result<Self, InvalidRequest> {
        let (chain, chain_id) = ethereum_chain(&intent.caip2)?;
        let from = ethereum_address("from", &intent.from)?;
        let draft = EthereumDraft {
            chain,
            chain_id,
            from,
            to: from,
            value: U256::ZERO,
            data: Vec::new(),
            nonce: unsigned("nonce", intent.nonce.as_deref())?,
            gas_limit: unsigned("gasLimit", intent.gas_limit.as_deref())?,
            max_fee_per_gas: unsigned("maxFeePerGas", intent.max_fee_per_gas.as_deref())?,
            max_priority_fee_per_gas: unsigned(
                "maxPriorityFeePerGas",
                intent.max_priority_fee_per_gas.as_deref(),
            )?,
            undelegates: true,
        };
        Ok(Self { sending: EthereumSending::new(draft, intent.from) })
    }

    #[cfg(not(feature = "engine"))]
    fn try_from(_: EthUndelegate7702Intent) -> Result<Self, InvalidRequest> {
        Ok(Self {})
    }
}

impl Activity for EthUndelegate7702 {
    const ROUTE: &'static str = "eth_undelegate_7702";
    const VERSIONS: &'static [Version<Self>] = &[
        Version::of::<EthUndelegate7702Intent>(
            "ACTIVITY_TYPE_ETH_UNDELEGATE_7702",
            "ethUndelegate7702Intent",
            "ethUndelegate7702Result",
        ),
        // As `@turnkey/sdk-server` and `@turnkey/sdk-browser` 8.2.1 spell it.
        Version::of::<EthUndelegate7702Intent>(
            "ACTIVITY_TYPE_ETH_UNDELEGATE7702",
            "ethUndelegate7702Intent",
            "ethUndelegate7702Result",
        ),
    ];
    type Intent = EthUndelegate7702Intent;
    type Output = EthUndelegate7702Result;
}

#[cfg(feature = "engine")]
impl Execute for EthUndelegate7702 {
    const POLICY: Option<(Resource, Action)> = Some((Resource::PrivateKey, Action::Sign));

    fn concerns(&self) -> Concerns<'_> {
        self.sending.concerns()
    }

    fn draft(&self) -> Result<Option<Draft>, RequestError> {
        Ok(Some(Draft::Ethereum(self.sending.draft.clone())))
    }

    fn complete(&mut self, transaction: &str) -> Result<(), RequestError> {
        self.sending.complete(transaction)
    }

    fn needs(&self) -> Needs {
        self.sending.needs()
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<EthUndelegate7702Result, RequestError> {
        let id = self.sending.send(context)?;
        Ok(EthUndelegate7702Result { send_transaction_status_id: id.to_string() })
    }
}
