"""Phrases that are recognised for what they do in a talk, by language.

A phrase counts whatever its case, punctuation and accents of emphasis ("OK!", "Mm-hm."). Where a list ends, nothing is
lost: what no list knows is taken for something said.
"""

from __future__ import annotations

from toldonce.text.phrases import plain


def _phrases(lists: dict[str, str]) -> frozenset[str]:
    return frozenset(plain(phrase) for text in lists.values() for phrase in text.split(","))


YES = _phrases(
    {
        "en": "yes, yeah, yep, yup, yah, yea, sure, certainly, definitely, correct, right, exactly, true, absolutely",
        "de": "ja, jawohl, jep, genau, richtig, stimmt",
        "es": "sí, si, claro, correcto, exacto",
        "fr": "oui, ouais, si, exact, tout à fait",
        "it": "sì, si, esatto, certo",
        "pt": "sim, isso, certo, exato",
        "nl": "ja, jawel, jazeker",
        "sv, da, no": "ja, jo, jep, ja visst",
        "pl": "tak, no tak, owszem",
        "cs": "ano, jo",
        "ru, uk": "да, ага, так, конечно",
        "tr": "evet, tabii",
        "ar": "نعم, أجل, ايوه",
        "he": "כן",
        "hi": "हाँ, हां, जी हाँ",
        "zh": "是, 是的, 对, 對, 对的, 有, 嗯",
        "ja": "はい, ええ, うん, そうです",
        "ko": "네, 예, 응",
        "vi": "vâng, dạ, có, phải",
        "th": "ใช่, ใช่ครับ, ใช่ค่ะ",
        "id": "ya, iya, betul",
    }
)
"""Agreement. As the answer to a question it is an answer; after a statement it adds nothing."""

NO = _phrases(
    {
        "en": "no, nope, nah, never, none, not really, not at all, no way",
        "de": "nein, nee, nö, niemals, gar nicht",
        "es": "no, nunca, para nada",
        "fr": "non, jamais, pas du tout",
        "it": "no, mai, per niente",
        "pt": "não, nunca, de jeito nenhum",
        "nl": "nee, nooit",
        "sv, da, no": "nej, nei, aldrig, aldri",
        "pl": "nie, nigdy",
        "cs": "ne, nikdy",
        "ru, uk": "нет, не, ні, никогда",
        "tr": "hayır, yok",
        "ar": "لا, كلا",
        "he": "לא",
        "hi": "नहीं, जी नहीं",
        "zh": "不, 不是, 没有, 沒有, 不对, 不用",
        "ja": "いいえ, いや, ううん, 違います",
        "ko": "아니요, 아니오, 아니",
        "vi": "không, dạ không",
        "th": "ไม่, ไม่ใช่, ไม่ครับ, ไม่ค่ะ",
        "id": "tidak, bukan, nggak",
    }
)
"""Denial. It says something after whatever it follows."""

ASSENTS = _phrases(
    {
        "en": "ok, okay, okey, k, alright, all right, fine, good, great, nice, cool, perfect, awesome, lovely, wonderful, "
        "excellent, amazing, sounds good, of course, no problem, very, really, indeed, totally, so, please, it is, that is",
        "de": "okay, gut, super, toll, prima, alles klar, na gut, schön, bitte",
        "es": "vale, bien, muy bien, perfecto, genial, por favor, de acuerdo",
        "fr": "d'accord, ok, bien, très bien, parfait, super, s'il vous plaît, s'il te plaît",
        "it": "va bene, bene, perfetto, per favore, d'accordo",
        "pt": "tá, tá bom, bem, perfeito, beleza, por favor",
        "nl": "oké, goed, prima, alsjeblieft",
        "sv, da, no": "okej, bra, godt, greit",
        "pl": "dobrze, okej, proszę",
        "cs": "dobře, prosím",
        "ru, uk": "хорошо, ладно, добре, пожалуйста",
        "tr": "tamam, peki, lütfen",
        "ar": "حسنا, تمام",
        "he": "בסדר, בבקשה",
        "hi": "ठीक है, अच्छा, जी",
        "zh": "好, 好的, 行, 可以",
        "ja": "わかりました, 分かりました, 了解です, お願いします",
        "ko": "그래, 알겠습니다, 알겠어요, 좋아요",
        "vi": "được, tốt",
        "th": "โอเค, ครับ, ค่ะ",
        "id": "oke, baik, tolong",
    }
)
"""What says yes to a question, and otherwise only that somebody listens."""

