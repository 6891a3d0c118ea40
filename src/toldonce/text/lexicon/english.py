"""English words by what they do in a sentence: case-folded, unstemmed, as ``text.tokens.words`` writes them."""

from __future__ import annotations

FUNCTION_WORDS = frozenset(
    """
    a about above after again against all also am an and another any anybody anyone anything are as at away be
    because been before being below between both but by can cannot could did do does doing done down during each
    either else ever every everyone everything few for from further get gets getting give given go goes going gone
    got had has have having he hence her here hers herself him himself his how however i if in into is it its itself
    just kind let lot lots made make makes making many may maybe me might mine more most much must my myself neither
    never no nobody none nor not nothing now of off often on once one only onto or other others our ours ourselves
    out over own perhaps please quite rather really same say says she should since so some somebody someone
    something sometimes sort still such than that the their theirs them themselves then there therefore these they
    thing things this those though through thus to together too toward towards type under until up upon us very via
    was we well were what whatever when whenever where whether which while who whoever whom whose why will with
    within without would yes yet you your yours yourself yourselves
    """.split()
)
"""They say nothing about what a sentence is about."""

FIRST_PERSON = frozenset("i me my mine myself we us our ours ourselves".split())
"""Words by which a speaker speaks of herself."""

SELF = frozenset(
    """
    i i'm i've i'd i'll im ive my mine myself me we we're we've we'd we'll our ours us
    """.split()
)
"""``FIRST_PERSON`` as people type it, with its verbs."""

SUBJECTS = frozenset(
    """
    he he's she she's it it's they they're they've this that that's these those there there's here here's is are was
    were am isn't aren't wasn't weren't be been has have had do does did don't doesn't didn't can can't could will won't
    would should
    """.split()
)
"""Words with which somebody or something is said to be or to do something."""

SUPPOSING = frozenset(
    """
    need needed wonder wondering missing assume guess suppose presume gather imagine understand mentioned either or
    whether curious
    """.split()
)
"""Words with which a statement asks: "I need a name.", "I was wondering.", "Monday or Tuesday."."""

POLITE = frozenset(
    """
    hi hello hey heya hiya yo howdy greetings sup morning afternoon evening night goodnight bye goodbye cheers ciao
    nice meet met meeting pleasure welcome thank thanks thankyou thx ta appreciate appreciated grateful kind kindly
    ok okay okey kay alright right fine good great cool awesome amazing wonderful fantastic excellent perfect
    perfectly lovely brilliant super superb neat wow whoa oh ooh ah aha aw aww hmm hm mm mmm mhm uh um huh er eh ugh
    phew yay oops ouch damn dang gosh geez jeez god yikes hurrah hooray well yeah yep yup yea yes ya no nope nah
    sure surely absolutely definitely exactly precisely certainly indeed course shall correct true totally
    completely agreed agree fair enough understood understand got gotcha gotta gonna wanna noted sorry pardon excuse
    apologies apologise apologize forgive worries worry problem problems bother hurry rush bless congrats
    congratulations kudos bravo props haha hahaha hehe lol lmao rofl omg funny hilarious joke jokes joking kidding
    laugh laughing cute sweet honey dear darling sir madam ma'am please
    """.split()
)
"""Greetings, thanks, acknowledgements, laughter."""

VAGUE = frozenset(
    """
    talk talking talked chat chatting speak speaking hear hearing heard listen listening hang wait waiting moment
    sec second seconds minute minutes while time times know think thought thinking guess suppose mean means meant
    sound sounds look looks looking seem seems saying tell telling ask asking come coming go going back start
    started stop continue repeat begin ready keep leave let's try trying see seeing later soon talk help helpful
    helps helping want need like love feel feeling feelings hope hopefully wish believe imagine bet doubt expect
    care mind matter matters happen happening change chance choice deal point idea sense fact reason case word words
    way ways thing stuff bit piece part side end rest break people person guy guys folks everyone man men dude bro
    buddy mate pal friend friends day days today tonight tomorrow yesterday week weeks weekend month year years hour
    hours monday tuesday wednesday thursday friday saturday sunday weather sunny rainy rain raining cold hot warm
    freezing outside happy glad sad bad better best worse worst big small little new old long short busy tired
    sleepy bored boring excited exciting interesting interested curious funny fun crazy weird strange silly serious
    seriously real honest honestly literally basically actually anyway anyways obviously apparently possible
    possibly impossible easy hard quick quickly slow slowly slower fast faster loud louder quiet clear clearly
    simple luck lucky enjoy relax sleep sleeping dream dreams rest wake awake hungry sick question questions answer
    answers asked wonder wondering nothing anything something everything robot ai bot assistant human computer
    machine voice program smart clever name safe safely travels drive holy cow heaven goodness relaxing chilling
    cracking ahead merry christmas xmas birthday easter holidays holiday anniversary cheer there next first last
    same different other another else together alone take today's catch run running pick call phone test testing
    check hand hands door sit stand said tells told say nobody somebody someone set count hold carry proceed pause
    """.split()
)
"""Words that may be the matter of a question ("What did I do last weekend?") and are none by themselves."""

OCCASIONS = frozenset(
    """
    birthday anniversary christmas xmas easter holiday holidays weekend weather sleep dream dreams door computer
    monday tuesday wednesday thursday friday saturday sunday today tomorrow yesterday
    """.split()
)
"""Those of them that may be all of a keyword query."""

FILLERS = frozenset(
    """
    really very also even still sure yeah yes yep yup nope okay hey hello thanks thank please oh ah um uh hmm mhm
    wow haha anyway anyways though well
    """.split()
)
"""Words that come and go when something is said again."""

