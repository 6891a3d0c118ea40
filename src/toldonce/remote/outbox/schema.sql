-- What waits to be sent, and what was. Times are microseconds since 1970-01-01 UTC.

CREATE TABLE setting (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE entry (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,   -- the order in which it was said
    key           TEXT    NOT NULL UNIQUE,             -- goes along as Idempotency-Key, the same at every try
    conversation  TEXT    NOT NULL,
    payload       TEXT    NOT NULL,                    -- JSON: messages, and the options of add
    put_at        INTEGER NOT NULL,
    unsure        INTEGER NOT NULL DEFAULT 0,          -- tries of which it is not known whether they arrived
    tries         INTEGER NOT NULL DEFAULT 0,          -- that failed on account of this entry
    failing_since INTEGER,
    reason        TEXT,
    parked_at     INTEGER
) STRICT;
CREATE INDEX entry_parked ON entry (parked_at) WHERE parked_at IS NOT NULL;

CREATE TABLE sent (
    key     TEXT    PRIMARY KEY,
    sent_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
