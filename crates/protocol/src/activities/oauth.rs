//! `OAUTH`: opens a session, as a sealed key, for whoever an identity provider vouches for.

use keyward_crypto::P256PublicKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::sessions::{LogIn, Opening},
    crate::engine::{Attested, Caller, Context, Needs, Rule, context::Proofs},
    crate::wire::RequestError,
    crate::wire::enums::CredentialType,
    crate::wire::enums::{Action, Resource},
};

use crate::parameters;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OauthIntent {
    /// ID token whose nonce is the hash of the target public key.
    pub oidc_token: String,
    /// Key of the client that the bundle is sealed to: P-256, SEC1, hex.
    pub target_public_key: String,
    /// Name of the API key; `Oauth - <time>` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_name: Option<String>,
    /// Seconds, decimal; 900 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_seconds: Option<String>,
    /// Whether all other sessions of this kind of the user end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalidate_existing: Option<bool>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OauthResult {
    /// The user.
    pub user_id: String,
    /// The API key of the session.
    pub api_key_id: String,
    /// Its private key, sealed.
    pub credential_bundle: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct Oauth {
    oidc_token: String,
    target: P256PublicKey,
    /// As it travelled, which is what the nonce is the hash of.
    target_text: String,
    name: Option<String>,
    lifetime_seconds: Option<u64>,
    ends_others: bool,
}

impl TryFrom<OauthIntent> for Oauth {
    type Error = InvalidRequest;

    fn try_from(intent: OauthIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            oidc_token: intent.oidc_token,
            target: parameters::p256_key(&intent.target_public_key)?,
            target_text: intent.target_public_key,
            name: value::optional_label("apiKeyName", intent.api_key_name)?,
            lifetime_seconds: value::expiration_seconds(intent.expiration_seconds)?,
            ends_others: intent.invalidate_existing.unwrap_or_default(),
        })
    }
}

impl Activity for Oauth {
    const ROUTE: &'static str = "oauth";
    const VERSIONS: &'static [Version<Self>] =
        &[Version::of::<OauthIntent>("ACTIVITY_TYPE_OAUTH", "oauthIntent", "oauthResult")];
    type Intent = OauthIntent;
    type Output = OauthResult;
}

#[cfg(feature = "engine")]
impl Execute for Oauth {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Auth, Action::Create));

    fn rule(&self) -> Rule {
        Rule::LogIn
    }

    fn needs(&self) -> Needs {
        Needs::Proofs(Proofs { verification_token: None, id_tokens: vec![self.oidc_token.clone()] })
    }

    fn execute(self, _: &Caller, context: &mut Context<'_>) -> Result<OauthResult, RequestError> {
        let token = context.take_proofs().id_token(0, &self.oidc_token, context.now)?;
        token.check_binds(&self.target_text)?;
        self.open(&token.identity(), context)
    }
}

