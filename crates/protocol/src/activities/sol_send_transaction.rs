//! `SOL_SEND_TRANSACTION`: signs a transaction of Solana and sends it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::chains::solana_key,
    crate::engine::items::Concerns,
    crate::engine::sending::{Draft, SolanaDraft, SolanaSending, malformed},
    crate::engine::{Caller, Context, Needs},
    crate::parameters::SignWith,
    crate::transaction::SolanaTransaction,
    crate::wire::enums::{Action, Resource},
    crate::wire::id::PrivateKeyId,
    crate::wire::{RequestError, chain::ChainId},
    base64::Engine,
    base64::prelude::BASE64_STANDARD,
};

use crate::wire::InvalidRequest;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SolSendTransactionIntentV2 {
    /// The whole transaction with places for its signatures, hex or base64.
    pub unsigned_transaction: String,
    /// Addresses of wallet accounts or private keys, 1 to 16.
    pub sign_withs: Vec<String>,
    /// Whether somebody else pays the fee. Refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sponsor: Option<bool>,
    /// The chain.
    pub caip2: String,
    /// The hash of the block that the transaction is to name, in base58; when absent, the one that it names, or the
    /// latest where it names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recent_blockhash: Option<String>,
}

/// As it used to travel: one signer.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SolSendTransactionIntent {
    /// The whole transaction with places for its signatures, hex or base64.
    pub unsigned_transaction: String,
    /// Address of a wallet account or private key.
    pub sign_with: String,
    /// Whether somebody else pays the fee. Refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sponsor: Option<bool>,
    /// The chain.
    pub caip2: String,
    /// The hash of the block that the transaction is to name, in base58; when absent, the one that it names, or the
    /// latest where it names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recent_blockhash: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SolSendTransactionResult {
    /// What to ask for what became of it by.
    pub send_transaction_status_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct SolSendTransaction {
    #[cfg(feature = "engine")]
    sending: SolanaSending,
    #[cfg(feature = "engine")]
    is_sponsored: bool,
}

impl TryFrom<SolSendTransactionIntentV2> for SolSendTransaction {
    type Error = InvalidRequest;

    #[cfg(feature = "engine")]
    fn try_from(intent: SolSendTransactionIntentV2) -> Result<Self, InvalidRequest> {
        let wrong = |field: &'static str, rule: &'static str| {
            InvalidRequest::new(format!("invalid {field}: {rule}")).at(field, rule)
        };
        let chain = ChainId::parse(&intent.caip2)?;
        if !chain.is_solana() {
            return Err(wrong("caip2", "must be a chain of solana"));
        }
        if !(1..=16).contains(&intent.sign_withs.len()) {
            return Err(wrong("signWiths", "must be 1 to 16 addresses"));
        }
        if intent.sign_withs.iter().any(|with| with.parse::<PrivateKeyId>().is_ok()) {
            return Err(wrong("signWiths", "must be addresses"));
        }
        let text = intent.unsigned_transaction.trim();
        let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text))
            .or_else(|_| BASE64_STANDARD.decode(text))
            .map_err(|_| wrong("unsignedTransaction", "must be hexadecimal or base64"))?;
        let transaction = SolanaTransaction::parse(&bytes).map_err(|error| malformed(&error))?;
        let blockhash = intent.recent_blockhash.filter(|hash| !hash.is_empty());
        let blockhash = blockhash.map(|hash| {
            solana_key(&hash).ok_or_else(|| wrong("recentBlockhash", "must be 32 bytes in base58"))
        });
        let draft = SolanaDraft { chain, transaction, blockhash: blockhash.transpose()? };
        let with = intent.sign_withs.into_iter().map(SignWith::Address).collect();
        let sending = SolanaSending { draft, with, transaction: None };
        Ok(Self { sending, is_sponsored: intent.sponsor == Some(true) })
    }

    #[cfg(not(feature = "engine"))]
    fn try_from(_: SolSendTransactionIntentV2) -> Result<Self, InvalidRequest> {
        Ok(Self {})
    }
}

impl TryFrom<SolSendTransactionIntent> for SolSendTransaction {
    type Error = InvalidRequest;

    fn try_from(intent: SolSendTransactionIntent) -> Result<Self, InvalidRequest> {
        SolSendTransactionIntentV2 {
            unsigned_transaction: intent.unsigned_transaction,
            sign_withs: vec![intent.sign_with],
            sponsor: intent.sponsor,
            caip2: intent.caip2,
            recent_blockhash: intent.recent_blockhash,
        }
        .try_into()
    }
}

impl Activity for SolSendTransaction {
    const ROUTE: &'static str = "sol_send_transaction";
    const VERSIONS: &'static [Version<Self>] = &[
        Version::of::<SolSendTransactionIntentV2>(
            "ACTIVITY_TYPE_SOL_SEND_TRANSACTION_V2",
            "solSendTransactionIntentV2",
            "solSendTransactionResultV2",
        ),
        Version::of::<SolSendTransactionIntent>(
            "ACTIVITY_TYPE_SOL_SEND_TRANSACTION",
            "solSendTransactionIntent",
            "solSendTransactionResult",
        ),
    ];
    type Intent = SolSendTransactionIntentV2;
    type Output = SolSendTransactionResult;
}

