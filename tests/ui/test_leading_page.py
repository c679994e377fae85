"""The teacher leads on the Class page, and a student's pages follow, by Streamlit's test driver."""

import json
import secrets

import pytest

from ae_core.classroom.questions import Question
from ae_core.runs.record import new_record
from ae_core.specs import change, preset
from pages.ui.backend import service as backend
from pages.ui.backend.leading import hand_ins, leading, record_of, relay
from pages.ui.state.class_ticket import Ticket, read_ticket
from tests.helpers.app_page import opened, ran, texts
from tests.helpers.refusals import says

pytestmark = pytest.mark.usefixtures("own_runs")

PAGE, LESSONS = "pages/classroom.py", "pages/lessons.py"
LESSON = "02-how-many-numbers"
MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture
def book():
    return backend.classroom_service()


@pytest.fixture
def opened_class(book):
    """The code of a new class, its secret and a student's opaque name."""
    classroom, secret = book.open_class(secrets.token_hex(8))
    student = secrets.token_hex(8)
    book.join(classroom.code, student, "Ada")
    return classroom.code, secret, student


def teacher_of(opened_class):
    code, secret, _ = opened_class
    return opened(PAGE, **{"class": code, "teacher": secret})


def pressed(page, key):
    page.button(key=key).click()
    return ran(page)


def now(code):
    relay().forget(code)
    return relay().state(code)


def data_of(page, key):
    """What a component on a page was given."""
    found = [one.proto for one in page.get("bidi_component") if one.proto.id.endswith(f"-{key}")]
    return json.loads(found[0].json) if found else None


def test_a_teacher_sends_the_class_from_step_to_step(opened_class):
    code, secret, _ = opened_class
    page = teacher_of(opened_class)
    page.selectbox(key="classroom.lead.lesson.").set_value(LESSON)
    ran(page)
    page.toggle(key="classroom.lead.taken").set_value(True)
    pressed(page, "classroom.lead.send")
    lead = now(code).lead
    assert (lead.page, dict(lead.query)) == ("lessons", {"lesson": LESSON, "step": "1"})
    assert lead.taken
    pressed(page, "classroom.lead.next")
    assert dict(now(code).lead.query)["step"] == "2"
    assert page.selectbox(key=f"classroom.lead.step.{LESSON}.1.{LESSON}").value == 1
    assert "classroom.lead.next" not in {each.key for each in page.button}
    again = opened(PAGE, **{"class": code, "teacher": secret})
    assert again.selectbox(key=f"classroom.lead.lesson.{LESSON}").value == LESSON


def test_a_teacher_asks_reveals_and_asks_again(opened_class):
    code, _, student = opened_class
    page = teacher_of(opened_class)
    page.selectbox(key="classroom.lead.lesson.").set_value(LESSON)
    ran(page)
    pressed(page, "classroom.lead.ask")
    asked = now(code).asked
    assert (asked.question.name, asked.question.high, asked.round) == (f"{LESSON}/1", 30.0, 1)
    leading().guess(student, asked.question.name, 1, 7.0)
    pressed(page, "classroom.lead.reveal")
    assert now(code).asked.revealed
    assert "has trained what this question needs" in texts(page.caption)
    pressed(page, "classroom.lead.again")
    assert (now(code).asked.round, now(code).asked.revealed) == (2, False)
    pressed(page, "classroom.lead.put_away")
    assert now(code).asked is None
    assert page.button(key="classroom.lead.ask")


@pytest.mark.parametrize(
    ("choices", "right", "wanted", "truth"),
    [("yes / no /it depends", "NO", ("yes", "no", "it depends"), 2.0), ("", "0.5", (), 0.5),
     (f"{MARKUP}/b", "", (MARKUP, "b"), None)],
)  # fmt: skip
def test_a_teacher_types_a_question(opened_class, choices, right, wanted, truth):
    page = teacher_of(opened_class)
    page.text_input(key="classroom.lead.own_text").input(MARKUP)
    page.text_input(key="classroom.lead.own_choices").input(choices)
    page.text_input(key="classroom.lead.own_right").input(right)
    pressed(page, "classroom.lead.own_ask")
    question = now(opened_class[0]).asked.question
    assert question == Question("own/1", MARKUP, wanted, truth=truth)
    assert MARKUP in texts(page.markdown)
    assert "<img" not in "".join(each.value for each in page.markdown).replace("\\<", "")
    pressed(page, "classroom.lead.reveal")
    assert now(opened_class[0]).asked.question.truth == truth


@pytest.mark.parametrize(
    ("text", "choices", "right", "key"),
    [
        ("", "", "", "question_empty"),
        ("x", "a", "", "question_choices"),
        ("x", "a/b", "c", "question_right_choice"),
        ("x", "", "much", "question_right_number"),
    ],
)
def test_a_bad_question_is_a_sentence(opened_class, text, choices, right, key):
    page = teacher_of(opened_class)
    page.text_input(key="classroom.lead.own_text").input(text)
    page.text_input(key="classroom.lead.own_choices").input(choices)
    page.text_input(key="classroom.lead.own_right").input(right)
    pressed(page, "classroom.lead.own_ask")
    assert says(texts(page.error), key)
    assert now(opened_class[0]).asked is None


