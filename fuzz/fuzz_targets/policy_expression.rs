//! Text that is accepted as an expression survives printing, and has an answer.

#![no_main]

use keyward_policy::{Bindings, Dialect, Expression};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for dialect in [Dialect::Condition, Dialect::Consensus, Dialect::Time] {
        let Ok(expression) = Expression::parse(text, dialect) else { continue };
        let printed = expression.root().to_string();
        let again = Expression::parse(&printed, dialect).expect("what is printed can be read");
        assert_eq!(again.root(), expression.root());
        let bindings = Bindings::default();
        let value = expression.evaluate(&bindings);
        let explained = expression.explain(&bindings).value.map(|value| value == "true");
        assert_eq!(value, explained);
    }
});
