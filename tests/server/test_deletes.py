"""Deletes never widen: a scope takes exactly what it names, however it is spelled, and what cannot be read nothing.

``TOLDONCE_DELETES`` says how many generated deletes are tried; the published figure is made with 10,000.
"""

from __future__ import annotations

import itertools
import json
import os
import random
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from tests.server.running import Client

DELETES = int(os.environ.get("TOLDONCE_DELETES", "300"))
KEYS = ("user_id", "agent_id", "app_id", "run_id")
NAMES = {
    "user_id": ("user_id", "userId"),
    "agent_id": ("agent_id", "agentId"),
    "app_id": ("app_id", "appId"),
    "run_id": ("run_id", "runId", "session_id", "sessionId"),
}
IDS: dict[str, tuple[str | None, ...]] = {
    "user_id": ("ann", "ann lee", None),
    "agent_id": ("a1", None),
    "app_id": ("p1", None),
    "run_id": ("r1", "r2", None),
}
Scope = dict[str, tuple[str, ...] | None]
"""Values that are asked for by key; None: any value."""


@dataclass
class World:
    """A project with one memory in every place that ids can name."""

    client: Client
    places: dict[str, dict[str, str]]
    fillings: int = 0

    def fill(self) -> None:
        """Remember again what is missing, in other words: the same ones might be a client that tries again."""
        self.fillings += 1
        there = self.names()
        for name, ids in self.places.items():
            if name not in there:
                self.client.add(f"{name} #{self.fillings}", **ids)

    def names(self) -> set[str]:
        """The places that have their memory."""
        asked = {"filters": {"OR": [{key: "*"} for key in KEYS]}}
        found = self.client.post("/v3/memories/?page_size=200", asked).json["results"]
        return {one["memory"].partition(" #")[0] for one in found}

    def meant(self, scope: Scope) -> set[str]:
        """The model: what a scope names."""
        return {
            text
            for text, ids in self.places.items()
            if all(key in ids and (wanted is None or ids[key] in wanted) for key, wanted in scope.items())
        }


@pytest.fixture
def world(client: Client) -> World:
    places: dict[str, dict[str, str]] = {}
    for values in itertools.product(*(IDS[key] for key in KEYS)):
        ids = {key: value for key, value in zip(KEYS, values, strict=True) if value is not None}
        if ids:
            places[f"memory of {' '.join(f'{key}={value}' for key, value in ids.items())}"] = ids
    made = World(client, places)
    made.fill()
    return made


def scope_of(rng: random.Random) -> Scope:
    keys = rng.sample(KEYS, rng.randint(1, 3))
    found: Scope = {}
    for key in keys:
        known = [value for value in (*IDS[key], "nobody") if value is not None]
        found[key] = None if rng.random() < 0.1 else tuple(rng.sample(known, rng.choice((1, 1, 1, 2))))
    return found


def condition(rng: random.Random, key: str, wanted: tuple[str, ...] | None) -> dict[str, Any]:
    """One key of a scope as a filter."""
    name = rng.choice(NAMES[key])
    if wanted is None:
        return {name: rng.choice(("*", {"eq": "*"}))}
    if len(wanted) == 1:
        return {name: rng.choice((wanted[0], {"eq": wanted[0]}, {"in": list(wanted)}, list(wanted), f" {wanted[0]} "))}
    spelled = rng.choice(({name: list(wanted)}, {name: {"in": list(wanted)}}, None))
    return spelled or {"OR": [{rng.choice(NAMES[key]): one} for one in wanted]}


def filters(rng: random.Random, scope: Scope) -> dict[str, Any]:
    parts = [condition(rng, key, wanted) for key, wanted in scope.items()]
    names = [next(iter(part)) for part in parts]
    if len(set(names)) == len(names) and rng.random() < 0.5:
        return {name: value for part in parts for name, value in part.items()}
    rng.shuffle(parts)
    return {"AND": parts}


def spelled(rng: random.Random, scope: Scope) -> list[tuple[str, str]]:
    """The scope as pairs of a query: plain where it can be, as filters where it must or may be."""
    plain = {key for key, wanted in scope.items() if (wanted is None or len(wanted) == 1) and rng.random() < 0.6}
    pairs = [(rng.choice(NAMES[key]), (scope[key] or ("*",))[0]) for key in plain]
    rest = {key: wanted for key, wanted in scope.items() if key not in plain}
    if rest:
        tree = filters(rng, rest)
        pairs.append(("filters", rng.choice((json.dumps, repr))(tree)))
    rng.shuffle(pairs)
    return pairs


