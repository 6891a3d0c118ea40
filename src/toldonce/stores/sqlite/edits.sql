-- Changing and deleting memories, set by set: ?1 is mostly a JSON array. Loaded by edits.py.

-- name: keep_details
UPDATE memory
SET changed = ?2, metadata = ?3, expires_on = ?4, updated_at = ?5, digest = ?6, said_at = ?7,
    created_at = CASE said_at WHEN ?7 THEN created_at ELSE ?7 END, fact = coalesce(?8, fact)
WHERE id = ?1;

-- name: keep_tokens
INSERT INTO token (version_id, ids) VALUES (?1, ?2) ON CONFLICT (version_id) DO UPDATE SET ids = ?2;

-- name: add_version
INSERT INTO memory_version (id, memory_id, text, said_at, recorded_at) VALUES (?, ?, ?, ?, ?);

-- name: close_version
UPDATE memory_version SET closed_at = ?2, replaced_by = ?3 WHERE id = ?1;

-- name: keep_version
UPDATE memory SET version_id = ?2, answers = 0 WHERE id = ?1;

-- name: await_vector
INSERT INTO unembedded (version_id, stamp) VALUES (?1, ?2) ON CONFLICT (version_id) DO UPDATE SET stamp = ?2;

-- name: successors
SELECT m.id, m.version_id, m.previous_id, m.owner_id
FROM json_each(?) AS gone CROSS JOIN memory AS m ON m.previous_id = gone.value AND m.deleted_at IS NULL
ORDER BY m.id;

-- name: embed_again
-- Of [memory, version, owner version].
INSERT INTO unembedded (version_id, stamp) SELECT value ->> 1, value ->> 2 FROM json_each(?1) WHERE true
ON CONFLICT (version_id) DO UPDATE SET stamp = excluded.stamp;

-- name: touch
UPDATE memory SET changed = t.value ->> 2 FROM json_each(?1) AS t WHERE memory.id = t.value ->> 0;

-- name: mark_deleted
-- Of [memory, owner version].
UPDATE memory SET changed = d.value ->> 1, deleted_at = ?2 FROM json_each(?1) AS d WHERE memory.id = d.value ->> 0;

-- name: bury
-- The same of what is damaged, of [memory, owner version]: nothing of the row is kept, as SQLite writes it whole.
UPDATE OR REPLACE memory
SET owner_id = memory.id >> 24, version_id = memory.id, changed = d.value ->> 1, role = 'user', actor_id = NULL,
    user_id = NULL, agent_id = NULL, app_id = NULL, run_id = NULL, earlier_runs = NULL, session_id = memory.id,
    previous_id = NULL, answers = 0, digest = NULL, metadata = '{}', expires_on = NULL, said_at = ?2, sayings = 1,
    created_at = ?2, updated_at = ?2, deleted_at = ?2, fact = NULL,
    uid = CASE WHEN EXISTS (SELECT 1 FROM locator AS l WHERE l.uid = memory.uid AND l.memory_id = memory.id)
          THEN uid ELSE 'damaged ' || memory.id END
FROM json_each(?1) AS d WHERE memory.id = d.value ->> 0;

-- name: versions_of
SELECT v.id FROM json_each(?1) AS gone CROSS JOIN memory_version AS v ON v.id = gone.value
UNION ALL
SELECT v.id FROM json_each(?1) AS gone CROSS JOIN memory_version AS v ON v.memory_id = gone.value AND v.id <> v.memory_id;

-- name: drop_unembedded
DELETE FROM unembedded WHERE version_id IN (SELECT value FROM json_each(?1));

-- name: drop_vectors
DELETE FROM vector WHERE version_id IN (SELECT value FROM json_each(?1));

-- name: drop_rebuilt_vectors
DELETE FROM rebuilt_vector WHERE version_id IN (SELECT value FROM json_each(?1));

-- name: drop_tokens
DELETE FROM token WHERE version_id IN (SELECT value FROM json_each(?1));

-- name: drop_rebuilt_tokens
DELETE FROM rebuilt_token WHERE version_id IN (SELECT value FROM json_each(?1));

-- name: end_memberships
-- Of [kind, entity, owner, memory].
DELETE FROM membership WHERE (project, kind, entity_id, owner_id, memory_id) IN
    (SELECT ?2, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1));

-- name: end_all_memberships
-- Of memories of which it cannot be read what they carried.
DELETE FROM membership WHERE project = ?2 AND memory_id IN (SELECT value FROM json_each(?1));

-- name: lasts
SELECT id, last_memory_id FROM conversation
WHERE owner_id IN (SELECT value FROM json_each(?1)) AND last_memory_id IN (SELECT value FROM json_each(?2));

-- name: keep_lasts
UPDATE conversation SET last_memory_id = l.value ->> 1 FROM json_each(?1) AS l WHERE conversation.id = l.value ->> 0;

-- name: relink
-- Of [memory, version, owner version, previous].
UPDATE memory SET previous_id = r.value ->> 3 FROM json_each(?1) AS r WHERE memory.id = r.value ->> 0;

-- name: sayings_in_run
SELECT s.memory_id, s.message_id
FROM json_each(?1) AS left CROSS JOIN source AS s ON s.memory_id = left.value AND s.kind IN ('said', 'proof')
JOIN message AS m ON m.id = s.message_id AND m.run_id = ?2;

-- name: drop_sources
DELETE FROM source WHERE (memory_id, message_id) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?1));

-- name: last_sayings
SELECT s.memory_id, max(m.said_at)
FROM json_each(?1) AS left CROSS JOIN source AS s ON s.memory_id = left.value AND s.kind IN ('said', 'proof')
JOIN message AS m ON m.id = s.message_id AND typeof(m.said_at) = 'integer'
GROUP BY s.memory_id;

-- name: keep_runs
-- Of [memory, owner version, run, earlier runs, sayings, said_at].
UPDATE memory
SET changed = r.value ->> 1, run_id = r.value ->> 2, earlier_runs = r.value ->> 3, sayings = r.value ->> 4,
    said_at = r.value ->> 5
FROM json_each(?1) AS r WHERE memory.id = r.value ->> 0;

-- name: add_event
INSERT INTO event (uid, kind, created_at) VALUES (?, ?, ?);

-- name: add_operations
-- Of [memory, old version, new version].
INSERT INTO operation (memory_id, place, event_uid, kind, old_version_id, new_version_id)
SELECT value ->> 0, (SELECT coalesce(max(place) + 1, 0) FROM operation
                     WHERE memory_id = value ->> 0 AND typeof(place) = 'integer'), ?2, ?3,
       value ->> 1, value ->> 2
FROM json_each(?1);

-- name: add_changes
-- What was just done to these memories, for the readers of the feed.
INSERT INTO change (memory_id, place)
SELECT value ->> 0, (SELECT max(p.place) FROM operation AS p
                     WHERE p.memory_id = value ->> 0 AND typeof(p.place) = 'integer')
FROM json_each(?1) ORDER BY key;
