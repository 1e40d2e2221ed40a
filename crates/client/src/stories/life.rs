//! How sessions go on, and how they end.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::world::{Fault, Played, World, ensure, refused, told};
use crate::events::EventKind as Kind;
use crate::log_in::LogIn;

const LOG_IN: &str = "/submit/stamp_login";

pub(super) async fn a_session_survives_a_restart(world: World) -> Played {
    let (_, session) = world.logged_in().await?;
    let world = world.again().await?;
    let found = world.client.session(None).await.map_err(told)?;
    ensure!(found == session, "{found:?} is not {session:?}");
    world.make_wallet("After a restart").await.map_err(told)?;
    Ok(())
}

pub(super) async fn sessions_stand_side_by_side_and_one_is_active(world: World) -> Played {
    let (alice, bob) = (world.user().await?, world.user().await?);
    world.log_in(&alice, "alice", 900).await?;
    world.log_in(&bob, "bob", 900).await?;
    let whose = |answer: Value| answer.get("organizationId").cloned().unwrap_or_default();
    ensure!(whose(world.whoami().await.map_err(told)?) == bob.organization_id.as_str(), "not Bob");
    world.client.set_active("alice").await.map_err(told)?;
    ensure!(
        whose(world.whoami().await.map_err(told)?) == alice.organization_id.as_str(),
        "not Alice"
    );
    let asked = world.client.named("bob").call("whoami", json!({})).await.map_err(told)?;
    ensure!(whose(asked) == bob.organization_id.as_str(), "not Bob");
    let sessions = world.client.sessions().await.map_err(told)?;
    let names: Vec<_> = sessions.iter().map(|session| session.name.as_str()).collect();
    ensure!(names == ["alice", "bob"], "{names:?}");
    refused(world.client.set_active("carol").await, "NOT_LOGGED_IN")?;
    let heard = world.heard();
    let expected = [
        Kind::Created,
        Kind::ActiveChanged,
        Kind::Created,
        Kind::ActiveChanged,
        Kind::ActiveChanged,
    ];
    ensure!(heard == expected, "{heard:?}");
    world.client.log_out(None).await.map_err(told)?;
    refused(world.whoami().await, "NOT_LOGGED_IN")?;
    world.client.named("bob").call("whoami", json!({})).await.map_err(told)?;
    Ok(())
}

pub(super) async fn a_log_in_replaces_the_session_of_its_name(world: World) -> Played {
    let (_, former) = world.logged_in().await?;
    let (_, session) = world.logged_in().await?;
    ensure!(former.organization_id != session.organization_id, "the same user");
    let found = world.client.session(None).await.map_err(told)?;
    ensure!(found == session, "{found:?}");
    ensure!(world.keys().await? == 1, "the former key is left over");
    Ok(())
}

pub(super) async fn a_session_is_refreshed_ahead_of_its_end(world: World) -> Played {
    let (_, session) = world.logged_in().await?;
    world.pass(830).await?;
    world.whoami().await.map_err(told)?;
    let same = world.client.session(None).await.map_err(told)?;
    ensure!(same == session, "refreshed too early: {same:?}");
    world.pass(20).await?;
    // A request does it, and so does whoever looks after the sessions.
    world.whoami().await.map_err(told)?;
    let second = world.client.session(None).await.map_err(told)?;
    ensure!(second.public_key != session.public_key, "not refreshed: {second:?}");
    ensure!(second.expires_at_seconds >= session.expires_at_seconds + 800, "{second:?}");
    ensure!(second.lifetime_seconds == 900 && second.method == "api_key", "{second:?}");
    world.pass(850).await?;
    world.client.look_after().await;
    let third = world.client.session(None).await.map_err(told)?;
    ensure!(third.public_key != second.public_key, "not refreshed: {third:?}");
    let heard = world.heard();
    ensure!(heard == [Kind::Refreshed, Kind::Refreshed], "{heard:?}");
    ensure!(world.keys().await? == 1, "former keys are left over");
    Ok(())
}

