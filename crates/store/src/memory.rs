//! Everything in maps behind one lock, for tests and `--ephemeral`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use uuid::Uuid;

use crate::rows::LATEST_MS;
use crate::{
    AccountKey, AccountRow, ActivityFilter, ActivityKey, ActivityRow, Commit, KeyHash, Lookup,
    MessageRow, OrganizationChange, Page, Queue, RecordChange, RecordRow, Revision, Store,
    StoreError,
};

/// A [`Store`] that forgets everything when it is dropped.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<State>);

/// Organization and what is in it: maps are walked in the order of these.
type Place = (Uuid, Uuid);

#[derive(Debug, Default)]
struct State {
    organizations: HashMap<Uuid, OrganizationChange>,
    sub_organizations: BTreeSet<Place>,
    /// Parent, key, organization, and the account that the key is of, if it is one's.
    index: BTreeSet<(Uuid, KeyHash, Uuid, Option<Uuid>)>,
    accounts: BTreeMap<Place, AccountRow>,
    secrets: BTreeMap<Place, Vec<u8>>,
    activities: BTreeMap<Place, ActivityRow>,
    fingerprints: HashMap<(Uuid, [u8; 32]), Uuid>,
    meta: BTreeMap<String, Vec<u8>>,
    records: BTreeMap<Place, RecordRow>,
    messages: BTreeMap<Uuid, MessageRow>,
}

/// What brings a row back to what it was.
enum Undo {
    Organization(Uuid, Option<OrganizationChange>),
    Account(Place, Option<AccountRow>),
    Secret(Place, Option<Vec<u8>>),
    Activity(Place, Option<ActivityRow>),
    Meta(String),
    Record(Place, Option<RecordRow>),
    Message(Uuid, Option<MessageRow>),
}

impl MemoryStore {
    fn state(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        // Poisoned: a panic may have left half a commit.
        self.0.lock().map_err(|_| StoreError::Unavailable)
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn is_shared(&self) -> bool {
        false
    }

    async fn organization(&self, id: Uuid, known: Revision) -> Result<Lookup, StoreError> {
        Ok(match self.state()?.organizations.get(&id) {
            None => Lookup::Missing,
            Some(OrganizationChange { row, .. }) if row.revision == known => Lookup::Unchanged,
            Some(OrganizationChange { row, .. }) => Lookup::Found(row.clone()),
        })
    }

    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        commit.check()?;
        let mut state = self.state()?;
        let mut undo = Vec::new();
        let result = state.apply(commit, &mut undo);
        if result.is_err() {
            for step in undo.into_iter().rev() {
                state.revert(step);
            }
        }
        result
    }

    async fn find_organizations(
        &self,
        parent: Uuid,
        key: &KeyHash,
        page: Page,
    ) -> Result<Vec<Uuid>, StoreError> {
        let state = self.state()?;
        let start = (parent, *key, page.after.unwrap_or(Uuid::nil()), None);
        let mut found: Vec<Uuid> = state
            .index
            .range(start..)
            .take_while(|(under, by, ..)| under == &parent && by == key)
            .map(|(_, _, organization, _)| *organization)
            .filter(|organization| within(page, *organization))
            .collect();
        found.dedup();
        found.truncate(limit(page));
        Ok(found)
    }

    async fn sub_organizations(&self, parent: Uuid, page: Page) -> Result<Vec<Uuid>, StoreError> {
        let state = self.state()?;
        let Some(bounds) = bounds(parent, page) else { return Ok(Vec::new()) };
        Ok(state.sub_organizations.range(bounds).take(limit(page)).map(|(_, id)| *id).collect())
    }

    async fn account(
        &self,
        organization: Uuid,
        by: AccountKey,
    ) -> Result<Option<AccountRow>, StoreError> {
        let state = self.state()?;
        if let AccountKey::Id(id) = by {
            return Ok(state.accounts.get(&(organization, id)).cloned());
        }
        Ok(state.accounts_of(organization).find(|account| matches(account, by)).cloned())
    }

