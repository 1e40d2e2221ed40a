//! A query, from the bytes received to the answer. Writes nothing.

use std::sync::Arc;

use keyward_protocol::engine::record::Record;
use keyward_protocol::engine::{Caller, Home, Stamped, authenticate, ip_allowlist};
use keyward_protocol::parameters::SignWith;
use keyward_protocol::queries::{Entry, Found, QueryRequest, Reads, View};
use keyward_protocol::stamp::{Presented, StampError};
use keyward_protocol::wire::enums::CredentialType;
use keyward_protocol::wire::envelope::query_organization;
use keyward_protocol::wire::id::ActivityId;
use keyward_protocol::wire::{ChainId, RequestError, Timestamp};
use keyward_store::Opened;

use crate::app::App;
use crate::facts::{accounts, attest};
use crate::replay;
use crate::submit::{Loaded, not_utf8, search, with_parent};

/// Answers a query, or says why not. The answer is JSON text.
///
/// Reads see what every process has written: a session that was revoked anywhere is refused here.
pub(crate) async fn query(
    app: &Arc<App>,
    entry: &Entry,
    mut stamped: Stamped,
) -> Result<Vec<u8>, RequestError> {
    let now = app.clock.now();
    if matches!(stamped.presented, Presented::Attested(_)) {
        if !entry.accepts_attested {
            return Err(StampError::AttestedStampUnreadable.into());
        }
        let organization = query_organization(&stamped.body)?;
        attest(app, &mut stamped, organization, now).await?;
    }
    let is_attested = stamped.attested.is_some();
    let body = std::str::from_utf8(&stamped.body).map_err(|_| not_utf8())?;
    let id = query_organization(&stamped.body)?;
    let opened = app
        .store
        .latest_organization(id)
        .await
        .map_err(RequestError::internal)?
        .ok_or(RequestError::InvalidOrganizationId(id))?;
    let found = if entry.finds_sub_organization || is_attested {
        search(app, &opened, &stamped, now).await?
    } else {
        None
    };
    let loaded = match found {
        Some(found) => Loaded { opened: found, parent: Some(opened) },
        None => with_parent(app, opened, true).await?,
    };
    let organization = &*loaded.opened.organization;
    let parent = loaded.parent.as_ref().map(|parent| &*parent.organization);
    let caller = authenticate(organization, parent, &stamped, now)?;
    app.check_session(organization, parent, &caller, now)?;
    ip_allowlist::check(organization, parent, &caller, &stamped.client)?;
    let recovers = caller.credential.kind == Some(CredentialType::RecoverUserKeyP256);
    if recovers && entry.route != "whoami" {
        return Err(RequestError::PermissionDenied);
    }
    app.uses.note(&caller, now);
    let request = entry.parse(body)?;
    if let Reads::Recorded { kinds, page } = request.reads() {
        let (kinds, page) = (kinds.clone(), *page);
        return replay::answer(app, loaded, caller, request, kinds, page, now).await;
    }
    if *request.reads() == Reads::Pondered {
        return replay::ponder(app, loaded, caller, request, now).await;
    }
    let found = read(app, &loaded, request.reads()).await?;
    answer(app, &loaded, &caller, request, found, now)
}

/// Answers from what was found.
pub(crate) fn answer(
    app: &App,
    loaded: &Loaded,
    caller: &Caller,
    request: QueryRequest,
    found: Found,
    now: Timestamp,
) -> Result<Vec<u8>, RequestError> {
    let organization = &*loaded.opened.organization;
    let parent = loaded.parent.as_ref().map(|parent| &*parent.organization);
    let home = match (caller.home, parent) {
        (Home::Parent, Some(parent)) => parent,
        _ => organization,
    };
    let view = View {
        organization,
        home,
        parent,
        caller,
        now,
        keys: &app.keys,
        settings: &app.settings,
        last_uses: &|session| app.uses.last(session),
    };
    request.answer(&view, found)
}

/// Fetches the rows a query is answered from.
async fn read(app: &App, loaded: &Loaded, reads: &Reads) -> Result<Found, RequestError> {
    let (store, opened) = (&app.store, &*loaded.opened);
    let id = opened.organization.id;
    let found = match reads {
        // What is looked for, and looked at, elsewhere.
        Reads::Nothing | Reads::Pondered | Reads::Recorded { .. } => Ok(Found::Nothing),
        Reads::Activity(activity) => store
            .activity(id, *activity)
            .await
            .map(|activity| Found::Activities(activity.into_iter().collect())),
        Reads::Judged(activity) => return judged(app, loaded, *activity).await,
        Reads::Ledger(key) => store.record(*key).await.map(|ledger| Found::Ledger(ledger.value)),
        Reads::Deliveries(key) => store.record(*key).await.map(|log| Found::Deliveries(log.value)),
        Reads::Submission(key) => {
            store.record(*key).await.map(|found: Record<_>| Found::Submission(found.value))
        }
        Reads::Nonce { chain, address } => {
            return Ok(Found::Nonce(app.chains.nonce(chain, *address).await?));
        }
        Reads::Balances { chain, address } => {
            return balances(app, opened, chain, address).await;
        }
        Reads::Activities { kinds, statuses, page } => {
            store.activities(id, kinds, statuses, *page).await.map(Found::Activities)
        }
        Reads::Account { wallet, by } => store
            .account_named(opened, *wallet, by)
            .await
            .map(|account| Found::Accounts(account.into_iter().collect())),
        Reads::Accounts { wallet, page } => {
            store.accounts(opened, *wallet, *page).await.map(Found::Accounts)
        }
        Reads::SubOrganizations { keys: None, page } => {
            store.sub_organizations(id, None, *page).await.map(Found::Organizations)
        }
        Reads::SubOrganizations { keys: Some(keys), page } => {
            let mut found = Vec::new();
            for key in keys {
                let ids = store.sub_organizations(id, Some(key), *page).await;
                found.extend(ids.map_err(RequestError::internal)?);
            }
            found.sort_unstable();
            found.dedup();
            found.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX));
            Ok(Found::Organizations(found))
        }
    };
    found.map_err(RequestError::internal)
}

/// What a wallet account holds. Its chain is not asked about others' addresses.
async fn balances(
    app: &App,
    opened: &Opened,
    chain: &ChainId,
    address: &str,
) -> Result<Found, RequestError> {
    let assets = app.settings.assets.get(chain).ok_or_else(|| chain.not_configured())?;
    let named = SignWith::Address(address.to_owned());
    let account = app.store.account_signing(opened, &named).await;
    let Some(account) = account.map_err(RequestError::internal)? else {
        return Ok(Found::Balances(None));
    };
    let amounts = app.chains.balances(chain, &account.address, assets).await?;
    Ok(Found::Balances(Some(amounts)))
}

/// An activity with what it takes to decide on it again.
async fn judged(app: &App, loaded: &Loaded, id: ActivityId) -> Result<Found, RequestError> {
    let opened = &*loaded.opened;
    let record = app.store.activity(opened.organization.id, id).await;
    let Some(record) = record.map_err(RequestError::internal)? else { return Ok(Found::Nothing) };
    let parent = loaded.parent.as_ref().map(|parent| &*parent.organization);
    let proposer = record.votes.first().and_then(|vote| vote.caller(&opened.organization, parent));
    let accounts = match proposer {
        Some(proposer) => accounts(app, loaded, &proposer, &record.votes).await?,
        None => Vec::new(),
    };
    let recorded = replay::recorded(app, opened, record).await?;
    Ok(Found::Judged(Box::new((recorded, accounts))))
}
