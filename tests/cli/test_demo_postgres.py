"""The demo in a database: ``make demo STORE=postgres``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg

from tests.postgres import Server


def test_what_a_process_was_told_another_knows_from_the_database(postgres: Server, tmp_path: Path) -> None:
    url = postgres.database()
    environment = {**os.environ, "DATABASE_URL": url, "HOME": str(tmp_path)}
    command = [sys.executable, "-m", "tools.demo_postgres", "--session", "1", "--ask"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Hello Maya, good to have you back. You told me:" in done.stdout
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) > 10 FROM message").fetchall() == [(True,)]
