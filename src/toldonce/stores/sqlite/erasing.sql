-- Erasing. Loaded by erasing.py. What is to go is gathered in temporary tables, which are in RAM only. CROSS JOIN has
-- SQLite begin there: it would read whole tables of everybody's.

-- name: order
INSERT INTO erasure (id, project, kind, subject, allow_return, ordered_at, entity) VALUES (?, ?, ?, ?, ?, ?, ?)
RETURNING number;

-- name: erasure
SELECT number, id, project, kind, subject, allow_return, ordered_at, entity, hidden_at, erased_at, counts, owners, receipt
FROM erasure WHERE number = ?;

-- name: erasures
SELECT number, id, project, kind, subject, allow_return, ordered_at, entity, hidden_at, erased_at, counts, owners, receipt
FROM erasure WHERE ?1 = 0 OR erased_at IS NULL ORDER BY number;

-- name: hide
UPDATE erasure SET entity = NULL, hidden_at = ?2, counts = ?3, owners = ?4 WHERE number = ?1;

-- name: count
UPDATE erasure SET counts = ?2 WHERE number = ?1;

-- name: finish
UPDATE erasure SET receipt = ?2, erased_at = ?3 WHERE number = ?1;

-- name: erased_words
SELECT digest, at FROM erased_words
WHERE subject = ?1 AND digest IN (SELECT unhex(value) FROM json_each(?2));

-- name: keep_words
INSERT INTO erased_words (subject, digest, at) VALUES (?1, ?2, ?3)
ON CONFLICT (subject, digest) DO UPDATE SET at = ?3;

-- name: welcome
DELETE FROM erased_words WHERE subject = ?;

-- name: welcome_words
DELETE FROM erased_words WHERE subject = ? AND digest = ?;

-- name: owners
SELECT id, kind, entity_id FROM owner WHERE project = ?1 AND (?2 IS NULL OR kind = ?2 AND entity_id = ?3);

-- name: owners_of_gone
SELECT DISTINCT o.id, o.kind, o.entity_id
FROM (SELECT id >> 24 AS owner_id FROM gone_memory
      UNION SELECT c.owner_id FROM gone_message AS g CROSS JOIN conversation AS c ON c.id = g.id >> 24) AS gone
CROSS JOIN owner AS o ON o.id = gone.owner_id;

-- name: gather_owner
INSERT OR IGNORE INTO gone_memory (id) SELECT id FROM memory WHERE id BETWEEN ?1 AND ?2;

-- name: gather_some
INSERT OR IGNORE INTO gone_memory (id) SELECT id FROM memory WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3;

-- name: gather_talk
INSERT OR IGNORE INTO gone_message (id)
SELECT m.id FROM conversation AS c JOIN message AS m ON m.id BETWEEN c.id << 24 AND (c.id << 24) + 16777215
WHERE c.owner_id = ?;

-- name: gather_memory
INSERT OR IGNORE INTO gone_memory (id)
SELECT l.memory_id FROM locator AS l JOIN owner AS o ON o.id = l.owner_id WHERE l.uid = ?2 AND o.project = ?1;

-- name: gather_carriers
-- Deleted memories are in no membership any more, so the memories themselves are asked. A run: see leave.
INSERT OR IGNORE INTO gone_memory (id)
SELECT m.id FROM owner AS o CROSS JOIN memory AS m ON m.id BETWEEN o.id << 24 AND (o.id << 24) + 16777215
WHERE o.project = ?1 AND ?3 = CASE ?2 WHEN 'user' THEN m.user_id WHEN 'agent' THEN m.agent_id
                                      WHEN 'app' THEN m.app_id WHEN 'run' THEN m.run_id END
  AND NOT (?2 = 'run' AND m.earlier_runs IS NOT NULL AND m.deleted_at IS NULL);

-- name: leaving
-- Memories that were said in this run and in others.
SELECT m.id FROM owner AS o CROSS JOIN memory AS m ON m.id BETWEEN o.id << 24 AND (o.id << 24) + 16777215
WHERE o.project = ?1 AND m.earlier_runs IS NOT NULL AND m.deleted_at IS NULL
  AND (m.run_id = ?2 OR EXISTS (SELECT 1 FROM json_each(m.earlier_runs) WHERE value = ?2));