    async fn accounts(
        &self,
        organization: Uuid,
        wallet: Option<Uuid>,
        page: Page,
    ) -> Result<Vec<AccountRow>, StoreError> {
        let state = self.state()?;
        let Some(bounds) = bounds(organization, page) else { return Ok(Vec::new()) };
        Ok(state
            .accounts
            .range(bounds)
            .map(|(_, account)| account)
            .filter(|account| wallet.is_none_or(|wallet| account.wallet == wallet))
            .take(limit(page))
            .cloned()
            .collect())
    }

    async fn secret(&self, organization: Uuid, id: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.state()?.secrets.get(&(organization, id)).cloned())
    }

    async fn activity(
        &self,
        organization: Uuid,
        by: ActivityKey,
    ) -> Result<Option<ActivityRow>, StoreError> {
        let state = self.state()?;
        let id = match by {
            ActivityKey::Id(id) => Some(id),
            ActivityKey::Fingerprint(print) => {
                state.fingerprints.get(&(organization, print)).copied()
            }
        };
        Ok(id.and_then(|id| state.activities.get(&(organization, id)).cloned()))
    }

    async fn activities(
        &self,
        organization: Uuid,
        filter: &ActivityFilter,
        page: Page,
    ) -> Result<Vec<ActivityRow>, StoreError> {
        let state = self.state()?;
        let Some(bounds) = bounds(organization, page) else { return Ok(Vec::new()) };
        let passes = |wanted: &[String], value| wanted.is_empty() || wanted.contains(value);
        Ok(state
            .activities
            .range(bounds)
            .rev()
            .map(|(_, activity)| activity)
            .filter(|activity| passes(&filter.kinds, &activity.kind))
            .filter(|activity| passes(&filter.statuses, &activity.status))
            .take(limit(page))
            .cloned()
            .collect())
    }

    async fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.state()?.meta.get(name).cloned())
    }

    async fn record(&self, organization: Uuid, id: Uuid) -> Result<Option<RecordRow>, StoreError> {
        Ok(self.state()?.records.get(&(organization, id)).cloned())
    }

    async fn purge_records(&self, expired_before_ms: u64, limit: u32) -> Result<u32, StoreError> {
        let mut state = self.state()?;
        let before = expired_before_ms.min(LATEST_MS);
        let mut expired: Vec<(u64, Place)> = state
            .records
            .iter()
            .filter_map(|(place, record)| Some((record.expires_ms?, *place)))
            .filter(|(expires_ms, _)| *expires_ms < before)
            .collect();
        expired.sort_unstable();
        let mut purged = 0;
        for ((_, place), count) in expired.iter().zip(1..=limit) {
            state.records.remove(place);
            purged = count;
        }
        Ok(purged)
    }

    async fn take_messages(
        &self,
        queue: Queue,
        now_ms: u64,
        lease_until_ms: u64,
        limit: u32,
    ) -> Result<Vec<MessageRow>, StoreError> {
        let mut state = self.state()?;
        let is_due = |message: &&mut MessageRow| message.queue == queue && message.due_ms <= now_ms;
        let mut due: Vec<&mut MessageRow> = state.messages.values_mut().filter(is_due).collect();
        due.sort_by_key(|message| (message.due_ms, message.id));
        let taken = due.into_iter().zip(0..limit).map(|(message, _)| {
            message.due_ms = lease_until_ms.min(LATEST_MS);
            message.attempts = message.attempts.saturating_add(1);
            message.clone()
        });
        Ok(taken.collect())
    }

    async fn finish_message(&self, id: Uuid) -> Result<(), StoreError> {
        self.state()?.messages.remove(&id);
        Ok(())
    }

    async fn retry_message(&self, id: Uuid, due_ms: u64) -> Result<(), StoreError> {
        if let Some(message) = self.state()?.messages.get_mut(&id) {
            message.due_ms = due_ms.min(LATEST_MS);
        }
        Ok(())
    }

    async fn defer_message(&self, id: Uuid, due_ms: u64) -> Result<(), StoreError> {
        if let Some(message) = self.state()?.messages.get_mut(&id) {
            message.due_ms = due_ms.min(LATEST_MS);
            message.attempts = message.attempts.saturating_sub(1);
        }
        Ok(())
    }
}

