//! Ways in. Those that need a passkey, a wallet or a redirect are played on each platform by itself.

use serde_json::{Value, json};

use super::world::{Fault, Played, World, ensure, refused, text, told};
use crate::auth_proxy::{Account, SignUp};
use crate::log_in::{Contact, LogIn};
use crate::session::SessionKind;

fn with_wallet() -> Account {
    let wallet = json!({ "walletName": "Main", "accounts": [{
        "curve": "CURVE_SECP256K1",
        "pathFormat": "PATH_FORMAT_BIP32",
        "path": "m/44'/60'/0'/0/0",
        "addressFormat": "ADDRESS_FORMAT_ETHEREUM",
    }] });
    Account::OrNew(SignUp { wallet: Some(wallet), ..SignUp::default() })
}

fn or_new() -> Account {
    Account::OrNew(SignUp::default())
}

/// An address that no other story uses.
fn address() -> String {
    let random = crate::log_in::random(&mut keyward_crypto::os_rng());
    let name: String = hex::encode(random).chars().take(16).collect();
    format!("{name}@example.com")
}

pub(super) async fn a_code_opens_a_session_that_signs(world: World) -> Played {
    let address = address();
    let contact = Contact::Email(address.clone());
    let request = world.client.begin_otp(&contact, false).await.map_err(told)?;
    let code = world.code(&address).await?;
    let log_in = LogIn { expiration_seconds: Some(600), ..LogIn::default() };
    let completed =
        world.client.complete_otp(&request.otp_id, &code, &with_wallet(), &log_in).await;
    let session = completed.map_err(told)?;
    ensure!(session.kind == SessionKind::ReadWrite && session.method == "otp", "{session:?}");
    ensure!(session.lifetime_seconds == 600, "{session:?}");

    let asked = world.client.as_active();
    let accounts = asked.call("list_wallet_accounts", json!({})).await.map_err(told)?;
    let first = accounts.get("accounts").and_then(|accounts| accounts.get(0)).cloned();
    let signed = asked
        .call(
            "sign_raw_payload",
            json!({
                "signWith": text(&first.unwrap_or(Value::Null), "address")?,
                "payload": "hello",
                "encoding": "PAYLOAD_ENCODING_TEXT_UTF8",
                "hashFunction": "HASH_FUNCTION_KECCAK256",
            }),
        )
        .await
        .map_err(told)?;
    ensure!(text(&signed, "r")?.len() == 64, "{signed}");

    // The same address again is the same account.
    world.client.log_out(None).await.map_err(told)?;
    let request = world.again().await?.client.begin_otp(&contact, true).await.map_err(told)?;
    let mut newer = world.code(&address).await?;
    for _ in 0..1000 {
        if newer != code {
            break;
        }
        newer = world.code(&address).await?;
    }
    let account = Account::Existing;
    let again = world.client.complete_otp(&request.otp_id, &newer, &account, &log_in).await;
    let again = again.map_err(told)?;
    ensure!(again.organization_id == session.organization_id, "{again:?}");
    ensure!(again.user_id == session.user_id, "{again:?}");
    ensure!(again.public_key != session.public_key, "the key is the former one");
    Ok(())
}

pub(super) async fn a_plain_code_opens_a_session(world: World) -> Played {
    let address = address();
    let contact = Contact::Email(address.clone());
    let request = world.client.begin_otp(&contact, true).await.map_err(told)?;
    let code = world.code(&address).await?;
    let log_in = LogIn::default();
    let completed = world.client.complete_otp(&request.otp_id, &code, &or_new(), &log_in).await;
    completed.map_err(told)?;
    world.whoami().await.map_err(told)?;
    Ok(())
}

