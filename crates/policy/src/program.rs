//! An expression after its names were looked up and its types were checked.

use std::ops::Range;
use std::sync::Arc;

use crate::bindings::Keyword;
use crate::syntax::Comparison;
use crate::time::CronSpan;
use crate::value::Value;

/// A part of a program, and where it stands in the source.
#[derive(Clone, Debug)]
pub(crate) struct Op {
    pub(crate) kind: OpKind,
    pub(crate) span: Range<usize>,
}

#[derive(Clone, Debug)]
pub(crate) enum OpKind {
    /// What is known before any request is.
    Constant(Value),
    Keyword(Keyword),
    /// The variable of a predicate, counted from the outermost.
    Variable(usize),
    List(Vec<Op>),
    Record(Vec<(Arc<str>, Op)>),
    /// `CaseInsensitiveString(…)`.
    Caseless(Box<Op>),
    /// `CronSpan(…)`.
    Window(Arc<CronSpan>),
    Path(Box<Op>, Vec<Read>),
    Not(Box<Op>),
    Compare(Comparison, Box<Op>, Box<Op>),
    And(Vec<Op>),
    Or(Vec<Op>),
}

impl Op {
    /// How many parts are evaluated at most for one approver, where no request and no approval can make it err: it
    /// is about approvers and the instant, in ways that can't fail. `None` where it may.
    pub(crate) fn sure_parts(&self) -> Option<usize> {
        self.sure_parts_within(false)
    }

    fn sure_parts_within(&self, predicate: bool) -> Option<usize> {
        let all = |ops: &[Self]| {
            ops.iter()
                .try_fold(1_usize, |sum, op| sum.checked_add(op.sure_parts_within(predicate)?))
        };
        match &self.kind {
            OpKind::Keyword(Keyword::Approvers | Keyword::TimeNow)
            | OpKind::Constant(_)
            | OpKind::Variable(_)
            | OpKind::Window(_) => Some(1),
            OpKind::Keyword(_) | OpKind::Record(_) => None,
            OpKind::List(ops) | OpKind::And(ops) | OpKind::Or(ops) => all(ops),
            OpKind::Caseless(op) | OpKind::Not(op) => all(std::slice::from_ref(op)),
            OpKind::Compare(_, left, right) => left
                .sure_parts_within(predicate)?
                .checked_add(right.sure_parts_within(predicate)?)?
                .checked_add(1),
            OpKind::Path(base, reads) => {
                reads.iter().try_fold(base.sure_parts_within(predicate)?, |sum, read| {
                    sum.checked_add(match &read.kind {
                        ReadKind::Field(_) | ReadKind::Count => 1,
                        ReadKind::Contains(item) => item.sure_parts_within(predicate)?,
                        // A predicate in a predicate takes too many steps for many approvers.
                        ReadKind::Quantified(_, op) if !predicate => op.sure_parts_within(true)?,
                        _ => return None,
                    })
                })
            }
        }
    }
}

/// What is read of a value, and where that stands in the source.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) kind: ReadKind,
    pub(crate) span: Range<usize>,
}

#[derive(Clone, Debug)]
pub(crate) enum ReadKind {
    /// A field that the schema knows.
    Field(&'static str),
    /// A field of something written in braces, or of what is known only when it is read.
    Named(Arc<str>),
    Index(Op),
    Slice(Op, Op),
    Quantified(Quantifier, Op),
    Contains(Op),
    Count,
}

/// What is done with the elements that a predicate holds for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Quantifier {
    All,
    Any,
    Filter,
}

#[cfg(test)]
mod tests {
    use crate::{Dialect, Expression};

    fn is_sure(dialect: Dialect, source: &str) -> bool {
        Expression::parse(source, dialect).unwrap().is_sure(3)
    }

    #[test]
    fn what_can_err_is_not_sure() {
        for source in [
            "true",
            "approvers.any(user, user.id == 'a')",
            "approvers.filter(user, user.email in ['a', 'b'] || 'c' in user.tags).count() >= 2",
            "approvers.all(user, !user.tags.contains('d')) && approvers.count() == 1",
        ] {
            assert!(is_sure(Dialect::Consensus, source), "{source}");
        }
        assert!(is_sure(Dialect::Time, "time.now >= Timestamp('2020-01-01T00:00:00Z')"));
        for source in [
            "approvers[0].id == 'a'",
            "approvers.any(user, user.id[0..2] == 'a')",
            "approvers.any(user, user.tags[0] == 'a')",
            "approvers.any(one, approvers.any(other, one.id == other.id))",
            "credentials.any(credential, credential.type == 'a')",
        ] {
            assert!(!is_sure(Dialect::Consensus, source), "{source}");
        }
        assert!(!is_sure(Dialect::Condition, "activity.action == 'SIGN'"));
        // A thousand steps an approver are too many for a million approvers.
        let expression = Expression::parse("approvers.count() == 1", Dialect::Consensus).unwrap();
        assert!(!expression.is_sure(1_000_000));
    }
}
