"""Everything behind the verbs, once for each store and process: opening, operations, search, generations, rebuild."""

from __future__ import annotations

from toldonce.engine.engine import Engine, open_engine
from toldonce.engine.vectors import CATCH_UP

__all__ = ["CATCH_UP", "Engine", "open_engine"]
