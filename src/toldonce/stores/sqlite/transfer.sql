-- Memories whole, as they are carried from one store to another.

-- name: memories
-- Without those that were erased: they have no version.
SELECT m.id, m.uid, m.version_id, m.role, m.actor_id, m.user_id, m.agent_id, m.app_id, m.run_id, m.earlier_runs,
       s.uid AS session, p.uid AS previous, m.answers, m.digest, m.metadata, m.expires_on, m.said_at, m.sayings, m.created_at, m.updated_at,
       m.deleted_at, m.fact
FROM memory AS m
JOIN memory_version AS v ON v.id = m.version_id
LEFT JOIN memory AS s ON s.id = m.session_id AND s.uid <> ''
LEFT JOIN memory AS p ON p.id = m.previous_id
WHERE m.id BETWEEN ? AND ?
ORDER BY m.id;

-- name: versions
SELECT id, text, said_at, recorded_at, happened_from, happened_to, closed_at FROM memory_version WHERE id = ?1
UNION ALL
SELECT id, text, said_at, recorded_at, happened_from, happened_to, closed_at
FROM memory_version WHERE memory_id = ?1 AND id <> memory_id
ORDER BY id;

-- name: operations
-- Where an event was set aside as damaged, the times of the versions tell when it was.
SELECT o.event_uid, coalesce(e.kind, o.kind), o.kind, o.old_version_id, o.new_version_id,
       coalesce(e.created_at, n.recorded_at, p.closed_at, p.recorded_at)
FROM operation AS o
LEFT JOIN event AS e ON e.uid = o.event_uid
LEFT JOIN memory_version AS n ON n.id = o.new_version_id
LEFT JOIN memory_version AS p ON p.id = o.old_version_id
WHERE o.memory_id = ?
ORDER BY o.place;

-- name: sources
SELECT c.key, s.message_id, s.kind
FROM source AS s JOIN message AS m ON m.id = s.message_id JOIN conversation AS c ON c.id = m.conversation_id
WHERE s.memory_id = ?
ORDER BY s.message_id, s.kind;

-- name: vector
SELECT embedding, tokens FROM vector WHERE version_id = ?;

-- name: threads
SELECT c.id, c.key, c.next_place, s.uid AS session, c.last_said_at, l.uid AS last
FROM conversation AS c
LEFT JOIN memory AS s ON s.id = c.session_id AND s.uid <> ''
LEFT JOIN memory AS l ON l.id = c.last_memory_id
WHERE c.owner_id = ?
ORDER BY c.id;

-- name: located
SELECT o.project, l.memory_id FROM locator AS l JOIN owner AS o ON o.id = l.owner_id WHERE l.uid = ?;

-- name: conversation
SELECT id FROM conversation WHERE owner_id = ? AND key = ?;

-- name: add_conversation
INSERT INTO conversation (owner_id, key) VALUES (?, ?) RETURNING id;

-- name: next_place
SELECT next_place FROM conversation WHERE id = ?;

-- name: keep_place
UPDATE conversation SET next_place = ?2 WHERE id = ?1;

-- name: said_at_places
SELECT id, role, name, content FROM message WHERE id IN (SELECT value FROM json_each(?));

-- name: keep_thread
UPDATE conversation SET next_place = max(next_place, ?2), session_id = ?3, last_said_at = ?4, last_memory_id = ?5
WHERE id = ?1;

-- name: add_version
INSERT INTO memory_version (id, memory_id, text, said_at, recorded_at, happened_from, happened_to, closed_at,
                            replaced_by)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: add_memory
INSERT INTO memory (id, owner_id, uid, version_id, changed, role, actor_id, user_id, agent_id, app_id, run_id,
                    earlier_runs, session_id, previous_id, answers, digest, metadata, expires_on, said_at, sayings,
                    created_at, updated_at, deleted_at, fact)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: add_locator
INSERT INTO locator (uid, owner_id, memory_id) VALUES (?, ?, ?);

-- name: add_source
INSERT OR IGNORE INTO source (memory_id, message_id, kind) VALUES (?, ?, ?);

-- name: add_membership
INSERT OR IGNORE INTO membership (project, kind, entity_id, owner_id, memory_id) VALUES (?, ?, ?, ?, ?);

-- name: keep_tokens
INSERT INTO token (version_id, ids) VALUES (?, ?);

-- name: keep_vector
INSERT INTO vector (version_id, embedding, tokens) VALUES (?, ?, ?);

-- name: await_vector
INSERT INTO unembedded (version_id, stamp) VALUES (?, ?);

-- name: add_event
-- It may have come with another memory.
INSERT OR IGNORE INTO event (uid, kind, created_at) VALUES (?, ?, ?);

-- name: add_operation
INSERT INTO operation (memory_id, place, event_uid, kind, old_version_id, new_version_id) VALUES (?, ?, ?, ?, ?, ?);
