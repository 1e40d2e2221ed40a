//! Ethereum's contract ABI: functions found by their selector, and their arguments read strictly.
//!
//! Reading is our own: the library's decoder takes values whose padding is not zero, and rebuilding what it
//! read to compare would refuse orders of the parts that contracts accept.
//!
//! Source: Solidity documentation, "Contract ABI Specification".

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use keyward_crypto::keccak256;
use keyward_policy::{EvaluationErrorKind, Int, Value};
use serde::Deserialize;

use super::{InterfaceError, has_repetition};

const WORD: usize = 32;
/// Tuples and arrays within each other.
const DEEPEST: usize = 32;
/// Most bytes that the fixed part of the arguments of a function takes.
const LARGEST_HEAD: usize = 1 << 20;
/// Values that may be read for each word of the data: offsets may point to the same place many times.
const VALUES_PER_WORD: usize = 4;

/// The functions of a contract.
#[derive(Clone, Debug, PartialEq)]
pub struct Abi {
    functions: BTreeMap<[u8; 4], Function>,
}

/// A call that was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The bare name of the function.
    pub function_name: String,
    /// Its arguments by name; those without one by their position.
    pub arguments: Value,
}

#[derive(Clone, Debug, PartialEq)]
struct Function {
    name: String,
    parameters: Vec<(String, Kind)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Uint(usize),
    Int(usize),
    Bool,
    Address,
    /// `bytesN` and `function`, which is 24 of them.
    FixedBytes(usize),
    Bytes,
    String,
    List(Box<Kind>),
    Array(Box<Kind>, usize),
    Tuple(Vec<Kind>),
}

/// An entry of the JSON.
#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    inputs: Vec<Parameter>,
}

#[derive(Deserialize)]
struct Parameter {
    #[serde(default)]
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    components: Vec<Parameter>,
}

impl Abi {
    /// Reads a JSON array of entries, of which only functions count.
    ///
    /// # Errors
    ///
    /// By [`InterfaceError`]'s variants.
    pub fn parse(text: &str) -> Result<Self, InterfaceError> {
        let entries: Vec<serde_json::Value> =
            serde_json::from_str(text).map_err(|error| match error.classify() {
                serde_json::error::Category::Data => {
                    InterfaceError::Malformed("an ABI is a JSON array of entries")
                }
                _ => InterfaceError::Json,
            })?;
        let mut functions = BTreeMap::new();
        for entry in entries {
            // An entry that does not say what it is, is a function.
            let kind = entry.get("type");
            if kind.is_some_and(|kind| kind != "function") {
                continue;
            }
            let malformed = InterfaceError::Malformed("a function of the ABI is not well formed");
            let entry: Entry = serde_json::from_value(entry).map_err(|_| malformed.clone())?;
            if entry.name.is_empty() || entry.kind.as_deref().is_some_and(str::is_empty) {
                return Err(malformed);
            }
            let (selector, function) = Function::read(entry)?;
            let name = function.name.clone();
            if functions.insert(selector, function).is_some() {
                return Err(InterfaceError::Ambiguous(name));
            }
        }
        Ok(Self { functions })
    }

    /// Reads a call: the selector, then the arguments. Bytes after these are not looked at.
    ///
    /// `None` when no function has the selector, or the data is not what the function takes.
    pub fn read(&self, data: &[u8]) -> Option<Call> {
        let (selector, data) = data.split_first_chunk()?;
        let function = self.functions.get(selector)?;
        let budget = (data.len() / WORD + 8).saturating_mul(VALUES_PER_WORD);
        let mut reader = Reader { budget };
        let kinds = function.parameters.iter().map(|(_, kind)| kind);
        let values = reader.tuple(kinds, data)?;
        let names = function.parameters.iter().map(|(name, _)| name.clone());
        Some(Call {
            function_name: function.name.clone(),
            arguments: Value::map(names.zip(values)),
        })
    }
}

