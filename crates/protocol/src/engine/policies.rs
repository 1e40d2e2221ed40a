//! Policies as they are kept, made ready to decide: see [`keyward_policy::decide`].

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_crypto::CryptoRng;
use keyward_policy::{Budget, Dialect, Expression, OnError, RootQuorum, Value, Voter};
use uuid::Uuid;

use super::activity::VoteRecord;
use super::context::Context;
use super::model::{
    ApiKey, Authenticator, CredentialId, Organization, Parsed, Policy, User, limits,
};
use super::{budgets, draft};
use crate::activities::create_policy::CreatePolicyIntentV3;
use crate::activities::update_policy::UpdatePolicyIntentV2;
use crate::wire::draft::{PolicyDraft, PolicyWarning};
use crate::wire::enums::{CredentialType, Effect, Outcome};
use crate::wire::id::{PolicyId, UserId};
use crate::wire::{InvalidRequest, RequestError, Timestamp};

/// A policy to be made, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPolicy {
    name: String,
    effect: Effect,
    condition: Option<String>,
    consensus: Option<String>,
    time: Option<String>,
    notes: String,
    budget: Option<Budget>,
    denies_on_error: bool,
}

impl TryFrom<CreatePolicyIntentV3> for NewPolicy {
    type Error = InvalidRequest;

    fn try_from(intent: CreatePolicyIntentV3) -> Result<Self, InvalidRequest> {
        let draft = PolicyDraft {
            policy_name: Some(intent.policy_name),
            effect: intent.effect,
            condition: intent.condition,
            consensus: intent.consensus,
            time: intent.time,
            budget: intent.budget,
            on_error: intent.on_error,
        };
        let ready =
            draft::ready(&draft, Uuid::nil()).map_err(|problems| draft::refusal(&problems))?;
        Ok(Self {
            name: draft.policy_name.unwrap_or_default(),
            effect: draft.effect,
            condition: draft.condition,
            consensus: draft.consensus,
            time: draft.time.filter(|time| !time.is_empty()),
            notes: intent.notes,
            budget: ready.budget,
            denies_on_error: ready.policy.on_error == OnError::Deny,
        })
    }
}

