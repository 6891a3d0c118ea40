"""Phrases that are recognised for what they do in a talk, by language.

A phrase counts whatever its case, punctuation and accents of emphasis ("OK!", "Mm-hm."). Where a list ends, nothing is
lost: what no list knows is taken for something said.
"""

from __future__ import annotations

import re

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
        "el": "ναι, σωστά, βέβαια",
        "hu": "igen, persze, így van",
        "ro": "da, sigur, corect",
        "fi": "kyllä, joo, juu",
        "bg, mk": "да, точно",
        "hr, sr, bs": "da, točno, tačno, да",
        "sk": "áno, hej, jasné",
        "ca": "sí, és clar",
        "fa": "بله, آره, درسته",
        "ur": "جی, جی ہاں, ہاں",
        "bn": "হ্যাঁ, জি",
        "ta": "ஆம், ஆமா",
        "sw": "ndiyo, ndio",
        "tl": "oo, opo",
        "et, lv, lt": "jah, jā, taip",
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
        "el": "όχι, ποτέ",
        "hu": "nem, soha",
        "ro": "nu, niciodată",
        "fi": "ei, en, ei koskaan",
        "bg, mk": "не, никога",
        "hr, sr, bs": "ne, nikad, не",
        "sk": "nie, nikdy",
        "ca": "no, mai",
        "fa": "نه, خیر, هرگز",
        "ur": "نہیں, جی نہیں",
        "bn": "না",
        "ta": "இல்லை",
        "sw": "hapana",
        "et, lv, lt": "ei, nē, ne",
    }
)
"""Denial. It says something after whatever it follows."""

ASSENTS = _phrases(
    {
        "sounds": "mm hm, mm hmm, mhm, mhmm, mmhm, uh huh, uhuh, huh uh, uh uh, mm mm, hm mm, nuh uh",
        "en": "ok, okay, okey, k, alright, all right, fine, good, great, nice, cool, perfect, awesome, lovely, wonderful, "
        "excellent, amazing, sounds good, of course, no problem, very, really, indeed, totally, so, please, it is, that is, "
        "will do",
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
        "el": "εντάξει, καλά, παρακαλώ",
        "hu": "rendben, jó, kérem",
        "ro": "bine, în regulă, vă rog",
        "fi": "selvä, hyvä, kiitos kyllä",
        "bg, mk": "добре, моля",
        "hr, sr, bs": "dobro, u redu, može, molim",
        "sk": "dobre, v poriadku, prosím",
        "fa": "باشه, خوبه, لطفا",
        "ur": "ٹھیک ہے, اچھا",
        "bn": "ঠিক আছে",
        "sw": "sawa",
    }
)
"""What answers a question, most of it with yes, and otherwise only tells that somebody listens."""

