"""Vectors as pgvector sends them: a length, nothing, and numbers, all in the order of networks."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import psycopg
from psycopg.adapt import Buffer, Dumper, Loader
from psycopg.pq import Format
from psycopg.types import TypeInfo

_HEAD = struct.Struct(">HH")


class Vector(bytes):
    """float32, little-endian, as stores keep a vector."""


class _VectorDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: bytes) -> bytes:
        numbers = np.frombuffer(obj, "<f4")
        return _HEAD.pack(len(numbers), 0) + numbers.astype(">f4").tobytes()


class _VectorLoader(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> bytes:
        return np.frombuffer(data, ">f4", offset=_HEAD.size).astype("<f4").tobytes()


def register_vectors(connection: psycopg.Connection[Any]) -> bool:
    """Have a connection read and write vectors as bytes; whether it can: the extension is there."""
    info = TypeInfo.fetch(connection, "vector")
    if info is None:
        return False
    info.register(connection)
    dumper = type("VectorDumper", (_VectorDumper,), {"oid": info.oid})
    connection.adapters.register_dumper(Vector, dumper)
    connection.adapters.register_loader(info.oid, _VectorLoader)
    return True
