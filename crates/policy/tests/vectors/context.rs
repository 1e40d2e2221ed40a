//! The request of a case, as the engine would bind it.

use keyward_policy::{Bindings, EvaluationErrorKind, Int, Keyword, Value};
use serde_json::{Map, Value as Json};

use crate::json::NUMBER;

/// What a field holds.
#[derive(Clone, Copy)]
enum Shape {
    /// As the JSON token says: text is compared exactly.
    Plain,
    /// Text without case.
    Caseless,
    /// A number, written as one or as decimal text.
    Int,
    /// A list of these.
    List(&'static Shape),
    /// Fields; those not named are plain.
    Struct(&'static [(&'static str, Shape)]),
    /// By key.
    Map,
    /// `name -> {type, value, components?}`.
    ContractCallArgs,
    /// Decoded instruction arguments, read with a subscript at every level.
    InstructionArgs,
}
use Shape::{Caseless, ContractCallArgs, InstructionArgs, List, Plain, Struct};
const INT: Shape = Shape::Int;
const TEXT_MAP: Shape = Shape::Map;

const ETH_TX: Shape = Struct(&[
    ("from", Caseless),
    ("to", Caseless),
    ("value", INT),
    ("gas", INT),
    ("nonce", INT),
    ("chain_id", INT),
    ("gas_price", INT),
    ("max_fee_per_gas", INT),
    ("max_priority_fee_per_gas", INT),
    ("max_fee_per_blob_gas", INT),
    ("contract_call_args", ContractCallArgs),
]);
const EIP_7702: Shape = Struct(&[("address", Caseless), ("chain_id", INT), ("nonce", INT)]);
const LOOKUPS: Shape = List(&Struct(&[
    ("index", INT),
    ("writable_indexes", List(&INT)),
    ("readonly_indexes", List(&INT)),
]));
const INSTRUCTION: Shape = Struct(&[
    ("address_table_lookups", LOOKUPS),
    (
        "parsed_instruction_data",
        Struct(&[("named_accounts", TEXT_MAP), ("program_call_args", InstructionArgs)]),
    ),
]);
const SOLANA_TX: Shape = Struct(&[
    ("instructions", List(&INSTRUCTION)),
    ("transfers", List(&Struct(&[("amount", INT)]))),
    ("spl_transfers", List(&Struct(&[("amount", INT)]))),
    ("address_table_lookups", LOOKUPS),
]);
const PERMISSION: Shape = Struct(&[
    ("id", INT),
    ("threshold", INT),
    ("parent_id", INT),
    ("keys", List(&Struct(&[("weight", INT)]))),
]);
const TRON_TX: Shape = Struct(&[
    ("expiration", INT),
    ("timestamp", INT),
    ("fee_limit", INT),
    (
        "contract",
        List(&Struct(&[
            ("permission_id", INT),
            ("amount", INT),
            ("call_value", INT),
            ("call_token_value", INT),
            ("token_id", INT),
            ("balance", INT),
            ("lock_period", INT),
            ("frozen_balance", INT),
            ("unfreeze_balance", INT),
            ("owner", PERMISSION),
            ("witness", PERMISSION),
            ("actives", List(&PERMISSION)),
        ])),
    ),
]);
const BITCOIN_TX: Shape = Struct(&[
    ("inputs", List(&Struct(&[("vout", INT), ("sequence", INT)]))),
    ("outputs", List(&Struct(&[("value", INT), ("address_type", Caseless)]))),
    ("locktime", Struct(&[("amount", INT)])),
    ("fee", INT),
]);
const TEMPO_TX: Shape = Struct(&[
    ("from", Caseless),
    ("fee_token", Caseless),
    ("chain_id", INT),
    ("nonce", INT),
    ("gas_limit", INT),
    ("max_fee_per_gas", INT),
    ("max_priority_fee_per_gas", INT),
    ("valid_before", INT),
    ("valid_after", INT),
    ("calls", List(&Struct(&[("to", Caseless), ("input", Caseless)]))),
]);
const SPARK_DERIVATION: Shape = Struct(&[("static_deposit", Struct(&[("index", INT)]))]);
const ACTIVITY: Shape = Struct(&[(
    "params",
    Struct(&[
        ("otp_length", INT),
        ("signatures", List(&Struct(&[("derivation", SPARK_DERIVATION)]))),
        (
            "transfer",
            Struct(&[
                (
                    "leaves",
                    List(&Struct(&[
                        ("old_leaf_derivation", SPARK_DERIVATION),
                        ("new_leaf_derivation", SPARK_DERIVATION),
                    ])),
                ),
                ("threshold", INT),
            ]),
        ),
        ("claim", Struct(&[("threshold", INT)])),
        ("lightning_receive", Struct(&[("threshold", INT)])),
    ]),
)]);
const WALLET_ACCOUNT: Shape = Struct(&[("path_indexes", List(&INT))]);
const SECRET: Shape = Struct(&[("static_properties", TEXT_MAP)]);

