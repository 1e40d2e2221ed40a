//! `get_budget`: what was taken from a budget, and what is left of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, Reads, View},
    crate::engine::Home,
    crate::engine::budgets::{self, Owner},
    crate::wire::id::OrganizationId,
    crate::wire::{InvalidRequest, RequestError, value},
};

use crate::wire::Namespace;
use crate::wire::budget::{AssetParams, BudgetParams};

/// As it travels: of a policy, or of a session profile and a user.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetBudget {
    /// The organization of the policy, or of the user.
    pub organization_id: String,
    /// The policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_id: Option<String>,
    /// The session profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_profile_id: Option<String>,
    /// The user whose sessions have that profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetBudgetResponse {
    /// The budget.
    pub budget: BudgetParams,
    /// Signatures that count now, decimal.
    pub signatures: String,
    /// How many more there may be now, decimal; absent where they are not limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signatures_left: Option<String>,
    /// Each asset that it limits.
    pub assets: Vec<AssetSpent>,
    /// Recipients that count now.
    pub counterparties: u32,
    /// How many more there may be now; absent where they are not limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterparties_left: Option<u32>,
}

/// What was moved of an asset.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetSpent {
    /// Of what.
    pub asset: AssetParams,
    /// What counts now, decimal.
    pub spent: String,
    /// What may be moved now, decimal.
    pub left: String,
}

impl Query for GetBudget {
    const NAMESPACE: Namespace = Namespace::Keyward;
    const ROUTE: &'static str = "get_budget";
    type Response = GetBudgetResponse;
}

#[cfg(feature = "engine")]
impl GetBudget {
    fn owner(&self) -> Result<Owner, InvalidRequest> {
        match (&self.policy_id, &self.session_profile_id, &self.user_id) {
            (Some(policy), None, None) => Ok(Owner::Policy(value::id("policyId", policy)?)),
            (None, Some(profile), Some(user)) => Ok(Owner::Profile(
                value::id("sessionProfileId", profile)?,
                value::id("userId", user)?,
            )),
            _ => Err(InvalidRequest::new("give policyId, or sessionProfileId and userId")),
        }
    }
}

#[cfg(feature = "engine")]
impl Answer for GetBudget {
    fn reads(&self) -> Result<Reads, InvalidRequest> {
        let organization: OrganizationId = value::id("organizationId", &self.organization_id)?;
        Ok(Reads::Ledger(self.owner()?.key(organization)))
    }

