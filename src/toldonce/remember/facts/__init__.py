"""Facts: what a person plainly stated, since when it holds, and what took its place."""

from toldonce.remember.facts.claim import Claim
from toldonce.remember.facts.claims import claims
from toldonce.remember.facts.ledger import Fact, Statement, facts_of, holds
from toldonce.remember.facts.marks import memory_tokens

__all__ = ["Claim", "Fact", "Statement", "claims", "facts_of", "holds", "memory_tokens"]
