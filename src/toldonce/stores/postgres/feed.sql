-- Statements behind the change feed. Run by stores/sql/feed.py. What a transaction under way may still come before is
-- not shown yet: it would be missed by whoever went on behind it.

-- name: newest
SELECT coalesce(max(sequence), 0) FROM change
WHERE sequence < (pg_snapshot_xmin(pg_current_snapshot())::text::bigint << 20);

-- name: changes
SELECT c.sequence AS id, o.project, m.uid, p.kind, p.event_uid, coalesce(e.created_at, n.recorded_at),
       CASE WHEN m.deleted_at IS NULL THEN v.text END
FROM change AS c
JOIN memory AS m ON m.id = c.memory_id
JOIN owner AS o ON o.id = m.owner_id
JOIN operation AS p ON p.memory_id = c.memory_id AND p.place = c.place
LEFT JOIN event AS e ON e.uid = p.event_uid
LEFT JOIN memory_version AS n ON n.id = p.new_version_id
JOIN memory_version AS v ON v.id = m.version_id
WHERE c.sequence > $1 AND c.sequence <= $2
  AND c.sequence < (pg_snapshot_xmin(pg_current_snapshot())::text::bigint << 20)
ORDER BY c.sequence LIMIT $3;

-- name: position
SELECT sequence FROM feed_reader WHERE name = $1;

-- name: keep_position
INSERT INTO feed_reader (name, sequence) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET sequence = $2;

-- name: forget_before
DELETE FROM change WHERE sequence IN (
    SELECT c.sequence FROM change AS c
    LEFT JOIN operation AS p ON p.memory_id = c.memory_id AND p.place = c.place
    LEFT JOIN event AS e ON e.uid = p.event_uid
    LEFT JOIN memory_version AS n ON n.id = p.new_version_id
    WHERE c.sequence < (SELECT max(sequence) FROM change) AND c.sequence <= (
        SELECT coalesce(min(sequence), 9223372036854775807) FROM feed_reader
    ) AND coalesce(e.created_at, n.recorded_at, 0) < $1
    ORDER BY c.sequence LIMIT $2
);
