//! Which factors a user still has to show. Source: policy language §16.

use std::sync::Arc;

use uuid::Uuid;

use crate::bindings::Bindings;
use crate::error::{EvaluationError, EvaluationErrorKind};
use crate::expression::Expression;

/// A kind of factor, `AUTHENTICATION_TYPE_…`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MfaMethodKind {
    /// A WebAuthn stamp.
    Passkey,
    /// A stamp with an API key that is no session's.
    ApiKey,
    /// A stamp with a session's key.
    Session,
    /// An attested stamp with a verification token for an e-mail address.
    EmailOtp,
    /// An attested stamp with a verification token for a phone number.
    SmsOtp,
    /// An attested stamp with an ID token.
    Oauth,
}

/// A factor that was shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MfaMethod {
    /// Its kind.
    pub kind: MfaMethodKind,
    /// Which: an authenticator, an API key, a session profile (nil for a session without one), an OAuth
    /// provider; `None` for one-time codes.
    pub id: Option<Uuid>,
}

/// A factor that satisfies a step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RequiredMethod {
    /// Its kind.
    pub kind: MfaMethodKind,
    /// Which; `None` for any.
    pub id: Option<Uuid>,
}

impl RequiredMethod {
    /// Whether a factor that was shown is one of these.
    pub fn accepts(&self, shown: &MfaMethod) -> bool {
        self.kind == shown.kind && (self.id.is_none() || self.id == shown.id)
    }
}

/// An MFA policy of one user.
#[derive(Clone, Debug)]
pub struct MfaPolicy {
    /// Its id.
    pub id: Uuid,
    /// What it is about; an error where what is stored can't be read any more.
    pub condition: Result<Arc<Expression>, ()>,
    /// One method of each step.
    pub steps: Vec<Vec<RequiredMethod>>,
    /// The lowest comes first; the older of two that are equal.
    pub order: i64,
}

/// Where a user stands with its MFA policies.
#[derive(Clone, Debug, PartialEq)]
pub enum MfaStanding {
    /// No policy is about the request.
    NotRequired,
    /// The policy that is enforced, and the steps that are open: none once it is satisfied.
    Required {
        /// The policy.
        policy: Uuid,
        /// Places of its open steps.
        open: Vec<usize>,
    },
    /// The condition of this policy failed otherwise than by missing data: nothing gets past.
    Blocked {
        /// The policy.
        policy: Uuid,
        /// Why; `None` where its condition can't be read any more.
        error: Option<EvaluationError>,
    },
}

/// Where a user stands. `policies` in the order they were made; `items` as for [`decide`](crate::decide).
///
/// The first policy whose condition is true is the only one that counts. Of several items each has its
/// own first policy, and all of those have to be satisfied: otherwise a call that asks for little would
/// let one pass that asks for more. The answer then names the first that is not satisfied.
///
/// A condition that fails by missing data does not match; any other failure blocks.
pub fn standing(policies: &[MfaPolicy], items: &[Bindings], shown: &[MfaMethod]) -> MfaStanding {
    let mut ordered: Vec<&MfaPolicy> = policies.iter().collect();
    ordered.sort_by_key(|policy| policy.order);
    let mut enforced: Vec<usize> = Vec::new();
    for item in items {
        match first_match(&ordered, item) {
            Ok(None) => {}
            Ok(Some(place)) => enforced.push(place),
            Err(blocked) => return blocked,
        }
    }
    enforced.sort_unstable();
    let mut standings = enforced.into_iter().filter_map(|place| {
        let policy = ordered.get(place)?;
        Some(MfaStanding::Required { policy: policy.id, open: open_steps(policy, shown) })
    });
    let Some(first) = standings.next() else { return MfaStanding::NotRequired };
    let is_open = |standing: &MfaStanding| matches!(standing, MfaStanding::Required { open, .. } if !open.is_empty());
    if is_open(&first) { first } else { standings.find(is_open).unwrap_or(first) }
}

/// The place of the first policy that is about an item.
fn first_match(ordered: &[&MfaPolicy], item: &Bindings) -> Result<Option<usize>, MfaStanding> {
    for (place, policy) in ordered.iter().enumerate() {
        let blocked = |error| MfaStanding::Blocked { policy: policy.id, error };
        let Ok(condition) = &policy.condition else { return Err(blocked(None)) };
        match condition.evaluate(item) {
            Ok(true) => return Ok(Some(place)),
            Ok(false) => {}
            Err(error) => match error.kind {
                EvaluationErrorKind::MissingKeyword | EvaluationErrorKind::MissingField => {}
                _ => return Err(blocked(Some(error))),
            },
        }
    }
    Ok(None)
}

fn open_steps(policy: &MfaPolicy, shown: &[MfaMethod]) -> Vec<usize> {
    let is_open = |step: &[RequiredMethod]| {
        !step.iter().any(|required| shown.iter().any(|method| required.accepts(method)))
    };
    (0..).zip(&policy.steps).filter(|(_, step)| is_open(step)).map(|(place, _)| place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::Keyword;
    use crate::expression::Dialect;
    use crate::value::Value;

    fn policy(order: i64, condition: &str, kind: MfaMethodKind) -> MfaPolicy {
        MfaPolicy {
            id: Uuid::from_u128(u128::try_from(order).unwrap()),
            condition: Ok(Arc::new(Expression::parse(condition, Dialect::Condition).unwrap())),
            steps: vec![vec![RequiredMethod { kind, id: None }]],
            order,
        }
    }

    fn call(to: &str) -> Bindings {
        Bindings::default().with(
            Keyword::EthTx,
            Value::structure([("to", Value::caseless(to)), ("data", Value::text("0x"))]),
        )
    }

    #[test]
    fn a_harmless_call_takes_no_other_along() {
        let policies = [
            policy(1, "eth.tx.to == 'known'", MfaMethodKind::Session),
            policy(2, "true", MfaMethodKind::Passkey),
        ];
        let session = [MfaMethod { kind: MfaMethodKind::Session, id: Some(Uuid::nil()) }];
        let known = standing(&policies, &[call("known")], &session);
        assert_eq!(known, MfaStanding::Required { policy: policies[0].id, open: vec![] });
        let both = standing(&policies, &[call("known"), call("other")], &session);
        assert_eq!(both, MfaStanding::Required { policy: policies[1].id, open: vec![0] });
    }

    #[test]
    fn a_condition_that_fails_blocks_unless_data_is_missing() {
        let missing = policy(1, "private_key.id == 'x'", MfaMethodKind::Passkey);
        assert_eq!(standing(&[missing], &[call("x")], &[]), MfaStanding::NotRequired);
        let failing = policy(1, "eth.tx.data[0..10] == '0xa9059cbb'", MfaMethodKind::Passkey);
        let blocked = standing(&[failing], &[call("x")], &[]);
        assert!(matches!(blocked, MfaStanding::Blocked { error: Some(_), .. }), "{blocked:?}");
        let unreadable =
            MfaPolicy { condition: Err(()), ..policy(1, "true", MfaMethodKind::Passkey) };
        let blocked = standing(&[unreadable], &[call("x")], &[]);
        assert!(matches!(blocked, MfaStanding::Blocked { error: None, .. }), "{blocked:?}");
    }
}
