"""Who may call, how often, and what revoking does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.redirecting import of_folders
from tests.server.running import Client, Running, serving
from toldonce.errors import StoreError
from toldonce.server import auth
from toldonce.server.keyring import KeyRing
from toldonce.server.keys import KeyHash, holds, key_id_of
from toldonce.server.limits import Rates
from toldonce.stores.opening import open_store
from toldonce.stores.serving import ApiKey
from toldonce.times import now

SEARCH = "/v3/memories/search/"


def test_a_key_is_nowhere_on_disk(server: Running, client: Client) -> None:
    assert client.key is not None
    client.get("/v1/ping/")
    for path in filter(Path.is_file, server.folder.rglob("*")):
        assert client.key.encode() not in path.read_bytes(), path


@of_folders
def test_the_secret_is_readable_by_its_owner_only_and_stays(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    digest = KeyHash(store).digest("told_1_2")
    assert KeyHash(store).fits("told_1_2", digest)
    assert not KeyHash(store).fits("told_1_3", digest)
    store.close()
    assert (tmp_path / "keys.secret").stat().st_mode & 0o077 == 0


@of_folders
def test_a_lost_secret_is_an_error_as_long_as_a_key_needs_it(tmp_path: Path) -> None:
    with KeyRing(tmp_path) as ring:
        kept = ring.create("default", "phone", ["read"], None)[0].kept
    secret = tmp_path / "keys.secret"
    secret.rename(tmp_path / "backup")
    with KeyRing(tmp_path) as ring:
        with pytest.raises(StoreError, match="1 API keys cannot be checked"):
            ring.create("default", "tablet", ["read"], None)
        assert not secret.exists()
        assert [key.id for key in ring.all()] == [kept.id]
        assert ring.revoke(kept.id)
        assert ring.create("default", "tablet", ["read"], None)
    assert secret.exists()


def test_a_key_with_the_earlier_prefix_goes_on() -> None:
    assert key_id_of("rec_abc_def") == key_id_of("told_abc_def") == "abc"


@pytest.mark.parametrize(
    "key",
    ["", "x", "told_", "rec_abc_def", "told_000000000000_" + "x" * 43, "m0-abc", "rec_😀_x".encode().decode("latin-1")],
)
def test_wrong_keys_are_refused_alike(server: Running, key: str) -> None:
    for method, path in (("GET", "/v1/ping/"), ("POST", SEARCH), ("DELETE", "/v1/memories/"), ("GET", "/v1/stats/")):
        answer = Client(server.port, key).send(method, path)
        assert answer.status == 401
        assert answer.json["detail"]


def test_every_usual_way_to_send_a_key_works(client: Client) -> None:
    nobody = Client(client.port, None)
    for headers in (
        {"Authorization": f"Token {client.key}"},
        {"Authorization": f"bearer {client.key}"},
        {"X_API_Key": str(client.key)},
    ):
        assert nobody.get("/v1/ping/", **headers).status == 200


def test_a_revoked_key_stops_at_once(server: Running) -> None:
    client = server.client("revoking")
    assert client.get("/v1/ping/").status == 200
    key_id = str(client.key).split("_")[1]
    with KeyRing(server.folder) as ring:
        assert ring.revoke(key_id)
        assert not ring.revoke(key_id)
    assert client.get("/v1/ping/").status == 401


def test_an_expired_key_does_not_hold(server: Running) -> None:
    with KeyRing(server.folder) as ring:
        issued, _ = ring.create("expiring", "old", ("read",), now() - 1)
    assert Client(server.port, issued.text).get("/v1/ping/").status == 401


def test_a_key_holds_up_to_the_moment_it_expires_at() -> None:
    kept = ApiKey("k", "p", "phone", b"", ("read",), 1, expires_at=10)
    assert [holds(kept, at) for at in (9, 10, 11)] == [True, False, False]
    assert holds(replace(kept, expires_at=None), 1 << 60)
    assert not holds(replace(kept, revoked_at=5), 6)


def test_the_last_use_is_noted_once_a_minute(server: Running, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def last_used(at: int) -> int | None:
        monkeypatch.setattr(auth, "now", lambda: at)
        assert client.get("/v1/ping/").status == 200
        server.service.engine.store.write(lambda store: None).result()  # what was queued before it is done
        with KeyRing(server.folder) as ring:
            [key] = [key for key in ring.all() if key.id == str(client.key).split("_")[1]]
        return key.last_used_at

    first = now()
    assert last_used(first) == first
    assert last_used(first + 60_000_000) == first  # a write for each request would be a write too many
    assert last_used(first + 60_000_001) == first + 60_000_001


def test_scopes(server: Running) -> None:
    admin, reader = server.client("scopes"), server.client("scopes", "read")
    writer = server.client("scopes", "write")
    [uid] = admin.add("Rosa paints.", user_id="ann")
    found = {"query": "Rosa", "filters": {"user_id": "ann"}}
    assert reader.post(SEARCH, found).status == 200
    assert reader.delete(f"/v1/memories/{uid}/").status == 403
    assert writer.post(SEARCH, found).status == 403
    assert writer.post("/v3/memories/add/", {"messages": "x", "user_id": "ann"}).status == 200
    for path in ("/v1/entities/", "/v1/events/", "/v1/memories/events/"):
        assert reader.get(path).status == 403
    assert writer.delete("/v1/memories/?user_id=*&agent_id=*&app_id=*&run_id=*").status == 403


def test_a_filter_that_names_nobody_shows_users_to_admins_only(server: Running) -> None:
    admin, other = server.client("nobody"), server.client("nobody", "read", "write")
    admin.add("from ann", user_id="ann", agent_id="a1")
    admin.add("from nobody", agent_id="a1")
    assert sorted(admin.all(agent_id="a1")) == ["from ann", "from nobody"]
    assert other.all(agent_id="a1") == ["from nobody"]
    assert other.all(user_id="*") == []
    assert other.all(OR=[{"user_id": "bob"}, {"agent_id": "a1"}]) == ["from nobody"]
    for client, shown in ((admin, ["from ann", "from nobody"]), (other, ["from nobody"])):
        assert sorted(row["memory"] for row in client.get("/v1/memories/agent/a1/").json["results"]) == shown
    assert other.delete("/v1/memories/?agent_id=a1").json["count"] == 1
    assert admin.all(agent_id="a1") == ["from ann"]


def test_rates_are_limited_per_key(tmp_path: Path) -> None:
    with serving(tmp_path, rate=2) as running:
        client, other = running.client(), running.client()
        answers = [client.get("/v1/ping/") for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 429]
        assert answers[0].headers["x-ratelimit-limit"] == "2"
        assert answers[0].headers["x-ratelimit-remaining"] == "1"
        assert 1 <= int(answers[2].headers["retry-after"]) <= 30
        assert other.get("/v1/ping/").status == 200


def test_a_bucket_fills_evenly() -> None:
    at = 0.0
    rates = Rates(60, clock=lambda: at)
    for _ in range(60):
        taken = rates.take("k")
        assert taken is not None
        assert not taken.retry_after
    refused = rates.take("k")
    assert refused is not None
    assert (refused.retry_after, refused.reset) == (1, 60)
    at = 1.0
    again = rates.take("k")
    assert again is not None
    assert not again.retry_after
    assert Rates(0).take("k") is None


def test_the_bootstrap_key_reaches_the_librarys_project(tmp_path: Path) -> None:
    with serving(tmp_path, bootstrap_key="sixteen characters") as running:
        client = Client(running.port, "sixteen characters")
        assert client.get("/v1/ping/").json["project_id"] == "default"
        assert Client(running.port, "sixteen character").get("/v1/ping/").status == 401


def test_configured_origins_and_names_are_let_in(tmp_path: Path) -> None:
    with serving(tmp_path, cors_origins=("https://app.example",), hosts=frozenset({"memory.example"})) as running:
        client = running.client()
        answer = client.get("/v1/ping/", Origin="https://app.example", Host="memory.example:443")
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        asked = {"Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "authorization"}
        preflight = client.send("OPTIONS", "/v1/batch/", None, Origin="https://app.example", **asked)
        assert preflight.status == 200
        evil = client.get("/v1/ping/", Origin="https://evil.example", Host="memory.example")
        assert (evil.status, "access-control-allow-origin" in evil.headers) == (200, False)
