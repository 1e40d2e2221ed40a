//! `ETH_SEND_TRANSACTION`: signs a transaction that the server completes, and sends it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::chains::{ethereum_address, ethereum_chain, hexadecimal, unsigned},
    crate::engine::items::Concerns,
    crate::engine::sending::{Draft, EthereumDraft, EthereumSending},
    crate::engine::{Caller, Context, Needs},
    crate::wire::enums::{Action, Resource},
    crate::wire::{RequestError, chain::ChainId},
};

use crate::wire::InvalidRequest;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EthSendTransactionIntentV2 {
    /// Address of a wallet account or private key.
    pub from: String,
    /// The chain.
    pub caip2: String,
    /// What is called, in order. More than one is refused.
    pub calls: Vec<EthCall>,
    /// Whether somebody else pays the fee. Refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sponsor: Option<bool>,
    /// How many transactions the account sent before, decimal; the server counts when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Most units of gas to use, decimal; the server estimates when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gas_limit: Option<String>,
    /// The most a unit of gas may cost, in wei, decimal; the server estimates when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_fee_per_gas: Option<String>,
    /// The part of that for the block's producer, in wei, decimal; the server estimates when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_priority_fee_per_gas: Option<String>,
    /// For sponsored transactions only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
    /// For sponsored transactions only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gas_station_nonce: Option<String>,
}

/// One call.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct EthCall {
    /// The receiver, `0x` and 40 digits.
    pub to: String,
    /// In wei, decimal; nothing when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Call data, `0x` hex; nothing when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

/// As it used to travel: one call.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EthSendTransactionIntent {
    /// Address of a wallet account or private key.
    pub from: String,
    /// Whether somebody else pays the fee. Refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sponsor: Option<bool>,
    /// The chain.
    pub caip2: String,
    /// The receiver, `0x` and 40 digits.
    pub to: String,
    /// In wei, decimal; nothing when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Call data, `0x` hex; nothing when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// How many transactions the account sent before, decimal; the server counts when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Most units of gas to use, decimal; the server estimates when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gas_limit: Option<String>,
    /// The most a unit of gas may cost, in wei, decimal; the server estimates when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_fee_per_gas: Option<String>,
    /// The part of that for the block's producer, in wei, decimal; the server estimates when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_priority_fee_per_gas: Option<String>,
    /// For sponsored transactions only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
    /// For sponsored transactions only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gas_station_nonce: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EthSendTransactionResult {
    /// What to ask for what became of it by.
    pub send_transaction_status_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct EthSendTransaction {
    #[cfg(feature = "engine")]
    sending: EthereumSending,
    /// What would be needed beside.
    #[cfg(feature = "engine")]
    lacks: Option<&'static str>,
}

impl TryFrom<EthSendTransactionIntentV2> for EthSendTransaction {
    type Error = InvalidRequest;

    fn try_from(intent: EthSendTransactionIntentV2) -> Result<Self, InvalidRequest> {
        if !(1..=50).contains(&intent.calls.len()) {
            let rule = "must be 1 to 50 calls";
            return Err(InvalidRequest::new(format!("invalid calls: {rule}")).at("calls", rule));
        }
        #[cfg(feature = "engine")]
        {
            let chain = ethereum_chain(&intent.caip2)?;
            let fees = Fees {
                nonce: intent.nonce,
                gas_limit: intent.gas_limit,
                max_fee_per_gas: intent.max_fee_per_gas,
                max_priority_fee_per_gas: intent.max_priority_fee_per_gas,
            };
            let lacks = if intent.sponsor == Some(true) {
                Some("gas sponsorship")
            } else if intent.calls.len() > 1 {
                Some("sending several calls in one transaction")
            } else {
                None
            };
            // All are read, for the refusal to be about the first thing that is wrong.
            let mut drafts = Vec::with_capacity(intent.calls.len());
            for call in &intent.calls {
                drafts.push(draft(chain.clone(), &intent.from, call, &fees)?);
            }
            let first = drafts.into_iter().next();
            let draft = first.ok_or_else(|| InvalidRequest::new("invalid calls: none"))?;
            Ok(Self { sending: EthereumSending::new(draft, intent.from), lacks })
        }
        #[cfg(not(feature = "engine"))]
        Ok(Self {})
    }
}

/// The members of both versions that the server fills in where they are absent.
#[cfg(feature = "engine")]
struct Fees {
    nonce: Option<String>,
    gas_limit: Option<String>,
    max_fee_per_gas: Option<String>,
    max_priority_fee_per_gas: Option<String>,
}

