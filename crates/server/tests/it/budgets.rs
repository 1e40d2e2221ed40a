//! What a budget lets through, when everybody wants it at once and the server dies again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use keyward_crypto::{CryptoRng, Secret, SeededRng, os_rng, sha256};
use keyward_policy::{Asset, AssetCap, Budget, Charge};
use keyward_protocol::engine::budgets::{Account, Owner};
use keyward_protocol::engine::{Changes, Organization};
use keyward_protocol::wire::Timestamp;
use keyward_protocol::wire::id::{OrganizationId, PolicyId};
use keyward_store::{Decided, SealedStore};
use serde_json::{Value, json};

use crate::client::{Client, Credential, text};
use crate::gate::{Gate, Hold};
use crate::server::MASTER_KEY;
use crate::world::World;

const SEED: [u8; 32] = [11; 32];
const WORKERS: u64 = 8;

fn rng(purpose: &[u8], number: u64) -> SeededRng {
    SeededRng::from_seed(sha256(&[&SEED, purpose, &number.to_be_bytes()].concat()))
}

fn draw(rng: &mut SeededRng) -> u64 {
    let rng: &mut dyn CryptoRng = rng;
    rng.next_u64()
}

/// Of eight commits one is not made and one is made, and of neither the store can tell.
fn fate() -> impl Fn() -> Option<Hold> + Send + Sync {
    let count = AtomicU64::new(0);
    move || {
        let number = count.fetch_add(1, Ordering::Relaxed);
        match draw(&mut rng(b"fate", number)) % 8 {
            0 => Some(Hold::Fail),
            1 => Some(Hold::Lose),
            _ => None,
        }
    }
}

fn ether() -> Asset {
    Asset::Native { chain: "eip155:1".to_owned() }
}

/// What the attempt of an instant takes: from 1 to 5, without a pattern that could fit the limit.
fn charge(at: u64) -> Charge {
    Charge {
        signatures: 1,
        moved: vec![(ether(), amount(at).try_into().unwrap())],
        counterparties: Vec::new(),
        is_accountable: true,
    }
}

fn amount(at: u64) -> u64 {
    1 + (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) % 5
}

const WINDOW_SECONDS: u64 = 60;
const MOST_SIGNATURES: u64 = 400;
const MOST_ETHER: u64 = 1_000;

