//! Whether a consensus that is not there yet could still come. Source: policy language §9.

use std::cell::Cell;

use uuid::Uuid;

use crate::bindings::{Bindings, Keyword};
use crate::decision::{Approval, Voter};
use crate::expression::Expression;
use crate::value::Value;
use crate::view::{Node, View};

/// At most this many evaluations; a search that needs more is taken to succeed.
const MOST_EVALUATIONS: usize = 100_000;
/// And the searches of one decision at most this much work, counted in characters of the expression times
/// approvals: so long expressions and many policies do not add up.
const MOST_WORK: usize = 20_000_000;

/// The work that searches may still do together.
pub(crate) struct Effort(Cell<usize>);

impl Default for Effort {
    fn default() -> Self {
        Self(Cell::new(MOST_WORK))
    }
}

/// Whether there are users who, with those who approved, satisfy a consensus, and would not without `pivot`.
///
/// Users who have not approved may in any number and order, each with one of its credentials. An expression that
/// errors for a set of users is false for it. `pivot` need not have approved. Users who match the same
/// literals of the expression are tried as one, as many as make a difference. True when the search has to be given
/// up: waiting grants nothing.
pub(crate) fn is_reachable(
    consensus: &Expression,
    users: &[Voter],
    approvals: &[(&Voter, &Approval)],
    pivot: Uuid,
    effort: &Effort,
) -> bool {
    let Some(pivotal) = users.iter().find(|voter| voter.id == pivot) else { return false };
    let facts = Facts::of(consensus);
    let mut committed: Vec<Ballot> = approvals
        .iter()
        .map(|(voter, approval)| Ballot {
            id: voter.id,
            user: voter.user.clone(),
            credential: Some(approval.credential.clone()),
        })
        .collect();
    let place = approvals.iter().position(|(voter, _)| voter.id == pivot);
    let others = users.iter().filter(|voter| {
        voter.id != pivot && approvals.iter().all(|(approver, _)| approver.id != voter.id)
    });
    let slots = facts.slots(others);
    let mut search =
        Search { consensus, is_ordered: facts.is_ordered, slots: &slots, evaluations: 0, effort };
    if let Some(place) = place {
        return search.run(&committed, place);
    }
    let place = committed.len();
    facts.choices(pivotal).into_iter().any(|credential| {
        committed.truncate(place);
        committed.push(Ballot { id: pivot, user: pivotal.user.clone(), credential });
        search.run(&committed, place)
    })
}

/// An approval, given or supposed.
#[derive(Clone)]
struct Ballot {
    id: Uuid,
    user: Value,
    credential: Option<Value>,
}

/// Approvals that are interchangeable: of several users, with one kind of credential.
struct Slot {
    /// One for each user, in the same order as in the other slots of the group; no more than make a difference.
    members: Vec<Ballot>,
    /// Slots of one group share their users.
    group: usize,
}

struct Search<'a> {
    consensus: &'a Expression,
    is_ordered: bool,
    slots: &'a [Slot],
    evaluations: usize,
    effort: &'a Effort,
}

/// The search has to be given up.
struct Exhausted;

