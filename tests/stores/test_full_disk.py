"""On a full disk what is deleted is deleted, and everything else is refused with the reason.

The tests have a disk of their own: a small file system in memory, which only a process with a namespace of its own may
mount. Where the system allows nobody that, they are left out.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from toldonce.errors import DiskFull
from toldonce.stores.sqlite import SqliteStore
from toldonce.stores.sqlite import reserve as reserve_module
from toldonce.stores.sqlite.reserve import SIZE, Reserve

ISOLATED = ["unshare", "--user", "--map-root-user", "--mount"]


def can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run([*ISOLATED, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    return tried.returncode == 0


on_a_small_disk = pytest.mark.skipif(not can_mount(), reason="nobody may mount here")

PROGRAM = """
import os, subprocess, sys
from pathlib import Path
disk = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", disk], check=True)
from toldonce import Memory
from toldonce.errors import DiskFull
from toldonce.testing import WordEmbedder

def fill():
    with open(disk / "other", "ab", buffering=0) as other:
        try:
            while True:
                other.write(bytes(4096))
        except OSError:
            pass

def opened():
    return Memory(folder=disk / "data", embedder=WordEmbedder())

def texts(memory, user="ann"):
    return [row["memory"] for row in memory.get_all(filters={"user_id": user}, top_k=1000)["results"]]

class Held:
    forgot = 0

    def forget(self, owner_ids):
        self.forgot += 1

with opened() as memory:
    ids = [memory.add(f"Fact number {n} on bees.", user_id="ann")["results"][0]["id"] for n in range(60)]
    memory.add("I live in Oslo.", user_id="bob")
    memory._engine.settled().result()
    store = memory._engine.store
    store.check(1)
    fill()
    refused = 0
    for n in range(300):
        try:
            memory.add(f"Another fact, number {n}, " + "and more words " * 200, user_id="ann")
        except DiskFull as error:
            refused += 1
            assert "full" in str(error)
    assert refused, "the disk was not full"
    try:
        store.check(1)
        raise SystemExit("it says that it could write")
    except DiskFull:
        pass
    held = Held()
    store.caches.register(held)
    for n, uid in enumerate(ids[:20]):
        assert held.forgot == n
        memory.delete(uid)
    assert not set(texts(memory)) & {f"Fact number {n} on bees." for n in range(20)}
    fill()
    for uid in ids[20:30]:
        memory.delete(uid)
    print("deleted one by one")
with opened() as memory:  # opening needs no room either
    fill()
    memory.delete_all(user_id="ann")
    assert texts(memory) == []
    assert texts(memory, "bob") == ["I live in Oslo."]
    assert memory.search("Who lives in Oslo?", filters={"user_id": "bob"})["results"]
    memory.erase(user_id="bob")
    assert texts(memory, "bob") == []
    print("deleted all")
    (disk / "other").unlink()
    memory._engine.store.check(1)
    memory.add("I moved to Bergen.", user_id="bob")
    assert texts(memory, "bob") == ["I moved to Bergen."]
    assert (disk / "data" / "reserve").stat().st_size > 0
    print("written again")
"""


@on_a_small_disk
def test_on_a_full_disk_deletes_work_and_nothing_else(tmp_path: Path) -> None:
    done = subprocess.run(
        [*ISOLATED, sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["deleted one by one", "deleted all", "written again"]


def test_where_the_system_sets_no_room_aside_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.posix_fallocate", raising=False)
    assert Reserve(tmp_path).is_kept
    assert (tmp_path / "reserve").stat().st_blocks * 512 >= SIZE


def test_a_disk_without_room_for_the_reserve_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reserve = Reserve(tmp_path)
    monkeypatch.setattr(reserve_module, "_free", lambda folder: SIZE - 1)
    kept = [reserve.is_kept]
    assert not (tmp_path / "reserve").exists()
    with pytest.raises(DiskFull, match="full"):
        reserve.check()
    store = SqliteStore(tmp_path / "data")
    with pytest.raises(DiskFull):
        store.write_now(lambda tx: tx.ensure_owner("p", "user", "ann", 1))
    monkeypatch.undo()
    assert store.write_now(lambda tx: tx.ensure_owner("p", "user", "ann", 1)) == 1
    kept.append(reserve.is_kept)
    assert (tmp_path / "reserve").stat().st_size == SIZE
    given = 0
    while reserve.give_up_some():
        given += 1
    assert given > 4, "bit by bit"
    assert (tmp_path / "reserve").stat().st_size == 0
    kept.append(reserve.is_kept)
    assert kept == [False, True, True]
    store.close()
