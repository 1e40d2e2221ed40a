//! `list_wallets`: the wallets of an organization.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::view,
    crate::wire::RequestError,
};

use crate::wire::objects::Wallet;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListWallets {
    /// The organization.
    pub organization_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListWalletsResponse {
    /// Oldest first.
    pub wallets: Vec<Wallet>,
}

impl Query for ListWallets {
    const ROUTE: &'static str = "list_wallets";
    type Response = ListWalletsResponse;
}

#[cfg(feature = "engine")]
impl Answer for ListWallets {
    fn answer(self, view: &View<'_>, _: Found) -> Result<ListWalletsResponse, RequestError> {
        let wallets = view.organization.wallets.iter().map(view::wallet).collect();
        Ok(ListWalletsResponse { wallets })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::activities::create_wallet::tests::wallet;
    use crate::engine::testing::World;

    #[test]
    fn shows_the_wallets_in_the_order_they_were_made() {
        let mut world = World::new();
        let root = world.root();
        for name in ["b", "a", "c"] {
            wallet(&mut world, &root, name, &[]);
        }
        let shown = world.query(&root, world.parent(), "list_wallets", json!({})).unwrap();
        let wallets = shown["wallets"].as_array().unwrap().iter();
        assert_eq!(
            wallets.map(|wallet| &wallet["walletName"]).collect::<Vec<_>>(),
            ["b", "a", "c"]
        );
    }
}
