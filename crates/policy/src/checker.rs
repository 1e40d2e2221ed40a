//! Looks names up and checks types, of what is never reached too. Source: policy language §4.

use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use crate::error::{ExpressionError, Span};
use crate::expression::Dialect;
use crate::lexer::shorten;
use crate::program::{Op, OpKind, Quantifier, Read, ReadKind};
use crate::schema::{KEYWORDS, Shape, Structure};
use crate::syntax::{Comparison, Kind, Node, Step, StepKind};
use crate::time::{CronSpan, parse_timestamp};
use crate::value::Value;

/// Checks an expression.
///
/// # Errors
///
/// Names that nothing has, and types that do not fit.
pub(crate) fn check(node: &Node, dialect: Dialect) -> Result<Op, ExpressionError> {
    let mut checker = Checker { dialect, variables: Vec::new(), records: HashSet::new() };
    let (op, found) = checker.node(node)?;
    match found {
        Type::Bool | Type::Dynamic => Ok(op),
        other => Err(mismatch(&format!("{other}, expected bool"), &node.span)),
    }
}

/// The type of a value.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Type {
    Bool,
    Int,
    Text,
    Instant,
    /// Known only once it is read; fits everywhere.
    Dynamic,
    /// Of the elements of `[]`.
    Nothing,
    List(Rc<Type>),
    Map(Rc<Type>),
    Struct(&'static Structure),
    Record(Record),
}

type Fields = Vec<(Arc<str>, Type)>;

/// The type of something written in braces. Of each there is one only, so that comparing two does not look into
/// them: variables let types grow far beyond the text that makes them.
#[derive(Clone, Debug)]
struct Record(Rc<Fields>);

impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Record {}

impl Hash for Record {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Rc::as_ptr(&self.0).hash(state);
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Text => f.write_str("string"),
            Self::Instant => f.write_str("timestamp"),
            Self::Dynamic => f.write_str("dynamic"),
            Self::Nothing => f.write_str("nothing"),
            Self::List(element) => write!(f, "list<{element}>"),
            Self::Map(value) => write!(f, "map<{value}>"),
            Self::Struct(structure) => f.write_str(structure.name),
            Self::Record(_) => f.write_str("struct"),
        }
    }
}

impl From<Shape> for Type {
    fn from(shape: Shape) -> Self {
        match shape {
            Shape::Bool => Self::Bool,
            Shape::Int => Self::Int,
            Shape::Text => Self::Text,
            Shape::Instant => Self::Instant,
            Shape::Dynamic => Self::Dynamic,
            Shape::List(element) => Self::List(Rc::new((*element).into())),
            Shape::Map(value) => Self::Map(Rc::new((*value).into())),
            Shape::Struct(structure) => Self::Struct(structure),
        }
    }
}

impl Type {
    /// The type of something that is either; `None` when it can't be both.
    fn with(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Nothing, one) | (one, Self::Nothing) => Some(one.clone()),
            (Self::Dynamic, _) | (_, Self::Dynamic) => Some(Self::Dynamic),
            (Self::List(one), Self::List(other)) => Some(Self::List(Rc::new(one.with(other)?))),
            (one, other) => (one == other).then(|| one.clone()),
        }
    }

    /// Whether values of both can be compared by `==`.
    fn equals(&self, other: &Self) -> bool {
        let is_scalar = |one: &Self| {
            matches!(one, Self::Bool | Self::Int | Self::Text | Self::Instant | Self::Dynamic)
        };
        is_scalar(self) && is_scalar(other) && self.with(other).is_some()
    }

    /// Whether a value of this type can be looked for among elements of another.
    fn is_member(&self, element: &Self) -> bool {
        *self != Self::Instant
            && if *element == Self::Nothing { self.equals(self) } else { self.equals(element) }
    }

    fn is_ordered(&self) -> bool {
        matches!(self, Self::Int | Self::Instant | Self::Dynamic)
    }
}

