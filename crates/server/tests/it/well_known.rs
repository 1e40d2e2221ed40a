//! What the server says of itself, and the keys behind it.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_crypto::{EcdsaSignature, P256PrivateKey, P256PublicKey, Secret, os_rng, sha256};
use keyward_server::Config;
use keyward_server::beginning::{has_begun, server_keys};
use keyward_store::{SealedStore, SqliteStore, Store};
use serde_json::{Value, json};

use crate::client::{content, text};
use crate::proof::{current_token, legacy_token, new_key};
use crate::server::{MASTER_KEY, Server};
use crate::world::{EMAIL, World};

fn point(text: &Value) -> P256PublicKey {
    P256PublicKey::from_sec1(&hex::decode(text.as_str().unwrap()).unwrap()).unwrap()
}

/// The only key of a set.
fn only_key(set: &Value) -> P256PublicKey {
    let [key] = set["keys"].as_array().unwrap().as_slice() else { panic!("{set}") };
    for (member, value) in [("kty", "EC"), ("crv", "P-256"), ("use", "sig"), ("alg", "ES256")] {
        assert_eq!(key[member], value);
    }
    assert!(key.get("d").is_none());
    let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(text(&key[name])).unwrap();
    P256PublicKey::from_sec1(&[vec![4], coordinate("x"), coordinate("y")].concat()).unwrap()
}

/// What was signed, and the signature.
fn parts(token: &str) -> (&str, EcdsaSignature) {
    let (input, signature) = token.rsplit_once('.').unwrap();
    let raw: [u8; 64] = URL_SAFE_NO_PAD.decode(signature).unwrap().try_into().unwrap();
    (input, EcdsaSignature::from_bytes(&raw))
}

#[tokio::test]
async fn the_server_says_which_keys_it_signs_with() {
    let config =
        Config { public_url: Some("https://keyward.example".to_owned()), ..Config::default() };
    let world = World::with(&config).await;
    let answer = world.server.get("/.well-known/keyward.json").await;
    let known = answer.ok();
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    assert_eq!(answer.headers["cache-control"], "public, max-age=3600");
    let mut members: Vec<&str> = known.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(
        members,
        [
            "idTokenIssuer",
            "issuer",
            "jwksUri",
            "legacyOtpSignerPublicKey",
            "notarizerPublicKey",
            "otpSignerPublicKey",
            "secretReceiverPublicKey",
            "signerPublicKey",
            "signerQuorumPublicKey",
        ]
    );
    assert_eq!(known["issuer"], "https://keyward.example");
    assert_eq!(known["jwksUri"], "https://keyward.example/.well-known/jwks.json");
    assert_eq!(known["idTokenIssuer"], "https://keyward.example/oauth2");
    let signer = text(&known["signerPublicKey"]);
    assert_eq!(known["signerQuorumPublicKey"], format!("{signer}{signer}"));
    let keys = ["notarizer", "signer", "otpSigner", "secretReceiver"];
    let mut points: Vec<Vec<u8>> = keys
        .iter()
        .map(|name| {
            let text = &known[format!("{name}PublicKey")];
            assert_eq!(text.as_str().unwrap().len(), 130);
            point(text).compressed().to_vec()
        })
        .collect();
    assert_eq!(text(&known["legacyOtpSignerPublicKey"]).len(), 66);
    points.push(point(&known["legacyOtpSignerPublicKey"]).compressed().to_vec());
    points.sort();
    points.dedup();
    assert_eq!(points.len(), 5, "no key has two purposes");
    for key in &world.private_keys {
        assert!(!answer.text().contains(key));
    }
}

