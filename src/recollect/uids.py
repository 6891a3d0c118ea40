"""Public ids: UUIDv7 (RFC 9562), which sort by the time they were made and so lie together in an index."""

from __future__ import annotations

import os
import uuid


def new_uid(now: int) -> str:
    """A fresh UUIDv7 for a moment given in microseconds since the epoch."""
    value = (now // 1000) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))
