//! `OAUTH_LOGIN`: opens a session for whoever an identity provider vouches for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::sessions::{LogIn, Opening},
    crate::engine::{Caller, Context, Needs, Rule, context::Proofs},
    crate::wire::RequestError,
    crate::wire::enums::AuthenticationType,
    crate::wire::enums::{Action, Resource},
    keyward_policy::Value,
};

use crate::parameters;
use crate::wire::id::SessionProfileId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OauthLoginIntent {
    /// ID token whose nonce is the hash of the public key.
    pub oidc_token: String,
    /// Client key for the session: P-256, SEC1, hex.
    pub public_key: String,
    /// Seconds, decimal; 900 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_seconds: Option<String>,
    /// Whether all other log-in sessions of the user end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalidate_existing: Option<bool>,
    /// The session profile that limits the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_profile_id: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct OauthLoginResult {
    /// A token that describes the session. Requests are stamped with the session's key.
    pub session: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct OauthLogin {
    oidc_token: String,
    /// Compressed, hex.
    public_key: String,
    /// As it travelled, which is what the nonce is the hash of.
    public_key_text: String,
    profile: Option<SessionProfileId>,
    lifetime_seconds: Option<u64>,
    ends_others: bool,
}

impl TryFrom<OauthLoginIntent> for OauthLogin {
    type Error = InvalidRequest;

    fn try_from(intent: OauthLoginIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            oidc_token: intent.oidc_token,
            public_key: hex::encode(parameters::p256_key(&intent.public_key)?.compressed()),
            public_key_text: intent.public_key,
            profile: parameters::session_profile(intent.session_profile_id.as_deref())?,
            lifetime_seconds: value::expiration_seconds(intent.expiration_seconds)?,
            ends_others: intent.invalidate_existing.unwrap_or_default(),
        })
    }
}

impl Activity for OauthLogin {
    const ROUTE: &'static str = "oauth_login";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<OauthLoginIntent>(
        "ACTIVITY_TYPE_OAUTH_LOGIN",
        "oauthLoginIntent",
        "oauthLoginResult",
    )];
    type Intent = OauthLoginIntent;
    type Output = OauthLoginResult;
}

