"""The read path: a query and an owner's index in, ranked memories out."""

from recollect.recall.followup import in_context, just_asked
from recollect.recall.query import Query, analyse
from recollect.recall.scoring import Scored, rank
from recollect.recall.selection import Hit, fitting, hits

__all__ = ["Hit", "Query", "Scored", "analyse", "fitting", "hits", "in_context", "just_asked", "rank"]