-- name: gather_said_with
INSERT OR IGNORE INTO gone_message (id)
SELECT m.id FROM owner AS o CROSS JOIN conversation AS c ON c.owner_id = o.id
CROSS JOIN message AS m ON m.id BETWEEN c.id << 24 AND (c.id << 24) + 16777215
WHERE o.project = ?1 AND ?3 = CASE ?2 WHEN 'agent' THEN m.agent_id WHEN 'app' THEN m.app_id WHEN 'run' THEN m.run_id END;

-- name: gather_said
-- The messages that a memory came from; a question only if no other memory was said in it.
INSERT OR IGNORE INTO gone_message (id)
SELECT s.message_id FROM gone_memory AS g CROSS JOIN source AS s ON s.memory_id = g.id
WHERE s.kind = 'said' OR NOT EXISTS (
    SELECT 1 FROM source AS t WHERE t.message_id = s.message_id AND t.kind = 'said'
                                AND t.memory_id NOT IN (SELECT id FROM gone_memory)
);

-- name: gather_quoting
-- Memories whose text holds the words of a message that goes; ?1: those that only leave a run stay.
INSERT OR IGNORE INTO gone_memory (id)
SELECT s.memory_id FROM gone_message AS g CROSS JOIN source AS s ON s.message_id = g.id
WHERE s.memory_id NOT IN (SELECT value FROM json_each(?1));

-- name: count_memories
SELECT count(*) FROM gone_memory;

-- name: gather_versions
INSERT INTO gone_version (id)
SELECT v.id FROM gone_memory AS g CROSS JOIN memory_version AS v ON v.id = g.id
UNION
SELECT v.id FROM gone_memory AS g CROSS JOIN memory_version AS v ON v.memory_id = g.id AND v.id <> v.memory_id;

-- name: gather_uids
INSERT OR IGNORE INTO gone_uid (uid) SELECT m.uid FROM gone_memory AS g CROSS JOIN memory AS m ON m.id = g.id WHERE m.uid <> '';

-- name: words_of_messages
SELECT c.owner_id, m.content FROM gone_message AS g CROSS JOIN message AS m ON m.id = g.id
CROSS JOIN conversation AS c ON c.id = m.conversation_id;

-- name: words_of_memories
SELECT v.memory_id >> 24, v.text FROM gone_version AS g CROSS JOIN memory_version AS v ON v.id = g.id;

-- name: remembered
SELECT g.id FROM gone_memory AS g CROSS JOIN memory AS m ON m.id = g.id WHERE m.deleted_at IS NULL;

-- name: drop_unembedded
DELETE FROM unembedded WHERE version_id IN (SELECT id FROM gone_version);

-- name: drop_vectors
DELETE FROM vector WHERE version_id IN (SELECT id FROM gone_version);

-- name: drop_rebuilt_vectors
DELETE FROM rebuilt_vector WHERE version_id IN (SELECT id FROM gone_version);

-- name: drop_tokens
DELETE FROM token WHERE version_id IN (SELECT id FROM gone_version);

-- name: drop_rebuilt_tokens
DELETE FROM rebuilt_token WHERE version_id IN (SELECT id FROM gone_version);

-- name: drop_versions
DELETE FROM memory_version WHERE id IN (SELECT id FROM gone_version);

-- name: drop_sources
DELETE FROM source WHERE memory_id IN (SELECT id FROM gone_memory);

-- name: drop_sources_of_messages
DELETE FROM source WHERE message_id IN (SELECT id FROM gone_message);

-- name: drop_operations
DELETE FROM operation WHERE memory_id IN (SELECT id FROM gone_memory);

-- name: drop_memberships
DELETE FROM membership WHERE memory_id IN (SELECT id FROM gone_memory) OR owner_id IN (SELECT value FROM json_each(?1));

