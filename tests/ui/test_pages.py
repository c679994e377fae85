"""Every page by Streamlit's own test driver: no exception, and a sentence for every bad link."""

import shutil
import subprocess
import sys

import pytest

from ae_core.models import precision
from ae_core.specs import change, preset
from ae_core.storage import ROOT
from ae_core.training.sweep import specs_of
from tests.helpers.app_page import LATENT_VIEWS, PAGES, metric, opened, texts
from tests.helpers.refusals import says

pytestmark = pytest.mark.usefixtures("own_runs")


@pytest.mark.parametrize("page", ["app.py", *PAGES])
def test_every_page_opens_without_an_exception(page):
    assert not texts(opened(page).error)


@pytest.mark.parametrize("page", ["app.py", *PAGES])
def test_every_page_opens_in_german(page):
    assert not texts(opened(page, lang="de").error)


def test_the_train_page_speaks_german_and_its_address_does_not():
    views = ["Einrichten", "Zusehen", "Vergleichen"]
    page = opened("pages/train.py", lang="de", latent_dim="8", show="learning_rate")
    assert page.button(key="train.start").label == "Trainieren"
    assert page.segmented_control(key="train.view").options == views
    assert page.number_input(key="train.learning_rate").label == "Lernrate"
    assert metric(page, "Kompression") == "128 : 1"
    compared = opened("pages/train.py", lang="de", view="Compare")
    assert compared.segmented_control(key="train.view").value == "Compare"
    assert "Noch keine Läufe" in texts(compared.info)
    assert compared.query_params["lang"] == "de"
    refused = opened("pages/train.py", lang="de", preset="nope")
    assert texts(refused.error).startswith("Dieser Link lässt sich nicht lesen. ")
    assert says(texts(refused.error), "one_of", "de", name="preset", value="nope")


def test_a_link_with_a_setting_s_old_name_shows_it_under_its_new_one():
    page = opened("pages/train.py", kind="masking", amount="0.3", where="layer", show="kind")
    assert page.selectbox(key="train.noise_kind").value == "masking"
    assert page.slider(key="train.noise_amount").value == 0.3
    noise = {name: page.query_params[name] for name in ("noise_kind", "noise_stage")}
    assert noise == {"noise_kind": "masking", "noise_stage": "layer"}
    page = opened("pages/denoise.py", kind="blur", amount="0.3")
    assert page.selectbox(key="denoise.noise_kind").value == "blur"
    assert page.slider(key="denoise.noise_amount").value == 0.3
    assert page.query_params["noise_kind"] == "blur"
    assert "kind" not in page.query_params


def test_what_is_wrong_with_a_link_is_said_in_german():
    limit = texts(opened("pages/train.py", lang="de", latent_dim="0").error)
    assert says(limit, "whole", "de", name="latent_dim", value=0, low=1, high=4096)
    assert "Stattdessen siehst du: " in limit
    unknown = texts(opened("pages/train.py", lang="de", view="Watch", run="abc").error)
    assert says(unknown, "unknown_run", "de", id="abc")
    code = opened("pages/latent_space.py", lang="de", model="toy-faces-vae", z="1,2")
    assert says(texts(code.error), "code_numbers", "de", name="z", count=2, wanted=12)


def test_the_settings_of_a_link_are_shown_and_kept():
    page = opened("pages/train.py", preset="digits-dense", latent_dim="8", epochs="3")
    assert page.session_state["session"].draft.spec.autoencoder.latent_dim == 8
    assert page.session_state["session"].draft.spec.epochs == 3
    page.run()
    assert page.query_params["latent_dim"] == "8"
    assert metric(page, "Compression") == "128 : 1"


@pytest.mark.parametrize(
    ("name", "written", "key"),
    [
        ("preset", "nope", "one_of"),
        ("latent_dim", "0", "whole"),
        ("latent_dim", "abc", "whole"),
        ("epochs", "1000000000", "whole"),
        ("learning_rate", "0", "between"),
        ("learning_rate", "nan", "between"),
        ("encoder", "<b>x</b>", "layers"),
        ("image_set", "cats", "one_of"),
        ("colour", "red", "setting"),
    ],
)
def test_a_bad_link_is_one_sentence_and_the_page_still_works(name, written, key):
    page = opened("pages/train.py", **{name: written})
    value = int(written) if written.isdecimal() else written
    assert says(texts(page.error), key, name=name, value=value)
    assert page.button(key="train.start").disabled is False


