"""What a greeting begins with: what the person said about themselves, under the service's own name."""

from toldonce.recall.profile import about_the_person_first, newest_first, proving

__all__ = ["about_the_person_first", "newest_first", "proving"]
