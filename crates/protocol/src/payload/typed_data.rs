//! EIP-712 typed data: checked against its own types before anything is hashed.
//!
//! The hashing is `alloy-dyn-abi`'s. What it would read generously is refused here first, and so are types
//! whose expansion costs more than a signature is worth: they nest, so a short text can ask for a lot.

use std::collections::{BTreeMap, BTreeSet};

use alloy_dyn_abi::TypedData as Hashable;
use alloy_dyn_abi::eip712::{Eip712Types, PropertyDef};
use alloy_primitives::U256;
use keyward_crypto::keccak256;

use super::value::{Json, address, bytes, integer};

const DOMAIN: &str = "EIP712Domain";

/// Members of the domain in the order of the standard, for when `types` does not say which there are.
const DOMAIN_MEMBERS: [(&str, &str); 5] = [
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
    ("salt", "bytes32"),
];

/// Longest name of a type, array suffixes included.
const LONGEST_NAME: usize = 256;
/// Structs within structs.
const DEEPEST: usize = 32;
/// Array suffixes on one member.
const MOST_DIMENSIONS: usize = 16;
/// Struct types that one struct needs.
const MOST_STRUCTS: usize = 128;
/// Bytes of type text that hashing may read: every struct value reads that of its type once.
const MOST_WORK: usize = 4 << 20;

type Members = BTreeMap<String, Json>;

/// Typed data that is what its types say it is.
#[derive(Clone, Debug, PartialEq)]
pub struct TypedData {
    primary_type: String,
    domain: Members,
    message: Members,
    digest: [u8; 32],
    types: Types,
}

/// A value of typed data beside what it is declared as.
#[derive(Clone, Debug, PartialEq)]
pub enum TypedValue<'a> {
    /// An atomic value.
    Plain {
        /// The type of the member that it stands in, array suffixes included.
        kind: &'a str,
        /// As the document writes it.
        value: &'a Json,
    },
    /// An array.
    List(Vec<TypedValue<'a>>),
    /// A struct: its members, in the order of the declaration.
    Struct(Vec<(&'a str, TypedValue<'a>)>),
}

