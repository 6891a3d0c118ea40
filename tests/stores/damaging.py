"""A folder in which everything is used, and ways to damage it: cells of rows, and bytes of the file."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import apsw

from toldonce import Memory
from toldonce.stores.protocol import Embedding, Unembedded, Write
from toldonce.stores.rebuilding import Stretch
from toldonce.stores.serving import ApiKey, Call, Delivery, Export, Feedback, Member, Project, Webhook
from toldonce.takeover import DATABASE
from toldonce.testing import WordEmbedder
from toldonce.times import now

FLIPPED = "flipped"
"""Stands for the value with one bit turned over."""

VALUES: dict[str, str] = {
    "nothing": "NULL",
    "zero": "0",
    "one too few": "-1",
    "a huge number": "4611686018427387904",
    "the least number": "-9223372036854775808",
    "a fraction": "1.5",
    "infinity": "9e999",
    "no text": "''",
    "a letter": "'x'",
    "half of JSON": "'{'",
    "a JSON list": "'[1]'",
    "a JSON object": "'{\"a\": 1}'",
    "JSON's null": "'null'",
    "no UTF-8": "CAST(x'61ff62' AS TEXT)",
    "no bytes": "x''",
    "three bytes": "x'ff0001'",
    "not a number": "x'0000c07f0000c07f0000c07f0000c07f0000c07f0000c07f0000c07f0000c07f'",
    FLIPPED: "",
}
"""What a cell may turn into, by name."""


class Cell(NamedTuple):
    table: str
    column: str


def fill(folder: Path) -> dict[str, list[str]]:
    """Use everything there is, for two users. Returns the ids of their memories."""
    with Memory(folder=folder, embedder=WordEmbedder()) as memory:
        for user in ("ann", "bob"):
            memory.add(
                [
                    {"role": "user", "content": f"I am {user} and I keep bees in Oslo.", "id": f"{user}-1"},
                    {"role": "assistant", "content": "How many hives do you have?", "name": "Mina"},
                    {"role": "user", "content": "Twelve hives and a cat called Pixel."},
                ],
                user_id=user,
                agent_id="mina",
                run_id="r1",
                metadata={"topic": "bees", "n": [1, 2]},
            )
            memory.add("I moved to Bergen in 2024.", user_id=user, run_id="r2", expiration_date="2999-01-01")
            memory.add("I am fond of rowing.", user_id=user, run_id="r1", timestamp=1_700_000_000)
            memory.add("I am fond of rowing.", user_id=user, run_id="r2")
            changed = memory.add("I work as a baker.", user_id=user)["results"][0]["id"]
            memory.update(changed, "I work as a miller.")
            memory.delete(memory.add("My code is 4711.", user_id=user)["results"][0]["id"])
        memory._engine.settled().result()
        memory._engine.store.write_now(_serve)
        return {
            user: [row["id"] for row in memory.get_all(filters={"user_id": user})["results"]] for user in ("ann", "bob")
        }


def _serve(store: Write) -> None:
    """What a server keeps."""
    serving, at = store.serving, now()
    serving.add_project(Project("p1", "org", "helpdesk", "about it", {"rules": ["a"]}, at, at))
    serving.keep_member("p1", Member("eva@example.org", "OWNER", at))
    serving.add_key(ApiKey("k1", "p1", "key", b"d" * 32, ("read", "write"), at, at + 10**12))
    serving.keep_call(Call("c1", "default", "ADD", [("m1", "ADD")], {"count": 1}, at, at, "idem", b"f" * 16))
    serving.keep_feedback("default", "m1", Feedback("POSITIVE", "good"), at)
    serving.add_export(Export("e1", "default", {"type": "object"}, {"user_id": "ann"}, at))
    serving.add_webhook(Webhook("w1", "default", "hook", "https://x.example/", ("ADD",), "secret", at, at), 10)
    serving.log_delivery(Delivery("w1", "d1", "ADD", "m1", 1, 200, "slow", at, at))
    store.jobs.add("webhook", {"webhook": "w1"}, at, share="p1", lane="w1")
    store.feed.keep_position("webhooks", 1)
    first = store.rebuilding.next(0, 1)
    version = Unembedded(first.places[0][2], first.places[0][2], first.places[0][1], "", None, None, None)
    store.rebuilding.keep(
        Stretch(places=first.places), [(version, Embedding(b"\0" * 32, b"\0" * 128))], [(version, b"\0" * 8)]
    )


def cells(path: Path) -> list[Cell]:
    """Every column of every table that has rows."""
    connection: Any = apsw.Connection(str(path))
    found = [
        Cell(table, row[1])
        for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        if not table.startswith("sqlite_") and connection.execute(f"SELECT count(*) FROM {table}").get
        for row in connection.execute(f"PRAGMA table_info({table})").fetchall()
    ]
    connection.close()
    return found


def damage_cell(folder: Path, cell: Cell, value: str, chance: random.Random) -> None:
    """Let one cell hold what it never could: constraints are taken away meanwhile. A row of ann's where there are."""
    path = folder / DATABASE
    with _unconstrained(path) as connection:
        table, column = cell
        keys = [row[1] for row in connection.execute(f"PRAGMA table_info({table})").fetchall() if row[5]]
        rows = connection.execute(f"SELECT {', '.join(keys)} FROM {table}").fetchall()
        of_ann = _of_ann(connection, table)
        row = chance.choice([row for row in rows if of_ann is None or _first(row, keys, table) in of_ann] or rows)
        where = " AND ".join(f"{key} IS ?" for key in keys)
        expression = VALUES[value]
        if value == FLIPPED:
            kept, kind = connection.execute(
                f"SELECT CAST({column} AS BLOB), typeof({column}) FROM {table} WHERE {where}", row
            ).fetchone()
            expression = _flipped(kept, kind, chance)
        with suppress(apsw.MismatchError):  # the number of a row is always one
            connection.execute(f"UPDATE OR IGNORE {table} SET {column} = {expression} WHERE {where}", row)


