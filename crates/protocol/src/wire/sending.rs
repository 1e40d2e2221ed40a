//! What became of a transaction that was sent, and what is held at an address, as they travel.

#![expect(
    missing_docs,
    reason = "the members are the protocol's own; those with a trap are described"
)]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far a transaction has come.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TxStatus {
    /// It is signed and kept.
    Initialized,
    /// A node has it.
    Broadcasting,
    /// It is in a block, whether or not it did there what it was for.
    Included,
    /// It will not be in a block, or nobody looks for it any more.
    Failed,
}

impl TxStatus {
    /// The name that travels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initialized => "INITIALIZED",
            Self::Broadcasting => "BROADCASTING",
            Self::Included => "INCLUDED",
            Self::Failed => "FAILED",
        }
    }

    /// Whether it stays so.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Included | Self::Failed)
    }
}

/// Why a transaction failed, or did not do what it was for.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TxError {
    pub message: String,
    /// The same as in `eth`, for older clients.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revert_chain: Vec<RevertChainEntry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eth: Option<EthFailureDetails>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solana: Option<SolanaFailureDetails>,
}

impl TxError {
    /// One of which nothing more is known.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EthFailureDetails {
    /// From the outermost call in.
    pub revert_chain: Vec<RevertChainEntry>,
}

/// What a contract said when it gave up. One of the last three members is there, the one that `errorType` names.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevertChainEntry {
    /// The contract.
    pub address: String,
    /// `unknown` or `native`.
    pub error_type: String,
    pub display_message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<UnknownRevertError>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<NativeRevertError>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct UnknownRevertError {
    /// `0x` and 8 digits; empty where the data is shorter.
    pub selector: String,
    /// `0x` hex.
    pub data: String,
}

#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NativeRevertError {
    /// `error_string`, `panic` or `execution_reverted`.
    pub native_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// `0x` hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub panic_code: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SolanaFailureDetails {
    /// `preflight` or `execution`.
    pub source: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpc_code: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpc_message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_error_json: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units_consumed: Option<String>,
}

/// Something that can be held on a chain.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetMetadata {
    /// CAIP-19.
    pub caip19: String,
    pub symbol: String,
    pub decimals: u8,
    /// Empty where there is none.
    pub logo_url: String,
    pub name: String,
    pub stable: bool,
}

/// How much of it an address holds.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct AssetBalance {
    /// CAIP-19.
    pub caip19: String,
    pub symbol: String,
    /// In the smallest unit, decimal.
    pub balance: String,
    pub decimals: u8,
    pub display: AssetBalanceDisplay,
    pub name: String,
}

/// For people, not for arithmetic.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct AssetBalanceDisplay {
    /// This server knows no prices: always absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd: Option<String>,
    /// In whole coins, with a decimal point.
    pub crypto: String,
}
