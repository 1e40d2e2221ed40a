//! `list_activities`: what was asked for, page by page.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, Reads, View},
    crate::wire::{InvalidRequest, RequestError},
};

use crate::wire::Pagination;
use crate::wire::enums::ActivityStatus;
use crate::wire::objects::Activity;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListActivities {
    /// The organization.
    pub organization_id: String,
    /// Only activities that stand so; all when absent or empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_by_status: Option<Vec<ActivityStatus>>,
    /// Which page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagination_options: Option<Pagination>,
    /// Only activities of these types, `ACTIVITY_TYPE_…`; all when absent or empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_by_type: Option<Vec<String>>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
pub struct ListActivitiesResponse {
    /// Newest first.
    pub activities: Vec<Activity>,
}

impl Query for ListActivities {
    const ROUTE: &'static str = "list_activities";
    type Response = ListActivitiesResponse;
}

#[cfg(feature = "engine")]
impl Answer for ListActivities {
    fn reads(&self) -> Result<Reads, InvalidRequest> {
        Ok(Reads::Activities {
            kinds: self.filter_by_type.clone().unwrap_or_default(),
            statuses: self.filter_by_status.clone().unwrap_or_default(),
            page: self.pagination_options.clone().try_into()?,
        })
    }

    fn answer(self, view: &View<'_>, found: Found) -> Result<ListActivitiesResponse, RequestError> {
        let activities = match found {
            Found::Activities(activities) => activities,
            _ => Vec::new(),
        };
        let show =
            activities.iter().map(|one| one.show(view.organization, view.caller, false, view.now));
        Ok(ListActivitiesResponse { activities: show.collect() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::activities::create_wallet::tests::wallet;
    use crate::engine::testing::World;
    use crate::wire::RequestError;

    /// The names of the wallets that the shown activities made, or their types.
    fn query(world: &World, body: Value) -> Result<Vec<String>, RequestError> {
        let answer = world.query(&world.root(), world.parent(), "list_activities", body)?;
        let activities = answer["activities"].as_array().unwrap().iter();
        let name = |activity: &Value| {
            let name = activity["intent"]["createWalletIntent"]["walletName"].as_str();
            name.or(activity["type"].as_str()).unwrap().to_owned()
        };
        Ok(activities.map(name).collect())
    }

    fn four_activities() -> World {
        let mut world = World::new();
        let (root, (_, stranger)) = (world.root(), world.sub_organization());
        for name in ["a", "b", "c"] {
            world.now = world.now.plus_seconds(1);
            wallet(&mut world, &root, name, &[]);
        }
        world.now = world.now.plus_seconds(1);
        let kind = "ACTIVITY_TYPE_CREATE_READ_ONLY_SESSION";
        world.submit(&root, root.organization, kind, json!({})).unwrap();
        wallet(&mut world, &stranger, "elsewhere", &[]);
        world
    }

    #[test]
    fn shows_the_newest_first_page_by_page() {
        let world = four_activities();
        let session = "ACTIVITY_TYPE_CREATE_READ_ONLY_SESSION";
        assert_eq!(query(&world, json!({})).unwrap(), [session, "c", "b", "a"]);
        let before = world.activities[2].id.to_string();
        let page = json!({ "paginationOptions": { "limit": "1", "before": before } });
        assert_eq!(query(&world, page).unwrap(), ["b"]);
        assert!(query(&world, json!({ "paginationOptions": { "limit": "0" } })).is_err());
    }

    #[test]
    fn filters_by_type_and_status() {
        let world = four_activities();
        let wallets = json!(["ACTIVITY_TYPE_CREATE_WALLET"]);
        assert_eq!(query(&world, json!({ "filterByType": wallets })).unwrap(), ["c", "b", "a"]);
        assert_eq!(query(&world, json!({ "filterByType": [] })).unwrap().len(), 4);
        let failed = json!({ "filterByStatus": ["ACTIVITY_STATUS_FAILED"] });
        assert!(query(&world, failed).unwrap().is_empty());
        let completed = json!({ "filterByStatus": ["ACTIVITY_STATUS_COMPLETED"] });
        assert_eq!(query(&world, completed).unwrap().len(), 4);
        assert!(query(&world, json!({ "filterByStatus": ["DONE"] })).is_err());
    }

    #[test]
    fn shows_no_token_of_a_session() {
        let world = four_activities();
        let shown = world.query(&world.root(), world.parent(), "list_activities", json!({}));
        assert!(!shown.unwrap().to_string().contains("tkro_"));
    }
}
