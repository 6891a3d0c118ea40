"""The table of rules for English: how it plainly says a name, a birthday, a home, an allergy, a relative."""

from __future__ import annotations

from toldonce.remember.facts.rules import (
    NAMES,
    Rule,
    any_of,
    birthday,
    diet,
    each,
    one,
    relation,
    relations,
    rule,
)
from toldonce.remember.facts.values import EMAIL, NAME, NUMBER, TITLED
from toldonce.text.lexicon.english import MONTHS, WEEKDAYS
from toldonce.text.lexicon.people import ACQUAINTANCES, DEMONYMS, DIETS, FOODS, JUDGING, OCCUPATIONS, PETS, RELATIVES


def any_word(words: frozenset[str]) -> str:
    """An alternation, longest first; a hyphen may be a space."""
    return "|".join(sorted(words, key=lambda word: (-len(word), word))).replace("-", "[- ]")


_PLURALS = {
    **{f"{kind}s": kind for kind in (*RELATIVES, *PETS, *ACQUAINTANCES) if "-" not in kind},
    "children": "child",
    "kids": "child",
    "parents": "parent",
    "puppies": "puppy",
    "budgies": "budgie",
    "ponies": "pony",
    "bunnies": "bunny",
    "nannies": "nanny",
    "babies": "baby",
}
_KINDS = RELATIVES | PETS | ACQUAINTANCES
AM = r"(?:I(?:['’]m| am)|we(?:['’]re| are))"
_HAVE = r"(?:(?:I|we)(?:['’]ve| have))"
_IS = r"(?:['’]s| is)"
DO_NOT = r"(?:don['’]t|do not)"
_NOW = r"(?: now| still| currently| also| actually| mostly| really| both| just| do)?"
_ENDS = (
    r"(?=\s*(?:$|[.,;:!)]|(?i:and|but|with|now|again|since|because|near|for|from|so|these days|too|by|as|at the"
    r"|right|last|this"
    r"|in|on|until|where|which|who|while|when|full|part|a|an|one|two|three|four|five|six|ten|after|before|here|there"
    r"|yesterday"
    r"|though|myself|already|most|every|all|if)\b))"
)
_NO_ROOM = (
    r"(?! (?i:office|branch|department|room|desk|floor|team|school|building|campus|section|account|plan|table|seat)\b)"
)
_PLACE = rf"(?:(?P<value>{NAME}(?:, {NAME})?)(?!\w){_NO_ROOM}|the (?P<value>{NAME}){_ENDS})"
_WHERE = (
    r"(?: alone| at home| here| there| now| currently| together| permanently| over| up| down| out| back| right"
    r"| with (?:my|our) \w+(?: and (?:my |our |the )?\w+)?| in an? (?:\w+[ -])??\w+| on my own| by myself)*"
)
_MOVED = (
    r"(?:I|we)(?:['’]ve| have)?(?: just| recently| now| finally| both| all)? (?:moved|relocated)"
    r"(?: back| house| home| here| over| away| out| up| down)?(?: from [\w’ -]{2,40}?)? to"
)
_NOT_FOR_LONG = r"(?![^.;]*\b(?i:then|later|temporarily|for (?:a|one|two|three|six|\d+) (?:week|month|year)s?)\b)"
_MINE = (
    r"\b(?:my|our)(?: (?:late|older|younger|little|big|elder|twin|eldest|youngest|oldest|best|new|old|dear|lovely"
    r"|own|only|"
    r"other|first|second|middle|beloved|poor|darling|\w+-year-old))*"
)
_CALLED = rf"(?i:(?:,? (?:is called|is named|called|named)|['’]s called|{_IS} name is|['’]s name(?: is|['’]s))?)"
_SURELY_CALLED = r"(?i:,? (?:is called|is named|called|named)|['’]s (?:called|named)|['’]s name(?: is|['’]s))"
_THINGS = r"(?P<value>[\w’, -]{2,80}?)"
_VERY = (
    r"(?: (?:very|also|badly|severely|really|deathly|terribly|quite|super|highly|mildly|slightly|so|a bit|still|both))*"
)
_JOB = rf"(?P<value>(?!(?i:{any_word(JUDGING)})\b)(?:[\w’-]+ ){{0,3}}?(?i:{any_word(OCCUPATIONS)}))"
_SO_FAR = (
    r"(?=\s*(?:$|[.;:!)]|(?i:,? (?:so|but|because|which|that|since|too|as well|and I|and my|and we|unfortunately))\b))"
)