def test_a_teacher_sends_the_class_to_any_page_as_it_is_set_up(opened_class):
    code, secret, _ = opened_class
    page = teacher_of(opened_class)
    page.switch_page("pages/train.py")
    page.query_params.clear() if hasattr(page.query_params, "clear") else None
    for name, value in {"preset": "digits-dense", "latent_dim": "5", "teacher": secret}.items():
        page.query_params[name] = value
    ran(page)
    pressed(page, "class-send-here")
    lead = now(code).lead
    query = dict(lead.query)
    assert (lead.page, query["latent_dim"]) == ("train", "5")
    assert secret not in str(query)
    assert "class-send-here" not in {each.key for each in opened("pages/train.py").button}


@pytest.mark.thorough
def test_a_student_s_page_follows_and_tells_where_it_is(opened_class):
    code, secret, student = opened_class
    page = opened(LESSONS, visitor=student, lesson=LESSON, step="2")
    data = data_of(page, "class-follow")
    german = data_of(opened(LESSONS, visitor=student, lang="de"), "class-follow")
    assert [name for name, _, _ in german["questions"]] == [n for n, _, _ in data["questions"]]
    assert len(data["questions"]) > 10
    opened(LESSONS, visitor=student, lesson=LESSON, step="2")
    own = next(iter(now(code).students))
    assert read_ticket(data["ticket"]) == Ticket("student", code, own)
    assert student not in json.dumps(data)
    assert secret not in json.dumps(data)
    assert now(code).places == {f"{LESSON}/2": 1}
    for step, place in (("99", "1"), ("x", "1"), ("3", "3")):
        opened(LESSONS, visitor=student, lesson=LESSON, step=step)
        assert now(code).places == {f"{LESSON}/{place}": 1}
    opened("pages/measure.py", visitor=student)
    assert now(code).places == {"measure": 1}
    assert data_of(opened(LESSONS), "class-follow") is None
    assert data_of(opened("app.py", visitor=student), "class-follow") is not None


def test_a_guess_in_a_lesson_counts_in_the_class(opened_class):
    code, secret, student = opened_class
    page = opened(LESSONS, visitor=student, lesson=LESSON, step="2")
    page.radio(key=f"lessons.guess.{LESSON}.1").set_value(3)
    pressed(page, f"lessons.guess.{LESSON}.1.take")
    assert record_of(code).guesses[f"{LESSON}/2", 1][student][0] == 3.0
    question = record_of(code).asked[0].question
    leading().ask(code, secret, question)
    assert list(now(code).guesses[-1].values()) == [3.0]  # it counts in the first round


def test_a_run_is_handed_in_and_the_teacher_gets_it(opened_class):
    code, _, student = opened_class
    store = backend.service().store
    spec = change(preset("digits-dense"), image_size=8)
    store.begin([record := new_record(spec, "digits-dense", student)])
    hand_ins().hand_in(student, record.id, f"It draws **eights**. {MARKUP}", "ada.l")
    page = teacher_of(opened_class)
    shown = texts(page.markdown)
    assert f"It draws **eights**. {MARKUP}" in shown
    assert "(ada.l)" in shown
    assert "ada.l" not in texts(opened(PAGE, visitor=student, **{"class": code}).markdown)
    assert "<img" not in "".join(each.value for each in page.markdown).replace("\\<", "")


def test_a_student_hands_in_a_run(opened_class):
    code, _, student = opened_class
    store = backend.service().store
    spec = change(preset("digits-dense"), image_size=8)
    store.begin([record := new_record(spec, "digits-dense", student)])
    page = opened(PAGE, visitor=student, **{"class": code})
    page.text_area(key="classroom.hand_in.words").input(" ")
    pressed(page, "classroom.hand_in.button")
    assert says(texts(page.error), "hand_in_empty")
    page.text_area(key="classroom.hand_in.words").input("It works.")
    pressed(page, "classroom.hand_in.button")
    (work,) = record_of(code).hand_ins
    assert (work.run, work.words, work.user_name) == (record.id, "It works.", "")
    assert "It works." in texts(page.markdown)


def test_who_has_answered_is_not_asked_again_by_the_lesson(opened_class):
    code, _, student = opened_class
    page = opened(LESSONS, visitor=student, lesson=LESSON, step="2")
    assert page.radio(key=f"lessons.guess.{LESSON}.1")
    teacher = teacher_of(opened_class)
    teacher.selectbox(key="classroom.lead.lesson.").set_value(LESSON)
    ran(teacher)
    teacher.selectbox(key=f"classroom.lead.step..0.{LESSON}").set_value(1)
    ran(teacher)
    pressed(teacher, "classroom.lead.ask")
    leading().guess(student, f"{LESSON}/2", 1, 2.0)
    relay().forget(code)
    ran(page)
    assert not page.radio
    assert page.query_params["guess"] == ";2"
