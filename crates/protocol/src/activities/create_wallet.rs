//! `CREATE_WALLET`: a wallet with a fresh mnemonic, and its first accounts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, wallets},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::parameters::NewWallet;
use crate::wire::InvalidRequest;
use crate::wire::objects::{WalletAccountParams, WalletParams, WalletResult};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateWalletIntent {
    /// Its name, unique in the organization.
    pub wallet_name: String,
    /// Accounts to derive at once; may be empty.
    pub accounts: Vec<WalletAccountParams>,
    /// Words: 12, 15, 18, 21 or 24; 12 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mnemonic_length: Option<u32>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateWallet {
    wallet: NewWallet,
}

impl TryFrom<CreateWalletIntent> for CreateWallet {
    type Error = InvalidRequest;

    fn try_from(intent: CreateWalletIntent) -> Result<Self, InvalidRequest> {
        let CreateWalletIntent { wallet_name, accounts, mnemonic_length } = intent;
        let wallet = WalletParams { wallet_name, accounts, mnemonic_length }.try_into()?;
        Ok(Self { wallet })
    }
}

impl Activity for CreateWallet {
    const ROUTE: &'static str = "create_wallet";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<CreateWalletIntent>(
        "ACTIVITY_TYPE_CREATE_WALLET",
        "createWalletIntent",
        "createWalletResult",
    )];
    type Intent = CreateWalletIntent;
    type Output = WalletResult;
}

#[cfg(feature = "engine")]
impl Execute for CreateWallet {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Wallet, Action::Create));

    fn execute(self, _: &Caller, context: &mut Context<'_>) -> Result<WalletResult, RequestError> {
        let now = context.now;
        let (organization, changes, rng) = context.edit_with();
        let (id, addresses) = wallets::create_wallet(organization, changes, self.wallet, now, rng)?;
        Ok(WalletResult { wallet_id: id.to_string(), addresses })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use crate::engine::Caller;
    use crate::engine::testing::World;
    use crate::wire::RequestError;

    /// The words of many examples elsewhere, and of no wallet that holds anything.
    pub(crate) const WORDS: &str = "test test test test test test test test test test test junk";

    pub(crate) const ETHEREUM: &str = "m/44'/60'/0'/0/0";

    pub(crate) fn account(curve: &str, path: &str, format: &str) -> Value {
        json!({
            "curve": format!("CURVE_{curve}"),
            "pathFormat": "PATH_FORMAT_BIP32",
            "path": path,
            "addressFormat": format!("ADDRESS_FORMAT_{format}"),
        })
    }

    pub(crate) fn ethereum() -> Value {
        account("SECP256K1", ETHEREUM, "ETHEREUM")
    }

    /// Makes a wallet in the caller's organization. Returns its id and addresses.
    pub(crate) fn wallet(
        world: &mut World,
        caller: &Caller,
        name: &str,
        accounts: &[Value],
    ) -> (String, Vec<String>) {
        let result = submit(world, caller, json!({ "walletName": name, "accounts": accounts }));
        let result = result.unwrap();
        let addresses = result["addresses"].as_array().unwrap();
        let addresses = addresses.iter().map(|address| address.as_str().unwrap().to_owned());
        (result["walletId"].as_str().unwrap().to_owned(), addresses.collect())
    }

    fn submit(
        world: &mut World,
        caller: &Caller,
        parameters: Value,
    ) -> Result<Value, RequestError> {
        let organization = caller.organization;
        world.submit(caller, organization, "ACTIVITY_TYPE_CREATE_WALLET", parameters)
    }

    #[test]
    fn keeps_the_mnemonic_and_answers_addresses_in_order() {
        let mut world = World::new();
        let root = world.root();
        let solana = account("ED25519", "m/44'/501'/0'/0'", "SOLANA");
        let (id, addresses) = wallet(&mut world, &root, "first", &[solana, ethereum()]);
        assert!(addresses[1].starts_with("0x") && !addresses[0].starts_with("0x"), "{addresses:?}");
        let kept = &world.organization(root.organization).wallets[0];
        assert_eq!((kept.id.to_string(), kept.name.as_str()), (id, "first"));
        assert!(!kept.imported && !kept.exported);
        let phrase = world.secrets[&(root.organization, kept.id.0)].expose();
        assert_eq!(phrase.split(|byte| *byte == b' ').count(), 12);
        assert_eq!(world.accounts.len(), 2);
    }

    #[test]
    fn counts_the_words_as_asked() {
        let mut world = World::new();
        let root = world.root();
        for words in [12, 15, 18, 21, 24] {
            let name = format!("{words} words");
            let parameters = json!({ "walletName": name, "accounts": [], "mnemonicLength": words });
            submit(&mut world, &root, parameters).unwrap();
        }
        let mut counts: Vec<_> = world
            .secrets
            .values()
            .map(|phrase| phrase.expose().split(|byte| *byte == b' ').count())
            .collect();
        counts.sort_unstable();
        assert_eq!(counts, [12, 15, 18, 21, 24]);
        let parameters = json!({ "walletName": "13", "accounts": [], "mnemonicLength": 13 });
        let refusal = submit(&mut world, &root, parameters).unwrap_err();
        insta::assert_snapshot!(refusal, @"invalid mnemonic length: must be 12, 15, 18, 21 or 24");
    }

    #[test]
    fn refuses_a_name_that_is_taken() {
        let mut world = World::new();
        let root = world.root();
        wallet(&mut world, &root, "first", &[]);
        let again = json!({ "walletName": "first", "accounts": [] });
        let refusal = submit(&mut world, &root, again).unwrap_err();
        insta::assert_snapshot!(refusal, @"wallet label must be unique");
        assert_eq!(refusal.status().http_status(), 400);
    }

    #[test]
    fn refuses_accounts_that_cannot_be_and_then_keeps_nothing() {
        let mut world = World::new();
        let root = world.root();
        for accounts in [
            json!([ethereum(), ethereum()]),
            json!([ethereum(), account("SECP256K1", "m/44h/60h/0h/0/0", "ETHEREUM")]),
            json!([account("ED25519", ETHEREUM, "ETHEREUM")]),
            json!([account("SECP256K1", "44/60", "ETHEREUM")]),
            json!([account("SECP256K1", ETHEREUM, "UNSPECIFIED")]),
            Value::Null,
        ] {
            let parameters = json!({ "walletName": "first", "accounts": accounts });
            submit(&mut world, &root, parameters).unwrap_err();
        }
        assert!(world.organization(root.organization).wallets.is_empty());
        assert!(world.secrets.is_empty() && world.accounts.is_empty());
    }

    #[test]
    fn refuses_the_hundred_and_first() {
        let mut world = World::new();
        let root = world.root();
        for number in 0..100 {
            wallet(&mut world, &root, &number.to_string(), &[]);
        }
        let more = json!({ "walletName": "one more", "accounts": [] });
        let refusal = submit(&mut world, &root, more).unwrap_err();
        assert_eq!(refusal.status().http_status(), 429);
    }

    #[test]
    fn refuses_users_without_permission() {
        let mut world = World::new();
        let user = world.user(world.parent());
        let parameters = json!({ "walletName": "first", "accounts": [] });
        let refusal = submit(&mut world, &user, parameters).unwrap_err();
        assert!(matches!(refusal, RequestError::PermissionDenied), "{refusal}");
    }
}
