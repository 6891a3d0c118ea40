"""Other memories behind our verbs."""
