//! Many rounds on one data directory: write, kill, start again, look.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use keyward_crypto::{CryptoRng, P256PrivateKey, SeededRng, os_rng, sha256};
use serde_json::{Value, json};

use crate::server::{Connection, Server, User, now_ms};

const ROUNDS: usize = 50;
const WRITERS: usize = 8;
/// Answers after which the server is killed, at most. An organization has room for all of a round.
const MOST_ANSWERS: usize = 40;

/// Submissions of which each leaves something behind that can be counted.
const ROUTES: [(&str, &str); 4] = [
    ("sign_raw_payload", "ACTIVITY_TYPE_SIGN_RAW_PAYLOAD_V2"),
    ("create_wallet", "ACTIVITY_TYPE_CREATE_WALLET"),
    ("create_users", "ACTIVITY_TYPE_CREATE_USERS_V4"),
    ("create_sub_organization", "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V8"),
];

/// A submission and what was answered to it.
struct Submission {
    user: User,
    route: &'static str,
    /// Unique among all.
    name: String,
    body: Vec<u8>,
    /// The activity; `None` when no answer came.
    acknowledged: Option<Value>,
}

impl Submission {
    fn new(user: &User, route: usize, name: &str, address: &str) -> Self {
        let (route, kind) = ROUTES[route];
        let body = json!({
            "type": kind,
            "timestampMs": now_ms().to_string(),
            "organizationId": user.organization,
            "parameters": parameters(route, name, address),
        });
        let body = body.to_string().into_bytes();
        Self { user: user.clone(), route, name: name.to_owned(), body, acknowledged: None }
    }

    /// Sends it, and notes the answer. Whether one came.
    fn send(&mut self, connection: &Connection) -> bool {
        let path = format!("submit/{}", self.route);
        let (status, answer) = loop {
            match connection.post(&self.user, &path, &self.body) {
                None => return false,
                // Lost every race against the other writers: nothing was done.
                Some((409, refusal)) if refusal["code"] == 10 => {}
                Some(answered) => break answered,
            }
        };
        assert_eq!(status, 200, "{}: {answer}", self.route);
        let activity = answer["activity"].clone();
        assert_whole(&activity);
        self.acknowledged = Some(activity);
        true
    }

    fn fingerprint(&self) -> String {
        format!("sha256:{}", hex::encode(sha256(&self.body)))
    }
}

fn parameters(route: &str, name: &str, address: &str) -> Value {
    match route {
        "sign_raw_payload" => json!({
            "signWith": address,
            "payload": name,
            "encoding": "PAYLOAD_ENCODING_TEXT_UTF8",
            "hashFunction": "HASH_FUNCTION_KECCAK256",
        }),
        "create_wallet" => wallet(name),
        "create_users" => json!({ "users": [new_user(name, &new_key(), true)] }),
        _ => json!({
            "subOrganizationName": name,
            "rootQuorumThreshold": 1,
            "rootUsers": [new_user(name, &new_key(), false)],
            "wallet": wallet(name),
        }),
    }
}

fn wallet(name: &str) -> Value {
    let account = json!({
        "curve": "CURVE_SECP256K1",
        "pathFormat": "PATH_FORMAT_BIP32",
        "path": "m/44'/60'/0'/0/0",
        "addressFormat": "ADDRESS_FORMAT_ETHEREUM",
    });
    json!({ "walletName": name, "accounts": [account] })
}

fn new_key() -> User {
    let key = P256PrivateKey::generate(&mut os_rng());
    User { organization: String::new(), private_key: hex::encode(key.expose_bytes().expose()) }
}

fn new_user(name: &str, key: &User, has_tags: bool) -> Value {
    let mut user = json!({
        "userName": name,
        "apiKeys": [{
            "apiKeyName": "key",
            "publicKey": key.public_key(),
            "curveType": "API_KEY_CURVE_P256",
        }],
        "authenticators": [],
        "oauthProviders": [],
    });
    if has_tags {
        user["userTags"] = json!([]);
    }
    user
}

/// Completed, with a result.
#[track_caller]
fn assert_whole(activity: &Value) {
    assert_eq!(activity["status"], "ACTIVITY_STATUS_COMPLETED", "{activity}");
    let result = activity["result"].as_object().unwrap();
    assert_eq!(result.len(), 1, "{activity}");
    assert!(result.values().all(Value::is_object), "{activity}");
}