def encoded(rng: random.Random, pairs: list[tuple[str, str]]) -> str:
    safe = rng.choice(("", ":{}[],'"))
    return "?" + "&".join(f"{quote(key)}={quote(value, safe=safe)}" for key, value in pairs)


def misspelt(rng: random.Random, key: str) -> str:
    place = rng.randrange(len(key))
    return rng.choice(
        (key[:place] + key[place + 1 :], key.upper(), key + "s", f"{key}[]", key.replace("_", "-"), f"x_{key}")
    )


def junk(rng: random.Random, pairs: list[tuple[str, str]]) -> tuple[str, object, str]:
    """A readable delete with something in it that is not: the query, the body, and the key that must be named."""
    kind = rng.choice(("misspelt", "unknown", "doubled", "undecodable", "escape", "body", "twice in filters", "alias"))
    key, value = rng.choice(pairs)
    body: object = None
    query = encoded(rng, pairs)
    match kind:
        case "misspelt":
            key = misspelt(rng, key)
            query += f"&{quote(key)}=r1"
        case "unknown":
            key = rng.choice(("limit", "x", "filter", "where", "user", "id", "conversation_id"))
            query += f"&{key}=r1"
        case "doubled":
            query += f"&{key}={quote(value)}"
        case "undecodable":
            taken = {name for name, _ in pairs}
            key = next(name for name in ("run_id", "agent_id", "app_id", "user_id", "metadata") if name not in taken)
            query += f"&{key}=%ff%fe"
        case "escape":
            query += "&metadata=%zz" if all(name != "metadata" for name, _ in pairs) else "%zz"
            key = "metadata"
        case "body":
            key = rng.choice(("run_id", "session_id", "filters", "memory_id"))
            body = {key: "r1"}
        case "twice in filters":
            query, key = "?filters=" + quote('{"user_id": "ann", "user_id": "ann lee"}'), "user_id"
        case "alias":
            query, key = "?user_id=ann&userId=ann%20lee", "user_id"
    return query, body, key


def test_a_scope_takes_what_it_names_however_it_is_spelled_and_junk_takes_nothing(world: World) -> None:
    rng = random.Random(14)
    everything = set(world.places)
    deleted = 0
    for number in range(DELETES):
        scope = scope_of(rng)
        pairs = spelled(rng, scope)
        if rng.random() < 0.4:
            query, body, key = junk(rng, pairs)
            refused = world.client.delete(f"/v1/memories/{query}", body)
            assert refused.status == 400, (number, query, body, refused.raw)
            assert key[:20] in refused.json["detail"], (number, query, body, refused.raw)
            assert world.names() == everything, (number, query, body)
            continue
        query = encoded(rng, pairs)
        answer = world.client.delete(f"/v1/memories/{query}", rng.choice((None, {})))
        assert answer.status == 200, (number, query, answer.raw)
        gone = everything - world.names()
        assert gone == world.meant(scope), (number, query)
        assert answer.json["count"] == len(gone)
        deleted += bool(gone)
        world.fill()
    assert deleted > DELETES / 5


def test_a_delete_by_run_lets_memories_of_other_runs_only_leave_it(client: Client) -> None:
    for run in ("r1", "r2", "r3"):
        client.post("/v3/memories/add/", {"messages": "I like tea.", "user_id": "ann", "run_id": run})
    for query in ("session_id=r1", "filters=" + quote("{'sessionId': {'in': ['r2']}}")):
        assert client.delete(f"/v1/memories/?user_id=ann&{query}").json["count"] == 0
    assert client.all(run_id="r1") == client.all(run_id="r2") == []
    assert client.all(run_id="r3") == ["I like tea."]
    assert client.delete("/v1/memories/?run_id=r3").json["count"] == 1


