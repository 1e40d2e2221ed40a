//! From policies to one decision. Source: policy language §8 to §11.

use std::cell::OnceCell;
use std::sync::Arc;

use uuid::Uuid;

use crate::bindings::{Bindings, Keyword};
use crate::consensus::{Effort, is_reachable};
use crate::expression::{Expression, Trace};
use crate::schema::USER;
use crate::value::{Instant, Value};

/// What a policy does where it matches.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effect {
    /// `EFFECT_ALLOW`.
    Allow,
    /// `EFFECT_DENY`.
    Deny,
}

/// What a policy that errors does.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum OnError {
    /// Nothing, as in the protocol: a guard that errors is skipped.
    #[default]
    Skip,
    /// A policy that denies, denies: its outcome is still [`Outcome::Error`], and it is among those of
    /// [`Decision::denied_by`]. Nothing is short-circuited, so `activity.action == 'SIGN' && eth.tx.value > 1` then
    /// denies whatever has no Ethereum transaction, be it signing or not.
    Deny,
}

/// What became of one policy. Source: policy language §12.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// `OUTCOME_ALLOW`.
    Allow,
    /// `OUTCOME_DENY_EXPLICIT`.
    DenyExplicit,
    /// `OUTCOME_DENY_IMPLICIT`.
    DenyImplicit,
    /// `OUTCOME_REQUIRES_CONSENSUS`.
    RequiresConsensus,
    /// `OUTCOME_REJECTED`.
    Rejected,
    /// `OUTCOME_ERROR`.
    Error,
    /// `OUTCOME_REQUIRES_AUTHENTICATORS`.
    RequiresAuthenticators,
    /// `OUTCOME_TIME_INACTIVE`.
    TimeInactive,
}

/// A policy, ready to be evaluated. An expression is `None` where the policy has none, `Some(Err)` where
/// what is stored can't be read any more.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its id.
    pub id: Uuid,
    /// What it does.
    pub effect: Effect,
    /// What it is about.
    pub condition: Option<Result<Arc<Expression>, ()>>,
    /// Who.
    pub consensus: Option<Result<Arc<Expression>, ()>>,
    /// When.
    pub time: Option<Result<Arc<Expression>, ()>>,
    /// What it does when it errors.
    pub on_error: OnError,
}

/// A user of the organization.
#[derive(Clone, Debug)]
pub struct Voter {
    /// Its id.
    pub id: Uuid,
    /// The `User` of the language.
    pub user: Value,
    /// The `Credential`s it could approve with. Where there is none, its approval adds none to `credentials`.
    pub credentials: Vec<Value>,
}

/// An approval that counts.
#[derive(Clone, Debug)]
pub struct Approval {
    /// The user who gave it.
    pub user: Uuid,
    /// The `Credential` it was given with.
    pub credential: Value,
}

/// The users who may do everything together.
#[derive(Clone, Debug)]
pub struct RootQuorum {
    /// How many of them.
    pub threshold: usize,
    /// Who they are.
    pub users: Vec<Uuid>,
}

/// What is to be decided.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// What conditions see: one for each transaction or secret of the request, at least one.
    pub items: &'a [Bindings],
    /// All users of the organization whose policies decide.
    pub users: &'a [Voter],
    /// Who approves, the submitter first; one approval a user.
    pub approvals: &'a [Approval],
    /// The user who submitted the request, whether or not its approval still counts.
    pub submitter: Uuid,
    /// Of the same organization.
    pub root_quorum: &'a RootQuorum,
    /// Whether only the root quorum may do this.
    pub is_reserved: bool,
    /// Whether the submitter may do it where no policy denies or waits: managing its own credentials.
    pub is_own: bool,
    /// The instant of the request.
    pub now: Instant,
    /// For each policy that has a budget whether there is room for each item. A policy that allows does not match an
    /// item that there is no room for.
    pub within_budget: &'a [(Uuid, Vec<bool>)],
}

/// What is to become of a request.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Verdict {
    /// It may be executed.
    Allow,
    /// It waits for more approvals.
    Wait,
    /// It is refused.
    Deny,
}

