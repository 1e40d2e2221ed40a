//! What every backend promises. A promise is a function; one left off the list is dead code and
//! fails the build.

use std::sync::Arc;

use uuid::Uuid;

use crate::{
    AccountKey, AccountRow, ActivityFilter, ActivityKey, ActivityRow, Commit, KeyHash, Lookup,
    MessageRow, OrganizationChange, OrganizationRow, Page, Queue, RecordChange, RecordContent,
    RecordRow, Revision, SecretRow, Store, StoreError,
};

/// Tests every promise on what `$fresh` makes: an empty store and whatever must outlive it.
macro_rules! promises {
    ($fresh:path) => {
        $crate::conformance::run!(
            $fresh:
            unknown_organization_is_none,
            nothing_unknown_is_found,
            organization_is_found_as_written,
            known_revision_is_unchanged,
            stale_commit_conflicts,
            missing_organization_conflicts,
            existing_organization_cannot_be_made_again,
            every_expected_organization_counts,
            unfounded_commit_is_refused,
            refused_commit_stores_nothing,
            duplicate_fingerprint_is_refused,
            replay_is_told_before_a_taken_slot,
            fingerprint_is_free_in_another_organization,
            activity_is_updated_in_place,
            fingerprint_changes_with_its_activity,
            activities_are_newest_first,
            activities_are_filtered,
            activity_pages_are_exact,
            index_follows_the_organization,
            organization_is_found_once,
            organization_pages_are_exact,
            sub_organizations_are_only_children,
            account_is_found_by_every_key,
            oldest_account_is_meant,
            slot_is_unique,
            name_is_unique,
            account_is_replaced_in_order,
            account_pages_are_exact,
            account_index_follows_the_account,
            wallet_deletion_takes_its_accounts,
            secret_is_replaced_and_deleted,
            deleted_organization_takes_everything_but_activities,
            deletions_come_first,
            meta_is_written_once,
            record_is_made_once,
            record_changes_on_its_last_revision_only,
            record_is_deleted,
            records_are_apart,
            records_hold_together,
            record_named_twice_is_refused,
            record_goes_with_its_organization,
            one_concurrent_change_of_a_record_wins,
            only_expired_records_are_purged,
            message_is_sent_with_its_commit_only,
            messages_are_taken_longest_due_first,
            message_is_leased,
            message_is_retried_and_finished,
            message_is_taken_once,
            message_is_deferred,
            messages_wait_among_their_own,
            latest_instants_never_come,
            one_concurrent_commit_wins_per_revision,
            acknowledged_commit_is_seen_at_once,
            large_rows_are_kept
        );
    };
}

/// Makes a test of each promise.
macro_rules! run {
    ($fresh:path: $($promise:ident),+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $promise() {
                let (store, _kept) = $fresh();
                $crate::conformance::$promise(store).await;
            }
        )+
    };
}

pub(crate) use {promises, run};

// Samples, used by the backends' own tests, too.

/// The `n`th identifier.
pub(crate) fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// The hash of `n`.
pub(crate) fn hash(n: u8) -> KeyHash {
    [n; 32]
}

/// State `revision` of organization `n`, under organization 1 unless it is that.
pub(crate) fn organization(n: u128, revision: Revision, index: &[KeyHash]) -> OrganizationChange {
    let parent = (n != 1).then(|| id(1));
    let sealed = format!("organization {n} at {revision}").into_bytes();
    let row = OrganizationRow { id: id(n), parent, revision, sealed };
    OrganizationChange { row, index: index.to_vec() }
}

/// Account `n` of an organization, every hash of which is derived from `n`.
pub(crate) fn account(of: u128, n: u8, wallet: u128) -> AccountRow {
    let hash = |kind: u8| [kind, n].repeat(16).try_into().unwrap();
    AccountRow {
        organization: id(of),
        id: id(n.into()),
        wallet: id(wallet),
        address: hash(1),
        path: hash(2),
        slot: hash(3),
        name: Some(hash(4)),
        index: Some((id(1), hash(5))),
        sealed: format!("account {n}").into_bytes(),
    }
}

pub(crate) fn secret(of: u128, n: u128, sealed: &str) -> SecretRow {
    SecretRow { organization: id(of), id: id(n), sealed: sealed.into() }
}

/// Activity `n` of an organization, with a fingerprint derived from `n`.
pub(crate) fn activity(of: u128, n: u8) -> ActivityRow {
    ActivityRow {
        organization: id(of),
        id: id(n.into()),
        fingerprint: [n; 32],
        kind: "KIND".into(),
        status: "STATUS".into(),
        sealed: format!("activity {n}").into_bytes(),
    }
}

/// A change of record `n` of an organization; an empty text deletes it.
pub(crate) fn change(of: u128, n: u128, expected: Revision, text: &str) -> RecordChange {
    let content = RecordContent { expires_ms: None, sealed: text.into() };
    let content = (!text.is_empty()).then_some(content);
    RecordChange { organization: id(of), id: id(n), expected, content }
}

/// The queue of all messages that say nothing else.
pub(crate) const PEOPLE: Queue = Queue::People;

/// Message `n`, of organization 1.
pub(crate) fn message(n: u128, due_ms: u64) -> MessageRow {
    let sealed = format!("message {n}").into_bytes();
    MessageRow { id: id(n), organization: id(1), queue: PEOPLE, due_ms, attempts: 0, sealed }
}

/// A commit that changes records and nothing else.
pub(crate) fn changes(records: &[RecordChange]) -> Commit {
    Commit { records: records.to_vec(), ..Commit::default() }
}

/// A commit that sends messages.
pub(crate) fn sends(messages: &[MessageRow]) -> Commit {
    Commit { messages: messages.to_vec(), ..Commit::default() }
}

/// A commit that makes an organization.
pub(crate) fn creation(n: u128, index: &[KeyHash]) -> Commit {
    Commit {
        expected: vec![(id(n), 0)],
        organizations: vec![organization(n, 1, index)],
        ..Commit::default()
    }
}

/// A commit decided on an organization's first state that leaves it as it is.
pub(crate) fn decided_on(n: u128) -> Commit {
    Commit { expected: vec![(id(n), 1)], ..Commit::default() }
}

/// A commit that records one activity.
pub(crate) fn record(activity: ActivityRow) -> Commit {
    Commit { activities: vec![activity], ..Commit::default() }
}

async fn revision(store: &impl Store, n: u128) -> Revision {
    match store.organization(id(n), 0).await.unwrap() {
        Lookup::Found(row) => row.revision,
        Lookup::Missing => 0,
        Lookup::Unchanged => panic!("revision 0 is no stored one"),
    }
}

/// The numbers of a list of organizations.
fn numbers(ids: &[Uuid]) -> Vec<u128> {
    ids.iter().map(Uuid::as_u128).collect()
}

async fn account_numbers(store: &impl Store, wallet: Option<Uuid>, page: Page) -> Vec<u128> {
    let accounts = store.accounts(id(1), wallet, page).await.unwrap();
    accounts.iter().map(|account| account.id.as_u128()).collect()
}

async fn activity_numbers(
    store: &impl Store,
    kinds: &[&str],
    statuses: &[&str],
    page: Page,
) -> Vec<u128> {
    let strings = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect();
    let filter = ActivityFilter { kinds: strings(kinds), statuses: strings(statuses) };
    let activities = store.activities(id(1), &filter, page).await.unwrap();
    activities.iter().map(|activity| activity.id.as_u128()).collect()
}

/// Revision and text of a record; 0 and nothing when there is none.
async fn noted(store: &impl Store, of: u128, n: u128) -> (Revision, String) {
    let Some(row) = store.record(id(of), id(n)).await.unwrap() else { return (0, String::new()) };
    assert_eq!((row.organization, row.id), (id(of), id(n)));
    (row.revision, String::from_utf8(row.sealed).unwrap())
}

/// Number, due time and attempts of each message taken.
async fn taken(store: &impl Store, now: u64, lease: u64, limit: u32) -> Vec<(u128, u64, u32)> {
    let messages = store.take_messages(PEOPLE, now, lease, limit).await.unwrap();
    messages.iter().map(|it| (it.id.as_u128(), it.due_ms, it.attempts)).collect()
}

async fn found(store: &impl Store, key: KeyHash) -> Vec<u128> {
    numbers(&store.find_organizations(id(1), &key, Page::ALL).await.unwrap())
}

async fn children(store: &impl Store, parent: u128) -> Vec<u128> {
    numbers(&store.sub_organizations(id(parent), Page::ALL).await.unwrap())
}

