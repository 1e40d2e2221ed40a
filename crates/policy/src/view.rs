//! An expression as lints and analysis look at it: names are looked up, and what is read of a value is nested.

use crate::bindings::{Bindings, Keyword};
use crate::error::{EvaluationError, EvaluationErrorKind, Span};
use crate::evaluator;
use crate::expression::Expression;
use crate::program::{Op, OpKind, Quantifier, ReadKind};
use crate::syntax::Comparison;
use crate::value::{Int, Value};

/// A part of an expression.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    source: &'a str,
    op: &'a Op,
    /// Of a path, how many of its reads belong to this part; of anything else 0.
    reads: usize,
    /// A literal in a list of them, which is `op` and one value to the program.
    literal: Option<&'a Value>,
}

/// A node with its parts.
pub(crate) enum View<'a> {
    Bool(bool),
    Int(Int),
    /// Text, and whether it compares without case.
    Text(&'a str, bool),
    Root(Keyword),
    /// Of a predicate, counted from the outermost.
    Variable(usize),
    /// Also of a field that is known only when it is read.
    Field(Node<'a>, &'a str),
    Index(Node<'a>, Node<'a>),
    Slice(Node<'a>, Node<'a>, Node<'a>),
    Quantified(Quantifier, Node<'a>, Node<'a>),
    Contains(Node<'a>, Node<'a>),
    Count(Node<'a>),
    Not(Node<'a>),
    And(Vec<Node<'a>>),
    Or(Vec<Node<'a>>),
    /// Any comparison but `in`.
    Compare(Comparison, Node<'a>, Node<'a>),
    In(Node<'a>, Node<'a>),
    List(Vec<Node<'a>>),
    /// Anything else, with its parts.
    Other(Vec<Node<'a>>),
}

impl<'a> Node<'a> {
    fn whole(source: &'a str, op: &'a Op) -> Self {
        let reads = if let OpKind::Path(_, reads) = &op.kind { reads.len() } else { 0 };
        Self { source, op, reads, literal: None }
    }

    pub(crate) fn view(self) -> View<'a> {
        let whole = |op: &'a Op| Self::whole(self.source, op);
        let all = |ops: &'a [Op]| ops.iter().map(whole).collect();
        if let Some(literal) = self.literal {
            return self.constant(literal);
        }
        match &self.op.kind {
            OpKind::Constant(value) => self.constant(value),
            OpKind::Window(_) => View::Other(Vec::new()),
            OpKind::Keyword(keyword) => View::Root(*keyword),
            OpKind::Variable(place) => View::Variable(*place),
            OpKind::List(items) => View::List(all(items)),
            OpKind::Record(fields) => {
                View::Other(fields.iter().map(|(_, value)| whole(value)).collect())
            }
            OpKind::Caseless(of) => View::Other(vec![whole(of)]),
            OpKind::Not(of) => View::Not(whole(of)),
            OpKind::And(operands) => View::And(all(operands)),
            OpKind::Or(operands) => View::Or(all(operands)),
            OpKind::Compare(Comparison::In, item, list) => View::In(whole(item), whole(list)),
            OpKind::Compare(comparison, left, right) => {
                View::Compare(*comparison, whole(left), whole(right))
            }
            OpKind::Path(base, reads) => {
                let before = self.reads.checked_sub(1);
                let Some((before, read)) = before.and_then(|at| Some((at, reads.get(at)?))) else {
                    return whole(base).view();
                };
                let of = Self { reads: before, ..self };
                match &read.kind {
                    ReadKind::Field(name) => View::Field(of, name),
                    ReadKind::Named(name) if **name == *"count" => View::Count(of),
                    ReadKind::Named(name) => View::Field(of, name),
                    ReadKind::Index(index) => View::Index(of, whole(index)),
                    ReadKind::Slice(from, to) => View::Slice(of, whole(from), whole(to)),
                    ReadKind::Quantified(quantifier, predicate) => {
                        View::Quantified(*quantifier, of, whole(predicate))
                    }
                    ReadKind::Contains(item) => View::Contains(of, whole(item)),
                    ReadKind::Count => View::Count(of),
                }
            }
        }
    }

    fn constant(self, value: &'a Value) -> View<'a> {
        match value {
            Value::Bool(value) => View::Bool(*value),
            Value::Int(value) => View::Int(*value),
            Value::Text { text, ignores_case } => View::Text(text, *ignores_case),
            Value::List(values) => {
                let node = |value| Self { literal: Some(value), ..self };
                View::List(values.iter().map(node).collect())
            }
            _ => View::Other(Vec::new()),
        }
    }

    /// Where it stands; of a literal in a list, where the list does.
    pub(crate) fn span(self) -> Span {
        let mut span = self.op.span.clone();
        if let OpKind::Path(base, reads) = &self.op.kind {
            let last = self.reads.checked_sub(1).and_then(|at| reads.get(at));
            span.end = last.map_or(base.span.end, |read| read.span.end);
        }
        Span(span)
    }

    /// As it is written.
    pub(crate) fn text(self) -> &'a str {
        self.source.get(self.span().0).unwrap_or_default().trim()
    }

    /// What it comes to when it is a condition of its own.
    pub(crate) fn evaluate(self, bindings: &Bindings) -> Result<bool, EvaluationError> {
        match &self.op.kind {
            OpKind::Path(_, reads) if reads.len() != self.reads => {
                Err(EvaluationError { kind: EvaluationErrorKind::TypeMismatch, span: self.span() })
            }
            _ => evaluator::evaluate(self.op, bindings),
        }
    }

    /// Its parts, in reading order.
    pub(crate) fn parts(self) -> Vec<Self> {
        match self.view() {
            View::Bool(_) | View::Int(_) | View::Text(..) | View::Root(_) | View::Variable(_) => {
                Vec::new()
            }
            View::Field(of, _) | View::Count(of) | View::Not(of) => vec![of],
            View::Index(of, at) | View::Contains(of, at) => vec![of, at],
            View::Slice(of, from, to) => vec![of, from, to],
            View::Quantified(_, list, body) => vec![list, body],
            View::Compare(_, left, right) | View::In(left, right) => vec![left, right],
            View::And(parts) | View::Or(parts) | View::List(parts) | View::Other(parts) => parts,
        }
    }

    /// Shows it and everything in it to `see`.
    pub(crate) fn walk(self, see: &mut impl FnMut(Self)) {
        see(self);
        for part in self.parts() {
            part.walk(see);
        }
    }
}

impl Expression {
    /// The whole of it.
    pub(crate) fn view(&self) -> Node<'_> {
        Node::whole(self.source(), self.program())
    }
}

impl Keyword {
    /// All of them.
    pub(crate) const ALL: [Self; 16] = [
        Self::Activity,
        Self::Wallet,
        Self::Wallets,
        Self::WalletAccount,
        Self::PrivateKey,
        Self::Secret,
        Self::EthTx,
        Self::EthEip712,
        Self::EthEip7702Authorization,
        Self::SolanaTx,
        Self::TronTx,
        Self::BitcoinTx,
        Self::TempoTx,
        Self::Approvers,
        Self::Credentials,
        Self::TimeNow,
    ];

    /// As it is written.
    pub(crate) fn written(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::Wallet => "wallet",
            Self::Wallets => "wallets",
            Self::WalletAccount => "wallet_account",
            Self::PrivateKey => "private_key",
            Self::Secret => "secret",
            Self::EthTx => "eth.tx",
            Self::EthEip712 => "eth.eip_712",
            Self::EthEip7702Authorization => "eth.eip_7702_authorization",
            Self::SolanaTx => "solana.tx",
            Self::TronTx => "tron.tx",
            Self::BitcoinTx => "bitcoin.tx",
            Self::TempoTx => "tempo.tx",
            Self::Approvers => "approvers",
            Self::Credentials => "credentials",
            Self::TimeNow => "time.now",
        }
    }
}
