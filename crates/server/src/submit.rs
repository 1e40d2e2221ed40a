//! A submission, from the bytes received to the activity answered.

use std::sync::Arc;

use keyward_crypto::{os_rng, sha256};
use keyward_protocol::activities::{Ballot, Entry};
use keyward_protocol::engine::attested::users_with;
use keyward_protocol::engine::authenticate::{knows, search_keys};
use keyward_protocol::engine::budgets::{self, Account};
use keyward_protocol::engine::message::Content;
use keyward_protocol::engine::record::RecordChange;
use keyward_protocol::engine::webhooks::{Delivery, activity_updates};
use keyward_protocol::engine::{
    ActivityRecord, Attested, Caller, Changes, Client, Context, Decision, Evaluation, Facts,
    Hearing, Home, Organization, Permit, Stamped, VoteRecord, authenticate, authorize,
    ip_allowlist, sessions,
};
use keyward_protocol::stamp::{Presented, StampError, fingerprint};
use keyward_protocol::wire::enums::{ActivityStatus, OtpType, Outcome, VoteSelection};
use keyward_protocol::wire::envelope::{Envelope, is_fresh};
use keyward_protocol::wire::id::{ActivityId, OrganizationId, PolicyEvaluationId, PolicyId};
use keyward_protocol::wire::objects::{Activity, Failure};
use keyward_protocol::wire::{InvalidRequest, Page, RequestError, Timestamp};
use keyward_store::{Decided, Opened, SealedCommit, SealedError, StoreError};

use crate::app::App;
use crate::chains::complete;
use crate::facts::{Fetched, accounts, attest, facts, subjects};
use crate::vote::vote;

/// How often a submission that lost a race starts again. From the second time on, those for the same
/// organization take turns.
pub(crate) const ATTEMPTS: usize = 8;

/// What an attested stamp of a parent organization's user is taken for.
const ATTESTED_IN_PARENTS: [&str; 3] = ["approve_activity", "reject_activity", "stamp_login"];

/// The organizations a request concerns.
pub(crate) struct Loaded {
    /// The one it is for.
    pub(crate) opened: Arc<Opened>,
    /// Its parent, where it has one.
    pub(crate) parent: Option<Arc<Opened>>,
}

/// How an attempt ended.
pub(crate) enum Attempt {
    /// Recorded, with a result or with the refusal that stands in its place.
    Recorded(Box<ActivityRecord>, Option<RequestError>),
    /// The same body had been recorded before.
    Known,
    /// Somebody else was faster: start again.
    Stale,
    /// It is a vote on another activity.
    Ballot(Ballot),
}

/// Does what a submission asks, or says why not.
///
/// Parse, authenticate, authorize, execute, record, respond; a body that was recorded before is answered
/// from the record, and never runs twice.
pub(crate) async fn submit(
    app: &App,
    entry: &'static Entry,
    mut stamped: Stamped,
) -> Result<Activity, RequestError> {
    let now = app.clock.now();
    if matches!(stamped.presented, Presented::Attested(_)) {
        let organization = Envelope::parse(&stamped.body)?.organization_id;
        attest(app, &mut stamped, organization, now).await?;
    }
    let message = std::str::from_utf8(&stamped.body).map_err(|_| not_utf8())?;
    let envelope = Envelope::parse(&stamped.body)?;
    let mut turn = None;
    let mut fetched = Fetched::default();
    for _ in 0..ATTEMPTS {
        let loaded = load(app, entry, &envelope, &stamped, now).await?;
        let caller = identify(app, &loaded, &stamped, now).await?;
        // A parent's users log in and vote with them, and no more.
        let is_parents = loaded.opened.organization.is_parent() || caller.home == Home::Parent;
        if stamped.attested.is_some() && is_parents && !ATTESTED_IN_PARENTS.contains(&entry.route) {
            return Err(StampError::AttestedStampUnreadable.into());
        }
        let attempt =
            attempt(app, entry, &envelope, message, &loaded, &caller, &stamped, &mut fetched, now)
                .await;
        match attempt {
            Ok(Attempt::Recorded(_, Some(refusal))) => return Err(refusal),
            Ok(Attempt::Recorded(record, None)) => {
                return Ok(record.show(&app.current(&loaded).organization, &caller, true, now));
            }
            Ok(Attempt::Stale) => {
                if turn.is_none() {
                    turn = app.turn(loaded.opened.organization.id).await;
                }
                app.reload(&loaded).await?;
            }
            Ok(Attempt::Known) => {
                return known(app, &loaded, &caller, &stamped, &envelope, now)
                    .await?
                    .ok_or(RequestError::Busy);
            }
            Ok(Attempt::Ballot(ballot)) => {
                return {
                    let id = loaded.opened.organization.id;
                    Box::pin(vote(app, &stamped, id, ballot, now)).await
                };
            }
            Err(refusal) => {
                // A commit that the store can't tell of may have been made all the same.
                if matches!(refusal, RequestError::Internal(_))
                    && app.reload(&loaded).await.is_err()
                {
                    return Err(refusal);
                }
                return known(app, &loaded, &caller, &stamped, &envelope, now)
                    .await?
                    .ok_or(refusal);
            }
        }
    }
    Err(RequestError::Busy)
}

