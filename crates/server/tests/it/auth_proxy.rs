//! The auth proxy, as a browser without a backend meets it.

use std::sync::Mutex;

use keyward_crypto::{P256PrivateKey, Secp256k1PrivateKey, os_rng};
use keyward_protocol::engine::model::AuthProxyConfig;
use keyward_protocol::wire::Timestamp;
use keyward_protocol::wire::id::OrganizationId;
use keyward_server::{Beginning, Config};
use serde_json::{Value, json};

use crate::client::{Client, Credential, text};
use crate::issuer::Issuer;
use crate::log_ins::sub_organization;
use crate::proof::{
    Sent, again, attested, claims, current_token, legacy_token, messages, new_key, otp_type,
    public, read_code, seal_code, sign_login, sign_sign_up,
};
use crate::server::{Answer, Header, header};
use crate::world::{EMAIL, World};

const PATHS: [&str; 13] = [
    "account",
    "oauth2_authenticate",
    "oauth_login",
    "otp_init",
    "otp_init_v2",
    "otp_login",
    "otp_login_v2",
    "otp_verify",
    "otp_verify_v2",
    "signup",
    "signup_v2",
    "wallet_kit_client_params",
    "wallet_kit_config",
];
/// Those that read a body.
const WITH_BODY: usize = 11;

const NEW_EMAIL: &str = "eve+new@wonderland.example";
const PHONE: &str = "+15557654321";

/// A browser that knows nothing but the id of the configuration.
pub(crate) struct Proxy<'a> {
    pub(crate) world: &'a World,
    /// Everything that it was answered.
    seen: Mutex<Vec<u8>>,
}

impl<'a> Proxy<'a> {
    pub(crate) fn new(world: &'a World) -> Self {
        Self { world, seen: Mutex::default() }
    }

    async fn post(&self, path: &str, headers: &[Header], body: &[u8]) -> Answer {
        let answer = self.world.server.post(&format!("/v1/{path}"), headers, body).await;
        let mut seen = self.seen.lock().unwrap();
        seen.extend_from_slice(&answer.bytes);
        for value in answer.headers.values() {
            seen.extend_from_slice(value.as_bytes());
        }
        answer
    }

    fn configured(&self) -> Header {
        header("x-auth-proxy-config-id", self.world.parent.organization.as_str())
    }

    pub(crate) async fn ask(&self, path: &str, body: Value) -> Answer {
        self.post(path, &[self.configured()], body.to_string().as_bytes()).await
    }

    /// Has a code sent, and reads it out of the inbox.
    pub(crate) async fn send_code(&self, path: &str, contact: &str) -> Sent {
        let server = &self.world.server;
        let before = messages(server, contact).await.len();
        let body = json!({ "otpType": otp_type(contact), "contact": contact });
        let answer = self.ask(path, body).await.ok();
        read_code(server, contact, before, &answer).await
    }

    /// A verification token of the first generation.
    async fn token_v1(&self, contact: &str, key: Option<&P256PrivateKey>) -> String {
        let sent = self.send_code("otp_init", contact).await;
        let body = json!({ "otpId": sent.id, "otpCode": sent.code, "publicKey": key.map(public) });
        text(&self.ask("otp_verify", body).await.ok()["verificationToken"])
    }

    /// A verification token of the second generation.
    async fn token_v2(&self, contact: &str, key: &P256PrivateKey) -> String {
        let sent = self.send_code("otp_init_v2", contact).await;
        let bundle = seal_code(&self.world.server, &sent, &sent.code, &public(key)).await;
        let body = json!({ "otpId": sent.id, "encryptedOtpBundle": bundle });
        text(&self.ask("otp_verify_v2", body).await.ok()["verificationToken"])
    }

    async fn account(&self, kind: &str, value: &str) -> Value {
        self.ask("account", json!({ "filterType": kind, "filterValue": value })).await.ok()
    }
}