COURTESIES = _phrases(
    {
        "sounds": "mm, mmm, mhm, mhmm, mm hm, mm hmm, uh huh, uhuh, uh, uhm, um, umm, hm, hmm, hmmm, er, erm, ah, aha, "
        "ahh, oh, ooh, ohh, eh, wow, yay, huh, haha, hahaha, hehe, jaja, lol",
        "en": "gotcha, got it, i see, thanks, thank, thank you, thx, ta, cheers, welcome, you're welcome, you, it, hi, "
        "hello, hey, heya, hiya, bye, goodbye, good bye, bye bye, night, good night, there, again, much, very much, so much, "
        "morning, good morning, afternoon, good afternoon, evening, good evening, well, then, and, see you, take care, "
        "you too, never mind, hang on, one moment, go on",
        "de": "danke, danke schön, dankeschön, vielen dank, hallo, hi, guten morgen, guten tag, guten abend, gute nacht, "
        "tschüss, auf wiedersehen, bis dann, ach so, aha",
        "es": "gracias, muchas gracias, de nada, hola, buenos días, buenas tardes, buenas noches, adiós, hasta luego, chao, "
        "ajá, entiendo",
        "fr": "merci, merci beaucoup, de rien, bonjour, bonsoir, bonne nuit, salut, au revoir, à bientôt, ah bon, je vois",
        "it": "grazie, grazie mille, prego, ciao, buongiorno, buonasera, buonanotte, arrivederci, a presto, capito",
        "pt": "obrigado, obrigada, muito obrigado, muito obrigada, de nada, olá, oi, bom dia, boa tarde, boa noite, tchau, "
        "até logo, entendi",
        "nl": "dank je, dank u, bedankt, dankjewel, graag gedaan, hallo, hoi, goedemorgen, goedemiddag, goedenavond, "
        "welterusten, doei, tot ziens",
        "sv, da, no": "tack, tack så mycket, tak, mange tak, takk, tusen takk, hej, hei, god morgon, god morgen, god natt, "
        "hej då, ha det",
        "pl": "dziękuję, dzięki, cześć, dzień dobry, dobry wieczór, dobranoc, do widzenia, pa",
        "cs": "děkuji, díky, ahoj, dobrý den, dobrou noc, na shledanou",
        "ru, uk": "понятно, спасибо, большое спасибо, привет, здравствуйте, доброе утро, добрый день, добрый вечер, "
        "спокойной ночи, пока, до свидания, дякую, привіт",
        "tr": "teşekkürler, teşekkür ederim, sağ ol, merhaba, selam, günaydın, iyi geceler, hoşça kal, görüşürüz",
        "ar": "شكرا, شكرا جزيلا, عفوا, مرحبا, أهلا, السلام عليكم, صباح الخير, مساء الخير, مع السلامة",
        "he": "תודה, תודה רבה, שלום, היי, בוקר טוב, לילה טוב, להתראות",
        "hi": "धन्यवाद, शुक्रिया, नमस्ते, अलविदा, शुभ रात्रि",
        "zh": "哦, 嗯嗯, 谢谢, 謝謝, 谢谢你, 多谢, 不客气, 你好, 您好, 早上好, 早安, 晚上好, 晚安, 再见, 拜拜, 明白, 知道了",
        "ja": "ええと, なるほど, そうですか, ありがとう, ありがとうございます, どうも, すみません, こんにちは, こんばんは, おはよう, "
        "おはようございます, おやすみ, おやすみなさい, さようなら, じゃあね, またね",
        "ko": "그렇군요, 감사합니다, 고마워요, 고맙습니다, 안녕, 안녕하세요, 안녕히 가세요, 잘 자",
        "vi": "cảm ơn, cảm ơn bạn, xin chào, chào, tạm biệt, chúc ngủ ngon, à",
        "th": "ขอบคุณ, ขอบคุณครับ, ขอบคุณค่ะ, สวัสดี, สวัสดีครับ, สวัสดีค่ะ",
        "id": "terima kasih, makasih, sama sama, halo, hai, selamat pagi, selamat siang, selamat malam, sampai jumpa",
    }
)
"""Greetings, thanks and sounds of listening: they answer nothing."""

RECOGNISER_CLOSINGS = _phrases(
    {
        "en": "thank you for watching, thanks for watching, thank you so much for watching, thank you for listening, "
        "please subscribe, like and subscribe, don't forget to subscribe, see you in the next video, "
        "subtitles by the amara org community",
        "de": "untertitel der amara org community, vielen dank fürs zuschauen, untertitel im auftrag des zdf",
        "es": "subtítulos por la comunidad de amara org, gracias por ver el video",
        "fr": "sous titres réalisés par la communauté d'amara org, merci d'avoir regardé cette vidéo",
        "it": "sottotitoli creati dalla comunità amara org",
        "pt": "legendas pela comunidade amara org, obrigado por assistir",
        "ru": "продолжение следует, субтитры сделал dimatorzok",
        "zh": "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目, 謝謝觀看, 谢谢观看",
        "ja": "ご視聴ありがとうございました",
        "ko": "시청해 주셔서 감사합니다",
    }
)
"""What recognisers trained on video subtitles write where nobody spoke."""
