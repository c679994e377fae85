"""What is damaged in the store costs its own sentence, and nothing else on any page."""

from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import update

from ae_core.data.loading import card
from ae_core.data.user_image_sets import suggested_spec, user_sets
from ae_core.errors import Message
from ae_core.runs.record import new_record
from ae_core.specs import change
from ae_core.storage.files import ROOT
from ae_core.storage.tables import CLASSES, STUDENTS, USER_SETS
from tests.helpers.app_page import chosen, opened, texts
from tests.helpers.damage import DEEP, KINDS, copied, stored
from tests.helpers.refusals import says

pytestmark = pytest.mark.usefixtures("own_runs")

FIXTURES = ROOT / "tests" / "fixtures" / "store"
RUN = FIXTURES / "42ee999ae340"  # two epochs of digits, a code of two dimensions
IDS = {kind: f"{number:012x}" for number, kind in enumerate(KINDS, start=0xDA0000)}
OWNER = "whose runs are damaged"
# In lists only a visitor's newest runs are loaded: so many damaged ones beside the whole one.
A_LIST = 11


def whole(number):
    """The id of the run without damage in a list: older than the others, of the same second."""
    return f"{number:010x}ff"


LISTS = range(len(KINDS) // A_LIST + 1)


@pytest.fixture(scope="module")
def damaged(own_runs):
    """A folder with a run for every kind of damage, in lists that end with a whole one."""
    for place, (kind, (_, damage)) in enumerate(KINDS.items()):
        folder = copied(RUN, own_runs, IDS[kind], f"{OWNER} {place // A_LIST}")
        damage(folder)
        stored(own_runs, folder)
    for number in LISTS:
        stored(own_runs, copied(RUN, own_runs, whole(number), f"{OWNER} {number}"))
    return own_runs


PARTS = {
    "preview": Message("run_part_preview"),
    "map": Message("run_part_map"),
    "weights": Message("run_part_weights"),
}
SENTENCES = {
    "run": "run_damaged",
    "end": "run_end_damaged",
    "preview": "run_parts_damaged",
    "map": "run_parts_damaged",
    "weights": "run_parts_damaged",
    "replay": "run_replay_damaged",
}


ONE_OF_EACH = {part: kind for kind, (part, _) in KINDS.items()}.values()
PAGES_OF_RUNS = [*((kind, "en") for kind in KINDS), *((kind, "de") for kind in ONE_OF_EACH)]


@pytest.mark.samples(8)
@pytest.mark.parametrize(("kind", "language"), PAGES_OF_RUNS)
def test_the_page_of_a_run_says_what_is_damaged(damaged, kind, language):
    part, run_id = KINDS[kind][0], IDS[kind]
    query = {"run": run_id, "lang": language} | ({"replay": "1"} if part == "replay" else {})
    page = opened("pages/train.py", **query)
    shown = texts(page.error) + texts(page.warning)
    if not part:
        assert not shown
        return
    values = {}
    if SENTENCES[part] == "run_parts_damaged":
        values["parts"] = (PARTS[part],)
    elif part == "run":
        values["id"] = run_id
    assert says(shown, SENTENCES[part], language, **values)


@pytest.mark.samples(9)
@pytest.mark.parametrize("number", LISTS)
@pytest.mark.parametrize("page", ["train", "reconstruct", "latent_space", "measure", "denoise"])
def test_lists_show_the_whole_run_among_damaged_ones(damaged, page, number):
    query = {"view": "Compare"} if page == "train" else {"model": whole(number)}
    shown = opened(f"pages/{page}.py", visitor=f"{OWNER} {number}", **query)
    if page == "train":
        assert f"?run={whole(number)}&" in texts(shown.markdown)
        assert not texts(shown.error)
    else:
        assert chosen(shown, f"{page.split('_')[0]}.model") == whole(number)
        assert not texts(shown.error)


@pytest.mark.parametrize("number", LISTS)
def test_the_newest_run_that_reads_is_watched(damaged, number):
    page = opened("pages/train.py", visitor=f"{OWNER} {number}", view="Watch")
    assert page.metric


@pytest.mark.samples(1)
@pytest.mark.parametrize("kind", [kind for kind, (part, _) in KINDS.items() if "weights" in kind])
@pytest.mark.parametrize("page", ["reconstruct", "latent_space", "measure", "denoise"])
def test_a_damaged_network_is_one_sentence_where_it_is_used(damaged, page, kind):
    shown = opened(f"pages/{page}.py", model=IDS[kind])
    said = texts(shown.error)
    if KINDS[kind][0]:  # the file cannot even be opened: another model is shown
        assert says(said, "run_weights_damaged", id=IDS[kind])
    elif page != "denoise":  # which waits for a photo
        assert says(said, "weights")


@pytest.mark.thorough
def test_a_lesson_finds_its_run_among_damaged_ones(own_runs):
    from pages.ui.backend.lessons import lessons

    found, problems = lessons("en")
    assert not problems
    lesson, step = next(
        (lesson, number)
        for lesson in found.values()
        for number, step in enumerate(lesson.steps, start=1)
        if step.experiments
    )
    for number, (part, damage) in enumerate(KINDS.values(), start=0xDB0000):
        folder = copied(RUN, own_runs, f"{number:012x}", "a student")
        if part in ("end", "preview", "map"):
            damage(folder)
        stored(own_runs, folder)
    page = opened("pages/lessons.py", visitor="a student", lesson=lesson.id, step=str(step))
    assert not texts(page.error)


def service():
    from pages.ui.backend import service as backend

    return backend.service()


@pytest.fixture
def book():
    from pages.ui.backend import service as backend

    return backend.classroom_service()


def test_the_wall_leaves_out_damaged_runs(damaged, book):
    classroom, secret = book.open_class("a teacher")
    for number in LISTS:
        book.join(classroom.code, f"{OWNER} {number}", f"Student {number}")
    with service().store.database.changing() as connection:  # before all these runs
        connection.execute(update(STUDENTS).values(joined=0.0))
    for query in ({}, {"teacher": secret}, {"view": "Projector"}):
        page = opened("pages/classroom.py", **{"class": classroom.code} | query)
        assert not texts(page.error)


LIMITS = '{"epochs": 5, "image_sets": [], "runs": 0}'
CLASSES_DAMAGED = {
    "limits a list": {"limits_json": "[]"},
    "limits deep": {"limits_json": DEEP},
    "limits of a newer version": {"limits_json": LIMITS.replace("{", '{"colour": "red", ')},
    "an image set of a newer version": {"limits_json": LIMITS.replace("[]", '["none"]')},
    "a challenge of a newer version": {"challenge_json": '{"kind": "fastest"}'},
}


@pytest.mark.parametrize("kind", CLASSES_DAMAGED)
def test_a_damaged_class_says_so(own_runs, book, kind):
    classroom, secret = book.open_class(f"a teacher of {kind}")
    book.join(classroom.code, "ada", "Ada")
    with service().store.database.changing() as connection:
        there = CLASSES.c.code == classroom.code
        connection.execute(update(CLASSES).where(there).values(CLASSES_DAMAGED[kind]))
    for query in ({}, {"teacher": secret}, {"view": "Projector"}):
        page = opened("pages/classroom.py", **{"class": classroom.code} | query)
        assert says(texts(page.error), "class_damaged", code=classroom.code)
    assert not texts(opened("pages/classroom.py", visitor="ada").error)
    assert not texts(opened("pages/classroom.py", visitor=f"a teacher of {kind}").error)
    assert not texts(opened("pages/train.py", visitor="ada").error)


@pytest.mark.thorough
def test_a_damaged_set_of_images_leaves_the_others(own_runs):
    whole, bad = (user_sets().create("grace", name, 28) for name in ("Whole", "Damaged"))
    for each in (whole, bad):
        user_sets().add(each.id, np.zeros((12, 28, 28, 1), np.uint8))
    with service().store.database.changing() as connection:
        there = USER_SETS.c.id == bad.id
        connection.execute(update(USER_SETS).where(there).values(pixels=b"PK"))
    assert card(whole.image_set).available
    page = opened("pages/own_pictures.py", visitor="grace", set=bad.id)
    assert says(texts(page.error), "set_damaged")
    spec = change(suggested_spec(card(whole.image_set)), image_set=bad.image_set)
    record = new_record(spec, "digits-dense", "grace")
    service().store.insert([replace(record, status="stopped")])
    for name in ("train", "reconstruct", "latent_space", "measure", "own_pictures"):
        page = opened(f"pages/{name}.py", visitor="grace", model=record.id, run=record.id)
        assert not page.exception
