"""Lessons: the files that come with the app, and every mistake in one named by line and field."""

import re
from pathlib import Path

import numpy as np
import pytest

from ae_core.data.loading import load_images
from ae_core.errors import UserError
from ae_core.latent.interpolation import strengths
from ae_core.latent.profile import LatentProfile
from ae_core.lessons.expressions import Expression, fill
from ae_core.lessons.figures import MEASUREMENTS, RUN_FIGURES, figures_of_run
from ae_core.lessons.pictures import KINDS, LivePicture
from ae_core.lessons.reader import FOLDER, lesson_files, read_lesson
from ae_core.lessons.schema import PAGES, Lesson, numbers_of
from ae_core.models.pretrained import cards
from ae_core.specs import PRESETS, TrainingSpec, from_query, preset
from ae_core.storage.files import ROOT
from ae_core.text.sentences import entries, languages
from pages.ui.lessons.glossary import key_of, terms_in
from pages.ui.lessons.guess import verdict
from pages.ui.state.query_params import NOT_SETTINGS
from tests.helpers.refusals import check as check_message
from tests.helpers.refusals import refused

FILES = [path for language in languages() for path in lesson_files(language)]

GOOD = '''\
title = "A lesson"
about = "What it is about."
minutes = 5
level = "basic"
take_away = "One thing, and another."

[go_on]
page = "measure"
words = "Try more"
query = { view = "Bytes" }

[[step]]
title = "First"
text = """
minutes = "no field, but a line of the text"
Look at [[code|codes]].
"""

[step.guess]
question = "How good?"
low = 0
high = 40
step = 1
unit = "dB"
truth = "one.val_psnr"
close = 2

[[step.train]]
name = "one"
title = "One"
preset = "digits-dense"
change = { epochs = 1 }

[[step.check]]
holds = "one.val_psnr > 10"
yes = "Yes: {{one.val_psnr:.1f}} dB"
no = "No: {{one.val_psnr:.1f}} dB"

[step.explain]
text = "From {{one.pixels:.0f}} to {{one.numbers:.0f}}."

[[step]]
title = "Second"
level = "further"
text = "Still {{one.val_psnr:.1f}} dB."

[step.picture]
kind = "code"
number = 3
train = "one"
model = "digits-dense"

[[step.measure]]
name = "pca"
title = "PCA"
what = "pca"
settings = { preset = "digits-dense", numbers = 4 }

[[step.open]]
page = "train"
words = "Go on"
query = { preset = "digits-dense", latent_dim = 4 }
'''


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "lesson.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_lesson_is_read_as_it_is_written(tmp_path):
    lesson = read_lesson(written(tmp_path, GOOD))
    first, second = lesson.steps
    assert (lesson.id, lesson.title, lesson.minutes) == ("lesson", "A lesson", 5)
    assert (lesson.level, first.level, second.level) == ("basic", "basic", "further")
    assert first.experiments[0].spec.epochs == 1
    assert first.guess.truth.names == {"one.val_psnr"}
    assert (lesson.take_away, lesson.go_on.page) == ("One thing, and another.", "measure")
    assert second.measurements[0].settings == (("numbers", 4), ("preset", "digits-dense"))
    assert first.picture is None
    assert second.picture == LivePicture("code", 3, "one", "digits-dense")
    assert dict(second.links[0].query) == {"preset": "digits-dense", "latent_dim": "4"}


def test_a_picture_of_pixels_needs_no_model(tmp_path):
    code = GOOD.partition("[step.picture]\n")[2].partition("\n\n")[0]
    lesson = read_lesson(written(tmp_path, GOOD.replace(code, 'kind = "pixels"')))
    assert lesson.steps[1].picture == LivePicture("pixels", 0)


def test_a_picture_for_jpeg_is_of_a_model_s_images(tmp_path):
    jpeg = GOOD.replace('kind = "code"', 'kind = "jpeg"').replace('train = "one"\n', "")
    lesson = read_lesson(written(tmp_path, jpeg))
    assert lesson.steps[1].picture == LivePicture("jpeg", 3, model="digits-dense")


