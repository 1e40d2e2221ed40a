//! `list_supported_assets`: what the operator lists on a chain.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
use crate::wire::sending::AssetMetadata;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::chains::{self, Asset},
    crate::wire::{RequestError, chain::ChainId},
};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListSupportedAssets {
    /// The organization.
    pub organization_id: String,
    /// The chain.
    pub caip2: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct ListSupportedAssetsResponse {
    /// The chain's own coin first, then the tokens in the operator's order.
    pub assets: Vec<AssetMetadata>,
}

impl Query for ListSupportedAssets {
    const ROUTE: &'static str = "list_supported_assets";
    type Response = ListSupportedAssetsResponse;
}

#[cfg(feature = "engine")]
impl Answer for ListSupportedAssets {
    fn answer(
        self,
        view: &View<'_>,
        _: Found,
    ) -> Result<ListSupportedAssetsResponse, RequestError> {
        let assets = chains::assets(view.settings, &ChainId::parse(&self.caip2)?)?;
        Ok(ListSupportedAssetsResponse { assets: assets.iter().map(Asset::show).collect() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::testing::{World, ether};
    use crate::wire::ChainId;

    #[test]
    fn lists_what_is_configured() {
        let mut world = World::new();
        let chain = ChainId::parse("solana:mainnet").unwrap();
        world.settings.assets.insert(chain.clone(), vec![ether(&chain)]);
        let query = |caip2| {
            let body = json!({ "caip2": caip2 });
            world.query(&world.root(), world.parent(), "list_supported_assets", body)
        };
        let listed = json!({ "assets": [{
            "caip19": "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp/slip44:60",
            "symbol": "ETH",
            "decimals": 18,
            "logoUrl": "",
            "name": "Ether",
            "stable": false,
        }] });
        assert_eq!(query("solana:mainnet").unwrap(), listed);
        assert_eq!(query("solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp").unwrap(), listed);
        let refusal = query("eip155:5").unwrap_err();
        assert_eq!(refusal.to_string(), "chain eip155:5 is not configured on this server");
    }
}
