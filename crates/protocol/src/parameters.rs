//! What several activities carry, checked: users, credentials, wallets and private keys to be made.

use keyward_crypto::{DerivationPath, P256PublicKey};
#[cfg(feature = "engine")]
use keyward_policy::{Dialect, Expression};
use serde::{Deserialize, Deserializer};

#[cfg(feature = "engine")]
use crate::engine::{mfa, model::MfaMethod};
#[cfg(feature = "engine")]
use crate::payload::{self, PayloadError, ToSign};
#[cfg(feature = "engine")]
use crate::wire::enums::AuthenticationType;
use crate::wire::enums::{
    AddressFormat, ApiKeyCurve, AuthenticatorTransport, Curve, FeatureName, HashFunction,
    PathFormat, PayloadEncoding,
};
use crate::wire::id::{PrivateKeyId, SessionProfileId, TagId};
use crate::wire::objects::{
    ApiKeyParams, ApiKeyParamsV2, AuthenticatorParams, AuthenticatorParamsV2, OauthProviderParams,
    OauthProviderParamsV2, OidcClaims, PrivateKeyParams, WalletAccountParams, WalletParams,
};
#[cfg(feature = "engine")]
use crate::wire::objects::{AuthenticationMethod, RequiredAuthenticationMethod};
use crate::wire::{InvalidRequest, value};

/// Secrets that are imported or exported at a time.
pub(crate) const MOST_SECRETS: usize = 32;
/// Methods of all steps of an MFA policy.
#[cfg(feature = "engine")]
const MOST_MFA_METHODS: usize = 100;
/// Longest challenge and credential id, in characters.
const LONGEST_WEBAUTHN_TEXT: usize = 256;

/// A user to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewUser {
    /// Its name.
    pub name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number, E.164.
    pub phone_number: Option<String>,
    /// Tags it is to carry.
    pub tags: Vec<TagId>,
    /// Its API keys.
    pub api_keys: Vec<NewApiKey>,
    /// Its passkeys.
    pub authenticators: Vec<NewAuthenticator>,
    /// Its accounts at identity providers.
    pub oauth_providers: Vec<NewOauthProvider>,
}

/// An account at an identity provider to be registered.
#[derive(Clone, Debug, PartialEq)]
pub struct NewOauthProvider {
    /// Its name.
    pub name: String,
    /// What it is known by.
    pub account: NewIdentity,
}

/// What an account at an identity provider is known by.
#[derive(Clone, Debug, PartialEq)]
pub enum NewIdentity {
    /// An ID token that says so.
    Token(String),
    /// Claims; another account registered with them must have a token of the same issuer and subject.
    Claims(OidcClaims),
}

/// An API key to be registered.
#[derive(Clone, Debug, PartialEq)]
pub struct NewApiKey {
    /// Its name.
    pub name: String,
    /// Lower-case hex.
    pub public_key: String,
    /// Its curve.
    pub curve: ApiKeyCurve,
    /// Its life; `None` for a key that does not expire.
    pub expiration_seconds: Option<u64>,
}

/// A passkey to be registered. What the browser answered is checked where it is registered, since that
/// depends on the organization.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAuthenticator {
    /// Its name.
    pub name: String,
    /// What the browser was asked to sign.
    pub challenge: String,
    /// Base64url.
    pub credential_id: String,
    /// Base64url.
    pub client_data_json: String,
    /// Base64url.
    pub attestation_object: String,
    /// As the browser named them.
    pub transports: Vec<AuthenticatorTransport>,
}

/// A wallet to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewWallet {
    /// Its name.
    pub name: String,
    /// Words of its mnemonic: 12, 15, 18, 21 or 24.
    pub words: usize,
    /// Accounts to derive at once.
    pub accounts: Vec<NewAccount>,
}

/// A wallet account to be derived.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAccount {
    /// Its curve.
    pub curve: Curve,
    /// How the path is written.
    pub path_format: PathFormat,
    /// As it was given.
    pub path_text: String,
    /// As it is meant.
    pub path: DerivationPath,
    /// How its address is written.
    pub address_format: AddressFormat,
    /// Its name.
    pub name: Option<String>,
}

/// What names a key to sign with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SignWith {
    /// A private key of the organization.
    PrivateKey(PrivateKeyId),
    /// The address of a wallet account or private key.
    Address(String),
}

