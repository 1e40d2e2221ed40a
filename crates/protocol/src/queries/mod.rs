//! What can be asked: one file a query, named for its route, and the registry of them.

#[cfg(feature = "engine")]
mod registry;

#[cfg(feature = "engine")]
pub(crate) use registry::Answer;
#[cfg(feature = "engine")]
pub use registry::{Entry, Found, QueryRequest, REGISTRY, Reads, Stream, View};

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::wire::Namespace;

pub mod can_anybody;
pub mod explain_activity;
pub mod get_activity;
pub mod get_api_key;
pub mod get_api_keys;
pub mod get_auth_proxy_config;
pub mod get_authenticator;
pub mod get_authenticators;
pub mod get_budget;
pub mod get_gas_usage;
pub mod get_ip_allowlist;
pub mod get_mfa_policies;
pub mod get_mfa_policy;
pub mod get_mfa_status;
pub mod get_nonces;
pub mod get_oauth2_credential;
pub mod get_oauth_providers;
pub mod get_organization;
pub mod get_organization_configs;
pub mod get_policy;
pub mod get_policy_evaluations;
pub mod get_private_key;
pub mod get_send_transaction_status;
pub mod get_session_profile;
pub mod get_session_profiles;
pub mod get_smart_contract_interface;
pub mod get_user;
pub mod get_wallet;
pub mod get_wallet_account;
pub mod get_wallet_address_balances;
pub mod list_activities;
pub mod list_app_proofs;
pub mod list_oauth2_credentials;
pub mod list_policies;
pub mod list_private_key_tags;
pub mod list_private_keys;
pub mod list_secrets;
pub mod list_session_events;
pub mod list_sessions;
pub mod list_smart_contract_interfaces;
pub mod list_suborgs;
pub mod list_supported_assets;
pub mod list_user_tags;
pub mod list_users;
pub mod list_verified_suborgs;
pub mod list_wallet_accounts;
pub mod list_wallets;
pub mod list_webhook_deliveries;
pub mod list_webhook_endpoints;
pub mod replay_policy;
pub mod session_token;
pub mod whoami;

/// Calls a macro with every query, each as the module, which is named for its route, and the type. A new
/// query is a file, its `mod` line and its row here.
#[macro_export]
macro_rules! for_each_query {
    ($with:ident) => {
        $with! {
            can_anybody::CanAnybody,
            explain_activity::ExplainActivity,
            get_activity::GetActivity,
            get_api_key::GetApiKey,
            get_api_keys::GetApiKeys,
            get_auth_proxy_config::GetAuthProxyConfig,
            get_authenticator::GetAuthenticator,
            get_authenticators::GetAuthenticators,
            get_budget::GetBudget,
            get_gas_usage::GetGasUsage,
            get_ip_allowlist::GetIpAllowlist,
            get_mfa_policies::GetMfaPolicies,
            get_mfa_policy::GetMfaPolicy,
            get_mfa_status::GetMfaStatus,
            get_nonces::GetNonces,
            get_oauth2_credential::GetOauth2Credential,
            get_oauth_providers::GetOauthProviders,
            get_organization::GetOrganization,
            get_organization_configs::GetOrganizationConfigs,
            get_policy::GetPolicy,
            get_policy_evaluations::GetPolicyEvaluations,
            get_private_key::GetPrivateKey,
            get_send_transaction_status::GetSendTransactionStatus,
            get_session_profile::GetSessionProfile,
            get_session_profiles::GetSessionProfiles,
            get_smart_contract_interface::GetSmartContractInterface,
            get_user::GetUser,
            get_wallet::GetWallet,
            get_wallet_account::GetWalletAccount,
            get_wallet_address_balances::GetWalletAddressBalances,
            list_activities::ListActivities,
            list_app_proofs::ListAppProofs,
            list_oauth2_credentials::ListOauth2Credentials,
            list_policies::ListPolicies,
            list_private_key_tags::ListPrivateKeyTags,
            list_private_keys::ListPrivateKeys,
            list_secrets::ListSecrets,
            list_session_events::ListSessionEvents,
            list_sessions::ListSessions,
            list_smart_contract_interfaces::ListSmartContractInterfaces,
            list_suborgs::ListSuborgs,
            list_supported_assets::ListSupportedAssets,
            list_user_tags::ListUserTags,
            list_users::ListUsers,
            list_verified_suborgs::ListVerifiedSuborgs,
            list_wallet_accounts::ListWalletAccounts,
            list_wallets::ListWallets,
            list_webhook_deliveries::ListWebhookDeliveries,
            list_webhook_endpoints::ListWebhookEndpoints,
            replay_policy::ReplayPolicy,
            session_token::SessionToken,
            whoami::Whoami,
        }
    };
}

/// One query: its route, what it is asked with, and what it answers.
pub trait Query: Serialize + DeserializeOwned + JsonSchema + Send + 'static {
    /// Whether it is one of the protocol or beyond it.
    const NAMESPACE: Namespace = Namespace::Turnkey;
    /// Last segment of its path, `/<namespace>/query/<route>`; unique over all namespaces.
    const ROUTE: &'static str;
    /// Whether it may name a parent and mean the one sub-organization that knows its stamp or session.
    const FINDS_SUB_ORGANIZATION: bool = false;
    /// Whether an attested stamp may ask: who logs in so polls what became of it.
    const ACCEPTS_ATTESTED: bool = false;
    /// The body of its answer.
    type Response: Serialize + DeserializeOwned + JsonSchema;
}