impl Search<'_> {
    /// Whether some approvals added to `committed`, of which the one at `pivot` decides, satisfy the consensus.
    fn run(&mut self, committed: &[Ballot], pivot: usize) -> bool {
        let mut taken = untaken(self.slots);
        let mut ballots = committed.to_vec();
        // Few approvals first: most consensus needs few.
        for added in 0..=users_of(self.slots) {
            match self.add(&mut ballots, pivot, 0, added, &mut taken) {
                Ok(false) => {}
                Ok(true) | Err(Exhausted) => return true,
            }
        }
        false
    }

    /// Adds exactly `added` ballots in every way, beginning with the slot at `from` where order is all the same.
    fn add(
        &mut self,
        ballots: &mut Vec<Ballot>,
        pivot: usize,
        from: usize,
        added: usize,
        taken: &mut [usize],
    ) -> Result<bool, Exhausted> {
        if added == 0 {
            return self.decides(ballots, pivot);
        }
        self.spend(1)?;
        let slots = self.slots;
        for (place, slot) in slots.iter().enumerate().skip(from) {
            let Some(ballot) = take(slot, taken) else { continue };
            ballots.push(ballot.clone());
            let from = if self.is_ordered { 0 } else { place };
            let found = self.add(ballots, pivot, from, added - 1, taken);
            ballots.pop();
            give_back(slot, taken);
            if found? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn decides(&mut self, ballots: &[Ballot], pivot: usize) -> Result<bool, Exhausted> {
        let without = || ballots.iter().enumerate().filter(|(place, _)| *place != pivot);
        Ok(self.holds(ballots.iter())? && !self.holds(without().map(|(_, ballot)| ballot))?)
    }

    fn holds<'b>(
        &mut self,
        ballots: impl Iterator<Item = &'b Ballot> + Clone,
    ) -> Result<bool, Exhausted> {
        self.evaluations += 1;
        if self.evaluations > MOST_EVALUATIONS {
            return Err(Exhausted);
        }
        let length = ballots.clone().count();
        self.spend(self.consensus.source().len().saturating_mul(length + 1))?;
        let users = ballots.clone().map(|ballot| ballot.user.clone());
        let credentials = ballots.filter_map(|ballot| ballot.credential.clone());
        let bindings = Bindings::default()
            .with(Keyword::Approvers, Value::list(users))
            .with(Keyword::Credentials, Value::list(credentials));
        Ok(self.consensus.evaluate(&bindings) == Ok(true))
    }

    fn spend(&self, work: usize) -> Result<(), Exhausted> {
        let left = self.effort.0.get().checked_sub(work);
        self.effort.0.set(left.unwrap_or(0));
        if left.is_some() { Ok(()) } else { Err(Exhausted) }
    }
}

/// How many users of each group are taken: none.
fn untaken(slots: &[Slot]) -> Vec<usize> {
    vec![0; slots.iter().map(|slot| slot.group + 1).max().unwrap_or(0)]
}

/// How many users there are in all groups.
fn users_of(slots: &[Slot]) -> usize {
    let mut sizes = untaken(slots);
    for slot in slots {
        if let Some(size) = sizes.get_mut(slot.group) {
            *size = slot.members.len();
        }
    }
    sizes.iter().sum()
}

/// Takes the next user of a slot's group.
fn take<'s>(slot: &'s Slot, taken: &mut [usize]) -> Option<&'s Ballot> {
    let taken = taken.get_mut(slot.group)?;
    let ballot = slot.members.get(*taken)?;
    *taken += 1;
    Some(ballot)
}

fn give_back(slot: &Slot, taken: &mut [usize]) {
    if let Some(taken) = taken.get_mut(slot.group) {
        *taken = taken.saturating_sub(1);
    }
}

/// Sets of users who may approve together, each with one of its credentials, of which all others are like one to
/// all of these expressions when the second part is true. Small ones first, at most `most`; none is empty.
pub(crate) fn rosters<'a>(
    consensuses: impl Iterator<Item = &'a Expression>,
    users: &[&Voter],
    most: usize,
) -> (Vec<Vec<Approval>>, bool) {
    let facts =
        consensuses.fold(Facts::default(), |facts, consensus| facts.and(Facts::of(consensus)));
    let slots = facts.slots(users.iter().copied());
    let mut rosters =
        Rosters { slots: &slots, is_ordered: facts.is_ordered, most, found: Vec::new() };
    let mut taken = untaken(&slots);
    for size in 1..=users_of(&slots) {
        if !rosters.add(&mut Vec::new(), 0, size, &mut taken) {
            return (rosters.found, false);
        }
    }
    (rosters.found, true)
}

struct Rosters<'a> {
    slots: &'a [Slot],
    is_ordered: bool,
    most: usize,
    found: Vec<Vec<Approval>>,
}

