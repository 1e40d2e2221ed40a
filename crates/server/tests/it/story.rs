//! What Keyward is for, from beginning to end: a user of an application is given an organization, logs
//! in, signs for a while without being asked again, and then no longer.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_crypto::{
    Ed25519PublicKey, P256PublicKey, RecoverableSignature, Secp256k1PublicKey, keccak256, sha256,
};
use serde_json::{Value, json};

use crate::client::{Client, Credential, text};
use crate::rlp;
use crate::world::{ETHEREUM_PATH, SOLANA_PATH, World, ethereum, solana};

/// A user whom the parent has just given an organization.
pub(crate) struct NewUser {
    pub(crate) world: World,
    pub(crate) by_api_key: Client,
    pub(crate) by_passkey: Client,
    pub(crate) ethereum: String,
    pub(crate) solana: String,
}

pub(crate) async fn sign_up(world: World) -> NewUser {
    let (api_key, passkey) = (Credential::api_key(), Credential::passkey());
    let parameters = json!({
        "subOrganizationName": "Eve's",
        "rootQuorumThreshold": 1,
        "rootUsers": [{
            "userName": "Eve",
            "userEmail": "eve@wonderland.example",
            "apiKeys": [api_key.as_api_key("laptop")],
            "authenticators": [passkey.as_authenticator("phone")],
            "oauthProviders": [],
        }],
        "wallet": {
            "walletName": "Main",
            "accounts": [ethereum(ETHEREUM_PATH), solana(SOLANA_PATH)],
        },
    });
    let made = world.parent.done("create_sub_organization", parameters).await;
    let organization = text(&made["subOrganizationId"]);
    let eve = world.parent.about(&organization);
    NewUser {
        by_api_key: eve.with(api_key),
        by_passkey: eve.with(passkey),
        ethereum: text(&made["wallet"]["addresses"][0]),
        solana: text(&made["wallet"]["addresses"][1]),
        world,
    }
}

async fn new_user() -> NewUser {
    sign_up(World::new().await).await
}

/// Each way to log in. The last names the parent, as browsers do that know no more yet.
async fn all_log_ins(user: &NewUser) -> Vec<Client> {
    let parent = &user.world.parent.organization;
    let mut sessions = Vec::new();
    for client in [&user.by_api_key, &user.by_passkey] {
        sessions.push(client.log_in(900).await);
        sessions.push(client.about(parent).log_in(900).await);
    }
    sessions
}

#[tokio::test]
async fn every_log_in_opens_a_session_in_the_users_own_organization() {
    let user = new_user().await;
    for session in all_log_ins(&user).await {
        assert_eq!(session.organization, user.by_api_key.organization);
        let told = session.read("whoami", json!({})).await;
        assert_eq!(told["organizationId"], session.organization);
        assert_eq!(told["username"], "Eve");
    }
}

#[tokio::test]
async fn the_session_token_describes_the_session_and_is_signed_by_the_server() {
    let user = new_user().await;
    let key = Credential::api_key();
    let parameters = json!({ "publicKey": key.public_key(), "expirationSeconds": "600" });
    let result = user.by_passkey.done("stamp_login", parameters).await;
    let token = text(&result["session"]);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["public_key"], key.public_key());
    assert_eq!(claims["session_type"], "SESSION_TYPE_READ_WRITE");
    assert_eq!(claims["organization_id"], user.by_passkey.organization);
    let ends = claims["exp"].as_u64().unwrap();
    let now = user.world.server.now() / 1000;
    assert!((now + 590..=now + 600).contains(&ends), "{ends} {now}");
    // The protocol's own way: the ES256 signature is over the digest of the signing input.
    let request = axum::http::Request::get("/.well-known/keyward.json");
    let known = user.world.server.send(request.body(axum::body::Body::empty()).unwrap()).await;
    let notarizer = hex::decode(text(&known.ok()["notarizerPublicKey"])).unwrap();
    let notarizer = P256PublicKey::from_sec1(&notarizer).unwrap();
    let signature: [u8; 64] = URL_SAFE_NO_PAD.decode(signature).unwrap().try_into().unwrap();
    let signature = keyward_crypto::EcdsaSignature::from_bytes(&signature);
    assert!(notarizer.verify(&sha256(signed.as_bytes()), &signature));
}

