-- Statements behind "toldonce doctor", by name. Loaded by doctor.py.

-- name: uid
SELECT uid FROM memory WHERE id = ?;

-- name: whose
SELECT project, kind, entity_id FROM owner
WHERE id = ? AND typeof(project) = 'text' AND typeof(kind) = 'text' AND typeof(entity_id) = 'text';

-- name: whose_talk
SELECT o.project, o.kind, o.entity_id FROM conversation AS c JOIN owner AS o ON o.id = c.owner_id
WHERE c.id = ? AND typeof(o.project) = 'text' AND typeof(o.kind) = 'text' AND typeof(o.entity_id) = 'text';

-- name: carried
-- What a memory names, as far as it can be read.
SELECT iif(typeof(user_id) = 'text', user_id, NULL), iif(typeof(agent_id) = 'text', agent_id, NULL),
       iif(typeof(app_id) = 'text', app_id, NULL), iif(typeof(run_id) = 'text', run_id, NULL),
       iif(typeof(uid) = 'text', uid, NULL)
FROM memory WHERE id = ?;

-- name: memory_of_version
SELECT memory_id FROM memory_version WHERE id = ? AND typeof(memory_id) = 'integer';

-- name: versions_raw
SELECT id, CAST(text AS BLOB) FROM memory_version WHERE id >> 24 = ?1 >> 24 AND memory_id = ?1;

-- name: without_version
SELECT m.id FROM memory AS m
WHERE NOT EXISTS (SELECT 1 FROM memory_version AS v WHERE v.id = m.version_id AND v.memory_id = m.id);

-- name: without_tokens
SELECT m.id FROM memory AS m JOIN memory_version AS v ON v.id = m.version_id
WHERE m.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM token AS t WHERE t.version_id = m.version_id);

-- name: without_vector
SELECT m.id FROM memory AS m JOIN memory_version AS v ON v.id = m.version_id
WHERE m.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM vector AS e WHERE e.version_id = m.version_id)
  AND NOT EXISTS (SELECT 1 FROM unembedded AS u WHERE u.version_id = m.version_id);

-- name: without_locator
SELECT m.id FROM memory AS m
WHERE NOT EXISTS (SELECT 1 FROM locator AS l WHERE l.uid = m.uid AND l.memory_id = m.id);

-- name: to_be_found_by
SELECT m.version_id, v.text, m.actor_id, m.said_at
FROM memory AS m JOIN memory_version AS v ON v.id = m.version_id WHERE m.id = ?;

-- name: keep_tokens
INSERT INTO token (version_id, ids) VALUES (?, ?);

-- name: await_vectors
INSERT OR IGNORE INTO unembedded (version_id, stamp)
SELECT m.version_id, m.changed FROM memory AS m JOIN memory_version AS v ON v.id = m.version_id
WHERE m.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM vector AS e WHERE e.version_id = m.version_id);

-- name: add_locators
INSERT OR REPLACE INTO locator (uid, owner_id, memory_id)
SELECT m.uid, m.owner_id, m.id FROM memory AS m
WHERE NOT EXISTS (SELECT 1 FROM locator AS l WHERE l.uid = m.uid AND l.memory_id = m.id AND l.owner_id = m.owner_id);

-- name: add_memberships
-- Every entity that a memory carries, but for the one that owns it.
INSERT OR IGNORE INTO membership (project, kind, entity_id, owner_id, memory_id)
SELECT o.project, carried.kind, carried.entity_id, m.owner_id, m.id
FROM memory AS m JOIN owner AS o ON o.id = m.owner_id
JOIN (
    SELECT id, 'user' AS kind, user_id AS entity_id FROM memory
    UNION ALL SELECT id, 'agent', agent_id FROM memory
    UNION ALL SELECT id, 'app', app_id FROM memory
    UNION ALL SELECT id, 'run', run_id FROM memory
    UNION ALL SELECT r.id, 'run', e.value FROM memory AS r, json_each(coalesce(r.earlier_runs, '[]')) AS e
) AS carried ON carried.id = m.id
WHERE m.deleted_at IS NULL AND carried.entity_id IS NOT NULL AND carried.kind <> o.kind AND typeof(o.project) = 'text';

-- name: owner_behind
-- Counters that would give an id again.
SELECT o.id FROM owner AS o WHERE typeof(o.next_sequence) = 'integer' AND o.next_sequence <= (
    SELECT coalesce(max(v.id & 0xFFFFFF), 0) FROM memory_version AS v
    WHERE v.id BETWEEN o.id << 24 AND o.id << 24 | 0xFFFFFF);

-- name: conversation_behind
SELECT c.id FROM conversation AS c WHERE typeof(c.next_place) = 'integer' AND c.next_place <= (
    SELECT coalesce(max(m.id & 0xFFFFFF), -1) FROM message AS m
    WHERE m.id BETWEEN c.id << 24 AND c.id << 24 | 0xFFFFFF);

-- name: mend_owner
UPDATE owner SET
    version = 1 + coalesce((SELECT max(changed) FROM memory WHERE owner_id = ?1 AND typeof(changed) = 'integer'), 0),
    next_sequence = 1 + coalesce((SELECT max(id & 0xFFFFFF) FROM memory_version
                                  WHERE id BETWEEN ?1 << 24 AND ?1 << 24 | 0xFFFFFF), 0),
    created_at = coalesce((SELECT min(created_at) FROM memory WHERE owner_id = ?1 AND typeof(created_at) = 'integer'), 0)
WHERE id = ?1;

-- name: mend_conversation
UPDATE conversation SET
    next_place = 1 + coalesce((SELECT max(id & 0xFFFFFF) FROM message
                               WHERE id BETWEEN ?1 << 24 AND ?1 << 24 | 0xFFFFFF), -1),
    session_id = NULL, last_said_at = NULL, last_memory_id = NULL
WHERE id = ?1;

-- name: bump
UPDATE owner SET version = version + 1 WHERE id = ?;

-- name: drop_memory
DELETE FROM memory WHERE id = ?;

-- name: drop_versions
DELETE FROM memory_version WHERE id = ?1 OR (id >> 24 = ?1 >> 24 AND memory_id = ?1);

-- name: drop_tokens
DELETE FROM token WHERE version_id = ?1;

-- name: drop_vectors
DELETE FROM vector WHERE version_id = ?1;

-- name: drop_unembedded
DELETE FROM unembedded WHERE version_id = ?1;

-- name: drop_locators
DELETE FROM locator WHERE memory_id = ?1;

-- name: drop_members
DELETE FROM membership WHERE memory_id = ?1;

-- name: drop_sources
DELETE FROM source WHERE memory_id = ?1;

-- name: drop_operations
DELETE FROM operation WHERE memory_id = ?1;

-- name: drop_changes
DELETE FROM change WHERE memory_id = ?1 AND sequence < (SELECT max(sequence) FROM change);
