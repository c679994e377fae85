"""The Train page: its links, its widgets, and a run from its set-up to its comparison."""

from dataclasses import replace

import pytest

from ae_core.models import precision
from ae_core.runs.record import new_record
from ae_core.runs.snapshot import Snapshot
from ae_core.service.service import TrainingService
from ae_core.specs import change, preset
from ae_core.text.sentences import say
from pages.ui.backend.service import classroom_service, service
from pages.ui.train.watch import MANY_NEIGHBOURS
from tests.helpers.app_page import decimal_points, metric, opened, texts
from tests.helpers.refusals import says

pytestmark = pytest.mark.usefixtures("own_runs")


def test_the_train_page_speaks_german_and_its_address_does_not():
    views = ["Einrichten", "Zusehen", "Vergleichen"]
    page = opened("pages/train.py", lang="de", latent_dim="8", show="learning_rate")
    assert page.button(key="train.start").label == "Trainieren"
    assert page.segmented_control(key="train.view").options == views
    assert page.text_input(key="train.learning_rate").label == "Lernrate"
    assert metric(page, "Kompression") == "128 : 1"
    compared = opened("pages/train.py", lang="de", view="Compare")
    assert compared.segmented_control(key="train.view").value == "Compare"
    assert "Noch keine Läufe" in texts(compared.info)
    assert compared.query_params["lang"] == "de"
    refused = opened("pages/train.py", lang="de", preset="nope")
    assert texts(refused.error).startswith("Dieser Link lässt sich nicht lesen. ")
    assert says(texts(refused.error), "one_of", "de", name="preset", value="nope")


def test_a_decimal_number_is_shown_as_the_language_writes_it():
    page = opened("pages/train.py", lang="de", show="learning_rate")
    assert page.text_input(key="train.learning_rate").value == "0,001"


@pytest.mark.parametrize("typed", ["0.002", " 0.002 ", "2e-3"])
def test_a_decimal_number_is_taken(typed):
    page = opened("pages/train.py", show="learning_rate")
    page.text_input(key="train.learning_rate").input(typed).run()
    assert page.session_state["session"].draft.spec.learning_rate == 0.002
    assert page.query_params["learning_rate"] == "0.002"


@pytest.mark.parametrize("typed", ["0,002", "much", "2"])
def test_what_is_no_number_or_too_large_stays_beside_the_reason(typed):
    page = opened("pages/train.py", show="learning_rate")
    page.text_input(key="train.learning_rate").input(typed).run()
    assert page.text_input(key="train.learning_rate").value == typed
    assert says(texts(page.error), "between", name="learning_rate")
    assert page.session_state["session"].draft.spec.learning_rate == 0.001
    assert page.button(key="train.start").disabled


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


def test_a_link_with_another_image_size_alone_gets_a_decoder_that_fits():
    page = opened("pages/train.py", preset="olivetti-conv", image_size="64")
    assert not page.error
    assert metric(page, "Compression") == "16 : 1"


def test_both_halves_of_a_network_have_the_parameters_of_their_source():
    page = opened("pages/train.py", preset="mnist-dense")
    (halves,) = [one.proto.help for one in page.metric if one.label == "Parameters"]
    assert halves.endswith("Encoder: 80,520, decoder: 81,284.")


def test_enlarged_images_have_no_more_values_than_small_ones():
    page = opened("pages/train.py", preset="digits-dense")
    assert metric(page, "Compression") == "64 : 1"
    assert any(caption.value.startswith("In truth 4 : 1") for caption in page.caption)
    small = opened("pages/train.py", preset="digits-dense", image_size="8")
    assert metric(small, "Compression") == "4 : 1"
    assert not any("In truth" in caption.value for caption in small.caption)


@pytest.mark.thorough
def test_gray_or_colour_is_asked_where_a_set_offers_both_and_nowhere_else():
    page = opened("pages/train.py", preset="toy-faces-vae")  # a link from before there was colour
    assert page.session_state["session"].draft.spec.channels == 1
    assert metric(page, "Compression") == "341 : 1"
    page.segmented_control(key="train.channels").set_value(3).run()
    assert page.session_state["session"].draft.spec.channels == 3
    assert metric(page, "Compression") == "1,024 : 1"
    for name, channels in (("digits", 1), ("lfw-faces", 3)):
        page.selectbox(key="train.image_set").set_value(name).run()
        assert not page.exception
        assert page.session_state["session"].draft.spec.channels == channels
        assert "train.channels" not in {each.key for each in page.segmented_control}


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

    done = service().wait_until(run_id, lambda s: not s.live, 90)
    assert done.status == "finished"
    page.run()
    assert metric(page, "Epoch") == "3 / 3"
    compared = opened("pages/train.py", run=run_id, view="Compare", compare=run_id)
    row = next(line for line in texts(compared.markdown).splitlines() if run_id in line)
    assert "Tiny digits, small and quick: picture size 8, epochs 3" in row
    assert "| Finished | 3 |" in row
    reconstructed = opened("pages/reconstruct.py", model=run_id)
    assert metric(reconstructed, "PSNR").endswith("dB")