TELLING = frozenset(
    """
    not no never nor none cannot without only except before after until since on off in out up down over under above
    below more less most least first last from to maybe perhaps all any some many few both each every everybody
    everyone everything nobody nothing somebody always sometimes once he she they him her his their them
    """.split()
)
"""Function words that make another fact of the same words: "not", "before", how sure somebody is, who it was."""

GLUE = frozenset("a an the my our your his her their its of for in at to with and or from".split())
"""Function words that hold keywords together; "carry on" and "cancel that" are none."""

LIMITING = frozenset(
    """
    no not never nothing none nobody without cannot only until unless instead avoid avoids forbid forbids forbidden
    banned allergic allergy allergies intolerant intolerance sick quit stop stopped stopping expire expires
    vegetarian vegan pescatarian coeliac celiac diabetic teetotal
    """.split()
)
"""Words of a statement that denies, forbids or limits something."""

ENDED = tuple(
    """
    moved changed switched replaced swapped stopped finished ended closed cancelled canceled dropped left lost sold died
    retired resigned broke expired started began joined became shifted pushed postponed rescheduled rebooked delayed
    raised lowered cut increased reduced upgraded updated renamed extended reset corrected
    """.split()
)
"""Verbs with which something ends, begins or becomes otherwise."""
CHANGING = frozenset(ENDED) | frozenset(
    """
    now anymore more longer instead move moving change changing switch switching replace replacing shifting gave given
    stopping quit days new ones meant correction no sorry wait oops actually over off up down wrong done took split
    """.split()
)
"""One of these is in whatever says that something is otherwise than it was."""

SPEAKER_LABELS = frozenset("user assistant human ai bot agent system customer speaker me i".split())
"""Labels that name a part in the talk, not a person."""

MONTHS = tuple("january february march april may june july august september october november december".split())
WEEKDAYS = tuple("monday tuesday wednesday thursday friday saturday sunday".split())

OF_TALK = frozenset(
    """
    talk talked talking speak spoke speaking spoken chat chatted chatting discuss discussed discussing discussion
    conversation conversations session sessions call meeting message sentence statement told tell telling said asked
    know remember recall remind last latest recent previous previously earlier time left leave stop stopped hey hi hello
    ok okay memory memories summary summarise summarize recap remind pick list show repeat again far met spoken
    """.split()
)
"""What a question about the talk itself is made of: nothing to look for in what was said."""

ASKING = frozenset("remember recall remind know tell forget forgot".split())
"""Verbs by which people ask for memory. In a question they say nothing of what is asked."""

HAPPENING = frozenset("happen happens happened do did up new plan plans planned mention mentioned i'm i've".split())
"""What is asked of a time, beside function words: "What happened on Monday?"."""

KNOWING = frozenset(
    """
    know known knows knew knowing remember recall information info record records recorded idea sure mention mentioned
    mentioning tell told telling share shared find found see memory memories note notes noted clue detail details access
    aware sorry afraid apologize apologise apologies unfortunately unable currently far provide provided specify answer
    """.split()
)
"""What a reply that does not know is made of, beside a negation and the words of the question."""

_TO_TWENTY = """
    one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen twenty
    """.split()
TENS = {word: tens for tens, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
"""Tens of a number."""
NUMBERS = (
    {word: number for number, word in enumerate(_TO_TWENTY, 1)}
    | {word: 10 * tens for word, tens in TENS.items()}
    | {"a": 1, "an": 1, "couple": 2, "few": 3, "several": 4}
)
"""Counts, as people say how long ago something was."""
ORDINALS = {
    word: number
    for number, word in enumerate(
        """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
        fifteenth sixteenth seventeenth eighteenth nineteenth twentieth""".split(),
        1,
    )
} | {"thirtieth": 30}
"""Days of a month; those between are two words."""
NUMERALS = frozenset(
    [*_TO_TWENTY, *TENS, *ORDINALS, *"hundred thousand million half quarter dozen couple several once twice".split()]
) - {"one"}
"""Words that count or number; "one" mostly stands for something."""
SHORT_WEEKDAYS = dict(
    zip("mon tue tues wed thu thur thurs fri sat sun".split(), (0, 1, 1, 2, 3, 3, 3, 4, 5, 6), strict=True)
)
UNITS = {
    unit: days
    for units, days in {
        "minute minutes min mins": 1 / 1440,
        "hour hours hr hrs": 1 / 24,
        "day days night nights": 1,
        "weekend weekends week weeks wk wks": 7,
        "fortnight fortnights": 14,
        "month months": 30,
        "quarter quarters": 91,
        "year years yr yrs": 365,
        "decade decades": 3650,
    }.items()
    for unit in units.split()
}
"""Lengths of time, in days."""
SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
"""The month they begin in, in the north."""
PARTS_OF_DAY = {
    "morning": (4, 12),
    "noon": (11, 14),
    "lunch": (11, 15),
    "lunchtime": (11, 15),
    "afternoon": (12, 18),
    "evening": (17, 24),
    "night": (17, 30),
}
"""Their hours; those after 24 are of the next day."""
PARTS = {"beginning": 0, "start": 0, "early": 0, "middle": 1, "mid": 1, "end": 2, "late": 2}
"""Thirds of a stretch of time."""
OF_TIME = frozenset(
    """
    yesterday today tonight last recently lately nowadays late christmas christmase xmas holiday valentine halloween
    thanksgiving easter weekday
    """.split()
)
"""What else a time expression may be known by."""
RELATIVE = frozenset(UNITS) | frozenset(PARTS_OF_DAY) | frozenset(PARTS) | {"yesterday", "today", "tonight", "last"}
"""Words that mean another time each day they are said."""
