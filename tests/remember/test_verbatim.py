"""What a message is remembered as when there is no extraction model."""

from __future__ import annotations

import pytest

from toldonce.remember.verbatim import Draft, draft, is_short
from toldonce.types import Message


def user(text: str, name: str | None = None) -> Message:
    return Message("user", text, name)


def agent(text: str, name: str | None = None) -> Message:
    return Message("assistant", text, name)


def text_of(message: Message, *before: Message) -> str | None:
    made = draft(message, before)
    return None if made is None else made.text


@pytest.mark.parametrize(
    "text",
    [
        *("ok", "Mm-hm.", "uh-huh", "Okay, great!", "Thanks!", "Hello there!", "I see.", "hmmmmm", "hahahaha", "Yes."),
        *(
            "👍",
            "...",
            "[BLANK_AUDIO]",
            "(inaudible)",
            "*coughs*",
            "♪ la la la ♪",
            "[laughter] yeah",
            "the the the the",
        ),
        *("Thank you for watching!", "Untertitel der Amara.org-Community", "ご視聴ありがとうございました"),
        *(
            "gracias",
            "Muchas gracias!",
            "d'accord, merci",
            "Vielen Dank, tschüss!",
            "obrigado",
            "Grazie mille",
            "dank je",
        ),
        *(
            "спасибо",
            "Dziękuję",
            "teşekkürler",
            "شكرا جزيلا",
            "תודה רבה",
            "धन्यवाद",
            "谢谢",
            "好的，谢谢",
            "はい",
            "ありがとう",
        ),
        *("감사합니다", "cảm ơn", "ขอบคุณค่ะ", "terima kasih", "guten Morgen"),
    ],
)
def test_courtesies_sounds_and_noise_say_nothing(text: str) -> None:
    assert draft(user(text), ()) is None
    assert draft(user(text), [agent("That sounds like a plan.")]) is None


@pytest.mark.parametrize(
    "text",
    [
        *("I see Bob every day", "Tea", "No peanuts, please", "42", "我喜欢茶", "Thanks to Rosa I ran it", "Gracia"),
        *("[laughter] I adopted a dog", "(my sister)", "(555 1234)", "*I will never call him back again*", "Bangkok"),
        *("Danke heißt meine Katze", "ไม่กินเผ็ด", "tea tea tea", "Merci is my cat"),
    ],
)
def test_what_says_something_is_remembered_as_it_was_said(text: str) -> None:
    assert draft(user(f"  {text} "), ()) == Draft(text)


@pytest.mark.parametrize(
    ("asked", "answer", "kept"),
    [
        ("Good to know. Do you have any allergies?", "Yes, peanuts.", "Do you have any allergies? — Yes, peanuts."),
        ("Good to know. Do you have any allergies?", "Yes.", "Do you have any allergies? — Yes."),
        ("Is your email ann.lee@example.com?", "Yes.", "Is your email ann.lee@example.com? — Yes."),
        ("Fine. Is it with Dr. Smith at 3 p.m.?", "No.", "Is it with Dr. Smith at 3 p.m.? — No."),
        ("So the total is $3.50, right?", "Right.", "So the total is $3.50, right? — Right."),
        ("Noted. You were born in 1980. Is that right?", "Yes.", "You were born in 1980. Is that right? — Yes."),
        ("Sie wohnen in Köln. Stimmt das?", "Ja.", "Sie wohnen in Köln. Stimmt das? — Ja."),
        ("do you have any allergies", "yes penicillin", "do you have any allergies — yes penicillin"),
        ("ok and do you smoke", "no", "ok and do you smoke — no"),
        ("fumez vous", "non", "fumez vous — non"),
        ("Please tell me your date of birth.", "May 6th", "Please tell me your date of birth. — May 6th"),
        ("So you still live in Oslo.", "Yes.", "So you still live in Oslo. — Yes."),
        ("Do you smoke? It is only for the form.", "No.", "Do you smoke? — No."),
        ("住所は1.2番地ですか？", "はい", "住所は1.2番地ですか？ — はい"),
        ("你有过敏吗？", "没有", "你有过敏吗？ — 没有"),
        ("¿Tiene alergias?", "Sí", "¿Tiene alergias? — Sí"),
    ],
)
def test_a_short_answer_is_kept_with_its_whole_question(asked: str, answer: str, kept: str) -> None:
    assert draft(user(answer), [agent(asked)]) == Draft(kept, (1,))


