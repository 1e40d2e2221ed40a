//! What goes wrong: each time a typed error, and a state that the next log-in repairs.

use serde_json::json;

use super::world::{Fault, Played, World, ensure, locked, refused, told};
use crate::error::ClientError;
use crate::events::EventKind as Kind;
use crate::log_in::LogIn;
use crate::ports::StoreError;

pub(super) async fn a_lost_key_is_told_and_the_next_log_in_repairs(world: World) -> Played {
    let (user, session) = world.logged_in().await?;
    let keys = &world.client.inner.ports.keys;
    let key = session.public_key.unwrap_or_default();
    keys.delete(&key).await.map_err(|error| error.to_string())?;
    refused(world.make_wallet("No key").await, "KEY_LOST")?;
    let heard = world.heard();
    ensure!(heard == [Kind::KeyLost], "{heard:?}");
    refused(world.whoami().await, "NOT_LOGGED_IN")?;
    let session = world.log_in(&user, "default", 900).await?;
    world.whoami().await.map_err(told)?;
    // Found out while it is refreshed.
    let key = session.public_key.unwrap_or_default();
    keys.delete(&key).await.map_err(|error| error.to_string())?;
    refused(world.client.refresh(None).await, "KEY_LOST")?;
    world.log_in(&user, "default", 900).await?;
    world.make_wallet("With a key").await.map_err(told)?;
    Ok(())
}

/// Everything a session does, on a device whose clock is wrong by this much.
async fn off_by(world: World, seconds: i64) -> Played {
    let user = world.user().await?;
    let world = world.again().await?;
    world.clock.move_by(seconds);
    // The first request with a time in it comes before anything is known of the server's.
    let session = world.log_in(&user, "default", 900).await?;
    ensure!((895..=905).contains(&session.lifetime_seconds), "{session:?}");
    world.make_wallet("In time").await.map_err(told)?;
    world.pass(700).await?;
    // Found after a restart, with nothing known again.
    let world = world.again().await?;
    world.clock.move_by(700 + seconds);
    world.make_wallet("Still in time").await.map_err(told)?;
    let same = world.client.session(None).await.map_err(told)?;
    ensure!(same.public_key == session.public_key, "refreshed too early: {same:?}");
    world.pass(150).await?;
    world.whoami().await.map_err(told)?;
    let refreshed = world.client.session(None).await.map_err(told)?;
    ensure!(refreshed.public_key != session.public_key, "not refreshed in time");
    // Somebody sets the clock right.
    world.clock.move_by(-seconds);
    world.client.look_after().await;
    world.make_wallet("Still logged in").await.map_err(told)?;
    let heard = world.heard();
    ensure!(!heard.contains(&Kind::Expired), "{heard:?}");
    Ok(())
}

pub(super) async fn a_clock_ten_minutes_ahead_does_no_harm(world: World) -> Played {
    off_by(world, 600).await
}

pub(super) async fn a_clock_ten_minutes_behind_does_no_harm(world: World) -> Played {
    off_by(world, -600).await
}

pub(super) async fn a_server_that_is_gone_is_offline_and_loses_nothing(world: World) -> Played {
    let (user, session) = world.logged_in().await?;
    world.wire.cut(true);
    refused(world.whoami().await, "OFFLINE")?;
    refused(world.make_wallet("Offline").await, "OFFLINE")?;
    refused(world.client.refresh(None).await, "OFFLINE")?;
    let opened = world.client.log_in(user.stamper()?, "api_key", &LogIn::named("other")).await;
    refused(opened, "OFFLINE")?;
    // Its time is over by the device's clock, which may be wrong.
    world.clock.move_by(1000);
    refused(world.whoami().await, "OFFLINE")?;
    world.client.look_after().await;
    let same = world.client.session(None).await.map_err(told)?;
    ensure!(same == session, "{same:?}");
    ensure!(world.heard().is_empty(), "something happened");
    world.wire.cut(false);
    world.clock.move_by(-1000);
    world.make_wallet("Online").await.map_err(told)?;
    Ok(())
}

pub(super) async fn a_server_that_is_slow_is_offline(world: World) -> Played {
    world.logged_in().await?;
    world.wire.break_next("/create_wallet", &Fault::Slow, 1);
    refused(world.make_wallet("Too slow").await, "OFFLINE")?;
    world.make_wallet("In time").await.map_err(told)?;
    Ok(())
}