/// Everything from the parameters to the record, on one state of the organization.
#[expect(
    clippy::too_many_arguments,
    reason = "one step of `submit`, split off for its early returns"
)]
async fn attempt(
    app: &App,
    entry: &'static Entry,
    envelope: &Envelope<'_>,
    message: &str,
    loaded: &Loaded,
    caller: &Caller,
    stamped: &Stamped,
    fetched: &mut Fetched,
    now: Timestamp,
) -> Result<Attempt, RequestError> {
    if !entry.accepts(&envelope.kind) {
        return Err(InvalidRequest::new(format!(
            "activity type {} does not belong to this path",
            envelope.kind
        ))
        .into());
    }
    envelope.check_age(now)?;
    let mut request = entry.parse(&envelope.kind, envelope.parameters)?;
    if let Some(ballot) = request.ballot() {
        return Ok(Attempt::Ballot(ballot));
    }
    let organization = &loaded.opened.organization;
    let parent = loaded.parent.as_ref().map(|parent| &*parent.organization);
    // Held until the commit is made: the next transaction of the same account comes after this one.
    let completed = if authorize::is_heard(organization, parent, caller, &request)? {
        complete(app, &loaded.opened, &mut request, now).await?
    } else {
        None
    };
    let vote = VoteRecord::new(caller, VoteSelection::Approved, message, now, &mut os_rng());
    let mut record = ActivityRecord {
        id: ActivityId::generate(now, &mut os_rng()),
        organization: organization.id,
        kind: request.kind().to_owned(),
        status: ActivityStatus::Completed,
        intent: request.intent(),
        result: None,
        fingerprint: fingerprint(&stamped.body),
        votes: vec![vote],
        created_at: now,
        updated_at: now,
        failure: None,
        transaction: completed.as_ref().map(|completed| completed.transaction.clone()),
        events: Vec::new(),
        evaluations: Vec::new(),
    };
    let subjects = subjects(app, loaded, caller, &request, &record.votes).await?;
    let accounts = accounts(app, loaded, caller, &record.votes).await?;
    let hearing = Hearing {
        voter: caller,
        votes: &record.votes,
        subjects: &subjects,
        accounts: &accounts,
        now,
    };
    let ruling = authorize(organization, parent, caller, request, hearing)?;
    note(&mut record, ruling.outcomes, now);
    let permit = match ruling.decision {
        Decision::Allow(permit) => permit,
        Decision::Deny(_, refusal) => {
            let (status, kept) = (ActivityStatus::Rejected, Vec::new());
            return refuse(app, loaded, record, status, refusal, kept, now).await;
        }
        Decision::Wait(_) => {
            return wait(app, loaded, record, ActivityStatus::ConsensusNeeded, now).await;
        }
        Decision::NeedsAuthenticators(_) => {
            return wait(app, loaded, record, ActivityStatus::AuthenticatorsNeeded, now).await;
        }
    };
    let needs = permit.request().needs();
    let facts = facts(app, &loaded.opened, needs, fetched, now).await?;
    let client = &stamped.client;
    let ledgers = Ledgers { accounts: &accounts, drawn: &ruling.drawn };
    let executed = execute(
        app,
        loaded,
        caller,
        client,
        Vec::new(),
        ledgers,
        permit,
        facts,
        fetched,
        &mut record,
        now,
    );
    match executed {
        Ok(sealed) => Ok(match app.commit(sealed).await {
            Ok(()) => Attempt::Recorded(Box::new(record), None),
            Err(error) => lost(error)?,
        }),
        // What the request got wrong leaves no trace. That something is not there is worth one, and an
        // attempt that costs something is, since the cost must not be lost.
        Err((refusal, kept))
            if !kept.is_empty() || matches!(refusal, RequestError::NotFound(_)) =>
        {
            refuse(app, loaded, record, ActivityStatus::Failed, refusal, kept, now).await
        }
        Err((refusal, _)) => Err(refusal),
    }
}

