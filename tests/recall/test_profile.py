"""What a person said about themselves comes before greetings and small answers, in scripts with and without spaces."""

from __future__ import annotations

import pytest

from toldonce.recall.profile import about_the_person_first


def order(*texts: str) -> list[str]:
    """``texts``, said one day after the other, as a greeting would list them."""
    rows = [{"memory": text, "role": "user", "said_at": f"2026-01-{day:02}"} for day, text in enumerate(texts, 1)]
    return [row["memory"] for row in about_the_person_first(rows)]


@pytest.mark.parametrize(
    ("statement", "little"),
    [
        ("I moved to Oslo with my two dogs.", "Fine, thanks."),
        ("我住在北京朝阳区，一个人住。", "你好"),
        ("週末は家族と富士山に登りました。", "はい、そうです"),
        ("ผมทำงานเป็นครูที่โรงเรียนในเชียงใหม่", "สวัสดีครับ"),
    ],
)
def test_a_statement_comes_before_what_says_little(statement: str, little: str) -> None:
    assert order(statement, little) == [statement, little]
    assert order("Older words that state something.", statement)[0] == statement


@pytest.mark.parametrize(
    "courtesy",
    [
        "Okay, I will keep that in mind. Thanks again for your help.",
        "Sure, please recommend some. Thanks for your advice, my friend.",
        "Okay, I will seriously consider your advice. Thank you for your help.",
        "That was kind of you, my dear, and I'll think about it.",
        "Could you tell me more about it? I would like to know.",
        "Your answers have really helped me today.",
    ],
)
def test_courtesies_come_after_facts_though_they_speak_of_oneself(courtesy: str) -> None:
    facts = ["I live in Bergen and work as a nurse.", "My two boys play handball.", "Thanks! I am allergic to nuts."]
    assert order(*facts, courtesy, courtesy)[:3] == facts[::-1]