/// A payload to be signed, read as far as that goes without knowing the key.
#[derive(Clone, Debug, PartialEq)]
pub struct Payload {
    /// How it was written.
    pub encoding: PayloadEncoding,
    /// What was to be done to it. `NOT_APPLICABLE` is for keys on Ed25519, the others are not.
    pub hash_function: HashFunction,
    /// What a key on such a curve signs.
    #[cfg(feature = "engine")]
    pub to_sign: ToSign,
    /// Its text, where that says more than the digest of it: typed data and authorizations.
    #[cfg(feature = "engine")]
    pub document: Option<String>,
}

impl Payload {
    /// Reads the text of a payload.
    ///
    /// # Errors
    ///
    /// What `payload::decode` refuses for every key with this hash function.
    #[cfg_attr(
        not(feature = "engine"),
        expect(unused_variables, reason = "only the engine reads it")
    )]
    pub fn parse(
        encoding: PayloadEncoding,
        hash_function: HashFunction,
        text: &str,
    ) -> Result<Self, InvalidRequest> {
        Ok(Self {
            encoding,
            hash_function,
            #[cfg(feature = "engine")]
            to_sign: {
                let curve = match hash_function {
                    HashFunction::NotApplicable => keyward_crypto::Curve::Ed25519,
                    _ => keyward_crypto::Curve::Secp256k1,
                };
                payload::decode(encoding, hash_function, curve, text)?
            },
            #[cfg(feature = "engine")]
            document: match encoding {
                PayloadEncoding::Eip712 | PayloadEncoding::Eip7702Authorization => {
                    Some(text.to_owned())
                }
                PayloadEncoding::Hexadecimal | PayloadEncoding::TextUtf8 => None,
            },
        })
    }

    /// What policies see of it: `activity.params`.
    #[cfg(feature = "engine")]
    pub(crate) fn params(&self) -> Vec<(&'static str, keyward_policy::Value)> {
        vec![
            ("hash_function", keyward_policy::Value::text(self.hash_function.as_str())),
            ("encoding", keyward_policy::Value::text(self.encoding.as_str())),
        ]
    }

    /// What a key on `curve` signs.
    ///
    /// # Errors
    ///
    /// [`PayloadError::Combination`] when the hash function is for other curves.
    #[cfg(feature = "engine")]
    pub fn for_curve(&self, curve: keyward_crypto::Curve) -> Result<&ToSign, PayloadError> {
        let Self { encoding, hash_function, to_sign, .. } = self;
        let hashes = curve != keyward_crypto::Curve::Ed25519;
        if hashes == matches!(to_sign, ToSign::Prehash(_)) {
            Ok(to_sign)
        } else {
            let (encoding, hash_function) = (*encoding, *hash_function);
            Err(PayloadError::Combination { encoding, hash_function, curve })
        }
    }
}

/// Reads the name of an encoding, and refuses others with the protocol's text.
pub(crate) fn encoding<'de, D: Deserializer<'de>>(from: D) -> Result<PayloadEncoding, D::Error> {
    named(from, PayloadEncoding::ALL, PayloadEncoding::as_str, "invalid payload encoding")
}

/// Reads the name of a hash function, and refuses others with the protocol's text.
pub(crate) fn hash_function<'de, D: Deserializer<'de>>(from: D) -> Result<HashFunction, D::Error> {
    named(from, HashFunction::ALL, HashFunction::as_str, "invalid hash function")
}

fn named<'de, D: Deserializer<'de>, T: Copy>(
    from: D,
    all: &[T],
    name: fn(T) -> &'static str,
    refusal: &'static str,
) -> Result<T, D::Error> {
    let text = String::deserialize(from)?;
    let found = all.iter().copied().find(|value| name(*value) == text);
    found.ok_or_else(|| serde::de::Error::custom(refusal))
}

/// What names an account of a wallet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AccountName {
    /// Its address.
    Address(String),
    /// Its path; several accounts may share one.
    Path(DerivationPath),
}

/// The session profile that a log-in asks for. The nil one limits nothing.
pub(crate) fn session_profile(
    text: Option<&str>,
) -> Result<Option<SessionProfileId>, InvalidRequest> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let id: SessionProfileId = value::id("sessionProfileId", text)?;
    Ok(Some(id).filter(|id| !id.0.is_nil()))
}

