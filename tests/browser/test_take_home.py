"""A model taken home: one file that draws from a disk without any network, and comes back."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from ae_core.latent.browser_decoder import decoder_bytes
from ae_core.latent.explore import stored_decoder
from ae_core.models import weights
from ae_core.models.compatibility import image_shape
from ae_core.models.pretrained import cards
from ae_core.runs.store import RunStore
from tests.helpers.at_home import at_home, taken_home
from tests.helpers.firefox import firefox
from tests.helpers.lab_page import linked, metric, open_page, wait_until_drawn
from tests.helpers.lab_server import LAPTOP
from tests.helpers.refusals import says
from tests.helpers.trainings import SMALL
from tests.helpers.webkit import webkit

PIXELS = """(canvas) => [canvas.width, ...canvas.getContext("2d")
  .getImageData(0, 0, canvas.width, canvas.height).data]"""
# The same once it is drawn: a canvas begins with another size.
SHOWN = f"""() => {{
  const canvas = document.querySelector(".pictures canvas");
  return canvas && canvas.width === canvas.height ? ({PIXELS})(canvas) : null;
}}"""
# How long a slider's picture takes to be computed and drawn, in ms: the median of some. All three
# callbacks belong to one frame, and the drawing is between the other two.
DRAWING = """async (input) => {
  const times = [];
  for (let i = 0; i < 40; i++) {
    input.value = Number(input.min) + ((Number(input.max) - Number(input.min)) * i) / 40;
    await new Promise((drawn) => {
      let began = 0;
      requestAnimationFrame(() => (began = performance.now()));
      input.dispatchEvent(new Event("input"));
      requestAnimationFrame(() => drawn(times.push(performance.now() - began)));
    });
  }
  return times.sort((a, b) => a - b)[20];
}"""
FRAME = 1000 / 60  # ms


def about(file: Path, block: str) -> dict[str, Any]:
    found = re.search(f'id="{block}">(.*?)</script>', file.read_text("utf-8"), re.DOTALL)
    assert found is not None
    said: dict[str, Any] = json.loads(found[1])
    return said


def drawn(tab: Page) -> np.ndarray:
    """Return the picture of the code (H, W, 3), as it is on the screen."""
    width, *values = tab.locator(".pictures canvas").evaluate(PIXELS)
    return np.array(values, np.uint8).reshape(-1, width, 4)[..., :3]


def settled(tab: Page) -> np.ndarray:
    """Return the picture after the next frame."""
    tab.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    return drawn(tab)


def as_on_a_screen(pixels: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Return an engine's pixels (H·W·C) as a canvas shows them."""
    grey = np.floor(255 * pixels.astype(np.float64) + 0.5).astype(np.uint8).reshape(shape)
    return np.broadcast_to(grey, (*shape[:2], 3))


def by_the_engines(engines, decoder: bytes, shape, code) -> list[np.ndarray]:
    """Return the picture of a code by each engine, as the app draws it: first this browser's."""
    code = np.asarray(code, np.float32)[np.newaxis]
    return [as_on_a_screen(pixels[0], shape) for pixels in engines.decoded(decoder, code)]


def apart(a: np.ndarray, b: np.ndarray) -> int:
    return int(np.abs(a.astype(int) - b).max())


