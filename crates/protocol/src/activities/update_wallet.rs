//! `UPDATE_WALLET`: another name for a wallet.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::items::Concerns,
    crate::engine::{Caller, Context, wallets},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    keyward_policy::Value,
};

use crate::wire::id::WalletId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateWalletIntent {
    /// The wallet.
    pub wallet_id: String,
    /// Its new name; the old one stays when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet_name: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateWalletResult {
    /// The wallet.
    pub wallet_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateWallet {
    wallet: WalletId,
    name: Option<String>,
}

impl TryFrom<UpdateWalletIntent> for UpdateWallet {
    type Error = InvalidRequest;

    fn try_from(intent: UpdateWalletIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            wallet: value::id("walletId", &intent.wallet_id)?,
            name: value::optional_label("walletName", intent.wallet_name)?,
        })
    }
}

impl Activity for UpdateWallet {
    const ROUTE: &'static str = "update_wallet";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<UpdateWalletIntent>(
        "ACTIVITY_TYPE_UPDATE_WALLET",
        "updateWalletIntent",
        "updateWalletResult",
    )];
    type Intent = UpdateWalletIntent;
    type Output = UpdateWalletResult;
}

#[cfg(feature = "engine")]
impl Execute for UpdateWallet {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Wallet, Action::Update));

    fn params(&self) -> Vec<(&'static str, Value)> {
        vec![("wallet_id", Value::text(self.wallet.to_string()))]
    }

    fn concerns(&self) -> Concerns<'_> {
        Concerns::Wallet(self.wallet)
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<UpdateWalletResult, RequestError> {
        let Self { wallet: id, name } = self;
        let known = context.organization().wallet(id)?;
        if let Some(name) = name.filter(|name| *name != known.name) {
            let now = context.now;
            let organization = context.edit();
            wallets::check_wallet_name(organization, &name)?;
            let wallet = organization.wallet_mut(id)?;
            wallet.name = name;
            wallet.updated_at = now;
        }
        Ok(UpdateWalletResult { wallet_id: id.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::activities::create_wallet::tests::wallet;
    use crate::engine::testing::World;
    use crate::wire::RequestError;

    fn submit(world: &mut World, parameters: Value) -> Result<Value, RequestError> {
        let root = world.root();
        world.submit(&root, root.organization, "ACTIVITY_TYPE_UPDATE_WALLET", parameters)
    }

    fn name(world: &World) -> &str {
        &world.organization(world.parent()).wallets[0].name
    }

    #[test]
    fn renames_and_leaves_the_rest() {
        let mut world = World::new();
        let root = world.root();
        let (id, _) = wallet(&mut world, &root, "first", &[]);
        world.now = world.now.plus_seconds(60);
        let result = submit(&mut world, json!({ "walletId": id, "walletName": "renamed" }));
        assert_eq!(result.unwrap(), json!({ "walletId": id }));
        assert_eq!(name(&world), "renamed");
        let kept = &world.organization(world.parent()).wallets[0];
        assert_eq!(kept.updated_at, kept.created_at.plus_seconds(60));
    }

    #[test]
    fn an_absent_name_and_the_same_name_change_nothing() {
        let mut world = World::new();
        let root = world.root();
        let (id, _) = wallet(&mut world, &root, "first", &[]);
        submit(&mut world, json!({ "walletId": id })).unwrap();
        submit(&mut world, json!({ "walletId": id, "walletName": "first" })).unwrap();
        assert_eq!(name(&world), "first");
    }

    #[test]
    fn refuses_names_that_are_taken_and_wallets_that_are_not_there() {
        let mut world = World::new();
        let root = world.root();
        let (id, _) = wallet(&mut world, &root, "first", &[]);
        wallet(&mut world, &root, "second", &[]);
        let taken = submit(&mut world, json!({ "walletId": id, "walletName": "second" }));
        insta::assert_snapshot!(taken.unwrap_err(), @"wallet label must be unique");
        assert!(submit(&mut world, json!({ "walletId": id, "walletName": "" })).is_err());
        let unknown = json!({ "walletId": root.user.to_string(), "walletName": "third" });
        assert_eq!(submit(&mut world, unknown).unwrap_err().status().http_status(), 404);
    }
}
