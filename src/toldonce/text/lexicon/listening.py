"""How a listener says that something was taken note of, or that nothing is known: by language (ISO 639-1).

Words as ``text.phrases.plain`` writes them: case-folded, accents kept. Of languages without spaces these are parts of
words.
"""

from __future__ import annotations

NOTING: dict[str, frozenset[str]] = {
    code: frozenset(words.split())
    for code, words in {
        "en": """
            note noted save saved store stored record recorded remember remembered memorise memorised memorize memorized
            update updated add added log logged register registered understood keep kept write written put set heard
            corrected changed fixed
            copy roger done safe mind memory notes list it's i'll i've that's all
            """,
        "de": """
            notiert gespeichert gemerkt vermerkt verstanden eingetragen aufgeschrieben hinterlegt erledigt gemacht
            aktualisiert ergänzt merke notiere
            """,
        "es": """
            anotado anotada anoto guardado guardada guardo apuntado apuntada apunto registrado registrada entendido
            comprendido recordaré recordado hecho listo actualizado actualizada añadido agregado
            """,
        "fr": "noté notée note enregistré enregistrée compris entendu retenu retiens fait ajouté c'est j'ai",
        "it": "annotato annotata salvato salvata registrato registrata capito ricevuto fatto aggiornato aggiunto",
        "pt": """
            anotado anotada anotei guardado guardada guardei salvo salvei registrado registado entendido compreendido
            feito pronto atualizado adicionado lembrarei
            """,
        "nl": "genoteerd opgeslagen begrepen onthouden gedaan bijgewerkt toegevoegd noteer onthoud",
        "sv, da, no": "noterat noteret notert sparat gemt lagret uppfattat forstået forstått klart husker minns",
        "pl": "zapisane zapisano zapisałem zapisałam zanotowane zanotowano rozumiem zrozumiano gotowe zrobione",
        "cs, sk": "zapsáno zapísané uloženo uložené rozumím rozumiem hotovo zapamatuji zapamätám",
        "ru, uk": "записал записала записано запомнил запомнила сохранил сохранила сохранено понял поняла готово",
        "tr": "kaydettim kaydedildi anladım anlaşıldı tamamdır hatırlayacağım eklendi",
        "id": "dicatat tersimpan disimpan dimengerti siap",
    }.items()
}
"""Words of saying so. "Noted.", "Ich habe es notiert.", "Gracias, guardado." are made of them and function words."""

NOTING_UNSPACED = frozenset(
    """
    记住 記住 记下 記下 记好 已记 已記 收到 明白 知道了 保存 已存 了解 覚え 承知 記録 保存し かしこまり メモし
    จดไว้ บันทึก รับทราบ จำไว้     기억할게요 기억하겠습니다 저장했 메모했 알겠습니다 기록했
    """.split()
)
"""The same where spaces do not tell words apart, or words have many endings."""

NOTING_LENGTH = 5
"""Words, at most, of such an answer where what stands around the noting cannot be told."""

DENYING: dict[str, str] = {
    "de": "nicht nichts kein keine keinen",
    "es": "no nada ninguna ningún desconozco",
    "fr": "ne n'ai n'en pas aucune aucun ignore",
    "it": "non nessuna nessun ignoro",
    "pt": "não nenhuma nenhum desconheço",
    "nl": "niet geen niets",
    "sv, da, no": "inte ikke ingen inget",
    "pl": "nie nic",
    "cs, sk": "nevím neviem nemám",
    "ru, uk": "не нет нету немає",
    "tr": "bilmiyorum yok değil",
    "id": "tidak belum",
    "vi": "không",
    "ar": "لا لم ليس",
    "he": "לא אין",
    "hi": "नहीं",
    "zh": "不知 不清 没有 沒有 不了",
    "ja": "ませ せん ない",
    "ko": "모르 릅니 없습 없어",
}
"""With one of these a reply denies. For languages without spaces, pairs of characters as ``text.tokens`` reads them."""

KNOWING: dict[str, str] = {
    "de": "weiß wissen information informationen bekannt ahnung gesagt dazu darüber",
    "es": "sé saber información dato datos dicho contado conozco desconozco",
    "fr": "sais sait information informations dit connais ignore",
    "it": "so informazione informazioni detto conosco saperlo ignoro",
    "pt": "sei informação informações disse conheço desconheço",
    "nl": "weet informatie gezegd bekend",
    "sv, da, no": "vet ved information informasjon oplysninger",
    "pl": "wiem informacji informacja",
    "cs, sk": "nevím neviem informaci informáciu",
    "ru, uk": "знаю известно информации данных",
    "tr": "bilmiyorum bilgi bilgim",
    "id": "tahu informasi",
    "vi": "biết thông tin",
    "ar": "أعرف أعلم معلومات",
    "he": "יודע יודעת מידע",
    "hi": "पता मालूम जानकारी",
    "zh": "我不知道 不清楚 没有这个信息 没有相关信息 对此我不了解",
    "ja": "わかりません 分かりません 知りません 存じません 情報がありません その情報は",
    "ko": "모르겠습니다 모르겠어요 모릅니다 정보가 없습니다 그 정보는",
}
"""What is denied by a reply that does not know. English: ``lexicon.english.KNOWING``."""

APOLOGISING: dict[str, str] = {
    "de": "tut leid leider entschuldigung",
    "es": "siento perdón disculpa disculpe lamento",
    "fr": "désolé désolée regrette excusez pardon malheureusement",
    "it": "dispiace spiace scusa scusi purtroppo",
    "pt": "sinto muito desculpe desculpa lamento infelizmente",
    "nl": "sorry helaas spijt",
    "sv, da, no": "tyvärr desværre dessverre ledsen beklager",
    "pl": "przykro przepraszam niestety",
    "cs, sk": "omlouvám prepáčte bohužel bohužiaľ lituji",
    "ru, uk": "извините простите жаль сожалению вибачте шкода",
    "tr": "üzgünüm maalesef",
    "id": "maaf",
    "vi": "xin lỗi tiếc rất",
    "ar": "آسف عذرا",
    "he": "מצטער מצטערת",
    "hi": "माफ़ कीजिए क्षमा",
    "zh": "对不起 很抱歉",
    "ja": "すみません ごめんなさい 申し訳ありません 申し訳ございません",
    "ko": "죄송합니다 미안해요",
}
"""What else such a reply may be made of."""
