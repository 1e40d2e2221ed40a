//! `SET_IP_ALLOWLIST`: says from where users of a parent organization may ask.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::ip_allowlist,
    crate::engine::model::{IpAllowlist, IpRule, limits},
    crate::engine::{Caller, Context, Rule},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    ipnet::IpNet,
};

use crate::wire::InvalidRequest;
use crate::wire::objects::IpAllowlistIntentRule;

/// As it travels. What is absent stays as it is.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetIpAllowlistIntent {
    /// For requests with this API key alone; for all of the organization's users when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
    /// Whether it is enforced; a new list is. A key's list counts only while the organization's is enforced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// All of its blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Vec<IpAllowlistIntentRule>>,
    /// What becomes of requests from an address that can't be told: `ALLOW` or `DENY`; `DENY` of a new list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_evaluation_error: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct SetIpAllowlistResult {}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct SetIpAllowlist {
    /// Lower-case.
    public_key: Option<String>,
    enabled: Option<bool>,
    /// Each block with its label.
    #[cfg(feature = "engine")]
    rules: Option<Vec<(IpNet, String)>>,
    allows_unknown: Option<bool>,
}

impl TryFrom<SetIpAllowlistIntent> for SetIpAllowlist {
    type Error = InvalidRequest;

    fn try_from(intent: SetIpAllowlistIntent) -> Result<Self, InvalidRequest> {
        let allows_unknown = match intent.on_evaluation_error.as_deref() {
            None | Some("") => None,
            Some("ALLOW") => Some(true),
            Some("DENY") => Some(false),
            Some(_) => {
                let rule = "must be ALLOW or DENY";
                let text = format!("invalid onEvaluationError: {rule}");
                return Err(InvalidRequest::new(text).at("onEvaluationError", rule));
            }
        };
        Ok(Self {
            public_key: public_key(intent.public_key),
            enabled: intent.enabled,
            #[cfg(feature = "engine")]
            rules: intent.rules.map(read).transpose()?,
            allows_unknown,
        })
    }
}

/// The key that a list is for, as it is kept.
pub(crate) fn public_key(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(|text| text.to_ascii_lowercase())
}

/// Of blocks that are the same the first counts.
#[cfg(feature = "engine")]
fn read(travel: Vec<IpAllowlistIntentRule>) -> Result<Vec<(IpNet, String)>, InvalidRequest> {
    let mut rules: Vec<(IpNet, String)> = Vec::new();
    for rule in travel {
        let block = ip_allowlist::block(&rule.cidr)?;
        let label = rule.label.unwrap_or_default();
        if label.chars().count() > 255 || label.chars().any(char::is_control) {
            let rule = "must be at most 255 characters, without control characters";
            return Err(InvalidRequest::new(format!("invalid label: {rule}")).at("label", rule));
        }
        if rules.iter().all(|(known, _)| *known != block) {
            rules.push((block, label));
        }
    }
    ip_allowlist::check_count(rules.iter().map(|(block, _)| *block))?;
    Ok(rules)
}

impl Activity for SetIpAllowlist {
    const ROUTE: &'static str = "set_ip_allowlist";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<SetIpAllowlistIntent>(
        "ACTIVITY_TYPE_SET_IP_ALLOWLIST",
        "setIpAllowlistIntent",
        "setIpAllowlistResult",
    )];
    type Intent = SetIpAllowlistIntent;
    type Output = SetIpAllowlistResult;
}

#[cfg(feature = "engine")]
impl Execute for SetIpAllowlist {
    // It can lock everybody out: only the root quorum decides.
    const POLICY: Option<(Resource, Action)> = None;

    fn rule(&self) -> Rule {
        Rule::ParentOnly
    }

