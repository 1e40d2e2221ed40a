//! A second evaluator: it walks the tree as it was read, copies everything, and knows nothing of types.

use keyward_policy::syntax::{Comparison, Kind, Node, Step, StepKind};
use keyward_policy::{Bindings, EvaluationError, EvaluationErrorKind, Keyword, Span, Value};

use EvaluationErrorKind::{IndexOutOfBounds, MissingField, MissingKeyword, TypeMismatch};

const KEYWORDS: [(&str, &str, Keyword); 9] = [
    ("activity", "", Keyword::Activity),
    ("wallet", "", Keyword::Wallet),
    ("wallets", "", Keyword::Wallets),
    ("wallet_account", "", Keyword::WalletAccount),
    ("eth", "tx", Keyword::EthTx),
    ("eth", "eip_712", Keyword::EthEip712),
    ("solana", "tx", Keyword::SolanaTx),
    ("approvers", "", Keyword::Approvers),
    ("credentials", "", Keyword::Credentials),
];

#[derive(Clone)]
enum Plain {
    Bool(bool),
    /// Sign and decimal digits.
    Number(bool, String),
    Text(Vec<char>, bool),
    List(Vec<Result<Plain, EvaluationErrorKind>>),
    /// What is read with a subscript.
    Map(Vec<(String, Result<Plain, EvaluationErrorKind>)>),
    /// What is read with a dot.
    Struct(Vec<(String, Result<Plain, EvaluationErrorKind>)>),
}

type Answer = Result<Plain, EvaluationError>;

pub(crate) fn evaluate(node: &Node, bindings: &Bindings) -> Result<bool, EvaluationError> {
    truth(node, &answer(node, bindings, &[])?)
}

fn wrong<T>(kind: EvaluationErrorKind, at: &std::ops::Range<usize>) -> Result<T, EvaluationError> {
    Err(EvaluationError { kind, span: Span(at.clone()) })
}

fn truth(node: &Node, plain: &Plain) -> Result<bool, EvaluationError> {
    if let Plain::Bool(is) = plain { Ok(*is) } else { wrong(TypeMismatch, &node.span) }
}

fn copy(value: &Value) -> Result<Plain, EvaluationErrorKind> {
    Ok(match value {
        Value::Bool(is) => Plain::Bool(*is),
        Value::Int(int) => number(&int.to_string()),
        Value::Text { text, ignores_case } => Plain::Text(text.chars().collect(), *ignores_case),
        Value::List(values) => Plain::List(values.iter().map(copy).collect()),
        Value::Map(values) => {
            Plain::Map(values.iter().map(|(name, value)| (name.clone(), copy(value))).collect())
        }
        Value::Struct(fields) => Plain::Struct(
            fields.iter().map(|(name, value)| ((*name).to_owned(), copy(value))).collect(),
        ),
        Value::Unreadable(kind) => return Err(*kind),
        Value::Instant(_) => panic!("no instants here"),
    })
}

fn number(text: &str) -> Plain {
    match text.strip_prefix('-') {
        Some(digits) => Plain::Number(true, digits.to_owned()),
        None => Plain::Number(false, text.to_owned()),
    }
}

