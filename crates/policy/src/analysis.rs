//! "Can any user who is not in the root quorum do this?", answered with a way or with a no.
//!
//! By trying: the values that conditions compare with, their neighbours and something else, in every place that
//! conditions look at; sets of users that the consensus tells apart; instants of the next year. A way is checked by
//! [`decide`]. A no is given only when everything that makes a difference was tried, or when no policy that allows
//! can match whatever the rest is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use uuid::Uuid;

use crate::activities::ActivityType;
use crate::bindings::{Bindings, Keyword};
use crate::consensus::rosters;
use crate::decision::{
    Approval, Effect, Policy, Question, RootQuorum, Verdict, Voter, decide, may_vote,
};
use crate::demand::{Demand, Demands};
use crate::expression::Expression;
use crate::possible::{Form, activity_value};
use crate::value::{Instant, Value};
use crate::view::Node;

/// At most this many requests are tried for one policy, and five times as many for all together.
const MOST_REQUESTS: usize = 1_000;
/// At most this many sets of users.
const MOST_ROSTERS: usize = 2_000;
/// At most this many decisions.
const MOST_DECISIONS: usize = 5_000;
/// Sets of users kept for what they make of the consensus of every policy.
const ROSTERS_ALIKE: usize = 4;
const NANOSECONDS_PER_SECOND: i128 = 1_000_000_000;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Inquiry<'a> {
    /// All policies of the organization.
    pub policies: &'a [Policy],
    /// All of its users.
    pub users: &'a [Voter],
    /// Its root quorum.
    pub root_quorum: &'a RootQuorum,
    /// What is to be done.
    pub activity: &'static ActivityType,
    /// What else is known of the request: each keyword wholly or not at all.
    pub known: &'a Bindings,
    /// From when on.
    pub now: Instant,
}

/// Whether it can be done.
#[derive(Clone, Debug)]
pub enum Answer {
    /// So.
    Yes(Box<Witness>),
    /// Not by anybody, whatever the request is.
    No {
        /// Why.
        because: String,
    },
    /// Not found; it was not possible to try everything.
    Unknown {
        /// What was not tried.
        because: String,
    },
}

/// A way to do it.
#[derive(Clone, Debug)]
pub struct Witness {
    /// Who approves, with which credential; the first one submits.
    pub approvals: Vec<Approval>,
    /// The policies that allow it. Empty when it is about the submitter's own credentials and no policy is needed.
    pub policies: Vec<Uuid>,
    /// Values that the request has in places those policies look at: `eth.tx.to`, `'0x…'`.
    pub values: Vec<(String, String)>,
    /// When.
    pub at: Instant,
    /// The request itself, with what else conditions look at. Places are filled each for itself: two that agree in
    /// every real request may differ here, and things that it names need not exist.
    pub request: Bindings,
}

/// Answers. Approvals of members of the root quorum are left out: what they may do is asked of nobody else.
pub fn can_anybody(inquiry: &Inquiry<'_>) -> Answer {
    let no = |because: &str| Answer::No { because: because.to_owned() };
    if inquiry.activity.resource.is_none() {
        return no("no policy is about this activity");
    }
    if inquiry.activity.is_reserved() {
        return no("only the root quorum may do this");
    }
    let is_root = |voter: &Voter| inquiry.root_quorum.users.contains(&voter.id);
    let voters: Vec<&Voter> = inquiry.users.iter().filter(|voter| !is_root(voter)).collect();
    if voters.is_empty() {
        return no("every user is in the root quorum");
    }
    let forms = forms(inquiry);
    if forms.is_empty() {
        return no("no request of this activity is of that kind");
    }
    let is_own = inquiry.activity.is_credential_management();
    let allowing: Vec<&Policy> = inquiry
        .policies
        .iter()
        .filter(|policy| policy.effect == Effect::Allow && can_match(policy, inquiry, &forms))
        .collect();
    if allowing.is_empty() && !is_own {
        return no("no policy that allows can match such a request");
    }
    Attempt::new(inquiry, &voters, forms).run(&allowing, is_own)
}

/// The keywords that a request can bind beside `activity`, as far as is known.
fn forms(inquiry: &Inquiry<'_>) -> Vec<Vec<Keyword>> {
    let known: Vec<Keyword> = Keyword::ALL
        .into_iter()
        .filter(|keyword| *keyword != Keyword::Activity && inquiry.known.get(*keyword).is_some())
        .collect();
    let mut forms = inquiry.activity.forms();
    forms.retain(|form| known.iter().all(|keyword| form.contains(keyword)));
    forms
}

