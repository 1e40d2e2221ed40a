//! `DELETE_SUB_ORGANIZATION`: a sub-organization erases itself, with all it holds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context},
    crate::wire::enums::{Action, Resource},
    crate::wire::{RequestError, TurnkeyErrorCode},
};

use crate::wire::InvalidRequest;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteSubOrganizationIntent {
    /// Whether it goes even with wallets or private keys that were never exported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_without_export: Option<bool>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteSubOrganizationResult {
    /// The sub-organization that is gone.
    pub sub_organization_uuid: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct DeleteSubOrganization {
    without_export: bool,
}

impl TryFrom<DeleteSubOrganizationIntent> for DeleteSubOrganization {
    type Error = InvalidRequest;

    fn try_from(intent: DeleteSubOrganizationIntent) -> Result<Self, InvalidRequest> {
        Ok(Self { without_export: intent.delete_without_export.unwrap_or_default() })
    }
}

impl Activity for DeleteSubOrganization {
    const ROUTE: &'static str = "delete_sub_organization";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<DeleteSubOrganizationIntent>(
        "ACTIVITY_TYPE_DELETE_SUB_ORGANIZATION",
        "deleteSubOrganizationIntent",
        "deleteSubOrganizationResult",
    )];
    type Intent = DeleteSubOrganizationIntent;
    type Output = DeleteSubOrganizationResult;
}

#[cfg(feature = "engine")]
impl Execute for DeleteSubOrganization {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Organization, Action::Delete));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<DeleteSubOrganizationResult, RequestError> {
        let organization = context.organization();
        if organization.is_parent() {
            return Err(InvalidRequest::named(
                TurnkeyErrorCode::InvalidActivityCaller,
                "only a sub-organization can be deleted",
            )
            .into());
        }
        if !self.without_export {
            if organization.wallets.iter().any(|wallet| !wallet.exported) {
                return Err(InvalidRequest::new("wallet has not been exported").into());
            }
            if organization.private_keys.iter().any(|key| !key.exported) {
                return Err(InvalidRequest::new("private key has not been exported").into());
            }
        }
        let sub_organization_uuid = organization.id.to_string();
        context.changes.deletes_organization = true;
        Ok(DeleteSubOrganizationResult { sub_organization_uuid })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::model::Wallet;
    use crate::engine::testing::World;
    use crate::wire::id::{OrganizationId, WalletId};

    const KIND: &str = "ACTIVITY_TYPE_DELETE_SUB_ORGANIZATION";

    fn wallet(world: &mut World, organization: OrganizationId) {
        let id = WalletId::generate(world.now, &mut world.rng);
        let created_at = world.now;
        world.edit(organization).wallets.push(Wallet {
            id,
            name: "wallet".to_owned(),
            created_at,
            updated_at: created_at,
            exported: false,
            imported: false,
        });
    }

    #[test]
    fn a_sub_organization_erases_itself() {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        let result = world.submit(&root, sub, KIND, json!({})).unwrap();
        assert_eq!(result, json!({ "subOrganizationUuid": sub.to_string() }));
        assert!(world.find_organization(sub).is_none());
    }

    #[test]
    fn refuses_to_lose_a_wallet_that_was_never_exported() {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        wallet(&mut world, sub);
        let refusal = world.submit(&root, sub, KIND, json!({})).unwrap_err();
        assert_eq!(refusal.to_string(), "wallet has not been exported");
        world.edit(sub).wallets[0].exported = true;
        world.submit(&root, sub, KIND, json!({ "deleteWithoutExport": false })).unwrap();
    }

    #[test]
    fn refuses_to_lose_a_private_key_that_was_never_exported() {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        let keys = json!({
            "privateKeys": [{ "privateKeyName": "key", "curve": "CURVE_ED25519" }],
        });
        world.submit(&root, sub, "ACTIVITY_TYPE_CREATE_PRIVATE_KEYS_V2", keys).unwrap();
        let refusal = world.submit(&root, sub, KIND, json!({})).unwrap_err();
        assert_eq!(refusal.to_string(), "private key has not been exported");
        world.edit(sub).private_keys[0].exported = true;
        world.submit(&root, sub, KIND, json!({})).unwrap();
        assert!(world.secrets.is_empty(), "its secret goes with it");
    }

    #[test]
    fn loses_it_when_told_so() {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        wallet(&mut world, sub);
        world.submit(&root, sub, KIND, json!({ "deleteWithoutExport": true })).unwrap();
        assert!(world.find_organization(sub).is_none());
    }

    #[test]
    fn refuses_to_delete_a_parent() {
        let mut world = World::new();
        let refusal = world.submit(&world.root(), world.parent(), KIND, json!({})).unwrap_err();
        assert_eq!(refusal.to_string(), "only a sub-organization can be deleted");
    }

    #[test]
    fn neither_the_parent_nor_a_plain_user_may_ask() {
        let mut world = World::new();
        let (sub, _) = world.sub_organization();
        let user = world.user(sub);
        let refusal = world.submit(&user, sub, KIND, json!({})).unwrap_err();
        assert!(matches!(refusal, RequestError::PermissionDenied), "{refusal}");
        let refusal = world.submit(&world.root(), sub, KIND, json!({})).unwrap_err();
        assert!(matches!(refusal, RequestError::OrganizationMismatch { .. }), "{refusal}");
    }
}
