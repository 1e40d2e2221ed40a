//! What the server knows of every query that [`for_each_query`](crate::for_each_query) names.

use alloy_primitives::{Address, U256};
use keyward_policy::Ledger;
use schemars::{Schema, SchemaGenerator};
use uuid::Uuid;

use super::Query;
use crate::activities::read_object;
use crate::engine::budgets::Account;
use crate::engine::model::{IndexKey, User, WalletAccount};
use crate::engine::record::RecordKey;
use crate::engine::replay::Recorded;
use crate::engine::sending::Submission;
use crate::engine::webhooks::DeliveryLog;
use crate::engine::{ActivityRecord, Caller, Home, Organization, ServerKeys, Settings};
use crate::parameters::AccountName;
use crate::wire::chain::ChainId;
use crate::wire::enums::ActivityStatus;
use crate::wire::id::{ActivityId, OrganizationId, UserId, WalletId};
use crate::wire::{InvalidRequest, Namespace, Page, RequestError, Timestamp, value};

/// The rows, each by its module and its type.
macro_rules! entries {
    ($($module:ident::$row:ident,)+) => {
        /// Every query, by route.
        pub static REGISTRY: &[Entry] = &[$(Entry::of::<super::$module::$row>()),+];
    };
}
crate::for_each_query!(entries);

/// Rows that a query is answered from, beside the organization. The shell fetches them first.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reads {
    /// None.
    Nothing,
    /// None, but the answer takes long to find: whoever looks must be one who may wait.
    Pondered,
    /// One activity: [`Found::Activities`] of at most one.
    Activity(ActivityId),
    /// A page of activities, newest first: [`Found::Activities`].
    Activities {
        /// Only of these types; empty for all.
        kinds: Vec<String>,
        /// Only those that stand so; empty for all.
        statuses: Vec<ActivityStatus>,
        /// Which of them.
        page: Page,
    },
    /// One activity with what it takes to decide on it again: [`Found::Judged`] where there is one.
    Judged(ActivityId),
    /// Activities with what it takes to decide on them again, newest first, more than are kept at once:
    /// [`Found::Recorded`].
    Recorded {
        /// Only of these types; empty for all.
        kinds: Vec<String>,
        /// Which of them.
        page: Page,
    },
    /// A ledger: [`Found::Ledger`].
    Ledger(RecordKey),
    /// What became of what was sent to a webhook endpoint: [`Found::Deliveries`].
    Deliveries(RecordKey),
    /// A transaction that was sent: [`Found::Submission`].
    Submission(RecordKey),
    /// How many transactions of an account its chain counts, those that wait included: [`Found::Nonce`].
    Nonce {
        /// The chain.
        chain: ChainId,
        /// The account.
        address: Address,
    },
    /// What one of the organization's wallet accounts holds: [`Found::Balances`].
    Balances {
        /// The chain.
        chain: ChainId,
        /// The account's address.
        address: String,
    },
    /// One wallet account, the oldest when several fit: [`Found::Accounts`] of at most one.
    Account {
        /// Its wallet.
        wallet: WalletId,
        /// What names it.
        by: AccountName,
    },
    /// A page of wallet accounts, oldest first: [`Found::Accounts`].
    Accounts {
        /// Only of this wallet; `None` for all.
        wallet: Option<WalletId>,
        /// Which of them.
        page: Page,
    },
    /// A page of sub-organizations, oldest first: [`Found::Organizations`].
    SubOrganizations {
        /// Only those found by any of these; `None` for all.
        keys: Option<Vec<IndexKey>>,
        /// Which of them.
        page: Page,
    },
}

/// What was fetched; answers [`Reads`] one to one.
#[derive(Debug)]
pub enum Found {
    /// Nothing was asked for.
    Nothing,
    /// Activities.
    Activities(Vec<ActivityRecord>),
    /// An activity, and the budgets that it draws on.
    Judged(Box<(Recorded, Vec<Account>)>),
    /// Activities, one after the other.
    Recorded(Stream),
    /// What was taken from a budget.
    Ledger(Ledger),
    /// What became of what was sent to a webhook endpoint.
    Deliveries(DeliveryLog),
    /// A transaction, where there is one.
    Submission(Option<Box<Submission>>),
    /// How many transactions there were.
    Nonce(u64),
    /// How much of each asset, in the order of [`Settings::assets`]; `None` where there is no such account.
    Balances(Option<Vec<U256>>),
    /// Wallet accounts.
    Accounts(Vec<WalletAccount>),
    /// Sub-organizations.
    Organizations(Vec<OrganizationId>),
}

/// Activities that are fetched while they are looked at. Whoever looks must be one who may wait.
pub struct Stream(Box<dyn Iterator<Item = Result<Recorded, RequestError>> + Send>);

impl Stream {
    /// Of what comes out of this.
    pub fn new(
        activities: impl Iterator<Item = Result<Recorded, RequestError>> + Send + 'static,
    ) -> Self {
        Self(Box::new(activities))
    }
}

impl Iterator for Stream {
    type Item = Result<Recorded, RequestError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Stream").finish_non_exhaustive()
    }
}

impl Found {
    /// The activity that was asked for, by its id as it was given.
    ///
    /// # Errors
    ///
    /// [`RequestError::NotFound`] when there is none.
    pub(crate) fn activity(self, id: &str) -> Result<ActivityRecord, RequestError> {
        match self {
            Self::Activities(activities) => activities.into_iter().next(),
            _ => None,
        }
        .ok_or_else(|| RequestError::NotFound(format!("could not find activity with ID {id}")))
    }
}

