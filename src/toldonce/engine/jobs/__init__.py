"""Work that outlives the process that ordered it: leased by one worker at a time, and tried again when it fails."""

from __future__ import annotations

from toldonce.engine.jobs.retry import LATER, next_try
from toldonce.engine.jobs.worker import LEASE, FeedReader, Later, Worker

__all__ = ["LATER", "LEASE", "FeedReader", "Later", "Worker", "next_try"]
