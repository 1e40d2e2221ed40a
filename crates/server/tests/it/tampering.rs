//! Somebody edits the database, without the master key: what was changed is refused.

use std::cell::Cell;
use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Credential, text};
use crate::samples::Known;
use crate::server::{Answer, Server};
use crate::world::{Closed, World, ethereum};

/// A database with something of everything in it, its server stopped.
struct Crime {
    folder: TempDir,
    closed: Closed,
    known: Known,
    /// Another Ethereum account of the wallet.
    other_address: String,
    /// A submission of Alice's that was executed, and its activity.
    body: Vec<u8>,
    activity: String,
    copies: Cell<usize>,
}

impl Crime {
    async fn prepare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = World::on_disk(&folder.path().join("original.db")).await;
        let known = Known::gather(&world).await;
        let accounts = json!([ethereum("m/44'/60'/0'/0/1")]);
        let parameters = json!({ "walletId": known.wallet, "accounts": accounts });
        let made = world.alice.done("create_wallet_accounts", parameters).await;
        let body = world.alice.submission(
            "create_wallet",
            &json!({
                "walletName": "second", "accounts": [],
            }),
        );
        let activity = world.alice.post_submission("create_wallet", &body).await.activity();
        let activity = text(&activity["id"]);
        world.bob.done("create_wallet", json!({ "walletName": "Bob's", "accounts": [] })).await;
        let closed = world.closed();
        let other_address = text(&made["addresses"][0]);
        let copies = Cell::default();
        Self { folder, closed, known, other_address, body, activity, copies }
    }

    /// A copy of the database, edited.
    fn copy(&self, edit: impl FnOnce(&Connection)) -> PathBuf {
        self.copies.set(self.copies.get() + 1);
        let copy = self.folder.path().join(format!("copy-{}.db", self.copies.get()));
        fs::copy(self.folder.path().join("original.db"), &copy).unwrap();
        let connection = Connection::open(&copy).unwrap();
        edit(&connection);
        connection.close().unwrap();
        copy
    }

    /// A server on an edited copy.
    async fn scene(&self, edit: impl FnOnce(&Connection)) -> World {
        self.closed.reopened(&self.copy(edit)).await
    }
}

fn sign(sign_with: &str) -> Value {
    json!({
        "signWith": sign_with,
        "payload": "00",
        "encoding": "PAYLOAD_ENCODING_HEXADECIMAL",
        "hashFunction": "HASH_FUNCTION_KECCAK256",
    })
}

/// Runs one statement, which must change something.
fn execute(connection: &Connection, sql: &str) {
    assert!(connection.execute(sql, []).unwrap() > 0, "nothing to change: {sql}");
}

/// Flips one bit in every value of a column.
fn flip(connection: &Connection, table: &str, column: &str, place: impl Fn(usize) -> usize) {
    let key = if table == "meta" { "name" } else { "rowid" };
    let mut statement =
        connection.prepare(&format!("SELECT {key}, {column} FROM {table}")).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let rows: Vec<(rusqlite::types::Value, Vec<u8>)> = rows.map(Result::unwrap).collect();
    assert!(!rows.is_empty(), "{table} is empty");
    for (id, mut value) in rows {
        let place = place(value.len());
        value[place] ^= 1;
        let sql = format!("UPDATE {table} SET {column} = ?2 WHERE {key} = ?1");
        connection.execute(&sql, rusqlite::params![id, value]).unwrap();
    }
}

