//! Anchor's description of a program on Solana: instructions found by their discriminator, and their
//! arguments read as Borsh has them.
//!
//! Sources: Anchor documentation, "IDL", the older form as well; the Borsh specification.

use std::collections::BTreeMap;

use keyward_crypto::sha256;
use keyward_policy::{EvaluationErrorKind, Int, Value};
use serde_json::{Map, Value as Json};

use super::{InterfaceError, has_repetition};

/// Types within types.
const DEEPEST: usize = 10;
/// Most values of one instruction: those without bytes cost none.
const MOST_VALUES: usize = 10_000;

/// The instructions of a program.
#[derive(Clone, Debug, PartialEq)]
pub struct Idl {
    instructions: Vec<Instruction>,
    types: BTreeMap<String, Defined>,
}

/// An instruction that was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct ParsedInstruction {
    /// As the IDL names it.
    pub name: String,
    /// What the data begins with; lower-case hex.
    pub discriminator: String,
    /// Keys of the accounts, by their names in the IDL.
    pub accounts: Vec<(String, String)>,
    /// The arguments by name.
    pub arguments: Value,
}

#[derive(Clone, Debug, PartialEq)]
struct Instruction {
    name: String,
    discriminator: Vec<u8>,
    accounts: Vec<String>,
    arguments: Vec<(String, Kind)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Bool,
    /// Bytes of an unsigned number.
    Unsigned(usize),
    /// Bytes of a number with a sign.
    Signed(usize),
    /// Bytes of a number that is not whole.
    Float(usize),
    String,
    Bytes,
    PublicKey,
    Array(Box<Kind>, usize),
    Vec(Box<Kind>),
    Option(Box<Kind>),
    Defined(String),
}

/// A type that has a name. What an instruction does not need is not looked into.
#[derive(Clone, Debug, PartialEq)]
enum Defined {
    Struct(Fields),
    Enum(Vec<(String, Fields)>),
    Alias(Kind),
}

#[derive(Clone, Debug, PartialEq)]
enum Fields {
    None,
    Named(Vec<(String, Kind)>),
    Unnamed(Vec<Kind>),
}

impl Idl {
    /// Reads an IDL, the older form or the newer.
    ///
    /// # Errors
    ///
    /// By [`InterfaceError`]'s variants.
    pub fn parse(text: &str) -> Result<Self, InterfaceError> {
        let document: Json = serde_json::from_str(text).map_err(|_| InterfaceError::Json)?;
        let list = |key: &'static str| match document.get(key) {
            None => Err(InterfaceError::MissingKey(key)),
            Some(Json::Array(items)) => Ok(items),
            Some(_) => Err(InterfaceError::Malformed("instructions and types are arrays")),
        };
        let (instructions, declared) = (list("instructions")?, list("types")?);
        let mut sources = BTreeMap::new();
        for kind in declared {
            let name = name_of(kind)?;
            if sources.insert(name, kind).is_some() {
                return Err(InterfaceError::Ambiguous(name.to_owned()));
            }
        }
        let mut types = Types { sources, known: BTreeMap::new() };
        let mut read = Vec::with_capacity(instructions.len());
        for instruction in instructions {
            read.push(Instruction::read(instruction, &mut types)?);
        }
        for (place, instruction) in read.iter().enumerate() {
            let is_like = |other: &Instruction| {
                other.discriminator.starts_with(&instruction.discriminator)
                    || instruction.discriminator.starts_with(&other.discriminator)
            };
            if read.iter().take(place).any(is_like) {
                return Err(InterfaceError::Ambiguous(instruction.name.clone()));
            }
        }
        let types = types.known.into_iter().map(|(name, (defined, _))| (name, defined)).collect();
        Ok(Self { instructions: read, types })
    }

    /// Reads an instruction: its data, and the keys of its accounts.
    ///
    /// `None` when no instruction has the discriminator, there are too few accounts, or the data is not
    /// exactly what the instruction takes.
    pub fn read(&self, data: &[u8], accounts: &[String]) -> Option<ParsedInstruction> {
        let mut all = self.instructions.iter();
        let called = all.find(|instruction| data.starts_with(&instruction.discriminator))?;
        if accounts.len() < called.accounts.len() {
            return None;
        }
        let rest = data.strip_prefix(called.discriminator.as_slice())?;
        let mut reader = Reader { rest, types: &self.types, budget: MOST_VALUES };
        let arguments = reader.named(&called.arguments)?;
        if !reader.rest.is_empty() {
            return None;
        }
        Some(ParsedInstruction {
            name: called.name.clone(),
            discriminator: hex::encode(&called.discriminator),
            accounts: called.accounts.iter().cloned().zip(accounts.iter().cloned()).collect(),
            arguments,
        })
    }
}