/// Pages over entries 1 to 5, and what each holds in ascending order.
fn pages() -> Vec<(Page, Vec<u128>)> {
    vec![
        (Page::ALL, vec![1, 2, 3, 4, 5]),
        (Page::ALL.after(id(2)), vec![3, 4, 5]),
        (Page::ALL.before(id(4)), vec![1, 2, 3]),
        (Page::ALL.after(id(1)).before(id(5)), vec![2, 3, 4]),
        (Page::ALL.after(id(3)).before(id(4)), vec![]),
        (Page::ALL.after(id(3)).before(id(3)), vec![]),
        (Page::ALL.after(id(4)).before(id(2)), vec![]),
        (Page::ALL.after(id(5)), vec![]),
        (Page::ALL.before(id(1)), vec![]),
        (Page::ALL.after(Uuid::nil()).before(Uuid::max()), vec![1, 2, 3, 4, 5]),
        (Page::ALL.after(Uuid::max()), vec![]),
        (Page::ALL.before(Uuid::nil()), vec![]),
        (Page::first(0), vec![]),
        (Page::first(5), vec![1, 2, 3, 4, 5]),
        (Page::first(6), vec![1, 2, 3, 4, 5]),
    ]
}

/// Entries 1 to 5 in an order that is not theirs.
const SHUFFLED: [u8; 5] = [4, 1, 5, 3, 2];

// Organizations.

/// What is not there is not an error.
pub(crate) async fn unknown_organization_is_none(store: impl Store) {
    assert_eq!(store.organization(id(1), 0).await.unwrap(), Lookup::Missing);
    assert_eq!(store.organization(id(1), 7).await.unwrap(), Lookup::Missing);
    assert_eq!(store.organization(id(1), u64::MAX).await.unwrap(), Lookup::Missing);
}

/// Neither is anything else that is not there.
pub(crate) async fn nothing_unknown_is_found(store: impl Store) {
    store.commit(creation(1, &[])).await.unwrap();
    for by in [AccountKey::Id(id(1)), AccountKey::Slot(hash(1)), AccountKey::Name(hash(1))] {
        assert_eq!(store.account(id(1), by).await.unwrap(), None);
    }
    for by in [AccountKey::Address(hash(1)), AccountKey::Path(id(1), hash(1))] {
        assert_eq!(store.account(id(1), by).await.unwrap(), None);
    }
    for by in [ActivityKey::Id(id(1)), ActivityKey::Fingerprint(hash(1))] {
        assert_eq!(store.activity(id(1), by).await.unwrap(), None);
    }
    assert_eq!(store.secret(id(1), id(1)).await.unwrap(), None);
    assert_eq!(store.meta("name").await.unwrap(), None);
    assert_eq!(store.record(id(1), id(1)).await.unwrap(), None);
    assert_eq!(store.record(Uuid::nil(), Uuid::nil()).await.unwrap(), None);
    assert_eq!(taken(&store, u64::MAX, u64::MAX, 9).await, []);
    assert_eq!(store.purge_records(u64::MAX, 9).await.unwrap(), 0);
    store.finish_message(id(1)).await.unwrap();
    store.retry_message(id(1), 7).await.unwrap();
    store.defer_message(id(1), 7).await.unwrap();
    assert_eq!(account_numbers(&store, None, Page::ALL).await, []);
    assert_eq!(activity_numbers(&store, &[], &[], Page::ALL).await, []);
    assert_eq!(found(&store, hash(1)).await, []);
    assert_eq!(children(&store, 1).await, []);
}

/// An organization comes back as it was written, with and without a parent.
pub(crate) async fn organization_is_found_as_written(store: impl Store) {
    for n in [1, 2] {
        store.commit(creation(n, &[])).await.unwrap();
        let written = Lookup::Found(organization(n, 1, &[]).row);
        assert_eq!(store.organization(id(n), 0).await.unwrap(), written);
        let mut next = decided_on(n);
        next.organizations.push(organization(n, 2, &[]));
        store.commit(next).await.unwrap();
        let written = Lookup::Found(organization(n, 2, &[]).row);
        assert_eq!(store.organization(id(n), 0).await.unwrap(), written);
    }
}

/// Who knows the revision is not sent the organization; who knows another one is.
pub(crate) async fn known_revision_is_unchanged(store: impl Store) {
    store.commit(creation(1, &[])).await.unwrap();
    let written = Lookup::Found(organization(1, 1, &[]).row);
    assert_eq!(store.organization(id(1), 1).await.unwrap(), Lookup::Unchanged);
    assert_eq!(store.organization(id(1), 2).await.unwrap(), written);
    assert_eq!(store.organization(id(1), u64::MAX).await.unwrap(), written);
}

/// A commit on an old revision changes nothing.
pub(crate) async fn stale_commit_conflicts(store: impl Store) {
    store.commit(creation(1, &[])).await.unwrap();
    let next = || {
        let mut next = decided_on(1);
        next.organizations.push(organization(1, 2, &[]));
        next
    };
    store.commit(next()).await.unwrap();
    let mut late = next();
    late.activities.push(activity(1, 1));
    late.secrets.push(secret(1, 1, "late"));
    let late = store.commit(late).await;
    assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
    assert_eq!(revision(&store, 1).await, 2);
    assert_eq!(store.activity(id(1), ActivityKey::Id(id(1))).await.unwrap(), None);
    assert_eq!(store.secret(id(1), id(1)).await.unwrap(), None);
}

/// A decision on an organization that is gone does not hold.
pub(crate) async fn missing_organization_conflicts(store: impl Store) {
    let mut commit = decided_on(1);
    commit.activities.push(activity(1, 1));
    let result = store.commit(commit).await;
    assert!(matches!(result, Err(StoreError::Conflict)), "{result:?}");
    assert_eq!(activity_numbers(&store, &[], &[], Page::ALL).await, []);
}

/// An organization is made once.
pub(crate) async fn existing_organization_cannot_be_made_again(store: impl Store) {
    store.commit(creation(2, &[hash(1)])).await.unwrap();
    let again = store.commit(creation(2, &[hash(2)])).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    assert_eq!(found(&store, hash(1)).await, [2]);
    assert_eq!(found(&store, hash(2)).await, []);
}

/// A commit stands on all organizations it names, not only on those it writes.
pub(crate) async fn every_expected_organization_counts(store: impl Store) {
    for n in [1, 2] {
        store.commit(creation(n, &[])).await.unwrap();
    }
    for (other, holds) in [((id(1), 1), true), ((id(1), 2), false), ((id(3), 1), false)] {
        let now = revision(&store, 2).await;
        let commit = Commit {
            expected: vec![(id(2), now), other],
            organizations: vec![organization(2, now + 1, &[])],
            ..Commit::default()
        };
        let result = store.commit(commit).await;
        assert_eq!(result.is_ok(), holds, "{result:?}");
        assert_eq!(revision(&store, 2).await, now + u64::from(holds));
    }
}

/// A commit may not touch what it was not decided on.
pub(crate) async fn unfounded_commit_is_refused(store: impl Store) {
    store.commit(creation(1, &[])).await.unwrap();
    let blind = Commit::default;
    let absent = || Commit { expected: vec![(id(2), 0)], ..Commit::default() };
    let gone = || Commit { deleted_organizations: vec![id(1)], ..decided_on(1) };
    let next = || vec![organization(1, 2, &[])];
    for commit in [
        Commit { organizations: next(), ..blind() },
        Commit { organizations: vec![organization(1, 3, &[])], ..decided_on(1) },
        Commit { organizations: vec![organization(1, 1, &[])], ..decided_on(1) },
        Commit { organizations: [next(), next()].concat(), ..decided_on(1) },
        Commit { organizations: next(), ..gone() },
        Commit { expected: vec![(id(1), u64::MAX)], organizations: next(), ..blind() },
        Commit { deleted_organizations: vec![id(1)], ..blind() },
        Commit { accounts: vec![account(1, 1, 1)], ..blind() },
        Commit { accounts: vec![account(1, 1, 1)], ..gone() },
        Commit { accounts: vec![account(2, 1, 1)], ..absent() },
        Commit { deleted_accounts: vec![(id(1), id(1))], ..blind() },
        Commit { deleted_wallets: vec![(id(1), id(1))], ..blind() },
        Commit { secrets: vec![secret(1, 1, "")], ..blind() },
        Commit { secrets: vec![secret(1, 1, "")], ..gone() },
        Commit { secrets: vec![secret(2, 1, "")], ..absent() },
        Commit { deleted_secrets: vec![(id(1), id(1))], ..blind() },
    ] {
        let told = format!("{commit:?}");
        let result = store.commit(commit).await;
        assert!(matches!(result, Err(StoreError::Unfounded)), "{told}: {result:?}");
    }
    assert_eq!(revision(&store, 1).await, 1);
}

