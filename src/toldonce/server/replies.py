"""What every answer of the server has in common."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from starlette.responses import Response


class Json(Response):
    """Any value as JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        try:
            return orjson.dumps(content)
        except TypeError:  # an integer beyond 64 bits, or half an emoji, which a library user put into metadata
            return json.dumps(content, separators=(",", ":"), default=datetime.isoformat).encode()


def failure(status: int, message: str, headers: Mapping[str, str] | None = None, **more: Any) -> Json:
    """An error: Mem0's Python clients read ``detail``, others ``error``."""
    return Json({"detail": message, "error": message, **more}, status, headers)