struct Checker {
    dialect: Dialect,
    /// The variables of the predicates around, the outermost first.
    variables: Vec<(Arc<str>, Type)>,
    /// The types of all that was written in braces so far.
    records: HashSet<Rc<Fields>>,
}

type Checked = Result<(Op, Type), ExpressionError>;

impl Checker {
    fn node(&mut self, node: &Node) -> Checked {
        let (kind, found) = match &node.kind {
            Kind::Bool(value) => (OpKind::Constant(Value::Bool(*value)), Type::Bool),
            Kind::Int(value) => (OpKind::Constant(Value::Int(*value)), Type::Int),
            Kind::Text(text) => (OpKind::Constant(Value::text(text.clone())), Type::Text),
            Kind::Name(name) => match self.variable(name) {
                Some(found) => found,
                None => self.keyword(name, None, &node.span)?,
            },
            Kind::List(items) => self.list(items)?,
            Kind::Record(fields) => {
                let mut ops = Vec::with_capacity(fields.len());
                let mut types = Vec::with_capacity(fields.len());
                for (name, value) in fields {
                    let (op, found) = self.node(value)?;
                    ops.push((name.clone(), op));
                    types.push((name.clone(), found));
                }
                (OpKind::Record(ops), self.record(types))
            }
            Kind::Call(name, arguments) => self.call(name, arguments, &node.span)?,
            Kind::Path(base, steps) => return self.path(base, steps, &node.span),
            Kind::Not(operand) => (OpKind::Not(Box::new(self.bool("!", operand)?)), Type::Bool),
            Kind::Compare(comparison, left, right) => {
                (self.compare(*comparison, left, right, &node.span)?, Type::Bool)
            }
            Kind::And(operands) => (OpKind::And(self.bools("&&", operands)?), Type::Bool),
            Kind::Or(operands) => (OpKind::Or(self.bools("||", operands)?), Type::Bool),
        };
        Ok((Op { kind, span: node.span.clone() }, found))
    }

    fn record(&mut self, fields: Fields) -> Type {
        let known = self.records.get(&fields).cloned();
        Type::Record(Record(known.unwrap_or_else(|| {
            let fields = Rc::new(fields);
            self.records.insert(Rc::clone(&fields));
            fields
        })))
    }

    fn bool(&mut self, operator: &str, node: &Node) -> Result<Op, ExpressionError> {
        match self.node(node)? {
            (op, Type::Bool | Type::Dynamic) => Ok(op),
            (_, other) => Err(mismatch(&format!("{other} as operand of {operator}"), &node.span)),
        }
    }

    fn bools(&mut self, operator: &str, nodes: &[Node]) -> Result<Vec<Op>, ExpressionError> {
        nodes.iter().map(|node| self.bool(operator, node)).collect()
    }

    fn variable(&self, name: &str) -> Option<(OpKind, Type)> {
        let place = self.variables.iter().rposition(|(known, _)| **known == *name)?;
        let (_, found) = self.variables.get(place)?;
        Some((OpKind::Variable(place), found.clone()))
    }

    fn keyword(
        &self,
        name: &str,
        after_dot: Option<&str>,
        span: &Range<usize>,
    ) -> Result<(OpKind, Type), ExpressionError> {
        let here = |dialect: Dialect| dialect == self.dialect;
        let found = KEYWORDS.iter().find(|(first, second, _, dialect, _)| {
            *first == name && *second == after_dot && here(*dialect)
        });
        if let Some((_, _, keyword, _, shape)) = found {
            return Ok((OpKind::Keyword(*keyword), (*shape).into()));
        }
        let namesakes = || KEYWORDS.iter().filter(|(first, ..)| *first == name);
        let is_known_here = namesakes().any(|(_, _, _, dialect, _)| here(*dialect));
        if let (true, Some(field)) = (is_known_here, after_dot) {
            return Err(no_field(field, span, namesakes().filter_map(|(_, second, ..)| *second)));
        }
        let suggestion = match namesakes().next() {
            Some((_, Some(second), _, _, _)) if is_known_here => Some(format!("{name}.{second}")),
            Some((_, _, _, dialect, _)) => Some(format!("it belongs in the {}", dialect.member())),
            None => nearest(
                name,
                KEYWORDS
                    .iter()
                    .filter(|(_, _, _, dialect, _)| here(*dialect))
                    .map(|(first, ..)| *first)
                    .chain(self.variables.iter().map(|(variable, _)| &**variable)),
            ),
        };
        let message =
            format!("Expression cannot be evaluated: keyword does not exist: {}", shorten(name));
        Err(ExpressionError { message, span: Span(span.clone()), suggestion })
    }

