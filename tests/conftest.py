"""What tests of several rooms need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.embedders.openai_server import EmbeddingServer, serving
from tests.postgres import postgres
from tests.redirecting import redirected

__all__ = ["postgres", "redirected"]

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault of an example
settings.load_profile("untimed")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddingServer]:
    """An embedding server that whoever opens a folder has confirmed, and no key of the developer's."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with serving() as running:
        monkeypatch.setenv("TOLDONCE_CONFIRMED_HOSTS", running.url)
        yield running