COURTESIES = _phrases(
    {
        "sounds": "ah, aha, oh, wow, yay, huh, haha, hahaha, hehe, jaja, lol, えーと, えっと, うーん, 呃, 음, 어",
        "en": "gotcha, got it, i see, thanks, thank, thank you, thank you so much, thank you very much, thanks so much, "
        "thanks very much, thanks a lot, thanks again, thank you again, many thanks, thx, ta, cheers, you're welcome, hi, "
        "hi there, hello, hello there, hello again, hey, hey there, heya, hiya, bye, bye now, goodbye, good bye, bye bye, "
        "good night, good morning, good afternoon, good evening, good day, see you, see you soon, see you later, take care, "
        "you too, never mind, hang on, one moment",
        "de": "danke, danke schön, dankeschön, vielen dank, hallo, hi, guten morgen, guten tag, guten abend, gute nacht, "
        "tschüss, auf wiedersehen, bis dann, ach so, aha",
        "es": "gracias, muchas gracias, de nada, hola, buenos días, buenas tardes, buenas noches, adiós, hasta luego, chao, "
        "ajá, entiendo",
        "fr": "merci, merci beaucoup, de rien, bonjour, bonsoir, bonne nuit, salut, au revoir, à bientôt, ah bon, je vois",
        "it": "grazie, grazie mille, prego, ciao, buongiorno, buonasera, buonanotte, arrivederci, a presto, capito",
        "pt": "obrigado, obrigada, muito obrigado, muito obrigada, de nada, olá, oi, bom dia, boa tarde, boa noite, tchau, "
        "até logo, entendi",
        "nl": "dank je, dank je wel, dank u, dank u wel, bedankt, dankjewel, graag gedaan, hallo, hoi, goedemorgen, goedemiddag, goedenavond, "
        "welterusten, doei, tot ziens",
        "sv, da, no": "tack, tack så mycket, tak, mange tak, takk, tusen takk, hej, hei, god morgon, god morgen, god natt, "
        "hej då, ha det",
        "pl": "dziękuję, dziękuję bardzo, bardzo dziękuję, dzięki, cześć, dzień dobry, dobry wieczór, dobranoc, do widzenia, pa",
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
        "th": "ขอบคุณ, ขอบคุณครับ, ขอบคุณค่ะ, สวัสดี, สวัสดีครับ, สวัสดีค่ะ, ลาก่อน",
        "id": "terima kasih, makasih, sama sama, halo, hai, selamat pagi, selamat siang, selamat malam, sampai jumpa",
        "el": "ευχαριστώ, ευχαριστώ πολύ, γεια, γεια σου, γεια σας, καλημέρα, καλησπέρα, καληνύχτα, αντίο",
        "hu": "köszönöm, köszi, kösz, szia, sziasztok, helló, jó reggelt, jó napot, jó estét, jó éjszakát, viszlát, viszontlátásra",
        "ro": "mulțumesc, mersi, bună, salut, bună ziua, bună dimineața, bună seara, noapte bună, la revedere, pa pa",
        "fi": "kiitos, kiitti, kiitos paljon, hei, terve, huomenta, hyvää huomenta, hyvää päivää, hyvää iltaa, hyvää yötä, "
        "hei hei, moi moi, näkemiin",
        "bg, mk": "благодаря, мерси, здравей, здравейте, здрасти, добро утро, добър ден, довиждане, чао, лека нощ, благодарам, здраво",
        "hr, sr, bs": "hvala, hvala lijepa, hvala vam, hvala puno, bok, zdravo, ćao, dobro jutro, dobar dan, dobra večer, laku noć, "
        "doviđenja, хвала, довиђења",
        "sk": "ďakujem, vďaka, dobré ráno, dobrý večer, dovidenia, čau",
        "uk": "до побачення, добрий ранок, бувай, на все добре, щиро дякую",
        "ca": "gràcies, moltes gràcies, bon dia, bona tarda, bona nit, adéu",
        "fa": "ممنون, مرسی, متشکرم, خیلی ممنون, سلام, خداحافظ, صبح بخیر, شب بخیر",
        "ur": "شکریہ, بہت شکریہ, سلام, خدا حافظ, اللہ حافظ",
        "bn": "ধন্যবাদ, নমস্কার, বিদায়, শুভ রাত্রি",
        "ta, te, ml": "நன்றி, வணக்கம், ధన్యవాదాలు, నమస్కారం",
        "pa, gu, mr": "ਧੰਨਵਾਦ, આભાર, धन्यवाद, नमस्कार, आभार",
        "sw": "asante, asante sana, jambo, habari, kwaheri, usiku mwema",
        "tl": "salamat, salamat po, maraming salamat, kumusta, paalam, magandang umaga, magandang gabi",
        "ms": "selamat tinggal, selamat jalan, jumpa lagi",
        "af": "dankie, baie dankie, totsiens, goeiemôre, goeienag",
        "is": "takk fyrir, halló, bless, góðan daginn, góða nótt",
        "et, lv, lt": "aitäh, tere, head aega, paldies, sveiki, labdien, ardievu, ačiū, labas, laba diena, viso gero",
        "sl": "hvala lepa, dober dan, nasvidenje, živjo, lahko noč, dobro jutro",
        "sq": "faleminderit, përshëndetje, mirupafshim, tungjatjeta",
        "ka, hy": "მადლობა, გამარჯობა, ნახვამდის, շնորհակալություն, բարև, ցտեսություն",
        "eu, gl": "eskerrik asko, kaixo, agur, grazas, ata logo",
        "ga, cy": "go raibh maith agat, slán, dia dhuit, diolch, hwyl, bore da, nos da",
    }
)
"""Greetings, thanks and sounds of listening: they answer nothing."""

