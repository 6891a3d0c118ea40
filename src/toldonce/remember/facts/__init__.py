"""Facts: what a person plainly stated, since when it holds, and what took its place."""

from toldonce.remember.facts.claim import Claim
from toldonce.remember.facts.claims import claims
from toldonce.remember.facts.ledger import Fact, Statement, facts_of, holds

__all__ = ["Claim", "Fact", "Statement", "claims", "facts_of", "holds"]
