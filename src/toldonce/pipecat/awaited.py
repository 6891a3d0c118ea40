"""The memory of a service as applications see it: asynchronous, and saying so to code that forgets to await."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Generator
from functools import wraps
from typing import Any, NoReturn

from loguru import logger

from toldonce.errors import Unsupported


class AsyncClient:
    """Stands in front of a memory that the service made. Code written for Mem0's client needs ``await``."""

    def __init__(self, client: Any) -> None:
        object.__setattr__(self, "_client", client)

    @property  # type: ignore[misc] # an isinstance check sees the memory itself
    def __class__(self) -> type:
        return type(self._client)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        return _awaited(found, name) if inspect.iscoroutinefunction(found) else found

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._client, name, value)

    def __repr__(self) -> str:
        return repr(self._client)

    async def __aenter__(self) -> Any:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> Any:
        return await self._client.__aexit__(*error)


class Unawaited(Coroutine[Any, Any, Any]):
    """A coroutine whose result somebody may read without awaiting it; that is an error which says what to write."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], verb: str) -> None:
        self._coroutine = coroutine
        self._verb = verb
        self._begun = False
        self.__name__ = self.__qualname__ = verb

    def __await__(self) -> Generator[Any, Any, Any]:
        self._begun = True
        return self._coroutine.__await__()

    def send(self, value: Any) -> Any:
        """As a coroutine does."""
        self._begun = True
        return self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        """As a coroutine does."""
        self._begun = True
        return self._coroutine.throw(*error)

    def close(self) -> None:
        """As a coroutine does."""
        self._begun = True
        self._coroutine.close()

    def _refuse(self, *_: object) -> NoReturn:
        raise Unsupported(f"memory_client.{self._verb}() did not run: {self._advice}")

    __getitem__ = __iter__ = __len__ = __contains__ = get = items = keys = values = _refuse

    @property
    def _advice(self) -> str:
        return (
            f"the memory is asynchronous here. Write `await memory.memory_client.{self._verb}(...)`, or, outside the "
            f"event loop, `asyncio.run_coroutine_threadsafe(memory.memory_client.{self._verb}(...), loop).result()`."
        )

    def __del__(self) -> None:
        if not self._begun:
            self._coroutine.close()
            logger.error(f"memory_client.{self._verb}() was called and nothing happened: {self._advice}")


def _awaited(method: Callable[..., Any], name: str) -> Callable[..., Unawaited]:
    @wraps(method)
    def call(*arguments: Any, **options: Any) -> Unawaited:
        return Unawaited(method(*arguments, **options), name)

    return call