fn readable(expression: Option<&Result<Arc<Expression>, ()>>) -> Option<&Expression> {
    expression?.as_ref().ok().map(AsRef::as_ref)
}

fn condition_of(policy: &Policy) -> Option<Node<'_>> {
    readable(policy.condition.as_ref()).map(Expression::view)
}

/// Whether a policy's condition can be true in some form of the request, and the policy can be read.
fn can_match(policy: &Policy, inquiry: &Inquiry<'_>, forms: &[Vec<Keyword>]) -> bool {
    let is_unreadable = [&policy.condition, &policy.consensus, &policy.time]
        .into_iter()
        .any(|expression| matches!(expression, Some(Err(()))));
    if is_unreadable {
        return false;
    }
    let Some(condition) = condition_of(policy) else { return true };
    let known = with_activity(inquiry);
    forms.iter().any(|form| {
        let form =
            Form { activity: Some(inquiry.activity), bound: Some(form.clone()), known: &known };
        form.possible(condition).is_true
    })
}

/// What is known, `activity` included.
fn with_activity(inquiry: &Inquiry<'_>) -> Bindings {
    let known = inquiry.known.clone();
    if known.get(Keyword::Activity).is_some() {
        known
    } else {
        known.with(Keyword::Activity, activity_value(inquiry.activity))
    }
}

/// What policies make of something, in their order.
type Marks = Vec<Option<bool>>;

/// Everything that is tried.
struct Attempt<'a> {
    inquiry: &'a Inquiry<'a>,
    forms: Vec<Vec<Keyword>>,
    /// By what the conditions make of them.
    requests: BTreeMap<Marks, Bindings>,
    /// By what the consensus of each policy makes of them.
    rosters: BTreeMap<Marks, Vec<Vec<Approval>>>,
    /// By what the times make of them.
    instants: BTreeMap<Marks, Instant>,
    decisions: usize,
    /// Combinations that were decided and are not allowed.
    refused: BTreeSet<(Marks, Marks, Marks)>,
    /// What could not be tried.
    left_out: Option<&'static str>,
}

impl<'a> Attempt<'a> {
    fn new(inquiry: &'a Inquiry<'a>, voters: &[&Voter], forms: Vec<Vec<Keyword>>) -> Self {
        let mut attempt = Self {
            inquiry,
            forms,
            requests: BTreeMap::new(),
            rosters: BTreeMap::new(),
            instants: BTreeMap::new(),
            decisions: 0,
            refused: BTreeSet::new(),
            left_out: None,
        };
        attempt.find_rosters(voters);
        attempt.find_instants();
        attempt
    }

    fn run(mut self, allowing: &[&Policy], is_own: bool) -> Answer {
        let mut all = Demands::default();
        for condition in self.inquiry.policies.iter().filter_map(condition_of) {
            all.add(condition);
        }
        // What one policy compares with, and something else wherever only others look, is most often enough.
        for policy in allowing {
            let mut demands = Demands::default();
            if let Some(condition) = condition_of(policy) {
                demands.add(condition);
            }
            demands.add_places(&all);
            self.find_requests(&demands, MOST_REQUESTS);
            if let Some(witness) = self.find(is_own) {
                return Answer::Yes(Box::new(witness));
            }
        }
        if !self.find_requests(&all, 5 * MOST_REQUESTS) {
            self.left_out = Some("every value that conditions look at");
        }
        if let Some(witness) = self.find(is_own) {
            return Answer::Yes(Box::new(witness));
        }
        match self.left_out {
            None => Answer::No {
                because: "whatever a request and its approvers are, no policy allows it, another denies it, or it \
                          waits for the root quorum"
                    .to_owned(),
            },
            Some(what) => Answer::Unknown { because: format!("not tried: {what}") },
        }
    }

    fn find_rosters(&mut self, voters: &[&Voter]) {
        let policies = self.inquiry.policies;
        let consensuses = || policies.iter().map(|policy| readable(policy.consensus.as_ref()));
        let (found, is_all) = rosters(consensuses().flatten(), voters, MOST_ROSTERS);
        if !is_all {
            self.left_out = Some("every set of users");
        }
        for roster in found {
            let users = roster.iter().filter_map(|approval| {
                let voter = voters.iter().find(|voter| voter.id == approval.user)?;
                Some(voter.user.clone())
            });
            let credentials = roster.iter().map(|approval| approval.credential.clone());
            let bindings = Bindings::default()
                .with(Keyword::Approvers, Value::list(users))
                .with(Keyword::Credentials, Value::list(credentials));
            let marks = marks(policies, |policy| &policy.consensus, &bindings);
            let alike = self.rosters.entry(marks).or_default();
            if alike.len() < ROSTERS_ALIKE {
                alike.push(roster);
            }
        }
    }

