//! What an expression says, as it was written: names are not looked up yet.

use std::ops::Range;
use std::sync::Arc;

use crate::value::Int;

/// A part of an expression, and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where it stands, in bytes.
    pub span: Range<usize>,
}

/// Two nodes that say the same, wherever they stand.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `true`, `false`.
    Bool(bool),
    /// `256`, `-5`.
    Int(Int),
    /// `'a'`.
    Text(Arc<str>),
    /// A variable or the beginning of a keyword.
    Name(Arc<str>),
    /// `[a, b]`.
    List(Vec<Node>),
    /// `{ a: b }`.
    Record(Vec<(Arc<str>, Node)>),
    /// `f(a)`.
    Call(Arc<str>, Vec<Node>),
    /// A value and what is read of it, one after the other.
    Path(Box<Node>, Vec<Step>),
    /// `!a`.
    Not(Box<Node>),
    /// `a == b` and its like.
    Compare(Comparison, Box<Node>, Box<Node>),
    /// `a && b && c`.
    And(Vec<Node>),
    /// `a || b || c`.
    Or(Vec<Node>),
}

/// What is read of a value, and where that stands.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it is.
    pub kind: StepKind,
    /// Where it stands, in bytes.
    pub span: Range<usize>,
}

impl PartialEq for Step {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// What a step is.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// `.name`.
    Field(Arc<str>),
    /// `.name(a, b)`.
    Method(Arc<str>, Vec<Node>),
    /// `[a]`.
    Index(Node),
    /// `[a..b]`.
    Slice(Node, Node),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Comparison {
    /// `==`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `>`.
    Greater,
    /// `<=`.
    AtMost,
    /// `>=`.
    AtLeast,
    /// `in`.
    In,
}

impl Comparison {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::Greater => ">",
            Self::AtMost => "<=",
            Self::AtLeast => ">=",
            Self::In => "in",
        }
    }
}

impl Node {
    /// Shows this node and all below it to `see`, in reading order.
    pub fn walk<'a>(&'a self, see: &mut dyn FnMut(&'a Self)) {
        see(self);
        match &self.kind {
            Kind::Bool(_) | Kind::Int(_) | Kind::Text(_) | Kind::Name(_) => {}
            Kind::List(items) | Kind::Call(_, items) | Kind::And(items) | Kind::Or(items) => {
                for item in items {
                    item.walk(see);
                }
            }
            Kind::Record(fields) => {
                for (_, value) in fields {
                    value.walk(see);
                }
            }
            Kind::Path(base, steps) => {
                base.walk(see);
                for step in steps {
                    match &step.kind {
                        StepKind::Field(_) => {}
                        StepKind::Method(_, arguments) => {
                            for argument in arguments {
                                argument.walk(see);
                            }
                        }
                        StepKind::Index(index) => index.walk(see),
                        StepKind::Slice(from, to) => {
                            from.walk(see);
                            to.walk(see);
                        }
                    }
                }
            }
            Kind::Not(operand) => operand.walk(see),
            Kind::Compare(_, left, right) => {
                left.walk(see);
                right.walk(see);
            }
        }
    }
}
