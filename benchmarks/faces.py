"""Times the way from a phone's photo to a denoised face: ``python -m benchmarks.faces``.

It times each of the worker's functions on a 12-megapixel JPEG, the way from the upload of the same
photo in a real Chromium to the denoised face on the screen, and the denoiser alone with one face
and with 32 at once.
"""

import io
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page

from ae_core.denoising import denoise, photos
from ae_core.models.pretrained import cards
from ae_core.specs import Corruption
from benchmarks.app import IDLE, running_app
from benchmarks.report import Report

WIDTH, HEIGHT = 4000, 3000
TIMES = 7


def run(report: Report) -> None:
    """Measure; the targets are a second for a photo and 4 ms for a face."""
    photo = twelve_megapixels()
    size = f"{WIDTH}×{HEIGHT} JPEG, {len(photo) / 1e6:.1f} MB; medians of {TIMES}"
    report.figure("the photo", size)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "photo.jpg"
        file.write_bytes(photo)
        in_the_browser(report, file)
    in_the_worker(report, photo)
    alone(report)


def twelve_megapixels() -> bytes:
    """Return scikit-image's astronaut, enlarged to the size of a phone's photo, as JPEG."""
    from skimage import data

    image = Image.fromarray(data.astronaut()).resize((HEIGHT, HEIGHT), Image.Resampling.BICUBIC)
    wide = Image.new("RGB", (WIDTH, HEIGHT), (60, 70, 90))
    wide.paste(image, ((WIDTH - HEIGHT) // 2, 0))
    grain = np.random.default_rng(0).normal(0, 4, (HEIGHT, WIDTH, 1))
    pixels = np.clip(np.asarray(wide) + grain, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def in_the_worker(report: Report, data: bytes) -> None:
    """Time each step in the worker."""
    model = cards()["face-denoiser"].model_file()
    noise = Corruption("gaussian", 0.2)
    photo = photos.take_photo(data, "photo.jpg")
    found = photos.find_faces(photo.data)
    face = photos.cut_face(photo.data, found[0])

    def ask(what: Callable[..., object], *, colour: bool) -> Callable[[], object]:
        return lambda: what(model, face, noise, 0, colour=colour)

    side = face.shape[0]
    steps: dict[str, Callable[[], object]] = {
        "open, reduce": lambda: photos.take_photo(data, "photo.jpg"),
        "find the face": lambda: photos.find_faces(photo.data),
        "cut the face out": lambda: photos.cut_face(photo.data, found[0]),
        "denoise 64×64 gray": ask(denoise.denoise, colour=False),
        "classical filters 64×64 gray": ask(denoise.classical, colour=False),
        f"denoise {side}×{side} colour": ask(denoise.denoise, colour=True),
        f"classical filters {side}×{side} colour": ask(denoise.classical, colour=True),
    }
    for name, step in steps.items():
        report.figure(f"worker: {name}, ms", f"{_median(step):.0f}")


def alone(report: Report) -> None:
    """Time the network alone."""
    from ae_core.models import weights
    from ae_core.models.denoiser import Denoiser
    from ae_core.specs import DenoiserSpec

    card = cards()["face-denoiser"]
    assert isinstance(card.spec, DenoiserSpec)
    arrays = weights.dequantize(weights.from_bytes(card.weights.read_bytes()))
    denoiser = Denoiser(card.spec, arrays)
    for count in (1, 32):
        faces = np.random.default_rng(0).random((count, 64, 64, 1), dtype=np.float32)
        each = _median(partial(denoiser.denoise, faces)) / count
        what = f"denoiser: one of {count} faces of 64×64, ms"
        if count > 1:
            report.target(what, each, 4.0)
        else:
            report.figure(what, f"{each:.2f}")


def in_the_browser(report: Report, file: Path) -> None:
    """Time the way from the file's choice to the denoised face on the screen."""
    with running_app() as (page, _, _):
        _upload(page, file)  # warms the worker
        seconds = statistics.median(_upload(page, file) for _ in range(TIMES))
        what = "browser: photo chosen to the denoised face on the screen, s"
        report.target(what, seconds, 1.0)


def _upload(page: Page, file: Path) -> float:
    page.goto("/denoise?source=Upload")
    page.wait_for_selector(IDLE)
    started = time.perf_counter()
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_text("Denoised", exact=True).first.wait_for()
    page.wait_for_function(
        "[...document.querySelectorAll('[data-testid=stMain] figure img')].some(i => i.complete)"
    )
    return time.perf_counter() - started


def _median(step: Callable[[], object]) -> float:
    step()
    times = []
    for _ in range(TIMES):
        started = time.perf_counter()
        step()
        times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times)


if __name__ == "__main__":
    run(Report())
