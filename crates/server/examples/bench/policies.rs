//! A hundred policies, each with a condition, a consensus and a time, over one Ethereum transaction.

use std::sync::Arc;

use keyward_policy::{
    Approval, Bindings, Dialect, Effect, Expression, Instant, Keyword, OnError, Policy, Question,
    RootQuorum, Value, Verdict, Voter, decide,
};
use uuid::Uuid;

use crate::Failure;

const POLICIES: u128 = 100;
const USERS: u128 = 10;

/// What is decided, with everything it takes.
pub(crate) struct Case {
    policies: Vec<Policy>,
    users: Vec<Voter>,
    approvals: Vec<Approval>,
    items: Vec<Bindings>,
    root_quorum: RootQuorum,
}

impl Case {
    /// Only the last of the policies allows.
    pub(crate) fn new() -> Result<Self, Failure> {
        let users: Vec<Voter> = (0..USERS).map(voter).collect();
        let first = users.first().ok_or("no user")?;
        let credential = first.credentials.first().ok_or("no credential")?.clone();
        Ok(Self {
            policies: (0..POLICIES).map(policy).collect::<Result<_, _>>()?,
            approvals: vec![Approval { user: first.id, credential }],
            users,
            items: vec![transaction()],
            root_quorum: RootQuorum { threshold: 1, users: vec![Uuid::from_u128(u128::MAX)] },
        })
    }

    /// Decides.
    pub(crate) fn decide(&self) -> Verdict {
        let question = Question {
            items: &self.items,
            users: &self.users,
            approvals: &self.approvals,
            submitter: Uuid::from_u128(0),
            root_quorum: &self.root_quorum,
            is_reserved: false,
            is_own: false,
            now: Instant(1_767_225_600_000_000_000),
            within_budget: &[],
        };
        decide(&self.policies, &question).verdict
    }
}

fn policy(number: u128) -> Result<Policy, Failure> {
    let recipient = format!("0x{:040x}", number + 1);
    let condition = format!(
        "activity.action == 'SIGN' && wallet.id == '{}' && eth.tx.to == '{recipient}' && \
         eth.tx.value <= 1000000000000000000 && eth.tx.data[0..10] in ['0xa9059cbb', '0x095ea7b3']",
        Uuid::from_u128(7),
    );
    let consensus = format!("approvers.any(user, user.id == '{}')", Uuid::from_u128(0));
    let time = "time.now >= Timestamp('2020-01-01T00:00:00Z')";
    let read = |source: &str, dialect| -> Result<_, Failure> {
        Ok(Some(Ok(Arc::new(Expression::parse(source, dialect)?))))
    };
    Ok(Policy {
        id: Uuid::from_u128(number),
        effect: Effect::Allow,
        condition: read(&condition, Dialect::Condition)?,
        consensus: read(&consensus, Dialect::Consensus)?,
        time: read(time, Dialect::Time)?,
        on_error: OnError::Skip,
    })
}

fn voter(number: u128) -> Voter {
    let id = Uuid::from_u128(number);
    let text = |text: String| Value::text(text);
    let credential = Value::structure([
        ("id", text(Uuid::from_u128(1_000 + number).to_string())),
        ("user_id", text(id.to_string())),
        ("type", text("CREDENTIAL_TYPE_API_KEY_P256".to_owned())),
        ("credential_id", text(String::new())),
        ("public_key", text(format!("02{number:064x}"))),
    ]);
    let user = Value::structure([
        ("id", text(id.to_string())),
        ("tags", Value::list([])),
        ("email", text(format!("user{number}@example.com"))),
        ("alias", text(format!("user {number}"))),
    ]);
    Voter { id, user, credentials: vec![credential] }
}

/// A transfer of a token, to the recipient of the last policy.
fn transaction() -> Bindings {
    let data = format!("0xa9059cbb{:064x}{:064x}", 1, 5_000_000);
    let wallet = Value::structure([
        ("id", Value::text(Uuid::from_u128(7).to_string())),
        ("label", Value::text("Treasury")),
        ("imported", false.into()),
        ("exported", false.into()),
    ]);
    let activity = Value::structure([
        ("type", Value::text("ACTIVITY_TYPE_SIGN_TRANSACTION_V2")),
        ("kind", Value::text("SIGN_TRANSACTION")),
        ("resource", Value::text("PRIVATE_KEY")),
        ("action", Value::text("SIGN")),
        ("params", Value::structure([("type", Value::text("TRANSACTION_TYPE_ETHEREUM"))])),
    ]);
    let transaction = Value::structure([
        ("from", Value::caseless(format!("0x{:040x}", 99))),
        ("to", Value::caseless(format!("0x{POLICIES:040x}"))),
        ("data", Value::text(data)),
        ("value", Value::int(0_u64)),
        ("gas", Value::int(60_000_u64)),
        ("nonce", Value::int(1_u64)),
        ("chain_id", Value::int(1_u64)),
        ("type", Value::text("TYPE_2")),
    ]);
    Bindings::default()
        .with(Keyword::Activity, activity)
        .with(Keyword::Wallet, wallet)
        .with(Keyword::EthTx, transaction)
}
