//! What policies and the profiles of sessions let through in a while, and where that is kept.
//!
//! A budget's ledger is a record of its own: of a policy for all its users together, of a profile for each user and all
//! its sessions. It is read before a request is decided and written with what the request did, so that of two
//! requests that saw the same ledger one starts again.

use alloy_primitives::U256;
use keyward_policy::{Asset, AssetCap, Budget, BudgetRefusal, Charge, Ledger};
use uuid::Uuid;

use super::activity::VoteRecord;
use super::authenticate::Caller;
use super::authorize::{self, Hearing};
use super::items::Item;
use super::model::{Organization, SessionProfile};
use super::record::{Record, RecordChange, RecordKey};
use crate::wire::budget::{AssetCapParams, AssetParams, BudgetParams, TokenParams};
use crate::wire::enums::{Effect, VoteSelection};
use crate::wire::id::{OrganizationId, PolicyId, SessionProfileId, UserId};
use crate::wire::{Denial, InvalidRequest, RequestError, Timestamp};

/// Reads a budget.
///
/// # Errors
///
/// What is wrong with it, with the member where it is one.
pub fn parse(travels: BudgetParams) -> Result<Budget, InvalidRequest> {
    let assets = travels.assets.unwrap_or_default().into_iter().enumerate();
    let assets = assets.map(|(place, cap)| {
        let asset = match cap.asset {
            AssetParams::Native(chain) => Asset::Native { chain },
            AssetParams::Erc20(TokenParams { chain, contract }) => Asset::Erc20 { chain, contract },
            AssetParams::SplToken(mint) => Asset::Spl { mint },
        };
        let max = number(&format!("budget.assets.{place}.max"), &cap.max, amount)?;
        Ok(AssetCap { asset, max })
    });
    let max_signatures = travels.max_signatures.filter(|text| !text.is_empty());
    let max_signatures = max_signatures
        .map(|text| number("budget.maxSignatures", &text, |text| text.parse().ok()))
        .transpose()?;
    let budget = Budget {
        window_seconds: number("budget.windowSeconds", &travels.window_seconds, |text| {
            text.parse().ok()
        })?,
        max_signatures,
        assets: assets.collect::<Result<_, InvalidRequest>>()?,
        max_counterparties: travels.max_counterparties,
    };
    budget.check().map_err(|error| {
        InvalidRequest::new(format!("invalid budget: {error}")).at("budget", error.to_string())
    })?;
    Ok(budget)
}

/// A budget as it travels.
pub fn show(budget: &Budget) -> BudgetParams {
    let caps = budget
        .assets
        .iter()
        .map(|cap| AssetCapParams { asset: show_asset(&cap.asset), max: cap.max.to_string() });
    BudgetParams {
        window_seconds: budget.window_seconds.to_string(),
        max_signatures: budget.max_signatures.map(|max| max.to_string()),
        assets: (!budget.assets.is_empty()).then(|| caps.collect()),
        max_counterparties: budget.max_counterparties,
    }
}

/// An asset as it travels.
pub fn show_asset(asset: &Asset) -> AssetParams {
    match asset {
        Asset::Native { chain } => AssetParams::Native(chain.clone()),
        Asset::Erc20 { chain, contract } => {
            AssetParams::Erc20(TokenParams { chain: chain.clone(), contract: contract.clone() })
        }
        Asset::Spl { mint } => AssetParams::SplToken(mint.clone()),
    }
}

fn number<T>(
    field: &str,
    text: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<T, InvalidRequest> {
    let is_decimal = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_decimal.then(|| read(text)).flatten().ok_or_else(|| {
        let rule = "must be a whole number in decimal digits, and not too large";
        InvalidRequest::new(format!("invalid {field}: {rule}")).at(field, rule)
    })
}

fn amount(text: &str) -> Option<U256> {
    U256::from_str_radix(text, 10).ok()
}

/// Whose budget it is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Owner {
    /// A policy's: of all its users together.
    Policy(PolicyId),
    /// The profile's, for all sessions that a user has with it, one after the other and side by side.
    Profile(SessionProfileId, UserId),
}

impl Owner {
    /// Where its ledger stands. `organization` is that of the policy, or of the user; the ledger ends with it.
    pub fn key(self, organization: OrganizationId) -> RecordKey {
        let named = match self {
            Self::Policy(policy) => [b"policy\0".as_slice(), policy.0.as_bytes()].concat(),
            Self::Profile(profile, user) => {
                [b"profile\0".as_slice(), profile.0.as_bytes(), user.0.as_bytes()].concat()
            }
        };
        RecordKey::about(organization, "budget", &named)
    }
}

/// A budget that a request may draw on, whose ledger is to be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    /// Whose it is.
    pub owner: Owner,
    /// Its limits.
    pub budget: Budget,
    /// Where its ledger stands.
    pub key: RecordKey,
}

