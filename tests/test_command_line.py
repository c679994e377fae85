"""The command line: what it prints, what it writes, and how it refuses."""

import json
import math
import re
import subprocess
import sys
from dataclasses import replace
from shutil import copyfile

import numpy as np
import pytest
from PIL import Image
from skimage import data

from ae_core.__main__ import main
from ae_core.data.image_files import KINDS
from ae_core.denoising import denoise
from ae_core.errors import UserError
from ae_core.images import from_png, rows_of_sheet
from ae_core.latent import match
from ae_core.latent.profile import LatentProfile
from ae_core.metrics import psnr
from ae_core.models.compatibility import image_shape
from ae_core.models.pretrained import FOLDER, cards
from ae_core.models.shapes import infer_shapes, parameters
from ae_core.models.weights import from_bytes
from ae_core.runs.record import RunOutcome, new_record
from ae_core.runs.store import RunStore
from ae_core.specs import CHOICES, LIMITS, PRESETS, change, from_json, preset
from ae_core.storage.files import ROOT
from ae_core.text.sentences import sentence


def run(*arguments):
    command = [sys.executable, "-m", "ae_core", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)


# --- presets --------------------------------------------------------------------------------


def test_presets_as_json():
    done = run("presets", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert list(rows) == list(PRESETS)
    for name, row in rows.items():
        spec = preset(name)
        layers = infer_shapes(spec.autoencoder, image_shape(spec))
        assert row == {
            "name": name,
            "image_set": spec.image_set,
            "parameters": parameters(layers),
            "code_size": spec.autoencoder.latent_dim,
        }
    assert rows["mnist-conv"]["parameters"] == 4_385
    assert rows["olivetti-conv"]["code_size"] == 256


def test_presets_as_a_table(capsys):
    assert main(["presets"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["preset", "image", "set", "parameters", "code", "size"]
    assert [line.split()[0] for line in lines] == list(PRESETS)
    assert "olivetti-conv               olivetti           8,579,841        256" in lines
    assert len({len(line) for line in (head, *lines)}) == 1


# --- what is refused ------------------------------------------------------------------------


def test_an_unknown_preset_ends_with_2_and_one_sentence(tmp_path):
    done = run("train", "--preset", "foo", "--out", str(tmp_path / "run"))
    assert (done.returncode, done.stdout) == (2, "")
    refusal = UserError("one_of", name="preset", value="foo", choices=tuple(PRESETS))
    assert done.stderr == f"error: {sentence(refusal)}\n"
    assert not (tmp_path / "run").exists()


REFUSED = [
    (["--epochs", "1000000000"], "epochs", 10**9),
    (["--epochs", "0"], "epochs", 0),
    (["--epochs", "-3"], "epochs", -3),
    (["--seed", "-1"], "seed", -1),
]


def refused(name, value):
    limit = LIMITS[name]
    return sentence(UserError("whole", name=name, value=value, low=limit.low, high=limit.high))


@pytest.mark.parametrize(("arguments", "name", "value"), REFUSED)
def test_impossible_numbers_end_with_2_and_one_sentence(arguments, name, value, tmp_path, capsys):
    out = tmp_path / "run"
    assert main(["train", "--preset", "digits-dense", "--out", str(out), *arguments]) == 2
    assert capsys.readouterr() == ("", f"error: {refused(name, value)}\n")
    assert not out.exists()


def test_a_number_of_hundreds_of_digits_is_refused_like_any_other(tmp_path, capsys):
    epochs = "1" + "0" * 400
    options = ["--preset", "digits-dense", "--out", str(tmp_path), "--epochs", epochs]
    assert main(["train", *options]) == 2
    assert capsys.readouterr().err == f"error: {refused('epochs', int(epochs))}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["foo"],
        ["train"],
        ["train", "--preset", "digits-dense"],
        ["train", "--preset", "digits-dense", "--out", "x", "--epochs", "many"],
        ["pretrain", "foo"],
        ["profile", "face-denoiser"],
    ],
)
def test_what_is_no_command_ends_with_2_and_the_usage(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith("usage: autoencoder-lab")


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert all(command in text for command in ("presets", "train", "profile", "denoise"))


def test_a_profile_is_that_of_the_weights_in_the_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(match, "SEEDS", range(1, 4))
    card = cards()["digits-dense"]
    copyfile(card.weights, tmp_path / card.weights.name)
    assert main(["profile", card.name, "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"written to {tmp_path}\n"
    made, kept = (
        LatentProfile.from_bytes((folder / card.profile_path.name).read_bytes())
        for folder in (tmp_path, FOLDER)
    )
    np.testing.assert_allclose(made.effects, kept.effects, rtol=1e-2)
    assert made.match_seeds == tuple(seed for seed in kept.match_seeds if seed < 4)


# --- a training, once for all that is asked of it -------------------------------------------


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("trained") / "run"
    options = ["--preset", "digits-dense", "--epochs", "2", "--seed", "3", "--out", str(out)]
    done = run("train", *options, "--json")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), out


def test_a_training_writes_a_whole_run_folder(trained):
    _, out = trained
    assert sorted(path.name for path in out.iterdir()) == [
        "history.json",
        "preview.png",
        "run.json",
        "spec.json",
        "weights.npz",
    ]
    spec = from_json((out / "spec.json").read_text())
    assert spec == change(preset("digits-dense"), epochs=2, seed=3)
    weights = from_bytes((out / "weights.npz").read_bytes())
    layers = infer_shapes(spec.autoencoder, image_shape(spec))
    assert sum(array.size for array in weights.values()) == parameters(layers)
    rows = rows_of_sheet(from_png((out / "preview.png").read_bytes()), image_shape(spec))
    assert rows.shape == (2, 8, 32, 32, 1)
    assert json.loads((out / "run.json").read_text())["preset"] == "digits-dense"


def test_a_training_ends_with_the_last_epoch_as_json(trained):
    lines, out = trained
    history = json.loads((out / "history.json").read_text())
    assert (history["status"], history["reason"], len(history["epochs"])) == ("finished", "", 2)
    last = json.loads(lines[-1])
    assert last == {"status": "finished", "epochs": 2} | history["epochs"][-1]
    assert {"loss", "val_loss", "psnr", "code_mean", "near_zero_share"} <= set(last)


def test_a_training_prints_a_line_an_epoch_and_learns(trained):
    lines, out = trained
    assert [line.split("  ")[0] for line in lines[:-1]] == ["epoch 1/2", "epoch 2/2"]
    first, second = json.loads((out / "history.json").read_text())["epochs"]
    assert second["loss"] < first["loss"] < math.log(2)


# --- denoise --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def face(tmp_path_factory):
    path = tmp_path_factory.mktemp("denoise") / "face.png"
    Image.fromarray(data.astronaut()[50:150, 170:277]).save(path)
    return path


def test_denoise_writes_a_picture_of_the_same_size_nearer_to_the_clean_one(face, tmp_path, capsys):
    out = tmp_path / "clean.png"
    noise = ["--add-noise", "gaussian:0.2", "--seed", "3"]
    assert main(["denoise", str(face), str(out), *noise]) == 0
    assert from_png(out.read_bytes()).shape == from_png(face.read_bytes()).shape
    figures = re.search(r"noisy ([\d.]+) dB, denoised ([\d.]+) dB", capsys.readouterr().out)
    assert float(figures[2]) > float(figures[1]) + 5
    again = tmp_path / "again.png"
    assert main(["denoise", str(face), str(again), *noise]) == 0
    assert again.read_bytes() == out.read_bytes()


def test_denoise_without_added_noise_leaves_a_clean_picture_nearly_alone(face, tmp_path):
    out = tmp_path / "clean.png"
    assert main(["denoise", str(face), str(out)]) == 0
    before, after = (from_png(path.read_bytes()) / 255 for path in (face, out))
    assert psnr(before, after) > 28


@pytest.mark.thorough
def test_denoise_onto_a_full_disk_keeps_what_was_there(face, tmp_path):
    out = tmp_path / "clean.png"
    out.write_bytes(b"old")
    command = [sys.executable, "-m", "ae_core", "denoise", str(face), str(out)]
    full = ["bash", "-c", 'ulimit -f 1; exec "$@"', "bash", *command]
    done = subprocess.run(full, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    refusal = UserError("file_unwritable", name=str(out), reason="File too large")
    assert done.returncode == 2
    assert done.stderr.endswith(f"error: {sentence(refusal)}\n")
    assert out.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("kind", ["png", "jpg", "webp"])
def test_denoise_keeps_the_size_of_every_format(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(denoise, "apply_on_luma", lambda network, photo: photo)  # takes a minute
    source, out = tmp_path / f"photo.{kind}", tmp_path / "clean.png"
    Image.new("RGB", (2100, 2060), (10, 200, 90)).save(source)
    assert main(["denoise", str(source), str(out)]) == 0
    assert from_png(out.read_bytes()).shape == (2060, 2100, 3)


NOISES = CHOICES["noise_kind"]
NOT_DENOISED = [
    (["--add-noise", "gaussian"], UserError("noise_text", value="gaussian")),
    (["--add-noise", "gaussian:much"], UserError("noise_text", value="gaussian:much")),
    (
        ["--add-noise", "gaussian:2"],
        UserError("between", name="noise_amount", value=2.0, low=0.0, high=1.0),
    ),
    (
        ["--add-noise", "rain:0.1"],
        UserError("one_of", name="noise_kind", value="rain", choices=NOISES),
    ),
]


@pytest.mark.parametrize(("arguments", "refusal"), NOT_DENOISED)
def test_denoise_refuses_in_a_sentence(arguments, refusal, face, tmp_path, capsys):
    out = tmp_path / "clean.png"
    assert main(["denoise", str(face), str(out), *arguments]) == 2
    assert capsys.readouterr().err == f"error: {sentence(refusal)}\n"
    assert not out.exists()


def test_denoise_refuses_a_bad_seed(face, tmp_path, capsys):
    assert main(["denoise", str(face), str(tmp_path / "clean.png"), "--seed", "-1"]) == 2
    assert capsys.readouterr().err == f"error: {refused('seed', -1)}\n"


def test_denoise_says_which_file_is_wrong(face, tmp_path, capsys):
    words = tmp_path / "words.jpg"
    words.write_text("not a picture")
    gone, no_folder, no_png = tmp_path / "no.jpg", tmp_path / "no/o.png", tmp_path / "o.jpg"
    reason = "No such file or directory"
    for source, target, refusal in (
        (gone, tmp_path / "o.png", UserError("file_unreadable", name=str(gone), reason=reason)),
        (words, tmp_path / "o.png", UserError("file_kind", name="words.jpg", kinds=KINDS)),
        (face, no_folder, UserError("file_unwritable", name=str(no_folder), reason=reason)),
        (face, no_png, UserError("file_ending", name=str(no_png), ending=".png")),
    ):
        assert main(["denoise", str(source), str(target)]) == 2
        assert capsys.readouterr().err == f"error: {sentence(refusal)}\n"


# --- housekeeping -----------------------------------------------------------------------------


def test_housekeeping_deletes_what_is_old_and_clears_the_queue(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AE_RUNS_DIR", str(tmp_path))
    store = RunStore(tmp_path)
    old, waiting = (new_record(preset("digits-dense"), "", owner) for owner in ("ada", "bob"))
    store.insert([replace(old, created=1.0).ended(RunOutcome("finished"))])
    store.begin([waiting])
    assert main(["housekeeping"]) == 0
    assert capsys.readouterr().out == "0 image sets were deleted\n1 runs were deleted\n"
    assert store.read(waiting.id).status == "queued"
    assert main(["housekeeping", "--clear-queue"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "1 waiting runs were stopped",
        "0 image sets were deleted",
        "0 runs were deleted",
    ]
    assert store.read(waiting.id).status == "stopped"
    monkeypatch.setenv("AE_KEEP_DAYS", "0")
    assert main(["housekeeping"]) == 2
