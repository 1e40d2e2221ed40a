//! Every activity the server knows. A new one is a file, its `mod` line and its row here.

use std::fmt;

use schemars::{Schema, SchemaGenerator};
use serde_json::value::{RawValue, to_raw_value};

use super::{
    Activity, create_api_keys, create_api_only_users, create_authenticators,
    create_oauth_providers, create_oauth2_credential, create_private_key_tag, create_private_keys,
    create_read_only_session, create_read_write_session, create_sub_organization, create_user_tag,
    create_users, create_wallet, create_wallet_accounts, delete_api_keys, delete_authenticators,
    delete_oauth_providers, delete_oauth2_credential, delete_private_key_tags, delete_private_keys,
    delete_sub_organization, delete_user_tags, delete_users, delete_wallet_accounts,
    delete_wallets, disable_auth_proxy, email_auth, enable_auth_proxy, init_otp, init_otp_auth,
    init_user_email_recovery, oauth, oauth_login, oauth2_authenticate, otp_auth, otp_login,
    recover_user, remove_organization_feature, revoke_session, revoke_sessions,
    set_organization_feature, set_session_limits, sign_raw_payload, sign_raw_payloads,
    sign_transaction, stamp_login, update_auth_proxy_config, update_oauth2_credential,
    update_organization_name, update_private_key_tag, update_root_quorum, update_session,
    update_user, update_user_email, update_user_name, update_user_phone_number, update_user_tag,
    update_wallet, verify_otp,
};
use crate::engine::{Caller, Context, Needs, Permit, Rule};
use crate::wire::{InvalidRequest, Namespace, RequestError};

/// Every activity, by route.
pub static REGISTRY: &[Entry] = &[
    Entry::of::<create_api_keys::CreateApiKeys>(),
    Entry::of::<create_api_only_users::CreateApiOnlyUsers>(),
    Entry::of::<create_authenticators::CreateAuthenticators>(),
    Entry::of::<create_oauth2_credential::CreateOauth2Credential>(),
    Entry::of::<create_oauth_providers::CreateOauthProviders>(),
    Entry::of::<create_private_key_tag::CreatePrivateKeyTag>(),
    Entry::of::<create_private_keys::CreatePrivateKeys>(),
    Entry::of::<create_read_only_session::CreateReadOnlySession>(),
    Entry::of::<create_read_write_session::CreateReadWriteSession>(),
    Entry::of::<create_sub_organization::CreateSubOrganization>(),
    Entry::of::<create_user_tag::CreateUserTag>(),
    Entry::of::<create_users::CreateUsers>(),
    Entry::of::<create_wallet::CreateWallet>(),
    Entry::of::<create_wallet_accounts::CreateWalletAccounts>(),
    Entry::of::<delete_api_keys::DeleteApiKeys>(),
    Entry::of::<delete_authenticators::DeleteAuthenticators>(),
    Entry::of::<delete_oauth2_credential::DeleteOauth2Credential>(),
    Entry::of::<delete_oauth_providers::DeleteOauthProviders>(),
    Entry::of::<delete_private_key_tags::DeletePrivateKeyTags>(),
    Entry::of::<delete_private_keys::DeletePrivateKeys>(),
    Entry::of::<delete_sub_organization::DeleteSubOrganization>(),
    Entry::of::<delete_user_tags::DeleteUserTags>(),
    Entry::of::<delete_users::DeleteUsers>(),
    Entry::of::<delete_wallet_accounts::DeleteWalletAccounts>(),
    Entry::of::<delete_wallets::DeleteWallets>(),
    Entry::of::<disable_auth_proxy::DisableAuthProxy>(),
    Entry::of::<email_auth::EmailAuth>(),
    Entry::of::<enable_auth_proxy::EnableAuthProxy>(),
    Entry::of::<init_otp::InitOtp>(),
    Entry::of::<init_otp_auth::InitOtpAuth>(),
    Entry::of::<init_user_email_recovery::InitUserEmailRecovery>(),
    Entry::of::<oauth::Oauth>(),
    Entry::of::<oauth2_authenticate::Oauth2Authenticate>(),
    Entry::of::<oauth_login::OauthLogin>(),
    Entry::of::<otp_auth::OtpAuth>(),
    Entry::of::<otp_login::OtpLogin>(),
    Entry::of::<recover_user::RecoverUser>(),
    Entry::of::<remove_organization_feature::RemoveOrganizationFeature>(),
    Entry::of::<revoke_session::RevokeSession>(),
    Entry::of::<revoke_sessions::RevokeSessions>(),
    Entry::of::<set_organization_feature::SetOrganizationFeature>(),
    Entry::of::<set_session_limits::SetSessionLimits>(),
    Entry::of::<sign_raw_payload::SignRawPayload>(),
    Entry::of::<sign_raw_payloads::SignRawPayloads>(),
    Entry::of::<sign_transaction::SignTransaction>(),
    Entry::of::<stamp_login::StampLogin>(),
    Entry::of::<update_auth_proxy_config::UpdateAuthProxyConfig>(),
    Entry::of::<update_oauth2_credential::UpdateOauth2Credential>(),
    Entry::of::<update_organization_name::UpdateOrganizationName>(),
    Entry::of::<update_private_key_tag::UpdatePrivateKeyTag>(),
    Entry::of::<update_root_quorum::UpdateRootQuorum>(),
    Entry::of::<update_session::UpdateSession>(),
    Entry::of::<update_user::UpdateUser>(),
    Entry::of::<update_user_email::UpdateUserEmail>(),
    Entry::of::<update_user_name::UpdateUserName>(),
    Entry::of::<update_user_phone_number::UpdateUserPhoneNumber>(),
    Entry::of::<update_user_tag::UpdateUserTag>(),
    Entry::of::<update_wallet::UpdateWallet>(),
    Entry::of::<verify_otp::VerifyOtp>(),
];

