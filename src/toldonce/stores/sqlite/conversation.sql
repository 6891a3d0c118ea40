-- Reading a conversation for whoever offers it messages, and writing what came of it. Loaded by conversation.py.

-- name: address
SELECT o.id, c.id, c.next_place, c.session_id, c.last_said_at, c.last_memory_id
FROM owner AS o LEFT JOIN conversation AS c ON c.owner_id = o.id AND c.key = ?4
WHERE o.project = ?1 AND o.kind = ?2 AND o.entity_id = ?3;

-- name: window
-- With the words of the last message only.
SELECT digest, CASE timed WHEN 1 THEN said_at END, recorded_at,
       CASE id WHEN ?2 - 1 THEN role END, CASE id WHEN ?2 - 1 THEN content END, CASE id WHEN ?2 - 1 THEN name END
FROM message WHERE id >= ?1 AND id < ?2 ORDER BY id;

-- name: batches
SELECT first.id, m.digest, CASE m.timed WHEN 1 THEN m.said_at END, m.recorded_at
FROM (SELECT id FROM message WHERE conversation_id = ?1 AND digest = ?2 ORDER BY id DESC LIMIT ?5) AS first
CROSS JOIN message AS last ON last.id = first.id + ?4 - 1 AND last.digest = ?3
CROSS JOIN message AS m ON m.id BETWEEN first.id AND last.id
ORDER BY first.id DESC, m.id;

-- name: known_ids
SELECT external_id FROM message
WHERE conversation_id = ?1 AND external_id IN (SELECT value FROM json_each(?2)) AND external_id IS NOT NULL;

-- name: known_words
SELECT m.id, m.uid, m.owner_id, m.version_id, v.text, m.user_id, m.agent_id, m.app_id, m.run_id, m.earlier_runs,
       1, m.role, m.actor_id, m.previous_id, m.metadata, m.expires_on, m.said_at, m.sayings, m.digest, t.ids
FROM json_each(?2) AS wanted
CROSS JOIN memory AS m ON m.owner_id = ?1 AND m.digest = unhex(wanted.value) AND m.deleted_at IS NULL
JOIN memory_version AS v ON v.id = m.version_id
LEFT JOIN token AS t ON t.version_id = m.version_id
ORDER BY m.id;

-- name: add_conversation
INSERT INTO conversation (owner_id, key) VALUES (?, ?) RETURNING id;

-- name: apply
INSERT INTO applied (conversation_id, messages, owner_id, project, changed, event, at, memories, repeated,
                     sources, memberships, next_place, session_id, last_said_at, last_memory_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
