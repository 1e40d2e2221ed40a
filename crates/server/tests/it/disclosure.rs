//! Who gets to see codes, tokens and contacts, and who does not.

use keyward_protocol::stamp::AttestedScheme;
use serde_json::{Value, json};

use crate::auth_proxy::Proxy;
use crate::client::{Client, Credential, text};
use crate::issuer::Issuer;
use crate::log_ins::sub_organization;
use crate::proof::{
    again, attested, current_token, legacy_token, new_key, public, seal_code, send_code, sign_login,
};
use crate::secrets::{Log, half};
use crate::world::{EMAIL, World};

const PHONE: &str = "+15550009999";

fn assert_absent(haystack: &[u8], needles: &[(&str, String)], place: &str) {
    for (what, needle) in needles {
        assert!(!needle.is_empty(), "{what}");
        let found = haystack.windows(needle.len()).any(|window| window == needle.as_bytes());
        assert!(!found, "{what} is in {place}");
    }
}

#[tokio::test]
async fn the_log_holds_no_code_no_token_no_bundle_and_no_contact() {
    const CONTACT: &str = "mock.turtle@wonderland.example";
    let log = Log::of_all();
    let (signer, key) = (new_key(), new_key());
    let issuer = Issuer::start(&[("one", &signer)]).await;
    let world = World::with(&issuer.config()).await;
    let server = &world.server;
    let mut needles = vec![
        ("an address", CONTACT.to_owned()),
        ("part of it", "mock.turtle".to_owned()),
        ("a number", PHONE.to_owned()),
        ("part of it", half(PHONE)),
    ];
    let id_token = issuer.token(server, ("one", &signer), "the-mock-turtle", &key);
    let provider = json!({ "providerName": "Wonderland", "oidcToken": id_token });
    let user = json!({
        "userEmail": CONTACT,
        "userPhoneNumber": PHONE,
        "oauthProviders": [provider],
    });
    let eve = sub_organization(&world, user).await;
    let parent = world.parent.about(&eve.organization);
    for contact in [CONTACT, PHONE] {
        let sent = send_code(&world.parent, "ACTIVITY_TYPE_INIT_OTP_V3", contact).await;
        needles.push(("a code", sent.code.clone()));
        needles.push(("a target", half(sent.target.as_ref().unwrap())));
        // Wrong ones first, and one that does not open.
        let bundle = seal_code(server, &sent, "ZZZZZZZZZ", &public(&key)).await;
        let body = json!({ "otpId": sent.id, "encryptedOtpBundle": bundle });
        world.parent.submit("verify_otp", body).await.refusal();
        let body = json!({ "otpId": sent.id, "encryptedOtpBundle": "{}" });
        world.parent.submit("verify_otp", body).await.refusal();
        let bundle = seal_code(server, &sent, &sent.code, &public(&key)).await;
        needles.push(("a bundle", half(&bundle)));
        let body = json!({ "otpId": sent.id, "encryptedOtpBundle": bundle });
        let verified = world.parent.done("verify_otp", body).await;
        let token = text(&verified["verificationToken"]);
        needles.push(("half a verification token", half(&token)));
        let stamper = world.parent.with(attested(&key, &token));
        let body = json!({ "publicKey": public(&key) });
        stamper.submit("stamp_login", body).await.activity();
        stamper.query("whoami", json!({})).await.refusal();
        world.bob.with(attested(&key, &token)).submit("stamp_login", json!({})).await.refusal();
        let session_key = public(&new_key());
        let mut body = json!({ "verificationToken": token, "publicKey": session_key });
        parent.submit("otp_login", body.clone()).await.refusal();
        body["clientSignature"] = sign_login(&key, &token, &session_key);
        needles.push(("a client signature", text(&body["clientSignature"]["signature"])));
        let session = text(&parent.done("otp_login", body.clone()).await["session"]);
        needles.push(("half a session token", half(&session)));
        needles.push(("a session's key", session_key));
        parent.submit("otp_login", body).await.refusal();
    }
    let proxy = Proxy::new(&world);
    let sent = proxy.send_code("otp_init", CONTACT).await;
    needles.push(("a code", sent.code.clone()));
    let body = json!({ "otpId": sent.id, "otpCode": sent.code });
    let token = text(&proxy.ask("otp_verify", body).await.ok()["verificationToken"]);
    needles.push(("half an older verification token", half(&token)));
    let account = json!({
        "filterType": "EMAIL",
        "filterValue": CONTACT,
        "verificationToken": format!("{token}x"),
    });
    proxy.ask("account", account).await.refusal();
    needles.push(("half an ID token", half(&id_token)));
    let body = json!({ "oidcToken": id_token, "publicKey": public(&key) });
    proxy.ask("oauth_login", body).await.ok();
    for token in [id_token.clone(), format!("{id_token}x"), half(&id_token)] {
        let stamp = Credential::Attested(again(&key), AttestedScheme::Oidc, token);
        world.parent.with(stamp).submit("stamp_login", json!({ "publicKey": "x" })).await.refusal();
    }
    issuer.set_gone(true);
    server.advance(26 * 3_600);
    let late = issuer.token(server, ("one", &signer), "the-mock-turtle", &key);
    needles.push(("half an ID token", half(&late)));
    needles.push(("a subject", "the-mock-turtle".to_owned()));
    let body = json!({ "oidcToken": late, "publicKey": public(&key) });
    proxy.ask("oauth_login", body).await.refusal();
    needles.push(("a key", public(&key)));

    let log = log.bytes();
    let logged = String::from_utf8_lossy(&log);
    for said in ["recorded", "refused", "VERIFY_OTP", "otp_login", "an issuer's keys"] {
        assert!(logged.contains(said), "{said}");
    }
    assert_absent(&log, &needles, "the log");
}

