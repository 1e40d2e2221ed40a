//! What policies see of EIP-712 typed data.

use keyward_policy::{EvaluationErrorKind, Int, Value};

use crate::payload::{Json, TypedData, TypedValue};

/// `eth.eip_712`.
pub(super) fn show(data: &TypedData) -> Value {
    let domain = data.typed_domain();
    let member =
        |name: &str| domain.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
    // A member that is declared as something else makes another domain than the one of the standard.
    let of_kind = |name: &str, declared: &str, absent: Value, show: fn(&Json) -> Option<Value>| {
        let shown = match member(name) {
            None => return absent,
            Some(TypedValue::Plain { kind, value }) if *kind == declared => show(value),
            Some(_) => None,
        };
        shown.unwrap_or(Value::Unreadable(EvaluationErrorKind::TypeMismatch))
    };
    let text = |json: &Json| Some(Value::text(json.as_str()?));
    let address = |json: &Json| Some(Value::caseless(json.as_str()?));
    let chain_id = |json: &Json| TypedData::unsigned(json).map(|id| Value::Int(Int::unsigned(id)));
    let message = data.typed_message();
    Value::structure([
        ("primary_type", Value::text(data.primary_type())),
        (
            "domain",
            Value::structure([
                ("name", of_kind("name", "string", Value::text(""), text)),
                ("version", of_kind("version", "string", Value::text(""), text)),
                (
                    "verifying_contract",
                    of_kind("verifyingContract", "address", Value::caseless(""), address),
                ),
                ("chain_id", of_kind("chainId", "uint256", Value::int(0_u64), chain_id)),
            ]),
        ),
        ("message", show_struct(&message)),
    ])
}

fn show_struct(members: &[(&str, TypedValue<'_>)]) -> Value {
    Value::map(members.iter().map(|(name, value)| ((*name).to_owned(), show_value(value))))
}

/// The JSON token decides the type: a number that was written as text is text.
fn show_value(value: &TypedValue<'_>) -> Value {
    match value {
        TypedValue::Struct(members) => show_struct(members),
        TypedValue::List(items) => Value::list(items.iter().map(show_value)),
        TypedValue::Plain { kind, value } => match value {
            Json::Bool(value) => (*value).into(),
            Json::String(text) if kind.starts_with("address") || kind.starts_with("bytes") => {
                Value::caseless(text.as_str())
            }
            Json::String(text) => Value::text(text.as_str()),
            Json::Number(number) => Int::parse(number)
                .map_or(Value::Unreadable(EvaluationErrorKind::TypeMismatch), Value::Int),
            Json::Null => Value::Unreadable(EvaluationErrorKind::MissingField),
            Json::Array(_) | Json::Object(_) => {
                Value::Unreadable(EvaluationErrorKind::TypeMismatch)
            }
        },
    }
}
