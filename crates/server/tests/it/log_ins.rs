//! Every way to log in, from its first request to a request by the session.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_crypto::{Ed25519PrivateKey, P256PrivateKey, Secp256k1PrivateKey, hmac_sha256, os_rng};
use keyward_protocol::engine::jwt;
use keyward_protocol::stamp::AttestedScheme;
use serde_json::{Value, json};

use crate::client::{Client, Credential, content, text};
use crate::issuer::{AUDIENCE, Issuer};
use crate::proof::{
    again, attested, claims, current_token, legacy_token, new_key, public, seal_code, send_code,
    sign_login,
};
use crate::server::Answer;
use crate::world::{EMAIL, World};

const PHONE: &str = "+15551234567";

/// A sub-organization whose root user is this, with a key of its own.
pub(crate) async fn sub_organization(world: &World, mut user: Value) -> Client {
    let key = Credential::api_key();
    user["userName"] = json!("Eve");
    for list in ["apiKeys", "authenticators", "oauthProviders"] {
        if user.get(list).is_none() {
            user[list] = json!([]);
        }
    }
    user["apiKeys"].as_array_mut().unwrap().push(key.as_api_key("first"));
    let parameters = json!({
        "subOrganizationName": "Eve's",
        "rootQuorumThreshold": 1,
        "rootUsers": [user],
    });
    let made = world.parent.done("create_sub_organization", parameters).await;
    world.parent.about(&text(&made["subOrganizationId"])).with(key)
}

/// A session of `organization` works, and its token says so.
async fn assert_opens(world: &World, token: &str, key: P256PrivateKey, organization: &str) {
    let told = claims(token);
    assert_eq!(told["public_key"], public(&key));
    assert_eq!(told["organization_id"], organization);
    assert_eq!(told["session_type"], "SESSION_TYPE_READ_WRITE");
    let session = world.parent.about(organization).with(Credential::ApiKey(key));
    let whoami = session.read("whoami", json!({})).await;
    assert_eq!(whoami["organizationId"], organization);
    assert_eq!(whoami["userId"], told["user_id"]);
    session.done("create_wallet", json!({ "walletName": "by session", "accounts": [] })).await;
}

#[tokio::test]
async fn a_code_opens_a_session_by_email_and_by_sms_in_every_version() {
    let world = World::new().await;
    for (contact, member) in [(EMAIL, None), (PHONE, Some("userPhoneNumber"))] {
        let user = match member {
            None => world.alice.clone(),
            Some(member) => sub_organization(&world, json!({ member: contact })).await,
        };
        let parent = world.parent.about(&user.organization);
        for (kind, is_bound) in [
            ("ACTIVITY_TYPE_INIT_OTP", false),
            ("ACTIVITY_TYPE_INIT_OTP_V2", true),
            ("ACTIVITY_TYPE_INIT_OTP_V3", true),
        ] {
            let (token_key, session_key) = (new_key(), new_key());
            let sent = send_code(&world.parent, kind, contact).await;
            let verified = if let Some(target) = &sent.target {
                assert!(target.contains("enclaveQuorumPublic"));
                let bundle = seal_code(&world.server, &sent, &sent.code, &public(&token_key)).await;
                let parameters = json!({ "otpId": sent.id, "encryptedOtpBundle": bundle });
                world.parent.done("verify_otp", parameters).await
            } else {
                let bound = is_bound.then(|| public(&token_key));
                let parameters =
                    json!({ "otpId": sent.id, "otpCode": sent.code, "publicKey": bound });
                world.parent.done_as("ACTIVITY_TYPE_VERIFY_OTP", "verify_otp", parameters).await
            };
            let token = text(&verified["verificationToken"]);
            assert_eq!(claims(&token)["contact"], contact);
            let signature = is_bound.then(|| sign_login(&token_key, &token, &public(&session_key)));
            let parameters = json!({
                "verificationToken": token,
                "publicKey": public(&session_key),
                "clientSignature": signature,
            });
            let opened = parent.done("otp_login", parameters).await;
            let session = text(&opened["session"]);
            assert_opens(&world, &session, session_key, &user.organization).await;
            // Wallets have unique names.
            let wallets = user.read("list_wallets", json!({})).await;
            let made = wallets["wallets"].as_array().unwrap();
            let id = &made.iter().find(|it| it["walletName"] == "by session").unwrap()["walletId"];
            let doomed = json!({ "walletIds": [id], "deleteWithoutExport": true });
            user.done("delete_wallets", doomed).await;
        }
    }
}

