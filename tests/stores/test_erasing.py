"""What is erased is gone from every table there is."""

from __future__ import annotations

from pathlib import Path

import apsw
import numpy as np
import pytest

from tests.stores.filling import fill
from tests.stores.test_serving import DAY, call, delivery, export, key, project, webhook
from toldonce.stores.protocol import Write
from toldonce.stores.serving import Feedback, Member
from toldonce.stores.sqlite import SqliteStore

KEPT = {"api_key", "member", "project", "setting", "webhook"}
"""Tables of who may talk to a server and what it is set to. A new table belongs here, or it is emptied."""


def rows(store: SqliteStore) -> dict[str, int]:
    """How many rows each table has, those of SQLite itself apart."""
    connection = store._write_connection
    names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return {str(row[0]): int(connection.execute(f'SELECT count(*) FROM "{row[0]}"').get) for row in names.fetchall()}


def fill_every_table(store: SqliteStore) -> None:
    fill(store, "tea", "coffee", "milk")
    with store.read() as view:
        waiting, stretch = view.unembedded(None, 1), view.rebuilding.next(0, 9)
    vector = np.ones(4, np.float32).tobytes()

    def work(tx: Write) -> None:
        made = [(outdated.version, vector) for outdated in stretch.versions]
        tx.keep_vectors([(waiting[0], vector)])
        tx.rebuilding.keep(stretch, made, made)
        tx.serving.add_project(project("a"))
        tx.serving.keep_member("id-a", Member("ann@x.test", "OWNER", 1))
        tx.serving.add_key(key("k"))
        tx.serving.keep_call(call(1))
        tx.serving.keep_feedback("id-a", "m1", Feedback("POSITIVE", "tea"), 1)
        tx.serving.add_export(export("e"))
        tx.serving.add_webhook(webhook("w"), 9)
        tx.serving.log_delivery(delivery("w", 1))
        tx.feed.keep_position("reader", 1)
        tx.jobs.add("told", {"text": "tea"}, DAY)
        tx.keep_setting("a", "b")

    store.write_now(work)


def test_a_reset_empties_every_table_that_knows_of_memories(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    fill_every_table(store)
    before = rows(store)
    assert [name for name, count in before.items() if not count] == []
    store.write_now(lambda tx: tx.erase_everything())
    after = rows(store)
    assert {name for name, count in after.items() if count and name not in KEPT} == set()
    assert {name: after[name] for name in KEPT} == {name: before[name] for name in KEPT}
    store.close()


@pytest.mark.parametrize("folded", [False, True])
def test_no_byte_of_what_was_erased_is_left_in_the_folder(tmp_path: Path, folded: bool) -> None:
    store = SqliteStore(tmp_path)
    secret = "zebrafinch"
    fill(store, secret)

    def holders() -> list[str]:
        return [path.name for path in tmp_path.iterdir() if secret.encode() in path.read_bytes()]

    if folded:
        store.compact()
    assert holders()
    store.write_now(lambda tx: tx.erase_everything())
    store.compact()
    assert holders() == []
    store.close()
    assert apsw.Connection(str(tmp_path / "toldonce.db")).pragma("integrity_check") == "ok"
