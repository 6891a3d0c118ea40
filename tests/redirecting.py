"""The same tests on another store: TOLDONCE_TEST_STORE=postgres makes each folder that is opened here a database.

What starts processes of its own, or looks at files, is about folders and says so (``of_folders``).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import Server
from toldonce.stores import opening
from toldonce.stores.opening import migrate_store
from toldonce.stores.place import DatabaseUrl, Place, Where, place_of

ELSEWHERE = os.environ.get("TOLDONCE_TEST_STORE") == "postgres"
of_folders = pytest.mark.skipif(ELSEWHERE, reason="is about the files of a folder, or about processes of its own")


class _Databases:
    """A database for each folder, made when the folder is opened first."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._empty = server.database()
        migrate_store(self._empty)
        self._of: dict[Path, DatabaseUrl] = {}
        self._guard = threading.Lock()

    def place_of(self, where: Where) -> Place:
        place = place_of(where)
        return place if isinstance(place, DatabaseUrl) else self.of(place)

    def of(self, folder: Path) -> DatabaseUrl:
        with self._guard:
            key = folder.resolve()
            if key not in self._of:
                self._of[key] = DatabaseUrl(self._server.database(self._empty))
            return self._of[key]

    def files_of(self, folder: Path) -> Path:
        return self._server.files_of(self.of(folder).url)


_DATABASES: list[_Databases] = []
"""Of the run, where there are any."""


def address_of(folder: Path) -> str:
    """What a process of its own is told, so that it opens what this one opens for a folder."""
    return _DATABASES[0].of(folder).url if _DATABASES else str(folder)


def files_of(folder: Path) -> Path:
    """Where the bytes of what this process opens for a folder are, as they are now."""
    return _DATABASES[0].files_of(folder) if _DATABASES else folder


@pytest.fixture(scope="session", autouse=True)
def redirected(request: pytest.FixtureRequest) -> Iterator[None]:
    """Lead whatever opens a folder to a database of its own."""
    if not ELSEWHERE:
        yield
        return
    databases = _Databases(request.getfixturevalue("postgres"))
    _DATABASES.append(databases)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "place_of", databases.place_of)
        yield
    _DATABASES.clear()