/// A budget and what was taken from it.
#[derive(Clone, Debug)]
pub struct Account {
    /// Whose it is.
    pub owner: Owner,
    /// Its limits.
    pub budget: Budget,
    /// What was taken.
    pub ledger: Record<Ledger>,
}

impl Account {
    /// Whether the charges fit, those that are asked for one after the other: what one takes is not there for the next.
    /// What is not asked for takes nothing.
    ///
    /// # Errors
    ///
    /// For each that does not, the limit it does not fit under.
    pub fn room<'a>(
        &self,
        charges: impl Iterator<Item = Option<&'a Charge>>,
        now: Timestamp,
    ) -> Vec<Result<(), BudgetRefusal>> {
        let mut ledger = self.ledger.value.clone();
        charges
            .map(|charge| match charge {
                None => Ok(()),
                Some(charge) => ledger.charge(&self.budget, charge, now.instant()),
            })
            .collect()
    }

    /// Takes charges, all or none.
    ///
    /// # Errors
    ///
    /// The limit that one of them does not fit under.
    pub fn take<'a>(
        &mut self,
        charges: impl Iterator<Item = &'a Charge>,
        now: Timestamp,
    ) -> Result<(), BudgetRefusal> {
        let mut ledger = self.ledger.value.clone();
        for charge in charges {
            ledger.charge(&self.budget, charge, now.instant())?;
        }
        self.ledger.value = ledger;
        Ok(())
    }
}

/// The budgets that a request may draw on: those of the policies that can allow it, and those of the profiles of the
/// sessions that it was approved with.
pub fn of_request(
    organization: &Organization,
    parent: Option<&Organization>,
    proposer: &Caller,
    votes: &[VoteRecord],
) -> Vec<Opening> {
    let home = authorize::home(organization, parent, proposer);
    let policies = home.into_iter().flat_map(of_policies).map(|(policy, budget, home)| {
        let owner = Owner::Policy(policy);
        Opening { owner, budget: budget.clone(), key: owner.key(home) }
    });
    let profiles = of_profiles(organization, parent, votes).into_iter();
    let profiles = profiles.map(|(owner, budget, _, user_of)| Opening {
        owner,
        budget: budget.clone(),
        key: owner.key(user_of),
    });
    policies.chain(profiles).collect()
}

/// The policies of an organization that have budgets, with them.
fn of_policies(home: &Organization) -> impl Iterator<Item = (PolicyId, &Budget, OrganizationId)> {
    home.policies
        .iter()
        .filter(|policy| policy.effect == Effect::Allow)
        .filter_map(|policy| Some((policy.id, policy.budget.as_ref()?, home.id)))
}

/// The profiles with budgets that approvals were given under, each once a user, with the user's organization.
fn of_profiles<'a>(
    organization: &'a Organization,
    parent: Option<&'a Organization>,
    votes: &[VoteRecord],
) -> Vec<(Owner, &'a Budget, &'a SessionProfile, OrganizationId)> {
    let all = &parent.unwrap_or(organization).session_profiles;
    let mut found: Vec<(Owner, &Budget, &SessionProfile, OrganizationId)> = Vec::new();
    for vote in votes.iter().filter(|vote| vote.selection == VoteSelection::Approved) {
        let with = vote.cast_with.as_ref().and_then(|with| with.session_profile);
        let profile = all.iter().find(|profile| Some(profile.id) == with);
        let budget = profile.and_then(|profile| Some((profile.budget.as_ref()?, profile)));
        let Some((budget, profile)) = budget else { continue };
        let owner = Owner::Profile(profile.id, vote.user);
        let is_own = organization.user(vote.user).is_ok();
        let user_of = if is_own { organization } else { parent.unwrap_or(organization) };
        if found.iter().all(|(known, ..)| *known != owner) {
            found.push((owner, budget, profile, user_of.id));
        }
    }
    found
}

/// Whether approvals were given with sessions whose profiles have budgets.
pub fn has_profiles(
    organization: &Organization,
    parent: Option<&Organization>,
    votes: &[VoteRecord],
) -> bool {
    !of_profiles(organization, parent, votes).is_empty()
}

/// Refuses what the budget of a session's profile has no room for.
///
/// # Errors
///
/// [`RequestError::Denied`].
pub(super) fn check_profiles(
    organization: &Organization,
    parent: Option<&Organization>,
    items: &[Item],
    hearing: Hearing<'_>,
) -> Result<(), RequestError> {
    for (owner, _, profile, _) in of_profiles(organization, parent, hearing.votes) {
        let account = hearing.accounts.iter().find(|account| account.owner == owner);
        let refusal = match account {
            None => Some(UNREAD.to_owned()),
            Some(account) => {
                let room = account.room(items.iter().map(|item| Some(&item.charge)), hearing.now);
                room.into_iter().find_map(Result::err).map(|refusal| refusal.to_string())
            }
        };
        if let Some(refusal) = refusal {
            return Err(no_room(&format!("session profile {}", profile.id), &refusal));
        }
    }
    Ok(())
}

