//! Refusals: what happened, and the one place that says how each looks on the wire.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

use super::enums::Outcome;
use super::id::{ActivityId, MfaPolicyId, Oauth2CredentialId, OrganizationId, PolicyId, UserId};

/// gRPC status codes, as numbered in `google.rpc.Code`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Code {
    /// 3, HTTP 400.
    InvalidArgument,
    /// 4, HTTP 504.
    DeadlineExceeded,
    /// 5, HTTP 404.
    NotFound,
    /// 6, HTTP 409.
    AlreadyExists,
    /// 7, HTTP 403.
    PermissionDenied,
    /// 8, HTTP 429.
    ResourceExhausted,
    /// 9, HTTP 400.
    FailedPrecondition,
    /// 10, HTTP 409.
    Aborted,
    /// 12, HTTP 501.
    Unimplemented,
    /// 13, HTTP 500.
    Internal,
    /// 14, HTTP 503.
    Unavailable,
    /// 16, HTTP 401.
    Unauthenticated,
}

impl Code {
    /// The gRPC number and the HTTP status that goes with it.
    pub const fn numbers(self) -> (u8, u16) {
        match self {
            Self::InvalidArgument => (3, 400),
            Self::DeadlineExceeded => (4, 504),
            Self::NotFound => (5, 404),
            Self::AlreadyExists => (6, 409),
            Self::PermissionDenied => (7, 403),
            Self::ResourceExhausted => (8, 429),
            Self::FailedPrecondition => (9, 400),
            Self::Aborted => (10, 409),
            Self::Unimplemented => (12, 501),
            Self::Internal => (13, 500),
            Self::Unavailable => (14, 503),
            Self::Unauthenticated => (16, 401),
        }
    }
}

/// `turnkeyErrorCode`: the finer name of a refusal. Only those the server sends.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are the protocol's own and say it all")]
pub enum TurnkeyErrorCode {
    Internal,
    OrganizationNotFound,
    RequestNotAuthorized,
    PublicKeyNotFound,
    SignatureMissing,
    SignatureInvalid,
    CredentialNotFound,
    CredentialConflict,
    ApiKeyExpired,
    RequestInvalid,
    Unauthenticated,
    UnsupportedTransactionType,
    InvalidTransaction,
    InvalidOrganizationId,
    InvalidActivityCaller,
    WalletAccountNotExported,
    InvalidEmail,
    InvalidOidcToken,
    #[serde(rename = "OAUTH2_CREDENTIAL_NOT_FOUND")]
    Oauth2CredentialNotFound,
    MaxOtpInitiated,
    OauthProviderAlreadyExists,
    OrganizationMismatch,
    RateLimitExceeded,
    RpcCallError,
}

/// A refusal as it travels.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// gRPC code; decides the HTTP status.
    pub code: Code,
    /// For people, and for the clients that match on parts of it.
    pub message: String,
    /// `details` beside the one that repeats `turnkey_error_code`.
    pub details: Vec<Value>,
    /// The finer name, when there is one.
    pub turnkey_error_code: Option<TurnkeyErrorCode>,
}

impl Status {
    /// A refusal without details of its own.
    pub fn new(code: Code, name: Option<TurnkeyErrorCode>, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Vec::new(), turnkey_error_code: name }
    }

    /// The HTTP status.
    pub const fn http_status(&self) -> u16 {
        self.code.numbers().1
    }

    /// The body: `code`, `message`, `details`, `turnkeyErrorCode`.
    pub fn to_json(&self) -> Value {
        let mut details = self.details.clone();
        let mut name = json!("UNSPECIFIED");
        if let Some(finer) = self.turnkey_error_code {
            name = json!(finer);
            details.push(json!({
                "@type": "type.googleapis.com/errors.v1.TurnkeyErrorDetail",
                "turnkeyErrorCode": name,
            }));
        }
        json!({
            "code": self.code.numbers().0,
            "message": self.message,
            "details": details,
            "turnkeyErrorCode": name,
        })
    }
}

/// One member of a request that was wrong, in the shape of `google.rpc.BadRequest`.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct FieldViolation {
    /// Path of the member, dots between its parts.
    pub field: String,
    /// What it should have been.
    pub description: String,
}

/// A request that can't mean anything, whoever sent it. Travels as HTTP 400, code 3.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidRequest {
    message: Cow<'static, str>,
    name: TurnkeyErrorCode,
    violations: Vec<FieldViolation>,
}

