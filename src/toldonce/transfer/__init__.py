"""Moving memories: out to a file and in again, and in from Mem0."""
