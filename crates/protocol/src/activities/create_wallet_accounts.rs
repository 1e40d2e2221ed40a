//! `CREATE_WALLET_ACCOUNTS`: further accounts of a wallet, or just their addresses.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::items::Concerns,
    crate::engine::{Caller, Context, Needs},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::parameters::{NewAccount, all};
use crate::wire::id::WalletId;
use crate::wire::objects::WalletAccountParams;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateWalletAccountsIntent {
    /// The wallet.
    pub wallet_id: String,
    /// What to derive.
    pub accounts: Vec<WalletAccountParams>,
    /// Whether the accounts are kept; they are when absent. Others can't sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persist: Option<bool>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct CreateWalletAccountsResult {
    /// In the order of the accounts asked for.
    pub addresses: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateWalletAccounts {
    wallet: WalletId,
    accounts: Vec<NewAccount>,
    persist: bool,
}

impl TryFrom<CreateWalletAccountsIntent> for CreateWalletAccounts {
    type Error = InvalidRequest;

    fn try_from(intent: CreateWalletAccountsIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            wallet: value::id("walletId", &intent.wallet_id)?,
            accounts: all(intent.accounts)?,
            persist: intent.persist.unwrap_or(true),
        })
    }
}

impl Activity for CreateWalletAccounts {
    const ROUTE: &'static str = "create_wallet_accounts";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<CreateWalletAccountsIntent>(
        "ACTIVITY_TYPE_CREATE_WALLET_ACCOUNTS",
        "createWalletAccountsIntent",
        "createWalletAccountsResult",
    )];
    type Intent = CreateWalletAccountsIntent;
    type Output = CreateWalletAccountsResult;
}

#[cfg(feature = "engine")]
impl Execute for CreateWalletAccounts {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Wallet, Action::Create));

    fn concerns(&self) -> Concerns<'_> {
        Concerns::Wallet(self.wallet)
    }

    fn needs(&self) -> Needs {
        Needs::Mnemonic(self.wallet)
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<CreateWalletAccountsResult, RequestError> {
        let Self { wallet, accounts, persist } = self;
        let accounts = context.derive_accounts(wallet, accounts)?;
        let addresses = accounts.iter().map(|(account, _)| account.address.clone()).collect();
        if persist {
            context.changes.accounts.extend(accounts);
        }
        Ok(CreateWalletAccountsResult { addresses })
    }
}

#[cfg(test)]
mod tests {
    use keyward_crypto::SecretBytes;
    use serde_json::{Value, json};

    use crate::activities::create_wallet::tests::{ETHEREUM, WORDS, account, ethereum, wallet};
    use crate::engine::testing::World;
    use crate::wire::RequestError;

    /// The first account of [`WORDS`], as wallets everywhere show it.
    const FIRST: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

    fn submit(world: &mut World, parameters: Value) -> Result<Value, RequestError> {
        let root = world.root();
        world.submit(&root, root.organization, "ACTIVITY_TYPE_CREATE_WALLET_ACCOUNTS", parameters)
    }

    /// A wallet of [`WORDS`], without accounts.
    fn known_wallet() -> (World, String) {
        let mut world = World::new();
        let root = world.root();
        let (id, _) = wallet(&mut world, &root, "first", &[]);
        let words = SecretBytes::new(WORDS.as_bytes().to_vec());
        world.secrets.insert((root.organization, id.parse().unwrap()), words);
        (world, id)
    }

    #[test]
    fn derives_of_the_wallets_own_mnemonic() {
        let (mut world, id) = known_wallet();
        let accounts = json!([account("SECP256K1", ETHEREUM, "COMPRESSED"), ethereum()]);
        let result = submit(&mut world, json!({ "walletId": id, "accounts": accounts })).unwrap();
        let compressed = "038318535b54105d4a7aae60c08fc45f9687181b4fdfc625bd1a753fa7397fed75";
        assert_eq!(result, json!({ "addresses": [compressed, FIRST] }));
        assert_eq!(world.accounts.len(), 2);
        assert!(world.accounts.iter().all(|(account, _)| account.public_key == compressed));
    }

    #[test]
    fn keeps_nothing_when_only_the_addresses_are_wanted() {
        let (mut world, id) = known_wallet();
        let asked = json!({ "walletId": id, "accounts": [ethereum()], "persist": false });
        assert_eq!(submit(&mut world, asked).unwrap(), json!({ "addresses": [FIRST] }));
        assert!(world.accounts.is_empty());
    }

    #[test]
    fn refuses_an_account_that_exists_and_then_keeps_none() {
        let (mut world, id) = known_wallet();
        submit(&mut world, json!({ "walletId": id, "accounts": [ethereum()] })).unwrap();
        let other = account("SECP256K1", "m/44'/60'/0'/0/1", "ETHEREUM");
        let same = account("SECP256K1", "m/44h/60h/0h/00/0", "ETHEREUM");
        let asked = json!({ "walletId": id, "accounts": [other, same] });
        assert_eq!(submit(&mut world, asked).unwrap_err().status().http_status(), 409);
        assert_eq!(world.accounts.len(), 1);
    }

    #[test]
    fn refuses_the_same_account_twice() {
        let (mut world, id) = known_wallet();
        let asked = json!({ "walletId": id, "accounts": [ethereum(), ethereum()] });
        let refusal = submit(&mut world, asked).unwrap_err();
        insta::assert_snapshot!(refusal, @"path already exists in this request: m/44'/60'/0'/0/0");
        assert_eq!(refusal.status().http_status(), 409);
    }

    #[test]
    fn refuses_the_same_name_twice() {
        let (mut world, id) = known_wallet();
        let mut accounts = json!([ethereum(), account("SECP256K1", ETHEREUM, "COMPRESSED")]);
        accounts[0]["name"] = json!("mine");
        accounts[1]["name"] = json!("mine");
        let refusal = submit(&mut world, json!({ "walletId": id, "accounts": accounts }));
        insta::assert_snapshot!(refusal.unwrap_err(), @"wallet account label must be unique");
    }

    #[test]
    fn refuses_a_wallet_that_is_not_there() {
        let mut world = World::new();
        let (_, stranger) = world.sub_organization();
        let (theirs, _) = wallet(&mut world, &stranger, "theirs", &[]);
        let asked = json!({ "walletId": theirs, "accounts": [ethereum()] });
        assert_eq!(submit(&mut world, asked).unwrap_err().status().http_status(), 404);
        assert!(submit(&mut world, json!({ "walletId": "first", "accounts": [] })).is_err());
    }
}
