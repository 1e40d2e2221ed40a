//! What can be wrong with an expression, where it is written and where it is evaluated.

use std::ops::Range;

/// A place in the source of an expression, in bytes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Span(pub Range<usize>);

/// Why an expression is not accepted.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// As it travels, without the prefix that names the member: `Expression cannot be parsed: …` or
    /// `Expression cannot be evaluated: …`.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What would have been understood: the nearest field, say.
    pub suggestion: Option<String>,
}

/// What evaluation can come to beside a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EvaluationErrorKind {
    /// The request does not bind a keyword.
    #[error("MissingKeyword")]
    MissingKeyword,
    /// The value has no such field or key.
    #[error("MissingField")]
    MissingField,
    /// An index or a slice reaches beyond the end.
    #[error("IndexOutOfBounds")]
    IndexOutOfBounds,
    /// A value of another type than the place takes.
    #[error("TypeMismatch")]
    TypeMismatch,
    /// A number outside of −2¹²⁷ to 2²⁵⁶−1.
    #[error("Overflow")]
    Overflow,
    /// More steps than an expression may take.
    #[error("BudgetExceeded")]
    BudgetExceeded,
}

/// Evaluation came to no value.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{kind}")]
pub struct EvaluationError {
    /// What happened.
    pub kind: EvaluationErrorKind,
    /// Where.
    pub span: Span,
}
