//! What can be asked to be done: one file an activity, named for its route, and the list of them.

#[cfg(feature = "engine")]
mod registry;

#[cfg(feature = "engine")]
pub(crate) use registry::Execute;
#[cfg(feature = "engine")]
pub use registry::{Ballot, Entry, REGISTRY, Request, VersionInfo};

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{DeserializeOwned, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use crate::wire::{InvalidRequest, Namespace};

pub mod approve_activity;
pub mod create_api_keys;
pub mod create_api_only_users;
pub mod create_authenticators;
pub mod create_invitations;
pub mod create_mfa_policy;
pub mod create_oauth2_credential;
pub mod create_oauth_providers;
pub mod create_policies;
pub mod create_policy;
pub mod create_private_key_tag;
pub mod create_private_keys;
pub mod create_read_only_session;
pub mod create_read_write_session;
pub mod create_session_profile;
pub mod create_smart_contract_interface;
pub mod create_sub_organization;
pub mod create_user_tag;
pub mod create_users;
pub mod create_wallet;
pub mod create_wallet_accounts;
pub mod create_webhook_endpoint;
pub mod delete_api_keys;
pub mod delete_authenticators;
pub mod delete_invitation;
pub mod delete_mfa_policy;
pub mod delete_oauth2_credential;
pub mod delete_oauth_providers;
pub mod delete_policies;
pub mod delete_policy;
pub mod delete_private_key_tags;
pub mod delete_private_keys;
pub mod delete_secrets;
pub mod delete_smart_contract_interface;
pub mod delete_sub_organization;
pub mod delete_user_tags;
pub mod delete_users;
pub mod delete_wallet_accounts;
pub mod delete_wallets;
pub mod delete_webhook_endpoint;
pub mod disable_auth_proxy;
pub mod email_auth;
pub mod enable_auth_proxy;
pub mod eth_send_raw_transaction;
pub mod eth_send_transaction;
pub mod eth_undelegate_7702;
pub mod export_private_key;
pub mod export_secrets;
pub mod export_wallet;
pub mod export_wallet_account;
pub mod import_private_key;
pub mod import_secrets;
pub mod import_wallet;
pub mod init_import_private_key;
pub mod init_import_secrets;
pub mod init_import_wallet;
pub mod init_otp;
pub mod init_otp_auth;
pub mod init_user_email_recovery;
pub mod oauth;
pub mod oauth2_authenticate;
pub mod oauth_login;
pub mod otp_auth;
pub mod otp_login;
pub mod recover_user;
pub mod reject_activity;
pub mod remove_ip_allowlist;
pub mod remove_organization_feature;
pub mod revoke_session;
pub mod revoke_sessions;
pub mod set_ip_allowlist;
pub mod set_organization_feature;
pub mod set_policy_settings;
pub mod set_session_limits;
pub mod sign_raw_payload;
pub mod sign_raw_payloads;
pub mod sign_transaction;
pub mod sol_send_transaction;
pub mod stamp_login;
pub mod update_auth_proxy_config;
pub mod update_mfa_policy;
pub mod update_oauth2_credential;
pub mod update_organization_name;
pub mod update_policy;
pub mod update_private_key_tag;
pub mod update_root_quorum;
pub mod update_session;
pub mod update_user;
pub mod update_user_email;
pub mod update_user_name;
pub mod update_user_phone_number;
pub mod update_user_tag;
pub mod update_wallet;
pub mod update_webhook_endpoint;
pub mod verify_otp;

/// Calls a macro with every activity, each as the module, which is named for its route, and the type. A new
/// activity is a file, its `mod` line and its row here.
#[macro_export]
macro_rules! for_each_activity {
    ($with:ident) => {
        $with! {
            approve_activity::ApproveActivity,
            create_api_keys::CreateApiKeys,
            create_api_only_users::CreateApiOnlyUsers,
            create_authenticators::CreateAuthenticators,
            create_invitations::CreateInvitations,
            create_mfa_policy::CreateMfaPolicy,
            create_oauth2_credential::CreateOauth2Credential,
            create_oauth_providers::CreateOauthProviders,
            create_policies::CreatePolicies,
            create_policy::CreatePolicy,
            create_private_key_tag::CreatePrivateKeyTag,
            create_private_keys::CreatePrivateKeys,
            create_read_only_session::CreateReadOnlySession,
            create_read_write_session::CreateReadWriteSession,
            create_session_profile::CreateSessionProfile,
            create_smart_contract_interface::CreateSmartContractInterface,
            create_sub_organization::CreateSubOrganization,
            create_user_tag::CreateUserTag,
            create_users::CreateUsers,
            create_wallet::CreateWallet,
            create_wallet_accounts::CreateWalletAccounts,
            create_webhook_endpoint::CreateWebhookEndpoint,
            delete_api_keys::DeleteApiKeys,
            delete_authenticators::DeleteAuthenticators,
            delete_invitation::DeleteInvitation,
            delete_mfa_policy::DeleteMfaPolicy,
            delete_oauth2_credential::DeleteOauth2Credential,
            delete_oauth_providers::DeleteOauthProviders,
            delete_policies::DeletePolicies,
            delete_policy::DeletePolicy,
            delete_private_key_tags::DeletePrivateKeyTags,
            delete_private_keys::DeletePrivateKeys,
            delete_secrets::DeleteSecrets,
            delete_smart_contract_interface::DeleteSmartContractInterface,
            delete_sub_organization::DeleteSubOrganization,
            delete_user_tags::DeleteUserTags,
            delete_users::DeleteUsers,
            delete_wallet_accounts::DeleteWalletAccounts,
            delete_wallets::DeleteWallets,
            delete_webhook_endpoint::DeleteWebhookEndpoint,
            disable_auth_proxy::DisableAuthProxy,
            email_auth::EmailAuth,
            enable_auth_proxy::EnableAuthProxy,
            eth_send_raw_transaction::EthSendRawTransaction,
            eth_send_transaction::EthSendTransaction,
            eth_undelegate_7702::EthUndelegate7702,
            export_private_key::ExportPrivateKey,
            export_secrets::ExportSecrets,
            export_wallet::ExportWallet,
            export_wallet_account::ExportWalletAccount,
            import_private_key::ImportPrivateKey,
            import_secrets::ImportSecrets,
            import_wallet::ImportWallet,
            init_import_private_key::InitImportPrivateKey,
            init_import_secrets::InitImportSecrets,
            init_import_wallet::InitImportWallet,
            init_otp::InitOtp,
            init_otp_auth::InitOtpAuth,
            init_user_email_recovery::InitUserEmailRecovery,
            oauth2_authenticate::Oauth2Authenticate,
            oauth::Oauth,
            oauth_login::OauthLogin,
            otp_auth::OtpAuth,
            otp_login::OtpLogin,
            recover_user::RecoverUser,
            reject_activity::RejectActivity,
            remove_ip_allowlist::RemoveIpAllowlist,
            remove_organization_feature::RemoveOrganizationFeature,
            revoke_session::RevokeSession,
            revoke_sessions::RevokeSessions,
            set_ip_allowlist::SetIpAllowlist,
            set_organization_feature::SetOrganizationFeature,
            set_policy_settings::SetPolicySettings,
            set_session_limits::SetSessionLimits,
            sign_raw_payload::SignRawPayload,
            sign_raw_payloads::SignRawPayloads,
            sign_transaction::SignTransaction,
            sol_send_transaction::SolSendTransaction,
            stamp_login::StampLogin,
            update_auth_proxy_config::UpdateAuthProxyConfig,
            update_mfa_policy::UpdateMfaPolicy,
            update_oauth2_credential::UpdateOauth2Credential,
            update_organization_name::UpdateOrganizationName,
            update_policy::UpdatePolicy,
            update_private_key_tag::UpdatePrivateKeyTag,
            update_root_quorum::UpdateRootQuorum,
            update_session::UpdateSession,
            update_user::UpdateUser,
            update_user_email::UpdateUserEmail,
            update_user_name::UpdateUserName,
            update_user_phone_number::UpdateUserPhoneNumber,
            update_user_tag::UpdateUserTag,
            update_wallet::UpdateWallet,
            update_webhook_endpoint::UpdateWebhookEndpoint,
            verify_otp::VerifyOtp,
        }
    };
}

/// One activity: its route, the versions of its intent, and what it answers.
pub trait Activity: Sized + Send + Sync + 'static {
    /// Whether it is one of the protocol or beyond it.
    const NAMESPACE: Namespace = Namespace::Turnkey;
    /// Last segment of its path, `/<namespace>/submit/<route>`; unique over all namespaces.
    const ROUTE: &'static str;
    /// The current version first, then the older ones.
    const VERSIONS: &'static [Version<Self>];
    /// Whether it may name a parent and mean the one sub-organization that knows its stamp: who logs in
    /// does not know yet which that is.
    const FINDS_SUB_ORGANIZATION: bool = false;
    /// The parameters of its current version, as they travel.
    type Intent: Serialize + DeserializeOwned + JsonSchema;
    /// The content of its result.
    type Output: Serialize + DeserializeOwned + JsonSchema;
}