/// Whichever part of a commit is refused, no part of it is stored or deleted.
pub(crate) async fn refused_commit_stores_nothing(store: impl Store) {
    let mut first = creation(1, &[]);
    first.accounts = vec![account(1, 1, 1), account(1, 2, 2)];
    first.secrets = vec![secret(1, 1, "one")];
    first.activities = vec![activity(1, 1)];
    first.meta = vec![("one".into(), b"1".to_vec())];
    first.records = vec![change(1, 1, 0, "one"), change(2, 1, 0, "child's")];
    store.commit(first).await.unwrap();
    store.commit(creation(2, &[hash(1)])).await.unwrap();
    let mut slot = account(1, 9, 1);
    slot.slot = account(1, 2, 2).slot;
    let mut name = account(1, 9, 1);
    name.name = account(1, 2, 2).name;
    let mut print = activity(1, 9);
    print.fingerprint = [1; 32];
    let good = || Commit {
        expected: vec![(id(1), 1), (id(2), 1), (id(3), 0)],
        organizations: vec![organization(1, 2, &[]), organization(3, 1, &[hash(3)])],
        deleted_organizations: vec![id(2)],
        accounts: vec![account(1, 3, 3), { AccountRow { wallet: id(5), ..account(1, 2, 2) } }],
        deleted_wallets: vec![(id(1), id(1))],
        deleted_accounts: vec![],
        secrets: vec![secret(1, 2, "two"), secret(3, 3, "three")],
        deleted_secrets: vec![(id(1), id(1))],
        activities: vec![activity(1, 2), {
            ActivityRow { status: "NEW".into(), ..activity(1, 1) }
        }],
        meta: vec![("two".into(), b"2".to_vec())],
        records: vec![change(1, 1, 1, "changed"), change(1, 2, 0, "two"), change(3, 3, 0, "three")],
        messages: vec![message(1, 0)],
    };
    let bad = [
        {
            let mut bad = good();
            bad.accounts.push(slot);
            bad
        },
        {
            let mut bad = good();
            bad.accounts.push(name);
            bad
        },
        {
            let mut bad = good();
            bad.activities.push(print);
            bad
        },
        {
            let mut bad = good();
            bad.meta.push(("one".into(), vec![]));
            bad
        },
        {
            let mut bad = good();
            bad.meta.push(("two".into(), vec![]));
            bad
        },
        {
            let mut bad = good();
            bad.expected.push((id(4), 1));
            bad
        },
        {
            let mut bad = good();
            bad.records.push(change(1, 4, 1, "four"));
            bad
        },
    ];
    for commit in bad {
        let result = store.commit(commit).await;
        let refused = result.unwrap_err();
        assert!(!matches!(refused, StoreError::Backend(_)), "{refused:?}");
        assert_eq!(revision(&store, 1).await, 1);
        assert_eq!(revision(&store, 2).await, 1);
        assert_eq!(revision(&store, 3).await, 0);
        assert_eq!(found(&store, hash(1)).await, [2]);
        assert_eq!(found(&store, hash(3)).await, []);
        assert_eq!(children(&store, 1).await, [2]);
        assert_eq!(
            store.accounts(id(1), None, Page::ALL).await.unwrap(),
            [account(1, 1, 1), account(1, 2, 2)]
        );
        assert_eq!(found(&store, account(1, 1, 1).index.unwrap().1).await, [1]);
        assert_eq!(store.secret(id(1), id(1)).await.unwrap().unwrap(), b"one");
        assert_eq!(store.secret(id(1), id(2)).await.unwrap(), None);
        assert_eq!(store.secret(id(3), id(3)).await.unwrap(), None);
        let all = store.activities(id(1), &ActivityFilter::default(), Page::ALL).await.unwrap();
        assert_eq!(all, [activity(1, 1)]);
        let print = ActivityKey::Fingerprint([2; 32]);
        assert_eq!(store.activity(id(1), print).await.unwrap(), None);
        assert_eq!(store.meta("one").await.unwrap().unwrap(), b"1");
        assert_eq!(store.meta("two").await.unwrap(), None);
        assert_eq!(noted(&store, 1, 1).await, (1, "one".into()));
        assert_eq!(noted(&store, 2, 1).await, (1, "child's".into()));
        assert_eq!(noted(&store, 1, 2).await.0, 0);
        assert_eq!(noted(&store, 3, 3).await.0, 0);
        assert_eq!(taken(&store, 0, 1, 9).await, []);
    }
    store.commit(good()).await.unwrap();
    assert_eq!(noted(&store, 1, 1).await, (2, "changed".into()));
    assert_eq!(noted(&store, 2, 1).await.0, 0);
    assert_eq!(taken(&store, 0, 1, 9).await, [(1, 1, 1)]);
    assert_eq!(account_numbers(&store, None, Page::ALL).await, [2, 3]);
    assert_eq!(activity_numbers(&store, &[], &["NEW"], Page::ALL).await, [1]);
}

// Activities.

/// A request runs once: a second activity for its fingerprint is refused, with all it came with.
pub(crate) async fn duplicate_fingerprint_is_refused(store: impl Store) {
    let mut first = creation(1, &[]);
    first.activities.push(activity(1, 1));
    store.commit(first).await.unwrap();
    let again = ActivityRow { fingerprint: [1; 32], ..activity(1, 2) };
    let commit = Commit {
        organizations: vec![organization(1, 2, &[])],
        activities: vec![again],
        secrets: vec![secret(1, 1, "again")],
        ..decided_on(1)
    };
    let result = store.commit(commit).await;
    assert!(matches!(result, Err(StoreError::Duplicate)), "{result:?}");
    assert_eq!(revision(&store, 1).await, 1);
    assert_eq!(store.secret(id(1), id(1)).await.unwrap(), None);
    let recorded = store.activity(id(1), ActivityKey::Fingerprint([1; 32])).await.unwrap();
    assert_eq!(recorded, Some(activity(1, 1)));
    assert_eq!(activity_numbers(&store, &[], &[], Page::ALL).await, [1]);
    // Not even an update may take another activity's fingerprint.
    store.commit(record(activity(1, 2))).await.unwrap();
    let result = store.commit(record(ActivityRow { fingerprint: [1; 32], ..activity(1, 2) })).await;
    assert!(matches!(result, Err(StoreError::Duplicate)), "{result:?}");
    let kept = store.activity(id(1), ActivityKey::Fingerprint([2; 32])).await.unwrap();
    assert_eq!(kept, Some(activity(1, 2)));
}

/// Who sends a request twice hears that, and not that its account exists.
pub(crate) async fn replay_is_told_before_a_taken_slot(store: impl Store) {
    store.commit(creation(1, &[])).await.unwrap();
    let commit = |n| Commit {
        accounts: vec![AccountRow { id: id(n), ..account(1, 1, 1) }],
        activities: vec![ActivityRow { id: id(n), ..activity(1, 1) }],
        ..decided_on(1)
    };
    store.commit(commit(1)).await.unwrap();
    let again = store.commit(commit(2)).await;
    assert!(matches!(again, Err(StoreError::Duplicate)), "{again:?}");
}

/// Fingerprints and identifiers are unique in an organization, not beyond it.
pub(crate) async fn fingerprint_is_free_in_another_organization(store: impl Store) {
    for n in [1, 2] {
        store.commit(record(activity(n, 1))).await.unwrap();
    }
    for n in [1, 2] {
        let recorded = store.activity(id(n), ActivityKey::Fingerprint([1; 32])).await.unwrap();
        assert_eq!(recorded, Some(activity(n, 1)));
    }
}

/// A vote changes the recorded activity, whether what it holds grows or shrinks.
pub(crate) async fn activity_is_updated_in_place(store: impl Store) {
    store.commit(record(activity(1, 1))).await.unwrap();
    store.commit(record(activity(1, 2))).await.unwrap();
    for (status, length) in [("PENDING", 9000), ("COMPLETED", 10), ("FAILED", 3000)] {
        let sealed = vec![7; length];
        let changed = ActivityRow { status: status.into(), sealed, ..activity(1, 1) };
        store.commit(record(changed.clone())).await.unwrap();
        for by in [ActivityKey::Id(id(1)), ActivityKey::Fingerprint([1; 32])] {
            assert_eq!(store.activity(id(1), by).await.unwrap(), Some(changed.clone()));
        }
        assert_eq!(activity_numbers(&store, &[], &[status], Page::ALL).await, [1]);
        assert_eq!(activity_numbers(&store, &[], &[], Page::ALL).await, [2, 1]);
    }
    assert_eq!(activity_numbers(&store, &[], &["STATUS"], Page::ALL).await, [2]);
}

