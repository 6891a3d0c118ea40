-- Every statement the SQLite store runs, by name. Loaded by named.py.

-- name: setting
SELECT value FROM setting WHERE key = ?;

-- name: keep_setting
INSERT INTO setting (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2;

-- name: drop_setting
DELETE FROM setting WHERE key = ?;

-- name: owners_named
SELECT o.id, o.kind, o.entity_id
FROM json_each(?3) AS wanted CROSS JOIN owner AS o ON o.project = ?1 AND o.kind = ?2 AND o.entity_id = wanted.value;

-- name: owner_by_name
SELECT id FROM owner WHERE project = ? AND kind = ? AND entity_id = ?;

-- name: owners_of_project
SELECT id, kind, entity_id FROM owner WHERE project = ?;

-- name: owners_of_kind
SELECT id, kind, entity_id FROM owner WHERE project = ? AND kind = ?;

-- name: describe
SELECT o.id, o.kind, o.entity_id FROM json_each(?) AS wanted CROSS JOIN owner AS o ON o.id = wanted.value;

-- name: owner_version
SELECT version FROM owner WHERE id = ?;

-- name: add_owner
INSERT INTO owner (project, kind, entity_id, created_at) VALUES (?, ?, ?, ?) RETURNING id;

-- name: bump_owner
UPDATE owner SET version = version + 1 WHERE id = ? RETURNING version;

-- name: reserve_ids
-- With the owner's next version (?3 = 1), as what gets an id will want one too.
UPDATE owner SET next_sequence = next_sequence + ?2, version = version + ?3 WHERE id = ?1
RETURNING next_sequence - ?2, version;

-- name: greatest_sequence
SELECT coalesce(max(id & 0xFFFFFF), 0) FROM memory_version WHERE id BETWEEN ?1 << 24 AND ?1 << 24 | 0xFFFFFF;

-- name: members_named
SELECT DISTINCT m.owner_id
FROM json_each(?3) AS wanted
CROSS JOIN membership AS m ON m.project = ?1 AND m.kind = ?2 AND m.entity_id = wanted.value;

-- name: carriers
SELECT memory_id FROM membership
WHERE project = ? AND kind = ? AND entity_id = ? AND owner_id = ? AND memory_id >> 24 = owner_id;

-- name: all_of_owner
SELECT id FROM memory WHERE id BETWEEN ? AND ? AND deleted_at IS NULL;

-- name: members_of_kind
SELECT DISTINCT owner_id FROM membership WHERE project = ? AND kind = ?;

-- name: unread
SELECT count(*) FROM (SELECT 1 FROM memory WHERE owner_id = ? AND changed > ? LIMIT ?);

-- name: changed_rows
-- What the index in RAM keeps, of everything written after a version. Deleted rows come with the time they went.
SELECT m.id, m.deleted_at, t.ids, v.embedding, m.previous_id, m.session_id, m.role, m.actor_id, m.said_at,
       v.tokens
FROM memory AS m
LEFT JOIN token AS t ON t.version_id = m.version_id
LEFT JOIN vector AS v ON v.version_id = m.version_id
WHERE m.owner_id = ? AND m.changed > ? AND m.id >> 24 = m.owner_id
ORDER BY m.id;

-- name: all_rows
-- The same for a whole owner, as a walk along the primary keys.
SELECT m.id, m.deleted_at, t.ids, v.embedding, m.previous_id, m.session_id, m.role, m.actor_id, m.said_at,
       v.tokens
FROM memory AS m
LEFT JOIN token AS t ON t.version_id = m.version_id
LEFT JOIN vector AS v ON v.version_id = m.version_id
WHERE m.id BETWEEN ? AND ? AND m.deleted_at IS NULL
ORDER BY m.id;

-- name: expired
SELECT id FROM memory WHERE owner_id = ? AND expires_on < ? AND expires_on IS NOT NULL AND deleted_at IS NULL;

-- name: records
SELECT m.id, m.uid, v.text, m.user_id, m.agent_id, m.app_id, m.run_id, m.earlier_runs, m.role, m.actor_id,
       m.created_at, m.updated_at, m.said_at, m.sayings, m.expires_on, m.metadata, m.fact
FROM memory AS m LEFT JOIN memory_version AS v ON v.id = m.version_id
WHERE m.id IN (SELECT value FROM json_each(?)) AND m.deleted_at IS NULL;

-- name: page_of_one
SELECT m.id, m.uid, v.text, m.user_id, m.agent_id, m.app_id, m.run_id, m.earlier_runs, m.role, m.actor_id,
       m.created_at, m.updated_at, m.said_at, m.sayings, m.expires_on, m.metadata, m.fact
FROM (SELECT id FROM memory
      WHERE owner_id = ?1 AND id >> 24 = ?1 AND deleted_at IS NULL AND (created_at, id) < (?2, ?3)
        AND (?4 IS NULL OR expires_on IS NULL OR expires_on >= ?4)
      ORDER BY created_at DESC, id DESC LIMIT ?5 OFFSET ?6) AS chosen
CROSS JOIN memory AS m ON m.id = chosen.id
LEFT JOIN memory_version AS v ON v.id = m.version_id;

-- name: page_of_several
SELECT m.id, m.uid, v.text, m.user_id, m.agent_id, m.app_id, m.run_id, m.earlier_runs, m.role, m.actor_id,
       m.created_at, m.updated_at, m.said_at, m.sayings, m.expires_on, m.metadata, m.fact
FROM (SELECT n.id FROM json_each(?1) AS owner CROSS JOIN memory AS n ON n.owner_id = owner.value
      WHERE n.id >> 24 = n.owner_id AND n.deleted_at IS NULL AND (n.created_at, n.id) < (?2, ?3)
        AND (?4 IS NULL OR n.expires_on IS NULL OR n.expires_on >= ?4)
      ORDER BY n.created_at DESC, n.id DESC LIMIT ?5 OFFSET ?6) AS chosen
CROSS JOIN memory AS m ON m.id = chosen.id
LEFT JOIN memory_version AS v ON v.id = m.version_id;

-- name: count
SELECT count(*) FROM json_each(?1) AS owner CROSS JOIN memory AS m ON m.owner_id = owner.value
WHERE m.deleted_at IS NULL AND (?2 IS NULL OR m.expires_on IS NULL OR m.expires_on >= ?2);

-- name: records_of_owner
SELECT m.id, m.uid, v.text, m.user_id, m.agent_id, m.app_id, m.run_id, m.earlier_runs, m.role, m.actor_id,
       m.created_at, m.updated_at, m.said_at, m.sayings, m.expires_on, m.metadata, m.fact
FROM memory AS m LEFT JOIN memory_version AS v ON v.id = m.version_id
WHERE m.id BETWEEN ? AND ? AND m.deleted_at IS NULL;

-- name: changed_records
-- The same of what was written after a version, by the index of changes.
SELECT m.id, m.uid, v.text, m.user_id, m.agent_id, m.app_id, m.run_id, m.earlier_runs, m.role, m.actor_id,
       m.created_at, m.updated_at, m.said_at, m.sayings, m.expires_on, m.metadata, m.fact
FROM memory AS m LEFT JOIN memory_version AS v ON v.id = m.version_id
WHERE m.owner_id = ? AND m.changed > ? AND m.id >> 24 = m.owner_id AND m.deleted_at IS NULL;

-- name: spoken
SELECT m.id, m.uid, v.text, m.created_at, m.said_at, v.recorded_at, m.expires_on
FROM memory AS m JOIN memory_version AS v ON v.id = m.version_id
WHERE m.owner_id = ? AND m.changed > ? AND m.deleted_at IS NULL AND m.role = 'user' AND m.fact IS NULL
ORDER BY m.id;

-- name: facts
-- With the memories that were said in the messages that prove them.
SELECT m.id, m.uid, v.text, m.fact, m.said_at, v.recorded_at, m.expires_on, m.deleted_at IS NOT NULL, (
    SELECT json_group_array(DISTINCT said.memory_id)
    FROM source AS proof JOIN source AS said ON said.message_id = proof.message_id AND said.kind = 'said'
    JOIN memory AS told ON told.id = said.memory_id AND told.deleted_at IS NULL
    WHERE proof.memory_id = m.id AND proof.kind = 'proof')
FROM memory AS m JOIN memory_version AS v ON v.id = m.version_id
WHERE m.owner_id = ?1 AND m.changed > ?2 AND m.fact IS NOT NULL AND m.id >> 24 = m.owner_id ORDER BY m.id;

-- name: facts_resting_on
-- Facts that nothing but these memories proves: no other was said in a message they are proved by.
SELECT DISTINCT f.id
FROM json_each(?1) AS gone
CROSS JOIN source AS said ON said.memory_id = gone.value AND said.kind = 'said'
CROSS JOIN source AS proof ON proof.message_id = said.message_id AND proof.kind = 'proof'
CROSS JOIN memory AS f ON f.id = proof.memory_id AND f.deleted_at IS NULL
WHERE f.id NOT IN (SELECT value FROM json_each(?1)) AND NOT EXISTS (
    SELECT 1 FROM source AS other JOIN source AS told ON told.message_id = other.message_id AND told.kind = 'said'
    JOIN memory AS stays ON stays.id = told.memory_id AND stays.deleted_at IS NULL
    WHERE other.memory_id = f.id AND other.kind = 'proof'
      AND told.memory_id NOT IN (SELECT value FROM json_each(?1)));

-- name: locate
SELECT CASE typeof(l.memory_id) WHEN 'integer' THEN l.memory_id END, m.uid IS l.uid
FROM locator AS l JOIN owner AS o ON o.id = l.owner_id LEFT JOIN memory AS m ON m.id = l.memory_id
WHERE l.uid = ? AND o.project = ?;

-- name: history
SELECT o.event_uid, o.kind, old.text, new.text,
       coalesce(e.created_at, new.recorded_at, old.closed_at, old.recorded_at)
FROM operation AS o
LEFT JOIN event AS e ON e.uid = o.event_uid
LEFT JOIN memory_version AS old ON old.id = o.old_version_id
LEFT JOIN memory_version AS new ON new.id = o.new_version_id
WHERE o.memory_id = ?
ORDER BY o.place;

-- name: sources
SELECT s.memory_id AS id, c.key, m.id AS message_id, m.external_id, s.kind
FROM json_each(?) AS wanted CROSS JOIN source AS s ON s.memory_id = wanted.value
JOIN message AS m ON m.id = s.message_id JOIN conversation AS c ON c.id = m.conversation_id
ORDER BY s.memory_id, s.message_id;

-- name: messages_of_owner
SELECT m.id, m.role, m.name, m.content, m.said_at, m.timed, m.recorded_at, m.digest, m.external_id,
       m.agent_id, m.app_id, m.run_id, c.key
FROM conversation AS c JOIN message AS m ON m.conversation_id = c.id AND m.id >> 24 = c.id
WHERE c.owner_id = ?1
  AND (?2 IS NULL OR m.agent_id = ?2) AND (?3 IS NULL OR m.app_id = ?3) AND (?4 IS NULL OR m.run_id = ?4)
ORDER BY m.recorded_at, m.id
LIMIT ?5;

-- name: conversations
-- Those of an owner, the one written to last first.
SELECT c.id, m.recorded_at
FROM json_each(?) AS owner CROSS JOIN conversation AS c ON c.owner_id = owner.value
CROSS JOIN message AS m
  ON m.id = (SELECT max(n.id) FROM message AS n WHERE n.id BETWEEN c.id << 24 AND (c.id << 24) + c.next_place - 1)
ORDER BY m.recorded_at DESC, c.id DESC;

-- name: latest_messages
SELECT m.id, m.role, m.name, m.content, m.said_at, m.timed, m.recorded_at, m.digest, m.external_id,
       m.agent_id, m.app_id, m.run_id, c.key
FROM message AS m JOIN conversation AS c ON c.id = m.conversation_id
WHERE m.id BETWEEN ?1 AND ?2
  AND (?3 IS NULL OR m.agent_id = ?3) AND (?4 IS NULL OR m.app_id = ?4) AND (?5 IS NULL OR m.run_id = ?5)
ORDER BY m.id DESC LIMIT ?6;

-- name: for_update
SELECT m.id, m.uid, m.owner_id, m.version_id, v.text, m.user_id, m.agent_id, m.app_id, m.run_id, m.earlier_runs,
       m.digest IS NOT NULL, m.role, m.actor_id, m.previous_id, m.metadata, m.expires_on, m.said_at, m.sayings,
       m.fact,
       m.changed, m.session_id, m.answers, m.created_at, m.updated_at, m.digest
FROM json_each(?) AS wanted
CROSS JOIN memory AS m ON m.id = wanted.value AND m.deleted_at IS NULL
LEFT JOIN memory_version AS v ON v.id = m.version_id;

-- name: there
SELECT m.id FROM json_each(?) AS wanted CROSS JOIN memory AS m ON m.id = wanted.value AND m.deleted_at IS NULL;

-- name: take_unembedded
-- Of [version, stamp].
DELETE FROM unembedded WHERE (version_id, stamp) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))
RETURNING version_id;