/// `ACTIVITY_TYPE_…` of the current version of an activity.
pub const fn current_type<A: Activity>() -> &'static str {
    match A::VERSIONS {
        [current, ..] => current.kind,
        [] => "",
    }
}

/// Reads parameters: what they mean, and the intent to record.
type Parse<A> = fn(&RawValue) -> Result<(A, Box<RawValue>), InvalidRequest>;

/// One version of an activity: its type, its shape, and how that shape is understood.
pub struct Version<A> {
    /// `ACTIVITY_TYPE_…`.
    pub kind: &'static str,
    /// The member of `intent` that holds the parameters.
    pub intent: &'static str,
    /// The member of `result` that holds the answer.
    pub result: &'static str,
    #[cfg_attr(not(feature = "engine"), expect(dead_code, reason = "only the engine parses"))]
    parse: Parse<A>,
    #[cfg_attr(
        not(feature = "engine"),
        expect(dead_code, reason = "only the engine is described")
    )]
    schema: fn(&mut SchemaGenerator) -> Schema,
}

impl<A> Version<A> {
    /// A version whose parameters travel as `Intent`.
    pub const fn of<Intent>(kind: &'static str, intent: &'static str, result: &'static str) -> Self
    where
        Intent: DeserializeOwned + Serialize + JsonSchema,
        A: TryFrom<Intent, Error = InvalidRequest>,
    {
        Self {
            kind,
            intent,
            result,
            parse: parse_as::<Intent, A>,
            schema: SchemaGenerator::subschema_for::<Intent>,
        }
    }
}

/// Reads parameters into the checked activity, and the intent to record: the members that were
/// understood, those that were `null` left out.
fn parse_as<Intent, A>(parameters: &RawValue) -> Result<(A, Box<RawValue>), InvalidRequest>
where
    Intent: DeserializeOwned + Serialize,
    A: TryFrom<Intent, Error = InvalidRequest>,
{
    let intent: Intent = read_object(parameters.get())?;
    let recorded = to_raw_value(&intent).map_err(|source| InvalidRequest::body(&source))?;
    Ok((A::try_from(intent)?, recorded))
}

/// Reads a JSON object. A member that is `null` counts as absent.
pub(crate) fn read_object<T: DeserializeOwned>(text: &str) -> Result<T, InvalidRequest> {
    if !text.trim_start().starts_with('{') {
        return Err(InvalidRequest::new("invalid request body: expected an object"));
    }
    serde_json::from_str(text).or_else(|first| {
        // Optional members take `null` for absent; for the others, read again without the nulls.
        if !text.contains("null") {
            return Err(InvalidRequest::body(&first));
        }
        let WithoutNulls(value) =
            serde_json::from_str(text).map_err(|source| InvalidRequest::body(&source))?;
        serde_json::from_value(value).map_err(|source| InvalidRequest::body(&source))
    })
}

/// A JSON value without the members that are `null`. No object in it names a member twice, as the shapes
/// that are read at once don't either.
struct WithoutNulls(Value);

impl<'de> Deserialize<'de> for WithoutNulls {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(WithoutNullsVisitor).map(Self)
    }
}

