//! An expression: read and checked once, evaluated often.

use crate::bindings::Bindings;
use crate::checker;
use crate::error::{EvaluationError, ExpressionError};
use crate::evaluator;
use crate::explanation;
use crate::parser::{self, place};
use crate::program::Op;
use crate::syntax::Node;

/// Which keywords an expression knows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dialect {
    /// Conditions, session scopes and conditions of MFA policies: the request.
    Condition,
    /// `approvers` and `credentials`.
    Consensus,
    /// `time.now`.
    Time,
}

impl Dialect {
    /// The member of a policy that it is for.
    pub const fn member(self) -> &'static str {
        match self {
            Self::Condition => "condition",
            Self::Consensus => "consensus",
            Self::Time => "time",
        }
    }
}

/// An expression that was read and checked.
#[derive(Clone, Debug)]
pub struct Expression {
    source: String,
    root: Node,
    program: Op,
    sure_parts: Option<usize>,
}

impl Expression {
    /// Reads and checks an expression.
    ///
    /// # Errors
    ///
    /// [`ExpressionError`] when it can't be read, is about something that does not exist, does not fit
    /// together, or is too long or too deep.
    pub fn parse(source: &str, dialect: Dialect) -> Result<Self, ExpressionError> {
        let root = parser::parse(source)?;
        let program = checker::check(&root, dialect)?;
        let sure_parts = program.sure_parts();
        Ok(Self { source: source.to_owned(), root, program, sure_parts })
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What it says. Printed, it is the same expression in its plainest form.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// What it says, once its names were looked up.
    pub(crate) fn program(&self) -> &Op {
        &self.program
    }

    /// Whether it comes to true or false for so many approvers, whoever they are and whenever it is asked.
    pub(crate) fn is_sure(&self, approvers: usize) -> bool {
        // A part costs a few steps: the windows of time a hundred.
        let most = evaluator::MOST_STEPS / 1_000;
        self.sure_parts.is_some_and(|parts| parts.saturating_mul(approvers + 1) <= most)
    }

    /// Line and column of a place in its source, both from 1.
    pub fn place(&self, at: usize) -> (usize, usize) {
        place(&self.source, at)
    }

    /// What it comes to.
    ///
    /// # Errors
    ///
    /// The first error in reading order, even where the rest would settle the result.
    pub fn evaluate(&self, bindings: &Bindings) -> Result<bool, EvaluationError> {
        evaluator::evaluate(&self.program, bindings)
    }

    /// What it comes to, clause by clause.
    pub fn explain(&self, bindings: &Bindings) -> Trace {
        explanation::explain(&self.source, &self.program, bindings)
    }
}

/// What a clause of an expression came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The clause as it is written.
    pub text: String,
    /// What it came to, as it would be written; long values are cut short.
    pub value: Result<String, EvaluationError>,
    /// The clauses it is made of: operands of `&&`, `||` and `!`, sides of a comparison, and of a
    /// quantifier the elements that decided.
    pub clauses: Vec<Trace>,
}
