-- Tables with long values have a rowid, so that their b-trees stay flat; what is looked up has a
-- narrow index. All identifiers are 16 bytes, all hashes 32.

CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE organizations (
    row      INTEGER PRIMARY KEY,
    id       BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL CHECK (revision > 0),
    parent   BLOB,
    -- Its keys in index_keys, one after the other.
    keys     BLOB NOT NULL,
    sealed   BLOB NOT NULL
) STRICT;

CREATE INDEX organizations_by_parent ON organizations (parent, id) WHERE parent IS NOT NULL;

CREATE TABLE index_keys (
    parent       BLOB NOT NULL,
    key          BLOB NOT NULL,
    organization BLOB NOT NULL,
    PRIMARY KEY (parent, key, organization)
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    row          INTEGER PRIMARY KEY,
    organization BLOB NOT NULL,
    id           BLOB NOT NULL,
    wallet       BLOB NOT NULL,
    address      BLOB NOT NULL,
    path         BLOB NOT NULL,
    slot         BLOB NOT NULL,
    name         BLOB,
    index_parent BLOB,
    index_key    BLOB,
    sealed       BLOB NOT NULL,
    UNIQUE (organization, id),
    UNIQUE (organization, slot)
) STRICT;

CREATE UNIQUE INDEX accounts_by_name ON accounts (organization, name) WHERE name IS NOT NULL;
CREATE INDEX accounts_by_wallet ON accounts (organization, wallet, id);
CREATE INDEX accounts_by_path ON accounts (organization, wallet, path, id);
CREATE INDEX accounts_by_address ON accounts (organization, address, id);
CREATE INDEX accounts_by_index ON accounts (index_parent, index_key, organization)
    WHERE index_parent IS NOT NULL;

CREATE TABLE secrets (
    row          INTEGER PRIMARY KEY,
    organization BLOB NOT NULL,
    id           BLOB NOT NULL,
    sealed       BLOB NOT NULL,
    UNIQUE (organization, id)
) STRICT;

-- Appended to, never searched.
CREATE TABLE activities (
    row          INTEGER PRIMARY KEY,
    organization BLOB NOT NULL,
    id           BLOB NOT NULL,
    fingerprint  BLOB NOT NULL,
    kind         TEXT NOT NULL,
    status       TEXT NOT NULL,
    sealed       BLOB NOT NULL
) STRICT;

-- What activities are found by: form 0 is the identifier, form 1 the fingerprint. Both are in one
-- tree, because that is one page less to write per activity of an organization that has few.
-- A tag is a short hash: a rare status is found among many activities without reading them.
CREATE TABLE activity_keys (
    organization BLOB NOT NULL,
    form         INTEGER NOT NULL,
    key          BLOB NOT NULL,
    activity     INTEGER NOT NULL,
    kind_tag     INTEGER,
    status_tag   INTEGER,
    PRIMARY KEY (organization, form, key)
) STRICT, WITHOUT ROWID;
