//! From a tree back to text: what is read of that is the same tree.

use std::fmt::{Display, Formatter, Result};

use crate::syntax::{Kind, Node, Step, StepKind};

impl Display for Node {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.kind {
            Kind::Bool(value) => value.fmt(f),
            Kind::Int(value) => value.fmt(f),
            Kind::Text(text) => write!(f, "'{text}'"),
            Kind::Name(name) => f.write_str(name),
            Kind::List(items) => {
                f.write_str("[")?;
                write_all(f, items, ", ", Binding::Loosest)?;
                f.write_str("]")
            }
            Kind::Record(fields) => {
                f.write_str("{ ")?;
                for (place, (name, value)) in fields.iter().enumerate() {
                    let comma = if place == 0 { "" } else { ", " };
                    write!(f, "{comma}{name}: {value}")?;
                }
                f.write_str(" }")
            }
            Kind::Call(name, arguments) => write_call(f, name, arguments),
            Kind::Path(base, steps) => {
                write_in(f, base, Binding::Primary)?;
                steps.iter().try_for_each(|step| step.fmt(f))
            }
            Kind::Not(operand) => {
                f.write_str("!")?;
                write_in(f, operand, Binding::Prefix)
            }
            Kind::Compare(comparison, left, right) => {
                write_in(f, left, Binding::Prefix)?;
                write!(f, " {} ", comparison.as_str())?;
                write_in(f, right, Binding::Prefix)
            }
            Kind::And(operands) => write_all(f, operands, " && ", Binding::Comparison),
            Kind::Or(operands) => write_all(f, operands, " || ", Binding::And),
        }
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.kind {
            StepKind::Field(name) => write!(f, ".{name}"),
            StepKind::Method(name, arguments) => {
                f.write_str(".")?;
                write_call(f, name, arguments)
            }
            StepKind::Index(index) => write!(f, "[{index}]"),
            StepKind::Slice(from, to) => write!(f, "[{from}..{to}]"),
        }
    }
}

/// How tightly a node binds, from the loosest.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Binding {
    Loosest,
    And,
    Comparison,
    Prefix,
    Postfix,
    Primary,
}

fn binding(node: &Node) -> Binding {
    match node.kind {
        Kind::Or(_) => Binding::Loosest,
        Kind::And(_) => Binding::And,
        Kind::Compare(..) => Binding::Comparison,
        Kind::Not(_) => Binding::Prefix,
        Kind::Path(..) => Binding::Postfix,
        _ => Binding::Primary,
    }
}

/// Writes a node where one that binds at least so tightly may stand.
fn write_in(f: &mut Formatter<'_>, node: &Node, least: Binding) -> Result {
    if binding(node) >= least { node.fmt(f) } else { write!(f, "({node})") }
}

fn write_all(f: &mut Formatter<'_>, nodes: &[Node], between: &str, least: Binding) -> Result {
    for (place, node) in nodes.iter().enumerate() {
        if place > 0 {
            f.write_str(between)?;
        }
        write_in(f, node, least)?;
    }
    Ok(())
}

fn write_call(f: &mut Formatter<'_>, name: &str, arguments: &[Node]) -> Result {
    write!(f, "{name}(")?;
    write_all(f, arguments, ", ", Binding::Loosest)?;
    f.write_str(")")
}
