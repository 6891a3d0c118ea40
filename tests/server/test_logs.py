"""What the server logs: when, how bad, for which request; never words."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from tests.server.running import Client, Running, serving
from tests.server.test_webhooks import hook, listening
from tests.waiting import until
from toldonce.server.logs import REQUEST_ID, configure

SECRET = "the vault opens with 4711"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("toldonce")
    before = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:], root.level = before[0], before[1]
    ours.setLevel(before[2])


def raised() -> None:
    try:
        raise KeyError(SECRET)
    except KeyError as error:
        raise ValueError(SECRET) from error


def logged(*, as_json: bool, capsys: pytest.CaptureFixture[str]) -> str:
    configure("info", as_json=as_json)
    logger = logging.getLogger("toldonce.something")
    logger.debug("too much")
    logging.getLogger("other").info("of a library")
    try:
        raised()
    except ValueError:
        logger.exception("It failed\n for %s", "good")
    return capsys.readouterr().err


def test_a_line_of_text_has_time_level_and_place_and_not_what_the_error_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    [line] = logged(as_json=False, capsys=capsys).splitlines()
    when, level, name, message = line.split(" ", 3)
    assert when.endswith("+00:00")
    assert (level, name) == ("ERROR", "toldonce.something")
    assert message.startswith("It failed  for good: ValueError from KeyError at raised (")
    assert SECRET not in line


def test_a_line_of_json_has_the_same_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    REQUEST_ID.set("r1")
    try:
        [line] = logged(as_json=True, capsys=capsys).splitlines()
    finally:
        REQUEST_ID.set(None)
    found = json.loads(line)
    assert list(found) == ["time", "level", "logger", "request_id", "message"]
    assert (found["level"], found["logger"], found["request_id"]) == ("error", "toldonce.something", "r1")
    assert SECRET not in line


def test_a_request_has_one_line_with_its_route_and_its_key_but_no_path(
    server: Running, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("info", as_json=True)
    answer = client.get("/v1/memories/user/ann.oak/")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    [line] = [line for line in lines if line["logger"] == "toldonce.server.requests"]
    assert line["request_id"] == answer.headers["x-request-id"]
    assert (line["method"], line["status"]) == ("GET", 200)
    assert line["route"] == "/v1/memories/{entity_type}/{entity_id:path}"
    assert client.key is not None
    assert line["key"] in client.key
    assert client.key not in str(line)
    assert "ann.oak" not in str(lines)


def test_what_a_request_has_threads_do_is_logged_with_its_id(
    server: Running, client: Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure("warning", as_json=True)
    work = server.service.engine.page

    def noisy(*arguments: object, **named: object) -> object:
        logging.getLogger("toldonce.engine").warning("slow")
        return work(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(server.service.engine, "page", noisy)
    answer = client.post("/v3/memories/", {"filters": {"user_id": "ann"}})
    [line] = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (line["message"], line["request_id"]) == ("slow", answer.headers["x-request-id"])


def test_a_webhook_that_fails_is_logged_without_words(
    server: Running, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("warning", as_json=False)
    with listening() as ear:
        made = hook(client, ear.url)
        ear.statuses.append(500)
        client.add(SECRET, user_id="ann.oak")
        ear.next()
        seen = ""

        def failed() -> bool:
            nonlocal seen
            seen += capsys.readouterr().err
            return f"Webhook {made['webhook_id']} was not told" in seen

        until(failed)
    assert "status 500" in seen
    assert "vault" not in seen
    assert "ann.oak" not in seen


def test_an_embedder_that_stays_down_is_logged_once(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from toldonce.errors import Unreachable
    from toldonce.server import readiness

    monkeypatch.setattr(readiness, "_EMBEDDER_KEPT", 0)
    with serving(tmp_path_factory.mktemp("memory")) as running:
        configure("warning", as_json=False)
        embedder = type(running.service.engine._generation.embedder)
        anyone = Client(running.port, None)
        for working in (False, True, False):
            with monkeypatch.context() as patched:
                if not working:

                    def down(*_: object) -> None:
                        raise Unreachable("http://inside.example/ does not answer")

                    patched.setattr(embedder, "embed_queries_by_token", down)
                assert {anyone.get("/readyz").status for _ in range(3)} == {200 if working else 503}
    lines = [line for line in capsys.readouterr().err.splitlines() if "Not ready" in line]
    assert len(lines) == 2, "once for each outage, however often it is asked"