def test_the_question_is_looked_for_behind_prompts_and_sounds() -> None:
    before = [agent("Welcome!"), agent("Do you smoke?"), user("hmm"), agent("Take your time.")]
    assert draft(user("No."), before) == Draft("Do you smoke? — No.", (3,))
    before = [agent("Do you smoke?"), agent("Are you still there?")]
    assert draft(user("No."), before) == Draft("Do you smoke? Are you still there? — No.", (2, 1))


def test_a_question_that_was_answered_is_not_asked_again() -> None:
    before = [agent("Do you smoke?"), user("No."), agent("Then I will book the room.")]
    assert text_of(user("Peanuts."), *before) == "Peanuts."


def test_disagreement_says_something_and_agreement_does_not() -> None:
    assert text_of(user("No."), agent("Hi. I can send the code by mail.")) == "I can send the code by mail. — No."
    assert text_of(user("Yes."), agent("Hi. I can send the code by mail.")) is None
    assert text_of(user("No."), agent("Thanks!")) is None
    assert text_of(user("No.")) is None


def test_questions_that_are_not_answered_stay_out() -> None:
    asked = agent("Do you have any allergies?")
    assert text_of(user("Why do you ask?"), asked) == "Why do you ask?"
    long = "I have been allergic to peanuts since I was three years old"
    assert text_of(user(long), asked) == long
    assert text_of(agent("Peanuts perhaps"), asked) == "Peanuts perhaps"
    assert draft(user("hmm"), [asked]) is None


def test_two_people_may_share_a_role() -> None:
    assert text_of(user("Blue.", "Ben"), user("Which colour?", "Ann")) == "Which colour? — Blue."


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("Yes, with my sister.", "Yes, I am with my sister and her two children."),
        ("我姐姐叫小美", "周末我和家人去了黄山，爬了三个小时，山顶的日出非常壮观。"),
        ("妹が二人います", "週末に家族と山へ行って、三時間歩いて、とても楽しかったです。"),
        ("ฉันชอบชา", "เมื่อวานฉันไปตลาดกับแม่และซื้อมะม่วงมาสามกิโลกรัม"),
    ],
)
def test_length_is_counted_alike_in_scripts_without_spaces(short: str, long: str) -> None:
    assert is_short(short)
    assert not is_short(long)
    assert text_of(user(long), agent("你周末做了什么？")) == long


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        *(("I'll need a name for the booking.", "Okonkwo"), ("Just need a phone number.", "020 7946 0018")),
        *(("It's either Monday or Tuesday.", "Tuesday"), ("I was wondering if you smoke.", "No")),
        *(("I guess you are vegetarian then.", "Yes"), ("You don't have any kids, I take it.", "Two")),
        *(("And you are...", "Priya"), ("Next, emergency contact.", "my sister Ana"), ("Rate it 1 to 10", "7")),
        *(("Wie heißt dein Hund", "Bello"), ("Tienes hijos", "Dos"), ("你叫什么名字", "小明"), ("ما اسمك", "علي")),
        *(("住所は1.2番地ですか。", "はい"), ("Sie wohnen noch in Bern.", "Ja"), ("Πώς σε λένε;", "Νίκος")),
    ],
)
def test_what_may_be_meant_as_a_question_is_kept_with_its_answer(asked: str, answer: str) -> None:
    assert text_of(user(answer), agent(asked)) == f"{asked} — {answer}"


@pytest.mark.parametrize("said", ["Here you go.", "No problem.", "Thank you!", "I can send the code by mail.", "Hier."])
def test_what_asks_nothing_lends_nothing_to_what_follows(said: str) -> None:
    assert text_of(user("I moved to Bergen"), agent(said)) == "I moved to Bergen"
    if said != "Hier.":
        assert text_of(user("Yes."), agent(said)) is None


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        *(("Do you take it in the morning or in the evening?", "Morning."), ("When is a good time?", "Afternoon")),
        *(("How often does it hurt?", "Again and again"), ("Who broke it?", "You"), ("Where is it?", "There.")),
        *(("Is it the left knee?", "uh-huh"), ("Is it the left knee?", "mm-hmm"), ("Is it the left knee?", "uh uh")),
        *(("Shall I book it?", "go on"), ("Czy pan pali?", "Tak"), ("Do you smoke?", "👎"), ("Happy with it?", "😀")),
        *(("Do you smoke?", "*no*"), ("What diet?", "**vegetarian**"), ("Where did you grow up?", "(Lagos)")),
    ],
)
def test_an_answer_may_look_like_a_courtesy_or_a_note(asked: str, answer: str) -> None:
    assert text_of(user(answer), agent(asked)) == f"{asked} — {answer}"


