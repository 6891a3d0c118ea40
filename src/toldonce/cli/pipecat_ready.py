"""What has to be done before a command imports Pipecat."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version

from toldonce.errors import MissingExtra

_OLDEST = (1, 3)
"""The first with ``PipelineWorker`` and ``WorkerRunner``."""


def require_pipecat() -> None:
    """Raise MissingExtra if there is no Pipecat to play in."""
    try:
        installed = version("pipecat-ai")
    except PackageNotFoundError as error:
        raise MissingExtra("This needs Pipecat: pip install 'toldonce[pipecat]'.") from error
    if tuple(int(part) for part in installed.split(".")[:2]) < _OLDEST:
        raise MissingExtra(f"This needs Pipecat 1.3 or newer, not {installed}: pip install -U 'pipecat-ai>=1.3,<2'.")


def quiet_pipecat() -> None:
    """Keep Pipecat's log to warnings; it logs from its import on."""
    from loguru import logger

    logger.remove()
    logger.add(sys.stderr, level="WARNING", format="{level.name}: {message}")
