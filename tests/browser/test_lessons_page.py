"""Every lesson from start to end, as a student who guesses, trains, looks and goes on."""

import re
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, expect

from ae_core.data import is_available
from ae_core.lesson_reader import lesson_files, read_lesson
from ae_core.lessons import Lesson, Step

IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"
LESSONS = [read_lesson(path) for path in lesson_files("en")]
TRAINED = 120_000  # ms, for the slowest experiments of a step


def guess(page: Page, step: Step, *, choice: int = 1) -> None:
    """Say something: the choice of that number, or what the slider stands at."""
    assert step.guess is not None
    if step.guess.choices:
        label = step.guess.choices[choice - 1]
        page.get_by_test_id("stRadio").get_by_text(label, exact=True).click()
        page.wait_for_selector(IDLE)
    page.get_by_role("button", name="That is my guess").click()
    expect(page.get_by_text(f"{step.guess.question} You said:")).to_be_visible()


def needs_files(step: Step) -> bool:
    return not all(is_available(one.spec.image_set) for one in step.experiments)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_a_lesson_from_start_to_end(page, lesson: Lesson):
    page.goto("/lessons")
    number = LESSONS.index(lesson)
    page.get_by_role("button", name="Begin").nth(number).click()
    done = 0
    for place, step in enumerate(lesson.steps):
        expect(page.get_by_role("heading", name=step.title)).to_be_visible()
        page.wait_for_selector(IDLE)
        if needs_files(step):
            page.get_by_role("button", name="Skip this step").click()
            continue
        guess(page, step)
        page.wait_for_selector(IDLE)
        if step.experiments:
            page.get_by_role("button", name=re.compile("^Train (it|all)")).click()
        ahead = "Finish" if place + 1 == len(lesson.steps) else "Next"
        expect(page.get_by_role("button", name=ahead)).to_be_visible(timeout=TRAINED)
        page.wait_for_selector(IDLE)
        passed = page.get_by_test_id("stAlertContentSuccess").filter(
            has=page.get_by_text(re.compile("check_circle"))
        )
        expect(passed).to_have_count(len(step.checks))
        assert page.get_by_text("{{").count() == 0
        assert page.get_by_text("goes wrong").count() == 0
        done += 1
        page.get_by_role("button", name=ahead).click()
    expect(page.get_by_text("You have reached the end.")).to_be_visible()
    score = page.get_by_test_id("stMetricValue")
    expect(score).to_have_count(1)  # the last step's are gone
    expect(score).to_have_text(re.compile(rf"^\d+ / {len(lesson.steps)}$"))
    assert done == len(lesson.steps) or any(needs_files(step) for step in lesson.steps)


def test_a_wrong_guess_and_an_experiment_not_done_are_answered(page):
    lesson = LESSONS[0]
    page.goto(f"/lessons?lesson={lesson.id}")
    guess(page, lesson.steps[0], choice=3)
    expect(page.get_by_text("Do the experiment first")).to_be_visible()
    expect(page.get_by_role("button", name="Next")).to_have_count(0)
    assert page.get_by_text("It is:").count() == 0  # nothing is given away
    page.get_by_role("button", name="Train it").click()
    right = lesson.steps[0].guess.choices[1]
    expect(page.get_by_text(f"It is: {right}")).to_be_visible(timeout=TRAINED)
    expect(page.get_by_text("The drawings can be read")).to_be_visible()


def test_a_reload_goes_on_where_it_was(page):
    lesson = LESSONS[3]
    page.goto(f"/lessons?lesson={lesson.id}&step=2")
    guess(page, lesson.steps[1], choice=3)
    assert parse_qs(urlparse(page.url).query)["guess"] == [";3"]
    page.reload()
    expect(page.get_by_text("You said: It makes something like a face of it")).to_be_visible()
    expect(page.get_by_text("Step 2 of 2")).to_be_visible()


def test_a_term_says_what_it_means(page):
    page.goto(f"/lessons?lesson={LESSONS[0].id}")
    term = page.locator("abbr", has_text=re.compile("^encoder$"))
    expect(term).to_have_attribute("title", re.compile("from the picture to the code"))
    page.get_by_text("Words", exact=True).click()
    expect(page.get_by_text("The first half of an autoencoder")).to_be_visible()


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("lesson=nonsense", "lesson=nonsense must be one of the lessons below."),
        (f"lesson={LESSONS[0].id}&step=abc&guess=x;;9", "Step 1 of 3"),
        (f"lesson={LESSONS[0].id}&step=99", "You have reached the end."),
        ("lesson=<b>bold</b>", "lesson=<b>bold</b> must be one of the lessons below."),
    ],
)
def test_a_bad_link_is_answered(page, query, sentence):
    page.goto(f"/lessons?{query}")
    expect(page.get_by_text(sentence)).to_be_visible()


def test_a_lesson_fits_a_phone(phone):
    phone.goto(f"/lessons?lesson={LESSONS[3].id}")
    phone.wait_for_selector(IDLE)
    guess(phone, LESSONS[3].steps[0])
    phone.wait_for_selector(IDLE)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