#[cfg(feature = "engine")]
impl Oauth {
    /// Opens the session for the user with an account that was proven.
    fn open(
        self,
        identity: &Attested,
        context: &mut Context<'_>,
    ) -> Result<OauthResult, RequestError> {
        let organization = context.organization();
        let (user, provider) =
            identity.owner(organization)?.ok_or_else(|| identity.not_found(organization.id))?;
        let log_in = LogIn::proven(identity.method(), Some(provider), context.now);
        let opening = Opening {
            user,
            kind: CredentialType::OauthKeyP256,
            named_for: "Oauth",
            name: self.name,
            profile: None,
            lifetime_seconds: self.lifetime_seconds,
            ends_others: self.ends_others,
        };
        let (id, credential_bundle) = opening.for_bundle(&self.target, log_in, context)?;
        Ok(OauthResult { user_id: user.to_string(), api_key_id: id.to_string(), credential_bundle })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::engine::Organization;
    use crate::engine::model::{ApiKey, CredentialId, OauthProvider};
    use crate::engine::testing::{World, bundle_target, bundle_target_hex, bundled_key};
    use crate::wire::enums::AuthenticationType;
    use crate::wire::id::OauthProviderId;

    const KIND: &str = "ACTIVITY_TYPE_OAUTH";
    const KEY: CredentialType = CredentialType::OauthKeyP256;

    fn asked(change: &Value) -> Value {
        let mut asked = json!({ "oidcToken": "token", "targetPublicKey": bundle_target_hex() });
        asked.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        asked
    }

    fn activity(change: &Value) -> Oauth {
        serde_json::from_value::<OauthIntent>(asked(change)).unwrap().try_into().unwrap()
    }

    /// A world with a user of a sub-organization that has this account at an identity provider.
    fn world(subject: &str) -> (World, Caller, OauthProviderId) {
        let mut world = World::new();
        let (sub, _) = world.sub_organization();
        let user = world.user(sub);
        let id = register(&mut world, &user, subject);
        (world, user, id)
    }

    fn register(world: &mut World, user: &Caller, subject: &str) -> OauthProviderId {
        let provider = OauthProvider {
            id: OauthProviderId::generate(world.now, &mut world.rng),
            name: "provider".to_owned(),
            issuer: "https://issuer.example.com".to_owned(),
            audience: "client".to_owned(),
            subject: subject.to_owned(),
            created_at: world.now,
        };
        let id = provider.id;
        let owner = world.edit(user.organization).user_mut(user.user).unwrap();
        owner.oauth_providers.push(provider);
        id
    }

    fn identity(subject: &str, audience: &str) -> Attested {
        Attested::Identity {
            issuer: "https://issuer.example.com".to_owned(),
            audiences: vec![audience.to_owned()],
            subject: subject.to_owned(),
        }
    }

    /// Opens sessions for an account that was proven, and returns the organization after that.
    fn open(
        world: &mut World,
        user: &Caller,
        identity: &Attested,
        activities: Vec<Oauth>,
    ) -> Result<(Organization, OauthResult), RequestError> {
        let organization = Arc::new(world.organization(user.organization).clone());
        let mut context = Context::new(
            organization,
            None,
            world.now,
            &mut world.rng,
            &world.keys,
            &world.settings,
            &world.client,
        );
        let mut last = None;
        for activity in activities {
            last = Some(activity.open(identity, &mut context)?);
        }
        Ok((Arc::unwrap_or_clone(context.into_parts().0), last.unwrap()))
    }

    fn keys(organization: &Organization, user: &Caller) -> Vec<ApiKey> {
        let keys = organization.user(user.user).unwrap().api_keys.iter();
        keys.filter(|key| key.kind == KEY).cloned().collect()
    }

    #[test]
    fn opens_a_session_whose_key_is_in_the_bundle() {
        let (mut world, user, provider) = world("subject");
        let identity = identity("subject", "client");
        let (after, result) =
            open(&mut world, &user, &identity, vec![activity(&json!({}))]).unwrap();
        let [key] = &keys(&after, &user)[..] else { panic!("one session") };
        assert_eq!(key.public_key, bundled_key(&result.credential_bundle));
        assert_eq!(
            (&result.user_id, &result.api_key_id),
            (&user.user.to_string(), &key.id.to_string())
        );
        assert_eq!(key.expires_at(), Some(world.now.plus_seconds(900)));
        assert_eq!(key.opened_by, Some(CredentialId::OauthProvider(provider)));
        assert_eq!(key.session.as_ref().unwrap().method, AuthenticationType::Oauth);
        insta::assert_snapshot!(key.name, @"Oauth - 2026-01-01T00:00:00Z");
        let members: Value = serde_json::to_value(&result).unwrap();
        assert_eq!(members.as_object().unwrap().len(), 3);
        assert_eq!(members["credentialBundle"], result.credential_bundle);
    }

    #[test]
    fn name_and_lifetime_are_those_asked_for_and_the_target_may_be_compressed() {
        let (mut world, user, _) = world("subject");
        let target = hex::encode(bundle_target().public_key().compressed());
        let activity = activity(&json!({
            "targetPublicKey": target,
            "apiKeyName": "tablet",
            "expirationSeconds": "60",
        }));
        assert_eq!(activity.target_text, target, "the nonce is the hash of the text as sent");
        let identity = identity("subject", "client");
        let (after, result) = open(&mut world, &user, &identity, vec![activity]).unwrap();
        let key = &keys(&after, &user)[0];
        assert_eq!((key.name.as_str(), key.expiration_seconds), ("tablet", Some(60)));
        assert_eq!(bundled_key(&result.credential_bundle), key.public_key);
    }

    #[test]
    fn ends_the_other_sessions_of_its_kind_when_asked() {
        let (mut world, user, _) = world("subject");
        let (plain, last) = (json!({}), json!({ "invalidateExisting": true }));
        let identity = identity("subject", "client");
        for (asked, count) in [(vec![&plain, &plain], 2), (vec![&plain, &plain, &last], 1)] {
            let activities = asked.into_iter().map(activity).collect();
            let (after, _) = open(&mut world, &user, &identity, activities).unwrap();
            assert_eq!(keys(&after, &user).len(), count);
            assert_eq!(after.user(user.user).unwrap().api_keys.len(), count + 1);
        }
    }

    #[test]
    fn an_account_of_nobody_or_of_another_client_or_of_several_opens_nothing() {
        let (mut world, user, _) = world("subject");
        let (_, elsewhere) = world.sub_organization();
        register(&mut world, &elsewhere, "elsewhere");
        for (subject, audience) in
            [("nobody", "client"), ("subject", "other client"), ("elsewhere", "client")]
        {
            let identity = identity(subject, audience);
            let refusal =
                open(&mut world, &user, &identity, vec![activity(&json!({}))]).unwrap_err();
            assert!(matches!(refusal, RequestError::AttestedNotFound { .. }), "{refusal}");
        }
        let second = world.user(user.organization);
        register(&mut world, &second, "subject");
        let identity = identity("subject", "client");
        let refusal = open(&mut world, &user, &identity, vec![activity(&json!({}))]).unwrap_err();
        assert!(matches!(refusal, RequestError::CredentialConflict(_)), "{refusal}");
    }

    #[test]
    fn a_token_that_nobody_vouches_for_opens_nothing() {
        let (mut world, user, _) = world("subject");
        let root = world.organization(user.organization).root_quorum.users[0];
        let root = world.caller(user.organization, root);
        let refusal = world.refusal(&root, user.organization, KIND, asked(&json!({})));
        assert!(matches!(refusal, RequestError::InvalidOidcToken(_)), "{refusal}");
    }

    #[test]
    fn only_whoever_logs_users_in_may_ask() {
        let (mut world, user, _) = world("subject");
        let root = world.organization(user.organization).root_quorum.users[0];
        let root = world.caller(user.organization, root);
        world.check_who_logs_in(&root, KIND, |_| asked(&json!({})));
    }

    #[test]
    fn refuses_what_means_nothing() {
        let (mut world, user, _) = world("subject");
        let root = world.organization(user.organization).root_quorum.users[0];
        let root = world.caller(user.organization, root);
        for change in [
            json!({ "oidcToken": null }),
            json!({ "targetPublicKey": "04" }),
            json!({ "apiKeyName": "" }),
            json!({ "expirationSeconds": "0" }),
        ] {
            let refusal = world.refusal(&root, user.organization, KIND, asked(&change));
            assert!(matches!(refusal, RequestError::Invalid(_)), "{change}: {refusal}");
        }
    }
}
