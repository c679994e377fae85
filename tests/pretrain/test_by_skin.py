"""How a model's error differs between faces with darker and with lighter skin."""

import numpy as np
import pytest

from ae_core.data.catalog import IMAGE_SETS, ImageSet
from ae_core.data.corruption import corrupt
from ae_core.data.loading import load_images
from ae_core.metrics import psnr
from ae_core.models.autoencoder import Autoencoder
from ae_core.models.compatibility import image_shape
from ae_core.models.pretrained import NOISE_BY_SKIN, cards
from ae_core.models.weights import dequantize, from_bytes
from ae_core.pretrain.build import faces_shown
from ae_core.pretrain.by_skin import CHEEKS, psnr_by_skin, skin_light
from ae_core.pretrain.noise_benchmark import SEED
from ae_core.specs import change

COUNT = 40


def faces(name, test, labels=None, label_names=()):
    return ImageSet(name, lambda: test, 0, test, None, labels, label_names, None, None)


def with_cheeks(name, levels, side=64):
    """Return noise whose two cheeks have the given levels (N,)."""
    images = np.random.default_rng(0).random((len(levels), side, side, 1), np.float32)
    top, bottom, left, right = (place * side // 64 for place in CHEEKS[name])
    for columns in (slice(left, right), slice(side - right, side - left)):
        images[:, top:bottom, columns] = np.reshape(levels, (-1, 1, 1, 1))
    return images


@pytest.mark.parametrize("name", CHEEKS)
@pytest.mark.parametrize("side", [32, 64])
def test_without_labels_skin_is_as_light_as_both_cheeks(name, side):
    levels = np.random.default_rng(1).random(COUNT)
    assert skin_light(faces(name, with_cheeks(name, levels, side))) == pytest.approx(levels)


@pytest.mark.parametrize("label", ["skin_light", "skin"])
def test_a_label_is_believed(label):
    labels = np.random.default_rng(1).normal(size=(COUNT, 2))
    images = faces("lfw-crop", with_cheeks("lfw-crop", labels[:, 0]), labels, ("smile", label))
    assert np.array_equal(skin_light(images), labels[:, 1])


@pytest.mark.parametrize("name", ["mnist", "digits", "fashion-mnist"])
def test_what_is_no_face_has_no_skin(name):
    digits = faces(name, np.zeros((COUNT, 28, 28, 1), np.float32))
    assert psnr_by_skin(lambda shown: shown, digits, noisy=False) == ()


def test_each_quarter_has_its_own_error():
    """In a random order, the error is larger the lighter the skin is: 20 dB, then 6 dB less."""
    quarter = np.random.default_rng(2).permutation(COUNT) % 4
    clean = with_cheeks("lfw-crop", 0.1 + 0.2 * quarter)
    error = 0.1 * 2.0 ** quarter.reshape(-1, 1, 1, 1)
    found = psnr_by_skin(lambda shown: shown + error, faces("lfw-crop", clean), noisy=False)
    assert found == pytest.approx([20 - 6.02 * number for number in range(4)], abs=0.02)


def test_a_denoiser_gets_the_noise():
    clean = with_cheeks("lfw-crop", np.linspace(0, 1, COUNT))
    noisy = corrupt(NOISE_BY_SKIN, clean, np.random.default_rng(SEED))
    found = psnr_by_skin(lambda shown: shown, faces("lfw-crop", clean), noisy=True)
    quarters = np.split(np.arange(COUNT), 4)  # darkest first
    assert found == pytest.approx([psnr(noisy[q], clean[q]) for q in quarters], abs=0.01)


@pytest.mark.parametrize("name", cards())
def test_the_card_of_every_model_of_faces_says_it(name):
    card = cards()[name]
    count = 4 if IMAGE_SETS[card.spec.image_set].kind == "faces" else 0
    assert len(card.psnr_by_skin) == count


def test_a_card_says_what_its_weights_do():
    """Of a model whose images come with the app."""
    card = cards()["toy-faces-vae"]
    kept = dequantize(from_bytes(card.weights.read_bytes()))
    shape = image_shape(card.spec)
    drawn = Autoencoder.from_weights(card.spec.autoencoder, shape, kept).reconstruct
    found = psnr_by_skin(drawn, load_images(*card.spec.images), noisy=False)
    assert card.psnr_by_skin == pytest.approx(found, abs=0.02)


@pytest.mark.parametrize(("split", "count"), [("held-out", "test_count"), ("none", "all")])
def test_a_set_of_which_none_are_held_out_is_shown_whole(split, count):
    card = IMAGE_SETS["digits"]
    counts = {"test_count": card.test_count, "all": card.train_count + card.test_count}
    shown = faces_shown(change(cards()["digits-dense"].spec, split=split))
    assert len(shown.test) == counts[count]