/// Records a submission that waits for others, or for more of its sender.
async fn wait(
    app: &App,
    loaded: &Loaded,
    mut record: ActivityRecord,
    status: ActivityStatus,
    now: Timestamp,
) -> Result<Attempt, RequestError> {
    record.status = status;
    keep(app, loaded, record, Changes::default(), None, now).await
}

/// Records a submission that changes nothing of its organization, and is answered with `refusal` if there is one.
async fn keep(
    app: &App,
    loaded: &Loaded,
    record: ActivityRecord,
    mut changes: Changes,
    refusal: Option<RequestError>,
    now: Timestamp,
) -> Result<Attempt, RequestError> {
    changes.webhooks = tell(loaded, &loaded.opened.organization, &record, now)?;
    let sealed = app.store.seal(unchanged(loaded, changes, &record), &mut os_rng());
    Ok(match app.commit(sealed.map_err(RequestError::internal)?).await {
        Ok(()) => Attempt::Recorded(Box::new(record), refusal),
        Err(error) => lost(error)?,
    })
}

/// What webhooks are told of an activity whose status is new, with the organization as it is then.
pub(crate) fn tell(
    loaded: &Loaded,
    organization: &Organization,
    record: &ActivityRecord,
    now: Timestamp,
) -> Result<Vec<Delivery>, RequestError> {
    let parent = loaded.parent.as_ref().map(|parent| &*parent.organization);
    activity_updates(record, organization, parent, now, &mut os_rng())
}

/// An activity to record that changes nothing of its organization.
pub(crate) fn unchanged<'a>(
    loaded: &'a Loaded,
    changes: Changes,
    record: &'a ActivityRecord,
) -> Decided<'a> {
    Decided {
        base: &loaded.opened,
        parent: loaded.parent.as_deref(),
        organization: loaded.opened.organization.clone(),
        changes,
        activity: Some(record),
    }
}

/// Keeps what the policies said after the newest vote.
pub(crate) fn note(
    record: &mut ActivityRecord,
    outcomes: Option<Vec<(PolicyId, Outcome)>>,
    now: Timestamp,
) {
    if let (Some(outcomes), Some(vote)) = (outcomes, record.votes.last()) {
        let id = PolicyEvaluationId::generate(now, &mut os_rng());
        record.evaluations.push(Evaluation { id, vote: vote.id, outcomes, created_at: now });
    }
}

/// Budgets that a request may draw on, and those it does.
#[derive(Clone, Copy)]
pub(crate) struct Ledgers<'a> {
    pub(crate) accounts: &'a [Account],
    pub(crate) drawn: &'a [Account],
}

