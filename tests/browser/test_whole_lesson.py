"""A whole lesson in real browsers: a teacher, a projector, a laptop, two tablets and a phone."""

import csv
import io
import re
from contextlib import ExitStack
from urllib import parse

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_class import card, join, open_class, visitor
from tests.browser.test_leading import GO, GUESS, press, send_to_lesson, wait_for_step
from tests.browser.test_leading import row as bar
from tests.helpers.lab_page import linked, open_page

TABLET = {"width": 820, "height": 1180}
NAMES = ("Ada", "Ben", "Cem", "Dora")
SENTENCES = "With twice the code it draws better. <b>More</b> epochs helped, too."


@pytest.mark.thorough
def test_a_lesson_from_a_question_to_the_work_that_is_collected(
    page, stranger, phone, browser, server
):
    code = open_class(page)
    with ExitStack() as stack:
        projector, *tablets = (stack.enter_context(visitor(browser, server)) for _ in range(3))
        for tablet in tablets:
            tablet.set_viewport_size(TABLET)
        class_ = dict(zip(NAMES, (stranger, *tablets, phone), strict=True))
        open_page(projector, f"/classroom?class={code}&view=Projector")
        for name, student in class_.items():
            join(student, code, name)

        send_to_lesson(page)
        for student in class_.values():
            student.get_by_role("button", name=GO).click()
            wait_for_step(student, "1")
        expect(bar(page, "1. 2, 4, 16, 64")).to_contain_text("4")
        press(page, "Ask this question")
        for student in class_.values():
            press(student, GUESS)
        expect(projector.get_by_text("Guesses: 4 of 4")).to_be_visible()

        press(class_["Ada"], "Train all 4")
        expect(class_["Ada"].get_by_role("button", name="Train all 4")).to_have_count(0)
        press(page, "Reveal")
        for student in class_.values():
            expect(student.get_by_text("Nobody has trained yet")).to_be_visible()
        expect(card(projector, "Ada")).to_contain_text(re.compile(r"\d\d\.\d dB"))
        expect(projector.locator("canvas.plot").nth(1)).to_be_visible()  # by code size
        press(page, "Put it away")

        limit_to_ten_epochs(page)
        for name in NAMES[1:]:
            open_page(class_[name], "/classroom")
            press(class_[name], "Start my first training")
            expect(class_[name].get_by_text("Finished").first).to_be_visible()
        for name in NAMES:
            expect(card(projector, name)).to_contain_text(re.compile(r"\d\d\.\d dB"))
        runs = rows(page, "All runs (CSV)")
        seeds = {re.search(r"seed=(\d+)", run["changed_settings"])[1] for run in runs}
        assert len(seeds) == len(NAMES)  # everybody has trained other networks
        assert len(runs) == 4 + len(NAMES[1:])

        page.get_by_role("button", name="Challenge").click()
        press(page, "Start the challenge")
        better = class_["Ben"]
        better.get_by_role("button", name=re.compile("Your class has a challenge")).click()
        better.get_by_role("link", name="Take part").click()
        better.wait_for_function("() => new URL(location.href).searchParams.has('latent_dim')")
        assert linked(better, "latent_dim") == "4"  # half of what is allowed
        too_many = f"/train?{parse.urlsplit(better.url).query}".replace(
            "latent_dim=4", "latent_dim=9"
        )
        open_page(better, too_many)
        expect(better.get_by_text("count in the challenge: it allows")).to_be_visible()
        open_page(better, too_many.replace("latent_dim=9", "latent_dim=8"))
        expect(better.get_by_text("count in the challenge: it allows")).to_have_count(0)
        press(better, "Train")
        expect(better.get_by_text("Finished").first).to_be_visible()
        expect(projector.locator(".podium .place")).to_contain_text(re.compile(r"1\. Ben"))

        for name in ("Ada", "Ben"):
            hand_in(class_[name])
        page.reload()
        expect(page.get_by_text("Handed in: 2")).to_be_visible()
        work = {each["nickname"]: each for each in rows(page, "Work handed in")}
        assert work.keys() == {"Ada", "Ben"}
        assert work["Ada"]["sentences"] == SENTENCES
        assert float(work["Ben"]["psnr"]) > 10
        did = {each["nickname"]: each for each in rows(page, "Students:")}
        assert {name: each["guesses"] for name, each in did.items()} == dict.fromkeys(NAMES, "1")
        assert [did[name]["runs"] for name in NAMES] == ["4", "2", "1", "1"]


def limit_to_ten_epochs(teacher: Page) -> None:
    teacher.get_by_role("button", name="Limits").click()
    teacher.get_by_label("Epochs per run, at most").fill("10")
    press(teacher, "Set these limits")
    expect(teacher.get_by_text("Epochs: at most 10")).to_be_visible()


def hand_in(student: Page) -> None:
    open_page(student, "/classroom")
    student.get_by_text("Hand in a run").click()
    student.get_by_label("What did you find out?").fill(SENTENCES)
    press(student, "Hand it in")
    expect(student.get_by_text("With twice the code").first).to_be_visible()


def rows(teacher: Page, table: str) -> list[dict[str, str]]:
    """One of the tables of the export's menu."""
    with teacher.expect_download() as kept:
        button = teacher.get_by_role("button", name=table)
        if not button.is_visible():
            teacher.get_by_role("button", name="Export").click()
        button.click()
    text = kept.value.path().read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))
