"""A role that may read one project with SQL sees no row of another, whatever it asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from tests.postgres import Server
from tests.stores.filling import fill
from tests.stores.test_postgres import name_of
from toldonce.stores.postgres import PostgresStore

SEEN = {
    "owner", "membership", "conversation", "message", "memory", "memory_version", "locator", "source", "operation",
    "event", "change", "token", "unembedded", "sql_reader",
}  # fmt: skip
"""Tables in which each project has rows here that its reader sees."""
HIDDEN = {
    "secret",
    "api_key",
    "webhook",
    "delivery",
    "job",
    "setting",
    "opener",
    "export",
    "member",
    "erasure",
    "erased_words",
}


@pytest.fixture
def url(postgres: Server) -> Iterator[str]:
    """Of a database with two projects, and a reader for each: ``reader_a``, ``reader_b``."""
    if postgres.data is None:
        pytest.skip("roles are made on a server of the tests' own only")
    url = postgres.database()
    with closing(PostgresStore(url)) as store:
        for project in ("a", "b"):
            fill(store, f"tea of {project}", f"rye of {project}", project=project)
    for project in ("a", "b"):
        postgres.run(f"CREATE ROLE reader_{project} LOGIN")
        postgres.run(f"SELECT toldonce_let_read('reader_{project}', '{project}')", name_of(url))
    yield url
    for project in ("a", "b"):
        postgres.run(f"DROP OWNED BY reader_{project}", name_of(url))
        postgres.run(f"DROP ROLE reader_{project}")


def rows(postgres: Server, url: str, user: str, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(postgres.of(name_of(url), user), autocommit=True) as connection:
        return connection.execute(sql.encode()).fetchall()


def test_each_sees_its_own_rows_of_every_table_and_no_others(postgres: Server, url: str) -> None:
    tables = {
        str(name)
        for (name,) in rows(postgres, url, "tests", "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    }
    assert tables >= SEEN | HIDDEN
    for table in sorted(tables - {"toldonce_schema"}):
        all_of_them = rows(postgres, url, "tests", f"SELECT {table}::text FROM {table}")
        seen = []
        for reader in ("reader_a", "reader_b"):
            try:
                seen.append(set(rows(postgres, url, reader, f"SELECT {table}::text FROM {table}")))
            except psycopg.errors.InsufficientPrivilege:
                seen.append(set())
        assert seen[0].isdisjoint(seen[1]), table
        if table in SEEN:
            assert all(seen), table
            assert seen[0] | seen[1] == set(all_of_them), table
        if table in HIDDEN:
            assert not any(seen), table


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT text FROM memory_version",
        "SELECT v.text FROM owner AS o RIGHT JOIN memory AS m ON true JOIN memory_version AS v ON v.memory_id = m.id",
        "SELECT content FROM message",
        "WITH x AS MATERIALIZED (SELECT * FROM memory_version) SELECT text FROM x",
        "SELECT text FROM (SELECT text, set_config('row_security', 'on', true) FROM memory_version) AS x",
        "SELECT text FROM memory_version WHERE id IN (SELECT id FROM memory) OR true",
    ],
)
def test_whatever_is_asked_only_its_own_words_come(postgres: Server, url: str, sql: str) -> None:
    assert {row[0] for row in rows(postgres, url, "tests", sql)} == {"tea of a", "rye of a", "tea of b", "rye of b"}
    assert {row[0] for row in rows(postgres, url, "reader_a", sql)} == {"tea of a", "rye of a"}


@pytest.mark.parametrize(
    "sql",
    [
        "SET row_security = off; SELECT text FROM memory_version",
        "SET ROLE reader_b",
        "SET ROLE tests",
        "SET SESSION AUTHORIZATION reader_b",
        "INSERT INTO sql_reader VALUES ('reader_a', 'b')",
        "UPDATE sql_reader SET project = 'b'",
        "SELECT toldonce_let_read('reader_a', 'b')",
        "DROP POLICY of_project ON memory_version",
        "ALTER TABLE memory_version DISABLE ROW LEVEL SECURITY",
        "DELETE FROM memory",
        "UPDATE memory_version SET text = ''",
        "TRUNCATE memory",
    ],
)
def test_it_cannot_change_anything_nor_what_it_is(postgres: Server, url: str, sql: str) -> None:
    with psycopg.connect(postgres.of(name_of(url), "reader_a"), autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(sql.encode())
        words = {
            row[0]
            for row in connection.execute(
                "SELECT text FROM memory_version WHERE current_setting('row_security') = 'on'"
            )
        }
        assert words <= {"tea of a", "rye of a"}
    assert len(rows(postgres, url, "tests", "SELECT 1 FROM memory")) == 4


def test_a_grant_that_is_too_wide_shows_nothing(postgres: Server, url: str) -> None:
    postgres.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader_a", name_of(url))
    for table in sorted(HIDDEN):
        assert rows(postgres, url, "reader_a", f"SELECT 1 FROM {table}") == [], table
    assert rows(postgres, url, "tests", "SELECT 1 FROM secret") != []


def test_vectors_that_a_rebuild_made_are_behind_the_wall_too(postgres: Server, url: str) -> None:
    [(mine,), *_] = rows(postgres, url, "reader_a", "SELECT id FROM memory")
    [(other,), *_] = rows(postgres, url, "reader_b", "SELECT id FROM memory")
    for row in (mine, other):
        postgres.run(f"INSERT INTO rebuilt_embedding VALUES ({row}, '[1,0]')", name_of(url))
    postgres.run("ALTER TABLE embedding RENAME TO former", name_of(url))
    postgres.run("ALTER TABLE rebuilt_embedding RENAME TO embedding", name_of(url))
    assert rows(postgres, url, "reader_a", "SELECT version_id FROM embedding") == [(mine,)]


def test_what_was_allowed_can_be_taken_back(postgres: Server, url: str) -> None:
    assert rows(postgres, url, "reader_a", "SELECT 1 FROM memory") != []
    postgres.run("DELETE FROM sql_reader WHERE role = 'reader_a'", name_of(url))
    assert rows(postgres, url, "reader_a", "SELECT 1 FROM memory") == []
