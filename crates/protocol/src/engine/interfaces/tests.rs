use keyward_policy::{Bindings, Dialect, Expression, Keyword, Value};

/// What expressions read of `args`, as the arguments of a call.
pub(super) fn reads(args: &Value, clause: &str) -> Result<bool, String> {
    let transaction = Value::structure([("contract_call_args", args.clone())]);
    let bindings = Bindings::default().with(Keyword::EthTx, transaction);
    let source = clause.replace("args", "eth.tx.contract_call_args");
    let expression = Expression::parse(&source, Dialect::Condition).unwrap();
    expression.evaluate(&bindings).map_err(|error| error.to_string())
}
