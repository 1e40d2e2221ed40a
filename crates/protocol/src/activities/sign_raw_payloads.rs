//! `SIGN_RAW_PAYLOADS`: signs several payloads of one kind with one key, all or none.

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
use crate::wire::InvalidRequest;
use crate::wire::enums::{HashFunction, PayloadEncoding};
use crate::wire::objects::SignRawPayloadResult;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignRawPayloadsIntent {
    /// Address of a wallet account or private key, or id of a private key.
    pub sign_with: String,
    /// What to sign, each written as `encoding` says; at least one.
    pub payloads: Vec<String>,
    /// How a payload stands for bytes.
    #[serde(deserialize_with = "parameters::encoding")]
    pub encoding: PayloadEncoding,
    /// What is done to the bytes first.
    #[serde(deserialize_with = "parameters::hash_function")]
    pub hash_function: HashFunction,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct SignRawPayloadsResult {
    /// In the order of the payloads.
    pub signatures: Vec<SignRawPayloadResult>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct SignRawPayloads {
    sign_with: SignWith,
    payloads: Vec<Payload>,
}

impl TryFrom<SignRawPayloadsIntent> for SignRawPayloads {
    type Error = InvalidRequest;

    fn try_from(intent: SignRawPayloadsIntent) -> Result<Self, InvalidRequest> {
        if intent.payloads.is_empty() {
            return Err(InvalidRequest::new("payloads must not be empty"));
        }
        let payloads = intent.payloads.iter();
        Ok(Self {
            sign_with: intent.sign_with.into(),
            payloads: payloads
                .map(|text| Payload::parse(intent.encoding, intent.hash_function, text))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl Activity for SignRawPayloads {
    const ROUTE: &'static str = "sign_raw_payloads";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<SignRawPayloadsIntent>(
        "ACTIVITY_TYPE_SIGN_RAW_PAYLOADS",
        "signRawPayloadsIntent",
        "signRawPayloadsResult",
    )];
    type Intent = SignRawPayloadsIntent;
    type Output = SignRawPayloadsResult;
}

#[cfg(feature = "engine")]
impl Execute for SignRawPayloads {
    const POLICY: Option<(Resource, Action)> = Some((Resource::PrivateKey, Action::Sign));

    fn params(&self) -> Vec<(&'static str, Value)> {
        self.payloads.first().map(Payload::params).unwrap_or_default()
    }

    fn concerns(&self) -> Concerns<'_> {
        let what = self.payloads.iter().map(Signs::Payload).collect();
        Concerns::Signing { with: &self.sign_with, what }
    }

    fn needs(&self) -> Needs {
        Needs::Signer(self.sign_with.clone())
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<SignRawPayloadsResult, RequestError> {
        let signer = context.take_signer()?;
        let signatures = self.payloads.iter().map(|payload| signer.sign(payload, context.rng));
        Ok(SignRawPayloadsResult { signatures: signatures.collect::<Result<_, _>>()? })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::activities::sign_raw_payload::tests::{check_vectors, is_right, keep_key, submit};
    use crate::engine::testing::World;
    use crate::wire::enums::Curve;

    const KIND: &str = "ACTIVITY_TYPE_SIGN_RAW_PAYLOADS";

    #[test]
    fn signs_the_vectors() {
        assert_eq!(check_vectors("sign_raw_payloads", KIND, is_right), 4);
    }

    #[test]
    fn signs_as_one_by_one_would() {
        let mut world = World::new();
        let id = keep_key(&mut world, Curve::P256, &"11".repeat(32)).to_string();
        let request = |member: &str, payload| {
            json!({
                "signWith": id,
                member: payload,
                "encoding": "PAYLOAD_ENCODING_TEXT_UTF8",
                "hashFunction": "HASH_FUNCTION_SHA256",
            })
        };
        let all = submit(&mut world, KIND, request("payloads", json!(["a", "b"]))).unwrap();
        let one = "ACTIVITY_TYPE_SIGN_RAW_PAYLOAD_V2";
        let a = submit(&mut world, one, request("payload", json!("a"))).unwrap();
        let b = submit(&mut world, one, request("payload", json!("b"))).unwrap();
        assert_eq!(all, json!({ "signatures": [a, b] }));
    }

    #[test]
    fn refuses_hash_functions_of_other_curves() {
        let mut world = World::new();
        let id = keep_key(&mut world, Curve::Ed25519, &"11".repeat(32));
        let request = json!({
            "signWith": id.to_string(),
            "payloads": ["a"],
            "encoding": "PAYLOAD_ENCODING_TEXT_UTF8",
            "hashFunction": "HASH_FUNCTION_SHA256",
        });
        let refusal = submit(&mut world, KIND, request).unwrap_err();
        insta::assert_snapshot!(
            refusal,
            @"invalid hash function: HASH_FUNCTION_SHA256 does not go with PAYLOAD_ENCODING_TEXT_UTF8 on CURVE_ED25519"
        );
    }
}
