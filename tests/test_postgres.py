"""The tests' own PostgreSQL is what it is meant to be."""

from __future__ import annotations

import psycopg
import pytest

from tests.postgres import LOCKED, PASSWORD, Server


def test_postgres_has_pgvector_and_each_test_its_own_database(postgres: Server) -> None:
    one, other = postgres.database(), postgres.database()
    name = one.rpartition("/")[2]
    postgres.run("CREATE EXTENSION vector", name)
    assert postgres.run("SELECT '[1,2]'::vector <-> '[1,4]'::vector", name) == [(2.0,)]
    assert postgres.run("SELECT 1 FROM pg_extension WHERE extname = 'vector'", other.rpartition("/")[2]) == []


def test_one_role_of_postgres_needs_its_password(postgres: Server) -> None:
    if postgres.data is None:
        pytest.skip("a server of somebody else's lets in whom it lets in")
    psycopg.connect(postgres.of("postgres", LOCKED, PASSWORD)).close()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(postgres.of("postgres", LOCKED, "wrong"))