/// A sub-organization for a round, and the address of its wallet.
fn new_organization(connection: &Connection, root: &User, name: &str) -> (User, String) {
    let key = new_key();
    let mut creation = Submission::new(root, 3, name, "");
    let mut body: Value = serde_json::from_slice(&creation.body).unwrap();
    body["parameters"]["rootUsers"] = json!([new_user("root", &key, false)]);
    creation.body = body.to_string().into_bytes();
    assert!(creation.send(connection));
    let made = creation.acknowledged.unwrap()["result"]["createSubOrganizationResultV8"].take();
    let organization = made["subOrganizationId"].as_str().unwrap().to_owned();
    let address = made["wallet"]["addresses"][0].as_str().unwrap().to_owned();
    (User { organization, ..key }, address)
}

/// Has all writers write until the server is killed, after that many answers. Everything that was sent.
fn write_until_killed(
    mut server: Server,
    root: &User,
    own: &User,
    address: &str,
    round: usize,
    answers: usize,
) -> Vec<Submission> {
    let (answered, count) = mpsc::channel();
    let number = AtomicUsize::new(0);
    let base = &server;
    let connections: Vec<Connection> = (0..WRITERS).map(|_| Connection::to(base)).collect();
    thread::scope(|scope| {
        let writers: Vec<_> = connections
            .into_iter()
            .enumerate()
            .map(|(writer, connection)| {
                let (answered, number) = (answered.clone(), &number);
                scope.spawn(move || {
                    let mut sent = Vec::new();
                    for turn in 0.. {
                        let name = format!("{round}-{}", number.fetch_add(1, Ordering::Relaxed));
                        let route = (writer + turn) % ROUTES.len();
                        let user = if route == 3 { root } else { own };
                        let mut submission = Submission::new(user, route, &name, address);
                        let came = submission.send(&connection);
                        sent.push(submission);
                        if !came {
                            break;
                        }
                        // The others may have stopped counting.
                        let _ = answered.send(());
                    }
                    sent
                })
            })
            .collect();
        drop(answered);
        for _ in 0..answers {
            count.recv().expect("a writer that still writes");
        }
        server.kill();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    })
}

/// What there is in the two organizations that a round has written to.
struct Sight {
    /// By fingerprint.
    activities: BTreeMap<String, Vec<Value>>,
    wallets: Vec<Value>,
    accounts: Vec<Value>,
    users: Vec<Value>,
}

impl Sight {
    fn of(connection: &Connection, root: &User, own: &User) -> Self {
        let mut activities: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for user in [root, own] {
            for activity in newest_activities(connection, user) {
                let print = activity["fingerprint"].as_str().unwrap().to_owned();
                activities.entry(print).or_default().push(activity);
            }
        }
        let all = |route: &str, list: &str| {
            connection.read(own, route, json!({}))[list].as_array().unwrap().clone()
        };
        Self {
            activities,
            wallets: all("list_wallets", "wallets"),
            accounts: all("list_wallet_accounts", "accounts"),
            users: all("list_users", "users"),
        }
    }

    /// How often what a submission makes is there.
    fn effects(&self, connection: &Connection, submission: &Submission) -> usize {
        let name = &submission.name;
        match submission.route {
            "create_wallet" => {
                let made: Vec<&Value> =
                    self.wallets.iter().filter(|wallet| wallet["walletName"] == **name).collect();
                for wallet in &made {
                    let own = |account: &&Value| account["walletId"] == wallet["walletId"];
                    assert_eq!(self.accounts.iter().filter(own).count(), 1, "{wallet}");
                }
                made.len()
            }
            "create_users" => {
                let made: Vec<&Value> =
                    self.users.iter().filter(|user| user["userName"] == **name).collect();
                assert!(made.iter().all(|user| user["apiKeys"].as_array().unwrap().len() == 1));
                made.len()
            }
            "create_sub_organization" => {
                let filter = json!({ "filterType": "NAME", "filterValue": name });
                let found = connection.read(&submission.user, "list_suborgs", filter);
                let found = found["organizationIds"].as_array().unwrap().clone();
                for id in &found {
                    let made = User {
                        organization: id.as_str().unwrap().to_owned(),
                        ..submission.user.clone()
                    };
                    let accounts = connection.read(&made, "list_wallet_accounts", json!({}));
                    assert_eq!(accounts["accounts"].as_array().unwrap().len(), 1);
                }
                found.len()
            }
            // A signature is in its activity and nowhere else.
            _ => self.found(submission).map_or(0, |_| 1),
        }
    }