def test_layers_of_a_link_that_do_not_fit_are_one_sentence():
    decoder = "reshape7x7x8,conv8,up3,conv8,up2"
    page = opened("pages/train.py", preset="mnist-conv", decoder=decoder)
    assert says(texts(page.error), "decoder_pixels", value="42×42", height=28, width=28)
    assert page.button(key="train.start").disabled is False


def test_an_unknown_run_is_a_sentence():
    for run in ("000000000000", "../../etc", "x" * 200):
        page = opened("pages/train.py", run=run)
        assert says(texts(page.error), "unknown_run", id=run)


def test_an_unknown_model_is_a_sentence_and_another_is_shown():
    page = opened("pages/reconstruct.py", model="nope")
    assert says(texts(page.error), "unknown_run", id="nope")
    assert metric(page, "PSNR").endswith("dB")


@pytest.mark.parametrize("view", LATENT_VIEWS)
def test_every_view_of_the_latent_space_opens(view):
    page = opened("pages/latent_space.py", model="toy-faces-vae", view=view)
    assert not texts(page.error)
    assert not page.info


@pytest.mark.parametrize(
    ("view", "name", "written", "key", "values"),
    [
        ("Sliders", "z", "1,2", "code_numbers", {"count": 2, "wanted": 12}),
        ("Sliders", "z", ",".join(["0"] * 11 + ["nan"]), "code_number", {"place": 12}),
        ("Walk", "from", "picture:9999", "code_picture", {"value": "picture:9999"}),
        ("Walk", "to", "picture:000000009999", "code_picture", {}),
        ("Walk", "to", "1", "code_numbers", {"count": 1, "wanted": 12}),
        ("Directions", "a", "picture:-1", "code_picture", {"value": "picture:-1"}),
        ("Sliders", "also", "000000000000", "unknown_run", {"id": "000000000000"}),
        ("Walk", "steps", "99", "whole", {"value": 99, "low": 3, "high": 15}),
        ("Walk", "at", "2", "between", {"value": 2, "low": 0, "high": 1}),
        ("Samples", "temperature", "-1", "between", {"value": -1, "low": 0, "high": 3}),
        ("Sliders", "model", "000000000000", "unknown_run", {"id": "000000000000"}),
    ],
)
def test_a_bad_link_into_the_latent_space_is_one_sentence(view, name, written, key, values):
    query = {"model": "toy-faces-vae", "view": view, name: written}
    page = opened("pages/latent_space.py", **query)
    assert says(texts(page.error), key, name=name, **values)


@pytest.mark.parametrize("written", ["9", "1,2", "x", ",".join(["0"] * 7 + ["nan"])])
def test_bad_strengths_of_directions_are_one_sentence(written):
    query = {"model": "toy-faces-vae", "view": "Directions", "strengths": written}
    page = opened("pages/latent_space.py", **query)
    assert "strengths: write 8 numbers between -2 and 2; you have" in texts(page.error)


def test_a_walk_that_has_no_way_or_goes_nowhere_says_so():
    ahead, back = ",".join(["1"] * 12), ",".join(["-1"] * 12)
    walk = {"model": "toy-faces-vae", "view": "Walk", "way": "Around the origin"}
    opposite = opened("pages/latent_space.py", **walk | {"from": ahead, "to": back})
    assert says(texts(opposite.info), "opposite")
    same = opened("pages/latent_space.py", **walk | {"from": "picture:3", "to": "picture:3"})
    assert "choose another one" in texts(same.info)


@pytest.fixture(scope="module")
def trained():
    """Runs of one epoch by the size of their codes."""
    from pages.ui.backend.service import service

    made = {}
    for size in (1, 2, 512):
        spec = change(preset("digits-dense"), image_size=8, latent_dim=size, epochs=1)
        made[size] = service().submit(spec, f"visitor{size}", "digits-dense")
    for run_id in made.values():
        assert service().wait_until(run_id, lambda s: not s.live, 90).status == "finished"
    return made


@pytest.mark.parametrize("view", LATENT_VIEWS)
@pytest.mark.parametrize("size", [1, 2, 512])
def test_codes_of_one_number_of_two_and_of_512_have_every_view(trained, size, view):
    page = opened("pages/latent_space.py", model=trained[size], view=view)
    assert not texts(page.error)
    if size == 2 and view == "Samples":
        page = opened("pages/latent_space.py", model=trained[2], view=view, samples="Grid")
        assert not texts(page.error)