pub(super) async fn a_wrong_code_can_be_tried_again_and_a_spent_one_not(world: World) -> Played {
    let address = address();
    let contact = Contact::Email(address.clone());
    let request = world.client.begin_otp(&contact, false).await.map_err(told)?;
    let code = world.code(&address).await?;
    let (client, log_in) = (&world.client, LogIn::default());
    for wrong in ["AAAAAAAAA", "", "not a code at all"] {
        let tried = client.complete_otp(&request.otp_id, wrong, &or_new(), &log_in).await;
        refused(tried, "INVALID_OTP_CODE")?;
    }
    client.complete_otp(&request.otp_id, &code, &or_new(), &log_in).await.map_err(told)?;
    let spent = client.complete_otp(&request.otp_id, &code, &or_new(), &log_in).await;
    refused(spent, "UNKNOWN_ATTEMPT")?;
    Ok(())
}

pub(super) async fn an_attempt_survives_a_restart_and_a_lost_answer(world: World) -> Played {
    let address = address();
    let contact = Contact::Email(address.clone());
    let request = world.client.begin_otp(&contact, false).await.map_err(told)?;
    let code = world.code(&address).await?;
    let world = world.again().await?;
    // The code is spent when the log-in fails: it goes on with what the code was exchanged for.
    world.wire.break_next("/stamp_login", &Fault::Gone, 2);
    let log_in = LogIn::default();
    let completed = world.client.complete_otp(&request.otp_id, &code, &or_new(), &log_in).await;
    refused(completed, "OFFLINE")?;
    let world = world.again().await?;
    world.client.clean_up().await.map_err(told)?;
    let completed = world.client.complete_otp(&request.otp_id, &code, &or_new(), &log_in).await;
    completed.map_err(told)?;
    world.whoami().await.map_err(told)?;
    ensure!(world.keys().await? == 1, "keys are left over");
    Ok(())
}

pub(super) async fn somebody_without_account_is_told(world: World) -> Played {
    let address = address();
    let contact = Contact::Email(address.clone());
    let request = world.client.begin_otp(&contact, false).await.map_err(told)?;
    let code = world.code(&address).await?;
    let (client, log_in) = (&world.client, LogIn::default());
    let account = Account::Existing;
    let completed = client.complete_otp(&request.otp_id, &code, &account, &log_in).await;
    refused(completed, "NO_ACCOUNT")?;
    ensure!(client.sessions().await.map_err(told)?.is_empty(), "there is a session");
    // Now they want one.
    client.complete_otp(&request.otp_id, &code, &or_new(), &log_in).await.map_err(told)?;
    Ok(())
}

pub(super) async fn an_unknown_credential_is_told_and_leaves_nothing(world: World) -> Played {
    let key = keyward_crypto::P256PrivateKey::generate(&mut keyward_crypto::os_rng());
    let stranger: std::sync::Arc<crate::stamper::ApiKeyStamper> = std::sync::Arc::new(key.into());
    let log_in = LogIn::default();
    let opened = world.client.log_in(stranger.clone(), "api_key", &log_in).await;
    refused(opened, "UNKNOWN_CREDENTIAL")?;
    let opened = world.client.log_in_read_only(stranger.clone(), "api_key", &log_in).await;
    refused(opened, "UNKNOWN_CREDENTIAL")?;
    for name in ["", "a\nb", &"x".repeat(65)] {
        let opened = world.client.log_in(stranger.clone(), "api_key", &LogIn::named(name)).await;
        refused(opened, "INVALID_INPUT")?;
    }
    ensure!(world.keys().await? == 0, "a key is left over");
    ensure!(world.client.active().await.map_err(told)?.is_none(), "a session is active");
    refused(world.whoami().await, "NOT_LOGGED_IN")?;
    Ok(())
}

