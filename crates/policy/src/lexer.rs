//! From text to tokens. Source: policy language §3.

use std::ops::Range;

/// A token and where it stands, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind<'a>,
    pub(crate) span: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum TokenKind<'a> {
    /// `true`, `false` and `in` included.
    Name(&'a str),
    /// An optional `-` and digits.
    Int(&'a str),
    /// What stands between the quotes.
    Text(&'a str),
    /// An operator or a bracket.
    Sign(&'static str),
    /// The end of the text.
    End,
}

/// The longest first where one begins another.
const SIGNS: [&str; 20] = [
    "==", "!=", "<=", ">=", "&&", "||", "..", "<", ">", "!", ".", ",", ":", "(", ")", "[", "]",
    "{", "}", "-",
];

/// What stands at `at` or behind the white space there; `Err` names what does not belong.
pub(crate) fn token(source: &str, at: usize) -> Result<Token<'_>, (String, Range<usize>)> {
    let rest = source.get(at..).unwrap_or_default();
    let white = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    let start = at + white;
    let rest = source.get(start..).unwrap_or_default();
    let Some(first) = rest.chars().next() else {
        return Ok(Token { kind: TokenKind::End, span: start..start });
    };
    if first == '\'' {
        let inner = rest.get(1..).unwrap_or_default();
        let Some(end) = inner.find('\'') else {
            return Err(("text without its closing quote".to_owned(), start..source.len()));
        };
        let text = inner.get(..end).unwrap_or_default();
        let length = end + 2;
        return Ok(Token { kind: TokenKind::Text(text), span: start..start + length });
    }
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let digits = rest.strip_prefix('-').unwrap_or(rest);
    if digits.starts_with(|character: char| character.is_ascii_digit()) {
        let sign = rest.len() - digits.len();
        let length = sign + digits.len() - digits.trim_start_matches(is_word).len();
        let text = rest.get(..length).unwrap_or_default();
        if !text.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit()) {
            return Err((format!("'{}' is not a number", shorten(text)), start..start + length));
        }
        return Ok(Token { kind: TokenKind::Int(text), span: start..start + length });
    }
    if is_word(first) {
        let length = rest.len() - rest.trim_start_matches(is_word).len();
        let text = rest.get(..length).unwrap_or_default();
        return Ok(Token { kind: TokenKind::Name(text), span: start..start + length });
    }
    if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        return Ok(Token { kind: TokenKind::Sign(sign), span: start..start + sign.len() });
    }
    let what = match first {
        '"' => "double quotes; text stands in single quotes".to_owned(),
        other => format!("unexpected character {other:?}"),
    };
    Err((what, start..start + first.len_utf8()))
}

/// The beginning of what someone wrote, for a message.
pub(crate) fn shorten(text: &str) -> String {
    const LONGEST: usize = 40;
    let short: String = text.chars().take(LONGEST).collect();
    if short.len() == text.len() { short } else { format!("{short}…") }
}
