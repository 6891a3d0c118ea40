"""Words that say nothing about what a sentence is about, as ``tokenize`` writes them (case-folded, not stemmed)."""

from __future__ import annotations

ENGLISH = frozenset(
    """
    a about above after again against all also am an and another any anybody anyone anything are as at away
    be because been before being below between both but by can cannot could did do does doing done down during
    each either else ever every everyone everything few for from further get gets getting give given go goes going
    gone got had has have having he hence her here hers herself him himself his how however i if in into is it its
    itself just kind let lot lots made make makes making many may maybe me might mine more most much must my myself
    neither never no nobody none nor not nothing now of off often on once one only onto or other others our ours
    ourselves out over own perhaps please quite rather really same say says she should since so some somebody someone
    something sometimes sort still such than that the their theirs them themselves then there therefore these they
    thing things this those though through thus to together too toward towards type under until up upon us very via
    was we well were what whatever when whenever where whether which while who whoever whom whose why will with
    within without would yes yet you your yours yourself yourselves
    """.split()
)
"""Dropped from what is searched for, when the query is English or of no known language."""

FIRST_PERSON = frozenset({"i", "me", "my", "mine", "myself", "we", "us", "our", "ours", "ourselves"})
"""Words by which a speaker speaks of herself."""

OTHER_LATIN = frozenset(
    """
    el la los las del una unos unas que como pero para por con muy esta este estos soy eres somos cuando donde quien
    le les des du une est et je tu il elle nous vous ils elles dans sur avec pour pas mais ou quand qui quoi mon ma mes
    der die das den dem des ein eine einen einem einer und ich du er sie es wir ihr ist sind bin war nicht mit auf fur
    von zu im wann wo wer wie mein meine
    il lo gli uno della dei degli che sono sei siamo non perche quando dove chi mio mia
    o os um uma uns umas da dos das em no na nos nas nao voce eu ele ela com mais meu minha
    het een van ik je hij zij wij niet en waar wanneer wie mijn zijn
    og jeg ikke det som pa av att och jag inte ar
    nie jest sie ja ty on ona
    """.split()
) - {"on", "no", "so", "is", "in", "a", "i", "o", "war", "die", "den", "en", "pa", "ja", "da", "do", "ma", "av", "na"}
"""Function words of other languages in Latin script (diacritics folded), less those that are English words too."""