# What is changed in GOOD, and the error's line, field and problem.
BAD = {
    "a field that is missing": ('title = "A lesson"\n', "", 1, "title", "text"),
    "no take-away": ('take_away = "One thing, and another."\n', "", 1, "take_away", "text"),
    "no way on": (
        *('[go_on]\npage = "measure"\nwords = "Try more"\nquery = { view = "Bytes" }\n', ""),
        *(1, "go_on", "table"),
    ),
    "a misspelt field": ('question = "How', 'qestion = "How', 19, "step.guess.question", "text"),
    "an extra field": ("close = 2", "close = 2\ncolour = 3", 27, "step.guess.colour = 3", "field"),
    "no text": ("minutes = 5", 'minutes = "five"', 3, "minutes = five", "number"),
    "no such level": ('level = "basic"', 'level = "easy"', 4, "level = easy", "one_of"),
    "no such level of a step": (
        *('level = "further"', 'level = "hard"', 44, "step.level = hard", "one_of"),
    ),
    "no such preset": (
        *('preset = "digits-dense"\nchange', 'preset = "digits"\nchange'),
        *(31, "step.train.preset = digits", "one_of"),
    ),
    "no such setting": ("{ epochs = 1 }", "{ epoch = 1 }", 32, "step.train.change", "setting"),
    "a value out of bounds": ("{ epochs = 1 }", "{ epochs = 0 }", 32, "step.train.change", "whole"),
    "no such experiment": (
        *('holds = "one.val_psnr > 10"', 'holds = "two.val_psnr > 10"'),
        *(35, "step.check.holds = two.val_psnr", "figures"),
    ),
    "no such figure": (
        *("{{one.pixels:.0f}}", "{{one.pixel:.0f}}"),
        *(40, "step.explain.text = one.pixel", "figures"),
    ),
    "no arithmetic": (
        *('"one.val_psnr > 10"', '"one.val_psnr >"', 35, "step.check.holds", "expression"),
    ),
    "a bad format": (
        *("{{one.pixels:.0f}}", "{{one.pixels:.0x}}", 40, "step.explain.text"),
        "expression_format",
    ),
    "one choice": (
        *("low = 0\n", 'choices = ["one"]\nlow = 0\n'),
        *(21, "step.guess.choices = ['one']", "two"),
    ),
    "bounds": ("high = 40", "high = 0", 22, "step.guess.high = 0", "above"),
    "no such kind": ('kind = "code"', 'kind = "codes"', 48, "step.picture.kind = codes", "one_of"),
    "a field of the other kind": (
        *('kind = "code"', 'kind = "pixels"', 50, "step.picture.train = one", "field"),
    ),
    "no such picture": ("number = 3", "number = 360", 49, "step.picture.number = 360", "place"),
    "half a picture": ("number = 3", "number = 3.5", 49, "step.picture.number = 3.5", "place"),
    "a training that comes later": (
        *('train = "one"', 'train = "pca"', 50, "step.picture.train = pca", "one_of"),
    ),
    "a denoiser": (
        *('model = "digits-dense"', 'model = "face-denoiser"', 51),
        *("step.picture.model = face-denoiser", "one_of"),
    ),
    "no such page": ('page = "train"', 'page = "home"', 60, "step.open.page = home", "one_of"),
    "no such measure": ('what = "pca"', 'what = "cpa"', 56, "step.measure.what = cpa", "one_of"),
    "settings of a measure": (
        *("numbers = 4 }", "number = 4 }", 57),
        *("step.measure.settings = {'preset': 'digits-dense', 'number': 4}", "exactly"),
    ),
    "a name": ('name = "one"', 'name = "one two"', 29, "step.train.name = one two", "word"),
    "no table": ("[step.guess]", "[[step.guess]]", 12, "step.guess", "table"),
    "a table for tables": ("[[step.check]]", "[step.check]", 34, "step.check", "tables"),
    "texts": ("low = 0\n", "choices = 3\nlow = 0\n", 21, "step.guess.choices = 3", "texts"),
    "settings": ("change = { epochs = 1 }", "change = 3", 32, "step.train.change = 3", "settings"),
}


@pytest.mark.parametrize(("old", "new", "line", "field", "problem"), BAD.values(), ids=BAD)
def test_a_mistake_is_named_by_line_and_field(tmp_path, old, new, line, field, problem):
    assert old in GOOD
    with pytest.raises(UserError) as refusal:
        read_lesson(written(tmp_path, GOOD.replace(old, new, 1)))
    check_message(refusal.value, "lesson", file="lesson.toml", line=line)
    assert refusal.value.values["field"].startswith(field)
    said = refusal.value.values["problem"]
    assert said.key.removeprefix("lesson_must_") == problem


def test_what_is_no_toml_is_refused(tmp_path):
    with refused("lesson_toml", problem="Invalid value (at line 3, column 11)"):
        read_lesson(written(tmp_path, GOOD.replace("minutes = 5", "minutes = ")))


def test_a_lesson_without_steps_is_refused(tmp_path):
    with pytest.raises(UserError) as refusal:
        read_lesson(written(tmp_path, GOOD.partition("[[step]]")[0]))
    assert refusal.value.values["problem"].key == "lesson_must_step"


# --- the lessons of the app -------------------------------------------------------------------


