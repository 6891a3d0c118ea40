"""The per-owner index in RAM: everything ``recall`` ranks with, derived from the store and never written back."""

from toldonce.index.cache import IndexCache
from toldonce.index.owner import OwnerIndex
from toldonce.index.view import IndexView

__all__ = ["IndexCache", "IndexView", "OwnerIndex"]