pub(super) async fn a_bundle_opens_a_session(world: World) -> Played {
    let user = world.user().await?;
    let client = &world.client;
    let target = client.begin_bundle().await.map_err(told)?;
    let asked = client.stamped_by(user.stamper()?).in_organization(&user.organization_id);
    let parameters = json!({ "targetPublicKey": target.public_key, "expirationSeconds": "600" });
    let made = asked.call("create_read_write_session", parameters).await.map_err(told)?;
    let bundle = text(&made, "credentialBundle")?;
    let log_in = LogIn {
        expiration_seconds: Some(600),
        organization_id: Some(user.organization_id.clone()),
        ..LogIn::default()
    };
    let damaged = format!("{bundle}1");
    let opened = client.complete_bundle(&target.public_key, &damaged, &log_in).await;
    refused(opened, "INVALID_INPUT")?;
    // The page was reloaded while the mail was on its way.
    let world = world.again().await?;
    let opened = world.client.complete_bundle(&target.public_key, &bundle, &log_in).await;
    let session = opened.map_err(told)?;
    ensure!(session.organization_id == user.organization_id, "{session:?}");
    world.make_wallet("From a bundle").await.map_err(told)?;
    let opened = world.client.complete_bundle(&target.public_key, &bundle, &log_in).await;
    refused(opened, "UNKNOWN_ATTEMPT")?;
    Ok(())
}

pub(super) async fn a_read_only_session_reads_and_sends_no_write(world: World) -> Played {
    let user = world.user().await?;
    let log_in = LogIn::default();
    let opened = world.client.log_in_read_only(user.stamper()?, "api_key", &log_in).await;
    let session = opened.map_err(told)?;
    ensure!(session.kind == SessionKind::ReadOnly && session.public_key.is_none(), "{session:?}");
    ensure!(session.organization_id == user.organization_id, "{session:?}");
    ensure!((3590..=3610).contains(&session.lifetime_seconds), "{session:?}");
    ensure!(world.keys().await? == 0, "a read-only session has a key");
    world.whoami().await.map_err(told)?;
    let wallets = world.client.as_active().call("list_wallets", json!({})).await.map_err(told)?;
    ensure!(
        wallets.get("wallets").and_then(Value::as_array).is_some_and(|w| w.len() == 1),
        "{wallets}"
    );

    let sent = world.wire.total();
    refused(world.make_wallet("Not this one").await, "READ_ONLY")?;
    refused(world.client.refresh(None).await, "READ_ONLY")?;
    refused(world.client.log_out_everywhere(None).await, "READ_ONLY")?;
    ensure!(world.wire.total() == sent, "a write went out");

    let world = world.again().await?;
    world.whoami().await.map_err(told)?;
    let out = world.client.log_out(None).await.map_err(told)?;
    ensure!(!out.ended_on_server, "a read-only session ended itself");
    refused(world.whoami().await, "NOT_LOGGED_IN")?;
    Ok(())
}

pub(super) async fn a_read_only_session_can_be_opened_by_a_session(world: World) -> Played {
    let (user, session) = world.logged_in().await?;
    let stamper = world.client.stamper_of(None).await.map_err(told)?;
    let log_in = LogIn { becomes_active: false, ..LogIn::named("reader") };
    let opened = world.client.log_in_read_only(stamper, "session", &log_in).await;
    let reader = opened.map_err(told)?;
    ensure!(reader.user_id == session.user_id, "{reader:?}");
    let active = world.client.active().await.map_err(told)?;
    ensure!(active.as_deref() == Some("default"), "{active:?} is active");
    world.client.named("reader").call("list_wallets", json!({})).await.map_err(told)?;
    ensure!(world.on_server(&user).await?.len() == 2, "not two sessions on the server");
    Ok(())
}

pub(super) async fn a_parent_reads_its_sub_organizations(world: World) -> Played {
    let user = world.user().await?;
    let parent = world.client.stamped_by(world.parent()?);
    let asked = parent.clone().in_organization(&user.organization_id);
    let wallets = asked.call("list_wallets", json!({})).await.map_err(told)?;
    ensure!(
        wallets.get("wallets").and_then(Value::as_array).is_some_and(|w| w.len() == 1),
        "{wallets}"
    );
    // Its own id in the parameters goes before.
    let named = json!({ "organizationId": user.organization_id });
    ensure!(parent.call("list_wallets", named).await.map_err(told)? == wallets, "another answer");
    refused(parent.call("no_such_route", json!({})).await, "INVALID_INPUT")?;
    refused(parent.call("whoami", json!([])).await, "INVALID_INPUT")?;
    Ok(())
}