-- name: orphaned_calls
-- What is erased has no locator; what is deleted has.
SELECT c.id FROM call AS c
WHERE c.project = ?1 AND EXISTS (
    SELECT 1 FROM json_each(c.results) AS r
    WHERE NOT EXISTS (SELECT 1 FROM locator AS l WHERE l.uid = r.value ->> 0)
);

-- name: orphaned_deliveries
SELECT d.id FROM delivery AS d WHERE NOT EXISTS (SELECT 1 FROM locator AS l WHERE l.uid = d.memory_uid);

-- name: orphaned_events
SELECT uid FROM event EXCEPT SELECT event_uid FROM operation;

-- name: orphaned_changes
-- The last one names its memory by number only, and stays so that a sequence never returns.
SELECT c.sequence FROM change AS c
WHERE NOT EXISTS (SELECT 1 FROM memory AS m WHERE m.id = c.memory_id AND m.uid <> '')
  AND c.sequence < (SELECT max(sequence) FROM change);

-- name: drop_changes
DELETE FROM change WHERE sequence IN (SELECT value FROM json_each(?1)) AND sequence < (SELECT max(sequence) FROM change);

-- name: left_of_calls
SELECT c.id, (SELECT json_group_array(json(r.value)) FROM json_each(c.results) AS r
              WHERE EXISTS (SELECT 1 FROM locator AS l WHERE l.uid = r.value ->> 0))
FROM call AS c WHERE c.id IN (SELECT value FROM json_each(?1));

-- name: drop_deliveries
DELETE FROM delivery WHERE id IN (SELECT value FROM json_each(?1));

-- name: drop_events
DELETE FROM event WHERE uid IN (SELECT value FROM json_each(?1));

-- name: drop_locators
DELETE FROM locator WHERE uid IN (SELECT uid FROM gone_uid);

-- name: drop_feedback
DELETE FROM feedback WHERE project = ?1 AND memory_uid IN (SELECT uid FROM gone_uid);

-- name: drop_exports
DELETE FROM export WHERE project = ?1 AND (?2 = 'project' OR EXISTS (
    SELECT 1 FROM json_tree(export.filters) AS f WHERE f.atom = ?3
));

-- name: drop_call
DELETE FROM call WHERE id = ?;

-- name: keep_call
UPDATE call SET results = ?2 WHERE id = ?1;

-- name: drop_calls_of_project
DELETE FROM call WHERE project = ?;

-- name: drop_messages
DELETE FROM message WHERE id IN (SELECT id FROM gone_message);

-- name: drop_empty_runs
DELETE FROM conversation
WHERE key = 'run ' || ?2 AND owner_id IN (SELECT id FROM owner WHERE project = ?1)
  AND NOT EXISTS (SELECT 1 FROM message AS m WHERE m.id BETWEEN conversation.id << 24 AND (conversation.id << 24) + 16777215);

-- name: drop_memories
-- Ids of owners are never given again, so nobody asks for what is left of these in RAM.
DELETE FROM memory WHERE id IN (SELECT id FROM gone_memory) AND owner_id IN (SELECT value FROM json_each(?1));

-- name: blank_memories
-- Where the owner stays, a row without words tells the indexes in RAM that the memory is gone.
UPDATE memory
SET uid = '', version_id = id, role = 'user', actor_id = NULL, user_id = NULL, agent_id = NULL, app_id = NULL,
    run_id = NULL, earlier_runs = NULL, session_id = id, previous_id = NULL, answers = 0, digest = NULL,
    metadata = '{}', expires_on = NULL, said_at = 0, sayings = 1, created_at = 0, updated_at = 0, fact = NULL
WHERE id IN (SELECT id FROM gone_memory);

-- name: drop_conversations
DELETE FROM conversation WHERE owner_id IN (SELECT value FROM json_each(?1));

-- name: drop_progress
DELETE FROM rebuilt_owner WHERE owner_id IN (SELECT value FROM json_each(?1));

-- name: drop_owners
DELETE FROM owner WHERE id IN (SELECT value FROM json_each(?1));
