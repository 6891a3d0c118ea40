"""Somebody who uses the server as one does, and is told nothing of what others do to it.

Runs in a process of its own, so that no attacker takes its interpreter. It is given ``{"port", "key", "name"}`` as a
line of stdin, prints a line when it is ready, goes on until stdin is closed, and prints what it noticed as JSON.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.hostile.wire import Connection, wait_for_all

ADD_EVERY, SEARCH_EVERY, HEALTH_EVERY, PROBE_EVERY = 0.05, 0.05, 0.03, 0.3
USERS = 5

SAID_AND_ASKED = (
    ("My daughter plays the violin in a youth orchestra.", "musical instruments"),
    ("We adopted a golden retriever from the shelter.", "What pet do they have?"),
    ("I was born in Lisbon.", "hometown"),
    ("Peanuts make my throat swell up.", "food allergies"),
    ("My husband drives an ambulance at night.", "spouse's occupation"),
    ("I run ten kilometres before breakfast.", "exercise habits"),
    ("Our flight to Tokyo leaves in April.", "travel plans"),
    ("The roof of our cottage leaks when it rains.", "water damage at home"),
    ("I have never eaten meat.", "vegetarian"),
    ("My grandmother turns ninety on Sunday.", "family birthday"),
)
"""What is said, and what is asked without one of its words: only a vector finds it."""

_SUBJECTS = ("The neighbour", "My sister", "Our teacher", "The baker", "An old friend", "The doctor")
_VERBS = ("recommended", "repaired", "painted", "borrowed", "forgot", "ordered")
_OBJECTS = ("the garden fence", "a blue bicycle", "two train tickets", "the kitchen clock", "a box of oranges")


@dataclass
class Noticed:
    """What came of what a bystander did."""

    adds: list[float] = field(default_factory=list)
    """Milliseconds each."""
    searches: list[float] = field(default_factory=list)
    health: list[float] = field(default_factory=list)
    probes: int = 0
    found: int = 0
    """Probes that were found by their meaning right after they were said."""
    missed: list[str] = field(default_factory=list)
    """Those that were not, each with what it took."""
    hangs: int = 0
    refused: list[str] = field(default_factory=list)
    """What was answered with anything but success, or not at all."""
    lost: int = 0
    """Acknowledged messages that are not there at the end."""
    doubled: int = 0
    acknowledged: int = 0


class Bystander:
    """Adds, searches, asks for the server's health and looks for what it has just said: a thread for each."""

    def __init__(self, port: int, key: str, name: str) -> None:
        self._port = port
        self._key = key
        self._name = name
        self._stop = threading.Event()
        self._said: dict[str, list[str]] = {}
        self.noticed = Noticed()

    def run(self) -> None:
        """Until stdin is closed."""
        todo = (
            (self._add, ADD_EVERY),
            (self._search, SEARCH_EVERY),
            (self._ask_health, HEALTH_EVERY),
            (self._probe, PROBE_EVERY),
        )
        threads = [threading.Thread(target=self._repeat, args=(do, every)) for do, every in todo]
        threads.append(threading.Thread(target=self._wait_for_the_end))
        wait_for_all(threads)
        self._check()

    def _wait_for_the_end(self) -> None:
        sys.stdin.read()
        self._stop.set()

    def _repeat(self, do: Callable[[Connection, int], None], every: float) -> None:
        connection, number = Connection(self._port, self._key), 0
        due = time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due = max(due + every, time.monotonic() - every)  # one that was late is no reason to hurry
            number += 1
            try:
                do(connection, number)
            except TimeoutError:
                self.noticed.hangs += 1
            except OSError as error:
                self.noticed.refused.append(f"{type(error).__name__}: {error}")
        connection.close()

    def _add(self, connection: Connection, number: int) -> None:
        rng = random.Random(number)
        text = f"{rng.choice(_SUBJECTS)} {rng.choice(_VERBS)} {rng.choice(_OBJECTS)} on day {number}."
        user = f"{self._name}-{number % USERS}"
        if self._timed(self.noticed.adds, connection, "/v3/memories/add/", {"messages": text, "user_id": user}):
            self._said.setdefault(user, []).append(text)

    def _search(self, connection: Connection, number: int) -> None:
        rng = random.Random(-number)
        query = f"Who {rng.choice(_VERBS)} {rng.choice(_OBJECTS)} in week {number}?"
        asked = {"query": query, "filters": {"user_id": f"{self._name}-{number % USERS}"}}
        self._timed(self.noticed.searches, connection, "/v3/memories/search/", asked)

    def _ask_health(self, connection: Connection, number: int) -> None:
        self._timed(self.noticed.health, connection, "/healthz", None)

    def _probe(self, connection: Connection, number: int) -> None:
        said, asked = SAID_AND_ASKED[number % len(SAID_AND_ASKED)]
        user = f"{self._name}-probe-{number}"
        if not self._timed([], connection, "/v3/memories/add/", {"messages": said, "user_id": user}):
            return
        self._said[user] = [said]
        took: list[float] = []
        answer = self._timed(took, connection, "/v3/memories/search/", {"query": asked, "filters": {"user_id": user}})
        found = bool(answer and [one["memory"] for one in answer["results"]] == [said])
        self.noticed.probes += 1
        self.noticed.found += found
        if not found:
            self.noticed.missed.append(f"probe {number} in {took[0]:.0f} ms")

    def _timed(self, took: list[float], connection: Connection, path: str, body: Any) -> Any:
        """What was answered, or None for what is no success."""
        began = time.perf_counter()
        try:
            status, answer = connection.send("GET" if body is None else "POST", path, body)
        finally:
            took.append((time.perf_counter() - began) * 1e3)
        if status == 200:
            return answer
        self.noticed.refused.append(f"{path}: {status} {str(answer)[:200]}")
        return None

    def _check(self) -> None:
        """Whether all that was acknowledged is there, once."""
        connection = Connection(self._port, self._key)
        for user, said in self._said.items():
            there: list[str] = []
            while len(there) % 200 == 0:
                page = len(there) // 200 + 1
                asked = {"filters": {"user_id": user}}
                _, answer = connection.post(f"/v3/memories/?page={page}&page_size=200", asked)
                there += [one["memory"] for one in answer["results"]]
                if not answer["next"]:
                    break
            self.noticed.acknowledged += len(said)
            self.noticed.lost += len(set(said) - set(there))
            self.noticed.doubled += len(there) - len(set(there))
        connection.close()


def main() -> None:
    given = json.loads(sys.stdin.readline())
    bystander = Bystander(given["port"], given["key"], given["name"])
    print("ready", flush=True)
    bystander.run()
    print(json.dumps(asdict(bystander.noticed)))


if __name__ == "__main__":
    main()
