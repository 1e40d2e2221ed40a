//! Decisions that other policies would have made otherwise, as they travel.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::WireTime;
use super::enums::{ActivityStatus, Outcome, Verdict};

/// An activity that would end otherwise.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Flip {
    /// The activity.
    pub activity_id: String,
    /// `ACTIVITY_TYPE_…`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it was submitted.
    pub created_at: WireTime,
    /// How it stands.
    pub status: ActivityStatus,
    /// What the policies that there are say of it now.
    pub now: Verdict,
    /// What the drafts say of it.
    pub draft: Verdict,
    /// The policies that make the difference.
    pub because: Vec<Difference>,
}

/// A policy that says something else, or that is on one side only.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The policy; absent where it is only a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_id: Option<String>,
    /// Its name.
    pub policy_name: String,
    /// What becomes of it as it is; absent where it is only a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present: Option<Outcome>,
    /// What becomes of it as it is drafted; absent where it would be no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<Outcome>,
}