@pytest.mark.parametrize("answer", ["thanks", "Good morning", "hi there", "[noise]", "ehm", "bye bye", "..."])
def test_courtesies_and_noise_answer_no_question(answer: str) -> None:
    assert text_of(user("Tea"), agent("What do you drink?")) == "What do you drink? — Tea"
    assert text_of(user(answer), agent("What do you drink?")) is None


@pytest.mark.parametrize(
    ("asked", "answer", "kept"),
    [
        ("Vivez-vous au 12, av. Dupont ?", "oui", "Vivez-vous au 12, av. Dupont ? — oui"),
        ("Wohnen Sie in Nr. 5 bzw. im 2. Stock?", "Ja", "Wohnen Sie in Nr. 5 bzw. im 2. Stock? — Ja"),
        ("It is Friday at 3. Does that work?", "yes", "It is Friday at 3. Does that work? — yes"),
        ("Vous avez 40 ans. C'est bien ça ?", "Oui", "Vous avez 40 ans. C'est bien ça ? — Oui"),
        ("Hi. Do you smoke?", "no", "Do you smoke? — no"),
    ],
)
def test_a_question_is_kept_with_what_it_is_about(asked: str, answer: str, kept: str) -> None:
    assert text_of(user(answer), agent(asked)) == kept


def test_a_question_points_at_what_was_said_in_an_earlier_message() -> None:
    before = [agent("Hello!"), agent("I moved you to Friday."), user("ok"), agent("Is that okay with you?")]
    assert draft(user("yes"), before) == Draft("I moved you to Friday. Is that okay with you? — yes", (3, 1))
    before = [agent("How old is your baby?"), user("five months"), agent("And what's her name?")]
    assert draft(user("Freya"), before) == Draft("How old is your baby? And what's her name? — Freya", (3, 1))
    before = [user("my sister Silje arrives on Friday evening"), agent("Where does she live?")]
    assert (
        text_of(user("Bergen"), *before) == "my sister Silje arrives on Friday evening. Where does she live? — Bergen"
    )
    before = [agent("Do you smoke?"), user("no"), agent("Blood type?")]
    assert text_of(user("O negative"), *before) == "Blood type? — O negative"
    before = [user("word " * 50), agent("Is that certain?")]
    assert text_of(user("yes"), *before) == "Is that certain? — yes"


@pytest.mark.parametrize(
    ("said", "asked", "answer", "kept"),
    [
        ("My shoulder aches.", "Which side?", "the left", "My shoulder aches. Which side? — the left"),
        ("i joined a choir", "Which voice?", "tenor", "i joined a choir. Which voice? — tenor"),
        ("I joined a choir.", "Your name?", "Ola", "Your name? — Ola"),
        ("I joined a choir.", "Is it big?", "forty", "I joined a choir. Is it big? — forty"),
        ("I joined a choir.", "How many singers are there?", "forty", "How many singers are there? — forty"),
    ],
)
def test_a_question_without_a_verb_takes_along_what_it_is_about(said: str, asked: str, answer: str, kept: str) -> None:
    assert text_of(user(answer), user(said), agent(asked)) == kept


@pytest.mark.parametrize(
    "note",
    [
        *(
            "Noted.",
            "Understood.",
            "Saved!",
            "I've saved that.",
            "I'll remember.",
            "That's nice!",
            "Oh dear.",
        ),
        *(
            "Anotado.",
            "Gracias, guardado.",
            "Ich habe es notiert.",
            "C'est noté.",
            "Anotei.",
            "Ho capito.",
            "Genoteerd.",
        ),
        *("Записал.", "Zapisane.", "已记下", "覚えました", "기억할게요"),
    ],
)
def test_an_assistant_that_takes_note_says_nothing(note: str) -> None:
    assert text_of(agent(note), user("My locker is number 12.")) is None
    assert text_of(agent(note), user("can you remember my locker it's twelve")) is None


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        ("I have a headache, suggest something.", "Paracetamol."),
        ("My locker is number 12.", "I can't save that."),
        ("My locker is number 12.", "Saved under lockers."),
        ("Play something.", "Playing rain sounds."),
        ("我的柜子是十二号", "我已记下您的柜子是十二号在二楼"),
    ],
)
def test_an_assistant_that_says_more_is_remembered(said: str, reply: str) -> None:
    assert text_of(agent(reply), user(said)) == reply


