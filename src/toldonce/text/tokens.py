"""Texts to tokens, and tokens to the 32-bit numbers the index keeps.

One rule for memories and queries, so that what is written the same way always meets:

* NFKC, case-folded, accents folded (``Café`` = ``cafe``); Arabic vowel signs and tatweel, Hebrew points dropped.
* What has an inside is kept whole *and* in parts: e-mail addresses, URLs, hyphenated words (whole = ``destress`` for
  ``de-stress``), code identifiers (``snake_case``, ``camelCase``, ``pkg.module``), dates, phone numbers (whole = the
  digits alone).
* Han, kana and Hangul by bigrams, Han also by character; Thai, Lao, Khmer and Burmese, which put no
  spaces between words, by bigrams of user-perceived characters.
* Emoji and symbols are words: a run of them whole (``★★★★☆``) and one by one, skin tones and variation selectors
  dropped; emoticons that stand alone (``:-)``); names of languages such as ``C++`` and ``C#``.
* Contractions that lost their apostrophe (``dont``) are read as those that have it.
* English words are stemmed (Snowball). Which language a text is in is decided from its function words: a text
  with more foreign than English ones is left unstemmed; one with neither (``"allotment shed key"``) counts as
  English, because the default embedder is. Words with letters beyond a-z are never stemmed.

Every pattern reads a text in linear time: an alternative of ``_TOKEN`` that may fail late starts once a run (a
lookbehind), is bounded, or gives nothing back (possessive ``++``).
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise, repeat
from threading import local

import numpy as np
import regex
import Stemmer
from numpy.typing import NDArray

from toldonce.caches import WordTable, word_cache
from toldonce.priority import give_way
from toldonce.text.kinds import Kind
from toldonce.text.lexicon.english import FUNCTION_WORDS
from toldonce.text.lexicon.others import NOT_ENGLISH
from toldonce.text.lexicon.people import ONE_AT_A_TIME

LONGEST_TOKEN = 64
"""Characters. Longer runs (base64, hashes) are cut there: they are matched by their beginning."""

_IGNORED_MARKS = regex.compile(
    r"[\u0300-\u036f"  # combining diacritics of Latin, Greek and Cyrillic
    r"\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"  # Hebrew points and accents
    r"\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"  # Arabic signs, tatweel
    r"\u200b-\u200f\u2060\ufeff\u00ad"  # zero-width and soft hyphen
    r"\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]"  # variation selectors, skin tones
)

_BIGRAM_SCRIPTS = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}ー々"
_CLUSTER_SCRIPTS = r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_LETTER = rf"[[\p{{L}}\p{{M}}]--[{_BIGRAM_SCRIPTS}{_CLUSTER_SCRIPTS}]]"
_HAN = regex.compile(r"\p{Han}")
_WORD = rf"[{_LETTER}\p{{N}}_]++"
_SYMBOL = r"[[\p{So}\p{Sc}\p{Sm}\p{Sk}]--[\p{ASCII}--\$]]"
_ALONE = r"(?<!\S)(?:[^\w\s]|_){2,}+(?!\S)"
"""Marks between spaces: an emoticon, a dash, dots."""

_TOKEN = regex.compile(
    rf"""
      (?P<alone>{_ALONE})
    | (?P<url>(?:https?://|www\.)[^\s<>"'）」]++)
    | (?P<email>(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)++)
    | (?P<date>(?<!\w)\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{1,4}}(?!\w))
    | (?P<phone>(?<![\w+])\+?\(?\d[\d\s().-]{{5,30}}\d(?!\w))
    | (?P<number>(?<!\w)\d++(?:[.,:]\d++)*+{_LETTER}*+(?:['’]s)?)
    | (?P<cjk>[{_BIGRAM_SCRIPTS}]++)
    | (?P<cluster>[{_CLUSTER_SCRIPTS}\p{{M}}]++)
    | (?P<word>{_WORD}(?:['’.@/:_-]{_WORD})*+(?:(?:\+\+|\#)(?!\w))?)
    | (?P<symbols>{_SYMBOL}++)
    """,
    regex.VERBOSE | regex.V1,
)
_SYMBOLS = regex.compile(rf"{_SYMBOL}++", regex.V1)
_PART = regex.compile(rf"[{_LETTER}\p{{N}}]+|[{_BIGRAM_SCRIPTS}]+", regex.V1)
_CLITIC = re.compile(r"['’](?:s|m|re|ve|ll|d)$")

_NEGATED = {"ca": "can", "wo": "will", "sha": "shall", "ai": "is"}

_CONTRACTED = {
    **{f"{word}s": [word] for word in "what where who how when why that there here he she let".split()},
    **{f"{word}re": [word] for word in "you they what".split()},
    **{f"{word}ve": [word] for word in "i you we they could would should".split()},
    **{f"{word}ll": [word] for word in "you they it that".split()},
    **{f"{word}d": [word] for word in "you they".split()},
    **{f"{word}nt": [word, "not"] for word in "do does did is are was has have had could would should".split()},
    "im": ["i"],
    "cant": ["can", "not"],
    "wont": ["will", "not"],
    "aint": ["is", "not"],
}
"""What recognisers and people in a hurry write without its apostrophe; not what is a word too ("well", "wed")."""

_ASCII_WORD = re.compile(r"(?<!\w)[A-Za-z0-9]++(?!\w)")
_HUMPED = re.compile(r"[a-z0-9][A-Z]")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

_INSIDE = re.compile(r"[0-9_$#@/:.+\-A-Z](?:(?<=[0-9_$#])|(?<=\w[@/:.+-])(?=\w)|(?<=[a-z][A-Z])|(?<=\w\+)(?=\+))")
"""What ``_PLAIN`` might read wrongly; most sentences have none of it, and this saves two thirds of their time. One set
of characters comes first, because that is what a regular expression finds fast.
"""
_EMOTICON = re.compile(_ALONE)
_SENTENCE_MARKS = frozenset(".,!?\"'’”…-–—")
"""Marks that stand alone in texts and say nothing."""
_FLAG_OR_SYMBOL = re.compile("[\U0001f1e6-\U0001f1ff]{2}|.")
_PLAIN = re.compile(r"[a-z]+(?:'[a-z]+)*")
_SPACED = {code: " " for code in range(128) if not chr(code).isalpha()}
"""Leaves letters alone, to be split at everything else."""

_SPEAKS = {word: (word in FUNCTION_WORDS) - (word in NOT_ENGLISH) for word in FUNCTION_WORDS | NOT_ENGLISH}
"""1 for English function words, -1 for those of other languages."""

_stemmers = local()
"""One stemmer a thread: PyStemmer's are not safe to share."""


def _fold(text: str) -> str:
    """NFKC, case-folded, without the marks that do not tell words apart."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", _IGNORED_MARKS.sub("", decomposed))


def _with_humps(match: re.Match[str]) -> str:
    """``camelCase`` -> ``camelCase camel Case``."""
    word = match.group()
    return f"{word} {_HUMP.sub(' ', word)}" if _HUMPED.search(word) else word


def _bigrams(units: list[str]) -> list[str]:
    return ["".join(pair) for pair in pairwise(units)] or units


def _han(run: str) -> list[str]:
    """The Han characters of a run of several: most mean something by themselves."""
    return _HAN.findall(run) if len(run) > 1 else []


def _number(text: str) -> list[str]:
    """``1,000`` and ``1000`` are one number; ``3.5`` and ``10:30`` stay; ``5pm`` is also ``5`` and ``pm``."""
    text = re.sub(r"['’]s$", "s", re.sub(r",(?=\d{3}(?!\d))", "", text))
    unit = text.lstrip("0123456789.,:")
    return [text, text[: -len(unit)], unit] if unit else [text]


def _phone(text: str) -> list[str]:
    """The digits alone, then its groups."""
    groups = re.findall(r"\d+", text)
    return ["".join(groups), *groups] if len(groups) > 1 else groups


def _alone(text: str) -> list[str]:
    """An emoticon as it is, and the symbols in it; dots and dashes are no emoticons."""
    symbols = "".join(_SYMBOLS.findall(text))
    if symbols == text or len(set(text)) == 1 or _SENTENCE_MARKS.issuperset(text):
        return _symbols(symbols)
    return [text, *_symbols(symbols)]


def _symbols(run: str) -> list[str]:
    """Emoji and other symbols: the run of them, then each."""
    parts: list[str] = _FLAG_OR_SYMBOL.findall(run)
    return [run, *dict.fromkeys(parts)] if len(parts) > 1 else parts


def _word(text: str) -> list[str]:
    """A word; one with an inside as a whole and in parts."""
    if text.isalpha() or (text.isascii() and text.isalnum()):
        return [text]
    if text.endswith(("++", "#")):
        return [text, *_word(text.rstrip("+#"))]
    text = _CLITIC.sub("", text.strip("_"))
    if text.endswith(("n't", "n’t")):
        return [_NEGATED.get(text[:-3], text[:-3]), "not"]
    parts: list[str] = _PART.findall(text)
    if len(parts) < 2:
        return parts
    whole = text.replace("-", "") if text.replace("-", "").isalpha() else text
    return [whole, *parts]


def _composed(text: str) -> list[str]:
    """``_PART`` of something with an inside, after the whole."""
    parts: list[str] = _PART.findall(text)
    return [text.rstrip(".,;:!?)"), *parts]


_READERS: dict[str, Callable[[str], list[str]]] = {
    "alone": _alone,
    "url": _composed,
    "email": _composed,
    "date": _composed,
    "phone": _phone,
    "number": _number,
    "cjk": lambda found: [*_bigrams(list(found)), *_han(found)],
    "cluster": lambda found: _bigrams(regex.findall(r"\X", found)),
    "word": _word,
    "symbols": _symbols,
}


def words(text: str) -> list[str]:
    """The tokens of a text before stemming: what stop words and names are looked up in."""
    give_way()
    if text.isascii() and not _INSIDE.search(text) and not _EMOTICON.search(text):
        if "'" not in text:
            return _expanded(text.lower().translate(_SPACED).split())
        found: list[str] = _PLAIN.findall(text.lower())
        return _expanded([part for word in found for part in ((word,) if word.isalpha() else _word(word))])
    tokens: list[str] = []
    if _HUMPED.search(text):
        text = _ASCII_WORD.sub(_with_humps, text)
    for match in _TOKEN.finditer(_fold(text)):
        tokens += _READERS[match.lastgroup or "word"](match.group())
    return _expanded([token[:LONGEST_TOKEN] for token in tokens if token])


def _expanded(found: list[str]) -> list[str]:
    """The words of an English text with "dont" as "do not", as "don't" is read."""
    if _CONTRACTED.keys().isdisjoint(found) or not is_english(found):
        return found
    return [part for word in found for part in _CONTRACTED.get(word, (word,))]


def is_english(words: Sequence[str]) -> bool:
    """Whether function words speak for English, or for nothing. ``words``: folded, unstemmed."""
    return sum(map(_SPEAKS.get, words, repeat(0))) >= 0


@word_cache(65_536)
def stem(word: str) -> str:
    """The English stem of a folded word; anything but a-z comes back as it is."""
    if not (word.isascii() and word.isalpha()):
        return word
    stemmer = getattr(_stemmers, "english", None)
    if stemmer is None:
        stemmer = _stemmers.english = Stemmer.Stemmer("english", 0)
    stemmed: str = stemmer.stemWord(word)
    return stemmed


def tokenize(text: str) -> list[str]:
    """The tokens of a text, in order, repeated as often as they occur."""
    found = words(text)
    return [stem(word) for word in found] if is_english(found) else found


def _crc(token: str) -> int:
    return zlib.crc32(token.encode("utf-8", "surrogatepass"))


token_id: Callable[[str], int] = WordTable(_crc, 65_536).__getitem__
"""CRC-32 of a token's UTF-8: stable across processes and releases."""
stem_id: Callable[[str], int] = WordTable(lambda word: _crc(stem(word)), 65_536).__getitem__
"""``token_id`` of a word's English stem."""


def token_ids(tokens: Iterable[str]) -> NDArray[np.uint32]:
    """``token_id`` of each, in order."""
    return np.fromiter(map(token_id, tokens), dtype=np.uint32)


TEXT_END = "|"
QUESTION = "?"
ASKED_OF_YOU = "??"
REPLY = "?!"
"""Marks among a memory's tokens, see ``text.keys.indexed_tokens``. ``tokenize`` never gives them."""


HOLDS = {kind: f"+{kind.name.lower()}" for kind in Kind if kind.name}
"""By kind: the mark of a memory that holds something of it."""


def stated(attribute: str) -> str:
    """The mark of a memory that states something of ``lexicon.people.ONE_AT_A_TIME``."""
    return f"={attribute}"


def called(name: str) -> str:
    """The mark of a memory that speaks to somebody by this name (folded)."""
    return f"@{name}"


_WORDS_TOO = {"quit"}
"""Stems of stop words ("quite") that are words of their own ("I quit")."""
STOP_IDS = token_ids(
    [
        TEXT_END,
        QUESTION,
        ASKED_OF_YOU,
        *HOLDS.values(),
        *map(stated, ONE_AT_A_TIME),
        *sorted(FUNCTION_WORDS | ({stem(word) for word in FUNCTION_WORDS} - _WORDS_TOO)),
    ]
)
"""What a memory's words are not counted by: ids of stop words, as they are and stemmed. They stay in its tokens."""
