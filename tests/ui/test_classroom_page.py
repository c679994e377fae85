"""The Class page and what a class changes on others, by Streamlit's own test driver."""

import ast
import secrets

import pytest

from ae_core.classroom.entrance import Caller
from ae_core.classroom.model import DAYS, Challenge, ClassLimits
from ae_core.classroom.service import ClassroomService
from ae_core.storage.files import ROOT
from pages.ui.backend import service as backend
from tests.helpers.app_page import opened, ran, texts
from tests.helpers.refusals import says

pytestmark = pytest.mark.usefixtures("own_runs")

PAGE = "pages/classroom.py"
MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture
def book():
    return backend.classroom_service()


def begun(book):
    """A class that a new visitor has opened, and its secret."""
    return book.open_class(secrets.token_hex(8))


def test_who_is_in_no_class_may_join_or_open_one():
    page = opened(PAGE)
    assert [each.value for each in page.header] == ["Join a class", "Open a class"]


@pytest.mark.parametrize("typed", ["", "  "])
def test_who_joins_without_a_code_is_told_what_is_missing(typed):
    page = opened(PAGE)
    page.text_input(key="classroom.code").input(typed)
    page.text_input(key="classroom.nickname").input("Ada")
    page.button(key="classroom.join.button").click()
    ran(page)
    assert says(texts(page.error), "class_code_missing")


def test_a_teacher_opens_a_class_and_comes_back_to_it_by_the_menu(book):
    page = opened(PAGE)
    page.button(key="classroom.open").click()
    ran(page)
    code, secret = page.query_params["class"], page.query_params["teacher"]
    assert book.as_teacher(code, secret).code == code
    assert "Nobody is here yet" in texts(page.info)
    assert "No limits" in texts(page.caption)
    for name in ("class", "teacher"):
        del page.query_params[name]
    ran(page)
    assert page.query_params["teacher"] == secret


def test_a_teacher_who_lost_the_tab_finds_the_class_in_the_same_browser(book):
    classroom, _ = book.open_class("t1")
    page = opened(PAGE, visitor="t1")
    page.button(key=f"classroom.yours.{classroom.code}").click()
    ran(page)
    assert (page.query_params["class"], page.query_params["view"]) == (classroom.code, "Teacher")
    page.button(key="classroom.pause").click()
    ran(page)
    assert book.find(classroom.code).paused
    assert "Only this browser" in texts(page.caption)
    for name in ("class", "view"):  # and comes back to it by the menu
        del page.query_params[name]
    ran(page)
    assert page.button(key="classroom.pause")
    other = opened(PAGE, visitor="t2", **{"class": classroom.code, "view": "Teacher"})
    assert says(texts(other.error), "class_secret", code=classroom.code)


def test_a_teacher_ends_a_class_after_a_question(book):
    classroom, secret = book.open_class("t3")
    page = opened(PAGE, visitor="t3", **{"class": classroom.code, "teacher": secret})
    assert "All students keep their own runs" in texts(page.markdown)
    page.button(key="classroom.end").click()
    ran(page)
    assert [each.value for each in page.header] == ["Join a class", "Open a class"]
    assert book.taught_by("t3") == []
    again = opened(PAGE, **{"class": classroom.code})
    assert says(texts(again.error), "class_unknown", code=classroom.code)


def test_a_class_that_ended_elsewhere_is_one_sentence_and_then_forgotten(book):
    classroom, secret = book.open_class("t4")
    page = opened(PAGE, **{"class": classroom.code, "teacher": secret})
    book.end(classroom.code, secret)
    assert says(texts(ran(page).error), "class_unknown", code=classroom.code)
    for name in ("class", "teacher"):
        del page.query_params[name]
    assert not texts(ran(page).error)


def test_a_teacher_closes_the_door(book):
    classroom, secret = book.open_class("t5")
    book.join(classroom.code, "x7", "Ada")
    page = opened(PAGE, **{"class": classroom.code, "teacher": secret})
    door = f"classroom.door.{classroom.code}"
    page.toggle(key=door).set_value(True)
    ran(page)
    assert book.find(classroom.code).closed
    late = join(opened(PAGE, visitor="x8", **{"class": classroom.code}), "Bob")
    assert says(texts(late.error), "class_closed", code=classroom.code)
    assert not opened(PAGE, visitor="x7", **{"class": classroom.code}).error
    book.change(classroom.code, secret, closed=False)  # in another tab
    assert ran(page).toggle(key=door).value is False


