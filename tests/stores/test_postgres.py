"""What is PostgreSQL's own of the store in one."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.postgres import LOCKED, PASSWORD, Server, binaries
from tests.stores.conftest import Databases
from tests.stores.filling import TALK, adding, ask, fill, memory, named, records, said
from tests.stores.relay import relaying
from toldonce.errors import Closed, CorruptStore, InvalidConfig, NewerStore, StoreError, Unsupported
from toldonce.stores.jobs import Job, Wanted
from toldonce.stores.postgres import PostgresStore, writer
from toldonce.stores.postgres import connection as connections
from toldonce.stores.postgres.connection import StoreUnreachable, shown
from toldonce.stores.postgres.database import _SCRATCH
from toldonce.stores.postgres.named import migrations
from toldonce.stores.postgres.pool import Pool
from toldonce.stores.postgres.writer import Unsure
from toldonce.stores.protocol import Store, Write
from toldonce.stores.serving import Webhook
from toldonce.stores.sql.named import statements
from toldonce.types import Scope


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    """Of an empty store."""
    url = databases.take()
    yield url
    databases.give_back(url)


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    store = PostgresStore(url)
    yield store
    store.close()


def name_of(url: str) -> str:
    return url.rpartition("/")[2]


def test_both_stores_have_the_statements_that_are_run_by_name() -> None:
    ours, others = statements("toldonce.stores.postgres"), statements("toldonce.stores.sqlite")
    for file in set(ours) & set(others):
        of_damage = {"bury", "end_all_memberships"}  # columns have types in PostgreSQL
        assert set(others[file]) - set(ours[file]) <= of_damage, file
    assert [step.number for step in migrations()] == list(range(1, len(migrations()) + 1))


def test_an_address_is_shown_without_what_is_secret() -> None:
    assert shown("postgresql://ann:secret@db.test:6432/memory?sslmode=require") == "postgresql://db.test:6432/memory"
    assert shown("postgresql://ann:secret@one,two:5433/memory") == "postgresql://one,two:5433/memory"
    with pytest.raises(InvalidConfig, match="postgresql://USER"):
        PostgresStore("postgresql://localhost/memory?no_such_option=1")


def test_a_database_that_is_not_there_is_named(postgres: Server) -> None:
    with pytest.raises(StoreError, match=r"no_such_database.*createdb"):
        PostgresStore(postgres.of("no_such_database"))


def test_a_wrong_password_is_told_and_the_right_one_is_not_shown(postgres: Server, url: str) -> None:
    if postgres.data is None:
        pytest.skip("a server of somebody else's lets in whom it lets in")
    for password in ("wrong-password", None):
        with pytest.raises(StoreError, match="password") as told:
            PostgresStore(postgres.of(name_of(url), LOCKED, password))
        assert "wrong-password" not in str(told.value)
    assert PASSWORD not in str(told.value)


def test_nobody_listens(url: str) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        PostgresStore("postgresql://tests@127.0.0.1:1/nothing")


def test_a_role_that_may_not_is_told(postgres: Server, url: str) -> None:
    if postgres.data is None:
        pytest.skip("a server of somebody else's lets in whom it lets in")
    with pytest.raises(StoreError, match="may not do that"):
        PostgresStore(postgres.of(name_of(url), LOCKED, PASSWORD))


def test_without_pgvector_it_is_said_what_to_install(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toldonce.stores.postgres.migrating._EXTENSION", b"CREATE EXTENSION no_such_extension")
    empty = postgres.database()
    with pytest.raises(StoreError, match="Install pgvector"):
        PostgresStore(empty)
    assert postgres.run("SELECT to_regclass('memory')", name_of(empty)) == [(None,)]


def test_a_server_that_is_too_old_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "OLDEST", 99)
    with pytest.raises(StoreError, match="needs 99 or newer"):
        PostgresStore(url)


def test_a_database_of_another_program_is_left_alone(postgres: Server) -> None:
    taken = postgres.database()
    postgres.run("CREATE TABLE memory (id int)", name_of(taken))
    with pytest.raises(CorruptStore, match="another program"):
        PostgresStore(taken)


def test_a_newer_store_is_refused_also_by_who_has_it_open(postgres: Server, url: str, store: PostgresStore) -> None:
    store.write_now(named("ann"))
    postgres.run("INSERT INTO toldonce_schema (number, post) VALUES (99, true)", name_of(url))
    try:
        with pytest.raises(NewerStore, match="schema 99"):
            PostgresStore(url)
        with pytest.raises(NewerStore, match="Upgrade"), store.read():
            pass
        with pytest.raises(NewerStore):
            store.write_now(named("bob"))
    finally:
        postgres.run("DELETE FROM toldonce_schema WHERE number = 99", name_of(url))
    with store.read() as view:
        assert [name for _, name in view.owners("p", "user", None).values()] == ["ann"]


def test_a_read_only_database_is_refused_and_noticed(postgres: Server, url: str, store: PostgresStore) -> None:
    postgres.run(f"ALTER DATABASE {name_of(url)} SET default_transaction_read_only = on")
    try:
        with pytest.raises(StoreError, match="replica, or read-only"):
            PostgresStore(url)
        store.write_now(named("ann"))  # connections that were open before may write
        store._pool.drop_idle()
        with pytest.raises(StoreError, match="replica, or read-only"):
            store.write_now(named("bob"))
    finally:
        postgres.run(f"ALTER DATABASE {name_of(url)} RESET default_transaction_read_only")
    store._pool.drop_idle()
    store.check(1)


def test_the_planner_keeps_no_values_of_words_names_or_vectors(
    postgres: Server, url: str, store: PostgresStore
) -> None:
    for number in range(20):
        fill(store, f"tea {number % 2}", user=f"ann {number}")
    postgres.run("ANALYZE", name_of(url))
    kept = postgres.run("SELECT tablename, attname FROM pg_stats WHERE schemaname = 'public'", name_of(url))
    assert ("memory", "created_at") in kept
    types = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND "
    words = postgres.run(types + "(data_type IN ('text', 'bytea') OR udt_name = 'vector')", name_of(url))
    assert ("memory_version", "text") in words
    assert ("embedding", "vector") in words
    assert [one for one in words if one in kept and one[0] != "toldonce_schema"] == []


def test_a_purge_writes_every_table_anew_that_holds_anything_of_a_user(
    postgres: Server, url: str, store: PostgresStore
) -> None:
    def files() -> dict[object, object]:
        rows = postgres.run(
            "SELECT relname, pg_relation_filenode(oid) FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
            name_of(url),
        )
        return {row[0]: row[1] for row in rows}

    before = files()
    assert store.purge(0, 10) == []
    same = {name for name, file in files().items() if before[name] == file}
    assert same == {"opener", "secret", "toldonce_schema"}


def test_tables_that_are_gone_are_damage(postgres: Server) -> None:
    place = postgres.database()
    store = PostgresStore(place)
    postgres.run("DROP TABLE conversation CASCADE", name_of(place))
    with pytest.raises(CorruptStore, match="not those"):
        fill(store, "tea")
    store.close()


def test_a_pool_that_is_used_up_says_so(url: str) -> None:
    pool = Pool(url, most=1, wait=0.05)
    with pool.connection(), pytest.raises(StoreError, match="All 1 connections"), pool.connection():
        pass
    with pool.connection():
        pass
    pool.close()
    with pytest.raises(Closed), pool.connection():
        pass


def test_a_server_without_connections_left_says_so(postgres: Server, url: str) -> None:
    if postgres.data is None:
        pytest.skip("roles are made on a server of the tests' own only")
    postgres.run("CREATE ROLE one_at_a_time LOGIN CONNECTION LIMIT 1")
    mine = postgres.of(name_of(url), "one_at_a_time")
    with psycopg.connect(mine), pytest.raises(StoreError, match=r"too many connections.*connections left"):
        PostgresStore(mine)
    postgres.run("DROP ROLE one_at_a_time")


def sever(postgres: Server, url: str) -> None:
    """End every session in a database, as a server that is restarted does."""
    postgres.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        f"WHERE datname = '{name_of(url)}' AND pid <> pg_backend_pid()"
    )


def test_connections_that_were_lost_while_nobody_used_them_are_replaced(
    postgres: Server, url: str, store: PostgresStore
) -> None:
    owner, ids = fill(store, "tea")
    sever(postgres, url)
    with store.read() as view:
        assert view.owner_version(owner) == 1
    sever(postgres, url)
    fill(store, "coffee")
    assert len(records(store, ids)) == 1


def test_a_connection_that_dies_in_a_read_is_told(postgres: Server, url: str, store: PostgresStore) -> None:
    def read() -> None:
        with store.read() as view:
            sever(postgres, url)
            view.owners("p", None, None)

    with pytest.raises(StoreError, match="was lost"):
        read()
    with store.read() as view:
        assert view.owners("p", None, None) == {}


@pytest.mark.parametrize("when", ["before anything", "in the middle", "before the commit"])
def test_a_write_whose_connection_dies_is_done_once(
    postgres: Server, url: str, store: PostgresStore, when: str
) -> None:
    tries: list[str] = []

    def work(tx: Write) -> list[int]:
        tries.append("")
        if when == "before anything" and len(tries) == 1:
            sever(postgres, url)
        view = tx.conversation(ask(TALK))
        if when == "in the middle" and len(tries) == 1:
            sever(postgres, url)
        changes = adding(TALK, view, [said(view.next_place, "tea")], memory("tea", place=0, previous=None))
        made = tx.apply(changes)
        if when == "before the commit" and len(tries) == 1:
            sever(postgres, url)
        return made

    ids = store.write_now(work)
    assert len(tries) == 2
    assert [record.text for record in records(store, ids).values()] == ["tea"]
    with store.read() as view:
        assert view.count(list(view.owners("p", None, None))) == 1


@pytest.mark.parametrize("committed", [True, False])
def test_a_commit_whose_answer_is_lost_is_looked_up(
    postgres: Server, url: str, store: PostgresStore, committed: bool
) -> None:
    """The answer is lost after, or the connection before, the commit: what happened is asked of the database."""
    tries: list[int] = []
    execute = psycopg.Connection.execute

    def lost(connection: Any, query: Any, *rest: Any, **options: Any) -> Any:
        if query == b"COMMIT" and len(tries) == 1 and threading.current_thread() is threading.main_thread():
            tries.append(0)
            if committed:
                answered = execute(connection, query, *rest, **options)
                connection._pipeline.sync()
                assert answered.statusmessage == "COMMIT"
            raise psycopg.OperationalError("consuming input failed: server closed the connection unexpectedly")
        return execute(connection, query, *rest, **options)

    def work(tx: Write) -> int:
        if not tries:
            tries.append(0)
        return tx.ensure_owner("p", "user", "ann", 1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Connection, "execute", lost)
        owner = store.write_now(work)
    assert len(tries) == 2
    with store.read() as view:
        assert list(view.owners("p", "user", None)) == [owner]


@pytest.mark.parametrize("status", ["committed", "aborted"])
def test_a_number_says_nothing_of_a_commit_once_a_replica_has_taken_over(
    url: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    """The new primary may have given it to another transaction. An aborted one is none of ours that was committed."""
    tries: list[int] = []
    execute = psycopg.Connection.execute

    def lost(connection: Any, query: Any, *rest: Any, **options: Any) -> Any:
        if query == b"COMMIT" and len(tries) == 1 and threading.current_thread() is threading.main_thread():
            raise psycopg.OperationalError("consuming input failed: server closed the connection unexpectedly")
        if query == writer._STATUS:
            return execute(connection, f"SELECT '{status}', '00000002'".encode())
        return execute(connection, query, *rest, **options)

    def work(tx: Write) -> int:
        tries.append(0)
        return tx.ensure_owner("p", "user", "ann", 1)

    monkeypatch.setattr(psycopg.Connection, "execute", lost)
    if status == "committed":
        with pytest.raises(Unsure, match="a replica has taken over"):
            store.write_now(work)
        assert len(tries) == 1, "nothing is guessed"
    else:
        store.write_now(work)
        assert len(tries) == 2


def test_two_stores_that_write_for_one_owner_do_so_one_after_the_other(url: str, store: PostgresStore) -> None:
    other = PostgresStore(url)
    begun, go_on = threading.Event(), threading.Event()

    def first(tx: Write) -> None:
        assert tx.conversation(ask(TALK)).next_place == 0
        begun.set()
        go_on.wait(30)
        tx.apply(adding(TALK, tx.conversation(ask(TALK)), [said(0, "tea")], memory("tea", place=0, previous=None)))

    def second(tx: Write) -> int:
        view = tx.conversation(ask(TALK))
        tx.apply(adding(TALK, view, [said(view.next_place, "coffee")]))
        return view.next_place

    def elsewhere(tx: Write) -> int:
        return tx.ensure_owner("p", "user", "bob", 1)

    holding = store.write(first)
    assert begun.wait(30)
    waiting = other.write(second, ("p", "ann"))
    assert other.write(elsewhere, ("p", "bob")).result(30) > 0, "another owner's write waits for nobody"
    assert not waiting.done()
    go_on.set()
    holding.result(30)
    assert waiting.result(30) == 1, "it read what the first had written"
    other.close()


def test_writes_that_wait_for_each_other_are_done_one_after_the_other(url: str, store: PostgresStore) -> None:
    """A deadlock is broken by the database; what was broken off is done again."""
    other = PostgresStore(url)
    ann, bob = store.write_now(named("ann")), store.write_now(named("bob"))
    meet = threading.Barrier(2)
    tries: list[int] = []

    def crossing(one: int, two: int) -> Callable[[Write], None]:
        def work(tx: Write) -> None:
            tries.append(one)
            tx.owner_version(one)
            if len(tries) <= 2:
                meet.wait(30)
            tx.owner_version(two)

        return work

    futures = [store.write(crossing(ann, bob)), other.write(crossing(bob, ann))]
    for future in futures:
        future.result(30)
    assert len(tries) == 3
    other.close()


def test_a_write_does_not_wait_for_ever(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLDONCE_LOCK_WAIT", "0.2")
    store, other = PostgresStore(url), PostgresStore(url)
    ann = store.write_now(named("ann"))
    begun, go_on = threading.Event(), threading.Event()

    def hold(tx: Write) -> None:
        tx.owner_version(ann)
        begun.set()
        go_on.wait(30)

    holding = store.write(hold)
    assert begun.wait(30)
    with pytest.raises(StoreError, match="TOLDONCE_LOCK_WAIT"):
        other.write_now(lambda tx: tx.owner_version(ann))
    go_on.set()
    holding.result(30)
    for one in (store, other):
        one.close()


def test_what_is_committed_late_is_not_missed_by_a_reader_of_the_feed(url: str, store: PostgresStore) -> None:
    """A change of a transaction that began earlier and ends later has the lower sequence."""
    begun, go_on = threading.Event(), threading.Event()

    def late(tx: Write) -> None:
        tx.apply(adding(TALK, tx.conversation(ask(TALK)), [said(0, "late")], memory("late", place=0, previous=None)))
        tx.setting("anything")  # what was written so far is in the database
        begun.set()
        go_on.wait(30)

    holding = store.write(late, ("p", "ann"))
    assert begun.wait(30)
    fill(store, "early", user="bob")
    with store.read() as view:
        position = view.feed.newest()
        seen = view.feed.changes(0, 1 << 62, 9)
    go_on.set()
    holding.result(30)
    with store.read() as view:
        seen += view.feed.changes(position, 1 << 62, 9)
        assert [change.text for change in seen] == ["late", "early"]
        assert view.feed.newest() == seen[-1].sequence


def test_who_takes_a_job_keeps_nobody_from_the_next(url: str, store: PostgresStore) -> None:
    other = PostgresStore(url)
    for _ in range(2):
        store.write_now(lambda tx: tx.jobs.add("k", {}, 10))
    begun, go_on = threading.Event(), threading.Event()

    def take(tx: Write) -> Job | None:
        job = tx.jobs.lease(20, 30, Wanted(["k"]))
        begun.set()
        go_on.wait(30)
        return job

    taking = store.write(take)
    assert begun.wait(30)
    second = other.write(lambda tx: tx.jobs.lease(20, 30, Wanted(["k"])))
    found = second.result(20)
    assert not taking.done(), "the first is not committed yet"
    go_on.set()
    first = taking.result(30)
    assert first is not None
    assert found is not None
    assert first.id != found.id
    other.close()


def test_two_who_count_webhooks_at_once_do_not_both_find_room(url: str, store: PostgresStore) -> None:
    other = PostgresStore(url)
    begun, go_on = threading.Event(), threading.Event()

    def hook(name: str) -> Webhook:
        return Webhook(name, "p", "hook", "https://w.test/", ("ADD",), "secret", 1, 1, 0)

    def first(tx: Write) -> bool:
        added = tx.serving.add_webhook(hook("one"), 1)
        begun.set()
        go_on.wait(30)
        return added

    adding_one = store.write(first)
    assert begun.wait(30)
    adding_another = other.write(lambda tx: tx.serving.add_webhook(hook("another"), 1))
    with pytest.raises(TimeoutError):
        adding_another.result(0.5)  # it waits for the first
    go_on.set()
    assert adding_one.result(30)
    assert not adding_another.result(30)
    other.close()


def test_changes_of_transactions_side_by_side_have_numbers_of_their_own(url: str, store: PostgresStore) -> None:
    """One that began earlier and writes later numbers its changes before those of the other, not among them."""
    begun, go_on, written = threading.Event(), threading.Event(), threading.Event()

    def write(tx: Write, user: str, text: str) -> None:
        address = TALK._replace(entity_id=user)
        view = tx.conversation(ask(address))
        tx.apply(
            adding(address, view, [said(view.next_place, text)], memory(text, place=view.next_place, previous=None))
        )

    def early(tx: Write) -> None:
        tx.setting("anything")  # it has begun
        begun.set()
        assert written.wait(30)
        write(tx, "ann", "early")
        write(tx, "ann", "early too")

    def late(tx: Write) -> None:
        write(tx, "bob", "late")
        tx.setting("anything")
        written.set()
        assert go_on.wait(30)
        write(tx, "bob", "late too")

    first = store.write(early, ("p", "ann"))
    assert begun.wait(30)
    store.write_now(named("cyd"))
    fill(store, "committed", user="dan")
    second = store.write(late, ("p", "bob"))
    first.result(30)
    go_on.set()
    second.result(30)
    with store.read() as view:
        told = [change.text for change in view.feed.changes(0, 1 << 62, 9)]
    assert told == ["early", "early too", "committed", "late", "late too"]


def test_a_database_that_comes_from_another_server_tells_what_is_changed_from_there_on(
    postgres: Server, url: str, store: PostgresStore
) -> None:
    """Changes are numbered by the server's transactions, and the new server may have had fewer."""
    fill(store, "tea", "coffee")
    with store.read() as view:
        newest = view.feed.newest()
    store.write_now(lambda tx: tx.feed.keep_position("reader", newest))
    fill(store, "milk")
    postgres.run(f"UPDATE change SET sequence = sequence + {10**6 << 20}", name_of(url))
    postgres.run(f"UPDATE feed_reader SET sequence = sequence + {10**6 << 20}", name_of(url))
    with closing(PostgresStore(url)) as restored:
        fill(restored, "rye")
        with restored.read() as view:
            position = view.feed.position("reader")
            assert position == 2
            told = [change.text for change in view.feed.changes(position, 1 << 62, 9)]
    assert told == ["milk", "rye"]


