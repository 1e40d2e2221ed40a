use std::sync::Arc;

use keyward_policy::{
    ActivityType, Answer, Approval, Bindings, Dialect, Effect, Expression, Inquiry, Instant,
    Keyword, OnError, Outcome, Policy, Question, RootQuorum, Value, Verdict, Voter, can_anybody,
    decide, may_vote,
};
use proptest::prelude::*;
use uuid::Uuid;

const CONDITIONS: &[&str] = &[
    "true",
    "false",
    "eth.tx.value < 5",
    "eth.tx.value >= 5",
    "activity.action == 'SIGN'",
    "activity.action == 'EXPORT'",
    "private_key.id == 'x'",
    "eth.tx.data[0..10] == '0xa9059cbb'",
];
/// The first ones are without `!`, `all`, `==` or `<` on what approvals change.
const CONSENSUSES: &[&str] = &[
    "true",
    "approvers.any(user, user.id == '00000000-0000-0000-0000-000000000001')",
    "approvers.any(user, user.id == '00000000-0000-0000-0000-000000000002')",
    "approvers.filter(user, user.tags.contains('ops')).count() >= 2",
    "approvers.any(user, user.tags.contains('ops')) && approvers.any(user, user.tags.contains('sec'))",
    "approvers.count() > 2",
    "credentials.any(c, c.type == 'CREDENTIAL_TYPE_WEBAUTHN_AUTHENTICATOR')",
    "approvers.count() == 1",
    "approvers.all(user, user.tags.contains('ops'))",
    "!approvers.any(user, user.tags.contains('sec'))",
    "approvers[1].id == '00000000-0000-0000-0000-000000000003'",
];
const WIDENING: usize = 7;
const USERS: u128 = 6;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn voter(n: u128) -> Voter {
    let tag = if n.is_multiple_of(2) { "ops" } else { "sec" };
    let kinds: &[&str] = match n % 3 {
        0 => &["CREDENTIAL_TYPE_API_KEY_P256", "CREDENTIAL_TYPE_WEBAUTHN_AUTHENTICATOR"],
        _ => &["CREDENTIAL_TYPE_API_KEY_P256"],
    };
    let text = |text: &str| Value::text(text);
    Voter {
        id: id(n),
        user: Value::structure([
            ("id", text(&id(n).to_string())),
            ("tags", Value::list([text(tag)])),
            ("email", text("")),
            ("alias", text("")),
        ]),
        credentials: kinds
            .iter()
            .map(|kind| {
                Value::structure([
                    ("id", text(kind)),
                    ("user_id", text(&id(n).to_string())),
                    ("type", text(kind)),
                    ("credential_id", text("")),
                    ("public_key", text("")),
                ])
            })
            .collect(),
    }
}

fn item(value: u64) -> Bindings {
    let activity = Value::structure([
        ("action", Value::text("SIGN")),
        ("resource", Value::text("PRIVATE_KEY")),
    ]);
    let data = if value.is_multiple_of(2) { "0xa9059cbb00" } else { "0x" };
    let tx = Value::structure([("value", Value::int(value)), ("data", Value::text(data))]);
    Bindings::default().with(Keyword::Activity, activity).with(Keyword::EthTx, tx)
}

fn policy(n: u128, effect: Effect, condition: usize, consensus: usize) -> Policy {
    let parse = |source, dialect| {
        Some(Ok(Arc::new(Expression::parse(source, dialect).expect("an expression"))))
    };
    Policy {
        id: id(n),
        effect,
        condition: parse(CONDITIONS[condition], Dialect::Condition),
        consensus: parse(CONSENSUSES[consensus], Dialect::Consensus),
        time: None,
        on_error: OnError::Skip,
    }
}

#[derive(Clone, Debug)]
struct Setting {
    users: Vec<Voter>,
    items: Vec<Bindings>,
    approvals: Vec<Approval>,
    root_quorum: RootQuorum,
    is_own: bool,
    submitter: Uuid,
}

impl Setting {
    fn decide(&self, policies: &[Policy]) -> keyward_policy::Decision {
        decide(policies, &self.question())
    }

    fn question(&self) -> Question<'_> {
        Question {
            items: &self.items,
            users: &self.users,
            approvals: &self.approvals,
            submitter: self.submitter,
            root_quorum: &self.root_quorum,
            is_reserved: false,
            is_own: self.is_own,
            now: Instant(0),
            within_budget: &[],
        }
    }
}

