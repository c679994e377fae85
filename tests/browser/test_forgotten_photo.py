"""After "Forget this photo" nothing in the server's memory holds the photo."""

import io

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import expect

from ae_core.denoising.faces import MIDDLE
from ae_core.denoising.photos import cut_head, take_photo
from tests.helpers.lab_page import open_page, wait_until_drawn
from tests.helpers.lab_server import LAPTOP, serving
from tests.helpers.memory_search import holders, hook

SECRET = b"taken at home, 52.5163 N 13.3777 E"


def noisy_photo() -> bytes:
    """A small photo without a face, whose every part is like nothing else, with a text in it."""
    pixels = np.random.default_rng(7).integers(0, 256, (200, 200, 3), np.uint8)
    about, file = PngInfo(), io.BytesIO()
    about.add_text("Comment", SECRET.decode())
    Image.fromarray(pixels).save(file, "PNG", pnginfo=about)
    return file.getvalue()


def parts_of(photo: bytes) -> dict[str, bytes]:
    """What only the file, the worker's answer, its preview and the cut-out face hold."""
    taken = take_photo(photo, "home.png")
    face = cut_head(taken.data, MIDDLE)
    middle = len(face) // 2
    return {
        "file": SECRET,
        "photo": taken.data[len(taken.data) // 2 :][:40],
        "preview": taken.preview[len(taken.preview) // 2 :][:40],
        "face": face[middle, :16].tobytes(),
    }


@pytest.mark.thorough
def test_nothing_in_memory_holds_a_forgotten_photo(browser, tmp_path):
    photo = noisy_photo()
    wanted = parts_of(photo)
    with (
        serving(tmp_path / "runs", **hook(tmp_path)) as server,
        browser.new_context(**LAPTOP) as context,
    ):
        context.set_default_timeout(90_000)
        page = context.new_page()
        open_page(page, f"{server.url}/denoise?source=Upload")
        chosen = {"name": "home.png", "mimeType": "image/png", "buffer": photo}
        page.locator("input[type=file]").set_input_files(chosen)
        expect(page.get_by_text("No face was found")).to_be_visible()
        expect(page.get_by_test_id("stMetricValue").first).to_be_visible()
        wait_until_drawn(page)
        before = holders(tmp_path, wanted)
        kept = {name for name, found in before.items() if found}
        assert kept == {"photo", "preview", "face"}  # the worker alone has read the file

        page.get_by_role("button", name="Forget this photo").click()
        expect(page.get_by_text("Choose a face, upload")).to_be_visible()
        wait_until_drawn(page)
        assert holders(tmp_path, wanted) == {name: [] for name in wanted}
