//! The model as it is shown.

use super::activity::{ActivityRecord, Evaluation};
use super::{budgets, model};
use crate::wire::Timestamp;
use crate::wire::enums::{AddressFormat, CredentialType, InvitationStatus};
use crate::wire::id::{OrganizationId, UserId};
use crate::wire::objects::{
    ActivityPolicyEvaluation, Address, ApiKey, AuthenticationMethod, Authenticator, Config,
    Credential, Feature, Invitation, IpAllowlist, IpAllowlistRule, KeyValue, MfaPolicy,
    Oauth2Credential, OauthProvider, Policy, PolicyEvaluation, PrivateKey, Quorum,
    RequiredAuthenticationMethod, SecretMetadata, SessionProfile, SmartContractInterface, Tag,
    User, Wallet, WalletAccount, WebhookEndpointData, WebhookSubscriptionParams,
};

/// A policy.
pub fn policy(policy: &model::Policy) -> Policy {
    Policy {
        policy_id: policy.id.to_string(),
        policy_name: policy.name.clone(),
        effect: policy.effect,
        created_at: policy.created_at.into(),
        updated_at: policy.updated_at.into(),
        notes: policy.notes.clone(),
        consensus: policy.consensus.clone().unwrap_or_default(),
        condition: policy.condition.clone().unwrap_or_default(),
        time: policy.time.clone(),
        budget: policy.budget.as_ref().map(budgets::show),
        on_error: policy.denies_on_error.then(|| "ON_ERROR_DENY".to_owned()),
    }
}

/// What the policies said of an activity after one vote.
pub fn evaluation(evaluation: &Evaluation, record: &ActivityRecord) -> ActivityPolicyEvaluation {
    let outcomes = evaluation.outcomes.iter().map(|(policy, outcome)| PolicyEvaluation {
        policy_id: policy.to_string(),
        outcome: *outcome,
    });
    ActivityPolicyEvaluation {
        id: evaluation.id.to_string(),
        activity_id: record.id.to_string(),
        organization_id: record.organization.to_string(),
        vote_id: evaluation.vote.to_string(),
        policy_evaluations: outcomes.collect(),
        created_at: evaluation.created_at.into(),
    }
}

/// A secret, as far as it is shown.
pub fn secret(secret: &model::StoredSecret) -> SecretMetadata {
    let properties = secret.static_properties.iter();
    SecretMetadata {
        secret_id: secret.id.to_string(),
        name: secret.name.clone(),
        static_properties: properties
            .map(|(key, value)| KeyValue { key: Some(key.clone()), value: Some(value.clone()) })
            .collect(),
        created_at_unix_ms: secret.created_at.as_millis().to_string(),
    }
}

/// An invitation. It counts as accepted once a user of the organization has the address.
pub fn invitation(
    invitation: &model::Invitation,
    organization: &model::Organization,
) -> Invitation {
    let status = if invitation.revoked {
        InvitationStatus::Revoked
    } else if organization.users.iter().any(|user| user.has_email(&invitation.email)) {
        InvitationStatus::Accepted
    } else {
        InvitationStatus::Created
    };
    Invitation {
        invitation_id: invitation.id.to_string(),
        receiver_user_name: invitation.user_name.clone(),
        receiver_email: invitation.email.clone(),
        receiver_user_tags: invitation.tags.iter().map(ToString::to_string).collect(),
        access_type: invitation.access,
        status,
        sender_user_id: invitation.sender.to_string(),
        created_at: invitation.created_at.into(),
        updated_at: invitation.updated_at.into(),
    }
}

/// A user, with all its credentials.
pub fn user(user: &model::User) -> User {
    User {
        user_id: user.id.to_string(),
        user_name: user.name.clone(),
        user_email: user.email.clone(),
        user_phone_number: user.phone_number.clone(),
        authenticators: user.authenticators.iter().map(authenticator).collect(),
        api_keys: user.api_keys.iter().map(api_key).collect(),
        user_tags: user.tags.iter().map(ToString::to_string).collect(),
        oauth_providers: user.oauth_providers.iter().map(oauth_provider).collect(),
        created_at: user.created_at.into(),
        updated_at: user.updated_at.into(),
        mfa_policies: user.mfa_policies.iter().map(mfa_policy).collect(),
    }
}

/// What is left to show of a user that was deleted after it voted.
pub fn deleted_user(id: UserId, at: Timestamp) -> User {
    User {
        user_id: id.to_string(),
        user_name: String::new(),
        user_email: None,
        user_phone_number: None,
        authenticators: Vec::new(),
        api_keys: Vec::new(),
        user_tags: Vec::new(),
        oauth_providers: Vec::new(),
        created_at: at.into(),
        updated_at: at.into(),
        mfa_policies: Vec::new(),
    }
}

