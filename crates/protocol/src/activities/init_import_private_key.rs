//! `INIT_IMPORT_PRIVATE_KEY`: makes a key for a client to seal a private key to.

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
pub struct InitImportPrivateKeyIntent {
    /// The user that imports: whoever asks.
    pub user_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InitImportPrivateKeyResult {
    /// The key to seal to, signed; good for a day and one import.
    pub import_bundle: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct InitImportPrivateKey {
    user: UserId,
}

impl TryFrom<InitImportPrivateKeyIntent> for InitImportPrivateKey {
    type Error = InvalidRequest;

    fn try_from(intent: InitImportPrivateKeyIntent) -> Result<Self, InvalidRequest> {
        Ok(Self { user: value::id("userId", &intent.user_id)? })
    }
}

impl Activity for InitImportPrivateKey {
    const ROUTE: &'static str = "init_import_private_key";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<InitImportPrivateKeyIntent>(
        "ACTIVITY_TYPE_INIT_IMPORT_PRIVATE_KEY",
        "initImportPrivateKeyIntent",
        "initImportPrivateKeyResult",
    )];
    type Intent = InitImportPrivateKeyIntent;
    type Output = InitImportPrivateKeyResult;
}

#[cfg(feature = "engine")]
impl Execute for InitImportPrivateKey {
    const POLICY: Option<(Resource, Action)> = Some((Resource::PrivateKey, Action::Import));

    fn needs(&self) -> Needs {
        Needs::Import { kind: ImportKind::PrivateKey, user: self.user, compares: false }
    }

    fn execute(
        self,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<InitImportPrivateKeyResult, RequestError> {
        Ok(InitImportPrivateKeyResult {
            import_bundle: imports::begin(self.user, caller, context)?,
        })
    }
}
