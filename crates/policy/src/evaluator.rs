//! What a program comes to for one request. Source: policy language §5 and §6.
//!
//! Total and bounded: every part and every element costs a step, long texts several. Nothing is
//! short-circuited, so that the first error in reading order is also the first that is met.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use crate::bindings::{Bindings, Keyword};
use crate::error::{EvaluationError, EvaluationErrorKind, Span};
use crate::program::{Op, OpKind, Quantifier, Read, ReadKind};
use crate::syntax::Comparison;
use crate::value::{Instant, Int, Value};

/// Most steps of one evaluation.
pub(crate) const MOST_STEPS: usize = 1_000_000;
/// Bytes of text that cost a step.
const TEXT_PER_STEP: usize = 64;
/// Fields of something written in braces that are passed over for a step.
const FIELDS_PER_STEP: usize = 16;
/// What looking for the last fire of a window costs.
const WINDOW_STEPS: usize = 100;

/// Evaluates a program that must come to true or false.
pub(crate) fn evaluate(op: &Op, bindings: &Bindings) -> Result<bool, EvaluationError> {
    let mut evaluator = Evaluator { bindings, variables: Vec::new(), steps: MOST_STEPS };
    Ok(evaluator.bool(op)?)
}

/// What went wrong, small enough to be handed on from part to part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault<'a> {
    kind: EvaluationErrorKind,
    span: &'a Range<usize>,
}

impl From<Fault<'_>> for EvaluationError {
    fn from(fault: Fault<'_>) -> Self {
        Self { kind: fault.kind, span: Span(fault.span.clone()) }
    }
}

/// Evaluates part of a program, under the variables of the predicates around it.
pub(crate) struct Evaluator<'a> {
    pub(crate) bindings: &'a Bindings,
    pub(crate) variables: Vec<Seen<'a>>,
    pub(crate) steps: usize,
}

/// A value while it is looked at: what the request holds is not copied.
#[derive(Clone, Debug)]
pub(crate) enum Seen<'a> {
    Bool(bool),
    Int(Int),
    Text { text: &'a str, ignores_case: bool },
    Instant(Instant),
    List(Elements<'a>),
    Map(&'a BTreeMap<String, Value>),
    Struct(&'a [(&'static str, Value)]),
    Record(Rc<[(&'a str, Self)]>),
}

#[derive(Clone, Debug)]
pub(crate) enum Elements<'a> {
    /// As the request holds them.
    Held(&'a [Value]),
    /// As they were picked or written.
    Made(Rc<[Seen<'a>]>),
}

impl<'a> Elements<'a> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Held(values) => values.len(),
            Self::Made(values) => values.len(),
        }
    }

    /// `None` beyond the end.
    pub(crate) fn get(&self, place: usize) -> Option<Result<Seen<'a>, EvaluationErrorKind>> {
        match self {
            Self::Held(values) => values.get(place).map(see),
            Self::Made(values) => values.get(place).cloned().map(Ok),
        }
    }
}

type Evaluated<'a> = Result<Seen<'a>, Fault<'a>>;
/// A value of the request, where it is read, and what is read of it.
type Followed<'a> = Option<(&'a Value, &'a Range<usize>, &'a [Read])>;

fn see(value: &Value) -> Result<Seen<'_>, EvaluationErrorKind> {
    Ok(match value {
        Value::Bool(value) => Seen::Bool(*value),
        Value::Int(value) => Seen::Int(*value),
        Value::Text { text, ignores_case } => Seen::Text { text, ignores_case: *ignores_case },
        Value::Instant(value) => Seen::Instant(*value),
        Value::List(values) => Seen::List(Elements::Held(values)),
        Value::Map(values) => Seen::Map(values),
        Value::Struct(fields) => Seen::Struct(fields),
        Value::Unreadable(kind) => return Err(*kind),
    })
}

/// A field of a struct.
fn field<'a>(
    fields: &'a [(&'static str, Value)],
    name: &str,
) -> Result<&'a Value, EvaluationErrorKind> {
    let found = fields.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| value).ok_or(EvaluationErrorKind::MissingField)
}

