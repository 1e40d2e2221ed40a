//! From text to a tree. Source: policy language §3.
//!
//! What nests calls itself, and counts: no text takes more of the stack than [`DEEPEST`] levels do. What
//! merely follows, such as `a && b && …` or `a.b.c…`, is a loop.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use crate::error::{ExpressionError, Span};
use crate::lexer::{Token, TokenKind, shorten, token};
use crate::syntax::{Comparison, Kind, Node, Step, StepKind};
use crate::value::Int;

/// Longest source, in bytes.
pub(crate) const LONGEST: usize = 64 * 1024;
/// Deepest nesting: parentheses, lists, calls, subscripts and prefix operators count one each.
pub(crate) const DEEPEST: usize = 64;
/// Most nodes.
pub(crate) const MOST_NODES: usize = 20_000;

/// Reads an expression.
///
/// # Errors
///
/// What can't be read, is too long, too deep or has too many parts.
pub(crate) fn parse(source: &str) -> Result<Node, ExpressionError> {
    if source.len() > LONGEST {
        let message = "Expression cannot be evaluated: expression too long".to_owned();
        return Err(ExpressionError { message, span: Span(0..LONGEST), suggestion: None });
    }
    let mut parser =
        Parser { source, next: Token { kind: TokenKind::End, span: 0..0 }, depth: 0, nodes: 0 };
    parser.advance()?;
    if parser.next.kind == TokenKind::End {
        return Err(ExpressionError {
            message: "Expression cannot be parsed: empty expression".to_owned(),
            span: Span(0..source.len()),
            suggestion: None,
        });
    }
    let node = parser.expression()?;
    if parser.next.kind == TokenKind::End {
        Ok(node)
    } else {
        Err(parser.unexpected(CONTINUATIONS))
    }
}

const OPERANDS: &str = "a name, a number, text, `true`, `false`, `!`, `(`, `[` or `{`";
const CONTINUATIONS: &str =
    "`&&`, `||`, `==`, `!=`, `<`, `>`, `<=`, `>=`, `in`, `.`, `[` or the end";

struct Parser<'a> {
    source: &'a str,
    next: Token<'a>,
    depth: usize,
    nodes: usize,
}

