"""kill -9 of a server under load: what was acknowledged is there, once."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

from bench.hostile.server import Server
from bench.hostile.wire import Connection

CALLERS = 4


def kills(folder: Path, seed: int, seconds: float) -> tuple[list[str], str]:
    """Kill a server again and again; the problems, and a line for a reader.

    Callers repeat what was not acknowledged, with the same Idempotency-Key, once the server is there again.
    """
    folder.mkdir()
    server, rng = Server(folder), random.Random(seed)
    key = server.key("default")
    said: list[list[str]] = [[] for _ in range(CALLERS)]
    rounds, done = 0, threading.Event()
    server.start()
    until = time.monotonic() + seconds
    callers = [threading.Thread(target=_talk, args=(server, key, n, said[n], done)) for n in range(CALLERS)]
    for caller in callers:
        caller.start()
    while not rounds or time.monotonic() < until:
        time.sleep(rng.uniform(0.1, 1.0))
        server.kill()
        rounds += 1
        server.start()
    done.set()
    for caller in callers:
        caller.join()
    problems = []
    connection = Connection(server.port, key)
    for number, acknowledged in enumerate(said):
        there = _there(connection, f"caller-{number}")
        lost, doubled = len(set(acknowledged) - set(there)), len(there) - len(set(there))
        problems += [f"{lost} of {len(acknowledged)} acknowledged messages are lost"] if lost else []
        problems += [f"{doubled} messages are doubled"] if doubled else []
    connection.close()
    total = sum(map(len, said))
    if not total or not rounds:
        problems.append("nothing was tried")
    status, took = server.stop()
    if took > 10 or status not in (0, -15):
        problems.append(f"the server ended with status {status} after {took:.1f} s")
    return problems, f"{'kills':24} {rounds} rounds, {total} acknowledged, {len(problems)} problems"


def _talk(server: Server, key: str, number: int, acknowledged: list[str], done: threading.Event) -> None:
    connection, port, count = Connection(server.port, key), server.port, 0
    while not done.is_set():
        if port != server.port:
            connection.close()
            connection, port = Connection(server.port, key), server.port
        text = f"Caller {number} keeps fact number {count}."
        body = {"messages": text, "user_id": f"caller-{number}", "infer": False}
        try:
            status, _ = connection.post("/v3/memories/add/", body, Idempotency_Key=f"{number}-{count}")
        except OSError:
            time.sleep(0.02)
            continue
        if status == 200:
            acknowledged.append(text)
            count += 1
    connection.close()


def _there(connection: Connection, user: str) -> list[str]:
    there: list[str] = []
    page = 1
    while page:
        asked = {"filters": {"user_id": user}}
        _, answer = connection.post(f"/v3/memories/?page={page}&page_size=200", asked)
        there += [one["memory"] for one in answer["results"]]
        page = page + 1 if answer["next"] else 0
    return there