/// What a request binds: one for each item.
pub(crate) fn items(context: &Json) -> Vec<Bindings> {
    let mut bindings = Bindings::default();
    let mut batch = None;
    for (name, json) in context.as_object().unwrap() {
        let (keyword, shape) = match name.as_str() {
            "activity" => (Keyword::Activity, ACTIVITY),
            "wallet" => (Keyword::Wallet, Plain),
            "wallets" => (Keyword::Wallets, List(&Plain)),
            "wallet_account" => (Keyword::WalletAccount, WALLET_ACCOUNT),
            "private_key" => (Keyword::PrivateKey, Plain),
            "secret" => (Keyword::Secret, SECRET),
            "eth.tx" => (Keyword::EthTx, ETH_TX),
            "eth.eip_712" => {
                bindings.bind(Keyword::EthEip712, typed_data(json));
                continue;
            }
            "eth.eip_7702_authorization" => (Keyword::EthEip7702Authorization, EIP_7702),
            "solana.tx" => (Keyword::SolanaTx, SOLANA_TX),
            "tron.tx" => (Keyword::TronTx, TRON_TX),
            "bitcoin.tx" => (Keyword::BitcoinTx, BITCOIN_TX),
            "tempo.tx" => (Keyword::TempoTx, TEMPO_TX),
            "eth.txs" => {
                batch = Some((Keyword::EthTx, ETH_TX, json));
                continue;
            }
            "secrets" => {
                batch = Some((Keyword::Secret, SECRET, json));
                continue;
            }
            _ => continue,
        };
        bindings.bind(keyword, value(&with_defaults(keyword, json), shape));
    }
    let Some((keyword, shape, elements)) = batch else { return vec![bindings] };
    let elements = elements.as_array().unwrap().iter();
    elements
        .map(|json| bindings.clone().with(keyword, value(&with_defaults(keyword, json), shape)))
        .collect()
}

/// What reads `''`, 0 or under another name when the context leaves it out. Source: policy language §7.
fn with_defaults(keyword: Keyword, json: &Json) -> Json {
    let mut json = json.clone();
    let Json::Object(fields) = &mut json else { return json };
    match keyword {
        Keyword::EthTx => {
            default(fields, "function_name", "".into());
            default(fields, "function_signature", "".into());
            default(fields, "max_fee_per_blob_gas", 0.into());
            // Each form of transaction has one of these; the other is equal to it.
            for (name, other) in [
                ("gas_price", "max_fee_per_gas"),
                ("max_fee_per_gas", "gas_price"),
                ("max_priority_fee_per_gas", "gas_price"),
            ] {
                if let Some(other) = fields.get(other).cloned() {
                    fields.entry(name).or_insert(other);
                }
            }
        }
        Keyword::TempoTx => {
            default(fields, "fee_token", "".into());
            default(fields, "valid_before", 0.into());
            default(fields, "valid_after", 0.into());
            for call in fields.get_mut("calls").and_then(Json::as_array_mut).into_iter().flatten() {
                let input = call["input"].as_str().unwrap_or_default();
                let selector = input.get(..10).unwrap_or_default().to_lowercase();
                if let Json::Object(call) = call {
                    default(call, "function_signature", selector.into());
                }
            }
        }
        Keyword::Activity => {
            default(fields, "params", Json::Object(Map::new()));
            if fields.get("kind").is_some_and(Json::is_null) {
                fields.remove("kind");
            }
            if let Some(params) = fields.get_mut("params") {
                complete_derivations(params);
                if let Json::Object(params) = params {
                    default_each(params, "signatures", "adaptor_public_key", &"".into());
                }
                for signature in [
                    "refund_signature",
                    "direct_refund_signature",
                    "direct_from_cpfp_refund_signature",
                ] {
                    if let Some(Json::Object(transfer)) = params.get_mut("transfer") {
                        default_each(transfer, "leaves", signature, &"".into());
                    }
                }
            }
        }
        Keyword::SolanaTx => {
            for name in ["transfers", "spl_transfers", "instructions", "address_table_lookups"] {
                default(fields, name, Json::Array(Vec::new()));
            }
            default_each(fields, "spl_transfers", "token_mint", &"".into());
            default_each(fields, "spl_transfers", "signers", &Json::Array(Vec::new()));
        }
        _ => {}
    }
    json
}