#[tokio::test]
async fn a_session_signs_payloads_with_ethereum_keys() {
    let user = new_user().await;
    for session in all_log_ins(&user).await {
        for (hash_function, payload, signed) in [
            ("HASH_FUNCTION_NO_OP", hex::encode([0x11; 32]), [0x11; 32]),
            ("HASH_FUNCTION_KECCAK256", hex::encode(b"hello"), keccak256(b"hello")),
            ("HASH_FUNCTION_SHA256", hex::encode(b"hello"), sha256(b"hello")),
        ] {
            let parameters = json!({
                "signWith": user.ethereum,
                "payload": payload,
                "encoding": "PAYLOAD_ENCODING_HEXADECIMAL",
                "hashFunction": hash_function,
            });
            let result = session.done("sign_raw_payload", parameters).await;
            let signature = RecoverableSignature {
                r: hex32(&result["r"]),
                s: hex32(&result["s"]),
                recovery_id: text(&result["v"]).parse().unwrap(),
            };
            assert_eq!(recovered_address(&signed, &signature), user.ethereum.to_lowercase());
        }
    }
}

#[tokio::test]
async fn a_session_signs_payloads_with_solana_keys() {
    let user = new_user().await;
    for session in all_log_ins(&user).await {
        let parameters = json!({
            "signWith": user.solana,
            "payload": hex::encode(b"hello"),
            "encoding": "PAYLOAD_ENCODING_HEXADECIMAL",
            "hashFunction": "HASH_FUNCTION_NOT_APPLICABLE",
        });
        let result = session.done("sign_raw_payload", parameters).await;
        let signature = [hex32(&result["r"]), hex32(&result["s"])].concat();
        assert!(solana_key(&user).verify_strict(b"hello", &signature.try_into().unwrap()));
    }
}

#[tokio::test]
async fn a_session_signs_ethereum_transactions() {
    let user = new_user().await;
    let unsigned = rlp::unsigned_transfer();
    let digest = keccak256(&hex::decode(&unsigned).unwrap());
    for session in all_log_ins(&user).await {
        let parameters = json!({
            "signWith": user.ethereum,
            "unsignedTransaction": unsigned,
            "type": "TRANSACTION_TYPE_ETHEREUM",
        });
        let result = session.done("sign_transaction", parameters).await;
        let signed = hex::decode(text(&result["signedTransaction"])).unwrap();
        let (kind, list) = signed.split_first().unwrap();
        assert_eq!(*kind, 2);
        let signature = rlp::content(list).strip_prefix(rlp::transfer_items().as_slice()).unwrap();
        let signature = rlp::strings(signature);
        let [parity, r, s] = signature.as_slice() else { panic!("{signature:?}") };
        let signature = RecoverableSignature {
            r: padded(r),
            s: padded(s),
            recovery_id: parity.first().copied().unwrap_or_default(),
        };
        assert_eq!(recovered_address(&digest, &signature), user.ethereum.to_lowercase());
    }
}

#[tokio::test]
async fn a_session_signs_solana_transactions() {
    let user = new_user().await;
    let payer: [u8; 32] = bs58::decode(&user.solana).into_vec().unwrap().try_into().unwrap();
    // One signer, one read-only program, a recent blockhash, one instruction with one byte of data.
    let message = [&[1, 0, 1, 2][..], &payer, &[9; 32], &[5; 32], &[1, 1, 0, 1, 42]].concat();
    let unsigned = [&[1][..], &[0; 64], &message].concat();
    for session in all_log_ins(&user).await {
        let parameters = json!({
            "signWith": user.solana,
            "unsignedTransaction": hex::encode(&unsigned),
            "type": "TRANSACTION_TYPE_SOLANA",
        });
        let result = session.done("sign_transaction", parameters).await;
        let signed = hex::decode(text(&result["signedTransaction"])).unwrap();
        assert_eq!(signed.len(), unsigned.len());
        assert_eq!(signed[65..], message);
        let signature: [u8; 64] = signed[1..65].try_into().unwrap();
        assert!(solana_key(&user).verify_strict(&message, &signature));
    }
}

#[tokio::test]
async fn a_read_only_session_reads_and_submits_nothing() {
    let user = new_user().await;
    let parent = &user.world.parent.organization;
    for client in [&user.by_passkey, &user.by_passkey.about(parent), &user.by_api_key.about(parent)]
    {
        let reader = client.read_only().await;
        assert_eq!(reader.organization, user.by_passkey.organization);
        let wallets = reader.read("list_wallets", json!({})).await;
        assert_eq!(wallets["wallets"][0]["walletName"], "Main");
        let answer =
            reader.submit("create_wallet", json!({ "walletName": "W", "accounts": [] })).await;
        answer.refused(401, 16, "SIGNATURE_MISSING");
        assert_eq!(reader.read("list_wallets", json!({})).await, wallets);
    }
}

