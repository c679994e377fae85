"""A class fills a set with its own handwriting and trains on it, in a real browser."""

import io
import re
import time
import zipfile
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from ae_core.data.toy_faces import draw_faces, sample_factors
from ae_core.data.user_set_store import UserSetStore
from ae_core.storage.database import FILE, Database
from tests.helpers.lab_page import (
    STILL,
    box_of,
    linked,
    metric,
    open_page,
    wait_until_drawn,
    way_on,
)
from tests.helpers.refusals import pattern
from tests.helpers.written_files import no_writing, places, processes, written_since

COMMENT = b"the comment that a camera wrote"
PATIENCE = 120_000


def begin(page: Page, name: str) -> str:
    """Start a set and return its id."""
    open_page(page, "/own_pictures")
    page.get_by_label("Name of the set").fill(name)
    page.get_by_role("button", name="Create set").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    return linked(page, "set")


def draw(page: Page, lean: float) -> None:
    canvas = page.get_by_role("img", name="Drawing surface, empty")
    canvas.scroll_into_view_if_needed()
    box = box_of(canvas)
    x, y, side = box["x"], box["y"], box["width"]
    page.mouse.move(x + side * (0.5 - lean), y + side / 5)
    page.mouse.down()
    page.mouse.move(x + side * (0.5 + lean), y + side * 4 / 5, steps=8)
    page.mouse.up()


def upload(page: Page, *files: tuple[str, bytes]) -> None:
    page.get_by_text("Upload", exact=True).first.click()
    wait_until_drawn(page)
    kind = "application/octet-stream"
    buffers: list[FilePayload] = [{"name": n, "mimeType": kind, "buffer": d} for n, d in files]
    page.locator("input[type=file]").set_input_files(buffers)


def photos(count):
    """Files as a camera makes them, with a comment in each."""
    faces = draw_faces(sample_factors(count, np.random.default_rng(0)), 64)[..., 0]
    for number, face in enumerate(faces):
        buffer = io.BytesIO()
        Image.fromarray(np.uint8(face * 255)).resize((200, 200)).save(
            buffer, "JPEG", comment=COMMENT
        )
        yield f"IMG_secret_{number}.jpg", buffer.getvalue()


def class_zip(count=20):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in photos(count):
            archive.writestr(f"class/{name}", data)
        archive.writestr("class/notes [a](b) *c*.txt", b"hello")
        archive.writestr("../../evil.jpg", next(photos(1))[1])
    return buffer.getvalue()


def test_draw_upload_name_train_reconstruct_delete(page, server):
    set_id = begin(page, "Class 7b")
    expect(page.get_by_role("button", name="Keep this one")).to_be_disabled()
    for number, lean in enumerate((0.0, 0.2), 1):
        draw(page, lean)
        page.get_by_role("button", name="Keep this one").click()
        expect(page.get_by_text(f"Saved: {number} in all.")).to_be_visible()
        expect(page.get_by_role("img", name="Drawing surface, empty")).to_be_visible()
    expect(metric(page, "Pictures")).to_have_text("2")
    expect(page.get_by_text("8 more")).to_be_visible()

    upload(page, ("class.zip", class_zip()))
    expect(page.get_by_text("Ready: 20.")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text(pattern("zip_outside", name="evil.jpg"))).to_be_visible()
    expect(page.get_by_text(pattern("file_kind", name="notes [a](b) *c*.txt"))).to_be_visible()
    page.get_by_role("button", name="Keep them (20)").click()
    expect(metric(page, "Pictures")).to_have_text("22")
    wait_until_drawn(page)  # an expander that is drawn anew is closed

    page.get_by_text("Name or delete").click()
    page.get_by_label("Name of the set").fill("Our handwriting")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", name="Our handwriting")).to_be_visible()

    page.get_by_role("link", name="Train on these").click()
    expect(page.locator(".hourglass")).to_be_visible()
    expect(page.get_by_text("Our handwriting: 22 pictures")).to_be_visible(timeout=PATIENCE)
    open_page(page, re.sub(r"epochs=\d+", "epochs=1", page.url))
    page.get_by_test_id("stBaseButton-primary").click()
    expect(page.get_by_text("Finished")).to_be_visible(timeout=PATIENCE)
    watched = page.url
    way_on(page, "Reconstruct pictures").click()
    expect(metric(page, "PSNR")).to_contain_text("dB", timeout=PATIENCE)
    expect(page.get_by_text("trained on Our handwriting")).to_be_visible()

    open_page(page, f"/own_pictures?set={set_id}")
    page.get_by_text("Name or delete").click()
    page.wait_for_function(STILL)  # a click on a button that still moves down is lost
    page.get_by_role("button", name="Delete all pictures (22)").click()
    expect(page.get_by_text("The set and its pictures are deleted.")).to_be_visible()
    assert list((server.runs / "own").glob(f"{set_id}*")) == []
    open_page(page, watched)  # the run can still be looked at, without the pictures
    expect(metric(page, "Epoch")).to_have_text("1 / 1")
    assert page.get_by_test_id("stMain").locator("[data-testid=stImage] img").count() == 0
    open_page(page, f"/own_pictures?set={set_id}")
    expect(page.get_by_text(pattern("unknown_set", id=set_id))).to_be_visible()


