-- What a rolling upgrade needs to know: which steps older versions do not survive, and which version has the store open.
ALTER TABLE toldonce_schema ADD COLUMN IF NOT EXISTS post boolean NOT NULL DEFAULT false;
ALTER TABLE opener ADD COLUMN knows bigint NOT NULL DEFAULT 1;  -- the last step its version knows