def test_too_many_classes_of_a_visitor_are_a_sentence(book):
    codes = [book.open_class("t6")[0].code for _ in range(5)]
    page = opened(PAGE, visitor="t6")
    page.button(key="classroom.open").click()
    assert says(texts(ran(page).error), "too_many_taught", most=5, names=tuple(sorted(codes)))


def test_many_classes_of_one_network_are_a_sentence(book, monkeypatch):
    monkeypatch.setattr("pages.ui.classroom.join_or_open.visitor_address", lambda: "192.0.2.7")
    for number in range(10):
        backend.class_entrance().open_class(Caller(f"script {number}", "192.0.2.7"))
    page = opened(PAGE, lang="de")
    page.button(key="classroom.open").click()
    assert says(texts(ran(page).error), "classes_of_network", "de", seconds=20)


YOURS = "classroom.yours."


def your_classes(page) -> list[tuple[str, str]]:
    """Return the codes of the visitor's classes from the top, and what the visitor is there."""
    buttons = [each for each in page.button if each.key and each.key.startswith(YOURS)]
    return [(each.key.removeprefix(YOURS), each.label.split(" · ")[1]) for each in buttons]


def test_a_visitor_s_classes_are_listed_the_newest_first(book):
    first, second = (book.open_class("t7")[0].code for _ in range(2))
    other, _ = begun(book)
    book.join(other.code, "t7", "Ada")
    begun(book)  # somebody else's
    query = {"class": first, "view": "Teacher"}
    page = opened(PAGE, visitor="t7", **query)
    found = [(other.code, "you are Ada"), (second, "you teach it")]  # without the shown one
    assert your_classes(page) == found
    assert your_classes(opened(PAGE)) == []
    assert your_classes(opened(PAGE, visitor="t7", **query | {"view": "Projector"})) == []
    page.button(key=YOURS + other.code).click()
    assert f"Class {other.code}: you are Ada" in texts(ran(page).title)
    assert "view" not in page.query_params


def shown(test):
    """All text that the page sends, as one string."""
    return "".join(str(each.proto) for each in test.main)


def test_the_secret_stands_nowhere_on_the_teacher_s_page(book):
    classroom, secret = begun(book)
    book.join(classroom.code, "ada", "Ada")
    page = opened(PAGE, **{"class": classroom.code, "teacher": secret})
    assert classroom.code in shown(page)
    assert '"name":"Ada"' in shown(page).replace('\\"', '"')  # the wall's data is looked at, too
    assert secret not in shown(page)


def test_a_student_joins_by_code_and_nickname_and_sees_the_class(book):
    classroom, secret = begun(book)
    book.change(classroom.code, secret, limits=ClassLimits(50, ("digits", "toy-faces"), 3))
    page = opened(PAGE, visitor="student-1")
    page.text_input(key="classroom.code").set_value(f" {classroom.code.lower()} ")
    page.text_input(key="classroom.nickname").set_value(MARKUP)
    page.button(key="classroom.join.button").click()
    ran(page)
    assert page.query_params["class"] == classroom.code
    assert texts(page.title) == f"Class {classroom.code}: you are {MARKUP}"
    assert "<" not in page.title[0].value.replace("\\<", "")  # no markup, letter by letter
    assert "Epochs: at most 50 · Tiny digits, Toy faces · Runs each: at most 3" in texts(
        page.caption
    )
    again = opened(PAGE, visitor="student-1")  # by the menu, in another tab
    assert again.query_params["class"] == classroom.code
    assert secret not in shown(page)


def join(page, nickname, code=None):
    if code is not None:
        page.text_input(key="classroom.code").set_value(code)
    page.text_input(key="classroom.nickname").set_value(nickname)
    page.button(key="classroom.join.button").click()
    return ran(page)


