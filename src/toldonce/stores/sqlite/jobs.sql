-- Statements behind jobs, by name. Loaded by jobs.py. ?1 is now and ?2 the farthest moment a job can be due; the JSON
-- lists ?3 to ?6 are kinds, then the shares, lanes and ids that are left out.

-- name: next_due
SELECT min(CASE WHEN due_at > ?2 THEN ?1 ELSE due_at END) FROM job
WHERE kind IN (SELECT value FROM json_each(?3)) AND share NOT IN (SELECT value FROM json_each(?4))
  AND lane NOT IN (SELECT value FROM json_each(?5)) AND id NOT IN (SELECT value FROM json_each(?6));

-- name: counts
SELECT kind, count(*) FROM job GROUP BY kind;

-- name: keyed
SELECT id, CAST(kind AS BLOB), CAST(payload AS BLOB), attempts, CAST(share AS BLOB), CAST(lane AS BLOB)
FROM job WHERE substr(key, 1, length(?1)) = ?1 ORDER BY id;

-- name: add
INSERT INTO job (kind, payload, due_at, created_at, share, lane, priority, key) VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (key) WHERE key IS NOT NULL DO NOTHING;

-- name: lease
-- Of a lane, what was ordered first comes first, even if it was put back meanwhile.
UPDATE job SET attempts = attempts + 1, due_at = ?7
WHERE id = (
    SELECT id FROM job AS next
    WHERE (due_at <= ?1 OR due_at > ?2)
      AND kind IN (SELECT value FROM json_each(?3)) AND share NOT IN (SELECT value FROM json_each(?4))
      AND lane NOT IN (SELECT value FROM json_each(?5)) AND id NOT IN (SELECT value FROM json_each(?6))
      AND NOT (lane <> '' AND EXISTS (
          SELECT 1 FROM job AS earlier
          WHERE earlier.lane = next.lane AND earlier.id < next.id AND earlier.priority = next.priority
            AND earlier.due_at <= ?1
      ))
    ORDER BY priority, due_at, id LIMIT 1
)
RETURNING id, CAST(kind AS BLOB), CAST(payload AS BLOB), attempts, CAST(share AS BLOB), CAST(lane AS BLOB);

-- name: drop
DELETE FROM job WHERE id = ?;

-- name: put_back
UPDATE job SET due_at = ?3, payload = coalesce(?4, payload) WHERE id = ?1 AND attempts = ?2 RETURNING id;

-- name: finish
DELETE FROM job WHERE id = ?1 AND attempts = ?2 RETURNING id;
