"""Words for what plain statements about oneself speak of, in English."""

from __future__ import annotations

ONLY_ONE = frozenset("wife husband fiance fiancee fiancé fiancée spouse mother mum mom father dad".split())
"""Relatives of whom a person has one at a time."""
RELATIVES = ONLY_ONE | frozenset(
    """
    partner boyfriend girlfriend sister brother daughter son child baby stepmother stepfather stepsister stepbrother
    stepdaughter stepson grandmother grandma gran granny nan grandfather grandpa grandad granddaughter grandson aunt
    auntie uncle niece nephew cousin godmother godfather goddaughter godson twin
    """.split()
)
PETS = frozenset(
    "dog puppy cat kitten rabbit bunny parrot budgie hamster horse pony tortoise turtle goldfish lizard".split()
)
DIETS = frozenset(
    """
    vegetarian vegan pescatarian coeliac celiac diabetic teetotal lactose-intolerant gluten-intolerant
    """.split()
)
ONE_AT_A_TIME = (
    "name",
    "preferred name",
    "birthday",
    "home",
    "employer",
    "occupation",
    *(f"{which}phone" for which in ("", "work ", "home ", "office ", "mobile ", "cell ")),
    *(f"{which}email" for which in ("", "work ", "private ", "personal ")),
    *sorted(ONLY_ONE),
    *(f"diet {diet}" for diet in sorted(DIETS)),
)
"""What a person has one of at a time, or is or is not: a newer statement takes an older one's place. At most 64."""
TELLING = (
    RELATIVES
    | PETS
    | frozenset(word for diet in DIETS for word in diet.split("-"))
    | frozenset(
        """
        name call calls go birthday born birth number phone mobile cell telephone mail email live living based moved
        work allergic allergy never always ever now only ring text texts message messages wake disturb contact bother
        speaking talking
        """.split()
    )
)
"""One of these is in whatever the rules understand: a text without any need not be read by them."""
ORDERS = frozenset(
    """
    call ring phone text message email write contact wake disturb bother ask tell give send remind order book buy
    mention speak talk say read show put add include suggest recommend assume let use keep refer address translate
    answer reply play check convert schedule share bring explain start make
    """.split()
)
"""Verbs with which people tell an assistant what it shall always or never do."""
HABITS = frozenset(
    """
    use live work study teach coach play speak sing run like love hate prefer need drink eat drive own grew moved
    """.split()
)
"""Verbs with which people say who they are: "I teach chess", "I grew up in Enugu"."""
