"""``toldonce backup`` and ``restore``: ids and keys work after it, also of one project."""

from __future__ import annotations

import json
from pathlib import Path

from tests.server.running import Client, serving
from toldonce import Memory

from .command import run


def test_a_folder_is_backed_up_and_restored(tmp_path: Path) -> None:
    folder, file, place = tmp_path / "data", tmp_path / "copy.zip", tmp_path / "restored"
    with Memory(folder=folder) as memory:
        [added] = memory.add("I keep quokkas.", user_id="ann")["results"]
        done = run("backup", file, "--data", folder, home=tmp_path)  # while it is open
    assert done.returncode == 0, done.stderr
    assert "checked: 1 memories, 1 messages" in done.stdout
    done = run("restore", file, "--data", place, "--json", home=tmp_path)
    assert json.loads(done.stdout)["rows"]["memory"] == 1
    with Memory(folder=place) as memory:
        found = memory.get(added["id"])
        assert found is not None
        assert found["memory"] == "I keep quokkas."
        assert memory.search("quokkas", filters={"user_id": "ann"})["results"][0]["id"] == added["id"]
        assert memory.add("I keep quokkas.", user_id="ann")["results"][0]["event"] == "NONE"
    again = run("restore", file, "--data", place, home=tmp_path)
    assert again.returncode == 2
    assert "is not empty" in again.stderr
    file.write_bytes(file.read_bytes()[:-100])
    cut = run("restore", file, "--data", tmp_path / "other", home=tmp_path)
    assert cut.returncode == 2
    assert "cut off" in cut.stderr
    assert not (tmp_path / "other").exists()


def test_the_keys_of_one_project_work_after_a_restore(tmp_path: Path) -> None:
    folder, file, place = tmp_path / "data", tmp_path / "copy.zip", tmp_path / "restored"
    with serving(folder) as server:
        support, sales = server.client("support"), server.client("sales")
        [uid] = support.add("I keep quokkas.", user_id="ann")
        sales.add("I sell wallabies.", user_id="ann")
        done = run("backup", file, "--project", "support", "--data", folder, home=tmp_path)
        assert done.returncode == 0, done.stderr
        assert run("backup", file, "--project", "nowhere", "--data", folder, home=tmp_path).returncode == 2
    assert run("restore", file, "--data", place, home=tmp_path).returncode == 0
    with serving(place) as server:
        restored = Client(server.port, support.key)
        assert restored.get(f"/v1/memories/{uid}/").json["memory"] == "I keep quokkas."
        assert Client(server.port, sales.key).get("/v1/ping/").status == 401
    assert not any(b"wallabies" in path.read_bytes() for path in place.rglob("*") if path.is_file())
