"""The read path: a query and an owner's index in, ranked memories out."""

from toldonce.recall.followup import in_context, just_asked
from toldonce.recall.need import needs_memory
from toldonce.recall.query import Query, analyse
from toldonce.recall.scoring import Scored, rank
from toldonce.recall.selection import Hit, fitting, hits

__all__ = ["Hit", "Query", "Scored", "analyse", "fitting", "hits", "in_context", "just_asked", "needs_memory", "rank"]
