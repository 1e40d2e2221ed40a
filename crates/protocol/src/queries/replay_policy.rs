//! `replay_policy`: what drafts of policies would have made of the activities that there are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, Reads, View},
    crate::engine::draft::{self, Ready},
    crate::engine::replay::{Played, Replay},
    crate::wire::{InvalidRequest, Page, RequestError, Timestamp},
    uuid::Uuid,
};

use crate::wire::Namespace;
use crate::wire::draft::PolicyDraft;
use crate::wire::enums::ReplayMode;
use crate::wire::replay::Flip;

/// Activities that are tried when it is not said how many.
#[cfg(feature = "engine")]
const DEFAULT_LAST: u32 = 1_000;
/// Most activities that are tried.
#[cfg(feature = "engine")]
const MOST: u32 = 100_000;
/// Most flips that are listed.
#[cfg(feature = "engine")]
const MOST_FLIPS: usize = 1_000;
/// As many as an organization has policies.
#[cfg(feature = "engine")]
const MOST_DRAFTS: usize = 100;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplayPolicy {
    /// The organization whose policies they would be.
    pub organization_id: String,
    /// The drafts.
    pub policies: Vec<PolicyDraft>,
    /// Whether they come to the policies that there are, or take the place of all of them; the first when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<ReplayMode>,
    /// How many of the newest activities are tried, decimal: up to 100000; 1000 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// Only activities that were submitted after this instant: seconds since the Unix epoch, decimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_after: Option<String>,
    /// Only activities of these types, `ACTIVITY_TYPE_…`; all when absent or empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_by_type: Option<Vec<String>>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplayPolicyResponse {
    /// Activities that were decided on.
    pub replayed: u32,
    /// Activities that were not: what they are about is gone, or other policies decide on them.
    pub skipped: u32,
    /// How many would end otherwise.
    pub flipped: u32,
    /// Those that would, newest first, at most a thousand.
    pub flips: Vec<Flip>,
}

impl Query for ReplayPolicy {
    const NAMESPACE: Namespace = Namespace::Keyward;
    const ROUTE: &'static str = "replay_policy";
    type Response = ReplayPolicyResponse;
}

#[cfg(feature = "engine")]
impl ReplayPolicy {
    fn drafts(&self) -> Result<Vec<Ready>, InvalidRequest> {
        if self.policies.len() > MOST_DRAFTS {
            return Err(InvalidRequest::new("invalid policies: at most 100"));
        }
        for (place, draft) in self.policies.iter().enumerate() {
            let name = draft.policy_name.as_ref();
            let mut earlier = self.policies.iter().take(place);
            if name.is_some() && earlier.any(|other| other.policy_name.as_ref() == name) {
                return Err(InvalidRequest::new("policy label must be unique"));
            }
        }
        let drafts = (1u128..).zip(&self.policies);
        drafts
            .map(|(id, draft)| {
                draft::ready(draft, Uuid::from_u128(id)).map_err(|wrong| draft::refusal(&wrong))
            })
            .collect()
    }

    fn number<T: std::str::FromStr>(
        field: &str,
        text: Option<&str>,
    ) -> Result<Option<T>, InvalidRequest> {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
        let wrong = || InvalidRequest::new(format!("invalid {field}: must be a whole number"));
        text.parse().map(Some).map_err(|_| wrong())
    }
}

#[cfg(feature = "engine")]
impl Answer for ReplayPolicy {
    fn reads(&self) -> Result<Reads, InvalidRequest> {
        self.drafts()?;
        let limit = Self::number("last", self.last.as_deref())?.unwrap_or(DEFAULT_LAST);
        if !(1..=MOST).contains(&limit) {
            return Err(InvalidRequest::new("invalid last: must be 1 to 100000"));
        }
        let after = Self::number::<u64>("createdAfter", self.created_after.as_deref())?;
        // Ids begin with the instant they were made at: the first one of it.
        let after = after.map(|seconds| {
            let at = Timestamp::from_millis(seconds.saturating_mul(1_000));
            uuid::Builder::from_unix_timestamp_millis(at.as_millis(), &[0; 10]).into_uuid()
        });
        Ok(Reads::Recorded {
            kinds: self.filter_by_type.clone().unwrap_or_default(),
            page: Page { limit, before: None, after },
        })
    }

