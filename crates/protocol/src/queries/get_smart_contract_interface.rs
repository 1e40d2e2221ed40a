//! `get_smart_contract_interface`: how calls of a contract are read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::view,
    crate::wire::{RequestError, value},
};

use crate::wire::objects::SmartContractInterface;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetSmartContractInterface {
    /// The organization.
    pub organization_id: String,
    /// Id of the interface.
    pub smart_contract_interface_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetSmartContractInterfaceResponse {
    /// The interface.
    pub smart_contract_interface: SmartContractInterface,
}

impl Query for GetSmartContractInterface {
    const ROUTE: &'static str = "get_smart_contract_interface";
    type Response = GetSmartContractInterfaceResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetSmartContractInterface {
    fn answer(
        self,
        view: &View<'_>,
        _: Found,
    ) -> Result<GetSmartContractInterfaceResponse, RequestError> {
        let id = value::id("smartContractInterfaceId", &self.smart_contract_interface_id)?;
        let known = view.organization.smart_contract_interface(id)?;
        let smart_contract_interface = view::smart_contract_interface(known, view.organization.id);
        Ok(GetSmartContractInterfaceResponse { smart_contract_interface })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::activities::create_smart_contract_interface::tests::{ABI, CONTRACT, interface};
    use crate::engine::testing::World;

    #[test]
    fn shows_it_as_it_was_given() {
        let mut world = World::new();
        let id = interface(&mut world);
        let asked = json!({ "smartContractInterfaceId": id });
        let route = "get_smart_contract_interface";
        let shown = world.query(&world.root(), world.parent(), route, asked).unwrap();
        let at = crate::wire::WireTime::from(world.now);
        assert_eq!(
            shown["smartContractInterface"],
            json!({
                "organizationId": world.parent(),
                "smartContractInterfaceId": id,
                "smartContractAddress": CONTRACT,
                "smartContractInterface": ABI,
                "type": "SMART_CONTRACT_INTERFACE_TYPE_ETHEREUM",
                "label": "token",
                "notes": "",
                "createdAt": at,
                "updatedAt": at,
            })
        );
        let asked = json!({ "smartContractInterfaceId": world.parent() });
        let refusal = world.query(&world.root(), world.parent(), route, asked).unwrap_err();
        assert_eq!(refusal.status().http_status(), 404);
    }
}