/// Said of a budget whose ledger was not read.
const UNREAD: &str = "what was taken from it is not known";

fn no_room(owner: &str, refusal: &str) -> RequestError {
    let message = format!("The budget of {owner} has no room: {refusal}");
    RequestError::Denied(Box::new(Denial { message, ..Denial::default() }))
}

/// What the budget of a policy has room for.
#[derive(Clone, Debug)]
pub(super) struct Room {
    /// The policy.
    pub(super) policy: Uuid,
    /// For each item why there is none; `None` where there is.
    refusals: Vec<Option<String>>,
}

impl Room {
    /// For each item whether there is.
    pub(super) fn within(&self) -> (Uuid, Vec<bool>) {
        (self.policy, self.refusals.iter().map(Option::is_none).collect())
    }

    /// Why there is none for an item.
    pub(super) fn refusal(&self, item: usize) -> Option<String> {
        self.refusals.get(item)?.clone()
    }
}

/// What the budgets of policies have room for. Of several items, those that a policy is not about take nothing.
pub(super) fn room(
    home: &Organization,
    policies: &[keyward_policy::Policy],
    items: &[Item],
    hearing: Hearing<'_>,
) -> Vec<Room> {
    let room = of_policies(home).map(|(id, ..)| {
        let policy = policies.iter().find(|policy| policy.id == id.0);
        let account = hearing.accounts.iter().find(|account| account.owner == Owner::Policy(id));
        let refusals = match (policy, account) {
            (Some(policy), Some(account)) => {
                let charges = items.iter().map(|item| {
                    let matches = match &policy.condition {
                        None => true,
                        Some(Ok(condition)) => condition.evaluate(&item.bindings) == Ok(true),
                        Some(Err(())) => false,
                    };
                    matches.then_some(&item.charge)
                });
                let room = account.room(charges, hearing.now).into_iter();
                room.map(|room| room.err().map(|refusal| refusal.to_string())).collect()
            }
            _ => items.iter().map(|_| Some(UNREAD.to_owned())).collect(),
        };
        Room { policy: id.0, refusals }
    });
    room.collect()
}

/// The accounts that a request draws on, with what it takes: those of the policies that allowed an item, and those of
/// all sessions it was approved with.
///
/// # Errors
///
/// [`RequestError::Denied`] where one has no room.
pub(super) fn draw(
    accounts: &[Account],
    allowed_by: &[Vec<Uuid>],
    items: &[Item],
    now: Timestamp,
) -> Result<Vec<Account>, RequestError> {
    let mut drawn = Vec::new();
    for account in accounts {
        let takes = |place: usize| match account.owner {
            Owner::Policy(policy) => {
                allowed_by.get(place).is_some_and(|allowed_by| allowed_by.contains(&policy.0))
            }
            Owner::Profile(..) => true,
        };
        let charges = items.iter().enumerate().filter(|(place, _)| takes(*place));
        let charges: Vec<&Charge> = charges
            .map(|(_, item)| &item.charge)
            .filter(|charge| {
                charge.signatures > 0
                    || !charge.moved.is_empty()
                    || !charge.counterparties.is_empty()
            })
            .collect();
        if charges.is_empty() {
            continue;
        }
        let mut account = account.clone();
        if let Err(refusal) = account.take(charges.into_iter(), now) {
            let owner = match account.owner {
                Owner::Policy(policy) => format!("policy {policy}"),
                Owner::Profile(profile, _) => format!("session profile {profile}"),
            };
            return Err(no_room(&owner, &refusal.to_string()));
        }
        drawn.push(account);
    }
    Ok(drawn)
}

