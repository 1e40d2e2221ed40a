//! `CREATE_SUB_ORGANIZATION`: an organization for an end user, with root users and perhaps a wallet.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::attested::users_with,
    crate::engine::client_signature::{SignUpContent, SignUpUsage},
    crate::engine::context::Proofs,
    crate::engine::credentials::{self, Identities},
    crate::engine::model::Organization,
    crate::engine::proofs::{ProofFacts, Verified},
    crate::engine::{Caller, Context, Needs, Rule, authenticate, view, wallets},
    crate::parameters::id_tokens,
    crate::wire::RequestError,
    crate::wire::enums::OtpType,
    crate::wire::enums::{Action, Resource},
    crate::wire::id::OrganizationId,
};

use crate::parameters::{NewPrivateKey, NewUser, NewWallet, all};
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
                    signed: intent.root_users.first().map(serde_json::to_value),
                    kind: stringify!($name),
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
    /// The first root user as it travelled, which is what a client signs.
    signed: Option<serde_json::Result<Value>>,
    /// Name of the intent.
    kind: &'static str,
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
    sign_up: Option<SignUp>,
}

/// The proof that the root user has a contact.
#[derive(Clone, Debug, PartialEq)]
struct SignUp {
    verification_token: String,
    client_signature: Option<ClientSignature>,
    /// The root user as it travelled.
    signed: Value,
    /// Whether a token of the older form does.
    takes_older: bool,
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
        let verification_token = self.verification_token.filter(|token| !token.is_empty());
        let sign_up = match (verification_token, self.signed) {
            (None, _) if self.client_signature.is_some() => {
                return Err(InvalidRequest::new("clientSignature needs a verificationToken"));
            }
            (None, _) => None,
            (Some(verification_token), Some(Ok(signed))) if members == 1 => Some(SignUp {
                verification_token,
                client_signature: self.client_signature,
                signed,
                takes_older: self.kind == "CreateSubOrganizationIntentV7",
            }),
            (Some(_), _) => {
                return Err(InvalidRequest::new("verificationToken needs exactly one root user"));
            }
        };
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
            sign_up,
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
        Ok(Self {
            name: value::label("userName", travels.user_name)?,
            email: value::email(travels.user_email)?,
            phone_number: value::phone_number(travels.user_phone_number)?,
            tags: Vec::new(),
            api_keys: all(travels.api_keys)?,
            authenticators: all(travels.authenticators)?,
            oauth_providers: all(travels.oauth_providers)?,
        })
    }
}

impl TryFrom<RootUserParamsV4> for NewUser {
    type Error = InvalidRequest;

    fn try_from(older: RootUserParamsV4) -> Result<Self, InvalidRequest> {
        RootUserParamsV5 {
            user_name: older.user_name,
            user_email: older.user_email,
            user_phone_number: older.user_phone_number,
            api_keys: older.api_keys,
            authenticators: older.authenticators,
            oauth_providers: older.oauth_providers.into_iter().map(Into::into).collect(),
        }
        .try_into()
    }
}

impl TryFrom<RootUserParamsV2> for NewUser {
    type Error = InvalidRequest;

    fn try_from(older: RootUserParamsV2) -> Result<Self, InvalidRequest> {
        RootUserParamsV5 {
            user_name: older.user_name,
            user_email: older.user_email,
            user_phone_number: None,
            api_keys: older.api_keys.into_iter().map(Into::into).collect(),
            authenticators: older.authenticators,
            oauth_providers: older.oauth_providers.into_iter().map(Into::into).collect(),
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
    type Intent = CreateSubOrganizationIntentV8;
    type Output = CreateSubOrganizationResult;
}

#[cfg(feature = "engine")]
impl Execute for CreateSubOrganization {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Organization, Action::Create));

    fn rule(&self) -> Rule {
        Rule::ParentOrProxy
    }