fn at<'a>(span: &'a Range<usize>) -> impl Fn(EvaluationErrorKind) -> Fault<'a> {
    move |kind| Fault { kind, span }
}

impl<'a> Evaluator<'a> {
    #[inline]
    fn step(&mut self, steps: usize, span: &'a Range<usize>) -> Result<(), Fault<'a>> {
        if let Some(left) = self.steps.checked_sub(steps) {
            self.steps = left;
            return Ok(());
        }
        self.steps = 0;
        Err(at(span)(EvaluationErrorKind::BudgetExceeded))
    }

    /// Evaluates what must be true or false.
    pub(crate) fn bool(&mut self, op: &'a Op) -> Result<bool, Fault<'a>> {
        match &op.kind {
            // What is true or false in itself is not made a value of first: these are most of all parts.
            OpKind::Not(operand) => {
                self.step(1, &op.span)?;
                Ok(!self.bool(operand)?)
            }
            OpKind::Compare(comparison, left, right) => {
                self.step(1, &op.span)?;
                self.compared(*comparison, left, right, &op.span)
            }
            OpKind::And(operands) => {
                self.step(1, &op.span)?;
                let mut holds = true;
                for operand in operands {
                    holds &= self.bool(operand)?;
                }
                Ok(holds)
            }
            OpKind::Or(operands) => {
                self.step(1, &op.span)?;
                let mut holds = false;
                for operand in operands {
                    holds |= self.bool(operand)?;
                }
                Ok(holds)
            }
            OpKind::Path(base, reads) => {
                if let Some(value) = self.held_truth(base, reads)? {
                    return Ok(value);
                }
                match self.op(op)? {
                    Seen::Bool(value) => Ok(value),
                    _ => Err(at(&op.span)(EvaluationErrorKind::TypeMismatch)),
                }
            }
            _ => match self.op(op)? {
                Seen::Bool(value) => Ok(value),
                _ => Err(at(&op.span)(EvaluationErrorKind::TypeMismatch)),
            },
        }
    }

    fn compared(
        &mut self,
        comparison: Comparison,
        left: &'a Op,
        right: &'a Op,
        span: &'a Range<usize>,
    ) -> Result<bool, Fault<'a>> {
        if let Some(held) = self.held(left)? {
            return self.compare_held(comparison, held, right, span);
        }
        let left = self.op(left)?;
        let right = self.op(right)?;
        self.compare(comparison, &left, &right, span)
    }

    /// Evaluates a part.
    pub(crate) fn op(&mut self, op: &'a Op) -> Evaluated<'a> {
        self.step(1, &op.span)?;
        Ok(match &op.kind {
            OpKind::Constant(value) => see(value).map_err(at(&op.span))?,
            OpKind::Keyword(keyword) => self.keyword(*keyword, &op.span)?,
            OpKind::Variable(place) => self
                .variables
                .get(*place)
                .cloned()
                .ok_or(EvaluationErrorKind::MissingKeyword)
                .map_err(at(&op.span))?,
            OpKind::List(items) => {
                let items: Result<Rc<[_]>, _> = items.iter().map(|item| self.op(item)).collect();
                Seen::List(Elements::Made(items?))
            }
            OpKind::Record(fields) => {
                let fields: Result<Rc<[_]>, _> =
                    fields.iter().map(|(name, value)| Ok((&**name, self.op(value)?))).collect();
                Seen::Record(fields?)
            }
            OpKind::Caseless(text) => match self.op(text)? {
                Seen::Text { text, .. } => Seen::Text { text, ignores_case: true },
                _ => return Err(at(&text.span)(EvaluationErrorKind::TypeMismatch)),
            },
            OpKind::Window(window) => {
                self.step(WINDOW_STEPS, &op.span)?;
                match self.keyword(Keyword::TimeNow, &op.span)? {
                    Seen::Instant(now) => Seen::Bool(window.contains(now)),
                    _ => return Err(at(&op.span)(EvaluationErrorKind::TypeMismatch)),
                }
            }
            OpKind::Path(base, reads) => {
                let (mut seen, rest) = match self.follow(base, reads)? {
                    Some((value, span, rest)) => (see(value).map_err(at(span))?, rest),
                    None => (self.op(base)?, &**reads),
                };
                for read in rest {
                    seen = self.read(seen, read)?;
                }
                seen
            }
            OpKind::Not(_) | OpKind::Compare(..) | OpKind::And(_) | OpKind::Or(_) => {
                Seen::Bool(self.bool(op)?)
            }
        })
    }

    /// What a predicate or `contains` on a list that the request holds comes to. `None` when it is anything else.
    fn held_truth(&mut self, base: &'a Op, reads: &'a [Read]) -> Result<Option<bool>, Fault<'a>> {
        let [fields @ .., Read { kind, span }] = reads else { return Ok(None) };
        let is_list = matches!(
            kind,
            ReadKind::Contains(_) | ReadKind::Quantified(Quantifier::All | Quantifier::Any, _)
        );
        if !is_list || !fields.iter().all(|read| matches!(read.kind, ReadKind::Field(_))) {
            return Ok(None);
        }
        let Some((list @ Value::List(elements), ..)) = self.follow(base, fields)? else {
            return Ok(None);
        };
        self.step(2, span)?;
        match kind {
            ReadKind::Contains(item) => match self.held(item)? {
                Some(item) => self.is_held_in(item, list, span).map(Some),
                None => Ok(None),
            },
            ReadKind::Quantified(quantifier, predicate) => {
                let mut held = 0;
                for element in elements.iter() {
                    self.variables.push(see(element).map_err(at(span))?);
                    let holds = self.bool(predicate);
                    self.variables.pop();
                    held += usize::from(holds?);
                }
                Ok(Some(match quantifier {
                    Quantifier::All => held == elements.len(),
                    _ => held > 0,
                }))
            }
            _ => Ok(None),
        }
    }

    /// What an operand is when it is a literal, or fields of what the request holds: looked at where it lies. Most
    /// operands are, and copying what is seen is most of what an evaluation costs. `None` when it is anything else,
    /// and then no step is taken.
    fn held(&mut self, op: &'a Op) -> Result<Option<&'a Value>, Fault<'a>> {
        let (base, reads) = match &op.kind {
            OpKind::Constant(value) => {
                self.step(1, &op.span)?;
                return Ok(Some(value));
            }
            OpKind::Path(base, reads) => (base, reads),
            _ => return Ok(None),
        };
        if !reads.iter().all(|read| matches!(read.kind, ReadKind::Field(_))) {
            return Ok(None);
        }
        match self.follow(base, reads)? {
            Some((Value::Unreadable(kind), span, _)) => Err(at(span)(*kind)),
            followed => {
                self.step(1, &op.span)?;
                Ok(followed.map(|(value, ..)| value))
            }
        }
    }

    /// Follows fields from a keyword or a variable as far as the request holds them: to what, where that is read,
    /// and what is still to be read of it. `None` when it does not begin so.
    fn follow(&mut self, base: &'a Op, reads: &'a [Read]) -> Result<Followed<'a>, Fault<'a>> {
        let mut rest = reads;
        let (mut value, mut span) = match base.kind {
            OpKind::Keyword(keyword) => {
                let value = self.bindings.get(keyword).ok_or(EvaluationErrorKind::MissingKeyword);
                (value.map_err(at(&base.span))?, &base.span)
            }
            OpKind::Variable(place) => match (self.variables.get(place), reads) {
                (Some(Seen::Struct(fields)), [Read { kind: ReadKind::Field(name), span }, ..]) => {
                    rest = reads.get(1..).unwrap_or_default();
                    (field(fields, name).map_err(at(span))?, span)
                }
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        self.step(1, &base.span)?;
        while let [Read { kind: ReadKind::Field(name), span: next }, others @ ..] = rest {
            self.step(1, next)?;
            value = match value {
                Value::Struct(fields) => field(fields, name).map_err(at(next))?,
                Value::Unreadable(kind) => return Err(at(span)(*kind)),
                _ => return Err(at(next)(EvaluationErrorKind::TypeMismatch)),
            };
            (span, rest) = (next, others);
        }
        Ok(Some((value, span, rest)))
    }

    fn compare_held(
        &mut self,
        comparison: Comparison,
        left: &'a Value,
        right: &'a Op,
        span: &'a Range<usize>,
    ) -> Result<bool, Fault<'a>> {
        if let Some(right) = self.held(right)? {
            return match comparison {
                Comparison::Equal => self.equal_held(left, right, span),
                Comparison::NotEqual => Ok(!self.equal_held(left, right, span)?),
                Comparison::In => self.is_held_in(left, right, span),
                _ => {
                    let order = match (left, right) {
                        (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
                        (Value::Instant(left), Value::Instant(right)) => Some(left.cmp(right)),
                        _ => None,
                    };
                    let order = order.ok_or(EvaluationErrorKind::TypeMismatch).map_err(at(span))?;
                    Ok(has_order(comparison, order))
                }
            };
        }
        let left = see(left).map_err(at(span))?;
        let right = self.op(right)?;
        self.compare(comparison, &left, &right, span)
    }

    fn is_held_in(
        &mut self,
        item: &'a Value,
        list: &'a Value,
        span: &'a Range<usize>,
    ) -> Result<bool, Fault<'a>> {
        let is_comparable = matches!(item, Value::Bool(_) | Value::Int(_) | Value::Text { .. });
        let (true, Value::List(elements)) = (is_comparable, list) else {
            return Err(at(span)(EvaluationErrorKind::TypeMismatch));
        };
        let mut is_found = false;
        for element in elements.iter() {
            self.step(1, span)?;
            is_found |= self.equal_held(item, element, span)?;
        }
        Ok(is_found)
    }

    fn equal_held(
        &mut self,
        left: &'a Value,
        right: &'a Value,
        span: &'a Range<usize>,
    ) -> Result<bool, Fault<'a>> {
        match (left, right) {
            (
                Value::Text { text: left, ignores_case: one },
                Value::Text { text: right, ignores_case: other },
            ) => self.equal_texts(left, right, *one || *other, span),
            (Value::Int(left), Value::Int(right)) => Ok(left == right),
            _ => {
                let (left, right) = (see(left).map_err(at(span))?, see(right).map_err(at(span))?);
                self.equal(&left, &right, span)
            }
        }
    }

    fn equal_texts(
        &mut self,
        left: &str,
        right: &str,
        ignores_case: bool,
        span: &'a Range<usize>,
    ) -> Result<bool, Fault<'a>> {
        if left.len() != right.len() {
            return Ok(false);
        }
        self.step(left.len() / TEXT_PER_STEP, span)?;
        Ok(if ignores_case { left.eq_ignore_ascii_case(right) } else { left == right })
    }

