//! Which chains there are, whom to ask about them, and what is listed on them.

use std::collections::BTreeMap;
use std::fmt;

use keyward_protocol::engine::chains::{Asset, AssetLabel};
use keyward_protocol::wire::{ChainId, InvalidRequest};
use serde::Deserialize;

use crate::fetch::{FetchError, Url};

/// The coins of chains that need not be told: chain, number in SLIP-44, symbol, name. All have 18 decimals.
///
/// Source: SLIP-44; the chains' own documentation.
const COINS: [(u64, u32, &str, &str); 13] = [
    (1, 60, "ETH", "Ether"),
    (10, 60, "ETH", "Ether"),
    (8453, 60, "ETH", "Ether"),
    (42161, 60, "ETH", "Ether"),
    (31337, 60, "ETH", "Ether"),
    (84532, 60, "ETH", "Ether"),
    (421_614, 60, "ETH", "Ether"),
    (11_155_111, 60, "ETH", "Ether"),
    (11_155_420, 60, "ETH", "Ether"),
    (56, 714, "BNB", "BNB"),
    (97, 714, "BNB", "BNB"),
    (137, 966, "POL", "POL"),
    (80002, 966, "POL", "POL"),
];

/// The chains that are configured.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(try_from = "BTreeMap<ChainId, Table>")]
pub struct ChainsConfig(BTreeMap<ChainId, ChainConfig>);

/// One chain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ChainConfig {
    /// Where its nodes are, the first to be asked first; at least one.
    pub(crate) endpoints: Vec<Endpoint>,
    /// Its own coin, where that is known, then the tokens.
    pub(crate) assets: Vec<Asset>,
}

/// Where a node is. Not shown: providers put keys into these addresses.
#[derive(Clone, Deserialize, Eq, PartialEq)]
#[serde(transparent)]
pub(crate) struct Endpoint(pub(crate) Url);

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hidden")
    }
}

/// `[chains."eip155:1"]`, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    rpc_urls: Vec<Endpoint>,
    native: Option<Coin>,
    #[serde(default)]
    tokens: Vec<Token>,
}

/// A chain's own coin, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Coin {
    symbol: String,
    name: String,
    decimals: u8,
    slip44: u32,
    #[serde(default)]
    logo_url: String,
}

/// A token, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    address: String,
    symbol: String,
    name: String,
    decimals: u8,
    #[serde(default)]
    logo_url: String,
    #[serde(default)]
    stable: bool,
}

impl TryFrom<BTreeMap<ChainId, Table>> for ChainsConfig {
    type Error = InvalidRequest;

    fn try_from(tables: BTreeMap<ChainId, Table>) -> Result<Self, InvalidRequest> {
        let chains = tables.into_iter().map(|(chain, table)| {
            if table.rpc_urls.is_empty() {
                return Err(InvalidRequest::new(format!("{chain} has no rpc_urls")));
            }
            let native = match table.native {
                Some(Coin { symbol, name, decimals, slip44, logo_url }) => {
                    let label = AssetLabel { symbol, name, decimals, logo_url, is_stable: false };
                    Some(Asset::native(&chain, slip44, label)?)
                }
                None => usual_coin(&chain)?,
            };
            let tokens = table.tokens.into_iter().map(|token| {
                let Token { address, symbol, name, decimals, logo_url, stable: is_stable } = token;
                let label = AssetLabel { symbol, name, decimals, logo_url, is_stable };
                Asset::token(&chain, &address, label)
            });
            let assets = native.map(Ok).into_iter().chain(tokens).collect::<Result<_, _>>()?;
            Ok((chain, ChainConfig { endpoints: table.rpc_urls, assets }))
        });
        chains.collect::<Result<_, _>>().map(Self)
    }
}

/// The coin of a chain that need not be told.
fn usual_coin(chain: &ChainId) -> Result<Option<Asset>, InvalidRequest> {
    let (slip44, symbol, name, decimals) = match chain.ethereum() {
        Some(number) => match COINS.iter().find(|(known, ..)| *known == number) {
            Some((_, slip44, symbol, name)) => (*slip44, *symbol, *name, 18),
            None => return Ok(None),
        },
        None => (501, "SOL", "Solana", 9),
    };
    let (symbol, name) = (symbol.to_owned(), name.to_owned());
    let label = AssetLabel { symbol, name, decimals, logo_url: String::new(), is_stable: false };
    Asset::native(chain, slip44, label).map(Some)
}

