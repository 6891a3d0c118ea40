"""Rules for standing instructions: what the person wants the assistant to do or to leave in every talk to come.

An instruction is an imperative about future conduct, by a word for it ("never", "from now on", "only") or by what is
forbidden or asked for ("don't mention my ex", "speak Spanish with me"). A request of the moment is none ("don't worry",
"call me tomorrow", "don't tell him yet").
"""

from __future__ import annotations

from toldonce.remember.facts.english import DO_NOT, any_word
from toldonce.remember.facts.rules import Rule, order, rule
from toldonce.text.lexicon.people import FORBIDDEN, LANGUAGES, MEASURES, ORDERS

_FIRST = (
    r"(?i:(?:and|so|but|ok|okay|also|oh|yes|no(?=[,.])|well|actually|right|please|now|one more thing|"
    r"listen|look|by the way|one thing|hi|hello|thanks|sorry)[ ,:.–—-]+)*+"
)
"""What may stand before an order."""
_PLEASE = (
    r"(?:(?:please|just|can you|could you|would you|i want you to|i need you to|i['’]d like you to"
    r"|you (?:must|should|may|can)) )*"
)
_AT_TIMES = r"(?:before|after|on|between|at|during|in|until|till|while|when|unless)"
_CALL = r"(?:call|ring|phone|text|message|email|e-mail|wake|disturb|contact|bother)"
_NOT_NOW = (
    r"(?!.*\b(?i:today|tonight|tomorrow|right now|just now|yet|just yet|this (?:time|morning|afternoon|evening|week"
    r"|once)"
    r"|for now|at the moment|next (?:week|month|time))\b)"
)
_BARE = r"(?! (?i:it|that|this|him|her|them|anything|me|us|you|anyone|anybody)\b(?=\s*(?:$|[.,;!]|to\b)))"
"""A bare pronoun is about something at hand: "don't mention it"."""
_SPEAKS = r"(?:speak|talk|answer|reply|write|respond)"
_OBJECT = r"(?! (?:this|that|it|these|those)\b)"

ORDER_RULES: tuple[Rule, ...] = (
    rule(
        "never always ever",
        rf"{_FIRST}(?P<value>(?i:{_PLEASE}(?:never(?: ever)?|always|{DO_NOT} ever) "
        rf"(?:{any_word(ORDERS)})\b(?! (?:up|never)\b)).++)",
        order,
    ),
    rule(
        "now",
        rf"{_FIRST}(?P<value>(?i:from now on,?(?: please)? (?:{any_word(ORDERS)}|never|always|only|{DO_NOT})\b).++)",
        order,
    ),
    rule(
        "call ring phone text message email e wake disturb contact bother",
        rf"{_FIRST}(?P<value>(?i:{_PLEASE}(?:{DO_NOT}|only) {_CALL} me {_AT_TIMES}\b){_NOT_NOW}.++)",
        order,
    ),
    rule(
        "call calling",
        rf"{_FIRST}(?P<value>(?i:{_PLEASE}(?:{DO_NOT} call|stop calling) me) \p{{Lu}}[\w’-]++)(?=\s*(?:$|[.,;!]))",
        order,
    ),
    rule(
        "calls messages texts emails notifications",
        rf"{_FIRST}(?P<value>(?i:no (?:calls|messages|texts|emails|notifications) {_AT_TIMES}\b){_NOT_NOW}.++)",
        order,
    ),
    rule(
        FORBIDDEN - {"call", "ring", "phone", "text", "message", "email", "contact", "wake", "disturb", "bother"},
        rf"{_FIRST}(?P<value>(?i:{_PLEASE}{DO_NOT} (?:{any_word(FORBIDDEN - {'call'})})(?: to)?{_BARE})"
        rf" ?{_NOT_NOW}.++)",
        order,
    ),
    rule(
        "talk ask remind bring",
        rf"{_FIRST}(?P<value>(?i:{_PLEASE}{DO_NOT} (?:talk(?: to me)? about|ask(?: me)? about|remind me (?:of|about)"
        rf"|bring up)"
        rf"{_BARE}){_NOT_NOW} .++)",
        order,
    ),
    rule(
        "only",
        rf"{_FIRST}(?P<value>(?i:(?:please )?only (?:{_CALL}|use|speak|write|reply|answer|send|recommend"
        rf"|suggest)\b){_NOT_NOW}.++)",
        order,
    ),
    rule(
        LANGUAGES,
        rf"{_FIRST}(?P<value>(?i:{_PLEASE}{_SPEAKS}{_OBJECT}(?: to me| with me)?(?: only)?(?: in)? "
        rf"(?:{any_word(LANGUAGES)})\b)"
        rf"(?=\s*(?:$|[.,;!]|(?i:please|with me|to me|from now on|and|because|always|only)\b)){_NOT_NOW}.*+)",
        order,
    ),
    rule(
        MEASURES,
        rf"{_FIRST}(?P<value>(?i:{_PLEASE}(?:use|give me|stick to) (?:{any_word(MEASURES)})(?: units)?(?=\s*(?:$"
        rf"|[.,;!]|please|and|only|from now|with me))){_NOT_NOW}.*+)",
        order,
    ),
    rule(
        "whenever every each",
        rf"{_FIRST}(?P<value>(?i:(?:whenever|every time|each time) .{{3,60}}?, (?:please )?(?:{any_word(ORDERS)}"
        rf"|wait|never|always|{DO_NOT})\b).++)",
        order,
    ),
    rule(
        "must should may",
        rf"{_FIRST}(?P<value>(?i:you (?:must|should|may) (?:never|always|not|only) "
        rf"(?:{any_word(ORDERS)})\b){_NOT_NOW}.++)",
        order,
    ),
    rule(
        "call ring phone text message email wake disturb",
        rf"{_FIRST}(?i:(?:in|on|at) [\w -]{{2,25}}?,? )?(?P<value>(?i:you (?:don['’]t|do not) {_CALL} me (?:before"
        rf"|after|between)\b){_NOT_NOW}.++)",
        order,
    ),
    rule(
        "finish interrupt mention correct",
        rf"{_FIRST}(?P<value>(?i:you (?:don['’]t|do not|never) (?:finish|interrupt|mention"
        rf"|correct){_BARE}){_NOT_NOW} .++)",
        order,
    ),
    rule(
        "always never",
        rf"{_FIRST}(?P<value>(?i:(?:always|never) (?:with|in|by|before|after|without)\b.*\bplease\b).*+)",
        order,
    ),
    rule(
        "keep",
        rf"{_FIRST}(?P<value>(?i:{_PLEASE}keep (?:your|the) (?:answers|replies|messages|explanations|reminders) "
        rf"(?:short|brief|simple|under|to|as|polite|formal)\b){_NOT_NOW}.++)",
        order,
    ),
)
