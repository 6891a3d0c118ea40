-- Reading a conversation for whoever offers it messages, and writing what came of it. Run by conversation.py. The
-- first four are sent together, so each of them finds the conversation by its address.

-- name: address
-- Always one row: words may have been erased of an owner who is not there.
SELECT o.id, c.id, c.next_place, c.session_id, c.last_said_at, c.last_memory_id,
       EXISTS (SELECT 1 FROM erased_words WHERE subject = $5)
FROM (SELECT 1) AS one
LEFT JOIN owner AS o ON o.project = $1 AND o.kind = $2 AND o.entity_id = $3
LEFT JOIN conversation AS c ON c.owner_id = o.id AND c.key = $4;

-- name: latest
-- $5: how many.
SELECT m.id, m.role, m.content, m.name, m.id - (c.id << 24), m.digest, CASE m.timed WHEN 1 THEN m.said_at END,
       m.recorded_at, m.agent_id IS NOT DISTINCT FROM $6::text AND m.app_id IS NOT DISTINCT FROM $7::text
FROM owner AS o JOIN conversation AS c ON c.owner_id = o.id AND c.key = $4
JOIN message AS m ON m.id >= (c.id << 24) + greatest(c.next_place - $5, 0) AND m.id < (c.id << 24) + c.next_place
WHERE o.project = $1 AND o.kind = $2 AND o.entity_id = $3 ORDER BY m.id;

-- name: window
-- $5: among how many; $8: how many of them.
SELECT place, digest, said_at, recorded_at
FROM (SELECT m.id - (c.id << 24) AS place, m.digest, CASE m.timed WHEN 1 THEN m.said_at END AS said_at, m.recorded_at
      FROM owner AS o JOIN conversation AS c ON c.owner_id = o.id AND c.key = $4
      JOIN message AS m ON m.id >= (c.id << 24) + greatest(c.next_place - $5, 0) AND m.id < (c.id << 24) + c.next_place
      WHERE o.project = $1 AND o.kind = $2 AND o.entity_id = $3
        AND m.agent_id IS NOT DISTINCT FROM $6::text AND m.app_id IS NOT DISTINCT FROM $7::text
      ORDER BY m.id DESC LIMIT $8) AS latest
ORDER BY place;

-- name: known_ids
SELECT m.external_id, m.id - (c.id << 24)
FROM owner AS o JOIN conversation AS c ON c.owner_id = o.id AND c.key = $4
JOIN message AS m ON m.conversation_id = c.id AND m.external_id = ANY(toldonce_texts($5))
WHERE o.project = $1 AND o.kind = $2 AND o.entity_id = $3;

-- name: timed
SELECT m.digest, m.said_at, m.id - (c.id << 24)
FROM owner AS o JOIN conversation AS c ON c.owner_id = o.id AND c.key = $4
JOIN (SELECT DISTINCT decode(value ->> 0, 'hex') AS digest, (value ->> 1)::bigint AS said_at
      FROM jsonb_array_elements($5::jsonb)) AS wanted ON true
JOIN message AS m ON m.conversation_id = c.id AND m.digest = wanted.digest AND m.said_at = wanted.said_at AND m.timed = 1
WHERE o.project = $1 AND o.kind = $2 AND o.entity_id = $3 ORDER BY m.id;

-- name: memories_said_at
SELECT m.id, s.message_id, m.uid, v.text, m.sayings, m.deleted_at IS NOT NULL
FROM source AS s JOIN memory AS m ON m.id = s.memory_id JOIN memory_version AS v ON v.id = m.version_id
WHERE s.message_id = ANY(toldonce_ids($1)) AND s.kind = 'said'
ORDER BY s.message_id, m.id;

-- name: messages_at
SELECT m.id, m.role, m.name, m.content, m.said_at, m.timed, m.recorded_at, m.digest, m.external_id,
       m.agent_id, m.app_id, m.run_id, c.key
FROM conversation AS c JOIN message AS m ON m.id >= $2 AND m.id <= (c.id << 24) + 16777215
WHERE c.id = $1 ORDER BY m.id LIMIT $3;

-- name: known_words
SELECT m.id, m.uid, m.owner_id, m.version_id, v.text, m.user_id, m.agent_id, m.app_id, m.run_id, m.earlier_runs,
       1, m.role, m.actor_id, m.previous_id, m.metadata, m.expires_on, m.said_at, m.sayings, m.fact,
       m.changed, m.session_id, m.answers, m.created_at, m.updated_at, m.digest, t.ids
FROM memory AS m
JOIN memory_version AS v ON v.id = m.version_id
LEFT JOIN token AS t ON t.version_id = m.version_id
WHERE m.owner_id = $1 AND m.digest = ANY(toldonce_bytes($2)) AND m.deleted_at IS NULL AND m.fact IS NULL
ORDER BY m.id;

-- name: add_conversation
INSERT INTO conversation (owner_id, key) VALUES ($1, $2) RETURNING id;

-- name: release_ids
UPDATE message SET external_id = NULL WHERE conversation_id = $1 AND external_id = ANY(toldonce_texts($2));

