"""Twenty talks, with the facts that a careful person would note of each; whatever is not listed nobody should note.

``u`` is the person, ``a`` the assistant. A fact is an attribute and a value in the words of the talk.
"""

from __future__ import annotations

from typing import Literal, NamedTuple


class Talk(NamedTuple):
    language: str
    said: tuple[tuple[Literal["user", "assistant"], str], ...]
    facts: frozenset[tuple[str, str]]


def talk(language: str, said: str, facts: str) -> Talk:
    lines = [line.strip().partition(" ") for line in said.strip().splitlines()]
    noted = [line.strip().partition(": ") for line in facts.strip().splitlines()]
    return Talk(
        language,
        tuple(("user" if who == "u" else "assistant", text) for who, _, text in lines),
        frozenset((attribute, value) for attribute, _, value in noted),
    )


TALKS = (
    talk(
        "en",
        """
        a Hello! Who am I talking to?
        u Hi, I'm Marguerite, but everybody calls me Daisy.
        a Nice to meet you, Daisy. Where do you live?
        u In Galway.
        a Lovely. Do you live alone?
        u No, with my husband Fergal and a very old dog called Bosun.
        a Any allergies I should know about?
        u Penicillin.
        a Noted. Would you like me to book the doctor now?
        u Don't worry, I'll call her tomorrow.
        """,
        """
        name: Marguerite
        preferred name: Daisy
        home: Galway
        husband: Fergal
        dog: Bosun
        allergy: penicillin
        """,
    ),
    talk(
        "en",
        """
        u Good morning. My name is Theo Lindqvist and I work as a paramedic in Leeds.
        a That sounds demanding.
        u It is. Never ring me before noon when I'm on nights.
        a Of course.
        u My brother thinks I live in the ambulance.
        a Ha. Do you?
        u Nearly. My number is 07700 900461, by the way.
        a Got it. And your email?
        u theo.l@example.org
        a Thanks. Is it true that you are vegan?
        u No.
        """,
        """
        name: Theo Lindqvist
        occupation: paramedic
        instruction: Never ring me before noon when I'm on nights
        phone: 07700 900461
        email: theo.l@example.org
        """,
    ),
    talk(
        "en",
        """
        a Welcome back! Is your name Lina?
        u No, Lena, with an e.
        a Sorry, Lena. Are you still living in Cardiff?
        u We moved to Swansea in March, me and the kids.
        a How old are they?
        u My daughter Ffion is nine and my son Rhys is four.
        a And the cat?
        u Tigger died in spring, sadly.
        a I'm sorry. Can I help with anything today?
        u If I were a rich woman I'd live in Rome. No, just the weather, please.
        """,
        """
        name: Lena
        home: Swansea
        daughter: Ffion
        son: Rhys
        """,
    ),
    talk(
        "en",
        """
        u So the doctor says I'm diabetic. Type two.
        a I'm sorry to hear it. How do you feel?
        u Fine, honestly. I'm also allergic to shellfish and kiwi, so dinner is a puzzle.
        a Would a list help?
        u Yes. And please don't mention my weight.
        a I won't.
        u My sister is allergic to nuts, if she comes along.
        a When may I call you?
        u Only after six.
        a And when is your birthday?
        u The third of October.
        """,
        """
        diet: diabetic
        allergy: shellfish
        allergy: kiwi
        instruction: don't mention my weight
        instruction: Only after six
        birthday: 3 October
        """,
    ),
    talk(
        "en",
        """
        u Hey, it's me again.
        a Hello! How was the move?
        u Exhausting. I've finally left Bristol, I live in Bath now.
        a And the new job?
        u I started working at Hartwell Museums last Monday. My boss Imogen is a dream.
        a Shall I use your old number?
        u No, my new mobile number is 07700 900777.
        a Saved.
        u Always answer in metric units, I can't think in miles.
        a Understood.
        u Imagine, my neighbour said I live like a hermit.
        """,
        """
        home: Bath
        employer: Hartwell Museums
        boss: Imogen
        phone: 07700 900777
        instruction: Always answer in metric units, I can't think in miles
        """,
    ),
    talk(
        "en",
        """
        a Good evening. What should I call you?
        u Call me Captain. No, I'm joking, Oluwaseun is fine.
        a Oluwaseun it is. What do you do for a living?
        u I'm a structural engineer, mostly bridges.
        a And at home?
        u My wife Temitope and I have two daughters, Ayo and Dayo.
        a Lovely. Any pets?
        u A parrot, Mister Beak. He says "I live in London", but we live in Croydon.
        a Do you eat everything?
        u I don't eat pork.
        """,
        """
        occupation: structural engineer
        wife: Temitope
        daughter: Ayo
        daughter: Dayo
        parrot: Mister Beak
        home: Croydon
        avoids: pork
        preferred name: Oluwaseun
        """,
    ),
    talk(
        "en",
        """
        u I used to be vegan, but I'm not vegan any more.
        a What changed?
        u Cheese. Life is short.
        a Fair. Where shall we eat?
        u Call me old-fashioned, but I like the Greek place. I'm meeting my friend Noor at eight.
        a Would you like me to remind you?
        u Yes, call me at seven.
        a Are you from here?
        u I was born in Aleppo, and I've lived in Utrecht for eleven years.
        a And your work?
        u I teach. I would love to work for Unicef one day.
        """,
        """
        home: Utrecht
        friend: Noor
        """,
    ),
    talk(
        "en",
        """
        u My birthday is on May 6th. Sorry, no, it's May 8th, not May 6th.
        a The eighth, noted. Anything else for the form?
        u My work email is r.patel@example.com and I live at home with my mum in Leicester.
        a And an emergency contact?
        u My partner Joaquin.
        a His number?
        u 555-013-9921, he never answers before ten.
        a Thank you. Should I write in English?
        u Please write to me in Gujarati.
        a With pleasure.
        """,
        """
        birthday: 8 May
        work email: r.patel@example.com
        home: Leicester
        partner: Joaquin
        instruction: write to me in Gujarati
        """,
    ),
    talk(
        "es",
        """
        a ¡Hola! ¿Cómo te llamas?
        u Me llamo Inés Carrasco.
        a Encantada. ¿Dónde vives?
        u Vivo en Valencia, con mi abuela.
        a ¿Tienes alguna alergia?
        u Sí, soy alérgica a los frutos secos.
        a Entendido.
        u Nunca me llames antes de las nueve.
        a De acuerdo.
        u Mi madre vive en Sevilla y trabaja en un hospital.
        """,
        """
        name: Inés Carrasco
        home: Valencia
        allergy: frutos secos
        instruction: Nunca me llames antes de las nueve
        """,
    ),
    talk(
        "es",
        """
        u Buenas. Soy Rodrigo, el de ayer.
        a ¡Hola, Rodrigo! ¿Sigues en Burgos?
        u No, nos hemos mudado a Zaragoza.
        a ¿Y el trabajo?
        u Trabajo como electricista, por mi cuenta.
        a ¿Tu correo?
        u rodrigo.m@example.es
        a Perfecto. ¿Comes de todo?
        u Soy vegetariano desde hace años.
        a ¿Te aviso mañana?
        u Si viviera en Madrid, quizás.
        """,
        """
        name: Rodrigo
        home: Zaragoza
        occupation: electricista
        email: rodrigo.m@example.es
        diet: vegetariano
        """,
    ),
    talk(
        "es",
        """
        u Mi número de teléfono es el 600 123 456.
        a Gracias. ¿Cómo quieres que te llame?
        u Llámame Paco.
        a Muy bien, Paco.
        u Mi perro se llama Trufo y mi hija se llama Alba.
        a ¡Qué bonito!
        u Por favor, no hables de mi exmujer.
        a Claro.
        u ¿Vivo en Lugo o no vivo en Lugo? Ya no sé ni dónde tengo la cabeza.
        """,
        """
        phone: 600 123 456
        preferred name: Paco
        dog: Trufo
        daughter: Alba
        instruction: no hables de mi exmujer
        """,
    ),
    talk(
        "de",
        """
        a Guten Tag! Wie heißen Sie?
        u Ich heiße Jürgen Brandt.
        a Wo wohnen Sie?
        u In Kassel.
        a Haben Sie Allergien?
        u Ja, ich bin allergisch gegen Penicillin.
        a Notiert.
        u Bitte rufen Sie mich nie vor acht an.
        a Selbstverständlich.
        u Meine Tochter wohnt in Köln, sie ist Ärztin.
        """,
        """
        name: Jürgen Brandt
        home: Kassel
        allergy: penicillin
        instruction: rufen Sie mich nie vor acht an
        """,
    ),
    talk(
        "de",
        """
        u Hallo, mein Name ist Svenja und ich wohne jetzt in Rostock.
        a Schön! Und beruflich?
        u Ich arbeite bei Nordwind Energie.
        a Toll.
        u Meine E-Mail-Adresse ist svenja.k@example.de, und ich bin Vegetarierin.
        a Danke.
        u Wenn ich in Berlin leben würde, hätte ich kein Auto.
        a Verständlich.
        u Mein Bruder heißt Ole, der ist Veganer.
        """,
        """
        name: Svenja
        home: Rostock
        employer: Nordwind Energie
        email: svenja.k@example.de
        diet: vegetarierin
        brother: Ole
        """,
    ),
    talk(
        "de",
        """
        u Wir sind gerade nach Freiburg umgezogen. Nach Freiburg gezogen, sagt man wohl.
        a Willkommen!
        u Nenn mich bitte Resi.
        a Gern, Resi.
        u Meine Handynummer ist 0151 23456789.
        a Gespeichert.
        u Antworte mir bitte immer auf Deutsch.
        a Mache ich.
        u Ich lebe für die Musik.
        """,
        """
        home: Freiburg
        preferred name: Resi
        phone: 0151 23456789
        instruction: Antworte mir bitte immer auf Deutsch
        """,
    ),
    talk(
        "hi",
        """
        a नमस्ते! आपका नाम क्या है?
        u मेरा नाम अनीता शर्मा है।
        a आप कहाँ रहती हैं?
        u मैं पुणे में रहती हूँ।
        a कोई एलर्जी?
        u मुझे मूंगफली से एलर्जी है।
        a ठीक है।
        u मेरी बहन दिल्ली में रहती है।
        """,
        """
        name: अनीता शर्मा
        home: पुणे
        allergy: मूंगफली
        """,
    ),
    talk(
        "hi",
        """
        u मैं शाकाहारी हूँ।
        a अच्छा।
        u मेरा ईमेल ravi.k@example.in है।
        a धन्यवाद।
        u मुझे सुबह नौ बजे से पहले फ़ोन मत करना।
        a ज़रूर।
        u क्या मैं जयपुर में रहता हूँ? तुम्हें याद है?
        """,
        """
        diet: शाकाहारी
        email: ravi.k@example.in
        instruction: मुझे सुबह नौ बजे से पहले फ़ोन मत करना
        """,
    ),
    talk(
        "hi",
        """
        u हम अब इंदौर में रहते हैं।
        a बढ़िया!
        u मेरे भाई का नाम सुरेश है।
        a ठीक।
        u मेरा मोबाइल नंबर 98260 12345 है।
        a लिख लिया।
        """,
        """
        home: इंदौर
        brother: सुरेश
        phone: 98260 12345
        """,
    ),
    talk(
        "ja",
        """
        a こんにちは。お名前は？
        u 名前は佐藤花子です。
        a どちらにお住まいですか？
        u 横浜に住んでいます。
        a アレルギーはありますか？
        u 卵アレルギーがあります。
        a わかりました。
        u 弟は大阪に住んでいます。
        """,
        """
        name: 佐藤花子
        home: 横浜
        allergy: 卵
        """,
    ),
    talk(
        "ja",
        """
        u はじめまして、田中と申します。
        a はじめまして。
        u 先月、京都に引っ越しました。
        a そうですか。
        u メールアドレスはtanaka@example.jpです。
        a ありがとうございます。
        u 朝九時前に電話しないでください。
        a 承知しました。
        """,
        """
        name: 田中
        home: 京都
        email: tanaka@example.jp
        instruction: 朝九時前に電話しないでください
        """,
    ),
    talk(
        "ja",
        """
        u 私はベジタリアンです。
        a そうなんですね。
        u 電話番号は090-1234-5678です。
        a 登録しました。
        u もし東京に住んでいたら、毎日美術館に行きます。
        a いいですね。
        u 犬の名前はポチです。
        """,
        """
        diet: ベジタリアン
        phone: 090-1234-5678
        dog: ポチ
        """,
    ),
)
