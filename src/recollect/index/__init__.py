"""The per-owner index in RAM: everything ``recall`` ranks with, derived from the store and never written back."""

from recollect.index.cache import IndexCache
from recollect.index.owner import OwnerIndex
from recollect.index.view import IndexView

__all__ = ["IndexCache", "IndexView", "OwnerIndex"]