pub(super) async fn a_lost_answer_runs_nothing_twice(world: World) -> Played {
    world.logged_in().await?;
    world.wire.break_next("/create_wallet", &Fault::AnswerLost, 1);
    let made = world.make_wallet("Once").await.map_err(told)?;
    let wallets = world.client.as_active().call("list_wallets", json!({})).await.map_err(told)?;
    let text = wallets.to_string();
    ensure!(text.matches("Once").count() == 1, "{made} {text}");
    Ok(())
}

pub(super) async fn nonsense_is_unintelligible_and_loses_nothing(world: World) -> Played {
    let (user, session) = world.logged_in().await?;
    let page = "<html><body>Sign in to the hotel's network</body></html>";
    for (status, code) in [
        (200, "UNINTELLIGIBLE"),
        (302, "UNINTELLIGIBLE"),
        (401, "UNINTELLIGIBLE"),
        (404, "UNINTELLIGIBLE"),
        (403, "DENIED"),
        (502, "SERVER_FAILED"),
    ] {
        world.wire.break_next("/whoami", &Fault::Answer(status, page), 1);
        refused(world.whoami().await, code)?;
        world.wire.break_next("/create_wallet", &Fault::Answer(status, page), 1);
        refused(world.make_wallet("Nonsense").await, code)?;
        world.wire.break_next("/stamp_login", &Fault::Answer(status, page), 1);
        refused(world.client.refresh(None).await, code)?;
    }
    for body in ["{}", "[]", "null", r#"{"activity":{}}"#, "", "{\"activity\":{\"id\":1}}"] {
        world.wire.break_next("/stamp_login", &Fault::Answer(200, body), 1);
        let opened = world.client.log_in(user.stamper()?, "api_key", &LogIn::named("other")).await;
        refused(opened, "UNINTELLIGIBLE")?;
    }
    // A token for another key is not ours.
    let foreign = concat!(
        r#"{"activity":{"id":"a","organizationId":"o","status":"ACTIVITY_STATUS_COMPLETED","#,
        r#""result":{"stampLoginResult":{"session":"e30.eyJleHAiOjEsInB1YmxpY19rZXkiOiIwMiIsInNlc3Npb25fdHlwZSI6IiIsInVzZXJfaWQiOiIiLCJvcmdhbml6YXRpb25faWQiOiIifQ.AA"}}}}"#
    );
    world.wire.break_next("/stamp_login", &Fault::Answer(200, foreign), 1);
    refused(world.client.refresh(None).await, "UNINTELLIGIBLE")?;
    let same = world.client.session(None).await.map_err(told)?;
    ensure!(same == session, "{same:?}");
    world.make_wallet("Sense").await.map_err(told)?;
    Ok(())
}

pub(super) async fn too_many_requests_say_how_long(world: World) -> Played {
    world.logged_in().await?;
    let body = r#"{"code":8,"message":"Too many requests","details":[],"turnkeyErrorCode":"RATE_LIMIT_EXCEEDED"}"#;
    let fault = Fault::AnswerWith(429, ("Retry-After", "7"), body);
    world.wire.break_next("/whoami", &fault, 1);
    let error = refused(world.whoami().await, "RATE_LIMITED")?;
    let seconds = match error {
        ClientError::RateLimited { retry_after_seconds } => retry_after_seconds,
        _ => None,
    };
    ensure!(seconds == Some(7), "{seconds:?}");
    world.whoami().await.map_err(told)?;
    Ok(())
}

pub(super) async fn a_full_store_keeps_what_was_there(world: World) -> Played {
    let (user, session) = world.logged_in().await?;
    *locked(&world.shelf.writes) = Some(StoreError::Full);
    let opened = world.client.log_in(user.stamper()?, "api_key", &LogIn::default()).await;
    refused(opened, "STORAGE_FULL")?;
    refused(world.client.refresh(None).await, "STORAGE_FULL")?;
    let same = world.client.session(None).await.map_err(told)?;
    ensure!(same == session, "{same:?}");
    world.make_wallet("Not stored").await.map_err(told)?;
    *locked(&world.shelf.writes) = None;
    world.client.refresh(None).await.map_err(told)?;
    world.clock.move_by(700);
    world.client.clean_up().await.map_err(told)?;
    ensure!(world.keys().await? == 1, "keys are left over");
    world.make_wallet("Stored").await.map_err(told)?;
    Ok(())
}

