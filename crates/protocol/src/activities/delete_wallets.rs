//! `DELETE_WALLETS`: erases wallets, with their mnemonics and all their accounts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::items::Concerns,
    crate::engine::{Caller, Context},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::id::WalletId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteWalletsIntent {
    /// The wallets.
    pub wallet_ids: Vec<String>,
    /// Whether those go too that were never exported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_without_export: Option<bool>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteWalletsResult {
    /// The wallets that are gone.
    pub wallet_ids: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct DeleteWallets {
    wallets: Vec<WalletId>,
    without_export: bool,
}

impl TryFrom<DeleteWalletsIntent> for DeleteWallets {
    type Error = InvalidRequest;

    fn try_from(intent: DeleteWalletsIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            wallets: value::some_ids("walletIds", &intent.wallet_ids)?,
            without_export: intent.delete_without_export.unwrap_or_default(),
        })
    }
}

impl Activity for DeleteWallets {
    const ROUTE: &'static str = "delete_wallets";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<DeleteWalletsIntent>(
        "ACTIVITY_TYPE_DELETE_WALLETS",
        "deleteWalletsIntent",
        "deleteWalletsResult",
    )];
    type Intent = DeleteWalletsIntent;
    type Output = DeleteWalletsResult;
}

#[cfg(feature = "engine")]
impl Execute for DeleteWallets {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Wallet, Action::Delete));

    fn concerns(&self) -> Concerns<'_> {
        Concerns::Wallets(&self.wallets)
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<DeleteWalletsResult, RequestError> {
        for id in &self.wallets {
            if !context.organization().wallet(*id)?.exported && !self.without_export {
                return Err(InvalidRequest::new("wallet has not been exported").into());
            }
        }
        context.edit().wallets.retain(|wallet| !self.wallets.contains(&wallet.id));
        context.changes.deleted_secrets.extend(self.wallets.iter().map(|id| id.0));
        let wallet_ids = self.wallets.iter().map(ToString::to_string).collect();
        context.changes.deleted_wallets.extend(self.wallets);
        Ok(DeleteWalletsResult { wallet_ids })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::activities::create_wallet::tests::{ethereum, wallet};
    use crate::engine::testing::World;
    use crate::wire::RequestError;

    fn submit(world: &mut World, parameters: Value) -> Result<Value, RequestError> {
        let root = world.root();
        world.submit(&root, root.organization, "ACTIVITY_TYPE_DELETE_WALLETS", parameters)
    }

    #[test]
    fn erases_the_mnemonic_and_all_accounts() {
        let mut world = World::new();
        let root = world.root();
        let (first, _) = wallet(&mut world, &root, "first", &[ethereum()]);
        let (second, _) = wallet(&mut world, &root, "second", &[ethereum()]);
        let asked = json!({ "walletIds": [first], "deleteWithoutExport": true });
        assert_eq!(submit(&mut world, asked).unwrap(), json!({ "walletIds": [first] }));
        let left = &world.organization(root.organization).wallets;
        assert_eq!(left.iter().map(|wallet| wallet.id.to_string()).collect::<Vec<_>>(), [second]);
        assert_eq!(
            world.accounts.iter().map(|(it, _)| it.wallet).collect::<Vec<_>>(),
            [left[0].id]
        );
        assert_eq!(world.secrets.keys().map(|(_, id)| *id).collect::<Vec<_>>(), [left[0].id.0]);
    }

    #[test]
    fn keeps_all_when_one_was_never_exported() {
        let mut world = World::new();
        let root = world.root();
        let (first, _) = wallet(&mut world, &root, "first", &[]);
        let (second, _) = wallet(&mut world, &root, "second", &[]);
        world.edit(root.organization).wallets[0].exported = true;
        let refusal = submit(&mut world, json!({ "walletIds": [first, second] })).unwrap_err();
        insta::assert_snapshot!(refusal, @"wallet has not been exported");
        assert_eq!(refusal.status().http_status(), 400);
        assert_eq!(
            (world.organization(root.organization).wallets.len(), world.secrets.len()),
            (2, 2)
        );
        submit(&mut world, json!({ "walletIds": [first] })).unwrap();
        assert_eq!(world.secrets.len(), 1);
    }

    #[test]
    fn keeps_all_when_one_is_unknown() {
        let mut world = World::new();
        let root = world.root();
        let (first, _) = wallet(&mut world, &root, "first", &[]);
        let asked = json!({
            "walletIds": [first, root.user.to_string()],
            "deleteWithoutExport": true,
        });
        assert_eq!(submit(&mut world, asked).unwrap_err().status().http_status(), 404);
        assert_eq!(world.secrets.len(), 1);
        assert!(submit(&mut world, json!({ "walletIds": [] })).is_err());
    }

    #[test]
    fn refuses_a_wallet_of_another_organization() {
        let mut world = World::new();
        let (_, stranger) = world.sub_organization();
        let (theirs, _) = wallet(&mut world, &stranger, "theirs", &[]);
        let asked = json!({ "walletIds": [theirs], "deleteWithoutExport": true });
        assert_eq!(submit(&mut world, asked).unwrap_err().status().http_status(), 404);
        assert_eq!(world.secrets.len(), 1);
    }
}
