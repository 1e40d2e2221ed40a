//! `CREATE_OAUTH_PROVIDERS`: registers accounts at identity providers on a user.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::context::Proofs,
    crate::engine::credentials::{self, Identities, ProvenIdentity},
    crate::engine::model::User,
    crate::engine::{Caller, Context, Home, Needs, Rule},
    crate::parameters::id_tokens,
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::parameters::{NewOauthProvider, all};
use crate::wire::id::UserId;
use crate::wire::objects::{OauthProviderParams, OauthProviderParamsV2};
use crate::wire::{InvalidRequest, value};

/// Issuers whose word on an e-mail address is enough for a parent to link an account. Google writes its
/// own name both ways.
#[cfg(feature = "engine")]
const LINKABLE_ISSUERS: [&str; 2] = ["https://accounts.google.com", "accounts.google.com"];

/// Version 2: accounts by their claims, too.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateOauthProvidersIntentV2 {
    /// The user.
    pub user_id: String,
    /// Its accounts.
    pub oauth_providers: Vec<OauthProviderParamsV2>,
}

/// Version 1: accounts by their tokens.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateOauthProvidersIntent {
    /// The user.
    pub user_id: String,
    /// Its accounts.
    pub oauth_providers: Vec<OauthProviderParams>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateOauthProvidersResult {
    /// Those given by tokens, then those given by claims; each in order.
    pub provider_ids: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateOauthProviders {
    user: UserId,
    providers: Vec<NewOauthProvider>,
}

impl TryFrom<CreateOauthProvidersIntentV2> for CreateOauthProviders {
    type Error = InvalidRequest;

    fn try_from(intent: CreateOauthProvidersIntentV2) -> Result<Self, InvalidRequest> {
        Ok(Self {
            user: value::id("userId", &intent.user_id)?,
            providers: all(intent.oauth_providers)?,
        })
    }
}

impl TryFrom<CreateOauthProvidersIntent> for CreateOauthProviders {
    type Error = InvalidRequest;

    fn try_from(intent: CreateOauthProvidersIntent) -> Result<Self, InvalidRequest> {
        CreateOauthProvidersIntentV2 {
            user_id: intent.user_id,
            oauth_providers: intent.oauth_providers.into_iter().map(Into::into).collect(),
        }
        .try_into()
    }
}

impl Activity for CreateOauthProviders {
    const ROUTE: &'static str = "create_oauth_providers";
    const VERSIONS: &'static [Version<Self>] = &[
        Version::of::<CreateOauthProvidersIntentV2>(
            "ACTIVITY_TYPE_CREATE_OAUTH_PROVIDERS_V2",
            "createOauthProvidersIntentV2",
            "createOauthProvidersResultV2",
        ),
        Version::of::<CreateOauthProvidersIntent>(
            "ACTIVITY_TYPE_CREATE_OAUTH_PROVIDERS",
            "createOauthProvidersIntent",
            "createOauthProvidersResult",
        ),
    ];
    type Intent = CreateOauthProvidersIntentV2;
    type Output = CreateOauthProvidersResult;
}

#[cfg(feature = "engine")]
impl Execute for CreateOauthProviders {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Credential, Action::Create));

    fn rule(&self) -> Rule {
        Rule::LinkIdentity(self.user)
    }

    fn needs(&self) -> Needs {
        let id_tokens = id_tokens(&self.providers);
        if id_tokens.is_empty() {
            return Needs::Nothing;
        }
        Needs::Proofs(Proofs { verification_token: None, id_tokens })
    }

    fn execute(
        self,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<CreateOauthProvidersResult, RequestError> {
        let now = context.now;
        // The nonce is not looked at: it binds a session's key, and there is none here.
        let mut identities = Identities::new(context.take_proofs());
        let (organization, _, rng) = context.edit_with();
        let user = organization.user(self.user)?;
        let proven = identities.check(self.providers, now)?;
        if caller.home == Home::Parent && !proven.iter().all(|account| may_link(user, account)) {
            return Err(RequestError::PermissionDenied);
        }
        let ids = credentials::add_oauth_providers(organization, self.user, proven, now, rng)?;
        let provider_ids = ids.iter().map(ToString::to_string).collect();
        Ok(CreateOauthProvidersResult { provider_ids })
    }
}