-- name: append
INSERT INTO message (id, conversation_id, role, name, content, said_at, timed, recorded_at, digest, external_id,
                     agent_id, app_id, run_id)
SELECT (value ->> 0)::bigint, $1, value ->> 1, value ->> 2, value ->> 3, (value ->> 4)::bigint,
       (value ->> 5)::smallint, (value ->> 6)::bigint, decode(value ->> 7, 'hex'), value ->> 8, value ->> 9,
       value ->> 10, value ->> 11
FROM jsonb_array_elements($2::jsonb);

-- name: apply
-- What one call adds, in one statement. The lists are JSON arrays of arrays, of which bytes are in hexadecimal.
WITH messages AS (
    INSERT INTO message (id, conversation_id, role, name, content, said_at, timed, recorded_at, digest, external_id,
                         agent_id, app_id, run_id)
    SELECT (value ->> 0)::bigint, $1::bigint, value ->> 1, value ->> 2, value ->> 3, (value ->> 4)::bigint,
           (value ->> 5)::smallint, (value ->> 6)::bigint, decode(value ->> 7, 'hex'), value ->> 8, value ->> 9,
           value ->> 10, value ->> 11
    FROM jsonb_array_elements($2::jsonb)
), made AS (
    SELECT (value ->> 0)::bigint AS id, value, number
    FROM jsonb_array_elements($8::jsonb) WITH ORDINALITY AS made(value, number)
), versions AS (
    INSERT INTO memory_version (id, memory_id, text, said_at, recorded_at)
    SELECT id, id, value ->> 2, (value ->> 3)::bigint, $7::bigint FROM made
), memories AS (
    INSERT INTO memory (id, owner_id, uid, version_id, changed, role, actor_id, user_id, agent_id, app_id, run_id,
                        session_id, previous_id, answers, digest, metadata, expires_on, said_at, sayings, created_at,
                        updated_at, fact)
    SELECT id, $3::bigint, value ->> 1, id, $5::bigint, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
           value ->> 8, value ->> 9, (value ->> 10)::bigint, (value ->> 11)::bigint, (value ->> 12)::smallint,
           decode(value ->> 13, 'hex'), value ->> 14, value ->> 15, (value ->> 3)::bigint, (value ->> 16)::bigint,
           (value ->> 17)::bigint, (value ->> 17)::bigint, value ->> 19
    FROM made
), locators AS (
    INSERT INTO locator (uid, owner_id, memory_id) SELECT value ->> 1, $3::bigint, id FROM made
), tokens AS (
    INSERT INTO token (version_id, ids) SELECT id, decode(value ->> 18, 'hex') FROM made
), waiting AS (
    INSERT INTO unembedded (version_id, stamp) SELECT id, $5::bigint FROM made
), events AS (
    INSERT INTO event (uid, kind, created_at) SELECT $6::text, 'ADD', $7::bigint WHERE $6::text IS NOT NULL
), operations AS (
    INSERT INTO operation (memory_id, place, event_uid, kind, old_version_id, new_version_id)
    SELECT id, 0, $6::text, 'ADD', NULL, id FROM made
), changes AS (
    INSERT INTO change (sequence, memory_id, place)
    SELECT (SELECT coalesce(max(c.sequence) + 1, first.sequence) FROM change AS c
            WHERE c.sequence BETWEEN first.sequence AND first.sequence + 1048575)
               + number - 1, id, 0
    FROM (SELECT pg_current_xact_id()::text::bigint << 20 AS sequence) AS first, made
), repeated AS (  -- id, version, sayings, said_at, run, earlier runs, tokens, fact
    SELECT value FROM jsonb_array_elements($9::jsonb)
), counted AS (
    UPDATE memory
    SET changed = $5::bigint, sayings = (r.value ->> 2)::bigint, said_at = (r.value ->> 3)::bigint,
        run_id = r.value ->> 4, earlier_runs = r.value ->> 5, fact = r.value ->> 7
    FROM repeated AS r WHERE memory.id = (r.value ->> 0)::bigint
), retokened AS (
    INSERT INTO token (version_id, ids) SELECT (value ->> 1)::bigint, decode(value ->> 6, 'hex') FROM repeated
    ON CONFLICT (version_id) DO UPDATE SET ids = excluded.ids
), sources AS (  -- memory, message, kind
    INSERT INTO source (memory_id, message_id, kind)
    SELECT (value ->> 0)::bigint, (value ->> 1)::bigint, value ->> 2 FROM jsonb_array_elements($10::jsonb)
    ON CONFLICT DO NOTHING
), carried AS (  -- kind, entity, memory
    INSERT INTO membership (project, kind, entity_id, owner_id, memory_id)
    SELECT $4::text, value ->> 0, value ->> 1, $3::bigint, (value ->> 2)::bigint
    FROM jsonb_array_elements($11::jsonb)
    ON CONFLICT DO NOTHING
)
UPDATE conversation
SET next_place = $12::bigint, session_id = $13::bigint, last_said_at = $14::bigint, last_memory_id = $15::bigint
WHERE id = $1::bigint AND $12::bigint IS NOT NULL;
