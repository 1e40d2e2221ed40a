//! Whether a session's profile covers a request. Source: policy language §15.

use crate::bindings::Bindings;
use crate::error::EvaluationError;
use crate::expression::Expression;

/// What the scope of a session's profile says of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ScopeVerdict {
    /// It covers every item.
    Within,
    /// It leaves out an item.
    Outside,
    /// It came to no value for an item: the request is refused like one it leaves out.
    Failed(EvaluationError),
}

/// What a scope says of a request. `items` as for [`decide`](crate::decide); of several the worst counts,
/// a failure before one that is left out. Nothing is within any scope when there is no item.
pub fn judge_scope(scope: &Expression, items: &[Bindings]) -> ScopeVerdict {
    let mut verdict = if items.is_empty() { ScopeVerdict::Outside } else { ScopeVerdict::Within };
    for item in items {
        match scope.evaluate(item) {
            Ok(true) => {}
            Ok(false) => verdict = ScopeVerdict::Outside,
            Err(error) => return ScopeVerdict::Failed(error),
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::Keyword;
    use crate::expression::Dialect;
    use crate::value::Value;

    #[test]
    fn the_worst_item_counts() {
        let scope = Expression::parse("eth.tx.value < 5", Dialect::Condition).unwrap();
        let transfer = |value: u64| {
            Bindings::default()
                .with(Keyword::EthTx, Value::structure([("value", Value::int(value))]))
        };
        assert_eq!(judge_scope(&scope, &[transfer(1), transfer(4)]), ScopeVerdict::Within);
        assert_eq!(judge_scope(&scope, &[transfer(1), transfer(5)]), ScopeVerdict::Outside);
        let failed = judge_scope(&scope, &[transfer(5), Bindings::default()]);
        assert!(matches!(failed, ScopeVerdict::Failed(_)), "{failed:?}");
        assert_eq!(judge_scope(&scope, &[]), ScopeVerdict::Outside);
    }
}
