//! `get_oauth2_credential`: a client of the organization at an OAuth 2.0 provider, without its secret.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::view,
    crate::wire::{InvalidRequest, RequestError, value},
};

use crate::wire::objects::Oauth2Credential;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetOauth2Credential {
    /// The organization.
    pub organization_id: String,
    /// Id of the client.
    pub oauth2_credential_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetOauth2CredentialResponse {
    /// The client.
    pub oauth2_credential: Oauth2Credential,
}

impl Query for GetOauth2Credential {
    const ROUTE: &'static str = "get_oauth2_credential";
    type Response = GetOauth2CredentialResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetOauth2Credential {
    fn answer(
        self,
        view: &View<'_>,
        _: Found,
    ) -> Result<GetOauth2CredentialResponse, RequestError> {
        if self.oauth2_credential_id.is_empty() {
            return Err(InvalidRequest::new("oauth2_credential_id must be set").into());
        }
        let id = value::id("oauth2CredentialId", &self.oauth2_credential_id)?;
        let credential = view.organization.oauth2_credential(id)?;
        let oauth2_credential = view::oauth2_credential(credential, view.organization.id);
        Ok(GetOauth2CredentialResponse { oauth2_credential })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::activities::create_oauth2_credential::tests::credential;
    use crate::engine::testing::World;

    #[test]
    fn shows_everything_but_the_secret() {
        let mut world = World::new();
        let id = credential(&mut world, "app");
        let asked = json!({ "oauth2CredentialId": id });
        let shown = world.query(&world.root(), world.parent(), "get_oauth2_credential", asked);
        let at = crate::wire::WireTime::from(world.now);
        assert_eq!(
            shown.unwrap()["oauth2Credential"],
            json!({
                "oauth2CredentialId": id,
                "organizationId": world.parent(),
                "provider": "OAUTH2_PROVIDER_X",
                "clientId": "app",
                "encryptedClientSecret": "",
                "createdAt": at,
                "updatedAt": at,
            })
        );
    }

    #[test]
    fn says_what_is_not_there() {
        let world = World::new();
        for (id, status, name) in [
            (world.parent().to_string(), 404, "OAUTH2_CREDENTIAL_NOT_FOUND"),
            ("x".to_owned(), 400, "REQUEST_INVALID"),
            (String::new(), 400, "REQUEST_INVALID"),
        ] {
            let asked = json!({ "oauth2CredentialId": id });
            let refusal = world
                .query(&world.root(), world.parent(), "get_oauth2_credential", asked)
                .unwrap_err()
                .status();
            assert_eq!(refusal.http_status(), status);
            assert_eq!(refusal.to_json()["turnkeyErrorCode"], name);
        }
    }
}
