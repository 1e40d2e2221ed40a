//! Queries. Each is one statement and so sees one state of the database.

use rusqlite::types::ToSql;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use uuid::Uuid;

use crate::{
    AccountKey, AccountRow, ActivityFilter, ActivityKey, ActivityRow, KeyHash, Lookup, MessageRow,
    OrganizationRow, Page, Queue, RecordRow, Revision,
};

/// Above every identifier, because it is longer than one of all ones.
const ABOVE: &[u8] = &[0xff; 17];

impl Page {
    /// The open bounds in SQL's order of blobs.
    fn bounds(&self) -> (&[u8], &[u8]) {
        let after = self.after.as_ref().map_or(&[][..], |id| id.as_bytes());
        let before = self.before.as_ref().map_or(ABOVE, |id| id.as_bytes());
        (after, before)
    }
}

pub(super) fn organization(
    connection: &Connection,
    id: Uuid,
    known: Revision,
) -> rusqlite::Result<Lookup> {
    // The long column is not touched when the caller has it.
    let sql = "SELECT revision, parent, CASE WHEN revision <> ?2 THEN sealed END
               FROM organizations WHERE id = ?1";
    // A revision too large for the column is no stored one.
    let known = i64::try_from(known).unwrap_or(0);
    let found = connection.prepare_cached(sql)?.query_row(params![id, known], |row| {
        let sealed: Option<Vec<u8>> = row.get(2)?;
        let Some(sealed) = sealed else { return Ok(Lookup::Unchanged) };
        let (revision, parent) = (revision(row, 0)?, row.get(1)?);
        Ok(Lookup::Found(OrganizationRow { id, parent, revision, sealed }))
    });
    Ok(found.optional()?.unwrap_or(Lookup::Missing))
}

/// The revision in a column.
pub(super) fn revision(row: &Row<'_>, column: usize) -> rusqlite::Result<Revision> {
    unsigned(column, row.get(column)?)
}

fn unsigned(column: usize, stored: i64) -> rusqlite::Result<u64> {
    u64::try_from(stored).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, stored))
}

pub(super) fn find_organizations(
    connection: &Connection,
    parent: Uuid,
    key: &KeyHash,
    page: Page,
) -> rusqlite::Result<Vec<Uuid>> {
    let sql = "SELECT organization FROM index_keys
               WHERE parent = ?1 AND key = ?2 AND organization > ?3 AND organization < ?4
               UNION
               SELECT organization FROM accounts
               WHERE index_parent = ?1 AND index_key = ?2
                 AND organization > ?3 AND organization < ?4
               ORDER BY organization LIMIT ?5";
    let (after, before) = page.bounds();
    let mut statement = connection.prepare_cached(sql)?;
    let rows =
        statement.query_map(params![parent, key, after, before, page.limit], |row| row.get(0))?;
    rows.collect()
}

pub(super) fn sub_organizations(
    connection: &Connection,
    parent: Uuid,
    page: Page,
) -> rusqlite::Result<Vec<Uuid>> {
    let sql = "SELECT id FROM organizations WHERE parent = ?1 AND id > ?2 AND id < ?3
               ORDER BY id LIMIT ?4";
    let (after, before) = page.bounds();
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![parent, after, before, page.limit], |row| row.get(0))?;
    rows.collect()
}

/// A query for accounts.
macro_rules! accounts {
    ($condition:literal) => {
        concat!(
            "SELECT organization, id, wallet, address, path, slot, name, index_parent, index_key,
                    sealed
             FROM accounts WHERE organization = ?1 AND ",
            $condition
        )
    };
}

pub(super) fn account(
    connection: &Connection,
    organization: Uuid,
    by: AccountKey,
) -> rusqlite::Result<Option<AccountRow>> {
    let get = |sql, key: &[&dyn ToSql]| {
        connection.prepare_cached(sql)?.query_row(key, to_account).optional()
    };
    let whose = &organization;
    match by {
        AccountKey::Id(id) => get(accounts!("id = ?2"), &[whose, &id]),
        AccountKey::Slot(slot) => get(accounts!("slot = ?2"), &[whose, &slot]),
        AccountKey::Name(name) => get(accounts!("name = ?2"), &[whose, &name]),
        AccountKey::Address(address) => {
            get(accounts!("address = ?2 ORDER BY id LIMIT 1"), &[whose, &address])
        }
        AccountKey::Path(wallet, path) => get(
            accounts!("wallet = ?2 AND path = ?3 ORDER BY id LIMIT 1"),
            &[whose, &wallet, &path],
        ),
    }
}

pub(super) fn accounts(
    connection: &Connection,
    organization: Uuid,
    wallet: Option<Uuid>,
    page: Page,
) -> rusqlite::Result<Vec<AccountRow>> {
    let (after, before) = page.bounds();
    let get = |sql, parameters: &[&dyn ToSql]| {
        connection.prepare_cached(sql)?.query_map(parameters, to_account)?.collect()
    };
    match wallet {
        None => get(
            accounts!("id > ?2 AND id < ?3 ORDER BY id LIMIT ?4"),
            params![organization, after, before, page.limit],
        ),
        Some(wallet) => get(
            accounts!("id > ?2 AND id < ?3 AND wallet = ?5 ORDER BY id LIMIT ?4"),
            params![organization, after, before, page.limit, wallet],
        ),
    }
}

