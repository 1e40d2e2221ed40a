//! A vote on an activity that waits, from the stamped body to the activity as it stands then.

use keyward_crypto::os_rng;
use keyward_protocol::activities::{Ballot, Request};
use keyward_protocol::engine::authorize::{check_credential, may_vote};
use keyward_protocol::engine::budgets::Account;
use keyward_protocol::engine::items::Subjects;
use keyward_protocol::engine::record::{Record, RecordChange};
use keyward_protocol::engine::{
    ActivityRecord, Caller, Changes, Client, Decision, Hearing, Home, Stamped, VoteRecord,
    authorize,
};
use keyward_protocol::wire::enums::{ActivityStatus, VoteSelection};
use keyward_protocol::wire::id::OrganizationId;
use keyward_protocol::wire::objects::{Activity, Failure};
use keyward_protocol::wire::{RequestError, Timestamp};
use keyward_store::{SealedCommit, SealedError, StoreError};

use crate::app::App;
use crate::chains::complete;
use crate::facts::{Fetched, accounts, facts, subjects};
use crate::submit::{
    ATTEMPTS, Ledgers, Loaded, execute, identify, lost, not_utf8, note, tell, unchanged,
    with_parent,
};

/// How long the count of an activity's votes is kept after the last of them: longer than any request takes.
const KEPT_SECONDS: u64 = 7 * 24 * 3_600;

/// How an attempt ended.
enum Attempt {
    /// With the activity as it stands now, and a refusal where the vote was the last straw.
    Done(Box<ActivityRecord>, Option<RequestError>),
    /// Somebody else was faster: start again.
    Stale,
}

/// Votes. Answers with the activity that the vote is on.
///
/// What the proposer stamped is read again and judged by the policies as they are now, over all approvals that
/// have not expired. Where they allow it, it is run as the proposer's, in the commit that keeps the vote.
pub(crate) async fn vote(
    app: &App,
    stamped: &Stamped,
    id: OrganizationId,
    ballot: Ballot,
    now: Timestamp,
) -> Result<Activity, RequestError> {
    let mut fetched = Fetched::default();
    let mut turn = None;
    for _ in 0..ATTEMPTS {
        let opened = app.store.latest_organization(id).await.map_err(RequestError::internal)?;
        let opened = opened.ok_or(RequestError::OrganizationNotFound(id))?;
        let loaded = with_parent(app, opened, true).await?;
        let caller = identify(app, &loaded, stamped, now).await?;
        match attempt(app, stamped, &loaded, &caller, ballot, &mut fetched, now).await? {
            Attempt::Done(_, Some(refusal)) => return Err(refusal),
            Attempt::Done(record, None) => {
                let organization = &app.current(&loaded).organization;
                let reveal = record.proposer() == Some(caller.user);
                return Ok(record.show(organization, &caller, reveal, now));
            }
            Attempt::Stale => {
                if turn.is_none() {
                    turn = app.turn(id).await;
                }
                app.reload(&loaded).await?;
            }
        }
    }
    Err(RequestError::Busy)
}