/// A million attempts, of which each reads the ledger, decides, and writes: two million chances to overspend.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_window_ever_holds_more_than_the_budget_says() {
    const ATTEMPTS: u64 = 1_000_000;
    let gate = Arc::new(Gate::default());
    let store = Arc::new(SealedStore::new(gate.clone(), Secret::new(MASTER_KEY)));
    let clock = Arc::new(AtomicU64::new(1_767_225_600_000));
    let begin = clock.load(Ordering::Relaxed);
    let id = OrganizationId::generate(Timestamp::from_millis(begin), &mut os_rng());
    let organization =
        Organization::new(id, None, "parent".to_owned(), Timestamp::from_millis(begin));
    let organizations = std::slice::from_ref(&organization);
    let beginning = store.seal_beginning(&[], organizations, &Changes::default(), &mut os_rng());
    store.commit(beginning.unwrap()).await.unwrap();
    gate.become_unreliable(fate());
    let owner = Owner::Policy(PolicyId::generate(Timestamp::from_millis(begin), &mut os_rng()));
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            let (store, clock) = (store.clone(), clock.clone());
            tokio::spawn(async move {
                let mut rng = rng(b"worker", worker);
                for _ in 0..ATTEMPTS / WORKERS {
                    let now = clock.fetch_add(1, Ordering::Relaxed);
                    attempt(&store, id, owner, now, &mut rng).await;
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }

    let mut written = gate.written();
    written.sort_unstable();
    let revisions: Vec<u64> = written.iter().map(|(revision, _)| *revision).collect();
    assert_eq!(revisions, (0..u64::try_from(written.len()).unwrap()).collect::<Vec<_>>());
    // A ledger's time never goes back.
    let mut entries = Vec::with_capacity(written.len());
    let mut latest = 0;
    for (_, at) in written {
        latest = at.max(latest);
        entries.push((latest, amount(at)));
    }
    let window = WINDOW_SECONDS * 1_000;
    let (mut signatures, mut moved, mut most_signatures, mut most_moved) = (0, 0, 0, 0);
    let mut oldest = 0;
    for (at, amount) in &entries {
        signatures += 1;
        moved += amount;
        while entries[oldest].0 + window <= *at {
            signatures -= 1;
            moved -= entries[oldest].1;
            oldest += 1;
        }
        assert!(signatures <= MOST_SIGNATURES && moved <= MOST_ETHER, "{signatures}, {moved}");
        most_signatures = signatures.max(most_signatures);
        most_moved = moved.max(most_moved);
    }
    assert_eq!(most_moved, MOST_ETHER);
    // The window has passed often enough for the budget to be there again and again.
    assert!(entries.len() > 4_000, "{} of {most_signatures}", entries.len());
}

/// Reads the ledger, decides, and writes, or dies on the way.
async fn attempt(
    store: &SealedStore,
    id: OrganizationId,
    owner: Owner,
    now: u64,
    rng: &mut SeededRng,
) {
    let base = store.organization(id).await.unwrap().unwrap();
    let asset = AssetCap { asset: ether(), max: MOST_ETHER.try_into().unwrap() };
    let budget = Budget {
        window_seconds: WINDOW_SECONDS,
        max_signatures: Some(MOST_SIGNATURES),
        assets: vec![asset],
        max_counterparties: None,
    };
    let ledger = store.record(owner.key(id)).await.unwrap();
    let mut account = Account { owner, budget, ledger };
    let now = Timestamp::from_millis(now);
    if account.take(std::iter::once(&charge(now.as_millis())), now).is_err() {
        return;
    }
    let fate = draw(rng) % 8;
    if fate == 0 {
        // It dies between the decision and the commit.
        return;
    }
    // As if to expire now: it tells the gate when this was.
    let records = vec![account.ledger.write(Some(now)).unwrap()];
    let decided = Decided {
        organization: base.organization.clone(),
        base: &base,
        parent: None,
        changes: Changes { records, ..Changes::default() },
        activity: None,
    };
    let sealed = store.seal(decided, rng).unwrap();
    if fate == 1 {
        // It dies while it commits: nobody waits for the answer.
        let commit = store.commit(sealed);
        tokio::select! {
            biased;
            _ = commit => {}
            () = tokio::task::yield_now() => {}
        }
        return;
    }
    let _ = store.commit(sealed).await;
}

/// A user of Alice's organization who may sign, and what with.
struct Signer {
    client: Client,
    address: String,
    policy: String,
}

impl Signer {
    /// With a policy that lets the user sign, and a budget.
    async fn new(world: &World, consensus: &str, most: u64) -> Self {
        let key = Credential::api_key();
        let user = json!({
            "userName": "signer",
            "apiKeys": [key.as_api_key("key")],
            "authenticators": [],
            "oauthProviders": [],
            "userTags": [],
        });
        let made = world.alice.done("create_users", json!({ "users": [user] })).await;
        let user = text(&made["userIds"][0]);
        let policy = json!({
            "policyName": "sign",
            "effect": "EFFECT_ALLOW",
            "condition": "activity.action == 'SIGN'",
            "consensus": consensus.replace("SIGNER", &user),
            "notes": "",
            "budget": { "windowSeconds": "86400", "maxSignatures": most.to_string() },
        });
        let policy = text(&world.alice.done("create_policy", policy).await["policyId"]);
        let accounts = world.alice.read("list_wallet_accounts", json!({})).await;
        let address = text(&accounts["accounts"][0]["address"]);
        Self { client: world.alice.with(key), address, policy }
    }

    fn payload(&self, number: u64) -> Value {
        json!({
            "signWith": self.address,
            "payload": format!("{number:064x}"),
            "encoding": "PAYLOAD_ENCODING_HEXADECIMAL",
            "hashFunction": "HASH_FUNCTION_NO_OP",
        })
    }

    async fn used(&self, world: &World) -> u64 {
        let told = world.alice.read("get_budget", json!({ "policyId": self.policy })).await;
        text(&told["signatures"]).parse().unwrap()
    }
}

/// Activities of Alice's organization that signed.
async fn signed(world: &World) -> u64 {
    let (mut count, mut before) = (0, Value::Null);
    loop {
        let page = json!({ "limit": "100", "before": before });
        let asked = json!({
            "filterByType": ["ACTIVITY_TYPE_SIGN_RAW_PAYLOAD_V2"],
            "filterByStatus": ["ACTIVITY_STATUS_COMPLETED"],
            "paginationOptions": page,
        });
        let told = world.alice.read("list_activities", asked).await;
        let listed = told["activities"].as_array().unwrap();
        let Some(last) = listed.last() else { return count };
        count += u64::try_from(listed.len()).unwrap();
        before = last["id"].clone();
    }
}

/// Thousands of requests to the whole server, some of which are dropped on their way through it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_signed_is_what_was_taken_and_never_more_than_the_budget() {
    const ATTEMPTS: u64 = 2_400;
    const MOST: u64 = 120;
    let (world, gate) = World::gated().await;
    let world = Arc::new(world);
    let only = "approvers.any(user, user.id == 'SIGNER')";
    let signer = Arc::new(Signer::new(&world, only, MOST).await);
    gate.become_unreliable(fate());
    let (number, signatures) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            let (signer, number, signatures) = (signer.clone(), number.clone(), signatures.clone());
            tokio::spawn(async move {
                let mut rng = rng(b"client", worker);
                for _ in 0..ATTEMPTS / WORKERS {
                    let payload = signer.payload(number.fetch_add(1, Ordering::Relaxed));
                    let asking = signer.client.submit("sign_raw_payload", payload);
                    let answer = if draw(&mut rng).is_multiple_of(4) {
                        patient(asking, draw(&mut rng) % 24).await
                    } else {
                        Some(asking.await)
                    };
                    let Some(answer) = answer else { continue };
                    // What was refused and is asked for again is shown as it was recorded.
                    let ended = answer.status == 200
                        && answer.activity()["status"] == "ACTIVITY_STATUS_REJECTED";
                    if answer.status == 200 && !ended {
                        signatures.fetch_add(1, Ordering::Relaxed);
                    } else if !ended {
                        let (status, ..) = answer.refusal();
                        assert!([403, 409, 500].contains(&status), "{}", answer.text());
                    }
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    assert!(signatures.load(Ordering::Relaxed) <= MOST);
    assert_eq!(signed(&world).await, MOST);
    assert_eq!(signer.used(&world).await, MOST);
}

/// Waits for an answer while it is polled so often, and then drops it.
async fn patient<T>(answer: impl Future<Output = T>, polls: u64) -> Option<T> {
    let mut answer = std::pin::pin!(answer);
    let mut left = polls;
    std::future::poll_fn(|context| {
        let polled = answer.as_mut().poll(context);
        if polled.is_pending() && left == 0 {
            return Poll::Ready(None);
        }
        left = left.saturating_sub(1);
        polled.map(Some)
    })
    .await
}

#[tokio::test]
async fn what_a_later_vote_completes_is_taken_then() {
    let world = World::new().await;
    let two = "approvers.any(user, user.id == 'SIGNER') && approvers.count() == 2";
    let signer = Signer::new(&world, two, 1).await;
    let mut waiting = Vec::new();
    for number in 0..2 {
        let payload = signer.payload(number);
        let activity = signer.client.submit("sign_raw_payload", payload).await.activity();
        assert_eq!(activity["status"], "ACTIVITY_STATUS_CONSENSUS_NEEDED");
        waiting.push(activity);
    }
    assert_eq!(signer.used(&world).await, 0);
    let vote = |on: &Value| json!({ "fingerprint": on["fingerprint"] });
    let done = world.carol.submit("approve_activity", vote(&waiting[0])).await.activity();
    assert_eq!(done["status"], "ACTIVITY_STATUS_COMPLETED");
    assert_eq!(signer.used(&world).await, 1);
    // There is no room for the other one, whoever approves it: nobody may vote for it.
    world.carol.submit("approve_activity", vote(&waiting[1])).await.refused(
        403,
        7,
        "REQUEST_NOT_AUTHORIZED",
    );
    let told = world.alice.read("get_activity", json!({ "activityId": waiting[1]["id"] })).await;
    assert_eq!(told["activity"]["status"], "ACTIVITY_STATUS_CONSENSUS_NEEDED");
    world.server.advance(90_000);
    assert_eq!(signer.used(&world).await, 0);
}