impl<'a> Parser<'a> {
    fn advance(&mut self) -> Result<Token<'a>, ExpressionError> {
        let following = token(self.source, self.next.span.end)
            .map_err(|(what, span)| self.error(&what, span))?;
        Ok(std::mem::replace(&mut self.next, following))
    }

    fn error(&self, what: &str, span: Range<usize>) -> ExpressionError {
        let (line, column) = place(self.source, span.start);
        let message = format!("Expression cannot be parsed: {what}, at {line}:{column}");
        ExpressionError { message, span: Span(span), suggestion: None }
    }

    fn unexpected(&self, expected: &str) -> ExpressionError {
        let found = match self.next.kind {
            TokenKind::End => "unexpected end".to_owned(),
            TokenKind::Text(_) => "unexpected text".to_owned(),
            TokenKind::Name(text) | TokenKind::Int(text) => {
                format!("unexpected '{}'", shorten(text))
            }
            TokenKind::Sign(sign) => format!("unexpected '{sign}'"),
        };
        self.error(&format!("{found}, expected {expected}"), self.next.span.clone())
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.next.kind, TokenKind::Sign(found) if found == sign)
    }

    fn takes(&mut self, sign: &str) -> Result<bool, ExpressionError> {
        let found = self.is_sign(sign);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    /// Takes a sign that must be there. Returns where it ends.
    fn sign(&mut self, sign: &str, expected: &str) -> Result<usize, ExpressionError> {
        if !self.is_sign(sign) {
            return Err(self.unexpected(expected));
        }
        Ok(self.advance()?.span.end)
    }

    fn name(&mut self, expected: &str) -> Result<(&'a str, Range<usize>), ExpressionError> {
        match self.next.kind {
            TokenKind::Name(name) if !matches!(name, "true" | "false" | "in") => {
                let token = self.advance()?;
                Ok((name, token.span))
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    fn node(&mut self, kind: Kind, span: Range<usize>) -> Result<Node, ExpressionError> {
        self.count(&span)?;
        Ok(Node { kind, span })
    }

    fn count(&mut self, span: &Range<usize>) -> Result<(), ExpressionError> {
        self.nodes += 1;
        if self.nodes <= MOST_NODES {
            return Ok(());
        }
        let message = "Expression cannot be evaluated: expression too long".to_owned();
        Err(ExpressionError { message, span: Span(span.clone()), suggestion: None })
    }

    /// Does `inner` one level deeper.
    fn nested<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, ExpressionError>,
    ) -> Result<T, ExpressionError> {
        if self.depth >= DEEPEST {
            let message = "Expression cannot be evaluated: nested too deeply".to_owned();
            let span = Span(self.next.span.clone());
            return Err(ExpressionError { message, span, suggestion: None });
        }
        self.depth += 1;
        let done = inner(self);
        self.depth -= 1;
        done
    }

    fn expression(&mut self) -> Result<Node, ExpressionError> {
        self.chain("||", Kind::Or, Self::conjunction)
    }

    fn conjunction(&mut self) -> Result<Node, ExpressionError> {
        self.chain("&&", Kind::And, Self::relation)
    }

    fn chain(
        &mut self,
        sign: &str,
        kind: fn(Vec<Node>) -> Kind,
        operand: fn(&mut Self) -> Result<Node, ExpressionError>,
    ) -> Result<Node, ExpressionError> {
        let first = operand(self)?;
        if !self.is_sign(sign) {
            return Ok(first);
        }
        let mut operands = vec![first];
        while self.takes(sign)? {
            operands.push(operand(self)?);
        }
        let span = around(operands.first(), operands.last());
        self.node(kind(operands), span)
    }

    fn relation(&mut self) -> Result<Node, ExpressionError> {
        let left = self.prefix()?;
        let Some(comparison) = self.comparison() else { return Ok(left) };
        self.advance()?;
        let right = self.prefix()?;
        if self.comparison().is_some() {
            return Err(self.unexpected("`&&`, `||` or the end: comparisons don't chain"));
        }
        let span = left.span.start..right.span.end;
        self.node(Kind::Compare(comparison, Box::new(left), Box::new(right)), span)
    }

    fn comparison(&self) -> Option<Comparison> {
        Some(match self.next.kind {
            TokenKind::Sign("==") => Comparison::Equal,
            TokenKind::Sign("!=") => Comparison::NotEqual,
            TokenKind::Sign("<") => Comparison::Less,
            TokenKind::Sign(">") => Comparison::Greater,
            TokenKind::Sign("<=") => Comparison::AtMost,
            TokenKind::Sign(">=") => Comparison::AtLeast,
            TokenKind::Name("in") => Comparison::In,
            _ => return None,
        })
    }

    fn prefix(&mut self) -> Result<Node, ExpressionError> {
        if !self.is_sign("!") {
            return self.postfix();
        }
        let start = self.advance()?.span.start;
        let operand = self.nested(Self::prefix)?;
        let span = start..operand.span.end;
        self.node(Kind::Not(Box::new(operand)), span)
    }

    fn postfix(&mut self) -> Result<Node, ExpressionError> {
        let base = self.primary()?;
        let mut steps = Vec::new();
        loop {
            let start = self.next.span.start;
            if self.takes(".")? {
                let (name, span) = self.name("the name of a field or function")?;
                if self.is_sign("(") {
                    let (arguments, end) = self.arguments()?;
                    let kind = StepKind::Method(name.into(), arguments);
                    steps.push(Step { kind, span: start..end });
                } else {
                    steps.push(Step { kind: StepKind::Field(name.into()), span });
                }
            } else if self.is_sign("[") {
                let (kind, end) = self.nested(Self::subscript)?;
                steps.push(Step { kind, span: start..end });
            } else {
                break;
            }
            let span = start..self.next.span.start;
            self.count(&span)?;
        }
        if steps.is_empty() {
            return Ok(base);
        }
        let span = base.span.start..steps.last().map_or(base.span.end, |step| step.span.end);
        self.node(Kind::Path(Box::new(base), steps), span)
    }

    fn subscript(&mut self) -> Result<(StepKind, usize), ExpressionError> {
        self.advance()?;
        let first = self.expression()?;
        if self.takes("..")? {
            let last = self.expression()?;
            let end = self.sign("]", "`]`")?;
            return Ok((StepKind::Slice(first, last), end));
        }
        let end = self.sign("]", "`]` or `..`")?;
        Ok((StepKind::Index(first), end))
    }

    /// What stands in parentheses, one after the other, and where the last parenthesis ends.
    fn arguments(&mut self) -> Result<(Vec<Node>, usize), ExpressionError> {
        self.nested(|parser| {
            parser.advance()?;
            parser.items(")", "`,` or `)`")
        })
    }

    fn items(
        &mut self,
        close: &str,
        expected: &str,
    ) -> Result<(Vec<Node>, usize), ExpressionError> {
        let mut items = Vec::new();
        if !self.is_sign(close) {
            items.push(self.expression()?);
            while self.takes(",")? {
                items.push(self.expression()?);
            }
        }
        let end = self.sign(close, expected)?;
        Ok((items, end))
    }

    fn primary(&mut self) -> Result<Node, ExpressionError> {
        let start = self.next.span.start;
        match self.next.kind {
            TokenKind::Int(text) => {
                let span = self.advance()?.span;
                let Some(value) = Int::parse(text) else {
                    let message = "Expression cannot be evaluated: integer out of range".to_owned();
                    return Err(ExpressionError { message, span: Span(span), suggestion: None });
                };
                self.node(Kind::Int(value), span)
            }
            TokenKind::Text(text) => {
                let span = self.advance()?.span;
                self.node(Kind::Text(text.into()), span)
            }
            TokenKind::Name(word @ ("true" | "false")) => {
                let span = self.advance()?.span;
                self.node(Kind::Bool(word == "true"), span)
            }
            TokenKind::Name(name) if name != "in" => {
                let span = self.advance()?.span;
                if self.is_sign("(") {
                    let (arguments, end) = self.arguments()?;
                    return self.node(Kind::Call(name.into(), arguments), start..end);
                }
                self.node(Kind::Name(name.into()), span)
            }
            TokenKind::Sign("(") => self.nested(|parser| {
                parser.advance()?;
                let mut inner = parser.expression()?;
                let end = parser.sign(")", "an operator or `)`")?;
                inner.span = start..end;
                Ok(inner)
            }),
            TokenKind::Sign("[") => {
                let (items, end) = self.nested(|parser| {
                    parser.advance()?;
                    parser.items("]", "`,` or `]`")
                })?;
                self.node(Kind::List(items), start..end)
            }
            TokenKind::Sign("{") => {
                let (fields, end) = self.nested(Self::record)?;
                self.node(Kind::Record(fields), start..end)
            }
            _ => Err(self.unexpected(OPERANDS)),
        }
    }

    #[expect(clippy::type_complexity, reason = "fields, and where the last brace ends")]
    fn record(&mut self) -> Result<(Vec<(Arc<str>, Node)>, usize), ExpressionError> {
        self.advance()?;
        let mut fields: Vec<(Arc<str>, Node)> = Vec::new();
        let mut known = HashSet::new();
        loop {
            let (name, span) = self.name("the name of a field")?;
            if !known.insert(name) {
                return Err(self.error(&format!("field '{}' stands twice", shorten(name)), span));
            }
            self.sign(":", "`:`")?;
            fields.push((name.into(), self.expression()?));
            if !self.takes(",")? {
                break;
            }
        }
        let end = self.sign("}", "`,` or `}`")?;
        Ok((fields, end))
    }
}

fn around(first: Option<&Node>, last: Option<&Node>) -> Range<usize> {
    first.map_or(0, |node| node.span.start)..last.map_or(0, |node| node.span.end)
}

/// Line and column of a place in a text, both from 1, columns in characters.
pub fn place(source: &str, at: usize) -> (usize, usize) {
    let before = source.get(..at).unwrap_or(source);
    let line = before.matches('\n').count() + 1;
    let last = before.rsplit('\n').next().unwrap_or_default();
    (line, last.chars().count() + 1)
}