#[cfg(feature = "engine")]
impl Execute for SolSendTransaction {
    const POLICY: Option<(Resource, Action)> = Some((Resource::PrivateKey, Action::Sign));

    fn concerns(&self) -> Concerns<'_> {
        self.sending.concerns()
    }

    fn draft(&self) -> Result<Option<Draft>, RequestError> {
        if self.is_sponsored {
            return Err(RequestError::NotConfigured("gas sponsorship"));
        }
        Ok(Some(Draft::Solana(self.sending.draft.clone())))
    }

    fn complete(&mut self, transaction: &str) -> Result<(), RequestError> {
        self.sending.complete(transaction)
    }

    fn needs(&self) -> Needs {
        Needs::Signers(self.sending.with.clone())
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<SolSendTransactionResult, RequestError> {
        let id = self.sending.send(context)?;
        Ok(SolSendTransactionResult { send_transaction_status_id: id.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::activities::create_wallet::tests::{account, wallet};
    use crate::engine::sending::{Sent, Submission};
    use crate::engine::testing::World;
    use crate::transaction::SolanaTransaction;
    use crate::wire::RequestError;

    const V2: &str = "ACTIVITY_TYPE_SOL_SEND_TRANSACTION_V2";
    const PATH: &str = "m/44'/501'/0'/0'";

    fn world() -> (World, String) {
        let mut world = World::new();
        let root = world.root();
        let accounts = [account("ED25519", PATH, "SOLANA")];
        let (_, addresses) = wallet(&mut world, &root, "first", &accounts);
        (world, addresses[0].clone())
    }

    /// A transfer of 5 lamports that names this block.
    fn transfer(from: &str, blockhash: [u8; 32]) -> String {
        let mut bytes = vec![1];
        bytes.extend([0; 64]);
        bytes.extend([1, 0, 1, 3]);
        bytes.extend(bs58::decode(from).into_vec().unwrap());
        bytes.extend([2; 32]);
        bytes.extend([0; 32]);
        bytes.extend(blockhash);
        bytes.extend([1, 2, 2, 0, 1, 12, 2, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0]);
        hex::encode(bytes)
    }

    fn submit(world: &mut World, request: Value) -> Result<SolanaTransaction, RequestError> {
        let (root, parent) = (world.root(), world.parent());
        let sent = world.submit(&root, parent, V2, request)?;
        let id = sent["sendTransactionStatusId"].as_str().unwrap().parse().unwrap();
        let kept = world.read_record::<Option<Submission>>(Submission::key(parent, id));
        let kept = kept.value.unwrap();
        let transaction = SolanaTransaction::parse(&hex::decode(&kept.signed).unwrap()).unwrap();
        let signature = bs58::encode(transaction.signatures()[0]).into_string();
        let blockhash = Some(transaction.recent_blockhash.clone());
        assert_eq!(kept.sent, Sent::Solana { signature, blockhash });
        Ok(transaction)
    }

    fn hash(byte: u8) -> String {
        bs58::encode([byte; 32]).into_string()
    }

    #[test]
    fn names_the_latest_block_where_none_is_named() {
        let (mut world, from) = world();
        for (named, asked, expected) in
            [(0, None, 1), (9, None, 9), (0, Some(7), 7), (9, Some(7), 7)]
        {
            let request = json!({
                "unsignedTransaction": transfer(&from, [named; 32]),
                "signWiths": [from],
                "caip2": "solana:devnet",
                "recentBlockhash": asked.map(hash),
            });
            assert_eq!(submit(&mut world, request).unwrap().recent_blockhash, hash(expected));
        }
    }

    #[test]
    fn what_it_does_not_send_is_told() {
        let (mut world, from) = world();
        let good = json!({
            "unsignedTransaction": transfer(&from, [0; 32]),
            "signWiths": [from],
            "caip2": "solana:mainnet",
        });
        for (member, value, code, text) in [
            ("sponsor", json!(true), 9, "gas sponsorship is not configured"),
            ("caip2", json!("eip155:1"), 3, "invalid caip2: must be a chain of solana"),
            ("signWiths", json!([]), 3, "invalid signWiths: must be 1 to 16 addresses"),
            (
                "signWiths",
                json!(["0195f0a0-0000-7000-8000-000000000000"]),
                3,
                "invalid signWiths: must be addresses",
            ),
            (
                "unsignedTransaction",
                json!("?"),
                3,
                "invalid unsignedTransaction: must be hexadecimal or base64",
            ),
            (
                "recentBlockhash",
                json!("0"),
                3,
                "invalid recentBlockhash: must be 32 bytes in base58",
            ),
        ] {
            let mut request = good.clone();
            request[member] = value;
            let refusal = submit(&mut world, request).unwrap_err();
            assert_eq!(refusal.to_string(), text);
            assert_eq!(refusal.status().code.numbers().0, code, "{text}");
        }
        let mut stranger = good.clone();
        stranger["signWiths"] = json!([hash(3)]);
        assert_eq!(submit(&mut world, stranger).unwrap_err().status().http_status(), 404);
        submit(&mut world, good).unwrap();
    }
}