@pytest.fixture(params=FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def lesson(request) -> Lesson:
    return read_lesson(request.param)


def test_there_are_ten():
    assert [path.name[:2] for path in lesson_files("en")] == [f"{n:02}" for n in range(1, 11)]


@pytest.mark.parametrize("language", [name for name in languages() if name != "en"])
def test_another_language_has_the_same_experiments(language):
    def bare(path):
        """Everything but words."""
        lesson = read_lesson(path)
        go_on = lesson.go_on.page, lesson.go_on.query
        return go_on, [
            (
                [(one.name, one.spec) for one in step.experiments],
                [(one.name, one.what, one.settings) for one in step.measurements],
                [(link.page, link.query) for link in step.links],
                [check.holds.text for check in step.checks],
                step.picture,
                step.guess and (step.guess.truth.text, len(step.guess.choices), step.guess.close),
            )
            for step in lesson.steps
        ]

    english, other = lesson_files("en"), lesson_files(language)
    assert [path.name for path in other] == [path.name for path in english]
    for one, two in zip(english, other, strict=True):
        assert bare(one) == bare(two), two.name


def test_its_terms_are_in_the_glossary(lesson):
    for language in languages():
        known = entries(language)
        for step in lesson.steps:
            for term in terms_in(step.text + step.explanation):
                assert f"glossary.{term}.means" in known


ENDINGS = {"en": "s?", "de": "(?:e|s|es|n|en)?"}  # of a word in the plural, or in a case
MARKED = re.compile(r"\[\[([^\]|]+)(?:\|([^\]]+))?\]\]")


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_term_is_marked_where_a_lesson_first_uses_it(path):
    """Whoever begins with this lesson can look up every word of the glossary that stands in it."""
    language = path.parent.name
    read = texts_of(path)
    for term, forms in forms_of_terms(language).items():
        some = "|".join(sorted(map(re.escape, forms), key=len, reverse=True))
        word = rf"(?<![\w|\[-])(?:{some}){ENDINGS[language]}(?![\w|\]-])"
        plain = [match.start() for match in re.finditer(word, read, re.IGNORECASE)]
        marked = [match.start() for match in MARKED.finditer(read) if key_of(match[1]) == term]
        if plain:
            assert marked, f"{term} stands in {path.name} and is never marked"
            assert marked[0] < plain[0], f"{term} stands in {path.name} before it is marked"


def texts_of(path: Path) -> str:
    """What a student reads of a lesson, in its order."""
    steps = read_lesson(path).steps
    return "\n".join(part for step in steps for part in (step.text, step.explanation))


def forms_of_terms(language: str) -> dict[str, set[str]]:
    """The words that lessons mark, by the glossary's keys."""
    forms: dict[str, set[str]] = {}
    for path in lesson_files(language):
        for match in MARKED.finditer(texts_of(path)):
            forms.setdefault(key_of(match[1]), set()).add(match[2] or match[1])
    return forms


def test_every_step_asks_for_a_guess_and_explains(lesson):
    assert all(step.guess is not None and step.explanation for step in lesson.steps)
    assert any(step.experiments or step.measurements or step.links for step in lesson.steps)


def test_a_guess_is_judged_both_ways_by_what_the_experiment_shows():
    guesses = [step.guess for step in read_lesson(lesson_files("en")[1]).steps]
    number, choice = guesses
    shown = {"sixteen.val_psnr": 23.0, "two.val_psnr": 14.0}
    assert number.close == 3
    found = [verdict(number, said, shown) for said in (5.5, 6, 9, 12, 12.5)]
    assert found == [False, True, True, True, False]
    shown |= {"sixtyfour.val_psnr": 25.0}
    shown |= {"pca2.psnr": 13.0, "pca16.psnr": 22.5, "pca64.psnr": 45.0}
    assert [verdict(choice, said, shown) for said in (1, 2, 3, 4)] == [True, False, False, False]
    shown["two.val_psnr"] = 13.2  # the truth is what was shown, not what the author expected
    assert [verdict(choice, said, shown) for said in (1, 2, 3, 4)] == [False, True, False, False]
    shown |= {"two.val_psnr": 12.0, "sixteen.val_psnr": 22.0}
    assert [verdict(choice, said, shown) for said in (1, 2, 3, 4)] == [False, False, False, True]
    assert verdict(choice, 1, {}) is None


def test_a_slider_does_not_begin_at_the_answer(lesson):
    """As far as it is known before anything is trained; the browser's students try the others."""
    known = {
        f"{one.name}.{name}": value
        for step in lesson.steps
        for one in step.experiments
        for name, value in figures_of_run(one.spec, []).items()
    }
    for step in lesson.steps:
        if step.guess and not step.guess.choices and step.guess.truth.names <= known.keys():
            assert not verdict(step.guess, (step.guess.low + step.guess.high) / 2, known)


def test_its_checks_can_answer_both_ways_in_whole_sentences(lesson):
    """Whatever a student's runs give: some figures pass each check and some do not."""
    rng = np.random.default_rng(0)
    for step in lesson.steps:
        for check in step.checks:
            names = Expression(check.holds.text).names | places(check.yes) | places(check.no)
            said = set()
            for _ in range(2000):
                figures = {name: float(10 ** rng.uniform(-3, 2)) for name in sorted(names)}
                holds = bool(check.holds.value(figures))
                said.add(holds)
                assert "{{" not in fill(check.yes if holds else check.no, figures)
            assert said == {True, False}, f"{step.title}: {check.holds.text}"


def places(text):
    """The names in a text's ``{{a.b:.1f}}``."""
    inside = re.findall(r"\{\{(.*?)\}\}", text)
    return {name for part in inside for name in Expression(part.rsplit(":", 1)[0]).names}


def test_its_links_can_be_read(lesson):
    trainings = {one.name for step in lesson.steps for one in step.experiments}
    for link in (lesson.go_on, *(link for step in lesson.steps for link in step.links)):
        assert (ROOT / "pages" / f"{link.page}.py").is_file()
        if link.page == "train":
            from_query({k: v for k, v in link.query if k not in NOT_SETTINGS})
        model = dict(link.query).get("model", "")
        own = model.removeprefix("train:")
        assert own in trainings if model.startswith("train:") else model in ("", *cards())


def test_it_names_models_as_the_menus_do(lesson):
    """In backticks stands a model's name: the page shows its title."""
    written = texts_of(FOLDER / "en" / f"{lesson.id}.toml")
    for name in re.findall(r"`([^`]+)`", written):
        assert name in cards()
    plain = re.sub(r"`[^`]+`", "", written)
    names = [name for name in cards() if "-" in name]  # the others are words, too
    assert not [name for name in names if re.search(rf"(?<![\w-]){name}(?![\w-])", plain)]


def test_only_the_smile_differs_between_the_ends_of_the_walk_in_lesson_10():
    query = dict(read_lesson(lesson_files("en")[9]).steps[1].links[0].query)
    faces = load_images("toy-faces")
    ends = [int(query[end].removeprefix("picture:")) for end in ("from", "to")]
    apart = dict(zip(faces.label_names, np.ptp(faces.test_labels[ends], axis=0), strict=True))
    assert apart.pop("smile") > 1.5  # from -1 to 1
    assert max(apart.values()) < 0.3


def test_the_face_that_is_to_smile_in_lesson_1_does_not_smile_yet():
    """Neither as it was drawn nor by the model's own measure, its direction."""
    query = dict(read_lesson(lesson_files("en")[0]).steps[2].links[1].query)
    place = int(query["z"].removeprefix("picture:"))
    shown = cards()[query["model"]]
    faces = load_images(shown.spec.image_set)
    known = LatentProfile.from_bytes(shown.profile_path.read_bytes())
    smile = faces.label_names.index("smile")
    assert faces.test_labels[place, smile] < np.quantile(faces.test_labels[:, smile], 0.1)
    measured = strengths(known.codes - known.mean, known.directions)
    along = measured[:, known.direction_names.index("smile")]
    assert along[place] < np.quantile(along, 0.1) < 0


def test_its_take_away_is_two_lines(lesson):
    assert len(lesson.take_away.splitlines()) == 2


def test_every_page_that_a_lesson_may_open_is_there():
    assert all((ROOT / "pages" / f"{page}.py").is_file() for page in PAGES)


# --- figures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PRESETS)
def test_a_run_has_figures_of_the_declared_names(name):
    spec: TrainingSpec = preset(name)
    history = [{"loss": 2.0, "psnr": 10.0, "seconds": 1.0}, {"loss": 1.0, "psnr": 12.0}]
    figures = figures_of_run(spec, history)
    assert set(figures) <= set(RUN_FIGURES)
    assert (figures["loss"], figures["first_loss"], figures["epochs"]) == (1.0, 2.0, 2)
    assert figures["ratio"] == figures["pixels"] / figures["numbers"]
    assert set(figures_of_run(spec, [])) == {"epochs", "numbers", "pixels", "ratio", "parameters"}


def test_figures_are_named_with_a_dot():
    assert numbers_of({"a": {"x": 1.0, "y": 2.0}}) == {"a.x": 1.0, "a.y": 2.0}


def test_the_format_is_documented_field_by_field():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for name in (*MEASUREMENTS, *RUN_FIGURES, *PAGES):
        assert f"`{name}`" in text, name
    for kind in KINDS:
        assert f'kind = "{kind}"' in text
