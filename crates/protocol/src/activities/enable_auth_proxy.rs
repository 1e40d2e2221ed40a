//! `ENABLE_AUTH_PROXY`: has the server log the organization's end users in where it has no backend of its
//! own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, Rule, auth_proxy},
    crate::wire::RequestError,
    crate::wire::enums::FeatureName,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::InvalidRequest;

/// As it travels: nothing.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct EnableAuthProxyIntent {}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EnableAuthProxyResult {
    /// The user that the proxy acts as.
    pub user_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct EnableAuthProxy;

impl TryFrom<EnableAuthProxyIntent> for EnableAuthProxy {
    type Error = InvalidRequest;

    fn try_from(_: EnableAuthProxyIntent) -> Result<Self, InvalidRequest> {
        Ok(Self)
    }
}

impl Activity for EnableAuthProxy {
    const ROUTE: &'static str = "enable_auth_proxy";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<EnableAuthProxyIntent>(
        "ACTIVITY_TYPE_ENABLE_AUTH_PROXY",
        "enableAuthProxyIntent",
        "enableAuthProxyResult",
    )];
    type Intent = EnableAuthProxyIntent;
    type Output = EnableAuthProxyResult;
}

#[cfg(feature = "engine")]
impl Execute for EnableAuthProxy {
    const POLICY: Option<(Resource, Action)> = Some((Resource::AuthProxy, Action::Create));