#[tokio::test]
async fn a_code_is_taken_once_and_as_it_is_typed() {
    let world = World::new().await;
    let sent = send_code(&world.parent, "ACTIVITY_TYPE_INIT_OTP_V2", EMAIL).await;
    let typed = format!(" {}\n", sent.code.to_lowercase());
    let verify = |code: &str| {
        let parameters = json!({ "otpId": sent.id, "otpCode": code });
        let body = world.parent.submission_of("ACTIVITY_TYPE_VERIFY_OTP", &parameters);
        let parent = world.parent.clone();
        async move { parent.post_submission("verify_otp", &body).await }
    };
    assert_eq!(verify("AAAAAAAAA").await.refused(400, 3, "UNSPECIFIED"), "Invalid OTP code");
    verify(&typed).await.activity();
    assert_eq!(verify(&sent.code).await.refused(400, 3, "UNSPECIFIED"), "Invalid OTP code");
}

#[tokio::test]
async fn wrong_late_spent_and_unknown_codes_are_refused_alike() {
    let world = World::new().await;
    let parent = &world.parent;
    let verify = |id: String, code: String| async move {
        let parameters = json!({ "otpId": id, "otpCode": code });
        let body = parent.submission_of("ACTIVITY_TYPE_VERIFY_OTP", &parameters);
        let answer = parent.post_submission("verify_otp", &body).await;
        answer.refused(400, 3, "UNSPECIFIED");
        answer.text()
    };
    let locked = send_code(parent, "ACTIVITY_TYPE_INIT_OTP_V2", EMAIL).await;
    let wrong = verify(locked.id.clone(), "ZZZZZZZZZ".to_owned()).await;
    for _ in 0..2 {
        assert_eq!(verify(locked.id.clone(), "ZZZZZZZZZ".to_owned()).await, wrong);
    }
    assert_eq!(verify(locked.id.clone(), locked.code.clone()).await, wrong, "locked");
    let unknown = "01994c6e-0000-7000-8000-000000000000".to_owned();
    assert_eq!(verify(unknown, "ZZZZZZZZZ".to_owned()).await, wrong, "unknown");
    let late = send_code(parent, "ACTIVITY_TYPE_INIT_OTP_V2", EMAIL).await;
    world.server.advance(301);
    assert_eq!(verify(late.id, late.code).await, wrong, "late");
    // Another organization's id of a code is unknown.
    let sent = send_code(parent, "ACTIVITY_TYPE_INIT_OTP_V2", EMAIL).await;
    let parameters = json!({ "otpId": sent.id, "otpCode": sent.code });
    let body = world.bob.submission_of("ACTIVITY_TYPE_VERIFY_OTP", &parameters);
    let answer = world.bob.post_submission("verify_otp", &body).await;
    answer.refused(400, 3, "UNSPECIFIED");
}

