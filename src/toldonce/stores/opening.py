"""From a URL or a path to an open store. Nobody else makes one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from toldonce.errors import InvalidConfig, MissingExtra
from toldonce.stores.backup import Manifest
from toldonce.stores.place import DatabaseUrl, Where, folder_of, place_of
from toldonce.stores.protocol import Store
from toldonce.takeover import database_file

if TYPE_CHECKING:
    from toldonce.stores.copying import Copied


def identity_of(where: Where) -> str:
    """The same for all addresses of one store, open or not: what a process shares an engine by."""
    place = place_of(where)
    return place.identity if isinstance(place, DatabaseUrl) else str(place.resolve())


def has_store(where: Where) -> bool:
    """Whether there is a store already; opening would make one."""
    place = place_of(where)
    if isinstance(place, DatabaseUrl):
        return bool(_postgres().has_store(place.url))
    return database_file(place).exists()


def open_store(where: Where) -> Store:
    """Open a store, and make it if there is none. Raises the ``StoreError``s of ``toldonce.errors``."""
    place = place_of(where)
    if isinstance(place, DatabaseUrl):
        postgres: Store = _postgres().PostgresStore(place.url)
        return postgres
    from toldonce.stores.sqlite import SqliteStore

    return SqliteStore(place)


def migrate_store(where: Where) -> list[int]:
    """Bring a store to this version's tables, also by the steps that no older version survives; their numbers.

    A folder is brought there by opening it. Raises ``StoreError`` while an older version has a database open.
    """
    place = place_of(where)
    if isinstance(place, DatabaseUrl):
        return list(_postgres().migrate_whole(place.url))
    open_store(place).close()
    return []


def copy_store(source: Where, target: Where, done: Callable[[int], None]) -> Copied:
    """Bring a store to what another holds; see ``copying.copy_store``. The target is made if it is not there."""
    from toldonce.stores.copying import copy_store as copy

    if identity_of(source) == identity_of(target):
        raise InvalidConfig(f"{place_of(source)} is both the source and the target of the copy. Name two places.")
    if not has_store(source):
        raise InvalidConfig(f"{place_of(source)} holds no memories. Name the folder or database that is to be copied.")
    with closing(open_store(source)) as known, closing(open_store(target)) as made:
        return copy(known, made, done)


def restore_store(source: Path, where: Where) -> Manifest:
    """Make a store of a backup, in a place where there is nothing. Returns what it holds.

    Raises ``InvalidBackup`` if the file is not whole or the place not empty; then nothing is left there.
    """
    from toldonce.stores.sqlite.backing_up import restore

    return restore(source, folder_of(where))


def _postgres() -> ModuleType:
    try:
        return import_module("toldonce.stores.postgres")
    except ImportError as error:
        raise MissingExtra("psycopg is not installed. Install it with: pip install 'toldonce[postgres]'") from error