def test_one_process_at_a_time_has_a_named_lock(url: str, store: PostgresStore) -> None:
    other = PostgresStore(url)
    with store.exclusively("work"):
        with other.exclusively("other work"):
            pass
        with pytest.raises(StoreError, match=r"toldonce.*for this \(work\)"), other.exclusively("work"):
            pass
    with other.exclusively("work"):
        pass
    other.close()


def test_who_has_a_named_lock_is_not_in_the_way_of_erasing(store: PostgresStore) -> None:
    with store.exclusively("work"):
        assert store.purge(0, 5) == []


def test_secrets_are_made_once_and_shared(url: str, store: PostgresStore) -> None:
    other = PostgresStore(url)
    assert not store.has_secret("keys")
    assert store.secret("keys") == other.secret("keys")
    assert len(store.secret("keys")) == 32
    assert store.secret("others") != store.secret("keys")
    other.close()


def test_what_postgresql_does_itself_is_said(store: PostgresStore, tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="pg_amcheck"):
        store.examine(set_aside=False)
    with pytest.raises(Unsupported, match="pg_dump"):
        store.back_up(tmp_path / "copy", None)


def test_what_pg_dump_wrote_is_restored_into_another_database(
    postgres: Server, url: str, store: PostgresStore, tmp_path: Path
) -> None:
    """The recipe of docs/postgres.md."""
    programs = binaries()
    if programs is None:
        pytest.skip("no pg_dump of the server's version")
    owner, ids = fill(store, "tea", "coffee")
    dump, restored = tmp_path / "memory.dump", postgres.database()
    subprocess.run([programs / "pg_dump", "--format=custom", f"--file={dump}", f"--dbname={url}"], check=True)
    into = f"--dbname={restored}"
    subprocess.run([programs / "pg_restore", "--exit-on-error", "--no-owner", into, dump], check=True)
    with closing(PostgresStore(restored)) as other:
        assert records(other, ids) == records(store, ids)
        assert other.secret("digests") == store.secret("digests")
        fill(other, "milk")
        with other.read() as view:
            assert view.count([owner]) == 3