/// A decision and what it rests on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Decision {
    /// What is to become of the request.
    pub verdict: Verdict,
    /// Whether the root quorum decided: then no policy was consulted.
    pub by_root_quorum: bool,
    /// What became of each policy, in their order; of several items, for the first of those whose verdict is
    /// the worst. Empty when the root quorum decided.
    pub outcomes: Vec<(Uuid, Outcome)>,
    /// The policies that denied that item: those with [`Outcome::DenyExplicit`], and those with
    /// [`Outcome::Error`] whose errors deny.
    pub denied_by: Vec<Uuid>,
    /// The policies that allowed, for each item: those whose budgets are charged. Empty where none was needed.
    pub allowed_by: Vec<Vec<Uuid>>,
}

/// Decides.
///
/// Each item is judged by all policies, and the worst verdict counts. `approvers`, `credentials` and `time.now` are
/// bound here; the items bind the rest. Approvals of users who are none of `question.users` do not count, nor does a
/// second one of the same user. Nothing is allowed when there is no item.
pub fn decide(policies: &[Policy], question: &Question<'_>) -> Decision {
    let approvals = counting_approvals(question);
    let is_root = |user: Uuid| question.root_quorum.users.contains(&user);
    let roots = approvals.iter().filter(|(_, approval)| is_root(approval.user)).count();
    let nobody = || question.items.iter().map(|_| Vec::new()).collect();
    if !question.items.is_empty() && roots >= question.root_quorum.threshold.max(1) {
        return Decision {
            verdict: Verdict::Allow,
            by_root_quorum: true,
            outcomes: Vec::new(),
            denied_by: Vec::new(),
            allowed_by: nobody(),
        };
    }
    let consensus_bindings = bind_approvals(&approvals);
    let time_bindings = Bindings::default().with(Keyword::TimeNow, Value::Instant(question.now));
    let effort = Effort::default();
    let are_whole = approvals.iter().all(|(voter, _)| is_whole_user(&voter.user));
    let is_sure = |expression: Option<&Result<Arc<Expression>, ()>>| match expression {
        None => true,
        Some(Err(())) => false,
        Some(Ok(expression)) => are_whole && expression.is_sure(approvals.len()),
    };
    let standings: Vec<Standing<'_>> = policies
        .iter()
        .map(|policy| Standing {
            policy,
            bindings: [&consensus_bindings, &time_bindings],
            is_sure: is_sure(policy.consensus.as_ref()) && is_sure(policy.time.as_ref()),
            held: OnceCell::new(),
            budget: question
                .within_budget
                .iter()
                .find(|(id, _)| *id == policy.id)
                .map(|(_, room)| room.as_slice()),
            is_reachable: OnceCell::new(),
            effort: &effort,
        })
        .collect();

    let mut decision = Decision {
        verdict: Verdict::Deny,
        by_root_quorum: false,
        outcomes: Vec::new(),
        denied_by: Vec::new(),
        allowed_by: nobody(),
    };
    let mut worst: Option<Verdict> = None;
    let mut outcomes = Vec::with_capacity(policies.len());
    for (place, item) in question.items.iter().enumerate() {
        outcomes.clear();
        outcomes.extend(standings.iter().map(|standing| standing.outcome(item, place, question)));
        let verdict = judge(&standings, &outcomes, question, is_root(question.submitter));
        if verdict == ItemVerdict::Policies
            && let Some(allowed_by) = decision.allowed_by.get_mut(place)
        {
            let allows = standings.iter().zip(&outcomes).filter(|(_, o)| **o == Outcome::Allow);
            *allowed_by = allows.map(|(standing, _)| standing.policy.id).collect();
        }
        let verdict = verdict.into();
        if worst.is_none_or(|worst| verdict > worst) {
            worst = Some(verdict);
            decision.verdict = verdict;
            let ids = standings.iter().map(|standing| standing.policy.id);
            decision.outcomes = ids.zip(outcomes.iter().copied()).collect();
            let denies = standings.iter().zip(&outcomes).filter(|(s, o)| s.denies(**o));
            decision.denied_by = denies.map(|(standing, _)| standing.policy.id).collect();
        }
    }
    decision
}

