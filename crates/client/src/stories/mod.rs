//! The behaviour suite: what the client promises on every platform, as stories over its ports.
//!
//! A platform lends its ports through a [`Stage`] and plays every story of [`names`] against a development
//! server, whose clock and inbox the stories use. The suite wraps transport, clock and session store itself,
//! to have the server gone, slow or mad, the device's clock wrong and its storage full.

mod faults;
mod life;
mod log_ins;
mod world;

use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;

use crate::client::Ports;
use crate::ports::Shared;
use world::{Played, World};

/// A development server to act against. Stories that share one are played one after the other.
#[derive(Clone, Debug)]
pub struct Server {
    /// Where it is.
    pub base_url: String,
    /// Its root organization.
    pub organization_id: String,
    /// A root API key of that: P-256, hex.
    pub api_private_key: String,
    /// Its auth proxy.
    pub auth_proxy_config_id: String,
}

/// What a platform lends the suite.
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait Stage: Shared {
    /// Ports over stores of their own for each ground; the same ground again is what a program finds after a
    /// restart, or another tab or process beside the first.
    ///
    /// # Errors
    ///
    /// What went wrong, for people.
    async fn open(&self, ground: &str) -> Result<Ports, String>;
}

#[cfg(not(target_arch = "wasm32"))]
type Playing = Pin<Box<dyn Future<Output = Played> + Send>>;
#[cfg(target_arch = "wasm32")]
type Playing = Pin<Box<dyn Future<Output = Played>>>;

struct Story {
    name: &'static str,
    play: fn(World) -> Playing,
}

macro_rules! stories {
    ($($module:ident: $($name:ident,)+;)+) => {
        /// Every story. A function that is not on the list is dead code, and fails the build.
        static STORIES: &[Story] = &[$($(
            Story { name: stringify!($name), play: |world| Box::pin($module::$name(world)) },
        )+)+];

        /// Makes a test of each story: `$play` is called with its name.
        #[macro_export]
        macro_rules! every_story {
            ($play:path) => {$($(
                #[test]
                fn $name() {
                    $play(stringify!($name));
                }
            )+)+};
        }
    };
}

stories! {
    log_ins:
        a_code_opens_a_session_that_signs,
        a_plain_code_opens_a_session,
        a_wrong_code_can_be_tried_again_and_a_spent_one_not,
        an_attempt_survives_a_restart_and_a_lost_answer,
        somebody_without_account_is_told,
        an_unknown_credential_is_told_and_leaves_nothing,
        a_bundle_opens_a_session,
        a_read_only_session_reads_and_sends_no_write,
        a_read_only_session_can_be_opened_by_a_session,
        a_parent_reads_its_sub_organizations,
    ;
    life:
        a_session_survives_a_restart,
        sessions_stand_side_by_side_and_one_is_active,
        a_log_in_replaces_the_session_of_its_name,
        a_session_is_refreshed_ahead_of_its_end,
        many_callers_make_one_refresh,
        a_refresh_elsewhere_is_noticed,
        a_refresh_goes_on_after_a_lost_answer,
        an_inactive_session_is_refreshed_as_itself,
        without_refresh_it_says_that_it_ends_and_that_it_has,
        an_expired_session_is_told_and_cleared,
        a_revoked_session_is_told_and_cleared,
        an_expired_read_only_session_is_told_and_cleared,
        logging_out_ends_the_session_on_the_server,
        logging_out_everywhere_ends_all_of_the_user,
        logging_out_and_refreshing_at_once_ends_logged_out,
        orphaned_keys_are_cleaned_up_and_others_stay,
        sessions_of_an_older_format_open,
    ;
    faults:
        a_lost_key_is_told_and_the_next_log_in_repairs,
        a_clock_ten_minutes_ahead_does_no_harm,
        a_clock_ten_minutes_behind_does_no_harm,
        a_server_that_is_gone_is_offline_and_loses_nothing,
        a_server_that_is_slow_is_offline,
        a_lost_answer_runs_nothing_twice,
        nonsense_is_unintelligible_and_loses_nothing,
        too_many_requests_say_how_long,
        a_full_store_keeps_what_was_there,
        a_denied_store_is_told,
        what_a_newer_version_stored_is_left_alone_until_the_next_log_in,
        logging_out_offline_forgets_it_here,
        a_session_whose_organization_is_gone_is_cleared,
        a_refresh_that_fails_lets_the_session_go_on,
    ;
}

/// The name of every story.
pub fn names() -> impl Iterator<Item = &'static str> {
    STORIES.iter().map(|story| story.name)
}

/// Plays a story.
///
/// # Errors
///
/// Which promise was not kept, for people; a name there is not.
pub async fn play(name: &str, server: &Server, stage: Arc<dyn Stage>) -> Result<(), String> {
    let story = STORIES.iter().find(|story| story.name == name);
    let story = story.ok_or_else(|| format!("no story {name}"))?;
    (story.play)(World::new(server, stage, name).await?).await
}
