//! `get_nonces`: how many transactions an account has sent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, Reads, View},
    crate::engine::chains,
    crate::wire::{InvalidRequest, RequestError},
};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetNonces {
    /// The organization.
    pub organization_id: String,
    /// Any account of the chain.
    pub address: String,
    /// A chain with Ethereum's virtual machine.
    pub caip2: String,
    /// Whether to ask for the number of the account's next transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<bool>,
    /// Whether to ask for the nonce of a delegate contract that sponsors transactions. Refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gas_station_nonce: Option<bool>,
}

/// What it answers: what was asked for.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetNoncesResponse {
    /// Decimal; those that wait to be included are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Decimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gas_station_nonce: Option<String>,
}

impl Query for GetNonces {
    const ROUTE: &'static str = "get_nonces";
    type Response = GetNoncesResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetNonces {
    fn reads(&self) -> Result<Reads, InvalidRequest> {
        let (chain, _) = chains::ethereum_chain(&self.caip2)?;
        let address = chains::ethereum_address("address", &self.address)?;
        if self.nonce != Some(true) || self.gas_station_nonce == Some(true) {
            return Ok(Reads::Nothing);
        }
        Ok(Reads::Nonce { chain, address })
    }

    fn answer(self, view: &View<'_>, found: Found) -> Result<GetNoncesResponse, RequestError> {
        chains::assets(view.settings, &chains::ethereum_chain(&self.caip2)?.0)?;
        if self.gas_station_nonce == Some(true) {
            return Err(RequestError::NotConfigured("gas sponsorship"));
        }
        let nonce = match found {
            Found::Nonce(nonce) => Some(nonce.to_string()),
            _ => None,
        };
        Ok(GetNoncesResponse { nonce, gas_station_nonce: None })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::engine::testing::World;
    use crate::wire::{ChainId, RequestError};

    const ADDRESS: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

    fn query(world: &World, body: Value) -> Result<Value, RequestError> {
        world.query(&world.root(), world.parent(), "get_nonces", body)
    }

    #[test]
    fn answers_what_was_asked_for() {
        let mut world = World::new();
        world.settings.assets.insert(ChainId::parse("eip155:1").unwrap(), Vec::new());
        let asked = json!({ "address": ADDRESS, "caip2": "eip155:1", "nonce": true });
        assert_eq!(query(&world, asked).unwrap(), json!({ "nonce": "7" }));
        let asked = json!({ "address": ADDRESS, "caip2": "eip155:1" });
        assert_eq!(query(&world, asked).unwrap(), json!({}));
        let asked = json!({ "address": ADDRESS, "caip2": "eip155:1", "gasStationNonce": true });
        let refusal = query(&world, asked).unwrap_err();
        assert_eq!(refusal.to_string(), "gas sponsorship is not configured");
    }

    #[test]
    fn refuses_other_chains_and_addresses() {
        let world = World::new();
        for (address, caip2, text) in [
            (ADDRESS, "eip155:1", "chain eip155:1 is not configured on this server"),
            (ADDRESS, "solana:mainnet", "invalid caip2: must be a chain of eip155"),
            ("0x00", "eip155:1", "invalid address: must be 0x and 40 hexadecimal digits"),
        ] {
            let refusal = query(&world, json!({ "address": address, "caip2": caip2 })).unwrap_err();
            assert_eq!(refusal.to_string(), text);
            assert_eq!(refusal.status().http_status(), 400);
        }
    }
}