fn default(fields: &mut Map<String, Json>, name: &str, value: Json) {
    fields.entry(name).or_insert(value);
}

fn default_each(fields: &mut Map<String, Json>, list: &str, name: &str, value: &Json) {
    for element in fields.get_mut(list).and_then(Json::as_array_mut).into_iter().flatten() {
        if let Json::Object(fields) = element {
            default(fields, name, value.clone());
        }
    }
}

/// Fields of an inactive Spark derivation read `''` or 0.
fn complete_derivations(json: &mut Json) {
    match json {
        Json::Array(elements) => elements.iter_mut().for_each(complete_derivations),
        Json::Object(fields) => {
            for (name, field) in fields {
                if name.ends_with("derivation")
                    && let Json::Object(derivation) = field
                {
                    derivation
                        .entry("signing_leaf")
                        .or_insert_with(|| serde_json::json!({ "leaf_id": "" }));
                    derivation
                        .entry("static_deposit")
                        .or_insert_with(|| serde_json::json!({ "index": 0 }));
                }
                complete_derivations(field);
            }
        }
        _ => {}
    }
}

/// A `User`.
pub(crate) fn user(json: &Json) -> Value {
    let text = |name: &str| Value::text(json[name].as_str().unwrap_or_default());
    let tags = json["tags"].as_array().map(Vec::as_slice).unwrap_or_default();
    Value::structure([
        ("id", text("id")),
        ("tags", Value::list(tags.iter().map(|tag| Value::text(tag.as_str().unwrap())))),
        ("email", text("email")),
        ("alias", text("alias")),
    ])
}

/// A `Credential`; an API key of the user where the case does not say which.
pub(crate) fn credential(json: Option<&Json>, user: &str) -> Value {
    let text = |name: &str, default: &str| {
        Value::text(json.and_then(|json| json[name].as_str()).unwrap_or(default))
    };
    Value::structure([
        ("id", text("id", "")),
        ("user_id", text("user_id", user)),
        ("type", text("type", "CREDENTIAL_TYPE_API_KEY_P256")),
        ("credential_id", text("credential_id", "")),
        ("public_key", text("public_key", "")),
    ])
}

fn value(json: &Json, shape: Shape) -> Value {
    match (shape, json) {
        (_, Json::Null) => Value::Unreadable(EvaluationErrorKind::MissingField),
        (_, Json::Bool(is)) => Value::from(*is),
        (Shape::Int, Json::String(text)) => int(text.trim_start_matches(NUMBER)),
        (_, Json::Number(number)) => int(&number.to_string()),
        (_, Json::String(text)) if text.starts_with(NUMBER) => int(text.trim_start_matches(NUMBER)),
        (Caseless, Json::String(text)) => Value::caseless(text.as_str()),
        (_, Json::String(text)) => Value::text(text.as_str()),
        (List(element), Json::Array(elements)) => {
            Value::list(elements.iter().map(|json| value(json, *element)))
        }
        (shape, Json::Array(elements)) => {
            Value::list(elements.iter().map(|json| value(json, shape)))
        }
        (Shape::Map, Json::Object(fields)) => {
            Value::map(fields.iter().map(|(name, json)| (name.clone(), value(json, Plain))))
        }
        (InstructionArgs, Json::Object(fields)) => Value::map(
            fields.iter().map(|(name, json)| (name.clone(), value(json, InstructionArgs))),
        ),
        (ContractCallArgs, Json::Object(fields)) => {
            Value::map(fields.iter().map(|(name, argument)| {
                let kind = argument["type"].as_str().unwrap();
                (name.clone(), argument_value(&argument["value"], kind, &argument["components"]))
            }))
        }
        (shape, Json::Object(fields)) => {
            let shapes: &[(&str, Shape)] = if let Struct(shapes) = shape { shapes } else { &[] };
            let shape_of = |name: &str| {
                shapes.iter().find(|(field, _)| *field == name).map_or(Plain, |(_, shape)| *shape)
            };
            // Names of fields live as long as the program: so do those of a test's.
            Value::structure(fields.iter().map(|(name, json)| {
                let field: &'static str = Box::leak(name.clone().into_boxed_str());
                (field, value(json, shape_of(name)))
            }))
        }
    }
}