#[tokio::test]
async fn a_token_logs_in_its_contact_only_once_and_nowhere_else() {
    let world = World::new().await;
    let parent = world.parent.about(&world.alice.organization);
    let key = new_key();
    let token = current_token(&world.parent, EMAIL, &key).await;
    let log_in = |session: &P256PrivateKey, signature: Value| {
        json!({
            "verificationToken": token,
            "publicKey": public(session),
            "clientSignature": signature,
        })
    };
    let (session, other) = (new_key(), new_key());
    let good = sign_login(&key, &token, &public(&session));
    // Nobody in Bob's organization has the address.
    let parent_of_bob = world.parent.about(&world.bob.organization);
    let answer = parent_of_bob.submit("otp_login", log_in(&session, good.clone())).await;
    answer.refused(401, 16, "CREDENTIAL_NOT_FOUND");
    for wrong in [
        Value::Null,
        sign_login(&key, &token, &public(&other)),
        sign_login(&other, &token, &public(&session)),
    ] {
        let answer = parent.submit("otp_login", log_in(&session, wrong)).await;
        answer.refused(400, 3, "REQUEST_INVALID");
    }
    parent.done("otp_login", log_in(&session, good.clone())).await;
    let answer = parent.submit("otp_login", log_in(&session, good)).await;
    assert_eq!(
        answer.refused(400, 3, "REQUEST_INVALID"),
        "invalid verification token: the token has been used"
    );
    let late = current_token(&world.parent, EMAIL, &key).await;
    world.server.advance(3_601);
    let parameters = json!({
        "verificationToken": late,
        "publicKey": public(&other),
        "clientSignature": sign_login(&key, &late, &public(&other)),
    });
    parent.submit("otp_login", parameters).await.refused(400, 3, "REQUEST_INVALID");
    for session in [&other] {
        let client = parent.with(Credential::ApiKey(again(session)));
        client.query("whoami", json!({})).await.refused(401, 16, "PUBLIC_KEY_NOT_FOUND");
    }
}

#[tokio::test]
async fn an_attested_stamp_logs_in_naming_the_parent_or_the_sub_organization() {
    let world = World::new().await;
    for organization in [&world.parent.organization, &world.alice.organization] {
        for older in [false, true] {
            let key = new_key();
            let token = if older {
                legacy_token(&world.parent, EMAIL, Some(&key)).await
            } else {
                current_token(&world.parent, EMAIL, &key).await
            };
            let stamper = world.parent.about(organization).with(attested(&key, &token));
            let parameters = json!({ "publicKey": public(&key) });
            let answer = stamper.submit("stamp_login", parameters).await;
            let activity = answer.activity();
            assert_eq!(activity["organizationId"], world.alice.organization);
            // The activity is asked for as browsers ask: by the same stamper, naming the same one.
            let body = json!({ "activityId": activity["id"] });
            let asked = stamper.read("get_activity", body).await["activity"].take();
            assert_eq!(asked["id"], activity["id"]);
            assert_eq!(asked["status"], "ACTIVITY_STATUS_COMPLETED");
            let session = stamper.about(&world.alice.organization);
            let session = session.with(Credential::ApiKey(again(&key)));
            let whoami = session.read("whoami", json!({})).await;
            assert_eq!(whoami["username"], "Alice");
            world.server.advance(3_600);
        }
    }
}

#[tokio::test]
async fn an_attested_stamp_is_refused_by_other_queries_and_for_other_keys() {
    let world = World::new().await;
    let key = new_key();
    let token = current_token(&world.parent, EMAIL, &key).await;
    let stamper = world.alice.with(attested(&key, &token));
    for route in ["whoami", "list_wallets", "get_user", "list_activities", "get_organization"] {
        let answer = stamper.query(route, json!({})).await;
        assert_eq!(answer.refusal().0, 401, "{route}: {}", answer.text());
    }
    let parameters = json!({ "publicKey": public(&new_key()) });
    let thief = world.alice.with(attested(&new_key(), &token));
    let answer = thief.submit("stamp_login", parameters.clone()).await;
    assert!([400, 401].contains(&answer.refusal().0), "{}", answer.text());
    // A token that is bound to no key vouches for none.
    let unbound = legacy_token(&world.parent, EMAIL, None).await;
    let stamper = world.alice.with(attested(&key, &unbound));
    let answer = stamper.submit("stamp_login", parameters.clone()).await;
    assert!([400, 401].contains(&answer.refusal().0), "{}", answer.text());
    // The body is signed.
    let stamper = world.alice.with(attested(&key, &token));
    let body = stamper.submission("stamp_login", &parameters);
    let headers = stamper.credential.headers(&body);
    let mut changed = body.clone();
    changed.push(b' ');
    let path = "/public/v1/submit/stamp_login";
    let answer = world.server.post(path, &headers, &changed).await;
    answer.refused(401, 16, "SIGNATURE_INVALID");
    world.server.post(path, &headers, &body).await.activity();
}

