//! A query, from the bytes received to the answer. Writes nothing.

use keyward_protocol::engine::{Home, Stamped, authenticate};
use keyward_protocol::queries::{Entry, Found, Reads, View};
use keyward_protocol::stamp::{Presented, StampError};
use keyward_protocol::wire::RequestError;
use keyward_protocol::wire::enums::CredentialType;
use keyward_protocol::wire::envelope::query_organization;
use keyward_store::Opened;

use crate::app::App;
use crate::facts::attest;
use crate::submit::{Loaded, not_utf8, search, with_parent};

/// Answers a query, or says why not. The answer is JSON text.
///
/// Reads see what every process has written: a session that was revoked anywhere is refused here.
pub(crate) async fn query(
    app: &App,
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
    let recovers = caller.credential.kind == Some(CredentialType::RecoverUserKeyP256);
    if recovers && entry.route != "whoami" {
        return Err(RequestError::PermissionDenied);
    }
    app.uses.note(&caller, now);
    let request = entry.parse(body)?;
    let found = read(app, &loaded.opened, request.reads()).await?;
    let home = match (caller.home, parent) {
        (Home::Parent, Some(parent)) => parent,
        _ => organization,
    };
    let view = View {
        organization,
        home,
        parent,
        caller: &caller,
        now,
        keys: &app.keys,
        settings: &app.settings,
        last_uses: &|session| app.uses.last(session),
    };
    request.answer(&view, found)
}

/// Fetches the rows a query is answered from.
async fn read(app: &App, opened: &Opened, reads: &Reads) -> Result<Found, RequestError> {
    let store = &app.store;
    let id = opened.organization.id;
    let found = match reads {
        Reads::Nothing => Ok(Found::Nothing),
        Reads::Activity(activity) => store
            .activity(id, *activity)
            .await
            .map(|activity| Found::Activities(activity.into_iter().collect())),
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
