"""Moments made ready to be looked at, from the sheet for a browser to the animation."""

import io

import numpy as np
import pytest
from PIL import Image

from ae_core import images
from ae_core.runs.replay import LAST_MS, animation, pack_frames
from ae_core.runs.timeline import FILE, EpochFrame, from_bytes
from ae_core.service.service import TrainingService
from ae_core.specs import change, preset

QUICK = change(
    preset("digits-dense"), image_size=8, encoder="dense32", decoder="dense32", latent_dim=2
)
PATIENCE = 120  # seconds: workers give way to everything else that computes


def frames_of(epochs, channels=1, codes=False):
    rng = np.random.default_rng(0)
    return tuple(
        EpochFrame(
            epoch,
            rng.integers(0, 256, (8, 6, 6, channels), np.uint8),
            rng.normal(size=(5, 2)).astype(np.float32) if codes else None,
        )
        for epoch in epochs
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_the_sheet_has_a_row_an_epoch(channels):
    frames = frames_of((1, 3, 4), channels, codes=True)
    sheet = pack_frames(frames)
    assert sheet.epochs == (1, 3, 4)
    rows = images.rows_of_sheet(images.from_png(sheet.sheet), (6, 6, channels))
    np.testing.assert_array_equal(rows, np.stack([m.output for m in frames]))
    codes = np.frombuffer(sheet.codes, "<f4").reshape(3, 5, 2)
    np.testing.assert_array_equal(codes, np.stack([m.codes for m in frames]))


def test_without_a_map_there_are_no_codes():
    assert pack_frames(frames_of((1,))).codes == b""


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("given", [1, 2])
def test_the_animation_has_a_frame_an_epoch_and_rests_on_the_last(channels, given):
    frames = frames_of((1, 2, 9), channels)
    above = np.zeros((given, 8, 6, 6, channels), np.uint8)
    with Image.open(io.BytesIO(animation(above, frames, "Epoch {}".format))) as image:
        assert image.format == "GIF"
        assert image.n_frames == 3
        image.seek(2)
        assert image.info["duration"] >= LAST_MS
        shown = np.asarray(image.convert("L"))
    scale = image.width // 48
    row = shown[given * 6 * scale : (given + 1) * 6 * scale : scale, ::scale]
    wanted = images.sheet(frames[-1].output[np.newaxis])
    wanted = np.asarray(Image.fromarray(wanted.squeeze()).convert("L"))
    assert np.abs(row.astype(int) - wanted).mean() < 8  # 256 colours


def test_a_live_run_shows_its_moments_and_keeps_them(service):
    run = service.submit(change(QUICK, epochs=2000), "ada")
    service.wait_until(run, lambda s: s.epoch >= 3, PATIENCE)
    service.pause(run)
    paused = service.wait_until(run, lambda s: s.status == "paused", PATIENCE)
    live = service.frames(run)
    assert live[0].epoch == 1
    assert live[-1].epoch == paused.epoch
    np.testing.assert_array_equal(live[-1].output, paused.pictures[-1])
    np.testing.assert_array_equal(live[-1].codes, paused.map.codes)
    assert (live[0].output != live[-1].output).any()
    service.stop(run)
    done = service.wait_until(run, lambda s: not s.live, PATIENCE)
    kept = service.frames(run)
    assert [m.epoch for m in kept][-1] == done.epoch
    np.testing.assert_array_equal(kept[0].output, live[0].output)
    later = TrainingService(service.store, service.connection).frames(run)
    assert [m.epoch for m in later] == [m.epoch for m in kept]
    assert len(from_bytes(service.store.file(run, FILE))) == len(kept)


def test_a_run_of_before_there_were_moments_opens_and_has_none(service):
    run = service.submit(change(QUICK, epochs=1), "ada")
    service.wait_until(run, lambda s: not s.live, PATIENCE)
    (service.store.folder(run) / FILE).unlink()
    later = TrainingService(service.store, service.connection)
    assert later.snapshot(run).status == "finished"
    assert later.frames(run) == ()
