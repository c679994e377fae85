"""How fast the picture follows the hand: `python -m benchmarks.latent`.

For every decoder that comes with the app and runs in a browser, and for one that was just trained:
its bytes, the decoding alone, an input event to the frame that shows it during a drag of five
seconds, messages to the server meanwhile, and the time from a cold browser, from a warm one and
from another page of the app to the first picture that follows.
"""

import statistics
import time

from playwright.sync_api import Browser, Page

from ae_core import exploration
from ae_core.denoising import model_file
from ae_core.live_decoder import MOST_MACS, decoder_macs
from ae_core.pretrained import cards
from ae_core.refit import image_shape
from ae_core.specs import TrainingSpec
from benchmarks.app import IDLE, running_app

SECONDS = 5.0
TRAIN = "/train?preset=toy-faces-vae&epochs=1&steps_per_epoch=30"
READY = "() => window.autoencoderLab?.decoders.size > 0"

CANVAS = "[...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]" + (
    ".map((host) => host.shadowRoot?.querySelector('.pictures canvas')).find(Boolean)"
)
PICTURE = f"() => {CANVAS}.toDataURL()"
# A canvas that nothing was drawn on is 300×150 pixels.
DRAWN = f"() => {{ const c = {CANVAS}; return c && c.width !== 300; }}"

# The time of an input event to the first task after the frame in which it was drawn.
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
  const { decoders, paint } = window.autoencoderLab;
  const decoder = decoders.values().next().value;
  const canvas = document.createElement("canvas");
  return Array.from({ length: 200 }, () => {
    const code = Array.from({ length: decoder.latentDim }, () => 2 * Math.random() - 1);
    const started = performance.now();
    paint(decoder, code, canvas);
    return performance.now() - started;
  }).slice(50);
}"""


def main() -> None:
    """Print the figures."""
    with running_app() as (page, _, _):
        _first_picture(page, page.context.browser)
        for name, card in cards().items():
            if not isinstance(card.spec, TrainingSpec) or _too_large(card.spec):
                continue
            weights = exploration.live_decoder(model_file(card), name)
            _drag(page, name, f"{len(weights) / 1e3:.0f} kB")
        _drag(page, _trained(page), "just trained")


def _too_large(spec: TrainingSpec) -> bool:
    return decoder_macs(spec.autoencoder, image_shape(spec)) > MOST_MACS


def _trained(page: Page) -> str:
    """Train a convolutional variational model in the app; return its run's id."""
    page.goto(TRAIN)
    page.get_by_test_id("stBaseButton-primary").click()
    page.wait_for_url("**/train?*run=*")
    page.get_by_text("Finished").first.wait_for()
    return page.evaluate("() => new URL(location.href).searchParams.get('run')")


def _first_picture(page: Page, browser: Browser | None) -> None:
    assert browser is not None  # the page was opened by one
    page.goto("/latent_space?model=toy-faces-vae")  # once for the server
    page.wait_for_function(READY)
    address = page.evaluate("() => location.origin")
    context = browser.new_context(base_url=address)
    for state in ("cold browser", "warm browser", "from the app's home page"):
        tab = context.new_page()
        if state.startswith("from"):
            tab.goto("/")
            tab.wait_for_selector(IDLE)
        started = time.perf_counter()
        if state.startswith("from"):
            tab.get_by_test_id("stMain").get_by_role("link", name="Move through codes").click()
        else:
            tab.goto("/latent_space?model=toy-faces-vae", wait_until="commit")
        tab.wait_for_function(DRAWN)
        shown = time.perf_counter() - started
        before = tab.evaluate(PICTURE)
        tab.locator(".rows input").first.press("ArrowRight")
        tab.wait_for_function(f"(before) => ({PICTURE})() !== before", arg=before)
        print(
            f"{state} to the first picture: {shown:.2f} s, to the first that follows the hand: "
            f"{time.perf_counter() - started:.2f} s"
        )
        tab.close()
    context.close()


def _drag(page: Page, model: str, what: str) -> None:
    sent: list[object] = []
    page.on("websocket", lambda ws: ws.on("framesent", lambda data: sent.append(data)))
    page.goto(f"/latent_space?model={model}")
    page.wait_for_function(READY)
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
    print(
        f"{model} ({what}): decode and draw {statistics.median(decode):.1f} ms; input to frame "
        f"{statistics.median(delays):.1f} ms, p95 {statistics.quantiles(delays, n=20)[-1]:.1f} ms "
        f"of {len(delays)}; messages during the drag {during}, after it {len(sent) - during}"
    )


if __name__ == "__main__":
    main()