#[cfg(feature = "engine")]
impl Execute for OauthLogin {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Auth, Action::Create));

    fn params(&self) -> Vec<(&'static str, Value)> {
        vec![("session_profile_id", parameters::show_session_profile(self.profile))]
    }

    fn rule(&self) -> Rule {
        Rule::LogIn
    }

    fn needs(&self) -> Needs {
        Needs::Proofs(Proofs { verification_token: None, id_tokens: vec![self.oidc_token.clone()] })
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<OauthLoginResult, RequestError> {
        let now = context.now;
        let token = context.take_proofs().id_token(0, &self.oidc_token, now)?;
        token.check_binds(&self.public_key_text)?;
        let (organization, identity) = (context.organization(), token.identity());
        let (user, provider) =
            identity.owner(organization)?.ok_or_else(|| identity.not_found(organization.id))?;
        let log_in = LogIn::proven(AuthenticationType::Oauth, Some(provider), now);
        let session = Opening::log_in(user, self.profile, self.lifetime_seconds, self.ends_others)
            .for_key(&self.public_key, log_in, context)?;
        Ok(OauthLoginResult { session })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use keyward_crypto::{P256PrivateKey, P256PublicKey, RsaPrivateKey};
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::jwt::jwk;
    use crate::engine::model::{ApiKey, CredentialId};
    use crate::engine::oidc::KeySet;
    use crate::engine::testing::{ISSUER, World, nonce};
    use crate::wire::enums::CredentialType;
    use crate::wire::id::{OauthProviderId, OrganizationId};

    const KIND: &str = "ACTIVITY_TYPE_OAUTH_LOGIN";
    const UNBOUND: &str = "invalid OIDC token: nonce is not the hash of the public key";

    /// A sub-organization whose root user has an account at the issuer.
    fn world() -> (World, OrganizationId, OauthProviderId) {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        let provider = world.link_identity(sub, root.user, "client", "subject");
        (world, sub, provider)
    }

    /// A log-in with a token whose claims are changed like this; its nonce fits where none is given.
    fn asked(world: &mut World, mut claims: Value) -> Value {
        let public_key = world.public_key();
        if claims.get("nonce").is_none() {
            claims["nonce"] = json!(nonce(&public_key));
        }
        json!({ "oidcToken": world.id_token("subject", claims), "publicKey": public_key })
    }

    fn log_in(
        world: &mut World,
        sub: OrganizationId,
        asked: &Value,
    ) -> Result<Value, RequestError> {
        world.submit(&world.root(), sub, KIND, asked.clone())
    }

    /// The refusal's text, once it is known that nothing was left behind.
    fn refused(world: &mut World, sub: OrganizationId, asked: &Value) -> String {
        let before = world.organization(sub).clone();
        let refusal = log_in(world, sub, asked).unwrap_err();
        assert_eq!(*world.organization(sub), before);
        refusal.to_string()
    }

    fn nobody(sub: OrganizationId) -> String {
        format!(
            "could not find oauth provider in organization or its parent organization \
             organizationId={sub}"
        )
    }

    fn sessions(world: &World, sub: OrganizationId) -> Vec<&ApiKey> {
        let keys = world.organization(sub).users.iter().flat_map(|user| &user.api_keys);
        keys.filter(|key| key.kind == CredentialType::Login).collect()
    }

    #[test]
    fn opens_a_session_for_the_user_with_the_account() {
        let (mut world, sub, provider) = world();
        let asked = asked(&mut world, json!({}));
        let result = log_in(&mut world, sub, &asked).unwrap();
        assert_eq!(result["session"].as_str().unwrap().split('.').count(), 3);
        let keys = sessions(&world, sub);
        assert_eq!(keys.len(), 1);
        assert_eq!(keys[0].public_key, asked["publicKey"]);
        assert_eq!(keys[0].opened_by, Some(CredentialId::OauthProvider(provider)));
        assert_eq!(keys[0].expires_at(), Some(world.now.plus_seconds(900)));
        let session = keys[0].session.as_ref().unwrap();
        assert_eq!(session.method, AuthenticationType::Oauth);
        assert_eq!(world.activities.last().unwrap().events.len(), 1);
    }

    #[test]
    fn either_nonce_binds_the_token_to_the_key() {
        let (mut world, sub, _) = world();
        let public_key = world.public_key();
        let (right, wrong) = (nonce(&public_key), nonce(&world.public_key()));
        for (claims, is_bound) in [
            (json!({ "nonce": right }), true),
            (json!({ "tknonce": right }), true),
            (json!({ "nonce": wrong, "tknonce": right }), true),
            (json!({ "nonce": right, "tknonce": wrong }), true),
            (json!({ "nonce": wrong }), false),
            (json!({ "nonce": wrong, "tknonce": wrong }), false),
            (json!({ "nonce": public_key }), false),
            (json!({ "nonce": "" }), false),
            (json!({}), false),
        ] {
            let token = world.id_token("subject", claims.clone());
            let asked = json!({ "oidcToken": token, "publicKey": public_key });
            if is_bound {
                log_in(&mut world, sub, &asked).unwrap();
            } else {
                assert_eq!(refused(&mut world, sub, &asked), UNBOUND, "{claims}");
            }
        }
        let refusal = RequestError::InvalidOidcToken("reason".into()).status().to_json();
        let (code, name) = (&refusal["code"], &refusal["turnkeyErrorCode"]);
        assert_eq!((code, name), (&json!(3), &json!("INVALID_OIDC_TOKEN")));
    }

    #[test]
    fn what_is_hashed_is_the_key_as_it_was_written() {
        let (mut world, sub, _) = world();
        let compressed = world.public_key();
        let key = P256PublicKey::from_sec1(&hex::decode(&compressed).unwrap()).unwrap();
        let written = hex::encode_upper(key.uncompressed());
        let log_in = |world: &mut World, hashed: &str| {
            let token = world.id_token("subject", json!({ "nonce": nonce(hashed) }));
            log_in(world, sub, &json!({ "oidcToken": token, "publicKey": written }))
        };
        log_in(&mut world, &written).unwrap();
        log_in(&mut world, &written.to_ascii_lowercase()).unwrap();
        let refusal = log_in(&mut world, &compressed).unwrap_err();
        assert_eq!(refusal.to_string(), UNBOUND);
        assert_eq!(sessions(&world, sub)[0].public_key, compressed);
    }

    #[test]
    fn issuer_audience_and_subject_must_all_be_the_users() {
        let (mut world, sub, _) = world();
        for claims in [
            json!({ "aud": "other" }),
            json!({ "aud": ["other", "another"] }),
            json!({ "sub": "other" }),
            json!({ "aud": "CLIENT" }),
        ] {
            let asked = asked(&mut world, claims);
            assert_eq!(refused(&mut world, sub, &asked), nobody(sub));
        }
        let other = asked(&mut world, json!({ "iss": "https://other.example" }));
        let keys = world.issuers[ISSUER].clone();
        world.issuers.insert("https://other.example".to_owned(), keys);
        assert_eq!(refused(&mut world, sub, &other), nobody(sub));
        for claims in [json!({ "aud": ["other", "client"] }), json!({ "aud": ["client"] })] {
            let asked = asked(&mut world, claims);
            log_in(&mut world, sub, &asked).unwrap();
        }
    }

    #[test]
    fn accounts_of_the_parents_users_and_of_other_sub_organizations_do_not_count() {
        let (mut world, sub, _) = world();
        let (other, _) = world.sub_organization();
        world.link_identity(world.parent(), world.root().user, "client", "subject");
        let asked = asked(&mut world, json!({}));
        assert_eq!(refused(&mut world, other, &asked), nobody(other));
        log_in(&mut world, sub, &asked).unwrap();
    }

    #[test]
    fn audiences_of_several_users_are_a_conflict() {
        let (mut world, sub, first) = world();
        let user = world.user(sub).user;
        let both = json!({ "aud": ["client", "second"] });
        world.link_identity(sub, world.root_of(sub).user, "second", "subject");
        let asked_both = asked(&mut world, both.clone());
        log_in(&mut world, sub, &asked_both).unwrap();
        let opened_by = sessions(&world, sub)[0].opened_by;
        assert_eq!(opened_by, Some(CredentialId::OauthProvider(first)), "both are one user's");
        world.link_identity(sub, user, "third", "subject");
        let three = asked(&mut world, json!({ "aud": ["client", "third"] }));
        let refusal = log_in(&mut world, sub, &three).unwrap_err();
        assert!(matches!(refusal, RequestError::CredentialConflict("oauth provider")), "{refusal}");
        refused(&mut world, sub, &three);
    }

    #[test]
    fn refuses_issuers_that_do_not_answer() {
        let (mut world, sub, _) = world();
        let asked = asked(&mut world, json!({}));
        world.issuers.clear();
        let text = "invalid OIDC token: the issuer does not answer";
        assert_eq!(refused(&mut world, sub, &asked), text);
        let malformed = json!({ "oidcToken": "token", "publicKey": asked["publicKey"] });
        assert_eq!(refused(&mut world, sub, &malformed), text);
    }

    #[test]
    fn refuses_tokens_that_have_expired_or_are_not_the_issuers() {
        let (mut world, sub, _) = world();
        let asked = asked(&mut world, json!({}));
        let start = world.now;
        world.now = start.plus_seconds(3600 + 60);
        assert_eq!(refused(&mut world, sub, &asked), "invalid OIDC token: OIDC token has expired");
        world.now = start;
        let key = P256PrivateKey::generate(&mut world.rng);
        let keys = json!({ "keys": [jwk(&key.public_key(), "key")] }).to_string();
        let keys = Arc::new(KeySet::parse(keys.as_bytes()).unwrap());
        let right = world.issuers.insert(ISSUER.to_owned(), keys).unwrap();
        let text = "invalid OIDC token: OIDC token has an invalid signature";
        assert_eq!(refused(&mut world, sub, &asked), text);
        world.issuers.insert(ISSUER.to_owned(), right);
        world.now = start.plus_seconds(3600 + 59);
        log_in(&mut world, sub, &asked).unwrap();
    }

    #[test]
    fn takes_tokens_that_are_signed_with_rsa() {
        let (mut world, sub, _) = world();
        let key = RsaPrivateKey::generate();
        let modulus = URL_SAFE_NO_PAD.encode(key.modulus());
        let keys = json!({ "keys": [{ "kty": "RSA", "kid": "r", "n": modulus, "e": "AQAB" }] });
        let keys = KeySet::parse(keys.to_string().as_bytes()).unwrap();
        world.issuers.insert(ISSUER.to_owned(), Arc::new(keys));
        let public_key = world.public_key();
        let claims = json!({
            "iss": ISSUER,
            "aud": "client",
            "sub": "subject",
            "exp": world.now.as_seconds() + 60,
            "nonce": nonce(&public_key),
        });
        let header = json!({ "alg": "RS256", "kid": "r", "typ": "JWT" });
        let [header, claims] = [header, claims].map(|it| URL_SAFE_NO_PAD.encode(it.to_string()));
        let input = format!("{header}.{claims}");
        let signature = URL_SAFE_NO_PAD.encode(key.sign_pkcs1_sha256(input.as_bytes()));
        let token = format!("{input}.{signature}");
        let asked = json!({ "oidcToken": token, "publicKey": public_key });
        log_in(&mut world, sub, &asked).unwrap();
    }

    #[test]
    fn the_same_token_again_only_renews_its_session() {
        let (mut world, sub, _) = world();
        let asked = asked(&mut world, json!({}));
        log_in(&mut world, sub, &asked).unwrap();
        world.now = world.now.plus_seconds(60);
        log_in(&mut world, sub, &asked).unwrap();
        let keys = sessions(&world, sub);
        assert_eq!(keys.len(), 1);
        assert_eq!(keys[0].expires_at(), Some(world.now.plus_seconds(900)));
    }

    #[test]
    fn ends_the_users_other_sessions_when_asked() {
        let (mut world, sub, _) = world();
        for _ in 0..2 {
            let asked = asked(&mut world, json!({}));
            log_in(&mut world, sub, &asked).unwrap();
        }
        assert_eq!(sessions(&world, sub).len(), 2);
        let mut asked = asked(&mut world, json!({}));
        asked["invalidateExisting"] = json!(true);
        asked["expirationSeconds"] = json!("60");
        log_in(&mut world, sub, &asked).unwrap();
        let keys = sessions(&world, sub);
        assert_eq!((keys.len(), keys[0].expiration_seconds), (1, Some(60)));
    }

    #[test]
    fn refuses_what_means_nothing() {
        let (mut world, sub, _) = world();
        let good = asked(&mut world, json!({}));
        let taken = world.organization(sub).users[0].api_keys[0].public_key.clone();
        for (name, value) in [
            ("publicKey", json!("02")),
            ("publicKey", json!(taken)),
            ("expirationSeconds", json!("0")),
            ("sessionProfileId", json!(sub)),
            ("oidcToken", Value::Null),
        ] {
            let mut asked = good.clone();
            asked[name] = value;
            refused(&mut world, sub, &asked);
        }
    }

    #[test]
    fn only_whoever_logs_users_in_may_ask() {
        let (mut world, sub, _) = world();
        let asked = asked(&mut world, json!({}));
        for organization in [world.parent(), sub] {
            let user = world.user(organization);
            let refusal = world.submit(&user, sub, KIND, asked.clone()).unwrap_err();
            assert!(matches!(refusal, RequestError::PermissionDenied), "{refusal}");
        }
        let own = world.root_of(sub);
        world.submit(&own, sub, KIND, asked).unwrap();
    }
}
