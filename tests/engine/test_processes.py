"""Several processes on one folder: nothing lost, nothing doubled, everything seen."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.redirecting import address_of
from toldonce import Memory

WRITER = """
import json, sys
from toldonce import Memory
folder, writer, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with Memory(folder=folder) as memory:
    for n in range(count):
        said = f"writer {writer} says number {n}"
        for _ in range(2):  # a retry
            memory.add([{"role": "user", "content": said, "id": f"{writer}-{n}"}], user_id="ann", conversation_id="c")
        print(json.dumps(said), flush=True)
"""


def test_four_writers_and_a_reader(tmp_path: Path) -> None:
    count = 40
    with Memory(folder=tmp_path) as reader:
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, address_of(tmp_path), str(n), str(count)],
                stdout=subprocess.PIPE,
                text=True,
            )
            for n in range(4)
        ]
        for round_ in range(count):
            for writer in writers:
                assert writer.stdout is not None
                said = json.loads(writer.stdout.readline())
                if round_ % 8 == 0:  # acknowledged elsewhere: the next search here sees it
                    found = reader.search(said, filters={"user_id": "ann"}, top_k=50, threshold=0)
                    assert said in [hit["memory"] for hit in found["results"]]
        for writer in writers:
            assert writer.wait(60) == 0
            assert writer.stdout is not None
            writer.stdout.close()
        expected = sorted(f"writer {w} says number {n}" for w in range(4) for n in range(count))
        assert sorted(m["content"] for m in reader.messages(user_id="ann")) == expected
        memories = reader.get_all(filters={"user_id": "ann"}, top_k=1000)["results"]
        assert sorted(m["memory"] for m in memories) == expected
