"""The table of calls in docs/server.md: what each client was seen to do."""

from __future__ import annotations

from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "server.md"
NOTHING = "–"


def documented() -> dict[str, dict[str, str]]:
    """Client -> call -> what the table says; calls a client does not offer are left out."""
    rows = [
        [cell.strip() for cell in line.strip("| \n").split("|")]
        for line in DOCUMENT.read_text("utf-8").splitlines()
        if line.startswith("| ")
    ]
    start = next(place for place, row in enumerate(rows) if row[0] == "Call")
    clients = rows[start][2:]
    table: dict[str, dict[str, str]] = {client: {} for client in clients}
    for row in rows[start + 1 :]:
        for client, cell in zip(clients, row[2:], strict=True):
            if cell != NOTHING:
                table[client][row[0].strip("`")] = cell
    return table