struct WithoutNullsVisitor;

impl<'de> Visitor<'de> for WithoutNullsVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(WithoutNulls(value)) = items.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, WithoutNulls(value))) = members.next_entry::<String, _>()? {
            if object.contains_key(&name) {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
            object.insert(name, value);
        }
        object.retain(|_, member| !member.is_null());
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Members {
        #[serde(default)]
        optional: Option<u8>,
        #[serde(default)]
        list: Vec<u8>,
        required: String,
    }

    #[test]
    fn a_member_that_is_null_is_absent() {
        let read: Members =
            read_object(r#"{"optional":null,"list":null,"required":"x","more":null}"#).unwrap();
        assert_eq!((read.optional, read.list.len(), read.required.as_str()), (None, 0, "x"));
        let refusal = read_object::<Members>(r#"{"required":null}"#).unwrap_err();
        assert_eq!(refusal.to_string(), "invalid request body: missing field `required`");
    }

    #[test]
    fn a_member_stands_once() {
        for twice in [
            r#"{"required":"x","required":"y"}"#,
            r#"{"required":null,"required":"y"}"#,
            r#"{"list":null,"required":"x","required":"y"}"#,
        ] {
            let refusal = read_object::<Members>(twice).unwrap_err();
            assert_eq!(refusal.to_string(), "invalid request body: duplicate field `required`");
        }
    }
}