#[tokio::test]
async fn the_files_hold_no_code_no_token_and_no_contact() {
    const CONTACT: &str = "mock.turtle@wonderland.example";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keyward.db");
    let world = World::on_disk(&file).await;
    world.server.work_beside();
    let eve = sub_organization(&world, json!({ "userEmail": CONTACT })).await;
    let key = new_key();
    // One code is spent, the others wait.
    let token = legacy_token(&world.parent, CONTACT, None).await;
    let current = current_token(&world.parent, CONTACT, &key).await;
    let sent = send_code(&world.parent, "ACTIVITY_TYPE_INIT_OTP_V3", CONTACT).await;
    let body = json!({ "verificationToken": token, "publicKey": public(&key) });
    let opened = world.parent.about(&eve.organization).done("otp_login", body).await;
    let needles = [
        ("a code", sent.code),
        ("the id of a code", sent.id),
        ("a target", half(&sent.target.unwrap())),
        ("an address", CONTACT.to_owned()),
        ("part of it", "mock.turtle".to_owned()),
        ("half a verification token", half(&token)),
        ("half a verification token", half(&current)),
        ("half a session token", half(&text(&opened["session"]))),
        ("a key", public(&key)),
    ];
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        assert_absent(&std::fs::read(&path).unwrap(), &needles, &path.to_string_lossy());
    }
}

/// Everything about activities that somebody gets to see.
async fn seen(reader: &Client) -> String {
    let page = json!({ "paginationOptions": { "limit": "100" } });
    let listed = reader.read("list_activities", page).await;
    let mut seen = listed.to_string();
    for activity in listed["activities"].as_array().unwrap() {
        let body = json!({ "activityId": activity["id"] });
        seen.push_str(&reader.read("get_activity", body).await.to_string());
    }
    seen
}

/// A user of the parent who may read and nothing else.
async fn clerk(world: &World) -> Client {
    let key = Credential::api_key();
    let user = json!({
        "userName": "Clerk",
        "apiKeys": [key.as_api_key("key")],
        "authenticators": [],
        "oauthProviders": [],
        "userTags": [],
    });
    world.parent.done("create_users", json!({ "users": [user] })).await;
    world.parent.with(key)
}

