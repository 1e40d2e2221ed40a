//! Whether a caller may do what it asks.

use super::authenticate::{Caller, Home};
use super::model::Organization;
use crate::activities::Request;
use crate::wire::RequestError;
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
/// [`RequestError::InvalidActivityCaller`], and approval by several root users, which is not
/// implemented.
pub fn authorize(
    organization: &Organization,
    caller: &Caller,
    request: Request,
) -> Result<Decision, RequestError> {
    if caller.home == Home::Parent {
        return Err(RequestError::OrganizationMismatch {
            target: organization.id,
            voters: caller.organization,
        });
    }
    let rule = request.rule();
    if rule == Rule::ParentOnly && !organization.is_parent() {
        return Err(RequestError::InvalidActivityCaller { activity: request.kind() });
    }
    let for_itself = match rule {
        Rule::Own(user) => user == caller.user,
        Rule::Anyone => true,
        Rule::RootQuorum | Rule::ParentOnly => false,
    };
    if for_itself {
        return Ok(Decision::Allow(Permit { request }));
    }
    if !organization.is_root(caller.user) {
        return Ok(Decision::Deny(request));
    }
    if organization.root_quorum.threshold > 1 {
        return Err(RequestError::Unimplemented("approval by more than one root user".into()));
    }
    Ok(Decision::Allow(Permit { request }))
}
