//! `DELETE_SMART_CONTRACT_INTERFACE`: forgets how calls of a contract are read.

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

use crate::wire::id::SmartContractInterfaceId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteSmartContractInterfaceIntent {
    /// Id of the interface.
    pub smart_contract_interface_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteSmartContractInterfaceResult {
    /// Id of the interface that is gone.
    pub smart_contract_interface_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct DeleteSmartContractInterface {
    id: SmartContractInterfaceId,
}

impl TryFrom<DeleteSmartContractInterfaceIntent> for DeleteSmartContractInterface {
    type Error = InvalidRequest;

    fn try_from(intent: DeleteSmartContractInterfaceIntent) -> Result<Self, InvalidRequest> {
        let id = value::id("smartContractInterfaceId", &intent.smart_contract_interface_id)?;
        Ok(Self { id })
    }
}

impl Activity for DeleteSmartContractInterface {
    const ROUTE: &'static str = "delete_smart_contract_interface";
    const VERSIONS: &'static [Version<Self>] =
        &[Version::of::<DeleteSmartContractInterfaceIntent>(
            "ACTIVITY_TYPE_DELETE_SMART_CONTRACT_INTERFACE",
            "deleteSmartContractInterfaceIntent",
            "deleteSmartContractInterfaceResult",
        )];
    type Intent = DeleteSmartContractInterfaceIntent;
    type Output = DeleteSmartContractInterfaceResult;
}

#[cfg(feature = "engine")]
impl Execute for DeleteSmartContractInterface {
    const POLICY: Option<(Resource, Action)> =
        Some((Resource::SmartContractInterface, Action::Delete));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<DeleteSmartContractInterfaceResult, RequestError> {
        let organization = context.edit();
        organization.smart_contract_interface(self.id)?;
        organization.smart_contract_interfaces.retain(|known| known.id != self.id);
        Ok(DeleteSmartContractInterfaceResult { smart_contract_interface_id: self.id.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::activities::create_smart_contract_interface::tests::interface;
    use crate::engine::testing::World;

    #[test]
    fn is_done_once() {
        let mut world = World::new();
        let id = interface(&mut world);
        let root = world.root();
        let mut delete = || {
            let parameters = json!({ "smartContractInterfaceId": id });
            let kind = "ACTIVITY_TYPE_DELETE_SMART_CONTRACT_INTERFACE";
            world.submit(&root, root.organization, kind, parameters)
        };
        delete().unwrap();
        assert_eq!(delete().unwrap_err().status().http_status(), 404);
        interface(&mut world);
    }
}
