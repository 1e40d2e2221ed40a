//! Every keyword and field of the language, with its type. Source: policy language §7.

use crate::bindings::Keyword;
use crate::expression::Dialect;

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shape {
    Bool,
    Int,
    Text,
    Instant,
    /// Known only once it is read.
    Dynamic,
    List(&'static Shape),
    Map(&'static Shape),
    Struct(&'static Structure),
}

/// A struct: its fields, and names that mean one of them.
#[derive(Debug)]
pub(crate) struct Structure {
    pub(crate) name: &'static str,
    pub(crate) fields: &'static [(&'static str, Shape)],
    pub(crate) aliases: &'static [(&'static str, &'static str)],
}

impl PartialEq for Structure {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Structure {}

impl std::hash::Hash for Structure {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        std::ptr::hash(self, state);
    }
}

impl Structure {
    /// The field of this name, under its own name.
    pub(crate) fn field(&self, name: &str) -> Option<(&'static str, Shape)> {
        let alias = self.aliases.iter().find(|(alias, _)| *alias == name);
        let name = alias.map_or(name, |(_, meant)| meant);
        self.fields.iter().find(|(known, _)| *known == name).copied()
    }

    /// All names that mean something.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        let aliases = self.aliases.iter().map(|(alias, _)| *alias);
        self.fields.iter().map(|(name, _)| *name).chain(aliases)
    }
}

use Shape::{Bool, Dynamic, Instant, Int, List, Map, Struct, Text};

/// A keyword as it is written: what stands before the dot, if there is one, and what stands behind.
pub(crate) const KEYWORDS: &[(&str, Option<&str>, Keyword, Dialect, Shape)] = &[
    ("activity", None, Keyword::Activity, Dialect::Condition, Struct(&ACTIVITY)),
    ("wallet", None, Keyword::Wallet, Dialect::Condition, Struct(&WALLET)),
    ("wallets", None, Keyword::Wallets, Dialect::Condition, List(&Struct(&WALLET))),
    ("wallet_account", None, Keyword::WalletAccount, Dialect::Condition, Struct(&WALLET_ACCOUNT)),
    ("private_key", None, Keyword::PrivateKey, Dialect::Condition, Struct(&PRIVATE_KEY)),
    ("secret", None, Keyword::Secret, Dialect::Condition, Struct(&SECRET)),
    ("eth", Some("tx"), Keyword::EthTx, Dialect::Condition, Struct(&ETHEREUM_TRANSACTION)),
    ("eth", Some("eip_712"), Keyword::EthEip712, Dialect::Condition, Struct(&TYPED_DATA)),
    (
        "eth",
        Some("eip_7702_authorization"),
        Keyword::EthEip7702Authorization,
        Dialect::Condition,
        Struct(&AUTHORIZATION),
    ),
    ("solana", Some("tx"), Keyword::SolanaTx, Dialect::Condition, Struct(&SOLANA_TRANSACTION)),
    ("tron", Some("tx"), Keyword::TronTx, Dialect::Condition, Struct(&TRON_TRANSACTION)),
    ("bitcoin", Some("tx"), Keyword::BitcoinTx, Dialect::Condition, Struct(&BITCOIN_TRANSACTION)),
    ("tempo", Some("tx"), Keyword::TempoTx, Dialect::Condition, Struct(&TEMPO_TRANSACTION)),
    ("approvers", None, Keyword::Approvers, Dialect::Consensus, List(&Struct(&USER))),
    ("credentials", None, Keyword::Credentials, Dialect::Consensus, List(&Struct(&CREDENTIAL))),
    ("time", Some("now"), Keyword::TimeNow, Dialect::Time, Instant),
];

/// Declares structs; what stands in brackets are their aliases.
macro_rules! structures {
    ($($name:ident $wire:literal { $($field:literal: $shape:expr,)* } $([ $($alias:literal = $meant:literal),+ ])?)+) => {$(
        pub(crate) static $name: Structure = Structure {
            name: $wire,
            fields: &[$(($field, $shape),)*],
            aliases: &[$($(($alias, $meant)),+)?],
        };
    )+};
}