#[cfg(feature = "engine")]
fn draft(
    (chain, chain_id): (ChainId, u64),
    from: &str,
    call: &EthCall,
    fees: &Fees,
) -> Result<EthereumDraft, InvalidRequest> {
    Ok(EthereumDraft {
        chain,
        chain_id,
        from: ethereum_address("from", from)?,
        to: ethereum_address("to", &call.to)?,
        value: unsigned("value", call.value.as_deref())?.unwrap_or_default(),
        data: hexadecimal("data", call.data.as_deref())?,
        nonce: unsigned("nonce", fees.nonce.as_deref())?,
        gas_limit: unsigned("gasLimit", fees.gas_limit.as_deref())?,
        max_fee_per_gas: unsigned("maxFeePerGas", fees.max_fee_per_gas.as_deref())?,
        max_priority_fee_per_gas: unsigned(
            "maxPriorityFeePerGas",
            fees.max_priority_fee_per_gas.as_deref(),
        )?,
        undelegates: false,
    })
}

impl TryFrom<EthSendTransactionIntent> for EthSendTransaction {
    type Error = InvalidRequest;

    fn try_from(intent: EthSendTransactionIntent) -> Result<Self, InvalidRequest> {
        EthSendTransactionIntentV2 {
            from: intent.from,
            caip2: intent.caip2,
            calls: vec![EthCall { to: intent.to, value: intent.value, data: intent.data }],
            sponsor: intent.sponsor,
            nonce: intent.nonce,
            gas_limit: intent.gas_limit,
            max_fee_per_gas: intent.max_fee_per_gas,
            max_priority_fee_per_gas: intent.max_priority_fee_per_gas,
            deadline: intent.deadline,
            gas_station_nonce: intent.gas_station_nonce,
        }
        .try_into()
    }
}

impl Activity for EthSendTransaction {
    const ROUTE: &'static str = "eth_send_transaction";
    const VERSIONS: &'static [Version<Self>] = &[
        Version::of::<EthSendTransactionIntentV2>(
            "ACTIVITY_TYPE_ETH_SEND_TRANSACTION_V2",
            "ethSendTransactionIntentV2",
            "ethSendTransactionResultV2",
        ),
        Version::of::<EthSendTransactionIntent>(
            "ACTIVITY_TYPE_ETH_SEND_TRANSACTION",
            "ethSendTransactionIntent",
            "ethSendTransactionResult",
        ),
    ];
    type Intent = EthSendTransactionIntentV2;
    type Output = EthSendTransactionResult;
}

#[cfg(feature = "engine")]
impl Execute for EthSendTransaction {
    const POLICY: Option<(Resource, Action)> = Some((Resource::PrivateKey, Action::Sign));