/// A world whose auth proxy works differently.
async fn configured(change: impl FnOnce(&mut AuthProxyConfig)) -> World {
    World::changed(&Config::default(), |beginning| {
        change(&mut beginning.organizations[0].auth_proxy.as_mut().unwrap().config);
    })
    .await
}

/// A sign-up with one key, by a name and a contact, and what is signed of it.
fn sign_up_of(key: &P256PrivateKey, contact: &str) -> (Value, Value) {
    let api_key = json!({
        "apiKeyName": "session",
        "publicKey": public(key),
        "curveType": "API_KEY_CURVE_P256",
        "expirationSeconds": "60",
    });
    let member = if contact.contains('@') { "email" } else { "phoneNumber" };
    let mut signed = json!({ "apiKeys": [api_key], "authenticators": [], "oauthProviders": [] });
    let mut body = signed.clone();
    signed[member] = json!(contact);
    body[if contact.contains('@') { "userEmail" } else { "userPhoneNumber" }] = json!(contact);
    body["userName"] = json!("Eve");
    (body, signed)
}

#[tokio::test]
async fn every_path_wants_a_configuration_that_exists_and_is_on() {
    let world = World::new().await;
    let proxy = Proxy::new(&world);
    let body = b"{}";
    for path in PATHS {
        let answer = proxy.post(path, &[], body).await;
        assert_eq!(
            answer.refused(400, 3, "REQUEST_INVALID"),
            "missing header: X-Auth-Proxy-Config-ID"
        );
        let unknown = "01994c6e-0000-7000-8000-000000000000";
        for id in ["", "x", unknown, &world.alice.organization] {
            let answer = proxy.post(path, &[header("x-auth-proxy-config-id", id)], body).await;
            answer.refused(404, 5, "UNSPECIFIED");
        }
    }
    let off = json!({ "name": "FEATURE_NAME_AUTH_PROXY" });
    world.parent.done("remove_organization_feature", off).await;
    for path in PATHS {
        proxy.ask(path, json!({})).await.refused(404, 5, "UNSPECIFIED");
    }
    let answer = proxy.ask("other", json!({})).await;
    assert_eq!((answer.status.as_u16(), answer.json()["code"].as_u64()), (404, Some(5)));
}

#[tokio::test]
async fn a_body_that_means_nothing_is_refused() {
    let world = World::new().await;
    let proxy = Proxy::new(&world);
    let id = proxy.configured();
    for path in &PATHS[..WITH_BODY] {
        for body in [&b""[..], b"{", b"[]", b"\xff", br#"{"contact":1,"filterType":[]}"#] {
            let answer = proxy.post(path, std::slice::from_ref(&id), body).await;
            answer.refused(400, 3, "REQUEST_INVALID");
        }
    }
}

#[tokio::test]
async fn the_wallet_kit_is_configured_without_a_body() {
    let world = configured(|config| {
        config.wallet_kit_settings.enabled_social_providers = vec!["google".to_owned()];
        config.wallet_kit_settings.oauth_redirect_url = Some("https://app.example".to_owned());
        config.otp_length = 6;
    })
    .await;
    let proxy = Proxy::new(&world);
    let id = proxy.configured();
    for body in [&b""[..], b"{}"] {
        let answer = proxy.post("wallet_kit_config", std::slice::from_ref(&id), body).await.ok();
        let expected = json!({
            "enabledProviders": ["email", "sms", "passkey", "wallet", "google"],
            "sessionExpirationSeconds": "900",
            "organizationId": world.parent.organization,
            "oauthClientIds": {},
            "oauthRedirectUrl": "https://app.example",
            "otpAlphanumeric": true,
            "otpLength": "6",
        });
        assert_eq!(answer, expected);
        let path = "wallet_kit_client_params";
        let answer = proxy.post(path, std::slice::from_ref(&id), body).await.ok();
        assert_eq!(answer, json!({}));
    }
}

