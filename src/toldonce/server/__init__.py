"""The server: Mem0's REST API over the engine, so that Mem0's own clients need only another ``host``."""
