//! `list_smart_contract_interfaces`: how calls of contracts are read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::view,
    crate::wire::RequestError,
};

use crate::wire::objects::SmartContractInterface;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListSmartContractInterfaces {
    /// The organization.
    pub organization_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListSmartContractInterfacesResponse {
    /// In the order they were made.
    pub smart_contract_interfaces: Vec<SmartContractInterface>,
}

impl Query for ListSmartContractInterfaces {
    const ROUTE: &'static str = "list_smart_contract_interfaces";
    type Response = ListSmartContractInterfacesResponse;
}

#[cfg(feature = "engine")]
impl Answer for ListSmartContractInterfaces {
    fn answer(
        self,
        view: &View<'_>,
        _: Found,
    ) -> Result<ListSmartContractInterfacesResponse, RequestError> {
        let organization = view.organization;
        let all = organization.smart_contract_interfaces.iter();
        let all = all.map(|known| view::smart_contract_interface(known, organization.id));
        Ok(ListSmartContractInterfacesResponse { smart_contract_interfaces: all.collect() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::activities::create_smart_contract_interface::tests::interface;
    use crate::engine::testing::World;

    #[test]
    fn lists_those_of_the_organization_only() {
        let mut world = World::new();
        let id = interface(&mut world);
        let (sub, stranger) = world.sub_organization();
        let route = "list_smart_contract_interfaces";
        let shown = world.query(&world.root(), world.parent(), route, json!({})).unwrap();
        let all = shown["smartContractInterfaces"].as_array().unwrap();
        assert_eq!((all.len(), all[0]["smartContractInterfaceId"].as_str()), (1, Some(&*id)));
        let shown = world.query(&stranger, sub, route, json!({})).unwrap();
        assert_eq!(shown["smartContractInterfaces"], json!([]));
    }
}
