"""The folders of the project's earlier name. They open; nothing else of that name is left."""

from __future__ import annotations

from pathlib import Path

import platformdirs

EARLIER_NAME = "recollect"
DATABASE = "toldonce.db"


def database_file(folder: Path) -> Path:
    """The SQLite file of a data folder.

    A folder written under the earlier name keeps its file: renaming it would part it from its write-ahead log under the
    eyes of whoever has it open.
    """
    current, earlier = folder / DATABASE, folder / f"{EARLIER_NAME}.db"
    return earlier if earlier.exists() and not current.exists() else current


def user_folder() -> Path:
    """The platform's folder for user data; the one of the earlier name where only that one has a database."""
    current, earlier = (Path(platformdirs.user_data_dir(name, appauthor=False)) for name in ("toldonce", EARLIER_NAME))
    return earlier if database_file(earlier).exists() and not database_file(current).exists() else current