#[tokio::test]
async fn where_codes_are_switched_off_an_attested_contact_opens_nothing() {
    let world = World::new().await;
    let user = json!({ "userEmail": "eve@wonderland.example", "userPhoneNumber": PHONE });
    let eve = sub_organization(&world, user).await;
    for (contact, feature) in [
        ("eve@wonderland.example", "FEATURE_NAME_OTP_EMAIL_AUTH"),
        (PHONE, "FEATURE_NAME_SMS_AUTH"),
    ] {
        let key = new_key();
        let token = current_token(&world.parent, contact, &key).await;
        let stamper = world.parent.with(attested(&key, &token));
        let parameters = json!({ "publicKey": public(&key) });
        let activity = stamper.submit("stamp_login", parameters.clone()).await.activity();
        eve.done("remove_organization_feature", json!({ "name": feature })).await;
        for stamper in [stamper.clone(), stamper.about(&eve.organization)] {
            let answer = stamper.submit("stamp_login", parameters.clone()).await;
            answer.refused(403, 7, "REQUEST_NOT_AUTHORIZED");
            let answer =
                stamper.query("get_activity", json!({ "activityId": activity["id"] })).await;
            answer.refused(403, 7, "REQUEST_NOT_AUTHORIZED");
        }
    }
}

#[tokio::test]
async fn an_attested_stamp_acts_in_a_sub_organization_and_only_logs_in_to_the_parent() {
    let world = World::new().await;
    let contact = "root@wonderland.example";
    let root = world.parent.read("whoami", json!({})).await;
    let parameters = json!({ "userId": root["userId"], "userEmail": contact });
    world.parent.done("update_user_email", parameters).await;
    let key = new_key();
    let token = current_token(&world.parent, contact, &key).await;
    let stamper = world.parent.with(attested(&key, &token));
    let tag = json!({ "userTagName": "new", "userIds": [] });
    let before = world.parent.sight().await;
    assert_eq!(stamper.submit("create_user_tag", tag.clone()).await.refusal().0, 401);
    assert_eq!(world.parent.sight().await, before);
    let about_alice = stamper.about(&world.alice.organization);
    assert_eq!(about_alice.submit("create_user_tag", tag.clone()).await.refusal().0, 401);
    let alice = world.alice.read("whoami", json!({})).await;
    let sessions = json!({ "userId": alice["userId"] });
    assert_eq!(about_alice.submit("revoke_sessions", sessions).await.refusal().0, 401);
    stamper.done("stamp_login", json!({ "publicKey": public(&key) })).await;
    let token = current_token(&world.parent, EMAIL, &key).await;
    world.alice.with(attested(&key, &token)).done("create_user_tag", tag).await;
}

#[tokio::test]
async fn a_contact_in_two_sub_organizations_is_ambiguous_until_one_is_named() {
    let world = World::new().await;
    let contact = "twice@wonderland.example";
    let first = sub_organization(&world, json!({ "userEmail": contact })).await;
    sub_organization(&world, json!({ "userEmail": contact })).await;
    let key = new_key();
    let token = current_token(&world.parent, contact, &key).await;
    let parameters = json!({ "publicKey": public(&key) });
    let stamper = world.parent.with(attested(&key, &token));
    let answer = stamper.submit("stamp_login", parameters.clone()).await;
    assert_eq!(
        answer.refused(401, 16, "CREDENTIAL_CONFLICT"),
        "more than one suborg associated with a contact"
    );
    stamper.about(&first.organization).done("stamp_login", parameters).await;
}