#[tokio::test]
async fn browsers_on_other_pages_are_refused() {
    let world = configured(|config| {
        config.allowed_origins = vec!["https://app.example".to_owned()];
    })
    .await;
    let proxy = Proxy::new(&world);
    for path in PATHS {
        for origin in ["https://evil.example", "https://app.example.evil.example", "null"] {
            let headers = [proxy.configured(), header("origin", origin)];
            let answer = proxy.post(path, &headers, b"{}").await;
            let text = answer.refused(403, 7, "REQUEST_NOT_AUTHORIZED");
            assert_eq!(text, "ORIGIN disallowed");
        }
    }
    let headers = [proxy.configured(), header("origin", "https://app.example")];
    let answer = proxy.post("wallet_kit_config", &headers, b"{}").await;
    answer.ok();
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    proxy.ask("wallet_kit_config", json!({})).await.ok();
}

#[tokio::test]
async fn methods_that_are_off_are_refused_by_name() {
    let issuer = Issuer::start(&[]).await;
    let world = World::changed(&issuer.config(), |beginning| {
        let proxy = beginning.organizations[0].auth_proxy.as_mut().unwrap();
        proxy.config.allowed_auth_methods.clear();
    })
    .await;
    let proxy = Proxy::new(&world);
    let key = new_key();
    let by_email = legacy_token(&world.parent, EMAIL, None).await;
    let by_sms = legacy_token(&world.parent, PHONE, None).await;
    let log_in = |token: &str| json!({ "verificationToken": token, "publicKey": public(&key) });
    let (mut with_passkey, _) = sign_up_of(&key, NEW_EMAIL);
    with_passkey["authenticators"] = json!([Credential::passkey().as_authenticator("phone")]);
    let (mut with_provider, _) = sign_up_of(&key, NEW_EMAIL);
    let provider = json!({ "providerName": "one", "oidcToken": "a.b.c" });
    with_provider["oauthProviders"] = json!([provider]);
    let (mut with_wallet, _) = sign_up_of(&key, NEW_EMAIL);
    let wallet = Credential::Ethereum(Secp256k1PrivateKey::generate(&mut os_rng()));
    with_wallet["apiKeys"] = json!([wallet.as_api_key("wallet")]);
    let (mut with_token, _) = sign_up_of(&key, EMAIL);
    with_token["verificationToken"] = json!(by_email);
    let exchange = json!({
        "provider": "OAUTH2_PROVIDER_X",
        "authCode": "code",
        "redirectUri": "https://app.example",
        "codeVerifier": "verifier",
        "nonce": "nonce",
        "clientId": "client",
    });
    let init = |contact: &str| json!({ "otpType": otp_type(contact), "contact": contact });
    let oauth = json!({ "oidcToken": "a.b.c", "publicKey": public(&key) });
    for (paths, body, expected) in [
        (&["otp_init", "otp_init_v2"][..], init(NEW_EMAIL), "EMAIL_OTP disallowed"),
        (&["otp_init", "otp_init_v2"], init(PHONE), "SMS_OTP disallowed"),
        (&["otp_login", "otp_login_v2"], log_in(&by_email), "EMAIL_OTP disallowed"),
        (&["otp_login", "otp_login_v2"], log_in(&by_sms), "SMS_OTP disallowed"),
        (&["oauth_login"], oauth, "OAUTH disallowed"),
        (&["oauth2_authenticate"], exchange, "OAUTH disallowed"),
        (&["signup", "signup_v2"], with_passkey, "PASSKEY disallowed"),
        (&["signup", "signup_v2"], with_provider, "OAUTH disallowed"),
        (&["signup", "signup_v2"], with_wallet, "WALLET disallowed"),
        (&["signup", "signup_v2"], with_token, "EMAIL_OTP disallowed"),
    ] {
        for path in paths {
            let answer = proxy.ask(path, body.clone()).await;
            assert_eq!(answer.refused(403, 7, "REQUEST_NOT_AUTHORIZED"), expected, "{path}");
        }
    }
    assert!(messages(&world.server, NEW_EMAIL).await.is_empty());
    assert_eq!(issuer.asked(), 0);
    let kit = proxy.ask("wallet_kit_config", json!({})).await.ok();
    assert_eq!(kit["enabledProviders"], json!([]));
}

