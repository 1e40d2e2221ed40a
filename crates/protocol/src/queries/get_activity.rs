//! `get_activity`: one activity, as it stands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, Reads, View},
    crate::wire::{InvalidRequest, RequestError, value},
};

use crate::wire::objects::ActivityResponse;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetActivity {
    /// The activity's organization.
    pub organization_id: String,
    /// The activity.
    pub activity_id: String,
}

impl Query for GetActivity {
    const ROUTE: &'static str = "get_activity";
    const ACCEPTS_ATTESTED: bool = true;
    type Response = ActivityResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetActivity {
    fn reads(&self) -> Result<Reads, InvalidRequest> {
        Ok(Reads::Activity(value::id("activityId", &self.activity_id)?))
    }

    fn answer(self, view: &View<'_>, found: Found) -> Result<ActivityResponse, RequestError> {
        let activity = found.activity(&self.activity_id)?;
        let activity = activity.show(view.organization, view.caller, false, view.now);
        Ok(ActivityResponse { activity })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::activities::create_wallet::tests::wallet;
    use crate::engine::testing::World;

    #[test]
    fn shows_the_activity_with_intent_result_and_vote() {
        let mut world = World::new();
        let root = world.root();
        let (id, _) = wallet(&mut world, &root, "first", &[]);
        let asked = json!({ "activityId": world.activities[0].id.to_string() });
        let shown = world.query(&root, world.parent(), "get_activity", asked).unwrap();
        let shown = &shown["activity"];
        assert_eq!(shown["type"], "ACTIVITY_TYPE_CREATE_WALLET");
        assert_eq!(shown["status"], "ACTIVITY_STATUS_COMPLETED");
        let intent = json!({ "createWalletIntent": { "walletName": "first", "accounts": [] } });
        assert_eq!(shown["intent"], intent);
        let result = json!({ "createWalletResult": { "walletId": id, "addresses": [] } });
        assert_eq!(shown["result"], result);
        assert_eq!(shown["votes"][0]["user"]["userId"], root.user.to_string());
        assert_eq!((&shown["canApprove"], &shown["canReject"]), (&json!(false), &json!(true)));
    }

    #[test]
    fn does_not_find_activities_of_other_organizations() {
        let mut world = World::new();
        let (sub, stranger) = world.sub_organization();
        wallet(&mut world, &stranger, "theirs", &[]);
        let asked = json!({ "activityId": world.activities[0].id.to_string() });
        let root = world.root();
        world.query(&root, sub, "get_activity", asked.clone()).unwrap();
        let refusal = world.query(&root, world.parent(), "get_activity", asked).unwrap_err();
        assert_eq!(refusal.status().http_status(), 404);
    }
}
