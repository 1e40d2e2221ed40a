//! Whether a caller may do what it asks.

use keyward_policy::{
    Approval, Bindings, Instant, MfaStanding, Question, RootQuorum, Verdict, Voter,
};
use uuid::Uuid;

use super::activity::VoteRecord;
use super::authenticate::{Caller, Home};
use super::budgets::{self, Account, Room};
use super::items::{self, Item, Subjects};
use super::model::Organization;
use super::replay::Recorded;
use super::{explain, mfa, policies, scopes, sessions};
use crate::activities::Request;
use crate::wire::enums::{CredentialType, FeatureName, Outcome};
use crate::wire::explanation::Explanation;
use crate::wire::id::{MfaPolicyId, PolicyId, UserId};
use crate::wire::{Denial, RequestError, Timestamp};

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
    /// It waits for more users to approve.
    Wait(Request),
    /// It waits for more factors of whoever submitted it.
    NeedsAuthenticators(Request),
    /// It is refused, and the refusal is recorded.
    Deny(Request, RequestError),
}

/// A decision and what it rests on.
#[derive(Debug)]
pub struct Ruling {
    /// What becomes of the request.
    pub decision: Decision,
    /// What became of each policy; `None` where they were not asked, as the root quorum decided.
    pub outcomes: Option<Vec<(PolicyId, Outcome)>>,
    /// Whether the vote that was heard does not count yet, because its user owes more factors.
    pub owes_factors: bool,
    /// The budgets that are drawn on, with what is: to be written with what the request does.
    pub drawn: Vec<Account>,
}

impl Ruling {
    /// Whether policies say no, rather than none yes.
    pub fn denies_explicitly(&self) -> bool {
        matches!(&self.decision, Decision::Deny(_, RequestError::Denied(denial)) if denial.is_explicit)
    }
}

/// What a decision is made on, beside the request.
#[derive(Clone, Copy)]
pub struct Hearing<'a> {
    /// Who votes now: at first, who submitted it.
    pub voter: &'a Caller,
    /// All votes, this one included, the first being of whoever submitted it.
    pub votes: &'a [VoteRecord],
    /// What [`Request::concerns`] names, where [`reads_request`] says that it is looked at.
    pub subjects: &'a Subjects,
    /// The budgets that [`budgets::of_request`] names, as they stand.
    pub accounts: &'a [Account],
    /// The instant of the vote.
    pub now: Timestamp,
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

/// Whether policies, scopes or MFA conditions will look at a request: then its subjects must be fetched.
pub fn reads_request(
    organization: &Organization,
    parent: Option<&Organization>,
    by: &Caller,
    votes: &[VoteRecord],
) -> bool {
    let Some(home) = home(organization, parent, by) else { return false };
    let mut all = votes.iter().filter_map(|vote| home.user(vote.user).ok());
    !home.policies.is_empty()
        || scopes::is_scoped(by)
        || all.any(mfa::has_policies)
        || budgets::has_profiles(organization, parent, votes)
}

/// Whether it is worth asking others what it takes to decide on a request: not where it is refused for what it is.
///
/// # Errors
///
/// As [`authorize`], for what it is.
pub fn is_heard(
    organization: &Organization,
    parent: Option<&Organization>,
    proposer: &Caller,
    request: &Request,
) -> Result<bool, RequestError> {
    Ok(!matches!(ground(organization, parent, proposer, request)?, Ground::Refused))
}

