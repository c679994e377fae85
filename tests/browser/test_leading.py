"""A class that is led, in real browsers: a teacher, a projector, a laptop, a phone, a late one."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.test_accessibility import violations
from tests.browser.test_class import MARKUP, join, no_dialogs, open_class, visitor
from tests.helpers.lab_page import linked, open_page
from tests.helpers.lab_server import LAPTOP, PHONE

GO = re.compile("Your class goes here: How many numbers does a picture need. · step 1")
GUESS = "That is my guess"
CHOICES = f"yes / {MARKUP} / only of digits"


def row(page: Page, words: str) -> Locator:
    """The bar of an answer."""
    return page.locator(".bars .row").filter(has_text=words)


def press(page: Page, words: str) -> None:
    page.get_by_role("button", name=words, exact=True).click()


def send_to_lesson(teacher: Page) -> None:
    teacher.get_by_role("combobox", name="Lesson").click()
    teacher.get_by_role("option", name=re.compile("How many numbers")).click()
    press(teacher, "Send everybody here")


def ask_own(teacher: Page) -> None:
    teacher.get_by_text("A question of your own").click()
    teacher.get_by_role("textbox", name="Question", exact=True).fill(MARKUP)
    teacher.get_by_role("textbox", name="Answers to choose from").fill(CHOICES)
    teacher.get_by_role("textbox", name="The right answer").fill("only of digits")
    press(teacher, "Ask everybody")


def wait_for_step(page: Page, step: str) -> None:
    page.wait_for_function(
        "step => new URL(location.href).searchParams.get('step') === step", arg=step
    )
    assert linked(page, "lesson") == "02-how-many-numbers"


def test_a_class_is_led_from_a_lesson_to_the_work_it_hands_in(
    page, stranger, phone, browser, server
):
    code = open_class(page)
    ada, ben = stranger, phone
    with visitor(browser, server) as projector, no_dialogs(page, ada, ben, projector):
        open_page(projector, f"/classroom?class={code}&view=Projector")
        join(ada, code, "Ada")
        join(ben, code, "Ben")
        expect(ben.get_by_text("you are Ben")).to_be_visible()

        send_to_lesson(page)
        for student in (ada, ben):
            student.get_by_role("button", name=GO).click()
            wait_for_step(student, "1")
            expect(student.get_by_role("button", name=GO)).to_have_count(0)
        expect(row(page, "1. 2, 4, 16, 64")).to_contain_text("2")

        press(page, "Ask this question")
        for student in (ada, ben):
            press(student, GUESS)  # the lesson's own form: nobody is asked twice
            expect(student.get_by_text("You said: 15 dB.").first).to_be_visible()
        expect(projector.get_by_text("Guesses: 2 of 2")).to_be_visible()
        expect(row(projector, "14–15")).to_contain_text("2")
        expect(page.locator(".who")).to_contain_text("Ada, Ben")
        assert "Ada" not in projector.locator(".lead").inner_text()
        press(page, "Put it away")

        ask_own(page)
        for student, answer in ((ada, MARKUP), (ben, "yes")):
            press(student, answer)
            expect(student.get_by_text(f"You said: {answer}.")).to_be_visible()
            expect(student.locator(".card .bars .row")).to_have_count(0)
        for watcher in (page, projector):
            expect(row(watcher, MARKUP).locator("b")).to_have_text("1")
            expect(row(watcher, "only of digits").locator("b")).to_have_text("0")
        press(ben, "only of digits")  # until the answer is shown
        expect(row(projector, "only of digits").locator("b")).to_have_text("1")
        shown = [*violations(ada, [LAPTOP]), *violations(ben, [PHONE])]
        press(page, "Reveal")
        for student in (ada, ben):
            expect(student.get_by_text("The answer: only of digits.")).to_be_visible()
            expect(student.locator(".row.right")).to_contain_text("only of digits")
        shown += [*violations(page, [LAPTOP]), *violations(projector, [LAPTOP])]
        shown += violations(ben, [PHONE])
        assert not shown, "\n".join(shown)

        press(page, "Ask again")
        press(ada, "only of digits")
        expect(row(projector, "only of digits").locator("b")).to_have_text("1")
        expect(row(projector, MARKUP).locator(".bar.earlier")).to_be_visible()
        expect(projector.get_by_text("asked for the 2. time")).to_be_visible()

        page.get_by_text("Take them there").click()
        press(page, "Next step")
        for student in (ada, ben):
            wait_for_step(student, "2")
        with visitor(browser, server) as late:
            join(late, code, "Cem")
            wait_for_step(late, "2")  # who joins late is where the class is
            page.get_by_role("button", name="Cem", exact=True).click()
            page.locator(".card").filter(has_text="Cem").get_by_text("Remove").click()
            expect(late.locator(".follow")).to_have_count(0)

        press(page, "Pause all")
        expect(ben.get_by_text("Your teacher has paused the class")).to_be_visible()
        press(page, "Go on")
        expect(ben.get_by_text("Your teacher has paused the class")).to_be_hidden()
        assert ada.locator(".follow img, .follow strong").count() == 0

        page.get_by_role("link", name="Train").click()
        page.get_by_role("button", name=f"Send class {code} here").click()
        expect(ada.get_by_role("button", name="Train", exact=True)).to_be_visible()
        summary = exported(page, code)
        assert MARKUP not in summary
        assert "&lt;img" in summary


def exported(page: Page, code: str) -> str:
    """The page that the teacher prints, which has nothing from elsewhere."""
    open_page(page, f"/classroom?class={code}&view=Teacher")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as kept:
        page.get_by_role("button", name="Summary to print").click()
    return kept.value.path().read_text(encoding="utf-8")
