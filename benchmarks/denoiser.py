"""Times how the denoised picture follows the hand: `python -m benchmarks.denoiser`.

It reports the bytes that a browser loads, the time of the network alone with both engines, how far
their output is from the worker's, and, for drags of the amount of noise, the pictures a second and
the messages to the server meanwhile. A drag is short and repeated, because other work on the
machine takes pictures from it: the best one counts.
"""

import math
import statistics
import time

import numpy as np
from playwright.sync_api import Page

from ae_core.denoising import photos
from ae_core.denoising.browser_denoiser import stored_denoiser
from ae_core.denoising.denoise import LESSON_SIDE, denoise
from ae_core.models.inference import DenoiserFile
from ae_core.models.pretrained import best_for
from ae_core.specs import Corruption
from benchmarks.app import IDLE, running_app
from benchmarks.report import Report
from pages.ui.widgets.component import address
from tests.helpers.engines import LOOK, as_url

SECONDS, ROUNDS = 1.0, 8
SLIDER = ".st-key-denoise-noise_amount"
RUN = """async ([bytes, image, times]) => {
  const network = window.live.unpack(new Uint8Array(await (await fetch(bytes)).arrayBuffer()));
  const taken = [];
  for (let i = 0; i < times; i++) {
    const started = performance.now();
    network.run(image);
    taken.push(performance.now() - started);
  }
  return [Array.from(network.run(image)), taken];
}"""
WATCH = """(wipe) => {
  window.pictures = [];
  const look = () => window.pictures.push(performance.now());
  new MutationObserver(look).observe(wipe, { attributeFilter: ["data-shown"] });
}"""


def run(report: Report) -> None:
    """Measure; the targets are a moving picture, and a tenth of what a screen can show."""
    file = best_for("denoise").model_file()
    assert isinstance(file, DenoiserFile)  # that is what it is best for
    network = stored_denoiser(file, "any", LESSON_SIDE)
    report.figure("the network, MB", f"{len(network) / 1e6:.1f}")
    noise = Corruption("gaussian", 0.2)
    result = denoise(file, photos.samples()[0], noise, 0, colour=False)
    with running_app() as (page, _, _):
        page.goto("/")
        browser = page.context.browser
        assert browser is not None  # a browser opened the page
        slow = browser.new_page(base_url=page.evaluate("() => location.origin"))
        slow.add_init_script("delete globalThis.WebAssembly")
        slow.goto("/")
        for engine, tab, times in (("WebAssembly", page, 100), ("JavaScript", slow, 10)):
            tab.evaluate(LOOK, [address("pickers/decoder.js"), address("pickers/decoder_wasm.js")])
            asked = [as_url(network), result.noisy.image.ravel().tolist(), times]
            output, taken = tab.evaluate(RUN, asked)
            far = np.abs(np.array(output, np.float32) - result.output.image.ravel()).max()
            report.target(f"{engine}: difference to the worker", float(far), 1e-5, "{:.1e}")
            written = f"{statistics.median(taken):.1f} (best {min(taken):.1f})"
            report.figure(f"{engine}: the network alone, ms", written)
        slow.close()
        _drags(report, page)


def _drags(report: Report, page: Page) -> None:
    sent: list[object] = []
    page.on("websocket", lambda ws: ws.on("framesent", lambda data: sent.append(data)))
    page.goto("/denoise")
    wipe = page.locator(".wipe[data-follows]")
    wipe.wait_for()
    page.wait_for_selector(IDLE)
    wipe.evaluate(WATCH)
    thumb = page.locator(f"{SLIDER} [data-testid=stSliderThumbValue]").locator("..")
    rates, during = [], 0
    for _ in range(ROUNDS):
        thumb.hover()  # scrolls to it
        track, box = thumb.locator("..").bounding_box(), thumb.bounding_box()
        assert track is not None  # it is on the screen
        assert box is not None
        page.mouse.down()
        page.evaluate("() => { window.pictures.length = 0; }")
        sent.clear()
        began = time.perf_counter()
        while (passed := time.perf_counter() - began) < SECONDS:
            share = 0.5 - 0.45 * math.cos(4 * passed)
            page.mouse.move(track["x"] + share * track["width"], box["y"] + box["height"] / 2)
        times = page.evaluate("() => window.pictures")
        rates.append(1000 * (len(times) - 1) / (times[-1] - times[0]))
        during += len(sent)
        page.mouse.up()
        page.wait_for_timeout(1500)  # the server answers
    report.figure("pictures a second in a drag, median", f"{statistics.median(rates):.0f}")
    report.target("pictures a second in a drag, best", max(rates), 40, "{:.0f}", least=True)
    report.target("messages during the drags", during, 0, "{:.0f}")


if __name__ == "__main__":
    run(Report())
