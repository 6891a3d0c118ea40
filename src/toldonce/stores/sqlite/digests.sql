-- Making digests anew. Loaded by stores/sql/digests.py.

-- name: messages_after
SELECT id FROM message WHERE id > ? ORDER BY id LIMIT ?;

-- name: memories_after
SELECT id FROM memory WHERE id > ? AND digest IS NOT NULL AND fact IS NULL ORDER BY id LIMIT ?;

-- name: said
-- Messages with the metadata and last day of the memory that each made, or that one of the same call made: among 32
-- before and after it. A journal has no metadata of its own; what one call told has the same.
SELECT m.id, m.role, m.name, m.content, m.agent_id, m.app_id,
       coalesce((SELECT json_array(n.metadata, n.expires_on) FROM source AS s JOIN memory AS n ON n.id = s.memory_id
                 WHERE s.message_id = m.id AND s.kind = 'said' LIMIT 1),
                (SELECT json_array(n.metadata, n.expires_on) FROM source AS s JOIN memory AS n ON n.id = s.memory_id
                 JOIN message AS o ON o.id = s.message_id
                 WHERE o.id BETWEEN m.id - 32 AND m.id + 32 AND o.id >> 24 = m.id >> 24 AND s.kind = 'said'
                   AND o.agent_id IS m.agent_id AND o.app_id IS m.app_id
                 ORDER BY o.recorded_at <> m.recorded_at, abs(o.id - m.id) LIMIT 1))
FROM message AS m
WHERE m.id IN (SELECT value FROM json_each(?));

-- name: with_silent
SELECT DISTINCT m.id FROM json_each(?) AS told CROSS JOIN message AS m
  ON m.id BETWEEN told.value - 32 AND told.value + 32 AND m.id >> 24 = told.value >> 24
WHERE m.id = told.value
   OR NOT EXISTS (SELECT 1 FROM source AS s WHERE s.message_id = m.id AND s.kind = 'said');

-- name: known
SELECT m.id, m.role, m.actor_id, v.text, m.agent_id, m.app_id, m.metadata, m.expires_on
FROM memory AS m JOIN memory_version AS v ON v.id = m.version_id
WHERE m.id IN (SELECT value FROM json_each(?));

-- name: keep_message
UPDATE message SET digest = ? WHERE id = ?;

-- name: keep_memory
UPDATE memory SET digest = ? WHERE id = ?;
