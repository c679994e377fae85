"""Every page by Streamlit's own test driver: no exception, and a sentence for a bad link."""

from urllib.parse import parse_qs

import pytest
from PIL import Image
from skimage.data import chelsea

from ae_core import images
from ae_core.data import image_files
from ae_core.data.catalog import IMAGE_SETS
from ae_core.data.gallery import images_of
from ae_core.data.loading import card as image_card
from ae_core.models.enlarged import enlarge_test, is_reduced
from ae_core.models.pretrained import best_for, cards
from ae_core.specs import DenoiserSpec, TrainingSpec
from ae_core.text.sentences import entries, languages, number, say
from pages.ui.backend.service import answer
from pages.ui.pickers.models import pretrained_autoencoders
from tests.helpers.app_page import PAGES, decimal_points, metric, opened, ran, texts
from tests.helpers.encoded import encoded
from tests.helpers.refusals import says

pytestmark = pytest.mark.usefixtures("own_runs")


@pytest.mark.parametrize("page", ["app.py", *PAGES])
def test_every_page_opens_without_an_exception(page):
    assert not texts(opened(page).error)


@pytest.mark.parametrize("page", ["app.py", *PAGES])
def test_every_page_opens_in_german(page):
    german = opened(page, lang="de")
    assert not texts(german.error)
    assert decimal_points(german) == []


@pytest.mark.parametrize("language", languages())
def test_the_lessons_page_explains_every_term(language):
    page = opened("pages/lessons.py", lang=language)
    known = {key: said for key, said in entries(language).items() if key.startswith("glossary.")}
    said = texts(page.expander[0].markdown)
    assert all(words in said for key, words in known.items() if key.endswith((".term", ".means")))
    terms = [entry.value.split("**")[1] for entry in page.expander[0].markdown]
    without_dots = str.maketrans("ÄÖÜäöü", "AOUaou")
    assert terms == sorted(terms, key=lambda term: term.translate(without_dots).casefold())


def test_a_step_whose_training_was_skipped_says_which_one_it_needs():
    page = opened("pages/lessons.py", lesson="02-how-many-numbers", step="2", guess=";1")
    (warning,) = page.warning
    assert "the training of step 1" in warning.value


def test_a_lesson_goes_on_where_it_was_left():
    page = opened("pages/lessons.py", lesson="02-how-many-numbers", step="2", guess="8", tried="1")
    begin = say("lessons.begin"), say("lessons.go_on")
    page.query_params.clear()
    ran(page)
    shown = [button.label for button in page.button if button.label in begin]
    assert [label == begin[1] for label in shown].count(True) == 1
    next(button for button in page.button if button.label == begin[1]).click().run()
    assert page.query_params["lesson"] == "02-how-many-numbers"
    assert [page.query_params[name] for name in ("step", "guess", "tried")] == ["2", "8", "1"]


def test_the_language_of_a_tab_outlives_a_link_that_names_none():
    page = opened("app.py", lang="de")
    del page.query_params["lang"]
    ran(page)
    assert page.query_params["lang"] == "de"
    assert page.sidebar.get("page_link")[1].proto.label == "Lektionen"


def test_what_is_wrong_with_a_link_is_said_in_german():
    limit = texts(opened("pages/train.py", lang="de", latent_dim="0").error)
    assert says(limit, "whole", "de", name="latent_dim", value=0, low=1, high=4096)
    assert "Stattdessen siehst du: " in limit
    unknown = texts(opened("pages/train.py", lang="de", view="Watch", run="abc").error)
    assert says(unknown, "unknown_run", "de", id="abc")
    code = opened("pages/latent_space.py", lang="de", model="toy-faces-vae", z="1,2")
    assert says(texts(code.error), "code_numbers", "de", name="z", count=2, wanted=12)


def test_an_unknown_run_is_a_sentence():
    for run in ("000000000000", "../../etc", "x" * 200):
        page = opened("pages/train.py", run=run)
        assert says(texts(page.error), "unknown_run", id=run)


def test_an_unknown_model_is_a_sentence_and_another_is_shown():
    page = opened("pages/reconstruct.py", model="nope")
    assert says(texts(page.error), "unknown_run", id="nope")
    assert metric(page, "PSNR").endswith("dB")


@pytest.mark.samples(1)
@pytest.mark.parametrize("lang", ["en", "de"])
def test_a_model_of_reduced_pictures_says_how_good_its_drawing_is_at_full_size(lang):
    reduced = [
        each
        for each in pretrained_autoencoders().values()
        if is_reduced(each.spec) and IMAGE_SETS[each.spec.image_set].available
    ]
    if not reduced:
        pytest.skip("no image set of such a model is on this machine")
    model = reduced[0]
    said = texts(opened("pages/reconstruct.py", model=model.id, picture="3", lang=lang).markdown)
    found = answer(enlarge_test, model.file, 3)
    assert say("reconstruct.enlarged.title", lang, side=len(found.original)) in said
    assert f"**{number(found.ours.psnr, '.1f', lang)} dB**" in said
    assert f" {number(found.reduced.psnr, '.1f', lang)} dB" in said
    other = opened("pages/reconstruct.py", model="toy-faces-vae", picture="3", lang=lang)
    assert texts(other.markdown).count("64×64") == 0