/// What becomes of ledgers with what a request does: those that were drawn on are written, those of policies that
/// are there no more go.
///
/// # Errors
///
/// None in practice: ledgers are plain data.
pub fn changes(
    accounts: &[Account],
    drawn: &[Account],
    after: &Organization,
    now: Timestamp,
) -> Result<Vec<RecordChange>, RequestError> {
    let is_gone = |account: &&Account| match account.owner {
        Owner::Policy(id) => {
            account.ledger.key.organization == after.id
                && after.policies.iter().all(|policy| policy.id != id)
        }
        Owner::Profile(..) => false,
    };
    let gone = accounts.iter().filter(is_gone).filter(|account| account.ledger.revision > 0);
    let mut changes: Vec<RecordChange> = gone.map(|account| account.ledger.delete()).collect();
    // As long as any budget could still count what is in it.
    let expires_at = now.plus_seconds(Budget::LONGEST_WINDOW_SECONDS);
    for account in drawn.iter().filter(|account| !is_gone(account)) {
        changes.push(account.ledger.write(Some(expires_at))?);
    }
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(travels: Value) -> Result<Budget, String> {
        let travels: BudgetParams =
            serde_json::from_value(travels).map_err(|error| error.to_string())?;
        parse(travels).map_err(|error| error.to_string())
    }

    fn whole() -> Value {
        json!({
            "windowSeconds": "86400",
            "maxSignatures": "10",
            "assets": [
                { "asset": { "native": "eip155:1" }, "max": "1000000000000000000" },
                {
                    "asset": {
                        "erc20": {
                            "chain": "eip155:1",
                            "contract": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
                        },
                    },
                    "max": "5000000",
                },
                { "asset": { "splToken": "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v" }, "max": "0" },
            ],
            "maxCounterparties": 3,
        })
    }

    #[test]
    fn a_budget_travels_as_it_is_meant() {
        let budget = read(whole()).unwrap();
        assert_eq!(serde_json::to_value(show(&budget)).unwrap(), whole());
        let least = json!({ "windowSeconds": "60", "maxSignatures": "0" });
        assert_eq!(serde_json::to_value(show(&read(least.clone()).unwrap())).unwrap(), least);
    }

    #[test]
    fn a_budget_that_would_not_be_kept_is_refused() {
        let with = |path: &str, value: Value| {
            let mut travels = whole();
            *travels.pointer_mut(path).unwrap() = value;
            read(travels).unwrap_err()
        };
        let decimal = "must be a whole number in decimal digits, and not too large";
        assert_eq!(
            with("/windowSeconds", json!("1h")),
            format!("invalid budget.windowSeconds: {decimal}")
        );
        assert_eq!(
            with("/maxSignatures", json!("-1")),
            format!("invalid budget.maxSignatures: {decimal}")
        );
        let most = "9".repeat(79);
        assert_eq!(
            with("/assets/0/max", json!(most)),
            format!("invalid budget.assets.0.max: {decimal}")
        );
        assert_eq!(
            with("/assets/0/asset/native", json!("ethereum")),
            "invalid budget: not a CAIP-2 chain id: ethereum"
        );
        assert!(
            with("/windowSeconds", json!("59")).starts_with("invalid budget: the window must be")
        );
        assert!(with("/maxCounterparties", json!(1001)).starts_with("invalid budget"));
        assert!(with("/maxCounterparties", json!(-1)).contains("invalid value"));
        let misspelt = json!({ "windowSeconds": "60", "maxSignature": "1" });
        assert!(read(misspelt).unwrap_err().contains("unknown field `maxSignature`"));
        assert!(read(json!({ "windowSeconds": "60" })).unwrap_err().starts_with("invalid budget"));
    }

    #[test]
    fn every_owner_has_a_place_of_its_own() {
        let id = |number: u128| uuid::Uuid::from_u128(number);
        let organization = OrganizationId(id(1));
        let owners = [
            Owner::Policy(PolicyId(id(2))),
            Owner::Policy(PolicyId(id(3))),
            Owner::Profile(SessionProfileId(id(2)), UserId(id(3))),
            Owner::Profile(SessionProfileId(id(3)), UserId(id(2))),
        ];
        let mut places: Vec<_> = owners.iter().map(|owner| owner.key(organization).id).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), owners.len());
    }

    #[test]
    fn charges_are_taken_one_after_the_other() {
        let budget = read(json!({ "windowSeconds": "60", "maxSignatures": "2" })).unwrap();
        let owner = Owner::Policy(PolicyId(uuid::Uuid::nil()));
        let key = owner.key(OrganizationId(uuid::Uuid::nil()));
        let ledger = Record { key, revision: 0, value: Ledger::default() };
        let mut account = Account { owner, budget, ledger };
        let now = Timestamp::from_millis(1_767_225_600_000);
        let one = Charge { signatures: 1, is_accountable: true, ..Charge::default() };
        let room = account.room([Some(&one), None, Some(&one), Some(&one)].into_iter(), now);
        let fits: Vec<bool> = room.iter().map(Result::is_ok).collect();
        assert_eq!(fits, [true, true, true, false]);
        // All or none.
        assert!(account.take([&one, &one, &one].into_iter(), now).is_err());
        assert_eq!(account.ledger.value, Ledger::default());
        account.take([&one, &one].into_iter(), now).unwrap();
        assert!(account.take(std::iter::once(&one), now).is_err());
        assert!(account.take(std::iter::once(&one), now.plus_seconds(61)).is_ok());
    }
}