def test_a_model_deleted_meanwhile_is_a_sentence_and_another_is_shown(trained):
    from pages.ui.backend.service import service

    page = opened("pages/latent_space.py", model=trained[1])
    shutil.rmtree(service().store.folder(trained[1]))
    page.run()
    assert not page.exception
    assert says(texts(page.error), "unknown_run", id=trained[1])
    assert "Shown instead: a model that comes with the app" in texts(page.error)


def test_known_factors_are_held_against_the_numbers_of_the_code():
    page = opened("pages/latent_space.py", model="toy-faces-vae", view="Directions")
    assert 0 <= float(metric(page, "Disentanglement")) <= 1
    assert metric(page, "Factors found").endswith("of 8")
    assert "Which number knows what" not in texts(
        opened("pages/latent_space.py", model="digits-dense", view="Directions").markdown
    )


def test_a_plain_model_has_no_posterior_and_says_so():
    page = opened("pages/latent_space.py", model="digits-dense", view="Posterior")
    assert "no distribution" in texts(page.info)


def test_a_wrong_setting_stays_visible_with_its_sentence_and_blocks_training():
    page = opened("pages/train.py")
    page.segmented_control(key="train.group").set_value("Network").run()
    page.text_input(key="train.encoder").set_value("dense64, banana").run()
    assert page.text_input(key="train.encoder").value == "dense64, banana"
    assert says(texts(page.error), "layers", name="encoder", value="banana")
    assert page.button(key="train.start").disabled
    page.text_input(key="train.encoder").set_value("dense64").run()
    assert not page.error
    assert not page.button(key="train.start").disabled


def test_numbers_out_of_bounds_are_answered_in_words_and_nothing_is_set_silently():
    page = opened("pages/train.py")
    page.segmented_control(key="train.group").set_value("Learning").run()
    page.number_input(key="train.epochs").set_value(99999).run()
    assert says(texts(page.error), "whole", name="epochs", value=99999, low=1, high=2000)
    assert page.number_input(key="train.epochs").value == 99999
    assert page.button(key="train.start").disabled
    page.number_input(key="train.epochs").set_value(7).run()
    assert not page.button(key="train.start").disabled
    page.number_input(key="train.epochs").set_value(None).run()
    assert page.session_state["session"].draft.spec.epochs == 7


def test_a_refused_setting_is_taken_once_its_cause_is_gone():
    page = opened("pages/train.py", preset="digits-dense", image_size="8")
    page.segmented_control(key="train.group").set_value("Network").run()
    page.text_input(key="train.decoder").set_value("dense4, reshape2x2x1, up4, up4").run()
    assert says(texts(page.error), "decoder_end", height=8, width=8)
    page.segmented_control(key="train.group").set_value("Pictures").run()
    assert "Network → Decoder layers" in texts(page.caption)
    page.segmented_control(key="train.image_size").set_value(32).run()
    assert not page.button(key="train.start").disabled
    assert str(page.session_state["session"].draft.spec.autoencoder.decoder[-1]) == "up4"


def test_a_run_can_be_set_up_again():
    from pages.ui.backend.service import service

    spec = change(preset("digits-dense"), image_size=8, epochs=2, latent_dim=5)
    run_id = service().submit(spec, "somebody", "digits-dense")
    service().wait_until(run_id, lambda s: not s.live, 90)
    page = opened("pages/train.py", run=run_id)
    next(b for b in page.button if b.label == "Set up again").click().run()
    assert page.session_state["session"].draft.spec == spec
    assert page.query_params["latent_dim"] == "5"


@pytest.mark.parametrize(
    ("flags", "preset_name", "said"),
    [
        ("avx512_bf16", "mnist-conv", "Here bfloat16"),
        ("avx512f", "mnist-conv", "Here float32"),
        ("amx_bf16", "mnist-dense", ""),
    ],
)
def test_what_an_automatic_precision_is_stands_below_it(
    flags, preset_name, said, tmp_path, monkeypatch
):
    monkeypatch.setattr(precision, "PROCESSOR", tmp_path / "cpuinfo")
    precision.PROCESSOR.write_text(f"flags : {flags}\n", encoding="ascii")
    precision.has_bfloat16.cache_clear()
    try:
        page = opened("pages/train.py", preset=preset_name, show="precision")
        assert not page.exception
        found = [c.value for c in page.caption if c.value.startswith("Here ")]
        assert [text.split(",")[0].split(":")[0] for text in found] == ([said] if said else [])
    finally:
        precision.has_bfloat16.cache_clear()