structures! {
    USER "User" {
        "id": Text,
        "tags": List(&Text),
        "email": Text,
        "alias": Text,
    }
    CREDENTIAL "Credential" {
        "id": Text,
        "user_id": Text,
        "type": Text,
        "credential_id": Text,
        "public_key": Text,
    }
    ACTIVITY "Activity" {
        "type": Text,
        "kind": Text,
        "resource": Text,
        "action": Text,
        "params": Struct(&PARAMS),
    }
    // What any activity exposes; one that does not have it gives an error when it is read. Source: policy
    // language §13 and, for Spark, §7.
    PARAMS "ActivityParams" {
        "hash_function": Text,
        "encoding": Text,
        "type": Text,
        "user_ids": List(&Text),
        "user_id": Text,
        "api_key_ids": List(&Text),
        "target_public_key": Text,
        "wallet_id": Text,
        "otp_length": Int,
        "session_profile_id": Text,
        "endpoint_id": Text,
        "sign_with": Text,
        "signatures": List(&Struct(&SPARK_SIGNATURE)),
        "transfer": Struct(&SPARK_TRANSFER),
        "claim": Struct(&SPARK_CLAIM),
        "lightning_receive": Struct(&SPARK_LIGHTNING_RECEIVE),
    }
    WALLET "Wallet" {
        "id": Text,
        "label": Text,
        "imported": Bool,
        "exported": Bool,
    }
    WALLET_ACCOUNT "WalletAccount" {
        "address": Text,
        "path_indexes": List(&Int),
        "path_hardened": List(&Bool),
        "wallet_id": Text,
        "curve": Text,
        "address_format": Text,
    }
    PRIVATE_KEY "PrivateKey" {
        "id": Text,
        "label": Text,
        "tags": List(&Text),
        "imported": Bool,
        "exported": Bool,
    }
    SECRET "Secret" {
        "static_properties": Map(&Text),
    }
    ETHEREUM_TRANSACTION "EthereumTransaction" {
        "from": Text,
        "to": Text,
        "data": Text,
        "value": Int,
        "gas": Int,
        "nonce": Int,
        "chain_id": Int,
        "gas_price": Int,
        "max_fee_per_gas": Int,
        "max_priority_fee_per_gas": Int,
        "max_fee_per_blob_gas": Int,
        "type": Text,
        "function_name": Text,
        "function_signature": Text,
        "contract_call_args": Map(&Dynamic),
    }
    TYPED_DATA "Eip712TypedData" {
        "primary_type": Text,
        "domain": Struct(&TYPED_DATA_DOMAIN),
        "message": Map(&Dynamic),
    }
    TYPED_DATA_DOMAIN "Eip712Domain" {
        "name": Text,
        "version": Text,
        "verifying_contract": Text,
        "chain_id": Int,
    }
    AUTHORIZATION "Eip7702Authorization" {
        "address": Text,
        "chain_id": Int,
        "nonce": Int,
    }
    SOLANA_TRANSACTION "SolanaTransaction" {
        "account_keys": List(&Text),
        "program_keys": List(&Text),
        "instructions": List(&Struct(&SOLANA_INSTRUCTION)),
        "transfers": List(&Struct(&SOLANA_TRANSFER)),
        "spl_transfers": List(&Struct(&SPL_TRANSFER)),
        "recent_blockhash": Text,
        "address_table_lookups": List(&Struct(&SOLANA_TABLE_LOOKUP)),
    } [
        "static_account_keys" = "account_keys",
        "top_level_program_keys" = "program_keys",
        "top_level_instructions" = "instructions"
    ]
    SOLANA_TABLE_LOOKUP "AddressTableLookup" {
        "address_table_key": Text,
        "writable_indexes": List(&Int),
        "readonly_indexes": List(&Int),
    }
    SOLANA_INSTRUCTION "SolanaInstruction" {
        "program_key": Text,
        "accounts": List(&Struct(&SOLANA_ACCOUNT)),
        "instruction_data_hex": Text,
        "address_table_lookups": List(&Struct(&SOLANA_TABLE_ACCOUNT)),
        "parsed_instruction_data": Struct(&SOLANA_PARSED_INSTRUCTION),
    }
    SOLANA_ACCOUNT "SolanaAccount" {
        "account_key": Text,
        "signer": Bool,
        "writable": Bool,
    }
    SOLANA_TABLE_ACCOUNT "TableAccount" {
        "address_table_key": Text,
        "index": Int,
        "writable": Bool,
    }
    SOLANA_PARSED_INSTRUCTION "ParsedInstruction" {
        "instruction_name": Text,
        "discriminator": Text,
        "named_accounts": Map(&Text),
        "program_call_args": Map(&Dynamic),
    }
    SOLANA_TRANSFER "SolanaTransfer" {
        "from": Text,
        "to": Text,
        "amount": Int,
    }
    SPL_TRANSFER "SplTransfer" {
        "from": Text,
        "to": Text,
        "amount": Int,
        "owner": Text,
        "signers": List(&Text),
        "token_mint": Text,
    }
    TRON_TRANSACTION "TronTransaction" {
        "ref_block_bytes": Text,
        "ref_block_hash": Text,
        "data": Text,
        "expiration": Int,
        "timestamp": Int,
        "fee_limit": Int,
        "contract": List(&Struct(&TRON_CONTRACT)),
    }
    // Of all types of contracts; one that does not have it gives an error when it is read.
    TRON_CONTRACT "TronContract" {
        "type": Text,
        "permission_id": Int,
        "owner_address": Text,
        "to_address": Text,
        "amount": Int,
        "contract_address": Text,
        "call_value": Int,
        "data": Text,
        "call_token_value": Int,
        "token_id": Int,
        "resource": Text,
        "balance": Int,
        "receiver_address": Text,
        "lock": Bool,
        "lock_period": Int,
        "frozen_balance": Int,
        "unfreeze_balance": Int,
        "owner": Struct(&TRON_PERMISSION),
        "witness": Struct(&TRON_PERMISSION),
        "actives": List(&Struct(&TRON_PERMISSION)),
    }
    TRON_PERMISSION "TronPermission" {
        "type": Text,
        "id": Int,
        "permission_name": Text,
        "threshold": Int,
        "parent_id": Int,
        "operations": Text,
        "keys": List(&Struct(&TRON_KEY)),
    }
    TRON_KEY "TronKey" {
        "address": Text,
        "weight": Int,
    }
    BITCOIN_TRANSACTION "BitcoinTransaction" {
        "version": Text,
        "inputs": List(&Struct(&BITCOIN_INPUT)),
        "outputs": List(&Struct(&BITCOIN_OUTPUT)),
        "locktime": Struct(&BITCOIN_LOCKTIME),
        "fee": Int,
    }
    BITCOIN_INPUT "BitcoinInput" {
        "tx_id": Text,
        "vout": Int,
        "sequence": Int,
    }
    BITCOIN_OUTPUT "BitcoinOutput" {
        "value": Int,
        "script_pubkey": Text,
        "address": Text,
        "address_type": Text,
    }
    BITCOIN_LOCKTIME "BitcoinLocktime" {
        "amount": Int,
        "type": Text,
    }
    TEMPO_TRANSACTION "TempoTransaction" {
        "chain_id": Int,
        "nonce": Int,
        "gas_limit": Int,
        "max_fee_per_gas": Int,
        "max_priority_fee_per_gas": Int,
        "from": Text,
        "fee_token": Text,
        "valid_before": Int,
        "valid_after": Int,
        "calls": List(&Struct(&TEMPO_CALL)),
    }
    TEMPO_CALL "TempoCall" {
        "to": Text,
        "input": Text,
        "function_signature": Text,
    }
    SPARK_SIGNATURE "SparkSignature" {
        "derivation": Struct(&SPARK_DERIVATION),
        "message": Text,
        "verifying_key": Text,
        "operator_commitments": List(&Struct(&SPARK_COMMITMENT)),
        "adaptor_public_key": Text,
    }
    SPARK_COMMITMENT "SparkOperatorCommitment" {
        "id": Text,
        "hiding": Text,
        "binding": Text,
    }
    SPARK_DERIVATION "SparkDerivation" {
        "type": Text,
        "signing_leaf": Struct(&SPARK_SIGNING_LEAF),
        "static_deposit": Struct(&SPARK_STATIC_DEPOSIT),
    }
    SPARK_SIGNING_LEAF "SparkSigningLeaf" {
        "leaf_id": Text,
    }
    SPARK_STATIC_DEPOSIT "SparkStaticDeposit" {
        "index": Int,
    }
    SPARK_TRANSFER "SparkTransfer" {
        "transfer_id": Text,
        "leaves": List(&Struct(&SPARK_TRANSFER_LEAF)),
        "threshold": Int,
        "operator_recipients": List(&Struct(&SPARK_OPERATOR_RECIPIENT)),
        "receiver_public_key": Text,
    }
    SPARK_TRANSFER_LEAF "SparkTransferLeaf" {
        "leaf_id": Text,
        "old_leaf_derivation": Struct(&SPARK_DERIVATION),
        "new_leaf_derivation": Struct(&SPARK_DERIVATION),
        "refund_signature": Text,
        "direct_refund_signature": Text,
        "direct_from_cpfp_refund_signature": Text,
    }
    SPARK_OPERATOR_RECIPIENT "SparkOperatorRecipient" {
        "operator_id": Text,
        "encryption_public_key": Text,
    }
    SPARK_CLAIM "SparkClaim" {
        "leaves": List(&Struct(&SPARK_CLAIM_LEAF)),
        "threshold": Int,
        "operator_recipients": List(&Struct(&SPARK_OPERATOR_RECIPIENT)),
        "transfer_id": Text,
        "sender_identity_public_key": Text,
    }
    SPARK_CLAIM_LEAF "SparkClaimLeaf" {
        "leaf_id": Text,
        "ciphertext": Text,
        "sender_signature": Text,
    }
    SPARK_LIGHTNING_RECEIVE "SparkLightningReceive" {
        "threshold": Int,
        "operator_recipients": List(&Struct(&SPARK_OPERATOR_RECIPIENT)),
    }
}