/// Decides whether a request that `proposer` submitted may be executed.
///
/// # Errors
///
/// Refusals that leave no trace: [`RequestError::OrganizationMismatch`],
/// [`RequestError::InvalidActivityCaller`], a session that does not exist, and payloads that are not what they
/// are said to be.
pub fn authorize(
    organization: &Organization,
    parent: Option<&Organization>,
    proposer: &Caller,
    request: Request,
    hearing: Hearing<'_>,
) -> Result<Ruling, RequestError> {
    let (home, is_own) = match ground(organization, parent, proposer, &request)? {
        Ground::Allowed => return Ok(allow(request)),
        Ground::Refused => return Ok(deny(request, RequestError::PermissionDenied)),
        Ground::Judged { home, is_own } => (home, is_own),
    };
    let items = if reads_request(organization, parent, hearing.voter, hearing.votes) {
        items::items(organization, &request, hearing.subjects)?
    } else {
        vec![Item::default()]
    };
    if let Err(refusal) = scopes::check(organization, parent, hearing.voter, &items) {
        return Ok(deny(request, refusal));
    }
    if let Err(refusal) = budgets::check_profiles(organization, parent, &items, hearing) {
        return Ok(deny(request, refusal));
    }
    Ok(judge(home, is_own, request, &items, hearing))
}

/// What decides on a request.
#[derive(Debug)]
pub(super) enum Ground<'a> {
    /// It is allowed for what it is.
    Allowed,
    /// It is refused for what it is.
    Refused,
    /// Policies decide, the root quorum and MFA policies.
    Judged {
        /// Of this organization.
        home: &'a Organization,
        /// Whether the proposer may where none of them says otherwise.
        is_own: bool,
    },
}

/// What decides on a request of `proposer`.
///
/// # Errors
///
/// As [`authorize`].
pub(super) fn ground<'a>(
    organization: &'a Organization,
    parent: Option<&'a Organization>,
    proposer: &Caller,
    request: &Request,
) -> Result<Ground<'a>, RequestError> {
    let rule = request.rule();
    let mismatch = || RequestError::OrganizationMismatch {
        target: organization.id,
        voters: proposer.organization,
    };
    let recovers = proposer.credential.kind == Some(CredentialType::RecoverUserKeyP256);
    if recovers || matches!(rule, Rule::Recovery(_)) {
        let is_own = proposer.home == Home::Own;
        return match rule {
            Rule::Recovery(user) if recovers && is_own && user == proposer.user => {
                Ok(Ground::Allowed)
            }
            _ if is_own => Ok(Ground::Refused),
            _ => Err(mismatch()),
        };
    }
    let (home, is_own) = match proposer.home {
        Home::Parent => {
            let (Rule::LogIn | Rule::LinkIdentity(_) | Rule::Sessions(_), Some(parent)) =
                (rule, parent)
            else {
                return Err(mismatch());
            };
            match rule {
                Rule::Sessions(Sessions::One(id)) => drop(session_owner(organization, id)?),
                // Users of the parent have no sessions here.
                Rule::Sessions(Sessions::Own) => return Err(mismatch()),
                _ => {}
            }
            if rule == Rule::LogIn && is_proxy(parent, proposer) {
                return Ok(Ground::Allowed);
            }
            (parent, false)
        }
        Home::Own => {
            let parent_only = matches!(rule, Rule::ParentOnly | Rule::ParentOrProxy);
            if parent_only && !organization.is_parent() {
                return Err(RequestError::InvalidActivityCaller { activity: request.kind() });
            }
            let is_proxys = matches!(rule, Rule::LogIn | Rule::ParentOrProxy);
            if is_proxys && is_proxy(organization, proposer) {
                return Ok(Ground::Allowed);
            }
            let allowed = match rule {
                Rule::Own(user)
                | Rule::LinkIdentity(user)
                | Rule::Sessions(Sessions::User(user)) => user == proposer.user,
                Rule::Anyone | Rule::Sessions(Sessions::Own) => true,
                Rule::Sessions(Sessions::One(id)) | Rule::OwnSession(id) => {
                    session_owner(organization, id)? == proposer.user
                }
                Rule::RootQuorum
                | Rule::LogIn
                | Rule::ParentOnly
                | Rule::ParentOrProxy
                | Rule::Recovery(_)
                | Rule::Sessions(Sessions::Organization) => false,
            };
            (organization, allowed)
        }
    };
    Ok(Ground::Judged { home, is_own })
}

