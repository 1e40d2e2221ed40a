//! `DELETE_SECRETS`: erases secrets.
//!
//! Not in the published description of the protocol; some of its clients ask all the same.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::id::SecretId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteSecretsIntent {
    /// The secrets.
    pub secret_ids: Vec<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteSecretsResult {
    /// The secrets that are gone.
    pub secret_ids: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct DeleteSecrets {
    secrets: Vec<SecretId>,
}

impl TryFrom<DeleteSecretsIntent> for DeleteSecrets {
    type Error = InvalidRequest;

    fn try_from(intent: DeleteSecretsIntent) -> Result<Self, InvalidRequest> {
        Ok(Self { secrets: value::some_ids("secretIds", &intent.secret_ids)? })
    }
}

impl Activity for DeleteSecrets {
    const ROUTE: &'static str = "delete_secrets";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<DeleteSecretsIntent>(
        "ACTIVITY_TYPE_DELETE_SECRETS",
        "deleteSecretsIntent",
        "deleteSecretsResult",
    )];
    type Intent = DeleteSecretsIntent;
    type Output = DeleteSecretsResult;
}

#[cfg(feature = "engine")]
impl Execute for DeleteSecrets {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Secret, Action::Delete));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<DeleteSecretsResult, RequestError> {
        for id in &self.secrets {
            context.organization().secret(*id)?;
        }
        context.edit().secrets.retain(|secret| !self.secrets.contains(&secret.id));
        context.changes.deleted_secrets.extend(self.secrets.iter().map(|id| id.0));
        let secret_ids = self.secrets.iter().map(ToString::to_string).collect();
        Ok(DeleteSecretsResult { secret_ids })
    }
}
