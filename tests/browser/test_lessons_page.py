"""Every lesson from start to end, as a student who guesses, trains, looks and goes on."""

import re
from urllib.parse import parse_qs, urlparse

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from ae_core.data.catalog import IMAGE_SETS
from ae_core.data.loading import load_images
from ae_core.lessons.figures import figures_of_run
from ae_core.lessons.pictures import SMALL
from ae_core.lessons.reader import lesson_files, read_lesson
from ae_core.lessons.schema import Lesson, Step, numbers_of
from tests.helpers.lab_page import box_of, number_in, wait_until_drawn

LESSONS = [read_lesson(path) for path in lesson_files("en")]
# Of a large figure and of all that is in it.
NOT_CUT_OFF = "e => [e, ...e.querySelectorAll('*')].every(x => x.scrollWidth <= x.clientWidth + 1)"
BOX = "e => getComputedStyle(e, '::after').content"  # what a word means, or none
# What is above the window after the button at the end of a step.
AT_THE_TOP = "() => document.querySelector('[data-testid=stMain]').scrollTop === 0"
TRAINED = 120_000  # ms, for the slowest experiments of a step
# Their trainings take minutes: `make recipes`.
LONG = {"02-how-many-numbers", "07-sparse-codes", "08-losses", "09-variational"}
# What the experiments of a step must show, by lesson and place, where its file does not say it.
SHOWS = {
    ("02-how-many-numbers", 1): 2,
    ("03-under-and-overcomplete", 0): 3,
    ("06-noise", 0): 2,
    ("06-noise", 1): 1,
    ("09-variational", 0): 2,
    ("10-latent-arithmetic", 0): 8,
}


def answer(lesson: Lesson, place: int) -> float | None:
    """Return what is right at a step; None where it depends on how a training turns out."""
    step = lesson.steps[place]
    experiments = [one for each in lesson.steps for one in each.experiments]
    known = numbers_of({one.name: figures_of_run(one.spec, []) for one in experiments})
    assert step.guess is not None
    if step.guess.truth.names <= known.keys():
        return float(step.guess.truth.value(known))
    return SHOWS.get((lesson.id, place))


def guess(page: Page, step: Step, said: float | None) -> None:
    """Say something: the choice of that number, or what the slider is moved to, if anything."""
    assert step.guess is not None
    if step.guess.choices:
        label = step.guess.choices[round(said or 1) - 1]
        page.get_by_test_id("stRadio").get_by_text(label, exact=True).click()
        wait_until_drawn(page)
    elif said is not None:
        slider = page.get_by_test_id("stSlider").get_by_role("slider")
        away = round((said - (step.guess.low + step.guess.high) / 2) / step.guess.step)
        for _ in range(abs(away)):
            slider.press("ArrowRight" if away > 0 else "ArrowLeft")
        expect(slider).to_have_value(f"{said:g}")
        wait_until_drawn(page)
    page.get_by_role("button", name="That is my guess").click()
    expect(page.get_by_text(f"{step.guess.question} You said:")).to_be_visible()


def needs_files(step: Step) -> bool:
    return not all(IMAGE_SETS[one.spec.image_set].available for one in step.experiments)


def is_elsewhere(step: Step) -> bool:
    return bool(step.links) and not (step.experiments or step.measurements)


def explained(page: Page, step: Step) -> Locator:
    """Return where a piece of the explanation stands that has neither terms nor numbers."""
    pieces = re.split(r"\[\[.*?\]\]|\{\{.*?\}\}|\*\*|[\n`*]", step.explanation)
    return page.get_by_test_id("stMarkdownContainer").filter(has_text=max(pieces, key=len).strip())


def nothing_is_shown(page: Page, step: Step) -> None:
    """What must hold until the experiment is done."""
    expect(page.get_by_role("button", name="Skip this step")).to_be_visible()
    wait_until_drawn(page)
    assert page.get_by_role("button", name=re.compile("^(Next|Finish)$")).count() == 0
    main = page.get_by_test_id("stMain")
    assert main.get_by_text(re.compile("The answer:|That is right|Close!")).count() == 0
    for told in ("stAlertContentSuccess", "stAlertContentWarning", "stMetricValue", "stImage"):
        assert main.get_by_test_id(told).count() == 0, told
    assert explained(page, step).count() == 0


