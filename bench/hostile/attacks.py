"""Attacks over HTTP. Each goes on until the target says that it is over, and counts what was answered."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import TypeAlias

from bench.hostile import texts
from bench.hostile.wire import Target, wait_for_all

Attack: TypeAlias = Callable[[Target], None]

LARGE = 20_000
"""Messages of the tenant that imports."""


def _at_once(target: Target, count: int, work: Callable[[int], None]) -> None:
    wait_for_all([threading.Thread(target=work, args=(number,)) for number in range(count)])


def nothing(target: Target) -> None:
    """What a bystander notices when nobody attacks: every other figure is held against this one."""
    time.sleep(max(0.0, target.until - time.monotonic()))


def adversarial_texts(target: Target) -> None:
    """Messages of 60 KB and queries of 8,192 characters that are dear to tokenise."""

    def work(number: int) -> None:
        rng, connection = target.random(number), target.connect()
        while not target.over:
            said = texts.adversarial(rng, 60_000)
            target.send(connection, "POST", "/v3/memories/add/", {"messages": said, "user_id": f"texts-{number}"})
            asked = {"query": texts.adversarial(rng, 8_192), "filters": {"user_id": f"texts-{number}"}}
            target.send(connection, "POST", "/v3/memories/search/", asked)

    _at_once(target, 4, work)


def rewritten_history(target: Target) -> None:
    """A history of 2,000 alternating short messages, offered again and again with every seventh replaced."""
    rng, connection = target.random(), target.connect()
    talk = [{"role": "user", "content": ("oh yes", "oh no")[n % 2]} for n in range(2_000)]
    while not target.over:
        body = {"messages": talk, "user_id": "rewriter", "run_id": "r"}
        target.send(connection, "POST", "/v3/memories/add/", body)
        for n in range(0, len(talk), 7):
            talk[n] = {"role": "user", "content": texts.plain(rng, 2)}


def _import(target: Target, at_once: int, callers: int) -> None:
    def work(number: int) -> None:
        rng, connection = target.random(number), target.connect()
        sent = 0
        while not target.over:
            user = f"import-{at_once}-{number}-{sent // LARGE}"
            body = {"messages": texts.messages(rng, at_once), "user_id": user}
            sent += at_once
            target.send(connection, "POST", "/v3/memories/add/", body)

    _at_once(target, callers, work)


def import_in_large_calls(target: Target) -> None:
    """A tenant adds 20,000 messages in calls of 1,000."""
    _import(target, 1_000, 1)


def import_in_small_calls(target: Target) -> None:
    """A tenant adds 20,000 messages in calls of 20, four callers at once."""
    _import(target, 20, 4)


def concurrent_adds(target: Target) -> None:
    """64 callers of one project add single messages without a pause."""

    def work(number: int) -> None:
        rng, connection = target.random(number), target.connect()
        while not target.over:
            body = {"messages": texts.plain(rng), "user_id": f"adder-{number}"}
            target.send(connection, "POST", "/v3/memories/add/", body)

    _at_once(target, 64, work)


def concurrent_searches(target: Target) -> None:
    """16 callers search a user with very many memories without a pause, for a thousand results each."""

    def work(number: int) -> None:
        rng, connection = target.random(number), target.connect()
        while not target.over:
            asked = {"query": texts.plain(rng, 8), "filters": {"user_id": target.owner}, "top_k": 1_000, "threshold": 0}
            target.send(connection, "POST", "/v3/memories/search/", asked)

    _at_once(target, 16, work)


def import_and_search(target: Target) -> None:
    """A tenant searches what it is importing, so that its index is brought up to date over and over."""

    def work(number: int) -> None:
        rng, connection = target.random(number), target.connect()
        while not target.over:
            if number:
                asked = {"query": texts.plain(rng, 8), "filters": {"user_id": target.owner}}
                target.send(connection, "POST", "/v3/memories/search/", asked)
            else:
                body = {"messages": texts.messages(rng, 500), "user_id": target.owner}
                target.send(connection, "POST", "/v3/memories/add/", body)

    _at_once(target, 3, work)


def giant_filters(target: Target) -> None:
    """Searches, listings and deletes with up to 1,000 conditions under NOT over very many memories."""

    def work(number: int) -> None:
        rng, connection = target.random(number), target.connect()
        while not target.over:
            filters = texts.giant_filter(target.owner, rng.choice((20, 80, 300, 1_000)), rng.randrange(1 << 30))
            kind = rng.choice(("search", "search", "list"))
            if kind == "search":
                asked = {"query": texts.plain(rng, 6), "filters": filters}
                target.send(connection, "POST", "/v3/memories/search/", asked)
            else:
                target.send(connection, "POST", "/v3/memories/?page_size=200", {"filters": filters})

    _at_once(target, 4, work)


def long_filters(target: Target) -> None:
    """Searches and lists of users with hardly a memory, whose 900 conditions take long to read all the same."""

    def work(number: int) -> None:
        rng, connection, user = target.random(number), target.connect(), f"filtered-{number}"
        target.send(connection, "POST", "/v3/memories/add/", {"messages": texts.plain(rng), "user_id": user})
        while not target.over:
            filters = texts.giant_filter(user, 900, rng.randrange(1 << 30))
            target.send(connection, "POST", "/v3/memories/search/", {"query": texts.plain(rng, 6), "filters": filters})
            target.send(connection, "POST", "/v3/memories/", {"filters": filters})

    _at_once(target, 8, work)


def long_edits(target: Target) -> None:
    """Memories whose words are replaced by 60 KB, again and again."""

    def work(number: int) -> None:
        rng, connection, user = target.random(number), target.connect(), f"edited-{number}"
        said = {"messages": texts.plain(rng), "user_id": user, "infer": False}
        status, answer = target.send(connection, "POST", "/v3/memories/add/", said)
        while status == 200 and not target.over:
            text = rng.choice((texts.adversarial(rng, 60_000), texts.plain(rng, 8_000)))
            target.send(connection, "PUT", f"/v1/memories/{answer['results'][0]['id']}/", {"text": text})

    _at_once(target, 4, work)


def export_shaping(target: Target) -> None:
    """Exports of a thousand and more memories into schemas of up to 40,000 properties."""

    def work(number: int) -> None:
        rng, connection = target.random(number), target.connect()
        while not target.over:
            schema = texts.giant_schema(rng.choice((200, 2_000, 40_000)), rng.choice((1, 4)))
            order = {"schema": schema, "filters": {"user_id": target.owner}}
            target.send(connection, "POST", "/v1/exports/", order)

    _at_once(target, 3, work)


def listings(target: Target) -> None:
    """Pages of very many memories, the last ones too, and whole-project event lists."""

    def work(number: int) -> None:
        rng, connection = target.random(number), target.connect()
        while not target.over:
            page = rng.choice((1, 2, 50, 99, 10_000))
            asked = {"filters": {"user_id": rng.choice((target.owner, "*"))}}
            target.send(connection, "POST", f"/v3/memories/?page={page}&page_size=200", asked)
            target.send(connection, "GET", f"/v1/memories/user/{target.owner}/?page={page}")
            target.send(connection, "GET", "/v1/entities/")

    _at_once(target, 4, work)


def changes_in_batches(target: Target) -> None:
    """A thousand memories changed or deleted in one call, and all of a user's at once."""

    def work(number: int) -> None:
        rng, connection, user = target.random(number), target.connect(), f"batch-{number}"
        while not target.over:
            said = {"messages": texts.messages(rng, 1_000), "user_id": user, "infer": False}
            status, answer = target.send(connection, "POST", "/v3/memories/add/", said)
            made = [one["id"] for one in answer["results"]] if status == 200 else []
            changes = [{"memory_id": uid, "text": texts.plain(rng)} for uid in made]
            if made:
                target.send(connection, "PUT", "/v1/batch/", {"memories": changes})
                gone = [{"memory_id": uid} for uid in made[:500]]
                target.send(connection, "DELETE", "/v1/batch/", {"memories": gone})
            target.send(connection, "DELETE", f"/v1/memories/?user_id={user}")

    _at_once(target, 2, work)


