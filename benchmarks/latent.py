"""Times how fast the image follows a slider: `python -m benchmarks.latent`.

For each of the app's decoders that run in a browser, for each pair of them that can be compared,
and for a newly trained one, it reports the bytes, the decoding time, the time from an input event
to the frame that shows it in a drag of five seconds, the messages to the server meanwhile, and the
time to the first image that follows the slider: in a cold browser, in a warm one, and from another
page of the app.
"""

import statistics
import tempfile
import time
from itertools import combinations

from playwright.sync_api import Page

from ae_core.latent import explore
from ae_core.latent.browser_decoder import MAX_MACS, decoder_macs
from ae_core.models.compatibility import image_shape
from ae_core.models.inference import ModelFile
from ae_core.models.pretrained import cards
from ae_core.specs import TrainingSpec
from benchmarks.app import IDLE, running_app
from benchmarks.report import Report
from pages.ui.widgets import component
from tests.helpers.chromium import chromium_path

SECONDS = 5.0
TIMES = 5
SMALL = "mnist-vae-2d"  # as large as the VAE Explainer's decoder
TRAIN = "/train?preset=toy-faces-vae&epochs=1&steps_per_epoch=30"
# The page's own modules.
LOOK = f"""async () => {{
  window.live = await import('{component.address("pickers/live_decoder.js")}');
  window.decoder = await import('{component.address("pickers/decoder.js")}');
}}"""
READY = "() => window.live.decoders.size > 0"

CANVAS = "[...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]" + (
    ".map((host) => host.shadowRoot?.querySelector('.pictures canvas')).find(Boolean)"
)
PICTURE = f"() => {CANVAS}.toDataURL()"
# An unused canvas has 300×150 pixels.
DRAWN = f"() => {{ const c = {CANVAS}; return c && c.width !== 300; }}"

# The time from an input event to the first task after the frame that shows it.
WATCH = """() => {
  window.delays = [];
  const slider = document.querySelectorAll("[data-testid=stBidiComponentIsolated]");
  for (const host of slider) host.shadowRoot?.addEventListener("input", ({ timeStamp }) =>
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => window.delays.push(performance.now() - timeStamp);
      port2.postMessage(0);
    }), true);
}"""
DECODE = """() => {
  const { paint } = window.decoder;
  const decoder = window.live.decoders.values().next().value;
  const canvas = document.createElement("canvas");
  const times = [];
  const until = performance.now() + 3000;
  while (times.length < 200 && performance.now() < until) {
    const code = Array.from({ length: decoder.latent_dim }, () => 2 * Math.random() - 1);
    const started = performance.now();
    paint(decoder, code, canvas);
    times.push(performance.now() - started);
  }
  return times.slice(times.length / 4);
}"""


def run(report: Report) -> None:
    """Measure; the targets are a screen's frame and a visitor's acceptable waiting time."""
    with running_app() as (page, _, _):
        _first_picture(report, page)
        for name, card in cards().items():
            if not isinstance(card.spec, TrainingSpec) or _too_large(card.spec):
                continue
            file = card.model_file()
            assert isinstance(file, ModelFile)  # it is an autoencoder
            weights = explore.live_decoder(file, name)
            drag(report, page, name, f"{len(weights) / 1e3:.0f} kB")
        for pair in _pairs():
            drag(report, page, "&also=".join(pair), "both")
        drag(report, page, trained(page, TRAIN), "just trained")


def _too_large(spec: TrainingSpec) -> bool:
    return decoder_macs(spec.autoencoder, image_shape(spec)) > MAX_MACS


def _pairs() -> list[tuple[str, str]]:
    """Return the pairs of the app's small models whose codes are equally long."""
    sizes = {
        name: card.spec.autoencoder.latent_dim
        for name, card in cards().items()
        if isinstance(card.spec, TrainingSpec) and not _too_large(card.spec)
    }
    return [pair for pair in combinations(sizes, 2) if sizes[pair[0]] == sizes[pair[1]]]


def trained(page: Page, settings: str) -> str:
    """Train a model in the app, as its address asks; return the run's id."""
    page.goto(settings)
    page.get_by_test_id("stBaseButton-primary").click()
    page.wait_for_url("**/train?*run=*")
    page.get_by_text("Finished").first.wait_for()
    return str(page.evaluate("() => new URL(location.href).searchParams.get('run')"))


