"""Folders as earlier versions left them."""

from __future__ import annotations

from pathlib import Path

import apsw

from toldonce.stores.sql.ids import first_id
from toldonce.stores.sqlite.connection import APPLICATION_ID
from toldonce.stores.sqlite.named import migrations
from toldonce.takeover import EARLIER_NAME
from toldonce.uids import new_uid

ROWS = """
INSERT INTO owner (project, kind, entity_id, version, next_sequence, created_at)
VALUES ('default', 'user', 'ann', 3, 4, 1);
INSERT INTO memory_version (id, memory_id, text, said_at, recorded_at, closed_at, replaced_by)
VALUES (:tea, :tea, 'I like tea.', 1, 1, 2, :green), (:green, :tea, 'I like green tea.', 1, 2, NULL, NULL),
       (:cat, :cat, 'I have a cat.', 1, 1, NULL, NULL);
INSERT INTO memory
    (id, owner_id, uid, version_id, changed, role, user_id, session_id, metadata, said_at, created_at, updated_at)
VALUES (:tea, 1, :tea_uid, :green, 2, 'user', 'ann', :tea, '{}', 1, 1, 2),
       (:cat, 1, :cat_uid, :cat, 1, 'user', 'ann', :cat, '{}', 1, 1, 1);
INSERT INTO locator (uid, owner_id, memory_id) VALUES (:tea_uid, 1, :tea), (:cat_uid, 1, :cat);
INSERT INTO event (uid, kind, created_at) VALUES ('said', 'ADD', 1), ('edited', 'UPDATE', 2);
INSERT INTO operation (event_id, memory_id, kind, old_version_id, new_version_id)
VALUES (1, :tea, 'ADD', NULL, :tea), (1, :cat, 'ADD', NULL, :cat), (2, :tea, 'UPDATE', :tea, :green);
"""


def write_old_folder(folder: Path, steps: int) -> list[str]:
    """A folder whose schema is that of the first ``steps`` migrations, at most three.

    Ann said two things in it and edited the first; their public ids.
    """
    connection = apsw.Connection(str(folder / f"{EARLIER_NAME}.db"))
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}; PRAGMA journal_mode=WAL")
    for number, script, _ in migrations()[:steps]:
        connection.execute(script)
        connection.execute(f"PRAGMA user_version={number}")
    tea, cat, green = range(first_id(1) + 1, first_id(1) + 4)
    uids = [new_uid(1), new_uid(1)]
    connection.execute(ROWS, {"tea": tea, "cat": cat, "green": green, "tea_uid": uids[0], "cat_uid": uids[1]})
    connection.close()
    return uids