fn answer(node: &Node, bindings: &Bindings, variables: &[(String, Plain)]) -> Answer {
    let inner = |node: &Node| answer(node, bindings, variables);
    match &node.kind {
        Kind::Bool(is) => Ok(Plain::Bool(*is)),
        Kind::Int(int) => Ok(number(&int.to_string())),
        Kind::Text(text) => Ok(Plain::Text(text.chars().collect(), false)),
        Kind::Name(name) => match variables.iter().rev().find(|(known, _)| **known == **name) {
            Some((_, plain)) => Ok(plain.clone()),
            None => keyword(name, "", bindings, &node.span),
        },
        Kind::List(items) => {
            let mut plains = Vec::new();
            for item in items {
                plains.push(Ok(inner(item)?));
            }
            Ok(Plain::List(plains))
        }
        Kind::Record(fields) => {
            let mut plains = Vec::new();
            for (name, value) in fields {
                plains.push((name.to_string(), Ok(inner(value)?)));
            }
            Ok(Plain::Struct(plains))
        }
        Kind::Call(name, arguments) => {
            assert_eq!(&**name, "CaseInsensitiveString");
            match inner(&arguments[0])? {
                Plain::Text(text, _) => Ok(Plain::Text(text, true)),
                _ => wrong(TypeMismatch, &arguments[0].span),
            }
        }
        Kind::Not(operand) => Ok(Plain::Bool(!truth(operand, &inner(operand)?)?)),
        Kind::And(operands) => {
            let mut truths = Vec::new();
            for operand in operands {
                truths.push(truth(operand, &inner(operand)?)?);
            }
            Ok(Plain::Bool(!truths.contains(&false)))
        }
        Kind::Or(operands) => {
            let mut truths = Vec::new();
            for operand in operands {
                truths.push(truth(operand, &inner(operand)?)?);
            }
            Ok(Plain::Bool(truths.contains(&true)))
        }
        Kind::Compare(comparison, left, right) => {
            let (left, right) = (inner(left)?, inner(right)?);
            compare(*comparison, &left, &right)
                .map_or_else(|kind| wrong(kind, &node.span), |holds| Ok(Plain::Bool(holds)))
        }
        Kind::Path(base, steps) => {
            let mut steps = steps.as_slice();
            let mut plain = match (&base.kind, steps) {
                (Kind::Name(name), [Step { kind: StepKind::Field(field), span }, rest @ ..])
                    if matches!(&**name, "eth" | "solana")
                        && variables.iter().all(|(known, _)| **known != **name) =>
                {
                    steps = rest;
                    keyword(name, field, bindings, &(base.span.start..span.end))?
                }
                _ => inner(base)?,
            };
            for step in steps {
                plain = take(plain, step, bindings, variables)?;
            }
            Ok(plain)
        }
    }
}

fn keyword(
    first: &str,
    second: &str,
    bindings: &Bindings,
    span: &std::ops::Range<usize>,
) -> Answer {
    let found = KEYWORDS.iter().find(|(one, other, _)| *one == first && *other == second);
    match found.and_then(|(_, _, keyword)| bindings.get(*keyword)) {
        Some(value) => copy(value).or_else(|kind| wrong(kind, span)),
        None => wrong(MissingKeyword, span),
    }
}

fn take(of: Plain, step: &Step, bindings: &Bindings, variables: &[(String, Plain)]) -> Answer {
    let inner = |node: &Node| answer(node, bindings, variables);
    let lift =
        |found: Result<Plain, EvaluationErrorKind>| found.or_else(|kind| wrong(kind, &step.span));
    match &step.kind {
        StepKind::Field(name) => match of {
            Plain::List(items) if &**name == "count" => Ok(number(&items.len().to_string())),
            Plain::Struct(fields) => {
                let name = match &**name {
                    "static_account_keys" => "account_keys",
                    name => name,
                };
                let found = fields.into_iter().find(|(known, _)| known == name);
                lift(found.map_or(Err(MissingField), |(_, plain)| plain))
            }
            _ => wrong(TypeMismatch, &step.span),
        },
        StepKind::Index(by) => match (of, inner(by)?) {
            (Plain::List(items), Plain::Number(negative, digits)) => {
                let place = place(negative, &digits, items.len());
                lift(
                    place
                        .and_then(|place| items.get(place).cloned())
                        .unwrap_or(Err(IndexOutOfBounds)),
                )
            }
            (Plain::Text(text, flag), Plain::Number(negative, digits)) => {
                let found = place(negative, &digits, text.len()).and_then(|place| text.get(place));
                lift(found.map_or(Err(IndexOutOfBounds), |one| Ok(Plain::Text(vec![*one], flag))))
            }
            (Plain::Map(values), Plain::Text(key, _)) => {
                let key: String = key.into_iter().collect();
                let found = values.into_iter().find(|(known, _)| *known == key);
                lift(found.map_or(Err(MissingField), |(_, plain)| plain))
            }
            _ => wrong(TypeMismatch, &step.span),
        },
        StepKind::Slice(from, to) => {
            let bounds = |length: usize, from: &(bool, String), to: &(bool, String)| {
                let from = place(from.0, &from.1, length);
                let to = place(to.0, &to.1, length);
                match (from, to) {
                    (Some(from), Some(to)) if from <= to => Ok(from..to),
                    _ => wrong(IndexOutOfBounds, &step.span),
                }
            };
            match (of, inner(from)?, inner(to)?) {
                (Plain::List(items), Plain::Number(a, b), Plain::Number(c, d)) => {
                    let range = bounds(items.len(), &(a, b), &(c, d))?;
                    Ok(Plain::List(items[range].to_vec()))
                }
                (Plain::Text(text, flag), Plain::Number(a, b), Plain::Number(c, d)) => {
                    let range = bounds(text.len(), &(a, b), &(c, d))?;
                    Ok(Plain::Text(text[range].to_vec(), flag))
                }
                _ => wrong(TypeMismatch, &step.span),
            }
        }
        StepKind::Method(name, arguments) => {
            let Plain::List(items) = of else { return wrong(TypeMismatch, &step.span) };
            match (&**name, arguments.as_slice()) {
                ("count", []) => Ok(number(&items.len().to_string())),
                ("contains", [item]) => {
                    match compare(Comparison::In, &inner(item)?, &Plain::List(items)) {
                        Ok(holds) => Ok(Plain::Bool(holds)),
                        Err(kind) => wrong(kind, &step.span),
                    }
                }
                (name, [Node { kind: Kind::Name(variable), .. }, predicate]) => {
                    let mut kept = Vec::new();
                    let length = items.len();
                    for item in items {
                        let item = lift(item)?;
                        let mut variables = variables.to_vec();
                        variables.push((variable.to_string(), item.clone()));
                        if truth(predicate, &answer(predicate, bindings, &variables)?)? {
                            kept.push(Ok(item));
                        }
                    }
                    Ok(match name {
                        "all" => Plain::Bool(kept.len() == length),
                        "any" => Plain::Bool(!kept.is_empty()),
                        "filter" => Plain::List(kept),
                        _ => panic!("no method {name}"),
                    })
                }
                _ => panic!("no method {name}"),
            }
        }
    }
}

