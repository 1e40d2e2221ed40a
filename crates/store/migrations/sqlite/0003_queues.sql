-- What waits to be sent to people (0) does not wait for what is sent to webhook endpoints (1).
ALTER TABLE messages ADD COLUMN queue INTEGER NOT NULL DEFAULT 0;

DROP INDEX messages_by_due;

CREATE INDEX messages_by_due ON messages (queue, due_ms, id);
