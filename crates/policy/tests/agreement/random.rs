//! Expressions and requests by chance, the same for the same seed.

use keyward_policy::{Bindings, Dialect, EvaluationErrorKind, Int, Keyword, Value};

/// `SplitMix64`.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % u64::try_from(limit).unwrap()).unwrap()
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

const TEXTS: [&str; 9] = ["", "a", "A", "b", "ab", "aB", "0xAb", "äöü", "é a"];
const INTS: [&str; 9] = [
    "0",
    "1",
    "2",
    "3",
    "-1",
    "18446744073709551616",
    "115792089237316195423570985008687907853269984665640564039457584007913129639935",
    "-170141183460469231731687303715884105728",
    "007",
];
const FAULTS: [EvaluationErrorKind; 3] = [
    EvaluationErrorKind::MissingField,
    EvaluationErrorKind::Overflow,
    EvaluationErrorKind::TypeMismatch,
];

/// A request in which now and then something is absent, unreadable or of another type.
pub(crate) fn bindings(chance: &mut Chance) -> Bindings {
    let mut bindings = Bindings::default();
    let keywords: [(Keyword, fn(&mut Chance) -> Value); 7] = [
        (Keyword::Wallet, wallet),
        (Keyword::Wallets, |chance| list(chance, wallet)),
        (Keyword::WalletAccount, |chance| {
            let indexes = list(chance, int);
            fields(chance, &[("address", text), ("path_hardened", |chance| list(chance, bool))])
                .with("path_indexes", indexes)
        }),
        (Keyword::EthTx, |chance| {
            fields(
                chance,
                &[
                    ("to", text),
                    ("data", text),
                    ("value", int),
                    ("nonce", int),
                    ("contract_call_args", |chance| map(chance, 2)),
                ],
            )
            .with("chain_id", Value::int(1u64))
        }),
        (Keyword::EthEip712, |chance| {
            fields(chance, &[("primary_type", text), ("message", |chance| map(chance, 2))]).value()
        }),
        (Keyword::SolanaTx, |chance| {
            fields(chance, &[("account_keys", |chance| list(chance, text))]).value()
        }),
        (Keyword::Approvers, |chance| {
            list(chance, |chance| {
                fields(
                    chance,
                    &[("id", text), ("alias", text), ("tags", |chance| list(chance, text))],
                )
                .value()
            })
        }),
    ];
    for (keyword, make) in keywords {
        if chance.below(20) > 0 {
            bindings.bind(keyword, flawed(chance, make));
        }
    }
    bindings
}

struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    fn value(self) -> Value {
        Value::structure(self.0)
    }

    fn with(mut self, name: &'static str, value: Value) -> Value {
        self.0.push((name, value));
        self.value()
    }
}

