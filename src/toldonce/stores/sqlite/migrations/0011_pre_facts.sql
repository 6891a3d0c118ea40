-- A memory is what was said, or a fact read from it: then this is what is known of it, and what it counts by is its own.
ALTER TABLE memory ADD COLUMN fact TEXT;          -- JSON object; NULL: what was said
CREATE INDEX memory_fact ON memory (owner_id, changed) WHERE fact IS NOT NULL;
CREATE UNIQUE INDEX memory_fact_once ON memory (owner_id, digest)
    WHERE fact IS NOT NULL AND digest IS NOT NULL AND deleted_at IS NULL;