@pytest.mark.samples(1)
@pytest.mark.parametrize("model", ["toy-faces-vae", "digits-dense"])
def test_a_picture_is_read_by_a_worker_and_kept_until_it_is_forgotten(monkeypatch, model):
    monkeypatch.setattr(image_files, "read_header", None)  # of the server: the workers have theirs
    page = opened("pages/reconstruct.py", source="Upload", model=model)
    gradient = encoded(Image.linear_gradient("L"), "PNG")
    page.file_uploader[0].set_value(("mine.png", gradient, "image/png")).run()
    assert not page.exception
    assert metric(page, "PSNR").endswith("dB")
    page.file_uploader[0].set_value(("text.jpg", b"hello", "image/jpeg")).run()
    assert says(texts(page.error), "file_kind", name="text.jpg")
    assert not page.metric
    page.file_uploader[0].set_value(("mine.png", gradient, "image/png")).run()
    assert not page.error
    assert page.metric
    next(each for each in page.button if each.label == "Forget this photo").click().run()
    assert not page.exception
    assert not page.metric


SEEN = "This model has only ever seen one kind of picture"
DIGITS = next(  # a model of digits that are on every machine
    each
    for each in cards().values()
    if isinstance(each.spec, TrainingSpec)
    and image_card(each.spec.image_set).kind == "digits"
    and image_card(each.spec.image_set).available
)
DENOISERS = [each.name for each in cards().values() if isinstance(each.spec, DenoiserSpec)]
UPLOADS = (
    ("reconstruct", {"source": "Upload"}, "photo"),
    ("measure", {"source": "Upload"}, "photo"),
    ("latent_space", {"view": "Sliders", "source": "My photo"}, "photo"),
    ("denoise", {"source": "Upload"}, "denoise"),
)


def with_upload(name, query, image, model=DIGITS.name):
    page = opened(f"pages/{name}.py", model=model, **query)
    page.file_uploader[0].set_value(("mine.png", encoded(image, "PNG"), "image/png")).run()
    assert not page.exception
    assert not page.error
    return page


@pytest.mark.parametrize(("name", "query", "place"), UPLOADS, ids=[each[0] for each in UPLOADS])
def test_of_a_picture_unlike_all_that_a_model_has_seen_it_says_so(name, query, place):
    """With a link to the model that is best there; of one like those that it has seen, nothing."""
    page = with_upload(name, query, Image.linear_gradient("L"))
    assert SEEN in texts(page.info)
    links = [parse_qs(each.proto.query_string) for each in page.main.get("page_link")]
    kept = {key: [value] for key, value in query.items()}
    assert kept | {"model": [best_for(place).name]} in links
    if place == "photo":  # where noise is removed, only a face is cut out of an upload
        known = images.to_pillow(images.to_bytes_range(images_of(DIGITS.spec).test[5]))
        assert SEEN not in texts(with_upload(name, query, known).info)


@pytest.mark.parametrize("name", DENOISERS)
def test_a_denoiser_says_that_a_picture_is_unusual_for_it(name):
    unusual = "This picture is unusual for this model"
    cat = Image.fromarray(chelsea())
    page = with_upload("denoise", {"source": "Upload"}, cat, name)
    assert unusual in texts(page.info)
    assert unusual not in texts(opened("pages/denoise.py", model=name).info)


@pytest.mark.thorough
def test_a_photo_goes_along_to_another_model():
    page = with_upload("reconstruct", {"source": "Upload"}, Image.linear_gradient("L"))
    page.query_params["model"] = best_for("photo").name
    page.run()
    assert not page.exception
    assert metric(page, "PSNR").endswith("dB")
    assert "Forget this photo" in [each.label for each in page.button]


@pytest.mark.samples(1)
@pytest.mark.parametrize(
    ("task", "view"),
    [("Add noise, then remove it", "64×64 gray"), ("Clean this photo as it is", "Whole photo")],
)
def test_a_photo_that_is_cleaned_as_it_is_is_cleaned_whole(task, view):
    page = opened("pages/denoise.py", source="Upload", task=task)
    photo = Image.merge("RGB", [Image.linear_gradient("L")] * 3)
    page.file_uploader[0].set_value(("mine.png", encoded(photo, "PNG"), "image/png")).run()
    assert not page.exception
    assert page.session_state["denoise.size"] == view


def test_uploads_that_are_no_pictures_are_sentences():
    page = opened("pages/reconstruct.py", source="Upload")
    for name, data, key in (
        ("empty.jpg", b"", "file_empty"),
        ("text.jpg", b"hello", "file_kind"),
        ("half.png", b"\x89PNG\r\n", "file_kind"),
    ):
        page.file_uploader[0].set_value((name, data, "image/jpeg")).run()
        assert not page.exception
        assert says(texts(page.error), key, name=name)