/// Why a text is no typed data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TypedDataError {
    /// Not JSON.
    #[error("not JSON")]
    Json(#[source] serde_json::Error),
    /// A member of the document is absent or of another kind.
    #[error("{0} is missing or not {1}")]
    Document(&'static str, &'static str),
    /// A type is not declared as a list of `{name, type}`, or has a name that types don't have.
    #[error("type {0} is not well formed")]
    Malformed(String),
    /// A struct type is used and not declared.
    #[error("type {0} is not declared")]
    Undeclared(String),
    /// A struct type contains itself.
    #[error("type {0} contains itself")]
    Recursive(String),
    /// More types or values than a signature is worth.
    #[error("too many types or values")]
    TooLarge,
    /// A member is absent, or its value is not of its type.
    #[error("member {member} must be there and be {kind}")]
    Member {
        /// Name of the member.
        member: String,
        /// Its type.
        kind: String,
    },
    /// The library refuses what passed the checks.
    #[error("cannot be hashed")]
    Hash(#[source] alloy_dyn_abi::Error),
}

impl TypedData {
    /// Reads `{types, domain, primaryType, message}` and hashes it. Other members are ignored.
    ///
    /// The domain has the members that `types.EIP712Domain` lists; without that, those of the standard
    /// that are there, in its order, and it is refused when there are only others. With `EIP712Domain` as
    /// the primary type there is no message to hash.
    ///
    /// # Errors
    ///
    /// By [`TypedDataError`]'s variants; recursive types, which the standard allows, are refused.
    ///
    /// Source: EIP-712.
    pub fn parse(text: &str) -> Result<Self, TypedDataError> {
        let document = Json::parse(text).map_err(TypedDataError::Json)?;
        let types = document
            .get("types")
            .and_then(Json::as_object)
            .ok_or(TypedDataError::Document("types", "an object"))?;
        let primary_type = document
            .get("primaryType")
            .and_then(Json::as_str)
            .ok_or(TypedDataError::Document("primaryType", "a string"))?;
        let message = document
            .get("message")
            .filter(|message| message.as_object().is_some())
            .ok_or(TypedDataError::Document("message", "an object"))?;
        let absent = Json::Object(Members::new());
        let domain = document.get("domain").unwrap_or(&absent);
        let members = domain.as_object().ok_or(TypedDataError::Document("domain", "an object"))?;

        let mut types = Types::parse(types)?;
        types.declare_domain(members)?;
        let mut work = MOST_WORK;
        let (domain, domain_hash) = types.hash(DOMAIN, domain, &mut work)?;
        let mut hashed = vec![0x19, 0x01];
        hashed.extend(domain_hash);
        let message = if primary_type == DOMAIN {
            Members::new()
        } else {
            let (message, message_hash) = types.hash(primary_type, message, &mut work)?;
            hashed.extend(message_hash);
            message
        };
        let digest = keccak256(&hashed);
        Ok(Self { primary_type: primary_type.to_owned(), domain, message, digest, types })
    }

    /// Name of the message's type.
    pub fn primary_type(&self) -> &str {
        &self.primary_type
    }

    /// The members of the domain that are hashed, as the document writes them.
    pub const fn domain(&self) -> &Members {
        &self.domain
    }

    /// The members of the message that are hashed, as the document writes them: none that its type does
    /// not declare, at any depth.
    pub const fn message(&self) -> &Members {
        &self.message
    }

    /// The members of the domain that are hashed, with their types.
    pub fn typed_domain(&self) -> Vec<(&str, TypedValue<'_>)> {
        self.types.typed_members(DOMAIN, &self.domain)
    }

    /// The members of the message that are hashed, with their types.
    pub fn typed_message(&self) -> Vec<(&str, TypedValue<'_>)> {
        if self.primary_type == DOMAIN {
            return Vec::new();
        }
        self.types.typed_members(&self.primary_type, &self.message)
    }

    /// The number that a value of an unsigned type stands for, in any of the ways to write it.
    pub fn unsigned(value: &Json) -> Option<U256> {
        integer(value).filter(|number| !number.negative).map(|number| number.magnitude)
    }

    /// What is signed: keccak256(`19 01` ‖ hash of the domain ‖ hash of the message).
    pub const fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}

/// The declared struct types, by name.
#[derive(Clone, Debug, PartialEq)]
struct Types(BTreeMap<String, Vec<Member>>);

#[derive(Clone, Debug, PartialEq)]
struct Member {
    name: String,
    kind: Kind,
}

/// Type of a member: what it is made of, and the lengths of the arrays around it, innermost first.
#[derive(Clone, Debug, PartialEq)]
struct Kind {
    text: String,
    base: Base,
    lengths: Vec<Option<usize>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Base {
    Bool,
    Address,
    String,
    Bytes,
    FixedBytes(usize),
    Int(usize),
    Uint(usize),
    Struct(String),
}

/// What a struct type amounts to.
#[derive(Clone, Copy)]
struct Extent {
    depth: usize,
    /// Bytes of type text when every struct in it is written out where it is used.
    expanded: usize,
}

impl Types {
    fn parse(declared: &Members) -> Result<Self, TypedDataError> {
        let mut types = BTreeMap::new();
        for (name, members) in declared {
            let malformed = || TypedDataError::Malformed(shown(name));
            let is_struct = matches!(Base::parse(name), Some(Base::Struct(_)));
            let members = members.as_array().filter(|_| is_struct).ok_or_else(malformed)?;
            let members: Option<Vec<Member>> = members.iter().map(Member::parse).collect();
            types.insert(name.clone(), members.ok_or_else(malformed)?);
        }
        Ok(Self(types))
    }

    /// Adds the type of the domain when the document does not have it.
    fn declare_domain(&mut self, domain: &Members) -> Result<(), TypedDataError> {
        if self.0.contains_key(DOMAIN) {
            return Ok(());
        }
        let members = DOMAIN_MEMBERS.iter().filter(|(name, _)| domain.contains_key(*name));
        let members: Option<Vec<Member>> =
            members.map(|(name, kind)| Member::new(name, kind)).collect();
        let members = members.ok_or_else(|| TypedDataError::Malformed(DOMAIN.to_owned()))?;
        if members.is_empty() && !domain.is_empty() {
            return Err(TypedDataError::Undeclared(DOMAIN.to_owned()));
        }
        self.0.insert(DOMAIN.to_owned(), members);
        Ok(())
    }

    /// The members of a struct that its type declares, and their hash.
    fn hash(
        &self,
        name: &str,
        value: &Json,
        work: &mut usize,
    ) -> Result<(Members, [u8; 32]), TypedDataError> {
        let mut extents = BTreeMap::new();
        self.measure(name, &mut Vec::new(), &mut extents)?;
        let needed: BTreeSet<&str> = extents.into_keys().collect();
        if needed.len() > MOST_STRUCTS {
            return Err(TypedDataError::TooLarge);
        }
        let cost = needed.iter().map(|name| self.text_length(name)).sum();
        let checked = self.check_struct(name, value, cost, work)?;

        let types = needed.iter().map(|name| self.alloy_type(name));
        let types: BTreeMap<_, _> =
            types.collect::<Result<_, _>>().map_err(TypedDataError::Hash)?;
        let hashable = Hashable {
            domain: alloy_dyn_abi::Eip712Domain::default(),
            resolver: Eip712Types::from(types).into(),
            primary_type: name.to_owned(),
            message: (&Json::Object(checked.clone())).into(),
        };
        let hash = hashable.hash_struct().map_err(TypedDataError::Hash)?;
        Ok((checked, hash.0))
    }

    fn members(&self, name: &str) -> Result<&[Member], TypedDataError> {
        let members = self.0.get(name).ok_or_else(|| TypedDataError::Undeclared(shown(name)))?;
        Ok(members)
    }

    /// Finds all struct types that one needs, and how large they are. `path` leads to `name`.
    fn measure<'a>(
        &'a self,
        name: &'a str,
        path: &mut Vec<&'a str>,
        known: &mut BTreeMap<&'a str, Extent>,
    ) -> Result<Extent, TypedDataError> {
        if let Some(extent) = known.get(name) {
            return Ok(*extent);
        }
        if path.contains(&name) {
            return Err(TypedDataError::Recursive(shown(name)));
        }
        let members = self.members(name)?;
        let mut extent = Extent { depth: 1, expanded: self.text_length(name) };
        path.push(name);
        for member in members {
            if path.len() > DEEPEST {
                return Err(TypedDataError::TooLarge);
            }
            if let Base::Struct(inner) = &member.kind.base {
                let inner = self.measure(inner, path, known)?;
                extent.depth = extent.depth.max(inner.depth.saturating_add(1));
                extent.expanded = extent.expanded.saturating_add(inner.expanded);
            }
        }
        path.pop();
        if extent.depth > DEEPEST || extent.expanded > MOST_WORK {
            return Err(TypedDataError::TooLarge);
        }
        known.insert(name, extent);
        Ok(extent)
    }

    /// Bytes of the type's own part of `encodeType`.
    fn text_length(&self, name: &str) -> usize {
        let members = self.0.get(name).map(Vec::as_slice).unwrap_or_default();
        let members = members.iter().map(|member| member.name.len() + member.kind.text.len() + 2);
        name.len() + 2 + members.sum::<usize>()
    }

    fn alloy_type(&self, name: &str) -> Result<(String, Vec<PropertyDef>), alloy_dyn_abi::Error> {
        let members = self.0.get(name).map(Vec::as_slice).unwrap_or_default();
        let members =
            members.iter().map(|member| PropertyDef::new(member.kind.text.clone(), &*member.name));
        Ok((name.to_owned(), members.collect::<Result<_, _>>()?))
    }

    /// The members of a struct that was checked, with their types.
    fn typed_members<'a>(
        &'a self,
        name: &str,
        value: &'a Members,
    ) -> Vec<(&'a str, TypedValue<'a>)> {
        let members = self.0.get(name).map(Vec::as_slice).unwrap_or_default();
        let typed = members.iter().filter_map(|member| {
            let value = value.get(&member.name)?;
            let typed = self.typed(&member.kind, &member.kind.lengths, value);
            Some((member.name.as_str(), typed))
        });
        typed.collect()
    }

    fn typed<'a>(
        &'a self,
        kind: &'a Kind,
        lengths: &[Option<usize>],
        value: &'a Json,
    ) -> TypedValue<'a> {
        match (lengths.split_last(), &kind.base, value) {
            (Some((_, inner)), _, Json::Array(items)) => {
                TypedValue::List(items.iter().map(|item| self.typed(kind, inner, item)).collect())
            }
            (None, Base::Struct(name), Json::Object(members)) => {
                TypedValue::Struct(self.typed_members(name, members))
            }
            _ => TypedValue::Plain { kind: &kind.text, value },
        }
    }

    /// The members that the type declares, checked. Every struct takes `cost` from `work`.
    fn check_struct(
        &self,
        name: &str,
        value: &Json,
        cost: usize,
        work: &mut usize,
    ) -> Result<Members, TypedDataError> {
        *work = work.checked_sub(cost).ok_or(TypedDataError::TooLarge)?;
        let mut checked = Members::new();
        for member in self.members(name)? {
            let Kind { base, lengths, .. } = &member.kind;
            let value = match value.get(&member.name) {
                Some(value) => self.check(base, lengths, value, cost, work)?,
                None => None,
            };
            let value = value.ok_or_else(|| TypedDataError::Member {
                member: shown(&member.name),
                kind: shown(&member.kind.text),
            })?;
            checked.insert(member.name.clone(), value);
        }
        Ok(checked)
    }

    /// The value without undeclared members; `None` when it is not of the type.
    fn check(
        &self,
        base: &Base,
        lengths: &[Option<usize>],
        value: &Json,
        cost: usize,
        work: &mut usize,
    ) -> Result<Option<Json>, TypedDataError> {
        if let Some((length, inner)) = lengths.split_last() {
            let Some(items) = value.as_array() else { return Ok(None) };
            if length.is_some_and(|length| length != items.len()) {
                return Ok(None);
            }
            let items = items.iter().map(|item| self.check(base, inner, item, cost, work));
            let items: Option<Vec<Json>> = items.collect::<Result<_, _>>()?;
            return Ok(items.map(Json::Array));
        }
        let is_right = match base {
            Base::Struct(name) => {
                if value.as_object().is_none() {
                    return Ok(None);
                }
                return self.check_struct(name, value, cost, work).map(Json::Object).map(Some);
            }
            Base::Bool => matches!(value, Json::Bool(_)),
            Base::Address => address(value).is_some(),
            Base::String => value.as_str().is_some(),
            Base::Bytes => bytes(value).is_some(),
            Base::FixedBytes(length) => bytes(value).is_some_and(|bytes| bytes.len() == *length),
            Base::Int(bits) => integer(value).is_some_and(|integer| integer.fits_signed(*bits)),
            Base::Uint(bits) => integer(value).is_some_and(|integer| integer.fits_unsigned(*bits)),
        };
        Ok(is_right.then(|| value.clone()))
    }
}

