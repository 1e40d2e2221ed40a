//! Which values of a request make a difference to expressions, and requests made of them.

use std::collections::BTreeMap;

use ruint::aliases::U256;

use crate::bindings::Keyword;
use crate::error::EvaluationErrorKind;
use crate::program::Quantifier;
use crate::value::{Int, Value};
use crate::view::{Node, View};

/// At most this many values for one place.
const MOST_VALUES: usize = 512;
/// Lists are tried with at most this many different elements at once.
const MOST_ELEMENTS: usize = 3;
/// Literals longer than this are not laid out in text.
const LONGEST_TEXT: usize = 4_096;

/// What expressions ask of the value in one place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Demand {
    fields: BTreeMap<String, Demand>,
    keys: BTreeMap<String, Demand>,
    element: Option<Box<Demand>>,
    texts: Vec<String>,
    ints: Vec<Int>,
    is_bool: bool,
    slices: Vec<Slice>,
    lengths: Vec<usize>,
    /// Whether it is compared with what is not written down, or looked at in another way that is not followed.
    is_opaque: bool,
}

#[derive(Clone, Debug)]
struct Slice {
    from: usize,
    to: usize,
    texts: Vec<String>,
}

/// A way from a keyword to a value.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Step {
    Field(String),
    Key(String),
    Element,
}

type Path = (Keyword, Vec<Step>);

/// Demands by keyword.
#[derive(Clone, Debug, Default)]
pub(crate) struct Demands {
    roots: BTreeMap<Keyword, Demand>,
}

impl Demands {
    /// Adds what a condition asks for.
    pub(crate) fn add(&mut self, condition: Node<'_>) {
        self.read(condition, &mut Vec::new());
    }

    /// Adds the places another looks at, without the literals it compares them with.
    pub(crate) fn add_places(&mut self, other: &Demands) {
        for (keyword, demand) in &other.roots {
            self.roots.entry(*keyword).or_default().add_places(demand);
        }
    }

    pub(crate) fn of(&self, keyword: Keyword) -> Option<&Demand> {
        self.roots.get(&keyword)
    }

    fn at(&mut self, (keyword, steps): &Path) -> &mut Demand {
        let mut demand = self.roots.entry(*keyword).or_default();
        for step in steps {
            demand = match step {
                Step::Field(name) => demand.fields.entry(name.clone()).or_default(),
                Step::Key(name) => demand.keys.entry(name.clone()).or_default(),
                Step::Element => demand.element.get_or_insert_default(),
            };
        }
        demand
    }

    /// Where an operand is found, when it is a place; what is inside it is added.
    fn place(&mut self, node: Node<'_>, scope: &mut Vec<Option<Path>>) -> Option<Path> {
        let then = |path: Option<Path>, step: Step| {
            let (keyword, mut steps) = path?;
            steps.push(step);
            Some((keyword, steps))
        };
        match node.view() {
            View::Root(keyword) => Some((keyword, Vec::new())),
            View::Variable(place) => scope.get(place).cloned().flatten(),
            View::Field(of, name) => then(self.place(of, scope), Step::Field(name.to_owned())),
            View::Index(of, at) => {
                let path = self.place(of, scope);
                match at.view() {
                    View::Text(key, _) => then(path, Step::Key(key.to_owned())),
                    View::Int(place) => {
                        if let (Some(path), Some(place)) = (&path, place.to_usize()) {
                            self.at(path).lengths.push(place.saturating_add(1));
                        }
                        then(path, Step::Element)
                    }
                    _ => {
                        self.read(at, scope);
                        if let Some(path) = &path {
                            self.at(path).is_opaque = true;
                        }
                        None
                    }
                }
            }
            View::Quantified(quantifier, list, body) => {
                let path = self.place(list, scope);
                if let Some(path) = &path {
                    self.at(path).element.get_or_insert_default();
                }
                scope.push(then(path.clone(), Step::Element));
                self.read(body, scope);
                scope.pop();
                if quantifier == Quantifier::Filter { path } else { None }
            }
            _ => {
                self.read(node, scope);
                None
            }
        }
    }