#[tokio::test]
async fn passkeys_keys_and_wallets_log_in_naming_the_parent() {
    let world = World::new().await;
    let ethereum = Credential::Ethereum(Secp256k1PrivateKey::generate(&mut os_rng()));
    let solana = Credential::Solana(Ed25519PrivateKey::generate(&mut os_rng()));
    let key = Credential::Secp256k1(Secp256k1PrivateKey::generate(&mut os_rng()));
    let passkey = Credential::passkey();
    let user = json!({
        "apiKeys": [
            ethereum.as_api_key("wallet"),
            solana.as_api_key("other wallet"),
            key.as_api_key("key"),
        ],
        "authenticators": [passkey.as_authenticator("phone")],
    });
    let eve = sub_organization(&world, user).await;
    for credential in [passkey, ethereum, solana, key] {
        let stamper = world.parent.with(credential);
        let session = stamper.log_in(900).await;
        assert_eq!(session.organization, eve.organization);
        let whoami = session.read("whoami", json!({})).await;
        assert_eq!(whoami["organizationId"], eve.organization);
        // The session goes on under another key, and the old one stays good.
        let refreshed = session.log_in(900).await;
        assert_eq!(refreshed.read("whoami", json!({})).await, whoami);
        assert_eq!(session.read("whoami", json!({})).await, whoami);
    }
}