#[tokio::test]
async fn a_feature_that_the_organization_has_switched_off_is_refused() {
    let world = World::new().await;
    let proxy = Proxy::new(&world);
    let off = json!({ "name": "FEATURE_NAME_OTP_EMAIL_AUTH" });
    world.parent.done("remove_organization_feature", off).await;
    let body = json!({ "otpType": "OTP_TYPE_EMAIL", "contact": NEW_EMAIL });
    for path in ["otp_init", "otp_init_v2"] {
        proxy.ask(path, body.clone()).await.refused(403, 7, "REQUEST_NOT_AUTHORIZED");
    }
    proxy.send_code("otp_init", PHONE).await;
}

#[tokio::test]
async fn a_new_user_signs_up_and_logs_in_with_plain_codes() {
    let world = World::new().await;
    let proxy = Proxy::new(&world);
    for contact in [NEW_EMAIL, PHONE] {
        let (key, session_key) = (new_key(), new_key());
        let token = proxy.token_v1(contact, Some(&key)).await;
        let kind = if contact.contains('@') { "EMAIL" } else { "PHONE_NUMBER" };
        assert_eq!(proxy.account(kind, contact).await, json!({}));
        let (mut body, signed) = sign_up_of(&key, contact);
        body["verificationToken"] = json!(token);
        for usage in ["signupV2", "signup"] {
            body["clientSignature"] = sign_sign_up(&key, &token, usage, &signed);
            let answer = proxy.ask("signup", body.clone()).await;
            if usage == "signupV2" {
                answer.refused(400, 3, "REQUEST_INVALID");
                continue;
            }
            let made = answer.ok();
            assert_eq!(made["appProofs"], json!([]));
            let organization = text(&made["organizationId"]);
            let found = proxy.account(kind, contact).await;
            assert_eq!(found, json!({ "organizationId": organization }));
            let mut login = json!({
                "verificationToken": token,
                "publicKey": public(&session_key),
            });
            proxy.ask("otp_login", login.clone()).await.refused(400, 3, "REQUEST_INVALID");
            login["clientSignature"] = sign_login(&key, &token, &public(&session_key));
            let session = text(&proxy.ask("otp_login", login).await.ok()["session"]);
            assert_eq!(claims(&session)["organization_id"], organization);
            assert_eq!(claims(&session)["user_id"], made["userId"]);
            let client = world.parent.about(&organization);
            let client = client.with(Credential::ApiKey(again(&session_key)));
            assert_eq!(client.read("whoami", json!({})).await["username"], "Eve");
        }
        // Nobody signs up with it again.
        proxy.ask("signup", body).await.refused(400, 3, "REQUEST_INVALID");
    }
}

