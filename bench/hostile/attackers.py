"""Every attack there is, by name; and the process that makes one.

It is given the fields of a ``Target`` and ``"attack"`` and ``"seconds"`` as a line of stdin, and prints what was
answered, by status, as JSON.
"""

from __future__ import annotations

import json
import sys
import time

from bench.hostile import attacks, faults, sockets
from bench.hostile.attacks import Attack
from bench.hostile.wire import Target

ALL: dict[str, Attack] = {
    attack.__name__.replace("_", " "): attack
    for attack in (
        attacks.nothing,
        attacks.import_in_large_calls,
        attacks.import_in_small_calls,
        attacks.concurrent_adds,
        attacks.concurrent_searches,
        attacks.import_and_search,
        attacks.adversarial_texts,
        attacks.rewritten_history,
        attacks.giant_filters,
        attacks.long_filters,
        attacks.long_edits,
        attacks.export_shaping,
        attacks.listings,
        attacks.changes_in_batches,
        attacks.erasures,
        attacks.nested_bodies,
        sockets.partial_headers,
        sockets.bodies_without_a_key,
        sockets.slow_bodies,
        sockets.wrong_keys,
        sockets.open_paths,
        sockets.dripping_receivers,
        faults.stopped_lock_holder,
        faults.forked_lock_holder,
        faults.killed_lock_holder,
    )
}


def main() -> None:
    given = json.loads(sys.stdin.readline())
    attack, until = ALL[given.pop("attack")], time.monotonic() + given.pop("seconds")
    target = Target(**given, until=until)
    attack(target)
    print(json.dumps(target.answers))


if __name__ == "__main__":
    main()