#[tokio::test]
async fn a_verification_token_is_shown_in_the_first_answer_only() {
    let world = World::new().await;
    let key = new_key();
    let clerk = clerk(&world).await;
    let readers = [
        world.parent.clone(),
        world.parent.read_only().await,
        clerk.clone(),
        clerk.read_only().await,
    ];
    let tokens = [
        current_token(&world.parent, EMAIL, &key).await,
        legacy_token(&world.parent, EMAIL, Some(&key)).await,
        legacy_token(&world.parent, EMAIL, None).await,
    ];
    for reader in &readers {
        let seen = seen(reader).await;
        assert!(seen.contains(r#""verificationToken":"""#));
        for token in &tokens {
            assert!(!seen.contains(token.as_str()));
        }
    }
}

#[tokio::test]
async fn nobody_logs_in_with_what_the_activities_show_of_a_sign_up() {
    let world = World::new().await;
    let contact = "eve@wonderland.example";
    let token = legacy_token(&world.parent, contact, None).await;
    let parameters = json!({
        "subOrganizationName": "Eve's",
        "rootQuorumThreshold": 1,
        "rootUsers": [{
            "userName": "Eve",
            "userEmail": contact,
            "apiKeys": [Credential::api_key().as_api_key("key")],
            "authenticators": [],
            "oauthProviders": [],
        }],
        "verificationToken": token,
    });
    let kind = "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V7";
    let route = "create_sub_organization";
    let body = world.parent.submission_of(kind, &parameters);
    let first = world.parent.post_submission(route, &body).await;
    // Whoever sent it is told what it sent.
    assert!(first.text().contains(&token));
    assert_eq!(first.activity()["votes"][0]["message"], String::from_utf8(body).unwrap());
    let clerk = clerk(&world).await;
    for reader in [&world.parent, &clerk, &clerk.read_only().await] {
        let seen = seen(reader).await;
        assert!(seen.contains("Eve's"));
        assert!(!seen.contains(&token));
    }
    // It would have done.
    let body = json!({ "verificationToken": token, "publicKey": public(&new_key()) });
    Proxy::new(&world).ask("otp_login", body).await.ok();
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_key_leaves_what_was_signed_as_it_was() {
    let world = World::new().await;
    let key = new_key();
    let token = current_token(&world.parent, EMAIL, &key).await;
    let parent = world.parent.about(&world.alice.organization);
    let session_key = public(&new_key());
    let parameters = json!({
        "verificationToken": token,
        "publicKey": session_key,
        "clientSignature": sign_login(&key, &token, &session_key),
    });
    let body = parent.submission("otp_login", &parameters);
    let activity = parent.post_submission("otp_login", &body).await.activity();
    let asked = json!({ "activityId": activity["id"] });
    let shown = world.alice.read("get_activity", asked).await["activity"].take();
    assert_eq!(shown["votes"][0]["message"], String::from_utf8(body).unwrap());
    assert_eq!(shown["intent"], activity["intent"]);
}

#[tokio::test]
async fn no_answer_tells_whether_a_contact_is_known() {
    let world = World::new().await;
    let proxy = Proxy::new(&world);
    let stranger = "nobody@wonderland.example";
    let without_ids = |mut answer: Value| {
        for member in ["otpId", "otpEncryptionTargetBundle"] {
            if let Some(value) = answer.get_mut(member) {
                assert!(value.is_string());
                *value = json!(true);
            }
        }
        answer
    };
    for path in ["otp_init", "otp_init_v2"] {
        let mut told = Vec::new();
        for contact in [EMAIL, stranger] {
            let mut answers = Vec::new();
            for _ in 0..4 {
                let body = json!({ "otpType": "OTP_TYPE_EMAIL", "contact": contact });
                let answer = proxy.ask(path, body).await;
                let headers: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
                answers.push((answer.status, headers, without_ids(answer.json())));
            }
            assert_eq!(answers[2].0, 200);
            assert_eq!(answers[3].0, 400);
            told.push(answers);
        }
        assert_eq!(told[0], told[1], "{path}");
        world.server.advance(600);
    }
    // Nor do wrong codes for them.
    let mut told = Vec::new();
    for contact in [EMAIL, stranger] {
        let sent = proxy.send_code("otp_init", contact).await;
        let body = json!({ "otpId": sent.id, "otpCode": "ZZZZZZZZZ" });
        let answer = proxy.ask("otp_verify", body).await;
        told.push((answer.status, answer.text()));
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn no_answer_holds_a_code() {
    let world = World::new().await;
    let proxy = Proxy::new(&world);
    let mut codes = Vec::new();
    for kind in ["ACTIVITY_TYPE_INIT_OTP", "ACTIVITY_TYPE_INIT_OTP_V2", "ACTIVITY_TYPE_INIT_OTP_V3"]
    {
        codes.push(("a code", send_code(&world.parent, kind, EMAIL).await.code));
    }
    for path in ["otp_init", "otp_init_v2"] {
        codes.push(("a code", proxy.send_code(path, PHONE).await.code));
    }
    let mut answers = Vec::new();
    for reader in [&world.parent, &world.alice] {
        answers.extend_from_slice(seen(reader).await.as_bytes());
        for value in reader.sight().await {
            answers.extend_from_slice(value.to_string().as_bytes());
        }
    }
    for path in ["/metrics", "/openapi.json", "/healthz", "/.well-known/keyward.json"] {
        answers.extend_from_slice(&world.server.get(path).await.bytes);
    }
    assert_absent(&answers, &codes, "an answer");
}