    fn find_instants(&mut self) {
        let policies = self.inquiry.policies;
        let is_timed = policies.iter().any(|policy| policy.time.is_some());
        let quarters = (0..8 * 24 * 4).map(|quarter| quarter * 15 * 60);
        let days = (8..400).map(|day| day * 24 * 60 * 60);
        let seconds: Vec<i128> = if is_timed { quarters.chain(days).collect() } else { vec![0] };
        if is_timed {
            self.left_out = Some("every instant");
        }
        for second in seconds {
            let instant =
                Instant(self.inquiry.now.0.saturating_add(second * NANOSECONDS_PER_SECOND));
            let bindings = Bindings::default().with(Keyword::TimeNow, Value::Instant(instant));
            let marks = marks(policies, |policy| &policy.time, &bindings);
            self.instants.entry(marks).or_insert(instant);
        }
    }

    /// Adds requests made of the values that are asked for. Returns whether those are all there are.
    fn find_requests(&mut self, demands: &Demands, most: usize) -> bool {
        let mut is_all = true;
        let mut tried = 0usize;
        for form in &self.forms {
            let keywords = std::iter::once(Keyword::Activity).chain(form.iter().copied());
            let mut requests = vec![self.inquiry.known.clone()];
            for keyword in keywords {
                if self.inquiry.known.get(keyword).is_some() {
                    continue;
                }
                let (values, all) = match keyword {
                    Keyword::Activity => self.activity_values(demands.of(keyword)),
                    _ => match demands.of(keyword) {
                        // Nobody looks at it.
                        None => (vec![Value::structure([])], true),
                        Some(demand) => demand.values(keyword.written()),
                    },
                };
                is_all &= all && requests.len().saturating_mul(values.len()) <= most;
                let with = |request: &Bindings| {
                    let values = values.clone().into_iter();
                    let request = request.clone();
                    values.map(move |value| request.clone().with(keyword, value))
                };
                requests = requests.iter().flat_map(with).take(most).collect();
            }
            tried = tried.saturating_add(requests.len());
            if tried > most {
                is_all = false;
                requests.truncate(most.saturating_sub(tried.saturating_sub(requests.len())));
            }
            for request in requests {
                let marks = marks(self.inquiry.policies, |policy| &policy.condition, &request);
                self.requests.entry(marks).or_insert(request);
            }
        }
        is_all
    }

    fn activity_values(&self, demand: Option<&Demand>) -> (Vec<Value>, bool) {
        let base = match activity_value(self.inquiry.activity) {
            Value::Struct(fields) => fields.to_vec(),
            _ => Vec::new(),
        };
        let Some(params) = demand.and_then(|demand| demand.field("params")) else {
            return (vec![Value::Struct(base.into())], true);
        };
        let (values, is_all) = params.values("activity.params");
        let exposed = self.inquiry.activity.params();
        let values = values.into_iter().map(|params| {
            let params = match params {
                Value::Struct(fields) => {
                    fields.iter().filter(|(name, _)| exposed.contains(name)).cloned().collect()
                }
                _ => Vec::new(),
            };
            let params = Value::Struct(params.into());
            Value::structure(base.iter().cloned().chain([("params", params)]))
        });
        (values.collect(), is_all)
    }

    /// Looks for a request, approvals and an instant that are allowed.
    fn find(&mut self, is_own: bool) -> Option<Witness> {
        let policies = self.inquiry.policies;
        for (conditions, request) in &self.requests {
            for (consensuses, rosters) in &self.rosters {
                for (times, instant) in &self.instants {
                    let allows = policies.iter().zip(conditions).zip(consensuses).zip(times).any(
                        |(((policy, condition), consensus), time)| {
                            policy.effect == Effect::Allow
                                && [condition, consensus, time]
                                    .iter()
                                    .all(|mark| **mark == Some(true))
                        },
                    );
                    let combination = (conditions.clone(), consensuses.clone(), times.clone());
                    if (!allows && !is_own) || self.refused.contains(&combination) {
                        continue;
                    }
                    for roster in rosters {
                        self.decisions += 1;
                        if self.decisions > MOST_DECISIONS {
                            self.left_out =
                                Some("every combination of requests, users and instants");
                            return None;
                        }
                        if self.verdict(request, roster, *instant).0 != Verdict::Allow {
                            // The others of these are decided alike.
                            self.refused.insert(combination);
                            break;
                        }
                        match self.in_order(request, roster, *instant) {
                            Some(approvals) => {
                                return Some(self.witness(request, approvals, *instant));
                            }
                            None => self.left_out = Some("every order of approvals"),
                        }
                    }
                }
            }
        }
        None
    }

