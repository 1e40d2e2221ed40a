//! `SIGN_RAW_PAYLOAD`: signs bytes, text or typed data with a key of the organization.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::items::{Concerns, Signs},
    crate::engine::{Caller, Context, Needs},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    keyward_policy::Value,
};

use crate::parameters::{self, Payload, SignWith};
use crate::wire::enums::{HashFunction, PayloadEncoding};
use crate::wire::objects::SignRawPayloadResult;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignRawPayloadIntentV2 {
    /// Address of a wallet account or private key, or id of a private key.
    pub sign_with: String,
    /// What to sign, written as `encoding` says.
    pub payload: String,
    /// How `payload` stands for bytes.
    #[serde(deserialize_with = "parameters::encoding")]
    pub encoding: PayloadEncoding,
    /// What is done to the bytes first.
    #[serde(deserialize_with = "parameters::hash_function")]
    pub hash_function: HashFunction,
}

/// As it used to travel.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignRawPayloadIntent {
    /// Id of a private key.
    pub private_key_id: String,
    /// What to sign, written as `encoding` says.
    pub payload: String,
    /// How `payload` stands for bytes.
    #[serde(deserialize_with = "parameters::encoding")]
    pub encoding: PayloadEncoding,
    /// What is done to the bytes first.
    #[serde(deserialize_with = "parameters::hash_function")]
    pub hash_function: HashFunction,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct SignRawPayload {
    sign_with: SignWith,
    payload: Payload,
}

impl TryFrom<SignRawPayloadIntentV2> for SignRawPayload {
    type Error = InvalidRequest;

    fn try_from(intent: SignRawPayloadIntentV2) -> Result<Self, InvalidRequest> {
        Ok(Self {
            sign_with: intent.sign_with.into(),
            payload: Payload::parse(intent.encoding, intent.hash_function, &intent.payload)?,
        })
    }
}

impl TryFrom<SignRawPayloadIntent> for SignRawPayload {
    type Error = InvalidRequest;

    fn try_from(intent: SignRawPayloadIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            sign_with: SignWith::PrivateKey(value::id("privateKeyId", &intent.private_key_id)?),
            payload: Payload::parse(intent.encoding, intent.hash_function, &intent.payload)?,
        })
    }
}

impl Activity for SignRawPayload {
    const ROUTE: &'static str = "sign_raw_payload";
    const VERSIONS: &'static [Version<Self>] = &[
        Version::of::<SignRawPayloadIntentV2>(
            "ACTIVITY_TYPE_SIGN_RAW_PAYLOAD_V2",
            "signRawPayloadIntentV2",
            "signRawPayloadResult",
        ),
        Version::of::<SignRawPayloadIntent>(
            "ACTIVITY_TYPE_SIGN_RAW_PAYLOAD",
            "signRawPayloadIntent",
            "signRawPayloadResult",
        ),
    ];
    type Intent = SignRawPayloadIntentV2;
    type Output = SignRawPayloadResult;
}

#[cfg(feature = "engine")]
impl Execute for SignRawPayload {
    const POLICY: Option<(Resource, Action)> = Some((Resource::PrivateKey, Action::Sign));

    fn params(&self) -> Vec<(&'static str, Value)> {
        self.payload.params()
    }

