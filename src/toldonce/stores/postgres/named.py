"""The SQL of this package, by name."""

from __future__ import annotations

from toldonce.stores.sql.named import Step, statements
from toldonce.stores.sql.named import migrations as migrations_of


def migrations() -> list[Step]:
    """The schema's steps, in order."""
    return migrations_of(__package__)


STATEMENTS = statements(__package__)
