#!/usr/bin/env python3
"""Check a receipt of ``toldonce erase``, with Python alone: Toldonce need not be installed.

    toldonce receipts ID > receipt.json
    python check_receipt.py receipt.json --folder DIR [--texts FILE]

It checks the signature (Ed25519, RFC 8032). With ``--folder`` it also checks that the store there issued the receipt,
and that it holds nothing of the owners that the receipt names. With ``--texts``, a file with one erased text a line, it
looks for each of them in every file of the folder. It changes nothing. Exit code 0: all of it holds; 1: something does
not; 2: it could not be checked.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
"""A square root of -1."""

_Point = tuple[int, int, int, int]
"""Extended homogeneous coordinates (X, Y, Z, T): x = X/Z, y = Y/Z, xy = T/Z."""


def _add(a: _Point, b: _Point) -> _Point:
    e = (a[1] - a[0]) * (b[1] - b[0]) % _P
    f = (a[1] + a[0]) * (b[1] + b[0]) % _P
    g = 2 * a[3] * b[3] * _D % _P
    h = 2 * a[2] * b[2] % _P
    return (f - e) * (h - g) % _P, (h + g) * (f + e) % _P, (h - g) * (h + g) % _P, (f - e) * (f + e) % _P


def _times(factor: int, point: _Point) -> _Point:
    result: _Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            result = _add(result, point)
        point = _add(point, point)
        factor >>= 1
    return result


def _point(encoded: bytes) -> _Point | None:
    """The point that 32 bytes stand for (RFC 8032, 5.1.3); None: no point of the curve."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if y >= _P or (x * x - square) % _P or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else _P - x
    return x, y, 1, x * y % _P


_BASE = _point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature holds."""
    if len(key) != 32 or len(signature) != 64 or _BASE is None:
        return False
    public, r = _point(key), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if public is None or r is None or s >= _ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % _ORDER
    left, right = _times(s, _BASE), _add(r, _times(challenge, public))
    return (left[0] * right[2] - right[0] * left[2]) % _P == (left[1] * right[2] - right[1] * left[2]) % _P == 0


def faults_of_signature(receipt: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a receipt by itself."""
    unsigned = {name: value for name, value in receipt.items() if name != "signature"}
    message = json.dumps(unsigned, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")
    try:
        key, signature = bytes.fromhex(receipt["public_key"]), bytes.fromhex(receipt["signature"])
    except (KeyError, TypeError, ValueError):
        yield "it has no readable key and signature"
        return
    if not is_signed(key, message, signature):
        yield "the signature does not hold: the receipt was changed, or signed with another key"


def faults_of_store(receipt: dict[str, Any], folder: Path) -> Iterator[str]:
    """What in the store contradicts the receipt."""
    database = next((path for path in folder.glob("*.db")), folder / "toldonce.db")
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as store:
        key = store.execute("SELECT value FROM setting WHERE key = 'receipt key'").fetchone()
        if key is None or key[0] != receipt["public_key"]:
            yield "this store signs with another key"
        kept = store.execute("SELECT entity, receipt FROM erasure WHERE id = ?", (receipt["id"],)).fetchone()
        if kept is None or kept[1] is None or json.loads(kept[1]) != receipt:
            yield "this store has no such receipt"
        for owner in receipt["owners"]:
            first, last = owner << 24, (owner << 24) + (1 << 24) - 1
            for table, where in (
                ("owner", f"id = {owner:d}"),
                ("conversation", f"owner_id = {owner:d}"),
                ("memory", f"id BETWEEN {first:d} AND {last:d}"),
                ("memory_version", f"id BETWEEN {first:d} AND {last:d}"),
                ("vector", f"version_id BETWEEN {first:d} AND {last:d}"),
                ("token", f"version_id BETWEEN {first:d} AND {last:d}"),
                ("operation", f"memory_id BETWEEN {first:d} AND {last:d}"),
                ("membership", f"owner_id = {owner:d}"),
                ("locator", f"owner_id = {owner:d}"),
            ):
                [count] = store.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()
                if count:
                    yield f"{count} rows of {table} belong to owner {owner}, who was erased"


def faults_of_files(texts: Path, folder: Path) -> Iterator[str]:
    """Erased texts that stand in a file."""
    wanted = [line.strip().encode() for line in texts.read_text("utf-8").splitlines() if line.strip()]
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        yield from (f"{path.name} holds the text in line {n}" for n, text in enumerate(wanted, 1) if text in content)


def main(arguments: list[str] | None = None) -> int:
    """Check what the command line names; the exit code."""
    parser = argparse.ArgumentParser(description="Check a receipt of toldonce erase.")
    parser.add_argument("receipt", type=Path, help="a file with the receipt, JSON")
    parser.add_argument("--folder", type=Path, help="the memory folder it is from")
    parser.add_argument("--texts", type=Path, help="a file with erased texts, one a line, to look for in the folder")
    given = parser.parse_args(arguments)
    if given.texts is not None and given.folder is None:
        parser.error("--texts needs --folder")
    try:
        receipt = json.loads(given.receipt.read_text("utf-8"))
        faults = list(faults_of_signature(receipt))
        if given.folder is not None:
            faults += faults_of_store(receipt, given.folder)
        if given.texts is not None:
            faults += faults_of_files(given.texts, given.folder)
    except (OSError, ValueError, KeyError, TypeError, sqlite3.Error) as error:
        print(f"It could not be checked: {error}", file=sys.stderr)
        return 2
    for fault in faults:
        print(fault)
    if not faults:
        print(f"The receipt holds: {receipt['kind']} erased at {receipt['erased_at']}.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