#[tokio::test]
async fn a_new_user_signs_up_and_logs_in_with_encrypted_codes() {
    let world = World::new().await;
    let proxy = Proxy::new(&world);
    let (key, session_key) = (new_key(), new_key());
    let token = proxy.token_v2(NEW_EMAIL, &key).await;
    let (mut body, signed) = sign_up_of(&key, NEW_EMAIL);
    body["verificationToken"] = json!(token);
    body["wallet"] = json!({
        "walletName": "Main",
        "accounts": [crate::world::ethereum(crate::world::ETHEREUM_PATH)],
    });
    let mut other = body.clone();
    other["userEmail"] = json!("other@wonderland.example");
    other["clientSignature"] = sign_sign_up(&key, &token, "signupV2", &signed);
    proxy.ask("signup_v2", other).await.refused(400, 3, "REQUEST_INVALID");
    body["clientSignature"] = sign_sign_up(&key, &token, "signupV2", &signed);
    let made = proxy.ask("signup_v2", body).await.ok();
    let organization = text(&made["organizationId"]);
    assert!(made["wallet"]["addresses"][0].as_str().unwrap().starts_with("0x"), "{made}");
    // As the newest kits do it: by the same token, naming the sub-organization.
    let stamper = world.parent.about(&organization).with(attested(&key, &token));
    stamper.done("stamp_login", json!({ "publicKey": public(&session_key) })).await;
    // As those before them.
    let session_key = new_key();
    let mut login = json!({ "verificationToken": token, "publicKey": public(&session_key) });
    proxy.ask("otp_login_v2", login.clone()).await.refused(400, 3, "REQUEST_INVALID");
    login["clientSignature"] = sign_login(&key, &token, &public(&session_key));
    let session = text(&proxy.ask("otp_login_v2", login).await.ok()["session"]);
    assert_eq!(claims(&session)["organization_id"], organization);
}

#[tokio::test]
async fn a_token_of_the_older_form_does_not_sign_up_by_the_newer_path() {
    let world = World::new().await;
    let proxy = Proxy::new(&world);
    let key = new_key();
    let token = proxy.token_v1(NEW_EMAIL, Some(&key)).await;
    let (mut body, signed) = sign_up_of(&key, NEW_EMAIL);
    body["verificationToken"] = json!(token);
    body["clientSignature"] = sign_sign_up(&key, &token, "signupV2", &signed);
    proxy.ask("signup_v2", body).await.refused(400, 3, "REQUEST_INVALID");
}

#[tokio::test]
async fn only_what_was_verified_finds_an_account_by_its_contact() {
    let world = World::new().await;
    let proxy = Proxy::new(&world);
    let passkey = Credential::passkey();
    let Credential::Passkey(authenticator) = &passkey else { panic!() };
    let id = authenticator.register("Y2hhbGxlbmdl").credential_id;
    let user = json!({
        "userEmail": NEW_EMAIL,
        "userPhoneNumber": PHONE,
        "authenticators": [passkey.as_authenticator("phone")],
    });
    let eve = sub_organization(&world, user).await;
    let found = json!({ "organizationId": eve.organization });
    for (kind, value, expected) in [
        ("NAME", "Eve's", &found),
        ("USERNAME", "Eve", &found),
        ("PUBLIC_KEY", &eve.public_key().to_uppercase(), &found),
        ("CREDENTIAL_ID", &id, &found),
        ("NAME", "Nobody's", &json!({})),
        ("USERNAME", "Nobody", &json!({})),
        // The parent's own are none of its business.
        ("PUBLIC_KEY", &world.parent.public_key(), &json!({})),
        ("USERNAME", "Parent", &json!({})),
        ("EMAIL", NEW_EMAIL, &json!({})),
        ("PHONE_NUMBER", PHONE, &json!({})),
        ("EMAIL", "nobody@wonderland.example", &json!({})),
    ] {
        assert_eq!(proxy.account(kind, value).await, *expected, "{kind} {value}");
    }
    for (contact, kind) in [(NEW_EMAIL, "EMAIL"), (PHONE, "PHONE_NUMBER")] {
        let token = legacy_token(&world.parent, contact, None).await;
        let log_in = json!({ "verificationToken": token, "publicKey": public(&new_key()) });
        world.parent.about(&eve.organization).done("otp_login", log_in).await;
        assert_eq!(proxy.account(kind, contact).await, found);
        assert_eq!(proxy.account(kind, &contact.to_uppercase()).await, found);
    }
    let body = json!({ "filterType": "OTHER", "filterValue": "x" });
    proxy.ask("account", body).await.refused(400, 3, "REQUEST_INVALID");
}