fn settings() -> impl Strategy<Value = Setting> {
    let items = proptest::collection::vec(0..8u64, 1..3);
    let approvers =
        proptest::sample::subsequence((1..=USERS).collect::<Vec<_>>(), 1..=4).prop_shuffle();
    (items, approvers, 1..4usize, any::<bool>(), any::<bool>()).prop_map(
        |(items, approvers, threshold, is_own, newest_credential)| {
            let users: Vec<Voter> = (1..=USERS).map(voter).collect();
            let credential = |n: u128| {
                let credentials = voter(n).credentials;
                if newest_credential { credentials.last() } else { credentials.first() }
                    .cloned()
                    .unwrap()
            };
            Setting {
                users,
                items: items.into_iter().map(item).collect(),
                submitter: id(approvers[0]),
                approvals: approvers
                    .iter()
                    .map(|n| Approval { user: id(*n), credential: credential(*n) })
                    .collect(),
                root_quorum: RootQuorum { threshold, users: vec![id(5), id(6)] },
                is_own,
            }
        },
    )
}

fn policies_of(
    effects: impl Strategy<Value = Effect>,
    consensuses: usize,
) -> impl Strategy<Value = Vec<Policy>> {
    proptest::collection::vec((effects, 0..CONDITIONS.len(), 0..consensuses), 0..6).prop_map(
        |rows| {
            (100..)
                .zip(rows)
                .map(|(n, (effect, condition, consensus))| policy(n, effect, condition, consensus))
                .collect()
        },
    )
}