/// An update may bring another fingerprint; then the old one is free.
pub(crate) async fn fingerprint_changes_with_its_activity(store: impl Store) {
    store.commit(record(activity(1, 1))).await.unwrap();
    let changed = ActivityRow { fingerprint: [9; 32], ..activity(1, 1) };
    store.commit(record(changed.clone())).await.unwrap();
    assert_eq!(store.activity(id(1), ActivityKey::Id(id(1))).await.unwrap(), Some(changed.clone()));
    let by = |print| ActivityKey::Fingerprint([print; 32]);
    assert_eq!(store.activity(id(1), by(9)).await.unwrap(), Some(changed.clone()));
    assert_eq!(store.activity(id(1), by(1)).await.unwrap(), None);
    let heir = ActivityRow { fingerprint: [1; 32], ..activity(1, 2) };
    store.commit(record(heir.clone())).await.unwrap();
    assert_eq!(store.activity(id(1), by(1)).await.unwrap(), Some(heir.clone()));
    let all = store.activities(id(1), &ActivityFilter::default(), Page::ALL).await.unwrap();
    assert_eq!(all, [heir, changed]);
}

/// The newest activity comes first, in whatever order they were recorded.
pub(crate) async fn activities_are_newest_first(store: impl Store) {
    for n in SHUFFLED {
        store.commit(record(activity(1, n))).await.unwrap();
        store.commit(record(activity(2, n + 10))).await.unwrap();
    }
    let all = store.activities(id(1), &ActivityFilter::default(), Page::ALL).await.unwrap();
    assert_eq!(all, [5, 4, 3, 2, 1].map(|n| activity(1, n)));
}

/// Filters hold together; what they leave out does not count towards the limit.
pub(crate) async fn activities_are_filtered(store: impl Store) {
    for n in 1..=8 {
        let kind = if n % 2 == 0 { "EVEN" } else { "ODD" }.into();
        let status = if n > 4 { "HIGH" } else { "LOW" }.into();
        store.commit(record(ActivityRow { kind, status, ..activity(1, n) })).await.unwrap();
    }
    let all = Page::ALL;
    assert_eq!(activity_numbers(&store, &["ODD"], &[], all).await, [7, 5, 3, 1]);
    assert_eq!(activity_numbers(&store, &[], &["LOW"], all).await, [4, 3, 2, 1]);
    assert_eq!(activity_numbers(&store, &["EVEN"], &["HIGH"], all).await, [8, 6]);
    assert_eq!(activity_numbers(&store, &["ODD", "EVEN"], &["LOW"], all).await, [4, 3, 2, 1]);
    assert_eq!(
        activity_numbers(&store, &["ODD", "NONE"], &["HIGH", "LOW"], all).await,
        [7, 5, 3, 1]
    );
    assert_eq!(activity_numbers(&store, &["NONE"], &[], all).await, []);
    assert_eq!(activity_numbers(&store, &["ODD' OR '1'='1"], &[], all).await, []);
    assert_eq!(activity_numbers(&store, &["ODD"], &[], Page::first(2)).await, [7, 5]);
    let between = Page::first(2).after(id(1)).before(id(7));
    assert_eq!(activity_numbers(&store, &["ODD"], &[], between).await, [5, 3]);
}

/// Bounds are open, limits exact, and the limit keeps the newest.
pub(crate) async fn activity_pages_are_exact(store: impl Store) {
    for n in SHUFFLED {
        store.commit(record(activity(1, n))).await.unwrap();
        store.commit(record(activity(2, n))).await.unwrap();
    }
    for (page, mut expected) in pages() {
        expected.reverse();
        assert_eq!(activity_numbers(&store, &[], &[], page).await, expected, "{page:?}");
    }
    assert_eq!(activity_numbers(&store, &[], &[], Page::first(2)).await, [5, 4]);
    assert_eq!(activity_numbers(&store, &[], &[], Page::first(2).before(id(4))).await, [3, 2]);
    assert_eq!(activity_numbers(&store, &[], &[], Page::first(2).after(id(1))).await, [5, 4]);
}

// Finding organizations.

/// An organization is found by the keys of its last state and by no others.
pub(crate) async fn index_follows_the_organization(store: impl Store) {
    // The parent's own keys are nobody's, and twice the same key is once.
    store.commit(creation(1, &[hash(1)])).await.unwrap();
    store.commit(creation(2, &[hash(1), hash(2), hash(2)])).await.unwrap();
    assert_eq!(found(&store, hash(1)).await, [2]);
    assert_eq!(found(&store, hash(2)).await, [2]);
    let elsewhere = store.find_organizations(id(2), &hash(1), Page::ALL).await.unwrap();
    assert_eq!(numbers(&elsewhere), []);
    let mut next = decided_on(2);
    next.organizations.push(organization(2, 2, &[hash(3), hash(2)]));
    store.commit(next).await.unwrap();
    assert_eq!(found(&store, hash(1)).await, []);
    assert_eq!(found(&store, hash(2)).await, [2]);
    assert_eq!(found(&store, hash(3)).await, [2]);
    let expected = vec![(id(2), 2)];
    let end = Commit { expected, deleted_organizations: vec![id(2)], ..Commit::default() };
    store.commit(end).await.unwrap();
    for key in [hash(1), hash(2), hash(3)] {
        assert_eq!(found(&store, key).await, []);
    }
    assert_eq!(children(&store, 1).await, []);
    // And it may come again.
    store.commit(creation(2, &[hash(4)])).await.unwrap();
    assert_eq!(found(&store, hash(4)).await, [2]);
}

/// However many of its accounts have the key, and it itself.
pub(crate) async fn organization_is_found_once(store: impl Store) {
    let key = hash(1);
    for n in [3, 2] {
        let mut commit = creation(n, &[key]);
        commit.accounts = [1, 2, 3]
            .map(|account_n| AccountRow { index: Some((id(1), key)), ..account(n, account_n, 1) })
            .to_vec();
        store.commit(commit).await.unwrap();
    }
    assert_eq!(found(&store, key).await, [2, 3]);
    let first = store.find_organizations(id(1), &key, Page::first(1)).await.unwrap();
    assert_eq!(numbers(&first), [2]);
}

/// Bounds are open, limits exact, and ties in the key are in the order of identifiers.
pub(crate) async fn organization_pages_are_exact(store: impl Store) {
    for n in SHUFFLED {
        let mut change = organization(n.into(), 1, &[hash(1), hash(n)]);
        change.row.parent = Some(id(9));
        let expected = vec![(change.row.id, 0)];
        let organizations = vec![change];
        store.commit(Commit { expected, organizations, ..Commit::default() }).await.unwrap();
    }
    for (page, expected) in pages() {
        let found = store.find_organizations(id(9), &hash(1), page).await.unwrap();
        assert_eq!(numbers(&found), expected, "{page:?}");
        let all = store.sub_organizations(id(9), page).await.unwrap();
        assert_eq!(numbers(&all), expected, "{page:?}");
    }
    let page = Page::first(2).after(id(2));
    let found = store.find_organizations(id(9), &hash(1), page).await.unwrap();
    assert_eq!(numbers(&found), [3, 4]);
    assert_eq!(store.sub_organizations(id(9), page).await.unwrap(), found);
}

/// Neither the parent itself nor another parent's.
pub(crate) async fn sub_organizations_are_only_children(store: impl Store) {
    for n in [1, 2, 3] {
        store.commit(creation(n, &[])).await.unwrap();
    }
    assert_eq!(children(&store, 1).await, [2, 3]);
    assert_eq!(children(&store, 2).await, []);
}

// Accounts and secrets.

