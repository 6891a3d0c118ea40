-- Statements behind jobs. Run by stores/sql/jobs.py. $1 is now and $2 the farthest moment a job can be due; the JSON
-- lists $3 to $6 are kinds, then the shares, lanes and ids that are left out.

-- name: next_due
SELECT min(CASE WHEN due_at > $2 THEN $1 ELSE due_at END) FROM job
WHERE kind = ANY(toldonce_texts($3)) AND share <> ALL(toldonce_texts($4))
  AND lane <> ALL(toldonce_texts($5)) AND id <> ALL(toldonce_ids($6));

-- name: counts
SELECT kind, count(*) FROM job GROUP BY kind;

-- name: add
INSERT INTO job (kind, payload, due_at, created_at, share, lane, priority, key) VALUES ($1, $2, $3::bigint, $3::bigint, $4, $5, $6, $7)
ON CONFLICT (key) WHERE key IS NOT NULL DO NOTHING;

-- name: lease
-- Of a lane, what was ordered first comes first, even if it was put back meanwhile.
UPDATE job SET attempts = attempts + 1, due_at = $7
WHERE id = (
    SELECT id FROM job AS next
    WHERE (due_at <= $1 OR due_at > $2)
      AND kind = ANY(toldonce_texts($3)) AND share <> ALL(toldonce_texts($4))
      AND lane <> ALL(toldonce_texts($5)) AND id <> ALL(toldonce_ids($6))
      AND NOT (lane <> '' AND EXISTS (
          SELECT 1 FROM job AS earlier
          WHERE earlier.lane = next.lane AND earlier.id < next.id AND earlier.priority = next.priority
            AND earlier.due_at <= $1
      ))
    ORDER BY priority, due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id, convert_to(kind, 'UTF8'), convert_to(payload, 'UTF8'), attempts, convert_to(share, 'UTF8'),
          convert_to(lane, 'UTF8');

-- name: drop
DELETE FROM job WHERE id = $1;

-- name: put_back
UPDATE job SET due_at = $3, payload = coalesce($4::text, payload) WHERE id = $1 AND attempts = $2 RETURNING id;

-- name: finish
DELETE FROM job WHERE id = $1 AND attempts = $2 RETURNING id;

-- name: keyed
SELECT id, convert_to(kind, 'UTF8'), convert_to(payload, 'UTF8'), attempts, convert_to(share, 'UTF8'),
       convert_to(lane, 'UTF8')
FROM job WHERE starts_with(key, $1::text) ORDER BY id;
