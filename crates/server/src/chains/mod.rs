//! Chains: what their nodes are asked, and what is sent to them.

mod broadcast;
mod config;
mod ethereum;
mod rpc;
mod sending;
mod solana;

use std::collections::{BTreeMap, HashMap};

use alloy_primitives::{Address, U256};
use keyward_protocol::engine::chains::{Asset, AssetKind, ethereum_address};
use keyward_protocol::wire::{ChainId, RequestError};

pub(crate) use self::broadcast::broadcast;
pub use self::config::ChainsConfig;
use self::rpc::{LIMITS, Rpc};
use self::sending::Turns;
pub(crate) use self::sending::complete;
use crate::config::OidcConfig;
use crate::fetch::Fetcher;

/// The chains that are configured.
pub(crate) struct Chains {
    nodes: BTreeMap<ChainId, Rpc>,
    /// Who completes a transaction.
    turns: Turns,
}

impl Chains {
    /// Connects to nobody yet.
    pub(crate) fn new(config: &ChainsConfig) -> Self {
        let endpoints = config.iter().flat_map(|(_, chain)| &chain.endpoints);
        // The operator's own nodes may be wherever the operator has them, other servers only in the internet.
        let allowed = OidcConfig {
            private_issuers: endpoints.map(|endpoint| endpoint.0.origin().clone()).collect(),
            ..OidcConfig::default()
        };
        let fetcher = Fetcher::with_limits(&allowed, LIMITS);
        let chains = config.iter().map(|(id, chain)| {
            (id.clone(), Rpc::new(id.clone(), chain.endpoints.clone(), fetcher.clone()))
        });
        Self { nodes: chains.collect(), turns: Turns::default() }
    }

    /// The nodes of a chain.
    ///
    /// # Errors
    ///
    /// A chain that is not configured.
    pub(crate) fn get(&self, chain: &ChainId) -> Result<&Rpc, RequestError> {
        Ok(self.nodes.get(chain).ok_or_else(|| chain.not_configured())?)
    }

    /// How many transactions an account has sent, those that wait to be included as well.
    ///
    /// # Errors
    ///
    /// A chain that is not configured; [`RequestError::RpcCall`].
    pub(crate) async fn nonce(
        &self,
        chain: &ChainId,
        address: Address,
    ) -> Result<u64, RequestError> {
        Ok(ethereum::count(self.get(chain)?, address, "pending").await?)
    }

    /// Gives a signed transaction to a node of a chain with Ethereum's virtual machine. One that it has already is no
    /// error.
    ///
    /// # Errors
    ///
    /// A chain that is not configured; [`RequestError::RpcCall`].
    pub(crate) async fn send_raw(
        &self,
        chain: &ChainId,
        transaction: &[u8],
    ) -> Result<(), RequestError> {
        Ok(ethereum::send_raw(self.get(chain)?, &hex::encode(transaction)).await?)
    }

    /// How much of each asset an account holds.
    ///
    /// # Errors
    ///
    /// A chain that is not configured; [`RequestError::RpcCall`].
    pub(crate) async fn balances(
        &self,
        chain: &ChainId,
        address: &str,
        assets: &[Asset],
    ) -> Result<Vec<U256>, RequestError> {
        let rpc = self.get(chain)?;
        let mut balances = Vec::with_capacity(assets.len());
        let mut spl: Option<HashMap<String, U256>> = None;
        for asset in assets {
            balances.push(match &asset.kind {
                AssetKind::Native if chain.is_solana() => solana::balance(rpc, address).await?,
                AssetKind::Native => {
                    ethereum::balance(rpc, ethereum_address("address", address)?).await?
                }
                AssetKind::Erc20(contract) => {
                    let owner = ethereum_address("address", address)?;
                    ethereum::token_balance(rpc, *contract, owner).await?
                }
                AssetKind::Spl(mint) => {
                    let all = match spl.take() {
                        Some(all) => all,
                        None => solana::token_balances(rpc, address).await?,
                    };
                    let balance = all.get(mint).copied().unwrap_or_default();
                    spl = Some(all);
                    balance
                }
            });
        }
        Ok(balances)
    }
}
