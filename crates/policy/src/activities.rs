//! The activities of the protocol and our own, and what `activity` reads for each. Source: policy language §13.

use crate::bindings::Keyword;

/// A type of activity as policies see it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ActivityType {
    /// `ACTIVITY_TYPE_…`.
    pub name: &'static str,
    /// Its name without a version; `None` where no policy can allow it.
    pub kind: Option<&'static str>,
    /// What it is about; `None` for votes and what is not judged by policies.
    pub resource: Option<&'static str>,
    /// What it does to it.
    pub action: Option<&'static str>,
}

impl ActivityType {
    /// The type of this name, `ACTIVITY_TYPE_…`.
    pub fn named(name: &str) -> Option<&'static Self> {
        ACTIVITY_TYPES.iter().find(|activity| activity.name == name)
    }

    /// Whether only the root quorum may do it.
    pub fn is_reserved(&self) -> bool {
        self.kind.is_none() && self.resource.is_some()
    }

    /// What its requests bind beside `activity`: one list for each form a request can have.
    pub fn forms(&self) -> Vec<Vec<Keyword>> {
        use Keyword::{
            BitcoinTx, EthEip712, EthEip7702Authorization, EthTx, PrivateKey, Secret, SolanaTx,
            TempoTx, TronTx, Wallet, WalletAccount, Wallets,
        };
        let signing = |subjects: &[Option<Keyword>]| -> Vec<Vec<Keyword>> {
            let signers: [&[Keyword]; 2] = [&[Wallet, WalletAccount], &[PrivateKey]];
            let form = |signer: &[Keyword], subject: Option<Keyword>| {
                signer.iter().copied().chain(subject).collect()
            };
            subjects
                .iter()
                .flat_map(|subject| signers.map(|signer| form(signer, *subject)))
                .collect()
        };
        match self.kind.unwrap_or_default() {
            "SIGN_TRANSACTION" => signing(&[
                Some(EthTx),
                Some(SolanaTx),
                Some(TronTx),
                Some(BitcoinTx),
                Some(TempoTx),
            ]),
            "SIGN_RAW_PAYLOAD" | "SIGN_RAW_PAYLOADS" => {
                signing(&[None, Some(EthEip712), Some(EthEip7702Authorization)])
            }
            "ETH_SEND_TRANSACTION" | "ETH_SEND_RAW_TRANSACTION" | "ETH_UNDELEGATE_7702" => {
                signing(&[Some(EthTx)])
            }
            "SOL_SEND_TRANSACTION" => signing(&[Some(SolanaTx)]),
            "EXPORT_WALLET" | "CREATE_WALLET_ACCOUNTS" | "UPDATE_WALLET" => vec![vec![Wallet]],
            "EXPORT_WALLET_ACCOUNT" => vec![vec![Wallet, WalletAccount]],
            "DELETE_WALLETS" | "DELETE_WALLET_ACCOUNTS" => vec![vec![Wallets]],
            "EXPORT_PRIVATE_KEY" | "DISABLE_PRIVATE_KEY" => vec![vec![PrivateKey]],
            "EXPORT_SECRETS" => vec![vec![Secret]],
            _ if self.action == Some("SIGN") => signing(&[None]),
            _ => vec![Vec::new()],
        }
    }

    /// The fields of `activity.params` that its requests have.
    pub fn params(&self) -> &'static [&'static str] {
        match self.kind.unwrap_or_default() {
            "SIGN_RAW_PAYLOAD" | "SIGN_RAW_PAYLOADS" => &["hash_function", "encoding"],
            "SIGN_TRANSACTION" => &["type"],
            "DELETE_USERS" => &["user_ids"],
            "CREATE_API_KEYS" => &["user_id"],
            "DELETE_API_KEYS" => &["user_id", "api_key_ids"],
            "EXPORT_WALLET" | "EXPORT_WALLET_ACCOUNT" | "EXPORT_PRIVATE_KEY" => {
                &["target_public_key"]
            }
            "UPDATE_WALLET" => &["wallet_id"],
            "INIT_OTP_AUTH" if self.name != "ACTIVITY_TYPE_INIT_OTP_AUTH" => &["otp_length"],
            "OTP_LOGIN" | "STAMP_LOGIN" | "OAUTH_LOGIN" => &["session_profile_id"],
            "UPDATE_WEBHOOK_ENDPOINT" | "DELETE_WEBHOOK_ENDPOINT" => &["endpoint_id"],
            "SPARK_SIGN_FROST" => &["sign_with", "signatures"],
            "SPARK_PREPARE_TRANSFER" => &["sign_with", "transfer"],
            "SPARK_CLAIM_TRANSFER" => &["sign_with", "claim"],
            "SPARK_PREPARE_LIGHTNING_RECEIVE" => &["sign_with", "lightning_receive"],
            _ => &[],
        }
    }

    /// Whether its subject are credentials, of which users manage their own without a policy.
    pub fn is_credential_management(&self) -> bool {
        matches!(
            self.kind,
            Some(
                "CREATE_API_KEYS"
                    | "CREATE_AUTHENTICATORS"
                    | "CREATE_OAUTH_PROVIDERS"
                    | "DELETE_API_KEYS"
                    | "DELETE_AUTHENTICATORS"
                    | "DELETE_OAUTH_PROVIDERS"
            )
        )
    }
}

