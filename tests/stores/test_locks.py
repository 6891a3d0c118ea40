"""Locks between processes have an end: nobody waits for ever for one that is stopped, forked or gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.stores.filling import named
from tests.stores.holding import Holder
from toldonce import Memory
from toldonce.errors import Closed, InvalidConfig, StoreError
from toldonce.locks import LOCK_WAIT, ForkGate, ForkLock, LockFile, lock_wait
from toldonce.remote.outbox.lease import Lease
from toldonce.stores.sqlite import SqliteStore
from toldonce.stores.sqlite.lock import WriteLock

FAR = 60.0
"""Seconds after which a test has failed; what it waits for takes a moment."""


def test_a_write_waits_its_time_and_names_the_process_that_is_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOLDONCE_LOCK_WAIT", "0.3")
    store = SqliteStore(tmp_path)
    store.write_now(named("ann"))
    with Holder(tmp_path) as holder:
        holder.stop()
        with pytest.raises(StoreError, match=f"Process {holder.pid} .*TOLDONCE_LOCK_WAIT") as first:
            store.write_now(named("bob"))
        assert "0.3 seconds" in str(first.value)
        began = time.monotonic()
        with ThreadPoolExecutor(8) as writers:  # nobody waits as long again, or in a row
            failed = [writers.submit(store.write_now, named(f"user {n}")).exception() for n in range(8)]
            failed += [store.write(named(f"user {n}")).exception() for n in range(8)]
        assert all(isinstance(error, StoreError) for error in failed)
        assert time.monotonic() - began < FAR
        with pytest.raises(StoreError, match="nothing else can be written"):
            store.check(0.1)
    while True:
        try:
            store.write_now(named("cleo"))
            break
        except StoreError:
            assert time.monotonic() - began < FAR
            time.sleep(0.01)
    store.check(FAR)
    with store.read() as view:
        assert {name for _, name in view.owners("p", "user", None).values()} == {"ann", "cleo"}
    store.close()


def test_a_write_that_waits_goes_on_when_the_lock_is_let_go_of(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    holder = Holder(tmp_path)
    waiting = store.write(named("ann"))
    with pytest.raises(TimeoutError):
        waiting.result(0.2)
    holder.let_go()
    assert waiting.result(FAR) > 0
    store.close()


def test_opening_a_folder_waits_no_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLDONCE_LOCK_WAIT", "0.2")
    with Holder(tmp_path) as holder, pytest.raises(StoreError, match=f"Process {holder.pid} "):
        SqliteStore(tmp_path)
    SqliteStore(tmp_path).close()


def test_a_store_closes_while_another_process_has_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toldonce.stores.sqlite.writer._PATIENCE", 0.05)
    store = SqliteStore(tmp_path)
    with Holder(tmp_path):
        store.close()
    with pytest.raises(Closed):
        store.write_now(named("ann"))


def test_a_lock_that_came_too_late_is_left_to_others(tmp_path: Path) -> None:
    lock, other = WriteLock(tmp_path), WriteLock(tmp_path)
    assert other.take(FAR)
    assert not lock.take(0.05)
    assert not lock.take(0.0)
    other.let_go()
    assert other.take(FAR), "the first gave up, and its place in the queue came to nothing"
    other.let_go()
    assert lock.take(FAR)
    assert not lock.take(0.0), "of one process only one thread has it"
    lock.let_go()
    assert other.take(FAR)
    assert not lock.take(0.05)
    lock.close()  # while its thread is in the queue
    other.let_go()
    assert other.take(FAR)
    other.close()


@pytest.mark.parametrize("given", ["0", "-1", "soon", "nan", "inf"])
def test_a_wait_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("TOLDONCE_LOCK_WAIT", given)
    with pytest.raises(InvalidConfig, match="number of seconds"):
        lock_wait()
    monkeypatch.delenv("TOLDONCE_LOCK_WAIT")
    assert lock_wait() == LOCK_WAIT


def test_the_holder_of_a_named_lock_is_named(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    with store.exclusively("work"), pytest.raises(StoreError, match=f"Process {os.getpid()} "):
        store.exclusively("work").__enter__()
    store.close()


FORKS = """
import os, signal, sys
from pathlib import Path
{take}
child = os.fork()
if child == 0:
    os.close(1), os.close(2)
    signal.pause()