#[tokio::test]
async fn the_parent_reads_and_changes_nothing() {
    let user = new_user().await;
    let parent = &user.world.parent;
    let as_parent = parent.about(&user.by_passkey.organization);
    let wallets = as_parent.read("list_wallets", json!({})).await;
    assert_eq!(wallets["wallets"][0]["walletName"], "Main");
    let answer =
        as_parent.submit("create_wallet", json!({ "walletName": "W", "accounts": [] })).await;
    let text = answer.refused(400, 3, "ORGANIZATION_MISMATCH");
    let (target, voters) = (&as_parent.organization, &parent.organization);
    assert_eq!(
        text,
        format!(
            "organization mismatch: request is targeting organization ({target}), but voters are in \
             organization ({voters})"
        )
    );
    assert_eq!(as_parent.read("list_wallets", json!({})).await, wallets);
}

#[tokio::test]
async fn sessions_end_when_they_said() {
    let user = new_user().await;
    let mut sessions = Vec::new();
    for client in [&user.by_api_key, &user.by_passkey] {
        sessions.push(client.log_in(300).await);
    }
    let reader = user.by_passkey.read_only().await;
    user.world.server.advance(290);
    for session in &sessions {
        session.read("whoami", json!({})).await;
    }
    user.world.server.advance(10);
    for session in &sessions {
        let key = session.public_key();
        let expired = format!(
            "expired api key publicKey={key}: rpc error: code = Unauthenticated desc = expired api \
             key publicKey={key}"
        );
        let answer = session.query("list_wallets", json!({})).await;
        assert_eq!(answer.refused(401, 16, "API_KEY_EXPIRED"), expired);
        let parameters = json!({ "walletName": "W", "accounts": [] });
        let answer = session.submit("create_wallet", parameters).await;
        assert_eq!(answer.refused(401, 16, "API_KEY_EXPIRED"), expired);
        // To open the next session takes more than the last.
        let next = json!({ "publicKey": Credential::api_key().public_key() });
        session.submit("stamp_login", next).await.refused(401, 16, "API_KEY_EXPIRED");
    }
    reader.read("whoami", json!({})).await;
    user.world.server.advance(3_300);
    let answer = reader.query("list_wallets", json!({})).await;
    answer.refused(401, 16, "UNAUTHENTICATED");
    user.by_passkey.log_in(300).await.read("whoami", json!({})).await;
}

#[tokio::test]
async fn whoami_says_who_stamped_whichever_organization_is_named() {
    let user = new_user().await;
    let parent = &user.world.parent;
    let (own, above) = (&user.by_passkey.organization, &parent.organization);
    let session = user.by_passkey.log_in(900).await;
    let reader = user.by_passkey.read_only().await;
    for client in [&user.by_api_key, &user.by_passkey, &session, &reader] {
        for named in [own, above] {
            let told = client.about(named).read("whoami", json!({})).await;
            assert_eq!(told["organizationId"], *own);
            assert_eq!(told["organizationName"], "Eve's");
            assert_eq!(told["username"], "Eve");
        }
    }
    for named in [own, above] {
        let told = parent.about(named).read("whoami", json!({})).await;
        assert_eq!(told["organizationId"], *above);
        assert_eq!(told["organizationName"], "Parent");
    }
    let stranger = user.by_passkey.about(&user.world.bob.organization);
    stranger.query("whoami", json!({})).await.refused(401, 16, "CREDENTIAL_NOT_FOUND");
}

#[tokio::test]
async fn a_key_the_organization_does_not_know_is_named_in_the_refusal() {
    let user = new_user().await;
    let elsewhere = user.world.bob.log_in(900).await.about(&user.by_api_key.organization);
    let unknown = user.by_api_key.with(Credential::api_key());
    for client in [&elsewhere, &unknown] {
        let (organization, key) = (&client.organization, client.public_key());
        let expected = format!(
            "could not find public key in organization or its parent organization \
             organizationId={organization} publicKey={key}"
        );
        let answer = client.query("whoami", json!({})).await;
        assert_eq!(answer.refused(401, 16, "PUBLIC_KEY_NOT_FOUND"), expected);
        let parameters = json!({ "walletName": "W", "accounts": [] });
        let answer = client.submit("create_wallet", parameters).await;
        assert_eq!(answer.refused(401, 16, "PUBLIC_KEY_NOT_FOUND"), expected);
    }
}

