//! What other policies would have made of what was done.

use std::collections::HashMap;

use keyward_policy::{OnError, Policy, Voter};
use uuid::Uuid;

use super::activity::ActivityRecord;
use super::authorize::{Case, Ground, Hearing, ground, owes_nothing};
use super::draft::Ready;
use super::items::{self, Concerns, Signs, Subjects};
use super::model::Organization;
use super::{explain, policies};
use crate::activities::Request;
use crate::wire::enums::ReplayMode;
use crate::wire::replay::{Difference, Flip};
use crate::wire::{RequestError, Timestamp};

/// A recorded activity with what it takes to decide on it again.
#[derive(Debug)]
pub struct Recorded {
    /// What was recorded.
    pub record: ActivityRecord,
    /// What was asked for; `None` where this release can't read it any more.
    pub request: Option<Request>,
    /// What it is about, as far as it is still there.
    pub subjects: Subjects,
}

impl Recorded {
    /// Whether everything that it is about is still there.
    pub fn is_whole(&self, organization: &Organization) -> bool {
        let Some(request) = &self.request else { return false };
        match request.concerns() {
            Concerns::Nothing => true,
            // Whoever signed it need not be here.
            Concerns::Signing { what, .. } if matches!(what.as_slice(), [Signs::Signed(_)]) => true,
            concerns @ (Concerns::Signing { .. } | Concerns::SigningTogether { .. }) => {
                let mut signers = concerns.signers().iter();
                signers.all(|with| items::has_signer(organization, with, &self.subjects))
            }
            Concerns::Wallet(wallet) => organization.wallet(wallet).is_ok(),
            Concerns::Wallets(wallets) => {
                wallets.iter().all(|wallet| organization.wallet(*wallet).is_ok())
            }
            Concerns::Accounts(ids) => {
                ids.iter().all(|id| self.subjects.iter().any(|account| account.id == *id))
            }
            Concerns::Account(_) => !self.subjects.is_empty(),
            Concerns::PrivateKey(key) => organization.private_key(key).is_ok(),
            Concerns::Secrets(ids) => ids.iter().all(|id| organization.secret(*id).is_ok()),
        }
    }
}

/// Drafts beside the policies that there are.
pub struct Replay<'a> {
    organization: &'a Organization,
    parent: Option<&'a Organization>,
    present: Vec<Policy>,
    draft: Vec<Policy>,
    names: HashMap<Uuid, String>,
    voters: Vec<Voter>,
}

/// What became of an activity.
#[derive(Debug)]
pub enum Played {
    /// The same under both.
    Alike,
    /// It is not told: what it is about is gone, or other policies than these decide.
    Skipped,
    /// Something else.
    Flips(Box<Flip>),
}

impl<'a> Replay<'a> {
    /// Prepares to try drafts in an organization.
    pub fn new(
        organization: &'a Organization,
        parent: Option<&'a Organization>,
        drafts: Vec<Ready>,
        mode: ReplayMode,
        now: Timestamp,
    ) -> Self {
        let present = policies::policies(organization);
        let mut names: HashMap<Uuid, String> =
            organization.policies.iter().map(|policy| (policy.id.0, policy.name.clone())).collect();
        let mut draft = match mode {
            ReplayMode::Add => present.clone(),
            ReplayMode::Replace => Vec::new(),
        };
        for Ready { name, mut policy, .. } in drafts {
            if organization.denies_on_error {
                policy.on_error = OnError::Deny;
            }
            let namesake =
                organization.policies.iter().find(|known| Some(&known.name) == name.as_ref());
            if let Some(namesake) = namesake {
                policy.id = namesake.id.0;
                draft.retain(|known| known.id != namesake.id.0);
            } else {
                names.insert(policy.id, name.unwrap_or_default());
            }
            draft.push(policy);
        }
        let voters = policies::voters(organization, now, |_| true);
        Self { organization, parent, present, draft, names, voters }
    }

    /// Decides on an activity twice, at its own instant and with the votes that there are on it.
    pub fn play(&self, recorded: &Recorded) -> Played {
        self.try_play(recorded).unwrap_or(Played::Skipped)
    }

    fn try_play(&self, recorded: &Recorded) -> Result<Played, RequestError> {
        let Recorded { record, request, subjects } = recorded;
        let organization = self.organization;
        let proposer = record.votes.first().and_then(|vote| vote.caller(organization, self.parent));
        let (Some(request), Some(proposer)) = (request, proposer) else {
            return Ok(Played::Skipped);
        };
        if !recorded.is_whole(organization) {
            return Ok(Played::Skipped);
        }
        let (home, is_own) = match ground(organization, self.parent, &proposer, request)? {
            Ground::Judged { home, is_own } => (home, is_own),
            Ground::Allowed | Ground::Refused => return Ok(Played::Alike),
        };
        if home.id != organization.id {
            return Ok(Played::Skipped);
        }
        let items = items::items(organization, request, subjects)?;
        let hearing = Hearing {
            voter: &proposer,
            votes: &record.votes,
            subjects,
            accounts: &[],
            now: record.created_at,
        };
        let mut case = Case::under(
            self.present.clone(),
            self.voters.clone(),
            // Budgets are left out: what was spent then is not known any more.
            Vec::new(),
            home,
            is_own,
            request,
            &items,
            hearing,
            |user| owes_nothing(home, user, &items, hearing),
        );
        let now = case.decide();
        if now.by_root_quorum {
            return Ok(Played::Alike);
        }
        case.policies.clone_from(&self.draft);
        let then = case.decide();
        if now.verdict == then.verdict {
            return Ok(Played::Alike);
        }
        Ok(Played::Flips(Box::new(Flip {
            activity_id: record.id.to_string(),
            kind: record.kind.clone(),
            created_at: record.created_at.into(),
            status: record.status,
            now: explain::verdict_name(now.verdict),
            draft: explain::verdict_name(then.verdict),
            because: self.differences(&now, &then),
        })))
    }

    /// The policies that one of the decisions does not know, or knows with another outcome.
    fn differences(
        &self,
        now: &keyward_policy::Decision,
        then: &keyward_policy::Decision,
    ) -> Vec<Difference> {
        let outcome_in = |decision: &keyward_policy::Decision, policy: Uuid| {
            let found = decision.outcomes.iter().find(|(id, _)| *id == policy);
            found.map(|(_, outcome)| policies::outcome(*outcome))
        };
        let added = then.outcomes.iter().filter(|(id, _)| outcome_in(now, *id).is_none());
        let all = now.outcomes.iter().chain(added).map(|(id, _)| *id);
        let implicit = Some(crate::wire::enums::Outcome::DenyImplicit);
        all.filter_map(|policy| {
            let (present, draft) = (outcome_in(now, policy), outcome_in(then, policy));
            let says = |outcome: Option<_>| outcome.filter(|_| outcome != implicit);
            let is_known = self.organization.policies.iter().any(|known| known.id.0 == policy);
            (says(present) != says(draft)).then(|| Difference {
                policy_id: is_known.then(|| policy.to_string()),
                policy_name: self.names.get(&policy).cloned().unwrap_or_default(),
                present,
                draft,
            })
        })
        .collect()
    }
}