pub(super) async fn many_callers_make_one_refresh(world: World) -> Played {
    let (user, _) = world.logged_in().await?;
    let other = world.again().await?;
    other.whoami().await.map_err(told)?;
    world.heard();
    world.pass(850).await?;
    other.clock.move_by(850);
    let asked = (0..20).map(|number| {
        let world = if number % 2 == 0 { &world } else { &other };
        async move {
            if number % 3 == 0 {
                world.client.look_after().await;
                return Ok(());
            }
            world.whoami().await.map(|_| ())
        }
    });
    for outcome in join_all(asked).await {
        outcome.map_err(told)?;
    }
    // By what the server has, too: a request whose connection broke is sent twice, and counts once.
    let heard: Vec<_> = world.heard().into_iter().chain(other.heard()).collect();
    ensure!(heard == [Kind::Refreshed], "{heard:?}");
    ensure!(world.on_server(&user).await?.len() == 2, "more than one successor");
    Ok(())
}

pub(super) async fn a_refresh_elsewhere_is_noticed(world: World) -> Played {
    world.logged_in().await?;
    let other = world.again().await?;
    let refreshed = other.client.refresh(None).await.map_err(told)?;
    // The key it had is deleted.
    world.make_wallet("With the new key").await.map_err(told)?;
    let found = world.client.session(None).await.map_err(told)?;
    ensure!(found == refreshed, "{found:?}");
    Ok(())
}

pub(super) async fn a_refresh_goes_on_after_a_lost_answer(world: World) -> Played {
    let (user, session) = world.logged_in().await?;
    world.wire.break_next(LOG_IN, &Fault::AnswerLost, 2);
    refused(world.client.refresh(None).await, "OFFLINE")?;
    let same = world.client.session(None).await.map_err(told)?;
    ensure!(same == session, "{same:?}");
    // Also after a restart and a clean-up long after.
    let world = world.again().await?;
    world.clock.move_by(700);
    world.client.clean_up().await.map_err(told)?;
    world.client.refresh(None).await.map_err(told)?;
    world.whoami().await.map_err(told)?;
    ensure!(world.on_server(&user).await?.len() == 2, "the lost key is a session of its own");
    ensure!(world.keys().await? == 1, "keys are left over");
    Ok(())
}

pub(super) async fn an_inactive_session_is_refreshed_as_itself(world: World) -> Played {
    let (alice, bob) = (world.user().await?, world.user().await?);
    world.log_in(&alice, "alice", 900).await?;
    world.log_in(&bob, "bob", 900).await?;
    let refreshed = world.client.refresh(Some("alice")).await.map_err(told)?;
    ensure!(refreshed.organization_id == alice.organization_id, "{refreshed:?}");
    let active = world.client.active().await.map_err(told)?;
    ensure!(active.as_deref() == Some("bob"), "{active:?} is active");
    ensure!(world.on_server(&bob).await?.len() == 1, "the active session was refreshed");
    Ok(())
}

pub(super) async fn without_refresh_it_says_that_it_ends_and_that_it_has(world: World) -> Played {
    let world = world.again_with(|config| config.refreshes = false).await?;
    world.logged_in().await?;
    let at = |next: keyward_protocol::wire::Timestamp| next.as_seconds();
    let end = world.client.session(None).await.map_err(told)?.expires_at_seconds;
    let next = world.client.look_after().await;
    ensure!(at(next) == end - 60, "looks again at {}, not {}", at(next), end - 60);
    ensure!(world.heard().is_empty(), "told too early");
    world.pass(850).await?;
    let next = world.client.look_after().await;
    ensure!(at(next) == end, "looks again at {}, not {end}", at(next));
    world.client.look_after().await;
    let heard = world.heard();
    ensure!(heard == [Kind::AboutToExpire], "{heard:?}");
    world.whoami().await.map_err(told)?;
    world.pass(60).await?;
    world.client.look_after().await;
    let heard = world.heard();
    ensure!(heard == [Kind::Expired], "{heard:?}");
    refused(world.whoami().await, "NOT_LOGGED_IN")?;
    Ok(())
}