impl State {
    /// Applies a commit; on an error, what was done before it is in `undo`.
    fn apply(&mut self, commit: Commit, undo: &mut Vec<Undo>) -> Result<(), StoreError> {
        for (id, revision) in &commit.expected {
            let current = self.organizations.get(id).map_or(0, |stored| stored.row.revision);
            if current != *revision {
                return Err(StoreError::Conflict);
            }
        }
        for RecordChange { organization, id, expected, .. } in &commit.records {
            let current = self.records.get(&(*organization, *id)).map_or(0, |it| it.revision);
            if current != *expected {
                return Err(StoreError::Conflict);
            }
        }
        // Before anything else that may be refused: a replay is told apart from a taken name.
        for activity in commit.activities.clone() {
            let place = (activity.organization, activity.id);
            let print = (activity.organization, activity.fingerprint);
            if self.fingerprints.get(&print).is_some_and(|id| *id != activity.id) {
                return Err(StoreError::Duplicate);
            }
            undo.push(Undo::Activity(place, self.set_activity(place, Some(activity))));
        }
        self.delete(&commit, undo);
        for change in commit.organizations {
            let id = change.row.id;
            undo.push(Undo::Organization(id, self.set_organization(id, Some(change))));
        }
        for account in commit.accounts {
            let place = (account.organization, account.id);
            let others = || self.accounts_of(place.0).filter(|other| other.id != account.id);
            if others().any(|other| other.slot == account.slot) {
                return Err(StoreError::SlotTaken);
            }
            if account.name.is_some() && others().any(|other| other.name == account.name) {
                return Err(StoreError::NameTaken);
            }
            undo.push(Undo::Account(place, self.set_account(place, Some(account))));
        }
        for secret in commit.secrets {
            let place = (secret.organization, secret.id);
            undo.push(Undo::Secret(place, self.secrets.insert(place, secret.sealed)));
        }
        for (name, value) in commit.meta {
            if self.meta.contains_key(&name) {
                return Err(StoreError::Conflict);
            }
            self.meta.insert(name.clone(), value);
            undo.push(Undo::Meta(name));
        }
        for RecordChange { organization, id, expected, content } in commit.records {
            let new = content.map(|content| RecordRow {
                organization,
                id,
                revision: expected.saturating_add(1),
                expires_ms: content.expires_ms.map(|expires_ms| expires_ms.min(LATEST_MS)),
                sealed: content.sealed,
            });
            let place = (organization, id);
            undo.push(Undo::Record(place, self.set_record(place, new)));
        }
        for mut message in commit.messages {
            message.due_ms = message.due_ms.min(LATEST_MS);
            undo.push(Undo::Message(message.id, self.messages.insert(message.id, message)));
        }
        Ok(())
    }

    fn delete(&mut self, commit: &Commit, undo: &mut Vec<Undo>) {
        let mut accounts: Vec<Place> = commit.deleted_accounts.clone();
        let mut secrets: Vec<Place> = commit.deleted_secrets.clone();
        let mut records: Vec<Place> = Vec::new();
        for (organization, wallet) in &commit.deleted_wallets {
            let of_wallet = self.accounts_of(*organization).filter(|it| it.wallet == *wallet);
            accounts.extend(of_wallet.map(|account| (*organization, account.id)));
        }
        for id in &commit.deleted_organizations {
            accounts.extend(self.accounts_of(*id).map(|account| (*id, account.id)));
            secrets.extend(of(&self.secrets, *id).map(|(place, _)| *place));
            records.extend(of(&self.records, *id).map(|(place, _)| *place));
            undo.push(Undo::Organization(*id, self.set_organization(*id, None)));
        }
        for place in accounts {
            undo.push(Undo::Account(place, self.set_account(place, None)));
        }
        for place in secrets {
            undo.push(Undo::Secret(place, self.secrets.remove(&place)));
        }
        for place in records {
            undo.push(Undo::Record(place, self.set_record(place, None)));
        }
    }

    fn revert(&mut self, step: Undo) {
        match step {
            Undo::Organization(id, old) => drop(self.set_organization(id, old)),
            Undo::Account(place, old) => drop(self.set_account(place, old)),
            Undo::Activity(place, old) => drop(self.set_activity(place, old)),
            Undo::Secret(place, Some(old)) => drop(self.secrets.insert(place, old)),
            Undo::Secret(place, None) => drop(self.secrets.remove(&place)),
            Undo::Meta(name) => drop(self.meta.remove(&name)),
            Undo::Record(place, old) => drop(self.set_record(place, old)),
            Undo::Message(id, Some(old)) => drop(self.messages.insert(id, old)),
            Undo::Message(id, None) => drop(self.messages.remove(&id)),
        }
    }

