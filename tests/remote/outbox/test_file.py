"""What was put in stays until it is acknowledged, whoever opens the file."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from toldonce.errors import Closed, CorruptStore, FolderNotUsable, NewerStore, OutboxFull, StoreError
from toldonce.remote.outbox.file import OutboxFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox" / "host.db"


@pytest.fixture
def file(path: Path) -> Iterator[OutboxFile]:
    opened = OutboxFile(path)
    yield opened
    opened.close()


def test_what_was_put_in_waits_in_order(file: OutboxFile, path: Path) -> None:
    for number in range(3):
        assert file.put(f"k{number}", f"c{number % 2}", f"payload {number}", now=number)
    file.close()
    again = OutboxFile(path)
    assert [(entry.key, entry.conversation, entry.payload, entry.put_at) for entry in again.waiting()] == [
        ("k0", "c0", "payload 0", 0),
        ("k1", "c1", "payload 1", 1),
        ("k2", "c0", "payload 2", 2),
    ]
    assert again.after(1) == [(2, "c1"), (3, "c0")]
    assert again.filling().waiting == 3
    assert again.filling().oldest == 0
    again.close()


def test_a_key_is_put_in_once_and_not_again_after_it_was_sent(file: OutboxFile) -> None:
    assert file.put("k", "c", "p", now=0)
    assert not file.put("k", "c", "p", now=1)
    (entry,) = file.waiting()
    file.acknowledged(entry, now=2)
    assert not file.put("k", "c", "p", now=3)
    assert file.filling().waiting == 0
    file.tidy(now=8 * 86_400_000_000)
    assert file.put("k", "c", "p", now=4)


def test_parked_entries_are_kept_and_can_wait_again(file: OutboxFile) -> None:
    for number in range(3):
        file.put(f"k{number}", "c", "p", now=0)
    first = file.waiting()[0]
    file.failed(first, 3, "Rejected: no", now=5)
    file.park([first.id], "Rejected: no", now=6)
    assert file.waits(first.id) is None
    assert [entry.key for entry in file.waiting()] == ["k1", "k2"]
    (parked,) = file.parked()
    assert (parked.key, parked.tries, parked.failing_since, parked.reason) == ("k0", 3, 5, "Rejected: no")
    file.retry([parked])
    assert [(entry.key, entry.tries) for entry in file.waiting()] == [("k1", 0), ("k2", 0), ("k0", 0)]
    file.drop([entry.id for entry in file.waiting()])
    assert not file.waiting()


def test_nothing_is_left_in_the_file_of_what_is_gone(file: OutboxFile, path: Path) -> None:
    file.put("k", "c", "a secret word", now=0)
    file.acknowledged(file.waiting()[0], now=1)
    file.tidy(now=1)
    for kept in path.parent.iterdir():
        assert b"secret" not in kept.read_bytes()


def test_an_outbox_that_was_never_used_makes_nothing(path: Path) -> None:
    before = list(path.parent.parent.iterdir())
    unused = OutboxFile(path, "the host")
    assert (unused.waiting(), unused.parked(), unused.after(0), unused.too_old(9)) == ([], [], [], [])
    assert (unused.filling().waiting, unused.setting("held"), unused.made) == (0, None, False)
    unused.keep_setting("held", None)
    unused.drop([])
    unused.tidy(now=1)
    unused.close()
    assert list(path.parent.parent.iterdir()) == before


def test_another_process_that_puts_something_in_is_seen(path: Path) -> None:
    early, later = OutboxFile(path), OutboxFile(path)
    assert early.waiting() == []
    later.put("k", "c", "p", now=0)
    assert [entry.key for entry in early.waiting()] == ["k"]
    for file in (early, later):
        file.close()


def test_a_destination_is_kept_with_the_first_entry(path: Path) -> None:
    file = OutboxFile(path, "the host")
    file.put("k", "c", "p", now=0)
    file.close()
    again = OutboxFile(path)
    assert again.setting("destination") == "the host"
    again.close()


def _modes(path: Path) -> dict[str, int]:
    return {kept.name: kept.stat().st_mode & 0o777 for kept in path.parent.iterdir()}


def test_only_the_owner_can_read_its_files(path: Path) -> None:
    before = os.umask(0)
    try:
        file = OutboxFile(path)
        file.put("k", "c", "a secret word", now=0)
        made = _modes(path)
        assert {path.name, f"{path.name}-wal", f"{path.name}-shm"} <= set(made)
        assert set(made.values()) == {0o600}
        for kept in path.parent.iterdir():  # as an earlier version left them
            kept.chmod(0o644)
        again = OutboxFile(path)
        assert {mode for name, mode in _modes(path).items() if name.startswith(path.name)} == {0o600}
        again.close()
        file.close()
    finally:
        os.umask(before)


def test_a_log_that_somebody_reads_is_folded_later(file: OutboxFile, path: Path) -> None:
    def left() -> tuple[bool, bool]:
        return file.folded, any(b"secret" in kept.read_bytes() for kept in path.parent.iterdir())

    file.put("k", "c", "a secret word", now=0)
    assert left() == (True, True)
    reader = apsw.Connection(str(path))
    reader.execute("BEGIN; SELECT count(*) FROM entry").fetchall()
    file.acknowledged(file.waiting()[0], now=1)
    file.fold()
    assert left() == (False, True)
    reader.execute("COMMIT").fetchall()
    reader.close()
    file.fold()
    assert left() == (True, False)


def _fill(file: OutboxFile) -> None:
    for number in range(100):
        file.put(f"k again {number}", "c", "x" * 4_000, now=0)


def test_it_warns_before_it_is_full_and_takes_nothing_when_it_is(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = OutboxFile(path, most_bytes=200_000)
    number = 0
    while not caplog.records:
        file.put(f"k{number}", "c", "x" * 4_000, now=0)
        number += 1
    for more in range(3):
        file.put(f"more {more}", "c", "x" * 4_000, now=0)
    with pytest.raises(OutboxFull, match="toldonce outbox"):
        _fill(file)
    assert number > 10
    assert len(caplog.records) == 1
    file.drop([entry.id for entry in file.waiting()])
    assert file.put("one more", "c", "p", now=0)
    file.close()


def test_a_newer_versions_outbox_is_refused_and_kept(file: OutboxFile, path: Path) -> None:
    file.put("k", "c", "p", now=0)
    file.close()
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA user_version=9").fetchall()
    connection.close()
    with pytest.raises(NewerStore, match="pip install -U toldonce"):
        OutboxFile(path)
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA user_version=1").fetchall()
    connection.close()
    again = OutboxFile(path)
    assert len(again.waiting()) == 1
    again.close()


def test_other_files_are_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database at all, but long enough to be looked at as one" * 100)
    with pytest.raises(CorruptStore):
        OutboxFile(path)
    path.unlink()
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE theirs (x)").fetchall()
    connection.close()
    with pytest.raises(CorruptStore, match="another program"):
        OutboxFile(path)


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file")
    with pytest.raises(FolderNotUsable):
        OutboxFile(tmp_path / "outbox" / "host.db")


def test_a_full_disk_is_told_and_what_was_kept_stays(file: OutboxFile) -> None:
    assert file.put("k", "c", "p", now=0)
    connection = file._connection
    assert connection is not None
    connection.execute("PRAGMA max_page_count=1").fetchall()  # SQLite then says what it says of a full disk
    with pytest.raises(StoreError, match="Make room"):
        file.put("more", "c", "x" * 100_000, now=0)
    connection.execute("PRAGMA max_page_count=100000").fetchall()
    assert file.put("more", "c", "x" * 100_000, now=0)
    assert [entry.key for entry in file.waiting()] == ["k", "more"]


def test_a_closed_outbox_says_so(file: OutboxFile) -> None:
    file.close()
    with pytest.raises(Closed):
        file.put("k", "c", "p", now=0)


class _Recording(apsw.VFS):
    """Notes what is written and synced, in order."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "")
        self.notes: list[str] = []

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        assert name is not None
        notes, kind = self.notes, str(name if isinstance(name, str) else name.filename())[-4:]

        class File(apsw.VFSFile):
            def xWrite(self, data: bytes, offset: int) -> None:
                notes.append(f"write {kind}")
                super().xWrite(data, offset)

            def xSync(self, flags: int) -> None:
                notes.append(f"sync {kind}")
                super().xSync(flags)

        return File("", name, flags)


def test_when_put_returns_it_was_synced_to_the_disk(path: Path) -> None:
    vfs = _Recording("recording")
    file = OutboxFile(path, vfs="recording")
    for number in range(5):
        vfs.notes.clear()
        file.put(f"k{number}", "c", "p", now=0)
        assert "write -wal" in vfs.notes
        assert vfs.notes[-1] == "sync -wal"
    file.close()
    vfs.unregister()


def _put_many(path: Path, start: object) -> None:
    file = OutboxFile(path)
    for number in range(20):
        file.put(f"{os.getpid()}-{number}", str(os.getpid()), str(number), now=0)
    file.close()


def test_several_processes_put_into_one_file(path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_put_many, args=(path, None)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    file = OutboxFile(path)
    waiting = file.waiting()
    file.close()
    assert len(waiting) == 60
    for name in {entry.conversation for entry in waiting}:
        assert [entry.payload for entry in waiting if entry.conversation == name] == [str(n) for n in range(20)]
