//! Why activities ended as they did, and how they would have ended under other policies.

use serde_json::{Value, json};

use crate::client::{Client, Credential, text};
use crate::world::World;

/// A user of Alice's organization who may make tags with somebody else.
async fn tagger(world: &World) -> (String, Client) {
    let key = Credential::api_key();
    let user = json!({
        "userName": "tagger",
        "apiKeys": [key.as_api_key("key")],
        "authenticators": [],
        "oauthProviders": [],
        "userTags": [],
    });
    let made = world.alice.done("create_users", json!({ "users": [user] })).await;
    let id = text(&made["userIds"][0]);
    let policy = json!({
        "policyName": "two make tags",
        "effect": "EFFECT_ALLOW",
        "condition": "activity.kind == 'CREATE_USER_TAG'",
        "consensus": format!("approvers.any(u, u.id == '{id}') && approvers.count() == 2"),
        "notes": "",
    });
    world.alice.done("create_policy", policy).await;
    (id, world.alice.with(key))
}

fn tag(name: &str) -> Value {
    json!({ "userTagName": name, "userIds": [] })
}

#[tokio::test]
async fn what_waits_says_for_whom() {
    let world = World::new().await;
    let (id, tagger) = tagger(&world).await;
    let waiting = tagger.submit("create_user_tag", tag("a")).await.activity();
    let asked = json!({ "activityId": waiting["id"] });
    let told = tagger.read("explain_activity", asked.clone()).await;
    let explanation = &told["explanation"];
    assert_eq!(explanation["verdict"], "VERDICT_WAIT");
    assert_eq!(explanation["approvedBy"], json!([{ "userId": id, "userName": "tagger" }]));
    let could: Vec<&Value> = explanation["couldApprove"]
        .as_array()
        .unwrap()
        .iter()
        .map(|person| &person["userName"])
        .collect();
    assert_eq!(could, ["Alice", "Dinah", "Carol"]);
    let consensus = &explanation["policies"][0]["consensus"];
    assert_eq!(consensus["value"], "false");
    assert_eq!(consensus["clauses"][1]["text"], "approvers.count() == 2");
    assert_eq!(told["recorded"][0]["policies"][0]["outcome"], "OUTCOME_REQUIRES_CONSENSUS");
    assert_eq!(told["changed"], json!([]));

    let deny = json!({
        "policyName": "no more", "effect": "EFFECT_DENY", "condition": "true", "notes": "",
    });
    world.alice.done("create_policy", deny).await;
    let told = world.carol.read("explain_activity", asked.clone()).await;
    assert_eq!(told["explanation"]["verdict"], "VERDICT_DENY");
    let changed = told["changed"].as_array().unwrap();
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0]["present"], "OUTCOME_DENY_EXPLICIT");
    // Those of another organization see nothing of it.
    world.bob.query("explain_activity", asked).await.refused(404, 5, "UNSPECIFIED");
}

#[tokio::test]
async fn a_refusal_is_explained_to_its_sender_and_recorded_without() {
    let world = World::new().await;
    tagger(&world).await;
    let wallet = json!({ "walletName": "hers", "accounts": [] });
    let refused = world.carol.submit("create_wallet", wallet).await;
    let body: Value = serde_json::from_str(&refused.text()).unwrap();
    let details = body["details"].as_array().unwrap();
    let is_explanation = |detail: &&Value| detail["verdict"] == "VERDICT_DENY";
    let explanation = details.iter().find(is_explanation).unwrap_or_else(|| panic!("{body:#}"));
    assert_eq!(explanation["policies"][0]["policyName"], "two make tags");
    assert_eq!(explanation["policies"][0]["condition"]["value"], "false");
    let clause = &explanation["policies"][0]["condition"]["clauses"][0];
    assert_eq!(
        (&clause["text"], &clause["value"]),
        (&json!("activity.kind"), &json!("'CREATE_WALLET'"))
    );
    let listed = json!({ "filterByStatus": ["ACTIVITY_STATUS_REJECTED"] });
    let listed = world.alice.read("list_activities", listed).await;
    let failure = listed["activities"][0]["failure"].to_string();
    assert!(failure.contains("policyEvaluations") && !failure.contains("VERDICT_DENY"));
}

#[tokio::test]
async fn a_draft_is_tried_on_more_activities_than_are_kept_at_once() {
    let world = World::new().await;
    tagger(&world).await;
    let policy = json!({
        "policyName": "carol signs",
        "effect": "EFFECT_ALLOW",
        "condition": "activity.kind == 'SIGN_RAW_PAYLOAD'",
        "notes": "",
    });
    world.alice.done("create_policy", policy).await;
    let accounts = world.alice.read("list_wallet_accounts", json!({})).await;
    let address = &accounts["accounts"][0]["address"];
    for number in 0..620 {
        let payload = json!({
            "signWith": address,
            "payload": format!("{number:064x}"),
            "encoding": "PAYLOAD_ENCODING_HEXADECIMAL",
            "hashFunction": "HASH_FUNCTION_NO_OP",
        });
        world.carol.done("sign_raw_payload", payload).await;
    }
    let draft = json!({
        "policyName": "carol signs",
        "effect": "EFFECT_ALLOW",
        "condition": format!("wallet_account.address == '{}'", "0x0"),
    });
    let asked = json!({
        "policies": [draft],
        "last": "610",
        "filterByType": ["ACTIVITY_TYPE_SIGN_RAW_PAYLOAD_V2"],
    });
    let told = world.carol.read("replay_policy", asked).await;
    let counts = (&told["replayed"], &told["flipped"], &told["skipped"]);
    assert_eq!(counts, (&json!(610), &json!(610), &json!(0)));
    assert_eq!(told["flips"].as_array().unwrap().len(), 610);
    let whole = json!({ "policies": [], "last": "100000" });
    let told = world.carol.read("replay_policy", whole).await;
    assert_eq!(told["flipped"], 0);
}

#[tokio::test]
async fn who_could_do_something_is_answered_with_a_way() {
    let world = World::new().await;
    let (id, _) = tagger(&world).await;
    let asked = json!({ "resource": "USER", "action": "CREATE" });
    let told = world.carol.read("can_anybody", asked).await;
    assert_eq!(told["answer"], "POSSIBILITY_YES", "{told}");
    assert_eq!(told["witness"]["activityType"], "ACTIVITY_TYPE_CREATE_USER_TAG");
    assert!(told["witness"]["userIds"].as_array().unwrap().contains(&json!(id)));
    let asked = json!({ "resource": "WALLET", "action": "EXPORT" });
    assert_eq!(world.carol.read("can_anybody", asked).await["answer"], "POSSIBILITY_NO");
}
