//! Who may do what: every path, with every kind of credential, about every organization around.

use std::sync::Arc;

use keyward_protocol::{activities, queries};
use serde_json::{Value, json};

use crate::client::{Client, Credential, query_path, submission_path};
use crate::samples::{self, Known, Sample, Who};
use crate::server::{Answer, header};
use crate::world::{EMAIL, World};

/// Submissions that find a sub-organization's user by its stamp when they name the parent.
const SEARCHED: [&str; 3] =
    ["stamp_login", "create_read_only_session", "create_read_write_session"];

/// Queries that only parent organizations have an answer to.
const ONLY_OF_PARENTS: [&str; 3] =
    ["get_auth_proxy_config", "list_suborgs", "list_verified_suborgs"];

const UNKNOWN: &str = "0195f0a0-0000-7000-8000-000000000000";

/// Status, code and name of a refusal.
type Refusal = (u16, u8, &'static str);

const SIGNATURE_MISSING: Refusal = (401, 16, "SIGNATURE_MISSING");
const SIGNATURE_INVALID: Refusal = (401, 16, "SIGNATURE_INVALID");
const PUBLIC_KEY_NOT_FOUND: Refusal = (401, 16, "PUBLIC_KEY_NOT_FOUND");
const CREDENTIAL_NOT_FOUND: Refusal = (401, 16, "CREDENTIAL_NOT_FOUND");
const API_KEY_EXPIRED: Refusal = (401, 16, "API_KEY_EXPIRED");
const UNAUTHENTICATED: Refusal = (401, 16, "UNAUTHENTICATED");

#[track_caller]
fn assert_refused(answer: &Answer, who: &str, (status, code, name): Refusal) {
    let told = answer.refusal();
    assert_eq!(told, (status, code, name.to_owned()), "{who}: {}", answer.text());
}

/// Everybody who proves nothing, or something wrong, and how each is refused. They are all refused
/// whatever they ask of Alice's organization.
struct Impostors {
    clients: Vec<(&'static str, Client, Refusal)>,
}

impl Impostors {
    /// Moves the clock, so that there is something expired.
    async fn gather(world: &World) -> Self {
        let alice = &world.alice;
        let expired_key = alice.log_in(60).await;
        let expired_session = alice.read_only().await;
        let key_of_bob = world.bob.log_in(1_000_000).await;
        let session_of_bob = {
            world.server.advance(3_601);
            world.bob.read_only().await
        };
        let here = |client: &Client| client.about(&alice.organization);
        let session = |token: &str| alice.with(Credential::Session(token.to_owned()));
        Self {
            clients: vec![
                ("nobody", alice.with(Credential::None), SIGNATURE_MISSING),
                ("an unknown key", alice.with(Credential::api_key()), PUBLIC_KEY_NOT_FOUND),
                ("an unknown passkey", alice.with(Credential::passkey()), CREDENTIAL_NOT_FOUND),
                ("a sibling's root user", here(&world.bob), PUBLIC_KEY_NOT_FOUND),
                ("a sibling's session key", here(&key_of_bob), PUBLIC_KEY_NOT_FOUND),
                ("a sibling's read-only session", here(&session_of_bob), UNAUTHENTICATED),
                ("an expired session key", expired_key, API_KEY_EXPIRED),
                ("an expired read-only session", expired_session, UNAUTHENTICATED),
                ("an invented read-only session", session("tkro_AAAA"), UNAUTHENTICATED),
            ],
        }
    }
}

/// The answer to the owner's own stamp, made unfit in one way or another.
async fn unfit_stamps(owner: &Client, path: &str, body: &[u8]) -> Vec<(&'static str, Answer)> {
    let server = &owner.server;
    let stamp = owner.credential.headers(body).remove(0);
    let other = [body, b" "].concat();
    let passkey = Credential::passkey().headers(body).remove(0);
    let attested = header("x-stamp-attested", "e30");
    let twice = [stamp.clone(), stamp.clone()];
    let two_kinds = [stamp.clone(), passkey];
    let with_attested = [stamp.clone(), attested];
    vec![
        ("a stamp over other bytes", server.post(path, std::slice::from_ref(&stamp), &other).await),
        ("a stamp sent twice", server.post(path, &twice, body).await),
        ("stamps of two kinds", server.post(path, &two_kinds, body).await),
        ("a stamp and an attested one", server.post(path, &with_attested, body).await),
    ]
}

#[tokio::test]
async fn no_impostor_submits_anything() {
    let world = World::new().await;
    let known = Known::gather(&world).await;
    let impostors = Impostors::gather(&world).await;
    let before = world.alice.sight().await;
    for entry in activities::REGISTRY {
        let parameters = (samples::of(entry.route).parameters)(&known);
        // A submission without a stamp is one without a stamp, whatever session comes with it.
        for (who, client, refusal) in &impostors.clients {
            let session = matches!(*client.credential, Credential::Session(_));
            let refusal = if session { SIGNATURE_MISSING } else { *refusal };
            let answer = client.submit(entry.route, parameters.clone()).await;
            assert_refused(&answer, who, refusal);
            // Nor does it matter whether the parameters mean anything.
            assert_refused(&client.submit(entry.route, json!({})).await, who, refusal);
        }
        let path = submission_path(entry.route);
        let body = world.alice.submission(entry.route, &parameters);
        for (what, answer) in unfit_stamps(&world.alice, &path, &body).await {
            assert_refused(&answer, what, SIGNATURE_INVALID);
        }
    }
    assert_eq!(before, world.alice.sight().await);
}

#[tokio::test]
async fn no_impostor_reads_anything() {
    let world = World::new().await;
    let impostors = Impostors::gather(&world).await;
    for entry in queries::REGISTRY {
        for (who, client, refusal) in &impostors.clients {
            assert_refused(&client.query(entry.route, json!({})).await, who, *refusal);
        }
        let path = query_path(entry.route);
        let body = json!({ "organizationId": world.alice.organization }).to_string();
        for (what, answer) in unfit_stamps(&world.alice, &path, body.as_bytes()).await {
            assert_refused(&answer, what, SIGNATURE_INVALID);
        }
    }
}

#[tokio::test]
async fn a_read_only_session_submits_nothing() {
    let world = World::new().await;
    let known = Known::gather(&world).await;
    let reader = world.alice.read_only().await;
    let before = world.alice.sight().await;
    for entry in activities::REGISTRY {
        let parameters = (samples::of(entry.route).parameters)(&known);
        let answer = reader.submit(entry.route, parameters).await;
        assert_refused(&answer, entry.route, SIGNATURE_MISSING);
        let text = "cannot authenticate public API activity request without a stamp \
                    (X-Stamp/X-Stamp-Webauthn header)";
        assert_eq!(answer.message(), text);
    }
    assert_eq!(before, world.alice.sight().await);
}

#[tokio::test]
async fn a_parent_changes_nothing_in_a_sub_organization() {
    let world = World::new().await;
    let known = Known::gather(&world).await;
    let parent = world.parent.about(&world.alice.organization);
    let session = world.parent.log_in(900).await.about(&world.alice.organization);
    let before = world.alice.sight().await;
    for entry in activities::REGISTRY {
        if matches!(samples::of(entry.route).who, Who::LogIn | Who::Linking | Who::Sessions) {
            continue;
        }
        for client in [&parent, &session] {
            let parameters = (samples::of(entry.route).parameters)(&known);
            let answer = client.submit(entry.route, parameters).await;
            assert_refused(&answer, entry.route, (400, 3, "ORGANIZATION_MISMATCH"));
        }
    }
    assert_eq!(before, world.alice.sight().await);
}

#[tokio::test]
async fn a_sub_organization_changes_nothing_in_its_parent() {
    let world = World::new().await;
    let known = Known::gather(&world).await;
    let alice = world.alice.about(&world.parent.organization);
    let before = world.parent.sight().await;
    for entry in activities::REGISTRY {
        let answer = alice.submit(entry.route, (samples::of(entry.route).parameters)(&known)).await;
        if SEARCHED.contains(&entry.route) {
            assert_eq!(answer.activity()["organizationId"], world.alice.organization);
        } else {
            assert_refused(&answer, entry.route, PUBLIC_KEY_NOT_FOUND);
        }
    }
    assert_eq!(before, world.parent.sight().await);
}

#[tokio::test]
async fn nothing_is_submitted_to_an_organization_that_does_not_exist() {
    let world = World::new().await;
    let known = Known::gather(&world).await;
    for entry in activities::REGISTRY {
        for client in [&world.parent, &world.alice] {
            let parameters = (samples::of(entry.route).parameters)(&known);
            let answer = client.about(UNKNOWN).submit(entry.route, parameters).await;
            let text = answer.refused(404, 5, "ORGANIZATION_NOT_FOUND");
            assert_eq!(text, format!("no organization found with the given ID {UNKNOWN}"));
        }
    }
}

#[tokio::test]
async fn users_do_what_their_place_allows_and_no_more() {
    for entry in activities::REGISTRY {
        let sample = samples::of(entry.route);
        match sample.who {
            Who::Root => {
                refused_to_carol(sample).await;
                allowed_to(sample, |world| world.alice.clone()).await;
            }
            Who::Everyone => {
                allowed_to(sample, |world| world.carol.clone()).await;
                allowed_to(sample, |world| world.alice.clone()).await;
            }
            Who::Subject => about_somebody(sample).await,
            Who::Linking | Who::Sessions => {
                about_somebody(sample).await;
                allowed_to(sample, parent_of_alice).await;
            }
            Who::LogIn => {
                refused_to_carol(sample).await;
                allowed_to(sample, |world| world.alice.clone()).await;
                allowed_to(sample, parent_of_alice).await;
            }
            Who::Nobody => {
                refused_to_carol(sample).await;
                refused_to_alice(sample).await;
            }
            Who::Parent => only_for_parents(sample).await,
        }
    }
}

/// The parent's root user, about Alice's organization.
fn parent_of_alice(world: &World) -> Client {
    world.parent.about(&world.alice.organization)
}

/// Asks for what the caller may ask for: it is done, or refused for what it says and nothing else.
async fn asked(client: &Client, sample: &Sample, known: &Known) {
    let answer = client.submit(sample.route, (sample.parameters)(known)).await;
    match sample.outcome {
        None => {
            let activity = answer.activity();
            assert_eq!(activity["status"], "ACTIVITY_STATUS_COMPLETED", "{activity}");
        }
        Some(text) => {
            assert!(answer.message().starts_with(text), "{}: {}", sample.route, answer.text());
        }
    }
}

async fn allowed_to(sample: &Sample, who: fn(&World) -> Client) {
    let world = World::new().await;
    let known = Known::gather(&world).await;
    asked(&who(&world), sample, &known).await;
    // A session of the same user may as much.
    let world = World::new().await;
    let known = Known::gather(&world).await;
    let client = who(&world);
    let is_parents = Arc::ptr_eq(&client.credential, &world.parent.credential);
    let owner = if is_parents { &world.parent } else { &client };
    let session = owner.log_in(900).await.about(&client.organization);
    asked(&session, sample, &known).await;
}

/// Not even a root user: it takes the one credential that was sent for it.
async fn refused_to_alice(sample: &Sample) {
    let world = World::new().await;
    let known = Known::gather(&world).await;
    let before = organization(&world).await;
    denied(&world.alice.submit(sample.route, (sample.parameters)(&known)).await, sample.route);
    assert_eq!(before, organization(&world).await, "{}", sample.route);
}

async fn refused_to_carol(sample: &Sample) {
    let world = World::new().await;
    let known = Known::gather(&world).await;
    let session = world.carol.log_in(900).await;
    let before = organization(&world).await;
    for carol in [&world.carol, &session] {
        let answer = carol.submit(sample.route, (sample.parameters)(&known)).await;
        denied(&answer, sample.route);
    }
    assert_eq!(before, organization(&world).await, "{}", sample.route);
}

/// Its users, wallets and so on, without its activities.
async fn organization(world: &World) -> Vec<Value> {
    world.alice.sight().await.split_off(1)
}

fn denied(answer: &Answer, route: &str) {
    assert_refused(answer, route, (403, 7, "REQUEST_NOT_AUTHORIZED"));
    assert!(answer.message().starts_with("You don't have sufficient permissions"));
    let detail = &answer.json()["details"][0];
    assert_eq!(detail["@type"], "type.googleapis.com/errors.v1.PolicyEnginePermissionError");
    assert_eq!(detail["message"], "No policies evaluated to outcome: Allow");
}

async fn about_somebody(sample: &Sample) {
    let world = World::new().await;
    let mut known = Known::gather(&world).await;
    let before = organization(&world).await;
    denied(&world.carol.submit(sample.route, (sample.parameters)(&known)).await, sample.route);
    assert_eq!(before, organization(&world).await, "{}", sample.route);
    asked(&world.alice, sample, &known).await;
    known.subject = known.carol.clone();
    asked(&world.carol, sample, &known).await;
    let world = World::new().await;
    let mut known = Known::gather(&world).await;
    known.subject = known.carol.clone();
    asked(&world.alice, sample, &known).await;
}

async fn only_for_parents(sample: &Sample) {
    let world = World::new().await;
    let known = Known::gather(&world).await;
    for client in [&world.alice, &world.carol] {
        let answer = client.submit(sample.route, (sample.parameters)(&known)).await;
        assert_refused(&answer, sample.route, (403, 7, "INVALID_ACTIVITY_CALLER"));
    }
    asked(&world.parent, sample, &known).await;
}

/// Whoever may read gets an answer, or is told what is wrong with what it asks.
#[track_caller]
fn assert_may_read(answer: &Answer, who: &str, route: &str) {
    if answer.status != 200 {
        let (status, _, name) = answer.refusal();
        let names_nothing = status == 400 && name == "REQUEST_INVALID";
        assert!(names_nothing || status == 404, "{who} {route}: {}", answer.text());
    }
}

#[tokio::test]
async fn users_and_their_parent_read_everything_of_a_sub_organization() {
    let world = World::new().await;
    let readers = [
        ("a root user", world.alice.clone()),
        ("another user", world.carol.clone()),
        ("a session key", world.carol.log_in(900).await),
        ("a read-only session", world.carol.read_only().await),
        ("the parent", world.parent.about(&world.alice.organization)),
        ("the parent's session", {
            world.parent.log_in(900).await.about(&world.alice.organization)
        }),
    ];
    for entry in queries::REGISTRY {
        for (who, reader) in &readers {
            let body = match entry.route {
                "list_verified_suborgs" => json!({ "filterType": "EMAIL", "filterValue": EMAIL }),
                _ => json!({}),
            };
            let answer = reader.query(entry.route, body).await;
            if ONLY_OF_PARENTS.contains(&entry.route) {
                assert_refused(&answer, who, (403, 7, "REQUEST_NOT_AUTHORIZED"));
            } else {
                assert_may_read(&answer, who, entry.route);
            }
        }
    }
}

#[tokio::test]
async fn a_sub_organization_reads_nothing_of_its_parent() {
    let world = World::new().await;
    let session = world.alice.log_in(900).await;
    let reader = world.alice.read_only().await;
    for entry in queries::REGISTRY {
        for client in [&world.alice, &world.carol, &session, &reader] {
            let answer =
                client.about(&world.parent.organization).query(entry.route, json!({})).await;
            if entry.route == "whoami" {
                assert_eq!(answer.ok()["organizationId"], world.alice.organization);
            } else if entry.route == "session_token" {
                // Found as for `whoami`; a key that opens no session has no such token.
                let has_session = [&session, &reader]
                    .iter()
                    .any(|known| Arc::ptr_eq(&client.credential, &known.credential));
                assert_eq!(answer.status == 200, has_session, "{}", answer.text());
            } else if Arc::ptr_eq(&client.credential, &reader.credential) {
                assert_refused(&answer, entry.route, UNAUTHENTICATED);
            } else {
                assert_refused(&answer, entry.route, PUBLIC_KEY_NOT_FOUND);
            }
        }
    }
}

#[tokio::test]
async fn nothing_is_read_of_an_organization_that_does_not_exist() {
    let world = World::new().await;
    let reader = world.alice.read_only().await;
    for entry in queries::REGISTRY {
        for client in [&world.parent, &world.alice, &reader, &world.alice.with(Credential::None)] {
            let answer = client.about(UNKNOWN).query(entry.route, json!({})).await;
            let text = answer.refused(400, 3, "INVALID_ORGANIZATION_ID");
            assert!(text.starts_with("invalid organization ID"), "{text}");
            assert!(text.contains(UNKNOWN), "{text}");
        }
    }
}
