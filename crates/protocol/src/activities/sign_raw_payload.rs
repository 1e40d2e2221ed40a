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
        context.take_signer()?.sign(&self.payload, context.rng)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use keyward_crypto::{PrivateKey, PublicKey, Secp256k1PublicKey, SecretBytes};
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use crate::address;
    use crate::engine::model;
    use crate::engine::testing::World;
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

    /// Keeps a known private key in the parent organization, with an address in every format of its curve.
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

    /// Has the vectors of an activity signed, each with the address that the row says. `is_same` says of a row
    /// whether what was signed is what it expects. Returns how many there were.
    pub(crate) fn check_vectors(
        activity: &str,
        kind: &str,
        is_same: fn(&Value, &Value) -> bool,
    ) -> usize {
        let vectors = vectors();
        let mut world = World::new();
        let mut addresses = BTreeMap::new();
        for key in vectors["keys"].as_array().unwrap() {
            keep_key(&mut world, read(&key["curve"]), key["privateKeyHex"].as_str().unwrap());
            addresses.insert(key["id"].as_str().unwrap(), &key["addresses"]);
        }
        let mut checked = 0;
        for case in vectors["cases"].as_array().unwrap() {
            if case["activity"] != activity {
                continue;
            }
            let id = case["id"].as_str().unwrap();
            let mut request = case["request"].clone();
            request["signWith"] = match (case["key"].as_str(), case["signWithFormat"].as_str()) {
                (Some(key), Some(format)) => addresses[key][format].clone(),
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
            checked += 1;
            if case["compare"] == "exact-or-error" {
                continue;
            }
            let expected = &case["expectError"];
            assert_eq!(expected["httpStatus"], error.http_status(), "{id}: {}", error.message);
            let part = expected["messageContains"].as_str().unwrap_or_default();
            assert!(error.message.contains(part), "{id}: {}", error.message);
        }
        checked
    }

    fn vectors() -> Value {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/signing.json");
        serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
    }

    /// Whether what was signed is one of the two answers that a row allows; for Schnorr, of which no two are
    /// the same, whether it is the key's.
    pub(crate) fn is_right(case: &Value, signed: &Value) -> bool {
        if case["compare"] != "verify" {
            return [&case["expect"], &case["alternative"]].contains(&signed);
        }
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let with = &case["verifyWith"];
        let (mut signature, mut key, mut digest) = ([0; 64], [0; 32], [0; 32]);
        let signed_text = text(&signed["r"]) + &text(&signed["s"]);
        hex::decode_to_slice(signed_text, &mut signature).unwrap();
        hex::decode_to_slice(text(&with["publicKeyXOnly"]), &mut key).unwrap();
        hex::decode_to_slice(text(&with["messageHex"]), &mut digest).unwrap();
        with["scheme"] == "BIP340"
            && signed["v"] == "00"
            && Secp256k1PublicKey::verify_schnorr(&key, &digest, &signature)
    }

    fn read<T: DeserializeOwned>(value: &Value) -> T {
        T::deserialize(value).unwrap()
    }

    #[test]
    fn signs_the_vectors() {
        assert_eq!(check_vectors("sign_raw_payload", V2, is_right), 129);
    }

    /// Of the key `s1` there are all addresses, of `s2` two.
    #[test]
    fn names_find_the_keys_that_the_vectors_say() {
        let vectors = vectors();
        let mut world = World::new();
        let keys = vectors["keys"].as_array().unwrap();
        let private = |id: &str| {
            let key = keys.iter().find(|key| key["id"] == id).unwrap();
            key["privateKeyHex"].as_str().unwrap()
        };
        let mut ids = BTreeMap::new();
        for id in ["s1", "s2"] {
            ids.insert(id, keep_key(&mut world, Curve::Secp256k1, private(id)));
        }
        let parent = world.parent();
        let listed = [AddressFormat::Ethereum, AddressFormat::Cosmos];
        let second = &mut world.edit(parent).private_keys[1];
        second.addresses.retain(|(format, _)| listed.contains(format));
        let mut sign = |sign_with: &str| {
            let request = json!({
                "signWith": sign_with,
                "payload": DIGEST,
                "encoding": "PAYLOAD_ENCODING_HEXADECIMAL",
                "hashFunction": "HASH_FUNCTION_NO_OP",
            });
            submit(&mut world, V2, request)
        };
        let ecdsa = ids.iter().map(|(id, key)| (*id, sign(&key.to_string()).unwrap()));
        let ecdsa: BTreeMap<&str, Value> = ecdsa.collect();
        let cases = vectors["cases"].as_array().unwrap().iter();
        let mut entries = cases.filter_map(|case| case["entries"].as_array()).flatten().peekable();
        assert!(entries.peek().is_some());
        for entry in entries {
            let name = entry["signWith"].as_str().unwrap().replace("PK", &ids["s2"].to_string());
            let expected = entry["expect"].as_str().unwrap();
            let id = if expected.contains("s1") { "s1" } else { "s2" };
            match sign(&name) {
                Ok(signed) if expected.contains("ECDSA") => {
                    assert_eq!(signed, ecdsa[id], "{entry}");
                }
                Ok(signed) => {
                    assert!(expected.contains("Schnorr"), "{entry}");
                    assert_ne!(signed, ecdsa[id], "{entry}");
                }
                Err(refusal) => {
                    assert!(expected.contains("404"), "{entry}");
                    assert_eq!(refusal.status().http_status(), 404, "{entry}");
                }
            }
        }
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
