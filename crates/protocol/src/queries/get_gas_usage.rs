//! `get_gas_usage`: what was spent on fees for others. This server pays nobody's fees: nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::wire::RequestError,
};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetGasUsage {
    /// The organization.
    pub organization_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetGasUsageResponse {
    /// Length of the window, in minutes.
    pub window_duration_minutes: u32,
    /// The most that may be spent in it, in US dollars.
    pub window_limit_usd: String,
    /// What was spent in it, in US dollars.
    pub usage_usd: String,
}

impl Query for GetGasUsage {
    const ROUTE: &'static str = "get_gas_usage";
    type Response = GetGasUsageResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetGasUsage {
    fn answer(self, _: &View<'_>, _: Found) -> Result<GetGasUsageResponse, RequestError> {
        Ok(GetGasUsageResponse {
            window_duration_minutes: 0,
            window_limit_usd: "0".to_owned(),
            usage_usd: "0".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::testing::World;

    #[test]
    fn nothing_is_spent() {
        let world = World::new();
        let shown = world.query(&world.root(), world.parent(), "get_gas_usage", json!({})).unwrap();
        let nothing = json!({ "windowDurationMinutes": 0, "windowLimitUsd": "0", "usageUsd": "0" });
        assert_eq!(shown, nothing);
    }
}