/// Every key finds the whole account, in its own organization only.
pub(crate) async fn account_is_found_by_every_key(store: impl Store) {
    let bare = AccountRow { name: None, index: None, ..account(1, 2, 7) };
    let named = account(1, 1, 7);
    let mut commit = creation(1, &[]);
    commit.accounts = vec![named.clone(), bare.clone()];
    store.commit(commit).await.unwrap();
    store.commit(creation(2, &[])).await.unwrap();
    for row in [named, bare] {
        let mut keys = vec![
            AccountKey::Id(row.id),
            AccountKey::Address(row.address),
            AccountKey::Path(row.wallet, row.path),
            AccountKey::Slot(row.slot),
        ];
        keys.extend(row.name.map(AccountKey::Name));
        for by in keys {
            assert_eq!(store.account(id(1), by).await.unwrap(), Some(row.clone()), "{by:?}");
            assert_eq!(store.account(id(2), by).await.unwrap(), None, "{by:?}");
        }
        let elsewhere = AccountKey::Path(id(8), row.path);
        assert_eq!(store.account(id(1), elsewhere).await.unwrap(), None);
    }
}

/// Where several accounts share a key, the smallest identifier is meant.
pub(crate) async fn oldest_account_is_meant(store: impl Store) {
    let alike = |n| {
        let AccountRow { address, path, .. } = account(1, 9, 7);
        AccountRow { address, path, ..account(1, n, 7) }
    };
    let mut commit = creation(1, &[]);
    commit.accounts = SHUFFLED.map(alike).to_vec();
    store.commit(commit).await.unwrap();
    let oldest = alike(1);
    for by in [AccountKey::Address(oldest.address), AccountKey::Path(id(7), oldest.path)] {
        assert_eq!(store.account(id(1), by).await.unwrap(), Some(oldest.clone()));
    }
}

/// A slot is taken once per organization, within a commit, too.
pub(crate) async fn slot_is_unique(store: impl Store) {
    for n in [1, 2] {
        let mut commit = creation(n, &[]);
        commit.accounts.push(account(n, 1, 7));
        store.commit(commit).await.unwrap();
    }
    let slot = account(1, 1, 7).slot;
    let taken = AccountRow { slot, ..account(1, 2, 8) };
    let fresh = AccountRow { slot: hash(9), ..account(1, 3, 7) };
    let same = AccountRow { slot: hash(9), ..account(1, 4, 7) };
    for accounts in [vec![taken], vec![fresh, same]] {
        let result = store.commit(Commit { accounts, ..decided_on(1) }).await;
        assert!(matches!(result, Err(StoreError::SlotTaken)), "{result:?}");
        assert_eq!(account_numbers(&store, None, Page::ALL).await, [1]);
    }
}

/// So is a name; no name is not one.
pub(crate) async fn name_is_unique(store: impl Store) {
    for n in [1, 2] {
        let mut commit = creation(n, &[]);
        commit.accounts.push(account(n, 1, 7));
        store.commit(commit).await.unwrap();
    }
    let name = account(1, 1, 7).name;
    let taken = vec![AccountRow { name, ..account(1, 2, 8) }];
    let result = store.commit(Commit { accounts: taken, ..decided_on(1) }).await;
    assert!(matches!(result, Err(StoreError::NameTaken)), "{result:?}");
    let nameless = [3, 4].map(|n| AccountRow { name: None, ..account(1, n, 7) }).to_vec();
    store.commit(Commit { accounts: nameless, ..decided_on(1) }).await.unwrap();
    assert_eq!(account_numbers(&store, None, Page::ALL).await, [1, 3, 4]);
}

/// A row that exists is replaced, and what it held is free for the next one.
pub(crate) async fn account_is_replaced_in_order(store: impl Store) {
    let mut commit = creation(1, &[]);
    commit.accounts = vec![account(1, 1, 7), account(1, 2, 7)];
    store.commit(commit).await.unwrap();
    // Written again unchanged, an account is not in its own way.
    store.commit(Commit { accounts: vec![account(1, 1, 7)], ..decided_on(1) }).await.unwrap();
    let old = account(1, 1, 7);
    let new = AccountRow { id: old.id, ..account(1, 3, 8) };
    let heir = AccountRow { slot: old.slot, name: old.name, ..account(1, 2, 7) };
    let accounts = vec![new.clone(), heir.clone()];
    store.commit(Commit { accounts, ..decided_on(1) }).await.unwrap();
    assert_eq!(store.account(id(1), AccountKey::Slot(old.slot)).await.unwrap(), Some(heir.clone()));
    assert_eq!(store.account(id(1), AccountKey::Slot(new.slot)).await.unwrap(), Some(new.clone()));
    assert_eq!(store.account(id(1), AccountKey::Address(old.address)).await.unwrap(), None);
    assert_eq!(account_numbers(&store, Some(id(7)), Page::ALL).await, [2]);
    // In the other order the slot is not free yet.
    let accounts = vec![AccountRow { slot: new.slot, ..heir.clone() }, old];
    let result = store.commit(Commit { accounts, ..decided_on(1) }).await;
    assert!(matches!(result, Err(StoreError::SlotTaken)), "{result:?}");
    assert_eq!(store.accounts(id(1), None, Page::ALL).await.unwrap(), [new, heir]);
}

/// Bounds are open and limits exact, for a wallet and for all.
pub(crate) async fn account_pages_are_exact(store: impl Store) {
    let mut commit = creation(1, &[]);
    commit.accounts = SHUFFLED.map(|n| account(1, n, 7)).to_vec();
    store.commit(commit).await.unwrap();
    let mut other = creation(2, &[]);
    other.accounts = SHUFFLED.map(|n| account(2, n, 7)).to_vec();
    store.commit(other).await.unwrap();
    for (page, expected) in pages() {
        assert_eq!(account_numbers(&store, None, page).await, expected, "{page:?}");
        assert_eq!(account_numbers(&store, Some(id(7)), page).await, expected, "{page:?}");
        assert_eq!(account_numbers(&store, Some(id(8)), page).await, [], "{page:?}");
    }
    let two = Page::first(2).after(id(1));
    assert_eq!(account_numbers(&store, None, two).await, [2, 3]);
    assert_eq!(account_numbers(&store, Some(id(7)), two).await, [2, 3]);
    store.commit(Commit { accounts: vec![account(1, 2, 8)], ..decided_on(1) }).await.unwrap();
    assert_eq!(account_numbers(&store, None, two).await, [2, 3]);
    assert_eq!(account_numbers(&store, Some(id(7)), two).await, [3, 4]);
}

/// An account's key finds the organization for as long as the account has it.
pub(crate) async fn account_index_follows_the_account(store: impl Store) {
    let key = |row: &AccountRow| row.index.unwrap().1;
    let (one, two) = (account(2, 1, 7), account(2, 2, 7));
    let mut commit = creation(2, &[]);
    commit.accounts = vec![one.clone(), two.clone()];
    store.commit(commit).await.unwrap();
    assert_eq!(found(&store, key(&one)).await, [2]);
    assert_eq!(found(&store, key(&two)).await, [2]);
    // Another state of the organization has no say in it.
    let mut next = decided_on(2);
    next.organizations.push(organization(2, 2, &[]));
    store.commit(next).await.unwrap();
    assert_eq!(found(&store, key(&one)).await, [2]);
    let changed = AccountRow { index: Some((id(1), hash(9))), ..one.clone() };
    let expected = vec![(id(2), 2)];
    let commit = Commit { expected, accounts: vec![changed], ..Commit::default() };
    store.commit(Commit { deleted_accounts: vec![(id(2), two.id)], ..commit }).await.unwrap();
    assert_eq!(found(&store, key(&one)).await, []);
    assert_eq!(found(&store, key(&two)).await, []);
    assert_eq!(found(&store, hash(9)).await, [2]);
}

/// A wallet goes with all its accounts and their keys, and leaves the other wallets alone.
pub(crate) async fn wallet_deletion_takes_its_accounts(store: impl Store) {
    let mut commit = creation(1, &[]);
    commit.accounts = vec![account(1, 1, 7), account(1, 2, 8), account(1, 3, 7)];
    store.commit(commit).await.unwrap();
    let mut other = creation(2, &[]);
    other.accounts = vec![account(2, 4, 7)];
    store.commit(other).await.unwrap();
    let wallets = vec![(id(1), id(7)), (id(1), id(9))];
    store.commit(Commit { deleted_wallets: wallets, ..decided_on(1) }).await.unwrap();
    assert_eq!(account_numbers(&store, None, Page::ALL).await, [2]);
    assert_eq!(account_numbers(&store, Some(id(7)), Page::ALL).await, []);
    for n in [1, 3] {
        let row = account(1, n, 7);
        assert_eq!(found(&store, row.index.unwrap().1).await, []);
        for by in
            [AccountKey::Id(row.id), AccountKey::Slot(row.slot), AccountKey::Address(row.address)]
        {
            assert_eq!(store.account(id(1), by).await.unwrap(), None);
        }
    }
    assert_eq!(store.accounts(id(2), None, Page::ALL).await.unwrap(), [account(2, 4, 7)]);
}