    fn list(&mut self, items: &[Node]) -> Result<(OpKind, Type), ExpressionError> {
        let mut element = Type::Nothing;
        let mut ops = Vec::with_capacity(items.len());
        for item in items {
            let (op, found) = self.node(item)?;
            element = element
                .with(&found)
                .ok_or_else(|| mismatch(&format!("{found} in a list of {element}"), &item.span))?;
            ops.push(op);
        }
        let constants: Option<Vec<Value>> = ops
            .iter()
            .map(|op| match &op.kind {
                OpKind::Constant(value) => Some(value.clone()),
                _ => None,
            })
            .collect();
        let kind = match constants {
            Some(values) => OpKind::Constant(Value::list(values)),
            None => OpKind::List(ops),
        };
        Ok((kind, Type::List(Rc::new(element))))
    }

    fn call(
        &mut self,
        name: &str,
        arguments: &[Node],
        span: &Range<usize>,
    ) -> Result<(OpKind, Type), ExpressionError> {
        match (name, self.dialect, arguments) {
            ("CaseInsensitiveString", _, [argument]) => match self.node(argument)? {
                (op, Type::Text | Type::Dynamic) => Ok((
                    match op.kind {
                        OpKind::Constant(Value::Text { text, .. }) => {
                            OpKind::Constant(Value::caseless(text))
                        }
                        _ => OpKind::Caseless(Box::new(op)),
                    },
                    Type::Text,
                )),
                (_, other) => Err(mismatch(&format!("{name}({other})"), &argument.span)),
            },
            ("Timestamp", Dialect::Time, [argument]) => {
                let at = parse_timestamp(literal(name, argument)?).map_err(|what| {
                    unusable(&format!("invalid timestamp: {what}"), &argument.span)
                })?;
                Ok((OpKind::Constant(Value::Instant(at)), Type::Instant))
            }
            ("CronSpan", Dialect::Time, [fires, lasts, zone]) => {
                let window = CronSpan::parse(
                    literal(name, fires)?,
                    literal(name, lasts)?,
                    literal(name, zone)?,
                );
                let window =
                    window.map_err(|what| unusable(&format!("invalid CronSpan: {what}"), span))?;
                Ok((OpKind::Window(Arc::new(window)), Type::Bool))
            }
            ("Timestamp" | "CronSpan", Dialect::Condition | Dialect::Consensus, _) => {
                let suggestion = Some(format!("it belongs in the {}", Dialect::Time.member()));
                Err(ExpressionError { suggestion, ..no_function(name, span, std::iter::empty()) })
            }
            ("CaseInsensitiveString" | "Timestamp", ..) if arguments.len() != 1 => {
                Err(unusable(&format!("function {name} takes one argument"), span))
            }
            ("CronSpan", ..) if arguments.len() != 3 => {
                Err(unusable("function CronSpan takes three arguments", span))
            }
            _ => {
                let known = ["CaseInsensitiveString", "Timestamp", "CronSpan"];
                let here = if self.dialect == Dialect::Time { 3 } else { 1 };
                Err(no_function(name, span, known.into_iter().take(here)))
            }
        }
    }

