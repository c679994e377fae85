"""The page of a visitor's own pictures and the others that show them, by Streamlit's test driver.

What is drawn, and files that a browser really sends, are in ``tests/browser``.
"""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from ae_core.data.loading import card
from ae_core.data.toy_faces import draw_faces, sample_factors
from ae_core.data.user_image_sets import suggested_spec, user_sets
from ae_core.specs import change
from tests.helpers.app_page import LATENT_VIEWS, metric, opened, texts
from tests.helpers.refusals import refused, says

pytestmark = pytest.mark.usefixtures("own_runs")

PAGE = "pages/own_pictures.py"


def begun(name="Class 7b"):
    """A page with a new set of its visitor."""
    page = opened(PAGE)
    page.text_input(key="own.new_name").set_value(name)
    page.button(key="own.create").click().run()
    assert not page.exception
    return page


def set_of(page):
    written = page.query_params["set"]
    return written if isinstance(written, str) else written[0]


def drawings(count, side=28, seed=0, channels=1):
    factors = sample_factors(count, np.random.default_rng(seed))
    return np.uint8(draw_faces(factors, side, channels) * 255)


def png(size=(40, 40), value=200):
    buffer = io.BytesIO()
    Image.new("L", size, value).save(buffer, "PNG")
    return buffer.getvalue()


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def uploading(page, *files):
    page.segmented_control(key="own.source").set_value("Upload").run()
    page.file_uploader[0].set_value([(n, d, "image/png") for n, d in files]).run()
    assert not page.exception
    return page


def test_a_visitor_without_a_set_is_told_what_is_kept_and_asked():
    page = opened(PAGE)
    assert "kept on this server" in texts(page.caption)
    assert "You have no set yet." in texts(page.caption)
    assert page.button(key="own.create").label == "Create set"
    assert not page.error


@pytest.mark.parametrize("set_id", ["nope", "../../etc", "28-000000000000", "![x](http://e/x.png)"])
def test_a_bad_link_is_one_sentence_and_the_page_still_works(set_id):
    page = opened(PAGE, set=set_id)
    assert says(texts(page.error), "unknown_set", id=set_id)
    assert "![x]" not in " ".join(error.value for error in page.error)
    assert page.button(key="own.create")


def test_a_name_is_never_markup():
    page = begun("*a* [b](http://e) $x$")
    assert texts(page.header) == "*a* [b](http://e) $x$"
    assert "[b](" not in page.header[0].value


def test_upload_review_keep_rename_take_out_delete():
    page = begun()
    files = [("a.png", png()), ("all.zip", zipped(**{"b.png": png(), "no <b>.txt": b"hello"}))]
    uploading(page, *files)
    set_id = set_of(page)
    assert "Ready: 2. Nothing is kept yet." in texts(page.caption)
    assert says(texts(page.warning), "file_kind", name="no <b>.txt")
    assert user_sets().get(set_id).count == 0
    page.toggle[0].set_value(True).run()
    page.button(key="own.keep_uploads").click().run()
    assert "Saved: 2 more, 2 in all." in texts(page.info)
    assert (metric(page, "Pictures"), metric(page, "Room for")) == ("2", "498")
    assert (user_sets().read(set_id)[1].pixels == 55).all()

    page.text_input(key=f"own.name.{set_id}").set_value("Other")
    next(b for b in page.button if b.label == "Rename").click().run()
    assert texts(page.header) == "Other"
    page.query_params["picture"] = "1"
    page.run()
    page.button(key="own.remove").click().run()
    assert user_sets().read(set_id)[1].numbers.tolist() == [0]
    page.button(key="own.delete").click().run()
    assert "The set and its pictures are deleted." in texts(page.info)
    with refused("unknown_set", id=set_id):
        user_sets().get(set_id)
    assert "set" not in page.query_params


def test_a_zip_that_cannot_be_used_is_a_sentence_and_nothing_is_lost():
    page = begun()
    set_id = set_of(page)
    user_sets().add(set_id, drawings(3))
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(8):
            archive.writestr(f"{i}.png", bytes(10 << 20))
    uploading(page, ("bomb.zip", bomb.getvalue()))
    assert says(texts(page.error), "unpacked_large", name="bomb.zip", most=60)
    assert user_sets().get(set_id).count == 3
    uploading(page, ("a.png", png()))
    assert not page.error
    assert "Ready: 1." in texts(page.caption)


def test_what_there_is_no_room_for_is_said():
    page = begun()
    user_sets().add(set_of(page), drawings(499))
    uploading(page, ("a.png", png()), ("b.png", png()), ("c.png", png()))
    sentence = "Not looked at: 2. A set holds at most 500 pictures."
    assert sentence in texts(page.warning)
    user_sets().add(set_of(page), drawings(1))  # somebody else was quicker
    page.button(key="own.keep_uploads").click().run()
    assert says(texts(page.error), "set_full", most=500, count=501, room=0)


