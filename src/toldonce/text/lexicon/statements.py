"""How languages other than English plainly state something of oneself, by ISO 639-1 code.

A frame is a regular expression around a value: ``{name}`` is a name with a capital, ``{thing}`` one or more words,
``{word}`` letters as Japanese and Hindi write names, ``{number}`` and ``{email}`` what they say, ``{kind}`` a kind.
The first word of each pair is in any text that the frame fits; "" where spaces do not tell words apart.
"""

from __future__ import annotations

KINDS: dict[str, dict[str, str]] = {
    "es": {
        "hija": "daughter", "hijo": "son", "hermana": "sister", "hermano": "brother", "madre": "mother",
        "padre": "father", "mujer": "wife", "esposa": "wife", "marido": "husband", "esposo": "husband",
        "abuela": "grandmother", "abuelo": "grandfather", "novia": "girlfriend", "novio": "boyfriend", "perro": "dog",
        "perra": "dog", "gato": "cat", "gata": "cat",
    },
    "de": {
        "tochter": "daughter", "sohn": "son", "schwester": "sister", "bruder": "brother", "mutter": "mother",
        "vater": "father", "frau": "wife", "mann": "husband", "oma": "grandmother", "opa": "grandfather",
        "freundin": "girlfriend", "hund": "dog", "hündin": "dog", "katze": "cat", "kater": "cat",
    },
    "hi": {"बहन": "sister", "भाई": "brother", "माँ": "mother", "पिता": "father", "पत्नी": "wife", "पति": "husband",
           "बेटी": "daughter", "बेटा": "son", "बेटे": "son", "कुत्ते": "dog", "बिल्ली": "cat"},
    "ja": {"犬": "dog", "猫": "cat", "妻": "wife", "夫": "husband", "娘": "daughter", "息子": "son", "妹": "sister",
           "姉": "sister", "弟": "brother", "兄": "brother"},
}  # fmt: skip
"""What somebody or an animal is to the person -> the attribute, which is English."""

