"""The SQL of this package, by name."""

from __future__ import annotations

from toldonce.stores.sql.named import migrations as migrations_of
from toldonce.stores.sql.named import statements


def migrations() -> list[tuple[int, str]]:
    """The schema's steps as (version, script), in order."""
    return migrations_of(__package__)


STATEMENTS = statements(__package__)
