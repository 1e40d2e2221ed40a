//! `CREATE_SUB_ORGANIZATION`: an organization for an end user, with root users and perhaps a wallet.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::model::{Organization, RootQuorum},
    crate::engine::{Caller, Context, Rule, authenticate, credentials, view, wallets},
    crate::wire::RequestError,
    crate::wire::id::OrganizationId,
};

use crate::parameters::{NewPrivateKey, NewUser, NewWallet, all, no_oauth_providers};
use crate::wire::enums::FeatureName;
use crate::wire::objects::{
    ApiKeyParams, ApiKeyParamsV2, AuthenticatorParamsV2, ClientSignature, OauthProviderParams,
    OauthProviderParamsV2, PrivateKeyParams, PrivateKeyResult, WalletParams, WalletResult,
};
use crate::wire::{InvalidRequest, value};

/// A root user of version 2 to 4.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RootUserParams {
    /// Its name.
    pub user_name: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_email: Option<String>,
    /// API keys, all P-256.
    pub api_keys: Vec<ApiKeyParams>,
    /// Passkeys.
    pub authenticators: Vec<AuthenticatorParamsV2>,
}

/// A root user of version 5.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RootUserParamsV2 {
    /// Its name.
    pub user_name: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_email: Option<String>,
    /// API keys, all P-256.
    pub api_keys: Vec<ApiKeyParams>,
    /// Passkeys.
    pub authenticators: Vec<AuthenticatorParamsV2>,
    /// OAuth providers.
    pub oauth_providers: Vec<OauthProviderParams>,
}

/// A root user of version 6 (without phone number) and 7.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RootUserParamsV4 {
    /// Its name.
    pub user_name: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_email: Option<String>,
    /// Phone number, E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_phone_number: Option<String>,
    /// API keys.
    pub api_keys: Vec<ApiKeyParamsV2>,
    /// Passkeys.
    pub authenticators: Vec<AuthenticatorParamsV2>,
    /// OAuth providers.
    pub oauth_providers: Vec<OauthProviderParams>,
}

/// A root user of version 8.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RootUserParamsV5 {
    /// Its name.
    pub user_name: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_email: Option<String>,
    /// Phone number, E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_phone_number: Option<String>,
    /// API keys.
    pub api_keys: Vec<ApiKeyParamsV2>,
    /// Passkeys.
    pub authenticators: Vec<AuthenticatorParamsV2>,
    /// OAuth providers.
    pub oauth_providers: Vec<OauthProviderParamsV2>,
}

/// Declares the versions that differ in their root users and in which extras they know.
macro_rules! intents {
    ($($(#[$doc:meta])* $name:ident<$user:ty> { $($extra:ident: $type:ty),* $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
        #[serde(rename_all = "camelCase")]
        #[expect(missing_docs, reason = "the members are the protocol's own")]
        pub struct $name {
            pub sub_organization_name: String,
            pub root_users: Vec<$user>,
            pub root_quorum_threshold: u32,
            $(#[serde(default, skip_serializing_if = "Option::is_none")] pub $extra: Option<$type>,)*
        }

        impl TryFrom<$name> for CreateSubOrganization {
            type Error = InvalidRequest;

            fn try_from(intent: $name) -> Result<Self, InvalidRequest> {
                Travels {
                    name: intent.sub_organization_name,
                    root_users: all(intent.root_users)?,
                    threshold: intent.root_quorum_threshold,
                    $($extra: intent.$extra,)*
                    ..Default::default()
                }
                .check()
            }
        }
    )+};
}

intents! {
    /// Version 2.
    CreateSubOrganizationIntentV2<RootUserParams> {}
    /// Version 3: private keys.
    CreateSubOrganizationIntentV3<RootUserParams> { private_keys: Vec<PrivateKeyParams> }
    /// Version 4: a wallet, and features that are off from the start.
    CreateSubOrganizationIntentV4<RootUserParams> {
        wallet: WalletParams, disable_email_recovery: bool, disable_email_auth: bool,
    }
    /// Version 5: OAuth providers.
    CreateSubOrganizationIntentV5<RootUserParamsV2> {
        wallet: WalletParams, disable_email_recovery: bool, disable_email_auth: bool,
    }
    /// Version 6: curves of API keys.
    CreateSubOrganizationIntentV6<RootUserParamsV4> {
        wallet: WalletParams, disable_email_recovery: bool, disable_email_auth: bool,
    }
    /// Version 7: phone numbers and verified contacts.
    CreateSubOrganizationIntentV7<RootUserParamsV4> {
        wallet: WalletParams, disable_email_recovery: bool, disable_email_auth: bool,
        disable_sms_auth: bool, disable_otp_email_auth: bool, verification_token: String,
        client_signature: ClientSignature,
    }
    /// Version 8: OAuth providers by their claims.
    CreateSubOrganizationIntentV8<RootUserParamsV5> {
        wallet: WalletParams, disable_email_recovery: bool, disable_email_auth: bool,
        disable_sms_auth: bool, disable_otp_email_auth: bool, verification_token: String,
        client_signature: ClientSignature,
    }
}

/// Version 1: one root user, who has one passkey.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateSubOrganizationIntent {
    /// Name of the sub-organization.
    pub name: String,
    /// The root user's passkey.
    pub root_authenticator: AuthenticatorParamsV2,
}

/// What it answers; older versions show fewer members.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateSubOrganizationResult {
    /// Id of the sub-organization.
    pub sub_organization_id: String,
    /// The wallet, where one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet: Option<WalletResult>,
    /// The private keys of version 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_keys: Option<Vec<PrivateKeyResult>>,
    /// Ids of the root users, in order.
    pub root_user_ids: Vec<String>,
}

