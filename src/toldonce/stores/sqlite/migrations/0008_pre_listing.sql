-- Memories of an owner in the order they are listed in.
CREATE INDEX memory_created ON memory (owner_id, created_at) WHERE deleted_at IS NULL;
