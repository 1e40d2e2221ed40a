-- Small values that are kept for a while. Most are never looked at again, and are found by their
-- expiry only.
CREATE TABLE records (
    row          INTEGER PRIMARY KEY,
    organization BLOB NOT NULL,
    id           BLOB NOT NULL,
    revision     INTEGER NOT NULL CHECK (revision > 0),
    expires_ms   INTEGER,
    sealed       BLOB NOT NULL,
    UNIQUE (organization, id)
) STRICT;

CREATE INDEX records_by_expiry ON records (expires_ms) WHERE expires_ms IS NOT NULL;

-- What waits to be sent.
CREATE TABLE messages (
    row          INTEGER PRIMARY KEY,
    id           BLOB NOT NULL UNIQUE,
    organization BLOB NOT NULL,
    due_ms       INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    sealed       BLOB NOT NULL
) STRICT;

CREATE INDEX messages_by_due ON messages (due_ms, id);