    fn verdict(
        &self,
        request: &Bindings,
        approvals: &[Approval],
        now: Instant,
    ) -> (Verdict, Vec<Uuid>) {
        self.with_question(request, approvals, now, |question| {
            let mut decision = decide(self.inquiry.policies, question);
            (decision.verdict, decision.allowed_by.pop().unwrap_or_default())
        })
    }

    fn with_question<T>(
        &self,
        request: &Bindings,
        approvals: &[Approval],
        now: Instant,
        ask: impl FnOnce(&Question<'_>) -> T,
    ) -> T {
        let submitter = approvals.first().map(|approval| approval.user).unwrap_or_default();
        ask(&Question {
            items: std::slice::from_ref(request),
            users: self.inquiry.users,
            approvals,
            submitter,
            root_quorum: self.inquiry.root_quorum,
            is_reserved: false,
            is_own: self.inquiry.activity.is_credential_management(),
            now,
            within_budget: &[],
        })
    }

    /// The approvals in an order in which each is admitted: a submission that is refused is not voted on.
    fn in_order(
        &self,
        request: &Bindings,
        roster: &[Approval],
        now: Instant,
    ) -> Option<Vec<Approval>> {
        (0..roster.len()).find_map(|first| {
            let mut order = roster.to_vec();
            order.rotate_left(first);
            let is_admitted = |voted: usize| {
                let (before, rest) = order.split_at(voted);
                let Some(next) = rest.first() else { return true };
                let is_waiting = self.verdict(request, before, now).0 == Verdict::Wait;
                is_waiting
                    && self.with_question(request, before, now, |question| {
                        may_vote(self.inquiry.policies, question, next.user)
                    })
            };
            (1..order.len()).all(is_admitted).then(|| order.clone())
        })
    }

    fn witness(&self, request: &Bindings, approvals: Vec<Approval>, at: Instant) -> Witness {
        let (_, policies) = self.verdict(request, &approvals, at);
        let mut demands = Demands::default();
        let allowing = self.inquiry.policies.iter().filter(|policy| policies.contains(&policy.id));
        for condition in allowing.filter_map(condition_of) {
            demands.add(condition);
        }
        let mut values = Vec::new();
        for keyword in Keyword::ALL {
            let known = self.inquiry.known.get(keyword).is_some();
            if let (Some(demand), Some(value), false) =
                (demands.of(keyword), request.get(keyword), known)
            {
                demand.describe(keyword.written(), value, &mut values);
            }
        }
        Witness { approvals, policies, values, at, request: request.clone() }
    }
}

/// What each policy's expression makes of something; `None` where it fails.
fn marks(
    policies: &[Policy],
    expression: impl Fn(&Policy) -> &Option<Result<Arc<Expression>, ()>>,
    bindings: &Bindings,
) -> Marks {
    let mark = |policy| match expression(policy) {
        None => Some(true),
        Some(Err(())) => None,
        Some(Ok(expression)) => expression.evaluate(bindings).ok(),
    };
    policies.iter().map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::OnError;
    use crate::expression::Dialect;

    const NOW: Instant = Instant(1_773_586_800_000_000_000);

    fn user(n: u128, tag: &str) -> Voter {
        let id = Uuid::from_u128(n);
        let key = |kind: &str| {
            Value::structure([
                ("type", Value::text(kind)),
                ("user_id", Value::text(id.to_string())),
            ])
        };
        Voter {
            id,
            user: Value::structure([
                ("id", Value::text(id.to_string())),
                ("tags", Value::list([Value::text(tag)])),
                ("email", Value::text("")),
                ("alias", Value::text("")),
            ]),
            credentials: vec![key("CREDENTIAL_TYPE_API_KEY_P256"), key("passkey")],
        }
    }

    fn policy(
        n: u128,
        effect: Effect,
        condition: &str,
        consensus: &str,
        time: Option<&str>,
    ) -> Policy {
        let parse = |source: &str, dialect| {
            Some(Ok(Arc::new(Expression::parse(source, dialect).expect(source))))
        };
        Policy {
            id: Uuid::from_u128(n),
            effect,
            condition: parse(condition, Dialect::Condition),
            consensus: parse(consensus, Dialect::Consensus),
            time: time.and_then(|time| parse(time, Dialect::Time)),
            on_error: OnError::Skip,
        }
    }

    fn allow(condition: &str, consensus: &str) -> Policy {
        policy(1, Effect::Allow, condition, consensus, None)
    }

    fn deny(condition: &str) -> Policy {
        policy(2, Effect::Deny, condition, "true", None)
    }

    fn ask(policies: &[Policy], activity: &str, known: &Bindings) -> Answer {
        let users = [user(1, "ops"), user(2, "ops"), user(3, "sec"), user(9, "ops")];
        let activity = ActivityType::named(&format!("ACTIVITY_TYPE_{activity}")).unwrap();
        let root_quorum = RootQuorum { threshold: 1, users: vec![Uuid::from_u128(9)] };
        can_anybody(&Inquiry {
            policies,
            users: &users,
            root_quorum: &root_quorum,
            activity,
            known,
            now: NOW,
        })
    }

    fn yes(policies: &[Policy], activity: &str) -> Witness {
        match ask(policies, activity, &Bindings::default()) {
            Answer::Yes(witness) => *witness,
            other => panic!("{other:?}"),
        }
    }

    fn is_no(policies: &[Policy], activity: &str) -> bool {
        matches!(ask(policies, activity, &Bindings::default()), Answer::No { .. })
    }

    fn is_unknown(policies: &[Policy], activity: &str) -> bool {
        matches!(ask(policies, activity, &Bindings::default()), Answer::Unknown { .. })
    }

    const OPS: &str = "approvers.any(u, u.tags.contains('ops'))";
    const TO: &str = "0x08d2b0a37F869FF76BACB5Bab3278E26ab7067B7";

    #[test]
    fn a_witness_names_users_policies_and_values() {
        let condition = format!("eth.tx.to == '{TO}' && eth.tx.value < 100");
        let two = "approvers.filter(u, u.tags.contains('ops')).count() >= 2";
        let witness = yes(&[allow(&condition, two)], "SIGN_TRANSACTION_V2");
        let approvers: Vec<u128> = witness.approvals.iter().map(|a| a.user.as_u128()).collect();
        assert_eq!(approvers, [1, 2]);
        assert_eq!(witness.policies, [Uuid::from_u128(1)]);
        assert!(witness.values.contains(&("eth.tx.to".to_owned(), format!("'{TO}'"))));
        assert!(
            witness.values.iter().any(|(place, value)| place == "eth.tx.value" && value == "99")
        );
        assert_eq!(witness.at, NOW);
    }

    #[test]
    fn no_policy_for_the_activity_is_a_no() {
        let signing = [allow("activity.action == 'SIGN'", OPS)];
        assert!(is_no(&signing, "CREATE_WALLET"));
        assert!(is_no(&signing, "UPDATE_ROOT_QUORUM"));
        assert!(is_no(&[], "CREATE_WALLET"));
        assert!(is_no(&[allow("eth.tx.value < 5", OPS)], "SIGN_RAW_PAYLOAD_V2"));
    }

    #[test]
    fn a_consensus_without_the_root_quorum_is_looked_for() {
        let create = "activity.resource == 'WALLET'";
        assert!(is_no(&[allow(create, "approvers.count() >= 4")], "CREATE_WALLET"));
        let root = format!("approvers.any(u, u.id == '{}')", Uuid::from_u128(9));
        assert!(is_no(&[allow(create, &root)], "CREATE_WALLET"));
        assert_eq!(
            yes(&[allow(create, "approvers.count() >= 3")], "CREATE_WALLET").approvals.len(),
            3
        );
        let passkey = "credentials.all(c, c.type == 'passkey') && approvers.count() == 2";
        let witness = yes(&[allow(create, passkey)], "CREATE_WALLET");
        assert_eq!(witness.approvals.len(), 2);
    }

    #[test]
    fn a_deny_that_covers_an_allow_is_a_no() {
        let small = allow("eth.tx.value < 100", OPS);
        assert!(is_no(&[small.clone(), deny("eth.tx.value < 200")], "SIGN_TRANSACTION_V2"));
        assert!(is_no(&[small.clone(), deny("activity.action == 'SIGN'")], "SIGN_TRANSACTION_V2"));
        let gap = yes(&[small, deny("eth.tx.value < 99")], "SIGN_TRANSACTION_V2");
        assert_eq!(gap.values, [("eth.tx.value".to_owned(), "99".to_owned())]);
    }

    #[test]
    fn an_address_is_the_same_in_any_case() {
        let to = allow(&format!("eth.tx.to == '{TO}'"), OPS);
        let guard = deny(&format!("eth.tx.to == '{}'", TO.to_lowercase()));
        assert!(is_no(&[to, guard], "SIGN_TRANSACTION_V2"));
        let account = allow(&format!("wallet_account.address == '{}'", TO.to_lowercase()), OPS);
        assert!(is_no(&[account], "SIGN_RAW_PAYLOAD_V2"));
    }

    #[test]
    fn selectors_lists_and_arguments_are_tried() {
        let selector =
            allow("eth.tx.data[0..10] == '0xa9059cbb' && eth.tx.data[10..12] == 'ff'", OPS);
        let witness = yes(std::slice::from_ref(&selector), "ETH_SEND_TRANSACTION_V2");
        assert_eq!(witness.values, [("eth.tx.data".to_owned(), "'0xa9059cbbff'".to_owned())]);
        let transfers =
            "solana.tx.transfers.count() == 2 && solana.tx.transfers.all(t, t.to == 'x')";
        yes(&[allow(transfers, OPS)], "SIGN_TRANSACTION_V2");
        let argument =
            "eth.tx.contract_call_args['wad'] < 5 && eth.tx.contract_call_args['dst'] == 'x'";
        yes(&[allow(argument, OPS)], "SIGN_TRANSACTION_V2");
        let mixed = "activity.params.encoding == 'PAYLOAD_ENCODING_EIP712' \
                     && eth.eip_712.message['permitted'][0]['token'] == 'x'";
        yes(&[allow(mixed, OPS)], "SIGN_RAW_PAYLOAD_V2");
    }

    #[test]
    fn what_cant_be_tried_in_full_is_unknown() {
        let any = allow("eth.tx.value < 100", OPS);
        let slices = deny("eth.tx.data[0..2] != '1x'");
        assert!(is_unknown(&[any.clone(), slices], "SIGN_TRANSACTION_V2"));
        let same = deny("eth.tx.from == eth.tx.from");
        assert!(is_unknown(&[any, same], "SIGN_TRANSACTION_V2"));
        let never = policy(
            1,
            Effect::Allow,
            "activity.resource == 'WALLET'",
            OPS,
            Some("time.now < Timestamp('2020-01-01T00:00:00Z')"),
        );
        assert!(is_unknown(&[never], "CREATE_WALLET"));
    }

    #[test]
    fn amounts_below_zero_are_not_tried() {
        assert!(is_no(&[allow("eth.tx.value < 0", OPS)], "SIGN_TRANSACTION_V2"));
        yes(&[allow("eth.tx.contract_call_args['x'] < 0", OPS)], "SIGN_TRANSACTION_V2");
    }

    #[test]
    fn an_instant_is_looked_for() {
        let tomorrow = policy(
            1,
            Effect::Allow,
            "activity.resource == 'WALLET'",
            OPS,
            Some("time.now > Timestamp('2026-03-17T00:00:00Z')"),
        );
        assert!(yes(&[tomorrow], "CREATE_WALLET").at > NOW);
    }

    #[test]
    fn own_credentials_need_no_policy() {
        let witness = yes(&[], "CREATE_API_KEYS_V2");
        assert!(witness.policies.is_empty());
        assert!(is_no(&[deny("activity.resource == 'CREDENTIAL'")], "CREATE_API_KEYS_V2"));
    }

    #[test]
    fn what_is_known_is_not_varied() {
        let policies = [allow("eth.tx.value < 100", OPS)];
        let transaction = |value: u64| {
            Bindings::default()
                .with(Keyword::EthTx, Value::structure([("value", Value::int(value))]))
        };
        let answer = ask(&policies, "SIGN_TRANSACTION_V2", &transaction(5));
        assert!(matches!(answer, Answer::Yes(_)), "{answer:?}");
        let answer = ask(&policies, "SIGN_TRANSACTION_V2", &transaction(500));
        assert!(matches!(answer, Answer::No { .. }), "{answer:?}");
        let answer = ask(&policies, "CREATE_WALLET", &transaction(5));
        assert!(matches!(answer, Answer::No { .. }), "{answer:?}");
    }
}
