"""Measures what others wait for while costly files are uploaded: ``python -m benchmarks.uploads``.

Several visitors upload JPEGs of very many scans again and again, 2.5 MB in each upload, as photos
and as images of an own set. Meanwhile another visitor asks for a reconstruction every fifth of a
second. The memory is that of all processes afterwards.
"""

import statistics
import threading
import time

import numpy as np
import psutil

from ae_core.data import uploads
from ae_core.denoising import photos
from ae_core.models import inference
from ae_core.models.compatibility import image_shape
from ae_core.models.inference import ModelFile
from ae_core.models.pretrained import cards
from ae_core.workers.connection import Connection
from benchmarks.report import Report
from tests.helpers.encoded import many_scans

VISITORS, SECONDS, PAUSE = 4, 60.0, 0.2
SIDE, SCANS = 4992, 100  # the most of both that is read
FILES = 20  # 500 megapixels: the most that is read of one upload
SENT = 2_500_000  # bytes of an upload


def padded(size: int) -> bytes:
    """Return a costly JPEG of a size in bytes."""
    data = many_scans(SIDE, SIDE, SCANS)
    return data[:-2] + bytes(size - len(data)) + data[-2:]


def run(report: Report) -> None:
    """Measure; the target is what a visitor waits for without being annoyed."""
    connection = Connection()
    try:
        _measure(report, connection)
        family = [psutil.Process(), *psutil.Process().children(recursive=True)]
        memory = sum(process.memory_full_info().pss for process in family)
        report.target("all processes, shared pages counted once, GB", memory / 1e9, 2.0)
    finally:
        connection.close()


def _measure(report: Report, connection: Connection) -> None:
    card = cards()["mnist-ae-2d"]
    model = card.model_file()
    assert isinstance(model, ModelFile)
    image = np.random.default_rng(0).random(image_shape(model.spec), np.float32)
    photo = padded(SENT)
    files = [(f"{number}.jpg", padded(SENT // FILES)) for number in range(FILES)]
    connection.answer(inference.reconstruct, model, image)
    connection.read_upload(photos.take_photo, photo, "photo.jpg")
    ended = threading.Event()
    read: list[str] = []
    refused: list[str] = []

    def upload() -> None:
        while not ended.is_set():
            try:
                connection.read_upload(photos.take_photo, photo, "photo.jpg")
                read.append("photo")
                connection.read_upload(uploads.read_files, files, 28, FILES)
                read.append("set")
            except Exception as error:  # the benchmark counts them
                refused.append(str(error))

    visitors = [threading.Thread(target=upload) for _ in range(VISITORS)]
    for visitor in visitors:
        visitor.start()
    waits: list[float] = []
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        begun = time.monotonic()
        connection.answer(inference.reconstruct, model, image)
        waits.append(time.monotonic() - begun)
        time.sleep(PAUSE)
    ended.set()
    for visitor in visitors:
        visitor.join()
    report.figure("uploads of 2.5 MB that were read, and refused", f"{len(read)}, {len(refused)}")
    p95 = statistics.quantiles(waits, n=20, method="inclusive")[-1]
    report.figure(
        f"another's reconstruction, median of {len(waits)}, s", f"{statistics.median(waits):.2f}"
    )
    report.target("another's reconstruction, 95th percentile, s", p95, 2.0)
    report.target("another's reconstruction, the longest, s", max(waits), 2.0)


if __name__ == "__main__":
    run(Report())