impl Function {
    fn read(entry: Entry) -> Result<([u8; 4], Self), InterfaceError> {
        let mut parameters = Vec::with_capacity(entry.inputs.len());
        let mut types = Vec::with_capacity(entry.inputs.len());
        for (place, parameter) in entry.inputs.iter().enumerate() {
            let (kind, text) = Kind::read(parameter, DEEPEST)?;
            let name = match parameter.name.as_str() {
                "" => place.to_string(),
                name => name.to_owned(),
            };
            parameters.push((name, kind));
            types.push(text);
        }
        let head = parameters.iter().map(|(_, kind)| kind.head());
        if head.fold(0, usize::saturating_add) > LARGEST_HEAD {
            return Err(InterfaceError::Unsupported(entry.name));
        }
        if has_repetition(parameters.iter().map(|(name, _)| name.as_str())) {
            return Err(InterfaceError::SameName(entry.name));
        }
        let signature = format!("{}({})", entry.name, types.join(","));
        let [a, b, c, d, ..] = keccak256(signature.as_bytes());
        Ok(([a, b, c, d], Self { name: entry.name, parameters }))
    }
}

impl Kind {
    /// The type, and its text as the selector has it.
    fn read(parameter: &Parameter, deepest: usize) -> Result<(Self, String), InterfaceError> {
        let text = parameter.kind.as_str();
        let unsupported = || InterfaceError::Unsupported(text.chars().take(64).collect());
        let deepest = deepest.checked_sub(1).ok_or(InterfaceError::TooDeep)?;
        let (base, suffix) =
            text.split_once('[').map_or((text, None), |(base, suffix)| (base, Some(suffix)));
        let (mut kind, mut canonical) = if base == "tuple" {
            let mut kinds = Vec::with_capacity(parameter.components.len());
            let mut texts = Vec::with_capacity(parameter.components.len());
            for component in &parameter.components {
                let (kind, text) = Self::read(component, deepest)?;
                kinds.push(kind);
                texts.push(text);
            }
            (Self::Tuple(kinds), format!("({})", texts.join(",")))
        } else {
            Self::read_base(base).ok_or_else(unsupported)?
        };
        if let Some(suffix) = suffix {
            let lengths = suffix.strip_suffix(']').ok_or_else(unsupported)?;
            for (place, length) in lengths.split("][").enumerate() {
                if place >= deepest {
                    return Err(InterfaceError::TooDeep);
                }
                kind = match length {
                    "" => Self::List(Box::new(kind)),
                    _ => Self::Array(Box::new(kind), digits(length).ok_or_else(unsupported)?),
                };
                canonical = format!("{canonical}[{length}]");
            }
        }
        Ok((kind, canonical))
    }

    fn read_base(name: &str) -> Option<(Self, String)> {
        let bits = |text: &str| match text {
            "" => Some(256),
            _ => digits(text).filter(|bits| bits % 8 == 0 && (8..=256).contains(bits)),
        };
        let (kind, name) = match name {
            "bool" => (Self::Bool, name.to_owned()),
            "address" => (Self::Address, name.to_owned()),
            "string" => (Self::String, name.to_owned()),
            "bytes" => (Self::Bytes, name.to_owned()),
            "function" => (Self::FixedBytes(24), name.to_owned()),
            _ => {
                if let Some(width) = name.strip_prefix("uint") {
                    let bits = bits(width)?;
                    (Self::Uint(bits), format!("uint{bits}"))
                } else if let Some(width) = name.strip_prefix("int") {
                    let bits = bits(width)?;
                    (Self::Int(bits), format!("int{bits}"))
                } else {
                    let length = digits(name.strip_prefix("bytes")?)?;
                    (Self::FixedBytes(length).filter_length()?, name.to_owned())
                }
            }
        };
        Some((kind, name))
    }

    fn filter_length(self) -> Option<Self> {
        match self {
            Self::FixedBytes(length) if !(1..=WORD).contains(&length) => None,
            kind => Some(kind),
        }
    }

    /// Whether it stands behind an offset.
    fn is_dynamic(&self) -> bool {
        match self {
            Self::Bytes | Self::String | Self::List(_) => true,
            Self::Array(inner, _) => inner.is_dynamic(),
            Self::Tuple(kinds) => kinds.iter().any(Self::is_dynamic),
            _ => false,
        }
    }

    /// Bytes that it takes where it stands: those of its offset, where it stands behind one.
    fn head(&self) -> usize {
        match self {
            _ if self.is_dynamic() => WORD,
            Self::Array(inner, length) => inner.head().saturating_mul(*length),
            Self::Tuple(kinds) => kinds.iter().map(Self::head).fold(0, usize::saturating_add),
            _ => WORD,
        }
    }
}