/// By the policies, the root quorum and the MFA policies of `home`. `is_own` is whether the proposer may
/// where no policy says otherwise.
fn judge(
    home: &Organization,
    is_own: bool,
    request: Request,
    items: &[Item],
    hearing: Hearing<'_>,
) -> Ruling {
    let voter = hearing.voter.user;
    let owes = |user: UserId| owes_factors(home, user, items, hearing);
    let case = Case::new(home, is_own, &request, items, hearing, |user| {
        // Whether this vote counts is asked last: what is refused anyway asks for no more factors.
        user == voter || owes(user) == Owes::Nothing
    });
    let decided = case.decide();
    let outcomes: Option<Vec<(PolicyId, Outcome)>> = (!decided.by_root_quorum).then(|| {
        let all = decided.outcomes.iter();
        all.map(|(policy, outcome)| (PolicyId(*policy), policies::outcome(*outcome))).collect()
    });
    let mut ruling = if decided.verdict == Verdict::Deny {
        let refusal = match &outcomes {
            Some(outcomes) if !outcomes.is_empty() => {
                let denied_by = decided.denied_by.iter().map(|policy| PolicyId(*policy));
                let denied_by: Vec<PolicyId> = denied_by.collect();
                let mut denial = Denial::by_policies(outcomes.clone(), &denied_by);
                denial.details.extend(explain::detail(case.explain(home, &decided)));
                RequestError::Denied(Box::new(denial))
            }
            _ => RequestError::PermissionDenied,
        };
        deny(request, refusal)
    } else {
        let proposer = hearing.votes.first().map_or(voter, |vote| vote.user);
        match (owes(voter), owes(proposer)) {
            (Owes::Blocked(policy), _) | (_, Owes::Blocked(policy)) => {
                deny(request, RequestError::Denied(Box::new(Denial::by_mfa(policy))))
            }
            (_, Owes::Factors) => Ruling {
                decision: Decision::NeedsAuthenticators(request),
                outcomes: None,
                owes_factors: owes(voter) == Owes::Factors,
                drawn: Vec::new(),
            },
            (Owes::Factors, Owes::Nothing) => wait(request, true),
            (Owes::Nothing, Owes::Nothing) if decided.verdict == Verdict::Wait => {
                wait(request, false)
            }
            (Owes::Nothing, Owes::Nothing) => {
                match budgets::draw(hearing.accounts, &decided.allowed_by, items, hearing.now) {
                    Ok(drawn) => Ruling { drawn, ..allow(request) },
                    Err(refusal) => deny(request, refusal),
                }
            }
        }
    };
    ruling.outcomes = outcomes;
    ruling
}

/// Checks what a vote on a request that waits is stamped with, whichever way the vote goes: keys for recovery vote on
/// nothing, and sessions on what is within their scope.
///
/// # Errors
///
/// [`RequestError::PermissionDenied`], as [`scopes::check`], and payloads that are not what they are said to be.
pub fn check_credential(
    organization: &Organization,
    parent: Option<&Organization>,
    request: &Request,
    hearing: Hearing<'_>,
) -> Result<(), RequestError> {
    if hearing.voter.credential.kind == Some(CredentialType::RecoverUserKeyP256) {
        return Err(RequestError::PermissionDenied);
    }
    if !scopes::is_scoped(hearing.voter) {
        return Ok(());
    }
    let items = items::items(organization, request, hearing.subjects)?;
    scopes::check(organization, parent, hearing.voter, &items)
}

/// Whether a user who has no approval that counts may vote on a request that waits.
pub fn may_vote(
    organization: &Organization,
    parent: Option<&Organization>,
    proposer: &Caller,
    request: &Request,
    hearing: Hearing<'_>,
) -> Result<bool, RequestError> {
    let Some(home) = home(organization, parent, proposer) else { return Ok(false) };
    if home.id != hearing.voter.organization {
        return Ok(false);
    }
    let items = items::items(organization, request, hearing.subjects)?;
    let case = Case::new(home, false, request, &items, hearing, |user| {
        owes_factors(home, user, &items, hearing) == Owes::Nothing
    });
    Ok(case.may_vote(hearing.voter.user))
}

