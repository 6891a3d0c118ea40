"""Looking for texts in the bytes of a folder."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from toldonce.stores import remains as module
from toldonce.stores.remains import Found, remains


def test_texts_and_pieces_of_them_are_found_where_they_stand(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "below" / "other"
    other.parent.mkdir()
    one.write_bytes(b"\0\1 My brother lives in Skerryvore. \xff")
    other.write_bytes(b"....lives in Skerryvore. And a PIN: 0417\0")
    texts = ["My brother lives in Skerryvore.", "nobody ever said this here", "0417", "", "Ω", "a"]
    assert remains(tmp_path, texts) == [
        Found(1, other, "ives in Sker"),
        Found(1, one, "My brother l"),
        Found(3, other, "0417"),
        Found(6, other, "a"),
    ]
    assert remains(tmp_path, ["", "  "]) == []


@pytest.mark.parametrize("seed", range(3))
def test_what_is_found_is_what_a_plain_search_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 64)  # so that pieces lie across the ends of what is read at once
    chance = random.Random(seed)
    letters = "ab "
    content = "".join(chance.choices(letters, k=5_000))
    (tmp_path / "file").write_text(content)
    texts = ["".join(chance.choices(letters, k=chance.randrange(1, 30))) for _ in range(200)]
    found = {one.line for one in remains(tmp_path, texts)}
    for line, text in enumerate(texts, 1):
        whole = text.strip()
        pieces = [whole[n : n + 12] for n in range(0, len(whole) - 11, 12)] if len(whole) >= 12 else [whole]
        stands = any(piece and piece in content for piece in pieces)
        assert (line in found) == stands
