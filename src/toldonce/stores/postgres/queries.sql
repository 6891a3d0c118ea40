-- Questions of stores/sql/read.py, and what else has no file of its own. Numbers are bound as bigint.

-- name: setting
SELECT value FROM setting WHERE key = $1;

-- name: keep_setting
INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = $2;

-- name: drop_setting
DELETE FROM setting WHERE key = $1;

-- name: owners_named
SELECT o.id, o.kind, o.entity_id
FROM owner AS o WHERE o.project = $1 AND o.kind = $2 AND o.entity_id = ANY(toldonce_texts($3)) ORDER BY o.id;

-- name: owner_by_name
SELECT id FROM owner WHERE project = $1 AND kind = $2 AND entity_id = $3;

-- name: owners_of_project
SELECT id, kind, entity_id FROM owner WHERE project = $1 ORDER BY id;

-- name: owners_of_kind
SELECT id, kind, entity_id FROM owner WHERE project = $1 AND kind = $2 ORDER BY id;

-- name: describe
SELECT o.id, o.kind, o.entity_id FROM owner AS o WHERE o.id = ANY(toldonce_ids($1));

-- name: owner_version
SELECT version FROM owner WHERE id = $1;

-- name: add_owner
INSERT INTO owner (project, kind, entity_id, created_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (project, kind, entity_id) DO NOTHING RETURNING id;

-- name: bump_owner
UPDATE owner SET version = version + 1 WHERE id = $1 RETURNING version;

-- name: reserve_ids
-- With the owner's next version ($3 = 1), as what gets an id will want one too.
UPDATE owner SET next_sequence = next_sequence + $2, version = version + $3 WHERE id = $1
RETURNING next_sequence - $2, version;

-- name: greatest_sequence
SELECT coalesce(max(id & 16777215), 0) FROM memory_version WHERE id BETWEEN $1 << 24 AND ($1 << 24) + 16777215;

-- name: members_named
SELECT DISTINCT m.owner_id
FROM membership AS m WHERE m.project = $1 AND m.kind = $2 AND m.entity_id = ANY(toldonce_texts($3));

-- name: carriers
SELECT memory_id FROM membership
WHERE project = $1 AND kind = $2 AND entity_id = $3 AND owner_id = $4;

-- name: all_of_owner
SELECT id FROM memory WHERE id BETWEEN $1 AND $2 AND deleted_at IS NULL ORDER BY id;

-- name: members_of_kind
SELECT DISTINCT owner_id FROM membership WHERE project = $1 AND kind = $2;

-- name: unread
SELECT count(*) FROM (SELECT 1 FROM memory WHERE owner_id = $1 AND changed > $2 LIMIT $3) AS found;

-- name: changed_rows
-- What the index in RAM keeps, of everything written after a version. Deleted rows come with the time they went.
SELECT m.id, m.deleted_at, t.ids, v.vector, m.previous_id, m.session_id, m.role, m.actor_id, m.said_at,
       v.tokens
FROM memory AS m
LEFT JOIN token AS t ON t.version_id = m.version_id
LEFT JOIN embedding AS v ON v.version_id = m.version_id
WHERE m.owner_id = $1 AND m.changed > $2
ORDER BY m.id;

-- name: all_rows
-- The same for a whole owner, as a walk along the primary keys.
SELECT m.id, m.deleted_at, t.ids, v.vector, m.previous_id, m.session_id, m.role, m.actor_id, m.said_at,
       v.tokens
FROM memory AS m
LEFT JOIN token AS t ON t.version_id = m.version_id
LEFT JOIN embedding AS v ON v.version_id = m.version_id
WHERE m.id BETWEEN $1 AND $2 AND m.deleted_at IS NULL
ORDER BY m.id;

-- name: expired
SELECT id FROM memory WHERE owner_id = $1 AND expires_on < $2::text COLLATE "C" AND expires_on IS NOT NULL AND deleted_at IS NULL
ORDER BY id;

-- name: records
SELECT m.id, m.uid, v.text, m.user_id, m.agent_id, m.app_id, m.run_id, m.earlier_runs, m.role, m.actor_id,
       m.created_at, m.updated_at, m.said_at, m.sayings, m.expires_on, m.metadata, m.fact
FROM memory AS m LEFT JOIN memory_version AS v ON v.id = m.version_id
WHERE m.id = ANY(toldonce_ids($1)) AND m.deleted_at IS NULL
ORDER BY m.id;

-- name: page_of_one
SELECT m.id, m.uid, v.text, m.user_id, m.agent_id, m.app_id, m.run_id, m.earlier_runs, m.role, m.actor_id,
       m.created_at, m.updated_at, m.said_at, m.sayings, m.expires_on, m.metadata, m.fact
FROM (SELECT id FROM memory
      WHERE owner_id = $1 AND deleted_at IS NULL AND (created_at, id) < ($2, $3)
        AND ($4::text IS NULL OR expires_on IS NULL OR expires_on >= $4::text COLLATE "C")
      ORDER BY created_at DESC, id DESC LIMIT $5 OFFSET $6) AS chosen
JOIN memory AS m ON m.id = chosen.id
LEFT JOIN memory_version AS v ON v.id = m.version_id
ORDER BY m.created_at DESC, m.id DESC;

-- name: page_of_several
SELECT m.id, m.uid, v.text, m.user_id, m.agent_id, m.app_id, m.run_id, m.earlier_runs, m.role, m.actor_id,
       m.created_at, m.updated_at, m.said_at, m.sayings, m.expires_on, m.metadata, m.fact
FROM (SELECT n.id FROM memory AS n
      WHERE n.owner_id = ANY(toldonce_ids($1)) AND n.deleted_at IS NULL AND (n.created_at, n.id) < ($2, $3)
        AND ($4::text IS NULL OR n.expires_on IS NULL OR n.expires_on >= $4::text COLLATE "C")
      ORDER BY n.created_at DESC, n.id DESC LIMIT $5 OFFSET $6) AS chosen
JOIN memory AS m ON m.id = chosen.id
LEFT JOIN memory_version AS v ON v.id = m.version_id
ORDER BY m.created_at DESC, m.id DESC;

-- name: count
SELECT count(*) FROM memory AS m
WHERE m.owner_id = ANY(toldonce_ids($1)) AND m.deleted_at IS NULL
  AND ($2::text IS NULL OR m.expires_on IS NULL OR m.expires_on >= $2::text COLLATE "C");

-- name: records_of_owner
SELECT m.id, m.uid, v.text, m.user_id, m.agent_id, m.app_id, m.run_id, m.earlier_runs, m.role, m.actor_id,
       m.created_at, m.updated_at, m.said_at, m.sayings, m.expires_on, m.metadata, m.fact
FROM memory AS m LEFT JOIN memory_version AS v ON v.id = m.version_id
WHERE m.id BETWEEN $1 AND $2 AND m.deleted_at IS NULL
ORDER BY m.id;

-- name: changed_records
-- The same of what was written after a version, by the index of changes.
SELECT m.id, m.uid, v.text, m.user_id, m.agent_id, m.app_id, m.run_id, m.earlier_runs, m.role, m.actor_id,
       m.created_at, m.updated_at, m.said_at, m.sayings, m.expires_on, m.metadata, m.fact
FROM memory AS m LEFT JOIN memory_version AS v ON v.id = m.version_id
WHERE m.owner_id = $1 AND m.changed > $2 AND m.deleted_at IS NULL
ORDER BY m.id;

-- name: spoken
SELECT m.id, m.uid, v.text, m.created_at, m.said_at, v.recorded_at, m.expires_on
FROM memory AS m JOIN memory_version AS v ON v.id = m.version_id
WHERE m.owner_id = $1 AND m.changed > $2 AND m.deleted_at IS NULL AND m.role = 'user' AND m.fact IS NULL
ORDER BY m.id;

-- name: facts
-- With the memories that were said in the messages that prove them.
SELECT m.id, m.uid, v.text, m.fact, m.said_at, v.recorded_at, m.expires_on, m.deleted_at IS NOT NULL, (
    SELECT coalesce(json_agg(DISTINCT said.memory_id), '[]')::text
    FROM source AS proof JOIN source AS said ON said.message_id = proof.message_id AND said.kind = 'said'
    JOIN memory AS told ON told.id = said.memory_id AND told.deleted_at IS NULL
    WHERE proof.memory_id = m.id AND proof.kind = 'proof')
FROM memory AS m JOIN memory_version AS v ON v.id = m.version_id
WHERE m.owner_id = $1 AND m.changed > $2 AND m.fact IS NOT NULL ORDER BY m.id;

-- name: facts_resting_on
-- Facts that nothing but these memories proves: no other was said in a message they are proved by.
SELECT DISTINCT f.id
FROM source AS said
JOIN source AS proof ON proof.message_id = said.message_id AND proof.kind = 'proof'
JOIN memory AS f ON f.id = proof.memory_id AND f.deleted_at IS NULL
WHERE said.memory_id = ANY(toldonce_ids($1)) AND said.kind = 'said' AND f.id <> ALL(toldonce_ids($1)) AND NOT EXISTS (
    SELECT 1 FROM source AS other JOIN source AS told ON told.message_id = other.message_id AND told.kind = 'said'
    JOIN memory AS stays ON stays.id = told.memory_id AND stays.deleted_at IS NULL
    WHERE other.memory_id = f.id AND other.kind = 'proof'
      AND told.memory_id <> ALL(toldonce_ids($1)))
ORDER BY f.id;

-- name: locate
SELECT l.memory_id, m.uid IS NOT DISTINCT FROM l.uid
FROM locator AS l JOIN owner AS o ON o.id = l.owner_id LEFT JOIN memory AS m ON m.id = l.memory_id
WHERE l.uid = $1 AND o.project = $2;

-- name: history
SELECT o.event_uid, o.kind, old.text, new.text,
       coalesce(e.created_at, new.recorded_at, old.closed_at, old.recorded_at)
FROM operation AS o
LEFT JOIN event AS e ON e.uid = o.event_uid
LEFT JOIN memory_version AS old ON old.id = o.old_version_id
LEFT JOIN memory_version AS new ON new.id = o.new_version_id
WHERE o.memory_id = $1
ORDER BY o.place;

-- name: sources
SELECT s.memory_id AS id, c.key, m.id AS message_id, m.external_id, s.kind
FROM source AS s
JOIN message AS m ON m.id = s.message_id JOIN conversation AS c ON c.id = m.conversation_id
WHERE s.memory_id = ANY(toldonce_ids($1))
ORDER BY s.memory_id, s.message_id;

-- name: messages_of_owner
SELECT m.id, m.role, m.name, m.content, m.said_at, m.timed, m.recorded_at, m.digest, m.external_id,
       m.agent_id, m.app_id, m.run_id, c.key
FROM conversation AS c JOIN message AS m ON m.id BETWEEN c.id << 24 AND (c.id << 24) + 16777215
WHERE c.owner_id = $1
  AND ($2::text IS NULL OR m.agent_id = $2::text) AND ($3::text IS NULL OR m.app_id = $3::text)
  AND ($4::text IS NULL OR m.run_id = $4::text)
ORDER BY m.recorded_at, m.id
LIMIT nullif($5, -1);

-- name: conversations
-- Those of an owner, the one written to last first.
SELECT c.id, m.recorded_at
FROM conversation AS c JOIN message AS m
  ON m.id = (SELECT max(n.id) FROM message AS n WHERE n.id BETWEEN c.id << 24 AND (c.id << 24) + c.next_place - 1)
WHERE c.owner_id = ANY(toldonce_ids($1))
ORDER BY m.recorded_at DESC, c.id DESC;

-- name: latest_messages
SELECT m.id, m.role, m.name, m.content, m.said_at, m.timed, m.recorded_at, m.digest, m.external_id,
       m.agent_id, m.app_id, m.run_id, c.key
FROM message AS m JOIN conversation AS c ON c.id = m.conversation_id
WHERE m.id BETWEEN $1 AND $2
  AND ($3::text IS NULL OR m.agent_id = $3::text) AND ($4::text IS NULL OR m.app_id = $4::text)
  AND ($5::text IS NULL OR m.run_id = $5::text)
ORDER BY m.id DESC LIMIT $6;

-- name: for_update
SELECT m.id, m.uid, m.owner_id, m.version_id, v.text, m.user_id, m.agent_id, m.app_id, m.run_id, m.earlier_runs,
       m.digest IS NOT NULL, m.role, m.actor_id, m.previous_id, m.metadata, m.expires_on, m.said_at, m.sayings,
       m.fact, m.changed, m.session_id, m.answers, m.created_at, m.updated_at, m.digest
FROM unnest(toldonce_ids($1)) WITH ORDINALITY AS wanted(id, place)
JOIN memory AS m ON m.id = wanted.id AND m.deleted_at IS NULL
LEFT JOIN memory_version AS v ON v.id = m.version_id
ORDER BY wanted.place;

-- name: there
SELECT m.id FROM unnest(toldonce_ids($1)) WITH ORDINALITY AS wanted(id, place)
JOIN memory AS m ON m.id = wanted.id AND m.deleted_at IS NULL
ORDER BY wanted.place;

-- name: take_unembedded
-- Of [version, stamp].
DELETE FROM unembedded WHERE (version_id, stamp) IN 
    (SELECT (value ->> 0)::bigint, (value ->> 1)::bigint FROM jsonb_array_elements($1::jsonb))
RETURNING version_id;

-- name: keep_vectors
INSERT INTO embedding (version_id, vector, tokens) VALUES ($1, $2, $3)
ON CONFLICT (version_id) DO UPDATE SET vector = excluded.vector, tokens = excluded.tokens;

-- name: unembedded
SELECT u.version_id AS id, m.id AS memory_id, u.stamp, v.text, m.actor_id, p.text, n.actor_id
FROM unembedded AS u
JOIN memory_version AS v ON v.id = u.version_id
JOIN memory AS m ON m.id = v.memory_id
LEFT JOIN memory AS n ON n.id = m.previous_id AND m.answers = 0 AND n.deleted_at IS NULL
LEFT JOIN memory_version AS p ON p.id = n.version_id
WHERE u.version_id = ANY(toldonce_ids($1))
ORDER BY u.version_id;

-- name: unembedded_ids
SELECT version_id FROM unembedded WHERE version_id > $1 ORDER BY version_id LIMIT $2;

-- name: unembedded_count
SELECT count(*) FROM unembedded;

-- name: projects_of
SELECT id, project FROM owner WHERE id = ANY(toldonce_ids($1));

-- name: touch
-- Of [memory, owner version].
UPDATE memory SET changed = (t.value ->> 1)::bigint FROM jsonb_array_elements($1::jsonb) AS t(value)
WHERE memory.id = (t.value ->> 0)::bigint;

-- name: lock_owners
SELECT id FROM owner WHERE id = ANY(toldonce_ids($1)) ORDER BY id FOR NO KEY UPDATE;

-- name: lock_owner_named
SELECT id FROM owner WHERE project = $1 AND kind = $2 AND entity_id = $3 FOR NO KEY UPDATE;

-- name: lock_owner_of_conversation
SELECT id FROM owner WHERE id = (SELECT owner_id FROM conversation WHERE id = $1) FOR NO KEY UPDATE;

-- name: lock_name
-- Of an owner who is not there yet.
SELECT pg_advisory_xact_lock(hashtextextended($1, 0));

-- name: lock_settings
SELECT pg_advisory_xact_lock(8028075772389192820);

-- name: lock_settings_shared
SELECT pg_advisory_xact_lock_shared(8028075772389192820);
