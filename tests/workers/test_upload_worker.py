"""The worker that reads visitors' files: alone in its process, and nobody else waits for it."""

import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import numpy as np
import psutil
import pytest
from PIL import Image

from ae_core.data import uploads
from ae_core.denoising import photos
from ae_core.errors import ServiceUnavailable
from ae_core.models import inference
from ae_core.models.compatibility import image_shape
from ae_core.models.pretrained import cards
from ae_core.workers import connection as module
from ae_core.workers import questions
from ae_core.workers.connection import Connection
from tests.helpers.encoded import encoded, many_scans
from tests.helpers.refusals import refused

PATIENCE = 120
LARGEST = 150e6  # bytes of the process
ENDLESS = (re.match, "(a+)+$", "a" * 40 + "b")  # no other thread of the process runs meanwhile


def begun(connection):
    return len(connection.client().get_events(questions.BEGUN))


@contextmanager
def under_way(connection, ask, *arguments):
    """A question that a worker has begun."""
    before = begun(connection)
    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(ask, *arguments)
        while begun(connection) == before:
            assert not asked.done(), asked.result()
        yield asked


def loaded():
    """What the worker's process has loaded, and its memory."""
    process = psutil.Process()
    mapped = {part for each in process.memory_maps() for part in each.path.split("/")}
    heavy = {"tensorflow", "keras", "jax"}
    return sorted(heavy & (mapped | set(sys.modules))), process.memory_info().rss


def photo_of_a_phone():
    image = Image.effect_mandelbrot((4000, 3000), (-2, -1.5, 1, 1.5), 20).convert("RGB")
    return encoded(image, "JPEG", quality=92)


def test_the_reader_of_files_is_a_small_process_without_tensorflow(connection):
    taken = connection.read_upload(photos.take_photo, photo_of_a_phone(), "mine.jpg")
    assert (taken.width, taken.height) == (1280, 960)
    heavy, resident = connection.read_upload(loaded)
    assert heavy == []
    assert resident <= LARGEST
    if sys.platform == "linux":
        assert "tensorflow" in connection.answer(loaded)[0]  # so it can be found


@pytest.mark.thorough
def test_others_are_answered_while_costly_files_are_read(connection):
    model = cards()["mnist-ae-2d"]
    image = np.random.default_rng(0).random(image_shape(model.spec), np.float32)
    asked = (inference.reconstruct, model.model_file(), image)
    expected = connection.answer(*asked)
    costly = many_scans(4992, 4992, 100)  # more would be refused unread
    files = [(f"{number}.jpg", costly) for number in range(8)]
    reading = (connection.read_upload, uploads.read_files, files, 28, 100)
    with under_way(connection, *reading) as read:
        for _ in range(3):
            found = connection.answer(*asked)
            assert not read.done(), "the answer waited for the files"
            assert found.psnr == expected.psnr
            assert (found.image == expected.image).all()
        batch = read.result(timeout=PATIENCE)
    assert batch.pixels.shape == (8, 28, 28, 1)
    assert batch.left_out == ()


def test_a_reader_that_takes_too_long_starts_again_and_nobody_else_loses_an_answer(
    connection, monkeypatch, tmp_path
):
    before = connection.answer(os.getpid), connection.read_upload(os.getpid)
    assert before[0] != before[1]
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with under_way(connection, connection.answer, pipe.read_text) as asked:
        monkeypatch.setattr(module, "DEADLINE_SECONDS", 1.0)
        with refused("too_slow", ServiceUnavailable, seconds=1):
            connection.read_upload(*ENDLESS)
        monkeypatch.undo()
        assert not asked.done()
        pipe.write_text("an answer")
        assert asked.result(timeout=PATIENCE) == "an answer"
    after = connection.answer(os.getpid), connection.read_upload(os.getpid)
    assert after[0] == before[0]
    assert after[1] != before[1]
    assert connection.read_upload(loaded)[0] == []


def test_an_existing_scheduler_without_such_a_worker_reads_files_where_it_answers(cluster):
    with closing(Connection(cluster.address)) as older:
        assert older.read_upload(os.getpid) == older.answer(os.getpid)


def test_an_existing_scheduler_s_reader_is_used_also_while_it_starts_again(connection, monkeypatch):
    with closing(Connection(connection.client().scheduler.address)) as shared:
        reader = connection.read_upload(os.getpid)
        assert shared.read_upload(os.getpid) == reader
        monkeypatch.setattr(module, "DEADLINE_SECONDS", 1.0)
        with refused("too_slow", ServiceUnavailable):
            shared.read_upload(*ENDLESS)
        monkeypatch.undo()
        assert shared.read_upload(os.getpid) not in (reader, shared.answer(os.getpid))
