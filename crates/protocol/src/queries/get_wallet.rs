//! `get_wallet`: one wallet.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::view,
    crate::wire::{RequestError, value},
};

use crate::wire::objects::Wallet;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetWallet {
    /// The organization.
    pub organization_id: String,
    /// The wallet.
    pub wallet_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetWalletResponse {
    /// The wallet.
    pub wallet: Wallet,
}

impl Query for GetWallet {
    const ROUTE: &'static str = "get_wallet";
    type Response = GetWalletResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetWallet {
    fn answer(self, view: &View<'_>, _: Found) -> Result<GetWalletResponse, RequestError> {
        let id = value::id("walletId", &self.wallet_id)?;
        Ok(GetWalletResponse { wallet: view::wallet(view.organization.wallet(id)?) })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::activities::create_wallet::tests::wallet;
    use crate::engine::testing::World;

    #[test]
    fn shows_the_wallet_and_no_other_organizations() {
        let mut world = World::new();
        let (sub, owner) = world.sub_organization();
        let (id, _) = wallet(&mut world, &owner, "first", &[]);
        let root = world.root();
        let at = json!({ "seconds": world.now.as_seconds().to_string(), "nanos": "0" });
        let expected = json!({ "wallet": {
            "walletId": id,
            "walletName": "first",
            "createdAt": at,
            "updatedAt": at,
            "exported": false,
            "imported": false,
        }});
        let shown = world.query(&root, sub, "get_wallet", json!({ "walletId": id })).unwrap();
        assert_eq!(shown, expected);
        let refusal = world.query(&root, world.parent(), "get_wallet", json!({ "walletId": id }));
        assert_eq!(refusal.unwrap_err().status().http_status(), 404);
    }
}