pub(super) async fn a_denied_store_is_told(world: World) -> Played {
    let (user, _) = world.logged_in().await?;
    let denied = Some(StoreError::Denied("private browsing".to_owned()));
    (*locked(&world.shelf.reads)).clone_from(&denied);
    *locked(&world.shelf.writes) = denied;
    refused(world.whoami().await, "STORAGE_DENIED")?;
    refused(world.client.sessions().await, "STORAGE_DENIED")?;
    let opened = world.client.log_in(user.stamper()?, "api_key", &LogIn::default()).await;
    refused(opened, "STORAGE_DENIED")?;
    world.client.look_after().await;
    *locked(&world.shelf.reads) = None;
    *locked(&world.shelf.writes) = None;
    world.log_in(&user, "default", 900).await?;
    world.whoami().await.map_err(told)?;
    Ok(())
}

pub(super) async fn what_a_newer_version_stored_is_left_alone_until_the_next_log_in(
    world: World,
) -> Played {
    let (user, _) = world.logged_in().await?;
    let store = &world.client.inner.ports.sessions;
    for stored in ["", "nonsense", "{}", "[]", r#"{"format":3,"kind":"quantum"}"#] {
        let name = "keyward/session/default";
        store.set(name, stored).await.map_err(|error| error.to_string())?;
        refused(world.whoami().await, "STORED_SESSION_UNREADABLE")?;
        refused(world.client.refresh(None).await, "STORED_SESSION_UNREADABLE")?;
        world.clock.move_by(700);
        world.client.clean_up().await.map_err(told)?;
        world.client.look_after().await;
        let left = store.get(name).await.map_err(|error| error.to_string())?;
        ensure!(left.as_deref() == Some(stored), "it was changed to {left:?}");
        ensure!(world.keys().await? >= 1, "its key was deleted");
    }
    world.log_in(&user, "default", 900).await?;
    world.whoami().await.map_err(told)?;
    Ok(())
}

pub(super) async fn logging_out_offline_forgets_it_here(world: World) -> Played {
    let (user, _) = world.logged_in().await?;
    world.wire.cut(true);
    let out = world.client.log_out(None).await.map_err(told)?;
    ensure!(!out.ended_on_server, "nobody was there to be told");
    refused(world.whoami().await, "NOT_LOGGED_IN")?;
    ensure!(world.keys().await? == 0, "the key is left over");
    world.wire.cut(false);
    world.log_in(&user, "default", 900).await?;
    world.whoami().await.map_err(told)?;
    Ok(())
}

pub(super) async fn a_session_whose_organization_is_gone_is_cleared(world: World) -> Played {
    let (user, _) = world.logged_in().await?;
    let asked = world.client.stamped_by(user.stamper()?).in_organization(&user.organization_id);
    let parameters = json!({ "deleteWithoutExport": true });
    asked.call("delete_sub_organization", parameters).await.map_err(told)?;
    // Somebody else's is another matter.
    let other = world.client.as_active().in_organization("nonsense");
    refused(other.call("list_wallets", json!({})).await, "REFUSED")?;
    refused(world.make_wallet("Gone").await, "SESSION_REVOKED")?;
    refused(world.whoami().await, "NOT_LOGGED_IN")?;
    Ok(())
}

pub(super) async fn a_refresh_that_fails_lets_the_session_go_on(world: World) -> Played {
    let (_, session) = world.logged_in().await?;
    world.pass(850).await?;
    for fault in [Fault::Gone, Fault::Answer(503, ""), Fault::Answer(200, "<html>")] {
        let times = if matches!(fault, Fault::Gone) { 2 } else { 1 };
        world.wire.break_next("/stamp_login", &fault, times);
        world.whoami().await.map_err(told)?;
        let same = world.client.session(None).await.map_err(told)?;
        ensure!(same == session, "{same:?}");
    }
    world.whoami().await.map_err(told)?;
    let refreshed = world.client.session(None).await.map_err(told)?;
    ensure!(refreshed != session, "not refreshed in the end");
    Ok(())
}