def test_a_store_is_made_by_one_of_many_that_open_it_at_once(postgres: Server) -> None:
    place = postgres.database()
    made: list[Store] = []
    threads = [threading.Thread(target=lambda: made.append(PostgresStore(place))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({store.secret("digests") for store in made}) == 1
    for store in made:
        store.close()


def test_an_add_of_a_turn_takes_three_round_trips_before_its_commit(url: str) -> None:
    parts = urlsplit(url)
    address = TALK._replace(key="r1")
    before: list[int] = []

    def work(tx: Write) -> None:
        view = tx.conversation(ask(address, (b"milk", 12), ids=("m1", "m2")))
        assert view.owner_id is not None
        tx.known_words(view.owner_id, [b"milk"])
        milk = memory("milk", place=2, previous=None)
        tx.apply(adding(address, view, [said(view.next_place, "milk")], milk))
        before.append(relay.round_trips)

    assert parts.port is not None
    with relaying(parts.port) as relay:
        store = PostgresStore(url.replace(f":{parts.port}/", f":{relay.port}/"))
        fill(store, "tea", "coffee")
        store._presence.close()  # it asks too
        begun = relay.round_trips
        store.write_now(work)
        assert before[0] - begun == 3
        assert relay.round_trips - begun == 4, "the fourth is the commit, which takes along what was written"
        begun = relay.round_trips
        with store.read() as view:
            view.owner_version(1)
            view.owner_version(1)
        assert relay.round_trips - begun == 3, "begin and ask; ask; end"
        with store.read() as view:
            view.owner_version(1)
        assert relay.round_trips - begun == 5, "what is known holds as long as nobody has written"
        store.close()


@pytest.mark.parametrize("file", sorted(statements("toldonce.stores.postgres")))
def test_every_statement_is_one_that_the_database_takes(url: str, file: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for table in _SCRATCH:
            connection.execute(table.replace(" ON COMMIT DROP", "").encode())
        for name, sql in statements("toldonce.stores.postgres")[file].items():
            lines = "\n".join(line for line in sql.splitlines() if not line.startswith("--")).strip()
            if not lines.startswith(("DO ", "LOCK ", "TRUNCATE ")):  # these cannot be prepared; the contract runs them
                connection.execute(f"PREPARE {file}_{name} AS {lines}".encode())


_QUESTIONS: dict[str, Callable[[Write, int, int, int], object]] = {
    "owner_version": lambda tx, owner, memory, talk: tx.owner_version(owner),
    "changes": lambda tx, owner, memory, talk: tx.changes(owner, 0).version,
    "unread": lambda tx, owner, memory, talk: tx.unread(owner, 0, 9),
    "records": lambda tx, owner, memory, talk: tx.records([memory]),
    "records_of": lambda tx, owner, memory, talk: tx.records_of(owner),
    "spoken": lambda tx, owner, memory, talk: tx.spoken(owner),
    "facts": lambda tx, owner, memory, talk: tx.facts(owner),
    "facts_resting_on": lambda tx, owner, memory, talk: tx.facts_resting_on([memory]),
    "page": lambda tx, owner, memory, talk: tx.page([owner], limit=9),
    "count": lambda tx, owner, memory, talk: tx.count([owner]),
    "carriers": lambda tx, owner, memory, talk: tx.carriers(owner, "p", [("run", "r1")]),
    "expired": lambda tx, owner, memory, talk: tx.expired(owner, "2030-01-01"),
    "for_update": lambda tx, owner, memory, talk: tx.for_update([memory]),
    "known_words": lambda tx, owner, memory, talk: tx.known_words(owner, [b"tea"]),
    "history": lambda tx, owner, memory, talk: tx.history(memory),
    "sources": lambda tx, owner, memory, talk: tx.sources([memory]),
    "messages_at": lambda tx, owner, memory, talk: tx.messages_at(talk, 0, 9),
    "memories_said_at": lambda tx, owner, memory, talk: tx.memories_said_at(talk, [0]),
    "messages": lambda tx, owner, memory, talk: tx.messages([owner], Scope(), limit=None, offset=0),
    "latest_messages": lambda tx, owner, memory, talk: tx.latest_messages([owner], Scope(), 9),
}


@pytest.mark.parametrize("name", _QUESTIONS)
def test_what_a_write_reads_of_an_owner_stays_as_it_is(url: str, store: PostgresStore, name: str) -> None:
    owner, [tea, _] = fill(store, "tea", "coffee")
    with store.read() as view:
        talk = view.conversation(ask(TALK._replace(key="r1"))).conversation_id
    assert talk is not None
    free = "SELECT count(*) FROM (SELECT 1 FROM owner WHERE id = $1 FOR NO KEY UPDATE SKIP LOCKED) AS free"

    def work(tx: Write) -> None:
        with connections.connect(url) as other:
            tx.setting("anything")
            assert other.execute(free.encode(), (owner,)).fetchall() == [(1,)], "nobody has it before"
            answer = _QUESTIONS[name](tx, owner, tea, talk)
            assert other.execute(free.encode(), (owner,)).fetchall() == [(0,)]
        with store.read() as view:
            asked: Any = view
            assert _QUESTIONS[name](asked, owner, tea, talk) == answer

    store.write_now(work)


def test_a_row_that_cannot_be_read_is_left_out_or_told(
    postgres: Server, url: str, store: PostgresStore, caplog: pytest.LogCaptureFixture
) -> None:
    _, ids = fill(store, "tea", "coffee")
    postgres.run(f"UPDATE memory SET metadata = '[' WHERE id = {ids[0]}", name_of(url))
    with store.read() as view:
        assert set(view.records(ids)) == {ids[1]}
        with pytest.raises(CorruptStore, match=str(ids[0])):
            view.records(ids, strict=True)
    assert "damaged" in caplog.text


def test_a_database_that_stays_away_is_told_and_so_is_what_is_not_known(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before a commit nothing was written; of a commit without an answer it is not known."""

    def away(url: str) -> None:
        raise StoreUnreachable("The database is away.")

    execute = psycopg.Connection.execute

    def lost(connection: Any, query: Any, *rest: Any, **options: Any) -> Any:
        if query == b"COMMIT" and threading.current_thread() is threading.main_thread():
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        return execute(connection, query, *rest, **options)

    monkeypatch.setattr("toldonce.stores.postgres.pool.connect", away)
    monkeypatch.setattr("toldonce.stores.postgres.writer._ASKS", 0.1)
    monkeypatch.setattr(store._writer, "_wait", 0.1)
    monkeypatch.setattr(psycopg.Connection, "execute", lost)
    with pytest.raises(Unsure, match="not known"):
        store.write_now(named("ann"))
    with pytest.raises(StoreUnreachable, match="away"):  # no connection is left
        store.write_now(named("ann"))