/// What the expressions of a policy came to; `None` where it has none, or one that can't be read any more.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyTrace {
    /// For one item.
    pub condition: Option<Trace>,
    /// For the approvals.
    pub consensus: Option<Trace>,
    /// For the instant.
    pub time: Option<Trace>,
}

/// What the expressions of a policy come to for the item at `place`, clause by clause.
pub fn trace(policy: &Policy, question: &Question<'_>, place: usize) -> PolicyTrace {
    let explain = |expression: Option<&Result<Arc<Expression>, ()>>, bindings: &Bindings| {
        Some(expression?.as_ref().ok()?.explain(bindings))
    };
    let unbound = Bindings::default();
    let item = question.items.get(place).unwrap_or(&unbound);
    let consensus = bind_approvals(&counting_approvals(question));
    let time = Bindings::default().with(Keyword::TimeNow, Value::Instant(question.now));
    PolicyTrace {
        condition: explain(policy.condition.as_ref(), item),
        consensus: explain(policy.consensus.as_ref(), &consensus),
        time: explain(policy.time.as_ref(), &time),
    }
}

/// Whether a user who has not voted may: as a member of the root quorum, or because with its approval a policy that
/// allows and matches an item could be satisfied, and without it could not.
///
/// Source: policy language §9, eligible voters.
pub fn may_vote(policies: &[Policy], question: &Question<'_>, user: Uuid) -> bool {
    if question.approvals.iter().any(|approval| approval.user == user) {
        return false;
    }
    if question.root_quorum.users.contains(&user) {
        return true;
    }
    if question.is_reserved || question.users.iter().all(|voter| voter.id != user) {
        return false;
    }
    let approvals = counting_approvals(question);
    let effort = Effort::default();
    let time_bindings = Bindings::default().with(Keyword::TimeNow, Value::Instant(question.now));
    let matches = |policy: &Policy| {
        let conditions =
            question.items.iter().map(|item| hold(policy.condition.as_ref(), item)).enumerate();
        let mut matching = conditions.filter(|(_, held)| *held == Held::True);
        let budget = question.within_budget.iter().find(|(id, _)| *id == policy.id);
        matching.any(|(place, _)| {
            budget.is_none_or(|(_, room)| room.get(place).copied().unwrap_or(false))
        })
    };
    policies.iter().any(|policy| {
        policy.effect == Effect::Allow
            && hold(policy.time.as_ref(), &time_bindings) == Held::True
            && matches(policy)
            && match &policy.consensus {
                Some(Ok(consensus)) => {
                    is_reachable(consensus, question.users, &approvals, user, &effort)
                }
                _ => false,
            }
    })
}

/// The approvals that count, each with its user.
fn counting_approvals<'a>(question: &Question<'a>) -> Vec<(&'a Voter, &'a Approval)> {
    let mut counting: Vec<(&Voter, &Approval)> = Vec::with_capacity(question.approvals.len());
    for approval in question.approvals {
        let is_second = counting.iter().any(|(voter, _)| voter.id == approval.user);
        if !is_second
            && let Some(voter) = question.users.iter().find(|voter| voter.id == approval.user)
        {
            counting.push((voter, approval));
        }
    }
    counting
}

/// Whether a value has every field of `User`.
fn is_whole_user(user: &Value) -> bool {
    let Value::Struct(fields) = user else { return false };
    USER.fields.iter().all(|(name, _)| fields.iter().any(|(known, _)| known == name))
}

fn bind_approvals(approvals: &[(&Voter, &Approval)]) -> Bindings {
    let users = approvals.iter().map(|(voter, _)| voter.user.clone());
    let credentials = approvals.iter().map(|(_, approval)| approval.credential.clone());
    Bindings::default()
        .with(Keyword::Approvers, Value::list(users))
        .with(Keyword::Credentials, Value::list(credentials))
}

/// What one expression of a policy came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Held {
    True,
    False,
    Error,
}

