use std::path::PathBuf;

use keyward_policy::{Bindings, Dialect, EvaluationErrorKind, Expression, Trace};
use proptest::prelude::*;

use crate::naive;
use crate::random::{Chance, Writer, bindings};

/// How many expressions are tried: a million, or as many as `KEYWARD_POLICY_EXPRESSIONS` says.
#[expect(clippy::disallowed_methods, reason = "a test's own configuration")]
fn expressions() -> usize {
    std::env::var("KEYWARD_POLICY_EXPRESSIONS").map_or(1_000_000, |text| text.parse().unwrap())
}

fn explained(trace: &Trace) -> Result<bool, keyward_policy::EvaluationError> {
    trace.value.clone().map(|value| value == "true")
}

#[test]
fn two_evaluators_agree() {
    let mut chance = Chance(5);
    let mut request = bindings(&mut chance);
    let (mut accepted, mut held, mut failed) = (0, 0, 0);
    for round in 0..expressions() {
        if round % 8 == 0 {
            request = bindings(&mut chance);
        }
        let dialect = if chance.below(3) == 0 { Dialect::Consensus } else { Dialect::Condition };
        let wrong = if round % 4 == 0 { 100 } else { 0 };
        let depth = 1 + chance.below(3);
        let mut writer = Writer::new(&mut chance, dialect, wrong);
        let written = writer.bool(depth);
        let is_wrong = writer.is_wrong;
        let Ok(expression) = Expression::parse(&written.least, dialect) else {
            continue;
        };
        assert!(!is_wrong, "a number where true or false stands: {}", written.least);
        accepted += 1;
        let value = expression.evaluate(&request);
        let other = naive::evaluate(expression.root(), &request);
        assert_eq!(value, other, "{}\n{request:?}", written.least);
        match value {
            Ok(true) => held += 1,
            Ok(false) => {}
            Err(error) => {
                assert_ne!(error.kind, EvaluationErrorKind::BudgetExceeded, "{}", written.least);
                failed += 1;
            }
        }
        if round % 16 == 0 {
            let most = Expression::parse(&written.most, dialect)
                .unwrap_or_else(|error| panic!("{error}: {}", written.most));
            assert_eq!(most.root(), expression.root(), "{}\n{}", written.least, written.most);
            let printed = expression.root().to_string();
            let again = Expression::parse(&printed, dialect).unwrap();
            assert_eq!(again.root(), expression.root(), "{printed}");
            let trace = expression.explain(&request);
            assert_eq!(explained(&trace), expression.evaluate(&request), "{printed}");
            let twice = Expression::parse(&format!("!(!({printed}))"), dialect).unwrap();
            let kind = |found: Result<bool, keyward_policy::EvaluationError>| {
                found.map_err(|error| error.kind)
            };
            assert_eq!(kind(twice.evaluate(&request)), kind(again.evaluate(&request)), "{printed}");
        }
    }
    // Chance makes enough of each kind for agreement to mean something.
    let tenth = expressions() / 10;
    assert!(accepted > 5 * tenth && held > tenth && failed > tenth, "{accepted} {held} {failed}");
}

/// Reads a text in every way; what is accepted must survive printing and have an answer.
fn survives(text: &str) {
    for dialect in [Dialect::Condition, Dialect::Consensus, Dialect::Time] {
        match Expression::parse(text, dialect) {
            Err(error) => {
                let is_prefixed = error.message.starts_with("Expression cannot be parsed: ")
                    || error.message.starts_with("Expression cannot be evaluated: ");
                assert!(is_prefixed, "{error}");
                assert!(error.span.0.end <= text.len() + 1, "{error:?}");
            }
            Ok(expression) => {
                let printed = expression.root().to_string();
                let again = Expression::parse(&printed, dialect)
                    .unwrap_or_else(|error| panic!("{error}: {printed}"));
                assert_eq!(again.root(), expression.root(), "{printed}");
                let trace = expression.explain(&Bindings::default());
                assert_eq!(explained(&trace), expression.evaluate(&Bindings::default()));
            }
        }
    }
}

