//! `SIGN_TRANSACTION`: signs a transaction with a key of the organization.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::items::{Concerns, Signs},
    crate::engine::{Caller, Context, Needs},
    crate::payload::with_causes,
    crate::transaction::{self, UnsignedTransaction},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    keyward_policy::Value,
};

use crate::parameters::SignWith;
use crate::wire::enums::TransactionType;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignTransactionIntentV2 {
    /// Address of a wallet account or private key, or id of a private key.
    pub sign_with: String,
    /// The transaction, hex.
    pub unsigned_transaction: String,
    /// Its type. A text, because one that is unknown has a refusal of its own.
    #[serde(rename = "type")]
    #[schemars(with = "TransactionType")]
    pub kind: String,
}

/// As it used to travel.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignTransactionIntent {
    /// Id of a private key.
    pub private_key_id: String,
    /// The transaction, hex.
    pub unsigned_transaction: String,
    /// Its type. A text, because one that is unknown has a refusal of its own.
    #[serde(rename = "type")]
    #[schemars(with = "TransactionType")]
    pub kind: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignTransactionResult {
    /// The transaction with its signature, hex without `0x`.
    pub signed_transaction: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct SignTransaction {
    sign_with: SignWith,
    #[cfg(feature = "engine")]
    transaction: UnsignedTransaction,
}

impl SignTransaction {
    #[cfg_attr(
        not(feature = "engine"),
        expect(unused_variables, clippy::unnecessary_wraps, reason = "only the engine reads them")
    )]
    fn new(sign_with: SignWith, kind: &str, unsigned: &str) -> Result<Self, InvalidRequest> {
        Ok(Self {
            sign_with,
            #[cfg(feature = "engine")]
            transaction: transaction::type_named(kind)
                .and_then(|kind| transaction::parse(kind, unsigned))
                .map_err(|error| InvalidRequest::named(error.name(), with_causes(&error)))?,
        })
    }
}

impl TryFrom<SignTransactionIntentV2> for SignTransaction {
    type Error = InvalidRequest;

    fn try_from(intent: SignTransactionIntentV2) -> Result<Self, InvalidRequest> {
        Self::new(intent.sign_with.into(), &intent.kind, &intent.unsigned_transaction)
    }
}

impl TryFrom<SignTransactionIntent> for SignTransaction {
    type Error = InvalidRequest;

    fn try_from(intent: SignTransactionIntent) -> Result<Self, InvalidRequest> {
        let key = value::id("privateKeyId", &intent.private_key_id)?;
        Self::new(SignWith::PrivateKey(key), &intent.kind, &intent.unsigned_transaction)
    }
}

impl Activity for SignTransaction {
    const ROUTE: &'static str = "sign_transaction";
    const VERSIONS: &'static [Version<Self>] = &[
        Version::of::<SignTransactionIntentV2>(
            "ACTIVITY_TYPE_SIGN_TRANSACTION_V2",
            "signTransactionIntentV2",
            "signTransactionResult",
        ),
        Version::of::<SignTransactionIntent>(
            "ACTIVITY_TYPE_SIGN_TRANSACTION",
            "signTransactionIntent",
            "signTransactionResult",
        ),
    ];
    type Intent = SignTransactionIntentV2;
    type Output = SignTransactionResult;
}

#[cfg(feature = "engine")]
impl Execute for SignTransaction {
    const POLICY: Option<(Resource, Action)> = Some((Resource::PrivateKey, Action::Sign));

    fn params(&self) -> Vec<(&'static str, Value)> {
        vec![("type", Value::text(self.transaction.kind().as_str()))]
    }

    fn concerns(&self) -> Concerns<'_> {
        Concerns::Signing {
            with: &self.sign_with,
            what: vec![Signs::Transaction(&self.transaction)],
        }
    }

    fn needs(&self) -> Needs {
        Needs::Signer(self.sign_with.clone())
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<SignTransactionResult, RequestError> {
        let signer = context.take_signer()?;
        let signed_transaction = transaction::sign(&self.transaction, &signer.key, context.rng)?;
        Ok(SignTransactionResult { signed_transaction })
    }
}

#[cfg(test)]
mod tests {
    use bitcoin::hashes::Hash;
    use bitcoin::psbt::Psbt;
    use bitcoin::secp256k1::{Message, Secp256k1};
    use bitcoin::sighash::{Prevouts, SighashCache, TapSighashType};
    use serde_json::{Value, json};