def erasures(target: Target) -> None:
    """Users who are erased to the last byte right after they said a hundred things."""

    def work(number: int) -> None:
        rng, connection, user = target.random(number), target.connect(), f"erased-{number}"
        while not target.over:
            said = {"messages": texts.messages(rng, 100), "user_id": user}
            target.send(connection, "POST", "/v3/memories/add/", said)
            target.send(connection, "DELETE", f"/v1/erase/?user_id={user}&allow_return=true&wait=5")

    _at_once(target, 2, work)


def nested_bodies(target: Target) -> None:
    """Bodies that are deep, wide or no JSON, up to the limit of 4 MB."""
    deep = b'{"messages": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    wide = json.dumps({"messages": "x", "user_id": "w", "metadata": {str(n): n for n in range(200_000)}}).encode()
    blank = b'{"messages": "' + b" " * (4 << 20) + b'"}'
    parts = json.dumps(
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}] * 80_000}], "user_id": "w"}
    )
    near = [deep, wide[: 4 << 20], blank, parts.encode()[: 4 << 20], b'{"query": ' + b"1" * 3_000_000 + b"}"]

    def work(number: int) -> None:
        rng, connection = target.random(number), target.connect()
        while not target.over:
            path = rng.choice(("/v3/memories/add/", "/v3/memories/search/", "/v1/exports/"))
            target.send(connection, "POST", path, rng.choice(near))

    _at_once(target, 4, work)