impl Rosters<'_> {
    /// Finds those with `more` further users. Returns whether all were found.
    fn add(
        &mut self,
        roster: &mut Vec<Approval>,
        from: usize,
        more: usize,
        taken: &mut [usize],
    ) -> bool {
        if more == 0 {
            if self.found.len() >= self.most {
                return false;
            }
            self.found.push(roster.clone());
            return true;
        }
        let slots = self.slots;
        for (place, slot) in slots.iter().enumerate().skip(from) {
            let Some(ballot) = take(slot, taken) else { continue };
            // One that has no credential can't approve.
            let goes_on = ballot.credential.as_ref().is_none_or(|credential| {
                roster.push(Approval { user: ballot.id, credential: credential.clone() });
                let goes_on =
                    self.add(roster, if self.is_ordered { 0 } else { place }, more - 1, taken);
                roster.pop();
                goes_on
            });
            give_back(slot, taken);
            if !goes_on {
                return false;
            }
        }
        true
    }
}

/// Whether a list is of approvers or of credentials.
fn is_of_approvals(list: Node<'_>) -> bool {
    match list.view() {
        View::Root(_) => true,
        View::Quantified(_, list, _) | View::Slice(list, ..) => is_of_approvals(list),
        _ => false,
    }
}

/// What in an expression tells users apart.
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
struct Facts {
    texts: Vec<(String, bool)>,
    /// The most users of a group that make a difference.
    most: usize,
    /// Whether text is compared with literals only, so that matching the same ones makes users alike.
    is_plain: bool,
    /// Whether tags are only asked whether they contain something.
    tags_are_set: bool,
    reads_credentials: bool,
    /// Whether the order of approvals matters.
    is_ordered: bool,
}

impl Default for Facts {
    /// Of no expression at all.
    fn default() -> Self {
        Self {
            texts: Vec::new(),
            most: 1,
            is_plain: true,
            tags_are_set: true,
            reads_credentials: false,
            is_ordered: false,
        }
    }
}

impl Facts {
    /// What either of two expressions tells apart.
    fn and(mut self, other: Self) -> Self {
        self.texts.extend(other.texts);
        Self {
            texts: self.texts,
            most: self.most.max(other.most),
            is_plain: self.is_plain && other.is_plain,
            tags_are_set: self.tags_are_set && other.tags_are_set,
            reads_credentials: self.reads_credentials || other.reads_credentials,
            is_ordered: self.is_ordered || other.is_ordered,
        }
    }

    fn of(consensus: &Expression) -> Self {
        let mut facts = Self::default();
        let (mut tags, mut tags_as_set) = (0, 0);
        let is_literal =
            |node: Node<'_>| matches!(node.view(), View::Bool(_) | View::Int(_) | View::Text(..));
        let is_tags = |node: Node<'_>| matches!(node.view(), View::Field(_, "tags"));
        consensus.view().walk(&mut |node| match node.view() {
            View::Text(text, ignores_case) => {
                let literal = (text.to_owned(), ignores_case);
                if !facts.texts.contains(&literal) {
                    facts.texts.push(literal);
                }
            }
            View::Int(int) => {
                let most = int.to_usize().unwrap_or(0).saturating_add(1);
                facts.most = facts.most.max(most);
            }
            View::Root(Keyword::Credentials) => facts.reads_credentials = true,
            View::Field(_, "tags") => tags += 1,
            View::Compare(_, left, right) if !is_literal(left) && !is_literal(right) => {
                facts.is_plain = false;
                facts.most = usize::MAX;
            }
            View::In(item, list) | View::Contains(list, item) => {
                tags_as_set += usize::from(is_tags(list));
                let are_literals = match list.view() {
                    View::List(items) => items.into_iter().all(is_literal),
                    _ => is_literal(item),
                };
                facts.is_plain &= are_literals;
            }
            View::Index(of, _) | View::Slice(of, ..) => {
                if is_of_approvals(of) {
                    facts.is_ordered = true;
                } else {
                    facts.is_plain = false;
                }
            }
            View::Other(_) => facts.is_plain = false,
            _ => {}
        });
        facts.tags_are_set = tags == tags_as_set;
        facts
    }