def test_bad_input_is_a_sentence_and_what_was_typed_stays(book):
    classroom, _ = begun(book)
    book.join(classroom.code, "ada", "Ada")
    page = join(opened(PAGE, visitor="x1"), "Bob", "ABCDE")
    assert says(texts(page.error), "class_unknown", code="ABCDE")
    assert page.text_input(key="classroom.nickname").value == "Bob"
    page = join(page, "", classroom.code)
    assert says(texts(page.error), "nickname_empty", longest=30)
    page = join(page, "ADA", classroom.code)
    assert says(texts(page.error), "nickname_taken", name="ADA", code=classroom.code)
    assert page.text_input(key="classroom.code").value == classroom.code
    page = join(page, "Bob", classroom.code)
    assert not page.error
    assert [student.nickname for student in book.students(classroom.code)] == ["Ada", "Bob"]


def test_wrong_codes_are_a_sentence_and_a_link_tells_no_more(book, monkeypatch):
    # The first wrong code already means a wait of a minute, longer than the rest of this takes.
    monkeypatch.setattr("ae_core.classroom.bounds.FREE_WRONG_CODES", -4)
    classroom, _ = begun(book)
    page = opened(PAGE, visitor="x9")
    assert says(texts(join(page, "Bob", "ABCDE").error), "class_unknown", code="ABCDE")
    assert says(texts(join(page, "Bob", classroom.code).error), "wrong_codes")
    assert book.class_of("x9") is None
    for query in ({}, {"teacher": "guessed"}, {"view": "Projector"}):
        linked = opened(PAGE, visitor="x9", **{"class": classroom.code}, **query)
        assert says(texts(linked.error), "wrong_codes")


def test_a_full_class_is_a_sentence(book, monkeypatch):
    monkeypatch.setattr("ae_core.classroom.model.MAX_STUDENTS", 1)
    classroom, _ = begun(book)
    book.join(classroom.code, "ada", "Ada")
    page = join(opened(PAGE, visitor="x2", **{"class": classroom.code}), "Bob")
    assert says(texts(page.error), "class_full", most=1, code=classroom.code)


@pytest.mark.parametrize("code", ["ABCDE", "![](http://x)", "../../etc/passwd"])
def test_a_link_to_an_unknown_class_is_a_sentence_and_the_way_in(code):
    page = opened(PAGE, **{"class": code})
    assert says(texts(page.error), "class_unknown", code=code.upper())
    assert len(page.header) == 2


def test_a_wrong_secret_is_a_sentence_and_shows_nothing_of_the_class(book):
    classroom, secret = begun(book)
    page = opened(PAGE, **{"class": classroom.code, "teacher": secret[:-1]})
    assert says(texts(page.error), "class_secret", code=classroom.code)
    assert "classroom.pause" not in [button.key for button in page.button]


def test_an_expired_class_is_a_sentence(book, monkeypatch):
    classroom, _ = begun(book)
    monkeypatch.setattr(book, "_now", lambda: classroom.used + DAYS * 86_400 + 1)
    page = opened(PAGE, **{"class": classroom.code})
    assert says(texts(page.error), "class_old", code=classroom.code, days=DAYS)


def test_a_student_changes_class_and_leaves(book):
    (one, _), (other, _) = begun(book), begun(book)
    book.join(one.code, "x3", "Ada")
    page = opened(PAGE, visitor="x3", **{"class": other.code})
    assert f"You are in class {one.code} now" in texts(page.caption)
    join(page, "Ada")
    assert book.class_of("x3")[0].code == other.code
    next(button for button in page.button if button.label == "Leave the class").click()
    ran(page)
    assert book.class_of("x3") is None
    assert [each.value for each in page.header] == ["Join a class", "Open a class"]


def test_the_projector_page_shows_the_code_and_no_controls(book):
    classroom, secret = begun(book)
    book.join(classroom.code, "ada", "Ada")
    page = opened(PAGE, **{"class": classroom.code, "view": "Projector"})
    assert f"<p>{classroom.code}</p>" in shown(page)
    assert not page.button
    assert not page.sidebar.children
    assert secret not in shown(page)


