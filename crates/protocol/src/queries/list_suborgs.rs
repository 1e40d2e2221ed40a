//! `list_suborgs`: the sub-organizations of a parent, all or those with something in common.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, Reads, View},
    crate::engine::Home,
    crate::engine::model::IndexKey,
    crate::engine::oidc,
    crate::wire::{InvalidRequest, RequestError, TurnkeyErrorCode},
};

use crate::wire::Pagination;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListSuborgs {
    /// The parent organization; the caller must be one of its users.
    pub organization_id: String,
    /// `NAME`, `USERNAME`, `EMAIL`, `PHONE_NUMBER`, `CREDENTIAL_ID`, `PUBLIC_KEY`, `OIDC_TOKEN` or
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
    /// The filter, its value written as it is when registered.
    fn keys(&self) -> Result<Option<Vec<IndexKey>>, InvalidRequest> {
        let Some((kind, value)) =
            filter(self.filter_type.as_deref(), self.filter_value.as_deref())?
        else {
            return Ok(None);
        };
        let key = match kind.as_str() {
            "NAME" => IndexKey::Name(value),
            "USERNAME" => IndexKey::Username(value),
            "EMAIL" => IndexKey::Email(value.to_ascii_lowercase()),
            "PHONE_NUMBER" => IndexKey::PhoneNumber(value),
            "CREDENTIAL_ID" => {
                let plain = value.trim_end_matches('=');
                IndexKey::CredentialId(plain.replace('+', "-").replace('/', "_"))
            }
            "PUBLIC_KEY" => IndexKey::PublicKey(value.to_ascii_lowercase()),
            "WALLET_ACCOUNT_ADDRESS" => IndexKey::wallet_account_address(&value),
            "OIDC_TOKEN" => {
                // Not verified: a parent may see all of its sub-organizations anyway, so that what the
                // token names here proves nothing and gives nothing. To log in takes a verified one.
                let keys = oidc::claimed_keys(&value).ok_or_else(|| {
                    let name = TurnkeyErrorCode::InvalidOidcToken;
                    InvalidRequest::named(name, "invalid OIDC token: malformed")
                })?;
                return Ok(Some(keys));
            }
            _ => return Err(InvalidRequest::new(format!("invalid filterType: {kind}"))),
        };
        Ok(Some(vec![key]))
    }
}

#[cfg(feature = "engine")]
impl Answer for ListSuborgs {
    fn reads(&self) -> Result<Reads, InvalidRequest> {
        let page = self.pagination_options.clone().try_into()?;
        Ok(Reads::SubOrganizations { keys: self.keys()?, page })
    }

    fn answer(self, view: &View<'_>, found: Found) -> Result<ListSuborgsResponse, RequestError> {
        Ok(ListSuborgsResponse { organization_ids: ids(view, found)? })
    }
}

/// Kind and value of a filter. Half a filter is refused: whoever looks for one sub-organization must not be
/// given all.
#[cfg(feature = "engine")]
pub(super) fn filter(
    kind: Option<&str>,
    value: Option<&str>,
) -> Result<Option<(String, String)>, InvalidRequest> {
    let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    match (given(kind), given(value)) {
        (None, None) => Ok(None),
        (Some(kind), Some(value)) => Ok(Some((kind, value))),
        (Some(_), None) => Err(InvalidRequest::new("invalid filterValue: must not be empty")),
        (None, Some(_)) => Err(InvalidRequest::new("filterValue needs a filterType")),
    }
}

/// The sub-organizations that were found, for a user of their parent.
#[cfg(feature = "engine")]
pub(super) fn ids(view: &View<'_>, found: Found) -> Result<Vec<String>, RequestError> {
    if !view.organization.is_parent() || view.caller.home != Home::Own {
        return Err(RequestError::PermissionDenied);
    }
    let organizations = match found {
        Found::Organizations(organizations) => organizations,
        _ => Vec::new(),
    };
    Ok(organizations.iter().map(ToString::to_string).collect())
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
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
            ("WALLET_ACCOUNT_ADDRESS", &addresses[0].to_ascii_lowercase()),
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

    /// Claims of an account at an identity provider.
    fn account(subject: &str, audience: &Value) -> Value {
        json!({ "iss": "https://id.example.com", "sub": subject, "aud": audience })
    }

    fn token(claims: &Value) -> String {
        format!("e30.{}.AA", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    #[test]
    fn a_token_finds_its_account_by_any_of_its_audiences() {
        let (mut world, subs) = three();
        let now = world.now;
        for ((_, root), (audience, subject)) in
            subs.iter().zip([("app", "alice"), ("phone", "alice"), ("app", "bob")])
        {
            let id = crate::wire::id::OauthProviderId::generate(now, &mut world.rng);
            let provider = crate::engine::model::OauthProvider {
                id,
                name: "provider".to_owned(),
                issuer: "https://id.example.com".to_owned(),
                audience: audience.to_owned(),
                subject: subject.to_owned(),
                created_at: now,
            };
            world.edit(root.organization).users[0].oauth_providers.push(provider);
        }
        let [alice, phone, bob] = [0, 1, 2].map(|place: usize| subs[place].0.as_str());
        for (subject, audience, expected) in [
            ("alice", json!("app"), vec![alice]),
            ("alice", json!(["other", "phone"]), vec![phone]),
            ("alice", json!(["phone", "app"]), vec![alice, phone]),
            ("bob", json!("app"), vec![bob]),
            ("bob", json!("phone"), vec![]),
        ] {
            let value = token(&account(subject, &audience));
            let found = query(&world, json!({ "filterType": "OIDC_TOKEN", "filterValue": value }));
            assert_eq!(found.unwrap(), expected, "{subject}");
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
            json!({ "filterType": "OIDC_TOKEN", "filterValue": token(&json!({ "iss": "i" })) }),
            json!({ "filterType": "OIDC_TOKEN", "filterValue": token(&account("s", &json!([]))) }),
            json!({ "filterType": "OIDC_TOKEN", "filterValue": token(&account("", &json!("a"))) }),
            json!({ "filterType": "OIDC_TOKEN", "filterValue": token(&account("\0", &json!("a"))) }),
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
