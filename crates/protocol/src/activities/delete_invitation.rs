//! `DELETE_INVITATION`: takes an invitation back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::id::InvitationId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteInvitationIntent {
    /// The invitation.
    pub invitation_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteInvitationResult {
    /// The invitation.
    pub invitation_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct DeleteInvitation {
    invitation: InvitationId,
}

impl TryFrom<DeleteInvitationIntent> for DeleteInvitation {
    type Error = InvalidRequest;

    fn try_from(intent: DeleteInvitationIntent) -> Result<Self, InvalidRequest> {
        Ok(Self { invitation: value::id("invitationId", &intent.invitation_id)? })
    }
}

impl Activity for DeleteInvitation {
    const ROUTE: &'static str = "delete_invitation";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<DeleteInvitationIntent>(
        "ACTIVITY_TYPE_DELETE_INVITATION",
        "deleteInvitationIntent",
        "deleteInvitationResult",
    )];
    type Intent = DeleteInvitationIntent;
    type Output = DeleteInvitationResult;
}

#[cfg(feature = "engine")]
impl Execute for DeleteInvitation {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Invitation, Action::Delete));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<DeleteInvitationResult, RequestError> {
        let now = context.now;
        let mut standing = context.edit().invitations.iter_mut().filter(|known| !known.revoked);
        let invitation = standing.find(|known| known.id == self.invitation).ok_or_else(|| {
            let reason = format!("could not find invitation with ID {}", self.invitation);
            RequestError::NotFound(reason)
        })?;
        invitation.revoked = true;
        invitation.updated_at = now;
        Ok(DeleteInvitationResult { invitation_id: self.invitation.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::activities::create_invitations::tests::{invite, shown};
    use crate::engine::model::limits;
    use crate::engine::testing::World;
    use crate::wire::RequestError;

    const KIND: &str = "ACTIVITY_TYPE_DELETE_INVITATION";

    #[test]
    fn takes_it_back_once_and_lets_the_address_be_invited_again() {
        let mut world = World::new();
        let root = world.root();
        let id = invite(&mut world, &root, "new@example.com").unwrap();
        let parameters = json!({ "invitationId": id });
        world.submit(&root, root.organization, KIND, parameters.clone()).unwrap();
        assert_eq!(shown(&mut world, &root)[0]["status"], "INVITATION_STATUS_REVOKED");
        let refusal = world.submit(&root, root.organization, KIND, parameters).unwrap_err();
        assert!(matches!(refusal, RequestError::NotFound(_)), "{refusal}");
        invite(&mut world, &root, "new@example.com").unwrap();
    }

    #[test]
    fn makes_room_after_a_day_and_not_before() {
        let mut world = World::new();
        let root = world.root();
        for number in 0..limits::INVITATIONS {
            let id = invite(&mut world, &root, &format!("{number}@example.com")).unwrap();
            let parameters = json!({ "invitationId": id });
            world.submit(&root, root.organization, KIND, parameters).unwrap();
        }
        let refusal = invite(&mut world, &root, "more@example.com").unwrap_err();
        assert_eq!(refusal.status().http_status(), 429);
        world.now = world.now.plus_seconds(24 * 60 * 60);
        invite(&mut world, &root, "more@example.com").unwrap();
        assert_eq!(shown(&mut world, &root).as_array().unwrap().len(), 1);
    }
}
