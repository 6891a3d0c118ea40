-- Every statement the outbox runs, by name.

-- name: setting
SELECT value FROM setting WHERE key = ?;

-- name: keep_setting
INSERT INTO setting (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2;

-- name: drop_setting
DELETE FROM setting WHERE key = ?;

-- name: was_sent
SELECT 1 FROM sent WHERE key = ?;

-- name: put
INSERT OR IGNORE INTO entry (key, conversation, payload, put_at, unsure) VALUES (?, ?, ?, ?, ?);

-- name: after
SELECT id, conversation FROM entry WHERE id > ? AND parked_at IS NULL ORDER BY id;

-- name: entry
SELECT id, key, conversation, payload, put_at, unsure, tries, failing_since, reason, parked_at FROM entry WHERE id = ?;

-- name: waiting
SELECT id, key, conversation, payload, put_at, unsure, tries, failing_since, reason, parked_at
FROM entry WHERE parked_at IS NULL ORDER BY id;

-- name: parked
SELECT id, key, conversation, payload, put_at, unsure, tries, failing_since, reason, parked_at
FROM entry WHERE parked_at IS NOT NULL ORDER BY id;

-- name: count_waiting
SELECT count(*), min(put_at) FROM entry WHERE parked_at IS NULL;

-- name: drop
DELETE FROM entry WHERE id = ?;

-- name: keep_sent
INSERT OR REPLACE INTO sent (key, sent_at) VALUES (?, ?);

-- name: forget_sent
DELETE FROM sent WHERE sent_at < ?;

-- name: begin
UPDATE entry SET unsure = unsure + 1 WHERE id = ?;

-- name: not_done
UPDATE entry SET unsure = unsure - 1 WHERE id = ?;

-- name: count_repeated
INSERT INTO setting (key, value) VALUES ('repeated', '1')
ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT);

-- name: failed
UPDATE entry SET tries = ?2, failing_since = coalesce(failing_since, ?3), reason = ?4 WHERE id = ?1;

-- name: park
UPDATE entry SET parked_at = ?2, reason = ?3 WHERE id = ?1;

-- name: too_old
SELECT id FROM entry WHERE put_at < ? AND parked_at IS NULL;