def test_changing_the_image_set_refits_the_network():
    page = opened("pages/train.py", preset="toy-faces-vae")
    page.selectbox(key="train.image_set").set_value("digits").run()
    assert not page.error
    assert not page.exception
    assert page.session_state["session"].draft.spec.image_set == "digits"


@pytest.mark.parametrize("name", ["digits-dense", "mnist-conv", "olivetti-conv", "faces-vae"])
def test_every_group_of_settings_of_a_preset_draws(name):
    page = opened("pages/train.py", preset=name)
    for group in ("Pictures", "Network", "Noise", "Learning", "More"):
        page.segmented_control(key="train.group").set_value(group).run()
        assert not page.exception
        assert not page.error


def test_train_from_the_page_watch_compare_and_reconstruct():
    page = opened("pages/train.py", preset="digits-dense", image_size="8", epochs="3")
    page.button(key="train.start").click().run()
    assert not page.exception
    run_id = page.query_params["run"]
    from pages.ui.backend.service import service

    done = service().wait_until(run_id, lambda s: not s.live, 90)
    assert done.status == "finished"
    page.run()
    assert metric(page, "Epoch") == "3 / 3"
    compared = opened("pages/train.py", run=run_id, view="Compare", compare=run_id)
    row = next(line for line in texts(compared.markdown).splitlines() if run_id in line)
    assert "digits-dense: picture size 8, epochs 3" in row
    assert "| Finished | 3 |" in row
    reconstructed = opened("pages/reconstruct.py", model=run_id)
    assert metric(reconstructed, "PSNR").endswith("dB")


@pytest.fixture(scope="module")
def swept():
    """A sweep of two sizes, ended, and the ids of its runs."""
    from pages.ui.backend.service import service

    spec = change(preset("digits-dense"), image_size=8, epochs=2)
    sweep = service().submit_sweep(specs_of(spec, (2, 8)), "sweeper", "digits-dense")
    ids = service().sweep(sweep)
    service().wait_until(ids[-1], lambda s: not s.live, 90)
    return sweep, ids


def test_a_sweep_is_set_up_trained_and_watched():
    from pages.ui.backend.service import service

    page = opened("pages/train.py", preset="digits-dense", image_size="8", epochs="1", sizes="2, 4")
    page.text_input(key="train.sizes").set_value("3, banana").run()
    assert says(texts(page.error), "sizes", value="banana")
    assert page.button(key="train.start_all").disabled
    assert page.text_input(key="train.sizes").value == "3, banana"
    page.text_input(key="train.sizes").set_value("3, 6").run()
    assert not page.error
    page.button(key="train.start_all").click().run()
    assert not page.exception
    ids = service().sweep(page.query_params["sweep"])
    service().wait_until(ids[-1], lambda s: not s.live, 90)
    page.run()
    assert metric(page, "Trained") == "2 of 2"
    captions = texts(page.caption)
    assert "3 numbers: " in captions
    assert "6 numbers: " in captions
    again = opened("pages/train.py", sweep=page.query_params["sweep"], view="Watch", size="6")
    assert "**6 numbers: " in texts(again.caption)


def test_a_sweep_shows_pca_s_pictures_and_leads_to_its_runs(swept):
    sweep, ids = swept
    page = opened("pages/train.py", sweep=sweep, view="Watch", pca="1")
    assert "PCA, 2 numbers: " in texts(page.caption)
    one = opened("pages/train.py", run=ids[0])
    assert metric(one, "Epoch") == "2 / 2"


def test_a_set_up_whose_code_is_a_map_has_no_sizes_and_no_error():
    page = opened("pages/train.py", preset="mnist-conv", sizes="2, 4")
    assert not page.error
    assert page.button(key="train.start_all").disabled
    assert not page.button(key="train.start").disabled


@pytest.mark.parametrize(
    ("query", "key", "values"),
    [
        ({"sweep": "000000000000"}, "unknown_sweep", {"id": "000000000000"}),
        ({"sweep": "../../etc"}, "unknown_sweep", {"id": "../../etc"}),
        ({"sizes": "<b>2</b>", "view": "Set up"}, "sizes", {"value": "<b>2</b>"}),
    ],
)
def test_a_bad_link_to_a_sweep_is_one_sentence(query, key, values):
    page = opened("pages/train.py", **{"view": "Watch"} | query)
    assert says(texts(page.error), key, **values)


