"""Memories kept by a Mem0 host: its cloud, or any server that speaks its REST API."""