_WHO = (
    rule(
        "name name's",
        rf"(?i:(?:my|the) (?:full |first |real )?name{_IS}(?: actually)?) (?P<value>{NAME})",
        one("name"),
    ),
    rule("called", rf"(?i:{AM} called) (?P<value>{NAME}){_ENDS}", one("name")),
    rule(
        "hi hello hey morning afternoon evening",
        rf"^(?i:(?:hi|hello|hey|good (?:morning|afternoon|evening))(?: there| \p{{Lu}}\w+)?[,.!]* "
        rf"(?:I(?:['’]m| am)|this is)) "
        rf"(?!(?i:{any_word(DEMONYMS)})\b)(?P<value>{NAME})(?=\s*(?:$|[.,!;]|(?i:and|here|again|speaking|calling"
        rf"|from)\b))",
        one("name"),
    ),
    rule(
        "call calls go",
        rf"(?i:(?:please |just |you can |you may |do |feel free to )*call me|(?:everybody|everyone|people|they all|"
        rf"(?:all )?my (?:friends|family|mates|colleagues))(?: just)? calls? me|(?:I|we) (?:usually |mostly |just"
        rf" )?go by) "
        rf"(?P<value>{NAME}){_ENDS}",
        one("preferred name"),
    ),
    rule(
        "called known",
        rf"(?i:I(?:['’]d| would)? (?:like|prefer|rather)(?: to)? be(?:ing)? called|{AM} (?:better |usually )?known as"
        rf") (?P<value>{NAME})(?=\s*(?:$|[.,;!]))",
        one("preferred name"),
    ),
    rule(
        "birthday birthday's bday born birth",
        rf"(?i:my (?:birthday|bday|date of birth){_IS}(?: on)?|I was born on|I was born(?= the))(?: the)? "
        rf"(?P<value>.++)",
        birthday,
    ),
)
_REACHED = (
    rule(
        "number number's phone mobile cell",
        rf"(?i:my (?P<which>work |home |office |mobile |cell )?(?:new |current )?(?:(?:tele)?phone |mobile |cell )?"
        rf"(?:number|phone|mobile|cell){_IS}(?: now| still)?) (?P<value>{NUMBER})",
        any_of("phone"),
    ),
    rule(
        "call reach text ring",
        rf"(?i:(?:please |just |so )*(?:you can |you could |people can )?(?:call|reach|text|ring|phone|get) me (?:on"
        rf"|at)) "
        rf"(?P<value>{NUMBER})",
        any_of("phone"),
    ),
    rule(
        "email mail",
        rf"(?i:my (?P<which>work |private |personal )?(?:new |current )?e-?mail(?: address)?{_IS}(?: now| still)?:?) "
        rf"(?P<value>{EMAIL})",
        any_of("email"),
    ),
    rule(
        "email mail reach write",
        rf"(?i:(?:please |just |so )*(?:you can |you could )?(?:e-?mail|reach|write to|write) me (?:at|on|under)) "
        rf"(?P<value>{EMAIL})",
        any_of("email"),
    ),
)
_HOME = (
    rule(
        "live living based settled",
        rf"(?i:(?:I|we){_NOW} live|{AM}{_NOW} (?:living|based|settled)){_WHERE} (?i:in) {_PLACE}",
        one("home"),
    ),
    rule(
        "lived living",
        rf"(?i:{_HAVE} (?:lived|been living){_WHERE} in) {_PLACE}(?=[^,;]*\b(?:for|since|now|all my life)\b)",
        one("home"),
    ),
    rule(
        "been",
        rf"(?i:{_HAVE} been(?: living)? in) {_PLACE} (?i:for (?:a|an|one|two|three|\w+) (?:month|year)s?)\b",
        one("home"),
    ),
    rule("moved relocated", rf"(?i:{_MOVED}) {_PLACE}{_NOT_FOR_LONG}", one("home")),
    rule(
        "home house flat apartment place",
        rf"(?i:my (?:home|house|flat|apartment){_IS}(?: now)? in) {_PLACE}",
        one("home"),
    ),
    rule(
        "live",
        rf"(?i:(?:I|we) (?:no longer|{DO_NOT}) live in) (?:the )?(?P<value>{NAME})",
        one("home", holds=False),
    ),
    rule("used", rf"(?i:(?:I|we) used to live in) (?:the )?(?P<value>{NAME})", one("home", holds=False)),
    rule(
        "left moved",
        rf"(?i:(?:I|we)(?:['’]ve| have)?(?: just| finally| now)? (?:left(?= [\w’ -]{{2,40}} for good\b)|moved "
        rf"(?:away from|out of))) "
        rf"(?P<value>{NAME}){_ENDS}",
        one("home", holds=False),
    ),
)
_EMPLOYED = OCCUPATIONS - {"student"}
_EMPLOYER = rf"(?P<value>{NAME}(?: (?:and|&) {NAME})?)(?!\w)"
_WORK = (
    rule(
        "work working employed",
        rf"(?i:I{_NOW} work(?: full[- ]time| part[- ]time| nights| mostly| now| as an? [\w -]{{3,30}}?)?|I(?:['’]m|"
        rf" am)(?: now)? "
        rf"(?:working|employed)) (?i:at|for|by) (?i:the )?{_EMPLOYER}{_ENDS}",
        one("employer"),
    ),
    rule(
        "job started working",
        rf"(?i:I(?:['’]ve| have)?(?: just| recently| now)? (?:(?:started|begun)(?: working| my new job| a new job|"
        rf" work)"
        rf"|(?:got|landed|found|took|taken) (?:a|the|my)(?: new)? job)|my new job is) (?i:at|for|with)"
        rf" {_EMPLOYER}{_ENDS}",
        one("employer"),
    ),
    rule(
        "employer company firm",
        rf"(?i:my (?:employer|company|firm){_IS}(?: called)?) (?!(?i:{any_word(DEMONYMS)})\b){_EMPLOYER}{_ENDS}",
        one("employer"),
    ),
    rule(
        OCCUPATIONS,
        rf"(?i:I(?:['’]m| am)(?: now)? (?:an?|the)) (?:[\w-]+ ){{0,4}}?(?i:{any_word(_EMPLOYED)}) (?i:at|for|with)"
        rf" {_EMPLOYER}{_ENDS}",
        one("employer"),
    ),
    rule(
        "work working used",
        rf"(?i:I (?:no longer|{DO_NOT}|used to) work (?:at|for)) (?P<value>{NAME}(?: and {NAME})?)",
        one("employer", holds=False),
    ),
    rule(
        "left quit resigned retired",
        rf"(?i:I(?:['’]ve| have)?(?: just| finally| now)? (?:left|quit|resigned from|retired from)(?: my job at)?)"
        rf" {_EMPLOYER}",
        one("employer", holds=False),
    ),
    rule(
        "work working job",
        rf"(?i:I{_NOW} work as an?|I(?:['’]m| am)(?: now)? working as an?|my job is(?: being)? an?) (?P<value>[\w’"
        rf" -]{{3,40}}?)"
        r"(?=\s*(?:$|[.,;:!)]|(?:and|but|at|for|in|with|on|now|since|because|these days|from)\b))",
        any_of("occupation"),
    ),
    rule(
        OCCUPATIONS,
        rf"(?i:I(?:['’]m| am)(?: now| also| still| actually)?|I(?:['’]ve| have)?(?: just| recently)? become|I"
        rf" became) an? {_JOB}"
        r"(?=\s*(?:$|[.,;:!)]|(?i:and|but|at|for|in|with|by|now|here|from|these days|too|who|so)\b))",
        any_of("occupation"),
    ),
    rule(
        OCCUPATIONS,
        rf"(?:|(?i:from [\w ]{{3,25}} ))(?i:I(?:['’]m| am)) (?P<value>(?i:{any_word(OCCUPATIONS)}))(?=\s*(?:$|[.,;!]"
        rf"|(?i:now|here)\b))",
        any_of("occupation"),
    ),
    rule(
        (*MONTHS, *WEEKDAYS, "next"),
        rf"(?i:(?:from|starting) [\w ]{{3,30}}?,? I(?:['’]m| am|['’]ll be| will be)(?: working)? (?:at|for|with))"
        rf" {_EMPLOYER}{_ENDS}",
        one("employer"),
    ),
    rule(
        "promoted",
        r"(?i:I(?:['’]ve been| have been| was| got|['’]ve just been)(?: just)? promoted to)(?: an?| the)? "
        r"(?P<value>[\w’ -]{3,40}?)(?=\s*(?:$|[.,;:!)]|(?:and|but|at|last|this|in|on|from|with)\b))",
        any_of("occupation"),
    ),
    rule(
        "retired",
        rf"(?i:I(?:['’]m| am)(?: now| happily| already)?) (?P<value>(?i:retired)){_ENDS}",
        any_of("occupation"),
    ),
)
_PEOPLE = (
    rule(
        _KINDS,
        rf"(?i:{_MINE} (?P<former>ex[- ]?)?)(?P<kind>(?i:{any_word(_KINDS)}))"
        rf"(?:{_CALLED} (?P<value>{TITLED})|, (?P<value>{TITLED})(?=\s*(?:[,.;!)–—]|$|(?i:and|who)\b)))",
        relation,
        anywhere=True,
    ),
    rule(
        _KINDS,
        rf"(?i:\b(?:I|we)(?:['’]ve| have)?(?: also| just| only)? ?(?:got|have|adopted)? an? (?:\w+[ -]){{0,2}})"
        rf"(?P<kind>(?i:{any_word(_KINDS)}))"
        rf"(?:{_SURELY_CALLED}|,) (?P<value>{NAME})",
        relation,
        anywhere=True,
    ),
    rule(
        PETS,
        rf"(?i:\b(?:have|got|and|with) an?(?: \w+){{0,2}}|\bthe(?=\s\w+(?:['’]s| is)\b)) (?P<kind>"
        rf"(?i:{any_word(PETS)})){_SURELY_CALLED} (?P<value>{NAME})",
        relation,
        anywhere=True,
    ),
    rule(
        _KINDS,
        rf"(?P<value>{NAME})(?i:{_IS} {_MINE.removeprefix(chr(92) + 'b')}) (?P<kind>(?i:{any_word(_KINDS)})){_ENDS}",
        relation,
    ),
    rule(
        _KINDS,
        rf"(?P<value>{NAME}), (?i:{_MINE}) (?P<kind>(?i:{any_word(_KINDS)}))(?=\s*(?:$|[.,;!)]))",
        relation,
        anywhere=True,
    ),
    rule(
        RELATIVES | PETS,
        rf"^(?i:(?:yes|yeah)?[,. ]*(?:just |only )?(?:one|an?)(?: \w+)?) (?P<kind>"
        rf"(?i:{any_word(RELATIVES | PETS)})), (?P<value>{NAME})",
        relation,
    ),
    rule(
        _PLURALS,
        rf"(?i:\b(?:my|our|have|got|have got)(?: (?:two|three|four|five|grown-up|little|lovely|older|younger|big))*) "
        rf"(?P<kind>(?i:{'|'.join(sorted(_PLURALS, key=len, reverse=True))}))(?i:,|:| called| named| are called| are"
        rf" named| are)? "
        rf"(?P<value>{NAMES})(?=\s*(?:$|[.,;!)]|(?i:are|is|who|live|go|were|will|both|and|have|love|came|come)\b))",
        relations(_PLURALS),
        anywhere=True,
    ),
)
_EATS = (
    rule("allergic", rf"(?i:{AM}{_VERY} allergic to) {_THINGS}{_SO_FAR}", each("allergy")),
    rule("allergic", rf"(?i:no) (?P<value>[\w ,]{{2,40}}?)(?i:, (?:{AM}|I am) allergic)\b(?! to)", each("allergy")),
    rule(
        "allergic",
        rf"(?i:{AM} (?:not allergic|no longer allergic) to) {_THINGS}(?=\s*(?:$|[.;:!)]| (?:after|any)\b))",
        each("allergy", holds=False),
    ),
    rule(
        "allergy allergies",
        rf"(?i:(?:{_HAVE}(?: got)?|I (?:also )?have) an?(?: very)?(?: severe| bad| mild| serious| strong)?) "
        rf"(?P<value>\w{{3,20}}+) (?i:allergy)\b",
        each("allergy"),
    ),
    rule(
        "allergy allergies",
        rf"(?i:(?:{_HAVE}(?: got)?|I (?:also )?have) (?:an? )?(?:severe |bad |mild |serious )?allerg(?:y|ies) to)"
        rf" {_THINGS}{_SO_FAR}",
        each("allergy"),
    ),
    rule(
        (word for diet in DIETS for word in diet.split("-")),
        rf"(?i:{AM}(?P<no> not| no longer)?|{_HAVE}(?: just)? (?:been|gone|turned|become)|I (?:went|turned|became))"
        rf"(?: a| an| now| still| strictly| strict| also| basically| both)*+ (?P<value>(?i:{any_word(DIETS)}))\b",
        diet,
    ),
    rule(
        (word for diet in DIETS for word in diet.split("-")),
        rf"(?i:(?P<no>I(?:['’]ve| have)? (?:stopped|quit|gave up|given up) being|I used to be))(?: a| an)? "
        rf"(?P<value>(?i:{any_word(DIETS)}))\b",
        diet,
    ),
    rule(
        FOODS,
        rf"(?i:(?:I|we)(?: really| still| simply)? (?:can['’]t have|(?:can['’]t|cannot|can not|don['’]t|do not|never"
        rf"|mustn['’]t) "
        rf"(?:eat|drink|tolerate))(?: any)?) (?P<value>(?i:(?:{any_word(FOODS)})(?:(?:, | or | and |, or )"
        rf"(?:{any_word(FOODS)}))*))"
        r"(?=\s*(?:$|[.,;:!)]|(?i:because|so|but|at all|any more|anymore|it|since|in anything|for)\b))",
        each("avoids"),
    ),
    rule(
        FOODS,
        rf"(?P<value>(?i:(?:{any_word(FOODS)})(?:(?:, | or | and )(?:{any_word(FOODS)}))*))(?i:,? (?:it |they |all )?"
        r"(?:makes? me (?:sick|ill)|gives? me (?:hives|a rash|migraines?|cramps)))\b",
        each("avoids"),
    ),
)
RULES: tuple[Rule, ...] = (*_WHO, *_REACHED, *_HOME, *_WORK, *_PEOPLE, *_EATS)