/// All versions at once.
#[derive(Default)]
struct Travels {
    name: String,
    root_users: Vec<NewUser>,
    threshold: u32,
    private_keys: Option<Vec<PrivateKeyParams>>,
    wallet: Option<WalletParams>,
    disable_email_recovery: Option<bool>,
    disable_email_auth: Option<bool>,
    disable_sms_auth: Option<bool>,
    disable_otp_email_auth: Option<bool>,
    verification_token: Option<String>,
    client_signature: Option<ClientSignature>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateSubOrganization {
    name: String,
    root_users: Vec<NewUser>,
    threshold: u32,
    private_keys: Option<Vec<NewPrivateKey>>,
    wallet: Option<NewWallet>,
    /// Features that are on from the start.
    features: Vec<FeatureName>,
}

impl Travels {
    fn check(self) -> Result<CreateSubOrganization, InvalidRequest> {
        let members = u32::try_from(self.root_users.len()).unwrap_or(u32::MAX);
        if members == 0 {
            return Err(InvalidRequest::new("quorum users missing"));
        }
        if self.threshold == 0 {
            return Err(InvalidRequest::new("quorum threshold must be non-zero integer"));
        }
        if self.threshold > members {
            return Err(InvalidRequest::new(
                "quorum threshold must not exceed the number of root users",
            ));
        }
        if self.verification_token.is_some() || self.client_signature.is_some() {
            return Err(InvalidRequest::new(
                "verification tokens are not supported by this server yet",
            ));
        }
        Ok(CreateSubOrganization {
            name: if self.name.is_empty() {
                self.name
            } else {
                value::label("subOrganizationName", self.name)?
            },
            root_users: self.root_users,
            threshold: self.threshold,
            private_keys: self.private_keys.map(all).transpose()?,
            wallet: self.wallet.map(NewWallet::try_from).transpose()?,
            features: [
                (self.disable_email_recovery, FeatureName::EmailRecovery),
                (self.disable_email_auth, FeatureName::EmailAuth),
                (self.disable_sms_auth, FeatureName::SmsAuth),
                (self.disable_otp_email_auth, FeatureName::OtpEmailAuth),
            ]
            .into_iter()
            .filter(|(disabled, _)| !disabled.unwrap_or_default())
            .map(|(_, feature)| feature)
            .collect(),
        })
    }
}

impl TryFrom<CreateSubOrganizationIntent> for CreateSubOrganization {
    type Error = InvalidRequest;

    fn try_from(intent: CreateSubOrganizationIntent) -> Result<Self, InvalidRequest> {
        let root_user = RootUserParams {
            user_name: "Root user".to_owned(),
            user_email: None,
            api_keys: Vec::new(),
            authenticators: vec![intent.root_authenticator],
        };
        Travels {
            name: intent.name,
            root_users: vec![root_user.try_into()?],
            threshold: 1,
            ..Default::default()
        }
        .check()
    }
}

impl TryFrom<RootUserParamsV5> for NewUser {
    type Error = InvalidRequest;

    fn try_from(travels: RootUserParamsV5) -> Result<Self, InvalidRequest> {
        no_oauth_providers(&travels.oauth_providers)?;
        Ok(Self {
            name: value::label("userName", travels.user_name)?,
            email: value::email(travels.user_email)?,
            phone_number: value::phone_number(travels.user_phone_number)?,
            tags: Vec::new(),
            api_keys: all(travels.api_keys)?,
            authenticators: all(travels.authenticators)?,
        })
    }
}

impl TryFrom<RootUserParamsV4> for NewUser {
    type Error = InvalidRequest;

    fn try_from(older: RootUserParamsV4) -> Result<Self, InvalidRequest> {
        no_oauth_providers(&older.oauth_providers)?;
        RootUserParamsV5 {
            user_name: older.user_name,
            user_email: older.user_email,
            user_phone_number: older.user_phone_number,
            api_keys: older.api_keys,
            authenticators: older.authenticators,
            oauth_providers: Vec::new(),
        }
        .try_into()
    }
}

impl TryFrom<RootUserParamsV2> for NewUser {
    type Error = InvalidRequest;

