"""Upgrades of a database while processes of the older version use it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from tests.postgres import Server
from tests.stores.filling import fill, named
from tests.waiting import until
from toldonce.cli.app import app
from toldonce.errors import NewerStore, StoreError
from toldonce.stores.opening import migrate_store
from toldonce.stores.postgres import PostgresStore, migrating
from toldonce.stores.postgres import named as ours
from toldonce.stores.sql.named import Step, migrations

STEPS = ours.migrations()
NEWEST = STEPS[-1].number
ADDS = Step(NEWEST + 1, "ALTER TABLE memory ADD COLUMN mood text")
TAKES = Step(NEWEST + 2, "ALTER TABLE memory DROP COLUMN mood", post=True)


@contextmanager
def version(*later: Step) -> Iterator[None]:
    """The package as a later version has it, with more steps."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("", ".migrating", ".presence", ".writer"):
            patch.setattr(f"toldonce.stores.postgres{module}.migrations", lambda: [*STEPS, *later])
        yield


def steps_of(postgres: Server, url: str) -> list[object]:
    rows = postgres.run("SELECT number FROM toldonce_schema ORDER BY number", url.rpartition("/")[2])
    return [number for (number,) in rows]


def people(store: PostgresStore) -> set[str]:
    with store.read() as view:
        return {name for _, name in view.owners("p", "user", None).values()}


@pytest.fixture
def url(postgres: Server) -> str:
    return postgres.database()


def test_steps_are_read_with_when_they_are_run() -> None:
    assert [step.number for step in STEPS] == list(range(1, NEWEST + 1))
    assert not STEPS[0].post
    assert {step.post for step in migrations("toldonce.stores.sqlite")} == {False}


def test_an_older_version_goes_on_while_a_newer_one_uses_the_database(postgres: Server, url: str) -> None:
    with closing(PostgresStore(url)) as old:
        old.write_now(named("ann"))
        with version(ADDS, TAKES):
            new = PostgresStore(url)
            with closing(new):
                new.write_now(named("bob"))
                old.write_now(named("cyd"))
                assert people(old) == people(new) == {"ann", "bob", "cyd"}
                fill(old, "tea")
                assert steps_of(postgres, url) == [*range(1, NEWEST + 1), ADDS.number]
                with pytest.raises(StoreError, match=r"older version has .* open: process \d+ on"):
                    migrate_store(url)
                assert steps_of(postgres, url) == [*range(1, NEWEST + 1), ADDS.number]
                with closing(PostgresStore(url)):
                    pass
        with closing(PostgresStore(url)) as another_old:  # one that is started anew in the middle of an upgrade
            another_old.write_now(named("dan"))
            assert people(old) == {"ann", "bob", "cyd", "dan"}


def test_once_no_older_version_has_it_open_the_last_steps_are_made_and_older_ones_stop(
    postgres: Server, url: str
) -> None:
    old = PostgresStore(url)
    with version(ADDS, TAKES), closing(PostgresStore(url)) as new:
        old._presence.close()  # as one that lost its connection: it is taken for gone
        assert migrate_store(url) == [TAKES.number]
        assert migrate_store(url) == []
        new.write_now(named("bob"))
    with pytest.raises(NewerStore, match=f"schema {TAKES.number}"):
        old.write_now(named("ann"))
    with pytest.raises(NewerStore), old.read():
        pass
    with pytest.raises(NewerStore):
        PostgresStore(url)
    with pytest.raises(NewerStore):
        migrate_store(url)
    old.close()


def test_a_database_more_than_a_version_behind_is_not_brought_over_the_heads_of_others(
    postgres: Server, url: str
) -> None:
    PostgresStore(url).close()
    later = Step(NEWEST + 3, "ALTER TABLE memory ADD COLUMN weather text")
    with version(ADDS, TAKES, later):
        with pytest.raises(StoreError, match="toldonce migrate"):
            PostgresStore(url)
        assert migrate_store(url) == [ADDS.number, TAKES.number, later.number]
        PostgresStore(url).close()


def test_an_empty_database_gets_every_step(postgres: Server, url: str) -> None:
    with version(ADDS, TAKES):
        assert migrate_store(url) == [*range(1, NEWEST + 1), ADDS.number, TAKES.number]
    other = postgres.database()
    with version(ADDS, TAKES):
        PostgresStore(other).close()
    assert steps_of(postgres, other) == steps_of(postgres, url)


def test_a_database_of_the_first_step_is_brought_up_to_date(postgres: Server, url: str) -> None:
    """The table of steps had fewer columns then."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION vector")
        connection.execute("CREATE TABLE toldonce_schema (number bigint PRIMARY KEY, applied_at timestamptz)")
        connection.execute(STEPS[0].script.encode())
        connection.execute("INSERT INTO toldonce_schema VALUES (1, now())")
    with closing(PostgresStore(url)) as store:
        store.write_now(named("ann"))
        assert people(store) == {"ann"}
    assert steps_of(postgres, url) == list(range(1, NEWEST + 1))


def test_a_step_waits_for_nobody_long_and_says_who_is_in_the_way(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    PostgresStore(url).close()
    monkeypatch.setattr(migrating, "_PATIENCE", 0.05)
    monkeypatch.setattr(migrating, "_PAUSE", 0.01)
    monkeypatch.setenv("TOLDONCE_LOCK_WAIT", "0.2")
    with psycopg.connect(url) as reader, version(ADDS):
        reader.execute("SELECT count(*) FROM memory")
        with pytest.raises(StoreError, match="in use all the time"):
            PostgresStore(url)
        reader.rollback()
        PostgresStore(url).close()


def test_a_step_that_was_in_a_deadlock_is_made_again(url: str) -> None:
    """A writer has one of its tables and wants another: one of the two gives way."""
    PostgresStore(url).close()
    script = "ALTER TABLE memory ADD COLUMN mood text; SELECT pg_sleep(0.5); ALTER TABLE message ADD COLUMN mood text"
    with psycopg.connect(url) as other, version(Step(NEWEST + 1, script)):
        other.execute("SET deadlock_timeout = '10s'")  # the step is the one that finds out, and gives way
        other.execute("LOCK TABLE message IN ROW EXCLUSIVE MODE")
        opening = threading.Thread(target=lambda: PostgresStore(url).close())
        opening.start()
        until(lambda: other.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchall() != [(0,)])
        other.execute("LOCK TABLE memory IN ROW EXCLUSIVE MODE")
        other.commit()
        opening.join(30)
        assert not opening.is_alive()
        PostgresStore(url).close()
        columns = "SELECT count(*) FROM information_schema.columns WHERE column_name = 'mood'"
        assert other.execute(columns).fetchall() == [(2,)]


@pytest.mark.parametrize("failing", ["SELECT 1/0", "ALTER TABLE nowhere ADD COLUMN x int"])
def test_a_step_that_fails_leaves_nothing(postgres: Server, url: str, failing: str) -> None:
    PostgresStore(url).close()
    with version(ADDS, Step(NEWEST + 2, failing)), pytest.raises(StoreError):
        PostgresStore(url)
    assert steps_of(postgres, url) == list(range(1, NEWEST + 1))
    PostgresStore(url).close()


def test_the_command_says_what_it_did(url: str, tmp_path: Path) -> None:
    def migrated(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["migrate", *arguments])
        assert done.exit_code == 0, done.exception
        return done.stdout

    PostgresStore(url).close()
    assert "nothing to do" in migrated("--store", url)
    with version(ADDS, TAKES):
        assert "2 steps were made" in migrated("--store", url)
        assert migrated("--store", url, "--json").strip().endswith('"steps": []}')
