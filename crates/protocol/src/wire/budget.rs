//! Budgets as they travel: what a policy or the profile of a session lets through in a while.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Limits over a window of time that rolls: no stretch of its length holds more. A member that is misspelt would be a
/// limit that is not kept, so those that are unknown are refused.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BudgetParams {
    /// The length of the window in seconds, decimal: from a minute to 90 days.
    pub window_seconds: String,
    /// At most this many signatures, decimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_signatures: Option<String>,
    /// At most these amounts, and of nothing else; no limit when absent or empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assets: Option<Vec<AssetCapParams>>,
    /// At most this many different recipients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_counterparties: Option<u32>,
}

/// How much of an asset may be moved.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssetCapParams {
    /// Of what.
    pub asset: AssetParams,
    /// Wei, lamports, raw units of the token; decimal.
    pub max: String,
}

/// Something whose amount can be limited.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AssetParams {
    /// The coin that a chain's fees are paid in, by the chain's CAIP-2 id: `eip155:1`.
    Native(String),
    /// A token moved by its contract.
    Erc20(TokenParams),
    /// A token of Solana's token programs, by the address of its mint.
    SplToken(String),
}

/// A token of an Ethereum chain.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TokenParams {
    /// CAIP-2.
    pub chain: String,
    /// The address of its contract.
    pub contract: String,
}
