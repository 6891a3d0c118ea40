"""Lists a page at a time, with absolute addresses of the pages around it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request

from toldonce.errors import InvalidInput

_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*", re.ASCII)
"""What a proxy may say it took away from the path."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which stretch of a list is asked for."""

    number: int
    size: int

    @property
    def start(self) -> int:
        return (self.number - 1) * self.size


def page(number: int | None, size: int | None, *, default: int, most: int) -> Page:
    """Read a page's number (from 1) and size; a larger size than ``most`` is cut to it."""
    for key, value in (("page", number), ("page_size", size)):
        if value is not None and not 1 <= value <= 1_000_000_000:
            raise InvalidInput(f"{key} must be a whole number from 1.")
    return Page(number or 1, min(size or default, most))


def envelope(request: Request, asked: Page, count: int, items: Sequence[Any]) -> dict[str, Any]:
    """``{count, next, previous, results}``. Raises 404 for a page past the end, as Mem0's platform does."""
    if asked.number > 1 and asked.start >= count:
        raise HTTPException(404, "Invalid page.")

    def address(number: int) -> str:
        query = [(key, value) for key, value in request.query_params.multi_items() if key not in ("page", "page_size")]
        query += [("page", str(number)), ("page_size", str(asked.size))]
        return f"{_base(request)}{quote(request.scope['path'])}?{urlencode(query)}"

    return {
        "count": count,
        "next": address(asked.number + 1) if asked.start + asked.size < count else None,
        "previous": address(asked.number - 1) if asked.number > 1 else None,
        "results": items,
    }


def _base(request: Request) -> str:
    """Where the caller finds this server: as it was told, or as the proxy in front says, or as the request has it."""
    told: str | None = request.app.state.service.settings.public_url
    if told is not None:
        return told
    prefix = request.headers.get("x-forwarded-prefix", "").rstrip("/")
    if not _PREFIX.fullmatch(prefix):
        prefix = ""
    return f"{request.url.scheme}://{request.url.netloc}{prefix}"