    use crate::activities::sign_raw_payload::tests::{check_vectors, is_right, keep_key, submit};
    use crate::engine::testing::World;
    use crate::wire::TurnkeyErrorCode;
    use crate::wire::enums::Curve;

    const V2: &str = "ACTIVITY_TYPE_SIGN_TRANSACTION_V2";
    const V1: &str = "ACTIVITY_TYPE_SIGN_TRANSACTION";
    const UNSIGNED: &str = "02f00180847735940085174876e8008252089470997970c51812dc3a010c7d01b50e0d17dc79c888016345785d8a000080c0";

    /// Whether a PSBT is what a row expects, except for its taproot signature, which no two times is the same, and
    /// whether that signature is one of the output's key over the whole (BIP-340, BIP-341).
    fn is_alike_but_for_a_valid_taproot_signature(case: &Value, signed: &Value) -> bool {
        let read = |answer: &Value| {
            let bytes = hex::decode(answer["signedTransaction"].as_str().unwrap()).unwrap();
            let mut psbt = Psbt::deserialize(&bytes).unwrap();
            let signature = psbt.inputs[0].tap_key_sig.take().unwrap().signature;
            (psbt, signature)
        };
        let ((expected, other), (psbt, signature)) = (read(&case["expect"]), read(signed));
        let spent = [psbt.inputs[0].witness_utxo.clone().unwrap()];
        let mut cache = SighashCache::new(&psbt.unsigned_tx);
        let digest = cache
            .taproot_key_spend_signature_hash(0, &Prevouts::All(&spent), TapSighashType::Default)
            .unwrap();
        let key = &spent[0].script_pubkey.as_bytes()[2..];
        let key = bitcoin::secp256k1::XOnlyPublicKey::from_slice(key).unwrap();
        let message = Message::from_digest(digest.to_byte_array());
        let verifies = |signature| {
            Secp256k1::verification_only().verify_schnorr(signature, &message, &key).is_ok()
        };
        assert!(verifies(&other), "the check itself fails");
        psbt == expected && verifies(&signature)
    }

    #[test]
    fn signs_the_vectors() {
        let checked = check_vectors("sign_transaction", V2, |case, signed| {
            if case["compare"] == "psbt-verify" {
                return is_alike_but_for_a_valid_taproot_signature(case, signed);
            }
            is_right(case, signed)
        });
        assert_eq!(checked, 87);
    }

    #[test]
    fn the_older_version_means_the_same_and_takes_ids_only() {
        let mut world = World::new();
        let id = keep_key(&mut world, Curve::Secp256k1, &"11".repeat(32)).to_string();
        let request = |member: &str, value: &str| {
            let kind = "TRANSACTION_TYPE_ETHEREUM";
            json!({ member: value, "unsignedTransaction": UNSIGNED, "type": kind })
        };
        let newer = submit(&mut world, V2, request("signWith", &id)).unwrap();
        let older = submit(&mut world, V1, request("privateKeyId", &id)).unwrap();
        assert_eq!(newer, older);
        submit(&mut world, V1, request("privateKeyId", "0x00")).unwrap_err();
    }

    #[test]
    fn types_that_are_none_have_their_own_refusal() {
        let mut world = World::new();
        let id = keep_key(&mut world, Curve::Secp256k1, &"11".repeat(32)).to_string();
        for kind in ["TRANSACTION_TYPE_UNSPECIFIED", ""] {
            let request = json!({ "signWith": id, "unsignedTransaction": UNSIGNED, "type": kind });
            let status = submit(&mut world, V2, request).unwrap_err().status();
            assert_eq!(status.http_status(), 400, "{kind}");
            let name = Some(TurnkeyErrorCode::UnsupportedTransactionType);
            assert_eq!(status.turnkey_error_code, name, "{kind}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_before_any_key_is_looked_for() {
        let mut world = World::new();
        let kind = "TRANSACTION_TYPE_ETHEREUM";
        let request = json!({ "signWith": "nobody", "unsignedTransaction": "02c1", "type": kind });
        let status = submit(&mut world, V2, request).unwrap_err().status();
        assert_eq!(status.turnkey_error_code, Some(TurnkeyErrorCode::InvalidTransaction));
    }
}
