//! Which factors users still have to show for an activity.

use std::sync::Arc;

use keyward_policy::{
    Bindings, Dialect, Expression, MfaMethod, MfaMethodKind, MfaStanding, RequiredMethod,
    mfa_warnings, standing,
};
use uuid::Uuid;

use super::activity::VoteRecord;
use super::items::{self, Item};
use super::model::{self, CredentialId, MfaPolicy, Organization, SessionProfile, User};
use super::policies;
use super::replay::Recorded;
use super::sessions::is_session_key;
use super::view;
use crate::wire::draft::PolicyWarning;
use crate::wire::enums::AuthenticationType;
use crate::wire::id::{MfaPolicyId, UserId};
use crate::wire::objects::{AuthenticationMethod, MfaStatus};
use crate::wire::{InvalidRequest, RequestError, Timestamp};

/// Whether the user has policies that may ask for more factors.
pub fn has_policies(user: &User) -> bool {
    !user.mfa_policies.is_empty()
}

/// Where a user stands with its MFA policies, for an activity and the votes on it, that of the present
/// request included. Votes that expired don't count.
pub fn standing_of(
    user: &User,
    items: &[Item],
    votes: &[VoteRecord],
    now: Timestamp,
) -> MfaStanding {
    let policies: Vec<_> = user.mfa_policies.iter().map(|policy| ready(policy).clone()).collect();
    let items: Vec<Bindings> = items.iter().map(|item| item.bindings.clone()).collect();
    standing(&policies, &items, &shown(user, votes, now))
}

/// The factors that a user has shown with its approvals. A session stands for itself alone, never for what opened
/// it.
pub fn shown(user: &User, votes: &[VoteRecord], now: Timestamp) -> Vec<MfaMethod> {
    let own = votes.iter().filter(|vote| vote.user == user.id && vote.approves(now));
    own.filter_map(shown_by).collect()
}

fn shown_by(vote: &VoteRecord) -> Option<MfaMethod> {
    let with = vote.cast_with.as_ref()?;
    // Sessions that an earlier release opened are known by the kind of their key alone.
    let is_session = with.session_profile.is_some() || with.kind.is_some_and(is_session_key);
    if is_session {
        let profile = with.session_profile.map_or(Uuid::nil(), |profile| profile.0);
        return Some(MfaMethod { kind: MfaMethodKind::Session, id: Some(profile) });
    }
    let kind = match with.method {
        // A wallet's signature is a stamp with an API key.
        AuthenticationType::Wallet => MfaMethodKind::ApiKey,
        method => kind_of(method)?,
    };
    let id = match with.credential {
        CredentialId::ApiKey(id) => Some(id.0),
        CredentialId::Authenticator(id) => Some(id.0),
        CredentialId::OauthProvider(id) => Some(id.0),
        CredentialId::Email | CredentialId::PhoneNumber | CredentialId::ReadOnlySession(_) => None,
    };
    Some(MfaMethod { kind, id })
}

/// The kind of factor that an MFA policy may ask for by this name.
pub fn kind_of(named: AuthenticationType) -> Option<MfaMethodKind> {
    match named {
        AuthenticationType::Passkey => Some(MfaMethodKind::Passkey),
        AuthenticationType::ApiKey => Some(MfaMethodKind::ApiKey),
        AuthenticationType::Session => Some(MfaMethodKind::Session),
        AuthenticationType::EmailOtp => Some(MfaMethodKind::EmailOtp),
        AuthenticationType::SmsOtp => Some(MfaMethodKind::SmsOtp),
        AuthenticationType::Oauth => Some(MfaMethodKind::Oauth),
        AuthenticationType::Wallet | AuthenticationType::Email => None,
    }
}

/// A policy, ready to be judged by.
fn ready(policy: &MfaPolicy) -> &keyward_policy::MfaPolicy {
    policy.parsed.get_or(|| keyward_policy::MfaPolicy {
        id: policy.id.0,
        condition: Expression::parse(&policy.condition, Dialect::Condition)
            .map(Arc::new)
            .map_err(|_| ()),
        steps: policy.steps.iter().map(|step| step.iter().filter_map(required).collect()).collect(),
        order: policy.order,
    })
}

