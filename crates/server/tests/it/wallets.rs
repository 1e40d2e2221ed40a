//! Wallets of many accounts, and keys on their way in and out.

use keyward_crypto::{P256PrivateKey, P256PublicKey, os_rng, seal_message};
use keyward_protocol::bundle::{ClientMessage, open_export_bundle, read_import_target};
use serde_json::{Value, json};

use crate::client::{Client, text};
use crate::world::{MNEMONIC, World, ethereum};

async fn signer(world: &World) -> P256PublicKey {
    let request = axum::http::Request::get("/.well-known/keyward.json");
    let request = request.body(axum::body::Body::empty()).unwrap();
    let known = world.server.send(request).await.ok();
    P256PublicKey::from_sec1(&hex::decode(text(&known["signerPublicKey"])).unwrap()).unwrap()
}

async fn user_of(client: &Client) -> String {
    text(&client.read("whoami", json!({})).await["userId"])
}

/// Seals a recovery phrase as a client does: the parameters of its import.
async fn sealed(world: &World, client: &Client, phrase: &str) -> Value {
    let user = user_of(client).await;
    let begun = client.done("init_import_wallet", json!({ "userId": user })).await;
    let organization = client.organization.parse().unwrap();
    let target = read_import_target(
        &text(&begun["importBundle"]),
        &signer(world).await,
        organization,
        Some(user.parse().unwrap()),
    );
    let message = seal_message(&target.unwrap(), phrase.as_bytes(), &mut os_rng()).unwrap();
    json!({
        "userId": user, "walletName": "Imported",
        "encryptedBundle": ClientMessage(message).to_string(),
        "accounts": [ethereum("m/44'/60'/0'/0/0")],
    })
}

async fn export(world: &World, client: &Client, wallet: &Value) -> String {
    let target = P256PrivateKey::generate(&mut os_rng());
    let key = hex::encode(target.public_key().uncompressed());
    let asked = json!({ "walletId": wallet, "targetPublicKey": key });
    let bundle = text(&client.done("export_wallet", asked).await["exportBundle"]);
    let organization = client.organization.parse().unwrap();
    let opened = open_export_bundle(&bundle, &signer(world).await, organization, &target).unwrap();
    String::from_utf8(opened.expose().to_vec()).unwrap()
}

const PHRASE: &str =
    "legal winner thank year wave sausage worth useful legal winner thank yellow\npass phrase";

#[tokio::test]
async fn a_wallet_comes_in_goes_out_and_is_the_same_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keyward.db");
    let world = World::on_disk(&file).await;
    let asked = sealed(&world, &world.alice, PHRASE).await;
    let closed = world.closed();
    // The key that it was sealed to outlives the server.
    let world = closed.reopened(&file).await;
    let imported = world.alice.done("import_wallet", asked.clone()).await;
    let refusal = world.alice.submit("import_wallet", asked).await;
    assert_eq!(refusal.refusal().0, 400);
    assert!(refusal.message().contains("no import bundle"), "{}", refusal.message());
    let wallet = world.alice.read("get_wallet", json!({ "walletId": imported["walletId"] })).await;
    assert_eq!(wallet["wallet"]["imported"], true);
    assert_eq!(wallet["wallet"]["exported"], false);
    assert_eq!(export(&world, &world.alice, &imported["walletId"]).await, PHRASE);
    let closed = world.closed();
    let world = closed.reopened(&file).await;
    let wallet = world.alice.read("get_wallet", json!({ "walletId": imported["walletId"] })).await;
    assert_eq!(wallet["wallet"]["exported"], true);
    let sign = json!({
        "signWith": imported["addresses"][0], "payload": "00".repeat(32),
        "encoding": "PAYLOAD_ENCODING_HEXADECIMAL", "hashFunction": "HASH_FUNCTION_NO_OP",
    });
    world.alice.done("sign_raw_payload", sign).await;
}