    fn try_from(older: RootUserParamsV2) -> Result<Self, InvalidRequest> {
        no_oauth_providers(&older.oauth_providers)?;
        RootUserParams {
            user_name: older.user_name,
            user_email: older.user_email,
            api_keys: older.api_keys,
            authenticators: older.authenticators,
        }
        .try_into()
    }
}

impl TryFrom<RootUserParams> for NewUser {
    type Error = InvalidRequest;

    fn try_from(older: RootUserParams) -> Result<Self, InvalidRequest> {
        RootUserParamsV5 {
            user_name: older.user_name,
            user_email: older.user_email,
            user_phone_number: None,
            api_keys: older.api_keys.into_iter().map(Into::into).collect(),
            authenticators: older.authenticators,
            oauth_providers: Vec::new(),
        }
        .try_into()
    }
}

impl Activity for CreateSubOrganization {
    const ROUTE: &'static str = "create_sub_organization";
    const VERSIONS: &'static [Version<Self>] = &[
        Version::of::<CreateSubOrganizationIntentV8>(
            "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V8",
            "createSubOrganizationIntentV8",
            "createSubOrganizationResultV8",
        ),
        Version::of::<CreateSubOrganizationIntentV7>(
            "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V7",
            "createSubOrganizationIntentV7",
            "createSubOrganizationResultV7",
        ),
        Version::of::<CreateSubOrganizationIntentV6>(
            "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V6",
            "createSubOrganizationIntentV6",
            "createSubOrganizationResultV6",
        ),
        Version::of::<CreateSubOrganizationIntentV5>(
            "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V5",
            "createSubOrganizationIntentV5",
            "createSubOrganizationResultV5",
        ),
        Version::of::<CreateSubOrganizationIntentV4>(
            "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V4",
            "createSubOrganizationIntentV4",
            "createSubOrganizationResultV4",
        ),
        Version::of::<CreateSubOrganizationIntentV3>(
            "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V3",
            "createSubOrganizationIntentV3",
            "createSubOrganizationResultV3",
        ),
        Version::of::<CreateSubOrganizationIntentV2>(
            "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V2",
            "createSubOrganizationIntentV2",
            "createSubOrganizationResult",
        ),
        Version::of::<CreateSubOrganizationIntent>(
            "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION",
            "createSubOrganizationIntent",
            "createSubOrganizationResult",
        ),
    ];
    type Output = CreateSubOrganizationResult;
}

#[cfg(feature = "engine")]
impl Execute for CreateSubOrganization {
    fn rule(&self) -> Rule {
        Rule::ParentOnly
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<CreateSubOrganizationResult, RequestError> {
        let now = context.now;
        let mut organization = Organization {
            id: OrganizationId::generate(now, context.rng),
            parent: Some(context.organization().id),
            name: self.name,
            created_at: now,
            users: Vec::new(),
            root_quorum: RootQuorum { threshold: self.threshold, users: Vec::new() },
            features: self.features.into_iter().map(|feature| (feature, None)).collect(),
            wallets: Vec::new(),
            private_keys: Vec::new(),
            tags: Vec::new(),
        };
        // A sub-organization starts with its parent's origins.
        let origins = authenticate::allowed_origins(context.organization(), None);
        for user in self.root_users {
            let id = credentials::add_user(
                &mut organization,
                origins.as_deref(),
                user,
                now,
                context.rng,
            )?;
            organization.root_quorum.users.push(id);
            credentials::check_has_credential(&organization, id)?;
        }
        let wallet = self
            .wallet
            .map(|wallet| {
                wallets::create_wallet(
                    &mut organization,
                    &mut context.changes,
                    wallet,
                    now,
                    context.rng,
                )
            })
            .transpose()?
            .map(|(id, addresses)| WalletResult { wallet_id: id.to_string(), addresses });
        let private_keys = self
            .private_keys
            .map(|keys| {
                keys.into_iter()
                    .map(|key| {
                        let id = wallets::create_private_key(
                            &mut organization,
                            &mut context.changes,
                            key,
                            now,
                            context.rng,
                        )?;
                        Ok(PrivateKeyResult {
                            private_key_id: id.to_string(),
                            addresses: view::addresses(organization.private_key(id)?),
                        })
                    })
                    .collect::<Result<Vec<_>, RequestError>>()
            })
            .transpose()?;
        let result = CreateSubOrganizationResult {
            sub_organization_id: organization.id.to_string(),
            wallet,
            private_keys,
            root_user_ids: organization.root_quorum.users.iter().map(ToString::to_string).collect(),
        };
        context.changes.created.push(organization);
        Ok(result)
    }
}