/// What an activity means. Private to this crate: only a [`Permit`] executes.
pub(crate) trait Execute: Activity {
    /// Who may ask, beside the root quorum.
    fn rule(&self) -> Rule {
        Rule::RootQuorum
    }

    /// What to fetch before it can run.
    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    /// Does it.
    fn execute(
        self,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<Self::Output, RequestError>;
}

/// A row of the registry.
pub struct Entry {
    /// The first segments of its path.
    pub namespace: Namespace,
    /// Last segment of its path.
    pub route: &'static str,
    /// Whether it may name a parent and mean the one sub-organization that knows its sender.
    pub finds_sub_organization: bool,
    versions: fn() -> Vec<VersionInfo>,
    parse: fn(&str, &RawValue) -> Option<Result<Request, InvalidRequest>>,
    output: fn(&mut SchemaGenerator) -> Schema,
}

/// What can be said of a version of an activity without knowing its shape.
pub struct VersionInfo {
    /// `ACTIVITY_TYPE_…`.
    pub kind: &'static str,
    /// The member of `intent`.
    pub intent: &'static str,
    /// The member of `result`.
    pub result: &'static str,
    /// The schema of its parameters.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

impl Entry {
    const fn of<A: Execute>() -> Self {
        Self {
            namespace: A::NAMESPACE,
            route: A::ROUTE,
            finds_sub_organization: A::FINDS_SUB_ORGANIZATION,
            versions: || {
                A::VERSIONS
                    .iter()
                    .map(|version| VersionInfo {
                        kind: version.kind,
                        intent: version.intent,
                        result: version.result,
                        schema: version.schema,
                    })
                    .collect()
            },
            parse: parse::<A>,
            output: SchemaGenerator::subschema_for::<A::Output>,
        }
    }

    /// The entry of a route in a namespace.
    pub fn find(namespace: Namespace, route: &str) -> Option<&'static Self> {
        REGISTRY.iter().find(|entry| entry.namespace == namespace && entry.route == route)
    }

    /// Its versions, the current one first.
    pub fn versions(&self) -> Vec<VersionInfo> {
        (self.versions)()
    }

    /// The schema of the content of its result.
    pub fn output_schema(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.output)(generator)
    }

