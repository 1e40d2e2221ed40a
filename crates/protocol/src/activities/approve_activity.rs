//! `APPROVE_ACTIVITY`: approves an activity that waits, or shows one more factor for it.
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
pub struct ApproveActivityIntent {
    /// Of the activity: `sha256:` and hex.
    pub fingerprint: String,
}

/// Nothing of its own: what is answered is the activity that it votes on.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct ApproveActivityResult {}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct ApproveActivity {
    /// SHA-256 of the body that made the activity.
    pub digest: [u8; 32],
}

impl TryFrom<ApproveActivityIntent> for ApproveActivity {
    type Error = InvalidRequest;

    fn try_from(intent: ApproveActivityIntent) -> Result<Self, InvalidRequest> {
        Ok(Self { digest: value::fingerprint(&intent.fingerprint)? })
    }
}

impl Activity for ApproveActivity {
    const ROUTE: &'static str = "approve_activity";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<ApproveActivityIntent>(
        "ACTIVITY_TYPE_APPROVE_ACTIVITY",
        "approveActivityIntent",
        "approveActivityResult",
    )];
    type Intent = ApproveActivityIntent;
    type Output = ApproveActivityResult;
}

#[cfg(feature = "engine")]
impl Execute for ApproveActivity {
    const POLICY: Option<(Resource, Action)> = None;

    fn rule(&self) -> Rule {
        Rule::Anyone
    }

    fn ballot(&self) -> Option<Ballot> {
        Some(Ballot { digest: self.digest, selection: VoteSelection::Approved })
    }

    fn execute(
        self,
        _: &Caller,
        _: &mut Context<'_>,
    ) -> Result<ApproveActivityResult, RequestError> {
        // Whoever executes votes has not looked at what they are.
        Err(InvalidRequest::new("a vote is not executed").into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::Hearing;
    use crate::engine::authorize::check_credential;
    use crate::engine::items::Subjects;
    use crate::engine::testing::World;
    use crate::wire::RequestError;
    use crate::wire::enums::CredentialType;

    #[test]
    fn a_key_for_recovery_votes_on_nothing() {
        let world = World::new();
        let organization = world.organization(world.parent());
        let tag = json!({ "userTagName": "ops", "userIds": [] });
        let request = World::request("ACTIVITY_TYPE_CREATE_USER_TAG", &tag);
        let mut voter = world.root();
        let check = |voter: &_| {
            let subjects = &Subjects::new();
            let hearing = Hearing { voter, votes: &[], subjects, accounts: &[], now: world.now };
            check_credential(organization, None, &request, hearing)
        };
        check(&voter).unwrap();
        voter.credential.kind = Some(CredentialType::RecoverUserKeyP256);
        assert!(matches!(check(&voter), Err(RequestError::PermissionDenied)));
    }
}
