"""Times large decoders and both engines in a browser: `python -m benchmarks.decoders`.

For new decoders of 60 and 250 million multiply-adds, it reports the time from an input event to the
frame that shows it in a drag of five seconds. For these and each of the app's own, it reports the
time of decoding and drawing with WebAssembly, and with JavaScript in a browser without it, in turns
in one run.
"""

import statistics

from playwright.sync_api import Page

from ae_core.latent.browser_decoder import decoder_macs
from ae_core.models.compatibility import image_shape
from ae_core.models.pretrained import cards
from ae_core.specs import AutoencoderSpec, TrainingSpec, parse_layers
from benchmarks.app import running_app
from benchmarks.latent import DECODE, drag, ready, trained
from benchmarks.report import Report

ROUNDS = 3  # in each of them, both engines
# For cartoon faces; the target in ms for the slowest twentieth: one frame of a screen, and two.
SIZES = {
    "dense4096, reshape8x8x64, convT128/2, convT96/2, convT32/2": 16.7,
    "dense8192, reshape8x8x128, convT256/2, convT192/2, convT64/2": 33.0,
}
TRAIN = "/train?preset=toy-faces-vae&epochs=1&steps_per_epoch=1&batch_size=1&decoder="
SAME = 1.1  # of two equal times, one may be that much larger


def run(report: Report) -> None:
    """Measure; the targets are a screen's frames, and what JavaScript needs."""
    with running_app() as (page, _, _):
        browser = page.context.browser
        assert browser is not None  # a browser opened the page
        page.goto("/")
        slow = browser.new_page(base_url=page.evaluate("() => location.origin"))
        slow.add_init_script("delete globalThis.WebAssembly")
        for decoder, target in SIZES.items():
            spec = AutoencoderSpec(decoder=parse_layers(decoder))
            size = f"{decoder_macs(spec, (64, 64, 1)) / 1e6:.0f} M multiply-adds"
            model = trained(page, TRAIN + decoder.replace(", ", ",+"))
            _compare(report, page, slow, model, size)
            drag(report, page, model, size, bound=target)
        for name, card in cards().items():
            if isinstance(card.spec, TrainingSpec):
                macs = decoder_macs(card.spec.autoencoder, image_shape(card.spec))
                _compare(report, page, slow, name, f"{name}, {macs / 1e6:.1f} M")


def _compare(report: Report, page: Page, slow: Page, model: str, what: str) -> None:
    """Report the median times of decoding and drawing in two browsers, and their ratio."""
    times: list[list[float]] = [[], []]
    for each in (page, slow):
        each.goto(f"/latent_space?model={model}")
        ready(each)
        each.wait_for_timeout(500)
    for _ in range(ROUNDS):
        for found, each in zip(times, (page, slow), strict=True):
            found += each.evaluate(DECODE)
    for engine, found in zip(("WebAssembly", "JavaScript"), times, strict=True):
        p95 = statistics.quantiles(found, n=20)[-1]
        report.figure(f"{what}: {engine}, ms", f"{statistics.median(found):.2f} (p95 {p95:.2f})")
    ratio = statistics.median(times[0]) / statistics.median(times[1])
    report.target(f"{what}: WebAssembly ÷ JavaScript", ratio, SAME)


if __name__ == "__main__":
    run(Report())