/// Runs what was allowed, notes its result, and seals what it changes. `caller` submitted it; `records` are
/// changed with it.
#[expect(
    clippy::too_many_arguments,
    reason = "one step of `attempt`, split off because it never waits"
)]
pub(crate) fn execute(
    app: &App,
    loaded: &Loaded,
    caller: &Caller,
    client: &Client,
    records: Vec<RecordChange>,
    ledgers: Ledgers<'_>,
    permit: Permit,
    facts: Facts,
    fetched: &mut Fetched,
    record: &mut ActivityRecord,
    now: Timestamp,
) -> Result<SealedCommit, (RequestError, Vec<RecordChange>)> {
    let mut rng = os_rng();
    let parent = loaded.parent.as_ref().map(|parent| &*parent.organization);
    let organization = loaded.opened.organization.clone();
    let mut context =
        Context::new(organization, parent, now, &mut rng, &app.keys, &app.settings, client);
    context.activity = record.id;
    context.facts = facts;
    match permit.execute(caller, &mut context) {
        Ok(result) => record.result = Some(result),
        Err(refusal) => return Err((refusal, context.kept)),
    }
    let (organization, mut changes) = context.into_parts();
    changes.records.extend(records);
    let ledgers = budgets::changes(ledgers.accounts, ledgers.drawn, &organization, now);
    changes.records.extend(ledgers.map_err(|refusal| (refusal, Vec::new()))?);
    if !Arc::ptr_eq(&organization, &loaded.opened.organization) {
        record.events =
            sessions::events(&loaded.opened.organization, &organization, &changes.evicted, now);
    }
    let mut messages = changes.messages.iter();
    let reaches_people = messages.any(|it| !matches!(it.content, Content::Transaction(_)));
    if reaches_people && !fetched.is_counted {
        app.limits.message(organization.id, now).map_err(|refusal| (refusal, Vec::new()))?;
        fetched.is_counted = true;
    }
    let told = tell(loaded, &organization, record, now);
    changes.webhooks.extend(told.map_err(|refusal| (refusal, Vec::new()))?);
    let decided = Decided {
        base: &loaded.opened,
        parent: loaded.parent.as_deref(),
        organization,
        changes,
        activity: Some(record),
    };
    let sealed = app.store.seal(decided, &mut rng);
    sealed.map_err(|source| (RequestError::internal(source), Vec::new()))
}

/// Records that a submission was refused, and why.
async fn refuse(
    app: &App,
    loaded: &Loaded,
    mut record: ActivityRecord,
    status: ActivityStatus,
    refusal: RequestError,
    kept: Vec<RecordChange>,
    now: Timestamp,
) -> Result<Attempt, RequestError> {
    record.status = status;
    record.failure = Some(Failure::from(&refusal.status()));
    let changes = Changes { records: kept, ..Changes::default() };
    keep(app, loaded, record, changes, Some(refusal), now).await
}

/// What a commit that was not made means.
pub(crate) fn lost(error: SealedError) -> Result<Attempt, RequestError> {
    match error {
        SealedError::Store(StoreError::Conflict) => Ok(Attempt::Stale),
        SealedError::Store(StoreError::Duplicate) => Ok(Attempt::Known),
        SealedError::AccountExists(_) => Err(RequestError::AlreadyExists(error.to_string())),
        SealedError::Store(StoreError::NameTaken) => {
            Err(InvalidRequest::new("wallet account label must be unique").into())
        }
        other => Err(RequestError::internal(other)),
    }
}

/// The activity that this very body made before, as its sender sees it.
async fn known(
    app: &App,
    loaded: &Loaded,
    caller: &Caller,
    stamped: &Stamped,
    envelope: &Envelope<'_>,
    now: Timestamp,
) -> Result<Option<Activity>, RequestError> {
    let organization = loaded.opened.organization.id;
    let digest = sha256(&stamped.body);
    let found = app.store.activity_of(organization, digest).await;
    let found = found.map_err(RequestError::internal)?;
    let Some(record) = found else { return Ok(None) };
    let has_voted = record.votes.iter().any(|vote| vote.user == caller.user && vote.approves(now));
    if record.is_open() && !has_voted {
        // Who sends the same body approves it.
        let ballot = Ballot { digest, selection: VoteSelection::Approved };
        return Box::pin(vote(app, stamped, organization, ballot, now)).await.map(Some);
    }
    if !record.votes.iter().any(|vote| vote.user == caller.user) {
        return match caller.home {
            Home::Own => Err(RequestError::AlreadyDecided(record.id)),
            Home::Parent => Ok(None),
        };
    }
    let reveal = record.proposer() == Some(caller.user) && is_fresh(envelope.timestamp, now);
    Ok(Some(record.show(&app.current(loaded).organization, caller, reveal, now)))
}

/// The organizations a submission concerns. One that names a parent concerns the sub-organization that
/// knows its stamp, where the protocol has it searched for.
async fn load(
    app: &App,
    entry: &Entry,
    envelope: &Envelope<'_>,
    stamped: &Stamped,
    now: Timestamp,
) -> Result<Loaded, RequestError> {
    let id = envelope.organization_id;
    let opened = app
        .store
        .organization(id)
        .await
        .map_err(RequestError::internal)?
        .ok_or(RequestError::OrganizationNotFound(id))?;
    if entry.finds_sub_organization
        && let Some(found) = search(app, &opened, stamped, now).await?
    {
        return Ok(Loaded { opened: found, parent: Some(opened) });
    }
    with_parent(app, opened, false).await
}

