//! Several users decide together: by policies, and as the root quorum.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Barrier;

use crate::client::{Client, Credential, content, text};
use crate::world::World;

/// How often two last votes are let run against each other.
const ROUNDS: usize = 40;

/// A user of Alice's organization who is in no root quorum.
struct Member {
    id: String,
    client: Client,
}

async fn members(world: &World, count: usize) -> Vec<Member> {
    let keys: Vec<Credential> = (0..count).map(|_| Credential::api_key()).collect();
    let users: Vec<Value> = keys
        .iter()
        .enumerate()
        .map(|(place, key)| {
            json!({
                "userName": format!("member {place}"),
                "apiKeys": [key.as_api_key("key")],
                "authenticators": [],
                "oauthProviders": [],
                "userTags": [],
            })
        })
        .collect();
    let made = world.alice.done("create_users", json!({ "users": users })).await;
    let ids = made["userIds"].as_array().unwrap().clone();
    let with =
        |(id, key): (Value, Credential)| Member { id: text(&id), client: world.alice.with(key) };
    ids.into_iter().zip(keys).map(with).collect()
}

/// Lets two of these make tags together.
async fn allow_two(world: &World, of: &[Member]) -> String {
    let ids: Vec<String> = of.iter().map(|member| format!("'{}'", member.id)).collect();
    let policy = json!({
        "policyName": "two of them make tags",
        "effect": "EFFECT_ALLOW",
        "condition": "activity.kind == 'CREATE_USER_TAG'",
        "consensus": format!("approvers.filter(u, u.id in [{}]).count() >= 2", ids.join(", ")),
        "notes": "",
    });
    text(&world.alice.done("create_policy", policy).await["policyId"])
}

fn tag(name: &str) -> Value {
    json!({ "userTagName": name, "userIds": [] })
}

async fn propose(member: &Client, name: &str) -> Value {
    let activity = member.submit("create_user_tag", tag(name)).await.activity();
    assert_eq!(activity["status"], "ACTIVITY_STATUS_CONSENSUS_NEEDED", "{activity}");
    assert_eq!(activity["result"], Value::Null);
    activity
}

fn vote(on: &Value) -> Value {
    json!({ "fingerprint": on["fingerprint"] })
}

async fn tags(world: &World) -> Vec<String> {
    let told = world.alice.read("list_user_tags", json!({})).await;
    told["userTags"].as_array().unwrap().iter().map(|tag| text(&tag["tagName"])).collect()
}