@pytest.mark.parametrize(
    "name", ["toy-faces-vae", pytest.param("faces", marks=pytest.mark.thorough)]
)
def test_a_model_of_the_app_draws_from_the_disk_what_the_app_draws(
    page, browser, engines, tmp_path, name
):
    file = taken_home(page, f"/latent_space?model={name}", tmp_path)
    assert file.name == f"autoencoder-{name}.html"
    model = cards()[name].model_file()
    half = about(file, "lab-page")["decoder"]["header"]["half"]
    decoder = stored_decoder(model, name)
    if decoder is None:
        kept = weights.dequantize(weights.from_bytes(Path(model.path).read_bytes()))
        shape = image_shape(model.spec)
        decoder = decoder_bytes(name, model.spec.autoencoder, shape, kept, half=half)
    shape = image_shape(model.spec)
    home = about(file, "lab-page")
    view, starts = home["views"][0], home["starts"]
    assert view["name"] == "directions"
    with at_home(browser, file) as tab:
        wasm, *others = by_the_engines(engines, decoder, shape, starts[0]["code"])
        np.testing.assert_array_equal(drawn(tab), wasm)
        assert max(apart(wasm, each) for each in others) <= 1

        slider = tab.locator(".row input").first
        slider.press("End")
        code = np.array(starts[0]["code"], np.float32)
        step = float(slider.input_value()) * np.array(view["sliders"][0]["vectors"][0])
        moved = (code.astype(np.float64) + step).astype(np.float32)
        wanted, *_ = by_the_engines(engines, decoder, shape, moved)
        np.testing.assert_array_equal(settled(tab), wanted)
        assert apart(wanted, wasm) > 20  # the slider moves something

        tab.get_by_role("button", name="Start from picture 3").click()
        wanted, *_ = by_the_engines(engines, decoder, shape, starts[2]["code"])
        np.testing.assert_array_equal(settled(tab), wanted)
        assert 0 < slider.evaluate(DRAWING) < FRAME
    if name == "toy-faces-vae":
        page.goto(f"/latent_space?model={name}")
        canvas = page.locator(".latent .pictures canvas")
        expect(canvas).to_be_visible()
        expect(page.locator(".latent .status").first).to_have_text("")
        wait_until_drawn(page)
        width, *values = canvas.evaluate(PIXELS)
        there = np.array(values, np.uint8).reshape(-1, width, 4)[..., :3]
        np.testing.assert_array_equal(there, wasm)


@pytest.mark.thorough
def test_without_webassembly_it_draws_the_same_but_for_one_grey_level(page, browser, tmp_path):
    file = taken_home(page, "/latent_space?model=toy-faces-vae", tmp_path)
    with at_home(browser, file) as fast:
        first = drawn(fast)
    with at_home(browser, file, wasm=False) as slow:
        assert apart(drawn(slow), first) <= 1


@pytest.mark.thorough
@pytest.mark.parametrize("start", [firefox, webkit])
def test_other_browsers_draw_it_from_the_disk_too(page, browser, tmp_path, start):
    file = taken_home(page, "/latent_space?model=toy-faces-vae", tmp_path)
    with at_home(browser, file) as chromium:
        first = drawn(chromium)
    with start(tmp_path, file.parent.as_uri()) as tab:
        tab.open(f"/{file.name}")
        tab.box(".row input")
        width, *values = tab.until(lambda: tab.run(SHOWN), "it draws nothing")
        there = np.array(values, np.uint8).reshape(-1, int(width), 4)[..., :3]
        assert apart(there, first) <= 1
        before = tab.drawn(".pictures canvas")
        tab.run("""() => {
          const input = document.querySelector(".row input");
          input.value = input.max;
          input.dispatchEvent(new Event("input"));
        }""")
        tab.until(lambda: tab.drawn(".pictures canvas") != before, "the picture stays as it is")
        assert tab.complaints() == []


def test_it_has_the_programs_and_the_settings_in_it(page, browser, tmp_path):
    file = taken_home(page, "/latent_space?model=toy-faces-vae&lang=en", tmp_path)
    with at_home(browser, file) as tab:
        for words, name in (("Notebook", "autoencoder.ipynb"), ("Python", "autoencoder.py")):
            with tab.expect_download() as download:
                tab.get_by_role("link", name=re.compile(words)).click()
            assert download.value.suggested_filename == name
            content = Path(download.value.path()).read_text("utf-8")
            assert "keras" in content
        tab.get_by_text("JSON", exact=True).click()
        settings = json.loads(tab.locator("pre").inner_text())
        assert settings == about(file, "lab-run")["spec"]


