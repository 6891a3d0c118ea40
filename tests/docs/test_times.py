"""The times that the page on recall promises are times that a query can name."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from toldonce.text.dates import period

PAGE = Path(__file__).parents[2] / "docs" / "recall.md"
NOW = int(datetime(2026, 11, 28, 12, tzinfo=UTC).timestamp()) * 1_000_000
STANDS_FOR = {"A": "3 May", "B": "9 May", "X": "3 August"}


def test_every_form_of_the_table_is_read() -> None:
    section = PAGE.read_text("utf-8").split("\n## Time\n")[1].split("\n## ")[0]
    rows = [row.split("|")[1] for row in section.splitlines() if row.startswith("|")]
    forms = [form for row in rows for form in re.findall(r'"([^"]+)"', row)]
    assert len(forms) > 30
    assert period("What did I say?", NOW) is None
    for form in forms:
        named = " ".join(STANDS_FOR.get(word, word) for word in form.split())
        assert period(f"What did I say {named}?", NOW) is not None, form
