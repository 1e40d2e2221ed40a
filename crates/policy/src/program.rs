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
