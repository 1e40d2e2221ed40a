//! `UPDATE_ROOT_QUORUM`: says which users may do everything, and how many of them together.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::model::RootQuorum,
    crate::engine::{Caller, Context},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::id::UserId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateRootQuorumIntent {
    /// Approvals needed.
    pub threshold: u32,
    /// The members.
    pub user_ids: Vec<String>,
}

/// What it answers: nothing.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct UpdateRootQuorumResult {}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateRootQuorum {
    threshold: u32,
    users: Vec<UserId>,
}

impl TryFrom<UpdateRootQuorumIntent> for UpdateRootQuorum {
    type Error = InvalidRequest;

    fn try_from(intent: UpdateRootQuorumIntent) -> Result<Self, InvalidRequest> {
        if intent.threshold == 0 {
            return Err(InvalidRequest::new("quorum threshold must be non-zero integer"));
        }
        let users: Vec<UserId> = value::ids("userIds", &intent.user_ids)?;
        if users.is_empty() {
            return Err(InvalidRequest::new("quorum users missing"));
        }
        if u32::try_from(users.len()).is_ok_and(|members| intent.threshold > members) {
            return Err(InvalidRequest::new(
                "quorum threshold must not exceed the number of root users",
            ));
        }
        Ok(Self { threshold: intent.threshold, users })
    }
}

impl Activity for UpdateRootQuorum {
    const ROUTE: &'static str = "update_root_quorum";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<UpdateRootQuorumIntent>(
        "ACTIVITY_TYPE_UPDATE_ROOT_QUORUM",
        "updateRootQuorumIntent",
        "updateRootQuorumResult",
    )];
    type Intent = UpdateRootQuorumIntent;
    type Output = UpdateRootQuorumResult;
}

#[cfg(feature = "engine")]
impl Execute for UpdateRootQuorum {
    const POLICY: Option<(Resource, Action)> = None;

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<UpdateRootQuorumResult, RequestError> {
        let organization = context.edit();
        if self.users.iter().any(|member| organization.user(*member).is_err()) {
            return Err(InvalidRequest::new("quorum users missing").into());
        }
        if self.users.iter().any(|member| organization.is_auth_proxy(*member)) {
            // Its key is the server's, and anybody on the web may have it used.
            let text = "the user of the auth proxy can't be in the root quorum";
            return Err(InvalidRequest::new(text).into());
        }
        organization.root_quorum = RootQuorum { threshold: self.threshold, users: self.users };
        Ok(UpdateRootQuorumResult {})
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::testing::World;

    const KIND: &str = "ACTIVITY_TYPE_UPDATE_ROOT_QUORUM";

    fn refusal(world: &mut World, threshold: u32, users: &[UserId]) -> String {
        let quorum = json!({ "threshold": threshold, "userIds": users });
        world.submit(&world.root(), world.parent(), KIND, quorum).unwrap_err().to_string()
    }

    #[test]
    fn hands_the_organization_over() {
        let mut world = World::new();
        let (root, heir) = (world.root(), world.user(world.parent()));
        let quorum = json!({ "threshold": 1, "userIds": [heir.user] });
        let result = world.submit(&root, world.parent(), KIND, quorum.clone()).unwrap();
        assert_eq!(result, json!({}));
        let refusal = world.submit(&root, world.parent(), KIND, quorum).unwrap_err();
        assert!(matches!(refusal, RequestError::PermissionDenied), "{refusal}");
    }

    #[test]
    fn refuses_a_threshold_of_zero_or_above_the_members() {
        let mut world = World::new();
        let root = world.root().user;
        let text = refusal(&mut world, 0, &[root]);
        assert_eq!(text, "quorum threshold must be non-zero integer");
        let text = refusal(&mut world, 2, &[root, root]);
        assert_eq!(text, "quorum threshold must not exceed the number of root users");
    }

    #[test]
    fn refuses_members_that_are_not_there() {
        let mut world = World::new();
        let root = world.root().user;
        let (_, stranger) = world.sub_organization();
        assert_eq!(refusal(&mut world, 1, &[]), "quorum users missing");
        assert_eq!(refusal(&mut world, 1, &[root, stranger.user]), "quorum users missing");
    }
}
