//! Users who must show more than one factor.

use serde_json::{Value, json};

use crate::client::{Client, content};
use crate::story::{NewUser, sign_up};
use crate::world::World;

/// Asks for an API key and a passkey before a tag is made.
async fn two_factors(user: &NewUser) {
    let whoami = user.by_api_key.read("whoami", json!({})).await;
    let policy = json!({
        "userId": whoami["userId"],
        "mfaPolicyName": "both",
        "condition": "activity.kind == 'CREATE_USER_TAG'",
        "requiredAuthenticationMethods": [
            { "any": [{ "type": "AUTHENTICATION_TYPE_API_KEY" }] },
            { "any": [{ "type": "AUTHENTICATION_TYPE_PASSKEY" }] },
        ],
        "order": 0,
    });
    user.by_api_key.done("create_mfa_policy", policy).await;
}

async fn ask(client: &Client, name: &str) -> Value {
    let tag = json!({ "userTagName": name, "userIds": [] });
    client.submit("create_user_tag", tag).await.activity()
}

#[tokio::test]
async fn an_activity_waits_for_the_second_factor_of_its_user() {
    let user = sign_up(World::new().await).await;
    two_factors(&user).await;
    let asked = ask(&user.by_api_key, "ops").await;
    assert_eq!(asked["status"], "ACTIVITY_STATUS_AUTHENTICATORS_NEEDED");
    assert_eq!(asked["result"], Value::Null);
    let status = json!({ "activityId": asked["id"] });
    let told = user.by_api_key.read("get_mfa_status", status.clone()).await;
    assert_eq!(told["mfaStatuses"][0]["satisfied"], false, "{told}");
    let shown = &told["mfaStatuses"][0]["satisfiedMethods"];
    assert_eq!(shown[0]["type"], "AUTHENTICATION_TYPE_API_KEY", "{told}");
    assert_eq!(told["mfaStatuses"][0]["requiredMethods"].as_array().unwrap().len(), 2);

    let vote = json!({ "fingerprint": asked["fingerprint"] });
    let same = user.by_api_key.submit("approve_activity", vote.clone()).await.activity();
    assert_eq!(same["status"], "ACTIVITY_STATUS_AUTHENTICATORS_NEEDED", "the same factor again");
    let done = user.by_passkey.submit("approve_activity", vote).await.activity();
    assert_eq!(done["status"], "ACTIVITY_STATUS_COMPLETED", "{done}");
    assert_eq!(content(&done["result"])["userTagId"].as_str().unwrap().len(), 36);
    let told = user.by_api_key.read("get_mfa_status", status).await;
    assert_eq!(told["mfaStatuses"][0]["satisfied"], true, "{told}");
}

#[tokio::test]
async fn a_session_is_no_api_key_and_other_activities_ask_for_nothing() {
    let user = sign_up(World::new().await).await;
    two_factors(&user).await;
    let session = user.by_passkey.log_in(900).await;
    let asked = ask(&session, "ops").await;
    assert_eq!(asked["status"], "ACTIVITY_STATUS_AUTHENTICATORS_NEEDED");
    let vote = json!({ "fingerprint": asked["fingerprint"] });
    let half = user.by_passkey.submit("approve_activity", vote.clone()).await.activity();
    assert_eq!(half["status"], "ACTIVITY_STATUS_AUTHENTICATORS_NEEDED");
    let done = user.by_api_key.submit("approve_activity", vote).await.activity();
    assert_eq!(done["status"], "ACTIVITY_STATUS_COMPLETED", "{done}");
    let wallet = json!({ "walletName": "Second", "accounts": [] });
    session.done("create_wallet", wallet).await;
}