/// Explains what would be decided now on a recorded activity, at its own instant and with the votes there are on it,
/// to a caller.
///
/// # Errors
///
/// What can't be read any more or is about what is gone; [`RequestError::PermissionDenied`] where the policies are of
/// an organization that the caller may not look into.
pub(crate) fn explain_again(
    organization: &Organization,
    parent: Option<&Organization>,
    caller: &Caller,
    recorded: &Recorded,
    accounts: &[Account],
) -> Result<Explanation, RequestError> {
    let Recorded { record, request, subjects } = recorded;
    let proposer = record.votes.first().and_then(|vote| vote.caller(organization, parent));
    let proposer = proposer.ok_or(RequestError::ProposerGone)?;
    let Some(request) = request else {
        return Err(RequestError::Unimplemented(record.kind.clone().into()));
    };
    if !recorded.is_whole(organization) {
        return Err(RequestError::NotFound("what the activity is about is gone".to_owned()));
    }
    let (home, is_own) = match ground(organization, parent, &proposer, request)? {
        Ground::Allowed => return Ok(explain::without_policies(Verdict::Allow)),
        Ground::Refused => return Ok(explain::without_policies(Verdict::Deny)),
        Ground::Judged { home, is_own } => (home, is_own),
    };
    if home.id != organization.id && caller.organization != home.id {
        return Err(RequestError::PermissionDenied);
    }
    let items = items::items(organization, request, subjects)?;
    let now = record.created_at;
    let hearing = Hearing { voter: &proposer, votes: &record.votes, subjects, accounts, now };
    let policies = policies::policies(home);
    // All of them: they are told who could still vote.
    let users = policies::voters(home, now, |_| true);
    let room = budgets::room(home, &policies, &items, hearing);
    let counts = |user| owes_nothing(home, user, &items, hearing);
    let case = Case::under(policies, users, room, home, is_own, request, &items, hearing, counts);
    let decided = case.decide();
    let mut explanation = case.explain(home, &decided);
    if let Ok(user) = home.user(proposer.user)
        && mfa::has_policies(user)
    {
        explanation.mfa = explain::mfa(&mfa::standing_of(user, &items, &record.votes, now));
    }
    explanation.scope = explain::scope(organization, parent, &proposer, &items);
    Ok(explanation)
}

/// Whether the approval of a user counts as far as its MFA policies go.
pub(super) fn owes_nothing(
    home: &Organization,
    user: UserId,
    items: &[Item],
    hearing: Hearing<'_>,
) -> bool {
    owes_factors(home, user, items, hearing) == Owes::Nothing
}

/// What a user still has to show before its vote counts.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Owes {
    Nothing,
    Factors,
    /// The condition of this MFA policy fails.
    Blocked(MfaPolicyId),
}

fn owes_factors(home: &Organization, user: UserId, items: &[Item], hearing: Hearing<'_>) -> Owes {
    let Ok(user) = home.user(user) else { return Owes::Nothing };
    if !mfa::has_policies(user) {
        return Owes::Nothing;
    }
    match mfa::standing_of(user, items, hearing.votes, hearing.now) {
        MfaStanding::NotRequired => Owes::Nothing,
        MfaStanding::Required { open, .. } if open.is_empty() => Owes::Nothing,
        MfaStanding::Required { .. } => Owes::Factors,
        MfaStanding::Blocked { policy, .. } => Owes::Blocked(MfaPolicyId(policy)),
    }
}

/// Everything that policies decide on.
pub(super) struct Case {
    pub(super) policies: Vec<keyward_policy::Policy>,
    items: Vec<Bindings>,
    users: Vec<Voter>,
    approvals: Vec<Approval>,
    submitter: Uuid,
    root_quorum: RootQuorum,
    is_reserved: bool,
    is_own: bool,
    now: Instant,
    room: Vec<Room>,
    within_budget: Vec<(Uuid, Vec<bool>)>,
}