/// Exchanges the values of a column between the first two rows of a table.
fn swap(connection: &Connection, table: &str, column: &str, filter: &str) {
    let sql = format!("SELECT rowid, {column} FROM {table} WHERE {filter} ORDER BY rowid LIMIT 2");
    let mut statement = connection.prepare(&sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let rows: Vec<(i64, rusqlite::types::Value)> = rows.map(Result::unwrap).collect();
    let [(one, first), (other, second)] = rows.as_slice() else { panic!("{table}: no two rows") };
    assert_ne!(first, second);
    for (id, value) in [(one, second), (other, first)] {
        let sql = format!("UPDATE {table} SET {column} = ?2 WHERE rowid = ?1");
        connection.execute(&sql, rusqlite::params![id, value]).unwrap();
    }
}

/// An id as SQL.
fn blob(id: &str) -> String {
    format!("x'{}'", id.replace('-', ""))
}

/// A fault that says nothing but the number under which the operator finds it.
#[track_caller]
fn assert_fault(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 500, "{what}: {}", answer.text());
    let text = answer.refused(500, 13, "INTERNAL");
    let id = text.strip_prefix("internal server error (").and_then(|rest| rest.strip_suffix(')'));
    let id = id.unwrap_or_else(|| panic!("{what}: {text}"));
    assert!(uuid::Uuid::parse_str(id).is_ok(), "{what}: {text}");
}

/// Places in a value: its head, its middle and its end.
const PLACES: [fn(usize) -> usize; 5] =
    [|_| 0, |_| 1, |length| length / 4, |length| length / 2, |length| length - 1];

#[tokio::test]
async fn an_untouched_copy_works() {
    let crime = Crime::prepare().await;
    let world = crime.scene(|_| ()).await;
    let before = world.alice.sight().await;
    world.alice.post_submission("create_wallet", &crime.body).await.ok();
    assert_eq!(before, world.alice.sight().await);
    for address in [&crime.known.address, &crime.other_address] {
        world.alice.done("sign_raw_payload", sign(address)).await;
    }
    let accounts = json!([ethereum("m/44'/60'/0'/0/2")]);
    let parameters = json!({ "walletId": crime.known.wallet, "accounts": accounts });
    world.alice.done("create_wallet_accounts", parameters).await;
}

#[tokio::test]
async fn an_edited_organization_is_refused() {
    let crime = Crime::prepare().await;
    for place in PLACES {
        let world = crime.scene(|file| flip(file, "organizations", "sealed", place)).await;
        organization_is_closed(&world, "a flipped bit").await;
    }
    for (what, sql) in [
        (
            "an older revision",
            "UPDATE organizations SET revision = revision - 1 WHERE revision > 1",
        ),
        ("a newer revision", "UPDATE organizations SET revision = revision + 1"),
        ("no parent", "UPDATE organizations SET parent = NULL WHERE parent IS NOT NULL"),
        ("itself for a parent", "UPDATE organizations SET parent = id WHERE parent IS NOT NULL"),
        ("an empty value", "UPDATE organizations SET sealed = x''"),
        ("a short value", "UPDATE organizations SET sealed = substr(sealed, 1, 20)"),
        ("a longer value", "UPDATE organizations SET sealed = CAST(sealed || x'00' AS BLOB)"),
    ] {
        let world = crime.scene(|file| execute(file, sql)).await;
        organization_is_closed(&world, what).await;
    }
    let world =
        crime.scene(|file| swap(file, "organizations", "sealed", "parent IS NOT NULL")).await;
    organization_is_closed(&world, "two values exchanged").await;
    let world = crime
        .scene(|file| {
            swap(file, "organizations", "sealed", "parent IS NOT NULL");
            swap(file, "organizations", "revision", "parent IS NOT NULL");
        })
        .await;
    organization_is_closed(&world, "two rows exchanged").await;
}

async fn organization_is_closed(world: &World, what: &str) {
    let client = &world.alice;
    for route in ["whoami", "list_users", "list_wallets", "list_activities", "list_wallet_accounts"]
    {
        assert_fault(&client.query(route, json!({})).await, what);
    }
    let parameters = json!({ "walletName": "W", "accounts": [] });
    assert_fault(&client.submit("create_wallet", parameters).await, what);
    let parent = client.about(&world.parent.organization);
    let login = json!({ "publicKey": Credential::api_key().public_key() });
    let answer = parent.submit("stamp_login", login).await;
    assert!(answer.status == 500 || answer.status == 401, "{what}: {}", answer.text());
}

