"""Facts from a model on the server: the event of an add tells how far they are, and a project says what it wants."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.engine.test_extraction import by_text, fact, lines
from tests.llm.fake import Answer, Asked, FakeModel, Script, refuses, serving, tells
from tests.server.running import Client
from tests.server.running import serving as server
from tests.waiting import until
from toldonce.engine import extraction
from toldonce.engine.jobs import worker

SAID = "I have played chess since March 2024."


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "LOOK_AGAIN", 0.02)
    monkeypatch.setattr(extraction, "GATHER", 0)


@contextmanager
def remembering(
    folder: Path, script: Script | Answer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Client, FakeModel]]:
    with serving(script) as model:
        monkeypatch.setenv("TOLDONCE_LLM", f"vllm:fake@{model.url}")
        with server(folder) as running:
            yield running.client(), model


def add(client: Client, text: str, **more: Any) -> str:
    answer = client.post("/v3/memories/add/", {"messages": text, "user_id": "ann", **more})
    assert answer.json["status"] == "PENDING"
    return str(answer.json["event_id"])


def event(client: Client, event_id: str) -> dict[str, Any]:
    return dict(client.get(f"/v1/event/{event_id}/").json)


def test_the_event_of_an_add_waits_for_its_facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    ids: list[str] = []

    def script(asked: Asked) -> Answer:
        until(lambda: bool(ids))
        seen.append(event(clients[0], ids[0])["status"])
        return by_text({SAID: lambda m: fact(SAID, m, attribute="hobby", value="chess")})(asked)

    clients: list[Client] = []
    with remembering(tmp_path, script, monkeypatch) as (client, _):
        clients.append(client)
        ids.append(add(client, SAID))
        until(lambda: event(client, ids[0])["status"] == "SUCCEEDED")
        assert seen == ["PENDING"]
        listed = client.post("/v3/memories/", {"filters": {"user_id": "ann"}}).json["results"]
        assert [(row["memory"], row["synthesized"]) for row in listed] == [(SAID, True), (SAID, False)]
        found = client.post("/v3/memories/search/", {"query": "chess", "filters": {"user_id": "ann"}}).json["results"]
        assert len(found) == 1, "a fact and its words take one place"


def test_a_failure_is_told_in_the_event_and_the_words_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with remembering(tmp_path, refuses(401, "I like tea"), monkeypatch) as (client, _):
        event_id = add(client, "I like tea.")
        until(lambda: event(client, event_id)["status"] == "FAILED")
        told = event(client, event_id)
        assert told["error"].startswith("AuthenticationFailed")
        assert "tea" not in told["error"], "a host may quote what it was asked"
        assert [one["data"]["memory"] for one in told["results"]] == ["I like tea."]
        assert client.all(user_id="ann") == ["I like tea."]
        metrics = client.get("/metrics").raw.decode()
        assert "toldonce_facts_failed_total 1.0" in metrics
        assert 'toldonce_jobs{kind="facts_failed"} 1.0' in metrics


def test_what_is_not_read_has_succeeded_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with remembering(tmp_path, tells(), monkeypatch) as (client, model):
        client.add("I like tea.", user_id="ann")
        (told,) = client.get("/v1/events/").json["results"]
        assert told["status"] == "SUCCEEDED"
        assert model.asked == []


def test_a_project_says_what_it_wants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with remembering(tmp_path, tells(), monkeypatch) as (client, model):
        ping = client.get("/v1/ping/").json
        path = f"/api/v1/orgs/organizations/{ping['org_id']}/projects/{ping['project_id']}/"
        settings = {
            "custom_instructions": "Note hobbies.",
            "inclusion_prompt": "leisure",
            "exclusion_prompt": "health",
            "custom_categories": [{"fun": "what they do for fun"}],
        }
        assert client.send("PATCH", path, settings).status == 200
        event_id = add(client, "I play chess.")
        until(lambda: event(client, event_id)["status"] == "SUCCEEDED")
    (asked,) = model.asked
    told = asked["messages"][0]["content"]
    for part in ("Note hobbies.", "only facts about: leisure", "Never note facts about: health", "fun: what they do"):
        assert part in told
    assert [line["text"] for line in lines(asked)] == ["I play chess."]


def test_a_call_may_bring_labels_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = by_text({SAID: lambda m: fact(SAID, m, value="chess", categories=["game"])})
    with remembering(tmp_path, script, monkeypatch) as (client, model):
        event_id = add(client, SAID, custom_categories=[{"game": "what they play"}], excludes="health")
        until(lambda: event(client, event_id)["status"] == "SUCCEEDED")
        wanted = {"AND": [{"user_id": "ann"}, {"categories": {"in": ["game"]}}]}
        assert client.post("/v3/memories/", {"filters": wanted}).json["count"] == 1
    told = model.asked[0]["messages"][0]["content"]
    assert "game: what they play" in told
    assert "Never note facts about: health" in told
