//! `explain_activity`: why an activity was allowed, waits or was refused, clause by clause.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, Reads, View},
    crate::engine::authorize,
    crate::wire::{InvalidRequest, RequestError, value},
};

use crate::wire::enums::{ActivityStatus, Outcome};
use crate::wire::explanation::Explanation;
use crate::wire::{Namespace, WireTime};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainActivity {
    /// The activity's organization.
    pub organization_id: String,
    /// The activity.
    pub activity_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainActivityResponse {
    /// The activity.
    pub activity_id: String,
    /// `ACTIVITY_TYPE_…`.
    #[serde(rename = "type")]
    pub kind: String,
    /// How it stands.
    pub status: ActivityStatus,
    /// When it was submitted.
    pub created_at: WireTime,
    /// What the policies that there are now make of it, at its own instant and with the votes there are on it.
    pub explanation: Explanation,
    /// What the policies made of it after each vote.
    pub recorded: Vec<RecordedEvaluation>,
    /// The policies that said something else after the last vote, or did not exist then, or do no more.
    pub changed: Vec<ChangedOutcome>,
}

/// What the policies made of an activity after one vote.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedEvaluation {
    /// The vote.
    pub vote_id: String,
    /// When.
    pub created_at: WireTime,
    /// Each policy.
    pub policies: Vec<RecordedOutcome>,
}

/// What became of a policy.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedOutcome {
    /// The policy.
    pub policy_id: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// A policy that said something else before.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangedOutcome {
    /// The policy.
    pub policy_id: String,
    /// What became of it then; absent where it did not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Outcome>,
    /// What becomes of it now; absent where it is there no more, or the root quorum decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present: Option<Outcome>,
}

impl Query for ExplainActivity {
    const NAMESPACE: Namespace = Namespace::Keyward;
    const ROUTE: &'static str = "explain_activity";
    type Response = ExplainActivityResponse;
}

#[cfg(feature = "engine")]
impl Answer for ExplainActivity {
    fn reads(&self) -> Result<Reads, InvalidRequest> {
        Ok(Reads::Judged(value::id("activityId", &self.activity_id)?))
    }

