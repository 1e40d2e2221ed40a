//! `SET_ORGANIZATION_FEATURE`: turns a feature on, with its value where it has one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, view},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::parameters;
use crate::wire::InvalidRequest;
use crate::wire::enums::FeatureName;
use crate::wire::objects::Feature;

/// Longest value, in bytes.
const LONGEST_VALUE: usize = 4096;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct SetOrganizationFeatureIntent {
    /// Which.
    pub name: FeatureName,
    /// Its value; takes the place of an earlier one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct SetOrganizationFeatureResult {
    /// All features that are on.
    pub features: Vec<Feature>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct SetOrganizationFeature {
    name: FeatureName,
    value: Option<String>,
}

impl TryFrom<SetOrganizationFeatureIntent> for SetOrganizationFeature {
    type Error = InvalidRequest;

    fn try_from(intent: SetOrganizationFeatureIntent) -> Result<Self, InvalidRequest> {
        let name = parameters::feature(intent.name);
        let value = intent.value.filter(|value| !value.is_empty());
        if value.as_ref().is_some_and(|value| value.len() > LONGEST_VALUE) {
            return Err(InvalidRequest::new("feature value must be at most 4096 bytes"));
        }
        if name == FeatureName::WebauthnOrigins {
            check_origins(value.as_deref().unwrap_or_default())?;
        }
        Ok(Self { name, value })
    }
}

/// Refuses a list in which an entry is no origin: nobody could log in from what was meant.
fn check_origins(list: &str) -> Result<(), InvalidRequest> {
    match list.split(',').map(str::trim).find(|origin| !is_origin(origin)) {
        None => Ok(()),
        Some(other) => Err(InvalidRequest::new(format!(
            "invalid WebAuthn origin {other:?}: must be exact, such as https://app.example.com"
        ))),
    }
}

/// Whether this is an origin as a browser or phone writes it: `https` with a host, `http` for
/// `localhost` alone, or of a scheme of its own, such as `android:apk-key-hash:…`. `*` stands for
/// all.
///
/// Source: HTML, "ASCII serialization of an origin"; WebAuthn §13.4.9.
fn is_origin(origin: &str) -> bool {
    let Some((scheme, rest)) = origin.split_once(':') else { return origin == "*" };
    let (host, port) = {
        let authority = rest.strip_prefix("//").unwrap_or_default();
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)))
    };
    let port_is_one = port.is_none_or(|port| !port.starts_with('0') && port.parse::<u16>().is_ok());
    // Browsers write hosts in lower case, and names beyond ASCII as Punycode.
    let host_is_one = !host.is_empty()
        && host.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'));
    match scheme {
        "https" => host_is_one && port_is_one,
        "http" => {
            (host == "localhost" || host.ends_with(".localhost")) && host_is_one && port_is_one
        }
        "" => false,
        _ => !rest.is_empty() && !origin.chars().any(|c| c.is_whitespace() || c.is_control()),
    }
}

impl Activity for SetOrganizationFeature {
    const ROUTE: &'static str = "set_organization_feature";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<SetOrganizationFeatureIntent>(
        "ACTIVITY_TYPE_SET_ORGANIZATION_FEATURE",
        "setOrganizationFeatureIntent",
        "setOrganizationFeatureResult",
    )];
    type Intent = SetOrganizationFeatureIntent;
    type Output = SetOrganizationFeatureResult;
}

#[cfg(feature = "engine")]
impl Execute for SetOrganizationFeature {
    const POLICY: Option<(Resource, Action)> = None;

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<SetOrganizationFeatureResult, RequestError> {
        let organization = context.edit();
        organization.features.insert(self.name, self.value);
        Ok(SetOrganizationFeatureResult { features: view::features(organization) })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::testing::World;

    fn set(
        world: &mut World,
        feature: serde_json::Value,
    ) -> Result<serde_json::Value, RequestError> {
        let kind = "ACTIVITY_TYPE_SET_ORGANIZATION_FEATURE";
        world.submit(&world.root(), world.parent(), kind, feature)
    }

    #[test]
    fn the_later_value_holds() {
        let mut world = World::new();
        set(&mut world, json!({ "name": "FEATURE_NAME_SMS_AUTH", "value": null })).unwrap();
        for value in ["https://a.example", "https://b.example"] {
            let feature = json!({ "name": "FEATURE_NAME_WEBHOOK", "value": value });
            set(&mut world, feature).unwrap();
        }
        let result = set(&mut world, json!({ "name": "FEATURE_NAME_SMS_AUTH", "value": "" }));
        assert_eq!(
            result.unwrap()["features"],
            json!([
                { "name": "FEATURE_NAME_WEBHOOK", "value": "https://b.example" },
                { "name": "FEATURE_NAME_SMS_AUTH" },
            ])
        );
    }

    #[test]
    fn the_older_name_of_email_recovery_means_the_same() {
        let mut world = World::new();
        let old = json!({ "name": "FEATURE_NAME_ROOT_USER_EMAIL_RECOVERY", "value": "" });
        let result = set(&mut world, old).unwrap();
        assert_eq!(result, json!({ "features": [{ "name": "FEATURE_NAME_EMAIL_RECOVERY" }] }));
    }

    #[test]
    fn origins_are_exact() {
        for good in [
            "https://app.example.com",
            "https://app.example.com/, http://localhost:3000",
            "http://app.localhost,android:apk-key-hash:0123_-abc",
            "https://xn--bcher-kva.example:8443",
            "*",
        ] {
            assert_eq!(check_origins(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "app.example.com",
            "http://app.example.com",
            "https://",
            "https://app.example.com/login",
            "https://App.example.com",
            "https://*.example.com",
            "https://app.example.com:0",
            "https://app.example.com,",
            "http://evil-localhost",
        ] {
            assert!(check_origins(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn refuses_origins_that_are_none() {
        let mut world = World::new();
        let name = "FEATURE_NAME_WEBAUTHN_ORIGINS";
        let refusal = set(&mut world, json!({ "name": name, "value": "app" })).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "invalid WebAuthn origin \"app\": must be exact, such as https://app.example.com"
        );
        assert!(set(&mut world, json!({ "name": name, "value": "" })).is_err());
        assert!(set(&mut world, json!({ "name": "FEATURE_NAME_TELEPORT", "value": "" })).is_err());
    }
}