/// A decimal number without sign or leading zeros.
fn digits(text: &str) -> Option<usize> {
    let is_canonical = !text.starts_with('0') || text == "0";
    let is_number = is_canonical && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// Reads values; `None` when the data is not well formed or asks for too much.
struct Reader {
    budget: usize,
}

impl Reader {
    fn spend(&mut self, values: usize) -> Option<()> {
        self.budget = self.budget.checked_sub(values)?;
        Some(())
    }

    /// Values one after another, in data that their offsets count from.
    fn tuple<'a>(
        &mut self,
        kinds: impl Iterator<Item = &'a Kind>,
        data: &[u8],
    ) -> Option<Vec<Value>> {
        let mut at = 0;
        let mut values = Vec::new();
        for kind in kinds {
            self.spend(1)?;
            let here = data.get(at..)?;
            values.push(if kind.is_dynamic() {
                let offset = length(here)?;
                self.value(kind, data.get(offset..)?)?
            } else {
                self.value(kind, here)?
            });
            at = at.checked_add(kind.head())?;
        }
        Some(values)
    }

    /// The value that begins where `data` does.
    fn value(&mut self, kind: &Kind, data: &[u8]) -> Option<Value> {
        Some(match kind {
            Kind::List(inner) => {
                let count = length(data)?;
                self.items(inner, count, data.get(WORD..)?)?
            }
            Kind::Array(inner, count) => self.items(inner, *count, data)?,
            Kind::Tuple(kinds) => Value::list(self.tuple(kinds.iter(), data)?),
            Kind::Bytes => Value::text(format!("0x{}", hex::encode(self.bytes(data)?))),
            Kind::String => Value::text(std::str::from_utf8(self.bytes(data)?).ok()?),
            _ => plain(kind, data.first_chunk()?)?,
        })
    }

    fn items(&mut self, kind: &Kind, count: usize, data: &[u8]) -> Option<Value> {
        // Before anything is made for them.
        if count > self.budget {
            return None;
        }
        self.tuple(std::iter::repeat_n(kind, count), data).map(Value::list)
    }

    /// Bytes behind their length, padded with zeros to whole words.
    fn bytes<'a>(&mut self, data: &'a [u8]) -> Option<&'a [u8]> {
        let length = length(data)?;
        self.spend(length / WORD)?;
        let data = data.get(WORD..)?;
        let (bytes, rest) = data.split_at_checked(length)?;
        let padding = rest.get(..(WORD - length % WORD) % WORD)?;
        padding.iter().all(|byte| *byte == 0).then_some(bytes)
    }
}

/// A length or an offset.
fn length(data: &[u8]) -> Option<usize> {
    usize::try_from(U256::from_be_bytes(*data.first_chunk::<WORD>()?)).ok()
}

