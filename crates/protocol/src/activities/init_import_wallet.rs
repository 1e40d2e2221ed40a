//! `INIT_IMPORT_WALLET`: makes a key for a client to seal a recovery phrase to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::imports::{self, ImportKind},
    crate::engine::{Caller, Context, Needs},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::id::UserId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InitImportWalletIntent {
    /// The user that imports: whoever asks.
    pub user_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InitImportWalletResult {
    /// The key to seal to, signed; good for a day and one import.
    pub import_bundle: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct InitImportWallet {
    user: UserId,
}

impl TryFrom<InitImportWalletIntent> for InitImportWallet {
    type Error = InvalidRequest;

    fn try_from(intent: InitImportWalletIntent) -> Result<Self, InvalidRequest> {
        Ok(Self { user: value::id("userId", &intent.user_id)? })
    }
}

impl Activity for InitImportWallet {
    const ROUTE: &'static str = "init_import_wallet";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<InitImportWalletIntent>(
        "ACTIVITY_TYPE_INIT_IMPORT_WALLET",
        "initImportWalletIntent",
        "initImportWalletResult",
    )];
    type Intent = InitImportWalletIntent;
    type Output = InitImportWalletResult;
}

#[cfg(feature = "engine")]
impl Execute for InitImportWallet {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Wallet, Action::Import));

    fn needs(&self) -> Needs {
        Needs::Import { kind: ImportKind::Wallet, user: self.user, compares: false }
    }

    fn execute(
        self,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<InitImportWalletResult, RequestError> {
        Ok(InitImportWalletResult { import_bundle: imports::begin(self.user, caller, context)? })
    }
}