/// A secret is there, then another one in its place, then none.
pub(crate) async fn secret_is_replaced_and_deleted(store: impl Store) {
    let mut commit = creation(1, &[]);
    commit.secrets = vec![secret(1, 1, "one"), secret(1, 2, "two")];
    store.commit(commit).await.unwrap();
    assert_eq!(store.secret(id(1), id(1)).await.unwrap().unwrap(), b"one");
    assert_eq!(store.secret(id(2), id(1)).await.unwrap(), None);
    let secrets = vec![secret(1, 1, "another")];
    store.commit(Commit { secrets, ..decided_on(1) }).await.unwrap();
    assert_eq!(store.secret(id(1), id(1)).await.unwrap().unwrap(), b"another");
    let deleted_secrets = vec![(id(1), id(1)), (id(1), id(9))];
    store.commit(Commit { deleted_secrets, ..decided_on(1) }).await.unwrap();
    assert_eq!(store.secret(id(1), id(1)).await.unwrap(), None);
    assert_eq!(store.secret(id(1), id(2)).await.unwrap().unwrap(), b"two");
}

/// The record outlives the organization; nothing else does, and others keep what is theirs.
pub(crate) async fn deleted_organization_takes_everything_but_activities(store: impl Store) {
    for n in [2, 3] {
        let mut commit = creation(n, &[hash(1)]);
        commit.accounts.push(account(n, 1, 7));
        commit.secrets.push(secret(n, 1, "kept"));
        commit.activities.push(activity(n, 1));
        store.commit(commit).await.unwrap();
    }
    let mut end = Commit { deleted_organizations: vec![id(2)], ..decided_on(2) };
    end.activities.push(activity(2, 2));
    store.commit(end).await.unwrap();
    assert_eq!(store.organization(id(2), 1).await.unwrap(), Lookup::Missing);
    assert_eq!(store.accounts(id(2), None, Page::ALL).await.unwrap(), []);
    assert_eq!(store.secret(id(2), id(1)).await.unwrap(), None);
    let all = store.activities(id(2), &ActivityFilter::default(), Page::ALL).await.unwrap();
    assert_eq!(all, [activity(2, 2), activity(2, 1)]);
    assert_eq!(found(&store, hash(1)).await, [3]);
    assert_eq!(found(&store, account(3, 1, 7).index.unwrap().1).await, [3]);
    assert_eq!(children(&store, 1).await, [3]);
    assert_eq!(store.accounts(id(3), None, Page::ALL).await.unwrap(), [account(3, 1, 7)]);
    assert_eq!(store.secret(id(3), id(1)).await.unwrap().unwrap(), b"kept");
    // A later one of the same name starts with nothing.
    store.commit(creation(2, &[])).await.unwrap();
    assert_eq!(store.accounts(id(2), None, Page::ALL).await.unwrap(), []);
    assert_eq!(store.secret(id(2), id(1)).await.unwrap(), None);
}

/// What a commit deletes is not in the way of what it adds.
pub(crate) async fn deletions_come_first(store: impl Store) {
    let mut commit = creation(1, &[]);
    commit.accounts.push(account(1, 1, 7));
    commit.secrets.push(secret(1, 1, "old"));
    store.commit(commit).await.unwrap();
    let heir = AccountRow { id: id(2), ..account(1, 1, 7) };
    let commit = Commit {
        deleted_wallets: vec![(id(1), id(7))],
        deleted_secrets: vec![(id(1), id(1))],
        accounts: vec![heir.clone()],
        secrets: vec![secret(1, 1, "new")],
        ..decided_on(1)
    };
    store.commit(commit).await.unwrap();
    assert_eq!(store.accounts(id(1), None, Page::ALL).await.unwrap(), [heir]);
    assert_eq!(store.secret(id(1), id(1)).await.unwrap().unwrap(), b"new");
}

/// Who writes a value second is told, and reads the first one's.
pub(crate) async fn meta_is_written_once(store: impl Store) {
    let write =
        |value: &[u8]| Commit { meta: vec![("name".into(), value.to_vec())], ..Commit::default() };
    store.commit(write(b"first")).await.unwrap();
    let second = store.commit(write(b"second")).await;
    assert!(matches!(second, Err(StoreError::Conflict)), "{second:?}");
    assert_eq!(store.meta("name").await.unwrap().unwrap(), b"first");
    assert_eq!(store.meta("Name").await.unwrap(), None);
}

// Records and messages.

/// A record comes back as it was written; who makes it second is told, and nothing else of that
/// commit is stored.
pub(crate) async fn record_is_made_once(store: impl Store) {
    let mut first = change(1, 1, 0, "first");
    first.content.as_mut().unwrap().expires_ms = Some(77);
    store.commit(changes(&[first])).await.unwrap();
    let mut second = changes(&[change(1, 2, 0, "other"), change(1, 1, 0, "second")]);
    second.activities.push(activity(1, 1));
    second.messages.push(message(1, 0));
    let second = store.commit(second).await;
    assert!(matches!(second, Err(StoreError::Conflict)), "{second:?}");
    let row = RecordRow {
        organization: id(1),
        id: id(1),
        revision: 1,
        expires_ms: Some(77),
        sealed: b"first".to_vec(),
    };
    assert_eq!(store.record(id(1), id(1)).await.unwrap(), Some(row));
    assert_eq!(store.record(id(1), id(2)).await.unwrap(), None);
    assert_eq!(activity_numbers(&store, &[], &[], Page::ALL).await, []);
    assert_eq!(taken(&store, 0, 1, 9).await, []);
}

/// Whether it is replaced, with another expiry or none, or deleted.
pub(crate) async fn record_changes_on_its_last_revision_only(store: impl Store) {
    let mut first = change(1, 1, 0, "first");
    first.content.as_mut().unwrap().expires_ms = Some(77);
    store.commit(changes(&[first])).await.unwrap();
    store.commit(changes(&[change(1, 1, 1, "second")])).await.unwrap();
    let row = store.record(id(1), id(1)).await.unwrap().unwrap();
    assert_eq!((row.revision, row.expires_ms), (2, None));
    for expected in [0, 1, 3, u64::MAX] {
        for text in ["late", ""] {
            let late = store.commit(changes(&[change(1, 1, expected, text)])).await;
            assert!(matches!(late, Err(StoreError::Conflict)), "{expected}: {late:?}");
        }
        assert_eq!(noted(&store, 1, 1).await, (2, "second".into()));
    }
    let missing = store.commit(changes(&[change(1, 2, 1, "missing")])).await;
    assert!(matches!(missing, Err(StoreError::Conflict)), "{missing:?}");
}

/// A deleted record is as if it had never been. That one must not exist can be said alone.
pub(crate) async fn record_is_deleted(store: impl Store) {
    store.commit(changes(&[change(1, 1, 0, "first"), change(1, 2, 0, "kept")])).await.unwrap();
    store.commit(changes(&[change(1, 1, 1, "")])).await.unwrap();
    assert_eq!(store.record(id(1), id(1)).await.unwrap(), None);
    assert_eq!(noted(&store, 1, 2).await, (1, "kept".into()));
    store.commit(changes(&[change(1, 1, 0, "")])).await.unwrap();
    let exists = store.commit(changes(&[change(1, 2, 0, "")])).await;
    assert!(matches!(exists, Err(StoreError::Conflict)), "{exists:?}");
    store.commit(changes(&[change(1, 1, 0, "again")])).await.unwrap();
    assert_eq!(noted(&store, 1, 1).await, (1, "again".into()));
}

/// Identifiers are unique in an organization, which need not exist, and for nobody.
pub(crate) async fn records_are_apart(store: impl Store) {
    for of in [0, 1, 2] {
        store.commit(changes(&[change(of, 1, 0, &format!("of {of}"))])).await.unwrap();
    }
    store.commit(changes(&[change(1, 1, 1, "")])).await.unwrap();
    assert_eq!(noted(&store, 0, 1).await, (1, "of 0".into()));
    assert_eq!(noted(&store, 1, 1).await.0, 0);
    assert_eq!(noted(&store, 2, 1).await, (1, "of 2".into()));
}