#[tokio::test]
async fn an_organization_cannot_be_taken_back_to_what_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keyward.db");
    let world = World::on_disk(&file).await;
    world.alice.log_in(900).await;
    let closed = world.closed();
    let id = blob(&closed.organization());
    let older: Vec<u8> = Connection::open(&file)
        .unwrap()
        .query_row(&format!("SELECT sealed FROM organizations WHERE id = {id}"), [], |row| {
            row.get(0)
        })
        .unwrap();
    let world = closed.reopened(&file).await;
    let parameters =
        json!({ "publicKey": Credential::api_key().public_key(), "invalidateExisting": true });
    world.alice.done("stamp_login", parameters).await;
    let closed = world.closed();
    let connection = Connection::open(&file).unwrap();
    let sql = format!("UPDATE organizations SET sealed = ?1 WHERE id = {id}");
    assert_eq!(connection.execute(&sql, [older]).unwrap(), 1);
    connection.close().unwrap();
    let world = closed.reopened(&file).await;
    organization_is_closed(&world, "an older value").await;
}

#[tokio::test]
async fn an_edited_activity_is_refused_and_does_not_run_again() {
    let crime = Crime::prepare().await;
    for place in PLACES {
        let world = crime.scene(|file| flip(file, "activities", "sealed", place)).await;
        activities_are_closed(&crime, &world, "a flipped bit").await;
    }
    let alices = format!("organization = {}", blob(&crime.closed.organization()));
    let newest = format!("row = (SELECT max(row) FROM activities WHERE {alices})");
    for (what, set) in [
        ("another status", "status = 'ACTIVITY_STATUS_FAILED'"),
        ("another type", "kind = 'ACTIVITY_TYPE_CREATE_USERS'"),
        ("another fingerprint", "fingerprint = zeroblob(32)"),
        ("another id", "id = zeroblob(16)"),
        ("another's value", "sealed = (SELECT sealed FROM activities ORDER BY row LIMIT 1)"),
    ] {
        let sql = format!("UPDATE activities SET {set} WHERE {newest}");
        let world = crime.scene(|file| execute(file, &sql)).await;
        activities_are_closed(&crime, &world, what).await;
    }
    // What rows are found by leads to another's row, of the same organization and of another one.
    for other in [&alices, &format!("organization = {}", blob(&crime.closed.bobs_organization()))] {
        let elsewhere = format!("SELECT min(row) FROM activities WHERE {other}");
        let sql = format!("UPDATE activity_keys SET activity = ({elsewhere}) WHERE {alices}");
        let world = crime.scene(|file| execute(file, &sql)).await;
        let wallets = world.alice.read("list_wallets", json!({})).await;
        let again = world.alice.post_submission("create_wallet", &crime.body).await;
        assert_fault(&again, "a fingerprint that leads elsewhere");
        let asked = json!({ "activityId": crime.activity });
        assert_fault(&world.alice.query("get_activity", asked).await, "an id that leads elsewhere");
        assert_eq!(wallets, world.alice.read("list_wallets", json!({})).await);
        let all = world.alice.query("list_activities", json!({})).await;
        assert!(!all.text().contains(&crime.closed.bobs_organization()), "{}", all.text());
    }
}

async fn activities_are_closed(crime: &Crime, world: &World, what: &str) {
    let wallets = world.alice.read("list_wallets", json!({})).await;
    let page = json!({ "paginationOptions": { "limit": "100" } });
    assert_fault(&world.alice.query("list_activities", page).await, what);
    assert_fault(&world.alice.post_submission("create_wallet", &crime.body).await, what);
    assert_eq!(wallets, world.alice.read("list_wallets", json!({})).await);
}

