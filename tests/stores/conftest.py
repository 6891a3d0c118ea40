"""Every store is held to the same tests: add it to STORES."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.postgres import Server
from toldonce.stores.opening import open_store as open_at
from toldonce.stores.postgres import PostgresStore
from toldonce.stores.protocol import Store


class Home(Protocol):
    """One way to keep memories, for one test."""

    def open(self, name: str) -> Store:
        """The store of this name, which is made when it is opened first."""
        ...

    @property
    def files(self) -> Path:
        """Where its bytes are."""
        ...


class Sqlite:
    """Stores in folders of one folder."""

    def __init__(self, folder: Path) -> None:
        self.files = folder

    def open(self, name: str) -> Store:
        return open_at(self.files / name)


class Databases:
    """Databases with the tables of a store and nothing in them, used again and again: to make one takes its time."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._spare: list[str] = []

    def take(self) -> str:
        if not self._spare:
            url = self.server.database()
            PostgresStore(url).close()
            return url
        url = self._spare.pop()
        self.server.run(_EMPTY, url.rpartition("/")[2])
        return url

    def give_back(self, url: str) -> None:
        self._spare.append(url)


_EMPTY = """DO $$ BEGIN EXECUTE (
    SELECT 'TRUNCATE ' || string_agg(tablename, ',') || ' RESTART IDENTITY' FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'toldonce_schema'); END $$"""


class Postgres:
    """Stores in databases of one server."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._urls: dict[str, str] = {}

    @property
    def files(self) -> Path:
        return self._databases.server.files_of(self._urls[""])

    def open(self, name: str) -> Store:
        if name not in self._urls:
            self._urls[name] = self._databases.take()
        return PostgresStore(self._urls[name])

    def close(self) -> None:
        for url in self._urls.values():
            self._databases.give_back(url)


STORES = ("sqlite", "postgres")


@pytest.fixture(scope="session")
def databases(postgres: Server) -> Databases:
    return Databases(postgres)


@pytest.fixture(params=STORES)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    if request.param == "sqlite":
        yield Sqlite(tmp_path)
        return
    made = Postgres(request.getfixturevalue("databases"))
    yield made
    made.close()


@pytest.fixture
def open_store(home: Home) -> Iterator[Callable[[], Store]]:
    """Opens the same store again and again, as several processes would."""
    opened: list[Store] = []

    def open_one() -> Store:
        opened.append(home.open(""))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def open_empty(home: Home) -> Iterator[Callable[[], Store]]:
    """Opens a store that has nothing to do with the others of a test."""
    opened: list[Store] = []

    def open_one() -> Store:
        opened.append(home.open(f"empty {len(opened)}"))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()


@pytest.fixture
def files(home: Home) -> Callable[[], Path]:
    """The folder in which all that the store has written stands, as it is now."""
    return lambda: home.files