    fn needs(&self) -> Needs {
        let proofs = Proofs {
            verification_token: self.sign_up.as_ref().map(|it| it.verification_token.clone()),
            id_tokens: id_tokens(self.root_users.iter().flat_map(|user| &user.oauth_providers)),
        };
        if proofs == Proofs::default() { Needs::Nothing } else { Needs::Proofs(proofs) }
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<CreateSubOrganizationResult, RequestError> {
        let now = context.now;
        let id = OrganizationId::generate(now, context.rng);
        let parent = context.organization().id;
        let mut organization = Organization::new(id, Some(parent), self.name, now);
        organization.root_quorum.threshold = self.threshold;
        organization.features = self.features.into_iter().map(|feature| (feature, None)).collect();
        let proofs = context.take_proofs();
        let verified = self.sign_up.map(|sign_up| sign_up.check(&proofs, context)).transpose()?;
        let mut identities = Identities::new(proofs);
        // A sub-organization starts with its parent's origins.
        let origins = authenticate::allowed_origins(context.organization(), None);
        for user in self.root_users {
            let id = credentials::add_user(
                &mut organization,
                origins.as_deref(),
                user,
                &mut identities,
                now,
                context.rng,
            )?;
            organization.root_quorum.users.push(id);
            credentials::check_has_credential(&organization, id)?;
        }
        if let Some(verified) = verified {
            note_contact(&mut organization, &verified)?;
            context.changes.records.push(verified.used(|token| token.signed_up = true)?);
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

#[cfg(feature = "engine")]
impl SignUp {
    /// Checks the token, that nobody signed up with it before, and the client's signature.
    fn check(self, proofs: &ProofFacts, context: &Context<'_>) -> Result<Verified, RequestError> {
        let verified =
            proofs.verification_token(&self.verification_token, context.keys, context.now)?;
        context.check_verified_here(&verified)?;
        let refuse =
            |reason: &'static str| Err(RequestError::InvalidVerificationToken(reason.into()));
        if verified.token_use.value.signed_up {
            return refuse("somebody signed up with it already");
        }
        if !self.takes_older && verified.token.organization.is_none() {
            return refuse("it is of the older form, which this version does not take");
        }
        let list = |name: &str| {
            let list = self.signed.get(name).and_then(Value::as_array);
            list.map(Vec::as_slice).unwrap_or_default()
        };
        let text = |name: &str| self.signed.get(name).and_then(Value::as_str);
        let requested = SignUpContent {
            usage: if self.takes_older { SignUpUsage::V1 } else { SignUpUsage::V2 },
            api_keys: list("apiKeys"),
            authenticators: list("authenticators"),
            oauth_providers: list("oauthProviders"),
            email: text("userEmail"),
            phone_number: text("userPhoneNumber"),
        };
        verified.check_sign_up(self.client_signature.as_ref(), &requested)?;
        Ok(verified)
    }
}

/// Notes that the root user has proven its contact.
#[cfg(feature = "engine")]
fn note_contact(organization: &mut Organization, verified: &Verified) -> Result<(), RequestError> {
    let (kind, contact) = (verified.kind(), &verified.token.contact);
    let owner = users_with(organization, kind, contact).map(|user| user.id).next();
    let Some(owner) = owner else {
        let reason = "it is for another contact than the root user's";
        return Err(RequestError::InvalidVerificationToken(reason.into()));
    };
    let owner = organization.user_mut(owner)?;
    match kind {
        OtpType::Email => owner.email_verified = true,
        OtpType::Sms => owner.phone_number_verified = true,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use keyward_crypto::P256PrivateKey;
    use serde_json::json;

    use super::*;
    use crate::engine::auth_proxy;
    use crate::engine::model::User;
    use crate::engine::testing::{ISSUER, World, client_signature};

    const V8: &str = "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V8";
    const V7: &str = "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V7";
    const SIGN_UP: &str = "USAGE_TYPE_SIGNUP";
    const ADDRESS: &str = "a@example.com";
    const NUMBER: &str = "+15551234567";
    const NOT_COVERED: &str =
        "invalid client signature: client signature does not cover the request";
    const OTHER_CONTACT: &str =
        "invalid verification token: it is for another contact than the root user's";

    /// A parent organization that sends codes.
    fn world() -> World {
        let mut world = World::new();
        world.allow_codes(world.parent());
        world
    }

    fn asked() -> Value {
        json!({
            "subOrganizationName": "made",
            "rootUsers": [{
                "userName": "alice",
                "userEmail": ADDRESS,
                "apiKeys": [],
                "authenticators": [],
                "oauthProviders": [],
            }],
            "rootQuorumThreshold": 1,
        })
    }

    /// What a client signs of such a request.
    fn content(asked: &Value) -> Value {
        let user = &asked["rootUsers"][0];
        let mut content = json!({
            "apiKeys": user["apiKeys"],
            "authenticators": user["authenticators"],
            "oauthProviders": user["oauthProviders"],
        });
        for (name, member) in [("email", "userEmail"), ("phoneNumber", "userPhoneNumber")] {
            if user[member].is_string() {
                content[name] = user[member].clone();
            }
        }
        content
    }

    /// The request with a token and what the holder of the token's key signs, under `name`.
    fn signed(mut asked: Value, key: &P256PrivateKey, token: &str, name: &str) -> Value {
        let signature = client_signature(key, token, SIGN_UP, name, content(&asked));
        asked["verificationToken"] = json!(token);
        asked["clientSignature"] = signature;
        asked
    }

    fn create(world: &mut World, kind: &str, asked: &Value) -> Result<Organization, RequestError> {
        let result = world.submit(&world.root(), world.parent(), kind, asked.clone())?;
        let id = result["subOrganizationId"].as_str().unwrap().parse().unwrap();
        Ok(world.organization(id).clone())
    }

    /// The refusal's text, once it is known that nothing was left behind.
    fn refused(world: &mut World, kind: &str, asked: &Value) -> String {
        let list = |world: &World| {
            world.query(&world.root(), world.parent(), "list_suborgs", json!({})).unwrap()
        };
        let before = (list(world), world.records.clone());
        let refusal = create(world, kind, asked).unwrap_err();
        assert_eq!((list(world), world.records.clone()), before);
        refusal.to_string()
    }

    fn only(organization: &Organization) -> &User {
        assert_eq!(organization.users.len(), 1);
        &organization.users[0]
    }

    #[test]
    fn a_token_proves_the_root_users_contact() {
        for contact in [ADDRESS, NUMBER] {
            let mut world = world();
            let (key, public) = world.client_key();
            let token = world.token(world.parent(), contact, &public);
            let mut asked = asked();
            asked["rootUsers"][0]["userPhoneNumber"] = json!(NUMBER);
            let made = create(&mut world, V8, &signed(asked, &key, &token, "signupV2")).unwrap();
            let user = only(&made);
            assert_eq!(user.email_verified, contact == ADDRESS);
            assert_eq!(user.phone_number_verified, contact == NUMBER);
            let token_use = world.token_use(&token).value;
            assert!(token_use.signed_up && !token_use.logged_in);
        }
    }

    #[test]
    fn without_a_token_no_contact_is_proven() {
        let mut world = world();
        for kind in [V7, V8] {
            assert!(!only(&create(&mut world, kind, &asked()).unwrap()).email_verified);
        }
    }

    #[test]
    fn each_version_wants_its_own_usage_signed() {
        for (kind, ours, other) in [(V8, "signupV2", "signup"), (V7, "signup", "signupV2")] {
            let mut world = world();
            let (key, public) = world.client_key();
            let token = world.token(world.parent(), ADDRESS, &public);
            let refusal = refused(&mut world, kind, &signed(asked(), &key, &token, other));
            let text = "invalid client signature: client signature is for another use";
            assert_eq!(refusal, text);
            create(&mut world, kind, &signed(asked(), &key, &token, ours)).unwrap();
        }
    }

    #[test]
    fn a_token_signs_up_once_and_still_logs_in() {
        let mut world = world();
        let (key, public) = world.client_key();
        let token = world.token(world.parent(), ADDRESS, &public);
        let asked = signed(asked(), &key, &token, "signupV2");
        let made = create(&mut world, V8, &asked).unwrap();
        let again = "invalid verification token: somebody signed up with it already";
        assert_eq!(refused(&mut world, V8, &asked), again);
        let session = world.public_key();
        let login = json!({ "publicKey": session });
        let asked_next = json!({
            "verificationToken": token,
            "publicKey": session,
            "clientSignature": client_signature(&key, &token, "USAGE_TYPE_LOGIN", "login", login),
        });
        world.submit(&world.root(), made.id, "ACTIVITY_TYPE_OTP_LOGIN_V2", asked_next).unwrap();
        let used = "invalid verification token: the token has been used";
        assert_eq!(refused(&mut world, V8, &asked), used);
    }

    #[test]
    fn a_token_that_logged_in_does_not_sign_up() {
        let mut world = world();
        let root = world.root();
        world.edit(root.organization).users[0].email = Some(ADDRESS.to_owned());
        let token = world.older_token(root.organization, ADDRESS, None);
        let log_in = json!({ "verificationToken": token, "publicKey": world.public_key() });
        world.submit(&root, root.organization, "ACTIVITY_TYPE_OTP_LOGIN", log_in).unwrap();
        let mut asked = asked();
        asked["verificationToken"] = json!(token);
        let used = "invalid verification token: the token has been used";
        assert_eq!(refused(&mut world, V7, &asked), used);
    }

    #[test]
    fn the_older_form_is_for_the_older_version() {
        let mut world = world();
        let (key, public) = world.client_key();
        let bound = world.older_token(world.parent(), ADDRESS, Some(&public));
        let unbound = world.older_token(world.parent(), ADDRESS, None);
        let mut unsigned = asked();
        unsigned["verificationToken"] = json!(unbound);
        let older =
            "invalid verification token: it is of the older form, which this version does not take";
        assert_eq!(refused(&mut world, V8, &signed(asked(), &key, &bound, "signupV2")), older);
        assert_eq!(refused(&mut world, V8, &unsigned), older);
        for asked in [signed(asked(), &key, &bound, "signup"), unsigned] {
            assert!(only(&create(&mut world, V7, &asked).unwrap()).email_verified);
        }
    }

    #[test]
    fn refuses_a_token_for_another_contact() {
        let mut world = world();
        let (key, public) = world.client_key();
        let token = world.token(world.parent(), ADDRESS, &public);
        let mut other = asked();
        other["rootUsers"][0]["userEmail"] = json!("b@example.com");
        let mut none = asked();
        none["rootUsers"][0]["userEmail"] = Value::Null;
        none["rootUsers"][0]["userPhoneNumber"] = json!(NUMBER);
        for asked in [other, none] {
            let asked = signed(asked, &key, &token, "signupV2");
            assert_eq!(refused(&mut world, V8, &asked), OTHER_CONTACT);
        }
        let mut asked = asked();
        asked["rootUsers"][0]["userEmail"] = json!("A@Example.com");
        let asked = signed(asked, &key, &token, "signupV2");
        assert!(only(&create(&mut world, V8, &asked).unwrap()).email_verified);
    }

    #[test]
    fn refuses_a_token_of_a_sub_organization() {
        let mut world = world();
        let (sub, _) = world.sub_organization();
        world.allow_codes(sub);
        let (key, public) = world.client_key();
        let token = world.token(sub, ADDRESS, &public);
        let refusal = refused(&mut world, V8, &signed(asked(), &key, &token, "signupV2"));
        let text = "invalid verification token: the token is for another organization";
        assert_eq!(refusal, text);
    }

    #[test]
    fn everything_the_root_user_gets_must_have_been_signed() {
        let mut world = world();
        let (key, public) = world.client_key();
        let token = world.token(world.parent(), ADDRESS, &public);
        let mut asked = asked();
        asked["rootUsers"][0]["apiKeys"] = json!([{
            "apiKeyName": "key",
            "publicKey": world.public_key(),
            "curveType": "API_KEY_CURVE_P256",
            "expirationSeconds": "60",
        }]);
        asked["rootUsers"][0]["authenticators"] = json!([world.passkey("phone")]);
        let asked = signed(asked, &key, &token, "signupV2");
        let extra_key = json!({
            "apiKeyName": "key",
            "publicKey": world.public_key(),
            "curveType": "API_KEY_CURVE_P256",
        });
        for (name, value) in [
            ("apiKeys", json!([])),
            ("apiKeys", json!([asked["rootUsers"][0]["apiKeys"][0], extra_key])),
            ("apiKeys", json!([extra_key])),
            ("authenticators", json!([world.passkey("phone")])),
            ("oauthProviders", json!([{ "providerName": "p", "oidcToken": "token" }])),
            ("userEmail", json!("A@example.com")),
            ("userPhoneNumber", json!(NUMBER)),
        ] {
            let mut asked = asked.clone();
            asked["rootUsers"][0][name] = value;
            assert_eq!(refused(&mut world, V8, &asked), NOT_COVERED, "{name}");
        }
        let mut unsigned = asked.clone();
        unsigned.as_object_mut().unwrap().remove("clientSignature");
        let text = "invalid client signature: the token is bound to a key: sign with it";
        assert_eq!(refused(&mut world, V8, &unsigned), text);
        let made = create(&mut world, V8, &asked).unwrap();
        assert_eq!((only(&made).api_keys.len(), only(&made).authenticators.len()), (1, 1));
    }

    #[test]
    fn a_token_is_for_one_root_user_and_a_signature_for_a_token() {
        let mut world = world();
        let (key, public) = world.client_key();
        let token = world.token(world.parent(), ADDRESS, &public);
        let mut two = signed(asked(), &key, &token, "signupV2");
        let mut bob = two["rootUsers"][0].clone();
        bob["userEmail"] = json!("b@example.com");
        two["rootUsers"].as_array_mut().unwrap().push(bob);
        let text = "verificationToken needs exactly one root user";
        assert_eq!(refused(&mut world, V8, &two), text);
        let mut asked = signed(asked(), &key, &token, "signupV2");
        asked["verificationToken"] = json!("");
        let text = "clientSignature needs a verificationToken";
        assert_eq!(refused(&mut world, V8, &asked), text);
    }

    #[test]
    fn an_expired_token_signs_nobody_up() {
        let mut world = world();
        let (key, public) = world.client_key();
        let token = world.token(world.parent(), ADDRESS, &public);
        world.now = world.now.plus_seconds(3600);
        let refusal = refused(&mut world, V8, &signed(asked(), &key, &token, "signupV2"));
        let text = "invalid verification token: verification token has expired";
        assert_eq!(refusal, text);
    }

    #[test]
    fn the_auth_proxy_signs_users_up() {
        let mut world = world();
        let (parent, now) = (world.parent(), world.now);
        let (mut changes, mut rng) =
            (crate::engine::Changes::default(), keyward_crypto::SeededRng::from_seed([7; 32]));
        let proxy = auth_proxy::enable(world.edit(parent), &mut changes, now, &mut rng).unwrap();
        let (key, public) = world.client_key();
        let token = world.token(parent, ADDRESS, &public);
        let proxy = world.caller(parent, proxy);
        world.submit(&proxy, parent, V8, signed(asked(), &key, &token, "signupV2")).unwrap();
        let user = world.user(parent);
        assert!(world.submit(&user, parent, V8, asked()).is_err());
    }

    #[test]
    fn accounts_at_identity_providers_come_by_token_and_by_claims_beside_one() {
        let mut world = world();
        let token = world.id_token("subject", json!({ "aud": ["client", "unused"] }));
        let mut asked = asked();
        asked["rootUsers"][0]["userEmail"] = Value::Null;
        let by_token = json!({ "providerName": "web", "oidcToken": token });
        let claims = |sub: &str| {
            let claims = json!({ "iss": ISSUER, "sub": sub, "aud": "app" });
            json!({ "providerName": "app", "oidcClaims": claims })
        };
        asked["rootUsers"][0]["oauthProviders"] = json!([claims("subject"), by_token]);
        let made = create(&mut world, V8, &asked).unwrap();
        let known: Vec<_> = only(&made)
            .oauth_providers
            .iter()
            .map(|it| {
                (it.name.as_str(), it.issuer.as_str(), it.audience.as_str(), it.subject.as_str())
            })
            .collect();
        let expected = [("web", ISSUER, "client", "subject"), ("app", ISSUER, "app", "subject")];
        assert_eq!(known, expected);

        let beside = "oidcClaims need an oidcToken of the same issuer and subject beside them";
        for providers in [json!([claims("subject")]), json!([claims("other"), by_token])] {
            asked["rootUsers"][0]["oauthProviders"] = providers;
            assert_eq!(refused(&mut world, V8, &asked), beside);
        }
        asked["rootUsers"][0]["oauthProviders"] = json!([by_token, by_token]);
        let twice = "oauth provider is already registered in this organization";
        assert_eq!(refused(&mut world, V8, &asked), twice);
        asked["rootUsers"][0]["oauthProviders"] = json!([by_token]);
        create(&mut world, V7, &asked).unwrap();
        world.now = world.now.plus_seconds(3660);
        let expired = "invalid OIDC token: OIDC token has expired";
        for kind in [V7, V8] {
            assert_eq!(refused(&mut world, kind, &asked), expired);
        }
    }

    #[test]
    fn a_sign_up_may_bring_a_contact_and_accounts_together() {
        let mut world = world();
        let (key, public) = world.client_key();
        let token = world.token(world.parent(), ADDRESS, &public);
        let mut asked = asked();
        asked["rootUsers"][0]["oauthProviders"] = json!([
            { "providerName": "one", "oidcToken": world.id_token("one", json!({})) },
            { "providerName": "two", "oidcToken": world.id_token("two", json!({})) },
        ]);
        let made = create(&mut world, V8, &signed(asked, &key, &token, "signupV2")).unwrap();
        let user = only(&made);
        assert!(user.email_verified);
        let subjects: Vec<_> = user.oauth_providers.iter().map(|it| &it.subject).collect();
        assert_eq!(subjects, ["one", "two"]);
    }

    #[test]
    fn each_root_users_tokens_are_its_own() {
        let mut world = world();
        let mut asked = asked();
        let user = |name: &str, token: &str| {
            json!({
                "userName": name,
                "apiKeys": [],
                "authenticators": [],
                "oauthProviders": [{ "providerName": "p", "oidcToken": token }],
            })
        };
        let tokens = ["one", "two"].map(|subject| world.id_token(subject, json!({})));
        asked["rootUsers"] = json!([user("one", &tokens[0]), user("two", &tokens[1])]);
        let made = create(&mut world, V8, &asked).unwrap();
        for user in &made.users {
            assert_eq!(user.oauth_providers[0].subject, user.name);
        }
    }
}
