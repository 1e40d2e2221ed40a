//! `DELETE_WALLET_ACCOUNTS`: forgets accounts. Their wallet can derive them again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::items::Concerns,
    crate::engine::{Caller, Context, Needs},
    crate::wire::enums::{Action, Resource},
    crate::wire::{RequestError, TurnkeyErrorCode},
};

use crate::wire::id::WalletAccountId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteWalletAccountsIntent {
    /// The accounts.
    pub wallet_account_ids: Vec<String>,
    /// Whether those go too that were never exported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_without_export: Option<bool>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteWalletAccountsResult {
    /// The accounts that are gone.
    pub wallet_account_ids: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct DeleteWalletAccounts {
    accounts: Vec<WalletAccountId>,
    without_export: bool,
}

impl TryFrom<DeleteWalletAccountsIntent> for DeleteWalletAccounts {
    type Error = InvalidRequest;

    fn try_from(intent: DeleteWalletAccountsIntent) -> Result<Self, InvalidRequest> {
        let texts = intent.wallet_account_ids;
        if texts.iter().any(|text| text.parse::<WalletAccountId>().is_err()) {
            return Err(InvalidRequest::new("invalid wallet account UUID"));
        }
        Ok(Self {
            accounts: value::some_ids("walletAccountIds", &texts)?,
            without_export: intent.delete_without_export.unwrap_or_default(),
        })
    }
}

impl Activity for DeleteWalletAccounts {
    const ROUTE: &'static str = "delete_wallet_accounts";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<DeleteWalletAccountsIntent>(
        "ACTIVITY_TYPE_DELETE_WALLET_ACCOUNTS",
        "deleteWalletAccountsIntent",
        "deleteWalletAccountsResult",
    )];
    type Intent = DeleteWalletAccountsIntent;
    type Output = DeleteWalletAccountsResult;
}

#[cfg(feature = "engine")]
impl Execute for DeleteWalletAccounts {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Wallet, Action::Delete));

    fn concerns(&self) -> Concerns<'_> {
        Concerns::Accounts(&self.accounts)
    }

    fn needs(&self) -> Needs {
        Needs::Accounts(self.accounts.clone())
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<DeleteWalletAccountsResult, RequestError> {
        let found = context.take_accounts();
        for id in &self.accounts {
            let account = found.iter().find(|account| account.id == *id).ok_or_else(|| {
                InvalidRequest::new("wallet account not part of your organization")
            })?;
            // Whoever has the mnemonic has the account.
            let exported =
                account.exported || context.organization().wallet(account.wallet)?.exported;
            if !exported && !self.without_export {
                return Err(InvalidRequest::named(
                    TurnkeyErrorCode::WalletAccountNotExported,
                    "wallet account has not been exported",
                )
                .into());
            }
        }
        // Accounts are kept beside the organization: this moves its revision, so that whatever was
        // decided while they were there is decided again.
        context.edit();
        let wallet_account_ids = self.accounts.iter().map(ToString::to_string).collect();
        context.changes.deleted_accounts.extend(self.accounts);
        Ok(DeleteWalletAccountsResult { wallet_account_ids })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::activities::create_wallet::tests::{ETHEREUM, account, ethereum, wallet};
    use crate::engine::testing::World;
    use crate::engine::{Facts, ServerKeys};

    fn submit(world: &mut World, parameters: Value) -> Result<Value, RequestError> {
        let root = world.root();
        world.submit(&root, root.organization, "ACTIVITY_TYPE_DELETE_WALLET_ACCOUNTS", parameters)
    }

    /// A wallet with two accounts, and their ids.
    fn two_accounts() -> (World, [String; 2]) {
        let mut world = World::new();
        let root = world.root();
        let compressed = account("SECP256K1", ETHEREUM, "COMPRESSED");
        wallet(&mut world, &root, "first", &[ethereum(), compressed]);
        let ids = [0, 1].map(|index: usize| world.accounts[index].0.id.to_string());
        (world, ids)
    }

    #[test]
    fn forgets_those_accounts_and_not_the_wallet() {
        let (mut world, [first, second]) = two_accounts();
        let asked = json!({ "walletAccountIds": [first], "deleteWithoutExport": true });
        assert_eq!(submit(&mut world, asked).unwrap(), json!({ "walletAccountIds": [first] }));
        assert_eq!(world.accounts.len(), 1);
        assert_eq!(world.accounts[0].0.id.to_string(), second);
        assert_eq!((world.organization(world.parent()).wallets.len(), world.secrets.len()), (1, 1));
    }

    #[test]
    fn keeps_all_when_one_was_never_exported() {
        let (mut world, [first, second]) = two_accounts();
        world.accounts[0].0.exported = true;
        let refusal = submit(&mut world, json!({ "walletAccountIds": [first, second] }));
        let status = refusal.unwrap_err().status();
        assert_eq!(status.turnkey_error_code, Some(TurnkeyErrorCode::WalletAccountNotExported));
        insta::assert_snapshot!(status.message, @"wallet account has not been exported");
        assert_eq!(world.accounts.len(), 2);
        submit(&mut world, json!({ "walletAccountIds": [first] })).unwrap();
    }

    #[test]
    fn an_exported_wallet_has_exported_accounts() {
        let (mut world, ids) = two_accounts();
        world.edit(world.parent()).wallets[0].exported = true;
        submit(&mut world, json!({ "walletAccountIds": ids })).unwrap();
        assert!(world.accounts.is_empty());
    }

    #[test]
    fn refuses_accounts_of_others_and_what_is_no_id() {
        let (mut world, [first, _]) = two_accounts();
        let (_, stranger) = world.sub_organization();
        wallet(&mut world, &stranger, "theirs", &[ethereum()]);
        let their = |(account, _): &&(_, _)| {
            let account: &crate::engine::model::WalletAccount = account;
            account.organization == stranger.organization
        };
        let theirs = world.accounts.iter().find(their).unwrap().0.id.to_string();
        let asked = json!({ "walletAccountIds": [first, theirs], "deleteWithoutExport": true });
        let refusal = submit(&mut world, asked).unwrap_err();
        insta::assert_snapshot!(refusal, @"wallet account not part of your organization");
        let refusal = submit(&mut world, json!({ "walletAccountIds": ["first"] })).unwrap_err();
        insta::assert_snapshot!(refusal, @"invalid wallet account UUID");
        assert!(submit(&mut world, json!({ "walletAccountIds": [] })).is_err());
        assert_eq!(world.accounts.len(), 3);
    }

    #[test]
    fn the_organization_counts_as_changed() {
        let (mut world, _) = two_accounts();
        let (root, before) = (world.root(), Arc::new(world.organization(world.parent()).clone()));
        let account = world.accounts[0].0.clone();
        let keys = ServerKeys::generate(&mut world.rng);
        let (settings, client) = Default::default();
        let mut context = Context::new(
            before.clone(),
            None,
            world.now,
            &mut world.rng,
            &keys,
            &settings,
            &client,
        );
        let activity = DeleteWalletAccounts { accounts: vec![account.id], without_export: true };
        context.facts = Facts::Accounts(vec![account]);
        activity.execute(&root, &mut context).unwrap();
        assert!(!Arc::ptr_eq(&before, &context.into_parts().0));
    }
}
