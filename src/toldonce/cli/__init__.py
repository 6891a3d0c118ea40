"""The ``toldonce`` command. Importing it loads neither Pipecat nor a model; the commands that need them do."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; say what to install where only the library is."""
    try:
        from .app import main as run
    except ModuleNotFoundError as error:
        if error.name not in ("pydantic", "rich", "typer"):
            raise
        sys.exit("toldonce: the command needs a few packages more than the library: pip install 'toldonce[cli]'")
    except KeyboardInterrupt:
        sys.exit(130)
    run()
