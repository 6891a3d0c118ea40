-- Making digests anew. Run by stores/sql/digests.py.

-- name: messages_after
SELECT id FROM message WHERE id > $1 ORDER BY id LIMIT $2;

-- name: memories_after
SELECT id FROM memory WHERE id > $1 AND digest IS NOT NULL ORDER BY id LIMIT $2;

-- name: said
-- Messages with the metadata and last day of the memory that each made, or that one of the same call made: among 32
-- before and after it. A journal has no metadata of its own; what one call told has the same.
SELECT m.id, m.role, m.name, m.content, m.agent_id, m.app_id,
       coalesce((SELECT json_build_array(n.metadata, n.expires_on)::text FROM source AS s JOIN memory AS n ON n.id = s.memory_id
                 WHERE s.message_id = m.id AND s.kind = 'said' LIMIT 1),
                (SELECT json_build_array(n.metadata, n.expires_on)::text FROM source AS s JOIN memory AS n ON n.id = s.memory_id
                 JOIN message AS o ON o.id = s.message_id
                 WHERE o.id BETWEEN m.id - 32 AND m.id + 32 AND o.id >> 24 = m.id >> 24 AND s.kind = 'said'
                   AND o.agent_id IS NOT DISTINCT FROM m.agent_id
                   AND o.app_id IS NOT DISTINCT FROM m.app_id
                 ORDER BY o.recorded_at <> m.recorded_at, abs(o.id - m.id) LIMIT 1))
FROM message AS m
WHERE m.id = ANY(toldonce_ids($1));

-- name: with_silent
SELECT DISTINCT m.id FROM unnest(toldonce_ids($1)) AS told(id) JOIN message AS m
  ON m.id BETWEEN told.id - 32 AND told.id + 32 AND m.id >> 24 = told.id >> 24
WHERE m.id = told.id
   OR NOT EXISTS (SELECT 1 FROM source AS s WHERE s.message_id = m.id AND s.kind = 'said');

-- name: known
SELECT m.id, m.role, m.actor_id, v.text, m.agent_id, m.app_id, m.metadata, m.expires_on
FROM memory AS m JOIN memory_version AS v ON v.id = m.version_id
WHERE m.id = ANY(toldonce_ids($1));

-- name: keep_message
UPDATE message SET digest = $1 WHERE id = $2;

-- name: keep_memory
UPDATE memory SET digest = $1 WHERE id = $2;
