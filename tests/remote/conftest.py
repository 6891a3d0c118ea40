"""A host for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .host import Host


@pytest.fixture
def host() -> Iterator[Host]:
    with Host() as serving:
        yield serving
