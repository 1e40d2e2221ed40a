//! `CREATE_SESSION_PROFILE`: says what sessions may be limited to. It never changes, and stays.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::budgets,
    crate::engine::model::{Parsed, SessionProfile, limits},
    crate::engine::{Caller, Context, Rule, scopes},
    crate::parameters,
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    crate::wire::id::SessionProfileId,
    keyward_policy::Budget,
};

use crate::wire::budget::BudgetParams;
use crate::wire::draft::PolicyWarning;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateSessionProfileIntent {
    /// Its name, unique in the organization.
    pub session_profile_name: String,
    /// What its sessions may do: a condition in the language of policies.
    pub scope: String,
    /// Longest life of its sessions: seconds, decimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_seconds: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Beyond the protocol: what each user may do in a while, with all its sessions of this profile together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<BudgetParams>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateSessionProfileResult {
    /// The session profile.
    pub session_profile_id: String,
    /// Beyond the protocol: what is odd about its scope.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<PolicyWarning>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateSessionProfile {
    name: String,
    scope: String,
    expiration_seconds: Option<u64>,
    notes: String,
    #[cfg(feature = "engine")]
    budget: Option<Budget>,
}

impl TryFrom<CreateSessionProfileIntent> for CreateSessionProfile {
    type Error = InvalidRequest;

    fn try_from(intent: CreateSessionProfileIntent) -> Result<Self, InvalidRequest> {
        let name = value::label("sessionProfileName", intent.session_profile_name)?;
        #[cfg(feature = "engine")]
        parameters::check_condition("session profile scope", &intent.scope)?;
        Ok(Self {
            name,
            scope: intent.scope,
            expiration_seconds: value::lifetime(
                "session profile expiration",
                intent.expiration_seconds,
            )?,
            notes: intent.notes.unwrap_or_default(),
            #[cfg(feature = "engine")]
            budget: intent.budget.map(budgets::parse).transpose()?,
        })
    }
}

impl Activity for CreateSessionProfile {
    const ROUTE: &'static str = "create_session_profile";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<CreateSessionProfileIntent>(
        "ACTIVITY_TYPE_CREATE_SESSION_PROFILE",
        "createSessionProfileIntent",
        "createSessionProfileResult",
    )];
    type Intent = CreateSessionProfileIntent;
    type Output = CreateSessionProfileResult;
}

#[cfg(feature = "engine")]
impl Execute for CreateSessionProfile {
    const POLICY: Option<(Resource, Action)> = Some((Resource::SessionProfile, Action::Create));

    fn rule(&self) -> Rule {
        Rule::ParentOnly
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<CreateSessionProfileResult, RequestError> {
        let now = context.now;
        let (organization, _, rng) = context.edit_with();
        let profiles = &mut organization.session_profiles;
        if profiles.iter().any(|profile| profile.name == self.name) {
            return Err(InvalidRequest::new("session profile label must be unique").into());
        }
        if profiles.len() >= limits::SESSION_PROFILES {
            let text = "organization has exceeded maximum session profiles";
            return Err(RequestError::LimitReached(text.into()));
        }
        let id = SessionProfileId::generate(now, rng);
        profiles.push(SessionProfile {
            id,
            name: self.name,
            scope: self.scope,
            expiration_seconds: self.expiration_seconds,
            notes: self.notes,
            budget: self.budget,
            created_at: now,
            parsed: Parsed::default(),
        });
        let profile = profiles.last();
        let warnings = profile.map(scopes::warnings).unwrap_or_default();
        Ok(CreateSessionProfileResult { session_profile_id: id.to_string(), warnings })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::testing::World;

    const KIND: &str = "ACTIVITY_TYPE_CREATE_SESSION_PROFILE";

    fn profile(name: &str, scope: &str) -> Value {
        json!({ "sessionProfileName": name, "scope": scope })
    }

    #[test]
    fn sub_organizations_see_the_profiles_of_their_parent() {
        let mut world = World::new();
        let (sub, sub_root) = world.sub_organization();
        let (root, parent) = (world.root(), world.parent());
        let mut asked = profile("signing", "activity.action == 'SIGN'");
        asked["expirationSeconds"] = "600".into();
        asked["notes"] = "for bots".into();
        let made = world.submit(&root, parent, KIND, asked).unwrap();
        let time = json!({ "seconds": world.now.as_seconds().to_string(), "nanos": "0" });
        let expected = json!({
            "sessionProfileId": made["sessionProfileId"],
            "sessionProfileName": "signing",
            "scope": "activity.action == 'SIGN'",
            "expirationSeconds": "600",
            "notes": "for bots",
            "createdAt": time,
            "updatedAt": time,
        });
        for (caller, organization) in [(&root, parent), (&sub_root, sub)] {
            let all = world.query(caller, organization, "get_session_profiles", json!({}));
            assert_eq!(all.unwrap(), json!({ "sessionProfiles": [expected] }));
            let id = json!({ "sessionProfileId": made["sessionProfileId"] });
            let one = world.query(caller, organization, "get_session_profile", id).unwrap();
            assert_eq!(one, json!({ "sessionProfile": expected }));
        }
        let nil = json!({ "sessionProfileId": uuid::Uuid::nil() });
        let refusal = world.query(&root, parent, "get_session_profile", nil).unwrap_err();
        assert_eq!(refusal.status().http_status(), 404);
    }

    #[test]
    fn a_sub_organization_makes_none() {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        let refusal = world.refusal(&root, sub, KIND, profile("p", "true"));
        assert!(matches!(refusal, RequestError::InvalidActivityCaller { .. }), "{refusal}");
    }

    #[test]
    fn refuses_a_scope_that_says_nothing_a_name_that_is_taken_and_a_life_of_no_length() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        for scope in ["", "activity.action ==", "approvers.count() > 1", "activity.colour == 'RED'"]
        {
            let refusal = world.refusal(&root, parent, KIND, profile("p", scope)).to_string();
            assert!(refusal.starts_with("invalid session profile scope: "), "{refusal}");
        }
        let mut short = profile("p", "true");
        short["expirationSeconds"] = "0".into();
        let refusal = world.refusal(&root, parent, KIND, short).to_string();
        assert_eq!(refusal, "invalid session profile expiration");
        world.submit(&root, parent, KIND, profile("p", "true")).unwrap();
        let refusal = world.refusal(&root, parent, KIND, profile("p", "false")).to_string();
        assert_eq!(refusal, "session profile label must be unique");
    }
}
