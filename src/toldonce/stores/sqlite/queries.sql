-- Every statement the SQLite store runs, by name. Loaded by named.py.

-- name: setting
SELECT value FROM setting WHERE key = ?;

-- name: keep_setting
INSERT INTO setting (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2;

-- name: drop_setting
DELETE FROM setting WHERE key = ?;

-- name: owner_by_name
SELECT id FROM owner WHERE project = ? AND kind = ? AND entity_id = ?;

-- name: owners_of_project
SELECT id, kind, entity_id FROM owner WHERE project = ?;

-- name: owners_of_kind
SELECT id, kind, entity_id FROM owner WHERE project = ? AND kind = ?;

-- name: owner
SELECT id, kind, entity_id FROM owner WHERE id = ?;

-- name: owner_version
SELECT version FROM owner WHERE id = ?;

-- name: add_owner
INSERT INTO owner (project, kind, entity_id, created_at) VALUES (?, ?, ?, ?);

-- name: bump_owner
UPDATE owner SET version = version + 1 WHERE id = ? RETURNING version;

-- name: reserve_ids
-- With the owner's next version (?3 = 1), as what gets an id will want one too.
UPDATE owner SET next_sequence = next_sequence + ?2, version = version + ?3 WHERE id = ?1
RETURNING next_sequence - ?2, version;

-- name: members_named
SELECT DISTINCT owner_id FROM membership WHERE project = ? AND kind = ? AND entity_id = ?;

-- name: members_of_kind
SELECT DISTINCT owner_id FROM membership WHERE project = ? AND kind = ?;

-- name: add_membership
INSERT OR IGNORE INTO membership (project, kind, entity_id, owner_id, memory_id) VALUES (?, ?, ?, ?, ?);

-- name: end_membership
DELETE FROM membership WHERE project = ? AND kind = ? AND entity_id = ? AND owner_id = ? AND memory_id = ?;

-- name: changed_rows
-- What the index in RAM keeps, of everything written after a version. Deleted rows come with the time they went.
SELECT m.id, m.deleted_at, t.ids, v.embedding, m.previous_id, m.session_id, m.role, m.actor_id, m.said_at
FROM memory AS m
LEFT JOIN token AS t ON t.version_id = m.version_id
LEFT JOIN vector AS v ON v.version_id = m.version_id
WHERE m.owner_id = ? AND m.changed > ?
ORDER BY m.id;

-- name: all_rows
-- The same for a whole owner, as a walk along the primary keys.
SELECT m.id, m.deleted_at, t.ids, v.embedding, m.previous_id, m.session_id, m.role, m.actor_id, m.said_at
FROM memory AS m
LEFT JOIN token AS t ON t.version_id = m.version_id
LEFT JOIN vector AS v ON v.version_id = m.version_id
WHERE m.id BETWEEN ? AND ? AND m.deleted_at IS NULL
ORDER BY m.id;

-- name: expired
SELECT id FROM memory WHERE owner_id = ? AND expires_on < ? AND expires_on IS NOT NULL AND deleted_at IS NULL;

-- name: record
SELECT m.id, m.uid, v.text, m.user_id, m.agent_id, m.app_id, m.run_id, m.earlier_runs, m.role, m.actor_id,
       m.created_at, m.updated_at, m.said_at, m.sayings, m.expires_on, m.metadata
FROM memory AS m JOIN memory_version AS v ON v.id = m.version_id
WHERE m.id = ? AND m.deleted_at IS NULL;

-- name: records_of_owner
SELECT m.id, m.uid, v.text, m.user_id, m.agent_id, m.app_id, m.run_id, m.earlier_runs, m.role, m.actor_id,
       m.created_at, m.updated_at, m.said_at, m.sayings, m.expires_on, m.metadata
FROM memory AS m JOIN memory_version AS v ON v.id = m.version_id
WHERE m.id BETWEEN ? AND ? AND m.deleted_at IS NULL;

-- name: changed_records
-- The same of what was written after a version, by the index of changes.
SELECT m.id, m.uid, v.text, m.user_id, m.agent_id, m.app_id, m.run_id, m.earlier_runs, m.role, m.actor_id,
       m.created_at, m.updated_at, m.said_at, m.sayings, m.expires_on, m.metadata
FROM memory AS m JOIN memory_version AS v ON v.id = m.version_id
WHERE m.owner_id = ? AND m.changed > ? AND m.deleted_at IS NULL;

-- name: locate
SELECT l.memory_id FROM locator AS l JOIN owner AS o ON o.id = l.owner_id WHERE l.uid = ? AND o.project = ?;

-- name: history
SELECT e.uid, o.kind, old.text, new.text, e.created_at
FROM operation AS o
JOIN event AS e ON e.uid = o.event_uid
LEFT JOIN memory_version AS old ON old.id = o.old_version_id
LEFT JOIN memory_version AS new ON new.id = o.new_version_id
WHERE o.memory_id = ?
ORDER BY o.place;

-- name: sources
SELECT s.memory_id, c.key, m.id, m.external_id, s.kind
FROM source AS s JOIN message AS m ON m.id = s.message_id JOIN conversation AS c ON c.id = m.conversation_id
WHERE s.memory_id = ?
ORDER BY s.message_id;

-- name: messages_of_owner
SELECT m.id, m.role, m.name, m.content, m.said_at, m.timed, m.recorded_at, m.digest, m.external_id,
       m.agent_id, m.app_id, m.run_id, c.key
FROM conversation AS c JOIN message AS m ON m.conversation_id = c.id
WHERE c.owner_id = ?1
  AND (?2 IS NULL OR m.agent_id = ?2) AND (?3 IS NULL OR m.app_id = ?3) AND (?4 IS NULL OR m.run_id = ?4)
ORDER BY m.recorded_at, m.id
LIMIT ?5;

-- name: conversation
SELECT id, next_place, session_id, last_said_at, last_memory_id FROM conversation WHERE owner_id = ? AND key = ?;

-- name: add_conversation
INSERT INTO conversation (owner_id, key) VALUES (?, ?);

-- name: keep_conversation
UPDATE conversation SET next_place = ?2, session_id = ?3, last_said_at = ?4, last_memory_id = ?5 WHERE id = ?1;

-- name: tail
SELECT id, role, name, content, said_at, timed, recorded_at, digest, external_id, agent_id, app_id, run_id, ''
FROM message WHERE id >= ? AND id < ? ORDER BY id;

-- name: add_message
INSERT INTO message (id, conversation_id, role, name, content, said_at, timed, recorded_at, digest, external_id,
                     agent_id, app_id, run_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: for_update
SELECT m.id, m.uid, m.owner_id, m.version_id, v.text, m.user_id, m.agent_id, m.app_id, m.run_id, m.earlier_runs,
       m.digest IS NOT NULL, m.role, m.actor_id, m.previous_id, m.metadata, m.expires_on, m.said_at, m.sayings
FROM json_each(?) AS wanted
CROSS JOIN memory AS m ON m.id = wanted.value AND m.deleted_at IS NULL
JOIN memory_version AS v ON v.id = m.version_id;

-- name: add_version
INSERT INTO memory_version (id, memory_id, text, said_at, recorded_at) VALUES (?, ?, ?, ?, ?);

-- name: close_version
UPDATE memory_version SET closed_at = ?2, replaced_by = ?3 WHERE id = ?1;

-- name: keep_tokens
INSERT INTO token (version_id, ids) VALUES (?1, ?2) ON CONFLICT (version_id) DO UPDATE SET ids = ?2;

-- name: drop_tokens
DELETE FROM token WHERE version_id = ?;

-- name: await_vector
INSERT INTO unembedded (version_id, stamp) VALUES (?1, ?2) ON CONFLICT (version_id) DO UPDATE SET stamp = ?2;

-- name: drop_vector
DELETE FROM vector WHERE version_id = ?;

-- name: drop_rebuilt_vector
DELETE FROM rebuilt_vector WHERE version_id = ?;

-- name: drop_rebuilt_tokens
DELETE FROM rebuilt_token WHERE version_id = ?;

-- name: drop_unembedded
DELETE FROM unembedded WHERE version_id = ?;

-- name: take_unembedded
DELETE FROM unembedded WHERE version_id = ? AND stamp = ? RETURNING version_id;

-- name: keep_vector
INSERT OR REPLACE INTO vector (version_id, embedding) VALUES (?, ?);

-- name: unembedded
SELECT u.version_id, m.id, u.stamp, v.text, m.actor_id, p.text, n.actor_id
FROM unembedded AS u
JOIN memory_version AS v ON v.id = u.version_id
JOIN memory AS m ON m.id = v.memory_id
LEFT JOIN memory AS n ON n.id = m.previous_id AND m.answers = 0 AND n.deleted_at IS NULL
LEFT JOIN memory_version AS p ON p.id = n.version_id
WHERE u.version_id = ?;

-- name: unembedded_ids
SELECT version_id FROM unembedded WHERE version_id > ? ORDER BY version_id LIMIT ?;

-- name: projects_of
SELECT id, project FROM owner WHERE id IN (SELECT value FROM json_each(?));

-- name: versions_of
SELECT id FROM memory_version WHERE id = ?1 UNION ALL SELECT id FROM memory_version WHERE memory_id = ?1 AND id <> memory_id;

-- name: touch
UPDATE memory SET changed = ?2 WHERE id = ?1;

-- name: keep_text
UPDATE memory SET changed = ?2, version_id = ?3, digest = ?4, updated_at = ?5, answers = 0 WHERE id = ?1;

-- name: keep_details
UPDATE memory SET changed = ?2, metadata = ?3, expires_on = ?4, updated_at = ?5 WHERE id = ?1;

-- name: keep_time
UPDATE memory SET changed = ?2, said_at = ?3, created_at = ?3 WHERE id = ?1;

-- name: mark_deleted
UPDATE memory SET changed = ?2, deleted_at = ?3 WHERE id = ?1;

-- name: forget_last
UPDATE conversation SET last_memory_id = ?2 WHERE owner_id = ?3 AND last_memory_id = ?1;

-- name: successors
SELECT id, version_id FROM memory WHERE previous_id = ? AND deleted_at IS NULL;

-- name: relink
UPDATE memory SET previous_id = ?2, changed = ?3 WHERE id = ?1;

-- name: keep_runs
UPDATE memory SET changed = ?2, run_id = ?3, earlier_runs = ?4, sayings = ?5, said_at = ?6 WHERE id = ?1;

-- name: sayings_in_run
SELECT s.message_id FROM source AS s JOIN message AS m ON m.id = s.message_id
WHERE s.memory_id = ? AND s.kind = 'said' AND m.run_id = ?;

-- name: drop_source
DELETE FROM source WHERE memory_id = ? AND message_id = ?;

-- name: last_saying
SELECT MAX(m.said_at) FROM source AS s JOIN message AS m ON m.id = s.message_id
WHERE s.memory_id = ? AND s.kind = 'said';

-- name: add_event
INSERT INTO event (uid, kind, created_at) VALUES (?, ?, ?);

-- name: add_changes
-- What was just done to these memories, for the readers of the feed.
INSERT INTO change (memory_id, place)
SELECT value, (SELECT max(p.place) FROM operation AS p WHERE p.memory_id = value) FROM json_each(?) ORDER BY key;

-- name: tell_from_the_beginning
UPDATE webhook SET since = 0;

-- name: add_operation
INSERT INTO operation (memory_id, place, event_uid, kind, old_version_id, new_version_id)
VALUES (?1, (SELECT coalesce(max(place) + 1, 0) FROM operation WHERE memory_id = ?1), ?2, ?3, ?4, ?5);
