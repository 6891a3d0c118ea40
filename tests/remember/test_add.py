"""An add that is worked out before its transaction writes what it would have written inside."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from toldonce import Memory
from toldonce.engine.operations import Operations
from toldonce.engine.requests import add_request
from toldonce.remember import add
from toldonce.remember.plan import AddRequest
from toldonce.types import Scope


def request(said: Any, user: str = "ann", run: str | None = "r") -> AddRequest:
    return add_request(
        said,
        Scope(user, None, None, run),
        metadata=None,
        timestamp=None,
        expiration_date=None,
        infer=True,
        memory_type=None,
        prompt=None,
        conversation_id=None,
    )


def talk(count: int, first: int = 0) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"On day {n} I walked {n} miles by the sea."} for n in range(first, count)]


def contents(memory: Memory, user: str = "ann") -> list[str]:
    return [message["content"] for message in memory.messages(user_id=user)]


def written(verbs: Operations, asked: AddRequest, worked_out: add.WorkedOut | None) -> add.Added:
    return verbs.engine.store.write_now(lambda store: add.add(store, verbs.project, asked, worked_out))


def shown(added: add.Added) -> list[tuple[str, bool, int]]:
    return [(one.text, one.is_new, one.sayings) for one in added.memories]


def test_it_is_the_same_as_one_that_was_not(tmp_path: Path) -> None:
    with Memory(folder=tmp_path / "a") as one, Memory(folder=tmp_path / "b") as other:
        for said in (talk(3), talk(6), [*talk(9, 5), {"role": "user", "content": "Ok."}], "I like tea.", "I like tea."):
            asked = request(said)
            ahead = written(one._verbs, asked, one._verbs.work_out(asked))
            assert shown(ahead) == shown(written(other._verbs, asked, None))
        assert contents(one) == contents(other)


@pytest.mark.parametrize("meanwhile", ["said on", "said elsewhere", "deleted", "changed", "erased"])
def test_what_holds_no_longer_is_not_written(tmp_path: Path, meanwhile: str) -> None:
    with Memory(folder=tmp_path) as memory:
        [first] = memory.add("I like tea.", user_id="ann", run_id="other")["results"]
        asked = request([{"role": "user", "content": "I like tea."}, *talk(3)])
        worked_out = memory._verbs.work_out(asked)
        if meanwhile == "said on":
            memory.add("I like rye.", user_id="ann", run_id="r")
        elif meanwhile == "said elsewhere":
            memory.add("I like tea.", user_id="ann", run_id="third")
        elif meanwhile == "deleted":
            memory.delete(first["id"])
        elif meanwhile == "erased":
            memory.erase(memory_id=first["id"])
        else:
            memory.update(first["id"], "I like green tea.")
        before = contents(memory)
        with pytest.raises(add.Moved):
            written(memory._verbs, asked, worked_out)
        assert contents(memory) == before
        again = written(memory._verbs, asked, memory._verbs.work_out(asked))
        assert again.messages == (3 if meanwhile == "erased" else 4)


def test_what_others_do_meanwhile_is_no_reason_to_work_it_out_again(tmp_path: Path) -> None:
    with Memory(folder=tmp_path) as memory:
        memory.add("I like tea.", user_id="ann", run_id="r")
        asked = request(talk(3))
        worked_out = memory._verbs.work_out(asked)
        memory.add("I like tea.", user_id="bo", run_id="r")
        memory.add("I have a cat.", user_id="ann", run_id="other")
        assert written(memory._verbs, asked, worked_out).messages == 3


def test_a_long_history_offered_by_everyone_at_once_is_stored_once(tmp_path: Path) -> None:
    said = [{**message, "id": f"m{number}"} for number, message in enumerate(talk(60))]
    assert add.is_long(request(said))
    with Memory(folder=tmp_path) as memory:
        threads = [
            threading.Thread(target=memory.add, args=(said,), kwargs={"user_id": "ann", "run_id": "r"})
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert contents(memory) == [one["content"] for one in said]


def test_one_that_is_overtaken_again_and_again_is_written_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Memory(folder=tmp_path) as memory:
        work_out, overtaken = Operations.work_out, 0

        def slowly(verbs: Operations, asked: AddRequest) -> add.WorkedOut:
            nonlocal overtaken
            found = work_out(verbs, asked)
            overtaken += 1
            memory.add(f"Number {overtaken}.", user_id="ann", run_id="r", infer=False)
            return found

        monkeypatch.setattr(Operations, "work_out", slowly)
        memory.add(talk(60), user_id="ann", run_id="r")
        assert overtaken == add.TRIES
        assert len(contents(memory)) == 60 + add.TRIES