#[tokio::test]
async fn what_it_signs_is_verified_with_what_it_publishes() {
    let world = World::new().await;
    let known = world.server.get("/.well-known/keyward.json").await.ok();
    let activity = {
        let parameters = json!({ "publicKey": crate::proof::public(&new_key()) });
        world.alice.submit("stamp_login", parameters).await.activity()
    };
    let session = text(&content(&activity["result"])["session"]);
    let notarizer = only_key(&world.server.get("/.well-known/jwks.json").await.ok());
    assert_eq!(notarizer, point(&known["notarizerPublicKey"]));
    // The hash of the hash is signed.
    let (input, signature) = parts(&session);
    assert!(notarizer.verify(&sha256(input.as_bytes()), &signature));
    assert!(!notarizer.verify(input.as_bytes(), &signature));

    let token = current_token(&world.parent, EMAIL, &new_key()).await;
    let (input, signature) = parts(&token);
    assert!(point(&known["otpSignerPublicKey"]).verify(input.as_bytes(), &signature));
    let token = legacy_token(&world.parent, EMAIL, None).await;
    let (input, signature) = parts(&token);
    assert!(point(&known["legacyOtpSignerPublicKey"]).verify(input.as_bytes(), &signature));
}

#[tokio::test]
async fn the_issuer_of_id_tokens_is_found_as_others_are() {
    let world = World::new().await;
    let known = world.server.get("/.well-known/keyward.json").await.ok();
    let found = world.server.get("/oauth2/.well-known/openid-configuration").await.ok();
    assert_eq!(found["issuer"], known["idTokenIssuer"]);
    assert_eq!(found["jwks_uri"], format!("{}/jwks.json", text(&known["idTokenIssuer"])));
    assert_eq!(found["id_token_signing_alg_values_supported"], json!(["ES256"]));
    let key = only_key(&world.server.get("/oauth2/jwks.json").await.ok());
    for name in ["notarizer", "signer", "otpSigner", "legacyOtpSigner", "secretReceiver"] {
        assert_ne!(key, point(&known[format!("{name}PublicKey")]), "{name}");
    }
}

/// The answers that show keys.
async fn shown(server: &Server) -> Vec<Value> {
    let mut shown = Vec::new();
    for path in ["/.well-known/keyward.json", "/.well-known/jwks.json", "/oauth2/jwks.json"] {
        shown.push(server.get(path).await.ok());
    }
    shown
}

#[tokio::test]
async fn a_store_that_an_older_release_began_gets_the_newer_keys_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keyward.db");
    let notarizer = {
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&file).unwrap());
        assert!(!has_begun(&*store).await.unwrap());
        let sealed = SealedStore::new(store, Secret::new(MASTER_KEY));
        let key = P256PrivateKey::generate(&mut os_rng());
        let bytes = key.expose_bytes();
        let root = [1; 16];
        let values: [(&'static str, &[u8]); 2] =
            [("root organization", &root), ("notarizer", bytes.expose())];
        let commit = sealed
            .seal_beginning(
                &values,
                &[],
                &keyward_protocol::engine::Changes::default(),
                &mut os_rng(),
            )
            .unwrap();
        sealed.commit(commit).await.unwrap();
        key.public_key()
    };
    let first = shown(&Server::reopened(&file).await.unwrap()).await;
    assert_eq!(point(&first[0]["notarizerPublicKey"]), notarizer);
    assert_eq!(only_key(&first[1]), notarizer);
    for _ in 0..2 {
        assert_eq!(shown(&Server::reopened(&file).await.unwrap()).await, first);
    }
}

#[tokio::test]
async fn two_processes_that_make_the_newer_keys_at_once_make_the_same() {
    let store: Arc<dyn Store> = Arc::new(keyward_store::MemoryStore::default());
    let sealed = || SealedStore::new(store.clone(), Secret::new(MASTER_KEY));
    let root = [1; 16];
    let values: [(&'static str, &[u8]); 1] = [("root organization", &root)];
    let none = keyward_protocol::engine::Changes::default();
    let commit = sealed().seal_beginning(&values, &[], &none, &mut os_rng()).unwrap();
    sealed().commit(commit).await.unwrap();
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let store = sealed();
            tokio::spawn(async move {
                let keys = server_keys(&store).await.unwrap();
                [&keys.notarizer, &keys.signer, &keys.otp_signer, &keys.id_token_signer]
                    .map(|key| key.public_key().compressed())
            })
        })
        .collect();
    let mut made = Vec::new();
    for task in tasks {
        made.push(task.await.unwrap());
    }
    made.dedup();
    assert_eq!(made.len(), 1);
}
