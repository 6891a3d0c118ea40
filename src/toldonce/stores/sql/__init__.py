"""What stores that speak SQL share: which statements a step takes, by name, and what becomes of their rows.

Each store has the statements themselves, in files of its own, and a ``Database`` that runs them.
"""