    fn answer(self, view: &View<'_>, found: Found) -> Result<ReplayPolicyResponse, RequestError> {
        let mode = self.mode.unwrap_or(ReplayMode::Add);
        let replay = Replay::new(view.organization, view.parent, self.drafts()?, mode, view.now);
        let Found::Recorded(stream) = found else { return Err(RequestError::Busy) };
        let mut response =
            ReplayPolicyResponse { replayed: 0, skipped: 0, flipped: 0, flips: Vec::new() };
        for recorded in stream {
            match replay.play(&recorded?) {
                Played::Skipped => response.skipped += 1,
                Played::Alike => response.replayed += 1,
                Played::Flips(flip) => {
                    response.replayed += 1;
                    response.flipped += 1;
                    if response.flips.len() < MOST_FLIPS {
                        response.flips.push(*flip);
                    }
                }
            }
        }
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::engine::Caller;
    use crate::engine::testing::World;

    const V3: &str = "ACTIVITY_TYPE_CREATE_POLICY_V3";

    /// A user that policies let make tags, and two that were made.
    fn two_tags() -> (World, Caller) {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        let user = world.user(parent);
        let policy = json!({
            "policyName": "tags",
            "effect": "EFFECT_ALLOW",
            "condition": "activity.kind == 'CREATE_USER_TAG'",
            "consensus": format!("approvers.any(user, user.id == '{}')", user.user),
        });
        world.submit(&root, parent, V3, policy).unwrap();
        for name in ["a", "b"] {
            world.now = world.now.plus_seconds(10);
            let tag = json!({ "userTagName": name, "userIds": [] });
            world.submit(&user, parent, "ACTIVITY_TYPE_CREATE_USER_TAG", tag).unwrap();
        }
        (world, user)
    }

    fn replay(world: &World, asked: Value) -> Value {
        world.query(&world.root(), world.parent(), "replay_policy", asked).unwrap()
    }

    #[test]
    fn lists_what_a_draft_would_have_made_otherwise_and_why() {
        let (world, _) = two_tags();
        let draft = json!({
            "policyName": "no tags",
            "effect": "EFFECT_DENY",
            "condition": "activity.kind == 'CREATE_USER_TAG'",
        });
        let played = replay(&world, json!({ "policies": [draft] }));
        // The root user's own is not up to policies.
        assert_eq!((&played["replayed"], &played["flipped"]), (&json!(3), &json!(2)));
        assert_eq!(played["skipped"], 0);
        let flip = &played["flips"][0];
        assert_eq!(flip["activityId"], world.activities[2].id.to_string());
        assert_eq!(flip["type"], "ACTIVITY_TYPE_CREATE_USER_TAG");
        assert_eq!(flip["status"], "ACTIVITY_STATUS_COMPLETED");
        assert_eq!(
            (&flip["now"], &flip["draft"]),
            (&json!("VERDICT_ALLOW"), &json!("VERDICT_DENY"))
        );
        let because = json!([{ "policyName": "no tags", "draft": "OUTCOME_DENY_EXPLICIT" }]);
        assert_eq!(flip["because"], because);
    }

    #[test]
    fn a_draft_takes_the_place_of_its_namesake_or_of_all() {
        let (world, _) = two_tags();
        let tags = |condition: &str| json!({ "policyName": "tags", "effect": "EFFECT_ALLOW", "condition": condition });
        let played = replay(&world, json!({ "policies": [tags("false")] }));
        assert_eq!(played["flipped"], 2);
        let because = &played["flips"][0]["because"][0];
        assert_eq!(
            because["policyId"],
            world.organization(world.parent()).policies[0].id.to_string()
        );
        assert_eq!(because["present"], "OUTCOME_ALLOW");
        assert_eq!(because["draft"], "OUTCOME_DENY_IMPLICIT");
        // As it is, but for its name.
        let same = json!({ "policyName": "same", "effect": "EFFECT_ALLOW", "condition": "true" });
        assert_eq!(replay(&world, json!({ "policies": [same] }))["flipped"], 0);
        let replace = json!({ "policies": [same], "mode": "REPLAY_MODE_REPLACE" });
        assert_eq!(replay(&world, replace)["flipped"], 0);
        let none = json!({ "policies": [], "mode": "REPLAY_MODE_REPLACE" });
        let played = replay(&world, none);
        assert_eq!(played["flipped"], 2);
        assert_eq!(played["flips"][0]["because"][0].get("draft"), None);
    }

    #[test]
    fn only_so_many_are_tried_and_only_since_then() {
        let (world, _) = two_tags();
        let asked = |member: &str, value: Value| {
            let mut asked = json!({ "policies": [], "mode": "REPLAY_MODE_REPLACE" });
            asked[member] = value;
            replay(&world, asked)["flipped"].clone()
        };
        assert_eq!(asked("last", json!("1")), 1);
        let last = world.now.as_seconds().to_string();
        assert_eq!(asked("createdAfter", json!(last)), 1);
        assert_eq!(asked("filterByType", json!([V3])), 0);
    }

    #[test]
    fn what_it_is_about_must_be_there_still() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        let (wallet, _) =
            crate::activities::create_wallet::tests::wallet(&mut world, &root, "w", &[]);
        let delete = json!({ "walletIds": [wallet], "deleteWithoutExport": true });
        world.submit(&root, parent, "ACTIVITY_TYPE_DELETE_WALLETS", delete).unwrap();
        let played = replay(&world, json!({ "policies": [] }));
        assert_eq!((&played["replayed"], &played["skipped"]), (&json!(1), &json!(1)));
    }

    #[test]
    fn drafts_are_refused_like_policies() {
        let (world, _) = two_tags();
        let refusal = |asked: Value| {
            let refused = world.query(&world.root(), world.parent(), "replay_policy", asked);
            refused.unwrap_err().to_string()
        };
        let draft =
            json!({ "policyName": "a", "effect": "EFFECT_ALLOW", "condition": "eth.tx.path" });
        assert_eq!(
            refusal(json!({ "policies": [draft] })),
            "invalid policy condition: Expression cannot be evaluated: field does not exist: path"
        );
        let twice = json!({ "policyName": "a", "effect": "EFFECT_ALLOW", "condition": "true" });
        assert_eq!(refusal(json!({ "policies": [twice, twice] })), "policy label must be unique");
        for last in ["0", "100001", "-1", "many"] {
            assert!(refusal(json!({ "policies": [], "last": last })).starts_with("invalid last"));
        }
        assert!(refusal(json!({ "policies": [], "mode": "BOTH" })).contains("invalid replay mode"));
    }
}