    /// Users in groups, each with every credential that makes a difference.
    fn slots<'a>(&self, users: impl Iterator<Item = &'a Voter>) -> Vec<Slot> {
        let mut groups: Vec<(Vec<String>, Vec<Vec<Ballot>>)> = Vec::new();
        for voter in users {
            let choices = self.choices(voter);
            let mut signature = vec![self.signature(voter.id, &voter.user)];
            signature.extend(choices.iter().flatten().map(|one| self.signature(voter.id, one)));
            let most = self.most.saturating_mul(choices.len());
            let ballots = choices.into_iter().map(|credential| Ballot {
                id: voter.id,
                user: voter.user.clone(),
                credential,
            });
            match groups.iter_mut().find(|(known, ..)| *known == signature) {
                Some((_, slots)) => {
                    for (members, ballot) in slots.iter_mut().zip(ballots) {
                        if members.len() < most {
                            members.push(ballot);
                        }
                    }
                }
                None => groups.push((signature, ballots.map(|ballot| vec![ballot]).collect())),
            }
        }
        let slots = groups.into_iter().enumerate().flat_map(|(group, (_, slots))| {
            slots.into_iter().map(move |members| Slot { members, group })
        });
        slots.collect()
    }

    /// The credentials of a user that make a difference, in a fixed order.
    fn choices(&self, voter: &Voter) -> Vec<Option<Value>> {
        if !self.reads_credentials {
            return vec![voter.credentials.first().cloned()];
        }
        let mut choices: Vec<(String, &Value)> = Vec::new();
        for credential in &voter.credentials {
            let signature = self.signature(voter.id, credential);
            if choices.iter().all(|(known, _)| *known != signature) {
                choices.push((signature, credential));
            }
        }
        if choices.is_empty() {
            return vec![None];
        }
        choices.sort_by(|(one, _), (other, _)| one.cmp(other));
        choices.into_iter().map(|(_, credential)| Some(credential.clone())).collect()
    }

    /// Two values of one signature can't be told apart by the expression.
    fn signature(&self, owner: Uuid, value: &Value) -> String {
        if self.is_plain {
            let mut signature = String::new();
            self.sign(value, &mut signature);
            signature
        } else {
            format!("{owner} {value:?}")
        }
    }

    fn sign(&self, value: &Value, signature: &mut String) {
        use std::fmt::Write as _;
        match value {
            Value::Text { text, ignores_case } => {
                for (place, (literal, literal_ignores_case)) in self.texts.iter().enumerate() {
                    let is_equal = **text == **literal;
                    let is_alike = text.eq_ignore_ascii_case(literal);
                    if is_equal || (is_alike && (*ignores_case || *literal_ignores_case)) {
                        // Writing to a string does not fail.
                        let _ = write!(signature, "{place},");
                    }
                }
            }
            Value::List(elements) => {
                let mut parts: Vec<String> = elements
                    .iter()
                    .map(|element| {
                        let mut part = String::new();
                        self.sign(element, &mut part);
                        part
                    })
                    .collect();
                parts.sort();
                if self.tags_are_set {
                    parts.retain(|part| !part.is_empty());
                    parts.dedup();
                }
                let _ = write!(signature, "[{}]", parts.join(";"));
            }
            Value::Struct(fields) => {
                for (name, field) in fields.iter() {
                    let _ = write!(signature, "{name}=");
                    self.sign(field, signature);
                }
            }
            other => {
                let _ = write!(signature, "{other:?}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::Dialect;

    fn voter(n: u128, tags: &[&str]) -> Voter {
        let id = Uuid::from_u128(n);
        Voter {
            id,
            user: Value::structure([
                ("id", Value::text(id.to_string())),
                ("tags", Value::list(tags.iter().map(|tag| Value::text(*tag)))),
                ("email", Value::text(format!("{n}@example.com"))),
                ("alias", Value::text("")),
            ]),
            credentials: vec![Value::structure([("type", Value::text("key"))])],
        }
    }

    fn is_reachable_for(source: &str, users: &[Voter], approved: &[usize], pivot: usize) -> bool {
        let consensus = Expression::parse(source, Dialect::Consensus).unwrap();
        let approvals: Vec<Approval> = approved
            .iter()
            .map(|place| Approval {
                user: users[*place].id,
                credential: users[*place].credentials[0].clone(),
            })
            .collect();
        let approvals: Vec<(&Voter, &Approval)> = approved
            .iter()
            .zip(&approvals)
            .map(|(place, approval)| (&users[*place], approval))
            .collect();
        is_reachable(&consensus, users, &approvals, users[pivot].id, &Effort::default())
    }

    /// The rows of the table in the policy language §9: agent, human, two of ops, outsider.
    #[test]
    fn a_request_waits_when_its_submitter_is_part_of_what_is_missing() {
        let users =
            [voter(1, &[]), voter(2, &[]), voter(3, &["ops"]), voter(4, &["ops"]), voter(5, &[])];
        let id = |place: usize| users[place].id;
        let agent_and_human = format!(
            "approvers.any(u, u.id == '{}') && approvers.any(u, u.id == '{}')",
            id(0),
            id(1)
        );
        let two_of_ops = "approvers.filter(u, u.tags.contains('ops')).count() >= 2";
        let human = format!("approvers.any(u, u.id == '{}')", id(1));
        let reachable =
            |source: &str, submitter| is_reachable_for(source, &users, &[submitter], submitter);
        assert!(reachable(&agent_and_human, 0));
        assert!(!reachable(&agent_and_human, 4));
        assert!(reachable(two_of_ops, 2));
        assert!(!is_reachable_for(two_of_ops, &users[..3], &[2], 2));
        assert!(!reachable(two_of_ops, 4));
        assert!(!reachable(&human, 0));
        assert!(reachable("approvers.count() >= 2", 4));
        assert!(!reachable("approvers.count() >= 6", 4));
        assert!(!is_reachable_for("approvers.count() == 1", &users, &[0, 1], 0));
    }

    #[test]
    fn users_who_match_the_same_literals_are_tried_as_one() {
        let mut users: Vec<Voter> = (1..100).map(|n| voter(n, &["a", "b"])).collect();
        users.push(voter(100, &["ops", "a"]));
        users.push(voter(101, &["b", "ops"]));
        let source = "approvers.filter(u, u.tags.contains('ops')).count() >= 3";
        let facts = Facts::of(&Expression::parse(source, Dialect::Consensus).unwrap());
        let sizes: Vec<usize> =
            facts.slots(users.iter()).iter().map(|slot| slot.members.len()).collect();
        assert_eq!(sizes, [4, 2]);
        assert!(!is_reachable_for(source, &users, &[99], 99));
    }

    #[test]
    fn counts_that_are_compared_with_each_other_are_tried_in_full() {
        let mut users: Vec<Voter> = (1..=3).map(|n| voter(n, &["a"])).collect();
        users.extend((4..=7).map(|n| voter(n, &["b"])));
        let more_b = "approvers.filter(u, u.tags.contains('b')).count() \
                      > approvers.filter(u, u.tags.contains('a')).count()";
        assert!(is_reachable_for(more_b, &users, &[0, 1, 2, 3], 3));
        assert!(!is_reachable_for(more_b, &users[..6], &[0, 1, 2, 3], 3));
    }

    #[test]
    fn each_voter_chooses_one_of_its_credentials() {
        let mut users = vec![voter(1, &[]), voter(2, &[])];
        let passkey = Value::structure([("type", Value::text("passkey"))]);
        let source =
            "credentials.filter(c, c.type == 'passkey').count() >= 1 && credentials.count() == 2";
        assert!(!is_reachable_for(source, &users, &[0], 0));
        users[1].credentials.push(passkey);
        assert!(is_reachable_for(source, &users, &[0], 0));
        assert!(!is_reachable_for(
            "credentials.filter(c, c.type == 'passkey').count() >= 2",
            &users,
            &[0],
            0
        ));
    }

    #[test]
    fn a_search_that_is_too_long_succeeds() {
        let users: Vec<Voter> = (1..=100).map(|n| voter(n, &[])).collect();
        let source = "approvers.any(u, u.email[0..1] == 'x') && approvers.count() >= 2";
        assert!(is_reachable_for(source, &users, &[0], 0));
    }
}
