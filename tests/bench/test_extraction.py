"""The evaluation of extraction, with models whose worth is known; and the rules over the same talks."""

from __future__ import annotations

import pytest
from bench.extraction import Score, read, score
from bench.talks import TALKS, Talk

from tests.engine.test_extraction import fact, lines
from tests.llm.fake import Answer, Asked, says, serving, tells
from toldonce.engine import extraction
from toldonce.engine.jobs import worker
from toldonce.net.retry import Retries
from toldonce.remember.facts import claims


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "LOOK_AGAIN", 0.02)
    monkeypatch.setattr(extraction, "GATHER", 0)
    monkeypatch.setattr(extraction, "RETRIES", Retries(2, first_pause=0.01))


def _sentences(asked: Asked) -> Answer:
    """A model that notes each sentence of the person as it is: much, and some of it no fact."""
    new = [line for line in lines(asked) if line.get("new") and line["role"] == "user"]
    return tells(*(fact(line["text"], line["message"], value=line["text"]) for line in new))


def test_a_talk_is_scored_by_pieces() -> None:
    talk = Talk("en", ("I like tea.",), ("tea", "Rosa"), ("coffee",))
    assert score(talk, ["I like Tea.", "I like coffee."]) == Score(noted=1, missed=1, harm=1, facts=2)
    assert score(talk, []).recall == 0.0


def test_whoever_notes_every_sentence_finds_all_and_whoever_invents_finds_nothing() -> None:
    with serving(_sentences) as model:
        scores, counted = read(model.config)
    assert {language: one.missed for language, one in scores.items()} == dict.fromkeys(
        ("en", "es", "de", "hi", "ja"), 0
    )
    assert counted["llm_calls"] == len(TALKS) == 20
    with serving(tells(fact("I live in Atlantis.", "m1", value="Atlantis"), fact("Soy de Lima.", "m9"))) as model:
        invented, counted = read(model.config)
    assert {one.facts for one in invented.values()} == {0}
    assert counted["facts_dropped"] == 40


def test_a_model_that_only_chats_does_no_harm() -> None:
    with serving(says("Sure! I would be happy to help.")) as model:
        scores, counted = read(model.config, TALKS[:2])
    assert scores["en"].facts == 0
    assert counted["facts_added"] == 0


@pytest.mark.parametrize("talk", [talk for talk in TALKS if talk.language == "en"], ids=lambda talk: talk.turns[0][:20])
def test_the_rules_claim_nothing_of_a_talk_that_nobody_should(talk: Talk) -> None:
    told = [claim.statement for turn in talk.turns[::2] for claim in claims(turn, 1_700_000_000_000_000)]
    assert score(talk, told).harm == 0
