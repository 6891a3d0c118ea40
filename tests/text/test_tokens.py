from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toldonce.text.tokens import STOP_IDS, is_english, token_ids, tokenize, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Bakers were baking; she BAKES.", ["the", "baker", "were", "bake", "she", "bake"]),
        ("i dont know whats in hes bag", ["i", "do", "not", "know", "what", "in", "he", "bag"]),
        ("café, im in and we arent", ["cafe", "i", "in", "and", "we", "are", "not"]),
        ("im april ziehe ich um", ["im", "april", "ziehe", "ich", "um"]),
        ("I can't, won't, don't", ["i", "can", "not", "will", "not", "do", "not"]),
        ("Zoë’s café", ["zoe", "cafe"]),
        ("well-known", ["wellknown", "well", "known"]),
        ("O'Neill", ["o'neill", "o", "neill"]),
    ],
)
def test_english_words(text: str, expected: list[str]) -> None:
    assert tokenize(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kim.lee+tax@post.example.org", {"kim.lee+tax@post.example.org", "kim", "lee", "post", "example"}),
        ("see https://example.org/a/plan?q=7.", {"https://example.org/a/plan?q=7", "plan", "7"}),
        ("+49 (0) 221 / 1", {"49", "0", "221", "1"}),
        ("call +1 (555) 010-4477 now", {"15550104477", "555", "010", "4477"}),
        ("born 1984-03-09", {"1984-03-09", "1984", "03", "09"}),
        ("1,250,000.50 or 3.5kg at 10:30", {"1250000.50", "3.5kg", "3.5", "kg", "10:30"}),
        ("5pm on the 12th", {"5pm", "5", "pm", "12th", "12", "th"}),
        ("call fetchUserName() in db.users_table", {"fetchusername", "fetch", "user", "name", "db.users_table"}),
        ("flight LH2043", {"flight", "lh2043"}),
    ],
)
def test_things_with_an_inside_are_found_whole_and_in_parts(text: str, expected: set[str]) -> None:
    assert expected <= set(words(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("東京都", ["東京", "京都", "東", "京", "都"]),
        ("猫のえさ", ["猫の", "のえ", "えさ", "猫"]),
        ("犬", ["犬"]),
        ("한국어 책", ["한국", "국어", "책"]),
        ("แมวดี", ["แม", "มว", "วดี"]),
        ("كِتَابٌ", ["كتاب"]),
        ("سـلام", ["سلام"]),
        ("סֵפֶר", ["ספר"]),
        ("Ёлка", ["елка"]),
        ("हिन्दी", ["हिन्दी"]),
        ("ＦＵＬＬ　ｗｉｄｔｈ", ["full", "width"]),
    ],
)
def test_other_scripts(text: str, expected: list[str]) -> None:
    assert tokenize(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I feel great 🎉", ["i", "feel", "great", "🎉"]),
        ("★★★☆ hotel", ["★★★☆", "★", "☆", "hotel"]),
        ("great!🎉🎉", ["great", "🎉🎉", "🎉"]),
        ("👍🏽 ❤️", ["👍", "❤"]),
        ("🇩🇪🇫🇷", ["🇩🇪🇫🇷", "🇩🇪", "🇫🇷"]),
        ("my mood :-) ^_^", ["my", "mood", ":-)", "^_^"]),
        ("C++ or C#", ["c++", "c", "or", "c#", "c"]),
        ("$20 or €50", ["$", "20", "or", "€", "50"]),
        ("wait ... what -- no ?!", ["wait", "what", "no"]),
        ("tea – or … coffee", ["tea", "or", "coffe"]),
    ],
)
def test_emoji_and_symbols_are_words(text: str, expected: list[str]) -> None:
    assert tokenize(text) == expected


def test_what_is_composed_and_what_is_not_are_the_same_word() -> None:
    assert tokenize("e\u0301clair") == tokenize("éclair") == tokenize("ECLAIR")


def test_only_english_is_stemmed() -> None:
    assert "bancos" in tokenize("Trabajo para los bancos de mi hermana")
    assert "bank" in tokenize("I work for the banks")
    assert "bank" in tokenize("banks")
    assert not is_english(["das", "haus", "ist", "rot"])


def test_ids_are_crc32() -> None:
    assert token_ids(["tea", "東京"]).tolist() == [zlib.crc32(b"tea"), zlib.crc32("東京".encode())]
    assert token_ids([]).dtype == np.uint32
    assert set(token_ids(["the", "becaus"]).tolist()) <= set(STOP_IDS.tolist())


@given(st.text(max_size=300))
def test_any_text_has_tokens_that_fit(text: str) -> None:
    tokens = tokenize(text)
    assert all(tokens)
    assert all(len(token) <= 64 for token in tokens)
    assert len(token_ids(tokens)) == len(tokens)


@given(st.text(alphabet="abc XYZ'.-", max_size=60))
def test_the_short_way_for_plain_text_reads_as_the_long_one(text: str) -> None:
    # A leading word with an inside sends the whole text the long way.
    assert words(f"x_y {text}")[len(words("x_y")) :] == words(text)