#[tokio::test]
async fn where_it_is_asked_for_a_contact_is_looked_up_only_with_its_token() {
    let world =
        configured(|config| config.verification_token_required_for_get_account_pii = true).await;
    let proxy = Proxy::new(&world);
    let parent = world.parent.about(&world.alice.organization);
    let token = legacy_token(&world.parent, EMAIL, None).await;
    let log_in = json!({ "verificationToken": token, "publicKey": public(&new_key()) });
    parent.done("otp_login", log_in).await;
    let ask = |token: Value| {
        let body =
            json!({ "filterType": "EMAIL", "filterValue": EMAIL, "verificationToken": token });
        proxy.ask("account", body)
    };
    let key = new_key();
    let good = proxy.token_v2(EMAIL, &key).await;
    let other = proxy.token_v2(NEW_EMAIL, &key).await;
    for token in [json!(null), json!(""), json!("a.b.c"), json!(other)] {
        ask(token).await.refused(400, 3, "REQUEST_INVALID");
    }
    let found = ask(json!(good)).await.ok();
    assert_eq!(found, json!({ "organizationId": world.alice.organization }));
    // It does not matter for what is no contact.
    let found = proxy.account("USERNAME", "Bob").await;
    assert_eq!(found, json!({ "organizationId": world.bob.organization }));
}

#[tokio::test]
async fn one_contact_in_two_places_has_to_say_which() {
    let world = World::new().await;
    let proxy = Proxy::new(&world);
    let first = sub_organization(&world, json!({ "userEmail": NEW_EMAIL })).await;
    sub_organization(&world, json!({ "userEmail": NEW_EMAIL })).await;
    let key = new_key();
    let token = proxy.token_v2(NEW_EMAIL, &key).await;
    let mut body = json!({
        "verificationToken": token,
        "publicKey": public(&key),
        "clientSignature": sign_login(&key, &token, &public(&key)),
    });
    proxy.ask("otp_login_v2", body.clone()).await.refused(400, 3, "REQUEST_INVALID");
    body["organizationId"] = json!(first.organization);
    let session = text(&proxy.ask("otp_login_v2", body).await.ok()["session"]);
    assert_eq!(claims(&session)["organization_id"], first.organization);
}

#[tokio::test]
async fn who_signs_up_with_somebody_elses_contact_does_not_stand_in_the_way() {
    let world = World::new().await;
    let proxy = Proxy::new(&world);
    for contact in [NEW_EMAIL, PHONE] {
        let key = new_key();
        let token = proxy.token_v2(contact, &key).await;
        let (mut body, signed) = sign_up_of(&new_key(), contact);
        body["verificationToken"] = json!(token);
        body["clientSignature"] = sign_sign_up(&key, &token, "signupV2", &signed);
        let made = proxy.ask("signup_v2", body).await.ok();
        let (body, _) = sign_up_of(&new_key(), contact);
        proxy.ask("signup_v2", body).await.ok();
        let stamper = world.parent.with(attested(&key, &token));
        let activity = stamper.submit("stamp_login", json!({ "publicKey": public(&key) })).await;
        assert_eq!(activity.activity()["organizationId"], made["organizationId"]);
        let body = json!({
            "verificationToken": token,
            "publicKey": public(&key),
            "clientSignature": sign_login(&key, &token, &public(&key)),
        });
        let session = text(&proxy.ask("otp_login_v2", body).await.ok()["session"]);
        assert_eq!(claims(&session)["organization_id"], made["organizationId"]);
    }
}

