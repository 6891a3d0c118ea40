-- What the server keeps: who may talk to it, what each acknowledged call did, and what is still to be delivered.
-- None of these tables holds words of a memory: they name memories by id, and the words are read where they live.

CREATE TABLE project (
    id           TEXT    PRIMARY KEY,
    organisation TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    description  TEXT,
    settings     TEXT    NOT NULL DEFAULT '{}',  -- JSON object
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    deleted_at   INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX project_name ON project (organisation, name) WHERE deleted_at IS NULL;

CREATE TABLE member (
    project    TEXT    NOT NULL,
    email      TEXT    NOT NULL,
    role       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (project, email)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (
    id           TEXT    PRIMARY KEY,
    project      TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    digest       BLOB    NOT NULL,               -- keyed hash of the whole key; the key itself is nowhere
    scopes       TEXT    NOT NULL,               -- 'read write admin', those it has
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER,
    revoked_at   INTEGER
) STRICT, WITHOUT ROWID;

-- One acknowledged call that changed something, under the id its caller was given.
CREATE TABLE call (
    id              TEXT    PRIMARY KEY,
    project         TEXT    NOT NULL,
    kind            TEXT    NOT NULL,            -- ADD, UPDATE, DELETE, or another that is no event of memories
    results         TEXT    NOT NULL,            -- JSON list of [memory uid, what happened to it]
    answer          TEXT    NOT NULL,            -- JSON object the reply is made from
    idempotency_key TEXT,
    fingerprint     BLOB,                        -- keyed hash of the request that first carried the key
    started_at      INTEGER NOT NULL,
    finished_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX call_idempotency ON call (project, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX call_project ON call (project, finished_at);

CREATE TABLE feedback (
    project    TEXT    NOT NULL,
    memory_uid TEXT    NOT NULL,
    verdict    TEXT,
    reason     TEXT,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (project, memory_uid)
) STRICT, WITHOUT ROWID;

CREATE TABLE export (
    id         TEXT    PRIMARY KEY,
    project    TEXT    NOT NULL,
    schema     TEXT    NOT NULL,                 -- JSON
    filters    TEXT    NOT NULL,                 -- JSON, as sent
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX export_project ON export (project, created_at);

CREATE TABLE webhook (
    id          TEXT    PRIMARY KEY,
    project     TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    url         TEXT    NOT NULL,
    event_types TEXT    NOT NULL,                -- JSON list
    secret      TEXT    NOT NULL,                -- signs what is delivered, so it has to be readable
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_project ON webhook (project);

CREATE TABLE job (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    kind         TEXT    NOT NULL,
    payload      TEXT    NOT NULL,               -- JSON
    attempts     INTEGER NOT NULL DEFAULT 0,
    due_at       INTEGER NOT NULL,               -- not before; while leased: when the lease ends
    created_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX job_due ON job (due_at);

CREATE TABLE delivery (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id   TEXT    NOT NULL,
    message_id   TEXT    NOT NULL,
    event_type   TEXT    NOT NULL,
    memory_uid   TEXT    NOT NULL,
    attempt      INTEGER NOT NULL,
    status       INTEGER,                        -- HTTP status, if there was an answer
    error        TEXT,
    next_at      INTEGER,                        -- when it is tried again; NULL: it is not
    at           INTEGER NOT NULL
) STRICT;
CREATE INDEX delivery_webhook ON delivery (webhook_id, id);
