-- Statements of a rebuild. Run by stores/sql/rebuilding.py.

-- name: behind
-- Owners that were written to after the rebuild was with them, and how far it is.
SELECT o.id, o.version, coalesce(r.changed, 0), coalesce(r.memory_id, 0)
FROM owner AS o LEFT JOIN rebuilt_owner AS r ON r.owner_id = o.id
WHERE o.id > $1 AND (o.version > coalesce(r.changed, 0) OR coalesce(r.memory_id, 0) < (o.id << 24) + 16777215)
ORDER BY o.id LIMIT $2;

-- name: changed
SELECT id, changed, deleted_at IS NULL FROM memory
WHERE owner_id = $1 AND (changed, id) > ($2, $3)
ORDER BY changed, id LIMIT $4;

-- name: versions
SELECT v.id, m.id, m.changed, v.text, m.actor_id, p.text, n.actor_id, m.said_at
FROM memory AS m
JOIN memory_version AS v
  ON v.id IN (SELECT m.id UNION ALL SELECT id FROM memory_version WHERE memory_id = m.id AND id <> memory_id)
JOIN token AS t ON t.version_id = v.id
LEFT JOIN memory AS n ON n.id = m.previous_id AND m.answers = 0 AND n.deleted_at IS NULL
LEFT JOIN memory_version AS p ON p.id = n.version_id
WHERE m.id = $1 AND m.deleted_at IS NULL;

-- name: sayings
SELECT said_at FROM (
    SELECT m.said_at, min(s.message_id) AS first FROM source AS s JOIN message AS m ON m.id = s.message_id
    WHERE s.memory_id = $1 AND s.kind = 'said' GROUP BY m.said_at
) AS times ORDER BY first;

-- name: keep_vector
-- Only of a memory that is as it was read: one that changed meanwhile comes again.
INSERT INTO rebuilt_embedding (version_id, vector, tokens)
SELECT $1, $4::vector, $5::bytea FROM memory WHERE id = $2 AND changed = $3 AND deleted_at IS NULL
ON CONFLICT (version_id) DO UPDATE SET vector = excluded.vector, tokens = excluded.tokens;

-- name: keep_tokens
INSERT INTO rebuilt_token (version_id, ids)
SELECT $1, $4::bytea FROM memory WHERE id = $2 AND changed = $3 AND deleted_at IS NULL
ON CONFLICT (version_id) DO UPDATE SET ids = excluded.ids;

-- name: keep_place
INSERT INTO rebuilt_owner (owner_id, changed, memory_id) VALUES ($1, $2, $3)
ON CONFLICT (owner_id) DO UPDATE SET changed = excluded.changed, memory_id = excluded.memory_id;

-- name: drop_vector
DELETE FROM rebuilt_embedding WHERE version_id = $1;

-- name: await_vector
INSERT INTO unembedded (version_id, stamp) SELECT $1, version FROM owner WHERE id = $2;

-- name: await_refused
WITH refused AS (DELETE FROM embedding WHERE vector IS NULL RETURNING version_id)
INSERT INTO unembedded (version_id, stamp)
SELECT v.version_id, o.version FROM refused AS v JOIN owner AS o ON o.id = v.version_id >> 24;

-- name: done
SELECT count(*) FROM rebuilt_embedding;

-- name: all
SELECT count(*) FROM token;

-- name: forget
TRUNCATE rebuilt_embedding, rebuilt_token, rebuilt_owner;

-- name: switch_vectors
-- Under a new name rather than copied: a large store would be locked for as long as copying takes.
DO $$ BEGIN
    ALTER TABLE embedding RENAME TO former;
    ALTER TABLE rebuilt_embedding RENAME TO embedding;
    ALTER TABLE former RENAME TO rebuilt_embedding;
    TRUNCATE rebuilt_embedding;
    DELETE FROM unembedded;
    UPDATE owner SET version = version + 1;
END $$;

-- name: switch_tokens
DO $$ BEGIN
    ALTER TABLE token RENAME TO former;
    ALTER TABLE rebuilt_token RENAME TO token;
    ALTER TABLE former RENAME TO rebuilt_token;
    TRUNCATE rebuilt_token;
END $$;

-- name: lock_settings
SELECT pg_advisory_xact_lock(8028075772389192820);

-- name: lock_all_owners
LOCK TABLE owner IN EXCLUSIVE MODE;