@pytest.mark.thorough
def test_an_own_run_goes_home_and_comes_back_on_a_fresh_server(
    page, browser, engines, trained, server, fresh_server, tmp_path
):
    run = trained(page, SMALL)
    path = f"/train?run={run}&view=Watch"
    open_page(page, path)
    figures = [metric(page, label).inner_text() for label in ("Validation PSNR", "Validation loss")]
    file = taken_home(page, path, tmp_path)
    assert file.stat().st_size <= 3_000_000
    before = RunStore(server.runs)
    spec = before.read(run).spec
    shape = image_shape(spec)
    own = weights.from_bytes((before.folder(run) / "weights.npz").read_bytes())
    home = about(file, "lab-page")
    half = home["decoder"]["header"]["half"]
    decoder = decoder_bytes(run, spec.autoencoder, shape, own, half=half)
    with at_home(browser, file) as tab:
        wasm, *_ = by_the_engines(engines, decoder, shape, home["starts"][0]["code"])
        np.testing.assert_array_equal(drawn(tab), wasm)
        assert 0 < tab.locator(".row input").first.evaluate(DRAWING) < FRAME

    with browser.new_context(**LAPTOP, base_url=fresh_server.url) as context:
        other = context.new_page()
        other.set_default_timeout(
            150_000
        )  # its workers import TensorFlow beside those of the first
        open_page(other, "/latent_space?model=toy-faces-vae")
        bring(other, file)
        other.wait_for_url(re.compile("model=[0-9a-f]{12}"))
        brought = linked(other, "model")
        canvas = other.locator(".latent .pictures canvas")
        expect(canvas).to_have_js_property("width", shape[1])  # no longer the model of before
        wait_until_drawn(other)
        width, *values = canvas.evaluate(PIXELS)
        there = np.array(values, np.uint8).reshape(-1, width, 4)[..., :3]
        np.testing.assert_array_equal(there, wasm)
        open_page(other, f"/train?run={brought}&view=Watch")
        expect(other.get_by_text("brought back from a file")).to_be_visible()
        assert figures == [
            metric(other, label).inner_text() for label in ("Validation PSNR", "Validation loss")
        ]
        expect(other.get_by_role("img", name="test pictures")).to_be_visible()
    after = RunStore(fresh_server.runs)
    assert brought != run
    assert after.read(brought).spec == spec
    assert after.read(brought).history == before.read(run).history
    kept = weights.from_bytes((after.folder(brought) / "weights.npz").read_bytes())
    assert {name: each.tobytes() for name, each in kept.items()} == {
        name: each.tobytes() for name, each in own.items()
    }
    there_png = (before.folder(run) / "preview.png").read_bytes()
    assert (after.folder(brought) / "preview.png").read_bytes() == there_png


def bring(page: Page, file: Path | dict[str, Any]) -> None:
    page.get_by_role("button", name=re.compile("Bring back|Mitbringen")).click()
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]


@pytest.mark.thorough
@pytest.mark.parametrize("language", ["en", "de"])
def test_what_is_no_such_file_is_one_sentence_there(page, language):
    open_page(page, f"/latent_space?model=toy-faces-vae&lang={language}")
    bring(page, {"name": "<b>x</b>.html", "mimeType": "text/html", "buffer": b"<html>Hello</html>"})
    alert = page.get_by_test_id("stAlertContentError")
    expect(alert).to_be_visible()
    assert says(alert.inner_text(), "home_other", language)


def test_a_model_of_the_app_that_comes_back_is_the_app_s_own(page, tmp_path):
    file = taken_home(page, "/latent_space?model=digits-dense", tmp_path)
    open_page(page, "/latent_space?model=toy-faces-vae")
    bring(page, file)
    page.wait_for_url(re.compile("model=digits-dense"))


@pytest.mark.thorough
def test_a_model_that_this_app_has_otherwise_is_refused(page, tmp_path):
    file = taken_home(page, "/latent_space?model=digits-dense", tmp_path)
    digest = about(file, "lab-run")["digest"]
    other = file.read_text("utf-8").replace(f'"digest": "{digest}"', '"digest": "0"', 1)
    file.write_text(other, "utf-8")
    open_page(page, "/latent_space?model=toy-faces-vae")
    bring(page, file)
    alert = page.get_by_test_id("stAlertContentError")
    expect(alert).to_be_visible()
    assert says(alert.inner_text(), "home_model", name="digits-dense")


def test_its_weights_are_those_of_the_app_s_decoder(page, tmp_path):
    file = taken_home(page, "/latent_space?model=toy-faces-vae", tmp_path)
    found = re.search('id="lab-numbers">(.*?)</script>', file.read_text("utf-8"))
    model = cards()["toy-faces-vae"].model_file()
    decoder = stored_decoder(model, "toy-faces-vae")
    assert found is not None
    assert decoder is not None
    assert decoder.endswith(base64.b64decode(found[1]))
