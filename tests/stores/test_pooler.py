"""Behind a pool of sessions, as PgBouncer's in transaction mode, where each transaction may get another session.

Nothing may be left in a session then: no setting, lock, table or statement. That is looked at wherever a connection is
given back. Where there is a program ``pgbouncer``, it is used as well.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.postgres import Server, unprivileged
from tests.waiting import until
from toldonce import Memory
from toldonce.stores.opening import copy_store, migrate_store
from toldonce.stores.postgres import PostgresStore
from toldonce.stores.postgres.connection import Connection
from toldonce.stores.postgres.pool import Pool
from toldonce.testing import WordEmbedder

_LEFT = """
SELECT 'setting ' || name FROM pg_settings WHERE source = 'session' AND name NOT LIKE 'transaction_%'
UNION ALL SELECT 'lock ' || locktype FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'
UNION ALL SELECT 'table ' || relname FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'
    AND pg_table_is_visible(oid)
UNION ALL SELECT 'channel ' || pg_listening_channels()
"""


def everything(url: str, tmp_path: Path) -> list[str]:
    """Use a database in every way; what a search finds at last."""
    with Memory(folder=url, embedder=WordEmbedder()) as memory, closing(PostgresStore(url)) as other:
        for number in range(8):  # psycopg prepares what it has run five times
            memory.add(f"I keep {number} bees.", user_id="ann", run_id="r")
            memory.search("bees", filters={"user_id": "ann"})
        memory.add("I feed cats.", user_id="bob")
        [row] = memory.get_all(filters={"user_id": "bob"})["results"]
        memory.update(row["id"], "I feed dogs.")
        memory.erase("bob")
        with other.exclusively("work"):
            other.check(1)
        assert other.purge(0, 10) == []
        other.compact()
    migrate_store(url)
    copy_store(url, tmp_path / "copy", lambda _: None)
    with Memory(folder=url, embedder=WordEmbedder()) as memory:
        return [row["memory"] for row in memory.search("7 bees", filters={"user_id": "ann"})["results"]]


def test_nothing_is_left_in_a_session(postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = postgres.database()
    left: list[str] = []
    looked: list[int] = []
    give_back = Pool._put_back

    def look(pool: Pool, connection: Connection) -> None:
        if connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
            looked.append(1)
            left.extend(str(row[0]) for row in connection.execute(_LEFT.encode(), prepare=False))
        give_back(pool, connection)

    monkeypatch.setattr(Pool, "_put_back", look)
    assert everything(url, tmp_path)[0] == "I keep 7 bees."
    assert len(looked) > 50
    assert left == []
    with closing(Pool(url)) as pool, pool.connection() as connection:  # a control: what is left is seen
        connection.execute(b"SET lock_timeout = 5")
        connection.execute(b"SELECT pg_advisory_lock(1)")
    assert left == ["setting lock_timeout", "lock advisory"]


@contextmanager
def bouncing(server: Server, folder: Path) -> Iterator[str]:
    """A PgBouncer of few sessions before the server; its URL."""
    program = shutil.which("pgbouncer")
    if program is None:
        pytest.skip("no pgbouncer here")
    user, group = unprivileged()
    folder.mkdir()
    folder.chmod(0o755)
    parts = urlsplit(server.url)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "bouncer.ini").write_text(
        f"""[databases]
* = host=127.0.0.1 port={parts.port} user={parts.username}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
"""
    )
    with ExitStack() as stack:
        process = stack.enter_context(
            subprocess.Popen([program, "-q", folder / "bouncer.ini"], user=user, group=group, extra_groups=[], cwd="/")
        )
        stack.callback(process.terminate)
        url = server.url.replace(f":{parts.port}/", f":{port}/")

        def answers() -> bool:
            try:
                psycopg.connect(url).close()
            except psycopg.OperationalError:
                return False
            return True

        until(answers)
        yield url


def test_behind_pgbouncer(postgres: Server, tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    with bouncing(postgres, tmp_path / "bouncer") as url:
        name = postgres.database().rpartition("/")[2]
        pooled = f"{url.rpartition('/')[0]}/{name}"
        assert everything(pooled, tmp_path)[0] == "I keep 7 bees."
        with closing(PostgresStore(pooled)) as store, store._pool.connection() as connection:
            assert connection.prepare_threshold is None
    with closing(PostgresStore(postgres.of(name))) as store, store._pool.connection() as connection:
        assert connection.prepare_threshold is not None