#[tokio::test]
async fn an_organization_of_another_parent_is_refused() {
    let mut other = None;
    let world = World::changed(&Config::default(), |beginning: &mut Beginning| {
        let now = Timestamp::from_millis(1_767_225_600_000);
        let mut parent = beginning.organizations[0].clone();
        parent.id = OrganizationId::generate(now, &mut os_rng());
        parent.users.clear();
        parent.root_quorum.users.clear();
        parent.auth_proxy = None;
        let bob = &mut beginning.organizations[2];
        bob.parent = Some(parent.id);
        bob.users[0].email = Some(EMAIL.to_owned());
        other = Some(parent.id.to_string());
        beginning.organizations.push(parent);
    })
    .await;
    let proxy = Proxy::new(&world);
    let key = new_key();
    let token = proxy.token_v2(EMAIL, &key).await;
    let bob = world.bob.organization.clone();
    for named in [bob, other.unwrap(), world.parent.organization.clone()] {
        let body = json!({
            "verificationToken": token,
            "publicKey": public(&key),
            "clientSignature": sign_login(&key, &token, &public(&key)),
            "organizationId": named,
        });
        for path in ["otp_login", "otp_login_v2"] {
            proxy.ask(path, body.clone()).await.refused(404, 5, "ORGANIZATION_NOT_FOUND");
        }
    }
    assert_eq!(proxy.account("USERNAME", "Bob").await, json!({}));
    let body = json!({
        "verificationToken": token,
        "publicKey": public(&key),
        "clientSignature": sign_login(&key, &token, &public(&key)),
        "organizationId": "x",
    });
    proxy.ask("otp_login_v2", body).await.refused(400, 3, "INVALID_ORGANIZATION_ID");
}

#[tokio::test]
async fn an_account_at_an_issuer_signs_up_is_found_and_logs_in() {
    let signer = new_key();
    let issuer = Issuer::start(&[("one", &signer)]).await;
    let world = World::with(&issuer.config()).await;
    let proxy = Proxy::new(&world);
    let key = new_key();
    let token = issuer.token(&world.server, ("one", &signer), "subject-1", &key);
    let log_in = json!({ "oidcToken": token, "publicKey": public(&key) });
    let account = json!({ "filterType": "OIDC_TOKEN", "filterValue": token, "oidcToken": token });
    assert_eq!(proxy.ask("account", account.clone()).await.ok(), json!({}));
    proxy.ask("oauth_login", log_in.clone()).await.refused(404, 5, "UNSPECIFIED");
    let provider = json!({ "providerName": "Wonderland", "oidcToken": token });
    let sign_up = json!({
        "userName": "Eve",
        "apiKeys": [],
        "authenticators": [],
        "oauthProviders": [provider],
    });
    let made = proxy.ask("signup_v2", sign_up).await.ok();
    let found = proxy.ask("account", account).await.ok();
    assert_eq!(found["organizationId"], made["organizationId"]);
    let session = text(&proxy.ask("oauth_login", log_in.clone()).await.ok()["session"]);
    assert_eq!(claims(&session)["organization_id"], made["organizationId"]);
    let mut named = log_in.clone();
    named["organizationId"] = json!(world.bob.organization);
    proxy.ask("oauth_login", named).await.refused(401, 16, "CREDENTIAL_NOT_FOUND");
    let mut thief = log_in;
    thief["publicKey"] = json!(public(&new_key()));
    proxy.ask("oauth_login", thief).await.refused(400, 3, "INVALID_OIDC_TOKEN");
}

#[tokio::test]
async fn codes_are_exchanged_for_known_clients_only() {
    let world = World::new().await;
    let body = json!({
        "provider": "OAUTH2_PROVIDER_X",
        "authCode": "code",
        "redirectUri": "https://app.example",
        "codeVerifier": "verifier",
        "nonce": "nonce",
        "clientId": "client",
    });
    let answer = Proxy::new(&world).ask("oauth2_authenticate", body).await;
    assert_eq!(answer.refused(404, 5, "UNSPECIFIED"), "could not find oauth2 credential");
}

/// What the organization records of requests to the proxy, newest first: type and user.
async fn recorded(client: &Client) -> Vec<(String, String)> {
    let listed = client.read("list_activities", json!({})).await;
    let activities = listed["activities"].as_array().unwrap().iter();
    activities.map(|it| (text(&it["type"]), text(&it["votes"][0]["user"]["userName"]))).collect()
}

