//! The protocol's enumerations, under their own names.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// Declares enums whose variants travel as the upper-case names given beside them. Another name is refused
/// as `invalid …`, with the words given for the whole.
macro_rules! wire_enums {
    ($($(#[$doc:meta])* $name:ident, $what:literal { $($variant:ident = $wire:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
        #[expect(missing_docs, reason = "the names are the protocol's own")]
        pub enum $name {
            $(#[serde(rename = $wire)] $variant,)+
        }

        impl $name {
            /// Every value, in the protocol's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name that travels.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $wire,)+
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                let mut all = Self::ALL.iter().copied();
                all.find(|value| value.as_str() == text)
                    .ok_or_else(|| D::Error::custom(concat!("invalid ", $what)))
            }
        }
    )+};
}

wire_enums! {
    /// What policies say an activity does: `activity.action`. Source: policy language §13.
    Action, "action" {
        Create = "CREATE",
        Update = "UPDATE",
        Delete = "DELETE",
        Sign = "SIGN",
        Export = "EXPORT",
        Import = "IMPORT",
        Verify = "VERIFY",
        Encrypt = "ENCRYPT",
    }
    /// What policies say an activity is about: `activity.resource`. Source: policy language §13.
    Resource, "resource" {
        Auth = "AUTH",
        AuthProxy = "AUTH_PROXY",
        Config = "CONFIG",
        Credential = "CREDENTIAL",
        FiatTransaction = "FIAT_TRANSACTION",
        Invitation = "INVITATION",
        MfaPolicy = "MFA_POLICY",
        OnRampCredentials = "ON_RAMP_CREDENTIALS",
        Organization = "ORGANIZATION",
        Otp = "OTP",
        PaymentMethod = "PAYMENT_METHOD",
        Policy = "POLICY",
        PrivateKey = "PRIVATE_KEY",
        Recovery = "RECOVERY",
        Secret = "SECRET",
        SessionProfile = "SESSION_PROFILE",
        SmartContractInterface = "SMART_CONTRACT_INTERFACE",
        Sponsorship = "SPONSORSHIP",
        Subscription = "SUBSCRIPTION",
        TvcApp = "TVC_APP",
        TvcDeployment = "TVC_DEPLOYMENT",
        TvcOperator = "TVC_OPERATOR",
        TvcQuorumKey = "TVC_QUORUM_KEY",
        User = "USER",
        Wallet = "WALLET",
        WebhookEndpoint = "WEBHOOK_ENDPOINT",
    }
    /// What a policy does where it matches.
    Effect, "effect" {
        Allow = "EFFECT_ALLOW",
        Deny = "EFFECT_DENY",
    }
    /// What is to become of a request.
    Verdict, "verdict" {
        Allow = "VERDICT_ALLOW",
        Wait = "VERDICT_WAIT",
        Deny = "VERDICT_DENY",
    }
    /// Where a user stands with an MFA policy.
    MfaStandingName, "MFA standing" {
        Satisfied = "MFA_STANDING_SATISFIED",
        Open = "MFA_STANDING_OPEN",
        Blocked = "MFA_STANDING_BLOCKED",
    }
    /// Whether something can be done.
    Possibility, "possibility" {
        Yes = "POSSIBILITY_YES",
        No = "POSSIBILITY_NO",
        Unknown = "POSSIBILITY_UNKNOWN",
    }
    /// Against what drafts are tried.
    ReplayMode, "replay mode" {
        Add = "REPLAY_MODE_ADD",
        Replace = "REPLAY_MODE_REPLACE",
    }
    /// What became of a policy in a decision.
    Outcome, "outcome" {
        Allow = "OUTCOME_ALLOW",
        DenyExplicit = "OUTCOME_DENY_EXPLICIT",
        DenyImplicit = "OUTCOME_DENY_IMPLICIT",
        RequiresConsensus = "OUTCOME_REQUIRES_CONSENSUS",
        Rejected = "OUTCOME_REJECTED",
        Error = "OUTCOME_ERROR",
        RequiresAuthenticators = "OUTCOME_REQUIRES_AUTHENTICATORS",
        TimeInactive = "OUTCOME_TIME_INACTIVE",
    }
    /// The chain whose contracts an interface is for.
    SmartContractInterfaceType, "smart contract interface type" {
        Ethereum = "SMART_CONTRACT_INTERFACE_TYPE_ETHEREUM",
        Solana = "SMART_CONTRACT_INTERFACE_TYPE_SOLANA",
    }
    /// The word list of a mnemonic. Source: BIP-39.
    MnemonicLanguage, "mnemonic language" {
        English = "MNEMONIC_LANGUAGE_ENGLISH",
        SimplifiedChinese = "MNEMONIC_LANGUAGE_SIMPLIFIED_CHINESE",
        TraditionalChinese = "MNEMONIC_LANGUAGE_TRADITIONAL_CHINESE",
        Czech = "MNEMONIC_LANGUAGE_CZECH",
        French = "MNEMONIC_LANGUAGE_FRENCH",
        Italian = "MNEMONIC_LANGUAGE_ITALIAN",
        Japanese = "MNEMONIC_LANGUAGE_JAPANESE",
        Korean = "MNEMONIC_LANGUAGE_KOREAN",
        Spanish = "MNEMONIC_LANGUAGE_SPANISH",
    }
    /// How secrets are sealed on their way.
    TransportEncryptionSuite, "encryption suite" {
        EnclaveEncryptV1 = "TRANSPORT_ENCRYPTION_SUITE_ENCLAVE_ENCRYPT_V1",
    }
    /// What became of an invitation.
    InvitationStatus, "invitation status" {
        Created = "INVITATION_STATUS_CREATED",
        Accepted = "INVITATION_STATUS_ACCEPTED",
        Revoked = "INVITATION_STATUS_REVOKED",
    }
    /// How a user of the oldest kind, or who is invited, may come in; kept and not used.
    AccessType, "access type" {
        Web = "ACCESS_TYPE_WEB",
        Api = "ACCESS_TYPE_API",
        All = "ACCESS_TYPE_ALL",
    }
    /// How somebody proved who they are.
    AuthenticationType, "authentication type" {
        Passkey = "AUTHENTICATION_TYPE_PASSKEY",
        ApiKey = "AUTHENTICATION_TYPE_API_KEY",
        Session = "AUTHENTICATION_TYPE_SESSION",
        EmailOtp = "AUTHENTICATION_TYPE_EMAIL_OTP",
        SmsOtp = "AUTHENTICATION_TYPE_SMS_OTP",
        Oauth = "AUTHENTICATION_TYPE_OAUTH",
        Wallet = "AUTHENTICATION_TYPE_WALLET",
        Email = "AUTHENTICATION_TYPE_EMAIL",
    }
    /// Where an activity stands.
    ActivityStatus, "activity status" {
        Created = "ACTIVITY_STATUS_CREATED",
        Pending = "ACTIVITY_STATUS_PENDING",
        Completed = "ACTIVITY_STATUS_COMPLETED",
        Failed = "ACTIVITY_STATUS_FAILED",
        ConsensusNeeded = "ACTIVITY_STATUS_CONSENSUS_NEEDED",
        Rejected = "ACTIVITY_STATUS_REJECTED",
        AuthenticatorsNeeded = "ACTIVITY_STATUS_AUTHENTICATORS_NEEDED",
    }
    /// How a public key is written as an address.
    AddressFormat, "address format" {
        Uncompressed = "ADDRESS_FORMAT_UNCOMPRESSED",
        Compressed = "ADDRESS_FORMAT_COMPRESSED",
        Ethereum = "ADDRESS_FORMAT_ETHEREUM",
        Solana = "ADDRESS_FORMAT_SOLANA",
        Cosmos = "ADDRESS_FORMAT_COSMOS",
        Tron = "ADDRESS_FORMAT_TRON",
        Sui = "ADDRESS_FORMAT_SUI",
        Aptos = "ADDRESS_FORMAT_APTOS",
        BitcoinMainnetP2pkh = "ADDRESS_FORMAT_BITCOIN_MAINNET_P2PKH",
        BitcoinMainnetP2sh = "ADDRESS_FORMAT_BITCOIN_MAINNET_P2SH",
        BitcoinMainnetP2wpkh = "ADDRESS_FORMAT_BITCOIN_MAINNET_P2WPKH",
        BitcoinMainnetP2wsh = "ADDRESS_FORMAT_BITCOIN_MAINNET_P2WSH",
        BitcoinMainnetP2tr = "ADDRESS_FORMAT_BITCOIN_MAINNET_P2TR",
        BitcoinTestnetP2pkh = "ADDRESS_FORMAT_BITCOIN_TESTNET_P2PKH",
        BitcoinTestnetP2sh = "ADDRESS_FORMAT_BITCOIN_TESTNET_P2SH",
        BitcoinTestnetP2wpkh = "ADDRESS_FORMAT_BITCOIN_TESTNET_P2WPKH",
        BitcoinTestnetP2wsh = "ADDRESS_FORMAT_BITCOIN_TESTNET_P2WSH",
        BitcoinTestnetP2tr = "ADDRESS_FORMAT_BITCOIN_TESTNET_P2TR",
        BitcoinSignetP2pkh = "ADDRESS_FORMAT_BITCOIN_SIGNET_P2PKH",
        BitcoinSignetP2sh = "ADDRESS_FORMAT_BITCOIN_SIGNET_P2SH",
        BitcoinSignetP2wpkh = "ADDRESS_FORMAT_BITCOIN_SIGNET_P2WPKH",
        BitcoinSignetP2wsh = "ADDRESS_FORMAT_BITCOIN_SIGNET_P2WSH",
        BitcoinSignetP2tr = "ADDRESS_FORMAT_BITCOIN_SIGNET_P2TR",
        BitcoinRegtestP2pkh = "ADDRESS_FORMAT_BITCOIN_REGTEST_P2PKH",
        BitcoinRegtestP2sh = "ADDRESS_FORMAT_BITCOIN_REGTEST_P2SH",
        BitcoinRegtestP2wpkh = "ADDRESS_FORMAT_BITCOIN_REGTEST_P2WPKH",
        BitcoinRegtestP2wsh = "ADDRESS_FORMAT_BITCOIN_REGTEST_P2WSH",
        BitcoinRegtestP2tr = "ADDRESS_FORMAT_BITCOIN_REGTEST_P2TR",
        Sei = "ADDRESS_FORMAT_SEI",
        Xlm = "ADDRESS_FORMAT_XLM",
        DogeMainnet = "ADDRESS_FORMAT_DOGE_MAINNET",
        DogeTestnet = "ADDRESS_FORMAT_DOGE_TESTNET",
        TonV3r2 = "ADDRESS_FORMAT_TON_V3R2",
        TonV4r2 = "ADDRESS_FORMAT_TON_V4R2",
        TonV5r1 = "ADDRESS_FORMAT_TON_V5R1",
        Xrp = "ADDRESS_FORMAT_XRP",
        SparkMainnet = "ADDRESS_FORMAT_SPARK_MAINNET",
        SparkRegtest = "ADDRESS_FORMAT_SPARK_REGTEST",
    }
    /// Curve of a registered API key.
    ApiKeyCurve, "curve type" {
        P256 = "API_KEY_CURVE_P256",
        Secp256k1 = "API_KEY_CURVE_SECP256K1",
        Ed25519 = "API_KEY_CURVE_ED25519",
    }
    /// How a browser reaches an authenticator (WebAuthn §5.8.4).
    AuthenticatorTransport, "authenticator transport" {
        Ble = "AUTHENTICATOR_TRANSPORT_BLE",
        Internal = "AUTHENTICATOR_TRANSPORT_INTERNAL",
        Nfc = "AUTHENTICATOR_TRANSPORT_NFC",
        Usb = "AUTHENTICATOR_TRANSPORT_USB",
        Hybrid = "AUTHENTICATOR_TRANSPORT_HYBRID",
    }
    /// What a credential is and which activity made it.
    CredentialType, "credential type" {
        WebauthnAuthenticator = "CREDENTIAL_TYPE_WEBAUTHN_AUTHENTICATOR",
        ApiKeyP256 = "CREDENTIAL_TYPE_API_KEY_P256",
        RecoverUserKeyP256 = "CREDENTIAL_TYPE_RECOVER_USER_KEY_P256",
        ApiKeySecp256k1 = "CREDENTIAL_TYPE_API_KEY_SECP256K1",
        EmailAuthKeyP256 = "CREDENTIAL_TYPE_EMAIL_AUTH_KEY_P256",
        ApiKeyEd25519 = "CREDENTIAL_TYPE_API_KEY_ED25519",
        OtpAuthKeyP256 = "CREDENTIAL_TYPE_OTP_AUTH_KEY_P256",
        ReadWriteSessionKeyP256 = "CREDENTIAL_TYPE_READ_WRITE_SESSION_KEY_P256",
        OauthKeyP256 = "CREDENTIAL_TYPE_OAUTH_KEY_P256",
        Login = "CREDENTIAL_TYPE_LOGIN",
    }
    /// Curve of a wallet account or private key.
    Curve, "curve" {
        Secp256k1 = "CURVE_SECP256K1",
        Ed25519 = "CURVE_ED25519",
        P256 = "CURVE_P256",
    }
    /// A switch of an organization.
    FeatureName, "feature name" {
        RootUserEmailRecovery = "FEATURE_NAME_ROOT_USER_EMAIL_RECOVERY",
        WebauthnOrigins = "FEATURE_NAME_WEBAUTHN_ORIGINS",
        EmailAuth = "FEATURE_NAME_EMAIL_AUTH",
        EmailRecovery = "FEATURE_NAME_EMAIL_RECOVERY",
        Webhook = "FEATURE_NAME_WEBHOOK",
        SmsAuth = "FEATURE_NAME_SMS_AUTH",
        OtpEmailAuth = "FEATURE_NAME_OTP_EMAIL_AUTH",
        AuthProxy = "FEATURE_NAME_AUTH_PROXY",
        SolanaRentPrefundEnabled = "FEATURE_NAME_SOLANA_RENT_PREFUND_ENABLED",
        SwapConfig = "FEATURE_NAME_SWAP_CONFIG",
        EarnConfig = "FEATURE_NAME_EARN_CONFIG",
    }
    /// An OAuth 2.0 provider that gives no ID tokens.
    Oauth2Provider, "oauth2 provider" {
        X = "OAUTH2_PROVIDER_X",
        Discord = "OAUTH2_PROVIDER_DISCORD",
    }
    /// What is done to a payload before it is signed.
    HashFunction, "hash function" {
        NoOp = "HASH_FUNCTION_NO_OP",
        Sha256 = "HASH_FUNCTION_SHA256",
        Keccak256 = "HASH_FUNCTION_KECCAK256",
        NotApplicable = "HASH_FUNCTION_NOT_APPLICABLE",
    }
    /// How a one-time code reaches somebody.
    OtpType, "otp type" {
        Sms = "OTP_TYPE_SMS",
        Email = "OTP_TYPE_EMAIL",
    }
    /// How a derivation path is written.
    PathFormat, "path format" {
        Bip32 = "PATH_FORMAT_BIP32",
    }
    /// How the text of a payload stands for bytes.
    PayloadEncoding, "payload encoding" {
        Hexadecimal = "PAYLOAD_ENCODING_HEXADECIMAL",
        TextUtf8 = "PAYLOAD_ENCODING_TEXT_UTF8",
        Eip712 = "PAYLOAD_ENCODING_EIP712",
        Eip7702Authorization = "PAYLOAD_ENCODING_EIP7702_AUTHORIZATION",
    }
    /// What happened to a session.
    SessionEventType, "session event type" {
        Opened = "SESSION_EVENT_OPENED",
        Refreshed = "SESSION_EVENT_REFRESHED",
        Evicted = "SESSION_EVENT_EVICTED",
        Revoked = "SESSION_EVENT_REVOKED",
    }
    /// What a session may do.
    SessionType, "session type" {
        ReadOnly = "SESSION_TYPE_READ_ONLY",
        ReadWrite = "SESSION_TYPE_READ_WRITE",
    }
    /// What a tag is put on.
    TagType, "tag type" {
        User = "TAG_TYPE_USER",
        PrivateKey = "TAG_TYPE_PRIVATE_KEY",
    }
    /// The chain an unsigned transaction is for.
    TransactionType, "transaction type" {
        Ethereum = "TRANSACTION_TYPE_ETHEREUM",
        Solana = "TRANSACTION_TYPE_SOLANA",
        Tron = "TRANSACTION_TYPE_TRON",
        Bitcoin = "TRANSACTION_TYPE_BITCOIN",
        Tempo = "TRANSACTION_TYPE_TEMPO",
    }
    /// For or against.
    VoteSelection, "vote selection" {
        Approved = "VOTE_SELECTION_APPROVED",
        Rejected = "VOTE_SELECTION_REJECTED",
    }
    /// Where a delivery to a webhook endpoint stands.
    WebhookDeliveryStatus, "webhook delivery status" {
        Pending = "WEBHOOK_DELIVERY_STATUS_PENDING",
        Delivered = "WEBHOOK_DELIVERY_STATUS_DELIVERED",
        Failed = "WEBHOOK_DELIVERY_STATUS_FAILED",
    }
    /// What webhooks are told of.
    WebhookEventType, "webhook event type" {
        ActivityUpdates = "ACTIVITY_UPDATES",
        BalanceConfirmedUpdates = "BALANCE_CONFIRMED_UPDATES",
        BalanceFinalizedUpdates = "BALANCE_FINALIZED_UPDATES",
        SendTransactionStatusUpdates = "SEND_TRANSACTION_STATUS_UPDATES",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_read_as_it_is_written() {
        for &format in AddressFormat::ALL {
            let text = serde_json::to_string(&format).unwrap();
            assert_eq!(text, format!("\"{}\"", format.as_str()));
            assert_eq!(serde_json::from_str::<AddressFormat>(&text).unwrap(), format);
        }
    }

    #[test]
    fn another_name_is_refused_in_the_documented_words() {
        for bad in ["\"CURVE_UNSPECIFIED\"", "\"\"", "\"curve_p256\""] {
            let refusal = serde_json::from_str::<Curve>(bad).unwrap_err().to_string();
            assert!(refusal.starts_with("invalid curve"), "{refusal}");
        }
        let refusal = serde_json::from_str::<PathFormat>("\"X\"").unwrap_err().to_string();
        assert!(refusal.starts_with("invalid path format"), "{refusal}");
        assert!(serde_json::from_str::<Curve>("1").is_err());
    }
}