FORGED = MANY_NEIGHBOURS + 8


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_stranger_behind_many_of_the_same_network_reads_what_to_do(language, monkeypatch):
    monkeypatch.setattr(service().connection, "train_slots", lambda: [1])
    spec, begun = change(preset("digits-dense"), image_size=8, epochs=500), []

    def submitted(visitor):
        begun.append(service().submit(spec, visitor, "", f"192.0.2.{language}"))
        return begun[-1]

    try:
        for number in range(FORGED):  # more than end before the pages are drawn
            submitted(f"forged {language} {number}")
        mine = submitted(f"stranger {language}")
        found = [
            texts(opened("pages/train.py", visitor, run=mine, view="Watch", lang=language).info)
            for visitor in (f"stranger {language}", "somebody else")
        ]
        book = classroom_service()
        book.join(book.open_class("teacher")[0].code, f"stranger {language}", "Ada")
        service().wait_until(mine, lambda run: run.neighbours == 0, 30)
        assert service().snapshot(mine).position <= 1
    finally:
        for run_id in reversed(begun):
            service().stop(run_id)
    counts = range(MANY_NEIGHBOURS, FORGED + 1)
    assert found[0] in [say("waiting.neighbours", language, count=count) for count in counts]
    assert found[1] == ""


def test_a_training_that_needs_too_much_memory_says_which_setting_helps(monkeypatch):
    monkeypatch.setenv("AE_MEMORY_A_RUN", "600 MiB")
    page = opened("pages/train.py", encoder="conv64", batch_size="1024", show="batch_size")
    assert page.button(key="train.start").disabled
    assert says(texts(page.error), "memory", most=600 / 1024)
    assert says(texts(page.error), "memory_batch", name="batch_size")
    page.number_input(key="train.batch_size").set_value(8).run()
    assert not page.button(key="train.start").disabled
    assert not page.error


@pytest.mark.parametrize(("lang", "said"), [("en", "The run waits again"), ("de", "wartet wieder")])
def test_a_run_whose_server_went_away_while_it_waited_says_so(lang, said, monkeypatch):
    record = new_record(preset("digits-dense"), "", "ada")
    waiting = Snapshot.of(record, "queued", lost="queue", position=2)
    monkeypatch.setattr(TrainingService, "snapshot", lambda *_: waiting)
    page = opened("pages/train.py", lang=lang, run=record.id)
    assert said in texts(page.info)


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "Taking turns with 29 others, 2 min left"),
        ("de", "Abwechselnd mit 29 anderen, noch 2 min"),
    ],
)
def test_a_run_in_turns_shows_its_curve_and_how_long_it_takes_with_the_others(
    lang, said, monkeypatch
):
    names = "loss psnr code_mean near_zero_share output_mean output_spread explained"
    history = ({**dict.fromkeys(names.split(), 0.5), "seconds": 0.25},) * 8
    record = new_record(preset("digits-dense"), "", "ada")
    run = Snapshot.of(record, "running", history=history, others=29, turn=1 / 15)
    assert run.wait_left == pytest.approx(32 * 0.25 * 15)
    for shown, sure in ((run, True), (replace(run, others=0, turn=1.0), False)):
        monkeypatch.setattr(TrainingService, "snapshot", lambda *_, shown=shown: shown)
        page = opened("pages/train.py", lang=lang, run=record.id)
        assert any(said in bar.text for bar in page.get("progress")) is sure


@pytest.mark.parametrize(
    ("lang", "said"),
    [("en", "Average loss per sample"), ("de", "Mittlerer Verlust je Bild")],
)
def test_a_run_of_a_recipe_stands_beside_the_figures_of_its_source(lang, said, monkeypatch):
    names = "psnr near_zero_share output_mean output_spread explained saturated_share seconds"
    others = dict.fromkeys(names.split(), 0.5) | {"code_mean": 0.5}
    history = tuple(others | {"loss": 12.0 - n} for n in range(4))
    record = new_record(preset("olivetti-conv"), "olivetti-conv", "ada")
    run = Snapshot.of(record, "stopped", history=history)
    monkeypatch.setattr(TrainingService, "snapshot", lambda *_: run)
    page = opened("pages/train.py", lang=lang, run=record.id)
    (table,) = [each.value for each in page.markdown if said in each.value]
    cells = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines()[2:]]
    point = "," if lang == "de" else "."
    assert [[cell.replace(point, ".") for cell in row] for row in cells] == [
        ["1", "**12** (11.933)", "**0.5** (0.542)"],
        ["2", "**11** (10.294)", "**0.5** (0.413)"],
        ["3", "**10** (9.918)", "**0.5** (0.381)"],
        ["4", "**9**", "**0.5**"],
        ["600", "**–** (0.4636)", "**–** (0.4237)"],
    ]
    assert decimal_points(page) == [] or lang == "en"
    other = replace(run, spec=change(run.spec, learning_rate=0.01))
    monkeypatch.setattr(TrainingService, "snapshot", lambda *_: other)
    assert said not in texts(opened("pages/train.py", lang=lang, run=record.id).markdown)


def test_students_begin_with_seeds_of_their_own_and_a_link_with_a_seed_keeps_it():
    book = classroom_service()
    classroom, _ = book.open_class("teacher")
    own = [book.join(classroom.code, name, name).seed for name in ("ada", "bob")]
    assert own[0] != own[1]
    for name, seed in zip(("ada", "bob", "ada"), (*own, own[0]), strict=True):
        page = opened("pages/train.py", visitor=name)
        assert page.query_params["seed"] == str(seed)  # the address gives the same run again
        assert f"Your seed is {seed}" in texts(page.caption)
    page = opened("pages/train.py", visitor="ada", preset="digits-dense", epochs="3")
    assert page.query_params["seed"] == str(own[0])
    page = opened("pages/train.py", visitor="ada", preset="digits-dense", seed="7")
    assert page.session_state["session"].draft.spec.seed == 7
    assert "seed" not in opened("pages/train.py", visitor="nobody").query_params