impl Instruction {
    fn read(json: &Json, types: &mut Types<'_>) -> Result<Self, InterfaceError> {
        let name = name_of(json)?.to_owned();
        let malformed = InterfaceError::Malformed("an instruction of the IDL is not well formed");
        let discriminator = match json.get("discriminator") {
            None | Some(Json::Null) => {
                let hashed = sha256(format!("global:{}", snake_case(&name)).as_bytes());
                hashed.iter().take(8).copied().collect()
            }
            Some(Json::Array(bytes)) if !bytes.is_empty() => {
                let byte = |json: &Json| u8::try_from(json.as_u64()?).ok();
                let bytes: Option<Vec<u8>> = bytes.iter().map(byte).collect();
                bytes.ok_or_else(|| malformed.clone())?
            }
            Some(_) => return Err(malformed),
        };
        let mut accounts = Vec::new();
        flatten(json.get("accounts"), "", DEEPEST, &mut accounts)?;
        let mut arguments = Vec::new();
        let declared = json.get("args").and_then(Json::as_array).ok_or(malformed)?;
        for argument in declared {
            let kind = types.kind(argument.get("type"), 1, &mut Vec::new())?;
            arguments.push((name_of(argument)?.to_owned(), kind));
        }
        let names = arguments.iter().map(|(name, _)| name.as_str());
        if has_repetition(names) || has_repetition(accounts.iter().map(String::as_str)) {
            return Err(InterfaceError::SameName(name));
        }
        Ok(Self { name, discriminator, accounts, arguments })
    }
}

/// The names of accounts, those of groups after the name of the group and a dot.
fn flatten(
    json: Option<&Json>,
    group: &str,
    deepest: usize,
    names: &mut Vec<String>,
) -> Result<(), InterfaceError> {
    let malformed = InterfaceError::Malformed("accounts of an instruction are not well formed");
    let deepest = deepest.checked_sub(1).ok_or(InterfaceError::TooDeep)?;
    for account in json.and_then(Json::as_array).ok_or(malformed)? {
        let name = format!("{group}{}", name_of(account)?);
        match account.get("accounts") {
            None => names.push(name),
            accounts => flatten(accounts, &format!("{name}."), deepest, names)?,
        }
    }
    Ok(())
}

fn name_of(json: &Json) -> Result<&str, InterfaceError> {
    let name = json.get("name").and_then(Json::as_str).filter(|name| !name.is_empty());
    name.ok_or(InterfaceError::Malformed("something in the IDL has no name"))
}

/// Words in lower case with underscores between them, as Anchor makes them of the name of an instruction.
fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (place, letter) in letters.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|place| letters.get(place));
        let after = letters.get(place + 1);
        let begins_word = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
            });
        if begins_word {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// The types of an IDL: as they are declared, and those that were read, with how deep they nest.
struct Types<'a> {
    sources: BTreeMap<&'a str, &'a Json>,
    known: BTreeMap<String, (Defined, usize)>,
}