/// An expression that a policy does not have holds for everything.
fn hold(expression: Option<&Result<Arc<Expression>, ()>>, bindings: &Bindings) -> Held {
    match expression {
        None => Held::True,
        Some(Err(())) => Held::Error,
        Some(Ok(expression)) => match expression.evaluate(bindings) {
            Ok(true) => Held::True,
            Ok(false) => Held::False,
            Err(_) => Held::Error,
        },
    }
}

/// A policy with what does not depend on the item.
struct Standing<'a> {
    policy: &'a Policy,
    /// For the consensus and for the time.
    bindings: [&'a Bindings; 2],
    /// Whether neither of them can err, so that they need not be looked at where the condition does not hold.
    is_sure: bool,
    /// What they came to, once that was needed.
    held: OnceCell<[Held; 2]>,
    /// For each item whether there is room; `None` without a budget.
    budget: Option<&'a [bool]>,
    /// Looked for when it is needed.
    is_reachable: OnceCell<bool>,
    effort: &'a Effort,
}

impl Standing<'_> {
    /// Source: policy language §8, outcome of one policy.
    fn outcome(&self, item: &Bindings, place: usize, question: &Question<'_>) -> Outcome {
        let condition = hold(self.policy.condition.as_ref(), item);
        if condition == Held::False && self.is_sure {
            return Outcome::DenyImplicit;
        }
        let [consensus, time] = *self.held.get_or_init(|| {
            let [approvals, instant] = self.bindings;
            [
                hold(self.policy.consensus.as_ref(), approvals),
                hold(self.policy.time.as_ref(), instant),
            ]
        });
        if [condition, consensus, time].contains(&Held::Error) {
            return Outcome::Error;
        }
        let has_room = self.budget.is_none_or(|room| room.get(place).copied().unwrap_or(false));
        let allows = self.policy.effect == Effect::Allow;
        if condition == Held::False || (allows && !has_room) {
            return Outcome::DenyImplicit;
        }
        match (consensus == Held::True, time == Held::True) {
            (true, true) if allows => Outcome::Allow,
            (true, true) => Outcome::DenyExplicit,
            (true, false) => Outcome::TimeInactive,
            (false, true) if allows && self.could_be_satisfied(question) => {
                Outcome::RequiresConsensus
            }
            (false, _) => Outcome::DenyImplicit,
        }
    }

    fn could_be_satisfied(&self, question: &Question<'_>) -> bool {
        *self.is_reachable.get_or_init(|| match &self.policy.consensus {
            Some(Ok(consensus)) => {
                let approvals = counting_approvals(question);
                is_reachable(consensus, question.users, &approvals, question.submitter, self.effort)
            }
            _ => false,
        })
    }

    fn denies(&self, outcome: Outcome) -> bool {
        let errors_deny =
            self.policy.effect == Effect::Deny && self.policy.on_error == OnError::Deny;
        outcome == Outcome::DenyExplicit || (outcome == Outcome::Error && errors_deny)
    }
}

/// What is to become of one item.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum ItemVerdict {
    /// Policies allow it.
    Policies,
    /// It is the submitter's own.
    Own,
    Wait,
    Deny,
}

impl From<ItemVerdict> for Verdict {
    fn from(verdict: ItemVerdict) -> Self {
        match verdict {
            ItemVerdict::Policies | ItemVerdict::Own => Self::Allow,
            ItemVerdict::Wait => Self::Wait,
            ItemVerdict::Deny => Self::Deny,
        }
    }
}

