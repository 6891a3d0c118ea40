-- The change feed: operations in the order of their commits. Its last row is never deleted, so a sequence never returns.
CREATE TABLE change (
    sequence  INTEGER PRIMARY KEY,
    memory_id INTEGER NOT NULL,
    place     INTEGER NOT NULL              -- in the memory's history
) STRICT;

CREATE TABLE feed_reader (
    name     TEXT    PRIMARY KEY,
    sequence INTEGER NOT NULL               -- of the last change that was read
) STRICT, WITHOUT ROWID;

ALTER TABLE job ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN share TEXT NOT NULL DEFAULT '';
ALTER TABLE job ADD COLUMN lane TEXT NOT NULL DEFAULT '';
ALTER TABLE job ADD COLUMN key TEXT;
CREATE INDEX job_lane ON job (lane, id) WHERE lane <> '';
CREATE UNIQUE INDEX job_key ON job (key) WHERE key IS NOT NULL;
UPDATE job SET key = kind WHERE kind = 'tidy';

ALTER TABLE webhook ADD COLUMN since INTEGER NOT NULL DEFAULT 0;  -- it is told of later changes only

-- What was still to be delivered named a memory; now it names a stretch of the feed.
INSERT OR IGNORE INTO change (sequence, memory_id, place)
SELECT j.id, l.memory_id, (SELECT max(p.place) FROM operation AS p
                           WHERE p.memory_id = l.memory_id AND p.kind = j.payload ->> 'event')
FROM job AS j JOIN locator AS l ON l.uid = j.payload ->> 'memory' WHERE j.kind = 'webhook';
UPDATE job SET share = coalesce((SELECT w.project FROM webhook AS w WHERE w.id = payload ->> 'webhook'), ''),
               lane = coalesce(payload ->> 'webhook', ''),
               payload = json_object('webhook', payload ->> 'webhook', 'first', id, 'last', id)
WHERE kind = 'webhook';