fn to_account(row: &Row<'_>) -> rusqlite::Result<AccountRow> {
    let (parent, key): (Option<Uuid>, Option<KeyHash>) = (row.get(7)?, row.get(8)?);
    Ok(AccountRow {
        organization: row.get(0)?,
        id: row.get(1)?,
        wallet: row.get(2)?,
        address: row.get(3)?,
        path: row.get(4)?,
        slot: row.get(5)?,
        name: row.get(6)?,
        index: parent.zip(key),
        sealed: row.get(9)?,
    })
}

pub(super) fn secret(
    connection: &Connection,
    organization: Uuid,
    id: Uuid,
) -> rusqlite::Result<Option<Vec<u8>>> {
    let sql = "SELECT sealed FROM secrets WHERE organization = ?1 AND id = ?2";
    connection
        .prepare_cached(sql)?
        .query_row(params![organization, id], |row| row.get(0))
        .optional()
}

/// A short hash of a type or a status, by which most others are passed over; two bytes when stored.
pub(super) fn tag(value: &str) -> i16 {
    let hash = value
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let [a, b, c, d] = hash.to_be_bytes();
    i16::from_be_bytes([a ^ c, b ^ d])
}

/// A query for activities by their keys, in the keys' order.
macro_rules! activities {
    ($condition:literal) => {
        concat!(
            "SELECT a.organization, a.id, a.fingerprint, a.kind, a.status, a.sealed
             FROM activity_keys AS k CROSS JOIN activities AS a ON a.row = k.activity
             WHERE k.organization = ?1 AND ",
            $condition
        )
    };
}

pub(super) fn activity(
    connection: &Connection,
    organization: Uuid,
    by: ActivityKey,
) -> rusqlite::Result<Option<ActivityRow>> {
    let get = |sql, key: &dyn ToSql| {
        let key: [&dyn ToSql; 2] = [&organization, key];
        connection.prepare_cached(sql)?.query_row(key, to_activity).optional()
    };
    match by {
        ActivityKey::Id(id) => get(activities!("k.form = 0 AND k.key = ?2"), &id),
        ActivityKey::Fingerprint(print) => get(activities!("k.form = 1 AND k.key = ?2"), &print),
    }
}

pub(super) fn activities(
    connection: &Connection,
    organization: Uuid,
    filter: &ActivityFilter,
    page: Page,
) -> rusqlite::Result<Vec<ActivityRow>> {
    let (after, before) = page.bounds();
    let mut sql = activities!("k.form = 0 AND k.key > ?2 AND k.key < ?3").to_owned();
    let lists = [&filter.kinds, &filter.statuses];
    let tags = lists.map(|values| values.iter().map(|value| tag(value)).collect::<Vec<_>>());
    let mut parameters: Vec<&dyn ToSql> = vec![&organization, &after, &before];
    for (column, values, tags) in lists
        .iter()
        .zip(&tags)
        .zip(["kind", "status"])
        .map(|((values, tags), name)| (name, values, tags))
    {
        if !values.is_empty() {
            let marks = vec!["?"; values.len()].join(", ");
            sql = format!("{sql} AND k.{column}_tag IN ({marks}) AND a.{column} IN ({marks})");
            parameters.extend(tags.iter().map(|tag| -> &dyn ToSql { tag }));
            parameters.extend(values.iter().map(|value| -> &dyn ToSql { value }));
        }
    }
    sql.push_str(" ORDER BY k.key DESC LIMIT ?");
    parameters.push(&page.limit);
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(parameters), to_activity)?;
    rows.collect()
}

fn to_activity(row: &Row<'_>) -> rusqlite::Result<ActivityRow> {
    Ok(ActivityRow {
        organization: row.get(0)?,
        id: row.get(1)?,
        fingerprint: row.get(2)?,
        kind: row.get(3)?,
        status: row.get(4)?,
        sealed: row.get(5)?,
    })
}

pub(super) fn meta(connection: &Connection, name: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    let sql = "SELECT value FROM meta WHERE name = ?1";
    connection.prepare_cached(sql)?.query_row([name], |row| row.get(0)).optional()
}

pub(super) fn record(
    connection: &Connection,
    organization: Uuid,
    id: Uuid,
) -> rusqlite::Result<Option<RecordRow>> {
    let sql = "SELECT revision, expires_ms, sealed FROM records
               WHERE organization = ?1 AND id = ?2";
    let to_record = |row: &Row<'_>| {
        let expires_ms: Option<i64> = row.get(1)?;
        let expires_ms = expires_ms.map(|stored| unsigned(1, stored)).transpose()?;
        let (revision, sealed) = (revision(row, 0)?, row.get(2)?);
        Ok(RecordRow { organization, id, revision, expires_ms, sealed })
    };
    connection.prepare_cached(sql)?.query_row(params![organization, id], to_record).optional()
}

/// The messages of a queue that are due, the longest due first.
pub(super) fn due_messages(
    connection: &Connection,
    queue: Queue,
    now_ms: i64,
    limit: u32,
) -> rusqlite::Result<Vec<MessageRow>> {
    let sql = "SELECT id, organization, due_ms, attempts, sealed FROM messages
               WHERE queue = ?1 AND due_ms <= ?2 ORDER BY due_ms, id LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![queue.number(), now_ms, limit], |row| {
        Ok(MessageRow {
            id: row.get(0)?,
            organization: row.get(1)?,
            queue,
            due_ms: unsigned(2, row.get(2)?)?,
            attempts: row.get(3)?,
            sealed: row.get(4)?,
        })
    })?;
    rows.collect()
}
