"""The denoiser in the browser against the worker's: network, noise, figures, and the page."""

import io
import math
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from skimage import data

from ae_core.data.corruption import corrupt
from ae_core.denoising import browser_denoiser, photos
from ae_core.denoising.browser_denoiser import denoiser_bytes, stored_denoiser
from ae_core.denoising.denoise import LESSON_SIDE, denoise
from ae_core.models.denoiser import Denoiser, build
from ae_core.models.inference import DenoiserFile
from ae_core.models.pretrained import best_for, cards
from ae_core.models.weights import to_bytes
from ae_core.specs import CHOICES, Corruption, DenoiserSpec
from ae_core.text import sentences
from pages.ui.i18n.text import gain
from pages.ui.widgets.component import address
from tests.helpers.engines import as_url
from tests.helpers.lab_page import (
    box_of,
    linked,
    metric,
    open_page,
    wait_until_drawn,
)

SHIPPED = best_for("denoise").model_file()
KINDS = tuple(kind for kind in CHOICES["noise_kind"] if kind != "none")
SLIDER = ".st-key-denoise-noise_amount"
NEAR = 1e-5  # of a pixel in [0, 1]
SMALL = (
    DenoiserSpec(widths=(5,), blocks=(2,), precision="float32"),
    DenoiserSpec(channels=3, widths=(8, 6), blocks=(1, 2), precision="float32"),
    DenoiserSpec(channels=3, widths=(4, 9, 12), blocks=(0, 1, 1), precision="float32"),
)


def random_weights(spec: DenoiserSpec, seed: int = 0) -> dict[str, np.ndarray]:
    """Weights that change every pixel: those of a new network hardly do."""
    rng = np.random.default_rng(seed)
    found = {each.path: each.numpy() for each in build(spec, seed=seed).trainable_variables}
    for name, array in found.items():
        if array.ndim == 1:
            found[name] = rng.normal(0, 0.1, array.shape).astype(np.float32)
    last = max(found, key=lambda name: (int(re.findall(r"\d+", name)[0]), name.endswith("kernel")))
    found[last] = rng.normal(0, 0.03, found[last].shape).astype(np.float32)
    return found


# --- the network -----------------------------------------------------------------------------


@pytest.mark.parametrize("spec", SMALL, ids=lambda spec: f"{spec.widths}x{spec.channels}")
def test_both_engines_give_what_keras_gives(engines, spec):
    weights, side = random_weights(spec), 16
    pictures = np.random.default_rng(1).random((2, side, side, spec.channels), np.float32)
    wanted = Denoiser(spec, weights).denoise(pictures)
    made = denoiser_bytes("any", spec, side, weights, half=False)
    for found in engines.decoded(made, pictures.reshape(2, -1)):
        np.testing.assert_allclose(found.reshape(pictures.shape), wanted, atol=NEAR, rtol=0)
    assert np.abs(wanted - pictures).mean() > 0.01


@pytest.mark.parametrize(
    "name", [name for name, card in cards().items() if isinstance(card.spec, DenoiserSpec)]
)
def test_a_denoiser_of_the_app_gives_what_keras_gives(engines, name):
    """Rounded as they are stored, its weights are the worker's."""
    model = cards()[name].model_file()
    result = denoise(model, photos.samples()[0], Corruption("gaussian", 0.2), 0, colour=False)
    made = stored_denoiser(model, "any", LESSON_SIDE)
    for found in engines.decoded(made, result.noisy.image.reshape(1, -1)):
        wanted = result.output.image.reshape(1, -1)
        np.testing.assert_allclose(found, wanted, atol=NEAR, rtol=0)


# --- the noise -------------------------------------------------------------------------------

NOISE = """async ([from, draws, clean, shape, kind, amounts]) => {
  const { NOISES } = await import(from);
  const drawn = await (await fetch(draws)).arrayBuffer();
  const half = drawn.byteLength / 2;
  const [normal, uniform] = [new Float32Array(drawn, 0, half / 4), new Float32Array(drawn, half)];
  const picture = { shape, clean: Float32Array.from(clean), normal, uniform };
  return amounts.map((amount) => Array.from(NOISES[kind](picture, amount)));
}"""


