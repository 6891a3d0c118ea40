-- Less to write for each message: only where the caller said when is a message looked for by its words and its time.
DROP INDEX message_digest;
CREATE INDEX message_timed ON message (conversation_id, digest) WHERE timed;
