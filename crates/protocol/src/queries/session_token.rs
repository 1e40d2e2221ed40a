//! `session_token`: a short-lived JWT that tells other services whose session this is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::session_token::{Identity, LIFETIME_SECONDS},
    crate::engine::sessions,
    crate::wire::{InvalidRequest, RequestError},
};

use crate::wire::Namespace;

/// As it travels. To be asked by a session: stamped with its key, or with its token.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionToken {
    /// The session's organization, or its parent.
    pub organization_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct SessionTokenResponse {
    /// A JWT, ES256, that any library verifies with `/.well-known/jwks.json`. It opens nothing here.
    pub token: String,
}

impl Query for SessionToken {
    const NAMESPACE: Namespace = Namespace::Keyward;
    const ROUTE: &'static str = "session_token";
    const FINDS_SUB_ORGANIZATION: bool = true;
    type Response = SessionTokenResponse;
}

#[cfg(feature = "engine")]
impl Answer for SessionToken {
    fn answer(self, view: &View<'_>, _: Found) -> Result<SessionTokenResponse, RequestError> {
        let (home, now) = (view.home, view.now);
        let found = sessions::all(home)
            .find(|found| found.is(view.caller.credential.id))
            .ok_or_else(|| InvalidRequest::new("the request is not one of a session"))?;
        let parent = view.parent.filter(|parent| home.parent == Some(parent.id));
        let limits = sessions::limits(home, parent);
        // This very request is a use of the session.
        let idle_end = limits.idle_timeout_seconds.map(|timeout| now.plus_seconds(timeout));
        let end = found.expires_at(limits).min(now.plus_seconds(LIFETIME_SECONDS));
        let end = idle_end.map_or(end, |idle_end| idle_end.min(end));
        let token = Identity {
            issuer: &view.settings.issuer,
            user: found.user.id,
            organization: home.id,
            parent: home.parent,
            session: found.id,
            session_type: found.kind(),
            method: found.session().map(|session| session.method),
            logged_in_at: found.logged_in_at(),
            public_key: found.key().map(|key| key.public_key.as_str()),
        }
        .sign(now, end, &view.keys.notarizer)
        .map_err(RequestError::internal)?;
        Ok(SessionTokenResponse { token })
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use keyward_crypto::EcdsaSignature;
    use serde_json::{Value, json};

    use crate::engine::jwt::{jwk, thumbprint};
    use crate::engine::testing::World;
    use crate::engine::{Caller, Home};

    const ROUTE: &str = "session_token";

    /// Header and claims, of a token that an ordinary library accepts.
    fn token(world: &World, caller: &Caller) -> [Value; 2] {
        let answer = world.query(caller, caller.organization, ROUTE, json!({})).unwrap();
        let token = answer["token"].as_str().unwrap();
        let (input, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap().try_into().unwrap();
        let signature = EcdsaSignature::from_bytes(&signature);
        assert!(world.keys.notarizer.public_key().verify(input.as_bytes(), &signature));
        let (header, claims) = input.split_once('.').unwrap();
        [header, claims]
            .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
    }

    #[test]
    fn says_whose_session_it_is() {
        let mut world = World::new();
        world.settings.issuer = "https://keys.example.com".to_owned();
        let (sub, root) = world.sub_organization();
        let logged_in_at = world.now.as_seconds();
        let session = world.log_in(&root, 900);
        world.now = world.now.plus_seconds(5);
        let now = world.now.as_seconds();
        let [header, claims] = token(&world, &session);
        let key = world.keys.notarizer.public_key();
        assert_eq!(header, json!({ "alg": "ES256", "typ": "JWT", "kid": thumbprint(&key) }));
        assert_eq!(header["kid"], jwk(&key, &thumbprint(&key))["kid"]);
        let expected = json!({
            "iss": "https://keys.example.com",
            "sub": root.user,
            "aud": world.parent(),
            "organization_id": sub,
            "parent_organization_id": world.parent(),
            "session_id": session.session(),
            "session_type": "SESSION_TYPE_READ_WRITE",
            "amr": ["AUTHENTICATION_TYPE_API_KEY"],
            "auth_time": logged_in_at,
            "iat": now,
            "exp": now + 300,
            "public_key": session.credential.public_key,
        });
        assert_eq!(claims, expected);
    }

    #[test]
    fn a_read_only_session_has_no_key_and_a_parent_is_its_own_audience() {
        let mut world = World::new();
        let root = world.root();
        let session = world.read_only(&root);
        let [_, claims] = token(&world, &session);
        assert_eq!(claims["session_type"], "SESSION_TYPE_READ_ONLY");
        assert_eq!(claims["session_id"], json!(session.session()));
        assert_eq!(claims["aud"], json!(world.parent()));
        for absent in ["public_key", "parent_organization_id"] {
            assert!(claims.get(absent).is_none(), "{absent}");
        }
    }

    #[test]
    fn does_not_outlive_the_session() {
        let mut world = World::new();
        let root = world.root();
        let id = world.parent();
        let session = world.log_in(&root, 120);
        let exp = |world: &World| token(world, &session)[1]["exp"].as_u64().unwrap();
        let now = world.now.as_seconds();
        assert_eq!(exp(&world), now + 120);
        world.edit(id).session_limits.absolute_lifetime_seconds = Some(100);
        assert_eq!(exp(&world), now + 100);
        world.edit(id).session_limits.idle_timeout_seconds = Some(60);
        assert_eq!(exp(&world), now + 60);
    }

    #[test]
    fn a_key_that_lasts_is_no_session() {
        let world = World::new();
        let root = world.root();
        let refusal = world.query(&root, world.parent(), ROUTE, json!({})).unwrap_err();
        assert_eq!(refusal.to_string(), "the request is not one of a session");
        assert_eq!(refusal.status().http_status(), 400);
    }

    #[test]
    fn a_parents_session_speaks_for_the_parent() {
        let mut world = World::new();
        let (sub, _) = world.sub_organization();
        let root = world.root();
        let session = Caller { home: Home::Parent, ..world.log_in(&root, 900) };
        let answer = world.query(&session, sub, ROUTE, json!({})).unwrap();
        let claims = answer["token"].as_str().unwrap().split('.').nth(1).unwrap();
        let claims: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        assert_eq!(claims["organization_id"], json!(world.parent()));
    }
}
