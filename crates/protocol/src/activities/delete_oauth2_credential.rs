//! `DELETE_OAUTH2_CREDENTIAL`: forgets a client at an OAuth 2.0 provider, and its secret.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, Rule},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::id::Oauth2CredentialId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteOauth2CredentialIntent {
    /// Id of the client.
    pub oauth2_credential_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteOauth2CredentialResult {
    /// Id of the client that is gone.
    pub oauth2_credential_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct DeleteOauth2Credential {
    id: Oauth2CredentialId,
}

impl TryFrom<DeleteOauth2CredentialIntent> for DeleteOauth2Credential {
    type Error = InvalidRequest;

    fn try_from(intent: DeleteOauth2CredentialIntent) -> Result<Self, InvalidRequest> {
        if intent.oauth2_credential_id.is_empty() {
            return Err(InvalidRequest::new("oauth2_credential_id must be set"));
        }
        Ok(Self { id: value::id("oauth2CredentialId", &intent.oauth2_credential_id)? })
    }
}

impl Activity for DeleteOauth2Credential {
    const ROUTE: &'static str = "delete_oauth2_credential";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<DeleteOauth2CredentialIntent>(
        "ACTIVITY_TYPE_DELETE_OAUTH2_CREDENTIAL",
        "deleteOauth2CredentialIntent",
        "deleteOauth2CredentialResult",
    )];
    type Intent = DeleteOauth2CredentialIntent;
    type Output = DeleteOauth2CredentialResult;
}

#[cfg(feature = "engine")]
impl Execute for DeleteOauth2Credential {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Auth, Action::Delete));

    fn rule(&self) -> Rule {
        Rule::ParentOnly
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<DeleteOauth2CredentialResult, RequestError> {
        let organization = context.edit();
        organization.oauth2_credential(self.id)?;
        organization.oauth2_credentials.retain(|credential| credential.id != self.id);
        Ok(DeleteOauth2CredentialResult { oauth2_credential_id: self.id.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::activities::create_oauth2_credential::tests::credential;
    use crate::engine::testing::World;

    const KIND: &str = "ACTIVITY_TYPE_DELETE_OAUTH2_CREDENTIAL";

    #[test]
    fn deletes_the_one_that_is_meant_once() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        let (id, other) = (credential(&mut world, "app"), credential(&mut world, "other"));
        let doomed = json!({ "oauth2CredentialId": id });
        let result = world.submit(&root, parent, KIND, doomed.clone()).unwrap();
        assert_eq!(result, doomed);
        let left = &world.organization(parent).oauth2_credentials;
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].id.to_string(), other);
        let status = world.submit(&root, parent, KIND, doomed).unwrap_err().status().to_json();
        assert_eq!(status["turnkeyErrorCode"], "OAUTH2_CREDENTIAL_NOT_FOUND");
    }
}
