//! Queries that take long, on threads that may wait: activities that are decided on again, many of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use keyward_protocol::engine::items::{Concerns, Subjects};
use keyward_protocol::engine::replay::Recorded;
use keyward_protocol::engine::{ActivityRecord, Caller};
use keyward_protocol::parameters::SignWith;
use keyward_protocol::queries::{Found, QueryRequest, Stream};
use keyward_protocol::wire::{Page, RequestError, Timestamp};
use keyward_store::Opened;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::app::App;
use crate::facts::subjects_of;
use crate::query;
use crate::submit::Loaded;

/// Activities that are fetched at once.
const PAGE: u32 = 500;
/// Wallet accounts that are remembered while activities are fetched.
const MOST_ACCOUNTS: usize = 10_000;

/// Answers a query over activities that are fetched while it looks at them: one thread fetches and opens them, another
/// one looks. Both end when nobody waits for the answer any more. One such query runs at a time.
pub(crate) async fn answer(
    app: &Arc<App>,
    loaded: Loaded,
    caller: Caller,
    request: QueryRequest,
    kinds: Vec<String>,
    page: Page,
    now: Timestamp,
) -> Result<Vec<u8>, RequestError> {
    let turn = app.replays.clone().acquire_owned().await.map_err(RequestError::internal)?;
    let is_over = Over(Arc::default());
    let (sender, mut receiver) = mpsc::channel(1);
    let fetching = {
        let (app, opened, is_over) = (app.clone(), loaded.opened.clone(), is_over.0.clone());
        let handle = Handle::current();
        spawn_blocking(move || fetch(&app, &handle, &opened, &kinds, page, &sender, &is_over))
    };
    let looking = {
        let app = app.clone();
        let pages = std::iter::from_fn(move || receiver.blocking_recv());
        let activities = pages.flat_map(|page| match page {
            Ok(page) => page.into_iter().map(Ok).collect(),
            Err(failure) => vec![Err(failure)],
        });
        let found = Found::Recorded(Stream::new(activities));
        spawn_blocking(move || {
            let answered = query::answer(&app, &loaded, &caller, request, found, now);
            drop(turn);
            answered
        })
    };
    let answered = looking.await.map_err(RequestError::internal)?;
    // It has ended when there was nothing more to look at, or ends when nobody looks any more.
    fetching.await.map_err(RequestError::internal)?;
    answered
}

/// Answers a query that takes long to find an answer to.
pub(crate) async fn ponder(
    app: &Arc<App>,
    loaded: Loaded,
    caller: Caller,
    request: QueryRequest,
    now: Timestamp,
) -> Result<Vec<u8>, RequestError> {
    let turn = app.replays.clone().acquire_owned().await.map_err(RequestError::internal)?;
    let app = app.clone();
    let pondering = spawn_blocking(move || {
        let answered = query::answer(&app, &loaded, &caller, request, Found::Nothing, now);
        // It goes on when nobody waits any more; until then nobody else begins.
        drop(turn);
        answered
    });
    pondering.await.map_err(RequestError::internal)?
}

/// Says that nobody waits any more.
struct Over(Arc<AtomicBool>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Fetches activities page by page until there are enough or nobody wants more.
fn fetch(
    app: &App,
    handle: &Handle,
    opened: &Opened,
    kinds: &[String],
    wanted: Page,
    to: &mpsc::Sender<Result<Vec<Recorded>, RequestError>>,
    is_over: &AtomicBool,
) {
    let (mut left, mut before) = (wanted.limit, wanted.before);
    let mut accounts = HashMap::new();
    while left > 0 && !is_over.load(Ordering::Relaxed) {
        let page = Page { limit: left.min(PAGE), before, after: wanted.after };
        let found = handle.block_on(fetch_page(app, opened, kinds, page, &mut accounts));
        let count = found.as_ref().map_or(0, Vec::len);
        left = left.saturating_sub(u32::try_from(count).unwrap_or(u32::MAX));
        before = found.as_ref().ok().and_then(|found| found.last()).map(|last| last.record.id.0);
        let is_last = count < usize::try_from(page.limit).unwrap_or(usize::MAX);
        if to.blocking_send(found).is_err() || is_last {
            return;
        }
    }
}

async fn fetch_page(
    app: &App,
    opened: &Opened,
    kinds: &[String],
    page: Page,
    accounts: &mut HashMap<String, Subjects>,
) -> Result<Vec<Recorded>, RequestError> {
    let id = opened.organization.id;
    let found = app.store.activities(id, kinds, &[], page).await;
    let mut recorded = Vec::new();
    for record in found.map_err(RequestError::internal)? {
        let request = record.request().ok();
        let signer = request.as_ref().and_then(|request| match request.concerns() {
            Concerns::Signing { with: SignWith::Address(address), .. } => Some(address.clone()),
            _ => None,
        });
        let known = signer.as_ref().and_then(|address| accounts.get(address)).cloned();
        let subjects = match (&request, known) {
            (None, _) => Subjects::new(),
            (_, Some(known)) => known,
            (Some(request), None) => {
                let subjects = subjects_of(app, opened, request).await?;
                if let Some(address) = signer
                    && accounts.len() < MOST_ACCOUNTS
                {
                    accounts.insert(address, subjects.clone());
                }
                subjects
            }
        };
        recorded.push(Recorded { record, request, subjects });
    }
    Ok(recorded)
}

/// An activity with what it takes to decide on it again.
pub(crate) async fn recorded(
    app: &App,
    opened: &Opened,
    record: ActivityRecord,
) -> Result<Recorded, RequestError> {
    let request = record.request().ok();
    let subjects = match &request {
        Some(request) => subjects_of(app, opened, request).await?,
        None => Subjects::new(),
    };
    Ok(Recorded { record, request, subjects })
}
