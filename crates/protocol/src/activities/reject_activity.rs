//! `REJECT_ACTIVITY`: ends an activity that waits.
//!
//! It is no activity of its own: it is answered with the one it votes on, and kept as its vote.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::{Ballot, Execute},
    crate::engine::{Caller, Context, Rule},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource, VoteSelection},
};

use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RejectActivityIntent {
    /// Of the activity: `sha256:` and hex.
    pub fingerprint: String,
}

/// Nothing of its own: what is answered is the activity that it votes on.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct RejectActivityResult {}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct RejectActivity {
    /// SHA-256 of the body that made the activity.
    pub digest: [u8; 32],
}

impl TryFrom<RejectActivityIntent> for RejectActivity {
    type Error = InvalidRequest;

    fn try_from(intent: RejectActivityIntent) -> Result<Self, InvalidRequest> {
        Ok(Self { digest: value::fingerprint(&intent.fingerprint)? })
    }
}

impl Activity for RejectActivity {
    const ROUTE: &'static str = "reject_activity";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<RejectActivityIntent>(
        "ACTIVITY_TYPE_REJECT_ACTIVITY",
        "rejectActivityIntent",
        "rejectActivityResult",
    )];
    type Intent = RejectActivityIntent;
    type Output = RejectActivityResult;
}

#[cfg(feature = "engine")]
impl Execute for RejectActivity {
    const POLICY: Option<(Resource, Action)> = None;

    fn rule(&self) -> Rule {
        Rule::Anyone
    }

    fn ballot(&self) -> Option<Ballot> {
        Some(Ballot { digest: self.digest, selection: VoteSelection::Rejected })
    }

    fn execute(
        self,
        _: &Caller,
        _: &mut Context<'_>,
    ) -> Result<RejectActivityResult, RequestError> {
        // Whoever executes votes has not looked at what they are.
        Err(InvalidRequest::new("a vote is not executed").into())
    }
}