impl ChainsConfig {
    /// What is listed on each chain.
    pub(crate) fn assets(&self) -> BTreeMap<ChainId, Vec<Asset>> {
        self.0.iter().map(|(id, chain)| (id.clone(), chain.assets.clone())).collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&ChainId, &ChainConfig)> {
        self.0.iter()
    }

    /// Reads `eip155:1=https://node.example solana:mainnet=https://other.example`: a chain that is named twice has
    /// two nodes. What a file says of the nodes of these chains no longer counts.
    ///
    /// # Errors
    ///
    /// Whatever does not read as a chain and an address.
    pub(crate) fn read_urls(&mut self, text: &str) -> Result<(), InvalidUrls> {
        let mut urls: BTreeMap<ChainId, Vec<Endpoint>> = BTreeMap::new();
        for pair in text.split_whitespace() {
            let (chain, url) = pair.split_once('=').ok_or(InvalidUrls)?;
            let chain = ChainId::parse(chain).map_err(|_| InvalidUrls)?;
            let url = Url::parse(url).map_err(|_: FetchError| InvalidUrls)?;
            urls.entry(chain).or_default().push(Endpoint(url));
        }
        for (chain, endpoints) in urls {
            if let Some(known) = self.0.get_mut(&chain) {
                known.endpoints = endpoints;
            } else {
                let coin = usual_coin(&chain).map_err(|_| InvalidUrls)?;
                let assets = coin.into_iter().collect();
                self.0.insert(chain, ChainConfig { endpoints, assets });
            }
        }
        Ok(())
    }
}

/// The text names no chains and addresses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct InvalidUrls;

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
        ["eip155:1"]
        rpc_urls = ["https://a.example/v2/s3cret", "http://10.0.0.7:8545"]
        [["eip155:1".tokens]]
        address = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
        symbol = "USDC"
        name = "USD Coin"
        decimals = 6
        stable = true
        ["eip155:4217"]
        rpc_urls = ["https://tempo.example"]
        ["eip155:143"]
        rpc_urls = ["https://monad.example"]
        native = { symbol = "MON", name = "Monad", decimals = 18, slip44 = 268435779 }
        ["solana:mainnet"]
        rpc_urls = ["https://solana.example"]
    "#;

    fn ids(config: &ChainsConfig) -> Vec<String> {
        let all = config.iter().flat_map(|(_, chain)| &chain.assets);
        all.map(|asset| format!("{} {}", asset.caip19, asset.label.symbol)).collect()
    }

    #[test]
    fn reads_chains_their_nodes_and_what_is_listed() {
        let config: ChainsConfig = toml::from_str(TEXT).unwrap();
        assert_eq!(
            ids(&config),
            [
                "eip155:1/slip44:60 ETH",
                "eip155:1/erc20:0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48 USDC",
                "eip155:143/slip44:268435779 MON",
                "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp/slip44:501 SOL",
            ]
        );
        assert!(!format!("{config:?}").contains("s3cret"), "{config:?}");
    }

    #[test]
    fn refuses_what_names_no_chain_node_or_token() {
        for wrong in [
            "['bip122:0']\nrpc_urls = ['https://a.example']",
            "['eip155:1']\nrpc_urls = []",
            "['eip155:1']\nrpc_urls = ['a.example']",
            "['eip155:1']\nrpc_url = 'https://a.example'",
            "['eip155:1']\nrpc_urls = ['https://a.example']\n\
             tokens = [{ address = '0x', symbol = 'A', name = 'A', decimals = 6 }]",
        ] {
            assert!(toml::from_str::<ChainsConfig>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_variable_goes_over_the_file() {
        let mut config: ChainsConfig = toml::from_str(TEXT).unwrap();
        let before = ids(&config);
        config
            .read_urls(" eip155:1=http://[::1]:1/a=b\n eip155:1=http://[::1]:2 eip155:31337=http://[::1]:3")
            .unwrap();
        let counts: Vec<_> =
            config.iter().map(|(id, it)| (id.as_str(), it.endpoints.len())).collect();
        assert_eq!(counts[..3], [("eip155:1", 2), ("eip155:143", 1), ("eip155:31337", 1)]);
        assert_eq!(ids(&config).len(), before.len() + 1);
        for wrong in ["eip155:1", "https://a.example", "x=https://a.example", "eip155:1=a"] {
            assert_eq!(config.read_urls(wrong), Err(InvalidUrls), "{wrong}");
        }
    }
}
