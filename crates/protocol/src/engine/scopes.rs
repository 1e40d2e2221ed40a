//! What the profile of a session lets it do.

use keyward_policy::{Bindings, Dialect, Expression, ScopeVerdict, judge_scope};

use super::authenticate::Caller;
use super::items::Item;
use super::model::{Organization, SessionProfile};
use super::policies;
use crate::wire::draft::PolicyWarning;
use crate::wire::id::SessionProfileId;
use crate::wire::{Denial, RequestError};

/// The profile that the caller's session is limited to.
pub fn profile_of(caller: &Caller) -> Option<SessionProfileId> {
    caller.credential.session_profile.filter(|profile| !profile.0.is_nil())
}

/// Whether conditions must be evaluated to know what the caller's session may do.
pub fn is_scoped(caller: &Caller) -> bool {
    profile_of(caller).is_some()
}

/// The profiles that sessions of an organization may be limited to: its parent's, or its own where it has none.
pub fn profiles<'a>(
    organization: &'a Organization,
    parent: Option<&'a Organization>,
) -> &'a [SessionProfile] {
    &parent.unwrap_or(organization).session_profiles
}

/// The profile with this id that sessions of an organization may be limited to.
///
/// # Errors
///
/// [`RequestError::NotFound`] when there is none.
pub fn profile<'a>(
    organization: &'a Organization,
    parent: Option<&'a Organization>,
    id: SessionProfileId,
) -> Result<&'a SessionProfile, RequestError> {
    let mut all = profiles(organization, parent).iter();
    all.find(|profile| profile.id == id).ok_or_else(|| {
        RequestError::NotFound(format!("could not find session profile with ID {id}"))
    })
}

/// Checks a request against the scope of the session that it was stamped with. Root users are bound too.
///
/// # Errors
///
/// [`RequestError::Denied`] outside of the scope, and where the scope errs or is not there any more.
pub fn check(
    organization: &Organization,
    parent: Option<&Organization>,
    caller: &Caller,
    items: &[Item],
) -> Result<(), RequestError> {
    let Some(id) = profile_of(caller) else { return Ok(()) };
    let denied = |message: String| {
        Err(RequestError::Denied(Box::new(Denial { message, ..Denial::default() })))
    };
    let Ok(profile) = profile(organization, parent, id) else {
        return denied(format!("The session profile {id} of the session does not exist"));
    };
    let Some(scope) = scope_of(profile) else {
        return denied(format!("The scope of session profile {id} cannot be read"));
    };
    let items: Vec<Bindings> = items.iter().map(|item| item.bindings.clone()).collect();
    match judge_scope(scope, &items) {
        ScopeVerdict::Within => Ok(()),
        ScopeVerdict::Outside => Err(RequestError::Denied(Box::default())),
        ScopeVerdict::Failed(error) => {
            denied(format!("The scope of session profile {id} cannot be evaluated: {error}"))
        }
    }
}

/// What is odd about the scope of a profile.
pub fn warnings(profile: &SessionProfile) -> Vec<PolicyWarning> {
    let found = scope_of(profile).map(keyward_policy::scope_warnings).unwrap_or_default();
    found.into_iter().map(|warning| policies::show_warning(warning, &profile.scope)).collect()
}

/// The scope of a profile; nothing where it can't be read any more.
pub fn scope_of(profile: &SessionProfile) -> Option<&Expression> {
    let read = || Expression::parse(&profile.scope, Dialect::Condition).ok();
    profile.parsed.get_or(read).as_ref()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::testing::World;
    use crate::wire::enums::CredentialType;

    /// A root user of a sub-organization with a session that is limited so, and what becomes of a request for
    /// a wallet, and of one for a user tag.
    fn outcomes(scope: &str) -> [Result<(), RequestError>; 2] {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        let profile = json!({ "sessionProfileName": "profile", "scope": scope });
        let (parents, parent) = (world.root(), world.parent());
        let kind = "ACTIVITY_TYPE_CREATE_SESSION_PROFILE";
        let made = world.submit(&parents, parent, kind, profile).unwrap();
        let asked = json!({
            "publicKey": world.public_key(),
            "sessionProfileId": made["sessionProfileId"],
        });
        world.submit(&root, sub, "ACTIVITY_TYPE_STAMP_LOGIN", asked).unwrap();
        let session = world.caller_with(&root, CredentialType::Login);
        let wallet = json!({ "walletName": "new", "accounts": [] });
        let tag = json!({ "userTagName": "ops", "userIds": [] });
        [("ACTIVITY_TYPE_CREATE_WALLET", wallet), ("ACTIVITY_TYPE_CREATE_USER_TAG", tag)]
            .map(|(kind, asked)| world.submit(&session, sub, kind, asked).map(drop))
    }

    /// The message inside a refusal for want of permission.
    fn reason(outcome: &Result<(), RequestError>) -> &str {
        match outcome {
            Err(RequestError::Denied(denial)) => &denial.message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn root_users_are_bound_too() {
        let [wallet, tag] = outcomes("activity.resource == 'WALLET'");
        wallet.unwrap();
        assert_eq!(reason(&tag), "No policies evaluated to outcome: Allow");
    }

    #[test]
    fn a_scope_that_errs_refuses_and_is_named() {
        for outcome in outcomes("eth.tx.value > 1 || true") {
            let reason = reason(&outcome);
            assert!(reason.starts_with("The scope of session profile "), "{reason}");
            assert!(reason.ends_with(" cannot be evaluated: MissingKeyword"), "{reason}");
        }
    }

    #[test]
    fn a_profile_that_is_gone_or_unreadable_refuses() {
        let mut world = World::new();
        let root = world.root();
        let mut session = world.log_in(&root, 900);
        let gone = SessionProfileId::generate(world.now, &mut world.rng);
        session.credential.session_profile = Some(gone);
        let parent = world.parent();
        let tag = json!({ "userTagName": "ops", "userIds": [] });
        let mut refusal = || {
            world.submit(&session, parent, "ACTIVITY_TYPE_CREATE_USER_TAG", tag.clone()).map(drop)
        };
        let text = format!("The session profile {gone} of the session does not exist");
        assert_eq!(reason(&refusal()), text);
        let now = world.now;
        world.edit(parent).session_profiles.push(SessionProfile {
            id: gone,
            name: "profile".to_owned(),
            scope: "activity.colour == 'RED'".to_owned(),
            expiration_seconds: None,
            notes: String::new(),
            budget: None,
            created_at: now,
            parsed: crate::engine::model::Parsed::default(),
        });
        let refusal =
            world.submit(&session, parent, "ACTIVITY_TYPE_CREATE_USER_TAG", tag).map(drop);
        assert_eq!(reason(&refusal), format!("The scope of session profile {gone} cannot be read"));
    }
}