    /// Adds what a condition, or a part of one, asks for.
    fn read(&mut self, node: Node<'_>, scope: &mut Vec<Option<Path>>) {
        match node.view() {
            View::Bool(_) | View::Int(_) | View::Text(..) => {}
            View::Compare(_, left, right) => self.compare(left, right, scope),
            View::In(item, list) | View::Contains(list, item) => match list.view() {
                View::List(literals) => {
                    for literal in literals {
                        self.compare(item, literal, scope);
                    }
                }
                _ => {
                    if let Some((keyword, mut steps)) = self.place(list, scope) {
                        steps.push(Step::Element);
                        self.compare_place(Some((keyword, steps)), item, scope);
                    } else {
                        self.hide(item, scope);
                    }
                }
            },
            View::Root(_) | View::Variable(_) | View::Field(..) | View::Index(..) => {
                if let Some(path) = self.place(node, scope) {
                    self.at(&path).is_bool = true;
                }
            }
            View::Quantified(..) => {
                self.place(node, scope);
            }
            View::Count(list) => {
                if let Some(path) = self.place(list, scope) {
                    let demand = self.at(&path);
                    demand.element.get_or_insert_default();
                    demand.is_opaque = true;
                }
            }
            View::Slice(of, from, to) => {
                self.read(from, scope);
                self.read(to, scope);
                self.hide(of, scope);
            }
            View::Not(of) => self.read(of, scope),
            View::And(parts) | View::Or(parts) => {
                for part in parts {
                    self.read(part, scope);
                }
            }
            View::List(parts) | View::Other(parts) => {
                for part in parts {
                    self.hide(part, scope);
                }
            }
        }
    }

    /// Notes that a value is looked at in a way that is not followed.
    fn hide(&mut self, node: Node<'_>, scope: &mut Vec<Option<Path>>) {
        if let Some(path) = self.place(node, scope) {
            self.at(&path).is_opaque = true;
        }
    }

    fn compare(&mut self, left: Node<'_>, right: Node<'_>, scope: &mut Vec<Option<Path>>) {
        let is_literal =
            |node: Node<'_>| matches!(node.view(), View::Bool(_) | View::Int(_) | View::Text(..));
        let (subject, literal) = if is_literal(left) { (right, left) } else { (left, right) };
        match (subject.view(), literal.view()) {
            (View::Count(list), View::Int(length)) => {
                if let Some(path) = self.place(list, scope) {
                    let demand = self.at(&path);
                    demand.element.get_or_insert_default();
                    if let Some(length) = length.to_usize() {
                        demand.lengths.push(length);
                    }
                }
            }
            (View::Slice(of, from, to), View::Text(text, _)) => {
                let range = match (from.view(), to.view()) {
                    (View::Int(from), View::Int(to)) => from.to_usize().zip(to.to_usize()),
                    _ => None,
                };
                match (self.place(of, scope), range) {
                    (Some(path), Some((from, to))) => self.at(&path).add_slice(from, to, text),
                    (Some(path), None) => self.at(&path).is_opaque = true,
                    (None, _) => {}
                }
            }
            _ => {
                let path = self.place(subject, scope);
                self.compare_place(path, literal, scope);
            }
        }
    }

    fn compare_place(&mut self, path: Option<Path>, with: Node<'_>, scope: &mut Vec<Option<Path>>) {
        let Some(path) = path else {
            self.hide(with, scope);
            return;
        };
        let demand = self.at(&path);
        match with.view() {
            View::Text(text, ignores_case) => {
                demand.texts.push(text.to_owned());
                // Text that equals it in another case only is not tried.
                demand.is_opaque |= ignores_case;
            }
            View::Int(int) => demand.ints.push(int),
            View::Bool(_) => demand.is_bool = true,
            _ => {
                demand.is_opaque = true;
                self.hide(with, scope);
            }
        }
    }
}

