//! `list_suborgs`: the sub-organizations of a parent, all or those with something in common.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, Reads, View},
    crate::engine::Home,
    crate::engine::model::IndexKey,
    crate::wire::{InvalidRequest, RequestError},
};

use crate::wire::Pagination;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListSuborgs {
    /// The parent organization; the caller must be one of its users.
    pub organization_id: String,
    /// `NAME`, `USERNAME`, `EMAIL`, `PHONE_NUMBER`, `CREDENTIAL_ID`, `PUBLIC_KEY` or
    /// `WALLET_ACCOUNT_ADDRESS`; everything when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_type: Option<String>,
    /// What that must be equal to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_value: Option<String>,
    /// Which page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagination_options: Option<Pagination>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListSuborgsResponse {
    /// Oldest first.
    pub organization_ids: Vec<String>,
}

impl Query for ListSuborgs {
    const ROUTE: &'static str = "list_suborgs";
    type Response = ListSuborgsResponse;
}

#[cfg(feature = "engine")]
impl ListSuborgs {
    /// The filter, its value written as it is when registered. Half a filter is refused: whoever looks
    /// for one sub-organization must not be given all.
    fn key(&self) -> Result<Option<IndexKey>, InvalidRequest> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let (kind, value) = match (given(&self.filter_type), given(&self.filter_value)) {
            (None, None) => return Ok(None),
            (Some(kind), Some(value)) => (kind, value),
            (Some(_), None) => {
                return Err(InvalidRequest::new("invalid filterValue: must not be empty"));
            }
            (None, Some(_)) => return Err(InvalidRequest::new("filterValue needs a filterType")),
        };
        Ok(Some(match kind.as_str() {
            "NAME" => IndexKey::Name(value),
            "USERNAME" => IndexKey::Username(value),
            "EMAIL" => IndexKey::Email(value.to_lowercase()),
            "PHONE_NUMBER" => IndexKey::PhoneNumber(value),
            "CREDENTIAL_ID" => {
                let plain = value.trim_end_matches('=');
                IndexKey::CredentialId(plain.replace('+', "-").replace('/', "_"))
            }
            "PUBLIC_KEY" => IndexKey::PublicKey(value.to_ascii_lowercase()),
            "WALLET_ACCOUNT_ADDRESS" => IndexKey::wallet_account_address(&value),
            "OIDC_TOKEN" => {
                return Err(InvalidRequest::new(
                    "filterType OIDC_TOKEN is not supported by this server yet",
                ));
            }
            _ => return Err(InvalidRequest::new(format!("invalid filterType: {kind}"))),
        }))
    }
}

#[cfg(feature = "engine")]
impl Answer for ListSuborgs {
    fn reads(&self) -> Result<Reads, InvalidRequest> {
        let page = self.pagination_options.clone().try_into()?;
        Ok(Reads::SubOrganizations { key: self.key()?, page })
    }

