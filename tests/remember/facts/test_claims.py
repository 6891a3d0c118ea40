"""What plain sentences claim, and what claims nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from toldonce.remember.facts import claims

NOW = int(datetime(2026, 3, 3, 12, tzinfo=UTC).timestamp()) * 1_000_000


def found(text: str) -> list[tuple[str, str, bool]]:
    return [(claim.attribute, claim.value, claim.holds) for claim in claims(text, NOW)]


@pytest.mark.parametrize(
    ("text", "attribute", "value"),
    [
        ("My name is Zofia Wróbel.", "name", "Zofia Wróbel"),
        ("Hi, my name's Ängla.", "name", "Ängla"),
        ("Who am I speaking to? — It's Omar.", "name", "Omar"),
        ("Please call me Bo.", "preferred name", "Bo"),
        ("I'm Robert, but everyone calls me Bob, even my boss.", "preferred name", "Bob"),
        ("My birthday is on the twelfth of April.", "birthday", "12 April"),
        ("my birthday's May 8th", "birthday", "8 May"),
        ("I was born on 3 March 1980 in Leeds.", "birthday", "3 March 1980"),
        ("When is your birthday? — 30th of June", "birthday", "30 June"),
        ("My new mobile number is 07700 900123.", "phone", "07700 900123"),
        ("My work number is +44 20 7946 0958, ask for Jo.", "work phone", "+44 20 7946 0958"),
        ("What is your phone number? — 555-013-4567", "phone", "555-013-4567"),
        ("my email is jo.b@mail.example.org", "email", "jo.b@mail.example.org"),
        ("I live in Porto.", "home", "Porto"),
        ("We live in Novi Sad, near the river.", "home", "Novi Sad"),
        ("I'm based in Łódź these days.", "home", "Łódź"),
        ("Where do you live? — In Ghent.", "home", "Ghent"),
        ("We've moved from Porto to Braga.", "home", "Braga"),
        ("We moved last week. We're in Leeds now, near the station.", "home", "Leeds"),
        ("So I moved, the stairs were too much. Now I am in Turku, by the river.", "home", "Turku"),
        ("I work for Kettle and Sons now.", "employer", "Kettle and Sons"),
        ("I work as a school nurse in town.", "occupation", "school nurse"),
        ("My wife is called Ines.", "wife", "Ines"),
        ("Yesterday my little brother Sam broke his arm.", "brother", "Sam"),
        ("Tunde is my husband.", "husband", "Tunde"),
        ("We have a dog called Biscuit.", "dog", "Biscuit"),
        ("My cat Miso hates the vet.", "cat", "Miso"),
        ("I'm allergic to penicillin, so careful.", "allergy", "penicillin"),
        ("I have a severe sesame allergy.", "allergy", "sesame"),
        ("I'm vegan, six years now.", "diet", "vegan"),
        ("I'm lactose intolerant.", "diet", "lactose intolerant"),
        ("Never call me before nine.", "instruction", "Never call me before nine"),
        ("And always use metric units, please.", "instruction", "always use metric units"),
        ("Please don't text me after ten.", "instruction", "don't text me after ten"),
        ("No calls on Sundays.", "instruction", "No calls on Sundays"),
        ("Good morning, this is Ana speaking.", "name", "Ana"),
        ("I go by Mo.", "preferred name", "Mo"),
        ("What should I call you? — Miss Icy, my dear.", "preferred name", "Miss Icy"),
        ("Who is this? — K-k-karthik.", "name", "Karthik"),
        ("Is your name Lina? — No, Lena.", "name", "Lena"),
        ("Your name is Ana, right? — Yes.", "name", "Ana"),
        ("my name is rowan", "name", "Rowan"),
        ("i live in new york", "home", "New York"),
        ("My birthday is today.", "birthday", "3 March"),
        ("If you need me, my number is 07700 900123.", "phone", "07700 900123"),
        ("You can reach me at 07700 900123.", "phone", "07700 900123"),
        ("Just email me at a.b@example.org.", "email", "a.b@example.org"),
        ("What's your email? — a.b@example.org", "email", "a.b@example.org"),
        ("I live with my mother in Oslo.", "home", "Oslo"),
        ("I've lived in Utrecht for ten years.", "home", "Utrecht"),
        ("I live in the Netherlands.", "home", "Netherlands"),
        ("Do you still live in Porto? — Yes.", "home", "Porto"),
        ("Do you live in Porto? — No, in Braga.", "home", "Braga"),
        ("I got a new job at Kettle.", "employer", "Kettle"),
        ("Who do you work for? — Kettle and Sons.", "employer", "Kettle and Sons"),
        ("I'm a retired primary school teacher.", "occupation", "retired primary school teacher"),
        ("What do you do for a living? — I'm a beekeeper.", "occupation", "beekeeper"),
        ("My best friend Zinhle is a nurse.", "friend", "Zinhle"),
        ("Bethan, my assistant.", "assistant", "Bethan"),
        ("One brother, Caio, he is younger.", "brother", "Caio"),
        ("Our old dog's name is Rex.", "dog", "Rex"),
        ("What's the cat called? — Denning. Grey, fat.", "cat", "Denning"),
        ("Are you allergic to anything? — Just cats.", "allergy", "cats"),
        ("But no sesame, I'm allergic.", "allergy", "sesame"),
        ("I have an allergy to latex.", "allergy", "latex"),
        ("I've gone vegan.", "diet", "vegan"),
        ("I don't eat pork.", "avoids", "pork"),
        ("Is there any food you can't eat? — Yes, peanuts.", "avoids", "peanuts"),
        ("We've been in Leith for a month now.", "home", "Leith"),
        ("Hi Juno, I'm Maya.", "name", "Maya"),
        ("Please don't mention my ex.", "instruction", "don't mention my ex"),
        ("Always answer in Spanish.", "instruction", "Always answer in Spanish"),
        ("Could you always speak slowly, please?", "instruction", "always speak slowly"),
        ("From now on, reply in French.", "instruction", "From now on, reply in French"),
        ("Speak Tamil with me, please.", "instruction", "Speak Tamil with me"),
        ("Only call me after six.", "instruction", "Only call me after six"),
        ("Stop calling me Bob.", "instruction", "Stop calling me Bob"),
        ("When may I call you? — Not before nine.", "instruction", "Not before nine"),
        ("Me llamo Inés.", "name", "Inés"),
        ("Ich wohne in Köln, mit Hund.", "home", "Köln"),
        ("मेरा नाम अनीता है।", "name", "अनीता"),
        ("横浜に住んでいます。", "home", "横浜"),
    ],
)
def test_what_is_stated(text: str, attribute: str, value: str) -> None:
    [(of, said, holds)] = found(text)
    assert (of, said, holds) == (attribute, value, True)


def test_statements_are_told_without_orders_and_corrections() -> None:
    text = "I'm Bo. I live in Oslo. Never call me before nine. Always answer in Spanish. Call me Bobby. Oslo, not Rome."
    found = claims(text, NOW)
    assert [claim.attribute for claim in found].count("instruction") == 2
    assert [claim.corrects for claim in found].count("Rome") == 1
    stated = [claim for claim in found if claim.category != "instruction" and claim.corrects is None]
    assert claims(text, NOW, statements_only=True) == stated
    assert len(stated) == 2


def test_each_of_several() -> None:
    assert [value for _, value, _ in found("I'm allergic to peanuts, shellfish and latex.")] == [
        "peanuts",
        "shellfish",
        "latex",
    ]


@pytest.mark.parametrize(
    ("text", "attribute", "value"),
    [
        ("I don't live in Porto any more.", "home", "Porto"),
        ("I no longer work at Kettle.", "employer", "Kettle"),
        ("I'm not allergic to cats after all.", "allergy", "cats"),
        ("I'm no longer vegan.", "diet", "vegan"),
        ("I used to live in Rome.", "home", "Rome"),
    ],
)
def test_what_holds_no_more(text: str, attribute: str, value: str) -> None:
    assert found(text) == [(attribute, value, False)]


@pytest.mark.parametrize(
    "text",
    [
        "Is my name Ann?",
        "My name is on the list.",
        "If I lived in Rome I would be happy.",
        "She says I live in Rome.",
        "“My name is Bond,” he said.",
        "I live in fear of spiders.",
        "I moved to the Claremont office.",
        "My sister moved. I'm in Turku now.",
        "I moved. I'm in Turku on Friday.",
        "We moved the meeting. We're in Turku now.",
        "I'm going to move to Rome.",
        "Call me tomorrow.",
        "Call me Tuesday.",
        "This is my brother.",
        "She is my sister.",
        "My brother is German.",
        "My dog Friday ran away from home.",
        "My son is allergic to nuts.",
        "Am I vegan?",
        "I might be allergic to cats.",
        "Maybe I have a nut allergy.",
        "Never mind.",
        "Never give up!",
        "Always a pleasure!",
        "I never call my mother.",
        "My account number is 12345678.",
        "My birthday is in May.",
        "Where do you live? — With my mother.",
        "Do you have any allergies? — No.",
        "Imagine my name is Zorro.",
        "My name is Zorro in the game.",
        "My name is Zorro. No, just kidding.",
        "My mother lives in Oslo.",
        "My son works for Kettle and lives in Rome.",
        "Tom's wife Ana is a nurse.",
        "My sister has a dog, and hers is brown.",
        "My dog hates my brother, Max loves him.",
        "My company is Dutch.",
        "I'm a terrible driver and no engineer.",
        "I moved to Rome for a year and then home.",
        "i live in fear",
        "my name is spelled with a c",
        "If I'm late, call me Slowpoke.",
        "Hi, I'm German.",
        "They sing and always make us smile.",
        "You never call me any more.",
        "Don't worry.",
        "Don't mention it.",
        "Don't tell anyone yet.",
        "Don't call me tomorrow.",
        "No calls today, please.",
        "Answer this in Spanish.",
        "Use metric screws for that.",
        "Mi madre vive en Sevilla.",
        "Wenn ich in Berlin wohne, rufe ich an.",
        "弟は大阪に住んでいます。",
        "The dog called Hachi waited for years.",
        "Are you allergic to anything? — No.",
        "Are you allergic to nuts? — My son is.",
        "Is there anything you don't eat? — Not really.",
        "We've been in Leith for a week.",
        "My name is Juno. — Hello there",
        "",
    ],
)
def test_what_states_nothing_about_the_person(text: str) -> None:
    assert found(text) == []


def test_a_pasted_text_is_somebody_elses() -> None:
    letter = "I live in Porto. " + "The weather is fine here. " * 100
    assert found(letter[:100])
    assert found(letter) == []


@pytest.mark.parametrize(
    ("text", "begins", "precision"),
    [
        ("I live in Braga since 2019.", "2019-01-01", "year"),
        ("I work for Kettle from the first of July 2025.", "2025-07-01", "day"),
    ],
)
def test_since_when_it_holds(text: str, begins: str, precision: str) -> None:
    [claim] = claims(text, NOW)
    assert claim.valid_from == int(datetime.fromisoformat(f"{begins}T00:00:00+00:00").timestamp()) * 1_000_000
    assert claim.precision == precision


def test_a_plan_begins_ahead_and_a_move_when_it_was() -> None:
    ahead, moved = (
        claims("From the first of July I'm at Moorside Legal.", NOW),
        claims("We moved to York last week.", NOW),
    )
    assert [day_of(claim.valid_from) for claim in (*ahead, *moved)] == ["2026-07-01", "2026-02-23"]


def day_of(moment: int | None) -> str:
    assert moment is not None
    return datetime.fromtimestamp(moment / 1_000_000, UTC).date().isoformat()


def test_several_of_one_kind() -> None:
    assert found("My wife Ines and I have two daughters, Ayo and Dayo.") == [
        ("wife", "Ines", True),
        ("daughter", "Ayo", True),
        ("daughter", "Dayo", True),
    ]


def test_an_ex_is_what_she_was_no_more() -> None:
    assert found("My ex-wife Rita called.") == [("wife", "Rita", False), ("ex-wife", "Rita", True)]
