-- What was erased, and keyed digests of the words, so that a history that is sent again does not bring them back.
CREATE TABLE erasure (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT    NOT NULL,
    project      TEXT    NOT NULL,
    kind         TEXT    NOT NULL,              -- user, agent, app, run, memory or project
    subject      BLOB    NOT NULL,              -- keyed digest of the entity
    allow_return INTEGER NOT NULL,
    ordered_at   INTEGER NOT NULL,
    entity       TEXT,                          -- until it is carried out
    hidden_at    INTEGER,
    erased_at    INTEGER,
    counts       TEXT    NOT NULL DEFAULT '{}', -- JSON object
    owners       TEXT    NOT NULL DEFAULT '[]', -- JSON list of owner ids
    receipt      TEXT                           -- JSON
) STRICT;

CREATE TABLE erased_words (
    subject BLOB    NOT NULL,                   -- keyed digest of their owner
    digest  BLOB    NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (subject, digest)
) STRICT, WITHOUT ROWID;
