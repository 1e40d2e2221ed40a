//! `UPDATE_OAUTH2_CREDENTIAL`: replaces what is known of a client at an OAuth 2.0 provider.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::create_oauth2_credential::Oauth2Client;
use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, Rule},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::enums::Oauth2Provider;
use crate::wire::id::Oauth2CredentialId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateOauth2CredentialIntent {
    /// Id of the client.
    pub oauth2_credential_id: String,
    /// The provider.
    pub provider: Oauth2Provider,
    /// What the provider knows the client by.
    pub client_id: String,
    /// The client's secret in a quorum envelope, sealed to the server's key for such secrets; hex.
    pub encrypted_client_secret: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateOauth2CredentialResult {
    /// Id of the client.
    pub oauth2_credential_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateOauth2Credential {
    id: Oauth2CredentialId,
    client: Oauth2Client,
}

impl TryFrom<UpdateOauth2CredentialIntent> for UpdateOauth2Credential {
    type Error = InvalidRequest;

    fn try_from(intent: UpdateOauth2CredentialIntent) -> Result<Self, InvalidRequest> {
        if intent.oauth2_credential_id.is_empty() {
            return Err(InvalidRequest::new("oauth2_credential_id must be set"));
        }
        let id = value::id("oauth2CredentialId", &intent.oauth2_credential_id)?;
        let client =
            Oauth2Client::parse(intent.provider, intent.client_id, intent.encrypted_client_secret)?;
        Ok(Self { id, client })
    }
}

impl Activity for UpdateOauth2Credential {
    const ROUTE: &'static str = "update_oauth2_credential";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<UpdateOauth2CredentialIntent>(
        "ACTIVITY_TYPE_UPDATE_OAUTH2_CREDENTIAL",
        "updateOauth2CredentialIntent",
        "updateOauth2CredentialResult",
    )];
    type Intent = UpdateOauth2CredentialIntent;
    type Output = UpdateOauth2CredentialResult;
}

#[cfg(feature = "engine")]
impl Execute for UpdateOauth2Credential {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Auth, Action::Update));

    fn rule(&self) -> Rule {
        Rule::ParentOnly
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<UpdateOauth2CredentialResult, RequestError> {
        let (now, keys) = (context.now, context.keys);
        let organization = context.edit();
        organization.oauth2_credential(self.id)?;
        self.client.check(keys, organization, Some(self.id))?;
        let credential = organization.oauth2_credential_mut(self.id)?;
        credential.provider = self.client.provider;
        credential.client_id = self.client.client_id;
        credential.encrypted_client_secret = self.client.encrypted_client_secret;
        credential.updated_at = now;
        Ok(UpdateOauth2CredentialResult { oauth2_credential_id: self.id.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::activities::create_oauth2_credential::tests::{credential, sealed};
    use crate::engine::testing::World;

    const KIND: &str = "ACTIVITY_TYPE_UPDATE_OAUTH2_CREDENTIAL";

    fn update(
        world: &mut World,
        id: &str,
        client: &str,
        secret: &str,
    ) -> Result<Value, RequestError> {
        let parameters = json!({
            "oauth2CredentialId": id,
            "provider": "OAUTH2_PROVIDER_X",
            "clientId": client,
            "encryptedClientSecret": secret,
        });
        world.submit(&world.root(), world.parent(), KIND, parameters)
    }

    #[test]
    fn replaces_all_but_the_id() {
        let mut world = World::new();
        let id = credential(&mut world, "app");
        let secret = sealed(&mut world, "fresh");
        world.now = world.now.plus_seconds(1);
        // The same client with another secret is no repetition.
        update(&mut world, &id, "app", &secret).unwrap();
        let result = update(&mut world, &id, "other app", &secret).unwrap();
        assert_eq!(result, json!({ "oauth2CredentialId": id }));
        let known = &world.organization(world.parent()).oauth2_credentials[0];
        assert_eq!((known.id.to_string(), known.client_id.as_str()), (id, "other app"));
        assert_eq!(known.encrypted_client_secret, secret);
        assert_eq!(known.updated_at, known.created_at.plus_seconds(1));
    }

    #[test]
    fn refuses_another_ones_client_garbage_and_what_is_not_there() {
        let mut world = World::new();
        let id = credential(&mut world, "app");
        credential(&mut world, "taken");
        let secret = sealed(&mut world, "secret");
        let nobody = world.parent().to_string();
        for (id, client, secret, status) in [
            (id.as_str(), "taken", secret.as_str(), 409),
            (&id, "app", "garbage", 400),
            (&id, "", &secret, 400),
            ("", "app", &secret, 400),
            (&nobody, "app", &secret, 404),
        ] {
            let refusal = update(&mut world, id, client, secret).unwrap_err();
            assert_eq!(refusal.status().http_status(), status, "{refusal}");
        }
    }
}