/// A factor as a step asks for it.
pub fn required(method: &model::MfaMethod) -> Option<RequiredMethod> {
    Some(RequiredMethod { kind: kind_of(method.kind)?, id: method.id })
}

/// How far users are with the factors that a recorded activity takes: one of them, or everybody who voted. What is
/// decided is told as it was then.
///
/// # Errors
///
/// A request that this release can't read any more, payloads that are not what they are said to be.
pub fn statuses(
    organization: &Organization,
    parent: Option<&Organization>,
    recorded: &Recorded,
    only: Option<UserId>,
    now: Timestamp,
) -> Result<Vec<MfaStatus>, RequestError> {
    let Recorded { record, request, subjects } = recorded;
    let Some(request) = request else {
        return Err(RequestError::Unimplemented(record.kind.clone().into()));
    };
    let items = items::items(organization, request, subjects)?;
    let now = if record.is_open() { now } else { record.updated_at };
    let mut users: Vec<UserId> = match only {
        Some(user) => vec![user],
        None => record.votes.iter().map(|vote| vote.user).collect(),
    };
    users.sort_unstable();
    users.dedup();
    let found = |id: UserId| {
        organization.user(id).ok().or_else(|| parent.and_then(|parent| parent.user(id).ok()))
    };
    Ok(users
        .into_iter()
        .filter_map(found)
        .filter_map(|user| {
            let standing = standing_of(user, &items, &record.votes, now);
            let (id, satisfied) = match standing {
                MfaStanding::NotRequired => return None,
                MfaStanding::Required { policy, open } => (policy, open.is_empty()),
                MfaStanding::Blocked { policy, .. } => (policy, false),
            };
            let policy = user.mfa_policies.iter().find(|policy| policy.id.0 == id)?;
            let shown = shown(user, &record.votes, now);
            Some(MfaStatus {
                mfa_policy_id: policy.id.to_string(),
                user_id: user.id.to_string(),
                satisfied,
                satisfied_methods: shown.iter().map(show).collect(),
                required_methods: view::mfa_steps(&policy.steps),
            })
        })
        .collect())
}

/// A factor that was shown, as it travels.
fn show(shown: &MfaMethod) -> AuthenticationMethod {
    let kind = match shown.kind {
        MfaMethodKind::Passkey => AuthenticationType::Passkey,
        MfaMethodKind::ApiKey => AuthenticationType::ApiKey,
        MfaMethodKind::Session => AuthenticationType::Session,
        MfaMethodKind::EmailOtp => AuthenticationType::EmailOtp,
        MfaMethodKind::SmsOtp => AuthenticationType::SmsOtp,
        MfaMethodKind::Oauth => AuthenticationType::Oauth,
    };
    view::mfa_method(&model::MfaMethod { kind, id: shown.id })
}

/// What is odd about one of a user's MFA policies, given what the user could show.
pub fn warnings(user: &User, id: MfaPolicyId) -> Vec<PolicyWarning> {
    let policies: Vec<_> = user.mfa_policies.iter().map(|policy| ready(policy).clone()).collect();
    let source = user.mfa_policies.iter().find(|policy| policy.id == id);
    let source = source.map(|policy| policy.condition.as_str()).unwrap_or_default();
    mfa_warnings(&policies, &available(user))
        .into_iter()
        .filter(|(policy, _)| *policy == id.0)
        .map(|(_, warning)| policies::show_warning(warning, source))
        .collect()
}

/// The factors that a user could show, sessions aside.
fn available(user: &User) -> Vec<MfaMethod> {
    let with = |kind, id| MfaMethod { kind, id };
    let passkeys = user.authenticators.iter().map(|passkey| passkey.id.0);
    let keys = user.api_keys.iter().filter(|key| !is_session_key(key.kind)).map(|key| key.id.0);
    let accounts = user.oauth_providers.iter().map(|provider| provider.id.0);
    passkeys
        .map(|id| with(MfaMethodKind::Passkey, Some(id)))
        .chain(keys.map(|id| with(MfaMethodKind::ApiKey, Some(id))))
        .chain(accounts.map(|id| with(MfaMethodKind::Oauth, Some(id))))
        .chain(user.email.iter().map(|_| with(MfaMethodKind::EmailOtp, None)))
        .chain(user.phone_number.iter().map(|_| with(MfaMethodKind::SmsOtp, None)))
        .collect()
}

