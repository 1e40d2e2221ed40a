//! `addresses*.json`: keys derived from mnemonics, and how every address format writes them.

use std::collections::{BTreeMap, BTreeSet};

use bitcoin::bech32;
use keyward_crypto::{Curve, DerivationPath, Mnemonic, PrivateKey, PublicKey, Seed, derive};
use keyward_protocol::address;
use keyward_protocol::parameters::NewAccount;
use keyward_protocol::wire::enums::{self, AddressFormat};
use keyward_protocol::wire::objects::WalletAccountParams;
use keyward_protocol::wire::{InvalidRequest, RequestError};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::folder;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(default)]
    mnemonics: Vec<Words>,
    #[serde(default)]
    rows: Vec<Row>,
    path_syntax: Option<PathSyntax>,
    curve_format_combinations: Option<Combinations>,
    published_anchors: Option<Anchors>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Words {
    id: String,
    mnemonic: String,
    passphrase: String,
    seed_hex: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    id: String,
    mnemonic: String,
    address_format: AddressFormat,
    curve: enums::Curve,
    path: String,
    path_role: String,
    address: String,
    public_key: String,
    public_key_uncompressed: Option<String>,
    private_key_hex: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PathSyntax {
    expect_error: Refusal,
    valid: Vec<Path>,
    invalid: Vec<Path>,
}

#[derive(Deserialize)]
struct Path {
    path: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Combinations {
    expect_error_when_invalid: Refusal,
    rows: Vec<Combination>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Combination {
    address_format: AddressFormat,
    curve: enums::Curve,
    valid: bool,
}

#[derive(Deserialize)]
struct Anchors {
    rows: Vec<Anchor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Anchor {
    address_format: String,
    public_key: String,
    address: String,
}

/// How a refusal has to look.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refusal {
    grpc_code: u8,
    http_status: u16,
    message_contains: Option<String>,
}

impl Refusal {
    /// Whether `error` looks like this; else what it looks like.
    pub(crate) fn compare(&self, error: &RequestError) -> Result<(), String> {
        let status = error.status();
        let part = self.message_contains.as_deref().unwrap_or_default();
        if status.code.numbers() == (self.grpc_code, self.http_status)
            && status.message.contains(part)
        {
            return Ok(());
        }
        Err(format!("refused with {:?} {:?}", status.code.numbers(), status.message))
    }
}

/// The curve of the keys, for its name in the protocol.
pub(crate) fn curve(named: enums::Curve) -> Curve {
    match named {
        enums::Curve::Secp256k1 => Curve::Secp256k1,
        enums::Curve::P256 => Curve::P256,
        enums::Curve::Ed25519 => Curve::Ed25519,
    }
}

/// Errors say how an address is not as it should be.
pub(crate) fn compare(
    format: AddressFormat,
    key: &PublicKey,
    expected: &str,
) -> Result<(), String> {
    match address::encode(format, key) {
        Ok(found) if found == expected => Ok(()),
        other => Err(format!("{}: {other:?} and not {expected}", format.as_str())),
    }
}

fn files() -> Vec<File> {
    let files = folder::read("addresses").into_iter();
    files
        .map(|(name, file)| {
            serde_json::from_value(file).unwrap_or_else(|error| panic!("{name}: {error}"))
        })
        .collect()
}

#[test]
fn addresses_are_the_published_ones() {
    let mut exercised = BTreeSet::new();
    let mut wrong = Vec::new();
    for file in files() {
        let seeds: BTreeMap<&str, Seed> = file.mnemonics.iter().map(seed).collect();
        for row in &file.rows {
            let key = derived(row, &seeds[&*row.mnemonic]);
            if let Err(reason) = key.and_then(|key| compare(row.address_format, &key, &row.address))
            {
                wrong.push(format!("{}: {reason}", row.id));
            }
            if row.path_role == "default" {
                assert_eq!(row.path, address::default_path(row.address_format), "{}", row.id);
            }
            exercised.insert((row.address_format, row.curve));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for &format in AddressFormat::ALL {
        for &named in enums::Curve::ALL {
            let is_expected = address::curves(format).contains(&curve(named));
            assert_eq!(exercised.contains(&(format, named)), is_expected, "{format:?} {named:?}");
        }
    }
}

fn seed(words: &Words) -> (&str, Seed) {
    let seed = Mnemonic::parse(&words.mnemonic).unwrap().to_seed(&words.passphrase);
    assert_eq!(hex::encode(seed.expose()), words.seed_hex, "{}", words.id);
    (&words.id, seed)
}

/// The public key of a row, once it and the private key are the ones expected.
fn derived(row: &Row, seed: &Seed) -> Result<PublicKey, String> {
    let path = DerivationPath::parse(&row.path).map_err(|error| error.to_string())?;
    let key = derive(seed, curve(row.curve), &path).map_err(|error| error.to_string())?;
    let private = hex::encode(key.expose_bytes().expose());
    let public = key.public_key();
    for (found, expected) in [
        (private, Some(&row.private_key_hex)),
        (address::public_key_hex(&public), Some(&row.public_key)),
        (address::private_key_public_hex(&public), row.public_key_uncompressed.as_ref()),
    ] {
        if expected.is_some_and(|expected| *expected != found) {
            return Err(format!("key {found} and not {}", expected.unwrap()));
        }
    }
    Ok(public)
}

#[test]
fn addresses_of_hosted_accounts_are_the_same_here() {
    let mut compared = 0;
    for anchor in files().into_iter().filter_map(|file| file.published_anchors).flat_map(|a| a.rows)
    {
        let sec1 = hex::decode(&anchor.public_key).unwrap();
        let key = PublicKey::from_bytes(Curve::Secp256k1, &sec1).unwrap();
        if let Ok(format) = serde_json::from_value(json!(anchor.address_format)) {
            compare(format, &key, &anchor.address).unwrap();
        } else {
            // Of a chain without a format of its own, whose clients write Cosmos' in their way.
            let cosmos = address::encode(AddressFormat::Cosmos, &key).unwrap();
            let (_, hash) = bech32::decode(&cosmos).unwrap();
            let (prefix, published) = bech32::decode(&anchor.address).unwrap();
            assert!(anchor.address_format.contains(prefix.as_str()), "{prefix}");
            assert_eq!(hash, published);
        }
        compared += 1;
    }
    assert!(compared > 0, "no case");
}

#[test]
fn addresses_ask_for_paths_in_the_documented_syntax() {
    let mut judged = 0;
    for syntax in files().into_iter().filter_map(|file| file.path_syntax) {
        for Path { path } in &syntax.valid {
            account(path).unwrap_or_else(|error| panic!("{path}: {error}"));
            judged += 1;
        }
        for Path { path } in &syntax.invalid {
            let refused = account(path).expect_err(path).into();
            syntax.expect_error.compare(&refused).unwrap_or_else(|found| panic!("{path}: {found}"));
            judged += 1;
        }
    }
    println!("{judged} paths judged");
    assert!(judged > 0, "no case");
}

/// A wallet account with this path, as a request carries it.
fn account(path: &str) -> Result<NewAccount, InvalidRequest> {
    let travels: Value = json!({
        "curve": "CURVE_SECP256K1",
        "pathFormat": "PATH_FORMAT_BIP32",
        "path": path,
        "addressFormat": "ADDRESS_FORMAT_ETHEREUM",
    });
    serde_json::from_value::<WalletAccountParams>(travels).unwrap().try_into()
}

#[test]
fn addresses_refuse_curves_that_their_format_does_not_have() {
    let mut judged = 0;
    let combinations = files().into_iter().filter_map(|file| file.curve_format_combinations);
    for Combinations { expect_error_when_invalid, rows } in combinations {
        for row in rows {
            let key = PrivateKey::from_bytes(curve(row.curve), &[1; 32]).unwrap().public_key();
            let found = address::encode(row.address_format, &key);
            let what = format!("{:?} on {:?}: {found:?}", row.address_format, row.curve);
            match found {
                Ok(_) => assert!(row.valid, "{what}"),
                Err(refused) => {
                    assert!(!row.valid, "{what}");
                    expect_error_when_invalid.compare(&refused.into()).expect(&what);
                }
            }
            judged += 1;
        }
    }
    println!("{judged} combinations judged");
    assert!(judged > 0, "no case");
}