#[tokio::test]
async fn an_edited_account_neither_shows_nor_signs() {
    let crime = Crime::prepare().await;
    for place in PLACES {
        let world = crime.scene(|file| flip(file, "accounts", "sealed", place)).await;
        accounts_are_closed(&crime, &world, "a flipped bit").await;
    }
    let bobs = format!("organization <> {}", blob(&crime.closed.organization()));
    let alices = format!("organization = {}", blob(&crime.closed.organization()));
    for column in ["sealed", "address", "path"] {
        // The first account and the third are on the same curve.
        let filter = format!("{alices} AND rowid IN (1, 3)");
        let world = crime.scene(|file| swap(file, "accounts", column, &filter)).await;
        let what = format!("{column} exchanged");
        accounts_are_closed(&crime, &world, &what).await;
    }
    let moved = format!(
        "UPDATE accounts SET wallet = (SELECT id FROM secrets WHERE {bobs}) WHERE {alices}"
    );
    let world = crime.scene(|file| execute(file, &moved)).await;
    accounts_are_closed(&crime, &world, "another wallet").await;
    // Given to Bob, it is nothing he can use.
    let bob = blob(&crime.closed.bobs_organization());
    let given = format!("UPDATE accounts SET organization = {bob}");
    let world = crime.scene(|file| execute(file, &given)).await;
    assert_fault(&world.bob.query("list_wallet_accounts", json!({})).await, "another organization");
}

async fn accounts_are_closed(crime: &Crime, world: &World, what: &str) {
    assert_fault(&world.alice.query("list_wallet_accounts", json!({})).await, what);
    for address in [&crime.known.address, &crime.other_address] {
        let answer = world.alice.submit("sign_raw_payload", sign(address)).await;
        assert_fault(&answer, what);
        let asked = json!({ "walletId": crime.known.wallet, "address": address });
        assert_fault(&world.alice.query("get_wallet_account", asked).await, what);
    }
}

#[tokio::test]
async fn an_edited_secret_opens_nothing() {
    let crime = Crime::prepare().await;
    let alices = format!("organization = {}", blob(&crime.closed.organization()));
    let mut scenes = Vec::new();
    for place in PLACES {
        scenes.push(crime.scene(|file| flip(file, "secrets", "sealed", place)).await);
    }
    scenes.push(crime.scene(|file| swap(file, "secrets", "sealed", &alices)).await);
    // The parent has one as well: its auth proxy's.
    let everyone = "UPDATE secrets SET sealed = (SELECT sealed FROM secrets AS other
                    WHERE other.organization <> secrets.organization)";
    scenes.push(crime.scene(|file| execute(file, everyone)).await);
    for world in scenes {
        let accounts = json!([ethereum("m/44'/60'/0'/0/9")]);
        let parameters = json!({ "walletId": crime.known.wallet, "accounts": accounts });
        let answer = world.alice.submit("create_wallet_accounts", parameters).await;
        assert_fault(&answer, "a wallet's seed");
        let key = &crime.known.private_key;
        let answer = world.alice.submit("sign_raw_payload", sign(key)).await;
        assert_fault(&answer, "a private key");
    }
}

#[tokio::test]
async fn edited_server_keys_do_not_start() {
    let crime = Crime::prepare().await;
    for place in PLACES {
        let copy = crime.copy(|file| flip(file, "meta", "value", place));
        assert!(Server::reopened(&copy).await.is_err());
    }
    let copy = crime.copy(|file| {
        execute(
            file,
            "UPDATE meta SET value = (SELECT value FROM meta AS other
                       WHERE other.name <> meta.name)",
        );
    });
    assert!(Server::reopened(&copy).await.is_err());
}

#[tokio::test]
async fn an_edited_index_lets_nobody_in() {
    let crime = Crime::prepare().await;
    let bob = blob(&crime.closed.bobs_organization());
    // Everything that finds Alice's organization finds Bob's.
    let edit = format!("UPDATE OR IGNORE index_keys SET organization = {bob}");
    let world = crime.scene(|file| execute(file, &edit)).await;
    let parent = world.alice.about(&world.parent.organization);
    let login = json!({ "publicKey": Credential::api_key().public_key() });
    let answer = parent.submit("stamp_login", login).await;
    answer.refused(401, 16, "PUBLIC_KEY_NOT_FOUND");
}