pub(super) async fn an_expired_session_is_told_and_cleared(world: World) -> Played {
    let (user, _) = world.logged_in().await?;
    world.pass(1000).await?;
    refused(world.whoami().await, "SESSION_EXPIRED")?;
    refused(world.whoami().await, "NOT_LOGGED_IN")?;
    let heard = world.heard();
    ensure!(heard == [Kind::Expired], "{heard:?}");
    ensure!(world.keys().await? == 0, "the key is left over");
    // On the server's word alone: this client knows nothing of the time that passed.
    let world = world.again().await?;
    world.log_in(&user, "default", 900).await?;
    world.http("POST", "/dev/clock", json!({ "advanceSeconds": 1000 }).to_string()).await?;
    refused(world.make_wallet("Too late").await, "SESSION_EXPIRED")?;
    world.log_in(&user, "default", 900).await?;
    world.whoami().await.map_err(told)?;
    Ok(())
}

pub(super) async fn a_revoked_session_is_told_and_cleared(world: World) -> Played {
    let (user, _) = world.logged_in().await?;
    let asked = world.client.stamped_by(user.stamper()?).in_organization(&user.organization_id);
    asked.call("revoke_sessions", json!({})).await.map_err(told)?;
    refused(world.make_wallet("Too late").await, "SESSION_REVOKED")?;
    refused(world.whoami().await, "NOT_LOGGED_IN")?;
    let heard = world.heard();
    ensure!(heard == [Kind::Revoked], "{heard:?}");
    ensure!(world.keys().await? == 0, "the key is left over");
    // A read-only one, and one that is found out while it is refreshed.
    let log_in = LogIn::default();
    world.client.log_in_read_only(user.stamper()?, "api_key", &log_in).await.map_err(told)?;
    asked.call("revoke_sessions", json!({})).await.map_err(told)?;
    refused(world.whoami().await, "SESSION_REVOKED")?;
    world.log_in(&user, "default", 900).await?;
    asked.call("revoke_sessions", json!({})).await.map_err(told)?;
    refused(world.client.refresh(None).await, "SESSION_REVOKED")?;
    ensure!(world.keys().await? == 0, "a key is left over");
    Ok(())
}

pub(super) async fn an_expired_read_only_session_is_told_and_cleared(world: World) -> Played {
    let user = world.user().await?;
    let log_in = LogIn::default();
    world.client.log_in_read_only(user.stamper()?, "api_key", &log_in).await.map_err(told)?;
    world.heard();
    world.pass(3580).await?;
    world.client.look_after().await;
    world.whoami().await.map_err(told)?;
    world.pass(100).await?;
    refused(world.whoami().await, "SESSION_EXPIRED")?;
    let heard = world.heard();
    ensure!(heard == [Kind::AboutToExpire, Kind::Expired], "{heard:?}");
    Ok(())
}

pub(super) async fn logging_out_ends_the_session_on_the_server(world: World) -> Played {
    let (user, _) = world.logged_in().await?;
    world.log_in(&user, "second", 900).await?;
    let out = world.client.log_out(Some("default")).await.map_err(told)?;
    ensure!(out.ended_on_server, "the server was not told");
    ensure!(world.on_server(&user).await?.len() == 1, "it is still there");
    ensure!(world.keys().await? == 1, "its key is left over");
    // The other is not touched.
    world.whoami().await.map_err(told)?;
    refused(world.client.log_out(Some("default")).await.map(|_| ()), "NOT_LOGGED_IN")?;
    Ok(())
}