#[tokio::test]
async fn what_it_does_is_recorded_as_its_own_and_its_key_is_in_no_answer() {
    let mut secrets = Vec::new();
    let world = World::changed(&Config::default(), |beginning| {
        let proxy = beginning.organizations[0].auth_proxy.as_ref().unwrap().user;
        let secret = beginning.changes.secrets.iter().find(|(_, id, _)| *id == proxy.0);
        secrets.push(secret.unwrap().2.expose().to_vec());
    })
    .await;
    let proxy = Proxy::new(&world);
    let key = new_key();
    let token = proxy.token_v2(NEW_EMAIL, &key).await;
    let (mut body, signed) = sign_up_of(&key, NEW_EMAIL);
    body["verificationToken"] = json!(token);
    body["clientSignature"] = sign_sign_up(&key, &token, "signupV2", &signed);
    let made = proxy.ask("signup_v2", body).await.ok();
    let login = json!({
        "verificationToken": token,
        "publicKey": public(&key),
        "clientSignature": sign_login(&key, &token, &public(&key)),
    });
    // The key is registered already, by the sign-up.
    proxy.ask("otp_login_v2", login).await.refusal();
    let other = new_key();
    let login = json!({
        "verificationToken": token,
        "publicKey": public(&other),
        "clientSignature": sign_login(&key, &token, &public(&other)),
    });
    proxy.ask("otp_login_v2", login).await.ok();
    proxy.account("EMAIL", NEW_EMAIL).await;
    proxy.ask("wallet_kit_config", json!({})).await.ok();
    proxy.ask("otp_verify", json!({ "otpId": "x", "otpCode": "y" })).await.refusal();

    let by = |kind: &str| (kind.to_owned(), "Auth Proxy".to_owned());
    let in_parent = recorded(&world.parent).await;
    assert_eq!(
        in_parent,
        [
            by("ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V8"),
            by("ACTIVITY_TYPE_VERIFY_OTP_V2"),
            by("ACTIVITY_TYPE_INIT_OTP_V3"),
        ]
    );
    let sub = world.parent.about(&text(&made["organizationId"]));
    let listed = sub.read("list_activities", json!({})).await;
    assert_eq!(listed["activities"][0]["type"], "ACTIVITY_TYPE_OTP_LOGIN_V2");

    let mut seen = proxy.seen.lock().unwrap().clone();
    for client in [&world.parent, &sub] {
        for value in client.sight().await {
            seen.extend_from_slice(value.to_string().as_bytes());
        }
    }
    seen.extend_from_slice(&world.server.get("/metrics").await.bytes);
    let secret = &secrets[0];
    assert_eq!(secret.len(), 32);
    let hex = hex::encode(secret);
    for needle in [secret.clone(), hex.to_uppercase().into(), hex.into()] {
        assert!(!seen.windows(needle.len()).any(|window| window == needle));
    }
}

#[tokio::test]
async fn a_token_of_a_sub_organization_is_not_taken_for_the_parents() {
    let world = World::new().await;
    let proxy = Proxy::new(&world);
    let key = new_key();
    // Bob verifies Alice's address for himself.
    let token = current_token(&world.bob, EMAIL, &key).await;
    let body = json!({
        "verificationToken": token,
        "publicKey": public(&key),
        "clientSignature": sign_login(&key, &token, &public(&key)),
        "organizationId": world.alice.organization,
    });
    for path in ["otp_login", "otp_login_v2"] {
        proxy.ask(path, body.clone()).await.refused(400, 3, "REQUEST_INVALID");
    }
    let stamper = world.parent.with(attested(&key, &token));
    for stamper in [stamper.clone(), stamper.about(&world.alice.organization)] {
        let parameters = json!({ "publicKey": public(&key) });
        stamper.submit("stamp_login", parameters).await.refused(401, 16, "CREDENTIAL_NOT_FOUND");
    }
}