def test_limits_and_challenge_are_set_and_a_clear_asks_first(book):
    classroom, secret = begun(book)
    page = opened(PAGE, **{"class": classroom.code, "teacher": secret})
    page.number_input(key="classroom.limits.epochs").set_value(25)
    page.multiselect(key="classroom.limits.image_sets").set_value(["toy-faces", "digits"])
    next(button for button in page.button if button.label == "Set these limits").click()
    ran(page)
    assert book.find(classroom.code).limits == ClassLimits(25, ("toy-faces", "digits"))
    page.slider(key="classroom.numbers").set_value(6)
    page.selectbox(key="classroom.pictures").set_value("digits")
    ran(page)
    page.selectbox(key="classroom.side.digits").set_value(16)
    page.button(key="classroom.challenge").click()
    ran(page)
    challenge = book.find(classroom.code).challenge
    assert (challenge.latent_dim, challenge.image_set, challenge.image_size) == (6, "digits", 16)
    assert "Best PSNR with at most 6 numbers: Tiny digits, 16×16 pixels" in texts(page.markdown)
    next(button for button in page.button if button.label == "End the challenge").click()
    ran(page)
    assert book.find(classroom.code).challenge is None
    page.selectbox(key="classroom.pictures").set_value("toy-faces")
    ran(page)
    page.button(key="classroom.challenge").click()
    ran(page)
    assert book.find(classroom.code).challenge.image_shape == (32, 32, 3)
    assert "Toy faces (colour), 32×32 pixels" in texts(page.markdown)
    assert book.find(classroom.code).cleared == 0.0
    assert "Nobody loses a run" in texts(page.markdown)
    page.button(key="classroom.clear").click()
    ran(page)
    assert book.find(classroom.code).cleared > classroom.created


def test_a_challenge_opens_the_training_with_its_settings(book):
    classroom, secret = begun(book)
    limits = ClassLimits(epochs=9)
    book.change(classroom.code, secret, limits=limits, challenge=Challenge(6, "digits", 16, 1.0))
    book.join(classroom.code, "x4", "Ada")
    page = opened(PAGE, visitor="x4", **{"class": classroom.code})
    (link,) = [each for each in page.get("page_link") if "Take part" in each.proto.label]
    assert "latent_dim=3" in link.proto.query_string  # weak on purpose
    assert "image_size=16" in link.proto.query_string
    assert "epochs=5" in link.proto.query_string


def test_training_beyond_a_limit_is_refused_with_a_remedy_and_then_allowed(book):
    classroom, secret = begun(book)
    book.change(classroom.code, secret, limits=ClassLimits(epochs=2, image_sets=("digits",)))
    book.join(classroom.code, "x5", "Ada")
    page = opened("pages/train.py", "x5", preset="digits-dense", image_size="8", epochs="500")
    assert page.button(key="classroom.note").label == f"Class {classroom.code}: to the wall"
    assert "Epochs: at most 2 · Tiny digits" in texts(page.caption)
    page.button(key="train.start").click()
    ran(page)
    assert says(texts(page.error), "class_epochs", most=2, count=500)
    assert service().runs("x5") == []
    page.button(key="classroom.remedy.epochs").click()
    ran(page)
    assert page.session_state["session"].draft.spec.epochs == 2
    page.button(key="train.start").click()
    ran(page)
    (run_id,) = service().runs("x5")
    service().wait_until(run_id, lambda run: not run.live, 120)
    book.change(classroom.code, secret, paused=True)
    assert refused_by_sweep(opened("pages/train.py", "x5", view="Set up", sizes="2, 4"))


def refused_by_sweep(page):
    page.button(key="train.start_all").click()
    return says(texts(ran(page).error), "class_paused")


def service():
    from pages.ui.backend import service as backend

    return backend.service()


def test_who_is_in_no_class_has_no_limits(book):
    classroom, secret = begun(book)
    book.change(classroom.code, secret, limits=ClassLimits(epochs=1), paused=True)
    page = opened("pages/train.py", "x6", preset="digits-dense", image_size="8", epochs="2")
    page.button(key="train.start").click()
    ran(page)
    assert not page.error
    (run_id,) = service().runs("x6")
    service().wait_until(run_id, lambda run: not run.live, 120)


def test_runs_are_handed_to_the_service_in_one_place_only():
    callers = set()
    for path in [ROOT / "app.py", *(ROOT / "pages").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in ("submit", "submit_sweep"):
                callers.add(path.relative_to(ROOT).as_posix())
    assert callers == {"pages/ui/backend/submission.py"}


def test_a_class_is_where_another_server_on_the_same_database_finds_it(book):
    classroom, secret = begun(book)
    other = ClassroomService(service().store.database)
    other.join(classroom.code, "elsewhere", "Ada")
    page = opened(PAGE, **{"class": classroom.code, "teacher": secret})
    assert "Nobody is here yet" not in texts(page.info)
