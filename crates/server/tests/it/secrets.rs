//! What is secret is in no file and in no log.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use keyward_crypto::{Curve, DerivationPath, Mnemonic, derive};
use serde_json::json;

use crate::client::{Client, Credential, text};
use crate::samples::Known;
use crate::story;
use crate::world::{EMAIL, ETHEREUM_PATH, MNEMONIC, SOLANA_PATH, World};

/// What must not be found in a file or a log: bytes, and what they are.
struct Needles(Vec<(String, Vec<u8>)>);

impl Needles {
    fn of(world: &World, more: &[(&str, String)]) -> Self {
        let mut needles = vec![
            ("the mnemonic".to_owned(), MNEMONIC.into()),
            ("words of the mnemonic".to_owned(), "thank year wave".into()),
            ("an e-mail address".to_owned(), EMAIL.into()),
            ("part of it".to_owned(), "liddell".into()),
            ("a name".to_owned(), "Dinah".into()),
        ];
        needles.extend(more.iter().map(|(what, text)| ((*what).to_owned(), text.clone().into())));
        let seed = Mnemonic::parse(MNEMONIC).unwrap().to_seed("");
        let mut keys = vec![("the seed".to_owned(), hex::encode(seed.expose()))];
        for (curve, path) in [(Curve::Secp256k1, ETHEREUM_PATH), (Curve::Ed25519, SOLANA_PATH)] {
            let key = derive(&seed, curve, &DerivationPath::parse(path).unwrap()).unwrap();
            keys.push((format!("the key at {path}"), hex::encode(key.expose_bytes().expose())));
        }
        keys.extend(world.private_keys.iter().map(|key| ("a private key".to_owned(), key.clone())));
        for (what, key) in keys {
            needles.push((format!("{what}, raw"), hex::decode(&key).unwrap()));
            needles.push((format!("{what}, upper-case hex"), key.to_uppercase().into()));
            needles.push((format!("{what}, hex"), key.into()));
        }
        Self(needles)
    }

    fn assert_absent(&self, haystack: &[u8], place: &str) {
        for (what, needle) in &self.0 {
            assert!(!needle.is_empty(), "{what}");
            let found = haystack.windows(needle.len()).any(|window| window == needle);
            assert!(!found, "{what} is in {place}");
        }
    }
}

/// The second half of a text.
pub(crate) fn half(text: &str) -> String {
    text.chars().skip(text.len() / 2).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[tokio::test]
async fn the_files_hold_no_secret_and_no_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keyward.db");
    let world = World::on_disk(&file).await;
    let reader = world.alice.read_only().await;
    let session = world.alice.log_in(900).await;
    let Credential::Session(token) = &*reader.credential else { panic!("no session") };
    let known = Known::gather(&world).await;
    let sign = json!({
        "signWith": known.address,
        "payload": hex::encode("the payload"),
        "encoding": "PAYLOAD_ENCODING_HEXADECIMAL",
        "hashFunction": "HASH_FUNCTION_KECCAK256",
    });
    let user = story::sign_up(world).await;
    user.by_passkey.read_only().await;
    session.done("sign_raw_payload", sign).await;
    let needles = Needles::of(
        &user.world,
        &[
            ("a session token", token.clone()),
            ("half a session token", half(token)),
            ("a payload", hex::encode("the payload")),
            ("an address", known.address.clone()),
            ("half an address", half(&known.address)),
            ("a public key", session.public_key()),
            ("a wallet's name", "Main".to_owned()),
            ("an e-mail address", "eve@wonderland".to_owned()),
        ],
    );
    let open = files(folder.path());
    assert!(open.iter().any(|file| file.to_string_lossy().ends_with("-wal")), "{open:?}");
    assert!(open.iter().any(|file| file.to_string_lossy().ends_with("-shm")), "{open:?}");
    for file in open {
        needles.assert_absent(&fs::read(&file).unwrap(), &file.to_string_lossy());
    }
    drop((user, reader, session));
    for file in files(folder.path()) {
        needles.assert_absent(&fs::read(&file).unwrap(), &file.to_string_lossy());
    }
}

/// Collects what is logged.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Of everything that is done in this process.
    ///
    /// Not for one thread alone: a call site that another thread meets first would be switched off. What
    /// other tests log in the meantime is held to the same.
    pub(crate) fn of_all() -> Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        let log = LOG.get_or_init(|| {
            let log = Self::default();
            let writer = log.clone();
            let subscriber = tracing_subscriber::fmt()
                .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
                .with_writer(move || writer.clone())
                .finish();
            tracing::subscriber::set_global_default(subscriber).unwrap();
            log
        });
        log.clone()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_holds_no_secret_no_body_and_no_stamp() {
    let log = Log::of_all();
    let user = story::sign_up(World::new().await).await;
    let world = &user.world;
    let known = Known::gather(world).await;
    let session = user.by_passkey.log_in(900).await;
    let reader = user.by_api_key.read_only().await;
    let Credential::Session(token) = &*reader.credential else { panic!("no session") };
    let payload = hex::encode("the payload");
    let sign = |address: &str| {
        json!({
            "signWith": address,
            "payload": payload,
            "encoding": "PAYLOAD_ENCODING_HEXADECIMAL",
            "hashFunction": "HASH_FUNCTION_KECCAK256",
        })
    };
    let body = session.submission("sign_raw_payload", &sign(&user.ethereum));
    let answer = session.post_submission("sign_raw_payload", &body).await;
    let signature = text(&answer.activity()["result"]["signRawPayloadResult"]["r"]);
    world.alice.done("sign_raw_payload", sign(&known.address)).await;
    // Refusals of every kind, whose texts name keys, addresses and sessions.
    reader.read("list_wallets", json!({})).await;
    reader.submit("sign_raw_payload", sign(&user.ethereum)).await;
    session.submit("sign_raw_payload", sign("0xdeadbeefdeadbeefdeadbeefdeadbeefdeadbeef")).await;
    let stranger: Client = session.with(Credential::api_key());
    stranger.query("whoami", json!({})).await;
    reader.with(Credential::Session(format!("{token}x"))).query("whoami", json!({})).await;
    session.post_submission("sign_raw_payload", b"{\"the payload\":").await;
    world.server.advance(10_000);
    session.query("whoami", json!({})).await;
    reader.query("whoami", json!({})).await;

    let log = log.bytes();
    let text = String::from_utf8_lossy(&log);
    assert!(text.contains("recorded") && text.contains("refused"), "{text}");
    let stamp = String::from_utf8(session.credential.headers(&body).remove(0).1).unwrap();
    let needles = Needles::of(
        world,
        &[
            ("a session token", token.clone()),
            ("half a session token", half(token)),
            ("a payload", payload.clone()),
            ("a payload as text", "the payload".to_owned()),
            ("an address", user.ethereum.clone()),
            ("an unknown address", "deadbeef".to_owned()),
            ("a signature", signature),
            ("a stamp", half(&stamp)),
            ("a public key", session.public_key()),
            ("a stranger's public key", stranger.public_key()),
            ("a member of a body", "timestampMs".to_owned()),
            ("a user's name", "Eve".to_owned()),
        ],
    );
    needles.assert_absent(&log, "the log");
}