async fn attempt(
    app: &App,
    stamped: &Stamped,
    loaded: &Loaded,
    caller: &Caller,
    ballot: Ballot,
    fetched: &mut Fetched,
    now: Timestamp,
) -> Result<Attempt, RequestError> {
    let organization = &loaded.opened.organization;
    // Read before what it guards: whoever votes meanwhile raises it.
    let key = app.store.record_key(organization.id, "votes", &hex::encode(ballot.digest));
    let count: Record<u64> = app.store.record(key).await.map_err(RequestError::internal)?;
    let found = app.store.activity_of(organization.id, ballot.digest).await;
    // Users of the parent vote here only on what one of them submitted.
    let unknown = || match caller.home {
        Home::Own => RequestError::NoSuchFingerprint,
        Home::Parent => RequestError::OrganizationMismatch {
            target: organization.id,
            voters: caller.organization,
        },
    };
    let mut record = found.map_err(RequestError::internal)?.ok_or_else(unknown)?;

    let message = std::str::from_utf8(&stamped.body).map_err(|_| not_utf8())?;
    let is_known = record
        .votes
        .iter()
        .any(|vote| vote.user == caller.user && (vote.message == message || !record.is_open()));
    if is_known {
        return Ok(Attempt::Done(Box::new(record), None));
    }
    if !record.is_open() {
        return Err(RequestError::AlreadyDecided(record.id));
    }
    let parent = loaded.parent.as_ref().map(|parent| &*parent.organization);
    let mut request = record.request()?;
    let Some(proposer) = record.votes.first().and_then(|vote| vote.caller(organization, parent))
    else {
        return Err(RequestError::ProposerGone);
    };
    if caller.organization != proposer.organization {
        return Err(RequestError::OrganizationMismatch {
            target: proposer.organization,
            voters: caller.organization,
        });
    }
    // As the chain is now; held until the commit is made. A vote against it does not ask.
    let completed = match ballot.selection {
        VoteSelection::Approved => complete(app, &loaded.opened, &mut request, now).await?,
        VoteSelection::Rejected => None,
    };
    if let Some(completed) = &completed {
        record.transaction = Some(completed.transaction.clone());
    }
    let votes = &record.votes;
    let has_approved = votes.iter().any(|vote| vote.user == caller.user && vote.approves(now));
    let repeats = votes.iter().any(|vote| {
        let with = vote.cast_with.as_ref();
        vote.user == caller.user
            && vote.approves(now)
            && with.is_some_and(|with| with.credential == caller.credential.id)
    });
    let mut all = votes.clone();
    all.push(VoteRecord::new(caller, ballot.selection, message, now, &mut os_rng()));
    let subjects = subjects(app, loaded, caller, &request, &all).await?;
    let accounts = accounts(app, loaded, &proposer, &all).await?;
    let is_proposer = caller.user == proposer.user;
    let hearing = Hearing { voter: caller, votes, subjects: &subjects, accounts: &accounts, now };
    // Such a vote must not be kept, lest it count later.
    check_credential(organization, parent, &request, hearing)?;
    if !has_approved
        && !is_proposer
        && !may_vote(organization, parent, &proposer, &request, hearing)?
    {
        return Err(RequestError::PermissionDenied);
    }
    let was = record.status;
    let before = Before { record: record.clone(), has_approved, repeats };
    record.votes = all;
    record.updated_at = now;
    if ballot.selection == VoteSelection::Rejected {
        record.status = ActivityStatus::Rejected;
        return keep(app, loaded, record, was, vec![counted(&count, now)?], None, now).await;
    }
    let proposer = &proposer;
    let (subjects, accounts) = (&subjects, &accounts);
    let case = Case { app, loaded, caller, proposer, subjects, accounts, now };
    case.decide(record, request, count, before, fetched).await
}

/// What there was before a vote.
struct Before {
    record: ActivityRecord,
    /// Whether an approval of the voter counted already.
    has_approved: bool,
    /// Whether one did that was cast with the same credential.
    repeats: bool,
}

impl Before {
    /// The activity as it was, where an approval that left it in `status` adds nothing: votes that say nothing new
    /// are not kept, or a single user could make an activity grow without end.
    fn if_unchanged(self, status: ActivityStatus, owes_factors: bool) -> Option<ActivityRecord> {
        let is_old = self.repeats || (self.has_approved && !owes_factors);
        (is_old && self.record.status == status).then_some(self.record)
    }
}

/// What a vote is heard in.
struct Case<'a> {
    app: &'a App,
    loaded: &'a Loaded,
    caller: &'a Caller,
    proposer: &'a Caller,
    subjects: &'a Subjects,
    accounts: &'a [Account],
    now: Timestamp,
}