CHANGES: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    ("POST", "/v3/memories/add/", {"messages": "I like rye.", "user_id": "ann"}),
    ("POST", "/v1/memories/", {"messages": "I like rye.", "user_id": "ann"}),
    ("PUT", "/v1/memories/{uid}/", {"text": "I like rye."}),
    ("DELETE", "/v1/memories/{uid}/", None),
    ("PUT", "/v1/batch/", {"memories": [{"memory_id": "{uid}", "text": "I like rye."}]}),
    ("DELETE", "/v1/batch/", {"memories": [{"memory_id": "{uid}"}]}),
    ("DELETE", "/v2/entities/user/ann/", None),
    ("POST", "/v1/feedback/", {"memory_id": "{uid}", "feedback": "POSITIVE"}),
)
"""Every call that changes memories, besides the delete of many."""


def spoilt(rng: random.Random, path: str, body: dict[str, Any] | None) -> tuple[str, dict[str, Any] | None]:
    """The same call with one key more that asks for another scope than it takes."""
    key = rng.choice([name for names in NAMES.values() for name in names])
    taken = () if body is None else tuple(body)
    if body is not None and rng.random() < 0.5:
        odd = misspelt(rng, key)
        right = any(odd in names for names in NAMES.values())  # one right name less a letter is another
        if (
            odd not in taken
            and not right
            and odd.upper() != odd
            and not odd.endswith("[]")
            and not odd.startswith("x_")
        ):
            return path, {**body, odd: rng.choice(("bo", "r1", "*"))}
    odd = rng.choice((key, misspelt(rng, key), "limit", "where"))
    return f"{path}?{quote(odd)}={rng.choice(('bo', 'r1', '*'))}", body


def test_every_call_that_changes_something_refuses_a_scope_it_does_not_take(client: Client) -> None:
    rng = random.Random(15)
    [uid] = client.add("I like tea.", user_id="ann", run_id="r1")
    for number in range(DELETES):
        method, path, body = rng.choice(CHANGES)
        path, body = spoilt(rng, path, body)
        sent = None if body is None else json.loads(json.dumps(body).replace("{uid}", uid))
        refused = client.send(method, path.replace("{uid}", uid), sent)
        assert refused.status == 400, (number, method, path, body, refused.raw)
        assert client.all(user_id="ann") == ["I like tea."], (number, method, path, body)
    assert [entry["event"] for entry in client.get(f"/v1/memories/{uid}/history/").json] == ["ADD"]
    for method, path, body in CHANGES[:3]:  # as they are, they change something
        sent = None if body is None else json.loads(json.dumps(body).replace("{uid}", uid))
        assert client.send(method, path.replace("{uid}", uid), sent).status == 200
    assert client.all(user_id="ann") != ["I like tea."]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "/v1/memories/{uid}/?user_id=bob", None),
        ("DELETE", "/v1/memories/{uid}/", {"user_id": "bob"}),
        ("DELETE", "/v1/memories/{uid}/?delete_linked=false&delete_linked=false", None),
        ("DELETE", "/v2/entities/user/ann/?run_id=r1", None),
        ("DELETE", "/v2/entities/user/ann/", {"run_id": "r1"}),
        ("DELETE", "/v1/memories/?user_id=ann&project_id=another", None),
        ("DELETE", "/v1/batch/?user_id=bob", {"memories": [{"memory_id": "{uid}"}]}),
        ("DELETE", "/v1/batch/", {"memories": [{"memory_id": "{uid}"}], "user_id": "bob"}),
        ("PUT", "/v1/batch/", {"memories": [{"memory_id": "{uid}", "text": "x", "run_id": "r1"}]}),
        ("PUT", "/v1/memories/{uid}/?run_id=r1", {"text": "x"}),
        ("PUT", "/v1/memories/{uid}/", {"text": "x", "userId": "bob"}),
        ("POST", "/v1/feedback/", {"memory_id": "{uid}", "feedback": "POSITIVE", "user_id": "bob"}),
        ("POST", "/v3/memories/add/?run_id=r1", {"messages": "I like rye.", "user_id": "ann"}),
        ("POST", "/v3/memories/add/", {"messages": "I like rye.", "user_id": "ann", "run-id": "r1"}),
    ],
)
def test_no_call_that_changes_anything_ignores_a_scope(client: Client, method: str, path: str, body: Any) -> None:
    [uid] = client.add("I like tea.", user_id="ann")
    sent = None if body is None else json.loads(json.dumps(body).replace("{uid}", uid))
    assert client.send(method, path.replace("{uid}", uid), sent).status == 400
    assert client.all(user_id="ann") == ["I like tea."]
    assert [entry["event"] for entry in client.get(f"/v1/memories/{uid}/history/").json] == ["ADD"]
