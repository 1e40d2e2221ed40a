//! `get_wallet_account`: one account of a wallet, by its address or its path.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, Reads, View},
    crate::engine::view,
    crate::parameters::AccountName,
    crate::wire::id::WalletId,
    crate::wire::{InvalidRequest, RequestError, value},
    keyward_crypto::DerivationPath,
};

use crate::wire::objects::WalletAccount;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetWalletAccount {
    /// The organization.
    pub organization_id: String,
    /// The wallet.
    pub wallet_id: String,
    /// Address of the account; either this or `path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Path of the account; the oldest when several share it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct GetWalletAccountResponse {
    /// The account.
    pub account: WalletAccount,
}

impl Query for GetWalletAccount {
    const ROUTE: &'static str = "get_wallet_account";
    type Response = GetWalletAccountResponse;
}

#[cfg(feature = "engine")]
impl GetWalletAccount {
    fn wallet(&self) -> Result<WalletId, InvalidRequest> {
        value::id("walletId", &self.wallet_id)
    }
}

#[cfg(feature = "engine")]
impl Answer for GetWalletAccount {
    fn reads(&self) -> Result<Reads, InvalidRequest> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let by = match (given(&self.address), given(&self.path)) {
            (Some(address), None) => AccountName::Address(address),
            (None, Some(path)) => AccountName::Path(
                DerivationPath::parse(&path)
                    .map_err(|invalid| InvalidRequest::new(invalid.to_string()))?,
            ),
            _ => return Err(InvalidRequest::new("exactly one of address and path is needed")),
        };
        Ok(Reads::Account { wallet: self.wallet()?, by })
    }

    fn answer(
        self,
        view: &View<'_>,
        found: Found,
    ) -> Result<GetWalletAccountResponse, RequestError> {
        view.organization.wallet(self.wallet()?)?;
        let accounts = match found {
            Found::Accounts(accounts) => accounts,
            _ => Vec::new(),
        };
        let account = accounts.first().ok_or_else(|| {
            RequestError::NotFound(match (&self.address, &self.path) {
                (_, Some(path)) => format!("Could not find wallet account with path: {path}"),
                (address, None) => format!(
                    "Could not find wallet account with address: {}",
                    address.as_deref().unwrap_or_default()
                ),
            })
        })?;
        Ok(GetWalletAccountResponse { account: view::wallet_account(account, None) })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::activities::create_wallet::tests::{ETHEREUM, account, ethereum, wallet};
    use crate::engine::testing::World;
    use crate::wire::RequestError;

    fn query(world: &World, body: Value) -> Result<Value, RequestError> {
        world.query(&world.root(), world.parent(), "get_wallet_account", body)
    }

    #[test]
    fn finds_by_address_or_by_path_however_written() {
        let mut world = World::new();
        let root = world.root();
        let accounts = [ethereum(), account("SECP256K1", ETHEREUM, "COMPRESSED")];
        let (id, addresses) = wallet(&mut world, &root, "first", &accounts);
        for (named, expected) in [
            (json!({ "walletId": id, "address": addresses[1] }), &addresses[1]),
            (
                json!({ "walletId": id, "address": addresses[0].to_ascii_lowercase() }),
                &addresses[0],
            ),
            (json!({ "walletId": id, "path": ETHEREUM }), &addresses[0]),
            (json!({ "walletId": id, "path": "m/44h/60H/0'/00/0", "address": "" }), &addresses[0]),
        ] {
            let shown = query(&world, named).unwrap();
            assert_eq!(shown["account"]["address"], *expected);
            assert_eq!(shown["account"]["path"], ETHEREUM);
            assert_eq!(shown["account"]["publicKey"].as_str().unwrap().len(), 66);
        }
    }

    #[test]
    fn asks_for_one_name_and_only_one() {
        let mut world = World::new();
        let root = world.root();
        let (id, _) = wallet(&mut world, &root, "first", &[ethereum()]);
        for body in [
            json!({ "walletId": id }),
            json!({ "walletId": id, "path": ETHEREUM, "address": "0x00" }),
            json!({ "walletId": id, "path": "44/60" }),
            json!({ "path": ETHEREUM }),
        ] {
            assert_eq!(query(&world, body).unwrap_err().status().http_status(), 400);
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let mut world = World::new();
        let root = world.root();
        let (id, addresses) = wallet(&mut world, &root, "first", &[ethereum()]);
        let (other, _) = wallet(&mut world, &root, "second", &[]);
        for (body, text) in [
            (
                json!({ "walletId": id, "path": "m/0" }),
                "Could not find wallet account with path: m/0",
            ),
            (
                json!({ "walletId": id, "address": "x" }),
                "Could not find wallet account with address: x",
            ),
        ] {
            let refusal = query(&world, body).unwrap_err();
            assert_eq!(refusal.to_string(), text);
            assert_eq!(refusal.status().http_status(), 404);
        }
        for body in [
            json!({ "walletId": other, "address": addresses[0] }),
            json!({ "walletId": root.user.to_string(), "address": addresses[0] }),
        ] {
            assert_eq!(query(&world, body).unwrap_err().status().http_status(), 404);
        }
    }
}
