//! `can_anybody`: whether any user outside the root quorum can do something, and how.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, Reads, View},
    crate::engine::policies,
    crate::wire::{InvalidRequest, RequestError, Timestamp},
    keyward_policy::{ACTIVITY_TYPES, ActivityType, Bindings, Inquiry, Witness},
};

use crate::wire::enums::{Action, Possibility, Resource};
use crate::wire::{Namespace, WireTime};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CanAnybody {
    /// The organization.
    pub organization_id: String,
    /// What it is about: `activity.resource`.
    pub resource: Resource,
    /// What is done to it: `activity.action`.
    pub action: Action,
    /// The one type that is meant, `ACTIVITY_TYPE_…`; every one of that resource and action when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity_type: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CanAnybodyResponse {
    /// Whether somebody can.
    pub answer: Possibility,
    /// Why not, or what was not tried; absent where somebody can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// A way to do it, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<Way>,
}

/// A way to do it.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Way {
    /// `ACTIVITY_TYPE_…`.
    pub activity_type: String,
    /// Who has to approve; the first one submits.
    pub user_ids: Vec<String>,
    /// The policies that allow it; none where it is about the submitter's own credentials.
    pub policy_ids: Vec<String>,
    /// What the request has to say, as far as those policies look at it.
    pub values: Vec<WayValue>,
    /// An instant at which it can be done.
    pub at: WireTime,
}

/// A value that a request has to have.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct WayValue {
    /// As a condition names it: `eth.tx.to`.
    pub name: String,
    /// As a condition writes it.
    pub value: String,
}

impl Query for CanAnybody {
    const NAMESPACE: Namespace = Namespace::Keyward;
    const ROUTE: &'static str = "can_anybody";
    type Response = CanAnybodyResponse;
}

#[cfg(feature = "engine")]
impl CanAnybody {
    fn types(&self) -> Result<Vec<&'static ActivityType>, InvalidRequest> {
        let fits = |activity: &&ActivityType| {
            activity.resource == Some(self.resource.as_str())
                && activity.action == Some(self.action.as_str())
                && self.activity_type.as_ref().is_none_or(|name| activity.name == name)
        };
        let found: Vec<_> = ACTIVITY_TYPES.iter().filter(fits).collect();
        if found.is_empty() {
            return Err(InvalidRequest::new("no activity has this resource and action"));
        }
        Ok(found)
    }
}

#[cfg(feature = "engine")]
impl Answer for CanAnybody {
    fn reads(&self) -> Result<Reads, InvalidRequest> {
        self.types()?;
        Ok(Reads::Pondered)
    }

    fn answer(self, view: &View<'_>, _: Found) -> Result<CanAnybodyResponse, RequestError> {
        let organization = view.organization;
        let (policies, users) =
            (policies::policies(organization), policies::voters(organization, view.now, |_| true));
        let root_quorum = policies::root_quorum(organization);
        let mut answer =
            CanAnybodyResponse { answer: Possibility::No, because: None, witness: None };
        for activity in self.types()? {
            let known = Bindings::default();
            let inquiry = Inquiry {
                policies: &policies,
                users: &users,
                root_quorum: &root_quorum,
                activity,
                known: &known,
                now: view.now.instant(),
            };
            match keyward_policy::can_anybody(&inquiry) {
                keyward_policy::Answer::Yes(witness) => {
                    return Ok(CanAnybodyResponse {
                        answer: Possibility::Yes,
                        because: None,
                        witness: Some(way(activity, *witness)),
                    });
                }
                keyward_policy::Answer::No { because } => {
                    answer.because.get_or_insert(because);
                }
                keyward_policy::Answer::Unknown { because } => {
                    if answer.answer == Possibility::No {
                        answer.answer = Possibility::Unknown;
                        answer.because = Some(format!("{}: {because}", activity.name));
                    }
                }
            }
        }
        Ok(answer)
    }
}

#[cfg(feature = "engine")]
fn way(activity: &ActivityType, witness: Witness) -> Way {
    let millis = u64::try_from(witness.at.0 / 1_000_000).unwrap_or_default();
    let ids = |ids: Vec<uuid::Uuid>| ids.iter().map(ToString::to_string).collect();
    Way {
        activity_type: activity.name.to_owned(),
        user_ids: ids(witness.approvals.iter().map(|approval| approval.user).collect()),
        policy_ids: ids(witness.policies),
        values: witness.values.into_iter().map(|(name, value)| WayValue { name, value }).collect(),
        at: Timestamp::from_millis(millis).into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::engine::testing::World;

    fn ask(world: &World, action: &str) -> Value {
        let asked = json!({ "resource": "PRIVATE_KEY", "action": action });
        world.query(&world.root(), world.parent(), "can_anybody", asked).unwrap()
    }

    #[test]
    fn a_way_is_shown_where_there_is_one() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        let user = world.user(parent);
        assert_eq!(ask(&world, "SIGN")["answer"], "POSSIBILITY_NO");
        let policy = json!({
            "policyName": "small",
            "effect": "EFFECT_ALLOW",
            "condition": "activity.action == 'SIGN' && eth.tx.value < 5",
            "consensus": format!("approvers.any(user, user.id == '{}')", user.user),
        });
        let made = world.submit(&root, parent, "ACTIVITY_TYPE_CREATE_POLICY_V3", policy).unwrap();
        let told = ask(&world, "SIGN");
        assert_eq!(told["answer"], "POSSIBILITY_YES", "{told}");
        let way = &told["witness"];
        assert_eq!(way["userIds"], json!([user.user.to_string()]));
        assert_eq!(way["policyIds"], json!([made["policyId"]]));
        assert!(way["values"].to_string().contains("eth.tx.value"), "{way}");
        assert_eq!(ask(&world, "EXPORT")["answer"], "POSSIBILITY_NO");
    }

    #[test]
    fn what_there_is_not_is_refused() {
        let world = World::new();
        let asked = json!({ "resource": "PRIVATE_KEY", "action": "VERIFY" });
        let refusal = world.query(&world.root(), world.parent(), "can_anybody", asked);
        assert_eq!(refusal.unwrap_err().status().http_status(), 400);
    }
}