/// Makes a policy. Returns what is odd about it too.
///
/// # Errors
///
/// A name that is taken, and more policies than an organization may have.
pub fn add(
    organization: &mut Organization,
    new: NewPolicy,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<(PolicyId, Vec<PolicyWarning>), RequestError> {
    if organization.policies.len() >= limits::POLICIES {
        let text = "organization has exceeded maximum policies";
        return Err(RequestError::LimitReached(text.into()));
    }
    check_name(organization, &new.name)?;
    let policy = Policy {
        id: PolicyId::generate(now, rng),
        name: new.name,
        effect: new.effect,
        condition: new.condition,
        consensus: new.consensus,
        time: new.time,
        notes: new.notes,
        denies_on_error: new.denies_on_error,
        budget: new.budget,
        created_at: now,
        updated_at: now,
        parsed: Parsed::default(),
    };
    let warnings = warnings(organization, &policy, now);
    let id = policy.id;
    organization.policies.push(policy);
    Ok((id, warnings))
}

/// Changes what is given of a policy. Returns what is odd about it then.
///
/// # Errors
///
/// A policy that does not exist, and whatever would be refused of a new one.
pub fn change(
    organization: &mut Organization,
    id: PolicyId,
    changes: UpdatePolicyIntentV2,
    now: Timestamp,
) -> Result<Vec<PolicyWarning>, RequestError> {
    let before = organization.policy(id)?;
    let skips = if before.denies_on_error { "ON_ERROR_DENY" } else { "ON_ERROR_SKIP" };
    let after = CreatePolicyIntentV3 {
        policy_name: changes.policy_name.unwrap_or_else(|| before.name.clone()),
        effect: changes.policy_effect.unwrap_or(before.effect),
        condition: changes.policy_condition.or_else(|| before.condition.clone()),
        consensus: changes.policy_consensus.or_else(|| before.consensus.clone()),
        time: changes.time.or_else(|| before.time.clone()),
        notes: changes.policy_notes.unwrap_or_else(|| before.notes.clone()),
        budget: match changes.remove_budget {
            Some(true) => None,
            _ => changes.budget.or_else(|| before.budget.as_ref().map(budgets::show)),
        },
        on_error: Some(changes.on_error.unwrap_or_else(|| skips.to_owned())),
    };
    let new = NewPolicy::try_from(after)?;
    if new.name != before.name {
        check_name(organization, &new.name)?;
    }
    let policy = Policy {
        id,
        name: new.name,
        effect: new.effect,
        condition: new.condition,
        consensus: new.consensus,
        time: new.time,
        notes: new.notes,
        denies_on_error: new.denies_on_error,
        budget: new.budget,
        created_at: before.created_at,
        updated_at: now,
        parsed: Parsed::default(),
    };
    let warnings = warnings(organization, &policy, now);
    if let Some(place) = organization.policies.iter_mut().find(|policy| policy.id == id) {
        *place = policy;
    }
    Ok(warnings)
}

/// Deletes policies, all or none.
///
/// # Errors
///
/// One that does not exist.
pub fn remove(context: &mut Context<'_>, ids: &[PolicyId]) -> Result<(), RequestError> {
    for id in ids {
        context.organization().policy(*id)?;
    }
    context.edit().policies.retain(|policy| !ids.contains(&policy.id));
    Ok(())
}

fn check_name(organization: &Organization, name: &str) -> Result<(), InvalidRequest> {
    if organization.policies.iter().any(|policy| policy.name == name) {
        return Err(InvalidRequest::new("policy label must be unique"));
    }
    Ok(())
}

/// What is odd about a policy, for the users that there are.
fn warnings(organization: &Organization, policy: &Policy, now: Timestamp) -> Vec<PolicyWarning> {
    let ready = policy.parsed.get_or(|| read(policy));
    let found = keyward_policy::policy_warnings(ready, &voters(organization, now, |_| true));
    found
        .into_iter()
        .map(|warning| {
            let source = match warning.dialect {
                Dialect::Condition => &policy.condition,
                Dialect::Consensus => &policy.consensus,
                Dialect::Time => &policy.time,
            };
            show_warning(warning, source.as_deref().unwrap_or_default())
        })
        .collect()
}

/// A warning about an expression, as it travels.
pub fn show_warning(warning: keyward_policy::Warning, source: &str) -> PolicyWarning {
    let place = warning.span.map(|span| keyward_policy::place(source, span.0.start));
    let number = |number: usize| u32::try_from(number).ok();
    PolicyWarning {
        code: warning.code.to_owned(),
        message: warning.message,
        member: warning.dialect.member().to_owned(),
        line: place.and_then(|(line, _)| number(line)),
        column: place.and_then(|(_, column)| number(column)),
    }
}

/// The policies of an organization, in the order they were made.
pub fn policies(organization: &Organization) -> Vec<keyward_policy::Policy> {
    let all = organization.policies.iter();
    all.map(|policy| {
        let mut ready = policy.parsed.get_or(|| read(policy)).clone();
        if organization.denies_on_error {
            ready.on_error = OnError::Deny;
        }
        ready
    })
    .collect()
}

/// A policy whose expressions are read. What can't be read any more errs.
fn read(policy: &Policy) -> keyward_policy::Policy {
    let read = |source: &Option<String>, dialect| {
        let source = source.as_deref()?;
        Some(Expression::parse(source, dialect).map(Arc::new).map_err(|_| ()))
    };
    keyward_policy::Policy {
        id: policy.id.0,
        effect: match policy.effect {
            Effect::Allow => keyward_policy::Effect::Allow,
            Effect::Deny => keyward_policy::Effect::Deny,
        },
        condition: read(&policy.condition, Dialect::Condition),
        consensus: read(&policy.consensus, Dialect::Consensus),
        time: read(&policy.time, Dialect::Time),
        on_error: if policy.denies_on_error { OnError::Deny } else { OnError::Skip },
    }
}

/// The users of an organization that are wanted, each with every credential that it could approve with.
pub fn voters(
    organization: &Organization,
    now: Timestamp,
    is_wanted: impl Fn(UserId) -> bool,
) -> Vec<Voter> {
    let all = organization.users.iter().filter(|user| is_wanted(user.id));
    all.map(|user| Voter {
        id: user.id.0,
        user: show_user(user),
        credentials: credentials(user, now),
    })
    .collect()
}

/// The root quorum of an organization.
pub fn root_quorum(organization: &Organization) -> RootQuorum {
    let quorum = &organization.root_quorum;
    RootQuorum {
        threshold: usize::try_from(quorum.threshold).unwrap_or(usize::MAX),
        users: quorum.users.iter().map(|user| user.0).collect(),
    }
}

/// What became of a policy, as it travels.
pub fn outcome(outcome: keyward_policy::Outcome) -> Outcome {
    match outcome {
        keyward_policy::Outcome::Allow => Outcome::Allow,
        keyward_policy::Outcome::DenyExplicit => Outcome::DenyExplicit,
        keyward_policy::Outcome::DenyImplicit => Outcome::DenyImplicit,
        keyward_policy::Outcome::RequiresConsensus => Outcome::RequiresConsensus,
        keyward_policy::Outcome::Rejected => Outcome::Rejected,
        keyward_policy::Outcome::Error => Outcome::Error,
        keyward_policy::Outcome::RequiresAuthenticators => Outcome::RequiresAuthenticators,
        keyward_policy::Outcome::TimeInactive => Outcome::TimeInactive,
    }
}

/// `User` of the language.
pub fn show_user(user: &User) -> Value {
    Value::structure([
        ("id", Value::text(user.id.to_string())),
        ("tags", Value::list(user.tags.iter().map(|tag| Value::text(tag.to_string())))),
        ("email", Value::text(user.email.clone().unwrap_or_default())),
        ("alias", Value::text(user.name.clone())),
    ])
}

/// `Credential` of the language: what a vote was cast with.
pub fn show_credential(user: &User, vote: &VoteRecord) -> Value {
    let with = vote.cast_with.as_ref();
    let credential = with.map(|with| with.credential);
    if let Some(CredentialId::Authenticator(id)) = credential
        && let Some(passkey) = user.authenticators.iter().find(|passkey| passkey.id == id)
    {
        return show_passkey(user.id, passkey);
    }
    let id = match credential {
        Some(CredentialId::ApiKey(id)) => id.to_string(),
        Some(CredentialId::Authenticator(id)) => id.to_string(),
        Some(CredentialId::ReadOnlySession(id)) => id.to_string(),
        Some(CredentialId::OauthProvider(id)) => id.to_string(),
        Some(CredentialId::Email | CredentialId::PhoneNumber) | None => String::new(),
    };
    let kind = with.and_then(|with| with.kind).map_or("", CredentialType::as_str);
    show(user.id, id, kind, "", vote.public_key.clone())
}

/// The credentials that a user could approve with.
fn credentials(user: &User, now: Timestamp) -> Vec<Value> {
    let keys = user.api_keys.iter().filter(|key| !key.is_expired(now));
    let passkeys = user.authenticators.iter();
    keys.map(|key| show_key(user.id, key))
        .chain(passkeys.map(|passkey| show_passkey(user.id, passkey)))
        .collect()
}

fn show_key(user: UserId, key: &ApiKey) -> Value {
    show(user, key.id.to_string(), key.kind.as_str(), "", key.public_key.clone())
}

fn show_passkey(user: UserId, passkey: &Authenticator) -> Value {
    let kind = CredentialType::WebauthnAuthenticator.as_str();
    let public_key = URL_SAFE_NO_PAD.decode(&passkey.cose_key).unwrap_or_default();
    show(user, passkey.id.to_string(), kind, &passkey.credential_id, hex::encode(public_key))
}

fn show(user: UserId, id: String, kind: &str, credential_id: &str, public_key: String) -> Value {
    Value::structure([
        ("id", Value::text(id)),
        ("user_id", Value::text(user.to_string())),
        ("type", Value::text(kind)),
        ("credential_id", Value::text(credential_id)),
        ("public_key", Value::text(public_key)),
    ])
}
