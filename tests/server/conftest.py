"""One server for all tests of a module; each test takes a project of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.server.running import Client, Running, serving

_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("memory"), private_webhooks=True) as running:
        yield running


@pytest.fixture
def client(server: Running) -> Client:
    return server.client(f"project {next(_NUMBERS)}")