const fn row(
    resource: &'static str,
    action: &'static str,
    name: &'static str,
    kind: &'static str,
) -> ActivityType {
    ActivityType { name, kind: Some(kind), resource: Some(resource), action: Some(action) }
}

const fn reserved(name: &'static str) -> ActivityType {
    ActivityType { name, kind: None, resource: Some("ORGANIZATION"), action: Some("UPDATE") }
}

const fn unjudged(name: &'static str) -> ActivityType {
    ActivityType { name, kind: None, resource: None, action: None }
}

/// All of them.
pub static ACTIVITY_TYPES: &[ActivityType] = &[
    row("AUTH", "CREATE", "ACTIVITY_TYPE_CREATE_OAUTH2_CREDENTIAL", "CREATE_OAUTH2_CREDENTIAL"),
    row("AUTH", "CREATE", "ACTIVITY_TYPE_CREATE_READ_ONLY_SESSION", "CREATE_READ_ONLY_SESSION"),
    row("AUTH", "CREATE", "ACTIVITY_TYPE_CREATE_READ_WRITE_SESSION", "CREATE_READ_WRITE_SESSION"),
    row(
        "AUTH",
        "CREATE",
        "ACTIVITY_TYPE_CREATE_READ_WRITE_SESSION_V2",
        "CREATE_READ_WRITE_SESSION",
    ),
    row("AUTH", "CREATE", "ACTIVITY_TYPE_EMAIL_AUTH", "EMAIL_AUTH"),
    row("AUTH", "CREATE", "ACTIVITY_TYPE_EMAIL_AUTH_V2", "EMAIL_AUTH"),
    row("AUTH", "CREATE", "ACTIVITY_TYPE_EMAIL_AUTH_V3", "EMAIL_AUTH"),
    row("AUTH", "CREATE", "ACTIVITY_TYPE_INIT_OTP_AUTH", "INIT_OTP_AUTH"),
    row("AUTH", "CREATE", "ACTIVITY_TYPE_INIT_OTP_AUTH_V2", "INIT_OTP_AUTH"),
    row("AUTH", "CREATE", "ACTIVITY_TYPE_INIT_OTP_AUTH_V3", "INIT_OTP_AUTH"),
    row("AUTH", "CREATE", "ACTIVITY_TYPE_OAUTH", "OAUTH"),
    row("AUTH", "CREATE", "ACTIVITY_TYPE_OAUTH2_AUTHENTICATE", "OAUTH2_AUTHENTICATE"),
    row("AUTH", "CREATE", "ACTIVITY_TYPE_OAUTH_LOGIN", "OAUTH_LOGIN"),
    row("AUTH", "CREATE", "ACTIVITY_TYPE_OTP_AUTH", "OTP_AUTH"),
    row("AUTH", "CREATE", "ACTIVITY_TYPE_OTP_LOGIN", "OTP_LOGIN"),
    row("AUTH", "CREATE", "ACTIVITY_TYPE_OTP_LOGIN_V2", "OTP_LOGIN"),
    row("AUTH", "CREATE", "ACTIVITY_TYPE_STAMP_LOGIN", "STAMP_LOGIN"),
    row("AUTH", "UPDATE", "ACTIVITY_TYPE_UPDATE_OAUTH2_CREDENTIAL", "UPDATE_OAUTH2_CREDENTIAL"),
    row("AUTH", "DELETE", "ACTIVITY_TYPE_DELETE_OAUTH2_CREDENTIAL", "DELETE_OAUTH2_CREDENTIAL"),
    row("AUTH_PROXY", "CREATE", "ACTIVITY_TYPE_ENABLE_AUTH_PROXY", "ENABLE_AUTH_PROXY"),
    row(
        "AUTH_PROXY",
        "UPDATE",
        "ACTIVITY_TYPE_UPDATE_AUTH_PROXY_CONFIG",
        "UPDATE_AUTH_PROXY_CONFIG",
    ),
    row("AUTH_PROXY", "DELETE", "ACTIVITY_TYPE_DISABLE_AUTH_PROXY", "DISABLE_AUTH_PROXY"),
    row("CONFIG", "UPDATE", "ACTIVITY_TYPE_UPDATE_ALLOWED_ORIGINS", "UPDATE_ALLOWED_ORIGINS"),
    row("CONFIG", "UPDATE", "ACTIVITY_TYPE_UPSERT_SWAP_CONFIG", "UPSERT_SWAP_CONFIG"),
    row("CREDENTIAL", "CREATE", "ACTIVITY_TYPE_CREATE_API_KEYS", "CREATE_API_KEYS"),
    row("CREDENTIAL", "CREATE", "ACTIVITY_TYPE_CREATE_API_KEYS_V2", "CREATE_API_KEYS"),
    row("CREDENTIAL", "CREATE", "ACTIVITY_TYPE_CREATE_AUTHENTICATORS", "CREATE_AUTHENTICATORS"),
    row("CREDENTIAL", "CREATE", "ACTIVITY_TYPE_CREATE_AUTHENTICATORS_V2", "CREATE_AUTHENTICATORS"),
    row("CREDENTIAL", "CREATE", "ACTIVITY_TYPE_CREATE_OAUTH_PROVIDERS", "CREATE_OAUTH_PROVIDERS"),
    row(
        "CREDENTIAL",
        "CREATE",
        "ACTIVITY_TYPE_CREATE_OAUTH_PROVIDERS_V2",
        "CREATE_OAUTH_PROVIDERS",
    ),
    row("CREDENTIAL", "DELETE", "ACTIVITY_TYPE_DELETE_API_KEYS", "DELETE_API_KEYS"),
    row("CREDENTIAL", "DELETE", "ACTIVITY_TYPE_DELETE_AUTHENTICATORS", "DELETE_AUTHENTICATORS"),
    row("CREDENTIAL", "DELETE", "ACTIVITY_TYPE_DELETE_OAUTH_PROVIDERS", "DELETE_OAUTH_PROVIDERS"),
    row("FIAT_TRANSACTION", "CREATE", "ACTIVITY_TYPE_INIT_FIAT_ON_RAMP", "INIT_FIAT_ON_RAMP"),
    row("INVITATION", "CREATE", "ACTIVITY_TYPE_CREATE_INVITATIONS", "CREATE_INVITATIONS"),
    row("INVITATION", "DELETE", "ACTIVITY_TYPE_DELETE_INVITATION", "DELETE_INVITATION"),
    row("MFA_POLICY", "CREATE", "ACTIVITY_TYPE_CREATE_MFA_POLICY", "CREATE_MFA_POLICY"),
    row("MFA_POLICY", "UPDATE", "ACTIVITY_TYPE_UPDATE_MFA_POLICY", "UPDATE_MFA_POLICY"),
    row("MFA_POLICY", "DELETE", "ACTIVITY_TYPE_DELETE_MFA_POLICY", "DELETE_MFA_POLICY"),
    row(
        "ON_RAMP_CREDENTIALS",
        "CREATE",
        "ACTIVITY_TYPE_CREATE_FIAT_ON_RAMP_CREDENTIAL",
        "CREATE_FIAT_ON_RAMP_CREDENTIAL",
    ),
    row(
        "ON_RAMP_CREDENTIALS",
        "UPDATE",
        "ACTIVITY_TYPE_UPDATE_FIAT_ON_RAMP_CREDENTIAL",
        "UPDATE_FIAT_ON_RAMP_CREDENTIAL",
    ),
    row(
        "ON_RAMP_CREDENTIALS",
        "DELETE",
        "ACTIVITY_TYPE_DELETE_FIAT_ON_RAMP_CREDENTIAL",
        "DELETE_FIAT_ON_RAMP_CREDENTIAL",
    ),
    row(
        "ORGANIZATION",
        "CREATE",
        "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION",
        "CREATE_SUB_ORGANIZATION",
    ),
    row(
        "ORGANIZATION",
        "CREATE",
        "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V2",
        "CREATE_SUB_ORGANIZATION",
    ),
    row(
        "ORGANIZATION",
        "CREATE",
        "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V3",
        "CREATE_SUB_ORGANIZATION",
    ),
    row(
        "ORGANIZATION",
        "CREATE",
        "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V4",
        "CREATE_SUB_ORGANIZATION",
    ),
    row(
        "ORGANIZATION",
        "CREATE",
        "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V5",
        "CREATE_SUB_ORGANIZATION",
    ),
    row(
        "ORGANIZATION",
        "CREATE",
        "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V6",
        "CREATE_SUB_ORGANIZATION",
    ),
    row(
        "ORGANIZATION",
        "CREATE",
        "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V7",
        "CREATE_SUB_ORGANIZATION",
    ),
    row(
        "ORGANIZATION",
        "CREATE",
        "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V8",
        "CREATE_SUB_ORGANIZATION",
    ),
    reserved("ACTIVITY_TYPE_REMOVE_IP_ALLOWLIST"),
    reserved("ACTIVITY_TYPE_REMOVE_ORGANIZATION_FEATURE"),
    reserved("ACTIVITY_TYPE_SET_IP_ALLOWLIST"),
    reserved("ACTIVITY_TYPE_SET_ORGANIZATION_FEATURE"),
    reserved("ACTIVITY_TYPE_UPDATE_ORGANIZATION_NAME"),
    reserved("ACTIVITY_TYPE_UPDATE_ROOT_QUORUM"),
    row("ORGANIZATION", "DELETE", "ACTIVITY_TYPE_DELETE_ORGANIZATION", "DELETE_ORGANIZATION"),
    row(
        "ORGANIZATION",
        "DELETE",
        "ACTIVITY_TYPE_DELETE_SUB_ORGANIZATION",
        "DELETE_SUB_ORGANIZATION",
    ),
    row("OTP", "CREATE", "ACTIVITY_TYPE_INIT_OTP", "INIT_OTP"),
    row("OTP", "CREATE", "ACTIVITY_TYPE_INIT_OTP_V2", "INIT_OTP"),
    row("OTP", "CREATE", "ACTIVITY_TYPE_INIT_OTP_V3", "INIT_OTP"),
    row("OTP", "VERIFY", "ACTIVITY_TYPE_VERIFY_OTP", "VERIFY_OTP"),
    row("OTP", "VERIFY", "ACTIVITY_TYPE_VERIFY_OTP_V2", "VERIFY_OTP"),
    row("PAYMENT_METHOD", "UPDATE", "ACTIVITY_TYPE_SET_PAYMENT_METHOD", "SET_PAYMENT_METHOD"),
    row("PAYMENT_METHOD", "UPDATE", "ACTIVITY_TYPE_SET_PAYMENT_METHOD_V2", "SET_PAYMENT_METHOD"),
    row("PAYMENT_METHOD", "DELETE", "ACTIVITY_TYPE_DELETE_PAYMENT_METHOD", "DELETE_PAYMENT_METHOD"),
    row("POLICY", "CREATE", "ACTIVITY_TYPE_CREATE_POLICIES", "CREATE_POLICIES"),
    row("POLICY", "CREATE", "ACTIVITY_TYPE_CREATE_POLICY", "CREATE_POLICY"),
    row("POLICY", "CREATE", "ACTIVITY_TYPE_CREATE_POLICY_V2", "CREATE_POLICY"),
    row("POLICY", "CREATE", "ACTIVITY_TYPE_CREATE_POLICY_V3", "CREATE_POLICY"),
    row("POLICY", "UPDATE", "ACTIVITY_TYPE_UPDATE_POLICY", "UPDATE_POLICY"),
    row("POLICY", "UPDATE", "ACTIVITY_TYPE_UPDATE_POLICY_V2", "UPDATE_POLICY"),
    row("POLICY", "DELETE", "ACTIVITY_TYPE_DELETE_POLICIES", "DELETE_POLICIES"),
    row("POLICY", "DELETE", "ACTIVITY_TYPE_DELETE_POLICY", "DELETE_POLICY"),
    row("PRIVATE_KEY", "CREATE", "ACTIVITY_TYPE_CREATE_PRIVATE_KEYS", "CREATE_PRIVATE_KEYS"),
    row("PRIVATE_KEY", "CREATE", "ACTIVITY_TYPE_CREATE_PRIVATE_KEYS_V2", "CREATE_PRIVATE_KEYS"),
    row("PRIVATE_KEY", "CREATE", "ACTIVITY_TYPE_CREATE_PRIVATE_KEY_TAG", "CREATE_PRIVATE_KEY_TAG"),
    row("PRIVATE_KEY", "UPDATE", "ACTIVITY_TYPE_UPDATE_PRIVATE_KEY_TAG", "UPDATE_PRIVATE_KEY_TAG"),
    row("PRIVATE_KEY", "DELETE", "ACTIVITY_TYPE_DELETE_PRIVATE_KEYS", "DELETE_PRIVATE_KEYS"),
    row(
        "PRIVATE_KEY",
        "DELETE",
        "ACTIVITY_TYPE_DELETE_PRIVATE_KEY_TAGS",
        "DELETE_PRIVATE_KEY_TAGS",
    ),
    row("PRIVATE_KEY", "DELETE", "ACTIVITY_TYPE_DISABLE_PRIVATE_KEY", "DISABLE_PRIVATE_KEY"),
    row("PRIVATE_KEY", "SIGN", "ACTIVITY_TYPE_CLAIM_EARN_FEES", "CLAIM_EARN_FEES"),
    row("PRIVATE_KEY", "SIGN", "ACTIVITY_TYPE_CLAIM_SWAP_FEES", "CLAIM_SWAP_FEES"),
    row("PRIVATE_KEY", "SIGN", "ACTIVITY_TYPE_EARN_DEPLOY_WRAPPER", "EARN_DEPLOY_WRAPPER"),
    row("PRIVATE_KEY", "SIGN", "ACTIVITY_TYPE_EARN_DEPOSIT", "EARN_DEPOSIT"),
    row("PRIVATE_KEY", "SIGN", "ACTIVITY_TYPE_EARN_SET_WRAPPER_STATE", "EARN_SET_WRAPPER_STATE"),
    row("PRIVATE_KEY", "SIGN", "ACTIVITY_TYPE_EARN_WITHDRAW", "EARN_WITHDRAW"),
    row(
        "PRIVATE_KEY",
        "SIGN",
        "ACTIVITY_TYPE_ETH_SEND_RAW_TRANSACTION",
        "ETH_SEND_RAW_TRANSACTION",
    ),
    row("PRIVATE_KEY", "SIGN", "ACTIVITY_TYPE_ETH_SEND_TRANSACTION", "ETH_SEND_TRANSACTION"),
    row("PRIVATE_KEY", "SIGN", "ACTIVITY_TYPE_ETH_SEND_TRANSACTION_V2", "ETH_SEND_TRANSACTION"),
    row("PRIVATE_KEY", "SIGN", "ACTIVITY_TYPE_ETH_UNDELEGATE_7702", "ETH_UNDELEGATE_7702"),
    row("PRIVATE_KEY", "SIGN", "ACTIVITY_TYPE_EXECUTE_SWAP", "EXECUTE_SWAP"),
    row("PRIVATE_KEY", "SIGN", "ACTIVITY_TYPE_EXECUTE_SWAP_V2", "EXECUTE_SWAP"),
    row("PRIVATE_KEY", "SIGN", "ACTIVITY_TYPE_SIGN_RAW_PAYLOAD", "SIGN_RAW_PAYLOAD"),
    row("PRIVATE_KEY", "SIGN", "ACTIVITY_TYPE_SIGN_RAW_PAYLOADS", "SIGN_RAW_PAYLOADS"),
    row("PRIVATE_KEY", "SIGN", "ACTIVITY_TYPE_SIGN_RAW_PAYLOAD_V2", "SIGN_RAW_PAYLOAD"),
    row("PRIVATE_KEY", "SIGN", "ACTIVITY_TYPE_SIGN_TRANSACTION", "SIGN_TRANSACTION"),
    row("PRIVATE_KEY", "SIGN", "ACTIVITY_TYPE_SIGN_TRANSACTION_V2", "SIGN_TRANSACTION"),
    row("PRIVATE_KEY", "SIGN", "ACTIVITY_TYPE_SOL_SEND_TRANSACTION", "SOL_SEND_TRANSACTION"),
    row("PRIVATE_KEY", "SIGN", "ACTIVITY_TYPE_SOL_SEND_TRANSACTION_V2", "SOL_SEND_TRANSACTION"),
    row("PRIVATE_KEY", "SIGN", "ACTIVITY_TYPE_SPARK_CLAIM_TRANSFER", "SPARK_CLAIM_TRANSFER"),
    row(
        "PRIVATE_KEY",
        "SIGN",
        "ACTIVITY_TYPE_SPARK_PREPARE_LIGHTNING_RECEIVE",
        "SPARK_PREPARE_LIGHTNING_RECEIVE",
    ),
    row("PRIVATE_KEY", "SIGN", "ACTIVITY_TYPE_SPARK_PREPARE_TRANSFER", "SPARK_PREPARE_TRANSFER"),
    row("PRIVATE_KEY", "SIGN", "ACTIVITY_TYPE_SPARK_SIGN_FROST", "SPARK_SIGN_FROST"),
    row("PRIVATE_KEY", "EXPORT", "ACTIVITY_TYPE_EXPORT_PRIVATE_KEY", "EXPORT_PRIVATE_KEY"),
    row("PRIVATE_KEY", "IMPORT", "ACTIVITY_TYPE_IMPORT_PRIVATE_KEY", "IMPORT_PRIVATE_KEY"),
    row(
        "PRIVATE_KEY",
        "IMPORT",
        "ACTIVITY_TYPE_INIT_IMPORT_PRIVATE_KEY",
        "INIT_IMPORT_PRIVATE_KEY",
    ),
    row("RECOVERY", "CREATE", "ACTIVITY_TYPE_INIT_USER_EMAIL_RECOVERY", "INIT_USER_EMAIL_RECOVERY"),
    row(
        "RECOVERY",
        "CREATE",
        "ACTIVITY_TYPE_INIT_USER_EMAIL_RECOVERY_V2",
        "INIT_USER_EMAIL_RECOVERY",
    ),
    row("RECOVERY", "CREATE", "ACTIVITY_TYPE_RECOVER_USER", "RECOVER_USER"),
    row("SECRET", "DELETE", "ACTIVITY_TYPE_DELETE_SECRETS", "DELETE_SECRETS"),
    row("SECRET", "EXPORT", "ACTIVITY_TYPE_EXPORT_SECRETS", "EXPORT_SECRETS"),
    row("SECRET", "IMPORT", "ACTIVITY_TYPE_IMPORT_SECRETS", "IMPORT_SECRETS"),
    row("SECRET", "IMPORT", "ACTIVITY_TYPE_INIT_IMPORT_SECRETS", "INIT_IMPORT_SECRETS"),
    row(
        "SESSION_PROFILE",
        "CREATE",
        "ACTIVITY_TYPE_CREATE_SESSION_PROFILE",
        "CREATE_SESSION_PROFILE",
    ),
    row(
        "SMART_CONTRACT_INTERFACE",
        "CREATE",
        "ACTIVITY_TYPE_CREATE_SMART_CONTRACT_INTERFACE",
        "CREATE_SMART_CONTRACT_INTERFACE",
    ),
    row(
        "SMART_CONTRACT_INTERFACE",
        "DELETE",
        "ACTIVITY_TYPE_DELETE_SMART_CONTRACT_INTERFACE",
        "DELETE_SMART_CONTRACT_INTERFACE",
    ),
    row(
        "SPONSORSHIP",
        "UPDATE",
        "ACTIVITY_TYPE_UPSERT_GAS_USAGE_CONFIG",
        "UPSERT_GAS_USAGE_CONFIG",
    ),
    row("SUBSCRIPTION", "CREATE", "ACTIVITY_TYPE_ACTIVATE_BILLING_TIER", "ACTIVATE_BILLING_TIER"),
    row("TVC_APP", "CREATE", "ACTIVITY_TYPE_CREATE_TVC_APP", "CREATE_TVC_APP"),
    row(
        "TVC_APP",
        "UPDATE",
        "ACTIVITY_TYPE_UPDATE_TVC_APP_LIVE_DEPLOYMENT",
        "UPDATE_TVC_APP_LIVE_DEPLOYMENT",
    ),
    row(
        "TVC_APP",
        "DELETE",
        "ACTIVITY_TYPE_DELETE_TVC_APP_AND_DEPLOYMENTS",
        "DELETE_TVC_APP_AND_DEPLOYMENTS",
    ),
    row("TVC_DEPLOYMENT", "CREATE", "ACTIVITY_TYPE_CREATE_TVC_DEPLOYMENT", "CREATE_TVC_DEPLOYMENT"),
    row(
        "TVC_DEPLOYMENT",
        "UPDATE",
        "ACTIVITY_TYPE_CREATE_TVC_MANIFEST_APPROVALS",
        "CREATE_TVC_MANIFEST_APPROVALS",
    ),
    row(
        "TVC_DEPLOYMENT",
        "UPDATE",
        "ACTIVITY_TYPE_POST_TVC_QUORUM_KEY_SHARE",
        "POST_TVC_QUORUM_KEY_SHARE",
    ),
    row(
        "TVC_DEPLOYMENT",
        "UPDATE",
        "ACTIVITY_TYPE_RESTORE_TVC_DEPLOYMENT",
        "RESTORE_TVC_DEPLOYMENT",
    ),
    row("TVC_DEPLOYMENT", "DELETE", "ACTIVITY_TYPE_DELETE_TVC_DEPLOYMENT", "DELETE_TVC_DEPLOYMENT"),
    row("TVC_OPERATOR", "CREATE", "ACTIVITY_TYPE_CREATE_TVC_OPERATOR", "CREATE_TVC_OPERATOR"),
    row("TVC_QUORUM_KEY", "CREATE", "ACTIVITY_TYPE_CREATE_TVC_QUORUM_KEY", "CREATE_TVC_QUORUM_KEY"),
    row(
        "TVC_QUORUM_KEY",
        "ENCRYPT",
        "ACTIVITY_TYPE_RE_ENCRYPT_TVC_QUORUM_KEY_SHARE",
        "RE_ENCRYPT_TVC_QUORUM_KEY_SHARE",
    ),
    row("USER", "CREATE", "ACTIVITY_TYPE_CREATE_API_ONLY_USERS", "CREATE_API_ONLY_USERS"),
    row("USER", "CREATE", "ACTIVITY_TYPE_CREATE_USERS", "CREATE_USERS"),
    row("USER", "CREATE", "ACTIVITY_TYPE_CREATE_USERS_V2", "CREATE_USERS"),
    row("USER", "CREATE", "ACTIVITY_TYPE_CREATE_USERS_V3", "CREATE_USERS"),
    row("USER", "CREATE", "ACTIVITY_TYPE_CREATE_USERS_V4", "CREATE_USERS"),
    row("USER", "CREATE", "ACTIVITY_TYPE_CREATE_USER_TAG", "CREATE_USER_TAG"),
    row("USER", "UPDATE", "ACTIVITY_TYPE_UPDATE_USER", "UPDATE_USER"),
    row("USER", "UPDATE", "ACTIVITY_TYPE_UPDATE_USER_EMAIL", "UPDATE_USER_EMAIL"),
    row("USER", "UPDATE", "ACTIVITY_TYPE_UPDATE_USER_NAME", "UPDATE_USER_NAME"),
    row("USER", "UPDATE", "ACTIVITY_TYPE_UPDATE_USER_PHONE_NUMBER", "UPDATE_USER_PHONE_NUMBER"),
    row("USER", "UPDATE", "ACTIVITY_TYPE_UPDATE_USER_TAG", "UPDATE_USER_TAG"),
    row("USER", "DELETE", "ACTIVITY_TYPE_DELETE_USERS", "DELETE_USERS"),
    row("USER", "DELETE", "ACTIVITY_TYPE_DELETE_USER_TAGS", "DELETE_USER_TAGS"),
    row("WALLET", "CREATE", "ACTIVITY_TYPE_CREATE_SWAP_QUOTE", "CREATE_SWAP_QUOTE"),
    row("WALLET", "CREATE", "ACTIVITY_TYPE_CREATE_WALLET", "CREATE_WALLET"),
    row("WALLET", "CREATE", "ACTIVITY_TYPE_CREATE_WALLET_ACCOUNTS", "CREATE_WALLET_ACCOUNTS"),
    row("WALLET", "UPDATE", "ACTIVITY_TYPE_UPDATE_WALLET", "UPDATE_WALLET"),
    row(
        "WALLET",
        "UPDATE",
        "ACTIVITY_TYPE_UPDATE_WALLET_ACCOUNT_NAME",
        "UPDATE_WALLET_ACCOUNT_NAME",
    ),
    row("WALLET", "DELETE", "ACTIVITY_TYPE_DELETE_WALLETS", "DELETE_WALLETS"),
    row("WALLET", "DELETE", "ACTIVITY_TYPE_DELETE_WALLET_ACCOUNTS", "DELETE_WALLET_ACCOUNTS"),
    row("WALLET", "EXPORT", "ACTIVITY_TYPE_EXPORT_WALLET", "EXPORT_WALLET"),
    row("WALLET", "EXPORT", "ACTIVITY_TYPE_EXPORT_WALLET_ACCOUNT", "EXPORT_WALLET_ACCOUNT"),
    row("WALLET", "IMPORT", "ACTIVITY_TYPE_IMPORT_WALLET", "IMPORT_WALLET"),
    row("WALLET", "IMPORT", "ACTIVITY_TYPE_INIT_IMPORT_WALLET", "INIT_IMPORT_WALLET"),
    row(
        "WEBHOOK_ENDPOINT",
        "CREATE",
        "ACTIVITY_TYPE_CREATE_WEBHOOK_ENDPOINT",
        "CREATE_WEBHOOK_ENDPOINT",
    ),
    row(
        "WEBHOOK_ENDPOINT",
        "UPDATE",
        "ACTIVITY_TYPE_UPDATE_WEBHOOK_ENDPOINT",
        "UPDATE_WEBHOOK_ENDPOINT",
    ),
    row(
        "WEBHOOK_ENDPOINT",
        "DELETE",
        "ACTIVITY_TYPE_DELETE_WEBHOOK_ENDPOINT",
        "DELETE_WEBHOOK_ENDPOINT",
    ),
    // Beyond the protocol.
    row("CREDENTIAL", "DELETE", "ACTIVITY_TYPE_REVOKE_SESSION", "REVOKE_SESSION"),
    row("CREDENTIAL", "DELETE", "ACTIVITY_TYPE_REVOKE_SESSIONS", "REVOKE_SESSIONS"),
    row("CREDENTIAL", "UPDATE", "ACTIVITY_TYPE_UPDATE_SESSION", "UPDATE_SESSION"),
    reserved("ACTIVITY_TYPE_SET_SESSION_LIMITS"),
    unjudged("ACTIVITY_TYPE_ACCEPT_INVITATION"),
    unjudged("ACTIVITY_TYPE_ACCEPT_INVITATION_V2"),
    unjudged("ACTIVITY_TYPE_APPROVE_ACTIVITY"),
    unjudged("ACTIVITY_TYPE_CREATE_ORGANIZATION"),
    unjudged("ACTIVITY_TYPE_CREATE_ORGANIZATION_V2"),
    unjudged("ACTIVITY_TYPE_REJECT_ACTIVITY"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_given_once() {
        for (place, activity) in ACTIVITY_TYPES.iter().enumerate() {
            assert!(activity.name.starts_with("ACTIVITY_TYPE_"), "{}", activity.name);
            assert!(
                ACTIVITY_TYPES[..place].iter().all(|other| other.name != activity.name),
                "{}",
                activity.name
            );
        }
        // Those of the published schema, one that its clients know beside it, and four of our own.
        assert_eq!(ACTIVITY_TYPES.len(), 162 + 1 + 4);
    }

    #[test]
    fn a_kind_is_one_resource_and_one_action() {
        for one in ACTIVITY_TYPES {
            for other in ACTIVITY_TYPES {
                if one.kind.is_some() && one.kind == other.kind {
                    assert_eq!((one.resource, one.action), (other.resource, other.action));
                }
            }
        }
    }

    #[test]
    fn signing_is_with_an_account_or_with_a_private_key() {
        for activity in ACTIVITY_TYPES.iter().filter(|activity| activity.action == Some("SIGN")) {
            for form in activity.forms() {
                let has = |keyword| form.contains(&keyword);
                assert_ne!(
                    has(Keyword::WalletAccount),
                    has(Keyword::PrivateKey),
                    "{}",
                    activity.name
                );
                assert_eq!(has(Keyword::WalletAccount), has(Keyword::Wallet), "{}", activity.name);
            }
        }
    }
}
