"""Keys without a running server, or beside one: the command line's way to them."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from toldonce.server.keys import IssuedKey, KeyHash, issue
from toldonce.server.tenants import ensure
from toldonce.stores.opening import open_store
from toldonce.stores.place import Place
from toldonce.stores.protocol import Write
from toldonce.stores.serving import ApiKey, Project
from toldonce.times import now


class KeyRing:
    """The keys of a folder. It opens the store alone: no model, no index."""

    def __init__(self, place: Place) -> None:
        self._store = open_store(place)

    def create(
        self, project: str, name: str, scopes: Sequence[str], expires_at: int | None
    ) -> tuple[IssuedKey, Project]:
        """A new key for a project, which is made if there is none of this name."""

        hashes = KeyHash(self._store)

        def work(store: Write) -> tuple[IssuedKey, Project]:
            at = now()
            found = ensure(store, project, at)
            return issue(store, hashes, found.id, name, scopes, expires_at, at), found

        return self._store.write_now(work)

    def all(self) -> list[ApiKey]:
        """Every key, oldest first; revoked ones too."""
        with self._store.read() as store:
            return store.serving.keys(None)

    def project_names(self) -> dict[str, str]:
        """The names of the projects that have keys, by project id."""
        with self._store.read() as store:
            projects = {key.project: store.serving.project(key.project) for key in store.serving.keys(None)}
        return {project_id: project.name for project_id, project in projects.items() if project is not None}

    def revoke(self, key_id: str) -> bool:
        """Whether there was such a key that still held."""
        return self._store.write_now(lambda store: store.serving.revoke_key(key_id, now()))

    def close(self) -> None:
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
