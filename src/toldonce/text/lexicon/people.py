"""Words for what plain statements about oneself speak of, in English."""

from __future__ import annotations

ONLY_ONE = frozenset("wife husband fiance fiancee fiancé fiancée spouse mother mum mom father dad".split())
"""Relatives of whom a person has one at a time."""
RELATIVES = ONLY_ONE | frozenset(
    """
    partner boyfriend girlfriend sister brother daughter son child baby stepmother stepfather stepsister stepbrother
    stepdaughter stepson grandmother grandma gran granny nan grandfather grandpa grandad granddaughter grandson aunt
    auntie uncle niece nephew cousin godmother godfather goddaughter godson twin mother-in-law father-in-law
    sister-in-law brother-in-law daughter-in-law son-in-law
    """.split()
)
ACQUAINTANCES = frozenset(
    """
    friend boss manager colleague neighbour neighbor flatmate roommate housemate landlord landlady coach doctor dentist
    therapist physio vet teacher tutor carer nanny lawyer accountant assistant pa cleaner hairdresser
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
EXCLUSIVE_DIETS = frozenset({"vegetarian", "vegan", "pescatarian"})
"""Of these a person keeps one."""
FOODS = frozenset(
    """
    meat fish pork beef lamb chicken seafood shellfish shrimp prawns dairy milk cheese eggs gluten wheat bread nuts
    peanuts walnuts cashews almonds hazelnuts soy soya sesame lactose sugar chocolate alcohol coffee caffeine onions
    garlic mushrooms tomatoes strawberries honey mustard celery
    """.split()
)
"""What people say that they do not or cannot eat or drink."""
OCCUPATIONS = frozenset(
    """
    accountant architect artist baker barber barista bartender biologist bookkeeper bricklayer builder butcher carer
    carpenter cashier chef chemist civil-servant cleaner consultant courier dentist designer developer doctor
    economist editor electrician engineer farmer fireman firefighter fisherman florist gardener geologist
    hairdresser historian janitor joiner journalist judge lawyer lecturer librarian locksmith manager mathematician
    mechanic midwife miner musician nanny nurse optician paramedic pastor pensioner pharmacist photographer
    physicist physiotherapist pilot plasterer plumber policeman policewoman priest professor programmer psychiatrist
    psychologist purser receptionist roofer sailor scientist secretary shepherd shopkeeper social-worker soldier
    solicitor statistician student surgeon surveyor tailor teacher technician therapist translator tutor vet waiter
    waitress welder writer
    """.split()
)
"""What a person is who says "I'm a ..."; anything may stand after "I work as a"."""
JUDGING = frozenset(
    """
    bad terrible awful lousy poor good great decent excellent amazing brilliant keen big huge total complete bit
    slow fast careful nervous frequent born natural failed would-be hopeless perfect real true kind little small
    proper nice secret
    """.split()
)
"""Before a word for an occupation: it tells of a habit or a skill, "I'm a terrible driver"."""
DEMONYMS = frozenset(
    """
    german american indian italian brazilian canadian mexican russian australian asian african european french dutch
    greek swiss czech thai muslim jewish christian catholic protestant hindu buddhist welsh scottish irish english
    british spanish portuguese swedish danish finnish norwegian polish turkish chinese japanese korean vietnamese
    nigerian kenyan ghanaian egyptian moroccan argentinian colombian chilean peruvian cuban jamaican ukrainian
    romanian hungarian bulgarian croatian serbian austrian belgian filipino pakistani bangladeshi iranian iraqi
    israeli libra leo virgo gemini aries taurus cancer scorpio sagittarius capricorn aquarius pisces
    """.split()
)
"""What a person is who says "I'm" with a capital, and no name."""
LANGUAGES = frozenset(
    """
    english spanish german french italian portuguese dutch swedish danish norwegian finnish polish czech slovak
    hungarian romanian bulgarian greek turkish russian ukrainian arabic hebrew persian farsi urdu hindi bengali
    tamil telugu marathi gujarati kannada malayalam punjabi chinese mandarin cantonese japanese korean vietnamese
    thai indonesian malay tagalog swahili zulu xhosa afrikaans welsh irish catalan basque galician serbian croatian
    """.split()
)
MEASURES = frozenset(
    "metric imperial kilometres kilometers miles metres celsius fahrenheit kilos kilograms pounds litres".split()
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
ASKED_WITH = {
    "name": frozenset("name called".split()),
    "preferred name": frozenset("call called".split()),
    "birthday": frozenset("birthday born".split()),
    "home": frozenset("live living based home moved move address city town flat apartment".split()),
    "employer": frozenset("work working employer company firm office job".split()),
    "occupation": frozenset("job work occupation profession living".split()),
    "phone": frozenset("phone number mobile telephone cell".split()),
    "email": frozenset("email mail e-mail".split()),
}
"""Words of a question about one of these; of a relative or a diet it is the word itself."""
ORDERS = frozenset(
    """
    call ring phone text message email write contact wake disturb bother ask tell give send remind order book buy
    mention speak talk say read show put add include suggest recommend assume let use keep refer address translate
    answer reply play check convert schedule share bring explain start make interrupt finish correct greet joke
    swear lecture confirm warn notify discuss
    """.split()
)
"""Verbs with which people tell an assistant what it shall always or never do."""
FORBIDDEN = frozenset(
    """
    call ring phone text message email write contact wake disturb bother mention discuss use interrupt finish
    correct recommend suggest share joke swear lecture address
    """.split()
)
"""Verbs after "don't" by which people forbid an assistant something for good."""
HABITS = frozenset(
    """
    use live work study teach coach play speak sing run like love hate prefer need drink eat drive own grew moved
    """.split()
)
"""Verbs with which people say who they are: "I teach chess", "I grew up in Enugu"."""