/// Adds the parent of a sub-organization.
pub(crate) async fn with_parent(
    app: &App,
    opened: Arc<Opened>,
    latest: bool,
) -> Result<Loaded, RequestError> {
    let parent = match opened.organization.parent {
        None => None,
        Some(id) if latest => {
            app.store.latest_organization(id).await.map_err(RequestError::internal)?
        }
        Some(id) => app.store.organization(id).await.map_err(RequestError::internal)?,
    };
    Ok(Loaded { opened, parent })
}

/// The sub-organization of a parent that knows what was presented, when the parent itself does not.
///
/// # Errors
///
/// [`RequestError::CredentialConflict`] when several do.
pub(crate) async fn search(
    app: &App,
    named: &Arc<Opened>,
    stamped: &Stamped,
    now: Timestamp,
) -> Result<Option<Arc<Opened>>, RequestError> {
    let organization: &Organization = &named.organization;
    if !organization.is_parent() || knows(organization, stamped, now) {
        return Ok(None);
    }
    let mut candidates = Vec::new();
    for key in search_keys(stamped) {
        let found = app.store.sub_organizations(organization.id, Some(&key), Page::ALL).await;
        candidates.extend(found.map_err(RequestError::internal)?);
    }
    candidates.sort_unstable();
    candidates.dedup();
    let mut found = Vec::new();
    for id in candidates {
        let opened = app.store.latest_organization(id).await.map_err(RequestError::internal)?;
        found.extend(opened.filter(|opened| knows(&opened.organization, stamped, now)));
    }
    // Whoever signed up with somebody else's contact must not stand in the way of its owner.
    if found.len() > 1
        && let Some(attested) = &stamped.attested
        && found.iter().any(|opened| has_proven(&opened.organization, attested))
    {
        found.retain(|opened| has_proven(&opened.organization, attested));
    }
    if found.len() > 1 {
        return Err(RequestError::CredentialConflict(match &stamped.presented {
            Presented::WebAuthn(_) => "credential ID",
            Presented::Attested(_) => stamped.attested.as_ref().map_or("contact", Attested::what),
            _ => "public key",
        }));
    }
    Ok(found.pop())
}

/// Whether a user proved here to have the contact that is attested.
fn has_proven(organization: &Organization, attested: &Attested) -> bool {
    let Attested::Contact { kind, contact, .. } = attested else { return false };
    users_with(organization, *kind, contact).any(|user| match kind {
        OtpType::Email => user.email_verified,
        OtpType::Sms => user.phone_number_verified,
    })
}

/// Who sends it. What this process remembers may be older than what another process wrote: a refusal is
/// checked against the store before it is given.
pub(crate) async fn identify(
    app: &App,
    loaded: &Loaded,
    stamped: &Stamped,
    now: Timestamp,
) -> Result<Caller, RequestError> {
    if matches!(stamped.presented, Presented::Nothing | Presented::Session(_)) {
        return Err(RequestError::SubmitUnstamped);
    }
    let check = |loaded: &Loaded| {
        let parent = loaded.parent.as_ref().map(|parent| &*parent.organization);
        let organization = &loaded.opened.organization;
        let caller = authenticate(organization, parent, stamped, now)?;
        app.check_session(organization, parent, &caller, now)?;
        ip_allowlist::check(organization, parent, &caller, &stamped.client)?;
        Ok(caller)
    };
    match check(loaded) {
        Err(refusal) => {
            let id: OrganizationId = loaded.opened.organization.id;
            let latest = app.store.latest_organization(id).await.map_err(RequestError::internal)?;
            let Some(latest) = latest else { return Err(RequestError::OrganizationNotFound(id)) };
            let latest = with_parent(app, latest, true).await?;
            let unchanged = latest.opened.revision == loaded.opened.revision
                && latest.parent.as_ref().map(|parent| parent.revision)
                    == loaded.parent.as_ref().map(|parent| parent.revision);
            if unchanged { Err(refusal) } else { check(&latest) }
        }
        Ok(caller) => Ok(caller),
    }
    .inspect(|caller| app.uses.note(caller, now))
}

/// The refusal of a body that is not text.
pub(crate) fn not_utf8() -> RequestError {
    InvalidRequest::new("bad request body: not UTF-8").into()
}