print(child, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
TAKES = {
    "the write lock": """
from toldonce.stores.sqlite.lock import WriteLock
lock = WriteLock(Path(sys.argv[1]))
assert lock.take(30)
""",
    "a named lock": """
from toldonce.stores.sqlite.lock import named_lock
lock = named_lock(Path(sys.argv[1]), "work")
lock.__enter__()
""",
    "an outbox's lease": """
from toldonce.remote.outbox.lease import Lease
assert Lease(Path(sys.argv[1]) / "lease.lock").take()
""",
}


@pytest.mark.parametrize("what", TAKES)
def test_a_child_that_outlives_its_parent_keeps_no_lock(tmp_path: Path, what: str) -> None:
    program = FORKS.format(take=TAKES[what])
    parent = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)
    assert parent.returncode == -signal.SIGKILL, parent.stderr
    child = int(parent.stdout)
    try:
        os.kill(child, 0)  # it lives, and others go on
        store = SqliteStore(tmp_path)
        store.write(named("ann")).result(FAR)
        with store.exclusively("work"):
            pass
        store.close()
        assert Lease(tmp_path / "lease.lock").take()
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_child_forked_while_others_open_and_write_opens_its_own(tmp_path: Path) -> None:
    ending = threading.Event()

    def use(number: int) -> None:
        while not ending.is_set():
            with Memory(folder=tmp_path / str(number)) as memory:
                memory.add("I like tea.", user_id="ann")

    users = [threading.Thread(target=use, args=(number,)) for number in range(2)]
    for user in users:
        user.start()
    try:
        for number in range(10):
            child = os.fork()
            if child == 0:
                try:
                    signal.alarm(int(FAR))  # a child that hangs is ended by it
                    with Memory(folder=tmp_path / f"child {number}") as own:
                        own.add("I like coffee.", user_id="ann")
                except BaseException:
                    os._exit(1)
                os._exit(7)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    finally:
        ending.set()
        for user in users:
            user.join()


def test_children_write_to_the_folder_beside_their_parent(tmp_path: Path) -> None:
    """SQLite keeps note of the files a process has open, and a child must not believe its parent's notes."""
    children = 4
    with Memory(folder=tmp_path) as memory:
        memory.add("I like tea.", user_id="ann")
        pids = []
        for number in range(children):
            child = os.fork()
            if child == 0:
                try:
                    signal.alarm(int(FAR))
                    with Memory(folder=tmp_path) as own:
                        for n in range(5):
                            own.add(f"Child {number} likes number {n}.", user_id="ann", infer=False)
                except BaseException:
                    os._exit(1)
                os._exit(7)
            pids.append(child)
            memory.add(f"I like number {number}.", user_id="ann", infer=False)
        assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids] == [7] * children
        assert len(memory.messages(user_id="ann")) == 1 + children + 5 * children


def test_a_fork_waits_for_those_inside_and_keeps_others_out() -> None:
    gate, entered, leaving = ForkGate(patience=FAR), threading.Event(), threading.Event()
    steps: list[str] = []

    def stay() -> None:
        with gate, gate:
            entered.set()
            leaving.wait(FAR)
            steps.append("left")

    def come() -> None:
        with gate:
            steps.append("came")

    staying, coming = threading.Thread(target=stay), threading.Thread(target=come)
    staying.start()
    assert entered.wait(FAR)
    threading.Timer(0.05, leaving.set).start()
    gate.before_fork()
    assert gate.quiet
    coming.start()
    steps.append("forked")
    gate.after_fork_in_parent()
    for thread in (staying, coming):
        thread.join()
    assert steps == ["left", "forked", "came"]


def test_a_fork_waits_no_longer_than_it_may_and_says_so() -> None:
    gate, entered, leaving = ForkGate(patience=0.05), threading.Event(), threading.Event()

    def stay() -> None:
        with gate:
            entered.set()
            leaving.wait(FAR)

    staying = threading.Thread(target=stay)
    staying.start()
    assert entered.wait(FAR)
    quiet = []
    gate.before_fork()
    quiet.append(gate.quiet)
    gate.after_fork_in_parent()
    leaving.set()
    staying.join()
    with gate:  # of the forking thread itself
        gate.before_fork()
        quiet.append(gate.quiet)
        gate.after_fork_in_child()
    gate.before_fork()
    quiet.append(gate.quiet)
    gate.after_fork_in_parent()
    assert quiet == [False, False, True]


def test_a_lock_of_the_process_is_free_in_a_child(tmp_path: Path) -> None:
    lock = ForkLock()
    with lock:
        child = os.fork()
        if child == 0:
            signal.alarm(int(FAR))
            with lock:
                os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_a_store_closed_in_a_child_is_still_its_parents(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    child = os.fork()
    if child == 0:
        signal.alarm(int(FAR))
        store.close()
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert store.write_now(named("ann")) > 0
    store.close()


def test_a_lease_is_not_waited_for_longer_than_a_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLDONCE_LOCK_WAIT", "0.1")
    path = tmp_path / "opening.lock"
    held = LockFile(path)
    assert held.take()
    held.sign()
    with pytest.raises(StoreError, match=f"Process {os.getpid()} "), Lease(path).waited_for():
        pass
    held.close()
    with Lease(path).waited_for():
        assert not Lease(path).take()


def test_nobody_waits_for_a_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that closes, or compacts, while another reads: others write meanwhile."""
    for module in ("connection", "writer"):
        monkeypatch.setattr(f"toldonce.stores.sqlite.{module}.BUSY", int(2 * FAR * 1000))
    monkeypatch.setattr("toldonce.stores.sqlite.FOLDED_WITHIN", 0.2)
    reading, closing, writing = SqliteStore(tmp_path), SqliteStore(tmp_path), SqliteStore(tmp_path)
    writing.write_now(named("ann"))
    began = time.monotonic()
    with reading.read() as view:
        assert len(view.owners("p", None, None)) == 1
        writing.write_now(named("bob"))
        closing.close()
        reading.compact()
        assert writing.write_now(named("cleo")) > 0
        assert len(view.owners("p", None, None)) == 1, "it still reads what it read"
    assert time.monotonic() - began < FAR
    for store in (reading, writing):
        store.close()