    fn accounts_of(&self, organization: Uuid) -> impl Iterator<Item = &AccountRow> {
        of(&self.accounts, organization).map(|(_, account)| account)
    }

    // Each of these puts a row, or `None`, in place of another, keeps the indexes and returns what
    // was there.

    fn set_organization(
        &mut self,
        id: Uuid,
        new: Option<OrganizationChange>,
    ) -> Option<OrganizationChange> {
        let keys = |change: &OrganizationChange| {
            let parent = change.row.parent;
            let index = change.index.clone();
            parent.into_iter().flat_map(move |parent| {
                index.clone().into_iter().map(move |key| (parent, key, id, None))
            })
        };
        let old = self.organizations.remove(&id);
        if let Some(old) = &old {
            for key in keys(old) {
                self.index.remove(&key);
            }
            if let Some(parent) = old.row.parent {
                self.sub_organizations.remove(&(parent, id));
            }
        }
        if let Some(new) = new {
            self.index.extend(keys(&new));
            self.sub_organizations.extend(new.row.parent.map(|parent| (parent, id)));
            self.organizations.insert(id, new);
        }
        old
    }

    fn set_account(&mut self, place: Place, new: Option<AccountRow>) -> Option<AccountRow> {
        let (organization, id) = place;
        let key = |account: &AccountRow| {
            account.index.map(|(parent, key)| (parent, key, organization, Some(id)))
        };
        let old = self.accounts.remove(&place);
        if let Some(key) = old.as_ref().and_then(key) {
            self.index.remove(&key);
        }
        if let Some(new) = new {
            self.index.extend(key(&new));
            self.accounts.insert(place, new);
        }
        old
    }

    fn set_record(&mut self, place: Place, new: Option<RecordRow>) -> Option<RecordRow> {
        match new {
            Some(new) => self.records.insert(place, new),
            None => self.records.remove(&place),
        }
    }

    fn set_activity(&mut self, place: Place, new: Option<ActivityRow>) -> Option<ActivityRow> {
        let (organization, id) = place;
        let old = self.activities.remove(&place);
        if let Some(old) = &old {
            self.fingerprints.remove(&(organization, old.fingerprint));
        }
        if let Some(new) = new {
            self.fingerprints.insert((organization, new.fingerprint), id);
            self.activities.insert(place, new);
        }
        old
    }
}

/// Everything of one organization.
fn of<T>(map: &BTreeMap<Place, T>, organization: Uuid) -> impl Iterator<Item = (&Place, &T)> {
    map.range((organization, Uuid::nil())..=(organization, Uuid::max()))
}

fn matches(account: &AccountRow, by: AccountKey) -> bool {
    match by {
        AccountKey::Id(id) => account.id == id,
        AccountKey::Address(address) => account.address == address,
        AccountKey::Path(wallet, path) => account.wallet == wallet && account.path == path,
        AccountKey::Slot(slot) => account.slot == slot,
        AccountKey::Name(name) => account.name == Some(name),
    }
}

/// The page as a range; `None` when it is empty, because a range from high to low panics.
fn bounds(organization: Uuid, page: Page) -> Option<(Bound<Place>, Bound<Place>)> {
    let crossed = page.after.zip(page.before).is_some_and(|(after, before)| after >= before);
    let low = page.after.map_or(Bound::Included(Uuid::nil()), Bound::Excluded);
    let high = page.before.map_or(Bound::Included(Uuid::max()), Bound::Excluded);
    let place = |id| (organization, id);
    (!crossed).then(|| (low.map(place), high.map(place)))
}

fn within(page: Page, id: Uuid) -> bool {
    page.after.is_none_or(|after| id > after) && page.before.is_none_or(|before| id < before)
}

fn limit(page: Page) -> usize {
    usize::try_from(page.limit).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    fn fresh() -> (super::MemoryStore, ()) {
        (super::MemoryStore::default(), ())
    }
    crate::conformance::promises!(fresh);
}
