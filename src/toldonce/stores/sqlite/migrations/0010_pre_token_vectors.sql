-- Vectors of a text's tokens, int8, beside the text's own; NULL where the embedder gives none.
ALTER TABLE vector ADD COLUMN tokens BLOB;
ALTER TABLE rebuilt_vector ADD COLUMN tokens BLOB;
