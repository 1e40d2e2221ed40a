//! `CREATE_SMART_CONTRACT_INTERFACE`: keeps how calls of a contract are read, for policies to be about them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::interfaces,
    crate::engine::model::{Parsed, SmartContractInterface, limits},
    crate::engine::{Caller, Context},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    crate::wire::id::SmartContractInterfaceId,
};

use crate::wire::enums::SmartContractInterfaceType;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateSmartContractInterfaceIntent {
    /// Address of the contract, or id of the program.
    pub smart_contract_address: String,
    /// Its ABI or Anchor IDL: JSON, at most 400 000 bytes.
    pub smart_contract_interface: String,
    /// Which of them.
    #[serde(rename = "type")]
    pub kind: SmartContractInterfaceType,
    /// Its name.
    pub label: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateSmartContractInterfaceResult {
    /// Id of the interface.
    pub smart_contract_interface_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateSmartContractInterface {
    address: String,
    interface: String,
    kind: SmartContractInterfaceType,
    label: String,
    notes: String,
}

impl TryFrom<CreateSmartContractInterfaceIntent> for CreateSmartContractInterface {
    type Error = InvalidRequest;

    fn try_from(intent: CreateSmartContractInterfaceIntent) -> Result<Self, InvalidRequest> {
        #[cfg(feature = "engine")]
        {
            interfaces::check_address(intent.kind, &intent.smart_contract_address)?;
            interfaces::Interface::parse(intent.kind, &intent.smart_contract_interface).map_err(
                |error| InvalidRequest::new(format!("invalid smartContractInterface: {error}")),
            )?;
        }
        Ok(Self {
            address: intent.smart_contract_address,
            interface: intent.smart_contract_interface,
            kind: intent.kind,
            label: value::label("label", intent.label)?,
            notes: intent.notes.unwrap_or_default(),
        })
    }
}

impl Activity for CreateSmartContractInterface {
    const ROUTE: &'static str = "create_smart_contract_interface";
    const VERSIONS: &'static [Version<Self>] =
        &[Version::of::<CreateSmartContractInterfaceIntent>(
            "ACTIVITY_TYPE_CREATE_SMART_CONTRACT_INTERFACE",
            "createSmartContractInterfaceIntent",
            "createSmartContractInterfaceResult",
        )];
    type Intent = CreateSmartContractInterfaceIntent;
    type Output = CreateSmartContractInterfaceResult;
}

#[cfg(feature = "engine")]
impl Execute for CreateSmartContractInterface {
    const POLICY: Option<(Resource, Action)> =
        Some((Resource::SmartContractInterface, Action::Create));

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<CreateSmartContractInterfaceResult, RequestError> {
        let now = context.now;
        let (organization, _, rng) = context.edit_with();
        let known = &mut organization.smart_contract_interfaces;
        let bytes: usize = known.iter().map(|known| known.interface.len()).sum();
        if known.len() >= limits::SMART_CONTRACT_INTERFACES
            || bytes.saturating_add(self.interface.len()) > limits::SMART_CONTRACT_INTERFACE_BYTES
        {
            let text = "organization has exceeded maximum smart contract interfaces";
            return Err(RequestError::LimitReached(text.into()));
        }
        // With two, which of them reads a call would be luck.
        if known.iter().any(|known| known.is_for(self.kind, &self.address)) {
            return Err(RequestError::AlreadyExists(format!(
                "there is an interface for {} already",
                self.address
            )));
        }
        let id = SmartContractInterfaceId::generate(now, rng);
        known.push(SmartContractInterface {
            id,
            address: self.address,
            interface: self.interface,
            kind: self.kind,
            label: self.label,
            notes: self.notes,
            created_at: now,
            parsed: Parsed::default(),
        });
        Ok(CreateSmartContractInterfaceResult { smart_contract_interface_id: id.to_string() })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use crate::engine::testing::World;
    use crate::wire::RequestError;

    const KIND: &str = "ACTIVITY_TYPE_CREATE_SMART_CONTRACT_INTERFACE";
    pub(crate) const CONTRACT: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
    pub(crate) const ABI: &str = r#"[{"type":"function","name":"transfer","inputs":[{"name":"to","type":"address"},{"name":"amount","type":"uint256"}]}]"#;

    fn create(world: &mut World, address: &str, text: &str) -> Result<Value, RequestError> {
        let root = world.root();
        let parameters = json!({
            "smartContractAddress": address,
            "smartContractInterface": text,
            "type": "SMART_CONTRACT_INTERFACE_TYPE_ETHEREUM",
            "label": "token",
        });
        world.submit(&root, root.organization, KIND, parameters)
    }

    /// Keeps the interface of [`CONTRACT`] in the parent organization. Returns its id.
    pub(crate) fn interface(world: &mut World) -> String {
        let made = create(world, CONTRACT, ABI).unwrap();
        made["smartContractInterfaceId"].as_str().unwrap().to_owned()
    }

    #[test]
    fn there_is_one_for_an_address_however_it_is_written() {
        let mut world = World::new();
        interface(&mut world);
        let refusal = create(&mut world, &CONTRACT.to_ascii_lowercase(), ABI).unwrap_err();
        assert_eq!(refusal.status().http_status(), 409);
        create(&mut world, &CONTRACT.replace('7', "8"), ABI).unwrap();
    }

    #[test]
    fn refuses_what_is_no_address_and_what_is_no_interface() {
        let mut world = World::new();
        for address in [
            "",
            "0x00",
            CONTRACT.strip_prefix("0x").unwrap(),
            "So11111111111111111111111111111111111111112",
        ] {
            let refusal = create(&mut world, address, ABI).unwrap_err();
            assert!(refusal.to_string().starts_with("invalid smartContractAddress"), "{refusal}");
        }
        for text in ["", "{}", "[", &" ".repeat(400_001)] {
            let refusal = create(&mut world, CONTRACT, text).unwrap_err();
            assert!(refusal.to_string().starts_with("invalid smartContractInterface"), "{refusal}");
        }
        assert_eq!(world.organization(world.parent()).smart_contract_interfaces.len(), 0);
    }
}