    /// The activity of a submission, which is there at most once, and whole.
    fn found(&self, submission: &Submission) -> Option<&Value> {
        let found = self.activities.get(&submission.fingerprint())?;
        assert_eq!(found.len(), 1, "{} is there more than once", submission.name);
        assert_whole(&found[0]);
        found.first()
    }
}

/// The newest activities, more than a round makes.
fn newest_activities(connection: &Connection, user: &User) -> Vec<Value> {
    let page = json!({ "paginationOptions": { "limit": "100" } });
    let mut listed = connection.read(user, "list_activities", page)["activities"].take();
    let listed = listed.as_array_mut().unwrap();
    std::mem::take(listed)
}

/// Checks every submission of a round, and then sends each once more.
fn check(connection: &Connection, root: &User, own: &User, submissions: &mut [Submission]) {
    let sight = Sight::of(connection, root, own);
    for submission in &*submissions {
        let found = sight.found(submission);
        let effects = sight.effects(connection, submission);
        assert_eq!(effects, usize::from(found.is_some()), "{}", submission.name);
        if let Some(acknowledged) = &submission.acknowledged {
            assert_same(found.expect("an acknowledged activity is lost"), acknowledged);
            let asked = json!({ "activityId": acknowledged["id"] });
            let asked = connection.read(&submission.user, "get_activity", asked);
            assert_same(&asked["activity"], acknowledged);
        }
    }
    for submission in &mut *submissions {
        let before = submission.acknowledged.take().or_else(|| sight.found(submission).cloned());
        assert!(submission.send(connection));
        if let Some(before) = before {
            assert_same(submission.acknowledged.as_ref().unwrap(), &before);
        }
    }
    let sight = Sight::of(connection, root, own);
    for submission in &*submissions {
        assert!(sight.found(submission).is_some());
        assert_eq!(sight.effects(connection, submission), 1, "{}", submission.name);
    }
}

/// The same activity; the users that are shown with it may have changed.
#[track_caller]
fn assert_same(left: &Value, right: &Value) {
    for member in ["id", "status", "type", "intent", "result", "fingerprint", "createdAt"] {
        assert_eq!(left[member], right[member], "{member}");
    }
}

/// A seed for the run: the one that is asked for, to repeat a failure as far as it goes, or any.
#[expect(clippy::disallowed_methods, reason = "a test has no configuration to read it from")]
fn seed() -> u64 {
    std::env::var("KEYWARD_CRASH_SEED").map_or_else(
        |_| {
            let rng: &mut dyn CryptoRng = &mut os_rng();
            rng.next_u64()
        },
        |text| text.parse().unwrap(),
    )
}

#[test]
fn acknowledged_means_durable_and_nothing_runs_twice() {
    let seed = seed();
    println!("KEYWARD_CRASH_SEED={seed}");
    let mut rng = SeededRng::from_seed(sha256(&seed.to_be_bytes()));
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    let root = User { organization: server.organization.clone(), private_key: server.root_key() };
    let mut all = Vec::new();
    let mut unanswered = 0;
    for round in 0..ROUNDS {
        let connection = Connection::to(&server);
        let (own, address) = new_organization(&connection, &root, &format!("round {round}"));
        let draw: &mut dyn CryptoRng = &mut rng;
        let answers =
            usize::try_from(draw.next_u64() % u64::try_from(MOST_ANSWERS).unwrap()).unwrap();
        let mut submissions = write_until_killed(server, &root, &own, &address, round, answers);
        unanswered += submissions.iter().filter(|sent| sent.acknowledged.is_none()).count();
        server = Server::start(folder.path());
        check(&Connection::to(&server), &root, &own, &mut submissions);
        all.extend(submissions);
    }
    assert!(unanswered >= ROUNDS, "only {unanswered} submissions were interrupted");
    // What the first round wrote has survived all the others.
    server.kill();
    let server = Server::start(folder.path());
    let connection = Connection::to(&server);
    for submission in &mut all {
        let before = submission.acknowledged.take().unwrap();
        assert!(submission.send(&connection));
        assert_same(submission.acknowledged.as_ref().unwrap(), &before);
    }
}
