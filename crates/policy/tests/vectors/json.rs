//! JSON whose numbers keep their digits.

use serde_json::Value as Json;

/// What a number becomes that 64 bits can't hold: text that begins so.
pub(crate) const NUMBER: char = '\u{1}';

/// Reads JSON. Numbers with a fraction or an exponent, and those beyond 64 bits, become text that begins with
/// [`NUMBER`].
pub(crate) fn parse(text: &str) -> Json {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            '-' | '0'..='9' => {
                let is_number =
                    |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
                rest.find(|c| !is_number(c)).unwrap_or(rest.len())
            }
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        let is_number = first == '-' || first.is_ascii_digit();
        if is_number && token.parse::<i64>().is_err() && token.parse::<u64>().is_err() {
            out.extend(["\"\\u0001", token, "\""]);
        } else {
            out.push_str(token);
        }
        rest = after;
    }
    serde_json::from_str(&out).unwrap()
}

/// Of the string that a text begins with, quotes included.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    panic!("a string without an end");
}

#[test]
fn large_numbers_keep_their_digits() {
    let json =
        parse(r#"{"a": 1, "b": [340282366920938463463374607431768211456, -1.5e3], "c\"1": "2.0"}"#);
    assert_eq!(json["a"], 1);
    assert_eq!(json["b"][0], "\u{1}340282366920938463463374607431768211456");
    assert_eq!(json["b"][1], "\u{1}-1.5e3");
    assert_eq!(json["c\"1"], "2.0");
}