    fn execute(
        self,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<SetIpAllowlistResult, RequestError> {
        let (now, client) = (context.now, context.client);
        let organization = context.edit();
        if let Some(key) = &self.public_key {
            let mut keys = organization.users.iter().flat_map(|user| &user.api_keys);
            if keys.all(|known| known.public_key != *key) {
                let text = format!("could not find api key with public key {key}");
                return Err(RequestError::NotFound(text));
            }
        }
        let lists = &mut organization.ip_allowlists;
        let place = lists.iter().position(|list| list.public_key == self.public_key);
        let mut list = match place {
            Some(place) => lists.remove(place),
            None if lists.len() >= limits::IP_ALLOWLISTS => {
                let text = "organization has exceeded maximum ip allowlists";
                return Err(RequestError::LimitReached(text.into()));
            }
            None => IpAllowlist {
                public_key: self.public_key,
                enabled: true,
                allows_unknown: false,
                rules: Vec::new(),
            },
        };
        if let Some(rules) = self.rules {
            let rules = rules.into_iter().map(|(block, label)| {
                let cidr = block.to_string();
                let known = list.rules.iter().find(|rule| rule.cidr == cidr);
                IpRule { created_at: known.map_or(now, |rule| rule.created_at), cidr, label }
            });
            list.rules = rules.collect();
        }
        list.enabled = self.enabled.unwrap_or(list.enabled);
        list.allows_unknown = self.allows_unknown.unwrap_or(list.allows_unknown);
        lists.insert(place.unwrap_or(lists.len()), list);
        ip_allowlist::check_own(organization, caller, client)?;
        Ok(SetIpAllowlistResult {})
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::testing::World;
    use crate::wire::enums::FeatureName;

    const SET: &str = "ACTIVITY_TYPE_SET_IP_ALLOWLIST";
    const REMOVE: &str = "ACTIVITY_TYPE_REMOVE_IP_ALLOWLIST";

    /// A world whose requests come from 192.0.2.7.
    fn world() -> World {
        let mut world = World::new();
        world.client.address = Some("192.0.2.7".to_owned());
        world
    }

    fn rules(blocks: &[&str]) -> Value {
        let rules: Vec<Value> = blocks.iter().map(|cidr| json!({ "cidr": cidr })).collect();
        json!({ "rules": rules })
    }

    /// Whether the caller gets in from an address.
    fn passes(world: &World, caller: &Caller, address: Option<&str>) -> bool {
        let client = crate::engine::Client {
            address: address.map(str::to_owned),
            ..crate::engine::Client::default()
        };
        let organization = world.organization(caller.organization);
        let parent = organization.parent.map(|id| world.organization(id));
        ip_allowlist::check(organization, parent, caller, &client).is_ok()
    }

    #[test]
    fn users_of_the_parent_get_in_from_its_blocks_and_others_from_anywhere() {
        let mut world = world();
        let (root, parent) = (world.root(), world.parent());
        let (_, sub_root) = world.sub_organization();
        let proxy = world.auth_proxy();
        assert!(world.organization(parent).features.contains_key(&FeatureName::AuthProxy));
        assert!(passes(&world, &root, None), "without a list");
        world.submit(&root, parent, SET, rules(&["192.0.2.0/24", "2001:db8::/64"])).unwrap();
        for (address, expected) in [
            (Some("192.0.2.255"), true),
            (Some("192.0.3.0"), false),
            (Some("::ffff:192.0.2.1"), true),
            (Some("2001:db8::1"), true),
            (Some("2001:db8:0:1::1"), false),
            (Some("nowhere"), false),
            (None, false),
        ] {
            assert_eq!(passes(&world, &root, address), expected, "{address:?}");
        }
        assert!(passes(&world, &sub_root, Some("203.0.113.1")));
        assert!(passes(&world, &proxy, Some("203.0.113.1")));
        let lenient = json!({ "onEvaluationError": "ALLOW" });
        world.submit(&root, parent, SET, lenient).unwrap();
        assert!(passes(&world, &root, None));
        assert!(!passes(&world, &root, Some("192.0.3.0")));
        world.submit(&root, parent, SET, json!({ "enabled": false })).unwrap();
        assert!(passes(&world, &root, Some("192.0.3.0")));
    }

    #[test]
    fn a_key_with_rules_of_its_own_goes_by_those() {
        let mut world = world();
        let (root, parent) = (world.root(), world.parent());
        let other = world.user(parent);
        let mut of_key = rules(&["203.0.113.0/24"]);
        of_key["publicKey"] = other.credential.public_key.to_ascii_uppercase().into();
        world.submit(&root, parent, SET, of_key).unwrap();
        assert!(passes(&world, &other, Some("192.0.2.7")), "the organization has no list");
        world.submit(&root, parent, SET, rules(&["192.0.2.0/24"])).unwrap();
        assert!(!passes(&world, &other, Some("192.0.2.7")));
        assert!(passes(&world, &other, Some("203.0.113.1")));
        assert!(!passes(&world, &root, Some("203.0.113.1")));
        let named = json!({ "publicKey": other.credential.public_key });
        world.submit(&root, parent, REMOVE, named.clone()).unwrap();
        assert!(passes(&world, &other, Some("192.0.2.7")));
        let refusal = world.refusal(&root, parent, REMOVE, named);
        assert_eq!(refusal.status().http_status(), 404);
    }

    #[test]
    fn nobody_shuts_itself_out() {
        let mut world = world();
        let (root, parent) = (world.root(), world.parent());
        let shut_out = "this would shut out the address that the request comes from";
        for asked in [rules(&["203.0.113.0/24"]), rules(&[])] {
            let refusal = world.refusal(&root, parent, SET, asked).to_string();
            assert_eq!(refusal, shut_out);
        }
        let mut of_key = rules(&["192.0.2.0/24"]);
        of_key["publicKey"] = root.credential.public_key.clone().into();
        world.submit(&root, parent, SET, of_key).unwrap();
        world.submit(&root, parent, SET, rules(&["203.0.113.0/24"])).unwrap();
        let named = json!({ "publicKey": root.credential.public_key });
        assert_eq!(world.refusal(&root, parent, REMOVE, named).to_string(), shut_out);
        world.client.address = None;
        world.submit(&root, parent, REMOVE, json!({})).unwrap();
        assert_eq!(
            world.refusal(&root, parent, SET, rules(&["192.0.2.0/24"])).to_string(),
            shut_out
        );
    }

    #[test]
    fn blocks_are_normalized_shown_and_keep_their_age() {
        let mut world = world();
        let (root, parent) = (world.root(), world.parent());
        let begin = world.now.as_millis().to_string();
        world.submit(&root, parent, SET, rules(&["192.0.2.9/24"])).unwrap();
        world.now = world.now.plus_seconds(1);
        let again = json!({ "rules": [
            { "cidr": "192.0.2.0/24", "label": "office" },
            { "cidr": "192.0.2.200/24", "label": "the same" },
            { "cidr": "2001:DB8::1/48" },
        ] });
        world.submit(&root, parent, SET, again).unwrap();
        let shown = world.query(&root, parent, "get_ip_allowlist", json!({})).unwrap();
        let expected = json!({ "allowlist": {
            "organizationId": parent,
            "enabled": true,
            "onEvaluationError": "DENY",
            "rules": [
                { "cidr": "192.0.2.0/24", "label": "office", "createdAt": begin },
                { "cidr": "2001:db8::/48", "label": "", "createdAt": world.now.as_millis().to_string() },
            ],
        } });
        assert_eq!(shown, expected);
        let none = json!({ "publicKey": root.credential.public_key });
        let shown = world.query(&root, parent, "get_ip_allowlist", none).unwrap();
        assert_eq!(shown["allowlist"]["rules"], json!([]));
    }

    #[test]
    fn refuses_what_is_no_block_too_wide_or_too_much() {
        let mut world = world();
        let (root, parent) = (world.root(), world.parent());
        for cidr in [
            "",
            "192.0.2.7",
            "192.0.2.0/33",
            "192.0.0.0/19",
            "2001:db8::/47",
            "::ffff:192.0.2.0/120",
        ] {
            let refusal = world.refusal(&root, parent, SET, rules(&[cidr])).to_string();
            assert!(refusal.starts_with("invalid cidr: "), "{cidr}: {refusal}");
        }
        let many: Vec<String> = (0..11).map(|number| format!("192.0.{number}.0/24")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let refusal = world.refusal(&root, parent, SET, rules(&many));
        assert_eq!(refusal.status().http_status(), 400);
        world.submit(&root, parent, SET, rules(&many[..10])).unwrap();
        let refusal = world.refusal(&root, parent, SET, json!({ "onEvaluationError": "MAYBE" }));
        assert_eq!(refusal.status().http_status(), 400);
        let unknown = json!({ "publicKey": "02", "rules": [] });
        let refusal = world.refusal(&root, parent, SET, unknown);
        assert_eq!(refusal.status().http_status(), 404);
    }

    #[test]
    fn a_sub_organization_has_none() {
        let mut world = world();
        let (sub, root) = world.sub_organization();
        for kind in [SET, REMOVE] {
            let refusal = world.refusal(&root, sub, kind, json!({}));
            assert!(matches!(refusal, RequestError::InvalidActivityCaller { .. }), "{refusal}");
        }
    }
}