    fn keyword(&self, keyword: Keyword, span: &'a Range<usize>) -> Evaluated<'a> {
        let value = self.bindings.get(keyword).ok_or(EvaluationErrorKind::MissingKeyword);
        value.and_then(see).map_err(at(span))
    }

    /// Reads of a value.
    pub(crate) fn read(&mut self, of: Seen<'a>, read: &'a Read) -> Evaluated<'a> {
        self.step(1, &read.span)?;
        let error = at(&read.span);
        match &read.kind {
            ReadKind::Field(name) => match of {
                Seen::Struct(fields) => field(fields, name).and_then(see).map_err(error),
                _ => Err(error(EvaluationErrorKind::TypeMismatch)),
            },
            ReadKind::Named(name) => match of {
                Seen::Record(fields) => {
                    let place = fields.iter().position(|(known, _)| *known == &**name);
                    self.step(place.unwrap_or(fields.len()) / FIELDS_PER_STEP, &read.span)?;
                    let found = place.and_then(|place| fields.get(place));
                    let (_, value) =
                        found.ok_or(EvaluationErrorKind::MissingField).map_err(error)?;
                    Ok(value.clone())
                }
                Seen::Struct(fields) => fields
                    .iter()
                    .find(|(known, _)| *known == &**name)
                    .ok_or(EvaluationErrorKind::MissingField)
                    .and_then(|(_, value)| see(value))
                    .map_err(error),
                Seen::List(elements) if **name == *"count" => Ok(count(&elements)),
                _ => Err(error(EvaluationErrorKind::TypeMismatch)),
            },
            ReadKind::Index(index) => {
                let by = self.op(index)?;
                self.index(of, &by, &read.span)
            }
            ReadKind::Slice(from, to) => {
                let (from, to) = (self.op(from)?, self.op(to)?);
                self.slice(of, &from, &to, &read.span)
            }
            ReadKind::Quantified(quantifier, predicate) => {
                let Seen::List(elements) = of else {
                    return Err(error(EvaluationErrorKind::TypeMismatch));
                };
                self.quantify(*quantifier, &elements, predicate, &read.span)
            }
            ReadKind::Contains(item) => {
                let Seen::List(elements) = of else {
                    return Err(error(EvaluationErrorKind::TypeMismatch));
                };
                let item = self.op(item)?;
                Ok(Seen::Bool(self.is_in(&item, &elements, &read.span)?))
            }
            ReadKind::Count => match of {
                Seen::List(elements) => Ok(count(&elements)),
                _ => Err(error(EvaluationErrorKind::TypeMismatch)),
            },
        }
    }