fn any_policies() -> impl Strategy<Value = Vec<Policy>> {
    policies_of(prop_oneof![Just(Effect::Allow), Just(Effect::Deny)], CONSENSUSES.len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_further_deny_never_allows_more(
        setting in settings(),
        mut policies in any_policies(),
        condition in 0..CONDITIONS.len(),
        consensus in 0..CONSENSUSES.len(),
    ) {
        let before = setting.decide(&policies).verdict;
        policies.push(policy(1, Effect::Deny, condition, consensus));
        prop_assert!(setting.decide(&policies).verdict >= before);
    }

    #[test]
    fn a_further_allow_never_denies_more(
        setting in settings(),
        mut policies in any_policies(),
        condition in 0..CONDITIONS.len(),
        consensus in 0..CONSENSUSES.len(),
    ) {
        let before = setting.decide(&policies).verdict;
        policies.push(policy(1, Effect::Allow, condition, consensus));
        let after = setting.decide(&policies).verdict;
        // A policy that waits makes a user's own credentials wait too.
        if setting.is_own {
            prop_assert!(before == Verdict::Deny || after != Verdict::Deny);
        } else {
            prop_assert!(after <= before);
        }
    }

    #[test]
    fn the_order_of_policies_changes_nothing(
        setting in settings(),
        (policies, shuffled) in any_policies().prop_flat_map(|policies| {
            (Just(policies.clone()), Just(policies).prop_shuffle())
        }),
    ) {
        let (one, other) = (setting.decide(&policies), setting.decide(&shuffled));
        prop_assert_eq!(one.verdict, other.verdict);
        let sorted = |mut outcomes: Vec<(Uuid, Outcome)>| {
            outcomes.sort_by_key(|(id, _)| *id);
            outcomes
        };
        prop_assert_eq!(sorted(one.outcomes), sorted(other.outcomes));
    }

    #[test]
    fn more_approvals_never_revoke_what_only_asks_for_some(
        setting in settings(),
        policies in policies_of(Just(Effect::Allow), WIDENING),
        more in 1..=USERS,
    ) {
        let before = setting.decide(&policies).verdict;
        let mut wider = setting.clone();
        if wider.approvals.iter().all(|approval| approval.user != id(more)) {
            let credential = voter(more).credentials.remove(0);
            wider.approvals.push(Approval { user: id(more), credential });
        }
        if before == Verdict::Allow {
            prop_assert!(wider.decide(&policies).verdict <= before);
        }
    }

    #[test]
    fn a_policy_waits_exactly_when_it_can_be_satisfied_with_the_submitters_help(
        setting in settings(),
        consensus in 0..CONSENSUSES.len(),
    ) {
        let policies = [policy(1, Effect::Allow, 0, consensus)];
        let decision = setting.decide(&policies);
        if let Some((_, outcome)) = decision.outcomes.first() {
            let has_voted = |n: u128| setting.approvals.iter().any(|a| a.user == id(n));
            let others: Vec<u128> = (1..=USERS).filter(|n| !has_voted(*n)).collect();
            let waits = *outcome == Outcome::RequiresConsensus;
            let is_open = !matches!(outcome, Outcome::Allow | Outcome::Error);
            let could = some_way_satisfies(&policies[0], &setting, &others);
            prop_assert_eq!(waits, could && is_open);
        }
    }

    #[test]
    fn nobody_may_vote_twice(setting in settings(), policies in any_policies()) {
        for approval in &setting.approvals {
            prop_assert!(!may_vote(&policies, &setting.question(), approval.user));
        }
    }

    #[test]
    fn whoever_completes_a_consensus_may_vote(
        setting in settings().prop_map(|setting| Setting { is_own: false, ..setting }),
        policies in policies_of(Just(Effect::Allow), CONSENSUSES.len()),
    ) {
        let before = setting.decide(&policies);
        for n in 1..=4 {
            for credential in voter(n).credentials {
                let mut later = setting.clone();
                if later.approvals.iter().any(|approval| approval.user == id(n)) {
                    continue;
                }
                later.approvals.push(Approval { user: id(n), credential });
                let after = later.decide(&policies);
                if before.verdict == Verdict::Wait && after.verdict == Verdict::Allow {
                    prop_assert!(may_vote(&policies, &setting.question(), id(n)));
                }
            }
        }
    }
}

const CREATING: &[&str] = &[
    "true",
    "eth.tx.value < 5",
    "eth.tx.value >= 5",
    "eth.tx.value == 3 || eth.tx.value in [5, 6]",
    "eth.tx.data == '0x'",
    "eth.tx.data != '0x'",
    "!(eth.tx.value < 5) && eth.tx.data == '0x'",
    "activity.action == 'SIGN'",
    "activity.action == 'EXPORT'",
    "private_key.id == 'x'",
];

fn simple_policies() -> impl Strategy<Value = Vec<Policy>> {
    let effects = prop_oneof![Just(Effect::Allow), Just(Effect::Deny)];
    let row = (effects, 0..CREATING.len(), 0..CONSENSUSES.len());
    proptest::collection::vec(row, 1..5).prop_map(|rows| {
        (100..)
            .zip(rows)
            .map(|(n, (effect, condition, consensus))| {
                let condition = Expression::parse(CREATING[condition], Dialect::Condition).unwrap();
                let condition = Some(Ok(Arc::new(condition)));
                Policy { condition, ..policy(n, effect, 0, consensus) }
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn analysis_agrees_with_decisions(
        policies in simple_policies(),
        settings in proptest::collection::vec(settings(), 20),
    ) {
        let users: Vec<Voter> = (1..=USERS).map(voter).collect();
        let root_quorum = RootQuorum { threshold: 1, users: vec![id(5), id(6)] };
        let known = Bindings::default();
        let activity = ActivityType::named("ACTIVITY_TYPE_ETH_SEND_TRANSACTION_V2").unwrap();
        let inquiry = Inquiry {
            policies: &policies,
            users: &users,
            root_quorum: &root_quorum,
            activity,
            known: &known,
            now: Instant(0),
        };
        let answer = can_anybody(&inquiry);
        if let Answer::Yes(witness) = &answer {
            let setting = Setting {
                users: users.clone(),
                items: vec![witness.request.clone()],
                submitter: witness.approvals[0].user,
                approvals: witness.approvals.clone(),
                root_quorum: root_quorum.clone(),
                is_own: false,
            };
            let decision = setting.decide(&policies);
            prop_assert_eq!(decision.verdict, Verdict::Allow);
            prop_assert_eq!(decision.by_root_quorum, false);
        }
        if let Answer::No { .. } = &answer {
            for setting in settings {
                let is_root = |user: Uuid| root_quorum.users.contains(&user);
                if setting.approvals.iter().any(|approval| is_root(approval.user)) {
                    continue;
                }
                let setting = Setting { root_quorum: root_quorum.clone(), is_own: false, ..setting };
                prop_assert_ne!(setting.decide(&policies).verdict, Verdict::Allow);
            }
        }
    }
}

/// Tries everything: every set of further users in every order with every credential.
fn some_way_satisfies(policy: &Policy, setting: &Setting, others: &[u128]) -> bool {
    let Some(Ok(consensus)) = &policy.consensus else { return false };
    let holds = |approvals: &[Approval]| {
        let users = approvals.iter().map(|approval| {
            setting.users.iter().find(|voter| voter.id == approval.user).unwrap().user.clone()
        });
        let credentials = approvals.iter().map(|approval| approval.credential.clone());
        let bindings = Bindings::default()
            .with(Keyword::Approvers, Value::list(users))
            .with(Keyword::Credentials, Value::list(credentials));
        consensus.evaluate(&bindings) == Ok(true)
    };
    let without: Vec<Approval> =
        setting.approvals.iter().filter(|a| a.user != setting.submitter).cloned().collect();
    if holds(&setting.approvals) && !holds(&without) {
        return true;
    }
    others.iter().any(|n| {
        let rest: Vec<u128> = others.iter().copied().filter(|other| other != n).collect();
        voter(*n).credentials.into_iter().any(|credential| {
            let mut wider = setting.clone();
            wider.approvals.push(Approval { user: id(*n), credential });
            some_way_satisfies(policy, &wider, &rest)
        })
    })
}