    fn concerns(&self) -> Concerns<'_> {
        self.sending.concerns()
    }

    fn draft(&self) -> Result<Option<Draft>, RequestError> {
        match self.lacks {
            Some(lacks) => Err(RequestError::NotConfigured(lacks)),
            None => Ok(Some(Draft::Ethereum(self.sending.draft.clone()))),
        }
    }

    fn complete(&mut self, transaction: &str) -> Result<(), RequestError> {
        self.sending.complete(transaction)
    }

    fn needs(&self) -> Needs {
        self.sending.needs()
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<EthSendTransactionResult, RequestError> {
        let id = self.sending.send(context)?;
        Ok(EthSendTransactionResult { send_transaction_status_id: id.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::activities::create_wallet::tests::{ethereum, wallet};
    use crate::engine::message::Content;
    use crate::engine::sending::{Sent, Submission};
    use crate::engine::testing::World;
    use crate::transaction::EthereumTransaction;
    use crate::wire::RequestError;
    use crate::wire::sending::TxStatus;

    const V2: &str = "ACTIVITY_TYPE_ETH_SEND_TRANSACTION_V2";
    const V1: &str = "ACTIVITY_TYPE_ETH_SEND_TRANSACTION";
    const PAYEE: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

    /// A world with an account of Ethereum's.
    fn world() -> (World, String) {
        let mut world = World::new();
        let root = world.root();
        let (_, addresses) = wallet(&mut world, &root, "first", &[ethereum()]);
        (world, addresses[0].clone())
    }

    fn submit(world: &mut World, kind: &str, request: Value) -> Result<Value, RequestError> {
        let (root, parent) = (world.root(), world.parent());
        world.submit(&root, parent, kind, request)
    }

    fn send(world: &mut World, from: &str) -> Result<Submission, RequestError> {
        let call = json!({ "to": PAYEE, "value": "5" });
        let request = json!({ "from": from, "caip2": "eip155:1", "calls": [call] });
        let sent = submit(world, V2, request)?;
        Ok(kept(world, &sent))
    }

    fn kept(world: &World, sent: &Value) -> Submission {
        let id = sent["sendTransactionStatusId"].as_str().unwrap().parse().unwrap();
        let key = Submission::key(world.parent(), id);
        world.read_record::<Option<Submission>>(key).value.unwrap()
    }

    fn nonce(submission: &Submission) -> u64 {
        let Sent::Ethereum { nonce, .. } = submission.sent else { panic!("{submission:?}") };
        nonce
    }

    #[test]
    fn keeps_what_it_signs_and_has_it_sent() {
        let (mut world, from) = world();
        let kept = send(&mut world, &from).unwrap();
        let (transaction, sender) =
            EthereumTransaction::parse_signed(&hex::decode(&kept.signed).unwrap()).unwrap();
        assert_eq!(sender.to_checksum(None), from);
        assert_eq!((transaction.chain_id, transaction.nonce), (Some(1), 7));
        assert_eq!((kept.status, nonce(&kept)), (TxStatus::Initialized, 7));
        let [message] = world.messages.as_slice() else { panic!("one message") };
        assert!(matches!(message.content, Content::Transaction(id) if id == kept.id));
        let asked = json!({ "sendTransactionStatusId": kept.id.to_string() });
        let route = "get_send_transaction_status";
        let shown = world.query(&world.root(), world.parent(), route, asked).unwrap();
        let Sent::Ethereum { hash, .. } = kept.sent else { panic!() };
        assert_eq!(shown, json!({ "txStatus": "INITIALIZED", "eth": { "txHash": hash } }));
    }

    #[test]
    fn numbers_go_up_and_are_given_back() {
        let (mut world, from) = world();
        let numbers: Vec<u64> = (0..3).map(|_| nonce(&send(&mut world, &from).unwrap())).collect();
        assert_eq!(numbers, [7, 8, 9]);
        // One that the caller names is taken, whether or not it is free.
        let named =
            |nonce: &str| json!({ "from": from, "caip2": "eip155:1", "to": PAYEE, "nonce": nonce });
        for text in ["8", "10"] {
            let sent = submit(&mut world, V1, named(text)).unwrap();
            assert_eq!(nonce(&kept(&world, &sent)).to_string(), text);
        }
        assert_eq!(nonce(&send(&mut world, &from).unwrap()), 11);
        // Other chains count for themselves.
        let elsewhere = json!({ "from": from, "caip2": "eip155:10", "to": PAYEE });
        let sent = submit(&mut world, V1, elsewhere).unwrap();
        assert_eq!(nonce(&kept(&world, &sent)), 7);
    }

    #[test]
    fn there_is_an_end_to_what_is_under_way() {
        let (mut world, from) = world();
        for _ in 0..256 {
            send(&mut world, &from).unwrap();
        }
        let refusal = send(&mut world, &from).unwrap_err();
        assert_eq!(refusal.status().http_status(), 429, "{refusal}");
    }

    #[test]
    fn what_it_does_not_send_is_told() {
        let (mut world, from) = world();
        let call = json!({ "to": PAYEE });
        let asked = |changes: Value| {
            let mut request = json!({ "from": from, "caip2": "eip155:1", "calls": [call] });
            request.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            request
        };
        for (changes, code, text) in [
            (json!({ "sponsor": true }), 9, "gas sponsorship is not configured"),
            (
                json!({ "calls": [call, call] }),
                9,
                "sending several calls in one transaction is not configured",
            ),
            (json!({ "calls": [] }), 3, "invalid calls: must be 1 to 50 calls"),
            (json!({ "caip2": "solana:mainnet" }), 3, "invalid caip2: must be a chain of eip155"),
            (json!({ "from": "x" }), 3, "invalid from: must be 0x and 40 hexadecimal digits"),
            (
                json!({ "calls": [{ "to": "" }] }),
                3,
                "invalid to: must be 0x and 40 hexadecimal digits",
            ),
            (
                json!({ "calls": [{ "to": PAYEE, "value": "0x1" }] }),
                3,
                "invalid value: must be a whole number in decimal digits, and not too large",
            ),
            (
                json!({ "calls": [{ "to": PAYEE, "data": "0x0" }] }),
                3,
                "invalid data: must be hexadecimal",
            ),
            (
                json!({ "gasLimit": "18446744073709551616" }),
                3,
                "invalid gasLimit: must be a whole number in decimal digits, and not too large",
            ),
        ] {
            let refusal = submit(&mut world, V2, asked(changes)).unwrap_err();
            assert_eq!(refusal.to_string(), text);
            assert_eq!(refusal.status().code.numbers().0, code, "{text}");
        }
        let stranger = submit(&mut world, V2, asked(json!({ "from": PAYEE }))).unwrap_err();
        assert_eq!(stranger.status().http_status(), 404);
    }
}