fn int(text: &str) -> Value {
    match Int::parse(text) {
        Some(int) => Value::from(int),
        None if text.contains(['.', 'e', 'E']) => {
            Value::Unreadable(EvaluationErrorKind::TypeMismatch)
        }
        None => Value::Unreadable(EvaluationErrorKind::Overflow),
    }
}

/// A decoded argument of a contract call. Source: policy language §14.
fn argument_value(json: &Json, kind: &str, components: &Json) -> Value {
    if let Some(array) = kind.strip_suffix(']') {
        let (element, _) = array.rsplit_once('[').unwrap();
        let elements = json.as_array().unwrap().iter();
        return Value::list(elements.map(|json| argument_value(json, element, components)));
    }
    let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
    let text = text.trim_start_matches(NUMBER);
    match kind {
        "tuple" => {
            let components = components.as_array().unwrap();
            let elements = json.as_array().unwrap().iter();
            Value::list(elements.zip(components).map(|(json, component)| match component {
                Json::String(kind) => argument_value(json, kind, &Json::Null),
                component => {
                    let kind = component["type"].as_str().unwrap();
                    argument_value(json, kind, &component["components"])
                }
            }))
        }
        "address" => Value::caseless(text),
        "bool" => Value::from(json.as_bool().unwrap_or(text == "true")),
        _ if kind.starts_with("uint") => int(text),
        _ if kind.starts_with("int") => match text.parse::<i128>() {
            Ok(number) => Value::from(Int::signed(number)),
            Err(_) => Value::Unreadable(EvaluationErrorKind::Overflow),
        },
        _ => Value::text(text),
    }
}

/// `eth.eip_712` of typed data. Source: policy language §6 and §7.
fn typed_data(json: &Json) -> Value {
    let domain = &json["domain"];
    let text = |name: &str| domain[name].as_str().unwrap_or_default();
    let chain_id = match &domain["chainId"] {
        Json::Null => Value::int(0u64),
        json => match json.as_str().and_then(|text| text.strip_prefix("0x")) {
            Some(digits) => Value::int(u64::from_str_radix(digits, 16).unwrap()),
            None => value(json, INT),
        },
    };
    let primary_type = json["primaryType"].as_str().unwrap_or_default();
    Value::structure([
        ("primary_type", Value::text(primary_type)),
        (
            "domain",
            Value::structure([
                ("name", Value::text(text("name"))),
                ("version", Value::text(text("version"))),
                ("verifying_contract", Value::caseless(text("verifyingContract"))),
                ("chain_id", chain_id),
            ]),
        ),
        ("message", member(&json["message"], primary_type, &json["types"])),
    ])
}

fn member(json: &Json, kind: &str, types: &Json) -> Value {
    if let (Some(array), Json::Array(elements)) = (kind.strip_suffix(']'), json) {
        let (element, _) = array.rsplit_once('[').unwrap();
        return Value::list(elements.iter().map(|json| member(json, element, types)));
    }
    if let (Json::Array(members), Json::Object(fields)) = (&types[kind], json) {
        return Value::map(members.iter().filter_map(|declared| {
            let name = declared["name"].as_str()?;
            let json = fields.get(name)?;
            Some((name.to_owned(), member(json, declared["type"].as_str()?, types)))
        }));
    }
    let ignores_case = kind == "address" || kind.starts_with("bytes");
    value(json, if ignores_case { Caseless } else { Plain })
}
