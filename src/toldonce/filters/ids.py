"""What may be the id of a user, an agent, an app or a run: one rule for writing and for asking."""

from __future__ import annotations

from uuid import UUID

from toldonce.caches import word_cache
from toldonce.errors import InvalidInput
from toldonce.filters.checks import kind_of, unstorable
from toldonce.types import EntityKind

MAX_ID_CHARACTERS = 512
_TOO_LONG = f"must not be longer than {MAX_ID_CHARACTERS} characters"


def entity_id(kind: EntityKind, value: object) -> str:
    """The id as it is stored and compared: a string, trimmed. Whole numbers become strings, as in Mem0's
    library, and so do UUIDs.

    Raises:
        InvalidInput: naming ``user_id``, ``agent_id``, ``app_id`` or ``run_id``, if the value is no string or whole
            number, or is empty, ``"*"``, too long, or has whitespace other than spaces, null bytes or lone
            surrogates in it.
    """
    if isinstance(value, UUID):
        value = str(value)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise InvalidInput(f"{kind}_id must be a string, not {kind_of(value)}")
    if isinstance(value, int) and abs(value) >= 10**MAX_ID_CHARACTERS:  # str() refuses 4300 digits
        problem: str | None = _TOO_LONG
    else:
        text = value.strip() if isinstance(value, str) else str(value)
        problem = _TOO_LONG if len(text) > MAX_ID_CHARACTERS else _problem(text)
    if problem:
        raise InvalidInput(f"{kind}_id {problem}")
    return text


@word_cache(4096)  # the same few come with every call
def _problem(text: str) -> str | None:
    if not text:
        return "must not be empty"
    if text == "*":
        return 'cannot be "*": in a filter that stands for every id'
    if any(character.isspace() and character != " " for character in text):
        return "must not contain whitespace other than spaces"
    if oddity := unstorable(text):
        return f"must not contain {oddity}"
    return None