def _first_picture(report: Report, page: Page) -> None:
    """Time a browser with a profile on disk, which keeps compiled scripts, as visitors have."""
    page.goto("/latent_space?model=toy-faces-vae")  # warms the server
    ready(page)
    address, browser = page.evaluate("() => location.origin"), page.context.browser
    assert browser is not None  # a browser opened the page
    with tempfile.TemporaryDirectory() as profile:
        context = browser.browser_type.launch_persistent_context(
            profile,
            executable_path=chromium_path(),
            args=["--no-sandbox", "--disable-gpu"],
            base_url=address,
        )
        cold = _to_picture(context.new_page())
        for _ in range(2):  # Chromium stores compiled scripts that it meets twice
            _to_picture(context.new_page())
        warm = [_to_picture(context.new_page()) for _ in range(TIMES)]
        inside = [_to_picture(context.new_page(), from_home=True) for _ in range(TIMES)]
        context.close()
    report.target("cold browser to the first interactive decode, s", cold[1], 1.5)
    shown, moved = (statistics.median(each) for each in zip(*warm, strict=True))
    report.target("warm browser to the first picture, s", shown, 1.0)
    report.target("warm browser to the first interactive decode, s", moved, 0.6)
    shown, moved = (statistics.median(each) for each in zip(*inside, strict=True))
    report.figure("from the app's home page to the first interactive decode, s", f"{moved:.2f}")


def _to_picture(tab: Page, *, from_home: bool = False) -> tuple[float, float]:
    """Return the seconds to the first image and to the first one that follows the slider."""
    if from_home:
        tab.goto("/")
        tab.wait_for_selector(IDLE)
    started = time.perf_counter()
    if from_home:
        tab.get_by_test_id("stMain").get_by_role("link", name="Move through codes").click()
    else:
        tab.goto("/latent_space?model=toy-faces-vae", wait_until="commit")
    tab.wait_for_function(DRAWN)
    shown = time.perf_counter() - started
    before = tab.evaluate(PICTURE)
    tab.locator(".rows input").first.press("ArrowRight")
    tab.wait_for_function(f"(before) => ({PICTURE})() !== before", arg=before)
    moved = time.perf_counter() - started
    tab.close()
    time.sleep(1)  # lets old tab processes end, which would keep the browser busy
    return shown, moved


def ready(page: Page) -> None:
    """Wait for the decoder; from then on ``window.decoder`` can run it."""
    page.evaluate(LOOK)
    page.wait_for_function(READY)


def drag(report: Report, page: Page, model: str, what: str, *, bound: float = 33.0) -> None:
    """Move a slider for some seconds; the slowest frames are to stay below a bound in ms."""
    sent: list[object] = []
    page.on("websocket", lambda ws: ws.on("framesent", lambda data: sent.append(data)))
    page.goto(f"/latent_space?model={model}")
    ready(page)
    page.wait_for_selector(IDLE)
    page.wait_for_timeout(500)
    decode = page.evaluate(DECODE)
    page.evaluate(WATCH)
    box = page.locator(".rows input").first.bounding_box()
    assert box is not None  # the slider is on the screen
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    sent.clear()
    ends = time.perf_counter() + SECONDS
    place = 0
    while time.perf_counter() < ends:
        place += 1
        share = 0.5 + 0.4 * (abs(place % 80 - 40) / 20 - 1)
        page.mouse.move(box["x"] + share * box["width"], middle)
    during = len(sent)
    page.mouse.up()
    page.wait_for_timeout(1500)
    delays = page.evaluate("() => window.delays")
    alone, median = statistics.median(decode), statistics.median(delays)
    p95 = statistics.quantiles(delays, n=20)[-1]
    if model == SMALL:
        report.target(f"{model}: decode and draw, ms", alone, 5.0, "{:.1f}")
    else:
        report.figure(f"{model} ({what}): decode and draw, ms", f"{alone:.1f}")
    report.target(f"{model}: input to frame, median ms", median, 16.7, "{:.1f}")
    report.target(f"{model}: input to frame, p95 ms", p95, bound, "{:.1f}")
    report.target(f"{model}: messages during the drag", during, 0, "{:.0f}")
    report.target(f"{model}: messages after it", len(sent) - during, 1, "{:.0f}")


if __name__ == "__main__":
    run(Report())