    /// Whether its route takes activities of this type.
    pub fn accepts(&self, kind: &str) -> bool {
        self.versions().iter().any(|version| version.kind == kind)
    }

    /// Reads the parameters of an activity of type `kind`.
    pub fn parse(&self, kind: &str, parameters: &RawValue) -> Result<Request, InvalidRequest> {
        (self.parse)(kind, parameters).unwrap_or_else(|| {
            Err(InvalidRequest::new(format!("activity type {kind} does not belong to this path")))
        })
    }
}

fn parse<A: Execute>(kind: &str, parameters: &RawValue) -> Option<Result<Request, InvalidRequest>> {
    let version = A::VERSIONS.iter().find(|version| version.kind == kind)?;
    Some((version.parse)(parameters).map(|(activity, intent)| Request {
        kind: version.kind,
        intent_name: version.intent,
        result_name: version.result,
        intent,
        activity: Box::new(activity),
    }))
}

/// A request that means something, whatever activity it is for.
pub struct Request {
    kind: &'static str,
    intent_name: &'static str,
    result_name: &'static str,
    intent: Box<RawValue>,
    activity: Box<dyn Erased>,
}

impl Request {
    /// `ACTIVITY_TYPE_…`.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Who may ask, beside the root quorum.
    pub fn rule(&self) -> Rule {
        self.activity.rule()
    }

    /// What to fetch before it can run.
    pub fn needs(&self) -> Needs {
        self.activity.needs()
    }

    /// The intent as recorded: one member, named for the version.
    pub fn intent(&self) -> Box<RawValue> {
        wrap(self.intent_name, &self.intent)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Permit {
    /// Does what was allowed. Returns the result as recorded: one member, named for the version.
    ///
    /// # Errors
    ///
    /// Whatever the activity finds wrong with the organization as it stands.
    pub fn execute(
        self,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<Box<RawValue>, RequestError> {
        let Request { result_name, activity, .. } = self.into_request();
        let output = activity.execute(caller, context)?;
        Ok(wrap(result_name, &output))
    }
}

/// `{"<name>":<content>}`.
fn wrap(name: &str, content: &RawValue) -> Box<RawValue> {
    #[expect(
        clippy::expect_used,
        reason = "an object with one plain name around valid JSON is JSON"
    )]
    RawValue::from_string(format!("{{\"{name}\":{}}}", content.get())).expect("JSON in JSON")
}

/// [`Execute`] without its type.
trait Erased: Send {
    fn rule(&self) -> Rule;
    fn needs(&self) -> Needs;
    fn execute(
        self: Box<Self>,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<Box<RawValue>, RequestError>;
}

impl<A: Execute> Erased for A {
    fn rule(&self) -> Rule {
        Execute::rule(self)
    }

    fn needs(&self) -> Needs {
        Execute::needs(self)
    }

    fn execute(
        self: Box<Self>,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<Box<RawValue>, RequestError> {
        let output = Execute::execute(*self, caller, context)?;
        to_raw_value(&output).map_err(RequestError::internal)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_has_its_row() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/activities");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(".rs").map(str::to_owned))
            .filter(|name| name != "mod" && name != "registry")
            .collect();
        let rows: BTreeSet<String> = REGISTRY.iter().map(|entry| entry.route.to_owned()).collect();
        assert_eq!(files, rows);
    }

    #[test]
    fn a_route_stands_in_one_namespace() {
        let routes: BTreeSet<&str> = REGISTRY.iter().map(|entry| entry.route).collect();
        assert_eq!(routes.len(), REGISTRY.len());
        assert!(Entry::find(Namespace::Turnkey, "stamp_login").is_some());
        assert!(Entry::find(Namespace::Keyward, "stamp_login").is_none());
        assert!(Entry::find(Namespace::Keyward, "revoke_session").is_some());
    }

    #[test]
    fn a_type_belongs_to_one_route() {
        let mut kinds = BTreeSet::new();
        for version in REGISTRY.iter().flat_map(Entry::versions) {
            assert!(kinds.insert(version.kind), "{} stands twice", version.kind);
        }
    }
}
