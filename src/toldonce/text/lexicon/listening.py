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
