"""From a URL or a path to a store."""

from __future__ import annotations

from pathlib import Path

import pytest

from toldonce.errors import InvalidConfig
from toldonce.stores.opening import folder_of, has_store, identity_of, open_store


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


@pytest.mark.parametrize(
    "where", ["postgresql://localhost/memory", "redis://x", "sqlite://relative/path", "sqlite:///"]
)
def test_what_cannot_be_opened_is_said(where: str) -> None:
    with pytest.raises(InvalidConfig, match="sqlite:///"):
        folder_of(where)
