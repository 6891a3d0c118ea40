"""Every store is held to the same tests: add its factory to STORES."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from toldonce.stores.opening import open_store as open_at
from toldonce.stores.protocol import Store

StoreFactory = Callable[[Path], Store]

STORES: dict[str, StoreFactory] = {"sqlite": open_at}


@pytest.fixture(params=sorted(STORES))
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens the same store again and again, as several processes would."""
    opened: list[Store] = []

    def open_one() -> Store:
        opened.append(STORES[request.param](tmp_path))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture(params=sorted(STORES))
def open_empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens a store that has nothing to do with the others of a test."""
    opened: list[Store] = []

    def open_one() -> Store:
        opened.append(STORES[request.param](tmp_path / f"empty {len(opened)}"))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()
