-- From a message to the memories it was said in: to say what a repeat repeats, and whether that was deleted since.
CREATE INDEX source_message ON source (message_id);
