from __future__ import annotations

from datetime import tzinfo
from zoneinfo import ZoneInfo

import pytest

from tests.recall.helpers import DAY, talk, view
from toldonce.recall import analyse
from toldonce.text.tokens import stem, token_id

STORE = view(talk("I am a baker", "The vet comes in June", day=19_500))
TOKYO, UTC = ZoneInfo("Asia/Tokyo"), ZoneInfo("UTC")


def looked_for(text: str, zone: tzinfo, *words: str) -> list[str]:
    terms = set(analyse(text, STORE, 19_520 * DAY, zone).terms.tolist())
    return [word for word in words if token_id(stem(word)) in terms]


@pytest.mark.parametrize("zone", [UTC, TOKYO])
def test_the_month_and_the_occasion_are_looked_for_in_every_zone(zone: tzinfo) -> None:
    assert looked_for("When does the vet come in June?", zone, "vet", "june") == ["vet", "june"]
    assert looked_for("What did I bake for Christmas?", zone, "bake", "christmas") == ["bake", "christmas"]


def test_a_day_of_another_zone_is_not_looked_for_by_its_number() -> None:
    assert looked_for("Who came on 9 June?", UTC, "9", "june") == ["9", "june"]
    assert looked_for("Who came on 9 June?", TOKYO, "9", "june") == ["june"]


def test_an_edge_is_another_day() -> None:
    assert looked_for("Who came before 9 June?", UTC, "came", "9", "june") == ["came"]


def test_words_that_mean_another_time_each_day_are_understood_and_not_looked_for() -> None:
    assert looked_for("Did the vet come this week?", UTC, "vet", "week") == ["vet"]
    assert looked_for("What did I bake yesterday evening?", UTC, "bake", "yesterday", "evening") == ["bake"]
    assert looked_for("What do I bake in the mornings?", UTC, "bake", "mornings") == ["bake", "mornings"]
    assert looked_for("How long is a week?", UTC, "week") == ["week"]