impl Case {
    /// The case of a request under the policies of `home`.
    pub(super) fn new(
        home: &Organization,
        is_own: bool,
        request: &Request,
        items: &[Item],
        hearing: Hearing<'_>,
        counts: impl Fn(UserId) -> bool,
    ) -> Self {
        let policies = policies::policies(home);
        // Without policies nobody needs to know who else there is.
        let users = policies::voters(home, hearing.now, |user| {
            !policies.is_empty() || hearing.votes.iter().any(|vote| vote.user == user)
        });
        let room = budgets::room(home, &policies, items, hearing);
        Self::under(policies, users, room, home, is_own, request, items, hearing, counts)
    }

    /// The case under other policies; `room` is what their budgets have room for.
    #[expect(clippy::too_many_arguments, reason = "everything that is decided on")]
    pub(super) fn under(
        policies: Vec<keyward_policy::Policy>,
        users: Vec<Voter>,
        room: Vec<Room>,
        home: &Organization,
        is_own: bool,
        request: &Request,
        items: &[Item],
        hearing: Hearing<'_>,
        counts: impl Fn(UserId) -> bool,
    ) -> Self {
        let mut approvals: Vec<Approval> = Vec::new();
        for vote in hearing.votes.iter().filter(|vote| vote.approves(hearing.now)) {
            let Ok(user) = home.user(vote.user) else { continue };
            let is_second = approvals.iter().any(|approval| approval.user == vote.user.0);
            if !is_second && counts(vote.user) {
                let credential = policies::show_credential(user, vote);
                approvals.push(Approval { user: vote.user.0, credential });
            }
        }
        let within_budget = room.iter().map(Room::within).collect();
        Self {
            users,
            policies,
            items: items.iter().map(|item| item.bindings.clone()).collect(),
            approvals,
            submitter: hearing.votes.first().map_or(hearing.voter.user, |vote| vote.user).0,
            root_quorum: policies::root_quorum(home),
            is_reserved: request.policy().is_none(),
            is_own,
            now: hearing.now.instant(),
            room,
            within_budget,
        }
    }

    fn question(&self) -> Question<'_> {
        Question {
            items: &self.items,
            users: &self.users,
            approvals: &self.approvals,
            submitter: self.submitter,
            root_quorum: &self.root_quorum,
            is_reserved: self.is_reserved,
            is_own: self.is_own,
            now: self.now,
            within_budget: &self.within_budget,
        }
    }

    /// What is to become of it.
    pub(super) fn decide(&self) -> keyward_policy::Decision {
        keyward_policy::decide(&self.policies, &self.question())
    }

    fn may_vote(&self, user: UserId) -> bool {
        keyward_policy::may_vote(&self.policies, &self.question(), user.0)
    }

    /// Why a decision on it is what it is.
    pub(super) fn explain(
        &self,
        home: &Organization,
        decided: &keyward_policy::Decision,
    ) -> Explanation {
        explain::explain(home, &self.policies, &self.question(), decided, |policy, item| {
            self.room.iter().find(|room| room.policy == policy)?.refusal(item)
        })
    }
}

/// The organization whose policies judge a caller.
pub(super) fn home<'a>(
    organization: &'a Organization,
    parent: Option<&'a Organization>,
    caller: &Caller,
) -> Option<&'a Organization> {
    match caller.home {
        Home::Own => Some(organization),
        Home::Parent => parent,
    }
}

fn allow(request: Request) -> Ruling {
    ruling(Decision::Allow(Permit { request }))
}

fn wait(request: Request, owes_factors: bool) -> Ruling {
    Ruling { owes_factors, ..ruling(Decision::Wait(request)) }
}

fn deny(request: Request, refusal: RequestError) -> Ruling {
    ruling(Decision::Deny(request, refusal))
}

fn ruling(decision: Decision) -> Ruling {
    Ruling { decision, outcomes: None, owes_factors: false, drawn: Vec::new() }
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