/// Source: policy language §8, from policies to one decision.
fn judge(
    standings: &[Standing<'_>],
    outcomes: &[Outcome],
    question: &Question<'_>,
    root_waits: bool,
) -> ItemVerdict {
    let is_denied =
        standings.iter().zip(outcomes).any(|(standing, outcome)| standing.denies(*outcome));
    if question.is_reserved {
        return if root_waits { ItemVerdict::Wait } else { ItemVerdict::Deny };
    }
    if !is_denied && outcomes.contains(&Outcome::Allow) {
        return ItemVerdict::Policies;
    }
    if root_waits {
        return ItemVerdict::Wait;
    }
    if is_denied {
        return ItemVerdict::Deny;
    }
    if outcomes.contains(&Outcome::RequiresConsensus) {
        return ItemVerdict::Wait;
    }
    if question.is_own { ItemVerdict::Own } else { ItemVerdict::Deny }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::Dialect;

    const SUBMITTER: Uuid = Uuid::from_u128(1);
    const ROOTS: [Uuid; 2] = [Uuid::from_u128(8), Uuid::from_u128(9)];

    fn policy(id: u128, effect: Effect, condition: &str) -> Policy {
        let condition = Expression::parse(condition, Dialect::Condition).unwrap();
        Policy {
            id: Uuid::from_u128(id),
            effect,
            condition: Some(Ok(Arc::new(condition))),
            consensus: None,
            time: None,
            on_error: OnError::Skip,
        }
    }

    fn transfer(value: u64) -> Bindings {
        let transaction = Value::structure([("value", Value::int(value))]);
        Bindings::default().with(Keyword::EthTx, transaction)
    }

    /// What a question says beside its items and approvals.
    struct Rest<'a> {
        threshold: usize,
        is_own: bool,
        within_budget: &'a [(Uuid, Vec<bool>)],
    }

    const PLAIN: Rest<'static> = Rest { threshold: 2, is_own: false, within_budget: &[] };

    /// On a request of these values by these users.
    fn decide_on(
        policies: &[Policy],
        values: &[u64],
        approvers: &[Uuid],
        rest: &Rest<'_>,
    ) -> Decision {
        let voter = |id: Uuid| Voter {
            id,
            user: Value::structure([("id", Value::text(id.to_string()))]),
            credentials: Vec::new(),
        };
        let items: Vec<Bindings> = values.iter().map(|value| transfer(*value)).collect();
        let approvals: Vec<Approval> = approvers
            .iter()
            .map(|user| Approval { user: *user, credential: Value::structure([]) })
            .collect();
        let question = Question {
            items: &items,
            users: &[voter(SUBMITTER), voter(ROOTS[0]), voter(ROOTS[1])],
            approvals: &approvals,
            submitter: approvers[0],
            root_quorum: &RootQuorum { threshold: rest.threshold, users: ROOTS.to_vec() },
            is_reserved: false,
            is_own: rest.is_own,
            now: Instant(0),
            within_budget: rest.within_budget,
        };
        decide(policies, &question)
    }

    fn plainly(policies: &[Policy], values: &[u64], approvers: &[Uuid]) -> Decision {
        decide_on(policies, values, approvers, &PLAIN)
    }

    #[test]
    fn each_item_needs_a_policy_and_names_those_that_allow_it() {
        let small = policy(1, Effect::Allow, "eth.tx.value < 10");
        let large = policy(2, Effect::Allow, "eth.tx.value > 5");
        let both = plainly(&[small.clone(), large.clone()], &[1, 7, 20], &[SUBMITTER]);
        assert_eq!(both.verdict, Verdict::Allow);
        let (one, two) = (small.id, large.id);
        assert_eq!(both.allowed_by, [vec![one], vec![one, two], vec![two]]);
        let small = plainly(&[small], &[1, 7, 20], &[SUBMITTER]);
        assert_eq!(small.verdict, Verdict::Deny);
        assert_eq!(small.outcomes, [(one, Outcome::DenyImplicit)]);
    }

    #[test]
    fn nothing_is_allowed_without_an_item() {
        let everything = policy(1, Effect::Allow, "true");
        assert_eq!(
            plainly(std::slice::from_ref(&everything), &[], &[SUBMITTER]).verdict,
            Verdict::Deny
        );
        assert_eq!(plainly(&[everything], &[], &ROOTS).verdict, Verdict::Deny);
    }

    #[test]
    fn a_user_counts_once_and_a_stranger_not_at_all() {
        let once = plainly(&[], &[1], &[ROOTS[0], ROOTS[0]]);
        assert_eq!((once.verdict, once.by_root_quorum), (Verdict::Wait, false));
        let both = plainly(&[], &[1], &ROOTS);
        assert_eq!((both.verdict, both.by_root_quorum), (Verdict::Allow, true));
        let stranger = Uuid::from_u128(77);
        let anybody = Expression::parse("approvers.count() == 1", Dialect::Consensus).unwrap();
        let policy =
            Policy { consensus: Some(Ok(Arc::new(anybody))), ..policy(1, Effect::Allow, "true") };
        let alone = plainly(std::slice::from_ref(&policy), &[1], &[SUBMITTER, stranger, SUBMITTER]);
        assert_eq!(alone.verdict, Verdict::Allow);
        assert_eq!(plainly(&[policy], &[1], &[stranger]).verdict, Verdict::Deny);
    }

    #[test]
    fn a_root_quorum_of_none_is_one_of_one() {
        let decision = decide_on(&[], &[1], &[SUBMITTER], &Rest { threshold: 0, ..PLAIN });
        assert_eq!((decision.verdict, decision.by_root_quorum), (Verdict::Deny, false));
    }

    #[test]
    fn a_policy_whose_budget_has_no_room_does_not_match() {
        let policies =
            [policy(1, Effect::Allow, "true"), policy(2, Effect::Allow, "eth.tx.value < 5")];
        let with = |room: &[(Uuid, Vec<bool>)]| {
            decide_on(&policies, &[1, 9], &[SUBMITTER], &Rest { within_budget: room, ..PLAIN })
        };
        let (one, two) = (policies[0].id, policies[1].id);
        let first = with(&[(one, vec![false, true])]);
        assert_eq!(first.verdict, Verdict::Allow);
        assert_eq!(first.allowed_by, [vec![two], vec![one]]);
        let second = with(&[(one, vec![true, false])]);
        assert_eq!(second.verdict, Verdict::Deny);
        assert_eq!(second.outcomes, [(one, Outcome::DenyImplicit), (two, Outcome::DenyImplicit)]);
        // What is not said is not there.
        assert_eq!(with(&[(one, vec![true])]).verdict, Verdict::Deny);
    }

    #[test]
    fn a_budget_does_not_weaken_a_policy_that_denies() {
        let policies = [policy(1, Effect::Allow, "true"), policy(2, Effect::Deny, "true")];
        let room = [(policies[1].id, vec![false])];
        let rest = Rest { within_budget: &room, ..PLAIN };
        let decision = decide_on(&policies, &[1], &[SUBMITTER], &rest);
        assert_eq!(decision.verdict, Verdict::Deny);
    }

    #[test]
    fn a_deny_that_errs_denies_only_when_told_to() {
        let everything = policy(1, Effect::Allow, "true");
        let guard = policy(2, Effect::Deny, "private_key.id == 'x'");
        let skipped = plainly(&[everything.clone(), guard.clone()], &[1], &[SUBMITTER]);
        assert_eq!(skipped.verdict, Verdict::Allow);
        assert!(skipped.denied_by.is_empty());
        let guard = Policy { on_error: OnError::Deny, ..guard };
        let denied = plainly(&[everything.clone(), guard.clone()], &[1], &[SUBMITTER]);
        assert_eq!(denied.verdict, Verdict::Deny);
        assert_eq!(denied.outcomes[1].1, Outcome::Error);
        assert_eq!(denied.denied_by, [guard.id]);
        // It takes the default away as well, but not what the root quorum may still do.
        let owner = Rest { is_own: true, ..PLAIN };
        let own = decide_on(std::slice::from_ref(&guard), &[1], &[SUBMITTER], &owner);
        assert_eq!(own.verdict, Verdict::Deny);
        assert_eq!(plainly(std::slice::from_ref(&guard), &[1], &ROOTS[..1]).verdict, Verdict::Wait);
        let allows = Policy { effect: Effect::Allow, ..guard };
        assert_eq!(plainly(&[everything, allows], &[1], &[SUBMITTER]).verdict, Verdict::Allow);
    }

    #[test]
    fn a_policy_that_cant_be_read_errs() {
        let unreadable = Policy { time: Some(Err(())), ..policy(1, Effect::Allow, "true") };
        let decision = plainly(std::slice::from_ref(&unreadable), &[1], &[SUBMITTER]);
        assert_eq!(decision.verdict, Verdict::Deny);
        assert_eq!(decision.outcomes, [(unreadable.id, Outcome::Error)]);
    }
}
