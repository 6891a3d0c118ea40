"""Facts: what a person plainly stated, since when it holds, and what took its place."""

from toldonce.remember.facts.claim import Claim
from toldonce.remember.facts.claims import claims
from toldonce.remember.facts.ledger import Fact, Statement, begun, facts_of, holds
from toldonce.remember.facts.marks import memory_tokens
from toldonce.remember.facts.profile import Profile, in_order, profile_of

__all__ = [
    "Claim",
    "Fact",
    "Profile",
    "Statement",
    "begun",
    "claims",
    "facts_of",
    "holds",
    "in_order",
    "memory_tokens",
    "profile_of",
]