impl Case<'_> {
    /// Judges an activity with its newest vote, and runs it where that is the last it needed.
    async fn decide(
        &self,
        mut record: ActivityRecord,
        request: Request,
        count: Record<u64>,
        before: Before,
        fetched: &mut Fetched,
    ) -> Result<Attempt, RequestError> {
        let Self { app, loaded, caller, proposer, subjects, accounts, now } = *self;
        let organization = &loaded.opened.organization;
        let parent = loaded.parent.as_ref().map(|parent| &*parent.organization);
        let was = before.record.status;
        let hearing = Hearing { voter: caller, votes: &record.votes, subjects, accounts, now };
        let ruling = authorize(organization, parent, proposer, request, hearing)?;
        let is_denied_explicitly = ruling.denies_explicitly();
        note(&mut record, ruling.outcomes, now);
        let permit = match ruling.decision {
            Decision::Allow(permit) => permit,
            Decision::Deny(_, refusal) if is_denied_explicitly => {
                record.status = ActivityStatus::Rejected;
                record.failure = Some(Failure::from(&refusal.status()));
                return keep(
                    app,
                    loaded,
                    record,
                    was,
                    vec![counted(&count, now)?],
                    Some(refusal),
                    now,
                )
                .await;
            }
            // An approval that has expired can be given again, a policy be changed back.
            Decision::Wait(_) | Decision::Deny(..) => {
                let owes = ruling.owes_factors;
                record.status = ActivityStatus::ConsensusNeeded;
                let mut attempt = match before.if_unchanged(record.status, owes) {
                    Some(before) => Attempt::Done(Box::new(before), None),
                    None => {
                        keep(app, loaded, record, was, vec![counted(&count, now)?], None, now)
                            .await?
                    }
                };
                if let (true, Attempt::Done(shown, None)) = (owes, &mut attempt) {
                    // The voter is told what its own vote waits for.
                    shown.status = ActivityStatus::AuthenticatorsNeeded;
                }
                return Ok(attempt);
            }
            Decision::NeedsAuthenticators(_) => {
                record.status = ActivityStatus::AuthenticatorsNeeded;
                if let Some(before) = before.if_unchanged(record.status, true) {
                    return Ok(Attempt::Done(Box::new(before), None));
                }
                return keep(app, loaded, record, was, vec![counted(&count, now)?], None, now)
                    .await;
            }
        };
        let needs = permit.request().needs();
        let facts = facts(app, &loaded.opened, needs, fetched, now).await?;
        record.status = ActivityStatus::Completed;
        let client = Client::default();
        let next = counted(&count, now)?;
        let executed = execute(
            app,
            loaded,
            proposer,
            &client,
            vec![next],
            Ledgers { accounts, drawn: &ruling.drawn },
            permit,
            facts,
            fetched,
            &mut record,
            now,
        );
        match executed {
            Ok(sealed) => match commit(app, sealed).await? {
                Committed::Yes => Ok(Attempt::Done(Box::new(record), None)),
                Committed::Stale => Ok(Attempt::Stale),
                Committed::Refused(refusal) => {
                    self.fail(record, was, vec![counted(&count, now)?], refusal).await
                }
            },
            Err((
                refusal @ (RequestError::Internal(_)
                | RequestError::RateLimited
                | RequestError::Busy),
                _,
            )) => Err(refusal),
            Err((refusal, mut records)) => {
                records.push(counted(&count, now)?);
                self.fail(record, was, records, refusal).await
            }
        }
    }

    /// Keeps that an activity could not be run, and why.
    async fn fail(
        &self,
        mut record: ActivityRecord,
        was: ActivityStatus,
        records: Vec<RecordChange>,
        refusal: RequestError,
    ) -> Result<Attempt, RequestError> {
        record.status = ActivityStatus::Failed;
        record.result = None;
        record.events.clear();
        record.failure = Some(Failure::from(&refusal.status()));
        keep(self.app, self.loaded, record, was, records, Some(refusal), self.now).await
    }
}

/// The count of an activity's votes with one more.
fn counted(count: &Record<u64>, now: Timestamp) -> Result<RecordChange, RequestError> {
    let next = Record { key: count.key, revision: count.revision, value: count.value + 1 };
    next.write(Some(now.plus_seconds(KEPT_SECONDS)))
}

enum Committed {
    Yes,
    Stale,
    Refused(RequestError),
}

async fn commit(app: &App, sealed: SealedCommit) -> Result<Committed, RequestError> {
    match app.commit(sealed).await {
        Ok(()) => Ok(Committed::Yes),
        Err(SealedError::Store(StoreError::Conflict | StoreError::Duplicate)) => {
            Ok(Committed::Stale)
        }
        Err(error) => match lost(error) {
            Err(internal @ RequestError::Internal(_)) => Err(internal),
            Err(refusal) => Ok(Committed::Refused(refusal)),
            Ok(_) => Ok(Committed::Stale),
        },
    }
}

/// Makes a vote durable that does not run its activity, which stood at `was` before it.
async fn keep(
    app: &App,
    loaded: &Loaded,
    record: ActivityRecord,
    was: ActivityStatus,
    records: Vec<RecordChange>,
    refusal: Option<RequestError>,
    now: Timestamp,
) -> Result<Attempt, RequestError> {
    let mut changes = Changes { records, ..Changes::default() };
    if record.status != was {
        changes.webhooks = tell(loaded, &loaded.opened.organization, &record, now)?;
    }
    let sealed = app.store.seal(unchanged(loaded, changes, &record), &mut os_rng());
    match commit(app, sealed.map_err(RequestError::internal)?).await? {
        Committed::Yes => Ok(Attempt::Done(Box::new(record), refusal)),
        Committed::Stale => Ok(Attempt::Stale),
        Committed::Refused(refusal) => Err(refusal),
    }
}
