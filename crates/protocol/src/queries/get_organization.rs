//! `get_organization`: an organization with everything bounded that belongs to it.
//!
//! Not in the published description of the protocol; some of its clients ask all the same.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::view,
    crate::wire::RequestError,
};

use crate::wire::objects::{
    Feature, Invitation, Policy, PrivateKey, Quorum, SmartContractInterfaceReference, Tag, User,
    Wallet,
};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetOrganization {
    /// The organization.
    pub organization_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetOrganizationResponse {
    /// The organization.
    pub organization_data: OrganizationData,
}

/// An organization. All lists are oldest first.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationData {
    /// Its id.
    pub organization_id: String,
    /// Its name.
    pub name: String,
    /// Its users, with their credentials.
    pub users: Vec<User>,
    /// Its policies.
    pub policies: Vec<Policy>,
    /// Its private keys.
    pub private_keys: Vec<PrivateKey>,
    /// Who was asked to join.
    pub invitations: Vec<Invitation>,
    /// Tags of both kinds.
    pub tags: Vec<Tag>,
    /// Its root users and how many of them decide together.
    pub root_quorum: Quorum,
    /// The features that are on.
    pub features: Vec<Feature>,
    /// Its wallets.
    pub wallets: Vec<Wallet>,
    /// How calls of contracts are read, in short.
    pub smart_contract_interface_references: Vec<SmartContractInterfaceReference>,
}

impl Query for GetOrganization {
    const ROUTE: &'static str = "get_organization";
    type Response = GetOrganizationResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetOrganization {
    fn answer(self, view: &View<'_>, _: Found) -> Result<GetOrganizationResponse, RequestError> {
        let organization = view.organization;
        let configuration = view::configuration(organization);
        Ok(GetOrganizationResponse {
            organization_data: OrganizationData {
                organization_id: organization.id.to_string(),
                name: organization.name.clone(),
                users: organization.users.iter().map(view::user).collect(),
                policies: organization.policies.iter().map(view::policy).collect(),
                private_keys: organization.private_keys.iter().map(view::private_key).collect(),
                invitations: organization
                    .invitations
                    .iter()
                    .map(|invitation| view::invitation(invitation, organization))
                    .collect(),
                tags: organization.tags.iter().map(view::tag).collect(),
                root_quorum: configuration.quorum,
                features: configuration.features,
                wallets: organization.wallets.iter().map(view::wallet).collect(),
                smart_contract_interface_references: organization
                    .smart_contract_interfaces
                    .iter()
                    .map(|known| SmartContractInterfaceReference {
                        smart_contract_interface_id: known.id.to_string(),
                        smart_contract_address: known.address.clone(),
                        digest: hex::encode(keyward_crypto::sha256(known.interface.as_bytes())),
                    })
                    .collect(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::activities::create_smart_contract_interface::tests::interface;
    use crate::activities::create_wallet::tests::wallet;
    use crate::engine::testing::World;

    #[test]
    fn shows_all_there_is_and_every_list() {
        let mut world = World::new();
        let root = world.root();
        let (id, _) = wallet(&mut world, &root, "first", &[]);
        let interface = interface(&mut world);
        let shown = world.query(&root, world.parent(), "get_organization", json!({})).unwrap();
        let data = &shown["organizationData"];
        assert_eq!(data["organizationId"], world.parent().to_string());
        assert_eq!(data["name"], "organization");
        assert_eq!(data["users"][0]["userId"], root.user.to_string());
        assert_eq!(data["wallets"][0]["walletId"], id);
        assert_eq!(data["rootQuorum"]["threshold"], 1);
        let reference = &data["smartContractInterfaceReferences"][0];
        assert_eq!(reference["smartContractInterfaceId"], interface);
        for list in ["features", "invitations", "policies", "privateKeys", "tags"] {
            assert_eq!(data[list], json!([]), "{list}");
        }
    }
}