    fn concerns(&self) -> Concerns<'_> {
        Concerns::Signing { with: &self.sign_with, what: vec![Signs::Payload(&self.payload)] }
    }

    fn needs(&self) -> Needs {
        Needs::Signer(self.sign_with.clone())
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<SignRawPayloadResult, RequestError> {
        context.take_signer()?.sign(&self.payload)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use keyward_crypto::{PrivateKey, PublicKey, SecretBytes};
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use crate::address;
    use crate::engine::model;
    use crate::engine::testing::World;
    use crate::parameters::SignWith;
    use crate::wire::RequestError;
    use crate::wire::enums::{AddressFormat, Curve};
    use crate::wire::id::PrivateKeyId;

    const V2: &str = "ACTIVITY_TYPE_SIGN_RAW_PAYLOAD_V2";
    const V1: &str = "ACTIVITY_TYPE_SIGN_RAW_PAYLOAD";
    const DIGEST: &str = "c30809a962194873af120326bf861755e58065e4de1e78e91cd748070727b0c0";

    pub(crate) fn submit(
        world: &mut World,
        kind: &str,
        parameters: Value,
    ) -> Result<Value, RequestError> {
        let root = world.root();
        world.submit(&root, root.organization, kind, parameters)
    }

    /// Keeps a known private key in the parent organization. Its addresses are those of the formats
    /// that exist.
    pub(crate) fn keep_key(world: &mut World, curve: Curve, secret: &str) -> PrivateKeyId {
        let bytes: [u8; 32] = hex::decode(secret).unwrap().try_into().unwrap();
        let public_key: PublicKey =
            PrivateKey::from_bytes(curve.into(), &bytes).unwrap().public_key();
        let addresses = AddressFormat::ALL
            .iter()
            .filter_map(|format| Some((*format, address::encode(*format, &public_key).ok()?)));
        let key = model::PrivateKey {
            id: PrivateKeyId::generate(world.now, &mut world.rng),
            name: secret.to_owned(),
            curve,
            public_key: address::private_key_public_hex(&public_key),
            addresses: addresses.collect(),
            tags: Vec::new(),
            created_at: world.now,
            updated_at: world.now,
            exported: false,
            imported: false,
        };
        let (parent, id) = (world.parent(), key.id);
        world.secrets.insert((parent, id.0), SecretBytes::new(bytes.to_vec()));
        world.edit(parent).private_keys.push(key);
        id
    }

    /// Has the vectors of an activity signed, each with a key named as the row says, or by its id where no
    /// such address is made yet. `is_same` says of a row whether what was signed is what it expects. Returns how
    /// many there were, and the rows that need what does not exist yet.
    pub(crate) fn check_vectors(
        activity: &str,
        kind: &str,
        is_same: fn(&Value, &Value) -> bool,
    ) -> (usize, Vec<String>) {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/signing.json");
        let vectors: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let mut world = World::new();
        let mut ids = BTreeMap::new();
        for key in vectors["keys"].as_array().unwrap() {
            let curve = read(&key["curve"]);
            let id = keep_key(&mut world, curve, key["privateKeyHex"].as_str().unwrap());
            ids.insert(key["id"].as_str().unwrap(), (id, &key["addresses"]));
        }
        let (mut checked, mut left_out) = (0, Vec::new());
        for case in vectors["cases"].as_array().unwrap() {
            if case["activity"] != activity {
                continue;
            }
            let id = case["id"].as_str().unwrap();
            let mut request = case["request"].clone();
            let key = case["key"].as_str().and_then(|key| ids.get(key));
            request["signWith"] = match (key, case["signWithFormat"].as_str()) {
                (Some((key, addresses)), Some(format)) => {
                    let address = addresses[format].clone();
                    let parent = world.organization(world.parent());
                    let is_made = address.as_str().is_none_or(|address| {
                        let by = SignWith::Address(address.to_owned());
                        parent.private_key_named(&by).is_some()
                    });
                    if !is_made && activity != "sign_transaction" {
                        // The format says what is signed, and how.
                        left_out.push(id.to_owned());
                        continue;
                    }
                    if is_made { address } else { key.to_string().into() }
                }
                _ => case["signWith"].clone(),
            };
            let error = match (submit(&mut world, kind, request), case.get("expectError")) {
                (Ok(signed), None) => {
                    assert!(is_same(case, &signed), "{id}: {signed}");
                    checked += 1;
                    continue;
                }
                (Err(error), _) => error.status(),
                (Ok(signed), Some(_)) => panic!("{id}: {signed}"),
            };
            if error.message.contains("not implemented") {
                left_out.push(id.to_owned());
                continue;
            }
            if case["compare"] == "exact-or-error" {
                continue;
            }
            let expected = &case["expectError"];
            assert_eq!(expected["httpStatus"], error.http_status(), "{id}: {}", error.message);
            let part = expected["messageContains"].as_str().unwrap_or_default();
            assert!(error.message.contains(part), "{id}: {}", error.message);
            checked += 1;
        }
        (checked, left_out)
    }

    /// Whether what was signed is one of the two answers that a row allows.
    pub(crate) fn is_exact(case: &Value, signed: &Value) -> bool {
        [&case["expect"], &case["alternative"]].contains(&signed)
    }

    fn read<T: DeserializeOwned>(value: &Value) -> T {
        T::deserialize(value).unwrap()
    }

    #[test]
    fn signs_the_vectors() {
        let (checked, left_out) = check_vectors("sign_raw_payload", V2, is_exact);
        // Signatures that are not made yet.
        let schnorr =
            ["raw-p2tr-noop", "raw-p2tr-testnet-noop", "raw-p2tr-sha256", "raw-spark-noop"];
        assert_eq!(left_out, schnorr);
        assert_eq!(checked, 124);
    }

    #[test]
    fn the_older_version_means_the_same_and_takes_ids_only() {
        let mut world = World::new();
        let id = keep_key(&mut world, Curve::Secp256k1, &"11".repeat(32));
        let request = |member: &str, value: &str| {
            json!({
                member: value,
                "payload": DIGEST,
                "encoding": "PAYLOAD_ENCODING_HEXADECIMAL",
                "hashFunction": "HASH_FUNCTION_NO_OP",
            })
        };
        let newer = submit(&mut world, V2, request("signWith", &id.to_string())).unwrap();
        let older = submit(&mut world, V1, request("privateKeyId", &id.to_string())).unwrap();
        assert_eq!(newer, older);
        let address = world.organization(world.parent()).private_keys[0].addresses[0].1.clone();
        submit(&mut world, V2, request("signWith", &address)).unwrap();
        submit(&mut world, V1, request("privateKeyId", &address)).unwrap_err();
    }

    #[test]
    fn names_nothing_of_other_organizations() {
        let mut world = World::new();
        let id = keep_key(&mut world, Curve::Secp256k1, &"11".repeat(32));
        let (sub, stranger) = world.sub_organization();
        let request = json!({
            "signWith": id.to_string(),
            "payload": DIGEST,
            "encoding": "PAYLOAD_ENCODING_HEXADECIMAL",
            "hashFunction": "HASH_FUNCTION_NO_OP",
        });
        let refusal = world.submit(&stranger, sub, V2, request).unwrap_err();
        insta::assert_snapshot!(
            refusal,
            @"Could not find any resource to sign with. Addresses are case sensitive."
        );
        assert_eq!(refusal.status().http_status(), 404);
    }
}