#[tokio::test]
async fn a_deleted_session_key_is_dead_on_the_next_request() {
    let user = new_user().await;
    let session = user.by_passkey.log_in(900).await;
    let reader = session.read_only().await;
    let eve = session.read("whoami", json!({})).await;
    let keys = session.read("get_api_keys", json!({ "userId": eve["userId"] })).await;
    let keys = keys["apiKeys"].as_array().unwrap().clone();
    let own = |key: &&Value| key["credential"]["publicKey"] == session.public_key();
    let id = &keys.iter().find(own).unwrap()["apiKeyId"];
    let parameters = json!({ "userId": eve["userId"], "apiKeyIds": [id] });
    // It may end itself.
    session.done("delete_api_keys", parameters).await;
    let answer = session.query("whoami", json!({})).await;
    answer.refused(401, 16, "PUBLIC_KEY_NOT_FOUND");
    let answer =
        session.submit("create_wallet", json!({ "walletName": "W", "accounts": [] })).await;
    answer.refused(401, 16, "PUBLIC_KEY_NOT_FOUND");
    // And what it opened ends with it.
    reader.query("whoami", json!({})).await.refused(401, 16, "UNAUTHENTICATED");
}

#[tokio::test]
async fn deleting_a_passkey_ends_the_read_only_sessions_it_opened_and_no_others() {
    let user = new_user().await;
    let reader = user.by_passkey.read_only().await;
    let other_reader = user.by_api_key.read_only().await;
    let eve = reader.read("whoami", json!({})).await;
    let passkeys = reader.read("get_authenticators", json!({ "userId": eve["userId"] })).await;
    let id = &passkeys["authenticators"][0]["authenticatorId"];
    let parameters = json!({ "userId": eve["userId"], "authenticatorIds": [id] });
    user.by_api_key.done("delete_authenticators", parameters).await;
    reader.query("list_wallets", json!({})).await.refused(401, 16, "UNAUTHENTICATED");
    other_reader.read("list_wallets", json!({})).await;
    let answer = user.by_passkey.query("whoami", json!({})).await;
    answer.refused(401, 16, "CREDENTIAL_NOT_FOUND");
    let parent = user.by_passkey.about(&user.world.parent.organization);
    let next = json!({ "publicKey": Credential::api_key().public_key() });
    parent.submit("stamp_login", next).await.refused(401, 16, "CREDENTIAL_NOT_FOUND");
}

#[tokio::test]
async fn a_log_in_can_end_the_other_sessions() {
    let user = new_user().await;
    let before = all_log_ins(&user).await;
    let key = Arc::new(Credential::api_key());
    let parameters = json!({ "publicKey": key.public_key(), "invalidateExisting": true });
    before[0].done("stamp_login", parameters).await;
    for session in &before {
        let answer = session.query("whoami", json!({})).await;
        answer.refused(401, 16, "PUBLIC_KEY_NOT_FOUND");
    }
    let session = Client { credential: key, ..before[0].clone() };
    session.read("whoami", json!({})).await;
    user.by_api_key.read("whoami", json!({})).await;
}

fn hex32(value: &Value) -> [u8; 32] {
    hex::decode(text(value)).unwrap().try_into().unwrap()
}

fn padded(bytes: &[u8]) -> [u8; 32] {
    let mut padded = [0; 32];
    padded[32 - bytes.len()..].copy_from_slice(bytes);
    padded
}

/// The address that made a signature: lower case, with `0x`.
fn recovered_address(prehash: &[u8; 32], signature: &RecoverableSignature) -> String {
    let key = Secp256k1PublicKey::recover_prehash(prehash, signature).unwrap();
    format!("0x{}", hex::encode(&keccak256(&key.uncompressed()[1..])[12..]))
}

/// A Solana address is the key itself.
fn solana_key(user: &NewUser) -> Ed25519PublicKey {
    let bytes = bs58::decode(&user.solana).into_vec().unwrap();
    Ed25519PublicKey::from_bytes(&bytes.try_into().unwrap())
}