def test_others_may_add_and_not_take_away():
    own = user_sets().create("somebody else", "Class 7b", 28)
    user_sets().add(own.id, drawings(2))
    page = opened(PAGE, set=own.id, picture="0")
    labels = {button.label for button in page.button}
    assert not labels & {"Rename", "Remove picture 1", "Delete all pictures (2)"}
    uploading(page, ("a.png", png()))
    page.button(key="own.keep_uploads").click().run()
    assert user_sets().get(own.id).count == 3


# --- the other pages --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(own_runs):
    """A finished run on ten pictures, and their set."""
    from pages.ui.backend.service import service

    own = user_sets().create("ada", "Ten *pictures*", 28)
    own = user_sets().add(own.id, drawings(10))
    run_id = service().submit(
        change(suggested_spec(card(own.image_set)), epochs=1), "ada", "digits-dense"
    )
    assert service().wait_until(run_id, lambda s: not s.live, 180).status == "finished"
    return own, run_id


@pytest.mark.parametrize("view", LATENT_VIEWS)
def test_a_model_of_ten_pictures_has_every_view(trained, view):
    page = opened("pages/latent_space.py", model=trained[1], view=view)
    assert not texts(page.error)


def test_a_model_of_own_pictures_is_watched_compared_and_used(trained):
    _, run_id = trained
    watched = opened("pages/train.py", run=run_id)
    assert not texts(watched.error)
    assert "2 test pictures, one below the other" in texts(watched.caption)
    compared = opened("pages/train.py", view="Compare", compare=run_id)
    assert "Tiny digits, small and quick: image set own pictures" in texts(compared.markdown)
    reconstructed = opened("pages/reconstruct.py", model=run_id)
    assert metric(reconstructed, "PSNR").endswith("dB")
    assert "trained on Ten *pictures*" in texts(reconstructed.caption)
    assert not texts(opened("pages/denoise.py", model=run_id, source="Test set").error)


def test_train_takes_an_own_set_from_a_link(trained):
    own, _ = trained
    page = opened("pages/train.py", preset="digits-dense", image_set=own.image_set, image_size="28")
    assert not texts(page.error)
    assert "Ten *pictures*: 10 pictures that were drawn or uploaded here." in texts(page.caption)
    assert page.selectbox(key="train.image_set").value == own.image_set


def test_a_set_in_colour_is_shown_in_colour_and_trains_in_either():
    own = user_sets().create("ada", "Bunt", 28)
    user_sets().add(own.id, drawings(12, channels=3))
    page = opened("pages/own_pictures.py", set=own.id)
    assert not page.exception
    (link,) = [each for each in page.get("page_link") if "image_set" in each.proto.query_string]
    assert "channels=3" in link.proto.query_string
    page = opened("pages/train.py", preset="digits-dense", image_set=own.image_set, channels="3")
    assert page.segmented_control(key="train.channels").value == 3
    page.segmented_control(key="train.channels").set_value(1).run()
    assert not texts(page.error)
    assert page.session_state["session"].draft.spec.channels == 1


def test_a_set_with_too_few_pictures_is_a_sentence_on_train():
    own = user_sets().create("ada", "Few", 28)
    user_sets().add(own.id, drawings(4))
    page = opened("pages/train.py", preset="digits-dense", image_set=own.image_set)
    assert says(texts(page.error), "set_small", name="Few", count=4, least=10)


def test_a_set_deleted_meanwhile_is_a_sentence_on_every_page(trained):
    from pages.ui.backend.service import service

    own, run_id = trained
    setting_up = opened("pages/train.py", preset="digits-dense", image_set=own.image_set)
    setting_up.segmented_control(key="train.group").set_value("Learning").run()
    user_sets().delete(own.id, "ada")
    service().forget_pictures(own.image_set)
    setting_up.run()
    assert not setting_up.exception
    assert "These pictures were deleted." in texts(setting_up.info)
    setting_up.button(key="train.start").click().run()
    assert not setting_up.exception
    for page in (
        setting_up,
        opened("pages/train.py", image_set=own.image_set),
        opened(PAGE, set=own.id),
    ):
        assert says(texts(page.error), "unknown_set", id=own.id)

    watched = opened("pages/train.py", run=run_id)  # the run itself can still be looked at
    assert not texts(watched.error)
    assert metric(watched, "Epoch") == "1 / 1"
    assert "1" in texts(opened("pages/train.py", view="Compare", compare=run_id).markdown)
    reconstructed = opened("pages/reconstruct.py", model=run_id)
    assert says(texts(reconstructed.warning), "unknown_set", id=own.id)
    assert "Deleted pictures" in texts(reconstructed.caption)
    for view in LATENT_VIEWS:
        page = opened("pages/latent_space.py", model=run_id, view=view)
        assert says(texts(page.error), "unknown_set", id=own.id)
    denoised = opened("pages/denoise.py", model=run_id, source="Test set")
    assert "Deleted pictures are not on this machine" in texts(denoised.info)