fn fields(chance: &mut Chance, of: &[(&'static str, fn(&mut Chance) -> Value)]) -> Fields {
    let mut fields = Vec::new();
    for (name, make) in of {
        if chance.below(30) > 0 {
            fields.push((*name, flawed(chance, *make)));
        }
    }
    Fields(fields)
}

fn flawed(chance: &mut Chance, make: fn(&mut Chance) -> Value) -> Value {
    match chance.below(60) {
        0 => Value::Unreadable(chance.pick(&FAULTS)),
        1 => bool(chance),
        2 => int(chance),
        _ => make(chance),
    }
}

fn bool(chance: &mut Chance) -> Value {
    Value::from(chance.below(2) == 0)
}

fn int(chance: &mut Chance) -> Value {
    Value::from(Int::parse(chance.pick(&INTS)).unwrap())
}

fn text(chance: &mut Chance) -> Value {
    let text = chance.pick(&TEXTS);
    if chance.below(3) == 0 { Value::caseless(text) } else { Value::text(text) }
}

fn list(chance: &mut Chance, make: fn(&mut Chance) -> Value) -> Value {
    let length = chance.below(4);
    Value::list((0..length).map(|_| flawed(chance, make)).collect::<Vec<_>>())
}

fn wallet(chance: &mut Chance) -> Value {
    fields(chance, &[("id", text), ("label", text), ("imported", bool)]).value()
}

fn map(chance: &mut Chance, depth: usize) -> Value {
    Value::map(["a", "b", "ab"].map(|name| {
        let value = match chance.below(7) {
            0 => bool(chance),
            1 | 2 => int(chance),
            3 | 4 => text(chance),
            5 if depth > 0 => map(chance, depth - 1),
            5 | 6 => {
                list(chance, |chance| if chance.below(2) == 0 { int(chance) } else { text(chance) })
            }
            _ => Value::Unreadable(chance.pick(&FAULTS)),
        };
        (name.to_owned(), value)
    }))
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Type {
    Int,
    Text,
    Ints,
    Texts,
    /// Wallets in a condition, users in a consensus.
    Structs,
    Struct,
}

/// Text with as few parentheses as it needs, and with as many as it bears.
pub(crate) struct Written {
    pub(crate) least: String,
    pub(crate) most: String,
    /// How tightly it binds: 0 `||`, 1 `&&`, 2 comparisons, 3 `!`, 4 what stands by itself.
    binding: u8,
}

impl Written {
    fn plain(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { most: text.clone(), least: text, binding: 4 }
    }

    fn within(&self, least: u8) -> String {
        if self.binding < least { format!("({})", self.least) } else { self.least.clone() }
    }
}

/// Writes expressions of one dialect.
pub(crate) struct Writer<'a> {
    pub(crate) chance: &'a mut Chance,
    pub(crate) dialect: Dialect,
    variables: Vec<(&'static str, Type)>,
    /// Whether a number was written where only true or false can stand.
    pub(crate) is_wrong: bool,
    /// How many of a thousand operands are wrong on purpose.
    pub(crate) wrong: usize,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(chance: &'a mut Chance, dialect: Dialect, wrong: usize) -> Self {
        Self { chance, dialect, variables: Vec::new(), is_wrong: false, wrong }
    }

    fn join(parts: &[(&str, Option<&Written>)]) -> Written {
        let write = |of: fn(&Written) -> &str| {
            parts
                .iter()
                .fold(String::new(), |text, (before, part)| text + before + part.map_or("", of))
        };
        Written { least: write(|one| &one.least), most: write(|one| &one.most), binding: 4 }
    }

    fn space(&mut self) -> &'static str {
        self.chance.pick(&["", " ", "\n", "\t "])
    }

    pub(crate) fn bool(&mut self, depth: usize) -> Written {
        if self.chance.below(1000) < self.wrong {
            self.is_wrong = true;
            return Written::plain("5");
        }
        if depth == 0 {
            return match self.chance.below(3) {
                0 => Written::plain(self.chance.pick(&["true", "false"])),
                _ => self.compare(0),
            };
        }
        let depth = depth - 1;
        match self.chance.below(12) {
            0 => {
                let inner = self.bool(depth);
                let least = format!("!{}", inner.within(3));
                Written { least, most: format!("(!({}))", inner.most), binding: 3 }
            }
            1..=3 => self.chain("&&", 1, depth),
            4 | 5 => self.chain("||", 0, depth),
            6 => {
                let operator = self.chance.pick(&["==", "!="]);
                // Two numbers would be right again.
                let wrong = std::mem::take(&mut self.wrong);
                let (left, right) = (self.bool(depth), self.bool(depth));
                self.wrong = wrong;
                self.infix(operator, &left, &right)
            }
            7 | 8 => self.quantifier(depth),
            9 if self.dialect == Dialect::Condition => Written::plain(self.chance.pick(&[
                "wallet.imported",
                "eth.tx.contract_call_args['a']",
                "eth.eip_712.message['b']['a']",
                "wallet_account.path_hardened[0]",
            ])),
            _ => self.compare(depth),
        }
    }

    fn infix(&mut self, operator: &str, left: &Written, right: &Written) -> Written {
        let (before, after) = match operator {
            "in" => (" ", " "),
            _ => (self.space(), self.space()),
        };
        let least = format!("{}{before}{operator}{after}{}", left.within(3), right.within(3));
        let most = format!("(({}) {operator} ({}))", left.most, right.most);
        Written { least, most, binding: 2 }
    }

    fn chain(&mut self, operator: &str, binding: u8, depth: usize) -> Written {
        let count = 2 + self.chance.below(2);
        let operands: Vec<Written> = (0..count).map(|_| self.bool(depth)).collect();
        let least: Vec<String> = operands.iter().map(|one| one.within(binding + 1)).collect();
        let most: Vec<String> = operands.iter().map(|one| format!("({})", one.most)).collect();
        let between = format!("{}{operator}{}", self.space(), self.space());
        Written { least: least.join(&between), most: format!("({})", most.join(operator)), binding }
    }

    fn compare(&mut self, depth: usize) -> Written {
        let scalar = self.chance.pick(&[Type::Int, Type::Text]);
        let list = if scalar == Type::Int { Type::Ints } else { Type::Texts };
        match self.chance.below(6) {
            0 | 1 => {
                let (item, of) = (self.value(scalar, depth), self.value(list, depth));
                self.infix("in", &item, &of)
            }
            2 => {
                let (of, item) = (self.value(list, depth), self.value(scalar, depth));
                Self::join(&[("", Some(&of)), (".contains(", Some(&item)), (")", None)])
            }
            3 => {
                let operator = self.chance.pick(&["<", ">", "<=", ">="]);
                let (left, right) = (self.value(Type::Int, depth), self.value(Type::Int, depth));
                self.infix(operator, &left, &right)
            }
            _ => {
                let operator = self.chance.pick(&["==", "!="]);
                let (left, right) = (self.value(scalar, depth), self.value(scalar, depth));
                self.infix(operator, &left, &right)
            }
        }
    }

    fn variable(&mut self) -> &'static str {
        self.chance.pick(&["x", "y", "wallet", "approvers"])
    }

    fn quantified(&mut self, method: &str, list: Type, depth: usize) -> Written {
        let of = self.value(list, depth);
        let variable = self.variable();
        let element = match list {
            Type::Ints => Type::Int,
            Type::Texts => Type::Text,
            _ => Type::Struct,
        };
        self.variables.push((variable, element));
        let predicate = self.bool(depth);
        self.variables.pop();
        let call = format!(".{method}({variable},{}", self.space());
        Self::join(&[("", Some(&of)), (&call, Some(&predicate)), (")", None)])
    }

    fn quantifier(&mut self, depth: usize) -> Written {
        let method = self.chance.pick(&["all", "any"]);
        let list = self.chance.pick(&[Type::Ints, Type::Texts, Type::Structs, Type::Structs]);
        self.quantified(method, list, depth)
    }

    /// Something of a type. Where a variable hides a keyword, it may come out wrong; then the checker says so.
    fn value(&mut self, of: Type, depth: usize) -> Written {
        if self.chance.below(1000) < self.wrong {
            let other = self.chance.pick(&[Type::Int, Type::Text, Type::Ints, Type::Struct]);
            return self.leaf(other);
        }
        if depth == 0 {
            return self.leaf(of);
        }
        let depth = depth - 1;
        match (of, self.chance.below(5)) {
            (Type::Int, 0) => {
                let list = self.chance.pick(&[Type::Ints, Type::Texts, Type::Structs]);
                let of = self.value(list, depth);
                let count = self.chance.pick(&[".count()", ".count"]);
                Self::join(&[("", Some(&of)), (count, None)])
            }
            (Type::Int | Type::Text, 1) => {
                let list = if of == Type::Int { Type::Ints } else { Type::Texts };
                let (list, by) = (self.value(list, depth), self.value(Type::Int, depth));
                Self::join(&[("", Some(&list)), ("[", Some(&by)), ("]", None)])
            }
            (Type::Int | Type::Text, 2) => {
                let (one, other) = (self.value(of, depth), self.value(Type::Int, depth));
                Self::join(&[("{ a: ", Some(&one)), (", b: ", Some(&other)), (" }.a", None)])
            }
            (Type::Text, 0) => {
                let inner = self.value(Type::Text, depth);
                Self::join(&[("CaseInsensitiveString(", Some(&inner)), (")", None)])
            }
            (Type::Text | Type::Texts | Type::Ints | Type::Structs, 3) => {
                let (value, from, to) =
                    (self.value(of, depth), self.value(Type::Int, depth), self.value(Type::Int, 0));
                Self::join(&[
                    ("", Some(&value)),
                    ("[", Some(&from)),
                    ("..", Some(&to)),
                    ("]", None),
                ])
            }
            (Type::Texts | Type::Ints, 0) => {
                let item = if of == Type::Ints { Type::Int } else { Type::Text };
                let (one, other) = (self.value(item, depth), self.value(item, depth));
                Self::join(&[("[", Some(&one)), (", ", Some(&other)), ("]", None)])
            }
            (Type::Texts | Type::Ints | Type::Structs, 1) => self.quantified("filter", of, depth),
            (Type::Struct, _) => self.leaf(of),
            (Type::Text, 4) => {
                let of = self.value(Type::Struct, depth);
                Self::join(&[("", Some(&of)), (".id", None)])
            }
            _ => self.leaf(of),
        }
    }

    fn leaf(&mut self, of: Type) -> Written {
        let known: Vec<&'static str> = self
            .variables
            .iter()
            .filter(|(_, found)| *found == of)
            .map(|(variable, _)| *variable)
            .collect();
        if !known.is_empty() && self.chance.below(2) == 0 {
            return Written::plain(self.chance.pick(&known));
        }
        let is_condition = self.dialect == Dialect::Condition;
        let names: &[&str] = match (of, is_condition) {
            (Type::Int, true) => &[
                "eth.tx.value",
                "eth.tx.nonce",
                "wallet_account.path_indexes[0]",
                "eth.tx.contract_call_args['a']",
                "eth.eip_712.message['b'][1]",
            ],
            (Type::Int, false) => &["approvers.count()", "approvers[0].tags.count"],
            (Type::Text, true) => &[
                "eth.tx.to",
                "eth.tx.data",
                "wallet.id",
                "wallet.label",
                "eth.eip_712.message['ab']",
                "eth.tx.contract_call_args['b']",
                "solana.tx.static_account_keys[0]",
            ],
            (Type::Text, false) => {
                &["approvers[0].id", "approvers[1].alias", "approvers[0].tags[0]"]
            }
            (Type::Ints, true) => {
                &["wallet_account.path_indexes", "eth.tx.contract_call_args['ab']"]
            }
            (Type::Ints, false) => &["[1, 2]", "[]"],
            (Type::Texts, true) => &["solana.tx.account_keys", "eth.eip_712.message['a']"],
            (Type::Texts, false) => &["approvers[0].tags", "['a', 'b']"],
            (Type::Structs, true) => &["wallets"],
            (Type::Structs, false) => &["approvers"],
            (Type::Struct, true) => &["wallet", "wallets[0]"],
            (Type::Struct, false) => &["approvers[0]", "approvers[1]"],
        };
        match of {
            Type::Int if self.chance.below(2) == 0 => Written::plain(self.chance.pick(&INTS)),
            Type::Text if self.chance.below(2) == 0 => {
                Written::plain(format!("'{}'", self.chance.pick(&TEXTS)))
            }
            Type::Texts if self.chance.below(4) == 0 => Written::plain("['a', 'AB', '']"),
            Type::Ints if self.chance.below(4) == 0 => Written::plain("[0, 1, -1]"),
            _ => Written::plain(self.chance.pick(names)),
        }
    }
}
