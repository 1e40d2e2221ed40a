//! `CREATE_READ_ONLY_SESSION`: a token that reads as the caller, for an hour.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::sessions::{self, LogIn},
    crate::engine::{Caller, Context, Rule},
    crate::wire::enums::{Action, Resource},
    crate::wire::{RequestError, Timestamp},
};

use crate::wire::InvalidRequest;

/// As it travels: without members.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct CreateReadOnlySessionIntent {}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateReadOnlySessionResult {
    /// The caller's organization.
    pub organization_id: String,
    /// Its name.
    pub organization_name: String,
    /// The caller.
    pub user_id: String,
    /// Its name.
    pub username: String,
    /// The token. Whoever has it reads as the caller.
    pub session: String,
    /// End of the session, since the Unix epoch, decimal: seconds; milliseconds for clients that take
    /// it for those.
    pub session_expiry: String,
}

/// As it is meant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CreateReadOnlySession;

impl TryFrom<CreateReadOnlySessionIntent> for CreateReadOnlySession {
    type Error = InvalidRequest;

    fn try_from(_: CreateReadOnlySessionIntent) -> Result<Self, InvalidRequest> {
        Ok(Self)
    }
}

impl Activity for CreateReadOnlySession {
    const ROUTE: &'static str = "create_read_only_session";
    const FINDS_SUB_ORGANIZATION: bool = true;
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<CreateReadOnlySessionIntent>(
        "ACTIVITY_TYPE_CREATE_READ_ONLY_SESSION",
        "createReadOnlySessionIntent",
        "createReadOnlySessionResult",
    )];
    type Intent = CreateReadOnlySessionIntent;
    type Output = CreateReadOnlySessionResult;
}

#[cfg(feature = "engine")]
impl Execute for CreateReadOnlySession {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Auth, Action::Create));

    fn rule(&self) -> Rule {
        Rule::Anyone
    }

    fn execute(
        self,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<CreateReadOnlySessionResult, RequestError> {
        let log_in = LogIn::by(context.organization(), caller, context.now);
        let (session, ends) = sessions::open_read_only(caller.user, log_in, context)?;
        let organization = context.organization();
        Ok(CreateReadOnlySessionResult {
            organization_id: organization.id.to_string(),
            organization_name: organization.name.clone(),
            user_id: caller.user.to_string(),
            username: organization.user(caller.user)?.name.clone(),
            session,
            session_expiry: expiry(ends, context.client.version.as_deref()),
        })
    }
}

/// The end of a session as the client understands it: `@turnkey/sdk-browser` before version 5 compares
/// it with milliseconds, and logs out at once when given seconds.
#[cfg(feature = "engine")]
fn expiry(ends: Timestamp, client_version: Option<&str>) -> String {
    let major: Option<u32> = client_version
        .and_then(|version| version.strip_prefix("@turnkey/sdk-browser@"))
        .and_then(|version| version.split('.').next())
        .and_then(|major| major.parse().ok());
    let in_milliseconds = major.is_some_and(|major| major < 5);
    if in_milliseconds { ends.as_millis().to_string() } else { ends.as_seconds().to_string() }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::Home;
    use crate::engine::authenticate::session_token_hash;
    use crate::engine::testing::World;

    const KIND: &str = "ACTIVITY_TYPE_CREATE_READ_ONLY_SESSION";

    fn submit(world: &mut World, caller: &Caller) -> Value {
        world.submit(caller, caller.organization, KIND, json!({})).unwrap()
    }

    #[test]
    fn every_user_may_and_only_the_hash_is_kept() {
        let mut world = World::new();
        let caller = world.user(world.parent());
        let result = submit(&mut world, &caller);
        let token = result["session"].as_str().unwrap();
        let secret = token.strip_prefix("tkro_").unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(secret).unwrap().len(), 32);
        let ends = world.now.plus_seconds(3600);
        let expected = json!({
            "organizationId": world.parent().to_string(),
            "organizationName": "organization",
            "userId": caller.user.to_string(),
            "username": "user",
            "session": token,
            "sessionExpiry": ends.as_seconds().to_string(),
        });
        assert_eq!(result, expected);
        let user = world.organization(world.parent()).user(caller.user).unwrap();
        let session = &user.read_only_sessions[0];
        assert_eq!(session.token_hash, session_token_hash(token));
        assert_eq!(session.opened_by, caller.credential.id);
        assert_eq!(session.expires_at, ends);
        assert!(!serde_json::to_string(user).unwrap().contains(secret));
    }

    #[test]
    fn the_record_shows_the_token_only_when_it_is_to_be_revealed() {
        let mut world = World::new();
        let caller = world.root();
        let token = submit(&mut world, &caller)["session"].as_str().unwrap().to_owned();
        let organization = world.organization(world.parent());
        let text = |reveal| {
            let shown = world.activities[0].show(organization, &caller, reveal, world.now);
            shown.result.unwrap().get().to_owned()
        };
        assert!(text(true).contains(&token));
        assert!(!text(false).contains(&token) && text(false).contains(r#""session":"""#));
    }

    #[test]
    fn a_second_session_leaves_the_first_and_the_eleventh_evicts_it() {
        let mut world = World::new();
        let caller = world.root();
        let mut tokens = Vec::new();
        for _ in 0..11 {
            world.now = world.now.plus_seconds(1);
            tokens.push(submit(&mut world, &caller)["session"].clone());
        }
        let sessions = &world.organization(world.parent()).users[0].read_only_sessions;
        let kept = sessions.iter().map(|session| session.token_hash.clone());
        let newest = tokens[1..].iter().map(|token| session_token_hash(token.as_str().unwrap()));
        assert!(kept.eq(newest));
    }

    #[test]
    fn refuses_users_of_the_parent() {
        let mut world = World::new();
        let (sub, _) = world.sub_organization();
        let root = Caller { home: Home::Parent, ..world.root() };
        let refusal = world.submit(&root, sub, KIND, json!({})).unwrap_err();
        assert!(matches!(refusal, RequestError::OrganizationMismatch { .. }), "{refusal}");
    }

    #[test]
    fn old_browsers_are_told_milliseconds() {
        let ends = Timestamp::from_millis(1_767_229_200_123);
        for (client, expected) in [
            (None, "1767229200"),
            (Some("@turnkey/sdk-browser@4.3.0"), "1767229200123"),
            (Some("@turnkey/sdk-browser@5.0.0"), "1767229200"),
            (Some("@turnkey/sdk-browser@10.1.0"), "1767229200"),
            (Some("@turnkey/sdk-browser@latest"), "1767229200"),
            (Some("@turnkey/http@3.1.0"), "1767229200"),
        ] {
            assert_eq!(expiry(ends, client), expected, "{client:?}");
        }
    }
}