/// An API key.
pub fn api_key(key: &model::ApiKey) -> ApiKey {
    ApiKey {
        credential: Credential {
            public_key: key.public_key.clone(),
            kind: key.kind,
            session_profile_id: key
                .session
                .as_ref()
                .and_then(|session| session.profile)
                .map(|profile| profile.to_string()),
        },
        api_key_id: key.id.to_string(),
        api_key_name: key.name.clone(),
        created_at: key.created_at.into(),
        updated_at: key.created_at.into(),
        expiration_seconds: key.expiration_seconds.map(|seconds| seconds.to_string()),
    }
}

/// An MFA policy.
pub fn mfa_policy(policy: &model::MfaPolicy) -> MfaPolicy {
    MfaPolicy {
        mfa_policy_id: policy.id.to_string(),
        mfa_policy_name: policy.name.clone(),
        condition: policy.condition.clone(),
        required_authentication_methods: mfa_steps(&policy.steps),
        order: policy.order,
        notes: Some(policy.notes.clone()).filter(|notes| !notes.is_empty()),
        created_at: policy.created_at.into(),
        updated_at: policy.updated_at.into(),
    }
}

/// The steps of an MFA policy.
pub fn mfa_steps(steps: &[Vec<model::MfaMethod>]) -> Vec<RequiredAuthenticationMethod> {
    let steps = steps.iter();
    steps
        .map(|step| RequiredAuthenticationMethod { any: step.iter().map(mfa_method).collect() })
        .collect()
}

/// A factor.
pub fn mfa_method(method: &model::MfaMethod) -> AuthenticationMethod {
    AuthenticationMethod { kind: method.kind, id: method.id.map(|id| id.to_string()) }
}

/// An IP allowlist; one without rules where there is none.
pub fn ip_allowlist(
    organization: OrganizationId,
    public_key: Option<String>,
    list: Option<&model::IpAllowlist>,
) -> IpAllowlist {
    let rules = list.iter().flat_map(|list| &list.rules).map(|rule| IpAllowlistRule {
        cidr: rule.cidr.clone(),
        label: Some(rule.label.clone()),
        created_at: Some(rule.created_at.as_millis().to_string()),
    });
    IpAllowlist {
        organization_id: organization.to_string(),
        rules: rules.collect(),
        public_key,
        enabled: list.map(|list| list.enabled),
        on_evaluation_error: list
            .map(|list| if list.allows_unknown { "ALLOW".to_owned() } else { "DENY".to_owned() }),
    }
}

/// A session profile.
pub fn session_profile(profile: &model::SessionProfile) -> SessionProfile {
    SessionProfile {
        session_profile_id: profile.id.to_string(),
        session_profile_name: profile.name.clone(),
        scope: profile.scope.clone(),
        expiration_seconds: profile.expiration_seconds.map(|seconds| seconds.to_string()),
        notes: Some(profile.notes.clone()).filter(|notes| !notes.is_empty()),
        budget: profile.budget.as_ref().map(budgets::show),
        created_at: profile.created_at.into(),
        updated_at: profile.created_at.into(),
    }
}

/// A passkey.
pub fn authenticator(passkey: &model::Authenticator) -> Authenticator {
    Authenticator {
        transports: passkey.transports.clone(),
        attestation_type: passkey.attestation_type.clone(),
        aaguid: passkey.aaguid.clone(),
        credential_id: passkey.credential_id.clone(),
        model: "Security key".to_owned(),
        credential: Credential {
            public_key: passkey.cose_key.clone(),
            kind: CredentialType::WebauthnAuthenticator,
            session_profile_id: None,
        },
        authenticator_id: passkey.id.to_string(),
        authenticator_name: passkey.name.clone(),
        created_at: passkey.created_at.into(),
        updated_at: passkey.created_at.into(),
    }
}

/// An account at an identity provider.
pub fn oauth_provider(provider: &model::OauthProvider) -> OauthProvider {
    OauthProvider {
        provider_id: provider.id.to_string(),
        provider_name: provider.name.clone(),
        issuer: provider.issuer.clone(),
        audience: provider.audience.clone(),
        subject: provider.subject.clone(),
        created_at: provider.created_at.into(),
        updated_at: provider.created_at.into(),
    }
}