FRAMES: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {
    "es": {
        "name": (("llamo", r"me llamo {name}"), ("nombre", r"mi nombre es {name}")),
        "preferred name": (
            ("llámame", r"llámame {name}"),
            ("llámeme", r"llámeme {name}"),
            ("dicen", r"me dicen {name}"),
        ),
        "home": (
            ("vivo", r"(?:ahora )?(?:yo )?vivo(?: ahora)? en {name}"),
            ("vivimos", r"vivimos(?: ahora)? en {name}"),
            ("mudado", r"(?:me he|nos hemos) mudado a {name}"),
            ("mudé", r"me mudé a {name}"),
        ),
        "employer": (("trabajo", r"trabajo (?:en|para) {name}"),),
        "occupation": (("trabajo", r"trabajo (?:como|de) {thing}"),),
        "relation": (("llama", r"mi {kind} se llama {name}"),),
        "phone": (
            ("número", r"mi número (?:de teléfono )?es(?: el)? {number}"),
            ("teléfono", r"mi teléfono es(?: el)? {number}"),
        ),
        "email": (("correo", r"mi correo (?:electrónico )?es {email}"), ("email", r"mi e-?mail es {email}")),
        "allergy": (
            ("alérgica", r"soy (?:muy )?alérgica a(?: la| las| los|l)? {thing}"),
            ("alérgico", r"soy (?:muy )?alérgico a(?: la| las| los|l)? {thing}"),
            ("alergia", r"tengo alergia a(?: la| las| los|l)? {thing}"),
        ),
        "diet": (("soy", r"soy (?P<value>vegan[oa]|vegetarian[oa]|celíac[oa]|diabétic[oa])\b"),),
        "instruction": (
            ("nunca", r"(?P<value>nunca me (?:llames|llame|escribas|hables de|recuerdes|digas)\b.+)"),
            (
                "no",
                r"(?P<value>(?:por favor,? )?no me (?:llames|llame|escribas|despiertes) (?:antes|después|entre"
                r"|los)\b.+)",
            ),
            ("no", r"(?P<value>(?:por favor,? )?no (?:menciones|hables de|me hables de)\b.+)"),
            (
                "siempre",
                r"(?P<value>(?:háblame|respóndeme|contéstame) siempre\b.+|siempre (?:háblame|respóndeme"
                r"|contéstame)\b.+)",
            ),
        ),
    },
    "de": {
        "name": (("heiße", r"ich heiße {name}"), ("heisse", r"ich heisse {name}"), ("name", r"mein name ist {name}")),
        "preferred name": (("nennen", r"nennen sie mich(?: bitte)? {name}"), ("nenn", r"nenn mich(?: bitte)? {name}")),
        "home": (
            ("wohne", r"ich wohne(?: jetzt| noch| inzwischen)? in {name}"),
            ("wohnen", r"wir wohnen(?: jetzt| noch| inzwischen)? in {name}"),
            ("lebe", r"ich lebe(?: jetzt| noch)? in {name}"),
            ("gezogen", r"(?:ich bin|wir sind)(?: gerade| jetzt)? nach {name} gezogen"),
            ("umgezogen", r"(?:ich bin|wir sind)(?: gerade| jetzt)? nach {name} umgezogen"),
        ),
        "relation": (("heißt", r"meine? {kind} heißt {name}"), ("heisst", r"meine? {kind} heisst {name}")),
        "employer": (("arbeite", r"ich arbeite(?: jetzt)? (?:bei|für) {name}"),),
        "phone": (
            ("nummer", r"meine nummer ist(?: die)? {number}"),
            ("telefonnummer", r"meine telefonnummer ist(?: die)? {number}"),
            ("handynummer", r"meine handynummer ist(?: die)? {number}"),
        ),
        "email": (
            ("mail", r"meine e-?mail(?:-adresse)? ist {email}"),
            ("email", r"meine email(?:-?adresse)? ist {email}"),
        ),
        "allergy": (("allergisch", r"ich bin (?:stark )?allergisch (?:gegen|auf) {thing}"),),
        "diet": (
            ("vegetarier", r"ich bin (?P<value>vegetarier)\b"),
            ("vegetarierin", r"ich bin (?P<value>vegetarierin)\b"),
            ("veganer", r"ich bin (?P<value>veganer)\b"),
            ("veganerin", r"ich bin (?P<value>veganerin)\b"),
            ("diabetiker", r"ich bin (?P<value>diabetiker)\b"),
            ("diabetikerin", r"ich bin (?P<value>diabetikerin)\b"),
        ),
        "instruction": (
            ("nie", r"(?P<value>(?:bitte )?(?:ruf|rufen sie|sprich|sprechen sie|erwähn|erwähnen sie)\b.*\bnie\b.+)"),
            (
                "immer",
                r"(?P<value>(?:bitte )?(?:sprich|sprechen sie|antworte|antworten sie|duz|siez|schreib)\b.*\bimmer\b.+)",
            ),
            ("vor", r"(?P<value>(?:bitte )?(?:ruf mich|rufen sie mich)(?: bitte)? (?:nicht|nie) vor\b.+)"),
        ),
    },
    "hi": {
        "name": (("नाम", r"मेरा नाम {word} है"),),
        "home": (
            ("रहती", r"मैं (?:अब )?{word} में रहती हूँ"),
            ("रहता", r"मैं (?:अब )?{word} में रहता हूँ"),
            ("रहते", r"हम (?:अब )?{word} में रहते हैं"),
        ),
        "relation": (("नाम", r"मेर[ेी] {kind} का नाम {word} है"),),
        "phone": (("नंबर", r"मेरा (?:फ़ोन |फोन |मोबाइल )?नंबर {number} है"),),
        "email": (("ईमेल", r"मेरा ईमेल {email} है"),),
        "allergy": (("एलर्जी", r"मुझे {word} से एलर्जी है"),),
        "diet": (("शाकाहारी", r"मैं (?P<value>शाकाहारी) हूँ"),),
        "instruction": (
            (
                "मत",
                r"(?P<value>मुझे .{{2,40}} (?:से पहले|के बाद) (?:कभी )?(?:फ़ोन|फोन|कॉल) मत (?:करना|कीजिए|कीजिएगा"
                r"|करो))",
            ),
        ),
    },
    "ja": {
        "name": (
            ("", r"(?:^|私の|わたしの|僕の)名前は{word}です"),
            ("", r"(?:私は|わたしは|僕は)?{word}と申します"),
            ("", r"(?:私は|僕は){word}といいます"),
        ),
        "home": (("", r"(?:(?:私は|僕は|今は|今、)|^){word}に住んでいます"), ("", r"(?:^|、){word}に引っ越しました")),
        "relation": (("", r"(?:^|私の|うちの){kind}の名前は{word}です"),),
        "phone": (("", r"(?:私の)?電話番号は{number}です"),),
        "email": (("", r"(?:私の)?メール(?:アドレス)?は{email}です"),),
        "allergy": (
            ("", r"(?:(?:私は|僕は)|^){word}アレルギーがあります"),
            ("", r"(?:(?:私は|僕は)|^){word}アレルギーです"),
        ),
        "diet": (("", r"(?:私は|僕は)(?P<value>ベジタリアン|ヴィーガン|ビーガン)です"),),
        "instruction": (
            ("", r"(?P<value>.{{1,20}}(?:前|以降|まで)(?:に|は|には)電話しないでください)"),
            ("", r"(?P<value>(?:いつも|必ず|これからは).{{1,30}}(?:話して|答えて|呼んで)ください)"),
        ),
    },
}
"""Attribute -> frames. They stand at the beginning of a clause, whatever the case of their letters."""

ASKED_NAME = r"cómo te llamas|cómo se llama usted|su nombre|tu nombre|wie heißt du|wie heißen sie|ihr name|dein name"
ASKED_HOME = r"dónde vives|dónde vive usted|wo wohnst du|wo wohnen sie"
ASKED_EMAIL = r"mail|correo|メール|ईमेल"
ASKED_PHONE = r"phone|mobile|number|teléfono|móvil|celular|nummer|telefon|電話|नंबर|फ़ोन"
"""What a question has that asks for one of these."""
