//! `list_app_proofs`: proofs that an enclave processed an activity. There is no enclave, so none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, Reads, View},
    crate::wire::{InvalidRequest, RequestError, value},
};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListAppProofs {
    /// The organization.
    pub organization_id: String,
    /// The activity.
    pub activity_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListAppProofsResponse {
    /// Always empty.
    pub app_proofs: Vec<Value>,
}

impl Query for ListAppProofs {
    const ROUTE: &'static str = "list_app_proofs";
    type Response = ListAppProofsResponse;
}

#[cfg(feature = "engine")]
impl Answer for ListAppProofs {
    fn reads(&self) -> Result<Reads, InvalidRequest> {
        Ok(Reads::Activity(value::id("activityId", &self.activity_id)?))
    }

    fn answer(self, _: &View<'_>, found: Found) -> Result<ListAppProofsResponse, RequestError> {
        found.activity(&self.activity_id)?;
        Ok(ListAppProofsResponse { app_proofs: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::activities::create_wallet::tests::wallet;
    use crate::engine::testing::World;

    #[test]
    fn there_are_none_of_activities_there_are() {
        let mut world = World::new();
        let root = world.root();
        wallet(&mut world, &root, "first", &[]);
        let asked = json!({ "activityId": world.activities[0].id.to_string() });
        let shown = world.query(&root, world.parent(), "list_app_proofs", asked).unwrap();
        assert_eq!(shown, json!({ "appProofs": [] }));
        let unknown = json!({ "activityId": root.user.to_string() });
        let refusal = world.query(&root, world.parent(), "list_app_proofs", unknown).unwrap_err();
        assert_eq!(refusal.status().http_status(), 404);
    }
}