    fn index(&mut self, of: Seen<'a>, by: &Seen<'a>, span: &'a Range<usize>) -> Evaluated<'a> {
        let error = at(span);
        let beyond = || at(span)(EvaluationErrorKind::IndexOutOfBounds);
        match (of, by) {
            (Seen::List(elements), Seen::Int(place)) => {
                let place = place.to_usize().ok_or_else(beyond)?;
                elements.get(place).ok_or_else(beyond)?.map_err(error)
            }
            (Seen::Text { text, ignores_case }, Seen::Int(place)) => {
                let place = place.to_usize().ok_or_else(beyond)?;
                self.step(place.min(text.len()) / TEXT_PER_STEP, span)?;
                let start = boundary(text, place).filter(|start| *start < text.len());
                let start = start.ok_or_else(beyond)?;
                let end = place.checked_add(1).and_then(|next| boundary(text, next));
                let text = text.get(start..end.ok_or_else(beyond)?).ok_or_else(beyond)?;
                Ok(Seen::Text { text, ignores_case })
            }
            (Seen::Map(values), Seen::Text { text, .. }) => {
                self.step(text.len() / TEXT_PER_STEP, span)?;
                let value = values.get(*text).ok_or(EvaluationErrorKind::MissingField);
                value.and_then(see).map_err(error)
            }
            _ => Err(error(EvaluationErrorKind::TypeMismatch)),
        }
    }

    fn slice(
        &mut self,
        of: Seen<'a>,
        from: &Seen<'a>,
        to: &Seen<'a>,
        span: &'a Range<usize>,
    ) -> Evaluated<'a> {
        let mismatch = || at(span)(EvaluationErrorKind::TypeMismatch);
        let beyond = || at(span)(EvaluationErrorKind::IndexOutOfBounds);
        let (Seen::Int(from), Seen::Int(to)) = (from, to) else { return Err(mismatch()) };
        if !matches!(of, Seen::List(_) | Seen::Text { .. }) {
            return Err(mismatch());
        }
        let from = from.to_usize().ok_or_else(beyond)?;
        let to = to.to_usize().filter(|to| from <= *to).ok_or_else(beyond)?;
        match of {
            Seen::List(Elements::Held(values)) => {
                let values = values.get(from..to).ok_or_else(beyond)?;
                Ok(Seen::List(Elements::Held(values)))
            }
            Seen::List(Elements::Made(values)) => {
                let values = values.get(from..to).ok_or_else(beyond)?;
                self.step(values.len(), span)?;
                Ok(Seen::List(Elements::Made(values.into())))
            }
            Seen::Text { text, ignores_case } => {
                self.step(to.min(text.len()) / TEXT_PER_STEP, span)?;
                let start = boundary(text, from).ok_or_else(beyond)?;
                let end = boundary(text, to).ok_or_else(beyond)?;
                let text = text.get(start..end).ok_or_else(beyond)?;
                Ok(Seen::Text { text, ignores_case })
            }
            _ => Err(mismatch()),
        }
    }

