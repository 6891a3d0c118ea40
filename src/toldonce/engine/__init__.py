"""Everything behind the verbs, once for each store and process: opening, operations, search, generations, rebuild."""

from __future__ import annotations

from toldonce.engine.engine import CATCH_UP, Engine, open_engine

__all__ = ["CATCH_UP", "Engine", "open_engine"]