    fn answer(self, view: &View<'_>, found: Found) -> Result<GetBudgetResponse, RequestError> {
        let organization = view.organization;
        let none = |what: &str, id: &str| {
            RequestError::NotFound(format!("{what} with ID {id} has no budget"))
        };
        let budget = match self.owner()? {
            Owner::Policy(id) => {
                let policy = organization.policy(id)?;
                policy.budget.as_ref().ok_or_else(|| none("policy", &id.to_string()))?
            }
            Owner::Profile(id, user) => {
                organization.user(user)?;
                let sees_all =
                    view.caller.home == Home::Parent || organization.is_root(view.caller.user);
                if view.caller.user != user && !sees_all {
                    return Err(RequestError::PermissionDenied);
                }
                let all = &view.parent.unwrap_or(organization).session_profiles;
                let profile = all.iter().find(|profile| profile.id == id);
                let budget = profile.and_then(|profile| profile.budget.as_ref());
                budget.ok_or_else(|| none("session profile", &id.to_string()))?
            }
        };
        let ledger = match found {
            Found::Ledger(ledger) => ledger,
            _ => keyward_policy::Ledger::default(),
        };
        let spent = ledger.spent(budget, view.now.instant());
        let assets = budget.assets.iter().zip(&spent.moved).map(|(cap, (_, moved))| AssetSpent {
            asset: budgets::show_asset(&cap.asset),
            spent: moved.to_string(),
            left: cap.max.saturating_sub(*moved).to_string(),
        });
        let left = |max: u64| max.saturating_sub(spent.signatures).to_string();
        let counterparties = u32::try_from(spent.counterparties).unwrap_or(u32::MAX);
        Ok(GetBudgetResponse {
            signatures: spent.signatures.to_string(),
            signatures_left: budget.max_signatures.map(left),
            assets: assets.collect(),
            counterparties,
            counterparties_left: budget
                .max_counterparties
                .map(|max| max.saturating_sub(counterparties)),
            budget: budgets::show(budget),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::engine::Caller;
    use crate::engine::model::{Parsed, SessionProfile};
    use crate::engine::testing::World;
    use crate::wire::id::SessionProfileId;

    const SIGN: &str = "ACTIVITY_TYPE_SIGN_RAW_PAYLOAD_V2";

    /// A private key, and what signs with it.
    fn payload(world: &mut World, number: u32) -> Value {
        let (root, parent) = (world.root(), world.parent());
        if world.organization(parent).private_keys.is_empty() {
            let key = json!({
                "privateKeyName": "k", "curve": "CURVE_SECP256K1", "privateKeyTags": [], "addressFormats": [],
            });
            let kind = "ACTIVITY_TYPE_CREATE_PRIVATE_KEYS_V2";
            world.submit(&root, parent, kind, json!({ "privateKeys": [key] })).unwrap();
        }
        json!({
            "signWith": world.organization(parent).private_keys[0].id.to_string(),
            "payload": format!("{number:064x}"),
            "encoding": "PAYLOAD_ENCODING_HEXADECIMAL",
            "hashFunction": "HASH_FUNCTION_NO_OP",
        })
    }

    #[expect(clippy::needless_pass_by_value, reason = "tests write the value where it is passed")]
    fn policy(world: &mut World, members: Value) -> Value {
        let mut policy = json!({
            "policyName": "sign", "effect": "EFFECT_ALLOW", "condition": "activity.action == 'SIGN'",
        });
        policy.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let (root, parent) = (world.root(), world.parent());
        let made = world.submit(&root, parent, "ACTIVITY_TYPE_CREATE_POLICY_V3", policy).unwrap();
        made["policyId"].clone()
    }

    fn sign(world: &mut World, by: &Caller, number: u32) -> Result<(), String> {
        let parent = world.parent();
        let parameters = payload(world, number);
        match world.submit(by, parent, SIGN, parameters) {
            Ok(_) => Ok(()),
            Err(refusal) => Err(refusal.status().to_json().to_string()),
        }
    }

    fn left(world: &World, asked: Value) -> Value {
        let told = world.query(&world.root(), world.parent(), "get_budget", asked).unwrap();
        json!([told["signatures"], told["signaturesLeft"]])
    }

    #[test]
    fn a_policy_lets_through_as_much_as_its_budget_and_again_when_the_window_has_passed() {
        let mut world = World::new();
        let (one, other) = (world.user(world.parent()), world.user(world.parent()));
        let budget = json!({ "windowSeconds": "3600", "maxSignatures": "3" });
        let id = policy(&mut world, json!({ "budget": budget }));
        let asked = json!({ "policyId": id });
        assert_eq!(left(&world, asked.clone()), json!(["0", "3"]));
        sign(&mut world, &one, 1).unwrap();
        sign(&mut world, &other, 2).unwrap();
        sign(&mut world, &one, 3).unwrap();
        assert_eq!(left(&world, asked.clone()), json!(["3", "0"]));
        let refusal = sign(&mut world, &other, 4).unwrap_err();
        assert!(refusal.contains("3 of 3 signatures are used"), "{refusal}");
        // The root quorum is not up to policies, and takes nothing from them.
        let root = world.root();
        sign(&mut world, &root, 5).unwrap();
        assert_eq!(left(&world, asked.clone()), json!(["3", "0"]));
        world.now = world.now.plus_seconds(3_700);
        assert_eq!(left(&world, asked.clone()), json!(["0", "3"]));
        sign(&mut world, &other, 6).unwrap();
        assert_eq!(left(&world, asked), json!(["1", "2"]));
    }

    #[test]
    fn what_fails_takes_nothing() {
        let mut world = World::new();
        let user = world.user(world.parent());
        let budget = json!({ "windowSeconds": "3600", "maxSignatures": "3" });
        let id = policy(&mut world, json!({ "budget": budget }));
        let mut parameters = payload(&mut world, 1);
        parameters["signWith"] = uuid::Uuid::nil().to_string().into();
        let parent = world.parent();
        let refusal = world.submit(&user, parent, SIGN, parameters).unwrap_err();
        assert_eq!(refusal.status().http_status(), 404);
        assert_eq!(left(&world, json!({ "policyId": id })), json!(["0", "3"]));
    }

    #[test]
    fn a_changed_budget_counts_what_was_taken_and_a_deleted_policy_leaves_nothing() {
        let mut world = World::new();
        let user = world.user(world.parent());
        let (root, parent) = (world.root(), world.parent());
        let budget = |max: &str| json!({ "windowSeconds": "3600", "maxSignatures": max });
        let id = policy(&mut world, json!({ "budget": budget("3") }));
        for number in 0..2 {
            sign(&mut world, &user, number).unwrap();
        }
        let change = json!({ "policyId": id, "budget": budget("2") });
        world.submit(&root, parent, "ACTIVITY_TYPE_UPDATE_POLICY_V2", change).unwrap();
        assert_eq!(left(&world, json!({ "policyId": id })), json!(["2", "0"]));
        sign(&mut world, &user, 3).unwrap_err();
        let change = json!({ "policyId": id, "removeBudget": true });
        world.submit(&root, parent, "ACTIVITY_TYPE_UPDATE_POLICY_V2", change).unwrap();
        sign(&mut world, &user, 4).unwrap();
        let asked = json!({ "policyId": id });
        let refusal = world.query(&root, parent, "get_budget", asked).unwrap_err();
        assert_eq!(refusal.status().http_status(), 404);
        let change = json!({ "policyId": id, "budget": budget("5") });
        world.submit(&root, parent, "ACTIVITY_TYPE_UPDATE_POLICY_V2", change).unwrap();
        assert_eq!(left(&world, json!({ "policyId": id })), json!(["2", "3"]));
        assert_eq!(world.records.len(), 1);
        let delete = json!({ "policyId": id });
        world.submit(&root, parent, "ACTIVITY_TYPE_DELETE_POLICY", delete).unwrap();
        assert!(world.records.is_empty());
    }

    #[test]
    fn the_items_of_a_request_share_a_budget() {
        let mut world = World::new();
        let user = world.user(world.parent());
        let budget = json!({ "windowSeconds": "3600", "maxSignatures": "3" });
        let id = policy(&mut world, json!({ "budget": budget }));
        let one = payload(&mut world, 1);
        let several = |count: usize| {
            json!({
                "signWith": one["signWith"],
                "payloads": vec![one["payload"].clone(); count],
                "encoding": one["encoding"],
                "hashFunction": one["hashFunction"],
            })
        };
        let (parent, kind) = (world.parent(), "ACTIVITY_TYPE_SIGN_RAW_PAYLOADS");
        world.refusal(&user, parent, kind, several(4));
        assert_eq!(left(&world, json!({ "policyId": id })), json!(["0", "3"]));
        world.submit(&user, parent, kind, several(3)).unwrap();
        assert_eq!(left(&world, json!({ "policyId": id })), json!(["3", "0"]));
    }

    #[test]
    fn a_profile_limits_all_sessions_of_a_user_together_root_users_too() {
        let mut world = World::new();
        let (root, parent) = (world.root(), world.parent());
        let budget = json!({ "windowSeconds": "3600", "maxSignatures": "2" });
        let budget = super::budgets::parse(serde_json::from_value(budget).unwrap()).unwrap();
        let profile = SessionProfileId(uuid::Uuid::from_u128(7));
        let created_at = world.now;
        world.edit(parent).session_profiles.push(SessionProfile {
            id: profile,
            name: "signer".to_owned(),
            scope: "true".to_owned(),
            expiration_seconds: None,
            budget: Some(budget),
            notes: String::new(),
            created_at,
            parsed: Parsed::default(),
        });
        let session = |world: &mut World| {
            let mut session = world.log_in(&root, 900);
            session.credential.session_profile = Some(profile);
            session
        };
        let (one, other) = (session(&mut world), session(&mut world));
        sign(&mut world, &one, 1).unwrap();
        sign(&mut world, &other, 2).unwrap();
        let refusal = sign(&mut world, &one, 3).unwrap_err();
        assert!(refusal.contains("The budget of session profile"), "{refusal}");
        let third = session(&mut world);
        sign(&mut world, &third, 4).unwrap_err();
        let asked = json!({
            "sessionProfileId": profile.to_string(), "userId": root.user.to_string(),
        });
        assert_eq!(left(&world, asked.clone()), json!(["2", "0"]));
        // Without a session there is no limit; and others have their own.
        sign(&mut world, &root, 5).unwrap();
        assert_eq!(left(&world, asked.clone()), json!(["2", "0"]));
        let user = world.user(parent);
        let refusal = world.query(&user, parent, "get_budget", asked).unwrap_err();
        assert_eq!(refusal.status().http_status(), 403);
    }
}