/// The steps of an MFA policy.
#[cfg(feature = "engine")]
pub(crate) fn mfa_steps(
    travel: Vec<RequiredAuthenticationMethod>,
) -> Result<Vec<Vec<MfaMethod>>, InvalidRequest> {
    const FIELD: &str = "requiredAuthenticationMethods";
    let refusal =
        |rule: &str| Err(InvalidRequest::new(format!("invalid {FIELD}: {rule}")).at(FIELD, rule));
    if travel.is_empty() || travel.iter().any(|step| step.any.is_empty()) {
        return refusal("there must be steps, and each must have methods");
    }
    if travel.iter().map(|step| step.any.len()).sum::<usize>() > MOST_MFA_METHODS {
        return refusal("too many methods");
    }
    let mut steps = Vec::with_capacity(travel.len());
    for step in travel {
        let mut methods = Vec::with_capacity(step.any.len());
        for AuthenticationMethod { kind, id } in step.any {
            let id = id.filter(|id| !id.is_empty());
            if mfa::kind_of(kind).is_none() {
                return refusal("no factor of MFA policies");
            }
            let is_code = matches!(kind, AuthenticationType::EmailOtp | AuthenticationType::SmsOtp);
            if is_code && id.is_some() {
                return refusal("one-time codes have no id");
            }
            let id = id.map(|id| value::id(FIELD, &id)).transpose()?;
            methods.push(MfaMethod { kind, id });
        }
        steps.push(methods);
    }
    Ok(steps)
}

/// The session profile of a log-in as policies see it: `activity.params.session_profile_id`.
#[cfg(feature = "engine")]
pub(crate) fn show_session_profile(id: Option<SessionProfileId>) -> keyward_policy::Value {
    keyward_policy::Value::text(id.map(|id| id.to_string()).unwrap_or_default())
}

/// Checks a condition as it is written. `of` says in the refusal what it belongs to.
#[cfg(feature = "engine")]
pub(crate) fn check_condition(of: &str, source: &str) -> Result<(), InvalidRequest> {
    Expression::parse(source, Dialect::Condition)
        .map(drop)
        .map_err(|refusal| InvalidRequest::new(format!("invalid {of}: {refusal}")))
}

impl From<String> for SignWith {
    fn from(text: String) -> Self {
        match text.parse() {
            Ok(id) => Self::PrivateKey(id),
            Err(_) => Self::Address(text),
        }
    }
}

/// A private key to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPrivateKey {
    /// Its name.
    pub name: String,
    /// Its curve.
    pub curve: Curve,
    /// Tags it is to carry.
    pub tags: Vec<TagId>,
    /// Addresses it is to have.
    pub address_formats: Vec<AddressFormat>,
}

impl TryFrom<ApiKeyParamsV2> for NewApiKey {
    type Error = InvalidRequest;

    fn try_from(travels: ApiKeyParamsV2) -> Result<Self, InvalidRequest> {
        Ok(Self {
            name: value::label("apiKeyName", travels.api_key_name)?,
            public_key: value::api_public_key(travels.curve_type, &travels.public_key)?,
            curve: travels.curve_type,
            expiration_seconds: value::expiration_seconds(travels.expiration_seconds)?,
        })
    }
}

impl From<ApiKeyParams> for ApiKeyParamsV2 {
    fn from(older: ApiKeyParams) -> Self {
        Self {
            api_key_name: older.api_key_name,
            public_key: older.public_key,
            curve_type: ApiKeyCurve::P256,
            expiration_seconds: older.expiration_seconds,
        }
    }
}

impl TryFrom<AuthenticatorParamsV2> for NewAuthenticator {
    type Error = InvalidRequest;

    fn try_from(travels: AuthenticatorParamsV2) -> Result<Self, InvalidRequest> {
        let attestation = travels.attestation;
        for (field, text) in
            [("challenge", &travels.challenge), ("credentialId", &attestation.credential_id)]
        {
            if text.is_empty() || text.chars().count() > LONGEST_WEBAUTHN_TEXT {
                let rule = "must be 1 to 256 characters";
                return Err(InvalidRequest::new(format!("invalid {field}: {rule}")).at(field, rule));
            }
        }
        Ok(Self {
            name: value::label("authenticatorName", travels.authenticator_name)?,
            challenge: travels.challenge,
            credential_id: attestation.credential_id,
            client_data_json: attestation.client_data_json,
            attestation_object: attestation.attestation_object,
            transports: attestation.transports,
        })
    }
}

impl From<AuthenticatorParams> for AuthenticatorParamsV2 {
    fn from(older: AuthenticatorParams) -> Self {
        Self {
            authenticator_name: older.authenticator_name,
            challenge: older.challenge,
            attestation: crate::wire::objects::Attestation {
                credential_id: older.attestation.raw_id,
                client_data_json: older.attestation.response.client_data_json,
                attestation_object: older.attestation.response.attestation_object,
                transports: older.attestation.response.transports,
            },
        }
    }
}