impl Types<'_> {
    /// Reads a type that stands `depth` deep. `path` leads to it.
    fn kind(
        &mut self,
        json: Option<&Json>,
        depth: usize,
        path: &mut Vec<String>,
    ) -> Result<Kind, InterfaceError> {
        let malformed = InterfaceError::Malformed("a type in the IDL is not well formed");
        if depth > DEEPEST {
            return Err(InterfaceError::TooDeep);
        }
        let json = json.ok_or_else(|| malformed.clone())?;
        let unsupported = || {
            let text: String = json.to_string().chars().take(64).collect();
            InterfaceError::Unsupported(text)
        };
        if let Some(name) = json.as_str() {
            return plain(name).ok_or_else(unsupported);
        }
        let members: &Map<String, Json> = json.as_object().ok_or(malformed)?;
        let mut members = members.iter();
        let (Some((form, inner)), None) = (members.next(), members.next()) else {
            return Err(unsupported());
        };
        match form.as_str() {
            "vec" => Ok(Kind::Vec(Box::new(self.kind(Some(inner), depth + 1, path)?))),
            "option" => Ok(Kind::Option(Box::new(self.kind(Some(inner), depth + 1, path)?))),
            "array" => {
                let [inner, length] = inner.as_array().map(Vec::as_slice).unwrap_or_default()
                else {
                    return Err(unsupported());
                };
                let length = length.as_u64().and_then(|length| usize::try_from(length).ok());
                let length = length.ok_or_else(unsupported)?;
                Ok(Kind::Array(Box::new(self.kind(Some(inner), depth + 1, path)?), length))
            }
            "defined" => {
                let has_generics = inner.get("generics").is_some_and(|generics| {
                    generics.as_array().is_none_or(|generics| !generics.is_empty())
                });
                let name = inner.as_str().or_else(|| inner.get("name")?.as_str());
                let name = name.filter(|_| !has_generics).ok_or_else(unsupported)?;
                self.define(name, depth, path)?;
                Ok(Kind::Defined(name.to_owned()))
            }
            _ => Err(unsupported()),
        }
    }

    /// Reads a type that has a name, where that was not done before.
    fn define(
        &mut self,
        name: &str,
        depth: usize,
        path: &mut Vec<String>,
    ) -> Result<(), InterfaceError> {
        if path.iter().any(|known| known == name) {
            return Err(InterfaceError::Recursive(name.to_owned()));
        }
        // What was read at this depth or deeper nests no deeper here.
        if self.known.get(name).is_some_and(|(_, known)| *known >= depth) {
            return Ok(());
        }
        let unsupported = || InterfaceError::Unsupported(name.to_owned());
        let source = *self.sources.get(name).ok_or_else(unsupported)?;
        let is_borsh = source.get("serialization").is_none_or(|form| form == "borsh");
        let is_generic = source
            .get("generics")
            .and_then(Json::as_array)
            .is_some_and(|generics| !generics.is_empty());
        if !is_borsh || is_generic {
            return Err(unsupported());
        }
        let body = source.get("type").ok_or_else(unsupported)?;
        path.push(name.to_owned());
        let defined = match body.get("kind").and_then(Json::as_str) {
            Some("struct") => Defined::Struct(self.fields(body.get("fields"), depth, path)?),
            Some("enum") => {
                let variants = body.get("variants").and_then(Json::as_array);
                let mut read = Vec::new();
                for variant in variants.ok_or_else(unsupported)? {
                    let fields = self.fields(variant.get("fields"), depth, path)?;
                    read.push((name_of(variant)?.to_owned(), fields));
                }
                Defined::Enum(read)
            }
            Some("alias" | "type") => {
                let meant = body.get("alias").or_else(|| body.get("value"));
                Defined::Alias(self.kind(meant, depth + 1, path)?)
            }
            _ => return Err(unsupported()),
        };
        path.pop();
        self.known.insert(name.to_owned(), (defined, depth));
        Ok(())
    }

    fn fields(
        &mut self,
        json: Option<&Json>,
        depth: usize,
        path: &mut Vec<String>,
    ) -> Result<Fields, InterfaceError> {
        let malformed = InterfaceError::Malformed("the fields of a type are not well formed");
        let fields = match json {
            None | Some(Json::Null) => return Ok(Fields::None),
            Some(json) => json.as_array().ok_or(malformed)?,
        };
        let is_named = |field: &Json| field.get("name").is_some() && field.get("type").is_some();
        if fields.iter().all(is_named) {
            let mut read = Vec::with_capacity(fields.len());
            for field in fields {
                let kind = self.kind(field.get("type"), depth + 1, path)?;
                read.push((name_of(field)?.to_owned(), kind));
            }
            if has_repetition(read.iter().map(|(name, _)| name.as_str())) {
                return Err(InterfaceError::SameName(path.last().cloned().unwrap_or_default()));
            }
            return Ok(Fields::Named(read));
        }
        let read = fields.iter().map(|field| self.kind(Some(field), depth + 1, path));
        Ok(Fields::Unnamed(read.collect::<Result<_, _>>()?))
    }
}