    fn rule(&self) -> Rule {
        Rule::ParentOnly
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<EnableAuthProxyResult, RequestError> {
        let now = context.now;
        let organization = context.organization();
        let is_on = organization.features.contains_key(&FeatureName::AuthProxy);
        if let (Some(proxy), true) = (&organization.auth_proxy, is_on) {
            return Ok(EnableAuthProxyResult { user_id: proxy.user.to_string() });
        }
        let (organization, changes, rng) = context.edit_with();
        let user = auth_proxy::enable(organization, changes, now, rng)?;
        Ok(EnableAuthProxyResult { user_id: user.to_string() })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use keyward_crypto::P256PrivateKey;
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::model::AuthProxyConfig;
    use crate::engine::testing::World;

    const KIND: &str = "ACTIVITY_TYPE_ENABLE_AUTH_PROXY";

    /// The parent's proxy, as the sender of a request.
    pub(crate) fn enable(world: &mut World) -> Caller {
        let result = world.submit(&world.root(), world.parent(), KIND, json!({})).unwrap();
        world.caller(world.parent(), result["userId"].as_str().unwrap().parse().unwrap())
    }

    fn refusal(world: &mut World, kind: &str, parameters: Value) -> String {
        world.submit(&world.root(), world.parent(), kind, parameters).unwrap_err().to_string()
    }

    #[test]
    fn makes_a_user_whose_key_the_server_keeps() {
        let mut world = World::new();
        let proxy = enable(&mut world);
        let organization = world.organization(world.parent());
        let user = organization.user(proxy.user).unwrap();
        assert!(!organization.is_root(proxy.user));
        assert_eq!((user.name.as_str(), user.api_keys.len()), ("Auth Proxy", 1));
        assert_eq!(user.api_keys[0].expiration_seconds, None);
        assert!(organization.features.contains_key(&FeatureName::AuthProxy));
        let known = organization.auth_proxy.as_ref().unwrap();
        assert_eq!((known.user, &known.config), (proxy.user, &AuthProxyConfig::default()));
        let secret = &world.secrets[&(world.parent(), proxy.user.0)];
        let secret = P256PrivateKey::from_bytes(secret.expose().try_into().unwrap()).unwrap();
        assert_eq!(hex::encode(secret.public_key().compressed()), user.api_keys[0].public_key);
    }

    #[test]
    fn a_second_time_changes_nothing_but_turns_the_feature_on_again() {
        let mut world = World::new();
        let proxy = enable(&mut world);
        let before = world.organization(world.parent()).clone();
        assert_eq!(enable(&mut world).user, proxy.user);
        assert_eq!(*world.organization(world.parent()), before);
        assert_eq!(world.secrets.len(), 1);
        let id = world.parent();
        world.edit(id).features.clear();
        assert_eq!(enable(&mut world).user, proxy.user);
        assert_eq!(*world.organization(id), before);
    }

    #[test]
    fn only_the_root_quorum_of_a_parent_may() {
        let mut world = World::new();
        let (user, (_, root)) = (world.user(world.parent()), world.sub_organization());
        for caller in [user, root] {
            let refusal = world.submit(&caller, caller.organization, KIND, json!({})).unwrap_err();
            assert_eq!(refusal.status().http_status(), 403, "{refusal}");
        }
    }

    #[test]
    fn the_proxy_may_log_users_in_and_not_more() {
        let mut world = World::new();
        let (proxy, (sub, _)) = (enable(&mut world), world.sub_organization());
        world.edit(sub).features.insert(FeatureName::OtpEmailAuth, None);
        let tag = json!({ "userTagName": "tag", "userIds": [] });
        for organization in [world.parent(), sub] {
            let kind = "ACTIVITY_TYPE_CREATE_USER_TAG";
            assert!(world.submit(&proxy, organization, kind, tag.clone()).is_err());
        }
        let id = world.parent();
        world.edit(id).features.insert(FeatureName::OtpEmailAuth, None);
        let code = json!({ "otpType": "OTP_TYPE_EMAIL", "contact": "a@b.cd", "appName": "app" });
        world.submit(&proxy, sub, "ACTIVITY_TYPE_INIT_OTP_V2", code.clone()).unwrap();
        world.edit(id).features.remove(&FeatureName::AuthProxy);
        let refusal = world.submit(&proxy, sub, "ACTIVITY_TYPE_INIT_OTP_V2", code).unwrap_err();
        assert!(matches!(refusal, RequestError::PermissionDenied), "{refusal}");
    }

    #[test]
    fn nobody_gets_hold_of_the_proxy_or_makes_more_of_it() {
        let mut world = World::new();
        let proxy = enable(&mut world);
        let user = proxy.user;
        let key = json!({
            "apiKeyName": "key",
            "publicKey": world.public_key(),
            "curveType": "API_KEY_CURVE_P256",
        });
        let own_key = world.organization(world.parent()).user(user).unwrap().api_keys[0].id;
        for (kind, parameters) in [
            ("ACTIVITY_TYPE_CREATE_API_KEYS_V2", json!({ "userId": user, "apiKeys": [key] })),
            ("ACTIVITY_TYPE_DELETE_API_KEYS", json!({ "userId": user, "apiKeyIds": [own_key] })),
            (
                "ACTIVITY_TYPE_CREATE_AUTHENTICATORS_V2",
                json!({ "userId": user, "authenticators": [world.passkey("phone")] }),
            ),
            ("ACTIVITY_TYPE_UPDATE_USER", json!({ "userId": user, "userEmail": "a@b.cd" })),
            ("ACTIVITY_TYPE_UPDATE_USER_EMAIL", json!({ "userId": user, "userEmail": "a@b.cd" })),
        ] {
            let text = refusal(&mut world, kind, parameters);
            assert_eq!(text, "the user of the auth proxy can't be changed", "{kind}");
        }
        let users = json!({ "userIds": [user] });
        let text = refusal(&mut world, "ACTIVITY_TYPE_DELETE_USERS", users);
        assert_eq!(text, "the user of the auth proxy can't be deleted: disable the auth proxy");
        let quorum = json!({ "threshold": 1, "userIds": [world.root().user, user] });
        let text = refusal(&mut world, "ACTIVITY_TYPE_UPDATE_ROOT_QUORUM", quorum);
        assert_eq!(text, "the user of the auth proxy can't be in the root quorum");
        assert_eq!(enable(&mut world).user, user);
    }
}
