//! `get_wallet_address_balances`: what a wallet account holds of what the operator lists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
use crate::wire::sending::AssetBalance;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, Reads, View},
    crate::engine::chains,
    crate::wire::{InvalidRequest, RequestError, chain::ChainId},
};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetWalletAddressBalances {
    /// The organization.
    pub organization_id: String,
    /// Address of one of its wallet accounts.
    pub address: String,
    /// The chain.
    pub caip2: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct GetWalletAddressBalancesResponse {
    /// Those that are not zero.
    pub balances: Vec<AssetBalance>,
}

impl Query for GetWalletAddressBalances {
    const ROUTE: &'static str = "get_wallet_address_balances";
    type Response = GetWalletAddressBalancesResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetWalletAddressBalances {
    fn reads(&self) -> Result<Reads, InvalidRequest> {
        let chain = ChainId::parse(&self.caip2)?;
        if chain.is_solana() {
            chains::solana_key(&self.address).ok_or_else(|| {
                let rule = "must be 32 bytes in base58";
                InvalidRequest::new(format!("invalid address: {rule}")).at("address", rule)
            })?;
        } else {
            chains::ethereum_address("address", &self.address)?;
        }
        Ok(Reads::Balances { chain, address: self.address.clone() })
    }

    fn answer(
        self,
        view: &View<'_>,
        found: Found,
    ) -> Result<GetWalletAddressBalancesResponse, RequestError> {
        let assets = chains::assets(view.settings, &ChainId::parse(&self.caip2)?)?;
        let Found::Balances(Some(amounts)) = found else {
            let text = format!("Could not find wallet account with address: {}", self.address);
            return Err(RequestError::NotFound(text));
        };
        let held = assets.iter().zip(amounts).filter(|(_, amount)| !amount.is_zero());
        let balances = held.map(|(asset, amount)| asset.balance(amount)).collect();
        Ok(GetWalletAddressBalancesResponse { balances })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::activities::create_wallet::tests::{ethereum, wallet};
    use crate::engine::testing::{World, ether};
    use crate::wire::{ChainId, RequestError};

    fn query(world: &World, body: Value) -> Result<Value, RequestError> {
        world.query(&world.root(), world.parent(), "get_wallet_address_balances", body)
    }

    #[test]
    fn shows_what_is_held() {
        let mut world = World::new();
        let root = world.root();
        let chain = ChainId::parse("eip155:1").unwrap();
        world.settings.assets.insert(chain.clone(), vec![ether(&chain), ether(&chain)]);
        let (_, addresses) = wallet(&mut world, &root, "first", &[ethereum()]);
        let asked = json!({ "address": addresses[0].to_ascii_lowercase(), "caip2": "eip155:1" });
        // The world holds seven of the first and nothing of what comes after it.
        let shown = json!({ "balances": [{
            "caip19": "eip155:1/slip44:60",
            "symbol": "ETH",
            "balance": "7",
            "decimals": 18,
            "display": { "crypto": "0.000000000000000007" },
            "name": "Ether",
        }] });
        assert_eq!(query(&world, asked).unwrap(), shown);
    }

    #[test]
    fn other_addresses_are_not_asked_about() {
        let mut world = World::new();
        world.settings.assets.insert(ChainId::parse("eip155:1").unwrap(), Vec::new());
        let stranger = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
        let asked = json!({ "address": stranger, "caip2": "eip155:1" });
        assert_eq!(query(&world, asked).unwrap_err().status().http_status(), 404);
        for (address, caip2) in [("x", "eip155:1"), (stranger, "solana:mainnet"), (stranger, "x")] {
            let refusal = query(&world, json!({ "address": address, "caip2": caip2 })).unwrap_err();
            assert_eq!(refusal.status().http_status(), 400);
        }
    }
}