#[tokio::test]
async fn what_two_let_in_uses_its_key_up_even_when_it_is_no_phrase() {
    let world = World::new().await;
    let (carol, dinah) = (user_of(&world.carol).await, user_of(&world.dinah).await);
    for (kind, users, count) in [
        ("INIT_IMPORT_WALLET", format!("'{carol}'"), 1),
        ("IMPORT_WALLET", format!("'{carol}', '{dinah}'"), 2),
    ] {
        let policy = json!({
            "policyName": kind, "effect": "EFFECT_ALLOW", "notes": "",
            "condition": format!("activity.kind == '{kind}'"),
            "consensus": format!("approvers.filter(u, u.id in [{users}]).count() >= {count}"),
        });
        world.alice.done("create_policy", policy).await;
    }
    let asked = sealed(&world, &world.carol, "no phrase at all").await;
    for expected in ["invalid mnemonic", "no import bundle"] {
        let mut asked = asked.clone();
        asked["walletName"] = expected.into();
        let waiting = world.carol.submit("import_wallet", asked).await.activity();
        assert_eq!(waiting["status"], "ACTIVITY_STATUS_CONSENSUS_NEEDED", "{waiting}");
        let vote = json!({ "fingerprint": waiting["fingerprint"] });
        let refusal = world.dinah.submit("approve_activity", vote).await;
        assert_eq!(refusal.refusal().0, 400);
        assert!(refusal.message().contains(expected), "{}", refusal.message());
    }
}

#[tokio::test]
async fn of_two_imports_of_one_seed_at_once_one_is_made() {
    let world = World::new().await;
    let mut asked = Vec::new();
    for number in 0..2 {
        let mut parameters = sealed(&world, &world.alice, PHRASE).await;
        parameters["walletName"] = format!("Imported {number}").into();
        asked.push(parameters);
    }
    let (one, two) = tokio::join!(
        world.alice.submit("import_wallet", asked[0].clone()),
        world.alice.submit("import_wallet", asked[1].clone()),
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

#[tokio::test]
async fn the_seed_of_a_wallet_in_use_does_not_come_in_again() {
    let world = World::new().await;
    let asked = sealed(&world, &world.alice, MNEMONIC).await;
    let refusal = world.alice.submit("import_wallet", asked).await;
    assert_eq!((refusal.refusal().0, refusal.refusal().1), (409, 6));
    let message = refusal.message();
    assert!(message.contains("already imported in this organization"), "{message}");
}

#[tokio::test]
async fn ten_thousand_accounts_are_made_at_once_and_listed_in_pages() {
    const ACCOUNTS: usize = 10_000;
    let world = World::new().await;
    let accounts: Vec<Value> =
        (0..ACCOUNTS).map(|index| ethereum(&format!("m/44'/60'/{index}'/0/0"))).collect();
    let asked = json!({ "walletName": "Many", "accounts": accounts });
    let made = world.alice.done("create_wallet", asked).await;
    let addresses = made["addresses"].as_array().unwrap();
    assert_eq!(addresses.len(), ACCOUNTS);
    let mut listed = Vec::new();
    let mut after = json!(null);
    loop {
        let page = json!({
            "walletId": made["walletId"],
            "paginationOptions": { "limit": "100", "after": after.as_str().unwrap_or_default() },
        });
        let page = world.alice.read("list_wallet_accounts", page).await;
        let page = page["accounts"].as_array().unwrap();
        listed.extend(page.iter().map(|account| account["address"].clone()));
        if page.len() < 100 {
            break;
        }
        after = page[99]["walletAccountId"].clone();
    }
    assert_eq!(&listed, addresses);
    for address in [&addresses[0], &addresses[ACCOUNTS - 1]] {
        let sign = json!({
            "signWith": address, "payload": "00".repeat(32),
            "encoding": "PAYLOAD_ENCODING_HEXADECIMAL", "hashFunction": "HASH_FUNCTION_NO_OP",
        });
        world.alice.done("sign_raw_payload", sign).await;
    }
}