#[test]
fn policies_with_something_changed_are_read_or_refused() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/policies.json");
    let text = std::fs::read_to_string(path).unwrap();
    // Numbers that only floating point could hold are no part of an expression.
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let corpus: Vec<String> = file["cases"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|case| [&case["condition"], &case["consensus"], &case["time"]])
        .filter_map(|source| Some(source.as_str()?.to_owned()))
        .filter(|source| (1..1_000).contains(&source.len()))
        .collect();
    assert!(corpus.len() > 600);
    const PIECES: [&str; 24] = [
        "(", ")", "[", "]", "{", "}", "'", "!", "&&", "||", "==", "in", "..", ".", ",", "-", "0",
        "9", " ", "\n", "é", "\"", "true", "x",
    ];
    let mut chance = Chance(7);
    for _ in 0..20_000 {
        let mut text: Vec<char> = corpus[chance.below(corpus.len())].chars().collect();
        for _ in 0..=chance.below(3) {
            let at = chance.below(text.len() + 1);
            let end = (at + chance.below(4)).min(text.len());
            let piece: Vec<char> = match chance.below(4) {
                0 => Vec::new(),
                1 => {
                    let other = &corpus[chance.below(corpus.len())];
                    other.chars().skip(chance.below(other.len())).take(chance.below(12)).collect()
                }
                _ => chance.pick(&PIECES).chars().collect(),
            };
            text.splice(at..end, piece);
        }
        survives(&text.into_iter().collect::<String>());
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        survives(&text);
    }

    #[test]
    fn any_signs_and_words_are_read_or_refused(
        text in "(true|a|wallet|eth\\.tx|'a'|0|-1|==|<|in|&&|\\|\\||!|\\.|\\.\\.|,|\\(|\\)|\\[|\\]|\\{|\\}|:| ){0,24}",
    ) {
        survives(&text);
    }
}

#[test]
fn what_is_too_long_or_too_deep_is_a_message() {
    let message = |source: &str| {
        Expression::parse(source, Dialect::Condition).map(|_| ()).unwrap_err().message
    };
    let too_deep = "Expression cannot be evaluated: nested too deeply";
    let too_long = "Expression cannot be evaluated: expression too long";
    for opening in ["(", "[", "!", "{a:", "a[", "a.all(x,", "CaseInsensitiveString("] {
        assert_eq!(message(&opening.repeat(2_000)), too_deep, "{opening}");
    }
    assert_eq!(message(&"(".repeat(10_000)), too_deep);
    assert_eq!(message(&"(".repeat(10_000_000)), too_long);
    assert_eq!(message(&format!("1 in [{}1]", "1,".repeat(25_000))), too_long);
    assert_eq!(message(&format!("a{}", ".a".repeat(25_000))), too_long);
}

#[test]
fn what_is_long_but_flat_is_accepted() {
    for source in [
        format!("{}true", "true||".repeat(500)),
        format!("1 in [{}1]", "1,".repeat(10_000)),
        format!("{}true{}", "(".repeat(64), ")".repeat(64)),
    ] {
        let expression = Expression::parse(&source, Dialect::Condition).unwrap();
        assert_eq!(expression.evaluate(&Bindings::default()), Ok(true));
    }
}

#[test]
fn types_that_variables_double_again_and_again_are_compared_at_once() {
    let tower = |leaf: &str, inner: &str| {
        let begin: String = (0..18)
            .map(|level| {
                let before = if level == 0 { leaf.to_owned() } else { format!("{leaf}{level}") };
                format!("[{{a:{before},b:{before}}}].all({leaf}{},", level + 1)
            })
            .collect();
        format!("[1].all({leaf},{begin}{inner}{})", ")".repeat(18))
    };
    let source = tower("v", &tower("w", "[v18,w18].count()==2"));
    let expression = Expression::parse(&source, Dialect::Condition).unwrap();
    assert_eq!(expression.evaluate(&Bindings::default()), Ok(true));
}

#[test]
fn evaluation_and_explanation_of_what_never_ends_end() {
    let list = format!("[{}1]", "1,".repeat(200));
    let source =
        format!("{list}.all(a,{list}.all(b,{list}.all(c,{list}.all(d,a==b&&c==d))))||true");
    let expression = Expression::parse(&source, Dialect::Condition).unwrap();
    let error = expression.evaluate(&Bindings::default()).unwrap_err();
    assert_eq!(error.kind, EvaluationErrorKind::BudgetExceeded);
    let mut clauses = 0;
    count(&expression.explain(&Bindings::default()), &mut clauses);
    assert!((2..=10_000).contains(&clauses), "{clauses}");

    fn count(trace: &Trace, clauses: &mut usize) {
        *clauses += 1;
        trace.clauses.iter().for_each(|clause| count(clause, clauses));
    }
}