    fn path(&mut self, base: &Node, steps: &[Step], span: &Range<usize>) -> Checked {
        let mut steps = steps;
        let mut base_span = base.span.clone();
        let (kind, mut found) = match &base.kind {
            Kind::Name(name) if self.variable(name).is_none() => match steps {
                [Step { kind: StepKind::Field(field), span }, rest @ ..]
                    if KEYWORDS
                        .iter()
                        .any(|(first, second, ..)| **first == **name && second.is_some()) =>
                {
                    steps = rest;
                    base_span = base.span.start..span.end;
                    self.keyword(name, Some(field), span)?
                }
                _ => self.keyword(name, None, &base.span)?,
            },
            _ => {
                let (op, found) = self.node(base)?;
                (op.kind, found)
            }
        };
        let op = Op { kind, span: base_span };
        if steps.is_empty() {
            return Ok((op, found));
        }
        let mut reads = Vec::with_capacity(steps.len());
        for step in steps {
            let (kind, next) = self.step(&found, step)?;
            reads.push(Read { kind, span: step.span.clone() });
            found = next;
        }
        Ok((Op { kind: OpKind::Path(Box::new(op), reads), span: span.clone() }, found))
    }

    fn step(&mut self, of: &Type, step: &Step) -> Result<(ReadKind, Type), ExpressionError> {
        match &step.kind {
            StepKind::Field(name) => field(of, name, &step.span),
            StepKind::Index(index) => {
                let (op, by) = self.node(index)?;
                let found = match (of, &by) {
                    (Type::List(element), Type::Int | Type::Dynamic) => (**element).clone(),
                    (Type::Text, Type::Int | Type::Dynamic) => Type::Text,
                    (Type::Map(value), Type::Text | Type::Dynamic) => (**value).clone(),
                    (Type::Dynamic, Type::Int | Type::Text | Type::Dynamic) => Type::Dynamic,
                    _ => return Err(mismatch(&format!("{of}[{by}]"), &step.span)),
                };
                Ok((ReadKind::Index(op), found))
            }
            StepKind::Slice(from, to) => {
                let (from, first) = self.node(from)?;
                let (to, last) = self.node(to)?;
                let are_numbers =
                    [&first, &last].iter().all(|bound| matches!(bound, Type::Int | Type::Dynamic));
                if !are_numbers || !matches!(of, Type::List(_) | Type::Text | Type::Dynamic) {
                    return Err(mismatch(&format!("{of}[{first}..{last}]"), &step.span));
                }
                Ok((ReadKind::Slice(from, to), of.clone()))
            }
            StepKind::Method(name, arguments) => self.method(of, name, arguments, &step.span),
        }
    }

    fn method(
        &mut self,
        of: &Type,
        name: &str,
        arguments: &[Node],
        span: &Range<usize>,
    ) -> Result<(ReadKind, Type), ExpressionError> {
        let quantifier = match name {
            "all" => Some(Quantifier::All),
            "any" => Some(Quantifier::Any),
            "filter" => Some(Quantifier::Filter),
            "contains" | "count" => None,
            _ => {
                let known = ["all", "any", "filter", "contains", "count"];
                return Err(no_function(name, span, known.into_iter()));
            }
        };
        let element = match of {
            Type::List(element) => (**element).clone(),
            Type::Dynamic => Type::Dynamic,
            other => return Err(mismatch(&format!("{other}.{name}()"), span)),
        };
        match (quantifier, arguments) {
            (Some(quantifier), [Node { kind: Kind::Name(variable), .. }, predicate]) => {
                self.variables.push((variable.clone(), element));
                let checked = self.node(predicate);
                self.variables.pop();
                let (op, holds) = checked?;
                if !matches!(holds, Type::Bool | Type::Dynamic) {
                    let what = format!("{holds} as predicate of {name}");
                    return Err(mismatch(&what, &predicate.span));
                }
                let found = if quantifier == Quantifier::Filter { of.clone() } else { Type::Bool };
                Ok((ReadKind::Quantified(quantifier, op), found))
            }
            (None, [item]) if name == "contains" => {
                let (op, found) = self.node(item)?;
                if !found.is_member(&element) {
                    return Err(mismatch(&format!("{of}.contains({found})"), span));
                }
                Ok((ReadKind::Contains(op), Type::Bool))
            }
            (None, []) if name == "count" => Ok((ReadKind::Count, Type::Int)),
            _ => {
                let takes = match name {
                    "contains" => "one argument",
                    "count" => "no arguments",
                    _ => "a variable and a predicate",
                };
                Err(unusable(&format!("function {name} takes {takes}"), span))
            }
        }
    }