def judged(page: Page, step: Step, said: float | None, right: float | None) -> bool:
    """Whether the page calls the guess right; it must, or must not, where the answer is known."""
    assert step.guess is not None
    about = page.get_by_test_id("stAlert").filter(has_text=f"{step.guess.question} You said:")
    if said is not None and said == right:
        expect(about.get_by_test_id("stAlertContentSuccess")).to_contain_text("That is right.")
        return True
    truth = step.guess.choices[round(right) - 1] if step.guess.choices and right else ""
    expect(about.get_by_test_id("stAlertContentWarning")).to_contain_text(f"The answer: {truth}")
    return False


@pytest.mark.samples(1)
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "lesson",
    [pytest.param(each, marks=[pytest.mark.recipes] * (each.id in LONG)) for each in LESSONS],
    ids=lambda lesson: lesson.id,
)
def test_a_lesson_from_start_to_end(page, lesson: Lesson):
    """With a right guess and a wrong one at least, and nothing shown before it was tried."""
    page.goto("/lessons")
    number = LESSONS.index(lesson)
    page.get_by_role("button", name="Begin").nth(number).click()
    begins_right = number % 2 == 1 and answer(lesson, 0) is not None
    verdicts = []
    for place, step in enumerate(lesson.steps):
        expect(page.get_by_role("heading", name=step.title)).to_be_visible()
        wait_until_drawn(page)
        if needs_files(step):
            page.get_by_role("button", name="Skip this step").click()
            continue
        nothing_is_shown(page, step)
        if step.picture is not None and step.picture.kind == "code":
            expect(page.get_by_text("Your own network, live")).to_be_visible()
            a_moved_bar_changes_the_drawing(page)
        if step.picture is not None and step.picture.kind == "jpeg":
            expect(page.locator(".jpeg .said")).to_contain_text("dB")
        right = answer(lesson, place)
        said = right if (place == 0) == begins_right else wrong(step, right)
        guess(page, step, said)
        if step.experiments:
            expect(page.get_by_text("Do the experiment first")).to_be_visible()
            nothing_is_shown(page, step)
            page.get_by_role("button", name=re.compile("^Train (it|all)")).click()
        elif is_elsewhere(step):
            expect(page.get_by_text("Try it on the page that opens")).to_be_visible()
            nothing_is_shown(page, step)
            page.get_by_role("button", name="I have tried it").click()
        ahead = "Finish" if place + 1 == len(lesson.steps) else "Next"
        expect(page.get_by_role("button", name=ahead)).to_be_visible(timeout=TRAINED)
        wait_until_drawn(page)
        passed = page.get_by_test_id("stAlertContentSuccess").filter(
            has=page.get_by_text(re.compile("check_circle"))
        )
        expect(passed).to_have_count(len(step.checks))
        expect(explained(page, step)).to_have_count(1)
        verdicts.append(judged(page, step, said, right))
        if len(drawn := [one for one in step.experiments if not one.spec.corruption.active]) > 1:
            # One sheet: the originals above what each network makes of them, with its PSNR.
            rows = r" · ".join(rf"{re.escape(one.title)} \([\d.]+ dB\)" for one in drawn)
            expect(page.get_by_alt_text(re.compile(rf": original · {rows}$"))).to_have_count(1)
        assert page.get_by_text("{{").count() == 0
        for figure in page.get_by_test_id("stMetricValue").all():
            assert figure.evaluate(NOT_CUT_OFF), figure.inner_text()
        assert page.get_by_text("goes wrong").count() == 0
        page.get_by_role("button", name=ahead).click()
        page.wait_for_function(AT_THE_TOP)
    expect(page.get_by_text("You have reached the end.")).to_be_visible()
    for line in lesson.take_away.splitlines():
        expect(page.get_by_text(line)).to_be_visible()
    expect(page.get_by_role("link", name=lesson.go_on.words)).to_be_visible()
    score = page.get_by_test_id("stMetricValue")
    expect(score).to_have_count(1)  # the last step's are gone
    expect(score).to_have_text(f"{sum(verdicts)} / {len(lesson.steps)}")
    if not any(needs_files(step) for step in lesson.steps):
        assert len(verdicts) == len(lesson.steps)
        assert set(verdicts) == {True, False}