def test_a_note_may_answer_a_question() -> None:
    assert text_of(agent("Will do."), user("Please water the plants.")) is None
    assert text_of(agent("Done."), user("Have you set the alarm?")) == "Have you set the alarm? — Done."


@pytest.mark.parametrize("farewell", ["goodnight", "Night night, dear!", "cheers mate thanks"])
def test_a_farewell_after_a_statement_is_no_answer(farewell: str) -> None:
    before = [user("my plate is LK24 ZPO"), agent("Good to know.")]
    assert text_of(user("fine"), agent("How was the exam?")) == "How was the exam? — fine"
    made = draft(user(farewell), before)
    assert made is None or not made.asked


def test_a_longer_answer_without_a_verb_is_kept_with_its_question() -> None:
    before = [user("Do I still have that dentist thing?"), agent("I have no appointment with a dentist. When is it?")]
    answer = "Tuesday at 3:15 with Dr. Berg, on Mill Road"
    assert text_of(user(answer), *before) == f"I have no appointment with a dentist. When is it? — {answer}"
    told = "I think it is on Tuesday with Dr. Berg, on Mill Road"
    assert text_of(user(told), *before) == told
    assert text_of(user("mit Doktor Berg am Dienstag um drei Uhr"), agent("Wann?")) is not None


def test_comments_and_replies_are_no_questions_that_were_meant() -> None:
    said = user("ok doctor lund says it is just a cold")
    assert text_of(agent("That's a relief."), said) == "That's a relief."
    assert text_of(agent("Which doctor?"), said) == "Which doctor?"
    assert text_of(user("yes"), said, agent("That's a relief.")) is None
    assert text_of(user("right"), user("what was the doctor called?"), agent("Doctor Lund.")) is None


@pytest.mark.parametrize(
    "between", ["sorry, one sec", "uh let me think", "can you hear me", "sorry?", "un momento", "稍等"]
)
def test_a_question_waits_while_the_other_side_asks_back_or_looks(between: str) -> None:
    before = [agent("How many children do you have?"), user(between), agent("No problem.")]
    assert text_of(user("two"), *before) == "How many children do you have? — two"


def test_a_question_said_again_is_kept_once() -> None:
    before = [agent("Do you have pets?"), user("what"), agent("Do you have pets?")]
    assert text_of(user("no"), *before) == "Do you have pets? — no"


@pytest.mark.parametrize(
    "text",
    [
        *("%HESITATION", "<|nospeech|>", "{laughter}", "[SPEAKER_00]", "</s>", "<unk>", "[inaudible 00:12]", "(笑い)"),
        *(
            "（笑）",
            "【音楽】",
            "[dog barking]",
            "(speaking Spanish)",
            "*sighs*",
            "[Musique]",
            "(музыка)",
            "ähm",
            "euh",
        ),
        *("Untertitelung des ZDF, 2020", "Sous-titrage Société Radio-Canada", "Altyazı M.K.", "字幕by索兰娅"),
        *("Napisy stworzone przez społeczność Amara.org", "Subtitles by SDI Media Group", "Gracias por ver"),
        *("İzlediğiniz için teşekkürler", "感谢观看", "Спасибо за просмотр", "Please like and subscribe!"),
        *("ευχαριστώ πολύ", "köszönöm", "mulțumesc", "kiitos", "благодаря", "hvala", "ďakujem", "gràcies", "ممنون"),
        *("شکریہ", "ধন্যবাদ", "நன்றி", "asante sana", "salamat po", "dankie", "aitäh", "ačiū", "diolch", "до побачення"),
    ],
)
def test_noise_and_courtesies_of_other_products_and_languages_say_nothing(text: str) -> None:
    assert draft(user(text), [agent("Do you have any allergies?")]) is None


@pytest.mark.parametrize(
    "text",
    [
        *("(Berlin)", "*Paris*", "[Tokyo]", "<Ana>", "**No peanuts**", "(no music)", "[my loud neighbour]", "[4471]"),
        *("Untertitel sind mir wichtig", "Subtitles help me a lot", "Legends of Tomorrow", "ترجمة النص من فضلك"),
        *("Thank you for watching the children", "Captions please", "Hindi", "Moi aussi je viens"),
    ],
)
def test_in_doubt_it_was_said(text: str) -> None:
    assert draft(user(text), ()) == Draft(text)