/// Whether the parent organization may add the account to the user of a sub-organization: whoever has it
/// can log in as the user from then on, so an issuer worth believing must say that it has the user's own
/// e-mail address.
#[cfg(feature = "engine")]
fn may_link(user: &User, account: &ProvenIdentity) -> bool {
    let lower = |email: &Option<String>| email.as_ref().map(|email| email.to_ascii_lowercase());
    LINKABLE_ISSUERS.contains(&account.claims.iss.as_str())
        && account.verified_email.is_some()
        && lower(&account.verified_email) == lower(&user.email)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use keyward_crypto::{P256PrivateKey, P256PublicKey};
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::oidc::KeySet;
    use crate::engine::testing::World;
    use crate::wire::objects::OidcClaims;

    const KIND: &str = "ACTIVITY_TYPE_CREATE_OAUTH_PROVIDERS_V2";
    pub(crate) const GOOGLE: &str = "https://accounts.google.com";

    /// An identity provider whose tokens the world believes.
    pub(crate) struct Provider {
        issuer: &'static str,
        key: P256PrivateKey,
    }

    impl Provider {
        pub(crate) fn new(world: &mut World, issuer: &'static str) -> Self {
            let key = P256PrivateKey::generate(&mut world.rng);
            Self::believe(world, issuer, &key.public_key(), "k");
            Self { issuer, key }
        }

        /// Has the world believe what this key signs for the issuer.
        pub(crate) fn believe(world: &mut World, issuer: &str, key: &P256PublicKey, kid: &str) {
            let point = key.uncompressed();
            let jwk = json!({
                "kty": "EC", "crv": "P-256", "kid": kid, "alg": "ES256", "use": "sig",
                "x": URL_SAFE_NO_PAD.encode(&point[1..33]),
                "y": URL_SAFE_NO_PAD.encode(&point[33..]),
            });
            let keys = KeySet::parse(json!({ "keys": [jwk] }).to_string().as_bytes());
            world.issuers.insert(issuer.to_owned(), Arc::new(keys.expect("the real module")));
        }

        /// A token for `sub`, good for five minutes; `more` is put over its claims.
        pub(crate) fn token(&self, world: &World, sub: &str, more: &Value) -> String {
            let now = world.now.as_seconds();
            let mut claims = json!({
                "iss": self.issuer, "sub": sub, "aud": "app", "iat": now, "exp": now + 300,
            });
            for (name, value) in more.as_object().unwrap() {
                claims[name] = value.clone();
            }
            let header = json!({ "alg": "ES256", "typ": "JWT", "kid": "k" }).to_string();
            let input = [header, claims.to_string()].map(|part| URL_SAFE_NO_PAD.encode(part));
            let input = input.join(".");
            let signature = self.key.sign(input.as_bytes()).to_bytes();
            format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
        }
    }

    fn by_token(token: &str) -> Value {
        json!({ "providerName": "provider", "oidcToken": token })
    }

    fn add(
        world: &mut World,
        caller: &Caller,
        user: &Caller,
        providers: &[Value],
    ) -> Result<Value, RequestError> {
        let parameters = json!({ "userId": user.user, "oauthProviders": providers });
        world.submit(caller, user.organization, KIND, parameters)
    }

    #[test]
    fn a_user_adds_its_accounts_by_token_and_by_claims_that_go_with_it() {
        let mut world = World::new();
        let (sub, user) = world.sub_organization();
        let provider = Provider::new(&mut world, "https://id.example.com");
        let token = provider.token(&world, "alice", &json!({ "nonce": "for no key" }));
        let claims = json!({ "iss": "https://id.example.com", "sub": "alice", "aud": "phone" });
        let by_claims = json!({ "providerName": "phone", "oidcClaims": claims });
        let result = add(&mut world, &user, &user, &[by_claims, by_token(&token)]).unwrap();
        let accounts = &world.organization(sub).users[0].oauth_providers;
        let ids: Vec<_> = accounts.iter().map(|account| account.id.to_string()).collect();
        assert_eq!(result, json!({ "providerIds": ids }));
        let audiences: Vec<_> = accounts.iter().map(|account| account.audience.as_str()).collect();
        assert_eq!(audiences, ["app", "phone"]);
        assert!(accounts.iter().all(|account| account.subject == "alice"));
    }

    #[test]
    fn an_account_is_one_users_alone() {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        let other = world.user(sub);
        let provider = Provider::new(&mut world, "https://id.example.com");
        let token = provider.token(&world, "alice", &json!({}));
        add(&mut world, &root, &root, &[by_token(&token)]).unwrap();
        for user in [&root, &other] {
            let refusal = add(&mut world, user, user, &[by_token(&token)]).unwrap_err();
            assert!(matches!(refusal, RequestError::OauthProviderExists), "{refusal}");
        }
        let refusal = add(&mut world, &other, &root, &[by_token(&token)]).unwrap_err();
        assert!(matches!(refusal, RequestError::PermissionDenied), "{refusal}");
    }

    #[test]
    fn an_eleventh_account_is_refused_and_so_are_the_others_of_the_request() {
        let mut world = World::new();
        let (sub, user) = world.sub_organization();
        let provider = Provider::new(&mut world, "https://id.example.com");
        let accounts: Vec<_> = (0..11)
            .map(|n| by_token(&provider.token(&world, &n.to_string(), &json!({}))))
            .collect();
        let refusal = add(&mut world, &user, &user, &accounts).unwrap_err();
        assert_eq!(refusal.status().http_status(), 429, "{refusal}");
        assert!(world.organization(sub).users[0].oauth_providers.is_empty());
        add(&mut world, &user, &user, &accounts[1..]).unwrap();
    }

    #[test]
    fn a_token_that_is_forged_or_old_adds_nothing() {
        let mut world = World::new();
        let (_, user) = world.sub_organization();
        let forger = Provider::new(&mut world, "https://id.example.com");
        let provider = Provider::new(&mut world, "https://id.example.com");
        let old = world.now.as_seconds() - 120;
        let tokens = [
            forger.token(&world, "alice", &json!({})),
            provider.token(&world, "alice", &json!({ "exp": old })),
            provider.token(&world, "alice", &json!({ "iss": "https://unknown.example.com" })),
        ];
        for token in tokens {
            let refusal = add(&mut world, &user, &user, &[by_token(&token)]).unwrap_err();
            assert!(matches!(refusal, RequestError::InvalidOidcToken(_)), "{refusal}");
        }
    }

    #[test]
    fn a_parent_links_only_what_google_says_has_the_users_address() {
        let mut world = World::new();
        let (parent, (sub, user)) = (world.root(), world.sub_organization());
        let google = Provider::new(&mut world, GOOGLE);
        let other = Provider::new(&mut world, "https://id.example.com");
        let verified = json!({ "email": "Alice@Example.com", "email_verified": true });
        let token = google.token(&world, "alice", &verified);
        let refusal = add(&mut world, &parent, &user, &[by_token(&token)]).unwrap_err();
        assert!(matches!(refusal, RequestError::PermissionDenied), "no address: {refusal}");
        world.edit(sub).users[0].email = Some("alice@example.com".to_owned());
        for refused in [
            google.token(&world, "alice", &json!({ "email": "alice@example.com" })),
            google.token(&world, "alice", &json!({ "email": "b@c.de", "email_verified": true })),
            google.token(&world, "alice", &json!({})),
            other.token(&world, "alice", &verified),
        ] {
            let both = [by_token(&token), by_token(&refused)];
            let refusal = add(&mut world, &parent, &user, &both).unwrap_err();
            assert!(matches!(refusal, RequestError::PermissionDenied), "{refusal}");
        }
        assert!(world.organization(sub).users[0].oauth_providers.is_empty());
        add(&mut world, &parent, &user, &[by_token(&token)]).unwrap();
        assert_eq!(world.organization(sub).users[0].oauth_providers[0].issuer, GOOGLE);
    }

    #[test]
    fn the_word_of_others_and_no_word_at_all_link_nothing() {
        let mut world = World::new();
        let (sub, _) = world.sub_organization();
        world.edit(sub).users[0].email = Some("alice@example.com".to_owned());
        let mut user = world.organization(sub).users[0].clone();
        let account = |issuer: &str, email: Option<&str>| ProvenIdentity {
            name: "google".to_owned(),
            claims: OidcClaims {
                iss: issuer.to_owned(),
                sub: "alice".to_owned(),
                aud: "app".to_owned(),
            },
            verified_email: email.map(str::to_owned),
        };
        assert!(may_link(&user, &account(GOOGLE, Some("ALICE@example.com"))));
        assert!(may_link(&user, &account("accounts.google.com", Some("alice@example.com"))));
        assert!(!may_link(
            &user,
            &account("http://accounts.google.com", Some("alice@example.com"))
        ));
        assert!(!may_link(&user, &account(GOOGLE, Some("bob@example.com"))));
        assert!(!may_link(&user, &account(GOOGLE, None)));
        user.email = None;
        assert!(!may_link(&user, &account(GOOGLE, None)));
    }

    #[test]
    fn refuses_accounts_without_a_token_and_users_that_are_not_there() {
        let mut world = World::new();
        let (_, user) = world.sub_organization();
        let claims = json!({ "iss": GOOGLE, "sub": "alice", "aud": "app" });
        for account in [
            json!({ "providerName": "google", "oidcClaims": claims }),
            json!({ "providerName": "google", "oidcClaims": claims, "oidcToken": "x.y.z" }),
            json!({ "providerName": "google" }),
            json!({ "providerName": "", "oidcToken": "x.y.z" }),
            by_token("x.y.z"),
        ] {
            let refusal = add(&mut world, &user, &user, &[account]).unwrap_err();
            assert_eq!(refusal.status().http_status(), 400, "{refusal}");
        }
        let parameters = json!({ "userId": world.parent(), "oauthProviders": [] });
        let refusal = world.submit(&user, user.organization, KIND, parameters).unwrap_err();
        assert_eq!(refusal.status().http_status(), 404, "{refusal}");
        assert_eq!(add(&mut world, &user, &user, &[]).unwrap(), json!({ "providerIds": [] }));
    }

    #[test]
    fn both_versions_mean_the_same() {
        let mut world = World::new();
        let user = world.sub_organization().1.user;
        let intent = json!({ "userId": user, "oauthProviders": [by_token("x.y.z")] });
        let older: CreateOauthProvidersIntent = serde_json::from_value(intent.clone()).unwrap();
        let newer: CreateOauthProvidersIntentV2 = serde_json::from_value(intent).unwrap();
        let older = CreateOauthProviders::try_from(older).unwrap();
        assert_eq!(older, CreateOauthProviders::try_from(newer).unwrap());
    }
}