@pytest.mark.thorough
def test_a_class_adds_to_one_set_and_only_its_maker_takes_away(page, stranger):
    set_id = begin(page, "Class 8a")
    pupil = stranger
    open_page(pupil, f"/own_pictures?set={set_id}")
    expect(pupil.get_by_text("belongs to somebody else")).to_be_visible()
    expect(pupil.get_by_text("Name or delete")).to_have_count(0)
    draw(pupil, 0.1)
    pupil.get_by_role("button", name="Keep this one").click()
    expect(metric(pupil, "Pictures")).to_have_text("1")
    pupil.locator(".picker button").first.click()
    expect(pupil.get_by_role("button", name="Remove picture 1")).to_have_count(0)
    open_page(pupil, "/own_pictures")
    expect(pupil.get_by_text("You have no set yet.")).to_be_visible()

    page.reload()
    expect(metric(page, "Pictures")).to_have_text("1")
    page.locator(".picker button").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Remove picture 1").click()
    expect(metric(page, "Pictures")).to_have_text("0")


@pytest.mark.skipif(not hasattr(psutil, "RLIMIT_FSIZE"), reason="Linux only")
def test_uploads_need_no_file_and_only_small_gray_pictures_are_kept(page, server):
    started = time.time() - 2  # file systems have coarse clocks
    files = list(photos(3))
    set_id = begin(page, "Private")
    upload(page, files[0])  # the workers write while they start
    expect(page.get_by_text("Ready: 1.")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Forget them").click()
    expect(page.get_by_text("Ready: 1.")).to_have_count(0)
    assert len(processes(server)) > 2
    with no_writing(server):
        upload(page, *files, ("class.zip", class_zip(5)))
        expect(page.get_by_text("Ready: 8.")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Keep them (8)").click()
    expect(metric(page, "Pictures")).to_have_text("8")
    middle = len(files[0][1]) // 2
    traces = (COMMENT, b"IMG_secret", b"class.zip", files[0][1][middle : middle + 64])
    for place in places(server):
        for path, content in written_since(started, place):
            assert path == Path(__file__) or not any(t in content for t in traces), path
    with closing(Database(f"sqlite:///{server.runs / FILE}")) as database:
        about, images = UserSetStore(database).read(set_id)
    assert (about.name, images.pixels.shape) == ("Private", (8, 28, 28, 1))


@pytest.mark.thorough
def test_nothing_is_wider_than_a_phone(phone):
    page = phone
    set_id = begin(page, "A name of forty letters, the longest one")
    for path in ("", f"?set={set_id}", f"?set={set_id}&source=Upload"):
        open_page(page, f"/own_pictures{path}")
        main = page.get_by_test_id("stMain")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            expect(page.get_by_test_id("stApp")).to_have_css("color-scheme", scheme)
            fits = "element => element.scrollWidth <= element.clientWidth"
            assert main.evaluate(fits), (path, scheme)
            assert page.get_by_test_id("stException").count() == 0, (path, scheme)
    page.emulate_media(color_scheme="light")
    open_page(page, f"/own_pictures?set={set_id}")
    tap_and_keep(page, 1)
    page.emulate_media(color_scheme="dark")
    tap_and_keep(page, 2)


def tap_and_keep(page: Page, number: int) -> None:
    """Draw a dot with a finger, as the picture of that number."""
    canvas = page.get_by_role("img", name="Drawing surface, empty")
    canvas.scroll_into_view_if_needed()
    box = box_of(canvas)
    page.touchscreen.tap(box["x"] + 100, box["y"] + 100)
    page.get_by_role("button", name="Keep this one").tap()
    expect(metric(page, "Pictures")).to_have_text(str(number))
