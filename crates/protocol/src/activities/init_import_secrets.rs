//! `INIT_IMPORT_SECRETS`: makes keys for a client to seal secrets to, one for each.
//!
//! Not in the published description of the protocol; `import_secrets` is of no use without it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, imports},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::parameters::MOST_SECRETS;
use crate::wire::InvalidRequest;
use crate::wire::enums::TransportEncryptionSuite;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InitImportSecretsIntent {
    /// How they will be sealed.
    pub encryption_suite: TransportEncryptionSuite,
    /// How many keys: 1 to 32.
    pub num_secrets: usize,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InitImportSecretsResult {
    /// The keys to seal to, signed; each good for a day and one secret.
    pub enclave_target_messages: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct InitImportSecrets {
    count: usize,
}

impl TryFrom<InitImportSecretsIntent> for InitImportSecrets {
    type Error = InvalidRequest;

    fn try_from(intent: InitImportSecretsIntent) -> Result<Self, InvalidRequest> {
        if !(1..=MOST_SECRETS).contains(&intent.num_secrets) {
            let reason = format!("invalid numSecrets: must be 1 to {MOST_SECRETS}");
            return Err(InvalidRequest::new(reason));
        }
        Ok(Self { count: intent.num_secrets })
    }
}

impl Activity for InitImportSecrets {
    const ROUTE: &'static str = "init_import_secrets";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<InitImportSecretsIntent>(
        "ACTIVITY_TYPE_INIT_IMPORT_SECRETS",
        "initImportSecretsIntent",
        "initImportSecretsResult",
    )];
    type Intent = InitImportSecretsIntent;
    type Output = InitImportSecretsResult;
}

#[cfg(feature = "engine")]
impl Execute for InitImportSecrets {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Secret, Action::Import));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<InitImportSecretsResult, RequestError> {
        let bundles = (0..self.count).map(|_| imports::begin_secret(context));
        Ok(InitImportSecretsResult { enclave_target_messages: bundles.collect::<Result<_, _>>()? })
    }
}