    fn answer(self, view: &View<'_>, found: Found) -> Result<ListSuborgsResponse, RequestError> {
        if !view.organization.is_parent() || view.caller.home != Home::Own {
            return Err(RequestError::PermissionDenied);
        }
        let organizations = match found {
            Found::Organizations(organizations) => organizations,
            _ => Vec::new(),
        };
        let organization_ids = organizations.iter().map(ToString::to_string).collect();
        Ok(ListSuborgsResponse { organization_ids })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::activities::create_wallet::tests::{ethereum, wallet};
    use crate::engine::Caller;
    use crate::engine::testing::World;

    fn query(world: &World, body: Value) -> Result<Vec<String>, RequestError> {
        let answer = world.query(&world.root(), world.parent(), "list_suborgs", body)?;
        let ids = answer["organizationIds"].as_array().unwrap().iter();
        Ok(ids.map(|id| id.as_str().unwrap().to_owned()).collect())
    }

    /// Three sub-organizations, oldest first.
    fn three() -> (World, Vec<(String, Caller)>) {
        let mut world = World::new();
        let subs = (0..3).map(|_| {
            world.now = world.now.plus_seconds(1);
            let (id, root) = world.sub_organization();
            (id.to_string(), root)
        });
        let subs = subs.collect();
        (world, subs)
    }

    #[test]
    fn lists_all_oldest_first_page_by_page() {
        let (world, subs) = three();
        let ids: Vec<_> = subs.into_iter().map(|(id, _)| id).collect();
        assert_eq!(query(&world, json!({})).unwrap(), ids);
        let page = json!({ "paginationOptions": { "limit": "1", "after": ids[0] } });
        assert_eq!(query(&world, page).unwrap(), ids[1..2]);
    }

    #[test]
    fn every_filter_finds_the_one_it_means_as_its_value_may_be_written() {
        let (mut world, subs) = three();
        let (id, root) = subs[1].clone();
        let (_, addresses) = wallet(&mut world, &root, "first", &[ethereum()]);
        let passkey = "-_8AAAAAAAAAAAAAAAAAAA".to_owned();
        let now = world.now;
        let authenticator = crate::engine::model::Authenticator {
            id: crate::wire::id::AuthenticatorId::generate(now, &mut world.rng),
            name: "phone".to_owned(),
            credential_id: passkey,
            cose_key: String::new(),
            rp_id_hash: String::new(),
            aaguid: String::new(),
            attestation_type: "none".to_owned(),
            transports: Vec::new(),
            created_at: now,
        };
        let organization = world.edit(root.organization);
        organization.name = "the one".to_owned();
        let user = &mut organization.users[0];
        user.name = "somebody".to_owned();
        user.email = Some("Some.Body@example.com".to_owned());
        user.phone_number = Some("+15551234567".to_owned());
        user.authenticators.push(authenticator);
        let public_key = user.api_keys[0].public_key.clone();
        for (kind, value) in [
            ("NAME", "the one"),
            ("USERNAME", "somebody"),
            ("EMAIL", "some.body@EXAMPLE.com"),
            ("PHONE_NUMBER", "+15551234567"),
            ("CREDENTIAL_ID", "-_8AAAAAAAAAAAAAAAAAAA"),
            ("CREDENTIAL_ID", "+/8AAAAAAAAAAAAAAAAAAA=="),
            ("PUBLIC_KEY", &public_key),
            ("PUBLIC_KEY", &public_key.to_uppercase()),
            ("WALLET_ACCOUNT_ADDRESS", &addresses[0]),
            ("WALLET_ACCOUNT_ADDRESS", &addresses[0].to_lowercase()),
        ] {
            let found = query(&world, json!({ "filterType": kind, "filterValue": value }));
            assert_eq!(found.unwrap(), [id.as_str()], "{kind} {value}");
        }
        for (kind, value) in
            [("NAME", "The one"), ("USERNAME", "some"), ("EMAIL", "body@example.com")]
        {
            let found = query(&world, json!({ "filterType": kind, "filterValue": value }));
            assert!(found.unwrap().is_empty(), "{kind} {value}");
        }
    }

    #[test]
    fn refuses_half_a_filter_and_filters_that_are_none() {
        let (world, _) = three();
        for body in [
            json!({ "filterType": "EMAIL" }),
            json!({ "filterType": "EMAIL", "filterValue": "" }),
            json!({ "filterValue": "a@example.com" }),
            json!({ "filterType": "COLOUR", "filterValue": "red" }),
            json!({ "filterType": "OIDC_TOKEN", "filterValue": "x.y.z" }),
        ] {
            assert_eq!(query(&world, body).unwrap_err().status().http_status(), 400);
        }
    }

    #[test]
    fn only_users_of_a_parent_may_ask_and_only_of_it() {
        let (mut world, subs) = three();
        let (root, (_, stranger)) = (world.root(), subs[0].clone());
        let sub = stranger.organization;
        for (caller, organization) in [(&root, sub), (&stranger, sub), (&stranger, world.parent())]
        {
            let refusal = world.query(caller, organization, "list_suborgs", json!({})).unwrap_err();
            assert!(matches!(refusal, RequestError::PermissionDenied), "{refusal}");
        }
        let user = world.user(world.parent());
        world.query(&user, world.parent(), "list_suborgs", json!({})).unwrap();
    }
}
