"""What waits under an outbox's earlier name is not left behind."""

from __future__ import annotations

from pathlib import Path

from toldonce.remote.outbox.file import OutboxFile
from toldonce.remote.outbox.renaming import take_over
from toldonce.remote.outbox.sender import lease_of


def filled(path: Path) -> None:
    file = OutboxFile(path, "a store")
    for key in ("first", "second", "third"):
        file.put(key, "talk", f"[{key}]", 1)
    file.park([file.waiting()[1].id], "refused", 2)
    file.close()


def held(path: Path) -> tuple[list[str], list[tuple[str, str | None]]]:
    file = OutboxFile(path)
    try:
        return [entry.key for entry in file.waiting()], [(entry.key, entry.reason) for entry in file.parked()]
    finally:
        file.close()


def test_everything_moves_once_in_order_and_with_what_was_parked(tmp_path: Path) -> None:
    earlier, path = tmp_path / "old.db", tmp_path / "new.db"
    filled(earlier)
    for _ in range(2):
        take_over(earlier, path)
        assert held(path) == (["first", "third"], [("second", "refused")])
        assert held(earlier) == ([], [])
    assert b"[first]" not in earlier.read_bytes()
    file = OutboxFile(path)
    assert file.setting("destination") == "a store"
    file.close()


def test_what_a_running_process_sends_from_is_left_to_it(tmp_path: Path) -> None:
    earlier, path = tmp_path / "old.db", tmp_path / "new.db"
    filled(earlier)
    sending = lease_of(earlier)
    assert sending.take()
    take_over(earlier, path)
    assert not path.exists()
    sending.let_go()
    take_over(earlier, path)
    assert held(path)[0] == ["first", "third"]


def test_nothing_is_made_where_there_is_nothing(tmp_path: Path) -> None:
    take_over(tmp_path / "old.db", tmp_path / "new.db")
    assert list(tmp_path.iterdir()) == []