    fn compare(
        &mut self,
        comparison: Comparison,
        left: &Node,
        right: &Node,
        span: &Range<usize>,
    ) -> Result<OpKind, ExpressionError> {
        let (left, one) = self.node(left)?;
        let (right, other) = self.node(right)?;
        let fits = match comparison {
            Comparison::Equal | Comparison::NotEqual => one.equals(&other),
            Comparison::In => match &other {
                Type::List(element) => one.is_member(element),
                Type::Dynamic => one.is_member(&Type::Dynamic),
                _ => false,
            },
            _ => one.is_ordered() && other.is_ordered() && one.equals(&other),
        };
        if !fits {
            return Err(mismatch(&format!("{one} {} {other}", comparison.as_str()), span));
        }
        Ok(OpKind::Compare(comparison, Box::new(left), Box::new(right)))
    }
}

fn field(
    of: &Type,
    name: &Arc<str>,
    span: &Range<usize>,
) -> Result<(ReadKind, Type), ExpressionError> {
    match of {
        Type::Struct(structure) => match structure.field(name) {
            Some((name, shape)) => Ok((ReadKind::Field(name), shape.into())),
            None => Err(no_field(name, span, structure.names())),
        },
        Type::Record(Record(fields)) => match fields.iter().find(|(known, _)| known == name) {
            Some((_, found)) => Ok((ReadKind::Named(name.clone()), found.clone())),
            None => Err(no_field(name, span, fields.iter().map(|(known, _)| &**known))),
        },
        // Documented examples leave the parentheses out.
        Type::List(_) if **name == *"count" => Ok((ReadKind::Count, Type::Int)),
        Type::Dynamic => Ok((ReadKind::Named(name.clone()), Type::Dynamic)),
        Type::Map(_) => {
            let mut error = no_field(name, span, std::iter::empty());
            error.suggestion = Some(format!("['{name}']"));
            Err(error)
        }
        _ => Err(no_field(name, span, std::iter::empty())),
    }
}

fn literal<'a>(function: &str, node: &'a Node) -> Result<&'a str, ExpressionError> {
    match &node.kind {
        Kind::Text(text) => Ok(text),
        _ => Err(unusable(&format!("function {function} takes text as it is written"), &node.span)),
    }
}

fn unusable(what: &str, span: &Range<usize>) -> ExpressionError {
    let message = format!("Expression cannot be evaluated: {what}");
    ExpressionError { message, span: Span(span.clone()), suggestion: None }
}

fn mismatch(what: &str, span: &Range<usize>) -> ExpressionError {
    unusable(&format!("type mismatch: {what}"), span)
}

fn no_field<'a>(
    name: &str,
    span: &Range<usize>,
    known: impl Iterator<Item = &'a str>,
) -> ExpressionError {
    let error = unusable(&format!("field does not exist: {}", shorten(name)), span);
    ExpressionError { suggestion: nearest(name, known), ..error }
}

fn no_function<'a>(
    name: &str,
    span: &Range<usize>,
    known: impl Iterator<Item = &'a str>,
) -> ExpressionError {
    let error = unusable(&format!("function does not exist: {}", shorten(name)), span);
    ExpressionError { suggestion: nearest(name, known), ..error }
}

/// The name that was probably meant.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    const LEAST: f64 = 0.7;
    /// Longest name that is compared, in bytes.
    const LONGEST: usize = 64;
    if name.len() > LONGEST {
        return None;
    }
    let plain = |text: &str| text.replace('_', "").to_ascii_lowercase();
    let wanted = plain(name);
    known
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| (strsim::jaro_winkler(&wanted, &plain(candidate)), candidate))
        .filter(|(likeness, _)| *likeness >= LEAST)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, candidate)| candidate.to_owned())
}
