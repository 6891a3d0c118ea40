-- Statements behind what the server keeps, by name. Loaded by serving.py.

-- name: project
SELECT id, organisation, name, description, settings, created_at, updated_at
FROM project WHERE id = ? AND deleted_at IS NULL;

-- name: project_named
SELECT id, organisation, name, description, settings, created_at, updated_at
FROM project WHERE organisation = ? AND name = ? AND deleted_at IS NULL;

-- name: add_project
INSERT INTO project (id, organisation, name, description, settings, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING RETURNING id;

-- name: keep_project
UPDATE project SET name = ?2, description = ?3, settings = ?4, updated_at = ?5 WHERE id = ?1;

-- name: delete_project
UPDATE project SET deleted_at = ?2, name = '', description = NULL, settings = '{}' WHERE id = ?1;

-- name: remove_members_of_project
DELETE FROM member WHERE project = ?;

-- name: remove_deliveries_of_project
DELETE FROM delivery WHERE webhook_id IN (SELECT id FROM webhook WHERE project = ?);

-- name: revoke_keys_of_project
UPDATE api_key SET revoked_at = ?2 WHERE project = ?1 AND revoked_at IS NULL;

-- name: remove_webhooks_of_project
DELETE FROM webhook WHERE project = ?;

-- name: remove_exports_of_project
DELETE FROM export WHERE project = ?;

-- name: remove_feedback_of_project
DELETE FROM feedback WHERE project = ?;

-- name: projects
SELECT id, organisation, name, description, settings, created_at, updated_at
FROM project WHERE organisation = ? AND deleted_at IS NULL ORDER BY created_at, id;

-- name: members
SELECT email AS id, role, created_at FROM member WHERE project = ? ORDER BY created_at, email;

-- name: keep_member
INSERT INTO member (project, email, role, created_at) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (project, email) DO UPDATE SET role = ?3;

-- name: remove_member
DELETE FROM member WHERE project = ? AND email = ? RETURNING email;

-- name: key
SELECT id, project, name, digest, scopes, created_at, expires_at, last_used_at, revoked_at FROM api_key WHERE id = ?;

-- name: keys
SELECT id, project, name, digest, scopes, created_at, expires_at, last_used_at, revoked_at
FROM api_key WHERE ?1 IS NULL OR project = ?1 ORDER BY created_at, id;

-- name: add_key
INSERT INTO api_key (id, project, name, digest, scopes, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: revoke_key
UPDATE api_key SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL RETURNING id;

-- name: touch_key
UPDATE api_key SET last_used_at = ?2 WHERE id = ?1;

-- name: call
SELECT id, project, kind, results, answer, started_at, finished_at, idempotency_key, fingerprint
FROM call WHERE id = ? AND project = ?;

-- name: call_with_key
SELECT id, project, kind, results, answer, started_at, finished_at, idempotency_key, fingerprint
FROM call WHERE project = ? AND idempotency_key = ?;

-- name: calls
SELECT id, project, kind, results, answer, started_at, finished_at, idempotency_key, fingerprint
FROM call WHERE project = ? AND kind IN ('ADD', 'UPDATE', 'DELETE')
ORDER BY finished_at DESC, id DESC LIMIT ? OFFSET ?;

-- name: count_calls
SELECT count(*) FROM call WHERE project = ? AND kind IN ('ADD', 'UPDATE', 'DELETE');

-- name: keep_call
INSERT INTO call (id, project, kind, results, answer, started_at, finished_at, idempotency_key, fingerprint)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (project, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING RETURNING id;

-- name: text
SELECT m.id, v.text FROM locator AS l
JOIN owner AS o ON o.id = l.owner_id
JOIN memory AS m ON m.id = l.memory_id AND m.deleted_at IS NULL
JOIN memory_version AS v ON v.id = m.version_id
WHERE l.uid = ? AND o.project = ?;

-- name: last_text
SELECT m.id, v.text FROM locator AS l
JOIN owner AS o ON o.id = l.owner_id
JOIN memory AS m ON m.id = l.memory_id
JOIN memory_version AS v ON v.id = m.version_id
WHERE l.uid = ? AND o.project = ?;

-- name: origin
SELECT uid, user_id, agent_id, app_id, run_id, role, metadata FROM memory WHERE id = ?;

-- name: said
SELECT m.id, m.role, m.content FROM source AS s JOIN message AS m ON m.id = s.message_id
WHERE s.memory_id = ? ORDER BY s.message_id;

-- name: entities
-- An entity either owns memories or is carried by memories that another owns; never both for one memory.
SELECT entity_id AS id, sum(memories), min(first), max(last) FROM (
    SELECT o.entity_id, count(*) AS memories, min(m.created_at) AS first, max(m.updated_at) AS last
    FROM owner AS o JOIN memory AS m ON m.owner_id = o.id AND m.deleted_at IS NULL
    WHERE o.project = ?1 AND o.kind = ?2 GROUP BY o.id
    UNION ALL
    SELECT b.entity_id, count(*), min(m.created_at), max(m.updated_at)
    FROM membership AS b JOIN memory AS m ON m.id = b.memory_id
    WHERE b.project = ?1 AND b.kind = ?2 GROUP BY b.entity_id
) GROUP BY entity_id ORDER BY entity_id;

-- name: operations
SELECT p.memory_id, p.place
FROM operation AS p
LEFT JOIN event AS e ON e.uid = p.event_uid
LEFT JOIN memory_version AS n ON n.id = p.new_version_id
JOIN memory AS m ON m.id = p.memory_id JOIN owner AS o ON o.id = m.owner_id
WHERE o.project = ? ORDER BY coalesce(e.created_at, n.recorded_at) DESC, p.event_uid DESC, p.memory_id DESC, p.place DESC LIMIT ? OFFSET ?;

-- name: count_operations
SELECT count(*) FROM operation AS p
JOIN memory AS m ON m.id = p.memory_id JOIN owner AS o ON o.id = m.owner_id WHERE o.project = ?;

-- name: feedback
SELECT verdict, reason FROM feedback WHERE project = ? AND memory_uid = ?;

-- name: keep_feedback
INSERT INTO feedback (project, memory_uid, verdict, reason, updated_at) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (project, memory_uid) DO UPDATE SET verdict = ?3, reason = ?4, updated_at = ?5;

-- name: export
SELECT id, project, schema, filters, created_at FROM export WHERE id = ? AND project = ?;

-- name: newest_export
SELECT id, project, schema, filters, created_at FROM export
WHERE project = ? AND filters = ? ORDER BY created_at DESC, id DESC LIMIT 1;

-- name: add_export
INSERT INTO export (id, project, schema, filters, created_at) VALUES (?, ?, ?, ?, ?);

-- name: webhook
SELECT id, project, name, url, event_types, secret, created_at, updated_at, since
FROM webhook WHERE id = ?;

-- name: webhooks
SELECT id, project, name, url, event_types, secret, created_at, updated_at, since
FROM webhook WHERE project = ? ORDER BY created_at, id;

-- name: add_webhook
INSERT INTO webhook (id, project, name, url, event_types, secret, created_at, updated_at, since)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE (SELECT count(*) FROM webhook WHERE project = ?2) < ?10
RETURNING id;

-- name: keep_webhook
UPDATE webhook SET name = ?2, url = ?3, event_types = ?4, updated_at = ?5 WHERE id = ?1;

-- name: remove_webhook
DELETE FROM webhook WHERE id = ?;

-- name: deliveries
SELECT id, webhook_id, message_id, event_type, memory_uid, attempt, status, error, next_at, at
FROM delivery WHERE webhook_id = ? ORDER BY id DESC LIMIT ?;

-- name: log_delivery
INSERT INTO delivery (webhook_id, message_id, event_type, memory_uid, attempt, status, error, next_at, at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: forget_calls
DELETE FROM call WHERE id IN (SELECT id FROM call WHERE id < ?1 ORDER BY id LIMIT ?2);

-- name: forget_deliveries
DELETE FROM delivery WHERE at < ?1 AND id IN (SELECT id FROM delivery ORDER BY id LIMIT ?2);