@pytest.mark.samples(6)
@pytest.mark.parametrize("shape", [(64, 64, 1), (64, 64, 3), (21, 30, 3)], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_noise_is_numpy_s(scripts, kind, shape):
    rng = np.random.default_rng(5)
    amounts = [0.01, 0.05, 0.1, 0.2, 0.33, 0.5, 0.77, 0.85, 1.0]
    seed = 3
    clean = (rng.integers(0, 256, shape) / np.float32(255)).astype(np.float32)
    clean[: shape[0] // 2] = 0.5  # where nothing changes, coefficients of JPEG are round numbers
    arguments = [
        address("pictures/noises.js"),
        as_url(browser_denoiser.draws(seed, shape)),
        clean.ravel().tolist(),
        shape,
        kind,
        amounts,
    ]
    for amount, found in zip(amounts, scripts.evaluate(NOISE, arguments), strict=True):
        noisy = corrupt(
            Corruption(kind, amount), clean[np.newaxis], np.random.default_rng(seed)
        ).ravel()
        far = np.abs(np.array(found, np.float32) - noisy) > NEAR / 2
        # How another processor adds up in NumPy may decide how a coefficient of JPEG is rounded.
        assert far.mean() <= (0.01 if kind == "jpeg" else 0), amount


# --- a frame: all of it ----------------------------------------------------------------------

FRAME = """async ([parts, bytes, draws, clean, shape, kind, amount]) => {
  const [{ frameOf }, { unpack }, { pictureOf }] = await Promise.all(parts.map((at) => import(at)));
  const [network, drawn] = await Promise.all(
    [bytes, draws].map(async (at) => (await fetch(at)).arrayBuffer()));
  const picture = pictureOf(clean, shape, drawn);
  const made = frameOf(unpack(new Uint8Array(network)), picture, kind, amount);
  return [Array.from(made.noisy), Array.from(made.output), made.before, made.after];
}"""


@pytest.mark.parametrize("amount", [0, 0.3])
@pytest.mark.parametrize("spec", SMALL[:2], ids=["gray", "colour"])
def test_a_frame_is_the_worker_s_result(scripts, tmp_path, spec, amount):
    path = tmp_path / "any.npz"
    path.write_bytes(to_bytes(random_weights(spec)))
    model = DenoiserFile(spec, str(path), 0)
    noise, seed = Corruption("gaussian", amount), 11
    result = denoise(model, photos.samples()[0], noise, seed, colour=False)
    assert result.clean is not None
    shape = (LESSON_SIDE, LESSON_SIDE, spec.channels)
    assert result.clean.image.shape == shape
    names = ("pictures/denoising.js", "pickers/decoder.js", "pictures/denoising_thread.js")
    clean = np.round(result.clean.image * 255).astype(np.uint8)
    noisy, output, before, after = scripts.evaluate(
        FRAME,
        [
            [address(name) for name in names],
            as_url(stored_denoiser(model, "any", LESSON_SIDE)),
            as_url(browser_denoiser.draws(seed, shape)),
            as_url(clean.tobytes()).partition(",")[2],
            shape,
            noise.noise_kind,
            amount,
        ],
    )
    for found, wanted in ((noisy, result.noisy.image), (output, result.output.image)):
        np.testing.assert_allclose(np.reshape(found, shape), wanted, atol=NEAR, rtol=0)
    assert (before or math.inf) == pytest.approx(result.noisy.psnr, abs=1e-4)
    assert after == pytest.approx(result.output.psnr, abs=1e-4)


FIGURES = """async ([from, language, pairs]) => {
  history.replaceState(null, "", `?lang=${language}`);
  const { figuresOf } = await import(from);
  return pairs.map(([before, after]) => figuresOf(before ?? Infinity, after ?? Infinity, "equal"));
}"""


@pytest.mark.parametrize("language", ["en", "de"])
def test_figures_are_written_as_the_server_writes_them(scripts, language):
    rng = np.random.default_rng(0)
    pairs = [(14.96, 14.94), (14.94, 14.96), (20.04, 19.96), (9.96, 31.26), (7.31, 7.33)]
    pairs += rng.uniform(1, 45, (40, 2)).tolist()

    def decibels(value, form=".1f"):
        return f"{sentences.number(value, form, language)} dB"

    wanted = [
        [decibels(before), decibels(after), decibels(gain(after, before), "+.1f")]
        for before, after in pairs
    ]
    arguments = [address("pictures/denoised_wipe.js"), language, [*pairs, (None, 40)]]
    *found, equal = scripts.evaluate(FIGURES, arguments)
    assert found == wanted
    assert equal == ["equal", decibels(40.0), "–"]


# --- the page --------------------------------------------------------------------------------

HOLD = """() => {  // what the page sends waits for `letGo`
  const { send } = WebSocket.prototype;
  const held = [];
  WebSocket.prototype.send = function (message) { held.push(() => send.call(this, message)); };
  window.letGo = () => {
    WebSocket.prototype.send = send;
    for (const each of held) each();
  };
}"""
PLACES = """(wipe) => {
  window.places = new Set();
  const look = () => {
    window.places.add(Math.round(wipe.getBoundingClientRect().top));
    requestAnimationFrame(look);
  };
  look();
}"""


def open_live(page, query=""):
    """Open the page, wait until the network is there; return what is sent from then on."""
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    open_page(page, f"/denoise?{query}")
    expect(page.locator(".wipe[data-follows]")).to_be_visible()
    wait_until_drawn(page)
    sent.clear()
    return sent


def thumb(page):
    return page.locator(f"{SLIDER} [data-testid=stSliderThumbValue]")


def middle(page):
    box = box_of(thumb(page).locator(".."))
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page, pixels):
    """Press the mouse on the slider and move it; return the amount, the button stays down."""
    thumb(page).locator("..").hover()
    x, y = middle(page)
    before = thumb(page).inner_text()
    page.mouse.down()
    page.mouse.move(x + pixels, y + 5, steps=6)
    expect(thumb(page)).not_to_have_text(before)
    return page.locator(f"{SLIDER} input").input_value()


def shown(page, amount):
    return page.locator(f".wipe[data-shown='{amount}']")


def figures(page):
    return [metric(page, label).inner_text() for label in ("Noisy", "Denoised", "Gain")]


@pytest.mark.samples(2)
@pytest.mark.parametrize("kind", KINDS)
def test_the_picture_follows_the_hand_and_the_server_hears_of_it_at_the_end(page, kind):
    sent = open_live(page, f"noise_kind={kind}")
    canvas, before = page.locator("canvas.made"), figures(page)
    expect(canvas).to_be_hidden()
    amount = drag(page, 60)
    expect(shown(page, amount)).to_be_visible()
    expect(canvas).to_be_visible()
    during = figures(page)
    assert during != before
    assert sent == []
    assert linked(page, "noise_amount") == ""
    page.mouse.up()
    expect(canvas).to_be_hidden()  # the server's pictures are there
    wait_until_drawn(page)
    assert len(sent) == 1
    assert float(linked(page, "noise_amount")) == float(amount)
    assert figures(page) == during
    caption = page.locator("figcaption").nth(1)  # the server's own figure for the noisy picture
    expect(caption).to_contain_text(during[0])


def test_the_server_s_pictures_are_there_again_where_the_hand_began(page):
    open_live(page)
    before = figures(page)
    amount = drag(page, 40)
    expect(shown(page, amount)).to_be_visible()
    assert figures(page) != before
    x, y = middle(page)
    page.mouse.move(x - 40, y, steps=4)
    expect(thumb(page)).to_have_text("0.2")
    expect(page.locator("canvas.made")).to_be_hidden()
    assert figures(page) == before


def test_the_arrow_keys_are_followed_too(page):
    sent = open_live(page, "lang=de")
    expect(page.get_by_test_id("stMetricValue").first).to_have_text(re.compile(r"^\d+,\d dB$"))
    page.evaluate(HOLD)
    page.locator(f"{SLIDER} input").press("ArrowRight")
    expect(shown(page, "0.21")).to_be_visible()
    assert sent == []
    expect(page.get_by_test_id("stMetricValue").first).to_have_text(re.compile(r"^\d+,\d dB$"))
    page.evaluate("() => window.letGo()")
    page.wait_for_url("**noise_amount=0.21**")
    expect(page.locator("canvas.made")).to_be_hidden()
    assert len(sent) == 1


def test_without_the_network_the_picture_follows_when_the_hand_rests(page):
    page.route("**/bytes/**", lambda route: route.abort())
    open_page(page, "/denoise")
    before = figures(page)
    amount = drag(page, 60)
    assert figures(page) == before
    page.mouse.up()
    page.wait_for_url("**noise_amount=**")
    expect(metric(page, "Noisy")).not_to_have_text(before[0])
    assert float(linked(page, "noise_amount")) == float(amount)
    expect(page.locator("canvas.made")).to_be_hidden()


def test_a_visitor_s_own_picture_has_no_address(page):
    """The network and the draws have one; what is of the visitor's photo comes in a message."""
    loaded: list[bytes] = []
    page.on("response", lambda r: "/bytes/" in r.url and loaded.append(r.body()))
    open_page(page, "/denoise?source=Upload")
    file = io.BytesIO()
    Image.fromarray(data.astronaut()).save(file, "PNG")
    chosen = {"name": "mine.png", "mimeType": "image/png", "buffer": file.getvalue()}
    page.locator("input[type=file]").set_input_files(chosen)
    expect(page.locator(".wipe[data-follows]")).to_be_visible()
    wait_until_drawn(page)
    amount = drag(page, 60)
    expect(shown(page, amount)).to_be_visible()
    page.locator(".wipe").evaluate(PLACES)
    page.mouse.up()
    page.wait_for_url("**noise_amount=**")
    wait_until_drawn(page)
    assert len(page.evaluate("() => [...window.places]")) == 1  # no spinner pushed it down
    network = stored_denoiser(SHIPPED, "denoiser", LESSON_SIDE)
    drawn = browser_denoiser.draws(0, (LESSON_SIDE, LESSON_SIDE, SHIPPED.spec.channels))
    assert {*map(hash, loaded)} == {hash(drawn), hash(network)}  # pytest compares bytes for minutes
