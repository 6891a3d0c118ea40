"""Public ids: UUIDv7 (RFC 9562), which sort by the time they were made and so lie together in an index."""

from __future__ import annotations

import os
import uuid


def first_uid(at: int) -> str:
    """What every id made at this moment or later, in microseconds since the epoch, comes after as text."""
    digits = f"{at // 1000:012x}"
    return f"{digits[:8]}-{digits[8:]}"


def spellings(given: object) -> tuple[str, ...]:
    """What a memory id a caller passes may stand in a store as: as it is, then as UUIDs are written there.

    Takes ``uuid.UUID``, upper case, bare hexadecimal and surrounding spaces. Empty for what is no id at all.
    """
    if isinstance(given, uuid.UUID):
        return (str(given),)
    if not isinstance(given, str) or not (text := given.strip()):
        return ()
    try:
        return tuple(dict.fromkeys((text, str(uuid.UUID(text)))))
    except ValueError:
        return (text,)


def new_uid(now: int) -> str:
    """A fresh UUIDv7 for a moment given in microseconds since the epoch."""
    value = (now // 1000) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