FILLING = _phrases(
    {
        "en": "you, it, welcome, night, there, again, much, very much, so much, morning, afternoon, evening, well, then, "
        "and, go on",
    }
)
"""What fills a courtesy ("Morning, and thank you very much"), and may be an answer by itself ("When?" - "Morning.")."""

PLEASANTRIES = YES | NO | ASSENTS | COURTESIES | FILLING
"""What needs no memory, in any order."""

HOLDING = _phrases(
    {
        "en": "sorry, sorry what, pardon, pardon me, excuse me, what, what was that, wait, wait a minute, hold on, hang on, "
        "one sec, one second, a second, just a sec, just a second, one moment, a moment, just a moment, one minute, "
        "just a minute, give me a second, give me a moment, give me a minute, let me think, let me see, let me check, "
        "let me look, i'm thinking, good question, can you hear me, can you repeat that, could you repeat that, "
        "say that again, come again, uh, um, hm, so, well, please",
        "de": "moment, einen moment, moment mal, warte, warten sie, mal sehen, lass mich überlegen, wie bitte",
        "es": "un momento, un segundo, espera, espere, a ver, déjame pensar, déjame ver, cómo, perdón",
        "fr": "un instant, une seconde, un moment, attends, attendez, voyons, laissez moi réfléchir, pardon, comment",
        "it": "un momento, un attimo, aspetta, aspetti, vediamo, fammi pensare, come, scusi",
        "pt": "um momento, um segundo, espera, espere, deixa eu ver, deixa eu pensar, como, desculpe",
        "nl": "moment, een moment, wacht, even kijken, even denken, sorry",
        "sv, da, no": "vänta, ett ögonblick, vent, et øjeblikk, et øyeblikk, lad mig se, få se",
        "pl": "chwila, chwileczkę, moment, zaraz",
        "ru, uk": "секунду, минуту, подожди, подождите, сейчас, одну секунду, хвилинку",
        "tr": "bir saniye, bir dakika, bekle",
        "ar": "لحظة, ثانية",
        "hi": "एक मिनट, रुकिए",
        "zh": "等一下, 等等, 稍等, 让我想想, 我想想",
        "ja": "ちょっと待って, 待って, 少々お待ちください",
        "ko": "잠깐만, 잠깐만요, 잠시만요",
    }
)
"""What somebody says who will answer in a moment, or did not hear: the question still waits."""