@pytest.mark.parametrize(
    ("query", "key", "values"),
    [
        ({"replay": "abc"}, "whole", {"name": "replay", "value": "abc", "low": 1, "high": 2}),
        ({"replay": "3"}, "whole", {"name": "replay", "value": 3, "low": 1, "high": 2}),
        ({"replay": "1", "with": "000000000000"}, "unknown_run", {"id": "000000000000"}),
    ],
)
def test_a_bad_link_to_a_replay_is_one_sentence(swept, query, key, values):
    page = opened("pages/train.py", run=swept[1][0], **query)
    assert says(texts(page.error), key, **values)
    assert "2 of 2 epochs are kept" in texts(page.caption)


def test_a_run_is_replayed_beside_another_and_one_of_before_says_so(swept):
    from ae_core.runs.timeline import FILE
    from pages.ui.backend.service import replay_sheet, service

    first, second = swept[1]
    page = opened("pages/train.py", run=first, replay="1", **{"with": second})
    assert not page.error
    assert page.selectbox(key=f"replay.with.{first}").value == second
    (service().store.folder(second) / FILE).unlink()
    replay_sheet.clear()
    assert "There is nothing to replay" in texts(
        opened("pages/train.py", run=second, replay="1").info
    )
    assert not opened("pages/train.py", run=second).exception


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


def test_visiting_every_page_imports_neither_tensorflow_nor_keras(tmp_path):
    code = f"""
import os, sys
os.environ["AE_RUNS_DIR"] = {str(tmp_path)!r}
from streamlit.testing.v1 import AppTest

for page in ("app.py",) + {PAGES!r}:
    test = AppTest.from_file("app.py", default_timeout=90)
    if page != "app.py":
        test.switch_page(page)
    test.run()
    assert not test.exception, test.exception
from pages.ui.backend.service import service
service().close()
names = ("tensorflow", "keras", "sklearn", "skimage", "scipy", "pandas")
heavy = [name for name in names if name in sys.modules]
print("imported:", heavy)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=200
    )
    assert "imported: []" in done.stdout, done.stderr[-2000:]


@pytest.mark.parametrize("view", ["Bytes", "Unknown"])
@pytest.mark.parametrize("model", ["digits-dense", "toy-faces-vae"])
def test_every_view_of_the_measure_page_opens(model, view):
    page = opened("pages/measure.py", model=model, view=view)
    assert not texts(page.error)
    if view == "Bytes":
        assert metric(page, "Beats JPEG below").endswith(" B")
        assert "pays off from" in texts(page.markdown)
    else:
        assert float(metric(page, "AUC")) > 0.99
        assert metric(page, "False alarms") in ("4%", "5%", "6%")


@pytest.mark.parametrize(
    ("view", "name", "written", "key", "values"),
    [
        ("Bytes", "model", "nope", "unknown_run", {"id": "nope"}),
        ("Bytes", "also", "000000000000", "unknown_run", {"id": "000000000000"}),
        ("Bytes", "bytes", "abc", "between", {"value": "abc"}),
        ("Bytes", "bytes", "-3", "between", {"value": -3}),
        ("Unknown", "threshold", "abc", "between", {"value": "abc"}),
        ("Unknown", "threshold", "nan", "between", {"value": "nan"}),
        ("Unknown", "threshold", "1e9", "between", {"value": 1e9}),
    ],
)
def test_a_bad_link_into_the_measure_page_is_one_sentence(view, name, written, key, values):
    query = {"model": "digits-dense", "view": view, name: written}
    page = opened("pages/measure.py", **query)
    assert says(texts(page.error), key, name=name, **values)
    assert page.metric


@pytest.mark.parametrize(
    "query",
    [{"view": "xyz"}, {"count": "xyz"}, {"source": "xyz"}, {"view": "Unknown", "with": "cats"}],
)
def test_a_choice_that_there_is_not_is_the_first_one(query):
    page = opened("pages/measure.py", **{"model": "digits-dense"} | query)
    assert not texts(page.error)
    assert page.metric


def test_a_higher_threshold_finds_less_and_alarms_less():
    query = {"model": "digits-dense", "view": "Unknown"}
    steps = opened("pages/measure.py", **query).select_slider(key="measure.threshold").options
    for step, share in ((steps[0], "100%"), (steps[-1], "0%")):
        page = opened("pages/measure.py", **query, threshold=step)
        assert (metric(page, "Unknown found"), metric(page, "False alarms")) == (share, share)


def test_bytes_as_they_are_are_more_than_entropy_coded_ones():
    query = {"model": "toy-faces-vae"}
    coded = metric(opened("pages/measure.py", **query), "It then takes")
    plain = metric(opened("pages/measure.py", **query, count="plain"), "It then takes")
    assert float(coded.split()[0]) < float(plain.split()[0])
