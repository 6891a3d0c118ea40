"""Tenants and users never mix, whatever is asked: of generated requests, no answer has what is somebody else's.

``TOLDONCE_ISOLATION_REQUESTS`` says how many; ``make isolation`` makes 20,000.
"""

from __future__ import annotations

import os
import random
import uuid
from typing import Any
from urllib.parse import quote

import pytest

from tests.server.running import Client, Running

REQUESTS = int(os.environ.get("TOLDONCE_ISOLATION_REQUESTS", "600"))
USERS = ("alice", "bob")
AGENT, APP, RUN = "shared-agent", "shared-app", "shared-run"
WORDS = "tea rain Lisbon piano secret sister doctor garden".split()


class Tenant:
    """A project whose every memory says whose it is: 'tenant/user'. The users share an agent, an app and a run."""

    def __init__(self, server: Running, name: str) -> None:
        self.name = name
        self.admin = server.client(name)
        self.key = server.client(name, "read", "write")
        self.uids: dict[str, list[str]] = {}
        for user in USERS:
            for number in range(4):
                self.fill(user, number)

    def fill(self, user: str, number: int) -> None:
        ids = {"user_id": user, "agent_id": AGENT, "app_id": APP, "run_id": RUN}
        text = f"{self.name}/{user} {WORDS[number % len(WORDS)]} {uuid.uuid4().hex[:6]}"
        self.uids.setdefault(user, []).extend(self.admin.add(text, metadata={"of": user}, **ids))


def condition(rng: random.Random, users: list[str]) -> dict[str, Any]:
    """One condition that may name a user of ``users``; it may also name others by a star, NOT or an agent."""
    user = rng.choice(users)
    choices: list[dict[str, Any]] = [
        {"user_id": user},
        {"user_id": {"in": [user]}},
        {"user_id": {"ne": rng.choice(USERS)}},
        {"user_id": "*"},
        {"agent_id": AGENT},
        {"app_id": {"in": [APP, "x"]}},
        {"run_id": "*"},
        {"runId": RUN},
        {"metadata": {"of": rng.choice(USERS)}},
        {"metadata": {"of": {"ne": "x"}}},
        {"keywords": {"icontains": rng.choice(WORDS)}},
        {"created_at": {"gte": "2020-01-01"}},
        {"NOT": {"user_id": rng.choice(USERS)}},
        {"NOT": [{"metadata": {"of": rng.choice(USERS)}}]},
    ]
    return rng.choice(choices)


def filters(rng: random.Random, users: list[str], depth: int = 0) -> dict[str, Any]:
    """A filter of up to three levels that names nobody but ``users``."""
    if depth == 3 or rng.random() < 0.35:
        return condition(rng, users)
    parts = [filters(rng, users, depth + 1) for _ in range(rng.randint(1, 3))]
    kind = rng.choice(("AND", "OR", "OR", "mixed"))
    if kind == "mixed":
        return {"OR": parts, "AND": [condition(rng, users)]}
    return {kind: parts}


def named(tree: object) -> set[str]:
    """Users whose name stands in a filter outside of NOT and ``ne``."""
    if isinstance(tree, list):
        return set().union(*map(named, tree)) if tree else set()
    if not isinstance(tree, dict):
        return set()
    found: set[str] = set()
    for key, value in tree.items():
        if key == "user_id":
            found |= {value} if isinstance(value, str) else set(value.get("in", ()))
        elif key != "NOT":
            found |= named(value)
    return found - {"*"}


def ask(rng: random.Random, client: Client, tree: dict[str, Any]) -> str:
    """One request with a filter; its whole answer as text."""
    path = rng.choice(
        ("/v3/memories/search/", "/v2/memories/search/", "/v3/memories/", "/v2/memories/", "/v1/summary/")
    )
    body: dict[str, Any] = {"filters": tree, "query": rng.choice(WORDS), "threshold": 0, "top_k": 50}
    if rng.random() < 0.15:
        schema = {"properties": {"memories": {"type": "array", "items": {"type": "string"}}}}
        made = client.post("/v1/exports/", {"schema": schema, "filters": tree})
        if made.status != 201:
            return made.raw.decode()
        path, body = "/v1/exports/get/", {"memory_export_id": made.json["id"]}
    answer = client.post(path, body)
    assert answer.status in (200, 400), answer.raw
    return answer.raw.decode()


