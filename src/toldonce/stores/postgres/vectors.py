"""Vectors as pgvector sends them: a length, nothing, and numbers, all in the order of networks."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import psycopg
from psycopg.adapt import Buffer, Dumper, Loader
from psycopg.pq import Format
from psycopg.types import TypeInfo

from toldonce.errors import StoreError

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


def register_vectors(connection: psycopg.Connection[Any]) -> None:
    """Have a connection read and write vectors as bytes. Raises ``StoreError`` where there is no pgvector."""
    info = TypeInfo.fetch(connection, "vector")
    if info is None:
        raise StoreError("pgvector is gone from the database. Bring it back with: CREATE EXTENSION vector")
    info.register(connection)
    dumper = type("VectorDumper", (_VectorDumper,), {"oid": info.oid})
    connection.adapters.register_dumper(Vector, dumper)
    connection.adapters.register_loader(info.oid, _VectorLoader)