/// All records of a commit change or none does, and with them its organizations.
pub(crate) async fn records_hold_together(store: impl Store) {
    let records = [change(1, 1, 0, "one"), change(0, 2, 0, "two")];
    store.commit(Commit { records: records.to_vec(), ..creation(1, &[]) }).await.unwrap();
    let next = |second: Revision| Commit {
        organizations: vec![organization(1, 2, &[])],
        records: vec![change(1, 1, 1, "changed"), change(0, 2, second, "")],
        ..decided_on(1)
    };
    let late = store.commit(next(2)).await;
    assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
    assert_eq!(revision(&store, 1).await, 1);
    assert_eq!(noted(&store, 1, 1).await, (1, "one".into()));
    let late = store.commit(Commit { expected: vec![(id(1), 7)], ..changes(&records) }).await;
    assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
    store.commit(next(1)).await.unwrap();
    assert_eq!(revision(&store, 1).await, 2);
    assert_eq!(noted(&store, 1, 1).await, (2, "changed".into()));
    assert_eq!(noted(&store, 0, 2).await.0, 0);
}

/// There would be two answers to which revision it must have.
pub(crate) async fn record_named_twice_is_refused(store: impl Store) {
    for second in [change(1, 1, 0, "second"), change(1, 1, 1, "second"), change(1, 1, 1, "")] {
        let commit = changes(&[change(1, 1, 0, "first"), change(1, 2, 0, "other"), second]);
        let result = store.commit(commit).await;
        assert!(matches!(result, Err(StoreError::Unfounded)), "{result:?}");
        assert_eq!(noted(&store, 1, 1).await.0, 0);
    }
}

/// An organization ends with its records; what is written in the end stays, and so do its messages.
pub(crate) async fn record_goes_with_its_organization(store: impl Store) {
    for n in [1, 2] {
        let records = vec![change(n, 1, 0, "one"), change(n, 2, 0, "two")];
        store.commit(Commit { records, ..creation(n, &[]) }).await.unwrap();
    }
    store.commit(sends(&[message(1, 0)])).await.unwrap();
    let records = vec![change(1, 2, 1, "last"), change(1, 3, 0, "new")];
    let deleted_organizations = vec![id(1)];
    store.commit(Commit { deleted_organizations, records, ..decided_on(1) }).await.unwrap();
    assert_eq!(noted(&store, 1, 1).await.0, 0);
    assert_eq!(noted(&store, 1, 2).await, (2, "last".into()));
    assert_eq!(noted(&store, 1, 3).await, (1, "new".into()));
    assert_eq!(noted(&store, 2, 1).await, (1, "one".into()));
    assert_eq!(taken(&store, 0, 1, 9).await, [(1, 1, 1)]);
}

/// Of many changes on one revision exactly one is made, whatever else the others would have done.
pub(crate) async fn one_concurrent_change_of_a_record_wins(store: impl Store) {
    const TASKS: u128 = 8;
    const REVISIONS: u64 = 20;
    let store = Arc::new(store);
    let tasks = (0..TASKS).map(|task| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut wins = 0_u64;
            while let (now @ 0..REVISIONS, _) = noted(&*store, 1, 1).await {
                let mut commit = changes(&[change(1, 1, now, &format!("{task} at {now}"))]);
                let n = (u128::from(now) << 8) | task;
                commit.messages.push(message(n, 0));
                match store.commit(commit).await {
                    Ok(()) => wins += 1,
                    Err(StoreError::Conflict) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
            wins
        })
    });
    let mut wins = 0;
    for task in tasks.collect::<Vec<_>>() {
        wins += task.await.unwrap();
    }
    assert_eq!(wins, REVISIONS);
    let sent = taken(&*store, 0, 1, u32::MAX).await;
    let revisions: Vec<u128> = sent.iter().map(|(n, ..)| n >> 8).collect();
    assert_eq!(revisions, (0..u128::from(REVISIONS)).collect::<Vec<_>>());
}

/// The longest expired go first, as many as asked for; what has no expiry stays.
pub(crate) async fn only_expired_records_are_purged(store: impl Store) {
    for (n, expires_ms) in [(1, Some(30)), (2, Some(10)), (3, None), (4, Some(20)), (5, Some(0))] {
        let mut record = change(n % 2, n, 0, "text");
        record.content.as_mut().unwrap().expires_ms = expires_ms;
        store.commit(changes(&[record])).await.unwrap();
    }
    let left = async || {
        let mut left = Vec::new();
        for n in 1..=5 {
            if noted(&store, n % 2, n).await.0 == 1 {
                left.push(n);
            }
        }
        left
    };
    for (before, limit, purged, expected) in [
        (0, 9, 0, vec![1, 2, 3, 4, 5]),
        (20, 0, 0, vec![1, 2, 3, 4, 5]),
        (25, 2, 2, vec![1, 3, 4]),
        (20, 9, 0, vec![1, 3, 4]),
        (21, 9, 1, vec![1, 3]),
        (u64::MAX, u32::MAX, 1, vec![3]),
    ] {
        assert_eq!(store.purge_records(before, limit).await.unwrap(), purged, "{before}");
        assert_eq!(left().await, expected, "{before}");
    }
    // What is purged may be made again.
    store.commit(changes(&[change(1, 1, 0, "again")])).await.unwrap();
}

/// Not before it, and not without it. One that is there is replaced.
pub(crate) async fn message_is_sent_with_its_commit_only(store: impl Store) {
    store.commit(creation(1, &[])).await.unwrap();
    let late = Commit { expected: vec![(id(1), 2)], ..sends(&[message(1, 0)]) };
    let late = store.commit(late).await;
    assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
    assert_eq!(taken(&store, u64::MAX, u64::MAX, 9).await, []);
    let two = [message(1, 0), message(2, 0)];
    store.commit(Commit { messages: two.to_vec(), ..decided_on(1) }).await.unwrap();
    let replaced = MessageRow {
        organization: id(9),
        attempts: 3,
        sealed: b"replaced".to_vec(),
        ..message(2, 1)
    };
    store.commit(sends(std::slice::from_ref(&replaced))).await.unwrap();
    let [one, _] = two;
    assert_eq!(
        store.take_messages(PEOPLE, 1, 50, 9).await.unwrap(),
        [
            MessageRow { due_ms: 50, attempts: 1, ..one },
            MessageRow { due_ms: 50, attempts: 4, ..replaced }
        ]
    );
}

/// Only those that are due, in the order of when, then of identifiers, and no more than asked for.
pub(crate) async fn messages_are_taken_longest_due_first(store: impl Store) {
    let due = [(1, 30), (2, 10), (3, 20), (4, 11), (5, 0), (7, 10), (6, 10)];
    store.commit(sends(&due.map(|(n, due)| message(n, due)))).await.unwrap();
    assert_eq!(taken(&store, 20, 90, 0).await, []);
    assert_eq!(taken(&store, 20, 90, 3).await, [(5, 90, 1), (2, 90, 1), (6, 90, 1)]);
    assert_eq!(taken(&store, 19, 80, 9).await, [(7, 80, 1), (4, 80, 1)]);
    assert_eq!(taken(&store, 19, 90, 9).await, []);
    assert_eq!(taken(&store, 20, 90, u32::MAX).await, [(3, 90, 1)]);
}

/// A message that was taken is nobody else's until its lease ends, and then somebody's.
pub(crate) async fn message_is_leased(store: impl Store) {
    store.commit(sends(&[message(1, 10)])).await.unwrap();
    assert_eq!(taken(&store, 9, 50, 9).await, []);
    assert_eq!(taken(&store, 10, 50, 9).await, [(1, 50, 1)]);
    assert_eq!(taken(&store, 49, 90, 9).await, []);
    assert_eq!(taken(&store, 50, 90, 9).await, [(1, 90, 2)]);
    assert_eq!(taken(&store, 89, 99, 9).await, []);
}

/// A message comes again when it is to, and never when it is finished.
pub(crate) async fn message_is_retried_and_finished(store: impl Store) {
    store.commit(sends(&[message(1, 0), message(2, 0)])).await.unwrap();
    assert_eq!(taken(&store, 0, 50, 9).await, [(1, 50, 1), (2, 50, 1)]);
    store.retry_message(id(1), 20).await.unwrap();
    store.finish_message(id(2)).await.unwrap();
    assert_eq!(taken(&store, 19, 70, 9).await, []);
    assert_eq!(taken(&store, 20, 70, 9).await, [(1, 70, 2)]);
    store.retry_message(id(1), 90).await.unwrap();
    assert_eq!(taken(&store, 89, 99, 9).await, []);
    for _ in 0..2 {
        store.finish_message(id(1)).await.unwrap();
        store.retry_message(id(1), 0).await.unwrap();
    }
    assert_eq!(taken(&store, u64::MAX, u64::MAX, 9).await, []);
}

