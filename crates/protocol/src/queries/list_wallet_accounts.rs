//! `list_wallet_accounts`: the accounts of one wallet or of all.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, Reads, View},
    crate::engine::view,
    crate::wire::id::WalletId,
    crate::wire::{InvalidRequest, Page, RequestError, value},
};

use crate::wire::Pagination;
use crate::wire::objects::WalletAccount;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListWalletAccounts {
    /// The organization.
    pub organization_id: String,
    /// One wallet; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet_id: Option<String>,
    /// Whether each account shows its wallet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_wallet_details: Option<bool>,
    /// Which page; everything when absent, since callers without it search the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagination_options: Option<Pagination>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct ListWalletAccountsResponse {
    /// Oldest first.
    pub accounts: Vec<WalletAccount>,
}

impl Query for ListWalletAccounts {
    const ROUTE: &'static str = "list_wallet_accounts";
    type Response = ListWalletAccountsResponse;
}

#[cfg(feature = "engine")]
impl ListWalletAccounts {
    fn wallet(&self) -> Result<Option<WalletId>, InvalidRequest> {
        let given = self.wallet_id.as_deref().filter(|wallet| !wallet.is_empty());
        given.map(|wallet| value::id("walletId", wallet)).transpose()
    }
}

#[cfg(feature = "engine")]
impl Answer for ListWalletAccounts {
    fn reads(&self) -> Result<Reads, InvalidRequest> {
        let wallet = self.wallet()?;
        let page = match self.pagination_options.clone() {
            None => Page::ALL,
            some => some.try_into()?,
        };
        Ok(Reads::Accounts { wallet, page })
    }

    fn answer(
        self,
        view: &View<'_>,
        found: Found,
    ) -> Result<ListWalletAccountsResponse, RequestError> {
        if let Some(wallet) = self.wallet()? {
            view.organization.wallet(wallet)?;
        }
        let accounts = match found {
            Found::Accounts(accounts) => accounts,
            _ => Vec::new(),
        };
        let details = self.include_wallet_details.unwrap_or_default();
        let show = accounts.iter().map(|account| {
            let wallet = view.organization.wallet(account.wallet).ok().filter(|_| details);
            view::wallet_account(account, wallet)
        });
        Ok(ListWalletAccountsResponse { accounts: show.collect() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::activities::create_wallet::tests::{account, wallet};
    use crate::engine::testing::World;
    use crate::wire::RequestError;

    fn query(world: &World, body: Value) -> Result<Vec<Value>, RequestError> {
        let answer = world.query(&world.root(), world.parent(), "list_wallet_accounts", body)?;
        Ok(answer["accounts"].as_array().unwrap().clone())
    }

    /// Two wallets, the first with a dozen accounts, the second with one; their ids.
    fn two_wallets() -> (World, [String; 2]) {
        let mut world = World::new();
        let root = world.root();
        let number = |number| account("SECP256K1", &format!("m/44'/60'/0'/0/{number}"), "ETHEREUM");
        let accounts: Vec<_> = (0..12).map(number).collect();
        let (first, _) = wallet(&mut world, &root, "first", &accounts);
        world.now = world.now.plus_seconds(1);
        let (second, _) = wallet(&mut world, &root, "second", &accounts[..1]);
        (world, [first, second])
    }

    #[test]
    fn shows_everything_in_order_when_no_page_is_asked_for() {
        let (world, [first, second]) = two_wallets();
        let all = query(&world, json!({})).unwrap();
        assert_eq!(all.len(), 13);
        for (number, account) in all[..12].iter().enumerate() {
            assert_eq!(account["path"], format!("m/44'/60'/0'/0/{number}"));
            assert_eq!(account["walletId"], first);
        }
        assert_eq!(query(&world, json!({ "walletId": second })).unwrap(), all[12..]);
    }

    #[test]
    fn pages_follow_one_another() {
        let (world, _) = two_wallets();
        let all = query(&world, json!({})).unwrap();
        let page = |options| query(&world, json!({ "paginationOptions": options })).unwrap();
        assert_eq!(page(json!({})), all[..10]);
        assert_eq!(page(json!({ "limit": "5" })), all[..5]);
        let last = &all[4]["walletAccountId"];
        assert_eq!(page(json!({ "limit": "100", "after": last })), all[5..]);
        assert!(query(&world, json!({ "paginationOptions": { "limit": "101" } })).is_err());
    }

    #[test]
    fn shows_wallets_only_when_asked() {
        let (world, [first, _]) = two_wallets();
        let plain = query(&world, json!({ "walletId": first })).unwrap();
        assert!(plain.iter().all(|account| account.get("walletDetails").is_none()));
        let asked = json!({ "walletId": first, "includeWalletDetails": true });
        let detailed = query(&world, asked).unwrap();
        assert!(detailed.iter().all(|account| account["walletDetails"]["walletName"] == "first"));
    }

    #[test]
    fn does_not_find_a_wallet_that_is_not_there() {
        let (world, _) = two_wallets();
        let refusal = query(&world, json!({ "walletId": world.parent().to_string() })).unwrap_err();
        assert_eq!(refusal.status().http_status(), 404);
    }
}
