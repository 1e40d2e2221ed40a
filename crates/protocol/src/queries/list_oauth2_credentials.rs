//! `list_oauth2_credentials`: the clients of the organization at OAuth 2.0 providers, without their secrets.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::view,
    crate::wire::RequestError,
};

use crate::wire::objects::Oauth2Credential;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListOauth2Credentials {
    /// The organization.
    pub organization_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListOauth2CredentialsResponse {
    /// In the order they were made.
    pub oauth2_credentials: Vec<Oauth2Credential>,
}

impl Query for ListOauth2Credentials {
    const ROUTE: &'static str = "list_oauth2_credentials";
    type Response = ListOauth2CredentialsResponse;
}

#[cfg(feature = "engine")]
impl Answer for ListOauth2Credentials {
    fn answer(
        self,
        view: &View<'_>,
        _: Found,
    ) -> Result<ListOauth2CredentialsResponse, RequestError> {
        let organization = view.organization;
        let oauth2_credentials = organization
            .oauth2_credentials
            .iter()
            .map(|credential| view::oauth2_credential(credential, organization.id))
            .collect();
        Ok(ListOauth2CredentialsResponse { oauth2_credentials })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::activities::create_oauth2_credential::tests::credential;
    use crate::engine::testing::World;

    #[test]
    fn lists_them_in_the_order_they_were_made_without_secrets() {
        let mut world = World::new();
        let root = world.root();
        let route = "list_oauth2_credentials";
        let none = world.query(&root, world.parent(), route, json!({})).unwrap();
        assert_eq!(none, json!({ "oauth2Credentials": [] }));
        let ids = ["one", "two"].map(|client| credential(&mut world, client));
        let shown = world.query(&root, world.parent(), route, json!({})).unwrap();
        let shown = shown["oauth2Credentials"].as_array().unwrap();
        assert_eq!(shown.len(), 2);
        for (shown, id) in shown.iter().zip(ids) {
            assert_eq!(shown["oauth2CredentialId"], id);
            assert_eq!(shown["encryptedClientSecret"], "");
        }
    }
}
