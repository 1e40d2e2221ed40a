//! Licence expressions: may a crate under this licence be used?
//!
//! Source: SPDX specification 2.3, annex D; and `/` for `OR`, which cargo took before it used SPDX.

/// Whether an expression can be satisfied by permitted licences alone; `None` when it isn't an
/// expression. `permitted` sees an identifier, or `identifier WITH exception`.
pub(crate) fn satisfies(expression: &str, permitted: &impl Fn(&str) -> bool) -> Option<bool> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words: Vec<&str> = spaced.split_whitespace().rev().collect();
    let answer = alternatives(&mut words, permitted)?;
    words.is_empty().then_some(answer)
}

/// `a OR b OR …`. `words` are in reverse order, so that the next one is at the end.
fn alternatives(words: &mut Vec<&str>, permitted: &impl Fn(&str) -> bool) -> Option<bool> {
    let mut answer = conjunction(words, permitted)?;
    while words.last() == Some(&"OR") {
        words.pop();
        answer |= conjunction(words, permitted)?;
    }
    Some(answer)
}

/// `a AND b AND …`, which binds tighter than `OR`.
fn conjunction(words: &mut Vec<&str>, permitted: &impl Fn(&str) -> bool) -> Option<bool> {
    let mut answer = term(words, permitted)?;
    while words.last() == Some(&"AND") {
        words.pop();
        answer &= term(words, permitted)?;
    }
    Some(answer)
}

/// An identifier, perhaps `WITH` an exception, or an expression in parentheses.
fn term(words: &mut Vec<&str>, permitted: &impl Fn(&str) -> bool) -> Option<bool> {
    match words.pop()? {
        "(" => {
            let answer = alternatives(words, permitted)?;
            (words.pop()? == ")").then_some(answer)
        }
        ")" | "OR" | "AND" | "WITH" => None,
        identifier if words.last() == Some(&"WITH") => {
            words.pop();
            Some(permitted(&format!("{identifier} WITH {}", words.pop()?)))
        }
        identifier => Some(permitted(identifier)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(expression: &str) -> Option<bool> {
        let list = ["Apache-2.0", "MIT", "Apache-2.0 WITH LLVM-exception"];
        satisfies(expression, &|licence| list.contains(&licence))
    }

    #[test]
    fn one_alternative_is_enough_and_every_part_counts() {
        assert_eq!(allowed("MIT"), Some(true));
        assert_eq!(allowed("GPL-3.0-only"), Some(false));
        assert_eq!(allowed("GPL-3.0-only OR MIT"), Some(true));
        assert_eq!(allowed("GPL-3.0-only AND MIT"), Some(false));
        assert_eq!(allowed("MIT/Apache-2.0"), Some(true));
    }

    #[test]
    fn and_binds_tighter_than_or() {
        assert_eq!(allowed("MIT OR GPL-3.0-only AND ISC"), Some(true));
        assert_eq!(allowed("(MIT OR GPL-3.0-only) AND ISC"), Some(false));
        assert_eq!(allowed("(MIT OR ISC) AND (Apache-2.0 OR ISC)"), Some(true));
    }

    #[test]
    fn an_exception_is_part_of_the_licence() {
        assert_eq!(allowed("Apache-2.0 WITH LLVM-exception"), Some(true));
        assert_eq!(allowed("MIT WITH LLVM-exception"), Some(false));
    }

    #[test]
    fn what_is_no_expression_is_neither_allowed_nor_refused() {
        for expression in ["", "MIT OR", "AND MIT", "MIT ISC", "(MIT", "MIT)", "MIT WITH"] {
            assert_eq!(allowed(expression), None, "{expression}");
        }
    }
}
