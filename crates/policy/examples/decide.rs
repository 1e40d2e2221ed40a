//! How long a decision with 100 policies takes: `cargo run --release -p keyward-policy --example decide`.

use std::sync::Arc;
use std::time::Instant as Clock;

use keyward_policy::{
    Approval, Bindings, Dialect, Effect, Expression, ExpressionError, Instant, Keyword, OnError,
    Policy, Question, RootQuorum, Value, Voter, decide,
};
use uuid::Uuid;

const POLICIES: u32 = 100;
const DECISIONS: u32 = 20_000;

#[expect(clippy::print_stdout, reason = "a command that prints a figure")]
fn main() -> Result<(), ExpressionError> {
    let policies = (0..POLICIES).map(policy).collect::<Result<Vec<Policy>, _>>()?;
    let user = |n: u32| Uuid::from_u128(u128::from(n));
    let users: Vec<Voter> = (1..=10)
        .map(|n| Voter {
            id: user(n),
            user: Value::structure([
                ("id", Value::text(user(n).to_string())),
                ("tags", Value::list([Value::text(user(100 + n % 3).to_string())])),
                ("email", Value::text(format!("user-{n}@example.com"))),
                ("alias", Value::text(format!("user-{n}"))),
            ]),
            credentials: vec![credential(user(n))],
        })
        .collect();
    let items = [Bindings::default()
        .with(
            Keyword::Activity,
            Value::structure([
                ("type", Value::text("ACTIVITY_TYPE_SIGN_TRANSACTION_V2")),
                ("kind", Value::text("SIGN_TRANSACTION")),
                ("resource", Value::text("PRIVATE_KEY")),
                ("action", Value::text("SIGN")),
                ("params", Value::structure([("type", Value::text("TRANSACTION_TYPE_ETHEREUM"))])),
            ]),
        )
        .with(Keyword::Wallet, Value::structure([("id", Value::text(user(7).to_string()))]))
        .with(
            Keyword::EthTx,
            Value::structure([
                ("to", Value::caseless("0x08d2b0a37F869FF76BACB5Bab3278E26ab7067B7")),
                ("data", Value::text(format!("0xa9059cbb{:0128x}", 7))),
                ("value", Value::int(1_000_000u64)),
                ("chain_id", Value::int(1u64)),
            ]),
        )];
    let approvals = [Approval { user: user(1), credential: credential(user(1)) }];
    let root_quorum = RootQuorum { threshold: 2, users: vec![user(9), user(10)] };
    let question = Question {
        items: &items,
        users: &users,
        approvals: &approvals,
        submitter: user(1),
        root_quorum: &root_quorum,
        is_reserved: false,
        is_own: false,
        now: Instant(1_773_586_800_000_000_000),
        within_budget: &[],
    };
    let verdict = decide(&policies, &question).verdict;
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let begin = Clock::now();
        for _ in 0..DECISIONS {
            assert_eq!(std::hint::black_box(decide(&policies, &question)).verdict, verdict);
        }
        best = best.min(begin.elapsed().as_secs_f64() * 1e6 / f64::from(DECISIONS));
    }
    println!("{POLICIES} policies: {best:.1} µs a decision ({verdict:?})");
    Ok(())
}

fn policy(number: u32) -> Result<Policy, ExpressionError> {
    let parse =
        |source: String, dialect| Ok(Some(Ok(Arc::new(Expression::parse(&source, dialect)?))));
    let id = Uuid::from_u128(u128::from(number));
    let condition = match number % 4 {
        0 => format!("activity.type == 'ACTIVITY_TYPE_SIGN_TRANSACTION_V2' && wallet.id == '{id}'"),
        1 => format!("eth.tx.to == '0x{number:040x}' && eth.tx.value < {number}000000"),
        2 => "activity.resource == 'WALLET' && activity.action == 'CREATE'".to_owned(),
        _ => format!(
            "eth.tx.data[0..10] in ['0xa9059cbb', '0x{number:08x}'] && eth.tx.chain_id == {number}"
        ),
    };
    let consensus = match number % 2 {
        0 => format!("approvers.any(user, user.id == '{id}')"),
        _ => format!("approvers.filter(user, user.tags.contains('{id}')).count() >= 2"),
    };
    Ok(Policy {
        id,
        effect: if number.is_multiple_of(5) { Effect::Deny } else { Effect::Allow },
        condition: parse(condition, Dialect::Condition)?,
        consensus: parse(consensus, Dialect::Consensus)?,
        time: None,
        on_error: OnError::Skip,
    })
}

fn credential(user: Uuid) -> Value {
    Value::structure([
        ("id", Value::text("c")),
        ("user_id", Value::text(user.to_string())),
        ("type", Value::text("CREDENTIAL_TYPE_API_KEY_P256")),
        ("credential_id", Value::text("")),
        ("public_key", Value::text("02")),
    ])
}