impl Demand {
    fn add_slice(&mut self, from: usize, to: usize, text: &str) {
        match self.slices.iter_mut().find(|slice| (slice.from, slice.to) == (from, to)) {
            Some(slice) => slice.texts.push(text.to_owned()),
            None => self.slices.push(Slice { from, to, texts: vec![text.to_owned()] }),
        }
    }

    fn add_places(&mut self, other: &Demand) {
        for (name, demand) in &other.fields {
            self.fields.entry(name.clone()).or_default().add_places(demand);
        }
        for (name, demand) in &other.keys {
            self.keys.entry(name.clone()).or_default().add_places(demand);
        }
        if let Some(element) = &other.element {
            self.element.get_or_insert_default().add_places(element);
        }
        self.is_bool |= other.is_bool;
        // Of what type the place is, so that a value can be made for it.
        let is_untyped = self.texts.is_empty() && self.ints.is_empty() && self.slices.is_empty();
        if is_untyped {
            if !other.ints.is_empty() {
                self.ints.push(Int::unsigned(U256::ZERO));
            }
            for slice in &other.slices {
                self.slices.push(Slice { from: slice.from, to: slice.to, texts: Vec::new() });
            }
        }
        if self.lengths.is_empty() {
            self.lengths.clone_from(&other.lengths);
        }
    }

    /// The fields of this place that something is asked of.
    pub(crate) fn field(&self, name: &str) -> Option<&Demand> {
        self.fields.get(name)
    }

    /// Adds what a value has in the places something is asked of, as written.
    pub(crate) fn describe(&self, path: &str, value: &Value, places: &mut Vec<(String, String)>) {
        match value {
            Value::Struct(fields) => {
                for (name, field) in fields.iter() {
                    if let Some(demand) = self.fields.get(*name) {
                        demand.describe(&format!("{path}.{name}"), field, places);
                    }
                }
            }
            Value::Map(entries) => {
                for (name, entry) in entries.iter() {
                    if let Some(demand) = self.keys.get(name) {
                        demand.describe(&format!("{path}['{name}']"), entry, places);
                    }
                }
            }
            Value::Unreadable(_) => {}
            value => places.push((path.to_owned(), written(value))),
        }
    }

