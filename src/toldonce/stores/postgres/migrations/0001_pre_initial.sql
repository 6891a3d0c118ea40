-- The first schema: the tables of the SQLite store, in one. Times are microseconds since 1970-01-01 UTC. An id of the
-- form owner << 24 | sequence keeps the rows of one owner side by side in every index; sequences are never reused.

CREATE TABLE setting (
    key   text PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE secret (
    name  text  PRIMARY KEY,
    value bytea NOT NULL
);

CREATE TABLE owner (
    id            bigint GENERATED ALWAYS AS IDENTITY (MAXVALUE 549755813887) PRIMARY KEY,
    project       text   NOT NULL,
    kind          text   NOT NULL,
    entity_id     text   NOT NULL,
    version       bigint NOT NULL DEFAULT 0,    -- grows with every change to what this owner holds
    next_sequence bigint NOT NULL DEFAULT 1,
    created_at    bigint NOT NULL,
    UNIQUE (project, kind, entity_id)
) WITH (fillfactor = 50);                       -- its rows are updated with every write: room for that on the same page

-- The journal: every message exactly as it was said, once, in order.
CREATE TABLE conversation (
    id             bigint GENERATED ALWAYS AS IDENTITY (MAXVALUE 549755813887) PRIMARY KEY,
    owner_id       bigint NOT NULL,
    key            text   NOT NULL,
    next_place     bigint NOT NULL DEFAULT 0,
    session_id     bigint,                      -- the first memory of the stretch of talk that is going on
    last_said_at   bigint,
    last_memory_id bigint,
    UNIQUE (owner_id, key)
) WITH (fillfactor = 50);

CREATE TABLE message (
    id              bigint  PRIMARY KEY,        -- conversation << 24 | place: (conversation, place) is unique
    conversation_id bigint  NOT NULL,
    external_id     text,
    role            text    NOT NULL,
    name            text,
    content         text    NOT NULL,
    said_at         bigint  NOT NULL,
    timed           smallint NOT NULL,          -- 1: the caller said when; 0: it counts as said when recorded
    recorded_at     bigint  NOT NULL,
    digest          bytea   NOT NULL,
    agent_id        text,
    app_id          text,
    run_id          text
);
CREATE UNIQUE INDEX message_external ON message (conversation_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX message_digest ON message (conversation_id, digest);

CREATE TABLE memory (
    id           bigint  PRIMARY KEY,           -- owner << 24 | sequence
    owner_id     bigint  NOT NULL,
    uid          text    NOT NULL,
    version_id   bigint  NOT NULL,              -- the text that holds
    changed      bigint  NOT NULL,              -- the owner version that last wrote this row
    role         text    NOT NULL,
    actor_id     text,
    user_id      text,
    agent_id     text,
    app_id       text,
    run_id       text,
    earlier_runs text,                          -- JSON list: runs it was said in before run_id
    session_id   bigint  NOT NULL,
    previous_id  bigint,                        -- said right before it in the session; its words may be in our vector
    answers      smallint NOT NULL DEFAULT 0,   -- 1: the text holds the question too: the vector needs no neighbour
    digest       bytea,                         -- what makes a saying the same again; NULL: each is its own memory
    metadata     text    NOT NULL,              -- JSON object
    expires_on   text,
    said_at      bigint  NOT NULL,
    sayings      bigint  NOT NULL DEFAULT 1,
    created_at   bigint  NOT NULL,
    updated_at   bigint  NOT NULL,
    deleted_at   bigint,
    fact         text,                          -- JSON object: what is known of a fact; NULL: what was said
    CHECK (id >> 24 = owner_id)
);
CREATE INDEX memory_changed ON memory (owner_id, changed);
CREATE INDEX memory_digest ON memory (owner_id, digest) WHERE digest IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX memory_previous ON memory (previous_id) WHERE previous_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX memory_expiry ON memory (owner_id, expires_on) WHERE expires_on IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX memory_created ON memory (owner_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX memory_fact ON memory (owner_id, changed) WHERE fact IS NOT NULL;
CREATE UNIQUE INDEX memory_fact_once ON memory (owner_id, digest)
    WHERE fact IS NOT NULL AND digest IS NOT NULL AND deleted_at IS NULL;

CREATE TABLE locator (
    uid       text   PRIMARY KEY,
    owner_id  bigint NOT NULL,
    memory_id bigint NOT NULL
);

-- A memory's first version has the memory's id; later ones take the owner's next sequence.
CREATE TABLE memory_version (
    id            bigint PRIMARY KEY,
    memory_id     bigint NOT NULL,
    text          text   NOT NULL,
    said_at       bigint NOT NULL,
    happened_from bigint,
    happened_to   bigint,
    recorded_at   bigint NOT NULL,
    closed_at     bigint,
    replaced_by   bigint,
    CHECK (id >> 24 = memory_id >> 24)
);
CREATE INDEX version_of_edited ON memory_version (memory_id) WHERE id <> memory_id;

-- Which messages a memory was made from: 'said' counts its sayings, 'asked' is the question it answers, 'proof' proves
-- a fact.
CREATE TABLE source (
    memory_id  bigint NOT NULL,
    message_id bigint NOT NULL,
    kind       text   NOT NULL,
    PRIMARY KEY (memory_id, message_id)
);
CREATE INDEX source_message ON source (message_id);

-- Where the memories of an entity are, other than with the owner the entity is.
CREATE TABLE membership (
    project   text   NOT NULL,
    kind      text   NOT NULL,
    entity_id text   NOT NULL,
    owner_id  bigint NOT NULL,
    memory_id bigint NOT NULL,
    PRIMARY KEY (project, kind, entity_id, owner_id, memory_id)
);
CREATE INDEX membership_memory ON membership (memory_id);

-- What was done to memories, appended only. An event is one acknowledged call.
CREATE TABLE event (
    uid        text   PRIMARY KEY,
    kind       text   NOT NULL,
    created_at bigint NOT NULL
);

CREATE TABLE operation (
    memory_id      bigint NOT NULL,
    place          bigint NOT NULL,             -- in the memory's history, from 0
    event_uid      text   NOT NULL,
    kind           text   NOT NULL,             -- ADD, UPDATE or DELETE
    old_version_id bigint,
    new_version_id bigint,
    PRIMARY KEY (memory_id, place)
);
CREATE INDEX operation_event ON operation (event_uid);

-- The change feed. A sequence begins with the transaction's number, so that whoever reads up to the oldest transaction
-- under way misses nothing that is committed later.
CREATE TABLE change (
    sequence  bigint PRIMARY KEY,
    memory_id bigint NOT NULL,
    place     bigint NOT NULL                   -- in the memory's history
);
CREATE INDEX change_memory ON change (memory_id);

CREATE TABLE feed_reader (
    name     text   PRIMARY KEY,
    sequence bigint NOT NULL                    -- of the last change that was read
);

-- Derived, by version: the words a text is found by, and its vector. A version without a vector is in unembedded;
-- its stamp tells a vector that was computed for an older neighbour from one that still fits.
CREATE TABLE token (
    version_id bigint PRIMARY KEY,
    ids        bytea  NOT NULL                  -- uint32, little-endian, in order
);
CREATE TABLE embedding (
    version_id bigint PRIMARY KEY,
    vector     vector,                          -- of length one; NULL, during a rebuild: it cannot be embedded
    tokens     bytea                            -- of the text's tokens, int8; NULL where the embedder gives none
);
ALTER TABLE embedding ALTER COLUMN vector SET STORAGE EXTERNAL;  -- numbers that look random do not compress
CREATE TABLE unembedded (
    version_id bigint PRIMARY KEY,
    stamp      bigint NOT NULL
);

-- What a rebuild has made so far. When it is complete these tables take the places of embedding and token.
CREATE TABLE rebuilt_embedding (LIKE embedding INCLUDING ALL);
CREATE TABLE rebuilt_token (LIKE token INCLUDING ALL);
-- How far it is with each owner: memories up to here, in the order they were last changed in, are done.
CREATE TABLE rebuilt_owner (
    owner_id  bigint PRIMARY KEY,
    changed   bigint NOT NULL,
    memory_id bigint NOT NULL
);

-- What was erased, and keyed digests of the words, so that a history that is sent again does not bring them back.
CREATE TABLE erasure (
    number       bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id           text    NOT NULL,
    project      text    NOT NULL,
    kind         text    NOT NULL,              -- user, agent, app, run, memory or project
    subject      bytea   NOT NULL,              -- keyed digest of the entity
    allow_return bigint  NOT NULL,
    ordered_at   bigint  NOT NULL,
    entity       text,                          -- until it is carried out
    hidden_at    bigint,
    erased_at    bigint,
    counts       text    NOT NULL DEFAULT '{}', -- JSON object
    owners       text    NOT NULL DEFAULT '[]', -- JSON list of owner ids
    receipt      text                           -- JSON
);
CREATE TABLE erased_words (
    subject bytea  NOT NULL,                    -- keyed digest of their owner
    digest  bytea  NOT NULL,
    at      bigint NOT NULL,
    PRIMARY KEY (subject, digest)
);

-- What the server keeps: who may talk to it, what each acknowledged call did, and what is still to be delivered.
-- None of these tables holds words of a memory: they name memories by id, and the words are read where they live.
CREATE TABLE project (
    id           text   PRIMARY KEY,
    organisation text   NOT NULL,
    name         text   NOT NULL,
    description  text,
    settings     text   NOT NULL DEFAULT '{}',  -- JSON object
    created_at   bigint NOT NULL,
    updated_at   bigint NOT NULL,
    deleted_at   bigint
);
CREATE UNIQUE INDEX project_name ON project (organisation, name) WHERE deleted_at IS NULL;

CREATE TABLE member (
    project    text   NOT NULL,
    email      text   NOT NULL,
    role       text   NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (project, email)
);

CREATE TABLE api_key (
    id           text   PRIMARY KEY,
    project      text   NOT NULL,
    name         text   NOT NULL,
    digest       bytea  NOT NULL,               -- keyed hash of the whole key; the key itself is nowhere
    scopes       text   NOT NULL,               -- 'read write admin', those it has
    created_at   bigint NOT NULL,
    expires_at   bigint,
    last_used_at bigint,
    revoked_at   bigint
);

-- One acknowledged call that changed something, under the id its caller was given.
CREATE TABLE call (
    id              text   PRIMARY KEY,
    project         text   NOT NULL,
    kind            text   NOT NULL,            -- ADD, UPDATE, DELETE, or another that is no event of memories
    results         text   NOT NULL,            -- JSON list of [memory uid, what happened to it]
    answer          text   NOT NULL,            -- JSON object the reply is made from
    idempotency_key text,
    fingerprint     bytea,                      -- keyed hash of the request that first carried the key
    started_at      bigint NOT NULL,
    finished_at     bigint NOT NULL
);
CREATE UNIQUE INDEX call_idempotency ON call (project, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX call_project ON call (project, finished_at);

CREATE TABLE feedback (
    project    text   NOT NULL,
    memory_uid text   NOT NULL,
    verdict    text,
    reason     text,
    updated_at bigint NOT NULL,
    PRIMARY KEY (project, memory_uid)
);

CREATE TABLE export (
    id         text   PRIMARY KEY,
    project    text   NOT NULL,
    schema     text   NOT NULL,                 -- JSON
    filters    text   NOT NULL,                 -- JSON, as sent
    created_at bigint NOT NULL
);
CREATE INDEX export_project ON export (project, created_at);

CREATE TABLE webhook (
    id          text   PRIMARY KEY,
    project     text   NOT NULL,
    name        text   NOT NULL,
    url         text   NOT NULL,
    event_types text   NOT NULL,                -- JSON list
    secret      text   NOT NULL,                -- signs what is delivered, so it has to be readable
    created_at  bigint NOT NULL,
    updated_at  bigint NOT NULL,
    since       bigint NOT NULL DEFAULT 0       -- it is told of later changes only
);
CREATE INDEX webhook_project ON webhook (project);

CREATE TABLE job (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text   NOT NULL,
    payload      text   NOT NULL,               -- JSON
    attempts     bigint NOT NULL DEFAULT 0,
    due_at       bigint NOT NULL,               -- not before; while leased: when the lease ends
    created_at   bigint NOT NULL,
    priority     bigint NOT NULL DEFAULT 0,
    share        text   NOT NULL DEFAULT '',
    lane         text   NOT NULL DEFAULT '',
    key          text
);
CREATE INDEX job_due ON job (due_at);
CREATE INDEX job_lane ON job (lane, id) WHERE lane <> '';
CREATE UNIQUE INDEX job_key ON job (key) WHERE key IS NOT NULL;

CREATE TABLE delivery (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook_id   text   NOT NULL,
    message_id   text   NOT NULL,
    event_type   text   NOT NULL,
    memory_uid   text   NOT NULL,
    attempt      bigint NOT NULL,
    status       bigint,                        -- HTTP status, if there was an answer
    error        text,
    next_at      bigint,                        -- when it is tried again; NULL: it is not
    at           bigint NOT NULL
);
CREATE INDEX delivery_webhook ON delivery (webhook_id, id);
CREATE INDEX delivery_memory ON delivery (memory_uid);

-- Who has the store open, so that all of them let go of what was erased.
CREATE TABLE opener (
    id       text   PRIMARY KEY,
    name     text   NOT NULL,                   -- for people to read
    wanted   bigint NOT NULL DEFAULT 0,         -- it is to let go of what was erased up to this erasure
    known    bigint NOT NULL DEFAULT 0,         -- and has, up to this one
    seen_at  timestamptz NOT NULL DEFAULT now()
);

-- Lists that statements are given as JSON.
CREATE FUNCTION toldonce_ids(list text) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT coalesce(array_agg(value::bigint), '{}') FROM jsonb_array_elements_text(list::jsonb) $$;
CREATE FUNCTION toldonce_texts(list text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT coalesce(array_agg(value), '{}') FROM jsonb_array_elements_text(list::jsonb) $$;
CREATE FUNCTION toldonce_bytes(list text) RETURNS bytea[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT coalesce(array_agg(decode(value, 'hex')), '{}') FROM jsonb_array_elements_text(list::jsonb) $$;