/// What a query sees.
pub struct View<'a> {
    /// The organization it is about.
    pub organization: &'a Organization,
    /// The organization of the caller: that one, or its parent.
    pub home: &'a Organization,
    /// The parent of the organization it is about, where that has one.
    pub parent: Option<&'a Organization>,
    /// Who asks.
    pub caller: &'a Caller,
    /// The instant of the request.
    pub now: Timestamp,
    /// The server's keys.
    pub keys: &'a ServerKeys,
    /// What the operator decided.
    pub settings: &'a Settings,
    /// When a session was last used, as far as this process remembers.
    pub last_uses: &'a dyn Fn(Uuid) -> Option<Timestamp>,
}

impl<'a> View<'a> {
    /// Whose sessions the caller asks for and may be told of: one user's, or everybody's for `None`.
    /// Users see their own; root users and the parent's users see all.
    ///
    /// # Errors
    ///
    /// [`RequestError::PermissionDenied`] for somebody else's, an id that is none.
    pub(crate) fn sessions_of(&self, id: Option<&str>) -> Result<Option<UserId>, RequestError> {
        let asked = id.filter(|id| !id.is_empty()).map(|id| value::id("userId", id)).transpose()?;
        let caller = self.caller.user;
        if self.caller.home == Home::Parent || self.organization.is_root(caller) {
            return Ok(asked);
        }
        if asked.is_some_and(|asked| asked != caller) {
            return Err(RequestError::PermissionDenied);
        }
        Ok(Some(caller))
    }

    /// One user of the organization, by its id as it was given, or all of them.
    ///
    /// # Errors
    ///
    /// A user that does not exist, an id that is none.
    pub(crate) fn users(&self, id: Option<&str>) -> Result<&'a [User], RequestError> {
        match id.filter(|id| !id.is_empty()) {
            None => Ok(&self.organization.users),
            Some(id) => {
                let user = self.organization.user(value::id("userId", id)?)?;
                Ok(std::slice::from_ref(user))
            }
        }
    }
}

/// What a query means.
pub(crate) trait Answer: Query {
    /// What to fetch before it can be answered; checks what needs no state.
    fn reads(&self) -> Result<Reads, InvalidRequest> {
        Ok(Reads::Nothing)
    }

    /// Answers it.
    fn answer(self, view: &View<'_>, found: Found) -> Result<Self::Response, RequestError>;
}

/// A row of the registry.
pub struct Entry {
    /// The first segments of its path.
    pub namespace: Namespace,
    /// Last segment of its path.
    pub route: &'static str,
    /// Whether it may name a parent and mean the one sub-organization that knows its sender.
    pub finds_sub_organization: bool,
    /// Whether an attested stamp may ask.
    pub accepts_attested: bool,
    parse: fn(&str) -> Result<QueryRequest, InvalidRequest>,
    request: fn(&mut SchemaGenerator) -> Schema,
    response: fn(&mut SchemaGenerator) -> Schema,
}

impl Entry {
    const fn of<Q: Answer>() -> Self {
        Self {
            namespace: Q::NAMESPACE,
            route: Q::ROUTE,
            finds_sub_organization: Q::FINDS_SUB_ORGANIZATION,
            accepts_attested: Q::ACCEPTS_ATTESTED,
            parse: |body| {
                let query: Q = read_object(body)?;
                Ok(QueryRequest { reads: query.reads()?, query: Box::new(query) })
            },
            request: SchemaGenerator::subschema_for::<Q>,
            response: SchemaGenerator::subschema_for::<Q::Response>,
        }
    }

    /// The entry of a route in a namespace.
    pub fn find(namespace: Namespace, route: &str) -> Option<&'static Self> {
        REGISTRY.iter().find(|entry| entry.namespace == namespace && entry.route == route)
    }

    /// Reads a query.
    pub fn parse(&self, body: &str) -> Result<QueryRequest, InvalidRequest> {
        (self.parse)(body)
    }

    /// The schemas of its request and its answer.
    pub fn schemas(&self, generator: &mut SchemaGenerator) -> (Schema, Schema) {
        ((self.request)(generator), (self.response)(generator))
    }
}

/// A query that means something, whichever it is.
pub struct QueryRequest {
    reads: Reads,
    query: Box<dyn Erased>,
}

impl QueryRequest {
    /// What to fetch before it can be answered.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// The answer, as JSON text.
    ///
    /// # Errors
    ///
    /// [`RequestError::NotFound`] for what is not in the organization.
    pub fn answer(self, view: &View<'_>, found: Found) -> Result<Vec<u8>, RequestError> {
        self.query.answer(view, found)
    }
}

/// [`Answer`] without its type.
trait Erased: Send {
    fn answer(self: Box<Self>, view: &View<'_>, found: Found) -> Result<Vec<u8>, RequestError>;
}

impl<Q: Answer> Erased for Q {
    fn answer(self: Box<Self>, view: &View<'_>, found: Found) -> Result<Vec<u8>, RequestError> {
        let response = Answer::answer(*self, view, found)?;
        serde_json::to_vec(&response).map_err(RequestError::internal)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_has_its_row() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/queries");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(".rs").map(str::to_owned))
            .filter(|name| name != "mod" && name != "registry")
            .collect();
        let rows: BTreeSet<String> = REGISTRY.iter().map(|entry| entry.route.to_owned()).collect();
        assert_eq!(files, rows);
    }

    #[test]
    fn a_route_stands_in_one_namespace() {
        let routes: BTreeSet<&str> = REGISTRY.iter().map(|entry| entry.route).collect();
        assert_eq!(routes.len(), REGISTRY.len());
        assert!(Entry::find(Namespace::Turnkey, "whoami").is_some());
        assert!(Entry::find(Namespace::Keyward, "whoami").is_none());
        assert!(Entry::find(Namespace::Keyward, "list_sessions").is_some());
    }
}
