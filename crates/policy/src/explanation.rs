//! What an expression came to, clause by clause.

use std::fmt::Write;

use crate::bindings::Bindings;
use crate::error::{EvaluationError, EvaluationErrorKind, Span};
use crate::evaluator::{Elements, Evaluator, MOST_STEPS, Seen};
use crate::expression::Trace;
use crate::program::{Op, OpKind, Quantifier, ReadKind};

/// Most clauses of an explanation.
const MOST_CLAUSES: usize = 10_000;
/// Most elements that are shown of a list.
const MOST_ELEMENTS: usize = 50;
/// Most steps of a whole explanation: clauses are evaluated again for each clause around them.
const MOST_STEPS_OF_ALL: usize = 10 * MOST_STEPS;
/// Longest text of a value or a clause, in characters.
const LONGEST: usize = 200;

/// Explains a program that was written as `source`.
pub(crate) fn explain(source: &str, op: &Op, bindings: &Bindings) -> Trace {
    let evaluator = Evaluator { bindings, variables: Vec::new(), steps: MOST_STEPS };
    Explainer { source, evaluator, steps: MOST_STEPS_OF_ALL, clauses: 0 }.claim(op)
}

struct Explainer<'a> {
    source: &'a str,
    evaluator: Evaluator<'a>,
    /// What is left for the whole explanation.
    steps: usize,
    clauses: usize,
}

impl<'a> Explainer<'a> {
    /// Of what must be true or false.
    fn claim(&mut self, op: &'a Op) -> Trace {
        self.clause(op, |evaluator| Ok(evaluator.bool(op).map(|holds| holds.to_string())?))
    }

    /// Of what is compared.
    fn side(&mut self, op: &'a Op) -> Trace {
        self.clause(op, |evaluator| Ok(evaluator.op(op).map(|seen| show(&seen))?))
    }

    fn clause(
        &mut self,
        op: &'a Op,
        evaluate: impl FnOnce(&mut Evaluator<'a>) -> Result<String, EvaluationError>,
    ) -> Trace {
        self.clauses += 1;
        let value = self.spending(evaluate);
        Trace { text: self.text(op), value, clauses: self.parts(op) }
    }

    /// Evaluates something under the limit of any evaluation, and counts its steps for the whole.
    fn spending<T>(&mut self, evaluate: impl FnOnce(&mut Evaluator<'a>) -> T) -> T {
        self.evaluator.steps = MOST_STEPS;
        let done = evaluate(&mut self.evaluator);
        self.steps = self.steps.saturating_sub(MOST_STEPS - self.evaluator.steps);
        done
    }

    /// Whether there is no room for further clauses.
    fn is_full(&self) -> bool {
        self.clauses >= MOST_CLAUSES || self.steps == 0
    }

    fn text(&self, op: &Op) -> String {
        shorten(self.source.get(op.span.clone()).unwrap_or_default())
    }

    fn parts(&mut self, op: &'a Op) -> Vec<Trace> {
        if self.is_full() {
            return Vec::new();
        }
        match &op.kind {
            OpKind::And(operands) | OpKind::Or(operands) => {
                self.clauses(operands.iter(), Self::claim)
            }
            OpKind::Not(operand) => vec![self.claim(operand)],
            OpKind::Compare(_, left, right) => self.clauses(
                [&**left, right].into_iter().filter(|op| !matches!(op.kind, OpKind::Constant(_))),
                Self::side,
            ),
            OpKind::Path(base, reads) => match reads.last().map(|read| &read.kind) {
                Some(ReadKind::Quantified(quantifier, predicate)) => {
                    let before = reads.len() - 1;
                    let seen = self.spending(|evaluator| {
                        let mut reads = reads.iter().take(before);
                        reads.try_fold(evaluator.op(base)?, |seen, read| evaluator.read(seen, read))
                    });
                    match seen {
                        Ok(Seen::List(elements)) => {
                            self.elements(*quantifier, &elements, predicate)
                        }
                        _ => Vec::new(),
                    }
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// As many of these as there is room for.
    fn clauses(
        &mut self,
        ops: impl Iterator<Item = &'a Op>,
        explain: fn(&mut Self, &'a Op) -> Trace,
    ) -> Vec<Trace> {
        let mut clauses = Vec::new();
        for op in ops {
            if self.is_full() {
                break;
            }
            clauses.push(explain(self, op));
        }
        clauses
    }

    /// The elements that decided: those for which `any` holds, `all` does not, `filter` keeps, or that err. All
    /// of them where none did.
    fn elements(
        &mut self,
        quantifier: Quantifier,
        elements: &Elements<'a>,
        predicate: &'a Op,
    ) -> Vec<Trace> {
        let mut decided = Vec::new();
        let mut others = Vec::new();
        for place in 0..elements.len().min(MOST_ELEMENTS) {
            if self.is_full() {
                break;
            }
            let text = format!("[{place}] {}", self.text(predicate));
            let element = match elements.get(place) {
                Some(Ok(element)) => element,
                Some(Err(kind)) => {
                    let error = EvaluationError { kind, span: Span(predicate.span.clone()) };
                    decided.push(Trace { text, value: Err(error), clauses: Vec::new() });
                    continue;
                }
                None => break,
            };
            self.evaluator.variables.push(element);
            let trace = Trace { text, ..self.claim(predicate) };
            self.evaluator.variables.pop();
            let is_decided = match &trace.value {
                Err(_) => true,
                Ok(value) => (value == "true") != (quantifier == Quantifier::All),
            };
            if is_decided { decided.push(trace) } else { others.push(trace) }
        }
        if decided.is_empty() { others } else { decided }
    }
}

/// A value as it would be written.
fn show(seen: &Seen<'_>) -> String {
    let mut text = String::new();
    write_value(&mut text, seen, 0);
    shorten(&text)
}

fn write_value(text: &mut String, seen: &Seen<'_>, depth: usize) {
    const DEEPEST: usize = 3;
    if text.len() > LONGEST * 4 {
        return;
    }
    let done = match seen {
        Seen::Bool(value) => write!(text, "{value}"),
        Seen::Int(value) => write!(text, "{value}"),
        Seen::Text { text: value, .. } => {
            write!(text, "'{}'", value.chars().take(LONGEST).collect::<String>())
        }
        Seen::Instant(at) => write!(text, "{}", at.show()),
        Seen::Map(values) if depth < DEEPEST => {
            text.push('{');
            for (place, (name, _)) in values.iter().take(MOST_ELEMENTS).enumerate() {
                let comma = if place == 0 { "" } else { ", " };
                let _ = write!(text, "{comma}'{name}': …");
            }
            write!(text, "}}")
        }
        Seen::Struct(fields) if depth < DEEPEST => {
            let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
            write!(text, "{{{}}}", names.join(", "))
        }
        Seen::List(elements) if depth < DEEPEST => {
            text.push('[');
            for place in 0..elements.len().min(MOST_ELEMENTS) {
                text.push_str(if place == 0 { "" } else { ", " });
                match elements.get(place) {
                    Some(Ok(element)) => write_value(text, &element, depth + 1),
                    Some(Err(kind)) => text.push_str(&error_name(kind)),
                    None => break,
                }
            }
            write!(text, "{}]", if elements.len() > MOST_ELEMENTS { ", …" } else { "" })
        }
        _ => write!(text, "…"),
    };
    // Writing to a text never fails.
    let _ = done;
}

fn error_name(kind: EvaluationErrorKind) -> String {
    kind.to_string()
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
