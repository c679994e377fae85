"""Steps for beginners are written for readers of twelve years.

English is measured by the Flesch–Kincaid grade (Kincaid et al. 1975), German by the fourth Wiener
Sachtextformel (Bamberger and Vanecek 1984); both give the school year that understands a text, and
twelve-year-olds are in their sixth or seventh.
"""

import re

import pytest

from ae_core.lessons.reader import lesson_files, read_lesson

SCHOOL_YEAR = 7
VOWELS = "aeiouyäöü"


def spoken(text):
    """A text as it is read aloud: without markup, figures as a number."""
    text = re.sub(r"\{\{.*?\}\}", "12", text)
    text = re.sub(r"\[\[(?:[^\]|]*\|)?(.*?)\]\]", r"\1", text)
    text = re.sub(r"\$[^$]*\$|`[^`]*`", "it", text)
    return re.sub(r"[*_#>]", "", text)


def sentences(text):
    parts = re.split(r"[.!?:;]+(?=\s|$)|\n\n", text)
    return [part for part in parts if re.search(r"\w", part)]


def words(text):
    return re.findall(r"[A-Za-zÄÖÜäöüß']+", text)


def syllables(word):
    count = len(re.findall(f"[{VOWELS}]+", word.lower()))
    silent = word.lower().endswith("e") and not word.lower().endswith("le")
    return max(1, count - silent)


def flesch_kincaid(text):
    found, parts = words(text), sentences(text)
    each = sum(map(syllables, found)) / len(found)
    return 0.39 * len(found) / len(parts) + 11.8 * each - 15.59


def wiener(text):
    found, parts = words(text), sentences(text)
    long = sum(len(re.findall(f"[{VOWELS}]+", word.lower())) >= 3 for word in found)
    return 0.2656 * len(found) / len(parts) + 27.44 * long / len(found) - 1.693


FORMULAS = {"en": flesch_kincaid, "de": wiener}


def text_of(step):
    guess = step.guess
    asked = (guess.question, *guess.choices) if guess is not None else ()
    answers = (words for check in step.checks for words in (check.yes, check.no))
    return spoken("\n\n".join([step.text, *asked, step.explanation, *answers]))


BASIC = [
    pytest.param(FORMULAS[language], text_of(step), id=f"{language} {lesson.id} {number}")
    for language in FORMULAS
    for lesson in map(read_lesson, lesson_files(language))
    for number, step in enumerate(lesson.steps, 1)
    if step.level == "basic"
]


def test_the_formulas_know_easy_from_hard():
    easy = "The cat sat on the mat. It was a big cat. The dog ran to the cat."
    hard = (
        "Variational approximations characteristically underestimate posterior uncertainty, "
        "notwithstanding computational considerations favouring amortised inference."
    )
    for formula in FORMULAS.values():
        assert formula(easy) < SCHOOL_YEAR < formula(hard)


@pytest.mark.parametrize(("formula", "text"), BASIC)
def test_a_step_for_beginners_can_be_read_at_twelve(formula, text):
    assert formula(text) < SCHOOL_YEAR
