"""From a URL or a path to a store."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.postgres import Server
from tests.stores.conftest import Databases
from toldonce.errors import InvalidConfig, MissingExtra
from toldonce.stores.opening import has_store, identity_of, open_store
from toldonce.stores.place import DatabaseUrl, folder_of, place_of


def test_a_path_and_a_url_open_the_same_store(tmp_path: Path) -> None:
    folder = tmp_path / "my data"
    assert not has_store(folder)
    first = open_store(folder)
    second = open_store("sqlite://" + str(folder).replace(" ", "%20"))
    assert identity_of(folder) == identity_of("sqlite://" + str(folder).replace(" ", "%20"))
    assert first.location == str(folder)
    assert has_store(str(folder))
    assert identity_of(tmp_path / "other") != identity_of(folder)
    for store in (first, second):
        store.close()


def test_a_home_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    assert folder_of("~/memory") == Path("/home/ann/memory")


@pytest.mark.parametrize("where", ["redis://x", "sqlite://relative/path", "sqlite:///"])
def test_what_cannot_be_opened_is_said(where: str) -> None:
    with pytest.raises(InvalidConfig, match="sqlite:///"):
        place_of(where)


def test_a_database_is_no_folder_and_its_password_is_not_shown() -> None:
    place = place_of("postgres://ann:secret@db.test:6432/memory?sslmode=require")
    assert isinstance(place, DatabaseUrl)
    assert str(place) == "postgresql://db.test:6432/memory"
    assert "secret" not in repr(place) + str(place) + place.identity
    assert place_of(place) == place
    with pytest.raises(InvalidConfig, match="takes a folder"):
        folder_of(place)
    same = "postgresql://ann:other@db.test:6432/memory"
    assert identity_of(same) == identity_of(place) != identity_of("postgresql://bob@db.test:6432/memory")


def test_a_database_is_found_and_opened_by_its_address(databases: Databases, postgres: Server) -> None:
    empty = postgres.database()
    assert not has_store(empty)
    store = open_store(empty)
    assert has_store(empty)
    assert store.location == str(place_of(empty))
    store.close()


def test_a_database_needs_psycopg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "toldonce.stores.postgres", None)
    with pytest.raises(MissingExtra, match=r"toldonce\[postgres\]"):
        open_store("postgresql://localhost/memory")