impl Member {
    fn new(name: &str, kind: &str) -> Option<Self> {
        Some(Self { name: name.to_owned(), kind: Kind::parse(kind)? })
    }

    fn parse(declared: &Json) -> Option<Self> {
        let text = |name| declared.get(name).and_then(Json::as_str);
        Self::new(text("name")?, text("type")?)
    }
}

impl Kind {
    fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST_NAME {
            return None;
        }
        let (base, suffix) = match text.split_once('[') {
            Some((base, suffix)) => (base, Some(suffix.strip_suffix(']')?)),
            None => (text, None),
        };
        let lengths = suffix.into_iter().flat_map(|suffix| suffix.split("]["));
        let lengths: Vec<_> = lengths
            .map(|length| if length.is_empty() { Some(None) } else { digits(length).map(Some) })
            .collect::<Option<_>>()?;
        if lengths.len() > MOST_DIMENSIONS {
            return None;
        }
        Some(Self { text: text.to_owned(), base: Base::parse(base)?, lengths })
    }
}

impl Base {
    fn parse(name: &str) -> Option<Self> {
        // `uint`, `int` without a width are not in the standard, yet hashed by their own name elsewhere.
        let bits = |digits_text: &str| match digits_text {
            "" => Some(256),
            _ => digits(digits_text).filter(|bits| bits % 8 == 0 && (8..=256).contains(bits)),
        };
        let is_number = |suffix: &&str| suffix.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(width) = name.strip_prefix("uint").filter(is_number) {
            return bits(width).map(Self::Uint);
        }
        if let Some(width) = name.strip_prefix("int").filter(is_number) {
            return bits(width).map(Self::Int);
        }
        if let Some(length) = name.strip_prefix("bytes").filter(is_number) {
            return match length {
                "" => Some(Self::Bytes),
                _ => digits(length).filter(|n| (1..=32).contains(n)).map(Self::FixedBytes),
            };
        }
        match name {
            "bool" => Some(Self::Bool),
            "address" => Some(Self::Address),
            "string" => Some(Self::String),
            // Types of the contract ABI that typed data does not have.
            "function" | "tuple" => None,
            _ => is_struct_name(name).then(|| Self::Struct(name.to_owned())),
        }
    }
}