    fn quantify(
        &mut self,
        quantifier: Quantifier,
        elements: &Elements<'a>,
        predicate: &'a Op,
        span: &'a Range<usize>,
    ) -> Evaluated<'a> {
        let mut held = 0;
        let mut kept = Vec::new();
        for place in 0..elements.len() {
            let Some(element) = elements.get(place) else { break };
            let element = element.map_err(at(span))?;
            self.variables.push(element);
            let holds = self.bool(predicate);
            let element = self.variables.pop();
            if holds? {
                held += 1;
                if quantifier == Quantifier::Filter {
                    kept.extend(element);
                }
            }
        }
        Ok(match quantifier {
            Quantifier::All => Seen::Bool(held == elements.len()),
            Quantifier::Any => Seen::Bool(held > 0),
            Quantifier::Filter => Seen::List(Elements::Made(kept.into())),
        })
    }

    fn compare(
        &mut self,
        comparison: Comparison,
        left: &Seen<'a>,
        right: &Seen<'a>,
        span: &'a Range<usize>,
    ) -> Result<bool, Fault<'a>> {
        let order = match comparison {
            Comparison::Equal => return self.equal(left, right, span),
            Comparison::NotEqual => return Ok(!self.equal(left, right, span)?),
            Comparison::In => match right {
                Seen::List(elements) => return self.is_in(left, elements, span),
                _ => None,
            },
            _ => match (left, right) {
                (Seen::Int(left), Seen::Int(right)) => Some(left.cmp(right)),
                (Seen::Instant(left), Seen::Instant(right)) => Some(left.cmp(right)),
                _ => None,
            },
        };
        let order = order.ok_or(EvaluationErrorKind::TypeMismatch).map_err(at(span))?;
        Ok(has_order(comparison, order))
    }

    fn is_in(
        &mut self,
        item: &Seen<'a>,
        elements: &Elements<'a>,
        span: &'a Range<usize>,
    ) -> Result<bool, Fault<'a>> {
        if !matches!(item, Seen::Bool(_) | Seen::Int(_) | Seen::Text { .. }) {
            return Err(at(span)(EvaluationErrorKind::TypeMismatch));
        }
        let mut is_found = false;
        for place in 0..elements.len() {
            let Some(element) = elements.get(place) else { break };
            self.step(1, span)?;
            is_found |= self.equal(item, &element.map_err(at(span))?, span)?;
        }
        Ok(is_found)
    }

    fn equal(
        &mut self,
        left: &Seen<'a>,
        right: &Seen<'a>,
        span: &'a Range<usize>,
    ) -> Result<bool, Fault<'a>> {
        match (left, right) {
            (Seen::Bool(left), Seen::Bool(right)) => Ok(left == right),
            (Seen::Int(left), Seen::Int(right)) => Ok(left == right),
            (Seen::Instant(left), Seen::Instant(right)) => Ok(left == right),
            (
                Seen::Text { text: left, ignores_case: one },
                Seen::Text { text: right, ignores_case: other },
            ) => self.equal_texts(left, right, *one || *other, span),
            _ => Err(at(span)(EvaluationErrorKind::TypeMismatch)),
        }
    }
}

/// Whether two values of this order are as a comparison by order says.
fn has_order(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Less => order.is_lt(),
        Comparison::Greater => order.is_gt(),
        Comparison::AtMost => order.is_le(),
        _ => order.is_ge(),
    }
}

fn count<'a>(elements: &Elements<'a>) -> Seen<'a> {
    Seen::Int(Int::from(u64::try_from(elements.len()).unwrap_or(u64::MAX)))
}

/// Where the character with this number begins, or the end of the text for the number behind the last.
fn boundary(text: &str, number: usize) -> Option<usize> {
    if text.as_bytes().get(..number).is_some_and(<[u8]>::is_ascii) {
        return Some(number);
    }
    let ends = std::iter::once(text.len());
    text.char_indices().map(|(place, _)| place).chain(ends).nth(number)
}