/// A value of one word; what the type has no use for must be zero, or the sign.
fn plain(kind: &Kind, word: &[u8; WORD]) -> Option<Value> {
    let number = U256::from_be_bytes(*word);
    match kind {
        Kind::Uint(bits) => (number.bit_len() <= *bits).then(|| Value::Int(Int::unsigned(number))),
        Kind::Int(bits) => {
            let is_negative = number.bit(255);
            let magnitude = if is_negative { !number } else { number };
            if magnitude.bit_len() >= *bits {
                return None;
            }
            let (high, low) = word.split_last_chunk::<16>()?;
            let value = i128::from_be_bytes(*low);
            let sign = if is_negative { 0xff } else { 0 };
            let fits = high.iter().all(|byte| *byte == sign) && (value < 0) == is_negative;
            Some(if fits {
                Value::Int(Int::signed(value))
            } else {
                Value::Unreadable(EvaluationErrorKind::Overflow)
            })
        }
        Kind::Bool => match u8::try_from(number).ok()? {
            0 => Some(false.into()),
            1 => Some(true.into()),
            _ => None,
        },
        Kind::Address => {
            let (padding, address) = word.split_last_chunk::<20>()?;
            let is_padded = padding.iter().all(|byte| *byte == 0);
            is_padded.then(|| Value::caseless(Address::from(*address).to_checksum(None)))
        }
        Kind::FixedBytes(length) => {
            let (bytes, padding) = word.split_at_checked(*length)?;
            let is_padded = padding.iter().all(|byte| *byte == 0);
            is_padded.then(|| Value::text(format!("0x{}", hex::encode(bytes))))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use alloy_dyn_abi::{DynSolType, DynSolValue};
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::tests::reads;
    use super::*;

    fn abi(name: &str, inputs: &serde_json::Value) -> Result<Abi, InterfaceError> {
        Abi::parse(&json!([{ "type": "function", "name": name, "inputs": inputs }]).to_string())
    }

    /// A function `f` with one parameter `x` of a type that is no tuple.
    fn one(kind: &str) -> (Abi, [u8; 4]) {
        let abi = abi("f", &json!([{ "name": "x", "type": kind }])).unwrap();
        let selector = *abi.functions.keys().next().unwrap();
        (abi, selector)
    }

    fn read(kind: &str, words: &[&str]) -> Option<Call> {
        let (abi, selector) = one(kind);
        let data = words.iter().map(|word| hex::decode(format!("{word:0>64}")).unwrap());
        abi.read(&[selector.to_vec(), data.collect::<Vec<_>>().concat()].concat())
    }

    fn holds(kind: &str, words: &[&str], clause: &str) {
        let call = read(kind, words).unwrap_or_else(|| panic!("{kind} {words:?}"));
        assert_eq!(reads(&call.arguments, clause), Ok(true), "{kind} {words:?} {clause}");
    }

    const FULL: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

    #[test]
    fn a_transfer_is_found_by_its_selector() {
        let inputs = json!([{ "name": "to", "type": "address" }, { "name": "", "type": "uint" }]);
        let abi = abi("transfer", &inputs).unwrap();
        let to = "cccccccccccccccccccccccccccccccccccccccc";
        let data = format!("a9059cbb{to:0>64}{:0>64}", "ff");
        let call = abi.read(&hex::decode(&data).unwrap()).unwrap();
        assert_eq!(call.function_name, "transfer");
        assert_eq!(reads(&call.arguments, &format!("args['to'] == '0x{to}'")), Ok(true));
        let upper = to.to_ascii_uppercase();
        assert_eq!(reads(&call.arguments, &format!("args['to'] == '0x{upper}'")), Ok(true));
        assert_eq!(reads(&call.arguments, "args['1'] == 255"), Ok(true));
        // What follows is of no account; what is missing is.
        assert!(abi.read(&hex::decode(format!("{data}00ff")).unwrap()).is_some());
        for length in [0, 3, 4, 67] {
            assert_eq!(
                abi.read(&hex::decode(data.get(..length * 2).unwrap()).unwrap()),
                None,
                "{length}"
            );
        }
        assert_eq!(abi.read(&hex::decode(data.replace("a905", "a906")).unwrap()), None);
    }

    #[test]
    fn types_are_read_as_the_table_says() {
        holds("uint256", &[FULL], "args['x'] > 0");
        holds("int8", &[FULL], "args['x'] < 0");
        holds("bool", &["1"], "args['x']");
        let bytes = format!("abcdef01{}", "0".repeat(56));
        holds("bytes4", &[&bytes], "args['x'] == '0xabcdef01'");
        holds("string", &["20", "2", &format!("4869{}", "0".repeat(60))], "args['x'] == 'Hi'");
        holds("bytes", &["20", "2", &format!("AB01{}", "0".repeat(60))], "args['x'] == '0xab01'");
        holds("uint8[]", &["20", "2", "7", "8"], "args['x'].count() == 2 && args['x'][1] == 8");
        holds("uint8[2]", &["7", "8"], "args['x'].count() == 2 && args['x'][0] == 7");
        let error = |kind, words| reads(&read(kind, words).unwrap().arguments, "args['x'] > 0");
        let large = format!("7{}", "f".repeat(63));
        assert_eq!(error("int256", &[large.as_str()]), Err("Overflow".to_owned()));
    }

    #[test]
    fn tuples_are_read_by_position() {
        let components =
            json!([{ "name": "a", "type": "uint8" }, { "name": "b", "type": "string" }]);
        let inputs = json!([{ "name": "x", "type": "tuple[]", "components": components }]);
        let abi = abi("f", &inputs).unwrap();
        let kind: DynSolType = "((uint8,string)[])".parse().unwrap();
        let tuple = |a: u8, b: &str| {
            let a = DynSolValue::Uint(U256::from(a), 8);
            DynSolValue::Tuple(vec![a, DynSolValue::String(b.to_owned())])
        };
        let value =
            DynSolValue::Tuple(vec![DynSolValue::Array(vec![tuple(1, "a"), tuple(2, "b")])]);
        assert!(kind.matches(&value));
        let selector = *abi.functions.keys().next().unwrap();
        assert_eq!(selector, keccak256(b"f((uint8,string)[])")[..4]);
        let call = abi.read(&[selector.to_vec(), value.abi_encode_params()].concat()).unwrap();
        assert_eq!(
            reads(&call.arguments, "args['x'][1][0] == 2 && args['x'][1][1] == 'b'"),
            Ok(true)
        );
        assert_eq!(
            reads(&call.arguments, "args['x'][0]['a'] == 1"),
            Err("TypeMismatch".to_owned())
        );
    }

    #[test]
    fn what_is_not_well_formed_is_not_read() {
        for (kind, words) in [
            ("uint8", vec!["100"]),
            ("int8", vec!["80"]),
            ("bool", vec!["2"]),
            ("address", vec![FULL]),
            ("bytes4", vec![FULL]),
            ("string", vec!["20", "1", FULL]),
            ("string", vec!["20", "1", &("ff".to_owned() + &"0".repeat(62))]),
            ("string", vec!["20", "21", "0"]),
            ("string", vec!["40"]),
            ("string", vec![FULL]),
            ("uint8[]", vec!["20", FULL]),
            ("uint8[]", vec!["20", "3", "1", "2"]),
        ] {
            assert_eq!(read(kind, &words), None, "{kind} {words:?}");
        }
    }

    /// Ten levels of lists whose ten offsets all lead to the next level would be ten thousand million.
    #[test]
    fn data_that_points_at_itself_is_not_read() {
        let (abi, selector) = one("uint8[][][][][][][][][][]");
        let mut data = selector.to_vec();
        let word = |value: u64| U256::from(value).to_be_bytes::<32>();
        data.extend(word(32));
        for _ in 0..10 {
            data.extend(word(10));
            // Each leads to the end of this level.
            data.extend((0..10).flat_map(|_| word(320)));
        }
        assert_eq!(abi.read(&data), None);
    }

    #[test]
    fn interfaces_that_leave_something_to_luck_are_refused() {
        let parameter = json!({ "name": "x", "type": "uint8" });
        let refusal = abi("f", &json!([parameter, parameter])).unwrap_err();
        assert_eq!(refusal, InterfaceError::SameName("f".to_owned()));
        let function = json!({ "type": "function", "name": "f", "inputs": [] });
        let refusal = Abi::parse(&json!([function, function]).to_string()).unwrap_err();
        assert_eq!(refusal, InterfaceError::Ambiguous("f".to_owned()));
        for kind in ["", "uint7", "bytes33", "bytes0", "fixed", "uint8[", "uint8[a]", "enum L.E"] {
            let refusal = abi("f", &json!([{ "name": "x", "type": kind }])).unwrap_err();
            assert_eq!(refusal, InterfaceError::Unsupported(kind.to_owned()), "{kind}");
        }
        assert_eq!(Abi::parse("{}").unwrap_err().to_string(), "an ABI is a JSON array of entries");
        assert_eq!(Abi::parse("[").unwrap_err(), InterfaceError::Json);
        assert!(Abi::parse(r#"[{"type":"event","name":"E","inputs":7}]"#).is_ok());
    }

    proptest! {
        #[test]
        fn what_the_library_writes_is_read_and_the_rest_never_fails(
            numbers in prop::collection::vec(any::<u64>(), 0..4),
            text in ".*",
            noise in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let inputs = json!([
                { "name": "n", "type": "uint64[]" },
                { "name": "s", "type": "string" },
            ]);
            let abi = abi("f", &inputs).unwrap();
            let selector = *abi.functions.keys().next().unwrap();
            let list = numbers.iter().map(|number| DynSolValue::Uint(U256::from(*number), 64));
            let value = DynSolValue::Tuple(vec![
                DynSolValue::Array(list.collect()),
                DynSolValue::String(text.clone()),
            ]);
            let call = abi.read(&[selector.to_vec(), value.abi_encode_params()].concat()).unwrap();
            let expected = Value::map([
                ("n".to_owned(), Value::list(numbers.into_iter().map(Value::int))),
                ("s".to_owned(), Value::text(text)),
            ]);
            prop_assert_eq!(call.arguments, expected);
            let _ = abi.read(&[selector.to_vec(), noise].concat());
        }
    }
}