/// An identifier, with `:` as some protocols have it. Not `$`: where it sorts against `(` decides the
/// order of the types, and implementations differ there.
fn is_struct_name(name: &str) -> bool {
    let is_start = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let is_part = |byte: u8| is_start(byte) || byte.is_ascii_digit() || byte == b':';
    name.len() <= LONGEST_NAME
        && name.bytes().next().is_some_and(is_start)
        && name.bytes().all(is_part)
}

/// A decimal number without sign or leading zeros.
fn digits(text: &str) -> Option<usize> {
    let is_canonical = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_canonical { text.parse().ok() } else { None }
}

/// The beginning of a name, for a refusal.
fn shown(name: &str) -> String {
    name.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::*;

    fn parse(document: &Value) -> Result<TypedData, TypedDataError> {
        TypedData::parse(&document.to_string())
    }

    fn members(object: &Value) -> Members {
        Json::parse(&object.to_string()).unwrap().as_object().unwrap().clone()
    }

    /// A document with one struct of one member.
    fn one(kind: &str, value: &Value) -> Result<TypedData, TypedDataError> {
        parse(&json!({
            "types": {"M": [{"name": "v", "type": kind}]},
            "primaryType": "M",
            "message": {"v": value},
        }))
    }

    #[test]
    fn values_must_be_written_as_their_type_says() {
        for (kind, value) in [
            ("bool", json!(true)),
            ("uint8", json!(255)),
            ("uint256", json!("0xff")),
            ("uint", json!("1")),
            ("int8", json!(-128)),
            ("int256", json!("-1")),
            ("int256", json!("0x7f")),
            ("address", json!("0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826")),
            ("bytes", json!("0x")),
            ("bytes4", json!("0xdeadbeef")),
            ("string", json!("")),
            ("uint8[]", json!([])),
            ("uint8[2][]", json!([[1, 2], [3, 4]])),
            ("uint8[][2]", json!([[], [1, 2, 3]])),
        ] {
            one(kind, &value).unwrap_or_else(|error| panic!("{kind} {value}: {error}"));
        }
        for (kind, value) in [
            ("bool", json!("true")),
            ("bool", json!(1)),
            ("uint8", json!(256)),
            ("uint8", json!(-1)),
            ("uint8", json!(1.0)),
            ("uint256", json!(18_446_744_073_709_551_616.0)),
            ("int8", json!(128)),
            ("int256", json!(format!("0x{}", "f".repeat(64)))),
            ("address", json!("CD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826")),
            ("address", json!("0x1234")),
            ("bytes", json!("00")),
            ("bytes", json!("0x0")),
            ("bytes", json!([1, 2])),
            ("bytes4", json!("0xdeadbe")),
            ("string", json!(1)),
            ("string", json!(null)),
            ("uint8[]", json!({})),
            ("uint8[2]", json!([1])),
            ("uint8[2][]", json!([[1, 2, 3]])),
        ] {
            let refused = one(kind, &value);
            assert!(matches!(refused, Err(TypedDataError::Member { .. })), "{kind} {value}");
        }
    }

    #[test]
    fn refuses_types_that_are_none() {
        for kind in [
            "",
            "[]",
            "uint7",
            "uint264",
            "uint08",
            "bytes33",
            "bytes0",
            "function",
            "(uint8,bool)",
            "tuple",
            "uint8[",
            "uint8]",
            "uint8[]]",
            "uint8[-1]",
            "uint8[01]",
            "uint8[0]",
            " uint8",
            "Foo Bar",
            "Foo$",
            "1Foo",
            ":Foo",
            "Foo,Bar",
        ] {
            assert!(matches!(one(kind, &json!([])), Err(TypedDataError::Malformed(_))), "{kind}");
        }
        let wide = format!("uint8{}", "[]".repeat(MOST_DIMENSIONS + 1));
        assert!(matches!(one(&wide, &json!([])), Err(TypedDataError::Malformed(_))));
        assert!(matches!(one("Foo", &json!({})), Err(TypedDataError::Undeclared(_))));
        assert!(matches!(one("M", &json!({})), Err(TypedDataError::Recursive(_))));
        assert!(matches!(one("M[]", &json!([])), Err(TypedDataError::Recursive(_))));
    }

    #[test]
    fn refuses_types_that_expand_without_end() {
        // Each type holds the next one twice: 2^40 when written out.
        let mut types = Map::new();
        for level in 0..40 {
            let next = format!("T{}", level + 1);
            let members = json!([{"name": "a", "type": next}, {"name": "b", "type": next}]);
            types.insert(format!("T{level}"), members);
        }
        types.insert("T40".to_owned(), json!([]));
        let start =
            |name: &str| parse(&json!({"types": types, "primaryType": name, "message": {}}));
        assert!(matches!(start("T0"), Err(TypedDataError::TooLarge)));
        assert!(matches!(start("T15"), Err(TypedDataError::TooLarge)));
        assert!(matches!(start("T38"), Err(TypedDataError::Member { .. })));
    }

    #[test]
    fn refuses_chains_and_values_beyond_the_budget() {
        let mut types = Map::new();
        for level in 0..10_000 {
            let next = format!("T{}[]", level + 1);
            types.insert(format!("T{level}"), json!([{"name": "a", "type": next}]));
        }
        types.insert("T10000".to_owned(), json!([]));
        let chain = json!({"types": types, "primaryType": "T0", "message": {"a": []}});
        assert!(matches!(parse(&chain), Err(TypedDataError::TooLarge)));

        let name = "n".repeat(10_000);
        let many: Vec<Value> = (0..1_000).map(|_| json!({"c": []})).collect();
        let heavy = json!({
            "types": {
                "A": [{"name": "b", "type": "B[]"}],
                "B": [{"name": "c", "type": "C[]"}],
                "C": [{"name": name, "type": "string"}],
            },
            "primaryType": "A",
            "message": {"b": many},
        });
        assert!(matches!(parse(&heavy), Err(TypedDataError::TooLarge)));
    }

    #[test]
    fn the_domain_is_what_its_type_says_and_else_what_is_there() {
        let document = |types: Value, domain: Value| {
            parse(&json!({
                "types": types, "domain": domain, "primaryType": "M", "message": {},
            }))
        };
        let named = json!([{"name": "name", "type": "string"}]);
        let said = document(json!({"M": [], "EIP712Domain": named}), json!({"name": "x"})).unwrap();
        let there = document(json!({"M": []}), json!({"name": "x", "other": 1})).unwrap();
        let more =
            document(json!({"M": [], "EIP712Domain": named}), json!({"name": "x", "version": "1"}));
        assert_eq!(said.digest(), there.digest());
        assert_eq!(said.digest(), more.unwrap().digest());
        assert_eq!(*there.domain(), members(&json!({"name": "x"})));
        let none = document(json!({"M": []}), json!({})).unwrap();
        let absent = parse(&json!({"types": {"M": []}, "primaryType": "M", "message": {}}));
        assert_eq!(none.digest(), absent.unwrap().digest());
        assert!(document(json!({"M": [], "EIP712Domain": named}), json!({})).is_err());
        assert!(document(json!({"M": []}), json!("x")).is_err());
    }

    #[test]
    fn a_domain_is_never_left_out() {
        let document = |domain: Value| {
            parse(&json!({
                "types": {"M": []}, "domain": domain, "primaryType": "M", "message": {},
            }))
        };
        let other = document(json!({"nmae": "x"}));
        assert!(matches!(other, Err(TypedDataError::Undeclared(name)) if name == DOMAIN));
        assert!(document(json!({"salt": null})).is_err());
        let all = json!({
            "salt": format!("0x{}", "11".repeat(32)),
            "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC",
            "chainId": 1,
            "version": "1",
            "name": "x",
        });
        let kinds = DOMAIN_MEMBERS.map(|(name, kind)| json!({"name": name, "type": kind}));
        let declared = parse(&json!({
            "types": {"M": [], "EIP712Domain": kinds},
            "domain": all, "primaryType": "M", "message": {},
        }));
        assert_eq!(document(all).unwrap().digest(), declared.unwrap().digest());
    }

    #[test]
    fn numbers_are_the_same_however_they_are_written() {
        let digest = |kind: &str, number: &str| {
            let text = format!(
                r#"{{"types":{{"M":[{{"name":"v","type":"{kind}"}}]}},"primaryType":"M","message":{{"v":{number}}}}}"#
            );
            TypedData::parse(&text).map(|data| *data.digest())
        };
        let most = U256::MAX.to_string();
        let least = format!("-{}", U256::ONE << 255);
        for (kind, number) in [
            ("uint256", "0"),
            ("uint256", "18446744073709551615"),
            ("uint256", "18446744073709551616"),
            ("uint128", "340282366920938463463374607431768211455"),
            ("uint256", &most),
            ("int256", "-9223372036854775809"),
            ("int256", &least),
        ] {
            let text = digest(kind, &format!("\"{number}\"")).unwrap();
            assert_eq!(digest(kind, number).unwrap(), text, "{kind} {number}");
        }
        for (kind, number) in [
            ("uint128", "340282366920938463463374607431768211456"),
            ("uint256", "-18446744073709551616"),
            ("uint256", "18446744073709551616.0"),
            ("uint256", "1e20"),
            ("string", "18446744073709551616"),
            ("bytes32", "18446744073709551616"),
            ("bool", "1"),
        ] {
            assert!(digest(kind, number).is_err(), "{kind} {number}");
        }
        assert!(digest("uint256", &format!("{most}0")).is_err());
    }

    /// Source: `eth-sig-util`, which hashes the domain alone in this case.
    #[test]
    fn the_domain_may_be_all_there_is() {
        let alone = parse(&json!({
            "types": {"EIP712Domain": []}, "domain": {}, "primaryType": "EIP712Domain", "message": {},
        }));
        assert_eq!(
            hex::encode(alone.unwrap().digest()),
            "8d4a3f4082945b7879e2b55f181c31a77c8c0a464b70669458abbaaf99de4c38",
        );
    }

    #[test]
    fn undeclared_members_are_not_seen() {
        let document = |extra: Value| {
            parse(&json!({
                "types": {"M": [{"name": "p", "type": "P[]"}], "P": [{"name": "n", "type": "uint8"}]},
                "primaryType": "M",
                "message": {"p": [{"n": 1, "x": extra}], "y": extra},
            }))
        };
        let one = document(json!(1)).unwrap();
        assert_eq!(one, document(json!("other")).unwrap());
        assert_eq!(*one.message(), members(&json!({"p": [{"n": 1}]})));
    }

    #[test]
    fn a_colon_may_be_part_of_a_name() {
        let types = json!({"A:B": [{"name": "c", "type": "C:D"}], "C:D": []});
        let message = json!({"c": {}});
        parse(&json!({"types": types, "primaryType": "A:B", "message": message})).unwrap();
    }

    /// JSON that is typed data in outline.
    fn documents() -> impl Strategy<Value = Value> {
        let kind = prop_oneof![
            Just("A".to_owned()),
            Just("B[]".to_owned()),
            Just("C[2]".to_owned()),
            Just("uint8".to_owned()),
            Just("bytes[][3]".to_owned()),
            "[a-zA-Z0-9\\[\\]():,$ ]{0,12}",
        ];
        let member = ("[a-c]", kind).prop_map(|(name, kind)| json!({"name": name, "type": kind}));
        let members = prop::collection::vec(member, 0..4).prop_map(Value::Array);
        let types = prop::collection::btree_map("[A-D]|EIP712Domain", members, 0..5);
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "(0x)?[0-9a-f]{0,8}".prop_map(Value::from),
        ];
        let value = leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("[a-c]", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        });
        (types, value.clone(), value, "[A-D]|EIP712Domain").prop_map(
            |(types, domain, message, primary_type)| {
                json!({
                    "types": types,
                    "domain": domain,
                    "message": message,
                    "primaryType": primary_type,
                })
            },
        )
    }

    proptest! {
        #[test]
        fn any_document_is_read_or_refused(document in documents()) {
            // What passes the checks is never refused by the library.
            prop_assert!(!matches!(parse(&document), Err(TypedDataError::Hash(_))));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _ = TypedData::parse(&text);
        }
    }
}