    fn answer(
        self,
        view: &View<'_>,
        found: Found,
    ) -> Result<ExplainActivityResponse, RequestError> {
        let Found::Judged(found) = found else {
            let text = format!("could not find activity with ID {}", self.activity_id);
            return Err(RequestError::NotFound(text));
        };
        let (recorded, accounts) = *found;
        let explanation = authorize::explain_again(
            view.organization,
            view.parent,
            view.caller,
            &recorded,
            &accounts,
        )?;
        let record = recorded.record;
        let last = record.evaluations.last();
        let now = explanation.policies.iter();
        let was = |id: &str| {
            let mut all = last.into_iter().flat_map(|last| &last.outcomes);
            all.find(|(policy, _)| policy.to_string() == id).map(|(_, outcome)| *outcome)
        };
        let present = now.clone().filter(|_| last.is_some()).map(|policy| ChangedOutcome {
            policy_id: policy.policy_id.clone(),
            recorded: was(&policy.policy_id),
            present: policy.outcome,
        });
        let gone = last.into_iter().flat_map(|last| &last.outcomes).filter(|(id, _)| {
            explanation.policies.iter().all(|policy| policy.policy_id != id.to_string())
        });
        let gone = gone.map(|(id, outcome)| ChangedOutcome {
            policy_id: id.to_string(),
            recorded: Some(*outcome),
            present: None,
        });
        let changed = present.chain(gone).filter(|one| one.present != one.recorded).collect();
        let recorded = record.evaluations.iter().map(|evaluation| RecordedEvaluation {
            vote_id: evaluation.vote.to_string(),
            created_at: evaluation.created_at.into(),
            policies: evaluation
                .outcomes
                .iter()
                .map(|(id, outcome)| RecordedOutcome {
                    policy_id: id.to_string(),
                    outcome: *outcome,
                })
                .collect(),
        });
        Ok(ExplainActivityResponse {
            activity_id: record.id.to_string(),
            kind: record.kind.clone(),
            status: record.status,
            created_at: record.created_at.into(),
            recorded: recorded.collect(),
            changed,
            explanation,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::testing::World;

    const TAG: &str = "ACTIVITY_TYPE_CREATE_USER_TAG";

    #[test]
    fn tells_every_clause_and_what_has_changed_since() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        let user = world.user(parent);
        let policy = json!({
            "policyName": "tags",
            "effect": "EFFECT_ALLOW",
            "condition": "activity.kind == 'CREATE_USER_TAG' && activity.action == 'CREATE'",
            "consensus": format!("approvers.any(user, user.id == '{}')", user.user),
        });
        let made = world.submit(&root, parent, "ACTIVITY_TYPE_CREATE_POLICY_V3", policy).unwrap();
        let tag = json!({ "userTagName": "a", "userIds": [] });
        world.submit(&user, parent, TAG, tag).unwrap();
        let asked = json!({ "activityId": world.activities[1].id.to_string() });
        let told = world.query(&user, parent, "explain_activity", asked.clone()).unwrap();
        let explanation = &told["explanation"];
        assert_eq!(explanation["verdict"], "VERDICT_ALLOW");
        assert_eq!(explanation["byRootQuorum"], false);
        assert_eq!(explanation["approvedBy"][0]["userId"], user.user.to_string());
        let policy = &explanation["policies"][0];
        assert_eq!(
            (&policy["policyName"], &policy["outcome"]),
            (&json!("tags"), &json!("OUTCOME_ALLOW"))
        );
        assert_eq!(policy["condition"]["value"], "true");
        let clause = &policy["condition"]["clauses"][0];
        assert_eq!(clause["text"], "activity.kind == 'CREATE_USER_TAG'");
        assert_eq!(clause["clauses"][0]["value"], "'CREATE_USER_TAG'");
        assert_eq!(policy["consensus"]["value"], "true");

        let change =
            json!({ "policyId": made["policyId"], "policyCondition": "activity.action == 'SIGN'" });
        world.submit(&root, parent, "ACTIVITY_TYPE_UPDATE_POLICY_V2", change).unwrap();
        let told = world.query(&root, parent, "explain_activity", asked).unwrap();
        assert_eq!(told["explanation"]["verdict"], "VERDICT_DENY");
        let policy = &told["explanation"]["policies"][0];
        assert_eq!(policy["condition"]["value"], "false");
        assert_eq!(policy["condition"]["clauses"][0]["value"], "'CREATE'");
    }

    #[test]
    fn a_refusal_carries_the_explanation() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        let user = world.user(parent);
        let policy = json!({
            "policyName": "never", "effect": "EFFECT_ALLOW", "condition": "activity.action == 'SIGN'",
        });
        world.submit(&root, parent, "ACTIVITY_TYPE_CREATE_POLICY_V3", policy).unwrap();
        let tag = json!({ "userTagName": "a", "userIds": [] });
        let details = world.refusal(&user, parent, TAG, tag).status().details;
        let explanation =
            details.iter().find(|detail| detail["verdict"] == "VERDICT_DENY").unwrap();
        assert_eq!(explanation["@type"], "type.googleapis.com/keyward.v1.Explanation");
        assert_eq!(explanation["policies"][0]["condition"]["clauses"][0]["value"], "'CREATE'");
    }

    #[test]
    fn policies_of_the_parent_are_told_to_its_users_only() {
        let mut world = World::new();
        let (sub, sub_root) = world.sub_organization();
        let root = world.root();
        let policy =
            json!({ "policyName": "secret", "effect": "EFFECT_DENY", "condition": "false" });
        let kind = "ACTIVITY_TYPE_CREATE_POLICY_V3";
        world.submit(&root, world.parent(), kind, policy).unwrap();
        let revoke = json!({ "userId": sub_root.user.to_string() });
        world.submit(&root, sub, "ACTIVITY_TYPE_REVOKE_SESSIONS", revoke).unwrap();
        let id = world.activities.last().unwrap().id.to_string();
        let asked = json!({ "activityId": id });
        let refusal = world.query(&sub_root, sub, "explain_activity", asked.clone()).unwrap_err();
        assert_eq!(refusal.status().http_status(), 403);
        let told = world.query(&root, sub, "explain_activity", asked).unwrap();
        assert_eq!(told["explanation"]["byRootQuorum"], true);
    }

    #[test]
    fn what_is_not_there_is_not_explained() {
        let world = World::new();
        let asked = json!({ "activityId": uuid::Uuid::nil().to_string() });
        let refusal = world.query(&world.root(), world.parent(), "explain_activity", asked);
        assert_eq!(refusal.unwrap_err().status().http_status(), 404);
    }
}