fn plain(name: &str) -> Option<Kind> {
    Some(match name {
        "bool" => Kind::Bool,
        "u8" => Kind::Unsigned(1),
        "u16" => Kind::Unsigned(2),
        "u32" => Kind::Unsigned(4),
        "u64" => Kind::Unsigned(8),
        "u128" => Kind::Unsigned(16),
        "i8" => Kind::Signed(1),
        "i16" => Kind::Signed(2),
        "i32" => Kind::Signed(4),
        "i64" => Kind::Signed(8),
        "i128" => Kind::Signed(16),
        "f32" => Kind::Float(4),
        "f64" => Kind::Float(8),
        "string" => Kind::String,
        "bytes" => Kind::Bytes,
        "publicKey" | "pubkey" => Kind::PublicKey,
        _ => return None,
    })
}

/// Reads values; `None` when the data is not well formed or asks for too much.
struct Reader<'a> {
    rest: &'a [u8],
    types: &'a BTreeMap<String, Defined>,
    budget: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(u32::from_le_bytes(self.take(4)?.try_into().ok()?)).ok()
    }

    /// A number of up to 16 bytes, and whether its topmost bit is set.
    fn number(&mut self, length: usize) -> Option<(u128, bool)> {
        let bytes = self.take(length)?;
        let number = bytes.iter().rev().fold(0_u128, |sum, byte| (sum << 8) | u128::from(*byte));
        Some((number, bytes.last().is_some_and(|byte| byte & 0x80 != 0)))
    }

    fn named(&mut self, fields: &[(String, Kind)]) -> Option<Value> {
        let mut values = Vec::with_capacity(fields.len());
        for (name, kind) in fields {
            values.push((name.clone(), self.value(kind)?));
        }
        Some(Value::map(values))
    }

    fn items(&mut self, kind: &Kind, count: usize) -> Option<Value> {
        // Before anything is made for them.
        if count > self.budget {
            return None;
        }
        let items: Option<Vec<Value>> = (0..count).map(|_| self.value(kind)).collect();
        items.map(Value::list)
    }

    fn value(&mut self, kind: &Kind) -> Option<Value> {
        self.budget = self.budget.checked_sub(1)?;
        Some(match kind {
            Kind::Bool => match self.byte()? {
                0 => false.into(),
                1 => true.into(),
                _ => return None,
            },
            Kind::Unsigned(length) => {
                let (number, _) = self.number(*length)?;
                match length {
                    16 => Value::text(number.to_string()),
                    _ => Value::int(Int::from(number)),
                }
            }
            Kind::Signed(length) => {
                let (number, is_negative) = self.number(*length)?;
                let bits = u32::try_from(*length).ok()?.checked_mul(8)?;
                let extended = match u128::MAX.checked_shl(bits) {
                    Some(sign) if is_negative => number | sign,
                    _ => number,
                };
                let number = extended.cast_signed();
                match length {
                    16 => Value::text(number.to_string()),
                    _ => Value::Int(Int::signed(number)),
                }
            }
            Kind::Float(length) => {
                self.take(*length)?;
                Value::Unreadable(EvaluationErrorKind::TypeMismatch)
            }
            Kind::String => {
                let length = self.length()?;
                Value::text(std::str::from_utf8(self.take(length)?).ok()?)
            }
            Kind::Bytes => {
                let length = self.length()?;
                Value::text(hex::encode(self.take(length)?))
            }
            Kind::PublicKey => Value::text(bs58::encode(self.take(32)?).into_string()),
            Kind::Array(inner, count) => self.items(inner, *count)?,
            Kind::Vec(inner) => {
                let count = self.length()?;
                self.items(inner, count)?
            }
            Kind::Option(inner) => match self.byte()? {
                0 => Value::Unreadable(EvaluationErrorKind::MissingField),
                1 => self.value(inner)?,
                _ => return None,
            },
            Kind::Defined(name) => match self.types.get(name)? {
                Defined::Alias(meant) => self.value(meant)?,
                Defined::Struct(fields) => self.fields(fields)?,
                Defined::Enum(variants) => {
                    let (name, fields) = variants.get(usize::from(self.byte()?))?;
                    let value = match fields {
                        Fields::None => Value::Unreadable(EvaluationErrorKind::MissingField),
                        fields => self.fields(fields)?,
                    };
                    Value::map([(name.clone(), value)])
                }
            },
        })
    }

    fn fields(&mut self, fields: &Fields) -> Option<Value> {
        match fields {
            Fields::None => Some(Value::map([])),
            Fields::Named(fields) => self.named(fields),
            Fields::Unnamed(kinds) => {
                let values: Option<Vec<Value>> =
                    kinds.iter().map(|kind| self.value(kind)).collect();
                values.map(Value::list)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::tests::reads;
    use super::*;

    /// An IDL with one instruction `go`, its discriminator `[7]`, with one argument `x`.
    fn one(kind: &Json, types: &Json) -> Result<Idl, InterfaceError> {
        let instruction = json!({
            "name": "go",
            "discriminator": [7],
            "accounts": [],
            "args": [{ "name": "x", "type": kind }],
        });
        Idl::parse(&json!({ "instructions": [instruction], "types": types }).to_string())
    }

    fn read(kind: &Json, types: &Json, data: &[u8]) -> Option<ParsedInstruction> {
        one(kind, types).unwrap().read(&[&[7], data].concat(), &[])
    }

    #[track_caller]
    fn holds(kind: &Json, types: &Json, data: &[u8], clause: &str) {
        let parsed = read(kind, types, data).unwrap();
        assert_eq!(reads(&parsed.arguments, clause), Ok(true), "{kind} {clause}");
    }

    #[test]
    fn types_are_read_as_the_table_says() {
        let none = json!([]);
        let holds = |kind: Json, data: &[u8], clause| holds(&kind, &none, data, clause);
        holds(json!("u8"), &[200], "args['x'] == 200");
        holds(json!("u64"), &[255; 8], "args['x'] == 18446744073709551615");
        holds(json!("i16"), &[0xff, 0xff], "args['x'] < 0");
        holds(json!("u128"), &[1; 16], "args['x'] == '1334440654591915542993625911497130241'");
        holds(json!("i128"), &[255; 16], "args['x'] == '-1'");
        holds(json!("bool"), &[1], "args['x']");
        holds(json!("string"), &[2, 0, 0, 0, b'H', b'i'], "args['x'] == 'Hi'");
        holds(json!("bytes"), &[1, 0, 0, 0, 0xAB], "args['x'] == 'ab'");
        for name in ["pubkey", "publicKey"] {
            holds(json!(name), &[0; 32], "args['x'] == '11111111111111111111111111111111'");
        }
        holds(json!({ "vec": "u8" }), &[2, 0, 0, 0, 5, 6], "args['x'][1] == 6");
        holds(json!({ "array": ["u8", 2] }), &[5, 6], "args['x'].count() == 2");
        holds(json!({ "option": "u8" }), &[1, 6], "args['x'] == 6");
        let error = |kind: Json, data: &[u8]| {
            reads(&read(&kind, &none, data).unwrap().arguments, "args['x'] == 1").unwrap_err()
        };
        assert_eq!(error(json!({ "option": "u8" }), &[0]), "MissingField");
        assert_eq!(error(json!("f32"), &[0; 4]), "TypeMismatch");
    }

    #[test]
    fn types_with_names_are_maps() {
        let types = json!([
            { "name": "Pair", "type": { "kind": "struct", "fields": [
                { "name": "a", "type": "u8" }, { "name": "b", "type": "u8" },
            ] } },
            { "name": "Choice", "type": { "kind": "enum", "variants": [
                { "name": "None" },
                { "name": "Named", "fields": [{ "name": "a", "type": "u8" }] },
                { "name": "Plain", "fields": ["u8", { "defined": { "name": "Pair" } }] },
            ] } },
            { "name": "Other", "type": { "kind": "alias", "value": "u8" } },
            { "name": "Newer", "type": { "kind": "type", "alias": "u8" } },
            { "name": "Unused", "type": { "kind": "struct", "fields": [
                { "name": "a", "type": { "coption": "u8" } },
            ] } },
        ]);
        let defined = |name: &str| json!({ "defined": name });
        holds(&defined("Pair"), &types, &[1, 2], "args['x']['b'] == 2");
        holds(&defined("Choice"), &types, &[1, 9], "args['x']['Named']['a'] == 9");
        holds(&defined("Choice"), &types, &[2, 8, 1, 2], "args['x']['Plain'][1]['b'] == 2");
        holds(&defined("Other"), &types, &[3], "args['x'] == 3");
        holds(&defined("Newer"), &types, &[3], "args['x'] == 3");
        let parsed = read(&defined("Choice"), &types, &[0]).unwrap();
        let error = reads(&parsed.arguments, "args['x']['None']['a'] == 1");
        assert_eq!(error, Err("MissingField".to_owned()));
        assert_eq!(read(&defined("Choice"), &types, &[3]), None);
    }

    #[test]
    fn what_is_not_well_formed_is_not_read() {
        let none = json!([]);
        for (kind, data) in [
            (json!("u16"), vec![1]),
            (json!("u8"), vec![1, 2]),
            (json!("bool"), vec![2]),
            (json!({ "option": "u8" }), vec![2, 0]),
            (json!("string"), vec![1, 0, 0, 0, 0xff]),
            (json!("string"), vec![255, 255, 255, 255]),
            (json!({ "vec": { "array": ["u8", 0] } }), vec![255, 255, 255, 255]),
        ] {
            assert_eq!(read(&kind, &none, &data), None, "{kind}");
        }
        assert_eq!(one(&json!("u8"), &none).unwrap().read(&[8, 1], &[]), None);
    }

    #[test]
    fn instructions_are_found_by_the_hash_of_their_name_and_accounts_by_name() {
        let document = json!({
            "instructions": [{
                "name": "swapBaseIn",
                "accounts": [
                    { "name": "user", "isMut": true, "isSigner": true },
                    { "name": "pool", "accounts": [{ "name": "vault" }] },
                ],
                "args": [],
            }],
            "types": [],
        });
        let idl = Idl::parse(&document.to_string()).unwrap();
        let data = sha256(b"global:swap_base_in")[..8].to_vec();
        let keys = ["a", "ADDRESS_TABLE_LOOKUP", "c"].map(str::to_owned);
        let parsed = idl.read(&data, &keys).unwrap();
        assert_eq!(parsed.name, "swapBaseIn");
        assert_eq!(parsed.discriminator, hex::encode(&data));
        let named = |name: &str, key: &str| (name.to_owned(), key.to_owned());
        assert_eq!(
            parsed.accounts,
            [named("user", "a"), named("pool.vault", "ADDRESS_TABLE_LOOKUP")]
        );
        assert_eq!(idl.read(&data, &keys[..1]), None);
        for (name, snake) in [
            ("v2Swap", "v2_swap"),
            ("swapV2", "swap_v2"),
            ("createATA", "create_ata"),
            ("open_it", "open_it"),
            ("ATACreate", "ata_create"),
        ] {
            assert_eq!(snake_case(name), snake);
        }
    }

    #[test]
    fn interfaces_that_can_not_be_relied_on_are_refused() {
        let text = |document: Json| Idl::parse(&document.to_string()).unwrap_err().to_string();
        insta::assert_snapshot!(text(json!({ "instructions": [] })), @"key 'types' not found in uploaded IDL");
        insta::assert_snapshot!(text(json!({ "types": [] })), @"key 'instructions' not found in uploaded IDL");
        let none = json!([]);
        let refused = |kind: Json, types: &Json| one(&kind, types).unwrap_err();
        assert!(matches!(
            refused(json!({ "coption": "u8" }), &none),
            InterfaceError::Unsupported(_)
        ));
        assert!(matches!(
            refused(json!({ "defined": "X" }), &none),
            InterfaceError::Unsupported(_)
        ));
        let cycle = json!([
            { "name": "A", "type": { "kind": "alias", "value": { "vec": { "defined": "B" } } } },
            { "name": "B", "type": { "kind": "alias", "value": { "defined": "A" } } },
        ]);
        let refusal = refused(json!({ "defined": "A" }), &cycle);
        assert_eq!(refusal, InterfaceError::Recursive("A".to_owned()));
        let nested =
            |levels: usize| (1..levels).fold(json!("u8"), |inner, _| json!({ "vec": inner }));
        assert!(one(&nested(10), &none).is_ok());
        assert_eq!(refused(nested(11), &none), InterfaceError::TooDeep);
        let instruction = |bytes: &[u8], name: &str| json!({ "name": name, "discriminator": bytes, "accounts": [], "args": [] });
        let both = json!([instruction(&[1], "a"), instruction(&[1, 2], "b")]);
        let refusal = text(json!({ "instructions": both, "types": [] }));
        insta::assert_snapshot!(refusal, @"b can't be told from another function or instruction");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_not(data in prop::collection::vec(any::<u8>(), 0..100)) {
            let types = json!([{ "name": "P", "type": { "kind": "struct", "fields": [
                { "name": "a", "type": { "vec": "string" } },
                { "name": "b", "type": { "option": "i64" } },
            ] } }]);
            let _ = read(&json!({ "vec": { "defined": "P" } }), &types, &data);
        }
    }
}
