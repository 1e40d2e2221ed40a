//! Whether a caller may do what it asks.

use uuid::Uuid;

use super::authenticate::{Caller, Home};
use super::model::Organization;
use super::sessions;
use crate::activities::Request;
use crate::wire::RequestError;
use crate::wire::enums::{CredentialType, FeatureName};
use crate::wire::id::UserId;

/// Who may ask for an activity, beside the root quorum, which may ask for all of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rule {
    /// Nobody.
    RootQuorum,
    /// The user whose credentials it is about.
    Own(UserId),
    /// Every user, for itself.
    Anyone,
    /// The root quorum of a parent organization; a sub-organization may not ask at all.
    ParentOnly,
    /// As [`Rule::ParentOnly`], and its auth proxy.
    ParentOrProxy,
    /// Whoever logs users in: the root quorum of the parent as well, and the auth proxy.
    LogIn,
    /// The user whose account it is, and the root quorum of the parent, for whom there are conditions.
    LinkIdentity(UserId),
    /// The user whose sessions they are, and the root quorum of the parent: it can only take away.
    Sessions(Sessions),
    /// The user whose session it is.
    OwnSession(Uuid),
    /// The user, with the key that was sent for it.
    Recovery(UserId),
}

/// Sessions that something is done to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sessions {
    /// This one.
    One(Uuid),
    /// Those of the caller.
    Own,
    /// Those of a user.
    User(UserId),
    /// All of them.
    Organization,
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Decision {
    /// It may be executed.
    Allow(Permit),
    /// It is refused, and the refusal is recorded.
    Deny(Request),
}

/// The very request that was allowed. Only [`authorize`] makes one, and only a permit executes.
#[derive(Debug)]
pub struct Permit {
    request: Request,
}

impl Permit {
    /// The request it is for.
    pub fn request(&self) -> &Request {
        &self.request
    }

    pub(crate) fn into_request(self) -> Request {
        self.request
    }
}

/// Decides whether `caller` may make this request of `organization`.
///
/// # Errors
///
/// Refusals that leave no trace: [`RequestError::OrganizationMismatch`],
/// [`RequestError::InvalidActivityCaller`], a session that does not exist, and approval by several root
/// users, which is not implemented.
pub fn authorize(
    organization: &Organization,
    parent: Option<&Organization>,
    caller: &Caller,
    request: Request,
) -> Result<Decision, RequestError> {
    let rule = request.rule();
    let recovers = caller.credential.kind == Some(CredentialType::RecoverUserKeyP256);
    if recovers || matches!(rule, Rule::Recovery(_)) {
        let is_own = caller.home == Home::Own;
        return match rule {
            Rule::Recovery(user) if recovers && is_own && user == caller.user => Ok(allow(request)),
            _ if is_own => Ok(Decision::Deny(request)),
            _ => Err(RequestError::OrganizationMismatch {
                target: organization.id,
                voters: caller.organization,
            }),
        };
    }
    match caller.home {
        Home::Parent => {
            let (Rule::LogIn | Rule::LinkIdentity(_) | Rule::Sessions(_), Some(parent)) =
                (rule, parent)
            else {
                return Err(RequestError::OrganizationMismatch {
                    target: organization.id,
                    voters: caller.organization,
                });
            };
            match rule {
                Rule::Sessions(Sessions::One(id)) => drop(session_owner(organization, id)?),
                // Users of the parent have no sessions here.
                Rule::Sessions(Sessions::Own) => {
                    return Err(RequestError::OrganizationMismatch {
                        target: organization.id,
                        voters: caller.organization,
                    });
                }
                _ => {}
            }
            if rule == Rule::LogIn && is_proxy(parent, caller) {
                return Ok(allow(request));
            }
            by_root_quorum(parent, caller, request)
        }
        Home::Own => {
            let parent_only = matches!(rule, Rule::ParentOnly | Rule::ParentOrProxy);
            if parent_only && !organization.is_parent() {
                return Err(RequestError::InvalidActivityCaller { activity: request.kind() });
            }
            let allowed = match rule {
                Rule::Own(user)
                | Rule::LinkIdentity(user)
                | Rule::Sessions(Sessions::User(user)) => user == caller.user,
                Rule::Anyone | Rule::Sessions(Sessions::Own) => true,
                Rule::Sessions(Sessions::One(id)) | Rule::OwnSession(id) => {
                    session_owner(organization, id)? == caller.user
                }
                Rule::LogIn | Rule::ParentOrProxy => is_proxy(organization, caller),
                Rule::RootQuorum
                | Rule::ParentOnly
                | Rule::Recovery(_)
                | Rule::Sessions(Sessions::Organization) => false,
            };
            if allowed {
                return Ok(allow(request));
            }
            by_root_quorum(organization, caller, request)
        }
    }
}

fn allow(request: Request) -> Decision {
    Decision::Allow(Permit { request })
}

/// What the root quorum of the caller's organization may do.
fn by_root_quorum(
    home: &Organization,
    caller: &Caller,
    request: Request,
) -> Result<Decision, RequestError> {
    if !home.is_root(caller.user) {
        return Ok(Decision::Deny(request));
    }
    if home.root_quorum.threshold > 1 {
        return Err(RequestError::Unimplemented("approval by more than one root user".into()));
    }
    Ok(allow(request))
}

/// Whether the caller is the auth proxy of its organization, and that is on.
fn is_proxy(home: &Organization, caller: &Caller) -> bool {
    home.features.contains_key(&FeatureName::AuthProxy)
        && home.auth_proxy.as_ref().is_some_and(|proxy| proxy.user == caller.user)
}

fn session_owner(organization: &Organization, id: Uuid) -> Result<UserId, RequestError> {
    sessions::all(organization)
        .find(|session| session.id == id)
        .map(|session| session.user.id)
        .ok_or_else(|| RequestError::NotFound(format!("could not find session with ID {id}")))
}