def poke(rng: random.Random, client: Client, uid: str) -> int:
    """One request with another tenant's memory id; its status."""
    body = {"memories": [{"memory_id": uid, "text": "mine now"}]}
    requests = [
        ("GET", f"/v1/memories/{uid}/", None),
        ("PUT", f"/v1/memories/{uid}/", {"text": "mine now"}),
        ("DELETE", f"/v1/memories/{uid}/", None),
        ("GET", f"/v1/memories/{uid}/history/", None),
        ("PUT", "/v1/batch/", body),
        ("DELETE", "/v1/batch/", body),
        ("POST", "/v1/feedback/", {"memory_id": uid, "feedback": "POSITIVE"}),
    ]
    method, path, sent = rng.choice(requests)
    answer = client.send(method, path, sent)
    nowhere = str(uuid.uuid4())
    missing = client.send(method, path.replace(uid, nowhere), sent and _elsewhere(sent, nowhere))
    said = missing.raw.decode().replace(nowhere, uid)
    assert answer.raw.decode() == said, "another tenant's memory is answered as one there is not"
    return answer.status


def _elsewhere(body: dict[str, Any], nowhere: str) -> dict[str, Any]:
    if "memories" in body:
        return {"memories": [{**item, "memory_id": nowhere} for item in body["memories"]]}
    return {**body, "memory_id": nowhere}


@pytest.mark.parametrize("seed", [1])
def test_nobody_sees_what_is_not_theirs(server: Running, seed: int) -> None:
    rng = random.Random(seed)
    tenants = [Tenant(server, f"tenant-{letter}-{seed}") for letter in "xy"]
    leaks: list[str] = []
    answered = 0
    for number in range(REQUESTS):
        tenant, other = rng.sample(tenants, 2)
        user = rng.choice(USERS)
        client = rng.choice((tenant.key, tenant.admin))
        kind = rng.random()
        if kind < 0.7:
            tree = filters(rng, [user])
            text = ask(rng, client, tree)
            answered += f"{tenant.name}/" in text
            forbidden = [f"{other.name}/"]
            if named(tree) or client is tenant.key:
                forbidden += [f"{tenant.name}/{one}" for one in USERS if one not in named(tree)]
            leaks += [f"{number} {tree}: {text[:300]}" for word in forbidden if word in text]
        elif kind < 0.85:
            assert poke(rng, client, rng.choice(other.uids[rng.choice(USERS)])) == 404
        else:
            _delete_and_refill(rng, tenant, other, user, client)
    assert leaks == []
    assert answered > REQUESTS / 5


def _delete_and_refill(rng: random.Random, tenant: Tenant, other: Tenant, user: str, client: Client) -> None:
    """Delete what is one user's; everybody else still has theirs."""
    rest = next(one for one in USERS if one != user)
    before = [len(other.admin.all(user_id=one)) for one in USERS] + [len(tenant.admin.all(user_id=rest))]
    path = rng.choice(
        (
            f"/v1/memories/?user_id={user}&agent_id={AGENT}",
            f"/v1/memories/?userId={user}&run_id={RUN}",
            "/v1/memories/?filters=" + quote(str({"OR": [{"user_id": user}, {"agent_id": AGENT}]})),
            f"/v2/entities/user/{user}/",
        )
    )
    assert client.delete(path).status == 200
    after = [len(other.admin.all(user_id=one)) for one in USERS] + [len(tenant.admin.all(user_id=rest))]
    assert after == before
    if tenant.key.delete(f"/v1/memories/?agent_id={AGENT}").json["count"]:
        raise AssertionError("a key without the scope admin deleted users' memories by their agent")
    tenant.fill(user, rng.randrange(8))