impl InvalidRequest {
    /// Refused with `REQUEST_INVALID` and this text.
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self::named(TurnkeyErrorCode::RequestInvalid, message)
    }

    /// Refused with a finer name.
    pub fn named(name: TurnkeyErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), name, violations: Vec::new() }
    }

    /// Names the member at fault.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>, description: impl Into<String>) -> Self {
        let violation = FieldViolation { field: field.into(), description: description.into() };
        self.violations.push(violation);
        self
    }

    /// The body was not JSON of the right shape.
    pub fn body(source: &serde_json::Error) -> Self {
        // serde names a place in the text; the text as the client wrote it is not what it looks at.
        let text = source.to_string();
        let reason = text.split(" at line ").next().unwrap_or_default();
        Self::new(format!("invalid request body: {reason}"))
    }
}

/// What clients match on in every refusal for want of permission.
const DENIED: &str = "You don't have sufficient permissions to take this action. Please add a policy granting this user permissions.";

/// Why something is not permitted. Travels as HTTP 403, code 7.
#[derive(Clone, Debug, PartialEq)]
pub struct Denial {
    /// In one sentence.
    pub message: String,
    /// Whether something says no, rather than nothing yes.
    pub is_explicit: bool,
    /// What became of each policy.
    pub outcomes: Vec<(PolicyId, Outcome)>,
    /// More `details`, for those who may see the policies.
    pub details: Vec<Value>,
}

impl Default for Denial {
    /// No policy was asked, or none allows it.
    fn default() -> Self {
        let message = "No policies evaluated to outcome: Allow".to_owned();
        Self { message, is_explicit: false, outcomes: Vec::new(), details: Vec::new() }
    }
}

impl Denial {
    /// By policies that deny, or for want of one that allows.
    pub fn by_policies(outcomes: Vec<(PolicyId, Outcome)>, denied_by: &[PolicyId]) -> Self {
        let none = Self { outcomes, ..Self::default() };
        if denied_by.is_empty() {
            return none;
        }
        let ids: Vec<String> = denied_by.iter().map(ToString::to_string).collect();
        let message = format!("The following policies denied this action: {}", ids.join(", "));
        Self { message, is_explicit: true, ..none }
    }

    /// By an MFA policy whose condition fails.
    pub fn by_mfa(policy: MfaPolicyId) -> Self {
        let message = format!("The condition of MFA policy {policy} cannot be evaluated");
        Self { message, is_explicit: true, ..Self::default() }
    }

    fn status(&self) -> Status {
        let name = Some(TurnkeyErrorCode::RequestNotAuthorized);
        let mut status = Status::new(Code::PermissionDenied, name, DENIED);
        let evaluations = self.outcomes.iter();
        let evaluations =
            evaluations.map(|(id, outcome)| json!({ "policyId": id, "outcome": outcome }));
        status.details.push(json!({
            "@type": "type.googleapis.com/errors.v1.PolicyEnginePermissionError",
            "message": self.message,
            "policyEvaluations": evaluations.collect::<Vec<_>>(),
        }));
        status.details.extend(self.details.iter().cloned());
        status
    }
}

