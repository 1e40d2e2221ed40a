//! `list_verified_suborgs`: the sub-organizations of a parent in which a user proved to have a contact.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::list_suborgs::{filter, ids},
    super::{Answer, Found, Reads, View},
    crate::engine::model::IndexKey,
    crate::wire::{InvalidRequest, RequestError},
};

use crate::wire::Pagination;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListVerifiedSuborgs {
    /// The parent organization; the caller must be one of its users.
    pub organization_id: String,
    /// `EMAIL` or `PHONE_NUMBER`; has to be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_type: Option<String>,
    /// The address or number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_value: Option<String>,
    /// Which page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagination_options: Option<Pagination>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListVerifiedSuborgsResponse {
    /// Oldest first.
    pub organization_ids: Vec<String>,
}

impl Query for ListVerifiedSuborgs {
    const ROUTE: &'static str = "list_verified_suborgs";
    type Response = ListVerifiedSuborgsResponse;
}

#[cfg(feature = "engine")]
impl Answer for ListVerifiedSuborgs {
    fn reads(&self) -> Result<Reads, InvalidRequest> {
        let page = self.pagination_options.clone().try_into()?;
        let (kind, value) = filter(self.filter_type.as_deref(), self.filter_value.as_deref())?
            .ok_or_else(|| {
                // Everything there is would be more than was verified.
                InvalidRequest::new("invalid filterType: must be EMAIL or PHONE_NUMBER")
            })?;
        let key = match kind.as_str() {
            "EMAIL" => IndexKey::VerifiedEmail(value.to_ascii_lowercase()),
            "PHONE_NUMBER" => IndexKey::VerifiedPhoneNumber(value),
            _ => return Err(InvalidRequest::new(format!("invalid filterType: {kind}"))),
        };
        Ok(Reads::SubOrganizations { keys: Some(vec![key]), page })
    }

    fn answer(
        self,
        view: &View<'_>,
        found: Found,
    ) -> Result<ListVerifiedSuborgsResponse, RequestError> {
        Ok(ListVerifiedSuborgsResponse { organization_ids: ids(view, found)? })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::Caller;
    use crate::engine::testing::World;

    fn query(world: &World, caller: &Caller, body: Value) -> Result<Value, RequestError> {
        let answer = world.query(caller, world.parent(), "list_verified_suborgs", body)?;
        Ok(answer["organizationIds"].clone())
    }

    fn by(kind: &str, value: &str) -> Value {
        json!({ "filterType": kind, "filterValue": value })
    }

    #[test]
    fn finds_a_contact_only_where_it_was_proven() {
        let mut world = World::new();
        let [(proven, _), (claimed, _)] = [(); 2].map(|()| world.sub_organization());
        for id in [proven, claimed] {
            let user = &mut world.edit(id).users[0];
            user.email = Some("Alice@example.com".to_owned());
            user.phone_number = Some("+15551234567".to_owned());
        }
        let root = world.root();
        let (email, phone) = ("alice@EXAMPLE.com", "+15551234567");
        assert_eq!(query(&world, &root, by("EMAIL", email)).unwrap(), json!([]));
        world.edit(proven).users[0].email_verified = true;
        assert_eq!(query(&world, &root, by("EMAIL", email)).unwrap(), json!([proven]));
        assert_eq!(query(&world, &root, by("PHONE_NUMBER", phone)).unwrap(), json!([]));
        world.edit(proven).users[0].phone_number_verified = true;
        assert_eq!(query(&world, &root, by("PHONE_NUMBER", phone)).unwrap(), json!([proven]));
        assert_eq!(query(&world, &root, by("PHONE_NUMBER", "+1555")).unwrap(), json!([]));
    }

    #[test]
    fn refuses_other_filters_and_none() {
        let world = World::new();
        for body in [
            json!({}),
            json!({ "filterType": "EMAIL" }),
            json!({ "filterValue": "a@example.com" }),
            by("NAME", "organization"),
            by("OIDC_TOKEN", "x.y.z"),
        ] {
            let refusal = query(&world, &world.root(), body).unwrap_err();
            assert_eq!(refusal.status().http_status(), 400, "{refusal}");
        }
    }

    #[test]
    fn only_users_of_the_parent_may_ask() {
        let mut world = World::new();
        let (_, stranger) = world.sub_organization();
        let refusal = query(&world, &stranger, by("EMAIL", "a@example.com")).unwrap_err();
        assert!(matches!(refusal, RequestError::PermissionDenied), "{refusal}");
    }
}
