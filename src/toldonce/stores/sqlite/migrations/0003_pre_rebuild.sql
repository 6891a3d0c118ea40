-- What a rebuild has made so far. When it is complete these tables take the places of vector and token, by their names.
CREATE TABLE rebuilt_vector (
    version_id INTEGER PRIMARY KEY,
    embedding  BLOB NOT NULL
) STRICT;
CREATE TABLE rebuilt_token (
    version_id INTEGER PRIMARY KEY,
    ids        BLOB NOT NULL
) STRICT;

-- How far it is with each owner: memories up to here, in the order they were last changed in, are done.
CREATE TABLE rebuilt_owner (
    owner_id  INTEGER PRIMARY KEY,
    changed   INTEGER NOT NULL,
    memory_id INTEGER NOT NULL
) STRICT;