/// A number as a place in something so long, or at its end.
fn place(negative: bool, digits: &str, length: usize) -> Option<usize> {
    (0..=length).find(|place| !negative && place.to_string() == digits)
}

fn compare(
    comparison: Comparison,
    left: &Plain,
    right: &Plain,
) -> Result<bool, EvaluationErrorKind> {
    let less = |left: &Plain, right: &Plain| match (left, right) {
        (Plain::Number(a, one), Plain::Number(b, other)) => Ok(match (a, b) {
            (true, false) => true,
            (false, true) => false,
            (false, false) => (one.len(), one) < (other.len(), other),
            (true, true) => (one.len(), one) > (other.len(), other),
        }),
        _ => Err(TypeMismatch),
    };
    match comparison {
        Comparison::Equal => equal(left, right),
        Comparison::NotEqual => equal(left, right).map(|is| !is),
        Comparison::Less => less(left, right),
        Comparison::Greater => less(right, left),
        Comparison::AtMost => less(right, left).map(|is| !is),
        Comparison::AtLeast => less(left, right).map(|is| !is),
        Comparison::In => match right {
            Plain::List(items)
                if matches!(left, Plain::Bool(_) | Plain::Number(..) | Plain::Text(..)) =>
            {
                let mut found = false;
                for item in items {
                    if equal(left, item.as_ref().map_err(|kind| *kind)?)? {
                        found = true;
                    }
                }
                Ok(found)
            }
            _ => Err(TypeMismatch),
        },
    }
}

fn equal(left: &Plain, right: &Plain) -> Result<bool, EvaluationErrorKind> {
    match (left, right) {
        (Plain::Bool(one), Plain::Bool(other)) => Ok(one == other),
        (Plain::Number(a, one), Plain::Number(b, other)) => Ok(a == b && one == other),
        (Plain::Text(one, a), Plain::Text(other, b)) => {
            let fold = |text: &[char]| -> String {
                text.iter()
                    .map(|c| match c {
                        'A'..='Z' if *a || *b => c.to_ascii_lowercase(),
                        c => *c,
                    })
                    .collect()
            };
            Ok(fold(one) == fold(other))
        }
        _ => Err(TypeMismatch),
    }
}