-- name: keep_vectors
-- Of [version, where its vector starts, its length, where its tokens' start, their length or null]; ?2 holds them all.
INSERT OR REPLACE INTO vector (version_id, embedding, tokens)
SELECT value ->> 0, substr(?2, value ->> 1, value ->> 2),
       CASE WHEN value ->> 4 IS NOT NULL THEN substr(?2, value ->> 3, value ->> 4) END
FROM json_each(?1);

-- name: unembedded
SELECT u.version_id AS id, m.id AS memory_id, u.stamp, v.text, m.actor_id, p.text, n.actor_id
FROM unembedded AS u
JOIN memory_version AS v ON v.id = u.version_id
JOIN memory AS m ON m.id = v.memory_id
LEFT JOIN memory AS n ON n.id = m.previous_id AND m.answers = 0 AND n.deleted_at IS NULL
LEFT JOIN memory_version AS p ON p.id = n.version_id
WHERE u.version_id IN (SELECT value FROM json_each(?));

-- name: unembedded_ids
SELECT version_id FROM unembedded WHERE version_id > ? ORDER BY version_id LIMIT ?;

-- name: unembedded_count
SELECT count(*) FROM unembedded;

-- name: projects_of
SELECT id, project FROM owner WHERE id IN (SELECT value FROM json_each(?));

-- name: touch
-- Of [memory, owner version].
UPDATE memory SET changed = t.value ->> 1 FROM json_each(?) AS t WHERE memory.id = t.value ->> 0;