@pytest.mark.thorough
@pytest.mark.parametrize(
    "lesson", [each for each in LESSONS if each.id in LONG], ids=lambda it: it.id
)
def test_a_long_lesson_begins(page, lesson: Lesson):
    """Its steps can be read and guessed at; nothing is shown before an experiment was done."""
    page.goto(f"/lessons?lesson={lesson.id}&lang=en")
    for place, step in enumerate(lesson.steps):
        expect(page.get_by_role("heading", name=step.title)).to_be_visible()
        wait_until_drawn(page)
        nothing_is_shown(page, step)
        guess(page, step, wrong(step, answer(lesson, place)))
        if step.experiments:
            expect(page.get_by_role("button", name=re.compile("^Train (it|all)"))).to_be_visible()
            nothing_is_shown(page, step)
        page.get_by_role("button", name=re.compile("^(Skip this step|Next|Finish)$")).click()
    expect(page.get_by_text("You have reached the end.")).to_be_visible()


def wrong(step: Step, right: float | None) -> float | None:
    """Return a wrong guess; a slider stands at one, see `test_lessons`."""
    assert step.guess is not None
    return 1 + float(right == 1) if step.guess.choices else None


def test_a_page_that_a_step_opens_leads_back_to_it(page):
    lesson = LESSONS[4]
    step = lesson.steps[1]
    page.goto(f"/lessons?lesson={lesson.id}&step=2&lang=en")
    guess(page, step, 3)
    page.get_by_role("link", name=step.links[0].words).click()
    page.wait_for_url("**/measure?**")
    assert parse_qs(urlparse(page.url).query)["view"] == ["Unknown"]
    page.get_by_role("link", name=f"Back to the lesson: {lesson.title}").click()
    expect(page.get_by_text("Step 2 of 2")).to_be_visible()
    query = parse_qs(urlparse(page.url).query)
    assert query == {"lesson": [lesson.id], "step": ["2"], "guess": [";3"], "lang": ["en"]}
    page.get_by_role("button", name="I have tried it").click()
    expect(page.get_by_text(f"The answer: {step.guess.choices[0]}")).to_be_visible()


@pytest.mark.thorough
def test_a_reload_goes_on_where_it_was(page):
    lesson = LESSONS[3]
    page.goto(f"/lessons?lesson={lesson.id}&step=2")
    guess(page, lesson.steps[1], 3)
    assert parse_qs(urlparse(page.url).query)["guess"] == [";3"]
    page.reload()
    expect(page.get_by_text("You said: It makes something like a face out of it")).to_be_visible()
    expect(page.get_by_text("Step 2 of 2")).to_be_visible()