def damage_column(folder: Path, cell: Cell, value: str) -> None:
    """The same in every row, whosever it is."""
    with _unconstrained(folder / DATABASE) as connection:
        connection.execute(f"UPDATE {cell.table} SET {cell.column} = {VALUES[value]}")


def damage_bytes(folder: Path, chance: random.Random) -> None:
    """Turn a few bytes over, anywhere behind the first page."""
    path = folder / DATABASE
    content = bytearray(path.read_bytes())
    for _ in range(chance.choice((1, 1, 8))):
        content[chance.randrange(4096, len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def _flipped(kept: bytes | None, kind: str, chance: random.Random) -> str:
    if not kept:
        return "x'01'"
    content = bytearray(kept)
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    cast = {"text": "TEXT", "blob": "BLOB"}.get(kind, "INTEGER")
    if cast == "INTEGER":
        return str(int(kept) ^ (1 << chance.randrange(60)))
    return f"CAST(x'{content.hex()}' AS {cast})"


def _of_ann(connection: Any, table: str) -> set[Any] | None:
    """What the first key of a table's rows is for those of ann; None: they are nobody's."""
    owners = {row[0] for row in connection.execute("SELECT id FROM owner WHERE entity_id = 'ann'")}
    memories = {row[0] for row in connection.execute("SELECT id FROM memory") if row[0] >> 24 in owners}
    versions = {row[0] for row in connection.execute("SELECT id FROM memory_version") if row[0] >> 24 in owners}
    talks = {row[0] for row in connection.execute("SELECT id, owner_id FROM conversation") if row[1] in owners}
    messages = {row[0] for row in connection.execute("SELECT id, conversation_id FROM message") if row[1] in talks}
    uids = {row[0] for row in connection.execute("SELECT uid, owner_id FROM locator") if row[1] in owners}
    return {
        "owner": owners,
        "conversation": talks,
        "message": messages,
        "memory": memories,
        "memory_version": versions,
        "token": versions,
        "vector": versions,
        "unembedded": versions,
        "source": memories,
        "operation": memories,
        "locator": uids,
        "membership": owners,
    }.get(table)


def _first(row: tuple[Any, ...], keys: list[str], table: str) -> Any:
    return row[keys.index("owner_id")] if table == "membership" else row[0]


@contextmanager
def _unconstrained(path: Path) -> Iterator[Any]:
    """A connection to a file whose tables take anything, for as long as the context lasts."""
    connection: Any = apsw.Connection(str(path))
    kept = connection.execute("SELECT sql, name FROM sqlite_schema WHERE type = 'table' AND sql IS NOT NULL").fetchall()
    free = [(re.sub(r"\) STRICT(, )?", ") ", sql).replace(" NOT NULL", ""), name) for sql, name in kept]
    _write_schema(connection, free)
    connection = apsw.Connection(str(path))
    yield connection
    _write_schema(connection, kept)


def _write_schema(connection: Any, tables: list[tuple[str, str]]) -> None:
    connection.execute("PRAGMA writable_schema=ON")
    for sql, name in tables:
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (sql, name))
    connection.execute("PRAGMA writable_schema=OFF; PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()


def orders(cells_: list[Cell], trials: int, chance: random.Random) -> Iterator[tuple[Cell | None, str]]:
    """What to damage in each trial: every cell with every value in turn, and bytes of the file in between."""
    every = [(cell, value) for cell in cells_ for value in VALUES]
    chance.shuffle(every)
    for number in range(trials):
        if number % 6 == 5:
            yield None, "bytes"
        else:
            yield every[(number - number // 6) % len(every)]