pub(super) async fn logging_out_everywhere_ends_all_of_the_user(world: World) -> Played {
    let (alice, _) = world.logged_in().await?;
    world.log_in(&alice, "second", 900).await?;
    let bob = world.user().await?;
    world.log_in(&bob, "bob", 900).await?;
    let elsewhere = World::new(&world.server, world.stage(), "elsewhere").await?;
    elsewhere.log_in(&alice, "default", 900).await?;
    world.heard();

    world.wire.cut(true);
    refused(world.client.log_out_everywhere(Some("default")).await, "OFFLINE")?;
    world.wire.cut(false);
    ensure!(world.client.sessions().await.map_err(told)?.len() == 3, "sessions were forgotten");

    world.client.log_out_everywhere(Some("default")).await.map_err(told)?;
    let heard = world.heard();
    ensure!(heard == [Kind::LoggedOut, Kind::LoggedOut], "{heard:?}");
    ensure!(world.on_server(&alice).await?.is_empty(), "sessions are still there");
    refused(elsewhere.whoami().await, "SESSION_REVOKED")?;
    world.client.named("bob").call("whoami", json!({})).await.map_err(told)?;
    ensure!(world.keys().await? == 1, "keys are left over");
    Ok(())
}

pub(super) async fn logging_out_and_refreshing_at_once_ends_logged_out(world: World) -> Played {
    for _ in 0..5 {
        let (user, _) = world.logged_in().await?;
        let other = world.again().await?;
        let (out, refreshed) = tokio::join!(world.client.log_out(None), other.client.refresh(None));
        ensure!(out.map_err(told)?.ended_on_server, "the server was not told");
        if let Err(error) = refreshed {
            ensure!(error.code() == "NOT_LOGGED_IN", "{}", told(error));
        }
        refused(other.whoami().await, "NOT_LOGGED_IN")?;
        ensure!(world.keys().await? == 0, "a key is left over");
        // At most the former key is left, which no one has any more.
        ensure!(world.on_server(&user).await?.len() <= 1, "the new session is left over");
        world.logged_in().await?;
        world.client.log_out(None).await.map_err(told)?;
    }
    Ok(())
}

pub(super) async fn orphaned_keys_are_cleaned_up_and_others_stay(world: World) -> Played {
    world.logged_in().await?;
    let attempt = world.client.begin_bundle().await.map_err(told)?;
    world.client.new_key().await.map_err(told)?;
    // A log-in elsewhere may be about to use it.
    world.client.clean_up().await.map_err(told)?;
    ensure!(world.keys().await? == 2, "a fresh key was deleted");
    world.clock.move_by(700);
    world.client.clean_up().await.map_err(told)?;
    ensure!(world.keys().await? == 1, "an orphan was left");
    world.whoami().await.map_err(told)?;
    world.clock.move_by(4000);
    world.client.clean_up().await.map_err(told)?;
    let late = world.client.complete_bundle(&attempt.public_key, "x", &LogIn::default()).await;
    refused(late, "UNKNOWN_ATTEMPT")?;
    Ok(())
}

/// What has been stored, by format: 1 is that of `@turnkey/core`; 2 is ours, as it was first released.
const FORMATS: [&str; 2] = [
    r#"{"sessionType":"SESSION_TYPE_READ_WRITE","userId":"%user%","organizationId":"%organization%","expiry":%end%,"expirationSeconds":"900","publicKey":"%key%","token":"%token%"}"#,
    r#"{"format":2,"kind":"read_write","organizationId":"%organization%","userId":"%user%","publicKey":"%key%","token":"%token%","expiresAtSeconds":%end%,"lifetimeSeconds":900,"method":"passkey"}"#,
];

pub(super) async fn sessions_of_an_older_format_open(world: World) -> Played {
    for format in FORMATS {
        let (_, session) = world.logged_in().await?;
        let stored = format
            .replace("%user%", &session.user_id)
            .replace("%organization%", &session.organization_id)
            .replace("%key%", &session.public_key.unwrap_or_default())
            .replace("%end%", &session.expires_at_seconds.to_string())
            .replace("%token%", "x.y.z");
        let store = &world.client.inner.ports.sessions;
        store.set("keyward/session/default", &stored).await.map_err(|e| e.to_string())?;
        world.make_wallet("Of old").await.map_err(told)?;
        world.client.refresh(None).await.map_err(told)?;
        world.make_wallet("Of new").await.map_err(told)?;
    }
    Ok(())
}
