"""The read path: a query and an owner's index in, ranked memories out."""

from recollect.recall.query import Query, analyse
from recollect.recall.scoring import Scored, rank

__all__ = ["Query", "Scored", "analyse", "rank"]