#[tokio::test]
async fn the_sessions_of_a_deleted_user_end() {
    let world = World::new().await;
    let credential = Credential::api_key();
    let user = json!({
        "userName": "Eve",
        "apiKeys": [credential.as_api_key("key")],
        "authenticators": [],
        "oauthProviders": [],
        "userTags": [],
    });
    let created = world.alice.done("create_users", json!({ "users": [user] })).await;
    let eve = world.alice.with(credential);
    let session = eve.log_in(900).await;
    let read_only = eve.done("create_read_only_session", json!({})).await;
    let reader = eve.with(Credential::Session(text(&read_only["session"])));
    reader.read("whoami", json!({})).await;
    world.alice.done("delete_users", json!({ "userIds": created["userIds"] })).await;
    session.query("whoami", json!({})).await.refused(401, 16, "PUBLIC_KEY_NOT_FOUND");
    reader.query("whoami", json!({})).await.refused(401, 16, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_refresh_may_end_all_other_sessions() {
    let world = World::new().await;
    let (first, second) = (world.alice.log_in(900).await, world.alice.log_in(900).await);
    let key = Credential::api_key();
    let parameters = json!({ "publicKey": key.public_key(), "invalidateExisting": true });
    second.done("stamp_login", parameters).await;
    for ended in [first, second.clone()] {
        ended.query("whoami", json!({})).await.refused(401, 16, "PUBLIC_KEY_NOT_FOUND");
    }
    second.with(key).read("whoami", json!({})).await;
}

/// Somebody who has an account at an issuer.
struct Subject {
    world: World,
    issuer: Issuer,
    signer: P256PrivateKey,
    eve: Client,
}

const SUBJECT: &str = "subject-1";

impl Subject {
    async fn new() -> Self {
        let signer = new_key();
        let issuer = Issuer::start(&[("one", &signer)]).await;
        let world = World::with(&issuer.config()).await;
        let token = issuer.token(&world.server, ("one", &signer), SUBJECT, &new_key());
        let provider = json!({ "providerName": "Wonderland", "oidcToken": token });
        let eve = sub_organization(&world, json!({ "oauthProviders": [provider] })).await;
        Self { world, issuer, signer, eve }
    }

    /// By the parent.
    async fn log_in(&self, token: &str, key: &P256PrivateKey) -> Answer {
        let parameters = json!({ "oidcToken": token, "publicKey": public(key) });
        self.world.parent.about(&self.eve.organization).submit("oauth_login", parameters).await
    }

    /// By the holder of the key, who names the parent.
    async fn stamp(&self, token: &str, key: &P256PrivateKey) -> Answer {
        let stamp = Credential::Attested(again(key), AttestedScheme::Oidc, token.to_owned());
        let parameters = json!({ "publicKey": public(key) });
        self.world.parent.with(stamp).submit("stamp_login", parameters).await
    }

    /// The claims for a key, changed.
    fn claims(&self, key: &P256PrivateKey, change: impl Fn(&mut Value, u64)) -> String {
        let mut claims = self.issuer.claims(&self.world.server, SUBJECT, &public(key));
        change(&mut claims, self.world.server.now() / 1000);
        claims.to_string()
    }

    fn signed(&self, key: &P256PrivateKey, change: impl Fn(&mut Value, u64)) -> String {
        jwt::sign_es256(Some("one"), &self.claims(key, change), &self.signer)
    }

    /// Both ways in are shut.
    async fn assert_refused(&self, what: &str, token: &str, key: &P256PrivateKey) {
        let answer = self.log_in(token, key).await;
        assert_eq!(answer.refusal(), (400, 3, "INVALID_OIDC_TOKEN".to_owned()), "{what}");
        let answer = self.stamp(token, key).await;
        // A stamp is only looked into for an account that is known.
        let refused = [(400, 3, "INVALID_OIDC_TOKEN"), (401, 16, "CREDENTIAL_NOT_FOUND")];
        let (status, code, name) = answer.refusal();
        assert!(refused.contains(&(status, code, name.as_str())), "{what}: {name}");
        assert!(!answer.text().contains(token), "{what}");
        let session = self.eve.with(Credential::ApiKey(again(key)));
        session.query("whoami", json!({})).await.refused(401, 16, "PUBLIC_KEY_NOT_FOUND");
    }
}

#[tokio::test]
async fn an_id_token_logs_in_by_the_parent_and_by_its_holder() {
    let known = Subject::new().await;
    for by_holder in [false, true] {
        let key = new_key();
        let signer = ("one", &known.signer);
        let token = known.issuer.token(&known.world.server, signer, SUBJECT, &key);
        let answer = if by_holder {
            known.stamp(&token, &key).await
        } else {
            known.log_in(&token, &key).await
        };
        let activity = answer.activity();
        assert_eq!(activity["organizationId"], known.eve.organization);
        let session = text(&content(&activity["result"])["session"]);
        assert_eq!(claims(&session)["organization_id"], known.eve.organization);
        let session = known.eve.with(Credential::ApiKey(key));
        assert_eq!(session.read("whoami", json!({})).await["username"], "Eve");
    }
    // All that with the keys asked for once.
    assert_eq!(known.issuer.asked(), 1);
}

#[tokio::test]
async fn an_id_token_that_is_not_good_logs_nobody_in() {
    let known = Subject::new().await;
    let key = &new_key();
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let plain = known.claims(key, |_, _| {});
    let none = format!("{}.{}.", encode(r#"{"alg":"none","kid":"one"}"#), encode(&plain));
    let input = format!("{}.{}", encode(r#"{"alg":"HS256","kid":"one"}"#), encode(&plain));
    let public_bytes = known.signer.public_key().uncompressed();
    let mac = URL_SAFE_NO_PAD.encode(hmac_sha256(&public_bytes, input.as_bytes()));
    let forged = jwt::sign_es256(Some("one"), &plain, &new_key());
    let cases = [
        ("no signature", none),
        ("a shared secret", format!("{input}.{mac}")),
        ("another signer", forged),
        ("expired", known.signed(key, |it, now| it["exp"] = json!(now - 61))),
        ("issued in the future", known.signed(key, |it, now| it["iat"] = json!(now + 120))),
        ("not yet valid", known.signed(key, |it, now| it["nbf"] = json!(now + 120))),
        ("another key's nonce", known.signed(key, |it, _| it["nonce"] = json!("00"))),
        ("no audience", known.signed(key, |it, _| it["aud"] = json!([]))),
        ("an issuer that may not be asked", {
            known.signed(key, |it, _| it["iss"] = json!("http://127.0.0.1:1"))
        }),
        ("no token", "a.b.c".to_owned()),
    ];
    for (what, token) in &cases {
        known.assert_refused(what, token, key).await;
    }
    // A good token that speaks of somebody else.
    for change in [("aud", json!("other.apps.example")), ("sub", json!("subject-2"))] {
        let token = known.signed(key, |it, _| it[change.0] = change.1.clone());
        for answer in [known.log_in(&token, key).await, known.stamp(&token, key).await] {
            answer.refused(401, 16, "CREDENTIAL_NOT_FOUND");
        }
    }
    // Among several audiences is the right one.
    let token = known.signed(key, |it, _| it["aud"] = json!(["other.apps.example", AUDIENCE]));
    known.log_in(&token, key).await.activity();
}

#[tokio::test]
async fn an_issuer_may_change_its_keys_and_is_not_asked_for_every_unknown_one() {
    let known = Subject::new().await;
    let (key, next) = (new_key(), new_key());
    let token = |signer| known.issuer.token(&known.world.server, ("two", signer), SUBJECT, &key);
    let early = token(&next);
    known.assert_refused("a key that is not published", &early, &key).await;
    let asked = known.issuer.asked();
    assert_eq!(asked, 2, "once more for the unknown key, and not again");
    known.issuer.publish(&[("one", &known.signer), ("two", &next)]);
    known.assert_refused("too soon to ask again", &early, &key).await;
    assert_eq!(known.issuer.asked(), asked);
    known.world.server.advance(61);
    known.log_in(&token(&next), &key).await.activity();
    assert_eq!(known.issuer.asked(), asked + 1);
    // What is not published any more is not known any more, once the keys are asked for.
    known.issuer.publish(&[("two", &next)]);
    known.world.server.advance(3_600);
    let key = new_key();
    let old = known.signed(&key, |_, _| {});
    known.assert_refused("a key that was withdrawn", &old, &key).await;
}

#[tokio::test]
async fn while_an_issuer_is_gone_its_keys_last_a_day() {
    let known = Subject::new().await;
    known.issuer.set_gone(true);
    let token = |key: &P256PrivateKey| known.signed(key, |_, _| {});
    known.world.server.advance(2 * 3_600);
    let key = new_key();
    known.log_in(&token(&key), &key).await.activity();
    known.world.server.advance(23 * 3_600);
    let key = new_key();
    known.assert_refused("gone for a day", &token(&key), &key).await;
    known.issuer.set_gone(false);
    known.world.server.advance(31);
    let token = known.signed(&key, |_, _| {});
    known.log_in(&token, &key).await.activity();
}

#[tokio::test]
async fn keys_that_are_too_many_too_long_or_none_are_refused() {
    let known = Subject::new().await;
    let key = &new_key();
    let one = jwt::jwk(&known.signer.public_key(), "one");
    for (what, keys) in [
        ("too long", json!({ "keys": [one], "padding": "x".repeat(300 * 1024) })),
        ("too many", json!({ "keys": vec![one.clone(); 65] })),
        ("none", json!("keys")),
    ] {
        known.issuer.publish_raw(keys);
        known.world.server.advance(25 * 3_600);
        let token = known.signed(key, |_, _| {});
        known.assert_refused(what, &token, key).await;
    }
    known.issuer.publish(&[("one", &known.signer)]);
    known.world.server.advance(31);
    let token = known.signed(key, |_, _| {});
    known.log_in(&token, key).await.activity();
}