    /// Values for this place, of which every other value is like one to the expressions where the second part is
    /// true. `path` is where it is, as written.
    pub(crate) fn values(&self, path: &str) -> (Vec<Value>, bool) {
        let mut is_exhaustive = !self.is_opaque;
        let mut values = Vec::new();
        if !self.fields.is_empty() {
            let (parts, all) = product(self.fields.iter().map(|(name, demand)| {
                let (values, all) = demand.values(&format!("{path}.{name}"));
                (name.as_str(), values, all)
            }));
            is_exhaustive &= all;
            for part in parts {
                let fields: Option<Vec<(&'static str, Value)>> = part
                    .into_iter()
                    .map(|(name, value)| Some((field_name(name)?, value)))
                    .collect();
                match fields {
                    Some(fields) => values.push(Value::structure(fields)),
                    None => is_exhaustive = false,
                }
            }
        }
        if !self.keys.is_empty() {
            let (parts, all) = product(self.keys.iter().map(|(name, demand)| {
                let (mut values, all) = demand.values(&format!("{path}['{name}']"));
                values.push(Value::Unreadable(EvaluationErrorKind::MissingField));
                (name.as_str(), values, all)
            }));
            is_exhaustive &= all;
            let map = |part: Vec<(&str, Value)>| {
                Value::map(part.into_iter().map(|(name, value)| (name.to_owned(), value)))
            };
            values.extend(parts.into_iter().map(map));
        }
        if let Some(element) = &self.element {
            // How often which elements come in which order is not followed to the end.
            is_exhaustive = false;
            values.extend(self.lists(&element.values(&format!("{path}[]")).0));
        }
        is_exhaustive &= self.add_texts(path, &mut values);
        self.add_ints(path, &mut values);
        if self.is_bool {
            values.extend([Value::from(true), Value::from(false)]);
        }
        if values.is_empty() {
            values.push(Value::text(fresh_text(&[])));
        }
        if values.len() > MOST_VALUES {
            values.truncate(MOST_VALUES);
            is_exhaustive = false;
        }
        (values, is_exhaustive)
    }

    /// Lists of the lengths that are looked at, and short ones.
    fn lists(&self, elements: &[Value]) -> Vec<Value> {
        let mut lengths: Vec<usize> = vec![1, 2, 0, MOST_ELEMENTS];
        for length in &self.lengths {
            lengths.extend([*length, length.saturating_add(1), length.saturating_sub(1)]);
        }
        lengths.retain(|length| *length <= 64);
        let mut seen = Vec::new();
        lengths.retain(|length| {
            !seen.contains(length) && {
                seen.push(*length);
                true
            }
        });
        let mut lists = Vec::new();
        for length in lengths {
            if length == 0 {
                lists.push(Value::list([]));
                continue;
            }
            for first in elements {
                lists.push(Value::list(std::iter::repeat_n(first.clone(), length)));
            }
            if length > 1 {
                for (one, other) in elements.iter().zip(elements.iter().skip(1)) {
                    let rest = std::iter::repeat_n(one.clone(), length.saturating_sub(1));
                    lists.push(Value::list(rest.chain([other.clone()])));
                }
            }
        }
        lists
    }

    /// Adds text: each literal, what slices are compared with laid out, and another. Returns whether that is all.
    fn add_texts(&self, path: &str, values: &mut Vec<Value>) -> bool {
        let is_leaf = self.fields.is_empty() && self.keys.is_empty() && self.element.is_none();
        let is_text = !self.texts.is_empty()
            || !self.slices.is_empty()
            || (is_leaf && self.ints.is_empty() && !self.is_bool);
        if !is_text {
            return true;
        }
        let mut texts: Vec<String> = Vec::new();
        for text in &self.texts {
            if is_possible(path, text) && !texts.contains(text) {
                texts.push(text.clone());
            }
        }
        for text in self.laid_out() {
            if is_possible(path, &text) && !texts.contains(&text) {
                texts.push(text);
            }
        }
        texts.push(fresh_text(&self.texts));
        let is_dynamic = path.contains("['");
        for text in texts {
            if is_dynamic || ignores_case(path) {
                values.push(Value::caseless(text.as_str()));
            }
            if is_dynamic || !ignores_case(path) {
                values.push(Value::text(text.as_str()));
            }
        }
        self.slices.is_empty()
    }

    /// Texts with one literal in the place of each slice, others everywhere else.
    fn laid_out(&self) -> Vec<String> {
        if self.slices.is_empty() {
            return Vec::new();
        }
        let longest = self.slices.iter().map(|slice| slice.to).max().unwrap_or(0);
        if longest > LONGEST_TEXT {
            return Vec::new();
        }
        // Calldata is a selector and words; whatever is read is inside.
        let length = longest.max(10);
        let filler: Vec<char> =
            "0x".chars().chain(std::iter::repeat_n('0', length)).take(length).collect();
        let mut laid_out = vec![filler];
        for slice in &self.slices {
            let mut next = laid_out.clone();
            for text in &slice.texts {
                if Some(text.chars().count()) != slice.to.checked_sub(slice.from) {
                    continue;
                }
                for base in &laid_out {
                    let mut chars = base.clone();
                    let target = chars.iter_mut().skip(slice.from);
                    for (char, letter) in target.zip(text.chars()) {
                        *char = letter;
                    }
                    if !next.contains(&chars) {
                        next.push(chars);
                    }
                }
            }
            next.truncate(MOST_VALUES);
            laid_out = next;
        }
        laid_out.into_iter().map(String::from_iter).collect()
    }

    /// Adds each literal with its neighbours: between them nothing changes. Only what is known when it is read can
    /// be below zero.
    fn add_ints(&self, path: &str, values: &mut Vec<Value>) {
        let is_dynamic = path.contains("['");
        let zero = Int::unsigned(U256::ZERO);
        let mut ints: Vec<Int> = Vec::new();
        for int in self.ints.iter().chain([&zero].into_iter().filter(|_| !self.ints.is_empty())) {
            for near in neighbours(*int) {
                if !ints.contains(&near) && (is_dynamic || near >= zero) {
                    ints.push(near);
                }
            }
        }
        values.extend(ints.into_iter().map(Value::Int));
    }
}

/// A value as it could be written in an expression.
fn written(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(int) => int.to_string(),
        Value::Text { text, .. } => format!("'{text}'"),
        Value::List(elements) => {
            let elements: Vec<String> = elements.iter().map(written).collect();
            format!("[{}]", elements.join(", "))
        }
        Value::Map(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(name, entry)| format!("'{name}': {}", written(entry)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Value::Struct(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, field)| format!("{name}: {}", written(field))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Instant(instant) => instant.0.to_string(),
        Value::Unreadable(_) => "(absent)".to_owned(),
    }
}

/// A number, the one before and the one after, where there are such numbers.
fn neighbours(int: Int) -> impl Iterator<Item = Int> {
    let text = int.to_string();
    let magnitude = text.strip_prefix('-').unwrap_or(&text);
    let magnitude = U256::from_str_radix(magnitude, 10).unwrap_or_default();
    let is_negative = text.starts_with('-');
    let nearer = magnitude.checked_sub(U256::ONE);
    let farther = magnitude.checked_add(U256::ONE);
    let write = move |magnitude: U256| {
        Int::parse(&if is_negative { format!("-{magnitude}") } else { magnitude.to_string() })
    };
    let below_zero = if magnitude.is_zero() { Int::parse("-1") } else { None };
    [Some(int), nearer.and_then(write), farther.and_then(write), below_zero].into_iter().flatten()
}

/// Every way of choosing one value for each name, and whether that is all.
fn product<'a>(
    places: impl Iterator<Item = (&'a str, Vec<Value>, bool)>,
) -> (Vec<Vec<(&'a str, Value)>>, bool) {
    let mut parts: Vec<Vec<(&str, Value)>> = vec![Vec::new()];
    let mut is_all = true;
    for (name, values, all) in places {
        is_all &= all;
        let mut next = Vec::new();
        'fill: for part in &parts {
            for value in &values {
                if next.len() >= MOST_VALUES {
                    is_all = false;
                    break 'fill;
                }
                let mut longer = part.clone();
                longer.push((name, value.clone()));
                next.push(longer);
            }
        }
        parts = next;
    }
    (parts, is_all)
}

/// Text that equals none of these, in any case.
fn fresh_text(taken: &[String]) -> String {
    let mut fresh = "(another)".to_owned();
    while taken.iter().any(|text| text.eq_ignore_ascii_case(&fresh)) {
        fresh.push('.');
    }
    fresh
}

/// Whether the place compares without case. Source: policy language §6.
fn ignores_case(path: &str) -> bool {
    matches!(
        path,
        "eth.tx.to"
            | "eth.tx.from"
            | "eth.eip_712.domain.verifying_contract"
            | "eth.eip_7702_authorization.address"
            | "tempo.tx.from"
            | "tempo.tx.fee_token"
            | "tempo.tx.calls[].to"
            | "tempo.tx.calls[].input"
            | "bitcoin.tx.outputs[].address_type"
    )
}

/// Whether a place can hold a text: some are never written in upper case, or never without a checksum.
fn is_possible(path: &str, text: &str) -> bool {
    let has_upper = text.bytes().any(|byte| byte.is_ascii_uppercase());
    match path {
        "eth.tx.data" => {
            !has_upper
                && text
                    .strip_prefix("0x")
                    .is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
        }
        "wallet_account.address" => {
            let hex = text.strip_prefix("0x").unwrap_or_default();
            let is_uniform = !has_upper && hex.bytes().any(|byte| byte.is_ascii_alphabetic());
            hex.len() != 40 || !is_uniform
        }
        "eth.tx.type" => matches!(text, "LEGACY" | "TYPE_1" | "TYPE_2" | "TYPE_3" | "TYPE_4"),
        _ => true,
    }
}

/// A field's name for as long as the program runs. Source: policy language §7 and §13.
fn field_name(name: &str) -> Option<&'static str> {
    FIELDS.iter().find(|known| **known == name).copied()
}

const FIELDS: &[&str] = &[
    "account_key",
    "account_keys",
    "accounts",
    "action",
    "actives",
    "adaptor_public_key",
    "address",
    "address_format",
    "address_table_key",
    "address_table_lookups",
    "address_type",
    "alias",
    "amount",
    "api_key_ids",
    "balance",
    "binding",
    "call_token_value",
    "call_value",
    "calls",
    "chain_id",
    "ciphertext",
    "claim",
    "contract",
    "contract_address",
    "contract_call_args",
    "curve",
    "data",
    "derivation",
    "direct_from_cpfp_refund_signature",
    "direct_refund_signature",
    "discriminator",
    "domain",
    "email",
    "encoding",
    "encryption_public_key",
    "endpoint_id",
    "expiration",
    "exported",
    "fee",
    "fee_limit",
    "fee_token",
    "from",
    "frozen_balance",
    "function_name",
    "function_signature",
    "gas",
    "gas_limit",
    "gas_price",
    "hash_function",
    "hiding",
    "id",
    "imported",
    "index",
    "input",
    "inputs",
    "instruction_data_hex",
    "instruction_name",
    "instructions",
    "keys",
    "kind",
    "label",
    "leaf_id",
    "leaves",
    "lightning_receive",
    "lock",
    "lock_period",
    "locktime",
    "max_fee_per_blob_gas",
    "max_fee_per_gas",
    "max_priority_fee_per_gas",
    "message",
    "name",
    "named_accounts",
    "new_leaf_derivation",
    "nonce",
    "old_leaf_derivation",
    "operations",
    "operator_commitments",
    "operator_id",
    "operator_recipients",
    "otp_length",
    "outputs",
    "owner",
    "owner_address",
    "params",
    "parent_id",
    "parsed_instruction_data",
    "path_hardened",
    "path_indexes",
    "permission_id",
    "permission_name",
    "primary_type",
    "program_call_args",
    "program_key",
    "program_keys",
    "readonly_indexes",
    "receiver_address",
    "receiver_public_key",
    "recent_blockhash",
    "ref_block_bytes",
    "ref_block_hash",
    "refund_signature",
    "resource",
    "script_pubkey",
    "sender_identity_public_key",
    "sender_signature",
    "sequence",
    "session_profile_id",
    "sign_with",
    "signatures",
    "signer",
    "signers",
    "signing_leaf",
    "spl_transfers",
    "static_account_keys",
    "static_deposit",
    "static_properties",
    "tags",
    "target_public_key",
    "threshold",
    "timestamp",
    "to",
    "to_address",
    "token_id",
    "token_mint",
    "top_level_instructions",
    "top_level_program_keys",
    "transfer",
    "transfer_id",
    "transfers",
    "tx_id",
    "type",
    "unfreeze_balance",
    "user_id",
    "user_ids",
    "valid_after",
    "valid_before",
    "value",
    "verifying_contract",
    "verifying_key",
    "version",
    "vout",
    "wallet_id",
    "weight",
    "witness",
    "writable",
    "writable_indexes",
];