def a_moved_bar_changes_the_drawing(page: Page) -> None:
    """By the arrow keys and by the mouse; and a button takes the encoder's numbers back."""
    canvas = page.locator(".drawn canvas[width]")
    expect(canvas).to_have_attribute("aria-label", re.compile(r"\w"))
    bar = page.get_by_role("slider", name="Number 1 of the code", exact=True)

    def shown() -> tuple[str, str]:
        page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        number = page.locator(".numbers span").first.inner_text()
        assert bar.get_attribute("aria-valuetext") == number
        return number, canvas.evaluate("(canvas) => canvas.toDataURL()")

    begin = shown()
    bar.press("ArrowUp")
    bar.press("ArrowUp")
    pressed = shown()
    assert number_in(pressed[0]) > number_in(begin[0])
    box = box_of(bar)
    x, y = box["x"] + box["width"] / 2, box["y"]
    page.mouse.move(x, y + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(x, y + 0.9 * box["height"], steps=4)
    page.mouse.up()
    dragged = shown()
    assert number_in(dragged[0]) == pytest.approx(
        -0.8 * float(bar.get_attribute("max") or 0), rel=0.1
    )
    page.get_by_role("button", name="Back to the encoder's numbers").click()
    assert shown() == begin
    assert len({begin[1], pressed[1], dragged[1]}) == 3


def test_each_pixel_says_its_value(page):
    """By the pointer and by the arrow keys: what stands there is what the data say."""
    picture = LESSONS[0].steps[0].picture
    data = load_images(*SMALL).test[picture.number, ..., 0]
    held: list[Route] = []
    page.route("**/lessons/pixels.js", lambda route: held.append(route))
    with page.expect_request("**/lessons/pixels.js"):  # which the drawn page may ask for late
        page.goto(f"/lessons?lesson={LESSONS[0].id}&lang=en")
    below = page.get_by_role("button", name="That is my guess")
    expect(below).to_be_visible()
    wait_until_drawn(page)
    place = box_of(below)
    held[0].continue_()
    grid = page.get_by_role("grid", name="A handwritten")
    cells, said = grid.get_by_role("gridcell"), page.locator(".said")
    expect(cells).to_have_count(data.size)
    assert box_of(below) == place
    shown = np.array([float(each) for each in cells.all_inner_texts()]).reshape(data.shape)
    assert np.abs(shown - data).max() < 0.0051
    row, column = np.argwhere((data > 0) & (data < 1))[0].tolist()
    here = row * data.shape[1] + column
    cells.nth(here).hover()
    expect(said).to_have_text(f"Row {row + 1}, column {column + 1}: {shown[row, column]:.2f}")
    assert box_of(below) == place
    cells.nth(here).focus()
    page.keyboard.press("ArrowDown")
    expect(said).to_have_text(f"Row {row + 2}, column {column + 1}: {shown[row + 1, column]:.2f}")
    expect(cells.nth(here + data.shape[1])).to_be_focused()
    expect(grid.locator("[tabindex='0']")).to_have_count(1)


def test_a_term_says_what_it_means(page):
    page.goto(f"/lessons?lesson={LESSONS[0].id}")
    term = page.locator("abbr", has_text=re.compile("^encoder$"))
    expect(term).to_have_attribute("title", re.compile("from the picture to the code"))
    term.click()
    expect(term).to_be_focused()
    assert term.evaluate(BOX) == "none"  # whoever has a mouse hovers
    page.get_by_text("Words", exact=True).click()
    expect(page.get_by_text("The first half of an autoencoder")).to_be_visible()


@pytest.mark.samples(1)
@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("lesson=nonsense", "There is no lesson nonsense: choose one from the list below."),
        (f"lesson={LESSONS[0].id}&step=abc&guess=x;;9", "Step 1 of 3"),
        (f"lesson={LESSONS[0].id}&step=99", "You have reached the end."),
        ("lesson=<b>bold</b>", "There is no lesson <b>bold</b>: choose one from the list below."),
    ],
)
def test_a_bad_link_is_answered(page, query, sentence):
    page.goto(f"/lessons?{query}")
    expect(page.get_by_text(sentence)).to_be_visible()


@pytest.mark.thorough
def test_a_lesson_fits_a_phone(phone):
    phone.goto(f"/lessons?lesson={LESSONS[3].id}")
    wait_until_drawn(phone)
    term = phone.locator("abbr").first
    term.tap()
    assert term.evaluate(BOX).strip('"') == term.get_attribute("title")
    guess(phone, LESSONS[3].steps[0], None)
    wait_until_drawn(phone)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_next_step_begins_at_its_top(phone):
    lesson = LESSONS[5]
    phone.set_viewport_size({"width": 390, "height": 480})  # a step fills more than it
    phone.goto(f"/lessons?lesson={lesson.id}&lang=en")
    expect(phone.locator(".st-key-top i")).to_be_attached()
    wait_until_drawn(phone)
    main = phone.get_by_test_id("stMain")
    assert main.evaluate("e => { e.scrollTo(0, e.scrollHeight); return e.scrollTop; }") > 200
    phone.get_by_role("button", name="Skip this step").tap()
    expect(phone.get_by_role("heading", name=lesson.steps[1].title)).to_be_in_viewport(ratio=1)
    assert main.evaluate("e => [e.scrollTop, e.scrollWidth - e.clientWidth]") == [0, 0]
