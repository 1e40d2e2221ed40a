//! `DELETE_OAUTH_PROVIDERS`: takes accounts at identity providers from a user, with the read-only sessions
//! they opened.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, Rule, credentials},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::id::{OauthProviderId, UserId};
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteOauthProvidersIntent {
    /// The user.
    pub user_id: String,
    /// The accounts.
    pub provider_ids: Vec<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteOauthProvidersResult {
    /// The accounts that are gone.
    pub provider_ids: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct DeleteOauthProviders {
    user: UserId,
    ids: Vec<OauthProviderId>,
}

impl TryFrom<DeleteOauthProvidersIntent> for DeleteOauthProviders {
    type Error = InvalidRequest;

    fn try_from(intent: DeleteOauthProvidersIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            user: value::id("userId", &intent.user_id)?,
            ids: value::some_ids("providerIds", &intent.provider_ids)?,
        })
    }
}

impl Activity for DeleteOauthProviders {
    const ROUTE: &'static str = "delete_oauth_providers";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<DeleteOauthProvidersIntent>(
        "ACTIVITY_TYPE_DELETE_OAUTH_PROVIDERS",
        "deleteOauthProvidersIntent",
        "deleteOauthProvidersResult",
    )];
    type Intent = DeleteOauthProvidersIntent;
    type Output = DeleteOauthProvidersResult;
}

#[cfg(feature = "engine")]
impl Execute for DeleteOauthProviders {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Credential, Action::Delete));

    fn rule(&self) -> Rule {
        Rule::Own(self.user)
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<DeleteOauthProvidersResult, RequestError> {
        let now = context.now;
        let organization = context.edit();
        let user = organization.user(self.user)?;
        let known = |id: &_| user.oauth_providers.iter().any(|known| known.id == *id);
        if let Some(unknown) = self.ids.iter().find(|id| !known(id)) {
            return Err(RequestError::NotFound(format!(
                "could not find oauth provider {unknown} of user {}",
                self.user
            )));
        }
        credentials::change_user(organization, self.user, now, |user| {
            credentials::remove_oauth_providers(user, &self.ids);
        })?;
        Ok(DeleteOauthProvidersResult {
            provider_ids: self.ids.iter().map(ToString::to_string).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::model::{CredentialId, OauthProvider, ReadOnlySession};
    use crate::engine::testing::World;
    use crate::wire::enums::FeatureName;
    use crate::wire::id::SessionId;

    const KIND: &str = "ACTIVITY_TYPE_DELETE_OAUTH_PROVIDERS";

    /// Registers accounts on the user and returns their ids.
    fn add(world: &mut World, user: &Caller, count: usize) -> Vec<OauthProviderId> {
        let ids: Vec<_> =
            (0..count).map(|_| OauthProviderId::generate(world.now, &mut world.rng)).collect();
        let created_at = world.now;
        let owner = world.edit(user.organization).user_mut(user.user).unwrap();
        owner.oauth_providers.extend(ids.iter().map(|id| OauthProvider {
            id: *id,
            name: "provider".to_owned(),
            issuer: "https://id.example.com".to_owned(),
            audience: "app".to_owned(),
            subject: id.to_string(),
            created_at,
        }));
        ids
    }

    #[test]
    fn a_user_deletes_its_own_accounts_and_nobody_elses() {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        let user = world.user(sub);
        let accounts = add(&mut world, &user, 2);
        let doomed = json!({ "userId": user.user, "providerIds": accounts });
        let result = world.submit(&user, sub, KIND, doomed).unwrap();
        assert_eq!(result, json!({ "providerIds": accounts }));
        assert!(world.organization(sub).users[1].oauth_providers.is_empty());
        let accounts = add(&mut world, &root, 1);
        for (owner, status) in [(root.user, 403), (user.user, 404)] {
            let doomed = json!({ "userId": owner, "providerIds": accounts });
            let refusal = world.submit(&user, sub, KIND, doomed).unwrap_err();
            assert_eq!(refusal.status().http_status(), status, "{refusal}");
        }
    }

    #[test]
    fn a_root_user_may_and_the_parent_may_not() {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        let user = world.user(sub);
        let accounts = add(&mut world, &user, 1);
        let doomed = json!({ "userId": user.user, "providerIds": accounts });
        let refusal = world.submit(&world.root(), sub, KIND, doomed.clone()).unwrap_err();
        assert!(matches!(refusal, RequestError::OrganizationMismatch { .. }), "{refusal}");
        world.submit(&root, sub, KIND, doomed).unwrap();
    }

    #[test]
    fn keeps_the_last_account_of_a_user_that_has_nothing_else() {
        let mut world = World::new();
        let (sub, user) = world.sub_organization();
        let accounts = add(&mut world, &user, 2);
        world.edit(sub).users[0].api_keys[0].expiration_seconds = Some(900);
        let doomed = json!({ "userId": user.user, "providerIds": accounts });
        let refusal = world.submit(&user, sub, KIND, doomed.clone()).unwrap_err();
        assert_eq!(refusal.to_string(), "user missing credential that does not expire: user");
        let one = json!({ "userId": user.user, "providerIds": [accounts[0]] });
        world.submit(&user, sub, KIND, one).unwrap();
        // A contact whose log-in is on is a way in, too.
        let last = json!({ "userId": user.user, "providerIds": [accounts[1]] });
        assert!(world.submit(&user, sub, KIND, last.clone()).is_err());
        world.edit(sub).users[0].email = Some("alice@example.com".to_owned());
        assert!(world.submit(&user, sub, KIND, last.clone()).is_err());
        world.edit(sub).features.insert(FeatureName::OtpEmailAuth, None);
        world.submit(&user, sub, KIND, last).unwrap();
    }

    #[test]
    fn an_account_is_a_way_in_that_lasts_when_the_address_goes() {
        let mut world = World::new();
        let (sub, user) = world.sub_organization();
        world.edit(sub).features.insert(FeatureName::OtpEmailAuth, None);
        let owner = &mut world.edit(sub).users[0];
        owner.api_keys[0].expiration_seconds = Some(900);
        owner.email = Some("alice@example.com".to_owned());
        let kind = "ACTIVITY_TYPE_UPDATE_USER";
        let gone = json!({ "userId": user.user, "userEmail": "" });
        let refusal = world.submit(&user, sub, kind, gone.clone()).unwrap_err();
        assert_eq!(refusal.to_string(), "user missing credential that does not expire: user");
        add(&mut world, &user, 1);
        world.submit(&user, sub, kind, gone).unwrap();
    }

    #[test]
    fn read_only_sessions_end_with_the_account_that_opened_them() {
        let mut world = World::new();
        let (sub, user) = world.sub_organization();
        let accounts = add(&mut world, &user, 2);
        for opener in &accounts {
            let session = ReadOnlySession {
                id: SessionId::generate(world.now, &mut world.rng),
                token_hash: "00".repeat(32),
                opened_by: CredentialId::OauthProvider(*opener),
                created_at: world.now,
                expires_at: world.now.plus_seconds(60),
                session: None,
            };
            world.edit(sub).users[0].read_only_sessions.push(session);
        }
        let doomed = json!({ "userId": user.user, "providerIds": [accounts[0]] });
        world.submit(&user, sub, KIND, doomed).unwrap();
        let left = &world.organization(sub).users[0].read_only_sessions;
        let openers: Vec<_> = left.iter().map(|session| session.opened_by).collect();
        assert_eq!(openers, [CredentialId::OauthProvider(accounts[1])]);
    }
}
