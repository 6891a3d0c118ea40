-- The first schema. Times are microseconds since 1970-01-01 UTC. An id of the form owner << 24 | sequence keeps the
-- rows of one owner side by side, so that loading an owner is one range of each table; sequences are never reused.

CREATE TABLE setting (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE owner (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    project       TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    entity_id     TEXT    NOT NULL,
    version       INTEGER NOT NULL DEFAULT 0,   -- grows with every change to what this owner holds
    next_sequence INTEGER NOT NULL DEFAULT 1,
    created_at    INTEGER NOT NULL,
    UNIQUE (project, kind, entity_id)
) STRICT;

-- The journal: every message exactly as it was said, once, in order.
CREATE TABLE conversation (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_id       INTEGER NOT NULL,
    key            TEXT    NOT NULL,
    next_place     INTEGER NOT NULL DEFAULT 0,
    session_id     INTEGER,                     -- the first memory of the stretch of talk that is going on
    last_said_at   INTEGER,
    last_memory_id INTEGER,
    UNIQUE (owner_id, key)
) STRICT;

CREATE TABLE message (
    id              INTEGER PRIMARY KEY,        -- conversation << 24 | place: (conversation, place) is unique
    conversation_id INTEGER NOT NULL,
    external_id     TEXT,
    role            TEXT    NOT NULL,
    name            TEXT,
    content         TEXT    NOT NULL,
    said_at         INTEGER NOT NULL,
    timed           INTEGER NOT NULL,           -- 1: the caller said when; 0: it counts as said when recorded
    recorded_at     INTEGER NOT NULL,
    digest          BLOB    NOT NULL,
    agent_id        TEXT,
    app_id          TEXT,
    run_id          TEXT
) STRICT;
CREATE UNIQUE INDEX message_external ON message (conversation_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX message_digest ON message (conversation_id, digest);

-- What was done to memories, appended only. An event is one acknowledged call.
CREATE TABLE event (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    uid        TEXT    NOT NULL UNIQUE,
    kind       TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE operation (
    sequence       INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id       INTEGER NOT NULL,
    memory_id      INTEGER NOT NULL,
    kind           TEXT    NOT NULL,            -- ADD, UPDATE or DELETE
    old_version_id INTEGER,
    new_version_id INTEGER
) STRICT;
CREATE INDEX operation_memory ON operation (memory_id);

CREATE TABLE memory (
    id           INTEGER PRIMARY KEY,           -- owner << 24 | sequence
    owner_id     INTEGER NOT NULL,
    uid          TEXT    NOT NULL,
    version_id   INTEGER NOT NULL,              -- the text that holds
    changed      INTEGER NOT NULL,              -- the owner version that last wrote this row
    role         TEXT    NOT NULL,
    actor_id     TEXT,
    user_id      TEXT,
    agent_id     TEXT,
    app_id       TEXT,
    run_id       TEXT,
    earlier_runs TEXT,                          -- JSON list: runs it was said in before run_id
    session_id   INTEGER NOT NULL,
    previous_id  INTEGER,                       -- said right before it in the session; its words may be in our vector
    answers      INTEGER NOT NULL DEFAULT 0,    -- 1: the text holds the question too, so the vector needs no neighbour
    digest       BLOB,                          -- what makes a saying the same again; NULL: each is its own memory
    metadata     TEXT    NOT NULL,
    expires_on   TEXT,
    said_at      INTEGER NOT NULL,
    sayings      INTEGER NOT NULL DEFAULT 1,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    deleted_at   INTEGER
) STRICT;
CREATE INDEX memory_changed ON memory (owner_id, changed);
CREATE INDEX memory_digest ON memory (owner_id, digest) WHERE digest IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX memory_previous ON memory (previous_id) WHERE previous_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX memory_expiry ON memory (owner_id, expires_on) WHERE expires_on IS NOT NULL AND deleted_at IS NULL;

CREATE TABLE locator (
    uid       TEXT    PRIMARY KEY,
    owner_id  INTEGER NOT NULL,
    memory_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A memory's first version has the memory's id; later ones take the owner's next sequence.
CREATE TABLE memory_version (
    id            INTEGER PRIMARY KEY,
    memory_id     INTEGER NOT NULL,
    text          TEXT    NOT NULL,
    said_at       INTEGER NOT NULL,
    happened_from INTEGER,
    happened_to   INTEGER,
    recorded_at   INTEGER NOT NULL,
    closed_at     INTEGER,
    replaced_by   INTEGER
) STRICT;
CREATE INDEX version_of_edited ON memory_version (memory_id) WHERE id <> memory_id;

-- Which messages a memory was made from: 'said' counts its sayings, 'asked' is the question it answers.
CREATE TABLE source (
    memory_id  INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    PRIMARY KEY (memory_id, message_id)
) STRICT, WITHOUT ROWID;

-- Where the memories of an entity are, other than with the owner the entity is.
CREATE TABLE membership (
    project   TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    entity_id TEXT    NOT NULL,
    owner_id  INTEGER NOT NULL,
    memory_id INTEGER NOT NULL,
    PRIMARY KEY (project, kind, entity_id, owner_id, memory_id)
) STRICT, WITHOUT ROWID;

-- Derived, by version: the words a text is found by, and its vector. A version without a vector is in unembedded;
-- its stamp tells a vector that was computed for an older neighbour from one that still fits.
CREATE TABLE token (
    version_id INTEGER PRIMARY KEY,
    ids        BLOB NOT NULL                    -- uint32, little-endian, in order
) STRICT;
CREATE TABLE vector (
    version_id INTEGER PRIMARY KEY,
    embedding  BLOB NOT NULL                    -- float32, little-endian, length one
) STRICT;
CREATE TABLE unembedded (
    version_id INTEGER PRIMARY KEY,
    stamp      INTEGER NOT NULL
) STRICT;