/// A message that was taken and not tried comes again as if it had not been taken.
pub(crate) async fn message_is_deferred(store: impl Store) {
    store.commit(sends(&[message(1, 0)])).await.unwrap();
    assert_eq!(taken(&store, 0, 50, 9).await, [(1, 50, 1)]);
    store.defer_message(id(1), 20).await.unwrap();
    assert_eq!(taken(&store, 19, 70, 9).await, []);
    assert_eq!(taken(&store, 20, 70, 9).await, [(1, 70, 1)]);
    for _ in 0..2 {
        store.defer_message(id(1), 0).await.unwrap();
    }
    assert_eq!(taken(&store, 0, 50, 9).await, [(1, 50, 1)]);
    store.finish_message(id(1)).await.unwrap();
    store.defer_message(id(1), 0).await.unwrap();
    assert_eq!(taken(&store, u64::MAX, u64::MAX, 9).await, []);
}

/// Whoever takes from one queue is given nothing of another, however long it waits there.
pub(crate) async fn messages_wait_among_their_own(store: impl Store) {
    let event = |n| MessageRow { queue: Queue::Webhooks, ..message(n, 0) };
    store.commit(sends(&[event(1), event(2), message(3, 10)])).await.unwrap();
    assert_eq!(taken(&store, 10, 50, 1).await, [(3, 50, 1)]);
    let events = store.take_messages(Queue::Webhooks, 0, 50, 9).await.unwrap();
    let leased = |n| MessageRow { due_ms: 50, attempts: 1, ..event(n) };
    assert_eq!(events, [leased(1), leased(2)]);
    store.retry_message(id(2), 0).await.unwrap();
    assert_eq!(taken(&store, 49, 90, 9).await, []);
    let events = store.take_messages(Queue::Webhooks, 0, 50, 9).await.unwrap();
    assert_eq!(events, [MessageRow { attempts: 2, ..leased(2) }]);
}

/// However many take at the same time.
pub(crate) async fn message_is_taken_once(store: impl Store) {
    const MESSAGES: u128 = 40;
    let store = Arc::new(store);
    let all: Vec<MessageRow> = (1..=MESSAGES).map(|n| message(n, 0)).collect();
    store.commit(sends(&all)).await.unwrap();
    let tasks = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let some = taken(&*store, 0, 50, 3).await;
                if some.is_empty() {
                    return mine;
                }
                mine.extend(some);
            }
        })
    });
    let mut sent = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        sent.extend(task.await.unwrap());
    }
    sent.sort_unstable();
    assert_eq!(sent, (1..=MESSAGES).map(|n| (n, 50, 1)).collect::<Vec<_>>());
}

/// An instant beyond the last one is the last one, and is neither an error nor the past.
pub(crate) async fn latest_instants_never_come(store: impl Store) {
    let latest = u64::MAX >> 1;
    let mut record = change(1, 1, 0, "text");
    record.content.as_mut().unwrap().expires_ms = Some(u64::MAX);
    let commit = Commit { messages: vec![message(1, u64::MAX)], ..changes(&[record]) };
    store.commit(commit).await.unwrap();
    assert_eq!(store.purge_records(u64::MAX, 9).await.unwrap(), 0);
    let row = store.record(id(1), id(1)).await.unwrap().unwrap();
    assert_eq!(row.expires_ms, Some(latest));
    assert_eq!(taken(&store, latest - 1, latest, 9).await, []);
    assert_eq!(taken(&store, latest, u64::MAX, 9).await, [(1, latest, 1)]);
    store.retry_message(id(1), u64::MAX).await.unwrap();
    assert_eq!(taken(&store, u64::MAX, 5, 9).await, [(1, 5, 2)]);
}

// Together.

/// Of many commits on one revision exactly one is made, and all its parts are its own.
pub(crate) async fn one_concurrent_commit_wins_per_revision(store: impl Store) {
    const TASKS: u8 = 16;
    const REVISIONS: u64 = 20;
    let store = Arc::new(store);
    store.commit(creation(1, &[])).await.unwrap();
    let tasks = (0..TASKS).map(|task| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut wins = 0_u64;
            while let now @ 1..=REVISIONS = revision(&*store, 1).await {
                let mut change = organization(1, now + 1, &[]);
                change.row.sealed = vec![task];
                // A fingerprint for every attempt; only the winner's is recorded.
                let number = (now << 8) | u64::from(task);
                let fingerprint = [number.to_be_bytes(); 4].concat().try_into().unwrap();
                let row = ActivityRow { id: id(number.into()), fingerprint, ..activity(1, task) };
                let commit = Commit {
                    expected: vec![(id(1), now)],
                    organizations: vec![change],
                    activities: vec![row],
                    ..Commit::default()
                };
                match store.commit(commit).await {
                    Ok(()) => wins += 1,
                    Err(StoreError::Conflict) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
            wins
        })
    });
    let mut wins = 0;
    for task in tasks.collect::<Vec<_>>() {
        wins += task.await.unwrap();
    }
    assert_eq!(wins, REVISIONS);
    let recorded = activity_numbers(&*store, &[], &[], Page::ALL).await;
    let revisions: Vec<u128> = recorded.iter().rev().map(|number| number >> 8).collect();
    assert_eq!(revisions, (1..=u128::from(REVISIONS)).collect::<Vec<_>>());
    let Lookup::Found(last) = store.organization(id(1), 0).await.unwrap() else { panic!() };
    assert_eq!(u128::from(last.sealed[0]), recorded[0] & 0xff);
}

/// Whoever was answered, on whatever thread, reads what it wrote.
pub(crate) async fn acknowledged_commit_is_seen_at_once(store: impl Store) {
    let store = Arc::new(store);
    let tasks = (1..=16_u8).map(|task| {
        let store = store.clone();
        tokio::spawn(async move {
            let me = u128::from(task);
            store.commit(creation(me, &[hash(task)])).await.unwrap();
            for now in 1..20 {
                let mut change = organization(me, now + 1, &[hash(task)]);
                change.row.parent = Some(id(99));
                let commit = Commit {
                    expected: vec![(id(me), now)],
                    organizations: vec![change],
                    activities: vec![activity(me, now.try_into().unwrap())],
                    ..Commit::default()
                };
                store.commit(commit).await.unwrap();
                assert_eq!(revision(&*store, me).await, now + 1);
                let last = ActivityKey::Id(id(now.into()));
                assert!(store.activity(id(me), last).await.unwrap().is_some());
                let found = store.find_organizations(id(99), &hash(task), Page::ALL).await;
                assert_eq!(numbers(&found.unwrap()), [me]);
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

/// A megabyte is kept to the last byte.
pub(crate) async fn large_rows_are_kept(store: impl Store) {
    let large: Vec<u8> =
        (0..1 << 20).map(|n: u32| n.to_be_bytes()[2] ^ n.to_be_bytes()[3]).collect();
    let mut commit = creation(1, &[]);
    commit.organizations[0].row.sealed.clone_from(&large);
    commit.secrets.push(SecretRow { organization: id(1), id: id(1), sealed: large.clone() });
    commit.accounts.push(AccountRow { sealed: large.clone(), ..account(1, 1, 7) });
    commit.activities.push(ActivityRow { sealed: large.clone(), ..activity(1, 1) });
    commit.meta.push(("large".into(), large.clone()));
    let content = RecordContent { expires_ms: None, sealed: large.clone() };
    commit.records.push(RecordChange { content: Some(content), ..change(1, 1, 0, "") });
    commit.messages.push(MessageRow { sealed: large.clone(), ..message(1, 0) });
    store.commit(commit).await.unwrap();
    let Lookup::Found(row) = store.organization(id(1), 0).await.unwrap() else { panic!() };
    assert!(row.sealed == large);
    assert!(store.secret(id(1), id(1)).await.unwrap().unwrap() == large);
    let account = store.account(id(1), AccountKey::Id(id(1))).await.unwrap().unwrap();
    assert!(account.sealed == large);
    let activity = store.activity(id(1), ActivityKey::Id(id(1))).await.unwrap().unwrap();
    assert!(activity.sealed == large);
    assert!(store.meta("large").await.unwrap().unwrap() == large);
    assert!(store.record(id(1), id(1)).await.unwrap().unwrap().sealed == large);
    assert!(store.take_messages(PEOPLE, 0, 1, 1).await.unwrap()[0].sealed == large);
}