impl TryFrom<WalletParams> for NewWallet {
    type Error = InvalidRequest;

    fn try_from(travels: WalletParams) -> Result<Self, InvalidRequest> {
        Ok(Self {
            name: value::label("walletName", travels.wallet_name)?,
            words: match travels.mnemonic_length {
                None | Some(12) => 12,
                Some(15) => 15,
                Some(18) => 18,
                Some(21) => 21,
                Some(24) => 24,
                Some(_) => {
                    return Err(InvalidRequest::new(
                        "invalid mnemonic length: must be 12, 15, 18, 21 or 24",
                    ));
                }
            },
            accounts: all(travels.accounts)?,
        })
    }
}

impl TryFrom<WalletAccountParams> for NewAccount {
    type Error = InvalidRequest;

    fn try_from(travels: WalletAccountParams) -> Result<Self, InvalidRequest> {
        let path = DerivationPath::parse(&travels.path).map_err(|invalid| {
            InvalidRequest::new(invalid.to_string()).at("path", "must be BIP-32")
        })?;
        Ok(Self {
            curve: travels.curve,
            path_format: travels.path_format,
            path_text: travels.path,
            path,
            address_format: travels.address_format,
            name: value::optional_label("name", travels.name)?,
        })
    }
}

impl TryFrom<PrivateKeyParams> for NewPrivateKey {
    type Error = InvalidRequest;

    fn try_from(travels: PrivateKeyParams) -> Result<Self, InvalidRequest> {
        Ok(Self {
            name: value::label("privateKeyName", travels.private_key_name)?,
            curve: travels.curve,
            tags: value::ids("privateKeyTags", &travels.private_key_tags)?,
            address_formats: travels.address_formats,
        })
    }
}

/// A key that a client holds: P-256, SEC1 compressed or not, hex.
pub(crate) fn p256_key(text: &str) -> Result<P256PublicKey, InvalidRequest> {
    hex::decode(text)
        .ok()
        .and_then(|bytes| P256PublicKey::from_sec1(&bytes).ok())
        .ok_or_else(|| InvalidRequest::new("invalid public key: must be a P-256 key, SEC1, hex"))
}

/// Checks each of a list.
pub(crate) fn all<T, U>(travels: Vec<T>) -> Result<Vec<U>, InvalidRequest>
where
    U: TryFrom<T, Error = InvalidRequest>,
{
    travels.into_iter().map(U::try_from).collect()
}

/// The name that a feature is kept under: one of them has an older name too.
pub(crate) fn feature(name: FeatureName) -> FeatureName {
    match name {
        FeatureName::RootUserEmailRecovery => FeatureName::EmailRecovery,
        other => other,
    }
}

impl TryFrom<OauthProviderParamsV2> for NewOauthProvider {
    type Error = InvalidRequest;

    fn try_from(travels: OauthProviderParamsV2) -> Result<Self, InvalidRequest> {
        let token = travels.oidc_token.filter(|token| !token.is_empty());
        let account = match (token, travels.oidc_claims) {
            (Some(token), None) => NewIdentity::Token(token),
            (None, Some(claims)) => {
                for (field, claim) in
                    [("iss", &claims.iss), ("sub", &claims.sub), ("aud", &claims.aud)]
                {
                    value::label(field, claim.clone())?;
                }
                NewIdentity::Claims(claims)
            }
            (Some(_), Some(_)) | (None, None) => {
                return Err(InvalidRequest::new(
                    "an oauth provider needs either oidcToken or oidcClaims",
                ));
            }
        };
        Ok(Self { name: value::label("providerName", travels.provider_name)?, account })
    }
}

impl From<OauthProviderParams> for OauthProviderParamsV2 {
    fn from(older: OauthProviderParams) -> Self {
        Self {
            provider_name: older.provider_name,
            oidc_token: Some(older.oidc_token),
            oidc_claims: None,
        }
    }
}

/// The ID tokens of accounts that are to be registered, in order.
#[cfg(feature = "engine")]
pub(crate) fn id_tokens<'a>(
    providers: impl IntoIterator<Item = &'a NewOauthProvider>,
) -> Vec<String> {
    let tokens = providers.into_iter().filter_map(|provider| match &provider.account {
        NewIdentity::Token(token) => Some(token.clone()),
        NewIdentity::Claims(_) => None,
    });
    tokens.collect()
}
