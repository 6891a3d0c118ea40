-- Reading a conversation for whoever offers it messages, and writing what came of it. Loaded by conversation.py.

-- name: address
-- Always one row: words may have been erased of an owner who is not there.
-- What is damaged of where a conversation stands counts as unknown, and is written anew with the next message.
SELECT o.id, c.id,
       CASE WHEN typeof(c.next_place) = 'integer' AND c.next_place BETWEEN 0 AND 0x1000000 THEN c.next_place
            ELSE (SELECT coalesce(max(m.id) + 1 - (c.id << 24), 0) FROM message AS m
                  WHERE m.id BETWEEN c.id << 24 AND c.id << 24 | 0xFFFFFF) END,
       CASE typeof(c.session_id) WHEN 'integer' THEN c.session_id END,
       CASE WHEN typeof(c.last_said_at) = 'integer' AND c.last_said_at BETWEEN -62135596800000000 AND 253402300799999999
            THEN c.last_said_at END,
       CASE typeof(c.last_memory_id) WHEN 'integer' THEN c.last_memory_id END,
       EXISTS (SELECT 1 FROM erased_words WHERE subject = ?5)
FROM (SELECT 1)
LEFT JOIN owner AS o ON o.project = ?1 AND o.kind = ?2 AND o.entity_id = ?3
LEFT JOIN conversation AS c ON c.owner_id = o.id AND c.key = ?4;

-- name: window
-- Without damaged ones. They may be thousands: looked through here, they cost a sixth of what they cost in Python.
SELECT place, digest, said_at, recorded_at
FROM (SELECT id - ?1 AS place, digest, CASE timed WHEN 1 THEN said_at END AS said_at, recorded_at
      FROM message
      WHERE id >= ?2 AND id < ?3 AND agent_id IS ?4 AND app_id IS ?5
        AND typeof(digest) = 'blob' AND typeof(said_at) IN ('integer', 'null') AND typeof(recorded_at) = 'integer'
      ORDER BY id DESC LIMIT ?6)
ORDER BY place;

-- name: latest
SELECT id, role, content, name, id - ?5, digest, CASE timed WHEN 1 THEN said_at END AS said_at, recorded_at,
       agent_id IS ?3 AND app_id IS ?4
FROM message WHERE id >= ?1 AND id < ?2 ORDER BY id;

-- name: known_ids
SELECT external_id, id FROM message
WHERE conversation_id = ?1 AND external_id IN (SELECT value FROM json_each(?2)) AND external_id IS NOT NULL;

-- name: timed
SELECT m.digest, m.said_at, m.id
FROM (SELECT DISTINCT unhex(value ->> 0) AS digest, value ->> 1 AS said_at FROM json_each(?2)) AS wanted
CROSS JOIN message AS m ON m.conversation_id = ?1 AND m.digest = wanted.digest AND m.said_at = wanted.said_at AND m.timed
ORDER BY m.id;

-- name: memories_said_at
SELECT m.id, s.message_id, m.uid, v.text, m.sayings, m.deleted_at IS NOT NULL
FROM json_each(?) AS wanted
CROSS JOIN source AS s ON s.message_id = wanted.value AND s.kind = 'said'
JOIN memory AS m ON m.id = s.memory_id
JOIN memory_version AS v ON v.id = m.version_id
ORDER BY s.message_id, m.id;

-- name: release_ids
UPDATE message SET external_id = NULL
WHERE conversation_id = ?1 AND external_id IN (SELECT value FROM json_each(?2)) AND external_id IS NOT NULL;

-- name: known_words
SELECT m.id, m.uid, m.owner_id, m.version_id, v.text, m.user_id, m.agent_id, m.app_id, m.run_id, m.earlier_runs,
       1, m.role, m.actor_id, m.previous_id, m.metadata, m.expires_on, m.said_at, m.sayings, m.fact,
       m.changed, m.session_id, m.answers, m.created_at, m.updated_at, m.digest, t.ids
FROM json_each(?2) AS wanted
CROSS JOIN memory AS m ON m.owner_id = ?1 AND m.digest = unhex(wanted.value) AND m.deleted_at IS NULL
                       AND m.fact IS NULL
JOIN memory_version AS v ON v.id = m.version_id
LEFT JOIN token AS t ON t.version_id = m.version_id
ORDER BY m.id;

-- name: add_conversation
INSERT INTO conversation (owner_id, key) VALUES (?, ?) RETURNING id;

-- name: append
INSERT INTO message (id, conversation_id, role, name, content, said_at, timed, recorded_at, digest, external_id,
                     agent_id, app_id, run_id)
SELECT value ->> 0, ?1, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
       unhex(value ->> 7), value ->> 8, value ->> 9, value ->> 10, value ->> 11
FROM jsonb_each(?2);

-- name: apply
INSERT INTO applied (conversation_id, messages, owner_id, project, changed, event, at, memories, repeated,
                     sources, memberships, next_place, session_id, last_said_at, last_memory_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: messages_at
SELECT m.id, m.role, m.name, m.content, m.said_at, m.timed, m.recorded_at, m.digest, m.external_id,
       m.agent_id, m.app_id, m.run_id, c.key
FROM conversation AS c JOIN message AS m ON m.id >= ?2 AND m.id <= c.id << 24 | 0xFFFFFF
WHERE c.id = ?1 ORDER BY m.id LIMIT ?3;