RECOGNISER_CLOSINGS = _phrases(
    {
        "en": "thank you for watching, thanks for watching, thank you so much for watching, thank you for listening, "
        "thank you for your attention, please subscribe, like and subscribe, please like and subscribe, "
        "don't forget to subscribe, don't forget to like and subscribe, subscribe to my channel, see you next time, "
        "see you in the next video, see you in the next one, i'll see you next time, i'll see you in the next video, and",
        "de": "vielen dank fürs zuschauen, danke fürs zuschauen, vielen dank fürs zuhören, bis zum nächsten mal",
        "es": "gracias por ver el video, gracias por ver, gracias por ver el vídeo, suscríbete, suscríbete al canal, "
        "no olvides suscribirte",
        "fr": "merci d'avoir regardé cette vidéo, merci d'avoir regardé, abonnez vous, n'oubliez pas de vous abonner",
        "it": "grazie per la visione, grazie per aver guardato il video, iscrivetevi al canale",
        "pt": "obrigado por assistir, obrigada por assistir, obrigado por assistirem, inscreva se no canal",
        "nl": "bedankt voor het kijken, bedankt voor het luisteren",
        "sv, da, no": "tack för att ni tittade, tak fordi i så med, takk for at du så på",
        "pl": "dziękuję za uwagę, dzięki za oglądanie, dziękuję za oglądanie",
        "cs, sk": "děkuji za pozornost, děkuji za sledování, ďakujem za pozornosť",
        "hu, ro": "köszönöm, hogy megnézted, vă mulțumesc pentru vizionare, mulțumesc pentru vizionare",
        "ru, uk": "продолжение следует, спасибо за просмотр, спасибо за внимание, подписывайтесь на канал, дякую за перегляд",
        "tr": "izlediğiniz için teşekkürler, izlediğiniz için teşekkür ederim, abone olmayı unutmayın",
        "el": "ευχαριστώ που παρακολουθήσατε",
        "ar": "شكرا للمشاهدة, شكرا على المشاهدة, اشتركوا في القناة",
        "he": "תודה על הצפייה, תודה שצפיתם",
        "hi": "देखने के लिए धन्यवाद",
        "zh": "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目, 謝謝觀看, 谢谢观看, 感谢观看, 感謝觀看, 谢谢大家, 谢谢大家收看",
        "ja": "ご視聴ありがとうございました, ご視聴ありがとうございます, ご清聴ありがとうございました, "
        "チャンネル登録お願いします, 次の動画でお会いしましょう",
        "ko": "시청해 주셔서 감사합니다, 구독과 좋아요 부탁드립니다, 다음 영상에서 만나요",
        "vi, id": "cảm ơn các bạn đã theo dõi, hãy subscribe cho kênh, terima kasih sudah menonton, "
        "terima kasih telah menonton",
    }
)
"""How videos end: what recognisers trained on subtitles write where nobody spoke."""

SUBTITLES = re.compile(
    r"subtitl|caption|transcri|untertitel|sous titr|subtítul|subtitul|sottotitol|legendas|ondertitel|undertext|undertekst|"
    r"teksting|tekster|tekstet|tekstitys|napisy|titulky|felirat|субтитр|редактор субтитр|altyazı|υπότιτλ|ترجمة|כתוביות|"
    r"字幕|자막"
)
"""How a line begins that says who made the subtitles, as ``plain`` writes it."""

CREDITING = frozenset(
    """
    by the from and community team made created provided translated edited submitted
    von der des die das im auftrag für par de la le les du communauté réalisés réalisé por el comunidad da dos do pela
    a cura di della e revisione creati dalla comunità comunidade door ingediend gemeenschap av af från fra för til
    przez stworzone społeczność vytvořil vytvořila делал сделал создавал сделаны корректор от készítette
    """.split()
)
"""What stands between the subtitles and their maker, whose name has a capital."""

NOISES = frozenset(
    """
    music laughter laugh chuckle giggle applause clap cheer cough sneeze sigh gasp breath breathe sniff sniffle sob cry
    silence silent pause blank noise noisy static beep ring buzz hum bark meow knock chirp chatter inaudible
    unintelligible indistinct indistinctly crosstalk overlap foreign background audio sound speak speech sing
    whisper yawn groan grunt scream shout mumble murmur footstep thunder rain wind typing slam honk siren clear
    unk unknown sil eps hes hesitation nospeech
    musik lachen lacht gelächter applaus husten hustet räuspern räuspert seufzt stille pause geräusch unverständlich
    musique rires rire applaudissements toux silence bruit soupir soupire inaudible
    música risas risa aplausos tos tose silencio ruido suspira suspiro inaudible sonido fondo
    musica risate risata applausi silenzio rumore sospira incomprensibile
    risos aplausos silêncio ruído muziek gelach stilte applaus
    музыка смех аплодисменты тишина шум кашель неразборчиво muzyka śmiech cisza brawa szum müzik alkış gülüşmeler
    موسيقى ضحك تصفيق צחוק מוזיקה संगीत
    音楽 拍手 笑 笑い 音乐 音樂 掌声 笑声 咳 沉默 听不清 음악 박수 웃음
    """.split()
)
"""What recognisers and transcribers write in brackets: sounds, and that there was none."""