/// An MFA policy of a user.
///
/// # Errors
///
/// [`RequestError::NotFound`] when there is none.
pub fn policy(user: &User, id: MfaPolicyId) -> Result<&MfaPolicy, RequestError> {
    user.mfa_policies.iter().find(|policy| policy.id == id).ok_or_else(|| not_found(id))
}

/// The refusal where a user has no such MFA policy.
pub fn not_found(id: MfaPolicyId) -> RequestError {
    RequestError::NotFound(format!("could not find mfa policy with ID {id}"))
}

/// Refuses a name that another of the user's MFA policies has.
///
/// # Errors
///
/// [`InvalidRequest`].
pub fn check_name(user: &User, name: &str) -> Result<(), InvalidRequest> {
    if user.mfa_policies.iter().any(|policy| policy.name == name) {
        return Err(InvalidRequest::new("mfa policy label must be unique"));
    }
    Ok(())
}

/// Checks that the factors that are asked for exist: nobody could show another. `profiles` are those that the
/// user's sessions may be limited to.
///
/// # Errors
///
/// [`RequestError::NotFound`] for one that does not.
pub fn check_exist(
    steps: &[Vec<model::MfaMethod>],
    user: &User,
    profiles: &[SessionProfile],
) -> Result<(), RequestError> {
    for method in steps.iter().flatten() {
        let Some(id) = method.id else { continue };
        let (what, exists) = match method.kind {
            AuthenticationType::Passkey => {
                ("authenticator", user.authenticators.iter().any(|passkey| passkey.id.0 == id))
            }
            AuthenticationType::ApiKey => (
                "api key",
                user.api_keys.iter().any(|key| key.id.0 == id && !is_session_key(key.kind)),
            ),
            AuthenticationType::Session => (
                "session profile",
                id.is_nil() || profiles.iter().any(|profile| profile.id.0 == id),
            ),
            AuthenticationType::Oauth => {
                ("oauth provider", user.oauth_providers.iter().any(|provider| provider.id.0 == id))
            }
            AuthenticationType::EmailOtp
            | AuthenticationType::SmsOtp
            | AuthenticationType::Wallet
            | AuthenticationType::Email => continue,
        };
        if !exists {
            return Err(RequestError::NotFound(format!("could not find {what} with ID {id}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Caller;
    use crate::engine::model::Parsed;
    use crate::engine::testing::World;
    use crate::wire::enums::{CredentialType, VoteSelection};
    use crate::wire::id::{ApiKeyId, AuthenticatorId, OauthProviderId, SessionProfileId};

    fn method(kind: AuthenticationType, id: Option<Uuid>) -> model::MfaMethod {
        model::MfaMethod { kind, id }
    }

    fn policy(world: &mut World, condition: &str, steps: Vec<Vec<model::MfaMethod>>) -> MfaPolicy {
        MfaPolicy {
            id: MfaPolicyId::generate(world.now, &mut world.rng),
            name: "policy".to_owned(),
            condition: condition.to_owned(),
            steps,
            order: 0,
            notes: String::new(),
            created_at: world.now,
            updated_at: world.now,
            parsed: Parsed::default(),
        }
    }

    fn approval(world: &mut World, caller: &Caller) -> VoteRecord {
        VoteRecord::new(caller, VoteSelection::Approved, "", world.now, &mut world.rng)
    }

    /// The caller with another credential.
    fn with(caller: &Caller, id: CredentialId, method: AuthenticationType) -> Caller {
        let mut caller = caller.clone();
        caller.credential.id = id;
        caller.credential.method = method;
        caller.credential.kind = None;
        caller.credential.session_profile = None;
        caller
    }

    /// The places of the steps that are open.
    fn open(user: &User, votes: &[VoteRecord], now: Timestamp) -> Vec<usize> {
        match standing_of(user, &[Item::default()], votes, now) {
            MfaStanding::Required { open, .. } => open,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_stamp_is_the_factor_it_is() {
        let mut world = World::new();
        let root = world.root();
        let session = world.log_in(&root, 900);
        let ids: [Uuid; 3] =
            std::array::from_fn(|_| ApiKeyId::generate(world.now, &mut world.rng).0);
        let passkey = CredentialId::Authenticator(AuthenticatorId(ids[0]));
        let provider = CredentialId::OauthProvider(OauthProviderId(ids[1]));
        let mut scoped = session.clone();
        scoped.credential.session_profile = Some(SessionProfileId(ids[2]));
        // As an earlier release left it.
        let mut older = session.clone();
        older.credential.session_profile = None;
        older.credential.kind = Some(CredentialType::ReadWriteSessionKeyP256);
        let key = match root.credential.id {
            CredentialId::ApiKey(id) => Some(id.0),
            _ => None,
        };
        let wallet = with(&root, root.credential.id, AuthenticationType::Wallet);
        for (caller, kind, id) in [
            (root.clone(), MfaMethodKind::ApiKey, key),
            (wallet, MfaMethodKind::ApiKey, key),
            (
                with(&root, passkey, AuthenticationType::Passkey),
                MfaMethodKind::Passkey,
                Some(ids[0]),
            ),
            (with(&root, provider, AuthenticationType::Oauth), MfaMethodKind::Oauth, Some(ids[1])),
            (
                with(&root, CredentialId::Email, AuthenticationType::EmailOtp),
                MfaMethodKind::EmailOtp,
                None,
            ),
            (
                with(&root, CredentialId::PhoneNumber, AuthenticationType::SmsOtp),
                MfaMethodKind::SmsOtp,
                None,
            ),
            (session, MfaMethodKind::Session, Some(Uuid::nil())),
            (older, MfaMethodKind::Session, Some(Uuid::nil())),
            (scoped, MfaMethodKind::Session, Some(ids[2])),
        ] {
            let vote = approval(&mut world, &caller);
            assert_eq!(shown_by(&vote), Some(MfaMethod { kind, id }));
        }
    }

    #[test]
    fn every_step_needs_one_of_its_methods_in_any_order() {
        let mut world = World::new();
        let root = world.root();
        let session = world.log_in(&root, 900);
        let steps = vec![
            vec![method(AuthenticationType::Session, None)],
            vec![
                method(AuthenticationType::Passkey, None),
                method(AuthenticationType::EmailOtp, None),
            ],
        ];
        let policy = policy(&mut world, "true", steps);
        let parent = world.parent();
        world.edit(parent).user_mut(root.user).unwrap().mfa_policies.push(policy);
        let code = with(&root, CredentialId::Email, AuthenticationType::EmailOtp);
        let (session, code) = (approval(&mut world, &session), approval(&mut world, &code));
        let now = world.now;
        let user = world.organization(parent).user(root.user).unwrap();
        assert_eq!(open(user, &[], now), [0, 1]);
        assert_eq!(open(user, std::slice::from_ref(&session), now), [1]);
        assert_eq!(open(user, std::slice::from_ref(&code), now), [0]);
        assert!(open(user, &[code.clone(), session.clone()], now).is_empty());
        // Against, of somebody else, or too old: none of these counts.
        let against = VoteRecord { selection: VoteSelection::Rejected, ..code.clone() };
        assert_eq!(open(user, &[session.clone(), against], now), [1]);
        let others = VoteRecord { user: crate::wire::id::UserId(parent.0), ..code.clone() };
        assert_eq!(open(user, &[session.clone(), others], now), [1]);
        let later = now.plus_seconds(VoteRecord::LASTS_SECONDS);
        assert_eq!(open(user, &[session, code], later), [0, 1]);
    }

    #[test]
    fn a_condition_that_can_not_be_read_blocks_and_one_without_its_data_does_not_match() {
        let mut world = World::new();
        let root = world.root();
        let parent = world.parent();
        for (condition, blocks) in [("eth.tx.value > 1", false), ("activity.colour == 'RED'", true)]
        {
            let steps = vec![vec![method(AuthenticationType::Passkey, None)]];
            let policy = policy(&mut world, condition, steps);
            let now = world.now;
            let user = world.edit(parent).user_mut(root.user).unwrap();
            user.mfa_policies = vec![policy];
            let standing = standing_of(user, &[Item::default()], &[], now);
            assert_eq!(matches!(standing, MfaStanding::Blocked { .. }), blocks, "{standing:?}");
            assert_eq!(matches!(standing, MfaStanding::NotRequired), !blocks, "{standing:?}");
        }
    }
}