/// Why a request was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// It means nothing, or breaks a rule about values.
    #[error(transparent)]
    Invalid(#[from] InvalidRequest),
    /// `organizationId` is not a UUID.
    #[error("malformed organization ID provided")]
    MalformedOrganizationId,
    /// A query names an organization that does not exist.
    #[error("invalid organization ID: no organization found with the given ID {0}")]
    InvalidOrganizationId(OrganizationId),
    /// A submission names an organization that does not exist.
    #[error("no organization found with the given ID {0}")]
    OrganizationNotFound(OrganizationId),
    /// A query without stamp or session.
    #[error("no valid authentication signature found for request")]
    QueryUnsigned,
    /// A submission without a stamp.
    #[error(
        "cannot authenticate public API activity request without a stamp (X-Stamp/X-Stamp-Webauthn header)"
    )]
    SubmitUnstamped,
    /// The stamp is absent, unreadable, or signs something else.
    #[cfg(feature = "engine")]
    #[error(transparent)]
    Stamp(#[from] crate::stamp::StampError),
    /// No user has this API key.
    #[error(
        "could not find public key in organization or its parent organization organizationId={organization} publicKey={public_key}"
    )]
    PublicKeyNotFound {
        /// The organization named in the request.
        organization: OrganizationId,
        /// As in the stamp.
        public_key: String,
    },
    /// No user has this passkey.
    #[error(
        "credential ID could not be found in organization or its parent organization organizationId={organization} credentialId={credential_id}"
    )]
    CredentialNotFound {
        /// The organization named in the request.
        organization: OrganizationId,
        /// As in the stamp.
        credential_id: String,
    },
    /// Several sub-organizations know the credential.
    #[error("more than one suborg associated with a {0}")]
    CredentialConflict(&'static str),
    /// Nobody is known by what an attested stamp proves.
    #[error(
        "could not find {what} in organization or its parent organization organizationId={organization}"
    )]
    AttestedNotFound {
        /// `contact` or `oauth provider`.
        what: &'static str,
        /// The organization named in the request.
        organization: OrganizationId,
    },
    /// The API key, a session's included, is past its end.
    #[error(
        "expired api key publicKey={public_key}: rpc error: code = Unauthenticated desc = expired api key publicKey={public_key}"
    )]
    ApiKeyExpired {
        /// As registered.
        public_key: String,
    },
    /// `X-Session` is unknown, expired or revoked.
    #[error("read-only session is unknown, expired or revoked")]
    SessionInvalid,
    /// The caller belongs to another organization than the one it wants to change.
    #[error(
        "organization mismatch: request is targeting organization ({target}), but voters are in organization ({voters})"
    )]
    OrganizationMismatch {
        /// The organization named in the request.
        target: OrganizationId,
        /// The caller's own.
        voters: OrganizationId,
    },
    /// The kind of organization may not ask for this.
    #[error("activity {activity} cannot be submitted by a sub-organization")]
    InvalidActivityCaller {
        /// The activity's type.
        activity: &'static str,
    },
    /// No policy lets the user do this.
    #[error("{DENIED}")]
    PermissionDenied,
    /// Policies, a session's scope or an MFA policy refused it.
    #[error("{DENIED}")]
    Denied(Box<Denial>),
    /// Something named in the request does not exist.
    #[error("{0}")]
    NotFound(String),
    /// Something of that name or key exists already.
    #[error("{0}")]
    AlreadyExists(String),
    /// A documented limit is reached.
    #[error("{0}")]
    LimitReached(Cow<'static, str>),
    /// A vote names an activity that does not exist.
    #[error(
        "No activity found with fingerprint. Consensus activities must target an existing activity by fingerprint"
    )]
    NoSuchFingerprint,
    /// Whoever submitted the activity is no longer there to have it done.
    #[error("the user who submitted the activity no longer exists")]
    ProposerGone,
    /// Somebody else submitted the same body, and what came of it is final.
    #[error("activity {0} has been decided already")]
    AlreadyDecided(ActivityId),
    /// A one-time code is wrong, or cannot be used any more: which of them is not said.
    #[error("Invalid OTP code")]
    InvalidOtpCode,
    /// Too many codes were asked for, or are still good.
    #[error("Max number of OTPs have been initiated please wait and try again")]
    MaxOtpInitiated,
    /// A verification token that is forged, expired, spent, or for something else.
    #[error("invalid verification token: {0}")]
    InvalidVerificationToken(Cow<'static, str>),
    /// A client signature that is not the right one.
    #[error("invalid client signature: {0}")]
    InvalidClientSignature(Cow<'static, str>),
    /// An ID token that is forged, expired, or for somebody else.
    #[error("invalid OIDC token: {0}")]
    InvalidOidcToken(Cow<'static, str>),
    /// The organization has not switched the feature on.
    #[error("{feature} is not enabled for organization {organization}")]
    FeatureDisabled {
        /// `FEATURE_NAME_…`.
        feature: &'static str,
        /// The organization that would have to.
        organization: OrganizationId,
    },
    /// The auth proxy does not offer the method.
    #[error("{0} disallowed")]
    MethodDisallowed(&'static str),
    /// Too many requests from one address, or about one contact or organization.
    #[error("Too many requests. Please wait and try again in a few seconds")]
    RateLimited,
    /// An identity provider is already registered for that account.
    #[error("oauth provider is already registered in this organization")]
    OauthProviderExists,
    /// The organization has no such client at an OAuth 2.0 provider.
    #[error("could not find OAuth 2.0 credential with ID {0}")]
    Oauth2CredentialNotFound(Oauth2CredentialId),
    /// Too many requests changed the organization at once; nothing was done.
    #[error("the organization is being changed by other requests, please try again")]
    Busy,
    /// The request did not arrive, or was not answered, in time.
    #[error("the request took too long")]
    TooSlow,
    /// The operator has not set up what it takes.
    #[error("{0} is not configured")]
    NotConfigured(&'static str),
    /// A chain's node did not answer, or refused.
    #[error("{0}")]
    RpcCall(String),
    /// Known to the protocol, not to this server yet.
    #[error("{0} is not implemented")]
    Unimplemented(Cow<'static, str>),
    /// Our fault. The cause is logged, never sent.
    #[error("internal server error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl RequestError {
    /// A user that is not in the organization.
    pub fn user_not_found(user: UserId, organization: OrganizationId) -> Self {
        Self::NotFound(format!("unable to find user {user} in organization {organization}"))
    }

    /// Our fault; `source` is logged and never sent.
    pub fn internal(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Internal(Box::new(source))
    }

    /// How this looks on the wire.
    pub fn status(&self) -> Status {
        use Code as C;
        use TurnkeyErrorCode as T;
        let (code, name) = match self {
            Self::Invalid(invalid) => {
                let mut status =
                    Status::new(C::InvalidArgument, Some(invalid.name), self.to_string());
                if !invalid.violations.is_empty() {
                    status.details.push(json!({
                        "@type": "type.googleapis.com/google.rpc.BadRequest",
                        "fieldViolations": invalid.violations,
                    }));
                }
                return status;
            }
            Self::PermissionDenied => return Denial::default().status(),
            Self::Denied(denial) => return denial.status(),
            Self::MalformedOrganizationId | Self::InvalidOrganizationId(_) => {
                (C::InvalidArgument, Some(T::InvalidOrganizationId))
            }
            Self::OrganizationNotFound(_) => (C::NotFound, Some(T::OrganizationNotFound)),
            Self::QueryUnsigned | Self::SubmitUnstamped => {
                (C::Unauthenticated, Some(T::SignatureMissing))
            }
            #[cfg(feature = "engine")]
            Self::Stamp(stamp) => (C::Unauthenticated, Some(stamp.name())),
            Self::PublicKeyNotFound { .. } => (C::Unauthenticated, Some(T::PublicKeyNotFound)),
            Self::CredentialNotFound { .. } | Self::AttestedNotFound { .. } => {
                (C::Unauthenticated, Some(T::CredentialNotFound))
            }
            Self::CredentialConflict(_) => (C::Unauthenticated, Some(T::CredentialConflict)),
            Self::ApiKeyExpired { .. } => (C::Unauthenticated, Some(T::ApiKeyExpired)),
            Self::InvalidOtpCode => (C::InvalidArgument, None),
            Self::MaxOtpInitiated => (C::InvalidArgument, Some(T::MaxOtpInitiated)),
            Self::InvalidVerificationToken(_) | Self::InvalidClientSignature(_) => {
                (C::InvalidArgument, Some(T::RequestInvalid))
            }
            Self::InvalidOidcToken(_) => (C::InvalidArgument, Some(T::InvalidOidcToken)),
            Self::FeatureDisabled { .. } | Self::MethodDisallowed(_) => {
                (C::PermissionDenied, Some(T::RequestNotAuthorized))
            }
            Self::RateLimited => (C::ResourceExhausted, Some(T::RateLimitExceeded)),
            Self::OauthProviderExists => (C::AlreadyExists, Some(T::OauthProviderAlreadyExists)),
            Self::Oauth2CredentialNotFound(_) => (C::NotFound, Some(T::Oauth2CredentialNotFound)),
            Self::SessionInvalid => (C::Unauthenticated, Some(T::Unauthenticated)),
            Self::OrganizationMismatch { .. } => {
                (C::InvalidArgument, Some(T::OrganizationMismatch))
            }
            Self::InvalidActivityCaller { .. } => {
                (C::PermissionDenied, Some(T::InvalidActivityCaller))
            }
            Self::NotFound(_) | Self::NoSuchFingerprint => (C::NotFound, None),
            Self::AlreadyExists(_) => (C::AlreadyExists, None),
            Self::LimitReached(_) => (C::ResourceExhausted, Some(T::RequestInvalid)),
            Self::AlreadyDecided(_) | Self::ProposerGone | Self::NotConfigured(_) => {
                (C::FailedPrecondition, Some(T::RequestInvalid))
            }
            Self::Busy => (C::Aborted, None),
            Self::TooSlow => (C::DeadlineExceeded, None),
            Self::RpcCall(_) => (C::Unavailable, Some(T::RpcCallError)),
            Self::Unimplemented(_) => (C::Unimplemented, None),
            Self::Internal(_) => (C::Internal, Some(T::Internal)),
        };
        Status::new(code, name, self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Timestamp;

    /// Clients match on these texts and codes: a change here is a change of the protocol.
    #[test]
    fn texts_and_codes_are_compatibility() {
        let mut rng = keyward_crypto::SeededRng::from_seed([1; 32]);
        let now = Timestamp::from_millis(1_767_225_600_000);
        let o = OrganizationId::generate(now, &mut rng);
        let u = UserId::generate(now, &mut rng);
        let a = ActivityId::generate(now, &mut rng);
        let c = Oauth2CredentialId::generate(now, &mut rng);
        let key = || "02ab".to_owned();
        let cases: Vec<(RequestError, u16, u8, &str, String)> = vec![
            (
                InvalidRequest::new("bad request body").into(),
                400,
                3,
                "REQUEST_INVALID",
                "bad request body".to_owned(),
            ),
            (
                RequestError::MalformedOrganizationId,
                400,
                3,
                "INVALID_ORGANIZATION_ID",
                "malformed organization ID provided".to_owned(),
            ),
            (
                RequestError::InvalidOrganizationId(o),
                400,
                3,
                "INVALID_ORGANIZATION_ID",
                format!("invalid organization ID: no organization found with the given ID {o}"),
            ),
            (
                RequestError::OrganizationNotFound(o),
                404,
                5,
                "ORGANIZATION_NOT_FOUND",
                format!("no organization found with the given ID {o}"),
            ),
            (
                RequestError::QueryUnsigned,
                401,
                16,
                "SIGNATURE_MISSING",
                "no valid authentication signature found for request".to_owned(),
            ),
            (
                RequestError::SubmitUnstamped,
                401,
                16,
                "SIGNATURE_MISSING",
                "cannot authenticate public API activity request without a stamp \
                 (X-Stamp/X-Stamp-Webauthn header)"
                    .to_owned(),
            ),
            (
                RequestError::PublicKeyNotFound { organization: o, public_key: key() },
                401,
                16,
                "PUBLIC_KEY_NOT_FOUND",
                format!(
                    "could not find public key in organization or its parent organization \
                     organizationId={o} publicKey=02ab"
                ),
            ),
            (
                RequestError::CredentialNotFound { organization: o, credential_id: key() },
                401,
                16,
                "CREDENTIAL_NOT_FOUND",
                format!(
                    "credential ID could not be found in organization or its parent organization \
                     organizationId={o} credentialId=02ab"
                ),
            ),
            (
                RequestError::CredentialConflict("public key"),
                401,
                16,
                "CREDENTIAL_CONFLICT",
                "more than one suborg associated with a public key".to_owned(),
            ),
            (
                RequestError::ApiKeyExpired { public_key: key() },
                401,
                16,
                "API_KEY_EXPIRED",
                "expired api key publicKey=02ab: rpc error: code = Unauthenticated desc = expired \
                 api key publicKey=02ab"
                    .to_owned(),
            ),
            (
                RequestError::SessionInvalid,
                401,
                16,
                "UNAUTHENTICATED",
                "read-only session is unknown, expired or revoked".to_owned(),
            ),
            (
                RequestError::OrganizationMismatch { target: o, voters: o },
                400,
                3,
                "ORGANIZATION_MISMATCH",
                format!(
                    "organization mismatch: request is targeting organization ({o}), but voters are \
                     in organization ({o})"
                ),
            ),
            (
                RequestError::InvalidActivityCaller { activity: "X" },
                403,
                7,
                "INVALID_ACTIVITY_CALLER",
                "activity X cannot be submitted by a sub-organization".to_owned(),
            ),
            (
                RequestError::PermissionDenied,
                403,
                7,
                "REQUEST_NOT_AUTHORIZED",
                "You don't have sufficient permissions to take this action. Please add a policy \
                 granting this user permissions."
                    .to_owned(),
            ),
            (
                RequestError::user_not_found(u, o),
                404,
                5,
                "UNSPECIFIED",
                format!("unable to find user {u} in organization {o}"),
            ),
            (
                RequestError::Oauth2CredentialNotFound(c),
                404,
                5,
                "OAUTH2_CREDENTIAL_NOT_FOUND",
                format!("could not find OAuth 2.0 credential with ID {c}"),
            ),
            (
                RequestError::AttestedNotFound { what: "contact", organization: o },
                401,
                16,
                "CREDENTIAL_NOT_FOUND",
                format!(
                    "could not find contact in organization or its parent organization \
                     organizationId={o}"
                ),
            ),
            (RequestError::InvalidOtpCode, 400, 3, "UNSPECIFIED", "Invalid OTP code".to_owned()),
            (
                RequestError::MaxOtpInitiated,
                400,
                3,
                "MAX_OTP_INITIATED",
                "Max number of OTPs have been initiated please wait and try again".to_owned(),
            ),
            (
                RequestError::InvalidVerificationToken("why".into()),
                400,
                3,
                "REQUEST_INVALID",
                "invalid verification token: why".to_owned(),
            ),
            (
                RequestError::InvalidClientSignature("why".into()),
                400,
                3,
                "REQUEST_INVALID",
                "invalid client signature: why".to_owned(),
            ),
            (
                RequestError::InvalidOidcToken("why".into()),
                400,
                3,
                "INVALID_OIDC_TOKEN",
                "invalid OIDC token: why".to_owned(),
            ),
            (
                RequestError::FeatureDisabled { feature: "FEATURE_NAME_OTP", organization: o },
                403,
                7,
                "REQUEST_NOT_AUTHORIZED",
                format!("FEATURE_NAME_OTP is not enabled for organization {o}"),
            ),
            (
                RequestError::MethodDisallowed("EMAIL_OTP"),
                403,
                7,
                "REQUEST_NOT_AUTHORIZED",
                "EMAIL_OTP disallowed".to_owned(),
            ),
            (
                RequestError::RateLimited,
                429,
                8,
                "RATE_LIMIT_EXCEEDED",
                "Too many requests. Please wait and try again in a few seconds".to_owned(),
            ),
            (
                RequestError::OauthProviderExists,
                409,
                6,
                "OAUTH_PROVIDER_ALREADY_EXISTS",
                "oauth provider is already registered in this organization".to_owned(),
            ),
            (RequestError::AlreadyExists(key()), 409, 6, "UNSPECIFIED", key()),
            (
                RequestError::LimitReached("much".into()),
                429,
                8,
                "REQUEST_INVALID",
                "much".to_owned(),
            ),
            (
                RequestError::AlreadyDecided(a),
                400,
                9,
                "REQUEST_INVALID",
                format!("activity {a} has been decided already"),
            ),
            (
                RequestError::Busy,
                409,
                10,
                "UNSPECIFIED",
                "the organization is being changed by other requests, please try again".to_owned(),
            ),
            (RequestError::TooSlow, 504, 4, "UNSPECIFIED", "the request took too long".to_owned()),
            (
                RequestError::NotConfigured("gas sponsorship"),
                400,
                9,
                "REQUEST_INVALID",
                "gas sponsorship is not configured".to_owned(),
            ),
            (
                RequestError::RpcCall("nonce too low".to_owned()),
                503,
                14,
                "RPC_CALL_ERROR",
                "nonce too low".to_owned(),
            ),
            (
                RequestError::Unimplemented("oauth".into()),
                501,
                12,
                "UNSPECIFIED",
                "oauth is not implemented".to_owned(),
            ),
            (
                RequestError::internal(std::fmt::Error),
                500,
                13,
                "INTERNAL",
                "internal server error".to_owned(),
            ),
        ];
        for (error, http, code, name, text) in cases {
            let status = error.status();
            let body = status.to_json();
            assert_eq!(status.http_status(), http, "{text}");
            assert_eq!(body["code"], code, "{text}");
            assert_eq!(body["turnkeyErrorCode"], name, "{text}");
            assert_eq!(body["message"], text);
            assert!(body["details"].is_array(), "{text}");
        }
    }

    #[test]
    fn an_internal_cause_is_never_sent() {
        let secret = std::io::Error::other("the disk at /secret");
        let body = RequestError::internal(secret).status().to_json().to_string();
        assert!(!body.contains("secret"), "{body}");
    }
}
