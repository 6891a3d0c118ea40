"""What a message is remembered as when there is no extraction model."""

from __future__ import annotations

import pytest

from toldonce.remember.verbatim import Draft, draft, is_short
from toldonce.types import Message


def user(text: str, name: str | None = None) -> Message:
    return Message("user", text, name)


def agent(text: str, name: str | None = None) -> Message:
    return Message("assistant", text, name)


def text_of(message: Message, *before: Message) -> str | None:
    made = draft(message, before)
    return None if made is None else made.text


@pytest.mark.parametrize(
    "text",
    [
        *("ok", "Mm-hm.", "uh-huh", "Okay, great!", "Thanks!", "Hello there!", "I see.", "hmmmmm", "hahahaha", "Yes."),
        *(
            "👍",
            "...",
            "[BLANK_AUDIO]",
            "(inaudible)",
            "*coughs*",
            "♪ la la la ♪",
            "[laughter] yeah",
            "the the the the",
        ),
        *("Thank you for watching!", "Untertitel der Amara.org-Community", "ご視聴ありがとうございました"),
        *(
            "gracias",
            "Muchas gracias!",
            "d'accord, merci",
            "Vielen Dank, tschüss!",
            "obrigado",
            "Grazie mille",
            "dank je",
        ),
        *(
            "спасибо",
            "Dziękuję",
            "teşekkürler",
            "شكرا جزيلا",
            "תודה רבה",
            "धन्यवाद",
            "谢谢",
            "好的，谢谢",
            "はい",
            "ありがとう",
        ),
        *("감사합니다", "cảm ơn", "ขอบคุณค่ะ", "terima kasih", "guten Morgen"),
    ],
)
def test_courtesies_sounds_and_noise_say_nothing(text: str) -> None:
    assert draft(user(text), ()) is None
    assert draft(user(text), [agent("That sounds like a plan.")]) is None


@pytest.mark.parametrize(
    "text",
    [
        *("I see Bob every day", "Tea", "No peanuts, please", "42", "我喜欢茶", "Thanks to Rosa I ran it", "Gracia"),
        *("[laughter] I adopted a dog", "(my sister)", "(555 1234)", "*I will never call him back again*", "Bangkok"),
        *("Danke heißt meine Katze", "ไม่กินเผ็ด", "tea tea tea", "Merci is my cat"),
    ],
)
def test_what_says_something_is_remembered_as_it_was_said(text: str) -> None:
    assert draft(user(f"  {text} "), ()) == Draft(text)


@pytest.mark.parametrize(
    ("asked", "answer", "kept"),
    [
        ("Good to know. Do you have any allergies?", "Yes, peanuts.", "Do you have any allergies? — Yes, peanuts."),
        ("Good to know. Do you have any allergies?", "Yes.", "Do you have any allergies? — Yes."),
        ("Is your email ann.lee@example.com?", "Yes.", "Is your email ann.lee@example.com? — Yes."),
        ("Fine. Is it with Dr. Smith at 3 p.m.?", "No.", "Is it with Dr. Smith at 3 p.m.? — No."),
        ("So the total is $3.50, right?", "Right.", "So the total is $3.50, right? — Right."),
        ("Noted. You were born in 1980. Is that right?", "Yes.", "You were born in 1980. Is that right? — Yes."),
        ("Sie wohnen in Köln. Stimmt das?", "Ja.", "Sie wohnen in Köln. Stimmt das? — Ja."),
        ("do you have any allergies", "yes penicillin", "do you have any allergies — yes penicillin"),
        ("ok and do you smoke", "no", "ok and do you smoke — no"),
        ("fumez vous", "non", "fumez vous — non"),
        ("Please tell me your date of birth.", "May 6th", "Please tell me your date of birth. — May 6th"),
        ("So you still live in Oslo.", "Yes.", "So you still live in Oslo. — Yes."),
        ("Do you smoke? It is only for the form.", "No.", "Do you smoke? — No."),
        ("住所は1.2番地ですか？", "はい", "住所は1.2番地ですか？ — はい"),
        ("你有过敏吗？", "没有", "你有过敏吗？ — 没有"),
        ("¿Tiene alergias?", "Sí", "¿Tiene alergias? — Sí"),
    ],
)
def test_a_short_answer_is_kept_with_its_whole_question(asked: str, answer: str, kept: str) -> None:
    assert draft(user(answer), [agent(asked)]) == Draft(kept, (1,))


def test_the_question_is_looked_for_behind_prompts_and_sounds() -> None:
    before = [agent("Welcome!"), agent("Do you smoke?"), user("hmm"), agent("Take your time.")]
    assert draft(user("No."), before) == Draft("Do you smoke? — No.", (3,))
    before = [agent("Do you smoke?"), agent("Are you still there?")]
    assert draft(user("No."), before) == Draft("Do you smoke? Are you still there? — No.", (2, 1))


def test_a_question_that_was_answered_is_not_asked_again() -> None:
    before = [agent("Do you smoke?"), user("No."), agent("Then I will book the room.")]
    assert text_of(user("Peanuts."), *before) == "Peanuts."


def test_disagreement_says_something_and_agreement_does_not() -> None:
    assert text_of(user("No."), agent("Hi. I can send the code by mail.")) == "I can send the code by mail. — No."
    assert text_of(user("Yes."), agent("Hi. I can send the code by mail.")) is None
    assert text_of(user("No."), agent("Thanks!")) is None
    assert text_of(user("No.")) is None


def test_questions_that_are_not_answered_stay_out() -> None:
    asked = agent("Do you have any allergies?")
    assert text_of(user("Why do you ask?"), asked) == "Why do you ask?"
    long = "I have been allergic to peanuts since I was three years old"
    assert text_of(user(long), asked) == long
    assert text_of(agent("Peanuts perhaps"), asked) == "Peanuts perhaps"
    assert draft(user("mm-hm"), [asked]) is None


def test_two_people_may_share_a_role() -> None:
    assert text_of(user("Blue.", "Ben"), user("Which colour?", "Ann")) == "Which colour? — Blue."


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("Yes, with my sister.", "Yes, with my sister and her two children."),
        ("我姐姐叫小美", "周末我和家人去了黄山，爬了三个小时，山顶的日出非常壮观。"),
        ("妹が二人います", "週末に家族と山へ行って、三時間歩いて、とても楽しかったです。"),
        ("ฉันชอบชา", "เมื่อวานฉันไปตลาดกับแม่และซื้อมะม่วงมาสามกิโลกรัม"),
    ],
)
def test_length_is_counted_alike_in_scripts_without_spaces(short: str, long: str) -> None:
    assert is_short(short)
    assert not is_short(long)
    assert text_of(user(long), agent("你周末做了什么？")) == long
