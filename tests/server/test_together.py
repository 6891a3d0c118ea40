"""Many at once, large beside small, and folders from before there was a server."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.redirecting import of_folders
from tests.server.running import Client, Running, serving
from tests.stores.old import write_old_folder
from toldonce import Memory


def test_racing_repeats_are_carried_out_once(client: Client) -> None:
    body = {"messages": "I like tea.", "user_id": "ann", "infer": False}
    with ThreadPoolExecutor(8) as threads:
        sent = [threads.submit(client.post, "/v3/memories/add/", body, Idempotency_Key="same") for _ in range(24)]
        answers = [one.result() for one in sent]
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["event_id"] for answer in answers}) == 1
    assert client.all(user_id="ann") == ["I like tea."]


def test_a_history_sent_by_everyone_at_once_is_stored_once(client: Client) -> None:
    talk = [{"role": "user", "content": f"My friend number {n} lives in Oslo."} for n in range(10)]
    body = {"messages": talk, "user_id": "ann", "run_id": "talk"}
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: client.post("/v3/memories/add/", body), range(16)))
    assert len(client.all(user_id="ann")) == 10


def test_small_reads_do_not_wait_for_large_ones(server: Running, client: Client) -> None:
    [uid] = client.add("I like tea.", user_id="ann")
    over = threading.Event()
    large = [server.service.engine.working.submit(over.wait, 60) for _ in range(8)]
    try:
        assert client.get(f"/v1/memories/{uid}/").status == 200
        assert not any(one.done() for one in large)
    finally:
        over.set()


@of_folders
def test_a_folder_from_before_the_server_can_be_served(tmp_path: Path) -> None:
    write_old_folder(tmp_path, 1)
    with serving(tmp_path) as running:
        assert sorted(running.client("default").all(user_id="ann")) == ["I have a cat.", "I like green tea."]


def test_the_library_and_the_server_share_a_folder(tmp_path: Path) -> None:
    with serving(tmp_path) as running, Memory(folder=tmp_path) as memory:
        client = running.client("default")
        memory.add("I like tea.", user_id="ann")
        assert client.all(user_id="ann") == ["I like tea."]
        client.add("I like rye.", user_id="ann")
        assert len(memory.get_all(filters={"user_id": "ann"})["results"]) == 2