/// A client of an organization at an OAuth 2.0 provider, without its secret.
pub fn oauth2_credential(
    credential: &model::Oauth2Credential,
    organization: OrganizationId,
) -> Oauth2Credential {
    Oauth2Credential {
        oauth2_credential_id: credential.id.to_string(),
        organization_id: organization.to_string(),
        provider: credential.provider,
        client_id: credential.client_id.clone(),
        encrypted_client_secret: String::new(),
        created_at: credential.created_at.into(),
        updated_at: credential.updated_at.into(),
    }
}

/// How calls of a contract are read.
pub fn smart_contract_interface(
    known: &model::SmartContractInterface,
    organization: OrganizationId,
) -> SmartContractInterface {
    SmartContractInterface {
        organization_id: organization.to_string(),
        smart_contract_interface_id: known.id.to_string(),
        smart_contract_address: known.address.clone(),
        smart_contract_interface: known.interface.clone(),
        kind: known.kind,
        label: known.label.clone(),
        notes: known.notes.clone(),
        created_at: known.created_at.into(),
        updated_at: known.created_at.into(),
    }
}

/// A URL that is told of events.
pub fn webhook_endpoint(
    known: &model::WebhookEndpoint,
    organization: OrganizationId,
) -> WebhookEndpointData {
    let subscriptions = known.subscriptions.iter().map(|known| WebhookSubscriptionParams {
        event_type: known.event_type.as_str().to_owned(),
        filters_json: None,
        is_active: Some(known.is_active),
    });
    WebhookEndpointData {
        endpoint_id: known.id.to_string(),
        organization_id: organization.to_string(),
        url: known.url.clone(),
        name: known.name.clone(),
        is_active: known.is_active,
        subscriptions: Some(subscriptions.collect()),
    }
}

/// A tag.
pub fn tag(tag: &model::Tag) -> Tag {
    Tag {
        tag_id: tag.id.to_string(),
        tag_name: tag.name.clone(),
        tag_type: tag.kind,
        created_at: tag.created_at.into(),
        updated_at: tag.updated_at.into(),
    }
}

/// The features that are on.
pub fn features(organization: &model::Organization) -> Vec<Feature> {
    organization
        .features
        .iter()
        .map(|(name, value)| Feature { name: *name, value: value.clone() })
        .collect()
}

/// Features and root quorum.
pub fn configuration(organization: &model::Organization) -> Config {
    Config {
        features: features(organization),
        quorum: Quorum {
            threshold: organization.root_quorum.threshold,
            user_ids: organization.root_quorum.users.iter().map(ToString::to_string).collect(),
        },
    }
}

/// A wallet.
pub fn wallet(wallet: &model::Wallet) -> Wallet {
    Wallet {
        wallet_id: wallet.id.to_string(),
        wallet_name: wallet.name.clone(),
        created_at: wallet.created_at.into(),
        updated_at: wallet.updated_at.into(),
        exported: wallet.exported,
        imported: wallet.imported,
    }
}

/// An account, with its wallet where that is asked for.
pub fn wallet_account(
    account: &model::WalletAccount,
    details: Option<&model::Wallet>,
) -> WalletAccount {
    let caip2_prefix = match account.address_format {
        AddressFormat::Ethereum => Some("eip155".to_owned()),
        AddressFormat::Solana => Some("solana".to_owned()),
        _ => None,
    };
    WalletAccount {
        wallet_account_id: account.id.to_string(),
        organization_id: account.organization.to_string(),
        wallet_id: account.wallet.to_string(),
        curve: account.curve,
        path_format: account.path_format,
        path: account.path.clone(),
        address_format: account.address_format,
        address: account.address.clone(),
        created_at: account.created_at.into(),
        updated_at: account.created_at.into(),
        public_key: account.public_key.clone(),
        wallet_details: details.map(wallet),
        name: account.name.clone(),
        caip2_prefix,
    }
}

/// A private key.
pub fn private_key(key: &model::PrivateKey) -> PrivateKey {
    PrivateKey {
        private_key_id: key.id.to_string(),
        public_key: key.public_key.clone(),
        private_key_name: key.name.clone(),
        curve: key.curve,
        addresses: addresses(key),
        private_key_tags: key.tags.iter().map(ToString::to_string).collect(),
        created_at: key.created_at.into(),
        updated_at: key.updated_at.into(),
        exported: key.exported,
        imported: key.imported,
    }
}

/// The addresses of a private key.
pub fn addresses(key: &model::PrivateKey) -> Vec<Address> {
    key.addresses
        .iter()
        .map(|(format, address)| Address { format: *format, address: address.clone() })
        .collect()
}
