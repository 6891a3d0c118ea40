"""Words of other languages, by ISO 639-1 code. How each list is written says its docstring."""

from __future__ import annotations

FUNCTION_WORDS: dict[str, frozenset[str]] = {
    code: frozenset(words.split())
    for code, words in {
        "da": "og jeg ikke det som pa av",
        "de": """der die das den dem des ein eine einen einem einer und ich du er sie es wir ihr ist sind bin war nicht
            mit auf fur von zu im wann wo wer wie mein meine""",
        "es": """el la los las del una unos unas que como pero para por con muy esta este estos soy eres somos cuando
            donde quien""",
        "fr": """le les des du une est et je tu il elle nous vous ils elles dans sur avec pour pas mais ou quand qui
            quoi mon ma mes""",
        "it": "il lo gli uno della dei degli che sono sei siamo non perche quando dove chi mio mia",
        "nl": "het een van ik je hij zij wij niet en waar wanneer wie mijn zijn",
        "pl": "nie jest sie ja ty on ona",
        "pt": "o os um uma uns umas da dos das em no na nos nas nao voce eu ele ela com mais meu minha",
        "sv": "att och jag inte ar",
    }.items()
}
"""As ``text.tokens.words`` writes them: case-folded, diacritics folded."""

ENGLISH_TOO = frozenset("on no so is in a i o war die den en pa ja da do ma av na".split())
"""Function words of other languages that are English words as well, and so tell no language."""

NOT_ENGLISH = frozenset[str]().union(*FUNCTION_WORDS.values()) - ENGLISH_TOO
"""Function words that speak for a language other than English."""

POLITE: dict[str, frozenset[str]] = {
    code: frozenset(words.split())
    for code, words in {
        "ar": "مرحبا شكرا",
        "de": "hallo danke guten tag morgen abend tschuss bitte geht gehts dir ihnen entschuldigung",
        "es": "hola gracias buenos buenas dias noches tardes adios hasta luego nada perdon",
        "fr": "bonjour merci salut bonsoir revoir accord desole",
        "he": "שלום תודה",
        "it": "grazie prego ciao scusi",
        "ja": "こん んに にち ちは ばん あり りが がと とう 元気 気で です すか ます",
        "ko": "안녕 녕하 하세 세요 감사",
        "pt": "ola obrigado obrigada tudo bem oi",
        "ru": "привет спасибо здравствуйте",
        "sv": "hej tack",
        "zh": "你好 你 好 谢谢 谢 謝謝 謝",
    }.items()
}
"""Greetings, thanks, as ``text.tokens.words`` writes them: bigrams in Japanese, Korean and Chinese, and Han alone."""

PLEASE = frozenset(
    "bitte favor plait favore alsjeblieft alstublieft prosze prosim пожалуйста ласка lutfen gelieve vanligen".split()
)
"""How a wish is asked for, as ``text.tokens.words`` writes it."""

SELF: dict[str, frozenset[str]] = {
    code: frozenset(words.split())
    for code, words in {
        "da": "jeg min mine vi",
        "de": "ich mein meine meinen meinem meiner mich mir wir unser unsere",
        "es": "yo mi mis me soy tengo vivo nosotros nuestro nuestra",
        "fr": "je j'ai j'habite j'aime mon ma mes moi nous notre nos",
        "it": "io mio mia miei mie sono abbiamo noi nostro nostra",
        "nl": "ik mijn wij onze",
        "no": "jeg min mitt mine vi",
        "pl": "ja mój moja moje mam jestem",
        "pt": "eu meu minha meus minhas nós nosso nossa",
        "ru": "я мой моя моё мои мне меня мы наш наша",
        "sv": "jag min mitt mina vi",
    }.items()
}
"""Words with which people speak of themselves: case-folded, diacritics kept, straight apostrophes."""

NEGATIONS: dict[str, frozenset[str]] = {
    "en": frozenset("no not never nothing nobody neither nor without cannot cant dont doesnt isnt wont".split()),
    "de": frozenset("nicht nichts kein keine keinen keinem keiner keines nie niemals ohne".split()),
    "es": frozenset("no nunca nada nadie sin tampoco jamás".split()),
    "fr": frozenset("ne pas jamais rien personne sans aucun aucune".split()),
    "it": frozenset("non mai niente nulla nessuno senza".split()),
    "pt": frozenset("não nunca nada ninguém sem".split()),
    "nl": frozenset("niet nooit niets geen zonder".split()),
    "hi": frozenset("नहीं नही न मत कभी बिना".split()),
}
"""Words that turn a statement into its contrary, by language."""
NEGATED_ENDINGS = ("ない", "ません", "なかった", "ず", "n't", "n’t")
"""The same where they are a part of a word."""
