-- Statements of a rebuild. Loaded by rebuilding.py.

-- name: behind
-- Owners that were written to after the rebuild was with them, and how far it is.
SELECT o.id, o.version, coalesce(r.changed, 0), coalesce(r.memory_id, 0)
FROM owner AS o LEFT JOIN rebuilt_owner AS r ON r.owner_id = o.id
WHERE o.id > ?1 AND (o.version > coalesce(r.changed, 0) OR coalesce(r.memory_id, 0) < (o.id << 24 | 0xFFFFFF))
ORDER BY o.id LIMIT ?2;

-- name: changed
SELECT id, changed, deleted_at IS NULL FROM memory
WHERE owner_id = ?1 AND (changed, id) > (?2, ?3)
ORDER BY changed, id LIMIT ?4;

-- name: versions
SELECT v.id, m.id, m.changed, v.text, m.actor_id, p.text, n.actor_id, m.said_at
FROM memory AS m
JOIN memory_version AS v
  ON v.id IN (SELECT m.id UNION ALL SELECT id FROM memory_version WHERE memory_id = m.id AND id <> memory_id)
JOIN token AS t ON t.version_id = v.id
LEFT JOIN memory AS n ON n.id = m.previous_id AND m.answers = 0 AND n.deleted_at IS NULL
LEFT JOIN memory_version AS p ON p.id = n.version_id
WHERE m.id = ? AND m.deleted_at IS NULL;

-- name: sayings
SELECT DISTINCT m.said_at FROM source AS s JOIN message AS m ON m.id = s.message_id
WHERE s.memory_id = ? AND s.kind = 'said' AND typeof(m.said_at) = 'integer'
  AND m.said_at BETWEEN -62135596800000000 AND 253402300799999999
ORDER BY s.message_id;

-- name: keep_vector
-- Only of a memory that is as it was read: one that changed meanwhile comes again.
INSERT OR REPLACE INTO rebuilt_vector (version_id, embedding, tokens)
SELECT ?1, ?4, ?5 FROM memory WHERE id = ?2 AND changed = ?3 AND deleted_at IS NULL;

-- name: keep_tokens
INSERT OR REPLACE INTO rebuilt_token (version_id, ids)
SELECT ?1, ?4 FROM memory WHERE id = ?2 AND changed = ?3 AND deleted_at IS NULL;

-- name: keep_place
INSERT OR REPLACE INTO rebuilt_owner (owner_id, changed, memory_id) VALUES (?, ?, ?);

-- name: drop_vector
DELETE FROM rebuilt_vector WHERE version_id = ?;

-- name: await_vector
INSERT INTO unembedded (version_id, stamp) SELECT ?1, version FROM owner WHERE id = ?2;

-- name: await_refused
INSERT INTO unembedded (version_id, stamp)
SELECT v.version_id, o.version FROM vector AS v JOIN owner AS o ON o.id = v.version_id >> 24
WHERE length(v.embedding) = 0;
DELETE FROM vector WHERE length(embedding) = 0;

-- name: done
SELECT count(*) FROM rebuilt_vector;

-- name: all
SELECT count(*) FROM token;

-- name: forget
DELETE FROM rebuilt_vector;
DELETE FROM rebuilt_token;
DELETE FROM rebuilt_owner;

-- name: switch_vectors
-- Under a new name rather than copied: a large store would be locked for as long as copying takes. The connection's own
-- trigger names the table that is dropped (see applied.sql), which only a rename in the older way bears.
PRAGMA legacy_alter_table=ON;
DROP TABLE vector;
ALTER TABLE rebuilt_vector RENAME TO vector;
PRAGMA legacy_alter_table=OFF;
CREATE TABLE rebuilt_vector (version_id INTEGER PRIMARY KEY, embedding BLOB NOT NULL, tokens BLOB) STRICT;
DELETE FROM unembedded;
UPDATE owner SET version = version + 1;

-- name: switch_tokens
PRAGMA legacy_alter_table=ON;
DROP TABLE token;
ALTER TABLE rebuilt_token RENAME TO token;
PRAGMA legacy_alter_table=OFF;
CREATE TABLE rebuilt_token (version_id INTEGER PRIMARY KEY, ids BLOB NOT NULL) STRICT;
