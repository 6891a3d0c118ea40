"""What ranking reads of an owner's memories: a protocol, and one implementation of it, ``index.ram``."""

from toldonce.index.protocol import IndexView, Neighbours, TermList
from toldonce.index.statistics import Statistics

__all__ = ["IndexView", "Neighbours", "Statistics", "TermList"]