#[tokio::test]
async fn the_second_approval_runs_what_the_first_asked_for() {
    let world = World::new().await;
    let of = members(&world, 3).await;
    allow_two(&world, &of[..2]).await;
    let asked = propose(&of[0].client, "ops").await;
    assert_eq!((&asked["canApprove"], &asked["canReject"]), (&json!(false), &json!(true)));
    assert!(tags(&world).await.is_empty());
    // Who contributes nothing is refused, whether it proposes or votes.
    of[2].client.submit("create_user_tag", tag("x")).await.refused(
        403,
        7,
        "REQUEST_NOT_AUTHORIZED",
    );
    let outsider = of[2].client.submit("approve_activity", vote(&asked)).await;
    outsider.refused(403, 7, "REQUEST_NOT_AUTHORIZED");
    // Nor does the proposer's second vote count.
    let again = of[0].client.submit("approve_activity", vote(&asked)).await.activity();
    assert_eq!(again["votes"].as_array().unwrap().len(), 1);

    let done = of[1].client.submit("approve_activity", vote(&asked)).await.activity();
    assert_eq!(done["id"], asked["id"]);
    assert_eq!(done["type"], "ACTIVITY_TYPE_CREATE_USER_TAG");
    assert_eq!(done["status"], "ACTIVITY_STATUS_COMPLETED");
    assert_eq!(content(&done["result"])["userTagId"].as_str().unwrap().len(), 36);
    assert_eq!(tags(&world).await, ["ops"]);
    let votes = done["votes"].as_array().unwrap();
    let users: Vec<&Value> = votes.iter().map(|vote| &vote["userId"]).collect();
    assert_eq!(users, [&json!(of[0].id), &json!(of[1].id)]);
    // Votes are no activities of their own.
    let listed = world.alice.read("list_activities", json!({})).await.to_string();
    assert!(!listed.contains("\"type\":\"ACTIVITY_TYPE_APPROVE_ACTIVITY\""));

    let told =
        world.alice.read("get_policy_evaluations", json!({ "activityId": asked["id"] })).await;
    let outcomes: Vec<&Value> = told["policyEvaluations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|evaluation| &evaluation["policyEvaluations"][0]["outcome"])
        .collect();
    assert_eq!(outcomes.first().unwrap().as_str(), Some("OUTCOME_REQUIRES_CONSENSUS"));
    assert_eq!(outcomes.last().unwrap().as_str(), Some("OUTCOME_ALLOW"));
}

#[tokio::test]
async fn the_same_body_by_another_user_is_its_approval() {
    let world = World::new().await;
    let of = members(&world, 2).await;
    allow_two(&world, &of).await;
    let body = of[0].client.submission("create_user_tag", &tag("ops"));
    let first = of[0].client.post_submission("create_user_tag", &body).await.activity();
    assert_eq!(first["status"], "ACTIVITY_STATUS_CONSENSUS_NEEDED");
    let again = of[0].client.post_submission("create_user_tag", &body).await.activity();
    assert_eq!(again["status"], "ACTIVITY_STATUS_CONSENSUS_NEEDED");
    let second = of[1].client.post_submission("create_user_tag", &body).await.activity();
    assert_eq!(second["id"], first["id"]);
    assert_eq!(second["status"], "ACTIVITY_STATUS_COMPLETED");
    assert_eq!(tags(&world).await, ["ops"]);
}

#[tokio::test]
async fn one_rejection_ends_it_for_good() {
    let world = World::new().await;
    let of = members(&world, 3).await;
    allow_two(&world, &of).await;
    let asked = propose(&of[0].client, "ops").await;
    let ended = of[1].client.submit("reject_activity", vote(&asked)).await.activity();
    assert_eq!(ended["status"], "ACTIVITY_STATUS_REJECTED");
    let late = of[2].client.submit("approve_activity", vote(&asked)).await;
    assert_eq!((late.status.as_u16(), &late.json()["code"]), (400, &json!(9)));
    let own = of[0].client.submit("approve_activity", vote(&asked)).await.activity();
    assert_eq!(own["status"], "ACTIVITY_STATUS_REJECTED");
    assert!(tags(&world).await.is_empty());
    // The one who proposed may take it back, too.
    let asked = propose(&of[0].client, "ops").await;
    let ended = of[0].client.submit("reject_activity", vote(&asked)).await.activity();
    assert_eq!(ended["status"], "ACTIVITY_STATUS_REJECTED");
}

#[tokio::test]
async fn an_approval_counts_for_a_day_and_can_be_given_again() {
    let world = World::new().await;
    let of = members(&world, 2).await;
    allow_two(&world, &of).await;
    let asked = propose(&of[0].client, "ops").await;
    let seen = json!({ "activityId": asked["id"] });
    let told = of[0].client.read("get_activity", seen.clone()).await;
    assert_eq!(told["activity"]["canApprove"], json!(false));
    world.server.advance(24 * 3_600);
    let told = of[0].client.read("get_activity", seen).await;
    assert_eq!(told["activity"]["canApprove"], json!(true), "it may be given again");
    let waits = of[1].client.submit("approve_activity", vote(&asked)).await.activity();
    assert_eq!(waits["status"], "ACTIVITY_STATUS_CONSENSUS_NEEDED", "the first has expired");
    let done = of[0].client.submit("approve_activity", vote(&asked)).await.activity();
    assert_eq!(done["status"], "ACTIVITY_STATUS_COMPLETED");
    assert_eq!(tags(&world).await, ["ops"]);
}

#[tokio::test]
async fn the_policies_of_the_last_vote_decide() {
    let world = World::new().await;
    let of = members(&world, 2).await;
    let policy = allow_two(&world, &of).await;
    let asked = propose(&of[0].client, "ops").await;
    // Without the policy nobody is asked any more, and the activity waits on.
    world.alice.done("delete_policy", json!({ "policyId": policy })).await;
    let refused = of[1].client.submit("approve_activity", vote(&asked)).await;
    refused.refused(403, 7, "REQUEST_NOT_AUTHORIZED");
    // Nor does its proposer make it grow by approving over and over.
    for _ in 0..3 {
        let same = of[0].client.submit("approve_activity", vote(&asked)).await.activity();
        assert_eq!(same["status"], "ACTIVITY_STATUS_CONSENSUS_NEEDED");
        assert_eq!(same["votes"].as_array().unwrap().len(), 1);
    }
    allow_two(&world, &of).await;
    let guard = json!({
        "policyName": "no tags",
        "effect": "EFFECT_DENY",
        "condition": "activity.kind == 'CREATE_USER_TAG'",
        "notes": "",
    });
    let guard = world.alice.done("create_policy", guard).await;
    let denied = of[1].client.submit("approve_activity", vote(&asked)).await;
    denied.refused(403, 7, "REQUEST_NOT_AUTHORIZED");
    assert!(denied.text().contains(&text(&guard["policyId"])));
    let told = world.alice.read("get_activity", json!({ "activityId": asked["id"] })).await;
    assert_eq!(told["activity"]["status"], "ACTIVITY_STATUS_REJECTED");
    assert!(tags(&world).await.is_empty());
}

#[tokio::test]
async fn two_of_three_root_users_do_what_one_alone_cannot() {
    let world = World::new().await;
    let users = world.alice.read("list_users", json!({})).await;
    let named = |name: &str| {
        let users = users["users"].as_array().unwrap();
        users.iter().find(|user| user["userName"] == name).unwrap()["userId"].clone()
    };
    let quorum = json!({ "threshold": 2, "userIds": [named("Alice"), named("Dinah")] });
    world.alice.done("update_root_quorum", quorum).await;
    let asked = propose(&world.alice, "ops").await;
    let carol = world.carol.submit("approve_activity", vote(&asked)).await;
    carol.refused(403, 7, "REQUEST_NOT_AUTHORIZED");
    let done = world.dinah.submit("approve_activity", vote(&asked)).await.activity();
    assert_eq!(done["status"], "ACTIVITY_STATUS_COMPLETED");
    // What is reserved to the quorum waits for it as well.
    let quorum = json!({ "threshold": 1, "userIds": [named("Alice"), named("Dinah")] });
    let asked = world.dinah.submit("update_root_quorum", quorum).await.activity();
    assert_eq!(asked["status"], "ACTIVITY_STATUS_CONSENSUS_NEEDED");
    let done = world.alice.submit("approve_activity", vote(&asked)).await.activity();
    assert_eq!(done["status"], "ACTIVITY_STATUS_COMPLETED");
    world.alice.done("create_user_tag", tag("alone")).await;
}

#[tokio::test]
async fn what_fails_when_it_is_run_is_kept_as_failed() {
    let world = World::new().await;
    let of = members(&world, 2).await;
    allow_two(&world, &of).await;
    let asked = propose(&of[0].client, "ops").await;
    world.alice.done("create_user_tag", tag("ops")).await;
    let refused = of[1].client.submit("approve_activity", vote(&asked)).await;
    assert_ne!(refused.status, 200);
    let told = world.alice.read("get_activity", json!({ "activityId": asked["id"] })).await;
    assert_eq!(told["activity"]["status"], "ACTIVITY_STATUS_FAILED");
    assert_eq!(told["activity"]["failure"]["message"], refused.json()["message"]);
    assert_eq!(told["activity"]["result"], Value::Null);
}

#[tokio::test]
async fn a_fingerprint_of_another_organization_is_none() {
    let world = World::new().await;
    let of = members(&world, 2).await;
    allow_two(&world, &of).await;
    let asked = propose(&of[0].client, "ops").await;
    let unknown = world.bob.submit("approve_activity", vote(&asked)).await;
    assert_eq!(unknown.status, 404);
    assert!(unknown.message().starts_with("No activity found with fingerprint"));
    let parents = world.parent.about(&world.alice.organization);
    assert_eq!(parents.submit("approve_activity", vote(&asked)).await.status, 400);
    for wrong in ["", "sha256:", "sha256:00", "md5:00"] {
        let vote = json!({ "fingerprint": wrong });
        of[1].client.submit("approve_activity", vote).await.refused(400, 3, "REQUEST_INVALID");
    }
}

#[tokio::test]
async fn a_session_votes_on_nothing_outside_its_scope() {
    let world = World::new().await;
    let profile = json!({ "sessionProfileName": "signing", "scope": "activity.action == 'SIGN'" });
    let made = world.parent.done("create_session_profile", profile).await;
    let of = members(&world, 2).await;
    allow_two(&world, &of).await;
    let asked = propose(&of[0].client, "ops").await;
    let key = Credential::api_key();
    let log_in =
        json!({ "publicKey": key.public_key(), "sessionProfileId": made["sessionProfileId"] });
    of[1].client.done("stamp_login", log_in).await;
    let session = of[1].client.with(key);
    for route in ["approve_activity", "reject_activity"] {
        session.submit(route, vote(&asked)).await.refused(403, 7, "REQUEST_NOT_AUTHORIZED");
    }
    let told = world.alice.read("get_activity", json!({ "activityId": asked["id"] })).await;
    assert_eq!(told["activity"]["votes"].as_array().unwrap().len(), 1);
    assert_eq!(told["activity"]["status"], "ACTIVITY_STATUS_CONSENSUS_NEEDED");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_last_votes_at_once_one_runs_it() {
    let folder = tempfile::tempdir().unwrap();
    for world in [World::new().await, World::on_disk(&folder.path().join("db")).await] {
        let of = members(&world, 4).await;
        allow_two(&world, &of).await;
        for round in 0..ROUNDS {
            let name = format!("tag {round}");
            let asked = propose(&of[0].client, &name).await;
            let start = Arc::new(Barrier::new(3));
            let voters: Vec<_> = of[1..]
                .iter()
                .map(|member| {
                    let (client, start, vote) =
                        (member.client.clone(), start.clone(), vote(&asked));
                    tokio::spawn(async move {
                        start.wait().await;
                        client.submit("approve_activity", vote).await
                    })
                })
                .collect();
            let mut statuses = Vec::new();
            for voter in voters {
                statuses.push(voter.await.unwrap().status.as_u16());
            }
            assert!(statuses.contains(&200), "{statuses:?}");
            assert!(statuses.iter().all(|status| [200, 400].contains(status)), "{statuses:?}");
            let told = world.alice.read("get_activity", json!({ "activityId": asked["id"] })).await;
            assert_eq!(told["activity"]["status"], "ACTIVITY_STATUS_COMPLETED");
            world
                .alice
                .done(
                    "delete_user_tags",
                    json!({ "userTagIds": [
                content(&told["activity"]["result"])["userTagId"]
            ] }),
                )
                .await;
        }
        assert!(tags(&world).await.is_empty());
    }
}
