"""The exact index: every memory of an owner in RAM, derived from the store and never written back."""

from toldonce.index.ram.cache import IndexCache
from toldonce.index.ram.owner import OwnerIndex
from toldonce.index.ram.view import RamView

__all__ = ["IndexCache", "OwnerIndex", "RamView"]
