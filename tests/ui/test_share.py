"""What the Share button gives to others: the same page, and nothing that is the sharer's alone."""

import pytest

from pages.ui.shell.share import opens, shared_query
from tests.helpers.app_page import opened

pytestmark = pytest.mark.usefixtures("own_runs")


@pytest.mark.parametrize(
    ("title", "query", "shared"),
    [
        ("Home", {}, {}),
        ("Home", {"lang": "de"}, {"lang": "de"}),
        ("Lessons", {"lesson": "a", "step": "2", "guess": "1,,3", "tried": "1"},
         {"lesson": "a", "step": "2"}),
        ("Train", {"preset": "digits-dense", "back": "lesson=a"}, {"preset": "digits-dense"}),
        ("Class", {"class": "ABCDE", "teacher": "key", "view": "Teacher", "lang": "de"},
         {"class": "ABCDE", "lang": "de"}),
        ("Latent space", {"model": "m", "z": "1,2", "start": "own"}, {"model": "m", "z": "1,2"}),
        ("Latent space", {"model": "m", "z": "1,2", "start": "picture:3"},
         {"model": "m", "z": "1,2", "start": "picture:3"}),
        ("Denoise", {"source": "Upload", "noise": "0.2"}, {"source": "Upload", "noise": "0.2"}),
        ("Home", {"teacher": "secret"}, {}),
    ],
)  # fmt: skip
def test_others_get_the_page_and_nothing_of_the_sharer(title, query, shared):
    assert shared_query(title, query) == shared


@pytest.mark.parametrize(
    ("title", "query", "words"),
    [
        ("Home", {}, "Opens the page **Home**."),
        ("Home", {"lang": "de"}, "Opens the page **Home**."),
        ("Measure", {"model": "m"}, "with what you have chosen"),
        ("Lessons", {}, "Opens the page **Lessons**."),
        ("Lessons", {"lesson": "02-how-many-numbers", "step": "2"}, "does a picture need"),
        ("Lessons", {"lesson": "02-how-many-numbers", "step": "99"}, "step 2"),
        ("Lessons", {"lesson": "02-how-many-numbers", "step": "²"}, "step 1"),
        ("Lessons", {"lesson": "no-such"}, "Opens the page **Lessons**"),
        ("Train", {"preset": "digits-dense"}, "with these settings"),
        ("Train", {"preset": "<b>x</b>"}, "Opens the page **Train**"),
        ("Train", {"run": "000000000000"}, "Opens the page **Train**"),
        ("Train", {"run": "../x"}, "Opens the page **Train**"),
        ("Train", {"sweep": "0"}, "series of runs"),
        ("Train", {"view": "Compare"}, "side by side"),
        ("Latent space", {"z": "1,2"}, "this code"),
        ("Class", {"class": "abcde"}, "**ABCDE**"),
        ("Class", {"class": "**x**"}, r"\*\*X\*\*"),
        ("Your pictures", {"set": "1"}, "this set of pictures"),
    ],
)
def test_it_says_what_the_address_opens(title, query, words):
    assert words in opens(title, query)


def test_a_page_has_one_share_button():
    page = opened("app.py")
    assert len([each for each in page.get("popover") if each.proto.popover.label == "Share"]) == 1
