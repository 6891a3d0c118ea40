-- Changing and deleting memories, set by set: $1 is mostly a JSON array. Run by stores/sql/edits.py.

-- name: keep_details
UPDATE memory
SET changed = $2, metadata = $3, expires_on = $4, updated_at = $5, digest = $6, said_at = $7,
    created_at = CASE said_at WHEN $7 THEN created_at ELSE $7 END, fact = coalesce($8::text, fact)
WHERE id = $1;

-- name: keep_tokens
INSERT INTO token (version_id, ids) VALUES ($1, $2) ON CONFLICT (version_id) DO UPDATE SET ids = $2;

-- name: add_version
INSERT INTO memory_version (id, memory_id, text, said_at, recorded_at) VALUES ($1, $2, $3, $4, $5);

-- name: close_version
UPDATE memory_version SET closed_at = $2, replaced_by = $3 WHERE id = $1;

-- name: keep_version
UPDATE memory SET version_id = $2, answers = 0 WHERE id = $1;

-- name: await_vector
INSERT INTO unembedded (version_id, stamp) VALUES ($1, $2) ON CONFLICT (version_id) DO UPDATE SET stamp = $2;

-- name: successors
SELECT m.id, m.version_id, m.previous_id, m.owner_id
FROM memory AS m WHERE m.previous_id = ANY(toldonce_ids($1)) AND m.deleted_at IS NULL
ORDER BY m.id;

-- name: embed_again
-- Of [memory, version, owner version].
INSERT INTO unembedded (version_id, stamp) 
SELECT (value ->> 1)::bigint, (value ->> 2)::bigint FROM jsonb_array_elements($1::jsonb)
ON CONFLICT (version_id) DO UPDATE SET stamp = excluded.stamp;

-- name: touch
UPDATE memory SET changed = (t.value ->> 2)::bigint FROM jsonb_array_elements($1::jsonb) AS t
WHERE memory.id = (t.value ->> 0)::bigint;

-- name: mark_deleted
-- Of [memory, owner version].
UPDATE memory SET changed = (d.value ->> 1)::bigint, deleted_at = $2 FROM jsonb_array_elements($1::jsonb) AS d
WHERE memory.id = (d.value ->> 0)::bigint;

-- name: versions_of
SELECT id FROM memory_version WHERE id = ANY(toldonce_ids($1))
UNION ALL
SELECT id FROM memory_version WHERE memory_id = ANY(toldonce_ids($1)) AND id <> memory_id;

-- name: drop_unembedded
DELETE FROM unembedded WHERE version_id = ANY(toldonce_ids($1));

-- name: drop_vectors
DELETE FROM embedding WHERE version_id = ANY(toldonce_ids($1));

-- name: drop_rebuilt_vectors
DELETE FROM rebuilt_embedding WHERE version_id = ANY(toldonce_ids($1));

-- name: drop_tokens
DELETE FROM token WHERE version_id = ANY(toldonce_ids($1));

-- name: drop_rebuilt_tokens
DELETE FROM rebuilt_token WHERE version_id = ANY(toldonce_ids($1));

-- name: end_memberships
-- Of [kind, entity, owner, memory].
DELETE FROM membership WHERE (project, kind, entity_id, owner_id, memory_id) IN
    (SELECT $2, value ->> 0, value ->> 1, (value ->> 2)::bigint, (value ->> 3)::bigint
     FROM jsonb_array_elements($1::jsonb));

-- name: lasts
SELECT id, last_memory_id FROM conversation
WHERE owner_id = ANY(toldonce_ids($1)) AND last_memory_id = ANY(toldonce_ids($2));

-- name: keep_lasts
UPDATE conversation SET last_memory_id = (l.value ->> 1)::bigint FROM jsonb_array_elements($1::jsonb) AS l
WHERE conversation.id = (l.value ->> 0)::bigint;

-- name: relink
-- Of [memory, version, owner version, previous].
UPDATE memory SET previous_id = (r.value ->> 3)::bigint FROM jsonb_array_elements($1::jsonb) AS r
WHERE memory.id = (r.value ->> 0)::bigint;

-- name: sayings_in_run
SELECT s.memory_id, s.message_id
FROM source AS s JOIN message AS m ON m.id = s.message_id AND m.run_id = $2
WHERE s.memory_id = ANY(toldonce_ids($1)) AND s.kind IN ('said', 'proof');

-- name: drop_sources
DELETE FROM source WHERE (memory_id, message_id) IN 
    (SELECT (value ->> 0)::bigint, (value ->> 1)::bigint FROM jsonb_array_elements($1::jsonb));

-- name: last_sayings
SELECT s.memory_id, max(m.said_at)
FROM source AS s JOIN message AS m ON m.id = s.message_id
WHERE s.memory_id = ANY(toldonce_ids($1)) AND s.kind IN ('said', 'proof')
GROUP BY s.memory_id;

-- name: keep_runs
-- Of [memory, owner version, run, earlier runs, sayings, said_at].
UPDATE memory
SET changed = (r.value ->> 1)::bigint, run_id = r.value ->> 2, earlier_runs = r.value ->> 3,
    sayings = (r.value ->> 4)::bigint, said_at = (r.value ->> 5)::bigint
FROM jsonb_array_elements($1::jsonb) AS r WHERE memory.id = (r.value ->> 0)::bigint;

-- name: add_event
INSERT INTO event (uid, kind, created_at) VALUES ($1, $2, $3);

-- name: add_operations
-- Of [memory, old version, new version].
INSERT INTO operation (memory_id, place, event_uid, kind, old_version_id, new_version_id)
SELECT (value ->> 0)::bigint,
       (SELECT coalesce(max(o.place) + 1, 0) FROM operation AS o WHERE o.memory_id = (value ->> 0)::bigint), $2, $3,
       (value ->> 1)::bigint, (value ->> 2)::bigint
FROM jsonb_array_elements($1::jsonb);

-- name: add_changes
-- What was just done to these memories, for the readers of the feed.
INSERT INTO change (sequence, memory_id, place)
SELECT (SELECT coalesce(max(c.sequence) + 1, first.sequence) FROM change AS c
        WHERE c.sequence BETWEEN first.sequence AND first.sequence + 1048575)
           + e.number - 1,
       (e.value ->> 0)::bigint,
       (SELECT max(p.place) FROM operation AS p WHERE p.memory_id = (e.value ->> 0)::bigint)
FROM (SELECT pg_current_xact_id()::text::bigint << 20 AS sequence) AS first,
     jsonb_array_elements($1::jsonb) WITH ORDINALITY AS e(value, number);
